//! Which files a project has and where its modules are imported from, when no interpreter says so.
//!
//! The importer knows the real `sys.path`. A bare `keelback check` and the language server do not: they take what the files
//! themselves show. The folder above a file's outermost package is where the program that holds it imports from.

use std::io;
use std::path::{Path, PathBuf};

use keelback_parser::PythonVersion;

use crate::config::{self, Config};
use crate::diagnostic::Located;
use crate::settings::{SearchPaths, Settings};
use crate::system::{Status, System};

/// What marks a folder as a virtual environment, and says which Python it is of.
const ENVIRONMENT_FILE: &str = "pyvenv.cfg";

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

/// The folders in which [`python_files`] looks for files: that of a file, or a folder and those below it. Of a path at which there is nothing it is
/// the folder in which it would be.
pub fn folders(system: &dyn System, path: &Path) -> Vec<PathBuf> {
    let path = system.absolute(path);
    if !system.is_dir(&path) {
        return path.parent().map(Path::to_path_buf).into_iter().collect();
    }
    let mut found = vec![path];
    let mut next = 0;
    while let Some(folder) = found.get(next) {
        let below = system.list(folder).unwrap_or_default();
        found.extend(below.into_iter().filter(|entry| {
            let name = entry.file_name().and_then(|name| name.to_str());
            system.is_dir(entry) && !is_skipped(system, entry, name.unwrap_or(""))
        }));
        next += 1;
    }
    found
}

fn is_skipped(system: &dyn System, folder: &Path, name: &str) -> bool {
    name.starts_with('.')
        || matches!(name, "__pycache__" | "node_modules" | "site-packages")
        || system.is_file(&folder.join(ENVIRONMENT_FILE))
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

/// The settings for checking `files` of the project in `folder`, by the configuration that is found from there: see [`configured`].
/// And what is wrong with the configuration.
pub fn settings(system: &dyn System, folder: &Path, files: &[PathBuf]) -> (Settings, Vec<Located>) {
    let config = Config::discover(system, folder);
    let settings = configured(system, &config, folder, files);
    (settings, config.problems)
}

/// The settings for checking `files` of the project in `folder`: those of its configuration; as search roots the configured
/// folders, the files' import roots, the project's folder and its `src`; and the packages of its virtual environment, whose Python it is
/// if the configuration names none.
pub fn configured(
    system: &dyn System,
    config: &Config,
    folder: &Path,
    files: &[PathBuf],
) -> Settings {
    let mut settings = Settings::default();
    let project = project_folder(system, folder);
    let named = config.environment(system);
    let environment = named.unwrap_or_else(|| {
        system
            .var("VIRTUAL_ENV")
            .map_or_else(|| project.join(".venv"), PathBuf::from)
    });
    if let Some(version) = environment_version(system, &environment) {
        settings.python_version = version;
    }
    config.apply(&mut settings);
    let mut folders: Vec<PathBuf> = files
        .iter()
        .filter_map(|f| f.parent().map(Path::to_path_buf))
        .collect();
    folders.sort();
    folders.dedup();
    for file in folders.iter().map(|folder| folder.join("__init__.py")) {
        add_root(&mut settings.search_paths, import_root(system, &file));
    }
    for root in [project.join("src"), project.clone()] {
        if system.is_dir(&root) {
            add_root(&mut settings.search_paths, root);
        }
    }
    // What is no virtual environment is looked at only if it was asked for: another `.venv` may be anything.
    if config.python.is_some() || system.is_file(&environment.join(ENVIRONMENT_FILE)) {
        let site = site_packages(system, &environment);
        settings.search_paths.site.extend(site);
    }
    settings
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
        .find(|candidate| system.is_file(&candidate.join(config::FILE_NAME)))
        .map_or_else(
            || import_root(system, &folder.join("__init__.py")),
            Path::to_path_buf,
        )
}

/// The package folders of a virtual environment or an installation.
fn site_packages(system: &dyn System, environment: &Path) -> Vec<PathBuf> {
    let versions = system.list(&environment.join("lib")).unwrap_or_default();
    versions
        .into_iter()
        .map(|version| version.join("site-packages"))
        .filter(|folder| system.is_dir(folder))
        .collect()
}

/// The version of Python in a virtual environment.
fn environment_version(system: &dyn System, environment: &Path) -> Option<PythonVersion> {
    let bytes = system.read(&environment.join(ENVIRONMENT_FILE)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "version" | "version_info").then_some(value.trim())
    })?;
    let mut parts = value.split('.').map(str::parse::<u8>);
    match (parts.next()?, parts.next()?) {
        (Ok(major), Ok(minor)) => Some(PythonVersion { major, minor }),
        _ => None,
    }
}
