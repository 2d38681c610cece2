//! `keelback version`: what this build is and what it works with.

use std::process::ExitCode;

use super::Outcome;

/// Prints the version, the target and the supported Pythons.
pub(super) fn execute() -> Outcome {
    anstream::println!(
        "keelback {} ({} {}), for CPython 3.12 and 3.13",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    );
    Ok(ExitCode::SUCCESS)
}
