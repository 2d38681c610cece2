//! The builtin types that the checker itself names all the time, made once.

use std::sync::LazyLock;

use super::{Name, Symbol, Type, Types};

fn make(name: &str) -> Symbol {
    Symbol::of(Name::new("builtins"), Name::new(name))
}

macro_rules! known {
    ($($name:ident = $text:literal,)+) => {
        struct Known {
            $($name: Symbol,)+
        }

        static KNOWN: LazyLock<Known> = LazyLock::new(|| Known {
            $($name: make($text),)+
        });

        /// The symbol `builtins:name`.
        pub(super) fn builtin(name: &str) -> Symbol {
            match name {
                $($text => KNOWN.$name,)+
                _ => make(name),
            }
        }
    };
}

known! {
    object = "object",
    int = "int",
    float = "float",
    bool = "bool",
    str = "str",
    bytes = "bytes",
    complex = "complex",
    list = "list",
    dict = "dict",
    set = "set",
    tuple = "tuple",
    class = "type",
    none = "NoneType",
    ellipsis = "ellipsis",
}

impl Type {
    /// An instance of `builtins:name`, without arguments.
    pub fn builtin(name: &str) -> Type {
        Type::Instance(builtin(name), Types::none())
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
    pub fn exact_builtin(name: &str, args: impl Into<Types>) -> Type {
        Type::Exact(builtin(name), args.into())
    }
}
