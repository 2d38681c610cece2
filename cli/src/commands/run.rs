//! `keelback run`: a program, run as `python` runs it, with its static modules compiled.

use std::ffi::OsString;

use clap::Args;

use super::Outcome;
use crate::run::{self, Run, Target};

/// Run a program as python would, with its static modules compiled
#[derive(Debug, Args)]
#[command(
    override_usage = "keelback run [OPTIONS] <FILE | -m MODULE | -c TEXT | -> [ARGS]...",
    after_help = "\
Examples:
  keelback run main.py 1000            a script; everything after it is the program's
  keelback run -m pkg.tool --verbose   a module
  keelback run --stats main.py         what was compiled, what was not and why"
)]
pub(super) struct Arguments {
    /// The interpreter: a path, a command, or a version such as 3.12
    #[arg(long, value_name = "PYTHON")]
    python: Option<String>,
    /// Compile modules that match this pattern too, though they do not import __static__
    #[arg(long = "static", value_name = "PATTERN")]
    static_patterns: Vec<String>,
    /// When the program ends, print what was compiled, what was left to CPython and why, and how long it took
    #[arg(long)]
    stats: bool,
    /// A file, `-m` and a module, `-c` and text, or `-` for standard input; then the program's own arguments
    #[arg(
        value_name = "PROGRAM",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    program: Vec<OsString>,
}

/// Becomes the interpreter.
pub(super) fn execute(arguments: Arguments) -> Outcome {
    let (target, args) = split(arguments.program)?;
    Ok(run::run(&Run {
        python: arguments.python,
        static_patterns: arguments.static_patterns,
        stats: arguments.stats,
        target,
        args,
    }))
}

/// What to run, and what the program is given.
fn split(words: Vec<OsString>) -> Result<(Target, Vec<OsString>), String> {
    let mut words = words.into_iter();
    let first = words.next().unwrap_or_default();
    let target = {
        let mut value = |option: &str, attached: &str| -> Result<String, String> {
            if !attached.is_empty() {
                return Ok(attached.to_owned());
            }
            words
                .next()
                .and_then(|w| w.into_string().ok())
                .ok_or_else(|| format!("`{option}` needs a value"))
        };
        match first.to_str() {
            Some("-") => Target::Stdin,
            Some(word) if word.starts_with("-m") => Target::Module(value("-m", &word[2..])?),
            Some(word) if word.starts_with("-c") => Target::Command(value("-c", &word[2..])?),
            Some(word) if word.starts_with('-') => {
                return Err(format!("`{word}` is not an option of `keelback run`"));
            }
            _ => Target::File(first),
        }
    };
    Ok((target, words.collect()))
}
