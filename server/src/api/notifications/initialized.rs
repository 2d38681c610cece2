//! `initialized`

use lsp_types::InitializedParams;
use lsp_types::notification::Initialized as Method;

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct Initialized;

impl NotificationHandler for Initialized {
    type Method = Method;

    fn take_in(main_loop: &mut MainLoop, _: InitializedParams) {
        main_loop.watch_files();
    }
}
