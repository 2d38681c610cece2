//! Between objects and the representations of compiled code.
//!
//! Unboxing takes the address of a check's description, or null when the object is known to be of the class. The check is the host's; here are the
//! fast paths that need no look at it: an object of exactly the class that a representation stands for passes every check whose type is so held, except
//! one for particular values (`Literal`), which says so in its description.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::word::{Int, Word};
use keelback_lowering::types::Repr;

use super::linked::linked;
use super::{Obj, mach};
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult, Raised, class_name};

/// An `int` word as an object.
pub unsafe fn box_int(a: Int) -> PyResult<Owned> {
    a.object()
}

/// As an `int` object.
pub unsafe fn box_i64(v: i64) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyLong_FromLongLong(v)) }
}

/// As an `int` object.
pub unsafe fn box_u64(v: u64) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyLong_FromUnsignedLongLong(v)) }
}

/// As a `float` object.
pub unsafe fn box_f64(v: f64) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyFloat_FromDouble(v)) }
}

/// Raises for an object that is not what its place holds.
#[cold]
unsafe fn mismatch(object: Obj, check: usize, expected: &str) -> Raised {
    if check != 0 {
        // The check knows the words; that it passes all the same is impossible, and said so below.
        if let Err(raised) = unsafe { self::check(object, check) } {
            return raised;
        }
    }
    let got = unsafe { class_name(ffi::Py_TYPE(object)) };
    error::static_type_error(&format!("expected '{expected}', got '{got}'"))
}

/// The value of an `int` object; an instance of a subclass stays the object.
pub unsafe fn unbox_int(object: Obj, check: usize) -> PyResult<Word> {
    unsafe {
        if ffi::PyLong_Check(object) == 0 {
            return Err(mismatch(object, check, "int"));
        }
        if check != 0 {
            linked()?.check(object, check)?;
        }
        Ok(Word::from_int_object(Owned::from_borrowed(object)))
    }
}

/// An `int` object's value as a float; `OverflowError`.
pub(crate) unsafe fn int_object_to_f64(object: Obj) -> PyResult<f64> {
    let v = unsafe { ffi::PyLong_AsDouble(object) };
    if v == -1.0 && !unsafe { ffi::PyErr_Occurred() }.is_null() {
        return Err(Raised);
    }
    Ok(v)
}

/// The value of a `float` object, or of an `int` object, which is promoted.
pub unsafe fn unbox_f64(object: Obj, check: usize) -> PyResult<f64> {
    unsafe {
        if ffi::PyFloat_Check(object) != 0 {
            return Ok(ffi::PyFloat_AsDouble(object));
        }
        if ffi::PyLong_Check(object) != 0 {
            return int_object_to_f64(object);
        }
        Err(mismatch(object, check, "float"))
    }
}

/// The value of an `int` object as a machine integer; `OverflowError` out of its range.
pub unsafe fn unbox_mach(object: Obj, check: usize, number: i64) -> PyResult<i64> {
    let repr = mach::repr(number)?;
    unsafe {
        if ffi::PyLong_Check(object) == 0 {
            return Err(mismatch(object, check, mach::type_name(repr)));
        }
        if let Some(v) = mach::from_int_object(object, repr) {
            return Ok(v);
        }
        Err(match check {
            0 => mach::out_of_range(repr, object),
            _ => linked()?.out_of_range(object, check),
        })
    }
}

/// The value of a `bool` object.
pub unsafe fn unbox_bool(object: Obj, check: usize) -> PyResult<bool> {
    unsafe {
        if object == ffi::Py_True() {
            Ok(true)
        } else if object == ffi::Py_False() {
            Ok(false)
        } else {
            Err(mismatch(object, check, "bool"))
        }
    }
}

/// Raises unless the object passes the check.
pub unsafe fn check(object: Obj, check: usize) -> PyResult<()> {
    unsafe { linked()?.check(object, check) }
}

/// An object as a word of a representation: an object is itself, borrowed; an int that stays an object is a new reference.
///
/// # Errors
/// `StaticTypeError` when it is not of the representation's class, `OverflowError` when it does not fit.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn to_word(object: Obj, repr: Repr) -> PyResult<u64> {
    unsafe {
        Ok(match repr {
            Repr::Obj => object as u64,
            Repr::Int => unbox_int(object, 0)?.into_bits(),
            Repr::F64 => unbox_f64(object, 0)?.to_bits(),
            Repr::F32 => u64::from((unbox_f64(object, 0)? as f32).to_bits()),
            Repr::Bool => u64::from(unbox_bool(object, 0)?),
            _ => unbox_mach(object, 0, super::ints::repr_number(repr))? as u64,
        })
    }
}

/// A word as an object; the word's reference, if it is one, is taken over.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// The word is a value of the representation, not 0 where that means none; the GIL is held.
pub unsafe fn into_object(word: u64, repr: Repr) -> PyResult<Owned> {
    unsafe {
        match repr {
            Repr::Obj => Owned::from_new(word as Obj),
            Repr::Int if word & 1 == 0 => Owned::from_new(word as Obj),
            Repr::Int => box_i64(word as i64 >> 1),
            Repr::F64 => box_f64(f64::from_bits(word)),
            Repr::F32 => box_f64(f32::from_bits(word as u32).into()),
            Repr::Bool => Ok(Owned::from_borrowed(if word != 0 {
                ffi::Py_True()
            } else {
                ffi::Py_False()
            })),
            Repr::U64 => box_u64(word),
            _ => box_i64(word as i64),
        }
    }
}

/// Releases a word's reference, if it is one.
///
/// # Safety
/// The reference is the caller's; the GIL is held.
#[inline]
pub unsafe fn release(word: u64, repr: Repr) {
    if word != 0 && (repr == Repr::Obj || (repr == Repr::Int && word & 1 == 0)) {
        unsafe { ffi::Py_DECREF(word as Obj) }
    }
}

/// One more reference to a word, if it is one.
///
/// # Safety
/// The word is a value of the representation, or 0; the GIL is held.
#[inline]
pub unsafe fn retain(word: u64, repr: Repr) {
    if word != 0 && (repr == Repr::Obj || (repr == Repr::Int && word & 1 == 0)) {
        unsafe { ffi::Py_INCREF(word as Obj) }
    }
}
