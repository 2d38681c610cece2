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
mod bodies;
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
mod literal_string;
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
mod tuple_display;
pub mod typed_dict;
mod unpack;
pub mod world;

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::annotation::{Scope as AnnotationScope, Sight};
use crate::db::{Db, File, FunctionGroup};
use crate::diagnostic::Diagnostic;
use crate::index::{FunctionEntry, find_class, find_function, module_index};
use crate::interface::{ClassInterface, Export, FunctionInterface};
use crate::reach::Environment;
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::tree::{Body, Fallback};
use crate::types::{Name, Symbol, Type, Variable};

pub use bodies::check_bodies;
use bodies::is_local;
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
    db: &'db dyn Db,
    file: File,
    sight: Rc<Sight<'db>>,
}

impl<'db> DbEnv<'db> {
    /// What is asked from the file that `sight` looks at.
    pub(crate) fn new(sight: &Rc<Sight<'db>>) -> DbEnv<'db> {
        DbEnv {
            db: sight.db(),
            file: sight.file(),
            sight: Rc::clone(sight),
        }
    }

    fn find(&self, module: &str) -> Option<File> {
        self.sight.home_of(module)
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
        let file = self.sight.home(&symbol.module)?;
        crate::classes::class_in(self.db, file, &symbol.qualname)
    }

    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        let file = self.sight.home(&symbol.module)?;
        crate::signatures::function_in(self.db, file, &symbol.qualname)
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

    fn of_module(body: &'a [ast::Stmt]) -> Part<'a> {
        Part {
            kind: ScopeKind::Module,
            function: None,
            class: None,
            body,
            span: TextRange::default(),
            name_span: TextRange::default(),
            records: false,
        }
    }
}

fn run(
    world: &World<'_>,
    sight: &Rc<Sight<'_>>,
    scope: &AnnotationScope<'_>,
    part: Part<'_>,
) -> Inferred {
    let (db, file) = (sight.db(), sight.file());
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
    let nest = DbNest { sight, world };
    infer(&Scope {
        world,
        nest: Some(&nest),
        captured: &[],
        type_params: scope.declared_params(),
        annotations: &annotations,
        decide: &decide,
        source: &source.text,
        module: sight.module(),
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
struct DbNest<'a, 'db> {
    sight: &'a Rc<Sight<'db>>,
    world: &'a World<'a>,
}

impl DbNest<'_, '_> {
    fn infer(&self, qualname: &Name, part: Part<'_>, captured: &[Captured]) -> Inferred {
        let scope = self.sight.scope_inside(qualname).checked();
        let (db, file) = (self.sight.db(), self.sight.file());
        let source = crate::files::source_text(db, file);
        let environment = Environment::of(db);
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
            module: self.sight.module(),
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
        Symbol::of(self.sight.module(), qualname)
    }
}

impl Nest for DbNest<'_, '_> {
    fn function(&self, node: &ast::StmtFunctionDef) -> Option<Symbol> {
        let index = &self.sight.whole().index;
        Some(self.symbol(index.function_of(node)?.qualname))
    }

    fn class(&self, node: &ast::StmtClassDef) -> Option<Symbol> {
        let index = &self.sight.whole().index;
        Some(self.symbol(index.class_of(node)?.qualname))
    }

    fn check_function(
        &self,
        node: &ast::StmtFunctionDef,
        captured: &[Captured],
    ) -> (Vec<Finding>, Type) {
        let index = &self.sight.whole().index;
        let Some(entry) = index.function_of(node) else {
            return (Vec::new(), Type::Dynamic);
        };
        let Some(interface) =
            crate::signatures::function_in(self.sight.db(), self.sight.file(), &entry.qualname)
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
pub const TOGETHER: usize = 32;

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
    let sight = Sight::new(db, file);
    let env = DbEnv::new(&sight);
    let world = World::new(&env);
    let first = group.number(db) * TOGETHER;
    let entries = index.functions.values().skip(first).take(TOGETHER);
    crate::stack::deep(|| {
        entries
            .filter(|entry| entry.parent.is_none())
            .filter_map(|entry| {
                Some((
                    entry.qualname,
                    Arc::new(check_guarded(&world, &sight, entry)?),
                ))
            })
            .collect()
    })
}

/// Checks one function; a panic in it is what is found.
fn check_guarded(
    world: &World<'_>,
    sight: &Rc<Sight<'_>>,
    entry: &FunctionEntry,
) -> Option<CheckedFunction> {
    let file = sight.file();
    let what = format_args!("function `{}`", entry.qualname);
    let mut checked = None;
    let diagnostics = crate::check::guard(file, entry.name_range, what, || {
        checked = check_one(world, sight, entry);
        Vec::new()
    });
    if diagnostics.is_empty() {
        return checked;
    }
    let body = Err(Fallback {
        reason: Name::new("an error in it"),
        span: entry.name_range,
    });
    Some(CheckedFunction { diagnostics, body })
}

fn check_one(
    world: &World<'_>,
    sight: &Rc<Sight<'_>>,
    entry: &FunctionEntry,
) -> Option<CheckedFunction> {
    let (db, file) = (sight.db(), sight.file());
    let qualname = &entry.qualname;
    let parsed = &sight.whole().parsed;
    let node = find_function(parsed, entry.range)?;
    let interface = crate::signatures::function_in(db, file, qualname)?;
    let scope = sight.scope_inside(qualname);
    let class = entry.class.map(|class| Symbol::of(sight.module(), class));
    let part = Part {
        kind: ScopeKind::Function,
        function: Some(interface),
        class,
        body: &node.body,
        span: node.range,
        name_span: entry.name_range,
        records: false,
    };
    let found = run(world, sight, &scope, part);
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
    let sight = Sight::new(db, file);
    let scope = sight.scope_inside(qualname);
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
    let env = DbEnv::new(&sight);
    Some(run(&World::new(&env), &sight, &scope, part).types)
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
    let sight = Sight::new(db, file);
    let scope = sight.scope_inside(qualname);
    let part = Part {
        kind: ScopeKind::Class,
        function: None,
        class: Some(Symbol::of(module_name(db, file), *qualname)),
        body: &node.body,
        span: node.range,
        name_span: entry.name_range,
        records: true,
    };
    let env = DbEnv::new(&sight);
    Some(run(&World::new(&env), &sight, &scope, part).types)
}

/// The same of a module's own code.
pub fn module_types(db: &dyn Db, file: File) -> Learned {
    let parsed = crate::files::parsed(db, file);
    let sight = Sight::new(db, file);
    let scope = sight.module_scope();
    let part = Part {
        records: true,
        ..Part::of_module(parsed.body())
    };
    let env = DbEnv::new(&sight);
    run(&World::new(&env), &sight, &scope, part).types
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
