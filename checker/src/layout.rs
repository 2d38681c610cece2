//! Where the fields of instances and the methods of a class are.

use crate::classes::{class_interface, is_empty_base, mangle_name};
use crate::db::{Db, File};
use crate::index::{BindingKind, ClassEntry};
use crate::interface::{ClassInterface, ClassLayout, FieldSlot, Member, MethodSlot};
use crate::types::{Name, Symbol, Type};

/// Bytes before the first field: reference count and type.
pub const HEADER_SIZE: u32 = 16;
/// Bytes of every field.
pub const FIELD_SIZE: u32 = 8;

/// The layout of a class that is not refused one. `interface` is complete but for the layout.
pub(crate) fn layout(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    interface: &ClassInterface,
) -> Result<ClassLayout, Name> {
    let mut layout = ClassLayout::default();
    for base in interface.bases.iter().filter_map(Type::class) {
        if is_empty_base(&base) {
            continue;
        }
        let base_interface = class_interface(db, file, &base)
            .ok_or_else(|| Name::new("a base class is not known"))?;
        let base_layout = base_interface.layout.clone()?;
        layout = ClassLayout::clone(&base_layout);
        layout.base = Some(base);
    }
    let annotates = |name: &str| {
        entry.scope.bindings.get(name).is_some_and(|bindings| {
            bindings
                .iter()
                .any(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
        })
    };
    layout.has_dict |= annotates("__dict__")
        || entry
            .scope
            .bindings
            .keys()
            .any(|name| uses_cached_property(db, file, entry, name));
    layout.has_weakref |= annotates("__weakref__")
        || crate::classes::has_decorator(
            db,
            file,
            entry,
            crate::signatures::KnownDecorator::AllowWeakrefs,
        );
    add_fields(&mut layout, entry, interface);
    add_methods(db, file, &mut layout, interface);
    Ok(layout)
}

/// `functools.cached_property` keeps its values in `__dict__`.
fn uses_cached_property(db: &dyn Db, file: File, entry: &ClassEntry, name: &Name) -> bool {
    let index = crate::index::module_index(db, file);
    let qualname = Name::new(format!("{}.{name}", entry.qualname));
    index
        .functions
        .get(&qualname)
        .is_some_and(|function| function.has_decorator("cached_property"))
}

fn add_fields(layout: &mut ClassLayout, entry: &ClassEntry, interface: &ClassInterface) {
    for (name, member) in &interface.members {
        let Member::Field { ty, .. } = member else {
            continue;
        };
        let has_default = entry.scope.bindings.iter().any(|(bound, bindings)| {
            mangle_name(&entry.qualname, bound) == *name
                && bindings.iter().any(|binding| {
                    matches!(
                        binding.kind,
                        BindingKind::Assigned | BindingKind::Annotated { has_value: true }
                    )
                })
        });
        // Declared again: the base's storage and type stay, a default may be new.
        if let Some(slot) = layout.fields.iter_mut().find(|slot| slot.name == *name) {
            slot.has_default |= has_default;
            continue;
        }
        let position = u32::try_from(layout.fields.len()).unwrap_or(u32::MAX);
        layout.fields.push(FieldSlot {
            name: *name,
            ty: *ty,
            owner: interface.symbol,
            offset: HEADER_SIZE + FIELD_SIZE * position,
            has_default,
        });
    }
}

fn add_methods(db: &dyn Db, file: File, layout: &mut ClassLayout, interface: &ClassInterface) {
    let mut put = |name: Name, function: &Symbol| match layout
        .methods
        .iter_mut()
        .find(|slot| slot.name == name)
    {
        Some(slot) => slot.function = *function,
        None => layout.methods.push(MethodSlot {
            name,
            function: *function,
            introduced_by: *function,
        }),
    };
    for (name, member) in &interface.members {
        match member {
            Member::Method(function) => {
                use crate::interface::FunctionKind;
                let kind = crate::signatures::function_interface(db, file, function)
                    .map(|function| function.kind);
                if kind == Some(FunctionKind::Method) {
                    put(*name, function);
                }
            }
            Member::Property { getter, setter } => {
                put(*name, getter);
                if let Some(setter) = setter {
                    put(Name::new(format!("{name}.setter")), setter);
                }
            }
            _ => {}
        }
    }
}
