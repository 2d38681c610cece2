//! Repairs that are certain, made in many files until nothing is left.

use std::path::Path;
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, File};
use keelback_checker::files::source_text;
use keelback_checker::fix::{Repairs, encode, repair};
use keelback_checker::settings::Settings;
use keelback_checker::system::{MemorySystem, System};

fn database(files: &[(&str, &str)]) -> (Database, Vec<File>) {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(path, text);
    }
    let mut settings = Settings::default();
    settings.search_paths.roots = vec!["/".into()];
    let db = Database::new(Arc::new(system), &settings);
    let handles = files
        .iter()
        .map(|(path, _)| db.os_file(Path::new(path)))
        .collect();
    (db, handles)
}

fn repaired(text: &str) -> (String, usize) {
    let (mut db, files) = database(&[("/m.py", text)]);
    let Repairs { files, refused } = repair(&mut db, &files);
    assert!(refused.is_empty(), "{text}");
    files.first().map_or_else(
        || (text.to_owned(), 0),
        |made| (made.after.to_string(), made.count),
    )
}

#[test]
fn every_certain_repair_is_made_once() {
    let cases = [
        (
            "import os, re, sys\nprint(re)\n",
            "import re\nprint(re)\n",
            2,
        ),
        ("import os, sys\nx = 1\n", "x = 1\n", 2),
        (
            "x = 1  # keelback: ignore[possibly-none, invalid-return]\n",
            "x = 1\n",
            1,
        ),
        (
            "def f(x: str) -> int:\n    return x  # keelback: ignore[possibly-none, invalid-return]\n",
            "def f(x: str) -> int:\n    return x  # keelback: ignore[invalid-return]\n",
            1,
        ),
        (
            "def f(x: str) -> int:\n    return x  # type: ignore[invalid-return, possibly-none , not-callable]\n",
            "def f(x: str) -> int:\n    return x  # type: ignore[invalid-return]\n",
            2,
        ),
        // What is written after it stays.
        (
            "x = 1  # type: ignore because of y\n",
            "x = 1  # because of y\n",
            1,
        ),
        ("x = 1  # type: ignore[\n", "x = 1  #[\n", 1),
        ("x = 1  # type: ignore  # noqa\n", "x = 1  # noqa\n", 1),
        // The cast goes first, and then its import is not used any more.
        (
            "from typing import cast\n\ndef f(x: int) -> int:\n    return cast(int, x)\n",
            "\ndef f(x: int) -> int:\n    return x\n",
            2,
        ),
        ("x = 1\n", "x = 1\n", 0),
    ];
    for (before, after, count) in cases {
        let marker = "import __static__\n";
        let (made, number) = repaired(&format!("{marker}{before}"));
        assert_eq!(made, format!("{marker}{after}"), "{before}");
        assert_eq!(number, count, "{before}");
    }
}

#[test]
fn what_is_a_guess_is_left_alone() {
    let text = "import __static__\n\ndef f(length: int) -> int:\n    return lenght\n";
    assert_eq!(repaired(text).1, 0);
    let dynamic = "import os\n";
    assert_eq!(repaired(dynamic).1, 0, "a module that is not static");
    let broken = "import __static__\nimport os\nx = (\n";
    assert_eq!(repaired(broken).1, 0, "a text that does not parse");
}

#[test]
fn line_ends_and_the_last_line_stay_as_they_are() {
    assert_eq!(
        repaired("import __static__\r\nimport os\r\nx = 1").0,
        "import __static__\r\nx = 1"
    );
    assert_eq!(
        repaired("import __static__\nimport os").0,
        "import __static__\n"
    );
}

#[test]
fn new_texts_stand_over_the_files_and_nothing_is_written() {
    let text = "import __static__\nimport os\n";
    let (mut db, files) = database(&[("/a.py", text), ("/b.py", "x = 1\n"), ("/c.py", text)]);
    let made = repair(&mut db, &files);
    let changed: Vec<File> = made.files.iter().map(|made| made.file).collect();
    assert_eq!(changed, [files[0], files[2]]);
    assert_eq!(&*source_text(&db, files[0]).text, "import __static__\n");
    assert!(check_file(&db, files[0]).is_empty());
    db.set_text(files[0], None);
    assert_eq!(&*source_text(&db, files[0]).text, text);
}

#[test]
fn a_byte_order_mark_is_kept() {
    assert_eq!(encode(b"\xef\xbb\xbfx = 1", "y"), b"\xef\xbb\xbfy");
    assert_eq!(encode(b"x = 1", "y"), b"y");
}

#[test]
fn a_file_is_replaced_only_where_there_is_one() {
    let system = MemorySystem::new();
    system.write("/a.py", "1");
    system
        .replace(Path::new("/a.py"), b"2")
        .expect("it is there");
    assert_eq!(system.read(Path::new("/a.py")).expect("read"), b"2");
    assert!(system.replace(Path::new("/b.py"), b"2").is_err());
}
