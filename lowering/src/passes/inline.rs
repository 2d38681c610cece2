//! Puts the bodies of small functions where they are called.
//!
//! Before, where `m:next` is `return n + 1`:
//!
//! ```text
//! block0(v0: int):
//!     v1: int = call v0, function m:next = m:next (int) -> int
//!     return v1
//! ```
//!
//! After: what the cell is bound to is compared with the version whose body stands here, so that rebinding the name takes effect at once, and the call is
//! made as before when it is another:
//!
//! ```text
//! frame1 m:next @10..17:2
//! block0(v0: int):
//!     v2: i64 = cell.target function m:next = m:next (int) -> int
//!     v3: bool = target.is v2, m:next (int) -> int
//!     branch v3, block2, block3
//! block1(v1: int):
//!     return v1
//! block2:
//!     v4: int = const.int 1
//!     v5: int = int.add v0, v4 @40..45:6#1
//!     jump block1(v5)
//! block3 cold:
//!     v6: int = call v0, function m:next = m:next (int) -> int
//!     jump block1(v6)
//! ```
//!
//! A call through a method table is compared with each of the few bodies that receivers' tables may go to, most common first.
//!
//! What is worth it: see [`plan`]. A function is never put into itself, directly or through others. Each body that is put somewhere is a *frame* of the
//! function, to which the positions of its instructions belong, so that an exception leaves the entries in the traceback that the calls would have left.
//!
//! Needs: no error edges and no reference counts, in the function and in the bodies; `simplify` makes bodies small before it, and joins their blocks to
//! their surroundings after it.

mod plan;

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::function::{
    Block, BlockData, CellRef, Edge, Frame, Function, Imm, Inst, MethodRef, Origin, Reference,
    Span, TargetRef, Value,
};
use crate::ops::Op;
use crate::types::{RegType, Repr};

/// Where the pass asks for bodies. They are as [`crate::pipeline::prepare`] leaves them.
pub trait Callees {
    /// The body of what a cell is bound to.
    fn bound(&self, cell: &CellRef) -> Option<Arc<Function>>;

    /// The bodies that the slot goes to in the tables of the receiver's class and of those below it, the most common first; `None` in the place of one that
    /// has no bytecode.
    fn overrides(&self, method: &MethodRef) -> Vec<Option<Arc<Function>>>;
}

/// No bodies at all.
#[derive(Clone, Copy, Debug)]
pub struct NoCallees;

impl Callees for NoCallees {
    fn bound(&self, _cell: &CellRef) -> Option<Arc<Function>> {
        None
    }

    fn overrides(&self, _method: &MethodRef) -> Vec<Option<Arc<Function>>> {
        Vec::new()
    }
}

/// Runs the pass.
pub fn run(function: &mut Function, callees: &dyn Callees) {
    let mut budget = plan::Budget::of(function);
    // What stands in the function itself comes before what bodies bring with them.
    let mut queue: VecDeque<Block> = (0..function.blocks.len() as u32).map(Block).collect();
    while let Some(mut block) = queue.pop_front() {
        let mut at = 0;
        while let Some(inst) = function.blocks[block.0 as usize].insts.get(at) {
            if !matches!(inst.op, Op::Call | Op::CallMethod)
                || function.blocks[block.0 as usize].cold
            {
                at += 1;
                continue;
            }
            let inst = inst.clone();
            match plan::plan(function, &inst, callees, &mut budget) {
                None => at += 1,
                Some(plan) => {
                    let first = function.blocks.len() as u32 + 1;
                    let (next, other) = splice(function, block, at, &inst, &plan);
                    let new = (first..function.blocks.len() as u32).map(Block);
                    queue.extend(new.filter(|b| *b != other));
                    (block, at) = (next, 0);
                }
            }
        }
    }
}

/// Puts bodies in the place of the call at `at` in a block; gives the block that goes on after it, which is the first of the new ones, and the one with the
/// call that is left.
fn splice(
    function: &mut Function,
    block: Block,
    at: usize,
    call: &Inst,
    plan: &plan::Plan,
) -> (Block, Block) {
    let after = function.blocks[block.0 as usize].insts.split_off(at + 1);
    function.blocks[block.0 as usize].insts.truncate(at);
    let next = function.block();
    let data = &mut function.blocks[next.0 as usize];
    data.params.extend(call.result);
    data.insts = after;

    let address = function.value(RegType::new(Repr::I64));
    let mut target = Inst::new(Op::CellTarget, call.span);
    target.imm = call.imm;
    target.result = Some(address);
    if call.op == Op::CallMethod {
        target.op = Op::MethodTarget;
        target.args.extend(call.args.first().copied());
    }
    function.blocks[block.0 as usize].insts.push(target);
    let mut here = block;
    for body in &plan.bodies {
        let (hit, miss) = (function.block(), function.block());
        let is = function.value(RegType::new(Repr::Bool));
        let mut compare = Inst::new(Op::TargetIs, call.span);
        compare.args.push(address);
        compare.imm = Imm::Ref(function.reference(Reference::Target(version(body))));
        compare.result = Some(is);
        let mut branch = Inst::new(Op::Branch, call.span);
        branch.args.push(is);
        branch.targets.extend([to(hit), to(miss)]);
        function.blocks[here.0 as usize]
            .insts
            .extend([compare, branch]);
        copy(function, body, call, hit, next);
        here = miss;
    }
    // Whatever else it goes to is called.
    let mut other = call.clone();
    other.result = call
        .result
        .map(|result| function.value(function.ty(result).clone()));
    let mut jump = Inst::new(Op::Jump, call.span);
    jump.targets.push(Edge {
        block: next,
        args: other.result.into_iter().collect(),
    });
    let data = &mut function.blocks[here.0 as usize];
    data.cold = plan.complete;
    data.insts.extend([other, jump]);
    (next, here)
}

fn to(block: Block) -> Edge {
    Edge {
        block,
        args: SmallVec::new(),
    }
}

/// The version that a body is of.
fn version(body: &Function) -> TargetRef {
    TargetRef {
        symbol: body.symbol,
        constructs: matches!(body.origin, Origin::Constructor(_)),
        signature: body.signature.clone(),
    }
}

/// Copies a body: its entry into the empty block `hit`, its other blocks behind what is there; returns become jumps to `next`.
fn copy(function: &mut Function, body: &Function, call: &Inst, hit: Block, next: Block) {
    // Frames: that of the call, then those that the body has itself.
    let outer = function.frames.len() as u32 + 1;
    function.frames.push(Frame {
        function: (body.origin == Origin::Source).then_some(body.symbol),
        call: call.span,
    });
    let moved = |span: Span| Span {
        frame: outer + span.frame,
        ..span
    };
    function
        .frames
        .extend(body.frames.iter().map(|frame| Frame {
            function: frame.function,
            call: moved(frame.call),
        }));
    // Registers: parameters are the arguments, with what the body knows of them.
    let base = function.values.len() as u32;
    function.values.extend(body.values.iter().cloned());
    let mut values: Vec<Value> = (0..body.values.len() as u32)
        .map(|v| Value(base + v))
        .collect();
    for (param, arg) in body.blocks[0].params.iter().zip(&call.args) {
        values[param.0 as usize] = known_as(function, *arg, body.ty(*param), hit, call.span);
    }
    let references: Vec<Imm> = body
        .references
        .iter()
        .map(|r| Imm::Ref(function.reference(r.clone())))
        .collect();
    let first = function.blocks.len() as u32;
    let place = |block: Block| match block.0 {
        0 => hit,
        n => Block(first + n - 1),
    };
    let result = call.result.map(|r| function.ty(r).clone());
    for (index, data) in body.blocks.iter().enumerate() {
        let block = place(Block(index as u32));
        if index > 0 {
            function.blocks.push(BlockData {
                params: data.params.iter().map(|p| values[p.0 as usize]).collect(),
                insts: Vec::with_capacity(data.insts.len()),
                cold: data.cold,
            });
        }
        for inst in &data.insts {
            let mut inst = inst.clone();
            inst.span = moved(inst.span);
            inst.result = inst.result.map(|v| values[v.0 as usize]);
            for v in &mut inst.args {
                *v = values[v.0 as usize];
            }
            if let Imm::Ref(r) = inst.imm {
                inst.imm = references[r.0 as usize];
            }
            for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
                edge.block = place(edge.block);
                for v in &mut edge.args {
                    *v = values[v.0 as usize];
                }
            }
            if inst.op == Op::Return {
                let mut jump = Inst::new(Op::Jump, inst.span);
                let value = match &result {
                    Some(ty) => Some(known_as(function, inst.args[0], ty, block, inst.span)),
                    None => None,
                };
                jump.targets.push(Edge {
                    block: next,
                    args: value.into_iter().collect(),
                });
                inst = jump;
            }
            function.blocks[block.0 as usize].insts.push(inst);
        }
    }
}

/// A value with the knowledge of a type added, by an instruction at the end of a block if it has less.
fn known_as(
    function: &mut Function,
    value: Value,
    want: &RegType,
    block: Block,
    span: Span,
) -> Value {
    let have = function.ty(value);
    let mut ty = have.clone();
    if want.class.is_some() && !have.exact {
        ty.class.clone_from(&want.class);
        ty.exact = want.exact;
    }
    ty.nullable &= want.nullable;
    ty.range = have.range.or(want.range);
    if ty == *have {
        return value;
    }
    let result = function.value(ty);
    let mut inst = Inst::new(Op::Retype, span);
    inst.args.push(value);
    inst.result = Some(result);
    function.blocks[block.0 as usize].insts.push(inst);
    result
}
