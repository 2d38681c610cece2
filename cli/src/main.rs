//! The `keelback` command.
//!
//! `run` starts the user's own CPython with the extension module that lies beside this binary; every other subcommand works on
//! text alone and needs no Python. The binary links nothing of Python: the other half of this package, `extension.rs`,
//! is what CPython loads.
//!
//! Each subcommand is one file in `commands`: its arguments, and a function that takes them and gives the exit status. The Python package has
//! the same commands: there the extension holds them.
#![deny(unsafe_code)]

mod commands;
mod interpreter;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use commands::{Arguments, Task};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(status) => return status.into(),
    };
    let outcome = arguments.task().and_then(|task| match task {
        Task::Work(work) => work(),
        Task::Run(run) => run::run(&run, &extension()?),
    });
    outcome
        .unwrap_or_else(|sentence| commands::refuse(&sentence))
        .into()
}

/// The extension module beside this command.
///
/// # Errors
/// A sentence when it is not there.
fn extension() -> Result<PathBuf, String> {
    let command = std::env::current_exe()
        .map_err(|e| format!("the path of the keelback command is not known: {e}"))?;
    let folder = command.parent().map(PathBuf::from).unwrap_or_default();
    let name = format!(
        "{}keelback{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    // In a target folder of Cargo, test binaries lie one folder below the library.
    let folders = [folder.clone(), folder.join("..")];
    let mut paths = folders.iter().map(|folder| folder.join(&name));
    paths.find(|path| path.is_file()).ok_or_else(|| {
        format!(
            "the extension module {name} is not beside the keelback command in {}; build both with `cargo build`",
            folder.display()
        )
    })
}
