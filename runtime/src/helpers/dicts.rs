//! Dicts and sets: directly when the object is exactly one, by the general protocol when it is of a subclass.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use super::objects::{
    call_method, name, object_contains, object_delitem, object_getitem, object_setitem, status,
};
use crate::ffi;
use crate::object::{Owned, PyResult, Raised};

#[inline]
unsafe fn is_dict(object: Obj) -> bool {
    unsafe { ffi::PyDict_CheckExact(object) != 0 }
}

#[inline]
unsafe fn is_set(object: Obj) -> bool {
    unsafe { ffi::Py_TYPE(object) == &raw mut ffi::PySet_Type }
}

/// A set of `n` references at an address.
pub unsafe fn set_new(items: usize, n: i64) -> PyResult<Owned> {
    unsafe {
        let set = Owned::from_new(ffi::PySet_New(std::ptr::null_mut()))?;
        for i in 0..n as usize {
            status(ffi::PySet_Add(
                set.as_ptr(),
                (items as *const Obj).add(i).read(),
            ))?;
        }
        Ok(set)
    }
}

/// A dict of `n` pairs of references at an address.
pub unsafe fn dict_new(items: usize, n: i64) -> PyResult<Owned> {
    unsafe {
        let dict = Owned::from_new(ffi::PyDict_New())?;
        let items = items as *const Obj;
        for i in 0..n as usize {
            status(ffi::PyDict_SetItem(
                dict.as_ptr(),
                items.add(2 * i).read(),
                items.add(2 * i + 1).read(),
            ))?;
        }
        Ok(dict)
    }
}

/// The value of a key of an exact dict.
unsafe fn find(dict: Obj, key: Obj) -> PyResult<Option<Owned>> {
    unsafe {
        let found = ffi::PyDict_GetItemWithError(dict, key);
        if !found.is_null() {
            return Ok(Some(Owned::from_borrowed(found)));
        }
        if ffi::PyErr_Occurred().is_null() {
            Ok(None)
        } else {
            Err(Raised)
        }
    }
}

/// `dict[key]`
pub unsafe fn dict_getitem(dict: Obj, key: Obj) -> PyResult<Owned> {
    unsafe {
        if !is_dict(dict) {
            return object_getitem(dict, key);
        }
        match find(dict, key)? {
            Some(value) => Ok(value),
            None => {
                ffi::_PyErr_SetKeyError(key);
                Err(Raised)
            }
        }
    }
}

/// `dict.get(key, default)`
pub unsafe fn dict_get(dict: Obj, key: Obj, default: Obj) -> PyResult<Owned> {
    unsafe {
        if !is_dict(dict) {
            return call_method(name!("get")?, &[dict, key, default]);
        }
        Ok(find(dict, key)?.unwrap_or_else(|| Owned::from_borrowed(default)))
    }
}

/// `dict[key] = value`
pub unsafe fn dict_setitem(dict: Obj, key: Obj, value: Obj) -> PyResult<()> {
    unsafe {
        if is_dict(dict) {
            return status(ffi::PyDict_SetItem(dict, key, value));
        }
        object_setitem(dict, key, value)
    }
}

/// `del dict[key]`
pub unsafe fn dict_delitem(dict: Obj, key: Obj) -> PyResult<()> {
    unsafe { object_delitem(dict, key) }
}

/// `key in dict`
pub unsafe fn dict_contains(dict: Obj, key: Obj) -> PyResult<bool> {
    unsafe { object_contains(dict, key) }
}

/// `dict.pop(key)`, with a default unless it is null.
pub unsafe fn dict_pop(dict: Obj, key: Obj, default: Obj) -> PyResult<Owned> {
    unsafe {
        let args = [dict, key, default];
        let n = if default.is_null() { 2 } else { 3 };
        call_method(name!("pop")?, &args[..n])
    }
}

/// `dict.setdefault(key, default)`
pub unsafe fn dict_setdefault(dict: Obj, key: Obj, default: Obj) -> PyResult<Owned> {
    unsafe {
        if !is_dict(dict) {
            return call_method(name!("setdefault")?, &[dict, key, default]);
        }
        let found = ffi::PyDict_SetDefault(dict, key, default);
        if found.is_null() {
            return Err(Raised);
        }
        Ok(Owned::from_borrowed(found))
    }
}

/// `set.add`
pub unsafe fn set_add(set: Obj, item: Obj) -> PyResult<()> {
    unsafe {
        if is_set(set) {
            return status(ffi::PySet_Add(set, item));
        }
        call_method(name!("add")?, &[set, item]).map(drop)
    }
}

/// `set.discard`. A set as the item is looked for as a frozen set, which only the method does.
pub unsafe fn set_discard(set: Obj, item: Obj) -> PyResult<()> {
    unsafe {
        if is_set(set) && !is_set(item) {
            let mut result = ffi::PySet_Discard(set, item);
            if result < 0 && ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
                ffi::PyErr_Clear();
                result = call_method(name!("discard")?, &[set, item]).map_or(-1, |_| 0);
            }
            return if result < 0 { Err(Raised) } else { Ok(()) };
        }
        call_method(name!("discard")?, &[set, item]).map(drop)
    }
}

/// `item in set`
pub unsafe fn set_contains(set: Obj, item: Obj) -> PyResult<bool> {
    unsafe { object_contains(set, item) }
}
