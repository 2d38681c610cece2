//! Which way the arguments of generic classes are compared.

use crate::infer::world::World;
use crate::interface::{FunctionKind, Member};
use crate::types::{Signature, Symbol, Type, Variable, VariableKind, Variance};

/// How an argument of a class is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    /// As the instances are: covariant.
    Same,
    /// The other way round: contravariant.
    Opposite,
    /// Both ways: invariant.
    Neither,
    /// Not at all: the class does not use it.
    Any,
}

impl Direction {
    /// Of something inside of something.
    fn inside(self, outer: Direction) -> Direction {
        match (self, outer) {
            (Direction::Any, _) | (_, Direction::Any) => Direction::Any,
            (Direction::Neither, _) | (_, Direction::Neither) => Direction::Neither,
            (a, b) if a == b => Direction::Same,
            _ => Direction::Opposite,
        }
    }

    /// Of two uses.
    fn and(self, other: Direction) -> Direction {
        match (self, other) {
            (Direction::Any, d) | (d, Direction::Any) => d,
            (a, b) if a == b => a,
            _ => Direction::Neither,
        }
    }
}

impl World<'_> {
    /// How argument `index` of `class` is compared.
    pub(crate) fn direction(&self, class: &Symbol, index: usize) -> Direction {
        let Some(interface) = self.class(class) else {
            return Direction::Same;
        };
        let Some(variable) = interface.type_params.get(index).copied() else {
            return Direction::Neither;
        };
        if variable.kind == VariableKind::Tuple {
            return Direction::Same;
        }
        match variable.variance {
            Variance::Covariant => Direction::Same,
            Variance::Contravariant => Direction::Opposite,
            Variance::Invariant => Direction::Neither,
            Variance::Inferred => {
                if let Some(known) = self.directions.borrow().get(&(*class, index)) {
                    return *known;
                }
                // A class that mentions itself is as its other uses say.
                self.directions
                    .borrow_mut()
                    .insert((*class, index), Direction::Any);
                let found = self.inferred(class, variable);
                self.directions.borrow_mut().insert((*class, index), found);
                found
            }
        }
    }

    /// The variance that the uses of a type parameter in a class give it; nothing where that would not differ from what is declared.
    pub(crate) fn variance_of_uses(&self, class: &Symbol, variable: Variable) -> Option<Variance> {
        Some(match self.uses(class, variable) {
            Direction::Same => Variance::Covariant,
            Direction::Opposite => Variance::Contravariant,
            Direction::Neither => Variance::Invariant,
            // Used nowhere: any variance is right, and of those the widest is covariant.
            Direction::Any if variable.variance == Variance::Invariant => Variance::Covariant,
            Direction::Any => return None,
        })
    }

    fn inferred(&self, class: &Symbol, variable: Variable) -> Direction {
        match self.uses(class, variable) {
            // Used nowhere: either way would do; it is taken to be covariant, as other checkers do.
            Direction::Any => Direction::Same,
            found => found,
        }
    }

    fn uses(&self, class: &Symbol, variable: Variable) -> Direction {
        let Some(interface) = self.class(class) else {
            return Direction::Same;
        };
        let mut found = Direction::Any;
        for base in &interface.bases {
            found = found.and(self.use_of(base, variable, Direction::Same));
        }
        for (name, member) in &interface.members {
            let is_private = name.starts_with('_') && !name.ends_with("__");
            match member {
                Member::Field { ty, is_final } => {
                    let way = if *is_final || is_private {
                        Direction::Same
                    } else {
                        Direction::Neither
                    };
                    found = found.and(self.use_of(ty, variable, way));
                }
                Member::ClassVar { ty } => {
                    found = found.and(self.use_of(ty, variable, Direction::Neither));
                }
                Member::Property { getter, setter } => {
                    for symbol in std::iter::once(getter).chain(setter) {
                        found = found.and(self.use_in_function(symbol, variable));
                    }
                }
                Member::Method(symbol) => {
                    if !matches!(&**name, "__init__" | "__new__") {
                        found = found.and(self.use_in_function(symbol, variable));
                    }
                }
                Member::Class(_) | Member::Dynamic => {}
            }
        }
        found
    }

    fn use_in_function(&self, symbol: &Symbol, variable: Variable) -> Direction {
        let mut found = Direction::Any;
        for function in self.overloads(symbol) {
            let signature = Signature::of(&function);
            let skip = usize::from(function.kind != FunctionKind::StaticMethod);
            for param in signature.params.iter().skip(skip) {
                found = found.and(self.use_of(&param.ty, variable, Direction::Opposite));
            }
            found = found.and(self.use_of(&signature.returns, variable, Direction::Same));
            if signature.rest == crate::types::Rest::Variable(variable) {
                found = found.and(Direction::Same);
            }
        }
        found
    }

    /// How `variable` is used in `ty`, which itself is used the way `way`.
    pub(crate) fn use_of(&self, ty: &Type, variable: Variable, way: Direction) -> Direction {
        match ty {
            Type::TypeVar(own) if *own == variable => way,
            Type::Instance(class, args) | Type::Exact(class, args) => {
                let mut found = Direction::Any;
                for (i, arg) in args.iter().enumerate() {
                    if arg.has_variables() {
                        let inner = self.direction(class, i).inside(way);
                        found = found.and(self.use_of(arg, variable, inner));
                    }
                }
                found
            }
            Type::Callable(signature) | Type::Parameters(signature) => {
                let mut found = self.use_of(&signature.returns, variable, way);
                let inner = Direction::Opposite.inside(way);
                for param in &signature.params {
                    found = found.and(self.use_of(&param.ty, variable, inner));
                }
                // Parameters are compared as the callables that have them are.
                if signature.rest == crate::types::Rest::Variable(variable) {
                    found = found.and(way);
                }
                found
            }
            other => {
                let mut found = Direction::Any;
                other.map_parts(&mut |part| {
                    found = found.and(self.use_of(&part, variable, way));
                    part
                });
                found
            }
        }
    }
}
