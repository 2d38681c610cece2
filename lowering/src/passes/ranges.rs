//! Finds ints that are always small: they need no tag tests, no overflow checks and no reference counts.
//!
//! Before:
//!
//! ```text
//! block1(v1: int):
//!     v2: bool = int.cmp lt v1, v0
//!     branch v2, block2, block3
//! block2:
//!     v3: int[1..1] = const.int 1
//!     v4: int = int.add v1, v3
//!     jump block1(v4)
//! ```
//!
//! After, when the loop is entered with a small int:
//!
//! ```text
//! block1(v1: int[-4611686018427387896..4611686018427387895]):
//!     v2: bool = int.cmp lt v1, v0
//!     branch v2, block2, block3
//! block2:
//!     v3: int[1..1] = const.int 1
//!     v4: int[-4611686018427387896..4611686018427387895] = int.add v1, v3
//!     jump block1(v4)
//! ```
//!
//! Two kinds of knowledge. Bounds of an operation's result follow from those of its operands, and bounds of a parameter from those of what is passed to
//! it. And a variable that starts far from the ends and only ever moves by 1 or 2 stays small for as long as anyone waits: to get from 2⁶¹ to 2⁶²
//! by such steps, at one a nanosecond, takes more than thirty years. Steps of a larger size do not count as such, nor sums of two variables.
//!
//! Needs: SSA before `errors`, because an operation on small ints raises nothing. `simplify` after it folds what is decided by bounds.

use crate::analysis::cfg::Cfg;
use crate::function::{Function, Inst, Value};
use crate::ops::Op;
use crate::passes::bounds::{self, Bounds};
use crate::types::{Repr, SMALL_INT};

/// Where a counting variable may be: anything small, with room for a step.
const COUNTING: Bounds = (*SMALL_INT.start() + 8, *SMALL_INT.end() - 8);

/// Where it may start.
const START: Bounds = (-(1 << 61), 1 << 61);

/// Runs the pass.
pub fn run(function: &mut Function) {
    let cfg = Cfg::new(function);
    forward(function, &cfg);
    count(function);
    forward(function, &cfg);
}

/// Bounds from operands and from what is passed, in an order in which those come first except around loops.
fn forward(function: &mut Function, cfg: &Cfg) {
    // What each edge passes, by target block and parameter: the union, or nothing when one is not known.
    for &block in &cfg.order {
        let index = block.0 as usize;
        let params = function.blocks[index].params.clone();
        for (i, param) in params.into_iter().enumerate() {
            if block == Function::ENTRY || !wants(function, param) {
                continue;
            }
            let mut union: Option<Bounds> = None;
            let mut known = true;
            for pred in &cfg.predecessors[index] {
                let insts = &function.blocks[pred.0 as usize].insts;
                for edge in insts.iter().flat_map(Inst::edges) {
                    if edge.block != block {
                        continue;
                    }
                    match function.ty(edge.args[i]).range {
                        Some(r) => union = Some(union.map_or(r, |u| (u.0.min(r.0), u.1.max(r.1)))),
                        None => known = false,
                    }
                }
            }
            if known && let Some(range) = union {
                function.values[param.0 as usize].range = Some(range);
            }
        }
        for at in 0..function.blocks[index].insts.len() {
            let inst = &function.blocks[index].insts[at];
            let Some(result) = inst.result.filter(|r| wants(function, *r)) else {
                continue;
            };
            if let Some(range) = result_bounds(function, inst, result) {
                function.values[result.0 as usize].range = Some(range);
            }
        }
    }
}

/// Whether a register is an integer of which nothing is known.
fn wants(function: &Function, value: Value) -> bool {
    let ty = function.ty(value);
    (ty.repr == Repr::Int || ty.repr.is_machine_int())
        && ty.range.is_none()
        && !ty.nullable
        && ty.repr != Repr::U64
}

fn result_bounds(function: &Function, inst: &Inst, result: Value) -> Option<Bounds> {
    let repr = function.ty(result).repr;
    let of = |i: usize| {
        let ty = function.ty(*inst.args.get(i)?);
        ty.range.or_else(|| bounds::of_repr(ty.repr))
    };
    match inst.op {
        Op::Retype | Op::MachCast | Op::IntFromMach | Op::IntToMach | Op::MachNarrow => {
            of(0).filter(|r| bounds::within(*r, repr))
        }
        // The second operand alone bounds the result.
        Op::IntAnd | Op::IntMod => {
            let a = of(0).unwrap_or((i64::MIN, i64::MAX));
            bounds::of_operation(inst.op, a, of(1)?, repr)
        }
        Op::IntNeg | Op::IntNot | Op::MachNeg | Op::MachNot => {
            bounds::of_operation(inst.op, of(0)?, (0, 0), repr)
        }
        Op::IntAdd
        | Op::IntSub
        | Op::IntMul
        | Op::IntFloorDiv
        | Op::IntOr
        | Op::IntXor
        | Op::IntShr
        | Op::MachAdd
        | Op::MachSub
        | Op::MachMul
        | Op::MachFloorDiv
        | Op::MachMod
        | Op::MachAnd
        | Op::MachOr
        | Op::MachXor
        | Op::MachShr => bounds::of_operation(inst.op, of(0)?, of(1)?, repr),
        _ => None,
    }
}

/// Variables that count: parameters to which only far-from-the-end values, such variables, and their neighbours are passed.
fn count(function: &mut Function) {
    // Parameters and steps start as counting, and are taken out until each that is left is made of what is left.
    let mut counting = vec![false; function.values.len()];
    for block in function.blocks.iter().skip(1) {
        for param in &block.params {
            let ty = function.ty(*param);
            counting[param.0 as usize] = ty.repr == Repr::Int && ty.range.is_none() && !ty.nullable;
        }
    }
    let mut steps: Vec<(Value, Value)> = Vec::new();
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(result) = inst.result
            && function.ty(result).range.is_none()
            && let Some(of) = step(function, inst)
        {
            counting[result.0 as usize] = true;
            steps.push((result, of));
        }
    }
    let starts_well = |function: &Function, v: Value| {
        function
            .ty(v)
            .range
            .is_some_and(|r| START.0 <= r.0 && r.1 <= START.1)
    };
    loop {
        let mut changed = false;
        for inst in function.blocks.iter().flat_map(|b| &b.insts) {
            for edge in inst.edges() {
                let params = &function.blocks[edge.block.0 as usize].params;
                for (arg, param) in edge.args.iter().zip(params) {
                    let fine = counting[arg.0 as usize] || starts_well(function, *arg);
                    if counting[param.0 as usize] && !fine {
                        counting[param.0 as usize] = false;
                        changed = true;
                    }
                }
            }
        }
        for (result, of) in &steps {
            let fine = counting[of.0 as usize] || starts_well(function, *of);
            if counting[result.0 as usize] && !fine {
                counting[result.0 as usize] = false;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for (ty, counting) in function.values.iter_mut().zip(counting) {
        if counting {
            ty.range = Some(COUNTING);
        }
    }
}

/// The variable that an instruction moves by 1 or 2.
fn step(function: &Function, inst: &Inst) -> Option<Value> {
    let [a, b] = inst.args[..] else { return None };
    let short = |v: Value| {
        function
            .ty(v)
            .range
            .is_some_and(|r| (-2..=2).contains(&r.0) && (-2..=2).contains(&r.1))
    };
    match inst.op {
        Op::IntAdd | Op::IntSub if short(b) => Some(a),
        Op::IntAdd if short(a) => Some(b),
        _ => None,
    }
}
