//! Calls of what `__static__` and `typing` export: conversions, boxing, casts, arrays, questions to the checker.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::ParamKind;
use crate::rules::Rule;
use crate::tree::{Conversion, Expr, ExprKind};
use crate::types::{Constant, Name, Primitive, Signature, Symbol, Type, Types};

use super::bind::has_unpacking;
use super::convert::Why;
use super::cx::{Cx, known, make, none, object, range};
use super::world::{literal_fits, widen};

impl Cx<'_> {
    /// A call of `name` of `__static__`.
    pub fn static_call(
        &mut self,
        name: &str,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let args = &call.arguments.args;
        let simple = !has_unpacking(&call.arguments) && call.arguments.keywords.is_empty();
        if let (Some(p), true) = (Primitive::from_name(name), simple) {
            if args.len() == 1 {
                return self.primitive_conversion(p, &args[0], span);
            }
            if args.is_empty() {
                let zero = match p {
                    Primitive::Double | Primitive::Single => Constant::Float(0),
                    Primitive::CBool => Constant::Bool(false),
                    _ => Constant::Int(0),
                };
                return make(ExprKind::Constant(zero), Type::Primitive(p), span);
            }
            self.report(
                Rule::TooManyArguments,
                span,
                format!(
                    "`{name}` takes 1 positional argument, but {} are given",
                    args.len()
                ),
            );
            return self.generic_call(call, None);
        }
        match (name, args.len()) {
            ("box", 1) if simple => {
                let e = self.expr(&args[0], None);
                self.unprimitive(e)
            }
            ("unbox", 1) if simple => {
                let to = expected
                    .cloned()
                    .filter(|t| matches!(t, Type::Primitive(_)));
                let e = self.expr(&args[0], to.as_ref());
                match &to {
                    Some(to) => self.coerce(e, to, &Why::Value),
                    None => match super::attr::python_type(&e.ty) {
                        t if t.is_builtin("float") => {
                            self.coerce(e, &Type::Primitive(Primitive::Double), &Why::Value)
                        }
                        t if t.is_builtin("bool") => {
                            self.coerce(e, &Type::Primitive(Primitive::CBool), &Why::Value)
                        }
                        _ => self.coerce(e, &Type::Primitive(Primitive::Int64), &Why::Value),
                    },
                }
            }
            ("cast", 2) if simple => self.cast(&args[0], &args[1], span),
            ("clen", 1) if simple => {
                let e = self.expr(&args[0], None);
                let e = self.unprimitive(e);
                self.check_sized(&e);
                let e = self.intrinsic("len", vec![object(e)], Type::int(), span);
                make(
                    ExprKind::Convert(Conversion::Narrow, e),
                    Type::Primitive(Primitive::Int64),
                    span,
                )
            }
            _ => {
                let e = self.generic_call(call, None);
                if matches!(name, "rand") {
                    self.expect(e, &Type::int())
                } else {
                    e
                }
            }
        }
    }

    /// `int32(x)`, `double(x)` and the like.
    fn primitive_conversion(&mut self, p: Primitive, arg: &ast::Expr, span: TextRange) -> Expr {
        let to = Type::Primitive(p);
        let e = self.expr(arg, None);
        if let Type::Literal(
            c @ (Constant::Int(_) | Constant::BigInt(_) | Constant::Float(_) | Constant::Bool(_)),
        ) = &e.ty
        {
            let c = (*c).clone();
            let int_of_float = p.is_integer() && matches!(c, Constant::Float(_));
            if literal_fits(&c, p) || (p.is_integer() && !int_of_float) {
                let ty = e.ty;
                let mut e = self.literal(c.clone(), p, span, &ty, &Why::Value);
                e.span = span;
                return e;
            }
        }
        for member in e.ty.members().to_vec() {
            let convertible = match &member {
                Type::Dynamic | Type::TypeVar(..) | Type::Primitive(_) | Type::Never => true,
                t => {
                    ["int", "float", "bool", "str"]
                        .iter()
                        .any(|n| t.is_builtin(n))
                        || t.is_builtin("object")
                        || {
                            let wide = widen(t);
                            match &wide {
                                Type::Instance(c, a) | Type::Exact(c, a)
                                    if !super::world::is_value_class(c) =>
                                {
                                    ["__int__", "__index__", "__float__"].iter().any(|n| {
                                        !matches!(
                                            self.world.member(c, a, n),
                                            super::world::Lookup::Missing
                                        )
                                    })
                                }
                                _ => false,
                            }
                        }
                }
            };
            if !convertible {
                self.report(
                    Rule::InvalidArgument,
                    e.span,
                    format!("`{}` does not convert `{}`", p.name(), widen(&e.ty)),
                );
                let e = object(e);
                return make(ExprKind::Convert(Conversion::Explicit, e), to, span);
            }
        }
        if e.ty == to {
            self.report(
                Rule::RedundantCast,
                span,
                format!("This is `{}` already", p.name()),
            );
            let operand = self.operand_text(arg);
            self.offer(Rule::RedundantCast, "Remove the conversion", span, operand);
            return e;
        }
        let e = match &e.ty {
            Type::Primitive(_) => e,
            t if t.is_builtin("int") || t.is_builtin("float") || t.is_builtin("bool") => e,
            _ => object(e),
        };
        make(ExprKind::Convert(Conversion::Explicit, e), to, span)
    }

    /// `cast(T, x)`: checked.
    fn cast(&mut self, ty: &ast::Expr, value: &ast::Expr, span: TextRange) -> Expr {
        self.check_type_form(ty);
        let to = (self.annotations)(ty).ty.unwrap_or(Type::Dynamic);
        let expected = Some(&to).filter(|t| !t.is_dynamic());
        let e = self.expr(value, expected);
        if e.ty == to && !to.is_dynamic() {
            self.report(Rule::RedundantCast, span, format!("This is `{to}` already"));
            let operand = self.operand_text(value);
            self.offer(Rule::RedundantCast, "Remove the cast", span, operand);
            return e;
        }
        if let (Type::Primitive(_), Type::Literal(_) | Type::Primitive(_)) = (&to, &e.ty) {
            return self.coerce(e, &to, &Why::Value);
        }
        let e = self.unprimitive(e);
        if to.is_dynamic() {
            let mut e = known(object(e), Type::Dynamic);
            e.belief = None;
            return e;
        }
        let place = match &to {
            Type::Primitive(_) => to,
            other => super::world::erase(other),
        };
        let mut e = self.checked(object(e), &place, &Why::Value);
        e.span = span;
        // What was believed of the value was overruled, where the check covers less than the type.
        e.belief = None;
        e.believed(to)
    }

    /// A call of `name` of `typing`.
    pub fn typing_call(
        &mut self,
        name: &str,
        call: &ast::ExprCall,
        _expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let args = &call.arguments.args;
        match (name, args.len()) {
            ("cast", 2) if !has_unpacking(&call.arguments) => self.cast(&args[0], &args[1], span),
            ("cast", _) if self.is_miscalled(name, 2, call) => self.generic_call(call, None),
            ("reveal_type", _) | ("assert_type", _) => match self.question(name, call, span) {
                Some(e) => e,
                None => self.generic_call(call, None),
            },
            ("assert_never", 1) => {
                let e = self.expr(&args[0], None);
                if e.ty != Type::Never && self.state.reachable {
                    self.report(
                        Rule::InvalidArgument,
                        e.span,
                        format!("This can be reached: the value may be `{}`", widen(&e.ty)),
                    );
                }
                let callee = self.expr(&call.func, None);
                let e = self.unprimitive(e);
                let mut e = self.call_object(callee, vec![object(e)], Vec::new(), span);
                e.ty = Type::Never;
                e
            }
            _ => self.generic_call(call, None),
        }
    }

    /// `reveal_type(x)` and `assert_type(x, T)`: answered when compiling, and the value at run time.
    pub fn question(&mut self, name: &str, call: &ast::ExprCall, span: TextRange) -> Option<Expr> {
        let args = &call.arguments.args;
        let takes = if name == "reveal_type" { 1 } else { 2 };
        if self.is_miscalled(name, takes, call) {
            return None;
        }
        match (name, args.len()) {
            ("reveal_type", 1) => {
                let e = self.expr(&args[0], None);
                // What other code may have changed is shown as compiled code takes it.
                let is_trusted = self.trusted_belief(&e).is_some();
                let shown = self.revealed(&if is_trusted { e.ty } else { e.view() });
                let notes = self.reveal_notes(&args[0], &e, &shown);
                self.report_with(
                    Rule::RevealType,
                    range(&args[0]),
                    format!("Revealed type: `{shown}`"),
                    notes,
                );
                Some(e)
            }
            ("assert_type", 2) => {
                let e = self.expr(&args[0], None);
                self.check_type_form(&args[1]);
                let stated = (self.annotations)(&args[1]).ty.unwrap_or(Type::Dynamic);
                let (a, b) = (self.comparable(&e.view()), self.comparable(&stated));
                let b = nameless(&b);
                let is_same = |ty: &Type| same_type(&nameless(ty), &b);
                let is_stated = |ty: &Type| is_same(ty) || is_same(&widen(&nameless(ty)));
                let is_certain =
                    self.trusted_belief(&e).is_some() && is_stated(&self.comparable(&e.ty));
                let is_wider = is_stated(&a) && !self.is_declared_as(&args[0], &e.view());
                if !is_same(&a) && !is_wider && !is_certain && e.ty != Type::Never {
                    self.report(
                        Rule::AssertTypeMismatch,
                        span,
                        format!("The type is `{a}`, not `{b}`"),
                    );
                }
                Some(e)
            }
            _ => None,
        }
    }

    /// A type as it is shown: exactness is not, and what type parameters default to is.
    pub(super) fn revealed(&self, ty: &Type) -> Type {
        self.revealed_part(&self.world.open(ty))
    }

    fn revealed_part(&self, ty: &Type) -> Type {
        match ty.map_parts(&mut |part| self.revealed_part(&part)) {
            Type::Exact(class, args) | Type::Instance(class, args) => {
                Type::Instance(class, self.world.default_args(&class, args))
            }
            Type::Class(class) => {
                let args = self.world.default_args(&class, Types::none());
                Type::class_of(Type::Instance(class, args))
            }
            other => other,
        }
    }

    /// `Array[T](...)` and other generic names of `__static__`, called.
    pub fn generic_static_call(
        &mut self,
        name: &str,
        ty: Option<Type>,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let e = match (name, call.arguments.args.len()) {
            ("Array" | "Vector", 1)
                if call.arguments.keywords.is_empty() && !has_unpacking(&call.arguments) =>
            {
                let callee = self.quiet_value(&call.func);
                let element = match &ty {
                    Some(Type::Instance(_, args)) => args.first().cloned(),
                    _ => None,
                };
                let wanted = element.map(|t| {
                    let t = match t {
                        Type::Primitive(p) => p.boxed(),
                        other => other,
                    };
                    Type::Instance(Symbol::new("builtins", "list"), [t].into())
                });
                let arg = self.expr(&call.arguments.args[0], wanted.as_ref());
                let arg = self.unprimitive(arg);
                self.after_call();
                self.call_object(callee, vec![object(arg)], Vec::new(), span)
            }
            _ => self.generic_call(call, None),
        };
        match ty {
            Some(ty) if !ty.is_dynamic() => self.expect(e, &ty),
            _ => e,
        }
    }

    fn quiet_value(&mut self, expr: &ast::Expr) -> Expr {
        self.muted += 1;
        let e = self.expr(expr, None);
        self.muted -= 1;
        object(e)
    }

    /// A method of `Array[T]` and its relatives; nothing is known of most of them but their results.
    pub fn array_method(
        &mut self,
        receiver: &Expr,
        name: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        if has_unpacking(&call.arguments) {
            return None;
        }
        let (Type::Instance(class, of) | Type::Exact(class, of)) = receiver.ty else {
            return None;
        };
        let result = match (class.name(), name) {
            ("Array" | "Vector", "copy") => receiver.ty,
            ("Array" | "Vector", "fill" | "append" | "extend" | "insert" | "clear" | "reserve") => {
                Type::None
            }
            ("Vector", "pop") => of.first().cloned().unwrap_or(Type::Dynamic),
            _ => return None,
        };
        let (args, names) = self.object_args(&call.arguments);
        let e = self.named_call(receiver.clone(), name, args, names, span);
        Some(self.expect(e, &result))
    }

    /// A constant `None`, for statements that give nothing.
    pub fn nothing(&self, span: TextRange) -> Expr {
        none(span)
    }
}

/// A type without the names of parameters that are given by position alone, which mean nothing.
fn nameless(ty: &Type) -> Type {
    let strip = |signature: Signature| {
        let mut params = signature.params.to_vec();
        for param in &mut params {
            if param.kind == ParamKind::PositionalOnly {
                param.name = Name::new("");
            }
        }
        Signature::new(params, signature.rest, signature.returns)
    };
    match ty.map_parts(&mut |part| nameless(&part)) {
        Type::Callable(signature) => Type::Callable(strip(signature)),
        Type::Parameters(signature) => Type::Parameters(strip(signature)),
        other => other,
    }
}

fn same_type(a: &Type, b: &Type) -> bool {
    if a == b {
        return true;
    }
    match (a, b) {
        (Type::Union(x), Type::Union(y)) => {
            x.len() == y.len() && x.iter().all(|t| y.iter().any(|u| same_type(t, u)))
        }
        // A generic class without arguments has dynamic ones.
        (Type::Instance(s, none), Type::Instance(t, given))
        | (Type::Instance(s, given), Type::Instance(t, none))
            if none.is_empty() =>
        {
            s == t && given.iter().all(Type::is_dynamic)
        }
        (Type::Instance(s, x), Type::Instance(t, y)) => {
            s == t && x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| same_type(a, b))
        }
        (Type::Tuple(x), Type::Tuple(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| same_type(a, b))
        }
        _ => false,
    }
}
