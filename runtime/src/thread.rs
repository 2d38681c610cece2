//! What compiled code needs to know of the thread it runs on.
//!
//! Each OS thread has one [`ThreadCtx`]; its address is the first argument of every native function. Prologues compare the stack pointer with
//! `stack_limit` and call [`recursion_error`]; loop back-edges read the byte at `eval_breaker` and call [`poll`] when it is not zero.

use std::cell::{Cell, UnsafeCell};

use crate::error;
use crate::ffi::{self, EvalBreaker, PyObject, PyThreadState};
use crate::object::{Owned, PyResult, Raised};

/// Per-thread state read by compiled code. The order of the first three fields is part of the native calling convention.
#[repr(C)]
#[derive(Debug)]
pub struct ThreadCtx {
    /// Lowest address that a native frame may reach.
    pub stack_limit: usize,
    /// A byte that is non-zero when signals, the GIL, the garbage collector or an asynchronous exception want attention.
    pub eval_breaker: *const u8,
    /// The thread's state in CPython.
    pub tstate: *mut PyThreadState,
}

thread_local! {
    static CTX: UnsafeCell<ThreadCtx> = const {
        UnsafeCell::new(ThreadCtx {
            stack_limit: 0,
            eval_breaker: std::ptr::null(),
            tstate: std::ptr::null_mut(),
        })
    };

    static DEALLOC_DEPTH: Cell<usize> = const { Cell::new(0) };

    static DEALLOC_LATER: UnsafeCell<Vec<*mut PyObject>> = const { UnsafeCell::new(Vec::new()) };
}

/// Depth of nested deallocations of laid-out objects in the calling thread. The reference is good for as long as the thread.
#[inline]
pub fn dealloc_depth<'a>() -> &'a Cell<usize> {
    // SAFETY: it is only used by the thread that asks.
    DEALLOC_DEPTH.with(|depth| unsafe { &*std::ptr::from_ref(depth) })
}

/// Puts off the deallocation of an object whose memory waits for it.
#[cold]
pub fn dealloc_later(object: *mut PyObject) {
    // SAFETY: the list is this thread's own, and nothing else is done with it meanwhile.
    DEALLOC_LATER.with(|later| unsafe { (*later.get()).push(object) });
}

/// An object whose deallocation was put off.
#[inline]
pub fn next_dealloc() -> Option<*mut PyObject> {
    // SAFETY: as above.
    DEALLOC_LATER.with(|later| unsafe { (*later.get()).pop() })
}

/// The calling thread's context, made right for the current thread state. Needs the GIL.
#[inline]
pub fn current() -> *mut ThreadCtx {
    // SAFETY: the GIL is held, so there is a thread state; the context is this thread's own.
    unsafe {
        let tstate = ffi::PyThreadState_Get();
        let ctx = CTX.with(UnsafeCell::get);
        if (*ctx).tstate != tstate {
            fill(&mut *ctx, tstate);
        }
        ctx
    }
}

/// How much stack is kept for what compiled code calls: C functions of CPython and of extensions, and raising the error itself.
const MARGIN: usize = 1 << 20;

#[cold]
fn fill(ctx: &mut ThreadCtx, tstate: *mut PyThreadState) {
    let layout = ffi::layout();
    ctx.tstate = tstate;
    // SAFETY: the offsets are right for this interpreter, and its state outlives its threads.
    ctx.eval_breaker = unsafe {
        match layout.eval_breaker {
            EvalBreaker::Thread(offset) => tstate.cast::<u8>().add(offset),
            EvalBreaker::Interpreter(offset) => {
                let interp: *const u8 = ffi::read(tstate.cast(), layout.tstate_interp);
                interp.add(offset)
            }
        }
    };
    if ctx.stack_limit == 0 {
        ctx.stack_limit = stack_limit();
    }
}

/// The lowest address that native frames of this thread may reach: the stack's end plus a margin.
fn stack_limit() -> usize {
    let marker = 0u8;
    let here = &raw const marker as usize;
    let bounds = stack_bounds();
    let (low, size) = bounds.unwrap_or((here.saturating_sub(256 << 10), 512 << 10));
    // A stack without a limit is used up to 64 MiB.
    let low = low.max(here.saturating_sub(64 << 20));
    low + MARGIN.min(size / 4)
}

#[cfg(target_os = "linux")]
fn stack_bounds() -> Option<(usize, usize)> {
    // SAFETY: the attribute object is initialised by the first call, read by the second, destroyed by the third.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attr) != 0 {
            return None;
        }
        let mut address = std::ptr::null_mut();
        let mut size = 0;
        let ok = libc::pthread_attr_getstack(&raw const attr, &raw mut address, &raw mut size) == 0;
        libc::pthread_attr_destroy(&raw mut attr);
        ok.then_some((address as usize, size))
    }
}

#[cfg(target_os = "macos")]
fn stack_bounds() -> Option<(usize, usize)> {
    // SAFETY: both calls take the calling thread.
    unsafe {
        let me = libc::pthread_self();
        let high = libc::pthread_get_stackaddr_np(me) as usize;
        let size = libc::pthread_get_stacksize_np(me);
        Some((high - size, size))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn stack_bounds() -> Option<(usize, usize)> {
    None
}

/// Raises the `RecursionError` of a native prologue.
#[cold]
pub fn recursion_error() -> Raised {
    // SAFETY: a builtin class.
    unsafe {
        error::raise(
            ffi::PyExc_RecursionError,
            "maximum recursion depth exceeded",
        )
    }
}

/// Serves the eval breaker: signal handlers, a request for the GIL, the garbage collector, asynchronous exceptions, pending calls.
///
/// # Errors
/// What a signal handler or another thread raised.
///
/// # Safety
/// `ctx` is the calling thread's context, and the GIL is held.
#[cold]
pub unsafe fn poll(ctx: *mut ThreadCtx) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        match ffi::optional().handle_pending {
            Some(handle) => {
                if handle((*ctx).tstate) < 0 {
                    return Err(Raised);
                }
                Ok(())
            }
            None => poll_by_calling(),
        }
    }
}

/// CPython 3.12 exports no way to serve the breaker, but every start of an interpreted function does it: so one is called.
unsafe fn poll_by_calling() -> PyResult<()> {
    use std::sync::OnceLock;
    struct Function(usize);
    static NOTHING: OnceLock<Function> = OnceLock::new();
    // SAFETY: the function object is leaked; the GIL is held.
    unsafe {
        let function = match NOTHING.get() {
            Some(f) => f.0 as *mut PyObject,
            None => {
                let made = nothing()?.leak().as_ptr();
                let _ = NOTHING.set(Function(made as usize));
                made
            }
        };
        let result = (ffi::optional().function_vectorcall)(
            function,
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        match Owned::from_new(result) {
            Ok(_) => Ok(()),
            Err(Raised) => {
                crate::traceback::drop_first_entry();
                Err(Raised)
            }
        }
    }
}

/// A Python function that does nothing.
unsafe fn nothing() -> PyResult<Owned> {
    // SAFETY: new references are owned; borrowed ones live in what owns them.
    unsafe {
        let code = Owned::from_new(ffi::Py_CompileString(
            c"lambda: None".as_ptr(),
            c"<keelback>".as_ptr(),
            ffi::Py_eval_input,
        ))?;
        let globals = Owned::from_new(ffi::PyDict_New())?;
        Owned::from_new(ffi::PyEval_EvalCode(
            code.as_ptr(),
            globals.as_ptr(),
            globals.as_ptr(),
        ))
    }
}
