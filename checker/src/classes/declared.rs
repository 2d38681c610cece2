//! What the annotations of a class's attributes say beside their types, and what its decorators say of the class itself.

use keelback_parser::ast::Expr;

use crate::annotation::Scope;
use crate::collections::IndexMap;
use crate::db::{Db, File};
use crate::index::{Binding, BindingKind, ClassEntry, find_class, find_stmt};
use crate::interface::{Declaration, FunctionKind, Member};
use crate::simple::SimpleTypes;
use crate::stubs::Part;
use crate::types::{Constant, Name, Symbol, Type};

use super::mangle_name;

/// The attributes that the body of a class, or its methods through `self`, annotate.
pub(super) fn declared(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
) -> IndexMap<Name, Declaration> {
    let mut found = IndexMap::default();
    let in_body = entry.scope.bindings.iter().filter_map(|(name, bindings)| {
        let binding = bindings
            .iter()
            .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))?;
        Some((name, binding.stmt, None))
    });
    let through_self = entry
        .self_assignments
        .iter()
        .filter(|assignment| assignment.is_annotated)
        .map(|assignment| (&assignment.name, assignment.stmt, Some(&assignment.method)));
    let mut inside: Option<Scope<'_>> = None;
    for (name, stmt, method) in in_body.chain(through_self) {
        let name = mangle_name(&entry.qualname, name);
        if found.contains_key(&name) {
            continue;
        }
        let node = find_stmt(&part.parsed, stmt).and_then(|stmt| stmt.as_ann_assign_stmt());
        let Some(node) = node else { continue };
        // Most say nothing but a type, which need not be read for this.
        let is_plain = matches!(
            &*node.annotation,
            Expr::Name(name) if name.id.as_str().chars().all(|c| c.is_ascii_lowercase())
        );
        let annotation = match (is_plain, method) {
            (true, _) => crate::annotation::Annotation::default(),
            (false, Some(method)) => {
                Scope::inside(db, file, method).annotation(&node.annotation, &mut Vec::new())
            }
            (false, None) => inside
                .get_or_insert_with(|| Scope::inside(db, file, &entry.qualname))
                .annotation(&node.annotation, &mut Vec::new()),
        };
        let value = node.value.as_deref();
        let literal = value
            .filter(|_| annotation.is_final && annotation.ty.is_none())
            .and_then(crate::constants::literal)
            .filter(|value| {
                matches!(
                    value,
                    Constant::Bool(_) | Constant::Int(_) | Constant::Str(_) | Constant::Bytes(_)
                )
            });
        found.insert(
            name,
            Declaration {
                is_final: annotation.is_final,
                is_class_var: annotation.is_class_var,
                has_value: method.is_none() && value.is_some(),
                literal: literal.map(|value| Type::literal(&value)),
            },
        );
    }
    found
}

/// What `@deprecated` says of a class.
pub(super) fn deprecated(db: &dyn Db, file: File, entry: &ClassEntry) -> Option<Name> {
    if !entry.has_decorator("deprecated") {
        return None;
    }
    let part = crate::stubs::part(db, file, &entry.qualname);
    let node = find_class(&part.parsed, entry.range)?;
    crate::signatures::deprecation(&node.decorator_list)
}

/// The members that a decorator has made of functions without changing what they take and give, so that their signatures hold although
/// they are called as what the decorator made.
pub(super) fn believed(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    members: &IndexMap<Name, Member>,
) -> IndexMap<Name, Member> {
    let mut found = IndexMap::default();
    let module = crate::resolve::module_name(db, file);
    for (name, bindings) in &entry.scope.bindings {
        let name = mangle_name(&entry.qualname, name);
        let Some(last) = bindings.last() else {
            continue;
        };
        if let (BindingKind::Assigned, [_], Some(Member::ClassVar { ty: Type::Dynamic })) =
            (&last.kind, &bindings[..], members.get(&name))
            && let Some(ty) = descriptor_value(db, file, part, entry, last)
        {
            found.insert(name, Member::ClassVar { ty });
            continue;
        }
        let (BindingKind::Function(qualname), Some(Member::Dynamic)) =
            (&last.kind, members.get(&name))
        else {
            continue;
        };
        let is_function = bindings.iter().all(|binding| binding.kind == last.kind);
        let Some(function) = part.index.functions.get(qualname) else {
            continue;
        };
        if let ([decorator], true) = (&function.decorators[..], is_function)
            && crate::index::last_part(decorator) == "cached_property"
            && !function.is_redefined()
        {
            // Read it is the function's result, and it can be set like a field.
            let result = crate::signatures::function_in(db, file, qualname)
                .map_or(Type::Dynamic, |function| function.returns);
            let field = Member::Field {
                ty: result,
                is_final: false,
            };
            found.insert(name, field);
            continue;
        }
        if !is_function
            || function.is_redefined()
            || crate::signatures::is_transformed(db, file, part, function)
        {
            continue;
        }
        let symbol = Symbol::of(module, *qualname);
        let member = match function.kind {
            FunctionKind::Property => {
                let setter = Name::new(format!("{qualname}.setter"));
                let has_setter = part.index.functions.contains_key(&setter);
                Member::Property {
                    getter: symbol,
                    setter: has_setter.then(|| Symbol::of(module, setter)),
                }
            }
            _ => Member::Method(symbol),
        };
        found.insert(name, member);
    }
    found
}

/// The type of a descriptor that the class body makes by a call of its class and gives a name.
fn descriptor_value(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    binding: &Binding,
) -> Option<Type> {
    let node = find_stmt(&part.parsed, binding.stmt)?.as_assign_stmt()?;
    if !node.value.is_call_expr() {
        return None;
    }
    let scope = Scope::inside(db, file, &entry.qualname);
    let ty = SimpleTypes::new(&scope).ty(&node.value);
    let class = ty.class()?;
    // What a builtin descriptor gives depends on what it was made of.
    if &*class.module == "builtins" || class.qualname == entry.qualname {
        return None;
    }
    let has = |name: &str| crate::members::find_member(db, file, &class, name).is_some();
    (has("__get__") || has("__set__")).then_some(ty)
}
