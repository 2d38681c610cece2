//! The programs of `examples` as a list for the test runner: each prints what CPython's reference output says, each way it is run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;

use crate::python::{self, Mode, Python};

/// What `case.toml` says; what it says for `bench/run` is read there.
#[derive(Debug, Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// One run of an example's `main.py`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    #[serde(default)]
    stdin: String,
    /// The file with the output.
    expected: String,
    /// The modes in which it is run; all, if none is named.
    #[serde(default)]
    tiers: Vec<String>,
}

/// An unoptimised build of the command interprets slowly.
const LIMIT: Duration = Duration::from_secs(300);

/// One trial for each case of each example, mode and interpreter.
#[must_use]
pub fn trials(command: &Path, pythons: &[Python]) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(python::repository().join("examples"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("main.py").is_file())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let cases = match read(&folder) {
            Ok(cases) => cases,
            Err(message) => {
                trials.push(Trial::test(name, move || Err(Failed::from(message))));
                continue;
            }
        };
        for case in cases {
            for python in pythons {
                for mode in Mode::ALL {
                    if !case.tiers.is_empty() && !case.tiers.iter().any(|tier| tier == mode.name())
                    {
                        continue;
                    }
                    let title = [std::slice::from_ref(&name), case.args.as_slice()]
                        .concat()
                        .join(" ");
                    let kind = format!("{} {}", mode.name(), python.version);
                    let (case, folder) = (case.clone(), folder.clone());
                    let (python, command) = (python.clone(), command.to_path_buf());
                    trials.push(
                        Trial::test(title, move || run(&case, &folder, &python, mode, &command))
                            .with_kind(kind),
                    );
                }
            }
        }
    }
    trials
}

fn read(folder: &Path) -> Result<Vec<Case>, String> {
    let path = folder.join("case.toml");
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let cases: Cases =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(cases.case)
}

fn run(
    case: &Case,
    folder: &Path,
    python: &Python,
    mode: Mode,
    command: &Path,
) -> Result<(), Failed> {
    let expected = std::fs::read_to_string(folder.join(&case.expected))?;
    let script = folder.join("main.py").into_os_string();
    let arguments: Vec<OsString> = std::iter::once(script)
        .chain(case.args.iter().map(OsString::from))
        .collect();
    // Elsewhere than in the program's folder, to show that it finds its package.
    let elsewhere = tempfile::tempdir()?;
    let outcome = python::run(
        python,
        mode,
        command,
        elsewhere.path(),
        &arguments,
        &case.stdin,
        LIMIT,
    )?;
    match python::difference(&expected, &outcome) {
        None => Ok(()),
        Some(difference) => Err(Failed::from(difference)),
    }
}
