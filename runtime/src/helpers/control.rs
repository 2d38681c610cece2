//! Polls, recursion, tracebacks, the end of objects, errors with fixed words.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use keelback_lowering::errors::Raise;

use super::linked::linked;
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult, Raised};
use crate::thread::{self, ThreadCtx};

/// Raises the exception with this number.
pub unsafe fn raise_fixed(number: i64) -> PyResult<()> {
    let Some(fixed) = Raise::from_number(number) else {
        return Err(error::system_error("unknown fixed error"));
    };
    Err(raised(fixed))
}

/// Raises one of the exceptions with a fixed text.
#[cold]
pub fn raised(fixed: Raise) -> Raised {
    // SAFETY: builtin classes.
    unsafe {
        let class = match fixed.class() {
            "ZeroDivisionError" => ffi::PyExc_ZeroDivisionError,
            "ValueError" => ffi::PyExc_ValueError,
            "OverflowError" => ffi::PyExc_OverflowError,
            "IndexError" => ffi::PyExc_IndexError,
            _ => ffi::PyExc_SystemError,
        };
        error::raise(class, fixed.text())
    }
}

/// The last reference to an object is gone: whoever counts inline has taken the count to 0 already, whoever does not has left it at 1.
pub unsafe fn dealloc(object: Owned) {
    let object = object.into_ptr();
    unsafe {
        if ffi::Py_REFCNT(object) == 0 {
            ffi::_Py_Dealloc(object);
        } else {
            ffi::Py_DECREF(object);
        }
    }
}

/// Handles what the eval breaker asks for.
pub unsafe fn poll(ctx: usize) -> PyResult<()> {
    unsafe { thread::poll(ctx as *mut ThreadCtx) }
}

/// Raises `RecursionError`.
pub unsafe fn raise_recursion(_ctx: usize) -> PyResult<()> {
    Err(thread::recursion_error())
}

/// Adds a traceback entry.
pub unsafe fn trace(record: usize, line: i64, start: i64, end: i64) {
    if let Ok(linked) = linked() {
        unsafe { linked.trace(record, line, start, end) }
    }
}
