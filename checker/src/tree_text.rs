//! A typed tree as text, for people and for tests: one statement on a line, every conversion and type shown.

use std::fmt::Write;

use keelback_parser::LineIndex;

use crate::tree::{
    Arg, Assumption, BinaryOp, Body, Callee, Check, CompareOp, Conversion, Expr, ExprKind,
    FormatPiece, Iterable, LocalId, Stmt, StmtKind, Target, UnaryOp,
};
use crate::types::{Constant, Type};

/// The text of `body`. With the source of its file, each statement is preceded by the line that it comes from.
pub fn print(body: &Body, source: Option<&str>) -> String {
    let mut printer = Printer {
        body,
        source: source.map(|text| (text, LineIndex::new(text))),
        line: 0,
        out: String::new(),
    };
    printer.body();
    printer.out
}

struct Printer<'a> {
    body: &'a Body,
    source: Option<(&'a str, LineIndex)>,
    line: usize,
    out: String,
}

impl Printer<'_> {
    fn body(&mut self) {
        let body = self.body;
        let _ = write!(self.out, "function {} (", body.function);
        for (i, local) in body.locals.iter().take(body.params).enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            let _ = write!(self.out, "{comma}{}: {}", local.name, local.ty);
        }
        let _ = writeln!(self.out, ") -> {}", body.returns);
        for local in body.locals.iter().skip(body.params) {
            let unbound = if local.maybe_unbound {
                " (maybe unbound)"
            } else {
                ""
            };
            let _ = writeln!(self.out, "  local {}: {}{unbound}", local.name, local.ty);
        }
        for assumption in &body.assumptions {
            let _ = match assumption {
                Assumption::Builtin(name) => writeln!(self.out, "  assume builtin {name}"),
                Assumption::Module { binding, module } => {
                    writeln!(
                        self.out,
                        "  assume {}.{} is module {module}",
                        binding.module, binding.name
                    )
                }
                Assumption::Member {
                    binding,
                    module,
                    name,
                } => {
                    writeln!(
                        self.out,
                        "  assume {}.{} is {module}.{name}",
                        binding.module, binding.name
                    )
                }
                Assumption::Class { binding, class } => {
                    writeln!(
                        self.out,
                        "  assume {}.{} is class {class}",
                        binding.module, binding.name
                    )
                }
                Assumption::Super { class, owner } => {
                    writeln!(self.out, "  assume super of {class} finds {owner}")
                }
            };
        }
        let stmts = &body.stmts;
        self.stmts(stmts, 1);
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }

    fn source_line(&mut self, stmt: &Stmt) {
        let Some((text, index)) = &self.source else {
            return;
        };
        if stmt.span.is_empty() {
            return;
        }
        let at = index.line_column(text, stmt.span.start());
        let line = usize::try_from(at.line).unwrap_or(0);
        if line == self.line {
            return;
        }
        self.line = line;
        if let Some(content) = text.lines().nth(line.saturating_sub(1)) {
            let _ = writeln!(self.out, "; {line:4} {content}");
        }
    }

    fn stmts(&mut self, stmts: &[Stmt], depth: usize) {
        if stmts.is_empty() {
            self.indent(depth);
            self.out.push_str("pass\n");
        }
        for stmt in stmts {
            self.stmt(stmt, depth);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, depth: usize) {
        self.source_line(stmt);
        self.indent(depth);
        match &stmt.kind {
            StmtKind::Expr(e) => self.expr(e),
            StmtKind::Assign(target, value) => {
                self.target(target);
                self.out.push_str(" = ");
                self.expr(value);
            }
            StmtKind::Unpack { value, targets } => {
                self.out.push_str("unpack ");
                for (i, t) in targets.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    self.local(*t);
                }
                self.out.push_str(" = ");
                self.expr(value);
            }
            StmtKind::If(test, then, orelse) => {
                self.out.push_str("if ");
                self.expr(test);
                self.out.push_str(":\n");
                self.stmts(then, depth + 1);
                self.orelse(orelse, depth);
                return;
            }
            StmtKind::While(test, body, orelse) => {
                self.out.push_str("while ");
                self.expr(test);
                self.out.push_str(":\n");
                self.stmts(body, depth + 1);
                self.orelse(orelse, depth);
                return;
            }
            StmtKind::For {
                iterable,
                item,
                body,
                orelse,
            } => {
                self.out.push_str("for ");
                self.local(*item);
                self.out.push_str(" in ");
                match iterable {
                    Iterable::Range(a, b, c) => self.call("range", [a, b, c]),
                    Iterable::List(e) => self.call("list", [e]),
                    Iterable::Tuple(e) => self.call("tuple", [e]),
                    Iterable::Iterator(e) => self.call("iter", [e]),
                    Iterable::Array(e) => self.call("array", [e]),
                }
                self.out.push_str(":\n");
                self.stmts(body, depth + 1);
                self.orelse(orelse, depth);
                return;
            }
            StmtKind::Return(value) => {
                self.out.push_str("return");
                if let Some(e) = value {
                    self.out.push(' ');
                    self.expr(e);
                }
            }
            StmtKind::Raise(exc, cause) => {
                self.out.push_str("raise");
                for (word, e) in [(" ", exc), (" from ", cause)] {
                    if let Some(e) = e {
                        self.out.push_str(word);
                        self.expr(e);
                    }
                }
            }
            StmtKind::Assert(test, message) => {
                self.out.push_str("assert ");
                self.expr(test);
                if let Some(e) = message {
                    self.out.push_str(", ");
                    self.expr(e);
                }
            }
            StmtKind::Break => self.out.push_str("break"),
            StmtKind::Continue => self.out.push_str("continue"),
            StmtKind::DeleteLocal(id) => {
                self.out.push_str("del ");
                self.local(*id);
            }
            StmtKind::DeleteItem(a, b) => {
                self.out.push_str("del ");
                self.expr(a);
                self.out.push('[');
                self.expr(b);
                self.out.push(']');
            }
            StmtKind::DeleteAttr(a, name) => {
                self.out.push_str("del ");
                self.expr(a);
                let _ = write!(self.out, ".{name}");
            }
        }
        self.out.push('\n');
    }

    fn orelse(&mut self, orelse: &[Stmt], depth: usize) {
        if !orelse.is_empty() {
            self.indent(depth);
            self.out.push_str("else:\n");
            self.stmts(orelse, depth + 1);
        }
    }

    fn local(&mut self, id: LocalId) {
        match self.body.locals.get(id.0 as usize) {
            Some(local) => self.out.push_str(&local.name),
            None => {
                let _ = write!(self.out, "?{}", id.0);
            }
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Local(id) => self.local(*id),
            Target::Global(name) => {
                let _ = write!(self.out, "global {name}");
            }
            Target::Field {
                object,
                class,
                field,
            } => {
                self.expr(object);
                let _ = write!(self.out, ".{{{}.{field}}}", class.name());
            }
            Target::Attr(object, name) => {
                self.expr(object);
                let _ = write!(self.out, ".{name}");
            }
            Target::ListItem(a, b) => self.index("list", a, b),
            Target::ArrayItem(a, b) => self.index("array", a, b),
            Target::Item(a, b) => self.index("item", a, b),
        }
    }

    fn index(&mut self, kind: &str, a: &Expr, b: &Expr) {
        self.expr(a);
        let _ = write!(self.out, "[{kind} ");
        self.expr(b);
        self.out.push(']');
    }

    fn call<'e>(&mut self, name: &str, args: impl IntoIterator<Item = &'e Expr>) {
        self.out.push_str(name);
        self.out.push('(');
        for (i, e) in args.into_iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.expr(e);
        }
        self.out.push(')');
    }

    fn binary(&mut self, left: &Expr, op: &str, right: &Expr) {
        self.out.push('(');
        self.expr(left);
        let _ = write!(self.out, " {op} ");
        self.expr(right);
        self.out.push(')');
    }

    /// The expression; its type is shown where it does not follow from its parts.
    fn expr(&mut self, e: &Expr) {
        match &*e.kind {
            ExprKind::Constant(c) => {
                let _ = write!(self.out, "{c}");
                let natural = match c {
                    Constant::Int(_) | Constant::BigInt(_) => e.ty.is_builtin("int"),
                    Constant::Float(_) => e.ty.is_builtin("float"),
                    Constant::Bool(_) => e.ty.is_builtin("bool"),
                    Constant::None => e.ty == Type::None,
                    Constant::Str(_) => e.ty.is_builtin("str"),
                    _ => true,
                };
                if !natural {
                    let _ = write!(self.out, ":{}", e.ty);
                }
            }
            ExprKind::Local(id) => self.local(*id),
            ExprKind::Global { module, name } => {
                let _ = write!(self.out, "global {module}.{name}");
            }
            ExprKind::Convert(conversion, inner) => {
                let how = match conversion {
                    Conversion::Known => "known",
                    Conversion::Checked(Check::Value) => "check",
                    Conversion::Checked(Check::Return(_)) => "check-return",
                    Conversion::Checked(Check::Attribute(_)) => "check-attribute",
                    Conversion::Widen => "widen",
                    Conversion::Explicit => "convert",
                    Conversion::Narrow => "narrow",
                };
                let _ = write!(self.out, "{how}[{}](", e.ty);
                self.expr(inner);
                self.out.push(')');
            }
            ExprKind::Unary(op, inner) => {
                self.out.push_str(match op {
                    UnaryOp::Neg => "-",
                    UnaryOp::Pos => "+",
                    UnaryOp::Invert => "~",
                });
                self.expr(inner);
            }
            ExprKind::Binary {
                op,
                left,
                right,
                in_place,
            } => {
                let mut sign = binary_sign(*op).to_owned();
                if *in_place {
                    sign.push('=');
                }
                if e.ty.is_dynamic() {
                    sign.push_str(":dynamic");
                }
                self.binary(left, &sign, right);
            }
            ExprKind::Compare(op, left, right) => {
                let mut sign = compare_sign(*op).to_owned();
                if e.ty.is_dynamic() {
                    sign.push_str(":dynamic");
                }
                self.binary(left, &sign, right);
            }
            ExprKind::IsInstance {
                value,
                classes,
                asks,
            } => {
                self.out.push_str(if *asks {
                    "is_instance_asked("
                } else {
                    "is_instance("
                });
                self.expr(value);
                for class in classes {
                    let _ = write!(self.out, ", {class}");
                }
                self.out.push(')');
            }
            ExprKind::Not(inner) => self.call("not", [inner]),
            ExprKind::Truth(inner) => self.call("truth", [inner]),
            ExprKind::And(a, b) => self.binary(a, "and", b),
            ExprKind::Or(a, b) => self.binary(a, "or", b),
            ExprKind::If { test, then, orelse } => self.call("if", [test, then, orelse]),
            ExprKind::Block(stmts, value) => {
                self.out.push_str("{\n");
                let depth = 4;
                self.stmts(stmts, depth);
                self.indent(depth);
                self.out.push_str("give ");
                self.expr(value);
                self.out.push_str(" }");
            }
            ExprKind::Call(call) => {
                match &call.callee {
                    Callee::Function { binding, function } => {
                        let _ = write!(self.out, "call {}.{}", binding.module, binding.name);
                        if function.module != binding.module || function.qualname != binding.name {
                            let _ = write!(self.out, "={function}");
                        }
                    }
                    Callee::Method { class, slot } => {
                        let _ = write!(self.out, "method {}.{slot}", class.name());
                    }
                    Callee::Direct { function } => {
                        let _ = write!(self.out, "direct {}", function.qualname);
                    }
                    Callee::New { class, .. } => {
                        let _ = write!(self.out, "new {}", class.name());
                    }
                    Callee::Intrinsic(name) => {
                        let _ = write!(self.out, "intrinsic {name}");
                    }
                    Callee::Object { callee, .. } => {
                        self.out.push_str("object ");
                        self.expr(callee);
                    }
                    Callee::ObjectMethod { name, .. } => {
                        let _ = write!(self.out, "object .{name}");
                    }
                    Callee::Unpacked { callee } => {
                        self.out.push_str("unpacked ");
                        self.expr(callee);
                    }
                }
                let keywords = match &call.callee {
                    Callee::Object { keywords, .. } | Callee::ObjectMethod { keywords, .. } => {
                        keywords.as_slice()
                    }
                    _ => &[],
                };
                let first = call.args.len() - keywords.len().min(call.args.len());
                self.out.push('(');
                for (i, arg) in call.args.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    if i >= first {
                        let _ = write!(self.out, "{}=", keywords[i - first]);
                    }
                    match arg {
                        Arg::Value(e) => self.expr(e),
                        Arg::Default(i) => {
                            let _ = write!(self.out, "default {i}");
                        }
                    }
                }
                let _ = write!(self.out, "):{}", e.ty);
            }
            ExprKind::Field {
                object,
                class,
                field,
            } => {
                self.expr(object);
                let _ = write!(self.out, ".{{{}.{field}}}", class.name());
            }
            ExprKind::Attr(object, name) => {
                self.expr(object);
                let _ = write!(self.out, ".{name}");
            }
            ExprKind::ListItem(a, b) => self.index("list", a, b),
            ExprKind::TupleItem(a, b) => self.index("tuple", a, b),
            ExprKind::ArrayItem(a, b) => self.index("array", a, b),
            ExprKind::Item(a, b) => self.index("item", a, b),
            ExprKind::Slice(a, b, c) => self.call("slice", [a, b, c]),
            ExprKind::Tuple(items) => self.call("tuple", items),
            ExprKind::List(items) => self.call("list", items),
            ExprKind::Set(items) => self.call("set", items),
            ExprKind::Dict(pairs) => self.call("dict", pairs.iter().flat_map(|(k, v)| [k, v])),
            ExprKind::Format(pieces) => {
                self.out.push_str("format(");
                for (i, piece) in pieces.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    match piece {
                        FormatPiece::Text(text) => {
                            let _ = write!(self.out, "{text:?}");
                        }
                        FormatPiece::Value {
                            value,
                            conversion,
                            spec,
                        } => {
                            self.expr(value);
                            if let Some(c) = conversion {
                                let _ = write!(self.out, "!{c}");
                            }
                            if let Some(spec) = spec {
                                self.out.push(':');
                                self.expr(spec);
                            }
                        }
                    }
                }
                self.out.push(')');
            }
        }
    }
}

fn binary_sign(op: BinaryOp) -> &'static str {
    crate::infer::ops::symbol(op)
}

fn compare_sign(op: CompareOp) -> &'static str {
    crate::infer::ops::compare_symbol(op)
}
