//! The name in the syntax that an offset is on.

use keelback_parser::Parsed;
use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprAttribute, ExprCall, ExprLambda, ExprName,
    Identifier, Keyword, Parameter, Pattern, Stmt, StmtClassDef, StmtFunctionDef, StmtImportFrom,
};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

/// A name in the syntax.
#[derive(Debug, Clone, Copy)]
pub enum Spot<'a> {
    /// A name that is read, assigned or deleted, also in patterns, `except … as`, `global` and `nonlocal`.
    Name(&'a str),
    /// The part after the dot.
    Attribute(&'a ExprAttribute),
    /// The name after `def`.
    Function(&'a StmtFunctionDef),
    /// The name after `class`.
    Class(&'a StmtClassDef),
    /// A parameter's own name.
    Parameter(&'a Parameter),
    /// The name of an argument: `f(name=1)`.
    Argument(&'a ExprCall, &'a Keyword),
    /// `import a.b`: the dotted name up to and with the part that the offset is on.
    Module(&'a str),
    /// `from a.b import c`: the module, up to and with the part that the offset is on.
    FromModule(&'a StmtImportFrom, &'a str),
    /// `from m import name [as alias]`, on either name.
    FromName(&'a StmtImportFrom, &'a Alias),
}

/// A scope around a place.
#[derive(Debug, Clone, Copy)]
pub enum Around<'a> {
    /// Inside the body of a function, or a parameter of it.
    Function(&'a StmtFunctionDef),
    /// Inside the body of a class.
    Class(&'a StmtClassDef),
    /// Inside a lambda.
    Lambda(&'a ExprLambda),
    /// Inside a comprehension or generator expression.
    Comprehension(&'a [Comprehension]),
}

/// A name with its place and what is around it.
#[derive(Debug, Clone)]
pub struct Located<'a> {
    /// The name.
    pub spot: Spot<'a>,
    /// Where it stands.
    pub range: TextRange,
    /// The scopes around it, outermost first.
    pub around: Vec<Around<'a>>,
}

impl<'a> Located<'a> {
    /// The qualified name, without `<locals>` parts, of the innermost function or class around; empty at module level.
    pub fn qualname(&self) -> String {
        let mut parts = Vec::new();
        for around in &self.around {
            match around {
                Around::Function(node) => parts.push(node.name.as_str()),
                Around::Class(node) => parts.push(node.name.as_str()),
                Around::Lambda(_) | Around::Comprehension(_) => {}
            }
        }
        parts.join(".")
    }
}

/// The name at `offset`, or just before it.
pub fn locate(parsed: &Parsed, offset: TextSize) -> Option<Located<'_>> {
    let mut finder = Finder {
        offset,
        around: Vec::new(),
        found: None,
    };
    finder.visit_body(parsed.body());
    finder.found
}

struct Finder<'a> {
    offset: TextSize,
    around: Vec<Around<'a>>,
    found: Option<Located<'a>>,
}

impl<'a> Finder<'a> {
    fn holds(&self, node: &impl Ranged) -> bool {
        node.range().contains_inclusive(self.offset)
    }

    fn spot(&mut self, spot: Spot<'a>, range: TextRange) {
        self.found = Some(Located {
            spot,
            range,
            around: self.around.clone(),
        });
    }

    fn identifier(&mut self, name: &'a Identifier) {
        if self.holds(name) {
            self.spot(Spot::Name(name.as_str()), name.range());
        }
    }

    fn within(&mut self, around: Around<'a>, visit: impl FnOnce(&mut Self)) {
        self.around.push(around);
        visit(self);
        self.around.pop();
    }

    /// The part of a dotted name up to the offset.
    fn dotted(&self, name: &'a Identifier) -> (&'a str, TextRange) {
        let text = name.as_str();
        let inside = (self.offset - name.start()).to_usize().min(text.len());
        // Spaces around the dots are allowed in the source and not in the name; such an import is taken whole.
        let is_plain = name.range().len().to_usize() == text.len();
        let end = if is_plain {
            text[inside..]
                .find('.')
                .map_or(text.len(), |at| inside + at)
        } else {
            text.len()
        };
        let start = if is_plain {
            text[..end].rfind('.').map_or(0, |at| at + 1)
        } else {
            0
        };
        let at = |offset: usize| name.start() + TextSize::try_from(offset).unwrap_or_default();
        let range = if is_plain {
            TextRange::new(at(start), at(end))
        } else {
            name.range()
        };
        (&text[..end], range)
    }

    fn function(&mut self, node: &'a StmtFunctionDef) {
        for decorator in &node.decorator_list {
            self.visit_decorator(decorator);
        }
        if self.holds(&node.name) {
            self.spot(Spot::Function(node), node.name.range());
            return;
        }
        if let Some(params) = &node.type_params {
            self.visit_type_params(params);
        }
        for parameter in &node.parameters {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
            let own = parameter.as_parameter();
            if self.holds(&own.name) {
                self.within(Around::Function(node), |finder| {
                    finder.spot(Spot::Parameter(own), own.name.range());
                });
            }
        }
        if let Some(returns) = &node.returns {
            self.visit_annotation(returns);
        }
        self.within(Around::Function(node), |finder| {
            finder.visit_body(&node.body);
        });
    }

    fn class(&mut self, node: &'a StmtClassDef) {
        for decorator in &node.decorator_list {
            self.visit_decorator(decorator);
        }
        if self.holds(&node.name) {
            self.spot(Spot::Class(node), node.name.range());
            return;
        }
        if let Some(params) = &node.type_params {
            self.visit_type_params(params);
        }
        if let Some(arguments) = &node.arguments {
            self.visit_arguments(arguments);
        }
        self.within(Around::Class(node), |finder| finder.visit_body(&node.body));
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr]) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.within(Around::Comprehension(generators), |finder| {
            for (number, generator) in generators.iter().enumerate() {
                finder.visit_expr(&generator.target);
                if number > 0 {
                    finder.visit_expr(&generator.iter);
                }
                for condition in &generator.ifs {
                    finder.visit_expr(condition);
                }
            }
            for element in elements {
                finder.visit_expr(element);
            }
        });
    }

    fn name(&mut self, name: &'a ExprName) {
        self.spot(Spot::Name(name.id.as_str()), name.range());
    }
}

impl<'a> Visitor<'a> for Finder<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if self.found.is_some() || !self.holds(stmt) {
            return;
        }
        match stmt {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Import(node) => {
                for alias in &node.names {
                    if self.holds(&alias.name) {
                        let (module, range) = self.dotted(&alias.name);
                        self.spot(Spot::Module(module), range);
                    } else if let Some(name) = alias.asname.as_ref().filter(|n| self.holds(*n)) {
                        self.spot(Spot::Module(alias.name.as_str()), name.range());
                    }
                }
            }
            Stmt::ImportFrom(node) => {
                if let Some(module) = node.module.as_ref().filter(|module| self.holds(*module)) {
                    let (module, range) = self.dotted(module);
                    self.spot(Spot::FromModule(node, module), range);
                }
                for alias in &node.names {
                    let names = [Some(&alias.name), alias.asname.as_ref()];
                    for name in names.into_iter().flatten() {
                        if self.holds(name) {
                            self.spot(Spot::FromName(node, alias), name.range());
                        }
                    }
                }
            }
            Stmt::Global(node) => node.names.iter().for_each(|name| self.identifier(name)),
            Stmt::Nonlocal(node) => node.names.iter().for_each(|name| self.identifier(name)),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.found.is_some() || !self.holds(expr) {
            return;
        }
        match expr {
            Expr::Name(name) => self.name(name),
            Expr::Attribute(node) => {
                if self.holds(&node.attr) {
                    self.spot(Spot::Attribute(node), node.attr.range());
                } else {
                    self.visit_expr(&node.value);
                }
            }
            Expr::Call(node) => {
                for keyword in &node.arguments.keywords {
                    if let Some(name) = keyword.arg.as_ref().filter(|name| self.holds(*name)) {
                        self.spot(Spot::Argument(node, keyword), name.range());
                        return;
                    }
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(node) => {
                for parameter in node
                    .parameters
                    .iter()
                    .flat_map(|parameters| parameters.iter())
                {
                    if let Some(default) = parameter.default() {
                        self.visit_expr(default);
                    }
                }
                self.within(Around::Lambda(node), |finder| {
                    for parameter in node
                        .parameters
                        .iter()
                        .flat_map(|parameters| parameters.iter())
                    {
                        let own = parameter.as_parameter();
                        if finder.holds(&own.name) {
                            finder.spot(Spot::Parameter(own), own.name.range());
                        }
                    }
                    finder.visit_expr(&node.body);
                });
            }
            Expr::ListComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::SetComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::Generator(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::DictComp(node) => {
                let elements: Vec<&'a Expr> = node
                    .key
                    .as_deref()
                    .into_iter()
                    .chain([&*node.value])
                    .collect();
                self.comprehension(&node.generators, &elements);
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
        if self.found.is_some() || !self.holds(pattern) {
            return;
        }
        visitor::walk_pattern(self, pattern);
        if self.found.is_some() {
            return;
        }
        let name = match pattern {
            Pattern::MatchAs(node) => node.name.as_ref(),
            Pattern::MatchStar(node) => node.name.as_ref(),
            Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.identifier(name);
        }
    }
}
