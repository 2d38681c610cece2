//! Inference: from a function's syntax to its typed tree and its diagnostics.
//!
//! [`check_function`] is the question; the query is about a group of functions. It walks the body ([`stmt`]) in the order of control, with what is known at each point
//! ([`flow`]), several times until the types of locals and what is known at loop heads are settled ([`function`]); the last
//! walk writes the tree and reports. Each construct has a file: names, literals and displays ([`expr`]), operators ([`ops`]), attributes ([`attr`]),
//! subscripts ([`subscript`]), calls ([`call`], [`construct`], [`method`], [`super_call`], [`bind`], [`builtin`], [`statics`]), conditions and patterns ([`narrow`]), loops ([`loops`]),
//! exceptions and managers ([`handling`]), generators and coroutines ([`coroutine`]), comprehensions ([`comp`]), what is nested ([`nested`]),
//! enumerations ([`enums`]), typed dictionaries ([`typed_dict`]), assignment ([`assign`]), flow of values into places ([`convert`]).
//!
//! Two rules hold everywhere. What is not certain is dynamic, and dynamic code means what CPython means by it. A type that comes from outside
//! (an element of a list, a global, a stub, an attribute that was narrowed) is checked where it is read; only what this very function established is
//! known without a check.

pub mod assign;
pub mod attr;
mod attr_union;
pub mod belief;
pub mod bind;
pub mod builtin;
mod builtin_belief;
pub mod call;
pub mod comp;
mod compare_belief;
pub mod construct;
pub mod convert;
pub mod coroutine;
pub mod cx;
pub(crate) mod decorated;
pub mod deprecated;
mod directives;
pub mod enums;
pub mod expr;
pub mod flow;
pub mod function;
pub mod generic;
pub mod handling;
pub mod iterate;
pub mod loops;
pub mod method;
pub mod narrow;
pub mod nested;
pub mod ops;
pub mod own;
pub mod scope;
mod sliced;
mod statics;
pub mod stmt;
mod store;
pub mod subscript;
pub mod super_call;
mod trust;
pub mod typed_dict;
mod unpack;
pub mod world;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::annotation::Scope as AnnotationScope;
use crate::db::{Db, File, FunctionGroup};
use crate::diagnostic::Diagnostic;
use crate::index::{FunctionEntry, find_class, find_function, module_index};
use crate::interface::{ClassInterface, Export, FunctionInterface};
use crate::reach::Environment;
use crate::resolve::{module_name, resolve_from};
use crate::rules::Rule;
use crate::tree::{Body, Fallback};
use crate::types::{Name, Symbol, Type, Variable};

use cx::{Declared, Finding, ScopeKind};
pub use function::Learned;
use function::{Inferred, Scope, infer};
use nested::{Captured, Nest};
use world::{Env, ModuleKind, World};

/// What checking one function found.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckedFunction {
    /// Its diagnostics, hints included, before levels and ignore comments are applied.
    pub diagnostics: Vec<Diagnostic>,
    /// Its tree, or why it is left to CPython.
    pub body: Result<Body, Fallback>,
}

/// What becomes of one function.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// The function.
    pub function: Symbol,
    /// Where its name is.
    pub span: TextRange,
    /// Why it is left to CPython; compiled if there is no reason.
    pub fallback: Option<Fallback>,
}

/// The database as inference sees it.
pub(crate) struct DbEnv<'db> {
    pub(crate) db: &'db dyn Db,
    pub(crate) file: File,
}

impl DbEnv<'_> {
    fn find(&self, module: &str) -> Option<File> {
        resolve_from(self.db, self.file, &Name::new(module))
    }
}

impl Env for DbEnv<'_> {
    fn module(&self, module: &str) -> Option<ModuleKind> {
        let file = self.find(module)?;
        Some(ModuleKind {
            is_static: crate::files::staticness(self.db, file).is_static(),
            is_stub: file.path(self.db).is_stub(),
        })
    }

    fn export(&self, module: &str, name: &str) -> Option<Export> {
        let file = self.find(module)?;
        if let Some(export) = crate::modules::export_in(self.db, file, &Name::new(name)) {
            return Some(export);
        }
        // A name that comes by `from m import *`, or that every module has.
        use crate::symbols::{Resolved, resolve_builtin, resolve_in};
        let import = |module: &str, name: &str| Export::Import {
            module: Name::new(module),
            name: Name::new(name),
        };
        Some(match resolve_in(self.db, file, name) {
            Resolved::Function(symbol) => Export::Function(symbol),
            Resolved::Class(symbol) => Export::Class(symbol),
            Resolved::Module(module) => Export::Module(module),
            Resolved::Primitive(primitive) => import("__static__", primitive.name()),
            Resolved::Special(special) => import("typing", special.name()),
            Resolved::Variable { file, name } => {
                crate::modules::export_in(self.db, file, &name).unwrap_or(Export::Dynamic)
            }
            // The module may have it without binding it; what is a builtin is taken for one, which the runtime watches.
            Resolved::Dynamic
                if crate::files::staticness(self.db, file).is_static()
                    && resolve_builtin(self.db, name) != Resolved::Missing =>
            {
                return None;
            }
            Resolved::Dynamic => Export::Dynamic,
            // A stub may be older than the library: what it does not have is dynamic. Ours and that of the builtins are complete.
            Resolved::Missing
                if file.path(self.db).is_stub() && !matches!(module, "builtins" | "__static__") =>
            {
                let submodule = format!("{module}.{name}");
                match self.find(&submodule) {
                    Some(_) => Export::Module(Name::new(submodule)),
                    None => Export::Dynamic,
                }
            }
            Resolved::Missing => return None,
        })
    }

    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
        crate::classes::class_interface(self.db, self.file, symbol)
    }

    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        crate::signatures::function_interface(self.db, self.file, symbol)
    }

    fn alias(&self, symbol: &Symbol) -> Option<(Arc<[Variable]>, Type)> {
        let file = self.find(&symbol.module)?;
        let alias = crate::aliases::alias(self.db, file, &symbol.qualname)?;
        Some((alias.params.clone(), alias.value))
    }

    fn decorated(&self, symbol: &Symbol) -> Option<Type> {
        let file = self.find(&symbol.module)?;
        decorated::decorated(self.db, file, &symbol.qualname)
    }

    fn is_alias_object(&self, module: &str, name: &str) -> bool {
        let Some(file) = self.find(module) else {
            return false;
        };
        match crate::symbols::resolve_in(self.db, file, name) {
            crate::symbols::Resolved::Variable { file, name } => {
                crate::aliases::alias(self.db, file, &name)
                    .is_some_and(|alias| alias.form == crate::aliases::Form::Statement)
            }
            _ => false,
        }
    }

    fn overloads(&self, symbol: &Symbol) -> Vec<Arc<FunctionInterface>> {
        crate::signatures::overloads(self.db, self.file, symbol)
    }

    fn class_value(&self, class: &Symbol, name: &str) -> Type {
        self.find(&class.module).map_or(Type::Dynamic, |file| {
            crate::class_values::value_of_variable(self.db, file, &class.qualname, name)
        })
    }

    fn assigned(&self, module: &str, name: &str) -> Type {
        self.find(module).map_or(Type::Dynamic, |file| {
            crate::modules::assigned_type(self.db, file, &Name::new(name))
        })
    }

    fn names(&self, module: &str) -> Vec<Name> {
        self.find(module)
            .map(|file| crate::symbols::names_of(self.db, file))
            .unwrap_or_default()
    }
}

/// The part of a file that is inferred.
struct Part<'a> {
    kind: ScopeKind,
    function: Option<Arc<FunctionInterface>>,
    class: Option<Symbol>,
    body: &'a [Stmt],
    span: TextRange,
    name_span: TextRange,
    records: bool,
}

impl<'a> Part<'a> {
    /// The body of a class.
    fn of_class(symbol: Symbol, node: &'a ast::StmtClassDef) -> Part<'a> {
        Part {
            kind: ScopeKind::Class,
            function: None,
            class: Some(symbol),
            body: &node.body,
            span: node.range,
            name_span: node.name.range(),
            records: false,
        }
    }
}

fn run(
    db: &dyn Db,
    file: File,
    world: &World<'_>,
    scope: &AnnotationScope<'_>,
    part: Part<'_>,
) -> Inferred {
    let scope = scope.clone().checked();
    let source = crate::files::source_text(db, file);
    let environment = Environment::of(db);
    let decide = |condition: &ast::Expr| environment.truth(condition);
    let annotations = |expr: &ast::Expr| -> Declared {
        // What is wrong with an annotation is reported with the declarations.
        let mut problems = Vec::new();
        let found = scope.annotation(expr, &mut problems);
        Declared {
            problems,
            // In a body the name has the value that the constructor takes.
            ty: found
                .ty
                .map(|ty| crate::dataclasses::init_var(&ty).unwrap_or(ty)),
            is_final: found.is_final,
            is_annotated: scope.is_annotated(expr),
        }
    };
    let nest = DbNest { db, file, world };
    infer(&Scope {
        world,
        nest: Some(&nest),
        captured: &[],
        type_params: scope.declared_params(),
        annotations: &annotations,
        decide: &decide,
        source: &source.text,
        module: module_name(db, file),
        kind: part.kind,
        function: part.function,
        class: part.class,
        body: part.body,
        span: part.span,
        name_span: part.name_span,
        records: part.records,
    })
}

/// What is nested in functions, found in the database.
struct DbNest<'a> {
    db: &'a dyn Db,
    file: File,
    world: &'a World<'a>,
}

impl DbNest<'_> {
    fn infer(&self, qualname: &Name, part: Part<'_>, captured: &[Captured]) -> Inferred {
        let scope = AnnotationScope::inside(self.db, self.file, qualname).checked();
        let source = crate::files::source_text(self.db, self.file);
        let environment = Environment::of(self.db);
        let decide = |condition: &ast::Expr| environment.truth(condition);
        let annotations = |expr: &ast::Expr| -> Declared {
            let mut problems = Vec::new();
            let found = scope.annotation(expr, &mut problems);
            Declared {
                problems,
                ty: found.ty,
                is_final: found.is_final,
                is_annotated: scope.is_annotated(expr),
            }
        };
        infer(&Scope {
            world: self.world,
            nest: Some(self),
            captured,
            type_params: scope.declared_params(),
            annotations: &annotations,
            decide: &decide,
            source: &source.text,
            module: module_name(self.db, self.file),
            kind: part.kind,
            function: part.function,
            class: part.class,
            body: part.body,
            span: part.span,
            name_span: part.name_span,
            records: false,
        })
    }

    fn symbol(&self, qualname: Name) -> Symbol {
        Symbol::of(module_name(self.db, self.file), qualname)
    }
}

impl Nest for DbNest<'_> {
    fn function(&self, node: &ast::StmtFunctionDef) -> Option<Symbol> {
        let index = module_index(self.db, self.file);
        Some(self.symbol(index.function_of(node)?.qualname))
    }

    fn class(&self, node: &ast::StmtClassDef) -> Option<Symbol> {
        let index = module_index(self.db, self.file);
        Some(self.symbol(index.class_of(node)?.qualname))
    }

    fn check_function(
        &self,
        node: &ast::StmtFunctionDef,
        captured: &[Captured],
    ) -> (Vec<Finding>, Type) {
        let index = module_index(self.db, self.file);
        let Some(entry) = index.function_of(node) else {
            return (Vec::new(), Type::Dynamic);
        };
        let Some(interface) = crate::signatures::function_in(self.db, self.file, &entry.qualname)
        else {
            return (Vec::new(), Type::Dynamic);
        };
        let part = Part {
            kind: ScopeKind::Function,
            function: Some(interface),
            class: entry.class.map(|class| self.symbol(class)),
            body: &node.body,
            span: node.range,
            name_span: entry.name_range,
            records: false,
        };
        let found = self.infer(&entry.qualname, part, captured);
        (found.findings, found.returned)
    }

    fn check_class(&self, node: &ast::StmtClassDef, captured: &[Captured]) -> Vec<Finding> {
        let Some(symbol) = self.class(node) else {
            return Vec::new();
        };
        let part = Part::of_class(symbol, node);
        self.infer(&symbol.qualname, part, captured).findings
    }
}

fn diagnostics(file: File, findings: Vec<Finding>) -> Vec<Diagnostic> {
    findings
        .into_iter()
        .map(|finding| {
            let mut diagnostic =
                Diagnostic::new(finding.rule, file, finding.range, finding.message);
            for note in finding.notes {
                diagnostic = diagnostic.with_note(note);
            }
            if let Some((title, range, text)) = finding.fix {
                diagnostic = diagnostic.with_fix(title, range, text);
            }
            diagnostic
        })
        .collect()
}

/// How many functions, in the order of the file, are checked in one go: they share what they ask of other modules.
const TOGETHER: usize = 32;

/// Checks the function called `qualname` of `file`; nothing when there is no such function, or when it is nested in another.
pub fn check_function(db: &dyn Db, file: File, qualname: &Name) -> Option<Arc<CheckedFunction>> {
    let position = module_index(db, file).functions.get_index_of(qualname)?;
    let group = FunctionGroup::new(db, file, position / TOGETHER);
    check_functions(db, group).get(qualname).cloned()
}

#[salsa::tracked(returns(ref))]
fn check_functions<'db>(
    db: &'db dyn Db,
    group: FunctionGroup<'db>,
) -> FxHashMap<Name, Arc<CheckedFunction>> {
    let file = group.file(db);
    let index = module_index(db, file);
    let env = DbEnv { db, file };
    let world = World::new(&env);
    let first = group.number(db) * TOGETHER;
    let entries = index.functions.values().skip(first).take(TOGETHER);
    crate::stack::deep(|| {
        entries
            .filter(|entry| entry.parent.is_none())
            .filter_map(|entry| Some((entry.qualname, check_guarded(db, file, &world, entry)?)))
            .collect()
    })
}

/// Checks one function; a panic in it is what is found.
fn check_guarded(
    db: &dyn Db,
    file: File,
    world: &World<'_>,
    entry: &FunctionEntry,
) -> Option<Arc<CheckedFunction>> {
    let what = format!("function `{}`", entry.qualname);
    let mut checked = None;
    let diagnostics = crate::check::guard(file, entry.name_range, &what, || {
        checked = check_one(db, file, world, entry);
        Vec::new()
    });
    if diagnostics.is_empty() {
        return checked.map(Arc::new);
    }
    let body = Err(Fallback {
        reason: Name::new("an error in it"),
        span: entry.name_range,
    });
    Some(Arc::new(CheckedFunction { diagnostics, body }))
}

fn check_one(
    db: &dyn Db,
    file: File,
    world: &World<'_>,
    entry: &FunctionEntry,
) -> Option<CheckedFunction> {
    let qualname = &entry.qualname;
    let parsed = crate::files::parsed(db, file);
    let node = find_function(&parsed, entry.range)?;
    let interface = crate::signatures::function_in(db, file, qualname)?;
    let scope = AnnotationScope::inside(db, file, qualname);
    let class = entry
        .class
        .as_ref()
        .map(|c| Symbol::of(module_name(db, file), *c));
    let part = Part {
        kind: ScopeKind::Function,
        function: Some(interface),
        class,
        body: &node.body,
        span: node.range,
        name_span: entry.name_range,
        records: false,
    };
    let found = run(db, file, world, &scope, part);
    let mut body = found.body;
    if entry.is_redefined() && body.is_ok() {
        body = Err(Fallback {
            reason: Name::new("a second definition of the name"),
            span: entry.name_range,
        });
    }
    let mut reported = diagnostics(file, found.findings);
    let mut annotations = BodyAnnotations {
        scope: &scope,
        problems: Vec::new(),
    };
    annotations.visit_body(&node.body);
    if !annotations.problems.is_empty() && body.is_ok() {
        body = Err(Fallback {
            reason: Name::new("an error in it"),
            span: entry.name_range,
        });
    }
    reported.append(&mut annotations.problems);
    if let Err(fallback) = &body {
        let errors = reported
            .iter()
            .any(|d| d.severity == crate::rules::Level::Error);
        if !errors && &*fallback.reason != "`@dynamic`" {
            reported.push(Diagnostic::new(
                Rule::FunctionRunByCpython,
                file,
                fallback.span,
                format!(
                    "`{}` is run by CPython, because of {}",
                    qualname, fallback.reason
                ),
            ));
        }
    }
    Some(CheckedFunction {
        diagnostics: reported,
        body,
    })
}

/// What inference knows of the expressions and locals of a function that is checked on its own. Computed anew each time: for an editor's
/// question about one place.
pub fn function_types(db: &dyn Db, file: File, qualname: &Name) -> Option<Learned> {
    let index = module_index(db, file);
    let entry = index.functions.get(qualname)?;
    let parsed = crate::files::parsed(db, file);
    let node = find_function(&parsed, entry.range)?;
    let scope = AnnotationScope::inside(db, file, qualname);
    let part = Part {
        kind: ScopeKind::Function,
        function: Some(crate::signatures::function_in(db, file, qualname)?),
        class: entry
            .class
            .as_ref()
            .map(|class| Symbol::of(module_name(db, file), *class)),
        body: &node.body,
        span: node.range,
        name_span: entry.name_range,
        records: true,
    };
    let env = DbEnv { db, file };
    Some(run(db, file, &World::new(&env), &scope, part).types)
}

/// The same of a class's own code.
pub fn class_types(db: &dyn Db, file: File, qualname: &Name) -> Option<Learned> {
    if is_local(db, file, qualname) {
        return None;
    }
    let index = module_index(db, file);
    let entry = index.classes.get(qualname)?;
    let parsed = crate::files::parsed(db, file);
    let node = find_class(&parsed, entry.range)?;
    let scope = AnnotationScope::inside(db, file, qualname);
    let part = Part {
        kind: ScopeKind::Class,
        function: None,
        class: Some(Symbol::of(module_name(db, file), *qualname)),
        body: &node.body,
        span: node.range,
        name_span: entry.name_range,
        records: true,
    };
    let env = DbEnv { db, file };
    Some(run(db, file, &World::new(&env), &scope, part).types)
}

/// The same of a module's own code.
pub fn module_types(db: &dyn Db, file: File) -> Learned {
    let parsed = crate::files::parsed(db, file);
    let scope = AnnotationScope::module(db, file);
    let part = Part {
        kind: ScopeKind::Module,
        function: None,
        class: None,
        body: parsed.body(),
        span: TextRange::default(),
        name_span: TextRange::default(),
        records: true,
    };
    let env = DbEnv { db, file };
    run(db, file, &World::new(&env), &scope, part).types
}

/// Collects what is wrong with the annotations of a function's locals.
struct BodyAnnotations<'a, 'db> {
    scope: &'a AnnotationScope<'db>,
    problems: Vec<Diagnostic>,
}

impl<'a> Visitor<'a> for BodyAnnotations<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::AnnAssign(node) => {
                self.scope.annotation(&node.annotation, &mut self.problems);
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a ast::Expr) {}
}

/// The functions of `file` that are checked on their own, in order: all but those nested in others.
pub fn functions(db: &dyn Db, file: File) -> Vec<Name> {
    let index = module_index(db, file);
    index
        .functions
        .values()
        .filter(|f| f.parent.is_none())
        .map(|f| f.qualname)
        .collect()
}

/// What is reported about the bodies of a file: of its functions, its classes, and its own code.
pub fn check_bodies(db: &dyn Db, file: File) -> Vec<Diagnostic> {
    let env = DbEnv { db, file };
    let world = World::new(&env);
    let mut all = module_body(db, file, &world);
    let index = module_index(db, file);
    for name in index.classes.keys() {
        all.extend(crate::check::guard(
            file,
            TextRange::default(),
            &format!("class `{name}`"),
            || class_body(db, file, &world, name),
        ));
    }
    for entry in index.functions.values() {
        let Some(checked) = check_function(db, file, &entry.qualname) else {
            continue;
        };
        all.extend(checked.diagnostics.iter().cloned());
        if let Ok(body) = &checked.body {
            let what = format!("function `{}`", entry.qualname);
            all.extend(crate::check::guard(file, entry.name_range, &what, || {
                crate::hints::hints(db, file, body)
            }));
        }
    }
    all
}

fn module_body(db: &dyn Db, file: File, world: &World<'_>) -> Vec<Diagnostic> {
    let parsed = crate::files::parsed(db, file);
    crate::check::guard(file, TextRange::default(), "the module's own code", || {
        let scope = AnnotationScope::module(db, file);
        let part = Part {
            kind: ScopeKind::Module,
            function: None,
            class: None,
            body: parsed.body(),
            span: TextRange::default(),
            name_span: TextRange::default(),
            records: false,
        };
        let mut found = diagnostics(file, run(db, file, world, &scope, part).findings);
        found.extend(defaults(db, file, world, None, parsed.body()));
        found
    })
}

fn class_body(db: &dyn Db, file: File, world: &World<'_>, name: &Name) -> Vec<Diagnostic> {
    let index = module_index(db, file);
    let Some(entry) = index.classes.get(name) else {
        return Vec::new();
    };
    // A class in a function sees the function's names, which are not known here.
    if is_local(db, file, name) {
        return Vec::new();
    }
    let parsed = crate::files::parsed(db, file);
    let Some(node) = find_class(&parsed, entry.range) else {
        return Vec::new();
    };
    let scope = AnnotationScope::inside(db, file, name);
    let symbol = Symbol::of(module_name(db, file), *name);
    let part = Part::of_class(symbol, node);
    let mut found = diagnostics(file, run(db, file, world, &scope, part).findings);
    found.extend(defaults(db, file, world, Some(name), &node.body));
    found
}

/// Whether a class is defined inside of a function.
fn is_local(db: &dyn Db, file: File, name: &Name) -> bool {
    let index = module_index(db, file);
    let mut around = name.rsplit_once('.').map(|(outer, _)| outer.to_owned());
    while let Some(outer) = around {
        if index.functions.contains_key(outer.as_str()) {
            return true;
        }
        around = outer.rsplit_once('.').map(|(outer, _)| outer.to_owned());
    }
    index.classes.get(name).is_some_and(|c| {
        c.parent
            .as_ref()
            .is_some_and(|p| index.functions.contains_key(p))
    })
}

/// Checks the default values of the parameters of the functions defined directly in `body`.
fn defaults(
    db: &dyn Db,
    file: File,
    world: &World<'_>,
    class: Option<&Name>,
    body: &[Stmt],
) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for stmt in body {
        let Stmt::FunctionDef(def) = stmt else {
            continue;
        };
        let qualname = match class {
            Some(class) => Name::new(format!("{class}.{}", def.name)),
            None => Name::new(def.name.as_str()),
        };
        let Some(interface) = crate::signatures::function_in(db, file, &qualname) else {
            continue;
        };
        for param in def.parameters.iter_non_variadic_params() {
            let Some(default) = param.default() else {
                continue;
            };
            if default.is_ellipsis_literal_expr() {
                continue;
            }
            let Some(declared) = interface
                .params
                .iter()
                .find(|p| *p.name == *param.name().as_str())
            else {
                continue;
            };
            if !declared.annotated || matches!(declared.ty, Type::Dynamic | Type::TypeVar(..)) {
                continue;
            }
            let part = Part {
                kind: ScopeKind::Module,
                function: None,
                class: None,
                body: &[],
                span: def.range,
                name_span: def.name.range(),
                records: false,
            };
            let findings =
                check_default(db, file, world, part, default, &declared.ty, &declared.name);
            all.extend(diagnostics(file, findings));
        }
    }
    all
}

fn check_default(
    db: &dyn Db,
    file: File,
    world: &World<'_>,
    part: Part<'_>,
    default: &ast::Expr,
    ty: &Type,
    name: &Name,
) -> Vec<Finding> {
    let source = crate::files::source_text(db, file);
    let annotations = |_: &ast::Expr| Declared {
        ty: None,
        is_final: false,
        problems: Vec::new(),
        is_annotated: false,
    };
    let decide = |_: &ast::Expr| None;
    function::infer_value(
        &Scope {
            nest: None,
            captured: &[],
            type_params: &[],
            world,
            annotations: &annotations,
            decide: &decide,
            source: &source.text,
            module: module_name(db, file),
            kind: part.kind,
            function: None,
            class: None,
            body: part.body,
            span: part.span,
            name_span: part.name_span,
            records: false,
        },
        default,
        ty,
        &convert::Why::Default(*name),
    )
}

/// What becomes of each function of a static module.
pub fn explain(db: &dyn Db, file: File) -> Vec<Explanation> {
    let index = module_index(db, file);
    let module = module_name(db, file);
    index
        .functions
        .values()
        .map(|entry| {
            let fallback = match check_function(db, file, &entry.qualname) {
                Some(checked) => checked.body.as_ref().err().cloned(),
                None => Some(Fallback {
                    reason: Name::new("being nested in another function"),
                    span: entry.name_range,
                }),
            };
            Explanation {
                function: Symbol::of(module, entry.qualname),
                span: entry.name_range,
                fallback,
            }
        })
        .collect()
}
