//! Arguments between brackets: of generic classes and aliases, of `tuple`, of `Callable`; what stars unpack among them.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::{Ranged, TextRange};

use super::{Scope, elements};
use crate::diagnostic::Diagnostic;
use crate::interface::ParamKind;
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::{Name, Parameter, Rest, Signature, Type, Types, Variable, VariableKind};
use crate::typing::{fill, is_named};

/// One of several arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub ty: Type,
    pub range: TextRange,
    pub form: Form,
}

/// What an argument is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A type.
    Type,
    /// What a parameter specification stands for: `[int, str]`, `...`, `Concatenate[…]`, another specification.
    Parameters,
    /// Any number of types: the type is that of each, or a variable tuple.
    Unpacked,
}

/// Why arguments do not fit the type parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Misfit {
    /// There are too few or too many.
    Count,
    /// The argument at this place cannot stand for the parameter.
    Wrong(TextRange, String),
}

impl Scope<'_> {
    /// The arguments that `items` are, with what stars unpack put in their place.
    pub(crate) fn given(&self, items: &[&Expr], problems: &mut Vec<Diagnostic>) -> Vec<Given> {
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            self.add_given(item, &mut all, problems);
        }
        all
    }

    fn add_given(&self, item: &Expr, all: &mut Vec<Given>, problems: &mut Vec<Diagnostic>) {
        let range = item.range();
        let mut add = |ty: Type, form: Form| all.push(Given { ty, range, form });
        match item {
            Expr::List(list) => {
                let items: Vec<&Expr> = list.elts.iter().collect();
                add(self.parameter_list(&items, problems), Form::Parameters);
            }
            Expr::EllipsisLiteral(_) => add(anything(), Form::Parameters),
            Expr::StringLiteral(_) => match self.quoted(item) {
                Some(inner) => self.add_given(&inner, all, problems),
                None => add(self.ty(item, problems), Form::Type),
            },
            _ => match self.starred(item) {
                Some(inner) => match self.unpacked(inner, problems) {
                    Type::Tuple(items) => items.iter().for_each(|ty| add(*ty, Form::Type)),
                    Type::Variadic(before, part, after) => {
                        before.iter().for_each(|ty| add(*ty, Form::Type));
                        add(*part, Form::Unpacked);
                        after.iter().for_each(|ty| add(*ty, Form::Type));
                    }
                    Type::Instance(_, args) => {
                        let part = args.first().copied().unwrap_or(Type::Dynamic);
                        add(part, Form::Unpacked);
                    }
                    _ => add(Type::Dynamic, Form::Unpacked),
                },
                None => match self.parameters_given(item, problems) {
                    Some(ty) => add(ty, Form::Parameters),
                    None => add(self.ty(item, problems), Form::Type),
                },
            },
        }
    }

    /// What a star, or `Unpack[…]`, is before.
    pub(crate) fn starred<'e>(&self, item: &'e Expr) -> Option<&'e Expr> {
        match item {
            Expr::Starred(starred) => Some(&starred.value),
            Expr::Subscript(node) => {
                let is_unpack = self.resolve(&node.value) == Resolved::Special(Special::Unpack);
                is_unpack.then_some(&*node.slice)
            }
            _ => None,
        }
    }

    /// The tuple type that is unpacked: a fixed or a variadic tuple, an instance of `tuple` with one argument, or dynamic.
    pub(crate) fn unpacked(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        if let Some(variable) = self.variable(expr)
            && variable.kind == VariableKind::Tuple
        {
            return Type::variadic(Vec::new(), Type::TypeVar(variable), Vec::new());
        }
        let found = problems.len();
        let ty = self.ty(expr, problems);
        match ty {
            Type::Tuple(_) | Type::Variadic(..) => ty,
            Type::Instance(class, _) if class.is_builtin("tuple") => ty,
            Type::Dynamic | Type::Alias(..) => Type::Dynamic,
            _ => {
                if problems.len() == found {
                    let message = format!(
                        "Only a tuple type or a `TypeVarTuple` can be unpacked, not `{ty}`"
                    );
                    self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                }
                Type::Dynamic
            }
        }
    }

    /// What `expr` says of a parameter specification, if it is such a thing: a list of types, `...`, `Concatenate[…]`, another specification.
    pub(crate) fn parameters_given(
        &self,
        expr: &Expr,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Type> {
        match expr {
            Expr::List(list) => {
                let items: Vec<&Expr> = list.elts.iter().collect();
                Some(self.parameter_list(&items, problems))
            }
            Expr::EllipsisLiteral(_) => Some(anything()),
            Expr::Name(_) | Expr::Attribute(_) => {
                let variable = self.variable(expr)?;
                (variable.kind == VariableKind::Parameters).then_some(Type::TypeVar(variable))
            }
            Expr::Subscript(node)
                if self.resolve(&node.value) == Resolved::Special(Special::Concatenate) =>
            {
                Some(self.concatenated(&node.slice, problems))
            }
            _ => None,
        }
    }

    /// `Concatenate[A, B, P]`.
    fn concatenated(&self, slice: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        let items = elements(slice);
        let Some((last, before)) = items.split_last() else {
            return anything();
        };
        let Type::Parameters(own) = self.parameter_list(before, problems) else {
            return anything();
        };
        let rest = match self.parameters_given(last, problems) {
            Some(Type::TypeVar(variable)) => Rest::Variable(variable),
            Some(Type::Parameters(given)) if given.rest == Rest::Anything => Rest::Anything,
            _ => {
                let message = "The last argument of `Concatenate` must be a `ParamSpec` or `...`";
                self.problem(
                    Rule::InvalidAnnotation,
                    last.range(),
                    message.to_owned(),
                    problems,
                );
                Rest::Anything
            }
        };
        Type::Parameters(Signature::new(own.params.clone(), rest, Type::Never))
    }

    /// Parameters that are given by position alone, as a list of types: `[int, *Ts, str]`.
    pub(crate) fn parameter_list(&self, items: &[&Expr], problems: &mut Vec<Diagnostic>) -> Type {
        let given = self.given(items, problems);
        Type::Parameters(positional(&self.types_only(&given, problems)))
    }

    /// A tuple type of these items, which is written at `at`.
    pub(crate) fn tuple_of(
        &self,
        items: &[&Expr],
        at: TextRange,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let given = self.given(items, problems);
        let given = self.types_only(&given, problems);
        let of_any_length = given.iter().filter(|item| item.form == Form::Unpacked);
        if of_any_length.count() > 1 {
            let message = "A tuple type can have one part of unknown length only".to_owned();
            self.problem(Rule::InvalidAnnotation, at, message, problems);
        }
        pack(&given)
    }

    /// Reports what is no type among `given` and makes it dynamic.
    fn types_only(&self, given: &[Given], problems: &mut Vec<Diagnostic>) -> Vec<Given> {
        let check = |item: &Given| {
            if item.form == Form::Parameters {
                let message = match item.ty {
                    Type::TypeVar(own) => format!("`{}` is a `ParamSpec`, not a type", own.name),
                    _ => "A list of parameters is not a type".to_owned(),
                };
                self.problem(Rule::InvalidAnnotation, item.range, message, problems);
                return Given {
                    ty: Type::Dynamic,
                    form: Form::Type,
                    ..*item
                };
            }
            Given {
                ty: item.ty.boxed(),
                ..*item
            }
        };
        given.iter().map(check).collect()
    }

    /// What stands for each of `params`, the type parameters of `name`, when `items` are given; nothing if that is wrong, which is reported.
    pub(crate) fn type_arguments(
        &self,
        name: &str,
        params: &[Variable],
        items: &[&Expr],
        range: TextRange,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Types> {
        let mut given = self.given(items, problems);
        // `C[int, str]` is `C[[int, str]]` for the class of a single specification.
        if let [only] = params
            && only.kind == VariableKind::Parameters
            && !matches!(
                given[..],
                [Given {
                    form: Form::Parameters,
                    ..
                }]
            )
        {
            let types = self.types_only(&given, problems);
            given = vec![Given {
                ty: Type::Parameters(positional(&types)),
                range,
                form: Form::Parameters,
            }];
        }
        match assign(params, &given) {
            Ok(args) => {
                self.check_bounds(name, params, &args, &given, range, problems);
                Some(args.into())
            }
            Err(Misfit::Wrong(at, message)) => {
                self.problem(Rule::WrongTypeArguments, at, message, problems);
                None
            }
            Err(Misfit::Count) => {
                let most = match params.iter().any(|own| own.kind == VariableKind::Tuple) {
                    true => usize::MAX,
                    false => params.len(),
                };
                let needed =
                    |own: &&Variable| own.default.is_none() && own.kind != VariableKind::Tuple;
                let expected = match (params.iter().filter(needed).count(), most) {
                    (_, 0) => "no type arguments".to_owned(),
                    (1, 1) => "1 type argument".to_owned(),
                    (from, usize::MAX) => format!("at least {from} type arguments"),
                    (from, to) if from == to => format!("{to} type arguments"),
                    (from, to) => format!("{from} to {to} type arguments"),
                };
                let message = format!("`{name}` takes {expected}, got {}", given.len());
                self.problem(Rule::WrongTypeArguments, range, message, problems);
                None
            }
        }
    }

    /// The declared type of a parameter: of `*args: *Ts`, `*args: P.args` and `**kwargs: P.kwargs` that which says so.
    pub(crate) fn parameter(
        &self,
        annotation: &Expr,
        kind: ParamKind,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let keywords = match kind {
            ParamKind::VarPositional => false,
            ParamKind::VarKeyword => true,
            _ => return self.ty(annotation, problems),
        };
        if let Some(inner) = self.quoted(annotation) {
            return self.parameter(&inner, kind, problems);
        }
        if let Some((variable, is_keywords)) = self.component(annotation) {
            if is_keywords != keywords {
                let (star, part) = match keywords {
                    true => ("**", "kwargs"),
                    false => ("*", "args"),
                };
                let message = format!(
                    "A parameter with `{star}` can only be `{}.{part}`",
                    variable.name
                );
                self.problem(
                    Rule::InvalidAnnotation,
                    annotation.range(),
                    message,
                    problems,
                );
                return Type::Dynamic;
            }
            return Type::ParametersOf(variable, keywords);
        }
        match self.starred(annotation) {
            Some(inner) if !keywords => Type::Unpacked(self.unpacked(inner, problems).into()),
            _ => self.ty(annotation, problems),
        }
    }

    /// `P.args` (`false`) or `P.kwargs` (`true`) of a parameter specification.
    pub(crate) fn component(&self, expr: &Expr) -> Option<(Variable, bool)> {
        let attribute = expr.as_attribute_expr()?;
        let keywords = match attribute.attr.as_str() {
            "args" => false,
            "kwargs" => true,
            _ => return None,
        };
        let variable = self.variable(&attribute.value)?;
        (variable.kind == VariableKind::Parameters).then_some((variable, keywords))
    }
}

/// `...`, for a parameter specification.
pub(crate) fn anything() -> Type {
    Type::Parameters(Signature::new([], Rest::Anything, Type::Never))
}

/// Parameters without names of these types. Those of unknown number are arguments of `*args`.
fn positional(given: &[Given]) -> Signature {
    if given.iter().all(|item| item.form != Form::Unpacked) {
        return Signature::of_positional(given.iter().map(|item| item.ty), Type::Never);
    }
    let at = given.iter().position(|item| item.form == Form::Unpacked);
    let (before, rest) = given.split_at(at.unwrap_or(0));
    let mut params: Vec<Parameter> = before
        .iter()
        .map(|item| Parameter::positional(item.ty))
        .collect();
    params.push(Parameter {
        name: Name::new(""),
        kind: ParamKind::VarPositional,
        ty: Type::Unpacked(pack(rest).into()),
        optional: true,
    });
    Signature::new(params, Rest::Nothing, Type::Never).spread()
}

/// The tuple type of these items, of which one may be of unknown number.
pub(crate) fn pack(given: &[Given]) -> Type {
    let types = |items: &[Given]| -> Vec<Type> { items.iter().map(|item| item.ty).collect() };
    match given.iter().position(|item| item.form == Form::Unpacked) {
        None => Type::Tuple(types(given).into()),
        Some(at) => {
            let after: Vec<Given> = given[at + 1..]
                .iter()
                .filter(|item| item.form != Form::Unpacked)
                .copied()
                .collect();
            Type::variadic(types(&given[..at]), given[at].ty, types(&after))
        }
    }
}

/// What stands for each of `params`.
fn assign(params: &[Variable], given: &[Given]) -> Result<Vec<Type>, Misfit> {
    let rest = params
        .iter()
        .position(|own| own.kind == VariableKind::Tuple);
    let Some(rest) = rest else {
        if let Some(unknown) = given.iter().find(|item| item.form == Form::Unpacked) {
            let message = "What is unpacked here may be of any length, but the number of type arguments is fixed";
            return Err(Misfit::Wrong(unknown.range, message.to_owned()));
        }
        if given.len() > params.len() {
            return Err(Misfit::Count);
        }
        if params[given.len()..]
            .iter()
            .any(|own| own.default.is_none())
        {
            return Err(Misfit::Count);
        }
        let args = params
            .iter()
            .zip(given)
            .map(|(param, item)| one(*param, item));
        return Ok(fill(params, &args.collect::<Result<Vec<Type>, Misfit>>()?));
    };
    // What comes before the variable tuple and after it takes one argument each, the tuple what is left.
    let mut left: std::collections::VecDeque<Given> = given.iter().copied().collect();
    let mut args: Vec<Type> = Vec::with_capacity(params.len());
    for param in &params[..rest] {
        let item = match left.front().copied() {
            None => return Err(Misfit::Count),
            Some(item) if item.form == Form::Unpacked => supplied(&item)?,
            Some(_) => left.pop_front().ok_or(Misfit::Count)?,
        };
        args.push(one(*param, &item)?);
    }
    let mut after: Vec<Type> = Vec::new();
    let behind = &params[rest + 1..];
    for param in behind.iter().rev() {
        let is_parameters = |item: &Given| item.form == Form::Parameters;
        let item = match left.back().copied() {
            // A specification is told from a type, so it may be left out.
            Some(item)
                if param.kind == VariableKind::Parameters
                    && param.default.is_some()
                    && !is_parameters(&item) =>
            {
                None
            }
            None if param.default.is_some() => None,
            None => return Err(Misfit::Count),
            Some(item) if item.form == Form::Unpacked => Some(supplied(&item)?),
            Some(_) => left.pop_back(),
        };
        after.push(match (item, param.default) {
            (Some(item), _) => one(*param, &item)?,
            (None, Some(default)) => *default,
            (None, None) => return Err(Misfit::Count),
        });
    }
    let middle: Vec<Given> = left.into();
    if let Some(wrong) = middle.iter().find(|item| item.form == Form::Parameters) {
        let message = "A list of parameters is not a type".to_owned();
        return Err(Misfit::Wrong(wrong.range, message));
    }
    args.push(as_argument(pack(&middle)));
    args.extend(after.into_iter().rev());
    // Defaults behind it may name what comes before.
    let known: Vec<Type> = args.clone();
    let filled = |ty: &Type| {
        ty.substitute(&|variable| {
            let at = params.iter().position(|own| is_named(*own, variable))?;
            known.get(at).copied().filter(|_| at < rest)
        })
    };
    for arg in &mut args[rest + 1..] {
        *arg = filled(arg);
    }
    Ok(args)
}

/// One item of what is unpacked, for a parameter that takes one type.
fn supplied(item: &Given) -> Result<Given, Misfit> {
    match item.ty {
        Type::TypeVar(variable) if variable.kind == VariableKind::Tuple => Err(Misfit::Wrong(
            item.range,
            format!(
                "`*{}` may be empty, but a type argument is needed here",
                variable.name
            ),
        )),
        _ => Ok(Given {
            form: Form::Type,
            ..*item
        }),
    }
}

/// What stands for `param` when `item` is given for it.
fn one(param: Variable, item: &Given) -> Result<Type, Misfit> {
    match (param.kind, item.form) {
        (VariableKind::Type, Form::Type) => Ok(item.ty),
        (VariableKind::Parameters, Form::Parameters) => Ok(item.ty),
        (VariableKind::Parameters, Form::Type) if item.ty.is_dynamic() => Ok(anything()),
        (VariableKind::Parameters, _) => Err(Misfit::Wrong(
            item.range,
            format!(
                "`{}` is a `ParamSpec`: it takes a list of types, `...`, or another `ParamSpec`",
                param.name
            ),
        )),
        (_, Form::Parameters) => Err(Misfit::Wrong(
            item.range,
            format!("`{}` takes a type, not a list of parameters", param.name),
        )),
        (_, _) => Ok(item.ty),
    }
}

/// A packed tuple as a type argument: what is a variable tuple and nothing more is the variable.
fn as_argument(packed: Type) -> Type {
    match packed {
        Type::Variadic(before, part, after) if before.is_empty() && after.is_empty() => *part,
        other => other,
    }
}

impl Scope<'_> {
    /// Reports arguments that are not what their parameters are bound to.
    fn check_bounds(
        &self,
        name: &str,
        params: &[Variable],
        args: &[Type],
        given: &[Given],
        range: TextRange,
        problems: &mut Vec<Diagnostic>,
    ) {
        if !self.is_checked {
            return;
        }
        let env = crate::infer::DbEnv::new(&self.sight);
        let world = crate::infer::world::World::new(&env);
        let has_tuple = params.iter().any(|own| own.kind == VariableKind::Tuple);
        for (i, (param, arg)) in params.iter().zip(args).enumerate() {
            if param.kind != VariableKind::Type || param.is_free() || arg.is_dynamic() {
                continue;
            }
            let at = match given.get(i) {
                Some(item) if !has_tuple => item.range,
                _ => range,
            };
            let bound = param.bound.map(|bound| {
                bound.substitute(&|variable| {
                    let at = params.iter().position(|own| *own == variable)?;
                    args.get(at).copied()
                })
            });
            let message = match (bound, arg) {
                (Some(bound), _) if !world.assignable(arg, &bound) => format!(
                    "Type argument `{}` of `{name}` must be `{bound}`, but this is `{arg}`",
                    param.name
                ),
                (None, Type::TypeVar(own)) if !own.constraints.is_empty() => {
                    match own
                        .constraints
                        .iter()
                        .all(|c| param.constraints.contains(c))
                    {
                        true => continue,
                        false => constrained(name, *param, arg),
                    }
                }
                (None, _) if !param.constraints.iter().any(|c| world.assignable(arg, c)) => {
                    constrained(name, *param, arg)
                }
                _ => continue,
            };
            self.problem(Rule::WrongTypeArguments, at, message, problems);
        }
    }
}

fn constrained(name: &str, param: Variable, arg: &Type) -> String {
    let all: Vec<String> = param.constraints.iter().map(|c| format!("`{c}`")).collect();
    format!(
        "Type argument `{}` of `{name}` must be one of {}, but this is `{arg}`",
        param.name,
        all.join(", ")
    )
}
