//! Small transformations of the control-flow graph that the builder and several passes share.

use crate::analysis::cfg::Cfg;
use crate::function::{Block, Function, Value};
use crate::ops::Op;

/// Removes blocks that the entry does not reach and numbers the others anew, in their order.
pub fn remove_unreachable(function: &mut Function) {
    let cfg = Cfg::new(function);
    let mut numbers = vec![None; function.blocks.len()];
    let mut kept = Vec::with_capacity(cfg.order.len());
    for (index, block) in std::mem::take(&mut function.blocks).into_iter().enumerate() {
        if cfg.is_reachable(Block(index as u32)) {
            numbers[index] = Some(Block(kept.len() as u32));
            kept.push(block);
        }
    }
    function.blocks = kept;
    for block in &mut function.blocks {
        for inst in &mut block.insts {
            for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
                edge.block = numbers[edge.block.0 as usize].expect("an edge's target is reached");
            }
        }
    }
}

/// Removes parameters to which every edge passes one and the same value (or the parameter itself).
pub fn remove_trivial_params(function: &mut Function) {
    let mut replaced: Vec<Option<Value>> = vec![None; function.values.len()];
    loop {
        // What each parameter of each block is passed: nothing yet, one value, or several.
        let mut passed: Vec<Vec<Passed>> = function
            .blocks
            .iter()
            .map(|b| vec![Passed::Nothing; b.params.len()])
            .collect();
        for block in &function.blocks {
            for edge in block.insts.iter().flat_map(|i| i.edges()) {
                let target = edge.block.0 as usize;
                for (i, arg) in edge.args.iter().enumerate() {
                    let arg = resolve(&replaced, *arg);
                    if arg == function.blocks[target].params[i] {
                        continue;
                    }
                    passed[target][i] = match passed[target][i] {
                        Passed::Nothing => Passed::One(arg),
                        Passed::One(v) if v == arg => Passed::One(v),
                        _ => Passed::Several,
                    };
                }
            }
        }
        let mut removed = vec![Vec::new(); function.blocks.len()];
        let mut any = false;
        for index in 1..function.blocks.len() {
            for (i, what) in passed[index].iter().enumerate() {
                if let Passed::One(value) = what {
                    let param = function.blocks[index].params[i];
                    // A chain of replacements in one round may lead back here.
                    let value = resolve(&replaced, *value);
                    if value != param {
                        replaced[param.0 as usize] = Some(value);
                        removed[index].push(i);
                        any = true;
                    }
                }
            }
        }
        if !any {
            break;
        }
        for block in &mut function.blocks {
            for inst in &mut block.insts {
                for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
                    for i in removed[edge.block.0 as usize].iter().rev() {
                        edge.args.remove(*i);
                    }
                }
            }
        }
        for (index, gone) in removed.iter().enumerate() {
            for i in gone.iter().rev() {
                function.blocks[index].params.remove(*i);
            }
        }
    }
    replace(function, &replaced);
}

#[derive(Clone, Copy)]
enum Passed {
    Nothing,
    One(Value),
    Several,
}

/// What stands for a value at the end of a chain of replacements.
pub fn resolve(replaced: &[Option<Value>], mut value: Value) -> Value {
    while let Some(next) = replaced[value.0 as usize] {
        value = next;
    }
    value
}

/// Replaces uses of values; their definitions stay.
pub fn replace(function: &mut Function, replaced: &[Option<Value>]) {
    if replaced.iter().all(Option::is_none) {
        return;
    }
    for block in &mut function.blocks {
        for inst in &mut block.insts {
            let edges = inst.targets.iter_mut().chain(inst.error.iter_mut());
            for v in inst.args.iter_mut().chain(edges.flat_map(|e| &mut e.args)) {
                *v = resolve(replaced, *v);
            }
        }
    }
}

/// Marks as cold what leads to an instruction that never returns normally whichever way is taken, as far as it is not the whole function.
pub fn mark_cold(function: &mut Function) {
    let cfg = Cfg::new(function);
    for &block in cfg.order.iter().rev() {
        let index = block.0 as usize;
        let Some(end) = function.blocks[index].insts.last() else {
            continue;
        };
        let fatal = match end.op {
            Op::Unreachable => true,
            Op::Jump | Op::Branch => end
                .targets
                .iter()
                .all(|edge| function.blocks[edge.block.0 as usize].cold),
            _ => false,
        };
        if fatal && block != Function::ENTRY {
            function.blocks[index].cold = true;
        }
    }
}

/// Puts blocks in reverse postorder, cold ones last, and removes those that the entry does not reach.
pub fn order(function: &mut Function) {
    let cfg = Cfg::new(function);
    let is_cold = |b: &&Block| function.blocks[b.0 as usize].cold && **b != Function::ENTRY;
    let warm = cfg.order.iter().filter(|b| !is_cold(b));
    let order: Vec<Block> = warm
        .chain(cfg.order.iter().filter(is_cold))
        .copied()
        .collect();
    let mut numbers = vec![Function::ENTRY; function.blocks.len()];
    for (index, block) in order.iter().enumerate() {
        numbers[block.0 as usize] = Block(index as u32);
    }
    let mut blocks = std::mem::take(&mut function.blocks);
    function.blocks = order
        .iter()
        .map(|b| std::mem::take(&mut blocks[b.0 as usize]))
        .collect();
    for inst in function.blocks.iter_mut().flat_map(|b| &mut b.insts) {
        for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
            edge.block = numbers[edge.block.0 as usize];
        }
    }
}
