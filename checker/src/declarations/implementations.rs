//! Whether the implementation of overloads takes what they take and gives what they give.

use super::Checker;
use crate::index::FunctionEntry;
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::FunctionKind;
use crate::rules::Rule;
use crate::signatures::{function_in, overloads};
use crate::types::Signature;

impl Checker<'_> {
    /// Reports overloads that the implementation after them does not fit.
    pub(super) fn implementation(
        &mut self,
        entries: &[&FunctionEntry],
        implementation: &FunctionEntry,
    ) {
        let Some(own) = function_in(self.db, self.file, &implementation.qualname) else {
            return;
        };
        if own.is_decorated || own.is_wrapped {
            return;
        }
        let declared = overloads(self.db, self.file, &own.symbol);
        if declared.len() != entries.len() {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        // Of a receiver an overload may say more than the function that has it.
        let has_receiver = implementation.class.is_some() && own.kind != FunctionKind::StaticMethod;
        let seen = |function: &crate::interface::FunctionInterface| match has_receiver {
            true => Signature::of(function).without_first(),
            false => Signature::of(function),
        };
        let name = crate::index::last_part(&implementation.qualname);
        let mut problems = Vec::new();
        for (entry, overload) in entries.iter().zip(&declared) {
            if overload.is_wrapped || overload.kind != own.kind {
                continue;
            }
            let (wanted, given) = (seen(overload), seen(&own));
            if !world.takes_all(given, wanted) {
                let message = format!(
                    "The implementation of `{name}` does not take what this overload takes"
                );
                problems.push((entry.name_range, message));
            } else if !world.gives_any(given, wanted) {
                let message = format!(
                    "The implementation of `{name}` returns `{}`, which is never what this overload returns, `{}`",
                    given.returns, wanted.returns
                );
                problems.push((entry.name_range, message));
            }
        }
        for (range, message) in problems {
            self.report(Rule::InvalidOverload, range, message);
        }
    }
}
