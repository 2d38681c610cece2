//! What the extension module calls: the doors of this crate for code that holds PyO3's proofs instead of promises.
//!
//! Everything behind them needs the GIL and live objects. A `Python<'_>` proves the one and a `Bound` the other, so these functions are safe,
//! and the extension module needs no `unsafe` of its own.

use std::ffi::OsString;
use std::path::Path;

use keelback_checker::db::{Database, File};
use keelback_checker::types::Symbol;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyModule};

use crate::compile::Compiler;
use crate::driver::inspect::{self, About};
use crate::host::{self, Options};
use crate::import_hook;
use crate::main_program::{self, Program};
use crate::object::Raised;

/// The exception that a function of this crate left set.
fn raised<T>(py: Python<'_>, result: crate::object::PyResult<T>) -> PyResult<T> {
    result.map_err(|Raised| PyErr::fetch(py))
}

/// Accepts or refuses the running interpreter.
///
/// # Errors
/// As [`host::check_interpreter`].
pub fn check_interpreter(py: Python<'_>) -> PyResult<()> {
    // SAFETY: `py` proves that the GIL is held.
    raised(py, unsafe { host::check_interpreter() })
}

/// Starts the host; `module` must be the extension module. Calling it again does nothing.
///
/// # Errors
/// As [`host::start`].
pub fn start(
    module: &Bound<'_, PyModule>,
    options: Options,
    compiler: Box<dyn Compiler>,
) -> PyResult<()> {
    // SAFETY: `module` proves that the GIL is held, and is alive. That it is the extension module matters to what Python code finds
    // in it alone.
    raised(module.py(), unsafe {
        host::start(module.as_ptr(), options, compiler)
    })
}

/// Leaves modules that are imported from now on to CPython.
///
/// # Errors
/// As [`host::stop`].
pub fn stop(py: Python<'_>) -> PyResult<()> {
    // SAFETY: `py` proves that the GIL is held.
    raised(py, unsafe { host::stop() })
}

/// Runs a main program.
///
/// # Errors
/// As [`main_program::run`].
pub fn run(py: Python<'_>, program: &Program, arguments: &[OsString]) -> PyResult<()> {
    // SAFETY: `py` proves that the GIL is held; a second call would run a second program in the same `__main__`, which is odd and harmless.
    raised(py, unsafe { main_program::run(program, arguments) })
}

/// Lets the compiler begin with a file that CPython is about to read.
pub fn expect(_py: Python<'_>, name: &str, path: &str) {
    // SAFETY: the first argument proves that the GIL is held.
    unsafe { import_hook::expect(name, Path::new(path)) }
}

/// Lets the compiler begin with a module that CPython is about to compile.
pub fn begin(_py: Python<'_>, name: &str, path: &str, data: &[u8]) {
    // SAFETY: the first argument proves that the GIL is held.
    unsafe { import_hook::begin(name, Path::new(path), data) }
}

/// Shows a module to the compiler before its body runs; whether it is static.
///
/// # Errors
/// As [`import_hook::prepare`]; `TypeError` when `code` is not a code object.
pub fn prepare(
    loader: &Bound<'_, PyAny>,
    name: &str,
    code: &Bound<'_, PyAny>,
    globals: &Bound<'_, PyDict>,
    data: Option<&Bound<'_, PyBytes>>,
) -> PyResult<bool> {
    let py = loader.py();
    let data = data.map(|data| data.as_ptr());
    code.cast::<pyo3::types::PyCode>()?;
    // SAFETY: the arguments prove that the GIL is held and are alive; `code` was just looked at.
    raised(py, unsafe {
        import_hook::prepare(loader.as_ptr(), name, code.as_ptr(), globals.as_ptr(), data)
    })
}

/// What is known of an object that may be a function of a static module.
pub fn about(object: &Bound<'_, PyAny>) -> Option<About> {
    // SAFETY: the argument proves that the GIL is held, and is alive.
    unsafe { inspect::about(object.as_ptr()) }
}

/// The database and the file that a function was compiled from, and its symbol.
pub fn source(object: &Bound<'_, PyAny>) -> Option<(Database, File, Symbol)> {
    // SAFETY: as above.
    unsafe { inspect::source(object.as_ptr()) }
}

/// Whether an object is a class that Keelback laid out.
pub fn is_static_type(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: as above.
    unsafe { inspect::is_static_type(object.as_ptr()) }
}

/// Whether an object is a module that was imported as a static one.
pub fn is_static_module(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: as above.
    unsafe { inspect::is_static_module(object.as_ptr()) }
}
