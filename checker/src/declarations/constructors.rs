//! Constructors: what `__init__` may say of its `self`.

use super::Checker;
use crate::index::ClassEntry;
use crate::interface::FunctionInterface;
use crate::rules::Rule;
use crate::signatures::function_in;
use crate::types::{Name, Symbol, Type, Types};

impl Checker<'_> {
    /// Reports a `self` of `__init__` that is annotated with type parameters of the class in other places than their own: which instance is
    /// made for them is not defined.
    pub(super) fn constructor(&mut self, class: &ClassEntry) {
        if !class.scope.bindings.contains_key("__init__") {
            return;
        }
        let method = Name::new(format!("{}.__init__", class.qualname));
        let index = self.index.clone();
        let Some(entry) = index.functions.get(&method) else {
            return;
        };
        let symbol = Symbol::of(
            crate::resolve::module_name(self.db, self.file),
            class.qualname,
        );
        let own: Types = crate::classes::type_params(self.db, self.file, &class.qualname)
            .iter()
            .map(|variable| Type::TypeVar(*variable))
            .collect();
        if own.is_empty() {
            return;
        }
        let mixes = |function: &FunctionInterface| match function.params.first() {
            Some(first) if first.annotated => match first.ty {
                Type::Instance(of, args) if of == symbol && args != own => {
                    let used = |part: &Type| own.contains(part);
                    args.iter().any(|arg| arg.any(&mut |part| used(part)))
                }
                _ => false,
            },
            _ => false,
        };
        let Some(function) = function_in(self.db, self.file, &method) else {
            return;
        };
        if mixes(&function) {
            self.report(
                Rule::InvalidAnnotation,
                entry.name_range,
                "The annotation of `self` uses type parameters of the class otherwise than the class does",
            )
            .notes
            .push("Use type variables of the method, which each call finds anew".to_owned());
        }
    }
}
