//! Type variables in annotations, and what they are parameters of.

use keelback_parser::ast::Expr;
use keelback_parser::ast::visitor::Visitor;

use super::Scope;
use crate::stubs::part;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol, Type, Variable};

impl Scope<'_> {
    /// A variable that was declared by a call of `TypeVar` and the like, as a parameter of what it belongs to here.
    fn owned(&self, variable: Variable) -> Variable {
        if self.is_unowned || self.alias.is_some() || variable.owner.is_some() {
            return variable;
        }
        self.bound(variable).unwrap_or_else(|| {
            match self.function.or_else(|| self.innermost_function()) {
                Some(function) => variable.owned_by(function),
                None => variable,
            }
        })
    }

    /// The variable as a parameter of the outermost class or function around that uses it in its head; nothing if none does. The variables
    /// of a class are not those of the classes in it.
    pub(crate) fn bound(&self, variable: Variable) -> Option<Variable> {
        self.bound_by_name(&variable)
            .or_else(|| self.function.map(|function| variable.owned_by(function)))
    }

    /// The same, the function whose signature is read left out.
    pub(crate) fn bound_by_name(&self, variable: &Variable) -> Option<Variable> {
        let module = self.sight.module();
        let container = self.container.as_deref().unwrap_or("");
        if container.is_empty() {
            return None;
        }
        let index = self.sight.part(container).index;
        let ends = container
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([container.len()]);
        let around: Vec<Name> = ends.map(|end| Name::new(&container[..end])).collect();
        let innermost_class = around
            .iter()
            .rposition(|outer| index.classes.contains_key(outer));
        for (i, outer) in around.iter().enumerate() {
            if index.classes.contains_key(outer) {
                let params = crate::classes::type_params(self.db, self.file, outer);
                if let Some(own) = params.iter().find(|own| own.name == variable.name)
                    && Some(i) == innermost_class
                {
                    return Some(*own);
                }
            } else if let Some(entry) = index.functions.get(outer)
                && crate::variables::head_mentions(self.db, self.file, entry, &variable.name)
            {
                return Some(variable.owned_by(Symbol::of(module, *outer)));
            }
        }
        None
    }

    fn innermost_function(&self) -> Option<Symbol> {
        let module = self.sight.module();
        let container = self.container?;
        let index = self.sight.part(&container).index;
        let mut outer = Some(&*container);
        while let Some(name) = outer {
            if index.functions.contains_key(name) {
                return Some(Symbol::of(module, Name::new(name)));
            }
            outer = name.rsplit_once('.').map(|(rest, _)| rest);
        }
        None
    }

    /// The type variable, parameter specification or variable tuple that `expr` names, if it names one.
    pub(crate) fn variable(&self, expr: &Expr) -> Option<Variable> {
        if let Some(param) = self.type_param(expr) {
            return Some(param);
        }
        if !matches!(expr, Expr::Name(_) | Expr::Attribute(_)) {
            return None;
        }
        let Resolved::Variable { file, name } = self.resolve(expr) else {
            return None;
        };
        let part = part(self.db, file, &name);
        let found = crate::aliases::source(self.db, file, &part, &name)?;
        if found.form != crate::aliases::Form::Call {
            return None;
        }
        match crate::aliases::alias(self.db, file, &name)?.value {
            Type::TypeVar(variable) => Some(self.owned(variable)),
            _ => None,
        }
    }

    /// The variables that the definition of an alias mentions, in order: its type parameters.
    pub(crate) fn variables_in(&self, expr: &Expr) -> Vec<Variable> {
        let source = crate::files::source_text(self.db, self.file);
        let mut found: Vec<Variable> = Vec::new();
        let mut words = crate::aliases::Words {
            source: &source.text,
            found: &mut |name| {
                if let Some(variable) = self.variable(name)
                    && variable.owner.is_none()
                    && !found.contains(&variable)
                {
                    found.push(variable);
                }
            },
        };
        words.visit_expr(expr);
        found
    }
}
