//! What the server knows: the database, and the texts that are open in the editor. Only the main loop has it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::config::{self, Config};
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::Located;
use keelback_checker::project;
use keelback_checker::rules::Level;
use keelback_checker::settings::Settings;
use keelback_checker::system::System;
use lsp_types::{DidChangeTextDocumentParams, DidOpenTextDocumentParams, FileEvent, Uri};

use crate::client::Client;
use crate::document::{Document, apply};
use crate::uri;

/// The state of the server.
pub(crate) struct Session {
    db: Database,
    system: Arc<dyn System>,
    client: Arc<Client>,
    /// The workspace.
    folder: PathBuf,
    /// By URI.
    documents: BTreeMap<String, Document>,
    /// Counts everything that may change findings.
    revision: u64,
    /// What is wrong with the configuration, in which files.
    problems: Vec<Located>,
    /// Whether the client was told of it.
    problems_are_known: bool,
}

/// The state at one moment, for a job about one document on another thread.
pub(crate) struct Snapshot {
    pub(crate) db: Database,
    pub(crate) client: Arc<Client>,
    pub(crate) file: File,
    pub(crate) uri: Uri,
    /// The document's version, if it is open.
    pub(crate) version: Option<i32>,
}

/// What a job about the findings of all open documents needs to know of each.
pub(crate) struct OpenDocument {
    pub(crate) uri: Uri,
    pub(crate) file: File,
    pub(crate) version: i32,
}

/// The settings for these files, and what is wrong with the configuration that they come from.
fn settings(
    system: &dyn System,
    client: &Client,
    folder: &Path,
    files: &[PathBuf],
) -> (Settings, Vec<Located>) {
    let config = match &client.configuration {
        Some(path) if system.is_dir(path) => Config::read(system, &path.join(config::FILE_NAME)),
        Some(path) => Config::read(system, path),
        None => Config::discover(system, folder),
    };
    let settings = project::configured(system, &config, folder, files);
    (settings, config.problems)
}

impl Session {
    pub(crate) fn new(system: Arc<dyn System>, client: Arc<Client>) -> Session {
        let folder = client.folder.clone();
        let folder = folder.unwrap_or_else(|| system.current_dir());
        let (settings, problems) = settings(&*system, &client, &folder, &[]);
        let db = Database::new(Arc::clone(&system), &settings);
        Session {
            db,
            system,
            client,
            folder,
            documents: BTreeMap::new(),
            revision: 0,
            problems_are_known: problems.is_empty(),
            problems,
        }
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// A number that changes with everything that may change findings.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// What is wrong with the configuration, if that is news, and the absolute path of each file that has something wrong.
    pub(crate) fn take_problems(&mut self) -> Option<Vec<(PathBuf, Located)>> {
        if std::mem::replace(&mut self.problems_are_known, true) {
            return None;
        }
        let problems = self.problems.iter().map(|problem| {
            let path = self.system.absolute(problem.path().as_ref());
            (path, problem.clone())
        });
        Some(problems.collect())
    }

    /// Takes in a text that was opened. Documents that are in no file are left alone.
    pub(crate) fn open(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let Some(path) = uri::to_path(&item.uri) else {
            return;
        };
        self.revision += 1;
        let file = self.db.os_file(&path);
        let document = Document {
            uri: item.uri,
            file,
            path,
            version: item.version,
            text: item.text,
            is_dirty: true,
            touched: self.revision,
            published: None,
        };
        self.documents
            .insert(document.uri.as_str().to_owned(), document);
        self.configure();
    }

    /// Takes in changes of an open text.
    pub(crate) fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get_mut(params.text_document.uri.as_str()) else {
            return;
        };
        self.revision += 1;
        apply(
            &mut document.text,
            params.content_changes,
            self.client.encoding,
        );
        document.version = params.text_document.version;
        document.is_dirty = true;
        document.touched = self.revision;
    }

    /// Lets go of a text: what is on disk counts again. Whether it was open.
    pub(crate) fn close(&mut self, uri: &Uri) -> bool {
        let Some(document) = self.documents.remove(uri.as_str()) else {
            return false;
        };
        self.revision += 1;
        self.db.set_text(document.file, None);
        self.db.refresh_file(document.file);
        true
    }

    /// Looks at the whole disk again.
    pub(crate) fn refresh(&mut self) {
        self.revision += 1;
        self.db.refresh();
        self.configure();
    }

    /// Looks at what the client says has changed on the disk.
    pub(crate) fn refresh_paths(&mut self, events: &[FileEvent]) {
        self.revision += 1;
        let mut is_configuration = false;
        for event in events {
            let Some(path) = uri::to_path(&event.uri) else {
                continue;
            };
            is_configuration |= path
                .file_name()
                .is_some_and(|name| name == config::FILE_NAME)
                || self.client.configuration.as_ref() == Some(&path);
            // The folders above may have come or gone with it.
            for path in path.ancestors() {
                let file = self.db.os_file(path);
                self.db.refresh_file(file);
                if Some(path) == self.client.folder.as_deref() {
                    break;
                }
            }
        }
        if is_configuration {
            self.configure();
        }
    }

    /// Settings depend on which files there are: their folders are where modules come from.
    fn configure(&mut self) {
        let documents = self.documents.values();
        let files: Vec<PathBuf> = documents.map(|document| document.path.clone()).collect();
        let (settings, problems) = settings(&*self.system, &self.client, &self.folder, &files);
        // A configuration that is being edited is wrong most of the time; the last good one stays.
        if problems
            .iter()
            .all(|problem| problem.severity != Level::Error)
        {
            self.db.set_settings(&settings);
        }
        if problems != self.problems {
            self.problems = problems;
            self.problems_are_known = false;
        }
    }

    /// Tells the database of the texts that were edited. An edit costs nothing until somebody asks what follows from it.
    fn flush(&mut self) {
        for document in self.documents.values_mut() {
            if std::mem::take(&mut document.is_dirty) {
                let text: Arc<str> = Arc::from(document.text.as_str());
                self.db.set_text(document.file, Some(text));
            }
        }
    }

    /// The state for a job about one document; nothing if it is in no file.
    pub(crate) fn snapshot(&mut self, uri: &Uri) -> Option<Snapshot> {
        self.flush();
        let (file, version) = match self.documents.get(uri.as_str()) {
            Some(document) => (document.file, Some(document.version)),
            None => (self.db.os_file(&uri::to_path(uri)?), None),
        };
        Some(Snapshot {
            db: self.db.clone(),
            client: Arc::clone(&self.client),
            file,
            uri: uri.clone(),
            version,
        })
    }

    /// The state for a job about all open documents, those that were edited last first.
    pub(crate) fn open_documents(&mut self) -> (Database, Vec<OpenDocument>) {
        self.flush();
        let mut documents: Vec<&Document> = self.documents.values().collect();
        documents.sort_by_key(|document| std::cmp::Reverse(document.touched));
        let documents = documents.into_iter().map(|document| OpenDocument {
            uri: document.uri.clone(),
            file: document.file,
            version: document.version,
        });
        (self.db.clone(), documents.collect())
    }

    /// The open document of this URI.
    pub(crate) fn document(&mut self, uri: &Uri) -> Option<&mut Document> {
        self.documents.get_mut(uri.as_str())
    }
}
