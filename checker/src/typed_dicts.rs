//! Typed dictionaries as they are declared: in the form of a class, and by a call of `TypedDict`. Which classes are typed dictionaries,
//! and which items the declaration lists.

use std::sync::Arc;

use keelback_parser::ast::{Arguments, Expr, StmtClassDef};

use crate::annotation::Scope;
use crate::collections::IndexMap;
use crate::db::{Db, Definition, File, FilePath};
use crate::functional;
use crate::index::{BindingKind, find_class, find_stmt};
use crate::interface::{ExtraItems, TypedDict, TypedDictItem};
use crate::resolve::resolve_from;
use crate::stubs::part;
use crate::symbols::{Resolved, Special};
use crate::types::{Name, Symbol, Type};

/// Whether the class `symbol`, as seen from `from`, is a typed dictionary.
pub(crate) fn is_typed_dict(db: &dyn Db, from: File, symbol: &Symbol) -> bool {
    // Asked of nearly every annotation: the modules whose classes are used most have none.
    if matches!(
        &*symbol.module,
        "builtins" | "typing" | "typing_extensions" | "collections" | "collections.abc"
    ) {
        return false;
    }
    resolve_from(db, from, &symbol.module)
        .is_some_and(|file| is_query(db, Definition::new(db, file, symbol.qualname)))
}

/// The heads of the bases alone say it: their arguments may name the class itself.
#[salsa::tracked(returns(copy), cycle_result = is_none)]
fn is_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> bool {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    if matches!(file.path(db), FilePath::Vendored(_)) && !mentions_typed_dict(db, file) {
        return false;
    }
    let part = part(db, file, qualname);
    let Some(entry) = part.index.classes.get(qualname) else {
        return functional::kind(db, file, qualname) == Some(functional::Kind::TypedDict);
    };
    let Some(node) = find_class(&part.parsed, entry.range) else {
        return false;
    };
    let scope = match qualname.rsplit_once('.') {
        Some((outer, _)) => Scope::inside(db, file, &Name::new(outer)),
        None => Scope::module(db, file),
    };
    bases(node).any(|base| match scope.resolve(head(base)) {
        Resolved::Special(Special::TypedDict) => true,
        Resolved::Class(symbol) => is_typed_dict(db, file, &symbol),
        Resolved::Variable { file, name } => {
            functional::kind(db, file, &name) == Some(functional::Kind::TypedDict)
        }
        _ => false,
    })
}

fn is_none(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> bool {
    false
}

/// Whether a stub of ours declares typed dictionaries at all.
#[salsa::tracked(returns(copy))]
fn mentions_typed_dict(db: &dyn Db, file: File) -> bool {
    let source = crate::files::source_text(db, file);
    source.text.contains("TypedDict")
}

/// The bases of a class.
pub(crate) fn bases(node: &StmtClassDef) -> impl Iterator<Item = &Expr> {
    node.arguments.iter().flat_map(|arguments| &arguments.args)
}

/// What is named in `Base[...]`.
pub(crate) fn head(base: &Expr) -> &Expr {
    match base {
        Expr::Subscript(subscript) => &subscript.value,
        other => other,
    }
}

/// What the annotation of an item says: its type and its qualifiers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemAnnotation {
    /// The type of the value.
    pub ty: Type,
    /// `Required` (`true`) or `NotRequired` (`false`), if one of them is written.
    pub required: Option<bool>,
    /// `ReadOnly`.
    pub read_only: bool,
    /// Whether `Required` and `NotRequired` are written inside of each other.
    pub is_nested: bool,
}

/// Reads the annotation of an item. Problems are added to `problems`.
pub(crate) fn item_annotation(
    scope: &Scope<'_>,
    expr: &Expr,
    problems: &mut Vec<crate::diagnostic::Diagnostic>,
) -> ItemAnnotation {
    if let Expr::StringLiteral(_) = expr
        && let Some(inner) = scope.parse_string(expr, problems)
    {
        return item_annotation(scope, &inner, problems);
    }
    if let Expr::Subscript(subscript) = expr
        && let Resolved::Special(special) = scope.resolve(&subscript.value)
    {
        let first = match &*subscript.slice {
            Expr::Tuple(tuple) => tuple.elts.first().unwrap_or(&subscript.slice),
            other => other,
        };
        match special {
            Special::Annotated => return item_annotation(scope, first, problems),
            Special::ReadOnly => {
                return ItemAnnotation {
                    read_only: true,
                    ..item_annotation(scope, first, problems)
                };
            }
            Special::Required | Special::NotRequired => {
                let inner = item_annotation(scope, first, problems);
                return ItemAnnotation {
                    required: Some(special == Special::Required),
                    is_nested: inner.is_nested || inner.required.is_some(),
                    ..inner
                };
            }
            _ => {}
        }
    }
    ItemAnnotation {
        ty: scope.ty(expr, problems).boxed(),
        required: None,
        read_only: false,
        is_nested: false,
    }
}

/// What `Unpack[T]` means as the annotation of `**kwargs`; dynamic if `T` is no typed dictionary.
pub(crate) fn unpacked(scope: &Scope<'_>, annotation: &Expr) -> Option<Type> {
    let subscript = match annotation {
        Expr::Subscript(subscript) => subscript,
        Expr::StringLiteral(_) => {
            let inner = scope.parse_string(annotation, &mut Vec::new())?;
            return unpacked(scope, &inner);
        }
        _ => return None,
    };
    match scope.resolve(&subscript.value) {
        Resolved::Special(Special::Unpack) => {}
        _ => return None,
    }
    Some(match scope.ty(&subscript.slice, &mut Vec::new()) {
        ty @ Type::TypedDict(..) => Type::Unpacked(ty.into()),
        _ => Type::Dynamic,
    })
}

/// What is declared by the class or the call that makes the typed dictionary `qualname` of `file`.
pub(crate) fn declared(db: &dyn Db, file: File, qualname: &Name) -> Option<Arc<TypedDict>> {
    let part = part(db, file, qualname);
    let Some(entry) = part.index.classes.get(qualname) else {
        return by_call(db, file, qualname);
    };
    let symbol = Symbol::of(crate::resolve::module_name(db, file), *qualname);
    if !is_typed_dict(db, file, &symbol) {
        return None;
    }
    let node = find_class(&part.parsed, entry.range)?;
    let scope = Scope::inside(db, file, qualname);
    let arguments = node.arguments.as_deref();
    let is_total = is_total(arguments);
    let mut items = IndexMap::default();
    for (name, bindings) in &entry.scope.bindings {
        let annotated = bindings
            .iter()
            .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
        let node = annotated
            .and_then(|binding| find_stmt(&part.parsed, binding.stmt))
            .and_then(|stmt| stmt.as_ann_assign_stmt());
        if let Some(node) = node {
            items.insert(*name, item(&scope, &node.annotation, is_total));
        }
    }
    Some(Arc::new(TypedDict {
        items,
        extra: extra(&scope, arguments),
        is_final: entry.has_decorator("final"),
    }))
}

fn item(scope: &Scope<'_>, annotation: &Expr, is_total: bool) -> TypedDictItem {
    let read = item_annotation(scope, annotation, &mut Vec::new());
    TypedDictItem {
        ty: read.ty,
        required: read.required.unwrap_or(is_total),
        read_only: read.read_only,
    }
}

fn by_call(db: &dyn Db, file: File, name: &Name) -> Option<Arc<TypedDict>> {
    if functional::kind(db, file, name)? != functional::Kind::TypedDict {
        return None;
    }
    let part = part(db, file, name);
    let call = functional::call(&part, name)?;
    let scope = Scope::module(db, file);
    let arguments = Some(&call.arguments);
    let is_total = is_total(arguments);
    let mut items = IndexMap::default();
    if let Some(Expr::Dict(dict)) = call.arguments.args.get(1) {
        for entry in &dict.items {
            if let Some(Expr::StringLiteral(key)) = &entry.key {
                let name = Name::new(key.value.to_str());
                items.insert(name, item(&scope, &entry.value, is_total));
            }
        }
    }
    // Before 3.13 the items could be given as keywords.
    if call.arguments.args.len() == 1 {
        for keyword in &call.arguments.keywords {
            if let Some(name) = &keyword.arg
                && !OPTIONS.contains(&name.as_str())
            {
                items.insert(
                    Name::new(name.as_str()),
                    item(&scope, &keyword.value, is_total),
                );
            }
        }
    }
    Some(Arc::new(TypedDict {
        items,
        extra: extra(&scope, arguments),
        is_final: false,
    }))
}

/// The keywords that a declaration takes.
pub(crate) const OPTIONS: [&str; 3] = ["total", "closed", "extra_items"];

/// The value of keyword `name` in the head of a declaration.
pub(crate) fn option<'a>(arguments: Option<&'a Arguments>, name: &str) -> Option<&'a Expr> {
    let mut keywords = arguments?.keywords.iter();
    keywords
        .find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name))
        .map(|keyword| &keyword.value)
}

fn is_total(arguments: Option<&Arguments>) -> bool {
    !matches!(option(arguments, "total"), Some(Expr::BooleanLiteral(value)) if !value.value)
}

/// What a declaration says of items that it does not list; nothing if it leaves that to its bases.
fn extra(scope: &Scope<'_>, arguments: Option<&Arguments>) -> Option<ExtraItems> {
    if let Some(annotation) = option(arguments, "extra_items") {
        let read = item_annotation(scope, annotation, &mut Vec::new());
        return Some(ExtraItems::Of {
            ty: read.ty,
            read_only: read.read_only,
        });
    }
    match option(arguments, "closed") {
        Some(Expr::BooleanLiteral(value)) if value.value => Some(ExtraItems::Of {
            ty: Type::Never,
            read_only: false,
        }),
        Some(Expr::BooleanLiteral(_)) => Some(ExtraItems::Open),
        _ => None,
    }
}
