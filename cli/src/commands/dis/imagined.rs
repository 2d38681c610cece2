//! A linker without a process: addresses that stand for nothing, so that code can be shown where no Python is running.
//!
//! Each thing has an address of its own, which the listing replaces by its name. Offsets are those of CPython 3.13 on 64-bit machines.

use std::cell::RefCell;
use std::collections::HashMap;

use keelback_checker::types::{Constant, Name, Symbol};
use keelback_jit::linker::{ClassAddress, Layout, Linker};
use keelback_lowering::function::{CellRef, CheckRef, FieldRef, Function};
use keelback_lowering::helpers::Helper;

/// Hands out addresses.
#[derive(Debug, Default)]
pub(super) struct Imagined {
    known: RefCell<HashMap<String, usize>>,
}

impl Imagined {
    /// Addresses start where small numbers in the code cannot be mistaken for them.
    const FIRST: usize = 0x7f00_0000_0000;
    const STEP: usize = 64;

    fn address(&self, what: String) -> usize {
        let mut known = self.known.borrow_mut();
        let next = Imagined::FIRST + known.len() * Imagined::STEP;
        *known.entry(what).or_insert(next)
    }
}

const LAYOUT: Layout = Layout {
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
    type_method_table: 352,
    method_table_entries: 24,
    thread_stack_limit: 0,
    thread_eval_breaker: 8,
    eval_breaker_size: 8,
    eval_breaker_mask: 0xff,
    array_data: 16,
    array_length: 24,
    small_ints: (0x7e00_0000_0000, 32),
    none: 0x7e10_0000_0000,
    true_: 0x7e10_0000_0040,
    false_: 0x7e10_0000_0080,
};

impl Linker for Imagined {
    fn helper(&self, helper: Helper) -> usize {
        self.address(format!("helper {}", helper.info().name))
    }

    fn constant(&self, constant: &Constant) -> usize {
        self.address(format!("constant {constant:?}"))
    }

    fn class(&self, class: &Symbol) -> ClassAddress {
        let address = self.address(format!("class {class}"));
        if &*class.module == "builtins" {
            ClassAddress::Fixed(address)
        } else {
            ClassAddress::Cell(address)
        }
    }

    fn class_record(&self, class: &Symbol) -> usize {
        self.address(format!("record of class {class}"))
    }

    fn cell(&self, cell: &CellRef) -> usize {
        self.address(format!("cell {cell:?}"))
    }

    fn global(&self, module: &Name, name: &Name) -> usize {
        self.address(format!("global {module}.{name}"))
    }

    fn check(&self, check: &CheckRef) -> usize {
        self.address(format!("check {check:?}"))
    }

    fn field(&self, field: &FieldRef) -> usize {
        self.address(format!("field {field:?}"))
    }

    fn keywords(&self, names: &[Name]) -> usize {
        if names.is_empty() {
            0
        } else {
            self.address(format!("keywords {names:?}"))
        }
    }

    fn name(&self, name: &Name) -> usize {
        self.address(format!("name {name}"))
    }

    fn default(&self, function: &Symbol, param: u32) -> usize {
        self.address(format!("default {param} of {function}"))
    }

    fn record(&self, function: &Function) -> usize {
        self.address(format!("record of {}", function.symbol))
    }

    fn thread_context(&self) -> usize {
        self.address("thread context".to_owned())
    }

    fn bind_slow(&self) -> usize {
        self.address("binder".to_owned())
    }

    fn layout(&self) -> &Layout {
        &LAYOUT
    }
}
