//! Protocols in `isinstance` and `issubclass`: which may be asked for, and of which values the answer would mislead.

use keelback_parser::ast;

use crate::interface::Member;
use crate::rules::Rule;
use crate::types::{Symbol, Type, Types};
use crate::typing::Attribute;

use super::super::cx::{Cx, range};
use super::super::world::widen;

impl Cx<'_> {
    /// Reports protocols among `classes` that the second argument of `call` names and that the test cannot ask for. `subject` is the type of
    /// the tested instance, or of the instances of the tested class.
    pub(super) fn check_protocol_test(
        &mut self,
        call: &ast::ExprCall,
        classes: impl IntoIterator<Item = Symbol>,
        subject: &Type,
        of_class: bool,
    ) {
        let at = range(&call.arguments.args[1]);
        let function = if of_class { "issubclass" } else { "isinstance" };
        for class in classes {
            let Some(interface) = self.world.class(&class).filter(|class| class.is_protocol) else {
                continue;
            };
            let name = class.name();
            let is_checkable = interface.is_runtime_checkable
                || self
                    .world
                    .ancestry(&class)
                    .classes
                    .iter()
                    .any(|base| base.class.is_runtime_checkable);
            if !is_checkable {
                self.report_with(
                    Rule::InvalidIsinstance,
                    at,
                    format!("Protocol `{name}` cannot be asked for by `{function}`"),
                    vec![format!("Decorate `{name}` with `@runtime_checkable`")],
                );
                continue;
            }
            let members = self.world.protocol_members(&class);
            let data = members
                .iter()
                .find(|(_, member)| !matches!(member, Member::Method(_)));
            if let Some((data, _)) = data.filter(|_| of_class) {
                self.report_with(
                    Rule::InvalidIsinstance,
                    at,
                    format!("`issubclass` cannot ask for protocol `{name}`, which has the attribute `{data}`"),
                    vec!["Only protocols whose members are all methods can be asked for: the attributes of instances are not those of the class".to_owned()],
                );
                continue;
            }
            if let Some(found) = self.unsafe_overlap(subject, &class) {
                self.report(
                    Rule::InvalidIsinstance,
                    at,
                    format!("`{found}` has the attributes of protocol `{name}`, but not with their types: `{function}` looks at names alone"),
                );
            }
        }
    }

    /// The member of a type that has every name that a protocol asks for, and does not fit it.
    fn unsafe_overlap(&self, subject: &Type, protocol: &Symbol) -> Option<Type> {
        let names = self.world.protocol_members(protocol);
        let wanted = Type::Instance(*protocol, Types::none());
        let has = |ty: &Type, name: &str| match self.world.attribute(ty, name) {
            // What is set to `None` counts as missing.
            Attribute::Found(found) => found.ty != Type::None,
            Attribute::Missing | Attribute::Unknown => false,
        };
        let overlaps = |ty: &Type| {
            matches!(ty, Type::Instance(..) | Type::Exact(..))
                && ty
                    .class()
                    .is_some_and(|class| !self.world.is_protocol(&class))
                && !names.is_empty()
                && names.iter().all(|(name, _)| has(ty, name))
                && !self.world.assignable(ty, &wanted)
        };
        subject.members().iter().find(|ty| overlaps(ty)).map(widen)
    }
}
