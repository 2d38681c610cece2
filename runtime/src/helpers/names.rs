//! Globals, default values, unbound locals.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use super::linked::linked;
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult, display};

/// A global whose cell is empty.
pub unsafe fn global_missing(cell: usize) -> PyResult<Owned> {
    unsafe { linked()?.global_missing(cell) }
}

/// Stores the global whose cell is at an address.
pub unsafe fn global_store(cell: usize, value: Obj) -> PyResult<()> {
    unsafe { linked()?.global_store(cell, value) }
}

/// The default value of the parameter whose description is at an address.
pub unsafe fn default_load(default: usize) -> PyResult<Owned> {
    unsafe { linked()?.default_load(default) }
}

/// Raises `UnboundLocalError`.
pub unsafe fn raise_unbound(name: Obj) -> PyResult<()> {
    unsafe {
        let name = display(name);
        Err(error::raise(
            ffi::PyExc_UnboundLocalError,
            &format!(
                "cannot access local variable '{name}' where it is not associated with a value"
            ),
        ))
    }
}
