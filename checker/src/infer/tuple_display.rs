//! Tuples as they are written, and what an element of a display becomes.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::tree::{Expr, ExprKind};
use crate::types::{Type, Types};

use super::convert::Why;
use super::cx::{Cx, make, object, range};
use super::world::widen;

impl Cx<'_> {
    pub(super) fn tuple(
        &mut self,
        elts: &[ast::Expr],
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let mut starred = false;
        let mut read = Vec::with_capacity(elts.len());
        let places = Places::of(expected, elts.len());
        for (i, elt) in elts.iter().enumerate() {
            if let ast::Expr::Starred(s) = elt {
                self.fall_back("a starred item in a tuple", span);
                let value = self.expr(&s.value, None);
                self.items_of(&value, range(elt));
                starred = true;
                continue;
            }
            read.push(match &places {
                Places::Several(tuples) => {
                    let any = Type::union(tuples.iter().map(|items| items[i]));
                    self.expr(elt, Some(&any))
                }
                places => self.expr(elt, places.item(i)),
            });
        }
        let places = match places {
            Places::Several(tuples) if !starred => Places::One(self.fitting(&tuples, &read)),
            places => places,
        };
        let mut items = Vec::with_capacity(read.len());
        let mut types = Vec::with_capacity(read.len());
        let mut seen = Vec::with_capacity(read.len());
        for (i, e) in read.into_iter().enumerate() {
            let (e, ty) = self.as_element(e, places.item(i), true);
            let is_narrower = self.trusted_belief(&e).is_some() && ty == e.ty;
            seen.push(match ty.is_dynamic() || is_narrower {
                true => e.view(),
                false => ty,
            });
            items.push(e);
            types.push(ty);
        }
        if starred {
            return make(
                ExprKind::Tuple(items),
                Type::exact_builtin("tuple", [Type::Dynamic]),
                span,
            );
        }
        make(ExprKind::Tuple(items), Type::Tuple(types.into()), span)
            .believed(Type::Tuple(seen.into()))
    }

    /// The first of several tuple types whose items take these values, the first of all if none does.
    fn fitting(&self, tuples: &[Types], values: &[Expr]) -> Types {
        let fits = |items: &&Types| {
            let mut pairs = values.iter().zip(items.iter());
            pairs.all(|(value, item)| self.world.assignable(&value.view(), item))
        };
        *tuples.iter().find(fits).unwrap_or(&tuples[0])
    }

    /// An element of a display as an object, and its type as an element; `alone` if it is of a type of its own, as an item of a tuple.
    pub(super) fn element(
        &mut self,
        elt: &ast::Expr,
        wanted: Option<&Type>,
        alone: bool,
    ) -> (Expr, Type) {
        let e = self.expr(elt, wanted);
        self.as_element(e, wanted, alone)
    }

    fn as_element(&mut self, e: Expr, wanted: Option<&Type>, alone: bool) -> (Expr, Type) {
        if let Some(wanted) = wanted {
            if !wanted.is_dynamic() && self.world.assignable(&e.ty, wanted) {
                let place = wanted.boxed();
                let e = self.coerce(e, &place, &Why::Element);
                return (object(e), place);
            }
        }
        let e = self.unprimitive(e);
        let ty = match &e.ty {
            ty if wanted.is_some_and(takes_literals) => *ty,
            ty if alone => widen(ty),
            ty => widen(&super::expr::generalised(ty)),
        };
        (object(e), ty)
    }
}

/// Whether a place is for single values, so that one which flows there keeps its own type.
pub(super) fn takes_literals(place: &Type) -> bool {
    let mut members = place.members().iter();
    members.any(|m| matches!(m, Type::Literal(_) | Type::EnumMember(..)))
}

/// What the items of a written tuple flow into.
enum Places {
    /// Nothing that is known.
    Free,
    /// A collection with elements of one type.
    Each(Type),
    /// One tuple of this length.
    One(Types),
    /// One of several such tuples.
    Several(Vec<Types>),
}

impl Places {
    fn of(expected: Option<&Type>, count: usize) -> Places {
        let Some(expected) = expected else {
            return Places::Free;
        };
        let members = expected.members();
        let mut tuples = members.iter().filter_map(|member| match member {
            Type::Tuple(items) if items.len() == count => Some(*items),
            _ => None,
        });
        match (tuples.next(), tuples.next()) {
            (None, _) => super::expr::element_of(expected, &super::expr::TUPLE_LIKE)
                .map_or(Places::Free, Places::Each),
            (Some(one), None) => Places::One(one),
            (Some(first), Some(second)) => {
                Places::Several([first, second].into_iter().chain(tuples).collect())
            }
        }
    }

    fn item(&self, i: usize) -> Option<&Type> {
        match self {
            Places::Each(element) => Some(element),
            Places::One(items) => items.get(i),
            Places::Free | Places::Several(_) => None,
        }
    }
}
