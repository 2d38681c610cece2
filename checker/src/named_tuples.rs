//! Named tuples: which fields the body of a class declares, or a call lists.

use std::sync::Arc;

use keelback_parser::ast::{Expr, ExprCall};

use crate::annotation::Scope;
use crate::collections::IndexMap;
use crate::db::{Db, File};
use crate::functional::{self, Kind};
use crate::index::{BindingKind, ClassEntry, find_class, find_stmt};
use crate::interface::{Member, NamedTupleField};
use crate::stubs::part;
use crate::typed_dicts;
use crate::types::{Constant, Name, Type};

/// The fields that the body of class `entry` declares, if `NamedTuple` is one of its `bases`. In `members` they become attributes that
/// cannot be assigned.
pub(crate) fn fields(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    bases: &[Type],
    members: &mut IndexMap<Name, Member>,
) -> Option<Arc<[NamedTupleField]>> {
    bases
        .iter()
        .filter_map(Type::class)
        .find(|base| &*base.module == "typing" && &*base.qualname == "NamedTuple")?;
    let part = part(db, file, &entry.qualname);
    let scope = Scope::inside(db, file, &entry.qualname);
    // `class Point(namedtuple("Point", "x y"))` has the fields of the call.
    let node = find_class(&part.parsed, entry.range)?;
    let by_base = typed_dicts::bases(node).find_map(|base| fields_of_base(&scope, base));
    if let Some(fields) = by_base {
        for (name, member) in self::members(&fields) {
            members.entry(name).or_insert(member);
        }
        return Some(fields);
    }
    let mut fields = Vec::new();
    for (name, bindings) in &entry.scope.bindings {
        let annotated = bindings
            .iter()
            .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
        let Some(binding) = annotated else { continue };
        let node = find_stmt(&part.parsed, binding.stmt)?.as_ann_assign_stmt()?;
        let ty = scope
            .annotation(&node.annotation, &mut Vec::new())
            .ty
            .unwrap_or(Type::Dynamic);
        members.insert(*name, Member::Field { ty, is_final: true });
        fields.push(NamedTupleField {
            name: *name,
            ty,
            has_default: node.value.is_some(),
        });
    }
    Some(fields.into())
}

/// The fields that a call among the bases of a class lists.
pub(crate) fn fields_of_base(scope: &Scope<'_>, base: &Expr) -> Option<Arc<[NamedTupleField]>> {
    let call = base.as_call_expr()?;
    let kind = functional::kind_of_call(scope, call)?;
    fields_of_call(scope, call, kind)
}

/// The fields of the named tuple that the call for the variable `name` makes; nothing if they are not written out.
pub(crate) fn by_call(
    db: &dyn Db,
    file: File,
    name: &Name,
    kind: Kind,
) -> Option<Arc<[NamedTupleField]>> {
    let part = part(db, file, name);
    let call = functional::call(&part, name)?;
    fields_of_call(&Scope::module(db, file), call, kind)
}

/// The fields that a call of `NamedTuple` or `namedtuple` lists.
pub(crate) fn fields_of_call(
    scope: &Scope<'_>,
    call: &ExprCall,
    kind: Kind,
) -> Option<Arc<[NamedTupleField]>> {
    if !matches!(kind, Kind::NamedTuple | Kind::UntypedTuple) {
        return None;
    }
    let listed = listed_fields(scope, call, kind)?;
    let keyword = |name: &str| {
        let mut keywords = call.arguments.keywords.iter();
        keywords
            .find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name))
            .map(|keyword| &keyword.value)
    };
    let renames = matches!(keyword("rename"), Some(Expr::BooleanLiteral(value)) if value.value);
    let defaults = match keyword("defaults") {
        None | Some(Expr::NoneLiteral(_)) => 0,
        Some(Expr::Tuple(items)) => items.elts.len(),
        Some(Expr::List(items)) => items.elts.len(),
        // How many there are is not known: any may be left out.
        Some(_) => listed.len(),
    };
    let first_default = listed.len().saturating_sub(defaults);
    let mut fields: Vec<NamedTupleField> = Vec::new();
    for (i, (text, ty)) in listed.iter().enumerate() {
        let is_wrong = !is_field_name(text) || fields.iter().any(|f| *f.name == **text);
        let name = match is_wrong && renames {
            true => Name::new(format!("_{i}")),
            false => Name::new(text),
        };
        fields.push(NamedTupleField {
            name,
            ty: *ty,
            has_default: i >= first_default,
        });
    }
    Some(fields.into())
}

/// The names that a call lists, as they are written, with their types.
pub(crate) fn listed_fields(
    scope: &Scope<'_>,
    call: &ExprCall,
    kind: Kind,
) -> Option<Vec<(String, Type)>> {
    let text = |expr: &Expr| match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        Expr::Name(_) => match scope.constant(expr) {
            Some(Constant::Str(text)) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    };
    let given = call.arguments.args.get(1)?;
    let items = match given {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::StringLiteral(names) if kind == Kind::UntypedTuple => {
            let names = names.value.to_str().replace(',', " ");
            let names = names.split_whitespace();
            return Some(names.map(|name| (name.to_owned(), Type::Dynamic)).collect());
        }
        _ => return None,
    };
    items
        .iter()
        .map(|item| match (kind, item) {
            (Kind::UntypedTuple, name) => Some((text(name)?, Type::Dynamic)),
            (_, Expr::Tuple(pair)) => match &pair.elts[..] {
                [name, ty] => Some((text(name)?, scope.ty(ty, &mut Vec::new()).boxed())),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// The words that are no names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Whether a named tuple may have a field of this name.
pub(crate) fn is_field_name(name: &str) -> bool {
    let is_word = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_alphanumeric());
    is_word && !name.starts_with('_') && !KEYWORDS.contains(&name)
}

/// The attributes of a named tuple, which cannot be assigned.
pub(crate) fn members(fields: &[NamedTupleField]) -> IndexMap<Name, Member> {
    let member = |field: &NamedTupleField| {
        let member = Member::Field {
            ty: field.ty,
            is_final: true,
        };
        (field.name, member)
    };
    fields.iter().map(member).collect()
}
