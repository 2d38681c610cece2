//! The extension module `_keelback`, which CPython loads: it starts the host of `keelback-runtime` with the compiler of this build.
#![deny(unsafe_code)]

use std::path::{Path, PathBuf};

use keelback_runtime::compile::Compiler;
use keelback_runtime::driver::module::DatabaseCompiler;
use keelback_runtime::host::{self, Options};
use keelback_runtime::import_hook;
use keelback_runtime::main_program::Program;
use keelback_runtime::{entry, stats as counts};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};

/// The compiler that modules are shown to.
fn compiler() -> Box<dyn Compiler> {
    Box::new(DatabaseCompiler)
}

/// Installs the host with the settings of the environment and of the configuration that is found from the current folder. Calling it again
/// does nothing.
#[pyfunction]
fn install(py: Python<'_>) -> PyResult<()> {
    let module = py.import("_keelback")?;
    let config = host::configuration(None, Path::new("."));
    let options = Options::new(&config).map_err(PyValueError::new_err)?;
    entry::start(&module, options, compiler())
}

/// Runs a main program: options of the host, then `--file PATH`, `--module NAME`, `--command TEXT` or `--stdin`, then the program's
/// arguments.
#[pyfunction]
fn main(py: Python<'_>, arguments: Vec<String>) -> PyResult<()> {
    let mut stats = false;
    let mut patterns = Vec::new();
    let mut config = None;
    let mut rest = arguments.into_iter();
    let missing = || PyValueError::new_err("an option lacks its value");
    let program = loop {
        let option = rest
            .next()
            .ok_or_else(|| PyValueError::new_err("no program was named"))?;
        match option.as_str() {
            "--stats" => stats = true,
            "--static" => patterns.push(rest.next().ok_or_else(missing)?),
            "--config" => config = Some(PathBuf::from(rest.next().ok_or_else(missing)?)),
            "--file" => break Program::File(rest.next().ok_or_else(missing)?),
            "--module" => break Program::Module(rest.next().ok_or_else(missing)?),
            "--command" => break Program::Command(rest.next().ok_or_else(missing)?),
            "--stdin" => break Program::Stdin,
            other => {
                return Err(PyValueError::new_err(format!("unknown option {other}")));
            }
        }
    };
    let rest: Vec<String> = rest.collect();
    let config = host::configuration(config.as_deref(), &program.folder());
    let mut options = Options::new(&config)
        .and_then(|options| options.with_patterns(patterns))
        .map_err(PyValueError::new_err)?;
    options.stats |= stats;
    let module = py.import("_keelback")?;
    entry::start(&module, options, compiler())?;
    entry::run(py, &program, &rest)
}

/// Shows a module to the compiler before its body runs; whether it is static.
#[pyfunction]
fn prepare(
    loader: &Bound<'_, PyAny>,
    name: &str,
    code: &Bound<'_, PyAny>,
    globals: &Bound<'_, PyDict>,
) -> PyResult<bool> {
    entry::prepare(loader, name, code, globals)
}

/// Whether a configured pattern makes the module static.
#[pyfunction]
fn by_pattern(name: &str) -> bool {
    import_hook::matches_pattern(name)
}

/// Leaves modules that are imported from now on to CPython.
#[pyfunction]
fn uninstall(py: Python<'_>) -> PyResult<()> {
    entry::stop(py)
}

/// What is known of a function: `compiled`, `symbol`, and `reason` where CPython runs it.
#[pyfunction]
fn info<'py>(py: Python<'py>, function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let known = PyDict::new(py);
    let about = entry::about(function);
    known.set_item("compiled", about.as_ref().is_some_and(|a| a.compiled))?;
    known.set_item("symbol", about.as_ref().map(|a| a.symbol.clone()))?;
    known.set_item("reason", about.and_then(|a| a.reason))?;
    Ok(known)
}

/// Counts and times since the start.
#[pyfunction]
fn stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let numbers = PyDict::new(py);
    for (name, value) in counts::numbers() {
        numbers.set_item(name, value)?;
    }
    numbers.set_item("reasons", counts::reasons())?;
    Ok(numbers)
}

#[pymodule]
fn _keelback(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    entry::check_interpreter(py)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(install, module)?)?;
    module.add_function(wrap_pyfunction!(uninstall, module)?)?;
    module.add_function(wrap_pyfunction!(info, module)?)?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(prepare, module)?)?;
    module.add_function(wrap_pyfunction!(by_pattern, module)?)?;
    module.add_function(wrap_pyfunction!(stats, module)?)?;
    module.add("Array", keelback_runtime::array::class(py)?)?;
    keelback_runtime::testing::add_to(module)?;
    Ok(())
}
