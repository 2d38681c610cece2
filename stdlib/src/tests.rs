use std::collections::BTreeSet;
use std::path::Path;

use super::{module, modules};

#[test]
fn every_python_file_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let mut found = BTreeSet::new();
    for package in ["__static__", "keelback"] {
        for entry in std::fs::read_dir(root.join(package)).expect("the package's folder") {
            let name = entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8");
            if name.ends_with(".py") {
                found.insert(format!("<keelback>/{package}/{name}"));
            }
        }
    }
    let listed: BTreeSet<String> = modules()
        .iter()
        .map(|module| module.path.to_string())
        .collect();
    assert_eq!(found, listed);
}

#[test]
fn names_follow_from_paths() {
    for module in modules() {
        let path = module
            .path
            .trim_start_matches("<keelback>/")
            .trim_end_matches(".py");
        let name = path.trim_end_matches("/__init__").replace('/', ".");
        assert_eq!(module.name, name);
        assert_eq!(module.is_package, path.ends_with("/__init__"));
    }
}

#[test]
fn modules_are_found_by_name() {
    assert!(module("__static__").is_some_and(|module| module.source.contains("__all__")));
    assert!(module("__static__.nothing").is_none());
}
