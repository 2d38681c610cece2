//! The list of exceptions with a fixed text that the runtime raises by number: [`Helper::raise_fixed`](crate::helpers::Helper::raise_fixed).

macro_rules! define_raises {
    ($($(#[doc = $doc:literal])+ $variant:ident = $class:literal, $text:literal;)*) => {
        /// An exception with a fixed text.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[repr(i64)]
        pub enum Raise { $($(#[doc = $doc])+ $variant),* }

        impl Raise {
            /// Every row; a row's number is its index.
            pub const ALL: &[Raise] = &[$(Raise::$variant),*];

            /// The number that the helper takes.
            pub fn number(self) -> i64 {
                self as i64
            }

            /// The exception with this number.
            pub fn from_number(number: i64) -> Option<Raise> {
                usize::try_from(number).ok().and_then(|i| Raise::ALL.get(i)).copied()
            }

            /// The name of the exception's class in `builtins`.
            pub fn class(self) -> &'static str {
                match self { $(Raise::$variant => $class),* }
            }

            /// What it says.
            pub fn text(self) -> &'static str {
                match self { $(Raise::$variant => $text),* }
            }
        }
    };
}

define_raises! {
    /// `a // 0` of machine integers.
    IntDivision = "ZeroDivisionError", "integer division or modulo by zero";
    /// `a % 0` of machine integers.
    IntModulo = "ZeroDivisionError", "integer modulo by zero";
    /// `a / 0` of machine integers.
    IntTrueDivision = "ZeroDivisionError", "division by zero";
    /// `a / 0.0`
    FloatDivision = "ZeroDivisionError", "float division by zero";
    /// A shift by a negative count.
    NegativeShift = "ValueError", "negative shift count";
    /// Machine power with a negative exponent.
    NegativePower = "ValueError", "negative exponent";
    /// `math.sqrt` of a negative number.
    MathDomain = "ValueError", "math domain error";
    /// A machine integer that does not fit another.
    NarrowOverflow = "OverflowError", "integer out of range";
    /// A subclass of a builtin container says that it is longer than memory.
    LengthOverflow = "OverflowError", "cannot fit 'int' into an index-sized integer";
    /// `Array` index.
    ArrayIndex = "IndexError", "array index out of range";
    /// Assignment to an `Array` index.
    ArrayAssignIndex = "IndexError", "array assignment index out of range";
    /// Reached what the compiler took for unreachable.
    Unreachable = "SystemError", "unreachable code reached";
}
