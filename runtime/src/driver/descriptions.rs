//! What compiled code passes to helpers by address: descriptions of checks, fields and defaults. They live as long as the process.

use keelback_checker::types::Symbol;
use keelback_lowering::function::{CheckContext, CheckRef, FieldRef};

use crate::boundary::check::{Check, Verdict};
use crate::boundary::entry::{wrong_argument, wrong_result};
use crate::error;
use crate::ffi::{self, PyObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, FunctionRecord};

/// A check and what it says when it fails.
#[derive(Debug)]
pub struct CheckDescription {
    check: Check,
    context: CheckContext,
}

impl CheckDescription {
    /// From a function's reference.
    pub fn new(reference: &CheckRef) -> CheckDescription {
        CheckDescription {
            check: Check::new(&reference.ty),
            context: reference.context.clone(),
        }
    }

    /// Tests an object. `Some`: it passes as another object (a float for an int).
    ///
    /// # Errors
    /// It does not pass: `StaticTypeError` or `OverflowError` in the words of the context.
    ///
    /// # Safety
    /// `value` is alive; the GIL is held.
    pub unsafe fn test(&self, value: *mut PyObject) -> PyResult<Option<Owned>> {
        // SAFETY: the caller's promise.
        unsafe {
            match self.check.test(value)? {
                Verdict::Fits => Ok(None),
                Verdict::Becomes(other) => Ok(Some(other)),
                refused => Err(self.refuse(&refused, value)),
            }
        }
    }

    /// The error for an int that does not fit.
    ///
    /// # Safety
    /// `value` is alive; the GIL is held.
    pub unsafe fn out_of_range(&self, value: *mut PyObject) -> Raised {
        // SAFETY: the caller's promise.
        unsafe { self.refuse(&Verdict::OutOfRange, value) }
    }

    unsafe fn refuse(&self, verdict: &Verdict, value: *mut PyObject) -> Raised {
        // SAFETY: the caller's promise.
        unsafe {
            match &self.context {
                CheckContext::Argument { function, param } => {
                    wrong_argument(function, param, &self.check, verdict, value)
                }
                CheckContext::Return(function) => {
                    wrong_result(function, &self.check, verdict, value)
                }
                CheckContext::Value | CheckContext::Attribute(_) => {
                    let place = match &self.context {
                        CheckContext::Attribute(name) => format!(" for attribute '{name}'"),
                        _ => String::new(),
                    };
                    let expected = &self.check.name;
                    if matches!(verdict, Verdict::OutOfRange) {
                        let got = object::display(value);
                        return error::overflow_error(&format!(
                            "expected '{expected}', got out-of-range int {got}{place}"
                        ));
                    }
                    let got = object::class_name(ffi::Py_TYPE(value));
                    error::static_type_error(&format!("expected '{expected}', got '{got}'{place}"))
                }
            }
        }
    }
}

/// Raises `AttributeError` for an unset field, as CPython words it.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn field_unset(object: *mut PyObject, field: &FieldRef) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        let class = object::class_name(ffi::Py_TYPE(object));
        error::raise(
            ffi::PyExc_AttributeError,
            &format!("'{class}' object has no attribute '{}'", field.name),
        )
    }
}

/// A parameter's default.
#[derive(Debug)]
pub struct DefaultDescription {
    /// The function.
    pub function: Symbol,
    /// The parameter's index.
    pub param: u32,
    /// The record whose function was asked last.
    record: GilCell<Option<&'static FunctionRecord>>,
}

impl DefaultDescription {
    /// Of a parameter of a function.
    pub fn new(function: Symbol, param: u32) -> DefaultDescription {
        DefaultDescription {
            function,
            param,
            record: GilCell::new(None),
        }
    }

    /// The default as the function object has it now.
    ///
    /// # Errors
    /// CPython's `TypeError` when there is none any more.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn load(&self) -> PyResult<Owned> {
        // SAFETY: the caller's promise.
        unsafe {
            let alive = |record: &&'static FunctionRecord| !record.function.get().is_null();
            // A module that is imported a second time registers its functions before they exist; callers of the first go on with theirs.
            let known = self.record.get().filter(alive);
            let known = known.or_else(|| records::function(&self.function).filter(alive));
            let found = match known {
                Some(record) => Some((record, Owned::from_borrowed(record.function.get()))),
                // The function object that was made last is gone, but another one of the same code is in its place.
                None => records::resolve(&self.function)
                    .filter(|f| ffi::Py_TYPE(f.as_ptr()) == &raw mut ffi::PyFunction_Type)
                    .and_then(|f| Some((records::of_function(f.as_ptr())?, f))),
            };
            if let Some((record, function)) = found {
                self.record.set(Some(record));
                let index = self.param as usize;
                let found = crate::boundary::native::default_of(record, function.as_ptr(), index)?;
                if let Some(value) = found {
                    return Ok(value);
                }
                let parameter = &record.signature.parameters[index];
                let name = object::text(parameter.name.as_ptr()).unwrap_or("?");
                return Err(error::type_error(&format!(
                    "{}() missing 1 required positional argument: '{name}'",
                    record.signature.qualname
                )));
            }
            Err(error::system_error(&format!(
                "{} is not loaded",
                self.function
            )))
        }
    }
}
