//! The subcommands, one file each.

mod check;
pub(crate) mod dis;
mod explain;
mod lsp;
mod rules;
mod run;
mod schema;
mod version;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand};

use crate::run::Run;

/// Exit status of a command that did what it was asked.
const SUCCESS: u8 = 0;

/// Exit status of a command that found what it was to look for.
const FAILURE: u8 = 1;

/// Exit status of a command that could not do what it was asked: bad arguments, or files that cannot be read.
pub(crate) const USAGE_ERROR: u8 = 2;

/// What a subcommand gives back: the exit status, or one sentence that says why it could not start.
pub(crate) type Outcome = Result<u8, String>;

/// What the arguments ask for.
pub(crate) enum Task {
    /// Something that needs no Python.
    Work(Box<dyn FnOnce() -> Outcome + Send>),
    /// To run a program, which whoever starts the command does in its own way.
    Run(Run),
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Compile typed Python to machine code, inside the CPython you already have.
#[derive(Debug, Parser)]
#[command(
    name = "keelback",
    bin_name = "keelback",
    version,
    styles = STYLES,
    max_term_width = 100,
    after_help = "\
Examples:
  keelback run main.py 1000            run a program with its static modules compiled
  keelback check src/                  report type errors
  keelback dis pkg/hot.py:total --stage bytecode
                                       show what a function was compiled to
  keelback explain possibly-none       what a rule means and what to do about it"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Check(check::Arguments),
    Dis(dis::Arguments),
    Rules(rules::Arguments),
    Explain(explain::Arguments),
    /// Print the JSON schema of the configuration, for editors of pyproject.toml
    Schema,
    /// Serve an editor over standard input and output (language server protocol)
    Lsp,
    /// Print the version, and what it works with
    Version,
}

impl Arguments {
    /// The arguments in `words`, the command's own name first.
    ///
    /// # Errors
    ///
    /// The exit status, when what is wrong with them, or the help that they ask for, has been printed.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, u8> {
        Arguments::try_parse_from(words).map_err(|message| {
            // Nobody is there to be told of a standard stream that is closed.
            let _ = message.print();
            u8::try_from(message.exit_code()).unwrap_or(USAGE_ERROR)
        })
    }

    /// What they ask for.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong with them.
    pub(crate) fn task(self) -> Result<Task, String> {
        let work: Box<dyn FnOnce() -> Outcome + Send> = match self.command {
            Command::Run(arguments) => return run::read(arguments).map(Task::Run),
            Command::Check(arguments) => Box::new(move || check::execute(&arguments)),
            Command::Dis(arguments) => Box::new(move || dis::execute(&arguments)),
            Command::Rules(arguments) => Box::new(move || rules::execute(&arguments)),
            Command::Explain(arguments) => Box::new(move || explain::execute(&arguments)),
            Command::Schema => Box::new(schema::execute),
            Command::Lsp => Box::new(lsp::execute),
            Command::Version => Box::new(version::execute),
        };
        Ok(Task::Work(work))
    }
}

/// Says on standard error why the command could not do what it was asked, and gives the exit status for that.
pub(crate) fn refuse(sentence: &str) -> u8 {
    anstream::eprintln!("keelback: {sentence}");
    USAGE_ERROR
}

/// Writes to standard output. A reader that went away early, as `head` does, is not an error.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}
