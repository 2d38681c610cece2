//! Attributes that a class uses of itself although nothing in sight gives them to it.

use crate::interface::Export;
use crate::types::Symbol;

use super::cx::Cx;
use super::world::Lookup;

impl Cx<'_> {
    /// Whether an attribute that the class around lacks may be there all the same when its methods run: the class is one to mix in, a class
    /// that derives from it has the attribute, the module sets it from elsewhere or sets attributes by name, or a stub does not say what is
    /// private. Code that has no annotations is not held to what it does not say.
    pub(super) fn may_come_later(&self, name: &str) -> bool {
        let Some(class) = self.class else {
            return true;
        };
        let is_mixin = class.name().to_ascii_lowercase().contains("mixin");
        let by_name = ["setattr(", "__dict__", "vars(self"]
            .iter()
            .any(|text| self.source.contains(text));
        let is_annotated = self.function.as_ref().is_some_and(|function| {
            function.returns_annotated || function.params.iter().skip(1).any(|p| p.annotated)
        });
        !is_annotated
            || is_mixin
            || by_name
            || self.is_set_outside(name)
            || (name.starts_with('_') && self.has_stub_base(&class))
            || self.is_in_subclass(&class, name)
    }

    /// Whether something in the module is given the attribute.
    fn is_set_outside(&self, name: &str) -> bool {
        let text = format!(".{name}");
        self.source.match_indices(&text).any(|(at, _)| {
            let rest = self.source[at + text.len()..].trim_start();
            rest.starts_with('=') && !rest.starts_with("==")
        })
    }

    fn has_stub_base(&self, class: &Symbol) -> bool {
        self.world.ancestry(class).classes.iter().any(|ancestor| {
            let symbol = &ancestor.class.symbol;
            !symbol.is_builtin("object") && !self.world.is_static_module(&symbol.module)
        })
    }

    /// Whether a class of this module that derives from `class` has the attribute.
    fn is_in_subclass(&self, class: &Symbol, name: &str) -> bool {
        self.world.names(&self.module).iter().any(|known| {
            let Some(Export::Class(other)) = self.world.binding(&self.module, known) else {
                return false;
            };
            other != *class
                && self.world.is_subclass(&other, class) != Some(false)
                && !matches!(self.world.member(&other, &[], name), Lookup::Missing)
        })
    }
}
