//! `super()` in a method, and what is called on it.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{FunctionKind, Member, Param};
use crate::rules::Rule;
use crate::tree::{Arg, Assumption, Callee, Expr};
use crate::types::{Name, Symbol, Type, Variable};

use super::bind::has_unpacking;
use super::cx::{Cx, none, object, range};
use super::world::{Lookup, erase, substitute};

impl Cx<'_> {
    /// `super().name(...)` in a method.
    pub(super) fn super_call(&mut self, name: &str, call: &ast::ExprCall, span: TextRange) -> Expr {
        let (Some(class), Some(function)) = (self.class, self.function.clone()) else {
            return self.generic_call(call, None);
        };
        let Some(first) = self
            .locals
            .first()
            .map(|l| (l.name, l.ty))
            .filter(|_| !function.params.is_empty())
        else {
            return self.generic_call(call, None);
        };
        let id = crate::tree::LocalId(0);
        let receiver = self.read_local(id, &first.0, span);
        let interface = self.world.class(&class);
        let bases: Vec<Type> = interface.map(|c| c.bases.clone()).unwrap_or_default();
        let mut found: Option<(Symbol, Member, Vec<(Variable, Type)>)> = None;
        let mut unknown = false;
        for base in &bases {
            match base {
                Type::Instance(s, a) | Type::Exact(s, a) => match self.world.member(s, a, name) {
                    Lookup::Found {
                        owner,
                        member,
                        params,
                    } => {
                        found = Some((owner, member, params));
                        break;
                    }
                    Lookup::Unknown => {
                        unknown = true;
                        break;
                    }
                    Lookup::Missing => {}
                },
                _ => {
                    unknown = true;
                    break;
                }
            }
        }
        if found.is_none() && !unknown {
            // Every class has `object` behind it.
            match self
                .world
                .member(&Symbol::new("builtins", "object"), &[], name)
            {
                Lookup::Found {
                    owner,
                    member,
                    params,
                } => found = Some((owner, member, params)),
                _ => {
                    self.report(
                        Rule::UnresolvedAttribute,
                        range(&*call.func),
                        format!("No base class of `{}` has `{name}`", class.name()),
                    );
                }
            }
        }
        self.assume_builtin("super");
        if let Some((owner, Member::Method(symbol), _)) = &found {
            self.check_super_call(owner, symbol, range(&*call.func));
        }
        if let Some((owner, Member::Method(symbol), params)) = &found {
            if owner.is_builtin("object")
                && name == "__init__"
                && call.arguments.is_empty()
                && self.world.is_laid_out(&class)
                && bases.iter().all(|b| b.is_builtin("object"))
            {
                // `object.__init__` of an instance does nothing.
                self.assume_super(&class, owner);
                return none(span);
            }
            if let Some(f) = self
                .world
                .function(symbol)
                .filter(|_| self.world.is_static_module(&owner.module))
            {
                let direct = self.world.is_laid_out(owner)
                    && self.world.is_laid_out(&class)
                    && !f.is_decorated
                    && !f.is_overloaded
                    && !f.is_async
                    && !f.is_generator
                    && !f.is_opted_out
                    && f.kind == FunctionKind::Method
                    && function.kind != FunctionKind::ClassMethod
                    && function.kind != FunctionKind::StaticMethod
                    && bases.len() == 1
                    && !has_unpacking(&call.arguments);
                let own: Vec<Param> = f.params.iter().skip(1).cloned().collect();
                let shown = Name::new(name);
                if direct {
                    self.assume_super(&class, owner);
                    let bound = self.bind(&own, &call.arguments, &shown, params, span);
                    self.after_call();
                    let ty = erase(&substitute(
                        &substitute(&f.returns, params),
                        &bound.solved.variables,
                    ));
                    let mut args = vec![Arg::Value(receiver)];
                    for arg in bound.args {
                        args.push(match arg {
                            Arg::Value(e) => Arg::Value(e),
                            Arg::Default(i) => Arg::Default(i + 1),
                        });
                    }
                    let callee = Callee::Direct { function: *symbol };
                    let e = self.native_result(callee, args, &f.returns, &ty, span);
                    return self.with_stmts(bound.before, e);
                }
                if !f.is_decorated
                    && !f.is_overloaded
                    && !has_unpacking(&call.arguments)
                    && f.kind != FunctionKind::StaticMethod
                {
                    let proxy = self.super_object(&class, receiver, span);
                    let (args, names, solved) =
                        self.checked_object_args(&own, &call.arguments, &shown, params, span);
                    self.after_call();
                    let e = self.named_call(proxy, name, args, names, span);
                    return self.returned(e, &f, params, &solved.variables);
                }
            }
        }
        let proxy = self.super_object(&class, receiver, span);
        self.dynamic_method(proxy, name, call, span)
    }

    /// Relies on `super()` in a method of `class` finding what `owner` has, whatever the receiver's class is.
    fn assume_super(&mut self, class: &Symbol, owner: &Symbol) {
        self.assume(Assumption::Super {
            class: *class,
            owner: *owner,
        });
    }

    /// Reports a call of an abstract method without a body that has to give something.
    fn check_super_call(&mut self, owner: &Symbol, method: &Symbol, at: TextRange) {
        let Some(function) = self.world.function(method) else {
            return;
        };
        let gives = function.returns_annotated
            && !function.returns.is_dynamic()
            && !self.world.assignable(&Type::None, &function.returns);
        let is_source = self.world.is_static_module(&owner.module);
        if function.is_abstract && function.is_empty && gives && is_source {
            self.report(
                Rule::AbstractCall,
                at,
                format!(
                    "`{}` is abstract in `{}`, without a body that gives a `{}`",
                    method.name(),
                    owner.name(),
                    function.returns
                ),
            );
        }
    }

    /// `super(C, self)`, for a class that a module-level name is bound to.
    fn super_object(&mut self, class: &Symbol, receiver: Expr, span: TextRange) -> Expr {
        if class.qualname.contains('.') {
            self.fall_back("`super()` in a nested class", span);
        }
        let super_class = self.global_object("super", Type::Dynamic, span);
        let own = self.global_object(class.name(), Type::Dynamic, span);
        self.assume(Assumption::Class {
            binding: self.binding(class.name()),
            class: *class,
        });
        self.call_object(super_class, vec![own, object(receiver)], Vec::new(), span)
    }
}
