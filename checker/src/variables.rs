//! Declarations of type variables: in brackets (PEP 695), and by calls of `TypeVar`, `ParamSpec` and `TypeVarTuple`.

use keelback_parser::ast::{Expr, ExprCall, TypeParam};

use crate::annotation::Scope;
use crate::db::{Db, File};
use crate::index::{FunctionEntry, find_function};
use crate::types::{
    Name, Symbol, Type, TypeRef, Types, Variable, VariableKind, VariableParts, Variance,
};

/// The variable that a type parameter of `owner` declares. What it is bound to may name parameters that `scope` already sees.
pub(crate) fn of_type_param(scope: &Scope<'_>, param: &TypeParam, owner: Symbol) -> Variable {
    let mut parts = VariableParts {
        name: Name::new(param.name().as_str()),
        owner: Some(owner),
        kind: VariableKind::Type,
        bound: None,
        constraints: Types::none(),
        default: None,
        variance: Variance::Inferred,
    };
    match param {
        TypeParam::TypeVar(node) => {
            match node.bound.as_deref() {
                // A tuple lists constraints.
                Some(Expr::Tuple(tuple)) => {
                    parts.constraints = tuple.elts.iter().map(|ty| bound_of(scope, ty)).collect();
                }
                Some(bound) => parts.bound = Some(bound_of(scope, bound).into()),
                None => {}
            }
            parts.default = node.default.as_deref().map(|ty| bound_of(scope, ty).into());
        }
        TypeParam::ParamSpec(node) => {
            parts.kind = VariableKind::Parameters;
            parts.default = node
                .default
                .as_deref()
                .map(|given| parameters(scope, given).into());
        }
        TypeParam::TypeVarTuple(node) => {
            parts.kind = VariableKind::Tuple;
            parts.variance = Variance::Invariant;
            parts.default = node
                .default
                .as_deref()
                .map(|given| TypeRef::new(tuple_default(scope, given)));
        }
    }
    Variable::new(parts)
}

/// The variable that `name = TypeVar(...)` (or `ParamSpec`, `TypeVarTuple`) declares.
pub(crate) fn of_call(scope: &Scope<'_>, name: Name, call: &ExprCall) -> Option<Variable> {
    let callee = crate::reach::dotted(&call.func)?;
    let kind = match crate::index::last_part(&callee) {
        "TypeVar" => VariableKind::Type,
        "ParamSpec" => VariableKind::Parameters,
        "TypeVarTuple" => VariableKind::Tuple,
        _ => return None,
    };
    let keyword = |wanted: &str| {
        call.arguments
            .keywords
            .iter()
            .find(|keyword| {
                keyword
                    .arg
                    .as_ref()
                    .is_some_and(|arg| arg.as_str() == wanted)
            })
            .map(|keyword| &keyword.value)
    };
    let is_true = |wanted: &str| {
        keyword(wanted).is_some_and(|value| matches!(value, Expr::BooleanLiteral(b) if b.value))
    };
    let variance = if is_true("covariant") {
        Variance::Covariant
    } else if is_true("contravariant") {
        Variance::Contravariant
    } else if is_true("infer_variance") {
        Variance::Inferred
    } else {
        Variance::Invariant
    };
    let default = keyword("default").map(|given| {
        TypeRef::new(match kind {
            VariableKind::Parameters => parameters(scope, given),
            VariableKind::Type => bound_of(scope, given),
            VariableKind::Tuple => tuple_default(scope, given),
        })
    });
    let constraints = match kind {
        VariableKind::Type => call.arguments.args.get(1..).unwrap_or(&[]),
        VariableKind::Parameters | VariableKind::Tuple => &[],
    };
    Some(Variable::new(VariableParts {
        name,
        owner: None,
        kind,
        bound: keyword("bound")
            .filter(|_| kind == VariableKind::Type)
            .map(|bound| bound_of(scope, bound).into()),
        constraints: constraints.iter().map(|ty| bound_of(scope, ty)).collect(),
        default,
        variance,
    }))
}

fn bound_of(scope: &Scope<'_>, expr: &Expr) -> Type {
    scope.ty(expr, &mut Vec::new()).boxed()
}

/// What stands for a parameter specification: `[int, str]`, `...`, or another one.
fn parameters(scope: &Scope<'_>, expr: &Expr) -> Type {
    scope
        .parameters_given(expr, &mut Vec::new())
        .unwrap_or(Type::Dynamic)
}

/// What stands for a variable tuple: `*tuple[int, str]`, or another one.
fn tuple_default(scope: &Scope<'_>, expr: &Expr) -> Type {
    match scope.starred(expr) {
        Some(inner) => scope.unpacked(inner, &mut Vec::new()),
        None => Type::Dynamic,
    }
}

/// Whether the head of a function (parameters and result) has the word `name`. Looking for the word is enough: one that is something
/// else than the variable would have to hide a variable of the same name.
pub(crate) fn head_mentions(db: &dyn Db, file: File, entry: &FunctionEntry, name: &str) -> bool {
    let part = crate::stubs::part(db, file, &entry.qualname);
    let Some(node) = find_function(&part.parsed, entry.range) else {
        return false;
    };
    let source = crate::files::source_text(db, file);
    let end = node
        .returns
        .as_ref()
        .map_or(node.parameters.range.end(), |returns| {
            keelback_parser::text_size::Ranged::end(&**returns)
        });
    let head = usize::from(node.parameters.range.start())..usize::from(end);
    let text = source.text.get(head).unwrap_or("");
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_word)
            && !text[at + name.len()..].chars().next().is_some_and(is_word)
    })
}
