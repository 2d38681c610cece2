//! Statements.

use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::{self, StmtKind};
use crate::types::{Constant, Type};

use super::convert::Why;
use super::cx::{Cx, ScopeKind, known, none, range};
use super::flow::{Place, Root};
use super::world::{Resolved, widen};

impl Cx<'_> {
    /// Statements of a block, up to the first that never goes on.
    pub fn body(&mut self, body: &[Stmt]) {
        for (i, stmt) in body.iter().enumerate() {
            let alive = self.state.reachable;
            self.stmt(stmt);
            let ended = matches!(
                stmt,
                Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_)
            );
            if alive && !self.state.reachable && !ended {
                self.never_runs(stmt, body.get(i + 1));
            }
            if ended || (alive && !self.state.reachable && self.out.last().is_some_and(terminates))
            {
                break;
            }
        }
    }

    /// Shows as unreachable what follows a statement that types say never goes on. What the syntax says is shown elsewhere.
    fn never_runs(&mut self, stmt: &Stmt, next: Option<&Stmt>) {
        let by_type = matches!(stmt, Stmt::Expr(_) | Stmt::Match(_) | Stmt::Assert(_));
        let Some(next) = next.filter(|_| by_type) else {
            return;
        };
        self.state.reachable = true;
        self.report(Rule::UnreachableCode, range(next), "This can never run");
        self.state.reachable = false;
    }

    /// One statement.
    pub fn stmt(&mut self, stmt: &Stmt) {
        let alive = self.state.reachable && !self.raising.is_empty();
        if !alive || super::handling::is_harmless(stmt) {
            self.stmt_inside(stmt);
            return;
        }
        self.may_raise();
        self.stmt_inside(stmt);
        self.may_have_raised();
    }

    fn stmt_inside(&mut self, stmt: &Stmt) {
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
                self.nested_function(s);
            }
            Stmt::ClassDef(s) => {
                if self.kind == ScopeKind::Function {
                    self.fall_back("a nested class", s.name.range);
                }
                self.check_bases(s);
                self.nested_class(s);
            }
            Stmt::Import(s) => {
                if self.kind != ScopeKind::Module {
                    self.fall_back("an import in a function", span);
                }
                for alias in &s.names {
                    let whole = alias.name.as_str();
                    let first = whole.split('.').next().unwrap_or_default();
                    let (bound, module) = match &alias.asname {
                        Some(name) => (name.as_str(), whole),
                        None => (first, first),
                    };
                    let resolved = match self.world.module(module) {
                        Some(_) => Resolved::Module(module.into()),
                        None => Resolved::Dynamic,
                    };
                    self.bind_import(bound, resolved, span);
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
                    let resolved = match (&s.module, s.level) {
                        (Some(module), 0) => self.world.export(module, alias.name.as_str()),
                        _ => Resolved::Dynamic,
                    };
                    self.bind_import(bound, resolved, span);
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
    pub fn bind_unknown(&mut self, name: &str, span: TextRange) {
        if self.kind == ScopeKind::Module {
            self.state.forget(&Place {
                root: Root::Global(name.into()),
                path: Vec::new(),
            });
        } else {
            self.assign_unknown(name, span);
        }
    }

    /// The name that a `def` or a `class` binds of which nothing is known.
    pub fn definition(&mut self, name: &str, decorators: &[ast::Decorator], span: TextRange) {
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
                let returns = match self.generator {
                    Some(parts) if generator => parts.returns,
                    _ => returns,
                };
                let unknown = returns.is_dynamic() || (generator && self.generator.is_none());
                let expected = Some(&returns).filter(|_| !unknown);
                self.expr(value, expected)
            }
            None => none(span),
        };
        let value = match value.view() {
            // What another guard says is a flag here.
            Type::Guard(..) if matches!(self.declared_result(), Type::Guard(..)) => {
                let mut value = known(value, Type::bool());
                value.belief = None;
                value
            }
            _ => value,
        };
        if let Some(parts) = self.generator.filter(|_| generator) {
            // What a generator returns is the value of the `yield from` that runs it.
            if !parts.returns.is_dynamic() && !self.world.assignable(&value.ty, &parts.returns) {
                self.coerce(value, &parts.returns, &Why::Return);
            }
            self.state.reachable = false;
            return;
        }
        if generator || self.kind != ScopeKind::Function {
            self.state.reachable = false;
            return;
        }
        self.returned = self
            .world
            .join(&self.returned, &super::attr::python_type(&value.ty));
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
            let declared = self.declared_result();
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

    /// What the function declares that it returns.
    fn declared_result(&self) -> Type {
        let function = self.function.as_ref();
        function.map_or(Type::Dynamic, |function| function.returns)
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
    pub(super) fn decide(&self, test: &ast::Expr) -> Option<bool> {
        self.decide.and_then(|decide| decide(test))
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
