//! `keelback lsp`: the language server on standard input and output.

use std::process::ExitCode;

use super::Outcome;

/// Serves until the client says goodbye.
pub(super) fn execute() -> Outcome {
    keelback_server::run().map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}
