//! The command as its users meet it: arguments, exit statuses, what is printed. No Python is needed.

mod common;

use std::process::Output;

use common::{keelback, project, stdout};

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn check_says_how_it_went() {
    let folder = project(&[
        (
            "good.py",
            "import __static__\n\n\ndef f(x: int) -> int:\n    return x\n",
        ),
        ("bad.py", "def f(:\n    pass\n\nbreak = 1\n"),
    ]);
    let good = keelback(folder.path(), &["check", "good.py"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert_eq!(stdout(&good), "Checked 1 file: no errors\n");

    let bad = keelback(folder.path(), &["check"]);
    assert_eq!(bad.status.code(), Some(1));
    let text = stdout(&bad);
    assert!(text.contains("bad.py:1:7"), "{text}");
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with("Checked 2 files: ")),
        "{text}"
    );

    for arguments in [
        &["check", "nowhere.py"][..],
        &["check", "--error", "no-such-rule"],
        &["check", "--no-such-option"],
        &["check", "--output-format", "poem"],
        &["check", "--static", "[a-"],
    ] {
        let output = keelback(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let suggestion = keelback(folder.path(), &["check", "--warn", "sintax-error"]);
    assert!(
        stderr(&suggestion).contains("`syntax-error`"),
        "{}",
        stderr(&suggestion)
    );
}

#[test]
fn every_form_reports_every_error() {
    let folder = project(&[("bad.py", "x = = 1\ny = (\n")]);
    for form in ["full", "concise", "plain", "json", "github"] {
        let output = keelback(folder.path(), &["check", "--output-format", form]);
        assert_eq!(output.status.code(), Some(1), "{form}");
        assert!(
            stdout(&output).matches("syntax-error").count() >= 2,
            "{form}: {}",
            stdout(&output)
        );
    }
    let output = keelback(folder.path(), &["check", "--output-format", "json"]);
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("one JSON object");
    let first = &report["diagnostics"][0];
    assert_eq!(first["file"], "bad.py");
    assert_eq!(first["start"], serde_json::json!({"line": 1, "column": 5}));
    assert_eq!(first["severity"], "error");
}

#[test]
fn the_project_configures_the_check() {
    let folder = project(&[
        (
            "pyproject.toml",
            "[tool.keelback.rules]\nstatic-import-not-first = \"error\"\n",
        ),
        ("late.py", "import json\nimport __static__\n"),
    ]);
    let configured = keelback(folder.path(), &["check"]);
    assert_eq!(configured.status.code(), Some(1), "{}", stdout(&configured));
    let ignored = keelback(
        folder.path(),
        &["check", "--ignore", "static-import-not-first"],
    );
    assert_eq!(ignored.status.code(), Some(0), "{}", stdout(&ignored));

    let broken = project(&[
        ("pyproject.toml", "[tool.keelback]\nstatick = []\n"),
        ("a.py", ""),
    ]);
    let output = keelback(broken.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let report = stdout(&output);
    assert!(report.contains("pyproject.toml:2:1"), "{report}");
    assert!(report.contains("did you mean `static`?"), "{report}");

    let named = keelback(broken.path(), &["check", "--config", "other.toml"]);
    assert_eq!(named.status.code(), Some(2), "{}", stderr(&named));
    std::fs::write(broken.path().join("other.toml"), "").expect("it is writable");
    let named = keelback(broken.path(), &["check", "--config", "other.toml"]);
    assert_eq!(named.status.code(), Some(0), "{}", stdout(&named));
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = project(&[]);
    let list = stdout(&keelback(folder.path(), &["rules"]));
    assert!(list.lines().count() >= 30);
    let json = keelback(folder.path(), &["rules", "--json"]);
    let rules: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("a list");
    for rule in &rules {
        let name = rule["name"].as_str().expect("a name");
        assert!(list.contains(name), "{name}");
        let page = keelback(folder.path(), &["explain", name]);
        assert!(stdout(&page).starts_with(&format!("# {name}\n")), "{name}");
    }
    let unknown = keelback(folder.path(), &["explain", "posibly-none"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean `possibly-none`?"));
}

#[test]
fn the_syntax_tree_stands_below_its_source() {
    let text = "class C:\n    def twice(self, x):\n        if x:\n            return 2 * x\n        return 'no: {}'\n";
    let folder = project(&[("m.py", text)]);
    let tree = stdout(&keelback(
        folder.path(),
        &["dis", "m.py:C.twice", "--stage", "ast"],
    ));
    let expected = "    2 |     def twice(self, x):\n        FunctionDef name=twice";
    assert!(tree.starts_with(expected), "{tree}");
    assert!(
        tree.contains("BinOp(left=NumberLiteral(value=2), op=Mult, right=Name(id=\"x\"))"),
        "{tree}"
    );
    assert!(
        tree.contains("    4 |             return 2 * x\n"),
        "{tree}"
    );
    let none = keelback(folder.path(), &["dis", "m.py:C.thrice", "--stage", "ast"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("`C.thrice`"));
}

#[test]
fn help_and_version_are_there() {
    let folder = project(&[]);
    for command in ["run", "check", "dis", "rules", "explain", "lsp", "version"] {
        let output = keelback(folder.path(), &[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
    }
    let version = stdout(&keelback(folder.path(), &["version"]));
    assert!(
        version.starts_with(&format!("keelback {} ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    assert_eq!(keelback(folder.path(), &["fly"]).status.code(), Some(2));
}

const HOT: &str = "\
import __static__


class Point:
    def __init__(self, x: float) -> None:
        self.x = x

    def twice(self) -> float:
        return self.x + self.x


def total(points: list[Point]) -> float:
    result = 0.0
    for point in points:
        result += point.twice()
    return result


def lazy(n: int):
    yield n
";

#[test]
fn every_stage_names_source_and_symbols() {
    let folder = project(&[("pkg/__init__.py", ""), ("pkg/hot.py", HOT)]);
    let shows: [(&str, &[&str]); 4] = [
        (
            "types",
            &[
                "function pkg.hot:total",
                "result += point.twice()",
                "Point.twice",
                "local result: float",
            ],
        ),
        (
            "bytecode",
            &[
                "function pkg.hot:total",
                "; 15: result += point.twice()",
                "call.method",
            ],
        ),
        ("clif", &["pkg.hot:total", "; 15:", "point.twice()", "fadd"]),
        (
            "asm",
            &["pkg.hot:total", "; 15:", "point.twice()", " bytes"],
        ),
    ];
    for (stage, parts) in shows {
        for level in ["0", "2"] {
            let output = keelback(
                folder.path(),
                &["dis", "pkg/hot.py:total", "--stage", stage, "--opt", level],
            );
            assert_eq!(
                output.status.code(),
                Some(0),
                "{stage}: {}",
                stderr(&output)
            );
            let text = stdout(&output);
            for part in parts {
                assert!(text.contains(part), "{stage}: `{part}` is not in\n{text}");
            }
        }
    }
    let class = stdout(&keelback(folder.path(), &["dis", "pkg/hot.py:Point"]));
    assert!(
        class.contains("Point.__init__")
            && class.contains("Point.twice")
            && !class.contains("total"),
        "{class}"
    );
    let left = stdout(&keelback(folder.path(), &["dis", "pkg/hot.py:lazy"]));
    assert!(
        left.starts_with("; lazy is run by CPython, because of "),
        "{left}"
    );
}

#[test]
fn functions_left_to_cpython_are_explained() {
    let folder = project(&[("hot.py", HOT), ("plain.py", "def f(): pass\n")]);
    let output = keelback(folder.path(), &["check", "--explain"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let text = stdout(&output);
    assert!(text.contains("hot: 3 functions of 4 compiled\n"), "{text}");
    assert!(
        text.contains("hot.py:20: lazy: run by CPython, because of "),
        "{text}"
    );
    assert!(
        text.contains("1 static module: 3 functions compiled, 1 run by CPython\n"),
        "{text}"
    );
    assert!(text.ends_with("Checked 2 files: no errors\n"), "{text}");
}
