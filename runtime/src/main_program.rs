//! Running a main program as `python` itself would.
//!
//! The command starts the interpreter with a line of bootstrap code that loads the extension and calls [`run`]. From there CPython's own
//! functions run the script, the command string or standard input, so that `__main__`, `sys.argv`, `sys.path[0]`, exit statuses, uncaught
//! exceptions and Ctrl-C are CPython's affair. Only a static main script is run here, because it has to be shown to the compiler first.

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int};
use std::path::{Path, PathBuf};

use crate::error;
use crate::ffi::{self, CurrentFrame, PyObject};
use crate::host;
use crate::import_hook;
use crate::object::{self, Owned, PyResult, Raised};

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A file, or a directory or zip file with a `__main__.py`.
    File(String),
    /// `-m`: a module.
    Module(String),
    /// `-c`: program text.
    Command(String),
    /// `-`: standard input.
    Stdin,
}

impl Program {
    /// The folder that the program is in, as far as it has one: where its configuration is looked for.
    pub fn folder(&self) -> PathBuf {
        match self {
            Program::File(path) => {
                let path = PathBuf::from(absolute(path));
                match path.parent() {
                    Some(parent) if !path.is_dir() => parent.to_path_buf(),
                    _ => path,
                }
            }
            Program::Module(_) | Program::Command(_) | Program::Stdin => PathBuf::from("."),
        }
    }
}

/// Runs `program` in the module `__main__` and ends as `python` would: the result is what the bootstrap code should leave with.
///
/// # Errors
/// `SystemExit` or `KeyboardInterrupt`, for the interpreter to act upon; other exceptions have been printed.
///
/// # Safety
/// Called once, from the bootstrap code or the package's own command, with the GIL held.
pub unsafe fn run(program: &Program, args: &[OsString]) -> PyResult<()> {
    // SAFETY: the caller's promise; references to modules and their dicts are checked.
    unsafe {
        set_arguments(program, args)?;
        if !host::is_disabled() {
            host::compiler().begin_program();
        }
        let hidden = HiddenFrames::hide();
        let failed = match program {
            Program::File(path) => run_file(&absolute(path))?,
            Program::Module(name) => run_module(name, true)?,
            Program::Command(text) => {
                show_lines_of_command(text);
                let text = c_string(text)?;
                let mut flags = default_flags();
                ffi::PyRun_SimpleStringFlags(text.as_ptr(), &raw mut flags) != 0
            }
            Program::Stdin => {
                let mut flags = default_flags();
                ffi::PyRun_AnyFileExFlags(stdin(), c"<stdin>".as_ptr(), 0, &raw mut flags) != 0
            }
        };
        drop(hidden);
        match failed {
            true if was_interrupted() => Err(leave_by_signal()),
            true => Err(exit_with(1)),
            false => Ok(()),
        }
    }
}

/// From 3.13 on tracebacks show lines of `-c`'s text: CPython's main program hands them to `linecache`.
unsafe fn show_lines_of_command(text: &str) {
    if ffi::layout().version < (3, 13) {
        return;
    }
    // SAFETY: the GIL is held; new references are owned.
    let register = || unsafe {
        let linecache = object::import("linecache")?;
        let function = object::getattr(linecache.as_ptr(), c"_register_code")?;
        let (name, text) = (object::str_object("<string>")?, object::str_object(text)?);
        let args = [name.as_ptr(), text.as_ptr(), name.as_ptr()];
        Owned::from_new(ffi::PyObject_Vectorcall(
            function.as_ptr(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))
    };
    if register().is_err() {
        // A traceback without lines is no reason not to run.
        // SAFETY: the GIL is held.
        unsafe { ffi::PyErr_Clear() };
    }
}

fn default_flags() -> ffi::CompilerFlags {
    ffi::CompilerFlags {
        cf_flags: 0,
        cf_feature_version: i32::from(ffi::layout().version.1),
    }
}

fn c_string(text: &str) -> PyResult<CString> {
    CString::new(text).map_err(|_| {
        // SAFETY: a builtin class.
        unsafe { error::raise(ffi::PyExc_ValueError, "embedded null character") }
    })
}

fn stdin() -> *mut libc::FILE {
    unsafe extern "C" {
        #[cfg_attr(target_os = "macos", link_name = "__stdinp")]
        static mut stdin: *mut libc::FILE;
    }
    // SAFETY: the C library's own stream.
    unsafe { stdin }
}

unsafe fn exit_with(status: i64) -> Raised {
    // SAFETY: the GIL is held.
    unsafe {
        if let Ok(code) = Owned::from_new(ffi::PyLong_FromLongLong(status)) {
            ffi::PyErr_SetObject(ffi::PyExc_SystemExit, code.as_ptr());
        }
    }
    Raised
}

/// While this lives, the bootstrap's frame is not seen from the program: `sys._getframe`, `traceback.print_stack` and `warnings` find
/// `__main__` at the bottom, as under `python`.
struct HiddenFrames {
    place: *mut *mut std::ffi::c_void,
    frame: *mut std::ffi::c_void,
}

impl HiddenFrames {
    unsafe fn hide() -> HiddenFrames {
        let layout = ffi::layout();
        // SAFETY: the offsets are right, and this thread's state outlives the call.
        unsafe {
            let tstate = ffi::PyThreadState_Get();
            let place: *mut *mut std::ffi::c_void = match layout.tstate_current_frame {
                CurrentFrame::Direct(offset) => tstate.byte_add(offset).cast(),
                CurrentFrame::Indirect(offset) => ffi::read(tstate.cast(), offset),
            };
            let frame = place.replace(std::ptr::null_mut());
            HiddenFrames { place, frame }
        }
    }
}

impl Drop for HiddenFrames {
    fn drop(&mut self) {
        // SAFETY: the bootstrap's frame is still running, in this very call.
        unsafe { *self.place = self.frame };
    }
}

/// `sys.argv`, `sys.orig_argv` and `sys.path[0]`.
unsafe fn set_arguments(program: &Program, args: &[OsString]) -> PyResult<()> {
    let (first, original): (&str, Vec<&str>) = match program {
        Program::File(path) => (path, vec![path]),
        Program::Module(name) => ("-m", vec!["-m", name]),
        Program::Command(text) => ("-c", vec!["-c", text]),
        Program::Stdin => ("-", vec!["-"]),
    };
    // SAFETY: the GIL is held; `sys` attributes set here are lists of strings as CPython's own.
    unsafe {
        let strings = |head: &[&str]| -> PyResult<Owned> {
            let list = Owned::from_new(ffi::PyList_New(0))?;
            for text in head
                .iter()
                .map(OsStr::new)
                .chain(args.iter().map(|arg| &**arg))
            {
                let item = fs_string(text)?;
                if ffi::PyList_Append(list.as_ptr(), item.as_ptr()) < 0 {
                    return Err(Raised);
                }
            }
            Ok(list)
        };
        let argv = strings(&[first])?;
        set_sys(c"argv", &argv)?;
        let executable = ffi::PySys_GetObject(c"executable".as_ptr());
        let executable = if executable.is_null() {
            String::new()
        } else {
            object::display(executable)
        };
        let mut head = vec![executable.as_str()];
        head.extend(original);
        set_sys(c"orig_argv", &strings(&head)?)?;
        let flags = ffi::PySys_GetObject(c"flags".as_ptr());
        let safe = !flags.is_null() && {
            let safe = object::getattr(flags, c"safe_path")?;
            ffi::PyObject_IsTrue(safe.as_ptr()) == 1
        };
        let first_path = match program {
            Program::File(path) if Path::new(path).is_dir() || is_zip(path) => Some(absolute(path)),
            // The interpreter has put a folder first, unless it was told not to.
            _ if safe => return Ok(()),
            Program::File(path) => Some(script_folder(path)),
            Program::Module(_) => std::env::current_dir()
                .ok()
                .map(|p| p.to_string_lossy().into_owned()),
            Program::Command(_) | Program::Stdin => Some(String::new()),
        };
        if let Some(folder) = first_path {
            let path = ffi::PySys_GetObject(c"path".as_ptr());
            let folder = fs_string(&folder)?;
            if path.is_null() {
                return Ok(());
            }
            if safe {
                // A directory or zip file is put in front even then, as CPython does.
                if ffi::PyList_Insert(path, 0, folder.as_ptr()) < 0 {
                    return Err(Raised);
                }
            } else if ffi::PyList_SetItem(path, 0, folder.into_ptr()) < 0 {
                return Err(Raised);
            }
        }
        Ok(())
    }
}

/// The folder of a script, with a symbolic link to the script itself followed.
fn script_folder(path: &str) -> String {
    let script = Path::new(path);
    let mut target = match std::fs::read_link(script) {
        Ok(link) if link.is_absolute() => link,
        Ok(link) => script.parent().unwrap_or(Path::new("")).join(link),
        Err(_) => script.to_owned(),
    };
    if let Ok(real) = std::fs::canonicalize(
        target
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new(".")),
    ) {
        target = real;
    }
    target.to_string_lossy().into_owned()
}

/// Whether a file has a zip archive's end record, as `zipimport` looks for it.
fn is_zip(path: &str) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    if path.ends_with(".py") {
        return false;
    }
    let Ok(mut file) = std::fs::File::open(path) else {
        return false;
    };
    let mut tail = Vec::new();
    let length = file.metadata().map_or(0, |m| m.len());
    if !file_is_regular(&file)
        || file
            .seek(SeekFrom::Start(length.saturating_sub(66_000)))
            .is_err()
        || file.read_to_end(&mut tail).is_err()
    {
        return false;
    }
    tail.windows(4).any(|w| w == b"PK\x05\x06")
}

fn file_is_regular(file: &std::fs::File) -> bool {
    file.metadata().is_ok_and(|m| m.is_file())
}

fn fs_string(text: impl AsRef<OsStr>) -> PyResult<Owned> {
    let text = text.as_ref().as_encoded_bytes();
    // SAFETY: pointer and length are those of the text.
    unsafe {
        Owned::from_new(ffi::PyUnicode_DecodeFSDefaultAndSize(
            text.as_ptr().cast(),
            text.len() as isize,
        ))
    }
}

unsafe fn set_sys(name: &CStr, value: &Owned) -> PyResult<()> {
    // SAFETY: the GIL is held.
    if unsafe { ffi::PySys_SetObject(name.as_ptr(), value.as_ptr()) } < 0 {
        return Err(Raised);
    }
    Ok(())
}

/// Runs a file; whether it failed.
unsafe fn run_file(path: &str) -> PyResult<bool> {
    // SAFETY: the GIL is held; the stream is closed by CPython.
    unsafe {
        if Path::new(path).is_dir() || is_zip(path) {
            return run_module("__main__", false);
        }
        let c_path = c_string(path)?;
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) => {
                let executable = ffi::PySys_GetObject(c"executable".as_ptr());
                let executable = if executable.is_null() {
                    "python".to_owned()
                } else {
                    object::display(executable)
                };
                let errno = e.raw_os_error().unwrap_or(0);
                let reason = CStr::from_ptr(libc::strerror(errno)).to_string_lossy();
                eprintln!(
                    "{executable}: can't open file '{}': [Errno {errno}] {reason}",
                    absolute(path)
                );
                return Err(exit_with(2));
            }
        };
        if !host::is_disabled() && is_static(&bytes) {
            return run_static_file(path, &bytes);
        }
        drop(bytes);
        let file = libc::fopen(c_path.as_ptr(), c"rb".as_ptr());
        if file.is_null() {
            return Err(error::system_error("the script cannot be opened"));
        }
        let mut flags = default_flags();
        let name: *const c_char = c_path.as_ptr();
        let status: c_int = ffi::PyRun_AnyFileExFlags(file, name, 1, &raw mut flags);
        Ok(status != 0)
    }
}

/// The path as CPython makes a script's absolute: behind the current folder, otherwise as it was given.
fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    match std::env::current_dir() {
        Ok(folder) => format!("{}/{path}", folder.display()),
        Err(_) => path.to_owned(),
    }
}

/// Whether a main script's text is static, by its marker or by a pattern that names `__main__`.
fn is_static(bytes: &[u8]) -> bool {
    if import_hook::matches_pattern("__main__") {
        return true;
    }
    // The marker names the package, so a text without that name has none.
    bytes.windows(10).any(|w| w == b"__static__")
        && keelback_parser::decode(bytes)
            .is_ok_and(|text| keelback_parser::is_static_module(&text).is_static())
}

/// The dict of the module `__main__`.
unsafe fn main_dict() -> PyResult<*mut PyObject> {
    // SAFETY: both are borrowed and live as long as the interpreter.
    unsafe {
        let module = ffi::PyImport_AddModule(c"__main__".as_ptr());
        if module.is_null() {
            return Err(Raised);
        }
        Ok(ffi::PyModule_GetDict(module))
    }
}

/// Compiles and runs a static main script; whether it failed.
unsafe fn run_static_file(path: &str, bytes: &[u8]) -> PyResult<bool> {
    // SAFETY: the GIL is held; new references are owned.
    unsafe {
        let globals = main_dict()?;
        let file = fs_string(path)?;
        let set = |name: &CStr, value: *mut PyObject| {
            if ffi::PyDict_SetItemString(globals, name.as_ptr(), value) < 0 {
                return Err(Raised);
            }
            Ok(())
        };
        set(c"__file__", file.as_ptr())?;
        set(c"__cached__", ffi::Py_None())?;
        let external = Owned::from_new(ffi::PyImport_ImportModule(
            c"_frozen_importlib_external".as_ptr(),
        ))?;
        let class = object::getattr(external.as_ptr(), c"SourceFileLoader")?;
        let name = object::str_object("__main__")?;
        let args = [name.as_ptr(), file.as_ptr()];
        let loader = Owned::from_new(ffi::PyObject_Vectorcall(
            class.as_ptr(),
            args.as_ptr(),
            2,
            std::ptr::null_mut(),
        ))?;
        set(c"__loader__", loader.as_ptr())?;
        let outcome = run_static_text(path, bytes, file.as_ptr(), globals);
        finish(outcome)
    }
}

unsafe fn run_static_text(
    path: &str,
    bytes: &[u8],
    file: *mut PyObject,
    globals: *mut PyObject,
) -> PyResult<()> {
    // SAFETY: the GIL is held; new references are owned.
    unsafe {
        import_hook::begin("__main__", Path::new(path), bytes);
        let builtins = Owned::from_new(ffi::PyImport_ImportModule(c"builtins".as_ptr()))?;
        let compile = object::getattr(builtins.as_ptr(), c"compile")?;
        let text = Owned::from_new(ffi::PyBytes_FromStringAndSize(
            bytes.as_ptr().cast(),
            bytes.len() as isize,
        ))?;
        let mode = object::str_object("exec")?;
        let zero = Owned::from_new(ffi::PyLong_FromLong(0))?;
        let args = [
            text.as_ptr(),
            file,
            mode.as_ptr(),
            zero.as_ptr(),
            ffi::Py_True(),
        ];
        let code = Owned::from_new(ffi::PyObject_Vectorcall(
            compile.as_ptr(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        ))?;
        import_hook::prepare_bytes("__main__", Path::new(path), bytes, code.as_ptr(), globals)?;
        Owned::from_new(ffi::PyEval_EvalCode(code.as_ptr(), globals, globals))?;
        Ok(())
    }
}

/// `runpy`, as `python -m` uses it; whether it failed.
unsafe fn run_module(name: &str, alter_argv: bool) -> PyResult<bool> {
    // SAFETY: the GIL is held; new references are owned.
    unsafe {
        let runpy = Owned::from_new(ffi::PyImport_ImportModule(c"runpy".as_ptr()))?;
        let function = object::getattr(runpy.as_ptr(), c"_run_module_as_main")?;
        if let Some(hook) = host::hook_globals() {
            let finder = ffi::PyDict_GetItemString(hook, c"Finder".as_ptr());
            let main = object::str_object(name)?;
            if !finder.is_null()
                && ffi::PyObject_SetAttrString(finder, c"main".as_ptr(), main.as_ptr()) < 0
            {
                return Err(Raised);
            }
        }
        let name = object::str_object(name)?;
        let flag = Owned::from_new(ffi::PyBool_FromLong(alter_argv.into()))?;
        let args = [name.as_ptr(), flag.as_ptr()];
        let result = Owned::from_new(ffi::PyObject_Vectorcall(
            function.as_ptr(),
            args.as_ptr(),
            2,
            std::ptr::null_mut(),
        ));
        finish(result.map(drop))
    }
}

/// Prints an uncaught exception as the interpreter's main program does; whether there was one. `SystemExit` ends the process.
unsafe fn finish(outcome: PyResult<()>) -> PyResult<bool> {
    // SAFETY: the GIL is held.
    unsafe {
        if outcome.is_ok() {
            return Ok(false);
        }
        ffi::PyErr_PrintEx(1);
        Ok(true)
    }
}

/// Whether the exception printed last was a `KeyboardInterrupt`.
unsafe fn was_interrupted() -> bool {
    // SAFETY: the GIL is held; the reference is borrowed.
    unsafe {
        let last = ffi::PySys_GetObject(c"last_exc".as_ptr());
        !last.is_null() && ffi::PyErr_GivenExceptionMatches(last, ffi::PyExc_KeyboardInterrupt) != 0
    }
}

/// Raises `KeyboardInterrupt` once more, this time to be printed by nobody: the interpreter notes that it went uncaught, and ends the
/// process by the signal, which is what the shell wants to know.
unsafe fn leave_by_signal() -> Raised {
    // SAFETY: the GIL is held.
    unsafe {
        if let Ok(silent) = silent_hook() {
            let _ = set_sys(c"excepthook", &silent);
        }
        ffi::PyErr_Clear();
        ffi::PyErr_SetNone(ffi::PyExc_KeyboardInterrupt);
    }
    Raised
}

/// A callable that takes anything and does nothing.
unsafe fn silent_hook() -> PyResult<Owned> {
    // SAFETY: the GIL is held; new references are owned.
    unsafe {
        let code = Owned::from_new(ffi::Py_CompileString(
            c"lambda *_: None".as_ptr(),
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
