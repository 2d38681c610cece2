//! Method tables beside the one that a type has itself.
//!
//! The table in a type begins with the slots of the classes whose storage its instances have: those that its first bases lead to. A type with several bases may be
//! below other laid-out classes too, which add no storage. Their methods have slots of their own, and the type gets another table for each of these
//! classes when a method is first called through it. Compiled code asks for it each time.

use super::method_table::MethodTable;
use super::methods;
use crate::ffi::{self, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{Owned, PyResult};
use crate::records::ClassRecord;

struct SideTable {
    /// To the type.
    reference: Owned,
    table: *mut MethodTable,
}

/// Tables are never freed, because units' sites point into them; entries of types that are gone are dropped.
static TABLES: GilCell<Vec<SideTable>> = GilCell::new(Vec::new());

/// Every such table of a type that is still there.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn all() -> Vec<*mut MethodTable> {
    // SAFETY: the caller's promise; dropping a weak reference runs no Python code.
    unsafe {
        TABLES.with(|tables| {
            tables.retain(|side| {
                ffi::PyWeakref_GetObject(side.reference.as_ptr()) == (*side.table).class.cast()
            });
            tables.iter().map(|side| side.table).collect()
        })
    }
}

/// Whether a table is one of these.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn is_one(table: *mut MethodTable) -> bool {
    // SAFETY: the caller's promise; the closure only touches the list.
    unsafe { TABLES.with(|tables| tables.iter().any(|side| side.table == table)) }
}

/// Those of a type.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn of_type(class: *mut PyTypeObject) -> Vec<*mut MethodTable> {
    // SAFETY: the caller's promise; tables are never freed.
    unsafe {
        let mut found = all();
        found.retain(|table| (**table).class == class);
        found
    }
}

/// The table of a type with the slots of a class that is not among those whose storage it has.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live type below the record's class; the GIL is held.
pub(super) unsafe fn of(
    class: *mut PyTypeObject,
    record: &'static ClassRecord,
) -> PyResult<*mut MethodTable> {
    // SAFETY: the caller's promise.
    unsafe {
        let known = TABLES.with(|tables| {
            let mut tables = tables.iter();
            tables.find_map(|side| {
                let table = side.table;
                ((*table).class == class
                    && std::ptr::eq((*table).record, record)
                    && ffi::PyWeakref_GetObject(side.reference.as_ptr()) == class.cast())
                .then_some(table)
            })
        });
        if let Some(known) = known {
            return Ok(known);
        }
        crate::watch::types::watch(class.cast())?;
        let reference = ffi::PyWeakref_NewRef(class.cast(), std::ptr::null_mut());
        let reference = Owned::from_new(reference)?;
        let table = MethodTable::new(class, record, methods::slots(record))?;
        TABLES.with(|tables| tables.push(SideTable { reference, table }));
        methods::fill(table);
        Ok(table)
    }
}
