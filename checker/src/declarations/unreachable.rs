//! Statements that can never run.

use keelback_parser::ast::visitor::{Visitor, walk_stmt};
use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::index::for_each_body;
use crate::reach::Environment;
use crate::rules::Rule;

impl Checker<'_> {
    pub(super) fn unreachable_code(&mut self) {
        if !self.wants(Rule::UnreachableCode) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let mut walk = Dead {
            environment: Environment::of(self.db),
            found: Vec::new(),
        };
        walk.block(parsed.body());
        for range in walk.found {
            self.report(Rule::UnreachableCode, range, "This can never run");
        }
    }
}

struct Dead {
    environment: Environment,
    found: Vec<TextRange>,
}

impl Dead {
    fn block(&mut self, body: &[Stmt]) {
        for (position, stmt) in body.iter().enumerate() {
            for_each_body(stmt, &mut |inner| self.block(inner));
            if let Some(next) = body.get(position + 1)
                && self.ends(stmt)
            {
                // A `yield` that is never reached still makes the function a generator.
                if !is_bare_yield(next) {
                    self.found.push(next.range());
                }
                return;
            }
        }
    }

    /// Whether nothing runs after `stmt` in its block.
    fn ends(&self, stmt: &Stmt) -> bool {
        let all_end = |body: &[Stmt]| body.iter().any(|stmt| self.ends(stmt));
        match stmt {
            Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_) => true,
            Stmt::If(node) => {
                let has_else = node
                    .elif_else_clauses
                    .last()
                    .is_some_and(|clause| clause.test.is_none());
                has_else
                    && all_end(&node.body)
                    && node
                        .elif_else_clauses
                        .iter()
                        .all(|clause| all_end(&clause.body))
            }
            Stmt::While(node) => {
                self.environment.truth(&node.test) == Some(true) && {
                    let mut breaks = Breaks(false);
                    breaks.visit_body(&node.body);
                    !breaks.0
                }
            }
            _ => false,
        }
    }
}

fn is_bare_yield(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(node) if matches!(&*node.value, Expr::Yield(_) | Expr::YieldFrom(_)))
}

/// Whether a loop's body leaves the loop by `break`.
struct Breaks(bool);

impl<'a> Visitor<'a> for Breaks {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Break(_) => self.0 = true,
            // Their `break`s are their own; those in `else` parts are not, which errs on the side of silence.
            Stmt::For(node) => self.visit_body(&node.orelse),
            Stmt::While(node) => self.visit_body(&node.orelse),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
