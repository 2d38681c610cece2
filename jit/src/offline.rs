//! A linker without a runtime: it makes every address up, so that code can be looked at where there is no Python.

use std::cell::RefCell;

use keelback_checker::types::{Constant, Name, Symbol};
use keelback_lowering::function::{CellRef, CheckRef, FieldRef, TargetRef};
use keelback_lowering::helpers::Helper;

use crate::linker::{ClassAddress, Layout, Linker};

/// Gives a new address for each thing asked for; code made with it must not run. Offsets are those of CPython 3.12 and 3.13 on 64-bit machines.
pub struct Offline {
    next: RefCell<usize>,
    layout: Layout,
}

impl Default for Offline {
    fn default() -> Offline {
        Offline {
            next: RefCell::new(0x1000_0000),
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
                type_method_table: 344,
                method_table_ancestors: 32,
                method_table_entries: 96,
                method_table_stride: 16,
                thread_stack_limit: 0,
                thread_eval_breaker: 8,
                eval_breaker_size: 8,
                eval_breaker_mask: 0xff,
                array_data: 16,
                array_length: 24,
                small_ints: (0x0800_0000, 32),
                none: 0x0810_0000,
                true_: 0x0810_0020,
                false_: 0x0810_0040,
            },
        }
    }
}

impl Offline {
    fn address(&self) -> usize {
        let mut next = self.next.borrow_mut();
        *next += 16;
        *next
    }
}

impl Linker for Offline {
    fn helper(&self, _helper: Helper) -> usize {
        self.address()
    }
    fn constant(&self, constant: &Constant) -> usize {
        match constant {
            Constant::None => self.layout.none,
            Constant::Bool(true) => self.layout.true_,
            Constant::Bool(false) => self.layout.false_,
            _ => self.address(),
        }
    }
    fn class(&self, class: &Symbol) -> ClassAddress {
        if &*class.module == "builtins" {
            ClassAddress::Fixed(self.address())
        } else {
            ClassAddress::Cell(self.address())
        }
    }
    fn depth(&self, _class: &Symbol) -> Option<u32> {
        None
    }
    fn is_leading(&self, _class: &Symbol) -> bool {
        true
    }
    fn class_record(&self, _class: &Symbol) -> usize {
        self.address()
    }
    fn cell(&self, _cell: &CellRef) -> usize {
        self.address()
    }
    fn target(&self, _target: &TargetRef) -> usize {
        self.address()
    }
    fn global(&self, _module: &Name, _name: &Name) -> usize {
        self.address()
    }
    fn check(&self, _check: &CheckRef) -> usize {
        self.address()
    }
    fn field(&self, _field: &FieldRef) -> usize {
        self.address()
    }
    fn keywords(&self, names: &[Name]) -> usize {
        if names.is_empty() { 0 } else { self.address() }
    }
    fn name(&self, _name: &Name) -> usize {
        self.address()
    }
    fn default(&self, _function: &Symbol, _param: u32) -> usize {
        self.address()
    }
    fn record(&self, _function: &Symbol) -> usize {
        self.address()
    }
    fn thread_context(&self) -> usize {
        self.address()
    }
    fn bind_slow(&self) -> usize {
        self.address()
    }
    fn layout(&self) -> &Layout {
        &self.layout
    }
}
