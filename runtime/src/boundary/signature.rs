//! A function's signature as the boundary needs it: parameter names as interned strings, and a check for each parameter.

use keelback_checker::interface::{FunctionInterface, FunctionKind, ParamKind};
use keelback_checker::types::Type;

use super::check::Check;
use crate::ffi::{self, PyObject};
use crate::object::{self, Borrowed, PyResult};

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name as in `inspect.signature` (mangled where CPython mangles).
    pub name: Borrowed<'static>,
    /// Its kind.
    pub kind: ParamKind,
    /// Its check; trivial where nothing was declared.
    pub check: Check,
}

/// A signature.
#[derive(Debug)]
pub struct Signature {
    /// `co_qualname`
    pub qualname: String,
    /// Parameters in the order of the native function.
    pub parameters: Vec<Parameter>,
    /// How many can be given by position (`co_argcount`).
    pub positional: usize,
    /// How many of these only so.
    pub positional_only: usize,
    /// Index of `*args`.
    pub var_positional: Option<usize>,
    /// Index of `**kwargs`.
    pub var_keyword: Option<usize>,
    /// The declared return type's check; trivial for generators and coroutines, whose results come later.
    pub returns: Check,
    /// Whether any argument or the result has a check.
    pub has_checks: bool,
    /// Whether the annotated result is checked when CPython runs the body.
    pub is_plain: bool,
}

impl Signature {
    /// Prepares the signature of the function with this code object.
    ///
    /// # Errors
    /// `MemoryError`.
    ///
    /// # Safety
    /// `code` is a live code object; the GIL is held.
    pub unsafe fn new(interface: &FunctionInterface, code: *mut PyObject) -> PyResult<Signature> {
        let mut parameters = Vec::with_capacity(interface.params.len());
        let has_self = matches!(
            interface.kind,
            FunctionKind::Method | FunctionKind::Property | FunctionKind::Setter
        );
        for (i, p) in interface.params.iter().enumerate() {
            let checked = p.annotated || (has_self && i == 0);
            parameters.push(Parameter {
                name: object::interned(&p.name)?,
                kind: p.kind,
                check: Check::new(if checked { &p.ty } else { &Type::Dynamic }),
            });
        }
        let count =
            |f: &dyn Fn(ParamKind) -> bool| interface.params.iter().filter(|p| f(p.kind)).count();
        let is_plain = !interface.is_async && !interface.is_generator;
        let returns = Check::new(if is_plain && interface.returns_annotated {
            &interface.returns
        } else {
            &Type::Dynamic
        });
        // SAFETY: the caller's promise.
        let qualname = unsafe {
            let name = object::getattr(code, c"co_qualname")?;
            object::text(name.as_ptr())
                .unwrap_or(&interface.symbol.qualname)
                .to_owned()
        };
        Ok(Signature {
            qualname,
            positional: count(&|k| matches!(k, ParamKind::PositionalOnly | ParamKind::Positional)),
            positional_only: count(&|k| k == ParamKind::PositionalOnly),
            var_positional: interface
                .params
                .iter()
                .position(|p| p.kind == ParamKind::VarPositional),
            var_keyword: interface
                .params
                .iter()
                .position(|p| p.kind == ParamKind::VarKeyword),
            has_checks: !returns.is_trivial()
                || parameters
                    .iter()
                    .enumerate()
                    .any(|(i, p)| !(p.check.is_trivial() || has_self && i == 0)),
            parameters,
            returns,
            is_plain,
        })
    }

    /// The parameter that a keyword names, if it can be given by keyword.
    ///
    /// # Safety
    /// `name` is a live `str`; the GIL is held.
    pub unsafe fn by_keyword(&self, name: *mut PyObject) -> Option<usize> {
        let takes =
            |p: &Parameter| matches!(p.kind, ParamKind::Positional | ParamKind::KeywordOnly);
        let same = self
            .parameters
            .iter()
            .position(|p| p.name.as_ptr() == name && takes(p));
        if same.is_some() {
            return same;
        }
        self.parameters.iter().position(|p| {
            // SAFETY: both are strings, whose comparison runs no Python code of the user's.
            takes(p) && unsafe { ffi::PyUnicode_Compare(p.name.as_ptr(), name) == 0 }
        })
    }
}
