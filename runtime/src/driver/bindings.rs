//! What the driver does when a watcher sees a change.

#![allow(clippy::not_unsafe_ptr_arg_deref)] // The methods are called by watchers alone, under the GIL, with live objects.

use keelback_checker::types::Name;
use keelback_lowering::build::signature_of;

use super::unit::Unit;
use super::{Driver, cells, generations, methods, shadows, supers};
use crate::compile::FunctionBody;
use crate::ffi::{PyObject, PyTypeObject, Vectorcall};
use crate::object::{Owned, PyResult};
use crate::records::{ClassRecord, FunctionRecord, ModuleRecord};
use crate::thread::ThreadCtx;
use crate::watch::bindings::{Bindings, FunctionChange};

/// The driver as the watchers know it.
#[derive(Debug)]
pub struct DriverBindings;

/// The unit of a function's record.
fn unit(record: &'static FunctionRecord) -> Option<&'static Unit> {
    cells::unit_of_record(record)
}

impl Bindings for DriverBindings {
    fn module_created(&self, module: &'static ModuleRecord) {
        let driver = Driver::get();
        // SAFETY: watchers are called under the GIL.
        unsafe {
            for record in module.functions.values().copied() {
                if matches!(record.body, FunctionBody::Compiled) {
                    let unit =
                        driver.new_source_unit(&record.symbol, signature_of(&record.interface));
                    unit.record.set(Some(record));
                    record.unit.set(std::ptr::from_ref(unit).cast());
                }
            }
            cells::module_changed(&module.name);
        }
    }

    fn global_changed(&self, module: &Name, name: &str, value: *mut PyObject) {
        // SAFETY: watchers are called under the GIL, with live values.
        unsafe { cells::global_changed(module, &Name::new(name), value) }
    }

    fn function_created(&self, _record: &'static FunctionRecord, _function: *mut PyObject) {}

    fn function_changed(
        &self,
        record: &'static FunctionRecord,
        _function: *mut PyObject,
        what: FunctionChange,
    ) {
        // SAFETY: watchers are called under the GIL.
        unsafe {
            match what {
                // Whatever named the function names it no longer, and that was seen.
                FunctionChange::Destroyed => {}
                FunctionChange::Code | FunctionChange::Defaults => {
                    if let Some(unit) = unit(record) {
                        unit.leave(match what {
                            FunctionChange::Defaults => "its defaults were replaced".to_owned(),
                            _ => "its code was replaced".to_owned(),
                        });
                    }
                }
            }
        }
    }

    fn class_created(&self, record: &'static ClassRecord) -> PyResult<()> {
        // SAFETY: called under the GIL, once the class is laid out.
        unsafe {
            generations::made(record);
            methods::adopt(record, record.class.get())?;
            cells::class_changed(&record.symbol);
            Ok(())
        }
    }

    fn subclass_added(&self, class: *mut PyTypeObject) {
        // SAFETY: watchers are called under the GIL.
        unsafe {
            supers::subclass_added(class);
            shadows::look(class);
        }
    }

    fn class_suspended(&self, class: *mut PyTypeObject) {
        // SAFETY: watchers are called under the GIL.
        unsafe {
            methods::suspend(class);
            if let Some(record) = methods::inherited(class)
                && record.class.get() == class
            {
                cells::class_suspended(&record.symbol);
            }
        }
    }

    fn class_changed(&self, class: *mut PyTypeObject) {
        // SAFETY: watchers are called under the GIL.
        unsafe {
            methods::resume(class);
            shadows::look(class);
            if let Some(record) = methods::inherited(class) {
                cells::class_changed(&record.symbol);
            }
        }
    }

    fn vectorcall(&self, record: &'static FunctionRecord) -> Result<Vectorcall, String> {
        let Some(unit) = unit(record) else {
            return Err("it was not compiled".to_owned());
        };
        // SAFETY: called under the GIL.
        unsafe {
            if Driver::get().tier == super::Tier::Interp {
                unit.bytecode()?;
                return Ok(crate::boundary::native::bound_call);
            }
            let entries = unit.entries()?;
            Ok(entries
                .vectorcall
                .unwrap_or(crate::boundary::native::bound_call))
        }
    }

    unsafe fn call(
        &self,
        record: &'static FunctionRecord,
        ctx: *mut ThreadCtx,
        args: *const *mut PyObject,
    ) -> Option<PyResult<Owned>> {
        let unit = unit(record)?;
        // SAFETY: the caller's promise.
        unsafe { unit.left().is_none().then(|| unit.call_objects(ctx, args)) }
    }
}
