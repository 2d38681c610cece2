//! Comparisons: identity, equality and membership, the length of a tuple, the class of a value.

use keelback_parser::ast::{self, CmpOp};
use keelback_parser::text_size::TextRange;

use crate::tree::CompareOp;
use crate::types::{Constant, Symbol, Type};

use super::super::cx::Cx;
use super::super::flow::State;
use super::super::ops::{compare_op, known_value};
use super::super::world::{Lookup, widen};
use super::Condition;

/// A tuple of unknown length that is found to have this many items or fewer is known item by item.
const LONGEST_TUPLE: i64 = 16;

impl Cx<'_> {
    pub(super) fn compare_condition(
        &mut self,
        left: &ast::Expr,
        op: CmpOp,
        right: &ast::Expr,
        span: TextRange,
    ) -> Condition {
        if let Some(condition) = self.type_condition(left, op, right, span) {
            return condition;
        }
        let l = self.expr(left, None);
        let expected = matches!(l.ty, Type::Primitive(_)).then_some(l.ty);
        let r = self.expr(right, expected.as_ref());
        let (lt, rt) = (l.ty, r.ty);
        let (left_view, right_view) = (l.view(), r.view());
        let operator = compare_op(op);
        let test = self.compare(operator, l, r, true, span);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        match operator {
            CompareOp::Is | CompareOp::Eq => {
                let identity = operator == CompareOp::Is;
                self.learn_equal(left, &lt, &rt, identity, &mut yes, &mut no);
                self.learn_equal(right, &rt, &lt, identity, &mut yes, &mut no);
                self.believe_not_none(left, &lt, &right_view, identity, &mut yes);
                self.believe_not_none(right, &rt, &left_view, identity, &mut yes);
                if identity {
                    self.believe_identical(left, &lt, &right_view, &mut yes, &mut no);
                }
            }
            CompareOp::IsNot | CompareOp::Ne => {
                let identity = operator == CompareOp::IsNot;
                self.learn_equal(left, &lt, &rt, identity, &mut no, &mut yes);
                self.learn_equal(right, &rt, &lt, identity, &mut no, &mut yes);
                self.believe_not_none(left, &lt, &right_view, identity, &mut no);
                self.believe_not_none(right, &rt, &left_view, identity, &mut no);
                if identity {
                    self.believe_identical(left, &lt, &right_view, &mut no, &mut yes);
                }
            }
            CompareOp::In => {
                self.learn_key(&lt, right, &rt, &mut yes, &mut no);
                self.learn_contained(left, &lt, right, &rt, &mut yes, &mut no);
            }
            CompareOp::NotIn => {
                self.learn_key(&lt, right, &rt, &mut no, &mut yes);
                self.learn_contained(left, &lt, right, &rt, &mut no, &mut yes);
            }
            _ => {}
        }
        self.learn_length(left, operator, &rt, &mut yes, &mut no);
        self.learn_length(right, mirrored(operator), &lt, &mut yes, &mut no);
        Condition { test, yes, no }
    }

    /// What is known of `expr`, which is of type `ty`, when it is equal (or identical) to a value of type `value`, and when it is not.
    fn learn_equal(
        &mut self,
        expr: &ast::Expr,
        ty: &Type,
        value: &Type,
        identity: bool,
        same: &mut State,
        other: &mut State,
    ) {
        let value = *value;
        let (is, not) = self.split_equal(ty, &value, identity);
        for place in self.places(expr) {
            same.narrow(&place, ty, is);
            other.narrow(&place, ty, not);
            let split = |t: &Type| self.split_equal(t, &value, identity);
            self.narrow_belief(&place, &split, same, other);
        }
        if is_single(&value) {
            let split = |cx: &Cx<'_>, t: &Type| cx.split_equal(t, &value, identity);
            self.discriminate(expr, &split, same, other);
        }
    }

    /// What a value of type `ty` is when it is equal to one of type `value`, and when it is not.
    pub(super) fn split_equal(&self, ty: &Type, value: &Type, identity: bool) -> (Type, Type) {
        let values = value.members();
        if !values.iter().all(is_single) {
            return (self.without_none_unless(ty, value, identity), *ty);
        }
        if !identity && values.iter().any(|v| !self.compares_plainly(v, ty)) {
            return (*ty, *ty);
        }
        let mut yes = Type::Never;
        let mut no = *ty;
        for v in values {
            let (is, not) = self.split_value(ty, v, identity);
            yes = self.world.join(&yes, &is);
            no = not;
        }
        (yes, if values.len() == 1 { no } else { *ty })
    }

    /// `ty` as it is when it is equal to a value that cannot be `None`.
    fn without_none_unless(&self, ty: &Type, value: &Type, identity: bool) -> Type {
        let plain = identity || known_value(value);
        if plain && ty.includes_none() && !self.world.may_overlap(&Type::None, value) {
            ty.without_none()
        } else {
            *ty
        }
    }

    /// Whether `==` with a member of an enumeration means what it means for any other: neither side has an `__eq__` of its own.
    fn compares_plainly(&self, value: &Type, ty: &Type) -> bool {
        let mut classes = ty.members().iter().filter_map(|m| match m {
            Type::EnumMember(c, _) | Type::Instance(c, _) | Type::Exact(c, _) => Some(*c),
            _ => None,
        });
        match value {
            Type::EnumMember(class, _) => {
                self.has_plain_eq(class)
                    && classes
                        .all(|c| self.world.enumeration(&c).is_none() || self.has_plain_eq(&c))
            }
            _ => true,
        }
    }

    fn has_plain_eq(&self, class: &Symbol) -> bool {
        match self.world.member(class, &[], "__eq__") {
            Lookup::Found { owner, .. } => matches!(&*owner.module, "enum" | "builtins"),
            Lookup::Missing => true,
            Lookup::Unknown => false,
        }
    }

    /// What a value of type `ty` is when it is equal to the one value of type `value`, and when it is not.
    pub(super) fn split_value(&self, ty: &Type, value: &Type, identity: bool) -> (Type, Type) {
        let (mut yes, mut no) = (Type::Never, Type::Never);
        for member in self.expanded_for(ty, value).members() {
            let (is, not) = self.split_single(member, value, identity);
            yes = self.world.join(&yes, &is);
            no = self.world.join(&no, &not);
        }
        // Values of a literal type are told apart by their types as well as by their values, and an int may be another object.
        if identity && matches!(value, Type::Literal(c) if !matches!(c, Constant::Bool(_))) {
            no = *ty;
        }
        (yes, no)
    }

    /// `ty` with the class of `value` taken apart into its values.
    fn expanded_for(&self, ty: &Type, value: &Type) -> Type {
        let class = match value {
            Type::EnumMember(..) | Type::Literal(Constant::Bool(_)) => value.class(),
            _ => None,
        };
        if class.is_none() {
            return *ty;
        }
        Type::union(ty.members().iter().flat_map(|member| match member {
            Type::Instance(..) | Type::Exact(..) | Type::Guard(..) if member.class() == class => {
                self.world.expanded(member).members().to_vec()
            }
            _ => vec![*member],
        }))
    }

    fn split_single(&self, member: &Type, value: &Type, identity: bool) -> (Type, Type) {
        let never = |member: &Type| (Type::Never, *member);
        let both = |member: &Type| (*member, *member);
        if member == value {
            return (*member, Type::Never);
        }
        match (member, value) {
            (Type::Dynamic, Type::None) if identity => (Type::None, Type::Dynamic),
            (Type::Dynamic | Type::TypeVar(..), _) => both(member),
            (Type::Never, _) => (Type::Never, Type::Never),
            (Type::Instance(c, _), Type::None) if c.is_builtin("NoneType") => {
                (*member, Type::Never)
            }
            (Type::Instance(c, _), _) if identity && c.is_builtin("object") => (*value, *member),
            (Type::Instance(c, _), Type::None)
                if c.is_builtin("object") || self.world.is_protocol(c) =>
            {
                if identity {
                    (Type::None, *member)
                } else {
                    both(member)
                }
            }
            (_, Type::None)
                if identity || known_value(member) || matches!(member, Type::EnumMember(..)) =>
            {
                never(member)
            }
            (Type::None, Type::Literal(_)) => never(member),
            (Type::None, Type::EnumMember(..)) => never(member),
            (Type::Literal(a), Type::Literal(b)) if same_number(a, b) && !identity => both(member),
            (Type::Literal(_), Type::Literal(_)) => never(member),
            (Type::EnumMember(c, _), Type::EnumMember(d, _)) if c == d || identity => never(member),
            (Type::EnumMember(c, _), Type::Literal(_))
            | (Type::Literal(_), Type::EnumMember(c, _)) => {
                // A member of an `IntEnum` is a number as well.
                if identity || !self.is_mixed_enum(c) {
                    never(member)
                } else {
                    both(member)
                }
            }
            (Type::Instance(c, _) | Type::Exact(c, _), Type::EnumMember(d, _)) if identity => {
                match self.world.is_subclass(d, c) {
                    Some(true) => (*value, *member),
                    Some(false) if !self.world.is_protocol(c) => never(member),
                    _ => both(member),
                }
            }
            _ => both(member),
        }
    }

    /// Whether members of the enumeration are values of another class too.
    fn is_mixed_enum(&self, class: &Symbol) -> bool {
        ["int", "str", "float", "bytes", "complex"]
            .iter()
            .any(|name| {
                self.world
                    .is_subclass(class, &Symbol::new("builtins", name))
                    != Some(false)
            })
    }

    /// What `key in container` says of the container, if that is one of several typed dictionaries. They are told apart by what is declared
    /// of them alone, so that is believed.
    fn learn_key(
        &mut self,
        key: &Type,
        container: &ast::Expr,
        ty: &Type,
        yes: &mut State,
        no: &mut State,
    ) {
        if !ty
            .members()
            .iter()
            .any(|m| matches!(m, Type::TypedDict(..)))
        {
            return;
        }
        let (with, without) = self.split_by_key(ty, key);
        for place in self.places(container) {
            for (state, narrowed) in [(&mut *yes, with), (&mut *no, without)] {
                if narrowed != Type::Never && narrowed != *ty {
                    state.narrow_in_doubt(&place, ty, narrowed);
                }
            }
            let split = |t: &Type| self.split_by_key(t, key);
            self.narrow_belief(&place, &split, yes, no);
        }
    }

    /// What `x in container` says of `x`.
    fn learn_contained(
        &mut self,
        left: &ast::Expr,
        ty: &Type,
        right: &ast::Expr,
        container: &Type,
        yes: &mut State,
        no: &mut State,
    ) {
        let listed = self.listed_values(right, container);
        let (is, not) = match &listed {
            Some(values)
                if values
                    .iter()
                    .all(|v| is_single(v) && self.compares_plainly(v, ty)) =>
            {
                let mut is = Type::Never;
                let mut not = *ty;
                for value in values {
                    is = self.world.join(&is, &self.split_value(ty, value, false).0);
                    not = self.split_value(&not, value, false).1;
                }
                (is, not)
            }
            Some(values) => {
                let item = self.world.join_all(values.iter().map(widen));
                (self.without_none_unless(ty, &item, false), *ty)
            }
            None => match self.item_type(container) {
                Some(item) if !item.is_dynamic() && known_value(ty) => {
                    (self.without_none_unless(ty, &item, false), *ty)
                }
                _ => (*ty, *ty),
            },
        };
        for place in self.places(left) {
            yes.narrow(&place, ty, is);
            no.narrow(&place, ty, not);
            if let (Some(belief), Some(values)) = (yes.beliefs.get(&place).copied(), &listed) {
                let item = self.world.join_all(values.iter().map(widen));
                let narrowed = self.without_none_unless(&belief, &item, false);
                yes.beliefs.insert(place, narrowed);
            }
        }
    }

    /// The types of the items of a container that lists them: a display, or a tuple of known length.
    fn listed_values(&mut self, right: &ast::Expr, container: &Type) -> Option<Vec<Type>> {
        let elts = match right {
            ast::Expr::Tuple(t) => &t.elts,
            ast::Expr::List(t) => &t.elts,
            ast::Expr::Set(t) => &t.elts,
            _ => {
                return match container {
                    Type::Tuple(items) => Some(items.to_vec()),
                    _ => None,
                };
            }
        };
        if elts.iter().any(ast::Expr::is_starred_expr) {
            return None;
        }
        Some(elts.iter().map(|elt| self.quiet_type(elt)).collect())
    }

    /// `len(t) == 2` and its like tell tuples apart by their length.
    fn learn_length(
        &mut self,
        expr: &ast::Expr,
        op: CompareOp,
        length: &Type,
        yes: &mut State,
        no: &mut State,
    ) {
        let (ast::Expr::Call(call), Type::Literal(Constant::Int(length))) = (expr, length) else {
            return;
        };
        let of_length = matches!(
            op,
            CompareOp::Eq
                | CompareOp::Ne
                | CompareOp::Lt
                | CompareOp::Le
                | CompareOp::Gt
                | CompareOp::Ge
        );
        if !of_length || call.arguments.args.len() != 1 || !self.is_builtin_name(&call.func, "len")
        {
            return;
        }
        let argument = &call.arguments.args[0];
        let places = self.places(argument);
        if places.is_empty() {
            return;
        }
        let ty = self.quiet_type(argument);
        if !ty.members().iter().any(|m| m.is_builtin("tuple")) {
            return;
        }
        let is = self.of_length(
            &ty,
            &|n| holds(op, n, *length),
            (op == CompareOp::Eq).then_some(*length),
        );
        let not = self.of_length(
            &ty,
            &|n| !holds(op, n, *length),
            (op == CompareOp::Ne).then_some(*length),
        );
        for place in places {
            yes.narrow(&place, &ty, is);
            no.narrow(&place, &ty, not);
        }
    }

    fn of_length(&self, ty: &Type, fits: &dyn Fn(i64) -> bool, exact: Option<i64>) -> Type {
        let members = ty.members().iter().filter_map(|member| match member {
            Type::Tuple(items) => {
                fits(i64::try_from(items.len()).unwrap_or(i64::MAX)).then_some(*member)
            }
            Type::Instance(c, args) | Type::Exact(c, args)
                if c.is_builtin("tuple") && args.len() == 1 =>
            {
                Some(match exact {
                    Some(n) if (0..=LONGEST_TUPLE).contains(&n) => {
                        Type::Tuple((0..n).map(|_| args[0]).collect())
                    }
                    _ => *member,
                })
            }
            other => Some(*other),
        });
        Type::union(members.collect::<Vec<_>>())
    }

    /// `type(x) is C`.
    fn type_condition(
        &mut self,
        left: &ast::Expr,
        op: CmpOp,
        right: &ast::Expr,
        span: TextRange,
    ) -> Option<Condition> {
        if !matches!(op, CmpOp::Is | CmpOp::Eq | CmpOp::IsNot | CmpOp::NotEq) {
            return None;
        }
        let (call, named) = match (self.type_call(left), self.type_call(right)) {
            (Some(call), None) => (call, right),
            (None, Some(call)) => (call, left),
            _ => return None,
        };
        let subject = &call.arguments.args[0];
        let class = self.class_named(named);
        let places = self.places(subject);
        let ty = self.quiet_type(subject);
        let l = self.expr(left, None);
        let r = self.expr(right, None);
        let test = self.compare(compare_op(op), l, r, true, span);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        if let Some(class) = class {
            let (is, _) = self.split_by_class(&ty, std::slice::from_ref(&class));
            // Of a class that cannot be subclassed every instance is exactly of it.
            let sealed = self.is_final(&class);
            let not = Type::union(
                ty.members()
                    .iter()
                    .filter(|m| {
                        let exact = matches!(m, Type::Exact(..)) || sealed;
                        !(exact && m.class() == Some(class))
                    })
                    .copied(),
            );
            let (same, other) = match op {
                CmpOp::Is | CmpOp::Eq => (&mut yes, &mut no),
                _ => (&mut no, &mut yes),
            };
            for place in places {
                // The test is by identity with whatever the name is bound to now: no more than a belief for what fields are read by.
                if self.world.is_laid_out(&class) {
                    same.narrow_in_doubt(&place, &ty, is);
                    other.narrow_in_doubt(&place, &ty, not);
                } else {
                    same.narrow(&place, &ty, is);
                    other.narrow(&place, &ty, not);
                }
            }
        }
        Some(Condition { test, yes, no })
    }

    /// Whether a comparison asks for the class of a value by `type`.
    pub(super) fn is_type_test(&self, compare: &ast::ExprCompare) -> bool {
        self.type_call(&compare.left).is_some() || self.type_call(&compare.comparators[0]).is_some()
    }

    fn type_call<'e>(&self, expr: &'e ast::Expr) -> Option<&'e ast::ExprCall> {
        match expr {
            ast::Expr::Call(call)
                if call.arguments.args.len() == 1
                    && call.arguments.keywords.is_empty()
                    && self.is_builtin_name(&call.func, "type") =>
            {
                Some(call)
            }
            _ => None,
        }
    }
}

/// Whether a type has one value, which `==` finds.
pub(super) fn is_single(ty: &Type) -> bool {
    match ty {
        Type::None | Type::EnumMember(..) => true,
        Type::Literal(c) => matches!(
            c,
            Constant::Bool(_)
                | Constant::Int(_)
                | Constant::BigInt(_)
                | Constant::Str(_)
                | Constant::Bytes(_)
        ),
        _ => false,
    }
}

/// Whether two constants of different classes are the same number: `1 == True`.
fn same_number(a: &Constant, b: &Constant) -> bool {
    let number = |c: &Constant| match c {
        Constant::Bool(v) => Some(i64::from(*v)),
        Constant::Int(v) => Some(*v),
        _ => None,
    };
    a != b && number(a).is_some() && number(a) == number(b)
}

/// The operator with its operands exchanged.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        other => other,
    }
}

fn holds(op: CompareOp, a: i64, b: i64) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        _ => a >= b,
    }
}
