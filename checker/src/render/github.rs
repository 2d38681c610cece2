//! Workflow commands that GitHub shows as annotations of the changed lines.

use std::fmt::Write;

use crate::diagnostic::Located;
use crate::rules::Level;

/// Escapes the text of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

pub(super) fn render(diagnostics: &[Located]) -> String {
    let mut out = String::new();
    for located in diagnostics {
        let command = match located.severity {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Hint | Level::Ignore => "notice",
        };
        let (start, end) = (located.primary.place.start(), located.primary.place.end());
        let mut message = located.message.clone();
        for note in &located.notes {
            message.push('\n');
            message.push_str(note);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}",
            property(located.path()),
            start.line,
            end.line,
            start.column,
            end.column,
            property(&format!("keelback ({})", located.rule)),
            data(&message),
        );
    }
    out
}
