//! What a project says about itself: where its modules are, which Python runs it, which modules are static, which rules count.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};
use keelback_parser::PythonVersion;
use serde::Deserialize;

use crate::rules::{Level, RuleLevels};
use crate::system::System;

/// Folders in which modules are looked up, in the order of lookup.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SearchPaths {
    /// The program's own folders (what the script's folder, `PYTHONPATH` or the project's root are to the interpreter).
    pub roots: Vec<PathBuf>,
    /// The other entries of the interpreter's `sys.path`: site-packages, the standard library. Modules that typeshed knows
    /// are taken from typeshed before these are looked at.
    pub site: Vec<PathBuf>,
}

impl SearchPaths {
    /// The search paths of an interpreter with this `sys.path`: what comes before its standard library is the program's own.
    ///
    /// The standard library itself is known by its stubs, which say more than its source, so it must not be among the roots.
    pub fn of_interpreter(
        system: &dyn System,
        sys_path: impl IntoIterator<Item = PathBuf>,
    ) -> SearchPaths {
        let mut paths = SearchPaths::default();
        let mut in_site = false;
        for folder in sys_path {
            // `python313.zip`, which is mostly not there.
            if folder
                .extension()
                .is_some_and(|extension| extension == "zip")
            {
                paths.site.push(folder);
                continue;
            }
            in_site |= ["os.py", "abc.py", "site.py"]
                .iter()
                .all(|module| system.is_file(&folder.join(module)));
            if in_site {
                paths.site.push(folder);
            } else {
                paths.roots.push(folder);
            }
        }
        paths
    }
}

/// Which modules are static without saying so.
#[derive(Debug, Clone, Default)]
pub struct StaticPatterns {
    patterns: Vec<String>,
    set: GlobSet,
}

impl PartialEq for StaticPatterns {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for StaticPatterns {}

impl StaticPatterns {
    /// Patterns over dotted module names; `*` stands for any text, dots included.
    ///
    /// # Errors
    ///
    /// A sentence that says which pattern is malformed.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<StaticPatterns, String> {
        let patterns: Vec<String> = patterns.into_iter().collect();
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            let glob = Glob::new(pattern)
                .map_err(|error| format!("`{pattern}` is not a pattern: {}", error.kind()))?;
            builder.add(glob);
        }
        let set = builder.build().map_err(|error| error.to_string())?;
        Ok(StaticPatterns { patterns, set })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether the module called `name` is static by one of them.
    pub fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// These and more.
    ///
    /// # Errors
    ///
    /// As [`StaticPatterns::new`].
    pub fn with(&self, more: impl IntoIterator<Item = String>) -> Result<StaticPatterns, String> {
        StaticPatterns::new(self.patterns.iter().cloned().chain(more))
    }
}

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where modules are.
    pub search_paths: SearchPaths,
    /// The Python that the program runs on.
    pub python_version: PythonVersion,
    /// `sys.platform`.
    pub platform: String,
    /// Which unmarked modules are static.
    pub static_patterns: StaticPatterns,
    /// Levels of rules.
    pub rules: RuleLevels,
}

impl Default for Settings {
    fn default() -> Self {
        let platform = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            other => other,
        };
        Settings {
            search_paths: SearchPaths::default(),
            python_version: PythonVersion::PY313,
            platform: platform.to_owned(),
            static_patterns: StaticPatterns::default(),
            rules: RuleLevels::default(),
        }
    }
}

/// `[tool.keelback]` of a `pyproject.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    r#static: Vec<String>,
    rules: std::collections::BTreeMap<String, String>,
    python_version: Option<String>,
    platform: Option<String>,
    roots: Option<Vec<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
struct PyProject {
    #[serde(default)]
    tool: Tools,
}

#[derive(Debug, Default, Deserialize)]
struct Tools {
    keelback: Option<Table>,
}

impl Settings {
    /// The defaults changed by the `[tool.keelback]` table of the nearest `pyproject.toml` in `folder` or above it, if
    /// there is one. Its `roots`, relative to it, become search roots.
    ///
    /// # Errors
    ///
    /// Sentences that say what is wrong in the file; the settings are those without the wrong parts.
    pub fn discover(system: &dyn System, folder: &Path) -> (Settings, Vec<String>) {
        let mut settings = Settings::default();
        let mut problems = Vec::new();
        for folder in folder.ancestors() {
            let path = folder.join("pyproject.toml");
            if !system.is_file(&path) {
                continue;
            }
            let table = match system.read(&path) {
                Ok(bytes) => toml::from_str::<PyProject>(&String::from_utf8_lossy(&bytes)),
                Err(error) => {
                    problems.push(format!("{}: {error}", path.display()));
                    break;
                }
            };
            match table {
                Ok(PyProject {
                    tool:
                        Tools {
                            keelback: Some(table),
                        },
                }) => {
                    settings.apply(table, folder, &mut problems);
                }
                Ok(_) => {}
                Err(error) => problems.push(error.message().to_owned()),
            }
            for problem in &mut problems {
                *problem = format!("{}: {problem}", path.display());
            }
            break;
        }
        (settings, problems)
    }

    fn apply(&mut self, table: Table, folder: &Path, problems: &mut Vec<String>) {
        match StaticPatterns::new(table.r#static) {
            Ok(patterns) => self.static_patterns = patterns,
            Err(problem) => problems.push(problem),
        }
        for (name, level) in &table.rules {
            let result = level
                .parse::<Level>()
                .and_then(|level| self.rules.set_by_name(name, level));
            problems.extend(result.err());
        }
        if let Some(text) = table.python_version {
            match text.parse() {
                Ok(version) => self.python_version = version,
                Err(_) => problems.push(format!("`{text}` is not a Python version")),
            }
        }
        if let Some(platform) = table.platform {
            self.platform = platform;
        }
        if let Some(roots) = table.roots {
            self.search_paths.roots = roots.iter().map(|root| folder.join(root)).collect();
        }
    }
}
