//! Between byte offsets and the protocol's lines and columns.

use keelback_checker::diagnostic::SourceFile;
use keelback_parser::text_size::{TextRange, TextSize};
use keelback_parser::{LineColumn, LineIndex};
use lsp_types::{Position, PositionEncodingKind, Range};

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units.
    Utf16,
    /// Code points.
    Utf32,
}

impl Encoding {
    /// The one to use of those that the client knows: bytes cost nothing to count, UTF-16 is what a client that says nothing
    /// expects.
    pub(crate) fn choose(offered: &[PositionEncodingKind]) -> Encoding {
        let knows = |kind: PositionEncodingKind| offered.contains(&kind);
        if knows(PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if knows(PositionEncodingKind::UTF32) && !knows(PositionEncodingKind::UTF16) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// Where `offset` is.
    pub(crate) fn position(self, text: &str, lines: &LineIndex, offset: TextSize) -> Position {
        // The protocol counts from 0, the line index from 1.
        let found = match self {
            Encoding::Utf8 => {
                let line = lines.line(offset);
                let column = offset.min(TextSize::of(text)) - lines.line_start(line);
                return Position::new(line - 1, column.into());
            }
            Encoding::Utf16 => lines.line_column_utf16(text, offset),
            Encoding::Utf32 => lines.line_column(text, offset),
        };
        Position::new(found.line - 1, found.column - 1)
    }

    /// The offset of a position. What lies past the end of a line is its end, past the last line the end of the text.
    pub(crate) fn offset(self, text: &str, lines: &LineIndex, at: Position) -> TextSize {
        let line = at.line.saturating_add(1);
        let found = LineColumn {
            line,
            column: at.character.saturating_add(1),
        };
        match self {
            Encoding::Utf8 => {
                let start = lines.line_start(line);
                let line = lines.line_text(text, line);
                let mut column = (at.character as usize).min(line.len());
                while !line.is_char_boundary(column) {
                    column -= 1;
                }
                start + TextSize::of(&line[..column])
            }
            Encoding::Utf16 => lines.offset_utf16(text, found),
            Encoding::Utf32 => lines.offset(text, found),
        }
    }

    /// A range of `source` in the protocol's terms.
    pub(crate) fn range(self, source: &SourceFile, range: TextRange) -> Range {
        let position = |offset| self.position(&source.text, &source.lines, offset);
        Range::new(position(range.start()), position(range.end()))
    }

    /// A range of the protocol in `source`; one that is turned around is taken the right way.
    pub(crate) fn text_range(self, source: &SourceFile, range: Range) -> TextRange {
        let offset = |at| self.offset(&source.text, &source.lines, at);
        let (start, end) = (offset(range.start), offset(range.end));
        TextRange::new(start.min(end), start.max(end))
    }
}

impl From<Encoding> for PositionEncodingKind {
    fn from(encoding: Encoding) -> PositionEncodingKind {
        match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }
}
