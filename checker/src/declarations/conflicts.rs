//! Names of a module or class that are declared with two types. Locals are the business of inference.

use keelback_parser::ast::StmtAnnAssign;
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::annotation::Scope;
use crate::index::{Binding, find_stmt};
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
        let module = self.sight.module_scope();
        for (name, bindings) in &index.scope.bindings {
            self.declared(&module, name, &declarations_of(bindings));
        }
        for class in index.classes.values() {
            let scope = self.sight.scope_inside(&class.qualname);
            for (name, bindings) in &class.scope.bindings {
                self.declared(&scope, name, &declarations_of(bindings));
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
                None => first = Some((ty, node.annotation.range())),
                Some((declared, place)) if *declared != ty => {
                    let message =
                        format!("`{name}` is declared as `{declared}` already, not as `{ty}`");
                    let (file, place) = (self.file, *place);
                    let report = self.report(
                        Rule::ConflictingDeclaration,
                        node.annotation.range(),
                        message,
                    );
                    *report = report
                        .clone()
                        .with_secondary(file, place, "declared here first");
                }
                Some(_) => {}
            }
        }
    }
}
