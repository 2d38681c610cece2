//! Attributes of what may be one of several things, and the declared types of attributes.

use keelback_parser::text_size::TextRange;

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Symbol, Type};

use super::cx::Cx;
use super::expr::stub_type;
use super::world::{Lookup, erase, substitute};

impl Cx<'_> {
    /// Attribute `name` of a value that is one of `members`.
    pub(super) fn union_attribute(
        &mut self,
        value: Expr,
        members: &[Type],
        stored: &str,
        name: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        let none = members.contains(&Type::None);
        let rest = Type::union(members.iter().filter(|m| **m != Type::None).cloned());
        let mut result = Type::Never;
        let mut missing = Vec::new();
        for member in rest.members() {
            match self.attribute_type(member, stored) {
                Some(ty) => result = self.world.join(&result, &ty),
                None => {
                    missing.push(member.to_string());
                    result = Type::Dynamic;
                }
            }
        }
        if !missing.is_empty() {
            self.report(
                Rule::UnresolvedAttribute,
                at,
                format!(
                    "`{}` has no attribute `{name}`, which the value may be",
                    missing.join("` and `")
                ),
            );
        } else if none {
            self.report_possibly_none(&value, &format!("attribute `{name}`"), at);
        }
        let e = self.dynamic_attribute(value, stored, span);
        if result.is_dynamic() || result == Type::Never {
            e
        } else {
            self.expect(e, &result)
        }
    }

    /// Reports that something is used on a value that may be `None`.
    pub fn report_possibly_none(&mut self, value: &Expr, what: &str, at: TextRange) {
        if self.trusted_belief(value).is_some() {
            return;
        }
        let text = self.text(value.span).to_owned();
        let shown = if text.len() <= 40 && !text.contains('\n') {
            format!("`{text}`")
        } else {
            "The value".to_owned()
        };
        self.report_with(
            Rule::PossiblyNone,
            at,
            format!("{shown} may be `None`, which has no {what}"),
            vec![format!(
                "Test it with `is not None` first; its type is `{}`",
                value.ty
            )],
        );
    }

    /// The type of an attribute of a value of a single type, `None` when there is none such.
    pub fn attribute_type(&self, ty: &Type, name: &str) -> Option<Type> {
        let (class, args) = match ty {
            Type::Instance(c, a) | Type::Exact(c, a) => (*c, a.to_vec()),
            Type::Literal(_) | Type::Tuple(_) | Type::EnumMember(..) => (ty.class()?, Vec::new()),
            _ => return Some(Type::Dynamic),
        };
        if let Some(ty) = self.enum_attribute(ty, name) {
            return Some(ty);
        }
        match self.world.member(&class, &args, name) {
            Lookup::Found {
                member,
                params,
                owner,
            } => Some(match member {
                Member::Field { ty, .. } | Member::ClassVar { ty } => {
                    self.trusted(&owner, &erase(&substitute(&ty, &params)))
                }
                Member::Property { getter, .. } => match self.world.function(&getter) {
                    Some(f) => self.trusted(&owner, &erase(&substitute(&f.returns, &params))),
                    None => Type::Dynamic,
                },
                _ => Type::Dynamic,
            }),
            Lookup::Unknown => Some(Type::Dynamic),
            Lookup::Missing => None,
        }
    }

    /// A declared type as it may be used: of a static module as it is, of a stub only what is trusted. A descriptor gives what it wants.
    pub fn trusted(&self, owner: &Symbol, ty: &Type) -> Type {
        if self.world.is_descriptor(ty) {
            return Type::Dynamic;
        }
        if self.world.is_static_module(&owner.module) {
            *ty
        } else {
            stub_type(ty)
        }
    }
}
