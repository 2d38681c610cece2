//! Laying a class out while `type` still makes it.
//!
//! `__init_subclass__` of a base runs before `type` returns, and may make instances of the class already. So the class's namespace gets an entry whose
//! `__set_name__` lays the class out: CPython calls that when the class is whole otherwise. The entry is gone before anybody else sees the class.

use std::ffi::CStr;

use crate::error;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::internal_type::{self, Shape, slot};
use crate::object::{self, Owned, PyResult, Raised};

/// What lays a class out; whether it did.
pub type LayOut<'a> = dyn FnMut(*mut PyObject) -> bool + 'a;

/// The name of the entry, which no program can write.
const KEY: &str = "keelback: lay out";

#[repr(C)]
struct Hook {
    ob_refcnt: isize,
    ob_type: *mut PyTypeObject,
    /// Null once the class is made.
    lay_out: *mut *mut LayOut<'static>,
}

/// Calls `make` after an entry was put into `namespace` that calls `lay_out` with the class that is made of it.
///
/// # Errors
/// What `make` raised; `MemoryError`.
///
/// # Safety
/// `namespace` is a live dict; the GIL is held.
pub unsafe fn with_entry(
    namespace: *mut PyObject,
    lay_out: &mut LayOut<'_>,
    make: impl FnOnce() -> PyResult<Owned>,
) -> PyResult<Owned> {
    // SAFETY: the hook is told that the closure is gone before it goes.
    unsafe {
        let mut closure: *mut LayOut<'_> = lay_out;
        let hook = Owned::from_new(ffi::PyType_GenericAlloc(hook_type()?, 0))?;
        let own: *mut Hook = hook.as_ptr().cast();
        (*own).lay_out = (&raw mut closure).cast();
        let key = object::interned(KEY)?;
        if ffi::PyDict_SetItem(namespace, key.as_ptr(), hook.as_ptr()) < 0 {
            return Err(Raised);
        }
        let made = make();
        (*own).lay_out = std::ptr::null_mut();
        let made = made?;
        remove(namespace);
        Ok(made)
    }
}

/// Takes the entry out of a dict, if it is there.
unsafe fn remove(dict: *mut PyObject) {
    // SAFETY: the caller passes a live dict.
    unsafe {
        if let Ok(key) = object::interned(KEY)
            && ffi::PyDict_DelItem(dict, key.as_ptr()) == 0
        {
            return;
        }
        ffi::PyErr_Clear();
    }
}

static TYPE: GilCell<*mut PyTypeObject> = GilCell::new(std::ptr::null_mut());
const NAME: &CStr = c"keelback.class_hook";

unsafe fn hook_type() -> PyResult<*mut PyTypeObject> {
    let shape = Shape {
        size: size_of::<Hook>(),
        item_size: 0,
        flags: 0,
    };
    let slots = || {
        // Leaked, for CPython keeps pointers to them.
        let methods = Box::leak(Box::new([
            ffi::PyMethodDef {
                ml_name: c"__set_name__".as_ptr(),
                ml_meth: ffi::PyMethodDefPointer {
                    PyCFunctionFast: set_name,
                },
                ml_flags: ffi::METH_FASTCALL,
                ml_doc: std::ptr::null(),
            },
            ffi::PyMethodDef::zeroed(),
        ]));
        vec![slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast())]
    };
    // SAFETY: the GIL is held.
    unsafe { internal_type::get(&TYPE, NAME, shape, slots) }
}

unsafe extern "C" fn set_name(
    hook: *mut PyObject,
    args: *mut *mut PyObject,
    count: isize,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        // SAFETY: a method of the type; its closure is there while the field is not null.
        unsafe {
            let hook: *mut Hook = hook.cast();
            if count == 2 && ffi::PyType_Check(*args) != 0 && !(*hook).lay_out.is_null() {
                let class = *args;
                remove(ffi::read(class.cast(), ffi::layout().type_dict));
                if (**(*hook).lay_out)(class) {
                    (*hook).lay_out = std::ptr::null_mut();
                }
            }
            Ok(Owned::from_borrowed(ffi::Py_None()).into_ptr())
        }
    })
}
