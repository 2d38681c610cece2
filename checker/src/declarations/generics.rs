//! Heads of generic classes and functions: their parameters, and the variance of what they derive from.

use keelback_parser::ast::{Expr, StmtClassDef};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::annotation::Scope;
use crate::index::{ClassEntry, find_class, find_function};
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::FunctionKind;
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::{Name, Symbol, Type, Variable, VariableKind, Variance};
use crate::typing::Direction;

impl Checker<'_> {
    pub(super) fn generics(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for class in index.classes.values() {
            if let Some(node) = find_class(&parsed, class.range) {
                self.generic_class(class, node);
            }
        }
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                if let Some(node) = find_function(&parsed, entry.range)
                    && let Some(params) = &node.type_params
                {
                    let scope = crate::signatures::scope_in(&self.sight, entry, node);
                    let names: Vec<&str> =
                        params.iter().map(|param| param.name().as_str()).collect();
                    let own = crate::signatures::parameters(node)
                        .filter_map(|(parameter, _)| parameter.annotation.as_deref());
                    for annotation in own.chain(node.returns.as_deref()) {
                        self.no_old_variables(annotation, &scope, &names, &entry.qualname);
                    }
                }
            }
        }
    }

    /// What has parameters in brackets takes no others.
    fn no_old_variables(
        &mut self,
        annotation: &Expr,
        scope: &Scope<'_>,
        names: &[&str],
        owner: &Name,
    ) {
        let outside = scope.clone().outside_signature();
        let unowned = scope.clone().unowned();
        for variable in unowned.variables_in(annotation) {
            let is_known =
                names.contains(&&*variable.name) || outside.bound_by_name(&variable).is_some();
            if !is_known {
                let message = format!(
                    "`{owner}` declares its type parameters in brackets, so `{}` must be one of them",
                    variable.name
                );
                self.report(Rule::InvalidGeneric, annotation.range(), message);
                return;
            }
        }
    }

    fn generic_class(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let scope = self.sight.scope_inside(&class.qualname).unowned();
        let bases: Vec<&Expr> = node.bases().iter().collect();
        // There the two are what they are made of.
        let is_typing = &*crate::resolve::module_name(self.db, self.file) == "typing";
        let mut listed: Option<(Vec<Variable>, TextRange)> = None;
        let mut mentioned: Vec<(Variable, TextRange)> = Vec::new();
        for base in &bases {
            let head = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => *other,
            };
            if let Resolved::Special(special @ (Special::Generic | Special::Protocol)) =
                scope.resolve(head)
            {
                match base {
                    Expr::Subscript(subscript) => {
                        let found = self.listed(special, &subscript.slice, &scope);
                        listed = Some((found, base.range()));
                    }
                    _ if special == Special::Generic && !is_typing => {
                        let message = "`Generic` needs type variables in brackets";
                        self.report(Rule::InvalidGeneric, base.range(), message);
                    }
                    _ => {}
                }
                continue;
            }
            let found = self.found.len();
            let ty = scope.clone().checked().ty(base, &mut self.found);
            // What is no class is reported as a base.
            if !base.is_subscript_expr() {
                self.found.truncate(found);
            }
            if let Some(inner) = self_in(base, &scope) {
                let message = "`Self` has no meaning in the bases of a class";
                self.report(Rule::InvalidBase, inner, message);
            }
            let mut variables = Vec::new();
            ty.collect_variables(&mut variables);
            mentioned.extend(variables.into_iter().map(|own| (own, base.range())));
        }
        self.metaclass(node, &scope);
        if let Some(params) = &node.type_params {
            self.in_brackets(class, &listed, &mentioned);
            let names: Vec<Name> = params
                .iter()
                .map(|p| Name::new(p.name().as_str()))
                .collect();
            self.shadowed(class, &names, node);
        } else {
            if let Some((names, at)) = &listed {
                for (own, _) in &mentioned {
                    if own.owner.is_none() && !names.contains(own) {
                        let message = format!(
                            "`Generic[…]` must list every type variable of the class, and `{}` is missing",
                            own.name
                        );
                        self.report(Rule::InvalidGeneric, *at, message);
                        break;
                    }
                }
            }
            let at = listed.as_ref().map_or(node.name.range(), |(_, at)| *at);
            let own: Vec<Variable> = match &listed {
                Some((names, _)) => names.clone(),
                None => mentioned.iter().map(|(own, _)| *own).collect(),
            };
            self.order(&own, at);
            self.outer_variables(class, &own, at);
        }
        self.variance_of_bases(class, &bases, &scope);
    }

    /// The type variables that `Generic[…]` lists.
    fn listed(&mut self, special: Special, slice: &Expr, scope: &Scope<'_>) -> Vec<Variable> {
        let items: Vec<&Expr> = match slice {
            Expr::Tuple(tuple) => tuple.elts.iter().collect(),
            other => vec![other],
        };
        let name = special.name();
        let mut all: Vec<Variable> = Vec::new();
        for item in items {
            let starred = scope.starred(item);
            let Some(variable) = scope.variable(starred.unwrap_or(item)) else {
                if !matches!(scope.resolve(item), Resolved::Dynamic | Resolved::Missing)
                    || !super::is_name(item)
                {
                    let message = format!("`{name}` takes type variables, not types");
                    self.report(Rule::InvalidGeneric, item.range(), message);
                }
                continue;
            };
            if variable.kind == VariableKind::Tuple && starred.is_none() {
                let message = format!(
                    "`{0}` is a `TypeVarTuple`, which has to be unpacked: write `*{0}`",
                    variable.name
                );
                self.report(Rule::InvalidGeneric, item.range(), message);
            }
            if all.contains(&variable) {
                let message = format!("`{}` is listed twice", variable.name);
                self.report(Rule::InvalidGeneric, item.range(), message);
                continue;
            }
            let is_tuple = |own: &Variable| own.kind == VariableKind::Tuple;
            if is_tuple(&variable) && all.iter().any(is_tuple) {
                let message = "A class can have one `TypeVarTuple` only";
                self.report(Rule::InvalidGeneric, item.range(), message);
            }
            all.push(variable);
        }
        all
    }

    /// Parameters with defaults come last, and what they default to comes before them.
    fn order(&mut self, own: &[Variable], at: TextRange) {
        let mut with_default: Option<Name> = None;
        for (i, variable) in own.iter().enumerate() {
            let Some(default) = variable.default else {
                if let Some(before) = with_default
                    && variable.kind != VariableKind::Tuple
                {
                    let message = format!(
                        "`{}` has no default, so it cannot follow `{before}`, which has one",
                        variable.name
                    );
                    self.report(Rule::InvalidGeneric, at, message);
                    return;
                }
                continue;
            };
            with_default = Some(variable.name);
            if variable.kind == VariableKind::Type
                && own[..i]
                    .last()
                    .is_some_and(|before| before.kind == VariableKind::Tuple)
            {
                let message = format!(
                    "`{}` follows a `TypeVarTuple`, so it cannot have a default",
                    variable.name
                );
                self.report(Rule::InvalidGeneric, at, message);
                return;
            }
            let mut named = Vec::new();
            default.collect_variables(&mut named);
            let missing = named
                .iter()
                .find(|named| !own[..i].iter().any(|before| before.name == named.name));
            if let Some(missing) = missing {
                let message = format!(
                    "`{}` defaults to `{}`, which must be a parameter before it",
                    variable.name, missing.name
                );
                self.report(Rule::InvalidGeneric, at, message);
                return;
            }
        }
    }

    /// A class with parameters in brackets.
    fn in_brackets(
        &mut self,
        class: &ClassEntry,
        listed: &Option<(Vec<Variable>, TextRange)>,
        mentioned: &[(Variable, TextRange)],
    ) {
        if let Some((_, at)) = listed {
            let message = format!(
                "`{}` declares its type parameters in brackets, so they cannot be listed again",
                class.qualname
            );
            self.report(Rule::InvalidGeneric, *at, message);
            return;
        }
        for (variable, at) in mentioned {
            if variable.owner.is_none() {
                let message = format!(
                    "`{}` declares its type parameters in brackets, so `{}` must be one of them",
                    class.qualname, variable.name
                );
                self.report(Rule::InvalidGeneric, *at, message);
                return;
            }
        }
    }

    /// Methods cannot declare a parameter that the class around them has already.
    fn shadowed(&mut self, class: &ClassEntry, names: &[Name], node: &StmtClassDef) {
        for stmt in &node.body {
            let Some(method) = stmt.as_function_def_stmt() else {
                continue;
            };
            let params = method.type_params.iter().flat_map(|params| &**params);
            for param in params {
                if names.iter().any(|name| **name == *param.name().as_str()) {
                    let message = format!(
                        "Type parameter `{}` is one of class `{}` already",
                        param.name(),
                        class.qualname
                    );
                    self.report(Rule::InvalidGeneric, param.range(), message);
                }
            }
        }
    }

    /// The variables of a class are not those of the classes and functions around it.
    fn outer_variables(&mut self, class: &ClassEntry, own: &[Variable], at: TextRange) {
        let Some((outer, _)) = class.qualname.rsplit_once('.') else {
            return;
        };
        let scope = self.sight.scope_inside(&Name::new(outer));
        for variable in own {
            let mut named = vec![*variable];
            if let Some(default) = variable.default {
                default.collect_variables(&mut named);
            }
            let taken = named.iter().find_map(|named| scope.bound_by_name(named));
            if let Some(taken) = taken {
                let around = taken.owner.map(|owner| owner.qualname);
                let message = format!(
                    "Type variable `{}` belongs to `{}` around this class already",
                    taken.name,
                    around.as_deref().unwrap_or("the code")
                );
                self.report(Rule::InvalidGeneric, at, message);
                return;
            }
        }
    }

    fn metaclass(&mut self, node: &StmtClassDef, scope: &Scope<'_>) {
        let keywords = node.keywords().iter();
        let given = keywords
            .filter(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg == "metaclass"))
            .map(|keyword| &keyword.value);
        for value in given {
            if let Expr::Subscript(subscript) = value
                && matches!(scope.resolve(&subscript.value), Resolved::Class(_))
            {
                let message = "A metaclass cannot be generic";
                self.report(Rule::InvalidGeneric, value.range(), message);
            }
        }
    }

    /// The parameters of a class stand in its bases as their variance allows.
    fn variance_of_bases(&mut self, class: &ClassEntry, bases: &[&Expr], scope: &Scope<'_>) {
        let params = crate::classes::type_params(self.db, self.file, &class.qualname);
        let declared: Vec<Variable> = params
            .iter()
            .filter(|own| matches!(own.variance, Variance::Covariant | Variance::Contravariant))
            .copied()
            .collect();
        if declared.is_empty() {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        for base in bases {
            let Expr::Subscript(node) = base else {
                continue;
            };
            let is_form = matches!(scope.resolve(&node.value), Resolved::Special(_));
            let ty = scope.ty(base, &mut Vec::new());
            let wrong = (!is_form).then(|| misused(&world, &ty)).flatten();
            if let Some((variable, way)) = wrong {
                let message = format!(
                    "`{}` is {}, but this base uses it as an {way} one",
                    variable.name,
                    match variable.variance {
                        Variance::Covariant => "covariant",
                        _ => "contravariant",
                    },
                );
                self.report(Rule::InvalidVariance, base.range(), message);
            }
        }
    }
}

/// A variable that the arguments of a base use in a way that its variance does not allow, and how they use it.
fn misused(world: &World<'_>, ty: &Type) -> Option<(Variable, &'static str)> {
    let mut variables = Vec::new();
    ty.collect_variables(&mut variables);
    variables.into_iter().find_map(|variable| {
        let way = world.use_of(ty, variable, Direction::Same);
        let fits = match (variable.variance, way) {
            (_, Direction::Any) => true,
            (Variance::Covariant, way) => way == Direction::Same,
            (Variance::Contravariant, way) => way == Direction::Opposite,
            (Variance::Invariant | Variance::Inferred, _) => true,
        };
        let name = match way {
            Direction::Neither => "invariant",
            Direction::Opposite => "contravariant",
            Direction::Same | Direction::Any => "covariant",
        };
        (!fits).then_some((variable, name))
    })
}

impl Checker<'_> {
    /// `Self` where it has no meaning: in static methods, in metaclasses, and beside another annotation of the receiver.
    pub(super) fn uses_of_self(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for entry in index.functions.values() {
            let (Some(class), Some(node)) = (entry.class, find_function(&parsed, entry.range))
            else {
                continue;
            };
            let scope = crate::signatures::scope_in(&self.sight, entry, node);
            let mut annotations = crate::signatures::parameters(node)
                .filter_map(|(parameter, _)| parameter.annotation.as_deref())
                .chain(node.returns.as_deref());
            let Some(at) = annotations.find_map(|annotation| self_in(annotation, &scope)) else {
                continue;
            };
            let receiver = crate::signatures::parameters(node)
                .next()
                .and_then(|(parameter, _)| parameter.annotation.as_deref());
            let owner = Symbol::of(crate::resolve::module_name(self.db, self.file), class);
            let ty = Symbol::new("builtins", "type");
            let is_metaclass =
                crate::members::is_subclass(self.db, self.file, &owner, &ty) == Some(true);
            let is_new = node.name.as_str() == "__new__";
            let message = if is_metaclass {
                "`Self` has no meaning in a metaclass"
            } else if entry.kind == FunctionKind::StaticMethod && !is_new {
                "`Self` has no meaning in a static method"
            } else if receiver.is_some_and(|receiver| self_in(receiver, &scope).is_none()) {
                "`Self` has no meaning where the receiver is declared as something else"
            } else {
                continue;
            };
            self.report(Rule::InvalidAnnotation, at, message);
        }
    }
}

/// Where `Self` is mentioned in an expression, if it is.
fn self_in(expr: &Expr, scope: &Scope<'_>) -> Option<TextRange> {
    use keelback_parser::ast::visitor::{Visitor, walk_expr};
    struct Search<'s, 'db>(&'s Scope<'db>, Option<TextRange>);
    impl<'a> Visitor<'a> for Search<'_, '_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if super::is_name(expr) && self.0.resolve(expr) == Resolved::Special(Special::SelfType)
            {
                self.1 = Some(expr.range());
            }
            walk_expr(self, expr);
        }
    }
    let mut search = Search(scope, None);
    search.visit_expr(expr);
    search.1
}
