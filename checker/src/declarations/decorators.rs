//! Decorators that do not take the functions that they stand above.

use super::Checker;
use crate::rules::Rule;
use crate::types::Type;
use crate::typing::CallProblem;

impl Checker<'_> {
    pub(super) fn decorators(&mut self) {
        let index = self.index.clone();
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                if entry.decorators.is_empty() {
                    continue;
                }
                let mut problems = Vec::new();
                let mut wrong = |at, problem: &CallProblem, given: &Type| {
                    if let CallProblem::Wrong { wanted, .. } = problem {
                        problems.push((at, *wanted, *given));
                    }
                };
                crate::infer::decorated::apply(self.db, self.file, entry, &mut wrong);
                for (at, wanted, given) in problems {
                    let message = format!(
                        "This decorator takes `{wanted}`, but `{}` is `{given}`",
                        entry.qualname
                    );
                    self.report(Rule::InvalidArgument, at, message);
                }
            }
        }
    }
}
