//! Diagnostics as text, in the forms that `--output-format` names. Each form is one file.
//!
//! Renderers take [`Located`] diagnostics in the order in which they are to appear, and use colours only when told to.

use std::str::FromStr;

use crate::diagnostic::Located;

mod full;
mod github;
mod json;
mod plain;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The text with labels drawn under it, for a terminal.
    Full,
    /// One line for each diagnostic.
    Concise,
    /// The text with labels, in ASCII.
    Plain,
    /// One JSON object.
    Json,
    /// Annotations for GitHub's workflow log.
    Github,
}

impl Format {
    /// Every form with its name.
    pub const ALL: [(Format, &str); 5] = [
        (Format::Full, "full"),
        (Format::Concise, "concise"),
        (Format::Plain, "plain"),
        (Format::Json, "json"),
        (Format::Github, "github"),
    ];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Format::ALL.iter().find(|(_, name)| *name == text);
        found
            .map(|(format, _)| *format)
            .ok_or_else(|| format!("`{text}` is not an output format"))
    }
}

/// Renders `diagnostics` in `format`; `colour` is obeyed by the forms for terminals.
pub fn render(diagnostics: &[Located], format: Format, colour: bool) -> String {
    match format {
        Format::Full => full::render(diagnostics, colour),
        Format::Concise => plain::render_concise(diagnostics),
        Format::Plain => plain::render_plain(diagnostics),
        Format::Json => json::render(diagnostics),
        Format::Github => github::render(diagnostics),
    }
}

/// The word for a severity.
pub(crate) fn severity_name(level: crate::rules::Level) -> &'static str {
    use crate::rules::Level;
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Hint | Level::Ignore => "hint",
    }
}
