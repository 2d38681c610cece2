//! Calls of builtins, of methods of builtin classes and of library functions, through the table of intrinsics.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;
use keelback_stdlib::intrinsics::{self, Found, Hold, Implementation, Intrinsic, Rule as TypeRule};

use crate::rules::Rule;
use crate::tree::{Arg, Assumption, Binding, Call, Callee, Conversion, Expr, ExprKind};
use crate::types::{Constant, Held, Name, Primitive, Symbol, Type, Types};

use super::bind::has_unpacking;
use super::builtin_belief::believed_class;
use super::convert::Why;
use super::cx::{Cx, constant, known, make, object, range};
use super::expr::stub_type;
use super::world::{Lookup, Resolved, erase, widen};

fn builtin_with(name: &str, args: impl Into<Types>) -> Type {
    Type::Instance(Symbol::new("builtins", name), args.into())
}

impl Cx<'_> {
    /// A call of intrinsic `name` with arguments as the table holds them.
    pub fn intrinsic(&self, name: &str, args: Vec<Expr>, ty: Type, span: TextRange) -> Expr {
        let callee = Callee::Intrinsic(Name::new(name));
        make(
            ExprKind::Call(Call {
                callee,
                args: args.into_iter().map(Arg::Value).collect(),
            }),
            ty,
            span,
        )
    }

    /// Whether a value of type `ty` can be parameter `rule` of a method whose receiver has type arguments `of`.
    fn fits(&self, ty: &Type, hold: Hold, rule: TypeRule, of: &[Type]) -> bool {
        match rule {
            TypeRule::Int => match hold {
                Hold::Object => ty.is_dynamic() || self.world.assignable(ty, &Type::int()),
                _ => ty.is_builtin("int") || matches!(ty, Type::Primitive(p) if p.is_integer()),
            },
            TypeRule::Float => {
                ty.is_builtin("float")
                    || ty.is_builtin("int")
                    || matches!(ty, Type::Primitive(p) if *p != Primitive::CBool)
            }
            TypeRule::ExactFloat => {
                ty.is_builtin("float")
                    || matches!(ty, Type::Primitive(Primitive::Double | Primitive::Single))
            }
            TypeRule::Str => ty.is_builtin("str") || ty.is_dynamic(),
            TypeRule::Element
            | TypeRule::Value
            | TypeRule::IterableOfElement
            | TypeRule::IterableOfStr => {
                let _ = of;
                true
            }
            _ => true,
        }
    }

    /// An evaluated argument as the table holds it; `what` is the method for messages.
    fn as_held(&mut self, e: Expr, hold: Hold, rule: TypeRule, of: &[Type], what: &str) -> Expr {
        let why = Why::Argument(Name::new(what), Name::new(""));
        let e = match rule {
            TypeRule::Element => match of.first() {
                Some(t) if !t.is_dynamic() => {
                    let t = super::attr::python_type_keeping_literals(&erase(t));
                    self.coerce(e, &t, &why)
                }
                _ => e,
            },
            TypeRule::Value => match of.get(1) {
                Some(t) if !t.is_dynamic() => {
                    let t = super::attr::python_type_keeping_literals(&erase(t));
                    self.coerce(e, &t, &why)
                }
                _ => e,
            },
            TypeRule::IterableOfElement => {
                let item = self.items_of(&e, e.span);
                if let Some(t) = of.first().map(erase) {
                    if !self.world.assignable(&item, &t) {
                        let span = e.span;
                        self.report(
                            Rule::InvalidArgument,
                            span,
                            format!("The elements are `{t}`, but these are `{item}`"),
                        );
                    }
                }
                e
            }
            TypeRule::IterableOfStr => {
                let item = self.items_of(&e, e.span);
                if !self.world.assignable(&item, &Type::str()) {
                    let span = e.span;
                    self.report(
                        Rule::InvalidArgument,
                        span,
                        format!("`{what}` takes strings, but these are `{item}`"),
                    );
                }
                e
            }
            TypeRule::Str if !e.ty.is_dynamic() => self.coerce(e, &Type::str(), &why),
            TypeRule::Int if hold == Hold::Object && !e.ty.is_dynamic() => {
                let e = self.unprimitive(e);
                self.coerce(e, &Type::int(), &why)
            }
            _ => e,
        };
        match hold {
            Hold::Object | Hold::Unit => {
                let e = self.unprimitive(e);
                object(e)
            }
            Hold::Int => {
                let e = self.unprimitive(e);
                self.to_int(e)
            }
            Hold::Double => match &e.ty {
                Type::Primitive(Primitive::Double) => e,
                t if t.is_builtin("float") => e,
                _ => self.coerce(e, &Type::float(), &why),
            },
            Hold::Int64 => self.coerce(e, &Type::Primitive(Primitive::Int64), &why),
            Hold::Bool => self.truth(e),
        }
    }

    /// The type that a rule means.
    fn rule_type(
        &self,
        rule: TypeRule,
        receiver: Option<&Type>,
        of: &[Type],
        args: &[Type],
    ) -> Type {
        let arg = |i: usize| of.get(i).map_or(Type::Dynamic, erase);
        match rule {
            TypeRule::Any | TypeRule::IterableOfElement | TypeRule::IterableOfStr => Type::Dynamic,
            TypeRule::None => Type::None,
            TypeRule::Int => Type::int(),
            TypeRule::Float | TypeRule::ExactFloat => Type::float(),
            TypeRule::Bool => Type::bool(),
            TypeRule::Str => Type::str(),
            TypeRule::Bytes => Type::builtin("bytes"),
            TypeRule::ListOfStr => builtin_with("list", [Type::str()]),
            TypeRule::ListOfInt => builtin_with("list", [Type::int()]),
            TypeRule::ThreeStr => Type::Tuple([Type::str(), Type::str(), Type::str()].into()),
            TypeRule::Receiver => receiver.cloned().unwrap_or(Type::Dynamic),
            TypeRule::Element => arg(0),
            TypeRule::Value => arg(1),
            TypeRule::ValueOrNone => self.world.join(&arg(1), &Type::None),
            TypeRule::ValueOrLast => {
                let last = args.last().map_or(Type::Dynamic, super::attr::python_type);
                self.world.join(&arg(1), &last)
            }
            TypeRule::ListOfElement => builtin_with("list", [arg(0)]),
            TypeRule::ListOfItems => Type::exact_builtin("list", [self.first_items(args)]),
            TypeRule::TupleOfItems => Type::exact_builtin("tuple", [self.first_items(args)]),
            TypeRule::Pair => Type::Tuple([arg(0), arg(1)].into()),
            TypeRule::Keys => Type::Instance(
                Symbol::new("_collections_abc", "dict_keys"),
                [arg(0), arg(1)].into(),
            ),
            TypeRule::Values => Type::Instance(
                Symbol::new("_collections_abc", "dict_values"),
                [arg(0), arg(1)].into(),
            ),
            TypeRule::Items => Type::Instance(
                Symbol::new("_collections_abc", "dict_items"),
                [arg(0), arg(1)].into(),
            ),
        }
    }

    fn first_items(&self, args: &[Type]) -> Type {
        args.first()
            .and_then(|t| self.item_type(t))
            .unwrap_or(Type::Dynamic)
    }

    /// The call of an entry with evaluated arguments.
    fn apply(
        &mut self,
        entry: &Intrinsic,
        args: Vec<Expr>,
        receiver: Option<&Type>,
        of: &[Type],
        span: TextRange,
    ) -> Expr {
        let types: Vec<Type> = args.iter().map(|e| e.ty).collect();
        let what = entry.name;
        let shown = match entry.found {
            Found::Builtin(name) | Found::Function(_, name) | Found::Method(_, name) => name,
            Found::Internal => what,
        };
        let plain = types.iter().all(super::ops::known_value);
        let args: Vec<Expr> = args
            .into_iter()
            .zip(entry.params)
            .map(|(e, (hold, rule))| self.as_held(e, *hold, *rule, of, shown))
            .collect();
        let ty = self.rule_type(entry.ty, receiver, of, &types);
        if entry.runs_python && !plain && !keeps_code_out(entry.name) {
            self.after_call();
        }
        if entry.implementation == Implementation::Named {
            let mut args = args.into_iter();
            let receiver = args.next().unwrap_or_else(|| super::cx::none(span));
            let e = self.named_call(receiver, shown, args.collect(), Vec::new(), span);
            return if entry.certain {
                known(e, ty)
            } else {
                self.expect(e, &ty)
            };
        }
        let native = match entry.result {
            Hold::Object => Type::Dynamic,
            Hold::Int => Type::int(),
            Hold::Double => Type::float(),
            Hold::Bool => Type::bool(),
            Hold::Int64 => Type::Primitive(Primitive::Int64),
            Hold::Unit => Type::None,
        };
        let same = native.held() == ty.held();
        let native = if entry.certain && same { ty } else { native };
        let e = self.intrinsic(entry.name, args, native, span);
        if e.ty == ty {
            e
        } else if entry.certain {
            known(e, ty)
        } else {
            self.expect(e, &ty)
        }
    }

    /// The first entry whose parameters fit, with the number of arguments that are given.
    fn choose(&self, found: Found, types: &[Type], of: &[Type]) -> Option<&'static Intrinsic> {
        intrinsics::find(found).find(|entry| {
            entry.params.len() == types.len()
                && entry
                    .params
                    .iter()
                    .zip(types)
                    .all(|((hold, rule), ty)| self.fits(ty, *hold, *rule, of))
        })
    }

    /// A method of a builtin class that is in the table.
    pub fn builtin_method(
        &mut self,
        receiver: &Expr,
        class: &Symbol,
        of: &[Type],
        name: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        let class_name = leak_class(class.name())?;
        let method = intrinsics::INTRINSICS.iter().find_map(|e| match e.found {
            Found::Method(c, n) if c == class_name && n == name => Some(n),
            _ => None,
        })?;
        let arguments = &call.arguments;
        if has_unpacking(arguments) || !arguments.keywords.is_empty() {
            return None;
        }
        let found = Found::Method(class_name, method);
        let count = arguments.args.len() + 1;
        let candidates: Vec<&Intrinsic> = intrinsics::find(found)
            .filter(|e| e.params.len() == count)
            .collect();
        let first = *candidates.first()?;
        if let Some(e) = self.generator_argument(first, receiver, class, of, call, span) {
            return Some(e);
        }
        let mut args = vec![receiver.clone()];
        let mut types = vec![receiver.ty];
        for (i, arg) in arguments.args.iter().enumerate() {
            let expected = match first.params.get(i + 1).map(|p| p.1) {
                Some(TypeRule::Element) => of.first().map(erase),
                Some(TypeRule::Value) => of.get(1).map(erase),
                Some(TypeRule::Any) if class_name == "dict" && i == 1 => of.get(1).map(erase),
                Some(TypeRule::Any) if class_name == "dict" && i == 0 => of.first().map(erase),
                Some(TypeRule::IterableOfElement) => {
                    of.first().map(|t| builtin_with("list", [erase(t)]))
                }
                _ => None,
            };
            let e = self.expr(arg, expected.as_ref());
            types.push(e.ty);
            args.push(e);
        }
        let entry = self.choose(found, &types, of).unwrap_or(first);
        if !entry
            .params
            .iter()
            .zip(&types)
            .all(|((hold, rule), ty)| self.fits(ty, *hold, *rule, of))
        {
            // No entry takes these arguments: say so where the type is certain, and leave the call to Python.
            for ((_, rule), e) in entry.params.iter().zip(&args) {
                let wanted = match rule {
                    TypeRule::Int => Type::int(),
                    TypeRule::Str => Type::str(),
                    _ => continue,
                };
                if !self.may_fit(e, &wanted) {
                    let shown = widen(&e.ty);
                    self.report(
                        Rule::InvalidArgument,
                        e.span,
                        format!("Argument of `{name}` must be `{wanted}`, but this is `{shown}`"),
                    );
                }
            }
            let mut rest: Vec<Expr> = Vec::new();
            for e in args.into_iter().skip(1) {
                let e = self.unprimitive(e);
                rest.push(object(e));
            }
            self.after_call();
            return Some(self.named_call(receiver.clone(), name, rest, Vec::new(), span));
        }
        if class_name == "dict" && matches!(method, "get" | "pop") && of.len() == 2 {
            let key = erase(&of[0]);
            let given = &types[1];
            if !self.world.assignable(given, &key) && !self.world.may_overlap(&widen(given), &key) {
                let shown = widen(given);
                self.report(
                    Rule::InvalidArgument,
                    args[1].span,
                    format!("The keys are `{key}`, but this is `{shown}`"),
                );
            }
        }
        let receiver_type = receiver.ty;
        Some(self.apply(entry, args, Some(&receiver_type), of, span))
    }

    /// A method that takes an iterable and is given a generator expression: `", ".join(f(x) for x in xs)`.
    fn generator_argument(
        &mut self,
        entry: &Intrinsic,
        receiver: &Expr,
        _class: &Symbol,
        of: &[Type],
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        let [ast::Expr::Generator(generator)] = &*call.arguments.args else {
            return None;
        };
        let list_of = match entry.params.get(1)?.1 {
            TypeRule::IterableOfStr => None,
            TypeRule::IterableOfElement if entry.name != "list.extend" => of.first().map(erase),
            _ => return None,
        };
        if is_async(generator) {
            return None;
        }
        let items = self.list_from_generator(generator, list_of.as_ref());
        let receiver_type = receiver.ty;
        Some(self.apply(
            entry,
            vec![receiver.clone(), items],
            Some(&receiver_type),
            of,
            span,
        ))
    }

    /// Whether a library function has an entry.
    pub fn has_library_intrinsic(&self, symbol: &Symbol) -> bool {
        intrinsics::INTRINSICS.iter().any(
            |e| matches!(e.found, Found::Function(m, n) if m == &*symbol.module && n == symbol.name()),
        )
    }

    /// A library function that is in the table, called directly.
    pub fn library_intrinsic(
        &mut self,
        binding: &Binding,
        module: &str,
        name: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        if has_unpacking(&call.arguments) || !call.arguments.keywords.is_empty() {
            return None;
        }
        let found = intrinsics::INTRINSICS.iter().find_map(|e| match e.found {
            Found::Function(m, n) if m == module && n == name => Some(e.found),
            _ => None,
        })?;
        let count = call.arguments.args.len();
        intrinsics::find(found).find(|e| e.params.len() == count)?;
        let types: Vec<Type> = call
            .arguments
            .args
            .iter()
            .map(|a| self.quiet_type(a))
            .collect();
        let entry = self.choose(found, &types, &[])?;
        let args: Vec<Expr> = call
            .arguments
            .args
            .iter()
            .map(|a| self.expr(a, None))
            .collect();
        self.assume(Assumption::Member {
            binding: binding.clone(),
            module: Name::new(module),
            name: Name::new(name),
        });
        let double = types
            .iter()
            .any(|t| matches!(t, Type::Primitive(Primitive::Double)));
        let mut e = self.apply(entry, args, None, &[], span);
        if double && e.ty.is_builtin("float") {
            // Of a `double` it is a `double`: both are held alike.
            e.ty = Type::Primitive(Primitive::Double);
        }
        Some(e)
    }

    /// A call of builtin function `name`.
    pub fn builtin_call(
        &mut self,
        name: &str,
        symbol: &Symbol,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let arguments = &call.arguments;
        let simple = !has_unpacking(arguments) && arguments.keywords.is_empty();
        let count = arguments.args.len();
        match name {
            "exec" | "eval" | "locals" | "globals" | "breakpoint" | "__import__" => {
                self.fall_back(&format!("a call of `{name}`"), span);
            }
            "vars" | "dir" if count == 0 => self.fall_back(&format!("a call of `{name}`"), span),
            "isinstance" if simple && count == 2 => {
                let condition = self.condition(&ast::Expr::Call(call.clone()));
                self.state = condition.yes.join(&condition.no, self.world);
                return condition.test;
            }
            "len" if simple && count == 1 => return self.len(call, span),
            "min" | "max" if simple && count >= 2 => return self.extreme(name, call, span),
            "sum" | "any" | "all" | "sorted" | "min" | "max" if count == 1 => {
                if let [ast::Expr::Generator(generator)] = &*arguments.args {
                    if let Some(e) = self.consume_generator(name, generator, call, expected, span) {
                        return e;
                    }
                }
            }
            _ => {}
        }
        if simple && !matches!(name, "min" | "max" | "isinstance" | "len") {
            if let Some(found) = intrinsics::INTRINSICS.iter().find_map(|e| match e.found {
                Found::Builtin(n) if n == name => Some(e.found),
                _ => None,
            }) {
                if intrinsics::find(found).any(|e| e.params.len() == count) {
                    let args: Vec<Expr> =
                        arguments.args.iter().map(|a| self.expr(a, None)).collect();
                    let types: Vec<Type> = args.iter().map(|e| e.ty).collect();
                    if let Some(entry) = self.choose(found, &types, &[]) {
                        self.assume_builtin(name);
                        let e = self.apply(entry, args, None, &[], span);
                        if name == "iter" {
                            let item = self.item_type(&types[0]).unwrap_or(Type::Dynamic);
                            return known(
                                e,
                                Type::Instance(Symbol::new("typing", "Iterator"), [item].into()),
                            );
                        }
                        return e;
                    }
                    self.check_builtin_args(name, &args);
                    let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
                    let mut objects = Vec::new();
                    for e in args {
                        let e = self.unprimitive(e);
                        objects.push(object(e));
                    }
                    self.after_call();
                    let views: Vec<Type> = objects.iter().map(Expr::view).collect();
                    let e = self.call_object(callee, objects, Vec::new(), span);
                    let result = self.builtin_result(name, symbol, &types, call);
                    return if result.is_dynamic() {
                        self.believe_builtin_call(e, symbol, &views, call)
                    } else {
                        self.expect(e, &result)
                    };
                }
            }
        }
        if has_unpacking(arguments) {
            return self.generic_call(call, None);
        }
        let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
        let mut args = Vec::new();
        let mut types = Vec::new();
        let mut names = Vec::new();
        for arg in &arguments.args {
            let e = self.expr(arg, None);
            types.push(e.ty);
            let e = self.unprimitive(e);
            args.push(object(e));
        }
        for keyword in &arguments.keywords {
            let e = self.expr(&keyword.value, None);
            let e = self.unprimitive(e);
            args.push(object(e));
            names.extend(keyword.arg.as_ref().map(|n| Name::new(n.as_str())));
        }
        let plain = types.iter().all(super::ops::known_value)
            && arguments.keywords.is_empty()
            && !matches!(name, "print");
        if !plain {
            self.after_call();
        }
        let result = self.builtin_result(name, symbol, &types, call);
        let views: Vec<Type> = args.iter().map(Expr::view).collect();
        let e = self.call_object(callee, args, names, span);
        if result.is_dynamic() {
            self.believe_builtin_call(e, symbol, &views, call)
        } else if name == "sorted" {
            self.assume_builtin("sorted");
            known(e, result)
        } else {
            self.expect(e, &result)
        }
    }

    fn check_builtin_args(&mut self, name: &str, args: &[Expr]) {
        let wanted = match name {
            "ord" => Type::str(),
            "chr" => Type::int(),
            _ => return,
        };
        for e in args {
            let fits = self.may_fit(e, &wanted);
            let is_byte = name == "ord" && e.ty.is_builtin("bytes");
            if !fits && !is_byte {
                let shown = widen(&e.ty);
                self.report(
                    Rule::InvalidArgument,
                    e.span,
                    format!("Argument of `{name}` must be `{wanted}`, but this is `{shown}`"),
                );
            }
        }
    }

    /// The type that a dynamic call of a builtin function is expected to give.
    fn builtin_result(
        &self,
        name: &str,
        symbol: &Symbol,
        types: &[Type],
        call: &ast::ExprCall,
    ) -> Type {
        let item = || {
            types
                .first()
                .and_then(|t| self.item_type(t))
                .unwrap_or(Type::Dynamic)
        };
        match name {
            "sorted" => Type::exact_builtin("list", [item()]),
            "sum" if types.len() == 1 => match item() {
                t if t.is_builtin("int") || t.is_builtin("bool") => Type::int(),
                t if t.is_builtin("float") => Type::union([Type::float(), Type::int()]),
                _ => Type::Dynamic,
            },
            "min" | "max" if types.len() == 1 => {
                let has_default = call
                    .arguments
                    .keywords
                    .iter()
                    .any(|k| k.arg.as_ref().is_some_and(|n| n.as_str() == "default"));
                if has_default { Type::Dynamic } else { item() }
            }
            "min" | "max" => self
                .world
                .join_all(types.iter().map(super::attr::python_type)),
            "next" if types.len() == 1 => item(),
            "divmod" if types.iter().all(|t| t.is_builtin("int")) => {
                Type::Tuple([Type::int(), Type::int()].into())
            }
            "round" => match (types.first(), types.len(), call.arguments.keywords.len()) {
                (Some(t), 1, 0) if t.is_builtin("int") || t.is_builtin("float") => Type::int(),
                (Some(t), 2, 0)
                    if t.is_builtin("float")
                        && !types[1].includes_none()
                        && types[1].is_builtin("int") =>
                {
                    Type::float()
                }
                (Some(t), 2, 0) if t.is_builtin("int") => Type::int(),
                _ => Type::Dynamic,
            },
            "any" | "all" | "callable" | "hasattr" => Type::bool(),
            "input" | "bin" | "hex" | "oct" | "format" => Type::str(),
            "print" | "setattr" | "delattr" => Type::None,
            "abs" => match types.first() {
                Some(t) if t.is_builtin("bool") => Type::int(),
                _ => Type::Dynamic,
            },
            _ => match self.world.function(symbol) {
                Some(f) if !f.is_overloaded && !f.is_async => match &f.returns {
                    Type::Never => Type::Never,
                    ty => erase(&stub_type(ty)),
                },
                _ => Type::Dynamic,
            },
        }
    }

    fn len(&mut self, call: &ast::ExprCall, span: TextRange) -> Expr {
        let arg = &call.arguments.args[0];
        let e = self.expr(arg, None);
        let e = self.unprimitive(e);
        self.check_sized(&e);
        self.assume_builtin("len");
        if !super::ops::known_value(&e.ty) && Self::array_element(&e.ty).is_none() {
            self.after_call();
        }
        self.intrinsic("len", vec![object(e)], Type::int(), span)
    }

    /// Reports a value that has no length.
    pub fn check_sized(&mut self, e: &Expr) {
        for member in e.ty.members().to_vec() {
            let sized = match &member {
                Type::None => false,
                Type::Instance(c, a) | Type::Exact(c, a) => {
                    !matches!(self.world.member(c, a, "__len__"), Lookup::Missing)
                }
                Type::Literal(_) => {
                    let wide = widen(&member);
                    !(wide.is_builtin("int") || wide.is_builtin("bool") || wide.is_builtin("float"))
                }
                Type::Function(_) | Type::Module(_) | Type::Primitive(_) => false,
                _ => true,
            };
            if !sized {
                if member == Type::None && e.ty != Type::None {
                    let at = e.span;
                    self.report_possibly_none(e, "length", at);
                } else {
                    self.report(
                        Rule::InvalidArgument,
                        e.span,
                        format!("`{}` has no length", widen(&e.ty)),
                    );
                }
                return;
            }
        }
    }

    /// `min` or `max` of two or more values.
    fn extreme(&mut self, name: &str, call: &ast::ExprCall, span: TextRange) -> Expr {
        let args: Vec<Expr> = call
            .arguments
            .args
            .iter()
            .map(|a| self.expr(a, None))
            .collect();
        let args: Vec<Expr> = self.unify_primitives(args);
        let types: Vec<Type> = args.iter().map(|e| e.ty).collect();
        let all = |f: &dyn Fn(&Type) -> bool| types.iter().all(f);
        let suffix = if all(&|t| t.is_builtin("int")) {
            Some("int")
        } else if all(&|t| t.is_builtin("float") || matches!(t, Type::Primitive(Primitive::Double)))
        {
            Some("float")
        } else {
            None
        };
        if let Some(suffix) = suffix {
            self.assume_builtin(name);
            let entry = format!("{name}.{suffix}");
            let double = types.iter().any(|t| matches!(t, Type::Primitive(_)));
            let ty = if suffix == "int" {
                Type::int()
            } else if double {
                Type::Primitive(Primitive::Double)
            } else {
                Type::float()
            };
            let mut args = args.into_iter();
            let mut e = args.next().unwrap_or_else(|| super::cx::none(span));
            for next in args {
                e = self.intrinsic(&entry, vec![e, next], ty, span);
            }
            return e;
        }
        let result = self
            .world
            .join_all(types.iter().map(super::attr::python_type));
        let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
        let mut objects = Vec::new();
        for e in args {
            let e = self.unprimitive(e);
            objects.push(object(e));
        }
        if !types.iter().all(super::ops::known_value) {
            self.after_call();
        }
        let e = self.call_object(callee, objects, Vec::new(), span);
        if result.is_dynamic() {
            e
        } else {
            self.expect(e, &result)
        }
    }

    /// Integer primitives as ints; a `double` stays one, and numbers beside it become one.
    fn unify_primitives(&mut self, args: Vec<Expr>) -> Vec<Expr> {
        let double = args
            .iter()
            .any(|e| matches!(e.ty, Type::Primitive(Primitive::Double)));
        let mut out = Vec::new();
        for e in args {
            out.push(match &e.ty {
                Type::Primitive(Primitive::Double) => e,
                Type::Literal(Constant::Int(_) | Constant::Float(_)) if double => {
                    self.coerce(e, &Type::Primitive(Primitive::Double), &Why::Value)
                }
                _ => self.unprimitive(e),
            });
        }
        out
    }

    /// A call of builtin class `name`.
    pub fn builtin_class_call(
        &mut self,
        name: &str,
        symbol: &Symbol,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let arguments = &call.arguments;
        let simple = !has_unpacking(arguments) && arguments.keywords.is_empty();
        let count = arguments.args.len();
        let generator = match &*arguments.args {
            [ast::Expr::Generator(g)] if simple && !is_async(g) => Some(g),
            _ => None,
        };
        if let Some(generator) = generator {
            match name {
                "list" | "tuple" | "set" | "frozenset" | "dict" => {
                    if let Some(e) = self.consume_generator(name, generator, call, expected, span) {
                        return e;
                    }
                }
                _ => {}
            }
        }
        match (name, count) {
            ("int" | "float" | "bool" | "str", 0) if simple => {
                self.assume_builtin(name);
                let value = match name {
                    "int" => Constant::Int(0),
                    "float" => Constant::Float(0),
                    "bool" => Constant::Bool(false),
                    _ => Constant::Str("".into()),
                };
                return constant(value, span);
            }
            ("int", 1) if simple => {
                self.assume_builtin(name);
                let e = self.expr(&arguments.args[0], None);
                return self.to_number(e, Type::int(), "int", span);
            }
            ("float", 1) if simple => {
                self.assume_builtin(name);
                let e = self.expr(&arguments.args[0], None);
                return self.to_number(e, Type::float(), "float", span);
            }
            ("bool", 1) if simple => {
                self.assume_builtin(name);
                let condition = self.condition(&arguments.args[0]);
                self.state = condition.yes.join(&condition.no, self.world);
                let mut e = condition.test;
                if e.ty != Type::bool() {
                    e = known(e, Type::bool());
                }
                return e;
            }
            ("str" | "list" | "tuple" | "type", 1) if simple => {
                let list_type = expected
                    .filter(|_| name == "list")
                    .and_then(|t| super::expr::element_of(t, &["list", "Sequence", "Iterable"]));
                let inner = list_type.as_ref().map(|t| builtin_with("list", [*t]));
                let e = self.expr(&arguments.args[0], inner.as_ref());
                if name == "list" || name == "tuple" {
                    let at = e.span;
                    self.items_of(&e, at);
                    if Self::array_element(&e.ty).is_some() {
                        // An array's items are boxed one by one.
                        let e2 = self.intrinsic(name, vec![object(e.clone())], Type::Dynamic, span);
                        self.assume_builtin(name);
                        let item = self
                            .item_type(&e.ty)
                            .map(|t| super::attr::python_type(&t))
                            .unwrap_or(Type::Dynamic);
                        return known(e2, Type::exact_builtin(name, [item]));
                    }
                }
                let (types, view) = ([e.ty], e.view());
                let made = widen(&view);
                if let Some(entry) = self.choose(Found::Builtin(leak_builtin(name)), &types, &[]) {
                    self.assume_builtin(name);
                    let mut e = self.apply(entry, vec![e], None, &[], span);
                    e = self.believe_items(e, &view);
                    if e.ty == Type::exact_builtin("list", [Type::Never]) {
                        // What is made of the empty tuple may hold anything later.
                        e.ty = Type::exact_builtin("list", [Type::Dynamic]);
                    }
                    if name == "type" {
                        e = believed_class(e, &made);
                    }
                    if let Some(t) = list_type {
                        if self
                            .item_type(&types[0])
                            .is_some_and(|i| self.world.assignable(&i, &t))
                        {
                            e.ty = Type::exact_builtin("list", [t]);
                        }
                    }
                    return e;
                }
                let e = object(e);
                let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
                let called = self.call_object(callee, vec![e], Vec::new(), span);
                return match name == "type" {
                    true => believed_class(called, &made),
                    false => called,
                };
            }
            ("list", 0) if simple => {
                self.assume_builtin(name);
                let item = expected
                    .and_then(|t| super::expr::element_of(t, &["list", "Sequence", "Iterable"]))
                    .unwrap_or(Type::Dynamic);
                return make(
                    ExprKind::List(Vec::new()),
                    Type::exact_builtin("list", [item]),
                    span,
                );
            }
            ("dict", 0) if simple => {
                self.assume_builtin(name);
                let args = expected.and_then(|t| {
                    t.members().iter().find_map(|m| match m {
                        Type::Instance(c, a) | Type::Exact(c, a)
                            if c.is_builtin("dict") && a.len() == 2 =>
                        {
                            Some(*a)
                        }
                        _ => None,
                    })
                });
                let args = args.unwrap_or_else(|| [Type::Dynamic, Type::Dynamic].into());
                return make(
                    ExprKind::Dict(Vec::new()),
                    Type::exact_builtin("dict", args),
                    span,
                );
            }
            ("set", 0) if simple => {
                self.assume_builtin(name);
                let item = expected
                    .and_then(|t| super::expr::element_of(t, &["set", "Iterable", "AbstractSet"]))
                    .unwrap_or(Type::Dynamic);
                return make(
                    ExprKind::Set(Vec::new()),
                    Type::exact_builtin("set", [item]),
                    span,
                );
            }
            ("range", 1..=3) if simple => {
                let mut parts = Vec::new();
                for arg in &arguments.args {
                    let e = self.expr(arg, None);
                    parts.push(self.unprimitive(e));
                }
                if parts
                    .iter()
                    .all(|e| e.ty.is_builtin("int") || e.ty.is_builtin("bool"))
                {
                    self.assume_builtin(name);
                    let parts: Vec<Expr> = parts.into_iter().map(|e| self.to_int(e)).collect();
                    let [start, stop, step] = range_parts(parts, span);
                    return self.intrinsic(
                        "range",
                        vec![start, stop, step],
                        Type::exact_builtin("range", []),
                        span,
                    );
                }
                for e in &parts {
                    if !self.may_fit(e, &Type::int()) {
                        let shown = widen(&e.ty);
                        self.report(
                            Rule::InvalidArgument,
                            e.span,
                            format!("Argument of `range` must be `int`, but this is `{shown}`"),
                        );
                    }
                }
                let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
                let parts = parts.into_iter().map(object).collect();
                let e = self.call_object(callee, parts, Vec::new(), span);
                return self.expect(e, &Type::builtin("range"));
            }
            ("super", _) if count == 0 => {
                self.fall_back("a use of `super()` other than a method call", span);
            }
            _ => {}
        }
        if has_unpacking(arguments) {
            return self.generic_call(call, None);
        }
        let callee = self.global_object(name, Type::Dynamic, range(&*call.func));
        let mut types = Vec::new();
        let mut args = Vec::new();
        let mut names = Vec::new();
        let element = expected.and_then(|t| {
            super::expr::element_of(t, &["set", "frozenset", "Iterable", "AbstractSet"])
        });
        for arg in &arguments.args {
            let wanted = element
                .filter(|_| matches!(name, "set" | "frozenset"))
                .map(|t| builtin_with("list", [t]));
            let e = self.expr(arg, wanted.as_ref());
            types.push(e.ty);
            let e = self.unprimitive(e);
            args.push(object(e));
        }
        for keyword in &arguments.keywords {
            let e = self.expr(&keyword.value, None);
            let e = self.unprimitive(e);
            args.push(object(e));
            names.extend(keyword.arg.as_ref().map(|n| Name::new(n.as_str())));
        }
        if !types.iter().all(super::ops::known_value) || !arguments.keywords.is_empty() {
            self.after_call();
        }
        let result = self.builtin_instance(name, &types, !arguments.keywords.is_empty(), expected);
        let e = self.call_object(callee, args, names, span);
        match result {
            Some(ty) if matches!(ty, Type::Exact(..)) || !super::world::is_value_class(symbol) => {
                self.assume_builtin(name);
                known(e, ty)
            }
            Some(ty) => self.expect(e, &ty),
            None if self.is_exception(symbol) => {
                self.assume_builtin(name);
                known(e, Type::Instance(*symbol, [].into()))
            }
            None => e,
        }
    }

    fn is_exception(&self, symbol: &Symbol) -> bool {
        self.world
            .is_subclass(symbol, &Symbol::new("builtins", "BaseException"))
            == Some(true)
            && self
                .world
                .class(symbol)
                .is_some_and(|c| c.type_params.is_empty())
    }

    /// The type of a new instance of a builtin class.
    fn builtin_instance(
        &self,
        name: &str,
        types: &[Type],
        keywords: bool,
        expected: Option<&Type>,
    ) -> Option<Type> {
        let item = |i: usize| {
            types
                .get(i)
                .and_then(|t| self.item_type(t))
                .map(|t| super::attr::python_type(&t))
                .unwrap_or(Type::Dynamic)
        };
        let tuple = |items: Vec<Type>| Type::Tuple(items.into());
        Some(match name {
            "set" | "frozenset" => {
                let wanted = expected.and_then(|t| {
                    super::expr::element_of(t, &["set", "frozenset", "Iterable", "AbstractSet"])
                });
                let own = item(0);
                let args = match wanted {
                    Some(w) if self.world.assignable(&own, &w) => w,
                    _ => own,
                };
                Type::exact_builtin(name, [args])
            }
            "dict" => {
                if keywords {
                    return Some(Type::exact_builtin("dict", []));
                }
                let args = match types.first() {
                    Some(Type::Instance(c, a) | Type::Exact(c, a))
                        if c.is_builtin("dict") && a.len() == 2 =>
                    {
                        a.to_vec()
                    }
                    Some(_) => match item(0) {
                        Type::Tuple(pair) if pair.len() == 2 => pair.to_vec(),
                        _ => vec![Type::Dynamic, Type::Dynamic],
                    },
                    None => vec![Type::Dynamic, Type::Dynamic],
                };
                Type::exact_builtin("dict", args)
            }
            "enumerate" => builtin_with("enumerate", [tuple(vec![Type::int(), item(0)])]),
            "zip" => builtin_with("zip", [tuple((0..types.len()).map(item).collect())]),
            "reversed" => builtin_with("reversed", [item(0)]),
            "map" => {
                let result = match types.first() {
                    Some(Type::Function(s)) => self.world.function(s).map_or(Type::Dynamic, |f| {
                        if f.is_decorated || f.is_overloaded || f.is_async {
                            Type::Dynamic
                        } else {
                            super::attr::python_type(&erase(&f.returns))
                        }
                    }),
                    Some(Type::Callable(signature)) => erase(&signature.returns),
                    Some(Type::Class(c))
                        if matches!(c.name(), "int" | "str" | "float" | "bool")
                            && &*c.module == "builtins" =>
                    {
                        Type::builtin(c.name())
                    }
                    _ => Type::Dynamic,
                };
                builtin_with("map", [result])
            }
            "filter" => builtin_with("filter", [item(1)]),
            "bytes" | "bytearray" | "complex" | "slice" | "object" | "memoryview" => {
                Type::exact_builtin(name, [])
            }
            "int" => Type::int(),
            "str" => Type::str(),
            "float" => Type::float(),
            "bool" => Type::bool(),
            _ => return None,
        })
    }

    /// An explicit conversion to `int` or `float`.
    fn to_number(&mut self, e: Expr, to: Type, name: &str, span: TextRange) -> Expr {
        let ty = e.ty;
        let explicit = |e: Expr| make(ExprKind::Convert(Conversion::Explicit, e), to, span);
        for member in ty.members() {
            let bad = match member {
                Type::None => true,
                Type::Instance(c, a) | Type::Exact(c, a) => {
                    let builtin = super::world::is_value_class(c);
                    let number = matches!(
                        c.name(),
                        "int" | "float" | "bool" | "str" | "bytes" | "bytearray"
                    );
                    if builtin {
                        !number
                    } else {
                        let names: &[&str] = if name == "int" {
                            &["__int__", "__index__", "__trunc__"]
                        } else {
                            &["__float__", "__index__"]
                        };
                        self.world.is_static_module(&c.module)
                            && names
                                .iter()
                                .all(|n| matches!(self.world.member(c, a, n), Lookup::Missing))
                    }
                }
                Type::Tuple(_) | Type::Function(_) | Type::Module(_) => true,
                _ => false,
            };
            if bad {
                self.report(
                    Rule::InvalidArgument,
                    e.span,
                    format!("`{name}` does not convert `{}`", widen(&ty)),
                );
                break;
            }
        }
        match (&ty, name) {
            (Type::Primitive(p), "int") if p.is_integer() || *p == Primitive::CBool => {
                let e = self.unprimitive(e);
                self.to_int(e)
            }
            (Type::Primitive(_), "int") => explicit(e),
            (Type::Primitive(Primitive::Double), _) => known(e, to),
            (Type::Primitive(_), _) => self.coerce(e, &to, &Why::Value),
            (Type::Literal(Constant::Int(_)), "int") => e,
            (t, "int") if t.is_builtin("bool") => self.to_int(e),
            (t, "float") if t.is_builtin("float") => known(e, to),
            (t, "float") if t.is_builtin("int") || t.is_builtin("bool") => self.to_float(e, to),
            _ => {
                if !super::ops::known_value(&ty) {
                    self.after_call();
                }
                explicit(e)
            }
        }
    }

    /// What a name of this module is as a builtin class, for callers that know it is one.
    pub fn builtin_class(&self, name: &str) -> Option<Symbol> {
        match self.world.global(&self.module, name) {
            (Resolved::Class(symbol), true) => Some(symbol),
            _ => None,
        }
    }

    /// Whether a value is held as an object.
    pub fn held_as_object(e: &Expr) -> bool {
        e.ty.held() == Held::Object
    }
}

/// `range`'s three parts from one to three arguments.
pub fn range_parts(mut parts: Vec<Expr>, span: TextRange) -> [Expr; 3] {
    let int = |v: i64| make(ExprKind::Constant(Constant::Int(v)), Type::int(), span);
    let step = if parts.len() > 2 { parts.pop() } else { None };
    let (start, stop) = match parts.len() {
        0 => (int(0), int(0)),
        1 => (int(0), parts.remove(0)),
        _ => {
            let start = parts.remove(0);
            (start, parts.remove(0))
        }
    };
    [start, stop, step.unwrap_or_else(|| int(1))]
}

/// Entries that store or move values and run no code of the program although their helpers might in general.
fn keeps_code_out(name: &str) -> bool {
    matches!(
        name,
        "list.append"
            | "list.pop"
            | "list.pop_at"
            | "list.insert"
            | "list.reverse"
            | "list.copy"
            | "iter"
            | "type"
    )
}

fn is_async(generator: &ast::ExprGenerator) -> bool {
    generator.generators.iter().any(|g| g.is_async)
}

fn leak_class(name: &str) -> Option<&'static str> {
    [
        "list", "dict", "set", "str", "bytes", "int", "float", "tuple",
    ]
    .into_iter()
    .find(|n| *n == name)
}

fn leak_builtin(name: &str) -> &'static str {
    ["str", "list", "tuple", "type"]
        .into_iter()
        .find(|n| *n == name)
        .unwrap_or("str")
}
