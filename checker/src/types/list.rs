//! Interned types and lists of types: the parts of a type.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Type;
use super::intern::{Table, hash_of};

/// A list of types. Interned: copied for nothing, compared by address.
#[derive(Clone, Copy)]
pub struct Types(&'static List);

/// What a [`Types`] refers to.
struct List {
    items: Box<[Type]>,
    hash: u64,
}

static LISTS: Table<List> = Table::new();

impl Types {
    /// The list of these types.
    pub fn new(types: &[Type]) -> Types {
        let hash = hash_of(types);
        Types(LISTS.intern(
            hash,
            |known| *known.items == *types,
            || List {
                items: types.into(),
                hash,
            },
        ))
    }

    /// No types.
    pub fn none() -> Types {
        static NONE: LazyLock<Types> = LazyLock::new(|| Types::new(&[]));
        *NONE
    }

    /// The types, for as long as the process lives.
    pub fn as_slice(self) -> &'static [Type] {
        &self.0.items
    }
}

impl PartialEq for Types {
    fn eq(&self, other: &Types) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Types {}

// By content, so that a table is walked alike in every process.
impl Hash for Types {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl Deref for Types {
    type Target = [Type];
    fn deref(&self) -> &[Type] {
        &self.0.items
    }
}

impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.items, f)
    }
}

impl From<Vec<Type>> for Types {
    fn from(types: Vec<Type>) -> Types {
        Types::new(&types)
    }
}

impl From<&[Type]> for Types {
    fn from(types: &[Type]) -> Types {
        Types::new(types)
    }
}

impl<const N: usize> From<[Type; N]> for Types {
    fn from(types: [Type; N]) -> Types {
        Types::new(&types)
    }
}

impl FromIterator<Type> for Types {
    fn from_iter<I: IntoIterator<Item = Type>>(types: I) -> Types {
        Types::new(&types.into_iter().collect::<smallvec::SmallVec<[Type; 4]>>())
    }
}

impl<'a> IntoIterator for &'a Types {
    type Item = &'a Type;
    type IntoIter = std::slice::Iter<'a, Type>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.items.iter()
    }
}

impl Serialize for Types {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.items.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Types, D::Error> {
        Vec::<Type>::deserialize(deserializer).map(Types::from)
    }
}

/// A type inside of another. Interned: copied for nothing, compared by address.
#[derive(Clone, Copy)]
pub struct TypeRef(&'static Type);

static TYPES: Table<Type> = Table::new();

impl TypeRef {
    /// A reference to this type.
    pub fn new(ty: Type) -> TypeRef {
        TypeRef(TYPES.intern(hash_of(&ty), |known| *known == ty, || ty))
    }
}

impl From<Type> for TypeRef {
    fn from(ty: Type) -> TypeRef {
        TypeRef::new(ty)
    }
}

impl PartialEq for TypeRef {
    fn eq(&self, other: &TypeRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for TypeRef {}

impl Hash for TypeRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Deref for TypeRef {
    type Target = Type;
    fn deref(&self) -> &Type {
        self.0
    }
}

impl fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

impl Serialize for TypeRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TypeRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TypeRef, D::Error> {
        Type::deserialize(deserializer).map(TypeRef::new)
    }
}
