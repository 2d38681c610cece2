//! Conditions: their value as a bool, and what is known when they are true and when they are false.
//!
//! A condition narrows *places*: variables, chains of attributes and items from one ([`super::flow::Place`]). What a test says for certain is
//! known; what rests on a declaration (a field that discriminates, a function that is a type guard) is narrowed *in doubt*: believed for
//! diagnostics, and checked where it is read.
//!
//! Each kind of test has a file: classes ([`classes`]), equality, identity and membership ([`compare`]), what that says of the object around
//! ([`discriminate`]), truth ([`truth`]), type guards and `callable` ([`guard`]), patterns of `match` ([`pattern`]).

mod belief;
mod classes;
mod compare;
mod discriminate;
mod guard;
pub mod pattern;
mod protocols;
mod truth;
mod vouched;

use keelback_parser::ast::{self, BoolOp};
use keelback_parser::text_size::TextRange;

use crate::tree::{Expr, ExprKind};
use crate::types::{Constant, Symbol, Type};

use super::cx::{Cx, make, range};
use super::flow::{Place, Root, State};
use super::world::Resolved;

pub use truth::{falsy, truthy};

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
        self.testing += 1;
        let mut condition = self.certain_condition(expr);
        self.testing -= 1;
        if !condition.yes.beliefs.is_empty() || !condition.no.beliefs.is_empty() {
            self.narrow_beliefs(expr, &mut condition);
        }
        for state in [&mut condition.yes, &mut condition.no] {
            if std::mem::take(&mut state.supposed) {
                // Code must not be made from what somebody only says.
                self.fall_back("a branch that only a declaration rules out", range(expr));
            }
        }
        condition
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
            ast::Expr::Call(call) => self.call_condition(call, expr, span),
            _ => self.value_condition(expr),
        }
    }

    /// A value that is tested for its truth.
    fn value_condition(&mut self, expr: &ast::Expr) -> Condition {
        let value = self.expr(expr, None);
        let ty = match value.view() {
            guard @ Type::Guard(..) => guard,
            _ => value.ty,
        };
        let test = self.truth(value);
        let (yes, no) = self.after_value(expr, &ty);
        Condition { test, yes, no }
    }

    /// What is known after the value of `expr`, which is of type `ty`, was found true, and after it was found false.
    pub fn after_value(&mut self, expr: &ast::Expr, ty: &Type) -> (State, State) {
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        if let Type::Guard(of, both) = ty {
            self.after_guard(expr, of, *both, &mut yes, &mut no);
            return (yes, no);
        }
        for place in self.places(expr) {
            yes.narrow(&place, ty, truthy(ty));
            no.narrow(&place, ty, falsy(ty));
        }
        self.discriminate(expr, &|_, t| (truthy(t), falsy(t)), &mut yes, &mut no);
        (yes, no)
    }

    fn call_condition(
        &mut self,
        call: &ast::ExprCall,
        expr: &ast::Expr,
        span: TextRange,
    ) -> Condition {
        let args = call.arguments.args.len();
        if self.is_builtin_name(&call.func, "isinstance") {
            return self.isinstance_condition(call, span);
        }
        if args == 2 && self.is_builtin_name(&call.func, "issubclass") {
            return self.issubclass_condition(call, expr);
        }
        if args == 1 && self.is_builtin_name(&call.func, "callable") {
            return self.callable_condition(call, expr);
        }
        if args == 2 && self.is_builtin_name(&call.func, "hasattr") {
            return self.hasattr_condition(call, expr);
        }
        if args == 1 && self.is_builtin_name(&call.func, "bool") {
            let value = self.expr(expr, None);
            let test = self.truth(value);
            let ty = self.quiet_type(&call.arguments.args[0]);
            let (yes, no) = self.after_value(&call.arguments.args[0], &ty);
            return Condition { test, yes, no };
        }
        self.value_condition(expr)
    }

    fn known_condition(&mut self, truth: bool, span: TextRange) -> Condition {
        let test = make(
            ExprKind::Constant(Constant::Bool(truth)),
            Type::bool(),
            span,
        );
        let (live, dead) = (self.state.clone(), self.state.dead());
        let (yes, no) = if truth { (live, dead) } else { (dead, live) };
        Condition { test, yes, no }
    }

    fn bool_condition(&mut self, op: BoolOp, values: &[ast::Expr], span: TextRange) -> Condition {
        let mut whole = self.condition(&values[0]);
        for value in &values[1..] {
            match op {
                BoolOp::And => {
                    self.state = whole.yes;
                    let part = self.condition(value);
                    whole = Condition {
                        test: make(ExprKind::And(whole.test, part.test), Type::bool(), span),
                        yes: part.yes,
                        no: whole.no.join(&part.no, self.world),
                    };
                }
                BoolOp::Or => {
                    self.state = whole.no;
                    let part = self.condition(value);
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

    /// The places that hold the value of an expression: of `(a := b)` both.
    pub fn places(&self, expr: &ast::Expr) -> Vec<Place> {
        match expr {
            ast::Expr::Named(named) => {
                let mut places = self.places(&named.target);
                places.extend(self.places(&named.value));
                places
            }
            _ => self.place(expr).into_iter().collect(),
        }
    }

    /// What is known of a place, if it is a variable: without evaluating anything.
    pub fn variable_type(&self, place: &Place) -> Option<Type> {
        if let Some(fact) = self.state.facts.get(place) {
            return Some(*fact);
        }
        match place.root {
            Root::Local(id) if place.path.is_empty() => Some(self.storage(id)),
            _ => None,
        }
    }

    /// The type of an expression, without effects and findings.
    pub fn quiet_type(&mut self, expr: &ast::Expr) -> Type {
        self.quiet_expr(expr).0
    }

    /// What is believed of an expression, without effects and findings.
    pub fn quiet_view(&mut self, expr: &ast::Expr) -> Type {
        self.quiet_expr(expr).1
    }

    fn quiet_expr(&mut self, expr: &ast::Expr) -> (Type, Type) {
        if let ast::Expr::Name(_) = expr {
            let place = self.place(expr);
            if let Some(place) = place
                && let Some(ty) = self.variable_type(&place)
            {
                return (ty, self.state.beliefs.get(&place).copied().unwrap_or(ty));
            }
        }
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
        (e.ty, e.view())
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
                    // What a `type` statement makes is no class.
                    Resolved::Alias(Type::Instance(symbol, _))
                        if !self.world.is_alias_object(&self.module, name.id.as_str()) =>
                    {
                        Some(symbol)
                    }
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
}
