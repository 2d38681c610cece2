//! Makes errors explicit: after this pass every instruction that may raise has an error edge.
//!
//! Before, `None` on a raising instruction means "out of the function":
//!
//! ```text
//! block0(v0: obj, v1: obj):
//!     v2: obj = helper object_getitem v0, v1
//!     return v2
//! ```
//!
//! After, it goes to a cold block that notes the position in the traceback and returns the error value:
//!
//! ```text
//! block0(v0: obj, v1: obj):
//!     v2: obj = helper object_getitem v0, v1 !block1
//!     return v2
//! block1 cold:
//!     trace
//!     return.error
//! ```
//!
//! Instructions of one position share the block. Functions that are not in the source add no traceback entry, and share a single block. Where a call was
//! inlined, the callee's entry comes first and then that of the call, as if there had been one. The
//! pass runs late, so that passes before it need not look at error edges that all lead out of the function; `ownership` comes right after it and
//! decides what is released on each edge.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::function::{Block, Edge, Function, Inst, Origin, Span};
use crate::ops::{Effects, Op};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut blocks: FxHashMap<Vec<Span>, Block> = FxHashMap::default();
    for index in 0..function.blocks.len() {
        let mut insts = std::mem::take(&mut function.blocks[index].insts);
        for inst in &mut insts {
            if inst.error.is_some() || !function.effects(inst).contains(Effects::RAISE) {
                continue;
            }
            let entries = entries(function, inst.span);
            let block = match blocks.get(&entries) {
                Some(block) => *block,
                None => {
                    let block = landing(function, &entries, inst.span);
                    blocks.insert(entries, block);
                    block
                }
            };
            inst.error = Some(Edge {
                block,
                args: SmallVec::new(),
            });
        }
        function.blocks[index].insts = insts;
    }
}

/// The positions of the traceback entries for an exception at a position, the innermost first.
fn entries(function: &Function, mut span: Span) -> Vec<Span> {
    let mut entries = Vec::new();
    while let Some(frame) = function.frame(span) {
        if frame.function.is_some() {
            entries.push(span);
        }
        span = frame.call;
    }
    if function.origin == Origin::Source {
        entries.push(span);
    }
    entries
}

fn landing(function: &mut Function, entries: &[Span], span: Span) -> Block {
    let block = function.block();
    let data = &mut function.blocks[block.0 as usize];
    data.cold = true;
    let traces = entries.iter().map(|at| Inst::new(Op::Trace, *at));
    data.insts.extend(traces);
    let at = entries.last().map_or(Span::default(), |_| span);
    data.insts.push(Inst::new(Op::ReturnError, at));
    block
}
