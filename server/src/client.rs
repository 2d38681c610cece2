//! What the client can do, and what it wants.

use std::path::PathBuf;

use lsp_types::{InitializeParams, MarkupKind};

use crate::position::Encoding;
use crate::uri;

/// What matters of the client's capabilities and options.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// What columns count.
    pub(crate) encoding: Encoding,
    /// Hover text may be Markdown.
    pub(crate) markdown: bool,
    /// A definition may be answered with links, which also say where the name was.
    pub(crate) definition_links: bool,
    /// Symbols may have symbols in them.
    pub(crate) nested_symbols: bool,
    /// Edits may name the version of the document that they are for.
    pub(crate) versioned_edits: bool,
    /// A code action may be an object with an edit in it; there is no other kind here.
    pub(crate) code_actions: bool,
    /// The client watches files when asked to.
    pub(crate) watches_files: bool,
    /// The folder that the client has open.
    pub(crate) folder: Option<PathBuf>,
    /// The configuration file, or its folder, if not the nearest one.
    pub(crate) configuration: Option<PathBuf>,
}

impl Client {
    pub(crate) fn new(params: &InitializeParams) -> Client {
        let capabilities = &params.capabilities;
        let text = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let encodings = capabilities
            .general
            .as_ref()
            .and_then(|general| general.position_encodings.as_deref())
            .unwrap_or_default();
        let folder = workspace_folder(params);
        Client {
            encoding: Encoding::choose(encodings),
            markdown: text
                .and_then(|text| text.hover.as_ref()?.content_format.as_ref())
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            definition_links: text
                .and_then(|text| text.definition?.link_support)
                .unwrap_or(false),
            nested_symbols: text
                .and_then(|text| {
                    text.document_symbol
                        .as_ref()?
                        .hierarchical_document_symbol_support
                })
                .unwrap_or(false),
            versioned_edits: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref()?.document_changes)
                .unwrap_or(false),
            code_actions: text
                .and_then(|text| {
                    text.code_action
                        .as_ref()?
                        .code_action_literal_support
                        .as_ref()
                })
                .is_some(),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files?.dynamic_registration)
                .unwrap_or(false),
            configuration: configuration(params).map(|path| match &folder {
                Some(folder) => folder.join(path),
                None => path,
            }),
            folder,
        }
    }
}

/// The folder that the client has open.
fn workspace_folder(params: &InitializeParams) -> Option<PathBuf> {
    let folders = params.workspace_folders.as_deref().unwrap_or_default();
    if let Some(path) = folders.iter().find_map(|folder| uri::to_path(&folder.uri)) {
        return Some(path);
    }
    #[expect(
        deprecated,
        reason = "clients older than workspace folders send only this"
    )]
    params.root_uri.as_ref().and_then(uri::to_path)
}

/// `configuration` of the initialization options.
fn configuration(params: &InitializeParams) -> Option<PathBuf> {
    let text = params
        .initialization_options
        .as_ref()?
        .get("configuration")?
        .as_str()?;
    (!text.is_empty()).then(|| PathBuf::from(text))
}
