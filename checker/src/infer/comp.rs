//! Comprehensions, and generator expressions that a builtin consumes at once: loops that fill a container.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::tree::{Arg, BinaryOp, Call, Callee, Expr, ExprKind, LocalId, StmtKind, Target};
use crate::types::{Constant, Name, Symbol, Type};

use super::convert::Why;
use super::cx::{Cx, make, object, range};
use super::expr::element_of;
use super::world::widen;

impl Cx<'_> {
    /// The names that the targets of a comprehension bind, as locals of their own.
    fn comprehension_scope(
        &mut self,
        generators: &[ast::Comprehension],
    ) -> FxHashMap<String, LocalId> {
        let mut names = Vec::new();
        for generator in generators {
            target_names(&generator.target, &mut names);
        }
        let mut scope = FxHashMap::default();
        for name in names {
            match scope.get(&name) {
                // Bound by two targets: whatever either stores.
                Some(id) => {
                    self.fresh.remove(id);
                }
                None => {
                    let id = self.temp(Type::Dynamic);
                    self.locals[id.0 as usize].name = Name::new(&name);
                    self.fresh.insert(id);
                    scope.insert(name, id);
                }
            }
        }
        scope
    }

    /// The loops of a comprehension around what `f` writes.
    fn loops_of(
        &mut self,
        generators: &[ast::Comprehension],
        span: TextRange,
        f: &mut dyn FnMut(&mut Self),
    ) {
        if generators.iter().any(|g| g.is_async) {
            self.fall_back("an asynchronous comprehension", span);
        }
        let scope = self.comprehension_scope(generators);
        self.comprehension.push(scope);
        self.nest(generators, true, f);
        self.comprehension.pop();
    }

    fn nest(
        &mut self,
        generators: &[ast::Comprehension],
        first: bool,
        f: &mut dyn FnMut(&mut Self),
    ) {
        match generators.split_first() {
            None => f(self),
            Some((generator, rest)) => {
                self.comprehension_loop(generator, first, &mut |cx| cx.nest(rest, false, f));
            }
        }
    }

    /// An element of a comprehension: an object, and its type.
    fn comprehension_element(&mut self, elt: &ast::Expr, wanted: Option<&Type>) -> (Expr, Type) {
        let e = self.expr(elt, wanted);
        if let Some(wanted) = wanted {
            if !wanted.is_dynamic() && self.world.assignable(&e.ty, wanted) {
                let place = super::attr::python_type_keeping_literals(wanted);
                let e = self.coerce(e, &place, &Why::Element);
                return (object(e), place);
            }
        }
        let e = self.unprimitive(e);
        let ty = widen(&e.ty);
        (object(e), ty)
    }

    /// A list, set or dict comprehension.
    pub fn comprehension(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Expr {
        let span = range(expr);
        match expr {
            ast::Expr::ListComp(comp) => {
                let wanted = expected.and_then(|t| {
                    element_of(
                        t,
                        &[
                            "list",
                            "Sequence",
                            "MutableSequence",
                            "Iterable",
                            "Collection",
                        ],
                    )
                });
                self.filled_list(&comp.elt, &comp.generators, wanted.as_ref(), span)
            }
            ast::Expr::SetComp(comp) => {
                let wanted = expected
                    .and_then(|t| element_of(t, &["set", "AbstractSet", "Iterable", "Collection"]));
                self.filled_set(&comp.elt, &comp.generators, wanted.as_ref(), span)
            }
            ast::Expr::DictComp(comp) => {
                let wanted = expected.and_then(|t| {
                    t.members().iter().find_map(|m| match m {
                        Type::Instance(_, a) | Type::Exact(_, a) if a.len() == 2 => {
                            Some((a[0], a[1]))
                        }
                        _ => None,
                    })
                });
                let (mut key_type, mut value_type) = (Type::Never, Type::Never);
                let stmts_and_temp = self.fill(
                    ExprKind::Dict(Vec::new()),
                    "dict",
                    &comp.generators,
                    span,
                    &mut |cx, temp| {
                        let Some(key) = &comp.key else {
                            cx.fall_back("an unpacking comprehension", span);
                            return;
                        };
                        let (k, kt) = cx.comprehension_element(key, wanted.as_ref().map(|w| &w.0));
                        let mut before = Vec::new();
                        let k = cx.keep(k, &mut before);
                        cx.out.append(&mut before);
                        let (v, vt) =
                            cx.comprehension_element(&comp.value, wanted.as_ref().map(|w| &w.1));
                        key_type = cx.world.join(&key_type, &kt);
                        value_type = cx.world.join(&value_type, &vt);
                        let dict = cx.read_temp(temp, span);
                        cx.push(StmtKind::Assign(Target::Item(dict, k), v), span);
                    },
                );
                let args = match wanted {
                    Some((k, v))
                        if self.world.assignable(&key_type, &k)
                            && self.world.assignable(&value_type, &v) =>
                    {
                        [k, v]
                    }
                    _ => [unless_never(key_type), unless_never(value_type)],
                };
                self.finish(stmts_and_temp, Type::exact_builtin("dict", args), span)
            }
            _ => self.unknown(span),
        }
    }

    /// Makes an empty container in a temporary and runs loops that fill it.
    fn fill(
        &mut self,
        empty: ExprKind,
        class: &str,
        generators: &[ast::Comprehension],
        span: TextRange,
        f: &mut dyn FnMut(&mut Self, LocalId),
    ) -> (Vec<crate::tree::Stmt>, LocalId) {
        let bare = Type::exact_builtin(class, []);
        let temp = self.temp(bare);
        let stmts = self.block(|cx| {
            let set = cx.set_temp(temp, make(empty, bare, span), span);
            cx.out.push(set);
            cx.loops_of(generators, span, &mut |cx| f(cx, temp));
        });
        (stmts, temp)
    }

    fn finish(
        &mut self,
        filled: (Vec<crate::tree::Stmt>, LocalId),
        ty: Type,
        span: TextRange,
    ) -> Expr {
        let (stmts, temp) = filled;
        let e = self.read_temp(temp, span);
        let e = super::cx::known(e, ty);
        make(ExprKind::Block(stmts, e), ty, span)
    }

    fn append_stmt(&mut self, method: &str, container: LocalId, item: Expr, span: TextRange) {
        let container = self.read_temp(container, span);
        let callee = Callee::Intrinsic(Name::new(method));
        let args = vec![Arg::Value(container), Arg::Value(item)];
        let e = make(ExprKind::Call(Call { callee, args }), Type::None, span);
        self.push(StmtKind::Expr(e), span);
    }

    fn filled_list(
        &mut self,
        elt: &ast::Expr,
        generators: &[ast::Comprehension],
        wanted: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let mut ty = Type::Never;
        let filled = self.fill(
            ExprKind::List(Vec::new()),
            "list",
            generators,
            span,
            &mut |cx, temp| {
                let (e, t) = cx.comprehension_element(elt, wanted);
                ty = cx.world.join(&ty, &t);
                cx.append_stmt("list.append", temp, e, span);
            },
        );
        let item = self.element_type(ty, wanted);
        self.finish(filled, Type::exact_builtin("list", [item]), span)
    }

    fn filled_set(
        &mut self,
        elt: &ast::Expr,
        generators: &[ast::Comprehension],
        wanted: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let mut ty = Type::Never;
        let filled = self.fill(
            ExprKind::Set(Vec::new()),
            "set",
            generators,
            span,
            &mut |cx, temp| {
                let (e, t) = cx.comprehension_element(elt, wanted);
                ty = cx.world.join(&ty, &t);
                cx.append_stmt("set.add", temp, e, span);
            },
        );
        let item = self.element_type(ty, wanted);
        self.finish(filled, Type::exact_builtin("set", [item]), span)
    }

    fn element_type(&self, ty: Type, wanted: Option<&Type>) -> Type {
        match wanted {
            Some(w) if self.world.assignable(&ty, w) => *w,
            _ => unless_never(ty),
        }
    }

    /// The items of a generator expression as a list.
    pub fn list_from_generator(
        &mut self,
        generator: &ast::ExprGenerator,
        wanted: Option<&Type>,
    ) -> Expr {
        self.filled_list(
            &generator.elt,
            &generator.generators,
            wanted,
            generator.range,
        )
    }

    /// A builtin that is called with nothing but a generator expression; nothing if it is not one that is known.
    pub fn consume_generator(
        &mut self,
        name: &str,
        generator: &ast::ExprGenerator,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Option<Expr> {
        if generator.generators.iter().any(|g| g.is_async) {
            return None;
        }
        let plain = call.arguments.keywords.is_empty();
        match name {
            "list" if plain => {
                self.assume_builtin(name);
                let wanted =
                    expected.and_then(|t| element_of(t, &["list", "Sequence", "Iterable"]));
                Some(self.filled_list(&generator.elt, &generator.generators, wanted.as_ref(), span))
            }
            "set" if plain => {
                self.assume_builtin(name);
                let wanted = expected.and_then(|t| element_of(t, &["set", "Iterable"]));
                Some(self.filled_set(&generator.elt, &generator.generators, wanted.as_ref(), span))
            }
            "tuple" if plain => {
                self.assume_builtin(name);
                let wanted =
                    expected.and_then(|t| element_of(t, &["tuple", "Sequence", "Iterable"]));
                let list =
                    self.filled_list(&generator.elt, &generator.generators, wanted.as_ref(), span);
                let item = self.item_type(&list.ty).unwrap_or(Type::Dynamic);
                let e = self.intrinsic("tuple", vec![list], Type::Dynamic, span);
                Some(super::cx::known(e, Type::exact_builtin("tuple", [item])))
            }
            "any" | "all" if plain => Some(self.any_or_all(name == "any", generator, span)),
            "sum" if plain => self.sum(generator, span),
            "sorted" | "min" | "max" => self.of_list(name, generator, call, span),
            _ => None,
        }
    }

    /// `any` and `all`: a loop that stops at the first item which decides.
    fn any_or_all(&mut self, any: bool, generator: &ast::ExprGenerator, span: TextRange) -> Expr {
        self.assume_builtin(if any { "any" } else { "all" });
        let found = self.temp(Type::bool());
        let constant = |v: bool| make(ExprKind::Constant(Constant::Bool(v)), Type::bool(), span);
        let nested = generator.generators.len() > 1;
        let stmts = self.block(|cx| {
            let set = cx.set_temp(found, constant(!any), span);
            cx.out.push(set);
            cx.loops_of(&generator.generators, span, &mut |cx| {
                let condition = cx.condition(&generator.elt);
                cx.state = condition.yes.join(&condition.no, cx.world);
                let test = if any {
                    condition.test
                } else {
                    make(ExprKind::Not(condition.test), Type::bool(), span)
                };
                let then = cx.block(|cx| {
                    let set = cx.set_temp(found, constant(any), span);
                    cx.out.push(set);
                    cx.push(StmtKind::Break, span);
                });
                cx.push(StmtKind::If(test, then, Vec::new()), span);
            });
            if nested {
                // Breaking out of the inner loop must break out of the outer ones too.
                break_outwards(&mut cx.out, found, any, span);
            }
        });
        let e = self.read_temp(found, span);
        make(ExprKind::Block(stmts, e), Type::bool(), span)
    }

    /// `sum` of a generator expression. Ints are added as they come; floats are summed by CPython, which compensates for rounding.
    fn sum(&mut self, generator: &ast::ExprGenerator, span: TextRange) -> Option<Expr> {
        let item = self.quiet_element(generator);
        let int = item.is_builtin("int")
            || item.is_builtin("bool")
            || matches!(item, Type::Primitive(p) if p.is_integer());
        self.assume_builtin("sum");
        if int {
            let total = self.temp(Type::int());
            let stmts = self.block(|cx| {
                let zero = make(ExprKind::Constant(Constant::Int(0)), Type::int(), span);
                let set = cx.set_temp(total, zero, span);
                cx.out.push(set);
                cx.loops_of(&generator.generators, span, &mut |cx| {
                    let e = cx.expr(&generator.elt, None);
                    let e = cx.unprimitive(e);
                    let right = cx.to_int(e);
                    let right = if right.ty.is_builtin("int") {
                        right
                    } else {
                        cx.expect(right, &Type::int())
                    };
                    let left = cx.read_temp(total, span);
                    let sum = make(
                        ExprKind::Binary {
                            op: BinaryOp::Add,
                            left,
                            right,
                            in_place: false,
                        },
                        Type::int(),
                        span,
                    );
                    let set = cx.set_temp(total, sum, span);
                    cx.out.push(set);
                });
            });
            let e = self.read_temp(total, span);
            return Some(make(ExprKind::Block(stmts, e), Type::int(), span));
        }
        if !super::ops::known_value(&item) {
            return None;
        }
        let list = self.filled_list(&generator.elt, &generator.generators, None, span);
        let callee = self.global_object("sum", Type::Dynamic, span);
        let e = self.call_object(callee, vec![list], Vec::new(), span);
        Some(if item.is_builtin("float") {
            self.expect(e, &Type::union([Type::float(), Type::int()]))
        } else {
            e
        })
    }

    /// The type of a generator's elements, without effects.
    fn quiet_element(&mut self, generator: &ast::ExprGenerator) -> Type {
        let locals = self.locals.len();
        let state = self.state.clone();
        let (assigned, assumptions, fallback) = (
            self.assigned.clone(),
            self.assumptions.clone(),
            self.fallback.clone(),
        );
        let back = self.new_back.clone();
        let mut ty = Type::Never;
        self.muted += 1;
        let _ = self.block(|cx| {
            cx.loops_of(&generator.generators, generator.range, &mut |cx| {
                ty = cx.expr(&generator.elt, None).ty;
            });
        });
        self.muted -= 1;
        self.new_back = back;
        self.locals.truncate(locals);
        self.state = state;
        (self.assigned, self.assumptions, self.fallback) = (assigned, assumptions, fallback);
        ty
    }

    /// A builtin that works on the whole of the items: of a list of them.
    fn of_list(
        &mut self,
        name: &str,
        generator: &ast::ExprGenerator,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        let item = self.quiet_element(generator);
        if !super::ops::known_value(&item) && name != "sorted" {
            // Comparisons are code of the program and would run at another time.
            return None;
        }
        let list = self.filled_list(&generator.elt, &generator.generators, None, span);
        let item = self.item_type(&list.ty).unwrap_or(Type::Dynamic);
        let callee = self.global_object(name, Type::Dynamic, span);
        let mut args = vec![list];
        let mut names = Vec::new();
        for keyword in &call.arguments.keywords {
            let e = self.expr(&keyword.value, None);
            let e = self.unprimitive(e);
            args.push(object(e));
            names.push(Name::new(keyword.arg.as_ref()?.as_str()));
        }
        let has_default = names.iter().any(|n| &**n == "default");
        self.assume_builtin(name);
        let e = self.call_object(callee, args, names, span);
        Some(match name {
            "sorted" => super::cx::known(e, Type::exact_builtin("list", [item])),
            _ if has_default || item.is_dynamic() => e,
            _ => self.expect(e, &item),
        })
    }

    /// A generator expression that is left to CPython: looked at for its errors, and for the type of the generator.
    pub fn walk_generator(&mut self, generator: &ast::ExprGenerator) -> Type {
        let mut item = Type::Never;
        let _ = self.block(|cx| {
            cx.loops_of(&generator.generators, generator.range, &mut |cx| {
                let e = cx.expr(&generator.elt, None);
                item = cx.world.join(&item, &super::attr::python_type(&e.ty));
                cx.push(StmtKind::Expr(e), generator.range);
            });
        });
        let item = unless_never(item);
        let is_async = generator.generators.iter().any(|g| g.is_async);
        if is_async {
            let class = Symbol::new("typing", "AsyncGenerator");
            Type::Instance(class, [item, Type::None].into())
        } else {
            let class = Symbol::new("typing", "Generator");
            Type::Instance(class, [item, Type::None, Type::None].into())
        }
    }
}

/// After each inner loop, leave the outer one when the answer is found.
fn break_outwards(stmts: &mut [crate::tree::Stmt], found: LocalId, any: bool, span: TextRange) {
    for stmt in stmts {
        match &mut stmt.kind {
            StmtKind::For { body, .. } => insert_breaks(body, found, any, span),
            StmtKind::If(_, then, _) => break_outwards(then, found, any, span),
            _ => {}
        }
    }
}

/// Puts a check after every loop in `body`, also inside of the conditions of the comprehension.
fn insert_breaks(body: &mut Vec<crate::tree::Stmt>, found: LocalId, any: bool, span: TextRange) {
    let mut i = 0;
    while i < body.len() {
        let mut check = false;
        match &mut body[i].kind {
            StmtKind::For { body, .. } => {
                insert_breaks(body, found, any, span);
                check = true;
            }
            StmtKind::If(_, then, _) => insert_breaks(then, found, any, span),
            _ => {}
        }
        if check {
            let read = make(ExprKind::Local(found), Type::bool(), span);
            let test = if any {
                read
            } else {
                make(ExprKind::Not(read), Type::bool(), span)
            };
            let leave = crate::tree::Stmt {
                kind: StmtKind::Break,
                span,
            };
            body.insert(
                i + 1,
                crate::tree::Stmt {
                    kind: StmtKind::If(test, vec![leave], Vec::new()),
                    span,
                },
            );
            i += 1;
        }
        i += 1;
    }
}

fn unless_never(ty: Type) -> Type {
    if ty == Type::Never { Type::Dynamic } else { ty }
}

fn target_names(target: &ast::Expr, names: &mut Vec<String>) {
    match target {
        ast::Expr::Name(name) => {
            names.push(name.id.to_string());
        }
        ast::Expr::Tuple(t) => t.elts.iter().for_each(|e| target_names(e, names)),
        ast::Expr::List(t) => t.elts.iter().for_each(|e| target_names(e, names)),
        ast::Expr::Starred(s) => target_names(&s.value, names),
        _ => {}
    }
}
