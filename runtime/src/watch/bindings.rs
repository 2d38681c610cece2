//! Whom the watchers tell: the part of the runtime that owns native code and the cells through which it is called.

use std::sync::OnceLock;

use crate::ffi::{PyObject, PyTypeObject, Vectorcall};
use keelback_checker::types::Name;

use crate::object::{Owned, PyResult};
use crate::records::{ClassRecord, FunctionRecord, ModuleRecord};
use crate::thread::ThreadCtx;

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
    /// A module-level name of a static module, or of `builtins`, is about to be bound to `value` (null: deleted).
    fn global_changed(&self, module: &Name, name: &str, value: *mut PyObject);
    /// A function object was made from a record's code.
    fn function_created(&self, record: &'static FunctionRecord, function: *mut PyObject);
    /// A function object made from a record's code is about to change.
    fn function_changed(
        &self,
        record: &'static FunctionRecord,
        function: *mut PyObject,
        what: FunctionChange,
    );
    /// The class object of a record was made and laid out.
    ///
    /// # Errors
    /// `MemoryError`.
    fn class_created(&self, record: &'static ClassRecord) -> PyResult<()>;
    /// A class has got a laid-out class, or a dynamic subclass of one, as a base: it is being made, or it was given other bases.
    fn subclass_added(&self, class: *mut PyTypeObject);
    /// An attribute of a laid-out class, or of a base or dynamic subclass of one, changed, and it is not known which. The event comes once; the next only
    /// after an attribute of the class was looked up. Until [`Bindings::class_changed`] every method of the class is called by name.
    fn class_suspended(&self, class: *mut PyTypeObject);
    /// The attributes of such a class are what they are now, and the next change will be seen.
    fn class_changed(&self, class: *mut PyTypeObject);
    /// The vectorcall entry for function objects of a compiled function.
    ///
    /// # Errors
    /// Why there is none; CPython then runs the function.
    fn vectorcall(&self, record: &'static FunctionRecord) -> Result<Vectorcall, String>;
    /// Calls a compiled function with one object for each parameter in order, each of its declared type. `None`: it is no longer compiled, and CPython's own
    /// entry is the one to call.
    ///
    /// # Safety
    /// `args` holds one live object per parameter; the GIL is held.
    unsafe fn call(
        &self,
        record: &'static FunctionRecord,
        ctx: *mut ThreadCtx,
        args: *const *mut PyObject,
    ) -> Option<PyResult<Owned>>;
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
