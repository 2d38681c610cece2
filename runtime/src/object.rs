//! References to Python objects that say who owns them.
//!
//! [`Owned`] holds one strong reference and drops it; [`Borrowed`] holds none and may not outlive whoever does. Both are plain pointers,
//! never null. All methods need the GIL, which every caller in this crate has: they are reached only from CPython or from compiled code.

use std::ffi::CStr;
use std::marker::PhantomData;

use crate::ffi::{self, PyObject};

/// A strong reference.
#[derive(Debug)]
#[repr(transparent)]
pub struct Owned(std::ptr::NonNull<PyObject>);

/// A reference that someone else keeps alive for `'a`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Borrowed<'a>(std::ptr::NonNull<PyObject>, PhantomData<&'a PyObject>);

/// A Python exception is set in the thread state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised;

/// The result of anything that may raise.
pub type PyResult<T> = Result<T, Raised>;

impl Owned {
    /// Takes over a strong reference that a C function returned; null means that it raised.
    ///
    /// # Safety
    /// `pointer` is null with an exception set, or a strong reference that nobody else will drop.
    #[inline]
    pub unsafe fn from_new(pointer: *mut PyObject) -> PyResult<Owned> {
        std::ptr::NonNull::new(pointer).map(Owned).ok_or(Raised)
    }

    /// The same for a function that may return null without raising.
    ///
    /// # Safety
    /// `pointer` is null, or a strong reference that nobody else will drop.
    #[inline]
    pub unsafe fn from_nullable(pointer: *mut PyObject) -> Option<Owned> {
        std::ptr::NonNull::new(pointer).map(Owned)
    }

    /// A new strong reference to a borrowed object.
    ///
    /// # Safety
    /// `pointer` must be a live object.
    #[inline]
    pub unsafe fn from_borrowed(pointer: *mut PyObject) -> Owned {
        // SAFETY: the caller's promise.
        unsafe {
            ffi::Py_INCREF(pointer);
            Owned(std::ptr::NonNull::new_unchecked(pointer))
        }
    }

    /// The pointer, still owned by `self`.
    #[inline]
    pub fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    #[inline]
    pub fn into_ptr(self) -> *mut PyObject {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }

    /// Borrows it.
    #[inline]
    pub fn borrow(&self) -> Borrowed<'_> {
        Borrowed(self.0, PhantomData)
    }

    /// Never drops the reference: the object lives as long as the process.
    #[inline]
    pub fn leak(self) -> Borrowed<'static> {
        let leaked = Borrowed(self.0, PhantomData);
        std::mem::forget(self);
        leaked
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: one reference is ours.
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) }
    }
}

impl Clone for Owned {
    fn clone(&self) -> Owned {
        // SAFETY: alive, because we hold a reference.
        unsafe { Owned::from_borrowed(self.as_ptr()) }
    }
}

impl<'a> Borrowed<'a> {
    /// Borrows a live object.
    ///
    /// # Safety
    /// `pointer` must be non-null and stay alive for `'a`.
    #[inline]
    pub unsafe fn new(pointer: *mut PyObject) -> Borrowed<'a> {
        // SAFETY: the caller's promise.
        Borrowed(
            unsafe { std::ptr::NonNull::new_unchecked(pointer) },
            PhantomData,
        )
    }

    /// The pointer.
    #[inline]
    pub fn as_ptr(self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// A strong reference of one's own.
    #[inline]
    pub fn to_owned(self) -> Owned {
        // SAFETY: alive by the type's invariant.
        unsafe { Owned::from_borrowed(self.as_ptr()) }
    }

    /// The object's class.
    #[inline]
    pub fn class(self) -> *mut ffi::PyTypeObject {
        // SAFETY: alive by the type's invariant.
        unsafe { ffi::Py_TYPE(self.as_ptr()) }
    }
}

/// `object.name`
///
/// # Errors
/// Whatever the attribute access raised.
///
/// # Safety
/// `object` must be alive.
pub unsafe fn getattr(object: *mut PyObject, name: &CStr) -> PyResult<Owned> {
    // SAFETY: the caller's promise; the result is a new reference.
    unsafe { Owned::from_new(ffi::PyObject_GetAttrString(object, name.as_ptr())) }
}

/// `object.name` by a Rust string.
///
/// # Errors
/// Whatever the attribute access raised.
///
/// # Safety
/// `object` must be alive.
pub unsafe fn getattr_str(object: *mut PyObject, name: &str) -> PyResult<Owned> {
    let name = str_object(name)?;
    // SAFETY: the caller's promise.
    unsafe { Owned::from_new(ffi::PyObject_GetAttr(object, name.as_ptr())) }
}

/// Imports a module and returns it (the last part of a dotted name).
///
/// # Errors
/// Whatever the import raised.
///
/// # Safety
/// The GIL is held.
pub unsafe fn import(name: &str) -> PyResult<Owned> {
    let name = str_object(name)?;
    // SAFETY: the caller's promise.
    unsafe { Owned::from_new(ffi::PyImport_Import(name.as_ptr())) }
}

/// A new `str`.
///
/// # Errors
/// `MemoryError`.
pub fn str_object(text: &str) -> PyResult<Owned> {
    // SAFETY: pointer and length describe valid UTF-8.
    unsafe {
        Owned::from_new(ffi::PyUnicode_FromStringAndSize(
            text.as_ptr().cast(),
            text.len() as isize,
        ))
    }
}

/// An interned `str` that lives as long as the process; for names of attributes and variables.
///
/// # Errors
/// `MemoryError`.
pub fn interned(text: &str) -> PyResult<Borrowed<'static>> {
    let mut pointer = str_object(text)?.into_ptr();
    // SAFETY: `pointer` is the only reference; interning may replace it. One reference stays, leaked.
    unsafe {
        ffi::PyUnicode_InternInPlace(&raw mut pointer);
        Ok(Borrowed::new(pointer))
    }
}

/// The text of a `str`; `None` for other objects and for strings with lone surrogates.
///
/// # Safety
/// `object` must stay alive for `'a`.
pub unsafe fn text<'a>(object: *mut PyObject) -> Option<&'a str> {
    // SAFETY: the UTF-8 form is cached in the object and lives as long as it.
    unsafe {
        if ffi::PyUnicode_Check(object) == 0 {
            return None;
        }
        let mut size = 0;
        let data = ffi::PyUnicode_AsUTF8AndSize(object, &raw mut size);
        if data.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        std::str::from_utf8(std::slice::from_raw_parts(data.cast(), size as usize)).ok()
    }
}

/// `str(object)` as Rust text, with lone surrogates replaced; errors are swallowed into a placeholder.
///
/// # Safety
/// `object` must be alive.
pub unsafe fn display(object: *mut PyObject) -> String {
    // SAFETY: the caller's promise.
    unsafe {
        match Owned::from_new(ffi::PyObject_Str(object)) {
            Ok(s) => text(s.as_ptr()).unwrap_or("?").to_owned(),
            Err(Raised) => {
                ffi::PyErr_Clear();
                "?".to_owned()
            }
        }
    }
}

/// The name of a class without its module, as CPython's messages write it.
///
/// # Safety
/// `ty` must be a live type.
pub unsafe fn class_name(ty: *mut ffi::PyTypeObject) -> String {
    // SAFETY: `tp_name` is a C string that lives with the type.
    unsafe {
        let name: *const std::ffi::c_char = ffi::read(ty.cast(), ffi::layout().type_tp_name);
        let full = CStr::from_ptr(name).to_string_lossy();
        if ffi::type_flags(ty) & ffi::TPFLAGS_HEAPTYPE != 0 {
            full.into_owned()
        } else {
            full.rsplit('.').next().unwrap_or(&full).to_owned()
        }
    }
}
