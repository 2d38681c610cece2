//! Mentions of aliases and of type variables in annotations.

use keelback_parser::ast::{Expr, ExprSubscript};
use keelback_parser::text_size::Ranged;

use super::Scope;
use crate::aliases::{self, Alias, Form};
use crate::db::File;
use crate::diagnostic::Diagnostic;
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol, Type, Types, Variable, VariableKind};

impl Scope<'_> {
    /// A variable where a type is wanted.
    pub(super) fn plain_variable(
        &self,
        variable: Variable,
        expr: &Expr,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let message = match variable.kind {
            VariableKind::Type => {
                self.check_meaning(variable, expr, problems);
                return Type::TypeVar(variable);
            }
            VariableKind::Parameters => format!(
                "`{}` is a `ParamSpec`, not a type: it stands for the parameters of a `Callable`",
                variable.name
            ),
            VariableKind::Tuple => format!(
                "`{0}` is a `TypeVarTuple`, which has to be unpacked: write `*{0}`",
                variable.name
            ),
        };
        self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
        Type::Dynamic
    }

    /// Reports a variable that nothing around declares.
    pub(super) fn check_meaning(
        &self,
        variable: Variable,
        expr: &Expr,
        problems: &mut Vec<Diagnostic>,
    ) {
        if !self.is_checked || self.alias.is_some() || self.is_unowned {
            return;
        }
        let is_declared = self.type_params.contains(&variable) || self.bound(variable).is_some();
        if !is_declared {
            let message = format!(
                "Type variable `{}` has no meaning here: no function or class around is generic in it",
                variable.name
            );
            self.problem(Rule::UnboundTypeVariable, expr.range(), message, problems);
        }
    }

    /// Whether `name` of `file` is part of a circle of definitions with the alias that is being read.
    fn is_recursive(&self, file: File, name: &Name) -> bool {
        self.alias.is_some_and(|of| {
            file == self.file && aliases::is_recursive_in(self.db, file, name, &of.qualname)
        })
    }

    /// The alias that a class around binds to `name`.
    pub(super) fn alias_of_class(&self, container: &str, name: &str) -> Option<Resolved> {
        let table = self.sight.table();
        if table.class_aliases.is_empty() {
            return None;
        }
        let mut around = Some(container);
        while let Some(outer) = around {
            let nested = format!("{outer}.{name}");
            if let Some(nested) = table.class_aliases.get(&*nested) {
                return Some(Resolved::Variable {
                    file: self.file,
                    name: *nested,
                });
            }
            around = outer.rsplit_once('.').map(|(rest, _)| rest);
        }
        None
    }

    /// An alias without arguments.
    pub(super) fn bare_alias(
        &self,
        file: File,
        name: &Name,
        expr: &Expr,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        if self.is_recursive(file, name) {
            return Type::Alias(Symbol::of(module_name(self.db, file), *name), Types::none());
        }
        match aliases::alias(self.db, file, name) {
            Some(alias) => without_arguments(&alias),
            None => {
                self.check_is_type(file, name, expr, problems);
                Type::Dynamic
            }
        }
    }

    /// An alias with arguments.
    pub(super) fn alias_with(
        &self,
        file: File,
        name: &Name,
        node: &ExprSubscript,
        items: &[&Expr],
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        if self.is_recursive(file, name) {
            let given = self.given(items, problems);
            let symbol = Symbol::of(module_name(self.db, file), *name);
            return Type::Alias(symbol, given.iter().map(|item| item.ty.boxed()).collect());
        }
        let Some(alias) = aliases::alias(self.db, file, name) else {
            self.tys(items, problems);
            return Type::Dynamic;
        };
        // Another name for a class is as good as the class.
        if alias.form == Form::Implicit
            && let Type::Instance(symbol, args) = alias.value
            && args.is_empty()
            && self.is_renamed_class(file, name)
        {
            return match symbol.is_builtin("tuple") {
                true => self.tuple(node, problems),
                false => self.generic(symbol, node, items, problems),
            };
        }
        if alias.params.is_empty() {
            self.tys(items, problems);
            let is_known = !alias.value.is_dynamic() && !matches!(alias.value, Type::TypeVar(_));
            if is_known {
                let message = format!("`{name}` is not generic, so it takes no type arguments");
                let at = node.slice.range();
                self.problem(Rule::WrongTypeArguments, at, message, problems);
            }
            return alias.value;
        }
        let at = node.slice.range();
        match self.type_arguments(name, &alias.params, items, at, problems) {
            Some(args) => apply(&alias, &args),
            None => without_arguments(&alias),
        }
    }

    /// Reports a module-level variable where a type is wanted, if it certainly is none.
    fn check_is_type(&self, file: File, name: &Name, expr: &Expr, problems: &mut Vec<Diagnostic>) {
        if self.is_checked && aliases::is_value(self.db, file, name) {
            let message = format!("`{name}` is a variable, not a type");
            self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
        }
    }

    /// Whether the alias is a plain name for something else.
    fn is_renamed_class(&self, file: File, name: &Name) -> bool {
        let part = crate::stubs::part(self.db, file, name);
        aliases::source(self.db, file, &part, name)
            .is_some_and(|found| matches!(found.value, Expr::Name(_) | Expr::Attribute(_)))
    }
}

/// The type that an alias is with these arguments.
pub(crate) fn apply(alias: &Alias, args: &[Type]) -> Type {
    alias.value.substitute(&|variable| {
        let at = alias.params.iter().position(|own| *own == variable)?;
        args.get(at).copied()
    })
}

/// The type that a generic alias is without arguments: what its parameters default to, or anything.
pub(crate) fn without_arguments(alias: &Alias) -> Type {
    if alias.params.is_empty() {
        return alias.value;
    }
    apply(alias, &crate::typing::fill(&alias.params, &[]))
}
