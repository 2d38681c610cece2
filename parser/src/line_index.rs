//! Byte offsets to lines and columns and back.

use text_size::{TextRange, TextSize};

/// A place as people and tools count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// From 1.
    pub line: u32,
    /// From 1, in the unit of the method that made it.
    pub column: u32,
}

/// The starts of a text's lines.
///
/// A line ends at `\n`, `\r\n` or a lone `\r`, as in CPython's tokenizer; a form feed does not end one.
/// Offsets past the end of the text are taken as its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<TextSize>,
    length: TextSize,
    is_ascii: bool,
}

impl LineIndex {
    /// Indexes `text`.
    ///
    /// # Panics
    ///
    /// When the text is longer than 4 GiB.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![TextSize::new(0)];
        let bytes = text.as_bytes();
        for (offset, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(offset + 1) != Some(&b'\n')) {
                starts.push(TextSize::try_from(offset + 1).expect("a text of at most 4 GiB"));
            }
        }
        Self {
            starts,
            length: TextSize::of(text),
            is_ascii: text.is_ascii(),
        }
    }

    /// How many lines there are: one more than there are line ends.
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// The line that holds `offset`, from 1.
    pub fn line(&self, offset: TextSize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The offset at which `line` (from 1) begins; the end of the text for a line after the last.
    pub fn line_start(&self, line: u32) -> TextSize {
        let index = (line as usize).saturating_sub(1);
        self.starts.get(index).copied().unwrap_or(self.length)
    }

    /// The range of `line` (from 1), its line end included.
    pub fn line_range(&self, line: u32) -> TextRange {
        TextRange::new(
            self.line_start(line),
            self.line_start(line.saturating_add(1)),
        )
    }

    /// The text of `line` (from 1) without its line end.
    pub fn line_text<'text>(&self, text: &'text str, line: u32) -> &'text str {
        text[self.line_range(line)].trim_end_matches(['\n', '\r'])
    }

    /// Line and column in code points, both from 1.
    pub fn line_column(&self, text: &str, offset: TextSize) -> LineColumn {
        self.locate(text, offset, |before| before.chars().count())
    }

    /// Line and column in UTF-16 code units, both from 1 (the language server protocol counts both from 0).
    pub fn line_column_utf16(&self, text: &str, offset: TextSize) -> LineColumn {
        self.locate(text, offset, |before| {
            before.chars().map(char::len_utf16).sum()
        })
    }

    /// The offset of a line and column in code points; a column past the line's end is its end.
    pub fn offset(&self, text: &str, at: LineColumn) -> TextSize {
        self.find(text, at, |_| 1)
    }

    /// The offset of a line and column in UTF-16 code units; a column past the line's end is its end.
    pub fn offset_utf16(&self, text: &str, at: LineColumn) -> TextSize {
        self.find(text, at, char::len_utf16)
    }

    fn locate(&self, text: &str, offset: TextSize, width: impl Fn(&str) -> usize) -> LineColumn {
        let mut offset = offset.min(self.length);
        while !text.is_char_boundary(offset.to_usize()) {
            offset -= TextSize::new(1);
        }
        let line = self.line(offset);
        let before = TextRange::new(self.line_start(line), offset);
        let column = if self.is_ascii {
            before.len().to_usize()
        } else {
            width(&text[before])
        };
        LineColumn {
            line,
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }

    fn find(&self, text: &str, at: LineColumn, width: impl Fn(char) -> usize) -> TextSize {
        let mut offset = self.line_start(at.line);
        let mut column = 1;
        for character in self.line_text(text, at.line).chars() {
            if column >= at.column as usize {
                break;
            }
            column += width(character);
            offset += TextSize::of(character);
        }
        offset
    }
}
