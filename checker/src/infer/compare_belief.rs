//! What is believed of comparisons: what the methods give that stubs declare for them.

use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{CompareOp, Expr};
use crate::types::Type;
use crate::typing::{Argument, Attribute, Given};

use super::cx::Cx;
use super::literal_string::as_plain;
use super::world::widen;

impl Cx<'_> {
    /// One comparison. `tested` says that only its truth is used.
    pub fn compare(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        tested: bool,
        span: TextRange,
    ) -> Expr {
        let (l, r) = (left.view(), right.view());
        let found = self.findings.len();
        let (left, right) = (as_plain(left), as_plain(right));
        let e = self.certain_compare(op, left, right, tested, span);
        if self.findings.len() == found && self.is_unordered(op, &l, &r) {
            let message = format!(
                "Operator `{}` does not work on `{}` and `{}`",
                super::ops::compare_symbol(op),
                widen(&l),
                widen(&r)
            );
            self.report(Rule::UnsupportedOperator, span, message);
        }
        if !e.ty.is_dynamic() || l.is_dynamic() || r.is_dynamic() {
            return e;
        }
        match self.believed_comparison(op, &l, &r) {
            Some(ty) => e.believed(ty),
            None => e,
        }
    }

    fn believed_comparison(&self, op: CompareOp, left: &Type, right: &Type) -> Option<Type> {
        let (name, reflected) = special_names(op)?;
        let mut result = Type::Never;
        for l in left.members() {
            for r in right.members() {
                let own = self
                    .special_result(l, name, &[*r])
                    .or_else(|| self.special_result(r, reflected, &[*l]))?;
                result = self.world.join(&result, &own);
            }
        }
        Some(result)
    }

    /// Whether it is sure that two values, one of which is a dataclass, cannot be put in order: the order of dataclasses is said by an option.
    fn is_unordered(&self, op: CompareOp, left: &Type, right: &Type) -> bool {
        let Some((name, reflected)) = special_names(op) else {
            return false;
        };
        if matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return false;
        }
        let is_made = |ty: &Type| match ty {
            Type::Instance(class, _) | Type::Exact(class, _) => self.world.is_dataclass(class),
            _ => false,
        };
        left.members().iter().any(|l| {
            right.members().iter().any(|r| {
                let is_known = l.class().is_some() && r.class().is_some();
                is_known
                    && (is_made(l) || is_made(r))
                    && !self.may_compare(l, name, r)
                    && !self.may_compare(r, reflected, l)
            })
        })
    }

    /// Whether the special method `name` of a value may take another.
    fn may_compare(&self, receiver: &Type, name: &str, other: &Type) -> bool {
        let found = match self.world.attribute(receiver, name) {
            Attribute::Found(found) => found,
            Attribute::Missing => return false,
            Attribute::Unknown => return true,
        };
        let given = [Argument {
            given: Given::Position,
            ty: *other,
        }];
        self.world
            .callees(&found.ty)
            .is_none_or(|callees| self.world.call(&callees, &given).is_ok())
    }
}

/// The special methods of a comparison: of the left operand, and of the right one where the left does not know it.
fn special_names(op: CompareOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        CompareOp::Eq => ("__eq__", "__eq__"),
        CompareOp::Ne => ("__ne__", "__ne__"),
        CompareOp::Lt => ("__lt__", "__gt__"),
        CompareOp::Le => ("__le__", "__ge__"),
        CompareOp::Gt => ("__gt__", "__lt__"),
        CompareOp::Ge => ("__ge__", "__le__"),
        CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn => return None,
    })
}
