use keelback_parser::PythonVersion;

use super::*;
use crate::db::Database;
use crate::settings::Settings;
use crate::symbols::table_of;
use crate::system::MemorySystem;

/// Every stub of the distribution says the same in parts as it does as a whole, wherever a program runs.
#[test]
fn parts_say_what_the_whole_says() {
    for (minor, platform) in [(12, "linux"), (14, "win32"), (16, "freebsd14")] {
        let settings = Settings {
            python_version: PythonVersion { major: 3, minor },
            platform: platform.to_owned(),
            ..Settings::default()
        };
        let db = Database::new(Arc::new(MemorySystem::new()), &settings);
        for path in typeshed::paths() {
            compare(&db, path);
        }
    }
}

fn compare(db: &Database, path: &str) {
    let file = Db::file(db, FilePath::Vendored(Arc::from(path)));
    let whole = Part {
        parsed: crate::files::parsed(db, file),
        index: module_index(db, file),
    };
    let table = crate::symbols::symbol_table(db, file);
    assert_eq!(table, &table_of(db, file, &whole), "{path}");
    let whole = whole.index;
    let described = |index: &ModuleIndex, name: &str| {
        let class = index.classes.get(name).map(|class| format!("{class:?}"));
        let function = index.functions.get(name);
        class.or_else(|| function.map(|function| format!("{function:?}")))
    };
    for name in whole.classes.keys().chain(whole.functions.keys()) {
        let part = part(db, file, name);
        assert_eq!(
            described(&part.index, name),
            described(&whole, name),
            "{path}: {name}"
        );
        assert!(part.parsed.is_valid(), "{path}: {name}");
    }
    for (name, bindings) in &whole.scope.bindings {
        let part = part(db, file, name);
        let found = format!("{:?}", part.index.scope.bindings[name]);
        assert_eq!(found, format!("{bindings:?}"), "{path}: {name}");
    }
}

#[test]
fn what_a_stub_does_not_bind_has_no_part() {
    let db = Database::new(Arc::new(MemorySystem::new()), &Settings::default());
    let file = Db::file(&db, FilePath::Vendored(Arc::from("stdlib/builtins.pyi")));
    let part = part(&db, file, "no_such_name");
    assert!(part.parsed.body().is_empty());
}

#[test]
fn names_of_one_statement_share_its_part() {
    let db = Database::new(Arc::new(MemorySystem::new()), &Settings::default());
    let file = Db::file(&db, FilePath::Vendored(Arc::from("stdlib/os/__init__.pyi")));
    let (fork, kill) = (part(&db, file, "fork"), part(&db, file, "kill"));
    let shared = fork.index.scope.bindings.contains_key("kill");
    assert_eq!(shared, Arc::ptr_eq(&fork.index, &kill.index));
}
