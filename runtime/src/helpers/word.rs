//! Python ints as compiled code holds them: one word, small inline or a pointer.
//!
//! Invariant: a word made here is canonical. An exact `int` that fits 63 bits is always inline; a pointer is to an exact `int` that does not fit or to
//! an instance of a subclass.

use keelback_lowering::types::SMALL_INT;

use crate::error;
use crate::ffi::{self, PyObject};
use crate::object::{Owned, PyResult, class_name};

/// A borrowed `int` word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Int(u64);

/// An `int` word that owns its reference, if it is one.
#[derive(PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Word(u64);

impl Int {
    /// From the bits of a word.
    #[inline]
    pub fn from_bits(bits: u64) -> Int {
        Int(bits)
    }

    /// The value when it is inline.
    #[inline]
    pub fn small(self) -> Option<i64> {
        (self.0 & 1 == 1).then_some(self.0 as i64 >> 1)
    }

    /// The object when it is not inline.
    #[inline]
    pub fn pointer(self) -> Option<*mut PyObject> {
        (self.0 & 1 == 0).then_some(self.0 as *mut PyObject)
    }

    /// The value as an object.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub fn object(self) -> PyResult<Owned> {
        // SAFETY: a pointer word is a live int.
        unsafe {
            match self.small() {
                Some(v) => Owned::from_new(ffi::PyLong_FromLongLong(v)),
                None => Ok(Owned::from_borrowed(self.0 as *mut PyObject)),
            }
        }
    }

    /// The value as an index into a sequence; one that does not fit is clamped to the largest or smallest, which is out of any sequence's bounds.
    #[inline]
    pub fn index(self) -> isize {
        match self.small() {
            Some(v) => v as isize,
            None => {
                // SAFETY: a pointer word is a live int, so that the conversion cannot raise.
                let v = unsafe { value_of(self.0 as *mut PyObject) };
                match v {
                    Ok(v) => v as isize,
                    Err(true) => isize::MIN,
                    Err(false) => isize::MAX,
                }
            }
        }
    }
}

/// The value of an `int` object, or whether it is too small (`true`) or too large (`false`) for 64 bits.
///
/// # Safety
/// `object` is a live instance of `int`.
pub unsafe fn value_of(object: *mut PyObject) -> Result<i64, bool> {
    // SAFETY: the caller's promise; a compact int has its only digit where the layout says.
    unsafe {
        if let Some(v) = compact(object) {
            return Ok(v);
        }
        let mut overflow = 0;
        let v = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
        match overflow {
            0 => Ok(v),
            o => Err(o < 0),
        }
    }
}

/// The value of an `int` object of at most one digit.
///
/// # Safety
/// `object` is a live instance of `int`.
#[inline]
unsafe fn compact(object: *mut PyObject) -> Option<i64> {
    // SAFETY: offsets are those of the running interpreter.
    unsafe {
        let layout = ffi::layout();
        let tag: usize = ffi::read(object.cast(), layout.long_tag);
        (tag < (2 << 3)).then(|| {
            let digit: u32 = ffi::read(object.cast(), layout.long_digits);
            (1 - (tag & 3) as i64) * i64::from(digit)
        })
    }
}

/// Whether an `int` object is zero, by value.
///
/// # Safety
/// `object` is a live instance of `int`.
#[inline]
pub unsafe fn is_zero(object: *mut PyObject) -> bool {
    // SAFETY: the offset is that of the running interpreter.
    unsafe { ffi::read::<usize>(object.cast(), ffi::layout().long_tag) & 3 == 1 }
}

impl Word {
    /// The inline word of a value that fits 63 bits.
    #[inline]
    fn inline(value: i64) -> Word {
        Word((value as u64) << 1 | 1)
    }

    /// The value as a word.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub fn from_i64(value: i64) -> PyResult<Word> {
        if SMALL_INT.contains(&value) {
            return Ok(Word::inline(value));
        }
        // SAFETY: a new reference.
        unsafe {
            Ok(Word(
                Owned::from_new(ffi::PyLong_FromLongLong(value))?.into_ptr() as u64,
            ))
        }
    }

    /// The value as a word.
    ///
    /// # Errors
    /// `MemoryError`.
    #[inline]
    pub fn from_u64(value: u64) -> PyResult<Word> {
        if value <= *SMALL_INT.end() as u64 {
            return Ok(Word::inline(value as i64));
        }
        // SAFETY: a new reference.
        unsafe {
            Ok(Word(
                Owned::from_new(ffi::PyLong_FromUnsignedLongLong(value))?.into_ptr() as u64,
            ))
        }
    }

    /// The word of an `int` object, which is taken over.
    ///
    /// # Safety
    /// It is an instance of `int`.
    #[inline]
    pub unsafe fn from_int_object(object: Owned) -> Word {
        // SAFETY: the caller's promise.
        unsafe {
            if ffi::PyLong_CheckExact(object.as_ptr()) != 0
                && let Ok(v) = value_of(object.as_ptr())
                && SMALL_INT.contains(&v)
            {
                return Word::inline(v);
            }
        }
        Word(object.into_ptr() as u64)
    }

    /// The word of the result of an operation on ints: an overload in a subclass may have returned anything.
    ///
    /// # Errors
    /// `StaticTypeError` when it is not an int.
    pub fn from_result(object: Owned) -> PyResult<Word> {
        // SAFETY: the object is alive; its class is checked.
        unsafe {
            if ffi::PyLong_Check(object.as_ptr()) != 0 {
                return Ok(Word::from_int_object(object));
            }
            Err(error::static_type_error(&format!(
                "expected 'int', got '{}'",
                class_name(ffi::Py_TYPE(object.as_ptr()))
            )))
        }
    }

    /// The word without its owner.
    #[inline]
    pub fn into_bits(self) -> u64 {
        let bits = self.0;
        std::mem::forget(self);
        bits
    }

    /// Borrows it.
    #[inline]
    pub fn borrow(&self) -> Int {
        Int(self.0)
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        if let Some(pointer) = self.borrow().pointer() {
            // SAFETY: one reference is ours.
            unsafe { ffi::Py_DECREF(pointer) }
        }
    }
}
