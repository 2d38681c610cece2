//! Operators: what they give, and in which representation they work.

use keelback_parser::ast::{self, CmpOp, Operator};
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{BinaryOp, CompareOp, Conversion, Expr, ExprKind, UnaryOp};
use crate::types::{Constant, Held, Primitive, Symbol, Type, Types};

use super::convert::{Why, exact_float};
use super::cx::{Cx, constant, known, make, object};
use super::literal_string::{as_plain, of_binary};
use super::world::{
    Lookup, common_primitive, erase, is_value_class, literal_fits, substitute, widen, widens,
};

/// What kind of number a type is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Number {
    Primitive(Primitive),
    Int,
    Bool,
    Float,
}

fn number(ty: &Type) -> Option<Number> {
    match ty {
        Type::Primitive(p) => Some(Number::Primitive(*p)),
        t if t.is_builtin("int") => Some(Number::Int),
        t if t.is_builtin("bool") => Some(Number::Bool),
        t if t.is_builtin("float") => Some(Number::Float),
        _ => None,
    }
}

/// The tree's operator.
pub fn binary_op(op: Operator) -> BinaryOp {
    match op {
        Operator::Add => BinaryOp::Add,
        Operator::Sub => BinaryOp::Sub,
        Operator::Mult => BinaryOp::Mul,
        Operator::MatMult => BinaryOp::MatMul,
        Operator::Div => BinaryOp::Div,
        Operator::Mod => BinaryOp::Mod,
        Operator::Pow => BinaryOp::Pow,
        Operator::LShift => BinaryOp::LShift,
        Operator::RShift => BinaryOp::RShift,
        Operator::BitOr => BinaryOp::Or,
        Operator::BitXor => BinaryOp::Xor,
        Operator::BitAnd => BinaryOp::And,
        Operator::FloorDiv => BinaryOp::FloorDiv,
    }
}

/// The tree's comparison.
pub fn compare_op(op: CmpOp) -> CompareOp {
    match op {
        CmpOp::Eq => CompareOp::Eq,
        CmpOp::NotEq => CompareOp::Ne,
        CmpOp::Lt => CompareOp::Lt,
        CmpOp::LtE => CompareOp::Le,
        CmpOp::Gt => CompareOp::Gt,
        CmpOp::GtE => CompareOp::Ge,
        CmpOp::Is => CompareOp::Is,
        CmpOp::IsNot => CompareOp::IsNot,
        CmpOp::In => CompareOp::In,
        CmpOp::NotIn => CompareOp::NotIn,
    }
}

/// An operator as it is written.
pub fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "**",
        BinaryOp::LShift => "<<",
        BinaryOp::RShift => ">>",
        BinaryOp::And => "&",
        BinaryOp::Or => "|",
        BinaryOp::Xor => "^",
        BinaryOp::MatMul => "@",
    }
}

/// A comparison as it is written.
pub fn compare_symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}

fn method_names(op: BinaryOp) -> (&'static str, &'static str, &'static str) {
    match op {
        BinaryOp::Add => ("__add__", "__radd__", "__iadd__"),
        BinaryOp::Sub => ("__sub__", "__rsub__", "__isub__"),
        BinaryOp::Mul => ("__mul__", "__rmul__", "__imul__"),
        BinaryOp::Div => ("__truediv__", "__rtruediv__", "__itruediv__"),
        BinaryOp::FloorDiv => ("__floordiv__", "__rfloordiv__", "__ifloordiv__"),
        BinaryOp::Mod => ("__mod__", "__rmod__", "__imod__"),
        BinaryOp::Pow => ("__pow__", "__rpow__", "__ipow__"),
        BinaryOp::LShift => ("__lshift__", "__rlshift__", "__ilshift__"),
        BinaryOp::RShift => ("__rshift__", "__rrshift__", "__irshift__"),
        BinaryOp::And => ("__and__", "__rand__", "__iand__"),
        BinaryOp::Or => ("__or__", "__ror__", "__ior__"),
        BinaryOp::Xor => ("__xor__", "__rxor__", "__ixor__"),
        BinaryOp::MatMul => ("__matmul__", "__rmatmul__", "__imatmul__"),
    }
}

fn is_bitwise(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor)
}

fn is_shift(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::LShift | BinaryOp::RShift)
}

fn int_value(e: &Expr) -> Option<i64> {
    match (&*e.kind, &e.ty) {
        (ExprKind::Constant(Constant::Int(v)), _) => Some(*v),
        _ => None,
    }
}

impl Cx<'_> {
    /// `left op right`.
    pub fn binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        in_place: bool,
        span: TextRange,
        expected: Option<&Type>,
    ) -> Expr {
        let (l, r) = (left.view(), right.view());
        if self.is_heard()
            && let Some((name, _)) = super::belief::special_names(op)
        {
            let own = format!("__i{}", name.trim_start_matches('_'));
            if !(in_place && self.note_deprecated_special(&l, &own, span)) {
                self.note_deprecated_special(&l, name, span);
            }
        }
        let (lt, rt) = (left.ty, right.ty);
        let (left, right) = (as_plain(left), as_plain(right));
        let e = self.certain_binary(op, left, right, in_place, span, expected);
        let e = of_binary(e, op, &lt, &rt);
        self.believe_binary(e, op, &l, &r)
    }

    /// A binary operation, as far as its result is certain.
    fn certain_binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        in_place: bool,
        span: TextRange,
        expected: Option<&Type>,
    ) -> Expr {
        if left.ty == Type::Never || right.ty == Type::Never {
            return self.object_binary(op, left, right, in_place, Type::Never, span);
        }
        if let Some(folded) = fold(op, &left, &right, span) {
            return folded;
        }
        if matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod)
            && number(&left.ty).is_some()
        {
            let zero = match &*right.kind {
                ExprKind::Constant(Constant::Int(0)) => true,
                ExprKind::Constant(Constant::Float(bits)) => f64::from_bits(*bits) == 0.0,
                _ => false,
            };
            if zero {
                self.report(
                    Rule::DivisionByZero,
                    right.span,
                    "This divides by zero, which raises `ZeroDivisionError`",
                );
            }
        }
        match (number(&left.ty), number(&right.ty)) {
            (Some(Number::Primitive(p)), Some(r)) => {
                self.primitive_binary(op, left, right, p, r, false, in_place, span)
            }
            (Some(l), Some(Number::Primitive(p))) => {
                self.primitive_binary(op, left, right, p, l, true, in_place, span)
            }
            (Some(l), Some(r)) => {
                self.number_binary(op, left, right, l, r, in_place, span, expected)
            }
            _ => self.other_binary(op, left, right, in_place, span),
        }
    }

    fn emit(&self, op: BinaryOp, left: Expr, right: Expr, ty: Type, span: TextRange) -> Expr {
        make(
            ExprKind::Binary {
                op,
                left,
                right,
                in_place: false,
            },
            ty,
            span,
        )
    }

    fn object_binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        in_place: bool,
        ty: Type,
        span: TextRange,
    ) -> Expr {
        let (left, right) = (object(left), object(right));
        make(
            ExprKind::Binary {
                op,
                left,
                right,
                in_place,
            },
            ty,
            span,
        )
    }

    /// One operand at least is a primitive; `p` is that one (the right one if `swapped`), `other` is the other.
    #[allow(clippy::too_many_arguments)]
    fn primitive_binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        p: Primitive,
        other: Number,
        swapped: bool,
        in_place: bool,
        span: TextRange,
    ) -> Expr {
        let (own, their) = if swapped {
            (&right, &left)
        } else {
            (&left, &right)
        };
        let (own_span, their_span) = (own.span, their.span);
        let their_literal = match &their.ty {
            Type::Literal(c) => Some((*c).clone()),
            _ => None,
        };
        // The type in which the operation works.
        let common = match (&their_literal, other) {
            (Some(c @ (Constant::Int(_) | Constant::BigInt(_))), _) if p != Primitive::CBool => {
                if !literal_fits(c, p) && p.is_integer() {
                    let c = (*c).clone();
                    let from = their.ty;
                    self.literal(c.clone(), p, their_span, &from, &Why::Value);
                }
                p
            }
            (Some(Constant::Float(_)), _) if p == Primitive::Single => p,
            (_, Number::Primitive(q)) => match common_primitive(p, q) {
                Some(common) => common,
                None => {
                    let (from, to, at) = if q == Primitive::Double || q.bits() >= p.bits() {
                        (p, q, own_span)
                    } else {
                        (q, p, their_span)
                    };
                    self.mixed(from, to, at);
                    to
                }
            },
            (_, Number::Bool) => {
                if p == Primitive::CBool {
                    Primitive::CBool
                } else {
                    p
                }
            }
            (_, Number::Float) => {
                if p == Primitive::Double
                    || p == Primitive::Single
                    || (p.is_integer() && p.bits() <= 32)
                {
                    Primitive::Double
                } else {
                    self.mixed(p, Primitive::Double, own_span);
                    Primitive::Double
                }
            }
            (_, Number::Int) => {
                if p == Primitive::Double || p == Primitive::Single {
                    Primitive::Double
                } else {
                    // Exact: the primitive is boxed and the operation is Python's.
                    let (left, right) = (self.unprimitive(left), self.unprimitive(right));
                    return self.binary(op, left, right, in_place, span, None);
                }
            }
        };
        if common == Primitive::CBool {
            if is_bitwise(op) {
                return self.emit(op, left, right, Type::Primitive(Primitive::CBool), span);
            }
            let (left, right) = (self.unprimitive(left), self.unprimitive(right));
            return self.binary(op, left, right, in_place, span, None);
        }
        let floating = matches!(common, Primitive::Double | Primitive::Single);
        if floating && (is_bitwise(op) || is_shift(op) || op == BinaryOp::MatMul)
            || op == BinaryOp::MatMul
        {
            self.unsupported(op, &left.ty, &right.ty, span);
        }
        if op == BinaryOp::Pow && !floating && int_value(&right).is_some_and(|v| v < 0) {
            self.report_with(
                Rule::NegativeExponent,
                right.span,
                format!(
                    "A power of `{}` cannot have a negative exponent",
                    common.name()
                ),
                vec!["Convert the base with `double(…)` first".to_owned()],
            );
        }
        let target = Type::Primitive(common);
        let left = self.operand(left, common);
        let right = self.operand(right, common);
        let result = match op {
            BinaryOp::Div if !floating => Type::Primitive(Primitive::Double),
            _ => target,
        };
        self.emit(op, left, right, result, span)
    }

    fn operand(&mut self, e: Expr, to: Primitive) -> Expr {
        let span = e.span;
        let target = Type::Primitive(to);
        match &e.ty {
            Type::Primitive(p) if *p == to => e,
            Type::Primitive(_) => make(ExprKind::Convert(Conversion::Widen, e), target, span),
            ty if ty.is_builtin("float")
                && to == Primitive::Double
                && !matches!(ty, Type::Literal(_)) =>
            {
                e
            }
            _ => self.coerce(e, &target, &Why::Value),
        }
    }

    /// A primitive boxed to `int`, `float` or `bool`; others as they are.
    pub fn unprimitive(&mut self, e: Expr) -> Expr {
        match e.ty {
            Type::Primitive(p) => {
                let to = p.boxed();
                self.coerce(e, &to, &Why::Value)
            }
            _ => e,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn number_binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        l: Number,
        r: Number,
        in_place: bool,
        span: TextRange,
        expected: Option<&Type>,
    ) -> Expr {
        if op == BinaryOp::MatMul {
            self.unsupported(op, &left.ty, &right.ty, span);
            return self.object_binary(op, left, right, in_place, Type::Dynamic, span);
        }
        if l == Number::Bool && r == Number::Bool && is_bitwise(op) {
            return self.emit(op, left, right, Type::bool(), span);
        }
        if l == Number::Float || r == Number::Float {
            if is_bitwise(op) || is_shift(op) {
                self.unsupported(op, &left.ty, &right.ty, span);
                return self.object_binary(op, left, right, in_place, Type::Dynamic, span);
            }
            if op == BinaryOp::Pow {
                // A negative base with a fractional exponent gives a complex number.
                let integral = match &*right.kind {
                    ExprKind::Constant(Constant::Float(bits)) => {
                        f64::from_bits(*bits).fract() == 0.0
                    }
                    _ => r != Number::Float,
                };
                let wanted = expected.is_some_and(|t| {
                    matches!(t, Type::Primitive(Primitive::Double)) || t.is_builtin("float")
                });
                let positive = match &*left.kind {
                    ExprKind::Constant(Constant::Float(bits)) => f64::from_bits(*bits) >= 0.0,
                    ExprKind::Constant(Constant::Int(v)) => *v >= 0,
                    _ => false,
                };
                if !integral && !wanted && !positive {
                    return self.object_binary(op, left, right, in_place, Type::Dynamic, span);
                }
            }
            let left = self.float_operand(left);
            let right = self.float_operand(right);
            return self.emit(op, left, right, Type::float(), span);
        }
        if op == BinaryOp::Pow {
            let exponent = int_value(&right);
            return match exponent {
                Some(v) if v >= 0 => {
                    let (left, right) = (self.to_int(left), self.to_int(right));
                    self.emit(op, left, right, Type::int(), span)
                }
                Some(_) => {
                    let e = self.object_binary(op, left, right, in_place, Type::Dynamic, span);
                    self.expect(e, &Type::float())
                }
                None => self.object_binary(op, left, right, in_place, Type::Dynamic, span),
            };
        }
        let (left, right) = (self.to_int(left), self.to_int(right));
        let ty = if op == BinaryOp::Div {
            Type::float()
        } else {
            Type::int()
        };
        self.emit(op, left, right, ty, span)
    }

    fn float_operand(&mut self, e: Expr) -> Expr {
        if e.ty.is_builtin("float") {
            e
        } else {
            self.to_float(e, Type::float())
        }
    }

    fn unsupported(&mut self, op: BinaryOp, left: &Type, right: &Type, span: TextRange) {
        let message = format!(
            "Operator `{}` does not work on `{}` and `{}`",
            symbol(op),
            widen(left),
            widen(right)
        );
        let notes = if left.includes_none() && *left != Type::None {
            vec!["The left operand may be `None`: test it with `is not None` first".to_owned()]
        } else if right.includes_none() && *right != Type::None {
            vec!["The right operand may be `None`: test it with `is not None` first".to_owned()]
        } else {
            Vec::new()
        };
        self.report_with(Rule::UnsupportedOperator, span, message, notes);
    }

    fn other_binary(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        in_place: bool,
        span: TextRange,
    ) -> Expr {
        let left = self.unprimitive(left);
        let left = self.on_trust(left);
        let right = self.unprimitive(right);
        let right = self.on_trust(right);
        let (lt, rt) = (widen_numbers(&left.ty), widen_numbers(&right.ty));
        let mut result = Type::Never;
        let mut failed = false;
        for l in lt.members() {
            for r in rt.members() {
                match self.binary_type(op, l, r, in_place) {
                    Some(ty) => result = self.world.join(&result, &ty),
                    None => failed = true,
                }
            }
        }
        if failed {
            self.unsupported(op, &lt, &rt, span);
            result = Type::Dynamic;
        }
        let exact = matches!((&left.ty, &right.ty), (Type::Exact(..), Type::Exact(..)))
            || number_union(&lt) && number_union(&rt)
            || matches!(&left.ty, Type::Exact(c, _) if is_value_class(c))
                && right.ty.is_builtin("int");
        let user_code = !(known_value(&lt) && known_value(&rt));
        let e = self.object_binary(op, left, right, in_place, Type::Dynamic, span);
        if user_code {
            self.after_call();
        }
        if result.is_dynamic() {
            e
        } else if exact && result.held() == Held::Object {
            known(e, result)
        } else {
            self.expect(e, &result)
        }
    }

    /// The type of `left op right` where both are single types; nothing when the operator does not work on them.
    fn binary_type(&self, op: BinaryOp, left: &Type, right: &Type, in_place: bool) -> Option<Type> {
        if matches!(left, Type::Dynamic | Type::TypeVar(..) | Type::Never)
            || matches!(right, Type::Dynamic | Type::TypeVar(..) | Type::Never)
        {
            return Some(Type::Dynamic);
        }
        if let (Some(l), Some(r)) = (number(left), number(right)) {
            return match (l, r) {
                _ if op == BinaryOp::MatMul => None,
                (Number::Bool, Number::Bool) if is_bitwise(op) => Some(Type::bool()),
                (Number::Float, _) | (_, Number::Float) if is_bitwise(op) || is_shift(op) => None,
                _ if op == BinaryOp::Pow => Some(Type::Dynamic),
                (Number::Float, _) | (_, Number::Float) => Some(Type::float()),
                _ if op == BinaryOp::Div => Some(Type::float()),
                _ => Some(Type::int()),
            };
        }
        let is = |t: &Type, name: &str| t.is_builtin(name);
        let int = |t: &Type| is(t, "int") || is(t, "bool");
        match op {
            BinaryOp::Add => {
                for name in ["str", "bytes"] {
                    if is(left, name) && is(right, name) {
                        return Some(Type::builtin(name));
                    }
                }
                if let (Type::Tuple(a), Type::Tuple(b)) = (left, right) {
                    return Some(Type::Tuple(a.iter().chain(b.iter()).cloned().collect()));
                }
                for name in ["list", "tuple"] {
                    if is(left, name) && is(right, name) {
                        let (a, b) = (self.item_type(left)?, self.item_type(right)?);
                        return Some(self.container(left, right, name, self.world.join(&a, &b)));
                    }
                }
                if in_place && is(left, "list") {
                    return self.item_type(right).map(|_| *left);
                }
            }
            BinaryOp::Mul => {
                for (a, b) in [(left, right), (right, left)] {
                    if !int(b) {
                        continue;
                    }
                    for name in ["str", "bytes"] {
                        if is(a, name) {
                            return Some(Type::builtin(name));
                        }
                    }
                    if is(a, "list") {
                        return Some(*a);
                    }
                    if is(a, "tuple") {
                        let item = self.item_type(a)?;
                        return Some(self.container(a, a, "tuple", item));
                    }
                }
            }
            BinaryOp::Mod => {
                for name in ["str", "bytes"] {
                    if is(left, name) {
                        return Some(Type::builtin(name));
                    }
                }
            }
            BinaryOp::Or
                if matches!(left, Type::None | Type::Class(_))
                    || matches!(right, Type::None | Type::Class(_)) =>
            {
                return Some(Type::Dynamic);
            }
            _ => {}
        }
        if is_bitwise(op) || op == BinaryOp::Sub {
            let set = |t: &Type| is(t, "set") || is(t, "frozenset");
            if set(left) && set(right) {
                let (a, b) = (self.item_type(left)?, self.item_type(right)?);
                let item = match op {
                    BinaryOp::Sub | BinaryOp::And => a,
                    _ => self.world.join(&a, &b),
                };
                let name = if is(left, "set") { "set" } else { "frozenset" };
                return Some(self.container(left, left, name, item));
            }
            if op == BinaryOp::Or && is(left, "dict") && is(right, "dict") {
                return Some(if self.world.assignable(right, left) {
                    *left
                } else {
                    Type::builtin("dict")
                });
            }
        }
        let (own, reflected, in_place_name) = method_names(op);
        let mut unknown = false;
        let names: [(&Type, &str, &Type); 3] = [
            (left, if in_place { in_place_name } else { own }, right),
            (left, own, right),
            (right, reflected, left),
        ];
        for (receiver, name, argument) in names {
            match self.special_method(receiver, name, argument) {
                Special::Returns(ty) => return Some(ty),
                Special::Unknown => unknown = true,
                Special::Missing => {}
            }
        }
        if unknown { Some(Type::Dynamic) } else { None }
    }

    fn container(&self, a: &Type, b: &Type, name: &str, item: Type) -> Type {
        if matches!((a, b), (Type::Exact(..), Type::Exact(..))) {
            Type::exact_builtin(name, [item])
        } else {
            Type::Instance(Symbol::new("builtins", name), [item].into())
        }
    }

    /// What calling special method `name` of a value with one argument gives.
    fn special_method(&self, receiver: &Type, name: &str, argument: &Type) -> Special {
        let (class, args) = match receiver {
            Type::Instance(c, a) | Type::Exact(c, a) => (*c, *a),
            Type::Literal(_) | Type::EnumMember(..) | Type::Tuple(_) => match receiver.class() {
                Some(c) => (c, Types::none()),
                None => return Special::Unknown,
            },
            Type::None => return Special::Missing,
            _ => return Special::Unknown,
        };
        match self.world.member(&class, &args, name) {
            Lookup::Found {
                params,
                member: crate::interface::Member::Method(symbol),
                ..
            } => {
                let Some(function) = self.world.function(&symbol) else {
                    return Special::Unknown;
                };
                let accepts = |function: &crate::interface::FunctionInterface| {
                    let parameter = function.params.get(1)?;
                    let parameter = erase(&substitute(&parameter.ty, &params));
                    Some(self.world.assignable(argument, &parameter))
                };
                if function.is_overloaded {
                    // Which of several applies is not decided here; that none does is.
                    let overloads = self.world.overloads(&symbol);
                    let none = overloads.iter().all(|o| accepts(o) == Some(false));
                    return if none && !overloads.is_empty() {
                        Special::Missing
                    } else {
                        Special::Unknown
                    };
                }
                if function.is_decorated {
                    return Special::Unknown;
                }
                match accepts(&function) {
                    Some(true) => {}
                    Some(false) => return Special::Missing,
                    None => return Special::Unknown,
                }
                let static_code = self.world.is_static_module(&symbol.module);
                let ty = erase(&substitute(&function.returns, &params));
                let ty = Type::union(
                    ty.members()
                        .iter()
                        .filter(|t| !is_not_implemented(t))
                        .cloned(),
                );
                Special::Returns(if static_code || known_value(&ty) {
                    ty
                } else {
                    Type::Dynamic
                })
            }
            Lookup::Found { .. } | Lookup::Unknown => Special::Unknown,
            Lookup::Missing => Special::Missing,
        }
    }

    /// `-x`, `+x`, `~x`.
    pub fn unary(&mut self, op: UnaryOp, operand: Expr, span: TextRange) -> Expr {
        if operand.ty == Type::Never {
            return make(ExprKind::Unary(op, object(operand)), Type::Never, span);
        }
        if let (Type::Literal(c), ExprKind::Constant(_)) = (&operand.ty, &*operand.kind) {
            let folded = match (op, c) {
                (UnaryOp::Neg, Constant::Int(v)) => v.checked_neg().map(Constant::Int),
                (UnaryOp::Pos, Constant::Int(_) | Constant::Float(_)) => Some((*c).clone()),
                (UnaryOp::Invert, Constant::Int(v)) => Some(Constant::Int(!v)),
                (UnaryOp::Neg, Constant::Float(bits)) => {
                    Some(Constant::Float((-f64::from_bits(*bits)).to_bits()))
                }
                (UnaryOp::Neg, Constant::BigInt(text)) => Some(match text.strip_prefix('-') {
                    Some(rest) => Constant::BigInt(rest.into()),
                    None if &**text == "9223372036854775808" => Constant::Int(i64::MIN),
                    None => Constant::BigInt(format!("-{text}").into()),
                }),
                _ => None,
            };
            if let Some(folded) = folded {
                return constant(folded, span);
            }
        }
        let sign = match op {
            UnaryOp::Neg => "-",
            UnaryOp::Pos => "+",
            UnaryOp::Invert => "~",
        };
        let floating = |n: Number| {
            matches!(
                n,
                Number::Float | Number::Primitive(Primitive::Double | Primitive::Single)
            )
        };
        match number(&operand.ty) {
            Some(n) if op == UnaryOp::Invert && floating(n) => {
                self.report(
                    Rule::UnsupportedOperator,
                    span,
                    format!("Operator `~` does not work on `{}`", widen(&operand.ty)),
                );
                make(ExprKind::Unary(op, object(operand)), Type::Dynamic, span)
            }
            Some(Number::Bool | Number::Primitive(Primitive::CBool)) => {
                let operand = self.unprimitive(operand);
                let operand = self.to_int(operand);
                make(ExprKind::Unary(op, operand), Type::int(), span)
            }
            Some(_) => {
                let ty = widen(&operand.ty);
                make(ExprKind::Unary(op, operand), ty, span)
            }
            None => {
                let name = match op {
                    UnaryOp::Neg => "__neg__",
                    UnaryOp::Pos => "__pos__",
                    UnaryOp::Invert => "__invert__",
                };
                let mut result = Type::Never;
                for member in operand.ty.members().to_vec() {
                    let ty = if number(&member).is_some() {
                        widen(&member)
                    } else {
                        match self.unary_method(&member, name) {
                            Special::Returns(ty) => ty,
                            Special::Unknown => Type::Dynamic,
                            Special::Missing => {
                                self.report(
                                    Rule::UnsupportedOperator,
                                    span,
                                    format!("Operator `{sign}` does not work on `{}`", operand.ty),
                                );
                                Type::Dynamic
                            }
                        }
                    };
                    result = self.world.join(&result, &ty);
                }
                self.after_call();
                let view = operand.view();
                let e = make(ExprKind::Unary(op, object(operand)), Type::Dynamic, span);
                if result.is_dynamic() {
                    self.believe_special(e, &view, name, &[])
                } else {
                    self.expect(e, &result)
                }
            }
        }
    }

    fn unary_method(&self, receiver: &Type, name: &str) -> Special {
        let (Type::Instance(class, args) | Type::Exact(class, args)) = receiver else {
            return match receiver {
                Type::None | Type::Literal(_) | Type::Tuple(_) => Special::Missing,
                _ => Special::Unknown,
            };
        };
        match self.world.member(class, args, name) {
            Lookup::Found {
                params,
                member: crate::interface::Member::Method(symbol),
                ..
            } => match self.world.function(&symbol) {
                Some(f)
                    if !f.is_overloaded
                        && !f.is_decorated
                        && self.world.is_static_module(&symbol.module) =>
                {
                    Special::Returns(erase(&substitute(&f.returns, &params)))
                }
                _ => Special::Unknown,
            },
            Lookup::Missing => Special::Missing,
            _ => Special::Unknown,
        }
    }

    /// One comparison, as far as its result is certain. `tested` says that only its truth is used.
    pub(super) fn certain_compare(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        tested: bool,
        span: TextRange,
    ) -> Expr {
        let bool = Type::bool();
        if left.ty == Type::Never || right.ty == Type::Never {
            return make(
                ExprKind::Compare(op, object(left), object(right)),
                bool,
                span,
            );
        }
        match op {
            CompareOp::Is | CompareOp::IsNot => {
                let (left, right) = (object(left), object(right));
                return make(ExprKind::Compare(op, left, right), bool, span);
            }
            CompareOp::In | CompareOp::NotIn => {
                self.check_contains(&left, &right, span);
                let (left, right) = (object(left), object(right));
                if !known_value(&right.ty) {
                    self.after_call();
                }
                return make(ExprKind::Compare(op, left, right), bool, span);
            }
            _ => {}
        }
        if let (Some(l), Some(r)) = (number(&left.ty), number(&right.ty)) {
            return self.compare_numbers(op, left, right, l, r, span);
        }
        let left = self.unprimitive(left);
        let mut left = left;
        let mut right = self.unprimitive(right);
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            left = self.on_trust(left);
            right = self.on_trust(right);
            let (lt, rt) = (left.ty, right.ty);
            for l in lt.members() {
                for r in rt.members() {
                    if !self.orderable(op, l, r) {
                        let mut notes = Vec::new();
                        if lt.includes_none() && lt != Type::None
                            || rt.includes_none() && rt != Type::None
                        {
                            notes.push(
                                "An operand may be `None`: test it with `is not None` first"
                                    .to_owned(),
                            );
                        }
                        self.report_with(
                            Rule::UnsupportedOperator,
                            span,
                            format!(
                                "Operator `{}` does not work on `{}` and `{}`",
                                compare_symbol(op),
                                widen(&lt),
                                widen(&rt)
                            ),
                            notes,
                        );
                        return make(
                            ExprKind::Compare(op, object(left), object(right)),
                            bool,
                            span,
                        );
                    }
                }
            }
        }
        let plain = known_value(&left.ty) && known_value(&right.ty);
        if !plain {
            self.after_call();
        }
        let dynamic = !plain && (left.ty.is_dynamic() || right.ty.is_dynamic());
        let (left, right) = (object(left), object(right));
        if plain || tested {
            return make(ExprKind::Compare(op, left, right), bool, span);
        }
        let e = make(ExprKind::Compare(op, left, right), Type::Dynamic, span);
        if dynamic { e } else { self.expect(e, &bool) }
    }

    fn compare_numbers(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        l: Number,
        r: Number,
        span: TextRange,
    ) -> Expr {
        let emit =
            |left: Expr, right: Expr, ty: Type| make(ExprKind::Compare(op, left, right), ty, span);
        let cbool = Type::Primitive(Primitive::CBool);
        match (l, r) {
            (Number::Primitive(p), Number::Primitive(q)) => {
                if let Some(common) = common_primitive(p, q) {
                    if common != Primitive::CBool || matches!(op, CompareOp::Eq | CompareOp::Ne) {
                        let (left, right) =
                            (self.operand(left, common), self.operand(right, common));
                        return emit(left, right, cbool);
                    }
                }
                let left = self.unprimitive(left);
                let right = self.unprimitive(right);
                let mut e = self.compare(op, left, right, true, span);
                e.ty = cbool;
                e
            }
            (Number::Primitive(p), _)
                if is_literal(&right) && p != Primitive::CBool && !float_to_integer(&right, p) =>
            {
                let right = self.operand(right, p);
                emit(left, right, cbool)
            }
            (_, Number::Primitive(p))
                if is_literal(&left) && p != Primitive::CBool && !float_to_integer(&left, p) =>
            {
                let left = self.operand(left, p);
                emit(left, right, cbool)
            }
            (Number::Primitive(Primitive::Double), Number::Float)
            | (Number::Float, Number::Primitive(Primitive::Double)) => {
                let (left, right) = (
                    self.operand(left, Primitive::Double),
                    self.operand(right, Primitive::Double),
                );
                emit(left, right, cbool)
            }
            (Number::Primitive(_), _) | (_, Number::Primitive(_)) => {
                let left = self.unprimitive(left);
                let right = self.unprimitive(right);
                self.compare(op, left, right, true, span)
            }
            (Number::Float, Number::Float) => emit(left, right, Type::bool()),
            (Number::Float, _) | (_, Number::Float) => {
                // Python compares an int and a float exactly; only an int that is a float exactly may be converted.
                let exact = |e: &Expr| match &*e.kind {
                    ExprKind::Constant(Constant::Int(v)) => exact_float(*v).is_some(),
                    _ => e.ty.is_builtin("float") || e.ty.is_builtin("bool"),
                };
                if exact(&left) && exact(&right) {
                    let (left, right) = (self.float_operand(left), self.float_operand(right));
                    emit(left, right, Type::bool())
                } else {
                    emit(object(left), object(right), Type::bool())
                }
            }
            (Number::Bool, Number::Bool) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                emit(left, right, Type::bool())
            }
            _ => {
                let (left, right) = (self.to_int(left), self.to_int(right));
                emit(left, right, Type::bool())
            }
        }
    }

    fn orderable(&self, op: CompareOp, left: &Type, right: &Type) -> bool {
        if number(left).is_some() && number(right).is_some() {
            return true;
        }
        if matches!(left, Type::None) || matches!(right, Type::None) {
            return false;
        }
        if let (Some(l), Some(r)) = (left.class(), right.class()) {
            if is_value_class(&l) && is_value_class(&r) {
                let set = |s: &Symbol| matches!(s.name(), "set" | "frozenset");
                let bytes = |s: &Symbol| matches!(s.name(), "bytes" | "bytearray");
                return (l == r && !matches!(l.name(), "dict" | "complex" | "range" | "slice"))
                    || set(&l) && set(&r)
                    || bytes(&l) && bytes(&r);
            }
        }
        let (own, reflected) = match op {
            CompareOp::Lt => ("__lt__", "__gt__"),
            CompareOp::Le => ("__le__", "__ge__"),
            CompareOp::Gt => ("__gt__", "__lt__"),
            _ => ("__ge__", "__le__"),
        };
        !matches!(self.special_method(left, own, right), Special::Missing)
            || !matches!(
                self.special_method(right, reflected, left),
                Special::Missing
            )
    }

    fn check_contains(&mut self, _item: &Expr, container: &Expr, span: TextRange) {
        let seen = self.trusted_belief(container).unwrap_or(container.ty);
        for member in seen.members().to_vec() {
            let bad = match &member {
                Type::None => true,
                Type::Instance(c, args) | Type::Exact(c, args) => {
                    number(&member).is_some()
                        || (matches!(self.world.member(c, args, "__contains__"), Lookup::Missing)
                            && matches!(self.world.member(c, args, "__iter__"), Lookup::Missing)
                            && matches!(self.world.member(c, args, "__getitem__"), Lookup::Missing))
                }
                Type::Literal(_) | Type::Primitive(_) => number(&member).is_some(),
                _ => false,
            };
            if bad {
                let rule = if member == Type::None && seen != Type::None {
                    Rule::PossiblyNone
                } else {
                    Rule::UnsupportedOperator
                };
                self.report(
                    rule,
                    span,
                    format!("Operator `in` does not work on `{}`", widen(&seen)),
                );
                return;
            }
        }
    }
}

/// What a special method is known to give.
enum Special {
    Returns(Type),
    Unknown,
    Missing,
}

fn is_not_implemented(ty: &Type) -> bool {
    matches!(ty, Type::Instance(s, _) | Type::Exact(s, _) if matches!(s.name(), "NotImplementedType" | "_NotImplementedType"))
}

fn is_literal(e: &Expr) -> bool {
    matches!(
        e.ty,
        Type::Literal(Constant::Int(_) | Constant::BigInt(_) | Constant::Float(_))
    )
}

fn float_to_integer(e: &Expr, p: Primitive) -> bool {
    matches!(e.ty, Type::Literal(Constant::Float(_))) && p.is_integer()
}

/// Literals by their class, members of unions too.
fn widen_numbers(ty: &Type) -> Type {
    widen(ty)
}

fn number_union(ty: &Type) -> bool {
    ty.members().iter().all(|t| number(t).is_some())
}

/// Whether operators on values of the type run no code of the program: builtin values and `None`.
pub fn known_value(ty: &Type) -> bool {
    ty.members().iter().all(|t| match t {
        Type::None | Type::Literal(_) | Type::Primitive(_) => true,
        Type::Tuple(items) => items.iter().all(known_value),
        Type::Instance(c, _) | Type::Exact(c, _) => is_value_class(c),
        _ => false,
    })
}

/// Folds an operation on int literals, when the result is small and no error is to be raised.
fn fold(op: BinaryOp, left: &Expr, right: &Expr, span: TextRange) -> Option<Expr> {
    let (Type::Literal(Constant::Int(a)), Type::Literal(Constant::Int(b))) = (&left.ty, &right.ty)
    else {
        return None;
    };
    if !matches!(
        (&*left.kind, &*right.kind),
        (ExprKind::Constant(_), ExprKind::Constant(_))
    ) {
        return None;
    }
    let (a, b) = (*a, *b);
    let value = match op {
        BinaryOp::Add => a.checked_add(b)?,
        BinaryOp::Sub => a.checked_sub(b)?,
        BinaryOp::Mul => a.checked_mul(b)?,
        BinaryOp::FloorDiv if b != 0 => {
            let q = a.checked_div(b)?;
            if a % b != 0 && (a < 0) != (b < 0) {
                q - 1
            } else {
                q
            }
        }
        BinaryOp::Mod if b != 0 => {
            let r = a.checked_rem(b)?;
            if r != 0 && (r < 0) != (b < 0) {
                r + b
            } else {
                r
            }
        }
        BinaryOp::LShift if (0..62).contains(&b) => {
            let v = a.checked_mul(1i64.checked_shl(u32::try_from(b).ok()?)?)?;
            if v.unsigned_abs() >= 1 << 62 {
                return None;
            } else {
                v
            }
        }
        BinaryOp::RShift if (0..64).contains(&b) => a >> b.min(63),
        BinaryOp::Pow if (0..64).contains(&b) => a.checked_pow(u32::try_from(b).ok()?)?,
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        _ => return None,
    };
    Some(constant(Constant::Int(value), span))
}

/// The widening that `widens` allows, for callers outside this file.
pub fn can_widen(from: Primitive, to: Primitive) -> bool {
    widens(from, to)
}

/// The unary operator of the tree, if it is not `not`.
pub fn unary_op(op: ast::UnaryOp) -> Option<UnaryOp> {
    match op {
        ast::UnaryOp::USub => Some(UnaryOp::Neg),
        ast::UnaryOp::UAdd => Some(UnaryOp::Pos),
        ast::UnaryOp::Invert => Some(UnaryOp::Invert),
        ast::UnaryOp::Not => None,
    }
}
