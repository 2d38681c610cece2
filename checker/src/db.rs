//! The database: inputs, and what every query may ask for.
//!
//! Three things are inputs: a [`File`] (its path, what is there now, and the editor's text if it is open), the [`Project`]
//! (settings), and nothing else. The content of a file is not an input: the query `source_text` reads it through the
//! [`System`] after looking at [`File::status`], so a change on disk is told to the database by [`Database::refresh`] alone.
//! A path at which there is nothing has a `File` as well: its creation invalidates the imports that failed.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
pub use salsa::Revision;
pub use salsa::{CancellationToken, Cancelled};
use salsa::{Durability, Setter};

pub use crate::inputs::{Definition, File, FilePath, FunctionGroup, ModuleName, Project};
use crate::settings::Settings;
use crate::system::System;
use crate::types::Name;

/// What changes with each change of an input, and with nothing else.
pub fn revision(db: &Database) -> Revision {
    salsa::plumbing::current_revision(db)
}

/// What queries need beside their inputs.
#[salsa::db]
pub trait Db: salsa::Database {
    /// Files and environment.
    fn system(&self) -> &dyn System;

    /// The file at `path`, whether there is one or not.
    fn file(&self, path: FilePath) -> File;

    /// The settings.
    fn project(&self) -> Project;

    /// Whether trees are worth keeping once their file was checked.
    fn keeps_trees(&self) -> bool;
}

/// The names and keys of queries that ran, for tests.
#[derive(Debug, Default, Clone)]
struct EventLog(Arc<Mutex<Option<Vec<String>>>>);

type EventCallback = Box<dyn Fn(salsa::Event) + Send + Sync + 'static>;

/// The one production database. A clone shares everything and may be used on another thread; inputs can be changed
/// while no clone is alive.
#[salsa::db]
#[derive(Clone)]
pub struct Database {
    system: Arc<dyn System>,
    files: Arc<Mutex<FxHashMap<FilePath, File>>>,
    /// Whether inputs never change.
    is_fixed: bool,
    /// Whether the trees of a file go when it was checked.
    is_brief: bool,
    log: EventLog,
    // Last, because dropping it may let a thread go on that waits for exclusive access.
    storage: salsa::Storage<Database>,
}

impl Database {
    /// A database over `system` with `settings`.
    pub fn new(system: Arc<dyn System>, settings: &Settings) -> Database {
        Database::build(system, settings, false, EventLog::default(), None)
    }

    /// A database for one look, of which no input ever changes. What a query reads need not be noted then, which saves a tenth of the time and
    /// more of the memory.
    ///
    /// Whatever changes an input of it panics.
    pub fn fixed(system: Arc<dyn System>, settings: &Settings) -> Database {
        let mut db = Database::build(system, settings, true, EventLog::default(), None);
        crate::files::keep_all_trees(&mut db);
        db
    }

    /// A [fixed](Database::fixed) database that lets go of the trees of a file, its syntax and what its functions mean, as soon as it was
    /// checked: for who wants the findings and nothing else. It takes half the memory; a tree that another file asks for later is made again.
    pub fn brief(system: Arc<dyn System>, settings: &Settings) -> Database {
        Database {
            is_brief: true,
            ..Database::fixed(system, settings)
        }
    }

    /// A database that can record which queries run: see [`Database::start_log`].
    pub fn with_log(system: Arc<dyn System>, settings: &Settings) -> Database {
        let log = EventLog::default();
        let events = log.clone();
        let callback = move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                let mut log = events.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(log) = log.as_mut() {
                    log.push(format!("{database_key:?}"));
                }
            }
        };
        Database::build(system, settings, false, log, Some(Box::new(callback)))
    }

    fn build(
        system: Arc<dyn System>,
        settings: &Settings,
        is_fixed: bool,
        log: EventLog,
        callback: Option<EventCallback>,
    ) -> Database {
        let storage = salsa::Storage::new(callback);
        let db = Database {
            system,
            files: Arc::default(),
            is_fixed,
            is_brief: false,
            log,
            storage,
        };
        let _singleton = Project::builder(
            Arc::new(settings.search_paths.clone()),
            settings.python_version,
            Name::new(&settings.platform),
            Arc::new(settings.static_patterns.clone()),
            Arc::new(settings.rules.clone()),
        )
        .durability(db.durability(Durability::MEDIUM))
        .new(&db);
        db
    }

    /// How seldom an input changes that may change as often as `usual` says.
    fn durability(&self, usual: Durability) -> Durability {
        if self.is_fixed {
            Durability::NEVER_CHANGE
        } else {
            usual
        }
    }

    /// The file at `path`, which is made absolute.
    pub fn os_file(&self, path: &Path) -> File {
        Db::file(self, FilePath::Os(Arc::from(self.system.absolute(path))))
    }

    /// Looks at the file system again for every file that was ever asked about. Call it when something may have changed.
    pub fn refresh(&mut self) {
        let files: Vec<File> = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .copied()
            .collect();
        for file in files {
            self.refresh_file(file);
        }
    }

    /// Looks at one path again.
    pub fn refresh_file(&mut self, file: File) {
        let FilePath::Os(path) = file.path(self).clone() else {
            return;
        };
        let status = self.system.status(&path);
        if file.status(self) != status {
            file.set_status(self).to(status);
        }
    }

    /// What stops the queries that run on this handle, from another thread: they unwind with [`Cancelled`].
    pub fn stopper(&self) -> CancellationToken {
        salsa::Database::cancellation_token(self)
    }

    /// Says under which name the interpreter imports a file.
    pub fn set_name(&mut self, file: File, name: Name) {
        if file.name_override(self).as_ref() != Some(&name) {
            file.set_name_override(self).to(Some(name));
        }
    }

    /// Sets or takes away the text that overrides the one on disk.
    pub fn set_text(&mut self, file: File, text: Option<Arc<str>>) {
        if file.text_override(self) != text {
            file.set_text_override(self).to(text);
        }
    }

    /// Replaces the settings; only what differs invalidates anything.
    pub fn set_settings(&mut self, settings: &Settings) {
        let project = self.project();
        if **project.search_paths(self) != settings.search_paths {
            project
                .set_search_paths(self)
                .to(Arc::new(settings.search_paths.clone()));
        }
        if project.python_version(self) != settings.python_version {
            project.set_python_version(self).to(settings.python_version);
        }
        if *project.platform(self) != *settings.platform {
            project.set_platform(self).to(Name::new(&settings.platform));
        }
        if **project.static_patterns(self) != settings.static_patterns {
            project
                .set_static_patterns(self)
                .to(Arc::new(settings.static_patterns.clone()));
        }
        if **project.rules(self) != settings.rules {
            project.set_rules(self).to(Arc::new(settings.rules.clone()));
        }
    }

    /// Starts recording which queries run, forgetting what was recorded. Only a database made by [`Database::with_log`] does.
    pub fn start_log(&self) {
        *self.log.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What was recorded since [`Database::start_log`]: `query(Id(…))` for each query that was computed, in order.
    pub fn take_log(&self) -> Vec<String> {
        let mut log = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// Whether `log` (of [`Database::take_log`]) says that `query` was computed for `key`.
pub fn query_was_run(log: &[String], query: &str, key: impl salsa::plumbing::AsId) -> bool {
    let wanted = format!("{query}({:?})", key.as_id());
    log.iter()
        .any(|entry| entry.rsplit("::").next() == Some(&wanted))
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn system(&self) -> &dyn System {
        &*self.system
    }

    fn file(&self, path: FilePath) -> File {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&path) {
            return *file;
        }
        let (status, durability) = match &path {
            FilePath::Os(os_path) => (self.system.status(os_path), Durability::LOW),
            FilePath::Vendored(vendored) => {
                (crate::files::vendored_status(vendored), Durability::HIGH)
            }
        };
        let file = File::builder(path.clone(), status, None, None)
            .durability(self.durability(durability))
            .new(self);
        files.insert(path, file);
        file
    }

    fn project(&self) -> Project {
        Project::get(self)
    }

    fn keeps_trees(&self) -> bool {
        !self.is_brief
    }
}
