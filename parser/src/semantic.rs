//! Syntax errors that need more than the grammar: `break` outside a loop, two parameters of one name, a
//! `nonlocal` with nothing to refer to, and the rest of what CPython's compiler reports after parsing.
//!
//! The rules themselves are the parser crate's; this module walks the tree, keeps the stack of scopes that the
//! rules ask about, and adds the few rules that need two statements at once.

use std::cell::RefCell;

use rustpython_ast::visitor::{self, Visitor};
use rustpython_ast::{
    self as ast, Comprehension, Expr, ExprContext, Identifier, Parameters, Pattern, PythonVersion,
    Stmt,
};
use rustpython_parser::semantic_errors::{
    LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext, SemanticSyntaxError,
};
use text_size::{Ranged, TextRange};

use crate::syntax::{SyntaxError, tidy};

/// All errors of this kind in a module that parsed without errors.
pub(crate) fn check(source: &str, body: &[Stmt], version: PythonVersion) -> Vec<SyntaxError> {
    let mut walker = Walker {
        checker: SemanticSyntaxChecker::new(),
        context: Context {
            source,
            version,
            future_annotations: has_future_annotations(body),
            scopes: vec![Scope::new(ScopeKind::Module, body, None)],
            errors: RefCell::default(),
        },
    };
    walker.visit_body(body);
    walker
        .context
        .errors
        .into_inner()
        .into_iter()
        .map(|error| SyntaxError {
            message: tidy(&error.to_string()),
            range: error.range,
        })
        .collect()
}

fn has_future_annotations(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::ImportFrom(import) => {
            import.module.as_deref() == Some("__future__")
                && import
                    .names
                    .iter()
                    .any(|alias| alias.name.as_str() == "annotations")
        }
        _ => false,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    Module,
    Class,
    Function { is_async: bool },
    Lambda,
    Comprehension { is_async: bool, is_generator: bool },
}

struct Scope<'a> {
    kind: ScopeKind,
    /// The statements of the scope, none for a lambda or a comprehension.
    body: &'a [Stmt],
    parameters: Option<&'a Parameters>,
    /// Names declared `global`, each with its first declaration.
    globals: Vec<(&'a str, TextRange)>,
    /// Whether the current statement is inside a loop of this scope.
    in_loop: bool,
}

impl<'a> Scope<'a> {
    fn new(kind: ScopeKind, body: &'a [Stmt], parameters: Option<&'a Parameters>) -> Self {
        let mut globals = GlobalNames(Vec::new());
        globals.visit_body(body);
        Self {
            kind,
            body,
            parameters,
            globals: globals.0,
            in_loop: false,
        }
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.parameters.is_some_and(|parameters| {
            parameters
                .iter()
                .any(|parameter| parameter.name().as_str() == name)
        })
    }

    /// Whether a function scope binds `name` itself.
    fn binds(&self, name: &str) -> bool {
        if self.has_parameter(name) {
            return true;
        }
        let mut search = BindingSearch {
            name,
            found: false,
            declared_elsewhere: false,
        };
        search.visit_body(self.body);
        // A name that is itself `nonlocal` here was found further out, or has its own error.
        search.found || search.declared_elsewhere
    }
}

struct Context<'a> {
    source: &'a str,
    version: PythonVersion,
    future_annotations: bool,
    scopes: Vec<Scope<'a>>,
    errors: RefCell<Vec<SemanticSyntaxError>>,
}

impl Context<'_> {
    fn current(&self) -> ScopeKind {
        self.scopes
            .last()
            .map_or(ScopeKind::Module, |scope| scope.kind)
    }
}

impl SemanticSyntaxContext for Context<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        self.future_annotations
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        None
    }

    fn python_version(&self) -> PythonVersion {
        self.version
    }

    fn source(&self) -> &str {
        self.source
    }

    fn global(&self, name: &str) -> Option<TextRange> {
        let scope = self.scopes.last()?;
        scope
            .globals
            .iter()
            .find(|(global, _)| *global == name)
            .map(|(_, range)| *range)
    }

    fn has_nonlocal_binding(&self, name: &str) -> bool {
        let enclosing = self.scopes.len().saturating_sub(1);
        // Every class body has a cell of this name for its methods.
        if name == "__class__" {
            return self.scopes[..enclosing]
                .iter()
                .any(|scope| scope.kind == ScopeKind::Class);
        }
        self.scopes[..enclosing]
            .iter()
            .filter(|scope| matches!(scope.kind, ScopeKind::Function { .. } | ScopeKind::Lambda))
            .any(|scope| scope.binds(name))
    }

    fn in_async_context(&self) -> bool {
        for scope in self.scopes.iter().rev() {
            match scope.kind {
                ScopeKind::Function { is_async } => return is_async,
                ScopeKind::Class | ScopeKind::Lambda | ScopeKind::Module => return false,
                ScopeKind::Comprehension { .. } => {}
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        for scope in self.scopes.iter().rev() {
            match scope.kind {
                ScopeKind::Function { .. } | ScopeKind::Lambda => return true,
                ScopeKind::Class | ScopeKind::Module => return false,
                ScopeKind::Comprehension { .. } => {}
            }
        }
        false
    }

    fn in_yield_allowed_context(&self) -> bool {
        matches!(
            self.current(),
            ScopeKind::Function { .. } | ScopeKind::Lambda
        )
    }

    fn in_sync_comprehension(&self) -> bool {
        for scope in self.scopes.iter().rev() {
            match scope.kind {
                ScopeKind::Comprehension {
                    is_async: false,
                    is_generator: false,
                } => return true,
                ScopeKind::Comprehension { .. } => {}
                _ => return false,
            }
        }
        false
    }

    fn in_class_body_comprehension(&self) -> bool {
        let mut inside = false;
        for scope in self.scopes.iter().rev() {
            match scope.kind {
                ScopeKind::Comprehension { .. } => inside = true,
                ScopeKind::Class => return inside,
                _ => return false,
            }
        }
        false
    }

    fn in_module_scope(&self) -> bool {
        self.scopes.len() == 1
    }

    fn in_function_scope(&self) -> bool {
        matches!(
            self.current(),
            ScopeKind::Function { .. } | ScopeKind::Lambda
        )
    }

    fn in_generator_context(&self) -> bool {
        matches!(
            self.current(),
            ScopeKind::Comprehension {
                is_generator: true,
                ..
            }
        )
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.errors.borrow_mut().push(error);
    }

    fn in_loop_context(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.in_loop)
    }

    fn is_bound_parameter(&self, name: &str) -> bool {
        self.scopes
            .last()
            .is_some_and(|scope| scope.has_parameter(name))
    }
}

struct Walker<'a> {
    checker: SemanticSyntaxChecker,
    context: Context<'a>,
}

impl<'a> Walker<'a> {
    fn scoped(&mut self, scope: Scope<'a>, inside: impl FnOnce(&mut Self)) {
        self.context.scopes.push(scope);
        inside(self);
        self.context.scopes.pop();
    }

    fn in_loop(&mut self, body: &'a [Stmt]) {
        let scope = self.context.scopes.len() - 1;
        let outer = std::mem::replace(&mut self.context.scopes[scope].in_loop, true);
        self.visit_body(body);
        self.context.scopes[scope].in_loop = outer;
    }

    fn comprehension(
        &mut self,
        generators: &'a [Comprehension],
        is_generator: bool,
        inside: impl FnOnce(&mut Self),
    ) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let is_async = generators.iter().any(|generator| generator.is_async);
        let kind = ScopeKind::Comprehension {
            is_async,
            is_generator,
        };
        self.scoped(Scope::new(kind, &[], None), |walker| {
            for (index, generator) in generators.iter().enumerate() {
                walker.visit_expr(&generator.target);
                if index > 0 {
                    walker.visit_expr(&generator.iter);
                }
                for condition in &generator.ifs {
                    walker.visit_expr(condition);
                }
            }
            inside(walker);
        });
    }
}

impl<'a> Visitor<'a> for Walker<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.checker.visit_stmt(stmt, &self.context);
        match stmt {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(type_params) = &function.type_params {
                    self.visit_type_params(type_params);
                }
                self.visit_parameters(&function.parameters);
                if let Some(returns) = &function.returns {
                    self.visit_annotation(returns);
                }
                let kind = ScopeKind::Function {
                    is_async: function.is_async,
                };
                let scope = Scope::new(kind, &function.body, Some(&function.parameters));
                self.scoped(scope, |walker| walker.visit_body(&function.body));
            }
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(type_params) = &class.type_params {
                    self.visit_type_params(type_params);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                let scope = Scope::new(ScopeKind::Class, &class.body, None);
                self.scoped(scope, |walker| walker.visit_body(&class.body));
            }
            Stmt::While(node) => {
                self.visit_expr(&node.test);
                self.in_loop(&node.body);
                self.visit_body(&node.orelse);
            }
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                self.visit_expr(&node.target);
                self.in_loop(&node.body);
                self.visit_body(&node.orelse);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.checker.visit_expr(expr, &self.context);
        match expr {
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                let scope = Scope::new(ScopeKind::Lambda, &[], lambda.parameters.as_deref());
                self.scoped(scope, |walker| walker.visit_expr(&lambda.body));
            }
            Expr::ListComp(node) => {
                self.comprehension(&node.generators, false, |walker| {
                    walker.visit_expr(&node.elt)
                });
            }
            Expr::SetComp(node) => {
                self.comprehension(&node.generators, false, |walker| {
                    walker.visit_expr(&node.elt)
                });
            }
            Expr::DictComp(node) => {
                self.comprehension(&node.generators, false, |walker| {
                    if let Some(key) = &node.key {
                        walker.visit_expr(key);
                    }
                    walker.visit_expr(&node.value);
                });
            }
            Expr::Generator(node) => {
                self.comprehension(&node.generators, true, |walker| {
                    walker.visit_expr(&node.elt)
                });
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Collects `global` declarations of one scope, not of the scopes inside it.
struct GlobalNames<'a>(Vec<(&'a str, TextRange)>);

impl<'a> Visitor<'a> for GlobalNames<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Global(node) => {
                for name in &node.names {
                    if !self.0.iter().any(|(known, _)| *known == name.as_str()) {
                        self.0.push((name.as_str(), node.range()));
                    }
                }
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// Looks for a binding of one name in a scope.
struct BindingSearch<'n> {
    name: &'n str,
    found: bool,
    declared_elsewhere: bool,
}

impl BindingSearch<'_> {
    fn identifier(&mut self, identifier: &Identifier) {
        self.found |= identifier.as_str() == self.name;
    }
}

impl<'a> Visitor<'a> for BindingSearch<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => self.identifier(&node.name),
            Stmt::ClassDef(node) => self.identifier(&node.name),
            Stmt::Import(node) => {
                for alias in &node.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.found |= bound.split('.').next() == Some(self.name);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    self.identifier(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            Stmt::Nonlocal(node) => {
                self.declared_elsewhere |= node.names.iter().any(|name| name.as_str() == self.name);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if name.ctx != ExprContext::Load && name.id.as_str() == self.name {
                    self.found = true;
                }
            }
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.identifier(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchAs(node) => node.name.iter().for_each(|name| self.identifier(name)),
            Pattern::MatchStar(node) => node.name.iter().for_each(|name| self.identifier(name)),
            Pattern::MatchMapping(node) => {
                node.rest.iter().for_each(|name| self.identifier(name));
            }
            _ => {}
        }
        visitor::walk_pattern(self, pattern);
    }
}
