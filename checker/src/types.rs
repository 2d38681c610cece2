//! Types as the checker knows them, and how a value of each is held in compiled code.
//!
//! A type holds no source position and no database id: two types are equal when they mean the same, in every revision and
//! every process, so that a module interface made of them can be compared, cached and stored. Classes and functions are
//! named by [`Symbol`]; what a symbol means is asked of the module interface that defines it.

use std::fmt;
use std::sync::Arc;

/// A name: of a module (`pkg.mod`), of a variable, a qualified name (`C.method`). Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Name(Arc<str>);

impl Name {
    /// The name with this text.
    pub fn new(text: impl AsRef<str>) -> Name {
        Name(Arc::from(text.as_ref()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A class or function by where it is defined: the module and the qualified name inside it, written `pkg.mod:C.method`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Symbol {
    /// The defining module's full dotted name; `builtins` for builtins.
    pub module: Name,
    /// The qualified name inside the module (`__qualname__` without `<locals>` parts).
    pub qualname: Name,
}

impl Symbol {
    /// The symbol `module:qualname`.
    pub fn new(module: impl AsRef<str>, qualname: impl AsRef<str>) -> Symbol {
        Symbol {
            module: Name::new(module),
            qualname: Name::new(qualname),
        }
    }

    /// Whether this is `builtins:name`.
    pub fn is_builtin(&self, name: &str) -> bool {
        &*self.module == "builtins" && &*self.qualname == name
    }

    /// The last part of the qualified name.
    pub fn name(&self) -> &str {
        self.qualname.rsplit('.').next().unwrap_or(&self.qualname)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.module, self.qualname)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A fixed-width type of `__static__`. `double` and `float` are held alike, but only `double` is a primitive.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub enum Primitive {
    /// `int8`; `char` is a `char` of its own in messages but behaves as `int8`.
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`, `ssize_t`
    Int64,
    /// `uint8`
    UInt8,
    /// `uint16`
    UInt16,
    /// `uint32`
    UInt32,
    /// `uint64`, `size_t`
    UInt64,
    /// `double`
    Double,
    /// `single`
    Single,
    /// `cbool`
    CBool,
}

impl Primitive {
    /// Every primitive with its name in `__static__`; other names of the same type are in [`Primitive::from_name`].
    pub const ALL: [(Primitive, &'static str); 11] = [
        (Primitive::Int8, "int8"),
        (Primitive::Int16, "int16"),
        (Primitive::Int32, "int32"),
        (Primitive::Int64, "int64"),
        (Primitive::UInt8, "uint8"),
        (Primitive::UInt16, "uint16"),
        (Primitive::UInt32, "uint32"),
        (Primitive::UInt64, "uint64"),
        (Primitive::Double, "double"),
        (Primitive::Single, "single"),
        (Primitive::CBool, "cbool"),
    ];

    /// The primitive that `__static__` calls `name`.
    pub fn from_name(name: &str) -> Option<Primitive> {
        match name {
            "char" => Some(Primitive::Int8),
            "ssize_t" => Some(Primitive::Int64),
            "size_t" => Some(Primitive::UInt64),
            _ => Primitive::ALL
                .iter()
                .find(|(_, n)| *n == name)
                .map(|(p, _)| *p),
        }
    }

    /// Its name in `__static__`.
    pub fn name(self) -> &'static str {
        Primitive::ALL
            .iter()
            .find(|(p, _)| *p == self)
            .map_or("", |(_, n)| n)
    }

    /// Width in bits.
    pub fn bits(self) -> u32 {
        match self {
            Primitive::Int8 | Primitive::UInt8 | Primitive::CBool => 8,
            Primitive::Int16 | Primitive::UInt16 => 16,
            Primitive::Int32 | Primitive::UInt32 | Primitive::Single => 32,
            Primitive::Int64 | Primitive::UInt64 | Primitive::Double => 64,
        }
    }

    /// One of the eight integer types.
    pub fn is_integer(self) -> bool {
        !matches!(
            self,
            Primitive::Double | Primitive::Single | Primitive::CBool
        )
    }

    /// A signed integer type.
    pub fn is_signed(self) -> bool {
        matches!(
            self,
            Primitive::Int8 | Primitive::Int16 | Primitive::Int32 | Primitive::Int64
        )
    }

    /// The smallest and the largest value of an integer type (0 and 1 for `cbool`); `None` for floating types.
    pub fn range(self) -> Option<(i128, i128)> {
        match self {
            Primitive::Double | Primitive::Single => None,
            Primitive::CBool => Some((0, 1)),
            p if p.is_signed() => Some((-(1i128 << (p.bits() - 1)), (1i128 << (p.bits() - 1)) - 1)),
            p => Some((0, (1i128 << p.bits()) - 1)),
        }
    }
}

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

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
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
    Instance(Symbol, Arc<[Type]>),
    /// An instance of exactly this class, as after a constructor call, a display (`[1]`) or `type(x) is C`.
    Exact(Symbol, Arc<[Type]>),
    /// A tuple of known length.
    Tuple(Arc<[Type]>),
    /// Any of these; flat, without duplicates, at least two.
    Union(Arc<[Type]>),
    /// One value.
    Literal(Constant),
    /// The class itself or a subclass: `type[C]`, or the name `C` as an expression.
    Class(Symbol),
    /// A known function (a `def`), as an expression.
    Function(Symbol),
    /// A known module, as an expression.
    Module(Name),
    /// `Callable[[...], R]`; parameter types are `None` for `...`.
    Callable(Option<Arc<[Type]>>, Arc<Type>),
    /// A type variable, by name; checked by its bound.
    TypeVar(Name, Option<Arc<Type>>),
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
        Type::Instance(Symbol::new("builtins", name), Arc::from([]))
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
    /// Exactly a `builtins:name[args]`, as a display makes one.
    pub fn exact_builtin(name: &str, args: impl Into<Arc<[Type]>>) -> Type {
        Type::Exact(Symbol::new("builtins", name), args.into())
    }

    /// The class of an instance type (exact or not); fixed tuples are `builtins:tuple`, literals their value's class.
    pub fn class(&self) -> Option<Symbol> {
        match self {
            Type::Instance(c, _) | Type::Exact(c, _) => Some(c.clone()),
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
                            members.push(t.clone());
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

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Type], sep: &str| -> fmt::Result {
            for (i, t) in items.iter().enumerate() {
                if i > 0 {
                    f.write_str(sep)?;
                }
                write!(f, "{t}")?;
            }
            Ok(())
        };
        match self {
            Type::Dynamic => f.write_str("dynamic"),
            Type::Never => f.write_str("Never"),
            Type::None => f.write_str("None"),
            Type::Primitive(p) => f.write_str(p.name()),
            Type::Instance(c, args) | Type::Exact(c, args) => {
                f.write_str(c.name())?;
                if !args.is_empty() {
                    f.write_str("[")?;
                    list(f, args, ", ")?;
                    if c.is_builtin("tuple") && args.len() == 1 {
                        f.write_str(", ...")?;
                    }
                    f.write_str("]")?;
                }
                Ok(())
            }
            Type::Tuple(items) if items.is_empty() => f.write_str("tuple[()]"),
            Type::Tuple(items) => {
                f.write_str("tuple[")?;
                list(f, items, ", ")?;
                f.write_str("]")
            }
            Type::Union(members) => list(f, members, " | "),
            Type::Literal(c) => write!(f, "Literal[{c}]"),
            Type::Class(c) => write!(f, "type[{}]", c.name()),
            Type::Function(s) => write!(f, "function {}", s.qualname),
            Type::Module(m) => write!(f, "module {m}"),
            Type::Callable(None, r) => write!(f, "Callable[..., {r}]"),
            Type::Callable(Some(params), r) => {
                f.write_str("Callable[[")?;
                list(f, params, ", ")?;
                write!(f, "], {r}]")
            }
            Type::TypeVar(name, _) => f.write_str(name),
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
