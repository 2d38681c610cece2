//! Host tests: Keelback inside each supported CPython.
//!
//! Every script in `host/scripts` is run by `keelback run` on both tiers; it asserts what it expects. Every program in `host/run` is run by `python`
//! and by `keelback run` in the same way, and both must end alike: standard output, standard error, exit status.
//!
//! `KEELBACK_TEST_COMMAND` names another command than the one built here: that of an installed package.

#[path = "host/configuration.rs"]
mod configuration;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keelback_tests::python::{self, Mode, Outcome, Python};
use libtest_mimic::{Arguments, Failed, Trial};

const LIMIT: Duration = Duration::from_secs(120);

/// Ways to start a program: name, arguments of `python`, standard input.
const RUNS: &[(&str, &[&str], &str)] = &[
    (
        "arguments",
        &["arguments.py", "a", "-b", "--stats", "ü"],
        "",
    ),
    (
        "arguments_from_a_folder_above",
        &["./pkg/../arguments.py"],
        "",
    ),
    ("module", &["-m", "pkg.tool", "x", "-m"], ""),
    ("package", &["-m", "pkg"], ""),
    ("missing_module", &["-m", "pkg.nothing"], ""),
    ("folder", &["folder", "1"], ""),
    (
        "command",
        &[
            "-c",
            "import sys; print(sys.argv, sys.path[0], __name__)",
            "z",
        ],
        "",
    ),
    ("command_with_error", &["-c", "def f():\n    1/0\nf()"], ""),
    (
        "standard_input",
        &["-"],
        "import sys\nprint(sys.argv, __name__, sys.path[0] == '')\n",
    ),
    ("standard_input_with_error", &["-"], "x = [\n1/0]\n"),
    ("exit_with_number", &["-c", "raise SystemExit(7)"], ""),
    (
        "exit_with_text",
        &["-c", "import sys; sys.exit('bad luck')"],
        "",
    ),
    ("exit_with_none", &["exits.py", "none"], ""),
    ("exit_with_object", &["exits.py", "object"], ""),
    ("exit_at_end", &["exits.py", "atexit"], ""),
    ("exit_from_thread", &["exits.py", "thread"], ""),
    ("exception", &["errors.py", "plain"], ""),
    ("exception_with_cause", &["errors.py", "cause"], ""),
    ("exception_group", &["errors.py", "group"], ""),
    ("exception_hook", &["errors.py", "hook"], ""),
    ("import_error", &["errors.py", "import"], ""),
    ("interrupt", &["errors.py", "interrupt"], ""),
    ("interrupt_of_module", &["-m", "errors", "interrupt"], ""),
    ("syntax_error", &["syntax.py"], ""),
    ("missing_file", &["no_such_file.py"], ""),
    ("stack", &["stack.py"], ""),
    ("main_module", &["main_module.py"], ""),
    ("class_forms", &["forms.py"], ""),
    ("frames", &["frames.py"], ""),
    ("operations", &["operations.py"], ""),
    ("static_main", &["static_main.py", "1"], ""),
    ("static_main_error", &["static_main.py", "0"], ""),
    ("static_main_exit", &["static_main.py", "9"], ""),
    ("static_module_as_main", &["-m", "static_main", "1"], ""),
];

fn main() {
    let arguments = Arguments::from_args();
    let built = PathBuf::from(env!("CARGO_BIN_EXE_keelback"));
    let command = std::env::var_os("KEELBACK_TEST_COMMAND").map_or(built, PathBuf::from);
    let host = python::repository().join("tests/host");
    let mut trials = Vec::new();
    for python in python::find() {
        for mode in [Mode::Interpreter, Mode::Jit] {
            for script in scripts(&host.join("scripts")) {
                let (python, command) = (python.clone(), command.clone());
                let name = format!(
                    "scripts/{}::{}::{}",
                    script.file_stem().unwrap_or_default().to_string_lossy(),
                    python.version,
                    mode.name()
                );
                trials.push(Trial::test(name, move || {
                    run_script(&python, mode, &command, &script)
                }));
            }
        }
        let (with_patterns, patterns) = (python.clone(), host.join("patterns"));
        let of_patterns = command.clone();
        trials.push(Trial::test(
            format!("patterns::{}", python.version),
            move || run_patterns(&with_patterns, &of_patterns, &patterns),
        ));
        for mode in [Mode::Interpreter, Mode::Jit] {
            let (optimized, of_optimized) = (python.clone(), command.clone());
            let folder = host.join("optimized");
            trials.push(Trial::test(
                format!("optimized::{}::{}", python.version, mode.name()),
                move || run_optimized(&optimized, mode, &of_optimized, &folder),
            ));
        }
        let (configured, of_configuration) = (python.clone(), command.clone());
        trials.push(Trial::test(
            format!("configuration::{}", python.version),
            move || configuration::importer(&configured, &of_configuration),
        ));
        for &(name, args, stdin) in RUNS {
            let (python, command) = (python.clone(), command.clone());
            let folder = host.join("run");
            trials.push(Trial::test(
                format!("run/{name}::{}", python.version),
                move || run_alike(&python, &command, &folder, args, stdin),
            ));
        }
    }
    for (name, test) in [
        (
            "only_unsupported",
            only_unsupported as fn(&Path) -> Result<(), Failed>,
        ),
        ("none", none),
        ("named_and_unsupported", named_and_unsupported),
        ("virtual_environment_first", virtual_environment_first),
        ("managed_versions", managed_versions),
        ("configured", configuration::interpreter),
    ] {
        let command = command.clone();
        trials.push(Trial::test(format!("interpreter/{name}"), move || {
            test(&command)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// A folder with programs that answer like a Python of some version, or run as one: name, and what they print.
fn pretend(programs: &[(&str, &str)]) -> std::io::Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    for (name, answer) in programs {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        std::fs::write(&path, format!("#!/bin/sh\necho {answer}\n"))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(folder)
}

/// What `keelback run` says in an environment with nothing but these variables.
fn say(
    command: &Path,
    variables: &[(&str, &Path)],
    options: &[&str],
) -> std::io::Result<(i32, String)> {
    let output = std::process::Command::new(command)
        .arg("run")
        .args(options)
        .args(["-c", "pass"])
        .env_clear()
        .envs(variables.iter().copied())
        .output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok((
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn expect(said: (i32, String), status: i32, parts: &[&str]) -> Result<(), Failed> {
    let (got, text) = said;
    if got == status && text.lines().count() == 1 && parts.iter().all(|p| text.contains(p)) {
        return Ok(());
    }
    Err(format!("status {got}: {text}").into())
}

fn only_unsupported(command: &Path) -> Result<(), Failed> {
    let folder = pretend(&[("bin/python3", "cpython 3 11")])?;
    let bin = folder.path().join("bin");
    expect(
        say(command, &[("PATH", &bin), ("HOME", folder.path())], &[])?,
        2,
        &[
            "needs CPython 3.12 or 3.13",
            "found only Python 3.11 at",
            "bin/python3",
        ],
    )
}

fn none(command: &Path) -> Result<(), Failed> {
    let folder = pretend(&[])?;
    expect(
        say(
            command,
            &[("PATH", folder.path()), ("HOME", folder.path())],
            &[],
        )?,
        2,
        &["needs CPython 3.12 or 3.13", "no Python was found"],
    )
}

fn named_and_unsupported(command: &Path) -> Result<(), Failed> {
    let folder = pretend(&[("old", "cpython 3 9")])?;
    let path = folder.path().join("old");
    let name = path.to_string_lossy().into_owned();
    expect(
        say(command, &[("HOME", folder.path())], &["--python", &name])?,
        2,
        &["--python names Python 3.9 at"],
    )?;
    expect(
        say(command, &[("KEELBACK_PYTHON", &path)], &[])?,
        2,
        &["KEELBACK_PYTHON names Python 3.9 at"],
    )
}

/// A pretended interpreter that is chosen is started, and says who it is.
fn virtual_environment_first(command: &Path) -> Result<(), Failed> {
    let folder = pretend(&[
        ("env/bin/python", "the environment"),
        ("bin/python3", "cpython 3 12"),
    ])?;
    let environment = folder.path().join("env");
    std::fs::write(
        environment.join("pyvenv.cfg"),
        "home = /nowhere\nversion = 3.13.0\n",
    )?;
    let bin = folder.path().join("bin");
    expect(
        say(
            command,
            &[("VIRTUAL_ENV", &environment), ("PATH", &bin)],
            &[],
        )?,
        0,
        &["the environment"],
    )
}

fn managed_versions(command: &Path) -> Result<(), Failed> {
    let folder = pretend(&[
        (".pyenv/versions/3.11.7/bin/python3", "pyenv 3.11"),
        (".pyenv/versions/3.12.1/bin/python3", "pyenv 3.12"),
        (
            ".local/share/uv/python/cpython-3.13.0-linux-x86_64-gnu/bin/python3",
            "uv 3.13",
        ),
    ])?;
    expect(
        say(command, &[("HOME", folder.path())], &[])?,
        0,
        &["pyenv 3.12"],
    )?;
    expect(
        say(command, &[("HOME", folder.path())], &["--python", "3.13"])?,
        0,
        &["uv 3.13"],
    )
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "py"))
        .collect();
    found.sort();
    found
}

fn run_script(python: &Python, mode: Mode, command: &Path, script: &Path) -> Result<(), Failed> {
    let folder = script.parent().unwrap_or(script);
    let name = script.file_name().unwrap_or_default().to_owned();
    let outcome = python::run(python, mode, command, folder, &[name], "", LIMIT)?;
    if outcome.status == Some(0) && outcome.stderr.is_empty() {
        return Ok(());
    }
    Err(format!(
        "status {:?}{}\n--- stdout\n{}--- stderr\n{}",
        outcome.status,
        if outcome.timed_out { " (too long)" } else { "" },
        outcome.stdout,
        outcome.stderr
    )
    .into())
}

/// A program under `-O`.
fn run_optimized(python: &Python, mode: Mode, command: &Path, folder: &Path) -> Result<(), Failed> {
    let output = std::process::Command::new(command)
        .args(["run", "--python"])
        .arg(&python.path)
        .arg("main.py")
        .env("PYTHONOPTIMIZE", "1")
        .env("KEELBACK_TIER", mode.name())
        .current_dir(folder)
        .output()?;
    if output.status.success() && output.stdout == b"right\n" {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// A program whose module is static by a pattern on the command line.
fn run_patterns(python: &Python, command: &Path, folder: &Path) -> Result<(), Failed> {
    let output = std::process::Command::new(command)
        .args(["run", "--static", "plain_*", "--python"])
        .arg(&python.path)
        .arg("main.py")
        .current_dir(folder)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

fn run_alike(
    python: &Python,
    command: &Path,
    folder: &Path,
    args: &[&str],
    stdin: &str,
) -> Result<(), Failed> {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let run = |mode| python::run(python, mode, command, folder, &args, stdin, LIMIT);
    let (wanted, got) = (run(Mode::CPython)?, run(Mode::Jit)?);
    if wanted == got {
        return Ok(());
    }
    let show = |o: &Outcome| {
        format!(
            "status {:?}\n--- stdout\n{}--- stderr\n{}",
            o.status, o.stdout, o.stderr
        )
    };
    Err(format!(
        "=== python\n{}=== keelback run\n{}",
        show(&wanted),
        show(&got)
    )
    .into())
}
