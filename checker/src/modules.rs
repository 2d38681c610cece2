//! The interface of a whole module: what every other module may depend on.

use std::sync::Arc;

use crate::annotation::Scope;
use crate::db::{Db, Definition, File};
use crate::files::staticness;
use crate::index::{Binding, BindingKind, find_stmt, module_index};
use crate::interface::{Export, ModuleInterface};
use crate::resolve::{module_name, resolve_from};
use crate::simple::SimpleTypes;
use crate::stubs::{Part, part};
use crate::symbols::{SymbolKind, symbol_table};
use crate::types::{Constant, Name, Symbol, Type};

/// The interface of the module in `file`: everything that it shows, without positions.
///
/// Whoever needs one name only asks [`export_in`], [`crate::signatures::function_in`] or [`crate::classes::class_in`], which
/// depend on less.
#[salsa::tracked(returns(clone))]
pub fn module_interface(db: &dyn Db, file: File) -> Arc<ModuleInterface> {
    let index = module_index(db, file);
    let table = symbol_table(db, file);
    let mut interface = ModuleInterface {
        is_static: staticness(db, file).is_static(),
        is_stub: file.path(db).is_stub(),
        ..ModuleInterface::default()
    };
    for name in table.names.keys() {
        if let Some(export) = export_in(db, file, name) {
            interface.exports.insert(*name, export);
        }
    }
    if !table.is_known {
        return Arc::new(interface);
    }
    for name in index.functions.keys() {
        if let Some(function) = crate::signatures::function_in(db, file, name) {
            interface.functions.insert(*name, function);
        }
    }
    for name in index.classes.keys() {
        if let Some(class) = crate::classes::class_in(db, file, name) {
            interface.classes.insert(*name, class);
        }
    }
    Arc::new(interface)
}

/// The interface of the module called `name`, as seen from `from`.
pub fn interface_of(db: &dyn Db, from: File, name: &Name) -> Option<Arc<ModuleInterface>> {
    Some(module_interface(db, resolve_from(db, from, name)?))
}

/// What the module-level name `name` of `file` is bound to, imports not followed.
pub fn export_in(db: &dyn Db, file: File, name: &Name) -> Option<Export> {
    export_query(db, Definition::new(db, file, *name))
}

#[salsa::tracked(returns(clone))]
fn export_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Export> {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let table = symbol_table(db, file);
    let kind = table.names.get(name)?;
    if !table.is_known {
        return Some(Export::Dynamic);
    }
    let symbol = |qualname: &Name| Symbol::of(module_name(db, file), *qualname);
    Some(match kind {
        SymbolKind::Function(qualname) => Export::Function(symbol(qualname)),
        SymbolKind::Class(qualname) => Export::Class(symbol(qualname)),
        SymbolKind::Module(module) => Export::Module(*module),
        SymbolKind::Import { module, name } => Export::Import {
            module: *module,
            name: *name,
        },
        SymbolKind::Dynamic => Export::Dynamic,
        SymbolKind::Variable { .. } => {
            if let Some(alias) = crate::aliases::alias(db, file, name) {
                Export::Alias(alias.value)
            } else if let Some(constant) = crate::constants::final_constant(db, file, name) {
                Export::Constant(constant)
            } else {
                variable(db, file, name)
            }
        }
    })
}

/// The type of the module-level variable `name` of `file`: declared, or for a bare `Final` that of its value, else dynamic.
pub fn variable_type(db: &dyn Db, file: File, name: &Name) -> Type {
    match export_in(db, file, name) {
        Some(Export::Variable { ty, .. }) => ty,
        Some(Export::Constant(value)) => Type::literal(&value),
        _ => Type::Dynamic,
    }
}

/// The type of the values that the top level of `file` assigns to the undeclared variable `name`; dynamic unless each is plain.
pub(crate) fn assigned_type(db: &dyn Db, file: File, name: &Name) -> Type {
    assigned_query(db, Definition::new(db, file, *name))
}

#[salsa::tracked(returns(copy))]
fn assigned_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Type {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let Part { parsed, index } = part(db, file, name);
    let Some(bindings) = index.scope.bindings.get(name) else {
        return Type::Dynamic;
    };
    let scope = Scope::module(db, file);
    let types = bindings.iter().map(|binding| {
        let node = find_stmt(&parsed, binding.stmt).and_then(|stmt| stmt.as_assign_stmt());
        match (&binding.kind, node) {
            (BindingKind::Assigned, Some(node)) => SimpleTypes::new(&scope).ty(&node.value),
            _ => Type::Dynamic,
        }
    });
    Type::union(types)
}

fn variable(db: &dyn Db, file: File, name: &Name) -> Export {
    let Part { parsed, index } = part(db, file, name);
    let dynamic = Export::Variable {
        ty: Type::Dynamic,
        is_final: false,
    };
    let Some(bindings) = index.scope.bindings.get(name) else {
        return dynamic;
    };
    let declared = bindings.iter().find_map(|binding| {
        if !matches!(binding.kind, BindingKind::Annotated { .. }) {
            return None;
        }
        find_stmt(&parsed, binding.stmt)?.as_ann_assign_stmt()
    });
    let Some(node) = declared else { return dynamic };
    let scope = Scope::module(db, file);
    let annotation = scope.annotation(&node.annotation, &mut Vec::new());
    let ty = match (annotation.ty, &node.value) {
        (Some(ty), _) => ty,
        (None, Some(value)) => match crate::constants::literal(value) {
            // What is assigned again in spite of `Final` is reported; it is declared to be this one value.
            Some(value)
                if annotation.is_final
                    && is_declared_once(bindings)
                    && matches!(
                        value,
                        Constant::Bool(_)
                            | Constant::Int(_)
                            | Constant::Str(_)
                            | Constant::Bytes(_)
                    ) =>
            {
                Type::literal(&value)
            }
            _ => SimpleTypes::new(&scope).ty(value),
        },
        (None, None) => Type::Dynamic,
    };
    Export::Variable {
        ty,
        is_final: annotation.is_final,
    }
}

/// Whether a name has a single declaration, which certainly runs.
fn is_declared_once(bindings: &[Binding]) -> bool {
    let mut declarations = bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
    declarations
        .next()
        .is_some_and(|first| !first.is_conditional)
        && declarations.next().is_none()
}
