//! Signatures: the types of what can be called.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::intern::{Table, hash_of};
use super::{Name, Type, Variable};
use crate::interface::ParamKind;

/// A parameter of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name; empty where it has none.
    pub name: Name,
    /// Its kind.
    pub kind: ParamKind,
    /// Its type; of `*args: int` it is `int`.
    pub ty: Type,
    /// Whether it may be left out: it has a default value, or takes any number.
    pub optional: bool,
}

impl Parameter {
    /// A parameter that is given by position alone, as those of `Callable[[A, B], R]`.
    pub fn positional(ty: Type) -> Parameter {
        Parameter {
            name: Name::new(""),
            kind: ParamKind::PositionalOnly,
            ty,
            optional: false,
        }
    }
}

/// What a signature takes after its listed parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// Anything at all: `...`.
    Anything,
    /// What a `ParamSpec` stands for.
    Variable(Variable),
}

/// Parameters and result of a callable. Interned: copied for nothing, compared by address.
#[derive(Clone, Copy)]
pub struct Signature(&'static SignatureParts);

/// The parts of a [`Signature`], which dereferences to them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SignatureParts {
    /// Parameters in order.
    pub params: Box<[Parameter]>,
    /// What else is taken.
    pub rest: Rest,
    /// The type of the result.
    pub returns: Type,
}

static SIGNATURES: Table<SignatureParts> = Table::new();

impl Signature {
    /// The signature with these parts.
    pub fn new(params: impl Into<Box<[Parameter]>>, rest: Rest, returns: Type) -> Signature {
        let parts = SignatureParts {
            params: params.into(),
            rest,
            returns,
        };
        let hash = hash_of(&parts);
        Signature(SIGNATURES.intern(hash, |known| *known == parts, || parts.clone()))
    }

    /// `Callable[..., R]`.
    pub fn of_anything(returns: Type) -> Signature {
        Signature::new([], Rest::Anything, returns)
    }

    /// `Callable[[A, B], R]`.
    pub fn of_positional(params: impl IntoIterator<Item = Type>, returns: Type) -> Signature {
        let params: Box<[Parameter]> = params.into_iter().map(Parameter::positional).collect();
        Signature::new(params, Rest::Nothing, returns)
    }

    /// Whether it takes the items of a tuple as its arguments: `*args: *Ts`.
    pub fn takes_items(self) -> bool {
        let mut params = self.params.iter();
        params.any(|param| matches!(param.ty, Type::Unpacked(_)))
    }

    /// The same parameters with another result.
    pub fn returning(self, returns: Type) -> Signature {
        Signature::new(self.params.clone(), self.rest, returns)
    }

    /// With its first parameter, the receiver of a method, of this type.
    pub fn with_receiver(self, ty: Type) -> Signature {
        let mut params = self.params.to_vec();
        match params.first_mut() {
            Some(first)
                if matches!(
                    first.kind,
                    ParamKind::PositionalOnly | ParamKind::Positional
                ) =>
            {
                first.ty = ty;
            }
            _ => return self,
        }
        Signature::new(params, self.rest, self.returns)
    }

    /// Without its first positional parameter, as a bound method is called. A `*args` stays: it takes the receiver too.
    pub fn without_first(self) -> Signature {
        match self.params.first() {
            Some(first)
                if matches!(
                    first.kind,
                    ParamKind::PositionalOnly | ParamKind::Positional
                ) =>
            {
                Signature::new(&self.params[1..], self.rest, self.returns)
            }
            _ => self,
        }
    }

    /// The parameters that are given by position alone and have no names, if all are: what `Callable[[...], R]` can say.
    pub fn as_plain(self) -> Option<impl Iterator<Item = Type>> {
        let plain = self.rest == Rest::Nothing
            && self
                .params
                .iter()
                .all(|p| p.kind == ParamKind::PositionalOnly && p.name.is_empty() && !p.optional);
        plain.then(|| self.0.params.iter().map(|p| p.ty))
    }

    /// The same signature with `*args: *tuple[A, B]`, whose arguments are known one by one, as parameters of their own; and of `*args: *tuple[A, ...]`
    /// the element. Where nothing is known of them, anything is taken.
    pub fn spread(self) -> Signature {
        let is_open = |p: &Parameter| {
            p.kind == ParamKind::VarPositional
                && matches!(p.ty, Type::Unpacked(of) if !matches!(*of, Type::Variadic(..) | Type::TypeVar(_)))
        };
        if !self.params.iter().any(is_open) {
            return self;
        }
        let mut rest = self.rest;
        let mut params = Vec::with_capacity(self.params.len() + 1);
        for param in &self.params {
            match param.ty {
                Type::Unpacked(of) if is_open(param) => match *of {
                    Type::Tuple(items) => {
                        // What comes before is given by position alone then: nothing can follow a name.
                        for before in &mut params {
                            let before: &mut Parameter = before;
                            if before.kind == ParamKind::Positional && !items.is_empty() {
                                before.kind = ParamKind::PositionalOnly;
                            }
                        }
                        params.extend(items.iter().map(|ty| Parameter::positional(*ty)));
                    }
                    Type::Instance(_, args) if args.first().is_some_and(|ty| !ty.is_dynamic()) => {
                        params.push(Parameter {
                            ty: args[0],
                            ..*param
                        });
                    }
                    _ => rest = Rest::Anything,
                },
                _ => params.push(*param),
            }
        }
        Signature::new(params, rest, self.returns)
    }

    /// The same signature with every type in it replaced.
    pub fn map(self, f: &mut dyn FnMut(Type) -> Type) -> Signature {
        let params: Box<[Parameter]> = self
            .params
            .iter()
            .map(|p| Parameter { ty: f(p.ty), ..*p })
            .collect();
        let returns = f(self.returns);
        if *params == *self.params && returns == self.returns {
            return self;
        }
        Signature::new(params, self.rest, returns)
    }
}

impl Deref for Signature {
    type Target = SignatureParts;
    fn deref(&self) -> &SignatureParts {
        self.0
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Signature) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Signature {}

// By content, so that a table is walked alike in every process.
impl Hash for Signature {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.params.len().hash(state);
        self.returns.hash(state);
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        let parts = SignatureParts::deserialize(deserializer)?;
        Ok(Signature::new(parts.params, parts.rest, parts.returns))
    }
}
