//! What a module shows to others: signatures, class layouts, constants. No source position is in here, so an edit of a body,
//! a comment or the formatting leaves it equal and invalidates no other module.

use std::sync::Arc;

use crate::collections::IndexMap;
use serde::{Deserialize, Serialize};

use crate::types::{Constant, Name, Symbol, Type, Types, Variable};

/// The interface of one module.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ModuleInterface {
    /// Whether the module is compiled (marker or pattern). Of a module that is not, everything but stub knowledge is dynamic.
    pub is_static: bool,
    /// Whether it was read from a stub (`.pyi`): its types are expectations that the runtime verifies at the point of use.
    pub is_stub: bool,
    /// Module-level names.
    pub exports: IndexMap<Name, Export>,
    /// Every function and method, nested classes' methods included, by qualified name.
    pub functions: IndexMap<Name, Arc<FunctionInterface>>,
    /// Every class, nested ones included, by qualified name.
    pub classes: IndexMap<Name, Arc<ClassInterface>>,
}

/// What a module-level name is bound to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Export {
    /// A function defined here.
    Function(Symbol),
    /// A class defined here.
    Class(Symbol),
    /// A `Final` name with a value known when compiling: folded into its users.
    Constant(Constant),
    /// A variable: its declared or (for `Final`) inferred type, else dynamic.
    Variable {
        /// The type; reads through the module's dict are checked against it.
        ty: Type,
        /// Declared `Final`.
        is_final: bool,
    },
    /// `import m` (or `import m.n`, which binds `m`).
    Module(Name),
    /// `from m import n [as k]`.
    Import {
        /// The module named in the statement, absolute.
        module: Name,
        /// The name in it.
        name: Name,
    },
    /// A type alias.
    Alias(Type),
    /// Bound in a way that is not followed (deleted, conditionally of two kinds, star import …).
    Dynamic,
}

/// The kind of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FunctionKind {
    /// A module-level or nested function.
    Function,
    /// An ordinary method.
    Method,
    /// `@staticmethod`
    StaticMethod,
    /// `@classmethod`
    ClassMethod,
    /// `@property` getter; the setter's symbol is in [`Member::Property`].
    Property,
    /// `@x.setter`; its qualified name is written `C.x.setter`.
    Setter,
}

/// A parameter's kind, as in `inspect.Parameter`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ParamKind {
    /// Before `/`.
    PositionalOnly,
    /// Ordinary.
    Positional,
    /// `*args`
    VarPositional,
    /// After `*`.
    KeywordOnly,
    /// `**kwargs`
    VarKeyword,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: ParamKind,
    /// Declared type; of `*args: int` it is `int`. `self` of a laid-out class has the class's type, `cls` is `Class`.
    pub ty: Type,
    /// Whether the type was written down: only those are checked at a boundary (and `self`).
    pub annotated: bool,
    /// Default value, if it has one.
    pub default: Option<DefaultValue>,
}

/// Whether a parameter's name says that it is given by position alone, as names did before there was `/`.
pub fn is_private_parameter(name: &str, kind: ParamKind) -> bool {
    kind == ParamKind::Positional && name.starts_with("__") && !name.ends_with("__")
}

/// Which of `params`, in order, are given by position alone because their names say so. It holds for callers that are checked; CPython takes the
/// names.
pub fn private_parameters(params: &[Param]) -> usize {
    if params
        .iter()
        .any(|param| param.kind == ParamKind::PositionalOnly)
    {
        return 0;
    }
    let receiver = params
        .first()
        .is_some_and(|first| matches!(&*first.name, "self" | "cls"));
    let skipped = usize::from(receiver);
    let count = params[skipped..]
        .iter()
        .take_while(|param| is_private_parameter(&param.name, param.kind))
        .count();
    match count {
        0 => 0,
        _ => skipped + count,
    }
}

/// A default value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DefaultValue {
    /// An immutable literal: static callers pass it themselves.
    Constant(Constant),
    /// Anything else: static callers load it from the function object.
    Evaluated,
}

/// A function's signature and what is known of it without its body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunctionInterface {
    /// Where it is defined.
    pub symbol: Symbol,
    /// Its kind.
    pub kind: FunctionKind,
    /// Parameters in order, `self` or `cls` included.
    pub params: Vec<Param>,
    /// Declared return type; `Dynamic` where nothing was declared.
    pub returns: Type,
    /// Whether the return type was written down.
    pub returns_annotated: bool,
    /// `async def`.
    pub is_async: bool,
    /// Contains `yield`.
    pub is_generator: bool,
    /// `@final` or method of a `@final` class.
    pub is_final: bool,
    /// `@abstractmethod`.
    pub is_abstract: bool,
    /// Its body is `...` alone, a docstring aside.
    pub is_empty: bool,
    /// Overloaded in a stub; such a function types as dynamic where the overloads differ.
    pub is_overloaded: bool,
    /// A decorator other than those in [`FunctionKind`], `final`, `override`, `abstractmethod` …: the name is bound to whatever the decorator
    /// returned, so calls by name are dynamic; the body may still be compiled.
    pub is_decorated: bool,
    /// A decorator that may have made something else than a function of it, in a stub too.
    pub is_wrapped: bool,
    /// `@dynamic` (or an alias of it): not compiled.
    pub is_opted_out: bool,
    /// What `@deprecated` says of it.
    pub deprecated: Option<Name>,
}

impl FunctionInterface {
    /// Whether its keyword arguments are the items of a typed dictionary: `**kwargs: Unpack[T]`.
    pub fn takes_items(&self) -> bool {
        let last = self.params.last();
        last.is_some_and(|param| {
            param.kind == ParamKind::VarKeyword && matches!(param.ty, Type::Unpacked(_))
        })
    }
}

/// A class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClassInterface {
    /// Where it is defined.
    pub symbol: Symbol,
    /// Base classes as types, in order; `Dynamic` for one that is not known.
    pub bases: Vec<Type>,
    /// Members defined in this class's own body (and fields assigned through `self`).
    pub members: IndexMap<Name, Member>,
    /// What those are that are known as [`Member::Dynamic`], because a decorator stands on them which keeps what they take and give.
    pub believed: IndexMap<Name, Member>,
    /// What annotations say of those that have one.
    pub declared: IndexMap<Name, Declaration>,
    /// `@final`.
    pub is_final: bool,
    /// `Protocol` is among its bases.
    pub is_protocol: bool,
    /// A protocol that `isinstance` may ask for: `@runtime_checkable`.
    pub is_runtime_checkable: bool,
    /// Fields that the class does not declare: only its methods assign them.
    pub undeclared: Vec<Name>,
    /// What `@deprecated` says of it.
    pub deprecated: Option<Name>,
    /// The metaclass that it names.
    pub metaclass: Option<Symbol>,
    /// A decorator may have added to it or replaced it.
    pub is_rewritten: bool,
    /// The fields that its own body declares, if `NamedTuple` is among its bases.
    pub named_tuple: Option<Arc<[NamedTupleField]>>,
    /// The items that its own declaration lists, if it is a typed dictionary.
    pub typed_dict: Option<Arc<TypedDict>>,
    /// Whether a call made it, so that its name is a variable's.
    pub is_functional: bool,
    /// What is made from its annotations, if it is a dataclass.
    pub dataclass: Option<Arc<Dataclass>>,
    /// Names of abstract methods that are still abstract here.
    pub abstract_methods: Vec<Name>,
    /// The attributes that patterns by position look at (`__match_args__`), where its own body says so.
    pub match_args: Option<Vec<Name>>,
    /// Its members, if it is an enumeration that has any.
    pub enumeration: Option<Arc<Enumeration>>,
    /// Its type parameters, for generic classes (of stubs and of source).
    pub type_params: Vec<Variable>,
    /// Storage, when the class is laid out by the runtime; else why it is not.
    pub layout: Result<Arc<ClassLayout>, Name>,
}

/// What a dataclass's own decorator (or base, or metaclass) makes it into, and the fields of its own body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dataclass {
    /// Its own fields in order, and what only its constructor takes.
    pub fields: Vec<DataclassField>,
    /// It is given an `__init__`, unless it has its own.
    pub init: bool,
    /// It is given an `__eq__`.
    pub eq: bool,
    /// It is given `__lt__`, `__le__`, `__gt__` and `__ge__`.
    pub order: bool,
    /// Its fields cannot be assigned.
    pub frozen: bool,
    /// `unsafe_hash`: it is given a `__hash__` whatever else is said.
    pub unsafe_hash: bool,
    /// Its fields are what patterns by position look at, unless its body says so itself.
    pub match_args: bool,
    /// `slots=True`: instances have room for the fields alone.
    pub slots: bool,
    /// It is made by the standard library's own decorator.
    pub is_standard: bool,
}

impl ClassInterface {
    /// A class of which nothing is known but its name, and why it is not laid out.
    pub fn empty(symbol: Symbol, refusal: &str) -> ClassInterface {
        ClassInterface {
            symbol,
            bases: Vec::new(),
            members: IndexMap::default(),
            believed: IndexMap::default(),
            declared: IndexMap::default(),
            deprecated: None,
            is_final: false,
            is_protocol: false,
            is_runtime_checkable: false,
            undeclared: Vec::new(),
            metaclass: None,
            is_rewritten: false,
            named_tuple: None,
            typed_dict: None,
            is_functional: false,
            dataclass: None,
            abstract_methods: Vec::new(),
            match_args: None,
            enumeration: None,
            type_params: Vec::new(),
            layout: Err(Name::new(refusal)),
        }
    }

    /// Its type parameters as type arguments: those of the class as it stands in its own body.
    pub fn own_args(&self) -> Types {
        self.type_params
            .iter()
            .map(|own| Type::TypeVar(*own))
            .collect()
    }
}

/// What the declaration of a typed dictionary says; its bases say the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TypedDict {
    /// The items that it lists, in order.
    pub items: IndexMap<Name, TypedDictItem>,
    /// What it says of other items, if anything.
    pub extra: Option<ExtraItems>,
    /// `@final`: a value has no items that are not listed.
    pub is_final: bool,
}

/// An item of a typed dictionary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TypedDictItem {
    /// The type of its value.
    pub ty: Type,
    /// Whether every value has it.
    pub required: bool,
    /// Whether it cannot be set or deleted.
    pub read_only: bool,
}

/// The items of a typed dictionary that its declaration does not list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ExtraItems {
    /// There may be any, of which nothing is known.
    Open,
    /// Those that there are have this type: `Never` if there are none.
    Of {
        /// The type of their values.
        ty: Type,
        /// Whether they cannot be set or deleted.
        read_only: bool,
    },
}

/// A field of a named tuple.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NamedTupleField {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// It has a default value.
    pub has_default: bool,
}

/// A field of a dataclass.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DataclassField {
    /// Its name in the class.
    pub name: Name,
    /// The name of the constructor's parameter.
    pub parameter: Name,
    /// Its type.
    pub ty: Type,
    /// It is a parameter of the constructor.
    pub init: bool,
    /// That parameter is given by keyword alone.
    pub kw_only: bool,
    /// It has a default value.
    pub has_default: bool,
    /// The class itself has an attribute of that name, which is the default value.
    pub is_in_class: bool,
    /// A `converter` makes its value of what the constructor, or an assignment, is given: its type is the type of that, and `Never` if the
    /// converter takes nothing.
    pub is_converted: bool,
    /// `InitVar`: a parameter of the constructor and of `__post_init__`, no attribute.
    pub is_init_var: bool,
}

/// The members of an enumeration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Enumeration {
    /// The members in order, each with the type of its value.
    pub members: IndexMap<Name, Type>,
    /// Other names of members, with the names that they stand for.
    pub aliases: IndexMap<Name, Name>,
    /// The declared type of `_value_`.
    pub declared_value: Option<Type>,
    /// Whether there may be values that no member has: combinations of flags.
    pub is_flag: bool,
}

impl Enumeration {
    /// The member that `name` names.
    pub fn member(&self, name: &str) -> Option<Name> {
        match self.members.get_key_value(name) {
            Some((name, _)) => Some(*name),
            None => self.aliases.get(name).copied(),
        }
    }

    /// The type of the value of member `name`.
    pub fn value(&self, name: &str) -> Type {
        self.declared_value
            .or_else(|| self.members.get(name).copied())
            .unwrap_or(Type::Dynamic)
    }

    /// The type of the value of any member.
    pub fn any_value(&self) -> Type {
        match self.declared_value {
            Some(ty) => ty,
            None => Type::union(self.members.values().copied()),
        }
    }
}

/// What the annotation of an attribute says beside its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Declaration {
    /// `Final`.
    pub is_final: bool,
    /// `ClassVar`.
    pub is_class_var: bool,
    /// The class body gives it a value.
    pub has_value: bool,
    /// The literal that it stands for, if it is a bare `Final` with one.
    pub literal: Option<Type>,
}

/// A member of a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Member {
    /// An instance field.
    Field {
        /// Declared or inferred type.
        ty: Type,
        /// Declared `Final`.
        is_final: bool,
    },
    /// A method of any of the three kinds.
    Method(Symbol),
    /// A property.
    Property {
        /// The getter's function.
        getter: Symbol,
        /// The setter's function.
        setter: Option<Symbol>,
    },
    /// A class attribute (`ClassVar`, or of a class that is not laid out).
    ClassVar {
        /// Its type.
        ty: Type,
    },
    /// A nested class.
    Class(Symbol),
    /// Bound to something that is not followed.
    Dynamic,
}

/// Where an instance's fields and a class's methods are. Offsets are in bytes from the start of the object.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ClassLayout {
    /// The base class that has a layout too, if any; its fields and methods come first in the lists below.
    pub base: Option<Symbol>,
    /// All fields, inherited ones first. Field `i` is at offset `16 + 8 * i`.
    pub fields: Vec<FieldSlot>,
    /// All method-table slots, inherited ones first: methods, properties' getters and setters of the kinds `Method`, `Property`, `Setter`.
    pub methods: Vec<MethodSlot>,
    /// Declares or inherits `__dict__`.
    pub has_dict: bool,
    /// Declares or inherits `__weakref__`.
    pub has_weakref: bool,
}

/// A field of a layout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldSlot {
    /// Its name, mangled as CPython does.
    pub name: Name,
    /// Its type; how it is stored follows from [`Type::held`].
    pub ty: Type,
    /// The class that declares it.
    pub owner: Symbol,
    /// Byte offset.
    pub offset: u32,
    /// Whether the class body gives it a default value.
    pub has_default: bool,
}

/// A slot of a method table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MethodSlot {
    /// Attribute name (`C.x.setter`'s slot is named `x.setter`).
    pub name: Name,
    /// The function that this class has in the slot (its own or the inherited one).
    pub function: Symbol,
    /// The function that introduced the slot: its signature is the slot's native signature.
    pub introduced_by: Symbol,
}

impl ClassLayout {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&FieldSlot> {
        self.fields.iter().find(|f| &*f.name == name)
    }

    /// The index of the method slot called `name`.
    pub fn method(&self, name: &str) -> Option<usize> {
        self.methods.iter().position(|m| &*m.name == name)
    }
}
