//! Expressions.

use keelback_checker::tree::{Expr, ExprKind, LocalId};
use keelback_checker::types::{Constant, Name, Symbol, Type};

use super::ssa::Bound;
use super::{Builder, Lowered};
use crate::function::{FieldRef, Imm, Reference, Value};
use crate::helpers::Helper;
use crate::ops::Op;
use crate::types::{RegType, Repr};

impl Builder<'_> {
    /// The value of an expression, held as its type is.
    pub(super) fn expr(&mut self, e: &Expr) -> Lowered<Value> {
        let previous = self.at(e.span);
        let value = self.expr_kind(e)?;
        let want = RegType::of(&e.ty);
        let value = if self.repr(value) == want.repr {
            value
        } else {
            self.coerce(value, &want)
        };
        self.back_at(previous);
        Ok(value)
    }

    /// The value of an expression, as an object.
    pub(super) fn object(&mut self, e: &Expr) -> Lowered<Value> {
        let value = self.expr(e)?;
        Ok(self.boxed(value))
    }

    fn objects<'e>(&mut self, items: impl IntoIterator<Item = &'e Expr>) -> Lowered<Vec<Value>> {
        items.into_iter().map(|e| self.object(e)).collect()
    }

    fn expr_kind(&mut self, e: &Expr) -> Lowered<Value> {
        let exact = |name: &str| RegType::instance(Symbol::new("builtins", name), true);
        Ok(match &*e.kind {
            ExprKind::Constant(c) => return self.constant(c, &e.ty),
            ExprKind::Local(id) => return self.read_local(*id),
            ExprKind::Global { module, name } => self.global(module, name),
            ExprKind::Convert(conversion, from) => return self.convert(conversion, from, &e.ty),
            ExprKind::Unary(op, operand) => return self.unary(*op, operand, &e.ty),
            ExprKind::Binary {
                op,
                left,
                right,
                in_place,
            } => return self.binary(*op, left, right, *in_place, &e.ty),
            ExprKind::Compare(op, a, b) => return self.compare(*op, a, b, &e.ty),
            ExprKind::IsInstance {
                value,
                classes,
                asks,
            } => return self.is_instance(value, classes, *asks),
            ExprKind::Not(operand) => {
                let value = self.expr(operand)?;
                let value = self.truth(value);
                self.op(Op::BoolNot, &[value], RegType::new(Repr::Bool))
            }
            ExprKind::Truth(operand) => {
                let value = self.expr(operand)?;
                self.truth(value)
            }
            ExprKind::And(a, b) => return self.short_circuit(a, b, true, &e.ty),
            ExprKind::Or(a, b) => return self.short_circuit(a, b, false, &e.ty),
            ExprKind::If { test, then, orelse } => {
                return self.conditional(test, then, orelse, &e.ty);
            }
            ExprKind::Block(stmts, value) => {
                self.stmts(stmts)?;
                return self.expr(value);
            }
            ExprKind::Call(call) => return self.call(call, &e.ty),
            ExprKind::Field {
                object,
                class,
                field,
            } => {
                let object = self.expr(object)?;
                let (field, ty) = self.field(class, field)?;
                let imm = self.reference(Reference::Field(field));
                let known = RegType::of(&e.ty);
                // Narrowing may know more of this read than the declaration does.
                let ty = if known.repr == ty.repr { known } else { ty };
                self.emit(Op::FieldLoad, &[object], imm, ty)
            }
            ExprKind::Attr(object, name) => {
                let object = self.object(object)?;
                let name = self.const_name(name);
                self.helper_value(Helper::object_getattr, &[object, name])
            }
            ExprKind::ListItem(list, index) => {
                let list = self.object(list)?;
                let index = self.index(index)?;
                self.op(Op::ListGet, &[list, index], RegType::obj())
            }
            ExprKind::TupleItem(tuple, index) => {
                let tuple = self.object(tuple)?;
                let index = self.index(index)?;
                self.op(Op::TupleGet, &[tuple, index], RegType::obj())
            }
            ExprKind::ArrayItem(array, index) => {
                let array = self.object(array)?;
                let index = self.index(index)?;
                self.op(Op::ArrayGet, &[array, index], RegType::of(&e.ty))
            }
            ExprKind::Item(object, index) => {
                let object = self.object(object)?;
                let index = self.object(index)?;
                let helper = if self.f.ty(object).is_exact_builtin("dict") {
                    Helper::dict_getitem
                } else {
                    Helper::object_getitem
                };
                self.helper_value(helper, &[object, index])
            }
            ExprKind::Slice(start, stop, step) => {
                let parts = self.objects([start, stop, step])?;
                self.helper(Helper::slice_new, &parts, exact("slice"))
            }
            ExprKind::Tuple(items) => {
                if let Some(constant) = constant_tuple(items) {
                    return Ok(self.const_obj(constant));
                }
                let items = self.objects(items)?;
                self.op(Op::TupleNew, &items, exact("tuple"))
            }
            ExprKind::List(items) => {
                let items = self.objects(items)?;
                self.op(Op::ListNew, &items, exact("list"))
            }
            ExprKind::Set(items) => {
                let items = self.objects(items)?;
                self.op(Op::SetNew, &items, exact("set"))
            }
            ExprKind::Dict(pairs) => {
                let items = self.objects(pairs.iter().flat_map(|(k, v)| [k, v]))?;
                self.op(Op::DictNew, &items, exact("dict"))
            }
            ExprKind::Format(pieces) => return self.format(pieces),
        })
    }

    /// A global as it is now.
    pub(super) fn global(&mut self, module: &Name, name: &Name) -> Value {
        let imm = self.reference(Reference::Global {
            module: *module,
            name: *name,
        });
        self.emit(Op::GlobalLoad, &[], imm, RegType::obj())
    }

    /// An index, as an `int` or `i64`.
    pub(super) fn index(&mut self, e: &Expr) -> Lowered<Value> {
        let value = self.expr(e)?;
        Ok(match self.repr(value) {
            Repr::I64 => value,
            Repr::Int => self.unwrapped(value),
            Repr::Bool => self.numeric(value, Repr::I64),
            // A `u64` past the largest `i64` is past the end too, but not as a wrapped negative number.
            Repr::U64 => self.numeric(value, Repr::Int),
            r if r.is_machine_int() => self.numeric(value, Repr::I64),
            Repr::Obj => self.op(Op::Unbox, &[value], RegType::new(Repr::Int)),
            _ => return self.unsupported("an index that is no integer"),
        })
    }

    /// The machine integer that an `int` was just made from, if it was.
    pub(super) fn unwrapped(&mut self, value: Value) -> Value {
        match self.definitions.get(&value) {
            Some(d) if d.op == Op::IntFromMach => match d.first {
                Some(inner) if self.repr(inner) == Repr::I64 => inner,
                _ => value,
            },
            Some(d) if d.op == Op::ConstInt => match d.imm {
                Imm::Int(v) => self.const_i64(v),
                _ => value,
            },
            _ => value,
        }
    }

    /// Where a field is, and what is known of what it holds.
    pub(super) fn field(&mut self, class: &Symbol, name: &Name) -> Lowered<(FieldRef, RegType)> {
        let interface = self.interfaces.class(class);
        let slot = interface
            .as_ref()
            .and_then(|c| c.layout.as_ref().ok())
            .and_then(|layout| layout.field(name));
        let Some(slot) = slot else {
            return self.unsupported(format!(
                "the field `{name}` of a class whose layout is not known"
            ));
        };
        let ty = RegType::of(&slot.ty);
        let field = FieldRef {
            class: *class,
            name: *name,
            offset: slot.offset,
            repr: ty.repr,
        };
        Ok((field, ty))
    }

    // --- locals ---

    pub(super) fn read_local(&mut self, id: LocalId) -> Lowered<Value> {
        let Some(local) = self.locals.get(id.0 as usize) else {
            return self.unsupported("a local that is not declared");
        };
        let (var, bound, name) = (local.var, local.bound, local.name);
        let value = self.read(var);
        Ok(match bound {
            Bound::Always if self.f.ty(value).nullable => {
                let ty = RegType {
                    nullable: false,
                    ..self.f.ty(value).clone()
                };
                self.op(Op::Retype, &[value], ty)
            }
            Bound::Always => value,
            Bound::Word => {
                let ty = RegType {
                    nullable: false,
                    ..self.f.ty(value).clone()
                };
                let imm = self.reference(Reference::Local(name));
                self.emit(Op::CheckBound, &[value], imm, ty)
            }
            Bound::Companion(companion) => {
                let is_bound = self.read(companion);
                let (ok, not) = (self.new_block(), self.cold_block());
                self.branch(is_bound, ok, not);
                self.start(not);
                let name = self.const_name(&name);
                self.helper_effect(Helper::raise_unbound, &[name]);
                self.unreachable();
                self.start(ok);
                // Read again: the value is the same, but this block dominates what follows.
                self.read(var)
            }
        })
    }

    /// Stores in a local, in the representation that it has.
    pub(super) fn set_local(&mut self, index: usize, value: Value) {
        let (var, bound) = (self.locals[index].var, self.locals[index].bound);
        let want = self.ssa_type(var);
        let value = if self.repr(value) == want.repr {
            value
        } else {
            self.coerce(value, &want)
        };
        self.keep_until_here(index);
        self.write(var, value);
        if let Bound::Companion(companion) = bound {
            let yes = self.const_bool(true);
            self.write(companion, yes);
        }
    }

    /// Takes a local's value away, after a check that it has one.
    pub(super) fn delete_local(&mut self, id: LocalId) -> Lowered<()> {
        self.read_local(id)?;
        self.keep_until_here(id.0 as usize);
        let local = &self.locals[id.0 as usize];
        let (var, bound) = (local.var, local.bound);
        match bound {
            Bound::Companion(companion) => {
                let no = self.const_bool(false);
                self.write(companion, no);
            }
            Bound::Word | Bound::Always => {
                let ty = RegType {
                    nullable: true,
                    ..self.ssa_type(var)
                };
                let none = self.op(Op::Undef, &[], ty);
                self.write(var, none);
            }
        }
        Ok(())
    }
}

/// The tuple that a display of constants is.
fn constant_tuple(items: &[Expr]) -> Option<Constant> {
    let constants: Option<Vec<Constant>> = items.iter().map(constant_object).collect();
    Some(Constant::Tuple(constants?.into()))
}

/// The object that an expression always is.
fn constant_object(e: &Expr) -> Option<Constant> {
    match &*e.kind {
        ExprKind::Constant(c) => match (c, Repr::of(&e.ty)) {
            // An int literal that is held as a float is one.
            (Constant::Int(v), r) if r.is_float() => Some(Constant::Float((*v as f64).to_bits())),
            (Constant::BigInt(_) | Constant::Bool(_), r) if r.is_float() => None,
            (Constant::Float(bits), Repr::F32) => {
                let rounded = f64::from(f64::from_bits(*bits) as f32);
                Some(Constant::Float(rounded.to_bits()))
            }
            (c, _) => Some(c.clone()),
        },
        ExprKind::Convert(keelback_checker::tree::Conversion::Known, inner)
            if Repr::of(&e.ty) == Repr::Obj || Repr::of(&e.ty) == Repr::of(&inner.ty) =>
        {
            constant_object(inner)
        }
        ExprKind::Tuple(items) => constant_tuple(items),
        _ => None,
    }
}

/// Whether a type says that a value is exactly this builtin.
pub(super) fn is_exactly(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Exact(c, _) if c.is_builtin(name))
}
