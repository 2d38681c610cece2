//! Declarations that could say more: parameters without a type, methods that could be final.

use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::index::find_function;
use crate::interface::FunctionKind;
use crate::members::is_subclass;
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::types::Symbol;

impl Checker<'_> {
    /// Parameters and results that are dynamic because nobody said what they are.
    pub(super) fn missing_annotations(&mut self) {
        if !self.wants(Rule::MissingAnnotation) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for entry in index.functions.values() {
            let Some(node) = find_function(&parsed, entry.range) else {
                continue;
            };
            let has_receiver = entry.class.is_some() && entry.kind != FunctionKind::StaticMethod;
            for parameter in node.parameters.iter().skip(usize::from(has_receiver)) {
                if parameter.annotation().is_none() {
                    let message = format!(
                        "Parameter `{}` of `{}` has no annotation, so it is dynamic",
                        parameter.name(),
                        entry.qualname
                    );
                    self.report(Rule::MissingAnnotation, parameter.name().range(), message);
                }
            }
        }
    }

    /// Methods of classes that nothing in this module derives from.
    pub(super) fn not_final(&mut self) {
        if !self.wants(Rule::NotFinal) {
            return;
        }
        let index = self.index.clone();
        let module = module_name(self.db, self.file);
        let symbol_of = |qualname: &crate::types::Name| Symbol::of(module, *qualname);
        for class in index.classes.values() {
            let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname)
            else {
                continue;
            };
            if interface.is_final || interface.layout.is_err() {
                continue;
            }
            let own = symbol_of(&class.qualname);
            let has_subclass = index.classes.keys().any(|other| {
                *other != class.qualname
                    && is_subclass(self.db, self.file, &symbol_of(other), &own) != Some(false)
            });
            if has_subclass {
                continue;
            }
            for entry in index.functions.values() {
                let is_special = entry.qualname.ends_with("__");
                if entry.class.as_ref() != Some(&class.qualname) || is_special {
                    continue;
                }
                let Some(function) =
                    crate::signatures::function_in(self.db, self.file, &entry.qualname)
                else {
                    continue;
                };
                if function.kind == FunctionKind::Method
                    && !function.is_final
                    && !function.is_abstract
                {
                    let message = format!(
                        "Nothing here overrides `{}`; marked `@final` it is called directly",
                        entry.qualname
                    );
                    self.report(Rule::NotFinal, entry.name_range, message);
                }
            }
        }
    }
}
