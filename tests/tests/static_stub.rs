//! The stub by which the checker knows `__static__`, the one for other checkers, and the package itself have the same classes with the same members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keelback_parser::ast::{Expr, Stmt, StmtClassDef};

/// The containers, which programs use most of the members of.
const CONTAINERS: [&str; 6] = [
    "Array",
    "Array2",
    "Array3",
    "Vector",
    "CheckedList",
    "CheckedDict",
];

/// Special methods that every class has in some form, or that serve `copy`, `pickle` and `repr`: types say nothing of them.
const UNTYPED: [&str; 8] = [
    "__init__",
    "__class_getitem__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
    "__repr__",
    "__eq__",
    "__hash__",
];

/// What the abstract classes of `collections.abc` give or ask for.
const SEQUENCE: [&str; 16] = [
    "__len__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__iter__",
    "__reversed__",
    "__contains__",
    "__iadd__",
    "append",
    "clear",
    "count",
    "extend",
    "index",
    "insert",
    "pop",
    "remove",
];
const MAPPING: [&str; 15] = [
    "__len__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__iter__",
    "__contains__",
    "keys",
    "values",
    "items",
    "get",
    "setdefault",
    "pop",
    "popitem",
    "clear",
    "update",
];

/// The members of each class of some files, with those of their bases in the same files.
struct Classes {
    own: BTreeMap<String, (Vec<String>, BTreeSet<String>)>,
}

impl Classes {
    fn of(paths: &[&str]) -> Classes {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut own = BTreeMap::new();
        for path in paths {
            let text = std::fs::read_to_string(root.join(path)).expect(path);
            let parsed = keelback_parser::parse_module(&text);
            for class in parsed.body().iter().filter_map(Stmt::as_class_def_stmt) {
                own.insert(
                    class.name.to_string(),
                    (bases(class), class.body.iter().flat_map(bound).collect()),
                );
            }
        }
        Classes { own }
    }

    fn members(&self, class: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        match self.own.get(class) {
            Some((bases, members)) => {
                all.extend(members.iter().cloned());
                for base in bases {
                    all.extend(self.members(base));
                }
            }
            None => {
                let given: &[&str] = match class {
                    "MutableSequence" => &SEQUENCE,
                    "MutableMapping" => &MAPPING,
                    _ => &[],
                };
                all.extend(given.iter().map(|name| (*name).to_owned()));
                if class == "MutableSequence" {
                    all.insert("reverse".to_owned());
                }
            }
        }
        all.retain(|name| {
            let is_special = name.starts_with("__") && name.ends_with("__");
            (is_special || !name.starts_with('_')) && !UNTYPED.contains(&&**name)
        });
        all.retain(|name| !matches!(&**name, "__slots__" | "__module__"));
        all
    }
}

fn bases(class: &StmtClassDef) -> Vec<String> {
    let name = |base: &Expr| match base {
        Expr::Subscript(node) => node.value.as_name_expr().map(|name| name.id.to_string()),
        other => other.as_name_expr().map(|name| name.id.to_string()),
    };
    class.bases().iter().filter_map(name).collect()
}

/// The names that a statement of a class body binds.
fn bound(stmt: &Stmt) -> Vec<String> {
    let name = |target: &Expr| target.as_name_expr().map(|name| name.id.to_string());
    match stmt {
        Stmt::FunctionDef(node) => vec![node.name.to_string()],
        Stmt::AnnAssign(node) => name(&node.target).into_iter().collect(),
        Stmt::Assign(node) => node.targets.iter().filter_map(name).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_stubs_have_every_member_of_the_containers() {
    let package = Classes::of(&[
        "stdlib/python/__static__/_arrays.py",
        "stdlib/python/__static__/_checked.py",
    ]);
    let ours = Classes::of(&["checker/stubs/__static__.pyi"]);
    let public = Classes::of(&["stdlib/python/__static__/__init__.pyi"]);
    for class in CONTAINERS {
        let (there, ours, public) = (
            package.members(class),
            ours.members(class),
            public.members(class),
        );
        assert!(!there.is_empty(), "`{class}` is not in the package");
        assert_eq!(
            ours, there,
            "`{class}` of `checker/stubs/__static__.pyi` (left) and of the package (right)"
        );
        assert_eq!(
            public, there,
            "`{class}` of `stdlib/python/__static__/__init__.pyi` (left) and of the package (right)"
        );
    }
}

#[test]
fn the_stubs_have_the_same_names() {
    let names = |path: &str| -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = std::fs::read_to_string(root.join(path)).expect(path);
        let parsed = keelback_parser::parse_module(&text);
        parsed
            .body()
            .iter()
            .flat_map(|stmt| match stmt {
                Stmt::ClassDef(node) => vec![node.name.to_string()],
                Stmt::ImportFrom(node) => node
                    .names
                    .iter()
                    .filter_map(|alias| alias.asname.as_ref())
                    .map(ToString::to_string)
                    .collect(),
                other => bound(other),
            })
            .filter(|name| !name.starts_with('_'))
            .collect()
    };
    let public = names("stdlib/python/__static__/__init__.pyi");
    let mut ours = names("checker/stubs/__static__.pyi");
    // The checker knows the primitive types by heart.
    ours.extend(
        keelback_checker::types::Primitive::ALL
            .iter()
            .map(|(_, name)| (*name).to_owned()),
    );
    ours.extend(["char", "size_t", "ssize_t"].map(str::to_owned));
    assert_eq!(ours, public);
}
