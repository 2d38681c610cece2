//! What is nested in a function: functions, classes, lambdas, and imports.
//!
//! A nested scope is inferred with the variables of the functions around it, as they are declared, or narrowed if nothing assigns them
//! after the nested scope is made.

use keelback_parser::ast;
use keelback_parser::text_size::{TextRange, TextSize};

use crate::interface::ParamKind;
use crate::tree::Expr;
use crate::types::{Name, Parameter, Rest, Signature, Symbol, Type};

use super::attr::python_type;
use super::convert::Why;
use super::cx::{Cx, Finding, ScopeKind};
use super::flow::{Place, Root};
use super::world::{Resolved, erase};

/// A variable of a function around, with the type that a nested scope sees.
pub type Captured = (String, Type);

/// Infers what is nested in a scope.
pub trait Nest {
    /// The function that this statement defines.
    fn function(&self, node: &ast::StmtFunctionDef) -> Option<Symbol>;
    /// The class that this statement defines.
    fn class(&self, node: &ast::StmtClassDef) -> Option<Symbol>;
    /// What is found in the function, which sees `captured`, and the type that it returns.
    fn check_function(
        &self,
        node: &ast::StmtFunctionDef,
        captured: &[Captured],
    ) -> (Vec<Finding>, Type);
    /// What is found in the class body and its methods.
    fn check_class(&self, node: &ast::StmtClassDef, captured: &[Captured]) -> Vec<Finding>;
}

impl Cx<'_> {
    /// Whether what is nested here is inferred with this scope: in a function, and in what is itself nested in one.
    fn nests(&self) -> bool {
        self.kind == ScopeKind::Function || !self.captured.is_empty()
    }

    /// Whether nested scopes are to be looked into now.
    fn looks_inside(&self) -> bool {
        self.last && self.muted == 0 && self.state.reachable
    }

    /// A nested `def`: its defaults, its body, and the name that it binds.
    pub fn nested_function(&mut self, node: &ast::StmtFunctionDef) {
        let span = node.range;
        let symbol = self.nest.and_then(|nest| nest.function(node));
        if !self.nests() {
            return self.definition(node.name.as_str(), &node.decorator_list, span);
        }
        let function = symbol.and_then(|symbol| self.world.function(&symbol));
        for parameter in node.parameters.iter_non_variadic_params() {
            let Some(default) = parameter.default() else {
                continue;
            };
            let name = parameter.name().as_str();
            let declared = function
                .as_ref()
                .and_then(|f| f.params.iter().find(|p| &*p.name == name))
                .map(|p| erase(&p.ty))
                .filter(|ty| !ty.is_dynamic());
            let value = self.expr(default, declared.as_ref());
            if let Some(declared) = declared {
                self.coerce(value, &declared, &Why::Default(Name::new(name)));
            }
        }
        let known = function
            .as_ref()
            .filter(|f| !f.is_decorated && !f.is_overloaded);
        // The function may call itself: its name is bound before its body is looked into.
        match (known, symbol) {
            (Some(_), Some(symbol)) if self.kind == ScopeKind::Function => {
                for decorator in &node.decorator_list {
                    self.quiet_type(&decorator.expression);
                }
                let value = self.of_type(Type::Function(symbol), span);
                self.assign_name(node.name.as_str(), value, span);
            }
            _ => self.definition(node.name.as_str(), &node.decorator_list, span),
        }
        if let (Some(nest), Some(symbol), true) = (self.nest, symbol, self.looks_inside()) {
            let captured = self.captured_at(span.start());
            let (findings, returned) = nest.check_function(node, &captured);
            self.take_findings(findings);
            self.returned_by.insert(symbol, returned);
        }
    }

    /// A nested `class`.
    pub fn nested_class(&mut self, node: &ast::StmtClassDef) {
        let span = node.range;
        let symbol = self.nest.and_then(|nest| nest.class(node));
        if !self.nests() {
            return self.definition(node.name.as_str(), &node.decorator_list, span);
        }
        let plain = node.decorator_list.is_empty();
        match symbol {
            Some(symbol) if plain && self.kind == ScopeKind::Function => {
                let value = self.of_type(Type::Class(symbol), span);
                self.assign_name(node.name.as_str(), value, span);
            }
            _ => self.definition(node.name.as_str(), &node.decorator_list, span),
        }
        if let (Some(nest), Some(_), true) = (self.nest, symbol, self.looks_inside()) {
            let captured = self.captured_at(span.start());
            let findings = nest.check_class(node, &captured);
            self.take_findings(findings);
        }
    }

    fn take_findings(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.errors |= finding.rule.default_level() == crate::rules::Level::Error;
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    /// The variables that what is nested at `at` sees. The names of a class body are not seen.
    fn captured_at(&self, at: TextSize) -> Vec<Captured> {
        if self.kind == ScopeKind::Class {
            return self.captured.to_vec();
        }
        let mut all = Vec::new();
        for (name, id) in &self.by_name {
            let place = Place::local(*id);
            let ty = match self.state.facts.get(&place) {
                Some(fact) if self.is_settled(name, at) => *fact,
                _ => self.storage(*id),
            };
            let ty = if ty == Type::Never { Type::Dynamic } else { ty };
            all.push((name.to_string(), ty));
        }
        for scope in &self.comprehension {
            for (name, id) in scope {
                all.retain(|(known, _)| known != name);
                all.push((name.clone(), self.locals[id.0 as usize].ty));
            }
        }
        all
    }

    /// Whether nothing assigns a variable after `at`: not in the text, not in another turn of a loop, not in a nested function.
    fn is_settled(&self, name: &str, at: TextSize) -> bool {
        if self.names.shared.contains(name) {
            return false;
        }
        let around = self.loops.first().map(|frame| frame.span);
        self.names.positions.get(name).is_none_or(|positions| {
            positions
                .iter()
                .all(|p| *p < at && !around.is_some_and(|span| span.contains(*p)))
        })
    }

    /// Forgets what is known of variables that may be assigned by the time that what is nested at `at` runs.
    fn keep_settled(&mut self, at: TextSize) {
        let places: Vec<Place> = self
            .state
            .facts
            .keys()
            .filter(|place| match place.root {
                Root::Local(id) => {
                    let name = self.locals.get(id.0 as usize).map(|local| local.name);
                    !place.path.is_empty() || !name.is_some_and(|name| self.is_settled(&name, at))
                }
                Root::Global(_) => true,
            })
            .cloned()
            .collect();
        for place in places {
            self.state.forget(&place);
        }
    }

    /// `lambda`.
    pub fn lambda(
        &mut self,
        node: &ast::ExprLambda,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        self.fall_back("a lambda", span);
        let wanted = expected.and_then(|ty| {
            ty.members().iter().find_map(|member| match member {
                Type::Callable(signature) => Some(*signature),
                _ => None,
            })
        });
        let mut scope = rustc_hash::FxHashMap::default();
        let mut params = Vec::new();
        if let Some(parameters) = &node.parameters {
            self.lambda_parameters(parameters, wanted, &mut scope, &mut params);
        }
        let before = self.state.clone();
        self.keep_settled(span.start());
        for id in scope.values() {
            self.state.set_bound(*id, true);
        }
        self.comprehension.push(scope);
        let returns = wanted.map(|signature| signature.returns.without_variables());
        let mut result = Type::Dynamic;
        let _ = self.block(|cx| {
            let e = cx.expr(&node.body, returns.filter(|ty| !ty.is_dynamic()).as_ref());
            result = python_type(&e.ty);
        });
        self.comprehension.pop();
        self.state = before;
        let signature = Signature::new(params, Rest::Nothing, result);
        self.of_type(Type::Callable(signature), span)
    }

    fn lambda_parameters(
        &mut self,
        parameters: &ast::Parameters,
        wanted: Option<Signature>,
        scope: &mut rustc_hash::FxHashMap<String, crate::tree::LocalId>,
        params: &mut Vec<Parameter>,
    ) {
        let wanted_at = |i: usize| {
            wanted
                .and_then(|signature| signature.params.get(i).copied())
                .filter(|p| matches!(p.kind, ParamKind::PositionalOnly | ParamKind::Positional))
                .map_or(Type::Dynamic, |p| p.ty.without_variables())
        };
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let keyword = parameters.kwonlyargs.iter();
        let count = parameters.posonlyargs.len();
        let plain = positional
            .enumerate()
            .map(|(i, p)| {
                let kind = if i < count {
                    ParamKind::PositionalOnly
                } else {
                    ParamKind::Positional
                };
                (p, kind, wanted_at(i))
            })
            .collect::<Vec<_>>();
        let keyword = keyword.map(|p| (p, ParamKind::KeywordOnly, Type::Dynamic));
        let mut add =
            |cx: &mut Self, name: &str, kind: ParamKind, ty: Type, held: Type, optional: bool| {
                let id = cx.temp(held);
                cx.locals[id.0 as usize].name = Name::new(name);
                scope.insert(name.to_owned(), id);
                params.push(Parameter {
                    name: Name::new(name),
                    kind,
                    ty,
                    optional,
                });
            };
        for (p, kind, ty) in plain {
            if let Some(default) = p.default() {
                self.expr(default, None);
            }
            add(
                self,
                p.name().as_str(),
                kind,
                ty,
                python_type(&ty),
                p.default().is_some(),
            );
        }
        if let Some(p) = &parameters.vararg {
            let held = Type::Instance(Symbol::new("builtins", "tuple"), [Type::Dynamic].into());
            add(
                self,
                p.name.as_str(),
                ParamKind::VarPositional,
                Type::Dynamic,
                held,
                true,
            );
        }
        for (p, kind, ty) in keyword {
            if let Some(default) = p.default() {
                self.expr(default, None);
            }
            add(self, p.name().as_str(), kind, ty, ty, p.default().is_some());
        }
        if let Some(p) = &parameters.kwarg {
            let held = Type::Instance(
                Symbol::new("builtins", "dict"),
                [Type::str(), Type::Dynamic].into(),
            );
            add(
                self,
                p.name.as_str(),
                ParamKind::VarKeyword,
                Type::Dynamic,
                held,
                true,
            );
        }
    }

    /// A name that an import inside of a function binds. One that something else binds too is often given `None` where the module is missing.
    pub fn bind_import(&mut self, name: &str, resolved: Resolved, span: TextRange) {
        let only = self.names.positions.get(name).is_none_or(|p| p.len() < 2);
        let ty = match resolved {
            Resolved::Module(module) => Type::Module(module),
            Resolved::Function(symbol) => Type::Function(symbol),
            Resolved::Class(symbol) => Type::Class(symbol),
            _ => Type::Dynamic,
        };
        if self.kind != ScopeKind::Function || !only || ty.is_dynamic() {
            return self.bind_unknown(name, span);
        }
        let value = self.of_type(ty, span);
        self.assign_name(name, value, span);
    }
}
