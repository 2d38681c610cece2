//! `textDocument/documentSymbol`

use keelback_checker::diagnostic::SourceFile;
use keelback_checker::files::source_file;
use keelback_checker::ide::symbols::{Kind, Symbol, symbols};
use lsp_types::request::DocumentSymbolRequest;
use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, SymbolInformation,
    SymbolKind, Uri,
};

use crate::api::{Failure, RequestHandler};
use crate::position::Encoding;
use crate::session::Snapshot;

pub(in crate::api) struct DocumentSymbols;

impl RequestHandler for DocumentSymbols {
    type Method = DocumentSymbolRequest;

    fn document(params: &DocumentSymbolParams) -> &Uri {
        &params.text_document.uri
    }

    fn answer(
        snapshot: &Snapshot,
        _: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>, Failure> {
        let Some(found) = symbols(&snapshot.db, snapshot.file) else {
            return Ok(None);
        };
        let source = source_file(&snapshot.db, snapshot.file);
        let encoding = snapshot.client.encoding;
        Ok(Some(if snapshot.client.nested_symbols {
            DocumentSymbolResponse::Nested(nested(found, &source, encoding))
        } else {
            let mut all = Vec::new();
            flatten(found, None, &source, encoding, &snapshot.uri, &mut all);
            DocumentSymbolResponse::Flat(all)
        }))
    }
}

fn nested(symbols: Vec<Symbol>, source: &SourceFile, encoding: Encoding) -> Vec<DocumentSymbol> {
    symbols
        .into_iter()
        .map(|symbol| {
            #[expect(deprecated, reason = "the field has to be there")]
            DocumentSymbol {
                name: symbol.name,
                detail: symbol.detail,
                kind: kind(symbol.kind),
                tags: None,
                deprecated: None,
                range: encoding.range(source, symbol.range),
                selection_range: encoding.range(source, symbol.name_range),
                children: (!symbol.children.is_empty())
                    .then(|| nested(symbol.children, source, encoding)),
            }
        })
        .collect()
}

fn flatten(
    symbols: Vec<Symbol>,
    container: Option<&str>,
    source: &SourceFile,
    encoding: Encoding,
    uri: &Uri,
    all: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        #[expect(deprecated, reason = "the field has to be there")]
        all.push(SymbolInformation {
            name: symbol.name.clone(),
            kind: kind(symbol.kind),
            tags: None,
            deprecated: None,
            location: Location::new(uri.clone(), encoding.range(source, symbol.range)),
            container_name: container.map(str::to_owned),
        });
        flatten(
            symbol.children,
            Some(&symbol.name),
            source,
            encoding,
            uri,
            all,
        );
    }
}

fn kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Class => SymbolKind::CLASS,
        Kind::Function => SymbolKind::FUNCTION,
        Kind::Method => SymbolKind::METHOD,
        Kind::Constructor => SymbolKind::CONSTRUCTOR,
        Kind::Property => SymbolKind::PROPERTY,
        Kind::Field => SymbolKind::FIELD,
        Kind::Constant => SymbolKind::CONSTANT,
        Kind::Variable => SymbolKind::VARIABLE,
        Kind::TypeAlias => SymbolKind::TYPE_PARAMETER,
    }
}
