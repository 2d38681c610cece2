//! Dominators, by the iteration of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).

use super::cfg::Cfg;
use crate::function::Block;

/// The dominator tree of the reachable blocks.
#[derive(Clone, Debug)]
pub struct Dominators {
    /// Immediate dominator by block index; the entry's is itself, an unreachable block's is `None`.
    immediate: Vec<Option<Block>>,
    position: Vec<usize>,
}

impl Dominators {
    /// The tree of a graph.
    pub fn new(cfg: &Cfg) -> Dominators {
        let mut immediate: Vec<Option<Block>> = vec![None; cfg.position.len()];
        let position = cfg.position.clone();
        let Some(&entry) = cfg.order.first() else {
            return Dominators {
                immediate,
                position,
            };
        };
        immediate[entry.0 as usize] = Some(entry);
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &cfg.order[1..] {
                let mut new: Option<Block> = None;
                for &pred in &cfg.predecessors[block.0 as usize] {
                    if immediate[pred.0 as usize].is_some() {
                        new = Some(match new {
                            None => pred,
                            Some(other) => intersect(&immediate, &position, pred, other),
                        });
                    }
                }
                if new.is_some() && immediate[block.0 as usize] != new {
                    immediate[block.0 as usize] = new;
                    changed = true;
                }
            }
        }
        Dominators {
            immediate,
            position,
        }
    }

    /// The immediate dominator; `None` for the entry and for unreachable blocks.
    pub fn immediate(&self, block: Block) -> Option<Block> {
        self.immediate[block.0 as usize].filter(|d| *d != block)
    }

    /// Whether every path to `b` passes through `a`; a block dominates itself.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let mut at = b;
        loop {
            if at == a {
                return true;
            }
            // The dominator of a block comes before it in the order, so the walk ends.
            if self.position[at.0 as usize] <= self.position[a.0 as usize] {
                return false;
            }
            match self.immediate(at) {
                Some(next) => at = next,
                None => return false,
            }
        }
    }
}

fn intersect(immediate: &[Option<Block>], position: &[usize], a: Block, b: Block) -> Block {
    let (mut a, mut b) = (a, b);
    while a != b {
        while position[a.0 as usize] > position[b.0 as usize] {
            a = immediate[a.0 as usize].expect("processed blocks have a dominator");
        }
        while position[b.0 as usize] > position[a.0 as usize] {
            b = immediate[b.0 as usize].expect("processed blocks have a dominator");
        }
    }
    a
}
