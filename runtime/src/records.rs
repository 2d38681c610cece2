//! What the runtime knows of compiled modules, functions and classes. Records live as long as the process.
//!
//! A record is found from a code object through one of its *extra* slots, which costs two loads and is empty for every code object that
//! is not ours.

use std::collections::hash_map::Entry;
use std::ffi::c_void;
use std::sync::Arc;

use keelback_checker::interface::{
    ClassInterface, FunctionInterface, FunctionKind, ModuleInterface,
};
use keelback_checker::types::{Name, Symbol};
use rustc_hash::FxHashMap;

use crate::boundary::signature::Signature;
use crate::compile::{CompiledModule, FunctionBody};
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult, Raised};

/// A function that the compiler knows.
#[derive(Debug)]
pub struct FunctionRecord {
    /// Where it is defined.
    pub symbol: Symbol,
    /// Its signature as the checker sees it.
    pub interface: Arc<FunctionInterface>,
    /// Its signature as the boundary needs it.
    pub signature: Signature,
    /// Its code object (a strong reference, never dropped).
    pub code: *mut PyObject,
    /// The globals of its module (a strong reference, never dropped).
    pub globals: *mut PyObject,
    /// How it runs.
    pub body: FunctionBody,
    /// Its module is static by a pattern alone: arguments that do not fit their annotations run CPython's version instead of raising.
    pub lenient: bool,
    /// The function object made last from the code; borrowed, null when it is gone.
    pub function: GilCell<*mut PyObject>,
    /// What the driver keeps for the function (its unit); null until it has something.
    pub unit: GilCell<*const c_void>,
    /// Why CPython runs it although it was to be compiled, once that is known.
    pub failure: GilCell<Option<&'static str>>,
}

/// A class that the compiler knows.
#[derive(Debug)]
pub struct ClassRecord {
    /// Where it is defined.
    pub symbol: Symbol,
    /// Its interface.
    pub interface: Arc<ClassInterface>,
    /// Its class object, once made: a strong reference, replaced when the class statement runs again.
    pub class: GilCell<*mut PyTypeObject>,
    /// The native signatures of its slots, once it is made.
    pub signatures: GilCell<Option<&'static [keelback_lowering::types::Signature]>>,
    /// Whether its instances pass for instances of the class that has its name now: while none other has, and where that has the same storage and slots.
    pub passes: GilCell<bool>,
}

/// What a code object's extra slot points at.
#[derive(Debug)]
pub enum CodeRecord {
    /// The code of a function.
    Function(Box<FunctionRecord>),
    /// The code of a class body.
    ClassBody(&'static ClassRecord),
}

/// A static module.
#[derive(Debug)]
pub struct ModuleRecord {
    /// Full dotted name.
    pub name: Name,
    /// Its interface.
    pub interface: Arc<ModuleInterface>,
    /// Its dict (a strong reference, never dropped).
    pub globals: *mut PyObject,
    /// Functions by qualified name, as last registered.
    pub functions: FxHashMap<Name, &'static FunctionRecord>,
}

#[derive(Default)]
struct Registry {
    modules: FxHashMap<Name, &'static ModuleRecord>,
    functions: FxHashMap<Symbol, &'static FunctionRecord>,
    classes: FxHashMap<Symbol, &'static ClassRecord>,
}

static REGISTRY: GilCell<Option<Registry>> = GilCell::new(None);

unsafe fn with<R>(body: impl FnOnce(&mut Registry) -> R) -> R {
    // SAFETY: the caller holds the GIL; bodies in this file only touch the maps.
    unsafe { REGISTRY.with(|r| body(r.get_or_insert_with(Registry::default))) }
}

/// The record of a function.
///
/// # Safety
/// The GIL is held.
pub unsafe fn function(symbol: &Symbol) -> Option<&'static FunctionRecord> {
    // SAFETY: the caller's promise.
    unsafe { with(|r| r.functions.get(symbol).copied()) }
}

/// The record of a class.
///
/// # Safety
/// The GIL is held.
pub unsafe fn class(symbol: &Symbol) -> Option<&'static ClassRecord> {
    // SAFETY: the caller's promise.
    unsafe { with(|r| r.classes.get(symbol).copied()) }
}

/// The record of a module.
///
/// # Safety
/// The GIL is held.
pub unsafe fn module(name: &str) -> Option<&'static ModuleRecord> {
    // SAFETY: the caller's promise.
    unsafe { with(|r| r.modules.get(name).copied()) }
}

/// Every module registered so far.
///
/// # Safety
/// The GIL is held.
pub unsafe fn modules() -> Vec<&'static ModuleRecord> {
    // SAFETY: the caller's promise.
    unsafe { with(|r| r.modules.values().copied().collect()) }
}

static REPLACEMENTS: GilCell<u32> = GilCell::new(0);

/// How often a class took the name of another.
///
/// # Safety
/// The GIL is held.
#[inline]
pub unsafe fn replacements() -> u32 {
    // SAFETY: the caller's promise.
    unsafe { REPLACEMENTS.get() }
}

/// A class takes the name of another.
///
/// # Safety
/// The GIL is held.
pub unsafe fn class_replaced() {
    // SAFETY: the caller's promise.
    unsafe { REPLACEMENTS.set(REPLACEMENTS.get() + 1) }
}

static EXTRA_INDEX: GilCell<isize> = GilCell::new(-1);

/// The record of a code object, if it is one of ours.
///
/// # Safety
/// `code` is a live code object; the GIL is held.
#[inline]
pub unsafe fn of_code(code: *mut PyObject) -> Option<&'static CodeRecord> {
    // SAFETY: the table says where the pointer to the extra slots is; they start with their number.
    unsafe {
        let extras: *const isize = ffi::read(code.cast(), ffi::layout().code_extra);
        if extras.is_null() {
            return None;
        }
        let index = EXTRA_INDEX.get();
        if index < 0 || *extras <= index {
            return None;
        }
        let slot: *const CodeRecord = ffi::read(extras.cast(), 8 + 8 * index as usize);
        slot.as_ref()
    }
}

/// The record of a function object, if its code is one of ours.
///
/// # Safety
/// `function` is a live function object; the GIL is held.
#[inline]
pub unsafe fn of_function(function: *mut PyObject) -> Option<&'static FunctionRecord> {
    // SAFETY: a function always has a code object.
    unsafe {
        let code: *mut PyObject = ffi::read(function.cast(), ffi::layout().function_code);
        match of_code(code) {
            Some(CodeRecord::Function(record)) => Some(record),
            _ => None,
        }
    }
}

unsafe fn attach(code: *mut PyObject, record: CodeRecord) -> PyResult<&'static CodeRecord> {
    // SAFETY: the caller holds the GIL; the record is leaked, so the slot never dangles.
    unsafe {
        if EXTRA_INDEX.get() < 0 {
            let index = ffi::PyUnstable_Eval_RequestCodeExtraIndex(None);
            if index < 0 {
                return Err(crate::error::system_error(
                    "no extra slot of code objects is left for Keelback",
                ));
            }
            EXTRA_INDEX.set(index);
        }
        let record: &'static CodeRecord = Box::leak(Box::new(record));
        let pointer = std::ptr::from_ref(record).cast_mut().cast::<c_void>();
        if ffi::PyUnstable_Code_SetExtra(code, EXTRA_INDEX.get(), pointer) < 0 {
            return Err(Raised);
        }
        ffi::Py_INCREF(code);
        Ok(record)
    }
}

/// A code object found inside a module's.
struct Found {
    code: *mut PyObject,
    qualname: String,
    first_line: u32,
}

/// All code objects below `code`, with qualified names that leave out `<locals>`.
unsafe fn walk(code: *mut PyObject, into: &mut Vec<Found>) -> PyResult<()> {
    // SAFETY: `co_consts` is a tuple that lives with the code object.
    unsafe {
        let consts = object::getattr(code, c"co_consts")?;
        for i in 0..ffi::PyTuple_Size(consts.as_ptr()) {
            let item = ffi::PyTuple_GetItem(consts.as_ptr(), i);
            if ffi::Py_TYPE(item) != &raw mut ffi::PyCode_Type {
                continue;
            }
            let qualname = object::getattr(item, c"co_qualname")?;
            let qualname = object::text(qualname.as_ptr())
                .unwrap_or("")
                .replace("<locals>.", "");
            let line: i32 = ffi::read(item.cast(), ffi::layout().code_firstlineno);
            into.push(Found {
                code: item,
                qualname,
                first_line: line.unsigned_abs(),
            });
            walk(item, into)?;
        }
        Ok(())
    }
}

/// Registers a compiled module: its code objects are found inside `code` by qualified name and first line, and get records. Call before the
/// module's body runs. `by_pattern`: the module does not say itself that it is static.
///
/// # Errors
/// `MemoryError` and the like.
///
/// # Safety
/// `code` is the module's code object and `globals` its dict; the GIL is held.
pub unsafe fn register_module(
    name: &str,
    module: CompiledModule,
    code: *mut PyObject,
    globals: *mut PyObject,
    by_pattern: bool,
) -> PyResult<&'static ModuleRecord> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut found = Vec::new();
        walk(code, &mut found)?;
        let mut by_place: FxHashMap<(&str, u32), *mut PyObject> = FxHashMap::default();
        for f in &found {
            if let Entry::Vacant(v) = by_place.entry((&f.qualname, f.first_line)) {
                v.insert(f.code);
            }
        }
        ffi::Py_INCREF(globals);
        let mut functions = FxHashMap::default();
        let mut later = Vec::new();
        for f in module.functions {
            let symbol = f.interface.symbol;
            let qualname = match f.interface.kind {
                FunctionKind::Setter => symbol
                    .qualname
                    .strip_suffix(".setter")
                    .unwrap_or(&symbol.qualname),
                _ => &symbol.qualname,
            };
            let Some(&code) = by_place.get(&(qualname, f.first_line)) else {
                continue;
            };
            crate::stats::function(&symbol, &f.body);
            let signature = Signature::new(&f.interface, code)?;
            let record = FunctionRecord {
                symbol,
                interface: f.interface,
                signature,
                code,
                globals,
                body: f.body,
                lenient: by_pattern,
                function: GilCell::new(std::ptr::null_mut()),
                unit: GilCell::new(std::ptr::null()),
                failure: GilCell::new(None),
            };
            if let CodeRecord::Function(record) =
                attach(code, CodeRecord::Function(Box::new(record)))?
            {
                let record: &'static FunctionRecord = record;
                functions.insert(symbol.qualname, record);
                later.push((symbol, record));
            }
        }
        for c in module.classes {
            let symbol = c.interface.symbol;
            let Some(&code) = by_place.get(&(&*symbol.qualname, c.first_line)) else {
                continue;
            };
            let record: &'static ClassRecord = Box::leak(Box::new(ClassRecord {
                symbol,
                interface: c.interface,
                class: GilCell::new(std::ptr::null_mut()),
                signatures: GilCell::new(None),
                passes: GilCell::new(true),
            }));
            attach(code, CodeRecord::ClassBody(record))?;
            with(|r| r.classes.insert(symbol, record));
        }
        let record: &'static ModuleRecord = Box::leak(Box::new(ModuleRecord {
            name: Name::new(name),
            interface: module.interface,
            globals,
            functions,
        }));
        with(|r| {
            for (symbol, function) in later {
                r.functions.insert(symbol, function);
            }
            r.modules.insert(Name::new(name), record);
        });
        crate::stats::module(name);
        crate::watch::dicts::watch_module(record)?;
        if let Some(bindings) = crate::watch::bindings::get() {
            bindings.module_created(record);
        }
        Ok(record)
    }
}

/// The class object of a symbol: a class that we laid out, or whatever the loaded module has under that name. `None` while there is none.
///
/// # Safety
/// The GIL is held.
pub unsafe fn resolve(symbol: &Symbol) -> Option<Owned> {
    // SAFETY: the caller's promise; errors of the look-up mean that there is nothing.
    unsafe {
        if let Some(record) = class(symbol) {
            let class = record.class.get();
            if !class.is_null() {
                return Some(Owned::from_borrowed(class.cast()));
            }
        }
        let modules = ffi::PyImport_GetModuleDict();
        let name = object::str_object(&symbol.module).ok()?;
        let module = ffi::PyDict_GetItemWithError(modules, name.as_ptr());
        if module.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let mut at = Owned::from_borrowed(module);
        for part in symbol.qualname.split('.') {
            let name = object::str_object(part).ok()?;
            match Owned::from_new(ffi::PyObject_GetAttr(at.as_ptr(), name.as_ptr())) {
                Ok(next) => at = next,
                Err(Raised) => {
                    ffi::PyErr_Clear();
                    return None;
                }
            }
        }
        Some(at)
    }
}

/// The class objects of every laid-out class made so far.
///
/// # Safety
/// The GIL is held.
pub unsafe fn static_types() -> Vec<*mut PyTypeObject> {
    // SAFETY: the caller's promise.
    unsafe {
        with(|r| {
            r.classes
                .values()
                .map(|c| c.class.get())
                .filter(|c| !c.is_null())
                .collect()
        })
    }
}
