//! Uses of what is marked `@deprecated`: by name, as an attribute, by an operator, and calls that reach a deprecated overload.

use keelback_parser::text_size::TextRange;

use crate::interface::{Export, Member};
use crate::rules::Rule;
use crate::types::{Name, Symbol, Type, VariableKind};
use crate::typing::{Argument, Callee};

use super::cx::Cx;
use super::world::{Lookup, Resolved, widen};

impl Cx<'_> {
    fn report_deprecated(&mut self, what: &str, says: &Name, at: TextRange) {
        // What is deprecated itself may use what goes with it.
        let is_inside = self
            .function
            .as_ref()
            .is_some_and(|function| function.deprecated.is_some())
            || self
                .class
                .and_then(|class| self.world.class(&class))
                .is_some_and(|class| class.deprecated.is_some());
        if is_inside {
            return;
        }
        let message = match says.is_empty() {
            true => format!("{what} is deprecated"),
            false => format!("{what} is deprecated: {says}"),
        };
        self.report(Rule::Deprecated, at, message);
    }

    /// A use of the module-level `name`, which is deprecated if this module defines it so. That of another was reported with its import.
    pub(super) fn note_deprecated_name(&mut self, name: &str, at: TextRange) {
        if !self.is_heard() {
            return;
        }
        match self.world.binding(&self.module, name) {
            Some(Export::Function(symbol)) => self.note_deprecated_function(&symbol, at),
            Some(Export::Class(symbol)) => self.note_deprecated_class(&symbol, at),
            _ => {}
        }
    }

    fn note_deprecated_function(&mut self, symbol: &Symbol, at: TextRange) {
        let says = self
            .world
            .function(symbol)
            .and_then(|function| function.deprecated);
        if let Some(says) = says {
            self.report_deprecated(&format!("`{}`", symbol.name()), &says, at);
        }
    }

    fn note_deprecated_class(&mut self, symbol: &Symbol, at: TextRange) {
        let says = self.world.class(symbol).and_then(|class| class.deprecated);
        if let Some(says) = says {
            self.report_deprecated(&format!("Class `{}`", symbol.name()), &says, at);
        }
    }

    /// A read of (or, with `is_stored`, a store to) the attribute `name` of a value that is seen as `receiver`.
    pub(super) fn note_deprecated_attribute(
        &mut self,
        receiver: &Type,
        name: &str,
        is_stored: bool,
        at: TextRange,
    ) {
        if !self.is_heard() {
            return;
        }
        let class = match receiver {
            Type::Module(module) => {
                match self.world.export(module, name) {
                    Resolved::Function(symbol) => self.note_deprecated_function(&symbol, at),
                    Resolved::Class(symbol) => self.note_deprecated_class(&symbol, at),
                    _ => {}
                }
                return;
            }
            Type::Dynamic | Type::Never | Type::None => return,
            Type::Union(members) => {
                for member in members.iter() {
                    self.note_deprecated_attribute(member, name, is_stored, at);
                }
                return;
            }
            Type::Class(class) => Some(*class),
            Type::ClassOf(of) => of.class(),
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                variable.upper().as_instance().class()
            }
            other => widen(&other.as_instance()).class(),
        };
        let Some(class) = class else { return };
        let Lookup::Found { owner, member, .. } = self.world.member(&class, &[], name) else {
            return;
        };
        let member = self.world.believed_member(&owner, name, member);
        let on_class = matches!(receiver, Type::Class(_) | Type::ClassOf(_));
        let function = match member {
            Member::Method(symbol) if !is_stored => symbol,
            Member::Property {
                setter: Some(setter),
                ..
            } if is_stored && !on_class => setter,
            Member::Property { getter, .. } if !is_stored && !on_class => getter,
            Member::Class(symbol) if !is_stored => {
                self.note_deprecated_class(&symbol, at);
                return;
            }
            _ => return,
        };
        let says = self
            .world
            .function(&function)
            .and_then(|function| function.deprecated);
        if let Some(says) = says {
            let what = match is_stored {
                true => format!("Setting `{}.{name}`", owner.name()),
                false => format!("`{}.{name}`", owner.name()),
            };
            self.report_deprecated(&what, &says, at);
        }
    }

    /// The special method `name`, called by syntax on a value that is seen as `receiver`. Whether there is one; not looked for where nothing
    /// is reported.
    pub(super) fn note_deprecated_special(
        &mut self,
        receiver: &Type,
        name: &str,
        at: TextRange,
    ) -> bool {
        if !self.is_heard() {
            return false;
        }
        let (Type::Instance(class, _) | Type::Exact(class, _)) = receiver.as_instance() else {
            return false;
        };
        if !matches!(self.world.member(&class, &[], name), Lookup::Found { .. }) {
            return false;
        }
        self.note_deprecated_attribute(receiver, name, false, at);
        true
    }

    /// A call of something that has several signatures, of which the one that takes the arguments may be deprecated.
    pub(super) fn note_deprecated_overload(
        &mut self,
        callees: &[Callee],
        given: &[Argument],
        at: TextRange,
    ) {
        if callees.len() < 2 || !self.is_heard() {
            return;
        }
        let Some(symbol) = callees[0].function else {
            return;
        };
        let overloads = self.world.overloads(&symbol);
        if overloads.len() != callees.len()
            || overloads.iter().all(|overload| overload.deprecated.is_none())
            // Of an argument of which nothing is known it cannot be said which it reaches.
            || given.iter().any(|argument| argument.ty.is_dynamic())
        {
            return;
        }
        let reached = callees
            .iter()
            .position(|callee| self.world.call(std::slice::from_ref(callee), given).is_ok());
        let says = reached.and_then(|reached| overloads[reached].deprecated);
        if let Some(says) = says {
            let what = format!("This overload of `{}`", symbol.name());
            self.report_deprecated(&what, &says, at);
        }
    }
}
