//! Members of enumerations: how they may be written, and whether their values are what the class declares.

use keelback_parser::ast::Stmt;
use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::classes::class_in;
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::interface::ParamKind;
use crate::rules::Rule;
use crate::types::{Name, Type};

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
            let declared = match self.made_from(class) {
                None => declared,
                // What is written is what the constructor takes.
                Some(Some(taken)) => taken,
                Some(None) => continue,
            };
            if *value == Type::Dynamic {
                continue;
            }
            if !self.fits(value, &declared) {
                let message =
                    format!("The values are declared as `{declared}`, but this value is `{value}`");
                self.report(Rule::InvalidAssignment, node.value.range(), message);
            }
        }
    }

    /// What the values are made from, if a constructor of the class makes them: the type of its one parameter, if it has just one.
    fn made_from(&self, class: &ClassEntry) -> Option<Option<Type>> {
        let defines = |name: &str| class.scope.bindings.contains_key(name);
        if defines("__new__") {
            return Some(None);
        }
        if !defines("__init__") {
            return None;
        }
        let init = Name::new(format!("{}.__init__", class.qualname));
        let function = crate::signatures::function_in(self.db, self.file, &init);
        Some(
            match function.as_ref().map(|function| &function.params[..]) {
                Some([_, only]) if only.annotated && only.kind == ParamKind::Positional => {
                    Some(only.ty)
                }
                _ => None,
            },
        )
    }
}
