//! `_keelback._test`: doors through which tests reach what has no other way in from Python. Not part of any interface.
//!
//! `call_helper` calls a runtime helper by name with objects turned into the kinds that the list states; `run_text` runs typed bytecode from its text form.

use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::ops::Mode;
use keelback_lowering::types::{ErrorValue, Repr};
use keelback_lowering::{passes, text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyModule, PyTuple};

use crate::driver::unit::Unit;
use crate::ffi::{self, PyObject};
use crate::helpers::{self, boxing};
use crate::object::{Owned, PyResult as Outcome, Raised};
use crate::thread;

/// Adds the submodule to the extension module.
///
/// # Errors
/// `MemoryError` and the like.
pub fn add_to(module: &Bound<'_, PyModule>) -> pyo3::PyResult<()> {
    let test = PyModule::new(module.py(), "_test")?;
    test.add_function(wrap_pyfunction!(call_helper, &test)?)?;
    test.add_function(wrap_pyfunction!(helper_names, &test)?)?;
    test.add_function(wrap_pyfunction!(run_text, &test)?)?;
    module.add("_test", test)
}

/// What a function of the runtime gave, as pyo3 wants it.
fn given<T>(py: Python<'_>, result: Outcome<T>) -> pyo3::PyResult<T> {
    result.map_err(|Raised| PyErr::fetch(py))
}

/// An owned object as pyo3 wants it.
fn object<'py>(py: Python<'py>, owned: Owned) -> Bound<'py, PyAny> {
    // SAFETY: the reference is given away.
    unsafe { Bound::from_owned_ptr(py, owned.into_ptr()) }
}

/// Names of the helpers, in the order of the list.
#[pyfunction]
fn helper_names() -> Vec<&'static str> {
    Helper::ALL.iter().map(|h| h.info().name).collect()
}

/// Memory that an address operand points at, for as long as the call lasts.
type Held = Vec<Vec<*mut PyObject>>;

/// An operand's word. `NotImplemented` stands for a null object; a tuple for the address of its items, for helpers that take one; an int operand's word that
/// owns a reference is noted in `words`.
fn operand(
    arg: &Bound<'_, PyAny>,
    (mode, kind): (Mode, HelperKind),
    held: &mut Held,
    words: &mut Vec<u64>,
) -> pyo3::PyResult<u64> {
    let py = arg.py();
    // SAFETY: the GIL is held, and the caller keeps the arguments alive.
    unsafe {
        let pointer = arg.as_ptr();
        Ok(match kind {
            HelperKind::obj if pointer == ffi::Py_NotImplemented() => 0,
            HelperKind::obj => {
                if mode == Mode::Steal {
                    ffi::Py_INCREF(pointer);
                }
                pointer as u64
            }
            HelperKind::int => {
                let word = given(py, boxing::to_word(pointer, Repr::Int))?;
                words.push(word);
                word
            }
            HelperKind::i64 => arg.extract::<i64>()? as u64,
            HelperKind::u64 => arg.extract::<u64>()?,
            HelperKind::f64 => arg.extract::<f64>()?.to_bits(),
            HelperKind::bool => u64::from(arg.extract::<bool>()?),
            HelperKind::ptr => match arg.cast::<PyTuple>() {
                Ok(items) => {
                    held.push(items.iter().map(|i| i.as_ptr()).collect());
                    held.last().map_or(0, |items| items.as_ptr() as u64)
                }
                Err(_) => arg.extract::<u64>()?,
            },
            HelperKind::unit => return Err(PyTypeError::new_err("nothing is no operand")),
        })
    }
}

/// Calls a helper.
#[pyfunction]
#[pyo3(signature = (name, *args))]
fn call_helper<'py>(
    py: Python<'py>,
    name: &str,
    args: &Bound<'py, PyTuple>,
) -> pyo3::PyResult<Bound<'py, PyAny>> {
    let helper =
        Helper::from_name(name).ok_or_else(|| PyValueError::new_err("there is no such helper"))?;
    let info = helper.info();
    if info.params.len() != args.len() {
        return Err(PyTypeError::new_err("wrong number of operands"));
    }
    let (mut held, mut words) = (Vec::new(), Vec::new());
    let takes_over = matches!(name, "tuple_new" | "list_new");
    let operands = args
        .iter()
        .zip(info.params)
        .map(|(arg, param)| operand(&arg, *param, &mut held, &mut words))
        .collect::<pyo3::PyResult<Vec<u64>>>()?;
    // SAFETY: the words are of the kinds that the list states; what is taken over gets references of its own.
    unsafe {
        if takes_over {
            for item in held.iter().flatten() {
                ffi::Py_INCREF(*item);
            }
        }
        let result = helpers::invoke(helper, &operands);
        for word in words {
            boxing::release(word, Repr::Int);
        }
        let word = given(py, result)?;
        let repr = match info.ret {
            HelperKind::obj if word == 0 && info.error == ErrorValue::One => {
                return Ok(ffi_none(py));
            }
            HelperKind::unit => return Ok(ffi_none(py)),
            HelperKind::obj => Repr::Obj,
            HelperKind::int => Repr::Int,
            HelperKind::i64 => Repr::I64,
            HelperKind::f64 => Repr::F64,
            HelperKind::bool => Repr::Bool,
            HelperKind::u64 | HelperKind::ptr => Repr::U64,
        };
        Ok(object(py, given(py, boxing::into_object(word, repr))?))
    }
}

fn ffi_none(py: Python<'_>) -> Bound<'_, PyAny> {
    py.None().into_bound(py)
}

/// Runs a function given in the text form on the process's tier: parses it, makes errors and ownership explicit unless `raw`, and calls it with the
/// arguments unboxed by the signature.
#[pyfunction]
#[pyo3(signature = (source, *args, raw = false))]
fn run_text<'py>(
    py: Python<'py>,
    source: &str,
    args: &Bound<'py, PyTuple>,
    raw: bool,
) -> pyo3::PyResult<Bound<'py, PyAny>> {
    let mut function = text::parse(source).map_err(|e| PyValueError::new_err(format!("{e:?}")))?;
    if !raw {
        passes::errors::run(&mut function);
        passes::ownership::run(&mut function);
    }
    let params = function.signature.params.len();
    if params != args.len() {
        return Err(PyTypeError::new_err("wrong number of arguments"));
    }
    let pointers: Vec<*mut PyObject> = args.iter().map(|a| a.as_ptr()).collect();
    let unit = Unit::of_bytecode(function);
    // SAFETY: the arguments live until the call is over; one that is not of its parameter's class is refused.
    unsafe {
        let result = unit.call_objects(thread::current(), pointers.as_ptr());
        Ok(object(py, given(py, result)?))
    }
}
