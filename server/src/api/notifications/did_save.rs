//! `textDocument/didSave`

use lsp_types::DidSaveTextDocumentParams;
use lsp_types::notification::DidSaveTextDocument;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct DidSave;

impl NotificationHandler for DidSave {
    type Method = DidSaveTextDocument;

    fn take_in(main_loop: &mut MainLoop, _: DidSaveTextDocumentParams) {
        // Not every client watches files, and what was saved may not be all that was written.
        main_loop.session().refresh();
    }
}
