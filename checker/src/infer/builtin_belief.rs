//! What is believed of calls of builtins, beside what their tables say.

use keelback_parser::ast;

use crate::tree::Expr;
use crate::types::{Symbol, Type};

use super::cx::Cx;
use super::world::Resolved;

impl Cx<'_> {
    /// `e`, a call of the builtin `symbol`, with what is believed of it. Where a star may have brought another function of that name, nothing
    /// is said of the arguments.
    pub(super) fn believe_builtin_call(
        &mut self,
        e: Expr,
        symbol: &Symbol,
        types: &[Type],
        call: &ast::ExprCall,
    ) -> Expr {
        // No module binds this name but by a star.
        let has_stars = !matches!(self.world.global(&self.module, "*").0, Resolved::Undefined);
        match has_stars {
            true => e,
            false => self.believe_call(e, &Type::Function(*symbol), types, call),
        }
    }
}

/// `e`, the result of `type(value)` of a value of type `of`, as its class.
pub(super) fn believed_class(e: Expr, of: &Type) -> Expr {
    let has_class = |ty: &Type| {
        matches!(
            ty,
            Type::Instance(..) | Type::Exact(..) | Type::TypeVar(_) | Type::None
        )
    };
    match of.members().iter().all(has_class) {
        true => e.believed(Type::class_of(*of)),
        false => e,
    }
}
