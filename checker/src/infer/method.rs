//! Calls of methods: on instances, on unions, of special methods.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{FunctionInterface, FunctionKind, Member, Param};
use crate::rules::Rule;
use crate::tree::{Arg, Call, Callee, Expr, ExprKind};
use crate::types::{Name, Symbol, Type, Variable};

use super::attr::erase_top;
use super::bind::has_unpacking;
use super::cx::{Cx, make, object, range};
use super::expr::stub_type;
use super::literal_string::{as_plain, is_literal_text};
use super::world::{Lookup, erase, substitute, widen};

impl Cx<'_> {
    /// `receiver.name(args)` by name.
    pub fn named_call(
        &mut self,
        receiver: Expr,
        name: &str,
        args: Vec<Expr>,
        keywords: Vec<Name>,
        span: TextRange,
    ) -> Expr {
        let callee = Callee::ObjectMethod {
            name: Name::new(name),
            keywords,
        };
        let args = std::iter::once(object(receiver))
            .chain(args)
            .map(Arg::Value)
            .collect();
        make(ExprKind::Call(Call { callee, args }), Type::Dynamic, span)
    }

    /// A method call on an instance.
    pub fn method_call(
        &mut self,
        receiver: Expr,
        name: &str,
        at: TextRange,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let is_literal = is_literal_text(&receiver.ty);
        let e = self.certain_method_call(as_plain(receiver), name, at, call, span);
        match is_literal {
            true => self.of_literal_method(e, name, call),
            false => e,
        }
    }

    fn certain_method_call(
        &mut self,
        receiver: Expr,
        name: &str,
        at: TextRange,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let receiver = self.unprimitive(receiver);
        let receiver = self.on_trust(receiver);
        let stored = self.mangled(name);
        let ty = receiver.ty;
        let (class, args) = match &ty {
            Type::Instance(c, a) | Type::Exact(c, a) => (*c, a.to_vec()),
            Type::Tuple(items) => {
                let element = self.world.join_all(items.iter().map(widen));
                (Symbol::new("builtins", "tuple"), vec![element])
            }
            Type::Literal(_) | Type::EnumMember(..) => match widen(&ty).class() {
                Some(c) => (c, Vec::new()),
                None => return self.dynamic_method(receiver, &stored, call, span),
            },
            Type::Union(_) => return self.union_method(receiver, name, &stored, at, call, span),
            Type::None => {
                let callee = self.read_attribute(receiver, name, at, span);
                return self.call_anything(callee, call, span);
            }
            _ => return self.dynamic_method(receiver, &stored, call, span),
        };
        if &*class.module == "builtins" {
            // A method of a container may change what is in it.
            self.state.forget_items();
            if let Some(e) = self.builtin_method(&receiver, &class, &args, name, call, span) {
                return e;
            }
        }
        if &*class.module == "__static__" {
            if let Some(e) = self.array_method(&receiver, name, call, span) {
                return e;
            }
        }
        match self.world.member(&class, &args, &stored) {
            Lookup::Found {
                member: Member::Method(symbol),
                params,
                owner,
            } => {
                let Some(function) = self.world.function(&symbol) else {
                    return self.dynamic_method(receiver, &stored, call, span);
                };
                if !self.world.is_static_module(&owner.module) {
                    let e = self.dynamic_method(receiver, &stored, call, span);
                    if function.is_overloaded || function.is_decorated || function.is_async {
                        return e;
                    }
                    if function.returns == Type::Never {
                        let mut e = e;
                        e.ty = Type::Never;
                        return e;
                    }
                    let ty = erase(&stub_type(&substitute(&function.returns, &params)));
                    return if ty.is_dynamic() {
                        e
                    } else {
                        self.expect(e, &ty)
                    };
                }
                self.static_method_call(receiver, &class, &function, &params, &stored, call, span)
            }
            Lookup::Found { .. } | Lookup::Missing => {
                let callee = self.read_attribute(receiver, name, at, span);
                if callee.ty.is_dynamic() {
                    // Called by name at once, which is what an attribute that nothing is known of is for.
                    if let ExprKind::Attr(inner, _) = *callee.kind {
                        return self.dynamic_method(inner, &stored, call, span);
                    }
                }
                self.call_value(callee, call, span)
            }
            Lookup::Unknown => self.dynamic_method(receiver, &stored, call, span),
        }
    }

    pub(super) fn dynamic_method(
        &mut self,
        receiver: Expr,
        stored: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        if let Some(e) = self.typed_update(&receiver, stored, call, span) {
            return e;
        }
        let (receiver_type, certain) = (receiver.view(), receiver.ty);
        if has_unpacking(&call.arguments) {
            let callee = make(
                ExprKind::Attr(object(receiver), Name::new(stored)),
                Type::Dynamic,
                range(&*call.func),
            );
            let view = self.believed_method(&receiver_type, stored, &certain, call);
            let (e, given) = self.unpacked_call(callee, &call.arguments, span);
            return self.believe_call(e, &view, &given, call);
        }
        let view = self.believed_method(&receiver_type, stored, &certain, call);
        let (args, names) = self.object_args(&call.arguments);
        self.after_call();
        let given: Vec<Type> = args.iter().map(Expr::view).collect();
        let e = self.named_call(receiver, stored, args, names, span);
        self.believe_call(e, &view, &given, call)
    }

    /// What is believed of attribute `name` of a value that was seen as `receiver`; dynamic where that is nothing.
    pub(super) fn quiet_attribute(&self, receiver: &Type, name: &str) -> Type {
        match self.world.attribute(receiver, name) {
            crate::typing::Attribute::Found(found) => found.ty,
            _ => Type::Dynamic,
        }
    }

    /// What is believed of method `name` of a value that was seen as `receiver`.
    fn believed_method(
        &mut self,
        receiver: &Type,
        name: &str,
        certain: &Type,
        call: &ast::ExprCall,
    ) -> Type {
        let at = match &*call.func {
            ast::Expr::Attribute(attribute) => range(&attribute.attr),
            other => range(other),
        };
        let e = make(
            ExprKind::Constant(crate::types::Constant::None),
            Type::Dynamic,
            at,
        );
        self.believe_attribute(e, receiver, certain, name, at)
            .view()
    }

    #[allow(clippy::too_many_arguments)]
    fn static_method_call(
        &mut self,
        receiver: Expr,
        class: &Symbol,
        function: &FunctionInterface,
        params: &[(Variable, Type)],
        stored: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let shown = Name::new(stored);
        if function.is_decorated || function.is_overloaded {
            return self.dynamic_method(receiver, stored, call, span);
        }
        if has_unpacking(&call.arguments) || function.takes_items() {
            let e = self.dynamic_method(receiver, stored, call, span);
            return self.returned(e, function, params, &[]);
        }
        let own: Vec<Param> = match function.kind {
            FunctionKind::StaticMethod => function.params.clone(),
            _ => function.params.iter().skip(1).cloned().collect(),
        };
        let found = self.findings.len();
        let view = self.quiet_attribute(&receiver.view(), stored);
        let native = self.world.is_laid_out(class)
            && !function.is_async
            && !function.is_generator
            && !function.is_opted_out
            && function.kind == FunctionKind::Method;
        if native {
            let final_class = self.world.class(class).is_some_and(|c| c.is_final);
            let exact = matches!(receiver.ty, Type::Exact(..)) || function.is_final || final_class;
            let layout = self.world.layout(class);
            let slot = layout
                .as_ref()
                .and_then(|l| l.method(stored).map(|i| l.methods[i].clone()));
            let introduced = slot
                .as_ref()
                .and_then(|s| self.world.function(&s.introduced_by));
            let fits = introduced
                .as_ref()
                .is_some_and(|i| self.signatures_fit(function, i));
            if exact || fits {
                // The native signature: that of the function itself, or of the one that introduced the slot.
                let native_params: Vec<Param> = match (&introduced, exact) {
                    (Some(i), false) => i.params.iter().skip(1).cloned().collect(),
                    _ => own.clone(),
                };
                let bound = self.bind(&own, &call.arguments, &shown, params, span);
                self.after_call();
                let types = bound.solved.types(&call.arguments);
                let ty = erase(&substitute(
                    &substitute(&function.returns, params),
                    &bound.solved.variables,
                ));
                let mut args = vec![Arg::Value(receiver)];
                for (arg, native) in bound.args.into_iter().zip(&native_params) {
                    args.push(match arg {
                        Arg::Value(e) => Arg::Value(self.refit(e, &native.ty)),
                        Arg::Default(i) => Arg::Default(i + 1),
                    });
                }
                let (callee, returns) = if exact {
                    (
                        Callee::Direct {
                            function: function.symbol,
                        },
                        function.returns,
                    )
                } else {
                    let returns = introduced.map_or(Type::Dynamic, |i| i.returns);
                    (
                        Callee::Method {
                            class: *class,
                            slot: Name::new(stored),
                        },
                        returns,
                    )
                };
                let e = self.native_result(callee, args, &returns, &ty, span);
                let e = self.believe_generic(e, &view, &types, call, found);
                return self.with_stmts(bound.before, e);
            }
        }
        let (args, names, solved) =
            self.checked_object_args(&own, &call.arguments, &shown, params, span);
        self.after_call();
        let e = self.named_call(receiver, stored, args, names, span);
        let e = self.returned(e, function, params, &solved.variables);
        let types = solved.types(&call.arguments);
        self.believe_generic(e, &view, &types, call, found)
    }

    /// Whether arguments bound for `function` can be passed through a slot with the signature of `introduced`.
    fn signatures_fit(&self, function: &FunctionInterface, introduced: &FunctionInterface) -> bool {
        if function.symbol == introduced.symbol {
            return true;
        }
        function.params.len() == introduced.params.len()
            && !introduced.is_async
            && !introduced.is_generator
            && !introduced.is_decorated
            && function
                .params
                .iter()
                .zip(&introduced.params)
                .skip(1)
                .all(|(f, i)| {
                    f.kind == i.kind
                        && erase_top(&f.ty).held() == erase_top(&i.ty).held()
                        && self.world.assignable(&erase(&f.ty), &erase(&i.ty))
                        && (f.default.is_none() || f.default == i.default)
                })
    }

    fn union_method(
        &mut self,
        receiver: Expr,
        name: &str,
        stored: &str,
        at: TextRange,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let ty = receiver.ty;
        let rest = ty.without_none();
        if ty.includes_none() {
            let of_object = matches!(
                self.world
                    .member(&Symbol::new("builtins", "object"), &[], name),
                Lookup::Found { .. }
            );
            if !of_object {
                self.report_possibly_none(&receiver, &format!("attribute `{name}`"), at);
            }
            if !matches!(rest, Type::Union(_)) {
                // Go on as if it were not `None`: one error is enough.
                let receiver = self.expect(receiver, &rest);
                // A type variable is held as what it was: there is nothing to go on with.
                if receiver.ty == ty {
                    return self.dynamic_method(receiver, stored, call, span);
                }
                return self.method_call(receiver, name, at, call, span);
            }
        }
        let mut result = Type::Never;
        for member in rest.members() {
            let (class, args) = match member {
                Type::Instance(c, a) | Type::Exact(c, a) => (*c, a.to_vec()),
                _ => {
                    result = Type::Dynamic;
                    continue;
                }
            };
            let ty = match self.world.member(&class, &args, stored) {
                Lookup::Found {
                    member: Member::Method(symbol),
                    params,
                    owner,
                } => match self.world.function(&symbol) {
                    Some(f) if !f.is_overloaded && !f.is_decorated && !f.is_async => {
                        self.trusted(&owner, &erase(&substitute(&f.returns, &params)))
                    }
                    _ => Type::Dynamic,
                },
                Lookup::Missing => {
                    self.report(
                        Rule::UnresolvedAttribute,
                        at,
                        format!("`{member}`, which the value may be, has no attribute `{name}`"),
                    );
                    Type::Dynamic
                }
                _ => Type::Dynamic,
            };
            result = self.world.join(&result, &ty);
        }
        let e = self.dynamic_method(receiver, stored, call, span);
        if result == Type::Never || result.is_dynamic() {
            e
        } else {
            self.expect(e, &result)
        }
    }

    /// A special method of a laid-out class with evaluated arguments, called through its slot; nothing if that is not possible.
    pub fn special_call(
        &mut self,
        receiver: &Expr,
        class: &Symbol,
        type_args: &[Type],
        name: &str,
        args: Vec<Expr>,
        span: TextRange,
    ) -> Option<Expr> {
        let Lookup::Found {
            member: Member::Method(symbol),
            params,
            ..
        } = self.world.member(class, type_args, name)
        else {
            return None;
        };
        let function = self.world.function(&symbol)?;
        let layout = self.world.layout(class)?;
        let slot = layout.method(name)?;
        let introduced = self.world.function(&layout.methods[slot].introduced_by)?;
        let plain = !function.is_decorated
            && !function.is_overloaded
            && !function.is_async
            && !function.is_generator
            && function.kind == FunctionKind::Method;
        if !plain
            || function.params.len() != args.len() + 1
            || !self.signatures_fit(&function, &introduced)
        {
            return None;
        }
        let mut passed = Vec::new();
        for ((arg, own), native) in args
            .into_iter()
            .zip(&function.params[1..])
            .zip(&introduced.params[1..])
        {
            let wanted = erase(&substitute(&own.ty, &params));
            let why = super::convert::Why::Argument(Name::new(name), own.name);
            let arg = if wanted.is_dynamic() {
                let a = self.unprimitive(arg);
                object(a)
            } else {
                self.coerce(arg, &wanted, &why)
            };
            passed.push(self.refit(arg, &native.ty));
        }
        self.after_call();
        let ty = erase(&substitute(&function.returns, &params));
        self.slot_call(receiver.clone(), class, name, passed, &ty, span)
    }
}
