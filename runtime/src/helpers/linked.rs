//! What the helpers and the interpreter ask of whoever links compiled code.
//!
//! A linker hands out addresses of descriptions (checks, fields, cells, records); compiled code passes them on to the helpers; only the linker knows what
//! is behind them. So it implements [`Linked`], and the helpers that take such an address are thin calls of it.

use std::sync::OnceLock;

use super::Obj;
use crate::error;
use crate::object::{Owned, PyResult, Raised};
use crate::thread::ThreadCtx;

/// The other half of a linker: what its addresses mean. Every address is one that the same linker gave for that purpose; the GIL is held.
#[allow(clippy::missing_safety_doc)] // The trait's documentation says it once for all of them.
pub trait Linked: Sync {
    /// Raises unless the object passes the check at `check` (never 0).
    unsafe fn check(&self, object: Obj, check: usize) -> PyResult<()>;
    /// Raises the `OverflowError` of an int that does not fit the machine integer that the check at `check` (never 0) wants.
    unsafe fn out_of_range(&self, object: Obj, check: usize) -> Raised;
    /// Raises `AttributeError` for the unset field described at `field`.
    unsafe fn field_unset(&self, object: Obj, field: usize) -> Raised;
    /// A new instance of the laid-out class whose record is at `class`.
    unsafe fn object_new(&self, class: usize) -> PyResult<Owned>;
    /// A method table of the object's type that begins with the slots of `class`, made if there is none yet.
    unsafe fn method_table(&self, object: Obj, class: Obj) -> PyResult<usize>;
    /// The value of the global whose cell at `cell` is empty: builtins', else `NameError`.
    unsafe fn global_missing(&self, cell: usize) -> PyResult<Owned>;
    /// Stores the global whose cell is at `cell`.
    unsafe fn global_store(&self, cell: usize, value: Obj) -> PyResult<()>;
    /// The default value of the parameter described at `default`.
    unsafe fn default_load(&self, default: usize) -> PyResult<Owned>;
    /// Adds an entry to the traceback of the exception that is set: record of the function, line, start and end of the expression in bytes.
    unsafe fn trace(&self, record: usize, line: i64, start: i64, end: i64);
    /// Calls through the binding cell at `cell` with one word for each argument, all borrowed; the result is a word of the cell's signature.
    unsafe fn call_cell(&self, cell: usize, ctx: *mut ThreadCtx, args: &[u64]) -> PyResult<u64>;
    /// What the binding cell at `cell` goes to, as [`Linker::target`](keelback_jit::linker::Linker::target) names it.
    unsafe fn cell_target(&self, cell: usize) -> u64;
    /// The same of what the object has in a slot of `class`, which it is an instance of; 0 when its type has no table that begins with those slots.
    unsafe fn slot_target(&self, slot: u32, class: Obj, object: Obj) -> u64;
    /// Calls what `args[0]` has in a slot of `class`, which it is an instance of.
    unsafe fn call_slot(
        &self,
        slot: u32,
        class: Obj,
        ctx: *mut ThreadCtx,
        args: &[u64],
    ) -> PyResult<u64>;
}

static LINKED: OnceLock<&'static dyn Linked> = OnceLock::new();

/// Says who links. The first call counts.
pub fn install(linked: &'static dyn Linked) {
    let _ = LINKED.set(linked);
}

/// Who links.
///
/// # Errors
/// `SystemError` when nobody does: nothing was compiled then, so nothing asks.
#[inline]
pub fn linked() -> PyResult<&'static dyn Linked> {
    LINKED
        .get()
        .copied()
        .ok_or_else(|| error::system_error("compiled code runs before its host has started"))
}
