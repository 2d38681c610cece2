//! Checking a whole file: everything that is reported about it.

use std::sync::Arc;

use keelback_parser::text_size::{Ranged, TextRange, TextSize};

use crate::db::{Db, File};
use crate::diagnostic::{Diagnostic, tidy};
use crate::files::{SourceError, Staticness};
pub use crate::guard::guard;
use crate::rules::{Level, Rule};

/// Everything reported about `file`, with the configured levels and the ignore comments applied, sorted.
///
/// A panic while checking becomes a diagnostic of the rule `internal-error`, so that one bug does not take the others'
/// findings with it.
#[salsa::tracked(returns(clone))]
pub fn check_file(db: &dyn Db, file: File) -> Arc<Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    crate::stack::deep(|| collect(db, file, &mut diagnostics));
    crate::suppress::unchecked(db, file, &mut diagnostics);
    crate::suppress::apply(db, file, &mut diagnostics);
    let levels = db.project().rules(db);
    // A pattern can make a working program faster; it cannot break it.
    let by_pattern =
        crate::files::staticness(db, file) == Staticness::Pattern || file.path(db).is_stub();
    diagnostics.retain_mut(|diagnostic| {
        diagnostic.severity = levels.level(diagnostic.rule);
        let is_fatal = matches!(diagnostic.rule, Rule::SyntaxError | Rule::InvalidEncoding);
        if by_pattern && !is_fatal {
            diagnostic.severity = diagnostic.severity.min(Level::Warning);
        }
        diagnostic.severity != Level::Ignore && !levels.hides(diagnostic.rule)
    });
    tidy(&mut diagnostics);
    crate::files::forget_tree(db, file);
    Arc::new(diagnostics)
}

/// What is reported about the declarations of `file`, which parses. A query of its own, so that another thread can check the bodies meanwhile.
#[salsa::tracked(returns(ref))]
pub fn check_declarations(db: &dyn Db, file: File) -> Vec<Diagnostic> {
    let whole = TextRange::empty(TextSize::new(0));
    guard(file, whole, "the declarations of the module", || {
        crate::stack::deep(|| crate::declarations::check(db, file))
    })
}

fn collect(db: &dyn Db, file: File, diagnostics: &mut Vec<Diagnostic>) {
    let source = crate::files::source_text(db, file);
    match &source.error {
        Some(SourceError::Io(error)) => {
            let message = format!("The file cannot be read: {error}");
            let range = TextRange::default();
            diagnostics.push(Diagnostic::new(Rule::InvalidEncoding, file, range, message));
            return;
        }
        Some(SourceError::Decode(error)) => {
            let lines = keelback_parser::LineIndex::new(&source.text);
            let start = lines.line_start(error.line());
            let text = lines.line_text(&source.text, error.line());
            let range = TextRange::at(start, TextSize::of(text));
            diagnostics.push(Diagnostic::new(
                Rule::InvalidEncoding,
                file,
                range,
                error.to_string(),
            ));
            return;
        }
        None => {}
    }
    let parsed = crate::files::parsed(db, file);
    for error in parsed.errors() {
        let message = error.message.clone();
        diagnostics.push(Diagnostic::new(
            Rule::SyntaxError,
            file,
            error.range,
            message,
        ));
    }
    // What follows from a text that does not parse says more about the parser than about the program.
    if parsed.is_valid() {
        diagnostics.extend(check_declarations(db, file).iter().cloned());
        if crate::files::staticness(db, file).is_static() {
            // Some mistakes are seen from both sides, the declaration and the use: said once.
            let declared = diagnostics.len();
            for found in crate::infer::check_bodies(db, file) {
                let range = found.primary.span.range();
                let said = diagnostics[..declared].iter().any(|d| {
                    d.rule == found.rule && d.primary.span.range().intersect(range).is_some()
                });
                if !said {
                    diagnostics.push(found);
                }
            }
        }
    }
}
