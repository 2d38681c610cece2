//! What a project says about itself: where its modules are, which Python runs it, which modules are static, which rules count.

use std::path::PathBuf;

use globset::{Glob, GlobSet, GlobSetBuilder};
use keelback_parser::PythonVersion;

use crate::rules::RuleLevels;
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
