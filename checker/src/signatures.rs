//! Interfaces of functions: what callers know.

use std::rc::Rc;
use std::sync::Arc;

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{
    Decorator, Expr, Parameter, ParameterWithDefault, Stmt, StmtFunctionDef,
};

use crate::annotation::{Scope, Sight};
use crate::constants;
use crate::db::{Db, Definition, File};
use crate::index::{FunctionEntry, find_function};
use crate::interface::{DefaultValue, FunctionInterface, FunctionKind, Param, ParamKind};
use crate::resolve::{module_name, resolve_from};
use crate::stubs::{Part, part};
use crate::symbols::Resolved;
use crate::types::{Name, Symbol, Type};

/// The interface of the function `symbol`, as seen from `from`.
pub fn function_interface(
    db: &dyn Db,
    from: File,
    symbol: &Symbol,
) -> Option<Arc<FunctionInterface>> {
    let file = resolve_from(db, from, &symbol.module)?;
    function_in(db, file, &symbol.qualname)
}

/// The interface of the function called `qualname` in `file`.
pub fn function_in(db: &dyn Db, file: File, qualname: &Name) -> Option<Arc<FunctionInterface>> {
    function_query(db, Definition::new(db, file, *qualname))
}

/// The interfaces of a function's overloads, in order; of a function that is not overloaded its only one.
pub fn overloads(db: &dyn Db, from: File, symbol: &Symbol) -> Vec<Arc<FunctionInterface>> {
    let Some(file) = resolve_from(db, from, &symbol.module) else {
        return Vec::new();
    };
    let definition = Definition::new(db, file, symbol.qualname);
    match function_query(db, definition) {
        Some(function) if function.is_overloaded => overloads_query(db, definition).to_vec(),
        only => only.into_iter().collect(),
    }
}

#[salsa::tracked(returns(clone))]
fn overloads_query<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
) -> Arc<[Arc<FunctionInterface>]> {
    let file = definition.file(db);
    let part = part(db, file, definition.qualname(db));
    let index = &part.index;
    let Some(entry) = index.functions.get(definition.qualname(db)) else {
        return Arc::from([]);
    };
    let overloads = entry.overloads();
    overloads
        .iter()
        .filter_map(|entry| build(db, file, &part, entry))
        .map(Arc::new)
        .collect()
}

#[salsa::tracked(returns(clone))]
fn function_query<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
) -> Option<Arc<FunctionInterface>> {
    let file = definition.file(db);
    let part = part(db, file, definition.qualname(db));
    let entry = part.index.functions.get(definition.qualname(db))?;
    let own = build(db, file, &part, entry)?;
    if entry.earlier.is_empty() && !entry.has_decorator("overload") {
        return Some(Arc::new(own));
    }
    let overloads = overloads_query(db, definition);
    if overloads.is_empty() {
        return Some(Arc::new(own));
    }
    // In source the implementation comes last and says what really is called; a stub has none.
    if !entry.has_decorator("overload") {
        return Some(Arc::new(FunctionInterface {
            is_overloaded: true,
            ..own
        }));
    }
    Some(Arc::new(merge(own, &overloads)))
}

/// One signature for all overloads: dynamic where they differ.
fn merge(own: FunctionInterface, overloads: &[Arc<FunctionInterface>]) -> FunctionInterface {
    let same_shape = overloads.iter().all(|other| {
        other.params.len() == own.params.len()
            && other.params.iter().zip(&own.params).all(|(left, right)| {
                left.kind == right.kind
                    && left.name == right.name
                    && left.default.is_some() == right.default.is_some()
            })
    });
    let params = if same_shape {
        let mut params = own.params.clone();
        for (index, param) in params.iter_mut().enumerate() {
            if overloads
                .iter()
                .any(|other| other.params[index].ty != param.ty)
            {
                param.ty = Type::Dynamic;
            }
        }
        params
    } else {
        let receiver = match own.kind {
            FunctionKind::Function | FunctionKind::StaticMethod => None,
            _ => own.params.first().cloned(),
        };
        let any = |name: &str, kind: ParamKind| Param {
            name: Name::new(name),
            kind,
            ty: Type::Dynamic,
            annotated: false,
            default: None,
        };
        receiver
            .into_iter()
            .chain([
                any("args", ParamKind::VarPositional),
                any("kwargs", ParamKind::VarKeyword),
            ])
            .collect()
    };
    let same_returns = overloads.iter().all(|other| other.returns == own.returns);
    FunctionInterface {
        params,
        returns: if same_returns {
            own.returns
        } else {
            Type::Dynamic
        },
        is_overloaded: true,
        is_final: overloads.iter().any(|overload| overload.is_final),
        deprecated: None,
        ..own
    }
}

/// What a decorator means, when it is one that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownDecorator {
    /// Says which [`FunctionKind`] it is; or is without effect on calls.
    Transparent,
    /// `@final`
    Final,
    /// `@override`
    Override,
    /// `@abstractmethod`
    Abstract,
    /// `@overload`
    Overload,
    /// `@runtime_checkable`
    RuntimeCheckable,
    /// `@dynamic` and its aliases.
    OptOut,
    /// `@dynamic_return`
    DynamicReturn,
    /// `@allow_weakrefs`
    AllowWeakrefs,
    /// `@no_type_check`
    NoTypeCheck,
}

/// What the decorator called `name` means, as seen in `scope`; `accessor_of` is the name of the decorated function.
pub fn known_decorator(
    scope: &Scope<'_>,
    expr: &Expr,
    accessor_of: &str,
) -> Option<KnownDecorator> {
    if let Expr::Attribute(attribute) = expr
        && let Expr::Name(object) = &*attribute.value
        && object.id.as_str() == accessor_of
        && matches!(attribute.attr.as_str(), "setter" | "deleter" | "getter")
    {
        return Some(KnownDecorator::Transparent);
    }
    if scope.is_vendored() {
        return named_decorator(crate::index::last_part(&crate::reach::dotted(expr)?));
    }
    let (Resolved::Function(symbol) | Resolved::Class(symbol)) = scope.resolve(expr) else {
        return None;
    };
    match (&*symbol.module, &*symbol.qualname) {
        ("builtins", "staticmethod" | "classmethod" | "property") => {
            Some(KnownDecorator::Transparent)
        }
        ("typing" | "typing_extensions", "final") => Some(KnownDecorator::Final),
        ("typing" | "typing_extensions", "override") => Some(KnownDecorator::Override),
        ("typing" | "typing_extensions", "runtime_checkable") => {
            Some(KnownDecorator::RuntimeCheckable)
        }
        ("typing" | "typing_extensions", "overload") => Some(KnownDecorator::Overload),
        ("typing" | "typing_extensions", "type_check_only" | "disjoint_base") => {
            Some(KnownDecorator::Transparent)
        }
        ("typing" | "typing_extensions", "no_type_check") => Some(KnownDecorator::NoTypeCheck),
        ("abc", "abstractmethod") => Some(KnownDecorator::Abstract),
        ("__static__", "dynamic" | "mixin" | "_donotcompile") => Some(KnownDecorator::OptOut),
        ("__static__", "dynamic_return") => Some(KnownDecorator::DynamicReturn),
        ("__static__", "allow_weakrefs") => Some(KnownDecorator::AllowWeakrefs),
        ("__static__", "inline" | "pure" | "nogil") => Some(KnownDecorator::Transparent),
        _ => None,
    }
}

/// What a decorator in a stub of ours means. These name what they mean: nothing else is read to be sure of it.
fn named_decorator(name: &str) -> Option<KnownDecorator> {
    Some(match name {
        "staticmethod" | "classmethod" | "property" | "no_type_check" | "type_check_only"
        | "disjoint_base" => KnownDecorator::Transparent,
        "runtime_checkable" => KnownDecorator::RuntimeCheckable,
        "final" => KnownDecorator::Final,
        "override" => KnownDecorator::Override,
        "overload" => KnownDecorator::Overload,
        "abstractmethod" => KnownDecorator::Abstract,
        _ => return None,
    })
}

/// What the decorators of a function mean, `None` for each that may do anything.
fn decorators(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &FunctionEntry,
) -> Vec<Option<KnownDecorator>> {
    if entry.decorators.is_empty() {
        return Vec::new();
    }
    let Some(node) = find_function(&part.parsed, entry.range) else {
        return Vec::new();
    };
    let around = match &entry.class {
        Some(class) => Scope::inside(db, file, class),
        None => Scope::module(db, file),
    };
    node.decorator_list
        .iter()
        .map(|decorator| known_decorator(&around, &decorator.expression, node.name.as_str()))
        .collect()
}

/// Whether a function of `file` has a decorator after which its name may be bound to anything. A stub says what a decorated
/// function is by its signature, as type checkers read it.
pub(crate) fn is_decorated(db: &dyn Db, file: File, part: &Part, entry: &FunctionEntry) -> bool {
    !file.path(db).is_stub() && decorators(db, file, part, entry).contains(&None)
}

/// Whether a function of `file` has a decorator after which its name may be bound to what takes or gives something else.
pub(crate) fn is_transformed(db: &dyn Db, file: File, part: &Part, entry: &FunctionEntry) -> bool {
    let known = decorators(db, file, part, entry);
    let names = &entry.decorators;
    known
        .iter()
        .zip(names)
        .any(|(known, name)| known.is_none() && crate::index::last_part(name) != "deprecated")
}

/// Whether a function of `file` is abstract.
pub(crate) fn is_abstract(db: &dyn Db, file: File, part: &Part, entry: &FunctionEntry) -> bool {
    decorators(db, file, part, entry).contains(&Some(KnownDecorator::Abstract))
}

fn build(db: &dyn Db, file: File, part: &Part, entry: &FunctionEntry) -> Option<FunctionInterface> {
    let index = &part.index;
    let node = find_function(&part.parsed, entry.range)?;
    let symbol = Symbol::of(module_name(db, file), entry.qualname);
    let scope = scope_of(db, file, entry, node);
    let decorators = decorators(db, file, part, entry);
    let is_decorated = !file.path(db).is_stub() && decorators.contains(&None);
    let is_wrapped = node
        .decorator_list
        .iter()
        .zip(&decorators)
        .any(|(node, known)| {
            let callee = match &node.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            let name = crate::reach::dotted(callee).unwrap_or_default();
            // What is deprecated is what it was.
            known.is_none() && crate::index::last_part(&name) != "deprecated"
        });
    let has = |decorator: KnownDecorator| decorators.contains(&Some(decorator));

    let class = entry
        .class
        .as_ref()
        .and_then(|class| index.classes.get(class));
    let receiver = receiver_type(db, file, &symbol.module, entry);
    let class_is = |decorator: KnownDecorator| {
        class.is_some_and(|class| crate::classes::has_decorator(db, file, class, decorator))
    };
    let is_unchecked = has(KnownDecorator::NoTypeCheck) || class_is(KnownDecorator::NoTypeCheck);
    let mut params = params(&scope, node, receiver.as_ref());
    if is_unchecked {
        for param in params.iter_mut().filter(|param| param.annotated) {
            param.ty = Type::Dynamic;
            param.annotated = false;
        }
    }
    let returns = node
        .returns
        .as_ref()
        .filter(|_| !is_unchecked)
        .map(|returns| scope.ty(returns, &mut Vec::new()));
    // An operator's method may decline with `NotImplemented` whatever it declares to return.
    let name = node.name.as_str();
    let declines = class.is_some()
        && name.starts_with("__")
        && name.ends_with("__")
        && returns_not_implemented(&node.body);
    let open = has(KnownDecorator::DynamicReturn) || declines;
    let returns_annotated = returns.is_some() && !open;
    let returns = match returns {
        _ if open => Type::Dynamic,
        Some(ty) => ty,
        None if class.is_some() && node.name.as_str() == "__init__" => Type::None,
        None => Type::Dynamic,
    };
    Some(FunctionInterface {
        symbol,
        kind: entry.kind,
        params,
        returns,
        returns_annotated,
        is_async: entry.is_async,
        is_generator: entry.is_generator,
        is_final: has(KnownDecorator::Final) || class_is(KnownDecorator::Final),
        is_abstract: has(KnownDecorator::Abstract),
        is_empty: is_empty(&node.body),
        is_overloaded: false,
        is_decorated,
        is_wrapped,
        is_opted_out: has(KnownDecorator::OptOut) || class_is(KnownDecorator::OptOut),
        deprecated: deprecation(&node.decorator_list),
    })
}

/// What `@deprecated("…")` says, if it is among the decorators.
pub(crate) fn deprecation(decorators: &[Decorator]) -> Option<Name> {
    decorators.iter().find_map(|decorator| {
        let call = decorator.expression.as_call_expr()?;
        let name = crate::reach::dotted(&call.func)?;
        let is_it = crate::index::last_part(&name) == "deprecated";
        match (is_it, call.arguments.args.first()?) {
            (true, Expr::StringLiteral(text)) => Some(Name::new(text.value.to_str())),
            (true, _) => Some(Name::new("")),
            _ => None,
        }
    })
}

/// Whether a body is `...` alone, a docstring aside.
fn is_empty(body: &[Stmt]) -> bool {
    let is_filler = |stmt: &Stmt| {
        stmt.as_expr_stmt()
            .is_some_and(|stmt| stmt.value.is_ellipsis_literal_expr())
    };
    let is_docstring = |stmt: &Stmt| {
        stmt.as_expr_stmt()
            .is_some_and(|stmt| stmt.value.is_string_literal_expr())
    };
    match body {
        [first, rest @ ..] if is_docstring(first) => rest.iter().all(is_filler),
        body => body.iter().all(is_filler),
    }
}

/// Whether a body, nested functions aside, has `NotImplemented` as a returned value.
fn returns_not_implemented(body: &[Stmt]) -> bool {
    struct Find(bool);
    impl<'a> Visitor<'a> for Find {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                Stmt::Return(node) => {
                    if let Some(value) = &node.value {
                        self.visit_expr(value);
                    }
                }
                _ => visitor::walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(name) if name.id.as_str() == "NotImplemented" => self.0 = true,
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut find = Find(false);
    find.visit_body(body);
    find.0
}

/// The scope in which a function's annotations are evaluated: the class or function around it, and its own type parameters.
pub fn scope_of<'db>(
    db: &'db dyn Db,
    file: File,
    entry: &FunctionEntry,
    node: &StmtFunctionDef,
) -> Scope<'db> {
    scope_in(&Sight::new(db, file), entry, node)
}

/// The same of a function of the file that `sight` looks at.
pub(crate) fn scope_in<'db>(
    sight: &Rc<Sight<'db>>,
    entry: &FunctionEntry,
    node: &StmtFunctionDef,
) -> Scope<'db> {
    let around = entry
        .qualname
        .strip_suffix(".setter")
        .unwrap_or(&entry.qualname);
    let mut scope = match around.rsplit_once('.') {
        Some((outer, _)) => {
            let class = entry.class.filter(|class| **class == *outer);
            sight.scope_inside(&class.unwrap_or_else(|| Name::new(outer)))
        }
        None => sight.module_scope(),
    };
    let symbol = Symbol::of(sight.module(), entry.qualname);
    if let Some(type_params) = &node.type_params {
        scope.add_type_params(&type_params.type_params, symbol);
    }
    scope.of_signature(symbol)
}

/// The type of `self` or `cls`; `None` for a function that has neither.
fn receiver_type(db: &dyn Db, file: File, module: &Name, entry: &FunctionEntry) -> Option<Type> {
    let class = entry.class.as_ref()?;
    let symbol = Symbol::of(*module, *class);
    match entry.kind {
        FunctionKind::ClassMethod => Some(Type::Class(symbol)),
        FunctionKind::Method | FunctionKind::Property | FunctionKind::Setter => {
            let is_stub = file.path(db).is_stub();
            if !is_stub && crate::classes::layout_refusal(db, file, class).is_some() {
                return Some(Type::Dynamic);
            }
            let params = crate::classes::type_params(db, file, class);
            let args = params.iter().map(|own| Type::TypeVar(*own)).collect();
            Some(Type::Instance(symbol, args))
        }
        FunctionKind::StaticMethod | FunctionKind::Function => None,
    }
}

fn params(scope: &Scope<'_>, node: &StmtFunctionDef, receiver: Option<&Type>) -> Vec<Param> {
    let mut params = Vec::new();
    let nodes = &node.parameters;
    let with_default = |node: &ParameterWithDefault, kind: ParamKind| -> Param {
        let default = node
            .default
            .as_deref()
            .map(|default| match constants::literal(default) {
                Some(value) => DefaultValue::Constant(value),
                None => DefaultValue::Evaluated,
            });
        Param {
            default,
            ..param(scope, &node.parameter, kind)
        }
    };
    params.extend(
        nodes
            .posonlyargs
            .iter()
            .map(|node| with_default(node, ParamKind::PositionalOnly)),
    );
    params.extend(
        nodes
            .args
            .iter()
            .map(|node| with_default(node, ParamKind::Positional)),
    );
    params.extend(
        nodes
            .vararg
            .iter()
            .map(|node| param(scope, node, ParamKind::VarPositional)),
    );
    params.extend(
        nodes
            .kwonlyargs
            .iter()
            .map(|node| with_default(node, ParamKind::KeywordOnly)),
    );
    params.extend(
        nodes
            .kwarg
            .iter()
            .map(|node| param(scope, node, ParamKind::VarKeyword)),
    );
    if let (Some(receiver), Some(first)) = (receiver, params.first_mut())
        && matches!(
            first.kind,
            ParamKind::PositionalOnly | ParamKind::Positional
        )
        && !first.annotated
    {
        first.ty = *receiver;
    }
    params
}

/// The parameters of a function with their kinds, in order.
pub(crate) fn parameters(node: &StmtFunctionDef) -> impl Iterator<Item = (&Parameter, ParamKind)> {
    let nodes = &node.parameters;
    fn each(
        list: &[ParameterWithDefault],
        kind: ParamKind,
    ) -> impl Iterator<Item = (&Parameter, ParamKind)> {
        list.iter().map(move |node| (&node.parameter, kind))
    }
    each(&nodes.posonlyargs, ParamKind::PositionalOnly)
        .chain(each(&nodes.args, ParamKind::Positional))
        .chain(
            nodes
                .vararg
                .iter()
                .map(|node| (&**node, ParamKind::VarPositional)),
        )
        .chain(each(&nodes.kwonlyargs, ParamKind::KeywordOnly))
        .chain(
            nodes
                .kwarg
                .iter()
                .map(|node| (&**node, ParamKind::VarKeyword)),
        )
}

fn param(scope: &Scope<'_>, node: &Parameter, kind: ParamKind) -> Param {
    let ty = node.annotation.as_ref().map(|annotation| {
        match crate::typed_dicts::unpacked(scope, annotation) {
            Some(of) if kind == ParamKind::VarKeyword => of,
            _ => scope.parameter(annotation, kind, &mut Vec::new()),
        }
    });
    Param {
        name: Name::new(node.name.as_str()),
        kind,
        annotated: ty.is_some(),
        ty: ty.unwrap_or(Type::Dynamic),
        default: None,
    }
}
