//! Where dynamic code meets typed code: binding of arguments, checks of types, and the entries that do both.

pub mod check;
pub mod entry;
pub mod native;
pub mod signature;

use crate::ffi::PyObject;
use crate::thread::ThreadCtx;

/// The array entry of a compiled function: takes one borrowed object per parameter in order (`*args` as a tuple, `**kwargs` as a dict); a new
/// reference, or null with an exception set.
pub type ArrayEntry =
    unsafe extern "C" fn(ctx: *mut ThreadCtx, args: *const *mut PyObject) -> *mut PyObject;
