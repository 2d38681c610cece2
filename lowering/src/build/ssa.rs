//! Variables to registers while blocks are being built.
//!
//! A variable read in a block that does not define it is looked up in the predecessors: with one, there; with several, a
//! parameter is added to the block and each edge to it passes what the variable is at its end. A block whose predecessors are not all known (a loop's header) gets
//! the parameter at once and its edges' arguments when it is sealed. Parameters that turn out to pass one value only are removed at the end.

use super::{Builder, Definition};
use crate::function::{Block, Function, Imm, Inst, Value};
use crate::ops::Op;
use crate::types::RegType;
use rustc_hash::FxHashMap;

/// A variable: a local, or one of the builder's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Var(u32);

/// How it is known whether a local has a value.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    /// It always has where it is read.
    Always,
    /// The word 0 says that it has none.
    Word,
    /// Another variable says so, for representations without such a word.
    Companion(Var),
}

#[derive(Default)]
pub(super) struct Ssa {
    types: Vec<RegType>,
    values: FxHashMap<(Var, Block), Value>,
    sealed: Vec<bool>,
    /// Of an unsealed block: parameters whose edges have no arguments yet.
    incomplete: FxHashMap<Block, Vec<(Var, Value)>>,
    /// For each block, the blocks whose end has an edge to it, and which target that is.
    predecessors: Vec<Vec<(Block, usize)>>,
}

impl Ssa {
    pub(super) fn declare(&mut self, ty: RegType) -> Var {
        self.types.push(ty);
        Var(self.types.len() as u32 - 1)
    }

    pub(super) fn add_block(&mut self) {
        self.sealed.push(false);
        self.predecessors.push(Vec::new());
    }

    pub(super) fn add_edge(&mut self, target: Block, from: Block, index: usize) {
        debug_assert!(
            !self.sealed[target.0 as usize],
            "a sealed block gets no more edges"
        );
        self.predecessors[target.0 as usize].push((from, index));
    }
}

impl Builder<'_> {
    /// Sets a variable in the current block.
    pub(super) fn write(&mut self, var: Var, value: Value) {
        self.ssa.values.insert((var, self.block), value);
    }

    /// A variable's value in the current block.
    pub(super) fn read(&mut self, var: Var) -> Value {
        self.read_in(var, self.block)
    }

    /// A new variable of the builder's own.
    pub(super) fn temporary(&mut self, ty: RegType) -> Var {
        self.ssa.declare(ty)
    }

    fn read_in(&mut self, var: Var, block: Block) -> Value {
        // Straight chains are followed in a loop: their length is not bounded by how deep statements nest.
        let mut at = block;
        let mut chain = Vec::new();
        let value = loop {
            if let Some(value) = self.ssa.values.get(&(var, at)) {
                break *value;
            }
            let index = at.0 as usize;
            if !self.ssa.sealed[index] {
                let param = self.add_param(var, at);
                self.ssa
                    .incomplete
                    .entry(at)
                    .or_default()
                    .push((var, param));
                break param;
            }
            match self.ssa.predecessors[index].as_slice() {
                [] => break self.undefined(var, at),
                [(only, _)] => {
                    chain.push(at);
                    at = *only;
                }
                _ => {
                    let param = self.add_param(var, at);
                    self.pass(var, at);
                    break param;
                }
            }
        };
        for passed in chain {
            self.ssa.values.insert((var, passed), value);
        }
        value
    }

    fn add_param(&mut self, var: Var, block: Block) -> Value {
        let ty = self.ssa.types[var.0 as usize].clone();
        let value = self.f.value(ty);
        self.f.blocks[block.0 as usize].params.push(value);
        self.ssa.values.insert((var, block), value);
        value
    }

    /// Lets every edge to a block pass the variable.
    fn pass(&mut self, var: Var, block: Block) {
        for (from, target) in self.ssa.predecessors[block.0 as usize].clone() {
            let value = self.read_in(var, from);
            let end = self.f.blocks[from.0 as usize].insts.last_mut();
            end.expect("a block with an edge has an end").targets[target]
                .args
                .push(value);
        }
    }

    /// No more edges will come to a block.
    pub(super) fn seal(&mut self, block: Block) {
        self.ssa.sealed[block.0 as usize] = true;
        // Sealed first: reading through this very block then finds the parameter, and others that are added meanwhile are complete.
        for (var, _) in self.ssa.incomplete.remove(&block).unwrap_or_default() {
            self.pass(var, block);
        }
    }

    /// What a variable is where nothing has set it: at the start of the function, or where nothing gets to.
    fn undefined(&mut self, var: Var, block: Block) -> Value {
        let ty = self.ssa.types[var.0 as usize].clone();
        let value = self.f.value(ty);
        let mut inst = Inst::new(Op::Undef, self.span);
        inst.result = Some(value);
        self.definitions.insert(
            value,
            Definition {
                op: Op::Undef,
                first: None,
                imm: Imm::None,
            },
        );
        let block_data = &mut self.f.blocks[block.0 as usize];
        block_data.insts.insert(0, inst);
        self.ssa.values.insert((var, block), value);
        value
    }

    /// Whether the current block can be reached, as far as is known yet.
    pub(super) fn reachable(&self) -> bool {
        let index = self.block.0 as usize;
        self.block == Function::ENTRY
            || !self.ssa.sealed[index]
            || !self.ssa.predecessors[index].is_empty()
    }
}

impl Builder<'_> {
    /// The type of a variable.
    pub(super) fn ssa_type(&self, var: Var) -> RegType {
        self.ssa.types[var.0 as usize].clone()
    }
}
