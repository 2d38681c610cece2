//! Callables: their signatures, and whether one can stand in for another.

use crate::infer::world::World;
use crate::interface::{ClassInterface, FunctionInterface, FunctionKind, ParamKind};
use crate::types::{Name, Parameter, Rest, Signature, Symbol, Type, Types, Variable, VariableKind};

use super::call::Callee;
use super::member::Attribute;
use super::relation::Relation;
use super::solver::Solver;

impl Signature {
    /// The signature of a function as its callers see it: what a coroutine function gives is a coroutine.
    pub fn of(function: &FunctionInterface) -> Signature {
        let mut rest = Rest::Nothing;
        let mut params = Vec::with_capacity(function.params.len());
        let takes_any = |kind: ParamKind| {
            let mut own = function.params.iter();
            own.any(|param| param.kind == kind && param.ty.is_dynamic())
        };
        let is_gradual = takes_any(ParamKind::VarPositional) && takes_any(ParamKind::VarKeyword);
        let private = crate::interface::private_parameters(&function.params);
        for (at, param) in function.params.iter().enumerate() {
            // `*args: P.args, **kwargs: P.kwargs` stand for the parameter specification.
            if let Type::ParametersOf(variable, _) = param.ty {
                rest = Rest::Variable(variable);
                continue;
            }
            // `*args: Any, **kwargs: Any` are `...`, whatever else there is.
            if is_gradual && matches!(param.kind, ParamKind::VarPositional | ParamKind::VarKeyword)
            {
                rest = Rest::Anything;
                continue;
            }
            params.push(Parameter {
                name: param.name,
                kind: match at < private {
                    true => ParamKind::PositionalOnly,
                    false => param.kind,
                },
                ty: param.ty,
                optional: param.default.is_some()
                    || matches!(param.kind, ParamKind::VarPositional | ParamKind::VarKeyword),
            });
        }
        let returns = if function.is_async && !function.is_generator {
            Type::Instance(
                Symbol::new("types", "CoroutineType"),
                [Type::Dynamic, Type::Dynamic, function.returns].into(),
            )
        } else {
            function.returns
        };
        Signature::new(params, rest, returns)
    }
}

impl World<'_> {
    /// What a value of type `ty` may be called as, in order; nothing when that is not known, an empty list when it cannot be called.
    pub fn callees(&self, ty: &Type) -> Option<Vec<Callee>> {
        self.callees_at(ty, 0)
    }

    pub(super) fn callees_at(&self, ty: &Type, depth: u32) -> Option<Vec<Callee>> {
        if depth > 8 {
            return None;
        }
        match ty {
            Type::Function(symbol) => self.function_callees(symbol, None),
            Type::Method(receiver, symbol) => self.function_callees(symbol, Some(receiver)),
            Type::Callable(signature) => Some(vec![Callee::free(*signature)]),
            Type::Overloaded(members) => {
                let mut all = Vec::new();
                for member in members {
                    all.extend(self.callees_at(member, depth + 1)?);
                }
                Some(all)
            }
            Type::Class(class) => self.constructor(class, None, depth),
            Type::ClassOf(of) => match **of {
                Type::Instance(class, args) | Type::Exact(class, args) => {
                    self.constructor(&class, Some(args), depth)
                }
                Type::TypeVar(variable) => self.constructor_of_variable(variable, depth),
                Type::TypedDict(class, args) => self.constructor(&class, Some(args), depth),
                _ => None,
            },
            Type::Alias(..) => self.callees_at(&self.open(ty), depth + 1),
            Type::Dynamic | Type::Never | Type::Union(_) => None,
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                self.callees_at(&variable.upper(), depth + 1)
            }
            Type::None | Type::Primitive(_) | Type::Module(_) => Some(Vec::new()),
            _ => match self.attribute(ty, "__call__") {
                Attribute::Found(found) => self.callees_at(&found.ty, depth + 1),
                Attribute::Missing => Some(Vec::new()),
                Attribute::Unknown => None,
            },
        }
    }

    /// The type of a function as it is before its decorators are applied; nothing if it is overloaded.
    pub(crate) fn undecorated(&self, symbol: &Symbol) -> Option<Type> {
        match &self.overloads(symbol)[..] {
            [only] => Some(Type::Callable(Signature::of(only))),
            _ => None,
        }
    }

    fn function_callees(&self, symbol: &Symbol, receiver: Option<&Type>) -> Option<Vec<Callee>> {
        let mut all = Vec::new();
        for function in self.overloads(symbol) {
            if function.is_wrapped {
                if receiver.is_some() {
                    return None;
                }
                // A call finds the variables of the function, whatever decorators made of it.
                let callees = self.callees(&self.decorated(symbol)?)?;
                let own = callees.into_iter().map(|callee| Callee {
                    function: callee.function.or(Some(*symbol)),
                    ..callee
                });
                return Some(own.collect());
            }
            let mut signature = self.with_items(Signature::of(&function));
            match receiver {
                Some(receiver) => {
                    signature = self.bound_signature(&function, signature, receiver)?;
                }
                // Called with any receiver, which says whose `Self` it is, and of what the class is generic in.
                None => {
                    let owner = self.owner_of(&function);
                    let own = owner.as_ref().map(|owner| {
                        Type::TypeVar(Variable::self_of(owner.symbol, &owner.type_params))
                    });
                    signature = match own {
                        Some(own) => signature.with_receiver(own),
                        None => signature
                            .substitute(&|variable| variable.is_self().then_some(Type::Dynamic)),
                    };
                    all.push(Callee {
                        signature,
                        function: Some(*symbol),
                        class: owner.map(|owner| owner.symbol),
                    });
                    continue;
                }
            }
            all.push(Callee {
                signature,
                function: Some(*symbol),
                class: None,
            });
        }
        Some(all)
    }

    /// The class of which a function is an ordinary method whose receiver is not declared.
    fn owner_of(&self, function: &FunctionInterface) -> Option<std::sync::Arc<ClassInterface>> {
        let first = function.params.first()?;
        if function.kind != FunctionKind::Method || first.annotated {
            return None;
        }
        let (owner, _) = function.symbol.qualname.as_str().rsplit_once('.')?;
        self.class(&Symbol::of(function.symbol.module, Name::new(owner)))
    }

    /// The signature of a method that was read from `receiver`, without its first parameter. Nothing if the receiver does not fit that.
    fn bound_signature(
        &self,
        function: &FunctionInterface,
        signature: Signature,
        receiver: &Type,
    ) -> Option<Signature> {
        let signature = self.seen_from(&function.symbol, signature, receiver);
        let first = signature.params.first().copied();
        let rest = signature.without_first();
        let Some(first) = first.filter(|_| function.params.first().is_some_and(|p| p.annotated))
        else {
            return Some(rest);
        };
        // `self: T` says what `T` is.
        let mut variables = Vec::new();
        first.ty.collect_variables(&mut variables);
        if variables.is_empty() {
            return Some(rest);
        }
        let relation = Relation::solving(self, Solver::new(variables));
        if !relation.fits(receiver, &first.ty) {
            return Some(rest);
        }
        let solver = relation.into_solver();
        Some(rest.map(&mut |ty| ty.substitute(&|variable| solver.solution(self, variable))))
    }

    /// A signature written in a class, with the class's type parameters as they are for `receiver`.
    pub(super) fn seen_from(
        &self,
        function: &Symbol,
        signature: Signature,
        receiver: &Type,
    ) -> Signature {
        let Some((owner, _)) = function.qualname.as_str().rsplit_once('.') else {
            return signature;
        };
        let owner = Symbol::of(function.module, Name::new(owner));
        let own = match receiver {
            Type::ClassOf(of) => **of,
            Type::Class(class) => Type::Instance(*class, Types::none()),
            other => *other,
        };
        let signature = signature.substitute(&|variable| variable.is_self().then_some(own));
        let instance = match receiver {
            Type::ClassOf(of) => of.as_instance(),
            Type::Class(class) => Type::Instance(*class, Types::none()),
            other => other.as_instance(),
        };
        // Of a variable, such as `Self`, what its bound says.
        let instance = match instance {
            Type::TypeVar(variable) => variable.upper().as_instance(),
            other => other,
        };
        let (class, args) = match instance {
            Type::Instance(class, args) | Type::Exact(class, args) => (class, args),
            other => match other.class() {
                Some(class) => (class, self.own_args(&other)),
                None => return signature,
            },
        };
        let Some(params) = self.class(&owner).map(|c| c.type_params.clone()) else {
            return signature;
        };
        if params.is_empty() {
            return signature;
        }
        let Some(args) = self.args_as(&class, &args, &owner) else {
            return signature;
        };
        signature.substitute(&|variable| {
            let at = params.iter().position(|p| *p == variable)?;
            Some(args.get(at).copied().unwrap_or(Type::Dynamic))
        })
    }

    /// The type arguments of a builtin value as an instance of its class: of a tuple its items' type.
    pub(super) fn own_args(&self, ty: &Type) -> Types {
        match ty {
            Type::Tuple(_) | Type::Variadic(..) => [Relation::new(self).element(ty)].into(),
            Type::Instance(_, args) | Type::Exact(_, args) => *args,
            _ => Types::none(),
        }
    }

    /// The class of the class `symbol`, as far as its bases say.
    pub(crate) fn metaclass(&self, symbol: &Symbol) -> Symbol {
        self.ancestry(symbol)
            .classes
            .iter()
            .find_map(|ancestor| ancestor.class.metaclass)
            .unwrap_or_else(|| Symbol::new("builtins", "type"))
    }

    /// Whether a base or its metaclass makes the constructor: of named tuples, typed dictionaries and enumerations.
    pub(super) fn is_made_by_its_base(&self, class: &Symbol) -> bool {
        let ancestry = self.ancestry(class);
        !ancestry.complete
            || ancestry.classes.iter().any(|base| {
                matches!(
                    (&*base.class.symbol.module, &*base.class.symbol.qualname),
                    ("enum", "Enum") | ("typing", "NamedTuple" | "TypedDict" | "_TypedDict")
                )
            })
    }

    /// The tuple type among the bases of a class: of a named tuple its fields.
    pub(crate) fn tuple_base(&self, class: &Symbol, args: &[Type]) -> Option<Type> {
        let ancestry = self.ancestry(class);
        ancestry.classes.iter().find_map(|ancestor| {
            let args = ancestry.args_of(ancestor, args);
            if ancestor.class.named_tuple.is_some() {
                let fields = self.named_tuple_fields(&ancestor.class.symbol, &args)?;
                return Some(Type::Tuple(fields.iter().map(|field| field.ty).collect()));
            }
            let params = &ancestor.class.type_params;
            ancestor
                .class
                .bases
                .iter()
                .find_map(|base| match base {
                    Type::Tuple(_) | Type::Variadic(..) => Some(*base),
                    Type::Instance(symbol, _) if symbol.is_builtin("tuple") => Some(*base),
                    _ => None,
                })
                .map(|base| {
                    base.substitute(&|variable| {
                        let at = params.iter().position(|own| *own == variable)?;
                        Some(args.get(at).copied().unwrap_or(Type::Dynamic))
                    })
                })
        })
    }
}

impl Relation<'_, '_> {
    /// Whether a value of type `from` can be called as `to` is.
    pub(super) fn callable_fits(&self, from: &Type, to: &Type) -> bool {
        match to {
            Type::Overloaded(members) => members.iter().all(|member| self.fits(from, member)),
            Type::Callable(wanted) => {
                // What makes values of a variable of which nothing is known is not known either.
                if let Type::ClassOf(made) = from
                    && matches!(**made, Type::TypeVar(variable) if variable.is_free())
                {
                    return self.signature_fits(Signature::of_anything(**made), *wanted);
                }
                let Some(callees) = self.world.callees(from) else {
                    return true;
                };
                callees.iter().any(|callee| {
                    self.attempt(|| {
                        let own = self.instantiated(callee, self.known_so_far(*wanted));
                        self.signature_fits(own, *wanted)
                    })
                })
            }
            _ => false,
        }
    }

    /// The signature with what the other arguments said of the variables in it.
    fn known_so_far(&self, wanted: Signature) -> Signature {
        wanted.substitute(&|variable| match self.solver_solves(variable) {
            true => self.solved_so_far(variable),
            false => None,
        })
    }

    /// The signature of a generic function, with its own variables as the parameters of `wanted` say.
    fn instantiated(&self, callee: &Callee, wanted: Signature) -> Signature {
        let mut variables = Vec::new();
        Type::Callable(callee.signature).collect_variables(&mut variables);
        variables.retain(|variable| callee.owns(*variable));
        if variables.is_empty() {
            return callee.signature;
        }
        // What a specification takes over whole stays generic.
        if wanted.params.is_empty()
            && matches!(wanted.rest, Rest::Variable(variable) if self.solver_solves(variable))
        {
            return callee.alone();
        }
        let relation = Relation::solving(self.world, Solver::new(variables));
        relation.parameters_fit(callee.signature, wanted);
        let solver = relation.into_solver();
        let own = Type::Callable(callee.signature);
        match solver.apply(self.world, &own) {
            Type::Callable(signature) => signature,
            _ => callee.signature,
        }
    }

    /// Whether a callable of signature `from` does where one of signature `to` is wanted.
    pub(super) fn signature_fits(&self, from: Signature, to: Signature) -> bool {
        // A function that only gives a bool guards nothing.
        let guards = !matches!(to.returns, Type::Guard(..))
            || matches!(from.returns, Type::Guard(..) | Type::Dynamic);
        if from.returns == Type::Never {
            self.learn_never(&to.returns);
        }
        guards && self.parameters_fit(from, to) && self.fits(&from.returns, &to.returns)
    }

    /// Whether every call that `to`'s parameters allow is one that `from`'s allow.
    pub(super) fn parameters_fit(&self, from: Signature, to: Signature) -> bool {
        if let Rest::Variable(variable) = to.rest
            && self.solver_solves(variable)
        {
            return self.takes_parameters(from, to, variable);
        }
        if let Rest::Variable(variable) = from.rest
            && self.solver_solves(variable)
        {
            // What is passed beside it may say what it is: another callable that is generic in it.
            if self.solved_so_far(variable).is_none() {
                let by_position = |p: &&Parameter| {
                    matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional)
                };
                let own = from.params.iter().filter(by_position);
                let given = to.params.iter().filter(by_position);
                if !own
                    .zip(given)
                    .all(|(own, given)| self.fits(&given.ty, &own.ty))
                {
                    return false;
                }
            }
            return match self.solved_so_far(variable) {
                None => true,
                Some(known) => {
                    let from = from.substitute(&|own| (own == variable).then_some(known));
                    self.parameters_fit(from, to)
                }
            };
        }
        let takes = |kind: ParamKind| from.params.iter().find(|p| p.kind == kind);
        let (rest, keywords) = (
            takes(ParamKind::VarPositional),
            takes(ParamKind::VarKeyword),
        );
        let positional: Vec<&Parameter> = from
            .params
            .iter()
            .filter(|p| matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional))
            .collect();
        let mut used: Vec<Name> = Vec::new();
        let mut at = 0;
        for (taken, wanted) in to.params.iter().enumerate() {
            match wanted.kind {
                // The rest of them went to `*args` together.
                ParamKind::PositionalOnly | ParamKind::Positional if at == usize::MAX => {}
                ParamKind::PositionalOnly | ParamKind::Positional => {
                    match (positional.get(at), rest) {
                        (Some(own), _) => {
                            // Where anything may follow, it need not be given by name.
                            let by_name =
                                wanted.kind == ParamKind::Positional && to.rest != Rest::Anything;
                            if by_name
                                && (own.kind != ParamKind::Positional || own.name != wanted.name)
                            {
                                return false;
                            }
                            if (wanted.optional && !own.optional) || !self.fits(&wanted.ty, &own.ty)
                            {
                                return false;
                            }
                            used.push(own.name);
                            at += 1;
                        }
                        (None, Some(rest)) if matches!(rest.ty, Type::Unpacked(_)) => {
                            let left = to.params[taken..].iter().copied().filter(|p| {
                                matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional)
                            });
                            let items = Type::Tuple(left.map(|p| p.ty).collect());
                            let Type::Unpacked(all) = rest.ty else {
                                return false;
                            };
                            if !self.fits(&items, &all) {
                                return false;
                            }
                            at = usize::MAX;
                        }
                        (None, Some(rest)) => {
                            let by_name = wanted.kind == ParamKind::Positional;
                            if !self.fits(&wanted.ty, &rest.ty)
                                || (by_name
                                    && !keywords.is_some_and(|k| self.fits(&wanted.ty, &k.ty)))
                            {
                                return false;
                            }
                        }
                        (None, None) => return from.rest != Rest::Nothing,
                    }
                }
                ParamKind::VarPositional if matches!(wanted.ty, Type::Unpacked(_)) => {
                    let left = &positional[at.min(positional.len())..];
                    if !self.unpacked_fits(&wanted.ty, left, rest, from.rest) {
                        return false;
                    }
                    used.extend(left.iter().map(|own| own.name));
                    at = positional.len().max(at);
                }
                ParamKind::VarPositional => {
                    for own in &positional[at.min(positional.len())..] {
                        if !self.fits(&wanted.ty, &own.ty) || !own.optional {
                            // It takes fewer than any number.
                            if from.rest == Rest::Nothing && rest.is_none() {
                                return false;
                            }
                        }
                    }
                    at = positional.len().max(at);
                    match rest {
                        Some(own) if self.fits(&wanted.ty, &own.ty) => {}
                        Some(_) => return false,
                        None if from.rest == Rest::Nothing => return false,
                        None => {}
                    }
                }
                ParamKind::KeywordOnly => {
                    let own = from.params.iter().find(|p| {
                        p.name == wanted.name
                            && matches!(p.kind, ParamKind::Positional | ParamKind::KeywordOnly)
                    });
                    match (own, keywords) {
                        (Some(own), _) => {
                            if (wanted.optional && !own.optional) || !self.fits(&wanted.ty, &own.ty)
                            {
                                return false;
                            }
                            used.push(own.name);
                        }
                        (None, Some(own)) if self.fits(&wanted.ty, &own.ty) => {}
                        (None, None) if from.rest != Rest::Nothing => {}
                        _ => return false,
                    }
                }
                ParamKind::VarKeyword => match keywords {
                    Some(own) if self.fits(&wanted.ty, &own.ty) => {}
                    Some(_) => return false,
                    None if from.rest == Rest::Nothing => return false,
                    None => {}
                },
            }
        }
        match (from.rest, to.rest) {
            (Rest::Variable(a), Rest::Variable(b)) if a != b => return false,
            (Rest::Nothing, Rest::Variable(_)) if rest.is_none() || keywords.is_none() => {
                return false;
            }
            (Rest::Variable(_), Rest::Nothing) => return false,
            _ => {}
        }
        // What is left over must not be needed.
        to.rest != Rest::Nothing
            || from.params.iter().enumerate().all(|(i, own)| {
                own.optional
                    || used.contains(&own.name)
                    || positional
                        .iter()
                        .take(at)
                        .any(|p| std::ptr::eq(*p, &from.params[i]))
            })
    }

    /// Whether the parameters `left` and `*rest`, and what `open` takes beside them, take the items of a tuple of which `wanted` is the
    /// unpacked type.
    fn unpacked_fits(
        &self,
        wanted: &Type,
        left: &[&Parameter],
        rest: Option<&Parameter>,
        open: Rest,
    ) -> bool {
        let Type::Unpacked(wanted) = wanted else {
            return false;
        };
        // What the arguments beside it have said already.
        let wanted = &wanted.substitute(&|variable| match self.solver_solves(variable) {
            true => self.solved_so_far(variable),
            false => None,
        });
        let own: Vec<Type> = left.iter().map(|p| p.ty).collect();
        let own = match rest.map(|rest| rest.ty) {
            None if open == Rest::Anything => Type::variadic(own, Type::Dynamic, Vec::new()),
            // Those with a default value need not be given one.
            None => {
                let needed = left.iter().filter(|p| !p.optional).count();
                return (needed..=own.len())
                    .rev()
                    .any(|n| self.attempt(|| self.fits(wanted, &Type::Tuple(own[..n].into()))));
            }
            Some(Type::Unpacked(of)) => match *of {
                Type::Variadic(before, part, after) => {
                    let before = own.into_iter().chain(before.iter().copied()).collect();
                    Type::variadic(before, *part, after.to_vec())
                }
                _ => return true,
            },
            Some(element) => Type::variadic(own, element, Vec::new()),
        };
        self.fits(wanted, &own)
    }

    /// What is left of `from` after the parameters that `to` lists is what the specification `variable` stands for.
    fn takes_parameters(
        &self,
        from: Signature,
        to: Signature,
        variable: crate::types::Variable,
    ) -> bool {
        let mut left: Vec<Parameter> = from.params.to_vec();
        for wanted in &to.params {
            match left.first().copied() {
                Some(own)
                    if matches!(own.kind, ParamKind::PositionalOnly | ParamKind::Positional) =>
                {
                    if !self.fits(&wanted.ty, &own.ty) {
                        return false;
                    }
                    left.remove(0);
                }
                Some(own) if own.kind == ParamKind::VarPositional => {
                    if !self.fits(&wanted.ty, &own.ty) {
                        return false;
                    }
                }
                _ if from.rest == Rest::Anything => {}
                _ => return false,
            }
        }
        let given = match from.rest {
            Rest::Variable(other) if left.is_empty() => Type::TypeVar(other),
            rest => Type::Parameters(Signature::new(left, rest, Type::Never)),
        };
        self.learn_parameters(variable, given)
    }
}
