//! Sees function objects as they are made and changed.

use std::ffi::c_int;

use crate::boundary::entry;
use crate::ffi::{self, PyObject, function_event};
use crate::object::{PyResult, Raised};
use crate::records::{self, CodeRecord};
use crate::watch::bindings::{self, FunctionChange};

/// Registers the watcher.
///
/// # Errors
/// `RuntimeError` when there is no slot left.
///
/// # Safety
/// The GIL is held.
pub unsafe fn start() -> PyResult<()> {
    // SAFETY: the callback has the right type and lives forever.
    if unsafe { ffi::PyFunction_AddWatcher(changed) } < 0 {
        return Err(Raised);
    }
    Ok(())
}

unsafe extern "C" fn changed(event: c_int, function: *mut PyObject, new: *mut PyObject) -> c_int {
    // SAFETY: CPython passes a live function; on destruction its fields are still intact.
    unsafe {
        match event {
            function_event::CREATE => {
                if let Some(record) = records::of_function(function) {
                    entry::attach(function, record);
                }
            }
            function_event::DESTROY => {
                tell(function, FunctionChange::Destroyed);
                forget(function);
            }
            function_event::MODIFY_CODE => {
                tell(function, FunctionChange::Code);
                if forget(function) {
                    ffi::PyFunction_SetVectorcall(function, ffi::optional().function_vectorcall);
                }
                if let Some(CodeRecord::Function(record)) = records::of_code(new) {
                    entry::attach(function, record);
                }
            }
            function_event::MODIFY_DEFAULTS | function_event::MODIFY_KWDEFAULTS => {
                tell(function, FunctionChange::Defaults);
            }
            _ => {}
        }
    }
    0
}

/// Tells the owner of native code of a change to a function that has a record.
unsafe fn tell(function: *mut PyObject, what: FunctionChange) {
    // SAFETY: the caller passes a live function.
    unsafe {
        if let (Some(record), Some(bindings)) = (records::of_function(function), bindings::get()) {
            bindings.function_changed(record, function, what);
        }
    }
}

/// Takes a function object out of its record; whether it had one.
unsafe fn forget(function: *mut PyObject) -> bool {
    // SAFETY: the caller passes a live function.
    unsafe {
        let Some(record) = records::of_function(function) else {
            return false;
        };
        if record.function.get() == function {
            record.function.set(std::ptr::null_mut());
        }
        true
    }
}
