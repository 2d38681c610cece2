//! The host's process-wide settings, and the order in which it starts.

use std::path::Path;
use std::sync::OnceLock;

use keelback_checker::config::Config;
use keelback_checker::render::{Format, render};
use keelback_checker::rules::RuleLevels;
use keelback_checker::settings::StaticPatterns;
use keelback_checker::system::OsSystem;

use crate::compile::Compiler;
use crate::error;
use crate::ffi::{self, PyObject};
use crate::import_hook;
use crate::object::{PyResult, Raised};

/// Settings from the project's configuration, the environment and the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Modules that are static though they do not say so.
    pub static_patterns: StaticPatterns,
    /// Levels of rules.
    pub rules: RuleLevels,
    /// Print a table when the process ends.
    pub stats: bool,
}

impl Options {
    /// What a configuration and the environment say.
    ///
    /// # Errors
    /// A sentence about a malformed pattern in the environment.
    pub fn new(config: &Config) -> Result<Options, String> {
        let patterns = std::env::var("KEELBACK_STATIC").unwrap_or_default();
        let patterns = patterns.split(',').map(str::trim).filter(|p| !p.is_empty());
        let options = Options {
            static_patterns: config.static_patterns.clone(),
            rules: config.rules.clone(),
            stats: std::env::var_os("KEELBACK_STATS").is_some_and(|v| !v.is_empty() && v != "0"),
        };
        options
            .with_patterns(patterns.map(str::to_owned))
            .map_err(|problem| format!("KEELBACK_STATIC: {problem}"))
    }

    /// These with more patterns of static modules.
    ///
    /// # Errors
    /// A sentence about a malformed pattern.
    pub fn with_patterns(
        mut self,
        patterns: impl IntoIterator<Item = String>,
    ) -> Result<Options, String> {
        self.static_patterns = self.static_patterns.with(patterns)?;
        Ok(self)
    }
}

/// The configuration of a program in `folder`: that of the file `named`, or else the nearest one. What is wrong with it is said on standard
/// error, and does not keep the program from running.
pub fn configuration(named: Option<&Path>, folder: &Path) -> Config {
    // Nothing of it is used, so nobody wants to hear of it.
    if is_disabled() {
        return Config::default();
    }
    let system = OsSystem::new();
    let config = match named {
        Some(path) => Config::read(&system, path),
        None => Config::discover(&system, folder),
    };
    for line in render(&config.problems, Format::Concise, false).lines() {
        eprintln!("keelback: {line}");
    }
    config
}

/// Whether `KEELBACK=0` turns compilation off for the whole process.
pub fn is_disabled() -> bool {
    std::env::var_os("KEELBACK").is_some_and(|v| v == "0")
}

struct Host {
    options: Options,
    compiler: Box<dyn Compiler>,
    /// The globals of the hook's Python half.
    hook: OnceLock<usize>,
}

static HOST: OnceLock<Host> = OnceLock::new();

/// The settings. Before [`start`]: the defaults.
pub fn options() -> &'static Options {
    static DEFAULT: OnceLock<Options> = OnceLock::new();
    HOST.get()
        .map_or_else(|| DEFAULT.get_or_init(Options::default), |h| &h.options)
}

/// The compiler given to [`start`].
///
/// # Panics
/// When the host has not started: nothing asks before.
pub fn compiler() -> &'static dyn Compiler {
    &*HOST.get().expect("the host has started").compiler
}

/// The globals of the hook's Python half, once installed.
pub fn hook_globals() -> Option<*mut PyObject> {
    HOST.get()
        .and_then(|h| h.hook.get())
        .map(|p| *p as *mut PyObject)
}

/// Checks the interpreter, registers the watchers, wraps `__build_class__` and installs the import hook. A second call does nothing.
///
/// # Errors
/// `ImportError` with one sentence when the interpreter is not supported; whatever installing the hook raised.
///
/// # Safety
/// `module` is the extension module; the GIL is held.
pub unsafe fn start(
    module: *mut PyObject,
    options: Options,
    compiler: Box<dyn Compiler>,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        check_interpreter()?;
        crate::helpers::self_check().map_err(|what| error::system_error(&what))?;
        if HOST
            .set(Host {
                options,
                compiler,
                hook: OnceLock::new(),
            })
            .is_err()
        {
            return match hook_globals() {
                Some(hook) => import_hook::serve(hook),
                None => Ok(()),
            };
        }
        if is_disabled() {
            // The packages are still served, so that static modules run as plain ones.
            let hook = import_hook::install(module, &Options::default())?;
            import_hook::serve_packages_only(hook.as_ptr())?;
            return Ok(());
        }
        crate::driver::start().map_err(|what| error::raise(ffi::PyExc_ImportError, &what))?;
        crate::watch::start()?;
        crate::watch::dicts::watch_builtins()?;
        crate::classes::build_class::install()?;
        let hook = import_hook::install(module, self::options())?;
        if let Some(host) = HOST.get() {
            let _ = host.hook.set(hook.leak().as_ptr() as usize);
        }
        crate::stats::start();
        Ok(())
    }
}

/// Takes the import hook out again; what is compiled stays so.
///
/// # Errors
/// Whatever changing `sys.meta_path` raised.
///
/// # Safety
/// The GIL is held.
pub unsafe fn stop() -> PyResult<()> {
    match hook_globals() {
        // SAFETY: the globals live forever.
        Some(hook) => unsafe { import_hook::serve_packages_only(hook) },
        None => Ok(()),
    }
}

/// Accepts or refuses the running interpreter.
///
/// # Errors
/// `ImportError` with one sentence.
///
/// # Safety
/// The GIL is held.
pub unsafe fn check_interpreter() -> PyResult<()> {
    match ffi::init() {
        Ok(()) => Ok(()),
        // SAFETY: a builtin class.
        Err(sentence) => Err(unsafe { error::raise(ffi::PyExc_ImportError, &sentence) }),
    }
}

/// A result for C: 0, or -1 with an exception set.
pub fn status(result: PyResult<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(Raised) => -1,
    }
}
