//! What `super()` finds. It is decided when compiling for the class that the method is in; an instance of a subclass with further bases may have other classes
//! behind that one. Units that rely on it are left to CPython when such a class appears.

use keelback_checker::types::Symbol;

use super::unit::Unit;
use crate::classes::storage;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::records;
use crate::watch::subclasses;

/// A unit whose code has `super()` of `class` find what `owner` has.
#[derive(Clone, Copy)]
struct Reliance {
    class: *mut PyTypeObject,
    owner: *mut PyTypeObject,
    symbol: Symbol,
    unit: &'static Unit,
}

static RELIANCES: GilCell<Vec<Reliance>> = GilCell::new(Vec::new());

/// Why a unit that relied on it is left to CPython.
pub(super) fn reason(class: &Symbol) -> String {
    format!(
        "`super()` in `{}` finds another class for instances of a subclass",
        class.name()
    )
}

/// The class objects of a class and of one above it, if both are there.
unsafe fn resolve(
    class: &Symbol,
    owner: &Symbol,
) -> Option<(*mut PyTypeObject, *mut PyTypeObject)> {
    let of = |symbol: &Symbol| {
        if symbol.is_builtin("object") {
            return Some(&raw mut ffi::PyBaseObject_Type);
        }
        // SAFETY: the caller holds the GIL.
        let class = unsafe { records::class(symbol)?.class.get() };
        (!class.is_null()).then_some(class)
    };
    Some((of(class)?, of(owner)?))
}

/// Whether `super()` in methods of `class` finds what `owner` has, whatever the receiver is.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn holds(class: &Symbol, owner: &Symbol) -> bool {
    // SAFETY: the caller's promise; classes below are alive while they are in the dicts.
    unsafe {
        let Some((class, owner)) = resolve(class, owner) else {
            return false;
        };
        let mut all = true;
        subclasses::each_below(class, &mut |below| all &= follows(below, class, owner));
        all
    }
}

/// Notes that a unit relies on it.
///
/// # Safety
/// The GIL is held, and [`holds`] says so now.
pub(super) unsafe fn rely(unit: &'static Unit, class: Symbol, owner: Symbol) {
    // SAFETY: the caller's promise; the closure only touches the list. Records keep laid-out classes alive.
    unsafe {
        if let Some((type_object, owner)) = resolve(&class, &owner) {
            RELIANCES.with(|list| {
                list.push(Reliance {
                    class: type_object,
                    owner,
                    symbol: class,
                    unit,
                });
            });
        }
    }
}

/// A class got a base: it and those below it may have a new method resolution order.
///
/// # Safety
/// `class` is a live type with a method resolution order; the GIL is held.
pub(super) unsafe fn subclass_added(class: *mut PyTypeObject) {
    // SAFETY: the caller's promise; leaving a unit runs no Python code.
    unsafe {
        if RELIANCES.with(|list| list.is_empty()) {
            return;
        }
        let mut gone = Vec::new();
        subclasses::each_below(class, &mut |below| {
            RELIANCES.with(|list| {
                list.retain(|r| {
                    let stays = follows(below, r.class, r.owner);
                    if !stays {
                        gone.push(*r);
                    }
                    stays
                });
            });
        });
        for reliance in gone {
            reliance.unit.leave(reason(&reliance.symbol));
        }
    }
}

/// Whether in the method resolution order of `below` the classes from `class` to `owner` are those that `class` was made with. So they are in that of a class
/// which is not below it at all.
unsafe fn follows(
    below: *mut PyTypeObject,
    class: *mut PyTypeObject,
    owner: *mut PyTypeObject,
) -> bool {
    // SAFETY: the caller's promise; tuples of live types.
    unsafe {
        let Some(storage) = storage::of(class) else {
            return false;
        };
        let now: *mut PyObject = ffi::read(below.cast(), ffi::layout().type_tp_mro);
        let then = storage.mro.as_ptr();
        if now.is_null() {
            return true;
        }
        let (now, then) = (items(now), items(then));
        let Some(start) = now.iter().position(|c| *c == class.cast()) else {
            return true;
        };
        let Some(end) = then.iter().position(|c| *c == owner.cast()) else {
            return false;
        };
        now.get(start..=start + end) == then.get(..=end)
    }
}

/// The items of a tuple.
unsafe fn items<'a>(tuple: *mut PyObject) -> &'a [*mut PyObject] {
    // SAFETY: the caller's promise: a live tuple, which keeps its items where they are.
    unsafe {
        let first = tuple.byte_add(ffi::layout().tuple_items).cast();
        std::slice::from_raw_parts(first, ffi::PyTuple_Size(tuple) as usize)
    }
}
