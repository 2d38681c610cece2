//! `keelback schema`: the settings for editors.

use keelback_checker::config;

use super::{Outcome, SUCCESS, print};

/// Prints the JSON schema of `pyproject.toml` with `[tool.keelback]`.
pub(super) fn execute() -> Outcome {
    print(&format!("{:#}\n", config::schema()))?;
    Ok(SUCCESS)
}
