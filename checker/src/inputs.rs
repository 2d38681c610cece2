//! The inputs and interned keys of the database.
#![allow(
    missing_docs,
    reason = "salsa's macros write constructors and setters without documentation"
)]

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::rules::RuleLevels;
use crate::settings::StaticPatterns;
use crate::system::Status;
use crate::types::Name;

/// Where a file's text comes from. Two paths are equal when they name the same text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FilePath {
    /// An absolute path of the [`System`](crate::system::System).
    Os(Arc<Path>),
    /// A stub that is part of Keelback: `stdlib/os/path.pyi` for typeshed's, `keelback/__static__.pyi` for our own.
    Vendored(Arc<str>),
}

impl FilePath {
    /// The file's name without folders.
    pub fn file_name(&self) -> &str {
        match self {
            FilePath::Os(path) => path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(""),
            FilePath::Vendored(path) => path.rsplit('/').next().unwrap_or(path),
        }
    }

    /// Whether it is a stub.
    pub fn is_stub(&self) -> bool {
        self.file_name().ends_with(".pyi")
    }

    /// Whether it is the `__init__` of a package.
    pub fn is_package(&self) -> bool {
        matches!(self.file_name(), "__init__.py" | "__init__.pyi")
    }

    /// The path in the [`System`](crate::system::System), if it is there.
    pub fn as_os(&self) -> Option<&Path> {
        match self {
            FilePath::Os(path) => Some(path),
            FilePath::Vendored(_) => None,
        }
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilePath::Os(path) => write!(f, "{}", path.display()),
            FilePath::Vendored(path) => write!(f, "<keelback>/{path}"),
        }
    }
}

/// A path that something was asked about. See the module's documentation.
#[salsa::input(debug)]
#[derive(PartialOrd, Ord)]
pub struct File {
    /// Its path.
    #[returns(ref)]
    pub path: FilePath,
    /// What is there now.
    #[returns(copy)]
    pub status: Status,
    /// The text to use instead of the one on disk: an editor's, or that of a file that is nowhere.
    #[returns(clone)]
    pub text_override: Option<Arc<str>>,
    /// The name under which the interpreter imports it, when it is known better than from the path: `__main__`, or a module that an
    /// import hook found.
    #[returns(clone)]
    pub name_override: Option<Name>,
}

/// Settings that queries depend on, one field for each thing that can change alone.
#[salsa::input(singleton)]
pub struct Project {
    /// Folders in which modules are looked up.
    #[returns(ref)]
    pub search_paths: Arc<crate::settings::SearchPaths>,
    /// The Python that the program runs on.
    #[returns(copy)]
    pub python_version: keelback_parser::PythonVersion,
    /// `sys.platform`.
    #[returns(clone)]
    pub platform: Name,
    /// Which unmarked modules are static.
    #[returns(ref)]
    pub static_patterns: Arc<StaticPatterns>,
    /// Levels of rules.
    #[returns(ref)]
    pub rules: Arc<RuleLevels>,
}

/// A function or a class: its file and its qualified name there (without `<locals>` parts).
///
/// It keeps its identity when the file is edited, so it keys the queries about one definition. Like the names in it, it is never forgotten: so
/// that reading one is no dependency.
#[salsa::interned(debug, revisions = usize::MAX)]
pub struct Definition<'db> {
    /// Where it is defined.
    #[returns(copy)]
    pub file: File,
    /// The qualified name.
    #[returns(ref)]
    pub qualname: Name,
}

/// A module by its full dotted name, wherever it may be. Never forgotten either.
#[salsa::interned(debug, revisions = usize::MAX)]
pub struct ModuleName<'db> {
    /// The name.
    #[returns(ref)]
    pub name: Name,
}

/// A few functions of a file that follow each other, which are checked together.
#[salsa::interned(debug, revisions = usize::MAX)]
pub struct FunctionGroup<'db> {
    /// Where they are defined.
    #[returns(copy)]
    pub file: File,
    /// Which of the file's groups it is, in order.
    #[returns(copy)]
    pub number: usize,
}
