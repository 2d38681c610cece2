//! Which loads need no reference of their own. See the parent module for the rule.

use fixedbitset::FixedBitSet;

use super::is_counted;
use crate::analysis::cfg::Cfg;
use crate::analysis::liveness::Liveness;
use crate::function::{Block, Function, Inst, Value};
use crate::ops::{Effects, Op, Ownership};

/// A load that may be borrowed.
struct Candidate {
    value: Value,
    block: Block,
    index: usize,
    /// The root of the object that the memory belongs to; `None` for globals.
    owner: Option<Value>,
    /// Effects that may overwrite the memory.
    clobbers: Effects,
}

/// The results that are borrowed.
pub fn infer(function: &Function, cfg: &Cfg, liveness: &Liveness) -> FixedBitSet {
    let candidates = candidates(function, cfg, liveness);
    let mut borrowed = FixedBitSet::with_capacity(function.values.len());
    if candidates.is_empty() {
        return borrowed;
    }
    for c in &candidates {
        borrowed.insert(c.value.0 as usize);
    }
    let info = Info::new(function, cfg, liveness);
    let by_value = |value: Value| candidates.iter().find(|c| c.value == value);
    loop {
        let failed: Vec<Value> = candidates
            .iter()
            .filter(|c| {
                borrowed.contains(c.value.0 as usize) && !info.holds(c, &borrowed, &by_value)
            })
            .map(|c| c.value)
            .collect();
        if failed.is_empty() {
            return borrowed;
        }
        for value in failed {
            borrowed.set(value.0 as usize, false);
        }
    }
}

fn candidates(function: &Function, cfg: &Cfg, liveness: &Liveness) -> Vec<Candidate> {
    let mut found = Vec::new();
    for &block in &cfg.order {
        for (index, inst) in function.blocks[block.0 as usize].insts.iter().enumerate() {
            let Some(value) = inst.result else { continue };
            if function.ownership(inst) != Ownership::Ref
                || !is_counted(function, value)
                || !may_borrow(function, inst)
            {
                continue;
            }
            let clobbers = Effects::PYTHON
                | match inst.op {
                    Op::FieldLoad => Effects::WRITE_FIELD,
                    Op::ListGet | Op::ListNext => Effects::WRITE_LIST,
                    Op::GlobalLoad | Op::DefaultLoad => Effects::WRITE_GLOBAL,
                    _ => Effects::NONE,
                };
            let owner = inst.args.first().map(|owner| liveness.root(*owner));
            found.push(Candidate {
                value,
                block,
                index,
                owner,
                clobbers,
            });
        }
    }
    found
}

/// A subclass's method may give a new object that no memory holds.
fn may_borrow(function: &Function, inst: &Inst) -> bool {
    let exact = |class: &str| {
        inst.args
            .first()
            .is_some_and(|v| function.ty(*v).is_exact_builtin(class))
    };
    match inst.op {
        Op::ListGet => exact("list"),
        Op::TupleGet => exact("tuple"),
        // The cell may be empty, and builtins give a new reference.
        Op::GlobalLoad | Op::DefaultLoad => false,
        _ => true,
    }
}

/// What each block does, once for all candidates.
struct Info<'a> {
    function: &'a Function,
    cfg: &'a Cfg,
    liveness: &'a Liveness,
    /// By block: effects of each instruction itself.
    effects: Vec<Vec<Effects>>,
    /// By block: for each instruction the roots whose last use it is.
    dying: Vec<Vec<Vec<Value>>>,
    live_out: Vec<FixedBitSet>,
    /// Roots that are alive in the whole function: its parameters and pinned results.
    lasting: FixedBitSet,
    /// Roots that are counted and whose release may run Python code.
    loud: FixedBitSet,
}

impl<'a> Info<'a> {
    fn new(function: &'a Function, cfg: &'a Cfg, liveness: &'a Liveness) -> Info<'a> {
        let blocks = function.blocks.len();
        let mut info = Info {
            function,
            cfg,
            liveness,
            effects: vec![Vec::new(); blocks],
            dying: vec![Vec::new(); blocks],
            live_out: vec![FixedBitSet::new(); blocks],
            lasting: FixedBitSet::with_capacity(function.values.len()),
            loud: FixedBitSet::with_capacity(function.values.len()),
        };
        for param in &function.blocks[0].params {
            info.lasting.insert(param.0 as usize);
        }
        for index in 0..function.values.len() {
            let value = Value(index as u32);
            if is_counted(function, value) && !quiet(function, value) {
                info.loud.insert(index);
            }
        }
        for &block in &cfg.order {
            let at = block.0 as usize;
            let insts = &function.blocks[at].insts;
            let mut live = FixedBitSet::with_capacity(function.values.len());
            let mut dying = vec![Vec::new(); insts.len()];
            for (i, inst) in insts.iter().enumerate().rev() {
                let before_edges = live.clone();
                for edge in inst.edges() {
                    liveness.add_edge(edge, &mut live);
                }
                if inst.is_end() {
                    info.live_out[at] = live.clone();
                }
                for arg in &inst.args {
                    let root = liveness.root(*arg);
                    if !before_edges.contains(root.0 as usize)
                        && !dying[i].contains(&root)
                        && !inst.is_end()
                    {
                        dying[i].push(root);
                    }
                }
                if let Some(result) = inst.result
                    && liveness.root(result) == result
                    && !before_edges.contains(result.0 as usize)
                {
                    dying[i].push(result);
                }
                liveness.step(inst, &mut live);
                if let Some(result) = inst.result
                    && function.ownership(inst) == Ownership::Pin
                {
                    info.lasting.insert(result.0 as usize);
                }
            }
            info.dying[at] = dying;
            info.effects[at] = insts.iter().map(|inst| function.effects(inst)).collect();
        }
        info
    }

    /// Whether a candidate's rule holds, given which candidates are borrowed now.
    fn holds<'c>(
        &self,
        candidate: &Candidate,
        borrowed: &FixedBitSet,
        by_value: &impl Fn(Value) -> Option<&'c Candidate>,
    ) -> bool {
        // A borrowed owner is as good as the object that it was borrowed from, as long as that memory is not overwritten either.
        let mut clobbers = candidate.clobbers;
        let mut owner = candidate.owner;
        while let Some(root) = owner
            && borrowed.contains(root.0 as usize)
            && let Some(above) = by_value(root)
        {
            clobbers |= above.clobbers;
            owner = above.owner;
        }
        let owner = owner.filter(|root| !self.lasting.contains(root.0 as usize));
        let range = Range {
            info: self,
            candidate,
            clobbers,
            owner,
            borrowed,
        };
        let last = self.last_use(candidate.block, candidate.value);
        let leaves = self.live_out[candidate.block.0 as usize].contains(candidate.value.0 as usize);
        if !range.is_clear(candidate.block, candidate.index + 1, last, leaves) {
            return false;
        }
        self.cfg.order.iter().all(|block| {
            if *block == candidate.block
                || !self
                    .liveness
                    .live_in(*block)
                    .contains(candidate.value.0 as usize)
            {
                return true;
            }
            let leaves = self.live_out[block.0 as usize].contains(candidate.value.0 as usize);
            range.is_clear(*block, 0, self.last_use(*block, candidate.value), leaves)
        }) && !self
            .liveness
            .live_in(candidate.block)
            .contains(candidate.value.0 as usize)
    }

    /// The last instruction of a block that reads a root.
    fn last_use(&self, block: Block, root: Value) -> Option<usize> {
        self.function.blocks[block.0 as usize]
            .insts
            .iter()
            .rposition(|inst| {
                inst.args
                    .iter()
                    .chain(inst.edges().flat_map(|e| e.args.iter()))
                    .any(|arg| self.liveness.root(*arg) == root)
            })
    }
}

struct Range<'a> {
    info: &'a Info<'a>,
    candidate: &'a Candidate,
    clobbers: Effects,
    owner: Option<Value>,
    borrowed: &'a FixedBitSet,
}

impl Range<'_> {
    /// Whether the part of the live range in one block is clear: from an instruction to the last use, or to the end when the value leaves the block.
    fn is_clear(&self, block: Block, from: usize, last: Option<usize>, leaves: bool) -> bool {
        let info = self.info;
        let insts = &info.function.blocks[block.0 as usize].insts;
        let end = if leaves {
            insts.len()
        } else {
            match last {
                Some(last) => last + 1,
                None => return !leaves,
            }
        };
        // What dies at the load itself is released before the first use.
        let start_deaths = from
            .checked_sub(1)
            .filter(|_| block == self.candidate.block);
        if start_deaths.is_some_and(|i| self.releases(block, i)) {
            return false;
        }
        for i in from..end {
            let inst = &insts[i];
            let is_last = !leaves && i + 1 == end;
            if info.effects[block.0 as usize][i].intersects(self.clobbers)
                && !self.takes(inst, is_last)
            {
                return false;
            }
            if !is_last && self.releases(block, i) {
                return false;
            }
        }
        // The owner must live at least as long.
        match self.owner {
            None => true,
            Some(owner) => {
                let at = block.0 as usize;
                let owner_leaves = info.live_out[at].contains(owner.0 as usize);
                if leaves {
                    return owner_leaves;
                }
                let owner_last = info.last_use(block, owner);
                owner_leaves || owner_last.is_some_and(|l| l + 1 >= end)
            }
        }
    }

    /// Whether something that runs Python code is released right after an instruction.
    fn releases(&self, block: Block, index: usize) -> bool {
        self.info.dying[block.0 as usize][index].iter().any(|root| {
            *root != self.candidate.value
                && self.info.loud.contains(root.0 as usize)
                && !self.borrowed.contains(root.0 as usize)
                && !self.info.lasting.contains(root.0 as usize)
        })
    }

    /// Whether the instruction that clobbers is the last use and works on a reference of its own: it steals the value, for which one is taken before.
    fn takes(&self, inst: &Inst, is_last: bool) -> bool {
        is_last
            && inst.args.iter().enumerate().all(|(i, arg)| {
                self.info.liveness.root(*arg) != self.candidate.value
                    || self.info.function.mode(inst, i) == crate::ops::Mode::Steal
            })
    }
}

/// Whether releasing a reference of this type runs no Python code.
fn quiet(function: &Function, value: Value) -> bool {
    let ty = function.ty(value);
    ty.repr.is_counted()
        && ["str", "int", "float", "bytes", "complex"]
            .iter()
            .any(|c| ty.is_exact_builtin(c))
}
