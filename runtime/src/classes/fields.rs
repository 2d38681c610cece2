//! Fields of laid-out objects: what each word holds, and how it becomes an object and back.

use keelback_checker::interface::FieldSlot;
use keelback_lowering::types::Repr;

use crate::boundary::check::{Check, Verdict};
use crate::error;
use crate::ffi::{self, PyObject};
use crate::gil::GilCell;
use crate::helpers::fields as patterns;
use crate::helpers::word::Word;
use crate::object::{self, Borrowed, Owned, PyResult, Raised};

/// What a raw field holds while it is unset. A field that is really given this bit pattern is noted in a side table.
pub const UNSET: u64 = 0x7FF4_DEAD_5EED_0001;

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its (mangled) name.
    pub name: Borrowed<'static>,
    /// Byte offset in the object.
    pub offset: usize,
    /// How it is held.
    pub repr: Repr,
    /// Check of values that come from dynamic code.
    pub check: Check,
    /// The class attribute of the field's name as it is now: what new objects start with. Shared with the fields of subclasses; strong, null for none.
    pub default: &'static GilCell<*mut PyObject>,
}

impl Field {
    /// Prepares a field of a layout.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn new(slot: &FieldSlot) -> PyResult<Field> {
        Ok(Field {
            name: object::interned(&slot.name)?,
            offset: slot.offset as usize,
            repr: Repr::of(&slot.ty),
            check: Check::new(&slot.ty),
            default: Box::leak(Box::new(GilCell::new(std::ptr::null_mut()))),
        })
    }

    /// Gives the field another default.
    ///
    /// # Safety
    /// The GIL is held; not in the middle of a change of the class, for dropping the old default may run code.
    pub unsafe fn set_default(&self, value: Option<Owned>) {
        // SAFETY: the caller's promise; the cell owns one reference.
        unsafe {
            let old = self.default.get();
            self.default
                .set(value.map_or(std::ptr::null_mut(), Owned::into_ptr));
            drop(Owned::from_nullable(old));
        }
    }

    /// Lets a new object start with the default. One that is not of the field's type is only found by readers of the class attribute.
    ///
    /// # Safety
    /// `object` is new and has the field, unset; the GIL is held.
    pub unsafe fn start(&self, object: *mut PyObject) {
        // SAFETY: the caller's promise.
        unsafe {
            let default = self.default.get();
            if default.is_null() {
                return;
            }
            if self.repr == Repr::Obj && self.check.is_trivial() {
                *self.word(object) = Owned::from_borrowed(default).into_ptr() as u64;
            } else if self.store(object, default).is_err() {
                ffi::PyErr_Clear();
            }
        }
    }

    /// Whether the word is a number and no reference.
    pub fn is_raw(&self) -> bool {
        !self.repr.is_counted()
    }

    /// The word that stands for "unset".
    pub fn unset_word(&self) -> u64 {
        if self.is_raw() { UNSET } else { 0 }
    }

    unsafe fn word(&self, object: *mut PyObject) -> *mut u64 {
        // SAFETY: the caller passes an object of a class that has the field.
        unsafe { object.byte_add(self.offset).cast() }
    }

    /// The value as a new reference; `None` while it is unset and has no default.
    ///
    /// # Errors
    /// `MemoryError`.
    ///
    /// # Safety
    /// `object` is alive and has the field; the GIL is held.
    pub unsafe fn load(&self, object: *mut PyObject) -> PyResult<Option<Owned>> {
        // SAFETY: the caller's promise; the word holds what `repr` says.
        unsafe {
            let word = *self.word(object);
            if word == self.unset_word()
                && (!self.is_raw() || patterns::field_is_unset(object, self.offset as i64))
            {
                let default = self.default.get();
                return Ok((!default.is_null()).then(|| Owned::from_borrowed(default)));
            }
            let value = match self.repr {
                Repr::Obj => Owned::from_borrowed(word as *mut PyObject),
                Repr::Int if word & 1 == 0 => Owned::from_borrowed(word as *mut PyObject),
                Repr::Int => Owned::from_new(ffi::PyLong_FromLongLong(word as i64 >> 1))?,
                Repr::F64 => Owned::from_new(ffi::PyFloat_FromDouble(f64::from_bits(word)))?,
                Repr::F32 => Owned::from_new(ffi::PyFloat_FromDouble(f64::from(f32::from_bits(
                    word as u32,
                ))))?,
                Repr::Bool => Owned::from_new(ffi::PyBool_FromLong(i64::from(word != 0)))?,
                Repr::U8 | Repr::U16 | Repr::U32 | Repr::U64 => {
                    Owned::from_new(ffi::PyLong_FromUnsignedLongLong(word))?
                }
                Repr::I8 | Repr::I16 | Repr::I32 | Repr::I64 => {
                    Owned::from_new(ffi::PyLong_FromLongLong(word as i64))?
                }
            };
            Ok(Some(value))
        }
    }

    /// Stores a value from dynamic code.
    ///
    /// # Errors
    /// `StaticTypeError` or `OverflowError` when it is not of the field's type.
    ///
    /// # Safety
    /// `object` and `value` are alive, and `object` has the field; the GIL is held.
    pub unsafe fn store(&self, object: *mut PyObject, value: *mut PyObject) -> PyResult<()> {
        // SAFETY: the caller's promise.
        unsafe {
            let value = match self.check.test(value)? {
                Verdict::Fits => Owned::from_borrowed(value),
                Verdict::Becomes(new) => new,
                refused => return Err(self.refuse(&refused, value)),
            };
            let word = match self.repr {
                Repr::Obj => value.into_ptr() as u64,
                Repr::Int => Word::from_int_object(value).into_bits(),
                Repr::F64 => ffi::PyFloat_AsDouble(value.as_ptr()).to_bits(),
                Repr::F32 => u64::from((ffi::PyFloat_AsDouble(value.as_ptr()) as f32).to_bits()),
                Repr::Bool => u64::from(value.as_ptr() == ffi::Py_True()),
                Repr::U64 => ffi::PyLong_AsUnsignedLongLongMask(value.as_ptr()),
                _ => ffi::PyLong_AsLongLong(value.as_ptr()) as u64,
            };
            if self.is_raw() {
                if word == UNSET {
                    patterns::field_note_pattern(object, self.offset as i64);
                }
                *self.word(object) = word;
                return Ok(());
            }
            let old = std::mem::replace(&mut *self.word(object), word);
            release(self.repr, old);
            Ok(())
        }
    }

    /// Makes the field unset.
    ///
    /// # Errors
    /// `AttributeError` when it is unset.
    ///
    /// # Safety
    /// `object` is alive and has the field; the GIL is held.
    pub unsafe fn delete(&self, object: *mut PyObject) -> PyResult<()> {
        // SAFETY: the caller's promise.
        unsafe {
            let word = *self.word(object);
            let unset = self.unset_word();
            if word == unset
                && (!self.is_raw() || patterns::field_is_unset(object, self.offset as i64))
            {
                return Err(error::attribute_error(
                    object::text(self.name.as_ptr()).unwrap_or("?"),
                ));
            }
            if word == UNSET {
                patterns::forget_patterns(object, Some(self.offset as i64));
            }
            *self.word(object) = unset;
            // What is seen then is the class attribute.
            self.start(object);
            if !self.is_raw() {
                release(self.repr, word);
            }
            Ok(())
        }
    }

    unsafe fn refuse(&self, verdict: &Verdict, value: *mut PyObject) -> Raised {
        // SAFETY: the caller keeps `value` alive.
        unsafe {
            let name = object::text(self.name.as_ptr()).unwrap_or("?");
            let expected = &self.check.name;
            if matches!(verdict, Verdict::OutOfRange) {
                let got = object::display(value);
                return error::overflow_error(&format!(
                    "expected '{expected}', got out-of-range int {got} for attribute '{name}'"
                ));
            }
            let got = object::class_name(ffi::Py_TYPE(value));
            error::static_type_error(&format!(
                "expected '{expected}', got '{got}' for attribute '{name}'"
            ))
        }
    }
}

/// Drops the reference that a word may be.
///
/// # Safety
/// `word` is a word of a counted representation whose reference the caller owns; the GIL is held.
#[inline]
pub unsafe fn release(repr: Repr, word: u64) {
    // SAFETY: the caller's promise; a small int has the low bit set.
    unsafe {
        if word != 0 && (repr == Repr::Obj || word & 1 == 0) {
            ffi::Py_DECREF(word as *mut PyObject);
        }
    }
}
