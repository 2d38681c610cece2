//! The forms of output.

use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::diagnostic::{Diagnostic, Located};
use keelback_checker::render::{Format, render};
use keelback_checker::rules::Rule;
use keelback_checker::settings::Settings;
use keelback_checker::system::MemorySystem;
use keelback_parser::text_size::{TextRange, TextSize};

const TEXT: &str = "x = 'é'\ny = x + 1\n";

fn range(start: u32, end: u32) -> TextRange {
    TextRange::new(TextSize::new(start), TextSize::new(end))
}

fn located() -> Vec<Located> {
    let system = MemorySystem::new();
    system.write("a.py", TEXT);
    let db = Database::new(Arc::new(system), &Settings::default());
    let file = db.os_file("a.py".as_ref());
    let diagnostic = Diagnostic::new(
        Rule::UnsupportedOperator,
        file,
        range(13, 18),
        "`+` does not work on `str` and `int`",
    )
    .with_label("here")
    .with_secondary(file, range(4, 8), "a `str`")
    .with_note("Convert one of them")
    .with_fix("Convert with str(…)", range(17, 18), "str(1)");
    vec![Located::new(&db, &diagnostic)]
}

#[test]
fn concise() {
    assert_eq!(
        render(&located(), Format::Concise, false),
        "a.py:2:5: error[unsupported-operator]: `+` does not work on `str` and `int`\n"
    );
}

#[test]
fn github() {
    assert_eq!(
        render(&located(), Format::Github, false),
        "::error file=a.py,line=2,endLine=2,col=5,endColumn=10,title=keelback (unsupported-operator)::\
         `+` does not work on `str` and `int`%0AConvert one of them\n"
    );
}

#[test]
fn json() {
    let text = render(&located(), Format::Json, false);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry = &value["diagnostics"][0];
    assert_eq!(entry["file"], "a.py");
    assert_eq!(entry["rule"], "unsupported-operator");
    assert_eq!(entry["severity"], "error");
    assert_eq!(entry["start"], serde_json::json!({"line": 2, "column": 5}));
    assert_eq!(entry["end"], serde_json::json!({"line": 2, "column": 10}));
    assert_eq!(
        entry["related"][0]["end"],
        serde_json::json!({"line": 1, "column": 8})
    );
    assert_eq!(entry["fix"]["edits"][0]["replacement"], "str(1)");
    let empty: serde_json::Value = serde_json::from_str(&render(&[], Format::Json, false)).unwrap();
    assert_eq!(empty, serde_json::json!({"diagnostics": []}));
}

#[test]
fn drawings() {
    let full = render(&located(), Format::Full, false);
    for part in [
        "unsupported-operator",
        "a.py:2:5",
        "here",
        "a `str`",
        "Convert one of them",
    ] {
        assert!(full.contains(part), "{part} in\n{full}");
    }
    assert!(!full.contains('\u{1b}'));
    assert!(render(&located(), Format::Full, true).contains('\u{1b}'));
    let plain = render(&located(), Format::Plain, false);
    for part in [
        "error[unsupported-operator]",
        "a.py:2:5",
        "here",
        "Convert one of them",
    ] {
        assert!(plain.contains(part), "{part} in\n{plain}");
    }
}

/// `line:column rule` of everything reported about a text.
fn check(text: &str) -> Vec<String> {
    let system = MemorySystem::new();
    system.write("a.py", text);
    let db = Database::new(Arc::new(system), &Settings::default());
    check_file(&db, db.os_file("a.py".as_ref()))
        .iter()
        .map(|diagnostic| {
            let located = Located::new(&db, diagnostic);
            let start = located.primary.place.start();
            format!("{}:{} {}", start.line, start.column, located.rule)
        })
        .collect()
}

#[test]
fn every_syntax_error_is_reported() {
    assert_eq!(
        check("break\nreturn 1\n"),
        ["1:1 syntax-error", "2:1 syntax-error"]
    );
}

#[test]
fn ignore_comments_about_nothing() {
    assert_eq!(check("x = 1  # type: ignore\n"), ["1:8 unused-ignore"]);
    assert_eq!(
        check("x = 1  # type: ignore[attr-defined]\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        check("x = 1  # keelback: ignore[invalid-retrun]\n"),
        ["1:27 unknown-rule"]
    );
    assert_eq!(
        check("x = 1  # keelback: ignore[invalid-return, not-callable]\n"),
        ["1:8 unused-ignore"]
    );
    assert_eq!(
        check("x = 1  # typed: ignore, keelback\n"),
        Vec::<String>::new()
    );
}

#[test]
fn a_file_that_is_not_text() {
    let system = MemorySystem::new();
    system.write("a.py", b"x = 1\ny = '\xff'\n");
    let db = Database::new(Arc::new(system), &Settings::default());
    let diagnostics = check_file(&db, db.os_file("a.py".as_ref()));
    assert_eq!(diagnostics[0].rule, Rule::InvalidEncoding);
    assert_eq!(
        Located::new(&db, &diagnostics[0])
            .primary
            .place
            .start()
            .line,
        2
    );
}
