//! Checking one text, and what must hold of what is found.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keelback_checker::check::check_file;
use keelback_checker::config::Config;
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::{Located, Place};
use keelback_checker::files::{parsed, source_text};
use keelback_checker::fix;
use keelback_checker::ide::fixes::fix_all;
use keelback_checker::project;
use keelback_checker::render::{Format, render};
use keelback_checker::rules::{Level, Rule};
use keelback_checker::settings::{Settings, StaticPatterns};
use keelback_checker::system::{OsSystem, Status, System};
use keelback_parser::parse_module;

/// What is wrong with what the checker said about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What tells one defect from another: where an internal error was, or which rule pointed outside of the text.
    pub kind: String,
    /// The whole of it.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The Python files below `paths`, without those of installed packages.
///
/// # Errors
///
/// When there is nothing at one of them.
pub fn files_below(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let system = OsSystem::new();
    let mut files = Vec::new();
    for path in paths {
        files.extend(project::python_files(&system, path)?);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Files of the machine, some of them with other contents.
#[derive(Debug)]
struct Overlay {
    os: OsSystem,
    replaced: Mutex<BTreeMap<PathBuf, (Vec<u8>, u64)>>,
}

impl Overlay {
    fn replaced(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, (Vec<u8>, u64)>> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl System for Overlay {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let replaced = self.replaced().get(path).map(|(bytes, _)| bytes.clone());
        replaced.map_or_else(|| self.os.read(path), Ok)
    }

    fn status(&self, path: &Path) -> Status {
        let revision = self.replaced().get(path).map(|(_, revision)| *revision);
        revision.map_or_else(|| self.os.status(path), Status::File)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.os.list(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.os.canonicalize(path)
    }

    fn current_dir(&self) -> PathBuf {
        self.os.current_dir()
    }

    fn var(&self, name: &str) -> Option<String> {
        self.os.var(name)
    }

    fn write_shared(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.os.write_shared(path, content)
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.os.replace(path, content)
    }
}

/// A database over the machine's files, in which the text of one after the other is replaced: what is not about that file stays
/// computed, as in an editor.
#[derive(Debug)]
pub struct Probe {
    system: Arc<Overlay>,
    db: Database,
    revision: u64,
}

impl Probe {
    /// A fresh one for `files`, all of them static, with every rule on.
    #[must_use]
    pub fn new(files: &[PathBuf]) -> Probe {
        let system = Arc::new(Overlay {
            os: OsSystem::new(),
            replaced: Mutex::default(),
        });
        let folder = files.first().and_then(|file| file.parent());
        let folder = folder.unwrap_or(Path::new("/"));
        let mut settings: Settings =
            project::configured(&*system, &Config::default(), folder, files);
        settings.static_patterns = StaticPatterns::new(["*".to_owned()]).unwrap_or_default();
        // So that every rule runs.
        let _ = settings.rules.set_by_name("all", Level::Warning);
        let db = Database::new(Arc::clone(&system) as Arc<dyn System>, &settings);
        Probe {
            system,
            db,
            revision: 0,
        }
    }

    /// Checks the file at `path` as if it held `bytes`. What comes of it is also put into words. Gives the number of findings.
    ///
    /// # Errors
    ///
    /// What is wrong with the findings.
    pub fn check(&mut self, path: &Path, bytes: &[u8]) -> Result<usize, Failure> {
        let file = self.db.os_file(path);
        {
            let mut replaced = self.system.replaced();
            replaced.clear();
            self.revision += 1;
            replaced.insert(path.to_path_buf(), (bytes.to_vec(), self.revision));
        }
        self.db.refresh_file(file);
        let found: Vec<Located> = check_file(&self.db, file)
            .iter()
            .map(|diagnostic| Located::new(&self.db, diagnostic))
            .collect();
        found.iter().try_for_each(examine)?;
        let _ = render(&found, Format::Json, false);
        self.repair(file)?;
        // The next text may be that of another file, for which this one is what it is on disk.
        self.system.replaced().clear();
        self.db.refresh_file(file);
        Ok(found.len())
    }
}

impl Probe {
    /// Makes the repairs that are certain, in memory: what was Python must stay Python.
    fn repair(&self, file: File) -> Result<(), Failure> {
        let edits = fix_all(&self.db, file);
        if edits.is_empty() || !parsed(&self.db, file).is_valid() {
            return Ok(());
        }
        let before = source_text(&self.db, file);
        let after = parse_module(&fix::apply(&before.text, edits));
        match after.errors().first() {
            None => Ok(()),
            Some(error) => Err(Failure {
                kind: "repair".to_owned(),
                message: format!("what repairs make of it is no Python: {}", error.message),
            }),
        }
    }
}

/// What must hold of one finding.
fn examine(found: &Located) -> Result<(), Failure> {
    if found.rule == Rule::InternalError {
        let place = found.notes.iter().find(|note| note.starts_with("At "));
        return Err(Failure {
            kind: place.map_or_else(|| found.message.clone(), Clone::clone),
            message: format!("{}; {}", found.message, found.notes.join("; ")),
        });
    }
    let edits = found.fix.iter().flat_map(|fix| &fix.edits);
    let places = std::iter::once(("", &found.primary.place))
        .chain(
            found
                .secondary
                .iter()
                .map(|label| ("a label of ", &label.place)),
        )
        .chain(edits.map(|(place, _)| ("the repair of ", place)));
    for (what, place) in places {
        if !lies_inside(place) {
            return Err(Failure {
                kind: format!("{what}{} lies outside", found.rule),
                message: format!(
                    "{what}{} points at {:?} of {}, which has {} bytes: {}",
                    found.rule,
                    place.range,
                    place.source.path,
                    place.source.text.len(),
                    found.message
                ),
            });
        }
    }
    Ok(())
}

fn lies_inside(place: &Place) -> bool {
    let range = place.range.start().to_usize()..place.range.end().to_usize();
    place.source.text.get(range).is_some()
}
