//! The language server: the checker's findings in an editor, as the text is typed.
//!
//! It speaks the language server protocol over any [`Connection`]; [`run`] does so over standard input and output. One thread, the
//! [`main_loop`], owns the state ([`session`]): the checker's database, and the open documents, whose texts override the files. Work is
//! done on the threads of a small pool ([`scheduler`]), each job on a snapshot of the database. An edit cancels what runs on old
//! snapshots; what comes of it is never shown. Every request is answered exactly once ([`pending`]), with an error if its handler
//! panics. The requests and notifications are listed in [`api`], one file each.
//!
//! Positions are translated in [`position`], in the encoding that client and server agreed on, and nowhere else.
//!
//! It knows nothing that `keelback check` does not, decides nothing about types, and needs no Python. Before it comes the
//! checker, which answers every question about a place (`keelback_checker::ide`); after it only the command that starts it.
#![deny(unsafe_code)]

mod api;
mod client;
mod diagnostics;
mod document;
mod main_loop;
mod pending;
mod position;
mod scheduler;
mod session;
mod transport;
mod uri;

use std::error::Error;
use std::sync::Arc;

use keelback_checker::system::{OsSystem, System};
use lsp_server::{Connection, Message, Response};
use lsp_types::{InitializeParams, InitializeResult, ServerInfo};

use client::Client;
use main_loop::MainLoop;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As the protocol says: `shutdown`, then `exit`.
    Clean,
    /// The client sent `exit` without `shutdown`, or went away.
    Abrupt,
}

/// Serves over standard input and output until the client sends `exit`.
///
/// # Errors
///
/// When the client breaks the protocol.
pub fn run() -> Result<Ending, Box<dyn Error + Send + Sync>> {
    let (connection, threads) = transport::stdio();
    let ending = serve(connection, Arc::new(OsSystem::new()))?;
    threads.finish();
    Ok(ending)
}

/// Serves over `connection` until the client sends `exit`; files that are not open are read from `system`.
///
/// # Errors
///
/// As [`run`].
pub fn serve(
    connection: Connection,
    system: Arc<dyn System>,
) -> Result<Ending, Box<dyn Error + Send + Sync>> {
    let Ok((id, params)) = connection.initialize_start() else {
        // It went away, or said `exit`, before anything began.
        return Ok(Ending::Abrupt);
    };
    let params: InitializeParams = serde_json::from_value(params)?;
    let client = Client::new(&params);
    let result = InitializeResult {
        capabilities: api::capabilities(&client),
        server_info: Some(ServerInfo {
            name: "keelback".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    let answer = Response::new_ok(id, serde_json::to_value(result)?);
    connection.sender.send(Message::Response(answer))?;
    let main_loop = MainLoop::new(connection, system, client)?;
    Ok(main_loop.run())
}
