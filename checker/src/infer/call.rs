//! Calls: what is called, and how.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{FunctionInterface, FunctionKind, Member, Param};
use crate::rules::Rule;
use crate::tree::{Arg, Assumption, Binding, Call, Callee, Expr, ExprKind};
use crate::types::{Name, Symbol, Type, Variable};

use super::attr::erase_top;
use super::bind::has_unpacking;
use super::cx::{Cx, known, make, none, object, range};
use super::expr::stub_type;
use super::world::{Lookup, Resolved, erase, substitute, widen};

impl Cx<'_> {
    /// A call.
    pub fn call(&mut self, call: &ast::ExprCall, expected: Option<&Type>) -> Expr {
        let outer = std::mem::replace(&mut self.wanted, expected.copied());
        let e = self.call_inside(call, expected);
        self.wanted = outer;
        e
    }

    fn call_inside(&mut self, call: &ast::ExprCall, expected: Option<&Type>) -> Expr {
        let span = range(call);
        self.check_form_call(call);
        match &*call.func {
            ast::Expr::Name(name) => {
                let id = name.id.as_str();
                if self.local(id).is_some() || self.names.nonlocals.contains(id) {
                    return self.value_call(call, span);
                }
                if id == "reveal_type" || id == "assert_type" {
                    if let Some(e) = self.question(id, call, span) {
                        return e;
                    }
                }
                let (resolved, is_builtin) = self.world.global(&self.module, id);
                self.note_deprecated_name(id, range(name));
                match resolved {
                    Resolved::Static(name) => self.static_call(&name, call, expected, span),
                    Resolved::Typing(name) => self.typing_call(&name, call, expected, span),
                    Resolved::Function(symbol) if is_builtin => {
                        self.builtin_call(symbol.name(), &symbol.clone(), call, expected, span)
                    }
                    Resolved::Class(symbol) if is_builtin => self.builtin_class_call(
                        symbol.name(),
                        &symbol.clone(),
                        call,
                        expected,
                        span,
                    ),
                    Resolved::Function(symbol) => {
                        let binding = self.binding(id);
                        self.function_call(binding, &symbol, call, span)
                    }
                    Resolved::Class(symbol) if &*symbol.module == "builtins" => {
                        self.generic_call(call, None)
                    }
                    Resolved::Class(symbol) => {
                        let binding = self.binding(id);
                        self.construct(binding, &symbol, call, expected, span)
                    }
                    _ if is_builtin && id == "super" => self.generic_call(call, None),
                    _ => self.value_call(call, span),
                }
            }
            ast::Expr::Attribute(attribute) => self.attribute_call(attribute, call, expected, span),
            ast::Expr::Subscript(subscript) => self.subscript_call(subscript, call, expected, span),
            _ => self.value_call(call, span),
        }
    }

    /// A call of a value.
    pub(super) fn value_call(&mut self, call: &ast::ExprCall, span: TextRange) -> Expr {
        let outer = std::mem::replace(&mut self.is_called, call.func.is_subscript_expr());
        let callee = self.expr(&call.func, None);
        self.is_called = outer;
        self.call_value(callee, call, span)
    }

    /// A call of an evaluated value.
    pub fn call_value(&mut self, callee: Expr, call: &ast::ExprCall, span: TextRange) -> Expr {
        let callee = self.on_trust(callee);
        let ty = callee.ty;
        match &ty {
            Type::Function(symbol) => {
                if let Some(function) = self.world.function(symbol) {
                    let plain = self.world.is_static_module(&symbol.module)
                        && !function.is_decorated
                        && !function.is_overloaded
                        && matches!(
                            function.kind,
                            FunctionKind::Function | FunctionKind::StaticMethod
                        );
                    let is_open = has_unpacking(&call.arguments) || function.takes_items();
                    if plain && !is_open {
                        let name = Name::new(symbol.name());
                        let found = self.findings.len();
                        let (args, names, solved) = self.checked_object_args(
                            &function.params,
                            &call.arguments,
                            &name,
                            &[],
                            span,
                        );
                        self.after_call();
                        let e = self.call_object(callee, args, names, span);
                        let e = self.returned(e, &function, &[], &solved.variables);
                        let types = solved.types(&call.arguments);
                        return self.believe_generic(e, &ty, &types, call, found);
                    }
                }
                self.call_anything(callee, call, span)
            }
            Type::Callable(signature) => {
                let returns = erase(&signature.returns);
                let plain: Option<Vec<Type>> = signature.as_plain().map(Iterator::collect);
                if let (Some(params), false) = (plain, has_unpacking(&call.arguments)) {
                    let given = call.arguments.args.len();
                    if call.arguments.keywords.is_empty() && given != params.len() {
                        let rule = if given > params.len() {
                            Rule::TooManyArguments
                        } else {
                            Rule::MissingArgument
                        };
                        self.report(
                            rule,
                            span,
                            format!(
                                "The callable takes {} arguments, but {given} are given",
                                params.len()
                            ),
                        );
                    } else if call.arguments.keywords.is_empty() {
                        let params: Vec<Param> = params
                            .iter()
                            .map(|ty| Param {
                                name: Name::new(""),
                                kind: crate::interface::ParamKind::PositionalOnly,
                                ty: *ty,
                                annotated: true,
                                default: None,
                            })
                            .collect();
                        let shown = Name::new(self.text(range(&*call.func)));
                        let (args, names, _) =
                            self.checked_object_args(&params, &call.arguments, &shown, &[], span);
                        self.after_call();
                        let e = self.call_object(callee, args, names, span);
                        return self.expect(e, &returns);
                    }
                }
                let e = self.call_anything(callee, call, span);
                self.expect(e, &returns)
            }
            Type::Class(symbol) => {
                let e = self.call_anything(callee, call, span);
                if self.world.is_static_module(&symbol.module) && self.makes_instances(symbol) {
                    self.expect(e, &Type::Instance(*symbol, [].into()))
                } else {
                    e
                }
            }
            Type::Instance(class, args) | Type::Exact(class, args) => {
                match self.world.member(class, args, "__call__") {
                    Lookup::Missing => {
                        self.not_callable(&ty, range(&*call.func));
                        self.call_anything(callee, call, span)
                    }
                    Lookup::Found {
                        member: Member::Method(_),
                        ..
                    } if self.world.is_laid_out(class) => {
                        self.method_call(callee, "__call__", range(&*call.func), call, span)
                    }
                    _ => self.call_anything(callee, call, span),
                }
            }
            Type::Union(_) if ty.includes_none() => {
                let text = self.text(range(&*call.func)).to_owned();
                self.report_with(
                    Rule::PossiblyNone,
                    range(&*call.func),
                    format!("`{text}` may be `None`, which cannot be called"),
                    vec!["Test it with `is not None` first".to_owned()],
                );
                self.call_anything(callee, call, span)
            }
            Type::EnumMember(..) => {
                let wide = widen(&ty);
                self.call_value(known(callee, wide), call, span)
            }
            Type::None
            | Type::Literal(_)
            | Type::Tuple(_)
            | Type::Primitive(_)
            | Type::Module(_) => {
                self.not_callable(&ty, range(&*call.func));
                self.call_anything(callee, call, span)
            }
            _ => self.call_anything(callee, call, span),
        }
    }

    fn not_callable(&mut self, ty: &Type, at: TextRange) {
        self.report(
            Rule::NotCallable,
            at,
            format!("`{}` cannot be called", widen(ty)),
        );
    }

    /// A call of a callable object of which nothing is used.
    pub fn generic_call(&mut self, call: &ast::ExprCall, callee: Option<Expr>) -> Expr {
        let span = range(call);
        let callee = match callee {
            Some(e) => e,
            None => self.expr(&call.func, None),
        };
        self.call_anything(callee, call, span)
    }

    pub(super) fn call_anything(
        &mut self,
        callee: Expr,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let callee = self.unprimitive(callee);
        let view = callee.view();
        if matches!(view, Type::Instance(..) | Type::Exact(..)) {
            self.note_deprecated_special(&view, "__call__", span);
        }
        if has_unpacking(&call.arguments) {
            let (e, given) = self.unpacked_call(object(callee), &call.arguments, span);
            return self.believe_call(e, &view, &given, call);
        }
        let (args, names) = self.object_args(&call.arguments);
        self.after_call();
        let given: Vec<Type> = args.iter().map(Expr::view).collect();
        let e = self.call_object(callee, args, names, span);
        self.believe_call(e, &view, &given, call)
    }

    /// A call of an object with evaluated arguments.
    pub fn call_object(
        &mut self,
        callee: Expr,
        args: Vec<Expr>,
        keywords: Vec<Name>,
        span: TextRange,
    ) -> Expr {
        let callee = Callee::Object {
            callee: object(callee),
            keywords,
        };
        let args = args.into_iter().map(Arg::Value).collect();
        make(ExprKind::Call(Call { callee, args }), Type::Dynamic, span)
    }

    /// `callee(*a, **b)`, and what was seen of the arguments, those that are unpacked as they are.
    pub(super) fn unpacked_call(
        &mut self,
        callee: Expr,
        arguments: &ast::Arguments,
        span: TextRange,
    ) -> (Expr, Vec<Type>) {
        let mut given: Vec<Type> = Vec::new();
        // Pieces of the positional arguments: runs of plain ones, and what is unpacked.
        let mut whole: Option<Expr> = None;
        let mut run: Vec<Expr> = Vec::new();
        let tuple = |items: Vec<Expr>| {
            make(
                ExprKind::Tuple(items),
                Type::exact_builtin("tuple", [Type::Dynamic]),
                span,
            )
        };
        let add = |a: Option<Expr>, b: Expr| match a {
            None => b,
            Some(a) => make(
                ExprKind::Binary {
                    op: crate::tree::BinaryOp::Add,
                    left: a,
                    right: b,
                    in_place: false,
                },
                Type::exact_builtin("tuple", [Type::Dynamic]),
                span,
            ),
        };
        for arg in &arguments.args {
            if let ast::Expr::Starred(starred) = arg {
                let value = self.expr(&starred.value, None);
                self.items_of(&value, range(arg));
                given.push(value.view());
                let value = self.intrinsic(
                    "tuple",
                    vec![object(value)],
                    Type::exact_builtin("tuple", [Type::Dynamic]),
                    span,
                );
                if !run.is_empty() {
                    whole = Some(add(whole, tuple(std::mem::take(&mut run))));
                }
                whole = Some(add(whole, value));
            } else {
                let e = self.expr(arg, None);
                given.push(e.view());
                let e = self.unprimitive(e);
                run.push(object(e));
            }
        }
        if !run.is_empty() || whole.is_none() {
            whole = Some(add(whole, tuple(run)));
        }
        let plain = arguments
            .keywords
            .iter()
            .filter(|k| k.arg.is_some())
            .count();
        let unpacked = arguments.keywords.len() - plain;
        let keywords = if unpacked == 0 {
            if plain == 0 {
                none(span)
            } else {
                let mut pairs = Vec::new();
                for keyword in &arguments.keywords {
                    let e = self.expr(&keyword.value, None);
                    given.push(e.view());
                    let e = self.unprimitive(e);
                    let name = keyword.arg.as_ref().map_or("", |n| n.as_str());
                    let key = super::cx::constant(crate::types::Constant::Str(name.into()), span);
                    pairs.push((key, object(e)));
                }
                make(ExprKind::Dict(pairs), Type::builtin("dict"), span)
            }
        } else {
            let mut last = none(span);
            for keyword in &arguments.keywords {
                let e = self.expr(&keyword.value, None);
                given.push(e.view());
                last = object(e);
            }
            if arguments.keywords.len() > 1 || !last.ty.is_builtin("dict") {
                self.fall_back("a call with `**`", span);
            }
            last
        };
        self.after_call();
        let args = whole
            .into_iter()
            .chain([keywords])
            .map(Arg::Value)
            .collect();
        let e = make(
            ExprKind::Call(Call {
                callee: Callee::Unpacked { callee },
                args,
            }),
            Type::Dynamic,
            span,
        );
        (e, given)
    }

    /// The result of a dynamic call of a function whose declaration is known.
    pub(super) fn returned(
        &mut self,
        e: Expr,
        function: &FunctionInterface,
        params: &[(Variable, Type)],
        solved: &[(Variable, Type)],
    ) -> Expr {
        if function.is_async && !function.is_generator {
            let result = erase(&substitute(&substitute(&function.returns, params), solved));
            let ty = self.coroutine(result);
            return known(e, ty);
        }
        let declared = substitute(&substitute(&function.returns, params), solved);
        let ty = match self.returned_by.get(&function.symbol) {
            Some(returned) if !function.returns_annotated && !function.is_generator => *returned,
            _ => erase(&declared),
        };
        if ty == Type::Never {
            return self.never(e);
        }
        if function.is_generator {
            return known(e, ty).believed(declared);
        }
        if ty.is_dynamic() {
            e.believed(declared)
        } else {
            self.expect(e, &ty).believed(declared)
        }
    }

    /// The result of a static call, whose value has the native type that `function` declares.
    pub(super) fn native_result(
        &mut self,
        callee: Callee,
        args: Vec<Arg>,
        native: &Type,
        ty: &Type,
        span: TextRange,
    ) -> Expr {
        let mut e = make(
            ExprKind::Call(Call { callee, args }),
            erase_top(native),
            span,
        );
        if erase(&e.ty) == *ty {
            // Variables of the function mean nothing outside of it.
            e.ty = *ty;
        }
        if e.ty == *ty { e } else { self.expect(e, ty) }
    }

    /// A call of function `symbol` through a binding.
    pub fn function_call(
        &mut self,
        binding: Binding,
        symbol: &Symbol,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let Some(function) = self.world.function(symbol) else {
            return self.value_call(call, span);
        };
        if !self.world.is_static_module(&symbol.module) {
            return self.library_call(&binding, symbol, &function, call, span);
        }
        let is_open = has_unpacking(&call.arguments) || function.takes_items();
        if function.is_decorated || function.is_overloaded || is_open {
            let callee = self.expr(&call.func, None);
            let e = self.call_anything(callee, call, span);
            return if function.is_decorated || function.is_overloaded {
                e
            } else {
                self.returned(e, &function, &[], &[])
            };
        }
        let name = Name::new(symbol.name());
        if function.is_opted_out {
            // Its parameters are not checked, so any arguments are right.
            let callee = self.expr(&call.func, None);
            return self.call_anything(callee, call, span);
        }
        let found = self.findings.len();
        let view = Type::Function(*symbol);
        if function.is_async || function.is_generator {
            let callee = self.expr(&call.func, None);
            let (args, names, solved) =
                self.checked_object_args(&function.params, &call.arguments, &name, &[], span);
            self.after_call();
            let e = self.call_object(callee, args, names, span);
            let e = self.returned(e, &function, &[], &solved.variables);
            let types = solved.types(&call.arguments);
            return self.believe_generic(e, &view, &types, call, found);
        }
        let bound = self.bind(&function.params, &call.arguments, &name, &[], span);
        self.after_call();
        let types = bound.solved.types(&call.arguments);
        let declared = substitute(&function.returns, &bound.solved.variables);
        let ty = erase(&declared);
        let callee = Callee::Function {
            binding,
            function: *symbol,
        };
        let e = self
            .native_result(callee, bound.args, &function.returns, &ty, span)
            .believed(declared);
        let e = self.believe_generic(e, &view, &types, call, found);
        self.with_stmts(bound.before, e)
    }

    /// A call of a function of a stub.
    fn library_call(
        &mut self,
        binding: &Binding,
        symbol: &Symbol,
        function: &FunctionInterface,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        if let Some(e) = self.library_intrinsic(binding, &symbol.module, symbol.name(), call, span)
        {
            return e;
        }
        if matches!(
            (&*symbol.module, symbol.name()),
            ("sys", "_getframe" | "_getframemodulename") | ("inspect", "currentframe" | "stack")
        ) {
            self.fall_back("a look at its own frame", span);
        }
        let callee = self.expr(&call.func, None);
        let e = self.call_anything(callee, call, span);
        if function.is_overloaded || function.is_decorated || function.is_async {
            return e;
        }
        if function.returns == Type::Never {
            return self.never(e);
        }
        let ty = &function.returns;
        let float = ty.is_builtin("float")
            && matches!(&*symbol.module, "math" | "time" | "random" | "timeit");
        let ty = if float {
            Type::float()
        } else {
            erase(&stub_type(ty))
        };
        if ty.is_dynamic() {
            e
        } else {
            self.expect(e, &ty)
        }
    }

    /// `value.name(...)`.
    fn attribute_call(
        &mut self,
        attribute: &ast::ExprAttribute,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let name = attribute.attr.as_str();
        let at = range(&attribute.attr);
        if let ast::Expr::Call(inner) = &*attribute.value {
            if self.is_builtin_name(&inner.func, "super") && inner.arguments.is_empty() {
                return self.super_call(name, call, span);
            }
        }
        let value = self.expr(&attribute.value, None);
        let stored = self.mangled(name);
        self.note_deprecated_attribute(&value.view(), &stored, false, at);
        match value.ty {
            Type::Module(module) => {
                self.module_call(value, &module, attribute, call, expected, span)
            }
            Type::Class(class) => self.class_call(value, &class, attribute, call, span),
            _ => {
                // A chain that is narrowed to something callable is called as a value.
                let place = self.attribute_place(attribute);
                if place.as_ref().is_some_and(|p| self.state.knows(p)) {
                    let callee = self.read_place(value, name, at, place, span);
                    return self.call_value(callee, call, span);
                }
                self.method_call(value, name, at, call, span)
            }
        }
    }

    fn module_call(
        &mut self,
        value: Expr,
        module: &Name,
        attribute: &ast::ExprAttribute,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let name = attribute.attr.as_str();
        let simple = match &*attribute.value {
            ast::Expr::Name(n) if self.local(n.id.as_str()).is_none() => Some(n.id.to_string()),
            _ => None,
        };
        let resolved = self.world.export(module, name);
        if let Some(own) = simple {
            let binding = Binding {
                module: *module,
                name: Name::new(name),
            };
            let assumption = Assumption::Module {
                binding: self.binding(&own),
                module: *module,
            };
            match &resolved {
                Resolved::Function(symbol) => {
                    let symbol = *symbol;
                    if self.world.is_static_module(&symbol.module)
                        || self.has_library_intrinsic(&symbol)
                    {
                        self.assume(assumption);
                    }
                    return self.function_call(binding, &symbol, call, span);
                }
                Resolved::Class(symbol) if self.world.is_static_module(&symbol.module) => {
                    let symbol = *symbol;
                    self.assume(assumption);
                    return self.construct(binding, &symbol, call, expected, span);
                }
                Resolved::Static(name) => {
                    let name = *name;
                    return self.static_call(&name, call, expected, span);
                }
                Resolved::Typing(name) => {
                    let name = *name;
                    return self.typing_call(&name, call, expected, span);
                }
                _ => {}
            }
        }
        let callee = self.read_attribute(value, name, range(&attribute.attr), range(attribute));
        self.call_value(callee, call, span)
    }

    /// `C.name(...)`.
    fn class_call(
        &mut self,
        value: Expr,
        class: &Symbol,
        attribute: &ast::ExprAttribute,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let name = attribute.attr.as_str();
        let stored = self.mangled(name);
        if let Lookup::Found {
            member: Member::Method(symbol),
            ..
        } = self.world.member(class, &[], &stored)
        {
            if let Some(function) = self.world.function(&symbol) {
                let is_static = self.world.is_static_module(&symbol.module);
                let plain = is_static
                    && !function.is_decorated
                    && !function.is_overloaded
                    && !function.takes_items()
                    && !has_unpacking(&call.arguments);
                let shown = Name::new(symbol.name());
                if plain {
                    let found = self.findings.len();
                    let params: Vec<Param> = match function.kind {
                        FunctionKind::ClassMethod => {
                            function.params.iter().skip(1).cloned().collect()
                        }
                        _ => function.params.clone(),
                    };
                    let global = matches!(&*value.kind, ExprKind::Global { .. });
                    let native = self.world.is_laid_out(class)
                        && global
                        && !function.is_async
                        && !function.is_generator
                        && !function.is_opted_out
                        && matches!(
                            function.kind,
                            FunctionKind::StaticMethod | FunctionKind::ClassMethod
                        );
                    if native {
                        if let ExprKind::Global { module, name } = &*value.kind {
                            let binding = Binding {
                                module: *module,
                                name: *name,
                            };
                            self.assume(Assumption::Class {
                                binding,
                                class: *class,
                            });
                        }
                        let view = self.quiet_attribute(&value.view(), &stored);
                        let bound = self.bind(&params, &call.arguments, &shown, &[], span);
                        self.after_call();
                        let types = bound.solved.types(&call.arguments);
                        let ty = erase(&substitute(&function.returns, &bound.solved.variables));
                        let mut args = bound.args;
                        if function.kind == FunctionKind::ClassMethod {
                            for arg in &mut args {
                                if let Arg::Default(i) = arg {
                                    *i += 1;
                                }
                            }
                            args.insert(0, Arg::Value(object(value)));
                        }
                        let callee = Callee::Direct { function: symbol };
                        let e = self.native_result(callee, args, &function.returns, &ty, span);
                        let e = self.believe_generic(e, &view, &types, call, found);
                        return self.with_stmts(bound.before, e);
                    }
                    let (args, names, solved) =
                        self.checked_object_args(&params, &call.arguments, &shown, &[], span);
                    let view = self.quiet_attribute(&value.view(), &stored);
                    self.after_call();
                    let e = self.named_call(value, &stored, args, names, span);
                    let e = self.returned(e, &function, &[], &solved.variables);
                    let types = solved.types(&call.arguments);
                    return self.believe_generic(e, &view, &types, call, found);
                }
                if has_unpacking(&call.arguments) || function.takes_items() {
                    let callee =
                        self.read_attribute(value, name, range(&attribute.attr), range(attribute));
                    return self.call_anything(callee, call, span);
                }
                let (args, names) = self.object_args(&call.arguments);
                let view = match function.kind {
                    FunctionKind::ClassMethod => self.quiet_attribute(&value.view(), &stored),
                    _ => Type::Function(symbol),
                };
                let types: Vec<Type> = args.iter().map(Expr::view).collect();
                self.after_call();
                let e = self.named_call(value, &stored, args, names, span);
                let e = self.believe_call(e, &view, &types, call);
                if is_static || function.is_overloaded || function.is_decorated || function.is_async
                {
                    return e;
                }
                let ty = erase(&stub_type(&function.returns));
                return if ty.is_dynamic() {
                    e
                } else {
                    self.expect(e, &ty)
                };
            }
        }
        let callee = self.read_attribute(value, name, range(&attribute.attr), range(attribute));
        self.call_value(callee, call, span)
    }
}
