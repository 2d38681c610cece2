//! What is believed of places, narrowed by tests beside what is certain of them.

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, CmpOp};

use crate::types::Type;

use super::super::cx::Cx;
use super::super::flow::Place;
use super::{Condition, falsy, truthy};

impl Cx<'_> {
    /// Narrows what is believed of the places that a condition tests, as what is certain of them is. A test of another kind leaves nothing
    /// believed of its places.
    pub(super) fn narrow_beliefs(&mut self, expr: &ast::Expr, condition: &mut Condition) {
        match expr {
            ast::Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {}
            ast::Expr::BoolOp(_) => {}
            ast::Expr::Name(_) | ast::Expr::Attribute(_) => {
                let Some(place) = self.place(expr) else {
                    return;
                };
                for (state, narrowed) in [
                    (&mut condition.yes, truthy as fn(&Type) -> Type),
                    (&mut condition.no, falsy),
                ] {
                    if let Some(belief) = state.beliefs.get_mut(&place) {
                        *belief = narrowed(belief);
                    }
                }
            }
            ast::Expr::Compare(compare)
                if compare.ops.len() == 1 && compare.comparators[0].is_none_literal_expr() =>
            {
                let places = self.places(&compare.left);
                let (same, other) = match compare.ops[0] {
                    CmpOp::Is | CmpOp::Eq => (&mut condition.yes, &mut condition.no),
                    CmpOp::IsNot | CmpOp::NotEq => (&mut condition.no, &mut condition.yes),
                    _ => return,
                };
                for place in places {
                    if let Some(belief) = same.beliefs.get_mut(&place) {
                        *belief = Type::None;
                    }
                    if let Some(belief) = other.beliefs.get_mut(&place) {
                        *belief = belief.without_none();
                    }
                }
            }
            _ => {
                let mut roots = Roots(Vec::new());
                roots.visit_expr(expr);
                for name in roots.0 {
                    let root = match self.local(&name) {
                        Some(id) => Place::local(id).root,
                        None => Place::global(&name).root,
                    };
                    for state in [&mut condition.yes, &mut condition.no] {
                        state.beliefs.retain(|place, _| place.root != root);
                    }
                }
            }
        }
    }
}

/// The names in an expression.
struct Roots(Vec<String>);

impl<'a> Visitor<'a> for Roots {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Name(name) = expr {
            self.0.push(name.id.to_string());
        }
        visitor::walk_expr(self, expr);
    }
}
