//! Strings: directly when the operands are exactly `str`, by the general protocol otherwise.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use super::objects::{call_builtin, call_method, name, object_getitem};
use super::word::{Int, Word};
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult};

#[inline]
unsafe fn is_str(object: Obj) -> bool {
    unsafe { ffi::PyUnicode_CheckExact(object) != 0 }
}

/// `n` strings at an address, joined.
pub unsafe fn str_join_array(items: usize, n: i64) -> PyResult<Owned> {
    unsafe {
        let empty = Owned::from_new(ffi::PyUnicode_FromStringAndSize(c"".as_ptr(), 0))?;
        if n == 0 {
            return Ok(empty);
        }
        Owned::from_new(ffi::_PyUnicode_JoinArray(
            empty.as_ptr(),
            items as *const Obj,
            n as isize,
        ))
    }
}

/// `a + b`
pub unsafe fn str_concat(a: Obj, b: Obj) -> PyResult<Owned> {
    unsafe {
        if is_str(a) && is_str(b) {
            return Owned::from_new(ffi::PyUnicode_Concat(a, b));
        }
        Owned::from_new(ffi::PyNumber_Add(a, b))
    }
}

/// `a += b`: takes `a` over, so that it can grow in place.
pub unsafe fn str_append(a: Owned, b: Obj) -> PyResult<Owned> {
    unsafe {
        if is_str(a.as_ptr()) && is_str(b) {
            let mut grown = a.into_ptr();
            ffi::PyUnicode_Append(&raw mut grown, b);
            return Owned::from_new(grown);
        }
        Owned::from_new(ffi::PyNumber_InPlaceAdd(a.as_ptr(), b))
    }
}

/// `a == b`
pub unsafe fn str_eq(a: Obj, b: Obj) -> PyResult<bool> {
    unsafe {
        if is_str(a) && is_str(b) {
            return Ok(a == b || ffi::_PyUnicode_Equal(a, b) != 0);
        }
        super::objects::object_compare_truth(a, b, ffi::Py_EQ.into())
    }
}

/// `str[index]`
pub unsafe fn str_get(string: Obj, index: Int) -> PyResult<Owned> {
    unsafe {
        if is_str(string)
            && let Some(i) = index.small()
        {
            let n = ffi::PyUnicode_GetLength(string) as i64;
            let i = if i < 0 { i + n } else { i };
            if !(0..n).contains(&i) {
                return Err(error::raise(
                    ffi::PyExc_IndexError,
                    "string index out of range",
                ));
            }
            let c = ffi::PyUnicode_ReadChar(string, i as isize);
            return Owned::from_new(ffi::PyUnicode_FromOrdinal(c as i32));
        }
        object_getitem(string, index.object()?.as_ptr())
    }
}

/// `str.join`
pub unsafe fn str_join(separator: Obj, items: Obj) -> PyResult<Owned> {
    unsafe {
        if is_str(separator) {
            return Owned::from_new(ffi::PyUnicode_Join(separator, items));
        }
        call_method(name!("join")?, &[separator, items])
    }
}

/// `ord`
pub unsafe fn str_ord(string: Obj) -> PyResult<Word> {
    unsafe {
        if is_str(string) && ffi::PyUnicode_GetLength(string) == 1 {
            return Word::from_i64(ffi::PyUnicode_ReadChar(string, 0).into());
        }
        Word::from_result(call_builtin(c"ord", &[string])?)
    }
}

/// `chr`
pub unsafe fn str_chr(code: Int) -> PyResult<Owned> {
    unsafe {
        if let Some(v) = code.small()
            && (0..0x11_0000).contains(&v)
        {
            return Owned::from_new(ffi::PyUnicode_FromOrdinal(v as i32));
        }
        let code = code.object()?;
        call_builtin(c"chr", &[code.as_ptr()])
    }
}
