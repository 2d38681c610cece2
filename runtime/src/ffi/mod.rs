//! What Keelback needs of CPython beyond the stable ABI, declared by hand, in one place.
//!
//! Invariant of this module: a symbol or offset named here is right for every interpreter that [`init`] accepts. `init` picks the table of
//! the running minor version ([`v312`], [`v313`]), checks it against live objects ([`self_check`]) and refuses anything else with one
//! sentence. Everything else in the crate may then use [`layout`] and the declarations below without further checks.
//!
//! Symbols that exist in every supported version are linked; those that do not are looked up by name in [`Optional`], so that loading the
//! extension into an unsupported interpreter ends in a sentence and not in a missing symbol.

pub mod count;
pub mod extra;
pub mod self_check;
pub mod v312;
pub mod v313;

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::OnceLock;

pub use count::{Py_DECREF, Py_INCREF};
pub use extra::*;
pub use pyo3::ffi::*;

/// `PyObject* f(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)`
pub type Vectorcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

/// The bit of `nargsf` that says that `args[-1]` may be overwritten by the callee.
pub const VECTORCALL_ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

/// The number of positional arguments in a vectorcall's `nargsf`.
#[inline]
pub fn vectorcall_nargs(nargsf: usize) -> usize {
    nargsf & !VECTORCALL_ARGUMENTS_OFFSET
}

/// Events of a function watcher, in CPython's order.
pub mod function_event {
    /// A function object was made.
    pub const CREATE: i32 = 0;
    /// It is about to go.
    pub const DESTROY: i32 = 1;
    /// `__code__` is about to be set.
    pub const MODIFY_CODE: i32 = 2;
    /// `__defaults__` is about to be set.
    pub const MODIFY_DEFAULTS: i32 = 3;
    /// `__kwdefaults__` is about to be set.
    pub const MODIFY_KWDEFAULTS: i32 = 4;
}

/// Events of a dict watcher, in CPython's order.
pub mod dict_event {
    /// A key is about to be added.
    pub const ADDED: i32 = 0;
    /// A key's value is about to change.
    pub const MODIFIED: i32 = 1;
    /// A key is about to be removed.
    pub const DELETED: i32 = 2;
    /// The (empty) dict is about to become a copy of the dict passed as `key`.
    pub const CLONED: i32 = 3;
    /// All keys are about to be removed.
    pub const CLEARED: i32 = 4;
    /// The dict is about to go.
    pub const DEALLOCATED: i32 = 5;
}

/// Callback of a function watcher.
pub type FunctionWatcher =
    unsafe extern "C" fn(event: c_int, func: *mut PyObject, new_value: *mut PyObject) -> c_int;
/// Callback of a dict watcher.
pub type DictWatcher = unsafe extern "C" fn(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    new_value: *mut PyObject,
) -> c_int;
/// Callback of a type watcher.
pub type TypeWatcher = unsafe extern "C" fn(ty: *mut PyTypeObject) -> c_int;

/// `PyCompilerFlags`: the flags, and the feature version (0 leaves it alone).
#[repr(C)]
#[allow(missing_docs)]
pub struct CompilerFlags {
    pub cf_flags: c_int,
    pub cf_feature_version: c_int,
}

#[allow(missing_docs)]
unsafe extern "C" {
    pub static Py_Version: c_ulong;
    pub static mut PyFunction_Type: PyTypeObject;
    pub static mut PyMethod_Type: PyTypeObject;
    pub static mut PyCode_Type: PyTypeObject;
    pub static mut PyStaticMethod_Type: PyTypeObject;
    pub static mut PyClassMethod_Type: PyTypeObject;

    /// A new object of a collected type, not tracked yet, whose fields hold anything.
    pub fn _PyObject_GC_New(ty: *mut PyTypeObject) -> *mut PyObject;
    pub fn PyFunction_SetVectorcall(func: *mut PyObject, vectorcall: Vectorcall);
    pub fn PyFunction_New(code: *mut PyObject, globals: *mut PyObject) -> *mut PyObject;
    /// Borrowed.
    pub fn PyFunction_GetCode(func: *mut PyObject) -> *mut PyObject;
    pub fn PyFunction_AddWatcher(callback: FunctionWatcher) -> c_int;
    pub fn PyDict_AddWatcher(callback: DictWatcher) -> c_int;
    pub fn PyDict_Watch(id: c_int, dict: *mut PyObject) -> c_int;
    pub fn PyDict_Unwatch(id: c_int, dict: *mut PyObject) -> c_int;
    pub fn PyType_AddWatcher(callback: TypeWatcher) -> c_int;
    pub fn PyType_Watch(id: c_int, ty: *mut PyObject) -> c_int;
    pub fn PyType_Unwatch(id: c_int, ty: *mut PyObject) -> c_int;

    /// Borrowed; null without an error when the name is nowhere in the MRO.
    pub fn _PyType_Lookup(ty: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    pub fn PyFrame_New(
        tstate: *mut PyThreadState,
        code: *mut PyObject,
        globals: *mut PyObject,
        locals: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyObject_CallFinalizerFromDealloc(op: *mut PyObject) -> c_int;
    pub fn PyObject_ClearWeakRefs(op: *mut PyObject);
    pub fn PyObject_CallOneArg(callable: *mut PyObject, arg: *mut PyObject) -> *mut PyObject;
    pub fn PyRun_AnyFileExFlags(
        file: *mut libc::FILE,
        name: *const c_char,
        close: c_int,
        flags: *mut CompilerFlags,
    ) -> c_int;
    pub fn PyRun_SimpleStringFlags(command: *const c_char, flags: *mut CompilerFlags) -> c_int;
    /// A new reference, or null.
    pub fn PyThreadState_GetFrame(tstate: *mut PyThreadState) -> *mut PyObject;
    pub fn PyThreadState_GetInterpreter(tstate: *mut PyThreadState) -> *mut PyInterpreterState;
    pub fn PyUnstable_Eval_RequestCodeExtraIndex(
        free: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> isize;
    pub fn PyUnstable_Code_SetExtra(code: *mut PyObject, index: isize, extra: *mut c_void)
    -> c_int;
    /// Calls by `tp_call`, packing the arguments.
    pub fn _PyObject_MakeTpCall(
        tstate: *mut PyThreadState,
        callable: *mut PyObject,
        args: *const *mut PyObject,
        nargs: isize,
        keywords: *mut PyObject,
    ) -> *mut PyObject;
    pub fn PyUnstable_Type_AssignVersionTag(ty: *mut PyTypeObject) -> c_int;
}

/// Where things are in one minor version of CPython. Offsets are in bytes from the start of the struct named first.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Layout {
    /// `(3, 12)`
    pub version: (u8, u8),
    /// Where the byte is whose being non-zero asks for attention: in the thread state, or behind `tstate->interp`.
    pub eval_breaker: EvalBreaker,
    pub tstate_interp: usize,
    /// The offset in the thread state of the pointer through which the current interpreter frame is found.
    pub tstate_current_frame: CurrentFrame,
    pub tstate_current_exception: usize,
    pub type_tp_name: usize,
    pub type_tp_basicsize: usize,
    pub type_tp_dealloc: usize,
    pub type_tp_flags: usize,
    pub type_tp_traverse: usize,
    pub type_tp_clear: usize,
    pub type_tp_weaklistoffset: usize,
    pub type_base: usize,
    pub type_dict: usize,
    pub type_tp_dictoffset: usize,
    pub type_tp_init: usize,
    pub type_alloc: usize,
    pub type_tp_new: usize,
    pub type_tp_free: usize,
    pub type_tp_mro: usize,
    pub type_cache: usize,
    /// `tp_subclasses` of a heap type: a dict of weak references, or null.
    pub type_subclasses: usize,
    pub type_tp_version_tag: usize,
    pub type_tp_finalize: usize,
    pub type_tp_vectorcall: usize,
    pub function_globals: usize,
    pub function_code: usize,
    pub function_defaults: usize,
    pub function_kwdefaults: usize,
    pub function_closure: usize,
    pub function_vectorcall: usize,
    pub code_flags: usize,
    pub code_firstlineno: usize,
    pub code_version: usize,
    /// Pointer to the extra slots: their number, then the slots.
    pub code_extra: usize,
    /// First code unit.
    pub code_adaptive: usize,
    pub frame_f_frame: usize,
    pub frame_lineno: usize,
    /// In the interpreter frame: pointer to the code unit that `f_lasti` is counted to.
    pub iframe_instr: usize,
    pub iframe_previous: usize,
    pub long_tag: usize,
    pub long_digits: usize,
    pub float_value: usize,
    pub list_items: usize,
    pub tuple_items: usize,
    pub str_state: usize,
    pub str_length: usize,
    /// `ma_used`
    pub dict_used: usize,
    /// `used` of a set.
    pub set_used: usize,
    /// Never used of a type that a class statement made; see `classes::storage`.
    pub type_tp_methods: usize,
    /// `ht_slots` of a heap type.
    pub type_ht_slots: usize,
}

/// Where the eval breaker's byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalBreaker {
    /// At this offset of `*tstate->interp`.
    Interpreter(usize),
    /// At this offset of the thread state.
    Thread(usize),
}

/// How the current interpreter frame is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentFrame {
    /// `*(void **)(tstate + offset)` points at a struct whose first word is the frame.
    Indirect(usize),
    /// The word at `tstate + offset` is the frame.
    Direct(usize),
}

/// `PyMethodDescrObject` up to what is used here; the same in every supported version.
#[repr(C)]
#[derive(Debug)]
pub struct MethodDescriptor {
    ob_refcnt: isize,
    ob_type: *mut PyTypeObject,
    d_type: *mut PyTypeObject,
    d_name: *mut PyObject,
    d_qualname: *mut PyObject,
    /// `d_method`
    pub definition: *const MethodDefinition,
}

/// `PyMethodDef` with its function as an address.
#[repr(C)]
#[derive(Debug)]
pub struct MethodDefinition {
    name: *const c_char,
    /// `ml_meth`
    pub function: *const c_void,
    /// `ml_flags`
    pub flags: c_int,
}

/// Symbols that only some versions export.
#[derive(Clone, Copy)]
pub struct Optional {
    /// `_Py_HandlePending` (3.13).
    pub handle_pending: Option<unsafe extern "C" fn(*mut PyThreadState) -> c_int>,
    /// `PyObject_ClearManagedDict` (3.13) or `_PyObject_ClearManagedDict` (3.12).
    pub clear_managed_dict: unsafe extern "C" fn(*mut PyObject),
    /// `PyObject_VisitManagedDict` (3.13) or `_PyObject_VisitManagedDict` (3.12).
    pub visit_managed_dict: unsafe extern "C" fn(*mut PyObject, visitproc, *mut c_void) -> c_int,
    /// `Py_IsFinalizing` (3.13) or `_Py_IsFinalizing` (3.12).
    pub is_finalizing: unsafe extern "C" fn() -> c_int,
    /// `_PyFunction_Vectorcall`, read off an ordinary function.
    pub function_vectorcall: Vectorcall,
}

static LAYOUT: OnceLock<Layout> = OnceLock::new();
static OPTIONAL: OnceLock<Optional> = OnceLock::new();

/// The running interpreter's layout. Panics when [`init`] has not accepted it.
#[inline]
pub fn layout() -> &'static Layout {
    LAYOUT.get().expect("the host is initialised")
}

/// The running interpreter's optional symbols. Panics when [`init`] has not accepted it.
#[inline]
pub fn optional() -> &'static Optional {
    OPTIONAL.get().expect("the host is initialised")
}

/// Reads a `T` at `offset` of the struct at `base`.
///
/// # Safety
/// `base + offset` must be a live, aligned `T`.
#[inline]
pub unsafe fn read<T: Copy>(base: *const c_void, offset: usize) -> T {
    // SAFETY: the caller's promise.
    unsafe { base.byte_add(offset).cast::<T>().read() }
}

/// Writes a `T` at `offset` of the struct at `base`.
///
/// # Safety
/// `base + offset` must be a live, aligned, writable `T`.
#[inline]
pub unsafe fn write<T: Copy>(base: *mut c_void, offset: usize, value: T) {
    // SAFETY: the caller's promise.
    unsafe { base.byte_add(offset).cast::<T>().write(value) }
}

/// The address of the symbol `name` in the process, or null.
fn symbol(name: &std::ffi::CStr) -> *mut c_void {
    // SAFETY: a lookup by a valid C string.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// `major`, `minor`, `micro` of the running interpreter.
pub fn version() -> (u8, u8, u8) {
    // SAFETY: exported by every interpreter that has the stable ABI of 3.12.
    let v = unsafe { Py_Version };
    ((v >> 24) as u8, (v >> 16) as u8, (v >> 8) as u8)
}

/// Chooses and checks the tables of the running interpreter. Call once, with the GIL held, before anything else of this crate.
///
/// # Errors
/// One sentence, when the interpreter is not supported or an offset disagrees with a live object.
pub fn init() -> Result<(), String> {
    if LAYOUT.get().is_some() {
        return Ok(());
    }
    let (major, minor, micro) = version();
    let layout = match (major, minor) {
        (3, 12) => v312::LAYOUT,
        (3, 13) => v313::LAYOUT,
        _ => {
            return Err(format!(
                "Keelback supports CPython 3.12 and 3.13, and this is Python {major}.{minor}.{micro}"
            ));
        }
    };
    if cfg!(not(target_pointer_width = "64")) {
        return Err("Keelback supports 64-bit CPython only".to_owned());
    }
    let refuse = |what: &str| {
        format!(
            "Keelback cannot use this build of CPython {major}.{minor}.{micro}: {what} is not where it is in a standard build"
        )
    };
    // SAFETY: the GIL is held; the self-check reads only memory of the objects it makes.
    let function_vectorcall = unsafe { self_check::run(&layout) }.map_err(|what| refuse(&what))?;
    let either = |a: &std::ffi::CStr, b: &std::ffi::CStr| {
        let found = symbol(a);
        if found.is_null() { symbol(b) } else { found }
    };
    let clear = either(c"PyObject_ClearManagedDict", c"_PyObject_ClearManagedDict");
    let visit = either(c"PyObject_VisitManagedDict", c"_PyObject_VisitManagedDict");
    if clear.is_null() || visit.is_null() {
        return Err(refuse("a function for instance dictionaries"));
    }
    let finalizing = either(c"Py_IsFinalizing", c"_Py_IsFinalizing");
    if finalizing.is_null() {
        return Err(refuse("Py_IsFinalizing"));
    }
    let pending = symbol(c"_Py_HandlePending");
    if pending.is_null() && matches!(layout.eval_breaker, EvalBreaker::Thread(_)) {
        return Err(refuse("_Py_HandlePending"));
    }
    // SAFETY: the symbols have these C types in the versions that have them.
    let table = unsafe {
        Optional {
            handle_pending: std::mem::transmute::<
                *mut c_void,
                Option<unsafe extern "C" fn(*mut PyThreadState) -> c_int>,
            >(pending),
            clear_managed_dict: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut PyObject),
            >(clear),
            visit_managed_dict: std::mem::transmute::<
                *mut c_void,
                unsafe extern "C" fn(*mut PyObject, visitproc, *mut c_void) -> c_int,
            >(visit),
            is_finalizing: std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> c_int>(
                finalizing,
            ),
            function_vectorcall,
        }
    };
    let _ = OPTIONAL.set(table);
    let _ = LAYOUT.set(layout);
    Ok(())
}

/// `Py_TPFLAGS_MANAGED_DICT`
pub const TPFLAGS_MANAGED_DICT: c_ulong = 1 << 4;
/// `Py_TPFLAGS_HEAPTYPE`
pub const TPFLAGS_HEAPTYPE: c_ulong = 1 << 9;
/// `Py_TPFLAGS_HAVE_GC`
pub const TPFLAGS_HAVE_GC: c_ulong = 1 << 14;

/// `tp_flags` of a type.
///
/// # Safety
/// `ty` must be a live type.
#[inline]
pub unsafe fn type_flags(ty: *mut PyTypeObject) -> c_ulong {
    // SAFETY: the offset is right for every type.
    unsafe { read(ty.cast(), layout().type_tp_flags) }
}

/// Whether instances of a type have a `__dict__`.
///
/// # Safety
/// `ty` must be a live type.
pub unsafe fn has_instance_dict(ty: *mut PyTypeObject) -> bool {
    // SAFETY: the offset is right for every type.
    unsafe {
        type_flags(ty) & TPFLAGS_MANAGED_DICT != 0
            || read::<isize>(ty.cast(), layout().type_tp_dictoffset) != 0
    }
}

/// Bits of `PyCompilerFlags.cf_flags` and of a code object's flags used here.
pub mod code_flag {
    /// `CO_VARARGS`
    pub const VARARGS: u32 = 0x4;
    /// `CO_VARKEYWORDS`
    pub const VARKEYWORDS: u32 = 0x8;
}

/// Unsigned C int, for readers of the tables.
pub type CUInt = c_uint;
