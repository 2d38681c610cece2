//! Method tables: what a call of a method through a receiver of a static class goes by.
//!
//! A class's table has one native entry for each slot of its layout, and is found from an object in two loads: its type, and there `tp_cache`, a field that CPython
//! keeps, visits and releases but no longer uses. A dynamic subclass gets a table when compiled code first meets one of its instances.
//!
//! Invariant: an entry is the native code of the function that the type's method resolution finds under the slot's name, adapted to the slot's
//! signature, if that is a compiled function of a static class; a thunk that calls by name otherwise.

use keelback_checker::interface::{FunctionKind, MethodSlot};
use keelback_checker::types::Symbol;
use keelback_lowering::function::{MethodRef, Origin};
use keelback_lowering::types::Signature;

use super::Driver;
use super::method_table::{DEPTH, MethodTable};
use super::unit::Unit;
use super::{generations, side_tables};
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, PyResult};
use crate::records::{self, ClassRecord};

/// Every table made so far; each has a reference here and is never freed, because units' sites point into it.
static TABLES: GilCell<Vec<*mut MethodTable>> = GilCell::new(Vec::new());

/// The record whose layout a type's table follows, if it has one.
unsafe fn layout_of(class: *mut PyTypeObject) -> Option<&'static ClassRecord> {
    // SAFETY: the caller's promise: a live type. What is in `tp_cache` is a table or nothing: CPython uses it no longer.
    unsafe {
        if ffi::type_flags(class) & ffi::TPFLAGS_HEAPTYPE == 0 {
            return None;
        }
        let table = MethodTable::of(class);
        (!table.is_null()).then(|| (*table).record)
    }
}

/// The tables of types that are still there.
unsafe fn tables() -> Vec<*mut MethodTable> {
    // SAFETY: the GIL is held; the closure only touches the list. Tables are never freed.
    unsafe {
        let mut all = TABLES.with(|tables| {
            tables.retain(|table| MethodTable::is_alive(*table));
            tables.clone()
        });
        all.extend(side_tables::all());
        all
    }
}

unsafe fn set(table: *mut MethodTable, slot: usize, unit: &'static Unit) {
    // SAFETY: tables are never freed (see `adopt`), so the site stays; the GIL is held.
    unsafe {
        *MethodTable::target(table, slot) = std::ptr::from_ref(unit).cast();
        unit.attach(MethodTable::native(table, slot));
    }
}

/// The unit that a slot of a table goes to.
///
/// # Safety
/// The table is alive and filled, and `slot` below its length; the GIL is held.
pub unsafe fn target(table: *mut MethodTable, slot: usize) -> &'static Unit {
    // SAFETY: the caller's promise; targets are leaked units.
    unsafe { &*(*MethodTable::target(table, slot)).cast::<Unit>() }
}

/// What a slot goes to in the tables of a class and of those below it, each once: what most classes have comes first.
///
/// # Safety
/// The GIL is held.
pub unsafe fn targets(method: &MethodRef) -> Vec<&'static Unit> {
    let mut found: Vec<(&'static Unit, usize)> = Vec::new();
    // SAFETY: the caller's promise; the tables' types are alive.
    unsafe {
        let Some(record) = records::class(&method.class) else {
            return Vec::new();
        };
        let class = record.class.get();
        for table in tables() {
            let below = (*table).class;
            let leads = match side_tables::is_one(table) {
                true => (*table).record.class.get() == class,
                false => extends(below, class),
            };
            if !leads {
                continue;
            }
            let unit = target(table, method.slot as usize);
            match found.iter_mut().find(|(u, _)| std::ptr::eq(*u, unit)) {
                Some((_, count)) => *count += 1,
                None => found.push((unit, 1)),
            }
        }
    }
    found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    found.into_iter().map(|(unit, _)| unit).collect()
}

/// Gives a type a table for the layout of a static class. The table lives on when the type goes: units' sites point into it.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live type whose instances have the layout; the GIL is held.
pub unsafe fn adopt(
    record: &'static ClassRecord,
    class: *mut PyTypeObject,
) -> PyResult<*mut MethodTable> {
    // SAFETY: the caller's promise.
    unsafe {
        let table = MethodTable::new(class, record, slots(record))?;
        MethodTable::install(table);
        TABLES.with(|tables| tables.push(table));
        let lineage = lineage(class);
        if lineage.len() <= DEPTH {
            (&mut (*table).ancestors)[..lineage.len()].copy_from_slice(&lineage);
        }
        resume(class);
        Ok(table)
    }
}

/// How many slots the tables of a class have.
pub(super) fn slots(record: &ClassRecord) -> usize {
    let layout = record.interface.layout.as_ref();
    layout.map_or(0, |layout| layout.methods.len())
}

/// Whether a type has the storage of a class, or more: what a class is by its first bases.
pub(super) unsafe fn extends(class: *mut PyTypeObject, base: *mut PyTypeObject) -> bool {
    let mut at = class;
    // SAFETY: the caller's promise: a live type, whose bases live as long.
    unsafe {
        while !at.is_null() {
            if at == base {
                return true;
            }
            at = ffi::read(at.cast(), ffi::layout().type_base);
        }
        false
    }
}

/// The laid-out classes that a type descends from, the root first, then itself if it is one. Their records keep them alive.
unsafe fn lineage(class: *mut PyTypeObject) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = class;
    // SAFETY: the caller's promise: a live type, whose bases live as long.
    unsafe {
        while !at.is_null() {
            if layout_of(at).is_some_and(|record| record.class.get() == at) {
                found.push(at as usize);
            }
            at = ffi::read(at.cast(), ffi::layout().type_base);
        }
    }
    found.reverse();
    found
}

/// The record whose layout a dynamic subclass inherits.
///
/// # Safety
/// `class` is a live type; the GIL is held.
pub unsafe fn inherited(class: *mut PyTypeObject) -> Option<&'static ClassRecord> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut base = class;
        while !base.is_null() {
            if let Some(record) = layout_of(base) {
                return Some(record);
            }
            base = ffi::read(base.cast(), ffi::layout().type_base);
        }
        None
    }
}

/// The table of a type if it begins with the slots of a class that the type is below.
///
/// # Safety
/// `class` is a live type that a laid-out class is above; the GIL is held.
pub unsafe fn own_table(
    class: *mut PyTypeObject,
    wanted: *mut PyTypeObject,
) -> Option<*mut MethodTable> {
    // SAFETY: the caller's promise.
    unsafe {
        let table = MethodTable::of(class);
        if table.is_null() {
            return None;
        }
        if extends(class, wanted) {
            return Some(table);
        }
        // An instance of what the class was before its module was imported again.
        let symbol = layout_of(wanted)?.symbol;
        let mut at = class;
        while let Some(record) = inherited(at) {
            if record.symbol == symbol {
                return Some(table);
            }
            at = ffi::read(record.class.get().cast(), ffi::layout().type_base);
        }
        None
    }
}

/// A table of an object's type that begins with the slots of a class that the type is below. It is made if the type is a dynamic subclass that has none yet.
///
/// # Errors
/// `MemoryError`; `SystemError` when the class has no layout.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn table_of(
    object: *mut PyObject,
    wanted: *mut PyTypeObject,
) -> PyResult<*mut MethodTable> {
    // SAFETY: the caller's promise.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if MethodTable::of(class).is_null()
            && let Some(record) = inherited(class)
        {
            // It was made by a call of `type`, not by a class statement, which would have told us.
            crate::watch::types::watch(class.cast())?;
            adopt(record, class)?;
        }
        if let Some(table) = own_table(class, wanted) {
            return Ok(table);
        }
        match layout_of(wanted) {
            Some(record) if ffi::PyType_IsSubtype(class, wanted) != 0 => {
                side_tables::of(class, record)
            }
            _ => Err(crate::error::system_error(
                "a method was called on an object whose class has no layout",
            )),
        }
    }
}

/// What calls a slot's method by name.
fn thunk(slot: &Slot) -> &'static Unit {
    Driver::get().unit(
        &slot.method.introduced_by,
        Origin::MethodThunk(slot.method.introduced_by),
        slot.signature,
    )
}

/// The tables of a type.
unsafe fn tables_of(class: *mut PyTypeObject) -> Vec<*mut MethodTable> {
    // SAFETY: the caller's promise: a live type.
    unsafe {
        let own = layout_of(class).map(|_| MethodTable::of(class));
        own.into_iter().chain(side_tables::of_type(class)).collect()
    }
}

/// Lets every method of a type be called by name, until [`resume`].
///
/// # Safety
/// `class` is a live type; the GIL is held.
pub unsafe fn suspend(class: *mut PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe {
        for table in tables_of(class) {
            for (i, slot) in layout(table).enumerate() {
                set(table, i, thunk(&slot));
            }
        }
    }
}

/// Sets every entry of a type's tables to what its method resolution finds now. The look-ups re-arm the type's watcher.
///
/// # Safety
/// `class` is a live type; the GIL is held.
pub unsafe fn resume(class: *mut PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe {
        for table in tables_of(class) {
            fill(table);
        }
    }
}

/// Sets every entry of a table to what its type's method resolution finds now.
pub(super) unsafe fn fill(table: *mut MethodTable) {
    // SAFETY: the caller's promise: a table of a live type.
    unsafe {
        for (i, slot) in layout(table).enumerate() {
            set(
                table,
                i,
                found((*table).class, &slot).unwrap_or_else(|| thunk(&slot)),
            );
        }
    }
}

/// A slot of a table.
struct Slot {
    method: &'static MethodSlot,
    /// What calls through it go by.
    signature: &'static Signature,
}

/// What the slots of a table are.
unsafe fn layout(table: *mut MethodTable) -> impl Iterator<Item = Slot> {
    // SAFETY: the caller's promise: a table; records live for ever.
    let (record, signatures) =
        unsafe { ((*table).record, generations::signatures((*table).record)) };
    let methods = record
        .interface
        .layout
        .as_ref()
        .map(|layout| &layout.methods);
    let methods = methods.into_iter().flatten();
    methods
        .zip(signatures)
        .map(|(method, signature)| Slot { method, signature })
}

/// A function is left to CPython: whatever table calls it natively calls it by name from now on.
///
/// # Safety
/// The GIL is held.
pub unsafe fn function_left(function: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        for table in tables() {
            for (i, slot) in layout(table).enumerate() {
                if slot.method.function == *function || target(table, i).symbol == *function {
                    set(table, i, thunk(&slot));
                }
            }
        }
    }
}

/// The unit that a type's method resolution finds for a slot, with the slot's signature.
unsafe fn found(class: *mut PyTypeObject, slot: &Slot) -> Option<&'static Unit> {
    // SAFETY: the caller's promise; looking up an attribute of a type by its MRO runs no Python code.
    unsafe {
        let (name, setter) = match slot.method.name.strip_suffix(".setter") {
            Some(name) => (name, true),
            None => (&*slot.method.name, false),
        };
        let key = object::interned(name).ok()?;
        let value = ffi::_PyType_Lookup(class, key.as_ptr());
        let value = unwrap(value, setter)?;
        let record = records::of_function(value)?;
        let unit = super::cells::unit_of_record(record)?;
        if record.function.get() != value || unit.left().is_some() {
            return None;
        }
        // An attribute of the instance would come first, and nobody sees it being set.
        if record.interface.kind == FunctionKind::Method && ffi::has_instance_dict(class) {
            return None;
        }
        if !matches!(
            record.interface.kind,
            FunctionKind::Method | FunctionKind::Property | FunctionKind::Setter
        ) {
            return None;
        }
        // A method of another class that was put here does not know this one's fields.
        let owner = records::class(&super::cells::owner(&record.symbol))?
            .class
            .get();
        if owner.is_null() || ffi::PyType_IsSubtype(class, owner) == 0 {
            return None;
        }
        if unit.signature == *slot.signature {
            return Some(unit);
        }
        Driver::get().adapter(unit, slot.signature)
    }
}

/// The function in a class attribute: itself, or a property's getter or setter, or what a static or class method wraps.
unsafe fn unwrap(value: *mut PyObject, setter: bool) -> Option<*mut PyObject> {
    // SAFETY: `value` is alive or null; the attributes of these builtin types run no Python code.
    unsafe {
        if value.is_null() {
            return None;
        }
        let class = ffi::Py_TYPE(value);
        if class == &raw mut ffi::PyFunction_Type {
            return Some(value);
        }
        let name = if class == &raw mut ffi::PyProperty_Type {
            if setter { c"fset" } else { c"fget" }
        } else if class == &raw mut ffi::PyStaticMethod_Type
            || class == &raw mut ffi::PyClassMethod_Type
        {
            c"__func__"
        } else {
            return None;
        };
        // The wrapper keeps the function alive, and is itself kept alive by the class.
        match object::getattr(value, name) {
            Ok(function) if ffi::Py_TYPE(function.as_ptr()) == &raw mut ffi::PyFunction_Type => {
                Some(function.as_ptr())
            }
            Ok(_) => None,
            Err(_) => {
                ffi::PyErr_Clear();
                None
            }
        }
    }
}

/// The function object that a class's own dict holds for a method's symbol.
///
/// # Safety
/// `class` is a live type; the GIL is held.
pub unsafe fn own_function(class: *mut PyTypeObject, function: &Symbol) -> Option<*mut PyObject> {
    // SAFETY: the caller's promise.
    unsafe {
        let (qualname, setter) = match function.qualname.strip_suffix(".setter") {
            Some(name) => (name, true),
            None => (&*function.qualname, false),
        };
        let name = qualname.rsplit('.').next().unwrap_or(qualname);
        let key = object::interned(name).ok()?;
        let dict: *mut PyObject = ffi::read(class.cast(), ffi::layout().type_dict);
        let value = ffi::PyDict_GetItemWithError(dict, key.as_ptr());
        if value.is_null() {
            ffi::PyErr_Clear();
        }
        unwrap(value, setter)
    }
}
