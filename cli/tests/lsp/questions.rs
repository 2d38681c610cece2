//! Hover, definitions, outline.

use serde_json::{Value, json};

use crate::client::{Client, at, place};

const SHAPES: &str = "\"\"\"Shapes.\"\"\"\nimport __static__\n\nclass Square:\n    \"\"\"Four sides.\"\"\"\n    side: float\n\n    def __init__(self, side: float) -> None:\n        self.side = side\n\n    def area(self) -> float:\n        return self.side * self.side\n\ndef unit() -> Square:\n    return Square(1.0)\n";
const MAIN: &str = "import __static__\nimport math\nfrom shapes import Square, unit\n\ndef total(squares: list[Square], extra: str | None) -> float:\n    result = 0.0\n    for square in squares:\n        result += square.area()\n    if extra is not None:\n        print(extra)\n    return math.sqrt(result) + unit().side\n";

fn project() -> Client {
    let mut client = Client::start("utf-16", &[("shapes.py", SHAPES), ("main.py", MAIN)]);
    client.open("main.py", MAIN);
    client
}

fn hover(client: &mut Client, before: &str) -> String {
    let params = place(client, "main.py", MAIN, before);
    let answer = client.request("textDocument/hover", params).unwrap();
    assert_eq!(answer["contents"]["kind"], "markdown");
    answer["contents"]["value"].as_str().unwrap().to_owned()
}

#[test]
fn hover_says_type_and_representation() {
    let mut client = project();
    let text = hover(&mut client, "        resu");
    assert!(text.contains("result: float"), "{text}");
    assert!(text.contains("a 64-bit float in a register"), "{text}");
    let text = hover(&mut client, "print(ext");
    assert!(text.contains("extra: str\n"), "{text}");
    assert!(text.contains("Narrowed from `str | None`"), "{text}");
    let text = hover(&mut client, "import Squ");
    assert!(text.contains("class Square"), "{text}");
    assert!(text.contains("Four sides."), "{text}");
    // The range is that of the name.
    let params = place(&client, "main.py", MAIN, "import Squ");
    let answer = client.request("textDocument/hover", params).unwrap();
    let start = MAIN.find("Square").unwrap();
    assert_eq!(answer["range"]["start"], at(MAIN, start));
    assert_eq!(answer["range"]["end"], at(MAIN, start + 6));
    // Where there is no name there is no answer, and a document that is in no file is nobody's.
    let params = place(&client, "main.py", MAIN, "import __static__\n");
    let mut nowhere = params.clone();
    nowhere["position"] = json!({"line": 3, "character": 0});
    assert_eq!(
        client.request("textDocument/hover", nowhere),
        Ok(Value::Null)
    );
    let mut unsaved = params;
    unsaved["textDocument"]["uri"] = json!("untitled:Untitled-1");
    assert_eq!(
        client.request("textDocument/hover", unsaved),
        Ok(Value::Null)
    );
    assert!(client.goodbye().success());
}

#[test]
fn hover_is_plain_for_plain_clients() {
    let mut client = Client::start_with(json!({}), &[("shapes.py", SHAPES), ("main.py", MAIN)]);
    assert_eq!(
        client.initialized["capabilities"]["positionEncoding"],
        "utf-16"
    );
    client.open("main.py", MAIN);
    let params = place(&client, "main.py", MAIN, "        resu");
    let answer = client.request("textDocument/hover", params).unwrap();
    assert_eq!(answer["contents"]["kind"], "plaintext");
    let text = answer["contents"]["value"].as_str().unwrap();
    assert_eq!(text, "result: float\nHeld as a 64-bit float in a register");
}

/// The file and the line of text that a definition leads to.
fn definition(client: &mut Client, before: &str) -> (String, String) {
    let params = place(client, "main.py", MAIN, before);
    let answer = client.request("textDocument/definition", params).unwrap();
    let target = &answer[0];
    let path = target["uri"]
        .as_str()
        .unwrap()
        .strip_prefix("file://")
        .unwrap();
    let text = if path.ends_with("/main.py") {
        MAIN.to_owned()
    } else {
        std::fs::read_to_string(path).unwrap()
    };
    let line = usize::try_from(target["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    let line = text.lines().nth(line).unwrap().trim().to_owned();
    (path.to_owned(), line)
}

#[test]
fn definitions_are_found_across_files() {
    let mut client = project();
    let (path, line) = definition(&mut client, "    for square in squ");
    assert!(path.ends_with("/main.py"), "{path}");
    assert!(line.starts_with("def total("), "{line}");
    let (path, line) = definition(&mut client, "result += square.ar");
    assert!(path.ends_with("/shapes.py"), "{path}");
    assert_eq!(line, "def area(self) -> float:");
    let (_, line) = definition(&mut client, "unit().si");
    assert_eq!(line, "side: float");
    let (path, line) = definition(&mut client, "from sha");
    assert!(path.ends_with("/shapes.py"), "{path}");
    assert_eq!(line, "\"\"\"Shapes.\"\"\"");
    assert!(client.goodbye().success());
}

#[test]
fn definitions_in_typeshed_are_files() {
    let mut client = project();
    let (path, line) = definition(&mut client, "math.sq");
    assert!(path.contains("/.cache/keelback/"), "{path}");
    assert!(line.starts_with("def sqrt("), "{line}");
    assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
    let (path, line) = definition(&mut client, "        pri");
    assert!(path.ends_with("/builtins.pyi"), "{path}");
    assert!(line.starts_with("def print("), "{line}");
    // Opened in the editor, it is no concern of ours.
    let text = std::fs::read_to_string(&path).unwrap();
    let uri = format!("file://{path}");
    let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    let params = json!({"textDocument": {"uri": uri}, "position": {"line": 60, "character": 7}});
    assert_eq!(
        client.request("textDocument/hover", params),
        Ok(Value::Null)
    );
    assert!(client.goodbye().success());
}

#[test]
fn definitions_may_be_links() {
    let capabilities = json!({"textDocument": {"definition": {"linkSupport": true}}});
    let mut client = Client::start_with(capabilities, &[("shapes.py", SHAPES), ("main.py", MAIN)]);
    client.open("main.py", MAIN);
    let params = place(&client, "main.py", MAIN, "unit().si");
    let answer = client.request("textDocument/definition", params).unwrap();
    assert_eq!(answer[0]["targetUri"], client.uri("shapes.py"));
    let start = MAIN.find("side").unwrap();
    assert_eq!(answer[0]["originSelectionRange"]["start"], at(MAIN, start));
}

#[test]
fn the_outline_has_levels() {
    let mut client = project();
    let params = json!({"textDocument": {"uri": client.uri("shapes.py")}});
    let outline = client
        .request("textDocument/documentSymbol", params.clone())
        .unwrap();
    let names = |symbols: &Value| -> Vec<String> {
        let symbols = symbols.as_array().unwrap().iter();
        symbols
            .map(|symbol| symbol["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&outline), ["Square", "unit"]);
    assert_eq!(names(&outline[0]["children"]), ["side", "__init__", "area"]);
    assert_eq!(outline[1]["detail"], "() -> Square");
    assert!(client.goodbye().success());

    let mut client = Client::start_with(json!({}), &[("shapes.py", SHAPES)]);
    let params = json!({"textDocument": {"uri": client.uri("shapes.py")}});
    let flat = client
        .request("textDocument/documentSymbol", params)
        .unwrap();
    assert_eq!(names(&flat), ["Square", "side", "__init__", "area", "unit"]);
    assert_eq!(flat[1]["containerName"], "Square");
}

#[test]
fn nothing_is_answered_about_files_that_are_not_static() {
    let text = "def f(x: int) -> int:\n    return x\n";
    let mut client = Client::start("utf-16", &[("plain.py", text)]);
    client.open("plain.py", text);
    let params = place(&client, "plain.py", text, "return x");
    for method in ["hover", "definition", "documentSymbol"] {
        let answer = client.request(&format!("textDocument/{method}"), params.clone());
        assert_eq!(answer, Ok(Value::Null), "{method}");
    }
}
