//! `textDocument/didChange`

use lsp_types::DidChangeTextDocumentParams;
use lsp_types::notification::DidChangeTextDocument;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct DidChange;

impl NotificationHandler for DidChange {
    type Method = DidChangeTextDocument;

    fn take_in(main_loop: &mut MainLoop, params: DidChangeTextDocumentParams) {
        main_loop.session().change(params);
    }
}
