//! Walks over the parts of a type: replacing, looking for something.

use rustc_hash::FxHashSet;

use super::{Rest, Signature, Type, TypeRef, Types, Variable};

impl Type {
    /// The type with each of its direct parts replaced by what `f` makes of it.
    pub fn map_parts(&self, f: &mut dyn FnMut(Type) -> Type) -> Type {
        let one = |part: TypeRef, f: &mut dyn FnMut(Type) -> Type| TypeRef::new(f(*part));
        match *self {
            Type::Instance(class, args) => Type::Instance(class, args.map(f)),
            Type::Exact(class, args) => Type::Exact(class, args.map(f)),
            Type::Tuple(items) => Type::Tuple(items.map(f)),
            Type::Union(members) => Type::union(members.iter().map(|ty| f(*ty))),
            Type::ClassOf(of) => Type::class_of(f(*of)),
            Type::Method(receiver, function) => Type::Method(one(receiver, f), function),
            Type::Callable(signature) => Type::Callable(signature.map(f)),
            Type::Overloaded(signatures) => Type::Overloaded(signatures.map(f)),
            Type::Parameters(signature) => Type::Parameters(signature.map(f)),
            Type::Variadic(before, part, after) => {
                Type::Variadic(before.map(f), one(part, f), after.map(f))
            }
            Type::New(symbol, base) => Type::New(symbol, one(base, f)),
            Type::Guard(of, is) => Type::Guard(one(of, f), is),
            Type::Alias(symbol, args) => Type::Alias(symbol, args.map(f)),
            Type::TypedDict(symbol, args) => Type::TypedDict(symbol, args.map(f)),
            Type::Unpacked(of) => Type::Unpacked(one(of, f)),
            Type::Dynamic
            | Type::Never
            | Type::None
            | Type::Primitive(_)
            | Type::Literal(_)
            | Type::EnumMember(..)
            | Type::LiteralString
            | Type::Class(_)
            | Type::Function(_)
            | Type::Module(_)
            | Type::TypeVar(_)
            | Type::ParametersOf(..) => *self,
        }
    }

    /// Whether `found` holds of the type or of a part of it, however deep. The bounds of variables are no parts.
    pub fn any(&self, found: &mut dyn FnMut(&Type) -> bool) -> bool {
        if found(self) {
            return true;
        }
        let mut list = |types: &[Type]| types.iter().any(|ty| ty.any(found));
        match self {
            Type::Instance(_, parts)
            | Type::Exact(_, parts)
            | Type::Tuple(parts)
            | Type::Union(parts)
            | Type::Overloaded(parts)
            | Type::TypedDict(_, parts)
            | Type::Alias(_, parts) => list(parts),
            Type::Variadic(before, part, after) => list(before) || list(&[**part]) || list(after),
            Type::ClassOf(part)
            | Type::Method(part, _)
            | Type::New(_, part)
            | Type::Unpacked(part)
            | Type::Guard(part, _) => part.any(found),
            Type::Callable(signature) | Type::Parameters(signature) => {
                // In the order in which they are written.
                let rest = |found: &mut dyn FnMut(&Type) -> bool| match signature.rest {
                    Rest::Variable(variable) => Type::TypeVar(variable).any(found),
                    Rest::Nothing | Rest::Anything => false,
                };
                signature.params.iter().any(|p| p.ty.any(found))
                    || rest(found)
                    || signature.returns.any(found)
            }
            Type::Dynamic
            | Type::Never
            | Type::None
            | Type::Primitive(_)
            | Type::Literal(_)
            | Type::EnumMember(..)
            | Type::LiteralString
            | Type::Class(_)
            | Type::Function(_)
            | Type::Module(_)
            | Type::TypeVar(_)
            | Type::ParametersOf(..) => false,
        }
    }

    /// Whether there is a type variable in it.
    pub fn has_variables(&self) -> bool {
        self.any(&mut |ty| matches!(ty, Type::TypeVar(_) | Type::ParametersOf(..)))
    }

    /// Adds its type variables to `out`, in order and without repetition.
    pub fn collect_variables(&self, out: &mut Vec<Variable>) {
        let mut seen: FxHashSet<Variable> = out.iter().copied().collect();
        self.any(&mut |ty| {
            if let Type::TypeVar(variable) | Type::ParametersOf(variable, _) = ty {
                if seen.insert(*variable) {
                    out.push(*variable);
                }
            }
            false
        });
    }

    /// The type with each variable for which `value` gives something replaced by it. A parameter specification is given as
    /// [`Type::Parameters`], or as another variable; a variable tuple as a tuple, whose items take its place.
    pub fn substitute(&self, value: &dyn Fn(Variable) -> Option<Type>) -> Type {
        match *self {
            Type::TypeVar(variable) => value(variable).unwrap_or(*self),
            Type::ParametersOf(variable, keywords) => match value(variable) {
                Some(Type::TypeVar(other)) => Type::ParametersOf(other, keywords),
                Some(_) => Type::Dynamic,
                None => *self,
            },
            // Builtin containers hold objects.
            Type::Instance(class, args) if &*class.module == "builtins" => {
                Type::Instance(class, args.map(&mut |part| part.substitute(value).boxed()))
            }
            Type::Callable(signature) => Type::Callable(signature.substitute(value)),
            Type::Parameters(signature) => Type::Parameters(signature.substitute(value)),
            // Of a variable that stands for a tuple the items are meant.
            Type::Unpacked(of) => Type::Unpacked(of.substitute(value).into()),
            Type::Variadic(before, part, after) => {
                let map = |types: Types| -> Vec<Type> {
                    types.iter().map(|ty| ty.substitute(value)).collect()
                };
                let (mut before, mut after) = (map(before), map(after));
                match part.substitute(value) {
                    Type::Tuple(items) if matches!(*part, Type::TypeVar(_)) => {
                        before.extend(items.iter());
                        before.append(&mut after);
                        Type::Tuple(before.into())
                    }
                    Type::Variadic(own_before, own, own_after)
                        if matches!(*part, Type::TypeVar(_)) =>
                    {
                        before.extend(own_before.iter());
                        let mut rest = own_after.to_vec();
                        rest.append(&mut after);
                        Type::Variadic(before.into(), own, rest.into())
                    }
                    Type::Instance(class, args) if class.is_builtin("tuple") && args.len() == 1 => {
                        Type::variadic(before, args[0], after)
                    }
                    other => Type::variadic(before, other, after),
                }
            }
            _ => self.map_parts(&mut |part| part.substitute(value)),
        }
    }

    /// The type with its variables made dynamic.
    pub fn without_variables(&self) -> Type {
        if !self.has_variables() {
            return *self;
        }
        self.substitute(&|variable| {
            Some(match variable.is_self() {
                true => variable.upper().without_variables(),
                false => Type::Dynamic,
            })
        })
    }
}

impl Types {
    /// The list with each type replaced by what `f` makes of it.
    pub fn map(self, f: &mut dyn FnMut(Type) -> Type) -> Types {
        if self.is_empty() {
            return self;
        }
        self.iter().map(|ty| f(*ty)).collect()
    }
}

impl Signature {
    /// The signature with variables replaced, as [`Type::substitute`] does.
    pub fn substitute(self, value: &dyn Fn(Variable) -> Option<Type>) -> Signature {
        let own = self.map(&mut |ty| ty.substitute(value)).spread();
        let Rest::Variable(variable) = own.rest else {
            return own;
        };
        match value(variable) {
            None => own,
            Some(Type::Parameters(given)) => {
                let mut params = own.params.to_vec();
                params.extend(given.params.iter());
                Signature::new(params, given.rest, own.returns)
            }
            Some(Type::TypeVar(other)) => {
                Signature::new(own.params.clone(), Rest::Variable(other), own.returns)
            }
            Some(_) => Signature::new(own.params.clone(), Rest::Anything, own.returns),
        }
    }
}
