//! Diagnostics as data. Renderers (`render`) turn them into text; nothing here knows of terminals.
//!
//! A [`Diagnostic`] is what checking makes: its spans name a [`File`] of the database, so it can be stored by a query.
//! A [`Located`] is one that has left the database: it carries path, text and line index, can be sorted together with
//! those of other databases, and is what renderers, the importer and the language server take.

use std::sync::Arc;

use keelback_parser::text_size::{Ranged, TextRange, TextSize};
use keelback_parser::{LineColumn, LineIndex};

use crate::db::{Db, File};
use crate::files::Text;
use crate::rules::{Level, Rule};

/// A range in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: File,
    /// Start, in bytes.
    pub start: TextSize,
    /// End, in bytes.
    pub end: TextSize,
}

impl Span {
    /// The span of `range` in `file`.
    pub fn new(file: File, range: TextRange) -> Span {
        Span {
            file,
            start: range.start(),
            end: range.end(),
        }
    }
}

impl Ranged for Span {
    fn range(&self) -> TextRange {
        TextRange::new(self.start, self.end)
    }
}

/// A span with a remark.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub message: String,
}

/// A replacement of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

/// A change that would make the diagnostic go away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What it does, as an imperative: `Convert with int64(…)`.
    pub title: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The rule that was broken.
    pub rule: Rule,
    /// How serious it is: the rule's default until the configured levels are applied.
    pub severity: Level,
    /// The message: one sentence with a capital letter and no full stop. Names of the program stand in backquotes.
    pub message: String,
    /// The place.
    pub primary: Label,
    /// Other places that explain it, possibly in other files.
    pub secondary: Vec<Label>,
    /// Further sentences: what to do about it.
    pub notes: Vec<String>,
    /// A change that would repair it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding of `rule` at `range` of `file`.
    pub fn new(rule: Rule, file: File, range: TextRange, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule,
            severity: rule.default_level(),
            message: message.into(),
            primary: Label {
                span: Span::new(file, range),
                message: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            fix: None,
        }
    }

    /// Says something at the primary span itself.
    #[must_use]
    pub fn with_label(mut self, message: impl Into<String>) -> Diagnostic {
        self.primary.message = message.into();
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn with_secondary(
        mut self,
        file: File,
        range: TextRange,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.secondary.push(Label {
            span: Span::new(file, range),
            message: message.into(),
        });
        self
    }

    /// Adds a sentence.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Offers a repair by one edit of the primary span's file.
    #[must_use]
    pub fn with_fix(
        mut self,
        title: impl Into<String>,
        range: TextRange,
        replacement: impl Into<String>,
    ) -> Diagnostic {
        let span = Span::new(self.primary.span.file, range);
        let edit = Edit {
            span,
            replacement: replacement.into(),
        };
        self.fix = Some(Fix {
            title: title.into(),
            edits: vec![edit],
        });
        self
    }
}

/// Sorts diagnostics by place and removes duplicates.
///
/// What is wrong with an assignment to a declared name is found both with the declarations and with the body that it stands in; of
/// two such findings at one place the one that points at more is kept.
pub fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|left, right| {
        let more = right.secondary.len().cmp(&left.secondary.len());
        place(left)
            .cmp(&place(right))
            .then(more)
            .then_with(|| left.message.cmp(&right.message))
    });
    diagnostics.dedup_by(|later, kept| {
        let found_twice = matches!(
            later.rule,
            Rule::FinalReassigned | Rule::ConflictingDeclaration
        );
        later == kept || (found_twice && place(later) == place(kept))
    });
}

fn place(diagnostic: &Diagnostic) -> (File, TextSize, Rule) {
    let span = diagnostic.primary.span;
    (span.file, span.start, diagnostic.rule)
}

/// The text of a file with its lines, as shown to people.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as it is shown: relative to the current folder where it lies below it.
    pub path: String,
    /// The text.
    pub text: Text,
    /// Its lines.
    pub lines: LineIndex,
}

/// A range in a [`SourceFile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<SourceFile>,
    /// The range.
    pub range: TextRange,
}

impl Place {
    /// Line and column of the start, in code points from 1.
    pub fn start(&self) -> LineColumn {
        self.source
            .lines
            .line_column(&self.source.text, self.range.start())
    }

    /// Line and column just after the end, in code points from 1.
    pub fn end(&self) -> LineColumn {
        self.source
            .lines
            .line_column(&self.source.text, self.range.end())
    }

    /// The range as indices into the text's bytes, clamped to it.
    pub fn byte_range(&self) -> std::ops::Range<usize> {
        let length = self.source.text.len();
        self.range.start().to_usize().min(length)..self.range.end().to_usize().min(length)
    }
}

/// A [`Label`] outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedLabel {
    /// Where.
    pub place: Place,
    /// What to say there; may be empty.
    pub message: String,
}

/// A [`Fix`] outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedFix {
    /// What it does.
    pub title: String,
    /// Places and their new texts.
    pub edits: Vec<(Place, String)>,
}

/// A [`Diagnostic`] outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The rule that was broken.
    pub rule: Rule,
    /// How serious it is.
    pub severity: Level,
    /// The message.
    pub message: String,
    /// The place.
    pub primary: LocatedLabel,
    /// Other places.
    pub secondary: Vec<LocatedLabel>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// A repair.
    pub fix: Option<LocatedFix>,
}

impl Located {
    /// Takes a diagnostic out of the database.
    pub fn new(db: &dyn Db, diagnostic: &Diagnostic) -> Located {
        let place = |span: &Span| Place {
            source: crate::files::source_file(db, span.file),
            range: span.range(),
        };
        let label = |label: &Label| LocatedLabel {
            place: place(&label.span),
            message: label.message.clone(),
        };
        Located {
            rule: diagnostic.rule,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            primary: label(&diagnostic.primary),
            secondary: diagnostic.secondary.iter().map(label).collect(),
            notes: diagnostic.notes.clone(),
            fix: diagnostic.fix.as_ref().map(|fix| LocatedFix {
                title: fix.title.clone(),
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| (place(&edit.span), edit.replacement.clone()))
                    .collect(),
            }),
        }
    }

    /// The path of the file that it is about.
    pub fn path(&self) -> &str {
        &self.primary.place.source.path
    }
}

/// Sorts by path and place, and removes duplicates.
pub fn tidy_located(diagnostics: &mut Vec<Located>) {
    fn key(located: &Located) -> (&str, TextSize, TextSize, Rule, &str) {
        let range = located.primary.place.range;
        (
            located.path(),
            range.start(),
            range.end(),
            located.rule,
            &located.message,
        )
    }
    diagnostics.sort_by(|left, right| key(left).cmp(&key(right)));
    diagnostics.dedup();
}
