//! Requests that wait for their answer: each gets exactly one.

use std::collections::HashMap;

use keelback_checker::db::CancellationToken;
use lsp_server::RequestId;

/// The requests that were not answered yet.
#[derive(Default)]
pub(crate) struct Pending {
    requests: HashMap<RequestId, CancellationToken>,
}

impl Pending {
    /// A request is being worked on, by queries that `stopper` stops.
    pub(crate) fn add(&mut self, id: RequestId, stopper: CancellationToken) {
        self.requests.insert(id, stopper);
    }

    /// Whether the request still waits; from now on it does not.
    pub(crate) fn take(&mut self, id: &RequestId) -> bool {
        self.requests.remove(id).is_some()
    }

    /// Stops the work on a request. Whether it still waited; from now on it does not.
    pub(crate) fn cancel(&mut self, id: &RequestId) -> bool {
        match self.requests.remove(id) {
            Some(stopper) => {
                stopper.cancel();
                true
            }
            None => false,
        }
    }
}
