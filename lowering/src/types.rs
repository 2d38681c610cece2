//! Types of registers: how a value is held and what is known of it.

use std::fmt;

use keelback_checker::types::{Held, Primitive, Symbol, Type};
use serde::{Deserialize, Serialize};

/// How a value is held.
///
/// In memory, in the interpreter and in a field every representation takes one 64-bit word: machine integers are sign- or
/// zero-extended to it, `f32` is its bits zero-extended, `bool` is 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Repr {
    /// A pointer to a Python object, reference-counted. Null only where [`RegType::nullable`].
    Obj,
    /// A Python int in one word: `(v << 1) | 1` for a value of 63 bits held by an exact `int`; otherwise a pointer to an exact `int` that does
    /// not fit, or to an instance of a subclass (`bool`, an `IntEnum`), reference-counted. The word 0 is no value (unset, error).
    Int,
    /// Signed 8 bits.
    I8,
    /// Signed 16 bits.
    I16,
    /// Signed 32 bits.
    I32,
    /// Signed 64 bits.
    I64,
    /// Unsigned 8 bits.
    U8,
    /// Unsigned 16 bits.
    U16,
    /// Unsigned 32 bits.
    U32,
    /// Unsigned 64 bits.
    U64,
    /// Binary64.
    F64,
    /// Binary32.
    F32,
    /// A truth value.
    Bool,
}

impl Repr {
    /// Every representation with its name in the text form.
    pub const ALL: [(Repr, &'static str); 13] = [
        (Repr::Obj, "obj"),
        (Repr::Int, "int"),
        (Repr::I8, "i8"),
        (Repr::I16, "i16"),
        (Repr::I32, "i32"),
        (Repr::I64, "i64"),
        (Repr::U8, "u8"),
        (Repr::U16, "u16"),
        (Repr::U32, "u32"),
        (Repr::U64, "u64"),
        (Repr::F64, "f64"),
        (Repr::F32, "f32"),
        (Repr::Bool, "bool"),
    ];

    /// Its name in the text form.
    pub fn name(self) -> &'static str {
        Repr::ALL
            .iter()
            .find(|(r, _)| *r == self)
            .map_or("", |(_, n)| n)
    }

    /// The representation called `name`.
    pub fn from_name(name: &str) -> Option<Repr> {
        Repr::ALL.iter().find(|(_, n)| *n == name).map(|(r, _)| *r)
    }

    /// How values of a checker type are held.
    pub fn of(ty: &Type) -> Repr {
        match ty.held() {
            Held::Object => Repr::Obj,
            Held::Int => Repr::Int,
            Held::Primitive(p) => Repr::of_primitive(p),
        }
    }

    /// How a primitive is held.
    pub fn of_primitive(p: Primitive) -> Repr {
        match p {
            Primitive::Int8 => Repr::I8,
            Primitive::Int16 => Repr::I16,
            Primitive::Int32 => Repr::I32,
            Primitive::Int64 => Repr::I64,
            Primitive::UInt8 => Repr::U8,
            Primitive::UInt16 => Repr::U16,
            Primitive::UInt32 => Repr::U32,
            Primitive::UInt64 => Repr::U64,
            Primitive::Double => Repr::F64,
            Primitive::Single => Repr::F32,
            Primitive::CBool => Repr::Bool,
        }
    }

    /// May hold a reference, so that ownership concerns it.
    pub fn is_counted(self) -> bool {
        matches!(self, Repr::Obj | Repr::Int)
    }

    /// One of the eight machine integers.
    pub fn is_machine_int(self) -> bool {
        !matches!(
            self,
            Repr::Obj | Repr::Int | Repr::F64 | Repr::F32 | Repr::Bool
        )
    }

    /// A signed machine integer.
    pub fn is_signed(self) -> bool {
        matches!(self, Repr::I8 | Repr::I16 | Repr::I32 | Repr::I64)
    }

    /// A floating representation.
    pub fn is_float(self) -> bool {
        matches!(self, Repr::F64 | Repr::F32)
    }

    /// Width in bits of the value.
    pub fn bits(self) -> u32 {
        match self {
            Repr::I8 | Repr::U8 | Repr::Bool => 8,
            Repr::I16 | Repr::U16 => 16,
            Repr::I32 | Repr::U32 | Repr::F32 => 32,
            Repr::Obj | Repr::Int | Repr::I64 | Repr::U64 | Repr::F64 => 64,
        }
    }

    /// How a native function that returns this representation says that it raised.
    pub fn error(self) -> ErrorValue {
        match self {
            Repr::Obj | Repr::Int => ErrorValue::Zero,
            Repr::Bool => ErrorValue::Two,
            _ => ErrorValue::Flag,
        }
    }
}

/// How an error is told from a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorValue {
    /// It cannot raise.
    Never,
    /// The word 0.
    Zero,
    /// The byte 2 (of a bool).
    Two,
    /// A second result register of 64 bits that is not 0.
    Flag,
    /// The word 1, where 0 is a value (an iterator that is exhausted).
    One,
}

/// The largest and the smallest int that are held inline.
pub const SMALL_INT: std::ops::RangeInclusive<i64> = -(1 << 62)..=(1 << 62) - 1;

/// The bits that a raw 64-bit field holds while it is unset. A store of this very value is registered with the runtime, so that a
/// load which meets it can tell.
pub const UNSET64: u64 = 0x7ff4_dead_5eed_0001;

/// The type of a register: representation and knowledge.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RegType {
    /// How the value is held.
    pub repr: Repr,
    /// For `obj`: the class it is an instance of (or of a subclass, unless exact).
    pub class: Option<Symbol>,
    /// For `obj`: exactly an instance of `class`.
    pub exact: bool,
    /// For `obj` and `int`: the word may be 0, meaning no value.
    pub nullable: bool,
    /// For `int` and machine integers: the value is within these bounds (inclusive). An `int` with a range is small.
    pub range: Option<(i64, i64)>,
}

impl RegType {
    /// Nothing known but the representation.
    pub fn new(repr: Repr) -> RegType {
        RegType {
            repr,
            class: None,
            exact: false,
            nullable: false,
            range: None,
        }
    }
    /// An object of unknown class.
    pub fn obj() -> RegType {
        RegType::new(Repr::Obj)
    }
    /// An object or null.
    pub fn nullable() -> RegType {
        RegType {
            nullable: true,
            ..RegType::obj()
        }
    }
    /// An instance of a class.
    pub fn instance(class: Symbol, exact: bool) -> RegType {
        RegType {
            class: Some(class),
            exact,
            ..RegType::obj()
        }
    }
    /// `int` or a machine integer known to lie within bounds.
    pub fn ranged(repr: Repr, low: i64, high: i64) -> RegType {
        RegType {
            range: Some((low, high)),
            ..RegType::new(repr)
        }
    }

    /// What is known of a value of a checker type. A checker type that is a union, `Optional`, protocol … is a plain object.
    pub fn of(ty: &Type) -> RegType {
        let repr = Repr::of(ty);
        if repr != Repr::Obj {
            return RegType::new(repr);
        }
        match ty {
            Type::None => RegType::instance(Symbol::new("builtins", "NoneType"), true),
            Type::Exact(c, _) => RegType::instance(*c, true),
            Type::EnumMember(c, _) => RegType::instance(*c, false),
            Type::Instance(c, _) if !c.is_builtin("object") => RegType::instance(*c, false),
            Type::Tuple(_) => RegType::instance(Symbol::new("builtins", "tuple"), false),
            Type::Literal(_) => ty
                .class()
                .map_or_else(RegType::obj, |c| RegType::instance(c, true)),
            _ => RegType::obj(),
        }
    }

    /// Needs no reference counting: not counted, or known small, or immortal (`None`, `True`, `False`, `...`).
    pub fn is_uncounted(&self) -> bool {
        match self.repr {
            Repr::Int => self.range.is_some(),
            Repr::Obj => {
                self.exact
                    && !self.nullable
                    && self.class.as_ref().is_some_and(|c| {
                        c.is_builtin("NoneType") || c.is_builtin("bool") || c.is_builtin("ellipsis")
                    })
            }
            _ => true,
        }
    }

    /// Whether it is an object of exactly this builtin class.
    pub fn is_exact_builtin(&self, name: &str) -> bool {
        self.exact && self.class.as_ref().is_some_and(|c| c.is_builtin(name))
    }

    /// Whether it is an object of this builtin class or of a subclass.
    pub fn is_builtin(&self, name: &str) -> bool {
        self.class.as_ref().is_some_and(|c| c.is_builtin(name))
    }
}

impl fmt::Display for RegType {
    /// `obj`, `obj[builtins:list]`, `obj[builtins:list!]` (exactly), `obj[m:C]?` (or null), `int[0..9]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repr.name())?;
        if let Some(class) = &self.class {
            write!(f, "[{class}{}]", if self.exact { "!" } else { "" })?;
        }
        if let Some((low, high)) = self.range {
            write!(f, "[{low}..{high}]")?;
        }
        if self.nullable {
            f.write_str("?")?;
        }
        Ok(())
    }
}

/// The native signature of a function: how it takes its arguments and returns its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// Arguments in order, `self` included; the thread context that comes before them is not listed.
    pub params: Vec<Repr>,
    /// The result.
    pub ret: Repr,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, p) in self.params.iter().enumerate() {
            write!(f, "{}{}", if i > 0 { ", " } else { "" }, p.name())?;
        }
        write!(f, ") -> {}", self.ret.name())
    }
}
