//! Callables among the attributes of classes, as they are read through an instance: the receiver is their first argument.

use crate::infer::world::World;
use crate::types::{Rest, Signature, Symbol, Type};

use super::relation::Relation;
use super::solver::Solver;

impl World<'_> {
    /// What decorators make of the method `symbol`, read from `receiver`; nothing if that cannot be said.
    pub(super) fn decorated_method(&self, symbol: &Symbol, receiver: &Type) -> Option<Type> {
        // Overloads say what their implementation is called with, whatever decorators that has.
        let overloads = self.overloads(symbol);
        if overloads.len() > 1 && overloads.iter().all(|own| !own.is_wrapped) {
            return Some(Type::Method((*receiver).into(), *symbol));
        }
        self.bound_value(symbol, &self.decorated(symbol)?, receiver)
    }

    /// The value of type `ty` that a class body gives the name `symbol`, read from `receiver`: a function becomes a method.
    pub(super) fn bound_value(&self, symbol: &Symbol, ty: &Type, receiver: &Type) -> Option<Type> {
        match ty {
            Type::Callable(signature) => self
                .as_method_of(symbol, *signature, receiver)
                .map(Type::Callable),
            Type::Overloaded(members) => members
                .iter()
                .map(|member| self.bound_value(symbol, member, receiver))
                .collect::<Option<Vec<_>>>()
                .map(|all| Type::Overloaded(all.into())),
            Type::Function(_) | Type::Method(..) => None,
            other => Some(
                self.descriptor_read(other, Some(receiver), receiver)
                    .unwrap_or(*other),
            ),
        }
    }

    fn as_method_of(
        &self,
        symbol: &Symbol,
        signature: Signature,
        receiver: &Type,
    ) -> Option<Signature> {
        let signature = self.seen_from(symbol, signature, receiver);
        let Some(first) = signature.params.first().copied() else {
            return (signature.rest != Rest::Nothing).then_some(signature);
        };
        let rest = signature.without_first();
        let mut variables = Vec::new();
        first.ty.collect_variables(&mut variables);
        let relation = Relation::solving(self, Solver::new(variables));
        if !relation.fits(receiver, &first.ty) {
            return Some(rest);
        }
        let solver = relation.into_solver();
        Some(rest.map(&mut |ty| ty.substitute(&|variable| solver.solution(self, variable))))
    }
}
