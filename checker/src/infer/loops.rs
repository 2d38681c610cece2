//! Loops: `for` over what is known to be a range, a list, a tuple or an array, over anything else, and `while`.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{BinaryOp, Expr, ExprKind, Iterable, LocalId, StmtKind};
use crate::types::{Constant, Primitive, Type};

use super::bind::has_unpacking;
use super::builtin::range_parts;
use super::convert::Why;
use super::cx::{Cx, LoopFrame, make, object, range};
use super::flow::State;
use super::world::{Resolved, widen};

/// What a loop iterates, once its expression has been evaluated.
struct Source {
    iterable: Iterable,
    /// Receives each item.
    item: LocalId,
    /// What an item is known to be.
    ty: Type,
    /// What an item is believed to be.
    belief: Type,
    /// The counter of an `enumerate`.
    counter: Option<LocalId>,
}

impl Cx<'_> {
    /// Runs the body of a loop that is at `key`: from what is known before it and at the end of its body as the previous pass found it. Gives
    /// the statements, the state at the head, the state at the end of the body, and the states at each `break`.
    pub fn in_loop<T>(
        &mut self,
        key: TextRange,
        f: impl FnOnce(&mut Self) -> T,
    ) -> (T, State, State, Vec<State>) {
        let span = key;
        let key = (key, self.walk);
        if let Some(back) = self.back.get(&key).cloned() {
            // What the body's end does not say of a place is not known at the head either.
            let entry = self.state.clone();
            self.state = entry.join(&back, self.world);
            // It says nothing of temporaries: the variables of comprehensions around stay what they are.
            self.state.keep_temporaries(&entry, self.named);
        }
        let head = self.state.clone();
        self.loops.push(LoopFrame {
            span,
            ..LoopFrame::default()
        });
        let result = f(self);
        let frame = self.loops.pop().unwrap_or_default();
        for state in &frame.continues {
            self.state = self.state.join(state, self.world);
        }
        let end = self.state.clone();
        self.new_back
            .insert(key, end.clone().without_temporaries(self.named));
        (result, head, end, frame.breaks)
    }

    /// `for`.
    pub fn for_stmt(&mut self, stmt: &ast::StmtFor) {
        let span = stmt.range;
        if stmt.is_async {
            self.fall_back("an `async for`", span);
        }
        let source = match stmt.is_async {
            true => self.async_source(&stmt.iter),
            false => self.source(&stmt.iter, Some(&stmt.target)),
        };
        let target = &stmt.target;
        let (body, head, end, breaks) = self.in_loop(span, |cx| {
            cx.block(|cx| {
                cx.bind_item(&source, target, range(&**target));
                cx.body(&stmt.body);
            })
        });
        self.state = head.join(&end, self.world);
        self.state.after_loop(&end);
        let orelse = self.block(|cx| cx.body(&stmt.orelse));
        for state in &breaks {
            self.state = self.state.join(state, self.world);
        }
        self.push(
            StmtKind::For {
                iterable: source.iterable,
                item: source.item,
                body,
                orelse,
            },
            span,
        );
    }

    /// A loop of a comprehension: `f` writes what it does with each item.
    pub fn comprehension_loop(
        &mut self,
        generator: &ast::Comprehension,
        first: bool,
        f: &mut dyn FnMut(&mut Self),
    ) {
        let span = generator.range;
        // The first iterable is evaluated outside: the comprehension's own names are not seen in it.
        let scope = if first {
            self.comprehension.pop()
        } else {
            None
        };
        let source = match generator.is_async {
            true => self.async_source(&generator.iter),
            false => self.source(&generator.iter, None),
        };
        if let Some(scope) = scope {
            self.comprehension.push(scope);
        }
        let (body, head, end, _) = self.in_loop(span, |cx| {
            cx.block(|cx| {
                cx.bind_item(&source, &generator.target, range(&generator.target));
                cx.filtered(&generator.ifs, f);
            })
        });
        self.state = head.join(&end, self.world);
        self.state.after_loop(&end);
        self.push(
            StmtKind::For {
                iterable: source.iterable,
                item: source.item,
                body,
                orelse: Vec::new(),
            },
            span,
        );
    }

    fn filtered(&mut self, ifs: &[ast::Expr], f: &mut dyn FnMut(&mut Self)) {
        let Some((first, rest)) = ifs.split_first() else {
            return f(self);
        };
        let condition = self.condition(first);
        self.state = condition.yes;
        let then = self.block(|cx| cx.filtered(rest, f));
        self.state = self.state.join(&condition.no, self.world);
        self.push(StmtKind::If(condition.test, then, Vec::new()), range(first));
    }

    /// Stores an item in the loop's target.
    fn bind_item(&mut self, source: &Source, target: &ast::Expr, span: TextRange) {
        let item = self.read_temp(source.item, span);
        let item = |cx: &mut Self| {
            let item = if source.ty.is_dynamic() || source.ty == item.ty {
                item.clone()
            } else {
                cx.expect(item.clone(), &source.ty)
            };
            if source.belief.is_dynamic() {
                item
            } else {
                item.believed(source.belief)
            }
        };
        match source.counter {
            None => {
                let item = item(self);
                self.assign(target, item, span);
            }
            Some(counter) => {
                // The counter moves on before the body, which may `continue`.
                let now = self.temp(Type::int());
                let read = self.read_temp(counter, span);
                let set = self.set_temp(now, read, span);
                self.out.push(set);
                let one = make(ExprKind::Constant(Constant::Int(1)), Type::int(), span);
                let read = self.read_temp(counter, span);
                let next = make(
                    ExprKind::Binary {
                        op: BinaryOp::Add,
                        left: read,
                        right: one,
                        in_place: false,
                    },
                    Type::int(),
                    span,
                );
                let set = self.set_temp(counter, next, span);
                self.out.push(set);
                let index = self.read_temp(now, span);
                match target {
                    ast::Expr::Tuple(t)
                        if t.elts.len() == 2 && !t.elts.iter().any(ast::Expr::is_starred_expr) =>
                    {
                        let item = item(self);
                        self.assign(&t.elts[0], index, span);
                        self.assign(&t.elts[1], item, span);
                    }
                    _ => {
                        let item = item(self);
                        let ty = Type::Tuple([Type::int(), widen(&item.ty)].into());
                        let pair =
                            make(ExprKind::Tuple(vec![object(index), object(item)]), ty, span);
                        self.assign(target, pair, span);
                    }
                }
            }
        }
    }

    /// Evaluates what a loop iterates.
    fn source(&mut self, iter: &ast::Expr, target: Option<&ast::Expr>) -> Source {
        if let ast::Expr::Call(call) = iter {
            let simple = !has_unpacking(&call.arguments) && call.arguments.keywords.is_empty();
            let count = call.arguments.args.len();
            if simple && (1..=3).contains(&count) {
                if self.is_builtin_name(&call.func, "range") {
                    if let Some(source) = self.range_source(call, target) {
                        return source;
                    }
                } else if self.is_crange(&call.func) {
                    return self.crange_source(call);
                }
            }
            if simple && (1..=2).contains(&count) && self.is_builtin_name(&call.func, "enumerate") {
                return self.enumerate_source(call);
            }
        }
        let value = self.expr(iter, None);
        let value = self.unprimitive(value);
        let ty = self.items_of(&value, range(iter));
        self.plain_source(value, ty)
    }

    /// What an asynchronous loop iterates.
    fn async_source(&mut self, iter: &ast::Expr) -> Source {
        let value = self.expr(iter, None);
        let value = self.unprimitive(value);
        let ty = self.async_items_of(&value, range(iter));
        self.after_call();
        self.plain_source(value, ty)
    }

    fn plain_source(&mut self, value: Expr, ty: Type) -> Source {
        let belief = self.believed_item(&value.view());
        let (iterable, held) = self.iterable(value);
        let ty = super::world::erase(&ty);
        let ty = match (&held, ty) {
            (Type::Primitive(_), _) => held,
            (_, Type::Primitive(p)) => p.boxed(),
            (_, ty) => ty,
        };
        let item = self.temp(held);
        Source {
            iterable,
            item,
            ty,
            belief,
            counter: None,
        }
    }

    fn enumerate_source(&mut self, call: &ast::ExprCall) -> Source {
        let span = range(call);
        self.assume_builtin("enumerate");
        let value = self.expr(&call.arguments.args[0], None);
        let value = self.unprimitive(value);
        let ty = self.items_of(&value, range(&call.arguments.args[0]));
        let start = match call.arguments.args.get(1) {
            Some(start) => {
                // The iterable is evaluated before the start.
                let e = self.expr(start, None);
                let e = self.unprimitive(e);
                let e = self.coerce(
                    e,
                    &Type::int(),
                    &Why::Argument("enumerate".into(), "start".into()),
                );
                self.to_int(e)
            }
            None => make(ExprKind::Constant(Constant::Int(0)), Type::int(), span),
        };
        let mut stmts = Vec::new();
        let value = if matches!(&*start.kind, ExprKind::Constant(_)) {
            value
        } else {
            self.keep(value, &mut stmts)
        };
        self.out.append(&mut stmts);
        let counter = self.temp(Type::int());
        let set = self.set_temp(counter, start, span);
        self.out.push(set);
        let mut source = self.plain_source(value, ty);
        source.counter = Some(counter);
        source
    }

    fn is_crange(&self, func: &ast::Expr) -> bool {
        match func {
            ast::Expr::Name(name) => {
                self.local(name.id.as_str()).is_none()
                    && matches!(self.world.global(&self.module, name.id.as_str()).0, Resolved::Static(n) if &*n == "crange")
            }
            _ => false,
        }
    }

    fn crange_source(&mut self, call: &ast::ExprCall) -> Source {
        let span = range(call);
        let mut parts: Vec<Expr> = call
            .arguments
            .args
            .iter()
            .map(|a| self.expr(a, None))
            .collect();
        let mut common: Option<Primitive> = None;
        for e in &parts {
            if let Type::Primitive(p) = e.ty {
                common = Some(match common {
                    Some(c) => super::world::common_primitive(c, p).unwrap_or(Primitive::Int64),
                    None => p,
                });
            }
        }
        let ty = Type::Primitive(
            common
                .filter(|p| p.is_integer())
                .unwrap_or(Primitive::Int64),
        );
        let why = Why::Argument("crange".into(), "".into());
        parts = parts
            .into_iter()
            .map(|e| self.coerce(e, &ty, &why))
            .collect();
        let mut parts = range_parts(parts, span);
        for part in &mut parts {
            if part.ty == Type::int() {
                part.ty = ty;
            }
        }
        let [start, stop, step] = parts;
        let item = self.temp(ty);
        Source {
            iterable: Iterable::Range(start, stop, step),
            item,
            ty,
            belief: Type::Dynamic,
            counter: None,
        }
    }

    fn range_source(&mut self, call: &ast::ExprCall, target: Option<&ast::Expr>) -> Option<Source> {
        let span = range(call);
        // A target that is declared as a machine integer counts in it, when the bounds are of its type.
        let wanted = target.and_then(|t| match t {
            ast::Expr::Name(name) => {
                let id = self.local(name.id.as_str())?;
                match self.declared.get(id.0 as usize)? {
                    Some(Type::Primitive(p)) if p.is_integer() => Some(*p),
                    _ => None,
                }
            }
            _ => None,
        });
        let mut parts = Vec::new();
        for arg in &call.arguments.args {
            parts.push(self.expr(arg, None));
        }
        if let Some(p) = wanted {
            let native = parts.iter().all(|e| match &e.ty {
                Type::Primitive(q) => *q == p,
                Type::Literal(c) => super::world::literal_fits(c, p),
                _ => false,
            });
            if native {
                let ty = Type::Primitive(p);
                let parts: Vec<Expr> = parts
                    .into_iter()
                    .map(|e| self.coerce(e, &ty, &Why::Value))
                    .collect();
                let mut parts = range_parts(parts, span);
                for part in &mut parts {
                    part.ty = ty;
                }
                let [start, stop, step] = parts;
                self.assume_builtin("range");
                let item = self.temp(ty);
                return Some(Source {
                    iterable: Iterable::Range(start, stop, step),
                    item,
                    ty,
                    belief: Type::Dynamic,
                    counter: None,
                });
            }
        }
        let mut ints = Vec::new();
        for e in parts {
            ints.push(self.unprimitive(e));
        }
        if ints
            .iter()
            .all(|e| e.ty.is_builtin("int") || e.ty.is_builtin("bool"))
        {
            let ints: Vec<Expr> = ints.into_iter().map(|e| self.to_int(e)).collect();
            self.assume_builtin("range");
            let [start, stop, step] = range_parts(ints, span);
            let item = self.temp(Type::int());
            return Some(Source {
                iterable: Iterable::Range(start, stop, step),
                item,
                ty: Type::int(),
                belief: Type::Dynamic,
                counter: None,
            });
        }
        let mut objects = Vec::new();
        for e in ints {
            if !self.may_fit(&e, &Type::int()) && !self.has_index_method(&e.ty) {
                let shown = widen(&e.ty);
                self.report(
                    Rule::InvalidArgument,
                    e.span,
                    format!("Argument of `range` must be `int`, but this is `{shown}`"),
                );
            }
            objects.push(object(e));
        }
        let callee = self.global_object("range", Type::Dynamic, range(&*call.func));
        let value = self.call_object(callee, objects, Vec::new(), span);
        let value = self.expect(value, &Type::builtin("range"));
        Some(self.plain_source(value, Type::int()))
    }

    fn has_index_method(&self, ty: &Type) -> bool {
        match ty {
            Type::Instance(c, a) | Type::Exact(c, a) => !matches!(
                self.world.member(c, a, "__index__"),
                super::world::Lookup::Missing
            ),
            _ => false,
        }
    }

    /// `while`.
    pub fn while_stmt(&mut self, stmt: &ast::StmtWhile) {
        let span = stmt.range;
        let ((test, no, body), _, end, breaks) = self.in_loop(span, |cx| {
            let condition = cx.condition(&stmt.test);
            cx.state = condition.yes;
            let body = cx.block(|cx| cx.body(&stmt.body));
            (condition.test, condition.no, body)
        });
        self.state = no;
        self.state.after_loop(&end);
        let orelse = self.block(|cx| cx.body(&stmt.orelse));
        for state in &breaks {
            self.state = self.state.join(state, self.world);
        }
        self.push(StmtKind::While(test, body, orelse), span);
    }
}
