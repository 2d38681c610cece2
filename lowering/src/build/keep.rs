//! Locals that keep their object.
//!
//! A reference that is not needed any more is given back at once, where CPython's local would hold it until it is bound anew, deleted or the function
//! returns. Nobody sees that of a number, a string or an instance of a class of ours. What else ends may be seen: a file is closed, a temporary folder
//! removed, a buffer freed whose address someone has, a callback called. Locals of such types are named by [`Op::Keep`] where CPython's would let go.

use keelback_checker::tree::{Body, Expr, ExprKind, Stmt, StmtKind, Target};
use keelback_checker::types::{Symbol, Type};

use super::Builder;
use crate::function::{Imm, Value};
use crate::ops::Op;
use crate::types::{RegType, Repr};

/// Builtin classes whose instances end without anyone seeing it, apart from those that hold others.
const SILENT: [&str; 9] = [
    "int",
    "float",
    "bool",
    "complex",
    "str",
    "bytes",
    "bytearray",
    "range",
    "slice",
];

/// Builtin classes whose instances end as their items do.
const CONTAINERS: [&str; 5] = ["list", "tuple", "dict", "set", "frozenset"];

impl Builder<'_> {
    /// For each local of a function, whether it keeps its object. Parameters are kept by the caller.
    pub(super) fn keepers(&self, body: &Body) -> Vec<bool> {
        let mut given = vec![Given::default(); body.locals.len()];
        note_assignments(&body.stmts, &mut given);
        (body.locals.iter().zip(given).enumerate())
            .map(|(index, (local, given))| {
                let is_named = !local.name.starts_with('.');
                // Items of what stays alive are many, and kept by that.
                let is_fresh = given.fresh || !given.other;
                index >= body.params
                    && is_named
                    && is_fresh
                    && RegType::of(&local.ty).repr == Repr::Obj
                    && self.end_is_seen(&local.ty)
            })
            .collect()
    }

    /// Whether someone may see that a value of this type ends.
    fn end_is_seen(&self, ty: &Type) -> bool {
        match ty {
            Type::Never
            | Type::None
            | Type::Primitive(_)
            | Type::Literal(_)
            | Type::LiteralString
            | Type::EnumMember(..)
            | Type::Class(_)
            | Type::ClassOf(_)
            | Type::Function(_)
            | Type::Module(_)
            | Type::Guard(..) => false,
            Type::Instance(class, arguments) | Type::Exact(class, arguments) => {
                if SILENT.iter().any(|name| class.is_builtin(name)) {
                    return false;
                }
                if CONTAINERS.iter().any(|name| class.is_builtin(name)) {
                    return arguments.is_empty() || arguments.iter().any(|ty| self.end_is_seen(ty));
                }
                self.end_of_instance_is_seen(class)
            }
            Type::Tuple(parts) | Type::Union(parts) => parts.iter().any(|ty| self.end_is_seen(ty)),
            Type::New(_, ty) => self.end_is_seen(ty),
            _ => true,
        }
    }

    /// Instances of classes of ours end silently unless they say what happens then.
    fn end_of_instance_is_seen(&self, class: &Symbol) -> bool {
        if &*class.module == "__static__" {
            return false;
        }
        let layout = self
            .interfaces
            .class(class)
            .and_then(|c| c.layout.clone().ok());
        layout.is_none_or(|layout| layout.method("__del__").is_some())
    }

    /// Keeps what a local holds until here: it is about to hold something else.
    pub(super) fn keep_until_here(&mut self, index: usize) {
        if self.locals[index].keeps {
            let value = self.read(self.locals[index].var);
            self.keep(&[value]);
        }
    }

    /// Keeps what every local holds until here: the function is about to return `result`.
    pub(super) fn keep_until_return(&mut self, result: Value) {
        let vars: Vec<_> = (self.locals.iter())
            .filter(|local| local.keeps)
            .map(|local| local.var)
            .collect();
        let values: Vec<Value> = vars.into_iter().map(|var| self.read(var)).collect();
        let others: Vec<Value> = values.into_iter().filter(|v| *v != result).collect();
        self.keep(&others);
    }

    fn keep(&mut self, values: &[Value]) {
        let held: Vec<Value> = (values.iter().copied())
            .filter(|value| !self.is_undefined(*value))
            .collect();
        if !held.is_empty() {
            self.effect(Op::Keep, &held, Imm::None);
        }
    }

    fn is_undefined(&self, value: Value) -> bool {
        (self.definitions.get(&value)).is_some_and(|definition| definition.op == Op::Undef)
    }
}

/// What the statements of a function give a local.
#[derive(Clone, Copy, Default)]
struct Given {
    /// Something made for it.
    fresh: bool,
    /// Something that others hold too.
    other: bool,
}

fn note_assignments(stmts: &[Stmt], given: &mut [Given]) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Assign(Target::Local(id), value) => {
                if let Some(given) = given.get_mut(id.0 as usize) {
                    if is_held_elsewhere(value) {
                        given.other = true;
                    } else {
                        given.fresh = true;
                    }
                }
            }
            StmtKind::If(_, body, orelse)
            | StmtKind::While(_, body, orelse)
            | StmtKind::For { body, orelse, .. } => {
                note_assignments(body, given);
                note_assignments(orelse, given);
            }
            _ => {}
        }
    }
}

/// Whether an expression gives what a name, a field or an item of a container holds.
fn is_held_elsewhere(e: &Expr) -> bool {
    match &*e.kind {
        ExprKind::Convert(_, inner) => is_held_elsewhere(inner),
        ExprKind::Constant(_)
        | ExprKind::Local(_)
        | ExprKind::Global { .. }
        | ExprKind::Field { .. }
        | ExprKind::ListItem(..)
        | ExprKind::TupleItem(..) => true,
        _ => false,
    }
}
