//! Calls: which arguments go to which parameters, whether they fit, and what the call gives.

use crate::infer::world::World;
use crate::interface::ParamKind;
use crate::types::{Name, Parameter, Rest, Signature, Symbol, Type, Variable};

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
    /// `*args` and `**kwargs` of a parameter specification are not passed on as they are.
    NotPassedOn(Name),
    /// None of several signatures takes the arguments.
    NoneOf,
}

/// The members of what is wanted that a result may be made to fit: those of the same class, or else the whole.
fn best_members(wanted: &Type, returns: &Type) -> Vec<Type> {
    let same = |member: &&Type| member.class().is_some() && member.class() == returns.class();
    let members: Vec<Type> = wanted.members().iter().filter(same).copied().collect();
    match members.is_empty() {
        true => vec![*wanted],
        false => members,
    }
}

/// The arguments with each unpacked tuple of known length replaced by its items, and for each which argument it was.
fn spread_arguments(given: &[Argument]) -> (Vec<Argument>, Vec<usize>) {
    let mut args = Vec::with_capacity(given.len());
    let mut origins = Vec::with_capacity(given.len());
    for (i, arg) in given.iter().enumerate() {
        match (arg.given, arg.ty) {
            (Given::Unpacked, Type::Tuple(items)) => {
                for item in &items {
                    args.push(Argument {
                        given: Given::Position,
                        ty: *item,
                    });
                    origins.push(i);
                }
            }
            _ => {
                args.push(*arg);
                origins.push(i);
            }
        }
    }
    (args, origins)
}

impl World<'_> {
    /// What calling one of `callees` gives where a value of type `wanted` is expected: their variables stand for what makes the result fit,
    /// if the arguments allow it.
    pub fn call_for(
        &self,
        callees: &[Callee],
        args: &[Argument],
        wanted: Option<&Type>,
    ) -> Result<Type, CallProblem> {
        let wanted = wanted.filter(|ty| !ty.is_dynamic());
        if let (Some(wanted), [only]) = (wanted, callees)
            && only.signature.returns.has_variables()
        {
            for member in best_members(wanted, &only.signature.returns) {
                if let Ok(ty) = self.call_wanted(only, args, Some(&member)) {
                    return Ok(ty);
                }
            }
        }
        let result = self.call(callees, args)?;
        // The overload that answers may give what is wanted.
        if let (Some(wanted), [_, _, ..]) = (wanted, callees)
            && !self.assignable(&result, wanted)
            && let Some(own) = callees.iter().find(|own| self.call_one(own, args).is_ok())
            && own.signature.returns.has_variables()
        {
            for member in best_members(wanted, &own.signature.returns) {
                if let Ok(ty) = self.call_wanted(own, args, Some(&member)) {
                    return Ok(ty);
                }
            }
        }
        Ok(result)
    }

    /// What calling one of `callees`, the first that takes the arguments, gives.
    pub fn call(&self, callees: &[Callee], args: &[Argument]) -> Result<Type, CallProblem> {
        match callees {
            [] => Err(CallProblem::NoneOf),
            [only] => self.call_one(only, args),
            several => self.call_overloaded(several, args),
        }
    }

    /// What a call of something that has one signature gives.
    pub(super) fn call_one(
        &self,
        callee: &Callee,
        given: &[Argument],
    ) -> Result<Type, CallProblem> {
        self.call_wanted(callee, given, None)
    }

    /// The same for a result that fits `wanted`.
    fn call_wanted(
        &self,
        callee: &Callee,
        given: &[Argument],
        wanted: Option<&Type>,
    ) -> Result<Type, CallProblem> {
        let signature = callee.signature.spread();
        let (args, origins) = spread_arguments(given);
        let result = match self.with_unpacked_items(&args) {
            None => self.call_bound(callee, signature, &args, &args, wanted),
            Some((expanded, origins)) => {
                let extra = self.extra_keywords(callee, &args);
                let result = self.call_bound(callee, signature, &expanded, &args, wanted);
                extra.and(result.map_err(|problem| problem.at(&origins)))
            }
        };
        result.map_err(|problem| problem.at(&origins))
    }

    /// The same for arguments of which no tuple of known length and no typed dictionary is unpacked; `whole` are the arguments as they are
    /// written.
    fn call_bound(
        &self,
        callee: &Callee,
        signature: Signature,
        args: &[Argument],
        whole: &[Argument],
        wanted: Option<&Type>,
    ) -> Result<Type, CallProblem> {
        let places = bind(signature, args)?;
        self.check_mappings(callee, args, &places, whole)?;
        if let Some(result) = self.call_with_overloaded(callee, args, &places) {
            return result;
        }
        let mut variables = Vec::new();
        Type::Callable(signature).collect_variables(&mut variables);
        // `Self` is found where the receiver is an argument.
        let takes_self = signature
            .params
            .first()
            .is_some_and(|first| matches!(first.ty, Type::TypeVar(own) if own.is_self()));
        variables.retain(|variable| callee.owns(*variable) && (takes_self || !variable.is_self()));
        let relation = Relation::solving(self, Solver::new(variables));
        if let Some(wanted) = wanted
            && !relation.fits(&signature.returns, wanted)
        {
            return Err(CallProblem::NoneOf);
        }
        // Callables last: what their parameters are is known from the other arguments.
        let late = |ty: &Type, wanted: &Type| {
            matches!(ty, Type::Function(_) | Type::Callable(_) | Type::Method(..))
                || matches!(wanted, Type::Callable(signature) if signature.takes_items())
        };
        let packed = signature
            .params
            .iter()
            .position(|p| p.kind == ParamKind::VarPositional && matches!(p.ty, Type::Unpacked(_)));
        for pass in [false, true] {
            if pass && let Some(at) = packed {
                self.pack_rest(&relation, signature, at, args, &places)?;
            }
            for (i, place) in places.iter().enumerate() {
                let Some(param) = place
                    .filter(|at| Some(*at) != packed)
                    .map(|at| &signature.params[at])
                else {
                    continue;
                };
                let arg = &args[i];
                let given = match arg.given {
                    Given::Position | Given::Keyword(_) | Given::Item(_) => arg.ty,
                    Given::Unpacked => self.item_of(&arg.ty),
                    Given::Keywords => self.value_of(&arg.ty),
                };
                if late(&given, &param.ty) != pass {
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
        if let Rest::Variable(variable) = signature.rest {
            let known = solver
                .solves(variable)
                .then(|| solver.solution(self, variable));
            self.pass_on(variable, known, signature, args, &places)?;
        }
        let returns = rescoped(signature);
        Ok(self.open(&solver.apply(self, &returns)))
    }

    /// The arguments of `*args: *Ts` as one tuple.
    fn pack_rest(
        &self,
        relation: &Relation<'_, '_>,
        signature: Signature,
        at: usize,
        args: &[Argument],
        places: &[Option<usize>],
    ) -> Result<(), CallProblem> {
        let param = signature.params[at];
        let Type::Unpacked(wanted) = param.ty else {
            return Ok(());
        };
        let own: Vec<usize> = (0..args.len()).filter(|i| places[*i] == Some(at)).collect();
        let mut before: Vec<Type> = Vec::new();
        let mut part: Option<Type> = None;
        let mut after: Vec<Type> = Vec::new();
        // Whether an iterable is unpacked that may have any number of items.
        let is_any_number = |i: &usize| {
            args[*i].given == Given::Unpacked
                && !matches!(args[*i].ty, Type::Tuple(_) | Type::Variadic(..))
        };
        for i in &own {
            let items = match (args[*i].given, args[*i].ty) {
                (Given::Unpacked, Type::Variadic(b, p, a)) if part.is_none() => {
                    before.extend(b.iter());
                    part = Some(*p);
                    a.to_vec()
                }
                (Given::Unpacked, ty) => {
                    part = Some(self.item_of(&ty));
                    Vec::new()
                }
                (_, ty) => vec![ty],
            };
            match part {
                None => before.extend(items),
                Some(_) => after.extend(items),
            }
        }
        let all = match part {
            None => Type::Tuple(before.clone().into()),
            Some(part) => Type::variadic(before.clone(), part, after.clone()),
        };
        if relation.fits(&all, &wanted) {
            return Ok(());
        }
        // It may have as many as are wanted.
        if let (Some(part), Type::Tuple(items) | Type::Variadic(items, ..)) = (part, *wanted)
            && own.iter().any(is_any_number)
        {
            for _ in before.len()..items.len() {
                before.push(part);
                let longer = Type::variadic(before.clone(), part, after.clone());
                if relation.attempt(|| relation.fits(&longer, &wanted)) {
                    return Ok(());
                }
            }
        }
        match own.last() {
            Some(last) => Err(CallProblem::Wrong {
                index: *last,
                name: param.name,
                wanted: *wanted,
            }),
            None => Err(CallProblem::Missing(vec![param.name])),
        }
    }

    /// The arguments that go to a parameter specification: checked against what it stands for, or, where that is not known because the call is
    /// in a function that is generic in it, `*args` and `**kwargs` of the very specification.
    fn pass_on(
        &self,
        variable: Variable,
        solution: Option<Option<Type>>,
        signature: Signature,
        args: &[Argument],
        places: &[Option<usize>],
    ) -> Result<(), CallProblem> {
        let left: Vec<usize> = (0..args.len()).filter(|i| places[*i].is_none()).collect();
        let variable = match solution {
            Some(Some(Type::Parameters(known))) => {
                let rest: Vec<Argument> = left.iter().map(|i| args[*i]).collect();
                let callee = Callee::free(known.returning(Type::None));
                return match self.call_one(&callee, &rest) {
                    Ok(_) => Ok(()),
                    Err(problem) => Err(problem.at(&left)),
                };
            }
            Some(Some(Type::TypeVar(other))) => other,
            Some(_) => return Ok(()),
            None => variable,
        };
        // What is unpacked and not known may be the right thing.
        let unknown = args.iter().any(|arg| {
            matches!(arg.given, Given::Unpacked | Given::Keywords) && arg.ty.is_dynamic()
        });
        if unknown {
            return Ok(());
        }
        let is_part = |arg: &Argument, keywords: bool| matches!(arg.ty, Type::ParametersOf(own, part) if own == variable && part == keywords);
        let positional = signature.params.iter().filter(|p| {
            matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional) && !p.optional
        });
        let before = args
            .iter()
            .take_while(|arg| arg.given == Given::Position)
            .count();
        let complete = before == positional.count()
            && matches!(
                args.get(before..),
                Some([first, second])
                    if first.given == Given::Unpacked
                        && is_part(first, false)
                        && second.given == Given::Keywords
                        && is_part(second, true)
            );
        match complete {
            true => Ok(()),
            false => Err(CallProblem::NotPassedOn(variable.name)),
        }
    }

    /// The type of the items of an iterable; dynamic where that is not known.
    pub fn item_of(&self, ty: &Type) -> Type {
        self.open(&self.closed_item_of(&self.open(ty)))
    }

    fn closed_item_of(&self, ty: &Type) -> Type {
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

/// What a signature gives. A variable that nothing but a callable in its result mentions is found by each call of that.
fn rescoped(signature: Signature) -> Type {
    let Type::Callable(made) = signature.returns else {
        return signature.returns;
    };
    let mentions = |params: &[Parameter], variable: Variable| {
        let mut params = params.iter();
        params.any(|p| p.ty.any(&mut |part| *part == Type::TypeVar(variable)))
    };
    signature.returns.substitute(&|variable| {
        let is_own = mentions(&made.params, variable) && !mentions(&signature.params, variable);
        (is_own && !variable.is_self()).then(|| Type::TypeVar(variable.without_owner()))
    })
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
            // `*args: P.args` goes to the specification.
            Given::Unpacked if matches!(arg.ty, Type::ParametersOf(..)) && open => {}
            Given::Unpacked => {
                unpacked = true;
                places[i] = positional.get(next).copied().or(rest);
            }
            Given::Keyword(_) | Given::Item(_) => {}
            Given::Keywords if matches!(arg.ty, Type::ParametersOf(..)) && open => {}
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
