//! Calls: which arguments go to which parameters, whether they fit, and what the call gives.

use crate::infer::world::World;
use crate::interface::ParamKind;
use crate::types::{Name, Rest, Signature, Symbol, Type, Variable};

use super::relation::Relation;
use super::solver::Solver;

/// One of the ways in which something can be called.
#[derive(Clone, Copy, Debug)]
pub struct Callee {
    /// Parameters and result.
    pub signature: Signature,
    /// The function, whose type variables a call finds.
    pub function: Option<Symbol>,
    /// The class that is constructed, whose type variables a call finds.
    pub class: Option<Symbol>,
}

impl Callee {
    /// Something of which only the signature is known.
    pub(super) fn free(signature: Signature) -> Callee {
        Callee {
            signature,
            function: None,
            class: None,
        }
    }

    /// Whether it gives an instance of `class`.
    pub(crate) fn makes(&self, class: &Symbol) -> bool {
        self.signature.returns.class() == Some(*class)
    }

    /// The signature by itself, apart from the function or class: each call of it finds its variables anew.
    pub(super) fn alone(&self) -> Signature {
        self.signature.substitute(&|variable| {
            (variable.owner.is_some() && self.owns(variable))
                .then(|| Type::TypeVar(variable.without_owner()))
        })
    }

    /// Whether a call has to find what `variable` stands for; the others are those of the code around.
    pub(super) fn owns(&self, variable: Variable) -> bool {
        match variable.owner {
            None => true,
            owner => owner == self.function || owner == self.class,
        }
    }
}

/// How an argument is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// By position.
    Position,
    /// By name.
    Keyword(Name),
    /// `*argument`
    Unpacked,
    /// `**argument`
    Keywords,
    /// An item of `**argument` that need not be there.
    Item(Name),
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// How it is given.
    pub given: Given,
    /// Its type.
    pub ty: Type,
}

/// What is wrong with a call. Indices are of the arguments.
#[derive(Clone, PartialEq, Debug)]
pub enum CallProblem {
    /// Parameters without an argument.
    Missing(Vec<Name>),
    /// More positional arguments than parameters.
    TooMany {
        /// The first that is too much.
        index: usize,
        /// How many are taken.
        takes: usize,
    },
    /// A keyword that is no parameter.
    Unknown {
        /// The argument.
        index: usize,
        /// Its name.
        name: Name,
    },
    /// A parameter that is given twice.
    Twice {
        /// The second.
        index: usize,
        /// Its name.
        name: Name,
    },
    /// An argument of the wrong type.
    Wrong {
        /// The argument.
        index: usize,
        /// The parameter.
        name: Name,
        /// What it takes.
        wanted: Type,
    },
    /// The items of `**argument` that its type does not list cannot all be taken.
    Extra {
        /// The argument.
        index: usize,
        /// What they may be.
        ty: Type,
    },
    /// None of several signatures takes the arguments.
    NoneOf,
}

impl World<'_> {
    /// What calling one of `callees`, the first that takes the arguments, gives.
    pub fn call(&self, callees: &[Callee], args: &[Argument]) -> Result<Type, CallProblem> {
        match callees {
            [] => Err(CallProblem::NoneOf),
            [only] => self.call_one(only, args),
            several => self.call_overloaded(several, args),
        }
    }

    /// What a call of something that has one signature gives.
    pub(super) fn call_one(&self, callee: &Callee, args: &[Argument]) -> Result<Type, CallProblem> {
        match self.with_unpacked_items(args) {
            None => self.call_bound(callee, args, args),
            Some((expanded, origins)) => {
                let extra = self.extra_keywords(callee, args);
                let result = self.call_bound(callee, &expanded, args);
                extra.and(result.map_err(|problem| problem.at(&origins)))
            }
        }
    }

    /// A call whose unpacked typed dictionaries are taken apart; `whole` are the arguments as they are written.
    fn call_bound(
        &self,
        callee: &Callee,
        args: &[Argument],
        whole: &[Argument],
    ) -> Result<Type, CallProblem> {
        let signature = callee.signature;
        let places = bind(signature, args)?;
        self.check_mappings(callee, args, &places, whole)?;
        if let Some(result) = self.call_with_overloaded(callee, args, &places) {
            return result;
        }
        let mut variables = Vec::new();
        Type::Callable(signature).collect_variables(&mut variables);
        variables.retain(|variable| callee.owns(*variable));
        let relation = Relation::solving(self, Solver::new(variables));
        // Callables last: what their parameters are is known from the other arguments.
        let late =
            |ty: &Type| matches!(ty, Type::Function(_) | Type::Callable(_) | Type::Method(..));
        for pass in [false, true] {
            for (i, place) in places.iter().enumerate() {
                let Some(param) = place.map(|at| &signature.params[at]) else {
                    continue;
                };
                let arg = &args[i];
                let given = match arg.given {
                    Given::Position | Given::Keyword(_) | Given::Item(_) => arg.ty,
                    Given::Unpacked => self.item_of(&arg.ty),
                    Given::Keywords => self.value_of(&arg.ty),
                };
                if late(&given) != pass {
                    continue;
                }
                if !relation.fits(&given, &param.ty) {
                    let solver = relation.into_solver();
                    return Err(CallProblem::Wrong {
                        index: i,
                        name: param.name,
                        wanted: solver.apply(self, &param.ty),
                    });
                }
            }
        }
        let solver = relation.into_solver();
        Ok(solver.apply(self, &signature.returns))
    }

    /// The type of the items of an iterable; dynamic where that is not known.
    pub fn item_of(&self, ty: &Type) -> Type {
        match ty {
            Type::Tuple(_) | Type::Variadic(..) => Relation::new(self).element(ty),
            Type::TypedDict(..) => Type::str(),
            Type::Instance(class, args) | Type::Exact(class, args) => self
                .args_as(class, args, &Symbol::new("typing", "Iterable"))
                .and_then(|args| args.first().copied())
                .unwrap_or(Type::Dynamic),
            Type::Union(members) => self.join_all(members.iter().map(|m| self.item_of(m))),
            Type::Literal(_) | Type::LiteralString | Type::New(..) => {
                self.item_of(&crate::infer::world::widen(ty).as_instance())
            }
            _ => Type::Dynamic,
        }
    }

    pub(super) fn value_of(&self, ty: &Type) -> Type {
        match ty {
            Type::Instance(class, args) | Type::Exact(class, args) => self
                .args_as(class, args, &Symbol::new("typing", "Mapping"))
                .and_then(|args| args.get(1).copied())
                .unwrap_or(Type::Dynamic),
            _ => Type::Dynamic,
        }
    }
}

/// For each argument the parameter that takes it; nothing for one that an open end takes.
pub(super) fn bind(
    signature: Signature,
    args: &[Argument],
) -> Result<Vec<Option<usize>>, CallProblem> {
    let params = &signature.params;
    let open = signature.rest != Rest::Nothing;
    let positional: Vec<usize> = (0..params.len())
        .filter(|i| {
            matches!(
                params[*i].kind,
                ParamKind::PositionalOnly | ParamKind::Positional
            )
        })
        .collect();
    let rest = params
        .iter()
        .position(|p| p.kind == ParamKind::VarPositional);
    // One without a name takes nothing by name.
    let keywords = params
        .iter()
        .position(|p| p.kind == ParamKind::VarKeyword && !p.name.is_empty());
    let mut taken = vec![false; params.len()];
    let mut places = vec![None; args.len()];
    let mut next = 0;
    let (mut unpacked, mut unpacked_keywords) = (false, false);
    for (i, arg) in args.iter().enumerate() {
        match arg.given {
            Given::Position => {
                if let Some(at) = positional.get(next) {
                    taken[*at] = true;
                    places[i] = Some(*at);
                    next += 1;
                } else if rest.is_some() {
                    places[i] = rest;
                } else if !open {
                    return Err(CallProblem::TooMany {
                        index: i,
                        takes: positional.len(),
                    });
                }
            }
            Given::Unpacked => {
                let known = match arg.ty {
                    Type::Tuple(items) => Some(items.len()),
                    _ => None,
                };
                match known {
                    // A tuple of known length takes as many parameters; which type goes where is not followed further.
                    Some(count) => {
                        for _ in 0..count {
                            match positional.get(next) {
                                Some(at) => {
                                    taken[*at] = true;
                                    next += 1;
                                }
                                None if rest.is_some() || open => {}
                                None => {
                                    return Err(CallProblem::TooMany {
                                        index: i,
                                        takes: positional.len(),
                                    });
                                }
                            }
                        }
                    }
                    None => {
                        unpacked = true;
                        places[i] = positional.get(next).copied().or(rest);
                    }
                }
            }
            Given::Keyword(_) | Given::Item(_) => {}
            Given::Keywords => unpacked_keywords = true,
        }
    }
    for (i, arg) in args.iter().enumerate() {
        let (Given::Keyword(name) | Given::Item(name)) = arg.given else {
            continue;
        };
        let found = params.iter().position(|p| {
            p.name == name && matches!(p.kind, ParamKind::Positional | ParamKind::KeywordOnly)
        });
        match found {
            Some(at) if taken[at] => return Err(CallProblem::Twice { index: i, name }),
            Some(at) => {
                taken[at] = matches!(arg.given, Given::Keyword(_));
                places[i] = Some(at);
            }
            None if keywords.is_some() => places[i] = keywords,
            None if open => {}
            None => return Err(CallProblem::Unknown { index: i, name }),
        }
    }
    let missing: Vec<Name> = params
        .iter()
        .enumerate()
        .filter(|(i, p)| {
            let by_position = matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional);
            let by_name = matches!(p.kind, ParamKind::KeywordOnly | ParamKind::Positional);
            let given = taken[*i] || (unpacked && by_position) || (unpacked_keywords && by_name);
            !given && !p.optional
        })
        .map(|(_, p)| p.name)
        .collect();
    if missing.is_empty() {
        Ok(places)
    } else {
        Err(CallProblem::Missing(missing))
    }
}
