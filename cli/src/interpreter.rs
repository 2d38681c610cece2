//! Finding a CPython to run in.
//!
//! Asked in this order: `--python`, `KEELBACK_PYTHON`, the project's configuration, the active virtual environment, `python3` and `python3.13`, `python3.12` on PATH, the
//! versions that pyenv and uv have installed. The first that is supported wins. Where a version can be read without starting a process
//! (a `pyvenv.cfg`, a versioned file name, a folder name), it is; otherwise the interpreter is asked.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Minor versions of CPython 3 that the extension supports, the preferred one first.
pub const SUPPORTED: [u8; 2] = [13, 12];

/// An interpreter that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable, as found: links are not followed, so that a virtual environment stays one.
    pub path: PathBuf,
    /// Major and minor version.
    pub version: (u8, u8),
}

/// There is no supported interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotFound {
    /// The interpreter that was asked for by name (`--python`, `KEELBACK_PYTHON`, `pyproject.toml`), with where the wish came from.
    pub asked: Option<(String, &'static str)>,
    /// What was found, none of it supported.
    pub found: Vec<Interpreter>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self
            .found
            .iter()
            .map(|i| {
                format!(
                    "Python {}.{} at {}",
                    i.version.0,
                    i.version.1,
                    i.path.display()
                )
            })
            .collect();
        match (&self.asked, list.is_empty()) {
            (Some((what, source)), true) => write!(
                f,
                "Keelback needs CPython 3.12 or 3.13, and {what} (from {source}) is not a Python that can be started"
            ),
            (Some((_, source)), false) => write!(
                f,
                "Keelback needs CPython 3.12 or 3.13, and {source} names {}",
                list.join(", ")
            ),
            (None, true) => f.write_str(
                "Keelback needs CPython 3.12 or 3.13, and no Python was found on PATH, in pyenv or in uv; install one or name it with --python",
            ),
            (None, false) => write!(
                f,
                "Keelback needs CPython 3.12 or 3.13, and found only {}; install one or name it with --python",
                list.join(", ")
            ),
        }
    }
}

impl std::error::Error for NotFound {}

/// An interpreter that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A path, a command, or a version such as `3.12`.
    pub what: String,
    /// Where the wish comes from.
    pub source: &'static str,
}

impl Wish {
    /// The value of `--python`.
    pub fn of_option(what: &str) -> Wish {
        Wish {
            what: what.to_owned(),
            source: "--python",
        }
    }

    /// The value of `--python` if there is one, or else what the environment names, or else what `configured` finds in the project's
    /// configuration.
    pub fn first(
        option: Option<&str>,
        configured: impl FnOnce() -> Option<PathBuf>,
    ) -> Option<Wish> {
        let environment = || {
            let what = std::env::var("KEELBACK_PYTHON").ok();
            what.filter(|v| !v.is_empty()).map(|what| Wish {
                what,
                source: "KEELBACK_PYTHON",
            })
        };
        let configuration = || {
            configured().map(|path| Wish {
                what: path.display().to_string(),
                source: "pyproject.toml",
            })
        };
        option
            .map(Wish::of_option)
            .or_else(environment)
            .or_else(configuration)
    }
}

/// Finds the interpreter to use: the one that is wished for, or else the first that is supported.
///
/// # Errors
/// [`NotFound`], which says what was found and what is needed.
pub fn find(wish: Option<&Wish>) -> Result<Interpreter, NotFound> {
    if let Some(wish) = wish {
        return find_named(&wish.what, wish.source);
    }
    let mut found = Vec::new();
    for candidate in candidates() {
        if let Some(interpreter) = candidate.examine() {
            if is_supported(interpreter.version) {
                return Ok(interpreter);
            }
            if !found.contains(&interpreter) {
                found.push(interpreter);
            }
        }
    }
    Err(NotFound { asked: None, found })
}

fn find_named(what: &str, source: &'static str) -> Result<Interpreter, NotFound> {
    let asked = Some((what.to_owned(), source));
    if let Some(minor) = what.strip_prefix("3.").and_then(|m| m.parse::<u8>().ok()) {
        let mut found = Vec::new();
        for candidate in candidates() {
            if let Some(interpreter) = candidate.examine() {
                if interpreter.version == (3, minor) && is_supported(interpreter.version) {
                    return Ok(interpreter);
                }
                if interpreter.version == (3, minor) {
                    found.push(interpreter);
                }
            }
        }
        return Err(NotFound { asked, found });
    }
    let path = if what.contains('/') {
        Some(PathBuf::from(what))
    } else {
        on_path(what).next()
    };
    match path.and_then(|path| {
        Candidate {
            path,
            version: None,
        }
        .examine()
    }) {
        Some(interpreter) if is_supported(interpreter.version) => Ok(interpreter),
        Some(interpreter) => Err(NotFound {
            asked,
            found: vec![interpreter],
        }),
        None => Err(NotFound {
            asked,
            found: Vec::new(),
        }),
    }
}

/// Whether the extension supports this version.
pub fn is_supported((major, minor): (u8, u8)) -> bool {
    major == 3 && SUPPORTED.contains(&minor)
}

/// A possible interpreter, with its version where that is known without starting it.
struct Candidate {
    path: PathBuf,
    version: Option<(u8, u8)>,
}

impl Candidate {
    fn examine(self) -> Option<Interpreter> {
        if !is_executable(&self.path) {
            return None;
        }
        let version = self.version.or_else(|| ask(&self.path))?;
        Some(Interpreter {
            path: self.path,
            version,
        })
    }
}

fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata()
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        path.is_file()
    }
}

/// Starts an interpreter to learn its version. Anything but a CPython gives `None`.
fn ask(path: &Path) -> Option<(u8, u8)> {
    let output = Command::new(path)
        .args([
            "-I",
            "-S",
            "-c",
            "import sys; print(sys.implementation.name, *sys.version_info[:2])",
        ])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    if words.next()? != "cpython" {
        return None;
    }
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Every place to look, in order.
fn candidates() -> impl Iterator<Item = Candidate> {
    let environment = std::env::var_os("VIRTUAL_ENV")
        .map(PathBuf::from)
        .map(|folder| {
            let version = std::fs::read_to_string(folder.join("pyvenv.cfg"))
                .ok()
                .and_then(|text| configured_version(&text));
            Candidate {
                path: folder.join("bin/python"),
                version,
            }
        });
    let unversioned = on_path("python3").map(|path| Candidate {
        version: linked_version(&path),
        path,
    });
    let versioned = SUPPORTED.into_iter().flat_map(|minor| {
        on_path(&format!("python3.{minor}")).map(move |path| Candidate {
            // A version manager's shim has a versioned name and may still run another version, or none.
            version: linked_version(&path),
            path,
        })
    });
    let managed = managed_folders()
        .into_iter()
        .flat_map(|folder| installed(&folder));
    environment
        .into_iter()
        .chain(unversioned)
        .chain(versioned)
        .chain(managed)
}

/// `version` or `version_info` of a `pyvenv.cfg`.
fn configured_version(text: &str) -> Option<(u8, u8)> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "version" | "version_info")
            .then(|| parse_version(value.trim()))
            .flatten()
    })
}

/// The first two numbers of `3.12.1`, if that is what the text starts with.
fn parse_version(text: &str) -> Option<(u8, u8)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The version in the name of the binary that a link leads to, when that is a real binary.
fn linked_version(path: &Path) -> Option<(u8, u8)> {
    let real = path.canonicalize().ok()?;
    let mut head = [0u8; 2];
    {
        use std::io::Read;
        std::fs::File::open(&real)
            .and_then(|mut f| f.read_exact(&mut head))
            .ok()?;
    }
    if &head == b"#!" {
        return None;
    }
    parse_version(real.file_name()?.to_str()?.strip_prefix("python")?)
}

/// Every executable of this name on PATH.
fn on_path(name: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|p| std::env::split_paths(&p).collect())
        .unwrap_or_default();
    let name = name.to_owned();
    folders
        .into_iter()
        .map(move |folder| folder.join(&name))
        .filter(|path| is_executable(path))
}

/// Folders in which pyenv and uv keep one folder for each version.
fn managed_folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| home.as_ref().map(|h| h.join(".pyenv")))
        .map(|root| root.join("versions"));
    let uv = std::env::var_os("UV_PYTHON_INSTALL_DIR")
        .map(PathBuf::from)
        .or_else(|| {
            std::env::var_os("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or_else(|| home.map(|h| h.join(".local/share")))
                .map(|data| data.join("uv/python"))
        });
    pyenv.into_iter().chain(uv).collect()
}

/// The interpreters in such a folder, supported versions first and newest first. The folder's name says the version
/// (`3.12.1`, `cpython-3.13.0-linux-x86_64-gnu`); other implementations are left out.
fn installed(folder: &Path) -> Vec<Candidate> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(Vec<u32>, Candidate)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix("cpython-").unwrap_or(&name);
            let number = number.split(['-', '+']).next()?;
            if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('t') {
                return None;
            }
            let parts: Vec<u32> = number.split('.').map_while(|p| p.parse().ok()).collect();
            // `3.13-dev` and a bare `3.13` (a link of uv's) are as good as numbered ones.
            let version = (
                u8::try_from(*parts.first()?).ok()?,
                u8::try_from(*parts.get(1)?).ok()?,
            );
            if version.0 != 3 {
                return None;
            }
            Some((
                parts,
                Candidate {
                    path: entry.path().join("bin/python3"),
                    version: Some(version),
                },
            ))
        })
        .collect();
    found.sort_by(|(a, x), (b, y)| {
        let supported = |c: &Candidate| c.version.is_some_and(is_supported);
        supported(y).cmp(&supported(x)).then_with(|| b.cmp(a))
    });
    found.into_iter().map(|(_, candidate)| candidate).collect()
}
