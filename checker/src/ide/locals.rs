//! Where a name of a function, a lambda or a comprehension is bound: Python's scoping rules around one place.

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprContext, Identifier, Parameters, Pattern, Stmt,
    StmtClassDef, StmtFunctionDef, StmtImportFrom,
};
use keelback_parser::text_size::{Ranged, TextRange};

use super::locate::{Around, Located};

/// What binds a name.
#[derive(Debug, Clone, Copy)]
pub enum Bound<'a> {
    /// A parameter.
    Parameter(TextRange),
    /// An assignment, a loop, `with`, `except`, a pattern …
    Variable(TextRange),
    /// A nested function.
    Function(&'a StmtFunctionDef),
    /// A nested class.
    Class(&'a StmtClassDef),
    /// `import a.b` or `import a.b as c`, with the module that the name stands for.
    Import(&'a str),
    /// `from m import name`.
    FromImport(&'a StmtImportFrom, &'a Alias),
}

/// Where `name` comes from, as seen from a place.
#[derive(Debug)]
pub enum Origin<'a> {
    /// A scope inside a function, with the binding that says most about it: a declaration, or else the first one.
    Local(Bound<'a>),
    /// The body of a class that the place stands in directly. How it is bound there is for the index to say.
    ClassBody(usize),
    /// The module, or the builtins.
    Global,
}

/// Finds where `name`, read at `place`, is bound.
pub fn origin<'a>(place: &Located<'a>, name: &str) -> Origin<'a> {
    let mut class_is_seen = true;
    for (depth, around) in place.around.iter().enumerate().rev() {
        match around {
            Around::Comprehension(generators) => {
                let found = generators.iter().find_map(|generator: &Comprehension| {
                    let mut binders = Binders::of(name);
                    binders.visit_expr(&generator.target);
                    binders.best()
                });
                if let Some(bound) = found {
                    return Origin::Local(bound);
                }
            }
            Around::Lambda(node) => {
                class_is_seen = false;
                if let Some(bound) = node.parameters.as_deref().and_then(|p| parameter(p, name)) {
                    return Origin::Local(bound);
                }
            }
            Around::Class(node) => {
                if class_is_seen {
                    let mut binders = Binders::of(name);
                    binders.visit_body(&node.body);
                    if binders.best().is_some() {
                        return Origin::ClassBody(depth);
                    }
                }
            }
            Around::Function(node) => {
                class_is_seen = false;
                if let Some(bound) = parameter(&node.parameters, name) {
                    return Origin::Local(bound);
                }
                let mut binders = Binders::of(name);
                binders.visit_body(&node.body);
                if binders.is_global {
                    return Origin::Global;
                }
                if let (Some(bound), false) = (binders.best(), binders.is_nonlocal) {
                    return Origin::Local(bound);
                }
            }
        }
    }
    Origin::Global
}

fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<Bound<'a>> {
    let found = parameters.iter().find(|p| p.name().as_str() == name)?;
    Some(Bound::Parameter(found.name().range()))
}

/// Collects what binds one name in a scope.
struct Binders<'a, 'n> {
    name: &'n str,
    /// With whether it is a declaration.
    found: Vec<(Bound<'a>, bool)>,
    is_global: bool,
    is_nonlocal: bool,
    /// Inside a comprehension only a walrus binds in this scope.
    comprehensions: usize,
}

impl<'a, 'n> Binders<'a, 'n> {
    fn of(name: &'n str) -> Binders<'a, 'n> {
        Binders {
            name,
            found: Vec::new(),
            is_global: false,
            is_nonlocal: false,
            comprehensions: 0,
        }
    }

    fn best(&self) -> Option<Bound<'a>> {
        let declared = self
            .found
            .iter()
            .find(|(_, is_declaration)| *is_declaration);
        declared.or(self.found.first()).map(|(bound, _)| *bound)
    }

    fn bind(&mut self, name: &str, bound: Bound<'a>, is_declaration: bool) {
        if name == self.name {
            self.found.push((bound, is_declaration));
        }
    }

    fn identifier(&mut self, name: &'a Identifier) {
        self.bind(name.as_str(), Bound::Variable(name.range()), false);
    }
}

impl<'a> Visitor<'a> for Binders<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => {
                self.bind(node.name.as_str(), Bound::Function(node), true);
            }
            Stmt::ClassDef(node) => self.bind(node.name.as_str(), Bound::Class(node), true),
            Stmt::AnnAssign(node) => {
                if let Expr::Name(name) = &*node.target {
                    self.bind(name.id.as_str(), Bound::Variable(name.range()), true);
                }
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    let module = alias.name.as_str();
                    match &alias.asname {
                        Some(name) => self.bind(name.as_str(), Bound::Import(module), true),
                        None => {
                            let top = module.split('.').next().unwrap_or(module);
                            self.bind(top, Bound::Import(top), true);
                        }
                    }
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(name.as_str(), Bound::FromImport(node, alias), true);
                }
            }
            Stmt::Global(node) => {
                self.is_global |= node.names.iter().any(|name| name.as_str() == self.name);
            }
            Stmt::Nonlocal(node) => {
                self.is_nonlocal |= node.names.iter().any(|name| name.as_str() == self.name);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if name.ctx == ExprContext::Store && self.comprehensions == 0 {
                    self.bind(name.id.as_str(), Bound::Variable(name.range()), false);
                }
            }
            Expr::Named(node) => {
                if let Expr::Name(name) = &*node.target {
                    self.bind(name.id.as_str(), Bound::Variable(name.range()), false);
                }
                self.visit_expr(&node.value);
            }
            Expr::Lambda(_) => {}
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehensions += 1;
                visitor::walk_expr(self, expr);
                self.comprehensions -= 1;
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(node) = handler;
        if let Some(name) = &node.name {
            self.identifier(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(node) => node.name.as_ref(),
            Pattern::MatchStar(node) => node.name.as_ref(),
            Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.identifier(name);
        }
        visitor::walk_pattern(self, pattern);
    }
}
