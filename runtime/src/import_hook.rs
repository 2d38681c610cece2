//! Importing static modules.
//!
//! A finder in front of `sys.meta_path` asks the others and exchanges a plain source file's loader for one that, once CPython's code object
//! for the module is at hand (compiled or from a `.pyc`), looks for the name `__static__` in it. A module without it is run as ever; nothing
//! is read twice for it. Of one with it the text is read, shown to the compiler, and the code objects inside are registered, so that the
//! watchers recognise functions and classes as the body makes them.

use std::path::{Path, PathBuf};

use keelback_checker::interface::Export;
use keelback_checker::rules::Rule;
use keelback_checker::types::Name;
use rustc_hash::FxHashSet;

use crate::compile::{CompileError, CompiledModule, ModuleSource};
use crate::error;
use crate::ffi::{self, PyObject};
use crate::gil::GilCell;
use crate::host::{self, Options};
use crate::object::{self, Owned, PyResult, Raised};
use crate::records;

const HOOK: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
    concat!(include_str!("python/hook.py"), "\0").as_bytes(),
) {
    Ok(text) => text,
    Err(_) => panic!("the hook's source holds a null byte"),
};

/// Importlib's own file name: CPython removes frames of it from the tracebacks of failed imports.
const IMPORTLIB_FILE: &std::ffi::CStr = c"<frozen importlib._bootstrap_external>";

/// Installs the finders. `_keelback`'s module object is passed for its functions `expect`, `begin`, `prepare` and `by_pattern`.
///
/// # Errors
/// Whatever running the hook's source raised.
///
/// # Safety
/// `module` must be the extension module; the GIL is held.
pub unsafe fn install(module: *mut PyObject, options: &Options) -> PyResult<Owned> {
    // SAFETY: new references are owned; `module` is alive.
    unsafe {
        let code = Owned::from_new(ffi::Py_CompileString(
            HOOK.as_ptr(),
            IMPORTLIB_FILE.as_ptr(),
            ffi::Py_file_input,
        ))?;
        let globals = Owned::from_new(ffi::PyDict_New())?;
        let set = |name: &std::ffi::CStr, value: &Owned| -> PyResult<()> {
            if ffi::PyDict_SetItemString(globals.as_ptr(), name.as_ptr(), value.as_ptr()) < 0 {
                return Err(Raised);
            }
            Ok(())
        };
        set(c"__name__", &object::str_object("_keelback_hook")?)?;
        set(
            c"__builtins__",
            &Owned::from_new(ffi::PyImport_ImportModule(c"builtins".as_ptr()))?,
        )?;
        set(c"prepare", &object::getattr(module, c"prepare")?)?;
        set(c"expect", &object::getattr(module, c"expect")?)?;
        set(c"begin", &object::getattr(module, c"begin")?)?;
        set(c"by_pattern", &object::getattr(module, c"by_pattern")?)?;
        let patterns = Owned::from_new(ffi::PyBool_FromLong(
            (!options.static_patterns.is_empty()).into(),
        ))?;
        set(c"PATTERNS", &patterns)?;
        set(c"SOURCES", &embedded_sources()?)?;
        Owned::from_new(ffi::PyEval_EvalCode(
            code.as_ptr(),
            globals.as_ptr(),
            globals.as_ptr(),
        ))?;
        let install = Owned::from_borrowed(ffi::PyDict_GetItemString(
            globals.as_ptr(),
            c"install".as_ptr(),
        ));
        Owned::from_new(ffi::PyObject_CallNoArgs(install.as_ptr()))?;
        Ok(globals)
    }
}

/// `{module name: (source, is package, path)}` of the packages carried along.
unsafe fn embedded_sources() -> PyResult<Owned> {
    // SAFETY: new references are owned, and given to the tuples that take them.
    unsafe {
        let dict = Owned::from_new(ffi::PyDict_New())?;
        for module in keelback_stdlib::modules() {
            let flag = Owned::from_new(ffi::PyBool_FromLong(module.is_package.into()))?;
            let parts = [
                object::str_object(module.source)?,
                flag,
                object::str_object(module.path)?,
            ];
            let tuple = Owned::from_new(ffi::PyTuple_New(3))?;
            for (i, part) in parts.into_iter().enumerate() {
                ffi::PyTuple_SetItem(tuple.as_ptr(), i as isize, part.into_ptr());
            }
            let name = object::str_object(module.name)?;
            if ffi::PyDict_SetItem(dict.as_ptr(), name.as_ptr(), tuple.as_ptr()) < 0 {
                return Err(Raised);
            }
        }
        Ok(dict)
    }
}

/// Whether one of the configured patterns makes the module called `name` static.
pub fn matches_pattern(name: &str) -> bool {
    host::options().static_patterns.matches(name)
}

/// The folders of static modules that were imported: others in them are probably static too.
static FOLDERS: GilCell<Option<FxHashSet<PathBuf>>> = GilCell::new(None);

fn with_folders<R>(body: impl FnOnce(&mut FxHashSet<PathBuf>) -> R) -> R {
    // SAFETY: callers hold the GIL, and bodies only touch the set.
    unsafe { FOLDERS.with(|folders| body(folders.get_or_insert_default())) }
}

/// Lets the compiler begin with a file that CPython has found and is about to read, if it is beside a static module.
///
/// # Safety
/// The GIL is held.
pub unsafe fn expect(name: &str, path: &Path) {
    let Some(folder) = path.parent() else { return };
    // SAFETY: the caller's promise.
    let is_new = unsafe { records::module(name) }.is_none();
    if is_new && with_folders(|folders| folders.contains(folder)) {
        host::compiler().expect_module(name, path);
    }
}

/// Lets the compiler begin with a module that CPython is about to compile. What is wrong with it is said by [`prepare`].
///
/// # Safety
/// The GIL is held.
pub unsafe fn begin(name: &str, path: &Path, bytes: &[u8]) {
    // A module that is imported again may be left to CPython: see `prepare_bytes`.
    // SAFETY: the caller's promise.
    if unsafe { records::module(name) }.is_some() {
        return;
    }
    if let Some((text, by_pattern)) = static_text(name, bytes) {
        host::compiler().begin_module(ModuleSource {
            name,
            path,
            text: &text,
            by_pattern,
        });
    }
}

/// The text of a module if it is static, and whether a pattern alone says so.
fn static_text(name: &str, bytes: &[u8]) -> Option<(String, bool)> {
    // CPython compiles what we cannot decode if it is in an encoding that we do not read: its own run is right.
    let text = keelback_parser::decode(bytes).ok()?;
    let marked = keelback_parser::is_static_module(&text).is_static();
    (marked || matches_pattern(name)).then_some((text, !marked))
}

/// Shows a module to the compiler before its body runs. `data` is the text that CPython compiled; without it, it took the code from a cache, and the text
/// is read. `false`: the module is not static after all.
///
/// # Errors
/// `TypedSyntaxError` with all errors of the module, or whatever reading the file raised.
///
/// # Safety
/// All pointers are live objects: a source loader, a code object, the module's dict, the text; the GIL is held.
pub unsafe fn prepare(
    loader: *mut PyObject,
    name: &str,
    code: *mut PyObject,
    globals: *mut PyObject,
    data: Option<*mut PyObject>,
) -> PyResult<bool> {
    // SAFETY: the caller's promise; new references are owned.
    unsafe {
        let path = object::getattr(loader, c"path")?;
        let data = match data {
            Some(data) => Owned::from_borrowed(data),
            None => {
                let get_data = object::getattr(loader, c"get_data")?;
                Owned::from_new(ffi::PyObject_CallOneArg(get_data.as_ptr(), path.as_ptr()))?
            }
        };
        let mut bytes = std::ptr::null_mut();
        let mut size = 0;
        if ffi::PyBytes_AsStringAndSize(data.as_ptr(), &raw mut bytes, &raw mut size) < 0 {
            return Err(Raised);
        }
        let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), size as usize);
        let path = object::display(path.as_ptr());
        prepare_bytes(name, Path::new(&path), bytes, code, globals)
    }
}

/// [`prepare`] for text already read.
///
/// # Errors
/// As there.
///
/// # Safety
/// As there.
pub unsafe fn prepare_bytes(
    name: &str,
    path: &Path,
    bytes: &[u8],
    code: *mut PyObject,
    globals: *mut PyObject,
) -> PyResult<bool> {
    let Some((text, by_pattern)) = static_text(name, bytes) else {
        return Ok(false);
    };
    // SAFETY: the caller's promise.
    if let Some(first) = unsafe { other_copy(name, globals) } {
        crate::stats::module_left(
            name,
            &format!("another copy of the module `{first}` was imported before"),
        );
        return Ok(false);
    }
    let source = ModuleSource {
        name,
        path,
        text: &text,
        by_pattern,
    };
    match host::compiler().compile_module(source) {
        Ok(module) => {
            // SAFETY: the caller's promise.
            unsafe {
                if let Some(first) = uses_other_copy(&module) {
                    crate::stats::module_left(
                        name,
                        &format!(
                            "it imports another copy of the module `{first}` than was compiled"
                        ),
                    );
                    return Ok(false);
                }
                crate::records::register_module(name, module, code, globals, by_pattern)?;
            }
            if let Some(folder) = path.parent() {
                with_folders(|folders| folders.insert(folder.to_owned()));
            }
            Ok(true)
        }
        // A pattern must not break a working program.
        Err(_) if by_pattern => Ok(false),
        // CPython has compiled the text: what our parser will not have of it is our own limit.
        Err(errors) if errors.iter().all(|e| e.rule == Rule::SyntaxError.name()) => {
            let reason = errors.first().map_or("", |e| &e.message);
            crate::stats::module_left(name, reason);
            Ok(false)
        }
        // SAFETY: the GIL is held.
        Err(errors) => Err(unsafe { raise_compile_errors(path, &text, &errors) }),
    }
}

/// A module that is imported while another copy of it, with a dict of its own, is static. What is compiled goes by the names of classes and functions, so
/// that there can be one of each: further copies are run by CPython, and each copy sees its own classes. A module that is reloaded is no copy.
unsafe fn other_copy(name: &str, globals: *mut PyObject) -> Option<&str> {
    // SAFETY: the GIL is held.
    let record = unsafe { records::module(name) }?;
    (record.globals != globals).then_some(name)
}

/// A static module that a module imports, when what it gets is another copy than the one that its types speak of.
unsafe fn uses_other_copy(module: &CompiledModule) -> Option<Name> {
    module.interface.exports.values().find_map(|export| {
        let (Export::Module(imported)
        | Export::Import {
            module: imported, ..
        }) = export
        else {
            return None;
        };
        // SAFETY: the GIL is held; modules are kept alive by `sys.modules` while their dicts are compared.
        unsafe {
            let record = records::module(imported)?;
            let key = object::str_object(imported).ok()?;
            let loaded = ffi::PyDict_GetItemWithError(ffi::PyImport_GetModuleDict(), key.as_ptr());
            if loaded.is_null() {
                ffi::PyErr_Clear();
                return Some(*imported);
            }
            let same =
                ffi::PyModule_Check(loaded) == 0 || ffi::PyModule_GetDict(loaded) == record.globals;
            (!same).then_some(*imported)
        }
    })
}

/// Raises `TypedSyntaxError` for the first error's position, with all errors in the message.
unsafe fn raise_compile_errors(path: &Path, text: &str, errors: &[CompileError]) -> Raised {
    let Some(first) = errors.first() else {
        return error::system_error("the compiler refused a module and gave no error");
    };
    let path = path.display().to_string();
    let mut message = format!("{} [{}]", first.message, first.rule);
    for e in &errors[1..] {
        message.push_str(&format!(
            "\n{path}:{}:{}: {} [{}]",
            e.line, e.column, e.message, e.rule
        ));
    }
    let line_text = text
        .lines()
        .nth(first.line.saturating_sub(1) as usize)
        .unwrap_or("");
    let build = || -> PyResult<Raised> {
        // SAFETY: new references are owned, and given to the tuples that take them.
        unsafe {
            let class = error::typed_syntax_error()?;
            let number = |n: u32| Owned::from_new(ffi::PyLong_FromLong(n.into()));
            let details = [
                object::str_object(&path)?,
                number(first.line)?,
                number(first.column)?,
                object::str_object(line_text)?,
                number(first.end_line)?,
                number(first.end_column)?,
            ];
            let tuple = Owned::from_new(ffi::PyTuple_New(details.len() as isize))?;
            for (i, part) in details.into_iter().enumerate() {
                ffi::PyTuple_SetItem(tuple.as_ptr(), i as isize, part.into_ptr());
            }
            let message = object::str_object(&message)?;
            let args = [message.as_ptr(), tuple.as_ptr()];
            let exception = Owned::from_new(ffi::PyObject_Vectorcall(
                class,
                args.as_ptr(),
                args.len(),
                std::ptr::null_mut(),
            ))?;
            ffi::PyErr_SetObject(class, exception.as_ptr());
            Ok(Raised)
        }
    };
    build().unwrap_or(Raised)
}

/// Leaves only the finder of the embedded packages installed.
///
/// # Errors
/// Whatever changing `sys.meta_path` raised.
///
/// # Safety
/// `hook` is what [`install`] returned.
pub unsafe fn serve_packages_only(hook: *mut PyObject) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe { call_hook(hook, c"serve_packages_only") }
}

/// Installs the finders again.
///
/// # Errors
/// Whatever changing `sys.meta_path` raised.
///
/// # Safety
/// `hook` is what [`install`] returned.
pub unsafe fn serve(hook: *mut PyObject) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe { call_hook(hook, c"install") }
}

unsafe fn call_hook(hook: *mut PyObject, name: &std::ffi::CStr) -> PyResult<()> {
    // SAFETY: borrowed from the dict, which is alive.
    unsafe {
        let function = ffi::PyDict_GetItemString(hook, name.as_ptr());
        if function.is_null() {
            return Err(error::system_error("the import hook is incomplete"));
        }
        Owned::from_new(ffi::PyObject_CallNoArgs(function))?;
        Ok(())
    }
}
