//! Walks the tree once and writes the index.

use std::sync::Arc;

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{
    Alias, Decorator, ExceptHandler, Expr, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef,
};
use keelback_parser::text_size::{Ranged, TextRange};
use keelback_parser::{Marker, Parsed};

use super::{
    Binding, BindingKind, ClassEntry, FunctionEntry, ImportEntry, ModuleIndex, Scope,
    SelfAssignment, last_part,
};
use crate::db::{Db, File};
use crate::interface::FunctionKind;
use crate::reach::{Environment, dotted, string_list};
use crate::types::Name;

pub(super) fn build(db: &dyn Db, file: File, marker: Marker, parsed: &Parsed) -> ModuleIndex {
    let mut builder = Builder {
        db,
        file,
        environment: Environment::of(db),
        index: ModuleIndex {
            marker,
            functions: Default::default(),
            classes: Default::default(),
            definitions: Default::default(),
            scope: Scope::default(),
            imports: Vec::new(),
            all: None,
            unreachable: Vec::new(),
        },
        around: Vec::new(),
        conditional: 0,
        guarded: 0,
    };
    builder.block(parsed.body());
    builder.index
}

/// A function or class around the current statement.
enum Around {
    Class {
        qualname: Name,
    },
    Function {
        qualname: Name,
        /// For a method: the name of its first parameter, and its class.
        self_of: Option<(Name, Name)>,
        globals: Vec<Name>,
    },
}

struct Builder<'db> {
    db: &'db dyn Db,
    file: File,
    environment: Environment,
    index: ModuleIndex,
    around: Vec<Around>,
    /// How many constructs around the current statement may keep it from running, inside the innermost scope.
    conditional: usize,
    /// How many `try` and `TYPE_CHECKING` blocks are around it.
    guarded: usize,
}

impl Builder<'_> {
    fn qualname(&self, name: &str) -> Name {
        match self.around.last() {
            Some(Around::Class { qualname } | Around::Function { qualname, .. }) => {
                Name::new(format!("{qualname}.{name}"))
            }
            None => Name::new(name),
        }
    }

    fn class_around(&self) -> Option<Name> {
        match self.around.last() {
            Some(Around::Class { qualname }) => Some(*qualname),
            _ => None,
        }
    }

    fn function_around(&self) -> Option<Name> {
        self.around.iter().rev().find_map(|around| match around {
            Around::Function { qualname, .. } => Some(*qualname),
            Around::Class { .. } => None,
        })
    }

    fn block(&mut self, body: &[Stmt]) {
        for (at, stmt) in body.iter().enumerate() {
            self.stmt(stmt);
            // What comes after `assert sys.platform == "win32"` is for that platform.
            if let (Stmt::Assert(node), [first, .., last] | [first @ last]) =
                (stmt, &body[at + 1..])
                && self.environment.truth(&node.test) == Some(false)
            {
                let rest = first.range().cover(last.range());
                self.index.unreachable.push(rest);
                return;
            }
        }
    }

    fn conditional(&mut self, body: &[Stmt]) {
        self.conditional += 1;
        self.block(body);
        self.conditional -= 1;
    }

    fn bind(&mut self, name: &str, kind: BindingKind, range: TextRange, stmt: &Stmt) {
        let is_conditional = self.conditional > 0;
        let binding = Binding {
            kind,
            range,
            stmt: stmt.range(),
            is_conditional,
        };
        let scope = match self.around.last() {
            None => &mut self.index.scope,
            Some(Around::Class { qualname }) => {
                let Some(class) = self.index.classes.get_mut(qualname) else {
                    return;
                };
                &mut class.scope
            }
            Some(Around::Function { globals, .. }) => {
                // A function's own names are not indexed; what it does to globals is.
                if globals.iter().any(|global| &**global == name) {
                    let binding = Binding {
                        kind: BindingKind::Other,
                        ..binding
                    };
                    self.index
                        .scope
                        .bindings
                        .entry(Name::new(name))
                        .or_default()
                        .push(binding);
                }
                return;
            }
        };
        scope
            .bindings
            .entry(Name::new(name))
            .or_default()
            .push(binding);
    }

    /// Binds everything in an assignment target; `kind` says how, for a target that is a single name or attribute.
    fn target(&mut self, target: &Expr, kind: &BindingKind, stmt: &Stmt) {
        let elements = match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), kind.clone(), name.range(), stmt);
                return;
            }
            Expr::Attribute(attribute) => {
                if let Expr::Name(object) = &*attribute.value {
                    let name = attribute.attr.as_str();
                    self.self_assignment(object.id.as_str(), name, target.range(), stmt, kind);
                }
                return;
            }
            Expr::Starred(starred) => std::slice::from_ref(&*starred.value),
            Expr::Tuple(tuple) => &*tuple.elts,
            Expr::List(list) => &*list.elts,
            _ => return,
        };
        for element in elements {
            self.target(element, &BindingKind::Other, stmt);
        }
    }

    fn self_assignment(
        &mut self,
        object: &str,
        attribute: &str,
        target: TextRange,
        stmt: &Stmt,
        kind: &BindingKind,
    ) {
        // Also from functions nested in a method: what they assign needs storage as well.
        let owner = self.around.iter().rev().find_map(|around| match around {
            Around::Function {
                qualname,
                self_of: Some((name, class)),
                ..
            } if **name == *object => Some((*qualname, *class)),
            _ => None,
        });
        let Some((method, class)) = owner else { return };
        let Some(class) = self.index.classes.get_mut(&class) else {
            return;
        };
        class.self_assignments.push(SelfAssignment {
            name: Name::new(attribute),
            target,
            stmt: stmt.range(),
            method,
            is_annotated: matches!(kind, BindingKind::Annotated { .. }),
            is_plain: matches!(
                kind,
                BindingKind::Assigned | BindingKind::Annotated { has_value: true }
            ),
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.walrus(stmt);
        match stmt {
            Stmt::FunctionDef(node) => self.function(stmt, node),
            Stmt::ClassDef(node) => self.class(stmt, node),
            Stmt::Import(node) => {
                for alias in &node.names {
                    self.import(stmt, alias);
                }
            }
            Stmt::ImportFrom(node) => {
                let module = node.module.as_ref().map(|module| module.as_str());
                let module =
                    crate::resolve::absolute_import(self.db, self.file, node.level, module);
                for alias in &node.names {
                    self.import_from(stmt, module, alias);
                }
            }
            Stmt::Assign(node) => {
                let kind = match &*node.targets {
                    [_] => BindingKind::Assigned,
                    _ => BindingKind::Other,
                };
                for target in &node.targets {
                    self.target(target, &kind, stmt);
                }
                self.note_all(&node.targets, &node.value);
            }
            Stmt::AnnAssign(node) => {
                let kind = BindingKind::Annotated {
                    has_value: node.value.is_some(),
                };
                self.target(&node.target, &kind, stmt);
            }
            Stmt::AugAssign(node) => {
                self.target(&node.target, &BindingKind::Augmented, stmt);
                if self.around.is_empty()
                    && matches!(&*node.target, Expr::Name(name) if name.id.as_str() == "__all__")
                {
                    match (&mut self.index.all, names_in(&node.value)) {
                        (Some(all), Some(more)) => all.extend(more),
                        (all, _) => *all = None,
                    }
                }
            }
            Stmt::TypeAlias(node) => {
                if let Expr::Name(name) = &*node.name {
                    self.bind(name.id.as_str(), BindingKind::TypeAlias, name.range(), stmt);
                }
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    if target.is_name_expr() {
                        self.target(target, &BindingKind::Other, stmt);
                    }
                }
            }
            Stmt::For(node) => {
                self.target(&node.target, &BindingKind::Other, stmt);
                self.conditional(&node.body);
                self.conditional(&node.orelse);
            }
            Stmt::While(node) => {
                self.conditional(&node.body);
                self.conditional(&node.orelse);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    if let Some(target) = &item.optional_vars {
                        self.target(target, &BindingKind::Other, stmt);
                    }
                }
                self.block(&node.body);
            }
            Stmt::Try(node) => {
                self.guarded += 1;
                self.conditional(&node.body);
                for handler in &node.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(name) = &handler.name {
                        self.bind(name.as_str(), BindingKind::Other, name.range(), stmt);
                    }
                    self.conditional(&handler.body);
                }
                self.guarded -= 1;
                self.conditional(&node.orelse);
                self.block(&node.finalbody);
            }
            Stmt::Match(node) => {
                for case in &node.cases {
                    let mut names = PatternNames(Vec::new());
                    names.visit_pattern(&case.pattern);
                    for (name, range) in names.0 {
                        self.bind(&name, BindingKind::Other, range, stmt);
                    }
                    self.conditional(&case.body);
                }
            }
            Stmt::If(node) => {
                let mut branches = vec![(Some(&*node.test), &*node.body)];
                for clause in &node.elif_else_clauses {
                    branches.push((clause.test.as_ref(), &*clause.body));
                }
                self.branches(&branches);
            }
            _ => {}
        }
    }

    fn branches(&mut self, branches: &[(Option<&Expr>, &[Stmt])]) {
        // Whether a branch before was certain to be taken, and whether one before may have been.
        let mut decided = false;
        let mut uncertain = false;
        for (test, body) in branches {
            let truth = test.map_or(Some(true), |test| self.environment.truth(test));
            if decided || truth == Some(false) {
                if let (Some(first), Some(last)) = (body.first(), body.last()) {
                    self.index
                        .unreachable
                        .push(first.range().cover(last.range()));
                }
                continue;
            }
            let guards = usize::from(test.is_some_and(is_type_checking));
            self.guarded += guards;
            if truth == Some(true) && !uncertain {
                self.block(body);
            } else {
                self.conditional(body);
            }
            self.guarded -= guards;
            decided |= truth == Some(true);
            uncertain |= truth.is_none();
        }
    }

    /// Names bound by `:=` in the expressions of `stmt` itself.
    fn walrus(&mut self, stmt: &Stmt) {
        let mut names = WalrusNames(Vec::new());
        match stmt {
            Stmt::Expr(node) => names.visit_expr(&node.value),
            Stmt::Assign(node) => names.visit_expr(&node.value),
            Stmt::AnnAssign(node) => node.value.iter().for_each(|value| names.visit_expr(value)),
            Stmt::AugAssign(node) => names.visit_expr(&node.value),
            Stmt::For(node) => names.visit_expr(&node.iter),
            Stmt::While(node) => names.visit_expr(&node.test),
            Stmt::If(node) => {
                names.visit_expr(&node.test);
                for clause in &node.elif_else_clauses {
                    clause.test.iter().for_each(|test| names.visit_expr(test));
                }
            }
            Stmt::Match(node) => names.visit_expr(&node.subject),
            Stmt::With(node) => {
                node.items
                    .iter()
                    .for_each(|item| names.visit_expr(&item.context_expr));
            }
            Stmt::Return(node) => node.value.iter().for_each(|value| names.visit_expr(value)),
            Stmt::Assert(node) => names.visit_expr(&node.test),
            _ => {}
        }
        for (name, range) in names.0 {
            self.bind(&name, BindingKind::Other, range, stmt);
        }
    }

    fn import(&mut self, stmt: &Stmt, alias: &Alias) {
        let full = Name::new(alias.name.as_str());
        let (binds, module) = match &alias.asname {
            Some(asname) => (Name::new(asname.as_str()), full),
            None => {
                let top = Name::new(full.split('.').next().unwrap_or(&full));
                (top, top)
            }
        };
        self.bind(&binds, BindingKind::Import(module), alias.range(), stmt);
        self.index.imports.push(ImportEntry {
            module: Some(full),
            name: None,
            range: alias.name.range(),
            stmt: stmt.range(),
            binds: Some(binds),
            is_top_level: self.around.is_empty(),
            is_guarded: self.guarded > 0,
        });
    }

    fn import_from(&mut self, stmt: &Stmt, module: Option<Name>, alias: &Alias) {
        let name = Name::new(alias.name.as_str());
        let binds = match &alias.asname {
            Some(asname) => Name::new(asname.as_str()),
            None => name,
        };
        let is_star = &*name == "*";
        if !is_star {
            let kind = match module {
                Some(module) => BindingKind::ImportFrom { module, name },
                None => BindingKind::Other,
            };
            self.bind(&binds, kind, alias.range(), stmt);
        } else if let (true, Some(module)) = (self.around.is_empty(), &module) {
            self.index.scope.stars.push(*module);
        }
        self.index.imports.push(ImportEntry {
            module,
            name: Some(name),
            range: alias.range(),
            stmt: stmt.range(),
            binds: (!is_star).then_some(binds),
            is_top_level: self.around.is_empty(),
            is_guarded: self.guarded > 0,
        });
    }

    fn note_all(&mut self, targets: &[Expr], value: &Expr) {
        if let [Expr::Name(name)] = targets
            && name.id.as_str() == "__all__"
            && self.around.is_empty()
        {
            self.index.all = names_in(value);
        }
    }

    fn function(&mut self, stmt: &Stmt, node: &StmtFunctionDef) {
        let decorators: Vec<Name> = node.decorator_list.iter().map(decorator_name).collect();
        let class = self.class_around();
        let (kind, qualname) = self.kind_and_name(node.name.as_str(), class.is_some(), &decorators);
        let mut body = BodyFacts::default();
        body.visit_body(&node.body);
        let is_accessor = kind == FunctionKind::Setter || qualname.ends_with(".deleter");
        if !is_accessor {
            let kind = BindingKind::Function(qualname);
            self.bind(node.name.as_str(), kind, node.name.range(), stmt);
        }
        let earlier = match self.index.functions.shift_remove(&qualname) {
            Some(mut previous) => {
                let mut earlier = std::mem::take(&mut previous.earlier);
                earlier.push(previous);
                earlier
            }
            None => Vec::new(),
        };
        self.index.definitions.insert(node.range(), qualname);
        self.index.functions.insert(
            qualname,
            FunctionEntry {
                qualname,
                range: node.range(),
                name_range: node.name.range(),
                class,
                parent: self.function_around(),
                kind,
                decorators,
                is_async: node.is_async,
                is_generator: body.has_yield,
                is_conditional: self.conditional > 0,
                has_type_params: node.type_params.is_some(),
                earlier,
            },
        );

        let has_self = matches!(
            kind,
            FunctionKind::Method | FunctionKind::Property | FunctionKind::Setter
        );
        let self_of = match (class, first_parameter(&node.parameters)) {
            (Some(class), Some(first)) if has_self => Some((first, class)),
            _ => None,
        };
        self.around.push(Around::Function {
            qualname,
            self_of,
            globals: body.globals,
        });
        let outer = std::mem::take(&mut self.conditional);
        self.block(&node.body);
        self.conditional = outer;
        self.around.pop();
    }

    fn kind_and_name(
        &self,
        name: &str,
        in_class: bool,
        decorators: &[Name],
    ) -> (FunctionKind, Name) {
        let qualname = self.qualname(name);
        if !in_class {
            return (FunctionKind::Function, qualname);
        }
        for decorator in decorators {
            match decorator.rsplit_once('.') {
                Some((object, "setter")) if object == name => {
                    return (
                        FunctionKind::Setter,
                        Name::new(format!("{qualname}.setter")),
                    );
                }
                Some((object, "deleter")) if object == name => {
                    return (
                        FunctionKind::Method,
                        Name::new(format!("{qualname}.deleter")),
                    );
                }
                _ => {}
            }
            match last_part(decorator) {
                "staticmethod" => return (FunctionKind::StaticMethod, qualname),
                "classmethod" => return (FunctionKind::ClassMethod, qualname),
                "property" => return (FunctionKind::Property, qualname),
                _ => {}
            }
        }
        let kind = match name {
            "__new__" => FunctionKind::StaticMethod,
            "__init_subclass__" | "__class_getitem__" => FunctionKind::ClassMethod,
            _ => FunctionKind::Method,
        };
        (kind, qualname)
    }

    fn class(&mut self, stmt: &Stmt, node: &StmtClassDef) {
        let qualname = self.qualname(node.name.as_str());
        let kind = BindingKind::Class(qualname);
        self.bind(node.name.as_str(), kind, node.name.range(), stmt);
        let is_redefined = self.index.classes.shift_remove(&qualname).is_some();
        self.index.definitions.insert(node.range(), qualname);
        self.index.classes.insert(
            qualname,
            ClassEntry {
                qualname,
                range: node.range(),
                name_range: node.name.range(),
                parent: self.function_around(),
                class: self.class_around(),
                decorators: node.decorator_list.iter().map(decorator_name).collect(),
                scope: Scope::default(),
                self_assignments: Vec::new(),
                is_conditional: self.conditional > 0,
                has_type_params: node.type_params.is_some(),
                is_redefined,
            },
        );
        self.around.push(Around::Class { qualname });
        let outer = std::mem::take(&mut self.conditional);
        self.block(&node.body);
        self.conditional = outer;
        self.around.pop();
    }
}

fn is_type_checking(test: &Expr) -> bool {
    dotted(test).is_some_and(|name| last_part(&name) == "TYPE_CHECKING")
}

fn decorator_name(decorator: &Decorator) -> Name {
    let expr = match &decorator.expression {
        Expr::Call(call) => &call.func,
        other => other,
    };
    Name::new(dotted(expr).unwrap_or_default())
}

fn first_parameter(parameters: &Parameters) -> Option<Name> {
    let first = parameters.posonlyargs.first().or(parameters.args.first())?;
    Some(Name::new(first.parameter.name.as_str()))
}

/// The texts of a list or tuple of literals.
fn names_in(expr: &Expr) -> Option<Vec<Name>> {
    Some(string_list(expr)?.into_iter().map(Name::new).collect())
}

/// What a function's own body contains, nested functions and classes left out.
#[derive(Default)]
struct BodyFacts {
    has_yield: bool,
    globals: Vec<Name>,
}

impl<'a> Visitor<'a> for BodyFacts {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Global(node) => {
                self.globals
                    .extend(node.names.iter().map(|name| Name::new(name.as_str())));
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.has_yield = true,
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Names bound by `:=` in an expression.
struct WalrusNames(Vec<(Arc<str>, TextRange)>);

impl<'a> Visitor<'a> for WalrusNames {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Named(named) = expr
            && let Expr::Name(name) = &*named.target
        {
            self.0.push((Arc::from(name.id.as_str()), name.range()));
        }
        if !expr.is_lambda_expr() {
            visitor::walk_expr(self, expr);
        }
    }
}

/// Names that a pattern captures.
struct PatternNames(Vec<(Arc<str>, TextRange)>);

impl<'a> Visitor<'a> for PatternNames {
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(node) => node.name.as_ref(),
            Pattern::MatchStar(node) => node.name.as_ref(),
            Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.0.push((Arc::from(name.as_str()), name.range()));
        }
        visitor::walk_pattern(self, pattern);
    }
}
