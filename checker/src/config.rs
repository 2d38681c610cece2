//! `[tool.keelback]` of a `pyproject.toml`: what a project says about itself.
//!
//! There is one reader, over the [`System`], for the command, the importer and the language server, so that they cannot disagree. It
//! never fails: what is wrong becomes findings of the rule `invalid-configuration`, each with its place in the file, and the rest counts.
//! The settings are the rows of [`KEYS`]; whatever lists them takes them from there.

mod keys;
mod reader;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_parser::text_size::TextRange;
use keelback_parser::{LineIndex, PythonVersion};

use crate::diagnostic::{Located, LocatedLabel, Place, SourceFile};
use crate::files::Text;
use crate::rules::{Level, Rule, RuleLevels};
use crate::settings::{Settings, StaticPatterns};
use crate::system::System;

pub use keys::{Form, KEYS, Key};
pub use schema::schema;

/// The file that holds the configuration.
pub const FILE_NAME: &str = "pyproject.toml";

/// What a project's configuration says. The default is that of a project without one.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file that it comes from. `None`: there is none.
    pub path: Option<PathBuf>,
    /// Which unmarked modules are static.
    pub static_patterns: StaticPatterns,
    /// Levels of rules.
    pub rules: RuleLevels,
    /// Folders that modules are imported from, absolute. Empty: the files show it.
    pub paths: Vec<PathBuf>,
    /// The Python that the program runs on.
    pub python_version: Option<PythonVersion>,
    /// `sys.platform`.
    pub platform: Option<String>,
    /// The interpreter or the virtual environment, absolute. There is something at this path.
    pub python: Option<PathBuf>,
    /// What is wrong with it, in the order of the file.
    pub problems: Vec<Located>,
}

impl Config {
    /// That of the nearest `pyproject.toml`, in `folder` or above it, which has a table `[tool.keelback]` or cannot be read as TOML.
    pub fn discover(system: &dyn System, folder: &Path) -> Config {
        let folder = system.absolute(folder);
        folder
            .ancestors()
            .map(|folder| folder.join(FILE_NAME))
            .filter(|path| system.is_file(path))
            .find_map(|path| reader::read(system, &path))
            .unwrap_or_default()
    }

    /// That of the file at `path`, whether it has the table or not. A file that is not there is a problem.
    pub fn read(system: &dyn System, path: &Path) -> Config {
        let path = system.absolute(path);
        reader::read(system, &path).unwrap_or_else(|| Config {
            path: Some(path),
            ..Config::default()
        })
    }

    /// Changes what it says something about.
    pub fn apply(&self, settings: &mut Settings) {
        settings.static_patterns = self.static_patterns.clone();
        settings.rules = self.rules.clone();
        if !self.paths.is_empty() {
            settings.search_paths.roots.clone_from(&self.paths);
        }
        if let Some(version) = self.python_version {
            settings.python_version = version;
        }
        if let Some(platform) = &self.platform {
            settings.platform.clone_from(platform);
        }
    }

    /// The folder of the virtual environment, or the installation, that `python` names.
    pub fn environment(&self, system: &dyn System) -> Option<PathBuf> {
        let python = self.python.as_deref()?;
        if system.is_dir(python) {
            return Some(python.to_path_buf());
        }
        // `.venv/bin/python`
        python.parent()?.parent().map(Path::to_path_buf)
    }

    /// The interpreter that `python` names.
    pub fn interpreter(&self, system: &dyn System) -> Option<PathBuf> {
        let python = self.python.as_deref()?;
        Some(if system.is_dir(python) {
            python.join("bin/python")
        } else {
            python.to_path_buf()
        })
    }
}

/// A finding about a configuration file.
fn problem(
    source: &Arc<SourceFile>,
    range: TextRange,
    severity: Level,
    message: String,
) -> Located {
    Located {
        rule: Rule::InvalidConfiguration,
        severity,
        message,
        primary: LocatedLabel {
            place: Place {
                source: Arc::clone(source),
                range,
            },
            message: String::new(),
        },
        secondary: Vec::new(),
        notes: Vec::new(),
        fix: None,
    }
}

/// The text of a configuration file as people see it.
fn source_file(system: &dyn System, path: &Path, text: String) -> Arc<SourceFile> {
    Arc::new(SourceFile {
        path: crate::files::shown_path(system, path),
        lines: LineIndex::new(&text),
        text: Text::from(&*text),
    })
}
