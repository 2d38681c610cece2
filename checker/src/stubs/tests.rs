use super::*;
use crate::db::Database;
use crate::settings::Settings;
use crate::system::MemorySystem;

#[test]
fn gaps_are_found() {
    let gaps = |ranges: &[Range<usize>]| format!("{:?}", between(10, ranges.iter()));
    assert_eq!(gaps(&[]), "[0..10]");
    assert_eq!(gaps(&[0..3, 3..5]), "[5..10]");
    assert_eq!(gaps(&[2..3, 5..10]), "[0..2, 3..5]");
}

/// Every stub of the distribution says the same in parts as it does as a whole.
#[test]
fn parts_say_what_the_whole_says() {
    let db = Database::new(Arc::new(MemorySystem::new()), &Settings::default());
    let (mut separate, mut all) = (0, 0);
    for path in typeshed::paths() {
        let file = Db::file(&db, FilePath::Vendored(Arc::from(path)));
        let whole = module_index(&db, file);
        let remainder = remainder(&db, file);
        separate += remainder.definitions.len();
        let described = |index: &ModuleIndex, name: &str| {
            let class = index.classes.get(name).map(|class| format!("{class:?}"));
            let function = index.functions.get(name);
            class.or_else(|| function.map(|function| format!("{function:?}")))
        };
        for name in whole.classes.keys().chain(whole.functions.keys()) {
            let part = part(&db, file, name);
            assert_eq!(
                described(&part.index, name),
                described(&whole, name),
                "{path}: {name}"
            );
            assert!(part.parsed.is_valid(), "{path}: {name}");
            all += usize::from(!name.contains('.'));
        }
        for (name, bindings) in &whole.scope.bindings {
            let part = part(&db, file, name);
            let found = format!("{:?}", part.index.scope.bindings[name]);
            assert_eq!(found, format!("{bindings:?}"), "{path}: {name}");
        }
        let table = crate::symbols::symbol_table(&db, file);
        assert_eq!(table.names.len(), whole.scope.bindings.len(), "{path}");
        assert_eq!(table.classes.len(), whole.classes.len(), "{path}");
    }
    assert!(separate * 10 > all * 8, "{separate} of {all}");
}
