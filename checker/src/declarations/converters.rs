//! Converters of the fields of dataclasses: whether they take a value, and the default.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::Ranged;

use super::{Checker, mangled};
use crate::annotation::Scope;
use crate::dataclasses::keyword;
use crate::index::{ClassEntry, find_stmt};
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::Dataclass;
use crate::rules::Rule;
use crate::signatures::function_interface;
use crate::simple::SimpleTypes;
use crate::symbols::Resolved;
use crate::types::{Type, Types};

impl Checker<'_> {
    /// The converters of a class's own fields. What one takes is the type of its field as the constructor sees it.
    pub(super) fn converters(&mut self, class: &ClassEntry, made: &Dataclass) {
        if !made.fields.iter().any(|field| field.is_converted) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let scope = self.sight.scope_inside(&class.qualname);
        for (name, bindings) in &class.scope.bindings {
            let name = mangled(&class.qualname, name);
            let mut fields = made.fields.iter();
            let Some(field) = fields.find(|field| field.name == name && field.is_converted) else {
                continue;
            };
            for binding in bindings {
                let value = find_stmt(&parsed, binding.stmt)
                    .and_then(|stmt| stmt.as_ann_assign_stmt())
                    .and_then(|node| node.value.as_deref());
                let Some(Expr::Call(call)) = value else {
                    continue;
                };
                let argument = |name: &str| keyword(Some(&call.arguments), name);
                if let (Type::Never, Some(converter)) = (field.ty, argument("converter")) {
                    let message =
                        format!("The converter of field `{name}` takes no value by position");
                    self.report(Rule::InvalidDataclass, converter.range(), message);
                    continue;
                }
                let default = argument("default");
                let factory = ["default_factory", "factory"]
                    .into_iter()
                    .find_map(argument);
                let given = default
                    .map(|default| (default, SimpleTypes::new(&scope).ty(default).boxed()))
                    .or_else(|| factory.map(|factory| (factory, self.made_by(&scope, factory))));
                let Some((at, ty)) = given else { continue };
                let env = DbEnv::new(&self.sight);
                if !World::new(&env).assignable(&ty, &field.ty) {
                    let message = format!(
                        "The converter of field `{name}` takes `{}`, but its default value is `{ty}`",
                        field.ty
                    );
                    self.report(Rule::InvalidDataclass, at.range(), message);
                }
            }
        }
    }

    /// What a function or class that makes a default value gives.
    fn made_by(&self, scope: &Scope<'_>, factory: &Expr) -> Type {
        match scope.resolve(factory) {
            Resolved::Class(class) => Type::Instance(class, Types::none()),
            Resolved::Function(function) => function_interface(self.db, self.file, &function)
                .filter(|function| {
                    !function.is_wrapped && !function.is_async && !function.is_overloaded
                })
                .map_or(Type::Dynamic, |function| function.returns),
            _ => Type::Dynamic,
        }
    }
}
