//! Local variables that nothing reads.

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, Expr, ExprContext, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::Checker;
use crate::collections::IndexMap;
use crate::index::find_function;
use crate::rules::Rule;

impl Checker<'_> {
    pub(super) fn unused_variables(&mut self) {
        if !self.wants(Rule::UnusedVariable) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for function in index.functions.values() {
            let Some(node) = find_function(&parsed, function.range) else {
                continue;
            };
            let mut uses = Uses::default();
            uses.visit_body(&node.body);
            if uses.sees_all {
                continue;
            }
            for (name, range) in uses.assigned {
                let is_parameter = node.parameters.iter().any(|p| p.name().as_str() == name);
                if uses.read.contains(&name) || is_parameter || name.starts_with('_') {
                    continue;
                }
                let message = format!("`{name}` is assigned and never read");
                self.report(Rule::UnusedVariable, range, message);
            }
        }
    }
}

/// What a function's body does with names.
#[derive(Default)]
struct Uses {
    /// Names that get one value on their own, each with where it does first: not one of several targets, not the variable of a loop.
    assigned: IndexMap<String, TextRange>,
    /// Names that are read, deleted, or belong to another scope.
    read: FxHashSet<String>,
    /// Whether something may read any name.
    sees_all: bool,
    /// How many functions and classes around the current one are nested.
    nested: u32,
}

impl Uses {
    fn assign(&mut self, target: &Expr) {
        if self.nested > 0 {
            return;
        }
        if let Expr::Name(name) = target {
            self.assigned
                .entry(name.id.to_string())
                .or_insert_with(|| name.range());
        }
    }
}

impl<'a> Visitor<'a> for Uses {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(node) => {
                if let [target] = &node.targets[..] {
                    self.assign(target);
                }
            }
            Stmt::AnnAssign(node) if node.value.is_some() => self.assign(&node.target),
            Stmt::With(node) => {
                for target in node
                    .items
                    .iter()
                    .filter_map(|item| item.optional_vars.as_deref())
                {
                    self.assign(target);
                }
            }
            // What is counted is read, if only by the counting.
            Stmt::AugAssign(node) => {
                if let Expr::Name(name) = &*node.target {
                    self.read.insert(name.id.to_string());
                }
            }
            Stmt::Global(node) => self.read.extend(node.names.iter().map(ToString::to_string)),
            Stmt::Nonlocal(node) => self.read.extend(node.names.iter().map(ToString::to_string)),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {
                self.nested += 1;
                visitor::walk_stmt(self, stmt);
                self.nested -= 1;
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx != ExprContext::Store => {
                self.read.insert(name.id.to_string());
                self.sees_all |= matches!(
                    name.id.as_str(),
                    "locals" | "vars" | "eval" | "exec" | "dir"
                );
            }
            // Quoted annotations read names too.
            Expr::StringLiteral(text) => {
                let words = text
                    .value
                    .to_str()
                    .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                self.read.extend(words.map(str::to_owned));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = inner.name.as_ref().filter(|_| self.nested == 0) {
            self.assigned
                .entry(name.to_string())
                .or_insert_with(|| name.range());
        }
        visitor::walk_except_handler(self, handler);
    }
}
