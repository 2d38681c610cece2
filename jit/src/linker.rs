//! What the code generator asks of its host: addresses of what functions refer to, and where CPython keeps things in its objects.

use keelback_checker::types::{Constant, Name, Symbol};
use keelback_lowering::function::{CellRef, CheckRef, FieldRef, TargetRef};
use keelback_lowering::helpers::Helper;

/// Where a class's type object is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClassAddress {
    /// Here, for good: classes of builtins.
    Fixed(usize),
    /// In the word at this address, once the class statement has run (0 before): static classes.
    Cell(usize),
}

/// Resolves what functions refer to. Every address stays valid for as long as the process lives.
pub trait Linker {
    /// The C function of a runtime helper.
    fn helper(&self, helper: Helper) -> usize;
    /// An object with this value that is never freed.
    fn constant(&self, constant: &Constant) -> usize;
    /// The type object of a class.
    fn class(&self, class: &Symbol) -> ClassAddress;
    /// Where a laid-out class stands among the ancestors that every method table of it and its subclasses lists; `None` for other classes, and for
    /// those that stand deeper than the list is long.
    fn depth(&self, class: &Symbol) -> Option<u32>;
    /// Whether the method table of every type below a laid-out class begins with the slots of that class. One without fields of its own may also stand beside
    /// the class whose storage the instances have.
    fn is_leading(&self, class: &Symbol) -> bool;
    /// The record that [`Helper::object_new`] takes.
    fn class_record(&self, class: &Symbol) -> usize;
    /// A binding cell: a word that holds the address of native code with the cell's signature, never 0, and a word that says what version of what
    /// function the code is of, see [`Linker::target`].
    fn cell(&self, cell: &CellRef) -> usize;
    /// What the second word of a cell, or of an entry in a method table, holds while it goes to this version of a function; neither 0 nor what any holds when the
    /// function is not there.
    fn target(&self, target: &TargetRef) -> usize;
    /// A global's cell: a word that holds the object (borrowed from the module's dict) or 0.
    fn global(&self, module: &Name, name: &Name) -> usize;
    /// The description of a check that the unboxing and check helpers take.
    fn check(&self, check: &CheckRef) -> usize;
    /// The description of a field that [`Helper::field_unset`] takes.
    fn field(&self, field: &FieldRef) -> usize;
    /// A tuple of interned strings, or 0 for none.
    fn keywords(&self, names: &[Name]) -> usize;
    /// An interned string.
    fn name(&self, name: &Name) -> usize;
    /// The description of a default value that [`Helper::default_load`] takes.
    fn default(&self, function: &Symbol, param: u32) -> usize;
    /// The record of a function of the source, which [`Helper::trace`] takes; 0 when it is not loaded.
    fn record(&self, function: &Symbol) -> usize;
    /// `extern "C" fn() -> *mut ThreadContext`: the context of the calling thread, which native code takes as its first argument.
    fn thread_context(&self) -> usize;
    /// `extern "C" fn(record, callable, args, nargsf, kwnames) -> *mut PyObject`: binds what the generic entry does not (keywords, defaults, a wrong number
    /// of arguments) for the function with this record, then calls its generic entry with complete positional arguments.
    fn bind_slow(&self) -> usize;
    /// Layout facts.
    fn layout(&self) -> &Layout;
}

/// Byte offsets in CPython's objects and in the runtime's own structures, for the CPython that is running.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Reference count: its low 32 bits are negative for an immortal object (PEP 683 as 3.12 and 3.13 implement it).
    pub refcount: i32,
    /// `ob_type`
    pub ob_type: i32,
    /// `ob_size` of variable-size objects.
    pub ob_size: i32,
    /// `PyListObject.ob_item`
    pub list_items: i32,
    /// First item in a tuple.
    pub tuple_items: i32,
    /// `PyLongObject.long_value.lv_tag`: sign in the low 2 bits (0 positive, 1 zero, 2 negative), number of 30-bit digits from bit 3.
    pub long_tag: i32,
    /// First 30-bit digit, 4 bytes.
    pub long_digits: i32,
    /// `PyFloatObject.ob_fval`
    pub float_value: i32,
    /// Length of a str in code points.
    pub str_length: i32,
    /// `ma_used` of a dict.
    pub dict_used: i32,
    /// `used` of a set.
    pub set_used: i32,
    /// The method table in a type object (`tp_cache`), or 0 in it.
    pub type_method_table: i32,
    /// In a method table object: the laid-out classes that its type descends from, the root first, then itself; one word each.
    pub method_table_ancestors: i32,
    /// The first entry in a method table object: native code, and in the next word what version of what function it is of.
    pub method_table_entries: i32,
    /// Bytes from one entry of a method table to the next.
    pub method_table_stride: i32,
    /// In the thread context: the lowest stack address that compiled code may use.
    pub thread_stack_limit: i32,
    /// In the thread context: the address of the eval breaker.
    pub thread_eval_breaker: i32,
    /// Bytes of the eval breaker that ask for attention when not 0 (4 or 8).
    pub eval_breaker_size: u32,
    /// Mask of the bits of the eval breaker that ask for attention.
    pub eval_breaker_mask: u64,
    /// Element storage of an `Array`.
    pub array_data: i32,
    /// Number of elements of an `Array`.
    pub array_length: i32,
    /// Address of the object for the int 0 in CPython's table of small ints (-5 to 256), and the distance between neighbours.
    pub small_ints: (usize, usize),
    /// Addresses of `None`, `True`, `False`.
    pub none: usize,
    /// `True`
    pub true_: usize,
    /// `False`
    pub false_: usize,
}
