//! `textDocument/hover`

use keelback_checker::files::source_file;
use keelback_checker::ide::hover::{self, hover};
use lsp_types::request::HoverRequest;
use lsp_types::{HoverContents, HoverParams, MarkupContent, MarkupKind, Uri};

use crate::api::{Failure, RequestHandler};
use crate::session::Snapshot;

pub(in crate::api) struct Hover;

impl RequestHandler for Hover {
    type Method = HoverRequest;

    fn document(params: &HoverParams) -> &Uri {
        &params.text_document_position_params.text_document.uri
    }

    fn answer(
        snapshot: &Snapshot,
        params: HoverParams,
    ) -> Result<Option<lsp_types::Hover>, Failure> {
        let source = source_file(&snapshot.db, snapshot.file);
        let encoding = snapshot.client.encoding;
        let at = params.text_document_position_params.position;
        let offset = encoding.offset(&source.text, &source.lines, at);
        let Some(found) = hover(&snapshot.db, snapshot.file, offset) else {
            return Ok(None);
        };
        let (kind, value) = if snapshot.client.markdown {
            (MarkupKind::Markdown, markdown(&found))
        } else {
            (MarkupKind::PlainText, plain(&found))
        };
        Ok(Some(lsp_types::Hover {
            contents: HoverContents::Markup(MarkupContent { kind, value }),
            range: Some(encoding.range(&source, found.range)),
        }))
    }
}

fn markdown(found: &hover::Hover) -> String {
    let mut text = format!("```python\n{}\n```", found.code);
    if !found.facts.is_empty() {
        text.push_str("\n\n");
        text.push_str(&found.facts.join("  \n"));
    }
    if let Some(docs) = &found.docs {
        text.push_str("\n\n---\n\n");
        text.push_str(docs);
    }
    text
}

fn plain(found: &hover::Hover) -> String {
    let mut text = found.code.clone();
    for fact in &found.facts {
        text.push('\n');
        text.push_str(fact);
    }
    if let Some(docs) = &found.docs {
        text.push_str("\n\n");
        text.push_str(docs);
    }
    text
}
