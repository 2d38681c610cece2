//! What is believed of comparisons: what the methods give that stubs declare for them.

use keelback_parser::text_size::TextRange;

use crate::tree::{CompareOp, Expr};
use crate::types::Type;

use super::cx::Cx;

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
        let e = self.certain_compare(op, left, right, tested, span);
        if !e.ty.is_dynamic() || l.is_dynamic() || r.is_dynamic() {
            return e;
        }
        match self.believed_comparison(op, &l, &r) {
            Some(ty) => e.believed(ty),
            None => e,
        }
    }

    fn believed_comparison(&self, op: CompareOp, left: &Type, right: &Type) -> Option<Type> {
        // Each operator with what the right operand is asked where the left one does not know it.
        let (name, reflected) = match op {
            CompareOp::Eq => ("__eq__", "__eq__"),
            CompareOp::Ne => ("__ne__", "__ne__"),
            CompareOp::Lt => ("__lt__", "__gt__"),
            CompareOp::Le => ("__le__", "__ge__"),
            CompareOp::Gt => ("__gt__", "__lt__"),
            CompareOp::Ge => ("__ge__", "__le__"),
            CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn => return None,
        };
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
}
