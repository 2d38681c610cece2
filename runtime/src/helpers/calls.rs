//! Calls of objects by the vectorcall protocol. The count that a helper takes includes the arguments passed by keyword, and for a method the receiver.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use std::ffi::{c_int, c_void};

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
    /// Its C function and calling convention.
    function: *const c_void,
    flags: c_int,
}

/// How many methods are remembered; a power of two.
const REMEMBERED: usize = 256;

/// Methods of builtin classes by class and (interned) name. Classes that are not made at run time never change and never go.
static KNOWN: GilCell<[Known; REMEMBERED]> = GilCell::new(
    [Known {
        class: std::ptr::null_mut(),
        name: std::ptr::null_mut(),
        method: std::ptr::null_mut(),
        function: std::ptr::null(),
        flags: 0,
    }; REMEMBERED],
);

/// The method that an attribute of an object is, when its class is a builtin one whose instances have no attributes of their own.
#[inline]
unsafe fn builtin_method(receiver: Obj, name: Obj) -> Option<Known> {
    unsafe {
        let class = ffi::Py_TYPE(receiver);
        let place = ((class as usize >> 4) ^ (name as usize >> 4)) & (REMEMBERED - 1);
        let known = KNOWN.with(|k| k[place]);
        if known.class == class && known.name == name {
            return Some(known);
        }
        find_builtin_method(class, name, place)
    }
}

#[cold]
unsafe fn find_builtin_method(
    class: *mut ffi::PyTypeObject,
    name: Obj,
    place: usize,
) -> Option<Known> {
    unsafe {
        if ffi::type_flags(class) & ffi::TPFLAGS_HEAPTYPE != 0 {
            return None;
        }
        let dict: isize = ffi::read(class.cast(), ffi::layout().type_tp_dictoffset);
        let getattro = ffi::PyType_GetSlot(class, ffi::Py_tp_getattro);
        let generic = ffi::PyObject_GenericGetAttr as *const c_void;
        if dict != 0 || !std::ptr::eq(getattro, generic) {
            return None;
        }
        let method = ffi::_PyType_Lookup(class, name);
        if method.is_null() || ffi::Py_TYPE(method) != &raw mut ffi::PyMethodDescr_Type {
            return None;
        }
        let descriptor = &*method.cast::<ffi::MethodDescriptor>();
        let definition = &*descriptor.definition;
        let known = Known {
            class,
            name,
            method,
            function: definition.function,
            flags: definition.flags,
        };
        KNOWN.with(|k| k[place] = known);
        Some(known)
    }
}

/// Calls a method's C function as its convention wants it; `None` when it has another convention or does not take as many arguments.
unsafe fn call_c(known: &Known, args: *const Obj, n: usize, keywords: Obj) -> Option<Obj> {
    type Two = unsafe extern "C" fn(Obj, Obj) -> Obj;
    type Fast = unsafe extern "C" fn(Obj, *const Obj, isize) -> Obj;
    type FastWithKeywords = unsafe extern "C" fn(Obj, *const Obj, isize, Obj) -> Obj;
    const FAST_WITH_KEYWORDS: c_int = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
    unsafe {
        let receiver = *args;
        let rest = (n - 1) as isize;
        match known.flags {
            ffi::METH_NOARGS if n == 1 && keywords.is_null() => {
                Some(std::mem::transmute::<*const c_void, Two>(known.function)(
                    receiver,
                    std::ptr::null_mut(),
                ))
            }
            ffi::METH_O if n == 2 && keywords.is_null() => {
                Some(std::mem::transmute::<*const c_void, Two>(known.function)(
                    receiver,
                    *args.add(1),
                ))
            }
            ffi::METH_FASTCALL if keywords.is_null() => Some(std::mem::transmute::<
                *const c_void,
                Fast,
            >(known.function)(
                receiver, args.add(1), rest
            )),
            FAST_WITH_KEYWORDS => Some(std::mem::transmute::<*const c_void, FastWithKeywords>(
                known.function,
            )(receiver, args.add(1), rest, keywords)),
            _ => None,
        }
    }
}

/// `receiver.name(args)`
pub unsafe fn call_named(name: Obj, args: usize, n: i64, keywords: usize) -> PyResult<Owned> {
    let keywords = keywords as Obj;
    unsafe {
        let n = positional(n, keywords);
        let args = args as *const Obj;
        if let Some(known) = builtin_method(*args, name) {
            if let Some(result) = call_c(&known, args, n, keywords) {
                return Owned::from_new(result);
            }
            return Owned::from_new(ffi::PyObject_Vectorcall(known.method, args, n, keywords));
        }
        Owned::from_new(ffi::PyObject_VectorcallMethod(name, args, n, keywords))
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
