//! Unary and binary operators and comparisons, by the representation they work in.

use keelback_checker::tree::{BinaryOp, CompareOp, Expr, UnaryOp};
use keelback_checker::types::{Symbol, Type};

use super::{Builder, Lowered};
use crate::errors::Raise;
use crate::function::{Imm, Reference, Value};
use crate::helpers::Helper;
use crate::ops::{Cond, Op};
use crate::passes::bounds;
use crate::types::{RegType, Repr};

impl Builder<'_> {
    /// An operation on integers of one representation, with the bounds that follow.
    pub(super) fn integer_op(&mut self, op: Op, args: &[Value]) -> Value {
        let repr = self.repr(args[0]);
        let range = |b: &Self, v: Value| {
            b.f.ty(v)
                .range
                .or_else(|| bounds::of_repr(repr).filter(|_| repr != Repr::Int))
        };
        let a = range(self, args[0]);
        let b = args.get(1).map_or(Some((0, 0)), |v| range(self, *v));
        let known = a
            .zip(b)
            .and_then(|(a, b)| bounds::of_operation(op, a, b, repr));
        let ty = RegType {
            range: known,
            ..RegType::new(repr)
        };
        self.op(op, args, ty)
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Expr, ty: &Type) -> Lowered<Value> {
        let value = self.expr(operand)?;
        let repr = self.repr(value);
        let result = match (op, repr) {
            (_, Repr::Obj) => {
                let number = self.const_i64(op as i64);
                self.helper_value(Helper::object_unary, &[value, number])
            }
            (_, Repr::Bool) => {
                let number = self.numeric(value, Repr::Int);
                self.int_unary(op, number)
            }
            (_, Repr::Int) => self.int_unary(op, value),
            (UnaryOp::Pos, _) => value,
            (UnaryOp::Neg, r) if r.is_float() => self.op(Op::FloatNeg, &[value], RegType::new(r)),
            (UnaryOp::Neg, _) => self.integer_op(Op::MachNeg, &[value]),
            (UnaryOp::Invert, r) if r.is_machine_int() => self.integer_op(Op::MachNot, &[value]),
            (UnaryOp::Invert, _) => return self.unsupported("`~` of a float"),
        };
        Ok(self.known(result, ty))
    }

    fn int_unary(&mut self, op: UnaryOp, value: Value) -> Value {
        match op {
            UnaryOp::Neg => self.integer_op(Op::IntNeg, &[value]),
            UnaryOp::Invert => self.integer_op(Op::IntNot, &[value]),
            // `+True` is 1.
            UnaryOp::Pos if self.f.ty(value).range.is_some() => value,
            UnaryOp::Pos => {
                let zero = self.const_int(0);
                self.integer_op(Op::IntAdd, &[value, zero])
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        in_place: bool,
        ty: &Type,
    ) -> Lowered<Value> {
        let a = self.expr(left)?;
        let b = self.expr(right)?;
        let (ra, rb) = (self.repr(a), self.repr(b));
        let result = if ra == rb {
            match ra {
                Repr::Obj => self.object_binary(op, a, b, in_place),
                Repr::Int => self.int_binary(op, a, b)?,
                Repr::Bool => self.bool_binary(op, a, b)?,
                r if r.is_float() => self.float_binary(op, a, b)?,
                _ => self.mach_binary(op, a, b)?,
            }
        } else if ra == Repr::Obj || rb == Repr::Obj {
            let a = self.boxed(a);
            let b = self.boxed(b);
            self.object_binary(op, a, b, in_place)
        } else {
            return self.unsupported("an operator on numbers that are held differently");
        };
        Ok(self.known(result, ty))
    }

    fn object_binary(&mut self, op: BinaryOp, a: Value, b: Value, in_place: bool) -> Value {
        let is_str = |builder: &Self, v: Value| builder.f.ty(v).is_builtin("str");
        if op == BinaryOp::Add && is_str(self, a) && is_str(self, b) {
            let exact =
                self.f.ty(a).is_exact_builtin("str") && self.f.ty(b).is_exact_builtin("str");
            let ty = RegType::instance(Symbol::new("builtins", "str"), exact);
            let helper = if in_place {
                Helper::str_append
            } else {
                Helper::str_concat
            };
            return self.helper(helper, &[a, b], if exact { ty } else { RegType::obj() });
        }
        let number = self.const_i64(op as i64);
        let helper = if in_place {
            Helper::object_in_place
        } else {
            Helper::object_binary
        };
        self.helper_value(helper, &[a, b, number])
    }

    pub(super) fn int_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Lowered<Value> {
        let op = match op {
            BinaryOp::Add => Op::IntAdd,
            BinaryOp::Sub => Op::IntSub,
            BinaryOp::Mul => Op::IntMul,
            BinaryOp::FloorDiv => Op::IntFloorDiv,
            BinaryOp::Mod => Op::IntMod,
            BinaryOp::LShift => Op::IntShl,
            BinaryOp::RShift => Op::IntShr,
            BinaryOp::And => Op::IntAnd,
            BinaryOp::Or => Op::IntOr,
            BinaryOp::Xor => Op::IntXor,
            BinaryOp::Div => return Ok(self.op(Op::IntDiv, &[a, b], RegType::new(Repr::F64))),
            BinaryOp::Pow => return Ok(self.helper_value(Helper::int_pow, &[a, b])),
            BinaryOp::MatMul => return self.unsupported("`@` of ints"),
        };
        Ok(self.integer_op(op, &[a, b]))
    }

    /// Raises if a machine integer is 0.
    fn raise_if_zero(&mut self, value: Value, raise: Raise) {
        let zero = self.const_mach(0, self.repr(value));
        let ty = RegType::new(Repr::Bool);
        let test = self.emit(Op::MachCmp, &[value, zero], Imm::Cond(Cond::Eq), ty);
        let (raising, fine) = (self.cold_block(), self.new_block());
        self.branch(test, raising, fine);
        self.start(raising);
        let number = self.const_i64(raise.number());
        self.helper_effect(Helper::raise_fixed, &[number]);
        self.unreachable();
        self.start(fine);
    }

    fn mach_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Lowered<Value> {
        let op = match op {
            BinaryOp::Add => Op::MachAdd,
            BinaryOp::Sub => Op::MachSub,
            BinaryOp::Mul => Op::MachMul,
            BinaryOp::FloorDiv => Op::MachFloorDiv,
            BinaryOp::Mod => Op::MachMod,
            BinaryOp::LShift => Op::MachShl,
            BinaryOp::RShift => Op::MachShr,
            BinaryOp::And => Op::MachAnd,
            BinaryOp::Or => Op::MachOr,
            BinaryOp::Xor => Op::MachXor,
            BinaryOp::Pow => Op::MachPow,
            BinaryOp::Div => {
                self.raise_if_zero(b, Raise::IntTrueDivision);
                let a = self.numeric(a, Repr::F64);
                let b = self.numeric(b, Repr::F64);
                return Ok(self.op(Op::FloatDiv, &[a, b], RegType::new(Repr::F64)));
            }
            BinaryOp::MatMul => return self.unsupported("`@` of machine integers"),
        };
        Ok(self.integer_op(op, &[a, b]))
    }

    fn float_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Lowered<Value> {
        let repr = self.repr(a);
        let (op, through_double) = match op {
            BinaryOp::Add => (Op::FloatAdd, false),
            BinaryOp::Sub => (Op::FloatSub, false),
            BinaryOp::Mul => (Op::FloatMul, false),
            BinaryOp::Div => (Op::FloatDiv, false),
            BinaryOp::FloorDiv => (Op::FloatFloorDiv, true),
            BinaryOp::Mod => (Op::FloatMod, true),
            BinaryOp::Pow => (Op::FloatPow, true),
            _ => return self.unsupported("a bitwise operator on floats"),
        };
        if through_double && repr == Repr::F32 {
            let a = self.numeric(a, Repr::F64);
            let b = self.numeric(b, Repr::F64);
            let wide = self.op(op, &[a, b], RegType::new(Repr::F64));
            return Ok(self.numeric(wide, repr));
        }
        Ok(self.op(op, &[a, b], RegType::new(repr)))
    }

    fn bool_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Lowered<Value> {
        let bits = match op {
            BinaryOp::Xor => {
                let ty = RegType::new(Repr::Bool);
                return Ok(self.emit(Op::BoolCmp, &[a, b], Imm::Cond(Cond::Ne), ty));
            }
            BinaryOp::And => Op::MachAnd,
            BinaryOp::Or => Op::MachOr,
            // Arithmetic on truth values is arithmetic on the ints 0 and 1.
            _ => {
                let a = self.numeric(a, Repr::Int);
                let b = self.numeric(b, Repr::Int);
                return self.int_binary(op, a, b);
            }
        };
        let a = self.numeric(a, Repr::I64);
        let b = self.numeric(b, Repr::I64);
        let both = self.integer_op(bits, &[a, b]);
        let zero = self.const_i64(0);
        Ok(self.compare_i64(Cond::Ne, both, zero))
    }

    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        left: &Expr,
        right: &Expr,
        ty: &Type,
    ) -> Lowered<Value> {
        let a = self.expr(left)?;
        let b = self.expr(right)?;
        let cond = match op {
            CompareOp::Eq => Cond::Eq,
            CompareOp::Ne => Cond::Ne,
            CompareOp::Lt => Cond::Lt,
            CompareOp::Le => Cond::Le,
            CompareOp::Gt => Cond::Gt,
            CompareOp::Ge => Cond::Ge,
            CompareOp::Is | CompareOp::IsNot => {
                let same = self.identical(a, b);
                let result = self.negated_if(op == CompareOp::IsNot, same);
                return Ok(self.known(result, ty));
            }
            CompareOp::In | CompareOp::NotIn => {
                let item = self.boxed(a);
                let container = self.boxed(b);
                let helper = match self.f.ty(container) {
                    t if t.is_exact_builtin("dict") => Helper::dict_contains,
                    t if t.is_exact_builtin("set") => Helper::set_contains,
                    _ => Helper::object_contains,
                };
                let found = self.helper_value(helper, &[container, item]);
                let result = self.negated_if(op == CompareOp::NotIn, found);
                return Ok(self.known(result, ty));
            }
        };
        let result = self.compare_values(cond, a, b, Repr::of(ty) == Repr::Bool)?;
        Ok(self.known(result, ty))
    }

    fn negated_if(&mut self, negate: bool, value: Value) -> Value {
        if negate {
            self.op(Op::BoolNot, &[value], RegType::new(Repr::Bool))
        } else {
            value
        }
    }

    fn identical(&mut self, a: Value, b: Value) -> Value {
        let bool = RegType::new(Repr::Bool);
        if self.repr(a) == Repr::Bool && self.repr(b) == Repr::Bool {
            return self.emit(Op::BoolCmp, &[a, b], Imm::Cond(Cond::Eq), bool);
        }
        let a = self.boxed(a);
        let b = self.boxed(b);
        self.op(Op::Is, &[a, b], bool)
    }

    /// A comparison; on objects its result is an object unless only its truth is asked for.
    pub(super) fn compare_values(
        &mut self,
        cond: Cond,
        a: Value,
        b: Value,
        truth: bool,
    ) -> Lowered<Value> {
        let bool = RegType::new(Repr::Bool);
        let (ra, rb) = (self.repr(a), self.repr(b));
        let op = match (ra, rb) {
            (Repr::Int, Repr::Int) => Op::IntCmp,
            (Repr::Bool, Repr::Bool) => Op::BoolCmp,
            (x, y) if x == y && x.is_float() => Op::FloatCmp,
            (x, y) if x == y && x.is_machine_int() => Op::MachCmp,
            (x, y) if x.is_machine_int() && y.is_machine_int() => Op::MachCmpMixed,
            (x, y) if x == Repr::Obj || y == Repr::Obj => {
                let a = self.boxed(a);
                let b = self.boxed(b);
                let strings = self.f.ty(a).is_builtin("str") && self.f.ty(b).is_builtin("str");
                if strings && truth && matches!(cond, Cond::Eq | Cond::Ne) {
                    let equal = self.helper_value(Helper::str_eq, &[a, b]);
                    return Ok(self.negated_if(cond == Cond::Ne, equal));
                }
                let number = self.const_i64(cond.rich());
                let helper = if truth {
                    Helper::object_compare_truth
                } else {
                    Helper::object_compare
                };
                return Ok(self.helper_value(helper, &[a, b, number]));
            }
            _ => return self.unsupported("a comparison of numbers that are held differently"),
        };
        Ok(self.emit(op, &[a, b], Imm::Cond(cond), bool))
    }

    /// `isinstance` of classes whose test needs no hook. `asks`: an object whose type derives from none of them is asked for its `__class__`.
    pub(super) fn is_instance(
        &mut self,
        value: &Expr,
        classes: &[Symbol],
        asks: bool,
    ) -> Lowered<Value> {
        let value = self.expr(value)?;
        let value = self.boxed(value);
        let bool = RegType::new(Repr::Bool);
        let [first, rest @ ..] = classes else {
            return Ok(self.const_bool(false));
        };
        let last = if asks {
            Op::IsInstanceAsked
        } else {
            Op::IsInstance
        };
        if rest.is_empty() {
            let imm = self.reference(Reference::Class(*first));
            return Ok(self.emit(last, &[value], imm, bool));
        }
        let done = self.new_block();
        let result = self.param(done, bool.clone());
        // By their types first, which needs no call; then whoever did not pass is asked.
        let by_type = classes.iter().map(|class| (Op::IsInstance, class));
        let asked = classes.iter().map(|class| (last, class));
        let tests: Vec<_> = by_type.chain(asked.filter(|_| asks)).collect();
        for (i, (op, class)) in tests.iter().enumerate() {
            let imm = self.reference(Reference::Class(**class));
            let test = self.emit(*op, &[value], imm, bool.clone());
            if i + 1 == tests.len() {
                self.jump(done, &[test]);
                break;
            }
            let next = self.new_block();
            let hit = self.new_block();
            self.branch(test, hit, next);
            self.start(hit);
            let yes = self.const_bool(true);
            self.jump(done, &[yes]);
            self.start(next);
        }
        self.start(done);
        Ok(result)
    }
}
