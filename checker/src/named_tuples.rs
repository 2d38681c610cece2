//! Named tuples in the form of a class: which fields the body declares.

use std::sync::Arc;

use crate::annotation::Scope;
use crate::collections::IndexMap;
use crate::db::{Db, File};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::interface::{Member, NamedTupleField};
use crate::stubs::part;
use crate::types::{Name, Type};

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
