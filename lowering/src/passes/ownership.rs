//! Makes references explicit: after this pass `inc` and `dec` stand wherever a reference is taken or given back, and loads that need no
//! reference are marked borrowed.
//!
//! Before (after `errors`):
//!
//! ```text
//! block0(v0: obj[m:Node], v1: obj):
//!     v2: obj = field.load v0, m:Node.next@16:obj !block1
//!     v3: int = field.load v2, m:Node.size@24:int !block1
//!     field.store v0, v1, m:Node.next@16:obj
//!     return v3
//! ```
//!
//! After: `v2` is only looked at while nothing can overwrite the field it came from; `v1` is the caller's, so the field needs a reference of its own; the
//! store may release a node and with it anything, so `v3` is not borrowed:
//!
//! ```text
//! block0(v0: obj[m:Node], v1: obj):
//!     v2: obj = borrow field.load v0, m:Node.next@16:obj !block1
//!     v3: int = field.load v2, m:Node.size@24:int !block1
//!     inc v1
//!     field.store v0, v1, m:Node.next@16:obj
//!     return v3
//! ```
//!
//! Rules. Parameters of the function are borrowed from the caller. Results are owned, pinned or another name of the first operand, as the list of ops says.
//! Parameters of other blocks are owned: an edge moves a reference that dies on it and takes one otherwise. What an op steals is moved if it dies there. What
//! dies is released right after its last use, or on the edge on which it dies; on an error edge the failed result does not exist.
//!
//! A result that memory holds ([`Ownership::Ref`]) may be borrowed instead: see `borrow`.
//!
//! Needs: `errors`. Passes after it keep the balance: they may not move or remove what has an operand or result that is counted, except together
//! with its `inc` and `dec`.

mod borrow;

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::cfg::Cfg;
use crate::analysis::liveness::Liveness;
use crate::function::{Block, BlockData, Edge, Function, Inst, Span, Value};
use crate::ops::{Mode, Op, Ownership};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let cfg = Cfg::new(function);
    let liveness = Liveness::new(function, &cfg);
    let borrowed = borrow::infer(function, &cfg, &liveness);
    let owned = owned_roots(function, &cfg, &liveness, &borrowed);
    for &block in &cfg.order {
        for inst in &mut function.blocks[block.0 as usize].insts {
            if let Some(result) = inst.result {
                inst.borrowed = borrowed.contains(result.0 as usize);
            }
        }
    }
    let mut absent = FixedBitSet::with_capacity(function.values.len());
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        if let (Op::Undef, Some(result)) = (inst.op, inst.result) {
            absent.insert(result.0 as usize);
        }
    }
    let mut pass = Pass {
        function,
        liveness: &liveness,
        owned,
        absent,
        edges: FxHashMap::default(),
    };
    for &block in &cfg.order {
        pass.block(block);
    }
}

/// Whether references to a register's object are counted at all.
pub(super) fn is_counted(function: &Function, value: Value) -> bool {
    let ty = function.ty(value);
    ty.repr.is_counted() && !ty.is_uncounted()
}

/// Roots that hold a reference of their own.
fn owned_roots(
    function: &Function,
    cfg: &Cfg,
    liveness: &Liveness,
    borrowed: &FixedBitSet,
) -> FixedBitSet {
    let mut owned = FixedBitSet::with_capacity(function.values.len());
    for &block in &cfg.order {
        let data = &function.blocks[block.0 as usize];
        if block != Function::ENTRY {
            for param in &data.params {
                if is_counted(function, *param) {
                    owned.insert(param.0 as usize);
                }
            }
        }
        for inst in &data.insts {
            let Some(result) = inst.result else { continue };
            if liveness.root(result) == result
                && is_counted(function, result)
                && !borrowed.contains(result.0 as usize)
                && function.ownership(inst) != Ownership::Pin
            {
                owned.insert(result.0 as usize);
            }
        }
    }
    owned
}

/// What happens on an edge before its target is reached.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct EdgeWork {
    incs: Vec<Value>,
    decs: Vec<Value>,
}

impl EdgeWork {
    fn is_empty(&self) -> bool {
        self.incs.is_empty() && self.decs.is_empty()
    }

    fn insts(&self, span: Span) -> impl Iterator<Item = Inst> {
        let incs = self.incs.iter().map(move |v| count(Op::Inc, *v, span));
        incs.chain(self.decs.iter().map(move |v| count(Op::Dec, *v, span)))
    }
}

struct Pass<'a> {
    function: &'a mut Function,
    liveness: &'a Liveness,
    owned: FixedBitSet,
    /// Roots that are no object at all.
    absent: FixedBitSet,
    /// Blocks made for edges, by target, arguments and work.
    edges: FxHashMap<(Block, Vec<Value>, EdgeWork), Block>,
}

fn count(op: Op, value: Value, span: Span) -> Inst {
    let mut inst = Inst::new(op, span);
    inst.args.push(value);
    inst
}

impl Pass<'_> {
    fn is_owned(&self, root: Value) -> bool {
        self.owned.contains(root.0 as usize)
    }

    /// Whether giving a register's object to an owner takes a reference to be counted: not for small ints, `None`, or the absence of a value.
    fn needs_reference(&self, value: Value) -> bool {
        let root = self.liveness.root(value);
        is_counted(self.function, value)
            && is_counted(self.function, root)
            && !self.absent.contains(root.0 as usize)
    }

    /// Rewrites a block from its end, building the new instructions in reverse.
    fn block(&mut self, block: Block) {
        let cold = self.function.blocks[block.0 as usize].cold;
        let insts = std::mem::take(&mut self.function.blocks[block.0 as usize].insts);
        let mut live = FixedBitSet::with_capacity(self.function.values.len());
        let mut out: Vec<Inst> = Vec::with_capacity(insts.len() + 8);
        // A branch on whether there is a value: where there is none, nothing is to be released.
        let none = insts.last().and_then(|end| {
            let test = insts
                .iter()
                .find(|i| i.op == Op::IsNull && i.result == end.args.first().copied())?;
            Some(self.liveness.root(*test.args.first()?))
        });
        for inst in insts.into_iter().rev() {
            if inst.is_end() {
                self.end(inst, &mut live, cold, none, &mut out);
            } else {
                self.inst(inst, &mut live, &mut out);
            }
        }
        // Parameters that nothing reads.
        let span = out.last().map_or(Span::default(), |i| i.span);
        let params = self.function.blocks[block.0 as usize].params.clone();
        for param in params.into_iter().rev() {
            if self.is_owned(param) && !live.contains(param.0 as usize) {
                out.push(count(Op::Dec, param, span));
            }
        }
        out.reverse();
        self.function.blocks[block.0 as usize].insts = out;
    }

    fn inst(&mut self, mut inst: Inst, live: &mut FixedBitSet, out: &mut Vec<Inst>) {
        let span = inst.span;
        let after = live.clone();
        // What is released right after the instruction: operands that die there, and a result that nothing reads.
        let mut dying: Vec<Value> = Vec::new();
        if let Some(result) = inst.result
            && self.liveness.root(result) == result
            && self.is_owned(result)
            && !after.contains(result.0 as usize)
        {
            dying.push(result);
        }
        let mut incs: Vec<Value> = Vec::new();
        let mut moved: SmallVec<[Value; 4]> = SmallVec::new();
        for (i, arg) in inst.args.iter().enumerate() {
            if self.function.mode(&inst, i) != Mode::Steal || !self.needs_reference(*arg) {
                continue;
            }
            let root = self.liveness.root(*arg);
            let also_borrowed = inst.args.iter().enumerate().any(|(k, other)| {
                k != i
                    && self.liveness.root(*other) == root
                    && self.function.mode(&inst, k) == Mode::Borrow
            });
            let dies = self.is_owned(root) && !after.contains(root.0 as usize);
            if dies && !moved.contains(&root) && !also_borrowed && inst.op != Op::Inc {
                moved.push(root);
            } else {
                incs.push(*arg);
            }
        }
        for arg in &inst.args {
            let root = self.liveness.root(*arg);
            if self.is_owned(root)
                && !after.contains(root.0 as usize)
                && !moved.contains(&root)
                && !dying.contains(&root)
            {
                dying.push(root);
            }
        }
        // On the error edge: everything that was live before and is dead there. What the op steals is gone whether or not it raises.
        let mut before = after;
        if let Some(result) = inst.result
            && self.liveness.root(result) == result
        {
            before.set(result.0 as usize, false);
        }
        for arg in &inst.args {
            before.insert(self.liveness.root(*arg).0 as usize);
        }
        if let Some(edge) = &mut inst.error {
            self.liveness.add_edge(edge, &mut before);
            let work = self.edge_work(edge, &before, &moved);
            self.route(edge, work, true, span);
        }
        for value in dying.iter().rev() {
            out.push(count(Op::Dec, *value, span));
        }
        out.push(inst);
        for value in incs.iter().rev() {
            out.push(count(Op::Inc, *value, span));
        }
        *live = before;
    }

    fn end(
        &mut self,
        mut inst: Inst,
        live: &mut FixedBitSet,
        cold: bool,
        none: Option<Value>,
        out: &mut Vec<Inst>,
    ) {
        let span = inst.span;
        self.liveness.step(&inst, live);
        let mut moved: SmallVec<[Value; 4]> = SmallVec::new();
        let mut before_end: Vec<Inst> = Vec::new();
        for (i, arg) in inst.args.iter().enumerate() {
            if self.function.mode(&inst, i) == Mode::Steal && self.needs_reference(*arg) {
                let root = self.liveness.root(*arg);
                if self.is_owned(root) && !moved.contains(&root) {
                    moved.push(root);
                } else {
                    before_end.push(count(Op::Inc, *arg, span));
                }
            }
        }
        if inst.targets.is_empty() {
            // Known by another name to need no count, so that it was not handed on: `None` that was checked to be it.
            let kept = live.ones().map(|index| Value(index as u32));
            let kept = kept.filter(|root| self.is_owned(*root) && !moved.contains(root));
            before_end.extend(kept.map(|root| count(Op::Dec, root, span)));
        }
        let single = inst.targets.len() == 1;
        let mut targets = std::mem::take(&mut inst.targets);
        for (i, edge) in targets.iter_mut().enumerate() {
            let mut work = self.edge_work(edge, live, &moved);
            if i == 0 && !single {
                work.decs.retain(|v| Some(*v) != none);
            }
            if single {
                before_end.extend(work.insts(span));
            } else {
                self.route(edge, work, cold, span);
            }
        }
        inst.targets = targets;
        out.push(inst);
        out.extend(before_end.into_iter().rev());
    }

    /// What an edge must do, given what is live before it and what has been moved already.
    fn edge_work(&self, edge: &Edge, before: &FixedBitSet, moved: &[Value]) -> EdgeWork {
        let live_in = self.liveness.live_in(edge.block);
        let params = &self.function.blocks[edge.block.0 as usize].params;
        let mut work = EdgeWork::default();
        let mut given: SmallVec<[Value; 4]> = SmallVec::from_slice(moved);
        for (arg, param) in edge.args.iter().zip(params) {
            if !is_counted(self.function, *param) || !self.needs_reference(*arg) {
                continue;
            }
            let root = self.liveness.root(*arg);
            if self.is_owned(root) && !live_in.contains(root.0 as usize) && !given.contains(&root) {
                given.push(root);
            } else {
                work.incs.push(*arg);
            }
        }
        for index in before.ones() {
            let root = Value(index as u32);
            if self.is_owned(root) && !live_in.contains(index) && !given.contains(&root) {
                work.decs.push(root);
            }
        }
        work
    }

    /// Sends an edge through a block that does the work, if there is any.
    fn route(&mut self, edge: &mut Edge, work: EdgeWork, cold: bool, span: Span) {
        if work.is_empty() {
            return;
        }
        let key = (edge.block, edge.args.to_vec(), work);
        let block = match self.edges.get(&key) {
            Some(block) => *block,
            None => {
                let mut jump = Inst::new(Op::Jump, span);
                jump.targets.push(edge.clone());
                let insts = key.2.insts(span).chain(std::iter::once(jump)).collect();
                self.function.blocks.push(BlockData {
                    params: Vec::new(),
                    insts,
                    cold,
                });
                let block = Block(self.function.blocks.len() as u32 - 1);
                self.edges.insert(key, block);
                block
            }
        };
        *edge = Edge {
            block,
            args: SmallVec::new(),
        };
    }
}
