//! `[tool.keelback]` as the importer obeys it, and as the command finds its interpreter by it.

use std::path::Path;
use std::process::{Command, Output};

use keelback_tests::python::Python;
use libtest_mimic::Failed;

/// A program in a folder below the configuration; whether its function was compiled is its exit status.
const MAIN: &str = "\
import sys
from keelback import _keelback
import hot

sys.exit(hot.f(20) + 2 * _keelback.is_static_callable(hot.f))
";

const HOT: &str = "import json\n\n\ndef f(n: int) -> int:\n    return n + 20\n";

/// Runs `main.py` under a configuration; `hot.py` lies beside it.
fn run(
    python: &Python,
    command: &Path,
    configuration: &str,
    hot: &str,
    options: &[&str],
) -> std::io::Result<Output> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("program");
    std::fs::create_dir(&program)?;
    std::fs::write(folder.path().join("pyproject.toml"), configuration)?;
    std::fs::write(folder.path().join("other.toml"), "")?;
    std::fs::write(program.join("main.py"), MAIN)?;
    std::fs::write(program.join("hot.py"), hot)?;
    Command::new(command)
        .args(["run", "--python"])
        .arg(&python.path)
        .args(options)
        .arg("program/main.py")
        .current_dir(folder.path())
        .env_remove("KEELBACK")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
}

/// The exit status, and what standard error must say; nothing if that is nothing.
fn expect(output: &Output, status: i32, parts: &[&str]) -> Result<(), Failed> {
    let text = String::from_utf8_lossy(&output.stderr);
    let silent = !parts.is_empty() || text.is_empty();
    if output.status.code() == Some(status) && silent && parts.iter().all(|p| text.contains(p)) {
        return Ok(());
    }
    Err(format!(
        "status {:?}, not {status}; {parts:?} is not all in: {text}",
        output.status.code()
    )
    .into())
}

/// Patterns, levels and mistakes of a configuration reach the importer.
pub fn importer(python: &Python, command: &Path) -> Result<(), Failed> {
    let pattern = "[tool.keelback]\nstatic = ['ho?']\n";
    expect(&run(python, command, "", HOT, &[])?, 40, &[])?;
    expect(&run(python, command, pattern, HOT, &[])?, 42, &[])?;
    let other = ["--config", "other.toml"];
    expect(&run(python, command, pattern, HOT, &other)?, 40, &[])?;
    let flag = ["--config", "other.toml", "--static", "hot"];
    expect(&run(python, command, pattern, HOT, &flag)?, 42, &[])?;

    let misspelt = "[tool.keelback]\nstatic = ['hot']\nstatick = ['hot']\n";
    let said = "keelback: pyproject.toml:3:1: error[invalid-configuration]: There is no setting `statick`; did you mean `static`?";
    expect(&run(python, command, misspelt, HOT, &[])?, 42, &[said])?;

    let marked = format!("import __static__\n{HOT}");
    expect(&run(python, command, "", &marked, &[])?, 42, &[])?;
    let strict = "[tool.keelback.rules]\nunused-import = 'error'\n";
    expect(
        &run(python, command, strict, &marked, &[])?,
        1,
        &["TypedSyntaxError", "[unused-import]"],
    )?;
    let wrong = "import __static__\n\n\ndef f(n: int) -> str:\n    return n + 20\n";
    expect(
        &run(python, command, "", wrong, &[])?,
        1,
        &["TypedSyntaxError", "[invalid-return]"],
    )?;
    // A function with an error that nobody wants to hear of is CPython's, behind its checks.
    let lenient = "[tool.keelback.rules]\ninvalid-return = 'ignore'\n";
    expect(
        &run(python, command, lenient, wrong, &[])?,
        1,
        &["StaticTypeError"],
    )
}

/// `python` of the configuration comes before what is on PATH, and after `--python`.
pub fn interpreter(command: &Path) -> Result<(), Failed> {
    let folder = super::pretend(&[
        ("env/bin/python", "the configured one"),
        ("other/python3", "cpython 3 12"),
    ])?;
    let configuration = folder.path().join("pyproject.toml");
    std::fs::write(&configuration, "[tool.keelback]\npython = 'env'\n")?;
    std::fs::write(folder.path().join("main.py"), "")?;
    let run = |options: &[&str]| {
        Command::new(command)
            .arg("run")
            .args(options)
            .arg(folder.path().join("main.py"))
            .env_clear()
            .env("PATH", folder.path().join("other"))
            .output()
    };
    // What it answers is not a version, so it is refused by name.
    let output = run(&[])?;
    expect(&output, 2, &["(from pyproject.toml)", "env/bin/python"])?;
    let output = run(&["--python", "nowhere"])?;
    expect(&output, 2, &["nowhere (from --python)"])?;
    std::fs::write(&configuration, "[tool.keelback]\npython = 'envy'\n")?;
    expect(&run(&[])?, 0, &[])
}
