//! Edits in each encoding.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

use super::apply;
use crate::position::Encoding;

fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
    TextDocumentContentChangeEvent {
        range: Some(Range::new(
            Position::new(from.0, from.1),
            Position::new(to.0, to.1),
        )),
        range_length: None,
        text: text.to_owned(),
    }
}

fn applied(text: &str, encoding: Encoding, changes: Vec<TextDocumentContentChangeEvent>) -> String {
    let mut text = text.to_owned();
    apply(&mut text, changes, encoding);
    text
}

#[test]
fn columns_count_what_was_agreed() {
    let text = "a = '𝄞é'; b\n";
    for (encoding, column) in [
        (Encoding::Utf8, 14),
        (Encoding::Utf16, 11),
        (Encoding::Utf32, 10),
    ] {
        let changed = applied(
            text,
            encoding,
            vec![change((0, column), (0, column + 1), "c")],
        );
        assert_eq!(changed, "a = '𝄞é'; c\n", "{encoding:?}");
    }
}

#[test]
fn changes_are_made_in_order() {
    let changed = applied(
        "one\ntwo\n",
        Encoding::Utf16,
        vec![
            change((0, 0), (1, 0), ""),
            change((0, 3), (0, 3), "!\r\nthree"),
            change((1, 0), (1, 1), "T"),
        ],
    );
    assert_eq!(changed, "two!\r\nThree\n");
    let whole = TextDocumentContentChangeEvent {
        range: None,
        range_length: None,
        text: "new".to_owned(),
    };
    let changed = applied(
        "old",
        Encoding::Utf8,
        vec![whole, change((0, 3), (0, 3), "er")],
    );
    assert_eq!(changed, "newer");
}

#[test]
fn places_outside_of_the_text_are_its_ends() {
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
        let changed = applied("ab\n", encoding, vec![change((0, 99), (0, 99), "c")]);
        assert_eq!(changed, "abc\n");
        let changed = applied("ab\n", encoding, vec![change((7, 0), (9, 9), "c")]);
        assert_eq!(changed, "ab\nc");
        let changed = applied("ab\n", encoding, vec![change((0, 2), (0, 1), "c")]);
        assert_eq!(changed, "abc\n");
    }
    // In the middle of a character: before it.
    let changed = applied("é", Encoding::Utf8, vec![change((0, 1), (0, 1), "x")]);
    assert_eq!(changed, "xé");
}
