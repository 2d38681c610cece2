//! Keeps what compiled code assumes of module dicts right.

use std::ffi::c_int;

use keelback_checker::types::Name;
use rustc_hash::FxHashMap;

use crate::ffi::{self, PyObject, dict_event};
use crate::gil::GilCell;
use crate::object::{self, PyResult, Raised};
use crate::records::ModuleRecord;
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

/// Watches a static module's dict from now on.
///
/// # Errors
/// `ValueError` when it is no dict.
///
/// # Safety
/// The GIL is held.
pub unsafe fn watch_module(module: &'static ModuleRecord) -> PyResult<()> {
    // SAFETY: the record keeps the dict alive, so its address stays its own.
    unsafe { watch(&module.name, module.globals) }
}

/// Watches the dict of `builtins` from now on.
///
/// # Errors
/// `ValueError` when it is no dict.
///
/// # Safety
/// The GIL is held.
pub unsafe fn watch_builtins() -> PyResult<()> {
    // SAFETY: the interpreter keeps the dict alive.
    unsafe { watch(&Name::new("builtins"), ffi::PyEval_GetBuiltins()) }
}

unsafe fn watch(module: &Name, dict: *mut PyObject) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        WATCHED.with(|w| {
            w.get_or_insert_with(FxHashMap::default)
                .insert(dict as usize, *module)
        });
        if ffi::PyDict_Watch(WATCHER.get(), dict) < 0 {
            return Err(Raised);
        }
    }
    Ok(())
}

static WATCHED: GilCell<Option<FxHashMap<usize, Name>>> = GilCell::new(None);

unsafe extern "C" fn changed(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    new: *mut PyObject,
) -> c_int {
    // SAFETY: CPython passes the watched dict, and a live key and value for the events that have them.
    unsafe {
        let Some(bindings) = bindings::get() else {
            return 0;
        };
        let module = WATCHED.with(|w| w.as_ref().and_then(|w| w.get(&(dict as usize)).cloned()));
        let Some(module) = module else {
            return 0;
        };
        match event {
            dict_event::ADDED | dict_event::MODIFIED => {
                if let Some(name) = object::text(key) {
                    bindings.global_changed(&module, name, new);
                }
            }
            dict_event::DELETED => {
                if let Some(name) = object::text(key) {
                    bindings.global_changed(&module, name, std::ptr::null_mut());
                }
            }
            dict_event::CLEARED => each_name(dict, |name, _| {
                bindings.global_changed(&module, name, std::ptr::null_mut());
            }),
            // The dict was empty, and takes over everything that the other has.
            dict_event::CLONED => each_name(key, |name, value| {
                bindings.global_changed(&module, name, value);
            }),
            _ => {}
        }
    }
    0
}

unsafe fn each_name(dict: *mut PyObject, tell: impl Fn(&str, *mut PyObject)) {
    // SAFETY: the dict is alive, and `tell` runs no Python code that could change it.
    unsafe {
        let mut position = 0;
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut value) != 0 {
            if let Some(name) = object::text(key) {
                tell(name, value);
            }
        }
    }
}
