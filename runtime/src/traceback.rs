//! Traceback entries of compiled frames.
//!
//! A compiled function has no frame while it runs. When an exception leaves it, an entry is added that looks like the interpreter's: a frame
//! object over the function's own code object and globals, whose last instruction is one with the source range of the expression that
//! raised, so that line, caret range and name agree with what CPython would print.

use std::ffi::c_int;

use crate::ffi::{self, PyObject};
use crate::object::{Owned, PyResult, Raised};

/// Where in a function an exception passed: lines from 1, columns in UTF-8 bytes from 0, as in `code.co_positions()`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// First line.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// First column.
    pub column: u32,
    /// Column after the last.
    pub end_column: u32,
}

/// Source ranges of a code object's instructions, in order.
#[derive(Debug, Default)]
pub struct Positions {
    entries: Vec<Position>,
}

impl Positions {
    /// Reads `code.co_positions()`.
    ///
    /// # Errors
    /// Whatever reading it raised.
    ///
    /// # Safety
    /// `code` must be a live code object.
    pub unsafe fn of(code: *mut PyObject) -> PyResult<Positions> {
        // SAFETY: new references are owned; tuples hold their items while they are read.
        unsafe {
            let method = crate::object::getattr(code, c"co_positions")?;
            let iterator = Owned::from_new(ffi::PyObject_CallNoArgs(method.as_ptr()))?;
            let mut entries = Vec::new();
            while let Some(item) = Owned::from_nullable(ffi::PyIter_Next(iterator.as_ptr())) {
                let number = |i: isize| -> u32 {
                    let part = ffi::PyTuple_GetItem(item.as_ptr(), i);
                    if part == ffi::Py_None() {
                        return 0;
                    }
                    u32::try_from(ffi::PyLong_AsLong(part)).unwrap_or(0)
                };
                entries.push(Position {
                    line: number(0),
                    end_line: number(1),
                    column: number(2),
                    end_column: number(3),
                });
            }
            if !ffi::PyErr_Occurred().is_null() {
                return Err(Raised);
            }
            Ok(Positions { entries })
        }
    }

    /// The offset in bytes of the best instruction for a position: one with exactly its range (the last such: operands come before
    /// operators), else the first on its line, else the first.
    pub fn lasti(&self, at: Position) -> c_int {
        let index = self
            .entries
            .iter()
            .rposition(|p| *p == at)
            .or_else(|| self.entries.iter().position(|p| p.line == at.line))
            .unwrap_or(0);
        (index * 2) as c_int
    }
}

/// Adds an entry for a compiled frame in front of the traceback of the exception that is set.
///
/// # Safety
/// `code` is a live code object, `globals` a live dict, an exception is set, the GIL is held.
pub unsafe fn add(code: *mut PyObject, globals: *mut PyObject, line: u32, lasti: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        let exception = ffi::PyErr_GetRaisedException();
        if exception.is_null() {
            return;
        }
        if add_to(exception, code, globals, line, lasti).is_err() {
            // Nothing worse than a missing line in the traceback.
            ffi::PyErr_Clear();
        }
        ffi::PyErr_SetRaisedException(exception);
    }
}

unsafe fn add_to(
    exception: *mut PyObject,
    code: *mut PyObject,
    globals: *mut PyObject,
    line: u32,
    lasti: c_int,
) -> PyResult<()> {
    let layout = ffi::layout();
    // SAFETY: the frame is new and ours; its fields are where the table says.
    unsafe {
        let frame = Owned::from_new(ffi::PyFrame_New(
            ffi::PyThreadState_Get(),
            code,
            globals,
            std::ptr::null_mut(),
        ))?;
        ffi::write::<c_int>(frame.as_ptr().cast(), layout.frame_lineno, line as c_int);
        let inner: *mut std::ffi::c_void = ffi::read(frame.as_ptr().cast(), layout.frame_f_frame);
        let instruction = code.cast::<u8>().add(layout.code_adaptive + lasti as usize);
        ffi::write(inner, layout.iframe_instr, instruction);
        let next = Owned::from_nullable(ffi::PyException_GetTraceback(exception));
        let lasti = Owned::from_new(ffi::PyLong_FromLong(lasti.into()))?;
        let line = Owned::from_new(ffi::PyLong_FromLong(line.into()))?;
        let args = [
            next.as_ref().map_or(ffi::Py_None(), Owned::as_ptr),
            frame.as_ptr(),
            lasti.as_ptr(),
            line.as_ptr(),
        ];
        let entry = Owned::from_new(ffi::PyObject_Vectorcall(
            (&raw mut ffi::PyTraceBack_Type).cast(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))?;
        ffi::PyException_SetTraceback(exception, entry.as_ptr());
        Ok(())
    }
}

/// Removes the outermost entry of the traceback of the exception that is set.
///
/// # Safety
/// The GIL is held.
pub unsafe fn drop_first_entry() {
    // SAFETY: references from `Get` functions are new; `SetRaisedException` takes ours back.
    unsafe {
        let exception = ffi::PyErr_GetRaisedException();
        if exception.is_null() {
            return;
        }
        if let Some(traceback) = Owned::from_nullable(ffi::PyException_GetTraceback(exception))
            && let Ok(next) = crate::object::getattr(traceback.as_ptr(), c"tb_next")
        {
            ffi::PyException_SetTraceback(exception, next.as_ptr());
        }
        ffi::PyErr_SetRaisedException(exception);
    }
}

/// Runs `body` while the exception that is set is put aside; what `body` raised is dropped.
///
/// # Safety
/// The GIL is held.
pub unsafe fn aside<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: the caller's promise; the reference is given back.
    unsafe {
        let raised = ffi::PyErr_GetRaisedException();
        let result = body();
        ffi::PyErr_SetRaisedException(raised);
        result
    }
}
