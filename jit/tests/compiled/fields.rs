//! Fields of laid-out objects, reference counts, unbound locals, class tests.

use crate::host::{DEAD, IMMORTAL, Machine, calls, float, int, int_value, object, refs, types};
use keelback_lowering::types::UNSET64;

fn load(repr: &str) -> String {
    format!(
        "function m:f function (obj) -> {repr} {{
block0(v0: obj[m:C]):
  v1: {repr} = field.load v0, m:C.x @16: {repr} ! block1
  return v1
block1 cold:
  return.error
}}"
    )
}

fn store(repr: &str) -> String {
    format!(
        "function m:f function (obj, {repr}) -> bool {{
block0(v0: obj[m:C], v1: {repr}):
  field.store v0, v1, m:C.x @16: {repr}
  v2: bool = const.bool true
  return v2
}}"
    )
}

#[test]
fn raw_fields_come_and_go_in_their_representation() {
    let mut machine = Machine::default();
    let values: [(&str, u64); 10] = [
        ("i8", -5i64 as u64),
        ("u8", 250),
        ("i16", -300i64 as u64),
        ("i32", i32::MIN as i64 as u64),
        ("u32", u64::from(u32::MAX)),
        ("i64", i64::MIN as u64),
        ("u64", u64::MAX),
        ("f64", 1.25f64.to_bits()),
        ("f32", 1.25f32.to_bits() as u64),
        ("bool", 1),
    ];
    for (repr, word) in values {
        let (load, store) = (machine.compile(&load(repr)), machine.compile(&store(repr)));
        let o = object(types().class, &[UNSET64]);
        assert_eq!(load.call(&[o as u64]), Err(107), "{repr} is unset");
        store.call(&[o as u64, word]).expect("stored");
        // SAFETY: the test's own object.
        assert_eq!(unsafe { (*o).words[0] }, word, "{repr} in memory");
        assert_eq!(load.call(&[o as u64]), Ok(word), "{repr}");
    }
}

#[test]
fn the_unset_pattern_may_be_stored() {
    let mut machine = Machine::default();
    for repr in ["i64", "u64", "f64"] {
        let (load, store) = (machine.compile(&load(repr)), machine.compile(&store(repr)));
        let o = object(types().class, &[UNSET64]);
        assert_eq!(load.call(&[o as u64]), Err(107), "{repr}");
        store.call(&[o as u64, UNSET64]).expect("stored");
        assert_eq!(load.call(&[o as u64]), Ok(UNSET64), "{repr}");
    }
    let (load, store) = (
        machine.compile(&load("f64")),
        machine.compile(&store("f64")),
    );
    let o = object(types().class, &[UNSET64]);
    store.call(&[o as u64, f64::NAN.to_bits()]).expect("stored");
    assert_eq!(load.call(&[o as u64]), Ok(f64::NAN.to_bits()));
}

#[test]
fn object_fields_balance_references() {
    let mut machine = Machine::default();
    let (load, store) = (
        machine.compile(&load("obj")),
        machine.compile(&store("obj")),
    );
    let o = object(types().class, &[]);
    let (a, b) = (float(1.0), float(2.0));
    assert_eq!(load.call(&[o as u64]), Err(107));
    // The store takes the reference over.
    store.call(&[o as u64, a as u64]).expect("stored");
    assert_eq!(refs(a), 1);
    assert_eq!(load.call(&[o as u64]), Ok(a as u64));
    assert_eq!(refs(a), 2);
    store.call(&[o as u64, b as u64]).expect("stored");
    assert_eq!(refs(a), 1);
    store
        .call(&[o as u64, types().none_ as u64])
        .expect("stored");
    assert_eq!(refs(b), 0);
    assert_eq!(DEAD.with(|d| d.borrow().clone()), [b as usize]);
    assert_eq!(load.call(&[o as u64]), Ok(types().none_ as u64));
    assert_eq!(refs(types().none_), IMMORTAL);
}

#[test]
fn int_fields_hold_words() {
    let mut machine = Machine::default();
    let (load, store) = (
        machine.compile(&load("int")),
        machine.compile(&store("int")),
    );
    let o = object(types().class, &[]);
    assert_eq!(load.call(&[o as u64]), Err(107));
    let big = int(1 << 90);
    store.call(&[o as u64, big]).expect("stored");
    assert_eq!(load.call(&[o as u64]), Ok(big));
    assert_eq!(refs(big as *mut _), 2);
    store.call(&[o as u64, int(3)]).expect("stored");
    assert_eq!(refs(big as *mut _), 1);
    assert_eq!(load.call(&[o as u64]).map(int_value), Ok(3));
}

#[test]
fn borrowed_loads_take_no_reference() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj[m:C]):
  v1: obj = borrow field.load v0, m:C.x @16: obj ! block1
  v2: obj = const.obj None
  v3: bool = is v1, v2
  return v3
block1 cold:
  return.error
}",
    );
    let a = float(1.0);
    let o = object(types().class, &[a as u64]);
    assert_eq!(code.call(&[o as u64]), Ok(0));
    assert_eq!(refs(a), 1);
}

#[test]
fn counts_go_up_and_down() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj, obj, int) -> bool {
block0(v0: obj, v1: obj?, v2: int):
  inc v0
  inc v0
  dec v0
  inc v1
  inc v2
  v3: bool = is_null v1
  return v3
}",
    );
    let (a, b) = (float(1.0), float(2.0));
    let big = int(1 << 70);
    assert_eq!(code.call(&[a as u64, b as u64, big]), Ok(0));
    assert_eq!((refs(a), refs(b), refs(big as *mut _)), (2, 2, 2));
    assert_eq!(code.call(&[types().none_ as u64, 0, int(4)]), Ok(1));
    assert_eq!(refs(types().none_), IMMORTAL);
}

#[test]
fn class_tests() {
    let mut machine = Machine::default();
    let t = types();
    let (c, d, other) = (
        object(t.class, &[]),
        object(t.subclass, &[]),
        object(t.str, &[]),
    );
    let is = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: bool = type.is v0, m:C
  return v1
}",
    );
    let instance = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: bool = isinstance v0, m:C
  branch v1, block1, block2
block1:
  v2: bool = const.bool true
  return v2
block2:
  v3: bool = const.bool false
  return v3
}",
    );
    let later = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: bool = isinstance v0, m:Later
  return v1
}",
    );
    let asked = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj):
  v1: bool = isinstance.asked v0, m:C ! block1
  return v1
block1 cold:
  return.error
}",
    );
    for (o, exact, inherits) in [(c, 1, 1), (d, 0, 1), (other, 0, 0)] {
        assert_eq!(is.call(&[o as u64]), Ok(exact));
        assert_eq!(instance.call(&[o as u64]), Ok(inherits));
        assert_eq!(later.call(&[o as u64]), Ok(0));
        assert_eq!(asked.call(&[o as u64]), Ok(inherits));
    }
    assert_eq!(calls("type_isinstance_asked"), 2);
    assert_eq!(calls("type_isinstance"), 4);
}

#[test]
fn checks_pass_by_type() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (obj) -> obj {
block0(v0: obj):
  v1: obj = check v0, {none | m:C | builtins:str} value ! block1
  inc v1
  return v1
block1 cold:
  return.error
}",
    );
    let t = types();
    for o in [t.none_, object(t.class, &[]), object(t.str, &[])] {
        assert_eq!(code.call(&[o as u64]), Ok(o as u64));
    }
    assert_eq!(calls("check"), 0);
    assert_eq!(code.call(&[float(1.0) as u64]), Err(102));
}

#[test]
fn unbound_locals_and_missing_globals() {
    let mut machine = Machine::default();
    let bound = machine.compile(
        "function m:f function (obj) -> obj {
block0(v0: obj?):
  v1: obj = check.bound v0, x ! block1
  inc v1
  return v1
block1 cold:
  return.error
}",
    );
    let a = float(1.0);
    assert_eq!(bound.call(&[a as u64]), Ok(a as u64));
    assert_eq!(bound.call(&[0]), Err(104));
    let global = machine.compile(
        "function m:f function () -> obj {
block0:
  v0: obj = global.load m:g ! block1
  return v0
block1 cold:
  return.error
}",
    );
    assert_eq!(global.call(&[]), Err(110));
    // SAFETY: a cell of the host.
    unsafe { *machine.host.global_of("g") = a as usize };
    assert_eq!(global.call(&[]), Ok(a as u64));
    assert_eq!(refs(a), 3);
}
