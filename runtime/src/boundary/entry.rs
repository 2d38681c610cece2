//! The vectorcall entries that function objects of static modules get.

use smallvec::SmallVec;

use super::check::{Check, Verdict};
use super::signature::Signature;
use crate::compile::FunctionBody;
use crate::error;
use crate::ffi::{self, PyObject};
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, FunctionRecord};

/// Arguments after checks: some replaced by their converted values, which `owned` keeps alive.
pub(super) struct Converted {
    pub(super) args: SmallVec<[*mut PyObject; 8]>,
    owned: SmallVec<[Owned; 4]>,
}

/// The entry of a function whose body CPython runs: checks annotated arguments, calls CPython's own entry, checks the result. Whether the
/// arguments bind is CPython's affair, and so are its messages.
///
/// # Safety
/// As any vectorcall; `callable` is a function with a record.
pub unsafe extern "C" fn checked(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe {
            let own = ffi::optional().function_vectorcall;
            let Some(record) = records::of_function(callable) else {
                return Owned::from_new(own(callable, args, nargsf, kwnames)).map(Owned::into_ptr);
            };
            let signature = &record.signature;
            let result = match check_call(signature, args, nargsf, kwnames, true)? {
                None => own(callable, args, nargsf, kwnames),
                Some(converted) => own(
                    callable,
                    converted.args.as_ptr(),
                    ffi::vectorcall_nargs(nargsf),
                    kwnames,
                ),
            };
            let result = Owned::from_new(result)?;
            check_result(signature, result).map(Owned::into_ptr)
        }
    })
}

/// Checks the arguments of a call as they were passed. `None`: pass them on as they are. `dynamic`: CPython runs the function.
pub(super) unsafe fn check_call(
    signature: &Signature,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
    dynamic: bool,
) -> PyResult<Option<Converted>> {
    // SAFETY: the caller's promise: `args` holds the positional arguments, then one value per name.
    unsafe {
        let positional = ffi::vectorcall_nargs(nargsf);
        let keywords = if kwnames.is_null() {
            0
        } else {
            ffi::PyTuple_Size(kwnames) as usize
        };
        let mut converted: Option<Converted> = None;
        for i in 0..positional + keywords {
            let parameter = if i < signature.positional.min(positional) {
                &signature.parameters[i]
            } else if i < positional {
                match signature.var_positional {
                    Some(index) => &signature.parameters[index],
                    None => continue,
                }
            } else {
                let name = ffi::PyTuple_GetItem(kwnames, (i - positional) as isize);
                match signature.by_keyword(name).or(signature.var_keyword) {
                    Some(index) => &signature.parameters[index],
                    None => continue,
                }
            };
            let value = *args.add(i);
            match parameter.check.test(value)? {
                Verdict::Fits => {}
                Verdict::Becomes(new) => {
                    let all = converted.get_or_insert_with(|| Converted {
                        args: std::slice::from_raw_parts(args, positional + keywords).into(),
                        owned: SmallVec::new(),
                    });
                    all.args[i] = new.as_ptr();
                    all.owned.push(new);
                }
                _ if dynamic && parameter.check.passed_once(value) => {}
                refused => {
                    let name = object::text(parameter.name.as_ptr()).unwrap_or("?");
                    return Err(wrong_argument(
                        &signature.qualname,
                        name,
                        &parameter.check,
                        &refused,
                        value,
                    ));
                }
            }
        }
        Ok(converted)
    }
}

/// Checks a result against the declared return type.
pub(super) unsafe fn check_result(signature: &Signature, result: Owned) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        match signature.returns.test(result.as_ptr())? {
            Verdict::Fits => Ok(result),
            Verdict::Becomes(new) => Ok(new),
            _ if signature.returns.passed_once(result.as_ptr()) => Ok(result),
            refused => Err(wrong_result(
                &signature.qualname,
                &signature.returns,
                &refused,
                result.as_ptr(),
            )),
        }
    }
}

/// `f expected 'int' for argument x, got 'str'`
///
/// # Safety
/// `value` is alive; the GIL is held.
pub unsafe fn wrong_argument(
    function: &str,
    name: &str,
    check: &Check,
    verdict: &Verdict,
    value: *mut PyObject,
) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        if matches!(verdict, Verdict::OutOfRange) {
            return error::overflow_error(&format!(
                "{function} expected '{}' for argument {name}, got out-of-range int {}",
                check.name,
                object::display(value)
            ));
        }
        error::static_type_error(&format!(
            "{function} expected '{}' for argument {name}, got '{}'",
            check.name,
            object::class_name(ffi::Py_TYPE(value))
        ))
    }
}

/// `unexpected return type from f, expected int, got str`
///
/// # Safety
/// `value` is alive; the GIL is held.
pub unsafe fn wrong_result(
    function: &str,
    check: &Check,
    verdict: &Verdict,
    value: *mut PyObject,
) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        if matches!(verdict, Verdict::OutOfRange) {
            return error::overflow_error(&format!(
                "unexpected return value from {function}, expected {}, got out-of-range int {}",
                check.name,
                object::display(value)
            ));
        }
        error::static_type_error(&format!(
            "unexpected return type from {function}, expected {}, got {}",
            check.name,
            object::class_name(ffi::Py_TYPE(value))
        ))
    }
}

/// Gives a new function object the entry that its record asks for.
///
/// # Safety
/// `function` is a live function object made from the record's code; the GIL is held.
pub unsafe fn attach(function: *mut PyObject, record: &'static FunctionRecord) {
    // SAFETY: the caller's promise.
    unsafe {
        record.function.set(function);
        let interpreted = record.body != FunctionBody::Compiled || record.failure.get().is_some();
        if !interpreted {
            set_entry(function, record, super::native::first_call);
        } else if record.signature.has_checks && !record.lenient {
            set_entry(function, record, checked);
        }
        if let Some(bindings) = crate::watch::bindings::get() {
            bindings.function_created(record, function);
        }
    }
}

/// A function is left to CPython from now on: its object gets the entry of an interpreted one.
///
/// # Safety
/// The GIL is held.
pub unsafe fn leave(record: &FunctionRecord, reason: &'static str) {
    // SAFETY: the caller's promise; the record knows its function object only while that is alive.
    unsafe {
        record.failure.set(Some(reason));
        let function = record.function.get();
        if !function.is_null() {
            let entry = if record.signature.has_checks && !record.lenient {
                checked
            } else {
                ffi::optional().function_vectorcall
            };
            ffi::PyFunction_SetVectorcall(function, entry);
        }
    }
}

/// Gives a function that is being made an entry. Without a version of its code, the interpreter never inlines calls of the function, so that
/// every call meets the entry.
unsafe fn set_entry(function: *mut PyObject, record: &FunctionRecord, entry: ffi::Vectorcall) {
    // SAFETY: the caller's promise; the function takes its version from the code after this.
    unsafe {
        ffi::write::<u32>(record.code.cast(), ffi::layout().code_version, 0);
        ffi::PyFunction_SetVectorcall(function, entry);
    }
}
