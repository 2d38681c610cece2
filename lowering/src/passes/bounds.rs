//! Arithmetic on the bounds of integers, for the builder and the passes.

use crate::ops::{Cond, Op};
use crate::types::{Repr, SMALL_INT};

/// Inclusive bounds.
pub type Bounds = (i64, i64);

/// No container is longer: `PY_SSIZE_T_MAX` items of 8 bytes do not fit the address space.
pub const MAX_LENGTH: i64 = (1 << 60) - 1;

/// The values that a machine integer can have; of `u64` none that `i64` cannot hold are described, so it has no bounds.
pub fn of_repr(repr: Repr) -> Option<Bounds> {
    Some(match repr {
        Repr::I8 => (i8::MIN.into(), i8::MAX.into()),
        Repr::I16 => (i16::MIN.into(), i16::MAX.into()),
        Repr::I32 => (i32::MIN.into(), i32::MAX.into()),
        Repr::I64 => (i64::MIN, i64::MAX),
        Repr::U8 => (0, u8::MAX.into()),
        Repr::U16 => (0, u16::MAX.into()),
        Repr::U32 => (0, u32::MAX.into()),
        _ => return None,
    })
}

/// Whether values of these bounds fit a machine integer, or an `int` held inline.
pub fn within(bounds: Bounds, repr: Repr) -> bool {
    let (low, high) = match repr {
        Repr::Int => (*SMALL_INT.start(), *SMALL_INT.end()),
        Repr::U64 => (0, i64::MAX),
        r => match of_repr(r) {
            Some(b) => b,
            None => return false,
        },
    };
    low <= bounds.0 && bounds.1 <= high
}

/// Whether a value lies within bounds.
pub fn holds(bounds: Bounds, value: i128) -> bool {
    i128::from(bounds.0) <= value && value <= i128::from(bounds.1)
}

/// The bounds of an operation's exact result, when they are worth something: those of a wrapping operation only when it cannot wrap in
/// `repr`, those of an `int` only when it stays inline.
pub fn of_operation(op: Op, a: Bounds, b: Bounds, repr: Repr) -> Option<Bounds> {
    let (a0, a1) = (i128::from(a.0), i128::from(a.1));
    let (b0, b1) = (i128::from(b.0), i128::from(b.1));
    let (low, high) = match op {
        Op::IntAdd | Op::MachAdd => (a0 + b0, a1 + b1),
        Op::IntSub | Op::MachSub => (a0 - b1, a1 - b0),
        Op::IntMul | Op::MachMul => {
            let all = [a0 * b0, a0 * b1, a1 * b0, a1 * b1];
            (
                all.into_iter().min().unwrap_or(0),
                all.into_iter().max().unwrap_or(0),
            )
        }
        // With a non-negative operand the result is neither negative nor larger than it.
        Op::IntAnd | Op::MachAnd if b0 >= 0 && a0 >= 0 => (0, a1.min(b1)),
        Op::IntAnd | Op::MachAnd if b0 >= 0 => (0, b1),
        Op::IntAnd | Op::MachAnd if a0 >= 0 => (0, a1),
        Op::IntOr | Op::MachOr | Op::IntXor | Op::MachXor if a0 >= 0 && b0 >= 0 => {
            let top = a1.max(b1);
            (0, (1i128 << (128 - top.leading_zeros())) - 1)
        }
        Op::IntMod | Op::MachMod if b0 > 0 => (0, b1 - 1),
        Op::IntFloorDiv | Op::MachFloorDiv if b0 > 0 => (
            (a0.div_euclid(b0)).min(a0.div_euclid(b1)),
            (a1.div_euclid(b0)).max(a1.div_euclid(b1)),
        ),
        Op::IntNeg | Op::MachNeg => (-a1, -a0),
        Op::IntNot | Op::MachNot => (-1 - a1, -1 - a0),
        Op::IntShr | Op::MachShr if b0 >= 0 => (a0.min(0), a1.max(0)),
        _ => return None,
    };
    let bounds = (i64::try_from(low).ok()?, i64::try_from(high).ok()?);
    within(bounds, repr).then_some(bounds)
}

/// What `value cond other` being true says of `value`'s bounds, given `other`'s; `None` when it cannot be true.
pub fn refine(value: Bounds, cond: Cond, other: Bounds) -> Option<Bounds> {
    let (mut low, mut high) = value;
    match cond {
        Cond::Eq => {
            low = low.max(other.0);
            high = high.min(other.1);
        }
        Cond::Ne => {}
        Cond::Lt => high = high.min(other.1.saturating_sub(1)),
        Cond::Le => high = high.min(other.1),
        Cond::Gt => low = low.max(other.0.saturating_add(1)),
        Cond::Ge => low = low.max(other.0),
    }
    (low <= high).then_some((low, high))
}

/// Whether a comparison is decided by bounds.
pub fn decide(a: Bounds, cond: Cond, b: Bounds) -> Option<bool> {
    let (lt, le) = (a.1 < b.0, a.1 <= b.0);
    let (gt, ge) = (a.0 > b.1, a.0 >= b.1);
    let same = a.0 == a.1 && b.0 == b.1 && a.0 == b.0;
    let pick = |yes: bool, no: bool| {
        if yes {
            Some(true)
        } else if no {
            Some(false)
        } else {
            None
        }
    };
    match cond {
        Cond::Eq => pick(same, lt || gt),
        Cond::Ne => pick(lt || gt, same),
        Cond::Lt => pick(lt, ge),
        Cond::Le => pick(le, gt),
        Cond::Gt => pick(gt, le),
        Cond::Ge => pick(ge, lt),
    }
}
