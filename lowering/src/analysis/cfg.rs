//! The control-flow graph: order of blocks and their predecessors. Error edges count.

use crate::function::{Block, Function};

/// Reverse postorder of the reachable blocks, and the predecessors of each block.
#[derive(Clone, Debug)]
pub struct Cfg {
    /// Reachable blocks, each before its successors except along back-edges.
    pub order: Vec<Block>,
    /// For each block (by index) its position in `order`; `usize::MAX` when unreachable.
    pub position: Vec<usize>,
    /// For each block the reachable blocks that have an edge to it, once for each edge.
    pub predecessors: Vec<Vec<Block>>,
}

impl Cfg {
    /// The graph of a function.
    pub fn new(function: &Function) -> Cfg {
        let count = function.blocks.len();
        let mut postorder = Vec::with_capacity(count);
        let mut seen = vec![false; count];
        let mut stack: Vec<(Block, Vec<Block>)> = Vec::new();
        if count > 0 {
            seen[0] = true;
            stack.push((Function::ENTRY, successors(function, Function::ENTRY)));
        }
        while let Some((block, rest)) = stack.last_mut() {
            match rest.pop() {
                Some(next) if !seen[next.0 as usize] => {
                    seen[next.0 as usize] = true;
                    stack.push((next, successors(function, next)));
                }
                Some(_) => {}
                None => {
                    postorder.push(*block);
                    stack.pop();
                }
            }
        }
        let order: Vec<Block> = postorder.into_iter().rev().collect();
        let mut position = vec![usize::MAX; count];
        for (i, block) in order.iter().enumerate() {
            position[block.0 as usize] = i;
        }
        let mut predecessors = vec![Vec::new(); count];
        for &block in &order {
            for next in successors(function, block) {
                predecessors[next.0 as usize].push(block);
            }
        }
        Cfg {
            order,
            position,
            predecessors,
        }
    }

    /// Whether a block can be reached from the entry.
    pub fn is_reachable(&self, block: Block) -> bool {
        self.position[block.0 as usize] != usize::MAX
    }
}

/// The targets of every edge out of a block, those of errors included.
pub fn successors(function: &Function, block: Block) -> Vec<Block> {
    function.blocks[block.0 as usize]
        .insts
        .iter()
        .flat_map(|inst| inst.edges())
        .map(|edge| edge.block)
        .collect()
}
