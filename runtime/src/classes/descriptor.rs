//! Typed descriptors: what a class has under a field's name instead of CPython's member descriptors.

use std::ffi::{CStr, c_char, c_int, c_void};

use super::fields::Field;
use crate::error;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::internal_type::{self, Shape, slot};
use crate::object::{self, Owned, PyResult, Raised};

/// A descriptor.
#[repr(C)]
struct Descriptor {
    ob_refcnt: isize,
    ob_type: *mut PyTypeObject,
    field: &'static Field,
    /// Strong.
    class: *mut PyTypeObject,
    /// The class attribute that it hides: what the class answers when it is asked for the name. Strong or null.
    default: *mut PyObject,
}

static TYPE: GilCell<*mut PyTypeObject> = GilCell::new(std::ptr::null_mut());
const NAME: &CStr = c"keelback.field";

/// A descriptor of a field of `class` with a default.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live type that has the field; the GIL is held.
pub unsafe fn new(
    field: &'static Field,
    class: *mut PyTypeObject,
    default: Option<Owned>,
) -> PyResult<Owned> {
    // SAFETY: the object is new, and large enough for the fields written.
    unsafe {
        let object = Owned::from_new(ffi::PyType_GenericAlloc(descriptor_type()?, 0))?;
        let descriptor: *mut Descriptor = object.as_ptr().cast();
        ffi::Py_INCREF(class.cast());
        (*descriptor).field = field;
        (*descriptor).class = class;
        (*descriptor).default = default.map_or(std::ptr::null_mut(), Owned::into_ptr);
        Ok(object)
    }
}

/// Whether an object is a descriptor of some field.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn is_one(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_TYPE(object) == TYPE.get() }
}

/// The default of a descriptor of this field; `None` for any other object.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn default_in(object: *mut PyObject, field: &Field) -> Option<Option<Owned>> {
    // SAFETY: the caller's promise; only descriptors have the type.
    unsafe {
        if ffi::Py_TYPE(object) != TYPE.get() {
            return None;
        }
        let descriptor: *mut Descriptor = object.cast();
        if !std::ptr::eq((*descriptor).field, field) {
            return None;
        }
        let default = (*descriptor).default;
        Some((!default.is_null()).then(|| Owned::from_borrowed(default)))
    }
}

/// The type of descriptors.
unsafe fn descriptor_type() -> PyResult<*mut PyTypeObject> {
    fn getter(name: &'static CStr, get: ffi::getter) -> ffi::PyGetSetDef {
        ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(get),
            set: None,
            doc: std::ptr::null(),
            closure: std::ptr::null_mut(),
        }
    }
    let shape = Shape {
        size: size_of::<Descriptor>(),
        item_size: 0,
        flags: ffi::Py_TPFLAGS_IMMUTABLETYPE,
    };
    let slots = || {
        // Leaked, for CPython keeps pointers to them.
        let getset = Box::leak(Box::new([
            getter(c"__name__", get_name),
            getter(c"__qualname__", get_qualname),
            getter(c"__objclass__", get_class),
            getter(c"__doc__", get_doc),
            ffi::PyGetSetDef {
                name: std::ptr::null::<c_char>(),
                get: None,
                set: None,
                doc: std::ptr::null(),
                closure: std::ptr::null_mut(),
            },
        ]));
        let methods = Box::leak(Box::new([
            ffi::PyMethodDef {
                ml_name: c"__reduce__".as_ptr(),
                ml_meth: ffi::PyMethodDefPointer {
                    PyCFunction: reduce,
                },
                ml_flags: ffi::METH_NOARGS,
                ml_doc: std::ptr::null(),
            },
            ffi::PyMethodDef::zeroed(),
        ]));
        vec![
            slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
            slot(ffi::Py_tp_repr, repr as *mut c_void),
            slot(ffi::Py_tp_descr_get, get as *mut c_void),
            slot(ffi::Py_tp_descr_set, set as *mut c_void),
            slot(ffi::Py_tp_getset, getset.as_mut_ptr().cast()),
            slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
        ]
    };
    // SAFETY: the GIL is held.
    unsafe { internal_type::get(&TYPE, NAME, shape, slots) }
}

unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: the last reference is gone; the type is immortal by a leaked reference, and instances of a heap type own one.
    unsafe {
        let class = (*object.cast::<Descriptor>()).class;
        drop(Owned::from_nullable((*object.cast::<Descriptor>()).default));
        let own = ffi::Py_TYPE(object);
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(class.cast());
        ffi::Py_DECREF(own.cast());
    }
}

/// Refuses objects that do not have the field.
unsafe fn applies(descriptor: *mut Descriptor, object: *mut PyObject) -> PyResult<()> {
    // SAFETY: both are alive.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let wanted = (*descriptor).class;
        if class == wanted || ffi::PyType_IsSubtype(class, wanted) != 0 {
            return Ok(());
        }
        Err(error::type_error(&format!(
            "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
            object::text((*descriptor).field.name.as_ptr()).unwrap_or("?"),
            object::class_name(wanted),
            object::class_name(class)
        )))
    }
}

unsafe extern "C" fn get(
    this: *mut PyObject,
    object: *mut PyObject,
    _class: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: CPython passes a descriptor, and null or an object.
        unsafe {
            let descriptor: *mut Descriptor = this.cast();
            let field = (*descriptor).field;
            if object.is_null() {
                // Asked of the class: the default that the class body gave, as without slots.
                let default = (*descriptor).default;
                let answer = if default.is_null() { this } else { default };
                return Ok(Owned::from_borrowed(answer).into_ptr());
            }
            applies(descriptor, object)?;
            match field.load(object)? {
                Some(value) => Ok(value.into_ptr()),
                None => Err(unset(object, field)),
            }
        }
    })
}

/// The `AttributeError` of an unset field.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn unset(object: *mut PyObject, field: &Field) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        error::attribute_error(&format!(
            "'{}' object has no attribute '{}'",
            object::class_name(ffi::Py_TYPE(object)),
            object::text(field.name.as_ptr()).unwrap_or("?")
        ))
    }
}

unsafe extern "C" fn set(
    this: *mut PyObject,
    object: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    error::guard(-1, || {
        // SAFETY: CPython passes a descriptor, an object, and a value or null to delete.
        unsafe {
            let descriptor: *mut Descriptor = this.cast();
            applies(descriptor, object)?;
            let field = (*descriptor).field;
            if value.is_null() {
                field.delete(object)?;
            } else {
                field.store(object, value)?;
            }
            Ok(0)
        }
    })
}

unsafe extern "C" fn repr(this: *mut PyObject) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: CPython passes a descriptor.
        unsafe {
            let descriptor: *mut Descriptor = this.cast();
            object::str_object(&format!(
                "<member '{}' of '{}' objects>",
                object::text((*descriptor).field.name.as_ptr()).unwrap_or("?"),
                object::class_name((*descriptor).class)
            ))
            .map(Owned::into_ptr)
        }
    })
}

unsafe extern "C" fn get_name(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: CPython passes a descriptor; names are immortal.
    unsafe { Owned::from_borrowed((*this.cast::<Descriptor>()).field.name.as_ptr()).into_ptr() }
}

unsafe extern "C" fn get_qualname(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: CPython passes a descriptor.
        unsafe {
            let descriptor: *mut Descriptor = this.cast();
            let class = object::getattr((*descriptor).class.cast(), c"__qualname__")?;
            object::str_object(&format!(
                "{}.{}",
                object::text(class.as_ptr()).unwrap_or("?"),
                object::text((*descriptor).field.name.as_ptr()).unwrap_or("?")
            ))
            .map(Owned::into_ptr)
        }
    })
}

unsafe extern "C" fn get_class(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: CPython passes a descriptor, which holds its class.
    unsafe { Owned::from_borrowed((*this.cast::<Descriptor>()).class.cast()).into_ptr() }
}

unsafe extern "C" fn get_doc(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: `None` is immortal.
    unsafe { Owned::from_borrowed(ffi::Py_None()).into_ptr() }
}

/// `(getattr, (class, name))`, as member descriptors are pickled.
unsafe extern "C" fn reduce(this: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: CPython passes a descriptor; new references are owned, and given to the tuples that take them.
        unsafe {
            let descriptor: *mut Descriptor = this.cast();
            let builtins = Owned::from_new(ffi::PyImport_ImportModule(c"builtins".as_ptr()))?;
            let getattr = object::getattr(builtins.as_ptr(), c"getattr")?;
            let args = Owned::from_new(ffi::PyTuple_New(2))?;
            ffi::PyTuple_SetItem(
                args.as_ptr(),
                0,
                Owned::from_borrowed((*descriptor).class.cast()).into_ptr(),
            );
            ffi::PyTuple_SetItem(
                args.as_ptr(),
                1,
                Owned::from_borrowed((*descriptor).field.name.as_ptr()).into_ptr(),
            );
            let pair = Owned::from_new(ffi::PyTuple_New(2))?;
            ffi::PyTuple_SetItem(pair.as_ptr(), 0, getattr.into_ptr());
            ffi::PyTuple_SetItem(pair.as_ptr(), 1, args.into_ptr());
            Ok(pair.into_ptr())
        }
    })
}
