//! Compares the offset table with objects made for the purpose, so that a CPython built in an unusual way (a debug build, a free-threaded
//! build, a patched one) is refused instead of misread.

use std::ffi::{CStr, c_int};

use super::{
    CurrentFrame, EvalBreaker, Layout, Py_CompileString, Py_DECREF, Py_TPFLAGS_HEAPTYPE,
    Py_file_input, PyBaseObject_Type, PyCode_Type, PyDict_New, PyErr_Clear, PyFloat_FromDouble,
    PyFunction_GetCode, PyFunction_New, PyFunction_Type, PyList_New, PyList_SetItem,
    PyLong_FromLongLong, PyLong_Type, PyObject, PyThreadState, PyThreadState_Get, PyTuple_New,
    PyTuple_SetItem, PyUnicode_FromString, Vectorcall, read,
};

/// Runs every check; the vectorcall of an ordinary function on success.
///
/// # Safety
/// The GIL must be held.
///
/// # Errors
/// What is not where `layout` says it is.
pub unsafe fn run(layout: &Layout) -> Result<Vectorcall, String> {
    // SAFETY: the caller holds the GIL; each check makes its own objects.
    unsafe {
        numbers(layout)?;
        containers(layout)?;
        types(layout)?;
        thread(layout)?;
        functions(layout)
    }
}

fn check(ok: bool, what: &str) -> Result<(), String> {
    if ok { Ok(()) } else { Err(what.to_owned()) }
}

unsafe fn numbers(l: &Layout) -> Result<(), String> {
    // SAFETY: the objects are alive while they are read, and large enough for the reads.
    unsafe {
        let value: i64 = -((5 << 30) + 7);
        let int = PyLong_FromLongLong(value);
        // Two digits of 30 bits; the tag holds the count above three bits, and 2 in the low two for a negative sign.
        let tag: usize = read(int.cast(), l.long_tag);
        let low: u32 = read(int.cast(), l.long_digits);
        let high: u32 = read(int.cast(), l.long_digits + 4);
        Py_DECREF(int);
        check(
            tag == (2 << 3) | 2 && low == 7 && high == 5,
            "an int's digits",
        )?;
        let float = PyFloat_FromDouble(1234.5);
        let stored: f64 = read(float.cast(), l.float_value);
        Py_DECREF(float);
        check(stored == 1234.5, "a float's value")
    }
}

unsafe fn containers(l: &Layout) -> Result<(), String> {
    // SAFETY: as above; `PyList_SetItem` and `PyTuple_SetItem` take the reference.
    unsafe {
        let item = PyLong_FromLongLong(1 << 40);
        let list = PyList_New(1);
        super::Py_INCREF(item);
        PyList_SetItem(list, 0, item);
        let items: *const *mut PyObject = read(list.cast(), l.list_items);
        let in_list = *items == item;
        Py_DECREF(list);
        let tuple = PyTuple_New(1);
        super::Py_INCREF(item);
        PyTuple_SetItem(tuple, 0, item);
        let in_tuple = read::<*mut PyObject>(tuple.cast(), l.tuple_items) == item;
        Py_DECREF(tuple);
        Py_DECREF(item);
        check(in_list, "a list's storage")?;
        check(in_tuple, "a tuple's storage")?;
        let text = PyUnicode_FromString(c"keelback".as_ptr());
        let length: isize = read(text.cast(), l.str_length);
        let state: u32 = read(text.cast(), l.str_state);
        Py_DECREF(text);
        // Bits: interned 0-1, kind 2-4, compact 5, ascii 6.
        check(
            length == 8 && (state >> 2) & 7 == 1 && (state >> 5) & 3 == 3,
            "a string's header",
        )
    }
}

unsafe fn types(l: &Layout) -> Result<(), String> {
    // SAFETY: builtin types live forever.
    unsafe {
        let int = (&raw mut PyLong_Type).cast();
        let name: *const std::ffi::c_char = read(int, l.type_tp_name);
        let size: isize = read(int, l.type_tp_basicsize);
        let base: *mut super::PyTypeObject = read(int, l.type_base);
        check(
            CStr::from_ptr(name) == c"int"
                && (size == 24 || size == 28)
                && base == (&raw mut PyBaseObject_Type),
            "a type's header",
        )?;
        let mro: *mut PyObject = read(int, l.type_tp_mro);
        check(
            !mro.is_null() && super::PyTuple_Size(mro) == 2,
            "a type's method resolution order",
        )?;
        PyErr_Clear();
        let slot = super::PyType_GetSlot(
            (&raw mut PyBaseObject_Type).cast(),
            super::Py_tp_alloc as c_int,
        );
        check(
            read::<*mut std::ffi::c_void>((&raw mut PyBaseObject_Type).cast(), l.type_alloc)
                == slot
                && !slot.is_null(),
            "a type's allocator",
        )?;
        let flags: std::ffi::c_ulong = read(int, l.type_tp_flags);
        check(
            flags & super::Py_TPFLAGS_LONG_SUBCLASS != 0 && flags & Py_TPFLAGS_HEAPTYPE == 0,
            "a type's flags",
        )?;
        let made = |bases: *mut PyObject| {
            let name = PyUnicode_FromString(c"keelback".as_ptr());
            let arguments = [name, bases, PyDict_New()];
            let class = super::PyObject_Vectorcall(
                (&raw mut super::PyType_Type).cast(),
                arguments.as_ptr(),
                arguments.len(),
                std::ptr::null_mut(),
            );
            for argument in arguments {
                Py_DECREF(argument);
            }
            class
        };
        let base = made(PyTuple_New(0));
        check(!base.is_null(), "the making of a class")?;
        let bases = PyTuple_New(1);
        super::Py_INCREF(base);
        PyTuple_SetItem(bases, 0, base);
        let below = made(bases);
        check(!below.is_null(), "the making of a subclass")?;
        let subclasses: *mut PyObject = read(base.cast(), l.type_subclasses);
        let ok = !subclasses.is_null()
            && super::PyDict_CheckExact(subclasses) != 0
            && super::PyDict_Size(subclasses) == 1;
        Py_DECREF(below);
        Py_DECREF(base);
        check(ok, "a type's subclasses")
    }
}

unsafe fn thread(l: &Layout) -> Result<(), String> {
    // SAFETY: the thread state is alive, and so is its interpreter.
    unsafe {
        let tstate: *mut PyThreadState = PyThreadState_Get();
        let interp: *mut std::ffi::c_void = read(tstate.cast(), l.tstate_interp);
        check(
            interp == super::PyThreadState_GetInterpreter(tstate).cast(),
            "a thread's interpreter",
        )?;
        match l.eval_breaker {
            EvalBreaker::Interpreter(_) | EvalBreaker::Thread(_) => {}
        }
        // Importing is done by a running frame, so there is one.
        let frame: *mut std::ffi::c_void = match l.tstate_current_frame {
            CurrentFrame::Direct(offset) => read(tstate.cast(), offset),
            CurrentFrame::Indirect(offset) => {
                let holder: *mut std::ffi::c_void = read(tstate.cast(), offset);
                check(!holder.is_null(), "a thread's frame")?;
                read(holder, 0)
            }
        };
        let object = super::PyThreadState_GetFrame(tstate);
        if !object.is_null() {
            let inner: *mut std::ffi::c_void = read(object.cast(), l.frame_f_frame);
            Py_DECREF(object.cast());
            check(inner == frame, "a thread's frame")?;
        }
        Ok(())
    }
}

unsafe fn functions(l: &Layout) -> Result<Vectorcall, String> {
    // SAFETY: the code object and function are ours while they are read.
    unsafe {
        let code = Py_CompileString(
            c"\n\n\nlambda a, *b: a".as_ptr(),
            c"<keelback>".as_ptr(),
            Py_file_input,
        );
        if code.is_null() {
            PyErr_Clear();
            return Err("the compiler".to_owned());
        }
        let consts = super::PyObject_GetAttrString(code, c"co_consts".as_ptr());
        let inner = super::PyTuple_GetItem(consts, 0);
        let is_code = super::Py_TYPE(inner) == &raw mut PyCode_Type;
        let mut outcome = check(is_code, "a code object").and_then(|()| {
            let flags: u32 = read(inner.cast(), l.code_flags);
            let line: c_int = read(inner.cast(), l.code_firstlineno);
            check(
                line == 4 && flags & super::code_flag::VARARGS != 0,
                "a code object's header",
            )
        });
        let globals = PyDict_New();
        let function = PyFunction_New(inner, globals);
        let mut vectorcall: Option<Vectorcall> = None;
        if outcome.is_ok() {
            let held: *mut PyObject = read(function.cast(), l.function_code);
            let dict: *mut PyObject = read(function.cast(), l.function_globals);
            vectorcall = read(function.cast(), l.function_vectorcall);
            let ty: *mut super::PyTypeObject = super::Py_TYPE(function);
            outcome = check(
                ty == &raw mut PyFunction_Type
                    && held == PyFunction_GetCode(function)
                    && held == inner
                    && dict == globals
                    && vectorcall.is_some(),
                "a function's header",
            );
        }
        Py_DECREF(function);
        Py_DECREF(globals);
        Py_DECREF(consts);
        Py_DECREF(code);
        outcome?;
        vectorcall.ok_or_else(|| "a function's entry".to_owned())
    }
}
