//! Constructors: what calling a class takes and gives, by its metaclass's `__call__`, its `__new__` and its `__init__`.

use crate::infer::world::World;
use crate::interface::{FunctionInterface, ParamKind};
use crate::types::{Parameter, Rest, Signature, Symbol, Type, Types, Variable, VariableKind};

use super::call::Callee;
use super::dataclass::Made;
use super::member::Attribute;
use super::relation::Relation;
use super::solver::Solver;

/// What one step of a construction does.
enum Step {
    /// It makes an instance of the class, which the next step then sees.
    Instance(Vec<Callee>),
    /// It gives something else: no further step is taken.
    Other(Vec<Callee>),
}

impl World<'_> {
    /// What calling `class` does. An empty list is that of a class that takes no such type arguments; nothing is said of a class that
    /// something may have changed.
    pub(super) fn constructor(
        &self,
        class: &Symbol,
        args: Option<Types>,
        depth: u32,
    ) -> Option<Vec<Callee>> {
        let interface = self.class(class)?;
        // A class that something rewrites is not what its body says.
        if interface.is_rewritten {
            return None;
        }
        let alone = |signature| {
            Some(vec![Callee {
                signature,
                function: None,
                class: Some(*class),
            }])
        };
        if interface.typed_dict.is_some() {
            return Some(self.typed_dict_callees(class, args));
        }
        if let Some(signature) = self.named_tuple_constructor(&interface, args) {
            return alone(signature);
        }
        if self.is_made_by_its_base(class) {
            return None;
        }
        let own = interface.own_args();
        let is_open = args.is_none() && !own.is_empty();
        let instance = Type::Instance(*class, args.unwrap_or(own));
        let called = match self.metaclass_step(class, instance)? {
            Some(Step::Other(callees)) => return Some(callees),
            Some(Step::Instance(callees)) => callees,
            None => Vec::new(),
        };
        if !called.is_empty() && !takes_anything(&called) {
            return Some(called);
        }
        match self.dataclass_constructor(class, instance) {
            Made::Ordinary => {}
            Made::ByFields(signature) => return alone(signature),
            Made::Unknown => return None,
        }
        let defined = |name: &str| match self.member_of(class, &instance, name) {
            Attribute::Found(found) if found.owner.is_builtin("object") => Some(None),
            Attribute::Found(found) => Some(Some(found)),
            Attribute::Missing => Some(None),
            Attribute::Unknown => None,
        };
        let new = match defined("__new__")? {
            Some(found) => match self.new_step(class, instance, is_open, &found.ty)? {
                Step::Other(callees) => return Some(callees),
                Step::Instance(callees) => Some(callees),
            },
            None => None,
        };
        let init = match defined("__init__")? {
            Some(found) => Some(self.init_callees(class, instance, is_open, &found.ty, depth)?),
            None => None,
        };
        match (new, init) {
            (None, None) => alone(Signature::new([], Rest::Nothing, instance)),
            // What takes anything says nothing of the arguments; the other one does.
            (Some(new), Some(init)) if takes_anything(&init) => Some(new),
            (_, Some(init)) => Some(init),
            (Some(new), None) => Some(new),
        }
    }

    /// What calling a `type[T]` does: as of the class that `T` is bound to, but it gives a `T`.
    pub(super) fn constructor_of_variable(
        &self,
        variable: Variable,
        depth: u32,
    ) -> Option<Vec<Callee>> {
        let made = Type::TypeVar(variable);
        if variable.kind != VariableKind::Type || !variable.constraints.is_empty() {
            return Some(vec![Callee::free(Signature::of_anything(made))]);
        }
        let upper = variable.upper();
        let callees = match upper {
            Type::Instance(class, args) => {
                // What a class makes of itself, its subclasses may make with other arguments.
                let is_own = variable.is_self();
                let found =
                    self.constructor(&class, Some(args).filter(|a| !a.is_empty()), depth)?;
                let is_plain = found
                    .iter()
                    .all(|callee| callee.signature.params.is_empty());
                if is_own && is_plain {
                    return Some(vec![Callee::free(Signature::of_anything(made))]);
                }
                found
            }
            _ => return Some(vec![Callee::free(Signature::of_anything(made))]),
        };
        let instance = |ty: Type| matches!(ty.class(), Some(own) if upper.class() == Some(own));
        Some(
            callees
                .into_iter()
                .map(|callee| match instance(callee.signature.returns) {
                    true => Callee {
                        signature: callee.signature.returning(made),
                        ..callee
                    },
                    false => callee,
                })
                .collect(),
        )
    }

    /// What the metaclass's own `__call__` does, if it has one.
    fn metaclass_step(&self, class: &Symbol, instance: Type) -> Option<Option<Step>> {
        let metaclass = self.metaclass(class);
        let receiver = Type::Instance(metaclass, Types::none());
        let found = match self.member_of(&metaclass, &receiver, "__call__") {
            Attribute::Found(found) if found.owner.is_builtin("type") => return Some(None),
            Attribute::Found(found) => found,
            Attribute::Missing | Attribute::Unknown => return None,
        };
        let (Type::Method(_, symbol) | Type::Function(symbol)) = found.ty else {
            return None;
        };
        let object = Type::class_of(instance);
        let mut callees = Vec::new();
        let mut is_instance = true;
        for function in self.overloads(&symbol) {
            if function.is_wrapped {
                return None;
            }
            let signature = Signature::of(&function);
            let signature = self.bound_to(&function, signature, &object)?;
            let is_made = !function.returns_annotated
                || signature.returns.class().is_some_and(|c| c == *class);
            is_instance &= is_made;
            let returns = match is_made {
                true => instance,
                false => signature.returns,
            };
            callees.push(Callee {
                signature: signature.returning(returns),
                function: Some(symbol),
                class: Some(*class),
            });
        }
        Some(Some(match is_instance {
            true => Step::Instance(callees),
            false => Step::Other(callees),
        }))
    }

    /// What `__new__`, a function of type `ty`, does. With `is_open` the type parameters of the class are still to be found.
    fn new_step(&self, class: &Symbol, instance: Type, is_open: bool, ty: &Type) -> Option<Step> {
        let (Type::Function(symbol) | Type::Method(_, symbol)) = *ty else {
            return None;
        };
        let mut callees = Vec::new();
        let mut is_instance = true;
        for function in self.overloads(&symbol) {
            if function.is_wrapped {
                return None;
            }
            let signature = self.seen_from(&symbol, Signature::of(&function), &instance);
            let object = Type::class_of(instance);
            let Some(signature) = self.bound_as(&function, signature, &object, is_open) else {
                continue;
            };
            let made = match signature.returns {
                Type::Dynamic if !function.returns_annotated => instance,
                Type::Instance(own, given) if own == *class && given.is_empty() => instance,
                // `cls: type[T]` and the result `T`.
                Type::TypeVar(_) => instance,
                other => other,
            };
            let of_class = |ty: &Type| match ty.class() {
                Some(own) => self.is_subclass(&own, class) == Some(true),
                None => false,
            };
            is_instance &= of_class(&made);
            callees.push(Callee {
                signature: signature.returning(made),
                function: Some(symbol),
                class: Some(*class),
            });
        }
        Some(match is_instance {
            true => Step::Instance(callees),
            false => Step::Other(callees),
        })
    }

    /// What `__init__`, a method of type `ty`, takes, as calls of the class. An annotated `self` says which instances it makes.
    fn init_callees(
        &self,
        class: &Symbol,
        instance: Type,
        is_open: bool,
        ty: &Type,
        depth: u32,
    ) -> Option<Vec<Callee>> {
        let Type::Method(_, symbol) = *ty else {
            return Some(
                self.callees_at(ty, depth + 1)?
                    .into_iter()
                    .map(|callee| Callee {
                        signature: callee.signature.returning(instance),
                        class: Some(*class),
                        ..callee
                    })
                    .collect(),
            );
        };
        let mut callees = Vec::new();
        for function in self.overloads(&symbol) {
            if function.is_wrapped {
                return None;
            }
            let signature = self.seen_from(&symbol, Signature::of(&function), &instance);
            let annotated = function.params.first().is_some_and(|p| p.annotated);
            let own = signature.params.first().map(|first| first.ty);
            let Some(signature) = self.bound_as(&function, signature, &instance, is_open) else {
                continue;
            };
            let made = match own {
                Some(own @ Type::Instance(of, _)) if annotated && is_open && of == *class => own,
                _ => instance,
            };
            callees.push(Callee {
                signature: signature.returning(made),
                function: Some(symbol),
                class: Some(*class),
            });
        }
        Some(callees)
    }

    /// The signature without its first parameter, which is `receiver`; nothing if that does not take it. While the type parameters of
    /// the class are open, what the parameter says of them is taken as it is.
    fn bound_as(
        &self,
        function: &FunctionInterface,
        signature: Signature,
        receiver: &Type,
        is_open: bool,
    ) -> Option<Signature> {
        let names_class = |ty: &Type| match (ty, receiver) {
            (Type::Instance(a, _), Type::Instance(b, _)) => a == b,
            (Type::ClassOf(a), Type::ClassOf(b)) => a.class() == b.class(),
            _ => false,
        };
        let first = signature.params.first().map(|first| first.ty);
        if is_open && first.is_some_and(|first| names_class(&first)) {
            return Some(signature.without_first());
        }
        self.bound_to(function, signature, receiver)
    }

    /// The signature without its first parameter, which is `receiver`; nothing if an annotation of it says that it does not fit.
    fn bound_to(
        &self,
        function: &FunctionInterface,
        signature: Signature,
        receiver: &Type,
    ) -> Option<Signature> {
        let rest = signature.without_first();
        let first = signature.params.first().copied();
        let Some(first) = first.filter(|_| function.params.first().is_some_and(|p| p.annotated))
        else {
            return Some(rest);
        };
        let mut variables = Vec::new();
        first.ty.collect_variables(&mut variables);
        let relation = Relation::solving(self, Solver::new(variables));
        if !relation.fits(receiver, &first.ty) {
            return None;
        }
        let solver = relation.into_solver();
        Some(rest.map(&mut |ty| ty.substitute(&|variable| solver.solution(self, variable))))
    }
}

/// Whether the only way to call it takes any arguments of any types.
fn takes_anything(callees: &[Callee]) -> bool {
    let is_any = |p: &Parameter| p.ty.is_dynamic() || p.ty.is_builtin("object");
    let of_any =
        |kind: ParamKind, params: &[Parameter]| params.iter().any(|p| p.kind == kind && is_any(p));
    match callees {
        [only] => {
            let params = &only.signature.params;
            let is_listed = params.len() == 2
                && of_any(ParamKind::VarPositional, params)
                && of_any(ParamKind::VarKeyword, params);
            is_listed || (params.is_empty() && only.signature.rest == Rest::Anything)
        }
        _ => false,
    }
}
