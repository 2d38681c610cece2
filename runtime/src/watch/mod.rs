//! Watchers: CPython tells us of new functions, of changed functions, of changed module dicts, of changed classes and of new subclasses.

pub mod bindings;
pub mod dicts;
pub mod functions;
pub mod subclasses;
pub mod types;

use crate::object::PyResult;

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
