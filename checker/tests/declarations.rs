//! What is reported about declarations.

use std::path::PathBuf;
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::diagnostic::Located;
use keelback_checker::resolve::resolve_module;
use keelback_checker::rules::Level;
use keelback_checker::settings::{SearchPaths, Settings, StaticPatterns};
use keelback_checker::system::MemorySystem;
use keelback_checker::types::Name;

fn database(files: &[(&str, &str)], settings: Settings) -> Database {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(format!("/src/{path}"), text);
    }
    let search_paths = SearchPaths {
        roots: vec![PathBuf::from("/src")],
        site: vec![],
    };
    Database::new(
        Arc::new(system),
        &Settings {
            search_paths,
            ..settings
        },
    )
}

fn located(files: &[(&str, &str)], settings: Settings) -> Vec<Located> {
    let db = database(files, settings);
    let file = resolve_module(&db, &Name::new("m")).unwrap();
    check_file(&db, file)
        .iter()
        .map(|found| Located::new(&db, found))
        .collect()
}

/// `line rule` of what is reported about module `m`, hints about speed and style left out.
fn check(files: &[(&str, &str)]) -> Vec<String> {
    located(files, Settings::default())
        .iter()
        .filter(|found| found.severity != Level::Hint)
        .map(|found| format!("{} {}", found.primary.place.start().line, found.rule))
        .collect()
}

fn check_text(text: &str) -> Vec<String> {
    check(&[("m.py", &format!("import __static__\n{text}"))])
}

fn messages(text: &str) -> Vec<String> {
    let text = format!("import __static__\n{text}");
    located(&[("m.py", &text)], Settings::default())
        .into_iter()
        .filter(|found| found.severity != Level::Hint)
        .map(|found| found.message)
        .collect()
}

#[test]
fn the_marker_must_come_first() {
    assert_eq!(
        check(&[("m.py", "import os\nimport __static__\n")]),
        ["2 static-import-not-first"]
    );
    assert_eq!(
        check(&[("m.py", "import __static__\n")]),
        Vec::<String>::new()
    );
    assert_eq!(
        check(&[("m.py", "x: Nothing\nfrom nowhere import a\n")]),
        Vec::<String>::new()
    );
}

#[test]
fn imports() {
    let files = [
        (
            "m.py",
            "import __static__\nimport nowhere, os, nowhere.sub\nfrom other import f, g\nfrom . import up\n\
             from plain import anything\nfrom os import not_in_the_stub\nfrom __static__ import int65\n\
             try:\n    import maybe\nexcept ImportError:\n    maybe = None\nimport pkg.sub\nfrom pkg import sub, no\n",
        ),
        ("other.py", "import __static__\ndef f(): pass\n"),
        ("plain.py", "x = 1\n"),
        ("pkg/__init__.py", "import __static__\n"),
        ("pkg/sub.py", ""),
    ];
    assert_eq!(
        check(&files),
        [
            "2 unresolved-import",
            "2 unresolved-import",
            "3 unresolved-import-name",
            "4 unresolved-import",
            "7 unresolved-import-name",
            "13 unresolved-import-name",
        ]
    );
}

#[test]
fn every_annotation_is_looked_at() {
    assert_eq!(
        check_text(
            "x: Nope\nclass C:\n    y: 'list[Nope]'\n    def m(self, a: Nope, *b: Nope) -> Nope: pass\n\
             def f():\n    def g(x: Nope): pass\n\
             def h():\n    T = int\n    def i(x: T): pass\n    \
             y: Nope = 1\n"
        ),
        [
            "2 undefined-name",
            "4 undefined-name",
            "5 undefined-name",
            "5 undefined-name",
            "5 undefined-name",
            "7 undefined-name",
            "11 undefined-name",
        ]
    );
}

#[test]
fn redefinitions() {
    assert_eq!(
        check_text(
            "def f(): pass\ndef f(): pass\nclass C:\n    def m(self): pass\n    def m(self): pass\n\
             class C: pass\nif f:\n    def g(): pass\nelse:\n    def g(): pass\ndef _(): pass\ndef _(): pass\n"
        ),
        [
            "3 duplicate-definition",
            "6 duplicate-definition",
            "7 duplicate-definition"
        ]
    );
}

#[test]
fn bases() {
    assert_eq!(
        check_text(
            "from typing import final\nimport os\nfrom __static__ import int64\n\
             @final\nclass A: pass\nclass B(A): pass\nclass C(os): pass\ndef f(): pass\nclass D(f): pass\n\
             class E(int64): pass\nclass F(F): pass\nclass G(Nope): pass\nclass H(bool): pass\n"
        ),
        [
            "7 final-subclass",
            "8 invalid-base",
            "10 invalid-base",
            "11 invalid-base",
            "12 invalid-base",
            "13 undefined-name",
            "14 final-subclass",
        ]
    );
}

#[test]
fn storage() {
    assert_eq!(
        check_text(
            "class A:\n    x: int\nclass B:\n    y: int\nclass C(A, B): pass\nclass D(A):\n    x: str\n\
             class E(A):\n    x: int = 3\nclass Mixin:\n    def m(self): pass\nclass F(A, Mixin): pass\n"
        ),
        ["6 layout-conflict", "8 duplicate-field"]
    );
}

#[test]
fn overrides() {
    let base = "from typing import final, override\nclass A:\n    def m(self, x: int, y: str = '') -> float: return 1.0\n    \
        @final\n    def last(self): pass\n    @property\n    def p(self) -> int: return 1\n    @staticmethod\n    def s(): pass\n";
    let case = |body: &str| check_text(&format!("{base}class B(A):\n    {body}\n"));
    for fine in [
        "def m(self, x: int, y: str = '') -> float: return 1.0",
        "def m(self, x: float, y: str = '', z: int = 0) -> int: return 1",
        "def m(self, x: object, *rest: str) -> float: return 1.0",
        "def m(self, x, y=''): pass",
        "@override\n    def m(self, x: int, y: str = '') -> float: return 1.0",
        "def __init__(self, anything: int): pass",
        "def __eq__(self, other: 'B') -> bool: return True",
    ] {
        assert_eq!(case(fine), Vec::<String>::new(), "{fine}");
    }
    for wrong in [
        "def m(self, x: int) -> float: return 1.0",
        "def m(self, x: str, y: str = '') -> float: return 1.0",
        "def m(self, x: int, y: str) -> float: return 1.0",
        "def m(self, x: int, y: str = '') -> str: return ''",
        "def m(self, x: int, y: str = '', *, z: int) -> float: return 1.0",
        "def p(self) -> int: return 1",
        "def s(self): pass",
    ] {
        assert_eq!(case(wrong), ["12 invalid-override"], "{wrong}");
    }
    assert_eq!(case("def last(self): pass"), ["12 final-override"]);
    assert_eq!(
        case("@override\n    def n(self): pass"),
        ["13 overrides-nothing"]
    );
    assert!(
        messages(&format!(
            "{base}class B(A):\n    def m(self, x: int) -> float: return 1.0\n"
        ))[0]
            .contains("`A.m`")
    );
}

#[test]
fn finals() {
    assert_eq!(
        check_text(
            "from typing import Final\nX: Final = 1\nX = 2\nY: Final[int] = 1\nY += 1\n\
             def f():\n    global Y\n    Y = 3\n\
             class C:\n    a: Final[int]\n    B: Final = 3\n    def __init__(self): self.a = 1\n    \
             def m(self):\n        self.a = 2\n        self.B = 3\n\
             class D(C):\n    def __init__(self): self.a = 4\n"
        ),
        [
            "4 final-reassigned",
            "6 final-reassigned",
            "9 final-reassigned",
            "15 final-reassigned",
            "16 final-reassigned",
            "18 final-reassigned",
        ]
    );
}

#[test]
fn conflicting_declarations() {
    assert_eq!(
        check_text("x: int\nx: int = 1\nx: str\nclass C:\n    y: int\n    y: float = 1.0\n"),
        [
            "4 conflicting-declaration",
            "7 conflicting-declaration",
            "7 invalid-assignment"
        ]
    );
}

#[test]
fn code_that_cannot_run() {
    let text = "import __static__\ndef f(x: int) -> int:\n    if x:\n        return 1\n    else:\n        raise ValueError\n    \
        return 2\ndef g() -> None:\n    while True:\n        if g:\n            break\n    g()\n    while 1:\n        pass\n    g()\n\
        def h():\n    return\n    yield\n";
    let found: Vec<String> = located(&[("m.py", text)], Settings::default())
        .iter()
        .map(|found| format!("{} {}", found.primary.place.start().line, found.rule))
        .collect();
    assert_eq!(
        found,
        [
            "7 unreachable-code",
            "15 unreachable-code",
            "16 function-run-by-cpython"
        ]
    );
}

#[test]
fn hints() {
    let text = "import __static__\nimport os, sys\nfrom json import loads as loads\nfrom dataclasses import dataclass\n\
        x: 'sys.Thing'\n@dataclass\nclass C:\n    y: int\n\
        class D:\n    def m(self, a, b: int): pass\nclass E:\n    def m(self): pass\nclass F(E):\n    def __init__(self): pass\n";
    let found: Vec<String> = located(&[("m.py", text)], Settings::default())
        .iter()
        .map(|found| format!("{} {}", found.primary.place.start().line, found.rule))
        .collect();
    assert_eq!(
        found,
        [
            "2 unused-import",
            "7 class-not-laid-out",
            "10 not-final",
            "10 missing-annotation"
        ]
    );
}

#[test]
fn ignore_comments_silence_rules() {
    assert_eq!(
        check_text(
            "x: Nope  # keelback: ignore[undefined-name]\ny: Nope  # type: ignore\nz: Nope  # keelback: ignore[not-callable]\n"
        ),
        ["4 undefined-name", "4 unused-ignore"]
    );
}

#[test]
fn a_pattern_only_warns() {
    let settings = Settings {
        static_patterns: StaticPatterns::new(["m".to_owned()]).unwrap(),
        ..Settings::default()
    };
    let found = located(&[("m.py", "x: Nope\n")], settings);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Level::Warning);
}

#[test]
fn suggestions() {
    assert_eq!(
        messages("x: flaot\n"),
        ["Name `flaot` is not defined; did you mean `float`?"]
    );
    assert_eq!(
        messages("from __static__ import doubel\n"),
        ["Module `__static__` has no `doubel`; did you mean `double`?"]
    );
}

#[test]
fn modules_that_name_things_behind_our_back() {
    let files = [
        (
            "m.py",
            "import __static__\nfrom a import x\nfrom b import y\nfrom c import z\n",
        ),
        (
            "a.py",
            "import __static__\ndef __getattr__(name): return 1\n",
        ),
        ("b.py", "import __static__\nglobals().update(y=1)\n"),
        ("c.py", "import __static__\n"),
    ];
    assert_eq!(check(&files), ["4 unresolved-import-name"]);
}
