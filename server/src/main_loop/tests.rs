//! What becomes of the work on a request.

use std::sync::Arc;

use keelback_checker::system::MemorySystem;
use lsp_server::{Connection, Message, Notification, Request, RequestId};
use lsp_types::{InitializeParams, Uri};
use serde_json::{Value, json};

use super::MainLoop;
use crate::Ending;
use crate::api::Failure;
use crate::client::Client;

/// A main loop over an empty file system, and the other end of its connection.
fn main_loop() -> (MainLoop, Connection) {
    let (ours, theirs) = Connection::memory();
    let client = Client::new(&InitializeParams::default());
    let system = Arc::new(MemorySystem::new());
    (MainLoop::new(theirs, system, client).unwrap(), ours)
}

fn uri() -> Uri {
    "file:///main.py".parse().unwrap()
}

/// The result of each request that was answered, or its error's code, in the order of the requests.
fn answers(main_loop: MainLoop, client: Connection) -> Vec<Result<Value, i32>> {
    let server = std::thread::spawn(move || main_loop.run());
    let mut found = Vec::new();
    // Its answer comes last, because the others are waited for first.
    while found.len() < 3 {
        if let Message::Response(response) = client.receiver.recv().unwrap() {
            let id = response.id.to_string();
            found.push((id, response.response_result.map_err(|error| error.code)));
        }
    }
    let shutdown = Request::new(9.into(), "shutdown".to_owned(), Value::Null);
    client.sender.send(Message::Request(shutdown)).unwrap();
    let Message::Response(last) = client.receiver.recv().unwrap() else {
        panic!("an answer to `shutdown`");
    };
    assert_eq!(last.id, RequestId::from(9));
    let exit = Notification::new("exit".to_owned(), Value::Null);
    client.sender.send(Message::Notification(exit)).unwrap();
    assert_eq!(server.join().unwrap(), Ending::Clean);
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn a_panic_is_an_error_answer() {
    let (mut main_loop, client) = main_loop();
    main_loop.answer(1.into(), &uri(), |_| -> Result<Value, Failure> {
        panic!("on purpose")
    });
    main_loop.answer(2.into(), &uri(), |_| Ok(json!("fine")));
    main_loop.answer(3.into(), &uri(), |_| {
        Err::<Value, Failure>(Failure("no".to_owned()))
    });
    assert_eq!(
        answers(main_loop, client),
        [Err(-32603), Ok(json!("fine")), Err(-32803)]
    );
}

#[test]
fn what_is_cancelled_is_answered_at_once_and_only_then() {
    let (mut main_loop, client) = main_loop();
    let (release, wait) = crossbeam_channel::bounded::<()>(0);
    main_loop.answer(1.into(), &uri(), move |_| {
        // Until the sender is gone.
        let _ = wait.recv();
        Ok(json!("too late"))
    });
    main_loop.cancel(1.into());
    drop(release);
    main_loop.answer(2.into(), &uri(), |_| Ok(json!(2)));
    // In no file: nobody's.
    let nowhere: Uri = "untitled:Untitled-1".parse().unwrap();
    main_loop.answer(3.into(), &nowhere, |_| Ok(json!("never")));
    assert_eq!(
        answers(main_loop, client),
        [Err(-32800), Ok(json!(2)), Ok(Value::Null)]
    );
}
