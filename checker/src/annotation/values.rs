//! `Annotated` in any form, and type parameters in sight.

use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::Ranged;

use crate::diagnostic::Diagnostic;
use crate::index::find_stmt;
use crate::rules::Rule;
use crate::stubs::part;
use crate::symbols::{Resolved, Special};

use super::Scope;

impl Scope<'_> {
    /// Whether `name` is a type parameter that is declared in brackets around here.
    pub(crate) fn has_type_param(&self, name: &str) -> bool {
        self.type_params.iter().any(|known| &*known.name == name)
    }

    /// Whether an expression is `Annotated`, with or without arguments, or an alias of that.
    pub(crate) fn is_annotated(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Subscript(subscript) => matches!(
                self.resolve(&subscript.value),
                Resolved::Special(Special::Annotated)
            ),
            Expr::Name(_) | Expr::Attribute(_) => match self.resolve(expr) {
                Resolved::Special(Special::Annotated) => true,
                Resolved::Variable { file, name } => {
                    let part = part(self.db, file, &name);
                    let bindings = part.index.scope.bindings.get(&name);
                    let Some([binding]) = bindings.map(|bindings| &bindings[..]) else {
                        return false;
                    };
                    let value = match find_stmt(&part.parsed, binding.stmt) {
                        Some(Stmt::Assign(node)) => Some(&*node.value),
                        Some(Stmt::AnnAssign(node)) => node.value.as_deref(),
                        _ => None,
                    };
                    value.is_some_and(|value| {
                        value.is_subscript_expr()
                            && Scope::module(self.db, file).is_annotated(value)
                    })
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Reports an `Annotated` that annotates with nothing.
    pub(super) fn annotated_arity(&self, slice: &Expr, problems: &mut Vec<Diagnostic>) {
        let has_metadata = matches!(slice, Expr::Tuple(tuple) if tuple.elts.len() > 1);
        if !has_metadata {
            let message = "`Annotated` takes a type and what it is annotated with".to_owned();
            self.problem(Rule::WrongTypeArguments, slice.range(), message, problems);
        }
    }
}
