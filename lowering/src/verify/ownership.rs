//! Checks that references balance: on every path each reference that is taken is given back or moved, once, and nothing is looked at after that.
//!
//! It follows the counts forward, block by block, and asks that all paths to a block agree. It does not check that what is borrowed stays alive.

use rustc_hash::{FxHashMap, FxHashSet};

use super::VerifyError;
use crate::analysis::cfg::Cfg;
use crate::analysis::liveness::Liveness;
use crate::function::{Block, Edge, Function, Inst, Value};
use crate::ops::{Mode, Op, Ownership};
use crate::text;

/// How many references to each root's object this function holds; only those other than 0.
type Counts = FxHashMap<Value, i32>;

/// Checks a function after `ownership`.
///
/// # Errors
///
/// Everything that does not balance.
pub fn verify_ownership(function: &Function) -> Result<(), Vec<VerifyError>> {
    let cfg = Cfg::new(function);
    let liveness = Liveness::new(function, &cfg);
    let mut lent = vec![false; function.values.len()];
    for param in &function.blocks[0].params {
        lent[param.0 as usize] = true;
    }
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(result) = inst.result {
            lent[result.0 as usize] = inst.borrowed || function.ownership(inst) == Ownership::Pin;
        }
    }
    let absent = function
        .blocks
        .iter()
        .flat_map(|b| &b.insts)
        .filter(|i| i.op == Op::Undef)
        .filter_map(|i| i.result)
        .collect();
    let mut checker = Checker {
        f: function,
        absent,
        liveness,
        lent,
        at_entry: vec![None; function.blocks.len()],
        errors: Vec::new(),
    };
    checker.at_entry[0] = Some(Counts::default());
    for &block in &cfg.order {
        checker.block(block);
    }
    if checker.errors.is_empty() {
        Ok(())
    } else {
        Err(checker.errors)
    }
}

struct Checker<'a> {
    f: &'a Function,
    liveness: Liveness,
    /// Registers whose object someone else keeps alive.
    lent: Vec<bool>,
    /// Registers that hold no object at all.
    absent: FxHashSet<Value>,
    at_entry: Vec<Option<Counts>>,
    errors: Vec<VerifyError>,
}

impl Checker<'_> {
    fn counted(&self, value: Value) -> Option<Value> {
        let counted = |v: Value| {
            let ty = self.f.ty(v);
            ty.repr.is_counted() && !ty.is_uncounted()
        };
        let root = self.liveness.root(value);
        (counted(value) && counted(root)).then_some(root)
    }

    fn error(&mut self, block: Block, index: usize, message: String) {
        let inst = &self.f.blocks[block.0 as usize].insts[index];
        self.errors.push(VerifyError {
            block,
            inst: Some(index),
            text: text::instruction(self.f, inst),
            message,
        });
    }

    fn block(&mut self, block: Block) {
        let f = self.f;
        let data = &f.blocks[block.0 as usize];
        let Some(mut counts) = self.at_entry[block.0 as usize].clone() else {
            return;
        };
        if block != Function::ENTRY {
            for param in &data.params {
                if self.counted(*param).is_some() {
                    counts.insert(*param, 1);
                }
            }
        }
        let mut null_test: Option<(Value, Value)> = None;
        for (index, inst) in data.insts.iter().enumerate() {
            for (i, arg) in inst.args.iter().enumerate() {
                let Some(root) = self.counted(*arg) else {
                    continue;
                };
                let held = counts.get(&root).copied().unwrap_or(0);
                if held <= 0 && !self.lent[root.0 as usize] {
                    self.error(block, index, format!("v{} is not held any more", arg.0));
                }
                if inst.op == Op::Inc {
                    add(&mut counts, root, 1);
                } else if f.mode(inst, i) == Mode::Steal {
                    if held <= 0 {
                        self.error(
                            block,
                            index,
                            format!("v{} is given away but not held", arg.0),
                        );
                    }
                    add(&mut counts, root, -1);
                }
            }
            if let (Op::IsNull, Some(result)) = (inst.op, inst.result) {
                null_test = Some((result, self.liveness.root(inst.args[0])));
            }
            if let Some(edge) = &inst.error {
                self.edge(block, index, edge, counts.clone());
            }
            if let Some(result) = inst.result
                && self.liveness.root(result) == result
                && self.counted(result).is_some()
                && !self.lent[result.0 as usize]
            {
                counts.insert(result, 1);
            }
            for (i, edge) in inst.targets.iter().enumerate() {
                let mut on_edge = counts.clone();
                if let Some((test, root)) = null_test
                    && i == 0
                    && inst.op == Op::Branch
                    && inst.args[0] == test
                {
                    on_edge.remove(&root);
                }
                self.edge(block, index, edge, on_edge);
            }
            self.leaving(block, index, inst, &counts);
        }
    }

    fn leaving(&mut self, block: Block, index: usize, inst: &Inst, counts: &Counts) {
        if matches!(inst.op, Op::Return | Op::ReturnError) && !counts.is_empty() {
            let mut held: Vec<u32> = counts.keys().map(|v| v.0).collect();
            held.sort_unstable();
            self.error(block, index, format!("still held: {held:?}"));
        }
    }

    fn edge(&mut self, block: Block, index: usize, edge: &Edge, mut counts: Counts) {
        let params = &self.f.blocks[edge.block.0 as usize].params;
        for (arg, param) in edge.args.iter().zip(params) {
            if self.counted(*param).is_none() {
                continue;
            }
            let Some(root) = self.counted(*arg) else {
                continue;
            };
            if self.absent.contains(&root) {
                continue;
            }
            if counts.get(&root).copied().unwrap_or(0) <= 0 {
                self.error(block, index, format!("v{} is passed but not held", arg.0));
            }
            add(&mut counts, root, -1);
        }
        match &self.at_entry[edge.block.0 as usize] {
            None => self.at_entry[edge.block.0 as usize] = Some(counts),
            Some(other) if *other == counts => {}
            Some(other) => {
                let text = format!(
                    "block{} is reached with {other:?} and with {counts:?}",
                    edge.block.0
                );
                self.error(block, index, text);
            }
        }
    }
}

fn add(counts: &mut Counts, root: Value, by: i32) {
    let now = counts.entry(root).or_insert(0);
    *now += by;
    if *now == 0 {
        counts.remove(&root);
    }
}
