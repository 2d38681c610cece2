//! `Array[T]` of `__static__`: a fixed number of machine numbers side by side, behind a Python type.
//!
//! Compiled code reads [`DATA_OFFSET`] and [`LENGTH_OFFSET`] and does the rest inline. Invariants that make this right: the memory at `data` holds `length` elements of the
//! array's kind, never moves and is never resized while the object lives; it belongs to the object, or to a parent array or an exporter that
//! the object keeps. The kind follows from the class (`Array[int64]`), which [`is_array_of`] checks at boundaries.
//!
//! `element` converts between elements and objects, `methods` is the Python type. Without the compiler `__static__` has a class in Python that behaves alike.

mod element;
mod methods;

use keelback_lowering::errors::Raise;
use keelback_lowering::types::Repr;
use pyo3::prelude::{Bound, PyAny, PyErr, Python};

use crate::ffi::{self, PyObject, PyTypeObject};
use crate::helpers::control::raised;
use crate::helpers::{Int, Obj};
use crate::object::{Owned, PyResult, Raised};
pub use methods::type_object;

/// `Array`, for the extension module.
///
/// # Errors
/// Whatever making the type raised.
pub fn class(py: Python<'_>) -> pyo3::PyResult<Bound<'_, PyAny>> {
    // SAFETY: the token says that the GIL is held; the type is never freed.
    unsafe {
        match type_object() {
            Ok(class) => Ok(Bound::from_borrowed_ptr(py, class)),
            Err(Raised) => Err(PyErr::fetch(py)),
        }
    }
}

/// An array object.
#[repr(C)]
#[derive(Debug)]
pub struct ArrayObject {
    /// `PyObject`
    head: [usize; 2],
    /// Number of elements.
    length: isize,
    /// The first element; never null, aligned to 8 bytes unless it is inside other memory.
    data: *mut u8,
    /// The array whose memory this is a part of (a strong reference), or null.
    parent: *mut PyObject,
    /// The buffer of an exporter whose memory this is, or null.
    view: *mut ffi::Py_buffer,
    /// Weak references.
    weak: *mut PyObject,
    /// How elements are held; [`Repr::Obj`] in an array without an element type.
    kind: Repr,
    /// The memory may not be written by dynamic code.
    read_only: bool,
    /// `__init__` has run.
    ready: bool,
}

/// Where an array's element storage is found in it.
pub const DATA_OFFSET: usize = std::mem::offset_of!(ArrayObject, data);
/// Where an array's number of elements is found in it.
pub const LENGTH_OFFSET: usize = std::mem::offset_of!(ArrayObject, length);

/// The memory of an array without elements.
static NOTHING: [u64; 1] = [0];

/// Bytes of one element.
pub(crate) fn size_of(kind: Repr) -> usize {
    kind.bits() as usize / 8
}

impl ArrayObject {
    /// A new array of a class with no elements yet.
    unsafe fn empty(class: *mut PyTypeObject, kind: Repr) -> PyResult<Owned> {
        // SAFETY: the class is `Array` or derived from it, so that its instances have our fields, zeroed.
        unsafe {
            let object = Owned::from_new(ffi::PyType_GenericAlloc(class, 0))?;
            let this = &mut *object.as_ptr().cast::<ArrayObject>();
            this.data = NOTHING.as_ptr().cast_mut().cast();
            this.kind = kind;
            Ok(object)
        }
    }

    /// The fields of an array object.
    unsafe fn of<'a>(object: Obj) -> &'a mut ArrayObject {
        // SAFETY: the caller passes a live array.
        unsafe { &mut *object.cast::<ArrayObject>() }
    }

    /// Gives an empty array `length` zeros of its own.
    fn allocate(&mut self, length: usize) -> PyResult<()> {
        let bytes = length
            .checked_mul(size_of(self.kind))
            .filter(|n| isize::try_from(*n).is_ok());
        // SAFETY: a plain allocation.
        let data = bytes.map_or(std::ptr::null_mut(), |n| unsafe {
            libc::calloc(n.max(1), 1)
        });
        if data.is_null() {
            // SAFETY: the GIL is held.
            unsafe { ffi::PyErr_NoMemory() };
            return Err(Raised);
        }
        self.data = data.cast();
        self.length = length as isize;
        self.ready = true;
        Ok(())
    }

    /// Whether the memory is the array's own.
    fn owns(&self) -> bool {
        self.parent.is_null()
            && self.view.is_null()
            && !std::ptr::eq(self.data.cast(), &raw const NOTHING)
    }

    /// The bytes of all elements.
    unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the type's invariant.
        unsafe { std::slice::from_raw_parts(self.data, self.length as usize * size_of(self.kind)) }
    }

    /// The address of an element.
    fn at(&self, i: isize) -> *mut u8 {
        self.data.wrapping_offset(i * size_of(self.kind) as isize)
    }
}

/// An index counted from the end when negative, if it is within bounds.
fn position(index: isize, length: isize) -> Option<isize> {
    let i = if index < 0 {
        index.saturating_add(length)
    } else {
        index
    };
    (0..length).contains(&i).then_some(i)
}

/// `array[index]` as a word.
///
/// # Errors
/// `IndexError`.
///
/// # Safety
/// `object` is an array of this kind; the GIL is held.
pub unsafe fn load(object: Obj, index: Int, kind: Repr) -> PyResult<u64> {
    // SAFETY: the caller's promise.
    unsafe {
        let array = ArrayObject::of(object);
        match position(index.index(), array.length) {
            Some(i) => Ok(element::load(array.at(i), kind)),
            None => Err(raised(Raise::ArrayIndex)),
        }
    }
}

/// `array[index] = word`
///
/// # Errors
/// `IndexError`.
///
/// # Safety
/// `object` is an array of this kind; the GIL is held.
pub unsafe fn store(object: Obj, index: Int, kind: Repr, word: u64) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let array = ArrayObject::of(object);
        match position(index.index(), array.length) {
            Some(i) => element::store(array.at(i), kind, word),
            None => return Err(raised(Raise::ArrayAssignIndex)),
        }
        Ok(())
    }
}

/// Number of elements.
///
/// # Safety
/// `object` is an array.
pub unsafe fn length(object: Obj) -> isize {
    // SAFETY: the caller's promise.
    unsafe { ArrayObject::of(object).length }
}

/// Whether an object is an array whose elements are so held: what a check for `Array[T]` must ask, because compiled code goes by it.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn is_array_of(object: Obj, kind: Repr) -> bool {
    // SAFETY: the caller's promise; the type is made when the first array is.
    unsafe {
        let Some(array) = methods::made_type() else {
            return false;
        };
        ffi::PyType_IsSubtype(ffi::Py_TYPE(object), array) != 0
            && ArrayObject::of(object).kind == kind
    }
}
