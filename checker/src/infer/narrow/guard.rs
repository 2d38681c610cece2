//! Functions that say something of their argument: user-defined type guards, `callable`, `hasattr`.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{FunctionInterface, Member, ParamKind};
use crate::rules::Rule;
use crate::types::{Constant, Type};

use super::super::cx::Cx;
use super::super::flow::State;
use super::super::function::has_receiver;
use super::super::world::{Lookup, is_value_class};
use super::Condition;

impl Cx<'_> {
    /// What a call of a type guard says of its first argument. It is only said: reads of the place are checked.
    pub(super) fn after_guard(
        &mut self,
        expr: &ast::Expr,
        of: &Type,
        both: bool,
        yes: &mut State,
        no: &mut State,
    ) {
        let call = match expr {
            ast::Expr::Call(call) => call,
            ast::Expr::Named(named) => return self.after_guard(&named.value, of, both, yes, no),
            ast::Expr::Await(node) => return self.after_guard(&node.value, of, both, yes, no),
            _ => return,
        };
        let keyword = call.arguments.keywords.first().map(|k| &k.value);
        let Some(argument) = call.arguments.args.first().or(keyword) else {
            return;
        };
        let places = self.places(argument);
        if places.is_empty() {
            return;
        }
        let ty = self.quiet_type(argument);
        let (is, not) = if both {
            self.split_by_type(&ty, of)
        } else {
            (*of, ty)
        };
        let split = |seen: &Type| match both {
            true => self.split_belief(seen, of),
            false => (*of, *seen),
        };
        for place in places {
            yes.narrow_in_doubt(&place, &ty, is);
            no.narrow_in_doubt(&place, &ty, not);
            self.narrow_belief(&place, &split, yes, no);
        }
    }

    /// What a value of type `ty` is when it is of type `of`, and when it is not.
    pub(super) fn split_by_type(&self, ty: &Type, of: &Type) -> (Type, Type) {
        let (mut yes, mut no) = (Type::Never, Type::Never);
        let whole = if of
            .members()
            .iter()
            .any(|m| matches!(m, Type::EnumMember(..) | Type::Literal(_)))
        {
            self.world.expanded(ty)
        } else {
            *ty
        };
        for member in whole.members() {
            if matches!(member, Type::Dynamic) {
                yes = self.world.join(&yes, of);
                no = Type::Dynamic;
                continue;
            }
            if self.world.assignable(member, of) && !matches!(member, Type::TypeVar(..)) {
                yes = self.world.join(&yes, member);
                continue;
            }
            no = self.world.join(&no, member);
            for part in of.members() {
                if self.world.assignable(part, member) {
                    yes = self.world.join(&yes, part);
                } else if self.world.may_overlap(part, member) && !self.are_disjoint(part, member) {
                    // A value of both: a subclass of the two, of which only what either says could be said.
                    yes = self.world.join(&yes, part);
                }
            }
        }
        (yes, no)
    }

    /// The same of a belief: where one of its members is what the guard says, that is meant, and not what a type variable may stand for.
    fn split_belief(&self, seen: &Type, of: &Type) -> (Type, Type) {
        let (is, not) = self.split_by_type(seen, of);
        let is_variable = |member: &&Type| matches!(member, Type::TypeVar(_));
        if !seen.members().iter().any(|member| is_variable(&member)) {
            return (is, not);
        }
        let others = seen.members().iter().filter(|member| !is_variable(member));
        let meant = self.split_by_type(&Type::union(others.copied()), of).0;
        match meant {
            Type::Never => (is, not),
            meant => (meant, not),
        }
    }

    /// Whether no value can be of both types: a class of either can have no common subclass.
    fn are_disjoint(&self, a: &Type, b: &Type) -> bool {
        let (Some(x), Some(y)) = (a.class(), b.class()) else {
            return matches!((a, b), (Type::None, _) | (_, Type::None));
        };
        let sealed = |symbol| is_value_class(symbol) || self.is_final(symbol);
        (sealed(&x) || sealed(&y))
            && self.world.is_subclass(&x, &y) == Some(false)
            && self.world.is_subclass(&y, &x) == Some(false)
    }

    /// Reports a type guard that cannot say anything of an argument: it has none by position, or one that can never be what the guard says.
    pub fn check_guard(&mut self, function: &FunctionInterface, at: TextRange) {
        let Type::Guard(of, both) = function.returns else {
            return;
        };
        let kind = if both { "TypeIs" } else { "TypeGuard" };
        let subject = function
            .params
            .iter()
            .filter(|p| {
                matches!(
                    p.kind,
                    ParamKind::PositionalOnly | ParamKind::Positional | ParamKind::VarPositional
                )
            })
            .nth(usize::from(has_receiver(function.kind)));
        let message = match subject {
            None => format!("A `{kind}` says something of its first argument, and this takes none"),
            Some(subject) if both && !self.world.assignable(&of, &subject.ty) => format!(
                "`TypeIs[{of}]` narrows `{}`, which is `{}` and never that",
                subject.name, subject.ty
            ),
            Some(_) => return,
        };
        let reachable = std::mem::replace(&mut self.state.reachable, true);
        self.report(Rule::InvalidTypeGuard, at, message);
        self.state.reachable = reachable;
    }

    /// `callable(x)`.
    pub(super) fn callable_condition(
        &mut self,
        call: &ast::ExprCall,
        expr: &ast::Expr,
    ) -> Condition {
        let argument = &call.arguments.args[0];
        let ty = self.quiet_type(argument);
        let value = self.expr(expr, None);
        let test = self.truth(value);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        let (is, not) = self.split_callable(&ty);
        for place in self.places(argument) {
            yes.narrow_in_doubt(&place, &ty, is);
            no.narrow_in_doubt(&place, &ty, not);
            let split = |seen: &Type| self.split_callable(seen);
            self.narrow_belief(&place, &split, &mut yes, &mut no);
        }
        Condition { test, yes, no }
    }

    fn split_callable(&self, ty: &Type) -> (Type, Type) {
        let any = Type::any_callable();
        let (mut yes, mut no) = (Type::Never, Type::Never);
        for member in ty.members() {
            let (is, not) = match member {
                Type::Function(_)
                | Type::Method(..)
                | Type::Class(_)
                | Type::ClassOf(_)
                | Type::Callable(_)
                | Type::Overloaded(_) => (*member, Type::Never),
                Type::Dynamic => (Type::Dynamic, Type::Dynamic),
                Type::TypeVar(..) => (*member, *member),
                Type::Instance(c, _) if c.is_builtin("object") => (any, *member),
                Type::Instance(c, a) | Type::Exact(c, a) => {
                    match self.world.member(c, a, "__call__") {
                        Lookup::Found {
                            member: Member::Method(_),
                            ..
                        } => (*member, Type::Never),
                        Lookup::Missing if is_value_class(c) || self.is_final(c) => {
                            (Type::Never, *member)
                        }
                        Lookup::Missing => (Type::Dynamic, *member),
                        _ => (*member, *member),
                    }
                }
                _ => (Type::Never, *member),
            };
            // A subclass that can be called is not said to be anything else while there are members that can.
            if !(is == Type::Dynamic && *member != Type::Dynamic && yes != Type::Never) {
                yes = if yes == Type::Dynamic && *member != Type::Dynamic && is != Type::Never {
                    is
                } else {
                    self.world.join(&yes, &is)
                };
            }
            no = self.world.join(&no, &not);
        }
        (yes, no)
    }

    /// `hasattr(x, "name")`: of a union, the members that have it; of anything else nothing is known then.
    pub(super) fn hasattr_condition(
        &mut self,
        call: &ast::ExprCall,
        expr: &ast::Expr,
    ) -> Condition {
        let argument = &call.arguments.args[0];
        let ty = self.quiet_type(argument);
        let name = self.quiet_type(&call.arguments.args[1]);
        let value = self.expr(expr, None);
        let test = self.truth(value);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        if let Type::Literal(Constant::Str(name)) = name {
            let with: Vec<Type> = ty
                .members()
                .iter()
                .filter(|m| self.attribute_type(m, name).is_some())
                .copied()
                .collect();
            let is = if with.is_empty() {
                Type::Dynamic
            } else {
                Type::union(with)
            };
            for place in self.places(argument) {
                yes.narrow_in_doubt(&place, &ty, is);
                self.believe_attributed(&place, &ty, name, &mut yes, &mut no);
            }
        }
        Condition { test, yes, no }
    }
}
