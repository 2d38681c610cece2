//! Parameters of which something else is known by the time they are read.
//!
//! An interface takes the types of fields from what methods assign to them, without inferring bodies. `self.parent = parent` then is what the parameter is
//! declared to be, unless the method gives the parameter another value or tests it before: `if parent is None: parent = root()`.

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{Expr, ExprContext, Stmt};
use keelback_parser::text_size::{Ranged, TextSize};
use rustc_hash::FxHashSet;

use crate::index::find_stmt;
use crate::stubs::Part;
use crate::types::{Name, Type};

/// `ty`, which is that of `value` in `method` by what is declared; dynamic if `value` may be less by then.
pub(crate) fn settled(ty: Type, part: &Part, method: &Name, value: &Expr) -> Type {
    let is_open = matches!(ty, Type::Union(_));
    let entry = part.index.functions.get(method).filter(|_| is_open);
    let node = entry
        .and_then(|entry| find_stmt(&part.parsed, entry.range))
        .and_then(|stmt| stmt.as_function_def_stmt());
    match node {
        Some(node) if reads_tested(&node.body, value) => Type::Dynamic,
        _ => ty,
    }
}

/// Whether `value`, which stands in `body`, reads a name that is assigned or tested before it in `body`.
fn reads_tested(body: &[Stmt], value: &Expr) -> bool {
    let mut tested = Tested {
        before: value.start(),
        names: FxHashSet::default(),
        is_test: false,
    };
    tested.visit_body(body);
    let mut reads = Reads {
        names: &tested.names,
        found: false,
    };
    reads.visit_expr(value);
    reads.found
}

struct Tested<'a> {
    before: TextSize,
    names: FxHashSet<&'a str>,
    is_test: bool,
}

impl<'a> Tested<'a> {
    fn test(&mut self, expr: &'a Expr) {
        let outer = std::mem::replace(&mut self.is_test, true);
        self.visit_expr(expr);
        self.is_test = outer;
    }
}

impl<'a> Visitor<'a> for Tested<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if stmt.start() >= self.before {
            return;
        }
        match stmt {
            Stmt::If(node) => {
                self.test(&node.test);
                let others = node.elif_else_clauses.iter();
                others
                    .filter_map(|clause| clause.test.as_ref())
                    .for_each(|test| self.test(test));
            }
            Stmt::While(node) => self.test(&node.test),
            Stmt::Assert(node) => self.test(&node.test),
            Stmt::Match(node) => self.test(&node.subject),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if expr.start() >= self.before {
            return;
        }
        if let Expr::Name(name) = expr
            && (self.is_test || name.ctx == ExprContext::Store)
        {
            self.names.insert(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }
}

struct Reads<'a> {
    names: &'a FxHashSet<&'a str>,
    found: bool,
}

impl<'a> Visitor<'a> for Reads<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.found |= matches!(expr, Expr::Name(name) if self.names.contains(name.id.as_str()));
        visitor::walk_expr(self, expr);
    }
}
