//! Files and import roots of a project, found in memory.

use std::path::{Path, PathBuf};

use keelback_checker::project::{import_root, python_files, settings};
use keelback_checker::system::MemorySystem;

fn system(files: &[&str]) -> MemorySystem {
    let system = MemorySystem::new();
    for file in files {
        system.write(file, "");
    }
    system
}

#[test]
fn caches_and_environments_are_not_part_of_a_project() {
    let system = system(&[
        "/p/a.py",
        "/p/b/c.py",
        "/p/b/data.txt",
        "/p/.git/hook.py",
        "/p/__pycache__/x.py",
        "/p/venv/pyvenv.cfg",
        "/p/venv/lib/y.py",
    ]);
    let found = python_files(&system, Path::new("/p")).expect("it is there");
    assert_eq!(
        found,
        [PathBuf::from("/p/a.py"), PathBuf::from("/p/b/c.py")]
    );
    assert!(python_files(&system, Path::new("/q")).is_err());
}

#[test]
fn the_import_root_is_above_the_outermost_package() {
    let system = system(&[
        "/p/pkg/__init__.py",
        "/p/pkg/sub/__init__.py",
        "/p/pkg/sub/m.py",
        "/p/main.py",
    ]);
    assert_eq!(
        import_root(&system, Path::new("/p/pkg/sub/m.py")),
        Path::new("/p")
    );
    assert_eq!(
        import_root(&system, Path::new("/p/main.py")),
        Path::new("/p")
    );
}

#[test]
fn roots_come_from_the_files_and_packages_from_the_environment() {
    let system = system(&[
        "/p/pyproject.toml",
        "/p/src/pkg/__init__.py",
        "/p/tools/t.py",
        "/p/.venv/pyvenv.cfg",
        "/p/.venv/lib/python3.12/site-packages/other.py",
    ]);
    let files = [
        PathBuf::from("/p/src/pkg/__init__.py"),
        PathBuf::from("/p/tools/t.py"),
    ];
    let (settings, problems) = settings(&system, Path::new("/p/tools"), &files);
    assert!(problems.is_empty());
    assert_eq!(
        settings.search_paths.roots,
        ["/p/src", "/p/tools", "/p"].map(PathBuf::from)
    );
    assert_eq!(
        settings.search_paths.site,
        [PathBuf::from("/p/.venv/lib/python3.12/site-packages")]
    );
}

#[test]
fn a_package_is_not_a_root() {
    let system = system(&["/p/pkg/__init__.py", "/p/pkg/m.py"]);
    let (settings, _) = settings(
        &system,
        Path::new("/p/pkg"),
        &[PathBuf::from("/p/pkg/m.py")],
    );
    assert_eq!(settings.search_paths.roots, [PathBuf::from("/p")]);
}
