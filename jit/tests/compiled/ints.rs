//! Python ints: inline paths and their edges against exact arithmetic.

use crate::host::{Machine, calls, int, int_value};
use keelback_lowering::types::SMALL_INT;

const EDGES: [i64; 26] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -7,
    10,
    62,
    63,
    64,
    1 << 30,
    -(1 << 30),
    (1 << 31) + 5,
    1 << 53,
    (1 << 53) + 1,
    1 << 61,
    -(1 << 61),
    *SMALL_INT.end(),
    *SMALL_INT.start(),
    *SMALL_INT.end() - 1,
    *SMALL_INT.start() + 1,
    i64::MAX,
    i64::MIN,
];

fn binary(op: &str, ret: &str) -> String {
    format!(
        "function m:f function (int, int) -> {ret} {{
block0(v0: int, v1: int):
  v2: {ret} = {op} v0, v1 ! block1
  return v2
block1 cold:
  return.error
}}"
    )
}

fn reference(op: &str, a: i128, b: i128) -> Option<i128> {
    Some(match op {
        "int.add" => a + b,
        "int.sub" => a - b,
        "int.mul" => a * b,
        "int.and" => a & b,
        "int.or" => a | b,
        "int.xor" => a ^ b,
        "int.floordiv" if b != 0 => crate::host::floor_div(a, b),
        "int.mod" if b != 0 => a - crate::host::floor_div(a, b) * b,
        "int.shl" if (0..63).contains(&b) => a << b,
        "int.shr" if b >= 0 => a >> b.min(127),
        _ => return None,
    })
}

#[test]
fn binary_operators_agree_with_exact_arithmetic() {
    let mut machine = Machine::default();
    for op in [
        "int.add",
        "int.sub",
        "int.mul",
        "int.and",
        "int.or",
        "int.xor",
        "int.floordiv",
        "int.mod",
        "int.shl",
        "int.shr",
    ] {
        let code = machine.compile(&binary(op, "int"));
        for a in EDGES.map(i128::from) {
            for b in EDGES.map(i128::from) {
                if op == "int.shl" && b >= 63 {
                    continue;
                }
                let got = code.call(&[int(a), int(b)]).ok().map(int_value);
                assert_eq!(got, reference(op, a, b), "{a} {op} {b}");
            }
        }
    }
}

#[test]
fn results_that_fit_are_inline() {
    let mut machine = Machine::default();
    for (op, helper) in [
        ("int.add", "int_add"),
        ("int.mul", "int_mul"),
        ("int.floordiv", "int_floordiv"),
    ] {
        let code = machine.compile(&binary(op, "int"));
        code.call(&[int(-7), int(3)]).expect("a value");
        assert_eq!(calls(helper), 0, "{op}");
        code.call(&[int(1 << 62), int(3)]).expect("a value");
        assert_eq!(calls(helper), 1, "{op}");
    }
}

#[test]
fn constants_on_either_side() {
    let mut machine = Machine::default();
    for op in [
        "int.add",
        "int.sub",
        "int.mul",
        "int.floordiv",
        "int.mod",
        "int.shl",
        "int.shr",
        "int.and",
    ] {
        for k in [1i64, -1, 2, 5, -5, 8, 32, 62] {
            for swapped in [false, true] {
                let args = if swapped { "v1, v0" } else { "v0, v1" };
                let code = machine.compile(&format!(
                    "function m:f function (int) -> int {{
block0(v0: int):
  v1: int = const.int {k}
  v2: int = {op} {args} ! block1
  return v2
block1 cold:
  return.error
}}"
                ));
                for a in EDGES.map(i128::from) {
                    let (x, y) = if swapped {
                        (i128::from(k), a)
                    } else {
                        (a, i128::from(k))
                    };
                    if op == "int.shl" && y >= 63 {
                        continue;
                    }
                    let got = code.call(&[int(a)]).ok().map(int_value);
                    assert_eq!(got, reference(op, x, y), "{x} {op} {y}");
                }
            }
        }
    }
}

#[test]
fn comparisons_as_values_and_as_branches() {
    let mut machine = Machine::default();
    for (cond, compare) in [
        ("eq", (|a, b| a == b) as fn(i128, i128) -> bool),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("le", |a, b| a <= b),
        ("gt", |a, b| a > b),
        ("ge", |a, b| a >= b),
    ] {
        let value = machine.compile(&format!(
            "function m:f function (int, int) -> bool {{
block0(v0: int, v1: int):
  v2: bool = int.cmp {cond} v0, v1
  return v2
}}"
        ));
        let branch = machine.compile(&format!(
            "function m:f function (int, int) -> i64 {{
block0(v0: int, v1: int):
  v2: bool = int.cmp {cond} v0, v1
  branch v2, block1, block2
block1:
  v3: i64 = const.mach 10
  return v3
block2:
  v4: i64 = const.mach 20
  return v4
}}"
        ));
        for a in EDGES.map(i128::from) {
            for b in EDGES.map(i128::from) {
                let want = compare(a, b);
                assert_eq!(
                    value.call(&[int(a), int(b)]),
                    Ok(u64::from(want)),
                    "{a} {cond} {b}"
                );
                assert_eq!(
                    branch.call(&[int(a), int(b)]),
                    Ok(if want { 10 } else { 20 }),
                    "{a} {cond} {b}"
                );
            }
        }
    }
}

#[test]
fn unary_operators_and_truth() {
    let mut machine = Machine::default();
    for op in ["int.neg", "int.not"] {
        let code = machine.compile(&format!(
            "function m:f function (int) -> int {{
block0(v0: int):
  v1: int = {op} v0 ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        for a in EDGES.map(i128::from) {
            let want = if op == "int.neg" { -a } else { !a };
            assert_eq!(code.call(&[int(a)]).map(int_value), Ok(want), "{op} {a}");
        }
    }
    let truth = machine.compile(
        "function m:f function (int) -> i64 {
block0(v0: int):
  v1: bool = int.truth v0
  branch v1, block1, block2
block1:
  v2: i64 = const.mach 1
  return v2
block2:
  v3: i64 = const.mach 0
  return v3
}",
    );
    let t = crate::host::types();
    for (word, want) in [
        (int(0), 0),
        (int(-1), 1),
        (int(1 << 80), 1),
        (t.true_ as u64, 1),
        (t.false_ as u64, 0),
    ] {
        assert_eq!(truth.call(&[word]), Ok(want));
    }
}

#[test]
fn true_division_rounds_once() {
    let mut machine = Machine::default();
    let code = machine.compile(&binary("int.div", "f64"));
    let cases: [(i128, i128); 5] = [(7, 2), (-7, 2), (1, 3), ((1 << 53) + 1, 1), (1 << 62, -3)];
    for (a, b) in cases {
        let want = a as f64 / b as f64;
        assert_eq!(
            code.call(&[int(a), int(b)]).map(f64::from_bits),
            Ok(want),
            "{a} / {b}"
        );
    }
    assert_eq!(code.call(&[int(1), int(0)]), Err(0));
}

#[test]
fn known_ranges_need_no_checks() {
    let mut machine = Machine::default();
    let text = "function m:f function (int) -> int {
block0(v0: int):
  v1: int[0..1000] = retype v0
  v2: int[0..2000] = int.add v1, v1
  v3: int = int.mul v2, v2 ! block1
  return v3
block1 cold:
  return.error
}";
    let code = machine.compile(text);
    assert_eq!(code.call(&[int(30)]).map(int_value), Ok(3600));
    let listing = machine
        .jit
        .describe(
            &crate::host::parse(text),
            &machine.host,
            keelback_jit::Stage::Clif,
            None,
        )
        .expect("a listing");
    assert!(!listing.contains("overflow"), "{listing}");
}

#[test]
fn conversions_to_and_from_machine_integers() {
    let mut machine = Machine::default();
    for name in ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"] {
        let repr = keelback_lowering::types::Repr::from_name(name).expect("a name");
        let to = machine.compile(&format!(
            "function m:f function (int) -> {name} {{
block0(v0: int):
  v1: {name} = int.to_mach v0 ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        let from = machine.compile(&format!(
            "function m:f function ({name}) -> int {{
block0(v0: {name}):
  v1: int = int.from_mach v0 ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        for a in EDGES.map(i128::from).into_iter().chain([
            127,
            128,
            -128,
            -129,
            255,
            256,
            65535,
            65536,
            (1 << 32) - 1,
            u64::MAX.into(),
        ]) {
            let want = crate::host::fits(a, repr);
            assert_eq!(to.call(&[int(a)]).ok(), want, "{name} {a}");
            if let Some(word) = want {
                assert_eq!(from.call(&[word]).map(int_value), Ok(a), "{name} {a}");
            }
        }
    }
}

#[test]
fn clamping_takes_the_nearest_inline_value() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (int) -> i64 {
block0(v0: int):
  v1: i64 = int.clamp v0
  return v1
}",
    );
    for (word, want) in [
        (int(5), 5),
        (int(-5), -5),
        (int(1 << 90), *SMALL_INT.end()),
        (int(-(1 << 90)), *SMALL_INT.start()),
        (crate::host::types().true_ as u64, 1),
    ] {
        assert_eq!(code.call(&[word]), Ok(want as u64));
    }
}
