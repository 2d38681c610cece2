//! The list of ops: the one place where an op is declared.
//!
//! From [`for_each_op!`](crate::for_each_op) derive the [`Op`] enum, names of the text form, operand modes, result ownership, effects,
//! the verifier's operand checks, the interpreter's and the code generator's coverage tests, and `docs/internals/ops.md`.
//!
//! A row reads `Variant "text.name" (operands) imm -> result, effects;`
//!
//! - operands: `mode:kind`, mode `b` borrow or `s` steal (the op takes over the reference); a last operand `*mode:kind` repeats.
//!   Kinds: `obj`, `int`, `mach` (machine integer), `float` (f64 or f32), `f64`, `bool`, `i64`, `num` (mach or float), `any`; `same` is "as the first operand".
//! - imm: `none`, `i64`, `f64`, `bool`, `cond`, `helper`, `ref` (index of the function's references), `check` (a reference or nothing).
//! - result: `-`, or ownership and kind; ownership `own` (a new reference), `ref` (a new reference that the ownership pass may turn into a borrow of
//!   memory while nothing can write it), `pin` (lives as long as the code), `alias` (the first operand itself, with other knowledge). Kind as for operands.
//! - effects: `|`-joined from [`Effects`].
//!
//! A refined result type may always be stated in the instruction; the row says what is checked.

use bitflags::bitflags;

bitflags! {
    /// What an op may do besides computing its result, by class of memory.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Effects: u32 {
        /// Nothing.
        const NONE = 0;
        /// Reads a field of a laid-out object.
        const READ_FIELD = 1;
        /// Writes a field of a laid-out object.
        const WRITE_FIELD = 2;
        /// Reads list storage or length.
        const READ_LIST = 4;
        /// Writes list storage or length.
        const WRITE_LIST = 8;
        /// Reads array contents.
        const READ_ARRAY = 16;
        /// Writes array contents.
        const WRITE_ARRAY = 32;
        /// Reads a global's cell.
        const READ_GLOBAL = 64;
        /// Writes a global's cell.
        const WRITE_GLOBAL = 128;
        /// May raise: the instruction has an error edge.
        const RAISE = 256;
        /// May run Python code, which may do anything.
        const PYTHON = 512;
        /// Ends its block.
        const END = 1024;
        /// Must not be removed or duplicated though nothing reads its result.
        const KEEP = 2048;
    }
}

/// What an operand or result must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, non_camel_case_types)]
pub enum Kind {
    obj,
    int,
    mach,
    float,
    f64,
    bool,
    i64,
    num,
    any,
    same,
}

/// How an op treats an operand's reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Only looks; the caller keeps its reference.
    Borrow,
    /// Takes the reference over, whether or not the op raises.
    Steal,
}

/// What a result's reference is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ownership {
    /// A new reference.
    Own,
    /// A new reference to what memory holds; becomes a borrow when nothing can overwrite that memory while the value lives.
    Ref,
    /// Lives as long as the code.
    Pin,
    /// The first operand itself.
    Alias,
}

/// What the immediate of an op is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, non_camel_case_types)]
pub enum ImmKind {
    none,
    i64,
    f64,
    bool,
    cond,
    helper,
    r#ref,
    check,
}

/// Calls `$m!` with the rows of the list.
#[macro_export]
macro_rules! for_each_op {
    ($m:ident) => { $m! {
        // --- constants ---
        /// A small Python int.
        ConstInt "const.int" () i64 -> (Own int), NONE;
        /// A constant object of the references: string, float, tuple, big int, `None`, a class of builtins.
        ConstObj "const.obj" () r#ref -> (Pin obj), NONE;
        /// A constant int that is not small, as an `int` word.
        ConstBig "const.big" () r#ref -> (Pin int), NONE;
        /// A machine integer.
        ConstMach "const.mach" () i64 -> (Own mach), NONE;
        /// A float, from the bits of an f64.
        ConstFloat "const.float" () f64 -> (Own float), NONE;
        /// A truth value.
        ConstBool "const.bool" () bool -> (Own bool), NONE;
        /// No value: the word 0 where the representation has one, else an arbitrary value that is never used.
        Undef "undef" () none -> (Pin any), NONE;

        // --- machine integers: two's complement, wrapping at the width ---
        /// Sum.
        MachAdd "mach.add" (b:mach, b:same) none -> (Own same), NONE;
        /// Difference.
        MachSub "mach.sub" (b:mach, b:same) none -> (Own same), NONE;
        /// Product.
        MachMul "mach.mul" (b:mach, b:same) none -> (Own same), NONE;
        /// Floor division; `ZeroDivisionError`; the most negative value by -1 wraps.
        MachFloorDiv "mach.floordiv" (b:mach, b:same) none -> (Own same), RAISE;
        /// Floor modulo; `ZeroDivisionError`.
        MachMod "mach.mod" (b:mach, b:same) none -> (Own same), RAISE;
        /// Power, wrapping; `ValueError` for a negative exponent.
        MachPow "mach.pow" (b:mach, b:same) none -> (Own same), RAISE;
        /// Bitwise and.
        MachAnd "mach.and" (b:mach, b:same) none -> (Own same), NONE;
        /// Bitwise or.
        MachOr "mach.or" (b:mach, b:same) none -> (Own same), NONE;
        /// Bitwise exclusive or.
        MachXor "mach.xor" (b:mach, b:same) none -> (Own same), NONE;
        /// Left shift; a count past the width gives 0; a negative count is `ValueError`.
        MachShl "mach.shl" (b:mach, b:same) none -> (Own same), RAISE;
        /// Right shift, arithmetic on signed and logical on unsigned types; a count past the width gives the sign or 0; a negative count is `ValueError`.
        MachShr "mach.shr" (b:mach, b:same) none -> (Own same), RAISE;
        /// Negation, wrapping.
        MachNeg "mach.neg" (b:mach) none -> (Own same), NONE;
        /// Complement.
        MachNot "mach.not" (b:mach) none -> (Own same), NONE;
        /// Comparison of the same type, signed or unsigned by it.
        MachCmp "mach.cmp" (b:mach, b:same) cond -> (Own bool), NONE;
        /// Comparison by value across widths and signs.
        MachCmpMixed "mach.cmp_mixed" (b:mach, b:mach) cond -> (Own bool), NONE;
        /// Another width or sign: extends or wraps.
        MachCast "mach.cast" (b:mach) none -> (Own mach), NONE;
        /// Another width or sign: `OverflowError` when the value does not fit.
        MachNarrow "mach.narrow" (b:mach) none -> (Own mach), RAISE;
        /// To a float, rounding to nearest.
        MachToFloat "mach.to_float" (b:mach) none -> (Own float), NONE;

        // --- floats ---
        /// Sum.
        FloatAdd "float.add" (b:float, b:same) none -> (Own same), NONE;
        /// Difference.
        FloatSub "float.sub" (b:float, b:same) none -> (Own same), NONE;
        /// Product.
        FloatMul "float.mul" (b:float, b:same) none -> (Own same), NONE;
        /// Quotient; `ZeroDivisionError`.
        FloatDiv "float.div" (b:float, b:same) none -> (Own same), RAISE;
        /// `float.__floordiv__`.
        FloatFloorDiv "float.floordiv" (b:float, b:same) none -> (Own same), RAISE;
        /// `float.__mod__`.
        FloatMod "float.mod" (b:float, b:same) none -> (Own same), RAISE;
        /// Power of doubles: `float.__pow__`, `ValueError` for a negative base with a fractional exponent.
        FloatPow "float.pow" (b:float, b:same) none -> (Own same), RAISE;
        /// Negation.
        FloatNeg "float.neg" (b:float) none -> (Own same), NONE;
        /// Absolute value.
        FloatAbs "float.abs" (b:float) none -> (Own same), NONE;
        /// `math.sqrt`: `ValueError` for a negative argument.
        FloatSqrt "float.sqrt" (b:float) none -> (Own same), RAISE;
        /// IEEE comparison.
        FloatCmp "float.cmp" (b:float, b:same) cond -> (Own bool), NONE;
        /// Another width.
        FloatCast "float.cast" (b:float) none -> (Own float), NONE;
        /// Truncation to a machine integer: `OverflowError` out of range, `ValueError` for NaN.
        FloatToMach "float.to_mach" (b:float) none -> (Own mach), RAISE;
        /// Truncation to a Python int: `OverflowError` for infinities, `ValueError` for NaN.
        FloatToInt "float.to_int" (b:float) none -> (Own int), RAISE;

        // --- truth values ---
        /// Negation.
        BoolNot "bool.not" (b:bool) none -> (Own bool), NONE;
        /// Equality of truth values (as ints: `<` and the rest too).
        BoolCmp "bool.cmp" (b:bool, b:bool) cond -> (Own bool), NONE;
        /// 0 or 1 as a machine integer.
        BoolToMach "bool.to_mach" (b:bool) none -> (Own mach), NONE;

        // --- Python ints: inline on small ones, runtime on others ---
        /// Sum.
        IntAdd "int.add" (b:int, b:int) none -> (Own int), RAISE;
        /// Difference.
        IntSub "int.sub" (b:int, b:int) none -> (Own int), RAISE;
        /// Product.
        IntMul "int.mul" (b:int, b:int) none -> (Own int), RAISE;
        /// Floor division; `ZeroDivisionError`.
        IntFloorDiv "int.floordiv" (b:int, b:int) none -> (Own int), RAISE;
        /// Floor modulo; `ZeroDivisionError`.
        IntMod "int.mod" (b:int, b:int) none -> (Own int), RAISE;
        /// True division to f64; `ZeroDivisionError`, `OverflowError`.
        IntDiv "int.div" (b:int, b:int) none -> (Own f64), RAISE;
        /// Bitwise and.
        IntAnd "int.and" (b:int, b:int) none -> (Own int), RAISE;
        /// Bitwise or.
        IntOr "int.or" (b:int, b:int) none -> (Own int), RAISE;
        /// Bitwise exclusive or.
        IntXor "int.xor" (b:int, b:int) none -> (Own int), RAISE;
        /// Left shift; `ValueError` for a negative count.
        IntShl "int.shl" (b:int, b:int) none -> (Own int), RAISE;
        /// Right shift; `ValueError` for a negative count.
        IntShr "int.shr" (b:int, b:int) none -> (Own int), RAISE;
        /// Negation.
        IntNeg "int.neg" (b:int) none -> (Own int), RAISE;
        /// Complement.
        IntNot "int.not" (b:int) none -> (Own int), RAISE;
        /// Comparison by value.
        IntCmp "int.cmp" (b:int, b:int) cond -> (Own bool), NONE;
        /// Whether it is not zero.
        IntTruth "int.truth" (b:int) none -> (Own bool), NONE;
        /// A machine integer as a Python int.
        IntFromMach "int.from_mach" (b:mach) none -> (Own int), RAISE;
        /// A machine integer; `OverflowError` when it does not fit.
        IntToMach "int.to_mach" (b:int) none -> (Own mach), RAISE;
        /// The value, or the nearest bound of what is held inline (`SMALL_INT`) when it lies outside: the end of a loop that no one lives to see.
        IntClamp "int.clamp" (b:int) none -> (Own i64), NONE;
        /// The nearest f64; `OverflowError`.
        IntToFloat "int.to_float" (b:int) none -> (Own f64), RAISE;

        // --- boxing ---
        /// An `int` as an object.
        BoxInt "box.int" (b:int) none -> (Own obj), RAISE;
        /// A machine integer as an `int` object.
        BoxMach "box.mach" (b:mach) none -> (Own obj), RAISE;
        /// A float as a `float` object.
        BoxFloat "box.float" (b:float) none -> (Own obj), RAISE;
        /// `True` or `False`.
        BoxBool "box.bool" (b:bool) none -> (Pin obj), NONE;
        /// The value of an object in the result's representation. With a check: `StaticTypeError`/`OverflowError` when it is not of that type. Without:
        /// the object is known to be an instance of the class, and only range errors can happen. An int is taken for a float.
        Unbox "unbox" (b:obj) check -> (Own any), RAISE;
        /// The object itself, once it has passed the check of the reference.
        Check "check" (b:obj) r#ref -> (Alias obj), RAISE;
        /// The same value with other knowledge; no code.
        Retype "retype" (b:any) none -> (Alias any), NONE;
        /// The object itself; `UnboundLocalError` naming the reference when the word is 0.
        CheckBound "check.bound" (b:any) r#ref -> (Alias any), RAISE;

        // --- objects ---
        /// A field of a laid-out object; `AttributeError` when unset.
        FieldLoad "field.load" (b:obj) r#ref -> (Ref any), READ_FIELD | RAISE;
        /// Sets a field; the previous value is released.
        FieldStore "field.store" (b:obj, s:any) r#ref -> (-), WRITE_FIELD | PYTHON | KEEP;
        /// Sets a field of an object that was just allocated and is not yet visible: nothing is released.
        FieldInit "field.init" (b:obj, s:any) r#ref -> (-), WRITE_FIELD | KEEP;
        /// A new instance of a laid-out class (reference), fields unset or at their defaults.
        New "new" () r#ref -> (Own obj), RAISE | PYTHON;
        /// Identity.
        Is "is" (b:obj, b:obj) none -> (Own bool), NONE;
        /// Whether the word is 0.
        IsNull "is_null" (b:any) none -> (Own bool), NONE;
        /// Whether an object's type is exactly the class of the reference.
        TypeIs "type.is" (b:obj) r#ref -> (Own bool), NONE;
        /// Whether an object is an instance of the class of the reference, by its type's MRO alone.
        IsInstance "isinstance" (b:obj) r#ref -> (Own bool), NONE;
        /// The same, or by what the object says that its `__class__` is.
        IsInstanceAsked "isinstance.asked" (b:obj) r#ref -> (Own bool), RAISE | PYTHON;

        // --- containers ---
        /// `len` of an object known to be exactly a list, tuple, str, bytes, dict or set.
        Len "len" (b:obj) none -> (Own i64), READ_LIST;
        /// `list[index]`: direct when exactly a list; `IndexError`. Index `int` or `i64`.
        ListGet "list.get" (b:obj, b:any) none -> (Ref obj), READ_LIST | RAISE | PYTHON;
        /// `list[index] = value`.
        ListSet "list.set" (b:obj, b:any, s:obj) none -> (-), WRITE_LIST | RAISE | PYTHON | KEEP;
        /// Item at a position of an exact list, or null past its end.
        ListNext "list.next" (b:obj, b:i64) none -> (Ref obj), READ_LIST;
        /// `tuple[index]`.
        TupleGet "tuple.get" (b:obj, b:any) none -> (Ref obj), RAISE | PYTHON;
        /// Item at a position of an exact tuple, or null past its end.
        TupleNext "tuple.next" (b:obj, b:i64) none -> (Ref obj), NONE;
        /// `Array[T][index]`; `IndexError`. Index `int` or `i64`.
        ArrayGet "array.get" (b:obj, b:any) none -> (Own num), READ_ARRAY | RAISE;
        /// `Array[T][index] = value`.
        ArraySet "array.set" (b:obj, b:any, b:num) none -> (-), WRITE_ARRAY | RAISE | KEEP;
        /// Number of elements of an `Array`.
        ArrayLen "array.len" (b:obj) none -> (Own i64), NONE;
        /// Next item of an iterator, or null when it is exhausted.
        IterNext "iter.next" (b:obj) none -> (Own obj), RAISE | PYTHON | KEEP;
        /// A tuple of the operands.
        TupleNew "tuple.new" (*s:obj) none -> (Own obj), RAISE;
        /// A list of the operands.
        ListNew "list.new" (*s:obj) none -> (Own obj), RAISE;
        /// A set of the operands.
        SetNew "set.new" (*b:obj) none -> (Own obj), RAISE | PYTHON;
        /// A dict of the operands, key and value in turn.
        DictNew "dict.new" (*b:obj) none -> (Own obj), RAISE | PYTHON;
        /// A string of the operands, all `str`, joined.
        StrJoin "str.join" (*b:obj) none -> (Own obj), RAISE;

        // --- names ---
        /// A global as it is now; `NameError`.
        GlobalLoad "global.load" () r#ref -> (Ref obj), READ_GLOBAL | RAISE | PYTHON;

        /// Stores a global of the reference's module.
        GlobalStore "global.store" (b:obj) r#ref -> (-), WRITE_GLOBAL | RAISE | PYTHON | KEEP;
        /// The default value of a parameter (reference), as the function object has it now.
        DefaultLoad "default.load" () r#ref -> (Ref obj), READ_GLOBAL | RAISE;

        // --- calls ---
        /// Calls through a binding cell (reference); operands as its signature says.
        Call "call" (*b:any) r#ref -> (Own any), RAISE | PYTHON | KEEP;
        /// Calls through the receiver's method table (reference).
        CallMethod "call.method" (*b:any) r#ref -> (Own any), RAISE | PYTHON | KEEP;
        /// What a binding cell (reference) goes to now, as an address.
        CellTarget "cell.target" () r#ref -> (Own i64), READ_GLOBAL;
        /// What a slot (reference) of the receiver's method table goes to now, as an address; 0 while the receiver's type has no table.
        MethodTarget "method.target" (b:obj) r#ref -> (Own i64), READ_GLOBAL;
        /// Whether an address of these is the version of a function (reference) that was inlined.
        TargetIs "target.is" (b:i64) r#ref -> (Own bool), NONE;
        /// Calls an object: callee, then arguments; the reference is the tuple of keyword names.
        CallObject "call.object" (*b:obj) r#ref -> (Own obj), RAISE | PYTHON | KEEP;
        /// Calls a method by name: receiver, then arguments; the reference is the name and the tuple of keyword names.
        CallNamed "call.named" (*b:obj) r#ref -> (Own obj), RAISE | PYTHON | KEEP;
        /// Calls a helper of the runtime; modes, effects and error value are those of its row in the list of helpers.
        Helper "helper" (*b:any) helper -> (Own any), NONE;

        // --- references ---
        /// One more reference.
        Inc "inc" (b:any) none -> (-), KEEP;
        /// One reference less; an object that dies runs its finaliser.
        Dec "dec" (s:any) none -> (-), PYTHON | KEEP;

        /// Uses objects, so that they are alive until here.
        Keep "keep" (*b:obj) none -> (-), KEEP;

        // --- control ---
        /// Handles signals and requests of other threads; on loop back-edges.
        Poll "poll" () none -> (-), RAISE | PYTHON | KEEP;
        /// Adds this instruction's position to the traceback of the exception that is set.
        Trace "trace" () none -> (-), KEEP;
        /// To a block.
        Jump "jump" () none -> (-), END;
        /// To the first block if true, else to the second.
        Branch "branch" (b:bool) none -> (-), END;
        /// Returns a value.
        Return "return" (s:any) none -> (-), END;
        /// Returns the error value: an exception is set.
        ReturnError "return.error" () none -> (-), END;
        /// Never reached: the instruction before never returns normally.
        Unreachable "unreachable" () none -> (-), END;
    } };
}

/// What the list says of an op.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in the text form.
    pub name: &'static str,
    /// Operands.
    pub operands: &'static [(Mode, Kind)],
    /// The last operand repeats, zero or more times.
    pub variadic: bool,
    /// Immediate.
    pub imm: ImmKind,
    /// Result.
    pub result: Option<(Ownership, Kind)>,
    /// Effects; those of [`Op::Helper`] are in the list of helpers.
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

macro_rules! operands {
    () => { (&[], false) };
    (* $m:ident : $k:ident) => { (&[(mode!($m), Kind::$k)], true) };
    ($($m:ident : $k:ident),+) => { (&[$((mode!($m), Kind::$k)),+], false) };
}

macro_rules! result {
    (-) => {
        None
    };
    ($o:ident $k:ident) => {
        Some((Ownership::$o, Kind::$k))
    };
}

macro_rules! define_ops {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal ($($operand:tt)*) $imm:tt -> ($($result:tt)+), $($effect:ident)|+;)*) => {
        /// An op.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum Op { $($(#[doc = $doc])+ $variant),* }

        impl Op {
            /// Every op, in the order of the list.
            pub const ALL: &[Op] = &[$(Op::$variant),*];

            /// What the list says of it.
            pub fn info(self) -> &'static OpInfo {
                const INFO: &[OpInfo] = &[$({
                    const OPERANDS: (&[(Mode, Kind)], bool) = operands!($($operand)*);
                    OpInfo {
                        name: $name,
                        operands: OPERANDS.0,
                        variadic: OPERANDS.1,
                        imm: ImmKind::$imm,
                        result: result!($($result)+),
                        effects: Effects::NONE$(.union(Effects::$effect))+,
                        doc: concat!($($doc),+),
                    }
                }),*];
                &INFO[self as usize]
            }

            /// The op with this name in the text form.
            pub fn from_name(name: &str) -> Option<Op> {
                Op::ALL.iter().copied().find(|op| op.info().name == name)
            }
        }
    };
}

for_each_op!(define_ops);

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Cond {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Cond {
    /// Every comparison with its name in the text form.
    pub const ALL: [(Cond, &'static str); 6] = [
        (Cond::Eq, "eq"),
        (Cond::Ne, "ne"),
        (Cond::Lt, "lt"),
        (Cond::Le, "le"),
        (Cond::Gt, "gt"),
        (Cond::Ge, "ge"),
    ];

    /// Its name in the text form.
    pub fn name(self) -> &'static str {
        Cond::ALL
            .iter()
            .find(|(c, _)| *c == self)
            .map_or("", |(_, n)| n)
    }

    /// The comparison called `name`.
    pub fn from_name(name: &str) -> Option<Cond> {
        Cond::ALL.iter().find(|(_, n)| *n == name).map(|(c, _)| *c)
    }

    /// The comparison that says the same with the operands exchanged.
    pub fn flipped(self) -> Cond {
        match self {
            Cond::Eq | Cond::Ne => self,
            Cond::Lt => Cond::Gt,
            Cond::Le => Cond::Ge,
            Cond::Gt => Cond::Lt,
            Cond::Ge => Cond::Le,
        }
    }

    /// The comparison that is true when this one is false, of ordered values (not of floats, where NaN makes both false).
    pub fn negated(self) -> Cond {
        match self {
            Cond::Eq => Cond::Ne,
            Cond::Ne => Cond::Eq,
            Cond::Lt => Cond::Ge,
            Cond::Le => Cond::Gt,
            Cond::Gt => Cond::Le,
            Cond::Ge => Cond::Lt,
        }
    }

    /// The number that CPython's rich comparison gives it (`Py_LT` is 0).
    pub fn rich(self) -> i64 {
        match self {
            Cond::Lt => 0,
            Cond::Le => 1,
            Cond::Eq => 2,
            Cond::Ne => 3,
            Cond::Gt => 4,
            Cond::Ge => 5,
        }
    }
}
