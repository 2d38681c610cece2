//! Standard input and output.
//!
//! Messages wait in channels without bounds: a client that writes much before it reads does not stop the main loop, and what waits
//! can be taken in at once.

use std::io::{self, BufReader, Write};
use std::thread::{self, JoinHandle};

use crossbeam_channel::unbounded;
use lsp_server::{Connection, Message};

/// The threads that read and write.
pub(crate) struct Threads {
    writer: JoinHandle<()>,
}

impl Threads {
    /// Waits until everything is written. The connection must be gone.
    pub(crate) fn finish(self) {
        // It ends when the last sender is gone, and says itself what went wrong. The reader is left behind: it may be waiting
        // for a client that will never write again.
        let _ = self.writer.join();
    }
}

/// A connection over standard input and output.
pub(crate) fn stdio() -> (Connection, Threads) {
    let (outgoing, to_write) = unbounded::<Message>();
    let (have_read, incoming) = unbounded::<Message>();
    let writer = thread::spawn(move || {
        let mut output = io::stdout().lock();
        for message in to_write {
            if let Err(error) = message.write(&mut output).and_then(|()| output.flush()) {
                eprintln!("keelback: cannot write to the client: {error}");
                return;
            }
        }
    });
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin().lock());
        loop {
            match Message::read(&mut input) {
                Ok(Some(message)) => {
                    let is_last =
                        matches!(&message, Message::Notification(note) if note.method == "exit");
                    if have_read.send(message).is_err() || is_last {
                        return;
                    }
                }
                // Dropping the sender ends the main loop.
                Ok(None) => return,
                Err(error) => {
                    eprintln!("keelback: cannot understand the client: {error}");
                    return;
                }
            }
        }
    });
    let connection = Connection {
        sender: outgoing,
        receiver: incoming,
    };
    (connection, Threads { writer })
}
