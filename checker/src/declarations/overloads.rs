//! Overloads: that there are several, that something implements them, and that their decorators agree.

use super::Checker;
use crate::classes::class_in;
use crate::index::{FunctionEntry, find_function};
use crate::interface::FunctionKind;
use crate::rules::Rule;
use crate::signatures::{KnownDecorator, known_decorator};

impl Checker<'_> {
    pub(super) fn overloads(&mut self) {
        let index = self.index.clone();
        for function in index.functions.values() {
            if function.decorators.is_empty() && function.earlier.is_empty() {
                continue;
            }
            // Which of several definitions is meant where one may not run is not known.
            let all = || function.earlier.iter().chain([function]);
            if all().any(|entry| entry.is_conditional) {
                continue;
            }
            let overloads: Vec<&FunctionEntry> =
                all().filter(|entry| self.is_overload(entry)).collect();
            if let [first, ..] = overloads[..] {
                let is_implemented = !self.is_overload(function);
                self.overloaded(first, &overloads, is_implemented.then_some(function));
            }
        }
    }

    /// One overloaded function: `first` is its first overload, `implementation` what comes after the last.
    fn overloaded(
        &mut self,
        first: &FunctionEntry,
        overloads: &[&FunctionEntry],
        implementation: Option<&FunctionEntry>,
    ) {
        let name = crate::index::last_part(&first.qualname).to_owned();
        if overloads.len() == 1 {
            let message = format!("`{name}` has a single overload; there must be two or more");
            self.report(Rule::InvalidOverload, first.name_range, message);
        }
        if implementation.is_none() && !self.needs_no_implementation(overloads) {
            let message = format!("`{name}` has overloads, but no implementation after them");
            self.report(Rule::InvalidOverload, first.name_range, message);
        }
        let kind = first.kind;
        let others = overloads[1..].iter().copied().chain(implementation);
        for other in others {
            if other.kind == kind {
                continue;
            }
            let decorator = match (kind, other.kind) {
                (FunctionKind::StaticMethod, _) | (_, FunctionKind::StaticMethod) => "staticmethod",
                (FunctionKind::ClassMethod, _) | (_, FunctionKind::ClassMethod) => "classmethod",
                _ => continue,
            };
            let message = format!(
                "Either all definitions of `{name}` are marked `@{decorator}` or none of them is"
            );
            self.report(Rule::InvalidOverload, other.name_range, message);
            break;
        }
        if let Some(implementation) = implementation {
            self.implementation(overloads, implementation);
        }
        // Without an implementation the first overload is the place.
        let (place, others) = match implementation {
            Some(_) => ("implementation", overloads),
            None => ("first overload", &overloads[1..]),
        };
        for overload in others {
            for (decorator, text) in [
                (KnownDecorator::Final, "final"),
                (KnownDecorator::Override, "override"),
            ] {
                if self.is_decorated_with(overload, decorator) {
                    let message = format!("`@{text}` belongs on the {place} of `{name}` alone");
                    self.report(Rule::InvalidOverload, overload.name_range, message);
                }
            }
        }
    }

    /// Whether what overloads declare is defined elsewhere: in what a stub is of, or in a class that derives from this one.
    fn needs_no_implementation(&self, overloads: &[&FunctionEntry]) -> bool {
        if self.file.path(self.db).is_stub() {
            return true;
        }
        let Some(class) = overloads.first().and_then(|first| first.class) else {
            return false;
        };
        class_in(self.db, self.file, &class).is_none_or(|class| class.is_protocol)
            || overloads
                .iter()
                .any(|entry| self.is_decorated_with(entry, KnownDecorator::Abstract))
    }

    fn is_overload(&self, entry: &FunctionEntry) -> bool {
        entry.has_decorator("overload") && self.is_decorated_with(entry, KnownDecorator::Overload)
    }

    fn is_decorated_with(&self, entry: &FunctionEntry, decorator: KnownDecorator) -> bool {
        if entry.decorators.is_empty() {
            return false;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let Some(node) = find_function(&parsed, entry.range) else {
            return false;
        };
        let scope = match &entry.class {
            Some(class) => self.sight.scope_inside(class),
            None => self.sight.module_scope(),
        };
        node.decorator_list.iter().any(|own| {
            known_decorator(&scope, &own.expression, node.name.as_str()) == Some(decorator)
        })
    }
}
