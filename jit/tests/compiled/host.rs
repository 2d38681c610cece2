//! A host without Python: objects, helpers and a linker for the tests of compiled code.
//!
//! Everything is leaked, as the code that refers to it is. Tests run in threads; what helpers note is kept by thread.
#![allow(dead_code, clippy::missing_safety_doc)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use keelback_checker::types::{Constant, Name, Symbol};
use keelback_jit::abi::{FloatResult, IntResult};
use keelback_jit::linker::{ClassAddress, Layout, Linker};
use keelback_jit::{Compiled, GenericEntry, Jit, Options};
use keelback_lowering::errors::Raise;
use keelback_lowering::function::{CellKind, CellRef, CheckRef, FieldRef, Function, TargetRef};
use keelback_lowering::helpers::Helper;
use keelback_lowering::types::{Repr, SMALL_INT, Signature};

/// An object of any type, with room for what the layout says.
#[repr(C)]
pub struct Object {
    pub refs: i64,
    pub ty: *mut Object,
    pub words: [u64; 6],
}

/// Low half of an immortal object's count.
pub const IMMORTAL: i64 = 0xffff_ffff;

thread_local! {
    /// The number of the exception that is set, or -1.
    pub static RAISED: Cell<Option<i64>> = const { Cell::new(None) };
    /// Objects that were deallocated.
    pub static DEAD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    /// Calls of helpers that tests count, by name.
    pub static CALLS: RefCell<HashMap<&'static str, usize>> = RefCell::new(HashMap::new());
    /// Lines given to `trace`.
    pub static TRACED: RefCell<Vec<i64>> = const { RefCell::new(Vec::new()) };
    /// Objects made for big ints, with their values.
    static BIG: RefCell<HashMap<usize, i128>> = RefCell::new(HashMap::new());
    /// Floats, kept by address, that were boxed.
    static CTX: Cell<*mut Context> = const { Cell::new(std::ptr::null_mut()) };
    /// Raw fields that legitimately hold the pattern.
    static NOTED: RefCell<Vec<(usize, i64)>> = const { RefCell::new(Vec::new()) };
}

/// The thread context.
#[repr(C)]
pub struct Context {
    pub stack_limit: usize,
    pub eval_breaker: *const u64,
    pub breaker: u64,
}

/// This thread's context.
pub fn context() -> *mut Context {
    CTX.with(|c| {
        if c.get().is_null() {
            let ctx = Box::leak(Box::new(Context {
                stack_limit: 0,
                eval_breaker: std::ptr::null(),
                breaker: 0,
            }));
            ctx.eval_breaker = &ctx.breaker;
            c.set(ctx);
        }
        c.get()
    })
}

fn note(name: &'static str) {
    CALLS.with(|c| *c.borrow_mut().entry(name).or_default() += 1);
}

/// How often a helper was called.
pub fn calls(name: &str) -> usize {
    CALLS.with(|c| c.borrow().get(name).copied().unwrap_or(0))
}

pub fn raise(number: i64) {
    RAISED.with(|r| r.set(Some(number)));
}

/// The exception that is set, cleared.
pub fn raised() -> Option<i64> {
    RAISED.with(|r| r.take())
}

/// A new object; its count is 1.
pub fn object(ty: *mut Object, words: &[u64]) -> *mut Object {
    let mut o = Object {
        refs: 1,
        ty,
        words: [0; 6],
    };
    o.words[..words.len()].copy_from_slice(words);
    Box::leak(Box::new(o))
}

/// Addresses of the types that tests use.
pub struct Types {
    pub int: *mut Object,
    pub float: *mut Object,
    pub bool: *mut Object,
    pub list: *mut Object,
    pub tuple: *mut Object,
    pub str: *mut Object,
    pub none: *mut Object,
    pub class: *mut Object,
    pub subclass: *mut Object,
    pub true_: *mut Object,
    pub false_: *mut Object,
    pub none_: *mut Object,
    pub small: *mut [u64; 4],
}

// SAFETY: test objects are only reached from the thread that made them, or are immortal.
unsafe impl Sync for Types {}
// SAFETY: as above.
unsafe impl Send for Types {}

/// The types and immortal objects.
pub fn types() -> &'static Types {
    static TYPES: std::sync::OnceLock<Types> = std::sync::OnceLock::new();
    TYPES.get_or_init(|| {
        let ty = || {
            let t = object(std::ptr::null_mut(), &[]);
            // SAFETY: just made.
            unsafe { (*t).refs = IMMORTAL };
            t
        };
        let immortal = |ty, words: &[u64]| {
            let o = object(ty, words);
            // SAFETY: just made.
            unsafe { (*o).refs = IMMORTAL };
            o
        };
        let (int, bool, none) = (ty(), ty(), ty());
        let small: Vec<[u64; 4]> = (-5i64..257)
            .map(|v| {
                let (tag, digit) = match v {
                    0 => (1, 0),
                    v if v < 0 => ((1 << 3) | 2, -v),
                    v => (1 << 3, v),
                };
                [IMMORTAL as u64, int as u64, tag as u64, digit as u64]
            })
            .collect();
        Types {
            int,
            float: ty(),
            bool,
            list: ty(),
            tuple: ty(),
            str: ty(),
            none,
            class: ty(),
            subclass: ty(),
            true_: immortal(bool, &[1 << 3, 1]),
            false_: immortal(bool, &[1, 0]),
            none_: immortal(none, &[]),
            small: Box::leak(small.into_boxed_slice()).as_mut_ptr(),
        }
    })
}

/// The word of a Python int.
pub fn int(v: i128) -> u64 {
    match i64::try_from(v) {
        Ok(v) if SMALL_INT.contains(&v) => ((v << 1) | 1) as u64,
        _ => {
            let o = object(types().int, &[(3 << 3) | if v < 0 { 2 } else { 0 }]);
            BIG.with(|b| b.borrow_mut().insert(o as usize, v));
            o as u64
        }
    }
}

/// The value of an int word; `True` and `False` may stand for 1 and 0.
pub fn int_value(word: u64) -> i128 {
    if word & 1 == 1 {
        return i128::from((word as i64) >> 1);
    }
    if word == types().true_ as u64 {
        return 1;
    }
    if word == types().false_ as u64 {
        return 0;
    }
    BIG.with(|b| *b.borrow().get(&(word as usize)).expect("a big int"))
}

/// A float object.
pub fn float(v: f64) -> *mut Object {
    object(types().float, &[v.to_bits()])
}

/// A list object of these items, whose references it owns.
pub fn list(items: &[*mut Object]) -> *mut Object {
    let storage = Box::leak(items.to_vec().into_boxed_slice());
    object(
        types().list,
        &[items.len() as u64, storage.as_mut_ptr() as u64],
    )
}

/// An object's count.
pub fn refs(o: *mut Object) -> i64 {
    // SAFETY: test objects are never freed.
    unsafe { (*o).refs }
}

macro_rules! int_binary {
    ($($name:ident, $a:ident, $b:ident => $value:expr;)*) => {$(
        extern "C" fn $name(a: u64, b: u64) -> u64 {
            note(stringify!($name));
            let ($a, $b) = (int_value(a), int_value(b));
            let value: Option<i128> = $value;
            match value {
                Some(v) => int(v),
                None => { raise(0); 0 }
            }
        }
    )*};
}

int_binary! {
    int_add, a, b => a.checked_add(b);
    int_sub, a, b => a.checked_sub(b);
    int_mul, a, b => a.checked_mul(b);
    int_floordiv, a, b => if b == 0 { None } else { Some(floor_div(a, b)) };
    int_mod, a, b => if b == 0 { None } else { Some(a - floor_div(a, b) * b) };
    int_and, a, b => Some(a & b);
    int_or, a, b => Some(a | b);
    int_xor, a, b => Some(a ^ b);
    int_shl, a, b => if b < 0 { None } else { Some(a << b) };
    int_shr, a, b => if b < 0 { None } else { Some(a >> b.min(127)) };
}

pub fn floor_div(a: i128, b: i128) -> i128 {
    let q = a / b;
    if a % b != 0 && (a < 0) != (b < 0) {
        q - 1
    } else {
        q
    }
}

extern "C" fn int_div(a: u64, b: u64) -> FloatResult {
    note("int_div");
    let (a, b) = (int_value(a), int_value(b));
    if b == 0 {
        raise(0);
        return FloatResult {
            value: 0.0,
            error: 1,
        };
    }
    FloatResult {
        value: a as f64 / b as f64,
        error: 0,
    }
}

extern "C" fn int_neg(a: u64) -> u64 {
    note("int_neg");
    int(-int_value(a))
}

extern "C" fn int_not(a: u64) -> u64 {
    note("int_not");
    int(!int_value(a))
}

extern "C" fn int_cmp(a: u64, b: u64, op: i64) -> u8 {
    note("int_cmp");
    let (a, b) = (int_value(a), int_value(b));
    u8::from(match op {
        0 => a < b,
        1 => a <= b,
        2 => a == b,
        3 => a != b,
        4 => a > b,
        _ => a >= b,
    })
}

extern "C" fn int_truth(a: u64) -> u8 {
    note("int_truth");
    u8::from(int_value(a) != 0)
}

extern "C" fn int_from_i64(a: i64) -> u64 {
    note("int_from_i64");
    int(i128::from(a))
}

extern "C" fn int_from_u64(a: u64) -> u64 {
    note("int_from_u64");
    int(i128::from(a))
}

/// The value as the machine integer with this number, extended to 64 bits, if it fits.
pub fn fits(v: i128, repr: Repr) -> Option<u64> {
    let (low, high) = if repr.is_signed() {
        (
            -(1i128 << (repr.bits() - 1)),
            (1i128 << (repr.bits() - 1)) - 1,
        )
    } else {
        (0, (1i128 << repr.bits()) - 1)
    };
    (low <= v && v <= high).then_some(v as u64)
}

extern "C" fn int_to_mach(a: u64, repr: i64) -> IntResult {
    note("int_to_mach");
    match fits(int_value(a), Repr::ALL[repr as usize].0) {
        Some(value) => IntResult { value, error: 0 },
        None => {
            raise(100);
            IntResult { value: 0, error: 1 }
        }
    }
}

extern "C" fn int_to_float(a: u64) -> FloatResult {
    note("int_to_float");
    FloatResult {
        value: int_value(a) as f64,
        error: 0,
    }
}

extern "C" fn box_int(a: u64) -> u64 {
    note("box_int");
    if a & 1 == 0 {
        // SAFETY: a big int's word is its object.
        unsafe { (*(a as *mut Object)).refs += 1 };
        return a;
    }
    box_i64((a as i64) >> 1)
}

extern "C" fn box_i64(a: i64) -> u64 {
    note("box_i64");
    let tag = match a {
        0 => 1,
        a if a < 0 => (1 << 3) | 2,
        _ => 1 << 3,
    };
    let o = object(types().int, &[tag, a.unsigned_abs()]);
    BIG.with(|b| b.borrow_mut().insert(o as usize, i128::from(a)));
    o as u64
}

extern "C" fn box_u64(a: u64) -> u64 {
    note("box_u64");
    let o = object(types().int, &[(3 << 3), a]);
    BIG.with(|b| b.borrow_mut().insert(o as usize, i128::from(a)));
    o as u64
}

extern "C" fn box_f64(a: f64) -> u64 {
    note("box_f64");
    float(a) as u64
}

extern "C" fn unbox_int(o: *mut Object, _check: usize) -> u64 {
    note("unbox_int");
    // SAFETY: an object of the tests.
    unsafe {
        if (*o).ty == types().bool {
            return o as u64;
        }
        if (*o).ty == types().int {
            let word = int(int_value(o as u64));
            if word & 1 == 1 {
                return word;
            }
            (*o).refs += 1;
            return o as u64;
        }
    }
    raise(101);
    0
}

extern "C" fn unbox_f64(o: *mut Object, _check: usize) -> FloatResult {
    note("unbox_f64");
    // SAFETY: an object of the tests.
    if unsafe { (*o).ty } == types().int {
        let value = small_object_value(o) as f64;
        return FloatResult { value, error: 0 };
    }
    raise(101);
    FloatResult {
        value: 0.0,
        error: 1,
    }
}

fn small_object_value(o: *mut Object) -> i128 {
    // SAFETY: an int object of the tests.
    let (tag, digit) = unsafe { ((*o).words[0], (*o).words[1]) };
    if tag >> 3 > 1 {
        return int_value(o as u64);
    }
    i128::from(digit) * (1 - i128::from(tag & 3))
}

extern "C" fn unbox_mach(o: *mut Object, _check: usize, repr: i64) -> IntResult {
    note("unbox_mach");
    // SAFETY: an object of the tests.
    if unsafe { (*o).ty } == types().int
        && let Some(value) = fits(small_object_value(o), Repr::ALL[repr as usize].0)
    {
        return IntResult { value, error: 0 };
    }
    raise(101);
    IntResult { value: 0, error: 1 }
}

extern "C" fn unbox_bool(_o: *mut Object, _check: usize) -> u8 {
    note("unbox_bool");
    raise(101);
    2
}

extern "C" fn check(_o: *mut Object, _check: usize) -> u8 {
    note("check");
    raise(102);
    2
}

extern "C" fn float_to_int(a: f64) -> u64 {
    note("float_to_int");
    if a.is_finite() {
        return int(a as i128);
    }
    raise(103);
    0
}

extern "C" fn float_to_mach(a: f64, repr: i64) -> IntResult {
    note("float_to_mach");
    if a.is_finite()
        && let Some(value) = fits(a as i128, Repr::ALL[repr as usize].0)
    {
        return IntResult { value, error: 0 };
    }
    raise(103);
    IntResult { value: 0, error: 1 }
}

extern "C" fn float_pow(a: f64, b: f64) -> FloatResult {
    FloatResult {
        value: a.powf(b),
        error: 0,
    }
}

extern "C" fn float_mod(a: f64, b: f64) -> FloatResult {
    FloatResult {
        value: a.rem_euclid(b),
        error: 0,
    }
}

extern "C" fn mach_pow(a: i64, b: i64, _repr: i64) -> IntResult {
    if b < 0 {
        raise(Raise::NegativePower.number());
        return IntResult { value: 0, error: 1 };
    }
    IntResult {
        value: a.wrapping_pow(b as u32) as u64,
        error: 0,
    }
}

extern "C" fn raise_fixed(number: i64) -> u8 {
    raise(number);
    2
}

extern "C" fn raise_unbound(_name: usize) -> u8 {
    raise(104);
    2
}

extern "C" fn raise_recursion(_ctx: usize) -> u8 {
    raise(105);
    2
}

extern "C" fn dealloc(o: usize) -> u8 {
    DEAD.with(|d| d.borrow_mut().push(o));
    0
}

extern "C" fn poll(ctx: *mut Context) -> u8 {
    note("poll");
    // SAFETY: the test's own context.
    let asked = unsafe { std::mem::take(&mut (*ctx).breaker) };
    if asked == 2 {
        raise(106);
        return 2;
    }
    0
}

extern "C" fn trace(_record: usize, line: i64, _start: i64, _end: i64) -> u8 {
    TRACED.with(|t| t.borrow_mut().push(line));
    0
}

extern "C" fn field_unset(_o: usize, _field: usize) -> u8 {
    raise(107);
    2
}

extern "C" fn field_note_pattern(o: usize, offset: i64) -> u8 {
    NOTED.with(|n| n.borrow_mut().push((o, offset)));
    0
}

extern "C" fn field_is_unset(o: usize, offset: i64) -> u8 {
    u8::from(!NOTED.with(|n| n.borrow().contains(&(o, offset))))
}

extern "C" fn object_new(_record: usize) -> u64 {
    object(types().class, &[]) as u64
}

extern "C" fn list_get(l: *mut Object, index: u64) -> u64 {
    note("list_get");
    let index = int_value(index);
    // SAFETY: a list of the tests.
    unsafe {
        let length = i128::from((*l).words[0]);
        let index = if index < 0 { index + length } else { index };
        if (0..length).contains(&index) {
            let item = *((*l).words[1] as *const *mut Object).add(index as usize);
            if (*item).refs != IMMORTAL {
                (*item).refs += 1;
            }
            return item as u64;
        }
    }
    raise(108);
    0
}

extern "C" fn list_set(_l: *mut Object, _index: u64, value: *mut Object) -> u8 {
    note("list_set");
    // SAFETY: takes the reference over.
    unsafe { (*value).refs -= 1 };
    raise(108);
    2
}

extern "C" fn list_new(items: *const *mut Object, count: i64) -> u64 {
    // SAFETY: that many items are there.
    let items = unsafe { std::slice::from_raw_parts(items, count as usize) };
    list(items) as u64
}

extern "C" fn tuple_new(items: *const *mut Object, count: i64) -> u64 {
    // SAFETY: that many items are there.
    let items = unsafe { std::slice::from_raw_parts(items, count as usize) };
    let mut words = vec![count as u64];
    words.extend(items.iter().map(|o| *o as u64));
    object(types().tuple, &words) as u64
}

extern "C" fn iter_next(iterator: *mut Object) -> u64 {
    // SAFETY: the tests' iterator counts down in its first word: 0 is the end, an odd one an error.
    unsafe {
        match (*iterator).words[0] {
            0 => 0,
            1 => {
                raise(109);
                1
            }
            _ => {
                (*iterator).words[0] -= 2;
                types().none_ as u64
            }
        }
    }
}

extern "C" fn global_missing(_cell: usize) -> u64 {
    note("global_missing");
    raise(110);
    0
}

extern "C" fn call_object(callee: u64, args: *const u64, count: i64, keywords: usize) -> u64 {
    // SAFETY: that many arguments are there.
    let sum: u64 = unsafe { std::slice::from_raw_parts(args, count as usize) }
        .iter()
        .map(|a| small_object_value(*a as *mut Object) as u64)
        .sum();
    let callee = small_object_value(callee as *mut Object) as u64;
    box_i64((callee * 1000 + sum * 10) as i64 + (keywords != 0) as i64)
}

extern "C" fn type_isinstance(o: *mut Object, class: *mut Object) -> u8 {
    note("type_isinstance");
    // SAFETY: an object of the tests.
    u8::from(unsafe { (*o).ty } == types().subclass && class == types().class)
}

extern "C" fn type_isinstance_asked(o: *mut Object, class: *mut Object) -> u8 {
    note("type_isinstance_asked");
    type_isinstance(o, class)
}
extern "C" fn method_table(o: *mut Object, _class: u64) -> u64 {
    note("method_table");
    // SAFETY: an object of the tests; its type gets the base's table.
    unsafe {
        let table = (*types().class).words[TABLE];
        (*(*o).ty).words[TABLE] = table;
        table
    }
}

extern "C" fn missing() {
    eprintln!("a helper that the tests do not have was called");
    std::process::abort();
}

extern "C" fn thread_context() -> *mut Context {
    context()
}

extern "C" fn bind_slow(
    _record: usize,
    _callable: usize,
    _args: usize,
    nargsf: usize,
    _names: usize,
) -> u64 {
    note("bind_slow");
    raise(200 + (nargsf & 0xff) as i64);
    0
}

/// The word of a type object that holds its method table.
pub const TABLE: usize = 4;

/// What a cell or an entry of a table holds while it goes to the version that was inlined.
pub const TARGET_VERSION: usize = 0x8000;

/// The linker of the tests.
pub struct Host {
    layout: Layout,
    cells: RefCell<HashMap<String, usize>>,
    globals: RefCell<HashMap<String, usize>>,
}

impl Default for Host {
    fn default() -> Host {
        let t = types();
        Host {
            layout: Layout {
                refcount: 0,
                ob_type: 8,
                ob_size: 16,
                list_items: 24,
                tuple_items: 24,
                long_tag: 16,
                long_digits: 24,
                float_value: 16,
                str_length: 16,
                dict_used: 16,
                set_used: 24,
                type_method_table: 16 + 8 * TABLE as i32,
                method_table_ancestors: 0,
                method_table_entries: 16,
                method_table_stride: 8,
                thread_stack_limit: 0,
                thread_eval_breaker: 8,
                eval_breaker_size: 8,
                eval_breaker_mask: 0xff,
                array_data: 16,
                array_length: 24,
                small_ints: (t.small as usize + 5 * 32, 32),
                none: t.none_ as usize,
                true_: t.true_ as usize,
                false_: t.false_ as usize,
            },
            cells: RefCell::default(),
            globals: RefCell::default(),
        }
    }
}

impl Host {
    /// The word of a cell, by the name that is bound.
    pub fn cell_of(&self, name: &str) -> *mut usize {
        *self
            .cells
            .borrow_mut()
            .entry(name.to_string())
            .or_insert_with(|| Box::leak(Box::new([0usize; 2])) as *mut [usize; 2] as usize)
            as *mut usize
    }

    /// Binds a cell.
    pub fn bind(&self, name: &str, code: *const u8) {
        // SAFETY: cells are leaked words.
        unsafe { *self.cell_of(name) = code as usize };
    }

    /// The word of a global.
    pub fn global_of(&self, name: &str) -> *mut usize {
        *self
            .globals
            .borrow_mut()
            .entry(name.to_string())
            .or_insert_with(|| Box::leak(Box::new(0usize)) as *mut usize as usize)
            as *mut usize
    }
}

impl Linker for Host {
    fn helper(&self, helper: Helper) -> usize {
        macro_rules! table {
            ($($name:ident),*) => {
                match helper {
                    $(Helper::$name => $name as *const () as usize,)*
                    _ => missing as *const () as usize,
                }
            };
        }
        table!(
            int_add,
            int_sub,
            int_mul,
            int_floordiv,
            int_mod,
            int_and,
            int_or,
            int_xor,
            int_shl,
            int_shr,
            int_div,
            int_neg,
            int_not,
            int_cmp,
            int_truth,
            int_from_i64,
            int_from_u64,
            int_to_mach,
            int_to_float,
            box_int,
            box_i64,
            box_u64,
            box_f64,
            unbox_int,
            unbox_f64,
            unbox_mach,
            unbox_bool,
            check,
            float_to_int,
            float_to_mach,
            float_pow,
            float_mod,
            mach_pow,
            raise_fixed,
            raise_unbound,
            raise_recursion,
            dealloc,
            poll,
            trace,
            field_unset,
            field_note_pattern,
            field_is_unset,
            object_new,
            list_get,
            list_set,
            list_new,
            tuple_new,
            iter_next,
            global_missing,
            call_object,
            type_isinstance,
            type_isinstance_asked,
            method_table
        )
    }
    fn constant(&self, constant: &Constant) -> usize {
        match constant {
            Constant::None => self.layout.none,
            Constant::Bool(true) => self.layout.true_,
            Constant::Bool(false) => self.layout.false_,
            Constant::Int(v) => int(i128::from(*v)) as usize,
            Constant::BigInt(v) => int(v.parse().expect("an int")) as usize,
            Constant::Float(v) => float(f64::from_bits(*v)) as usize,
            _ => object(types().str, &[]) as usize,
        }
    }
    fn class(&self, class: &Symbol) -> ClassAddress {
        let t = types();
        ClassAddress::Fixed(match class.name() {
            "int" => t.int,
            "float" => t.float,
            "bool" => t.bool,
            "list" => t.list,
            "tuple" => t.tuple,
            "str" => t.str,
            "NoneType" => t.none,
            "Later" => {
                return ClassAddress::Cell(Box::leak(Box::new(0usize)) as *mut usize as usize);
            }
            _ => t.class,
        } as usize)
    }
    fn depth(&self, _class: &Symbol) -> Option<u32> {
        None
    }
    fn is_leading(&self, _class: &Symbol) -> bool {
        true
    }
    fn class_record(&self, _class: &Symbol) -> usize {
        0x1000
    }
    fn cell(&self, cell: &CellRef) -> usize {
        let name = match &cell.kind {
            CellKind::Function { name, .. } | CellKind::Class { name, .. } => name.to_string(),
            CellKind::Direct { function } => function.name().to_string(),
        };
        self.cell_of(&name) as usize
    }
    fn global(&self, _module: &Name, name: &Name) -> usize {
        self.global_of(name) as usize
    }
    fn check(&self, _check: &CheckRef) -> usize {
        0x2000
    }
    fn field(&self, _field: &FieldRef) -> usize {
        0x3000
    }
    fn keywords(&self, names: &[Name]) -> usize {
        if names.is_empty() { 0 } else { 0x4000 }
    }
    fn name(&self, _name: &Name) -> usize {
        0x5000
    }
    fn default(&self, _function: &Symbol, _param: u32) -> usize {
        0x6000
    }
    fn target(&self, _target: &TargetRef) -> usize {
        TARGET_VERSION
    }
    fn record(&self, _function: &Symbol) -> usize {
        0x7000
    }
    fn thread_context(&self) -> usize {
        thread_context as *const () as usize
    }
    fn bind_slow(&self) -> usize {
        bind_slow as *const () as usize
    }
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// A compiler with its host.
pub struct Machine {
    pub jit: Jit,
    pub host: Host,
}

impl Default for Machine {
    fn default() -> Machine {
        let options = Options {
            reserve: 16 << 20,
            ..Options::default()
        };
        let host = <Host as Default>::default();
        let jit = Jit::new(options).expect("a compiler for this machine");
        jit.check_linker(&host).expect("every helper");
        Machine { jit, host }
    }
}

/// A compiled function that can be called with words.
#[derive(Clone)]
pub struct Code {
    pub compiled: Compiled,
    pub signature: Signature,
    entry: *const u8,
}

impl Machine {
    /// Compiles a function from its text.
    pub fn compile(&mut self, text: &str) -> Code {
        self.compile_with(text, None)
    }

    /// Compiles a function with its generic entry.
    pub fn compile_with(&mut self, text: &str, generic: Option<&GenericEntry>) -> Code {
        let function = parse(text);
        let compiled = self
            .jit
            .compile(&function, generic, &self.host)
            .unwrap_or_else(|e| panic!("{e}\n{text}"));
        let entry = self
            .jit
            .word_entry(&function.signature, &self.host)
            .expect("a word entry");
        Code {
            compiled,
            signature: function.signature,
            entry,
        }
    }
}

/// Reads a function.
pub fn parse(text: &str) -> Function {
    keelback_lowering::text::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"))
}

impl Code {
    /// Calls it; an exception is its number.
    pub fn call(&self, args: &[u64]) -> Result<u64, i64> {
        self.call_at(self.compiled.native, args)
    }

    /// Calls other native code of the same signature.
    pub fn call_at(&self, native: *const u8, args: &[u64]) -> Result<u64, i64> {
        assert_eq!(args.len(), self.signature.params.len());
        let mut ret = 0u64;
        // SAFETY: a word entry is such a function.
        let entry: extern "C" fn(*const u8, *mut Context, *const u64, *mut u64) -> u8 =
            unsafe { std::mem::transmute(self.entry) };
        match entry(native, context(), args.as_ptr(), &mut ret) {
            0 => Ok(ret),
            2 => Err(raised().expect("an exception")),
            other => panic!("a word entry returned {other}"),
        }
    }

    /// Calls the generic entry with objects; 0 when an exception is set.
    pub fn call_generic(&self, args: &[*mut Object], nargsf: usize, names: usize) -> *mut Object {
        // SAFETY: a generic entry is such a function.
        let entry: extern "C" fn(usize, *const *mut Object, usize, usize) -> *mut Object =
            unsafe { std::mem::transmute(self.compiled.generic.expect("a generic entry")) };
        entry(0, args.as_ptr(), nargsf, names)
    }
}
