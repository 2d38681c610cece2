//! Types of the runtime's own objects, which programs meet and do not make.

use std::ffi::{CStr, c_int, c_ulong, c_void};

use crate::ffi::{self, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{Owned, PyResult};

/// What a type is made from: size of its objects in bytes, size of each item of those that have items, and flags beside the default ones.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes of an object without items.
    pub size: usize,
    /// Bytes of an item; 0 where objects have none.
    pub item_size: usize,
    /// More flags (`Py_TPFLAGS_…`).
    pub flags: c_ulong,
}

/// A slot of a type.
pub fn slot(slot: c_int, pfunc: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

/// The type kept in `made`, which is made at the first use, with what `slots` gives, and never freed.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// The GIL is held; the slots have the right types, and what they point to lives as long as the process.
pub unsafe fn get(
    made: &GilCell<*mut PyTypeObject>,
    name: &'static CStr,
    shape: Shape,
    slots: impl FnOnce() -> Vec<ffi::PyType_Slot>,
) -> PyResult<*mut PyTypeObject> {
    // SAFETY: the caller's promise; CPython copies the spec, and the name is static.
    unsafe {
        let known = made.get();
        if !known.is_null() {
            return Ok(known);
        }
        let mut slots = slots();
        slots.push(slot(0, std::ptr::null_mut()));
        let mut spec = ffi::PyType_Spec {
            name: name.as_ptr(),
            basicsize: shape.size as c_int,
            itemsize: shape.item_size as c_int,
            flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION | shape.flags)
                as _,
            slots: slots.as_mut_ptr(),
        };
        let object = Owned::from_new(ffi::PyType_FromSpec(&raw mut spec))?;
        let pointer = object.leak().as_ptr().cast();
        made.set(pointer);
        Ok(pointer)
    }
}
