//! Reference counts, counted in place: the functions that the stable ABI has for them cost a call each.
//!
//! The count is the low half of the object's first word, and negative for an immortal object (PEP 683 as every supported version implements it).

use super::{_Py_Dealloc, PyObject};

/// One more reference.
///
/// # Safety
/// `object` is alive; the GIL is held.
#[inline]
#[allow(non_snake_case)]
pub unsafe fn Py_INCREF(object: *mut PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        let count = object.cast::<i32>();
        if *count >= 0 {
            *count += 1;
        }
    }
}

/// One reference less; the last one gone, the object is deallocated.
///
/// # Safety
/// `object` is alive, and one reference to it is given up; the GIL is held.
#[inline]
#[allow(non_snake_case)]
pub unsafe fn Py_DECREF(object: *mut PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        let count = object.cast::<i32>();
        if *count >= 0 {
            *count -= 1;
            if *count == 0 {
                _Py_Dealloc(object);
            }
        }
    }
}
