//! Names that are declared with two types in one scope.

use indexmap::IndexMap;
use keelback_parser::ast::visitor::{Visitor, walk_stmt};
use keelback_parser::ast::{Expr, Stmt, StmtAnnAssign};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::annotation::Scope;
use crate::index::{Binding, find_function, find_stmt};
use crate::rules::Rule;
use crate::types::{Name, Type};

impl Checker<'_> {
    pub(super) fn conflicts(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let declarations_of = |bindings: &[Binding]| -> Vec<StmtAnnAssign> {
            if bindings.len() < 2 {
                return Vec::new();
            }
            let nodes = bindings
                .iter()
                .filter_map(|binding| find_stmt(&parsed, binding.stmt));
            nodes
                .filter_map(|stmt| stmt.as_ann_assign_stmt().cloned())
                .collect()
        };
        let module = Scope::module(self.db, self.file);
        for (name, bindings) in &index.scope.bindings {
            self.declared(&module, name, &declarations_of(bindings));
        }
        for class in index.classes.values() {
            let scope = Scope::inside(self.db, self.file, &class.qualname);
            for (name, bindings) in &class.scope.bindings {
                self.declared(&scope, name, &declarations_of(bindings));
            }
        }
        for function in index.functions.values() {
            let Some(node) = find_function(&parsed, function.range) else {
                continue;
            };
            let mut locals = Locals::default();
            locals.visit_body(&node.body);
            for (name, declarations) in locals.0 {
                if declarations.len() > 1 {
                    let scope = Scope::inside(self.db, self.file, &function.qualname);
                    let declarations: Vec<StmtAnnAssign> =
                        declarations.into_iter().cloned().collect();
                    self.declared(&scope, &name, &declarations);
                }
            }
        }
    }

    fn declared(&mut self, scope: &Scope<'_>, name: &Name, declarations: &[StmtAnnAssign]) {
        let mut first: Option<(Type, TextRange)> = None;
        for node in declarations {
            let Some(ty) = scope.annotation(&node.annotation, &mut Vec::new()).ty else {
                continue;
            };
            match &first {
                None => first = Some((ty, node.target.range())),
                Some((declared, place)) if *declared != ty => {
                    let message =
                        format!("`{name}` is declared as `{declared}` already, not as `{ty}`");
                    let (file, place) = (self.file, *place);
                    let report =
                        self.report(Rule::ConflictingDeclaration, node.target.range(), message);
                    *report = report
                        .clone()
                        .with_secondary(file, place, "declared here first");
                }
                Some(_) => {}
            }
        }
    }
}

/// The declarations of a function's locals, nested functions and classes left out.
#[derive(Default)]
struct Locals<'a>(IndexMap<Name, Vec<&'a StmtAnnAssign>>);

impl<'a> Visitor<'a> for Locals<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::AnnAssign(node) => {
                if let Expr::Name(name) = &*node.target {
                    self.0
                        .entry(Name::new(name.id.as_str()))
                        .or_default()
                        .push(node);
                }
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
