//! One JSON object for programs to read. Lines and columns count from 1, columns in code points.

use serde::Serialize;

use super::severity_name;
use crate::diagnostic::{Located, LocatedLabel, Place};

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    start: Point,
    end: Point,
    label: Option<&'a str>,
    notes: &'a [String],
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    file: &'a str,
    message: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    start: Point,
    end: Point,
    replacement: &'a str,
}

fn points(place: &Place) -> (Point, Point) {
    let (start, end) = (place.start(), place.end());
    (
        Point {
            line: start.line,
            column: start.column,
        },
        Point {
            line: end.line,
            column: end.column,
        },
    )
}

fn related(label: &LocatedLabel) -> Related<'_> {
    let (start, end) = points(&label.place);
    Related {
        file: &label.place.source.path,
        message: &label.message,
        start,
        end,
    }
}

fn entry(located: &Located) -> Entry<'_> {
    let (start, end) = points(&located.primary.place);
    let label = &located.primary.message;
    Entry {
        file: located.path(),
        rule: located.rule.name(),
        severity: severity_name(located.severity),
        message: &located.message,
        start,
        end,
        label: (!label.is_empty()).then_some(label),
        notes: &located.notes,
        related: located.secondary.iter().map(related).collect(),
        fix: located.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            edits: fix
                .edits
                .iter()
                .map(|(place, replacement)| {
                    let (start, end) = points(place);
                    Edit {
                        file: &place.source.path,
                        start,
                        end,
                        replacement,
                    }
                })
                .collect(),
        }),
    }
}

pub(super) fn render(diagnostics: &[Located]) -> String {
    let report = Report {
        diagnostics: diagnostics.iter().map(entry).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
