//! Calls of what is overloaded: which overload answers, and what the call gives where several could.

use crate::infer::world::World;
use crate::interface::ParamKind;
use crate::types::{Name, Parameter, Rest, Signature, Type, Variable};

use super::call::{Argument, CallProblem, Callee, Given, bind};
use super::relation::Relation;
use super::solver::Solver;

/// Argument lists that the expansion of unions may make of one call.
const MOST_EXPANDED: usize = 64;

impl World<'_> {
    /// What calling one of several overloads gives.
    pub(super) fn call_overloaded(
        &self,
        callees: &[Callee],
        args: &[Argument],
    ) -> Result<Type, CallProblem> {
        let plausible: Vec<&Callee> = callees
            .iter()
            .filter(|callee| bind(callee.signature, args).is_ok())
            .collect();
        // Where the number and names of the arguments leave one overload, it says what is wrong with them.
        match plausible[..] {
            [] => return Err(CallProblem::NoneOf),
            [only] => return self.call_one(only, args),
            _ => {}
        }
        if let Some(ty) = self.first_match(&plausible, args) {
            return Ok(ty);
        }
        // Unions are taken apart, one argument after the other, until every list of arguments has its overload.
        let mut lists = vec![args.to_vec()];
        for (i, arg) in args.iter().enumerate() {
            let Some(parts) = self.parts_of(&arg.ty) else {
                continue;
            };
            if lists.len() * parts.len() > MOST_EXPANDED {
                break;
            }
            lists = lists
                .into_iter()
                .flat_map(|list| {
                    parts.iter().map(move |part| {
                        let mut list = list.clone();
                        list[i].ty = *part;
                        list
                    })
                })
                .collect();
            let results: Option<Vec<Type>> = lists
                .iter()
                .map(|list| self.first_match(&plausible, list))
                .collect();
            if let Some(results) = results {
                return Ok(self.join_all(results));
            }
        }
        Err(CallProblem::NoneOf)
    }

    /// What the first overload that takes the arguments gives; dynamic if arguments that are partly unknown may mean several, whose
    /// results differ.
    fn first_match(&self, callees: &[&Callee], args: &[Argument]) -> Option<Type> {
        let mut found: Vec<(&Callee, Type)> = Vec::new();
        let is_vague = |ty: &Type| ty.any(&mut |part| part.is_dynamic());
        let vague = args.iter().any(|arg| is_vague(&arg.ty));
        let is_unpacked = |arg: &Argument| match arg.given {
            Given::Unpacked => !matches!(arg.ty, Type::Tuple(_)),
            Given::Keywords => true,
            Given::Position | Given::Keyword(_) | Given::Item(_) => false,
        };
        let unpacked: Vec<&Argument> = args.iter().filter(|arg| is_unpacked(arg)).collect();
        for callee in callees {
            if let Ok(ty) = self.call_one(callee, args) {
                if !vague && unpacked.is_empty() {
                    return Some(ty);
                }
                found.push((callee, ty));
            }
        }
        // Any number of arguments is better taken by what takes any number.
        let takes_all = |callee: &Callee| {
            let has = |kind| callee.signature.params.iter().any(|p| p.kind == kind);
            callee.signature.rest != Rest::Nothing
                || unpacked.iter().all(|arg| match arg.given {
                    Given::Keywords => has(ParamKind::VarKeyword),
                    _ => has(ParamKind::VarPositional),
                })
        };
        if !unpacked.is_empty() && found.iter().any(|(callee, _)| takes_all(callee)) {
            found.retain(|(callee, _)| takes_all(callee));
        }
        let (_, first) = *found.first()?;
        if !vague || found.iter().all(|(_, ty)| *ty == first) {
            return Some(first);
        }
        // What takes the arguments whatever is unknown of them leaves nothing to the overloads after it.
        let sure = self.with_unknowns(&found, args);
        let last = found
            .iter()
            .position(|(callee, _)| self.call_one(callee, &sure).is_ok());
        let left = &found[..last.map_or(found.len(), |last| last + 1)];
        Some(match left.iter().all(|(_, ty)| *ty == first) {
            true => first,
            false => Type::Dynamic,
        })
    }

    /// The arguments with what is unknown of them as something that fits only what takes anything. Those that the overloads do not differ
    /// in stay as they are.
    fn with_unknowns(&self, found: &[(&Callee, Type)], args: &[Argument]) -> Vec<Argument> {
        let unknown = Type::TypeVar(Variable::plain(Name::new("?")));
        let places: Vec<_> = found
            .iter()
            .map(|(callee, _)| (callee, bind(callee.signature, args).unwrap_or_default()))
            .collect();
        let is_same = |i: usize| {
            let mut taken = places.iter().map(|(callee, places)| {
                let at = places.get(i).copied().flatten()?;
                Some(callee.signature.params.get(at)?.ty)
            });
            let first = taken.next().flatten();
            first.is_some() && taken.all(|ty| ty == first)
        };
        args.iter()
            .enumerate()
            .map(|(i, arg)| match is_same(i) {
                true => *arg,
                false => Argument {
                    ty: with_dynamic_as(&arg.ty, unknown),
                    ..*arg
                },
            })
            .collect()
    }

    /// Whether an implementation takes every call that one of its overloads takes. Names of positional parameters are left to the overloads.
    pub(crate) fn takes_all(&self, implementation: Signature, overload: Signature) -> bool {
        let by_position = |p: &Parameter| Parameter {
            kind: match p.kind {
                ParamKind::Positional => ParamKind::PositionalOnly,
                kind => kind,
            },
            ..*p
        };
        let wanted: Box<[Parameter]> = overload.params.iter().map(by_position).collect();
        let wanted = Signature::new(wanted, overload.rest, overload.returns);
        let mut variables = Vec::new();
        Type::Callable(implementation).collect_variables(&mut variables);
        Relation::solving(self, Solver::new(variables)).parameters_fit(implementation, wanted)
    }

    /// Whether what an implementation returns may be what one of its overloads returns.
    pub(crate) fn gives_any(&self, implementation: Signature, overload: Signature) -> bool {
        // What coroutines are awaited for, however they are declared.
        let result = |ty: Type| match ty {
            Type::Instance(class, args)
                if matches!(class.name(), "Coroutine" | "CoroutineType") && args.len() == 3 =>
            {
                args[2]
            }
            other => other,
        };
        let (given, wanted) = (result(implementation.returns), result(overload.returns));
        let is_open = |ty: &Type| ty.has_variables();
        is_open(&given)
            || is_open(&wanted)
            || self.assignable(&wanted, &given)
            || self.assignable(&given, &wanted)
    }

    /// The types that a type is made of one by one, if there are several.
    fn parts_of(&self, ty: &Type) -> Option<Vec<Type>> {
        let parts: Vec<Type> = match ty {
            Type::Union(members) => members.to_vec(),
            Type::Tuple(items) => {
                let mut lists: Vec<Vec<Type>> = vec![Vec::new()];
                for item in items {
                    let parts = self.parts_of(item).unwrap_or_else(|| vec![*item]);
                    if lists.len() * parts.len() > MOST_EXPANDED {
                        return None;
                    }
                    lists = lists
                        .into_iter()
                        .flat_map(|list| {
                            parts.iter().map(move |part| {
                                let mut list = list.clone();
                                list.push(*part);
                                list
                            })
                        })
                        .collect();
                }
                lists.into_iter().map(|l| Type::Tuple(l.into())).collect()
            }
            Type::Guard(..) => return self.parts_of(&Type::bool()),
            Type::Instance(class, _) | Type::Exact(class, _) => self.values_of(class)?,
            _ => return None,
        };
        (parts.len() > 1).then_some(parts)
    }

    /// What a call gives that passes something overloaded where a specification takes over its parameters: one signature for each of its
    /// overloads. Nothing if there is no such argument.
    pub(super) fn call_with_overloaded(
        &self,
        callee: &Callee,
        args: &[Argument],
        places: &[Option<usize>],
    ) -> Option<Result<Type, CallProblem>> {
        let takes_whole = |ty: &Type| match ty {
            Type::Callable(signature) => {
                matches!(signature.rest, Rest::Variable(variable) if callee.owns(variable))
            }
            _ => false,
        };
        for (i, place) in places.iter().enumerate() {
            let Some(param) = place.and_then(|at| callee.signature.params.get(at)) else {
                continue;
            };
            if !takes_whole(&param.ty) {
                continue;
            }
            let overloads = match self.callees(&args[i].ty) {
                Some(overloads) if overloads.len() > 1 => overloads,
                _ => continue,
            };
            let mut results = Vec::new();
            let mut problem = None;
            for overload in overloads {
                let mut args = args.to_vec();
                args[i].ty = Type::Callable(overload.alone());
                match self.call_one(callee, &args) {
                    Ok(ty) => results.push(ty),
                    Err(why) => problem = Some(why),
                }
            }
            let are_callables = results.iter().all(|ty| matches!(ty, Type::Callable(_)));
            return Some(match (&results[..], problem) {
                ([], Some(problem)) => Err(problem),
                ([first], _) => Ok(*first),
                (_, _) if are_callables => Ok(Type::Overloaded(results.into())),
                (_, _) => Ok(self.join_all(results)),
            });
        }
        None
    }
}

/// `ty` with `unknown` for each dynamic part.
fn with_dynamic_as(ty: &Type, unknown: Type) -> Type {
    match ty {
        Type::Dynamic => unknown,
        other => other.map_parts(&mut |part| with_dynamic_as(&part, unknown)),
    }
}
