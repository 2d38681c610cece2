//! Machine integers: the arithmetic of `LANGUAGE.md` section 4 on values extended to 64 bits.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use keelback_lowering::errors::Raise;
use keelback_lowering::types::Repr;

use super::{Obj, control, word};
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult, Raised, class_name, display};

/// The representation with this number.
///
/// # Errors
/// `SystemError` for a number that none has.
pub fn repr(number: i64) -> PyResult<Repr> {
    usize::try_from(number)
        .ok()
        .and_then(|n| Repr::ALL.get(n))
        .map(|(r, _)| *r)
        .ok_or_else(|| error::system_error("unknown representation"))
}

/// The name that a representation has for users.
pub fn type_name(repr: Repr) -> &'static str {
    match repr {
        Repr::I8 => "int8",
        Repr::I16 => "int16",
        Repr::I32 => "int32",
        Repr::I64 => "int64",
        Repr::U8 => "uint8",
        Repr::U16 => "uint16",
        Repr::U32 => "uint32",
        Repr::U64 => "uint64",
        Repr::F64 => "double",
        Repr::F32 => "single",
        Repr::Bool => "cbool",
        Repr::Int => "int",
        Repr::Obj => "object",
    }
}

/// Whether a value is in the range of a machine integer.
#[inline]
pub fn fits(repr: Repr, value: i128) -> bool {
    let bits = repr.bits();
    if repr.is_signed() {
        let half = 1i128 << (bits - 1);
        (-half..half).contains(&value)
    } else {
        (0..1i128 << bits).contains(&value)
    }
}

/// Extends the low bits of a word to 64, by the sign for signed types: wraps a result to the width.
#[inline]
pub fn wrap(repr: Repr, value: i64) -> i64 {
    match repr {
        Repr::I8 => i64::from(value as i8),
        Repr::I16 => i64::from(value as i16),
        Repr::I32 => i64::from(value as i32),
        Repr::U8 | Repr::Bool => i64::from(value as u8),
        Repr::U16 => i64::from(value as u16),
        Repr::U32 | Repr::F32 => i64::from(value as u32),
        _ => value,
    }
}

/// The value that a word of a machine integer stands for.
#[inline]
pub fn exact(repr: Repr, word: i64) -> i128 {
    if repr == Repr::U64 {
        i128::from(word as u64)
    } else {
        i128::from(word)
    }
}

/// The value of an `int` object as a machine integer, if it fits.
///
/// # Safety
/// `object` is a live instance of `int`.
pub unsafe fn from_int_object(object: Obj, repr: Repr) -> Option<i64> {
    unsafe {
        match word::value_of(object) {
            Ok(v) => fits(repr, v.into()).then_some(v),
            Err(false) if repr == Repr::U64 => {
                let v = ffi::PyLong_AsUnsignedLongLong(object);
                if v == u64::MAX && !ffi::PyErr_Occurred().is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                Some(v as i64)
            }
            Err(_) => None,
        }
    }
}

/// Raises the `OverflowError` of an int that does not fit and flows there by itself.
///
/// # Safety
/// `object` is a live object.
#[cold]
pub unsafe fn out_of_range(repr: Repr, object: Obj) -> Raised {
    let shown = unsafe { display(object) };
    error::overflow_error(&format!(
        "expected '{}', got out-of-range int {shown}",
        type_name(repr)
    ))
}

/// Raises the `OverflowError` of an explicit conversion.
#[cold]
unsafe fn conversion_out_of_range(repr: Repr, object: Obj) -> Raised {
    let shown = unsafe { display(object) };
    error::overflow_error(&format!(
        "{}() got out-of-range int {shown}",
        type_name(repr)
    ))
}

/// Power, wrapping at the width; `ValueError` for a negative exponent.
pub unsafe fn mach_pow(base: i64, exponent: i64, number: i64) -> PyResult<i64> {
    let repr = repr(number)?;
    if repr.is_signed() && exponent < 0 {
        return Err(control::raised(Raise::NegativePower));
    }
    let (mut result, mut square, mut left) = (1i64, base, exponent as u64);
    while left != 0 {
        if left & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        left >>= 1;
    }
    Ok(wrap(repr, result))
}

/// `ValueError`
pub(crate) fn value_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { error::raise(ffi::PyExc_ValueError, message) }
}

/// A float truncated to a machine integer: `OverflowError` out of range, `ValueError` for NaN.
pub unsafe fn float_to_mach(a: f64, number: i64) -> PyResult<i64> {
    let repr = repr(number)?;
    let whole = a.trunc();
    let (low, high) = if repr.is_signed() {
        let half = (1u128 << (repr.bits() - 1)) as f64;
        (-half, half)
    } else {
        (0.0, (1u128 << repr.bits()) as f64)
    };
    if whole >= low && whole < high {
        return Ok(if repr == Repr::U64 {
            whole as u64 as i64
        } else {
            whole as i64
        });
    }
    if a.is_nan() {
        return Err(value_error("cannot convert float NaN to integer"));
    }
    if a.is_infinite() {
        return Err(error::overflow_error(
            "cannot convert float infinity to integer",
        ));
    }
    // SAFETY: a finite float always has an int.
    unsafe {
        let object = Owned::from_new(ffi::PyLong_FromDouble(whole))?;
        Err(conversion_out_of_range(repr, object.as_ptr()))
    }
}

/// A machine integer from any number or string, as an explicit conversion gives it.
pub unsafe fn object_mach(object: Obj, number: i64) -> PyResult<i64> {
    let repr = repr(number)?;
    unsafe {
        if ffi::PyFloat_Check(object) != 0 {
            return float_to_mach(ffi::PyFloat_AsDouble(object), number);
        }
        let whole = if ffi::PyLong_Check(object) != 0 {
            Owned::from_borrowed(object)
        } else if ffi::PyUnicode_Check(object) != 0 || ffi::PyNumber_Check(object) != 0 {
            Owned::from_new(ffi::PyNumber_Long(object))?
        } else {
            return Err(error::type_error(&format!(
                "{}() argument must be a number or a string, not '{}'",
                type_name(repr),
                class_name(ffi::Py_TYPE(object))
            )));
        };
        match from_int_object(whole.as_ptr(), repr) {
            Some(v) => Ok(v),
            None => Err(conversion_out_of_range(repr, whole.as_ptr())),
        }
    }
}
