//! Between the checker's terms and the protocol's: positions, paths, diagnostics.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use keelback_checker::diagnostic::{Located, Place, SourceFile};
use keelback_checker::rules::{Level, Rule};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, InitializeParams,
    Location, NumberOrString, Position, PositionEncodingKind, Range, Uri,
};

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The one to use: bytes cost nothing to count, UTF-16 is what a client that says nothing expects.
    pub(crate) fn choose(params: &InitializeParams) -> Encoding {
        let offered = params
            .capabilities
            .general
            .as_ref()
            .and_then(|general| general.position_encodings.as_deref())
            .unwrap_or_default();
        let knows = |kind: PositionEncodingKind| offered.contains(&kind);
        if knows(PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if knows(PositionEncodingKind::UTF32) && !knows(PositionEncodingKind::UTF16) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
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

/// The range of a place.
fn range(place: &Place, encoding: Encoding) -> Range {
    let bytes = place.byte_range();
    Range::new(
        position(&place.source, bytes.start, encoding),
        position(&place.source, bytes.end, encoding),
    )
}

fn position(source: &SourceFile, offset: usize, encoding: Encoding) -> Position {
    let at = u32::try_from(offset).unwrap_or(u32::MAX).into();
    // The protocol counts from 0, the checker from 1.
    match encoding {
        Encoding::Utf8 => {
            let line = source.lines.line(at);
            let start = u32::from(source.lines.line_start(line));
            Position::new(line - 1, u32::from(at).saturating_sub(start))
        }
        Encoding::Utf16 => {
            let found = source.lines.line_column_utf16(&source.text, at);
            Position::new(found.line - 1, found.column - 1)
        }
        Encoding::Utf32 => {
            let found = source.lines.line_column(&source.text, at);
            Position::new(found.line - 1, found.column - 1)
        }
    }
}

/// A finding in the protocol's terms. `own` is the document's URI; `absolute` completes the paths of other files.
pub(crate) fn to_lsp(
    located: &Located,
    encoding: Encoding,
    own: &Uri,
    absolute: &dyn Fn(&str) -> PathBuf,
) -> Diagnostic {
    let mut message = located.message.clone();
    if !located.primary.message.is_empty() {
        message = format!("{message}: {}", located.primary.message);
    }
    for note in &located.notes {
        message.push('\n');
        message.push_str(note);
    }
    let related: Vec<DiagnosticRelatedInformation> = located
        .secondary
        .iter()
        .filter_map(|label| {
            let shown = &*label.place.source.path;
            let uri = if shown == located.path() {
                own.clone()
            } else {
                uri_of(&absolute(shown))?
            };
            Some(DiagnosticRelatedInformation {
                location: Location::new(uri, range(&label.place, encoding)),
                message: label.message.clone(),
            })
        })
        .collect();
    Diagnostic {
        range: range(&located.primary.place, encoding),
        severity: Some(match located.severity {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warning => DiagnosticSeverity::WARNING,
            Level::Hint | Level::Ignore => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(located.rule.name().to_owned())),
        source: Some("keelback".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: matches!(located.rule, Rule::UnusedImport | Rule::UnreachableCode)
            .then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..Diagnostic::default()
    }
}

/// The path in a `file:` URI.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    // Behind the slashes may come a host; only this machine's files are of use.
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The `file:` URI of an absolute path. Stubs that are part of Keelback have none.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?;
    if text.contains("<keelback>") {
        return None;
    }
    let mut uri = String::from("file://");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    Uri::from_str(&uri).ok()
}
