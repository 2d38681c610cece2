//! `$/cancelRequest`

use lsp_server::RequestId;
use lsp_types::notification::Cancel;
use lsp_types::{CancelParams, NumberOrString};

use crate::api::NotificationHandler;
use crate::main_loop::MainLoop;

pub(in crate::api) struct CancelRequest;

impl NotificationHandler for CancelRequest {
    type Method = Cancel;

    fn take_in(main_loop: &mut MainLoop, params: CancelParams) {
        main_loop.cancel(match params.id {
            NumberOrString::Number(id) => RequestId::from(id),
            NumberOrString::String(id) => RequestId::from(id),
        });
    }
}
