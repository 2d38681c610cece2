//! The method table of a laid-out class or of a dynamic subclass of one: an object of our own type in the type's `tp_cache`, which CPython keeps
//! alive, visits and releases with the type, and uses for nothing else.

use std::ffi::{CStr, c_void};

use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::internal_type::{self, Shape, slot};
use crate::object::{Owned, PyResult};
use crate::records::ClassRecord;

/// A method table. The entries follow the header: for each slot the address of native code, and a pointer to what that is the code of.
#[repr(C)]
#[derive(Debug)]
pub struct MethodTable {
    ob_refcnt: isize,
    ob_type: *mut PyTypeObject,
    /// Number of slots.
    pub len: isize,
    /// The type whose table this is; borrowed.
    pub class: *mut PyTypeObject,
    /// The static class whose layout the slots are.
    pub record: &'static ClassRecord,
    /// The laid-out classes that the type descends from, the root first, then itself if it is one; [`NOBODY`] in the rest.
    pub ancestors: [usize; DEPTH],
}

/// How many ancestors a table lists.
pub const DEPTH: usize = 8;

/// No class: not 0, which is what the cell of a class holds before its statement has run.
const NOBODY: usize = 1;

/// Byte offset of the ancestors.
pub const ANCESTORS: usize = std::mem::offset_of!(MethodTable, ancestors);

/// Byte offset of the first entry.
pub const ENTRIES: usize = size_of::<MethodTable>();

/// Bytes of an entry.
pub const STRIDE: usize = 16;

impl MethodTable {
    /// The word with slot `index`'s native code.
    ///
    /// # Safety
    /// `table` is alive and `index` below its length.
    pub unsafe fn native(table: *mut MethodTable, index: usize) -> *mut *const u8 {
        // SAFETY: the entries follow the header.
        unsafe { table.byte_add(ENTRIES + STRIDE * index).cast() }
    }

    /// The word with what slot `index`'s code belongs to.
    ///
    /// # Safety
    /// `table` is alive and `index` below its length.
    pub unsafe fn target(table: *mut MethodTable, index: usize) -> *mut *const c_void {
        // SAFETY: as above; it is an entry's second word.
        unsafe { table.byte_add(ENTRIES + STRIDE * index + 8).cast() }
    }

    /// The table of a type, or null.
    ///
    /// # Safety
    /// `class` is a live type whose `tp_cache` nobody else uses: a heap type.
    #[inline]
    pub unsafe fn of(class: *mut PyTypeObject) -> *mut MethodTable {
        // SAFETY: the offset is right for every type.
        unsafe { ffi::read(class.cast(), ffi::layout().type_cache) }
    }

    /// Whether its type is still there. Beside the type only the list of tables has a reference.
    ///
    /// # Safety
    /// `table` was installed, and a reference to it was leaked.
    pub unsafe fn is_alive(table: *mut MethodTable) -> bool {
        // SAFETY: the caller's promise.
        unsafe { (*table).ob_refcnt > 1 && MethodTable::of((*table).class) == table }
    }

    /// Puts a table into its type.
    ///
    /// # Safety
    /// The table's type is alive; the GIL is held.
    pub unsafe fn install(table: *mut MethodTable) {
        // SAFETY: the caller's promise; the type takes over a reference.
        unsafe {
            let class = (*table).class;
            let old: *mut PyObject = ffi::read(class.cast(), ffi::layout().type_cache);
            ffi::Py_INCREF(table.cast());
            ffi::write(class.cast(), ffi::layout().type_cache, table);
            drop(Owned::from_nullable(old));
        }
    }

    /// Makes an empty table for a type.
    ///
    /// # Errors
    /// `MemoryError`.
    ///
    /// # Safety
    /// `class` is a live heap type; the GIL is held.
    pub unsafe fn new(
        class: *mut PyTypeObject,
        record: &'static ClassRecord,
        len: usize,
    ) -> PyResult<*mut MethodTable> {
        // SAFETY: the object is new and large enough for the header and the words written.
        unsafe {
            let table_type = table_type()?;
            let object = ffi::PyType_GenericAlloc(table_type, (2 * len) as isize);
            let table: *mut MethodTable = Owned::from_new(object)?.into_ptr().cast();
            (*table).len = len as isize;
            (*table).class = class;
            (&raw mut (*table).record).write(record);
            (*table).ancestors = [NOBODY; DEPTH];
            Ok(table)
        }
    }
}

static TYPE: GilCell<*mut PyTypeObject> = GilCell::new(std::ptr::null_mut());
const NAME: &CStr = c"keelback.method_table";

/// The type of method tables. They are not tracked by the collector: they own nothing that it sees.
unsafe fn table_type() -> PyResult<*mut PyTypeObject> {
    let shape = Shape {
        size: ENTRIES,
        item_size: 8,
        flags: 0,
    };
    let slots = || vec![slot(ffi::Py_tp_dealloc, dealloc as *mut c_void)];
    // SAFETY: the GIL is held.
    unsafe { internal_type::get(&TYPE, NAME, shape, slots) }
}

unsafe extern "C" fn dealloc(table: *mut PyObject) {
    // SAFETY: the last reference is gone; the type was leaked and outlives every table.
    unsafe { ffi::PyObject_Free(table.cast()) }
}
