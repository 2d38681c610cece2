//! Forms whose brackets have rules of their own: `tuple`, `type`, `Callable`.

use keelback_parser::ast::{Expr, ExprSubscript};
use keelback_parser::text_size::Ranged;

use super::{Scope, elements};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::types::{Rest, Signature, Symbol, Type, Types, VariableKind};

impl Scope<'_> {
    pub(super) fn tuple(&self, node: &ExprSubscript, problems: &mut Vec<Diagnostic>) -> Type {
        let slice = &*node.slice;
        let items = elements(slice);
        if let Expr::Tuple(tuple) = slice
            && tuple.elts.is_empty()
        {
            return Type::Tuple(Types::none());
        }
        if let [item, Expr::EllipsisLiteral(_)] = &items[..] {
            if self.starred(item).is_some() {
                let message = "`...` repeats one type, not an unpacked tuple".to_owned();
                self.problem(Rule::InvalidAnnotation, item.range(), message, problems);
                return Type::Instance(Symbol::new("builtins", "tuple"), [Type::Dynamic].into());
            }
            let item = self.ty(item, problems).boxed();
            return Type::Instance(Symbol::new("builtins", "tuple"), [item].into());
        }
        self.tuple_of(&items, node.range, problems)
    }

    pub(super) fn class_object(&self, slice: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        let items = elements(slice);
        let [of] = items[..] else {
            let message = format!("`type` takes one argument, but {} are given", items.len());
            self.problem(Rule::WrongTypeArguments, slice.range(), message, problems);
            return Type::builtin("type");
        };
        let of = self.ty(of, problems);
        let has_class = |ty: &Type| match ty {
            Type::Instance(..) | Type::Exact(..) | Type::Tuple(_) | Type::None => true,
            Type::TypeVar(variable) => variable.kind == VariableKind::Type,
            _ => false,
        };
        match of.members().iter().all(has_class) {
            true => Type::class_of(of),
            false => Type::builtin("type"),
        }
    }

    pub(super) fn callable(
        &self,
        node: &ExprSubscript,
        items: &[&Expr],
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let [params, returns] = items else {
            let message = "`Callable` takes parameter types and a return type".to_owned();
            self.problem(
                Rule::WrongTypeArguments,
                node.slice.range(),
                message,
                problems,
            );
            return Type::Callable(Signature::of_anything(Type::Dynamic));
        };
        let returns = self.ty(returns, problems).boxed();
        Type::Callable(match self.parameters_given(params, problems) {
            Some(Type::Parameters(given)) => given.returning(returns),
            Some(Type::TypeVar(variable)) => Signature::new([], Rest::Variable(variable), returns),
            _ => {
                if !self.ty(params, problems).is_dynamic() {
                    let message =
                        "The parameters of `Callable` are a list of types, `...`, or a `ParamSpec`";
                    self.problem(
                        Rule::InvalidAnnotation,
                        params.range(),
                        message.to_owned(),
                        problems,
                    );
                }
                Signature::of_anything(returns)
            }
        })
    }
}
