//! Which names a function binds: Python's scoping rules over its body.

use std::borrow::Cow;

use crate::collections::{IndexMap, IndexSet};
use crate::types::Name;
use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, Expr, ExprContext, Pattern, Stmt};
use keelback_parser::text_size::TextSize;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The names of one scope.
#[derive(Debug, Default)]
pub struct Names {
    /// Names bound in the scope itself, in order of first binding.
    pub bound: IndexSet<Name>,
    /// Where each of them is bound.
    pub positions: FxHashMap<Name, SmallVec<[TextSize; 4]>>,
    /// Names declared `global`.
    pub globals: FxHashSet<String>,
    /// Names declared `nonlocal`.
    pub nonlocals: FxHashSet<String>,
    /// Names that a nested scope rebinds (`nonlocal` there): nothing is known of them.
    pub shared: FxHashSet<String>,
    /// The annotations of names that are declared (`x: int`), each with the first.
    pub annotations: IndexMap<String, ()>,
    /// Whether a `yield` is in the scope.
    pub has_yield: bool,
}

impl Names {
    /// The names that `body` binds. Parameters are not among them.
    pub fn of(body: &[Stmt]) -> Names {
        let mut collector = Collector {
            names: Names::default(),
            comprehension: 0,
        };
        collector.visit_body(body);
        let mut names = collector.names;
        let globals = std::mem::take(&mut names.globals);
        let nonlocals = std::mem::take(&mut names.nonlocals);
        names
            .bound
            .retain(|name| !globals.contains(&**name) && !nonlocals.contains(&**name));
        names.globals = globals;
        names.nonlocals = nonlocals;
        names
    }
}

struct Collector {
    names: Names,
    comprehension: u32,
}

impl Collector {
    fn bind(&mut self, name: &str, at: TextSize) {
        let name = Name::new(name);
        self.names.bound.insert(name);
        self.names.positions.entry(name).or_default().push(at);
    }

    fn alias(&mut self, alias: &ast::Alias) {
        let bound = match &alias.asname {
            Some(name) => name.as_str(),
            None => alias.name.as_str().split('.').next().unwrap_or_default(),
        };
        self.bind(bound, alias.range.start());
    }

    fn nested(&mut self, body: &[Stmt]) {
        // Only what a nested scope shares with this one matters.
        let mut inner = Shared {
            names: FxHashSet::default(),
        };
        inner.visit_body(body);
        self.names.shared.extend(inner.names);
    }
}

impl<'a> Visitor<'a> for Collector {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                self.bind(def.name.as_str(), def.name.range.start());
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                for param in def.parameters.iter_non_variadic_params() {
                    if let Some(default) = param.default() {
                        self.visit_expr(default);
                    }
                }
                self.nested(&def.body);
            }
            Stmt::ClassDef(def) => {
                self.bind(def.name.as_str(), def.name.range.start());
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                self.nested(&def.body);
            }
            Stmt::Import(import) => import.names.iter().for_each(|a| self.alias(a)),
            Stmt::ImportFrom(import) => import.names.iter().for_each(|a| self.alias(a)),
            Stmt::Global(s) => {
                self.names
                    .globals
                    .extend(s.names.iter().map(|n| n.as_str().to_owned()));
            }
            Stmt::Nonlocal(s) => {
                self.names
                    .nonlocals
                    .extend(s.names.iter().map(|n| n.as_str().to_owned()));
            }
            Stmt::AnnAssign(s) => {
                if let Expr::Name(name) = &*s.target {
                    self.bind(name.id.as_str(), name.range.start());
                    self.names.annotations.insert(name.id.to_string(), ());
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if self.comprehension == 0
                    && matches!(name.ctx, ExprContext::Store | ExprContext::Del)
                {
                    self.bind(name.id.as_str(), name.range.start());
                }
            }
            Expr::Named(named) => {
                if let Expr::Name(name) = &*named.target {
                    self.bind(name.id.as_str(), name.range.start());
                }
                self.visit_expr(&named.value);
            }
            Expr::Lambda(_) => {}
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension += 1;
                visitor::walk_expr(self, expr);
                self.comprehension -= 1;
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.names.has_yield = true;
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name.as_str(), name.range.start());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchAs(p) => {
                if let Some(name) = &p.name {
                    self.bind(name.as_str(), name.range.start());
                }
            }
            Pattern::MatchStar(p) => {
                if let Some(name) = &p.name {
                    self.bind(name.as_str(), name.range.start());
                }
            }
            Pattern::MatchMapping(p) => {
                if let Some(name) = &p.rest {
                    self.bind(name.as_str(), name.range.start());
                }
            }
            _ => {}
        }
        visitor::walk_pattern(self, pattern);
    }
}

/// Collects the names that nested scopes rebind by `nonlocal`.
struct Shared {
    names: FxHashSet<String>,
}

impl<'a> Visitor<'a> for Shared {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Nonlocal(s) = stmt {
            self.names
                .extend(s.names.iter().map(|n| n.as_str().to_owned()));
        }
        visitor::walk_stmt(self, stmt);
    }
}

/// Whether an expression has a `:=` in it (outside lambdas).
pub fn has_walrus(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'a> Visitor<'a> for Find {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Named(_) => self.0 = true,
                Expr::Lambda(_) => {}
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// CPython's name mangling: `__x` inside class `C` is `_C__x`.
pub fn mangle<'n>(class: Option<&str>, name: &'n str) -> Cow<'n, str> {
    match class {
        Some(class) if name.starts_with("__") && !name.ends_with("__") && !name.contains('.') => {
            let class = class.trim_start_matches('_');
            if class.is_empty() {
                Cow::Borrowed(name)
            } else {
                Cow::Owned(format!("_{class}{name}"))
            }
        }
        _ => Cow::Borrowed(name),
    }
}
