//! Exceptions: `try`, `with`, `raise`, `assert`.
//!
//! An exception may leave a block after any of its statements. While a block is walked from which exceptions are caught, what is known after each
//! statement is joined into a frame of [`Cx::raising`]: that is what a handler sees.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::StmtKind;
use crate::types::{Constant, Symbol, Type};

use super::cx::{Cx, object, range};
use super::flow::{Place, State};
use super::scope::Names;
use super::world::{Lookup, erase, substitute, widen};

/// Where the loops around stood when a `try` with a `finally` began.
struct Jumps(Vec<(usize, usize)>);

impl Cx<'_> {
    /// Notes that an exception may leave from here.
    pub fn may_raise(&mut self) {
        if self.raising.is_empty() || !self.state.reachable {
            return;
        }
        let mut raising = std::mem::take(&mut self.raising);
        for frame in &mut raising {
            *frame = Some(match frame.take() {
                Some(known) => known.join(&self.state, self.world),
                None => self.state.clone(),
            });
        }
        self.raising = raising;
    }

    /// The same after a statement, which may not have gone on.
    pub fn may_have_raised(&mut self) {
        let reachable = std::mem::replace(&mut self.state.reachable, true);
        self.may_raise();
        self.state.reachable = reachable;
    }

    /// Runs `f` and gives what is known where an exception leaves it.
    fn catching(&mut self, f: impl FnOnce(&mut Self)) -> State {
        let start = self.state.clone();
        self.raising.push(None);
        f(self);
        self.raising.pop().flatten().unwrap_or(start)
    }

    /// `try`.
    pub fn try_stmt(&mut self, stmt: &ast::StmtTry) {
        self.fall_back(
            "a `try` statement",
            TextRange::at(stmt.range.start(), 3.into()),
        );
        let jumps = Jumps(
            self.loops
                .iter()
                .map(|frame| (frame.breaks.len(), frame.continues.len()))
                .collect(),
        );
        if stmt.finalbody.is_empty() {
            self.try_and_handlers(stmt);
            return;
        }
        let thrown = self.catching(|cx| cx.try_and_handlers(stmt));
        self.finally(&stmt.finalbody, thrown, &jumps);
    }

    fn try_and_handlers(&mut self, stmt: &ast::StmtTry) {
        // Who catches `AttributeError` expects that an attribute may not be there.
        let expects = stmt.handlers.iter().any(|h| {
            let ast::ExceptHandler::ExceptHandler(h) = h;
            h.type_.as_ref().is_some_and(|ty| names_attribute_error(ty))
        });
        self.expects_missing += u32::from(expects);
        let thrown = self.catching(|cx| cx.body(&stmt.body));
        self.expects_missing -= u32::from(expects);
        self.body(&stmt.orelse);
        let mut after = self.state.clone();
        let mut caught: Vec<Symbol> = Vec::new();
        for handler in &stmt.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            self.state = thrown.clone();
            self.handler(handler, stmt.is_star, &mut caught);
            after = after.join(&self.state, self.world);
        }
        self.state = after;
    }

    fn handler(
        &mut self,
        handler: &ast::ExceptHandlerExceptHandler,
        is_star: bool,
        caught: &mut Vec<Symbol>,
    ) {
        let mut ty = Type::builtin("BaseException");
        if let Some(class) = &handler.type_ {
            let at = range(&**class);
            let value = self.expr(class, None);
            ty = self.caught(&value.view(), at);
            self.check_shadowed(&ty, at, caught);
            if is_star {
                self.check_groups(&ty, at);
                ty = self.group_of(&ty);
            }
        }
        let Some(name) = &handler.name else {
            self.body(&handler.body);
            return;
        };
        let temp = self.temp(ty);
        let value = self.read_temp(temp, name.range);
        self.assign_name(name.as_str(), value, name.range);
        self.body(&handler.body);
        // The name is deleted where the handler is left.
        match self.local(name.as_str()) {
            Some(id) => {
                self.state.forget(&Place::local(id));
                self.state.set_bound(id, false);
            }
            None => self.state.forget(&Place::global(name.as_str())),
        }
    }

    /// What is caught by an `except` with a value of type `ty`: instances of a class, or of any of a tuple of classes.
    fn caught(&mut self, ty: &Type, at: TextRange) -> Type {
        let mut all = Type::Never;
        for member in ty.members() {
            let instances = match member {
                Type::Class(class) => Type::Instance(*class, [].into()),
                Type::ClassOf(of) => **of,
                Type::Tuple(items) => {
                    let mut any = Type::Never;
                    for item in items {
                        let item = self.caught(item, at);
                        any = self.world.join(&any, &item);
                    }
                    any
                }
                Type::Instance(class, args) | Type::Exact(class, args)
                    if class.is_builtin("tuple") =>
                {
                    match args.first() {
                        Some(item) => self.caught(item, at),
                        None => Type::Dynamic,
                    }
                }
                Type::Instance(class, _) if class.is_builtin("type") => Type::Dynamic,
                Type::Dynamic | Type::Never | Type::TypeVar(_) => Type::Dynamic,
                other => {
                    self.report_uncatchable(&widen(other), at);
                    return Type::Dynamic;
                }
            };
            let base = Symbol::new("builtins", "BaseException");
            let wrong = instances
                .members()
                .iter()
                .filter_map(Type::class)
                .any(|class| self.world.is_subclass(&class, &base) == Some(false));
            if wrong {
                self.report_uncatchable(member, at);
                return Type::Dynamic;
            }
            all = self.world.join(&all, &instances);
        }
        all
    }

    fn report_uncatchable(&mut self, ty: &Type, at: TextRange) {
        self.report(
            Rule::InvalidExcept,
            at,
            format!("`{ty}` cannot be caught: `except` takes exception classes"),
        );
    }

    /// Reports a clause that catches only what earlier ones have caught.
    fn check_shadowed(&mut self, ty: &Type, at: TextRange, caught: &mut Vec<Symbol>) {
        let classes: Option<Vec<Symbol>> = ty
            .members()
            .iter()
            .map(|member| match member {
                Type::Instance(class, _) => Some(*class),
                _ => None,
            })
            .collect();
        let Some(classes) = classes.filter(|classes| !classes.is_empty()) else {
            return;
        };
        let earlier = classes.iter().map(|class| {
            caught
                .iter()
                .find(|known| self.world.is_subclass(class, known) == Some(true))
        });
        if let Some(earlier) = earlier.collect::<Option<Vec<&Symbol>>>() {
            let names: Vec<String> = earlier.iter().map(|c| format!("`{}`", c.name())).collect();
            self.report(
                Rule::UnreachableCode,
                at,
                format!(
                    "This never catches anything: {} is caught above",
                    names.join(", ")
                ),
            );
        }
        caught.extend(classes);
    }

    /// `except*` takes groups apart and cannot catch one.
    fn check_groups(&mut self, ty: &Type, at: TextRange) {
        let group = Symbol::new("builtins", "BaseExceptionGroup");
        for class in ty.members().iter().filter_map(Type::class) {
            if self.world.is_subclass(&class, &group) == Some(true) {
                self.report(
                    Rule::InvalidExcept,
                    at,
                    format!(
                        "`except*` cannot catch `{}`: it takes groups apart",
                        class.name()
                    ),
                );
            }
        }
    }

    /// The group in which `except*` hands over exceptions of type `ty`.
    fn group_of(&self, ty: &Type) -> Type {
        let exception = Type::builtin("Exception");
        let ordinary = ty
            .members()
            .iter()
            .all(|m| self.world.assignable(m, &exception));
        let name = if ordinary {
            "ExceptionGroup"
        } else {
            "BaseExceptionGroup"
        };
        Type::Instance(Symbol::new("builtins", name), [*ty].into())
    }

    /// `finally`: once from anywhere, for its errors, and once from where control goes on.
    fn finally(&mut self, body: &[ast::Stmt], thrown: State, jumps: &Jumps) {
        let normal = self.state.clone();
        self.state = normal.join(&thrown, self.world);
        let names = Names::of(body);
        self.body(body);
        let left = self.state.clone();
        // A `break` or `continue` goes through the `finally` too.
        let changed = |place: &Place| match place.root {
            super::flow::Root::Local(id) => {
                let name = self.locals.get(id.0 as usize).map(|l| l.name);
                name.is_some_and(|name| names.bound.contains(&*name))
            }
            super::flow::Root::Global(name) => {
                names.globals.contains(&*name) || names.bound.contains(&*name)
            }
        };
        let mut loops = std::mem::take(&mut self.loops);
        for (frame, (breaks, continues)) in loops.iter_mut().zip(&jumps.0) {
            let broken = frame.breaks.iter_mut().skip(*breaks);
            for state in broken.chain(frame.continues.iter_mut().skip(*continues)) {
                state.keep(|place| !changed(place));
                state.reachable &= left.reachable;
            }
        }
        self.loops = loops;
        if !normal.reachable {
            self.state.reachable = false;
            return;
        }
        self.state = normal;
        self.muted += 1;
        let walk = self.walk;
        self.walk = 2 * walk + 1;
        self.body(body);
        self.walk = walk;
        self.muted -= 1;
    }

    /// `with`, also `async with`.
    pub fn with_stmt(&mut self, stmt: &ast::StmtWith) {
        self.fall_back(
            "a `with` statement",
            TextRange::at(stmt.range.start(), 4.into()),
        );
        self.with_items(&stmt.items, stmt);
    }

    fn with_items(&mut self, items: &[ast::WithItem], stmt: &ast::StmtWith) {
        let Some((item, rest)) = items.split_first() else {
            self.body(&stmt.body);
            return;
        };
        let value = self.expr(&item.context_expr, None);
        let value = self.unprimitive(value);
        let at = range(&item.context_expr);
        let view = value.view();
        let entered = self.entered(&view, stmt.is_async, at);
        let swallows = self.swallows(&view, stmt.is_async);
        self.after_call();
        if let Some(target) = &item.optional_vars {
            let temp = self.temp(entered);
            let e = self.read_temp(temp, range(&**target));
            self.assign(target, e, range(&**target));
        }
        if swallows {
            let thrown = self.catching(|cx| cx.with_items(rest, stmt));
            self.join_state(&thrown);
        } else {
            self.with_items(rest, stmt);
        }
        // Leaving calls `__exit__`.
        self.after_call();
    }

    /// The type that calling special method `name` of a value without arguments gives; nothing if there is no such method, dynamic if it
    /// is not known.
    pub fn special_member(&self, ty: &Type, name: &str) -> Option<Type> {
        let instance = ty.as_instance();
        let (class, args) = match &instance {
            Type::Instance(class, args) | Type::Exact(class, args) => (*class, *args),
            Type::Tuple(_) | Type::Literal(_) => match widen(&instance).class() {
                Some(class) => (class, [].into()),
                None => return Some(Type::Dynamic),
            },
            Type::None | Type::Function(_) | Type::Module(_) | Type::Callable(_) => return None,
            _ => return Some(Type::Dynamic),
        };
        match self.world.member(&class, &args, name) {
            Lookup::Found {
                member: Member::Method(symbol),
                params,
                ..
            } => {
                let Some(function) = self.world.function(&symbol) else {
                    return Some(Type::Dynamic);
                };
                if function.is_decorated || function.is_overloaded || !function.returns_annotated {
                    return Some(Type::Dynamic);
                }
                let returns = substitute(&function.returns, &params);
                // `Self`.
                let own = matches!(&returns, Type::TypeVar(v) if &*v.name == "Self" || &*v.name == "_Self");
                let returns = if own { *ty } else { erase(&returns) };
                // What yields, even where that is never reached, gives an asynchronous iterator when it is called.
                Some(if function.is_async && !function.is_generator {
                    self.coroutine(returns)
                } else {
                    returns
                })
            }
            Lookup::Found { .. } | Lookup::Unknown => Some(Type::Dynamic),
            Lookup::Missing => None,
        }
    }

    /// What `as` binds: the result of `__enter__`, awaited in an `async with`.
    fn entered(&mut self, ty: &Type, is_async: bool, at: TextRange) -> Type {
        let (enter, exit) = match is_async {
            true => ("__aenter__", "__aexit__"),
            false => ("__enter__", "__exit__"),
        };
        let mut all = Type::Never;
        for member in ty.members() {
            let missing = [enter, exit]
                .into_iter()
                .find(|name| self.special_member(member, name).is_none());
            if let Some(missing) = missing {
                let kind = if is_async {
                    "asynchronous context manager"
                } else {
                    "context manager"
                };
                if *member == Type::None && *ty != Type::None {
                    self.report_with(
                        Rule::PossiblyNone,
                        at,
                        format!("This is `{}`, and `None` is no {kind}", widen(ty)),
                        vec!["Test it with `is not None` first".to_owned()],
                    );
                } else {
                    self.report(
                        Rule::InvalidContextManager,
                        at,
                        format!("`{}` is no {kind}: it has no `{missing}`", widen(member)),
                    );
                }
                all = Type::Dynamic;
                continue;
            }
            let given = self.special_member(member, enter).unwrap_or(Type::Dynamic);
            let given = if is_async {
                self.awaited(&given).unwrap_or(Type::Dynamic)
            } else {
                given
            };
            all = self.world.join(&all, &given);
        }
        all
    }

    /// Whether a manager may swallow an exception: its `__exit__` is declared to return `bool`.
    fn swallows(&self, ty: &Type, is_async: bool) -> bool {
        let exit = if is_async { "__aexit__" } else { "__exit__" };
        ty.members().iter().any(|member| {
            let result = self.special_member(member, exit).unwrap_or(Type::Dynamic);
            let result = if is_async {
                self.awaited(&result).unwrap_or(Type::Dynamic)
            } else {
                result
            };
            match result {
                Type::Literal(Constant::Bool(value)) => *value,
                Type::Literal(_) => false,
                other => other.is_builtin("bool"),
            }
        })
    }

    /// `raise`.
    pub fn raise(&mut self, stmt: &ast::StmtRaise) {
        let span = stmt.range;
        let exc = stmt.exc.as_ref().map(|e| {
            let at = range(&**e);
            let e = self.expr(e, None);
            let e = self.unprimitive(e);
            let ty = self.trusted_belief(&e).unwrap_or(e.ty);
            self.check_exception(&ty, at);
            object(e)
        });
        let cause = stmt.cause.as_ref().map(|e| {
            let at = range(&**e);
            let e = self.expr(e, None);
            let e = self.unprimitive(e);
            let ty = e.ty.without_none();
            if e.ty != Type::None {
                self.check_exception(&ty, at);
            }
            object(e)
        });
        self.push(StmtKind::Raise(exc, cause), span);
        self.state.reachable = false;
    }

    fn check_exception(&mut self, ty: &Type, at: TextRange) {
        let base = Symbol::new("builtins", "BaseException");
        for member in ty.members() {
            let fine = match member {
                Type::Class(c) => self.world.is_subclass(c, &base) != Some(false),
                Type::Dynamic
                | Type::TypeVar(_)
                | Type::ClassOf(_)
                | Type::Never
                | Type::Callable(_)
                | Type::Overloaded(_) => true,
                other => match other.class() {
                    Some(c) => {
                        c.is_builtin("type") || self.world.is_subclass(&c, &base) != Some(false)
                    }
                    None => false,
                },
            };
            if !fine {
                self.report(
                    Rule::InvalidRaise,
                    at,
                    format!("`{}` is not an exception", widen(ty)),
                );
                return;
            }
        }
    }

    /// `assert`.
    pub fn assert_stmt(&mut self, stmt: &ast::StmtAssert) {
        let span = stmt.range;
        let is_elsewhere = self.decide(&stmt.test) == Some(false);
        let mut condition = self.condition(&stmt.test);
        if is_elsewhere && condition.yes.reachable {
            // What follows is for another platform, or for the checker of one: here it may run all the same, without assertions.
            self.fall_back("code for another platform", span);
            condition.yes = condition.yes.dead();
        }
        self.state = condition.no;
        let message = stmt.msg.as_ref().map(|m| {
            let e = self.expr(m, None);
            let e = self.unprimitive(e);
            object(e)
        });
        self.state = condition.yes;
        self.push(StmtKind::Assert(condition.test, message), span);
    }
}

/// Whether a statement is one that raises nothing: a name that gets a value which is at hand.
pub fn is_harmless(stmt: &ast::Stmt) -> bool {
    match stmt {
        ast::Stmt::Pass(_) => true,
        ast::Stmt::Assign(node) => {
            node.targets.iter().all(ast::Expr::is_name_expr) && is_at_hand(&node.value)
        }
        ast::Stmt::AnnAssign(node) => {
            node.target.is_name_expr() && node.value.as_ref().is_none_or(|v| is_at_hand(v))
        }
        _ => false,
    }
}

fn is_at_hand(value: &ast::Expr) -> bool {
    match value {
        ast::Expr::Attribute(node) => is_at_hand(&node.value),
        ast::Expr::List(node) => node.elts.is_empty(),
        ast::Expr::Dict(node) => node.items.is_empty(),
        ast::Expr::Tuple(node) => node.elts.iter().all(is_at_hand),
        ast::Expr::Name(_) => true,
        other => other.is_literal_expr(),
    }
}

fn names_attribute_error(ty: &ast::Expr) -> bool {
    match ty {
        ast::Expr::Name(name) => name.id.as_str() == "AttributeError",
        ast::Expr::Tuple(t) => t.elts.iter().any(names_attribute_error),
        _ => false,
    }
}
