//! The form for a terminal, drawn by `ariadne`.

use std::ops::Range;

use ariadne::{Color, Config, IndexType, Label, Report, ReportKind};

use crate::diagnostic::{Located, Place};
use crate::rules::Level;

type Span = (String, Range<usize>);

fn span(place: &Place) -> Span {
    (place.source.path.clone(), place.byte_range())
}

pub(super) fn render(diagnostics: &[Located], colour: bool) -> String {
    let mut out = Vec::new();
    for diagnostic in diagnostics {
        let (kind, main) = match diagnostic.severity {
            Level::Error => (ReportKind::Custom("error", Color::Red), Color::Red),
            Level::Warning => (ReportKind::Custom("warning", Color::Yellow), Color::Yellow),
            Level::Hint | Level::Ignore => (ReportKind::Custom("hint", Color::Cyan), Color::Cyan),
        };
        let primary = &diagnostic.primary;
        // Even an empty text: without one, nothing would be drawn under the place.
        let label = Label::new(span(&primary.place))
            .with_color(main)
            .with_order(-1)
            .with_message(&primary.message);
        let mut report = Report::build(kind, span(&primary.place))
            .with_config(
                Config::default()
                    .with_color(colour)
                    .with_index_type(IndexType::Byte),
            )
            .with_code(diagnostic.rule)
            .with_message(&diagnostic.message)
            .with_label(label);
        for secondary in &diagnostic.secondary {
            report = report.with_label(
                Label::new(span(&secondary.place))
                    .with_color(Color::Blue)
                    .with_message(&secondary.message),
            );
        }
        for note in &diagnostic.notes {
            report = report.with_note(note);
        }
        if let Some(fix) = &diagnostic.fix {
            report = report.with_help(&fix.title);
        }
        let places = std::iter::once(&primary.place)
            .chain(diagnostic.secondary.iter().map(|label| &label.place));
        let texts: Vec<(String, String)> = places
            .map(|place| (place.source.path.clone(), place.source.text.to_string()))
            .collect();
        // Writing to memory cannot fail.
        let _ = report.finish().write(ariadne::sources(texts), &mut out);
    }
    let text = String::from_utf8_lossy(&out);
    if colour {
        text.into_owned()
    } else {
        without_colours(&text)
    }
}

/// Takes colours out: the drawing crate colours the head of a custom kind of report whatever its configuration says.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    out
}
