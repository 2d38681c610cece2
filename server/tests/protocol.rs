//! A client talks to the server over a connection in memory.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use keelback_checker::system::MemorySystem;
use lsp_server::{Connection, Message, Notification, Request, Response};
use serde_json::{Value, json};

struct Client {
    connection: Connection,
    server: JoinHandle<Result<(), String>>,
    next: i32,
}

impl Client {
    /// Connects with a client that knows these position encodings; gives the answer to `initialize`.
    fn new(encodings: &[&str], files: &[(&str, &str)]) -> (Client, Value) {
        let system = MemorySystem::new();
        for (path, text) in files {
            system.write(path, text);
        }
        let (ours, theirs) = Connection::memory();
        let server = std::thread::spawn(move || {
            keelback_server::serve(&theirs, Arc::new(system)).map_err(|error| error.to_string())
        });
        let mut client = Client {
            connection: ours,
            server,
            next: 1,
        };
        let params = json!({
            "capabilities": {"general": {"positionEncodings": encodings}},
            "workspaceFolders": [{"uri": "file:///project", "name": "project"}],
        });
        let answer = client.request("initialize", params);
        client.notify("initialized", json!({}));
        (client, answer.response_result.expect("initialize succeeds"))
    }

    fn notify(&self, method: &str, params: Value) {
        let note = Notification::new(method.to_owned(), params);
        self.connection
            .sender
            .send(Message::Notification(note))
            .expect("the server listens");
    }

    fn receive(&self) -> Message {
        self.connection
            .receiver
            .recv_timeout(Duration::from_secs(60))
            .expect("the server answers")
    }

    fn request(&mut self, method: &str, params: Value) -> Response {
        let request = Request::new(self.next.into(), method.to_owned(), params);
        self.next += 1;
        self.connection
            .sender
            .send(Message::Request(request))
            .expect("the server listens");
        loop {
            if let Message::Response(response) = self.receive() {
                return response;
            }
        }
    }

    /// The next `publishDiagnostics`.
    fn published(&self) -> Value {
        loop {
            if let Message::Notification(note) = self.receive()
                && note.method == "textDocument/publishDiagnostics"
            {
                return note.params;
            }
        }
    }

    fn open(&self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&self, uri: &str, version: i32, text: &str) {
        let params = json!({
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"text": text}],
        });
        self.notify("textDocument/didChange", params);
    }

    fn goodbye(mut self) {
        let response = self.request("shutdown", Value::Null);
        assert!(response.response_result.is_ok());
        self.notify("exit", Value::Null);
        self.server.join().expect("no panic").expect("no error");
    }
}

#[test]
fn findings_follow_the_text() {
    let (client, capabilities) = Client::new(&[], &[]);
    assert_eq!(capabilities["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(capabilities["serverInfo"]["name"], "keelback");
    let uri = "file:///project/a%20b.py";
    client.open(uri, "import __static__\n\ndef f() -> int:\n    return (\n");
    let published = client.published();
    assert_eq!(published["uri"], uri);
    assert_eq!(published["version"], 1);
    let found = published["diagnostics"].as_array().expect("a list");
    assert!(!found.is_empty());
    assert_eq!(found[0]["code"], "syntax-error");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "keelback");

    client.change(
        uri,
        2,
        "import __static__\n\ndef f() -> int:\n    return 1\n",
    );
    let published = client.published();
    assert_eq!(published["version"], 2);
    assert_eq!(published["diagnostics"], json!([]));

    client.change(uri, 3, "break\n");
    assert_eq!(client.published()["diagnostics"][0]["code"], "syntax-error");
    client.notify(
        "textDocument/didClose",
        json!({"textDocument": {"uri": uri}}),
    );
    assert_eq!(client.published()["diagnostics"], json!([]));
    client.goodbye();
}

#[test]
fn columns_are_counted_as_agreed() {
    // Before the error: two letters of two bytes and one that takes two units of UTF-16, all in one string.
    let text = "x = 'éé😀'; break\n";
    let columns = [("utf-8", 16), ("utf-16", 12), ("utf-32", 11)];
    for (encoding, column) in columns {
        let (client, capabilities) = Client::new(&[encoding], &[]);
        assert_eq!(capabilities["capabilities"]["positionEncoding"], encoding);
        client.open("file:///project/m.py", text);
        let start = &client.published()["diagnostics"][0]["range"]["start"];
        assert_eq!(
            *start,
            json!({"line": 0, "character": column}),
            "{encoding}"
        );
        client.goodbye();
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let (mut client, _) = Client::new(&["utf-8"], &[]);
    let response = client.request("textDocument/hover", json!({}));
    assert_eq!(response.response_result.expect_err("refused").code, -32601);
    client.notify("textDocument/didOpen", json!({"nonsense": true}));
    client.open("untitled:Untitled-1", "break\n");
    client.goodbye();
}
