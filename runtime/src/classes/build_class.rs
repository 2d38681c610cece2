//! The wrapped `builtins.__build_class__`: class statements whose body's code object has a record get our storage; all others go straight to
//! CPython's.

use std::ffi::{CStr, c_int};

use keelback_checker::interface::ClassLayout;
use smallvec::SmallVec;

use super::fields::Field;
use super::storage::{self, Storage};
use super::{construct, descriptor, early};
use crate::error;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, ClassRecord, CodeRecord};
use crate::watch::{self, bindings};

static ORIGINAL: GilCell<*mut PyObject> = GilCell::new(std::ptr::null_mut());

const DOC: &CStr = c"__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nInternal helper function used by the class statement.";

/// Wraps `builtins.__build_class__`.
///
/// # Errors
/// Whatever reading or writing `builtins` raised.
///
/// # Safety
/// The GIL is held; call once.
pub unsafe fn install() -> PyResult<()> {
    // SAFETY: new references are owned; the method definition is leaked, as functions made from it may live forever.
    unsafe {
        let builtins = Owned::from_new(ffi::PyImport_ImportModule(c"builtins".as_ptr()))?;
        let original = object::getattr(builtins.as_ptr(), c"__build_class__")?;
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: c"__build_class__".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer {
                PyCFunctionFastWithKeywords: build_class,
            },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: DOC.as_ptr(),
        }));
        let wrapper = Owned::from_new(ffi::PyCFunction_NewEx(
            definition,
            std::ptr::null_mut(),
            object::interned("builtins")?.as_ptr(),
        ))?;
        ORIGINAL.set(original.leak().as_ptr());
        let status: c_int = ffi::PyObject_SetAttrString(
            builtins.as_ptr(),
            c"__build_class__".as_ptr(),
            wrapper.as_ptr(),
        );
        if status < 0 {
            return Err(Raised);
        }
        Ok(())
    }
}

unsafe extern "C" fn build_class(
    _module: *mut PyObject,
    args: *const *mut PyObject,
    nargs: isize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: a fastcall: `args` holds the positional arguments, then one value per keyword.
    unsafe {
        let original = ORIGINAL.get();
        let plain = || ffi::PyObject_Vectorcall(original, args, nargs as usize, kwnames);
        if nargs < 2 || ffi::Py_TYPE(*args) != &raw mut ffi::PyFunction_Type {
            return plain();
        }
        let code: *mut PyObject = ffi::read((*args).cast(), ffi::layout().function_code);
        let record = match records::of_code(code) {
            Some(CodeRecord::ClassBody(record)) => Some(*record),
            _ => None,
        };
        error::guard(std::ptr::null_mut(), || {
            let Some(record) = record else {
                let class = Owned::from_new(plain())?;
                made_dynamically(class.as_ptr())?;
                return Ok(class.into_ptr());
            };
            let class = match &record.interface.layout {
                Ok(layout) => build_laid_out(record, layout, args, nargs, kwnames)?,
                Err(_) => {
                    let class = Owned::from_new(plain())?;
                    if ffi::PyType_Check(class.as_ptr()) != 0 {
                        record.class.set(class.clone().leak().as_ptr().cast());
                    }
                    made_dynamically(class.as_ptr())?;
                    class
                }
            };
            Ok(class.into_ptr())
        })
    }
}

/// A class was made whose storage is CPython's. If it extends a laid-out class, its instances start with fields unset and it may override
/// methods that compiled code calls.
unsafe fn made_dynamically(class: *mut PyObject) -> PyResult<()> {
    // SAFETY: the GIL is held and `class` alive.
    unsafe {
        if ffi::PyType_Check(class) == 0 {
            return Ok(());
        }
        if storage::of(class.cast()).is_some() {
            watch::types::watch(class)?;
        }
        Ok(())
    }
}

/// Runs a class statement of a laid-out class: CPython's own `__build_class__`, with a metaclass that adds the slots.
unsafe fn build_laid_out(
    record: &'static ClassRecord,
    layout: &ClassLayout,
    args: *const *mut PyObject,
    nargs: isize,
    kwnames: *mut PyObject,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise; new references are owned.
    unsafe {
        let keywords = if kwnames.is_null() {
            0
        } else {
            ffi::PyTuple_Size(kwnames)
        };
        let capsule = Owned::from_new(ffi::PyLong_FromVoidPtr(
            std::ptr::from_ref(record).cast_mut().cast(),
        ))?;
        let metaclass = Owned::from_new(ffi::PyCFunction_NewEx(
            metaclass_definition(),
            capsule.as_ptr(),
            std::ptr::null_mut(),
        ))?;
        let names = Owned::from_new(ffi::PyTuple_New(keywords + 1))?;
        for i in 0..keywords {
            let name = ffi::PyTuple_GetItem(kwnames, i);
            if object::text(name) == Some("metaclass") {
                return Err(error::type_error(&format!(
                    "class {} is laid out by Keelback and has a metaclass",
                    record.symbol
                )));
            }
            ffi::PyTuple_SetItem(names.as_ptr(), i, Owned::from_borrowed(name).into_ptr());
        }
        ffi::PyTuple_SetItem(
            names.as_ptr(),
            keywords,
            object::interned("metaclass")?.to_owned().into_ptr(),
        );
        let mut all: SmallVec<[*mut PyObject; 8]> =
            std::slice::from_raw_parts(args, (nargs + keywords) as usize).into();
        all.push(metaclass.as_ptr());
        let class = Owned::from_new(ffi::PyObject_Vectorcall(
            ORIGINAL.get(),
            all.as_ptr(),
            nargs as usize,
            names.as_ptr(),
        ))?;
        let _ = layout;
        Ok(class)
    }
}

fn metaclass_definition() -> *mut ffi::PyMethodDef {
    static DEFINITION: GilCell<*mut ffi::PyMethodDef> = GilCell::new(std::ptr::null_mut());
    // SAFETY: the GIL is held; the definition is leaked, as functions made from it point to it.
    unsafe {
        if DEFINITION.get().is_null() {
            DEFINITION.set(Box::leak(Box::new(ffi::PyMethodDef {
                ml_name: c"static_class".as_ptr(),
                ml_meth: ffi::PyMethodDefPointer {
                    PyCFunctionFastWithKeywords: make_class,
                },
                ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
                ml_doc: std::ptr::null(),
            })));
        }
        DEFINITION.get()
    }
}

/// The metaclass that `__build_class__` calls with a name, bases and the namespace that the body filled.
unsafe extern "C" fn make_class(
    capsule: *mut PyObject,
    args: *const *mut PyObject,
    nargs: isize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: called by `__build_class__` alone, with the capsule made above.
        unsafe {
            let record: &'static ClassRecord =
                &*ffi::PyLong_AsVoidPtr(capsule).cast::<ClassRecord>();
            let Ok(layout) = &record.interface.layout else {
                return Err(error::system_error("a class without a layout"));
            };
            let (bases, namespace) = (*args.add(1), *args.add(2));
            let defaults = take_defaults(record, layout, namespace)?;
            add_slots(record, layout, bases, namespace)?;
            let mut done = std::ptr::null_mut();
            let mut early = |class: *mut PyObject| {
                match lay_out(record, layout, class, &defaults) {
                    Ok(()) => done = class,
                    // It fails in the same way below, where the error is nobody else's.
                    Err(Raised) => ffi::PyErr_Clear(),
                }
                !done.is_null()
            };
            let class = early::with_entry(namespace, &mut early, || {
                Owned::from_new(ffi::PyObject_Vectorcall(
                    winning_metaclass(bases),
                    args,
                    nargs as usize,
                    kwnames,
                ))
            })?;
            if done != class.as_ptr() {
                lay_out(record, layout, class.as_ptr(), &defaults)?;
            }
            Ok(class.into_ptr())
        }
    })
}

/// The most derived metaclass of the bases.
unsafe fn winning_metaclass(bases: *mut PyObject) -> *mut PyObject {
    // SAFETY: the bases are alive; a type lives as long as its instances.
    unsafe {
        let mut winner = &raw mut ffi::PyType_Type;
        for i in 0..ffi::PyTuple_Size(bases) {
            let class = ffi::Py_TYPE(ffi::PyTuple_GetItem(bases, i));
            if ffi::PyType_IsSubtype(class, winner) != 0 {
                winner = class;
            }
        }
        winner.cast()
    }
}

/// Takes the values of fields out of the namespace: a slot and a class attribute of one name do not go together.
unsafe fn take_defaults(
    record: &ClassRecord,
    layout: &ClassLayout,
    namespace: *mut PyObject,
) -> PyResult<Vec<(usize, Owned)>> {
    let mut taken = Vec::new();
    // SAFETY: the namespace is alive.
    unsafe {
        for (i, field) in layout.fields.iter().enumerate() {
            let name = object::interned(&field.name)?;
            let value = ffi::PyDict_GetItemWithError(namespace, name.as_ptr());
            if value.is_null() {
                if !ffi::PyErr_Occurred().is_null() {
                    return Err(Raised);
                }
                continue;
            }
            // A field of a base may get another default here. A property in its place is none.
            if field.owner != record.symbol && is_data_descriptor(value) {
                continue;
            }
            taken.push((i, Owned::from_borrowed(value)));
            if ffi::PyDict_DelItem(namespace, name.as_ptr()) < 0 {
                return Err(Raised);
            }
        }
    }
    Ok(taken)
}

/// Whether a class attribute decides what becomes of instances' attributes of its name.
unsafe fn is_data_descriptor(value: *mut PyObject) -> bool {
    // SAFETY: the caller passes a live object.
    unsafe { !ffi::PyType_GetSlot(ffi::Py_TYPE(value), ffi::Py_tp_descr_set).is_null() }
}

/// Puts `__slots__` into the namespace: own fields, and a dict or weak references where they are declared and not inherited.
unsafe fn add_slots(
    record: &ClassRecord,
    layout: &ClassLayout,
    bases: *mut PyObject,
    namespace: *mut PyObject,
) -> PyResult<()> {
    // SAFETY: the bases and the namespace are alive; the tuple is filled before anybody sees it.
    unsafe {
        let mut has_dict = false;
        let mut has_weakref = false;
        for i in 0..ffi::PyTuple_Size(bases) {
            let base = ffi::PyTuple_GetItem(bases, i);
            if ffi::PyType_Check(base) != 0 {
                has_dict |= ffi::read::<isize>(base.cast(), ffi::layout().type_tp_dictoffset) != 0;
                has_weakref |=
                    ffi::read::<isize>(base.cast(), ffi::layout().type_tp_weaklistoffset) != 0;
            }
        }
        let mut names: Vec<&str> = layout
            .fields
            .iter()
            .filter(|f| f.owner == record.symbol)
            .map(|f| &*f.name)
            .collect();
        if layout.has_dict && !has_dict {
            names.push("__dict__");
        }
        if layout.has_weakref && !has_weakref {
            names.push("__weakref__");
        }
        let slots = Owned::from_new(ffi::PyTuple_New(names.len() as isize))?;
        for (i, name) in names.into_iter().enumerate() {
            let name = object::interned(name)?.to_owned();
            ffi::PyTuple_SetItem(slots.as_ptr(), i as isize, name.into_ptr());
        }
        let key = object::interned("__slots__")?;
        if ffi::PyDict_SetItem(namespace, key.as_ptr(), slots.as_ptr()) < 0 {
            return Err(Raised);
        }
        Ok(())
    }
}

/// Makes the storage of a class that `type` has just built ours.
unsafe fn lay_out(
    record: &'static ClassRecord,
    layout: &ClassLayout,
    class: *mut PyObject,
    defaults: &[(usize, Owned)],
) -> PyResult<()> {
    let offsets = ffi::layout();
    // SAFETY: the class is new and alive.
    unsafe {
        let size: isize = ffi::read(class.cast(), offsets.type_tp_basicsize);
        if size as usize != storage::HEADER + 8 * layout.fields.len() {
            return Err(error::type_error(&format!(
                "class {} cannot be laid out: one of its bases is not the class that its module was compiled against",
                record.symbol
            )));
        }
        let class_pointer: *mut PyTypeObject = class.cast();
        let mut fields = Vec::with_capacity(layout.fields.len());
        for slot in &layout.fields {
            fields.push(Field::new(slot)?);
        }
        let again = |i: usize| defaults.iter().any(|(index, _)| *index == i);
        inherit_defaults(class_pointer, &mut fields, &again);
        for (index, value) in defaults {
            fields[*index].set_default(Some(value.clone()));
        }
        let flag = |offset: usize| ffi::read::<isize>(class.cast(), offset) != 0;
        let storage = Storage::new(
            record,
            class_pointer,
            fields,
            flag(offsets.type_tp_dictoffset),
            flag(offsets.type_tp_weaklistoffset),
            flag(offsets.type_tp_finalize),
        )
        .install();
        let dict: *mut PyObject = ffi::read(class.cast(), offsets.type_dict);
        for (i, (slot, field)) in layout.fields.iter().zip(&storage.fields).enumerate() {
            if slot.owner == record.symbol || again(i) {
                let default = field.default.get();
                let default = (!default.is_null()).then(|| Owned::from_borrowed(default));
                let descriptor = descriptor::new(field, class_pointer, default)?;
                if ffi::PyDict_SetItem(dict, field.name.as_ptr(), descriptor.as_ptr()) < 0 {
                    return Err(Raised);
                }
            }
        }
        ffi::PyType_Modified(class_pointer);
        forbid_class_assignment(class)?;
        construct::install(class_pointer)?;
        // Compiled code knows the class by its address for as long as the process lives.
        ffi::Py_INCREF(class);
        record.class.set(class_pointer);
        watch::types::watch(class)?;
        watch::subclasses::watch(class_pointer)?;
        if let Some(bindings) = bindings::get() {
            bindings.class_created(record)?;
        }
        Ok(())
    }
}

/// Fields that a base class declares start with the base's class attributes, but those that the class gives others.
unsafe fn inherit_defaults(
    class: *mut PyTypeObject,
    fields: &mut [Field],
    again: &dyn Fn(usize) -> bool,
) {
    // SAFETY: bases outlive their subclasses.
    unsafe {
        let base: *mut PyTypeObject = ffi::read(class.cast(), ffi::layout().type_base);
        if let Some(base) = storage::of(base) {
            for (i, (own, inherited)) in fields.iter_mut().zip(&base.fields).enumerate() {
                if !again(i) {
                    own.default = inherited.default;
                }
            }
        }
    }
}

/// Puts the descriptors of own fields back where somebody has assigned or deleted the class attribute: an ordinary value is the field's new default, a
/// descriptor of an earlier default brings that back. A data descriptor stays: the class was given a property.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live type, not in the middle of a change; the GIL is held.
pub unsafe fn restore_descriptors(class: *mut PyTypeObject) -> PyResult<()> {
    // SAFETY: the caller's promise; the storage lives forever.
    unsafe {
        if !storage::is_ours(class) {
            return Ok(());
        }
        let Some(storage) = storage::of(class) else {
            return Ok(());
        };
        let dict: *mut PyObject = ffi::read(class.cast(), ffi::layout().type_dict);
        let base = storage::of(ffi::read(class.cast(), ffi::layout().type_base));
        for (i, field) in storage.fields.iter().enumerate() {
            // What a base declares is the base's, unless the class gives it another default.
            let inherited = base.and_then(|base| base.fields.get(i));
            if inherited.is_some_and(|base| std::ptr::eq(base.default, field.default)) {
                continue;
            }
            let value = ffi::PyDict_GetItemWithError(dict, field.name.as_ptr());
            let value = (!value.is_null()).then(|| Owned::from_borrowed(value));
            if let Some(value) = &value {
                if let Some(default) = descriptor::default_in(value.as_ptr(), field) {
                    field.set_default(default);
                    continue;
                }
                if is_data_descriptor(value.as_ptr()) {
                    continue;
                }
            }
            let descriptor = descriptor::new(field, class, value.clone())?;
            if ffi::PyDict_SetItem(dict, field.name.as_ptr(), descriptor.as_ptr()) < 0 {
                return Err(Raised);
            }
            field.set_default(value);
            ffi::PyType_Modified(class);
        }
        Ok(())
    }
}

/// Classes with equal slots may exchange their instances' `__class__`. Equal names do not mean equal storage here, so the slots that CPython
/// compares get a last item that is equal to nothing else.
unsafe fn forbid_class_assignment(class: *mut PyObject) -> PyResult<()> {
    // SAFETY: the class is alive; `ht_slots` is a tuple or null, and only compared.
    unsafe {
        let place = ffi::layout().type_ht_slots;
        let slots: *mut PyObject = ffi::read(class.cast(), place);
        if slots.is_null() || ffi::PyTuple_Size(slots) == 0 {
            return Ok(());
        }
        let count = ffi::PyTuple_Size(slots);
        let unique = Owned::from_new(ffi::PyTuple_New(count + 1))?;
        for i in 0..count {
            let name = Owned::from_borrowed(ffi::PyTuple_GetItem(slots, i));
            ffi::PyTuple_SetItem(unique.as_ptr(), i, name.into_ptr());
        }
        let marker = Owned::from_new(ffi::PyObject_CallNoArgs(
            (&raw mut ffi::PyBaseObject_Type).cast(),
        ))?;
        ffi::PyTuple_SetItem(unique.as_ptr(), count, marker.into_ptr());
        ffi::write(class.cast(), place, unique.into_ptr());
        ffi::Py_DECREF(slots);
        Ok(())
    }
}
