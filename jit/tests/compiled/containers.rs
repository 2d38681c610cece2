//! Lists, tuples, arrays, iterators and displays.

use crate::host::{Machine, Object, calls, float, int, list, object, refs, types};
use keelback_lowering::errors::Raise;

fn items(n: usize) -> Vec<*mut Object> {
    (0..n).map(|i| float(i as f64)).collect()
}

fn get(index: &str, class: &str) -> String {
    format!(
        "function m:f function (obj, {index}) -> obj {{
block0(v0: obj[{class}], v1: {index}):
  v2: obj = list.get v0, v1 ! block1
  return v2
block1 cold:
  return.error
}}"
    )
}

#[test]
fn list_items_by_either_index() {
    let mut machine = Machine::default();
    let items = items(3);
    let l = list(&items);
    for class in ["builtins:list!", "builtins:list"] {
        for index in ["int", "i64"] {
            let code = machine.compile(&get(index, class));
            for i in [0i64, 1, 2, -1, -3, 3, -4, i64::MAX, i64::MIN] {
                let word = if index == "int" {
                    int(i128::from(i))
                } else {
                    i as u64
                };
                let at = if i < 0 { i.wrapping_add(3) } else { i };
                let want = usize::try_from(at)
                    .ok()
                    .and_then(|at| items.get(at))
                    .map(|o| *o as u64);
                assert_eq!(code.call(&[l as u64, word]).ok(), want, "{index} {i}");
            }
        }
    }
    // Four codes took each of the three items five times in all.
    assert_eq!(items.iter().map(|o| refs(*o)).sum::<i64>(), 3 + 4 * 5);
}

#[test]
fn true_is_an_index() {
    let mut machine = Machine::default();
    let items = items(2);
    let l = list(&items);
    let own = machine.compile(&get("int", "builtins:list!"));
    assert_eq!(
        own.call(&[l as u64, types().true_ as u64]),
        Ok(items[1] as u64)
    );
    assert_eq!(refs(items[1]), 2);
    let borrowed = machine.compile(
        "function m:f function (obj, int) -> f64 {
block0(v0: obj[builtins:list!], v1: int):
  v2: obj[builtins:float!] = borrow list.get v0, v1 ! block1
  v3: f64 = unbox v2 ! block1
  return v3
block1 cold:
  return.error
}",
    );
    assert_eq!(
        borrowed
            .call(&[l as u64, types().true_ as u64])
            .map(f64::from_bits),
        Ok(1.0)
    );
    assert_eq!(
        borrowed.call(&[l as u64, int(0)]).map(f64::from_bits),
        Ok(0.0)
    );
    assert_eq!((refs(items[0]), refs(items[1])), (1, 2));
}

#[test]
fn another_sequence_goes_to_the_runtime() {
    let mut machine = Machine::default();
    let code = machine.compile(&get("int", "builtins:list"));
    let items = items(1);
    let l = list(&items);
    // SAFETY: the test's own object.
    unsafe { (*l).ty = types().subclass };
    assert_eq!(code.call(&[l as u64, int(0)]), Ok(items[0] as u64));
    assert_eq!(calls("list_get"), 1);
}

#[test]
fn list_items_are_replaced() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj, int, obj) -> bool {
block0(v0: obj[builtins:list!], v1: int, v2: obj):
  list.set v0, v1, v2 ! block1
  v3: bool = const.bool true
  return v3
block1 cold:
  return.error
}",
    );
    let items = items(2);
    let l = list(&items);
    let new = float(9.0);
    assert_eq!(code.call(&[l as u64, int(-1), new as u64]), Ok(1));
    assert_eq!((refs(items[0]), refs(items[1]), refs(new)), (1, 0, 1));
    let extra = float(10.0);
    assert_eq!(code.call(&[l as u64, int(2), extra as u64]), Err(108));
    assert_eq!(refs(extra), 0);
}

#[test]
fn iteration_ends_with_null() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj) -> f64 {
block0(v0: obj[builtins:list!]):
  v1: i64 = const.mach 0
  v2: f64 = const.float 0.0
  jump block1(v1, v2)
block1(v3: i64, v4: f64):
  v5: obj? = list.next v0, v3
  v6: bool = is_null v5
  branch v6, block3, block2
block2:
  v7: obj = retype v5
  v8: f64 = unbox v7 ! block4
  dec v7
  v9: f64 = float.add v4, v8
  v10: i64 = const.mach 1
  v11: i64 = mach.add v3, v10
  jump block1(v11, v9)
block3:
  return v4
block4 cold:
  dec v7
  return.error
}",
    );
    let all = items(5);
    assert_eq!(
        code.call(&[list(&all) as u64]).map(f64::from_bits),
        Ok(10.0)
    );
    assert!(all.iter().all(|o| refs(*o) == 1));
    assert_eq!(code.call(&[list(&[]) as u64]).map(f64::from_bits), Ok(0.0));
    let bad = list(&[float(1.0), object(types().str, &[])]);
    assert_eq!(code.call(&[bad as u64]), Err(101));
}

#[test]
fn tuples_and_lengths() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj, obj) -> i64 {
block0(v0: obj, v1: obj):
  inc v0
  inc v1
  inc v1
  v2: obj[builtins:tuple!] = tuple.new v0, v1, v1 ! block1
  v3: i64 = len v2
  v4: i64 = const.mach 2
  v5: obj = tuple.get v2, v4 ! block1
  v6: bool = is v5, v1
  dec v5
  v7: i64 = bool.to_mach v6
  v8: i64 = mach.add v3, v7
  return v8
block1 cold:
  return.error
}",
    );
    let (a, b) = (float(1.0), float(2.0));
    assert_eq!(code.call(&[a as u64, b as u64]), Ok(4));
    assert_eq!((refs(a), refs(b)), (2, 3));
}

#[test]
fn arrays_of_each_width() {
    let mut machine = Machine::default();
    for (name, size) in [
        ("i8", 1),
        ("u16", 2),
        ("i32", 4),
        ("i64", 8),
        ("f64", 8),
        ("f32", 4),
    ] {
        let data = Box::leak(Box::new([0u8; 64]));
        let length = 64 / size;
        let array = object(types().class, &[data.as_mut_ptr() as u64, length]);
        let set = machine.compile(&format!(
            "function m:f function (obj, int, {name}) -> bool {{
block0(v0: obj, v1: int, v2: {name}):
  array.set v0, v1, v2 ! block1
  v3: bool = const.bool true
  return v3
block1 cold:
  return.error
}}"
        ));
        let get = machine.compile(&format!(
            "function m:f function (obj, i64) -> {name} {{
block0(v0: obj, v1: i64):
  v2: {name} = array.get v0, v1 ! block1
  return v2
block1 cold:
  return.error
}}"
        ));
        let a = array as u64;
        assert_eq!(set.call(&[a, int(3), 77]), Ok(1));
        assert_eq!(set.call(&[a, int(-1), 78]), Ok(1));
        assert_eq!(set.call(&[a, types().true_ as u64, 79]), Ok(1));
        assert_eq!(get.call(&[a, 3]), Ok(77), "{name}");
        assert_eq!(get.call(&[a, length - 1]), Ok(78), "{name}");
        assert_eq!(get.call(&[a, 1]), Ok(79), "{name}");
        assert_eq!(get.call(&[a, length]), Err(Raise::ArrayIndex.number()));
        assert_eq!(
            set.call(&[a, int(-1 - length as i128), 1]),
            Err(Raise::ArrayAssignIndex.number())
        );
    }
}

#[test]
fn iterators_end_or_raise() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: obj? = iter.next v0 ! block1
  v2: bool = is_null v1
  return v2
block1 cold:
  return.error
}",
    );
    assert_eq!(code.call(&[object(types().str, &[2]) as u64]), Ok(0));
    assert_eq!(code.call(&[object(types().str, &[0]) as u64]), Ok(1));
    assert_eq!(code.call(&[object(types().str, &[1]) as u64]), Err(109));
}
