//! Values known when compiling.

use std::fmt;
use std::sync::Arc;

use super::intern::{Table, hash_of};

/// A value known when compiling.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Constant {
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// `True`, `False`
    Bool(bool),
    /// An int that fits 64 bits.
    Int(i64),
    /// Any other int, in decimal.
    BigInt(Arc<str>),
    /// A float, by its bits so that equality is identity.
    Float(u64),
    /// A complex number's imaginary part, by its bits.
    Imaginary(u64),
    /// A string; lone surrogates cannot be held and make the function fall back.
    Str(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A tuple of constants.
    Tuple(Arc<[Constant]>),
}

impl Eq for Constant {}

impl std::hash::Hash for Constant {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Constant::None | Constant::Ellipsis => {}
            Constant::Bool(v) => v.hash(state),
            Constant::Int(v) => v.hash(state),
            Constant::BigInt(v) | Constant::Str(v) => v.hash(state),
            Constant::Float(v) | Constant::Imaginary(v) => v.hash(state),
            Constant::Bytes(v) => v.hash(state),
            Constant::Tuple(v) => v.hash(state),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constant::None => f.write_str("None"),
            Constant::Ellipsis => f.write_str("..."),
            Constant::Bool(v) => f.write_str(if *v { "True" } else { "False" }),
            Constant::Int(v) => write!(f, "{v}"),
            Constant::BigInt(v) => f.write_str(v),
            Constant::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Constant::Imaginary(bits) => write!(f, "{:?}j", f64::from_bits(*bits)),
            Constant::Str(v) => write!(f, "{v:?}"),
            Constant::Bytes(v) => {
                f.write_str("b\"")?;
                for b in v.iter() {
                    write!(f, "{}", std::ascii::escape_default(*b))?;
                }
                f.write_str("\"")
            }
            Constant::Tuple(items) => {
                f.write_str("(")?;
                for item in items.iter() {
                    write!(f, "{item}, ")?;
                }
                f.write_str(")")
            }
        }
    }
}

static CONSTANTS: Table<Constant> = Table::new();

impl Constant {
    /// Whether a `Literal` may hold it. `None` is a type of its own.
    pub fn is_literal(&self) -> bool {
        matches!(
            self,
            Constant::Bool(_)
                | Constant::Int(_)
                | Constant::BigInt(_)
                | Constant::Str(_)
                | Constant::Bytes(_)
        )
    }

    /// The one copy of this constant that lives as long as the process: the value of a literal type.
    pub fn interned(&self) -> &'static Constant {
        CONSTANTS.intern(hash_of(self), |known| known == self, || self.clone())
    }
}

/// How the constant of a literal type is stored: by value.
pub(super) mod by_value {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Constant;

    pub(in super::super) fn serialize<S: Serializer>(
        value: &&'static Constant,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*value).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<&'static Constant, D::Error> {
        Constant::deserialize(deserializer).map(|value| value.interned())
    }
}
