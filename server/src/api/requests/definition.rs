//! `textDocument/definition`

use keelback_checker::files::source_file;
use keelback_checker::ide::definition::{Target, definition};
use lsp_types::request::GotoDefinition;
use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location, LocationLink, Range, Uri};

use crate::api::{Failure, RequestHandler};
use crate::diagnostics::uri_of;
use crate::session::Snapshot;

pub(in crate::api) struct Definition;

impl RequestHandler for Definition {
    type Method = GotoDefinition;

    fn document(params: &GotoDefinitionParams) -> &Uri {
        &params.text_document_position_params.text_document.uri
    }

    fn answer(
        snapshot: &Snapshot,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>, Failure> {
        let source = source_file(&snapshot.db, snapshot.file);
        let encoding = snapshot.client.encoding;
        let at = params.text_document_position_params.position;
        let offset = encoding.offset(&source.text, &source.lines, at);
        let Some((origin, targets)) = definition(&snapshot.db, snapshot.file, offset) else {
            return Ok(None);
        };
        let places: Vec<(Uri, Range)> = targets
            .iter()
            .filter_map(|target| place(snapshot, target))
            .collect();
        if places.is_empty() {
            return Ok(None);
        }
        if !snapshot.client.definition_links {
            let locations = places
                .into_iter()
                .map(|(uri, range)| Location::new(uri, range));
            return Ok(Some(GotoDefinitionResponse::Array(locations.collect())));
        }
        let origin = encoding.range(&source, origin);
        let links = places.into_iter().map(|(uri, range)| LocationLink {
            origin_selection_range: Some(origin),
            target_uri: uri,
            target_range: range,
            target_selection_range: range,
        });
        Ok(Some(GotoDefinitionResponse::Link(links.collect())))
    }
}

fn place(snapshot: &Snapshot, target: &Target) -> Option<(Uri, Range)> {
    let uri = if target.file == snapshot.file {
        snapshot.uri.clone()
    } else {
        uri_of(&snapshot.db, target.file)?
    };
    let source = source_file(&snapshot.db, target.file);
    Some((uri, snapshot.client.encoding.range(&source, target.range)))
}
