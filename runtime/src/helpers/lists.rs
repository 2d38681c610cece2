//! Lists and tuples: directly when the object is exactly one, by the general protocol when it is of a subclass.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use super::Obj;
use super::objects::{call_method, name, object_getitem, object_setitem, status};
use super::word::Int;
use crate::error;
use crate::ffi;
use crate::object::{Owned, PyResult, Raised};

#[inline]
unsafe fn is_list(object: Obj) -> bool {
    unsafe { ffi::PyList_CheckExact(object) != 0 }
}

/// Length of a list or tuple.
#[inline]
unsafe fn length(object: Obj) -> isize {
    // SAFETY: both are variable-size objects.
    unsafe { (*object.cast::<ffi::PyVarObject>()).ob_size }
}

fn index_error(message: &str) -> Raised {
    // SAFETY: a builtin class.
    unsafe { error::raise(ffi::PyExc_IndexError, message) }
}

/// An index counted from the end when negative, if it is within bounds.
#[inline]
fn position(index: Int, length: isize) -> Option<isize> {
    let i = index.index();
    let i = if i < 0 { i + length } else { i };
    (0..length).contains(&i).then_some(i)
}

/// Raises what a sequence raises for an index out of its bounds: one that does not fit a machine word has other words.
#[cold]
unsafe fn out_of_bounds(sequence: Obj, index: Int, message: &str) -> Raised {
    if let Some(pointer) = index.pointer()
        && unsafe { super::word::value_of(pointer) }.is_err()
        && let Err(raised) = unsafe { object_getitem(sequence, pointer) }
    {
        return raised;
    }
    index_error(message)
}

/// A tuple of owned items.
pub(crate) fn tuple_of(items: Vec<Owned>) -> PyResult<Owned> {
    // SAFETY: each slot of the new tuple is filled once with a reference that is given away.
    unsafe {
        let tuple = Owned::from_new(ffi::PyTuple_New(items.len() as isize))?;
        for (i, item) in items.into_iter().enumerate() {
            ffi::PyTuple_SetItem(tuple.as_ptr(), i as isize, item.into_ptr());
        }
        Ok(tuple)
    }
}

/// Gives `n` references at an address to a new tuple or list, whose items lie at `into`; gives them back when there is none.
unsafe fn fill(
    made: PyResult<Owned>,
    into: impl Fn(Obj) -> *mut Obj,
    items: usize,
    n: i64,
) -> PyResult<Owned> {
    let items = items as *const Obj;
    unsafe {
        match &made {
            Ok(sequence) => {
                let into = into(sequence.as_ptr());
                for i in 0..n as usize {
                    into.add(i).write(items.add(i).read());
                }
            }
            Err(_) => {
                for i in 0..n as usize {
                    drop(Owned::from_nullable(items.add(i).read()));
                }
            }
        }
    }
    made
}

/// A tuple of `n` references at an address, taken over.
pub unsafe fn tuple_new(items: usize, n: i64) -> PyResult<Owned> {
    unsafe {
        let made = Owned::from_new(ffi::PyTuple_New(n as isize));
        let at = ffi::layout().tuple_items;
        fill(made, |tuple| tuple.byte_add(at).cast(), items, n)
    }
}

/// A list of `n` references at an address, taken over.
pub unsafe fn list_new(items: usize, n: i64) -> PyResult<Owned> {
    unsafe {
        let made = Owned::from_new(ffi::PyList_New(n as isize));
        fill(made, |list| storage(list), items, n)
    }
}

/// Where the items of an exact list lie.
#[inline]
unsafe fn storage(list: Obj) -> *mut Obj {
    unsafe { ffi::read(list.cast(), ffi::layout().list_items) }
}

/// How many items an exact list has room for.
#[inline]
unsafe fn room(list: Obj) -> isize {
    unsafe { ffi::read(list.cast(), ffi::layout().list_items + 8) }
}

/// `list[index]`
pub unsafe fn list_get(list: Obj, index: Int) -> PyResult<Owned> {
    unsafe {
        if !is_list(list) {
            return object_getitem(list, index.object()?.as_ptr());
        }
        match position(index, length(list)) {
            Some(i) => Ok(Owned::from_borrowed(ffi::PyList_GetItem(list, i))),
            None => Err(out_of_bounds(list, index, "list index out of range")),
        }
    }
}

/// `list[index] = value`
pub unsafe fn list_set(list: Obj, index: Int, value: Owned) -> PyResult<()> {
    unsafe {
        if !is_list(list) {
            return object_setitem(list, index.object()?.as_ptr(), value.as_ptr());
        }
        match position(index, length(list)) {
            Some(i) => status(ffi::PyList_SetItem(list, i, value.into_ptr())),
            None => Err(out_of_bounds(
                list,
                index,
                "list assignment index out of range",
            )),
        }
    }
}

/// `list.append`
pub unsafe fn list_append(list: Obj, item: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list) {
            let n = length(list);
            if n < room(list) {
                ffi::Py_INCREF(item);
                storage(list).add(n as usize).write(item);
                (*list.cast::<ffi::PyVarObject>()).ob_size = n + 1;
                return Ok(());
            }
            return status(ffi::PyList_Append(list, item));
        }
        call_method(name!("append")?, &[list, item]).map(drop)
    }
}

/// `list.extend`
pub unsafe fn list_extend(list: Obj, items: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list) {
            return Owned::from_new(ffi::_PyList_Extend(list, items)).map(drop);
        }
        call_method(name!("extend")?, &[list, items]).map(drop)
    }
}

/// `list.insert`
pub unsafe fn list_insert(list: Obj, index: Int, item: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list)
            && let Some(i) = index.small()
        {
            return status(ffi::PyList_Insert(list, i as isize, item));
        }
        let index = index.object()?;
        call_method(name!("insert")?, &[list, index.as_ptr(), item]).map(drop)
    }
}

/// Takes the item at a position within bounds out of an exact list.
unsafe fn take_out(list: Obj, i: isize) -> PyResult<Owned> {
    unsafe {
        let item = Owned::from_borrowed(ffi::PyList_GetItem(list, i));
        status(ffi::PyList_SetSlice(list, i, i + 1, std::ptr::null_mut()))?;
        Ok(item)
    }
}

/// `list.pop()`
pub unsafe fn list_pop(list: Obj) -> PyResult<Owned> {
    unsafe {
        if !is_list(list) {
            return call_method(name!("pop")?, &[list]);
        }
        match length(list) {
            0 => Err(index_error("pop from empty list")),
            // The list keeps its room, as CPython lets it as long as it is half full.
            n if n > room(list) / 2 => {
                (*list.cast::<ffi::PyVarObject>()).ob_size = n - 1;
                Owned::from_new(storage(list).add(n as usize - 1).read())
            }
            n => take_out(list, n - 1),
        }
    }
}

/// `list.pop(index)`
pub unsafe fn list_pop_at(list: Obj, index: Int) -> PyResult<Owned> {
    unsafe {
        if is_list(list) && index.small().is_some() {
            let n = length(list);
            if n == 0 {
                return Err(index_error("pop from empty list"));
            }
            return match position(index, n) {
                Some(i) => take_out(list, i),
                None => Err(index_error("pop index out of range")),
            };
        }
        let index = index.object()?;
        call_method(name!("pop")?, &[list, index.as_ptr()])
    }
}

/// `list.reverse`
pub unsafe fn list_reverse(list: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list) {
            return status(ffi::PyList_Reverse(list));
        }
        call_method(name!("reverse")?, &[list]).map(drop)
    }
}

/// `list.clear`
pub unsafe fn list_clear(list: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list) {
            return status(ffi::PyList_SetSlice(
                list,
                0,
                isize::MAX,
                std::ptr::null_mut(),
            ));
        }
        call_method(name!("clear")?, &[list]).map(drop)
    }
}

/// `list.copy`
pub unsafe fn list_copy(list: Obj) -> PyResult<Owned> {
    unsafe {
        if is_list(list) {
            return Owned::from_new(ffi::PyList_GetSlice(list, 0, isize::MAX));
        }
        call_method(name!("copy")?, &[list])
    }
}

/// `list.sort()`
pub unsafe fn list_sort(list: Obj) -> PyResult<()> {
    unsafe {
        if is_list(list) {
            return status(ffi::PyList_Sort(list));
        }
        call_method(name!("sort")?, &[list]).map(drop)
    }
}

/// `list * n`
pub unsafe fn list_repeat(list: Obj, n: Int) -> PyResult<Owned> {
    unsafe {
        match n.small() {
            Some(n) if is_list(list) => Owned::from_new(ffi::PySequence_Repeat(list, n as isize)),
            _ => {
                let n = n.object()?;
                Owned::from_new(ffi::PyNumber_Multiply(list, n.as_ptr()))
            }
        }
    }
}

/// `list(iterable)`
pub unsafe fn list_from(iterable: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PySequence_List(iterable)) }
}

/// `list[start:stop]`
pub unsafe fn list_slice(list: Obj, start: Int, stop: Int) -> PyResult<Owned> {
    unsafe {
        if is_list(list) {
            let n = length(list);
            let bound = |i: isize| if i < 0 { i.saturating_add(n).max(0) } else { i };
            return Owned::from_new(ffi::PyList_GetSlice(
                list,
                bound(start.index()),
                bound(stop.index()),
            ));
        }
        let (start, stop) = (start.object()?, stop.object()?);
        let slice = Owned::from_new(ffi::PySlice_New(
            start.as_ptr(),
            stop.as_ptr(),
            std::ptr::null_mut(),
        ))?;
        object_getitem(list, slice.as_ptr())
    }
}

/// `tuple(iterable)`
pub unsafe fn tuple_from(iterable: Obj) -> PyResult<Owned> {
    unsafe { Owned::from_new(ffi::PySequence_Tuple(iterable)) }
}

/// `tuple[index]`
pub unsafe fn tuple_get(tuple: Obj, index: Int) -> PyResult<Owned> {
    unsafe {
        if ffi::PyTuple_CheckExact(tuple) == 0 {
            return object_getitem(tuple, index.object()?.as_ptr());
        }
        match position(index, length(tuple)) {
            Some(i) => Ok(Owned::from_borrowed(ffi::PyTuple_GetItem(tuple, i))),
            None => Err(out_of_bounds(tuple, index, "tuple index out of range")),
        }
    }
}
