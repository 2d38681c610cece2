//! A function made ready to run: blocks laid end to end, references resolved to addresses, edges to moves between registers.

use keelback_jit::linker::{ClassAddress, Linker};
use keelback_lowering::function::{Edge, Function, Imm, Inst, Origin, Reference, Span};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::{Cond, Op};
use keelback_lowering::types::Repr;
use smallvec::SmallVec;

/// A prepared function.
#[derive(Debug)]
pub(super) struct Code {
    /// Every instruction, block after block.
    pub steps: Vec<Step>,
    /// How many registers it has.
    pub registers: usize,
    /// The registers of its parameters.
    pub params: Vec<u32>,
    /// Records for tracebacks: of the function itself, then of each frame; 0 for what has no source.
    pub records: Vec<usize>,
}

/// A prepared instruction.
#[derive(Debug)]
pub(super) struct Step {
    /// The op.
    pub op: Op,
    /// Operands' registers.
    pub args: SmallVec<[u32; 4]>,
    /// Representation of each operand.
    pub reprs: SmallVec<[Repr; 4]>,
    /// The register that it defines.
    pub result: Option<u32>,
    /// The result's representation; of the first operand where there is no result.
    pub repr: Repr,
    /// The result is a borrow.
    pub borrowed: bool,
    /// What it refers to.
    pub operand: Operand,
    /// Where it goes when it raises.
    pub error: Option<Jump>,
    /// Where it goes otherwise, if it ends its block.
    pub targets: SmallVec<[Jump; 2]>,
    /// Position.
    pub span: Span,
}

/// A prepared edge.
#[derive(Debug)]
pub(super) struct Jump {
    /// Index of the target's first step.
    pub to: usize,
    /// Registers from and to.
    pub moves: SmallVec<[(u32, u32); 4]>,
}

/// A resolved immediate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    /// None.
    None,
    /// A word, in the result's representation.
    Word(u64),
    /// A comparison.
    Cond(Cond),
    /// A helper.
    Helper(Helper),
    /// An address of what the op says.
    Address(usize),
    /// A word at this address holds the class.
    ClassCell(usize),
    /// A field: description, offset, representation.
    Field(usize, usize, Repr),
    /// A slot of method tables, and the address of the word that holds the class whose slot it is.
    Slot(u32, usize),
    /// An attribute name, and keyword names or 0.
    Named(usize, usize),
}

impl Code {
    /// Prepares a function.
    pub fn new(function: &Function, linker: &dyn Linker) -> Code {
        let mut starts = Vec::with_capacity(function.blocks.len());
        let mut next = 0;
        for block in &function.blocks {
            starts.push(next);
            next += block.insts.len();
        }
        let jump = |edge: &Edge| Jump {
            to: starts[edge.block.0 as usize],
            moves: edge
                .args
                .iter()
                .zip(&function.blocks[edge.block.0 as usize].params)
                .map(|(from, to)| (from.0, to.0))
                .collect(),
        };
        let steps = function
            .blocks
            .iter()
            .flat_map(|b| &b.insts)
            .map(|inst| {
                let repr = inst
                    .result
                    .or_else(|| inst.args.first().copied())
                    .map_or(Repr::Obj, |v| function.ty(v).repr);
                Step {
                    op: inst.op,
                    args: inst.args.iter().map(|v| v.0).collect(),
                    reprs: inst.args.iter().map(|v| function.ty(*v).repr).collect(),
                    result: inst.result.map(|v| v.0),
                    repr,
                    borrowed: inst.borrowed,
                    operand: resolve(function, inst, repr, linker),
                    error: inst.error.as_ref().map(jump),
                    targets: inst.targets.iter().map(jump).collect(),
                    span: inst.span,
                }
            })
            .collect();
        let own = (function.origin == Origin::Source).then_some(&function.symbol);
        Code {
            steps,
            registers: function.values.len(),
            params: function
                .blocks
                .first()
                .map(|b| b.params.iter().map(|v| v.0).collect())
                .unwrap_or_default(),
            records: std::iter::once(own)
                .chain(function.frames.iter().map(|f| f.function.as_ref()))
                .map(|symbol| symbol.map_or(0, |s| linker.record(s)))
                .collect(),
        }
    }
}

/// The word of a constant number in a representation.
fn number(repr: Repr, imm: Imm) -> u64 {
    match (repr, imm) {
        (Repr::Int, Imm::Int(v)) => (v as u64) << 1 | 1,
        (Repr::F32, Imm::Float(bits)) => u64::from((f64::from_bits(bits) as f32).to_bits()),
        (_, Imm::Float(bits)) => bits,
        (_, Imm::Bool(v)) => u64::from(v),
        (_, Imm::Int(v)) => crate::helpers::mach::wrap(repr, v) as u64,
        _ => 0,
    }
}

fn resolve(function: &Function, inst: &Inst, repr: Repr, linker: &dyn Linker) -> Operand {
    match inst.imm {
        Imm::None => Operand::None,
        Imm::Cond(c) => Operand::Cond(c),
        Imm::Helper(h) => Operand::Helper(h),
        Imm::Int(_) | Imm::Float(_) | Imm::Bool(_) => Operand::Word(number(repr, inst.imm)),
        Imm::Ref(_) => match function.referenced(inst) {
            None => Operand::None,
            Some(Reference::Constant(c)) => Operand::Address(linker.constant(c)),
            Some(Reference::Class(c)) if inst.op == Op::New => {
                Operand::Address(linker.class_record(c))
            }
            Some(Reference::Class(c)) => match linker.class(c) {
                ClassAddress::Fixed(address) => Operand::Address(address),
                ClassAddress::Cell(address) => Operand::ClassCell(address),
            },
            Some(Reference::Field(f)) => Operand::Field(linker.field(f), f.offset as usize, f.repr),
            Some(Reference::Cell(c)) => Operand::Address(linker.cell(c)),
            Some(Reference::Method(m)) => match linker.class(&m.class) {
                ClassAddress::Cell(address) => Operand::Slot(m.slot, address),
                // Builtin classes have no method tables.
                ClassAddress::Fixed(_) => Operand::None,
            },
            Some(Reference::Target(t)) => Operand::Address(linker.target(t)),
            Some(Reference::Global { module, name }) => {
                Operand::Address(linker.global(module, name))
            }
            Some(Reference::Check(c)) => Operand::Address(linker.check(c)),
            Some(Reference::Local(name)) => Operand::Address(linker.name(name)),
            Some(Reference::Keywords(names)) => Operand::Address(linker.keywords(names)),
            Some(Reference::Named { name, keywords }) => {
                Operand::Named(linker.name(name), linker.keywords(keywords))
            }
            Some(Reference::Default {
                function, param, ..
            }) => Operand::Address(linker.default(function, *param)),
        },
    }
}
