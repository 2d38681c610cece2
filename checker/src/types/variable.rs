//! Type variables.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::intern::{Table, hash_of};
use super::{Name, Symbol, Type, TypeRef, Types};

/// What a type variable stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum VariableKind {
    /// `TypeVar`: a type.
    Type,
    /// `ParamSpec`: a list of parameters.
    Parameters,
    /// `TypeVarTuple`: any number of types.
    Tuple,
}

/// How subtypes of `C[A]` and `C[B]` follow from those of `A` and `B`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Variance {
    /// Not at all: the arguments must be the same.
    Invariant,
    /// The same way.
    Covariant,
    /// The other way round.
    Contravariant,
    /// As the uses in the class say (PEP 695).
    Inferred,
}

/// A type variable: what it is called, whose it is, and what it may stand for. Interned: copied for nothing, compared by address.
///
/// The owner tells `T` of one function from `T` of another, which may be called with a value of the first's `T`.
#[derive(Clone, Copy)]
pub struct Variable(&'static VariableParts);

/// The parts of a [`Variable`], which dereferences to them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct VariableParts {
    /// Its name.
    pub name: Name,
    /// The class or function (or alias) whose parameter it is; nothing before it is used in one.
    pub owner: Option<Symbol>,
    /// What it stands for.
    pub kind: VariableKind,
    /// The type of which its values are.
    pub bound: Option<TypeRef>,
    /// The types that it may be, if it may be these only.
    pub constraints: Types,
    /// What it is where nothing is given.
    pub default: Option<TypeRef>,
    /// Its variance.
    pub variance: Variance,
}

static VARIABLES: Table<VariableParts> = Table::new();

impl Variable {
    /// The variable with these parts.
    pub fn new(parts: VariableParts) -> Variable {
        let hash = hash_of(&parts);
        Variable(VARIABLES.intern(hash, |known| *known == parts, || parts.clone()))
    }

    /// A plain variable without an owner, a bound or anything else.
    pub fn plain(name: Name) -> Variable {
        Variable::new(VariableParts {
            name,
            owner: None,
            kind: VariableKind::Type,
            bound: None,
            constraints: Types::none(),
            default: None,
            variance: Variance::Invariant,
        })
    }

    /// The same variable as a parameter of `owner`.
    pub fn owned_by(self, owner: Symbol) -> Variable {
        if self.owner == Some(owner) {
            return self;
        }
        Variable::new(VariableParts {
            owner: Some(owner),
            ..self.0.clone()
        })
    }

    /// The same variable as one of a signature that stands alone.
    pub fn without_owner(self) -> Variable {
        Variable::new(VariableParts {
            owner: None,
            ..self.0.clone()
        })
    }

    /// The type of which all its values are: its bound, the union of its constraints, or `object`. Of a parameter specification
    /// and of a variable tuple nothing is known.
    pub fn upper(self) -> Type {
        match self.kind {
            VariableKind::Parameters | VariableKind::Tuple => Type::Dynamic,
            VariableKind::Type => match self.bound {
                Some(bound) => *bound,
                None if self.constraints.is_empty() => Type::object(),
                None => Type::union(self.constraints.iter().copied()),
            },
        }
    }

    /// `Self` in class `class`, whose type parameters are `params`: a variable of the class, bound to its instances.
    pub fn self_of(class: Symbol, params: &[Variable]) -> Variable {
        let args: Types = params.iter().map(|own| Type::TypeVar(*own)).collect();
        Variable::self_in(class, Type::Instance(class, args))
    }

    /// `Self` in class `class`, of which it is known that it is an `instance`.
    pub fn self_in(class: Symbol, instance: Type) -> Variable {
        Variable::new(VariableParts {
            name: Name::new("Self"),
            owner: Some(class),
            kind: VariableKind::Type,
            bound: Some(instance.into()),
            constraints: Types::none(),
            default: None,
            variance: Variance::Invariant,
        })
    }

    /// Whether it is `Self`.
    pub fn is_self(self) -> bool {
        &*self.name == "Self"
            && matches!(
                self.bound.as_deref(),
                Some(Type::Instance(class, _)) if self.owner == Some(*class)
            )
    }

    /// Whether it says nothing of its values.
    pub fn is_free(self) -> bool {
        self.bound.is_none() && self.constraints.is_empty()
    }
}

impl Deref for Variable {
    type Target = VariableParts;
    fn deref(&self) -> &VariableParts {
        self.0
    }
}

impl PartialEq for Variable {
    fn eq(&self, other: &Variable) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Variable {}

// By content, so that a table is walked alike in every process. Names and owners tell nearly all of them apart.
impl Hash for Variable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.owner.hash(state);
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner {
            Some(owner) => write!(f, "{}@{owner}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl Serialize for Variable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Variable, D::Error> {
        VariableParts::deserialize(deserializer).map(Variable::new)
    }
}
