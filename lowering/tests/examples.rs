//! Every static function of the example programs, through the builder and every level of the passes.
//!
//! `KEELBACK_DUMP=substring` prints the functions whose symbol contains it; `KEELBACK_EXAMPLES` names another folder of programs; `KEELBACK_ALL=1` takes every
//! module as static, as a pattern does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::db::Database;
use keelback_checker::index::module_index;
use keelback_checker::infer::check_function;
use keelback_checker::settings::{SearchPaths, Settings, StaticPatterns};
use keelback_checker::system::OsSystem;
use keelback_lowering::query::{DbCallees, lower_function};
use keelback_lowering::verify::{verify, verify_ownership};
use keelback_lowering::{binary, pipeline, text};

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
fn examples_lower_at_every_level() {
    let folder = std::env::var_os("KEELBACK_EXAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"),
        PathBuf::from,
    );
    let all = std::env::var_os("KEELBACK_ALL").is_some();
    let dump = std::env::var("KEELBACK_DUMP").ok();
    let Ok(programs) = std::fs::read_dir(folder) else {
        return;
    };
    let mut problems = Vec::new();
    let mut lowered = 0;
    for program in programs.flatten().filter(|p| p.path().is_dir()) {
        let root = program.path();
        let settings = Settings {
            search_paths: SearchPaths {
                roots: vec![root.clone()],
                site: vec![],
            },
            static_patterns: StaticPatterns::new(all.then(|| "*".to_owned())).expect("a pattern"),
            ..Settings::default()
        };
        let db = Database::new(Arc::new(OsSystem::new()), &settings);
        let mut files = Vec::new();
        sources(&root, &mut files);
        for path in files {
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            if !all && !source.contains("import __static__") {
                continue;
            }
            let file = db.os_file(&path);
            for name in module_index(&db, file).functions.keys() {
                // What the checker leaves to CPython is its own business.
                if check_function(&db, file, name).is_none_or(|c| c.body.is_err()) {
                    continue;
                }
                let shown = format!("{}:{name}", path.display());
                let result = lower_function(&db, file, name);
                let function = match &*result {
                    Ok(function) => function,
                    Err(unsupported) => {
                        problems.push(format!("{shown}: {}", unsupported.reason));
                        continue;
                    }
                };
                lowered += 1;
                if dump.as_ref().is_some_and(|d| shown.contains(d.as_str())) {
                    println!("{}", text::print(function));
                }
                for level in 0..=2 {
                    let mut function = function.clone();
                    pipeline::prepare(&mut function, level);
                    let callees = DbCallees::new(&db, file, level);
                    pipeline::finish(&mut function, level, &callees);
                    for errors in [verify(&function), verify_ownership(&function)] {
                        for error in errors.err().into_iter().flatten() {
                            problems.push(format!("{shown}, level {level}: {error}"));
                        }
                    }
                    let printed = text::print(&function);
                    assert_eq!(text::parse(&printed).as_ref(), Ok(&function), "{shown}");
                    assert_eq!(
                        binary::decode(&binary::encode(&function)).as_ref(),
                        Ok(&function),
                        "{shown}"
                    );
                    if level == 2 && dump.as_ref().is_some_and(|d| shown.contains(d.as_str())) {
                        println!("{printed}");
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("{lowered} functions lowered");
}
