//! The example programs: no errors, and every function that matters is compiled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::diagnostic::Located;
use keelback_checker::infer::{check_function, explain};
use keelback_checker::rules::Level;
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::system::OsSystem;

fn examples() -> PathBuf {
    match std::env::var_os("KEELBACK_EXAMPLES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"),
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "py") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn examples_have_no_errors_and_are_compiled() {
    let mut problems = Vec::new();
    let verbose = std::env::var_os("KEELBACK_VERBOSE").is_some();
    let Ok(programs) = std::fs::read_dir(examples()) else {
        return;
    };
    for program in programs.flatten().filter(|p| p.path().is_dir()) {
        let root = program.path();
        let settings = Settings {
            search_paths: SearchPaths {
                roots: vec![root.clone()],
                site: vec![],
            },
            ..Settings::default()
        };
        let db = Database::new(Arc::new(OsSystem::new()), &settings);
        let mut files = Vec::new();
        sources(&root, &mut files);
        for path in files {
            let file = db.os_file(&path);
            let shown = path
                .strip_prefix(examples())
                .unwrap_or(&path)
                .display()
                .to_string();
            for found in check_file(&db, file).iter() {
                let found = Located::new(&db, found);
                let line = format!(
                    "{shown}:{}: {} {}",
                    found.primary.place.start().line,
                    found.rule,
                    found.message
                );
                if found.severity == Level::Error {
                    problems.push(line);
                } else if verbose {
                    println!("{line}");
                }
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if !text.contains("import __static__") {
                continue;
            }
            for explanation in explain(&db, file) {
                if let Some(fallback) = explanation.fallback {
                    println!(
                        "{shown}: {} is left to CPython: {}",
                        explanation.function.qualname, fallback.reason
                    );
                } else if verbose {
                    let checked = check_function(&db, file, &explanation.function.qualname);
                    if let Some(Ok(body)) = checked.as_ref().map(|c| c.body.as_ref()) {
                        println!("{}", keelback_checker::tree_text::print(body, Some(&text)));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
