//! `Final` names and fields that are assigned again.

use keelback_parser::text_size::TextRange;

use super::{Checker, mangled};
use crate::annotation::Scope;
use crate::index::{Binding, BindingKind, find_stmt};
use crate::interface::Member;
use crate::members::find_member;
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::types::{Name, Symbol};

impl Checker<'_> {
    pub(super) fn finals(&mut self) {
        let index = self.index.clone();
        for (name, bindings) in &index.scope.bindings {
            self.reassigned(None, name, bindings);
        }
        for class in index.classes.values() {
            for (name, bindings) in &class.scope.bindings {
                self.reassigned(Some(&class.qualname), name, bindings);
            }
            let symbol = Symbol::of(module_name(self.db, self.file), class.qualname);
            for assignment in &class.self_assignments {
                // What stands in a body that is inferred is found there.
                let method = index.functions.get(&assignment.method);
                if method.is_some_and(|method| method.parent.is_none())
                    && !self.is_nested(assignment.target)
                {
                    continue;
                }
                let name = mangled(&class.qualname, &assignment.name);
                let in_init = assignment.method.ends_with(".__init__");
                let found = find_member(self.db, self.file, &symbol, &name);
                let Some(found) = found else { continue };
                let is_final = match &found.member {
                    // A `Final` field is given its value in the `__init__` of the class that declares it.
                    Member::Field { is_final, .. } => {
                        *is_final && !(in_init && found.owner.symbol == symbol)
                    }
                    Member::ClassVar { .. } if found.owner.symbol == symbol => class
                        .scope
                        .bindings
                        .get(&assignment.name)
                        .is_some_and(|bindings| {
                            self.final_declaration(Some(&class.qualname), bindings)
                                .is_some()
                        }),
                    _ => false,
                };
                if is_final {
                    let message = format!(
                        "`{}` is final and cannot be assigned again",
                        assignment.name
                    );
                    self.report(Rule::FinalReassigned, assignment.target, message);
                }
            }
        }
    }

    /// Whether a place is inside a function that is nested in another.
    fn is_nested(&self, place: TextRange) -> bool {
        self.index
            .functions
            .values()
            .any(|function| function.parent.is_some() && function.range.contains_range(place))
    }

    /// The place of the `Final` declaration among `bindings`, if there is one.
    fn final_declaration(&self, class: Option<&Name>, bindings: &[Binding]) -> Option<TextRange> {
        let parsed = crate::files::parsed(self.db, self.file);
        let scope = match class {
            Some(class) => Scope::inside(self.db, self.file, class),
            None => Scope::module(self.db, self.file),
        };
        bindings.iter().find_map(|binding| {
            if !matches!(binding.kind, BindingKind::Annotated { .. }) {
                return None;
            }
            let node = find_stmt(&parsed, binding.stmt)?.as_ann_assign_stmt()?;
            let annotation = scope.annotation(&node.annotation, &mut Vec::new());
            annotation.is_final.then_some(binding.range)
        })
    }

    fn reassigned(&mut self, class: Option<&Name>, name: &Name, bindings: &[Binding]) {
        if bindings.len() < 2 {
            return;
        }
        let Some(declaration) = self.final_declaration(class, bindings) else {
            return;
        };
        let file = self.file;
        for binding in bindings
            .iter()
            .filter(|binding| binding.range != declaration)
        {
            let message = format!("`{name}` is final and cannot be assigned again");
            let report = self.report(Rule::FinalReassigned, binding.range, message);
            *report = report
                .clone()
                .with_secondary(file, declaration, "declared final here");
        }
    }
}
