//! A text that is open in the editor.

use std::path::PathBuf;

use keelback_checker::db::File;
use keelback_parser::LineIndex;
use lsp_types::{Diagnostic, TextDocumentContentChangeEvent, Uri};

use crate::position::Encoding;

/// An open text and what the client was told about it.
pub(crate) struct Document {
    /// As the client wrote it, because it is to be answered in the same spelling.
    pub(crate) uri: Uri,
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) version: i32,
    pub(crate) text: String,
    /// Whether the database has not been told of the text yet.
    pub(crate) is_dirty: bool,
    /// When it was edited last, compared with others.
    pub(crate) touched: u64,
    /// What the client was told last, and of which version; nothing before the first time.
    pub(crate) published: Option<(i32, Vec<Diagnostic>)>,
}

/// Makes the changes in `text`, one after the other.
pub(crate) fn apply(
    text: &mut String,
    changes: Vec<TextDocumentContentChangeEvent>,
    encoding: Encoding,
) {
    for change in changes {
        let Some(range) = change.range else {
            *text = change.text;
            continue;
        };
        let lines = LineIndex::new(text);
        let start = encoding.offset(text, &lines, range.start);
        let end = encoding.offset(text, &lines, range.end).max(start);
        text.replace_range(start.to_usize()..end.to_usize(), &change.text);
    }
}

#[cfg(test)]
mod tests;
