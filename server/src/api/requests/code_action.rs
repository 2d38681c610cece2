//! `textDocument/codeAction`: the repairs of findings one by one, and all that are certain at once.

// The type of the protocol that edits are collected in is keyed by URI.
#![allow(clippy::mutable_key_type)]

use std::collections::HashMap;

use keelback_checker::diagnostic::Edit;
use keelback_checker::files::source_file;
use keelback_checker::ide::fixes::{fix_all, fixes};
use keelback_parser::text_size::Ranged;
use lsp_types::request::CodeActionRequest;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse,
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit,
    Uri, WorkspaceEdit,
};

use crate::api::{Failure, RequestHandler};
use crate::diagnostics::to_lsp;
use crate::session::Snapshot;

pub(in crate::api) struct CodeActions;

/// The kind of the action that makes all repairs that are certain.
pub(in crate::api) fn fix_all_kind() -> CodeActionKind {
    CodeActionKind::new("source.fixAll.keelback")
}

impl RequestHandler for CodeActions {
    type Method = CodeActionRequest;

    fn document(params: &CodeActionParams) -> &Uri {
        &params.text_document.uri
    }

    fn answer(
        snapshot: &Snapshot,
        params: CodeActionParams,
    ) -> Result<Option<CodeActionResponse>, Failure> {
        let client = &snapshot.client;
        if !client.code_actions {
            return Ok(None);
        }
        let only = params.context.only;
        let mut actions = Vec::new();
        if wanted(only.as_deref(), &CodeActionKind::QUICKFIX) {
            let source = source_file(&snapshot.db, snapshot.file);
            let range = client.encoding.text_range(&source, params.range);
            for (diagnostic, fix) in fixes(&snapshot.db, snapshot.file, range) {
                actions.push(CodeAction {
                    title: fix.title,
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![to_lsp(
                        &snapshot.db,
                        &diagnostic,
                        &snapshot.uri,
                        client.encoding,
                    )]),
                    edit: Some(workspace_edit(snapshot, &fix.edits)),
                    is_preferred: Some(true),
                    ..CodeAction::default()
                });
            }
        }
        if wanted(only.as_deref(), &fix_all_kind()) {
            let edits = fix_all(&snapshot.db, snapshot.file);
            if !edits.is_empty() {
                actions.push(CodeAction {
                    title: "Make all repairs that are certain".to_owned(),
                    kind: Some(fix_all_kind()),
                    edit: Some(workspace_edit(snapshot, &edits)),
                    ..CodeAction::default()
                });
            }
        }
        let actions = actions.into_iter().map(CodeActionOrCommand::CodeAction);
        Ok(Some(actions.collect()))
    }
}

/// Whether actions of `kind` are asked for: it is one of `only`, or one of those in one of them.
fn wanted(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    only.is_none_or(|only| {
        only.iter().any(|wanted| {
            let rest = kind.as_str().strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    })
}

/// Edits of the document as the client takes them.
fn workspace_edit(snapshot: &Snapshot, edits: &[Edit]) -> WorkspaceEdit {
    let source = source_file(&snapshot.db, snapshot.file);
    let edits = edits.iter().map(|edit| TextEdit {
        range: snapshot.client.encoding.range(&source, edit.span.range()),
        new_text: edit.replacement.clone(),
    });
    if !snapshot.client.versioned_edits {
        let edits: Vec<TextEdit> = edits.collect();
        return WorkspaceEdit {
            changes: Some(HashMap::from([(snapshot.uri.clone(), edits)])),
            ..WorkspaceEdit::default()
        };
    }
    WorkspaceEdit {
        document_changes: Some(DocumentChanges::Edits(vec![TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                uri: snapshot.uri.clone(),
                version: snapshot.version,
            },
            edits: edits.map(OneOf::Left).collect(),
        }])),
        ..WorkspaceEdit::default()
    }
}
