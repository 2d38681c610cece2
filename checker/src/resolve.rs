//! Module names to files and back.
//!
//! A name is looked up in the program's roots, then among the stubs for the standard library, then along the rest of the
//! interpreter's path. Beside a static module its own stub is not looked at: what it says itself is what is compiled.

use std::path::Path;
use std::sync::Arc;

use keelback_parser::PythonVersion;

use crate::db::{Db, File, FilePath, ModuleName};
use crate::system::Status;
use crate::types::Name;

/// What a module name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// A module in a file.
    File(File),
    /// A folder without `__init__`: it has submodules and nothing else.
    Namespace,
    /// Nothing that is found.
    Missing,
}

/// The file of the module called `name`, if there is one.
pub fn resolve_module(db: &dyn Db, name: &Name) -> Option<File> {
    match resolve(db, name) {
        Resolution::File(file) => Some(file),
        Resolution::Namespace | Resolution::Missing => None,
    }
}

/// What `name` stands for.
pub fn resolve(db: &dyn Db, name: &Name) -> Resolution {
    resolve_query(db, ModuleName::new(db, *name))
}

#[salsa::tracked(returns(copy))]
fn resolve_query<'db>(db: &'db dyn Db, module: ModuleName<'db>) -> Resolution {
    let name = module.name(db);
    let parts: Vec<&str> = name.split('.').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Resolution::Missing;
    }
    if &**name == "__static__" {
        let path = FilePath::Vendored(Arc::from("keelback/__static__.pyi"));
        return Resolution::File(db.file(path));
    }
    let project = db.project();
    let paths = project.search_paths(db);
    let mut namespace = false;
    for root in &paths.roots {
        match in_folder(db, root, &parts) {
            Some(Resolution::Namespace) => namespace = true,
            Some(found) => return found,
            None => {}
        }
    }
    if let Some(file) = in_typeshed(db, name, project.python_version(db)) {
        return Resolution::File(file);
    }
    for folder in &paths.site {
        let mut stubs = parts.clone();
        let top = format!("{}-stubs", parts[0]);
        stubs[0] = &top;
        for parts in [&stubs, &parts] {
            match in_folder(db, folder, parts) {
                Some(Resolution::Namespace) => namespace = true,
                Some(found) => return found,
                None => {}
            }
        }
    }
    if namespace {
        Resolution::Namespace
    } else {
        Resolution::Missing
    }
}

fn os_file(db: &dyn Db, path: &Path) -> Option<File> {
    let file = db.file(FilePath::Os(Arc::from(path)));
    let found = matches!(file.status(db), Status::File(_)) || file.text_override(db).is_some();
    found.then_some(file)
}

fn is_dir(db: &dyn Db, path: &Path) -> bool {
    db.file(FilePath::Os(Arc::from(path))).status(db) == Status::Directory
}

/// Looks for the module below one search path. `Missing` when the path has the package, but not the submodule, so that
/// later paths must not be looked at.
fn in_folder(db: &dyn Db, root: &Path, parts: &[&str]) -> Option<Resolution> {
    let (last, packages) = parts.split_last()?;
    let mut folder = root.to_path_buf();
    let mut in_package = false;
    for package in packages {
        folder.push(package);
        in_package |= source_or_stub(db, &folder, "__init__").is_some();
        if !is_dir(db, &folder) {
            return in_package.then_some(Resolution::Missing);
        }
    }
    let package = folder.join(last);
    if let Some(file) = source_or_stub(db, &package, "__init__") {
        return Some(Resolution::File(file));
    }
    if let Some(file) = source_or_stub(db, &folder, last) {
        return Some(Resolution::File(file));
    }
    if is_dir(db, &package) {
        return Some(Resolution::Namespace);
    }
    in_package.then_some(Resolution::Missing)
}

/// `stem.py` or `stem.pyi`: the stub when there are both, unless the source is static.
fn source_or_stub(db: &dyn Db, folder: &Path, stem: &str) -> Option<File> {
    let source = os_file(db, &folder.join(format!("{stem}.py")));
    let stub = os_file(db, &folder.join(format!("{stem}.pyi")));
    match (source, stub) {
        (Some(source), Some(stub)) => {
            let text = crate::files::source_text(db, source);
            let is_static = keelback_parser::is_static_module(&text.text).is_static();
            Some(if is_static { source } else { stub })
        }
        (source, stub) => source.or(stub),
    }
}

fn in_typeshed(db: &dyn Db, name: &str, version: PythonVersion) -> Option<File> {
    // A submodule that is not listed lives as long as its parent.
    let mut listed = name;
    let is_there = loop {
        if let Some(is_there) = crate::typeshed::has_module(listed, version) {
            break is_there;
        }
        listed = listed.rsplit_once('.')?.0;
    };
    if !is_there {
        return None;
    }
    let base = format!("stdlib/{}", name.replace('.', "/"));
    [format!("{base}/__init__.pyi"), format!("{base}.pyi")]
        .into_iter()
        .map(|path| db.file(FilePath::Vendored(Arc::from(path))))
        .find(|file| matches!(file.status(db), Status::File(_)))
}

/// The full dotted name of the module in `file`: its path below the innermost search path that holds it, or its own name
/// when none does.
#[salsa::tracked(returns(copy))]
pub fn module_name(db: &dyn Db, file: File) -> Name {
    let dotted = |relative: &str| {
        let stem = relative.rsplit_once('.').map_or(relative, |(stem, _)| stem);
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        Name::new(stem.replace(['/', '\\'], "."))
    };
    if let Some(name) = file.name_override(db) {
        return name;
    }
    match file.path(db) {
        FilePath::Vendored(path) => dotted(path.split_once('/').map_or(path, |(_, rest)| rest)),
        FilePath::Os(path) => {
            let paths = db.project().search_paths(db);
            let relative = paths
                .roots
                .iter()
                .chain(&paths.site)
                .filter_map(|root| path.strip_prefix(root).ok())
                .min_by_key(|relative| relative.components().count());
            let text = match relative.and_then(Path::to_str) {
                Some(text) if text != "__init__.py" => text.to_owned(),
                _ => file.path(db).file_name().to_owned(),
            };
            let text = match text.split_once('/') {
                Some((top, rest)) if top.ends_with("-stubs") => {
                    format!("{}/{rest}", top.trim_end_matches("-stubs"))
                }
                _ => text,
            };
            dotted(&text)
        }
    }
}

/// The file of module `name` as seen from `from`: a file finds itself even where no search path leads to it.
pub fn resolve_from(db: &dyn Db, from: File, name: &Name) -> Option<File> {
    if module_name(db, from) == *name {
        return Some(from);
    }
    resolve_module(db, name)
}

/// The absolute name that `from <dots><module> import …` means in `file`; `None` when there are more dots than packages.
pub fn absolute_import(db: &dyn Db, file: File, level: u32, module: Option<&str>) -> Option<Name> {
    if level == 0 {
        return module.map(Name::new);
    }
    let own = module_name(db, file);
    let mut package: &str = &own;
    let up = if file.path(db).is_package() {
        level - 1
    } else {
        level
    };
    for _ in 0..up {
        package = package.rsplit_once('.')?.0;
    }
    Some(match module {
        Some(module) => Name::new(format!("{package}.{module}")),
        None => Name::new(package),
    })
}
