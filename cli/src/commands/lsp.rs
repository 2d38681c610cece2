//! `keelback lsp`: the language server on standard input and output.

use keelback_server::Ending;

use super::{FAILURE, Outcome, SUCCESS};

/// Serves until the client says goodbye. One that leaves without a word has failed.
pub(super) fn execute() -> Outcome {
    let ending = keelback_server::run().map_err(|error| error.to_string())?;
    Ok(match ending {
        Ending::Clean => SUCCESS,
        Ending::Abrupt => FAILURE,
    })
}
