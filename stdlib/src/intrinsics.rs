//! The one table of builtins, methods of builtin classes and library functions that compiled code knows.
//!
//! An entry says how the thing is found, what its arguments are held as, what it gives, and what runs it: a helper of the runtime's list
//! (`lowering/src/helpers.rs`), code that lowering writes itself, or an ordinary call by name of which only the result's type is known.
//! The checker binds a call to an entry when the receiver's type and the arguments' types are known; the helper of a method still
//! takes the general way when the receiver is an instance of a subclass.
//!
//! Entries with the same [`Found`] are tried in order; the first whose number of arguments and whose parameter types fit is taken.

/// How an entry is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// A function of `builtins`.
    Builtin(&'static str),
    /// A function of a module of the standard library.
    Function(&'static str, &'static str),
    /// A method of a class of `builtins`; the receiver is the first argument.
    Method(&'static str, &'static str),
    /// Only by the tree itself, for things that are no calls in the source.
    Internal,
}

/// How an argument or a result is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// A pointer to an object.
    Object,
    /// A Python int in a word.
    Int,
    /// A float in a register.
    Double,
    /// A truth value.
    Bool,
    /// A machine integer of 64 bits.
    Int64,
    /// No value; as an expression it is `None`.
    Unit,
}

/// A type as far as an entry can say it: fixed, or from the receiver's and the arguments' types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Anything, or nothing known.
    Any,
    /// `None`
    None,
    /// `int`
    Int,
    /// `float` (as a parameter: an `int` is converted)
    Float,
    /// `float`, and an `int` is not taken for one
    ExactFloat,
    /// `bool`
    Bool,
    /// `str`
    Str,
    /// `bytes`
    Bytes,
    /// `list[str]`
    ListOfStr,
    /// `list[int]`
    ListOfInt,
    /// `tuple[str, str, str]`
    ThreeStr,
    /// The receiver's type.
    Receiver,
    /// The receiver's element type: the first argument of `list[T]`, `set[T]`, `tuple[T, ...]`; the key type of `dict[K, V]`.
    Element,
    /// The value type of `dict[K, V]`.
    Value,
    /// The value type or `None`.
    ValueOrNone,
    /// The value type or the type of the last argument.
    ValueOrLast,
    /// `list` of the element type.
    ListOfElement,
    /// `list` of what iterating the first argument gives.
    ListOfItems,
    /// `tuple` of what iterating the first argument gives.
    TupleOfItems,
    /// `tuple[K, V]`
    Pair,
    /// Something that iterates to the element type.
    IterableOfElement,
    /// Something that iterates to strings.
    IterableOfStr,
    /// Views of a dict: its keys.
    Keys,
    /// Its values.
    Values,
    /// Its pairs.
    Items,
}

/// What runs an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Implementation {
    /// The helper with this name; its operands are the arguments in order.
    Helper(&'static str),
    /// Lowering writes the code. What it must be is said by the entry's name.
    Inline,
    /// The method is called by name; only its type is known here. Such an entry is never the callee of an intrinsic call.
    Named,
}

/// An entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Intrinsic {
    /// Its name, unique.
    pub name: &'static str,
    /// How it is found.
    pub found: Found,
    /// Parameters: how each is held, and its type. A method's receiver is the first.
    pub params: &'static [(Hold, Rule)],
    /// How the result is held.
    pub result: Hold,
    /// The result's type.
    pub ty: Rule,
    /// Whether the result is of that type for certain: nothing is to be checked.
    pub certain: bool,
    /// Whether it may run code of the program.
    pub runs_python: bool,
    /// What runs it.
    pub implementation: Implementation,
}

macro_rules! found {
    (builtin $name:literal) => {
        Found::Builtin($name)
    };
    (function $module:literal $name:literal) => {
        Found::Function($module, $name)
    };
    (method $class:literal $name:literal) => {
        Found::Method($class, $name)
    };
    (internal) => {
        Found::Internal
    };
}

macro_rules! implementation {
    (inline) => {
        Implementation::Inline
    };
    (named) => {
        Implementation::Named
    };
    ($helper:ident) => {
        Implementation::Helper(stringify!($helper))
    };
}

macro_rules! certain {
    (checked) => {
        false
    };
    (certain) => {
        true
    };
}

macro_rules! python {
    (python) => {
        true
    };
    (pure) => {
        false
    };
}

macro_rules! intrinsics {
    ($($name:literal: $kind:ident $($part:literal)*, ($($hold:ident $rule:ident),*) -> $result:ident $ty:ident, $certain:ident, $python:ident, $run:ident;)+) => {
        /// Every entry.
        pub const INTRINSICS: &[Intrinsic] = &[$(Intrinsic {
            name: $name,
            found: found!($kind $($part)*),
            params: &[$((Hold::$hold, Rule::$rule)),*],
            result: Hold::$result,
            ty: Rule::$ty,
            certain: certain!($certain),
            runs_python: python!($python),
            implementation: implementation!($run),
        }),+];
    };
}

intrinsics! {
    // --- builtins ---
    // `len` of a list, tuple, str, bytes, dict, set or `Array` is read from the object; otherwise the helper `object_len`.
    "len": builtin "len", (Object Any) -> Int Int, certain, python, inline;
    "isinstance": builtin "isinstance", (Object Any, Object Any) -> Bool Bool, certain, python, object_isinstance;
    "issubclass": builtin "issubclass", (Object Any, Object Any) -> Bool Bool, certain, python, object_issubclass;
    "abs.int": builtin "abs", (Int Int) -> Int Int, certain, pure, int_abs;
    "abs.float": builtin "abs", (Double ExactFloat) -> Double Float, certain, pure, inline;
    // The second where it is less (greater), else the first, as CPython decides between equals and with NaN.
    "min.int": builtin "min", (Int Int, Int Int) -> Int Int, certain, pure, inline;
    "min.float": builtin "min", (Double ExactFloat, Double ExactFloat) -> Double Float, certain, pure, inline;
    "max.int": builtin "max", (Int Int, Int Int) -> Int Int, certain, pure, inline;
    "max.float": builtin "max", (Double ExactFloat, Double ExactFloat) -> Double Float, certain, pure, inline;
    "ord": builtin "ord", (Object Str) -> Int Int, certain, pure, str_ord;
    "chr": builtin "chr", (Int Int) -> Object Str, certain, pure, str_chr;
    "hash": builtin "hash", (Object Any) -> Int64 Int, certain, python, object_hash;
    "id": builtin "id", (Object Any) -> Int Int, certain, pure, object_id;
    "repr": builtin "repr", (Object Any) -> Object Str, certain, python, object_repr;
    "ascii": builtin "ascii", (Object Any) -> Object Str, certain, python, object_ascii;
    "iter": builtin "iter", (Object Any) -> Object Any, certain, python, object_iter;
    "round.float": builtin "round", (Double ExactFloat) -> Int Int, certain, pure, float_round;
    // --- constructors of builtin classes, by the class's name ---
    "str.int": builtin "str", (Int Int) -> Object Str, certain, python, int_to_str;
    "str.float": builtin "str", (Double ExactFloat) -> Object Str, certain, pure, float_to_str;
    "str": builtin "str", (Object Any) -> Object Str, certain, python, object_str;
    "list": builtin "list", (Object Any) -> Object ListOfItems, certain, python, list_from;
    "tuple": builtin "tuple", (Object Any) -> Object TupleOfItems, certain, python, tuple_from;
    "type": builtin "type", (Object Any) -> Object Any, certain, pure, object_type;
    "range": internal, (Int Int, Int Int, Int Int) -> Object Any, certain, pure, range_new;
    // --- math ---
    "math.sqrt": function "math" "sqrt", (Double Float) -> Double Float, certain, pure, inline;
    "math.fabs": function "math" "fabs", (Double Float) -> Double Float, certain, pure, inline;
    "math.sin": function "math" "sin", (Double Float) -> Double Float, certain, pure, math_sin;
    "math.cos": function "math" "cos", (Double Float) -> Double Float, certain, pure, math_cos;
    "math.tan": function "math" "tan", (Double Float) -> Double Float, certain, pure, math_tan;
    "math.atan": function "math" "atan", (Double Float) -> Double Float, certain, pure, math_atan;
    "math.atan2": function "math" "atan2", (Double Float, Double Float) -> Double Float, certain, pure, math_atan2;
    "math.exp": function "math" "exp", (Double Float) -> Double Float, certain, pure, math_exp;
    // An int may be too large for a float and still have a logarithm.
    "math.log": function "math" "log", (Double ExactFloat) -> Double Float, certain, pure, math_log;
    "math.pow": function "math" "pow", (Double Float, Double Float) -> Double Float, certain, pure, math_pow;
    "math.floor": function "math" "floor", (Double ExactFloat) -> Int Int, certain, pure, math_floor;
    "math.ceil": function "math" "ceil", (Double ExactFloat) -> Int Int, certain, pure, math_ceil;
    // --- list ---
    "list.append": method "list" "append", (Object Receiver, Object Element) -> Unit None, certain, python, list_append;
    "list.extend": method "list" "extend", (Object Receiver, Object IterableOfElement) -> Unit None, certain, python, list_extend;
    "list.insert": method "list" "insert", (Object Receiver, Int Int, Object Element) -> Unit None, certain, python, list_insert;
    "list.pop": method "list" "pop", (Object Receiver) -> Object Element, checked, python, list_pop;
    "list.pop_at": method "list" "pop", (Object Receiver, Int Int) -> Object Element, checked, python, list_pop_at;
    "list.reverse": method "list" "reverse", (Object Receiver) -> Unit None, certain, python, list_reverse;
    "list.clear": method "list" "clear", (Object Receiver) -> Unit None, certain, python, list_clear;
    "list.copy": method "list" "copy", (Object Receiver) -> Object ListOfElement, checked, python, list_copy;
    "list.sort": method "list" "sort", (Object Receiver) -> Unit None, certain, python, list_sort;
    "list.index": method "list" "index", (Object Receiver, Object Any) -> Object Int, checked, python, named;
    "list.count": method "list" "count", (Object Receiver, Object Any) -> Object Int, checked, python, named;
    "list.remove": method "list" "remove", (Object Receiver, Object Any) -> Object None, checked, python, named;
    // --- dict ---
    "dict.get": method "dict" "get", (Object Receiver, Object Any) -> Object ValueOrNone, checked, python, inline;
    "dict.get_or": method "dict" "get", (Object Receiver, Object Any, Object Any) -> Object ValueOrLast, checked, python, dict_get;
    "dict.pop": method "dict" "pop", (Object Receiver, Object Any) -> Object Value, checked, python, inline;
    "dict.pop_or": method "dict" "pop", (Object Receiver, Object Any, Object Any) -> Object ValueOrLast, checked, python, dict_pop;
    "dict.setdefault": method "dict" "setdefault", (Object Receiver, Object Element, Object Value) -> Object Value, checked, python, dict_setdefault;
    "dict.keys": method "dict" "keys", (Object Receiver) -> Object Keys, certain, python, named;
    "dict.values": method "dict" "values", (Object Receiver) -> Object Values, certain, python, named;
    "dict.items": method "dict" "items", (Object Receiver) -> Object Items, certain, python, named;
    "dict.popitem": method "dict" "popitem", (Object Receiver) -> Object Pair, checked, python, named;
    "dict.copy": method "dict" "copy", (Object Receiver) -> Object Receiver, checked, python, named;
    "dict.clear": method "dict" "clear", (Object Receiver) -> Object None, checked, python, named;
    // --- set ---
    "set.add": method "set" "add", (Object Receiver, Object Element) -> Unit None, certain, python, set_add;
    "set.discard": method "set" "discard", (Object Receiver, Object Any) -> Unit None, certain, python, set_discard;
    "set.remove": method "set" "remove", (Object Receiver, Object Any) -> Object None, checked, python, named;
    "set.pop": method "set" "pop", (Object Receiver) -> Object Element, checked, python, named;
    "set.clear": method "set" "clear", (Object Receiver) -> Object None, checked, python, named;
    "set.copy": method "set" "copy", (Object Receiver) -> Object Receiver, checked, python, named;
    // --- str ---
    "str.join": method "str" "join", (Object Receiver, Object IterableOfStr) -> Object Str, checked, python, str_join;
    "str.split": method "str" "split", (Object Receiver) -> Object ListOfStr, checked, pure, named;
    "str.split1": method "str" "split", (Object Receiver, Object Any) -> Object ListOfStr, checked, pure, named;
    "str.split2": method "str" "split", (Object Receiver, Object Any, Object Int) -> Object ListOfStr, checked, pure, named;
    "str.rsplit": method "str" "rsplit", (Object Receiver) -> Object ListOfStr, checked, pure, named;
    "str.rsplit1": method "str" "rsplit", (Object Receiver, Object Any) -> Object ListOfStr, checked, pure, named;
    "str.rsplit2": method "str" "rsplit", (Object Receiver, Object Any, Object Int) -> Object ListOfStr, checked, pure, named;
    "str.splitlines": method "str" "splitlines", (Object Receiver) -> Object ListOfStr, checked, pure, named;
    "str.splitlines1": method "str" "splitlines", (Object Receiver, Object Any) -> Object ListOfStr, checked, pure, named;
    "str.partition": method "str" "partition", (Object Receiver, Object Str) -> Object ThreeStr, checked, pure, named;
    "str.rpartition": method "str" "rpartition", (Object Receiver, Object Str) -> Object ThreeStr, checked, pure, named;
    "str.strip": method "str" "strip", (Object Receiver) -> Object Str, checked, pure, named;
    "str.strip1": method "str" "strip", (Object Receiver, Object Any) -> Object Str, checked, pure, named;
    "str.lstrip": method "str" "lstrip", (Object Receiver) -> Object Str, checked, pure, named;
    "str.lstrip1": method "str" "lstrip", (Object Receiver, Object Any) -> Object Str, checked, pure, named;
    "str.rstrip": method "str" "rstrip", (Object Receiver) -> Object Str, checked, pure, named;
    "str.rstrip1": method "str" "rstrip", (Object Receiver, Object Any) -> Object Str, checked, pure, named;
    "str.lower": method "str" "lower", (Object Receiver) -> Object Str, checked, pure, named;
    "str.upper": method "str" "upper", (Object Receiver) -> Object Str, checked, pure, named;
    "str.casefold": method "str" "casefold", (Object Receiver) -> Object Str, checked, pure, named;
    "str.capitalize": method "str" "capitalize", (Object Receiver) -> Object Str, checked, pure, named;
    "str.title": method "str" "title", (Object Receiver) -> Object Str, checked, pure, named;
    "str.swapcase": method "str" "swapcase", (Object Receiver) -> Object Str, checked, pure, named;
    "str.replace": method "str" "replace", (Object Receiver, Object Str, Object Str) -> Object Str, checked, pure, named;
    "str.replace1": method "str" "replace", (Object Receiver, Object Str, Object Str, Object Int) -> Object Str, checked, pure, named;
    "str.removeprefix": method "str" "removeprefix", (Object Receiver, Object Str) -> Object Str, checked, pure, named;
    "str.removesuffix": method "str" "removesuffix", (Object Receiver, Object Str) -> Object Str, checked, pure, named;
    "str.zfill": method "str" "zfill", (Object Receiver, Object Int) -> Object Str, checked, pure, named;
    "str.ljust": method "str" "ljust", (Object Receiver, Object Int) -> Object Str, checked, pure, named;
    "str.ljust1": method "str" "ljust", (Object Receiver, Object Int, Object Str) -> Object Str, checked, pure, named;
    "str.rjust": method "str" "rjust", (Object Receiver, Object Int) -> Object Str, checked, pure, named;
    "str.rjust1": method "str" "rjust", (Object Receiver, Object Int, Object Str) -> Object Str, checked, pure, named;
    "str.center": method "str" "center", (Object Receiver, Object Int) -> Object Str, checked, pure, named;
    "str.center1": method "str" "center", (Object Receiver, Object Int, Object Str) -> Object Str, checked, pure, named;
    "str.find": method "str" "find", (Object Receiver, Object Str) -> Object Int, checked, pure, named;
    "str.find1": method "str" "find", (Object Receiver, Object Str, Object Any) -> Object Int, checked, pure, named;
    "str.find2": method "str" "find", (Object Receiver, Object Str, Object Any, Object Any) -> Object Int, checked, pure, named;
    "str.rfind": method "str" "rfind", (Object Receiver, Object Str) -> Object Int, checked, pure, named;
    "str.index": method "str" "index", (Object Receiver, Object Str) -> Object Int, checked, pure, named;
    "str.count": method "str" "count", (Object Receiver, Object Str) -> Object Int, checked, pure, named;
    "str.startswith": method "str" "startswith", (Object Receiver, Object Any) -> Object Bool, checked, pure, named;
    "str.startswith1": method "str" "startswith", (Object Receiver, Object Any, Object Any) -> Object Bool, checked, pure, named;
    "str.endswith": method "str" "endswith", (Object Receiver, Object Any) -> Object Bool, checked, pure, named;
    "str.isalpha": method "str" "isalpha", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isalnum": method "str" "isalnum", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isdigit": method "str" "isdigit", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isdecimal": method "str" "isdecimal", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isnumeric": method "str" "isnumeric", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isspace": method "str" "isspace", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.islower": method "str" "islower", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isupper": method "str" "isupper", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.isidentifier": method "str" "isidentifier", (Object Receiver) -> Object Bool, checked, pure, named;
    "str.encode": method "str" "encode", (Object Receiver) -> Object Bytes, checked, pure, named;
    "str.encode1": method "str" "encode", (Object Receiver, Object Str) -> Object Bytes, checked, pure, named;
    "bytes.decode": method "bytes" "decode", (Object Receiver) -> Object Str, checked, pure, named;
    "bytes.decode1": method "bytes" "decode", (Object Receiver, Object Str) -> Object Str, checked, pure, named;
    // --- int and float ---
    "int.bit_length": method "int" "bit_length", (Object Receiver) -> Object Int, checked, pure, named;
    "int.bit_count": method "int" "bit_count", (Object Receiver) -> Object Int, checked, pure, named;
    "float.is_integer": method "float" "is_integer", (Object Receiver) -> Object Bool, checked, pure, named;
    "float.hex": method "float" "hex", (Object Receiver) -> Object Str, checked, pure, named;
}

/// The entry called `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Intrinsic> {
    INTRINSICS.iter().find(|entry| entry.name == name)
}

/// The entries found as `found`, in the order in which they are to be tried.
pub fn find(found: Found) -> impl Iterator<Item = &'static Intrinsic> {
    INTRINSICS.iter().filter(move |entry| entry.found == found)
}
