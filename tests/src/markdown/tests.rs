use super::parse;

const STORY: &str = "\
# Numbers

Prose.

## Addition

It adds.

```py
x = 1
```

And more.

```py
y = 2
print(y)
```

`pkg/other.py`:

```py
z = 3
```

```output
2
```

```output keelback
3
```

## Nothing to run

```py
a = 1
```
";

#[test]
fn sections_with_code_are_tests() {
    let tests = parse(STORY).expect("a good file");
    assert_eq!(tests.len(), 2);
    assert_eq!(tests[0].name(), "Numbers > Addition");
    assert_eq!(tests[0].line, 5);
    assert_eq!(tests[0].files[0].path, "main.py");
    assert_eq!(tests[0].files[0].text, "x = 1\n\ny = 2\nprint(y)\n");
    assert_eq!(tests[0].files[1].path, "pkg/other.py");
    assert_eq!(tests[0].output.common.as_deref(), Some("2\n"));
    assert_eq!(tests[0].output.on_keelback(), Some("3\n"));
    assert!(!tests[1].output.is_some());
}

#[test]
fn lines_lead_back_to_the_markdown() {
    let tests = parse(STORY).expect("a good file");
    let file = &tests[0].files[0];
    assert_eq!(file.markdown_line(1), 10);
    assert_eq!(file.markdown_line(3), 16);
    assert_eq!(file.markdown_line(4), 17);
    assert_eq!(file.markdown_line(99), 17);
}

#[test]
fn mistakes_are_found() {
    for (text, line, part) in [
        ("# A\n```py\nx\n", 2, "does not end"),
        ("```py\nx\n```\n", 1, "under a heading"),
        ("# A\n```pyy\nx\n```\n", 2, "not a kind"),
        ("# A\n```py\nx\n```\n## B\n", 5, "cannot have sections"),
        ("# A\n```py\nx\n```\n# A\n", 5, "already"),
        (
            "# A\n`f.py`:\n```py\n```\n`f.py`:\n```py\n```\n",
            6,
            "already",
        ),
        ("# A\n```output\n```\n```output\n```\n", 4, "already"),
        ("# A\n```pyi\n```\n", 2, "needs a name"),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn comments_in_code_are_not_headings() {
    let tests = parse("# A\n```py\n# not a heading\n```\n").expect("a good file");
    assert_eq!(tests[0].headings, ["A"]);
}
