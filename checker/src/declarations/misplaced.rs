//! Decorators on what they do not apply to.

use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::index::{FunctionEntry, find_class, find_function};
use crate::interface::{FunctionKind, ParamKind};
use crate::rules::Rule;
use crate::symbols::Resolved;

impl Checker<'_> {
    pub(super) fn misplaced_decorators(&mut self) {
        let index = self.index.clone();
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                self.function_decorators(entry);
                self.private_parameters(entry);
            }
        }
        for class in index.classes.values() {
            if !class.has_decorator("disjoint_base") {
                continue;
            }
            let parsed = crate::files::parsed(self.db, self.file);
            let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname)
            else {
                continue;
            };
            let is_typed_dict = find_class(&parsed, class.range).is_some_and(|node| {
                let bases = node.arguments.iter().flat_map(|arguments| &arguments.args);
                bases.into_iter().any(|base| {
                    crate::reach::dotted(base)
                        .is_some_and(|name| crate::index::last_part(&name) == "TypedDict")
                })
            });
            let what = if is_typed_dict {
                "a `TypedDict`"
            } else if interface.is_protocol {
                "a protocol"
            } else {
                continue;
            };
            let message = format!("`@disjoint_base` does not apply to {what}");
            self.report(Rule::MisplacedDecorator, class.name_range, message);
        }
    }

    fn function_decorators(&mut self, entry: &FunctionEntry) {
        let candidates = ["final", "override", "disjoint_base"];
        if !candidates.iter().any(|name| entry.has_decorator(name)) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let Some(node) = find_function(&parsed, entry.range) else {
            return;
        };
        let scope = match &entry.class {
            Some(class) => self.sight.scope_inside(class),
            None => self.sight.module_scope(),
        };
        for decorator in &node.decorator_list {
            let (Resolved::Function(symbol) | Resolved::Class(symbol)) =
                scope.resolve(&decorator.expression)
            else {
                continue;
            };
            if !matches!(&*symbol.module, "typing" | "typing_extensions") {
                continue;
            }
            let message = match (symbol.name(), entry.class) {
                ("final" | "override", None) => {
                    format!("`@{}` applies to methods", symbol.name())
                }
                ("disjoint_base", _) => "`@disjoint_base` applies to classes".to_owned(),
                _ => continue,
            };
            self.report(
                Rule::MisplacedDecorator,
                decorator.expression.range(),
                message,
            );
        }
    }

    /// Parameters whose names begin with two underscores were given by position alone before there was `/`. So they come first.
    fn private_parameters(&mut self, entry: &FunctionEntry) {
        let parsed = crate::files::parsed(self.db, self.file);
        let Some(node) = find_function(&parsed, entry.range) else {
            return;
        };
        let parameters = &node.parameters;
        if !parameters.posonlyargs.is_empty() {
            return;
        }
        let has_receiver = entry.class.is_some() && entry.kind != FunctionKind::StaticMethod;
        let mut named = None;
        for parameter in parameters.args.iter().skip(usize::from(has_receiver)) {
            let name = parameter.parameter.name.as_str();
            if !crate::interface::is_private_parameter(name, ParamKind::Positional) {
                named = named.or(Some(name));
                continue;
            }
            // One with a default value is often a place to keep something, and not meant to be given.
            if let (Some(named), None) = (named, &parameter.default) {
                let message = format!(
                    "`{name}` is given by position alone, as its two underscores say, but `{named}` before it has a name"
                );
                self.report(Rule::PositionalOnlyOrder, parameter.range(), message)
                    .notes
                    .push("Put it first, or write `/` after the parameters that are given by position alone".to_owned());
            }
        }
    }
}
