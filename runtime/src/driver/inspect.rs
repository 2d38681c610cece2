//! What Python code is told of functions, classes and modules: `keelback.info`, `keelback.dis` and the questions of `__static__`.

use std::fmt::Write as _;

use keelback_checker::db::{Database, File};
use keelback_checker::interface::{FunctionInterface, ParamKind};
use keelback_checker::types::Symbol;

use super::{Driver, Tier, cells};
use crate::compile::FunctionBody;
use crate::ffi::{self, PyObject};
use crate::records::{self, FunctionRecord};

/// What is known of a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// Its symbol: `module:qualified.name`.
    pub symbol: String,
    /// Its parameters and result with the types that the checker knows.
    pub signature: String,
    /// How compiled code passes arguments and result.
    pub native_signature: String,
    /// Who runs its calls: `native`, `interpreter` or `cpython`.
    pub tier: &'static str,
    /// Bytes of machine code; 0 before its first call.
    pub code_bytes: usize,
    /// Why CPython runs it, if it does.
    pub reason: Option<String>,
}

/// The record of a function of a static module.
unsafe fn record(object: *mut PyObject) -> Option<&'static FunctionRecord> {
    // SAFETY: the caller holds the GIL and keeps the object alive.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut ffi::PyFunction_Type {
            return None;
        }
        records::of_function(object)
    }
}

/// What is known of an object that may be a function of a static module.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn about(object: *mut PyObject) -> Option<About> {
    // SAFETY: the caller's promise.
    unsafe {
        let record = record(object)?;
        let unit = cells::unit_of_record(record);
        let reason = match &record.body {
            FunctionBody::Interpreted(reason) => Some(reason.clone()),
            FunctionBody::Compiled => record
                .failure
                .get()
                .or_else(|| unit.and_then(|unit| unit.left()))
                .map(str::to_owned),
        };
        let driver = Driver::get();
        Some(About {
            symbol: record.symbol.to_string(),
            signature: signature(&record.interface),
            native_signature: driver.signature(&record.symbol).to_string(),
            tier: match (&reason, driver.tier) {
                (Some(_), _) => "cpython",
                (None, Tier::Interp) => "interpreter",
                (None, Tier::Jit) => "native",
            },
            code_bytes: unit.map_or(0, |unit| unit.code_bytes()),
            reason,
        })
    }
}

/// Whether an object is a class that Keelback laid out.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn is_static_type(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { records::static_types().contains(&object.cast()) }
}

/// Whether an object is a module that was imported as a static one.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn is_static_module(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise; the dict is borrowed.
    unsafe {
        if ffi::PyModule_Check(object) == 0 {
            return false;
        }
        let globals = ffi::PyModule_GetDict(object);
        let modules = records::modules();
        modules
            .iter()
            .any(|module| !globals.is_null() && module.globals == globals)
    }
}

/// The database and the file that a function was compiled from, and its qualified name.
///
/// # Safety
/// `object` is alive; the GIL is held.
pub unsafe fn source(object: *mut PyObject) -> Option<(Database, File, Symbol)> {
    // SAFETY: the caller's promise.
    let record = unsafe { record(object)? };
    let driver = Driver::get();
    driver.with_db(|db| {
        let file = driver.file(db, &record.symbol.module)?;
        Some((db.clone(), file, record.symbol))
    })
}

/// `(xs: list[int], /, scale: float = …) -> float`
fn signature(interface: &FunctionInterface) -> String {
    let mut out = String::from("(");
    let mut before = ParamKind::PositionalOnly;
    for (i, param) in interface.params.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if before == ParamKind::PositionalOnly && param.kind != before && i > 0 {
            out.push_str("/, ");
        }
        let open = matches!(before, ParamKind::PositionalOnly | ParamKind::Positional);
        if param.kind == ParamKind::KeywordOnly && open {
            out.push_str("*, ");
        }
        out.push_str(match param.kind {
            ParamKind::VarPositional => "*",
            ParamKind::VarKeyword => "**",
            _ => "",
        });
        // Writing to a string cannot fail.
        let _ = write!(out, "{}: {}", param.name, param.ty);
        if param.default.is_some() {
            out.push_str(" = …");
        }
        before = param.kind;
    }
    if before == ParamKind::PositionalOnly && !interface.params.is_empty() {
        out.push_str(", /");
    }
    let _ = write!(out, ") -> {}", interface.returns);
    out
}
