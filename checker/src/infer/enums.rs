//! Enumerations: attributes of members, and members by name.

use std::sync::Arc;

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::Enumeration;
use crate::rules::Rule;
use crate::suggest::did_you_mean;
use crate::tree::{Expr, ExprKind};
use crate::types::{Constant, Name, Symbol, Type};

use super::cx::{Cx, known, make, object, range};
use super::world::widen;

impl Cx<'_> {
    /// The type of `name` or `value` of a member of an enumeration; nothing for another attribute, or another type.
    pub fn enum_attribute(&self, ty: &Type, name: &str) -> Option<Type> {
        let is_name = matches!(name, "name" | "_name_");
        if !is_name && !matches!(name, "value" | "_value_") {
            return None;
        }
        let class = match ty {
            Type::EnumMember(class, _) | Type::Instance(class, _) | Type::Exact(class, _) => class,
            _ => return None,
        };
        let enumeration = self.world.enumeration(class)?;
        if !name.starts_with('_') && self.redefines(class, name) {
            return None;
        }
        match ty {
            Type::EnumMember(_, member) if is_name => {
                Some(Type::literal(&Constant::Str(Arc::from(&**member))))
            }
            _ if is_name => Some(Type::str()),
            Type::EnumMember(_, member) => Some(enumeration.value(member)),
            _ => Some(widen(&enumeration.any_value())),
        }
    }

    /// Whether a class gives `name` another meaning than `Enum` does.
    fn redefines(&self, class: &Symbol, name: &str) -> bool {
        match self.world.member(class, &[], name) {
            super::world::Lookup::Found { owner, .. } => &*owner.module != "enum",
            _ => false,
        }
    }

    /// `C["NAME"]` of an enumeration.
    pub fn enum_item(
        &mut self,
        value: Expr,
        class: Symbol,
        enumeration: &Enumeration,
        index: &ast::Expr,
        span: TextRange,
    ) -> Expr {
        let index_value = self.expr(index, None);
        let member = match &index_value.ty {
            Type::Literal(Constant::Str(name)) => match enumeration.member(name) {
                Some(member) => Some(member),
                None => {
                    let names = enumeration.members.keys().map(|n| &**n);
                    let hint = did_you_mean(name, names);
                    self.report(
                        Rule::UnresolvedAttribute,
                        range(index),
                        format!(
                            "Enumeration `{}` has no member `{name}`{hint}",
                            class.name()
                        ),
                    );
                    None
                }
            },
            ty if !self.world.assignable(ty, &Type::str()) => {
                self.report(
                    Rule::InvalidArgument,
                    range(index),
                    format!("Members are looked up by name, but this is `{}`", widen(ty)),
                );
                None
            }
            _ => None,
        };
        let index_value = self.unprimitive(index_value);
        let e = make(
            ExprKind::Item(object(value), object(index_value)),
            Type::Dynamic,
            span,
        );
        let e = self.expect(e, &Type::Instance(class, [].into()));
        match member {
            Some(member) => known(e, Type::EnumMember(class, member)),
            None => e,
        }
    }

    /// Reports a store to a member of an enumeration: members are what they are. Gives whether it was one.
    pub fn check_member_store(&mut self, class: &Symbol, name: &str, at: TextRange) -> bool {
        let Some(member) = self.world.enumeration(class).and_then(|e| e.member(name)) else {
            return false;
        };
        self.report(
            Rule::FinalReassigned,
            at,
            format!(
                "`{}.{member}` is a member of an enumeration and cannot be assigned again",
                class.name()
            ),
        );
        true
    }

    /// Checks `self._value_ = value` in a method of an enumeration that declares the type of its values.
    pub fn check_value_store(&mut self, receiver: &Expr, name: &str, value: &Expr) {
        if name != "_value_" || !receiver.ty.is_dynamic() {
            return;
        }
        let class = match receiver.view() {
            Type::TypeVar(variable) => variable.upper().class(),
            other => other.class(),
        };
        let enumeration = class.and_then(|class| self.world.enumeration(&class));
        let declared = enumeration.and_then(|enumeration| enumeration.declared_value);
        let view = value.view();
        if let Some(declared) = declared
            && !view.is_dynamic()
            && !self.world.assignable(&view, &declared)
        {
            let why = super::convert::Why::Attribute(Name::new(name));
            self.mismatch(&view, &declared, &why, value.span);
        }
    }

    /// Whether a value of the type is a member of an enumeration, or may be.
    pub fn is_enum_instance(&self, ty: &Type) -> bool {
        match ty {
            Type::EnumMember(..) => true,
            Type::Instance(class, _) | Type::Exact(class, _) => {
                self.world.enumeration(class).is_some()
            }
            _ => false,
        }
    }

    /// The member that `name` of class `class` is, as a type.
    pub fn enum_member(&self, class: &Symbol, name: &str) -> Option<Type> {
        let member: Name = self.world.enumeration(class)?.member(name)?;
        Some(Type::EnumMember(*class, member))
    }
}
