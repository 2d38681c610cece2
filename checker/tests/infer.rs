//! Inference: what is revealed, what is reported, and what the trees are.

use std::path::PathBuf;
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::diagnostic::Located;
use keelback_checker::infer::{check_function, explain};
use keelback_checker::resolve::resolve_module;
use keelback_checker::rules::{Category, Level, Rule};
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::system::MemorySystem;
use keelback_checker::tree_text;
use keelback_checker::types::Name;

fn database(files: &[(&str, &str)]) -> Database {
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
            ..Settings::default()
        },
    )
}

fn module(text: &str) -> String {
    format!("import __static__\n{text}")
}

fn located(text: &str) -> Vec<Located> {
    let db = database(&[("m.py", &module(text))]);
    let file = resolve_module(&db, &Name::new("m")).expect("m");
    check_file(&db, file)
        .iter()
        .map(|found| Located::new(&db, found))
        .collect()
}

/// `line rule` of errors and warnings; lines count from the first of `text`.
fn errors(text: &str) -> Vec<String> {
    located(text)
        .iter()
        .filter(|found| found.severity >= Level::Warning)
        .map(|found| format!("{} {}", found.primary.place.start().line - 1, found.rule))
        .collect()
}

/// What each `reveal_type` shows, in order. There must be no errors.
fn revealed(text: &str) -> Vec<String> {
    let found = located(text);
    let bad: Vec<_> = found
        .iter()
        .filter(|f| f.severity >= Level::Warning)
        .map(|f| format!("{}: {}", f.rule, f.message))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    found
        .iter()
        .filter(|f| f.rule == Rule::RevealType)
        .map(|f| {
            f.message
                .trim_start_matches("Revealed type: `")
                .trim_end_matches('`')
                .to_owned()
        })
        .collect()
}

fn tree(text: &str, function: &str) -> String {
    let db = database(&[("m.py", &module(text))]);
    let file = resolve_module(&db, &Name::new("m")).expect("m");
    let checked = check_function(&db, file, &Name::new(function)).expect("the function is there");
    match &checked.body {
        Ok(body) => tree_text::print(body, None),
        Err(fallback) => panic!("{}: {:?}", fallback.reason, checked.diagnostics),
    }
}

fn fallback(text: &str, function: &str) -> Option<String> {
    let db = database(&[("m.py", &module(text))]);
    let file = resolve_module(&db, &Name::new("m")).expect("m");
    explain(&db, file)
        .into_iter()
        .find(|e| &*e.function.qualname == function)
        .and_then(|e| e.fallback)
        .map(|f| f.reason.to_string())
}

#[test]
fn locals_are_joined() {
    let text = "
def f(c: bool, xs: list[int]):
    x = 1
    reveal_type(x)
    if c:
        x = 'a'
    reveal_type(x)
    total = 0.0
    for i in xs:
        total += i
    reveal_type(total)
    n = None
    for i in xs:
        n = i
    reveal_type(n)
";
    assert_eq!(revealed(text), ["int", "str | int", "float", "int | None"]);
}

#[test]
fn loops_reach_a_fixpoint() {
    let text = "
from typing import Optional
class Node:
    def __init__(self, next: Optional['Node'], value: int) -> None:
        self.next: Optional[Node] = next
        self.value: int = value
def last(head: Node) -> int:
    node = head
    while True:
        following = node.next
        if following is None:
            return node.value
        node = following
        reveal_type(node)
";
    assert_eq!(revealed(text), ["Node"]);
}

#[test]
fn narrowing() {
    let text = "
from typing import Optional
class A:
    def __init__(self) -> None:
        self.b: Optional[A] = None
        self.n: int = 0
class B(A):
    def only(self) -> str:
        return ''
def f(x: Optional[A], y: int | str, z: object, w: A):
    if x is None:
        return
    reveal_type(x)
    if isinstance(y, int):
        reveal_type(y)
    else:
        reveal_type(y)
    if isinstance(z, (str, A)):
        reveal_type(z)
    if isinstance(w, B):
        reveal_type(w.only())
    if x.b and x.b.n:
        reveal_type(x.b)
    assert x.b is not None
    reveal_type(x.b)
    while (v := x.b) is not None:
        reveal_type(v)
        x = v
    if not isinstance(y, str):
        raise ValueError
    reveal_type(y)
";
    assert_eq!(
        revealed(text),
        ["A", "int", "str", "str | A", "str", "A", "A", "A", "str"]
    );
}

#[test]
fn calls_end_what_is_certain_of_attributes() {
    let text = "
from typing import Optional
def g() -> None: ...
class A:
    def __init__(self) -> None:
        self.b: Optional[A] = None
        self.n: int = 0
def f(x: A) -> None:
    if x.b is not None:
        x.b.n = 1
        g()
        x.b.n = 2
        x.b = None
        x.b.n = 3
    x.b.n = 4
";
    // Nobody saw it change before line 13.
    assert_eq!(
        errors(text),
        ["14 unresolved-attribute", "15 possibly-none"]
    );
}

#[test]
fn containers() {
    let text = "
def f(d: dict[str, int], xs: list[float], p: tuple[int, str], s: set[str]):
    for k, v in d.items():
        reveal_type(k)
        reveal_type(v)
    reveal_type(d.get('a'))
    reveal_type(d.get('a', 0))
    reveal_type([x * 2 for x in xs])
    reveal_type({k: len(k) for k in s})
    reveal_type(p[1])
    a, b = p
    reveal_type(a)
    reveal_type(sorted(s))
    for i, x in enumerate(xs):
        reveal_type(i)
        reveal_type(x)
    for l, r in zip(xs, s):
        reveal_type(r)
    reveal_type(xs[1:])
    reveal_type(sum(i for i in range(3)))
    reveal_type(', '.join(str(x) for x in xs))
    reveal_type(max(1, 2))
    reveal_type([1, 2] * 3)
";
    assert_eq!(
        revealed(text),
        [
            "str",
            "int",
            "int | None",
            "int",
            "list[float]",
            "dict[str, int]",
            "str",
            "int",
            "list[str]",
            "int",
            "float",
            "str",
            "list[float]",
            "int",
            "str",
            "int",
            "list[int]"
        ]
    );
}

#[test]
fn arithmetic() {
    let text = "
from __static__ import int8, int32, int64, uint8, double
def f(i: int, x: float, b: bool, a: int64, c: int8, d: double, u: uint8):
    reveal_type(i / 2)
    reveal_type(i // 2)
    reveal_type(i + x)
    reveal_type(b + b)
    reveal_type(b & b)
    reveal_type(a + c)
    reveal_type(a / a)
    reveal_type(d * x)
    reveal_type(c + 1)
    reveal_type(a < u)
    reveal_type(i ** 2)
    reveal_type(int32(i))
    reveal_type(-a)
    reveal_type(a + i)
";
    assert_eq!(
        revealed(text),
        [
            "float", "int", "float", "int", "bool", "int64", "double", "double", "int8", "cbool",
            "int", "int32", "int64", "int"
        ]
    );
}

#[test]
fn errors_of_many_kinds_are_all_reported() {
    let text = "
from __static__ import int8, int64, double
class A:
    def __init__(self, n: int) -> None:
        self.n: int = n
def f(x: int, y: str = '') -> int:
    return y
def g(a: A, v: int64, d: double) -> None:
    f('a')
    f()
    f(1, 2, 3)
    f(1, z=3)
    f(1, x=2)
    a.m
    a.n = 'x'
    undefined
    1 + 'a'
    small: int8 = 300
    r: double = v + d
    None.x
    for i in 5:
        pass
    a()
    a[0]
    raise 3
def h(x: int) -> int:
    if x:
        return 1
";
    assert_eq!(
        errors(text),
        [
            "7 invalid-return",
            "9 invalid-argument",
            "10 missing-argument",
            "11 invalid-argument",
            "11 too-many-arguments",
            "12 unknown-argument",
            "13 duplicate-argument",
            "14 unresolved-attribute",
            "15 invalid-assignment",
            "16 undefined-name",
            "17 unsupported-operator",
            "18 literal-out-of-range",
            "19 mixed-primitives",
            "20 unresolved-attribute",
            "21 not-iterable",
            "23 not-callable",
            "24 not-subscriptable",
            "25 invalid-raise",
            "26 missing-return",
        ]
    );
}

#[test]
fn valid_programs_are_silent() {
    let text = "
import os
import re
import sys
from typing import Callable, Iterator, Optional, Sequence
from dataclasses import dataclass, field
from enum import Enum

class Colour(Enum):
    RED = 1
    BLUE = 2

@dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)

    def shifted(self, by: int) -> 'Point':
        return Point(self.x + by, self.y)

class Base:
    count = 0
    def __init__(self, name: str) -> None:
        self.name = name
        Base.count += 1
    @property
    def shout(self) -> str:
        return self.name.upper()
    @classmethod
    def make(cls, name: str) -> 'Base':
        return cls(name)
    @staticmethod
    def twice(n: int) -> int:
        return n * 2
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Base) and self.name == other.name

class Derived(Base):
    def __init__(self, name: str, extra: Optional[int] = None) -> None:
        super().__init__(name)
        self.extra = extra

def apply(f: Callable[[int], int], n: int) -> int:
    return f(n)

def total(xs: Sequence[float], *rest: int, **named: str) -> float:
    result = 0.0
    for x in xs:
        result += x
    for r in rest:
        result += r
    for k, v in named.items():
        result += len(k) + len(v)
    return result

def generate(n: int) -> Iterator[int]:
    for i in range(n):
        yield i

def files(path: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    with open(path) as f:
        for line in f:
            for word in re.findall('a', line):
                counts[word] = counts.get(word, 0) + 1
    try:
        value = int(path)
    except ValueError as e:
        print(e)
        value = 0
    counts['x'] = value
    return counts

def main(argv: list[str]) -> int:
    p = Point(1, y=2).shifted(3)
    print(p.x, p.tags, Colour.RED.value, Colour.RED == Colour.BLUE)
    d = Derived('a')
    e = Base.make('b')
    print(d.shout + e.shout, Base.twice(2), apply(lambda x: x + 1, 2), apply(Base.twice, 3))
    print(total([1, 2.5], 3, 4, key='v'), list(generate(3)), os.path.join('a', 'b'))
    if d.extra is not None and d.extra > 3 or len(argv) > 1:
        return 1
    matrix = [[0] * 3 for _ in range(3)]
    matrix[1][2] += 1
    flat = [v for row in matrix for v in row if v]
    best = max(flat, key=lambda v: -v)
    first, *others = argv
    name = argv[0] if argv else ''
    a = b = 0
    a, b = b, a
    x = None
    for v in flat:
        if x is None or v < x:
            x = v
    text = f'{best!r:>10} {name=} {x}'
    sys.stdout.write(text)
    return 0 if not others else first.count('a')

if __name__ == '__main__':
    sys.exit(main(sys.argv))
";
    assert_eq!(errors(text), Vec::<String>::new());
}

#[test]
fn static_calls_and_fields() {
    let text = "
class Vec:
    def __init__(self, x: float, y: float = 1.0) -> None:
        self.x: float = x
        self.y: float = y
    def dot(self, other: 'Vec') -> float:
        return self.x * other.x + self.y * other.y
def f(v: Vec, n: int) -> float:
    w = Vec(2)
    return v.dot(w) + n
";
    assert_eq!(
        tree(text, "f"),
        "\
function m:f (v: Vec, n: int) -> float
  local w: Vec
  w = new Vec(2.0, 1.0):Vec
  return (method Vec.dot(v, w):float + widen[float](n))
"
    );
    assert_eq!(
        tree(text, "Vec.dot"),
        "\
function m:Vec.dot (self: Vec, other: Vec) -> float
  return ((self.{Vec.x} * other.{Vec.x}) + (self.{Vec.y} * other.{Vec.y}))
"
    );
}

#[test]
fn elements_are_checked_where_they_are_read() {
    let text = "
def f(xs: list[int], i: int) -> int:
    t = 0
    for x in xs:
        t += x
    xs[i] = t
    return xs[i]
";
    assert_eq!(
        tree(text, "f"),
        "\
function m:f (xs: list[int], i: int) -> int
  local t: int
  local x: int
  local .0: dynamic
  t = 0
  for .0 in list(xs):
    x = check[int](.0)
    t = (t + x)
  xs[list i] = known[object](t)
  return check[int](xs[list i])
"
    );
}

#[test]
fn ranges_and_primitives() {
    let text = "
from __static__ import int64
def f(n: int64) -> int64:
    t: int64 = 0
    for i in range(10):
        t += n * 2
    return t
";
    assert_eq!(
        tree(text, "f"),
        "\
function m:f (n: int64) -> int64
  local t: int64
  local i: int
  local .0: int
  assume builtin range
  t = 0:int64
  for .0 in range(0, 10, 1):
    i = .0
    t = (t + (n * 2:int64))
  return t
"
    );
}

#[test]
fn what_is_not_compiled_says_why() {
    let text = "
def a():
    try:
        pass
    finally:
        pass
def b():
    return lambda: 1
def c():
    yield 1
def d():
    def inner(): ...
def e(x):
    return x
async def g(): ...
";
    assert_eq!(fallback(text, "a").as_deref(), Some("a `try` statement"));
    assert_eq!(fallback(text, "b").as_deref(), Some("a lambda"));
    assert!(fallback(text, "c").is_some());
    assert_eq!(fallback(text, "d").as_deref(), Some("a nested function"));
    assert_eq!(fallback(text, "e"), None);
    assert!(fallback(text, "g").is_some());
}

#[test]
fn cross_module_names() {
    let files = [
        (
            "a.py",
            "import __static__\nfrom typing import Final\nN: Final = 3\ndef f(x: int) -> str:\n    return str(x)\nclass C:\n    def __init__(self) -> None:\n        self.v: int = N\n",
        ),
        (
            "m.py",
            "import __static__\nimport a\nfrom a import f, C as D\ndef g() -> None:\n    reveal_type(f(1))\n    reveal_type(a.f(2))\n    reveal_type(D().v)\n    reveal_type(a.C())\n    a.f('x')\n",
        ),
    ];
    let db = database(&files);
    let file = resolve_module(&db, &Name::new("m")).expect("m");
    let found: Vec<_> = check_file(&db, file)
        .iter()
        .filter(|d| d.rule.category() != Category::Style)
        .map(|d| d.message.clone())
        .collect();
    assert_eq!(
        found,
        [
            "Revealed type: `str`",
            "Revealed type: `str`",
            "Revealed type: `int`",
            "Revealed type: `C`",
            "Argument `x` of `f` must be `int`, but this is `str`",
        ]
    );
}

#[test]
fn operators_may_decline() {
    let text = "
class A:
    def __init__(self, n: int) -> None:
        self.n: int = n
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, A):
            return NotImplemented
        return self.n == other.n
    def __add__(self, other: object) -> 'A':
        return A(self.n + other.n) if isinstance(other, A) else NotImplemented
def f(a: A, b: A) -> bool:
    return a == b and (a + b) == a
";
    assert_eq!(errors(text), Vec::<String>::new());
    assert!(
        tree(text, "A.__eq__")
            .starts_with("function m:A.__eq__ (self: A, other: object) -> dynamic")
    );
}
