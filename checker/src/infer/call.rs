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
        let span = range(call);
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
    fn value_call(&mut self, call: &ast::ExprCall, span: TextRange) -> Expr {
        let callee = self.expr(&call.func, None);
        self.call_value(callee, call, span)
    }

    /// A call of an evaluated value.
    pub fn call_value(&mut self, callee: Expr, call: &ast::ExprCall, span: TextRange) -> Expr {
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
                    if plain && !has_unpacking(&call.arguments) {
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
                if self.world.is_static_module(&symbol.module) {
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

    fn call_anything(&mut self, callee: Expr, call: &ast::ExprCall, span: TextRange) -> Expr {
        let callee = self.unprimitive(callee);
        let view = callee.view();
        if has_unpacking(&call.arguments) {
            let e = self.unpacked_call(object(callee), &call.arguments, span);
            return self.believe_call(e, &view, &[], call);
        }
        let (args, names) = self.object_args(&call.arguments);
        self.after_call();
        let given = args.clone();
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

    /// `callee(*a, **b)`.
    fn unpacked_call(&mut self, callee: Expr, arguments: &ast::Arguments, span: TextRange) -> Expr {
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
        make(
            ExprKind::Call(Call {
                callee: Callee::Unpacked { callee },
                args,
            }),
            Type::Dynamic,
            span,
        )
    }

    /// The result of a dynamic call of a function whose declaration is known.
    fn returned(
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
            let mut e = e;
            e.ty = Type::Never;
            return e;
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
    fn native_result(
        &mut self,
        callee: Callee,
        args: Vec<Arg>,
        native: &Type,
        ty: &Type,
        span: TextRange,
    ) -> Expr {
        let e = make(
            ExprKind::Call(Call { callee, args }),
            erase_top(native),
            span,
        );
        if e.ty == *ty || erase(&e.ty) == *ty {
            e
        } else {
            self.expect(e, ty)
        }
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
        if function.is_decorated || function.is_overloaded || has_unpacking(&call.arguments) {
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
            let mut e = e;
            e.ty = Type::Never;
            return e;
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

    /// Construction of class `symbol`.
    pub fn construct(
        &mut self,
        binding: Binding,
        symbol: &Symbol,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        self.construct_with(binding, symbol, None, call, expected, span)
    }

    fn construct_with(
        &mut self,
        binding: Binding,
        symbol: &Symbol,
        type_args: Option<Vec<Type>>,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let Some(class) = self
            .world
            .class(symbol)
            .filter(|_| self.world.is_static_module(&symbol.module))
        else {
            return self.generic_call(call, None);
        };
        // What a stub calls abstract may be defined by other means.
        let missing: Vec<&Name> = class
            .abstract_methods
            .iter()
            .filter(|name| match self.world.member(symbol, &[], name) {
                Lookup::Found { owner, .. } => self.world.is_static_module(&owner.module),
                _ => false,
            })
            .collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|n| format!("`{n}`")).collect();
            self.report(
                Rule::AbstractInstantiation,
                span,
                format!(
                    "`{}` is abstract: {} must be defined in a subclass",
                    symbol.name(),
                    names.join(", ")
                ),
            );
        }
        let expected_args = type_args.or_else(|| {
            expected.and_then(|t| {
                t.members().iter().find_map(|m| match m {
                    Type::Instance(s, a) | Type::Exact(s, a) if s == symbol && !a.is_empty() => {
                        Some(a.to_vec())
                    }
                    _ => None,
                })
            })
        });
        let known_params: Vec<(Variable, Type)> = match &expected_args {
            Some(args) => class
                .type_params
                .iter()
                .cloned()
                .zip(args.iter().cloned())
                .collect(),
            None => Vec::new(),
        };
        let init = match self.world.member(symbol, &[], "__init__") {
            Lookup::Found { owner, .. } if owner.is_builtin("object") => Some(None),
            Lookup::Found {
                member: Member::Method(init),
                ..
            } => self
                .world
                .function(&init)
                .filter(|_| self.world.is_static_module(&init.module))
                .map(Some),
            _ => None,
        };
        let own_new = match self.world.member(symbol, &[], "__new__") {
            Lookup::Found { owner, .. } => !owner.is_builtin("object"),
            Lookup::Missing => false,
            Lookup::Unknown => true,
        };
        let name = Name::new(symbol.name());
        let instance = |solved: &[(Variable, Type)]| {
            let args: Vec<Type> = match &expected_args {
                Some(args) => args.clone(),
                None => class
                    .type_params
                    .iter()
                    .map(|p| {
                        solved
                            .iter()
                            .find(|(n, _)| n == p)
                            .map_or(Type::Dynamic, |(_, t)| *t)
                    })
                    .collect(),
            };
            Type::Instance(*symbol, args.into())
        };
        let usable = init.as_ref().is_some_and(|i| {
            i.as_ref()
                .is_none_or(|f| !f.is_decorated && !f.is_overloaded && !f.is_opted_out)
        });
        let direct = class.layout.is_ok() && !own_new && usable && !has_unpacking(&call.arguments);
        let found = self.findings.len();
        let view = match &expected_args {
            Some(args) => Type::class_of(Type::Instance(*symbol, args.as_slice().into())),
            None => Type::Class(*symbol),
        };
        if direct {
            let params: Vec<Param> = match init.flatten() {
                Some(f) => f.params.iter().skip(1).cloned().collect(),
                None => Vec::new(),
            };
            let bound = self.bind(&params, &call.arguments, &name, &known_params, span);
            self.after_call();
            let types = bound.solved.types(&call.arguments);
            let ty = instance(&bound.solved.variables);
            let callee = Callee::New {
                binding,
                class: *symbol,
            };
            let e = make(
                ExprKind::Call(Call {
                    callee,
                    args: bound.args,
                }),
                ty,
                span,
            );
            let e = self.believe_generic(e, &view, &types, call, found);
            return self.with_stmts(bound.before, e);
        }
        let callee = self.expr(&call.func, None);
        let synthesised = class.layout.as_ref().err().is_some_and(|why| {
            let why = why.to_lowercase();
            [
                "dataclass",
                "namedtuple",
                "enum",
                "decorat",
                "metaclass",
                "typeddict",
            ]
            .iter()
            .any(|k| why.contains(k))
        });
        let (e, believed) = match init {
            Some(Some(f))
                if usable && !own_new && !synthesised && !has_unpacking(&call.arguments) =>
            {
                let params: Vec<Param> = f.params.iter().skip(1).cloned().collect();
                let (args, names, solved) =
                    self.checked_object_args(&params, &call.arguments, &name, &known_params, span);
                self.after_call();
                let e = self.call_object(callee, args, names, span);
                let types = solved.types(&call.arguments);
                let e = self.believe_generic(e, &view, &types, call, found);
                let belief = e.belief;
                (e, belief.or(Some(instance(&solved.variables))))
            }
            _ => {
                let e = self.call_anything(callee, call, span);
                let belief = e.belief;
                (e, belief)
            }
        };
        if synthesised
            && !class
                .layout
                .as_ref()
                .err()
                .is_some_and(|w| w.to_lowercase().contains("dataclass"))
        {
            return e;
        }
        // The arguments of a generic class are what the call says; of the object only its class can be told.
        let e = self.expect(e, &instance(&[]));
        match believed {
            Some(ty) => e.believed(ty),
            None => e,
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
        match value.ty {
            Type::Module(module) => {
                self.module_call(value, &module, attribute, call, expected, span)
            }
            Type::Class(class) => self.class_call(value, &class, attribute, call, span),
            _ => {
                // A chain that is narrowed to something callable is called as a value.
                let place = self.attribute_place(attribute);
                if place.is_some_and(|p| self.state.facts.contains_key(&p)) {
                    let callee = self.read_attribute(value, name, at, span);
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
                if has_unpacking(&call.arguments) {
                    let callee =
                        self.read_attribute(value, name, range(&attribute.attr), range(attribute));
                    return self.call_anything(callee, call, span);
                }
                let (args, names) = self.object_args(&call.arguments);
                self.after_call();
                let e = self.named_call(value, &stored, args, names, span);
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
        let receiver = self.unprimitive(receiver);
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

    fn dynamic_method(
        &mut self,
        receiver: Expr,
        stored: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Expr {
        let (receiver_type, certain) = (receiver.view(), receiver.ty);
        if has_unpacking(&call.arguments) {
            let callee = make(
                ExprKind::Attr(object(receiver), Name::new(stored)),
                Type::Dynamic,
                range(&*call.func),
            );
            let view = self.believed_method(&receiver_type, stored, &certain, call);
            let e = self.unpacked_call(callee, &call.arguments, span);
            return self.believe_call(e, &view, &[], call);
        }
        let view = self.believed_method(&receiver_type, stored, &certain, call);
        let (args, names) = self.object_args(&call.arguments);
        self.after_call();
        let given = args.clone();
        let e = self.named_call(receiver, stored, args, names, span);
        self.believe_call(e, &view, &given, call)
    }

    /// What is believed of attribute `name` of a value that was seen as `receiver`; dynamic where that is nothing.
    fn quiet_attribute(&self, receiver: &Type, name: &str) -> Type {
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
        if has_unpacking(&call.arguments) {
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

    /// `super().name(...)` in a method.
    fn super_call(&mut self, name: &str, call: &ast::ExprCall, span: TextRange) -> Expr {
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
        if let Some((owner, Member::Method(symbol), params)) = &found {
            if owner.is_builtin("object")
                && name == "__init__"
                && call.arguments.is_empty()
                && self.world.is_laid_out(&class)
                && bases.iter().all(|b| b.is_builtin("object"))
            {
                // `object.__init__` of an instance does nothing.
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

    fn subscript_call(
        &mut self,
        subscript: &ast::ExprSubscript,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        if let ast::Expr::Name(name) = &*subscript.value {
            let id = name.id.as_str();
            if self.local(id).is_none() {
                match self.world.global(&self.module, id).0 {
                    Resolved::Static(special) => {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        return self.generic_static_call(&special, ty, call, span);
                    }
                    Resolved::Class(symbol) if self.world.is_static_module(&symbol.module) => {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        if let Some(Type::Instance(_, args)) = ty {
                            let layout =
                                self.world.class(&symbol).is_some_and(|c| c.layout.is_ok());
                            if layout {
                                let binding = self.binding(id);
                                return self.construct_with(
                                    binding,
                                    &symbol,
                                    Some(args.to_vec()),
                                    call,
                                    expected,
                                    span,
                                );
                            }
                        }
                    }
                    Resolved::Class(symbol)
                        if matches!(
                            symbol.name(),
                            "list"
                                | "dict"
                                | "set"
                                | "frozenset"
                                | "deque"
                                | "defaultdict"
                                | "Counter"
                                | "OrderedDict"
                        ) =>
                    {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        let e = self.value_call(call, span);
                        return match ty {
                            Some(ty) if &*symbol.module == "builtins" => self.expect(e, &ty),
                            _ => e,
                        };
                    }
                    _ => {}
                }
            }
        }
        self.value_call(call, span)
    }
}
