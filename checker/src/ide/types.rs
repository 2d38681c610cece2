//! The types of expressions around a place, by running inference over its scope once more.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::{Ranged, TextSize};

use crate::db::{Db, File};
use crate::index::module_index;
use crate::infer::Learned;
use crate::symbols::{Resolved, resolve_global};
use crate::types::{Name, Type};

/// What inference knows around a place.
#[derive(Debug, Default)]
pub struct TypesAround {
    /// Types of expressions and locals.
    pub types: Learned,
    /// The function that was inferred; none for a class's or a module's own code, or where nothing is known.
    pub function: Option<Name>,
}

/// Infers the scope that holds `offset`.
///
/// A function nested in another is not inferred on its own: nothing is known inside of it.
pub fn types_around(db: &dyn Db, file: File, offset: TextSize) -> TypesAround {
    let index = module_index(db, file);
    let outermost = index
        .functions
        .values()
        .filter(|entry| entry.parent.is_none())
        .find(|entry| entry.range.contains_inclusive(offset));
    if let Some(entry) = outermost {
        let types = crate::infer::function_types(db, file, &entry.qualname);
        return TypesAround {
            types: types.unwrap_or_default(),
            function: Some(entry.qualname),
        };
    }
    let class = index
        .classes
        .values()
        .filter(|entry| entry.range.contains_inclusive(offset))
        .min_by_key(|entry| entry.range.len());
    let types = match class {
        Some(entry) => crate::infer::class_types(db, file, &entry.qualname),
        None => Some(crate::infer::module_types(db, file)),
    };
    TypesAround {
        types: types.unwrap_or_default(),
        function: None,
    }
}

impl TypesAround {
    /// The type of `expr`: what inference found, or what a module-level name stands for.
    pub fn of(&self, db: &dyn Db, file: File, expr: &Expr) -> Type {
        match self.types.expressions.get(&expr.range()) {
            Some(ty) if !ty.is_dynamic() => return *ty,
            _ => {}
        }
        match expr {
            Expr::Name(name) if self.local(name.id.as_str()).is_none() => {
                match resolve_global(db, file, name.id.as_str()) {
                    Resolved::Module(module) => Type::Module(module),
                    Resolved::Class(symbol) => Type::Class(symbol),
                    Resolved::Function(symbol) => Type::Function(symbol),
                    _ => Type::Dynamic,
                }
            }
            Expr::Attribute(node) => match self.of(db, file, &node.value) {
                Type::Module(module) => {
                    match crate::symbols::resolve_member(db, file, &module, node.attr.as_str()) {
                        Resolved::Module(module) => Type::Module(module),
                        Resolved::Class(symbol) => Type::Class(symbol),
                        Resolved::Function(symbol) => Type::Function(symbol),
                        _ => Type::Dynamic,
                    }
                }
                _ => Type::Dynamic,
            },
            _ => Type::Dynamic,
        }
    }

    /// The type in which the local `name` is stored.
    pub fn local(&self, name: &str) -> Option<&Type> {
        let mut locals = self.types.locals.iter();
        locals.find(|(own, _)| &**own == name).map(|(_, ty)| ty)
    }
}
