//! Types as the checker knows them, and how a value of each is held in compiled code.
//!
//! A type holds no source position and no database id: two types are equal when they mean the same, in every revision and
//! every process, so that a module interface made of them can be compared, cached and stored. Classes and functions are
//! named by [`Symbol`]; what a symbol means is asked of the module interface that defines it.

mod constant;
mod display;
mod intern;
mod list;
mod name;
mod primitive;

pub use constant::Constant;
pub use list::{TypeRef, Types};
pub use name::{Name, Symbol, SymbolParts};
pub use primitive::Primitive;

/// A type. Its parts are interned, so it is copied for nothing and compared without looking inside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Type {
    /// Unannotated or unknown, or `Any`: Python's own rules at run time.
    Dynamic,
    /// No value.
    Never,
    /// `None`.
    None,
    /// A fixed-width number.
    Primitive(Primitive),
    /// An instance of a class or of a subclass, with the arguments of a generic class (`list[int]`); a bare `list` has none.
    /// `int`, `float`, `bool`, `str`, `object` … are instances of `builtins:int` and so on.
    Instance(Symbol, Types),
    /// An instance of exactly this class, as after a constructor call, a display (`[1]`) or `type(x) is C`.
    Exact(Symbol, Types),
    /// A tuple of known length.
    Tuple(Types),
    /// Any of these; flat, without duplicates, at least two.
    Union(Types),
    /// One value.
    Literal(#[serde(with = "constant::by_value")] &'static Constant),
    /// The class itself or a subclass: `type[C]`, or the name `C` as an expression.
    Class(Symbol),
    /// A known function (a `def`), as an expression.
    Function(Symbol),
    /// A known module, as an expression.
    Module(Name),
    /// `Callable[[...], R]`; parameter types are `None` for `...`.
    Callable(Option<Types>, TypeRef),
    /// A type variable, by name; checked by its bound.
    TypeVar(Name, Option<TypeRef>),
}

/// How a value is held in compiled code: `LANGUAGE.md` section 3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Held {
    /// A pointer to a Python object.
    Object,
    /// A Python int in one word: small inline, else a pointer.
    Int,
    /// A machine integer or float.
    Primitive(Primitive),
}

impl Type {
    /// An instance of `builtins:name`, without arguments.
    pub fn builtin(name: &str) -> Type {
        Type::Instance(Symbol::new("builtins", name), Types::none())
    }
    /// `int`
    pub fn int() -> Type {
        Type::builtin("int")
    }
    /// `float`
    pub fn float() -> Type {
        Type::builtin("float")
    }
    /// `bool`
    pub fn bool() -> Type {
        Type::builtin("bool")
    }
    /// `str`
    pub fn str() -> Type {
        Type::builtin("str")
    }
    /// `object`
    pub fn object() -> Type {
        Type::builtin("object")
    }
    /// The type of this one value.
    pub fn literal(value: &Constant) -> Type {
        Type::Literal(value.interned())
    }
    /// Exactly a `builtins:name[args]`, as a display makes one.
    pub fn exact_builtin(name: &str, args: impl Into<Types>) -> Type {
        Type::Exact(Symbol::new("builtins", name), args.into())
    }

    /// The class of an instance type (exact or not); fixed tuples are `builtins:tuple`, literals their value's class.
    pub fn class(&self) -> Option<Symbol> {
        match self {
            Type::Instance(c, _) | Type::Exact(c, _) => Some(*c),
            Type::Tuple(_) => Some(Symbol::new("builtins", "tuple")),
            Type::Literal(c) => Some(Symbol::new(
                "builtins",
                match c {
                    Constant::None => "NoneType",
                    Constant::Ellipsis => "ellipsis",
                    Constant::Bool(_) => "bool",
                    Constant::Int(_) | Constant::BigInt(_) => "int",
                    Constant::Float(_) => "float",
                    Constant::Imaginary(_) => "complex",
                    Constant::Str(_) => "str",
                    Constant::Bytes(_) => "bytes",
                    Constant::Tuple(_) => "tuple",
                },
            )),
            _ => None,
        }
    }

    /// Whether this is an instance (exact, literal or not) of `builtins:name`.
    pub fn is_builtin(&self, name: &str) -> bool {
        self.class().is_some_and(|c| c.is_builtin(name))
    }

    /// Whether nothing is known.
    pub fn is_dynamic(&self) -> bool {
        matches!(self, Type::Dynamic)
    }

    /// How a value of this type is held.
    pub fn held(&self) -> Held {
        match self {
            Type::Primitive(p) => Held::Primitive(*p),
            t if t.is_builtin("int") => Held::Int,
            t if t.is_builtin("float") => Held::Primitive(Primitive::Double),
            t if t.is_builtin("bool") => Held::Primitive(Primitive::CBool),
            _ => Held::Object,
        }
    }

    /// The union of two types: flat, without duplicates; `Dynamic` absorbs, `Never` vanishes. Does not know subclasses.
    pub fn union(types: impl IntoIterator<Item = Type>) -> Type {
        let mut members: Vec<Type> = Vec::new();
        for ty in types {
            match ty {
                Type::Dynamic => return Type::Dynamic,
                Type::Never => {}
                Type::Union(inner) => {
                    for t in inner.iter() {
                        if !members.contains(t) {
                            members.push(*t);
                        }
                    }
                }
                t if members.contains(&t) => {}
                t => members.push(t),
            }
        }
        match members.len() {
            0 => Type::Never,
            1 => members.remove(0),
            _ => Type::Union(members.into()),
        }
    }

    /// The members of a union, or the type alone.
    pub fn members(&self) -> &[Type] {
        match self {
            Type::Union(m) => m,
            t => std::slice::from_ref(t),
        }
    }

    /// Whether `None` is among its values (a dynamic type may hold it too, but is not said to).
    pub fn includes_none(&self) -> bool {
        self.members().contains(&Type::None)
    }

    /// The type without `None`.
    pub fn without_none(&self) -> Type {
        Type::union(self.members().iter().filter(|t| **t != Type::None).cloned())
    }
}
