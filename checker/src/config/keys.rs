//! The one list of settings.

use std::path::Path;

use keelback_parser::PythonVersion;

use super::reader::{Reader, Value};
use crate::rules::{Level, Rule};
use crate::settings::StaticPatterns;
use crate::suggest::did_you_mean;

/// A setting of `[tool.keelback]`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
    /// One line that says what it is for.
    pub summary: &'static str,
    /// Takes the value in.
    pub(super) read: fn(&mut Reader<'_>, &Value<'_>),
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Text,
    /// One of the versions of Python that Keelback knows.
    Version,
    /// Any number of texts.
    Texts,
    /// A level for each of some rules.
    Levels,
}

impl Form {
    /// How messages call it, with an article.
    pub fn phrase(self) -> &'static str {
        match self {
            Form::Text | Form::Version => "a string",
            Form::Texts => "an array of strings",
            Form::Levels => "a table",
        }
    }
}

/// Every setting, in the order of the documentation.
pub const KEYS: &[Key] = &[
    Key {
        name: "static",
        form: Form::Texts,
        summary: "Patterns of modules that are static without saying `import __static__`",
        read: static_patterns,
    },
    Key {
        name: "paths",
        form: Form::Texts,
        summary: "Folders that modules are imported from",
        read: paths,
    },
    Key {
        name: "python",
        form: Form::Text,
        summary: "The interpreter or virtual environment that the program runs in",
        read: python,
    },
    Key {
        name: "python-version",
        form: Form::Version,
        summary: "The version of Python that the program runs on",
        read: python_version,
    },
    Key {
        name: "platform",
        form: Form::Text,
        summary: "The platform that the program runs on, as `sys.platform` names it",
        read: platform,
    },
    Key {
        name: "rules",
        form: Form::Levels,
        summary: "Levels of rules",
        read: rules,
    },
];

/// Versions of Python that Keelback knows.
pub(super) const VERSIONS: [PythonVersion; 3] = [
    PythonVersion::PY312,
    PythonVersion::PY313,
    PythonVersion::PY314,
];

fn static_patterns(reader: &mut Reader<'_>, value: &Value<'_>) {
    let mut patterns = Vec::new();
    for (text, range) in reader.strings("`static`", value) {
        match StaticPatterns::new([text.clone()]) {
            _ if text.is_empty() => reader.error(range, "An empty pattern names no module"),
            Ok(_) => patterns.push(text),
            Err(problem) => reader.error(range, problem),
        }
    }
    // Each was looked at alone, so there is nothing to say of them together.
    if let Ok(patterns) = StaticPatterns::new(patterns) {
        reader.config.static_patterns = patterns;
    }
}

fn paths(reader: &mut Reader<'_>, value: &Value<'_>) {
    for (text, range) in reader.strings("`paths`", value) {
        let path = reader.absolute(Path::new(&text));
        if !reader.system.is_dir(&path) {
            reader.warning(range, format!("There is no folder `{text}`"));
        }
        reader.config.paths.push(path);
    }
}

fn python(reader: &mut Reader<'_>, value: &Value<'_>) {
    let Some((text, range)) = reader.string("`python`", value) else {
        return;
    };
    let path = reader.absolute(Path::new(&text));
    if reader.system.is_dir(&path) || reader.system.is_file(&path) {
        reader.config.python = Some(path);
    } else {
        reader.warning(
            range,
            format!("There is no interpreter and no virtual environment at `{text}`"),
        );
    }
}

fn python_version(reader: &mut Reader<'_>, value: &Value<'_>) {
    let Some((text, range)) = reader.string("`python-version`", value) else {
        return;
    };
    match VERSIONS.iter().find(|version| version.to_string() == text) {
        Some(&version) => reader.config.python_version = Some(version),
        None => {
            let known = VERSIONS
                .map(|version| format!("`\"{version}\"`"))
                .join(", ");
            reader.error(
                range,
                format!(
                    "`{text}` is not a version of Python that Keelback knows; use one of {known}"
                ),
            );
        }
    }
}

fn platform(reader: &mut Reader<'_>, value: &Value<'_>) {
    if let Some((text, range)) = reader.string("`platform`", value) {
        if text.is_empty() {
            reader.error(range, "A platform has a name, such as `\"linux\"`");
        } else {
            reader.config.platform = Some(text);
        }
    }
}

fn rules(reader: &mut Reader<'_>, value: &Value<'_>) {
    let mut levels = Vec::new();
    for (name, name_range, value) in reader.entries("`rules`", value) {
        let known = name == "all" || Rule::from_name(&name).is_some();
        if !known {
            let message = format!("There is no rule `{name}`");
            reader.unknown(name_range, message, Rule::suggestion(&name));
        }
        let Some((text, range)) = reader.string(&format!("The level of `{name}`"), value) else {
            continue;
        };
        match text.parse::<Level>() {
            Ok(level) if known => levels.push((name, level)),
            Ok(_) => {}
            Err(problem) => {
                reader.error(
                    range,
                    problem + &did_you_mean(&text, Level::NAMES.iter().map(|(name, _)| *name)),
                );
            }
        }
    }
    // `all` first, so that a rule named beside it keeps its own level.
    levels.sort_by_key(|(name, _)| name != "all");
    for (name, level) in levels {
        // Names were looked at above.
        let _ = reader.config.rules.set_by_name(&name, level);
    }
}
