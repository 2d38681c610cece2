//! `keelback lsp`: the language server on standard input and output.

use std::process::ExitCode;

use super::Outcome;

/// Serves until the client says goodbye. One that leaves without a word has failed.
pub(super) fn execute() -> Outcome {
    let ending = keelback_server::run().map_err(|error| error.to_string())?;
    Ok(match ending {
        keelback_server::Ending::Clean => ExitCode::SUCCESS,
        keelback_server::Ending::Abrupt => ExitCode::FAILURE,
    })
}
