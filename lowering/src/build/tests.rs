//! Trees built by hand, as the checker gives them, and what becomes of them.

use std::sync::Arc;

use keelback_checker::interface::*;
use keelback_checker::tree::*;
use keelback_checker::types::{Constant, Name, Primitive, Symbol, Type, Types};
use keelback_parser::text_size::TextRange;

use super::{Interfaces, Unsupported, lower};
use crate::function::Function;
use crate::text;

fn n(text: &str) -> Name {
    Name::new(text)
}

fn sym(text: &str) -> Symbol {
    Symbol::new("m", text)
}

fn e(kind: ExprKind, ty: Type) -> Expr {
    Expr {
        kind: Box::new(kind),
        ty,
        belief: None,
        span: TextRange::default(),
    }
}

fn s(kind: StmtKind) -> Stmt {
    Stmt {
        kind,
        span: TextRange::default(),
    }
}

fn local(i: u32, ty: Type) -> Expr {
    e(ExprKind::Local(LocalId(i)), ty)
}

fn int(v: i64) -> Expr {
    e(ExprKind::Constant(Constant::Int(v)), Type::int())
}

fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    e(
        ExprKind::Binary {
            op,
            left,
            right,
            in_place: false,
        },
        ty,
    )
}

fn compare(op: CompareOp, a: Expr, b: Expr) -> Expr {
    e(ExprKind::Compare(op, a, b), Type::bool())
}

fn set(i: u32, value: Expr) -> Stmt {
    s(StmtKind::Assign(Target::Local(LocalId(i)), value))
}

fn ret(value: Expr) -> Stmt {
    s(StmtKind::Return(Some(value)))
}

fn body(
    name: &str,
    params: usize,
    locals: &[(&str, Type)],
    returns: Type,
    stmts: Vec<Stmt>,
) -> Body {
    Body {
        function: sym(name),
        kind: FunctionKind::Function,
        span: TextRange::default(),
        params,
        locals: locals
            .iter()
            .map(|(name, ty)| Local {
                name: n(name),
                ty: *ty,
                maybe_unbound: false,
            })
            .collect(),
        returns,
        assumptions: Vec::new(),
        stmts,
    }
}

fn function(
    name: &str,
    kind: FunctionKind,
    params: &[(&str, Type)],
    returns: Type,
) -> FunctionInterface {
    FunctionInterface {
        symbol: sym(name),
        kind,
        params: params
            .iter()
            .map(|(name, ty)| Param {
                name: n(name),
                kind: ParamKind::Positional,
                ty: *ty,
                annotated: true,
                default: None,
            })
            .collect(),
        returns,
        returns_annotated: true,
        is_async: false,
        is_generator: false,
        is_final: false,
        is_abstract: false,
        is_empty: false,
        is_overloaded: false,
        is_decorated: false,
        is_wrapped: false,
        is_opted_out: false,
        deprecated: None,
    }
}

#[derive(Default)]
struct Known {
    functions: Vec<Arc<FunctionInterface>>,
    classes: Vec<Arc<ClassInterface>>,
}

impl Interfaces for Known {
    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        self.functions.iter().find(|f| f.symbol == *symbol).cloned()
    }
    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
        self.classes.iter().find(|c| c.symbol == *symbol).cloned()
    }
}

/// A class `C` with a float `x`, an int `k`, an object `next`, `__init__(self, x)` and a method `step(self, dt) -> float`.
fn known() -> Known {
    let c = Type::Instance(sym("C"), Types::none());
    let slot = |name: &str, ty: Type, i: u32| FieldSlot {
        name: n(name),
        ty,
        owner: sym("C"),
        offset: 16 + 8 * i,
        has_default: false,
    };
    let method = |name: &str| MethodSlot {
        name: n(name),
        function: sym(&format!("C.{name}")),
        introduced_by: sym(&format!("C.{name}")),
    };
    let layout = ClassLayout {
        base: None,
        fields: vec![
            slot("x", Type::float(), 0),
            slot("k", Type::int(), 1),
            slot("next", Type::Union([c, Type::None].into()), 2),
        ],
        methods: vec![method("__init__"), method("step")],
        has_dict: false,
        has_weakref: false,
    };
    let class = ClassInterface {
        layout: Ok(Arc::new(layout)),
        ..ClassInterface::empty(sym("C"), "")
    };
    Known {
        functions: vec![
            Arc::new(function(
                "fib",
                FunctionKind::Function,
                &[("n", Type::int())],
                Type::int(),
            )),
            Arc::new(function(
                "C.__init__",
                FunctionKind::Method,
                &[("self", c), ("x", Type::float())],
                Type::None,
            )),
            Arc::new(function(
                "C.step",
                FunctionKind::Method,
                &[("self", c), ("dt", Type::float())],
                Type::float(),
            )),
        ],
        classes: vec![Arc::new(class)],
    }
}

fn lowered(body: &Body) -> String {
    match lower(body, &known(), &|_| 1) {
        Ok(f) => plain(&f),
        Err(Unsupported { reason, .. }) => format!("unsupported: {reason}"),
    }
}

/// The text without positions, round-tripped.
fn plain(f: &Function) -> String {
    let text = text::print(f);
    assert_eq!(&text::parse(&text).unwrap(), f, "{text}");
    text.replace(" @0..0:1", "").replace(" @0..0:0", "")
}

fn optimised(body: &Body, level: u8) -> String {
    let mut f = lower(body, &known(), &|_| 1).unwrap();
    crate::pipeline::optimise(&mut f, level);
    plain(&f)
}

fn fib() -> Body {
    let call = |k: i64| {
        let callee = Callee::Function {
            binding: Binding {
                module: n("m"),
                name: n("fib"),
            },
            function: sym("fib"),
        };
        let arg = binary(BinaryOp::Sub, local(0, Type::int()), int(k), Type::int());
        let args = vec![Arg::Value(arg)];
        e(ExprKind::Call(Call { callee, args }), Type::int())
    };
    body(
        "fib",
        1,
        &[("n", Type::int())],
        Type::int(),
        vec![
            s(StmtKind::If(
                compare(CompareOp::Lt, local(0, Type::int()), int(2)),
                vec![ret(local(0, Type::int()))],
                vec![],
            )),
            ret(binary(BinaryOp::Add, call(1), call(2), Type::int())),
        ],
    )
}

/// `total = 0; for i in range(1, n): total += xs[i]; return total`, with `xs: list[int]`.
fn sum_list() -> Body {
    let list = Type::Instance(Symbol::new("builtins", "list"), [Type::int()].into());
    let item = e(
        ExprKind::ListItem(local(0, list), local(3, Type::int())),
        Type::Dynamic,
    );
    let item = e(
        ExprKind::Convert(Conversion::Checked(Check::Value), item),
        Type::int(),
    );
    let add = binary(BinaryOp::Add, local(2, Type::int()), item, Type::int());
    body(
        "sum_list",
        2,
        &[
            ("xs", list),
            ("n", Type::int()),
            ("total", Type::int()),
            ("i", Type::int()),
        ],
        Type::int(),
        vec![
            set(2, int(0)),
            s(StmtKind::For {
                iterable: Iterable::Range(int(1), local(1, Type::int()), int(1)),
                item: LocalId(3),
                body: vec![set(2, add)],
                orelse: vec![],
            }),
            ret(local(2, Type::int())),
        ],
    )
}

/// `for c in xs: c.x += c.step(dt)`, `xs: list[C]`.
fn objects() -> Body {
    let c = Type::Instance(sym("C"), Types::none());
    let list = Type::Instance(Symbol::new("builtins", "list"), [c].into());
    let checked = e(
        ExprKind::Convert(Conversion::Checked(Check::Value), local(2, Type::Dynamic)),
        c,
    );
    let field = || {
        e(
            ExprKind::Field {
                object: local(3, c),
                class: sym("C"),
                field: n("x"),
            },
            Type::float(),
        )
    };
    let step = Callee::Method {
        class: sym("C"),
        slot: n("step"),
    };
    let step = e(
        ExprKind::Call(Call {
            callee: step,
            args: vec![Arg::Value(local(3, c)), Arg::Value(local(1, Type::float()))],
        }),
        Type::float(),
    );
    body(
        "objects",
        2,
        &[
            ("xs", list),
            ("dt", Type::float()),
            (".0", Type::Dynamic),
            ("c", c),
        ],
        Type::None,
        vec![s(StmtKind::For {
            iterable: Iterable::List(local(0, list)),
            item: LocalId(2),
            body: vec![
                set(3, checked),
                s(StmtKind::Assign(
                    Target::Field {
                        object: local(3, c),
                        class: sym("C"),
                        field: n("x"),
                    },
                    binary(BinaryOp::Add, field(), step, Type::float()),
                )),
            ],
            orelse: vec![],
        })],
    )
}

/// `for x in xs: total += x; return total`, `xs: list[float]`.
fn sum_floats() -> Body {
    let list = Type::Instance(Symbol::new("builtins", "list"), [Type::float()].into());
    let item = e(
        ExprKind::Convert(Conversion::Checked(Check::Value), local(2, Type::Dynamic)),
        Type::float(),
    );
    let zero = e(ExprKind::Constant(Constant::Float(0)), Type::float());
    let add = binary(
        BinaryOp::Add,
        local(1, Type::float()),
        local(3, Type::float()),
        Type::float(),
    );
    body(
        "sum_floats",
        1,
        &[
            ("xs", list),
            ("total", Type::float()),
            (".0", Type::Dynamic),
            ("x", Type::float()),
        ],
        Type::float(),
        vec![
            set(1, zero),
            s(StmtKind::For {
                iterable: Iterable::List(local(0, list)),
                item: LocalId(2),
                body: vec![set(3, item), set(1, add)],
                orelse: vec![],
            }),
            ret(local(1, Type::float())),
        ],
    )
}

#[test]
fn items_are_unboxed_where_they_lie() {
    insta::assert_snapshot!(optimised(&sum_floats(), 2));
}

#[test]
fn recursive_function() {
    insta::assert_snapshot!(lowered(&fib()));
}

#[test]
fn counted_loop_over_a_list() {
    insta::assert_snapshot!(lowered(&sum_list()));
}

#[test]
fn loop_over_objects() {
    insta::assert_snapshot!(lowered(&objects()));
}

#[test]
fn optimised_functions() {
    insta::assert_snapshot!(
        [fib(), sum_list(), objects()]
            .map(|b| optimised(&b, 2))
            .join("\n")
    );
}

#[test]
fn every_level_gives_valid_code() {
    for body in [fib(), sum_list(), objects()] {
        for level in 0..3 {
            optimised(&body, level);
        }
    }
}

#[test]
fn unbound_locals_are_checked() {
    for ty in [Type::int(), Type::float(), Type::str()] {
        let c = e(
            match ty {
                Type::Instance(ref c, _) if c.is_builtin("str") => {
                    ExprKind::Constant(Constant::Str(Arc::from("a")))
                }
                _ => ExprKind::Constant(Constant::Int(1)),
            },
            ty,
        );
        let mut b = body(
            "f",
            1,
            &[("test", Type::bool()), ("x", ty)],
            ty,
            vec![
                s(StmtKind::If(
                    local(0, Type::bool()),
                    vec![set(1, c)],
                    vec![],
                )),
                ret(local(1, ty)),
            ],
        );
        b.locals[1].maybe_unbound = true;
        let text = lowered(&b);
        assert!(
            text.contains("check.bound") || text.contains("raise_unbound"),
            "{text}"
        );
        optimised(&b, 2);
    }
}

#[test]
fn range_of_primitives_and_break() {
    let i64 = Type::Primitive(Primitive::Int64);
    let c = |v| e(ExprKind::Constant(Constant::Int(v)), i64);
    let b = body(
        "f",
        1,
        &[("n", i64), ("i", i64)],
        i64,
        vec![
            set(1, c(0)),
            s(StmtKind::For {
                iterable: Iterable::Range(c(0), local(0, i64), c(2)),
                item: LocalId(1),
                body: vec![s(StmtKind::If(
                    compare(CompareOp::Gt, local(1, i64), c(5)),
                    vec![s(StmtKind::Break)],
                    vec![s(StmtKind::Continue)],
                ))],
                orelse: vec![ret(c(7))],
            }),
            ret(local(1, i64)),
        ],
    );
    insta::assert_snapshot!(lowered(&b));
}

#[test]
fn what_is_not_known_is_unsupported() {
    let call = Call {
        callee: Callee::Function {
            binding: Binding {
                module: n("m"),
                name: n("g"),
            },
            function: sym("g"),
        },
        args: vec![],
    };
    let b = body(
        "f",
        0,
        &[],
        Type::None,
        vec![s(StmtKind::Expr(e(ExprKind::Call(call), Type::None)))],
    );
    assert_eq!(
        lowered(&b),
        "unsupported: a call of `g`, whose signature is not known"
    );
}

#[test]
fn synthesised_functions() {
    use crate::function::{CellKind, CellRef};
    let known = known();
    let class = known.classes[0].clone();
    let constructor = super::constructor(&class, &known).unwrap();
    let step = known.functions[2].clone();
    let fib = known.functions[0].clone();
    let cell = CellRef {
        kind: CellKind::Function {
            module: n("m"),
            name: n("fib"),
            target: sym("fib"),
        },
        signature: super::signature_of(&fib),
    };
    let direct = CellRef {
        kind: CellKind::Direct {
            function: sym("C.step"),
        },
        signature: super::signature_of(&step),
    };
    let slot = crate::types::Signature {
        params: vec![crate::types::Repr::Obj, crate::types::Repr::Obj],
        ret: crate::types::Repr::Obj,
    };
    let mut all = vec![
        constructor,
        super::thunk(&cell, &known).unwrap(),
        super::thunk(&direct, &known).unwrap(),
        super::method_thunk(&step, &known).unwrap(),
        super::adapter(&slot, &step, &known).unwrap(),
    ];
    let mut texts: Vec<String> = all.iter().map(plain).collect();
    for f in &mut all {
        crate::pipeline::optimise(f, 2);
        texts.push(plain(f));
    }
    insta::assert_snapshot!(texts.join("\n"));
}
