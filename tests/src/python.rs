//! Interpreters, and running programs under them.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A CPython of a version that Keelback supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// Its program.
    pub path: PathBuf,
    /// `3.12` or `3.13`.
    pub version: String,
}

/// The versions that tests look for.
pub const VERSIONS: [&str; 2] = ["3.12", "3.13"];

/// One interpreter of each supported version that can be found.
///
/// They are looked for in `KEELBACK_TEST_PYTHONS` (a list of paths), on `PATH`, and among the installations of pyenv and uv.
#[must_use]
pub fn find() -> Vec<Python> {
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(named) = std::env::var_os("KEELBACK_TEST_PYTHONS") {
        places.extend(std::env::split_paths(&named));
    }
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        places.extend(VERSIONS.map(|version| folder.join(format!("python{version}"))));
        places.push(folder.join("python3"));
    }
    if let Some(home) = std::env::var_os("HOME") {
        let home = PathBuf::from(home);
        for installations in [".pyenv/versions", ".local/share/uv/python"] {
            let mut found: Vec<PathBuf> = std::fs::read_dir(home.join(installations))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path().join("bin/python3"))
                .collect();
            found.sort();
            places.extend(found);
        }
    }
    let mut pythons: Vec<Python> = Vec::new();
    for path in places.into_iter().filter(|path| path.is_file()) {
        if pythons.len() == VERSIONS.len() {
            break;
        }
        if let Some(python) = probe(&path)
            && !pythons.iter().any(|other| other.version == python.version)
        {
            pythons.push(python);
        }
    }
    pythons.sort_by(|left, right| left.version.cmp(&right.version));
    pythons
}

/// The interpreter behind `path`, which may be a launcher, if its version is supported.
fn probe(path: &Path) -> Option<Python> {
    let program = "import sys, platform; print(platform.python_implementation(), '%d.%d' % sys.version_info[:2], sys.executable)";
    let output = Command::new(path)
        .args(["-c", program])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim().splitn(3, ' ');
    let (implementation, version, executable) = (parts.next()?, parts.next()?, parts.next()?);
    (implementation == "CPython" && VERSIONS.contains(&version)).then(|| Python {
        path: executable.into(),
        version: version.to_owned(),
    })
}

/// How a program is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By CPython alone, with the fallback of `__static__`.
    CPython,
    /// By Keelback's bytecode interpreter.
    Interpreter,
    /// By machine code.
    Jit,
}

impl Mode {
    /// All of them, the reference first.
    pub const ALL: [Mode; 3] = [Mode::CPython, Mode::Interpreter, Mode::Jit];

    /// The name in test names and in `case.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::CPython => "cpython",
            Mode::Interpreter => "interp",
            Mode::Jit => "jit",
        }
    }
}

/// What a process did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit status; `None` if a signal ended it or it ran too long.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Whether it was ended because it ran too long.
    pub timed_out: bool,
}

/// The repository's folder.
#[must_use]
pub fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Runs `arguments` (of `python`) in `folder` by `python`, in one of the modes; `command` is Keelback's.
///
/// # Errors
///
/// When the process cannot be started.
pub fn run(
    python: &Python,
    mode: Mode,
    command: &Path,
    folder: &Path,
    arguments: &[OsString],
    stdin: &str,
    limit: Duration,
) -> std::io::Result<Outcome> {
    let mut process = if mode == Mode::CPython {
        let mut process = Command::new(&python.path);
        process.env("PYTHONPATH", repository().join("stdlib/python"));
        process
    } else {
        let mut process = Command::new(command);
        process.arg("run").arg("--python").arg(&python.path);
        process
            .env_remove("PYTHONPATH")
            .env("KEELBACK_TIER", mode.name());
        process
    };
    process
        .args(arguments)
        .current_dir(folder)
        .env_remove("KEELBACK")
        .env("PYTHONUTF8", "1")
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    wait(process, stdin, limit)
}

fn wait(mut process: Command, stdin: &str, limit: Duration) -> std::io::Result<Outcome> {
    let mut child = process.spawn()?;
    let mut input = child.stdin.take();
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let text = stdin.to_owned();
    // A program that does not read its input must not hold up the test, hence a thread, and errors do not matter.
    let writer =
        std::thread::spawn(move || input.take().map(|mut pipe| pipe.write_all(text.as_bytes())));
    let started = Instant::now();
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > limit {
            timed_out = true;
            child.kill()?;
            break child.wait()?;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let _ = writer.join();
    Ok(Outcome {
        status: status.code(),
        stdout: out.join().unwrap_or_default(),
        stderr: err.join().unwrap_or_default(),
        timed_out,
    })
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A sentence per line that differs, for failures.
#[must_use]
pub fn difference(expected: &str, outcome: &Outcome) -> Option<String> {
    use std::fmt::Write as _;

    if expected == outcome.stdout && outcome.status == Some(0) {
        return None;
    }
    let mut text = String::new();
    if outcome.timed_out {
        text.push_str("it ran too long\n");
    }
    if outcome.status != Some(0) {
        let _ = writeln!(text, "exit status {:?}", outcome.status);
    }
    let (mut wanted, mut got) = (expected.lines(), outcome.stdout.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (wanted.next(), got.next()) {
            (None, None) => break,
            (left, right) if left == right => {}
            (left, right) => {
                let show = |line: Option<&str>| {
                    line.map_or_else(|| "nothing".to_owned(), |line| format!("{line:?}"))
                };
                let _ = writeln!(
                    text,
                    "line {number}: expected {}, got {}",
                    show(left),
                    show(right)
                );
            }
        }
    }
    if !outcome.stderr.is_empty() {
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        let _ = writeln!(
            text,
            "standard error ends:\n{}",
            lines[lines.len().saturating_sub(15)..].join("\n")
        );
    }
    Some(text)
}
