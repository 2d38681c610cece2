//! What the server knows: the database, and the texts that are open in the editor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::Located;
use keelback_checker::project;
use keelback_checker::render::{Format, render};
use keelback_checker::system::System;
use lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    InitializeParams, PublishDiagnosticsParams, Uri,
};

use crate::convert::{Encoding, path_of, to_lsp};

/// A text that is open in the editor.
struct Document {
    /// As the client wrote it, because it is to be answered in the same spelling.
    uri: Uri,
    file: File,
    path: PathBuf,
    version: i32,
    /// What the client was told last; nothing before the first time.
    published: Option<Vec<Diagnostic>>,
}

/// One client.
pub(crate) struct Session {
    db: Database,
    system: Arc<dyn System>,
    folder: PathBuf,
    encoding: Encoding,
    /// By URI. Few are open at a time, and they are published in a steady order.
    documents: BTreeMap<String, Document>,
    /// Answers to closed documents: their findings are taken back.
    closed: Vec<Uri>,
}

impl Session {
    pub(crate) fn new(
        system: Arc<dyn System>,
        params: &InitializeParams,
        encoding: Encoding,
    ) -> Session {
        let folder = workspace_folder(params).unwrap_or_else(|| system.current_dir());
        let (settings, problems) = project::settings(&*system, &folder, &[]);
        for line in render(&problems, Format::Concise, false).lines() {
            eprintln!("keelback: {line}");
        }
        let db = Database::new(Arc::clone(&system), &settings);
        Session {
            db,
            system,
            folder,
            encoding,
            documents: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// Takes in a text that was opened. Documents that are in no file are left alone.
    pub(crate) fn open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = path_of(&document.uri) else {
            return;
        };
        let file = self.db.os_file(&path);
        self.db.set_text(file, Some(Arc::from(document.text)));
        self.documents.insert(
            document.uri.as_str().to_owned(),
            Document {
                uri: document.uri,
                file,
                path,
                version: document.version,
                published: None,
            },
        );
        self.configure();
    }

    /// Takes in a text that was changed. Changes are whole texts, as the server asked for.
    pub(crate) fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get_mut(params.text_document.uri.as_str()) else {
            return;
        };
        let Some(change) = params.content_changes.into_iter().next_back() else {
            return;
        };
        document.version = params.text_document.version;
        let file = document.file;
        self.db.set_text(file, Some(Arc::from(change.text)));
    }

    /// Lets go of a text: what is on disk counts again.
    pub(crate) fn close(&mut self, params: DidCloseTextDocumentParams) {
        if let Some(document) = self.documents.remove(params.text_document.uri.as_str()) {
            self.db.set_text(document.file, None);
            self.db.refresh_file(document.file);
            self.closed.push(document.uri);
        }
    }

    /// Looks at the disk again: something may have changed there, the configuration included.
    pub(crate) fn refresh(&mut self) {
        self.db.refresh();
        self.configure();
    }

    /// Settings depend on which files there are: their folders are where modules come from.
    fn configure(&mut self) {
        let files: Vec<PathBuf> = self
            .documents
            .values()
            .map(|document| document.path.clone())
            .collect();
        let (settings, problems) = project::settings(&*self.system, &self.folder, &files);
        // A configuration that is being edited is wrong most of the time; the last good one stays.
        if problems.is_empty() {
            self.db.set_settings(&settings);
        }
    }

    /// The findings of every open file for which they are not what the client was told last.
    pub(crate) fn publish(&mut self) -> Vec<PublishDiagnosticsParams> {
        let mut answers: Vec<PublishDiagnosticsParams> = self
            .closed
            .drain(..)
            .map(|uri| PublishDiagnosticsParams {
                uri,
                diagnostics: Vec::new(),
                version: None,
            })
            .collect();
        for document in self.documents.values_mut() {
            let found = check_file(&self.db, document.file);
            let diagnostics: Vec<Diagnostic> = found
                .iter()
                .map(|diagnostic| {
                    let located = Located::new(&self.db, diagnostic);
                    to_lsp(&located, self.encoding, &document.uri, &|shown: &str| {
                        self.system.absolute(Path::new(shown))
                    })
                })
                .collect();
            if document.published.as_ref() == Some(&diagnostics) {
                continue;
            }
            document.published = Some(diagnostics.clone());
            answers.push(PublishDiagnosticsParams {
                uri: document.uri.clone(),
                diagnostics,
                version: Some(document.version),
            });
        }
        answers
    }
}

/// The folder that the client has open.
fn workspace_folder(params: &InitializeParams) -> Option<PathBuf> {
    let folders = params.workspace_folders.as_deref().unwrap_or_default();
    if let Some(path) = folders.iter().find_map(|folder| path_of(&folder.uri)) {
        return Some(path);
    }
    #[expect(
        deprecated,
        reason = "clients older than workspace folders send only this"
    )]
    params.root_uri.as_ref().and_then(path_of)
}
