//! Statements.

use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{self, StmtKind};
use crate::types::{Constant, Symbol, Type};

use super::convert::Why;
use super::cx::{Cx, ScopeKind, none, object, range};
use super::flow::{Place, Root, State};
use super::ops::known_value;
use super::scope::Names;
use super::world::widen;

impl Cx<'_> {
    /// Statements of a block, up to the first that never goes on.
    pub fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            let alive = self.state.reachable;
            self.stmt(stmt);
            let ended = matches!(
                stmt,
                Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_)
            );
            if ended || (alive && !self.state.reachable && self.out.last().is_some_and(terminates))
            {
                break;
            }
        }
    }

    /// One statement.
    pub fn stmt(&mut self, stmt: &Stmt) {
        let span = range(stmt);
        match stmt {
            Stmt::Expr(s) => {
                if matches!(
                    &*s.value,
                    ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_)
                ) {
                    return;
                }
                if self.kind == ScopeKind::Function {
                    if let ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) | ast::Expr::Await(_) =
                        &*s.value
                    {
                        let e = self.expr(&s.value, None);
                        self.discard(e, span);
                        return;
                    }
                }
                let e = self.expr(&s.value, None);
                self.discard(e, span);
            }
            Stmt::Assign(s) => self.assign_stmt(s),
            Stmt::AugAssign(s) => self.aug_assign(s),
            Stmt::AnnAssign(s) => self.ann_assign(s),
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::If(s) => self.if_stmt(&s.test, &s.body, &s.elif_else_clauses, span),
            Stmt::While(s) => self.while_stmt(s),
            Stmt::For(s) => self.for_stmt(s),
            Stmt::Break(_) => {
                let state = self.state.clone();
                if let Some(frame) = self.loops.last_mut() {
                    frame.breaks.push(state);
                }
                self.state.reachable = false;
                self.push(StmtKind::Break, span);
            }
            Stmt::Continue(_) => {
                let state = self.state.clone();
                if let Some(frame) = self.loops.last_mut() {
                    frame.continues.push(state);
                }
                self.state.reachable = false;
                self.push(StmtKind::Continue, span);
            }
            Stmt::Pass(_) | Stmt::Global(_) => {}
            Stmt::Nonlocal(_) => self.fall_back("a variable of an enclosing function", span),
            Stmt::Raise(s) => self.raise(s),
            Stmt::Assert(s) => self.assert_stmt(s),
            Stmt::Delete(s) => s.targets.iter().for_each(|t| self.delete(t, span)),
            Stmt::Try(s) => self.try_stmt(s),
            Stmt::With(s) => self.with_stmt(s),
            Stmt::Match(s) => self.match_stmt(s),
            Stmt::FunctionDef(s) => {
                if self.kind == ScopeKind::Function {
                    self.fall_back("a nested function", s.name.range);
                }
                self.definition(s.name.as_str(), &s.decorator_list, span);
            }
            Stmt::ClassDef(s) => {
                if self.kind == ScopeKind::Function {
                    self.fall_back("a nested class", s.name.range);
                }
                self.check_bases(s);
                self.definition(s.name.as_str(), &s.decorator_list, span);
            }
            Stmt::Import(s) => {
                if self.kind != ScopeKind::Module {
                    self.fall_back("an import in a function", span);
                }
                for alias in &s.names {
                    let bound = match &alias.asname {
                        Some(name) => name.as_str(),
                        None => alias.name.as_str().split('.').next().unwrap_or_default(),
                    };
                    self.bind_unknown(bound, span);
                }
            }
            Stmt::ImportFrom(s) => {
                if self.kind != ScopeKind::Module {
                    self.fall_back("an import in a function", span);
                }
                for alias in &s.names {
                    let bound = alias
                        .asname
                        .as_ref()
                        .map_or(alias.name.as_str(), |n| n.as_str());
                    self.bind_unknown(bound, span);
                }
            }
            Stmt::TypeAlias(s) => {
                if self.kind == ScopeKind::Function {
                    self.fall_back("a `type` statement", span);
                }
                if let ast::Expr::Name(name) = &*s.name {
                    self.bind_unknown(name.id.as_str(), span);
                }
            }
            Stmt::IpyEscapeCommand(_) => self.fall_back("a command escape", span),
        }
    }

    /// A name that a statement binds which is not followed here. At module level the interface knows better.
    fn bind_unknown(&mut self, name: &str, span: TextRange) {
        if self.kind == ScopeKind::Module {
            self.state.forget(&Place {
                root: Root::Global(name.into()),
                path: Vec::new(),
            });
        } else {
            self.assign_unknown(name, span);
        }
    }

    fn definition(&mut self, name: &str, decorators: &[ast::Decorator], span: TextRange) {
        for decorator in decorators {
            // Evaluated for errors in names; what decorators mean is known from the interface.
            let _ = self.quiet_type(&decorator.expression);
        }
        self.bind_unknown(name, span);
    }

    /// Reports bases of a class that are no classes.
    fn check_bases(&mut self, class: &ast::StmtClassDef) {
        let Some(arguments) = &class.arguments else {
            return;
        };
        for base in &arguments.args {
            let ty = self.quiet_type(base);
            if matches!(
                ty,
                Type::Module(_) | Type::Function(_) | Type::Literal(_) | Type::None
            ) {
                self.report(
                    Rule::InvalidBase,
                    range(base),
                    format!("`{}` is not a class", widen(&ty)),
                );
            }
        }
    }

    fn return_stmt(&mut self, stmt: &ast::StmtReturn) {
        let span = stmt.range;
        let function = self.function.clone();
        let generator = self.names.has_yield || function.as_ref().is_some_and(|f| f.is_generator);
        let returns = self.returns;
        let value = match &stmt.value {
            Some(value) => {
                let expected = Some(&returns).filter(|t| !t.is_dynamic() && !generator);
                self.expr(value, expected)
            }
            None => none(span),
        };
        if generator || self.kind != ScopeKind::Function {
            self.state.reachable = false;
            return;
        }
        if stmt.value.is_none() && !self.world.assignable(&Type::None, &returns) {
            self.report(
                Rule::InvalidReturn,
                span,
                format!("The function returns `{returns}`, but this returns nothing"),
            );
        }
        let value = if stmt.value.is_none() && !self.world.assignable(&Type::None, &returns) {
            self.checked(value, &returns, &Why::Return)
        } else if value.ty == Type::None && returns == Type::None {
            value
        } else {
            // A declared type with variables says more than how the value is held.
            let declared = function.as_ref().map_or(Type::Dynamic, |f| f.returns);
            if declared != returns && !declared.is_dynamic() {
                let view = value.view();
                if !self.world.assignable(&view, &declared) {
                    self.mismatch(&view, &declared, &Why::Return, value.span);
                }
            }
            self.coerce(value, &returns, &Why::Return)
        };
        self.push(StmtKind::Return(Some(value)), span);
        self.state.reachable = false;
    }

    fn if_stmt(
        &mut self,
        test: &ast::Expr,
        body: &[Stmt],
        clauses: &[ast::ElifElseClause],
        span: TextRange,
    ) {
        let decided = self.decide(test);
        let mut condition = self.condition(test);
        match decided {
            Some(true) => condition.no.reachable = false,
            Some(false) => condition.yes.reachable = false,
            None => {}
        }
        self.state = condition.yes;
        let then = self.block(|cx| cx.body(body));
        let after = std::mem::replace(&mut self.state, condition.no);
        let orelse = self.block(|cx| {
            if let Some((first, rest)) = clauses.split_first() {
                match &first.test {
                    Some(test) => cx.if_stmt(test, &first.body, rest, first.range),
                    None => cx.body(&first.body),
                }
            }
        });
        self.state = after.join(&self.state, self.world);
        self.push(StmtKind::If(condition.test, then, orelse), span);
    }

    /// A condition that is decided when compiling: `sys.version_info`, `sys.platform`, `TYPE_CHECKING`.
    fn decide(&self, test: &ast::Expr) -> Option<bool> {
        self.decide.and_then(|decide| decide(test))
    }

    fn raise(&mut self, stmt: &ast::StmtRaise) {
        let span = stmt.range;
        let value = |cx: &mut Self, e: &Option<Box<ast::Expr>>| {
            e.as_ref().map(|e| {
                let at = range(&**e);
                let e = cx.expr(e, None);
                let e = cx.unprimitive(e);
                cx.check_exception(&e.ty, at);
                object(e)
            })
        };
        let exc = value(self, &stmt.exc);
        let cause = match &stmt.cause {
            Some(e) => {
                let e = self.expr(e, None);
                let e = self.unprimitive(e);
                Some(object(e))
            }
            None => None,
        };
        self.push(StmtKind::Raise(exc, cause), span);
        self.state.reachable = false;
    }

    fn check_exception(&mut self, ty: &Type, at: TextRange) {
        let base = Symbol::new("builtins", "BaseException");
        for member in ty.members().to_vec() {
            let fine = match &member {
                Type::Class(c) => self.world.is_subclass(c, &base) != Some(false),
                Type::Dynamic | Type::TypeVar(..) | Type::Never | Type::Callable(..) => true,
                other => match other.class() {
                    Some(c) => self.world.is_subclass(&c, &base) != Some(false),
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

    fn assert_stmt(&mut self, stmt: &ast::StmtAssert) {
        let span = stmt.range;
        let condition = self.condition(&stmt.test);
        self.state = condition.no;
        let message = stmt.msg.as_ref().map(|m| {
            let e = self.expr(m, None);
            let e = self.unprimitive(e);
            object(e)
        });
        self.state = condition.yes;
        self.push(StmtKind::Assert(condition.test, message), span);
    }

    /// Forgets what is known of the names that `body` binds: control may have left it anywhere.
    fn blur(&mut self, before: &State, body: &[Stmt]) {
        let names = Names::of(body);
        let touched = self.state.touched.clone();
        let mut state = before.clone();
        state.facts.retain(|place, _| {
            place.path.is_empty()
                && match &place.root {
                    Root::Local(id) => {
                        let name = &self.locals[id.0 as usize].name;
                        !names.bound.contains(name.as_str())
                    }
                    Root::Global(name) => {
                        !names.bound.contains(name.as_str())
                            && !names.globals.contains(name.as_str())
                    }
                }
        });
        for (i, t) in touched.iter().enumerate() {
            if *t {
                if state.touched.len() <= i {
                    state.touched.resize(i + 1, false);
                }
                state.touched[i] = true;
            }
        }
        state.reachable = before.reachable;
        self.state = state;
    }

    fn try_stmt(&mut self, stmt: &ast::StmtTry) {
        self.fall_back(
            "a `try` statement",
            TextRange::at(stmt.range.start(), 3.into()),
        );
        let before = self.state.clone();
        // Who catches `AttributeError` expects that an attribute may not be there.
        let expects = stmt.handlers.iter().any(|h| {
            let ast::ExceptHandler::ExceptHandler(h) = h;
            h.type_.as_ref().is_some_and(|ty| names_attribute_error(ty))
        });
        self.expects_missing += u32::from(expects);
        self.body(&stmt.body);
        self.expects_missing -= u32::from(expects);
        let after_body = self.state.clone();
        self.body(&stmt.orelse);
        let mut after = self.state.clone();
        for handler in &stmt.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            self.state = after_body.clone();
            self.blur(&before, &stmt.body);
            if let Some(ty) = &handler.type_ {
                self.expr(ty, None);
            }
            if let Some(name) = &handler.name {
                self.assign_unknown(name.as_str(), handler.range);
            }
            self.body(&handler.body);
            if let Some(name) = &handler.name {
                if let Some(id) = self.local(name.as_str()) {
                    self.state.forget(&Place {
                        root: Root::Local(id),
                        path: Vec::new(),
                    });
                    self.state.set_bound(id, false);
                }
            }
            after = after.join(&self.state, self.world);
        }
        if stmt.finalbody.is_empty() {
            self.state = after;
            return;
        }
        // Once from anywhere, for its errors, and once from where control goes on.
        if after.reachable {
            self.state = after;
            self.body(&stmt.finalbody);
        } else {
            self.state = after.clone();
            self.blur(&before, &stmt.body);
            self.body(&stmt.finalbody);
            self.state.reachable = false;
        }
    }

    fn with_stmt(&mut self, stmt: &ast::StmtWith) {
        self.fall_back(
            "a `with` statement",
            TextRange::at(stmt.range.start(), 4.into()),
        );
        for item in &stmt.items {
            let value = self.expr(&item.context_expr, None);
            if let Some(target) = &item.optional_vars {
                let mut e = self.unknown(stmt.range);
                e.ty = self.entered(&value.ty);
                if e.ty.held() != crate::types::Held::Object {
                    e.ty = Type::Dynamic;
                }
                self.assign(target, e, stmt.range);
            }
        }
        self.after_call();
        self.body(&stmt.body);
    }

    /// What `__enter__` of a value of type `ty` gives, as far as static classes say it.
    fn entered(&self, ty: &Type) -> Type {
        let (Type::Instance(class, args) | Type::Exact(class, args)) = ty else {
            return Type::Dynamic;
        };
        if !self.world.is_static_module(&class.module) {
            return Type::Dynamic;
        }
        match self.world.member(class, args, "__enter__") {
            super::world::Lookup::Found {
                member: crate::interface::Member::Method(symbol),
                params,
                ..
            } => match self.world.function(&symbol) {
                Some(f) if !f.is_decorated && !f.is_async => {
                    super::world::erase(&super::world::substitute(&f.returns, &params))
                }
                _ => Type::Dynamic,
            },
            _ => Type::Dynamic,
        }
    }

    fn match_stmt(&mut self, stmt: &ast::StmtMatch) {
        self.fall_back(
            "a `match` statement",
            TextRange::at(stmt.range.start(), 5.into()),
        );
        let subject = self.expr(&stmt.subject, None);
        let place = self.place(&stmt.subject);
        let before = self.state.clone();
        let mut after: Option<State> = None;
        let mut irrefutable = false;
        for case in &stmt.cases {
            self.state = before.clone();
            if let Some(place) = &place {
                self.state.forget(place);
                self.state.facts.insert(place.clone(), Type::Dynamic);
            }
            let mut names = Vec::new();
            pattern_names(&case.pattern, &mut names);
            for name in names {
                self.assign_unknown(&name, stmt.range);
            }
            if let Some(guard) = &case.guard {
                let condition = self.condition(guard);
                self.state = condition.yes;
            }
            self.body(&case.body);
            irrefutable |= case.guard.is_none() && is_irrefutable(&case.pattern);
            after = Some(match after {
                Some(after) => after.join(&self.state, self.world),
                None => self.state.clone(),
            });
        }
        // Whether the cases exhaust the subject is not worked out; a subject with few values is taken to be.
        let few = match &subject.ty {
            Type::Union(_) | Type::Literal(_) => true,
            t if t.is_builtin("bool") => true,
            t => !known_value(t) && !t.is_dynamic(),
        };
        let all_left = after.as_ref().is_some_and(|s| !s.reachable);
        let mut state = after.unwrap_or_else(|| before.clone());
        let never = few && all_left;
        if !irrefutable && !never {
            state = state.join(&before, self.world);
        }
        self.state = state;
    }
}

fn names_attribute_error(ty: &ast::Expr) -> bool {
    match ty {
        ast::Expr::Name(name) => name.id.as_str() == "AttributeError",
        ast::Expr::Tuple(t) => t.elts.iter().any(names_attribute_error),
        _ => false,
    }
}

/// Whether a statement never goes on to the next.
pub fn terminates(stmt: &tree::Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Raise(..) | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::If(_, then, orelse) => {
            then.last().is_some_and(terminates) && orelse.last().is_some_and(terminates)
        }
        StmtKind::While(test, body, orelse) => {
            let forever = matches!(&*test.kind, tree::ExprKind::Constant(Constant::Bool(true)));
            forever && orelse.is_empty() && !has_break(body)
        }
        _ => false,
    }
}

fn has_break(stmts: &[tree::Stmt]) -> bool {
    stmts.iter().any(|s| match &s.kind {
        StmtKind::Break => true,
        StmtKind::If(_, a, b) => has_break(a) || has_break(b),
        StmtKind::For { orelse, .. } | StmtKind::While(_, _, orelse) => has_break(orelse),
        _ => false,
    })
}

fn is_irrefutable(pattern: &ast::Pattern) -> bool {
    match pattern {
        ast::Pattern::MatchAs(p) => p.pattern.as_ref().is_none_or(|p| is_irrefutable(p)),
        ast::Pattern::MatchOr(p) => p.patterns.iter().any(is_irrefutable),
        _ => false,
    }
}

fn pattern_names(pattern: &ast::Pattern, names: &mut Vec<String>) {
    match pattern {
        ast::Pattern::MatchAs(p) => {
            names.extend(p.name.as_ref().map(ToString::to_string));
            if let Some(inner) = &p.pattern {
                pattern_names(inner, names);
            }
        }
        ast::Pattern::MatchStar(p) => names.extend(p.name.as_ref().map(ToString::to_string)),
        ast::Pattern::MatchMapping(p) => {
            names.extend(p.rest.as_ref().map(ToString::to_string));
            p.patterns.iter().for_each(|p| pattern_names(p, names));
        }
        ast::Pattern::MatchSequence(p) => p.patterns.iter().for_each(|p| pattern_names(p, names)),
        ast::Pattern::MatchOr(p) => p.patterns.iter().for_each(|p| pattern_names(p, names)),
        ast::Pattern::MatchClass(p) => {
            p.arguments
                .patterns
                .iter()
                .for_each(|p| pattern_names(p, names));
            p.arguments
                .keywords
                .iter()
                .for_each(|k| pattern_names(&k.pattern, names));
        }
        _ => {}
    }
}
