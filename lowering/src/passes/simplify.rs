//! Folds constants, removes what has no effect, straightens control flow, until nothing changes.
//!
//! Before:
//!
//! ```text
//! block0(v0: i64):
//!     v1: int[0..9] = int.from_mach v2
//!     v3: bool = const.bool true
//!     branch v3, block1, block2
//! block1:
//!     jump block3
//! ```
//!
//! After: one block, without the conversion that nothing reads.
//!
//! - A value is replaced by another that is the same: a retype that says nothing new, an unboxing of what was boxed, a boxing of what was unboxed.
//! - An instruction on constants becomes a constant.
//! - An instruction whose result nothing reads goes away if it does nothing else.
//! - A branch on a constant becomes a jump; a jump to a block that only jumps goes where that goes; a block with one way in joins the block before it;
//!   blocks that nothing reaches go away, and so do parameters that are always the same.
//!
//! Needs: no error edges and no reference counts; runs before `errors`.

mod fold;

use crate::analysis::cfg::Cfg;
use crate::function::{Block, Edge, Function, Imm, Inst, Value};
use crate::ops::{Effects, Op};
use crate::passes::cleanup;

/// Runs the pass.
pub fn run(function: &mut Function) {
    // Each round that changes something removes or shortens something; the limit is for bugs.
    for _ in 0..20 {
        let mut changed = fold::run(function);
        changed |= remove_dead(function);
        changed |= branches(function);
        changed |= thread(function);
        cleanup::remove_unreachable(function);
        changed |= merge(function);
        cleanup::remove_unreachable(function);
        cleanup::remove_trivial_params(function);
        if !changed {
            break;
        }
    }
}

/// How often each register is read.
fn uses(function: &Function) -> Vec<u32> {
    let mut uses = vec![0; function.values.len()];
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        for v in inst.args.iter().chain(inst.edges().flat_map(|e| &e.args)) {
            uses[v.0 as usize] += 1;
        }
    }
    uses
}

/// Whether an instruction may go away when nothing reads its result.
fn is_removable(function: &Function, inst: &Inst) -> bool {
    let effects = function.effects(inst);
    let acts = Effects::PYTHON
        | Effects::WRITE_FIELD
        | Effects::WRITE_LIST
        | Effects::WRITE_ARRAY
        | Effects::WRITE_GLOBAL
        | Effects::END
        | Effects::KEEP;
    if inst.result.is_none() || effects.intersects(acts) {
        return false;
    }
    if !effects.contains(Effects::RAISE) {
        return true;
    }
    // These raise for want of memory alone.
    matches!(
        inst.op,
        Op::IntAdd
            | Op::IntSub
            | Op::IntMul
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntNeg
            | Op::IntNot
            | Op::IntFromMach
            | Op::BoxInt
            | Op::BoxMach
            | Op::BoxFloat
            | Op::TupleNew
            | Op::ListNew
            | Op::StrJoin
    )
}

/// Removes instructions and parameters that nothing reads.
pub(super) fn remove_dead(function: &mut Function) -> bool {
    let mut uses = uses(function);
    let mut any = false;
    loop {
        let mut changed = false;
        for index in (0..function.blocks.len()).rev() {
            let mut insts = std::mem::take(&mut function.blocks[index].insts);
            let mut keep = vec![true; insts.len()];
            for (i, inst) in insts.iter().enumerate().rev() {
                let unread = inst.result.is_some_and(|v| uses[v.0 as usize] == 0);
                if unread && is_removable(function, inst) {
                    keep[i] = false;
                    changed = true;
                    for arg in &inst.args {
                        uses[arg.0 as usize] -= 1;
                    }
                }
            }
            let mut at = 0;
            insts.retain(|_| {
                at += 1;
                keep[at - 1]
            });
            function.blocks[index].insts = insts;
        }
        changed |= remove_unread_params(function, &mut uses);
        any |= changed;
        if !changed {
            return any;
        }
    }
}

/// Parameters that nothing reads but the edges that pass them to themselves.
fn remove_unread_params(function: &mut Function, uses: &mut [u32]) -> bool {
    let mut own = vec![0; function.values.len()];
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        for edge in inst.edges() {
            let params = &function.blocks[edge.block.0 as usize].params;
            for (arg, param) in edge.args.iter().zip(params) {
                if arg == param {
                    own[arg.0 as usize] += 1;
                }
            }
        }
    }
    let mut gone: Vec<Vec<usize>> = vec![Vec::new(); function.blocks.len()];
    let mut any = false;
    for (index, block) in function.blocks.iter().enumerate().skip(1) {
        for (i, param) in block.params.iter().enumerate() {
            if uses[param.0 as usize] == own[param.0 as usize] {
                gone[index].push(i);
                any = true;
            }
        }
    }
    if !any {
        return false;
    }
    for block in &mut function.blocks {
        for inst in &mut block.insts {
            for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
                for i in gone[edge.block.0 as usize].iter().rev() {
                    let arg = edge.args.remove(*i);
                    uses[arg.0 as usize] -= 1;
                }
            }
        }
    }
    for (index, gone) in gone.iter().enumerate() {
        for i in gone.iter().rev() {
            function.blocks[index].params.remove(*i);
        }
    }
    true
}

/// Branches whose way is known.
fn branches(function: &mut Function) -> bool {
    let definitions = fold::definitions(function);
    let mut changed = false;
    for block in &mut function.blocks {
        let Some(end) = block.insts.last_mut() else {
            continue;
        };
        if end.op != Op::Branch {
            continue;
        }
        let test = definitions[end.args[0].0 as usize].as_ref();
        match test.map(|d| (d.op, d.imm)) {
            Some((Op::ConstBool, Imm::Bool(value))) => {
                let target = end.targets[usize::from(!value)].clone();
                to_jump(end, target);
                changed = true;
            }
            Some((Op::BoolNot, _)) => {
                if let Some(inner) = test.and_then(|d| d.args.first()) {
                    end.args[0] = *inner;
                    end.targets.swap(0, 1);
                    changed = true;
                }
            }
            _ if end.targets[0] == end.targets[1] => {
                let target = end.targets[0].clone();
                to_jump(end, target);
                changed = true;
            }
            _ => {}
        }
    }
    changed
}

fn to_jump(end: &mut Inst, target: Edge) {
    end.op = Op::Jump;
    end.args.clear();
    end.targets.clear();
    end.targets.push(target);
}

/// Sends jumps to a block that does nothing but jump or branch to where that goes.
fn thread(function: &mut Function) -> bool {
    let uses = uses(function);
    let definitions = fold::definitions(function);
    let constant = |v: Value| match definitions[v.0 as usize].as_ref() {
        Some(d) if d.op == Op::ConstBool => match d.imm {
            Imm::Bool(b) => Some(b),
            _ => None,
        },
        _ => None,
    };
    // Of each such block: its parameters and its end, if nothing else reads the parameters.
    let passing: Vec<Option<(Vec<Value>, Inst)>> = function
        .blocks
        .iter()
        .enumerate()
        .map(|(index, block)| {
            let [end] = &block.insts[..] else { return None };
            if index == 0 || !matches!(end.op, Op::Jump | Op::Branch) {
                return None;
            }
            if end.targets.iter().any(|t| t.block.0 as usize == index) {
                return None;
            }
            let reads = |p: &Value| {
                let args = end.args.iter().filter(|v| *v == p).count();
                let edges = end.targets.iter().flat_map(|t| &t.args);
                (args + edges.filter(|v| *v == p).count()) as u32
            };
            let private = block.params.iter().all(|p| uses[p.0 as usize] == reads(p));
            private.then(|| (block.params.clone(), end.clone()))
        })
        .collect();
    let mut changed = false;
    for block in &mut function.blocks {
        let Some(end) = block.insts.last_mut() else {
            continue;
        };
        for edge in &mut end.targets {
            let Some((params, through)) = &passing[edge.block.0 as usize] else {
                continue;
            };
            let given = |v: &Value| {
                let at = params.iter().position(|p| p == v);
                at.map_or(*v, |i| edge.args[i])
            };
            let target = match through.op {
                Op::Jump => &through.targets[0],
                _ => match constant(given(&through.args[0])) {
                    Some(value) => &through.targets[usize::from(!value)],
                    None => continue,
                },
            };
            let args = target.args.iter().map(given).collect();
            *edge = Edge {
                block: target.block,
                args,
            };
            changed = true;
        }
    }
    changed
}

/// Joins a block to the one before it when there is no other way in or out.
fn merge(function: &mut Function) -> bool {
    let cfg = Cfg::new(function);
    let mut replaced = vec![None; function.values.len()];
    let mut changed = false;
    for &block in &cfg.order {
        let index = block.0 as usize;
        while let Some(end) = function.blocks[index].insts.last() {
            if end.op != Op::Jump {
                break;
            }
            let target = end.targets[0].block;
            if target == block || target == Function::ENTRY || ways_in(&cfg, target) != 1 {
                break;
            }
            // Joined already, by the block before.
            if function.blocks[target.0 as usize].insts.is_empty() {
                break;
            }
            let Some(end) = function.blocks[index].insts.pop() else {
                break;
            };
            let next = &mut function.blocks[target.0 as usize];
            for (param, arg) in next.params.drain(..).zip(&end.targets[0].args) {
                replaced[param.0 as usize] = Some(*arg);
            }
            let insts = std::mem::take(&mut next.insts);
            function.blocks[index].insts.extend(insts);
            changed = true;
        }
    }
    cleanup::replace(function, &replaced);
    changed
}

fn ways_in(cfg: &Cfg, block: Block) -> usize {
    cfg.predecessors[block.0 as usize].len()
}
