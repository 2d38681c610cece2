//! Members of enumerations: how they may be written, and whether their values are what the class declares.

use keelback_parser::ast::Stmt;
use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::classes::class_in;
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::rules::Rule;
use crate::types::Type;

impl Checker<'_> {
    /// Reports annotated members, and values that the declared type of `_value_` does not have.
    pub(super) fn enum_members(&mut self, class: &ClassEntry) {
        let Some(enumeration) =
            class_in(self.db, self.file, &class.qualname).and_then(|c| c.enumeration.clone())
        else {
            return;
        };
        if self.file.path(self.db).is_stub() {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        for (name, value) in &enumeration.members {
            let Some(binding) = class.scope.bindings.get(name).and_then(|b| b.first()) else {
                continue;
            };
            let stmt = find_stmt(&parsed, binding.stmt);
            if let (BindingKind::Annotated { has_value: true }, Some(Stmt::AnnAssign(node))) =
                (&binding.kind, stmt)
            {
                let message = format!(
                    "`{name}` is a member, which takes no annotation: its type is the enumeration"
                );
                self.report(Rule::InvalidEnumMember, node.annotation.range(), message);
            }
            let (Some(declared), Some(Stmt::Assign(node))) = (enumeration.declared_value, stmt)
            else {
                continue;
            };
            if self.makes_values(class) || *value == Type::Dynamic {
                continue;
            }
            if !self.fits(value, &declared) {
                let message =
                    format!("The values are declared as `{declared}`, but this value is `{value}`");
                self.report(Rule::InvalidAssignment, node.value.range(), message);
            }
        }
    }

    /// Whether a constructor of the class makes the values of what is written.
    fn makes_values(&self, class: &ClassEntry) -> bool {
        ["__new__", "__init__"]
            .iter()
            .any(|name| class.scope.bindings.contains_key(*name))
    }
}
