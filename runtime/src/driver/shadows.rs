//! Fields that a class hides: a dynamic subclass, or a class mixed into it, has an attribute of the name (a property, another default), or decides for itself how
//! attributes are read and written. For its instances the attribute is not what is stored. Units that go by the storage are left to CPython when such a class
//! appears.

use keelback_checker::types::{Name, Symbol};
use keelback_lowering::function::{Function, Reference};
use rustc_hash::FxHashSet;

use super::generations;
use crate::classes::{descriptor, storage};
use crate::ffi::{self, PyTypeObject};
use crate::gil::GilCell;
use crate::object;
use crate::records;
use crate::watch::subclasses;

/// The class that declares the field, and its name.
type Field = (Symbol, Name);

static HIDDEN: GilCell<Option<FxHashSet<Field>>> = GilCell::new(None);

/// How a class decides for itself.
const HOOKS: [&str; 3] = ["__getattribute__", "__setattr__", "__delattr__"];

/// A class got a base or its attributes changed: it and those below it may hide fields now.
///
/// # Safety
/// `class` is a live type with a method resolution order, not in the middle of a change; the GIL is held.
pub(super) unsafe fn look(class: *mut PyTypeObject) {
    // SAFETY: the caller's promise; looking up attributes of types runs no Python code, and neither does leaving a unit.
    unsafe {
        let mut found = FxHashSet::default();
        subclasses::each_below(class, &mut |below| hidden_by(below, &mut found));
        let new: Vec<Field> = HIDDEN.with(|hidden| {
            let hidden = hidden.get_or_insert_with(FxHashSet::default);
            found.into_iter().filter(|f| hidden.insert(*f)).collect()
        });
        if !new.is_empty() {
            let rests = |function: &Function| fields(function).any(|f| new.contains(&f));
            generations::leave(&rests, |_| reason(&new[0]));
        }
    }
}

fn reason((class, name): &Field) -> String {
    format!("a subclass of `{}` hides its field `{name}`", class.name())
}

/// The fields that a class hides.
unsafe fn hidden_by(class: *mut PyTypeObject, found: &mut FxHashSet<Field>) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(storage) = storage::of(class) else {
            return;
        };
        let Ok(layout) = &storage.record.interface.layout else {
            return;
        };
        let lookup = |of: *mut PyTypeObject, name: &str| match object::interned(name) {
            Ok(key) => ffi::_PyType_Lookup(of, key.as_ptr()),
            Err(_) => {
                ffi::PyErr_Clear();
                std::ptr::null_mut()
            }
        };
        let hooks = HOOKS
            .iter()
            .any(|hook| lookup(class, hook) != lookup(storage.class, hook));
        for (slot, field) in layout.fields.iter().zip(&storage.fields) {
            let value = ffi::_PyType_Lookup(class, field.name.as_ptr());
            if hooks || value.is_null() || !descriptor::is_one(value) {
                found.insert((slot.owner, slot.name));
            }
        }
    }
}

/// The fields that a function goes to.
fn fields(function: &Function) -> impl Iterator<Item = Field> {
    function.references.iter().filter_map(|reference| {
        let Reference::Field(field) = reference else {
            return None;
        };
        // SAFETY: the GIL is held by whoever has units.
        let record = unsafe { records::class(&field.class) }?;
        let layout = record.interface.layout.as_ref().ok()?;
        let slot = layout.field(&field.name)?;
        Some((slot.owner, slot.name))
    })
}

/// Whether no class hides a field that a function goes to.
///
/// # Errors
/// Which one does.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn check(function: &Function) -> Result<(), String> {
    // SAFETY: the caller's promise; the closure only touches the set.
    unsafe {
        HIDDEN.with(|hidden| match hidden {
            Some(hidden) => match fields(function).find(|f| hidden.contains(f)) {
                Some(field) => Err(reason(&field)),
                None => Ok(()),
            },
            None => Ok(()),
        })
    }
}
