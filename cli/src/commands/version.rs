//! `keelback version`: what this build is and what it works with.

use super::{Outcome, SUCCESS, print};

/// Prints the version, the target and the supported Pythons.
pub(super) fn execute() -> Outcome {
    print(&format!(
        "keelback {} ({} {}), for CPython 3.12 and 3.13\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    ))?;
    Ok(SUCCESS)
}
