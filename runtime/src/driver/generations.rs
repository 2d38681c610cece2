//! Classes that are made again: when their module is reloaded, or when a class statement runs twice.
//!
//! Compiled code knows a class by its symbol, and goes by the storage and the slots that it was compiled against. While the new class has the same, instances
//! of either pass for the other wherever a type is declared. Otherwise code of before is left to CPython.

use keelback_checker::types::Symbol;
use keelback_lowering::build::Interfaces;
use keelback_lowering::function::{Function, Origin, Reference};
use keelback_lowering::types::Signature;
use rustc_hash::FxHashMap;

use super::Driver;
use super::cells;
use super::unit::Unit;
use crate::gil::GilCell;
use crate::records::{self, ClassRecord};

/// The records of every class made under a symbol, in order.
static MADE: GilCell<Option<FxHashMap<Symbol, Vec<&'static ClassRecord>>>> = GilCell::new(None);

/// The native signatures of a class's slots, as they were when the class was made.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn signatures(record: &'static ClassRecord) -> &'static [Signature] {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(known) = record.signatures.get() {
            return known;
        }
        let methods = record
            .interface
            .layout
            .as_ref()
            .map(|layout| &layout.methods);
        let made: Vec<Signature> = methods
            .into_iter()
            .flatten()
            .map(|slot| Driver::get().signature(&slot.introduced_by))
            .collect();
        let made: &'static [Signature] = Vec::leak(made);
        record.signatures.set(Some(made));
        made
    }
}

/// Whether instances of two classes of one name can stand for each other in compiled code.
unsafe fn same(old: &'static ClassRecord, new: &'static ClassRecord) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        std::ptr::eq(old, new)
            || (old.interface.layout == new.interface.layout && signatures(old) == signatures(new))
    }
}

/// The class of a record was made.
///
/// # Safety
/// The GIL is held, and no code that was compiled against an earlier class of the name has been called with the new one.
pub(super) unsafe fn made(record: &'static ClassRecord) {
    // SAFETY: the caller's promise; the closures only touch what the cells hold.
    unsafe {
        signatures(record);
        let earlier = MADE.with(|made| {
            let list = made
                .get_or_insert_with(FxHashMap::default)
                .entry(record.symbol)
                .or_default();
            let earlier = list.clone();
            list.retain(|known| !std::ptr::eq(*known, record));
            list.push(record);
            earlier
        });
        if earlier.is_empty() {
            return;
        }
        records::class_replaced();
        let mut all = true;
        for old in earlier {
            let passes = same(old, record);
            old.passes.set(passes);
            all &= passes;
        }
        cells::class_replaced(&record.symbol);
        if !all {
            leave_users(&record.symbol);
        }
    }
}

/// Leaves every unit to CPython that rests on how a class was.
unsafe fn leave_users(class: &Symbol) {
    // SAFETY: the caller's promise.
    unsafe {
        leave(&|function| rests_on(function, class), |_| {
            format!("the class `{}` was made anew", class.name())
        });
        cells::function_changed(class);
    }
}

/// Leaves every unit to CPython whose code is so.
///
/// # Safety
/// The GIL is held, and the functions do not come back to units.
pub(super) unsafe fn leave(
    is_so: &dyn Fn(&Function) -> bool,
    reason: impl Fn(&'static Unit) -> String,
) {
    let driver = Driver::get();
    // SAFETY: the caller's promise; the closures only touch the map.
    unsafe {
        let mut units: Vec<&'static Unit> = driver.units.with(|u| u.values().copied().collect());
        // Those of modules that were imported again are in the list alone.
        driver.sources.with(|s| units.extend(s.iter().copied()));
        for unit in units {
            if unit.has(is_so) {
                unit.leave(reason(unit));
            }
        }
        // What is not of the source is made again, of the class as it is now.
        driver
            .units
            .with(|u| u.retain(|_, unit| unit.origin == Origin::Source || unit.left().is_none()));
    }
}

/// The class that a reference rests on.
fn class_of(reference: &Reference) -> Option<&Symbol> {
    match reference {
        Reference::Class(class) => Some(class),
        Reference::Field(field) => Some(&field.class),
        Reference::Method(method) => Some(&method.class),
        _ => None,
    }
}

fn rests_on(function: &Function, class: &Symbol) -> bool {
    let mut classes = function.references.iter().filter_map(class_of);
    classes.any(|used| used == class)
}

/// Whether the classes that a function was just built against are those that there are: a class derived from one of a module that was imported again is
/// still what it was, whatever the text says now.
///
/// # Errors
/// Which is not.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn check(function: &Function, interfaces: &dyn Interfaces) -> Result<(), String> {
    for reference in &function.references {
        let Some(class) = class_of(reference) else {
            continue;
        };
        // SAFETY: the caller's promise.
        unsafe {
            let (Some(record), Some(interface)) = (records::class(class), interfaces.class(class))
            else {
                continue;
            };
            let mut as_it_is = std::sync::Arc::ptr_eq(&record.interface, &interface)
                || record.interface.layout == interface.layout;
            if let (Reference::Method(method), Some(known)) = (reference, record.signatures.get()) {
                as_it_is &= known.get(method.slot as usize) == Some(&method.signature);
            }
            if !as_it_is {
                return Err(format!(
                    "the class `{}` was made before its base changed",
                    class.name()
                ));
            }
        }
    }
    Ok(())
}
