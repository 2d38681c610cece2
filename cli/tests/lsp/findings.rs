//! Findings follow the texts.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, brief, change, code_points, note};

const SHAPES: &str =
    "import __static__\n\ndef area(width: int, height: int) -> int:\n    return width * height\n";
const MAIN: &str =
    "import __static__\nfrom shapes import area\n\ndef total() -> int:\n    return area(2, 3)\n";

#[test]
fn an_error_comes_and_goes() {
    let mut client = Client::start("utf-16", &[("main.py", SHAPES)]);
    client.open("main.py", SHAPES);
    assert_eq!(brief(&client.findings("main.py", 1)), [""; 0]);
    let text = client.edit("main.py", 2, SHAPES, "width * height", "'none'");
    let found = client.findings("main.py", 2);
    assert_eq!(brief(&found), ["4:12 invalid-return"]);
    let finding = found
        .iter()
        .find(|finding| finding["severity"] == 1)
        .unwrap();
    assert_eq!(finding["source"], "keelback");
    let page = finding["codeDescription"]["href"].as_str().unwrap();
    assert!(page.ends_with("/docs/rules/invalid-return.md"), "{page}");
    client.edit("main.py", 3, &text, "'none'", "width");
    assert_eq!(brief(&client.findings("main.py", 3)), [""; 0]);
    assert!(client.goodbye().success());
}

#[test]
fn an_unsaved_signature_is_seen_by_open_dependents() {
    let mut client = Client::start("utf-16", &[("shapes.py", SHAPES), ("main.py", MAIN)]);
    client.open("main.py", MAIN);
    assert_eq!(brief(&client.findings("main.py", 1)), [""; 0]);
    client.open("shapes.py", SHAPES);
    let text = client.edit("shapes.py", 2, SHAPES, "height: int", "height: str");
    let found = client.findings_when("main.py", |found| !brief(found).is_empty());
    assert_eq!(brief(&found), ["5:20 invalid-argument"]);
    client.edit("shapes.py", 3, &text, "height: str", "height: int");
    let found = client.findings_when("main.py", |found| brief(found).is_empty());
    assert_eq!(brief(&found), [""; 0]);

    // A text that is closed counts no more: what is on the disk does.
    let text = client.edit("shapes.py", 4, SHAPES, "height: int", "height: str");
    assert!(text.contains("str"));
    client.findings_when("main.py", |found| !brief(found).is_empty());
    let uri = client.uri("shapes.py");
    client.notify(
        "textDocument/didClose",
        json!({"textDocument": {"uri": uri}}),
    );
    client.findings_when("main.py", |found| brief(found).is_empty());
    client.findings_when("shapes.py", |found| found.is_empty());
    assert!(client.goodbye().success());
}

#[test]
fn other_places_are_named() {
    let text =
        "import __static__\n\ndef f() -> int:\n    return 1\n\ndef f() -> int:\n    return 2\n";
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", text);
    let found = client.findings("main.py", 1);
    let finding = found
        .iter()
        .find(|finding| finding["code"] == "duplicate-definition")
        .unwrap();
    let related = &finding["relatedInformation"][0];
    assert_eq!(related["message"], "first defined here");
    assert_eq!(related["location"]["uri"], client.uri("main.py"));
    assert_eq!(related["location"]["range"]["start"]["line"], 2);
}

#[test]
fn files_on_the_disk_are_watched() {
    let pyproject = "[tool.keelback.rules]\nunused-import = \"error\"\n";
    let main = format!("{MAIN}import os\n");
    let mut client = Client::start("utf-16", &[("main.py", &main)]);
    client.open("main.py", &main);
    assert_eq!(
        brief(&client.findings("main.py", 1)),
        ["2:1 unresolved-import"]
    );
    // A module that was missing appears.
    client.write("shapes.py", SHAPES);
    let event = |client: &Client, name: &str, kind: i32| {
        let change = json!({"uri": client.uri(name), "type": kind});
        note(
            "workspace/didChangeWatchedFiles",
            json!({"changes": [change]}),
        )
    };
    let created = event(&client, "shapes.py", 1);
    client.send(&[created]);
    client.findings_when("main.py", |found| brief(found).is_empty());
    // It changes.
    client.write("shapes.py", &SHAPES.replace("height: int", "height: str"));
    let changed = event(&client, "shapes.py", 2);
    client.send(&[changed]);
    client.findings_when("main.py", |found| brief(found) == ["5:20 invalid-argument"]);
    // So does the configuration.
    client.write("pyproject.toml", pyproject);
    let created = event(&client, "pyproject.toml", 1);
    client.send(&[created]);
    client.findings_when("main.py", |found| {
        brief(found) == ["5:20 invalid-argument", "6:8 unused-import"]
    });
    // A client that does not watch says at least when it has saved.
    client.write("shapes.py", SHAPES);
    let uri = client.uri("main.py");
    client.notify(
        "textDocument/didSave",
        json!({"textDocument": {"uri": uri}}),
    );
    client.findings_when("main.py", |found| brief(found) == ["6:8 unused-import"]);
    assert!(client.goodbye().success());
}

#[test]
fn mistakes_in_the_configuration_are_shown_there() {
    let pyproject = "[tool.keelback]\nstatik = [\"main\"]\n";
    let mut client = Client::start("utf-16", &[("pyproject.toml", pyproject)]);
    let found = client.findings_when("pyproject.toml", |found| !found.is_empty());
    assert_eq!(brief(&found), ["2:1 invalid-configuration"]);
    client.write("pyproject.toml", "[tool.keelback]\nstatic = [\"main\"]\n");
    let change = json!({"uri": client.uri("pyproject.toml"), "type": 2});
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({"changes": [change]}),
    );
    client.findings_when("pyproject.toml", |found| found.is_empty());
    // And the pattern counts: the module is static without saying so.
    client.open("main.py", "def f() -> int:\n    return 'a'\n");
    assert_eq!(
        brief(&client.findings("main.py", 1)),
        ["2:12 invalid-return"]
    );
    assert!(client.goodbye().success());
}

#[test]
fn the_configuration_may_be_another_file() {
    for configuration in ["settings", "settings/pyproject.toml"] {
        the_configuration_is_read_from(configuration);
    }
}

fn the_configuration_is_read_from(configuration: &str) {
    let files = [(
        "settings/pyproject.toml",
        "[tool.keelback]\nstatic = [\"main\"]\n",
    )];
    let mut client = Client::spawn(&files);
    let root = client.uri("");
    let params = json!({
        "capabilities": {},
        "rootUri": root,
        "initializationOptions": {"configuration": configuration},
    });
    client.request("initialize", params).unwrap();
    client.notify("initialized", json!({}));
    client.open("main.py", "def f() -> int:\n    return 'a'\n");
    assert_eq!(
        brief(&client.findings("main.py", 1)),
        ["2:12 invalid-return"]
    );
}

#[test]
fn the_client_is_asked_to_watch() {
    let capabilities =
        json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut client = Client::start_with(capabilities, &[]);
    client.settle();
    assert!(client.goodbye().success());
}

#[test]
fn a_file_that_is_not_static_is_left_alone() {
    let text = "def f() -> int:\n    return 'a' +\n";
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", text);
    assert!(client.findings("main.py", 1).is_empty());
    // Unless it was meant to be one.
    client.edit(
        "main.py",
        2,
        text,
        "    return 'a' +\n",
        "    return 'a'\nimport __static__\n",
    );
    assert_eq!(
        brief(&client.findings("main.py", 2)),
        ["3:1 static-import-not-first"]
    );
}

#[test]
fn what_is_typed_is_broken_most_of_the_time() {
    let source = "import __static__\n\nclass Point:\n    x: int\n\n    def move(self, by: int) -> str:\n        return f\"{self.x + by!r:>{by}} {'é𝄞'}\"\n\ndef f(p: Point | None) -> str:\n    match p:\n        case Point(x=1):\n            return p.move(2)\n    return (p.move(1) if p else \"\"\"none\"\"\")\n";
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", "");
    let uri = client.uri("main.py");
    let mut text = String::new();
    for (number, letter) in source.chars().enumerate() {
        let version = i32::try_from(number).unwrap() + 2;
        let end = crate::client::at(&text, text.len());
        let change = json!({"range": {"start": end, "end": end}, "text": letter.to_string()});
        client.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}),
        );
        text.push(letter);
        if number % 7 == 0 {
            let here = json!({"textDocument": {"uri": uri}, "position": end});
            for method in ["hover", "definition", "documentSymbol"] {
                let answer = client.request(&format!("textDocument/{method}"), here.clone());
                assert!(answer.is_ok(), "{method} of {text:?}: {answer:?}");
            }
        }
    }
    let version = i32::try_from(source.chars().count()).unwrap() + 1;
    assert_eq!(brief(&client.findings("main.py", version)), [""; 0]);
    // Halves of it, and bytes that mean nothing.
    let junk = [
        "\u{0}", "def", "class C(", "\"\"\"", "\\", "\t \t(", "@", "f'{", "𝄞𝄞",
    ];
    for (number, piece) in junk.iter().enumerate() {
        let half = &source[..source.len() / (number + 2)];
        let change = json!({"text": format!("{half}{piece}")});
        let version = version + 1 + i32::try_from(number).unwrap();
        client.notify(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}),
        );
        let found = client.findings("main.py", version);
        assert!(
            found
                .iter()
                .all(|finding| finding["code"] != "internal-error")
        );
    }
    assert!(client.goodbye().success());
}

/// `line:column rule message`, counted from 1, sorted, hints left out: of the server's findings in UTF-32, or of a report in JSON.
fn comparable(findings: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] != 4 && finding["severity"] != "hint")
        .map(|finding| match finding.get("rule") {
            Some(rule) => format!(
                "{}:{} {rule} {}",
                finding["start"]["line"],
                finding["start"]["column"],
                finding["message"].as_str().unwrap()
            ),
            None => format!(
                "{}:{} {} {}",
                finding["range"]["start"]["line"].as_u64().unwrap() + 1,
                finding["range"]["start"]["character"].as_u64().unwrap() + 1,
                finding["code"],
                finding["message"].as_str().unwrap().lines().next().unwrap()
            ),
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_burst_of_edits_ends_where_a_cold_check_does() {
    let shapes = format!("{SHAPES}\ndef more(x: int) -> int:\n    return x\n");
    let main = format!(
        "{MAIN}\ndef other(n: int) -> int:\n    m: int = 0\n    for i in range(n):\n        m += area(i, n)\n    return m\n"
    );
    let files = [("shapes.py", shapes.as_str()), ("main.py", main.as_str())];
    let mut client = Client::start("utf-32", &files);
    for (name, text) in files {
        client.open(name, text);
    }
    let mut texts: BTreeMap<&str, String> = files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    let edits = [
        ("shapes.py", "height: int", "height: str"),
        ("main.py", "area(2, 3)", "area('é𝄞', 3)"),
        (
            "shapes.py",
            "-> int:\n    return x",
            "-> float:\n    return x",
        ),
        ("main.py", "m: int = 0", "m: int = nothing"),
        ("shapes.py", "height: str", "height: int"),
        ("main.py", "    return m", "    return m.nope"),
        ("main.py", "area('é𝄞', 3)", "area(2, 3"),
        (
            "shapes.py",
            "-> float:\n    return x",
            "-> int:\n    return x",
        ),
        ("main.py", "area(2, 3", "area(2, 3)"),
        ("main.py", "m: int = nothing", "m: int = 0"),
        ("main.py", "    return m.nope", "    return m"),
    ];
    let mut messages = Vec::new();
    let mut last: BTreeMap<&str, i32> = BTreeMap::new();
    for ((name, old, new), version) in edits.iter().cycle().take(200).zip(2..) {
        last.insert(name, version);
        let text = texts.get_mut(name).unwrap();
        messages.push(change(
            &client.uri(name),
            version,
            text,
            old,
            new,
            code_points,
        ));
        *text = text.replacen(old, new, 1);
    }
    // In the middle of the round, so that there are findings left; the last edit is one of the file that depends on the other.
    assert_eq!(messages.len() % edits.len(), 2);
    // Some at once, some one by one, so that work is cancelled in both ways.
    let (first, rest) = messages.split_at(100);
    client.send(first);
    for message in rest {
        client.send(std::slice::from_ref(message));
    }
    let mut served = BTreeMap::new();
    for name in ["main.py", "shapes.py"] {
        let version = last[name];
        served.insert(name, comparable(&client.findings(name, version)));
    }

    for (name, text) in &texts {
        client.write(name, text);
    }
    let report = Command::new(env!("CARGO_BIN_EXE_keelback"))
        .args(["check", "--output-format", "json"])
        .current_dir(client.path(""))
        .env_remove("VIRTUAL_ENV")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let report = report["diagnostics"].as_array().unwrap();
    for (name, found) in &served {
        let cold: Vec<Value> = report
            .iter()
            .filter(|finding| finding["file"] == *name)
            .cloned()
            .collect();
        assert_eq!(*found, comparable(&cold), "{name}");
    }
    assert!(!served["main.py"].is_empty());
    assert!(client.goodbye().success());
}

#[test]
fn columns_count_what_was_agreed() {
    let text = "import __static__\n\ndef f() -> None:\n    print('𝄞é', nothing)\n";
    for (encoding, column) in [("utf-8", 20), ("utf-16", 17), ("utf-32", 16)] {
        let mut client = Client::start(encoding, &[]);
        let agreed = &client.initialized["capabilities"]["positionEncoding"];
        assert_eq!(*agreed, encoding);
        client.open("main.py", text);
        let found = client.findings("main.py", 1);
        let finding = found
            .iter()
            .find(|f| f["code"] == "undefined-name")
            .unwrap();
        assert_eq!(finding["range"]["start"]["character"], column, "{encoding}");
        assert_eq!(
            finding["range"]["end"]["character"],
            column + 7,
            "{encoding}"
        );
        // An edit counted in the same way.
        let uri = client.uri("main.py");
        let range = json!({
            "start": {"line": 3, "character": column},
            "end": {"line": 3, "character": column + 7},
        });
        client.notify(
            "textDocument/didChange",
            json!({
                "textDocument": {"uri": uri, "version": 2},
                "contentChanges": [{"range": range, "text": "1"}],
            }),
        );
        assert_eq!(brief(&client.findings("main.py", 2)), [""; 0], "{encoding}");
        assert!(client.goodbye().success());
    }
}
