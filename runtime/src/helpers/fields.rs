//! Fields and storage of laid-out objects.
//!
//! A raw 64-bit field is unset while it holds the pattern `UNSET64`. A program may store a number that happens to have these bits: such a field is noted
//! in a side set until it is overwritten or its object goes, and a load that meets the pattern asks here.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use rustc_hash::FxHashSet;

use super::Obj;
use super::linked::linked;
use crate::gil::GilCell;
use crate::object::{Owned, PyResult};

/// Objects and offsets whose field holds the pattern as a value.
static PATTERNS: GilCell<Option<FxHashSet<(usize, i64)>>> = GilCell::new(None);

/// A new instance of the class whose record is at an address.
pub unsafe fn object_new(class: usize) -> PyResult<Owned> {
    unsafe { linked()?.object_new(class) }
}

/// Raises `AttributeError` for the field whose reference is at an address.
pub unsafe fn field_unset(object: Obj, field: usize) -> PyResult<()> {
    Err(unsafe { linked()?.field_unset(object, field) })
}

/// Notes that a raw field at an offset legitimately holds the unset pattern.
pub unsafe fn field_note_pattern(object: Obj, offset: i64) {
    unsafe {
        PATTERNS.with(|set| {
            set.get_or_insert_with(FxHashSet::default)
                .insert((object as usize, offset));
        });
    }
}

/// Whether a raw field at an offset that holds the unset pattern is unset.
pub unsafe fn field_is_unset(object: Obj, offset: i64) -> bool {
    unsafe {
        PATTERNS.with(|set| {
            !set.as_ref()
                .is_some_and(|s| s.contains(&(object as usize, offset)))
        })
    }
}

/// Forgets what was noted of an object that goes, or of a field (`Some(offset)`) that is deleted. To be called by deallocation and by the typed
/// descriptors; costs one load while nothing was ever noted.
///
/// # Safety
/// The GIL is held.
#[inline]
pub unsafe fn forget_patterns(object: Obj, offset: Option<i64>) {
    unsafe {
        PATTERNS.with(|set| {
            if let Some(set) = set.as_mut().filter(|s| !s.is_empty()) {
                match offset {
                    Some(offset) => {
                        set.remove(&(object as usize, offset));
                    }
                    None => set.retain(|(o, _)| *o != object as usize),
                }
            }
        });
    }
}

/// The method table of the object's type for a class that it is below.
pub unsafe fn method_table(object: Obj, class: Obj) -> PyResult<usize> {
    unsafe { linked()?.method_table(object, class) }
}
