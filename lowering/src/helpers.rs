//! The list of runtime helpers: the one place where a function of the runtime that compiled code calls is declared.
//!
//! From [`for_each_helper!`](crate::for_each_helper) derive the [`Helper`] enum, the code generator's signatures, the interpreter's dispatch, the runtime's
//! exported shims (each catches panics and turns an error into its error value), the start-up check that every helper is there,
//! and `docs/internals/helpers.md`.
//!
//! A row reads `name (operands) -> result, error, effects;`
//!
//! - operands `mode:kind`: mode `b` borrow, `s` steal. Kinds and their C types: `obj` (`PyObject *`), `int` (a word), `i64`, `u64`, `f64`,
//!   `bool` (as `uint64_t`), `ptr` (an address that the linker supplies or a stack slot).
//! - results: the same kinds; a `bool` or nothing (`unit`) is returned as `uint8_t`. A new reference always; a result that may be null says so in its text.
//! - error: `Never`; `Zero` for `obj` and `int`; `Two` for `bool` and `unit`; `Flag` for numbers, returned in a C struct of the value and a `uint64_t` that is not 0 on error;
//!   `One` where 0 is a value.

use crate::ops::{Effects, Mode};
use crate::types::ErrorValue;

/// What a helper takes or returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, non_camel_case_types)]
pub enum HelperKind {
    obj,
    int,
    i64,
    u64,
    f64,
    bool,
    ptr,
    unit,
}

/// Calls `$m!` with the rows of the list.
#[macro_export]
macro_rules! for_each_helper {
    ($m:ident) => {
        $m! {
            // --- Python ints, any operands (the inline paths of compiled code come here when an operand is not small or the result does not fit) ---
            /// `a + b`
            int_add (b:int, b:int) -> int, Zero, RAISE;
            /// `a - b`
            int_sub (b:int, b:int) -> int, Zero, RAISE;
            /// `a * b`
            int_mul (b:int, b:int) -> int, Zero, RAISE;
            /// `a // b`
            int_floordiv (b:int, b:int) -> int, Zero, RAISE;
            /// `a % b`
            int_mod (b:int, b:int) -> int, Zero, RAISE;
            /// `a / b`
            int_div (b:int, b:int) -> f64, Flag, RAISE;
            /// `a ** b`: an int, or a float for a negative exponent.
            int_pow (b:int, b:int) -> obj, Zero, RAISE;
            /// `a & b`
            int_and (b:int, b:int) -> int, Zero, RAISE;
            /// `a | b`
            int_or (b:int, b:int) -> int, Zero, RAISE;
            /// `a ^ b`
            int_xor (b:int, b:int) -> int, Zero, RAISE;
            /// `a << b`
            int_shl (b:int, b:int) -> int, Zero, RAISE;
            /// `a >> b`
            int_shr (b:int, b:int) -> int, Zero, RAISE;
            /// `-a`
            int_neg (b:int) -> int, Zero, RAISE;
            /// `~a`
            int_not (b:int) -> int, Zero, RAISE;
            /// `abs(a)`
            int_abs (b:int) -> int, Zero, RAISE;
            /// Comparison by value; the last operand is CPython's number of the comparison (`Py_LT` is 0).
            int_cmp (b:int, b:int, b:i64) -> bool, Never, NONE;
            /// `a != 0`
            int_truth (b:int) -> bool, Never, NONE;
            /// From a signed 64-bit integer.
            int_from_i64 (b:i64) -> int, Zero, RAISE;
            /// From an unsigned 64-bit integer.
            int_from_u64 (b:u64) -> int, Zero, RAISE;
            /// To a machine integer of the representation with this number (its index in `Repr::ALL`), extended to 64 bits; `OverflowError`.
            int_to_mach (b:int, b:i64) -> i64, Flag, RAISE;
            /// To a float; `OverflowError`.
            int_to_float (b:int) -> f64, Flag, RAISE;
            /// `str(a)`
            int_to_str (b:int) -> obj, Zero, RAISE;
            /// As an object.
            box_int (b:int) -> obj, Zero, RAISE;
            /// As an `int` object.
            box_i64 (b:i64) -> obj, Zero, RAISE;
            /// As an `int` object.
            box_u64 (b:u64) -> obj, Zero, RAISE;
            /// As a `float` object.
            box_f64 (b:f64) -> obj, Zero, RAISE;
            /// The value of an `int` object (or of an instance of a subclass, which stays the object); the pointer is to a check or null for none.
            unbox_int (b:obj, b:ptr) -> int, Zero, RAISE;
            /// The value of a `float` (or `int`) object.
            unbox_f64 (b:obj, b:ptr) -> f64, Flag, RAISE;
            /// The value of an `int` object as the machine integer with this representation number.
            unbox_mach (b:obj, b:ptr, b:i64) -> i64, Flag, RAISE;
            /// The value of a `bool` object.
            unbox_bool (b:obj, b:ptr) -> bool, Two, RAISE;
            /// Whether the object passes the check; raises when not.
            check (b:obj, b:ptr) -> unit, Two, RAISE | PYTHON;

            // --- numbers ---
            /// `a // b` of floats.
            float_floordiv (b:f64, b:f64) -> f64, Flag, RAISE;
            /// `a % b` of floats.
            float_mod (b:f64, b:f64) -> f64, Flag, RAISE;
            /// `a ** b` of floats; `ValueError` for a negative base with a fractional exponent.
            float_pow (b:f64, b:f64) -> f64, Flag, RAISE;
            /// `int(a)`
            float_to_int (b:f64) -> int, Zero, RAISE;
            /// Truncated to the machine integer with this representation number.
            float_to_mach (b:f64, b:i64) -> i64, Flag, RAISE;
            /// `round(a)`
            float_round (b:f64) -> int, Zero, RAISE;
            /// `str(a)`
            float_to_str (b:f64) -> obj, Zero, RAISE;
            /// Power of machine integers with this representation number, wrapping.
            mach_pow (b:i64, b:i64, b:i64) -> i64, Flag, RAISE;
            /// `math.sin`
            math_sin (b:f64) -> f64, Flag, RAISE;
            /// `math.cos`
            math_cos (b:f64) -> f64, Flag, RAISE;
            /// `math.tan`
            math_tan (b:f64) -> f64, Flag, RAISE;
            /// `math.atan`
            math_atan (b:f64) -> f64, Flag, RAISE;
            /// `math.atan2`
            math_atan2 (b:f64, b:f64) -> f64, Flag, RAISE;
            /// `math.exp`
            math_exp (b:f64) -> f64, Flag, RAISE;
            /// `math.log` of one argument.
            math_log (b:f64) -> f64, Flag, RAISE;
            /// `math.pow`
            math_pow (b:f64, b:f64) -> f64, Flag, RAISE;
            /// `math.floor` of a float.
            math_floor (b:f64) -> int, Zero, RAISE;
            /// `math.ceil` of a float.
            math_ceil (b:f64) -> int, Zero, RAISE;
            /// Raises the exception with this number in `errors::Raise`.
            raise_fixed (b:i64) -> unit, Two, RAISE;

            // --- any objects ---
            /// Binary operator with this number in `BinaryOp`.
            object_binary (b:obj, b:obj, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// Augmented assignment's operator.
            object_in_place (b:obj, b:obj, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// Unary operator with this number in `UnaryOp`.
            object_unary (b:obj, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// Rich comparison.
            object_compare (b:obj, b:obj, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// Rich comparison's truth.
            object_compare_truth (b:obj, b:obj, b:i64) -> bool, Two, RAISE | PYTHON;
            /// Truth.
            object_truth (b:obj) -> bool, Two, RAISE | PYTHON;
            /// `item in container`; the container comes first.
            object_contains (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// `object.name`
            object_getattr (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `object.name = value`
            object_setattr (b:obj, b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `del object.name`
            object_delattr (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `object[index]`
            object_getitem (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `object[index] = value`
            object_setitem (b:obj, b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `del object[index]`
            object_delitem (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `len(object)`
            object_len (b:obj) -> i64, Flag, RAISE | PYTHON;
            /// `hash(object)`
            object_hash (b:obj) -> i64, Flag, RAISE | PYTHON;
            /// `iter(object)`
            object_iter (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// Next item; 0 when exhausted.
            iter_next (b:obj) -> obj, One, RAISE | PYTHON;
            /// `str(object)`
            object_str (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `repr(object)`
            object_repr (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `ascii(object)`
            object_ascii (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `format(object, spec)`
            object_format (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `int(object)`
            object_int (b:obj) -> int, Zero, RAISE | PYTHON;
            /// `float(object)`
            object_float (b:obj) -> f64, Flag, RAISE | PYTHON;
            /// A machine integer from any number or string, as an explicit conversion gives it.
            object_mach (b:obj, b:i64) -> i64, Flag, RAISE | PYTHON;
            /// `isinstance(object, class)`
            object_isinstance (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// `issubclass(object, class)`
            object_issubclass (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// `type(object)`
            object_type (b:obj) -> obj, Never, NONE;
            /// `id(object)`
            object_id (b:obj) -> int, Zero, RAISE;
            /// Whether the object's type has the class in its MRO; no hooks.
            type_isinstance (b:obj, b:obj) -> bool, Never, NONE;
            /// The same, or by what the object says that its `__class__` is.
            type_isinstance_asked (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// Exactly `n` items of an iterable as a tuple; `ValueError`.
            unpack (b:obj, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// `slice(a, b, c)`
            slice_new (b:obj, b:obj, b:obj) -> obj, Zero, RAISE;
            /// `range(a, b, c)`
            range_new (b:int, b:int, b:int) -> obj, Zero, RAISE;
            /// `raise exception from cause`; either may be null.
            raise (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// Raises `AssertionError`, with a message unless it is null.
            raise_assertion (b:obj) -> unit, Two, RAISE | PYTHON;

            // --- calls of objects ---
            /// `callee(*args)`: address of the arguments, how many, and the tuple of keyword names or null.
            call_object (b:obj, b:ptr, b:i64, b:ptr) -> obj, Zero, RAISE | PYTHON;
            /// `receiver.name(args)`: name, address of the receiver and the arguments, how many, keyword names or null.
            call_named (b:obj, b:ptr, b:i64, b:ptr) -> obj, Zero, RAISE | PYTHON;
            /// `callee(*args, **kwargs)`: a tuple, and a dict or `None`.
            call_unpacked (b:obj, b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;

            // --- containers ---
            /// A tuple of `n` references at an address, taken over.
            tuple_new (b:ptr, b:i64) -> obj, Zero, RAISE;
            /// A list of `n` references at an address, taken over.
            list_new (b:ptr, b:i64) -> obj, Zero, RAISE;
            /// A set of `n` references at an address.
            set_new (b:ptr, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// A dict of `n` pairs of references at an address.
            dict_new (b:ptr, b:i64) -> obj, Zero, RAISE | PYTHON;
            /// `n` strings at an address, joined.
            str_join_array (b:ptr, b:i64) -> obj, Zero, RAISE;
            /// `list[index]`
            list_get (b:obj, b:int) -> obj, Zero, RAISE | PYTHON;
            /// `list[index] = value`
            list_set (b:obj, b:int, s:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.append`
            list_append (b:obj, b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.extend`
            list_extend (b:obj, b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.insert`
            list_insert (b:obj, b:int, b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.pop()`
            list_pop (b:obj) -> obj, Zero, RAISE | PYTHON | WRITE_LIST;
            /// `list.pop(index)`
            list_pop_at (b:obj, b:int) -> obj, Zero, RAISE | PYTHON | WRITE_LIST;
            /// `list.reverse`
            list_reverse (b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.clear`
            list_clear (b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list.copy`
            list_copy (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `list.sort()`
            list_sort (b:obj) -> unit, Two, RAISE | PYTHON | WRITE_LIST;
            /// `list * n`
            list_repeat (b:obj, b:int) -> obj, Zero, RAISE | PYTHON;
            /// `list(iterable)`
            list_from (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `list[start:stop]`
            list_slice (b:obj, b:int, b:int) -> obj, Zero, RAISE | PYTHON;
            /// `tuple(iterable)`
            tuple_from (b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `tuple[index]`
            tuple_get (b:obj, b:int) -> obj, Zero, RAISE | PYTHON;
            /// `dict[key]`
            dict_getitem (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `dict.get(key, default)`
            dict_get (b:obj, b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `dict[key] = value`
            dict_setitem (b:obj, b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `del dict[key]`
            dict_delitem (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `key in dict`
            dict_contains (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// `dict.pop(key)`, with a default unless it is null.
            dict_pop (b:obj, b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `dict.setdefault(key, default)`
            dict_setdefault (b:obj, b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `set.add`
            set_add (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `set.discard`
            set_discard (b:obj, b:obj) -> unit, Two, RAISE | PYTHON;
            /// `item in set`; the set comes first.
            set_contains (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;

            // --- strings ---
            /// `a + b` of strings.
            str_concat (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `a += b` of strings: takes `a` over, so that it can grow in place.
            str_append (s:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `a == b` of strings.
            str_eq (b:obj, b:obj) -> bool, Two, RAISE | PYTHON;
            /// `str[index]`
            str_get (b:obj, b:int) -> obj, Zero, RAISE | PYTHON;
            /// `str.join`
            str_join (b:obj, b:obj) -> obj, Zero, RAISE | PYTHON;
            /// `ord`
            str_ord (b:obj) -> int, Zero, RAISE;
            /// `chr`
            str_chr (b:int) -> obj, Zero, RAISE;

            // --- laid-out objects ---
            /// A new instance of the class whose record is at an address.
            object_new (b:ptr) -> obj, Zero, RAISE | PYTHON;
            /// Raises `AttributeError` for the field whose reference is at an address.
            field_unset (b:obj, b:ptr) -> unit, Two, RAISE;
            /// Notes that a raw field at an offset legitimately holds the unset pattern.
            field_note_pattern (b:obj, b:i64) -> unit, Never, NONE;
            /// Whether a raw field at an offset that holds the unset pattern is unset.
            field_is_unset (b:obj, b:i64) -> bool, Never, NONE;
            /// A method table of the object's type that begins with the slots of a class that it is below; made if there is none yet.
            method_table (b:obj, b:obj) -> ptr, Zero, RAISE;

            // --- names, references, control ---
            /// A global whose cell is empty: builtins, else `NameError`; the address is the cell's.
            global_missing (b:ptr) -> obj, Zero, RAISE | PYTHON;
            /// Stores the global whose cell is at an address.
            global_store (b:ptr, b:obj) -> unit, Two, RAISE | PYTHON;
            /// The default value of the parameter whose description is at an address.
            default_load (b:ptr) -> obj, Zero, RAISE;
            /// Raises `UnboundLocalError`; the operand is the local's name.
            raise_unbound (b:obj) -> unit, Two, RAISE;
            /// The last reference to an object is gone.
            dealloc (s:obj) -> unit, Never, PYTHON;
            /// Handles what the eval breaker asks for; the operand is the thread context.
            poll (b:ptr) -> unit, Two, RAISE | PYTHON;
            /// Raises `RecursionError`.
            raise_recursion (b:ptr) -> unit, Two, RAISE;
            /// Adds a traceback entry: address of the function's record, line, start and end of the expression in bytes.
            trace (b:ptr, b:i64, b:i64, b:i64) -> unit, Never, NONE;
        }
    };
}

/// What the list says of a helper.
#[derive(Clone, Copy, Debug)]
pub struct HelperInfo {
    /// Its name.
    pub name: &'static str,
    /// Operands.
    pub params: &'static [(Mode, HelperKind)],
    /// Result.
    pub ret: HelperKind,
    /// How it says that it raised.
    pub error: ErrorValue,
    /// Effects.
    pub effects: Effects,
    /// Documentation.
    pub doc: &'static str,
}

macro_rules! mode {
    (b) => {
        Mode::Borrow
    };
    (s) => {
        Mode::Steal
    };
}

macro_rules! define_helpers {
    ($($(#[doc = $doc:literal])+ $name:ident ($($m:ident : $k:ident),*) -> $ret:ident, $error:ident, $($effect:ident)|+;)*) => {
        /// A helper of the runtime.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum Helper { $($(#[doc = $doc])+ $name),* }

        impl Helper {
            /// Every helper, in the order of the list.
            pub const ALL: &[Helper] = &[$(Helper::$name),*];

            /// What the list says of it.
            pub fn info(self) -> &'static HelperInfo {
                const INFO: &[HelperInfo] = &[$(HelperInfo {
                    name: stringify!($name),
                    params: &[$((mode!($m), HelperKind::$k)),*],
                    ret: HelperKind::$ret,
                    error: ErrorValue::$error,
                    effects: Effects::NONE$(.union(Effects::$effect))+,
                    doc: concat!($($doc),+),
                }),*];
                &INFO[self as usize]
            }

            /// The helper called `name`.
            pub fn from_name(name: &str) -> Option<Helper> {
                Helper::ALL.iter().copied().find(|h| h.info().name == name)
            }
        }
    };
}

for_each_helper!(define_helpers);
