//! Host tests: Keelback inside each supported CPython.
//!
//! Every script in `host/scripts` is run by `keelback run` on both tiers; it asserts what it expects. Every program in `host/run` is run by `python`
//! and by `keelback run` in the same way, and both must end alike: standard output, standard error, exit status.

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
    ("static_main", &["static_main.py", "1"], ""),
    ("static_main_error", &["static_main.py", "0"], ""),
    ("static_main_exit", &["static_main.py", "9"], ""),
    ("static_module_as_main", &["-m", "static_main", "1"], ""),
];

fn main() {
    let arguments = Arguments::from_args();
    let command = PathBuf::from(env!("CARGO_BIN_EXE_keelback"));
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
        for &(name, args, stdin) in RUNS {
            let (python, command) = (python.clone(), command.clone());
            let folder = host.join("run");
            trials.push(Trial::test(
                format!("run/{name}::{}", python.version),
                move || run_alike(&python, &command, &folder, args, stdin),
            ));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
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
