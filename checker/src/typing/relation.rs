//! Whether a value of one type may flow into a place of another: assignability.

use std::cell::RefCell;

use crate::infer::world::{World, widen};
use crate::types::{Constant, Symbol, Type, Types, Variable, VariableKind};

use super::solver::Solver;
use super::variance::Direction;

/// Recursion deeper than this is taken to hold.
pub(super) const MOST_ASSUMED: usize = 24;

/// Assignability, over a program. With a [`Solver`], it also learns what the solver's variables stand for.
pub struct Relation<'w, 'a> {
    pub(super) world: &'w World<'a>,
    solver: RefCell<Solver>,
    /// Pairs that are being decided: what refers to itself holds unless something else speaks against it.
    pub(super) assumed: RefCell<Vec<(Type, Type)>>,
}

impl<'w, 'a> Relation<'w, 'a> {
    /// The relation where no variable is looked for.
    pub fn new(world: &'w World<'a>) -> Relation<'w, 'a> {
        Relation::solving(world, Solver::default())
    }

    /// The relation that learns what the variables of `solver` stand for.
    pub fn solving(world: &'w World<'a>, solver: Solver) -> Relation<'w, 'a> {
        Relation {
            world,
            solver: RefCell::new(solver),
            assumed: RefCell::default(),
        }
    }

    /// What was learnt.
    pub fn into_solver(self) -> Solver {
        self.solver.into_inner()
    }

    /// Decides `question`; what it taught the solver is forgotten unless the answer is yes.
    pub(super) fn attempt(&self, question: impl FnOnce() -> bool) -> bool {
        if self.solver.borrow().is_empty() {
            return question();
        }
        let before = self.solver.borrow().clone();
        let holds = question();
        if !holds {
            *self.solver.borrow_mut() = before;
        }
        holds
    }

    /// What gives `returns` never returns.
    pub(super) fn learn_never(&self, returns: &Type) {
        if let Some(variable) = self.solves(returns) {
            self.solver.borrow_mut().set_never(variable);
        }
    }

    /// What the empty tuple holds flowed into `item`.
    fn learn_empty(&self, item: &Type) {
        if let Some(variable) = self.solves(item) {
            self.solver.borrow_mut().set_empty(variable);
        }
    }

    pub(super) fn solves(&self, ty: &Type) -> Option<Variable> {
        match ty {
            Type::TypeVar(variable) if self.solver.borrow().solves(*variable) => Some(*variable),
            _ => None,
        }
    }

    pub(super) fn solver_solves(&self, variable: Variable) -> bool {
        self.solver.borrow().solves(variable)
    }

    /// The parameter specification `variable`, which is looked for, stands for `given`, unless it is known to stand for something else.
    pub(super) fn learn_parameters(&self, variable: Variable, given: Type) -> bool {
        let known = self.solver.borrow().lower(variable);
        match (known, given) {
            (Type::Never, _) => {
                self.solver.borrow_mut().set_lower(variable, given);
                true
            }
            (_, Type::Dynamic) | (Type::Dynamic, _) => true,
            (Type::Parameters(a), Type::Parameters(b)) => {
                // Two callables have to agree on what both can be called with.
                self.parameters_fit(b, a)
            }
            (a, b) => a == b,
        }
    }

    /// The variable tuple `variable`, which is looked for, stands for `given`. What it is given for several times must be the same, or one as
    /// wide as the others.
    pub(super) fn learn_items(&self, variable: Variable, given: Type) -> bool {
        let known = self.solver.borrow().lower(variable);
        let upper = self.solver.borrow().upper(variable);
        if upper.is_some_and(|upper| !self.fits(&given, &upper)) {
            return false;
        }
        let joined = match (known, given) {
            (Type::Never, given) => given,
            (known, given) if known == given || given.is_dynamic() => known,
            (Type::Dynamic, given) => given,
            (known, given) if self.world.assignable(&given, &known) => known,
            (known, given) if self.world.assignable(&known, &given) => given,
            _ => return false,
        };
        self.solver.borrow_mut().set_lower(variable, joined);
        true
    }

    pub(super) fn solved_so_far(&self, variable: Variable) -> Option<Type> {
        let solver = self.solver.borrow();
        match solver.lower(variable) {
            Type::Never => solver.upper(variable),
            known => Some(known),
        }
    }

    fn has_unsolved(&self, ty: &Type) -> bool {
        !self.solver.borrow().is_empty() && ty.any(&mut |part| self.solves(part).is_some())
    }

    /// Whether `from` fits `to`, primitives boxed.
    pub fn fits(&self, from: &Type, to: &Type) -> bool {
        if from == to && !self.has_unsolved(to) {
            return true;
        }
        if let Some(variable) = self.solves(to) {
            return self.flows_into(from, variable);
        }
        if let Some(variable) = self.solves(from) {
            return self.flows_out_of(variable, to);
        }
        match (from, to) {
            (Type::Dynamic, _) => {
                self.teach_dynamic(to);
                true
            }
            (_, Type::Dynamic) | (Type::Never, _) => true,
            (_, Type::Never) => false,
            (Type::Alias(..), _) | (_, Type::Alias(..)) => self.alias_fits(from, to),
            (Type::Union(members), _) => members.iter().all(|member| self.fits(member, to)),
            (_, Type::Instance(class, _)) if class.is_builtin("object") => true,
            (Type::Primitive(p), _) => self.fits(&p.boxed(), to),
            (_, Type::Primitive(p)) => self.fits(from, &p.boxed()),
            (_, Type::Union(members)) => self.fits_union(from, members),
            (_, Type::Guard(of, is)) => match from {
                Type::Guard(other, own) => {
                    is == own && self.fits(other, of) && (!is || self.fits(of, other))
                }
                // What a guard returns is a bool.
                _ => self.fits(from, &Type::bool()),
            },
            (Type::Guard(..), _) => self.fits(&Type::bool(), to),
            (Type::New(a, base), Type::New(b, _)) => a == b || self.fits(base, to),
            (Type::New(_, base), _) => self.fits(base, to),
            (_, Type::New(..)) => false,
            (Type::Unpacked(a), Type::Unpacked(b)) => self.fits(a, b),
            // Its items are looked at one by one, where they are bound.
            (_, Type::Unpacked(_)) | (Type::Unpacked(_), _) => true,
            (Type::TypedDict(..), Type::TypedDict(..)) => self.typed_dicts_fit(from, to),
            (Type::TypedDict(..), Type::Instance(class, args)) => {
                self.typed_dict_fits_instance(from, class, args, to)
            }
            // A dict of which nothing is known may have the items.
            (Type::Instance(class, args) | Type::Exact(class, args), Type::TypedDict(..)) => {
                class.is_builtin("dict") && args.iter().all(Type::is_dynamic)
            }
            (_, Type::TypedDict(..)) if !matches!(from, Type::TypeVar(_)) => false,
            (Type::TypeVar(a), Type::TypeVar(b)) => {
                a == b
                    || (!a.is_free() && a.kind == VariableKind::Type && self.fits(&a.upper(), to))
            }
            (Type::TypeVar(variable), _) => match variable.kind {
                VariableKind::Type => self.fits(&variable.upper(), to),
                VariableKind::Parameters | VariableKind::Tuple => true,
            },
            (_, Type::TypeVar(_)) => false,
            (Type::ParametersOf(a, x), Type::ParametersOf(b, y)) => a == b && x == y,
            (Type::ParametersOf(_, keywords), _) => {
                self.fits(&Type::builtin(if *keywords { "dict" } else { "tuple" }), to)
            }
            (_, Type::ParametersOf(..)) => false,
            (Type::Parameters(a), Type::Parameters(b)) => self.parameters_fit(*a, *b),
            (Type::Literal(a), Type::Literal(b)) => a == b,
            (Type::Literal(Constant::Str(_)), Type::LiteralString) => true,
            (Type::Literal(_), _) => self.fits(&widen(from), to),
            (Type::LiteralString, Type::Literal(_)) => false,
            (Type::LiteralString, _) => self.fits(&Type::str(), to),
            (_, Type::LiteralString) => false,
            (Type::EnumMember(a, x), Type::EnumMember(b, y)) => a == b && x == y,
            (Type::EnumMember(class, _), _) => {
                self.fits(&Type::Instance(*class, Types::none()), to)
            }
            (_, Type::Literal(_) | Type::EnumMember(..)) => false,
            (Type::None, Type::None) => true,
            (Type::None, Type::Instance(class, _)) => {
                class.name() == "NoneType" || self.none_fits_protocol(to)
            }
            (Type::Instance(class, _) | Type::Exact(class, _), Type::None) => {
                class.name() == "NoneType"
            }
            (Type::None, _) | (_, Type::None) => false,
            (Type::Tuple(_) | Type::Variadic(..), Type::Tuple(_) | Type::Variadic(..)) => {
                self.tuples_fit(from, to)
            }
            (Type::Tuple(_) | Type::Variadic(..), Type::Instance(b, y) | Type::Exact(b, y)) => {
                let element = self.element(from);
                let tuple = Symbol::new("builtins", "tuple");
                let fits = self.instance_fits(&tuple, &[element], b, y, from, to);
                if fits
                    && element == Type::Never
                    && let [item] = &y[..]
                {
                    self.learn_empty(item);
                }
                fits
            }
            (Type::Instance(a, x) | Type::Exact(a, x), Type::Tuple(_) | Type::Variadic(..)) => {
                self.instance_fits_tuple(a, x, to)
            }
            (Type::Instance(a, x) | Type::Exact(a, x), Type::Instance(b, y)) => {
                self.instance_fits(a, x, b, y, from, to)
            }
            (Type::Instance(a, x) | Type::Exact(a, x), Type::Exact(b, y)) => {
                a == b && self.arguments_fit(a, x, y)
            }
            (Type::Class(a), Type::Class(b)) => {
                self.world.is_subclass(a, b) != Some(false)
                    || self.world.is_protocol(b)
                        && self.fits(
                            &Type::Instance(*a, Types::none()),
                            &Type::Instance(*b, Types::none()),
                        )
            }
            (Type::Class(a), Type::ClassOf(of)) => {
                self.fits(&self.world.instance_of(a, Types::none()), of)
            }
            (Type::ClassOf(of), Type::Class(b)) => {
                self.fits(of, &self.world.instance_of(b, Types::none()))
            }
            (Type::ClassOf(a), Type::ClassOf(b)) => self.fits(a, b),
            (Type::Instance(a, _) | Type::Exact(a, _), Type::Class(_) | Type::ClassOf(_)) => {
                a.is_builtin("type")
                    || self.world.is_subclass(a, &Symbol::new("builtins", "type")) != Some(false)
            }
            (_, Type::Callable(_) | Type::Overloaded(_)) => self.callable_fits(from, to),
            (
                Type::Class(_)
                | Type::ClassOf(_)
                | Type::Function(_)
                | Type::Method(..)
                | Type::Callable(_)
                | Type::Overloaded(_)
                | Type::Module(_),
                Type::Instance(class, _) | Type::Exact(class, _),
            ) => self.object_of_program_fits(from, class, to),
            (Type::Function(_), Type::Function(_)) | (Type::Method(..), Type::Method(..)) => false,
            _ => false,
        }
    }

    /// A mention of an alias in its own definition, as what it stands for.
    fn alias_fits(&self, from: &Type, to: &Type) -> bool {
        let pair = (*from, *to);
        if self.assumed.borrow().contains(&pair) || self.assumed.borrow().len() > MOST_ASSUMED {
            return true;
        }
        self.assumed.borrow_mut().push(pair);
        let fits = self.fits(&self.world.open(from), &self.world.open(to));
        self.assumed.borrow_mut().pop();
        fits
    }

    /// Something dynamic flowed in: variables of which nothing else is known are dynamic.
    fn teach_dynamic(&self, to: &Type) {
        if self.solver.borrow().is_empty() {
            return;
        }
        let mut variables = Vec::new();
        to.collect_variables(&mut variables);
        let mut solver = self.solver.borrow_mut();
        for variable in variables {
            if solver.lower(variable) == Type::Never {
                solver.set_lower(variable, Type::Dynamic);
            }
        }
    }

    /// A value of type `from` flows into `variable`, which is looked for.
    pub(super) fn flows_into(&self, from: &Type, variable: Variable) -> bool {
        if *from == Type::TypeVar(variable) {
            return true;
        }
        match variable.kind {
            VariableKind::Type => {}
            VariableKind::Parameters => return self.learn_parameters(variable, *from),
            VariableKind::Tuple => return self.learn_items(variable, *from),
        }
        let from = from.boxed();
        let (lower, upper) = {
            let solver = self.solver.borrow();
            (solver.lower(variable), solver.upper(variable))
        };
        {
            let bound = variable
                .bound
                .map(|bound| match (variable.is_self(), *bound) {
                    // Whatever the arguments of the class are: they are those of the value.
                    (true, Type::Instance(class, _)) => Type::Instance(class, Types::none()),
                    (_, bound) => bound,
                });
            if let Some(bound) = bound
                && !self.fits(&from, &bound)
            {
                return false;
            }
            let takes = |ty: &Type| {
                let mut constraints = variable.constraints.iter();
                constraints.any(|c| self.world.assignable(ty, c))
            };
            let fits_constraints = match from {
                // Whichever of its own types it stands for.
                Type::TypeVar(own) if !own.constraints.is_empty() => {
                    own.constraints.iter().all(takes)
                }
                _ => takes(&from),
            };
            if !variable.constraints.is_empty() && !from.is_dynamic() && !fits_constraints {
                return false;
            }
        }
        if let Some(upper) = upper
            && !self.fits(&from, &upper)
        {
            return false;
        }
        if lower == from {
            return true;
        }
        let joined = match (lower, from) {
            (Type::Never, from) => from,
            // What is known beats what is not.
            (lower, Type::Dynamic) => lower,
            (Type::Dynamic, from) => from,
            (lower, from) if self.world.assignable(&from, &lower) => lower,
            (lower, from) if self.world.assignable(&lower, &from) => from,
            (lower, from) => {
                let joined = self.world.join(&widen(&lower), &widen(&from));
                // One of the constraints has to take both.
                if !variable.constraints.is_empty()
                    && !variable
                        .constraints
                        .iter()
                        .any(|c| self.world.assignable(&joined, c))
                {
                    return false;
                }
                joined
            }
        };
        self.solver.borrow_mut().set_lower(variable, joined);
        true
    }

    /// A value of `variable`, which is looked for, flows into a place of type `to`.
    pub(super) fn flows_out_of(&self, variable: Variable, to: &Type) -> bool {
        let (lower, upper) = {
            let solver = self.solver.borrow();
            (solver.lower(variable), solver.upper(variable))
        };
        if lower != Type::Never && !self.fits(&lower, to) {
            return false;
        }
        let upper = match upper {
            None => *to,
            Some(upper) if self.world.assignable(&upper, to) => upper,
            Some(upper) if self.world.assignable(to, &upper) => *to,
            Some(_) => return lower != Type::Never,
        };
        self.solver.borrow_mut().set_upper(variable, upper);
        true
    }

    fn fits_union(&self, from: &Type, members: &[Type]) -> bool {
        if members.contains(from) {
            return true;
        }
        // Members without variables first: what they take need not be learnt.
        let (open, closed): (Vec<&Type>, Vec<&Type>) =
            members.iter().partition(|member| self.has_unsolved(member));
        if closed.iter().any(|member| self.fits(from, member)) {
            return true;
        }
        // A structured member says more than a bare variable.
        let (bare, structured): (Vec<&Type>, Vec<&Type>) = open
            .into_iter()
            .partition(|member| self.solves(member).is_some());
        if structured
            .iter()
            .chain(&bare)
            .any(|member| self.attempt(|| self.fits(from, member)))
        {
            return true;
        }
        match from {
            // `bool` is both of its values, an enumeration all of its members.
            Type::Instance(class, _) | Type::Exact(class, _)
                if self.world.has_every_value(members, class) =>
            {
                true
            }
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                let upper = variable.upper();
                matches!(upper, Type::Union(_)) && self.fits(&upper, &Type::Union(members.into()))
            }
            _ => false,
        }
    }

    fn none_fits_protocol(&self, to: &Type) -> bool {
        match to {
            Type::Instance(class, _) => {
                class.name() == "Hashable"
                    || (self.world.is_protocol(class) && self.fits_protocol(&Type::None, to))
            }
            _ => false,
        }
    }

    fn instance_fits(
        &self,
        a: &Symbol,
        x: &[Type],
        b: &Symbol,
        y: &[Type],
        from: &Type,
        to: &Type,
    ) -> bool {
        if a == b {
            // What is declared to hold nothing is not, as an empty display is, whatever is asked for.
            let is_declared = matches!(from, Type::Instance(..)) && x.contains(&Type::Never);
            return match is_declared && x.len() == y.len() {
                true => (0..x.len()).all(|i| match self.world.direction(a, i) {
                    Direction::Neither => self.fits(&x[i], &y[i]) && self.fits(&y[i], &x[i]),
                    _ => self.argument_fits(a, i, &x[i], &y[i]),
                }),
                false => self.arguments_fit(a, x, y),
            };
        }
        if promotes(a, b) {
            return true;
        }
        match self.world.is_subclass(a, b) {
            Some(true) => self
                .world
                .args_as(a, x, b)
                .is_none_or(|args| self.arguments_fit(b, &args, y)),
            None => true,
            Some(false) => {
                let int = Symbol::new("builtins", "int");
                if b.is_builtin("float") && self.world.is_subclass(a, &int) == Some(true) {
                    return true;
                }
                self.world.class(b).is_none()
                    || (self.world.is_protocol(b) && self.fits_protocol(from, to))
            }
        }
    }

    /// Whether `class[from]` fits `class[to]`: each argument by the variance of its parameter.
    pub(super) fn arguments_fit(&self, class: &Symbol, from: &[Type], to: &[Type]) -> bool {
        let own = |args: &[Type]| match args.is_empty() {
            true => self
                .world
                .default_args(class, Types::none())
                .as_slice()
                .to_vec(),
            false => args.to_vec(),
        };
        let (from, to) = (&own(from)[..], &own(to)[..]);
        // A generic class without arguments has dynamic ones.
        if from.is_empty() || to.is_empty() {
            for ty in to {
                self.teach_dynamic(ty);
            }
            return true;
        }
        from.iter()
            .zip(to)
            .enumerate()
            .all(|(i, (f, t))| self.argument_fits(class, i, &packed(f), &packed(t)))
    }

    fn argument_fits(&self, class: &Symbol, i: usize, from: &Type, to: &Type) -> bool {
        match self.world.direction(class, i) {
            _ if self.solves(to).is_none() && (from.is_dynamic() || to.is_dynamic()) => {
                self.fits(from, to)
            }
            Direction::Same => self.fits(from, to),
            Direction::Opposite => self.fits(to, from),
            Direction::Neither => self.equivalent(from, to),
            Direction::Any => true,
        }
    }

    /// Whether the two are the same type, as the invariant arguments of a class have to be.
    pub(crate) fn equivalent(&self, a: &Type, b: &Type) -> bool {
        if self.solves(b).is_some() || self.solves(a).is_some() {
            return self.fits(a, b) && self.fits(b, a);
        }
        // What was inferred of a display's elements is as wide as what is asked for.
        self.fits(a, b) && (self.fits(b, a) || *a == Type::Never)
    }

    /// A class, function or module where an instance of `class` is wanted.
    fn object_of_program_fits(&self, from: &Type, class: &Symbol, to: &Type) -> bool {
        // `C[A]` is an object that stands for the class.
        if matches!(from, Type::ClassOf(_)) && class.name().ends_with("GenericAlias") {
            return true;
        }
        let own = match from {
            Type::Class(symbol) => self.world.metaclass(symbol),
            Type::ClassOf(of) => match of.as_instance() {
                Type::Instance(symbol, _) | Type::Exact(symbol, _) => self.world.metaclass(&symbol),
                _ => Symbol::new("builtins", "type"),
            },
            Type::Module(_) => Symbol::new("types", "ModuleType"),
            Type::Method(..) => Symbol::new("types", "MethodType"),
            _ => Symbol::new("types", "FunctionType"),
        };
        if self.world.is_subclass(&own, class) != Some(false) {
            return true;
        }
        if self.world.is_protocol(class) {
            return self.fits_protocol(from, to);
        }
        false
    }
}

/// A type argument: a variable tuple as the tuple of what it stands for.
fn packed(ty: &Type) -> Type {
    match ty {
        Type::TypeVar(variable) if variable.kind == VariableKind::Tuple => {
            Type::variadic(Vec::new(), *ty, Vec::new())
        }
        other => *other,
    }
}

/// PEP 484's promotions: `int` where `float` is wanted, and the like.
fn promotes(from: &Symbol, to: &Symbol) -> bool {
    let is = |names: &[&str]| names.iter().any(|name| from.is_builtin(name));
    (to.is_builtin("float") && is(&["int", "bool"]))
        || (to.is_builtin("complex") && is(&["int", "bool", "float"]))
        || (to.is_builtin("bytes") && is(&["bytearray", "memoryview"]))
}
