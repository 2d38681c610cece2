//! Conditions: their value as a bool, and what is known when they are true and when they are false.

use keelback_parser::ast::{self, BoolOp, CmpOp};
use keelback_parser::text_size::TextRange;

use crate::tree::{CompareOp, Expr, ExprKind};
use crate::types::{Constant, Symbol, Type};

use super::cx::{Cx, constant, make, object, range};
use super::flow::{Place, State};
use super::ops::compare_op;
use super::world::{Resolved, is_value_class, widen};

/// A condition: held as a bool, with what is known after it.
pub struct Condition {
    /// The test.
    pub test: Expr,
    /// What is known when it is true.
    pub yes: State,
    /// What is known when it is false.
    pub no: State,
}

impl Cx<'_> {
    /// Evaluates `expr` as a condition. The current state afterwards is not meaningful: take one of the two.
    pub fn condition(&mut self, expr: &ast::Expr) -> Condition {
        let mut condition = self.certain_condition(expr);
        if !condition.yes.beliefs.is_empty() || !condition.no.beliefs.is_empty() {
            self.narrow_beliefs(expr, &mut condition);
        }
        condition
    }

    /// Narrows what is believed of the places that a condition tests, as what is certain of them is. A test of another kind leaves nothing
    /// believed of its places.
    fn narrow_beliefs(&mut self, expr: &ast::Expr, condition: &mut Condition) {
        match expr {
            ast::Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {}
            ast::Expr::BoolOp(_) => {}
            ast::Expr::Name(_) | ast::Expr::Attribute(_) => {
                let Some(place) = self.place(expr) else {
                    return;
                };
                for (state, narrowed) in [
                    (&mut condition.yes, truthy as fn(&Type) -> Type),
                    (&mut condition.no, falsy),
                ] {
                    if let Some(belief) = state.beliefs.get_mut(&place) {
                        *belief = narrowed(belief);
                    }
                }
            }
            ast::Expr::Compare(compare)
                if compare.ops.len() == 1 && compare.comparators[0].is_none_literal_expr() =>
            {
                let Some(place) = self.place(&compare.left) else {
                    return;
                };
                let (same, other) = match compare.ops[0] {
                    CmpOp::Is | CmpOp::Eq => (&mut condition.yes, &mut condition.no),
                    CmpOp::IsNot | CmpOp::NotEq => (&mut condition.no, &mut condition.yes),
                    _ => return,
                };
                if let Some(belief) = same.beliefs.get_mut(&place) {
                    *belief = Type::None;
                }
                if let Some(belief) = other.beliefs.get_mut(&place) {
                    *belief = belief.without_none();
                }
            }
            _ => {
                use keelback_parser::ast::visitor::{self, Visitor};
                struct Roots(Vec<String>);
                impl<'a> Visitor<'a> for Roots {
                    fn visit_expr(&mut self, expr: &'a ast::Expr) {
                        if let ast::Expr::Name(name) = expr {
                            self.0.push(name.id.to_string());
                        }
                        visitor::walk_expr(self, expr);
                    }
                }
                let mut roots = Roots(Vec::new());
                visitor::Visitor::visit_expr(&mut roots, expr);
                for name in roots.0 {
                    let root = match self.local(&name) {
                        Some(id) => super::flow::Root::Local(id),
                        None => super::flow::Root::Global(crate::types::Name::new(&name)),
                    };
                    for state in [&mut condition.yes, &mut condition.no] {
                        state.beliefs.retain(|place, _| place.root != root);
                    }
                }
            }
        }
    }

    fn certain_condition(&mut self, expr: &ast::Expr) -> Condition {
        let span = range(expr);
        match expr {
            ast::Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
                let inner = self.condition(&unary.operand);
                Condition {
                    test: make(ExprKind::Not(inner.test), Type::bool(), span),
                    yes: inner.no,
                    no: inner.yes,
                }
            }
            ast::Expr::BoolOp(bool_op) => self.bool_condition(bool_op.op, &bool_op.values, span),
            ast::Expr::BooleanLiteral(literal) => self.known_condition(literal.value, span),
            ast::Expr::NumberLiteral(ast::ExprNumberLiteral {
                value: ast::Number::Int(v),
                ..
            }) => {
                let truth = v.as_i64() != Some(0);
                self.known_condition(truth, span)
            }
            ast::Expr::Compare(compare) if compare.ops.len() == 1 => {
                self.compare_condition(&compare.left, compare.ops[0], &compare.comparators[0], span)
            }
            ast::Expr::Call(call) if self.is_builtin_name(&call.func, "isinstance") => {
                self.isinstance_condition(call, span)
            }
            ast::Expr::Call(call)
                if self.is_builtin_name(&call.func, "callable")
                    && call.arguments.args.len() == 1 =>
            {
                let value = self.expr(expr, None);
                let test = self.truth(value);
                let (mut yes, no) = (self.state.clone(), self.state.clone());
                if let Some(place) = self.place(&call.arguments.args[0]) {
                    yes.facts.insert(place, Type::Dynamic);
                }
                Condition { test, yes, no }
            }
            _ => {
                let value = self.expr(expr, None);
                let ty = value.ty;
                let test = self.truth(value);
                let (mut yes, mut no) = (self.state.clone(), self.state.clone());
                if let Some(place) = self.place(expr) {
                    narrow(&mut yes, &place, &ty, truthy(&ty));
                    narrow(&mut no, &place, &ty, falsy(&ty));
                }
                Condition { test, yes, no }
            }
        }
    }

    fn known_condition(&mut self, truth: bool, span: TextRange) -> Condition {
        let test = make(
            ExprKind::Constant(Constant::Bool(truth)),
            Type::bool(),
            span,
        );
        let (live, dead) = (self.state.clone(), self.state.dead());
        if truth {
            Condition {
                test,
                yes: live,
                no: dead,
            }
        } else {
            Condition {
                test,
                yes: dead,
                no: live,
            }
        }
    }

    fn bool_condition(&mut self, op: BoolOp, values: &[ast::Expr], span: TextRange) -> Condition {
        let mut whole = self.condition(&values[0]);
        for value in &values[1..] {
            match op {
                BoolOp::And => {
                    self.state = whole.yes;
                    let part = self.silently(|cx| cx.condition(value));
                    whole = Condition {
                        test: make(ExprKind::And(whole.test, part.test), Type::bool(), span),
                        yes: part.yes,
                        no: whole.no.join(&part.no, self.world),
                    };
                }
                BoolOp::Or => {
                    self.state = whole.no;
                    let part = self.silently(|cx| cx.condition(value));
                    whole = Condition {
                        test: make(ExprKind::Or(whole.test, part.test), Type::bool(), span),
                        yes: whole.yes.join(&part.yes, self.world),
                        no: part.no,
                    };
                }
            }
        }
        whole
    }

    /// Runs `f`; a state that is not reachable reports nothing by itself.
    pub fn silently<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        f(self)
    }

    fn compare_condition(
        &mut self,
        left: &ast::Expr,
        op: CmpOp,
        right: &ast::Expr,
        span: TextRange,
    ) -> Condition {
        // `type(x) is C`
        if matches!(op, CmpOp::Is | CmpOp::Eq) {
            if let ast::Expr::Call(call) = left {
                if self.is_builtin_name(&call.func, "type") && call.arguments.args.len() == 1 {
                    let subject = &call.arguments.args[0];
                    let class = self.class_named(right);
                    let before = self.place(subject).map(|p| (p, self.quiet_type(subject)));
                    let l = self.expr(left, None);
                    let r = self.expr(right, None);
                    let test = self.compare(compare_op(op), l, r, true, span);
                    let (mut yes, no) = (self.state.clone(), self.state.clone());
                    if let (Some((place, ty)), Some(class)) = (before, class) {
                        // The test is by identity with whatever the name is bound to now, so only what needs no trust is learnt.
                        let (is, _) = self.split_by_class(&ty, std::slice::from_ref(&class));
                        if !self.world.is_laid_out(&class) {
                            narrow(&mut yes, &place, &ty, is);
                        } else if is != Type::Never {
                            yes.facts.insert(place, Type::Dynamic);
                        }
                    }
                    return Condition { test, yes, no };
                }
            }
        }
        let l = self.expr(left, None);
        let l_place = self.place(left);
        let expected = if matches!(l.ty, Type::Primitive(_)) {
            Some(l.ty)
        } else {
            None
        };
        let r = self.expr(right, expected.as_ref());
        let r_place = self.place(right);
        let (lt, rt) = (l.ty, r.ty);
        let operator = compare_op(op);
        let test = self.compare(operator, l, r, true, span);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        match operator {
            CompareOp::Is | CompareOp::IsNot | CompareOp::Eq | CompareOp::Ne => {
                let identity = matches!(operator, CompareOp::Is | CompareOp::IsNot);
                let positive = matches!(operator, CompareOp::Is | CompareOp::Eq);
                let (same, other) = if positive {
                    (&mut yes, &mut no)
                } else {
                    (&mut no, &mut yes)
                };
                if rt == Type::None {
                    if let Some(place) = &l_place {
                        narrow_none(same, other, place, &lt, identity);
                    }
                } else if lt == Type::None {
                    if let Some(place) = &r_place {
                        narrow_none(same, other, place, &rt, identity);
                    }
                } else {
                    for (place, ty, value) in [(&l_place, &lt, &rt), (&r_place, &rt, &lt)] {
                        let (Some(place), Type::Literal(c)) = (place, value) else {
                            continue;
                        };
                        if identity && !matches!(c, Constant::Bool(_)) {
                            continue;
                        }
                        let literals = ty.members().iter().any(|m| matches!(m, Type::Literal(_)));
                        let plain = super::ops::known_value(ty);
                        if literals && plain {
                            let is = Type::union(
                                ty.members()
                                    .iter()
                                    .filter(|m| !matches!(m, Type::Literal(d) if d != c))
                                    .cloned(),
                            );
                            let not =
                                Type::union(ty.members().iter().filter(|m| *m != value).cloned());
                            narrow(same, place, ty, is);
                            narrow(other, place, ty, not);
                        } else if ty.includes_none() && plain {
                            narrow(same, place, ty, ty.without_none());
                        }
                    }
                }
            }
            CompareOp::In => {
                if let (Some(place), Some(item)) = (&l_place, self.item_type(&rt)) {
                    if lt.includes_none()
                        && !item.includes_none()
                        && !item.is_dynamic()
                        && super::ops::known_value(&lt)
                        && super::ops::known_value(&item)
                    {
                        narrow(&mut yes, place, &lt, lt.without_none());
                    }
                }
            }
            _ => {}
        }
        Condition { test, yes, no }
    }

    /// The type of an expression, without effects and findings.
    pub fn quiet_type(&mut self, expr: &ast::Expr) -> Type {
        let state = self.state.clone();
        let locals = self.locals.len();
        let fallback = self.fallback.clone();
        let assumptions = self.assumptions.clone();
        let assigned = self.assigned.clone();
        self.muted += 1;
        let e = self.expr(expr, None);
        self.muted -= 1;
        self.assigned = assigned;
        self.assumptions = assumptions;
        self.fallback = fallback;
        self.locals.truncate(locals);
        self.state = state;
        e.ty
    }

    /// Whether `expr` is the builtin `name`, not shadowed here.
    pub fn is_builtin_name(&self, expr: &ast::Expr, name: &str) -> bool {
        match expr {
            ast::Expr::Name(n) if n.id.as_str() == name => {
                self.local(name).is_none() && self.world.global(&self.module, name).1
            }
            _ => false,
        }
    }

    /// The class that an expression names.
    pub fn class_named(&mut self, expr: &ast::Expr) -> Option<Symbol> {
        match expr {
            ast::Expr::Name(name) => {
                if self.local(name.id.as_str()).is_some() {
                    return None;
                }
                match self.world.global(&self.module, name.id.as_str()).0 {
                    Resolved::Class(symbol) => Some(symbol),
                    Resolved::Alias(Type::Instance(symbol, _)) => Some(symbol),
                    _ => None,
                }
            }
            ast::Expr::Attribute(_) => match self.quiet_type(expr) {
                Type::Class(symbol) => Some(symbol),
                _ => None,
            },
            _ => None,
        }
    }

    /// The classes of `isinstance`'s second argument, if all are known.
    fn classes_named(&mut self, expr: &ast::Expr) -> Option<Vec<(Symbol, TextRange)>> {
        match expr {
            ast::Expr::Tuple(tuple) => {
                let mut all = Vec::new();
                for item in &tuple.elts {
                    all.extend(self.classes_named(item)?);
                }
                Some(all)
            }
            ast::Expr::BinOp(bin) if bin.op == ast::Operator::BitOr => {
                let mut all = self.classes_named(&bin.left)?;
                all.extend(self.classes_named(&bin.right)?);
                Some(all)
            }
            ast::Expr::NoneLiteral(n) => Some(vec![(Symbol::new("builtins", "NoneType"), n.range)]),
            _ => Some(vec![(self.class_named(expr)?, range(expr))]),
        }
    }

    fn isinstance_condition(&mut self, call: &ast::ExprCall, span: TextRange) -> Condition {
        let simple = call.arguments.keywords.is_empty() && call.arguments.args.len() == 2;
        let classes = if simple {
            self.classes_named(&call.arguments.args[1])
        } else {
            None
        };
        let Some(classes) = classes else {
            let value = self.generic_call(call, None);
            let test = self.truth(value);
            let (mut yes, no) = (self.state.clone(), self.state.clone());
            if simple {
                if let Some(place) = self.place(&call.arguments.args[0]) {
                    yes.facts.insert(place, Type::Dynamic);
                }
            }
            return Condition { test, yes, no };
        };
        let subject = &call.arguments.args[0];
        let value = self.expr(subject, None);
        let value = self.unprimitive(value);
        let ty = value.ty;
        let symbols: Vec<Symbol> = classes.iter().map(|(s, _)| *s).collect();
        self.assume_builtin("isinstance");
        let direct = symbols
            .iter()
            .all(|s| is_value_class(s) || s.is_builtin("NoneType") || self.world.is_laid_out(s));
        let test = if direct && symbols.iter().all(|s| !s.is_builtin("NoneType")) {
            for (symbol, at) in &classes {
                self.assume_class(symbol, *at);
            }
            make(
                ExprKind::IsInstance(object(value), symbols.clone()),
                Type::bool(),
                span,
            )
        } else {
            let class = self.expr(&call.arguments.args[1], None);
            self.intrinsic(
                "isinstance",
                vec![object(value), object(class)],
                Type::bool(),
                span,
            )
        };
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        if let Some(place) = self.place(subject) {
            let (is, not) = self.split_by_class(&ty, &symbols);
            narrow(&mut yes, &place, &ty, is);
            narrow(&mut no, &place, &ty, not);
        } else if ty != Type::Never && !ty.is_dynamic() {
            let (is, not) = self.split_by_class(&ty, &symbols);
            yes.reachable &= is != Type::Never;
            no.reachable &= not != Type::Never;
        }
        Condition { test, yes, no }
    }

    /// Relies on the name at `at` being class `symbol`.
    pub fn assume_class(&mut self, symbol: &Symbol, at: TextRange) {
        let text = self.text(at).trim().to_owned();
        if &*symbol.module == "builtins" {
            self.assume_builtin(symbol.name());
        } else {
            let name = text.split('.').next().unwrap_or_default().to_owned();
            let binding = self.binding(&name);
            if text.contains('.') {
                if let (Resolved::Module(module), _) = self.world.global(&self.module, &name) {
                    self.assume(crate::tree::Assumption::Module { binding, module });
                    let last = text.rsplit('.').next().unwrap_or_default();
                    self.assume(crate::tree::Assumption::Class {
                        binding: crate::tree::Binding {
                            module,
                            name: last.into(),
                        },
                        class: *symbol,
                    });
                }
            } else {
                self.assume(crate::tree::Assumption::Class {
                    binding,
                    class: *symbol,
                });
            }
        }
    }

    /// What a value of type `ty` is when it is an instance of one of `classes`, and when it is of none.
    pub fn split_by_class(&self, ty: &Type, classes: &[Symbol]) -> (Type, Type) {
        let instance = |s: &Symbol| {
            if s.is_builtin("NoneType") {
                Type::None
            } else {
                Type::Instance(*s, [].into())
            }
        };
        let mut yes = Type::Never;
        let mut no = Type::Never;
        for member in ty.members() {
            let any = Type::union(classes.iter().map(instance));
            match member {
                Type::Dynamic | Type::TypeVar(..) => {
                    yes = self.world.join(&yes, &any);
                    no = Type::Dynamic;
                }
                Type::None => {
                    if classes
                        .iter()
                        .any(|c| c.is_builtin("NoneType") || c.is_builtin("object"))
                    {
                        yes = self.world.join(&yes, &Type::None);
                    } else {
                        no = self.world.join(&no, &Type::None);
                    }
                }
                _ => {
                    let Some(class) = member.class() else {
                        yes = self.world.join(&yes, &any);
                        no = self.world.join(&no, member);
                        continue;
                    };
                    let mut certain = false;
                    let mut possible = Type::Never;
                    for c in classes {
                        match self.world.is_subclass(&class, c) {
                            Some(true) => certain = true,
                            other => match self.world.is_subclass(c, &class) {
                                Some(true) => {
                                    // `float` in the type system has no `int` among its values once it is held as one.
                                    possible =
                                        self.world.join(&possible, &self.narrowed_args(member, c));
                                }
                                _ => {
                                    let disjoint = other == Some(false)
                                        && (is_value_class(&class)
                                            || is_value_class(c)
                                            || self.is_final(&class)
                                            || self.is_final(c)
                                            || matches!(
                                                member,
                                                Type::Exact(..) | Type::Literal(_)
                                            )
                                            || c.is_builtin("NoneType"));
                                    if !disjoint {
                                        possible = self.world.join(&possible, &instance(c));
                                    }
                                }
                            },
                        }
                    }
                    if certain {
                        yes = self.world.join(&yes, member);
                    } else {
                        if possible != Type::Never && !matches!(member, Type::Exact(..)) {
                            yes = self.world.join(&yes, &possible);
                        }
                        no = self.world.join(&no, member);
                    }
                }
            }
        }
        (yes, no)
    }

    fn is_final(&self, symbol: &Symbol) -> bool {
        self.world.class(symbol).is_some_and(|c| c.is_final)
    }

    /// Class `c`, a subclass of the class of `member`, with the arguments that carry over.
    fn narrowed_args(&self, member: &Type, c: &Symbol) -> Type {
        if let Type::Instance(base, args) | Type::Exact(base, args) = member {
            if let Some(class) = self.world.class(c) {
                // Arguments carry over when the subclass passes its parameters on in order.
                if !args.is_empty() && class.type_params.len() == args.len() && class.bases.iter().any(|b| {
                    matches!(b, Type::Instance(s, a) if s == base && a.iter().zip(&class.type_params).all(|(a, p)| matches!(a, Type::TypeVar(own) if own == p)))
                }) {
                    return Type::Instance(*c, *args);
                }
            }
        }
        Type::Instance(*c, [].into())
    }

    /// Any value's truth, as a bool.
    pub fn truth(&mut self, value: Expr) -> Expr {
        let span = value.span;
        match &value.ty {
            Type::Primitive(crate::types::Primitive::CBool) => value,
            t if t.is_builtin("bool") => value,
            Type::None => {
                let is_constant = matches!(&*value.kind, ExprKind::Constant(_));
                if is_constant {
                    constant_bool(false, span)
                } else {
                    make(ExprKind::Truth(value), Type::bool(), span)
                }
            }
            ty => {
                if !super::ops::known_value(ty) {
                    let has_code = ty.members().iter().any(|m| match m {
                        Type::None | Type::Function(_) | Type::Class(_) => false,
                        m if super::ops::known_value(m) => false,
                        Type::Instance(c, a) | Type::Exact(c, a) => {
                            !matches!(
                                self.world.member(c, a, "__bool__"),
                                super::world::Lookup::Missing
                            ) || !matches!(
                                self.world.member(c, a, "__len__"),
                                super::world::Lookup::Missing
                            )
                        }
                        _ => true,
                    });
                    if has_code {
                        self.after_call();
                    }
                }
                make(ExprKind::Truth(value), Type::bool(), span)
            }
        }
    }
}

fn constant_bool(value: bool, span: TextRange) -> Expr {
    let mut e = constant(Constant::Bool(value), span);
    e.ty = Type::bool();
    e
}

/// Narrows `place`, which is of type `ty`, to `to` in `state`; a type without values makes the state unreachable.
fn narrow(state: &mut State, place: &Place, ty: &Type, to: Type) {
    if to == Type::Never {
        if *ty != Type::Never {
            state.reachable = false;
        }
        return;
    }
    if to != *ty || state.facts.contains_key(place) {
        state.facts.insert(place.clone(), to);
    }
}

fn narrow_none(same: &mut State, other: &mut State, place: &Place, ty: &Type, identity: bool) {
    if ty.is_dynamic() {
        if identity {
            same.facts.insert(place.clone(), Type::None);
        }
        return;
    }
    let object = ty
        .members()
        .iter()
        .any(|m| m.is_builtin("object") || matches!(m, Type::TypeVar(..)));
    if ty.includes_none() {
        if identity {
            narrow(same, place, ty, Type::None);
        }
        narrow(other, place, ty, ty.without_none());
    } else if identity && !object && *ty != Type::Never {
        narrow(same, place, ty, Type::Never);
    }
}

/// The type of a value that is true.
fn truthy(ty: &Type) -> Type {
    Type::union(
        ty.members()
            .iter()
            .filter(|m| !always_false(m))
            .map(|m| match m {
                Type::Dynamic => Type::Dynamic,
                other => *other,
            }),
    )
}

/// The type of a value that is false.
fn falsy(ty: &Type) -> Type {
    Type::union(ty.members().iter().filter(|m| !always_true(m)).cloned())
}

fn always_false(ty: &Type) -> bool {
    match ty {
        Type::None => true,
        Type::Literal(c) => match c {
            Constant::Bool(v) => !v,
            Constant::Int(v) => *v == 0,
            Constant::Str(v) => v.is_empty(),
            Constant::Bytes(v) => v.is_empty(),
            _ => false,
        },
        Type::Tuple(items) => items.is_empty(),
        _ => false,
    }
}

fn always_true(ty: &Type) -> bool {
    match ty {
        Type::Literal(c) => match c {
            Constant::Bool(v) => *v,
            Constant::Int(v) => *v != 0,
            Constant::Str(v) => !v.is_empty(),
            _ => false,
        },
        Type::Tuple(items) => !items.is_empty(),
        Type::Function(_) | Type::Module(_) => true,
        _ => false,
    }
}

/// The type without literals, for callers that narrow by class.
pub fn plain(ty: &Type) -> Type {
    widen(ty)
}
