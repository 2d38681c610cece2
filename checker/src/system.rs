//! The only door to the file system and the environment.
//!
//! Everything that the checker reads goes through [`System`]: the real one ([`OsSystem`]), or one in memory
//! ([`MemorySystem`]) for tests and for texts that are in no file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::panic::RefUnwindSafe;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Nothing that can be read.
    Missing,
    /// A folder.
    Directory,
    /// A file, in some revision: the number changes when the content does.
    File(u64),
}

/// Access to files and environment.
pub trait System: fmt::Debug + Send + Sync + RefUnwindSafe {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read`].
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What is at `path`, symbolic links followed.
    fn status(&self, path: &Path) -> Status;

    /// The entries of a folder, as full paths, sorted.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read_dir`].
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;

    /// The absolute path with symbolic links resolved.
    ///
    /// # Errors
    ///
    /// When there is nothing at `path`.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf>;

    /// The current folder.
    fn current_dir(&self) -> PathBuf;

    /// An environment variable.
    fn var(&self, name: &str) -> Option<String>;

    /// Writes a file that other processes may be reading or writing too: it is there whole or not at all. Folders are made. Editors
    /// find it read-only.
    ///
    /// # Errors
    ///
    /// As [`std::fs::write`].
    fn write_shared(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Gives the file at `path` another content: it has the old one or the new one, whole, whenever it is looked at. It keeps its
    /// permissions, and a link that leads to it stays one.
    ///
    /// # Errors
    ///
    /// As [`std::fs::write`]. The file is as it was then.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// The user's folder for what can be made again.
    fn cache_dir(&self) -> Option<PathBuf> {
        let folder = |name: &str| {
            let path = PathBuf::from(self.var(name)?);
            path.is_absolute().then_some(path)
        };
        if let Some(cache) = folder("XDG_CACHE_HOME") {
            return Some(cache);
        }
        match std::env::consts::OS {
            "windows" => folder("LOCALAPPDATA"),
            "macos" => Some(folder("HOME")?.join("Library/Caches")),
            _ => Some(folder("HOME")?.join(".cache")),
        }
    }

    /// `path` made absolute, without touching the file system: `.` and `..` are resolved in the text.
    fn absolute(&self, path: &Path) -> PathBuf {
        normalize(&self.current_dir().join(path))
    }

    /// Whether there is a file at `path`.
    fn is_file(&self, path: &Path) -> bool {
        matches!(self.status(path), Status::File(_))
    }

    /// Whether there is a folder at `path`.
    fn is_dir(&self, path: &Path) -> bool {
        self.status(path) == Status::Directory
    }
}

/// Resolves `.` and `..` in the text of a path.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The operating system's files.
#[derive(Debug, Clone)]
pub struct OsSystem {
    current_dir: PathBuf,
}

impl OsSystem {
    /// The file system as seen from the process's current folder.
    pub fn new() -> OsSystem {
        OsSystem {
            current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        }
    }

    /// The file system as seen from `current_dir`.
    pub fn with_current_dir(current_dir: PathBuf) -> OsSystem {
        OsSystem { current_dir }
    }
}

impl Default for OsSystem {
    fn default() -> Self {
        Self::new()
    }
}

impl System for OsSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn status(&self, path: &Path) -> Status {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Status::Directory,
            Ok(metadata) => {
                let modified = metadata.modified().ok();
                let nanos = modified
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                    .map_or(0, |age| age.as_nanos());
                // The length is mixed in because some file systems keep whole seconds only.
                let nanos = u64::try_from(nanos & u128::from(u64::MAX)).unwrap_or(0);
                Status::File(nanos ^ metadata.len().rotate_left(40))
            }
            Err(_) => Status::Missing,
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut entries = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        Ok(entries)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }

    fn current_dir(&self) -> PathBuf {
        self.current_dir.clone()
    }

    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn write_shared(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = folder.join(format!(".{name}.{}", std::process::id()));
        std::fs::write(&draft, content)?;
        let mut permissions = std::fs::metadata(&draft)?.permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&draft, permissions)?;
        std::fs::rename(&draft, path)
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let path = std::fs::canonicalize(path)?;
        let permissions = std::fs::metadata(&path)?.permissions();
        if permissions.readonly() {
            // Only the folder is asked when a file is renamed.
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the file is read-only",
            ));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let written = std::fs::write(&draft, content)
            .and_then(|()| std::fs::set_permissions(&draft, permissions))
            .and_then(|()| std::fs::rename(&draft, &path));
        if written.is_err() {
            // What went wrong first is what is told.
            let _ = std::fs::remove_file(&draft);
        }
        written
    }
}

#[derive(Debug, Default)]
struct Memory {
    files: BTreeMap<PathBuf, (Vec<u8>, u64)>,
    variables: BTreeMap<String, String>,
    revision: u64,
}

/// Files in memory. The current folder is `/`. Folders exist when something is in them. Clones share their files.
#[derive(Debug, Clone, Default)]
pub struct MemorySystem(Arc<Mutex<Memory>>);

impl MemorySystem {
    /// Without files.
    pub fn new() -> MemorySystem {
        MemorySystem::default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a file, replacing what was there.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.absolute(path.as_ref());
        let mut memory = self.lock();
        memory.revision += 1;
        let revision = memory.revision;
        memory
            .files
            .insert(path, (content.as_ref().to_vec(), revision));
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, path: impl AsRef<Path>) {
        let path = self.absolute(path.as_ref());
        self.lock().files.remove(&path);
    }

    /// Sets an environment variable.
    pub fn set_var(&self, name: &str, value: &str) {
        self.lock()
            .variables
            .insert(name.to_owned(), value.to_owned());
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("no such file: {}", path.display()),
    )
}

impl System for MemorySystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.absolute(path);
        self.lock()
            .files
            .get(&path)
            .map(|(content, _)| content.clone())
            .ok_or_else(|| missing(&path))
    }

    fn status(&self, path: &Path) -> Status {
        let path = self.absolute(path);
        let memory = self.lock();
        if let Some((_, revision)) = memory.files.get(&path) {
            return Status::File(*revision);
        }
        let below = memory.files.range(path.clone()..).map(|(file, _)| file);
        // A folder's files follow it in order, but names such as `a-b` come between `a` and `a/x`.
        let is_dir = below.take_while(|file| {
            file.as_os_str()
                .as_encoded_bytes()
                .starts_with(path.as_os_str().as_encoded_bytes())
        });
        if is_dir.into_iter().any(|file| file.starts_with(&path)) {
            Status::Directory
        } else {
            Status::Missing
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let path = self.absolute(path);
        let memory = self.lock();
        let mut entries: Vec<PathBuf> = memory
            .files
            .keys()
            .filter_map(|file| {
                let first = file.strip_prefix(&path).ok()?.components().next()?;
                Some(path.join(first))
            })
            .collect();
        entries.sort();
        entries.dedup();
        if entries.is_empty() {
            Err(missing(&path))
        } else {
            Ok(entries)
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.absolute(path);
        match self.status(&path) {
            Status::Missing => Err(missing(&path)),
            _ => Ok(path),
        }
    }

    fn current_dir(&self) -> PathBuf {
        PathBuf::from("/")
    }

    fn var(&self, name: &str) -> Option<String> {
        self.lock().variables.get(name).cloned()
    }

    fn write_shared(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.write(path, content);
        Ok(())
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        if !self.is_file(path) {
            return Err(missing(path));
        }
        self.write(path, content);
        Ok(())
    }
}
