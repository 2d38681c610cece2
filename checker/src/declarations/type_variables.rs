//! Declarations of type variables, and the parameters that stand for a `ParamSpec`.

use keelback_parser::ast::{Expr, ExprCall, Stmt, StmtFunctionDef, TypeParam, TypeParams};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::annotation::Scope;
use crate::index::{BindingKind, find_function, find_stmt};
use crate::interface::ParamKind;
use crate::rules::Rule;
use crate::types::{Name, Type, Variable, VariableKind};

impl Checker<'_> {
    pub(super) fn type_variables(&mut self) {
        for (class, name, call) in self.declaring_calls() {
            let kind = crate::aliases::called(&call);
            if !matches!(&*kind, "TypeVar" | "ParamSpec" | "TypeVarTuple") {
                continue;
            }
            let scope = match &class {
                Some(class) => self.sight.scope_inside(class),
                None => self.sight.module_scope(),
            };
            if scope.is_of_typing(&call.func, &kind) {
                self.variable_call(&kind, &name, &call, scope);
            }
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                if let Some(node) = find_function(&parsed, entry.range) {
                    let scope = crate::signatures::scope_in(&self.sight, entry, node);
                    self.components(node, &scope);
                    self.type_params(node.type_params.as_deref(), &scope);
                }
            }
        }
        for class in index.classes.values() {
            if let Some(node) = crate::index::find_class(&parsed, class.range) {
                let scope = self.sight.scope_inside(&class.qualname);
                self.type_params(node.type_params.as_deref(), &scope);
            }
        }
    }

    /// The calls that are assigned to a single name in the module and in the bodies of its classes.
    pub(super) fn declaring_calls(&self) -> Vec<(Option<Name>, Name, ExprCall)> {
        let parsed = crate::files::parsed(self.db, self.file);
        let classes = self.index.classes.values();
        let scopes = std::iter::once((None, &self.index.scope))
            .chain(classes.map(|class| (Some(class.qualname), &class.scope)));
        let mut all = Vec::new();
        for (class, scope) in scopes {
            for (name, bindings) in &scope.bindings {
                for binding in bindings {
                    if binding.kind != BindingKind::Assigned {
                        continue;
                    }
                    if let Some(Stmt::Assign(node)) = find_stmt(&parsed, binding.stmt)
                        && let ([Expr::Name(_)], Expr::Call(call)) =
                            (&node.targets[..], &*node.value)
                    {
                        all.push((class, *name, call.clone()));
                    }
                }
            }
        }
        all
    }

    /// `T = TypeVar("T", …)` and its relatives.
    fn variable_call(&mut self, kind: &str, name: &Name, call: &ExprCall, scope: Scope<'_>) {
        let wrong = |checker: &mut Self, at: TextRange, message: String| {
            checker.report(Rule::InvalidTypeVariable, at, message);
        };
        match call.arguments.args.first() {
            Some(Expr::StringLiteral(text)) if text.value.to_str() != &**name => {
                let message =
                    format!("This is assigned to `{name}`, so its name must be \"{name}\"");
                wrong(self, text.range(), message);
            }
            _ => {}
        }
        let keyword = |wanted: &str| call.arguments.find_keyword(wanted);
        let is_true = |wanted: &str| {
            keyword(wanted)
                .is_some_and(|given| matches!(&given.value, Expr::BooleanLiteral(b) if b.value))
        };
        let ways: Vec<&str> = ["covariant", "contravariant", "infer_variance"]
            .into_iter()
            .filter(|way| is_true(way))
            .collect();
        if let [first, second, ..] = ways[..] {
            let message = format!("`{name}` cannot be both `{first}` and `{second}`");
            wrong(self, call.range(), message);
        }
        let scope = scope.of_alias(crate::types::Symbol::of(
            crate::resolve::module_name(self.db, self.file),
            *name,
        ));
        let constraints = call.arguments.args.get(1..).unwrap_or(&[]);
        if kind == "TypeVarTuple" {
            let given = constraints.first().map(Ranged::range);
            let given = given.or_else(|| {
                let not_allowed = ["bound", "covariant", "contravariant"];
                not_allowed
                    .iter()
                    .find_map(|name| keyword(name))
                    .map(|k| k.range)
            });
            if let Some(at) = given {
                let message =
                    "A `TypeVarTuple` has no bound, no constraints and no variance".to_owned();
                wrong(self, at, message);
            }
            return;
        }
        if kind == "ParamSpec" {
            return;
        }
        if let [only] = constraints
            && !only.is_starred_expr()
        {
            let message =
                "A single constraint says nothing: give two or more, or a bound".to_owned();
            wrong(self, only.range(), message);
        }
        if let (false, Some(bound)) = (constraints.is_empty(), keyword("bound")) {
            let message = "A type variable has a bound or constraints, not both".to_owned();
            wrong(self, bound.range, message);
        }
        let bound = keyword("bound").map(|given| &given.value);
        for part in constraints.iter().chain(bound) {
            let mut problems = Vec::new();
            let ty = scope.ty(part, &mut problems);
            self.found.append(&mut problems);
            self.no_variables(part, &ty);
        }
        if let Some(variable) = crate::variables::of_call(&scope, *name, call)
            && let Some(default) = keyword("default")
        {
            self.default(variable, default.value.range());
        }
    }

    /// A bound or a constraint cannot mention type variables.
    fn no_variables(&mut self, part: &Expr, ty: &Type) {
        if ty.has_variables() {
            let message = format!("`{ty}` is generic, which a bound or a constraint cannot be");
            self.report(Rule::InvalidTypeVariable, part.range(), message);
        }
    }

    /// The default of a variable must be a type that the variable may be.
    fn default(&mut self, variable: Variable, at: TextRange) {
        let Some(default) = variable
            .default
            .filter(|_| variable.kind == VariableKind::Type)
        else {
            return;
        };
        let env = crate::infer::DbEnv::new(&self.sight);
        let world = crate::infer::world::World::new(&env);
        let name = variable.name;
        let of_default: Vec<Type> = match *default {
            Type::TypeVar(other) if !other.constraints.is_empty() => other.constraints.to_vec(),
            Type::TypeVar(other) => vec![other.upper()],
            ty => vec![ty],
        };
        let message = if let Some(bound) = variable.bound {
            let fits = of_default.iter().all(|ty| world.assignable(ty, &bound));
            (!fits).then(|| {
                format!("The default of `{name}` must be `{bound}`, but this is `{default}`")
            })
        } else if !variable.constraints.is_empty() {
            let is_one = |ty: &Type| ty.is_dynamic() || variable.constraints.contains(ty);
            (!of_default.iter().all(is_one)).then(|| {
                let all: Vec<String> = variable
                    .constraints
                    .iter()
                    .map(|c| format!("`{c}`"))
                    .collect();
                format!(
                    "The default of `{name}` must be one of {}, but this is `{default}`",
                    all.join(", ")
                )
            })
        } else {
            None
        };
        if let Some(message) = message {
            self.report(Rule::InvalidTypeVariable, at, message);
        }
    }

    /// Type parameters in brackets: bounds, constraints, defaults.
    fn type_params(&mut self, params: Option<&TypeParams>, scope: &Scope<'_>) {
        for param in params.into_iter().flat_map(|params| &params.type_params) {
            let TypeParam::TypeVar(node) = param else {
                continue;
            };
            let parts: Vec<&Expr> = match node.bound.as_deref() {
                Some(Expr::Tuple(tuple)) => {
                    if tuple.elts.len() < 2 {
                        let message =
                            "A tuple lists constraints, of which there must be two or more";
                        self.report(Rule::InvalidTypeVariable, tuple.range(), message);
                    }
                    tuple.elts.iter().collect()
                }
                Some(bound) => vec![bound],
                None => Vec::new(),
            };
            for part in parts {
                let found = self.found.len();
                let ty = scope.clone().checked().ty(part, &mut self.found);
                if self.found.len() == found {
                    self.no_variables(part, &ty);
                }
            }
            if let Some(default) = node.default.as_deref()
                && let Some(variable) = scope.declared(param.name().as_str())
            {
                self.default(variable, default.range());
            }
        }
    }

    /// `*args: P.args` and `**kwargs: P.kwargs` come together, nothing stands between them, and `P` has a meaning.
    fn components(&mut self, node: &StmtFunctionDef, scope: &Scope<'_>) {
        let mut args: Option<(Variable, TextRange)> = None;
        let mut kwargs: Option<(Variable, TextRange)> = None;
        let mut keyword_only: Option<TextRange> = None;
        let mut others: Vec<&Expr> = node.returns.as_deref().into_iter().collect();
        for (parameter, kind) in crate::signatures::parameters(node) {
            if kind == ParamKind::KeywordOnly {
                keyword_only = keyword_only.or(Some(parameter.range()));
            }
            let Some(annotation) = parameter.annotation.as_deref() else {
                continue;
            };
            match (kind, scope.component(annotation)) {
                (ParamKind::VarPositional, Some((variable, false))) => {
                    args = Some((variable, annotation.range()));
                }
                (ParamKind::VarKeyword, Some((variable, true))) => {
                    kwargs = Some((variable, annotation.range()));
                }
                // What is in the wrong place is reported with the annotation.
                (_, Some(_)) => return,
                _ => others.push(annotation),
            }
        }
        let (variable, at) = match (args, kwargs) {
            (None, None) => return,
            (Some((own, at)), Some((other, _))) if own.name == other.name => (own, at),
            (Some((own, at)), _) => {
                let message = format!(
                    "`*args: {0}.args` needs `**kwargs: {0}.kwargs` beside it",
                    own.name
                );
                self.report(Rule::InvalidTypeVariable, at, message);
                return;
            }
            (None, Some((own, at))) => {
                let message = format!(
                    "`**kwargs: {0}.kwargs` needs `*args: {0}.args` beside it",
                    own.name
                );
                self.report(Rule::InvalidTypeVariable, at, message);
                return;
            }
        };
        if let Some(at) = keyword_only {
            let message = format!(
                "No parameter can stand between `*args: {0}.args` and `**kwargs: {0}.kwargs`",
                variable.name
            );
            self.report(Rule::InvalidTypeVariable, at, message);
            return;
        }
        let own = scope.clone().outside_signature();
        let is_declared = own.declared(&variable.name).is_some()
            || own.bound_by_name(&variable).is_some()
            || others.iter().any(|other| mentions(other, &variable.name));
        if !is_declared {
            let message = format!(
                "`{0}` has no meaning here: nothing else in the function or around it mentions it",
                variable.name
            );
            self.report(Rule::UnboundTypeVariable, at, message);
        }
    }
}

/// Whether a type expression has the word `name`.
fn mentions(expr: &Expr, name: &str) -> bool {
    use keelback_parser::ast::visitor::{Visitor, walk_expr};
    struct Search<'n>(&'n str, bool);
    impl<'a> Visitor<'a> for Search<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(found) => self.1 |= found.id.as_str() == self.0,
                Expr::StringLiteral(text) => self.1 |= text.value.to_str().contains(self.0),
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut search = Search(name, false);
    search.visit_expr(expr);
    search.1
}
