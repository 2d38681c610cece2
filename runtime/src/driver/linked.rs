//! What the linker's addresses mean, for the helpers and the interpreter.

use keelback_lowering::function::FieldRef;

use super::cells::{BindingCell, GlobalCell};
use super::descriptions::{self, CheckDescription, DefaultDescription};
use super::methods;
use crate::error;
use crate::ffi::{self, PyTypeObject};
use crate::helpers::Obj;
use crate::helpers::linked::Linked;
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, FunctionRecord};
use crate::thread::ThreadCtx;

/// The linker's other half.
#[derive(Debug)]
pub struct DriverLinked;

impl Linked for DriverLinked {
    unsafe fn check(&self, object: Obj, check: usize) -> PyResult<()> {
        // SAFETY: the trait's rule: a leaked description.
        unsafe { (*(check as *const CheckDescription)).test(object).map(drop) }
    }

    unsafe fn out_of_range(&self, object: Obj, check: usize) -> Raised {
        // SAFETY: the trait's rule: a leaked description.
        unsafe { (*(check as *const CheckDescription)).out_of_range(object) }
    }

    unsafe fn field_unset(&self, object: Obj, field: usize) -> Raised {
        // SAFETY: the trait's rule: a leaked reference.
        unsafe { descriptions::field_unset(object, &*(field as *const FieldRef)) }
    }

    unsafe fn object_new(&self, class: usize) -> PyResult<Owned> {
        // SAFETY: the trait's rule: a class's cell. The type's own allocation sets its fields up.
        unsafe {
            let class = *(class as *const *mut PyTypeObject);
            if class.is_null() {
                return Err(error::system_error(
                    "an object was made of a class that does not exist yet",
                ));
            }
            let alloc: ffi::allocfunc = ffi::read(class.cast(), ffi::layout().type_alloc);
            Owned::from_new(alloc(class, 0))
        }
    }

    unsafe fn method_table(&self, object: Obj, class: Obj) -> PyResult<usize> {
        // SAFETY: the trait's rule.
        unsafe { methods::table_of(object, class.cast()).map(|t| t as usize) }
    }

    unsafe fn global_missing(&self, cell: usize) -> PyResult<Owned> {
        // SAFETY: the trait's rule: a leaked cell.
        unsafe {
            let cell = &*(cell as *const GlobalCell);
            let name = object::interned(&cell.name)?;
            if let Some(module) = records::module(&cell.module) {
                // A module may have other builtins than the interpreter: CPython looks in its `__builtins__`.
                let key = object::interned("__builtins__")?;
                let found = ffi::PyDict_GetItemWithError(module.globals, key.as_ptr());
                let builtins = if found.is_null() {
                    ffi::PyEval_GetBuiltins()
                } else if ffi::PyModule_Check(found) != 0 {
                    ffi::PyModule_GetDict(found)
                } else {
                    found
                };
                let value = ffi::PyDict_GetItemWithError(builtins, name.as_ptr());
                if !value.is_null() {
                    return Ok(Owned::from_borrowed(value));
                }
                if !ffi::PyErr_Occurred().is_null() {
                    return Err(Raised);
                }
            }
            Err(error::raise(
                ffi::PyExc_NameError,
                &format!("name '{}' is not defined", cell.name),
            ))
        }
    }

    unsafe fn global_store(&self, cell: usize, value: Obj) -> PyResult<()> {
        // SAFETY: the trait's rule: a leaked cell. The dict's watcher updates it.
        unsafe {
            let cell = &*(cell as *const GlobalCell);
            let Some(module) = records::module(&cell.module) else {
                return Err(error::system_error(
                    "a global was stored in a module that is not loaded",
                ));
            };
            let name = object::interned(&cell.name)?;
            if ffi::PyDict_SetItem(module.globals, name.as_ptr(), value) < 0 {
                return Err(Raised);
            }
            Ok(())
        }
    }

    unsafe fn default_load(&self, default: usize) -> PyResult<Owned> {
        // SAFETY: the trait's rule: a leaked description.
        unsafe { (*(default as *const DefaultDescription)).load() }
    }

    unsafe fn trace(&self, record: usize, line: i64, start: i64, end: i64) {
        // SAFETY: the trait's rule: a record, or 0 where there is none.
        unsafe {
            if let Some(record) = (record as *const FunctionRecord).as_ref() {
                super::trace::add(record, line as u32, start as u32, end as u32);
            }
        }
    }

    unsafe fn call_cell(&self, cell: usize, ctx: *mut ThreadCtx, args: &[u64]) -> PyResult<u64> {
        // SAFETY: the trait's rule: a leaked cell.
        unsafe {
            (*(cell as *const BindingCell))
                .target()
                .call_words(ctx, args)
        }
    }

    unsafe fn cell_target(&self, cell: usize) -> u64 {
        // SAFETY: the trait's rule: a leaked cell.
        unsafe { std::ptr::from_ref((*(cell as *const BindingCell)).target()) as u64 }
    }

    unsafe fn slot_target(&self, slot: u32, class: Obj, object: Obj) -> u64 {
        // SAFETY: the trait's rule: an object of a laid-out class, whose type is a heap type.
        unsafe {
            match methods::own_table(ffi::Py_TYPE(object), class.cast()) {
                Some(table) => std::ptr::from_ref(methods::target(table, slot as usize)) as u64,
                None => 0,
            }
        }
    }

    unsafe fn call_slot(
        &self,
        slot: u32,
        class: Obj,
        ctx: *mut ThreadCtx,
        args: &[u64],
    ) -> PyResult<u64> {
        // SAFETY: the first argument of a method is its receiver, an object of a laid-out class.
        unsafe {
            let table = methods::table_of(args[0] as Obj, class.cast())?;
            methods::target(table, slot as usize).call_words(ctx, args)
        }
    }
}

/// The context of the calling thread, for generic entries.
pub extern "C" fn thread_context() -> *mut ThreadCtx {
    crate::thread::current()
}
