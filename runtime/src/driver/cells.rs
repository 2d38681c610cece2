//! Cells: the words through which compiled code reaches what can be rebound.
//!
//! Invariant: between two bytecodes of CPython, every binding cell's target is the unit of the function that the name is bound to now, if that is the
//! function that was there when compiling, and a thunk that looks the name up otherwise; and every global's cell holds what its module's dict holds. The
//! watchers establish it by calling the functions here at each change.

use keelback_checker::types::{Name, Symbol};
use keelback_lowering::function::{CellKind, CellRef, Origin};
use keelback_lowering::types::Signature;
use rustc_hash::FxHashMap;

use super::Driver;
use super::unit::{Site, Unit};
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult};
use crate::records::{self, FunctionRecord};

/// The cell of a static call.
#[repr(C)]
pub struct BindingCell {
    /// What compiled code calls; the first word.
    native: GilCell<*const u8>,
    /// What the interpreter calls; the second word.
    target: GilCell<&'static Unit>,
    kind: CellKind,
    signature: Signature,
}

impl BindingCell {
    /// The unit that calls go to now.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn target(&self) -> &'static Unit {
        // SAFETY: the caller's promise.
        unsafe { self.target.get() }
    }
}

/// The cell of a module-level name.
#[repr(C)]
pub struct GlobalCell {
    /// What the module's dict holds (borrowed from it), or null; the first word.
    pub value: GilCell<*mut PyObject>,
    /// The module.
    pub module: Name,
    /// The name.
    pub name: Name,
}

#[derive(Default)]
struct Cells {
    bindings: FxHashMap<CellRef, &'static BindingCell>,
    by_global: FxHashMap<(Name, Name), Vec<&'static BindingCell>>,
    by_class: FxHashMap<Symbol, Vec<&'static BindingCell>>,
    by_target: FxHashMap<Symbol, Vec<&'static BindingCell>>,
    globals: FxHashMap<(Name, Name), &'static GlobalCell>,
    classes: FxHashMap<Symbol, &'static GilCell<*mut PyTypeObject>>,
    /// Units that take a name to be bound to a class.
    class_assumptions: FxHashMap<Symbol, Vec<&'static Unit>>,
    /// Units by the module-level name that they assume something of; builtins are in the module `builtins`.
    assumptions: FxHashMap<(Name, Name), Vec<&'static Unit>>,
}

static CELLS: GilCell<Option<Cells>> = GilCell::new(None);

unsafe fn with<R>(body: impl FnOnce(&mut Cells) -> R) -> R {
    // SAFETY: the caller holds the GIL; bodies in this file only touch the maps.
    unsafe { CELLS.with(|c| body(c.get_or_insert_with(Cells::default))) }
}

/// The cell of a binding, made if it is new.
///
/// # Safety
/// The GIL is held.
pub unsafe fn binding(cell: &CellRef) -> &'static BindingCell {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(found) = with(|c| c.bindings.get(cell).copied()) {
            return found;
        }
        let thunk = Driver::get().unit(
            &thunk_symbol(&cell.kind),
            Origin::Thunk(cell.kind.clone()),
            &cell.signature,
        );
        let made: &'static BindingCell = Box::leak(Box::new(BindingCell {
            native: GilCell::new(std::ptr::null()),
            target: GilCell::new(thunk),
            kind: cell.kind.clone(),
            signature: cell.signature.clone(),
        }));
        with(|c| {
            c.bindings.insert(cell.clone(), made);
            match &cell.kind {
                CellKind::Function {
                    module,
                    name,
                    target,
                }
                | CellKind::Class {
                    module,
                    name,
                    target,
                } => {
                    c.by_global.entry((*module, *name)).or_default().push(made);
                    c.by_target.entry(*target).or_default().push(made);
                }
                CellKind::Direct { function } => {
                    c.by_class.entry(owner(function)).or_default().push(made);
                    c.by_target.entry(*function).or_default().push(made);
                }
            }
        });
        refresh(made);
        made
    }
}

/// The symbol that a thunk of a cell goes by.
fn thunk_symbol(kind: &CellKind) -> Symbol {
    match kind {
        CellKind::Function { module, name, .. } | CellKind::Class { module, name, .. } => {
            Symbol::of(*module, *name)
        }
        CellKind::Direct { function } => *function,
    }
}

/// The class that a method's symbol belongs to.
pub fn owner(function: &Symbol) -> Symbol {
    let qualname = function
        .qualname
        .strip_suffix(".setter")
        .unwrap_or(&function.qualname);
    let class = qualname.rsplit_once('.').map_or("", |(class, _)| class);
    Symbol::of(function.module, Name::new(class))
}

/// The cell of a global, made if it is new.
///
/// # Safety
/// The GIL is held.
pub unsafe fn global(module: &Name, name: &Name) -> &'static GlobalCell {
    // SAFETY: the caller's promise.
    unsafe {
        let key = (*module, *name);
        if let Some(found) = with(|c| c.globals.get(&key).copied()) {
            return found;
        }
        let made: &'static GlobalCell = Box::leak(Box::new(GlobalCell {
            value: GilCell::new(lookup_global(module, name)),
            module: *module,
            name: *name,
        }));
        with(|c| c.globals.insert(key, made));
        made
    }
}

/// The word that holds a static class's type object.
///
/// # Safety
/// The GIL is held.
pub unsafe fn class(symbol: &Symbol) -> &'static GilCell<*mut PyTypeObject> {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(found) = with(|c| c.classes.get(symbol).copied()) {
            return found;
        }
        let now = records::class(symbol).map_or(std::ptr::null_mut(), |r| r.class.get());
        let made: &'static GilCell<*mut PyTypeObject> = Box::leak(Box::new(GilCell::new(now)));
        with(|c| c.classes.insert(*symbol, made));
        made
    }
}

/// What a static module's dict holds under a name: borrowed, null when there is nothing or the module is not loaded.
pub(super) unsafe fn lookup_global(module: &str, name: &str) -> *mut PyObject {
    // SAFETY: the record keeps the dict alive; looking up a str key in a module's dict runs no Python code.
    unsafe {
        let Some(record) = records::module(module) else {
            return std::ptr::null_mut();
        };
        let Ok(key) = object::str_object(name) else {
            ffi::PyErr_Clear();
            return std::ptr::null_mut();
        };
        let found = ffi::PyDict_GetItemWithError(record.globals, key.as_ptr());
        if found.is_null() {
            ffi::PyErr_Clear();
        }
        found
    }
}

static BUILTINS: GilCell<*mut PyObject> = GilCell::new(std::ptr::null_mut());

/// Remembers what `builtins` holds now.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// The GIL is held.
pub unsafe fn remember_builtins() -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let dict = ffi::PyEval_GetBuiltins();
        BUILTINS.set(Owned::from_new(ffi::PyDict_Copy(dict))?.into_ptr());
        Ok(())
    }
}

/// Whether `builtins` holds under a name what it held when the compiler started.
pub(super) unsafe fn is_original_builtin(name: &str) -> bool {
    // SAFETY: the GIL is held; looking up a str key runs no Python code.
    unsafe {
        let Ok(key) = object::str_object(name) else {
            ffi::PyErr_Clear();
            return false;
        };
        let then = ffi::PyDict_GetItemWithError(BUILTINS.get(), key.as_ptr());
        let now = ffi::PyDict_GetItemWithError(ffi::PyEval_GetBuiltins(), key.as_ptr());
        !then.is_null() && then == now
    }
}

/// Whether an object is the loaded module of this name.
pub(super) unsafe fn is_module(value: *mut PyObject, module: &str) -> bool {
    // SAFETY: the GIL is held; looking up a str key runs no Python code.
    unsafe {
        let Ok(key) = object::str_object(module) else {
            ffi::PyErr_Clear();
            return false;
        };
        ffi::PyDict_GetItemWithError(ffi::PyImport_GetModuleDict(), key.as_ptr()) == value
    }
}

/// Whether an object is what the loaded module has under a name.
pub(super) unsafe fn is_member(value: *mut PyObject, module: &str, name: &str) -> bool {
    // SAFETY: the GIL is held; the module is kept alive by `sys.modules`, and its dict is read directly.
    unsafe {
        let (Ok(key), Ok(name)) = (object::str_object(module), object::str_object(name)) else {
            ffi::PyErr_Clear();
            return false;
        };
        let module = ffi::PyDict_GetItemWithError(ffi::PyImport_GetModuleDict(), key.as_ptr());
        if module.is_null() || ffi::PyModule_Check(module) == 0 {
            return false;
        }
        ffi::PyDict_GetItemWithError(ffi::PyModule_GetDict(module), name.as_ptr()) == value
    }
}

/// The unit of a function object, if it may be called natively with this signature.
unsafe fn unit_of(
    value: *mut PyObject,
    target: &Symbol,
    signature: &Signature,
) -> Option<&'static Unit> {
    // SAFETY: `value` is alive.
    unsafe {
        if value.is_null() || ffi::Py_TYPE(value) != &raw mut ffi::PyFunction_Type {
            return None;
        }
        let record = records::of_function(value)?;
        let unit = unit_of_record(record)?;
        let current = record.function.get() == value;
        (current
            && record.symbol == *target
            && unit.signature == *signature
            && unit.left().is_none())
        .then_some(unit)
    }
}

pub(super) fn unit_of_record(record: &FunctionRecord) -> Option<&'static Unit> {
    // SAFETY: the GIL is held; the driver stores nothing but leaked units there.
    unsafe { record.unit.get().cast::<Unit>().as_ref() }
}

/// Points a cell at what its name is bound to now.
unsafe fn refresh(cell: &'static BindingCell) {
    // SAFETY: the GIL is held.
    unsafe {
        let unit = match &cell.kind {
            CellKind::Function {
                module,
                name,
                target,
            } => unit_of(lookup_global(module, name), target, &cell.signature),
            CellKind::Class {
                module,
                name,
                target,
            } => {
                let value = lookup_global(module, name);
                let known = records::class(target)
                    .is_some_and(|r| !value.is_null() && r.class.get().cast() == value);
                known
                    .then(|| {
                        Driver::get().unit(target, Origin::Constructor(*target), &cell.signature)
                    })
                    .filter(|u| u.left().is_none())
            }
            CellKind::Direct { function } => direct(function, &cell.signature),
        };
        set(cell, unit);
    }
}

/// The unit of a method, if its class's dict still holds it.
unsafe fn direct(function: &Symbol, signature: &Signature) -> Option<&'static Unit> {
    // SAFETY: the GIL is held.
    unsafe {
        let class = records::class(&owner(function))?.class.get();
        if class.is_null() {
            return None;
        }
        let value = super::methods::own_function(class, function)?;
        unit_of(value, function, signature)
    }
}

unsafe fn set(cell: &'static BindingCell, unit: Option<&'static Unit>) {
    // SAFETY: cells live for ever; the GIL is held.
    unsafe {
        let unit = unit.unwrap_or_else(|| {
            Driver::get().unit(
                &thunk_symbol(&cell.kind),
                Origin::Thunk(cell.kind.clone()),
                &cell.signature,
            )
        });
        cell.target.set(unit);
        let site: Site = std::ptr::from_ref(&cell.native).cast_mut().cast();
        unit.attach(site);
    }
}

/// Notes that a unit holds only while a module-level name is what it is now.
///
/// # Safety
/// The GIL is held.
pub unsafe fn assume(unit: &'static Unit, module: &Name, name: &Name) {
    // SAFETY: the caller's promise.
    unsafe {
        with(|c| {
            c.assumptions
                .entry((*module, *name))
                .or_default()
                .push(unit)
        })
    }
}

/// Notes that a unit takes a name to be bound to a class.
///
/// # Safety
/// The GIL is held.
pub unsafe fn assume_class(unit: &'static Unit, class: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe { with(|c| c.class_assumptions.entry(*class).or_default().push(unit)) }
}

/// Another class took the name of a class: names may go on being bound to the first.
///
/// # Safety
/// The GIL is held.
pub unsafe fn class_replaced(class: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        for unit in with(|c| c.class_assumptions.remove(class)).unwrap_or_default() {
            unit.leave(format!("the class `{}` was made anew", class.name()));
        }
    }
}

/// A name of a static module's dict (or of `builtins`) is about to be bound to `value`, or deleted (null). Called before the dict changes.
///
/// # Safety
/// `value` is alive or null; the GIL is held.
pub unsafe fn global_changed(module: &Name, name: &Name, value: *mut PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        let key = (*module, *name);
        if let Some(cell) = with(|c| c.globals.get(&key).copied()) {
            cell.value.set(value);
        }
        for cell in with(|c| c.by_global.get(&key).cloned()).unwrap_or_default() {
            let unit = match &cell.kind {
                CellKind::Function { target, .. } => unit_of(value, target, &cell.signature),
                CellKind::Class { target, .. } => records::class(target)
                    .filter(|r| !value.is_null() && r.class.get().cast() == value)
                    .map(|_| {
                        Driver::get().unit(target, Origin::Constructor(*target), &cell.signature)
                    })
                    .filter(|u| u.left().is_none()),
                CellKind::Direct { .. } => None,
            };
            set(cell, unit);
        }
        // At its end the interpreter empties modules, `builtins` too.
        if (ffi::optional().is_finalizing)() != 0 {
            return;
        }
        for unit in with(|c| c.assumptions.remove(&key)).unwrap_or_default() {
            unit.leave(format!(
                "the name `{name}`, which it was compiled for, was rebound"
            ));
        }
    }
}

/// Every name of a module's dict may have changed.
///
/// # Safety
/// The GIL is held.
pub unsafe fn module_changed(module: &Name) {
    // SAFETY: the caller's promise.
    unsafe {
        let (globals, bindings) = with(|c| {
            let of_module = |key: &(Name, Name)| key.0 == *module;
            let globals: Vec<_> = c
                .globals
                .iter()
                .filter(|(k, _)| of_module(k))
                .map(|(_, cell)| *cell)
                .collect();
            let bindings: Vec<_> = c
                .by_global
                .iter()
                .filter(|(k, _)| of_module(k))
                .flat_map(|(_, cells)| cells.clone())
                .collect();
            (globals, bindings)
        });
        for cell in globals {
            cell.value.set(lookup_global(&cell.module, &cell.name));
        }
        for cell in bindings {
            refresh(cell);
        }
    }
}

/// An attribute of a static class is changing, and it is not known which: its methods are called by name until [`class_changed`].
///
/// # Safety
/// The GIL is held.
pub unsafe fn class_suspended(symbol: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        for cell in with(|c| c.by_class.get(symbol).cloned()).unwrap_or_default() {
            set(cell, None);
        }
    }
}

/// A static class was made, or one of its attributes changed.
///
/// # Safety
/// The GIL is held.
pub unsafe fn class_changed(symbol: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        if let (Some(cell), Some(record)) = (
            with(|c| c.classes.get(symbol).copied()),
            records::class(symbol),
        ) {
            cell.set(record.class.get());
        }
        for cell in with(|c| c.by_class.get(symbol).cloned()).unwrap_or_default() {
            refresh(cell);
        }
    }
}

/// A function object changed in a way that concerns its callers: its defaults, its code.
///
/// # Safety
/// The GIL is held.
pub unsafe fn function_changed(symbol: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        for cell in with(|c| c.by_target.get(symbol).cloned()).unwrap_or_default() {
            refresh(cell);
        }
    }
}

/// A unit is left to CPython: whoever calls it natively calls a thunk from now on.
///
/// # Safety
/// The GIL is held.
pub unsafe fn unit_left(unit: &'static Unit) {
    // SAFETY: the caller's promise.
    unsafe {
        match &unit.origin {
            Origin::Source => {
                function_changed(&unit.symbol);
                super::methods::function_left(&unit.symbol);
                if let (Some(record), Some(reason)) = (unit.record.get(), unit.left()) {
                    crate::boundary::entry::leave(record, reason);
                }
            }
            Origin::Constructor(class) => function_changed(class),
            _ => {}
        }
    }
}
