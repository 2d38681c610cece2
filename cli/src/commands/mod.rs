//! The subcommands, one file each.

mod dis;
mod version;

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
    Dis(dis::Arguments),
    Version,
}

/// Does what the arguments say.
pub(crate) fn execute(arguments: Arguments) -> Outcome {
    match arguments.command {
        Command::Dis(arguments) => dis::execute(&arguments),
        Command::Version => version::execute(),
    }
}
