//! `keelback run`: starts an interpreter with the extension module.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use keelback_checker::config::Config;
use keelback_checker::system::{OsSystem, System};

use crate::interpreter::{self, Interpreter, Wish};

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
const BOOTSTRAP: &str = "exec('import sys,_imp\\nfrom _frozen_importlib import ModuleSpec\\nspec=ModuleSpec(\"keelback._keelback\",None,origin=sys.argv[1])\\nmodule=_imp.create_dynamic(spec)\\nmodule.__file__=sys.argv[1]\\nmodule.__spec__=spec\\nsys.modules[\"keelback._keelback\"]=module\\n_imp.exec_dynamic(module)\\nmodule.main(sys.argv[2:])',{})";

impl Run {
    /// The interpreter that is asked for, if one is: by the command line, the environment or the configuration. What is wrong with the
    /// configuration is said where the rest of it is used.
    pub fn wish(&self) -> Option<Wish> {
        Wish::first(self.python.as_deref(), || {
            let system = OsSystem::new();
            let config = match (&self.config, &self.target) {
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
        })
    }

    /// The words that the extension's `main` takes.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if self.stats {
            words.push("--stats".into());
        }
        if let Some(config) = &self.config {
            words.extend(["--config".into(), config.into()]);
        }
        for pattern in &self.static_patterns {
            words.extend(["--static".into(), pattern.into()]);
        }
        match &self.target {
            Target::File(path) => words.extend(["--file".into(), path.clone()]),
            Target::Module(name) => words.extend(["--module".into(), name.into()]),
            Target::Command(text) => words.extend(["--command".into(), text.into()]),
            Target::Stdin => words.push("--stdin".into()),
        }
        words.extend(self.args.iter().cloned());
        words
    }

    /// The command line that runs it under an interpreter, with the extension module at this path.
    fn command(&self, interpreter: &Interpreter, extension: &Path) -> Command {
        let mut command = Command::new(&interpreter.path);
        command.arg("-c").arg(BOOTSTRAP).arg(extension);
        command.args(self.words());
        command
    }
}

/// Becomes the interpreter that runs the program. Returns only where a process cannot be replaced, with the program's status.
///
/// # Errors
/// A sentence that says why the program cannot be started.
pub fn run(run: &Run, extension: &Path) -> Result<u8, String> {
    let interpreter = interpreter::find(run.wish().as_ref()).map_err(|error| error.to_string())?;
    let mut command = run.command(&interpreter, extension);
    let failed = |error: std::io::Error| {
        format!("{} cannot be started: {error}", interpreter.path.display())
    };
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        Err(failed(command.exec()))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().map_err(failed)?;
        Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1))
    }
}
