//! Hints that are read off the typed tree of a function: work that a loop repeats and need not, conditions that are no question.

use keelback_parser::text_size::{Ranged, TextRange};

use crate::db::{Db, File};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::tree::{
    Arg, Body, Callee, CompareOp, Conversion, Expr, ExprKind, FormatPiece, Iterable, Stmt,
    StmtKind, Target,
};
use crate::types::{Constant, Held, Type};

const RULES: [Rule; 4] = [
    Rule::BoxInLoop,
    Rule::DynamicCallInLoop,
    Rule::DynamicAttributeInLoop,
    Rule::ConstantCondition,
];

/// Whether anybody wants hints about `file`.
pub(crate) fn are_wanted(db: &dyn Db, file: File) -> bool {
    let mut rules = RULES.iter();
    rules.any(|rule| crate::suppress::is_wanted(db, file, *rule))
}

/// The hints about a function of `file` with this tree. At most one of each rule is given for one statement.
pub fn hints(db: &dyn Db, file: File, body: &Body) -> Vec<Diagnostic> {
    let mut walk = Walk {
        db,
        file,
        loops: 0,
        in_statement: Vec::new(),
        found: Vec::new(),
    };
    walk.block(&body.stmts);
    walk.found
}

struct Walk<'db> {
    db: &'db dyn Db,
    file: File,
    loops: usize,
    /// Rules reported for the current statement.
    in_statement: Vec<Rule>,
    found: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn report(&mut self, rule: Rule, range: TextRange, message: String) {
        if !self.in_statement.contains(&rule) {
            self.in_statement.push(rule);
            self.found
                .push(Diagnostic::new(rule, self.file, range, message));
        }
    }

    fn block(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            let outer = std::mem::take(&mut self.in_statement);
            self.stmt(stmt);
            self.in_statement = outer;
        }
    }

    fn looped(&mut self, stmts: &[Stmt]) {
        self.loops += 1;
        self.block(stmts);
        self.loops -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) | StmtKind::Assert(value, None) => self.expr(value),
            StmtKind::Assert(test, Some(message)) => {
                self.expr(test);
                self.expr(message);
            }
            StmtKind::Assign(target, value) => {
                self.target(target);
                self.expr(value);
            }
            StmtKind::Unpack { value, .. } => self.expr(value),
            StmtKind::If(test, then, orelse) => {
                self.condition(test);
                self.expr(test);
                self.block(then);
                self.block(orelse);
            }
            StmtKind::While(test, body, orelse) => {
                self.loops += 1;
                self.expr(test);
                self.loops -= 1;
                self.looped(body);
                self.block(orelse);
            }
            StmtKind::For {
                iterable,
                body,
                orelse,
                ..
            } => {
                match iterable {
                    Iterable::Range(start, stop, step) => {
                        self.expr(start);
                        self.expr(stop);
                        self.expr(step);
                    }
                    Iterable::List(value)
                    | Iterable::Tuple(value)
                    | Iterable::Iterator(value)
                    | Iterable::Array(value) => self.expr(value),
                }
                self.looped(body);
                self.block(orelse);
            }
            StmtKind::Return(value) => value.iter().for_each(|value| self.expr(value)),
            // Raising is not what loops are for.
            StmtKind::Raise(..) => {}
            StmtKind::DeleteItem(object, index) => {
                self.expr(object);
                self.expr(index);
            }
            StmtKind::DeleteAttr(object, _) => self.expr(object),
            StmtKind::Break | StmtKind::Continue | StmtKind::DeleteLocal(_) => {}
        }
    }

    /// A condition that the types decide. One that is written as a constant is meant.
    fn condition(&mut self, test: &Expr) {
        let value = match &*test.kind {
            ExprKind::Constant(Constant::Bool(value)) => *value,
            ExprKind::Compare(op @ (CompareOp::Is | CompareOp::IsNot), left, right)
                if is_none(right) && !may_be_none(left) =>
            {
                *op == CompareOp::IsNot
            }
            _ => return,
        };
        let source = crate::files::source_text(self.db, self.file);
        let Some(text) = source
            .text
            .get(test.span.start().to_usize()..test.span.end().to_usize())
        else {
            return;
        };
        let is_meant = matches!(text, "True" | "False" | "1" | "0" | "__debug__")
            || ["TYPE_CHECKING", "sys.platform", "sys.version_info"]
                .iter()
                .any(|word| text.contains(word));
        if !is_meant {
            let message = format!(
                "This condition is always {}",
                if value { "true" } else { "false" }
            );
            self.report(Rule::ConstantCondition, test.span.range(), message);
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Local(_) | Target::Global(_) => {}
            Target::Field { object, .. } => self.expr(object),
            Target::Attr(object, name) => {
                self.attribute(object, name);
                self.expr(object);
            }
            Target::ListItem(object, index)
            | Target::ArrayItem(object, index)
            | Target::Item(object, index) => {
                self.expr(object);
                self.expr(index);
            }
        }
    }

    fn attribute(&mut self, object: &Expr, name: &str) {
        if self.loops > 0 && is_unknown(object) {
            let message = format!("Attribute `{name}` is looked up each time round the loop");
            self.report(Rule::DynamicAttributeInLoop, object.span, message);
        }
    }

    fn convert(&mut self, conversion: &Conversion, inner: &Expr, outer: &Expr) {
        if self.loops == 0 {
            return;
        }
        // A number may become an int on its way to an object, or from one.
        let mut origin = inner;
        while let ExprKind::Convert(_, deeper) = &*origin.kind {
            origin = deeper;
        }
        if matches!(*origin.kind, ExprKind::Constant(_)) {
            return;
        }
        match (&origin.ty, &outer.ty) {
            (Type::Primitive(primitive), to) if to.held() == Held::Object => {
                let message = format!(
                    "A `{}` becomes an object each time round the loop",
                    primitive.name()
                );
                self.report(Rule::BoxInLoop, inner.span, message);
            }
            (from, Type::Primitive(primitive))
                if from.held() == Held::Object && !matches!(conversion, Conversion::Explicit) =>
            {
                let message = format!(
                    "An object becomes a `{}` each time round the loop",
                    primitive.name()
                );
                self.report(Rule::BoxInLoop, inner.span, message);
            }
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Constant(_) | ExprKind::Local(_) | ExprKind::Global { .. } => {}
            ExprKind::Convert(conversion, inner) => {
                self.convert(conversion, inner, expr);
                self.expr(inner);
            }
            ExprKind::Unary(_, value) | ExprKind::Not(value) | ExprKind::Truth(value) => {
                self.expr(value);
            }
            ExprKind::IsInstance { value, .. } => self.expr(value),
            ExprKind::Binary { left, right, .. }
            | ExprKind::Compare(_, left, right)
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::ListItem(left, right)
            | ExprKind::TupleItem(left, right)
            | ExprKind::ArrayItem(left, right)
            | ExprKind::Item(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::If { test, then, orelse } | ExprKind::Slice(test, then, orelse) => {
                self.expr(test);
                self.expr(then);
                self.expr(orelse);
            }
            ExprKind::Block(stmts, value) => {
                self.block(stmts);
                self.expr(value);
            }
            ExprKind::Call(call) => {
                self.callee(&call.callee, &call.args, expr.span);
                for arg in &call.args {
                    if let Arg::Value(value) = arg {
                        self.expr(value);
                    }
                }
            }
            ExprKind::Field { object, .. } => self.expr(object),
            ExprKind::Attr(object, name) => {
                self.attribute(object, name);
                self.expr(object);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().for_each(|item| self.expr(item));
            }
            ExprKind::Dict(items) => {
                for (key, value) in items {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Format(pieces) => {
                for piece in pieces {
                    // Formatting makes objects whatever is formatted.
                    if let FormatPiece::Value { value, .. } = piece
                        && !matches!(*value.kind, ExprKind::Convert(..))
                    {
                        self.expr(value);
                    }
                }
            }
        }
    }

    fn callee(&mut self, callee: &Callee, args: &[Arg], span: TextRange) {
        let unknown = match callee {
            Callee::Object { callee, .. } | Callee::Unpacked { callee } => {
                self.expr(callee);
                is_unknown(callee)
            }
            Callee::ObjectMethod { .. } => {
                matches!(args.first(), Some(Arg::Value(receiver)) if is_unknown(receiver))
            }
            Callee::Function { .. }
            | Callee::Method { .. }
            | Callee::Direct { .. }
            | Callee::New { .. }
            | Callee::Intrinsic(_) => false,
        };
        if unknown && self.loops > 0 {
            let message = "What is called here is looked up each time round the loop".to_owned();
            self.report(Rule::DynamicCallInLoop, span, message);
        }
    }
}

fn is_none(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Constant(Constant::None) => true,
        ExprKind::Convert(_, inner) => is_none(inner),
        _ => false,
    }
}

/// Whether the value that an expression holds, conversions aside, can be `None`.
fn may_be_none(expr: &Expr) -> bool {
    match &*expr.kind {
        // What was converted is known better than what it became.
        ExprKind::Convert(Conversion::Known | Conversion::Widen, inner) => {
            may_be_none(inner) && admits_none(&expr.ty)
        }
        _ => admits_none(&expr.ty),
    }
}

fn admits_none(ty: &Type) -> bool {
    match ty {
        Type::Primitive(_)
        | Type::Tuple(_)
        | Type::Class(_)
        | Type::Function(_)
        | Type::Module(_) => false,
        Type::Instance(..) | Type::Exact(..) | Type::Literal(_) => {
            // A protocol or `object` may be met by `None`.
            ![
                "int", "float", "str", "bool", "bytes", "list", "dict", "set", "tuple", "range",
            ]
            .iter()
            .any(|name| ty.is_builtin(name))
        }
        _ => true,
    }
}

/// Whether nothing is known of a value, so that a better annotation would help. A module or a class whose value is read as an
/// object is known well enough.
fn is_unknown(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Convert(_, inner) if expr.ty.is_dynamic() => is_unknown(inner),
        ExprKind::Global { .. } => false,
        _ => expr.ty.is_dynamic(),
    }
}
