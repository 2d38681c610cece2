//! Variables of classes that nothing declares: what values their bodies and methods give them.

use crate::annotation::Scope;
use crate::classes::mangle;
use crate::db::{Db, Definition, File};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::simple::SimpleTypes;
use crate::stubs::{Part, part};
use crate::types::{Name, Type};

/// The fields that methods assign and the body of the class does not name.
pub(crate) fn undeclared(entry: &ClassEntry) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for assignment in &entry.self_assignments {
        let is_declared = entry.scope.bindings.contains_key(&assignment.name);
        let name = mangle(&entry.qualname, &assignment.name);
        if !is_declared && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The type of the values that the body of class `qualname` of `file` gives the undeclared variable `name`; dynamic unless each is a number, a
/// string or a flag, or the only one a function that another function makes.
pub(crate) fn value_of_variable(db: &dyn Db, file: File, qualname: &Name, name: &str) -> Type {
    let variable = Name::new(format!("{qualname}.{name}"));
    value_query(db, Definition::new(db, file, variable))
}

#[salsa::tracked(returns(copy), cycle_result = not_known)]
fn value_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Type {
    let file = definition.file(db);
    let Some((class, name)) = definition.qualname(db).rsplit_once('.') else {
        return Type::Dynamic;
    };
    let class = Name::new(class);
    let part = part(db, file, &class);
    let Some(entry) = part.index.classes.get(&class) else {
        return Type::Dynamic;
    };
    let scope = Scope::inside(db, file, &class);
    let is_plain = |ty: &Type| {
        ["int", "float", "str", "bytes", "bool"]
            .iter()
            .any(|name| ty.is_builtin(name))
    };
    class_value(&part, entry, &scope, &Name::new(name))
        .filter(|ty| ty.members().iter().all(is_plain))
        .or_else(|| made_function(db, file, &part, entry, &scope, name))
        .unwrap_or(Type::Dynamic)
}

fn not_known(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Type {
    Type::Dynamic
}

/// The function that a call in the class body makes, if nothing else is given that name: `size = wrapped(os.stat)`.
fn made_function(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    scope: &Scope<'_>,
    name: &str,
) -> Option<Type> {
    let [binding] = &entry.scope.bindings.get(name)?[..] else {
        return None;
    };
    let node = find_stmt(&part.parsed, binding.stmt)?.as_assign_stmt()?;
    if binding.kind != BindingKind::Assigned || !node.value.is_call_expr() {
        return None;
    }
    crate::infer::decorated::value_of(db, file, scope, &node.value)
        .filter(|ty| matches!(ty, Type::Callable(_) | Type::Overloaded(_)))
}

/// The type of the value that the class body gives a name that it does not declare.
pub(crate) fn class_value(
    part: &Part,
    entry: &ClassEntry,
    scope: &Scope<'_>,
    name: &Name,
) -> Option<Type> {
    let (_, bindings) = entry
        .scope
        .bindings
        .iter()
        .find(|(bound, _)| mangle(&entry.qualname, bound) == *name)?;
    let types = bindings.iter().map(|binding| {
        let value = find_stmt(&part.parsed, binding.stmt).and_then(|stmt| stmt.as_assign_stmt());
        match (value, &binding.kind) {
            (Some(node), BindingKind::Assigned) => SimpleTypes::new(scope).ty(&node.value),
            _ => Type::Dynamic,
        }
    });
    Some(Type::union(types.map(|ty| ty.boxed())))
}
