//! The `keelback` command.
//!
//! `run` starts the user's own CPython with the extension module that lies beside this binary; every other subcommand works on
//! text alone and needs no Python. The binary links nothing of Python: the other half of this package, `extension.rs`,
//! is what CPython loads.
//!
//! Each subcommand is one file in `commands`: its arguments, and a function that takes them and gives the exit status.
#![deny(unsafe_code)]

mod commands;
mod interpreter;
mod run;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use commands::Arguments;

fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match commands::execute(arguments) {
        Ok(status) => status,
        Err(message) => {
            anstream::eprintln!("keelback: {message}");
            commands::USAGE_ERROR.into()
        }
    }
}
