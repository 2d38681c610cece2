//! Functions outside the stable ABI that the helpers call; every supported version exports them.

use std::ffi::c_int;

use super::PyObject;

#[allow(missing_docs)]
unsafe extern "C" {
    /// Borrowed.
    pub fn PyDict_SetDefault(
        dict: *mut PyObject,
        key: *mut PyObject,
        default: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        length: isize,
    ) -> *mut PyObject;
    /// Both `str`; never raises.
    pub fn _PyUnicode_Equal(a: *mut PyObject, b: *mut PyObject) -> c_int;
    /// `None`, a new reference.
    pub fn _PyList_Extend(list: *mut PyObject, iterable: *mut PyObject) -> *mut PyObject;
    pub fn _PyErr_SetKeyError(key: *mut PyObject);
    pub fn _Py_Dealloc(object: *mut PyObject);
}
