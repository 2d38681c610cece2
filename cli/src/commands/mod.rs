//! The subcommands, one file each.

mod check;
mod dis;
mod explain;
mod lsp;
mod rules;
mod run;
mod version;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Parser, Subcommand};

/// Exit status of a command that could not do what it was asked: bad arguments, or files that cannot be read.
pub(crate) const USAGE_ERROR: u8 = 2;

/// What a subcommand gives back: the exit status, or one sentence that says why it could not start.
pub(crate) type Outcome = Result<ExitCode, String>;

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
    /// Serve an editor over standard input and output (language server protocol)
    Lsp,
    /// Print the version, and what it works with
    Version,
}

/// Does what the arguments say.
pub(crate) fn execute(arguments: Arguments) -> Outcome {
    match arguments.command {
        Command::Run(arguments) => run::execute(arguments),
        Command::Check(arguments) => check::execute(&arguments),
        Command::Dis(arguments) => dis::execute(&arguments),
        Command::Rules(arguments) => rules::execute(&arguments),
        Command::Explain(arguments) => explain::execute(&arguments),
        Command::Lsp => lsp::execute(),
        Command::Version => version::execute(),
    }
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
