//! Whom the watchers tell: the part of the runtime that owns native code and the cells through which it is called.

use std::sync::OnceLock;

use crate::boundary::ArrayEntry;
use crate::classes::method_table::MethodTable;
use crate::ffi::{PyObject, PyTypeObject, Vectorcall};
use crate::object::PyResult;
use crate::records::{ClassRecord, FunctionRecord, ModuleRecord};

/// What of a function object is about to change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FunctionChange {
    /// The object is about to go.
    Destroyed,
    /// `__code__`: it is no longer the function that was compiled.
    Code,
    /// `__defaults__` or `__kwdefaults__`.
    Defaults,
}

/// Told of every change that native code may rest on. All methods are called with the GIL held; those that return nothing must not run Python
/// code, because they are called in the middle of the change.
pub trait Bindings: Send + Sync {
    /// A static module was registered; its body has not run.
    fn module_created(&self, module: &'static ModuleRecord);
    /// A module-level name of a static module is about to be bound to `value` (null: deleted).
    fn global_changed(&self, module: &'static ModuleRecord, name: &str, value: *mut PyObject);
    /// A function object was made from a record's code.
    fn function_created(&self, record: &'static FunctionRecord, function: *mut PyObject);
    /// A function object made from a record's code is about to change.
    fn function_changed(
        &self,
        record: &'static FunctionRecord,
        function: *mut PyObject,
        what: FunctionChange,
    );
    /// The class object of a record was made and laid out; its method table is in place and empty.
    fn class_created(&self, record: &'static ClassRecord);
    /// An attribute of a laid-out class, or of a base or dynamic subclass of one, changed. All its slots may be wrong. The event comes once; the next only
    /// after an attribute of the class was looked up.
    fn class_changed(&self, class: *mut PyTypeObject);
    /// Fills the method table of a dynamic subclass of a laid-out class.
    ///
    /// # Errors
    /// Whatever looking methods up raised.
    fn fill_method_table(&self, class: *mut PyTypeObject, table: *mut MethodTable) -> PyResult<()>;
    /// The vectorcall entry for function objects of a compiled function.
    ///
    /// # Errors
    /// Why there is none; CPython then runs the function.
    fn vectorcall(&self, record: &'static FunctionRecord) -> Result<Vectorcall, String>;
    /// The array entry of a compiled function.
    ///
    /// # Errors
    /// Why there is none; CPython then runs the function.
    fn array_entry(&self, record: &'static FunctionRecord) -> Result<ArrayEntry, String>;
}

static BINDINGS: OnceLock<Box<dyn Bindings>> = OnceLock::new();

/// Whoever was given to [`set`].
#[inline]
pub fn get() -> Option<&'static dyn Bindings> {
    BINDINGS.get().map(|b| &**b)
}

/// Says whom to tell; the first call counts.
pub fn set(bindings: Box<dyn Bindings>) {
    let _ = BINDINGS.set(bindings);
}
