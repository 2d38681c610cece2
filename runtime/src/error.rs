//! Raising exceptions, and the exception classes of `__static__`.

use std::ffi::CString;
use std::sync::OnceLock;

use crate::ffi::{self, PyObject};
use crate::object::{Owned, PyResult, Raised};

/// A cache of an object that lives forever.
struct Permanent(*mut PyObject);
// SAFETY: the pointer is immutable and the object immortal by a leaked reference; it is used under the GIL only.
unsafe impl Send for Permanent {}
// SAFETY: as above.
unsafe impl Sync for Permanent {}

/// Sets an exception of the builtin class `class` with a message.
///
/// # Safety
/// `class` must be a live exception class; the GIL is held.
pub unsafe fn raise(class: *mut PyObject, message: &str) -> Raised {
    let text = CString::new(message.replace('\0', "\\0")).unwrap_or_default();
    // SAFETY: the caller's promise; the message is a C string.
    unsafe { ffi::PyErr_SetString(class, text.as_ptr()) };
    Raised
}

/// `TypeError`
pub fn type_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { raise(ffi::PyExc_TypeError, message) }
}

/// `OverflowError`
pub fn overflow_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { raise(ffi::PyExc_OverflowError, message) }
}

/// `AttributeError`
pub fn attribute_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { raise(ffi::PyExc_AttributeError, message) }
}

/// `SystemError`, for what cannot happen.
pub fn system_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { raise(ffi::PyExc_SystemError, message) }
}

/// `__static__.StaticTypeError`
pub fn static_type_error(message: &str) -> Raised {
    match static_class(&STATIC_TYPE_ERROR, c"StaticTypeError") {
        // SAFETY: a live class.
        Ok(class) => unsafe { raise(class, message) },
        Err(raised) => raised,
    }
}

static STATIC_TYPE_ERROR: OnceLock<Permanent> = OnceLock::new();
static TYPED_SYNTAX_ERROR: OnceLock<Permanent> = OnceLock::new();

/// The class `__static__.TypedSyntaxError`.
///
/// # Errors
/// Whatever importing `__static__` raised.
pub fn typed_syntax_error() -> PyResult<*mut PyObject> {
    static_class(&TYPED_SYNTAX_ERROR, c"TypedSyntaxError")
}

fn static_class(cell: &OnceLock<Permanent>, name: &std::ffi::CStr) -> PyResult<*mut PyObject> {
    if let Some(found) = cell.get() {
        return Ok(found.0);
    }
    // SAFETY: the GIL is held; each result is checked.
    unsafe {
        let module = Owned::from_new(ffi::PyImport_ImportModule(c"__static__".as_ptr()))?;
        let class = crate::object::getattr(module.as_ptr(), name)?;
        let class = class.leak().as_ptr();
        let _ = cell.set(Permanent(class));
        Ok(class)
    }
}

/// Runs `body`, turning a Rust panic into `SystemError`: no panic may cross into C.
pub fn guard<T>(on_error: T, body: impl FnOnce() -> PyResult<T>) -> T {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(Raised)) => on_error,
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("unknown reason");
            system_error(&format!("internal error of Keelback: {what}"));
            on_error
        }
    }
}
