//! Watchers: CPython tells us of new functions, of changed functions, of changed module dicts, of changed classes and of new subclasses.

pub mod bindings;
pub mod dicts;
pub mod functions;
pub mod subclasses;
pub mod types;

use std::ffi::c_int;

use crate::gil::GilCell;
use crate::object::{PyResult, Raised};

/// Registers the watchers.
///
/// # Errors
/// `RuntimeError` when the process has no watcher slots left.
///
/// # Safety
/// The GIL is held; call once.
pub unsafe fn start() -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        functions::start()?;
        dicts::start()?;
        subclasses::start()?;
        types::start()
    }
}

/// Keeps the number that CPython gave a watcher, or says that it gave none and raised.
fn keep(id: c_int, watcher: &GilCell<c_int>) -> PyResult<()> {
    if id < 0 {
        return Err(Raised);
    }
    // SAFETY: the GIL is held where watchers are registered.
    unsafe { watcher.set(id) };
    Ok(())
}
