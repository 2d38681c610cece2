//! Offsets to lines and columns and back.

use keelback_parser::{LineColumn, LineIndex, text_size::TextSize};

fn at(line: u32, column: u32) -> LineColumn {
    LineColumn { line, column }
}

#[test]
fn columns_count_code_points() {
    let text = "a = 'é𝄞' + b\nc\r\nd\re";
    let index = LineIndex::new(text);
    assert_eq!(index.line_count(), 4);
    let b = TextSize::try_from(text.find('b').unwrap()).unwrap();
    assert_eq!(index.line_column(text, b), at(1, 12));
    assert_eq!(index.line_column_utf16(text, b), at(1, 13));
    assert_eq!(index.offset(text, at(1, 12)), b);
    assert_eq!(index.offset_utf16(text, at(1, 13)), b);
    let e = TextSize::try_from(text.find('e').unwrap()).unwrap();
    assert_eq!(index.line_column(text, e), at(4, 1));
    assert_eq!(index.line_text(text, 2), "c");
}

#[test]
fn every_offset_comes_back() {
    let text = "x = 1\n\ny = 'ä'\n\x0cdef f(): pass\n";
    let index = LineIndex::new(text);
    for (offset, _) in text.char_indices() {
        let offset = TextSize::try_from(offset).unwrap();
        assert_eq!(index.offset(text, index.line_column(text, offset)), offset);
        assert_eq!(
            index.offset_utf16(text, index.line_column_utf16(text, offset)),
            offset
        );
    }
}

#[test]
fn outside_the_text() {
    let text = "ab\ncd";
    let index = LineIndex::new(text);
    assert_eq!(index.line_column(text, TextSize::new(99)), at(2, 3));
    assert_eq!(index.offset(text, at(9, 9)), TextSize::new(5));
    assert_eq!(index.offset(text, at(1, 99)), TextSize::new(2));
    assert_eq!(
        LineIndex::new("").line_column("", TextSize::new(0)),
        at(1, 1)
    );
}
