use keelback_parser::PythonVersion;

use super::{Fact, Kind, facts, has_module, is_folder, lines, paths, text};
use crate::reach::Environment;
use crate::types::Name;

const BUILTINS: &str = "stdlib/builtins.pyi";

fn on(minor: u8, platform: &str) -> Environment {
    Environment {
        python_version: PythonVersion { major: 3, minor },
        platform: Name::new(platform),
    }
}

fn about(path: &str, environment: &Environment, name: &str) -> Vec<Fact> {
    facts(path, environment)
        .filter(|fact| fact.name == name)
        .collect()
}

#[test]
fn the_stubs_are_there() {
    assert!(paths().count() > 500);
    assert!(text(BUILTINS).is_some_and(|text| text.contains("class int")));
    assert!(text("keelback/__static__.pyi").is_some());
    assert!(text("stdlib/nothing.pyi").is_none());
    assert!(is_folder("stdlib/os") && is_folder("stdlib"));
    assert!(!is_folder("stdlib/o") && !is_folder("stdlib/builtins.pyi"));
}

#[test]
fn outlines_say_what_names_are_and_where() {
    let [int] = about(BUILTINS, &on(12, "linux"), "int")[..] else {
        panic!("`int` is defined once");
    };
    assert_eq!(int.kind, Kind::Class);
    let lines = lines(BUILTINS, int.chunk);
    let text = &text(BUILTINS).unwrap()[lines];
    assert!(text.starts_with("@disjoint_base\nclass int:\n"), "{text}");
    assert!(text.ends_with('\n'), "{text}");
    let sorted = about(BUILTINS, &on(12, "linux"), "sorted");
    assert!(sorted.len() > 1 && sorted.iter().all(|fact| fact.is_overload));
}

#[test]
fn facts_hold_where_their_conditions_do() {
    let has = |path: &str, minor: u8, platform: &str, name: &str| {
        !about(path, &on(minor, platform), name).is_empty()
    };
    assert!(has(BUILTINS, 13, "linux", "PythonFinalizationError"));
    assert!(!has(BUILTINS, 12, "linux", "PythonFinalizationError"));
    assert!(has("stdlib/os/__init__.pyi", 12, "linux", "fork"));
    assert!(has("stdlib/os/__init__.pyi", 12, "plan9", "fork"));
    assert!(!has("stdlib/os/__init__.pyi", 12, "win32", "fork"));
}

#[test]
fn versions_are_respected() {
    assert_eq!(has_module("os", PythonVersion::PY312), Some(true));
    assert_eq!(has_module("asyncore", PythonVersion::PY311), Some(true));
    assert_eq!(has_module("asyncore", PythonVersion::PY312), Some(false));
    assert_eq!(has_module("tomllib", PythonVersion::PY310), Some(false));
    assert_eq!(has_module("os.path", PythonVersion::PY312), None);
}
