//! `textDocument/didOpen`

use lsp_types::DidOpenTextDocumentParams;
use lsp_types::notification::DidOpenTextDocument;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct DidOpen;

impl NotificationHandler for DidOpen {
    type Method = DidOpenTextDocument;

    fn take_in(main_loop: &mut MainLoop, params: DidOpenTextDocumentParams) {
        main_loop.session().open(params);
    }
}
