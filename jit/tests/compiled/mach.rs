//! Machine integers: wrapping, floor division, shifts, comparisons, conversions.

use crate::host::{Machine, fits, floor_div};
use keelback_lowering::errors::Raise;
use keelback_lowering::types::Repr;

const NAMES: [&str; 8] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];

fn repr(name: &str) -> Repr {
    Repr::from_name(name).expect("a representation")
}

/// Values of a type at its edges.
fn edges(repr: Repr) -> Vec<i128> {
    let bits = repr.bits();
    let mut all = vec![0, 1, 2, 3, 7, 10, 100];
    if repr.is_signed() {
        let low = -(1i128 << (bits - 1));
        all.extend([-1, -2, -3, -7, low, low + 1, -low - 1, -low - 2]);
    } else {
        let high = (1i128 << bits) - 1;
        all.extend([high, high - 1, 1 << (bits - 1)]);
    }
    all
}

/// A value as its word, wrapped to the width.
fn wrapped(v: i128, repr: Repr) -> u64 {
    let bits = repr.bits();
    if repr.is_signed() {
        let shift = 128 - bits;
        ((v << shift) >> shift) as u64
    } else {
        (v & ((1i128 << bits) - 1)) as u64
    }
}

fn binary(op: &str, name: &str) -> String {
    format!(
        "function m:f function ({name}, {name}) -> {name} {{
block0(v0: {name}, v1: {name}):
  v2: {name} = {op} v0, v1 ! block1
  return v2
block1 cold:
  return.error
}}"
    )
}

fn plain(op: &str, name: &str) -> String {
    binary(op, name).replace(" ! block1", "").replace(
        "block1 cold:
  return.error
",
        "",
    )
}

#[test]
fn arithmetic_wraps() {
    let mut machine = Machine::default();
    for name in NAMES {
        let repr = repr(name);
        for (op, compute) in [
            ("mach.add", (|a, b| a + b) as fn(i128, i128) -> i128),
            ("mach.sub", |a, b| a - b),
            ("mach.mul", |a, b| a.wrapping_mul(b)),
            ("mach.and", |a, b| a & b),
            ("mach.or", |a, b| a | b),
            ("mach.xor", |a, b| a ^ b),
        ] {
            let code = machine.compile(&plain(op, name));
            for a in edges(repr) {
                for b in edges(repr) {
                    let want = wrapped(compute(a, b), repr);
                    let got = code.call(&[a as u64, b as u64]);
                    assert_eq!(got, Ok(want), "{name}: {a} {op} {b}");
                }
            }
        }
    }
}

#[test]
fn division_floors() {
    let mut machine = Machine::default();
    for name in NAMES {
        let repr = repr(name);
        let div = machine.compile(&binary("mach.floordiv", name));
        let rem = machine.compile(&binary("mach.mod", name));
        for a in edges(repr) {
            for b in edges(repr) {
                let (q, r) = if b == 0 {
                    let raised = |raise: Raise| Err(raise.number());
                    (raised(Raise::IntDivision), raised(Raise::IntModulo))
                } else {
                    let q = floor_div(a, b);
                    (Ok(wrapped(q, repr)), Ok(wrapped(a - q * b, repr)))
                };
                assert_eq!(div.call(&[a as u64, b as u64]), q, "{name}: {a} // {b}");
                assert_eq!(rem.call(&[a as u64, b as u64]), r, "{name}: {a} % {b}");
            }
        }
    }
}

#[test]
fn division_by_constants() {
    let mut machine = Machine::default();
    for name in NAMES {
        let repr = repr(name);
        for k in [1i128, 2, 3, 7, 8, 10, -1, -2, -3, -8] {
            if fits(k, repr).is_none() {
                continue;
            }
            for floor in [true, false] {
                let op = if floor { "mach.floordiv" } else { "mach.mod" };
                let code = machine.compile(&format!(
                    "function m:f function ({name}) -> {name} {{
block0(v0: {name}):
  v1: {name} = const.mach {k}
  v2: {name} = {op} v0, v1 ! block1
  return v2
block1 cold:
  return.error
}}"
                ));
                for a in edges(repr) {
                    let q = floor_div(a, k);
                    let want = wrapped(if floor { q } else { a - q * k }, repr);
                    assert_eq!(code.call(&[a as u64]), Ok(want), "{name}: {a} {op} {k}");
                }
            }
        }
    }
}

#[test]
fn shifts_past_the_width() {
    let mut machine = Machine::default();
    for name in NAMES {
        let repr = repr(name);
        let bits = i128::from(repr.bits());
        let shl = machine.compile(&binary("mach.shl", name));
        let shr = machine.compile(&binary("mach.shr", name));
        for a in edges(repr) {
            for count in [0, 1, 3, bits - 1, bits, bits + 1, 100, -1, -100] {
                if fits(count, repr).is_none() {
                    continue;
                }
                let (left, right) = if count < 0 {
                    let negative = Err(Raise::NegativeShift.number());
                    (negative, negative)
                } else {
                    let left = if count >= bits { 0 } else { a << count };
                    (
                        Ok(wrapped(left, repr)),
                        Ok(wrapped(a >> count.min(127), repr)),
                    )
                };
                let args = [a as u64, count as u64];
                assert_eq!(shl.call(&args), left, "{name}: {a} << {count}");
                assert_eq!(shr.call(&args), right, "{name}: {a} >> {count}");
            }
        }
    }
}

#[test]
fn comparisons_by_value() {
    let mut machine = Machine::default();
    let conds: [(&str, fn(i128, i128) -> bool); 6] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("le", |a, b| a <= b),
        ("gt", |a, b| a > b),
        ("ge", |a, b| a >= b),
    ];
    for left in ["i8", "i64", "u8", "u32", "u64"] {
        for right in ["i8", "i64", "u8", "u32", "u64"] {
            let op = if left == right {
                "mach.cmp"
            } else {
                "mach.cmp_mixed"
            };
            for (cond, compare) in conds {
                let code = machine.compile(&format!(
                    "function m:f function ({left}, {right}) -> bool {{
block0(v0: {left}, v1: {right}):
  v2: bool = {op} {cond} v0, v1
  return v2
}}"
                ));
                for a in edges(repr(left)) {
                    for b in edges(repr(right)) {
                        assert_eq!(
                            code.call(&[a as u64, b as u64]),
                            Ok(u64::from(compare(a, b))),
                            "{left} {a} {cond} {right} {b}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn casts_wrap_and_narrowing_checks() {
    let mut machine = Machine::default();
    for from in NAMES {
        for to in NAMES {
            let cast = machine.compile(&format!(
                "function m:f function ({from}) -> {to} {{
block0(v0: {from}):
  v1: {to} = mach.cast v0
  return v1
}}"
            ));
            let narrow = machine.compile(&format!(
                "function m:f function ({from}) -> {to} {{
block0(v0: {from}):
  v1: {to} = mach.narrow v0 ! block1
  return v1
block1 cold:
  return.error
}}"
            ));
            for a in edges(repr(from)) {
                assert_eq!(
                    cast.call(&[a as u64]),
                    Ok(wrapped(a, repr(to))),
                    "{from} {a} to {to}"
                );
                assert_eq!(
                    narrow.call(&[a as u64]),
                    fits(a, repr(to)).ok_or(Raise::NarrowOverflow.number()),
                    "{from} {a} narrowed to {to}"
                );
            }
        }
    }
}

#[test]
fn unary_power_and_floats() {
    let mut machine = Machine::default();
    for name in NAMES {
        let repr = repr(name);
        for op in ["mach.neg", "mach.not"] {
            let code = machine.compile(&format!(
                "function m:f function ({name}) -> {name} {{
block0(v0: {name}):
  v1: {name} = {op} v0
  return v1
}}"
            ));
            for a in edges(repr) {
                let want = if op == "mach.neg" { -a } else { !a };
                assert_eq!(code.call(&[a as u64]), Ok(wrapped(want, repr)), "{op} {a}");
            }
        }
        let code = machine.compile(&format!(
            "function m:f function ({name}) -> f64 {{
block0(v0: {name}):
  v1: f64 = mach.to_float v0
  return v1
}}"
        ));
        for a in edges(repr) {
            assert_eq!(
                code.call(&[a as u64]).map(f64::from_bits),
                Ok(a as f64),
                "{name} {a}"
            );
        }
    }
    let pow = machine.compile(&binary("mach.pow", "i64"));
    assert_eq!(pow.call(&[3, 5]), Ok(243));
    assert_eq!(
        pow.call(&[3, -1i64 as u64]),
        Err(Raise::NegativePower.number())
    );
}

#[test]
fn truth_values() {
    let mut machine = Machine::default();
    let not = machine.compile(
        "function m:f function (bool) -> bool {
block0(v0: bool):
  v1: bool = bool.not v0
  return v1
}",
    );
    assert_eq!(not.call(&[0]), Ok(1));
    assert_eq!(not.call(&[1]), Ok(0));
    let wide = machine.compile(
        "function m:f function (bool, bool) -> i64 {
block0(v0: bool, v1: bool):
  v2: bool = bool.cmp lt v0, v1
  v3: i64 = bool.to_mach v2
  return v3
}",
    );
    assert_eq!(wide.call(&[0, 1]), Ok(1));
    assert_eq!(wide.call(&[1, 1]), Ok(0));
}
