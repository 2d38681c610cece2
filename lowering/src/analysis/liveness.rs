//! Liveness of registers: which may still be read at the start of each block.
//!
//! Registers that name the same object are one here: an op whose result is its first operand itself ([`Ownership::Alias`]) gives its operand
//! another name, and the object is live while any name of it is. The name it was born with stands for all of them ([`Liveness::root`]).

use fixedbitset::FixedBitSet;

use super::cfg::Cfg;
use crate::function::{Block, Edge, Function, Inst, Value};
use crate::ops::Ownership;

/// Liveness of a function's roots.
#[derive(Clone, Debug)]
pub struct Liveness {
    roots: Vec<Value>,
    live_in: Vec<FixedBitSet>,
}

impl Liveness {
    /// Liveness by backward iteration to a fixed point.
    pub fn new(function: &Function, cfg: &Cfg) -> Liveness {
        let count = function.values.len();
        let mut liveness = Liveness {
            roots: roots(function, cfg),
            live_in: vec![FixedBitSet::with_capacity(count); function.blocks.len()],
        };
        let mut changed = true;
        while changed {
            changed = false;
            for &block in cfg.order.iter().rev() {
                let mut live = FixedBitSet::with_capacity(count);
                let data = &function.blocks[block.0 as usize];
                for inst in data.insts.iter().rev() {
                    liveness.step(inst, &mut live);
                }
                for param in &data.params {
                    live.set(param.0 as usize, false);
                }
                if live != liveness.live_in[block.0 as usize] {
                    liveness.live_in[block.0 as usize] = live;
                    changed = true;
                }
            }
        }
        liveness
    }

    /// The register that stands for all names of a register's object.
    pub fn root(&self, value: Value) -> Value {
        self.roots[value.0 as usize]
    }

    /// Roots that are live at the start of a block, its parameters left out.
    pub fn live_in(&self, block: Block) -> &FixedBitSet {
        &self.live_in[block.0 as usize]
    }

    /// From the roots live after an instruction to those live before it.
    pub fn step(&self, inst: &Inst, live: &mut FixedBitSet) {
        if let Some(result) = inst.result
            && self.root(result) == result
        {
            live.set(result.0 as usize, false);
        }
        for edge in inst.edges() {
            self.add_edge(edge, live);
        }
        for arg in &inst.args {
            live.insert(self.root(*arg).0 as usize);
        }
    }

    /// Adds what an edge needs: what is live in its target, and its arguments.
    pub fn add_edge(&self, edge: &Edge, live: &mut FixedBitSet) {
        live.union_with(self.live_in(edge.block));
        for arg in &edge.args {
            live.insert(self.root(*arg).0 as usize);
        }
    }
}

fn roots(function: &Function, cfg: &Cfg) -> Vec<Value> {
    let mut roots: Vec<Value> = (0..function.values.len() as u32).map(Value).collect();
    // A definition comes before its uses in this order, so operands' roots are known.
    for &block in &cfg.order {
        for inst in &function.blocks[block.0 as usize].insts {
            if let (Some(result), Some(first)) = (inst.result, inst.args.first())
                && function.ownership(inst) == Ownership::Alias
            {
                roots[result.0 as usize] = roots[first.0 as usize];
            }
        }
    }
    roots
}
