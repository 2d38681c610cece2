//! The files of the workspace that people write.

use std::path::{Path, PathBuf};

/// A text file.
pub struct Source {
    /// Path from the workspace's root, with `/`.
    pub path: String,
    /// Content.
    pub text: String,
}

const EXTENSIONS: &[&str] = &["rs", "py", "pyi", "md", "toml", "sh", "ts", "lua"];

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
        .to_path_buf()
}

/// Every source file and document, sorted.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort_by(|left: &Source, right: &Source| left.path.cmp(&right.path));
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder of the workspace")
        .flatten()
    {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            let skipped = ["target", ".git", "__pycache__", "node_modules"].contains(&&*name)
                || path.join("pyvenv.cfg").exists();
            if !skipped {
                walk(&path, found);
            }
        } else if path
            .extension()
            .is_some_and(|e| EXTENSIONS.iter().any(|known| e == *known))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let path = path
                .strip_prefix(root())
                .expect("it was found below the root")
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

/// The content of a file of the workspace.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the folders directly in the root.
pub fn top_folders() -> Vec<String> {
    std::fs::read_dir(root())
        .expect("the root")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // What a build leaves is there or not, and in the tree never.
        .filter(|name| name != "target")
        .collect()
}

/// The root files of the workspace's crates.
pub fn crate_roots() -> Vec<String> {
    let mut roots = Vec::new();
    for folder in top_folders() {
        if root().join(&folder).join("Cargo.toml").exists() {
            for file in ["src/lib.rs", "src/main.rs", "src/extension.rs"] {
                let path = format!("{folder}/{file}");
                if root().join(&path).exists() {
                    roots.push(path);
                }
            }
        }
    }
    roots.sort();
    roots
}
