//! `reveal_type`, `assert_type` and `cast`: how they are called, and when two types are one.

use keelback_parser::ast;

use crate::interface::{Export, ParamKind};
use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Parameter, Rest, Signature, Symbol, Type, Types};
use crate::typing::Attribute;

use super::bind::has_unpacking;
use super::cx::{Cx, range};
use super::world::Resolved;

impl Cx<'_> {
    /// Reports a call of `name`, which takes this many arguments by position, with more or fewer. Whether it is one.
    pub(super) fn is_miscalled(&mut self, name: &str, takes: usize, call: &ast::ExprCall) -> bool {
        let args = &call.arguments.args;
        if has_unpacking(&call.arguments) || !call.arguments.keywords.is_empty() {
            return false;
        }
        let plural = if takes == 1 { "" } else { "s" };
        let message = format!(
            "`{name}` takes {takes} argument{plural}, but {} are given",
            args.len()
        );
        if args.len() < takes {
            self.report(Rule::MissingArgument, range(call), message);
        } else if args.len() > takes {
            self.report(Rule::TooManyArguments, range(&args[takes]), message);
        }
        args.len() != takes
    }

    /// Reports an argument that has to be a type, and is a plain value.
    pub(super) fn check_type_form(&mut self, expr: &ast::Expr) {
        let is_value = matches!(
            expr,
            ast::Expr::NumberLiteral(_)
                | ast::Expr::BooleanLiteral(_)
                | ast::Expr::BytesLiteral(_)
                | ast::Expr::FString(_)
                | ast::Expr::List(_)
                | ast::Expr::Dict(_)
                | ast::Expr::Set(_)
                | ast::Expr::Lambda(_)
        );
        if is_value {
            let message = "This is a value, and a type is wanted";
            self.report(Rule::InvalidAnnotation, range(expr), message);
        }
    }

    /// What `reveal_type` says of `e`, the value of `expr`, beside its type: what the name is declared to be, if that is more, and how the
    /// value is held.
    pub(super) fn reveal_notes(&self, expr: &ast::Expr, e: &Expr, shown: &Type) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(declared) = self.declared_type(expr)
            && declared != *shown
            && !declared.is_dynamic()
        {
            notes.push(format!("Declared as `{declared}`"));
        }
        let is_laid_out = match e.ty {
            Type::Instance(class, _) | Type::Exact(class, _) => self.world.is_laid_out(&class),
            _ => false,
        };
        let held = crate::ide::held::in_words(&e.ty, is_laid_out);
        notes.push(format!("Held as {held}"));
        notes
    }

    /// The type that a name or an attribute is declared to have.
    fn declared_type(&self, expr: &ast::Expr) -> Option<Type> {
        match expr {
            ast::Expr::Name(name) => match self.local(name.id.as_str()) {
                Some(id) => self.declared.get(id.0 as usize).copied().flatten(),
                None => match self.world.binding(&self.module, name.id.as_str()) {
                    Some(Export::Variable { ty, .. }) => Some(ty),
                    _ => None,
                },
            },
            ast::Expr::Attribute(attribute) => {
                let place = self.place(&attribute.value)?;
                let known = self.state.beliefs.get(&place);
                let of = match known.or_else(|| self.state.facts.get(&place)) {
                    Some(ty) => *ty,
                    None => self.declared_type(&attribute.value)?,
                };
                match self
                    .world
                    .attribute(&of, &self.mangled(attribute.attr.as_str()))
                {
                    Attribute::Found(found) => Some(found.ty),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether an expression is a name that is declared to have this very type: then a literal in it is meant. What is `Final` has the type
    /// of its value.
    pub(super) fn is_declared_as(&self, expr: &ast::Expr, ty: &Type) -> bool {
        let ast::Expr::Name(name) = expr else {
            return false;
        };
        let is_final = self.local(name.id.as_str()).is_none()
            && matches!(
                self.world.binding(&self.module, name.id.as_str()),
                Some(Export::Variable { is_final: true, .. })
            );
        !is_final && self.declared_type(expr) == Some(*ty)
    }

    /// Whether an expression is `Annotated`, with or without arguments, or an alias of that: a form for annotations alone, which is no
    /// class when the program runs.
    pub(super) fn is_annotated_form(&self, expr: &ast::Expr) -> bool {
        let may_be = match expr {
            ast::Expr::Name(name) => {
                self.local(name.id.as_str()).is_none()
                    && matches!(
                        self.world.global(&self.module, name.id.as_str()).0,
                        Resolved::Alias(_) | Resolved::Typing(_)
                    )
            }
            ast::Expr::Subscript(subscript) => {
                return matches!(
                    &*subscript.value,
                    ast::Expr::Name(_) | ast::Expr::Attribute(_)
                ) && crate::reach::dotted(&subscript.value)
                    .is_some_and(|name| crate::index::last_part(&name) == "Annotated")
                    && (self.annotations)(expr).is_annotated;
            }
            ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "Annotated",
            _ => false,
        };
        may_be && (self.annotations)(expr).is_annotated
    }

    /// `e`, the value of `expr`, known not to be a class if it is `Annotated` in any form.
    pub(super) fn as_form(&self, e: Expr, expr: &ast::Expr) -> Expr {
        if e.ty.is_dynamic() && self.is_annotated_form(expr) {
            let form = Symbol::new("typing", "_SpecialForm");
            return e.believed(Type::Instance(form, Types::none()));
        }
        e
    }

    /// Reports a call of `Annotated` in any form.
    pub(super) fn check_form_call(&mut self, call: &ast::ExprCall) {
        if self.is_annotated_form(&call.func) {
            let text = self.text(range(&*call.func)).to_owned();
            self.report(
                Rule::NotCallable,
                range(&*call.func),
                format!("`{text}` is `Annotated`, which is not a class: call the class itself"),
            );
        }
    }

    /// A type as `assert_type` compares it: without exactness, with what a bare generic class leaves out, and a function by what it takes
    /// and gives.
    pub(super) fn comparable(&self, ty: &Type) -> Type {
        match self.revealed(ty) {
            Type::Instance(class, args) if args.is_empty() => {
                let class_of = self.world.class(&class);
                let count = class_of.map_or(0, |class| class.type_params.len());
                let args: Types = std::iter::repeat_n(Type::Dynamic, count).collect();
                Type::Instance(class, args)
            }
            // What calling a coroutine function gives is said by either name.
            Type::Instance(class, args) if class.name() == "CoroutineType" => {
                let coroutine = Symbol::new("typing", "Coroutine");
                let args = args.iter().map(|arg| self.comparable(arg)).collect();
                Type::Instance(coroutine, args)
            }
            Type::Instance(class, args) => {
                Type::Instance(class, args.iter().map(|arg| self.comparable(arg)).collect())
            }
            Type::Tuple(items) => {
                Type::Tuple(items.iter().map(|item| self.comparable(item)).collect())
            }
            Type::Union(items) => Type::union(items.iter().map(|item| self.comparable(item))),
            Type::Callable(signature) => {
                let signature = signature.map(&mut |part| self.comparable(&part));
                let is_positional =
                    |param: &&Parameter| param.kind == ParamKind::PositionalOnly && !param.optional;
                // What is given by position alone has no name that matters.
                if signature.rest == Rest::Nothing
                    && signature.params.iter().all(|p| is_positional(&p))
                {
                    let types = signature.params.iter().map(|param| param.ty);
                    return Type::Callable(Signature::of_positional(types, signature.returns));
                }
                Type::Callable(signature)
            }
            function @ (Type::Function(_) | Type::Method(..)) => {
                match self.world.callees(&function).as_deref() {
                    Some([only]) => self.comparable(&Type::Callable(only.signature)),
                    _ => function,
                }
            }
            other => other,
        }
    }
}
