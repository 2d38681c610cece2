//! What modules show to each other.

use std::path::PathBuf;
use std::sync::Arc;

use keelback_checker::annotation::Scope;
use keelback_checker::check::check_file;
use keelback_checker::classes::{class_in, class_interface};
use keelback_checker::db::{Database, File, query_was_run};
use keelback_checker::interface::{Export, Member, ModuleInterface};
use keelback_checker::members::{args_as, find_member, is_subclass, mro};
use keelback_checker::modules::{interface_of, module_interface};
use keelback_checker::resolve::resolve_module;
use keelback_checker::rules::{Level, Rule};
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::signatures::{function_in, overloads};
use keelback_checker::system::MemorySystem;
use keelback_checker::types::{Name, Symbol, Type, Types};

fn project(files: &[(&str, &str)]) -> (MemorySystem, Database) {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(format!("/src/{path}"), text);
    }
    let settings = Settings {
        search_paths: SearchPaths {
            roots: vec![PathBuf::from("/src")],
            site: vec![],
        },
        ..Settings::default()
    };
    let db = Database::with_log(Arc::new(system.clone()), &settings);
    (system, db)
}

fn file(db: &Database, name: &str) -> File {
    resolve_module(db, &Name::new(name)).unwrap()
}

/// A static module's interface.
fn interface(text: &str) -> Arc<ModuleInterface> {
    let (_, db) = project(&[("m.py", &format!("import __static__\n{text}"))]);
    module_interface(&db, file(&db, "m"))
}

/// `name: type` of the parameters, and the return type.
fn signature(interface: &ModuleInterface, name: &str) -> String {
    let function = &interface.functions[name];
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, param.ty))
        .collect();
    format!("({}) -> {}", params.join(", "), function.returns)
}

/// `name: type @offset` of the fields of a layout.
fn fields(interface: &ModuleInterface, class: &str) -> Vec<String> {
    let layout = interface.classes[class].layout.as_ref().unwrap();
    layout
        .fields
        .iter()
        .map(|field| format!("{}: {} @{}", field.name, field.ty, field.offset))
        .collect()
}

fn methods(interface: &ModuleInterface, class: &str) -> Vec<String> {
    let layout = interface.classes[class].layout.as_ref().unwrap();
    layout
        .methods
        .iter()
        .map(|slot| {
            format!(
                "{} {} {}",
                slot.name, slot.function.qualname, slot.introduced_by.qualname
            )
        })
        .collect()
}

#[test]
fn annotations_become_types() {
    let cases = [
        ("int", "int"),
        ("'int | None'", "int | None"),
        ("list[int]", "list[int]"),
        (
            "Optional[dict[str, list[float]]]",
            "dict[str, list[float]] | None",
        ),
        ("Union[int, str, None]", "int | str | None"),
        ("typing.List['C']", "list[C]"),
        ("t.Any", "dynamic"),
        ("int64", "int64"),
        ("ssize_t", "int64"),
        ("double", "double"),
        ("int64 | None", "int | None"),
        ("list[double]", "list[float]"),
        ("Array[double]", "Array[double]"),
        ("CheckedList[int]", "CheckedList[int]"),
        ("tuple[int, str]", "tuple[int, str]"),
        ("tuple[int, ...]", "tuple[int, ...]"),
        ("tuple[()]", "tuple[()]"),
        ("tuple", "tuple"),
        ("type[C]", "type[C]"),
        ("Callable[[int, str], bool]", "Callable[[int, str], bool]"),
        ("Callable[..., None]", "Callable[..., None]"),
        ("Sequence[int]", "Sequence[int]"),
        ("Iterator[int]", "Iterator[int]"),
        ("Literal[1, 'a']", "Literal[1] | Literal[\"a\"]"),
        ("Annotated[int, 'x']", "int"),
        ("C", "C"),
        ("C.Inner", "Inner"),
        ("Number", "int | float"),
        ("T", "T"),
        ("object", "object"),
        ("NoReturn", "Never"),
        ("os.PathLike[str]", "PathLike[str]"),
        ("UserId", "UserId"),
        ("Later", "int | str"),
    ];
    let head = "import typing, os, typing as t\n\
        from typing import *\n\
        from collections.abc import Sequence, Iterator\n\
        from __static__ import int64, ssize_t, double, Array, CheckedList\n\
        Number = Union[int, float]\n\
        type Later = int | str\n\
        UserId = NewType('UserId', int)\n\
        T = TypeVar('T')\n\
        class C:\n    class Inner: pass\n";
    for (annotation, expected) in cases {
        let interface = interface(&format!("{head}def f(x: {annotation}): pass\n"));
        assert_eq!(
            interface.functions["f"].params[0].ty.to_string(),
            expected,
            "{annotation}"
        );
        assert!(interface.functions["f"].params[0].annotated);
    }
}

#[test]
fn annotations_that_are_wrong_are_reported() {
    let cases = [
        ("3", "invalid-annotation"),
        ("Strng", "undefined-name"),
        ("list[int, str]", "wrong-type-arguments"),
        ("dict[int]", "wrong-type-arguments"),
        ("g", "invalid-annotation"),
        ("os", "invalid-annotation"),
        ("m.nothing", "unresolved-attribute"),
        ("'list['", "invalid-annotation"),
        ("int()", "invalid-annotation"),
        ("Optional", "invalid-annotation"),
        ("'lsit[int]'", "undefined-name"),
    ];
    for (annotation, rule) in cases {
        let text = format!(
            "import __static__\nimport os, m\nfrom typing import Optional\ndef g(): pass\nx: {annotation}\n"
        );
        let (_, db) = project(&[("m.py", &text)]);
        let file = file(&db, "m");
        let parsed = keelback_checker::files::parsed(&db, file);
        let node = parsed.body().last().unwrap().as_ann_assign_stmt().unwrap();
        let mut problems = Vec::new();
        Scope::module(&db, file).annotation(&node.annotation, &mut problems);
        let rules: Vec<&str> = problems.iter().map(|problem| problem.rule.name()).collect();
        assert_eq!(rules, [rule], "{annotation}");
    }
}

#[test]
fn signatures() {
    let interface = interface(
        "from typing import final, overload\n\
         from __static__ import inline, dynamic, dynamic_return\n\
         def f(a, b: int, /, c: str = 'x', *args: float, d: bool = not 1, **kw: int) -> None: pass\n\
         async def g(): yield\n\
         @inline\n\
         def h() -> int: return 1\n\
         @other\n\
         def i() -> int: return 1\n\
         @dynamic\n\
         def j() -> int: return 1\n\
         @dynamic_return\n\
         def k() -> int: return 1\n\
         @final\n\
         class C:\n\
         \x20   def m(self, x: 'C') -> int: return 1\n\
         \x20   @classmethod\n\
         \x20   def c(cls) -> 'C': return cls()\n\
         \x20   @staticmethod\n\
         \x20   def s(x: int): pass\n\
         \x20   @property\n\
         \x20   def p(self) -> int: return 1\n\
         \x20   @p.setter\n\
         \x20   def p(self, value: int) -> None: pass\n\
         \x20   def __init__(self): pass\n\
         class D[T]:\n\
         \x20   def get(self, x: T) -> list[T]: return [x]\n",
    );
    assert_eq!(
        signature(&interface, "f"),
        "(a: dynamic, b: int, c: str, args: float, d: bool, kw: int) -> None"
    );
    assert!(!interface.functions["f"].params[0].annotated);
    assert!(interface.functions["g"].is_async && interface.functions["g"].is_generator);
    assert!(!interface.functions["h"].is_decorated);
    assert!(interface.functions["i"].is_decorated);
    assert!(interface.functions["j"].is_opted_out);
    assert_eq!(signature(&interface, "k"), "() -> dynamic");
    assert_eq!(signature(&interface, "C.m"), "(self: C, x: C) -> int");
    assert!(interface.functions["C.m"].is_final);
    assert_eq!(signature(&interface, "C.c"), "(cls: type[C]) -> C");
    assert_eq!(signature(&interface, "C.s"), "(x: int) -> dynamic");
    assert_eq!(signature(&interface, "C.__init__"), "(self: C) -> None");
    assert_eq!(
        signature(&interface, "D.get"),
        "(self: D[T], x: T) -> list[T]"
    );
    let Member::Property { getter, setter } = &interface.classes["C"].members["p"] else {
        panic!()
    };
    assert_eq!(&*getter.qualname, "C.p");
    assert_eq!(&*setter.as_ref().unwrap().qualname, "C.p.setter");
}

#[test]
fn layouts_put_bases_first() {
    let interface = interface(
        "from typing import ClassVar, Final, Any\n\
         from __static__ import int64, allow_weakrefs\n\
         class A:\n\
         \x20   x: int\n\
         \x20   y: float = 1.5\n\
         \x20   count: ClassVar[int] = 0\n\
         \x20   LIMIT: Final = 3\n\
         \x20   def __init__(self, z: int64, other):\n\
         \x20       self.z = z\n\
         \x20       self.any = other\n\
         \x20       self.items = []\n\
         \x20       self.next = None\n\
         \x20       self.x = 1\n\
         \x20       self.__secret = 'a'\n\
         \x20   def area(self) -> float: return 0.0\n\
         \x20   def name(self) -> str: return 'a'\n\
         \x20   @staticmethod\n\
         \x20   def make() -> 'A': return A(1, 2)\n\
         @allow_weakrefs\n\
         class B(A):\n\
         \x20   w: 'B | None'\n\
         \x20   __dict__: Any\n\
         \x20   def area(self) -> float: return 1.0\n\
         \x20   def more(self) -> None:\n\
         \x20       self.x = 2\n\
         \x20       self.v = (1, 'a')\n\
         \x20       for self.loop in 'abc': pass\n",
    );
    assert_eq!(
        fields(&interface, "A"),
        [
            "x: int @16",
            "y: float @24",
            "z: int64 @32",
            "any: dynamic @40",
            "items: list @48",
            "next: dynamic @56",
            "_A__secret: str @64",
        ]
    );
    assert_eq!(
        fields(&interface, "B")[7..],
        [
            "w: B | None @72",
            "v: tuple[int, str] @80",
            "loop: dynamic @88"
        ]
    );
    assert_eq!(
        methods(&interface, "A"),
        [
            "__init__ A.__init__ A.__init__",
            "area A.area A.area",
            "name A.name A.name"
        ]
    );
    assert_eq!(
        methods(&interface, "B"),
        [
            "__init__ A.__init__ A.__init__",
            "area B.area A.area",
            "name A.name A.name",
            "more B.more B.more"
        ]
    );
    let layout = interface.classes["B"].layout.as_ref().unwrap();
    assert!(layout.has_dict && layout.has_weakref);
    assert_eq!(layout.base.as_ref().unwrap().qualname, Name::new("A"));
    assert!(layout.field("y").unwrap().has_default);
    assert!(matches!(
        interface.classes["A"].members["count"],
        Member::ClassVar { .. }
    ));
    assert!(matches!(
        interface.classes["A"].members["LIMIT"],
        Member::ClassVar { .. }
    ));
}

#[test]
fn slots_are_fields_and_class_attributes_are_dynamic() {
    let interface = interface(
        "from typing import ClassVar\nclass A:\n    __slots__ = ('a', '__b')\n    count = 0\n    limit: ClassVar[int] = 1\n    \
         size = 0\n    parent = None\n    def __init__(self) -> None:\n        self.a = 1\n        self.size = 1.5\n        self.parent = A()\n",
    );
    assert_eq!(
        fields(&interface, "A"),
        [
            "size: int | float @16",
            "parent: None | A @24",
            "a: int @32",
            "_A__b: dynamic @40"
        ]
    );
    let class_var = |name: &str| match &interface.classes["A"].members[name] {
        Member::ClassVar { ty } => ty.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(class_var("count"), "dynamic");
    assert_eq!(class_var("limit"), "int");
}

#[test]
fn a_base_may_define_what_another_leaves_abstract() {
    let interface = interface(
        "import io\nfrom abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def m(self): pass\n\
         class B:\n    def m(self): pass\nclass C(B, A): pass\nclass D(A, B): pass\nclass E(io.TextIOWrapper): pass\n",
    );
    assert!(interface.classes["C"].abstract_methods.is_empty());
    assert_eq!(interface.classes["D"].abstract_methods, [Name::new("m")]);
    assert!(interface.classes["E"].abstract_methods.is_empty());
}

#[test]
fn types_of_assigned_fields() {
    let interface = interface(
        "from typing import Final\nfrom __static__ import Array, double, int64\n\
         LIMIT: Final = 3\nrate: float = 1.0\nother = 3\n\
         def make() -> 'A': return A(1, 1.0)\n\
         class A:\n\
         \x20   def __init__(self, n: int, x: float, *rest: int):\n\
         \x20       local = 3\n\
         \x20       self.a = n * 2\n\
         \x20       self.b = n / 2\n\
         \x20       self.c = n < 3\n\
         \x20       self.d = make()\n\
         \x20       self.e = Array[double](10)\n\
         \x20       self.f = LIMIT\n\
         \x20       self.g = rate\n\
         \x20       self.h = local\n\
         \x20       self.i = other\n\
         \x20       self.j = [0.0] * n\n\
         \x20       self.k = {'a': 1}\n\
         \x20       self.l = int64(n)\n\
         \x20       self.m = rest\n\
         \x20       self.n = len(rest)\n\
         \x20       self.o = f'{n}'\n\
         \x20       self.p = 1 if n else None\n\
         \x20       self.q = -x\n\
         \x20       self.r = 0\n\
         \x20   def method(self) -> None:\n\
         \x20       self.r = 1.5\n\
         \x20       self.a += 1\n",
    );
    let found: Vec<String> = fields(&interface, "A")
        .iter()
        .map(|field| field.split(" @").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        found,
        [
            "a: int",
            "b: float",
            "c: bool",
            "d: A",
            "e: Array[double]",
            "f: int",
            "g: float",
            "h: dynamic",
            "i: dynamic",
            "j: list[float]",
            "k: dict[str, int]",
            "l: int64",
            "m: tuple",
            "n: int",
            "o: str",
            "p: int | None",
            "q: float",
            "r: int | float",
        ]
    );
}

#[test]
fn classes_that_are_not_laid_out_say_why() {
    let interface = interface(
        "from abc import ABC, abstractmethod\n\
         from dataclasses import dataclass\n\
         from enum import Enum\n\
         from typing import Generic, TypeVar, Protocol\n\
         from unknown import U\n\
         T = TypeVar('T')\n\
         @dataclass\n\
         class A: x: int\n\
         class B(Enum): X = 1\n\
         class C(Exception): pass\n\
         class D(U): pass\n\
         class E(metaclass=type): pass\n\
         class F:\n\
         \x20   def __new__(cls): pass\n\
         class G(D): pass\n\
         class H:\n\
         \x20   def f(self): self.f = 1\n\
         class I(ABC):\n\
         \x20   @abstractmethod\n\
         \x20   def m(self): pass\n\
         class J(Generic[T], Protocol): pass\n\
         class K(I):\n\
         \x20   m = 1\n\
         class L(L): pass\n\
         class M(I, J[int]): pass\n\
         def f():\n\
         \x20   class N: pass\n",
    );
    let why = |class: &str| {
        interface.classes[class]
            .layout
            .as_ref()
            .err()
            .map(ToString::to_string)
    };
    assert_eq!(why("A").unwrap(), "it is decorated with `@dataclass`");
    assert!(why("B").unwrap().contains("`Enum`"));
    assert!(why("C").unwrap().contains("`Exception`"));
    assert_eq!(why("D").unwrap(), "a base class is not known");
    assert_eq!(why("E").unwrap(), "it has a metaclass");
    assert_eq!(why("F").unwrap(), "it defines `__new__`");
    assert!(why("G").unwrap().contains("`D`"));
    assert_eq!(why("H").unwrap(), "`f` is both a field and a method");
    assert_eq!(why("I"), None);
    assert_eq!(interface.classes["I"].abstract_methods, [Name::new("m")]);
    assert_eq!(why("J"), None);
    assert!(why("K").unwrap().contains("`m`"));
    assert!(why("L").is_some());
    assert!(why("M").unwrap().contains("more than one"));
    assert_eq!(why("f.N").unwrap(), "it is defined inside a function");
}

#[test]
fn exports() {
    let (_, db) = project(&[
        (
            "a.py",
            "import __static__\nfrom typing import Final\nimport os, b as bee\nfrom b import LIMIT, thing as other\n\
             X: Final = 3\nY: Final[float] = 2\nZ: Final = LIMIT * 2 + 1\nBIG: Final = 0xFFFFFFFFFFFFFFFFFF\n\
             NEG: Final = (-1, 'a')\nw: int = 3\nv = 4\nNow: Final = [1]\nAlias = list[int]\n\
             if v:\n    def f(): pass\nelse:\n    f = 3\ndef g(): pass\ndef g(): pass\nclass C: pass\n",
        ),
        (
            "b.py",
            "import __static__\nfrom typing import Final\nimport a\nLIMIT: Final = 1 << 4\ndef thing(): pass\n",
        ),
    ]);
    let interface = module_interface(&db, file(&db, "a"));
    let show = |name: &str| match &interface.exports[name] {
        Export::Constant(value) => format!("constant {value}"),
        Export::Variable { ty, is_final } => format!("variable {ty} {is_final}"),
        Export::Alias(ty) => format!("alias {ty}"),
        Export::Import { module, name } => format!("import {module} {name}"),
        Export::Module(name) => format!("module {name}"),
        Export::Function(symbol) => format!("function {symbol}"),
        Export::Class(symbol) => format!("class {symbol}"),
        Export::Dynamic => "dynamic".to_owned(),
    };
    assert_eq!(show("X"), "constant 3");
    assert_eq!(show("Y"), "constant 2.0");
    assert_eq!(show("Z"), "constant 33");
    assert_eq!(show("BIG"), "constant 4722366482869645213695");
    assert_eq!(show("NEG"), "constant (-1, \"a\", )");
    assert_eq!(show("w"), "variable int false");
    assert_eq!(show("v"), "variable dynamic false");
    assert_eq!(show("Now"), "variable list[int] true");
    assert_eq!(show("Alias"), "alias list[int]");
    assert_eq!(show("os"), "module os");
    assert_eq!(show("bee"), "module b");
    assert_eq!(show("other"), "import b thing");
    assert_eq!(show("f"), "dynamic");
    assert_eq!(show("g"), "dynamic");
    assert_eq!(show("C"), "class a:C");
}

#[test]
fn cyclic_imports_know_each_other() {
    let (_, db) = project(&[
        (
            "a.py",
            "import __static__\nfrom b import B, f\nclass A:\n    b: B\n    def m(self) -> B: return self.b\n",
        ),
        (
            "b.py",
            "import __static__\nimport a\nclass B:\n    a: 'a.A'\ndef f(x: a.A) -> 'B': return x.b\n",
        ),
    ]);
    let (a, b) = (
        module_interface(&db, file(&db, "a")),
        module_interface(&db, file(&db, "b")),
    );
    assert_eq!(fields(&a, "A"), ["b: B @16"]);
    assert_eq!(fields(&b, "B"), ["a: A @16"]);
    assert_eq!(signature(&b, "f"), "(x: A) -> B");
    assert_eq!(
        a.classes["A"].members["b"],
        Member::Field {
            ty: Type::Instance(Symbol::new("b", "B"), Types::none()),
            is_final: false,
        }
    );
}

#[test]
fn names_that_may_be_there_do_not_hide_builtins() {
    let (_, db) = project(&[
        (
            "m.py",
            "import __static__\nfrom d import *\nglobals()['x'] = 1\ndef f(a: int, b: thing) -> list[str]: return [str(len('a'))]\n",
        ),
        ("d.py", "thing = 1\n"),
    ]);
    assert_eq!(
        signature(&module_interface(&db, file(&db, "m")), "f"),
        "(a: int, b: dynamic) -> list[str]"
    );
}

#[test]
fn dynamic_modules_export_dynamic() {
    let (_, db) = project(&[
        (
            "a.py",
            "import __static__\nfrom d import C, f\nclass D(C): pass\ndef g(x: C) -> int: return 1\n",
        ),
        ("d.py", "class C: pass\ndef f(x: int) -> int: return x\n"),
    ]);
    let a = module_interface(&db, file(&db, "a"));
    assert_eq!(signature(&a, "g"), "(x: dynamic) -> int");
    assert!(a.classes["D"].layout.is_err());
    let d = module_interface(&db, file(&db, "d"));
    assert_eq!(d.exports["C"], Export::Dynamic);
    assert!(d.functions.is_empty());
}

#[test]
fn the_standard_library_is_known() {
    let (_, db) = project(&[("m.py", "import __static__\nclass C(list[int]): pass\n")]);
    let m = file(&db, "m");
    let list = Symbol::new("builtins", "list");
    let found = find_member(&db, m, &list, "append").unwrap();
    let Member::Method(append) = &found.member else {
        panic!("{found:?}")
    };
    let append = keelback_checker::signatures::function_interface(&db, m, append).unwrap();
    let params = class_interface(&db, m, &list).unwrap().type_params.clone();
    assert_eq!(
        found.specialise(&append.params[1].ty, &params, &[Type::int()]),
        Type::int()
    );
    assert_eq!(append.returns, Type::None);

    assert_eq!(
        overloads(&db, m, &Symbol::new("builtins", "list.__getitem__")).len(),
        2
    );
    let abs = Symbol::new("builtins", "abs");
    assert_eq!(overloads(&db, m, &abs).len(), 1);
    let join = keelback_checker::signatures::function_interface(
        &db,
        m,
        &Symbol::new("builtins", "str.upper"),
    );
    assert_eq!(join.unwrap().returns, Type::str());

    let own = Symbol::new("m", "C");
    assert_eq!(is_subclass(&db, m, &own, &list), Some(true));
    assert_eq!(
        is_subclass(&db, m, &own, &Symbol::new("builtins", "dict")),
        Some(false)
    );
    let bool = Symbol::new("builtins", "bool");
    assert_eq!(
        is_subclass(&db, m, &bool, &Symbol::new("builtins", "int")),
        Some(true)
    );
    let sequence = Symbol::new("typing", "Sequence");
    assert_eq!(
        args_as(&db, m, &own, &[], &sequence),
        Some(vec![Type::int()])
    );
    let dict = Symbol::new("builtins", "dict");
    assert_eq!(
        args_as(
            &db,
            m,
            &dict,
            &[Type::str(), Type::int()],
            &Symbol::new("typing", "Iterable")
        ),
        Some(vec![Type::str()])
    );
    assert!(!mro(&db, m, &own).unwrap().has_unknown);

    let math = interface_of(&db, m, &Name::new("math")).unwrap();
    assert!(math.is_stub && !math.is_static);
    assert_eq!(math.functions["sqrt"].returns, Type::float());
    let random = interface_of(&db, m, &Name::new("random")).unwrap();
    assert!(random.classes["Random"].layout.is_err());
    let builtins = interface_of(&db, m, &Name::new("builtins")).unwrap();
    assert_eq!(builtins.functions["int.__add__"].returns, Type::int());
    let statics = interface_of(&db, m, &Name::new("__static__")).unwrap();
    assert_eq!(statics.classes["Array"].type_params.len(), 1);
}

#[test]
fn a_body_edit_stops_at_the_interface() {
    let (system, mut db) = project(&[
        (
            "a.py",
            "import __static__\nclass P:\n    x: int\ndef f(p: P) -> int:\n    return p.x\n",
        ),
        (
            "b.py",
            "import __static__\nfrom a import f, P\nclass Q(P):\n    y: int\ndef g(q: Q) -> int:\n    return f(q)\n",
        ),
    ]);
    let (a, b) = (file(&db, "a"), file(&db, "b"));
    module_interface(&db, a);
    let before = module_interface(&db, b);
    assert_eq!(fields(&before, "Q"), ["x: int @16", "y: int @24"]);

    // Another body, another line, another comment: `b` is not looked at again.
    system.write(
        "/src/a.py",
        "import __static__\n# new\n\nclass P:\n    x: int\ndef f(p: P) -> int:\n    return p.x + 1\n",
    );
    db.refresh();
    db.start_log();
    module_interface(&db, a);
    module_interface(&db, b);
    let log = db.take_log();
    assert!(query_was_run(&log, "tree", a), "{log:?}");
    assert!(query_was_run(&log, "module_interface", a), "{log:?}");
    assert!(!query_was_run(&log, "whole_index", b), "{log:?}");
    assert!(!query_was_run(&log, "module_interface", b), "{log:?}");

    // Another field: the layout of the subclass in `b` follows.
    system.write(
        "/src/a.py",
        "import __static__\nclass P:\n    w: float\n    x: int\ndef f(p: P) -> int:\n    return p.x\n",
    );
    db.refresh();
    db.start_log();
    let after = module_interface(&db, b);
    let log = db.take_log();
    assert!(query_was_run(&log, "module_interface", b), "{log:?}");
    assert_eq!(
        fields(&after, "Q"),
        ["w: float @16", "x: int @24", "y: int @32"]
    );
}

#[test]
fn a_body_edit_re_checks_one_file() {
    let (system, mut db) = project(&[
        (
            "a.py",
            "import __static__\nfrom typing import Final\nN: Final = 1\nclass P:\n    x: int\n    def m(self) -> int: return 1\ndef f(p: P) -> int:\n    return p.x\n",
        ),
        (
            "b.py",
            "import __static__\nfrom a import N, P, f\nclass Q(P):\n    def m(self) -> int: return N\ndef g(q: Q) -> int:\n    return f(q)\n",
        ),
    ]);
    let (a, b) = (file(&db, "a"), file(&db, "b"));
    assert!(
        check_file(&db, b)
            .iter()
            .all(|found| found.severity != Level::Error)
    );
    check_file(&db, a);
    system.write(
        "/src/a.py",
        "import __static__\nfrom typing import Final\n\nN: Final = 1\nclass P:\n    x: int\n    def m(self) -> int: return 2\ndef f(p: P) -> int:\n    y = 3\n    return p.x + y\n",
    );
    db.refresh();
    db.start_log();
    check_file(&db, a);
    check_file(&db, b);
    let log = db.take_log();
    assert!(query_was_run(&log, "check_file", a), "{log:?}");
    assert!(!query_was_run(&log, "check_file", b), "{log:?}");
    assert!(!query_was_run(&log, "tree", b), "{log:?}");

    // The override in `b` no longer fits.
    system.write(
        "/src/a.py",
        "import __static__\nfrom typing import Final\nN: Final = 1\nclass P:\n    x: int\n    def m(self) -> str: return ''\ndef f(p: P) -> int:\n    return p.x\n",
    );
    db.refresh();
    let found = check_file(&db, b);
    assert!(
        found
            .iter()
            .any(|found| found.rule == Rule::InvalidOverride),
        "{found:?}"
    );
}

#[test]
fn asking_for_one_name_computes_little() {
    let (_, db) = project(&[("m.py", "import __static__\nimport math\n")]);
    let m = file(&db, "m");
    db.start_log();
    let math = file(&db, "math");
    assert!(function_in(&db, math, &Name::new("sqrt")).is_some());
    assert!(class_in(&db, m, &Name::new("nothing")).is_none());
    let log = db.take_log();
    let functions = log
        .iter()
        .filter(|entry| entry.contains("function_query"))
        .count();
    assert_eq!(functions, 1, "{log:?}");
}
