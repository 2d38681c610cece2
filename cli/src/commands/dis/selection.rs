//! Which functions to show, and what the checker knows of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::{Located, SourceFile};
use keelback_checker::files::source_file;
use keelback_checker::infer::{CheckedFunction, check_function, functions};
use keelback_checker::interface::{ClassInterface, FunctionInterface};
use keelback_checker::render::{Format, render};
use keelback_checker::rules::Level;
use keelback_checker::system::{OsSystem, System};
use keelback_checker::tree::Fallback;
use keelback_checker::types::{Name, Symbol};
use keelback_checker::{check, classes, project, signatures};
use keelback_lowering::build::Interfaces;
use keelback_lowering::query::DbCallees;

/// A path, and what is named behind its last colon. A file whose own name has a colon is found too.
pub(super) fn split_target(target: &str) -> (PathBuf, Option<&str>) {
    match target.rsplit_once(':') {
        Some((path, qualname))
            if !Path::new(target).exists() && !qualname.contains(['/', '\\']) =>
        {
            (PathBuf::from(path), Some(qualname))
        }
        _ => (PathBuf::from(target), None),
    }
}

/// A file in a database of its own, and the name that was asked for.
pub(crate) struct Selection {
    db: Database,
    file: File,
    qualname: Option<String>,
}

impl Selection {
    /// Of the file at `path`: the function `qualname`, or the functions in the class `qualname`, or all.
    pub(super) fn new(path: &Path, qualname: Option<&str>) -> Selection {
        let system = Arc::new(OsSystem::new());
        let path = system.absolute(path);
        let folder = path.parent().unwrap_or(&path);
        // What the configuration gets wrong is reported by `check`.
        let (settings, _) = project::settings(&*system, folder, std::slice::from_ref(&path));
        let db = Database::fixed(system, &settings);
        let file = db.os_file(&path);
        Selection::of(db, file, qualname.map(str::to_owned))
    }

    /// Of a file that a database knows.
    pub(crate) fn of(db: Database, file: File, qualname: Option<String>) -> Selection {
        Selection { db, file, qualname }
    }

    /// The selected functions, in the order of the text.
    pub(super) fn functions(&self) -> Vec<Name> {
        let mut found = functions(&self.db, self.file);
        if let Some(wanted) = &self.qualname {
            found.retain(|name| {
                let rest = name.strip_prefix(&**wanted);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
        }
        found
    }

    /// The errors of the file, one a line, as comments: a function with errors has no code.
    pub(super) fn findings(&self) -> String {
        let found = check::check_file(&self.db, self.file);
        let errors: Vec<Located> = found
            .iter()
            .filter(|diagnostic| diagnostic.severity == Level::Error)
            .map(|diagnostic| Located::new(&self.db, diagnostic))
            .collect();
        render(&errors, Format::Concise, false)
            .lines()
            .map(|line| format!("; {line}\n"))
            .collect()
    }

    /// What the checker knows of a function.
    pub(super) fn checked(&self, name: &Name) -> Option<Arc<CheckedFunction>> {
        check_function(&self.db, self.file, name)
    }

    /// The bodies that may go into its functions.
    pub(super) fn callees(&self, level: u8) -> DbCallees<'_> {
        DbCallees::new(&self.db, self.file, level)
    }

    /// The file's text and lines.
    pub(super) fn source(&self) -> Arc<SourceFile> {
        source_file(&self.db, self.file)
    }

    /// What is said in place of a function that is left to CPython.
    pub(super) fn left(&self, name: &Name, fallback: &Fallback) -> String {
        let source = self.source();
        let line = source.lines.line(fallback.span.start());
        let text = source.lines.line_text(&source.text, line).trim();
        format!(
            "; {name} is run by CPython, because of {}\n; {line}: {text}\n",
            fallback.reason
        )
    }
}

impl Interfaces for Selection {
    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        signatures::function_interface(&self.db, self.file, symbol)
    }

    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
        classes::class_interface(&self.db, self.file, symbol)
    }
}
