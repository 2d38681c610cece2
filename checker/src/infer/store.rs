//! Stores to attributes: what a declaration forbids, and stores to values of which the class is believed and not certain.

use keelback_parser::text_size::TextRange;

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Symbol, Type, VariableKind};
use crate::typing::Attribute;

use super::convert::Why;
use super::cx::Cx;
use super::world::{Lookup, widen};

/// An attribute that is stored to.
#[derive(Clone, Copy)]
pub(super) struct Stored<'s> {
    /// As it is written.
    pub name: &'s str,
    /// As the object has it.
    pub mangled: &'s str,
    /// Where it is written.
    pub at: TextRange,
}

impl Cx<'_> {
    /// Reports a store that the declaration of a class attribute of `owner` forbids: a second one to what is `Final`, and one to a
    /// class variable through an instance of `class`. Whether there was something to report.
    pub(super) fn check_class_variable(
        &mut self,
        owner: &Symbol,
        class: &Symbol,
        on_instance: bool,
        stored: Stored<'_>,
    ) -> bool {
        let name = stored.name;
        let Some(declaration) = self
            .world
            .class(owner)
            .and_then(|class| class.declared.get(stored.mangled).copied())
        else {
            return false;
        };
        if declaration.is_final {
            let message = format!("Attribute `{name}` is `Final` and cannot be assigned again");
            self.report(Rule::FinalReassigned, stored.at, message);
            return true;
        }
        if on_instance && declaration.is_class_var {
            self.report_with(
                Rule::InvalidAssignment,
                stored.at,
                format!("`{name}` is a class variable and cannot be set on an instance"),
                vec![format!("Set it on the class: `{}.{name}`", class.name())],
            );
            return true;
        }
        false
    }

    /// Checks a store of `value` to an attribute of a value whose class is believed only.
    pub(super) fn check_believed_store(
        &mut self,
        receiver: &Expr,
        stored: Stored<'_>,
        value: &Expr,
    ) {
        let view = receiver.view();
        let is_special = stored.name.starts_with("__") && stored.name.ends_with("__");
        if view.is_dynamic() || is_special {
            return;
        }
        if let Type::Union(_) = view {
            let rest = view.without_none();
            if view.includes_none()
                && matches!(
                    self.world.attribute(&rest, stored.mangled),
                    Attribute::Found(_)
                )
            {
                self.report_with(
                    Rule::PossiblyNone,
                    stored.at,
                    format!(
                        "The value may be `None`, which has no attribute `{}`",
                        stored.name
                    ),
                    vec![format!(
                        "Test it with `is not None` first; its type is `{}`",
                        widen(&view)
                    )],
                );
            }
            return;
        }
        let (on_instance, of) = match view {
            Type::Class(class) => (false, Type::Instance(class, [].into())),
            Type::ClassOf(of) => (false, *of),
            other => (true, other),
        };
        let is_own = matches!(of, Type::TypeVar(variable) if variable.is_self());
        let instance = match of {
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => variable.upper(),
            other => other,
        };
        let (Type::Instance(class, args) | Type::Exact(class, args)) = instance.as_instance()
        else {
            return;
        };
        match self.world.member(&class, &args, stored.mangled) {
            Lookup::Found { owner, member, .. } => {
                self.check_believed_member(
                    &view,
                    on_instance,
                    &class,
                    &owner,
                    &member,
                    stored,
                    value,
                );
            }
            Lookup::Missing if on_instance && !is_own && !stored.name.starts_with("__") => {
                if !self.world.sets_attributes(&class) {
                    let names = self.member_names(&class);
                    self.report_unknown(
                        Rule::UnresolvedAttribute,
                        stored.at,
                        format!("`{}` has no attribute `{}`", widen(&view), stored.name),
                        stored.name,
                        names.iter().map(String::as_str),
                    );
                }
            }
            Lookup::Missing | Lookup::Unknown => {}
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn check_believed_member(
        &mut self,
        view: &Type,
        on_instance: bool,
        class: &Symbol,
        owner: &Symbol,
        member: &Member,
        stored: Stored<'_>,
        value: &Expr,
    ) {
        let member = &self
            .world
            .believed_member(owner, stored.mangled, member.clone());
        if on_instance && self.is_descriptor_store(view, owner, member, stored, value) {
            return;
        }
        let wanted = match member {
            Member::Field { is_final, .. } => {
                if *is_final && !self.may_set_final(owner) {
                    self.report_final_store(owner, stored.name, stored.at);
                    return;
                }
                self.declared_attribute(view, owner, stored)
            }
            Member::ClassVar { .. } => {
                if self.check_class_variable(owner, class, on_instance, stored) {
                    return;
                }
                self.declared_attribute(view, owner, stored)
            }
            Member::Property { setter, .. } if on_instance => {
                let Some(setter) = setter else {
                    let name = stored.name;
                    if self.world.is_static_module(&owner.module) {
                        self.report(
                            Rule::InvalidAssignment,
                            stored.at,
                            format!("Property `{name}` has no setter"),
                        );
                    }
                    return;
                };
                let signature = self
                    .world
                    .callees(&Type::Method((*view).into(), *setter))
                    .and_then(|callees| callees.first().map(|callee| callee.signature));
                signature.and_then(|signature| signature.params.first().map(|param| param.ty))
            }
            _ => None,
        };
        let Some(wanted) = wanted else { return };
        let from = value.view();
        if from.is_dynamic() || wanted.is_dynamic() || self.world.assignable(&from, &wanted) {
            return;
        }
        // A display or a new object might have been of another type, had it been known what is wanted.
        if self.may_become(&from, &wanted) {
            return;
        }
        let why = Why::Attribute(crate::types::Name::new(stored.name));
        self.mismatch(&from, &wanted, &why, value.span);
    }

    /// Whether a value of type `from` might have been one of type `wanted`, had it been known that this is wanted.
    fn may_become(&self, from: &Type, wanted: &Type) -> bool {
        // What a variable that belongs to nothing stands for cannot be said.
        if wanted.any(&mut |part| matches!(part, Type::TypeVar(own) if own.owner.is_none())) {
            return true;
        }
        match (from, wanted) {
            (Type::Tuple(own), Type::Tuple(items)) if own.len() == items.len() => own
                .iter()
                .zip(items)
                .all(|(own, item)| self.world.assignable(own, item) || self.may_become(own, item)),
            (Type::Tuple(_), Type::Tuple(_)) => false,
            (Type::Exact(..) | Type::Tuple(_), _) => wanted
                .members()
                .iter()
                .any(|member| member.class().is_none() || member.class() == from.class()),
            _ => false,
        }
    }

    /// Whether a descriptor takes what is stored. What it does not take is reported.
    fn is_descriptor_store(
        &mut self,
        view: &Type,
        owner: &Symbol,
        member: &Member,
        stored: Stored<'_>,
        value: &Expr,
    ) -> bool {
        let ty = match member {
            Member::Field { ty, .. } if self.world.is_in_body(owner, stored.mangled) => *ty,
            Member::ClassVar { ty } => *ty,
            _ => return false,
        };
        let from = value.view();
        match self.world.descriptor_takes(&ty, view, &from) {
            None => false,
            Some(takes) => {
                if !takes && !from.is_dynamic() {
                    self.report(
                        Rule::InvalidAssignment,
                        value.span,
                        format!(
                            "Attribute `{}` is set by `{}.__set__`, which does not take `{}`",
                            stored.name,
                            widen(&ty),
                            widen(&from)
                        ),
                    );
                }
                true
            }
        }
    }

    /// Whether the class attribute `stored` of `owner` takes what is stored to it through an instance itself.
    pub(super) fn sets_itself(
        &mut self,
        view: &Type,
        owner: &Symbol,
        member: Member,
        stored: Stored<'_>,
        value: &Expr,
    ) -> bool {
        let member = self.world.believed_member(owner, stored.mangled, member);
        self.is_descriptor_store(view, owner, &member, stored, value)
    }

    /// The type of an attribute that `owner` declares, as a value seen as `view` has it.
    fn declared_attribute(&self, view: &Type, owner: &Symbol, stored: Stored<'_>) -> Option<Type> {
        let class = self.world.class(owner)?;
        class.declared.get(stored.mangled)?;
        match self.world.attribute(view, stored.mangled) {
            Attribute::Found(found) => Some(found.ty),
            _ => None,
        }
    }

    /// Reports a store to a field of `owner` that has its value already.
    pub(super) fn report_final_store(&mut self, owner: &Symbol, name: &str, at: TextRange) {
        let class = self.world.class(owner);
        let is_frozen = class
            .as_ref()
            .is_some_and(|class| class.dataclass.as_ref().is_some_and(|made| made.frozen));
        let in_tuple = class.is_some_and(|class| class.named_tuple.is_some());
        let message = if in_tuple {
            format!(
                "`{}` is a named tuple: its field `{name}` cannot be assigned",
                owner.name()
            )
        } else if is_frozen {
            format!(
                "`{}` is frozen: its field `{name}` cannot be assigned",
                owner.name()
            )
        } else {
            format!("Attribute `{name}` is `Final` and cannot be assigned again")
        };
        self.report(Rule::FinalReassigned, at, message);
    }

    /// `Final` fields are set in `__init__` (and friends) of the class that declares them.
    pub(super) fn may_set_final(&self, owner: &Symbol) -> bool {
        self.class.as_ref() == Some(owner)
            && self.function.as_ref().is_some_and(|f| {
                matches!(
                    f.symbol.name(),
                    "__init__" | "__new__" | "__post_init__" | "__setstate__"
                )
            })
    }
}
