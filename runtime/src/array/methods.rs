//! The Python type of arrays.

use std::ffi::{c_char, c_int, c_void};

use keelback_lowering::errors::Raise;
use keelback_lowering::types::Repr;
use rustc_hash::FxHashMap;

use super::element;
use super::{ArrayObject, position, size_of};
use crate::error::{self, guard};
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::helpers::Obj;
use crate::helpers::control::raised;
use crate::helpers::mach::value_error;
use crate::helpers::objects::{object_compare_truth, truth};
use crate::object::{Owned, PyResult, Raised, class_name, getattr, str_object, text};

/// The type `Array`, and the classes made from it by element type.
struct Types {
    array: *mut PyTypeObject,
    /// `Array[T]` by `T`: strong references to both, never dropped.
    made: FxHashMap<usize, *mut PyTypeObject>,
    /// Kind and element type of each made class.
    kinds: FxHashMap<usize, (Repr, *mut PyObject)>,
}

static TYPES: GilCell<Option<Types>> = GilCell::new(None);

/// The type `Array`, if it has been made.
pub(super) unsafe fn made_type() -> Option<*mut PyTypeObject> {
    // SAFETY: the caller holds the GIL.
    unsafe { TYPES.with(|t| t.as_ref().map(|t| t.array)) }
}

/// What a class's elements are: kind and element type.
unsafe fn element_of(class: *mut PyTypeObject) -> Option<(Repr, *mut PyObject)> {
    let mut class = class;
    // SAFETY: the GIL is held; a type's base lives as long as it.
    unsafe {
        while !class.is_null() {
            if let Some(found) = TYPES.with(|t| {
                t.as_ref()
                    .and_then(|t| t.kinds.get(&(class as usize)).copied())
            }) {
                return Some(found);
            }
            class = ffi::PyType_GetSlot(class, ffi::Py_tp_base).cast();
        }
    }
    None
}

/// An attribute of `__static__._primitives` or of `__static__._arrays`.
unsafe fn of_package(module: &std::ffi::CStr, name: &std::ffi::CStr) -> PyResult<Owned> {
    // SAFETY: the GIL is held.
    unsafe {
        let module = Owned::from_new(ffi::PyImport_ImportModule(module.as_ptr()))?;
        getattr(module.as_ptr(), name)
    }
}

/// The kind that an element type stands for.
unsafe fn kind_of(element: Obj) -> PyResult<Option<Repr>> {
    // SAFETY: the GIL is held.
    unsafe {
        if element == (&raw mut ffi::PyFloat_Type).cast() {
            return Ok(Some(Repr::F64));
        }
        if element == (&raw mut ffi::PyBool_Type).cast() {
            return Ok(Some(Repr::Bool));
        }
        if ffi::PyType_Check(element) == 0 {
            return Ok(None);
        }
        if element == of_package(c"__static__._primitives", c"single")?.as_ptr() {
            return Ok(Some(Repr::F32));
        }
        let fixed = of_package(c"__static__._primitives", c"_FixedType")?;
        if !truth(ffi::PyObject_IsInstance(element, fixed.as_ptr()))? {
            return Ok(None);
        }
        let code = getattr(element, c"_code")?;
        Ok(text(code.as_ptr()).and_then(|c| element::kind_of_format(c.as_bytes())))
    }
}

/// `Array[element]`
unsafe fn class_getitem(class: Obj, element: Obj) -> PyResult<Owned> {
    // SAFETY: the GIL is held.
    unsafe {
        let class = class.cast::<PyTypeObject>();
        if element_of(class).is_some() {
            let name = short_name(class);
            return Err(error::type_error(&format!("{name} is not generic")));
        }
        let found = TYPES.with(|t| {
            t.as_ref()
                .filter(|t| t.array == class)
                .and_then(|t| t.made.get(&(element as usize)).copied())
        });
        if let Some(found) = found {
            return Ok(Owned::from_borrowed(found.cast()));
        }
        let Some(kind) = kind_of(element)? else {
            // A type variable, or a forward reference: good for annotations only.
            return Owned::from_new(ffi::Py_GenericAlias(class.cast(), element));
        };
        make(class, element, kind)
    }
}

/// A class's name as messages give it, without the module that a type made in C carries.
unsafe fn short_name(class: *mut PyTypeObject) -> String {
    // SAFETY: a live type.
    let name = unsafe { class_name(class) };
    name.rsplit("__static__.")
        .next()
        .unwrap_or(&name)
        .to_owned()
}

/// Makes the class of an element type.
unsafe fn make(class: *mut PyTypeObject, element: Obj, kind: Repr) -> PyResult<Owned> {
    // SAFETY: the GIL is held; every result is checked.
    unsafe {
        let base = short_name(class);
        let name = match kind {
            Repr::F64 => "double".to_owned(),
            Repr::Bool => "cbool".to_owned(),
            _ => class_name(element.cast()),
        };
        let name = str_object(&format!("{base}[{name}]"))?;
        let module = str_object("__static__")?;
        let none = Owned::from_new(ffi::PyTuple_New(0))?;
        let bases = Owned::from_new(ffi::PyTuple_Pack(1, class))?;
        let body = Owned::from_new(ffi::PyDict_New())?;
        for (key, value) in [
            (c"__slots__", none.as_ptr()),
            (c"element", element),
            (c"__module__", module.as_ptr()),
        ] {
            if ffi::PyDict_SetItemString(body.as_ptr(), key.as_ptr(), value) < 0 {
                return Err(Raised);
            }
        }
        let args = [name.as_ptr(), bases.as_ptr(), body.as_ptr()];
        let made = Owned::from_new(ffi::PyObject_Vectorcall(
            (&raw mut ffi::PyType_Type).cast(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))?;
        let pointer = made.clone().into_ptr();
        ffi::Py_INCREF(element);
        TYPES.with(|t| {
            if let Some(t) = t.as_mut() {
                if t.array == class {
                    t.made.insert(element as usize, pointer.cast());
                }
                t.kinds.insert(pointer as usize, (kind, element));
            }
        });
        Ok(made)
    }
}

/// An element as dynamic code sees it: an instance of the fixed-width type, which carries the width into arithmetic; floats and bools are themselves.
unsafe fn loaded(object: Obj, i: isize) -> PyResult<Owned> {
    // SAFETY: an array, and a position within it.
    unsafe {
        let array = ArrayObject::of(object);
        let value = element::plain(array.at(i), array.kind)?;
        if matches!(array.kind, Repr::F64 | Repr::Bool) {
            return Ok(value);
        }
        let Some((_, class)) = element_of(ffi::Py_TYPE(object)) else {
            return Ok(value);
        };
        if array.kind == Repr::F32 {
            return Owned::from_new(ffi::PyObject_CallOneArg(class, value.as_ptr()));
        }
        type New = unsafe extern "C" fn(*mut PyTypeObject, Obj, Obj) -> Obj;
        let new: New = std::mem::transmute::<*mut c_void, New>(ffi::PyType_GetSlot(
            &raw mut ffi::PyLong_Type,
            ffi::Py_tp_new,
        ));
        let args = Owned::from_new(ffi::PyTuple_Pack(1, value.as_ptr()))?;
        Owned::from_new(new(class.cast(), args.as_ptr(), std::ptr::null_mut()))
    }
}

/// A part of an array, sharing its memory.
unsafe fn part(object: Obj, start: isize, length: isize) -> PyResult<Owned> {
    // SAFETY: the part is within the array, which it keeps.
    unsafe {
        let array = ArrayObject::of(object);
        let made = ArrayObject::empty(ffi::Py_TYPE(object), array.kind)?;
        let this = ArrayObject::of(made.as_ptr());
        this.data = array.at(start);
        this.length = length;
        this.read_only = array.read_only;
        this.ready = true;
        this.parent = Owned::from_borrowed(object).into_ptr();
        Ok(made)
    }
}

/// A new array of the same class with some of the elements.
unsafe fn gather(object: Obj, places: impl ExactSizeIterator<Item = isize>) -> PyResult<Owned> {
    // SAFETY: the places are within the array.
    unsafe {
        let array = ArrayObject::of(object);
        let made = ArrayObject::empty(ffi::Py_TYPE(object), array.kind)?;
        let this = ArrayObject::of(made.as_ptr());
        this.allocate(places.len())?;
        for (to, from) in places.enumerate() {
            element::store(
                this.at(to as isize),
                array.kind,
                element::load(array.at(from), array.kind),
            );
        }
        Ok(made)
    }
}

/// The positions of a slice: start, step and how many.
unsafe fn positions(slice: Obj, length: isize) -> PyResult<(isize, isize, isize)> {
    // SAFETY: it is a slice.
    unsafe {
        let (mut start, mut stop, mut step) = (0, 0, 0);
        if ffi::PySlice_Unpack(slice, &raw mut start, &raw mut stop, &raw mut step) < 0 {
            return Err(Raised);
        }
        let count = ffi::PySlice_AdjustIndices(length, &raw mut start, &raw mut stop, step);
        Ok((start, step, count))
    }
}

unsafe fn index_of(index: Obj, length: isize, out: Raise) -> PyResult<isize> {
    // SAFETY: the GIL is held.
    unsafe {
        if ffi::PyIndex_Check(index) == 0 {
            let class = class_name(ffi::Py_TYPE(index));
            return Err(error::type_error(&format!(
                "array indices must be integers or slices, not {class}"
            )));
        }
        let i = ffi::PyNumber_AsSsize_t(index, std::ptr::null_mut());
        if i == -1 && !ffi::PyErr_Occurred().is_null() {
            return Err(Raised);
        }
        position(i, length).ok_or_else(|| raised(out))
    }
}

/// `array[index]`
unsafe fn get(object: Obj, index: Obj) -> PyResult<Owned> {
    // SAFETY: an array and any object.
    unsafe {
        let length = ArrayObject::of(object).length;
        if ffi::Py_TYPE(index) == &raw mut ffi::PySlice_Type {
            let (start, step, count) = positions(index, length)?;
            if step == 1 {
                return part(object, start.min(length), count);
            }
            return gather(
                object,
                (0..count as usize).map(|k| start + k as isize * step),
            );
        }
        loaded(object, index_of(index, length, Raise::ArrayIndex)?)
    }
}

unsafe fn writable(object: Obj) -> PyResult<&'static mut ArrayObject> {
    // SAFETY: an array; used only while the caller holds it.
    let array = unsafe { ArrayObject::of(object) };
    if array.read_only {
        return Err(error::type_error("cannot modify read-only memory"));
    }
    Ok(array)
}

/// `array[index] = value`
unsafe fn set(object: Obj, index: Obj, value: Obj) -> PyResult<()> {
    // SAFETY: an array and any objects.
    unsafe {
        if value.is_null() {
            return Err(error::type_error("an array has a fixed length"));
        }
        let class = ffi::Py_TYPE(object);
        if ffi::Py_TYPE(index) == &raw mut ffi::PySlice_Type {
            let words = words_of(value, ArrayObject::of(object).kind, class)?;
            let array = writable(object)?;
            let (start, step, count) = positions(index, array.length)?;
            if words.len() as isize != count {
                return Err(value_error(&format!(
                    "cannot assign {} values to a slice of length {count}",
                    words.len()
                )));
            }
            for (k, word) in words.into_iter().enumerate() {
                element::store(array.at(start + k as isize * step), array.kind, word);
            }
            return Ok(());
        }
        let word = element::word(value, ArrayObject::of(object).kind, class)?;
        let array = writable(object)?;
        let i = index_of(index, array.length, Raise::ArrayAssignIndex)?;
        element::store(array.at(i), array.kind, word);
        Ok(())
    }
}

/// An iterable's values as words.
unsafe fn words_of(values: Obj, kind: Repr, class: *mut PyTypeObject) -> PyResult<Vec<u64>> {
    // SAFETY: the GIL is held.
    unsafe {
        let iterator = Owned::from_new(ffi::PyObject_GetIter(values))?;
        let mut words = Vec::new();
        while let Some(item) = crate::helpers::objects::iter_next(iterator.as_ptr())? {
            words.push(element::word(item.as_ptr(), kind, class)?);
        }
        Ok(words)
    }
}

/// Lets an array without memory share an exporter's.
unsafe fn adopt(object: Obj, exporter: Obj) -> PyResult<()> {
    // SAFETY: an array that is not ready, and any object; the buffer is released on every path that does not keep it.
    unsafe {
        let array = ArrayObject::of(object);
        let class = short_name(ffi::Py_TYPE(object));
        needs_element(array, &class)?;
        if array.ready {
            return Err(error::type_error("an array is initialised once"));
        }
        let mut view: Box<ffi::Py_buffer> = Box::new(std::mem::zeroed());
        let flags = ffi::PyBUF_FORMAT | ffi::PyBUF_STRIDES;
        if ffi::PyObject_GetBuffer(exporter, &raw mut *view, flags) < 0 {
            return Err(Raised);
        }
        let shared = share(array, &mut view, exporter, &class);
        if matches!(shared, Ok(true)) {
            array.view = Box::into_raw(view);
        } else {
            ffi::PyBuffer_Release(&raw mut *view);
        }
        shared.map(|_| ())
    }
}

/// Points an array at a buffer, or, of one that may not be written, copies it: compiled code writes without asking. Whether the buffer is in use.
unsafe fn share(
    array: &mut ArrayObject,
    view: &mut ffi::Py_buffer,
    exporter: Obj,
    class: &str,
) -> PyResult<bool> {
    // SAFETY: the view is a valid buffer of the exporter.
    unsafe {
        if view.ndim != 1 {
            return Err(value_error(&format!(
                "{class} needs a buffer of 1 dimensions, got {}",
                view.ndim
            )));
        }
        if ffi::PyBuffer_IsContiguous(view, b'C' as c_char) == 0 {
            return Err(value_error(&format!("{class} needs a contiguous buffer")));
        }
        let format: &[u8] = if view.format.is_null() {
            b"B"
        } else {
            std::ffi::CStr::from_ptr(view.format).to_bytes()
        };
        let raw = ffi::PyBytes_Check(exporter) != 0 || ffi::PyByteArray_Check(exporter) != 0;
        let size = size_of(array.kind) as isize;
        if element::kind_of_format(format) != Some(array.kind) && !raw {
            return Err(error::type_error(&format!(
                "{class} needs a buffer of format '{}', got '{}'",
                element::format(array.kind).to_string_lossy(),
                String::from_utf8_lossy(format)
            )));
        }
        if view.len % size != 0 {
            return Err(error::type_error(
                "memoryview: length is not a multiple of itemsize",
            ));
        }
        let length = view.len / size;
        if view.readonly != 0 {
            array.allocate(length as usize)?;
            std::ptr::copy_nonoverlapping(view.buf.cast::<u8>(), array.data, view.len as usize);
            array.read_only = true;
            return Ok(false);
        }
        array.length = length;
        if length > 0 {
            array.data = view.buf.cast();
        }
        array.ready = true;
        Ok(true)
    }
}

fn needs_element(array: &ArrayObject, class: &str) -> PyResult<()> {
    if array.kind == Repr::Obj {
        return Err(error::type_error(&format!(
            "{class} needs an element type, as in {class}[int64]"
        )));
    }
    Ok(())
}

/// `Array[T](source)`
unsafe fn init(object: Obj, args: Obj, kwargs: Obj) -> PyResult<()> {
    // SAFETY: an array; a tuple; a dict or null.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let name = short_name(class);
        let n = ffi::PyTuple_Size(args);
        if !kwargs.is_null() && ffi::PyDict_Size(kwargs) > 0 {
            return Err(error::type_error(&format!(
                "{name}() takes no keyword arguments"
            )));
        }
        if n > 1 {
            return Err(error::type_error(&format!(
                "{name}() takes at most 1 argument ({n} given)"
            )));
        }
        let array = ArrayObject::of(object);
        if array.ready {
            return Err(error::type_error("an array is initialised once"));
        }
        if n == 0 {
            needs_element(array, &name)?;
            return array.allocate(0);
        }
        let source = ffi::PyTuple_GetItem(args, 0);
        if ffi::PyLong_Check(source) != 0 {
            needs_element(array, &name)?;
            let length = ffi::PyLong_AsSsize_t(source);
            if length == -1 && !ffi::PyErr_Occurred().is_null() {
                return Err(Raised);
            }
            return match usize::try_from(length) {
                Ok(length) => array.allocate(length),
                Err(_) => Err(value_error("negative length")),
            };
        }
        if ffi::PyMemoryView_Check(source) != 0 || is_array_array(source)? {
            return adopt(object, source);
        }
        needs_element(array, &name)?;
        let words = words_of(source, array.kind, class)?;
        array.allocate(words.len())?;
        for (i, word) in words.into_iter().enumerate() {
            element::store(array.at(i as isize), array.kind, word);
        }
        Ok(())
    }
}

/// Whether an object is an `array.array`.
unsafe fn is_array_array(object: Obj) -> PyResult<bool> {
    // SAFETY: the GIL is held. Without the module imported there is none of its instances.
    unsafe {
        let modules = ffi::PyImport_GetModuleDict();
        let module = ffi::PyDict_GetItemString(modules, c"array".as_ptr());
        if module.is_null() {
            return Ok(false);
        }
        let class = getattr(module, c"array")?;
        truth(ffi::PyObject_IsInstance(object, class.as_ptr()))
    }
}

/// `Array[T].wrap(exporter)`
unsafe fn wrap(class: Obj, exporter: Obj) -> PyResult<Owned> {
    // SAFETY: a class derived from `Array`.
    unsafe {
        let class = class.cast::<PyTypeObject>();
        let kind = element_of(class).map_or(Repr::Obj, |(k, _)| k);
        let made = ArrayObject::empty(class, kind)?;
        adopt(made.as_ptr(), exporter)?;
        Ok(made)
    }
}

/// The elements as a list of ordinary objects.
unsafe fn to_list(object: Obj) -> PyResult<Owned> {
    // SAFETY: an array; each slot of the new list is filled once.
    unsafe {
        let array = ArrayObject::of(object);
        let list = Owned::from_new(ffi::PyList_New(array.length))?;
        for i in 0..array.length {
            let item = element::plain(array.at(i), array.kind)?;
            ffi::PyList_SetItem(list.as_ptr(), i, item.into_ptr());
        }
        Ok(list)
    }
}

/// The first position of an element that equals a value, and how many there are from `start` on.
unsafe fn find(object: Obj, value: Obj, all: bool) -> PyResult<(Option<isize>, i64)> {
    // SAFETY: an array and any object.
    unsafe {
        let (mut first, mut count) = (None, 0);
        let mut i = 0;
        while i < ArrayObject::of(object).length {
            let array = ArrayObject::of(object);
            let item = element::plain(array.at(i), array.kind)?;
            if object_compare_truth(item.as_ptr(), value, ffi::Py_EQ.into())? {
                first = first.or(Some(i));
                count += 1;
                if !all {
                    break;
                }
            }
            i += 1;
        }
        Ok((first, count))
    }
}

/// Whether two arrays have equal elements.
unsafe fn equal(a: Obj, b: Obj) -> PyResult<bool> {
    // SAFETY: both are arrays.
    unsafe {
        let (x, y) = (ArrayObject::of(a), ArrayObject::of(b));
        if x.length != y.length {
            return Ok(false);
        }
        if x.kind == y.kind && !x.kind.is_float() {
            return Ok(x.bytes() == y.bytes());
        }
        for i in 0..x.length {
            let (p, q) = (
                element::plain(x.at(i), x.kind)?,
                element::plain(y.at(i), y.kind)?,
            );
            if !object_compare_truth(p.as_ptr(), q.as_ptr(), ffi::Py_EQ.into())? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn null() -> Obj {
    std::ptr::null_mut()
}

/// A method of no argument or one: `PyCFunction`s over functions that take the array (or class) and the argument.
macro_rules! methods {
    ($($name:ident($this:ident, $arg:ident) $body:block)*) => { $(
        unsafe extern "C" fn $name($this: Obj, $arg: Obj) -> Obj {
            let call = || -> PyResult<Owned> {
                // SAFETY: CPython passes an instance (or the class, of a class method) and the argument, or null for none.
                unsafe { $body }
            };
            guard(null(), || call().map(Owned::into_ptr))
        }
    )* };
}

methods! {
    m_class_getitem(class, element) { class_getitem(class, element) }
    m_wrap(class, exporter) { wrap(class, exporter) }
    m_adopt(this, view) { adopt(this, view)?; Ok(Owned::from_borrowed(ffi::Py_None())) }
    m_tolist(this, _none) { to_list(this) }
    m_tobytes(this, _none) {
        let array = ArrayObject::of(this);
        let bytes = array.bytes();
        Owned::from_new(ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), bytes.len() as isize))
    }
    m_copy(this, _arg) {
        let length = ArrayObject::of(this).length;
        gather(this, (0..length as usize).map(|i| i as isize))
    }
    m_fill(this, value) {
        let word = element::word(value, ArrayObject::of(this).kind, ffi::Py_TYPE(this))?;
        let array = writable(this)?;
        for i in 0..array.length {
            element::store(array.at(i), array.kind, word);
        }
        Ok(Owned::from_borrowed(ffi::Py_None()))
    }
    m_index(this, value) {
        match find(this, value, false)? {
            (Some(i), _) => Owned::from_new(ffi::PyLong_FromSsize_t(i)),
            (None, _) => {
                let shown = Owned::from_new(ffi::PyObject_Repr(value))?;
                let shown = text(shown.as_ptr()).unwrap_or("value");
                Err(value_error(&format!("{shown} is not in the array")))
            }
        }
    }
    m_count(this, value) {
        let (_, n) = find(this, value, true)?;
        Owned::from_new(ffi::PyLong_FromLongLong(n))
    }
    m_reversed(this, _none) {
        let length = ArrayObject::of(this).length;
        let list = Owned::from_new(ffi::PyList_New(0))?;
        for i in (0..length).rev() {
            if ffi::PyList_Append(list.as_ptr(), loaded(this, i)?.as_ptr()) < 0 {
                return Err(Raised);
            }
        }
        Owned::from_new(ffi::PyObject_GetIter(list.as_ptr()))
    }
    m_reduce(this, none) {
        let restore = of_package(c"__static__._arrays", c"_restore")?;
        let Some((_, element)) = element_of(ffi::Py_TYPE(this)) else {
            return Err(error::type_error("an array without an element type cannot be pickled"));
        };
        let base = made_type().unwrap_or(ffi::Py_TYPE(this));
        let name = getattr(element, c"__name__")?;
        let bytes = Owned::from_new(m_tobytes(this, none))?;
        let args = Owned::from_new(ffi::PyTuple_Pack(3, base, name.as_ptr(), bytes.as_ptr()))?;
        Owned::from_new(ffi::PyTuple_Pack(2, restore.as_ptr(), args.as_ptr()))
    }
}

unsafe extern "C" fn t_new(class: *mut PyTypeObject, _args: Obj, _kwargs: Obj) -> Obj {
    // SAFETY: CPython passes the class that was called.
    guard(null(), || unsafe {
        let kind = element_of(class).map_or(Repr::Obj, |(k, _)| k);
        ArrayObject::empty(class, kind).map(Owned::into_ptr)
    })
}

unsafe extern "C" fn t_init(this: Obj, args: Obj, kwargs: Obj) -> c_int {
    // SAFETY: as CPython's slot says.
    guard(-1, || unsafe { init(this, args, kwargs).map(|()| 0) })
}

unsafe extern "C" fn t_dealloc(this: Obj) {
    // SAFETY: the last reference is gone; what the array kept is given back once. The class's reference is the instance's to drop.
    unsafe {
        let array = ArrayObject::of(this);
        if !array.weak.is_null() {
            ffi::PyObject_ClearWeakRefs(this);
        }
        if array.owns() {
            libc::free(array.data.cast());
        }
        if !array.view.is_null() {
            let mut view = Box::from_raw(array.view);
            ffi::PyBuffer_Release(&raw mut *view);
        }
        drop(Owned::from_nullable(array.parent));
        let class = ffi::Py_TYPE(this);
        type Free = unsafe extern "C" fn(*mut c_void);
        let free: Free =
            std::mem::transmute::<*mut c_void, Free>(ffi::PyType_GetSlot(class, ffi::Py_tp_free));
        free(this.cast());
        ffi::Py_DECREF(class.cast());
    }
}

unsafe extern "C" fn t_repr(this: Obj) -> Obj {
    // SAFETY: an array.
    guard(null(), || unsafe {
        let list = to_list(this)?;
        let shown = Owned::from_new(ffi::PyObject_Repr(list.as_ptr()))?;
        let name = short_name(ffi::Py_TYPE(this));
        let shown = text(shown.as_ptr()).unwrap_or("[]");
        str_object(&format!("{name}({shown})")).map(Owned::into_ptr)
    })
}

unsafe extern "C" fn t_iter(this: Obj) -> Obj {
    // SAFETY: an array; the iterator asks for items until one is out of bounds.
    unsafe { ffi::PySeqIter_New(this) }
}

unsafe extern "C" fn t_compare(this: Obj, other: Obj, op: c_int) -> Obj {
    // SAFETY: an array and any object.
    guard(null(), || unsafe {
        let comparable =
            made_type().is_some_and(|array| ffi::PyType_IsSubtype(ffi::Py_TYPE(other), array) != 0);
        if !comparable || (op != ffi::Py_EQ && op != ffi::Py_NE) {
            return Ok(Owned::from_borrowed(ffi::Py_NotImplemented()).into_ptr());
        }
        let answer = equal(this, other)? == (op == ffi::Py_EQ);
        Ok(Owned::from_new(ffi::PyBool_FromLong(answer.into()))?.into_ptr())
    })
}

unsafe extern "C" fn t_length(this: Obj) -> isize {
    // SAFETY: an array.
    unsafe { ArrayObject::of(this).length }
}

unsafe extern "C" fn t_item(this: Obj, i: isize) -> Obj {
    // SAFETY: an array; negative indices have been adjusted by the caller.
    guard(null(), || unsafe {
        if !(0..ArrayObject::of(this).length).contains(&i) {
            return Err(raised(Raise::ArrayIndex));
        }
        loaded(this, i).map(Owned::into_ptr)
    })
}

unsafe extern "C" fn t_subscript(this: Obj, index: Obj) -> Obj {
    // SAFETY: an array and any object.
    guard(null(), || unsafe { get(this, index).map(Owned::into_ptr) })
}

unsafe extern "C" fn t_ass_subscript(this: Obj, index: Obj, value: Obj) -> c_int {
    // SAFETY: an array and any objects; no value means deletion.
    guard(-1, || unsafe { set(this, index, value).map(|()| 0) })
}

unsafe extern "C" fn t_contains(this: Obj, value: Obj) -> c_int {
    // SAFETY: an array and any object.
    guard(-1, || unsafe {
        find(this, value, false).map(|(first, _)| first.is_some().into())
    })
}

unsafe extern "C" fn t_getbuffer(this: Obj, view: *mut ffi::Py_buffer, flags: c_int) -> c_int {
    // SAFETY: an array, and a struct to fill. Shape and stride live in the array and in a constant.
    guard(-1, || unsafe {
        let array = ArrayObject::of(this);
        let out = &mut *view;
        out.obj = null();
        if array.read_only && flags & ffi::PyBUF_WRITABLE != 0 {
            return Err(error::raise(
                ffi::PyExc_BufferError,
                "Object is not writable.",
            ));
        }
        static STRIDES: [isize; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
        let size = size_of(array.kind);
        out.buf = array.data.cast();
        out.len = array.length * size as isize;
        out.itemsize = size as isize;
        out.readonly = array.read_only.into();
        out.ndim = 1;
        out.format = if flags & ffi::PyBUF_FORMAT != 0 {
            element::format(array.kind).as_ptr().cast_mut()
        } else {
            std::ptr::null_mut()
        };
        out.shape = if flags & ffi::PyBUF_ND != 0 {
            &raw mut array.length
        } else {
            std::ptr::null_mut()
        };
        out.strides = if flags & ffi::PyBUF_STRIDES == ffi::PyBUF_STRIDES {
            (&raw const STRIDES[size]).cast_mut()
        } else {
            std::ptr::null_mut()
        };
        out.suboffsets = std::ptr::null_mut();
        out.internal = std::ptr::null_mut();
        out.obj = Owned::from_borrowed(this).into_ptr();
        Ok(0)
    })
}

/// `Array`, as an object that is never freed.
///
/// # Errors
/// Whatever making the type raised.
///
/// # Safety
/// The GIL is held.
pub unsafe fn type_object() -> PyResult<Obj> {
    // SAFETY: the caller's promise; the tables that the type keeps pointers to are leaked.
    unsafe {
        if let Some(made) = made_type() {
            return Ok(made.cast());
        }
        let array: *mut PyTypeObject = build()?.into_ptr().cast();
        TYPES.with(|t| {
            t.get_or_insert(Types {
                array,
                made: FxHashMap::default(),
                kinds: FxHashMap::default(),
            });
        });
        Ok(array.cast())
    }
}

unsafe fn build() -> PyResult<Owned> {
    let method = |name: &'static std::ffi::CStr,
                  function: ffi::PyCFunction,
                  flags: c_int,
                  doc: &'static std::ffi::CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    };
    let (none, one) = (ffi::METH_NOARGS, ffi::METH_O);
    let of_class = ffi::METH_O | ffi::METH_CLASS;
    let methods = vec![
        method(
            c"__class_getitem__",
            m_class_getitem,
            of_class,
            c"The array type of an element type.",
        ),
        method(
            c"wrap",
            m_wrap,
            of_class,
            c"An array over the memory of an exporter of buffers.",
        ),
        method(c"_adopt", m_adopt, one, c"Share the memory of an exporter."),
        method(
            c"tolist",
            m_tolist,
            none,
            c"The elements as ordinary objects.",
        ),
        method(c"tobytes", m_tobytes, none, c"The memory as bytes."),
        method(
            c"copy",
            m_copy,
            none,
            c"A new array with the same elements.",
        ),
        method(
            c"__copy__",
            m_copy,
            none,
            c"A new array with the same elements.",
        ),
        method(
            c"__deepcopy__",
            m_copy,
            one,
            c"A new array with the same elements.",
        ),
        method(c"fill", m_fill, one, c"Set every element."),
        method(c"index", m_index, one, c"The first position of a value."),
        method(c"count", m_count, one, c"How many elements equal a value."),
        method(
            c"__reversed__",
            m_reversed,
            none,
            c"The elements from the last to the first.",
        ),
        method(c"__reduce__", m_reduce, none, c"For pickle."),
        ffi::PyMethodDef::zeroed(),
    ];
    let members = vec![
        ffi::PyMemberDef {
            name: c"__weaklistoffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: std::mem::offset_of!(ArrayObject, weak) as isize,
            flags: ffi::Py_READONLY,
            doc: std::ptr::null(),
        },
        // SAFETY: an entry of zeros ends the table.
        unsafe { std::mem::zeroed() },
    ];
    let doc = c"A fixed number of primitives side by side: Array[int64](length) of zeros, or of an iterable's elements. A slice is a view; one with a step is a copy.";
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_new, t_new as *mut c_void),
        slot(ffi::Py_tp_init, t_init as *mut c_void),
        slot(ffi::Py_tp_dealloc, t_dealloc as *mut c_void),
        slot(ffi::Py_tp_repr, t_repr as *mut c_void),
        slot(ffi::Py_tp_iter, t_iter as *mut c_void),
        slot(ffi::Py_tp_richcompare, t_compare as *mut c_void),
        slot(
            ffi::Py_tp_hash,
            ffi::PyObject_HashNotImplemented as *mut c_void,
        ),
        slot(ffi::Py_tp_methods, methods.leak().as_mut_ptr().cast()),
        slot(ffi::Py_tp_members, members.leak().as_mut_ptr().cast()),
        slot(ffi::Py_sq_length, t_length as *mut c_void),
        slot(ffi::Py_sq_item, t_item as *mut c_void),
        slot(ffi::Py_sq_contains, t_contains as *mut c_void),
        slot(ffi::Py_mp_length, t_length as *mut c_void),
        slot(ffi::Py_mp_subscript, t_subscript as *mut c_void),
        slot(ffi::Py_mp_ass_subscript, t_ass_subscript as *mut c_void),
        slot(ffi::Py_bf_getbuffer, t_getbuffer as *mut c_void),
        slot(0, std::ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"__static__.Array".as_ptr(),
        basicsize: size_of_object(),
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the spec is complete; what the type keeps of it has static lifetime.
    unsafe {
        let made = Owned::from_new(ffi::PyType_FromSpec(&raw mut spec))?;
        if ffi::PyObject_SetAttrString(made.as_ptr(), c"element".as_ptr(), ffi::Py_None()) < 0 {
            return Err(Raised);
        }
        Ok(made)
    }
}

fn size_of_object() -> c_int {
    std::mem::size_of::<ArrayObject>() as c_int
}
