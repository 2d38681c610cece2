//! `keelback run`: a program, run as `python` runs it, with its static modules compiled.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use keelback_checker::settings::StaticPatterns;

use crate::run::{Run, Target};

/// Run a program as python would, with its static modules compiled
///
/// Everything behind the program's name belongs to the program.
#[derive(Debug, Args)]
#[command(
    override_usage = "keelback run [OPTIONS] <FILE | -m MODULE | -c TEXT | -> [ARGS]...",
    after_help = "\
Environment:
  KEELBACK_PYTHON   the interpreter to use, unless --python names one
  KEELBACK=0        compile nothing
  KEELBACK_TIER     interp, jit or auto: what executes compiled functions
  KEELBACK_OPT      0, 1 or 2: how much they are optimised

Examples:
  keelback run main.py 1000 --json     options behind the script are the script's own
  keelback run --stats -m pkg.tool     a module, and at the end a table of what was compiled
  keelback run -c 'import hot; print(hot.total(10))'
  keelback run --python 3.12 main.py   a path, a command, or a version"
)]
pub(super) struct Arguments {
    /// The interpreter: a path, a command, or a version such as 3.12
    #[arg(long, value_name = "PYTHON")]
    python: Option<String>,
    /// Treat modules of this dotted name (`*` stands for anything) as static; may be repeated
    #[arg(long = "static", value_name = "PATTERN")]
    static_patterns: Vec<String>,
    /// Take the configuration from this file, not from the pyproject.toml nearest to the program
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
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

/// The run that the arguments ask for.
pub(super) fn read(arguments: Arguments) -> Result<Run, String> {
    let (target, args) = split(arguments.program)?;
    // Said here, before Python starts: malformed arguments are the command's affair.
    StaticPatterns::new(arguments.static_patterns.iter().cloned())?;
    if let Some(path) = arguments.config.as_ref().filter(|path| !path.is_file()) {
        return Err(format!("{}: no such file", path.display()));
    }
    Ok(Run {
        python: arguments.python,
        static_patterns: arguments.static_patterns,
        stats: arguments.stats,
        config: arguments.config,
        target,
        args,
    })
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
