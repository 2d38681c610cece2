//! Operations on objects of any class: CPython's abstract protocols.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use std::ffi::CStr;

use super::word::{Int, Word};
use super::{Obj, boxing};
use crate::error;
use crate::ffi;
use crate::object::{Borrowed, Owned, PyResult, Raised, class_name, getattr, interned};

/// A result of a C function that says -1 for an error.
#[inline]
pub(crate) fn status(result: i32) -> PyResult<()> {
    if result < 0 { Err(Raised) } else { Ok(()) }
}

/// A truth value of a C function that says -1 for an error.
#[inline]
pub(crate) fn truth(result: i32) -> PyResult<bool> {
    if result < 0 {
        Err(Raised)
    } else {
        Ok(result != 0)
    }
}

/// An interned name that is looked up once: `name!("append")`.
macro_rules! name {
    ($text:literal) => {{
        static CELL: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
        $crate::helpers::objects::cached_name(&CELL, $text)
    }};
}
pub(crate) use name;

/// The interned string of a [`name!`].
pub(crate) fn cached_name(cell: &std::sync::OnceLock<usize>, text: &str) -> PyResult<Obj> {
    if let Some(found) = cell.get() {
        return Ok(*found as Obj);
    }
    let made = interned(text)?;
    Ok(*cell.get_or_init(|| made.as_ptr() as usize) as Obj)
}

/// `args[0].name(*args[1:])`
pub(crate) unsafe fn call_method(name: Obj, args: &[Obj]) -> PyResult<Owned> {
    unsafe {
        Owned::from_new(ffi::PyObject_VectorcallMethod(
            name,
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))
    }
}

/// `builtins.name(*args)`, whatever the module has by that name in `builtins`.
pub(crate) unsafe fn call_builtin(name: &CStr, args: &[Obj]) -> PyResult<Owned> {
    unsafe {
        let module = Owned::from_new(ffi::PyImport_ImportModule(c"builtins".as_ptr()))?;
        let function = getattr(module.as_ptr(), name)?;
        Owned::from_new(ffi::PyObject_Vectorcall(
            function.as_ptr(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))
    }
}

type Binary = unsafe extern "C" fn(Obj, Obj) -> Obj;

unsafe extern "C" fn power(a: Obj, b: Obj) -> Obj {
    unsafe { ffi::PyNumber_Power(a, b, ffi::Py_None()) }
}

unsafe extern "C" fn in_place_power(a: Obj, b: Obj) -> Obj {
    unsafe { ffi::PyNumber_InPlacePower(a, b, ffi::Py_None()) }
}

/// Operators by the order of `BinaryOp`: plain and in place.
const BINARY: [(Binary, Binary); 13] = [
    (ffi::PyNumber_Add, ffi::PyNumber_InPlaceAdd),
    (ffi::PyNumber_Subtract, ffi::PyNumber_InPlaceSubtract),
    (ffi::PyNumber_Multiply, ffi::PyNumber_InPlaceMultiply),
    (ffi::PyNumber_TrueDivide, ffi::PyNumber_InPlaceTrueDivide),
    (ffi::PyNumber_FloorDivide, ffi::PyNumber_InPlaceFloorDivide),
    (ffi::PyNumber_Remainder, ffi::PyNumber_InPlaceRemainder),
    (power, in_place_power),
    (ffi::PyNumber_Lshift, ffi::PyNumber_InPlaceLshift),
    (ffi::PyNumber_Rshift, ffi::PyNumber_InPlaceRshift),
    (ffi::PyNumber_And, ffi::PyNumber_InPlaceAnd),
    (ffi::PyNumber_Or, ffi::PyNumber_InPlaceOr),
    (ffi::PyNumber_Xor, ffi::PyNumber_InPlaceXor),
    (
        ffi::PyNumber_MatrixMultiply,
        ffi::PyNumber_InPlaceMatrixMultiply,
    ),
];

fn operator<T: Copy>(table: &[T], op: i64) -> PyResult<T> {
    usize::try_from(op)
        .ok()
        .and_then(|i| table.get(i))
        .copied()
        .ok_or_else(|| error::system_error("unknown operator"))
}

/// Binary operator with this number in `BinaryOp`.
pub unsafe fn object_binary(a: Obj, b: Obj, op: i64) -> PyResult<Owned> {
    let f = operator(&BINARY, op)?.0;
    unsafe { Owned::from_new(f(a, b)) }
}

/// Augmented assignment's operator.
pub unsafe fn object_in_place(a: Obj, b: Obj, op: i64) -> PyResult<Owned> {
    let f = operator(&BINARY, op)?.1;
    unsafe { Owned::from_new(f(a, b)) }
}

/// Unary operator with this number in `UnaryOp`.
pub unsafe fn object_unary(a: Obj, op: i64) -> PyResult<Owned> {
    const UNARY: [unsafe extern "C" fn(Obj) -> Obj; 3] = [
        ffi::PyNumber_Negative,
        ffi::PyNumber_Positive,
        ffi::PyNumber_Invert,
    ];
    let f = operator(&UNARY, op)?;
    unsafe { Owned::from_new(f(a)) }
}

/// Rich comparison.
pub unsafe fn object_compare(a: Obj, b: Obj, op: i64) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_RichCompare(a, b, op as i32)) }
}

/// Rich comparison's truth. Not `PyObject_RichCompareBool`, for which identity implies equality.
pub unsafe fn object_compare_truth(a: Obj, b: Obj, op: i64) -> PyResult<bool> {
    unsafe {
        let answer = object_compare(a, b, op)?;
        object_truth(answer.as_ptr())
    }
}

/// Truth.
pub unsafe fn object_truth(a: Obj) -> PyResult<bool> {
    unsafe { truth(ffi::PyObject_IsTrue(a)) }
}

/// `item in container`
pub unsafe fn object_contains(container: Obj, item: Obj) -> PyResult<bool> {
    unsafe { truth(ffi::PySequence_Contains(container, item)) }
}

/// `object.name`
pub unsafe fn object_getattr(object: Obj, name: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_GetAttr(object, name)) }
}

/// `object.name = value`
pub unsafe fn object_setattr(object: Obj, name: Obj, value: Obj) -> PyResult<()> {
    unsafe { status(ffi::PyObject_SetAttr(object, name, value)) }
}

/// `del object.name`
pub unsafe fn object_delattr(object: Obj, name: Obj) -> PyResult<()> {
    unsafe { status(ffi::PyObject_SetAttr(object, name, std::ptr::null_mut())) }
}

/// `object[index]`
pub unsafe fn object_getitem(object: Obj, index: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_GetItem(object, index)) }
}

/// `object[index] = value`
pub unsafe fn object_setitem(object: Obj, index: Obj, value: Obj) -> PyResult<()> {
    unsafe { status(ffi::PyObject_SetItem(object, index, value)) }
}

/// `del object[index]`
pub unsafe fn object_delitem(object: Obj, index: Obj) -> PyResult<()> {
    unsafe { status(ffi::PyObject_DelItem(object, index)) }
}

/// `len(object)`
pub unsafe fn object_len(object: Obj) -> PyResult<i64> {
    match unsafe { ffi::PyObject_Size(object) } {
        -1 => Err(Raised),
        n => Ok(n as i64),
    }
}

/// `hash(object)`
pub unsafe fn object_hash(object: Obj) -> PyResult<i64> {
    match unsafe { ffi::PyObject_Hash(object) } {
        -1 => Err(Raised),
        n => Ok(n as i64),
    }
}

/// `iter(object)`
pub unsafe fn object_iter(object: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_GetIter(object)) }
}

/// Next item, or `None` when exhausted.
pub unsafe fn iter_next(iterator: Obj) -> PyResult<Option<Owned>> {
    unsafe {
        match Owned::from_nullable(ffi::PyIter_Next(iterator)) {
            Some(item) => Ok(Some(item)),
            None if ffi::PyErr_Occurred().is_null() => Ok(None),
            None => Err(Raised),
        }
    }
}

/// `str(object)`
pub unsafe fn object_str(object: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_Str(object)) }
}

/// `repr(object)`
pub unsafe fn object_repr(object: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_Repr(object)) }
}

/// `ascii(object)`
pub unsafe fn object_ascii(object: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_ASCII(object)) }
}

/// `format(object, spec)`
pub unsafe fn object_format(object: Obj, spec: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PyObject_Format(object, spec)) }
}

/// `int(object)`
pub unsafe fn object_int(object: Obj) -> PyResult<Word> {
    unsafe { Word::from_result(Owned::from_new(ffi::PyNumber_Long(object))?) }
}

/// `float(object)`
pub unsafe fn object_float(object: Obj) -> PyResult<f64> {
    unsafe {
        let float = Owned::from_new(ffi::PyNumber_Float(object))?;
        boxing::unbox_f64(float.as_ptr(), 0)
    }
}

/// `isinstance(object, class)`
pub unsafe fn object_isinstance(object: Obj, class: Obj) -> PyResult<bool> {
    unsafe { truth(ffi::PyObject_IsInstance(object, class)) }
}

/// `issubclass(object, class)`
pub unsafe fn object_issubclass(object: Obj, class: Obj) -> PyResult<bool> {
    unsafe { truth(ffi::PyObject_IsSubclass(object, class)) }
}

/// `type(object)`
pub unsafe fn object_type(object: Obj) -> Owned {
    unsafe { Owned::from_borrowed(ffi::Py_TYPE(object).cast()) }
}

/// `id(object)`
pub unsafe fn object_id(object: Obj) -> PyResult<Word> {
    Word::from_u64(object as u64)
}

/// Whether the object's type has the class in its MRO.
pub unsafe fn type_isinstance(object: Obj, class: Obj) -> bool {
    unsafe {
        let ty = ffi::Py_TYPE(object);
        ty == class.cast() || ffi::PyType_IsSubtype(ty, class.cast()) != 0
    }
}

/// Whether the object's type has the class in its MRO, or the class that the object says it is of has.
pub unsafe fn type_isinstance_asked(object: Obj, class: Obj) -> PyResult<bool> {
    unsafe {
        if type_isinstance(object, class) {
            return Ok(true);
        }
        // Another metaclass may have a test of its own.
        let plain = ffi::Py_TYPE(class) == &raw mut ffi::PyType_Type;
        if plain && says_its_type(ffi::Py_TYPE(object))? {
            return Ok(false);
        }
        object_isinstance(object, class)
    }
}

/// Whether `__class__` of every instance of a type is that type.
unsafe fn says_its_type(ty: *mut ffi::PyTypeObject) -> PyResult<bool> {
    const BUILTIN: std::ffi::c_ulong = ffi::Py_TPFLAGS_LONG_SUBCLASS
        | ffi::Py_TPFLAGS_LIST_SUBCLASS
        | ffi::Py_TPFLAGS_TUPLE_SUBCLASS
        | ffi::Py_TPFLAGS_BYTES_SUBCLASS
        | ffi::Py_TPFLAGS_UNICODE_SUBCLASS
        | ffi::Py_TPFLAGS_DICT_SUBCLASS;
    unsafe {
        let flags = ffi::type_flags(ty);
        if flags & BUILTIN != 0 && flags & ffi::TPFLAGS_HEAPTYPE == 0 {
            return Ok(true);
        }
        if ffi::PyType_GetSlot(ty, ffi::Py_tp_getattro) != ffi::PyObject_GenericGetAttr as *mut _ {
            return Ok(false);
        }
        let name = crate::object::interned("__class__")?;
        let plain = ffi::_PyType_Lookup(&raw mut ffi::PyBaseObject_Type, name.as_ptr());
        Ok(ffi::_PyType_Lookup(ty, name.as_ptr()) == plain)
    }
}

/// `ValueError` of an unpacking that met too few items.
fn too_few(expected: i64, got: usize) -> Raised {
    super::mach::value_error(&format!(
        "not enough values to unpack (expected {expected}, got {got})"
    ))
}

/// `ValueError` of an unpacking that met too many items.
fn too_many(expected: i64) -> Raised {
    super::mach::value_error(&format!("too many values to unpack (expected {expected})"))
}

/// Exactly `n` items of an iterable as a tuple.
pub unsafe fn unpack(iterable: Obj, n: i64) -> PyResult<Owned> {
    unsafe {
        if ffi::PyTuple_CheckExact(iterable) != 0 || ffi::PyList_CheckExact(iterable) != 0 {
            let size = ffi::PyObject_Size(iterable) as i64;
            if size < n {
                return Err(too_few(n, size as usize));
            }
            if size > n {
                return Err(too_many(n));
            }
            return Owned::from_new(ffi::PySequence_Tuple(iterable));
        }
        let Ok(iterator) = object_iter(iterable) else {
            return Err(not_iterable(iterable));
        };
        let mut items = Vec::with_capacity(n as usize);
        while let Some(item) = iter_next(iterator.as_ptr())? {
            if items.len() as i64 == n {
                return Err(too_many(n));
            }
            items.push(item);
        }
        if (items.len() as i64) < n {
            return Err(too_few(n, items.len()));
        }
        super::lists::tuple_of(items)
    }
}

/// CPython gives the `TypeError` of `iter` its own words when unpacking, unless the class has an iterator that raised it.
#[cold]
unsafe fn not_iterable(object: Obj) -> Raised {
    unsafe {
        let ty = ffi::Py_TYPE(object);
        let iterable = !ffi::PyType_GetSlot(ty, ffi::Py_tp_iter).is_null()
            || ffi::PySequence_Check(object) != 0;
        if iterable || ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) == 0 {
            return Raised;
        }
        ffi::PyErr_Clear();
        error::type_error(&format!(
            "cannot unpack non-iterable {} object",
            class_name(ty)
        ))
    }
}

/// `slice(a, b, c)`
pub unsafe fn slice_new(a: Obj, b: Obj, c: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PySlice_New(a, b, c)) }
}

/// `range(a, b, c)`
pub unsafe fn range_new(a: Int, b: Int, c: Int) -> PyResult<Owned> {
    let (a, b, c) = (a.object()?, b.object()?, c.object()?);
    let args = [a.as_ptr(), b.as_ptr(), c.as_ptr()];
    unsafe {
        Owned::from_new(ffi::PyObject_Vectorcall(
            (&raw mut ffi::PyRange_Type).cast(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))
    }
}

/// An exception instance of what `raise` was given, if it is fit.
unsafe fn instance(given: Obj, complaint: &str) -> PyResult<Owned> {
    unsafe {
        if ffi::PyExceptionClass_Check(given) != 0 {
            let made = Owned::from_new(ffi::PyObject_CallNoArgs(given))?;
            if ffi::PyExceptionInstance_Check(made.as_ptr()) == 0 {
                let class = crate::object::display(given);
                let got = class_name(ffi::Py_TYPE(made.as_ptr()));
                return Err(error::type_error(&format!(
                    "calling {class} should have returned an instance of BaseException, not <class '{got}'>"
                )));
            }
            return Ok(made);
        }
        if ffi::PyExceptionInstance_Check(given) != 0 {
            return Ok(Owned::from_borrowed(given));
        }
        Err(error::type_error(complaint))
    }
}

/// `raise exception from cause`; without an exception, the one being handled again.
pub unsafe fn raise(exception: Obj, cause: Obj) -> PyResult<()> {
    unsafe {
        if exception.is_null() {
            let handled = Owned::from_nullable(ffi::PyErr_GetHandledException());
            return match handled {
                Some(e) if e.as_ptr() != ffi::Py_None() => {
                    ffi::PyErr_SetRaisedException(e.into_ptr());
                    Err(Raised)
                }
                _ => Err(error::raise(
                    ffi::PyExc_RuntimeError,
                    "No active exception to reraise",
                )),
            };
        }
        let value = instance(exception, "exceptions must derive from BaseException")?;
        if !cause.is_null() {
            if cause == ffi::Py_None() {
                ffi::PyException_SetCause(value.as_ptr(), std::ptr::null_mut());
            } else {
                let cause = instance(cause, "exception causes must derive from BaseException")?;
                ffi::PyException_SetCause(value.as_ptr(), cause.into_ptr());
            }
        }
        ffi::PyErr_SetObject(ffi::Py_TYPE(value.as_ptr()).cast(), value.as_ptr());
        Err(Raised)
    }
}

/// Raises `AssertionError`, with a message unless it is null.
pub unsafe fn raise_assertion(message: Obj) -> PyResult<()> {
    unsafe {
        let class = Borrowed::new(ffi::PyExc_AssertionError);
        let value = if message.is_null() {
            Owned::from_new(ffi::PyObject_CallNoArgs(class.as_ptr()))?
        } else {
            Owned::from_new(ffi::PyObject_CallOneArg(class.as_ptr(), message))?
        };
        ffi::PyErr_SetObject(class.as_ptr(), value.as_ptr());
        Err(Raised)
    }
}
