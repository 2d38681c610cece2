//! The extension module `keelback._keelback`, which CPython loads: it starts the host of `keelback-runtime` with the compiler of this build, and
//! holds the commands of the Python package.
#![deny(unsafe_code)]

mod commands;
mod interpreter;
mod run;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use keelback_runtime::compile::Compiler;
use keelback_runtime::driver::module::DatabaseCompiler;
use keelback_runtime::host::{self, Options};
use keelback_runtime::import_hook;
use keelback_runtime::main_program::Program;
use keelback_runtime::{entry, stats as counts};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyModule};

use clap::ValueEnum;
use commands::dis::{self, Selection, Stage};
use commands::{Arguments, Task};
use run::Run;

/// The compiler that modules are shown to.
fn compiler() -> Box<dyn Compiler> {
    Box::new(DatabaseCompiler)
}

/// Installs the host with the settings of the environment and of the configuration that is found from the current folder. Calling it again
/// does nothing.
#[pyfunction]
#[pyo3(pass_module)]
fn install(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let config = host::configuration(None, Path::new("."));
    let options = Options::new(&config).map_err(PyValueError::new_err)?;
    entry::start(module, options, compiler())
}

/// Runs a main program: options of the host, then `--file PATH`, `--module NAME`, `--command TEXT` or `--stdin`, then the program's
/// arguments.
#[pyfunction]
#[pyo3(pass_module)]
fn main(module: &Bound<'_, PyModule>, arguments: Vec<OsString>) -> PyResult<()> {
    let mut stats = false;
    let mut patterns = Vec::new();
    let mut config = None;
    let mut rest = arguments.into_iter();
    let missing = || PyValueError::new_err("an option lacks its value");
    let program = loop {
        let option = rest
            .next()
            .ok_or_else(|| PyValueError::new_err("no program was named"))?;
        let mut value = || rest.next().ok_or_else(missing);
        match option.to_str() {
            Some("--stats") => stats = true,
            Some("--static") => patterns.push(text(value()?)?),
            Some("--config") => config = Some(PathBuf::from(value()?)),
            Some("--file") => break Program::File(text(value()?)?),
            Some("--module") => break Program::Module(text(value()?)?),
            Some("--command") => break Program::Command(text(value()?)?),
            Some("--stdin") => break Program::Stdin,
            _ => {
                let message = format!("unknown option {}", option.display());
                return Err(PyValueError::new_err(message));
            }
        }
    };
    let rest: Vec<OsString> = rest.collect();
    let config = host::configuration(config.as_deref(), &program.folder());
    let mut options = Options::new(&config)
        .and_then(|options| options.with_patterns(patterns))
        .map_err(PyValueError::new_err)?;
    options.stats |= stats;
    entry::start(module, options, compiler())?;
    entry::run(module.py(), &program, &rest)
}

fn text(word: OsString) -> PyResult<String> {
    word.into_string()
        .map_err(|word| PyValueError::new_err(format!("{} is not UTF-8", word.display())))
}

/// The command of the package, with all its words; the exit status. A program is run in this process, unless another interpreter is asked for.
#[pyfunction]
#[pyo3(pass_module)]
fn command(module: &Bound<'_, PyModule>, words: Vec<OsString>) -> PyResult<u8> {
    let py = module.py();
    let arguments = match Arguments::read(words) {
        Ok(arguments) => arguments,
        Err(status) => return Ok(status),
    };
    let outcome = match arguments.task() {
        Ok(Task::Work(work)) => {
            prepare_process(py)?;
            py.detach(work)
        }
        Ok(Task::Run(run)) if is_here(py, &run)? => {
            forget_the_command(py)?;
            main(module, run.words())?;
            Ok(0)
        }
        Ok(Task::Run(run)) => {
            let extension: PathBuf = module.getattr("__file__")?.extract()?;
            run::run(&run, &extension)
        }
        Err(sentence) => Err(sentence),
    };
    Ok(outcome.unwrap_or_else(|sentence| commands::refuse(&sentence)))
}

/// Makes the process like one of the command that needs no Python: Ctrl-C ends it, and packages are looked for in the environment that holds
/// the command, unless another is active.
fn prepare_process(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("_signal")?;
    let arguments = (signal.getattr("SIGINT")?, signal.getattr("SIG_DFL")?);
    signal.call_method1("signal", arguments)?;
    let sys = py.import("sys")?;
    let prefix = sys.getattr("prefix")?;
    if !prefix.eq(sys.getattr("base_prefix")?)? {
        let environment = py.import("os")?.getattr("environ")?;
        environment.call_method1("setdefault", ("VIRTUAL_ENV", prefix))?;
    }
    Ok(())
}

/// Whether the program is to be run by this interpreter: no other is asked for.
fn is_here(py: Python<'_>, run: &Run) -> PyResult<bool> {
    let Some(wish) = run.wish() else {
        return Ok(true);
    };
    let own: Option<String> = py.import("sys")?.getattr("executable")?.extract()?;
    Ok(own.is_some_and(|own| own == wish.what))
}

/// Gives the program the empty `__main__` that it finds when the interpreter has started for nothing else.
fn forget_the_command(py: Python<'_>) -> PyResult<()> {
    let main = PyModule::new(py, "__main__")?;
    main.setattr("__annotations__", PyDict::new(py))?;
    main.setattr("__builtins__", py.import("builtins")?)?;
    let importer = py.import("_frozen_importlib")?.getattr("BuiltinImporter")?;
    main.setattr("__loader__", importer)?;
    let modules = py.import("sys")?.getattr("modules")?;
    modules.set_item("__main__", main)
}

/// Lets the compiler begin with a file that CPython is about to read.
#[pyfunction]
fn expect(py: Python<'_>, name: &str, path: &str) {
    entry::expect(py, name, path);
}

/// Lets the compiler begin with a module that CPython is about to compile.
#[pyfunction]
fn begin(py: Python<'_>, name: &str, path: &str, data: &[u8]) {
    entry::begin(py, name, path, data);
}

/// Shows a module to the compiler before its body runs; whether it is static.
#[pyfunction]
fn prepare(
    loader: &Bound<'_, PyAny>,
    name: &str,
    code: &Bound<'_, PyAny>,
    globals: &Bound<'_, PyDict>,
    data: Option<&Bound<'_, PyBytes>>,
) -> PyResult<bool> {
    entry::prepare(loader, name, code, globals, data)
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

/// The function of a bound method, or the object itself.
fn function_of<'py>(object: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    object
        .getattr("__func__")
        .unwrap_or_else(|_| object.clone())
}

/// What is known of a function of a static module; `None` of anything else.
#[pyfunction]
fn info<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(about) = entry::about(&function_of(function)) else {
        return Ok(None);
    };
    let known = PyDict::new(py);
    known.set_item("symbol", about.symbol)?;
    known.set_item("signature", about.signature)?;
    known.set_item("native_signature", about.native_signature)?;
    known.set_item("tier", about.tier)?;
    known.set_item("code_bytes", about.code_bytes)?;
    known.set_item("reason", about.reason)?;
    Ok(Some(known))
}

/// A function of a static module at a stage of its way to machine code, as `keelback dis` prints it.
#[pyfunction]
#[pyo3(name = "dis")]
fn dis_text(function: &Bound<'_, PyAny>, stage: &str, level: u8) -> PyResult<String> {
    let function = function_of(function);
    let Some((db, file, symbol)) = entry::source(&function) else {
        let message = format!("{} is no function of a static module", function.repr()?);
        return Err(PyTypeError::new_err(message));
    };
    let stage = Stage::from_str(stage, false).map_err(|_| {
        let stages = Stage::value_variants().iter();
        let names: Vec<String> = stages
            .filter_map(|stage| Some(format!("'{}'", stage.to_possible_value()?.get_name())))
            .collect();
        PyValueError::new_err(format!(
            "stage must be one of {}, not '{stage}'",
            names.join(", ")
        ))
    })?;
    let selection = Selection::of(db, file, None);
    dis::show(&selection, &symbol.qualname, stage, level).map_err(PyValueError::new_err)
}

/// Whether a class is one that Keelback laid out.
#[pyfunction]
fn is_type_static(cls: &Bound<'_, PyAny>) -> bool {
    entry::is_static_type(cls)
}

/// Whether a module was imported as a static one.
#[pyfunction]
fn is_static_module(module: &Bound<'_, PyAny>) -> bool {
    entry::is_static_module(module)
}

/// Whether calls of a function run compiled code.
#[pyfunction]
fn is_static_callable(function: &Bound<'_, PyAny>) -> bool {
    entry::about(&function_of(function)).is_some_and(|about| about.reason.is_none())
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
    module.add_function(wrap_pyfunction!(dis_text, module)?)?;
    module.add_function(wrap_pyfunction!(stats, module)?)?;
    module.add_function(wrap_pyfunction!(is_type_static, module)?)?;
    module.add_function(wrap_pyfunction!(is_static_module, module)?)?;
    module.add_function(wrap_pyfunction!(is_static_callable, module)?)?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(command, module)?)?;
    module.add_function(wrap_pyfunction!(expect, module)?)?;
    module.add_function(wrap_pyfunction!(begin, module)?)?;
    module.add_function(wrap_pyfunction!(prepare, module)?)?;
    module.add_function(wrap_pyfunction!(by_pattern, module)?)?;
    module.add("Array", keelback_runtime::array::class(py)?)?;
    keelback_runtime::testing::add_to(module)?;
    Ok(())
}
