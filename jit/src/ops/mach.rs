//! Machine integers and truth values.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use keelback_lowering::errors::Raise;
use keelback_lowering::function::{Imm, Inst};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::{Cond, Op};
use keelback_lowering::types::Repr;

use super::int::signed;
use crate::abi::{clif_type, repr_number};
use crate::compiler::JitError;
use crate::translate::Translator;

/// The unsigned comparison of a condition.
fn unsigned(cond: Cond) -> IntCC {
    match cond {
        Cond::Eq => IntCC::Equal,
        Cond::Ne => IntCC::NotEqual,
        Cond::Lt => IntCC::UnsignedLessThan,
        Cond::Le => IntCC::UnsignedLessThanOrEqual,
        Cond::Gt => IntCC::UnsignedGreaterThan,
        Cond::Ge => IntCC::UnsignedGreaterThanOrEqual,
    }
}

/// A condition with its operands exchanged.
fn swapped(cond: Cond) -> Cond {
    match cond {
        Cond::Eq => Cond::Eq,
        Cond::Ne => Cond::Ne,
        Cond::Lt => Cond::Gt,
        Cond::Le => Cond::Ge,
        Cond::Gt => Cond::Lt,
        Cond::Ge => Cond::Le,
    }
}

impl<'a> Translator<'a, '_> {
    fn condition(&self, inst: &Inst) -> Result<Cond, JitError> {
        match inst.imm {
            Imm::Cond(c) => Ok(c),
            _ => Err(JitError::Malformed(format!(
                "{} lacks its condition",
                inst.op.info().name
            ))),
        }
    }

    pub(crate) fn mach_plain(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let r = match inst.op {
            Op::MachNeg => self.e.b.ins().ineg(a),
            Op::MachNot => self.e.b.ins().bnot(a),
            op => {
                let b = self.arg(inst, 1)?;
                let ins = self.e.b.ins();
                match op {
                    Op::MachAdd => ins.iadd(a, b),
                    Op::MachSub => ins.isub(a, b),
                    Op::MachMul => ins.imul(a, b),
                    Op::MachAnd => ins.band(a, b),
                    Op::MachOr => ins.bor(a, b),
                    _ => ins.bxor(a, b),
                }
            }
        };
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn mach_divide(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let repr = self.arg_type(inst, 0)?.repr;
        let floor = inst.op == Op::MachFloorDiv;
        let zero = if b.may_be(0) {
            Some((self.e.cold(), self.fail_of(inst)?))
        } else {
            None
        };
        if let Some((zero, _)) = &zero {
            self.e.unless(b.v, *zero, &[]);
        }
        // The machine divides 32 or 64 bits.
        let wide = if repr.bits() < 32 {
            types::I32
        } else {
            clif_type(repr)
        };
        let widen = |t: &mut Self, v: Value| match repr {
            r if r.bits() >= 32 => v,
            r if r.is_signed() => t.e.b.ins().sextend(wide, v),
            _ => t.e.b.ins().uextend(wide, v),
        };
        let (x, y) = (widen(self, a.v), widen(self, b.v));
        let unsigned = !repr.is_signed() || (a.at_least(0) && b.at_least(0));
        let r = if unsigned {
            if floor {
                self.e.b.ins().udiv(x, y)
            } else {
                self.e.b.ins().urem(x, y)
            }
        } else {
            self.floor_divide(floor, x, y, b.may_be(-1), b.at_least(1))
        };
        let r = if repr.bits() < 32 {
            self.e.b.ins().ireduce(clif_type(repr), r)
        } else {
            r
        };
        self.set(inst, r);
        if let Some((zero, fail)) = zero {
            let here = self.e.block();
            self.e.jump(here, &[]);
            self.e.switch(zero);
            let raise = if floor {
                Raise::IntDivision
            } else {
                Raise::IntModulo
            };
            self.e.raise(raise, &fail);
            self.e.switch(here);
        }
        Ok(())
    }

    /// Signed floor division or modulo of machine integers; the divisor is not 0.
    fn floor_divide(
        &mut self,
        floor: bool,
        x: Value,
        y: Value,
        may_be_minus_one: bool,
        positive: bool,
    ) -> Value {
        let ty = self.e.b.func.dfg.value_type(x);
        let (merge, result) = self.e.merge(ty);
        if may_be_minus_one {
            // The machine traps when the most negative value is divided by -1.
            let (minus, next) = (self.e.cold(), self.e.block());
            let is_minus = self.e.cmp(IntCC::Equal, y, -1);
            self.e.brif(is_minus, minus, &[], next, &[]);
            self.e.switch(minus);
            let r = if floor {
                self.e.b.ins().ineg(x)
            } else {
                self.e.integer(ty, 0)
            };
            self.e.jump(merge, &[r]);
            self.e.switch(next);
        }
        let quotient = self.e.b.ins().sdiv(x, y);
        let product = self.e.b.ins().imul(quotient, y);
        let rest = self.e.b.ins().isub(x, product);
        let off = if positive {
            self.e.cmp(IntCC::SignedLessThan, rest, 0)
        } else {
            let signs = self.e.b.ins().bxor(rest, y);
            let differ = self.e.cmp(IntCC::SignedLessThan, signs, 0);
            let inexact = self.e.cmp(IntCC::NotEqual, rest, 0);
            self.e.b.ins().band(differ, inexact)
        };
        let r = if floor {
            let off = self.e.b.ins().uextend(ty, off);
            self.e.b.ins().isub(quotient, off)
        } else {
            let adjusted = self.e.b.ins().iadd(rest, y);
            self.e.b.ins().select(off, adjusted, rest)
        };
        self.e.jump(merge, &[r]);
        self.e.switch(merge);
        result
    }

    pub(crate) fn mach_pow(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let repr = self.arg_type(inst, 0)?.repr;
        let fail = self.fail_of(inst)?;
        let (a, b) = (self.e.to_word(repr, a), self.e.to_word(repr, b));
        let number = self.e.word(repr_number(repr));
        let r = self
            .e
            .call_checked(Helper::mach_pow, &[a, b, number], &fail);
        let r = self.e.from_word(repr, r);
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn mach_shift(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let repr = self.arg_type(inst, 0)?.repr;
        let bits = i64::from(repr.bits());
        let shift = |t: &mut Self, count: Value| match inst.op {
            Op::MachShl => t.e.b.ins().ishl(a.v, count),
            _ if repr.is_signed() => t.e.b.ins().sshr(a.v, count),
            _ => t.e.b.ins().ushr(a.v, count),
        };
        if matches!(b.range, Some((low, high)) if low >= 0 && high < bits) {
            let r = shift(self, b.v);
            self.set(inst, r);
            return Ok(());
        }
        let (merge, result) = self.e.merge(clif_type(repr));
        let far = self.e.cold();
        let past = self
            .e
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, b.v, bits);
        self.e.when(past, far, &[]);
        let r = shift(self, b.v);
        self.e.jump(merge, &[r]);
        self.e.switch(far);
        if repr.is_signed() && !b.at_least(0) {
            let fail = self.fail_of(inst)?;
            let (negative, fine) = (self.e.cold(), self.e.cold());
            let below = self.e.cmp(IntCC::SignedLessThan, b.v, 0);
            self.e.brif(below, negative, &[], fine, &[]);
            self.e.switch(negative);
            self.e.raise(Raise::NegativeShift, &fail);
            self.e.switch(fine);
        }
        let r = if inst.op == Op::MachShr && repr.is_signed() {
            self.e.b.ins().sshr_imm_u(a.v, bits - 1)
        } else {
            self.e.integer(clif_type(repr), 0)
        };
        self.e.jump(merge, &[r]);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn mach_cmp(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let cond = self.condition(inst)?;
        let cc = if self.arg_type(inst, 0)?.repr.is_signed() {
            signed(cond)
        } else {
            unsigned(cond)
        };
        let c = self.e.b.ins().icmp(cc, a, b);
        self.set(inst, c);
        Ok(())
    }

    pub(crate) fn mach_cmp_mixed(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let (ra, rb) = (self.arg_type(inst, 0)?.repr, self.arg_type(inst, 1)?.repr);
        let cond = self.condition(inst)?;
        let (a, b) = (self.e.to_word(ra, a), self.e.to_word(rb, b));
        let c = match (ra == Repr::U64, rb == Repr::U64) {
            (false, false) => self.e.b.ins().icmp(signed(cond), a, b),
            (true, true) => self.e.b.ins().icmp(unsigned(cond), a, b),
            (left, _) => {
                // A negative value is below every unsigned one; any other compares unsigned.
                let (small, large, cond) = if left {
                    (b, a, swapped(cond))
                } else {
                    (a, b, cond)
                };
                let c = self.e.b.ins().icmp(unsigned(cond), small, large);
                let negative = self.e.cmp(IntCC::SignedLessThan, small, 0);
                if matches!(cond, Cond::Lt | Cond::Le | Cond::Ne) {
                    self.e.b.ins().bor(c, negative)
                } else {
                    let positive = self.e.cmp(IntCC::SignedGreaterThanOrEqual, small, 0);
                    self.e.b.ins().band(c, positive)
                }
            }
        };
        self.set(inst, c);
        Ok(())
    }

    pub(crate) fn mach_cast(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        let (from, to) = (self.arg_type(inst, 0)?.repr, self.result_type(inst)?.repr);
        let (have, want) = (clif_type(from), clif_type(to));
        let r = if have.bits() == want.bits() {
            a.v
        } else if have.bits() > want.bits() {
            self.e.b.ins().ireduce(want, a.v)
        } else if from.is_signed() {
            self.e.b.ins().sextend(want, a.v)
        } else {
            self.e.b.ins().uextend(want, a.v)
        };
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn mach_narrow(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        let (from, to) = (self.arg_type(inst, 0)?.repr, self.result_type(inst)?.repr);
        let fail = self.fail_of(inst)?;
        let wide = self.e.to_word(from, a.v);
        let slow = self.e.cold();
        let range = a.range.or(match from {
            Repr::I64 => None,
            // Values with the top bit set fit nothing but themselves.
            Repr::U64 if to == Repr::U64 => Some((0, i64::MAX)),
            Repr::U64 => None,
            r if r.is_signed() => Some((-(1 << (r.bits() - 1)), (1 << (r.bits() - 1)) - 1)),
            r => Some((0, (1 << r.bits()) - 1)),
        });
        if from == Repr::U64 && to.is_signed() && range.is_none_or(|(l, _)| l < 0) {
            let top = self.e.cmp(IntCC::SignedLessThan, wide, 0);
            self.e.when(top, slow, &[]);
        }
        let r = self.narrow_or(wide, to, range, slow);
        self.set(inst, r);
        let here = self.e.block();
        self.e.jump(here, &[]);
        self.e.switch(slow);
        self.e.raise(Raise::NarrowOverflow, &fail);
        self.e.switch(here);
        Ok(())
    }

    pub(crate) fn mach_to_float(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let from = self.arg_type(inst, 0)?.repr;
        let ty = clif_type(self.result_type(inst)?.repr);
        let wide = self.e.to_word(from, a);
        let r = if from == Repr::U64 {
            self.e.b.ins().fcvt_from_uint(ty, wide)
        } else {
            self.e.b.ins().fcvt_from_sint(ty, wide)
        };
        self.note_quiet(inst);
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn bool_op(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let r = match inst.op {
            Op::BoolNot => self.e.cmp(IntCC::Equal, a, 0),
            Op::BoolCmp => {
                let b = self.arg(inst, 1)?;
                let cond = self.condition(inst)?;
                self.e.b.ins().icmp(unsigned(cond), a, b)
            }
            _ => {
                let ty = clif_type(self.result_type(inst)?.repr);
                self.know(inst, 0, 1);
                if ty == types::I8 {
                    a
                } else {
                    self.e.b.ins().uextend(ty, a)
                }
            }
        };
        self.set(inst, r);
        Ok(())
    }
}
