//! What an editor asks about a place: over files in memory, with the place marked by `$0` in the text.

use std::sync::Arc;

use keelback_checker::db::{Database, File};
use keelback_checker::files::source_text;
use keelback_checker::ide::definition::{definition, openable_path};
use keelback_checker::ide::fixes::{fix_all, fixes};
use keelback_checker::ide::hover::{Hover, hover};
use keelback_checker::ide::symbols::{Symbol, symbols};
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::system::{MemorySystem, System};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

struct Project {
    db: Database,
    system: MemorySystem,
    file: File,
    offset: TextSize,
}

/// A project of these files; `$0` marks the place that is asked about.
fn project(files: &[(&str, &str)]) -> Project {
    let system = MemorySystem::new();
    let mut place = None;
    for (path, text) in files {
        let path = format!("/src/{path}");
        if let Some(at) = text.find("$0") {
            place = Some((path.clone(), at));
        }
        system.write(&path, text.replace("$0", ""));
    }
    let settings = Settings {
        search_paths: SearchPaths {
            roots: vec!["/src".into()],
            site: Vec::new(),
        },
        ..Settings::default()
    };
    let db = Database::new(Arc::new(system.clone()), &settings);
    let (path, at) = place.unwrap_or_else(|| (format!("/src/{}", files[0].0), 0));
    Project {
        file: db.os_file(path.as_ref()),
        db,
        system,
        offset: TextSize::try_from(at).unwrap(),
    }
}

fn one(text: &str) -> Project {
    project(&[("main.py", &format!("import __static__\n{text}"))])
}

impl Project {
    fn hover(&self) -> Hover {
        hover(&self.db, self.file, self.offset).expect("something to show")
    }

    /// `path:text` of each definition, `text` being the line that it is on.
    fn definitions(&self) -> Vec<String> {
        let found = definition(&self.db, self.file, self.offset);
        let (_, targets) = found.expect("a name");
        targets
            .iter()
            .map(|target| {
                let path = target.file.path(&self.db).to_string();
                let path = path.strip_prefix("/src/").unwrap_or(&path).to_owned();
                let text = source_text(&self.db, target.file).text.clone();
                let at = target.range.start().to_usize();
                let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
                let line = text[start..].lines().next().unwrap_or("").trim();
                format!("{path}: {line}")
            })
            .collect()
    }

    fn outline(&self) -> String {
        fn write(symbols: &[Symbol], depth: usize, text: &mut String) {
            for symbol in symbols {
                let detail = symbol.detail.as_deref().unwrap_or("");
                let indent = "  ".repeat(depth);
                text.push_str(
                    format!("{indent}{:?} {} {detail}", symbol.kind, symbol.name).trim_end(),
                );
                text.push('\n');
                write(&symbol.children, depth + 1, text);
            }
        }
        let mut text = String::new();
        write(&symbols(&self.db, self.file).unwrap(), 0, &mut text);
        text
    }

    fn text(&self) -> String {
        source_text(&self.db, self.file).text.to_string()
    }

    /// The titles of the repairs in the whole file, and the text after each.
    fn repairs(&self) -> Vec<(String, String)> {
        let everything = TextRange::up_to(TextSize::of(&*self.text()));
        fixes(&self.db, self.file, everything)
            .into_iter()
            .map(|(_, fix)| {
                let edits: Vec<_> = fix.edits.iter().collect();
                (fix.title.clone(), apply(&self.text(), &edits))
            })
            .collect()
    }
}

fn apply(text: &str, edits: &[&keelback_checker::diagnostic::Edit]) -> String {
    let mut text = text.to_owned();
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.span.start);
    for edit in edits.iter().rev() {
        let range = edit.span.range();
        text.replace_range(std::ops::Range::<usize>::from(range), &edit.replacement);
    }
    text
}

#[test]
fn hover_of_a_local_says_how_it_is_held() {
    let shown = one("def f(n: int) -> int:\n    tot$0al = n + 1\n    return total\n").hover();
    assert_eq!(shown.code, "total: int");
    assert_eq!(
        shown.facts,
        ["Held as one word: a small int inline, a larger one as a pointer"]
    );
    let shown = one("def f(x: float) -> float:\n    return $0x * 2.0\n").hover();
    assert_eq!(shown.code, "(parameter) x: float");
    assert_eq!(shown.facts, ["Held as a 64-bit float in a register"]);
    let shown =
        one("from __static__ import uint8\ndef f(x: uint8) -> uint8:\n    y = x\n    return y$0\n")
            .hover();
    assert_eq!(shown.code, "y: uint8");
    assert_eq!(
        shown.facts,
        ["Held as an unsigned 8-bit integer in a register"]
    );
}

#[test]
fn hover_shows_the_narrowed_type() {
    let shown =
        one("def f(x: str | None) -> str:\n    if x is None:\n        return ''\n    return x$0\n")
            .hover();
    assert_eq!(shown.code, "(parameter) x: str");
    assert_eq!(shown.facts[0], "Narrowed from `str | None`");
    assert_eq!(shown.facts[1], "Held as a pointer to a Python object");
}

#[test]
fn hover_of_functions_and_classes() {
    let text = "class P:\n    \"\"\"A place.\n\n    In a plane.\n    \"\"\"\n    x: float\n    def __init__(self, x: float) -> None:\n        self.x = x\n    def norm(self, /, scale: int = 1, *, deep: bool = False) -> float:\n        return self.x * scale\ndef g() -> float:\n    p = P(1.0)\n";
    let shown = one(&format!("{text}    return P$0(2.0).x\n")).hover();
    assert_eq!(shown.code, "class P");
    assert_eq!(shown.docs.as_deref(), Some("A place.\n\nIn a plane."));
    assert_eq!(shown.facts, ["Laid out, with one field"]);
    let shown = one(&format!("{text}    return p.no$0rm()\n")).hover();
    assert_eq!(
        shown.code,
        "def norm(self, /, scale: int = 1, *, deep: bool = False) -> float"
    );
    assert_eq!(shown.facts, ["Compiled"]);
    let shown = one(&format!("{text}    return p.x$0\n")).hover();
    assert_eq!(shown.code, "(field) P.x: float");
    assert_eq!(
        shown.facts,
        [
            "Stored raw at byte 16 of the object",
            "Held as a 64-bit float in a register"
        ]
    );
    let shown = one("def g():\n    yield 1\nx = g$0()\n").hover();
    assert_eq!(shown.facts, ["Run by CPython, because of a `yield`"]);
}

#[test]
fn hover_of_stubs_modules_and_constants() {
    let shown = one("import math\ndef f(x: float) -> float:\n    return math.sq$0rt(x)\n").hover();
    assert!(shown.code.starts_with("def sqrt("), "{}", shown.code);
    let shown = one("import math\ndef f(x: float) -> float:\n    return ma$0th.sqrt(x)\n").hover();
    assert_eq!(shown.code, "(module) math");
    let shown =
        one("from typing import Final\nSIZE: Final = 3\ndef f() -> int:\n    return SI$0ZE\n");
    assert_eq!(shown.hover().code, "(constant) SIZE: Final = 3");
    let shown = one("def f(s: str) -> bool:\n    return s.isup$0per()\n").hover();
    assert_eq!(shown.code, "def isupper(self) -> bool");
}

#[test]
fn nothing_is_said_about_files_that_are_not_static() {
    let plain = project(&[("main.py", "def f(x: int):\n    return x$0\n")]);
    assert_eq!(hover(&plain.db, plain.file, plain.offset), None);
    assert_eq!(definition(&plain.db, plain.file, plain.offset), None);
    assert_eq!(symbols(&plain.db, plain.file), None);
    assert!(fix_all(&plain.db, plain.file).is_empty());
}

#[test]
fn nothing_is_said_where_there_is_no_name() {
    let empty = one("def f() -> int:\n    return $0  (1)\n");
    assert_eq!(hover(&empty.db, empty.file, empty.offset), None);
    let past = one("x = 1\n");
    assert_eq!(hover(&past.db, past.file, TextSize::new(9999)), None);
    let broken = one("def f(:\n    retu$0rn x.\n");
    assert_eq!(hover(&broken.db, broken.file, broken.offset), None);
}

#[test]
fn definitions_in_the_same_file() {
    let cases = [
        (
            "def f(n: int) -> int:\n    total = n\n    return to$0tal\n",
            "main.py: total = n",
        ),
        (
            "def f(n: int) -> int:\n    return n$0\n",
            "main.py: def f(n: int) -> int:",
        ),
        (
            "def f(xs: list[int]) -> list[int]:\n    return [it$0em for item in xs]\n",
            "main.py: return [item for item in xs]",
        ),
        (
            "LIMIT = 3\ndef f() -> int:\n    return LI$0MIT\n",
            "main.py: LIMIT = 3",
        ),
        (
            "def f() -> int:\n    x = 1\n    def g() -> int:\n        return x$0\n    return g()\n",
            "main.py: x = 1",
        ),
        (
            "def f(k: int) -> int:\n    return k\ndef g() -> int:\n    return f(k$0=1)\n",
            "main.py: def f(k: int) -> int:",
        ),
        (
            "class C:\n    def __init__(self) -> None:\n        self.size = 1\n    def get(self) -> int:\n        return self.si$0ze\n",
            "main.py: self.size = 1",
        ),
        (
            "class B:\n    def m(self) -> int:\n        return 1\nclass C(B):\n    def n(self) -> int:\n        return self.m$0()\n",
            "main.py: def m(self) -> int:",
        ),
        (
            "def f(v: object) -> int:\n    match v:\n        case int() as number:\n            return num$0ber\n    return 0\n",
            "main.py: case int() as number:",
        ),
        (
            "def f() -> None:\n    try:\n        pass\n    except ValueError as error:\n        print(err$0or)\n",
            "main.py: except ValueError as error:",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(one(text).definitions(), [expected], "{text}");
    }
}

#[test]
fn definitions_across_modules() {
    let other = "import __static__\nfrom typing import Final\nfrom deep.er import inner\nTOP: Final = 3\nclass Point:\n    x: int\n    def move(self) -> None:\n        pass\ndef helper(p: Point) -> int:\n    return p.x\n";
    let definitions = |main: &str| {
        project(&[
            ("main.py", &format!("import __static__\n{main}")),
            ("other.py", other),
            ("deep/__init__.py", ""),
            (
                "deep/er.py",
                "import __static__\ndef inner() -> int:\n    return 1\n",
            ),
            ("plain.py", "def loose(x):\n    return x\n"),
        ])
        .definitions()
    };
    let cases = [
        (
            "from other import helper\ndef f() -> None:\n    hel$0per\n",
            "other.py: def helper(p: Point) -> int:",
        ),
        (
            "from other import hel$0per\n",
            "other.py: def helper(p: Point) -> int:",
        ),
        (
            "from oth$0er import helper\n",
            "other.py: import __static__",
        ),
        ("import oth$0er\n", "other.py: import __static__"),
        ("import deep.e$0r\n", "deep/er.py: import __static__"),
        (
            "import other\ndef f(p: other.Point) -> None:\n    p.mo$0ve()\n",
            "other.py: def move(self) -> None:",
        ),
        (
            "import other\ndef f(p: other.Po$0int) -> None:\n    p.move()\n",
            "other.py: class Point:",
        ),
        (
            "from other import Point\ndef f(p: Point) -> int:\n    return p.x$0\n",
            "other.py: x: int",
        ),
        (
            "from other import TOP\ndef f() -> int:\n    return TO$0P\n",
            "other.py: TOP: Final = 3",
        ),
        (
            "from other import inner\ndef f() -> int:\n    return inn$0er()\n",
            "deep/er.py: def inner() -> int:",
        ),
        (
            "from plain import loose\ndef f() -> object:\n    return loo$0se(1)\n",
            "plain.py: def loose(x):",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(definitions(text), [expected], "{text}");
    }
}

#[test]
fn definitions_in_typeshed() {
    let found = one("import math\ndef f(x: float) -> float:\n    return math.sq$0rt(x)\n");
    let target = found.definitions().remove(0);
    assert!(
        target.starts_with("<keelback>/stdlib/math/__init__.pyi: def sqrt("),
        "{target}"
    );
    let found = one("def f(xs: list[int]) -> int:\n    return le$0n(xs)\n");
    let target = found.definitions().remove(0);
    assert!(
        target.starts_with("<keelback>/stdlib/builtins.pyi: def len("),
        "{target}"
    );
    let found = one("from __static__ import Ar$0ray\n");
    assert_eq!(
        found.definitions(),
        ["<keelback>/keelback/__static__.pyi: class Array(_Line[_T]):"]
    );
}

#[test]
fn stubs_are_written_to_the_cache_folder() {
    let found = one("def f(xs: list[int]) -> int:\n    return le$0n(xs)\n");
    found.system.set_var("XDG_CACHE_HOME", "/cache");
    let (_, targets) = definition(&found.db, found.file, found.offset).unwrap();
    let path = openable_path(&found.db, targets[0].file).unwrap();
    assert!(path.starts_with("/cache/keelback"), "{}", path.display());
    assert!(path.ends_with("stdlib/builtins.pyi"), "{}", path.display());
    let written = found.system.read(&path).unwrap();
    let text = source_text(&found.db, targets[0].file);
    assert_eq!(written, text.text.as_bytes());
}

#[test]
fn outline() {
    let file = one(
        "import os\nLIMIT: int = 3\nname = 'x'\ntype Pair = tuple[int, int]\nclass C:\n    size: int\n    def __init__(self) -> None:\n        self.size = 1\n        self.extra = 2\n    @property\n    def twice(self) -> int:\n        return 2\n    class Inner:\n        pass\nif LIMIT:\n    def chosen(a: int) -> int:\n        def nested() -> None:\n            pass\n        local = 1\n        return local\n",
    );
    assert_eq!(
        file.outline(),
        "Constant LIMIT int\nVariable name\nTypeAlias Pair tuple[int, int]\nClass C\n  Field size int\n  Constructor __init__ (self) -> None\n  Field extra\n  Property twice (self) -> int\n  Class Inner\nFunction chosen (a: int) -> int\n  Function nested () -> None\n"
    );
}

#[test]
fn misspelled_names_are_repaired() {
    let cases = [
        (
            "def f(length: int) -> int:\n    return lenght\n",
            "Change to `length`",
            "def f(length: int) -> int:\n    return length\n",
        ),
        (
            "class C:\n    size: int = 1\ndef f(c: C) -> int:\n    return c.sise + 1\n",
            "Change to `size`",
            "class C:\n    size: int = 1\ndef f(c: C) -> int:\n    return c.size + 1\n",
        ),
        (
            "def f(width: int) -> int:\n    return width\ndef g() -> int:\n    return f(widht=1)\n",
            "Change to `width`",
            "def f(width: int) -> int:\n    return width\ndef g() -> int:\n    return f(width=1)\n",
        ),
        (
            "class Point:\n    pass\ndef f(p: Pointt) -> None:\n    pass\n",
            "Change to `Point`",
            "class Point:\n    pass\ndef f(p: Point) -> None:\n    pass\n",
        ),
        (
            "from __static__ import crnage as c\ndef f() -> object:\n    return c\n",
            "Change to `crange`",
            "from __static__ import crange as c\ndef f() -> object:\n    return c\n",
        ),
    ];
    for (text, title, after) in cases {
        let after = format!("import __static__\n{after}");
        assert_eq!(one(text).repairs(), [(title.to_owned(), after)], "{text}");
    }
}

#[test]
fn conversions_are_repaired() {
    let file = one(
        "from __static__ import int8, int64\ndef f(x: int64) -> int8:\n    y: int8 = x + x\n    return y\n",
    );
    let after = file.text().replace("= x + x", "= int8(x + x)");
    assert_eq!(
        file.repairs(),
        [("Convert with `int8(…)`".to_owned(), after)]
    );
    let file = one(
        "from __static__ import int64\ndef f(x: int64) -> int64:\n    return int64(x + x) * 2\n",
    );
    let after = file.text().replace("int64(x + x)", "(x + x)");
    assert_eq!(
        file.repairs(),
        [("Remove the conversion".to_owned(), after)]
    );
}

#[test]
fn unused_imports_are_removed() {
    let cases = [
        ("import os\nx = 1\n", "x = 1\n"),
        ("import os, sys\nprint(sys)\n", "import sys\nprint(sys)\n"),
        ("import os, sys\nprint(os)\n", "import os\nprint(os)\n"),
        (
            "from os import (\n    path,\n    sep,\n)\nprint(path)\n",
            "from os import (\n    path,\n)\nprint(path)\n",
        ),
        ("import os; x = 1\n", "pass; x = 1\n"),
        (
            "def f() -> None:\n    import os\n",
            "def f() -> None:\n    pass\n",
        ),
        ("import os  # why\nx = 1\n", "pass  # why\nx = 1\n"),
    ];
    for (text, after) in cases {
        let after = format!("import __static__\n{after}");
        let file = one(text);
        let edits = fix_all(&file.db, file.file);
        let edits: Vec<_> = edits.iter().collect();
        assert_eq!(apply(&file.text(), &edits), after, "{text}");
    }
}

#[test]
fn guesses_are_not_made_in_bulk() {
    let file = one("def f(length: int) -> int:\n    return lenght\n");
    assert!(fix_all(&file.db, file.file).is_empty());
}
