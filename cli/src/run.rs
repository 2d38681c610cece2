//! `keelback run`: starts the interpreter with the extension that lies beside the command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use keelback_checker::config::Config;
use keelback_checker::system::{OsSystem, System};

use crate::interpreter::{self, Interpreter};

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file, or a directory or zip file with a `__main__.py`.
    File(OsString),
    /// `-m NAME`
    Module(String),
    /// `-c TEXT`
    Command(String),
    /// `-`
    Stdin,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The value of `--python`.
    pub python: Option<String>,
    /// Values of `--static`.
    pub static_patterns: Vec<String>,
    /// `--stats`
    pub stats: bool,
    /// `--config`
    pub config: Option<PathBuf>,
    /// What to run.
    pub target: Target,
    /// The program's arguments.
    pub args: Vec<OsString>,
}

/// Loads the extension from the path in `sys.argv[1]` and hands it the rest, leaving no name behind in `__main__`.
const BOOTSTRAP: &str = "exec('import sys,_imp\\nfrom _frozen_importlib import ModuleSpec\\nspec=ModuleSpec(\"_keelback\",None,origin=sys.argv[1])\\nmodule=_imp.create_dynamic(spec)\\nmodule.__file__=sys.argv[1]\\nmodule.__spec__=spec\\nsys.modules[\"_keelback\"]=module\\n_imp.exec_dynamic(module)\\nmodule.main(sys.argv[2:])',{})";

/// The extension module beside this command.
///
/// # Errors
/// A sentence when it is not there.
pub fn extension() -> Result<PathBuf, String> {
    let command = std::env::current_exe()
        .map_err(|e| format!("the path of the keelback command is not known: {e}"))?;
    let folder = command.parent().map(PathBuf::from).unwrap_or_default();
    let names = [
        format!(
            "{}keelback{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        ),
        "_keelback.abi3.so".to_owned(),
    ];
    // In a target folder of Cargo, test binaries lie one folder below the library.
    let folders = [folder.clone(), folder.join("..")];
    for folder in &folders {
        for name in &names {
            let path = folder.join(name);
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    Err(format!(
        "the extension module {} is not beside the keelback command in {}; build both with `cargo build`",
        names[0],
        folder.display()
    ))
}

/// The command line that runs `run` under an interpreter.
///
/// # Errors
/// A sentence when the extension is not there.
pub fn command(run: &Run, interpreter: &Interpreter) -> Result<Command, String> {
    let mut command = Command::new(&interpreter.path);
    command.arg("-c").arg(BOOTSTRAP).arg(extension()?);
    if run.stats {
        command.arg("--stats");
    }
    if let Some(config) = &run.config {
        command.arg("--config").arg(config);
    }
    for pattern in &run.static_patterns {
        command.arg("--static").arg(pattern);
    }
    match &run.target {
        Target::File(path) => command.arg("--file").arg(path),
        Target::Module(name) => command.arg("--module").arg(name),
        Target::Command(text) => command.arg("--command").arg(text),
        Target::Stdin => command.arg("--stdin"),
    };
    command.args(&run.args);
    Ok(command)
}

/// The interpreter that the configuration names. What is wrong with the configuration is said where the rest of it is used.
fn configured(run: &Run) -> Option<PathBuf> {
    let system = OsSystem::new();
    let config = match (&run.config, &run.target) {
        (Some(path), _) => Config::read(&system, path),
        (None, Target::File(path)) => {
            let mut folder = system.absolute(Path::new(path));
            if !system.is_dir(&folder) {
                folder.pop();
            }
            Config::discover(&system, &folder)
        }
        (None, _) => Config::discover(&system, Path::new(".")),
    };
    config.interpreter(&system)
}

/// Becomes the interpreter that runs the program. Returns only when that is not possible (status 2), or, where a process cannot be
/// replaced, with the program's status.
pub fn run(run: &Run) -> ExitCode {
    let interpreter = match interpreter::find(run.python.as_deref(), || configured(run)) {
        Ok(interpreter) => interpreter,
        Err(sentence) => {
            eprintln!("keelback: {sentence}");
            return ExitCode::from(2);
        }
    };
    let mut command = match command(run, &interpreter) {
        Ok(command) => command,
        Err(sentence) => {
            eprintln!("keelback: {sentence}");
            return ExitCode::from(2);
        }
    };
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let error = command.exec();
        eprintln!(
            "keelback: {} cannot be started: {error}",
            interpreter.path.display()
        );
        ExitCode::from(2)
    }
    #[cfg(not(unix))]
    {
        match command.status() {
            Ok(status) => ExitCode::from(status.code().unwrap_or(1) as u8),
            Err(error) => {
                eprintln!(
                    "keelback: {} cannot be started: {error}",
                    interpreter.path.display()
                );
                ExitCode::from(2)
            }
        }
    }
}
