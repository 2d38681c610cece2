//! Texts of files and their syntax trees.

use std::path::Path;
use std::sync::Arc;

use keelback_parser::{LineIndex, Marker, Parsed};

use crate::db::{Db, File, FilePath};
use crate::diagnostic::SourceFile;
use crate::kept::Kept;
use crate::system::{Status, System};

/// The text of a file, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The text. Of a file that is not UTF-8 it is what could be made of it, to be shown and not to be parsed.
    pub text: Text,
    /// Why the text cannot be used.
    pub error: Option<SourceError>,
}

/// A text that is cheap to clone.
#[derive(Clone)]
pub enum Text {
    /// Part of Keelback.
    Embedded(&'static str),
    /// Any other.
    Shared(Arc<str>),
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Text::Embedded(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Shared(Arc::from(text))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, f)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

/// Why a file's text cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// It could not be read.
    Io(String),
    /// It is not UTF-8 text.
    Decode(keelback_parser::DecodeError),
}

/// The text of `file`.
#[salsa::tracked(returns(clone))]
pub fn source_text(db: &dyn Db, file: File) -> Arc<Source> {
    // Read for the dependency: the text on disk is not an input, its revision is.
    let status = file.status(db);
    if let Some(text) = file.text_override(db) {
        return Arc::new(Source {
            text: Text::Shared(text),
            error: None,
        });
    }
    let failed = |error: SourceError| Source {
        text: Text::from(""),
        error: Some(error),
    };
    let source = match file.path(db) {
        FilePath::Vendored(path) => match crate::typeshed::text(path) {
            Some(text) => Source {
                text: Text::Embedded(text),
                error: None,
            },
            None => failed(SourceError::Io("no such stub".to_owned())),
        },
        FilePath::Os(_) if status == Status::Missing => {
            failed(SourceError::Io("no such file".to_owned()))
        }
        FilePath::Os(path) => match db.system().read(path) {
            Err(error) => failed(SourceError::Io(error.to_string())),
            Ok(bytes) => match keelback_parser::decode(&bytes) {
                Ok(text) => Source {
                    text: Text::from(&*text),
                    error: None,
                },
                Err(error) => Source {
                    text: Text::from(&*String::from_utf8_lossy(&bytes)),
                    error: Some(SourceError::Decode(error)),
                },
            },
        },
    };
    Arc::new(source)
}

/// What is at `path` among the stubs that are part of Keelback.
pub(crate) fn vendored_status(path: &str) -> Status {
    if crate::typeshed::text(path).is_some() {
        Status::File(0)
    } else if crate::typeshed::is_folder(path) {
        Status::Directory
    } else {
        Status::Missing
    }
}

/// An absolute path as people see it: relative to the current folder where it lies below it.
pub(crate) fn shown_path(system: &dyn System, path: &Path) -> String {
    let current = system.current_dir();
    path.strip_prefix(&current)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Path, text and lines of `file` for people.
#[salsa::tracked(returns(clone), no_eq)]
pub fn source_file(db: &dyn Db, file: File) -> Arc<SourceFile> {
    let source = source_text(db, file);
    let path = match file.path(db) {
        FilePath::Os(path) => shown_path(db.system(), path),
        vendored => vendored.to_string(),
    };
    Arc::new(SourceFile {
        path,
        lines: LineIndex::new(&source.text),
        text: source.text.clone(),
    })
}

/// The syntax tree of `file`; an empty one if the text cannot be used.
///
/// Trees hold positions and are not compared: whatever reads one is recomputed on every edit, so what other files read
/// must be a projection without positions.
pub fn parsed(db: &dyn Db, file: File) -> Arc<Parsed> {
    tree(db, file).get(|| parse(db, file))
}

#[salsa::tracked(returns(ref), no_eq, lru = 256)]
fn tree(db: &dyn Db, file: File) -> Kept<Parsed> {
    Kept::new(parse(db, file))
}

fn parse(db: &dyn Db, file: File) -> Parsed {
    let source = source_text(db, file);
    let text = if source.error.is_none() {
        &*source.text
    } else {
        ""
    };
    // Stubs may use syntax newer than the Python that runs the program.
    let version = if file.path(db).is_stub() {
        keelback_parser::PythonVersion::PY314
    } else {
        db.project().python_version(db)
    };
    keelback_parser::parse_module_for(text, version)
}

/// Lets go of the tree and the index of `file`, in a database that keeps none. Whoever asks for them again gets new ones.
pub(crate) fn forget_tree(db: &dyn Db, file: File) {
    if !db.keeps_trees() {
        tree(db, file).forget();
        crate::index::forget(db, file);
    }
}

/// Every file's tree is needed again and again: none is worth to be thrown out.
pub(crate) fn keep_all_trees(db: &mut dyn Db) {
    tree::set_lru_capacity(db, 0);
    crate::index::keep_all(db);
}

/// Why a module is static, or that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Staticness {
    /// It is not.
    Dynamic,
    /// It says `import __static__`.
    Marker,
    /// A pattern of the configuration names it: its classes keep CPython's layout.
    Pattern,
}

impl Staticness {
    /// Whether the module is compiled.
    pub fn is_static(self) -> bool {
        self != Staticness::Dynamic
    }
}

/// Whether `file` is a static module.
#[salsa::tracked(returns(copy))]
pub fn staticness(db: &dyn Db, file: File) -> Staticness {
    if file.path(db).is_stub() {
        return Staticness::Dynamic;
    }
    let source = source_text(db, file);
    if source.error.is_some() {
        return Staticness::Dynamic;
    }
    let found = declared_staticness(db, file, &source.text);
    if found.is_static() && parsed(db, file).is_too_deep() {
        // CPython may take it, and runs it then.
        return Staticness::Dynamic;
    }
    found
}

/// Whether `file` is a stub of a module that a pattern names: its declarations are checked like those of the module.
pub fn is_checked_stub(db: &dyn Db, file: File) -> bool {
    let patterns = db.project().static_patterns(db);
    file.path(db).is_stub()
        && !patterns.is_empty()
        && patterns.matches(&crate::resolve::module_name(db, file))
}

/// What the text and the configuration say.
fn declared_staticness(db: &dyn Db, file: File, text: &str) -> Staticness {
    if let Marker::Static(_) = keelback_parser::is_static_module(text) {
        return Staticness::Marker;
    }
    let patterns = db.project().static_patterns(db);
    if !patterns.is_empty() && patterns.matches(&crate::resolve::module_name(db, file)) {
        return Staticness::Pattern;
    }
    Staticness::Dynamic
}
