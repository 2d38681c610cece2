//! What is taken to be still so where it need not be: chains of attributes and items after a call, or after a store to another object.
//!
//! A test of `self.parent` says nothing for certain once other code has run, so code is not made from it. A reader of the program takes it to hold until
//! something is stored there in sight, and so do findings: what was known becomes a belief ([`State::distrust`](super::flow::State::distrust)). A value with such a belief
//! keeps its certain type, `Node | None`; what is done with it as with a `Node` is looked up when it runs.

use crate::tree::Expr;
use crate::types::{Held, Type};
use crate::typing::Attribute;

use super::cx::{Cx, known};
use super::flow::Place;

/// `e`, of which nothing is known, nor believed.
fn without_belief(e: Expr) -> Expr {
    let mut e = match e.ty {
        Type::Union(_) if e.ty.held() == Held::Object => known(e, Type::Dynamic),
        _ => e,
    };
    e.belief = None;
    e
}

impl Cx<'_> {
    /// `e`, read from a chain, with what is believed of it. What is declared of it is remembered where it is about to be tested.
    pub(super) fn believed_place(&mut self, e: Expr, place: &Place) -> Expr {
        if let Some(belief) = self.state.beliefs.get(place) {
            let belief = *belief;
            if belief.is_dynamic() {
                // It was tested in a way of which nothing is made: anything may be known of it to a reader.
                return without_belief(e);
            }
            // Of a chain that is narrowed anew, less may be believed than is certain.
            let is_less = !place.path.is_empty()
                && !e.ty.is_dynamic()
                && !self.world.assignable(&belief, &e.ty);
            return if is_less { e } else { e.believed(belief) };
        }
        if self.testing > 0
            && e.ty.is_dynamic()
            && let Some(belief) = e.belief
        {
            self.state.beliefs.insert(place.clone(), belief);
        }
        e
    }

    /// What is believed of a value that may be more for certain: of one that is `Node | None` that it is a `Node`.
    pub(super) fn trusted_belief(&self, e: &Expr) -> Option<Type> {
        let belief = e.belief?;
        let is_narrower = matches!(e.ty, Type::Union(_))
            && belief != Type::None
            && e.ty.held() == Held::Object
            && self.world.assignable(&belief, &e.ty);
        is_narrower.then_some(belief)
    }

    /// A value of which more is believed than is certain, as one of which nothing is certain: it is not reported for what it is believed not to be.
    pub(super) fn on_trust(&self, e: Expr) -> Expr {
        match self.trusted_belief(&e) {
            Some(_) => known(e, Type::Dynamic),
            None => e,
        }
    }

    /// Whether a value fits where `wanted` is expected, as far as is known or believed.
    pub(super) fn may_fit(&self, e: &Expr, wanted: &Type) -> bool {
        self.world.assignable(&e.ty, wanted)
            || self
                .trusted_belief(e)
                .is_some_and(|belief| self.world.assignable(&belief, wanted))
    }

    /// What is believed of a place that is declared as `declared`, after a value of type `ty` was stored there of which `belief` is believed. A value of
    /// which nothing is known is taken not to be `None`, and of several classes to be the one that is meant: whoever wrote it knows more.
    pub(super) fn belief_in(
        &self,
        declared: &Type,
        ty: &Type,
        belief: Option<Type>,
    ) -> Option<Type> {
        match belief {
            Some(belief) if self.says_more(&belief, declared) => Some(belief),
            // Of a class whose arguments are not known the declaration has them.
            Some(belief) => {
                let same =
                    |member: &&Type| member.class().is_some() && member.class() == belief.class();
                let own = declared.members().iter().filter(same).copied();
                let own = Type::union(own);
                (own != Type::Never && own != *declared).then_some(own)
            }
            None if ty.is_dynamic() && matches!(declared, Type::Union(_)) => {
                Some(match declared.without_none() {
                    Type::Union(_) => Type::Dynamic,
                    only => only,
                })
            }
            None => None,
        }
    }

    /// Remembers what is believed of a place after a store to it, as [`Cx::belief_in`] says it: that nothing is known too.
    pub(super) fn believe_in(&mut self, place: Place, belief: Option<Type>) {
        match belief {
            Some(Type::Dynamic) => {
                self.state.beliefs.insert(place, Type::Dynamic);
            }
            other => self.believe(place, other),
        }
    }

    /// What is believed of a chain to which a value, seen as `view`, was just stored: attribute `name` of a value that was seen as `of`. What is
    /// certain of the attribute is that it is of type `certain`.
    pub(super) fn believe_stored(
        &mut self,
        place: &Place,
        of: &Type,
        name: &str,
        certain: Option<Type>,
        view: &Type,
    ) {
        let declared = match certain {
            Some(ty) if !ty.is_dynamic() => ty,
            _ if of.is_dynamic() => return,
            _ => match self.world.attribute(of, name) {
                Attribute::Found(declared) => declared.ty,
                Attribute::Missing | Attribute::Unknown => return,
            },
        };
        if matches!(declared, Type::Union(_)) {
            let known = (!view.is_dynamic()).then(|| self.narrow_declared(&declared, view));
            let belief = self.belief_in(&declared, view, known);
            self.believe_in(place.clone(), belief);
        }
    }
}
