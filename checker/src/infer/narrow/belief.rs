//! What is believed of places, narrowed by tests beside what is certain of them.

use keelback_parser::ast;
use keelback_parser::ast::visitor::{self, Visitor};

use crate::types::Type;

use super::super::cx::Cx;
use super::super::flow::{Place, State};
use super::{Condition, falsy, truthy};

impl Cx<'_> {
    /// Narrows what is believed of a place by a test that is told by types.
    pub(super) fn narrow_belief(
        &self,
        place: &Place,
        split: &dyn Fn(&Type) -> (Type, Type),
        yes: &mut State,
        no: &mut State,
    ) {
        let Some(belief) = self.state.beliefs.get(place) else {
            return;
        };
        let (is, not) = split(belief);
        for (state, ty) in [(yes, is), (no, not)] {
            // A belief rules nothing out.
            if ty == Type::Never || ty.is_dynamic() {
                state.beliefs.remove(place);
            } else {
                state.beliefs.insert(place.clone(), ty);
            }
        }
    }

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
            // Where it is found what a comparison or a class says, that is found of beliefs too.
            ast::Expr::Compare(compare)
                if compare.ops.len() == 1 && !self.is_type_test(compare) => {}
            ast::Expr::Call(call) if self.is_builtin_name(&call.func, "isinstance") => {}
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
