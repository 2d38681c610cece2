//! `Final` names and fields that are assigned again.

use keelback_parser::ast::Stmt;
use keelback_parser::text_size::TextRange;

use super::{Checker, mangled};
use crate::classes::class_interface;
use crate::index::{Binding, BindingKind, ClassEntry, find_stmt};
use crate::interface::{Export, Member};
use crate::members::{find_member, mro};
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol};

impl Checker<'_> {
    pub(super) fn finals(&mut self) {
        let index = self.index.clone();
        for (name, bindings) in &index.scope.bindings {
            self.reassigned(None, name, bindings);
            self.reassigned_import(name, bindings);
        }
        for class in index.classes.values() {
            for (name, bindings) in &class.scope.bindings {
                self.reassigned(Some(&class.qualname), name, bindings);
            }
            let symbol = Symbol::of(module_name(self.db, self.file), class.qualname);
            self.overridden(class, &symbol);
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
            Some(class) => self.sight.scope_inside(class),
            None => self.sight.module_scope(),
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

    /// A name that was imported, and is `Final` where it comes from.
    fn reassigned_import(&mut self, name: &Name, bindings: &[Binding]) {
        let index = self.index.clone();
        let imported = bindings.iter().find_map(|binding| match &binding.kind {
            BindingKind::ImportFrom { module, name } if !binding.is_conditional => {
                Some((binding.range.end(), *module, *name))
            }
            _ => None,
        });
        let starred = || {
            index.imports.iter().find_map(|import| {
                let module = import.module?;
                let is_star = import.name.as_deref() == Some("*") && import.is_top_level;
                let is_final = is_star && self.is_final_in(&module, name);
                is_final.then_some((import.stmt.end(), module, *name))
            })
        };
        let parsed = crate::files::parsed(self.db, self.file);
        let others = |binding: &&Binding| {
            !binding.is_conditional
                && matches!(
                    binding.kind,
                    BindingKind::Assigned
                        | BindingKind::Augmented
                        | BindingKind::Annotated { .. }
                        | BindingKind::Other
                )
                // A name that is deleted means nothing else by that.
                && !find_stmt(&parsed, binding.stmt).is_some_and(Stmt::is_delete_stmt)
        };
        if !bindings.iter().any(|binding| others(&binding)) {
            return;
        }
        let Some((from, module, original)) = imported.or_else(starred) else {
            return;
        };
        if !self.is_final_in(&module, &original) {
            return;
        }
        for binding in bindings.iter().filter(others) {
            if binding.range.start() < from {
                continue;
            }
            let message =
                format!("`{name}` is final in module `{module}` and cannot be assigned again");
            self.report(Rule::FinalReassigned, binding.range, message);
        }
    }

    /// Whether `name` of `module` is declared `Final`.
    fn is_final_in(&self, module: &Name, name: &Name) -> bool {
        let Resolved::Variable { file, name } =
            crate::symbols::resolve_member(self.db, self.file, module, name)
        else {
            return false;
        };
        matches!(
            crate::modules::export_in(self.db, file, &name),
            Some(Export::Constant(_) | Export::Variable { is_final: true, .. })
        )
    }

    /// Attributes of a class that a base class declares `Final`.
    fn overridden(&mut self, class: &ClassEntry, symbol: &Symbol) {
        let Some(mro) = mro(self.db, self.file, symbol) else {
            return;
        };
        if mro.ancestors.len() < 2 {
            return;
        }
        let in_body = class
            .scope
            .bindings
            .iter()
            .filter_map(|(name, bindings)| Some((name, bindings.first()?.range)));
        let through_self = class
            .self_assignments
            .iter()
            .filter(|assignment| assignment.is_annotated)
            .map(|assignment| (&assignment.name, assignment.target));
        for (name, place) in in_body.chain(through_self) {
            let key = mangled(&class.qualname, name);
            let owner = mro.ancestors[1..].iter().find_map(|ancestor| {
                let base = class_interface(self.db, self.file, &ancestor.symbol)?;
                base.members
                    .contains_key(&key)
                    .then(|| (base.symbol, base.declared.get(&key).copied()))
            });
            if let Some((owner, Some(declaration))) = owner
                && declaration.is_final
            {
                let message = format!(
                    "`{name}` is final in `{}` and cannot be overridden",
                    owner.name()
                );
                self.report(Rule::FinalOverride, place, message);
            }
        }
    }
}
