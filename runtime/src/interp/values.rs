//! Ops on numbers and truth values.

use std::cmp::Ordering;

use keelback_lowering::errors::Raise;
use keelback_lowering::ops::{Cond, Op};
use keelback_lowering::types::{Repr, SMALL_INT};

use super::Registers;
use super::prepare::{Operand, Step};
use crate::helpers::control::raised;
use crate::helpers::ints::{self, holds, repr_number, word_of};
use crate::helpers::{Int, Word, boxing, floats, mach};
use crate::object::PyResult;

/// Whether an ordering, or its absence (NaN), satisfies a comparison.
fn ordered(order: Option<Ordering>, cond: Cond) -> u64 {
    u64::from(match order {
        Some(order) => holds(order, cond.rich()),
        None => cond == Cond::Ne,
    })
}

/// A float register's value.
fn float(repr: Repr, word: u64) -> f64 {
    if repr == Repr::F32 {
        f32::from_bits(word as u32).into()
    } else {
        f64::from_bits(word)
    }
}

/// A value as a float register holds it, rounded.
fn float_word(repr: Repr, value: f64) -> u64 {
    if repr == Repr::F32 {
        u64::from((value as f32).to_bits())
    } else {
        value.to_bits()
    }
}

fn cond(step: &Step) -> Cond {
    match step.operand {
        Operand::Cond(c) => c,
        _ => Cond::Eq,
    }
}

/// Computes an op on numbers; `None` when the op is of another kind.
///
/// # Safety
/// The registers hold what their types say; the GIL is held.
#[inline]
pub(super) unsafe fn compute(step: &Step, registers: &Registers) -> PyResult<Option<u64>> {
    let arg = |i: usize| registers[step.args[i] as usize];
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Some(match step.op {
            Op::ConstInt | Op::ConstMach | Op::ConstFloat | Op::ConstBool => match step.operand {
                Operand::Word(word) => word,
                _ => 0,
            },
            Op::Undef => 0,

            Op::MachAdd
            | Op::MachSub
            | Op::MachMul
            | Op::MachFloorDiv
            | Op::MachMod
            | Op::MachPow
            | Op::MachAnd
            | Op::MachOr
            | Op::MachXor
            | Op::MachShl
            | Op::MachShr => machine(step.op, step.reprs[0], arg(0) as i64, arg(1) as i64)? as u64,
            Op::MachNeg => mach::wrap(step.repr, (arg(0) as i64).wrapping_neg()) as u64,
            Op::MachNot => mach::wrap(step.repr, !(arg(0) as i64)) as u64,
            Op::MachCmp | Op::MachCmpMixed => {
                let (a, b) = (
                    mach::exact(step.reprs[0], arg(0) as i64),
                    mach::exact(step.reprs[1], arg(1) as i64),
                );
                ordered(Some(a.cmp(&b)), cond(step))
            }
            Op::MachCast => mach::wrap(step.repr, arg(0) as i64) as u64,
            Op::MachNarrow => {
                if !mach::fits(step.repr, mach::exact(step.reprs[0], arg(0) as i64)) {
                    return Err(raised(Raise::NarrowOverflow));
                }
                arg(0)
            }
            Op::MachToFloat => match (step.reprs[0], step.repr) {
                (Repr::U64, Repr::F32) => u64::from((arg(0) as f32).to_bits()),
                (Repr::U64, _) => (arg(0) as f64).to_bits(),
                (_, Repr::F32) => u64::from((arg(0) as i64 as f32).to_bits()),
                _ => (arg(0) as i64 as f64).to_bits(),
            },

            Op::FloatAdd
            | Op::FloatSub
            | Op::FloatMul
            | Op::FloatDiv
            | Op::FloatFloorDiv
            | Op::FloatMod
            | Op::FloatPow => {
                let (a, b) = (float(step.repr, arg(0)), float(step.repr, arg(1)));
                float_word(
                    step.repr,
                    match step.op {
                        Op::FloatAdd => a + b,
                        Op::FloatSub => a - b,
                        Op::FloatMul => a * b,
                        Op::FloatDiv if b == 0.0 => return Err(raised(Raise::FloatDivision)),
                        Op::FloatDiv => a / b,
                        Op::FloatFloorDiv => floats::float_floordiv(a, b)?,
                        Op::FloatMod => floats::float_mod(a, b)?,
                        _ => floats::float_pow(a, b)?,
                    },
                )
            }
            Op::FloatNeg => float_word(step.repr, -float(step.repr, arg(0))),
            Op::FloatAbs => float_word(step.repr, float(step.repr, arg(0)).abs()),
            Op::FloatSqrt => {
                let v = float(step.repr, arg(0));
                if v < 0.0 {
                    return Err(raised(Raise::MathDomain));
                }
                float_word(step.repr, v.sqrt())
            }
            Op::FloatCmp => {
                let (a, b) = (float(step.reprs[0], arg(0)), float(step.reprs[1], arg(1)));
                ordered(a.partial_cmp(&b), cond(step))
            }
            Op::FloatCast => float_word(step.repr, float(step.reprs[0], arg(0))),
            Op::FloatToMach => {
                mach::float_to_mach(float(step.reprs[0], arg(0)), repr_number(step.repr))? as u64
            }
            Op::FloatToInt => word_of(floats::float_to_int(float(step.reprs[0], arg(0))))?,

            Op::BoolNot => arg(0) ^ 1,
            Op::BoolCmp => ordered(Some(arg(0).cmp(&arg(1))), cond(step)),
            Op::BoolToMach => arg(0),

            Op::IntAdd
            | Op::IntSub
            | Op::IntMul
            | Op::IntFloorDiv
            | Op::IntMod
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntShl
            | Op::IntShr => {
                let (a, b) = (Int::from_bits(arg(0)), Int::from_bits(arg(1)));
                word_of(match step.op {
                    Op::IntAdd => ints::int_add(a, b),
                    Op::IntSub => ints::int_sub(a, b),
                    Op::IntMul => ints::int_mul(a, b),
                    Op::IntFloorDiv => ints::int_floordiv(a, b),
                    Op::IntMod => ints::int_mod(a, b),
                    Op::IntAnd => ints::int_and(a, b),
                    Op::IntOr => ints::int_or(a, b),
                    Op::IntXor => ints::int_xor(a, b),
                    Op::IntShl => ints::int_shl(a, b),
                    _ => ints::int_shr(a, b),
                })?
            }
            Op::IntDiv => ints::int_div(Int::from_bits(arg(0)), Int::from_bits(arg(1)))?.to_bits(),
            Op::IntNeg => word_of(ints::int_neg(Int::from_bits(arg(0))))?,
            Op::IntNot => word_of(ints::int_not(Int::from_bits(arg(0))))?,
            Op::IntCmp => u64::from(ints::int_cmp(
                Int::from_bits(arg(0)),
                Int::from_bits(arg(1)),
                cond(step).rich(),
            )),
            Op::IntTruth => u64::from(ints::int_truth(Int::from_bits(arg(0)))),
            Op::IntFromMach => word_of(if step.reprs[0] == Repr::U64 {
                Word::from_u64(arg(0))
            } else {
                Word::from_i64(arg(0) as i64)
            })?,
            Op::IntToMach => {
                ints::int_to_mach(Int::from_bits(arg(0)), repr_number(step.repr))? as u64
            }
            Op::IntClamp => {
                let v = Int::from_bits(arg(0)).index() as i64;
                v.clamp(*SMALL_INT.start(), *SMALL_INT.end()) as u64
            }
            Op::IntToFloat => ints::int_to_float(Int::from_bits(arg(0)))?.to_bits(),

            Op::BoxInt => {
                let word = arg(0);
                // Boxing what already is an object takes a reference of its own.
                boxing::retain(word, Repr::Int);
                boxing::into_object(word, Repr::Int)?.into_ptr() as u64
            }
            Op::BoxMach | Op::BoxFloat | Op::BoxBool => {
                boxing::into_object(arg(0), step.reprs[0])?.into_ptr() as u64
            }
            _ => return Ok(None),
        }))
    }
}

/// Arithmetic of machine integers at a width.
fn machine(op: Op, repr: Repr, a: i64, b: i64) -> PyResult<i64> {
    let unsigned = !repr.is_signed();
    let bits = i64::from(repr.bits());
    let value = match op {
        Op::MachAdd => a.wrapping_add(b),
        Op::MachSub => a.wrapping_sub(b),
        Op::MachMul => a.wrapping_mul(b),
        Op::MachAnd => a & b,
        Op::MachOr => a | b,
        Op::MachXor => a ^ b,
        Op::MachFloorDiv if b == 0 => return Err(raised(Raise::IntDivision)),
        Op::MachMod if b == 0 => return Err(raised(Raise::IntModulo)),
        Op::MachFloorDiv if unsigned => (a as u64 / b as u64) as i64,
        Op::MachMod if unsigned => (a as u64 % b as u64) as i64,
        Op::MachFloorDiv if b == -1 => a.wrapping_neg(),
        Op::MachMod if b == -1 => 0,
        Op::MachFloorDiv => ints::floor_div(a, b).unwrap_or_default(),
        Op::MachMod => ints::floor_mod(a, b).unwrap_or_default(),
        // SAFETY: a plain computation.
        Op::MachPow => unsafe { mach::mach_pow(a, b, repr_number(repr))? },
        Op::MachShl | Op::MachShr => {
            if !unsigned && b < 0 {
                return Err(raised(Raise::NegativeShift));
            }
            let past = b as u64 >= bits as u64;
            match (op, unsigned) {
                (Op::MachShl, _) if past => 0,
                (Op::MachShl, _) => a << b,
                (_, true) if past => 0,
                (_, true) => (a as u64 >> b) as i64,
                _ => a >> if past { 63 } else { b },
            }
        }
        _ => 0,
    };
    Ok(mach::wrap(repr, value))
}
