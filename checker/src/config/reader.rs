//! From TOML with positions to a [`Config`]. What the values mean is said by the rows of [`KEYS`].

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_parser::text_size::{TextRange, TextSize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, KEYS, problem, source_file};
use crate::diagnostic::{LocatedFix, Place, SourceFile, tidy_located};
use crate::rules::{Level, Rule};
use crate::suggest::closest;
use crate::system::System;

/// A value with its place.
pub(super) type Value<'text> = Spanned<DeValue<'text>>;

/// What reading has come to.
pub(super) struct Reader<'a> {
    pub(super) system: &'a dyn System,
    /// What is made of it.
    pub(super) config: Config,
    /// The folder of the file: paths are relative to it.
    folder: &'a Path,
    source: Arc<SourceFile>,
}

/// Reads the file at `path`; `None` if there is nothing of ours in it.
pub(super) fn read(system: &dyn System, path: &Path) -> Option<Config> {
    let mut config = Config {
        path: Some(path.to_path_buf()),
        ..Config::default()
    };
    let text = match system.read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => {
            let start = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = source_file(system, path, text);
            let message = "The file is not UTF-8 text".to_owned();
            let range = text_range(&(start..start));
            config
                .problems
                .push(problem(&source, range, Level::Error, message));
            return Some(config);
        }
        Err(error) => {
            let source = source_file(system, path, String::new());
            let message = format!("The file cannot be read: {error}");
            let range = TextRange::default();
            config
                .problems
                .push(problem(&source, range, Level::Error, message));
            return Some(config);
        }
    };
    let (table, errors) = DeTable::parse_recoverable(&text);
    // The text is copied for people when there is something to say to them, or at least something to read.
    let tool = table.get_ref().get("tool");
    let own = tool.and_then(|tool| tool.get_ref().as_table()?.get("keelback"));
    if own.is_none() && errors.is_empty() {
        return None;
    }
    let source = source_file(system, path, text.clone());
    let mut reader = Reader {
        system,
        config,
        folder: path.parent().unwrap_or(path),
        source,
    };
    if errors.is_empty() {
        own.into_iter().for_each(|own| reader.table(own));
    } else {
        // What recovery made of the rest says more about the recovery than about the project.
        for error in errors {
            let range = text_range(&error.span().unwrap_or_default());
            reader.error(range, capitalised(error.message()));
        }
    }
    Some(reader.finish())
}

impl<'a> Reader<'a> {
    fn finish(self) -> Config {
        let mut config = self.config;
        let level = config.rules.level(Rule::InvalidConfiguration);
        config.problems.retain_mut(|problem| {
            problem.severity = problem.severity.min(level);
            problem.severity != Level::Ignore
        });
        tidy_located(&mut config.problems);
        config
    }

    fn table(&mut self, own: &Value<'_>) {
        for (name, range, value) in self.entries("`[tool.keelback]`", own) {
            match KEYS.iter().find(|key| key.name == name) {
                Some(key) => (key.read)(self, value),
                None => {
                    let near = closest(&name, KEYS.iter().map(|key| key.name));
                    let message = format!("There is no setting `{name}`");
                    self.unknown(range, message, near);
                }
            }
        }
    }

    /// A path of the file made absolute.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        self.system.absolute(&self.folder.join(path))
    }

    /// Reports a mistake.
    pub(super) fn error(&mut self, range: TextRange, message: impl Into<String>) {
        let found = problem(&self.source, range, Level::Error, message.into());
        self.config.problems.push(found);
    }

    /// Reports what may be no mistake on another machine.
    pub(super) fn warning(&mut self, range: TextRange, message: impl Into<String>) {
        let found = problem(&self.source, range, Level::Warning, message.into());
        self.config.problems.push(found);
    }

    /// Reports a name that does not exist, and the one that was probably meant.
    pub(super) fn unknown(&mut self, range: TextRange, message: String, near: Option<&str>) {
        let Some(near) = near else {
            return self.error(range, message);
        };
        let message = format!("{message}; did you mean `{near}`?");
        let mut found = problem(&self.source, range, Level::Error, message);
        found.fix = Some(LocatedFix {
            title: format!("Replace it by `{near}`"),
            edits: vec![(
                Place {
                    source: Arc::clone(&self.source),
                    range,
                },
                near.to_owned(),
            )],
        });
        self.config.problems.push(found);
    }

    fn wrong_type(&mut self, what: &str, form: &str, value: &Value<'_>) {
        let kind = kind(value.get_ref());
        let message = format!("{what} must be {form}, not {kind}");
        self.error(text_range(&value.span()), message);
    }

    /// The string that a value, called `what`, must be.
    pub(super) fn string(&mut self, what: &str, value: &Value<'_>) -> Option<(String, TextRange)> {
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), text_range(&value.span()))),
            _ => {
                self.wrong_type(what, "a string", value);
                None
            }
        }
    }

    /// The strings of the array that a value, called `what`, must be.
    pub(super) fn strings(&mut self, what: &str, value: &Value<'_>) -> Vec<(String, TextRange)> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(what, "an array of strings", value);
            return Vec::new();
        };
        let item_of = format!("Each item of {what}");
        let items = items.iter();
        items
            .filter_map(|item| self.string(&item_of, item))
            .collect()
    }

    /// Names, their places and values of the table that a value, called `what`, must be.
    pub(super) fn entries<'v, 't>(
        &mut self,
        what: &str,
        value: &'v Value<'t>,
    ) -> Vec<(String, TextRange, &'v Value<'t>)> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(what, "a table", value);
            return Vec::new();
        };
        let entries = table.iter();
        entries
            .map(|(name, value)| (name.get_ref().to_string(), text_range(&name.span()), value))
            .collect()
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn text_range(range: &Range<usize>) -> TextRange {
    let size = |offset: usize| TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX));
    TextRange::new(size(range.start), size(range.end.max(range.start)))
}

fn capitalised(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
