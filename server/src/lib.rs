//! The language server: the checker's findings in an editor, as the text is typed.
//!
//! It speaks the language server protocol over any [`Connection`]; [`run`] does so over standard input and output. Open texts
//! override the files on disk in the checker's database, and after each change every open file is checked again, which costs
//! only what the change invalidated. Positions are translated here, in the encoding that client and server agreed on, and
//! nowhere else.
//!
//! It knows nothing that `keelback check` does not, decides nothing about types, and needs no Python. Before it comes the
//! checker; after it only the command that starts it.
#![deny(unsafe_code)]

mod convert;
mod session;

use std::error::Error;
use std::sync::Arc;

use keelback_checker::system::{OsSystem, System};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Notification as _, PublishDiagnostics,
};
use lsp_types::{
    InitializeParams, InitializeResult, PositionEncodingKind, SaveOptions, ServerCapabilities,
    ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions,
};

use convert::Encoding;
use session::Session;

/// Serves over standard input and output until the client sends `exit`.
///
/// # Errors
///
/// When the client breaks the protocol, or goes away without a word.
pub fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (connection, threads) = Connection::stdio();
    serve(&connection, Arc::new(OsSystem::new()))?;
    // The writing thread ends when the last sender is gone.
    drop(connection);
    threads.join()?;
    Ok(())
}

/// Serves over `connection` until the client sends `exit`; files that are not open are read from `system`.
///
/// # Errors
///
/// As [`run`].
pub fn serve(
    connection: &Connection,
    system: Arc<dyn System>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let encoding = Encoding::choose(&params);
    let result = InitializeResult {
        capabilities: capabilities(encoding),
        server_info: Some(ServerInfo {
            name: "keelback".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    connection.initialize_finish(id, serde_json::to_value(result)?)?;

    let mut session = Session::new(system, &params, encoding);
    while let Ok(message) = connection.receiver.recv() {
        if !handle(connection, &mut session, message)? {
            return Ok(());
        }
        // What is already waiting is taken in first: a check between two keystrokes that have both arrived is wasted.
        while let Ok(message) = connection.receiver.try_recv() {
            if !handle(connection, &mut session, message)? {
                return Ok(());
            }
        }
        for params in session.publish() {
            let note = Notification::new(PublishDiagnostics::METHOD.to_owned(), params);
            connection.sender.send(Message::Notification(note))?;
        }
    }
    Ok(())
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::from(encoding)),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::FULL),
                save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                    include_text: Some(false),
                })),
                ..TextDocumentSyncOptions::default()
            },
        )),
        ..ServerCapabilities::default()
    }
}

/// Deals with one message; `false` when it was the last.
fn handle(
    connection: &Connection,
    session: &mut Session,
    message: Message,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    match message {
        Message::Request(request) => {
            if connection.handle_shutdown(&request)? {
                return Ok(false);
            }
            connection
                .sender
                .send(Message::Response(unknown(request)))?;
        }
        Message::Notification(note) => {
            if let Err(error) = notify(session, note) {
                // A malformed notification has no answer; what was known before stays.
                eprintln!("keelback: {error}");
            }
        }
        // The server asks for nothing.
        Message::Response(_) => {}
    }
    Ok(true)
}

fn unknown(request: Request) -> Response {
    let message = format!("keelback does not answer `{}`", request.method);
    Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
}

fn notify(session: &mut Session, note: Notification) -> Result<(), serde_json::Error> {
    match &*note.method {
        DidOpenTextDocument::METHOD => session.open(serde_json::from_value(note.params)?),
        DidChangeTextDocument::METHOD => session.change(serde_json::from_value(note.params)?),
        DidCloseTextDocument::METHOD => session.close(serde_json::from_value(note.params)?),
        DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => session.refresh(),
        _ => {}
    }
    Ok(())
}
