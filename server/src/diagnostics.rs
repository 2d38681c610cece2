//! Findings in the protocol's terms, and the job that computes those of the open documents.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, Db, File};
use keelback_checker::diagnostic::{Diagnostic, Label, Located};
use keelback_checker::files::{source_file, staticness};
use keelback_checker::ide::definition::openable_path;
use keelback_checker::rules::{Level, Rule};
use keelback_parser::text_size::Ranged;
use lsp_types::{
    CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Uri,
};

use crate::position::Encoding;
use crate::session::OpenDocument;
use crate::uri;

/// The findings of one document that were computed, and for which revision of the session.
pub(crate) struct Computed {
    pub(crate) revision: u64,
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) diagnostics: Vec<lsp_types::Diagnostic>,
}

/// Computes the findings of an open document. Of a file that is not static there are none, except that it may have been meant to be.
pub(crate) fn compute(
    db: &Database,
    document: &OpenDocument,
    encoding: Encoding,
) -> Vec<lsp_types::Diagnostic> {
    let is_static = staticness(db, document.file).is_static();
    check_file(db, document.file)
        .iter()
        .filter(|diagnostic| is_static || diagnostic.rule == Rule::StaticImportNotFirst)
        .map(|diagnostic| to_lsp(db, diagnostic, &document.uri, encoding))
        .collect()
}

/// A finding in the protocol's terms. `own` is the URI of the document that it is in.
pub(crate) fn to_lsp(
    db: &Database,
    diagnostic: &Diagnostic,
    own: &Uri,
    encoding: Encoding,
) -> lsp_types::Diagnostic {
    let own_file = diagnostic.primary.span.file;
    let mut message = diagnostic.message.clone();
    if !diagnostic.primary.message.is_empty() {
        message = format!("{message}: {}", diagnostic.primary.message);
    }
    for note in &diagnostic.notes {
        message.push('\n');
        message.push_str(note);
    }
    let related: Vec<DiagnosticRelatedInformation> = diagnostic
        .secondary
        .iter()
        .filter_map(|label| related(db, label, own_file, own, encoding))
        .collect();
    let source = source_file(db, own_file);
    lsp_types::Diagnostic {
        range: encoding.range(&source, diagnostic.primary.span.range()),
        related_information: (!related.is_empty()).then_some(related),
        tags: matches!(diagnostic.rule, Rule::UnusedImport | Rule::UnreachableCode)
            .then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..of_rule(diagnostic.rule, diagnostic.severity, message)
    }
}

/// A finding that is in no file of the database, about a configuration.
pub(crate) fn located(found: &Located, encoding: Encoding) -> lsp_types::Diagnostic {
    let mut message = found.message.clone();
    for note in &found.notes {
        message.push('\n');
        message.push_str(note);
    }
    let place = &found.primary.place;
    lsp_types::Diagnostic {
        range: encoding.range(&place.source, place.range),
        ..of_rule(found.rule, found.severity, message)
    }
}

fn of_rule(rule: Rule, severity: Level, message: String) -> lsp_types::Diagnostic {
    lsp_types::Diagnostic {
        severity: Some(match severity {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warning => DiagnosticSeverity::WARNING,
            Level::Hint | Level::Ignore => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(rule.name().to_owned())),
        code_description: Uri::from_str(&rule.url())
            .ok()
            .map(|href| CodeDescription { href }),
        source: Some("keelback".to_owned()),
        message,
        ..lsp_types::Diagnostic::default()
    }
}

fn related(
    db: &Database,
    label: &Label,
    own_file: File,
    own: &Uri,
    encoding: Encoding,
) -> Option<DiagnosticRelatedInformation> {
    let file = label.span.file;
    let uri = if file == own_file {
        own.clone()
    } else {
        uri_of(db, file)?
    };
    let source = source_file(db, file);
    Some(DiagnosticRelatedInformation {
        location: Location::new(uri, encoding.range(&source, label.span.range())),
        message: label.message.clone(),
    })
}

/// The URI under which a file can be opened, if there is one.
pub(crate) fn uri_of(db: &dyn Db, file: File) -> Option<Uri> {
    let path: PathBuf = match openable_path(db, file) {
        Ok(path) => path,
        Err(error) => {
            eprintln!("keelback: {} cannot be shown: {error}", file.path(db));
            return None;
        }
    };
    uri::from_path(Path::new(&path))
}
