//! The names that a function binds.

use keelback_parser::ast::visitor::{Visitor, walk_expr, walk_stmt};
use keelback_parser::ast::{Expr, ExprContext, Stmt, StmtFunctionDef};

/// Whether a function binds `name`: as a parameter, by assignment, by an import or by a definition.
pub(super) fn binds(function: &StmtFunctionDef, name: &str) -> bool {
    struct Search<'n> {
        name: &'n str,
        found: bool,
    }
    impl<'a> Visitor<'a> for Search<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::FunctionDef(node) => self.found |= node.name.as_str() == self.name,
                Stmt::ClassDef(node) => self.found |= node.name.as_str() == self.name,
                Stmt::Import(node) => {
                    self.found |= node.names.iter().any(|alias| {
                        let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                        bound.split('.').next() == Some(self.name)
                    });
                }
                Stmt::ImportFrom(node) => {
                    self.found |= node.names.iter().any(|alias| {
                        alias.asname.as_ref().unwrap_or(&alias.name).as_str() == self.name
                    });
                }
                _ => walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(node) = expr {
                self.found |= node.ctx == ExprContext::Store && node.id.as_str() == self.name;
            }
            walk_expr(self, expr);
        }
    }
    let mut search = Search { name, found: false };
    search.visit_body(&function.body);
    search.found
        || function
            .parameters
            .iter()
            .any(|param| param.name().as_str() == name)
}
