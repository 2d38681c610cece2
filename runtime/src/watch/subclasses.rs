//! Sees subclasses of laid-out classes, however they are made: by a class statement, by a call of `type` or of a metaclass.
//!
//! CPython enters a class into a dict of each of its bases when it has its method resolution order and its allocator, and before anybody can have an instance of
//! it. That dict is watched.

use std::ffi::c_int;

use crate::classes::storage;
use crate::ffi::{self, PyObject, PyTypeObject, dict_event};
use crate::gil::GilCell;
use crate::object::{Owned, PyResult, Raised};
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
    super::keep(unsafe { ffi::PyDict_AddWatcher(changed) }, &WATCHER)
}

/// Watches a class's subclasses from now on.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live heap type; the GIL is held.
pub unsafe fn watch(class: *mut PyTypeObject) -> PyResult<()> {
    let place = ffi::layout().type_subclasses;
    // SAFETY: the caller's promise; the type owns its dict.
    unsafe {
        let mut dict: *mut PyObject = ffi::read(class.cast(), place);
        if dict.is_null() {
            dict = Owned::from_new(ffi::PyDict_New())?.into_ptr();
            ffi::write(class.cast(), place, dict);
        }
        // CPython drops the dict when its last entry goes. So one entry stays: of a class that is gone, as CPython leaves many behind and passes them over.
        let key = Owned::from_new(ffi::PyLong_FromLong(0))?;
        if ffi::PyDict_SetItem(dict, key.as_ptr(), dead_reference()?) < 0
            || ffi::PyDict_Watch(WATCHER.get(), dict) < 0
        {
            return Err(Raised);
        }
        Ok(())
    }
}

static DEAD: GilCell<*mut PyObject> = GilCell::new(std::ptr::null_mut());

/// A weak reference to what is gone.
unsafe fn dead_reference() -> PyResult<*mut PyObject> {
    // SAFETY: the caller holds the GIL; the reference is kept for ever.
    unsafe {
        if DEAD.get().is_null() {
            let brief = Owned::from_new(ffi::PySet_New(std::ptr::null_mut()))?;
            let made = ffi::PyWeakref_NewRef(brief.as_ptr(), std::ptr::null_mut());
            DEAD.set(Owned::from_new(made)?.into_ptr());
        }
        Ok(DEAD.get())
    }
}

unsafe extern "C" fn changed(
    event: c_int,
    _dict: *mut PyObject,
    _key: *mut PyObject,
    new: *mut PyObject,
) -> c_int {
    if !matches!(event, dict_event::ADDED | dict_event::MODIFIED) {
        return 0;
    }
    // SAFETY: CPython passes a live value, a weak reference to a type that somebody has.
    unsafe {
        let class = ffi::PyWeakref_GetObject(new);
        if class.is_null() || ffi::PyType_Check(class) == 0 {
            return 0;
        }
        let class: *mut PyTypeObject = class.cast();
        if !storage::is_ours(class) {
            if storage::of(class).is_some() {
                storage::adopt_subclass(class);
            }
            if watch(class).is_err() {
                return -1;
            }
        }
        if let Some(bindings) = bindings::get() {
            bindings.subclass_added(class);
        }
    }
    0
}

/// Calls `visit` with a class and every class below it.
///
/// # Safety
/// `class` is a live heap type, and `visit` runs no Python code; the GIL is held.
pub unsafe fn each_below(class: *mut PyTypeObject, visit: &mut dyn FnMut(*mut PyTypeObject)) {
    visit(class);
    // SAFETY: the caller's promise: nothing changes the dict meanwhile.
    unsafe {
        let dict: *mut PyObject = ffi::read(class.cast(), ffi::layout().type_subclasses);
        if dict.is_null() {
            return;
        }
        let mut position = 0;
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut value) != 0 {
            let below = ffi::PyWeakref_GetObject(value);
            if !below.is_null() && ffi::PyType_Check(below) != 0 {
                each_below(below.cast(), visit);
            }
        }
    }
}
