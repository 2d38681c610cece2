//! What is believed of places, narrowed by tests beside what is certain of them.

use keelback_parser::ast;
use keelback_parser::ast::visitor::{self, Visitor};

use crate::types::Type;
use crate::typing::Attribute;

use super::super::cx::Cx;
use super::super::flow::{Place, State};
use super::super::ops::known_value;
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
        if belief.is_dynamic() {
            return;
        }
        let (is, not) = split(belief);
        for (state, ty) in [(yes, is), (no, not)] {
            // A belief rules nothing out.
            if ty == Type::Never && !place.path.is_empty() {
                state.beliefs.insert(place.clone(), Type::Dynamic);
            } else if ty == Type::Never || ty.is_dynamic() {
                state.beliefs.remove(place);
            } else {
                state.beliefs.insert(place.clone(), ty);
            }
        }
    }

    /// Believes that what is of type `ty` is not `None` where it is the same as a value that is seen as `value`, which is not.
    pub(super) fn believe_not_none(
        &self,
        expr: &ast::Expr,
        ty: &Type,
        value: &Type,
        identity: bool,
        same: &mut State,
    ) {
        let plain = identity || known_value(value);
        if !plain || value.is_dynamic() || self.world.may_overlap(&Type::None, value) {
            return;
        }
        for place in self.places(expr) {
            let seen = same.beliefs.get(&place).copied().unwrap_or(*ty);
            if seen.includes_none() && seen != Type::None {
                same.beliefs.insert(place, seen.without_none());
            }
        }
    }

    /// Believes of what is seen as one of several types that it is, or is not, the only value that one of them has: the member of an enumeration
    /// that has no other, or a class that has no subclasses.
    pub(super) fn believe_identical(
        &self,
        expr: &ast::Expr,
        ty: &Type,
        value: &Type,
        same: &mut State,
        other: &mut State,
    ) {
        let value = self.world.expanded(value);
        let is_only = |member: &Type| match (member, value) {
            (Type::Class(class), Type::Class(only)) => *class == only && self.is_final(class),
            (member, Type::EnumMember(..)) => self.world.expanded(member) == value,
            _ => false,
        };
        for place in self.places(expr) {
            let seen = self.state.beliefs.get(&place).copied().unwrap_or(*ty);
            let (is, not): (Vec<Type>, Vec<Type>) =
                seen.members().iter().partition(|member| is_only(member));
            if is.is_empty() || not.is_empty() {
                continue;
            }
            // A variable may stand for anything.
            let open = not.iter().filter(|ty| matches!(ty, Type::TypeVar(_)));
            let is = is.iter().chain(open).copied().collect::<Vec<_>>();
            same.beliefs.insert(place.clone(), Type::union(is));
            other.beliefs.insert(place, Type::union(not));
        }
    }

    /// Believes of what is seen as one of several types that it is one of those with the attribute `name`, or one of those without.
    pub(super) fn believe_attributed(
        &self,
        place: &Place,
        ty: &Type,
        name: &str,
        with: &mut State,
        without: &mut State,
    ) {
        let seen = self.state.beliefs.get(place).copied().unwrap_or(*ty);
        if seen.is_dynamic() {
            return;
        }
        let (mut has, mut lacks) = (Vec::new(), Vec::new());
        for member in seen.members() {
            match self.world.attribute(member, name) {
                Attribute::Found(_) => has.push(*member),
                Attribute::Missing => lacks.push(*member),
                Attribute::Unknown => {
                    has.push(*member);
                    lacks.push(*member);
                }
            }
        }
        // Of a class that is not known to have it something derives that has.
        let has = match has.is_empty() {
            true => Type::Dynamic,
            false => Type::union(has),
        };
        with.beliefs.insert(place.clone(), has);
        if !lacks.is_empty() {
            without.beliefs.insert(place.clone(), Type::union(lacks));
        }
    }

    /// Narrows what is believed of the places that a condition tests, as what is certain of them is. After a test of another kind nothing is
    /// believed of what it tests.
    pub(super) fn narrow_beliefs(&mut self, expr: &ast::Expr, condition: &mut Condition) {
        match expr {
            ast::Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {}
            ast::Expr::BoolOp(_) => {}
            ast::Expr::Name(_)
            | ast::Expr::Attribute(_)
            | ast::Expr::Subscript(_)
            | ast::Expr::Named(_) => {
                for place in self.places(expr) {
                    for (state, narrowed) in [
                        (&mut condition.yes, truthy as fn(&Type) -> Type),
                        (&mut condition.no, falsy),
                    ] {
                        if let Some(belief) = state.beliefs.get_mut(&place) {
                            *belief = narrowed(belief);
                        }
                    }
                }
            }
            // Where it is found what a comparison or a class says, that is found of beliefs too.
            ast::Expr::Compare(compare)
                if compare.ops.len() == 1 && !self.is_type_test(compare) => {}
            ast::Expr::Call(call)
                if ["isinstance", "hasattr"]
                    .iter()
                    .any(|name| self.is_builtin_name(&call.func, name)) => {}
            _ => {
                let mut arguments = Arguments(Vec::new());
                arguments.visit_expr(expr);
                for argument in arguments.0 {
                    let Some(tested) = self.place(argument) else {
                        continue;
                    };
                    // A type guard says what else to believe.
                    let before = self.state.beliefs.get(&tested);
                    let is_told = |state: &State| state.beliefs.get(&tested) != before;
                    if is_told(&condition.yes) || is_told(&condition.no) {
                        continue;
                    }
                    for state in [&mut condition.yes, &mut condition.no] {
                        let below = |place: &Place| {
                            place.root == tested.root && place.path.starts_with(&tested.path)
                        };
                        let count = state.beliefs.len();
                        state.beliefs.retain(|place, _| !below(place));
                        // What is declared of it must not be believed either, and a chain has that always.
                        if !tested.path.is_empty() || state.beliefs.len() < count {
                            state.beliefs.insert(tested.clone(), Type::Dynamic);
                        }
                    }
                }
            }
        }
    }
}

/// The arguments of the calls in an expression.
struct Arguments<'a>(Vec<&'a ast::Expr>);

impl<'a> Visitor<'a> for Arguments<'a> {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let ast::Expr::Call(call) = expr {
            self.0.extend(call.arguments.args.iter());
        }
        visitor::walk_expr(self, expr);
    }
}
