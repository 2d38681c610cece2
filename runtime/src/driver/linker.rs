//! Addresses for the code generator and the interpreter.

use keelback_checker::types::{Constant, Name, Symbol};
use keelback_jit::linker::{ClassAddress, Layout, Linker};
use keelback_lowering::function::{CellRef, CheckRef, FieldRef, Origin, TargetRef};
use keelback_lowering::helpers::Helper;
use rustc_hash::FxHashMap;

use super::cells;
use super::descriptions::{CheckDescription, DefaultDescription};
use crate::ffi::{self, PyObject};
use crate::gil::GilCell;
use crate::helpers;
use crate::object::{self, Owned};
use crate::records;

/// What no cell and no method table goes to.
const NO_TARGET: usize = 1;

/// What has been given out, so that equal references share an address.
#[derive(Default)]
struct Given {
    constants: FxHashMap<Constant, usize>,
    checks: FxHashMap<CheckRef, usize>,
    fields: FxHashMap<FieldRef, usize>,
    keywords: FxHashMap<Vec<Name>, usize>,
    defaults: FxHashMap<(Symbol, u32), usize>,
    builtins: FxHashMap<Symbol, usize>,
}

/// The linker of this process.
pub struct RuntimeLinker {
    given: GilCell<Given>,
    layout: Layout,
}

impl RuntimeLinker {
    /// A linker for the CPython that is running.
    pub fn of_the_process() -> RuntimeLinker {
        RuntimeLinker {
            given: GilCell::new(Given::default()),
            layout: layout(),
        }
    }

    /// What a table holds for a key, made if it is new.
    fn once<K: std::hash::Hash + Eq + Clone>(
        &self,
        table: impl Fn(&mut Given) -> &mut FxHashMap<K, usize>,
        key: &K,
        make: impl FnOnce() -> usize,
    ) -> usize {
        // SAFETY: linking happens under the GIL, and the closures only touch the table.
        unsafe {
            if let Some(found) = self.given.with(|g| table(g).get(key).copied()) {
                return found;
            }
            let made = make();
            self.given.with(|g| table(g).insert(key.clone(), made));
            made
        }
    }
}

/// Lets an object live as long as the process; on failure `None` stands in, after the error was reported.
fn pin(object: Result<Owned, crate::object::Raised>) -> usize {
    match object {
        Ok(object) => object.into_ptr() as usize,
        Err(_) => {
            // SAFETY: the GIL is held and an exception is set.
            unsafe {
                ffi::PyErr_WriteUnraisable(std::ptr::null_mut());
                ffi::Py_None() as usize
            }
        }
    }
}

fn leak<T>(value: T) -> usize {
    std::ptr::from_ref(Box::leak(Box::new(value))) as usize
}

/// The type object of a class of `builtins` or of `types`.
fn builtin_class(symbol: &Symbol) -> usize {
    // SAFETY: the GIL is held.
    unsafe {
        let name = match &*symbol.qualname {
            "NoneType" => return ffi::Py_TYPE(ffi::Py_None()) as usize,
            "ellipsis" => return ffi::Py_TYPE(ffi::Py_Ellipsis()) as usize,
            "function" => return &raw mut ffi::PyFunction_Type as usize,
            "module" => return &raw mut ffi::PyModule_Type as usize,
            name => name,
        };
        let module = object::str_object(&symbol.module)
            .and_then(|module| Owned::from_new(ffi::PyImport_Import(module.as_ptr())));
        pin(module.and_then(|module| {
            let name = object::interned(name)?;
            Owned::from_new(ffi::PyObject_GetAttr(module.as_ptr(), name.as_ptr()))
        }))
    }
}

impl Linker for RuntimeLinker {
    fn helper(&self, helper: Helper) -> usize {
        // Compiled code has taken the count to 0, and CPython's function can neither fail nor panic.
        if helper == Helper::dealloc {
            return ffi::_Py_Dealloc as *const () as usize;
        }
        helpers::address(helper)
    }

    fn constant(&self, constant: &Constant) -> usize {
        self.once(
            |g| &mut g.constants,
            constant,
            || {
                if let Constant::Str(text) = constant
                    && text.len() < 64
                {
                    return self.name(&Name::new(text));
                }
                pin(crate::boundary::check::constant_object(constant))
            },
        )
    }

    fn class(&self, class: &Symbol) -> ClassAddress {
        // SAFETY: linking happens under the GIL.
        unsafe {
            if records::class(class).is_some() || &*class.module != "builtins" {
                return ClassAddress::Cell(std::ptr::from_ref(cells::class(class)) as usize);
            }
        }
        ClassAddress::Fixed(self.once(|g| &mut g.builtins, class, || builtin_class(class)))
    }

    fn depth(&self, class: &Symbol) -> Option<u32> {
        super::Driver::get()
            .depth(class)
            .filter(|depth| (*depth as usize) < super::method_table::DEPTH)
    }

    fn is_leading(&self, class: &Symbol) -> bool {
        super::Driver::get().has_own_fields(class)
    }

    fn class_record(&self, class: &Symbol) -> usize {
        // SAFETY: linking happens under the GIL.
        std::ptr::from_ref(unsafe { cells::class(class) }) as usize
    }

    fn cell(&self, cell: &CellRef) -> usize {
        // SAFETY: linking happens under the GIL.
        std::ptr::from_ref(unsafe { cells::binding(cell) }) as usize
    }

    fn target(&self, target: &TargetRef) -> usize {
        let driver = super::Driver::get();
        let unit = if target.constructs {
            let origin = Origin::Constructor(target.symbol);
            Some(driver.unit(&target.symbol, origin, &target.signature))
        } else {
            // SAFETY: linking happens under the GIL.
            unsafe { records::function(&target.symbol) }.and_then(cells::unit_of_record)
        };
        unit.map_or(NO_TARGET, |unit| std::ptr::from_ref(unit) as usize)
    }

    fn global(&self, module: &Name, name: &Name) -> usize {
        // SAFETY: linking happens under the GIL.
        std::ptr::from_ref(unsafe { cells::global(module, name) }) as usize
    }

    fn check(&self, check: &CheckRef) -> usize {
        self.once(
            |g| &mut g.checks,
            check,
            || leak(CheckDescription::new(check)),
        )
    }

    fn field(&self, field: &FieldRef) -> usize {
        self.once(|g| &mut g.fields, field, || leak(field.clone()))
    }

    fn keywords(&self, names: &[Name]) -> usize {
        if names.is_empty() {
            return 0;
        }
        self.once(
            |g| &mut g.keywords,
            &names.to_vec(),
            || {
                // SAFETY: the GIL is held; the tuple is filled before anybody sees it.
                unsafe {
                    pin(
                        Owned::from_new(ffi::PyTuple_New(names.len() as isize)).inspect(|tuple| {
                            for (i, name) in names.iter().enumerate() {
                                let item: *mut PyObject = self.name(name) as *mut PyObject;
                                ffi::PyTuple_SetItem(
                                    tuple.as_ptr(),
                                    i as isize,
                                    Owned::from_borrowed(item).into_ptr(),
                                );
                            }
                        }),
                    )
                }
            },
        )
    }

    fn name(&self, name: &Name) -> usize {
        match object::interned(name) {
            Ok(object) => object.as_ptr() as usize,
            Err(raised) => pin(Err(raised)),
        }
    }

    fn default(&self, function: &Symbol, param: u32) -> usize {
        self.once(
            |g| &mut g.defaults,
            &(*function, param),
            || leak(DefaultDescription::new(*function, param)),
        )
    }

    fn record(&self, function: &Symbol) -> usize {
        // SAFETY: linking happens under the GIL.
        unsafe { records::function(function) }.map_or(0, |r| std::ptr::from_ref(r) as usize)
    }

    fn thread_context(&self) -> usize {
        super::linked::thread_context as *const () as usize
    }

    fn bind_slow(&self) -> usize {
        crate::boundary::native::bind_slow as *const () as usize
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// The layout of the running CPython and of the runtime's own structures, as the code generator wants it.
fn layout() -> Layout {
    let l = ffi::layout();
    // SAFETY: the GIL is held; small ints are immortal and lie side by side.
    let (zero, one) = unsafe {
        (
            ffi::PyLong_FromLong(0) as usize,
            ffi::PyLong_FromLong(1) as usize,
        )
    };
    // SAFETY: singletons.
    let (none, true_, false_) = unsafe {
        (
            ffi::Py_None() as usize,
            ffi::Py_True() as usize,
            ffi::Py_False() as usize,
        )
    };
    let (eval_breaker_size, eval_breaker_mask) = (4, 0xff);
    Layout {
        refcount: 0,
        ob_type: 8,
        ob_size: 16,
        list_items: l.list_items as i32,
        tuple_items: l.tuple_items as i32,
        long_tag: l.long_tag as i32,
        long_digits: l.long_digits as i32,
        float_value: l.float_value as i32,
        str_length: l.str_length as i32,
        dict_used: l.dict_used as i32,
        set_used: l.set_used as i32,
        type_method_table: l.type_cache as i32,
        method_table_ancestors: super::method_table::ANCESTORS as i32,
        method_table_entries: super::method_table::ENTRIES as i32,
        method_table_stride: super::method_table::STRIDE as i32,
        thread_stack_limit: std::mem::offset_of!(crate::thread::ThreadCtx, stack_limit) as i32,
        thread_eval_breaker: std::mem::offset_of!(crate::thread::ThreadCtx, eval_breaker) as i32,
        eval_breaker_size,
        eval_breaker_mask,
        array_data: crate::array::DATA_OFFSET as i32,
        array_length: crate::array::LENGTH_OFFSET as i32,
        small_ints: (zero, one.wrapping_sub(zero)),
        none,
        true_,
        false_,
    }
}
