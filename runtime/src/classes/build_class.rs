//! The wrapped `builtins.__build_class__`: class statements whose body's code object has a record get our storage; all others go straight to
//! CPython's.

use std::ffi::{CStr, c_int};

use crate::error;
use crate::ffi::{self, PyObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, CodeRecord};

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
        match records::of_code(code) {
            Some(CodeRecord::ClassBody(record)) => error::guard(std::ptr::null_mut(), || {
                let class = Owned::from_new(plain())?;
                if ffi::PyType_Check(class.as_ptr()) != 0 {
                    record.class.set(class.clone().leak().as_ptr().cast());
                }
                Ok(class.into_ptr())
            }),
            _ => plain(),
        }
    }
}
