use super::{is_like, steps, words_of};

#[test]
fn an_ellipsis_stands_for_anything() {
    for (pattern, text, expected) in [
        ("a\nb", "a\nb", true),
        ("a", "a\nb", false),
        ("a…", "a\nb", true),
        ("…b", "a\nb", true),
        ("a … b … c", "a x b y c", true),
        ("a … b … c", "a x c", false),
        ("…ab…", "xaby", true),
        ("ab…b", "ab", false),
    ] {
        assert_eq!(is_like(pattern, text), expected, "{pattern:?} {text:?}");
    }
}

#[test]
fn a_session_is_commands_with_what_they_print() {
    let session = "$ keelback version\nkeelback 1\n\n$ keelback rules\n";
    assert_eq!(
        steps(session),
        [
            ("keelback version".to_owned(), "keelback 1\n".to_owned()),
            ("keelback rules".to_owned(), String::new()),
        ]
    );
}

#[test]
fn quotes_hold_words_together() {
    assert_eq!(
        words_of("run  -c \"print('a b')\" '' x"),
        ["run", "-c", "print('a b')", "", "x"]
    );
}
