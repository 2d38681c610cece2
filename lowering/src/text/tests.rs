use std::sync::Arc;

use keelback_checker::interface::FunctionKind;
use keelback_checker::types::{Constant, Name, Primitive, Symbol, Type, Types};

use super::{ReferenceKind, parse, print};
use crate::function::*;
use crate::helpers::Helper;
use crate::ops::{Cond, ImmKind, Op};
use crate::types::{RegType, Repr, Signature};

fn symbols() -> [Symbol; 3] {
    [
        Symbol::new("m", "C"),
        Symbol::new("pkg.mod", "C.method"),
        Symbol::new("v1", "block2 odd\"name\n"),
    ]
}

fn constants() -> Vec<Constant> {
    vec![
        Constant::None,
        Constant::Ellipsis,
        Constant::Bool(true),
        Constant::Int(i64::MIN),
        Constant::BigInt(Arc::from("-123456789012345678901234567890")),
        Constant::Float((-0.1f64).to_bits()),
        Constant::Float(1e300f64.to_bits()),
        Constant::Float(f64::NAN.to_bits()),
        Constant::Imaginary(2f64.to_bits()),
        Constant::Str(Arc::from("a \"b\" \\ \n\t\u{1F600}; ")),
        Constant::Bytes(Arc::from(&b"\x00\xff'\"\\\n"[..])),
        Constant::Tuple(Arc::from([
            Constant::Int(1),
            Constant::Tuple(Arc::from([])),
        ])),
    ]
}

fn types() -> Vec<Type> {
    let [c, d, odd] = symbols();
    let mut out = vec![
        Type::Dynamic,
        Type::Never,
        Type::None,
        Type::Primitive(Primitive::UInt8),
        Type::Instance(c, Types::none()),
        Type::Exact(d, [Type::int(), Type::None].into()),
        Type::Tuple([Type::float()].into()),
        Type::Union([Type::None, Type::str()].into()),
        Type::EnumMember(d, Name::new("RED")),
        Type::Class(c),
        Type::any_callable(),
        // A module may be called as a keyword of the text form.
        Type::Instance(Symbol::new("type", "none"), Types::none()),
        Type::Instance(odd, Types::none()),
    ];
    out.extend(constants().iter().map(Type::literal));
    out
}

fn references(kind: ReferenceKind) -> Vec<Reference> {
    let signature = Signature {
        params: vec![Repr::Obj, Repr::F64],
        ret: Repr::Int,
    };
    let [c, d, odd] = symbols();
    let n = Name::new;
    match kind {
        ReferenceKind::Constant => constants()
            .into_iter()
            .map(Reference::Constant)
            .chain([Reference::Class(c), Reference::Class(odd)])
            .collect(),
        ReferenceKind::Class => symbols().into_iter().map(Reference::Class).collect(),
        ReferenceKind::Field => [(c, "x"), (d, "_C__y"), (odd, "v1")]
            .into_iter()
            .map(|(class, name)| {
                Reference::Field(FieldRef {
                    class,
                    name: n(name),
                    offset: 24,
                    repr: Repr::F64,
                })
            })
            .collect(),
        ReferenceKind::Cell => [
            CellKind::Function {
                module: n("m"),
                name: n("f"),
                target: d,
            },
            CellKind::Class {
                module: n("direct"),
                name: n("C"),
                target: c,
            },
            CellKind::Direct { function: d },
        ]
        .into_iter()
        .map(|kind| {
            Reference::Cell(CellRef {
                kind,
                signature: signature.clone(),
            })
        })
        .collect(),
        ReferenceKind::Method => vec![Reference::Method(MethodRef {
            class: c,
            slot: 3,
            name: n("x.setter"),
            signature,
        })],
        ReferenceKind::Target => [(c, true), (odd, false)]
            .into_iter()
            .map(|(symbol, constructs)| {
                Reference::Target(TargetRef {
                    symbol,
                    constructs,
                    signature: signature.clone(),
                })
            })
            .collect(),
        ReferenceKind::Global => vec![Reference::Global {
            module: n("a.b"),
            name: n("x"),
        }],
        ReferenceKind::Check => types()
            .into_iter()
            .flat_map(|ty| {
                [
                    CheckContext::Value,
                    CheckContext::Return(n("f")),
                    CheckContext::Attribute(n("x")),
                    CheckContext::Argument {
                        function: n("f"),
                        param: n("x"),
                    },
                ]
                .map(|context| Reference::Check(CheckRef { ty, context }))
            })
            .collect(),
        ReferenceKind::Local => vec![Reference::Local(n("v1")), Reference::Local(n(".0"))],
        ReferenceKind::Keywords => vec![
            Reference::Keywords(vec![]),
            Reference::Keywords(vec![n("a"), n("b")]),
        ],
        ReferenceKind::Named => vec![
            Reference::Named {
                name: n("f"),
                keywords: vec![],
            },
            Reference::Named {
                name: n("f"),
                keywords: vec![n("k")],
            },
        ],
        ReferenceKind::Default => vec![Reference::Default {
            function: d,
            param: 2,
            name: n("x"),
        }],
    }
}

/// One function in which `op` stands with every immediate that it can have.
fn with_every_immediate(op: Op) -> Function {
    let mut f = Function::new(
        Symbol::new("m", "C.f"),
        Origin::Source,
        FunctionKind::Method,
        Signature {
            params: vec![Repr::Obj],
            ret: Repr::F64,
        },
    );
    let a = f.value(RegType::instance(Symbol::new("m", "C"), true));
    let entry = f.block();
    let other = f.block();
    f.blocks[0].params = vec![a];
    f.frames = vec![Frame {
        function: Some(Symbol::new("m", "frame1")),
        call: Span {
            start: 4,
            end: 5,
            line: 6,
            frame: 0,
        },
    }];
    f.blocks[1].cold = true;
    f.blocks[1].params = vec![f.value(RegType::nullable())];
    let imms: Vec<Imm> = match op.info().imm {
        ImmKind::none => vec![Imm::None],
        ImmKind::i64 => vec![Imm::Int(0), Imm::Int(i64::MIN), Imm::Int(i64::MAX)],
        ImmKind::f64 => [0.0, -0.0, 1.5, 1e-300, f64::INFINITY]
            .map(|v: f64| Imm::Float(v.to_bits()))
            .to_vec(),
        ImmKind::bool => vec![Imm::Bool(true), Imm::Bool(false)],
        ImmKind::cond => Cond::ALL.iter().map(|(c, _)| Imm::Cond(*c)).collect(),
        ImmKind::helper => Helper::ALL.iter().map(|h| Imm::Helper(*h)).collect(),
        ImmKind::r#ref | ImmKind::check => {
            let kind = ReferenceKind::of(op).expect("an op with a reference has a kind of it");
            let mut out: Vec<Imm> = references(kind)
                .into_iter()
                .map(|r| Imm::Ref(f.reference(r)))
                .collect();
            if op.info().imm == ImmKind::check {
                out.push(Imm::None);
            }
            out
        }
    };
    for (i, imm) in imms.into_iter().enumerate() {
        let mut inst = Inst::new(
            op,
            if i % 2 == 0 {
                Span::default()
            } else {
                Span {
                    start: 1,
                    end: 20,
                    line: 3,
                    frame: i as u32 % 4 / 2,
                }
            },
        );
        inst.imm = imm;
        inst.args = op.info().operands.iter().map(|_| a).collect();
        inst.borrowed = i % 3 == 1;
        if op.info().result.is_some() {
            inst.result = Some(f.value(RegType::ranged(Repr::Int, -5, 1 << 40)));
        }
        let edge = Edge {
            block: other,
            args: [a].into_iter().collect(),
        };
        if i % 2 == 1 {
            inst.error = Some(edge.clone());
        }
        if matches!(op, Op::Jump | Op::Branch) {
            inst.targets.push(edge);
            inst.targets.push(Edge {
                block: entry,
                args: Default::default(),
            });
        }
        f.blocks[0].insts.push(inst);
    }
    f.renumber();
    f
}

#[test]
fn every_op_with_every_immediate_round_trips() {
    for op in Op::ALL {
        let function = with_every_immediate(*op);
        let text = print(&function);
        let back = parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(print(&back), text);
        assert_eq!(back, function, "{text}");
    }
}

#[test]
fn every_origin_round_trips() {
    let s = Symbol::new("m", "C");
    for origin in [
        Origin::Source,
        Origin::Constructor(s),
        Origin::MethodThunk(s),
        Origin::Adapter(s),
        Origin::Thunk(CellKind::Direct { function: s }),
    ] {
        let mut function = with_every_immediate(Op::Poll);
        function.origin = origin;
        assert_eq!(parse(&print(&function)).unwrap(), function);
    }
}

#[test]
fn errors_say_where() {
    let error =
        parse("function m:f function () -> obj {\nblock0:\n    frobnicate v0\n}\n").unwrap_err();
    assert_eq!(error.to_string(), "3:15: `frobnicate` is no op");
    let error = parse("function m:f function () -> obj {\nblock1:\n}\n").unwrap_err();
    assert_eq!(error.line, 2);
    assert!(parse("").is_err());
    assert!(parse("function m:f function () -> obj {").is_err());
}

#[test]
fn no_prefix_of_a_text_panics() {
    let text = print(&with_every_immediate(Op::Unbox));
    for (end, _) in text.char_indices().step_by(7) {
        let _ = parse(&text[..end]);
    }
}
