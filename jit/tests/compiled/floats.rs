//! Floats.

use crate::host::{Machine, int, int_value};
use keelback_lowering::errors::Raise;
use keelback_lowering::types::Repr;

const EDGES: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    2.5,
    1e300,
    -1e300,
    f64::MIN_POSITIVE,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    4611686018427387904.0,
];

fn binary(op: &str, error: bool) -> String {
    let edge = if error { " ! block1" } else { "" };
    format!(
        "function m:f function (f64, f64) -> f64 {{
block0(v0: f64, v1: f64):
  v2: f64 = {op} v0, v1{edge}
  return v2
{}}}",
        if error {
            "block1 cold:\n  return.error\n"
        } else {
            ""
        }
    )
}

/// Equal as bits, every NaN alike.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn arithmetic_is_ieee() {
    let mut machine = Machine::default();
    let ops: [(&str, fn(f64, f64) -> f64); 4] = [
        ("float.add", |a, b| a + b),
        ("float.sub", |a, b| a - b),
        ("float.mul", |a, b| a * b),
        ("float.div", |a, b| a / b),
    ];
    for (op, compute) in ops {
        let code = machine.compile(&binary(op, op == "float.div"));
        for a in EDGES {
            for b in EDGES {
                let got = code.call(&[a.to_bits(), b.to_bits()]);
                if op == "float.div" && b == 0.0 {
                    assert_eq!(got, Err(Raise::FloatDivision.number()));
                } else {
                    let got = f64::from_bits(got.expect("a value"));
                    assert!(same(got, compute(a, b)), "{a} {op} {b} = {got}");
                }
            }
        }
    }
}

#[test]
fn comparisons_with_nan() {
    let mut machine = Machine::default();
    let conds: [(&str, fn(f64, f64) -> bool); 6] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("le", |a, b| a <= b),
        ("gt", |a, b| a > b),
        ("ge", |a, b| a >= b),
    ];
    for (cond, compare) in conds {
        let code = machine.compile(&format!(
            "function m:f function (f64, f64) -> bool {{
block0(v0: f64, v1: f64):
  v2: bool = float.cmp {cond} v0, v1
  branch v2, block1, block2
block1:
  v3: bool = const.bool true
  return v3
block2:
  v4: bool = const.bool false
  return v4
}}"
        ));
        for a in EDGES {
            for b in EDGES {
                assert_eq!(
                    code.call(&[a.to_bits(), b.to_bits()]),
                    Ok(u64::from(compare(a, b))),
                    "{a} {cond} {b}"
                );
            }
        }
    }
}

#[test]
fn unary_operators() {
    let mut machine = Machine::default();
    for (op, compute) in [
        ("float.neg", (|a| -a) as fn(f64) -> f64),
        ("float.abs", f64::abs),
        ("float.sqrt", f64::sqrt),
    ] {
        let code = machine.compile(&format!(
            "function m:f function (f64) -> f64 {{
block0(v0: f64):
  v1: f64 = {op} v0{}
  return v1
{}}}",
            if op == "float.sqrt" { " ! block1" } else { "" },
            if op == "float.sqrt" {
                "block1 cold:\n  return.error\n"
            } else {
                ""
            },
        ));
        for a in EDGES {
            let got = code.call(&[a.to_bits()]);
            if op == "float.sqrt" && a < 0.0 {
                assert_eq!(got, Err(Raise::MathDomain.number()));
            } else {
                let got = f64::from_bits(got.expect("a value"));
                assert!(same(got, compute(a)), "{op} {a} = {got}");
            }
        }
    }
}

#[test]
fn truncation() {
    let mut machine = Machine::default();
    let to_int = machine.compile(
        "function m:f function (f64) -> int {
block0(v0: f64):
  v1: int = float.to_int v0 ! block1
  return v1
block1 cold:
  return.error
}",
    );
    for a in EDGES {
        let want = a.is_finite().then_some(a as i128);
        if want.is_some_and(|w| w.unsigned_abs() > 1 << 100) {
            continue;
        }
        assert_eq!(to_int.call(&[a.to_bits()]).ok().map(int_value), want, "{a}");
    }
    for name in ["i8", "i32", "i64", "u8", "u32", "u64"] {
        let repr = Repr::from_name(name).expect("a name");
        let code = machine.compile(&format!(
            "function m:f function (f64) -> {name} {{
block0(v0: f64):
  v1: {name} = float.to_mach v0 ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        for a in EDGES.into_iter().chain([
            127.9, 128.0, -128.9, -129.0, 255.9, 256.0, -0.9, 1.8e19, 9.3e18, -9.3e18,
        ]) {
            let want = if a.is_finite() {
                crate::host::fits(a as i128, repr)
            } else {
                None
            };
            assert_eq!(code.call(&[a.to_bits()]).ok(), want, "{name} {a}");
        }
    }
}

#[test]
fn singles() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (f32, f64) -> f32 {
block0(v0: f32, v1: f64):
  v2: f32 = float.cast v1
  v3: f32 = float.mul v0, v2
  v4: f32 = float.mod v3, v2 ! block1
  return v3
block1 cold:
  return.error
}",
    );
    let got = code.call(&[u64::from(1.1f32.to_bits()), 2.2f64.to_bits()]);
    assert_eq!(got, Ok(u64::from((1.1f32 * 2.2f32).to_bits())));
}

#[test]
fn ints_become_floats() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (int) -> f64 {
block0(v0: int):
  v1: f64 = int.to_float v0 ! block1
  return v1
block1 cold:
  return.error
}",
    );
    for v in [0i128, -3, (1 << 53) + 1, 1 << 62, -(1 << 80)] {
        assert_eq!(code.call(&[int(v)]).map(f64::from_bits), Ok(v as f64));
    }
}
