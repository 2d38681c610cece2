//! `textDocument/didClose`

use lsp_types::DidCloseTextDocumentParams;
use lsp_types::notification::DidCloseTextDocument;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct DidClose;

impl NotificationHandler for DidClose {
    type Method = DidCloseTextDocument;

    fn take_in(main_loop: &mut MainLoop, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        if main_loop.session().close(&uri) {
            main_loop.withdraw(uri);
        }
    }
}
