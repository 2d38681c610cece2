//! Flow of a value into a place: what is implicit, what is checked, and what is an error.

use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{Check, Conversion, Expr, ExprKind};
use crate::types::{Constant, Held, Name, Primitive, Type};

use super::cx::{Cx, known, make, object};
use super::world::{Resolved, literal_fits, widen, widens};

/// The place that a value flows into, for messages.
#[derive(Clone, Debug)]
pub enum Why {
    /// An argument: the function's and the parameter's name.
    Argument(Name, Name),
    /// The function's return value.
    Return,
    /// What a generator yields.
    Yield,
    /// A variable.
    Variable(Name),
    /// An attribute.
    Attribute(Name),
    /// An element of a container.
    Element,
    /// An item of a typed dictionary.
    Item(Name),
    /// A default value of a parameter.
    Default(Name),
    /// An explicit or internal place.
    Value,
}

impl Why {
    fn rule(&self) -> Rule {
        match self {
            Why::Argument(..) => Rule::InvalidArgument,
            Why::Return => Rule::InvalidReturn,
            Why::Yield => Rule::InvalidYield,
            Why::Default(_) => Rule::InvalidDefault,
            _ => Rule::InvalidAssignment,
        }
    }

    fn message(&self, from: &Type, to: &Type) -> String {
        match self {
            Why::Argument(function, parameter) if parameter.is_empty() => {
                format!("Argument of `{function}` must be `{to}`, but this is `{from}`")
            }
            Why::Argument(function, parameter) => format!(
                "Argument `{parameter}` of `{function}` must be `{to}`, but this is `{from}`"
            ),
            Why::Return => format!("The function returns `{to}`, but this is `{from}`"),
            Why::Yield => format!("The generator yields `{to}`, but this is `{from}`"),
            Why::Variable(name) => {
                format!("`{name}` is declared as `{to}`, but this value is `{from}`")
            }
            Why::Attribute(name) => {
                format!("Attribute `{name}` is declared as `{to}`, but this value is `{from}`")
            }
            Why::Item(name) => {
                format!("Item `{name}` is declared as `{to}`, but this value is `{from}`")
            }
            Why::Element => format!("The elements are `{to}`, but this value is `{from}`"),
            Why::Default(name) => {
                format!("Parameter `{name}` is declared as `{to}`, but its default is `{from}`")
            }
            Why::Value => format!("Expected `{to}`, but this is `{from}`"),
        }
    }

    fn check(&self) -> Check {
        Check::Value
    }
}

/// The value's type as people read it: literals by their class unless the place is a literal type.
pub(super) fn shown(from: &Type, to: &Type) -> Type {
    match super::tuple_display::takes_literals(to) {
        true => *from,
        false => widen(from),
    }
}

impl Cx<'_> {
    /// `e` as a value of type `to`, or an error and a checked conversion.
    pub fn coerce(&mut self, e: Expr, to: &Type, why: &Why) -> Expr {
        let to = &self.world.open(to);
        if matches!((&e.ty, to), (Type::Class(_), Type::Class(_))) {
            self.check_named_protocol(&e, to, why);
        }
        if e.ty == *to {
            return e;
        }
        if e.belief.is_some() && matches!(e.ty, Type::Union(_)) && !self.world.assignable(&e.ty, to)
        {
            let ty = e.ty;
            let e = self.on_trust(e);
            if e.ty != ty {
                return self.coerce(e, to, why);
            }
            return self.coerce_certain(e, to, why);
        }
        self.coerce_certain(e, to, why)
    }

    /// The same by what is certain, unless nothing is.
    fn coerce_certain(&mut self, e: Expr, to: &Type, why: &Why) -> Expr {
        let span = e.span;
        match (&e.ty, to) {
            (Type::Never, _) => self.checked(e, to, why),
            (_, Type::Primitive(p)) => self.coerce_primitive(e, *p, why),
            (Type::Primitive(p), _) => {
                let p = *p;
                let value = p.boxed();
                if !self.world.assignable(&value, to) {
                    self.mismatch(&e.ty, to, why, span);
                    return self.checked(e, to, why);
                }
                self.from_primitive(e, p, to)
            }
            _ => {
                let unchecked = |t: &Type| matches!(t, Type::Dynamic | Type::TypeVar(..));
                if unchecked(to) {
                    return object(e);
                }
                if unchecked(&e.ty) {
                    if let Some(belief) = e.belief
                        && !self.world.assignable(&belief, to)
                        && self.as_wanted_literal(&e, to).is_none()
                    {
                        self.mismatch(&belief, to, why, span);
                    }
                    return self.checked(e, to, why);
                }
                if !self.world.assignable(&e.ty, to) {
                    if let Some(literal) = self.as_wanted_literal(&e, to) {
                        return self.upcast(known(e, literal), to);
                    }
                    // What is believed may be narrower, and is checked then.
                    if e.belief
                        .is_some_and(|belief| self.world.assignable(&belief, to))
                    {
                        return self.checked(e, to, why);
                    }
                    self.mismatch(&e.ty, to, why, span);
                    return self.checked(e, to, why);
                }
                self.upcast(e, to)
            }
        }
    }

    /// Reports a protocol that is itself given where a class is wanted that has what the protocol asks for.
    fn check_named_protocol(&mut self, e: &Expr, to: &Type, why: &Why) {
        let (Type::Class(own), Type::Class(wanted)) = (&e.ty, to) else {
            return;
        };
        let ExprKind::Global { module, name } = &*e.kind else {
            return;
        };
        let names_it =
            matches!(self.world.export(module, name), Resolved::Class(named) if named == *own);
        if names_it && self.world.is_protocol(own) && self.world.is_protocol(wanted) {
            let span = e.span;
            let message = why.message(&e.ty, to);
            self.report_with(
                why.rule(),
                span,
                message,
                vec![format!(
                    "`{}` is a protocol, and no class that implements one",
                    own.name()
                )],
            );
        }
    }

    /// Reports that a value of type `from` does not fit a place of type `to`.
    pub fn mismatch(&mut self, from: &Type, to: &Type, why: &Why, span: TextRange) {
        let from = shown(from, to);
        let mut notes = Vec::new();
        let mut rule = why.rule();
        if from.includes_none()
            && !from.without_none().is_dynamic()
            && from != Type::None
            && self.world.assignable(&from.without_none(), to)
        {
            notes.push("The value may be `None`: test it with `is not None` first".to_owned());
            if matches!(why, Why::Value) {
                rule = Rule::PossiblyNone;
            }
        }
        if to.is_builtin("int") && from.is_builtin("float") {
            notes.push(format!("Write `int({})` to convert it", self.text(span)));
        }
        self.report_with(rule, span, why.message(&from, to), notes);
    }

    /// A checked conversion, through an object.
    pub fn checked(&mut self, e: Expr, to: &Type, why: &Why) -> Expr {
        if matches!(to, Type::Dynamic | Type::Never | Type::TypeVar(..)) {
            return object(e);
        }
        let e = object(e);
        if to.is_builtin("object") && to.held() == Held::Object {
            return e;
        }
        let span = e.span;
        let belief = e.belief.filter(|ty| self.world.assignable(ty, to));
        let mut e = make(
            ExprKind::Convert(Conversion::Checked(why.check()), e),
            *to,
            span,
        );
        e.belief = belief;
        e
    }

    /// The value of a dynamic place that is expected to be `to`; nothing when `to` says nothing.
    pub fn expect(&mut self, e: Expr, to: &Type) -> Expr {
        if *to == e.ty {
            e
        } else {
            self.checked(e, to, &Why::Value)
        }
    }

    /// A call of what is declared never to return. Whatever is bound to the name may return all the same, and what follows relies on
    /// its not doing so: then it is an error.
    pub fn never(&mut self, e: Expr) -> Expr {
        let span = e.span;
        let check = Conversion::Checked(Why::Value.check());
        make(ExprKind::Convert(check, object(e)), Type::Never, span)
    }

    /// A value whose type is a subtype of `to` or promotes to it, neither of them a primitive.
    fn upcast(&mut self, e: Expr, to: &Type) -> Expr {
        let span = e.span;
        if let Type::Union(members) = to {
            // An int in a place that is declared `float | …` without `int` becomes a float, as it does in a place declared `float`.
            let has = |name: &str| {
                members
                    .iter()
                    .any(|m| m.is_builtin(name) && !matches!(m, Type::Literal(_)))
            };
            let is_int = e.ty.is_builtin("int") || e.ty.is_builtin("bool");
            if is_int
                && has("float")
                && !has("int")
                && !(e.ty.is_builtin("bool") && has("bool"))
                && !members.iter().any(|m| *m == e.ty || m.is_builtin("object"))
            {
                let value = self.upcast(e, &Type::float());
                return object(value);
            }
            return object(e);
        }
        if to.is_builtin("float") && !matches!(to, Type::Literal(_)) {
            if e.ty.is_builtin("float") {
                return e;
            }
            return self.to_float(e, *to);
        }
        match (e.ty.held(), to.held()) {
            (a, b) if a == b => e,
            (_, Held::Object) => object(e),
            (Held::Primitive(Primitive::CBool), Held::Int) => match &*e.kind {
                ExprKind::Constant(_) => make(*e.kind, *to, span),
                _ => known(e, *to),
            },
            _ => known(e, *to),
        }
    }

    /// An `int`, a `bool` or a union of numbers as a float.
    pub fn to_float(&mut self, e: Expr, to: Type) -> Expr {
        let span = e.span;
        if let ExprKind::Constant(c) = &*e.kind {
            let value = match c {
                Constant::Int(v) => exact_float(*v),
                Constant::Bool(v) => Some(f64::from(u8::from(*v))),
                _ => None,
            };
            if let Some(value) = value {
                return make(
                    ExprKind::Constant(Constant::Float(value.to_bits())),
                    to,
                    span,
                );
            }
        }
        match e.ty.held() {
            Held::Int | Held::Primitive(Primitive::CBool) => {
                let e = self.to_int(e);
                make(ExprKind::Convert(Conversion::Widen, e), to, span)
            }
            // A union of int and float: taken apart at run time.
            Held::Object => self.checked(e, &to, &Why::Value),
            Held::Primitive(_) => known(e, to),
        }
    }

    /// The number that an `int` or a `bool` is, as an `int`.
    pub fn to_int(&mut self, e: Expr) -> Expr {
        let span = e.span;
        match (e.ty.held(), &*e.kind) {
            (Held::Primitive(Primitive::CBool), ExprKind::Constant(Constant::Bool(v))) => make(
                ExprKind::Constant(Constant::Int(i64::from(*v))),
                Type::int(),
                span,
            ),
            (Held::Primitive(Primitive::CBool), _) => {
                make(ExprKind::Convert(Conversion::Widen, e), Type::int(), span)
            }
            (Held::Primitive(_), _) => known(e, Type::int()),
            _ => e,
        }
    }

    fn from_primitive(&mut self, e: Expr, p: Primitive, to: &Type) -> Expr {
        let value = p.boxed();
        if to.is_builtin("float") && p.is_integer() {
            let e = known(e, Type::int());
            return self.to_float(e, *to);
        }
        match to.held() {
            Held::Object => {
                if p.is_integer() || p == Primitive::CBool {
                    let int = known(e, value);
                    self.upcast(int, to)
                } else if p == Primitive::Single {
                    let span = e.span;
                    object(make(
                        ExprKind::Convert(Conversion::Widen, e),
                        Type::float(),
                        span,
                    ))
                } else {
                    object(e)
                }
            }
            Held::Primitive(Primitive::Double) if p == Primitive::Single => {
                let span = e.span;
                make(ExprKind::Convert(Conversion::Widen, e), *to, span)
            }
            _ => known(e, *to),
        }
    }

    fn coerce_primitive(&mut self, e: Expr, to: Primitive, why: &Why) -> Expr {
        let span = e.span;
        let target = Type::Primitive(to);
        if let Type::Literal(value) = &e.ty {
            return self.literal((*value).clone(), to, span, &e.ty, why);
        }
        match &e.ty {
            Type::Primitive(from) => {
                let from = *from;
                if widens(from, to) {
                    return make(ExprKind::Convert(Conversion::Widen, e), target, span);
                }
                self.mixed(from, to, span);
                make(ExprKind::Convert(Conversion::Explicit, e), target, span)
            }
            Type::Dynamic | Type::TypeVar(..) => self.checked(e, &target, why),
            ty => {
                let (int, float, bool) = (
                    ty.is_builtin("int"),
                    ty.is_builtin("float"),
                    ty.is_builtin("bool"),
                );
                let double = to == Primitive::Double;
                match to {
                    Primitive::CBool if bool => known(e, target),
                    Primitive::Double if float => known(e, target),
                    Primitive::Single if float => {
                        make(ExprKind::Convert(Conversion::Narrow, e), target, span)
                    }
                    Primitive::Double | Primitive::Single if int || bool => {
                        let wide = self.to_float(e, Type::Primitive(Primitive::Double));
                        if double {
                            wide
                        } else {
                            make(ExprKind::Convert(Conversion::Narrow, wide), target, span)
                        }
                    }
                    p if p.is_integer() && int => {
                        make(ExprKind::Convert(Conversion::Narrow, e), target, span)
                    }
                    p if p.is_integer() && bool => {
                        make(ExprKind::Convert(Conversion::Widen, e), target, span)
                    }
                    _ => {
                        let from = widen(ty);
                        if float || (int && to == Primitive::CBool) {
                            let note =
                                format!("Write `{}({})` to convert it", to.name(), self.text(span));
                            self.report_with(
                                why.rule(),
                                span,
                                why.message(&from, &target),
                                vec![note],
                            );
                        } else if self.world.assignable(ty, &target) {
                            // A union of numbers: unboxed with a check.
                        } else {
                            self.mismatch(&from, &target, why, span);
                        }
                        self.checked(e, &target, why)
                    }
                }
            }
        }
    }

    /// Reports that two fixed widths do not mix.
    pub fn mixed(&mut self, from: Primitive, to: Primitive, span: TextRange) {
        let text = self.text(span).to_owned();
        self.report_with(
            Rule::MixedPrimitives,
            span,
            format!(
                "`{}` does not fit `{}` without loss",
                from.name(),
                to.name()
            ),
            vec![format!("Write `{}({text})` to convert it", to.name())],
        );
        // A name that the module would have to import first is no repair yet.
        if !text.is_empty() && self.world.binding(&self.module, to.name()).is_some() {
            let converted = format!("{}({text})", to.name());
            let title = format!("Convert with `{}(…)`", to.name());
            self.offer(Rule::MixedPrimitives, &title, span, converted);
        }
    }

    /// A literal as a primitive, range-checked.
    pub fn literal(
        &mut self,
        value: Constant,
        to: Primitive,
        span: TextRange,
        from: &Type,
        why: &Why,
    ) -> Expr {
        let target = Type::Primitive(to);
        if literal_fits(&value, to) {
            let value = match (&value, to) {
                (Constant::Int(v), Primitive::Double | Primitive::Single) => {
                    Constant::Float((*v as f64).to_bits())
                }
                _ => value,
            };
            return make(ExprKind::Constant(value), target, span);
        }
        match &value {
            Constant::Int(_) | Constant::BigInt(_) if to.is_integer() => {
                let (low, high) = to.range().unwrap_or_default();
                self.report_with(
                    Rule::LiteralOutOfRange,
                    span,
                    format!("`{value}` does not fit `{}`", to.name()),
                    vec![format!("`{}` holds {low} to {high}", to.name())],
                );
            }
            Constant::Bool(v) if to.is_integer() => {
                return make(
                    ExprKind::Constant(Constant::Int(i64::from(*v))),
                    target,
                    span,
                );
            }
            Constant::Bool(v) if to != Primitive::CBool => {
                let value = f64::from(u8::from(*v)).to_bits();
                return make(ExprKind::Constant(Constant::Float(value)), target, span);
            }
            _ => self.mismatch(from, &target, why, span),
        }
        let e = make(ExprKind::Constant(value), Type::object(), span);
        self.checked(e, &target, why)
    }
}

/// An int as a float, when that is exact.
pub fn exact_float(v: i64) -> Option<f64> {
    (v.unsigned_abs() <= 1 << 53).then_some(v as f64)
}
