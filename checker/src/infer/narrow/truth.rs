//! Truth of values.

use keelback_parser::text_size::TextRange;

use crate::tree::{Expr, ExprKind};
use crate::types::{Constant, Type};

use super::super::cx::{Cx, constant, make};
use super::super::ops::known_value;
use super::super::world::Lookup;

impl Cx<'_> {
    /// Any value's truth, as a bool.
    pub fn truth(&mut self, value: Expr) -> Expr {
        let span = value.span;
        match &value.ty {
            Type::Primitive(crate::types::Primitive::CBool) => value,
            t if t.is_builtin("bool") => value,
            Type::None => {
                let is_constant = matches!(&*value.kind, ExprKind::Constant(_));
                if is_constant {
                    constant_bool(false, span)
                } else {
                    make(ExprKind::Truth(value), Type::bool(), span)
                }
            }
            ty => {
                if !known_value(ty) && ty.members().iter().any(|m| self.has_truth_code(m)) {
                    self.after_call();
                }
                make(ExprKind::Truth(value), Type::bool(), span)
            }
        }
    }

    /// Whether asking for the truth of a value may run code of the program.
    fn has_truth_code(&self, ty: &Type) -> bool {
        match ty {
            Type::None | Type::Function(_) | Type::Class(_) => false,
            ty if known_value(ty) => false,
            Type::Instance(c, a) | Type::Exact(c, a) => {
                matches!(self.world.member(c, a, "__bool__"), Lookup::Found { .. })
                    || matches!(self.world.member(c, a, "__len__"), Lookup::Found { .. })
            }
            _ => true,
        }
    }
}

fn constant_bool(value: bool, span: TextRange) -> Expr {
    let mut e = constant(Constant::Bool(value), span);
    e.ty = Type::bool();
    e
}

/// The type of a value that is true.
pub fn truthy(ty: &Type) -> Type {
    let of_flag = flag_in(ty, true);
    Type::union(
        ty.members()
            .iter()
            .filter(|m| !always_false(m))
            .map(of_flag),
    )
}

/// The type of a value that is false.
pub fn falsy(ty: &Type) -> Type {
    let of_flag = flag_in(ty, false);
    Type::union(ty.members().iter().filter(|m| !always_true(m)).map(of_flag))
}

/// A flag among several types is one of its two values; one alone stays a `bool`, of which nothing more need be said.
fn flag_in(ty: &Type, value: bool) -> impl Fn(&Type) -> Type + use<> {
    let several = ty.members().len() > 1;
    move |member| match several && matches!(member, Type::Instance(..)) && member.is_builtin("bool")
    {
        true => Type::literal(&Constant::Bool(value)),
        false => *member,
    }
}

fn always_false(ty: &Type) -> bool {
    match ty {
        Type::None => true,
        Type::Literal(c) => match c {
            Constant::Bool(v) => !v,
            Constant::Int(v) => *v == 0,
            Constant::Str(v) => v.is_empty(),
            Constant::Bytes(v) => v.is_empty(),
            _ => false,
        },
        Type::Tuple(items) => items.is_empty(),
        _ => false,
    }
}

fn always_true(ty: &Type) -> bool {
    match ty {
        Type::Literal(c) => match c {
            Constant::Bool(v) => *v,
            Constant::Int(v) => *v != 0,
            Constant::Str(v) => !v.is_empty(),
            Constant::Bytes(v) => !v.is_empty(),
            _ => false,
        },
        Type::Tuple(items) => !items.is_empty(),
        Type::Function(_) | Type::Module(_) => true,
        _ => false,
    }
}
