//! Names in annotations that are not yet what they will be: annotations are evaluated where they stand, unless they are strings or the
//! module postpones them all.

use keelback_parser::PythonVersion;
use keelback_parser::ast::{Expr, Operator};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

use super::Checker;
use crate::annotation::Scope;
use crate::classes::class_interface;
use crate::index::{Binding, BindingKind, find_function, find_stmt};
use crate::members::mro;
use crate::rules::Rule;
use crate::symbols::Resolved;
use crate::types::Name;

impl Checker<'_> {
    pub(super) fn forward_references(&mut self) {
        if self.file.path(self.db).is_stub() {
            return;
        }
        let is_postponed = self.index.imports.iter().any(|import| {
            import.module.as_deref() == Some("__future__")
                && import.name.as_deref() == Some("annotations")
        });
        // From 3.14 on nothing evaluates them by itself (PEP 649).
        let is_lazy =
            is_postponed || self.db.project().python_version(self.db) >= PythonVersion::PY314;
        if is_lazy {
            self.hidden_by_class(is_postponed);
        } else {
            self.evaluated();
        }
    }

    /// Annotations that CPython evaluates where they stand.
    fn evaluated(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let scopes = std::iter::once((None, &index.scope)).chain(
            index
                .classes
                .values()
                .filter(|class| class.parent.is_none() && !class.is_conditional)
                .map(|class| (Some(class.qualname), &class.scope)),
        );
        for (class, names) in scopes {
            let scope = match &class {
                Some(class) => self.sight.scope_inside(class),
                None => self.sight.module_scope(),
            };
            for binding in names.bindings.values().flatten() {
                if !matches!(binding.kind, BindingKind::Annotated { .. }) || binding.is_conditional
                {
                    continue;
                }
                let node =
                    find_stmt(&parsed, binding.stmt).and_then(|stmt| stmt.as_ann_assign_stmt());
                if let Some(node) = node {
                    self.evaluate(&scope, class.as_ref(), &node.annotation);
                }
            }
        }
        for function in index.functions.values() {
            let in_conditional = function
                .class
                .and_then(|class| index.classes.get(&class))
                .is_some_and(|class| class.is_conditional);
            if function.parent.is_some() || in_conditional {
                continue;
            }
            for entry in function.earlier.iter().chain([function]) {
                if entry.is_conditional {
                    continue;
                }
                let Some(node) = find_function(&parsed, entry.range) else {
                    continue;
                };
                let scope = crate::signatures::scope_in(&self.sight, entry, node);
                let parameters = node
                    .parameters
                    .iter()
                    .filter_map(|parameter| parameter.annotation());
                for annotation in parameters.chain(node.returns.as_deref()) {
                    self.evaluate(&scope, entry.class.as_ref(), annotation);
                }
            }
        }
    }

    /// One expression in an annotation, as CPython evaluates it in the body of `class` or of the module.
    fn evaluate(&mut self, scope: &Scope<'_>, class: Option<&Name>, expr: &Expr) {
        match expr {
            Expr::Name(name) if scope.has_type_param(name.id.as_str()) => {}
            Expr::Name(name) => {
                self.evaluate_name(class, name.id.as_str(), name.range());
            }
            Expr::Attribute(attribute) => self.evaluate(scope, class, &attribute.value),
            Expr::Subscript(subscript) => {
                self.evaluate(scope, class, &subscript.value);
                if !matches!(
                    scope.resolve(&subscript.value),
                    Resolved::Special(crate::symbols::Special::Literal)
                ) {
                    self.evaluate(scope, class, &subscript.slice);
                }
            }
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                let (left, right) = (&*operation.left, &*operation.right);
                let is_refused = |string: &Expr, other: &Expr| {
                    string.is_string_literal_expr() && self.is_plain_class(scope, other)
                };
                if is_refused(left, right) || is_refused(right, left) {
                    let message =
                        "A string and a class cannot be joined by `|` when this is evaluated";
                    self.report(Rule::InvalidAnnotation, expr.range(), message)
                        .notes
                        .push("Put the whole annotation in quotes".to_owned());
                    return;
                }
                self.evaluate(scope, class, left);
                self.evaluate(scope, class, right);
            }
            Expr::Tuple(tuple) => {
                for item in &tuple.elts {
                    self.evaluate(scope, class, item);
                }
            }
            Expr::List(list) => {
                for item in &list.elts {
                    self.evaluate(scope, class, item);
                }
            }
            _ => {}
        }
    }

    fn evaluate_name(&mut self, class: Option<&Name>, name: &str, at: TextRange) {
        let index = self.index.clone();
        let own = class
            .and_then(|class| index.classes.get(class))
            .and_then(|class| class.scope.bindings.get(name));
        if let Some(bindings) = own {
            let before: Vec<&Binding> = bindings
                .iter()
                .filter(|binding| bound_from(binding) <= at.start())
                .collect();
            if let Some(last) = before.last() {
                if matches!(last.kind, BindingKind::Function(_)) && !last.is_conditional {
                    self.hidden(name, at);
                }
                return;
            }
        }
        let Some(bindings) = index.scope.bindings.get(name) else {
            return;
        };
        let is_bound = bindings
            .iter()
            .any(|binding| bound_from(binding) <= at.start());
        let may_come_from_elsewhere = !index.scope.stars.is_empty()
            || !matches!(
                crate::symbols::resolve_builtin(self.db, name),
                Resolved::Missing
            );
        if is_bound || may_come_from_elsewhere {
            return;
        }
        let message = format!("`{name}` is not defined yet where this annotation is evaluated");
        self.report(Rule::UndefinedName, at, message)
            .notes
            .push("Put the annotation in quotes, or begin the file with `from __future__ import annotations`".to_owned());
    }

    /// Annotations of class bodies that are strings by themselves see every name of the class.
    fn hidden_by_class(&mut self, is_postponed: bool) {
        if !is_postponed {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for class in index.classes.values() {
            for (name, bindings) in &class.scope.bindings {
                for binding in bindings {
                    let BindingKind::Annotated { has_value } = binding.kind else {
                        continue;
                    };
                    let node =
                        find_stmt(&parsed, binding.stmt).and_then(|stmt| stmt.as_ann_assign_stmt());
                    let Some(node) = node else { continue };
                    let mut names = Vec::new();
                    self.names_in(&node.annotation, &mut names);
                    for (used, at) in names {
                        if has_value && *used == **name {
                            let message =
                                format!("In this class `{used}` is the name that is declared here");
                            self.report(Rule::InvalidAnnotation, at, message)
                                .notes
                                .push(format!("Give the type another name: `{used}_ = {used}` before the class, for one"));
                        } else if let Some(
                            [
                                Binding {
                                    kind: BindingKind::Function(_),
                                    ..
                                },
                            ],
                        ) = class.scope.bindings.get(&*used).map(|own| &own[..])
                        {
                            self.hidden(&used, at);
                        }
                    }
                }
            }
        }
    }

    /// The names in an annotation with their places, strings looked into.
    fn names_in(&self, expr: &Expr, out: &mut Vec<(String, TextRange)>) {
        match expr {
            Expr::Name(name) => out.push((name.id.to_string(), name.range())),
            Expr::StringLiteral(string) => {
                let source = crate::files::source_text(self.db, self.file);
                if let Ok(inner) = keelback_parser::parse_string_annotation(&source.text, string) {
                    self.names_in(&inner, out);
                }
            }
            Expr::Subscript(subscript) => {
                self.names_in(&subscript.value, out);
                let is_literal = crate::reach::dotted(&subscript.value)
                    .is_some_and(|name| crate::index::last_part(&name) == "Literal");
                if !is_literal {
                    self.names_in(&subscript.slice, out);
                }
            }
            Expr::BinOp(operation) => {
                self.names_in(&operation.left, out);
                self.names_in(&operation.right, out);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|e| self.names_in(e, out)),
            Expr::List(list) => list.elts.iter().for_each(|e| self.names_in(e, out)),
            _ => {}
        }
    }

    /// Whether an expression is certainly a class, or one of the builtins' with arguments: what has no `|` with a string.
    fn is_plain_class(&self, scope: &Scope<'_>, expr: &Expr) -> bool {
        match expr {
            Expr::NoneLiteral(_) | Expr::StringLiteral(_) => true,
            Expr::Subscript(subscript) => {
                matches!(scope.resolve(&subscript.value), Resolved::Class(class) if &*class.module == "builtins")
            }
            Expr::Name(_) | Expr::Attribute(_) => match scope.resolve(expr) {
                Resolved::Class(class) => {
                    let metaclasses = mro(self.db, self.file, &class).map(|mro| {
                        let mut ancestors = mro.ancestors.iter();
                        mro.has_unknown
                            || ancestors.any(|ancestor| {
                                class_interface(self.db, self.file, &ancestor.symbol)
                                    .is_none_or(|class| class.metaclass.is_some())
                            })
                    });
                    metaclasses == Some(false)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn hidden(&mut self, name: &str, at: TextRange) {
        let message = format!("`{name}` is a method of this class here, not a type");
        self.report(Rule::InvalidAnnotation, at, message)
            .notes
            .push(format!(
                "Give the type another name, `{name}_ = {name}` before the class for one, or rename the method"
            ));
    }
}

/// From where on a name has what `binding` gives it.
fn bound_from(binding: &Binding) -> TextSize {
    match binding.kind {
        BindingKind::Function(_) | BindingKind::Class(_) => binding.stmt.end(),
        // Without a value nothing is bound, and something else may be meant.
        _ => binding.range.start(),
    }
}
