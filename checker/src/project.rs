//! Which files a project has and where its modules are imported from, when no interpreter says so.
//!
//! The importer knows the real `sys.path`. A bare `keelback check` and the language server do not: they take what the files
//! themselves show. The folder above a file's outermost package is where the program that holds it imports from.

use std::io;
use std::path::{Path, PathBuf};

use crate::settings::{SearchPaths, Settings};
use crate::system::{Status, System};

/// The Python files at `path`: the file itself, whatever it is called, or every `.py` file below the folder, sorted.
///
/// Hidden folders, caches and virtual environments are left out.
///
/// # Errors
///
/// When there is nothing at `path`, or a folder cannot be listed.
pub fn python_files(system: &dyn System, path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = system.absolute(path);
    match system.status(&path) {
        Status::File(_) => Ok(vec![path]),
        Status::Missing => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "no such file or folder",
        )),
        Status::Directory => {
            let mut found = Vec::new();
            collect(system, &path, &mut found)?;
            Ok(found)
        }
    }
}

fn collect(system: &dyn System, folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in system.list(folder)? {
        let name = entry
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        match system.status(&entry) {
            Status::File(_) if name.ends_with(".py") => found.push(entry),
            Status::Directory if !is_skipped(system, &entry, name) => {
                collect(system, &entry, found)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_skipped(system: &dyn System, folder: &Path, name: &str) -> bool {
    name.starts_with('.')
        || matches!(name, "__pycache__" | "node_modules" | "site-packages")
        || system.is_file(&folder.join("pyvenv.cfg"))
        || system.is_file(&folder.join("CACHEDIR.TAG"))
}

/// The folder from which the module in `file` is imported: the nearest one above it that is not a package.
pub fn import_root(system: &dyn System, file: &Path) -> PathBuf {
    let mut folder = file.parent().unwrap_or(file);
    while system.is_file(&folder.join("__init__.py")) {
        match folder.parent() {
            Some(parent) => folder = parent,
            None => break,
        }
    }
    folder.to_path_buf()
}

/// The settings for checking `files` of the project in `folder`: those of its `pyproject.toml`; as search roots the configured
/// ones, the files' import roots, the project's folder and its `src`; and the packages of its virtual environment.
///
/// # Errors
///
/// Sentences that say what is wrong in `pyproject.toml`; the settings are those without the wrong parts.
pub fn settings(system: &dyn System, folder: &Path, files: &[PathBuf]) -> (Settings, Vec<String>) {
    let (mut settings, problems) = Settings::discover(system, folder);
    let mut folders: Vec<PathBuf> = files
        .iter()
        .filter_map(|f| f.parent().map(Path::to_path_buf))
        .collect();
    folders.sort();
    folders.dedup();
    for file in folders.iter().map(|folder| folder.join("__init__.py")) {
        add_root(&mut settings.search_paths, import_root(system, &file));
    }
    let project = project_folder(system, folder);
    for root in [project.join("src"), project.clone()] {
        if system.is_dir(&root) {
            add_root(&mut settings.search_paths, root);
        }
    }
    let environment = system
        .var("VIRTUAL_ENV")
        .map(PathBuf::from)
        .unwrap_or_else(|| project.join(".venv"));
    settings
        .search_paths
        .site
        .extend(site_packages(system, &environment));
    (settings, problems)
}

fn add_root(paths: &mut SearchPaths, root: PathBuf) {
    if !paths.roots.contains(&root) {
        paths.roots.push(root);
    }
}

/// The nearest folder from `folder` upwards with a `pyproject.toml`, or else the nearest one that is not a package.
fn project_folder(system: &dyn System, folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find(|candidate| system.is_file(&candidate.join("pyproject.toml")))
        .map_or_else(
            || import_root(system, &folder.join("__init__.py")),
            Path::to_path_buf,
        )
}

/// The package folders of a virtual environment.
fn site_packages(system: &dyn System, environment: &Path) -> Vec<PathBuf> {
    if !system.is_file(&environment.join("pyvenv.cfg")) {
        return Vec::new();
    }
    let versions = system.list(&environment.join("lib")).unwrap_or_default();
    versions
        .into_iter()
        .map(|version| version.join("site-packages"))
        .filter(|folder| system.is_dir(folder))
        .collect()
}
