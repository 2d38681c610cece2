//! The importer's question answered: what are a module's functions and classes, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::Located;
use keelback_checker::infer::check_function;
use keelback_checker::interface::{
    Export, FunctionInterface, FunctionKind, ModuleInterface, ParamKind,
};
use keelback_checker::modules::module_interface;
use keelback_checker::rules::Level;
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::system::OsSystem;
use keelback_checker::tree::{Assumption, Binding};
use keelback_checker::types::{Name, Symbol};
use keelback_lowering::function::{CheckContext, CheckRef, Function, Imm, Origin};
use keelback_lowering::helpers::Helper;
use keelback_parser::PythonVersion;
use keelback_parser::text_size::TextRange;

use super::Driver;
use super::ahead::{self, Why};
use super::unit::Unit;
use crate::compile::{
    CompileError, CompiledClass, CompiledFunction, CompiledModule, Compiler, FunctionBody,
    ModuleSource,
};
use crate::ffi;
use crate::object;
use crate::stats::{self, Phase};

/// The compiler over the checker's database.
#[derive(Debug)]
pub struct DatabaseCompiler;

impl Compiler for DatabaseCompiler {
    fn begin_program(&self) {
        warm_up();
    }

    fn expect_module(&self, name: &str, path: &Path) {
        let driver = Driver::get();
        driver.with_db(|db| {
            set_settings(db);
            let file = db.os_file(path);
            db.refresh_file(file);
            ahead::check_ahead(db, file, Why::Expected(Name::new(name)));
        });
    }

    fn begin_module(&self, source: ModuleSource<'_>) {
        Driver::get().with_db(|db| {
            let file = file_of(db, &source);
            ahead::check_ahead(db, file, Why::Imported);
        });
    }

    fn compile_module(
        &self,
        source: ModuleSource<'_>,
    ) -> Result<CompiledModule, Vec<CompileError>> {
        let started = Instant::now();
        let driver = Driver::get();
        let result = driver.with_db(|db| check(db, &source));
        stats::add(Phase::Check, started.elapsed());
        let Checked {
            interface,
            functions,
            classes,
        } = result?;
        driver.with_db(|db| foresee(db, &interface));
        let functions = functions
            .into_iter()
            .map(|(interface, first_line, left)| {
                let body = match left {
                    Some(reason) => FunctionBody::Interpreted(reason),
                    None => FunctionBody::Compiled,
                };
                CompiledFunction {
                    interface,
                    first_line,
                    body,
                }
            })
            .collect();
        Ok(CompiledModule {
            interface,
            functions,
            classes,
        })
    }
}

/// What comes of checking a module: what it consists of, or all that is wrong with it.
pub(super) type Outcome = Result<Checked, Vec<CompileError>>;

/// What a module without errors consists of.
pub(super) struct Checked {
    interface: Arc<ModuleInterface>,
    /// Signature, first line, and why CPython runs it if it does.
    functions: Vec<(Arc<FunctionInterface>, u32, Option<String>)>,
    classes: Vec<CompiledClass>,
}

/// Tells the database of what the interpreter goes by now.
fn set_settings(db: &mut Database) {
    let driver = Driver::get();
    let folders = path();
    // SAFETY: the GIL is held; the closures only touch what the cells hold.
    let is_known = unsafe { driver.path.with(|known| known.as_ref() == Some(&folders)) };
    // Nothing else changes while a process runs.
    if is_known {
        return;
    }
    // SAFETY: as above.
    unsafe { driver.path.with(|known| *known = Some(folders.clone())) };
    // Modules keep the names under which they were imported, whatever their paths would say now.
    // SAFETY: as above.
    let imported: Vec<(Name, File)> = unsafe {
        driver
            .files
            .with(|files| files.iter().map(|(n, f)| (*n, *f)).collect())
    };
    for (name, file) in imported {
        db.set_name(file, name);
    }
    let (major, minor, _) = ffi::version();
    let options = crate::host::options();
    db.set_settings(&Settings {
        // Modules are looked up in the program's own folders, and those of the installation, of which typeshed knows better.
        search_paths: SearchPaths::of_interpreter(&OsSystem::new(), folders),
        python_version: PythonVersion::from((major, minor)),
        static_patterns: options.static_patterns.clone(),
        // Nobody sees the hints of an import, and they take time.
        rules: options.rules.clone().without_hints(),
        ..Settings::default()
    });
}

/// Tells the database of a module that is imported.
fn file_of(db: &mut Database, source: &ModuleSource<'_>) -> File {
    set_settings(db);
    let file = db.os_file(source.path);
    db.refresh_file(file);
    let name = Name::new(source.name);
    // Where the path says the same, nothing changes for what is known of other modules.
    if keelback_checker::resolve::module_name(db, file) != name {
        db.set_name(file, name);
    }
    // CPython runs this text, so this text is checked, whatever the file holds by now.
    if *keelback_checker::files::source_text(db, file).text != *source.text {
        db.set_text(file, Some(Arc::from(source.text)));
    }
    file
}

/// What a first static module is likely to use, in a text that never runs.
const SAMPLE: &str = include_str!("../python/sample.py");

/// Begins to check what a first static module is likely to use, so that it finds that known.
fn warm_up() {
    Driver::get().with_db(|db| {
        set_settings(db);
        // No module is found there, and none has the name.
        let file = db.os_file(Path::new("/<keelback>/sample.py"));
        db.set_name(file, Name::new("<sample>"));
        db.set_text(file, Some(Arc::from(SAMPLE)));
        ahead::check_ahead(db, file, Why::WarmUp);
    });
}

fn check(db: &mut Database, source: &ModuleSource<'_>) -> Outcome {
    let file = file_of(db, source);
    Driver::get().add_file(&Name::new(source.name), file);
    ahead::checked(db, file)
}

/// Begins with the modules that a module imports, which its body is about to ask for.
fn foresee(db: &Database, interface: &ModuleInterface) {
    for export in interface.exports.values() {
        let (Export::Module(module) | Export::Import { module, .. }) = export else {
            continue;
        };
        // SAFETY: the GIL is held.
        let is_new = unsafe { crate::records::module(module) }.is_none();
        if is_new
            && let Some(file) = keelback_checker::resolve::resolve_module(db, module)
            && !file.path(db).is_stub()
        {
            ahead::check_ahead(db, file, Why::Expected(*module));
        }
    }
}

/// What comes of checking `file`. Needs no GIL.
pub(super) fn outcome(db: &Database, file: File) -> Outcome {
    let diagnostics = check_file(db, file);
    let errors: Vec<CompileError> = diagnostics
        .iter()
        .filter(|d| d.severity == Level::Error)
        .map(|d| {
            let place = Located::new(db, d).primary.place;
            let (start, end) = (place.start(), place.end());
            CompileError {
                rule: d.rule.name().to_owned(),
                message: d.message.clone(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
            }
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let interface = module_interface(db, file);
    let index = keelback_checker::index::module_index(db, file);
    let lines = keelback_checker::files::source_file(db, file);
    let line = |range: TextRange| lines.lines.line_column(&lines.text, range.start()).line;
    let mut functions = Vec::new();
    for (qualname, function) in &interface.functions {
        let Some(entry) = index.functions.get(qualname) else {
            continue;
        };
        // `@dynamic`: nothing of it is ours, not even its checks.
        if function.is_opted_out {
            continue;
        }
        let left = match check_function(db, file, qualname) {
            Some(checked) => checked.body.as_ref().err().map(|f| f.reason.to_string()),
            None => Some("a function nested in another".to_owned()),
        };
        functions.push((function.clone(), line(entry.range), left));
    }
    let classes = interface
        .classes
        .iter()
        .filter_map(|(qualname, class)| {
            let entry = index.classes.get(qualname)?;
            Some(CompiledClass {
                interface: class.clone(),
                first_line: line(entry.range),
            })
        })
        .collect();
    Ok(Checked {
        interface,
        functions,
        classes,
    })
}

/// `sys.path`.
fn path() -> Vec<PathBuf> {
    // SAFETY: the GIL is held; `sys.path` is read item by item, and what is not a string is passed over as CPython does.
    unsafe {
        let list = ffi::PySys_GetObject(c"path".as_ptr());
        if list.is_null() || ffi::PyList_Check(list) == 0 {
            return Vec::new();
        }
        (0..ffi::PyList_Size(list))
            .filter_map(|i| object::text(ffi::PyList_GetItem(list, i)))
            .filter_map(|path| std::path::absolute(if path.is_empty() { "." } else { path }).ok())
            .collect()
    }
}

/// The bytecode of a function of the source, before the passes, and what it assumes.
pub(super) fn lower(
    db: &Database,
    file: File,
    symbol: &Symbol,
) -> Result<(Function, Vec<Assumption>), String> {
    let Some(checked) = check_function(db, file, &symbol.qualname) else {
        return Err("a function nested in another".to_owned());
    };
    let body = checked.body.as_ref().map_err(|f| f.reason.to_string())?;
    let function = keelback_lowering::query::lower_function(db, file, &symbol.qualname);
    let function = function
        .as_ref()
        .as_ref()
        .map_err(|e| e.reason.to_string())?
        .clone();
    // What follows an `assert` may rely on it, so it cannot just be left out.
    if !asserts() && has_asserts(&function) {
        return Err("an `assert`, which -O leaves out".to_owned());
    }
    Ok((function, body.assumptions.clone()))
}

/// Whether this process runs `assert` statements: not under `-O`.
fn asserts() -> bool {
    static ASSERTS: OnceLock<bool> = OnceLock::new();
    *ASSERTS.get_or_init(|| {
        // SAFETY: the GIL is held; `sys.flags` is borrowed from `sys`.
        unsafe {
            let flags = ffi::PySys_GetObject(c"flags".as_ptr());
            if flags.is_null() {
                return true;
            }
            let level = object::getattr(flags, c"optimize").map(|o| ffi::PyLong_AsLong(o.as_ptr()));
            if level.is_err() {
                ffi::PyErr_Clear();
            }
            level.unwrap_or(0) == 0
        }
    })
}

fn has_asserts(function: &Function) -> bool {
    let raises = Imm::Helper(Helper::raise_assertion);
    let mut insts = function.blocks.iter().flat_map(|b| &b.insts);
    insts.any(|inst| inst.imm == raises)
}

/// Notes what a unit assumes, so that it is left to CPython when that stops being so.
///
/// # Errors
/// It is not so now.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn assume(unit: &'static Unit, assumptions: &[Assumption]) -> Result<(), String> {
    let builtins = Name::new("builtins");
    for assumption in assumptions {
        // SAFETY: the caller's promise.
        unsafe {
            if !holds(&unit.symbol.module, assumption) {
                return Err(match assumption {
                    Assumption::Builtin(name) => format!("the name `{name}` is not the builtin"),
                    Assumption::Module { binding, .. }
                    | Assumption::Member { binding, .. }
                    | Assumption::Class { binding, .. } => {
                        format!(
                            "the name `{}` is not bound to what the checker saw",
                            binding.name
                        )
                    }
                    Assumption::Super { class, .. } => super::supers::reason(class),
                });
            }
            match assumption {
                Assumption::Builtin(name) => {
                    super::cells::assume(unit, &builtins, name);
                    super::cells::assume(unit, &unit.symbol.module, name);
                }
                Assumption::Module { binding, .. }
                | Assumption::Member { binding, .. }
                | Assumption::Class { binding, .. } => {
                    let Binding { module, name } = binding;
                    super::cells::assume(unit, module, name);
                    if let Assumption::Class { class, .. } = assumption {
                        super::cells::assume_class(unit, class);
                    }
                }
                Assumption::Super { class, owner } => super::supers::rely(unit, *class, *owner),
            }
        }
    }
    Ok(())
}

unsafe fn holds(module: &Name, assumption: &Assumption) -> bool {
    use super::cells::lookup_global;
    // SAFETY: the GIL is held.
    unsafe {
        match assumption {
            Assumption::Builtin(name) => {
                lookup_global(module, name).is_null() && super::cells::is_original_builtin(name)
            }
            Assumption::Module { binding, module } => {
                let value = lookup_global(&binding.module, &binding.name);
                !value.is_null() && super::cells::is_module(value, module)
            }
            Assumption::Member {
                binding,
                module,
                name,
            } => {
                let value = lookup_global(&binding.module, &binding.name);
                !value.is_null() && super::cells::is_member(value, module, name)
            }
            Assumption::Class { binding, class } => {
                let value = lookup_global(&binding.module, &binding.name);
                crate::records::class(class)
                    .is_some_and(|r| !value.is_null() && r.class.get().cast() == value)
            }
            Assumption::Super { class, owner } => super::supers::holds(class, owner),
        }
    }
}

/// The checks of the parameters of a unit's vectorcall; `None` when it has none of its own: synthesised, or with parameters that are gathered.
pub(super) fn vectorcall_params(unit: &Unit) -> Option<Vec<Option<CheckRef>>> {
    if unit.origin != Origin::Source {
        return None;
    }
    let interface = Driver::get().interface(&unit.symbol)?;
    let simple =
        |kind: ParamKind| matches!(kind, ParamKind::Positional | ParamKind::PositionalOnly);
    let has_self = matches!(
        interface.kind,
        FunctionKind::Method | FunctionKind::Property | FunctionKind::Setter
    );
    if !interface.params.iter().all(|p| simple(p.kind)) {
        return None;
    }
    Some(
        interface
            .params
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let checked = p.annotated || (i == 0 && has_self);
                (checked && !p.ty.is_dynamic()).then(|| CheckRef {
                    ty: p.ty,
                    context: CheckContext::Argument {
                        function: interface.symbol.qualname,
                        param: p.name,
                    },
                })
            })
            .collect(),
    )
}
