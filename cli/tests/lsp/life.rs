//! Beginning, end, and everything that goes wrong in between.

use lsp_server::Message;
use serde_json::{Value, json};

use crate::client::{Client, note, place};

const TEXT: &str = "import __static__\n\ndef f(x: int) -> int:\n    return x\n";

#[test]
fn the_server_says_what_it_can_do() {
    let client = Client::start("utf-16", &[]);
    assert_eq!(client.initialized["serverInfo"]["name"], "keelback");
    let capabilities = &client.initialized["capabilities"];
    assert_eq!(capabilities["textDocumentSync"]["change"], 2);
    for ability in [
        "hoverProvider",
        "definitionProvider",
        "documentSymbolProvider",
    ] {
        assert_eq!(capabilities[ability], true, "{ability}");
    }
    let kinds = &capabilities["codeActionProvider"]["codeActionKinds"];
    assert_eq!(*kinds, json!(["quickfix", "source.fixAll.keelback"]));
}

#[test]
fn exit_after_shutdown_is_success() {
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", TEXT);
    assert_eq!(client.goodbye().code(), Some(0));
}

#[test]
fn exit_without_shutdown_is_failure() {
    let mut client = Client::start("utf-16", &[]);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn a_client_that_goes_away_leaves_no_server() {
    assert_eq!(Client::start("utf-16", &[]).hang_up().code(), Some(1));
    assert_eq!(Client::spawn(&[]).hang_up().code(), Some(1));
}

#[test]
fn after_shutdown_requests_are_refused() {
    let mut client = Client::start("utf-16", &[]);
    assert_eq!(client.request("shutdown", Value::Null), Ok(Value::Null));
    let params = place(&client, "main.py", TEXT, "return x");
    assert_eq!(client.request("textDocument/hover", params), Err(-32600));
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(0));
}

#[test]
fn requests_before_initialize_are_refused() {
    let mut client = Client::spawn(&[]);
    let params = place(&client, "main.py", TEXT, "return x");
    assert_eq!(client.request("textDocument/hover", params), Err(-32002));
    let answer = client.request("initialize", json!({"capabilities": {}}));
    assert!(answer.is_ok());
    assert_eq!(client.goodbye().code(), Some(0));
}

#[test]
fn unknown_and_malformed_messages_are_survived() {
    let mut client = Client::start("utf-16", &[]);
    assert_eq!(
        client.request("textDocument/unheardOf", json!({})),
        Err(-32601)
    );
    assert_eq!(client.request("$/unheardOf", json!({})), Err(-32601));
    assert_eq!(
        client.request("textDocument/hover", json!({"x": 1})),
        Err(-32602)
    );
    assert_eq!(
        client.request("textDocument/hover", Value::Null),
        Err(-32602)
    );
    client.notify("$/unheardOf", json!({}));
    client.notify("textDocument/didChange", json!([1, 2]));
    let uri = client.uri("never-opened.py");
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 4}, "contentChanges": [{"text": ""}]}),
    );
    client.notify(
        "textDocument/didClose",
        json!({"textDocument": {"uri": uri}}),
    );
    client.open("main.py", TEXT);
    assert!(
        client
            .findings("main.py", 1)
            .iter()
            .all(|f| f["severity"] != 1)
    );
    assert!(client.goodbye().success());
}

#[test]
fn every_request_is_answered_once() {
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", TEXT);
    let params = place(&client, "main.py", TEXT, "return x");
    // Each followed by a cancellation, in one piece, with edits between them that cancel what runs.
    let mut messages = Vec::new();
    let mut ids = Vec::new();
    let uri = client.uri("main.py");
    for number in 0..100 {
        let request = client.make("textDocument/hover", params.clone());
        let id = request.id.clone();
        messages.push(Message::Request(request));
        if number % 2 == 0 {
            messages.push(note("$/cancelRequest", json!({"id": id})));
        }
        if number % 5 == 0 {
            let change = json!({"text": format!("{TEXT}# {number}\n")});
            messages.push(note(
                "textDocument/didChange",
                json!({"textDocument": {"uri": uri, "version": number + 2}, "contentChanges": [change]}),
            ));
        }
        ids.push((id, number % 2 == 0));
    }
    client.send(&messages);
    let mut cancelled = 0;
    for (id, may_be_cancelled) in ids {
        match client.answer(&id) {
            Ok(answer) => {
                let text = answer["contents"]["value"].as_str().unwrap();
                assert!(text.contains("x: int"), "{text}");
            }
            Err(-32800) if may_be_cancelled => cancelled += 1,
            // An edit came while it was answered.
            Err(-32801) => {}
            Err(code) => panic!("unexpected error {code}"),
        }
    }
    assert!(cancelled > 0);
    // A cancellation of what was answered long ago, or never asked, means nothing.
    client.notify("$/cancelRequest", json!({"id": 1}));
    client.notify("$/cancelRequest", json!({"id": "nobody"}));
    client.settle();
    assert!(client.goodbye().success());
}
