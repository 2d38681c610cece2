//! A folder with files, and the command run in it.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with files.
pub fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a scratch folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    folder
}

/// The command, to be started in `folder`, whatever environment the tests run in.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keelback"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("VIRTUAL_ENV")
        .env("NO_COLOR", "1");
    command
}

/// What the command did.
pub fn keelback(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments)
        .output()
        .expect("the command starts")
}

/// What it printed.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}
