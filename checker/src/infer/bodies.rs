//! What is reported about the bodies of a file.

use std::rc::Rc;

use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use super::cx::{Declared, Finding, ScopeKind};
use super::function::{Scope, infer_value};
use super::world::World;
use super::{
    CheckedFunction, DbEnv, Part, check_function, check_guarded, convert, diagnostics, run,
};
use crate::annotation::Sight;
use crate::db::{Db, File};
use crate::diagnostic::Diagnostic;
use crate::index::{FunctionEntry, find_class, module_index};
use crate::types::{Name, Symbol, Type};

/// What is reported about the bodies of a file: of its functions, its classes, and its own code.
pub fn check_bodies(db: &dyn Db, file: File) -> Vec<Diagnostic> {
    let sight = Sight::new(db, file);
    let env = DbEnv::new(&sight);
    let world = World::new(&env);
    let mut all = module_body(&world, &sight);
    let index = module_index(db, file);
    for name in index.classes.keys() {
        all.extend(crate::check::guard(
            file,
            TextRange::default(),
            format_args!("class `{name}`"),
            || class_body(&world, &sight, name),
        ));
    }
    let wants_hints = crate::hints::are_wanted(db, file);
    for entry in index.functions.values() {
        if db.keeps_trees() {
            if let Some(checked) = check_function(db, file, &entry.qualname) {
                all.extend(checked.diagnostics.iter().cloned());
                if wants_hints {
                    all.extend(hints(db, file, entry, &checked));
                }
            }
        } else if entry.parent.is_none()
            && let Some(checked) = check_guarded(&world, &sight, entry)
        {
            let hints = wants_hints.then(|| hints(db, file, entry, &checked));
            all.extend(checked.diagnostics);
            all.extend(hints.into_iter().flatten());
        }
    }
    all
}

fn hints(
    db: &dyn Db,
    file: File,
    entry: &FunctionEntry,
    checked: &CheckedFunction,
) -> Vec<Diagnostic> {
    let Ok(body) = &checked.body else {
        return Vec::new();
    };
    let what = format_args!("function `{}`", entry.qualname);
    crate::check::guard(file, entry.name_range, what, || {
        crate::hints::hints(db, file, body)
    })
}

fn module_body(world: &World<'_>, sight: &Rc<Sight<'_>>) -> Vec<Diagnostic> {
    let file = sight.file();
    let parsed = &sight.whole().parsed;
    crate::check::guard(file, TextRange::default(), "the module's own code", || {
        let scope = sight.module_scope();
        let part = Part::of_module(parsed.body());
        let mut found = diagnostics(file, run(world, sight, &scope, part).findings);
        found.extend(defaults(world, sight, None, parsed.body()));
        found
    })
}

fn class_body(world: &World<'_>, sight: &Rc<Sight<'_>>, name: &Name) -> Vec<Diagnostic> {
    let (db, file) = (sight.db(), sight.file());
    let crate::stubs::Part { parsed, index } = sight.whole();
    let Some(entry) = index.classes.get(name) else {
        return Vec::new();
    };
    // A class in a function sees the function's names, which are not known here.
    if is_local(db, file, name) {
        return Vec::new();
    }
    let Some(node) = find_class(parsed, entry.range) else {
        return Vec::new();
    };
    let scope = sight.scope_inside(name);
    let symbol = Symbol::of(sight.module(), *name);
    let part = Part::of_class(symbol, node);
    let mut found = diagnostics(file, run(world, sight, &scope, part).findings);
    found.extend(defaults(world, sight, Some(name), &node.body));
    found
}

/// Whether a class is defined inside of a function.
pub(super) fn is_local(db: &dyn Db, file: File, name: &Name) -> bool {
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
    world: &World<'_>,
    sight: &Rc<Sight<'_>>,
    class: Option<&Name>,
    body: &[Stmt],
) -> Vec<Diagnostic> {
    let (db, file) = (sight.db(), sight.file());
    let mut all = Vec::new();
    for stmt in body {
        let Stmt::FunctionDef(def) = stmt else {
            continue;
        };
        if def
            .parameters
            .iter_non_variadic_params()
            .all(|param| param.default().is_none())
        {
            continue;
        }
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
            let findings = check_default(world, sight, part, default, &declared.ty, &declared.name);
            all.extend(diagnostics(file, findings));
        }
    }
    all
}

fn check_default(
    world: &World<'_>,
    sight: &Rc<Sight<'_>>,
    part: Part<'_>,
    default: &ast::Expr,
    ty: &Type,
    name: &Name,
) -> Vec<Finding> {
    let source = crate::files::source_text(sight.db(), sight.file());
    let annotations = |_: &ast::Expr| Declared {
        ty: None,
        is_final: false,
        problems: Vec::new(),
        is_annotated: false,
    };
    let decide = |_: &ast::Expr| None;
    infer_value(
        &Scope {
            nest: None,
            captured: &[],
            type_params: &[],
            world,
            annotations: &annotations,
            decide: &decide,
            source: &source.text,
            module: sight.module(),
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
