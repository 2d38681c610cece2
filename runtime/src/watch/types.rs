//! Sees changes of attributes of laid-out classes and of their dynamic subclasses.
//!
//! CPython calls a type watcher when a type that has a valid version tag is modified, and again only after a look-up has given it a new one.

use std::ffi::{c_int, c_void};

use crate::classes::build_class;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{PyResult, Raised};
use crate::watch::bindings;

static WATCHER: GilCell<c_int> = GilCell::new(-1);

/// Registers the watcher.
///
/// # Errors
/// `RuntimeError` when there is no slot left.
///
/// # Safety
/// The GIL is held.
pub unsafe fn start() -> PyResult<()> {
    // SAFETY: the callback has the right type and lives forever.
    super::keep(unsafe { ffi::PyType_AddWatcher(changed) }, &WATCHER)
}

/// Watches a class from now on, and arms the watcher.
///
/// # Errors
/// `ValueError` when it is no type.
///
/// # Safety
/// `class` is alive; the GIL is held.
pub unsafe fn watch(class: *mut PyObject) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyType_Watch(WATCHER.get(), class) < 0 {
            return Err(Raised);
        }
        ffi::PyUnstable_Type_AssignVersionTag(class.cast());
        Ok(())
    }
}

static CHANGED: GilCell<Vec<*mut PyTypeObject>> = GilCell::new(Vec::new());
static SCHEDULED: GilCell<bool> = GilCell::new(false);

/// Called in the middle of a change, when look-ups may still give the old value: so nothing is looked up now. The class is suspended at once, and looked at
/// again as soon as the interpreter serves its pending calls.
unsafe extern "C" fn changed(class: *mut PyTypeObject) -> c_int {
    if let Some(bindings) = bindings::get() {
        bindings.class_suspended(class);
    }
    // SAFETY: the GIL is held; the class is alive now, and kept so by the list.
    unsafe {
        let known = CHANGED.with(|list| {
            let known = list.contains(&class);
            if !known {
                list.push(class);
            }
            known
        });
        if !known {
            ffi::Py_INCREF(class.cast());
        }
        if !SCHEDULED.get() && ffi::Py_AddPendingCall(Some(look_again), std::ptr::null_mut()) == 0 {
            SCHEDULED.set(true);
        }
    }
    0
}

/// Looks at changed classes now, if there are any. For places that must not see a class in flux.
///
/// # Safety
/// Not in the middle of a change of a class; the GIL is held.
#[inline]
pub unsafe fn settle() {
    // SAFETY: the caller's promise.
    unsafe {
        if SCHEDULED.get() {
            look_again(std::ptr::null_mut());
        }
    }
}

/// Looks at every changed class again, which also arms the watcher for it.
extern "C" fn look_again(_: *mut c_void) -> c_int {
    // SAFETY: pending calls are served with the GIL held; the list holds a reference to each class.
    unsafe {
        SCHEDULED.set(false);
        let classes = CHANGED.with(std::mem::take);
        for class in classes {
            if build_class::restore_descriptors(class).is_err() {
                ffi::PyErr_WriteUnraisable(class.cast());
            }
            ffi::PyUnstable_Type_AssignVersionTag(class);
            if let Some(bindings) = bindings::get() {
                bindings.class_changed(class);
            }
            ffi::Py_DECREF(class.cast());
        }
    }
    0
}
