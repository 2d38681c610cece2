//! Files, module names, and what an edit recomputes.

use std::path::PathBuf;
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, Db, File, query_was_run};
use keelback_checker::files::{Staticness, parsed, staticness};
use keelback_checker::index::{BindingKind, module_index};
use keelback_checker::interface::FunctionKind;
use keelback_checker::resolve::{Resolution, module_name, resolve, resolve_module};
use keelback_checker::settings::{SearchPaths, Settings, StaticPatterns};
use keelback_checker::system::{MemorySystem, Status, System};
use keelback_checker::types::Name;
use keelback_parser::PythonVersion;

fn settings() -> Settings {
    Settings {
        search_paths: SearchPaths {
            roots: vec![PathBuf::from("/src")],
            site: vec![PathBuf::from("/site")],
        },
        ..Settings::default()
    }
}

fn project(files: &[(&str, &str)]) -> (MemorySystem, Database) {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(path, text);
    }
    let db = Database::with_log(Arc::new(system.clone()), &settings());
    (system, db)
}

fn path_of(db: &Database, name: &str) -> Option<String> {
    resolve_module(db, &Name::new(name)).map(|file| file.path(db).to_string())
}

fn file(db: &Database, path: &str) -> File {
    db.os_file(path.as_ref())
}

#[test]
fn memory_folders() {
    let system = MemorySystem::new();
    system.write("/a-b/x", "");
    system.write("/a/y/z", "");
    assert_eq!(system.status("/a".as_ref()), Status::Directory);
    assert_eq!(system.status("/a/y".as_ref()), Status::Directory);
    assert_eq!(system.status("/b".as_ref()), Status::Missing);
    assert!(system.is_file("/a/../a/y/./z".as_ref()));
    assert_eq!(
        system.list("/".as_ref()).unwrap(),
        [PathBuf::from("/a"), PathBuf::from("/a-b")]
    );
}

#[test]
fn modules_are_found_in_order() {
    let (_, db) = project(&[
        ("/src/a.py", ""),
        ("/src/pkg/__init__.py", ""),
        ("/src/pkg/sub.py", ""),
        ("/src/space/part.py", ""),
        ("/src/random.py", ""),
        ("/src/both.py", ""),
        ("/src/both.pyi", ""),
        ("/src/marked.py", "import __static__"),
        ("/src/marked.pyi", ""),
        ("/site/a.py", ""),
        ("/site/pkg/other.py", ""),
        ("/site/space/more.py", ""),
        ("/site/typed-stubs/__init__.pyi", ""),
        ("/site/typed/__init__.py", ""),
        ("/site/json/__init__.py", ""),
    ]);
    assert_eq!(path_of(&db, "a").unwrap(), "/src/a.py");
    assert_eq!(path_of(&db, "pkg").unwrap(), "/src/pkg/__init__.py");
    assert_eq!(path_of(&db, "pkg.sub").unwrap(), "/src/pkg/sub.py");
    assert_eq!(path_of(&db, "pkg.other"), None);
    assert_eq!(path_of(&db, "space.part").unwrap(), "/src/space/part.py");
    assert_eq!(path_of(&db, "space.more").unwrap(), "/site/space/more.py");
    assert_eq!(resolve(&db, &Name::new("space")), Resolution::Namespace);
    assert_eq!(path_of(&db, "random").unwrap(), "/src/random.py");
    assert_eq!(path_of(&db, "both").unwrap(), "/src/both.pyi");
    assert_eq!(path_of(&db, "marked").unwrap(), "/src/marked.py");
    assert_eq!(
        path_of(&db, "typed").unwrap(),
        "/site/typed-stubs/__init__.pyi"
    );
    assert_eq!(
        path_of(&db, "json").unwrap(),
        "<keelback>/stdlib/json/__init__.pyi"
    );
    assert_eq!(
        path_of(&db, "os.path").unwrap(),
        "<keelback>/stdlib/os/path.pyi"
    );
    assert_eq!(
        path_of(&db, "__static__").unwrap(),
        "<keelback>/keelback/__static__.pyi"
    );
    assert_eq!(path_of(&db, "nowhere"), None);
    for name in [
        "a",
        "pkg",
        "pkg.sub",
        "space.more",
        "typed",
        "json",
        "os.path",
        "builtins",
    ] {
        let file = resolve_module(&db, &Name::new(name)).unwrap();
        assert_eq!(&*module_name(&db, file), name);
    }
}

#[test]
fn the_standard_library_depends_on_the_version() {
    let (_, mut db) = project(&[]);
    assert_eq!(path_of(&db, "distutils"), None);
    assert_eq!(path_of(&db, "compression.zstd"), None);
    let newer = Settings {
        python_version: PythonVersion::PY314,
        ..settings()
    };
    db.set_settings(&newer);
    assert!(path_of(&db, "compression.zstd").is_some());
}

#[test]
fn a_file_that_appears_is_found() {
    let (system, mut db) = project(&[]);
    assert_eq!(path_of(&db, "late"), None);
    system.write("/src/late.py", "");
    assert_eq!(path_of(&db, "late"), None);
    db.refresh();
    assert_eq!(path_of(&db, "late").unwrap(), "/src/late.py");
    system.remove("/src/late.py");
    db.refresh();
    assert_eq!(path_of(&db, "late"), None);
}

#[test]
fn staticness_by_marker_and_pattern() {
    let (_, mut db) = project(&[
        ("/src/marked.py", "import __static__\n"),
        ("/src/plain.py", ""),
        ("/src/hot/loop.py", ""),
    ]);
    assert_eq!(
        staticness(&db, file(&db, "/src/marked.py")),
        Staticness::Marker
    );
    assert_eq!(
        staticness(&db, file(&db, "/src/hot/loop.py")),
        Staticness::Dynamic
    );
    let patterns = StaticPatterns::new(["hot.*".to_owned()]).unwrap();
    db.set_settings(&Settings {
        static_patterns: patterns,
        ..settings()
    });
    assert_eq!(
        staticness(&db, file(&db, "/src/marked.py")),
        Staticness::Marker
    );
    assert_eq!(
        staticness(&db, file(&db, "/src/hot/loop.py")),
        Staticness::Pattern
    );
    assert_eq!(
        staticness(&db, file(&db, "/src/plain.py")),
        Staticness::Dynamic
    );
}

#[test]
fn an_unchanged_file_is_not_parsed_again() {
    let (system, mut db) = project(&[("/src/a.py", "x = 1"), ("/src/b.py", "y = 1")]);
    let (a, b) = (file(&db, "/src/a.py"), file(&db, "/src/b.py"));
    module_index(&db, a);
    module_index(&db, b);
    system.write("/src/a.py", "x = 2");
    db.refresh();
    db.start_log();
    module_index(&db, a);
    module_index(&db, b);
    let log = db.take_log();
    assert!(query_was_run(&log, "tree", a), "{log:?}");
    assert!(!query_was_run(&log, "tree", b), "{log:?}");
    db.set_text(b, Some(Arc::from("z = 1")));
    assert!(module_index(&db, b).scope.bindings.contains_key("z"));
    db.set_text(b, None);
    assert!(module_index(&db, b).scope.bindings.contains_key("y"));
}

#[test]
fn an_interpreters_library_is_known_by_its_stubs() {
    let system = MemorySystem::new();
    for file in [
        "/app/main.py",
        "/py/os.py",
        "/py/abc.py",
        "/py/site.py",
        "/py/enum.py",
        "/py/site-packages/lib.py",
    ] {
        system.write(file, "");
    }
    let paths = [
        "/app",
        "/own",
        "/py313.zip",
        "/py",
        "/py/lib-dynload",
        "/py/site-packages",
    ];
    let search_paths = SearchPaths::of_interpreter(&system, paths.map(PathBuf::from));
    assert_eq!(
        search_paths.roots,
        [PathBuf::from("/app"), PathBuf::from("/own")]
    );
    assert_eq!(search_paths.site.len(), 4);
    let db = Database::new(
        Arc::new(system),
        &Settings {
            search_paths,
            ..Settings::default()
        },
    );
    assert_eq!(path_of(&db, "main").unwrap(), "/app/main.py");
    assert_eq!(path_of(&db, "enum").unwrap(), "<keelback>/stdlib/enum.pyi");
    assert_eq!(path_of(&db, "lib").unwrap(), "/py/site-packages/lib.py");
}

#[test]
fn the_index_knows_every_definition() {
    let text = "\
import sys, os.path
from .sibling import thing as other
from m import *
__all__ = ['f']
if sys.version_info >= (3, 12):
    def f(): pass
else:
    def old(): pass
class C:
    x: int
    y = 1
    def __init__(self):
        self.z = 1
        self.w: int = 2
        def inner():
            self.deep, self.a[0] = 1, 2
            yield
    @property
    def p(self): return 1
    @p.setter
    def p(self, value): self.q = value
    @staticmethod
    def s(): pass
    class D: pass
def g():
    global counter
    counter = 1
    yield
";
    let (_, db) = project(&[("/src/pkg/__init__.py", ""), ("/src/pkg/mod.py", text)]);
    let index = module_index(&db, file(&db, "/src/pkg/mod.py"));
    let functions: Vec<&str> = index.functions.keys().map(|name| &**name).collect();
    assert_eq!(
        functions,
        [
            "f",
            "C.__init__",
            "C.__init__.inner",
            "C.p",
            "C.p.setter",
            "C.s",
            "g"
        ]
    );
    assert_eq!(index.functions["C.p"].kind, FunctionKind::Property);
    assert_eq!(index.functions["C.p.setter"].kind, FunctionKind::Setter);
    assert_eq!(index.functions["C.s"].kind, FunctionKind::StaticMethod);
    assert!(index.functions["g"].is_generator);
    assert!(!index.functions["C.__init__"].is_generator);
    let fields: Vec<&str> = index.classes["C"]
        .self_assignments
        .iter()
        .map(|field| &*field.name)
        .collect();
    assert_eq!(fields, ["z", "w", "deep", "q"]);
    assert!(index.classes.contains_key("C.D"));
    assert_eq!(index.scope.stars, [Name::new("m")]);
    assert_eq!(index.all, Some(vec![Name::new("f")]));
    let kind = |name: &str| &index.scope.bindings[name][0].kind;
    assert_eq!(*kind("os"), BindingKind::Import(Name::new("os")));
    assert_eq!(
        *kind("other"),
        BindingKind::ImportFrom {
            module: Name::new("pkg.sibling"),
            name: Name::new("thing")
        }
    );
    assert_eq!(*kind("counter"), BindingKind::Other);
    assert_eq!(index.unreachable.len(), 1);
}

#[test]
fn stubs_of_the_standard_library_have_an_index() {
    let (_, db) = project(&[]);
    let builtins = resolve_module(&db, &Name::new("builtins")).unwrap();
    let index = module_index(&db, builtins);
    assert!(index.classes.contains_key("int"));
    assert!(index.functions["int.__add__"].class.is_some());
    assert!(index.functions["list.__getitem__"].overloads().len() >= 2);
    assert!(db.project().python_version(&db) == PythonVersion::PY313);
}

#[test]
fn a_fixed_database_finds_what_another_does() {
    let system = MemorySystem::new();
    system.write(
        "/src/a.py",
        "import __static__\nfrom b import f\nx: int = f(1)\ny = f('')\n",
    );
    system.write(
        "/src/b.py",
        "import __static__\ndef f(n: int) -> str:\n    return n\n",
    );
    let found = |db: Database| -> Vec<String> {
        ["/src/a.py", "/src/b.py"]
            .iter()
            .flat_map(|path| check_file(&db, file(&db, path)).to_vec())
            .map(|diagnostic| diagnostic.message)
            .collect()
    };
    let fixed = found(Database::fixed(Arc::new(system.clone()), &settings()));
    assert_eq!(fixed.len(), 3, "{fixed:?}");
    assert_eq!(
        fixed,
        found(Database::brief(Arc::new(system.clone()), &settings()))
    );
    assert_eq!(fixed, found(Database::new(Arc::new(system), &settings())));
}

#[test]
fn a_brief_database_makes_a_tree_again_that_is_asked_for_after_it_was_let_go_of() {
    let system = MemorySystem::new();
    system.write(
        "/src/a.py",
        "import __static__\ndef f() -> int:\n    return ''\n",
    );
    let db = Database::brief(Arc::new(system), &settings());
    let a = file(&db, "/src/a.py");
    let before = parsed(&db, a);
    let index = module_index(&db, a);
    assert!(
        Arc::ptr_eq(&before, &parsed(&db, a)),
        "it is kept until then"
    );
    assert_eq!(check_file(&db, a).len(), 1);
    let after = parsed(&db, a);
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(before.body(), after.body());
    assert!(!Arc::ptr_eq(&index, &module_index(&db, a)));
    assert!(
        index
            .functions
            .keys()
            .eq(module_index(&db, a).functions.keys())
    );
}

#[test]
#[should_panic(expected = "never-changing")]
fn a_fixed_database_cannot_be_changed() {
    let system = MemorySystem::new();
    system.write("/src/a.py", "");
    let mut db = Database::fixed(Arc::new(system.clone()), &settings());
    let a = file(&db, "/src/a.py");
    assert!(check_file(&db, a).is_empty());
    db.set_text(a, Some(Arc::from("x = 1")));
}

#[test]
fn a_comment_is_of_use_that_silences_a_hidden_hint() {
    let system = MemorySystem::new();
    let text = "import __static__\nimport os  # keelback: ignore[unused-import]\nimport sys\n";
    system.write("/src/a.py", text);
    let found = |settings: &Settings| -> Vec<String> {
        let db = Database::new(Arc::new(system.clone()), settings);
        let found = check_file(&db, file(&db, "/src/a.py"));
        found.iter().map(|d| d.rule.name().to_owned()).collect()
    };
    assert_eq!(found(&settings()), ["unused-import"]);
    let hiding = Settings {
        rules: settings().rules.hiding_hints(),
        ..settings()
    };
    assert_eq!(found(&hiding), [""; 0]);
}
