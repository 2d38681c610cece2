//! Floats.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use keelback_lowering::errors::Raise;
use keelback_lowering::function::{Imm, Inst};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::{Cond, Op};
use keelback_lowering::types::Repr;

use crate::abi::{clif_type, repr_number};
use crate::compiler::JitError;
use crate::translate::Translator;

impl<'a> Translator<'a, '_> {
    pub(crate) fn float_plain(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let r = match inst.op {
            // These two only change the sign: a pattern stays one.
            Op::FloatNeg => self.e.b.ins().fneg(a),
            Op::FloatAbs => self.e.b.ins().fabs(a),
            Op::FloatCast => {
                self.note_quiet(inst);
                match (self.arg_type(inst, 0)?.repr, self.result_type(inst)?.repr) {
                    (Repr::F32, Repr::F64) => self.e.b.ins().fpromote(types::F64, a),
                    (Repr::F64, Repr::F32) => self.e.b.ins().fdemote(types::F32, a),
                    _ => return self.set_alias(inst),
                }
            }
            op => {
                self.note_quiet(inst);
                let b = self.arg(inst, 1)?;
                let ins = self.e.b.ins();
                match op {
                    Op::FloatAdd => ins.fadd(a, b),
                    Op::FloatSub => ins.fsub(a, b),
                    _ => ins.fmul(a, b),
                }
            }
        };
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn float_div(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let repr = self.arg_type(inst, 0)?.repr;
        let fail = self.fail_of(inst)?;
        let zero = self.zero(repr);
        let (by_zero, fine) = (self.e.cold(), self.e.block());
        let is_zero = self.e.b.ins().fcmp(FloatCC::Equal, b, zero);
        self.e.brif(is_zero, by_zero, &[], fine, &[]);
        self.e.switch(by_zero);
        self.e.raise(Raise::FloatDivision, &fail);
        self.e.switch(fine);
        let r = self.e.b.ins().fdiv(a, b);
        self.note_quiet(inst);
        self.set(inst, r);
        Ok(())
    }

    /// A float as f64.
    fn double(&mut self, repr: Repr, value: Value) -> Value {
        match repr {
            Repr::F32 => self.e.b.ins().fpromote(types::F64, value),
            _ => value,
        }
    }

    pub(crate) fn float_helper(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let repr = self.arg_type(inst, 0)?.repr;
        let fail = self.fail_of(inst)?;
        let (a, b) = (self.double(repr, a), self.double(repr, b));
        let helper = match inst.op {
            Op::FloatFloorDiv => Helper::float_floordiv,
            Op::FloatMod => Helper::float_mod,
            _ => Helper::float_pow,
        };
        let r = self.e.call_checked(helper, &[a, b], &fail);
        let r = match repr {
            Repr::F32 => self.e.b.ins().fdemote(types::F32, r),
            _ => r,
        };
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn float_sqrt(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let repr = self.arg_type(inst, 0)?.repr;
        let fail = self.fail_of(inst)?;
        let zero = self.zero(repr);
        let (domain, fine) = (self.e.cold(), self.e.block());
        let negative = self.e.b.ins().fcmp(FloatCC::LessThan, a, zero);
        self.e.brif(negative, domain, &[], fine, &[]);
        self.e.switch(domain);
        self.e.raise(Raise::MathDomain, &fail);
        self.e.switch(fine);
        let r = self.e.b.ins().sqrt(a);
        self.note_quiet(inst);
        self.set(inst, r);
        Ok(())
    }

    pub(crate) fn float_cmp(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let cc = match inst.imm {
            Imm::Cond(Cond::Eq) => FloatCC::Equal,
            Imm::Cond(Cond::Ne) => FloatCC::NotEqual,
            Imm::Cond(Cond::Lt) => FloatCC::LessThan,
            Imm::Cond(Cond::Le) => FloatCC::LessThanOrEqual,
            Imm::Cond(Cond::Gt) => FloatCC::GreaterThan,
            Imm::Cond(Cond::Ge) => FloatCC::GreaterThanOrEqual,
            _ => {
                return Err(JitError::Malformed("float.cmp lacks its condition".into()));
            }
        };
        let c = self.e.b.ins().fcmp(cc, a, b);
        self.set(inst, c);
        Ok(())
    }

    /// Goes to `slow` unless `low <= value < high`; NaN goes there too.
    fn float_within(
        &mut self,
        value: Value,
        low: f64,
        high: f64,
        slow: cranelift_codegen::ir::Block,
    ) {
        let (low, high) = (self.e.b.ins().f64const(low), self.e.b.ins().f64const(high));
        let above = self.e.b.ins().fcmp(FloatCC::GreaterThanOrEqual, value, low);
        self.e.unless(above, slow, &[]);
        let below = self.e.b.ins().fcmp(FloatCC::LessThan, value, high);
        self.e.unless(below, slow, &[]);
    }

    pub(crate) fn float_to_mach(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let from = self.arg_type(inst, 0)?.repr;
        let repr = self.result_type(inst)?.repr;
        let fail = self.fail_of(inst)?;
        let a = self.double(from, a);
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(clif_type(repr));
        // What these bounds leave out and the type still holds (a little below its least value, the upper half of `uint64`) the helper converts.
        let (low, high) = match repr {
            Repr::I64 => (-(2f64.powi(63)), 2f64.powi(63)),
            Repr::U64 => (0.0, 2f64.powi(63)),
            r if r.is_signed() => (
                -(2f64.powi(r.bits() as i32 - 1)),
                2f64.powi(r.bits() as i32 - 1),
            ),
            r => (0.0, 2f64.powi(r.bits() as i32)),
        };
        self.float_within(a, low, high, slow);
        let value = self.e.b.ins().fcvt_to_sint(types::I64, a);
        let value = self.e.from_word(repr, value);
        self.e.jump(merge, &[value]);
        self.e.switch(slow);
        let number = self.e.word(repr_number(repr));
        let value = self
            .e
            .call_checked(Helper::float_to_mach, &[a, number], &fail);
        let value = self.e.from_word(repr, value);
        self.e.jump(merge, &[value]);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn float_to_int(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let from = self.arg_type(inst, 0)?.repr;
        let fail = self.fail_of(inst)?;
        let a = self.double(from, a);
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(types::I64);
        self.float_within(a, -(2f64.powi(62)), 2f64.powi(62), slow);
        let value = self.e.b.ins().fcvt_to_sint(types::I64, a);
        let value = self.tag(value);
        self.e.jump(merge, &[value]);
        self.e.switch(slow);
        self.e
            .call_merging(Helper::float_to_int, &[a], &fail, merge);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }
}
