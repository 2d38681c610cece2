//! What stands in a `Literal`.

use keelback_parser::ast::{Expr, UnaryOp};
use keelback_parser::text_size::Ranged;

use super::{Scope, describe};
use crate::constants;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::{Constant, Type};

impl Scope<'_> {
    /// What stands in a `Literal`: a value that is written out, a member of an enumeration, or another `Literal`.
    pub(super) fn literal(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match expr {
            Expr::NoneLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_) => {}
            // A signed number.
            Expr::UnaryOp(unary)
                if matches!(unary.op, UnaryOp::USub | UnaryOp::UAdd)
                    && unary.operand.is_number_literal_expr() => {}
            Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) => {
                return self.named_literal(expr, problems);
            }
            _ => return self.no_literal(expr, describe(expr), problems),
        }
        match constants::literal(expr) {
            Some(Constant::None) => Type::None,
            Some(value) if value.is_literal() => Type::literal(&value),
            Some(_) => self.no_literal(expr, describe(expr), problems),
            // A string that a constant cannot hold.
            None => Type::Dynamic,
        }
    }

    pub(super) fn no_literal(
        &self,
        expr: &Expr,
        what: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let message = format!("{what} cannot be in a `Literal`");
        self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
        Type::Dynamic
    }

    /// A name in a `Literal`: of an alias of another `Literal`, or of a member of an enumeration.
    fn named_literal(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match self.resolve(expr) {
            Resolved::Variable { .. } => {
                // What is no type is said once, here.
                let ty = self.ty(expr, &mut Vec::new());
                let is_literal = |ty: &Type| {
                    matches!(
                        ty,
                        Type::Literal(_) | Type::EnumMember(..) | Type::None | Type::Dynamic
                    )
                };
                let is_alias = self.names_alias(expr);
                match is_alias && ty.members().iter().all(is_literal) {
                    true => ty,
                    false => self.no_literal(expr, "What is no `Literal` itself", problems),
                }
            }
            Resolved::Class(_) | Resolved::Primitive(_) => {
                self.no_literal(expr, "A class", problems)
            }
            Resolved::Function(_) => self.no_literal(expr, "A function", problems),
            Resolved::Module(_) => self.no_literal(expr, "A module", problems),
            Resolved::Special(_) => self.no_literal(expr, "A form of `typing`", problems),
            Resolved::Missing => {
                self.missing(expr, problems);
                Type::Dynamic
            }
            Resolved::Dynamic => self.enum_member(expr, problems),
        }
    }

    /// Whether a variable is an alias of a type. One of which nothing is known counts as one.
    fn names_alias(&self, expr: &Expr) -> bool {
        match self.resolve(expr) {
            Resolved::Variable { file, name } => {
                crate::aliases::alias(self.db, file, &name).is_some()
            }
            _ => true,
        }
    }

    /// A member of an enumeration, written as an attribute of its class; a nested `Literal` is one as well. What is certainly no
    /// member is of no type that a value has.
    fn enum_member(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match expr {
            Expr::Attribute(attribute) => {
                let class = match self.resolve(&attribute.value) {
                    Resolved::Class(class) => Some(class),
                    Resolved::Variable { file, name } => {
                        match crate::functional::instance(self.db, file, &name) {
                            Some(Type::Instance(class, _)) => Some(class),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                let name = attribute.attr.as_str();
                let enumeration =
                    class.and_then(|class| crate::enums::enumeration(self.db, self.file, &class));
                let (Some(class), Some(enumeration)) = (class, enumeration) else {
                    return Type::Dynamic;
                };
                match enumeration.member(name) {
                    Some(member) => Type::EnumMember(class, member),
                    None => {
                        let what = format!("`{name}`, which is no member of `{}`,", class.name());
                        self.no_literal(expr, &what, problems);
                        Type::Never
                    }
                }
            }
            Expr::Subscript(subscript)
                if matches!(
                    self.resolve(&subscript.value),
                    Resolved::Special(Special::Literal)
                ) =>
            {
                self.ty(expr, problems)
            }
            Expr::Subscript(_) => self.no_literal(expr, "A type", problems),
            _ => Type::Dynamic,
        }
    }
}
