//! Checks that a function is well formed: what passes, the code generator and the interpreter rely on without asking.
//!
//! - Blocks end with an end, and have no other; the entry has the signature's parameters and nothing jumps to it.
//! - Registers are defined once, and where they are used they have been.
//! - Operands, immediates, references and results are what the list of ops, the list of helpers and signatures say.
//! - Edges pass one argument for each parameter, held alike, and null or out of bounds only where the parameter says so.
//!
//! Every error is collected, each with the text of the instruction.

mod ownership;

pub use ownership::verify_ownership;

use std::fmt;

use crate::analysis::cfg::Cfg;
use crate::analysis::dominators::Dominators;
use crate::function::{Block, Edge, Function, Imm, Inst, Reference, Value};
use crate::helpers::HelperKind;
use crate::ops::{Effects, ImmKind, Kind, Op, Ownership};
use crate::text::{self, ReferenceKind};
use crate::types::{RegType, Repr, SMALL_INT};

/// Something wrong with a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The block.
    pub block: Block,
    /// The instruction, if it is one.
    pub inst: Option<usize>,
    /// Its text.
    pub text: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block{}: ", self.block.0)?;
        if !self.text.is_empty() {
            write!(f, "`{}`: ", self.text)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for VerifyError {}

/// Checks a function.
///
/// # Errors
///
/// Everything that is wrong, in the order of the blocks.
pub fn verify(function: &Function) -> Result<(), Vec<VerifyError>> {
    let mut v = Verifier {
        f: function,
        errors: Vec::new(),
        block: Function::ENTRY,
        inst: None,
        definitions: vec![None; function.values.len()],
    };
    v.run();
    if v.errors.is_empty() {
        Ok(())
    } else {
        Err(v.errors)
    }
}

/// Runs the verifier in builds with debug assertions, after the pass `name`.
///
/// # Panics
///
/// When the function is not well formed: a bug of the pass.
pub fn debug_verify(function: &Function, name: &str) {
    if cfg!(debug_assertions)
        && let Err(errors) = verify(function)
    {
        let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!(
            "after `{name}`:\n{}\n{}",
            list.join("\n"),
            text::print(function)
        );
    }
}

/// The same for the balance of references, after `ownership`.
///
/// # Panics
///
/// When references do not balance: a bug of a pass.
pub fn debug_verify_ownership(function: &Function, name: &str) {
    if cfg!(debug_assertions)
        && let Err(errors) = verify_ownership(function)
    {
        let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!(
            "after `{name}`:\n{}\n{}",
            list.join("\n"),
            text::print(function)
        );
    }
}

struct Verifier<'a> {
    f: &'a Function,
    errors: Vec<VerifyError>,
    block: Block,
    inst: Option<usize>,
    /// Where each register is defined: block, and the instruction after which (0: as a parameter, n: by instruction n-1).
    definitions: Vec<Option<(Block, usize)>>,
}

impl Verifier<'_> {
    fn error(&mut self, message: impl Into<String>) {
        let text = self.inst.map_or_else(String::new, |i| {
            let inst = &self.f.blocks[self.block.0 as usize].insts[i];
            text::instruction(self.f, inst)
        });
        self.errors.push(VerifyError {
            block: self.block,
            inst: self.inst,
            text,
            message: message.into(),
        });
    }

    fn run(&mut self) {
        let f = self.f;
        if f.blocks.is_empty() {
            return self.error("there is no block");
        }
        for (index, frame) in f.frames.iter().enumerate() {
            if frame.call.frame as usize > index {
                self.error("a frame is called from one that comes after it");
            }
        }
        // Indices first: what follows relies on them.
        self.indices();
        if !self.errors.is_empty() {
            return;
        }
        self.define();
        let cfg = Cfg::new(f);
        let dominators = Dominators::new(&cfg);
        for index in 0..f.blocks.len() {
            self.block = Block(index as u32);
            self.inst = None;
            let data = &f.blocks[index];
            if !data.insts.last().is_some_and(Inst::is_end) {
                self.error("the block has no end");
            }
            for (i, inst) in data.insts.iter().enumerate() {
                self.inst = Some(i);
                if inst.is_end() && i + 1 != data.insts.len() {
                    self.error("an end stands before the last instruction");
                }
                self.immediate(inst);
                self.operands(inst);
                self.result(inst);
                self.edges(inst);
                if cfg.is_reachable(self.block) {
                    self.uses(inst, i, &dominators);
                }
            }
        }
    }

    fn indices(&mut self) {
        let f = self.f;
        let (values, blocks) = (f.values.len() as u32, f.blocks.len() as u32);
        for (index, data) in f.blocks.iter().enumerate() {
            self.block = Block(index as u32);
            self.inst = None;
            if data.params.iter().any(|p| p.0 >= values) {
                self.error("a parameter is no register of the function");
            }
            for (i, inst) in data.insts.iter().enumerate() {
                self.inst = Some(i);
                let edges = || inst.edges().flat_map(|e| &e.args);
                if inst
                    .args
                    .iter()
                    .chain(inst.result.iter())
                    .chain(edges())
                    .any(|v| v.0 >= values)
                {
                    self.error("a register is not one of the function");
                }
                if inst.edges().any(|e| e.block.0 >= blocks) {
                    self.error("a target is no block of the function");
                }
                if let Imm::Ref(r) = inst.imm
                    && r.0 as usize >= f.references.len()
                {
                    self.error("a reference is not one of the function");
                }
                if inst.span.frame as usize > f.frames.len() {
                    self.error("a position is in no frame of the function");
                }
            }
        }
    }

    fn define(&mut self) {
        let f = self.f;
        let entry: Vec<Repr> = f.blocks[0].params.iter().map(|v| f.ty(*v).repr).collect();
        self.block = Function::ENTRY;
        self.inst = None;
        if entry != f.signature.params {
            self.error("the entry's parameters are not those of the signature");
        }
        for (index, data) in f.blocks.iter().enumerate() {
            let block = Block(index as u32);
            let params = data.params.iter().map(|p| (*p, 0, None));
            let results = data.insts.iter().enumerate();
            let results = results.filter_map(|(i, inst)| Some((inst.result?, i + 1, Some(i))));
            for (value, at, inst) in params.chain(results) {
                let slot = &mut self.definitions[value.0 as usize];
                if slot.is_some() {
                    (self.block, self.inst) = (block, inst);
                    self.error(format!("v{} is defined twice", value.0));
                } else {
                    *slot = Some((block, at));
                }
            }
        }
    }

    fn uses(&mut self, inst: &Inst, index: usize, dominators: &Dominators) {
        let edges = inst.edges().flat_map(|e| &e.args);
        for value in inst.args.iter().chain(edges) {
            let defined = match self.definitions[value.0 as usize] {
                Some((block, at)) if block == self.block => at <= index,
                Some((block, _)) => dominators.dominates(block, self.block),
                None => false,
            };
            if !defined {
                self.error(format!("v{} is not defined here", value.0));
            }
        }
    }

    fn immediate(&mut self, inst: &Inst) {
        let kind = inst.op.info().imm;
        let fits = matches!(
            (kind, inst.imm),
            (ImmKind::none | ImmKind::check, Imm::None)
                | (ImmKind::i64, Imm::Int(_))
                | (ImmKind::f64, Imm::Float(_))
                | (ImmKind::bool, Imm::Bool(_))
                | (ImmKind::cond, Imm::Cond(_))
                | (ImmKind::helper, Imm::Helper(_))
                | (ImmKind::r#ref | ImmKind::check, Imm::Ref(_))
        );
        if !fits {
            return self.error("the immediate is of another kind than the op's");
        }
        if let Some(reference) = self.f.referenced(inst)
            && !ReferenceKind::of(inst.op).is_some_and(|k| k.admits(reference))
        {
            self.error("the reference is of another kind than the op's");
        }
        if let (Op::ConstInt, Imm::Int(v)) = (inst.op, inst.imm)
            && !SMALL_INT.contains(&v)
        {
            self.error("the constant is not small");
        }
    }

    fn operands(&mut self, inst: &Inst) {
        if let (Op::Helper, Imm::Helper(helper)) = (inst.op, inst.imm) {
            let params = helper.info().params;
            if params.len() != inst.args.len() {
                return self.error(format!("the helper takes {} operands", params.len()));
            }
            for (arg, (_, kind)) in inst.args.iter().zip(params) {
                if helper_repr(*kind) != Some(self.f.ty(*arg).repr) {
                    self.error(format!("v{} is not held as the helper takes it", arg.0));
                }
            }
            return;
        }
        let info = inst.op.info();
        let least = info.operands.len() - usize::from(info.variadic);
        if inst.args.len() < least || (!info.variadic && inst.args.len() > least) {
            return self.error(format!("the op takes {least} operands"));
        }
        for (i, arg) in inst.args.iter().enumerate() {
            let kind = info.operands[i.min(info.operands.len() - 1)].1;
            let ty = self.f.ty(*arg);
            let first = self.f.ty(inst.args[0]).repr;
            if !admits(kind, ty.repr, first) {
                let repr = ty.repr.name();
                self.error(format!(
                    "v{} is held as {repr}, which the op does not take",
                    arg.0
                ));
            } else if ty.nullable && !takes_null(inst.op) {
                self.error(format!(
                    "v{} may be no value, which the op does not take",
                    arg.0
                ));
            }
        }
        self.special_operands(inst);
    }

    /// What the list of ops cannot say.
    fn special_operands(&mut self, inst: &Inst) {
        let repr = |v: Value| self.f.ty(v).repr;
        let reprs: Vec<Repr> = inst.args.iter().map(|v| repr(*v)).collect();
        let wrong = match (inst.op, self.f.referenced(inst)) {
            (Op::Call, Some(Reference::Cell(c))) => reprs != c.signature.params,
            (Op::CallMethod, Some(Reference::Method(m))) => reprs != m.signature.params,
            (Op::FieldStore | Op::FieldInit, Some(Reference::Field(f))) => {
                reprs.get(1) != Some(&f.repr)
            }
            (Op::ListGet | Op::ListSet | Op::TupleGet | Op::ArrayGet | Op::ArraySet, _) => {
                !matches!(reprs.get(1), Some(Repr::Int | Repr::I64))
            }
            (Op::Return, _) => reprs.first() != Some(&self.f.signature.ret),
            (Op::CallObject | Op::CallNamed, _) => reprs.is_empty(),
            (Op::DictNew, _) => !reprs.len().is_multiple_of(2),
            (Op::CheckBound, _) => !reprs.iter().all(|r| r.is_counted()),
            (Op::IsNull, _) => !reprs.iter().all(|r| r.is_counted()),
            _ => false,
        };
        if wrong {
            self.error("the operands are not what the reference or the op asks for");
        }
    }

    fn result(&mut self, inst: &Inst) {
        let expected = match (inst.op, inst.imm) {
            (Op::Helper, Imm::Helper(h)) => helper_repr(h.info().ret),
            (op, _) => match (op.info().result, inst.result) {
                (None, None) => return,
                (Some((_, kind)), Some(result)) => {
                    let repr = self.f.ty(result).repr;
                    let first = inst.args.first().map_or(repr, |v| self.f.ty(*v).repr);
                    if !admits(kind, repr, first) {
                        self.error("the result is not held as the op gives it");
                    }
                    self.special_result(inst, self.f.ty(result));
                    return;
                }
                (None, Some(_)) => return self.error("the op gives no result"),
                (Some(_), None) => return self.error("the op gives a result"),
            },
        };
        match (expected, inst.result) {
            (None, None) => {}
            (Some(repr), Some(result)) if self.f.ty(result).repr == repr => {}
            _ => self.error("the result is not what the helper gives"),
        }
    }

    fn special_result(&mut self, inst: &Inst, ty: &RegType) {
        let first = inst.args.first().map(|v| self.f.ty(*v));
        let wrong = match (inst.op, self.f.referenced(inst)) {
            (Op::Retype, _) => first.is_none_or(|f| f.repr != ty.repr),
            (Op::CheckBound, _) => first.is_none_or(|f| f.repr != ty.repr) || ty.nullable,
            (Op::FieldLoad, Some(Reference::Field(f))) => f.repr != ty.repr || ty.nullable,
            (Op::Call, Some(Reference::Cell(c))) => c.signature.ret != ty.repr,
            (Op::CallMethod, Some(Reference::Method(m))) => m.signature.ret != ty.repr,
            _ => false,
        };
        if wrong {
            self.error("the result is not what the operand or the reference gives");
        }
        if inst.borrowed && self.f.ownership(inst) != Ownership::Ref {
            self.error("only what memory holds can be borrowed");
        }
    }

    fn edges(&mut self, inst: &Inst) {
        let targets = match inst.op {
            Op::Jump => 1,
            Op::Branch => 2,
            _ => 0,
        };
        if inst.targets.len() != targets {
            self.error(format!("the op has {targets} targets"));
        }
        if inst.error.is_some() && !self.f.effects(inst).contains(Effects::RAISE) {
            self.error("the op does not raise and has an error edge");
        }
        for edge in inst.edges() {
            self.edge(edge);
        }
        if let (Some(edge), Some(result)) = (&inst.error, inst.result)
            && edge.args.contains(&result)
        {
            self.error("the result is not defined on the error edge");
        }
    }

    fn edge(&mut self, edge: &Edge) {
        let name = edge.block.0;
        if edge.block == Function::ENTRY {
            self.error("nothing may jump to the entry");
        }
        let params = &self.f.blocks[edge.block.0 as usize].params;
        if params.len() != edge.args.len() {
            return self.error(format!("block{name} takes {} arguments", params.len()));
        }
        for (arg, param) in edge.args.iter().zip(params) {
            let (from, to) = (self.f.ty(*arg), self.f.ty(*param));
            if from.repr != to.repr {
                self.error(format!("v{} is not held as block{name} takes it", arg.0));
            } else if from.nullable && !to.nullable {
                self.error(format!("v{} may be no value for block{name}", arg.0));
            } else if let Some((low, high)) = to.range
                && !from.range.is_some_and(|r| low <= r.0 && r.1 <= high)
            {
                self.error(format!("v{} may be out of bounds for block{name}", arg.0));
            }
        }
    }
}

fn admits(kind: Kind, repr: Repr, first: Repr) -> bool {
    match kind {
        Kind::obj => repr == Repr::Obj,
        Kind::int => repr == Repr::Int,
        Kind::mach => repr.is_machine_int(),
        Kind::float => repr.is_float(),
        Kind::f64 => repr == Repr::F64,
        Kind::bool => repr == Repr::Bool,
        Kind::i64 => repr == Repr::I64,
        Kind::num => repr.is_machine_int() || repr.is_float(),
        Kind::any => true,
        Kind::same => repr == first,
    }
}

/// How a helper's operand or result is held; `None` for addresses, which only the code generator has, and for no result.
fn helper_repr(kind: HelperKind) -> Option<Repr> {
    Some(match kind {
        HelperKind::obj => Repr::Obj,
        HelperKind::int => Repr::Int,
        HelperKind::i64 => Repr::I64,
        HelperKind::u64 => Repr::U64,
        HelperKind::f64 => Repr::F64,
        HelperKind::bool => Repr::Bool,
        HelperKind::ptr | HelperKind::unit => return None,
    })
}

fn takes_null(op: Op) -> bool {
    matches!(
        op,
        Op::IsNull | Op::Inc | Op::Dec | Op::Keep | Op::Retype | Op::CheckBound
    )
}
