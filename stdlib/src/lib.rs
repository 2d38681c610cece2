//! What compiled code knows of Python's library, as data: the Python packages that come with Keelback.
//!
//! The packages are sources embedded in the command and in the extension module, so that a program runs with nothing installed:
//! `keelback`, the control of the compiler from Python, and `__static__`, the names of static modules with a pure-Python
//! fallback for running them uncompiled. The host's importer serves them from [`modules`] when the program's own path has none.
//!
//! This crate refuses to know anything of the checker's types or of CPython; whoever needs these sources reads them from here, and
//! nothing here reads anything else.
#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod intrinsics;

/// A Python module that is part of Keelback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// The dotted name under which it is imported.
    pub name: &'static str,
    /// Whether it is a package, which has modules in it.
    pub is_package: bool,
    /// Its text.
    pub source: &'static str,
    /// The file that tracebacks and `__file__` name; it need not exist on the user's machine.
    pub path: &'static str,
}

macro_rules! modules {
    ($($name:literal, $is_package:literal, $path:literal;)+) => {
        /// Every module, packages before what is in them.
        const MODULES: &[Module] = &[$(Module {
            name: $name,
            is_package: $is_package,
            source: include_str!(concat!("../python/", $path)),
            path: concat!("<keelback>/", $path),
        },)+];
    };
}

modules! {
    "__static__", true, "__static__/__init__.py";
    "__static__._arrays", false, "__static__/_arrays.py";
    "__static__._checked", false, "__static__/_checked.py";
    "__static__._checks", false, "__static__/_checks.py";
    "__static__._decorators", false, "__static__/_decorators.py";
    "__static__._errors", false, "__static__/_errors.py";
    "__static__._introspection", false, "__static__/_introspection.py";
    "__static__._primitives", false, "__static__/_primitives.py";
    "keelback", true, "keelback/__init__.py";
    "keelback.__main__", false, "keelback/__main__.py";
}

/// Every module, packages before what is in them.
#[must_use]
pub fn modules() -> &'static [Module] {
    MODULES
}

/// The module of a dotted name.
#[must_use]
pub fn module(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

#[cfg(test)]
mod tests;
