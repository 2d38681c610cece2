//! What the server understands: one file for each request and notification, named for its method.
//!
//! | request | |
//! |---|---|
//! | `textDocument/hover` | `requests/hover.rs` |
//! | `textDocument/definition` | `requests/definition.rs` |
//! | `textDocument/documentSymbol` | `requests/document_symbol.rs` |
//! | `textDocument/codeAction` | `requests/code_action.rs` |
//!
//! | notification | |
//! |---|---|
//! | `initialized` | `notifications/initialized.rs` |
//! | `textDocument/didOpen` | `notifications/did_open.rs` |
//! | `textDocument/didChange` | `notifications/did_change.rs` |
//! | `textDocument/didClose` | `notifications/did_close.rs` |
//! | `textDocument/didSave` | `notifications/did_save.rs` |
//! | `workspace/didChangeWatchedFiles` | `notifications/did_change_watched_files.rs` |
//! | `$/cancelRequest` | `notifications/cancel_request.rs` |
//!
//! A request implements [`RequestHandler`] and runs on a thread of the pool, over a snapshot of the state. A notification implements
//! [`NotificationHandler`], runs on the main loop and changes the state. `initialize`, `shutdown` and `exit` are the main loop's own.

mod notifications;
mod requests;

use lsp_server::{ErrorCode, Notification, Request};
use lsp_types::notification::Notification as NotificationMethod;
use lsp_types::request::Request as RequestMethod;
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, HoverProviderCapability,
    OneOf, PositionEncodingKind, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
};

use crate::client::Client;
use crate::main_loop::MainLoop;
use crate::session::Snapshot;

/// Why a request that was understood has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) String);

/// A request about one document.
trait RequestHandler {
    /// Its method, parameters and result.
    type Method: RequestMethod;

    /// The document that it is about.
    fn document(params: &<Self::Method as RequestMethod>::Params) -> &Uri;

    /// Its answer.
    fn answer(
        snapshot: &Snapshot,
        params: <Self::Method as RequestMethod>::Params,
    ) -> Result<<Self::Method as RequestMethod>::Result, Failure>;
}

/// A notification.
trait NotificationHandler {
    /// Its method and parameters.
    type Method: NotificationMethod;

    /// Takes it in.
    fn take_in(main_loop: &mut MainLoop, params: <Self::Method as NotificationMethod>::Params);
}

/// What the server says that it can do.
pub(crate) fn capabilities(client: &Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::from(client.encoding)),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                    include_text: Some(false),
                })),
                ..TextDocumentSyncOptions::default()
            },
        )),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                requests::code_action::fix_all_kind(),
            ]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

/// Has a request answered.
pub(crate) fn request(main_loop: &mut MainLoop, request: Request) {
    match &*request.method {
        "textDocument/hover" => give::<requests::hover::Hover>(main_loop, request),
        "textDocument/definition" => give::<requests::definition::Definition>(main_loop, request),
        "textDocument/documentSymbol" => {
            give::<requests::document_symbol::DocumentSymbols>(main_loop, request);
        }
        "textDocument/codeAction" => give::<requests::code_action::CodeActions>(main_loop, request),
        method => {
            let text = format!("keelback does not answer `{method}`");
            main_loop.refuse(request.id, ErrorCode::MethodNotFound, text);
        }
    }
}

fn give<H: RequestHandler + 'static>(main_loop: &mut MainLoop, request: Request)
where
    <H::Method as RequestMethod>::Params: Send + 'static,
{
    match serde_json::from_value::<<H::Method as RequestMethod>::Params>(request.params) {
        Ok(params) => {
            let uri = H::document(&params).clone();
            main_loop.answer(request.id, &uri, |snapshot| H::answer(snapshot, params));
        }
        Err(error) => {
            main_loop.refuse(request.id, ErrorCode::InvalidParams, error.to_string());
        }
    }
}

/// Takes a notification in. One that is not known is nobody's loss.
pub(crate) fn notification(
    main_loop: &mut MainLoop,
    note: Notification,
) -> Result<(), serde_json::Error> {
    match &*note.method {
        "initialized" => take::<notifications::initialized::Initialized>(main_loop, note),
        "textDocument/didOpen" => take::<notifications::did_open::DidOpen>(main_loop, note),
        "textDocument/didChange" => take::<notifications::did_change::DidChange>(main_loop, note),
        "textDocument/didClose" => take::<notifications::did_close::DidClose>(main_loop, note),
        "textDocument/didSave" => take::<notifications::did_save::DidSave>(main_loop, note),
        "workspace/didChangeWatchedFiles" => {
            take::<notifications::did_change_watched_files::DidChangeFiles>(main_loop, note)
        }
        "$/cancelRequest" => take::<notifications::cancel_request::CancelRequest>(main_loop, note),
        _ => Ok(()),
    }
}

fn take<H: NotificationHandler>(
    main_loop: &mut MainLoop,
    note: Notification,
) -> Result<(), serde_json::Error> {
    H::take_in(main_loop, serde_json::from_value(note.params)?);
    Ok(())
}
