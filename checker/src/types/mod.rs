//! Types as the checker knows them, and how a value of each is held in compiled code.
//!
//! A type holds no source position and no database id: two types are equal when they mean the same, in every revision and
//! every process, so that a module interface made of them can be compared, cached and stored. Classes and functions are
//! named by [`Symbol`]; what a symbol means is asked of the module interface that defines it.

use smallvec::SmallVec;

mod constant;
mod display;
mod intern;
mod known;
mod list;
mod name;
mod primitive;
mod signature;
mod variable;
mod walk;

pub use constant::Constant;
pub use list::{TypeRef, Types};
pub use name::{Name, Symbol, SymbolParts};
pub use primitive::Primitive;
pub use signature::{Parameter, Rest, Signature, SignatureParts};
pub use variable::{Variable, VariableKind, VariableParts, Variance};

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
    /// A member of an enumeration: its class and its name.
    EnumMember(Symbol, Name),
    /// A string made of literals alone (PEP 675).
    LiteralString,
    /// The class itself or a subclass: `type[C]`, or the name `C` as an expression.
    Class(Symbol),
    /// `type[T]` of anything but a class without arguments: of a type variable, of `C[A]`.
    ClassOf(TypeRef),
    /// A known function (a `def`), as an expression.
    Function(Symbol),
    /// A known function that was read from a receiver of this type.
    Method(TypeRef, Symbol),
    /// A known module, as an expression.
    Module(Name),
    /// `Callable[[...], R]`, and any other callable of which the signature is known.
    Callable(Signature),
    /// A callable with several signatures, tried in order.
    Overloaded(Types),
    /// A type variable; checked by its bound.
    TypeVar(Variable),
    /// `*args: P.args` (`false`) or `**kwargs: P.kwargs` (`true`).
    ParametersOf(Variable, bool),
    /// What stands for a parameter specification among type arguments: `[int, str]` in `C[[int, str]]`.
    Parameters(Signature),
    /// A tuple with a part of unknown length: what comes before, the part (the element type of any number of items, or a
    /// variable tuple), what comes after. `tuple[T, ...]` alone is an instance of `builtins:tuple`.
    Variadic(Types, TypeRef, Types),
    /// A type of its own at check time, `NewType`: its name, and the type that its values have at run time.
    New(Symbol, TypeRef),
    /// A typed dictionary, with the arguments of a generic one: at run time a dict. Its items are asked of the class.
    TypedDict(Symbol, Types),
    /// What a parameter is declared as whose arguments are the parts of a type: of `*args: *T` they are the items of the tuple `T`, of
    /// `**kwargs: Unpack[T]` those of the typed dictionary.
    Unpacked(TypeRef),
    /// `TypeGuard[T]` (`false`) or `TypeIs[T]` (`true`), as the result of a function: a `bool` that says something of an argument.
    Guard(TypeRef, bool),
    /// A use of an alias inside of its own definition, with its arguments: what it stands for is asked of the alias.
    Alias(Symbol, Types),
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

impl Primitive {
    /// The type of the object that it becomes where objects are held.
    pub fn boxed(self) -> Type {
        match self {
            Primitive::Double | Primitive::Single => Type::float(),
            Primitive::CBool => Type::bool(),
            _ => Type::int(),
        }
    }
}

impl Type {
    /// The type of this one value.
    pub fn literal(value: &Constant) -> Type {
        Type::Literal(value.interned())
    }
    /// A callable of which nothing more is known.
    pub fn any_callable() -> Type {
        Type::Callable(Signature::of_anything(Type::Dynamic))
    }
    /// `type[T]`.
    pub fn class_of(ty: Type) -> Type {
        match ty {
            Type::Instance(class, args) | Type::Exact(class, args) if args.is_empty() => {
                Type::Class(class)
            }
            Type::Union(members) => Type::union(members.iter().map(|ty| Type::class_of(*ty))),
            Type::Dynamic => Type::builtin("type"),
            Type::Never => Type::Never,
            other => Type::ClassOf(other.into()),
        }
    }
    /// A tuple of `before`, any number of `part` (or what the variable tuple `part` stands for), and `after`.
    pub fn variadic(before: Vec<Type>, part: Type, after: Vec<Type>) -> Type {
        let is_variable =
            matches!(part, Type::TypeVar(variable) if variable.kind == VariableKind::Tuple);
        if before.is_empty() && after.is_empty() && !is_variable {
            return Type::Instance(known::builtin("tuple"), [part].into());
        }
        Type::Variadic(before.into(), part.into(), after.into())
    }

    /// The class of an instance type (exact or not); fixed tuples are `builtins:tuple`, literals their value's class.
    pub fn class(&self) -> Option<Symbol> {
        match self {
            Type::Instance(c, _) | Type::Exact(c, _) | Type::EnumMember(c, _) => Some(*c),
            Type::Tuple(_) | Type::Variadic(..) => Some(known::builtin("tuple")),
            Type::LiteralString => Some(known::builtin("str")),
            Type::TypedDict(..) => Some(known::builtin("dict")),
            Type::Guard(..) => Some(known::builtin("bool")),
            Type::New(_, base) => base.class(),
            Type::Literal(c) => Some(known::builtin(match c {
                Constant::None => "NoneType",
                Constant::Ellipsis => "ellipsis",
                Constant::Bool(_) => "bool",
                Constant::Int(_) | Constant::BigInt(_) => "int",
                Constant::Float(_) => "float",
                Constant::Imaginary(_) => "complex",
                Constant::Str(_) => "str",
                Constant::Bytes(_) => "bytes",
                Constant::Tuple(_) => "tuple",
            })),
            _ => None,
        }
    }

    /// The type as an instance of a class, for what is known at check time as something narrower: a member of an enumeration,
    /// a new type, a literal string, a typed dictionary, a tuple with a part of unknown length. Any other type is itself.
    pub fn as_instance(&self) -> Type {
        match self {
            Type::EnumMember(class, _) => Type::Instance(*class, Types::none()),
            Type::LiteralString => Type::str(),
            Type::TypedDict(..) => Type::builtin("dict"),
            Type::Guard(..) => Type::bool(),
            Type::New(_, base) => base.as_instance(),
            Type::Variadic(before, part, after) => {
                let part = match **part {
                    Type::TypeVar(_) => Type::object(),
                    part => part,
                };
                let items = before.iter().chain(after).copied().chain([part]);
                let items = Type::union(items);
                Type::Instance(known::builtin("tuple"), [items].into())
            }
            other => *other,
        }
    }

    /// What of the type a check at run time covers (`LANGUAGE.md` section 11): the only forms that bytecode and boundaries see.
    /// They are `Dynamic`, `Never`, `None`, primitives, instances, fixed tuples, unions, literals, members of enumerations, classes, and callables of
    /// which nothing more is known.
    pub fn at_run_time(&self) -> Type {
        match *self {
            Type::TypeVar(variable) if variable.is_free() => Type::Dynamic,
            Type::TypeVar(variable) => variable.upper().at_run_time(),
            Type::Callable(_) | Type::Overloaded(_) => Type::any_callable(),
            Type::Function(_)
            | Type::Method(..)
            | Type::Module(_)
            | Type::Parameters(_)
            | Type::ParametersOf(..)
            | Type::Unpacked(_)
            | Type::Alias(..) => Type::Dynamic,
            Type::ClassOf(of) => match of.at_run_time() {
                Type::Instance(class, _) | Type::Exact(class, _) => Type::Class(class),
                _ => Type::builtin("type"),
            },
            Type::LiteralString
            | Type::TypedDict(..)
            | Type::Guard(..)
            | Type::New(..)
            | Type::Variadic(..) => self.as_instance().at_run_time(),
            _ => self.map_parts(&mut |part| part.at_run_time()),
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

    /// A primitive as the object that it becomes where objects are held; any other type as it is.
    pub fn boxed(&self) -> Type {
        match self {
            Type::Primitive(p) => p.boxed(),
            other => *other,
        }
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
        let mut members: SmallVec<[Type; 4]> = SmallVec::new();
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
            _ => Type::Union(Types::new(&members)),
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
