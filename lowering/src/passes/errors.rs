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
//! Instructions of one position share the block. Functions that are not in the source add no traceback entry, and share a single block. The
//! pass runs late, so that passes before it need not look at error edges that all lead out of the function; `ownership` comes right after it and
//! decides what is released on each edge.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::function::{Block, Edge, Function, Inst, Origin, Span};
use crate::ops::{Effects, Op};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let traced = function.origin == Origin::Source;
    let mut blocks: FxHashMap<Span, Block> = FxHashMap::default();
    for index in 0..function.blocks.len() {
        let mut insts = std::mem::take(&mut function.blocks[index].insts);
        for inst in &mut insts {
            if inst.error.is_some() || !function.effects(inst).contains(Effects::RAISE) {
                continue;
            }
            let span = if traced { inst.span } else { Span::default() };
            let block = *blocks
                .entry(span)
                .or_insert_with(|| landing(function, span, traced));
            inst.error = Some(Edge {
                block,
                args: SmallVec::new(),
            });
        }
        function.blocks[index].insts = insts;
    }
}

fn landing(function: &mut Function, span: Span, traced: bool) -> Block {
    let block = function.block();
    let data = &mut function.blocks[block.0 as usize];
    data.cold = true;
    if traced {
        data.insts.push(Inst::new(Op::Trace, span));
    }
    data.insts.push(Inst::new(Op::ReturnError, span));
    block
}
