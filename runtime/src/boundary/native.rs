//! The vectorcall entry of compiled functions: binds, checks, calls the generic entry.

use keelback_checker::interface::ParamKind;
use smallvec::SmallVec;

use super::check::Verdict;
use super::entry::{check_call, wrong_argument};
use super::signature::Signature;
use crate::error;
use crate::ffi::{self, PyObject};
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, FunctionRecord};
use crate::thread;
use crate::watch::bindings;

/// The entry that a compiled function has at first: asks the driver for the function's own vectorcall, gives the function that, and calls it.
/// A function that turns out not to be compiled stays CPython's.
///
/// # Safety
/// As any vectorcall; `callable` is a function with a record.
pub unsafe extern "C" fn first_call(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe {
            let own = ffi::optional().function_vectorcall;
            let entry = match (records::of_function(callable), bindings::get()) {
                (Some(record), Some(bindings)) => match bindings.vectorcall(record) {
                    Ok(_) if record.lenient => lenient_call,
                    Ok(entry) => entry,
                    Err(reason) => {
                        record.failure.set(Some(String::leak(reason)));
                        if record.signature.has_checks && !record.lenient {
                            super::entry::checked
                        } else {
                            own
                        }
                    }
                },
                _ => own,
            };
            ffi::PyFunction_SetVectorcall(callable, entry);
            Owned::from_new(entry(callable, args, nargsf, kwnames)).map(Owned::into_ptr)
        }
    })
}

/// A vectorcall for any compiled function: binds and checks, then calls it on whatever tier there is. Used where there is no specialised one.
///
/// # Safety
/// As any vectorcall; `callable` is a function with a record.
pub unsafe extern "C" fn bound_call(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe {
            let Some(record) = records::of_function(callable) else {
                let own = ffi::optional().function_vectorcall;
                return Owned::from_new(own(callable, args, nargsf, kwnames)).map(Owned::into_ptr);
            };
            if kwnames.is_null()
                && ffi::vectorcall_nargs(nargsf) == record.signature.parameters.len()
                && record.signature.positional == record.signature.parameters.len()
            {
                return simple_call(record, callable, args, nargsf);
            }
            call_binding(record, callable, args, nargsf, kwnames)
        }
    })
}

/// The same for functions of modules that are static by a pattern alone: arguments that do not fit run CPython's version.
///
/// # Safety
/// As any vectorcall; `callable` is a function with a record.
unsafe extern "C" fn lenient_call(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe {
            let own = || {
                ffi::PyErr_Clear();
                let own = ffi::optional().function_vectorcall;
                Owned::from_new(own(callable, args, nargsf, kwnames)).map(Owned::into_ptr)
            };
            let Some(record) = records::of_function(callable) else {
                return own();
            };
            let nargs = ffi::vectorcall_nargs(nargsf);
            let Ok(Some(mut bound)) = bind(record, callable, args, nargs, kwnames) else {
                return own();
            };
            if check_bound(&record.signature, &mut bound).is_err() {
                return own();
            }
            call(record, bound.args.as_ptr()).unwrap_or_else(own)
        }
    })
}

/// A call with all arguments by position and nothing to gather: the caller's array is what the function takes.
unsafe fn simple_call(
    record: &'static FunctionRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
) -> PyResult<*mut PyObject> {
    let none = std::ptr::null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let converted = check_call(&record.signature, args, nargsf, none, false)?;
        let given = converted.as_ref().map_or(args, |c| c.args.as_ptr());
        call(record, given).unwrap_or_else(|| {
            let entry = super::entry::checked;
            Owned::from_new(entry(callable, args, nargsf, none)).map(Owned::into_ptr)
        })
    }
}
/// Binds a call that is not all by position: keywords, defaults, `*args`, `**kwargs`; checks; and calls the function. What does not bind
/// raises CPython's own messages.
///
/// # Safety
/// As any vectorcall; `record` is the record of the function `callable`.
pub unsafe extern "C" fn bind_slow(
    record: *const FunctionRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's promise; records are never freed.
    error::guard(std::ptr::null_mut(), || unsafe {
        call_binding(&*record, callable, args, nargsf, kwnames)
    })
}

unsafe fn call_binding(
    record: &'static FunctionRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> PyResult<*mut PyObject> {
    // SAFETY: the caller's promise.
    unsafe {
        let nargs = ffi::vectorcall_nargs(nargsf);
        let Some(mut bound) = bind(record, callable, args, nargs, kwnames)? else {
            // CPython raises its own error for arguments that do not bind, before any of the body runs.
            let own = ffi::optional().function_vectorcall;
            return Owned::from_new(own(callable, args, nargsf, kwnames)).map(Owned::into_ptr);
        };
        check_bound(&record.signature, &mut bound)?;
        call(record, bound.args.as_ptr())
            .unwrap_or_else(|| Ok(super::entry::checked(callable, args, nargsf, kwnames)))
    }
}

/// Calls a compiled function with one object per parameter; `None` when it is left to CPython.
unsafe fn call(
    record: &'static FunctionRecord,
    args: *const *mut PyObject,
) -> Option<PyResult<*mut PyObject>> {
    // SAFETY: the caller's promise.
    unsafe {
        let result = bindings::get()?.call(record, thread::current(), args)?;
        Some(result.map(Owned::into_ptr))
    }
}

struct Bound {
    args: SmallVec<[*mut PyObject; 8]>,
    owned: SmallVec<[Owned; 4]>,
}

/// Puts arguments in parameter order with defaults filled in. `None`: they do not bind.
unsafe fn bind(
    record: &FunctionRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargs: usize,
    kwnames: *mut PyObject,
) -> PyResult<Option<Bound>> {
    let signature = &record.signature;
    // SAFETY: the caller's promise: `args` holds the positional arguments, then one value per keyword.
    unsafe {
        let mut bound = Bound {
            args: SmallVec::from_elem(std::ptr::null_mut(), signature.parameters.len()),
            owned: SmallVec::new(),
        };
        let by_position = nargs.min(signature.positional);
        for i in 0..by_position {
            bound.args[i] = *args.add(i);
        }
        if nargs > by_position && signature.var_positional.is_none() {
            return Ok(None);
        }
        if let Some(index) = signature.var_positional {
            let rest = Owned::from_new(ffi::PyTuple_New((nargs - by_position) as isize))?;
            for i in by_position..nargs {
                let item = Owned::from_borrowed(*args.add(i));
                ffi::PyTuple_SetItem(rest.as_ptr(), (i - by_position) as isize, item.into_ptr());
            }
            bound.args[index] = rest.as_ptr();
            bound.owned.push(rest);
        }
        let extra = match signature.var_keyword {
            Some(index) => {
                let dict = Owned::from_new(ffi::PyDict_New())?;
                bound.args[index] = dict.as_ptr();
                bound.owned.push(dict.clone());
                Some(dict)
            }
            None => None,
        };
        if !kwnames.is_null() {
            for i in 0..ffi::PyTuple_Size(kwnames) {
                let name = ffi::PyTuple_GetItem(kwnames, i);
                let value = *args.add(nargs + i as usize);
                match (signature.by_keyword(name), &extra) {
                    (Some(index), _) => {
                        if !bound.args[index].is_null() {
                            return Ok(None);
                        }
                        bound.args[index] = value;
                    }
                    (None, Some(dict)) => {
                        if ffi::PyDict_SetItem(dict.as_ptr(), name, value) < 0 {
                            return Err(Raised);
                        }
                    }
                    (None, None) => return Ok(None),
                }
            }
        }
        for i in 0..signature.parameters.len() {
            if !bound.args[i].is_null() {
                continue;
            }
            let Some(value) = default_of(record, callable, i)? else {
                return Ok(None);
            };
            // The function's defaults may be replaced while it runs.
            bound.args[i] = value.as_ptr();
            bound.owned.push(value);
        }
        Ok(Some(bound))
    }
}

/// The default value of a parameter as a function object has it now, if it has one.
///
/// # Errors
/// `MemoryError` and the like.
///
/// # Safety
/// `callable` is a live function made from the record's code; the GIL is held.
pub unsafe fn default_of(
    record: &FunctionRecord,
    callable: *mut PyObject,
    index: usize,
) -> PyResult<Option<Owned>> {
    let signature = &record.signature;
    let layout = ffi::layout();
    let parameter = &signature.parameters[index];
    // SAFETY: the caller's promise.
    unsafe {
        let value = if parameter.kind == ParamKind::KeywordOnly {
            let kwdefaults: *mut PyObject = ffi::read(callable.cast(), layout.function_kwdefaults);
            if kwdefaults.is_null() {
                return Ok(None);
            }
            ffi::PyDict_GetItemWithError(kwdefaults, parameter.name.as_ptr())
        } else {
            let defaults: *mut PyObject = ffi::read(callable.cast(), layout.function_defaults);
            let count = if defaults.is_null() {
                0
            } else {
                ffi::PyTuple_Size(defaults) as usize
            };
            if index >= signature.positional || index + count < signature.positional {
                return Ok(None);
            }
            ffi::PyTuple_GetItem(defaults, (index + count - signature.positional) as isize)
        };
        if value.is_null() {
            return if ffi::PyErr_Occurred().is_null() {
                Ok(None)
            } else {
                Err(Raised)
            };
        }
        Ok(Some(Owned::from_borrowed(value)))
    }
}

unsafe fn check_bound(signature: &Signature, bound: &mut Bound) -> PyResult<()> {
    // SAFETY: the caller's promise: one live object per parameter.
    unsafe {
        for (i, p) in signature.parameters.iter().enumerate() {
            if p.check.is_trivial() {
                continue;
            }
            let value = bound.args[i];
            let refuse = |verdict: &Verdict, value: *mut PyObject| {
                let name = object::text(p.name.as_ptr()).unwrap_or("?");
                wrong_argument(&signature.qualname, name, &p.check, verdict, value)
            };
            match p.kind {
                ParamKind::VarPositional => {
                    let mut converted = None;
                    for k in 0..ffi::PyTuple_Size(value) {
                        let item = ffi::PyTuple_GetItem(value, k);
                        match p.check.test(item)? {
                            Verdict::Fits => {}
                            // The tuple is ours and nobody else has seen it.
                            Verdict::Becomes(new) => {
                                converted.get_or_insert_with(Vec::new).push((k, new));
                            }
                            refused => return Err(refuse(&refused, item)),
                        }
                    }
                    for (k, new) in converted.into_iter().flatten() {
                        replace_tuple_item(value, k, new);
                    }
                }
                ParamKind::VarKeyword => {
                    let mut position = 0;
                    let (mut key, mut item) = (std::ptr::null_mut(), std::ptr::null_mut());
                    let mut converted = Vec::new();
                    while ffi::PyDict_Next(value, &raw mut position, &raw mut key, &raw mut item)
                        != 0
                    {
                        match p.check.test(item)? {
                            Verdict::Fits => {}
                            Verdict::Becomes(new) => {
                                converted.push((Owned::from_borrowed(key), new));
                            }
                            refused => return Err(refuse(&refused, item)),
                        }
                    }
                    for (key, new) in converted {
                        if ffi::PyDict_SetItem(value, key.as_ptr(), new.as_ptr()) < 0 {
                            return Err(Raised);
                        }
                    }
                }
                _ => match p.check.test(value)? {
                    Verdict::Fits => {}
                    Verdict::Becomes(new) => {
                        bound.args[i] = new.as_ptr();
                        bound.owned.push(new);
                    }
                    refused => return Err(refuse(&refused, value)),
                },
            }
        }
        Ok(())
    }
}

/// Stores into a tuple that only this call has a reference to.
unsafe fn replace_tuple_item(tuple: *mut PyObject, index: isize, new: Owned) {
    // SAFETY: the caller's promise; the old item's reference passes to `old`.
    unsafe {
        let slot = tuple
            .byte_add(ffi::layout().tuple_items)
            .cast::<*mut PyObject>()
            .offset(index);
        let old = std::mem::replace(&mut *slot, new.into_ptr());
        drop(Owned::from_nullable(old));
    }
}
