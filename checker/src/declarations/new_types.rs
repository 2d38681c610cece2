//! Declarations of `NewType`.

use keelback_parser::ast::{Expr, ExprCall};
use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::annotation::Scope;
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::{Name, Symbol, Type};

impl Checker<'_> {
    pub(super) fn new_types(&mut self) {
        for (class, name, call) in self.declaring_calls() {
            if crate::aliases::called(&call) != "NewType" {
                continue;
            }
            let scope = match &class {
                Some(class) => self.sight.scope_inside(class),
                None => self.sight.module_scope(),
            };
            if scope.is_of_typing(&call.func, "NewType") {
                self.new_type(&name, &call, &scope);
            }
        }
    }

    fn new_type(&mut self, name: &Name, call: &ExprCall, scope: &Scope<'_>) {
        let [given, base] = &call.arguments.args[..] else {
            let message = "`NewType` takes a name and a class";
            self.report(Rule::InvalidNewType, call.range(), message);
            return;
        };
        if let Expr::StringLiteral(text) = given
            && text.value.to_str() != &**name
        {
            let message = format!("This is assigned to `{name}`, so its name must be \"{name}\"");
            self.report(Rule::InvalidNewType, given.range(), message);
        }
        let found = self.found.len();
        let symbol = Symbol::of(crate::resolve::module_name(self.db, self.file), *name);
        let inside = scope.clone().of_alias(symbol).checked();
        let ty = inside.ty(base, &mut self.found);
        if self.found.len() > found {
            return;
        }
        let wrong = match ty {
            Type::Dynamic if scope.resolve(base) == Resolved::Special(Special::Any) => {
                Some("`Any`".to_owned())
            }
            Type::Instance(class, _) => {
                let interface = crate::classes::class_interface(self.db, self.file, &class);
                if interface.as_ref().is_some_and(|class| class.is_protocol) {
                    Some(format!("the protocol `{}`", class.name()))
                } else if ty.has_variables() {
                    Some(format!("`{ty}`, which is generic"))
                } else {
                    None
                }
            }
            Type::Dynamic | Type::New(..) | Type::Never => None,
            Type::Tuple(_) | Type::Variadic(..) | Type::Class(_) | Type::ClassOf(_) => None,
            other => Some(format!("`{other}`")),
        };
        if let Some(wrong) = wrong {
            let message = format!("A `NewType` must be based on a class, not on {wrong}");
            self.report(Rule::InvalidNewType, base.range(), message);
        }
    }
}
