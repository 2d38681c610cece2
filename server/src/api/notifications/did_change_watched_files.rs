//! `workspace/didChangeWatchedFiles`

use lsp_types::DidChangeWatchedFilesParams;
use lsp_types::notification::DidChangeWatchedFiles;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct DidChangeFiles;

impl NotificationHandler for DidChangeFiles {
    type Method = DidChangeWatchedFiles;

    fn take_in(main_loop: &mut MainLoop, params: DidChangeWatchedFilesParams) {
        main_loop.session().refresh_paths(&params.changes);
    }
}
