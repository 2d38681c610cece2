//! What the host asks of the compiler.
//!
//! The host knows modules, code objects and classes; the compiler knows types and machine code. They meet here: the importer hands over a
//! module's text and gets back its interface and, for each function, either something executable or the reason why CPython runs it.

use std::path::Path;
use std::sync::Arc;

use keelback_checker::interface::{ClassInterface, FunctionInterface, ModuleInterface};

/// A module as the importer found it.
#[derive(Clone, Copy, Debug)]
pub struct ModuleSource<'a> {
    /// Full dotted name; `__main__` for the main script.
    pub name: &'a str,
    /// The file.
    pub path: &'a Path,
    /// Its decoded text.
    pub text: &'a str,
    /// Static by a configured pattern alone, not by a marker.
    pub by_pattern: bool,
}

/// A compiled module.
#[derive(Debug, Default)]
pub struct CompiledModule {
    /// What it shows to others.
    pub interface: Arc<ModuleInterface>,
    /// Every `def` of it that has a code object of its own, nested ones included.
    pub functions: Vec<CompiledFunction>,
    /// Every class statement of it.
    pub classes: Vec<CompiledClass>,
}

/// A function and where its code object is found.
#[derive(Debug)]
pub struct CompiledFunction {
    /// Its signature.
    pub interface: Arc<FunctionInterface>,
    /// `co_firstlineno`: the line of the first decorator, or of the `def`.
    pub first_line: u32,
    /// How it runs.
    pub body: FunctionBody,
}

/// How a function runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FunctionBody {
    /// CPython's own code behind checks, and why.
    Interpreted(String),
    /// Compiled when first called: the [`Bindings`](crate::watch::bindings::Bindings) are asked for its entries.
    Compiled,
}

/// A class and where its body's code object is found.
#[derive(Debug)]
pub struct CompiledClass {
    /// What is known of it.
    pub interface: Arc<ClassInterface>,
    /// `co_firstlineno` of the class body.
    pub first_line: u32,
}

/// An error of a module's text or types. Lines and columns count from 1; columns in code points.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CompileError {
    /// Rule name, in kebab-case.
    pub rule: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

/// The compiler as the host sees it.
pub trait Compiler: Send + Sync {
    /// Says that a program is about to start, which probably has static modules. Nothing may come of it.
    fn begin_program(&self) {}

    /// Says that a file is about to be imported as `name`, which is probably a static module. Nothing may come of it.
    fn expect_module(&self, _name: &str, _path: &Path) {}

    /// Says that a module is about to be asked for, so that work on it can begin. Nothing may come of it.
    fn begin_module(&self, _source: ModuleSource<'_>) {}

    /// Checks and compiles one module.
    ///
    /// # Errors
    /// All errors of the module, in order of position.
    fn compile_module(&self, source: ModuleSource<'_>)
    -> Result<CompiledModule, Vec<CompileError>>;
}

/// A compiler that knows nothing: every function is CPython's.
#[derive(Debug)]
pub struct NoCompiler;

impl Compiler for NoCompiler {
    fn compile_module(&self, _: ModuleSource<'_>) -> Result<CompiledModule, Vec<CompileError>> {
        Ok(CompiledModule::default())
    }
}
