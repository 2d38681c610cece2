//! Definitions of type aliases.

use keelback_parser::ast::visitor::{Visitor, walk_stmt};
use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::aliases::{Form, alias_type_params, is_endless, source};
use crate::annotation::Scope;
use crate::index::{BindingKind, find_function};
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol};

impl Checker<'_> {
    /// Aliases of the module and of its classes.
    pub(super) fn type_aliases(&mut self) {
        let index = self.index.clone();
        let own = index.scope.bindings.keys().map(|name| (None, *name));
        let nested = index.classes.values().flat_map(|class| {
            let names = class.scope.bindings.keys();
            names.map(|name| (Some(class.qualname), *name))
        });
        for (class, name) in own.chain(nested) {
            self.type_alias(class, name);
        }
        self.repeated_aliases();
        self.local_aliases();
    }

    fn type_alias(&mut self, class: Option<Name>, name: Name) {
        let qualname = match class {
            Some(class) => Name::new(format!("{class}.{name}")),
            None => name,
        };
        let part = crate::stubs::part(self.db, self.file, &qualname);
        let Some(found) = source(self.db, self.file, &part, &qualname) else {
            return;
        };
        if found.form == Form::Call {
            return;
        }
        let symbol = Symbol::of(module_name(self.db, self.file), qualname);
        let outer = match &class {
            Some(class) => self.sight.scope_inside(class),
            None => self.sight.module_scope(),
        };
        let mut scope = outer.of_alias(symbol).checked();
        if found.form == Form::Implicit {
            if self.is_generic_form(&scope, found.value) {
                scope.ty(found.value, &mut self.found);
            }
            return;
        }
        let at = found.value.range();
        if is_endless(self.db, self.file, &qualname) {
            let message = format!("`{name}` is defined as itself");
            self.report(Rule::InvalidTypeAlias, at, message).notes.push(
                "An alias can be used inside of its own definition as an argument, as in `list[…]`"
                    .to_owned(),
            );
            return;
        }
        if let Stmt::TypeAlias(node) = found.stmt
            && let Some(params) = &node.type_params
        {
            scope.add_type_params(&params.type_params, symbol);
        }
        if let Stmt::Assign(node) = found.stmt
            && let Some(call) = node.value.as_call_expr()
        {
            self.alias_call(call, &name, &mut scope, symbol);
        }
        let mut problems = Vec::new();
        scope.ty(found.value, &mut problems);
        // What is wrong with the right-hand side makes the alias wrong, whatever else it is.
        for problem in &mut problems {
            if problem.rule == Rule::InvalidAnnotation {
                problem.rule = Rule::InvalidTypeAlias;
                problem.severity = Rule::InvalidTypeAlias.default_level();
            }
        }
        self.found.append(&mut problems);
        for variable in scope.variables_in(found.value) {
            let of_class = class.is_some_and(|class| self.is_parameter_of(&class, &variable.name));
            let message = match (found.form, class) {
                (Form::Statement, _) if !of_class => format!(
                    "`{}` is no parameter of `{name}`: what an alias like this is generic in is declared with it",
                    variable.name
                ),
                (Form::Declared, Some(class)) if of_class => format!(
                    "`{}` is a parameter of class `{class}`, which an alias cannot use",
                    variable.name
                ),
                _ => continue,
            };
            self.report(Rule::InvalidTypeAlias, at, message);
            break;
        }
    }

    /// `X = TypeAliasType("X", T, type_params=(…))`
    fn alias_call(
        &mut self,
        call: &keelback_parser::ast::ExprCall,
        name: &Name,
        scope: &mut Scope<'_>,
        symbol: Symbol,
    ) {
        if let Some(Expr::StringLiteral(given)) = call.arguments.args.first()
            && given.value.to_str() != &**name
        {
            let message = format!("This is assigned to `{name}`, so its name must be \"{name}\"");
            self.report(Rule::InvalidTypeAlias, given.range(), message);
        }
        match alias_type_params(call) {
            Some(params) => {
                let own: Vec<_> = params
                    .into_iter()
                    .filter_map(|param| scope.variable(param))
                    .map(|variable| variable.owned_by(symbol))
                    .collect();
                scope.bring(&own);
            }
            None => {
                let message = "The type parameters must be a tuple that is written here";
                self.report(Rule::InvalidTypeAlias, call.range(), message);
            }
        }
    }

    fn is_parameter_of(&self, class: &Name, name: &Name) -> bool {
        let params = crate::classes::type_params(self.db, self.file, class);
        params.iter().any(|own| own.name == *name)
    }

    /// Whether a value is a class or a form of `typing` with arguments, and so certainly meant as a type.
    fn is_generic_form(&self, scope: &Scope<'_>, value: &Expr) -> bool {
        let Expr::Subscript(node) = value else {
            return false;
        };
        match scope.resolve(&node.value) {
            Resolved::Special(_) => true,
            Resolved::Class(symbol) => crate::classes::has_known_arity(self.db, self.file, &symbol),
            Resolved::Variable { file, name } => {
                crate::aliases::alias(self.db, file, &name).is_some()
            }
            _ => false,
        }
    }

    /// A `type` statement for a name that has another meaning as well.
    fn repeated_aliases(&mut self) {
        let index = self.index.clone();
        let scopes = std::iter::once(&index.scope).chain(index.classes.values().map(|c| &c.scope));
        for scope in scopes {
            for (name, bindings) in &scope.bindings {
                let has_statement = bindings
                    .iter()
                    .any(|binding| binding.kind == BindingKind::TypeAlias);
                if let (true, [_, second, ..]) = (has_statement, &bindings[..]) {
                    let message = format!("Type alias `{name}` is defined again");
                    self.report(Rule::InvalidTypeAlias, second.range, message);
                }
            }
        }
    }

    /// `type` statements in functions.
    fn local_aliases(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let mut all = Statements(Vec::new());
        for function in index.functions.values() {
            if let Some(node) = find_function(&parsed, function.range) {
                all.visit_body(&node.body);
            }
        }
        for range in all.0 {
            let message = "A `type` statement cannot stand in a function";
            self.report(Rule::InvalidTypeAlias, range, message)
                .notes
                .push("Move it to the module or to a class".to_owned());
        }
    }
}

/// The `type` statements of a function's own body.
struct Statements(Vec<TextRange>);

impl<'a> Visitor<'a> for Statements {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::TypeAlias(node) => self.0.push(node.range),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
