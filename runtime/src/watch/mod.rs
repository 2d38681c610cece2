//! Watchers: CPython tells us of new functions, of changed functions, of changed module dicts and of changed classes.

pub mod bindings;
pub mod dicts;
pub mod functions;
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
        types::start()
    }
}
