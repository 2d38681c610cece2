//! Removes checks of locals that always have a value, and finds those that never have one.
//!
//! Before:
//!
//! ```text
//! block0(v0: bool, v1: int, v2: int):
//!     branch v0, block1, block2
//! block1:
//!     jump block3(v1)
//! block2:
//!     jump block3(v2)
//! block3(v3: int?):
//!     v4: int = check.bound v3, x
//!     return v4
//! ```
//!
//! After: both paths pass a value, so the parameter always is one:
//!
//! ```text
//! block3(v3: int):
//!     v4: int = retype v3
//!     return v4
//! ```
//!
//! A register may hold no value if its type says so and it is `undef`, the result of an op that says when it has none (`list.next`), or
//! a parameter to which some edge passes such a register. Parameters start as always bound and are taken out until nothing changes.
//!
//! Needs: nothing. Passes after it find fewer null tests to make.

use keelback_checker::types::Name;

use crate::function::{Function, Imm, Reference, Span, Value};
use crate::ops::Op;

/// A read of a local that never has a value where it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlwaysUnbound {
    /// The local.
    pub local: Name,
    /// Where it is read.
    pub span: Span,
}

/// Runs the pass; gives the reads that always fail.
pub fn run(function: &mut Function) -> Vec<AlwaysUnbound> {
    let may = closure(function, Start::MayBeAbsent);
    let may_be_bound = closure(function, Start::MayBePresent);
    let mut always = Vec::new();
    for index in 0..function.blocks.len() {
        let mut insts = std::mem::take(&mut function.blocks[index].insts);
        for inst in &mut insts {
            if inst.op != Op::CheckBound {
                continue;
            }
            let operand = inst.args[0].0 as usize;
            if !may[operand] {
                inst.op = Op::Retype;
                inst.imm = Imm::None;
            } else if !may_be_bound[operand]
                && let Some(Reference::Local(local)) = function.referenced(inst)
            {
                always.push(AlwaysUnbound {
                    local: *local,
                    span: inst.span,
                });
            }
        }
        function.blocks[index].insts = insts;
    }
    for (ty, may) in function.values.iter_mut().zip(&may) {
        ty.nullable &= may;
    }
    always
}

#[derive(Clone, Copy, PartialEq)]
enum Start {
    MayBeAbsent,
    MayBePresent,
}

/// Registers for which the question is answered with yes, from instructions' results along edges.
fn closure(function: &Function, start: Start) -> Vec<bool> {
    let nullable = |v: Value| function.ty(v).nullable;
    let mut yes = vec![false; function.values.len()];
    for param in function.blocks.iter().take(1).flat_map(|b| &b.params) {
        yes[param.0 as usize] = start == Start::MayBePresent || nullable(*param);
    }
    loop {
        let mut changed = false;
        let mut set = |yes: &mut Vec<bool>, v: Value| {
            if !yes[v.0 as usize] {
                yes[v.0 as usize] = true;
                changed = true;
            }
        };
        for inst in function.blocks.iter().flat_map(|b| &b.insts) {
            if let Some(result) = inst.result {
                let answer = match (inst.op, start) {
                    (Op::Undef, Start::MayBeAbsent) => nullable(result),
                    (Op::Undef, Start::MayBePresent) => false,
                    (Op::Retype, _) => {
                        yes[inst.args[0].0 as usize]
                            && (start == Start::MayBePresent || nullable(result))
                    }
                    (_, Start::MayBeAbsent) => nullable(result),
                    (_, Start::MayBePresent) => true,
                };
                if answer {
                    set(&mut yes, result);
                }
            }
            for edge in inst.edges() {
                let params = &function.blocks[edge.block.0 as usize].params;
                for (arg, param) in edge.args.iter().zip(params) {
                    if yes[arg.0 as usize] && (start == Start::MayBePresent || nullable(*param)) {
                        set(&mut yes, *param);
                    }
                }
            }
        }
        if !changed {
            return yes;
        }
    }
}
