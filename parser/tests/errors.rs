//! Every syntax error is reported, with its place.

use keelback_parser::{
    DecodeError, LineIndex, PythonVersion, ast, decode, parse_expression, parse_module,
    parse_module_for, parse_string_annotation, text_size::Ranged,
};

/// `line:column message` of each error.
fn errors(source: &str) -> Vec<String> {
    let index = LineIndex::new(source);
    parse_module(source)
        .errors()
        .iter()
        .map(|error| {
            let at = index.line_column(source, error.range.start());
            format!("{}:{} {}", at.line, at.column, error.message)
        })
        .collect()
}

#[test]
fn valid_modules_have_none() {
    for source in [
        "",
        "\x0cx = 1\r\ny = 2\r\n",
        "\u{feff}x = 1\n",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g\n",
        "def f(x):\n    class C:\n        nonlocal x\n        x = 3\n    return lambda: (yield x)\n",
        "for i in y:\n    if i:\n        break\n    else:\n        continue\n",
        "async def f():\n    async with a as b:\n        return [x async for x in b]\n",
        "def f():\n    global g\n    g = 1\n",
        "class C:\n    def m(self):\n        nonlocal __class__\n        __class__ = 1\n",
        "match x:\n    case {'a': a, **rest}: pass\n    case [1, *_]: pass\n    case _: pass\n",
        "type X[T] = list[T]\ndef f[T: int](x: T) -> T: return x\n",
        "def f():\n    try:\n        pass\n    except E as x:\n        def g():\n            nonlocal x\n",
    ] {
        assert_eq!(errors(source), Vec::<String>::new(), "{source:?}");
    }
}

#[test]
fn all_errors_of_a_file_are_found() {
    let found = errors("x = (1 +\ny = 2\n\ndef f(:\n    pass\n\nclass\n");
    assert!(found.len() >= 3, "{found:?}");
}

#[test]
fn errors_beyond_the_grammar() {
    let cases = [
        ("return 1\n", "1:1 `return` statement outside of a function"),
        (
            "class C:\n    return 1\n",
            "2:5 `return` statement outside of a function",
        ),
        ("break\n", "1:1 `break` outside loop"),
        (
            "for x in y:\n    pass\nelse:\n    continue\n",
            "4:5 `continue` outside loop",
        ),
        (
            "for x in y:\n    def f():\n        break\n",
            "3:9 `break` outside loop",
        ),
        ("def f(a, a): pass\n", "1:10 Duplicate parameter \"a\""),
        (
            "nonlocal x\n",
            "1:1 Nonlocal declaration not allowed at module level",
        ),
        (
            "def f():\n    nonlocal x\n",
            "2:14 No binding for nonlocal `x` found",
        ),
        (
            "def f(x):\n    global x\n",
            "2:12 Name `x` cannot refer to a parameter and a global variable",
        ),
        (
            "def f():\n    x = 1\n    global x\n",
            "2:5 Name `x` is used prior to global declaration",
        ),
        ("f(a=1, a=2)\n", "1:8 Duplicate keyword argument `a`"),
        ("yield 1\n", "1:1 `yield` statement outside of a function"),
        (
            "x = 1\nfrom __future__ import annotations\n",
            "2:1 __future__ imports must be at the top of the file",
        ),
        (
            "*a = b\n",
            "1:1 Starred assignment target must be in a list or tuple",
        ),
        (
            "def f():\n    from m import *\n",
            "2:5 `from m import *` only allowed at module level",
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(errors(source), [expected], "{source:?}");
    }
}

#[test]
fn await_outside_async() {
    assert_eq!(errors("def f():\n    await x\n").len(), 1);
    assert_eq!(errors("async def f():\n    await x\n").len(), 0);
}

#[test]
fn newer_syntax_than_the_target() {
    let source = "class C[T = int]: pass\n";
    assert_eq!(
        parse_module_for(source, PythonVersion::PY312)
            .errors()
            .len(),
        1
    );
    assert_eq!(
        parse_module_for(source, PythonVersion::PY313)
            .errors()
            .len(),
        0
    );
}

#[test]
fn deep_nesting_does_not_overflow() {
    let source = format!("x = {}1{}\n", "(".repeat(3000), ")".repeat(3000));
    parse_module(&source);
}

#[test]
fn nesting_beyond_all_measure_is_an_error() {
    for deep in [
        format!("x = {}1{}\n", "[".repeat(50_000), "]".repeat(50_000)),
        format!("x = {}\n", vec!["1"; 50_000].join(" + ")),
        format!("x = {}1\n", "-".repeat(50_000)),
        format!("x = a{}\n", ".a".repeat(50_000)),
        format!("x = a{}\n", "()".repeat(50_000)),
    ] {
        assert_eq!(errors(&deep).len(), 1);
    }
    let long = format!(
        "x = [{}]\ny = {{{}}}\n",
        "1 + 2, ".repeat(50_000),
        "'a': -1, ".repeat(50_000)
    );
    assert_eq!(errors(&long), Vec::<String>::new());
    let calls = "f(a.b, -1)\n".repeat(50_000);
    assert_eq!(errors(&calls), Vec::<String>::new());
}

#[test]
fn decoding() {
    assert_eq!(decode(b"\xef\xbb\xbfx = 1\n").unwrap(), "x = 1\n");
    assert_eq!(
        decode("# vim: set fileencoding=utf-8 :\né".as_bytes())
            .unwrap()
            .chars()
            .last(),
        Some('é')
    );
    assert_eq!(
        decode(b"#!/bin/sh\n# -*- coding: latin-1 -*-\n\xe9"),
        Err(DecodeError::UnsupportedEncoding {
            name: "latin-1".into(),
            line: 2
        })
    );
    assert_eq!(
        decode(b"x = 1\n# coding: latin-1\n").unwrap(),
        "x = 1\n# coding: latin-1\n"
    );
    assert_eq!(
        decode(b"x\ny\xe9"),
        Err(DecodeError::NotUtf8 {
            byte: 0xe9,
            offset: 3,
            line: 2
        })
    );
    assert_eq!(decode(b"x\0"), Err(DecodeError::NulByte { line: 1 }));
    assert!(matches!(
        decode(b"\xef\xbb\xbf# coding: latin-1\n"),
        Err(DecodeError::BomContradictsCookie { .. })
    ));
}

#[test]
fn string_annotations_keep_positions() {
    let source = "x: 'list[int]' = []\n";
    let parsed = parse_module(source);
    let ast::Stmt::AnnAssign(node) = &parsed.body()[0] else {
        panic!()
    };
    let ast::Expr::StringLiteral(string) = &*node.annotation else {
        panic!()
    };
    let inner = parse_string_annotation(source, string).unwrap();
    assert_eq!(&source[inner.range()], "list[int]");

    let source = "x: 'in\\x74'\n";
    let parsed = parse_module(source);
    let ast::Stmt::AnnAssign(node) = &parsed.body()[0] else {
        panic!()
    };
    let ast::Expr::StringLiteral(string) = &*node.annotation else {
        panic!()
    };
    // What has escapes is where the whole string is.
    let inner = parse_string_annotation(source, string).unwrap();
    assert_eq!(inner.as_name_expr().unwrap().id, "int");
    assert_eq!(&source[inner.range()], "'in\\x74'");
}

#[test]
fn expressions() {
    assert!(parse_expression("1 + 2").is_ok());
    assert!(parse_expression("1 +").is_err());
}
