//! Calling a laid-out class from dynamic code: `tp_vectorcall`.
//!
//! `type.__call__` packs the arguments into a tuple and a dict, which `__init__`'s slot unpacks again. Here the arguments go from the caller
//! to `__init__` as they are. A class with its own `__new__`, or whose `__init__` is no function, takes CPython's way.

use smallvec::SmallVec;

use crate::error;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult};

/// `Py_TPFLAGS_IS_ABSTRACT`
const ABSTRACT: std::ffi::c_ulong = 1 << 20;

static INIT: GilCell<*mut PyObject> = GilCell::new(std::ptr::null_mut());

/// Makes a laid-out class construct its instances here.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `class` is a live type with our storage; the GIL is held.
pub unsafe fn install(class: *mut PyTypeObject) -> PyResult<()> {
    // SAFETY: the offset is right for every type.
    unsafe {
        if INIT.get().is_null() {
            INIT.set(object::interned("__init__")?.as_ptr());
        }
        ffi::write::<ffi::Vectorcall>(class.cast(), ffi::layout().type_tp_vectorcall, construct);
        Ok(())
    }
}

unsafe extern "C" fn construct(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    error::guard(std::ptr::null_mut(), || {
        let layout = ffi::layout();
        // SAFETY: as any vectorcall; `callable` is a class that `install` was called for. The function is kept while it runs.
        unsafe {
            let class: *mut PyTypeObject = callable.cast();
            let object_class = (&raw mut ffi::PyBaseObject_Type).cast();
            let plain_new = ffi::read::<usize>(callable.cast(), layout.type_tp_new)
                == ffi::read::<usize>(object_class, layout.type_tp_new);
            let init = ffi::_PyType_Lookup(class, INIT.get());
            if !plain_new
                || ffi::type_flags(class) & ABSTRACT != 0
                || init.is_null()
                || ffi::Py_TYPE(init) != &raw mut ffi::PyFunction_Type
            {
                let nargs = ffi::vectorcall_nargs(nargsf) as isize;
                let result = ffi::_PyObject_MakeTpCall(
                    ffi::PyThreadState_Get(),
                    callable,
                    args,
                    nargs,
                    kwnames,
                );
                return Owned::from_new(result).map(Owned::into_ptr);
            }
            let init = Owned::from_borrowed(init);
            let alloc: ffi::allocfunc = ffi::read(callable.cast(), layout.type_alloc);
            let object = Owned::from_new(alloc(class, 0))?;
            let nargs = ffi::vectorcall_nargs(nargsf);
            let entry: ffi::Vectorcall =
                ffi::read(init.as_ptr().cast(), layout.function_vectorcall);
            let result = if nargsf & ffi::VECTORCALL_ARGUMENTS_OFFSET != 0 {
                // The caller lends the word before its arguments.
                let own = args.cast_mut().sub(1);
                let kept = own.replace(object.as_ptr());
                let result = entry(init.as_ptr(), own, nargs + 1, kwnames);
                *own = kept;
                result
            } else {
                let keywords = if kwnames.is_null() {
                    0
                } else {
                    ffi::PyTuple_Size(kwnames) as usize
                };
                let mut all: SmallVec<[*mut PyObject; 8]> = SmallVec::new();
                all.push(object.as_ptr());
                if nargs + keywords > 0 {
                    all.extend_from_slice(std::slice::from_raw_parts(args, nargs + keywords));
                }
                entry(init.as_ptr(), all.as_ptr(), nargs + 1, kwnames)
            };
            let result = Owned::from_new(result)?;
            if result.as_ptr() != ffi::Py_None() {
                return Err(error::type_error(&format!(
                    "__init__() should return None, not '{}'",
                    object::class_name(ffi::Py_TYPE(result.as_ptr()))
                )));
            }
            Ok(object.into_ptr())
        }
    })
}
