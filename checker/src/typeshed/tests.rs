use keelback_parser::PythonVersion;

use super::{definitions, has_module, is_folder, paths, scan, text};

fn found(text: &str) -> Vec<String> {
    scan::definitions(text)
        .into_iter()
        .map(|found| {
            let kind = if found.is_class { "class" } else { "def" };
            format!("{kind} {}: {:?}", &text[found.name], &text[found.lines])
        })
        .collect()
}

#[test]
fn finds_classes_and_functions_with_their_decorators() {
    let text = "\
import sys
@final
# of a kind
class C(B):
    x: int
    def f(
        self,
    ) -> int: ...

@deprecated(
    \"no\"
)
async def f(
    a: int,
) -> None: ...
X: int
";
    assert_eq!(
        found(text),
        [
            r#"class C: "@final\n# of a kind\nclass C(B):\n    x: int\n    def f(\n        self,\n    ) -> int: ...\n\n""#,
            r#"def f: "@deprecated(\n    \"no\"\n)\nasync def f(\n    a: int,\n) -> None: ...\n""#,
        ]
    );
}

#[test]
fn keeps_overloads_together_and_leaves_redefinitions() {
    let text = "\
@overload
def f(a: int) -> int: ...
@overload
def f(a: str) -> str: ...
def g(): ...
def g(a): ...
@overload
def h(a: int): ...
class C: ...
@overload
def h(a: str): ...
";
    assert_eq!(
        found(text),
        [
            r#"def f: "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\n""#,
            r#"class C: "class C: ...\n""#,
        ]
    );
}

#[test]
fn leaves_classes_with_classes_inside_and_does_not_look_into_strings() {
    let text = "\
\"\"\"About
class A: it's # not one
\"\"\"
class B:
    \"\"\"One line.\"\"\"
    class C: ...
def f():
    r\'\'\'Text
def g(): not one
\'\'\'
def h(): ... # \"\"\"
def i(): ...
";
    let names: Vec<&str> = scan::definitions(text)
        .into_iter()
        .map(|found| &text[found.name])
        .collect();
    assert_eq!(names, ["f", "h", "i"]);
}

#[test]
fn the_stubs_are_there() {
    assert!(paths().count() > 500);
    assert!(text("stdlib/builtins.pyi").is_some_and(|text| text.contains("class int")));
    assert!(text("stdlib/nothing.pyi").is_none());
    assert!(is_folder("stdlib/os") && is_folder("stdlib"));
    assert!(!is_folder("stdlib/o") && !is_folder("stdlib/builtins.pyi"));
    let int = definitions("stdlib/builtins.pyi").find(|found| found.name == "int");
    assert!(int.is_some_and(|found| found.is_class));
}

#[test]
fn versions_are_respected() {
    assert_eq!(has_module("os", PythonVersion::PY312), Some(true));
    assert_eq!(has_module("asyncore", PythonVersion::PY311), Some(true));
    assert_eq!(has_module("asyncore", PythonVersion::PY312), Some(false));
    assert_eq!(has_module("tomllib", PythonVersion::PY310), Some(false));
    assert_eq!(has_module("os.path", PythonVersion::PY312), None);
}
