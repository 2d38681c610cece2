//! The literate tests as a list for the test runner.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};

use crate::check;
use crate::markdown::{self, Test};
use crate::python::{self, Mode, Python};

/// Imports the program and says how it ended, so that an exception is output like any other.
const DRIVER: &str = "\
import sys
sys.path.insert(0, '')
try:
    import main
except BaseException as error:
    print(f'{type(error).__name__}: {error}')
";

/// A program that runs longer than this has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// The suites in `folder`, by name.
fn suites(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut suites: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .filter(|(name, _)| name != "README")
        .collect();
    suites.sort();
    suites
}

/// One trial for the claims of each test of `tests/language`, and one for each way of running it.
///
/// `command` is Keelback's; `pythons` are the interpreters to run under.
#[must_use]
pub fn trials(command: &Path, pythons: &[Python]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (suite, path) in suites(&python::repository().join("tests/language")) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let label = format!("tests/language/{suite}.md");
        let tests = match markdown::parse(&text) {
            Ok(tests) => tests,
            Err(error) => {
                let message = format!("{label}: {error}");
                trials.push(Trial::test(suite, move || Err(Failed::from(message))));
                continue;
            }
        };
        for test in tests {
            let test = Arc::new(test);
            let name = format!("{suite} > {}", test.name());
            let (checked, where_) = (Arc::clone(&test), label.clone());
            trials.push(
                Trial::test(name.clone(), move || {
                    check::check(&checked, &where_).map_err(Failed::from)
                })
                .with_kind("check"),
            );
            for python in pythons {
                for mode in Mode::ALL {
                    let expected = if mode == Mode::CPython {
                        test.output.common.clone()
                    } else {
                        test.output.on_keelback().map(str::to_owned)
                    };
                    let Some(expected) = expected else { continue };
                    let (test, python, command) =
                        (Arc::clone(&test), python.clone(), command.to_path_buf());
                    let kind = format!("{} {}", mode.name(), python.version);
                    let place = format!("{label}:{}", test.line);
                    trials.push(
                        Trial::test(name.clone(), move || {
                            run(&test, &python, mode, &command, Some(&expected))
                                .map_err(|message| Failed::from(format!("{place}: {message}")))
                        })
                        .with_kind(kind),
                    );
                }
            }
        }
    }
    trials
}

/// A scratch folder with the files of a test.
///
/// # Errors
///
/// When they cannot be written.
pub(crate) fn lay_out(test: &Test) -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for file in &test.files {
        let path = folder.path().join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &file.text)?;
    }
    Ok(folder)
}

/// Imports the main module of a test, which must print what is expected; without an expectation it must not raise.
pub(crate) fn run(
    test: &Test,
    python: &Python,
    mode: Mode,
    command: &Path,
    expected: Option<&str>,
) -> Result<(), String> {
    let folder = lay_out(test).map_err(|error| error.to_string())?;
    let driver = if expected.is_some() {
        DRIVER
    } else {
        "import sys; sys.path.insert(0, ''); import main"
    };
    let arguments = ["-c".into(), driver.into()];
    let outcome = python::run(python, mode, command, folder.path(), &arguments, "", LIMIT)
        .map_err(|error| error.to_string())?;
    let Some(expected) = expected else {
        return match outcome.status {
            Some(0) => Ok(()),
            _ => Err(format!("{}{}", outcome.stdout, outcome.stderr)),
        };
    };
    match python::difference(expected, &outcome) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}
