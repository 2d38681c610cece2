//! Calls of objects by the vectorcall protocol. The count that a helper takes includes the arguments passed by keyword, and for a method the receiver.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use crate::ffi;
use crate::gil::GilCell;
use crate::object::{Owned, PyResult};

/// How many of `n` arguments are positional.
unsafe fn positional(n: i64, keywords: Obj) -> usize {
    let named = if keywords.is_null() {
        0
    } else {
        unsafe { ffi::PyTuple_Size(keywords) }
    };
    n as usize - named as usize
}

/// `callee(*args)`
pub unsafe fn call_object(callee: Obj, args: usize, n: i64, keywords: usize) -> PyResult<Owned> {
    let keywords = keywords as Obj;
    unsafe {
        Owned::from_new(ffi::PyObject_Vectorcall(
            callee,
            args as *const Obj,
            positional(n, keywords),
            keywords,
        ))
    }
}

/// A method that was found in a builtin class.
#[derive(Clone, Copy)]
struct Known {
    class: *mut ffi::PyTypeObject,
    name: Obj,
    /// The method descriptor, which the class keeps for ever.
    method: Obj,
}

/// How many methods are remembered; a power of two.
const REMEMBERED: usize = 256;

/// Methods of builtin classes by class and (interned) name. Classes that are not made at run time never change and never go.
static KNOWN: GilCell<[Known; REMEMBERED]> = GilCell::new(
    [Known {
        class: std::ptr::null_mut(),
        name: std::ptr::null_mut(),
        method: std::ptr::null_mut(),
    }; REMEMBERED],
);

/// The method descriptor that an attribute of an object is, when its class is a builtin one whose instances have no attributes of their own.
#[inline]
unsafe fn builtin_method(receiver: Obj, name: Obj) -> Option<Obj> {
    unsafe {
        let class = ffi::Py_TYPE(receiver);
        let place = ((class as usize >> 4) ^ (name as usize >> 4)) & (REMEMBERED - 1);
        let known = KNOWN.with(|k| k[place]);
        if known.class == class && known.name == name {
            return Some(known.method);
        }
        find_builtin_method(class, name, place)
    }
}

#[cold]
unsafe fn find_builtin_method(
    class: *mut ffi::PyTypeObject,
    name: Obj,
    place: usize,
) -> Option<Obj> {
    unsafe {
        if ffi::type_flags(class) & ffi::TPFLAGS_HEAPTYPE != 0 {
            return None;
        }
        let dict: isize = ffi::read(class.cast(), ffi::layout().type_tp_dictoffset);
        let getattro = ffi::PyType_GetSlot(class, ffi::Py_tp_getattro);
        let generic = ffi::PyObject_GenericGetAttr as *const std::ffi::c_void;
        if dict != 0 || !std::ptr::eq(getattro, generic) {
            return None;
        }
        let method = ffi::_PyType_Lookup(class, name);
        if method.is_null() || ffi::Py_TYPE(method) != &raw mut ffi::PyMethodDescr_Type {
            return None;
        }
        KNOWN.with(|k| {
            k[place] = Known {
                class,
                name,
                method,
            }
        });
        Some(method)
    }
}

/// `receiver.name(args)`
pub unsafe fn call_named(name: Obj, args: usize, n: i64, keywords: usize) -> PyResult<Owned> {
    let keywords = keywords as Obj;
    unsafe {
        if let Some(method) = builtin_method(*(args as *const Obj), name) {
            return Owned::from_new(ffi::PyObject_Vectorcall(
                method,
                args as *const Obj,
                positional(n, keywords),
                keywords,
            ));
        }
        Owned::from_new(ffi::PyObject_VectorcallMethod(
            name,
            args as *const Obj,
            positional(n, keywords),
            keywords,
        ))
    }
}

/// `callee(*args, **kwargs)`
pub unsafe fn call_unpacked(callee: Obj, args: Obj, kwargs: Obj) -> PyResult<Owned> {
    unsafe {
        let kwargs = if kwargs == ffi::Py_None() {
            std::ptr::null_mut()
        } else {
            kwargs
        };
        Owned::from_new(ffi::PyObject_Call(callee, args, kwargs))
    }
}
