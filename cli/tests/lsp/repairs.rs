//! Code actions.

use serde_json::{Value, json};

use crate::client::{Client, at, brief, capable};

const TEXT: &str = "import __static__\nimport os\nimport sys\n\ndef f(length: int) -> int:\n    print('𝄞', lenght)  # keelback: ignore[unused-import]\n    return length\n";

fn actions(client: &mut Client, range: &Value, only: Option<&str>) -> Vec<Value> {
    let mut context = json!({"diagnostics": []});
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let params = json!({
        "textDocument": {"uri": client.uri("main.py")},
        "range": range,
        "context": context,
    });
    let answer = client.request("textDocument/codeAction", params).unwrap();
    answer.as_array().cloned().unwrap_or_default()
}

/// Sends the edits of an action back as a change, as an editor does.
fn make(client: &mut Client, action: &Value, version: i32) {
    let uri = client.uri("main.py");
    let edits = action["edit"]["changes"][&uri].as_array().unwrap();
    // From the end, so that places stay what they are.
    let mut edits = edits.clone();
    edits.sort_by_key(|edit| {
        let start = &edit["range"]["start"];
        std::cmp::Reverse((start["line"].as_u64(), start["character"].as_u64()))
    });
    let changes: Vec<Value> = edits
        .iter()
        .map(|edit| json!({"range": edit["range"], "text": edit["newText"]}))
        .collect();
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}),
    );
}

#[test]
fn repairs_are_made() {
    let mut client = Client::start("utf-16", &[]);
    client.open("main.py", TEXT);
    let found = client.findings("main.py", 1);
    assert_eq!(brief(&found), ["6:17 undefined-name", "6:26 unused-ignore"]);
    let hints = found.iter().filter(|finding| finding["severity"] == 4);
    assert_eq!(hints.clone().count(), 2);
    assert!(hints.clone().all(|hint| hint["code"] == "unused-import"));
    assert!(hints.clone().all(|hint| hint["tags"] == json!([1])));
    let name = at(TEXT, TEXT.find("lenght").unwrap());
    let here = json!({"start": name, "end": name});
    let offered = actions(&mut client, &here, None);
    let quick: Vec<&Value> = offered.iter().filter(|a| a["kind"] == "quickfix").collect();
    assert_eq!(quick.len(), 1);
    assert_eq!(quick[0]["title"], "Change to `length`");
    assert_eq!(quick[0]["isPreferred"], true);
    assert_eq!(quick[0]["diagnostics"][0]["code"], "undefined-name");
    make(&mut client, quick[0], 2);
    assert_eq!(
        brief(&client.findings("main.py", 2)),
        ["6:26 unused-ignore"]
    );
    // All that are certain, when asked for by any of its names.
    for only in ["source", "source.fixAll", "source.fixAll.keelback"] {
        let all = actions(&mut client, &here, Some(only));
        assert_eq!(all.len(), 1, "{only}");
        assert_eq!(all[0]["kind"], "source.fixAll.keelback");
    }
    assert!(actions(&mut client, &here, Some("refactor")).is_empty());
    let all = actions(&mut client, &here, Some("source.fixAll"));
    make(&mut client, &all[0], 3);
    assert!(client.findings("main.py", 3).is_empty());
    assert!(actions(&mut client, &here, None).is_empty());
    assert!(client.goodbye().success());
}

#[test]
fn edits_name_the_version_for_clients_that_want_it() {
    let mut capabilities = capable("utf-16");
    capabilities["workspace"] = json!({"workspaceEdit": {"documentChanges": true}});
    let mut client = Client::start_with(capabilities, &[]);
    client.open("main.py", TEXT);
    let line = json!({"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 9}});
    let offered = actions(&mut client, &line, Some("quickfix"));
    let changes = &offered[0]["edit"]["documentChanges"][0];
    assert_eq!(changes["textDocument"]["version"], 1);
    assert_eq!(changes["textDocument"]["uri"], client.uri("main.py"));
    assert_eq!(changes["edits"][0]["newText"], "");
}

#[test]
fn clients_without_action_objects_get_none() {
    let mut client = Client::start_with(json!({}), &[]);
    client.open("main.py", TEXT);
    let line = json!({"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 9}});
    assert!(actions(&mut client, &line, None).is_empty());
}
