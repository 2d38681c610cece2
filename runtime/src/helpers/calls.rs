//! Calls of objects by the vectorcall protocol. The count that a helper takes includes the arguments passed by keyword, and for a method the receiver.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use crate::ffi;
use crate::object::{Owned, PyResult};

/// How many of `n` arguments are positional.
unsafe fn positional(n: i64, keywords: Obj) -> usize {
    let named = if keywords.is_null() {
        0
    } else {
        unsafe { ffi::PyTuple_Size(keywords) }
    };
    n as usize - named as usize
}

/// `callee(*args)`
pub unsafe fn call_object(callee: Obj, args: usize, n: i64, keywords: usize) -> PyResult<Owned> {
    let keywords = keywords as Obj;
    unsafe {
        Owned::from_new(ffi::PyObject_Vectorcall(
            callee,
            args as *const Obj,
            positional(n, keywords),
            keywords,
        ))
    }
}

/// `receiver.name(args)`
pub unsafe fn call_named(name: Obj, args: usize, n: i64, keywords: usize) -> PyResult<Owned> {
    let keywords = keywords as Obj;
    unsafe {
        Owned::from_new(ffi::PyObject_VectorcallMethod(
            name,
            args as *const Obj,
            positional(n, keywords),
            keywords,
        ))
    }
}

/// `callee(*args, **kwargs)`
pub unsafe fn call_unpacked(callee: Obj, args: Obj, kwargs: Obj) -> PyResult<Owned> {
    unsafe {
        let kwargs = if kwargs == ffi::Py_None() {
            std::ptr::null_mut()
        } else {
            kwargs
        };
        Owned::from_new(ffi::PyObject_Call(callee, args, kwargs))
    }
}
