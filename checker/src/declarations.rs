//! What is reported about a file's declarations: imports, annotations, classes and their bases, redefinitions, `Final` names.
//! Bodies of functions are not looked at here.
//!
//! Of a module that is not static only the marker is checked: it is an ordinary Python file, and what it does is its own affair.

use std::rc::Rc;

use keelback_parser::ast::visitor::{Visitor, walk_stmt};
use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::annotation::Sight;
use crate::db::{Db, File};
use crate::diagnostic::Diagnostic;
use crate::files::staticness;
use crate::index::{
    Binding, BindingKind, FunctionEntry, ModuleIndex, find_function, find_stmt, module_index,
};
use crate::infer::world::World;
use crate::members::is_subclass;
use crate::rules::Rule;
use crate::suggest;
use crate::types::{Name, Type};

mod attributes;
mod classes;
mod conflicts;
mod constructors;
mod converters;
mod dataclasses;
mod decorators;
mod enums;
mod finals;
mod forward;
mod generics;
mod hints;
mod implementations;
mod imports;
mod locals;
mod misplaced;
mod named_tuples;
mod new_types;
mod order;
mod overloads;
mod overrides;
mod protocols;
mod qualifiers;
mod type_aliases;
mod type_variables;
mod typed_dicts;
pub(crate) use qualifiers::makes_object;
mod storage;
mod unreachable;
mod unused;

/// Everything reported about the declarations of `file`.
pub fn check(db: &dyn Db, file: File) -> Vec<Diagnostic> {
    let mut checker = Checker {
        db,
        file,
        index: module_index(db, file),
        sight: Sight::new(db, file),
        found: Vec::new(),
    };
    checker.marker();
    if staticness(db, file).is_static() {
        checker.imports();
        checker.redefinitions();
        checker.annotations();
        checker.type_variables();
        checker.type_aliases();
        checker.new_types();
        checker.qualifiers();
        checker.forward_references();
        checker.classes();
        checker.typed_dict_calls();
        checker.generics();
        checker.uses_of_self();
        checker.decorators();
        checker.named_tuple_calls();
        checker.overrides();
        checker.overloads();
        checker.misplaced_decorators();
        checker.finals();
        checker.conflicts();
        checker.read_before_bound();
        checker.missing_annotations();
        checker.not_final();
        checker.unreachable_code();
        checker.unused_imports();
        checker.unused_variables();
    } else if crate::files::is_checked_stub(db, file) {
        checker.overrides();
        checker.overloads();
    }
    checker.found
}

struct Checker<'db> {
    db: &'db dyn Db,
    file: File,
    index: std::sync::Arc<ModuleIndex>,
    sight: Rc<Sight<'db>>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(
        &mut self,
        rule: Rule,
        range: TextRange,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.found
            .push(Diagnostic::new(rule, self.file, range, message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Reports an unknown `name` in `range`, and suggests the one of `known` that is spelled most like it.
    fn unknown<'n>(
        &mut self,
        rule: Rule,
        range: TextRange,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let near = suggest::closest(name, known);
        let message = format!("{message}{}", suggest::hint(near));
        let source = crate::files::source_text(self.db, self.file);
        let report = self.report(rule, range, message);
        if let Some(near) = near
            && let Some(place) = suggest::spelled(&source.text, range, name)
        {
            *report = report
                .clone()
                .with_fix(suggest::change_to(near), place, near);
        }
    }

    /// Whether reports of a rule are wanted at all: what nobody sees need not be looked for.
    fn wants(&self, rule: Rule) -> bool {
        crate::suppress::is_wanted(self.db, self.file, rule)
    }

    /// `import __static__` that does not mark the module, because something stands before it.
    fn marker(&mut self) {
        if self.index.marker.is_static() {
            return;
        }
        let late =
            self.index.imports.iter().find(|import| {
                import.module.as_deref() == Some("__static__") && import.is_top_level
            });
        let Some(late) = late else { return };
        if staticness(self.db, self.file).is_static() {
            return;
        }
        let range = late.stmt;
        self.report(
            Rule::StaticImportNotFirst,
            range,
            "This import does not make the module static, because it is not the first",
        )
        .notes
        .push(
            "Move it above every other import; only a docstring, comments and `from __future__` may come before"
                .to_owned(),
        );
    }

    fn redefinitions(&mut self) {
        let index = self.index.clone();
        // Inside a function a second definition is often one for another case; nothing is called directly there anyway.
        for function in index
            .functions
            .values()
            .filter(|function| function.parent.is_none())
        {
            let mut previous: Option<&FunctionEntry> = None;
            for entry in function.earlier.iter().chain([function]) {
                if let Some(before) = previous
                    && is_shadowed(before, entry)
                {
                    let message = format!("`{}` is defined again", entry.qualname);
                    let file = self.file;
                    let report = self.report(Rule::DuplicateDefinition, entry.name_range, message);
                    *report = report
                        .clone()
                        .with_secondary(file, before.name_range, "first defined here")
                        .with_note("Rename one of them; neither is compiled as it is");
                }
                previous = Some(entry);
            }
        }
        for class in index.classes.values() {
            if class.is_redefined && !class.is_conditional && class.parent.is_none() {
                let message = format!("Class `{}` is defined again", class.qualname);
                self.report(Rule::DuplicateDefinition, class.name_range, message);
            }
        }
    }

    /// Annotations of module-level and class-level names and of signatures.
    fn annotations(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let mut problems = Vec::new();
        let scopes = std::iter::once((None, &index.scope)).chain(
            index
                .classes
                .values()
                .map(|class| (Some(&class.qualname), &class.scope)),
        );
        for (class, names) in scopes {
            let scope = match class {
                Some(class) => self.sight.scope_inside(class),
                None => self.sight.module_scope(),
            }
            .checked();
            let is_typed_dict = class.is_some_and(|class| {
                let symbol = typed_dicts::symbol_of(self, class);
                crate::typed_dicts::is_typed_dict(self.db, self.file, &symbol)
            });
            let annotated =
                |binding: &&Binding| matches!(binding.kind, BindingKind::Annotated { .. });
            for binding in names.bindings.values().flatten().filter(annotated) {
                match find_stmt(&parsed, binding.stmt) {
                    Some(Stmt::AnnAssign(node)) if is_typed_dict => {
                        self.item_annotations(&scope, &node.annotation);
                    }
                    Some(Stmt::AnnAssign(node)) => {
                        scope.annotation(&node.annotation, &mut problems);
                    }
                    _ => {}
                }
            }
        }
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                let Some(node) = find_function(&parsed, entry.range) else {
                    continue;
                };
                let scope = crate::signatures::scope_in(&self.sight, entry, node).checked();
                for (parameter, kind) in crate::signatures::parameters(node) {
                    if let Some(annotation) = &parameter.annotation {
                        scope.parameter(annotation, kind, &mut problems);
                    }
                }
                if let Some(returns) = &node.returns {
                    scope.ty(returns, &mut problems);
                }
                self.unpacked_keywords(&scope, node);
                let inside = self.sight.scope_inside(&entry.qualname).checked();
                let mut locals = LocalAnnotations(Vec::new());
                locals.visit_body(&node.body);
                for annotation in locals.0 {
                    inside.annotation(annotation, &mut problems);
                }
            }
        }
        self.found.append(&mut problems);
    }
}

/// The annotations in a function's body, nested functions and classes left out.
struct LocalAnnotations<'a>(Vec<&'a Expr>);

impl<'a> Visitor<'a> for LocalAnnotations<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::AnnAssign(node) => self.0.push(&node.annotation),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// Whether a second definition takes the first one's name away, and nobody can have meant it.
fn is_shadowed(before: &FunctionEntry, entry: &FunctionEntry) -> bool {
    let is_plain = |entry: &FunctionEntry| {
        !entry.is_conditional
            && entry.decorators.iter().all(|decorator| {
                matches!(
                    crate::index::last_part(decorator),
                    "staticmethod" | "classmethod" | "property" | "final" | "override" | "inline"
                )
            })
    };
    is_plain(before) && is_plain(entry) && !entry.qualname.ends_with('_')
}

/// The range of a class's base expression, by its position.
fn base_range(class: &keelback_parser::ast::StmtClassDef, position: usize) -> TextRange {
    class
        .arguments
        .as_ref()
        .and_then(|arguments| arguments.args.get(position))
        .map_or(class.name.range(), Ranged::range)
}

/// The name under which a member is looked up: as it is mangled in its class.
fn mangled(class: &Name, name: &Name) -> Name {
    crate::classes::mangle_name(class, name)
}

/// Whether an expression is a bare name or a dotted one.
fn is_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(_) | Expr::Attribute(_))
}

impl Checker<'_> {
    /// Whether a value of type `value` may stand where `place` is declared, boxing aside. In doubt it may.
    fn fits(&self, value: &Type, place: &Type) -> bool {
        // Protocols, and what else is told by more than the names of classes.
        self.fits_by_class(value, place) || self.is_assignable(value, place)
    }

    /// Whether a value of type `value` may stand where `place` is declared, by the rules of typing.
    fn is_assignable(&self, value: &Type, place: &Type) -> bool {
        let env = crate::infer::DbEnv::new(&self.sight);
        World::new(&env).assignable(value, place)
    }

    fn fits_by_class(&self, value: &Type, place: &Type) -> bool {
        let (value, place) = (value.boxed(), place.boxed());
        if value == place || value.is_dynamic() || place.is_dynamic() || value == Type::Never {
            return true;
        }
        if let Type::Union(members) = &value {
            return members
                .iter()
                .all(|member| self.fits_by_class(member, &place));
        }
        if let Type::Union(members) = &place {
            return members
                .iter()
                .any(|member| self.fits_by_class(&value, member));
        }
        match (&value, &place) {
            (Type::None, _) | (_, Type::None) => place.is_builtin("object"),
            (_, Type::Literal(_)) => false,
            _ => match (value.class(), place.class()) {
                (Some(value), Some(place)) => {
                    let is_promoted = match place.name() {
                        "float" => value.is_builtin("int") || value.is_builtin("bool"),
                        "complex" => ["int", "bool", "float"]
                            .iter()
                            .any(|name| value.is_builtin(name)),
                        _ => false,
                    };
                    // A class of a stub may be a protocol, which others fit without naming it.
                    let may_be_protocol = &*place.module != "builtins"
                        && !crate::resolve::resolve_from(self.db, self.file, &place.module)
                            .is_some_and(|file| staticness(self.db, file).is_static());
                    (is_promoted && place.is_builtin(place.name()))
                        || may_be_protocol
                        || is_subclass(self.db, self.file, &value, &place) != Some(false)
                }
                _ => true,
            },
        }
    }
}
