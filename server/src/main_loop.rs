//! The main loop: takes messages in, gives work to the pool, hands answers out. It owns the state and never waits for work.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use keelback_checker::system::System;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{Notification as _, PublishDiagnostics, ShowMessage};
use lsp_types::request::{RegisterCapability, Request as _};
use lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, MessageType,
    PublishDiagnosticsParams, Registration, RegistrationParams, ShowMessageParams, Uri,
};
use serde::Serialize;

use crate::Ending;
use crate::api::{self, Failure};
use crate::client::Client;
use crate::diagnostics::{self, Computed};
use crate::pending::Pending;
use crate::scheduler::{Pool, Stopped, contained};
use crate::session::{Session, Snapshot};
use crate::uri;

/// What comes back from the pool.
enum Done {
    /// A request was answered.
    Answer(Response),
    /// The findings of a document were computed.
    Findings(Computed),
}

/// The state of the main loop.
pub(crate) struct MainLoop {
    connection: Connection,
    session: Session,
    pool: Pool,
    pending: Pending,
    done: (Sender<Done>, Receiver<Done>),
    /// The revision whose findings were asked for last.
    checked: u64,
    /// Requests to the client so far.
    asked: i32,
    is_shut_down: bool,
    /// The configuration files with findings that the client was told of.
    complained: BTreeSet<PathBuf>,
}

impl MainLoop {
    pub(crate) fn new(
        connection: Connection,
        system: Arc<dyn System>,
        client: Client,
    ) -> Result<MainLoop, Box<dyn Error + Send + Sync>> {
        Ok(MainLoop {
            connection,
            session: Session::new(system, Arc::new(client)),
            pool: Pool::new()?,
            pending: Pending::default(),
            done: unbounded(),
            checked: 0,
            asked: 0,
            is_shut_down: false,
            complained: BTreeSet::new(),
        })
    }

    /// Serves until the client goes away.
    pub(crate) fn run(mut self) -> Ending {
        loop {
            let incoming = self.connection.receiver.clone();
            let done = self.done.1.clone();
            select! {
                recv(incoming) -> message => match message {
                    Ok(message) => if let Some(ending) = self.message(message) {
                        return ending;
                    },
                    Err(_) => return Ending::Abrupt,
                },
                recv(done) -> done => if let Ok(done) = done {
                    self.finish(done);
                },
            }
            // What is already waiting is taken in first: a check between two keystrokes that have both arrived is wasted.
            while let Ok(message) = incoming.try_recv() {
                if let Some(ending) = self.message(message) {
                    return ending;
                }
            }
            self.check();
            self.complain();
        }
    }

    /// Deals with one message. Says how the session ended if it was the last.
    fn message(&mut self, message: Message) -> Option<Ending> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(note) if note.method == lsp_types::notification::Exit::METHOD => {
                return Some(if self.is_shut_down {
                    Ending::Clean
                } else {
                    Ending::Abrupt
                });
            }
            Message::Notification(note) => self.notification(note),
            // The server asks for nothing whose answer it needs.
            Message::Response(_) => {}
        }
        None
    }

    fn request(&mut self, request: Request) {
        if self.is_shut_down {
            let text = "the server was shut down".to_owned();
            return self.refuse(request.id, ErrorCode::InvalidRequest, text);
        }
        if request.method == lsp_types::request::Shutdown::METHOD {
            self.is_shut_down = true;
            return self.send(Message::Response(Response::new_ok(request.id, ())));
        }
        api::request(self, request);
    }

    fn notification(&mut self, note: Notification) {
        let method = note.method.clone();
        // What a notification does half is repaired by the next: texts are whole again when they are opened again.
        match contained(|| api::notification(self, note)) {
            Ok(Ok(())) => {}
            // A malformed notification has no answer; what was known before stays.
            Ok(Err(error)) => eprintln!("keelback: {method}: {error}"),
            Err(Stopped::Cancelled | Stopped::Elsewhere) => {}
            Err(Stopped::Panicked(text)) => {
                let text = format!("`{method}` failed: {text}");
                self.show(MessageType::ERROR, text);
            }
        }
    }

    /// The state, for notifications.
    pub(crate) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Refuses a request.
    pub(crate) fn refuse(&mut self, id: RequestId, code: ErrorCode, message: String) {
        self.send(Message::Response(Response::new_err(
            id,
            code as i32,
            message,
        )));
    }

    /// Has the pool answer a request about the document `uri`; a document that is in no file gets the empty answer.
    pub(crate) fn answer<T: Serialize>(
        &mut self,
        id: RequestId,
        uri: &Uri,
        work: impl FnOnce(&Snapshot) -> Result<T, Failure> + Send + 'static,
    ) {
        let Some(snapshot) = self.session.snapshot(uri) else {
            return self.send(Message::Response(Response::new_ok(id, ())));
        };
        self.pending.add(id.clone(), snapshot.db.stopper());
        let done = self.done.0.clone();
        self.pool.spawn(move || {
            let result = contained(|| {
                let value = work(&snapshot)?;
                serde_json::to_value(value).map_err(|error| Failure(error.to_string()))
            });
            // Whoever waits to write need not wait for the answer to be sent.
            drop(snapshot);
            // It fails only when the main loop is gone.
            let _ = done.send(Done::Answer(response(id, result)));
        });
    }

    /// The client does not want the answer any more.
    pub(crate) fn cancel(&mut self, id: RequestId) {
        if self.pending.cancel(&id) {
            let text = "cancelled by the client".to_owned();
            self.refuse(id, ErrorCode::RequestCanceled, text);
        }
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Answer(response) => {
                if self.pending.take(&response.id) {
                    self.send(Message::Response(response));
                }
            }
            Done::Findings(computed) => self.publish(computed),
        }
    }

    /// Has the pool compute the findings of the open documents, if something has changed.
    fn check(&mut self) {
        let revision = self.session.revision();
        if self.checked == revision {
            return;
        }
        self.checked = revision;
        let encoding = self.session.client().encoding;
        let (db, documents) = self.session.open_documents();
        let documents = Arc::new(documents);
        // The jobs share the documents out in order: the one that was edited last is taken first.
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..self.pool.processors().min(documents.len()) {
            let (db, documents) = (db.clone(), Arc::clone(&documents));
            let (next, done) = (Arc::clone(&next), self.done.0.clone());
            self.pool.spawn(move || {
                while let Some(document) = documents.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut found = Err(Stopped::Elsewhere);
                    while let Err(Stopped::Elsewhere) = found {
                        found = contained(|| diagnostics::compute(&db, document, encoding));
                    }
                    match found {
                        Ok(diagnostics) => {
                            let computed = Computed {
                                revision,
                                uri: document.uri.clone(),
                                version: document.version,
                                diagnostics,
                            };
                            if done.send(Done::Findings(computed)).is_err() {
                                return;
                            }
                        }
                        // Something has changed again, and the next jobs are on their way.
                        Err(Stopped::Cancelled | Stopped::Elsewhere) => return,
                        Err(Stopped::Panicked(text)) => {
                            eprintln!(
                                "keelback: checking {} failed: {text}",
                                document.uri.as_str()
                            );
                        }
                    }
                }
            });
        }
    }

    /// Tells the client what was found, unless it is out of date or known.
    fn publish(&mut self, computed: Computed) {
        if computed.revision != self.session.revision() {
            return;
        }
        let Some(document) = self.session.document(&computed.uri) else {
            return;
        };
        // Clients move what they show as the text is edited, so after an edit even what is equal is news.
        let is_known = match &document.published {
            Some((version, diagnostics)) => {
                *version == computed.version && *diagnostics == computed.diagnostics
            }
            None => false,
        };
        if is_known {
            return;
        }
        document.published = Some((computed.version, computed.diagnostics.clone()));
        self.notify::<PublishDiagnostics>(PublishDiagnosticsParams {
            uri: computed.uri,
            diagnostics: computed.diagnostics,
            version: Some(computed.version),
        });
    }

    /// Takes back what was found in a document that was closed.
    pub(crate) fn withdraw(&mut self, uri: Uri) {
        self.notify::<PublishDiagnostics>(PublishDiagnosticsParams {
            uri,
            diagnostics: Vec::new(),
            version: None,
        });
    }

    /// Asks the client to watch the files that matter.
    pub(crate) fn watch_files(&mut self) {
        if !self.session.client().watches_files {
            return;
        }
        let watcher = |pattern: &str| FileSystemWatcher {
            glob_pattern: GlobPattern::String(pattern.to_owned()),
            kind: None,
        };
        let options = DidChangeWatchedFilesRegistrationOptions {
            watchers: ["**/*.py", "**/*.pyi", "**/pyproject.toml"]
                .map(watcher)
                .to_vec(),
        };
        let registration = Registration {
            id: "keelback/files".to_owned(),
            method: lsp_types::notification::DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        self.asked += 1;
        self.send(Message::Request(Request::new(
            RequestId::from(self.asked),
            RegisterCapability::METHOD.to_owned(),
            RegistrationParams {
                registrations: vec![registration],
            },
        )));
    }

    /// Shows what is wrong with the configuration, in its file.
    fn complain(&mut self) {
        let Some(problems) = self.session.take_problems() else {
            return;
        };
        let encoding = self.session.client().encoding;
        // What was wrong before and is no more is taken back.
        let mut found: BTreeMap<PathBuf, Vec<lsp_types::Diagnostic>> =
            std::mem::take(&mut self.complained)
                .into_iter()
                .map(|path| (path, Vec::new()))
                .collect();
        for (path, problem) in problems {
            self.complained.insert(path.clone());
            found
                .entry(path)
                .or_default()
                .push(diagnostics::located(&problem, encoding));
        }
        for (path, diagnostics) in found {
            if let Some(uri) = uri::from_path(&path) {
                self.notify::<PublishDiagnostics>(PublishDiagnosticsParams {
                    uri,
                    diagnostics,
                    version: None,
                });
            }
        }
    }

    fn show(&mut self, typ: MessageType, message: String) {
        let message = format!("keelback: {message}");
        self.notify::<ShowMessage>(ShowMessageParams { typ, message });
    }

    fn notify<N: lsp_types::notification::Notification>(&mut self, params: N::Params) {
        let note = Notification::new(N::METHOD.to_owned(), params);
        self.send(Message::Notification(note));
    }

    fn send(&mut self, message: Message) {
        // It fails only when the client reads no more; then it will soon write no more either.
        let _ = self.connection.sender.send(message);
    }
}

fn response(
    id: RequestId,
    result: Result<Result<serde_json::Value, Failure>, Stopped>,
) -> Response {
    match result {
        Ok(Ok(value)) => Response::new_ok(id, value),
        Ok(Err(Failure(text))) => Response::new_err(id, ErrorCode::RequestFailed as i32, text),
        // Clients ask again after this answer.
        Err(Stopped::Cancelled | Stopped::Elsewhere) => {
            let text = "the text has changed meanwhile".to_owned();
            Response::new_err(id, ErrorCode::ContentModified as i32, text)
        }
        Err(Stopped::Panicked(text)) => {
            let text = format!("This is a bug in Keelback; please report it: {text}");
            Response::new_err(id, ErrorCode::InternalError as i32, text)
        }
    }
}

#[cfg(test)]
mod tests;
