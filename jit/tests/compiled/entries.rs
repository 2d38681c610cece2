//! Boxing and unboxing, the generic entry, bridges.

use crate::host::{
    Context, Machine, Object, calls, fits, float, int, int_value, object, raised, refs, types,
};
use keelback_checker::types::{Name, Type};
use keelback_jit::GenericEntry;
use keelback_lowering::function::{CheckContext, CheckRef};
use keelback_lowering::types::{Repr, Signature};

fn argument(ty: Type) -> Option<CheckRef> {
    Some(CheckRef {
        ty,
        context: CheckContext::Argument {
            function: Name::new("f"),
            param: Name::new("x"),
        },
    })
}

/// The object of an int.
fn boxed(v: i64) -> *mut Object {
    let t = types();
    if (-5..257).contains(&v) {
        // SAFETY: the table has that many.
        return unsafe { t.small.add((v + 5) as usize) } as *mut Object;
    }
    let (tag, digit) = match v.unsigned_abs() {
        a if a < 1 << 30 => ((1 << 3) | if v < 0 { 2 } else { 0 }, a),
        a => (2 << 3, a),
    };
    object(t.int, &[tag, digit])
}

#[test]
fn ints_are_boxed_from_the_table() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (int) -> obj {
block0(v0: int):
  v1: obj = box.int v0 ! block1
  return v1
block1 cold:
  return.error
}",
    );
    for v in [-5i64, -1, 0, 7, 256] {
        assert_eq!(code.call(&[int(v.into())]), Ok(boxed(v) as u64), "{v}");
    }
    assert_eq!(calls("box_int"), 0);
    for v in [-6i64, 257, 1 << 40] {
        assert_eq!(code.call(&[int(v.into())]).map(int_value), Ok(v.into()));
    }
    let big = int(1 << 80);
    assert_eq!(code.call(&[big]), Ok(big));
    assert_eq!(refs(big as *mut _), 2);
    for name in ["i8", "u8", "i64", "u64"] {
        let code = machine.compile(&format!(
            "function m:f function ({name}) -> obj {{
block0(v0: {name}):
  v1: obj = box.mach v0 ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        let repr = Repr::from_name(name).expect("a name");
        for v in [-6i128, -5, -1, 0, 200, 256, 257, u64::MAX.into()] {
            let Some(word) = fits(v, repr) else { continue };
            let got = code.call(&[word]).expect("an object");
            if (-5..257).contains(&v) {
                assert_eq!(got, boxed(v as i64) as u64, "{name} {v}");
            } else {
                assert_eq!(int_value(got), v, "{name} {v}");
            }
        }
    }
}

#[test]
fn objects_are_unboxed_inline_or_by_the_runtime() {
    let mut machine = Machine::default();
    for name in ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"] {
        let repr = Repr::from_name(name).expect("a name");
        let code = machine.compile(&format!(
            "function m:f function (obj) -> {name} {{
block0(v0: obj):
  v1: {name} = unbox v0, prim int64 value ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        for v in [
            0i64,
            1,
            -1,
            127,
            128,
            -129,
            65536,
            (1 << 30) - 1,
            -(1 << 29),
        ] {
            assert_eq!(
                code.call(&[boxed(v) as u64]).ok(),
                fits(v.into(), repr),
                "{name} {v}"
            );
        }
        assert_eq!(code.call(&[float(1.0) as u64]), Err(101));
    }
    let code = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: bool = unbox v0, builtins:bool value ! block1
  return v1
block1 cold:
  return.error
}",
    );
    let t = types();
    assert_eq!(code.call(&[t.true_ as u64]), Ok(1));
    assert_eq!(code.call(&[t.false_ as u64]), Ok(0));
    assert_eq!(code.call(&[t.none_ as u64]), Err(101));
}

#[test]
fn the_generic_entry_unboxes_calls_and_boxes() {
    let mut machine = Machine::default();
    let generic = GenericEntry {
        params: vec![
            argument(Type::int()),
            argument(Type::float()),
            None,
            argument(Type::builtin("str")),
        ],
    };
    let code = machine.compile_with(
        "function m:f function (int, f64, obj, obj) -> f64 {
block0(v0: int, v1: f64, v2: obj, v3: obj):
  v4: f64 = int.to_float v0 ! block1
  v5: f64 = float.add v4, v1
  return v5
block1 cold:
  return.error
}",
        Some(&generic),
    );
    let t = types();
    let text = object(t.str, &[]);
    let args = [boxed(40), float(2.5), t.none_, text];
    let result = code.call_generic(&args, 4, 0);
    // SAFETY: a float object.
    assert_eq!(f64::from_bits(unsafe { (*result).words[0] }), 42.5);
    // The offset bit of nargsf is not part of the count.
    assert!(!code.call_generic(&args, 4 | (1 << 63), 0).is_null());
    // An int is taken for a float by the runtime.
    let result = code.call_generic(&[boxed(1), boxed(2), t.none_, text], 4, 0);
    // SAFETY: a float object.
    assert_eq!(f64::from_bits(unsafe { (*result).words[0] }), 3.0);
    // Keywords or another number of arguments: the runtime binds.
    assert!(code.call_generic(&args, 3, 0).is_null());
    assert_eq!(raised(), Some(203));
    assert!(code.call_generic(&args, 4, 0x4000).is_null());
    assert_eq!(raised(), Some(204));
    // A check that fails.
    assert!(
        code.call_generic(&[boxed(40), float(2.5), t.none_, float(1.0)], 4, 0)
            .is_null()
    );
    assert_eq!(raised(), Some(102));
}

#[test]
fn big_arguments_are_released_on_every_way_out() {
    let mut machine = Machine::default();
    let generic = GenericEntry {
        params: vec![argument(Type::int()), argument(Type::int())],
    };
    let code = machine.compile_with(
        "function m:f function (int, int) -> int {
block0(v0: int, v1: int):
  v2: int = int.add v0, v1 ! block1
  return v2
block1 cold:
  return.error
}",
        Some(&generic),
    );
    let (a, b) = (int(1 << 70) as *mut Object, int(1 << 71) as *mut Object);
    let result = code.call_generic(&[a, b], 2, 0);
    assert_eq!(int_value(result as u64), (1 << 70) + (1 << 71));
    assert_eq!((refs(a), refs(b)), (1, 1));
    assert!(code.call_generic(&[a, float(1.0)], 2, 0).is_null());
    assert_eq!(raised(), Some(101));
    assert_eq!(refs(a), 1);
    let small = code.call_generic(&[boxed(100), boxed(11)], 2, 0);
    assert_eq!(small, boxed(111));
}

#[test]
fn results_of_every_representation_are_boxed() {
    let mut machine = Machine::default();
    let t = types();
    for name in ["obj", "int", "i8", "u64", "f64", "f32", "bool"] {
        let constant = match name {
            "obj" => "const.obj None",
            "int" => "const.int 5",
            "f64" | "f32" => "const.float 2.5",
            "bool" => "const.bool true",
            _ => "const.mach 5",
        };
        let code = machine.compile_with(
            &format!(
                "function m:f function () -> {name} {{
block0:
  v0: {name} = {constant}
  return v0
}}"
            ),
            Some(&GenericEntry::default()),
        );
        let result = code.call_generic(&[], 0, 0);
        match name {
            "obj" => assert_eq!(result, t.none_),
            "bool" => assert_eq!(result, t.true_),
            // SAFETY: a float object.
            "f64" | "f32" => assert_eq!(f64::from_bits(unsafe { (*result).words[0] }), 2.5),
            _ => assert_eq!(result, boxed(5)),
        }
    }
}

extern "C" fn sum_words(data: usize, _ctx: *mut Context, args: *const u64, ret: *mut u64) -> u8 {
    // SAFETY: the test's signature has three words.
    let words = unsafe { std::slice::from_raw_parts(args, 3) };
    if words[0] == 0 {
        crate::host::raise(300);
        return 2;
    }
    let sum = data as f64 + words[0] as i64 as f64 + f64::from_bits(words[1]) + words[2] as f64;
    // SAFETY: there is room for the result.
    unsafe { *ret = sum.to_bits() };
    0
}

#[test]
fn bridges_hand_words_to_the_runtime() {
    let mut machine = Machine::default();
    let signature = Signature {
        params: vec![Repr::I8, Repr::F64, Repr::Bool],
        ret: Repr::F64,
    };
    let bridge = machine
        .jit
        .bridge(
            &signature,
            sum_words as *const () as usize,
            1000,
            &machine.host,
        )
        .expect("a bridge");
    machine.host.bind("bridge", bridge);
    let code = machine.compile(
        "function m:f function (i8, f64, bool) -> f64 {
block0(v0: i8, v1: f64, v2: bool):
  v3: f64 = call v0, v1, v2, function m:bridge = m:bridge (i8, f64, bool) -> f64 ! block1
  return v3
block1 cold:
  return.error
}",
    );
    let call = |a: i64| {
        code.call(&[a as u64, 0.5f64.to_bits(), 1])
            .map(f64::from_bits)
    };
    assert_eq!(call(-3), Ok(998.5));
    assert_eq!(call(0), Err(300));
}
