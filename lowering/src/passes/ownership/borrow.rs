//! Which loads need no reference of their own.
//!
//! A candidate is borrowed as long as nothing that may happen while it is live takes its object away:
//!
//! - an instruction that runs Python code, or overwrites the memory that it was loaded from, while it is live after it or looked at by it
//!   (an operand that is stolen gets a reference of its own before);
//! - the release of an owned object whose end may run Python code, right after an instruction or on an edge, while it is live there.
//!
//! That the memory's owner lives long enough needs no rule of its own: an object that holds others is never released quietly, and memory that holds
//! objects is never overwritten quietly, so the owner's end is one of the events above, whether the owner is owned, borrowed itself, or moved elsewhere.
//!
//! All candidates start as borrowed; those to which something happens are taken out until nothing does, because each one taken out adds releases.

use fixedbitset::FixedBitSet;

use super::{is_counted, owned_roots};
use crate::analysis::cfg::Cfg;
use crate::analysis::liveness::Liveness;
use crate::function::{Block, Edge, FieldRef, Function, Inst, Reference, Value};
use crate::ops::{Effects, Mode, Op, Ownership};

/// A load that may be borrowed.
struct Candidate {
    value: Value,
    /// Effects that may overwrite the memory.
    clobbers: Effects,
    /// The field, of a field's load: stores of other fields do not overwrite it.
    field: Option<FieldRef>,
}

/// The results that are borrowed.
pub fn infer(function: &Function, cfg: &Cfg, liveness: &Liveness) -> FixedBitSet {
    let candidates = candidates(function, cfg);
    let mut borrowed = FixedBitSet::with_capacity(function.values.len());
    for c in &candidates {
        borrowed.insert(c.value.0 as usize);
    }
    while !borrowed.is_clear() {
        let mut sweep = Sweep {
            function,
            liveness,
            candidates: &candidates,
            owned: owned_roots(function, cfg, liveness, &borrowed),
            borrowed: &borrowed,
            failed: FixedBitSet::with_capacity(function.values.len()),
        };
        for &block in &cfg.order {
            sweep.block(block);
        }
        let failed = sweep.failed;
        if failed.is_clear() {
            break;
        }
        borrowed.difference_with(&failed);
    }
    borrowed
}

fn candidates(function: &Function, cfg: &Cfg) -> Vec<Candidate> {
    let mut found = Vec::new();
    for &block in &cfg.order {
        for inst in &function.blocks[block.0 as usize].insts {
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
                    _ => Effects::NONE,
                };
            found.push(Candidate {
                value,
                clobbers,
                field: field(function, inst),
            });
        }
    }
    found
}

fn field(function: &Function, inst: &Inst) -> Option<FieldRef> {
    match function.referenced(inst) {
        Some(Reference::Field(field)) => Some(field.clone()),
        _ => None,
    }
}

fn may_borrow(function: &Function, inst: &Inst) -> bool {
    let exact = |class: &str| {
        inst.args
            .first()
            .is_some_and(|v| function.ty(*v).is_exact_builtin(class))
    };
    match inst.op {
        // A subclass's method may give a new object that no memory holds.
        Op::ListGet => exact("list"),
        Op::TupleGet => exact("tuple"),
        // The cell may be empty, and builtins give a new reference.
        Op::GlobalLoad | Op::DefaultLoad => false,
        _ => true,
    }
}

struct Sweep<'a> {
    function: &'a Function,
    liveness: &'a Liveness,
    candidates: &'a [Candidate],
    owned: FixedBitSet,
    borrowed: &'a FixedBitSet,
    failed: FixedBitSet,
}

impl Sweep<'_> {
    fn block(&mut self, block: Block) {
        let data = &self.function.blocks[block.0 as usize];
        let mut live = FixedBitSet::with_capacity(self.function.values.len());
        for inst in data.insts.iter().rev() {
            let after = live.clone();
            self.liveness.step(inst, &mut live);
            self.inst(inst, &after, &live);
        }
        // Parameters that nothing reads are released at the start.
        let unread = |p: &Value| {
            self.owned.contains(p.0 as usize) && !live.contains(p.0 as usize) && self.is_loud(*p)
        };
        if data.params.iter().any(unread) {
            self.fail(&live);
        }
    }

    /// Whether the release of a root may run Python code.
    fn is_loud(&self, root: Value) -> bool {
        !self.function.releases_quietly(root)
    }

    fn fail(&mut self, live: &FixedBitSet) {
        self.failed.union_with(live);
        self.failed.intersect_with(self.borrowed);
    }

    fn inst(&mut self, inst: &Inst, after: &FixedBitSet, before: &FixedBitSet) {
        let root = |v: &Value| self.liveness.root(*v);
        // What the instruction itself does.
        let effects = self.function.effects(inst);
        let writes = Effects::PYTHON | Effects::WRITE_FIELD | Effects::WRITE_LIST;
        if effects.intersects(writes) {
            let stored = field(self.function, inst);
            for c in self.candidates {
                let index = c.value.0 as usize;
                if !effects.intersects(c.clobbers) || !self.borrowed.contains(index) {
                    continue;
                }
                if !effects.contains(Effects::PYTHON)
                    && let (Some(a), Some(b)) = (&c.field, &stored)
                    && (a.offset != b.offset || a.name != b.name)
                {
                    continue;
                }
                let looked_at = inst.args.iter().enumerate().any(|(i, arg)| {
                    root(arg) == c.value && self.function.mode(inst, i) == Mode::Borrow
                });
                let survives = after.contains(index) && inst.result != Some(c.value)
                    || inst.error.as_ref().is_some_and(|e| {
                        self.liveness.live_in(e.block).contains(index)
                            || e.args.iter().any(|arg| root(arg) == c.value)
                    });
                if looked_at || survives {
                    self.failed.insert(index);
                }
            }
        }
        // What is released on its edges. What an edge passes on has a reference of its own by then.
        for edge in inst.edges() {
            if self.releases_on(edge, inst, before) {
                let live_in = self.liveness.live_in(edge.block).clone();
                self.fail(&live_in);
            }
        }
        // What is released right after it: a superset, as some of it may be moved instead.
        if !inst.is_end() {
            let dies = |r: Value| {
                self.owned.contains(r.0 as usize)
                    && !after.contains(r.0 as usize)
                    && self.is_loud(r)
            };
            let args = inst.args.iter().map(root);
            let result = inst.result.filter(|r| self.liveness.root(*r) == *r);
            if args.chain(result).any(dies) {
                self.fail(after);
            }
        }
    }

    /// Whether something loud is released on an edge; what is moved by it counts too, to be safe.
    fn releases_on(&self, edge: &Edge, inst: &Inst, before: &FixedBitSet) -> bool {
        let live_in = self.liveness.live_in(edge.block);
        let moved = |root: Value| {
            edge.args.iter().any(|arg| self.liveness.root(*arg) == root)
                || inst.args.iter().enumerate().any(|(i, arg)| {
                    self.liveness.root(*arg) == root && self.function.mode(inst, i) == Mode::Steal
                })
        };
        before.ones().any(|index| {
            let root = Value(index as u32);
            self.owned.contains(index)
                && !live_in.contains(index)
                && self.is_loud(root)
                && !moved(root)
        })
    }
}
