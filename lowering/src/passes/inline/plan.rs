//! What is worth putting in the place of a call.
//!
//! A body has a *size*, about the number of its instructions that become code on its usual paths. A body that is hardly larger than the call is always put
//! in; a larger one as long as the function that it goes into has not grown too much. A body with a loop gains little, and neither does one
//! of many that a method may go to.

use std::sync::Arc;

use super::Callees;
use crate::analysis::cfg::Cfg;
use crate::function::{Function, Inst, Origin, Reference, Span};
use crate::ops::Op;

/// Largest body that is always put in.
const TINY: u32 = 10;
/// Largest body of a call that goes to one function only.
const SINGLE: u32 = 60;
/// Largest body with a loop.
const WITH_LOOP: u32 = 25;
/// Largest body of a method that others override.
const ONE_OF_SEVERAL: u32 = 30;
/// Most bodies in the place of one call.
const BODIES: usize = 4;
/// How deep bodies are put into bodies.
const DEPTH: usize = 6;
/// How large a function may become by bodies that are not tiny, and by any.
const GROWTH: (u32, u32) = (400, 800);

/// What is left to grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    size: u32,
}

impl Budget {
    /// Of a function as it is.
    pub(super) fn of(function: &Function) -> Budget {
        Budget {
            size: Size::of(function).size,
        }
    }

    /// Whether a body fits; it is counted if it does.
    fn take(&mut self, size: u32) -> bool {
        let limit = if size <= TINY { GROWTH.1 } else { GROWTH.0 };
        let fits = self.size + size <= limit;
        if fits {
            self.size += size;
        }
        fits
    }
}

/// The bodies for a call.
pub(super) struct Plan {
    /// In the order in which they are tried; at least one.
    pub(super) bodies: Vec<Arc<Function>>,
    /// They are all that the call is expected to go to.
    pub(super) complete: bool,
}

/// What is known of a body.
struct Size {
    size: u32,
    loops: bool,
    returns: bool,
}

impl Size {
    fn of(function: &Function) -> Size {
        let cfg = Cfg::new(function);
        let mut found = Size {
            size: 0,
            loops: false,
            returns: false,
        };
        for &block in &cfg.order {
            let data = &function.blocks[block.0 as usize];
            let here = cfg.position[block.0 as usize];
            for inst in &data.insts {
                found.returns |= inst.op == Op::Return;
                found.loops |= inst
                    .edges()
                    .any(|e| cfg.position[e.block.0 as usize] <= here);
                if !data.cold {
                    found.size += weight(inst);
                }
            }
        }
        found
    }
}

fn weight(inst: &Inst) -> u32 {
    match inst.op {
        Op::ConstInt
        | Op::ConstObj
        | Op::ConstBig
        | Op::ConstMach
        | Op::ConstFloat
        | Op::ConstBool
        | Op::Undef
        | Op::Retype
        | Op::Keep
        | Op::Jump
        | Op::Return
        | Op::Unreachable => 0,
        Op::Call | Op::CallMethod | Op::Helper => 2 + inst.args.len() as u32,
        Op::CallObject | Op::CallNamed => 4 + inst.args.len() as u32,
        _ => 1,
    }
}

/// The bodies for a call, if it is worth it.
pub(super) fn plan(
    function: &Function,
    call: &Inst,
    callees: &dyn Callees,
    budget: &mut Budget,
) -> Option<Plan> {
    if depth(function, call.span) >= DEPTH {
        return None;
    }
    match function.referenced(call)? {
        Reference::Cell(cell) => {
            let body = callees.bound(cell)?;
            let size = Size::of(&body);
            let limit = if size.loops { WITH_LOOP } else { SINGLE };
            (size.returns
                && size.size <= limit
                && fits(function, call, &body)
                && budget.take(size.size))
            .then(|| Plan {
                bodies: vec![body],
                complete: true,
            })
        }
        Reference::Method(method) => {
            let found = callees.overrides(method);
            // One that only raises stands for "not here", and is no goal of calls.
            let candidates: Vec<Option<(Arc<Function>, Size)>> = found
                .into_iter()
                .map(|body| body.map(|b| (b.clone(), Size::of(&b))))
                .filter(|c| c.as_ref().is_none_or(|(_, size)| size.returns))
                .collect();
            if candidates.len() > BODIES {
                return None;
            }
            let several = candidates.len() > 1;
            let expected = candidates.len();
            let mut bodies = Vec::new();
            for (body, size) in candidates.into_iter().flatten() {
                let limit = match (several, size.loops) {
                    (false, false) => SINGLE,
                    (false, true) => WITH_LOOP,
                    (true, false) => ONE_OF_SEVERAL,
                    (true, true) => TINY,
                };
                if size.size <= limit && fits(function, call, &body) && budget.take(size.size) {
                    bodies.push(body);
                }
            }
            let complete = bodies.len() == expected;
            (!bodies.is_empty()).then_some(Plan { bodies, complete })
        }
        _ => None,
    }
}

/// How many bodies a position stands in.
fn depth(function: &Function, mut span: Span) -> usize {
    let mut depth = 0;
    while let Some(frame) = function.frame(span) {
        span = frame.call;
        depth += 1;
    }
    depth
}

/// Whether a body takes the call's operands as they are, and is not one that the call stands in.
fn fits(function: &Function, call: &Inst, body: &Function) -> bool {
    let params = &body.signature.params;
    let same = params.len() == call.args.len()
        && params
            .iter()
            .zip(&call.args)
            .all(|(param, arg)| function.ty(*arg).repr == *param)
        && call
            .result
            .is_some_and(|r| function.ty(r).repr == body.signature.ret);
    if !same {
        return false;
    }
    if body.origin != Origin::Source {
        return matches!(body.origin, Origin::Constructor(_)) && body.origin != function.origin;
    }
    if function.origin == Origin::Source && function.symbol == body.symbol {
        return false;
    }
    let mut span = call.span;
    while let Some(frame) = function.frame(span) {
        if frame.function.as_ref() == Some(&body.symbol) {
            return false;
        }
        span = frame.call;
    }
    true
}
