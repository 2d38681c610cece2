//! A client that starts `keelback lsp` and talks to it over its pipes.

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server process with a project in a scratch folder.
pub struct Client {
    folder: tempfile::TempDir,
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Message>,
    next: i32,
    /// Findings that were published while something else was waited for, oldest first.
    published: Vec<Value>,
    /// Answers that came while another was waited for.
    answers: HashMap<RequestId, Response>,
    /// What the server said to `initialize`.
    pub initialized: Value,
}

/// The capabilities of a client that can do everything that the server makes use of.
pub fn capable(encoding: &str) -> Value {
    json!({
        "general": {"positionEncodings": [encoding]},
        "textDocument": {
            "hover": {"contentFormat": ["markdown", "plaintext"]},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}}},
        },
    })
}

impl Client {
    /// Starts a server for a project of these files, with a client that counts in `encoding`.
    pub fn start(encoding: &str, files: &[(&str, &str)]) -> Client {
        Client::start_with(capable(encoding), files)
    }

    /// Starts a server for a client with these capabilities.
    pub fn start_with(capabilities: Value, files: &[(&str, &str)]) -> Client {
        let mut client = Client::spawn(files);
        let root = client.uri("");
        let params = json!({
            "processId": std::process::id(),
            "capabilities": capabilities,
            "workspaceFolders": [{"uri": root, "name": "project"}],
        });
        client.initialized = client.request("initialize", params).unwrap();
        client.notify("initialized", json!({}));
        client
    }

    /// Starts a server and says nothing yet.
    pub fn spawn(files: &[(&str, &str)]) -> Client {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(&folder.path().join(path), text);
        }
        let mut server = Command::new(env!("CARGO_BIN_EXE_keelback"))
            .arg("lsp")
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", folder.path().join(".cache"))
            .env_remove("VIRTUAL_ENV")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Client {
            folder,
            input: server.stdin.take(),
            server,
            messages,
            next: 1,
            published: Vec::new(),
            answers: HashMap::new(),
            initialized: Value::Null,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Writes a file of the project on the disk.
    pub fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    /// Writes messages to the server in one piece.
    pub fn send(&mut self, messages: &[Message]) {
        let mut bytes = Vec::new();
        for message in messages {
            message.write(&mut bytes).unwrap();
        }
        let input = self.input.as_mut().unwrap();
        input.write_all(&bytes).unwrap();
        input.flush().unwrap();
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&[note(method, params)]);
    }

    /// A request with the next id, not sent yet.
    pub fn make(&mut self, method: &str, params: Value) -> Request {
        self.next += 1;
        Request::new(self.next.into(), method.to_owned(), params)
    }

    /// Sends a request and waits for its answer: the result, or the error's code.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, i32> {
        let request = self.make(method, params);
        let id = request.id.clone();
        self.send(&[Message::Request(request)]);
        self.answer(&id)
    }

    /// Waits for the answer to a request that was sent.
    pub fn answer(&mut self, id: &RequestId) -> Result<Value, i32> {
        let started = Instant::now();
        loop {
            if let Some(response) = self.answers.remove(id) {
                return response.response_result.map_err(|error| error.code);
            }
            self.receive(started);
        }
    }

    fn receive(&mut self, started: Instant) {
        let left = PATIENCE
            .checked_sub(started.elapsed())
            .expect("an answer in time");
        match self
            .messages
            .recv_timeout(left)
            .expect("the server answers")
        {
            Message::Response(response) => {
                let twice = self.answers.insert(response.id.clone(), response);
                assert!(twice.is_none(), "a request was answered twice: {twice:?}");
            }
            Message::Notification(note) if note.method == "textDocument/publishDiagnostics" => {
                self.published.push(note.params);
            }
            Message::Notification(note) => panic!("unexpected: {note:?}"),
            Message::Request(request) => {
                // Every request of the server's is one to register something.
                let answer = Response::new_ok(request.id, Value::Null);
                self.send(&[Message::Response(answer)]);
            }
        }
    }

    pub fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Replaces the first `old` in the text of version `version - 1` by `new`: an incremental change. Gives the new text.
    pub fn edit(&mut self, name: &str, version: i32, text: &str, old: &str, new: &str) -> String {
        let message = change(&self.uri(name), version, text, old, new, utf16);
        self.send(&[message]);
        text.replacen(old, new, 1)
    }

    /// Waits for the findings of version `version` of a document.
    pub fn findings(&mut self, name: &str, version: i32) -> Vec<Value> {
        let uri = self.uri(name);
        self.wait(|published| published["uri"] == uri && published["version"] == version)
    }

    /// Waits for findings of a document about which `wanted` is true.
    pub fn findings_when(&mut self, name: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let uri = self.uri(name);
        self.wait(|published| {
            published["uri"] == uri && wanted(published["diagnostics"].as_array().unwrap())
        })
    }

    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let started = Instant::now();
        loop {
            if let Some(at) = self.published.iter().position(&wanted) {
                let published = self.published.remove(at);
                // What was published of the same document before is out of date.
                let mut place = 0;
                self.published.retain(|older| {
                    place += 1;
                    place > at || older["uri"] != published["uri"]
                });
                return published["diagnostics"].as_array().unwrap().clone();
            }
            self.receive(started);
        }
    }

    /// Waits until everything that was sent has been taken in.
    pub fn settle(&mut self) {
        assert_eq!(self.request("keelback/unknown", Value::Null), Err(-32601));
    }

    /// `shutdown` and `exit`: the status.
    pub fn goodbye(mut self) -> ExitStatus {
        assert_eq!(self.request("shutdown", Value::Null), Ok(Value::Null));
        self.notify("exit", Value::Null);
        self.wait_for_end()
    }

    /// Closes the pipe without a word: the status.
    pub fn hang_up(mut self) -> ExitStatus {
        self.input = None;
        self.wait_for_end()
    }

    /// The status of a server that was told to end.
    pub fn wait_for_end(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.server.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the server ends");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that failed leaves no server behind; one that has ended cannot be killed.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub fn note(method: &str, params: Value) -> Message {
    Message::Notification(Notification::new(method.to_owned(), params))
}

/// The incremental change of the first `old` in `text` to `new`, with columns counted by `width`.
pub fn change(
    uri: &str,
    version: i32,
    text: &str,
    old: &str,
    new: &str,
    width: fn(&str) -> usize,
) -> Message {
    let start = text.find(old).expect("the old text");
    let range = json!({
        "start": position(text, start, width),
        "end": position(text, start + old.len(), width),
    });
    let params = json!({
        "textDocument": {"uri": uri, "version": version},
        "contentChanges": [{"range": range, "text": new}],
    });
    note("textDocument/didChange", params)
}

pub fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

pub fn code_points(text: &str) -> usize {
    text.chars().count()
}

/// The position of a byte offset in UTF-16 units.
pub fn at(text: &str, offset: usize) -> Value {
    position(text, offset, utf16)
}

fn position(text: &str, offset: usize, width: fn(&str) -> usize) -> Value {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({"line": line, "character": width(&before[start..])})
}

/// The parameters of a question about the place just behind the first `before` in `text`.
pub fn place(client: &Client, name: &str, text: &str, before: &str) -> Value {
    let offset = text.find(before).expect("the place") + before.len();
    json!({"textDocument": {"uri": client.uri(name)}, "position": at(text, offset)})
}

/// `line:column rule` of each finding but hints, counted from 1.
pub fn brief(findings: &[Value]) -> Vec<String> {
    let found = findings.iter().filter(|finding| finding["severity"] != 4);
    found
        .map(|finding| {
            let start = &finding["range"]["start"];
            let number = |value: &Value| value.as_u64().unwrap() + 1;
            format!(
                "{}:{} {}",
                number(&start["line"]),
                number(&start["character"]),
                finding["code"].as_str().unwrap()
            )
        })
        .collect()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
