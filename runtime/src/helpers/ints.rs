//! Python ints: inline words by machine arithmetic, everything else by CPython's own number protocol, so that results, overloads of subclasses and messages are
//! exactly CPython's.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use keelback_lowering::types::Repr;

use super::mach;
use super::word::{self, Int, Word};
use super::{Obj, Outcome as _};
use crate::ffi::{self, PyObject};
use crate::object::{Owned, PyResult, Raised, str_object};

type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type Unary = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;

#[cold]
unsafe fn slow(a: Int, b: Int, op: Binary) -> PyResult<Word> {
    let (a, b) = (a.object()?, b.object()?);
    // SAFETY: both are alive.
    Word::from_result(unsafe { Owned::from_new(op(a.as_ptr(), b.as_ptr())) }?)
}

#[cold]
unsafe fn slow_unary(a: Int, op: Unary) -> PyResult<Word> {
    let a = a.object()?;
    // SAFETY: it is alive.
    Word::from_result(unsafe { Owned::from_new(op(a.as_ptr())) }?)
}

/// The inline operation when both are small and it has a result of 64 bits, else the protocol's.
#[inline]
unsafe fn binary(
    a: Int,
    b: Int,
    fast: impl FnOnce(i64, i64) -> Option<i64>,
    op: Binary,
) -> PyResult<Word> {
    if let (Some(x), Some(y)) = (a.small(), b.small())
        && let Some(v) = fast(x, y)
    {
        return Word::from_i64(v);
    }
    // SAFETY: the caller's promise.
    unsafe { slow(a, b, op) }
}

#[inline]
unsafe fn unary(a: Int, fast: impl FnOnce(i64) -> i64, op: Unary) -> PyResult<Word> {
    match a.small() {
        Some(v) => Word::from_i64(fast(v)),
        // SAFETY: the caller's promise.
        None => unsafe { slow_unary(a, op) },
    }
}

/// Floor division of values whose quotient fits; `None` for a zero divisor.
pub(crate) fn floor_div(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) {
        q - 1
    } else {
        q
    })
}

/// Floor modulo; `None` for a zero divisor.
pub(crate) fn floor_mod(a: i64, b: i64) -> Option<i64> {
    let r = a.checked_rem(b)?;
    Some(if r != 0 && (r < 0) != (b < 0) {
        r + b
    } else {
        r
    })
}

/// `a + b`
pub unsafe fn int_add(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, i64::checked_add, ffi::PyNumber_Add) }
}

/// `a - b`
pub unsafe fn int_sub(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, i64::checked_sub, ffi::PyNumber_Subtract) }
}

/// `a * b`
pub unsafe fn int_mul(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, i64::checked_mul, ffi::PyNumber_Multiply) }
}

/// `a // b`
pub unsafe fn int_floordiv(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, floor_div, ffi::PyNumber_FloorDivide) }
}

/// `a % b`
pub unsafe fn int_mod(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, floor_mod, ffi::PyNumber_Remainder) }
}

/// `a / b`
pub unsafe fn int_div(a: Int, b: Int) -> PyResult<f64> {
    const EXACT: u64 = 1 << 53;
    if let (Some(x), Some(y)) = (a.small(), b.small())
        && y != 0
        && x.unsigned_abs() <= EXACT
        && y.unsigned_abs() <= EXACT
    {
        return Ok(x as f64 / y as f64);
    }
    let (a, b) = (a.object()?, b.object()?);
    unsafe {
        let quotient = Owned::from_new(ffi::PyNumber_TrueDivide(a.as_ptr(), b.as_ptr()))?;
        super::boxing::unbox_f64(quotient.as_ptr(), 0)
    }
}

/// `a ** b`
pub unsafe fn int_pow(a: Int, b: Int) -> PyResult<Owned> {
    if let (Some(x), Some(y)) = (a.small(), b.small())
        && let Some(v) = u32::try_from(y).ok().and_then(|y| x.checked_pow(y))
    {
        return unsafe { Owned::from_new(ffi::PyLong_FromLongLong(v)) };
    }
    let (a, b) = (a.object()?, b.object()?);
    unsafe { Owned::from_new(ffi::PyNumber_Power(a.as_ptr(), b.as_ptr(), ffi::Py_None())) }
}

/// `a & b`
pub unsafe fn int_and(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, |x, y| Some(x & y), ffi::PyNumber_And) }
}

/// `a | b`
pub unsafe fn int_or(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, |x, y| Some(x | y), ffi::PyNumber_Or) }
}

/// `a ^ b`
pub unsafe fn int_xor(a: Int, b: Int) -> PyResult<Word> {
    unsafe { binary(a, b, |x, y| Some(x ^ y), ffi::PyNumber_Xor) }
}

/// `a << b`
pub unsafe fn int_shl(a: Int, b: Int) -> PyResult<Word> {
    let fast = |x: i64, y: i64| {
        let shifted = (0..64).contains(&y).then(|| x << y)?;
        (shifted >> y == x).then_some(shifted)
    };
    unsafe { binary(a, b, fast, ffi::PyNumber_Lshift) }
}

/// `a >> b`
pub unsafe fn int_shr(a: Int, b: Int) -> PyResult<Word> {
    unsafe {
        binary(
            a,
            b,
            |x, y| (y >= 0).then(|| x >> y.min(63)),
            ffi::PyNumber_Rshift,
        )
    }
}

/// `-a`
pub unsafe fn int_neg(a: Int) -> PyResult<Word> {
    unsafe { unary(a, |v| -v, ffi::PyNumber_Negative) }
}

/// `~a`
pub unsafe fn int_not(a: Int) -> PyResult<Word> {
    unsafe { unary(a, |v| !v, ffi::PyNumber_Invert) }
}

/// `abs(a)`
pub unsafe fn int_abs(a: Int) -> PyResult<Word> {
    unsafe { unary(a, i64::abs, ffi::PyNumber_Absolute) }
}

/// Whether an ordering satisfies CPython's comparison number `op`.
pub(crate) fn holds(order: std::cmp::Ordering, op: i64) -> bool {
    match op {
        0 => order.is_lt(),
        1 => order.is_le(),
        2 => order.is_eq(),
        3 => order.is_ne(),
        4 => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Comparison by value: a subclass's own comparison is not asked.
pub unsafe fn int_cmp(a: Int, b: Int, op: i64) -> bool {
    use std::cmp::Ordering;
    if let (Some(x), Some(y)) = (a.small(), b.small()) {
        return holds(x.cmp(&y), op);
    }
    // Whatever does not fit 64 bits is ordered by its sign against whatever does.
    let value = |w: Int| match (w.small(), w.pointer()) {
        (Some(v), _) => Ok(v),
        (None, Some(p)) => unsafe { word::value_of(p) },
        (None, None) => Ok(0),
    };
    let order = match (value(a), value(b)) {
        (Ok(x), Ok(y)) => x.cmp(&y),
        (Ok(_), Err(true)) | (Err(false), Ok(_)) => Ordering::Greater,
        (Ok(_), Err(false)) | (Err(true), Ok(_)) => Ordering::Less,
        (Err(true), Err(false)) => Ordering::Less,
        (Err(false), Err(true)) => Ordering::Greater,
        (Err(_), Err(_)) => unsafe { compare_big(a, b) },
    };
    holds(order, op)
}

/// The order of two ints that do not fit 64 bits, by `int`'s own comparison.
#[cold]
unsafe fn compare_big(a: Int, b: Int) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    type RichCompare = unsafe extern "C" fn(Obj, Obj, i32) -> Obj;
    let (Some(a), Some(b)) = (a.pointer(), b.pointer()) else {
        return Ordering::Equal;
    };
    unsafe {
        let slot = ffi::PyType_GetSlot(&raw mut ffi::PyLong_Type, ffi::Py_tp_richcompare);
        let compare: RichCompare = std::mem::transmute(slot);
        let holds = |op: i32| match Owned::from_new(compare(a, b, op)) {
            Ok(answer) => answer.as_ptr() == ffi::Py_True(),
            Err(Raised) => {
                ffi::PyErr_Clear();
                false
            }
        };
        if holds(ffi::Py_EQ) {
            Ordering::Equal
        } else if holds(ffi::Py_LT) {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    }
}

/// `a != 0`, by value.
pub unsafe fn int_truth(a: Int) -> bool {
    match (a.small(), a.pointer()) {
        (Some(v), _) => v != 0,
        (None, Some(p)) => !unsafe { word::is_zero(p) },
        (None, None) => false,
    }
}

/// From a signed 64-bit integer.
pub unsafe fn int_from_i64(v: i64) -> PyResult<Word> {
    Word::from_i64(v)
}

/// From an unsigned 64-bit integer.
pub unsafe fn int_from_u64(v: u64) -> PyResult<Word> {
    Word::from_u64(v)
}

/// To a machine integer; `OverflowError`.
pub unsafe fn int_to_mach(a: Int, repr: i64) -> PyResult<i64> {
    let repr = mach::repr(repr)?;
    if let Some(v) = a.small()
        && mach::fits(repr, v.into())
    {
        return Ok(v);
    }
    let object = a.object()?;
    unsafe {
        match mach::from_int_object(object.as_ptr(), repr) {
            Some(v) => Ok(v),
            None => Err(mach::out_of_range(repr, object.as_ptr())),
        }
    }
}

/// To a float; `OverflowError`.
pub unsafe fn int_to_float(a: Int) -> PyResult<f64> {
    match a.small() {
        Some(v) => Ok(v as f64),
        None => {
            let object = a.object()?;
            unsafe { super::boxing::int_object_to_f64(object.as_ptr()) }
        }
    }
}

/// `str(a)`
pub unsafe fn int_to_str(a: Int) -> PyResult<Owned> {
    match a.small() {
        Some(v) => str_object(&v.to_string()),
        None => {
            let object = a.object()?;
            unsafe { Owned::from_new(ffi::PyObject_Str(object.as_ptr())) }
        }
    }
}

/// The numbers of representations, for readers of the list: an index into `Repr::ALL`.
pub fn repr_number(repr: Repr) -> i64 {
    Repr::ALL
        .iter()
        .position(|(r, _)| *r == repr)
        .unwrap_or_default() as i64
}

/// Errors as C sees them, for the interpreter's own fast paths.
pub(crate) fn word_of(result: PyResult<Word>) -> PyResult<u64> {
    result.into_word()
}
