//! Generators and coroutines: what `yield`, `yield from` and `await` take and give.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Symbol, Type};

use super::convert::Why;
use super::cx::{Cx, none, range};
use super::world::{World, widen};

/// What a generator function's declared result says of the generator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generator {
    /// What it yields.
    pub yields: Type,
    /// What is sent to it: the value of a `yield`.
    pub sends: Type,
    /// What it returns.
    pub returns: Type,
}

impl Generator {
    /// The generator that a function declares by its result type; nothing if no generator is of that type.
    pub fn declared(world: &World<'_>, returns: &Type, is_async: bool) -> Option<Generator> {
        let unknown = Generator {
            yields: Type::Dynamic,
            sends: Type::Dynamic,
            returns: Type::Dynamic,
        };
        returns.members().iter().find_map(|member| match member {
            Type::Dynamic | Type::TypeVar(_) => Some(unknown),
            Type::Instance(class, _) if class.is_builtin("object") => Some(unknown),
            Type::Instance(class, args) => {
                let arg = |i: usize| args.get(i).copied();
                let generic = ["typing", "collections.abc", "_collections_abc", "types"]
                    .contains(&&*class.module);
                let yields = arg(0).unwrap_or(Type::Dynamic);
                // Type arguments that are left out are `None`, unless all are.
                let rest = if args.is_empty() {
                    Type::Dynamic
                } else {
                    Type::None
                };
                match (class.name(), is_async) {
                    ("Generator" | "GeneratorType", false) if generic => Some(Generator {
                        yields,
                        sends: arg(1).unwrap_or(rest),
                        returns: arg(2).unwrap_or(rest),
                    }),
                    ("AsyncGenerator" | "AsyncGeneratorType", true) if generic => Some(Generator {
                        yields,
                        sends: arg(1).unwrap_or(rest),
                        returns: Type::None,
                    }),
                    ("Iterator" | "Iterable", false)
                    | ("AsyncIterator" | "AsyncIterable", true)
                        if generic =>
                    {
                        Some(Generator {
                            yields,
                            sends: Type::Dynamic,
                            returns: Type::Dynamic,
                        })
                    }
                    _ if world.is_protocol(class) || world.class(class).is_none() => Some(unknown),
                    _ => None,
                }
            }
            _ => None,
        })
    }
}

impl Cx<'_> {
    /// `yield`.
    pub fn yield_expr(&mut self, node: &ast::ExprYield, span: TextRange) -> Expr {
        self.fall_back("a `yield`", span);
        let wanted = self.generator.map(|generator| generator.yields);
        let value = match &node.value {
            Some(value) => self.expr(value, wanted.as_ref()),
            None => none(span),
        };
        if let Some(wanted) = wanted.filter(|ty| !ty.is_dynamic()) {
            self.coerce(value, &wanted, &Why::Yield);
        }
        self.after_call();
        let sent = self
            .generator
            .map_or(Type::Dynamic, |generator| generator.sends);
        self.of_type(sent, span)
    }

    /// `yield from`.
    pub fn yield_from(&mut self, node: &ast::ExprYieldFrom, span: TextRange) -> Expr {
        self.fall_back("a `yield from`", span);
        let value = self.expr(&node.value, None);
        let at = range(&*node.value);
        let item = self.items_of(&value, at);
        if let Some(generator) = self.generator {
            if !self.world.assignable(&item, &generator.yields) {
                self.report(
                    Rule::InvalidYield,
                    at,
                    format!(
                        "The generator yields `{}`, but these are `{}`",
                        generator.yields,
                        widen(&item)
                    ),
                );
            }
        }
        self.after_call();
        let view = value.view();
        let inner = Generator::declared(self.world, &view, false);
        // A generator to which nothing is said to be sent is driven by `next` alone.
        if let (Some(own), Some(inner)) = (self.generator, inner)
            && own.sends != Type::None
            && !self.world.assignable(&own.sends, &inner.sends)
        {
            self.report(
                Rule::InvalidYield,
                at,
                format!(
                    "What is sent to the generator is `{}`, and this one takes `{}`",
                    own.sends, inner.sends
                ),
            );
        }
        let generates = ["Generator", "GeneratorType"];
        let result = match (&view, inner) {
            (Type::Instance(class, _), Some(inner)) if generates.contains(&class.name()) => {
                inner.returns
            }
            (Type::Dynamic, _) => Type::Dynamic,
            _ => Type::Dynamic,
        };
        self.of_type(result, span)
    }

    /// `await`.
    pub fn await_expr(&mut self, node: &ast::ExprAwait, span: TextRange) -> Expr {
        self.fall_back("an `await`", span);
        let value = self.expr(&node.value, None);
        self.after_call();
        let ty = self.awaited_or_report(&value.view(), range(&*node.value));
        if ty == Type::Never {
            self.state.reachable = false;
        }
        self.of_type(ty, span)
    }

    fn awaited_or_report(&mut self, ty: &Type, at: TextRange) -> Type {
        let mut all = Type::Never;
        for member in ty.members() {
            match self.awaited(member) {
                Some(result) => all = self.world.join(&all, &result),
                None => {
                    let (rule, notes) = match (member, ty) {
                        (Type::None, Type::Union(_)) => (
                            Rule::PossiblyNone,
                            vec!["Test it with `is not None` first".to_owned()],
                        ),
                        _ => (Rule::NotAwaitable, Vec::new()),
                    };
                    let message = format!("`{}` cannot be awaited", widen(member));
                    self.report_with(rule, at, message, notes);
                    all = Type::Dynamic;
                }
            }
        }
        all
    }

    /// What awaiting a value of type `ty` gives; nothing if it cannot be awaited.
    pub fn awaited(&self, ty: &Type) -> Option<Type> {
        if let Type::Union(members) = ty {
            let results: Option<Vec<Type>> = members.iter().map(|m| self.awaited(m)).collect();
            return Some(self.world.join_all(results?));
        }
        if let Type::Instance(class, args) = ty {
            if &*class.module == "typing" && class.name() == "Coroutine" && args.len() == 3 {
                return Some(args[2]);
            }
        }
        match self.special_member(ty, "__await__")? {
            Type::Instance(class, args) if class.name() == "Generator" && args.len() == 3 => {
                Some(args[2])
            }
            _ => Some(Type::Dynamic),
        }
    }

    /// What calling an `async def` gives whose declared result is `returns`.
    pub fn coroutine(&self, returns: Type) -> Type {
        Type::Instance(
            Symbol::new("typing", "Coroutine"),
            [Type::Dynamic, Type::Dynamic, returns].into(),
        )
    }

    /// The type of the items that `async for` gets from a value; reports it when there are none.
    pub fn async_items_of(&mut self, value: &Expr, at: TextRange) -> Type {
        let mut all = Type::Never;
        for member in value.view().members() {
            let iterator = self.special_member(member, "__aiter__");
            let item = match iterator {
                Some(Type::Dynamic) => Some(Type::Dynamic),
                Some(iterator) => self
                    .special_member(&iterator, "__anext__")
                    .and_then(|next| self.awaited(&next)),
                None => None,
            };
            match item {
                Some(item) => all = self.world.join(&all, &item),
                None => {
                    self.report(
                        Rule::NotIterable,
                        at,
                        format!("`{}` cannot be iterated by `async for`", widen(member)),
                    );
                    all = Type::Dynamic;
                }
            }
        }
        all
    }

    /// A value of which nothing but the type is known, in a function that is not compiled anyway.
    pub fn of_type(&mut self, ty: Type, span: TextRange) -> Expr {
        let temp = self.temp(ty);
        self.read_temp(temp, span)
    }

    /// Reports a generator function of which the declared result is no generator.
    pub fn check_generator(&mut self, is_async: bool, at: TextRange) {
        if self.generator.is_some() || self.returns.is_dynamic() {
            return;
        }
        let kind = if is_async {
            "`AsyncIterator`"
        } else {
            "`Iterator`"
        };
        let message = format!(
            "The function yields, so it returns a generator, which is not `{}`: declare an {kind}",
            self.returns
        );
        let reachable = std::mem::replace(&mut self.state.reachable, true);
        self.report(Rule::InvalidReturn, at, message);
        self.state.reachable = reachable;
    }
}
