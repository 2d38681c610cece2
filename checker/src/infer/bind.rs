//! Arguments to parameters, as CPython binds them, with its complaints as diagnostics.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{DefaultValue, Param, ParamKind};
use crate::rules::Rule;
use crate::tree::{Arg, Expr, ExprKind, Stmt};
use crate::types::{Constant, Name, Type, Variable};

use super::convert::Why;
use super::cx::{Cx, make, object, range};
use super::world::{erase, substitute, unify, widen};

/// What a parameter gets.
enum Slot<'c> {
    /// An argument.
    Value(&'c ast::Expr),
    /// Its default.
    Default,
    /// The rest of the positional arguments.
    Rest(Vec<&'c ast::Expr>),
    /// The rest of the keyword arguments.
    Keywords(Vec<(Name, &'c ast::Expr)>),
}

/// What a call's arguments say.
#[derive(Default)]
pub struct Solved {
    /// What type variables were found to stand for, one argument at a time.
    pub variables: Vec<(Variable, Type)>,
    /// What was seen of each argument before it was made fit.
    seen: Vec<(TextRange, Type)>,
}

impl Solved {
    /// What was seen of the arguments in the order in which they stand: positional ones, then keyword ones.
    pub fn types(&self, arguments: &ast::Arguments) -> Vec<Type> {
        let keywords = arguments.keywords.iter().map(|keyword| &keyword.value);
        let all = arguments.args.iter().chain(keywords);
        all.map(|arg| {
            let seen = self.seen.iter().find(|(at, _)| *at == range(arg));
            seen.map_or(Type::Dynamic, |(_, ty)| *ty)
        })
        .collect()
    }
}

/// Arguments in the order of the parameters, with what has to run first to keep the order of evaluation.
pub struct Bound {
    /// Statements that evaluate arguments which come in another order.
    pub before: Vec<Stmt>,
    /// One for each parameter.
    pub args: Vec<Arg>,
    /// What they say.
    pub solved: Solved,
    /// Whether the call is right.
    pub ok: bool,
}

/// Whether a call unpacks something: `*args` or `**kwargs`.
pub fn has_unpacking(arguments: &ast::Arguments) -> bool {
    arguments.args.iter().any(ast::Expr::is_starred_expr)
        || arguments.keywords.iter().any(|k| k.arg.is_none())
}

impl Cx<'_> {
    /// Binds the arguments of a call to `params` (the receiver is not among them) of the function called `function`.
    /// `known` says what the type variables of the receiver's class stand for.
    pub fn bind(
        &mut self,
        params: &[Param],
        arguments: &ast::Arguments,
        function: &Name,
        known: &[(Variable, Type)],
        span: TextRange,
    ) -> Bound {
        let mut ok = true;
        let slots = self.slots(params, arguments, function, span, &mut ok);
        // Source order of the arguments, by the parameter they go to.
        let mut order: Vec<(TextRange, usize)> = Vec::new();
        for (i, slot) in slots.iter().enumerate() {
            match slot {
                Slot::Value(e) => order.push((range(*e), i)),
                Slot::Rest(items) => order.extend(items.first().map(|e| (range(*e), i))),
                Slot::Keywords(items) => order.extend(items.first().map(|(_, e)| (range(*e), i))),
                Slot::Default => {}
            }
        }
        order.sort_by_key(|(at, _)| at.start());
        let in_order = order.windows(2).all(|w| w[0].1 < w[1].1);
        let mut before = Vec::new();
        let mut solved = Solved::default();
        let mut values: Vec<Option<Expr>> = slots.iter().map(|_| None).collect();
        for (_, i) in order {
            let param = &params[i];
            let mut value = match &slots[i] {
                Slot::Value(e) => self.argument(e, param, function, known, &mut solved),
                Slot::Rest(items) => {
                    let items = items
                        .iter()
                        .map(|e| {
                            let e = self.argument(e, param, function, known, &mut solved);
                            let e = self.unprimitive(e);
                            object(e)
                        })
                        .collect();
                    make(ExprKind::Tuple(items), Type::builtin("tuple"), span)
                }
                Slot::Keywords(items) => {
                    self.keyword_dict(items, param, function, known, &mut solved, span)
                }
                Slot::Default => continue,
            };
            if !in_order {
                value = self.keep(value, &mut before);
            }
            values[i] = Some(value);
        }
        let mut args = Vec::new();
        for (i, (param, value)) in params.iter().zip(values).enumerate() {
            args.push(match value {
                Some(value) => Arg::Value(value),
                None => match param.kind {
                    ParamKind::VarPositional => Arg::Value(make(
                        ExprKind::Tuple(Vec::new()),
                        Type::builtin("tuple"),
                        span,
                    )),
                    ParamKind::VarKeyword => Arg::Value(make(
                        ExprKind::Dict(Vec::new()),
                        Type::builtin("dict"),
                        span,
                    )),
                    _ => self.default(param, i, span),
                },
            });
        }
        Bound {
            before,
            args,
            solved,
            ok,
        }
    }

    fn keyword_dict(
        &mut self,
        items: &[(Name, &ast::Expr)],
        param: &Param,
        function: &Name,
        known: &[(Variable, Type)],
        solved: &mut Solved,
        span: TextRange,
    ) -> Expr {
        let mut pairs = Vec::new();
        for (name, e) in items {
            let key = make(
                ExprKind::Constant(Constant::Str(name.as_str().into())),
                Type::literal(&Constant::Str(name.as_str().into())),
                span,
            );
            let e = self.argument(e, param, function, known, solved);
            let e = self.unprimitive(e);
            pairs.push((key, object(e)));
        }
        make(ExprKind::Dict(pairs), Type::builtin("dict"), span)
    }

    fn default(&mut self, param: &Param, index: usize, span: TextRange) -> Arg {
        if let Some(DefaultValue::Constant(value)) = &param.default {
            let e = super::cx::constant(value.clone(), span);
            let place = super::attr::erase_top(&param.ty);
            if place.is_dynamic() {
                return Arg::Value(object(e));
            }
            if self.world.assignable(&e.ty, &place) {
                self.muted += 1;
                let e = self.coerce(e, &place, &Why::Default(param.name));
                self.muted -= 1;
                return Arg::Value(e);
            }
        }
        Arg::Default(index)
    }

    /// One argument as its parameter holds it.
    fn argument(
        &mut self,
        expr: &ast::Expr,
        param: &Param,
        function: &Name,
        known: &[(Variable, Type)],
        solved: &mut Solved,
    ) -> Expr {
        let declared = substitute(&param.ty, known);
        let wanted = erase(&declared);
        // What a display holds says what a variable stands for, not the other way round.
        let is_open = declared.has_variables()
            && matches!(
                expr,
                ast::Expr::List(_)
                    | ast::Expr::Set(_)
                    | ast::Expr::Dict(_)
                    | ast::Expr::Tuple(_)
                    | ast::Expr::ListComp(_)
                    | ast::Expr::SetComp(_)
                    | ast::Expr::DictComp(_)
            );
        let value = self.expr(expr, (!is_open).then_some(&wanted));
        solved.seen.push((range(expr), value.view()));
        unify(self.world, &declared, &value.ty, &mut solved.variables);
        let place = match &wanted {
            Type::Dynamic => {
                let value = self.unprimitive(value);
                return match super::attr::erase_top(&param.ty) {
                    Type::Dynamic => object(value),
                    other => self.refit(value, &other),
                };
            }
            other => *other,
        };
        let why = Why::Argument(*function, param.name);
        let value = self.coerce(value, &place, &why);
        self.refit(value, &param.ty)
    }

    fn slots<'c>(
        &mut self,
        params: &[Param],
        arguments: &'c ast::Arguments,
        function: &Name,
        span: TextRange,
        ok: &mut bool,
    ) -> Vec<Slot<'c>> {
        let mut slots: Vec<Option<Slot<'c>>> = params.iter().map(|_| None).collect();
        let positional: Vec<usize> = (0..params.len())
            .filter(|i| {
                matches!(
                    params[*i].kind,
                    ParamKind::PositionalOnly | ParamKind::Positional
                )
            })
            .collect();
        let rest = params
            .iter()
            .position(|p| p.kind == ParamKind::VarPositional);
        let keywords = params.iter().position(|p| p.kind == ParamKind::VarKeyword);
        let mut extra = Vec::new();
        for (i, arg) in arguments.args.iter().enumerate() {
            if let Some(slot) = positional.get(i) {
                slots[*slot] = Some(Slot::Value(arg));
            } else {
                extra.push(arg);
            }
        }
        if !extra.is_empty() {
            if let Some(rest) = rest {
                slots[rest] = Some(Slot::Rest(extra));
            } else {
                *ok = false;
                let takes = match positional.len() {
                    1 => "1 positional argument".to_owned(),
                    n => format!("{n} positional arguments"),
                };
                let given = arguments.args.len();
                self.report(
                    Rule::TooManyArguments,
                    range(extra[0]),
                    format!("`{function}` takes {takes}, but {given} are given"),
                );
                for e in extra {
                    self.expr(e, None);
                }
            }
        }
        let mut others: Vec<(Name, &'c ast::Expr)> = Vec::new();
        for keyword in &arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            let found = params.iter().position(|p| {
                *p.name == *name.as_str()
                    && matches!(p.kind, ParamKind::Positional | ParamKind::KeywordOnly)
            });
            match found {
                Some(i) if slots[i].is_some() => {
                    *ok = false;
                    self.report(
                        Rule::DuplicateArgument,
                        keyword.range,
                        format!("`{function}` gets argument `{name}` twice"),
                    );
                    self.expr(&keyword.value, None);
                }
                Some(i) => {
                    if i < crate::interface::private_parameters(params) {
                        *ok = false;
                        self.report_with(
                            Rule::UnknownArgument,
                            keyword.range,
                            format!("`{function}` takes `{name}` by position alone"),
                            vec!["A parameter whose name begins with two underscores has no name for its callers".to_owned()],
                        );
                    }
                    slots[i] = Some(Slot::Value(&keyword.value));
                }
                None if keywords.is_some() => {
                    others.push((Name::new(name.as_str()), &keyword.value))
                }
                None => {
                    *ok = false;
                    let names: Vec<&str> = params.iter().map(|p| p.name.as_str()).collect();
                    self.report_unknown(
                        Rule::UnknownArgument,
                        keyword.range,
                        format!("`{function}` has no parameter `{name}`"),
                        name.as_str(),
                        names,
                    );
                    self.expr(&keyword.value, None);
                }
            }
        }
        if let (Some(i), false) = (keywords, others.is_empty()) {
            slots[i] = Some(Slot::Keywords(others));
        }
        let missing: Vec<String> = params
            .iter()
            .zip(&slots)
            .filter(|(p, s)| {
                s.is_none()
                    && p.default.is_none()
                    && !matches!(p.kind, ParamKind::VarPositional | ParamKind::VarKeyword)
            })
            .map(|(p, _)| format!("`{}`", p.name))
            .collect();
        if !missing.is_empty() {
            *ok = false;
            let plural = if missing.len() == 1 {
                "argument"
            } else {
                "arguments"
            };
            self.report(
                Rule::MissingArgument,
                span,
                format!(
                    "`{function}` is called without {plural} {}",
                    missing.join(", ")
                ),
            );
        }
        slots
            .into_iter()
            .map(|s| s.unwrap_or(Slot::Default))
            .collect()
    }

    /// The arguments of a call as objects: positional ones, then keyword ones with their names.
    pub fn object_args(&mut self, arguments: &ast::Arguments) -> (Vec<Expr>, Vec<Name>) {
        let mut args = Vec::new();
        let mut names = Vec::new();
        for arg in &arguments.args {
            let e = self.expr(arg, None);
            let e = self.unprimitive(e);
            args.push(object(e));
        }
        for keyword in &arguments.keywords {
            let e = self.expr(&keyword.value, None);
            let e = self.unprimitive(e);
            args.push(object(e));
            if let Some(name) = &keyword.arg {
                names.push(Name::new(name.as_str()));
            }
        }
        (args, names)
    }

    /// The types of the arguments of a call that is made dynamically although the function is known: checked, for their errors.
    pub fn checked_object_args(
        &mut self,
        params: &[Param],
        arguments: &ast::Arguments,
        function: &Name,
        known: &[(Variable, Type)],
        span: TextRange,
    ) -> (Vec<Expr>, Vec<Name>, Solved) {
        let mut ok = true;
        // Only for what is missing or too much; the arguments are evaluated below, in the order in which they stand.
        let slots: Vec<(TextRange, usize)> = {
            self.muted += u32::from(!self.last);
            let slots = self.slots(params, arguments, function, span, &mut ok);
            self.muted -= u32::from(!self.last);
            slots
                .iter()
                .enumerate()
                .flat_map(|(i, s)| match s {
                    Slot::Value(e) => vec![(range(*e), i)],
                    Slot::Rest(items) => items.iter().map(|e| (range(*e), i)).collect(),
                    Slot::Keywords(items) => items.iter().map(|(_, e)| (range(*e), i)).collect(),
                    Slot::Default => Vec::new(),
                })
                .collect()
        };
        let mut solved = Solved::default();
        let mut args = Vec::new();
        let mut names = Vec::new();
        let all = arguments.args.iter().map(|e| (None, e)).chain(
            arguments
                .keywords
                .iter()
                .map(|k| (k.arg.as_ref().map(|n| Name::new(n.as_str())), &k.value)),
        );
        for (name, arg) in all {
            let slot = slots
                .iter()
                .find(|(at, _)| *at == range(arg))
                .map(|(_, i)| *i);
            let e = match slot {
                Some(i) => {
                    let e = self.argument(arg, &params[i], function, known, &mut solved);
                    self.unprimitive(e)
                }
                None => self.expr(arg, None),
            };
            let e = self.unprimitive(e);
            args.push(object(e));
            names.extend(name);
        }
        (args, names, solved)
    }

    /// A type for messages about arguments.
    pub fn shown(ty: &Type) -> Type {
        widen(ty)
    }
}
