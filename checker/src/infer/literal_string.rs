//! Strings made of literals alone (PEP 675): which operations keep them so.

use keelback_parser::ast;

use crate::tree::{Arg, BinaryOp, Call, Callee, Expr, ExprKind, FormatPiece};
use crate::types::{Constant, Type};

use super::cx::{Cx, known};

/// The methods of `str` whose result is a string made of the receiver and of the arguments.
const METHODS: [&str; 19] = [
    "capitalize",
    "casefold",
    "center",
    "expandtabs",
    "format",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rstrip",
    "strip",
    "swapcase",
    "title",
    "upper",
    "zfill",
];

/// Whether every value of the type is a string made of literals alone.
pub(super) fn is_literal_text(ty: &Type) -> bool {
    *ty != Type::Never
        && ty
            .members()
            .iter()
            .all(|ty| matches!(ty, Type::LiteralString | Type::Literal(Constant::Str(_))))
}

/// A string of literals as the plain string that it is to everything that asks no more.
pub(super) fn as_plain(e: Expr) -> Expr {
    match e.ty {
        Type::LiteralString => known(e, Type::str()),
        _ => e,
    }
}

/// `e`, marked as made of literals alone if it is a string of which nothing more is known.
pub(super) fn marked(e: Expr) -> Expr {
    match e.ty.is_builtin("str") && !matches!(e.ty, Type::Literal(_)) {
        true => known(e, Type::LiteralString),
        false => e,
    }
}

/// `e`, the result of `left op right`, marked if it is a string of literals.
pub(super) fn of_binary(e: Expr, op: BinaryOp, left: &Type, right: &Type) -> Expr {
    let is_part = |ty: &Type| match ty {
        Type::Tuple(items) => items.iter().all(is_literal_text),
        other => is_literal_text(other),
    };
    let is_kept = match op {
        BinaryOp::Add => is_literal_text(left) && is_literal_text(right),
        BinaryOp::Mod => is_literal_text(left) && is_part(right),
        BinaryOp::Mul => {
            (is_literal_text(left) && right.is_builtin("int"))
                || (left.is_builtin("int") && is_literal_text(right))
        }
        _ => false,
    };
    if is_kept { marked(e) } else { e }
}

/// `e`, an f-string, marked if all that stands in it is.
pub(super) fn of_format(e: Expr) -> Expr {
    let ExprKind::Format(pieces) = &*e.kind else {
        return e;
    };
    match pieces.iter().all(is_literal_piece) {
        true => marked(e),
        false => e,
    }
}

fn is_literal_piece(piece: &FormatPiece) -> bool {
    match piece {
        FormatPiece::Text(_) => true,
        FormatPiece::Value { value, .. } => is_literal_text(&value.ty),
    }
}

/// Whether the type of an expression is found at a glance, so that it may be asked for once more.
fn is_plain(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Attribute(attribute) => is_plain(&attribute.value),
        ast::Expr::Name(_)
        | ast::Expr::StringLiteral(_)
        | ast::Expr::NumberLiteral(_)
        | ast::Expr::NoneLiteral(_) => true,
        _ => false,
    }
}

impl Cx<'_> {
    /// `e`, the result of a call of method `name` of a string of literals, marked if the method and its arguments keep it one.
    pub(super) fn of_literal_method(&mut self, e: Expr, name: &str, call: &ast::ExprCall) -> Expr {
        if !METHODS.contains(&name) || !e.ty.is_builtin("str") {
            return e;
        }
        let values = call.arguments.args.iter();
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        let all: Vec<&ast::Expr> = values.chain(keywords).collect();
        match all
            .into_iter()
            .all(|value| self.is_literal_argument(name, value))
        {
            true => marked(e),
            false => e,
        }
    }

    fn is_literal_argument(&mut self, method: &str, value: &ast::Expr) -> bool {
        let items = match value {
            ast::Expr::List(list) => Some(&list.elts),
            ast::Expr::Tuple(tuple) => Some(&tuple.elts),
            ast::Expr::Set(set) => Some(&set.elts),
            _ => None,
        };
        if let (Some(items), "join") = (items, method) {
            return items
                .iter()
                .all(|item| is_plain(item) && is_literal_text(&self.quiet_type(item)));
        }
        if !is_plain(value) {
            return false;
        }
        match self.quiet_type(value) {
            Type::Tuple(items) if method == "join" => items.iter().all(is_literal_text),
            ty @ (Type::Instance(..) | Type::Exact(..)) if method == "join" => {
                is_literal_text(&self.world.item_of(&ty))
            }
            ty => is_literal_text(&ty) || (method != "format" && ty.is_builtin("int")),
        }
    }

    /// The type of `e` where a string of literals is wanted, if it is a string of which it is not known whether it is one: nothing that is declared
    /// as a plain string went into it, as far as can be seen.
    pub(super) fn as_wanted_literal(&self, e: &Expr, to: &Type) -> Option<Type> {
        if !to.members().contains(&Type::LiteralString) {
            return None;
        }
        let literal = |ty: &Type| match ty.is_builtin("str") {
            true => Type::LiteralString,
            false => *ty,
        };
        let as_literal = Type::union(e.view().members().iter().map(literal));
        let may_be = self.world.assignable(&as_literal, to) && !self.is_declared_text(e);
        may_be.then_some(as_literal)
    }

    /// Whether something goes into a string that is declared as a string, or is none: the string is not made of literals alone.
    fn is_declared_text(&self, e: &Expr) -> bool {
        let any = |items: &[Expr]| items.iter().any(|item| self.is_declared_text(item));
        match &*e.kind {
            ExprKind::Local(id) => {
                let declared = self.declared.get(id.0 as usize).copied().flatten();
                declared.is_some_and(|ty| ty.any(&mut |part| *part == Type::str()))
            }
            ExprKind::Convert(_, inner) | ExprKind::Block(_, inner) => self.is_declared_text(inner),
            ExprKind::Binary { left, right, .. } => {
                self.is_declared_text(left) || self.is_declared_text(right)
            }
            ExprKind::If { then, orelse, .. } => {
                self.is_declared_text(then) || self.is_declared_text(orelse)
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.is_declared_text(left) || self.is_declared_text(right)
            }
            ExprKind::Item(of, _) | ExprKind::ListItem(of, _) | ExprKind::TupleItem(of, _) => {
                self.is_declared_text(of)
            }
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => any(items),
            ExprKind::Format(pieces) => pieces.iter().any(|piece| match piece {
                FormatPiece::Text(_) => false,
                FormatPiece::Value { value, .. } => {
                    let is_other = !value.ty.is_dynamic() && !value.ty.is_builtin("str");
                    is_other || self.is_declared_text(value)
                }
            }),
            ExprKind::Call(call) => self.gives_declared_text(call),
            _ => false,
        }
    }

    fn gives_declared_text(&self, call: &Call) -> bool {
        match &call.callee {
            Callee::Function { function, .. } | Callee::Direct { function } => self
                .world
                .function(function)
                .is_some_and(|function| function.returns == Type::str()),
            // What a method of a string, or an operation on one, is given.
            Callee::ObjectMethod { .. } | Callee::Intrinsic(_) => {
                call.args.iter().any(|arg| match arg {
                    Arg::Value(value) => {
                        let is_number = value.ty.is_builtin("int") || value.ty.is_builtin("float");
                        (is_number && call.args.len() == 1) || self.is_declared_text(value)
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }
}
