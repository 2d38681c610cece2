//! The fixed-width types of `__static__`: the one list of them.

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
