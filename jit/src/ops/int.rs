//! Python ints: inline on small ones, the runtime for the rest.
//!
//! A small int `v` is the word `2v + 1`. One branch guards the inline path where it can: "an operand is not small" and "the result does not fit"
//! are or-ed together, since both are rare.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use keelback_lowering::function::{Imm, Inst};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::{Cond, Op};
use keelback_lowering::types::{Repr, SMALL_INT};

use crate::abi::{clif_type, repr_number};
use crate::compiler::JitError;
use crate::translate::{Operand, Translator};

/// The integers that a double holds exactly reach at least this far.
const EXACT_IN_DOUBLE: i64 = 1 << 53;

/// The signed comparison of a condition.
pub(crate) fn signed(cond: Cond) -> IntCC {
    match cond {
        Cond::Eq => IntCC::Equal,
        Cond::Ne => IntCC::NotEqual,
        Cond::Lt => IntCC::SignedLessThan,
        Cond::Le => IntCC::SignedLessThanOrEqual,
        Cond::Gt => IntCC::SignedGreaterThan,
        Cond::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

/// Whether every value between two bounds is a small int.
fn fits(low: i128, high: i128) -> bool {
    low >= i128::from(*SMALL_INT.start()) && high <= i128::from(*SMALL_INT.end())
}

/// Bounds of `op` over the operands' bounds.
fn result_bounds(op: Op, a: &Operand, b: &Operand) -> Option<(i128, i128)> {
    let ((al, ah), (bl, bh)) = (a.range?, b.range?);
    let (al, ah, bl, bh) = (
        i128::from(al),
        i128::from(ah),
        i128::from(bl),
        i128::from(bh),
    );
    match op {
        Op::IntAdd => Some((al + bl, ah + bh)),
        Op::IntSub => Some((al - bh, ah - bl)),
        Op::IntMul => {
            let corners = [al * bl, al * bh, ah * bl, ah * bh];
            Some((*corners.iter().min()?, *corners.iter().max()?))
        }
        _ => None,
    }
}

impl<'a> Translator<'a, '_> {
    /// Goes to `slow` unless all operands are small and `overflow` is 0; goes on in a new block otherwise. Says whether anything can go there.
    fn guard(&mut self, operands: &[Operand], overflow: Option<Value>, slow: Block) -> bool {
        let mut tags: Option<Value> = None;
        for operand in operands.iter().filter(|o| o.range.is_none()) {
            tags = Some(match tags {
                None => operand.v,
                Some(t) => self.e.b.ins().band(t, operand.v),
            });
        }
        match (tags, overflow) {
            (None, None) => return false,
            (None, Some(overflow)) => self.e.when(overflow, slow, &[]),
            (Some(tags), None) => {
                let small = self.e.is_small(tags);
                self.e.unless(small, slow, &[]);
            }
            (Some(tags), Some(overflow)) => {
                let tags = self.e.b.ins().ireduce(types::I8, tags);
                let untagged = self.e.b.ins().bnot(tags);
                let either = self.e.b.ins().bor(untagged, overflow);
                let bad = self.e.b.ins().band_imm_u(either, 1);
                self.e.when(bad, slow, &[]);
            }
        }
        true
    }

    /// Ends the inline path of an op with its result; the slow path calls a helper with the operands.
    fn inline_or_helper(
        &mut self,
        inst: &'a Inst,
        slow: Option<Block>,
        fast: Value,
        helper: Helper,
        args: &[Value],
    ) -> Result<(), JitError> {
        let Some(slow) = slow else {
            self.set(inst, fast);
            return Ok(());
        };
        let fail = self.fail_of(inst)?;
        let (merge, result) = self.e.merge(types::I64);
        self.e.jump(merge, &[fast]);
        self.e.switch(slow);
        self.e.call_merging(helper, args, &fail, merge);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    /// The value of a small int.
    pub(crate) fn untag(&mut self, operand: &Operand) -> Value {
        match operand.constant() {
            Some(v) => self.e.word(v),
            None => self.e.b.ins().sshr_imm_u(operand.v, 1),
        }
    }

    /// The word of a small int.
    pub(crate) fn tag(&mut self, value: Value) -> Value {
        let doubled = self.e.b.ins().ishl_imm_u(value, 1);
        self.e.b.ins().bor_imm_u(doubled, 1)
    }

    pub(crate) fn int_arithmetic(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let args = [a.v, b.v];
        // A constant goes right, where it can be an immediate.
        let (x, y) = if inst.op != Op::IntSub && a.constant().is_some() {
            (b, a)
        } else {
            (a, b)
        };
        let both_small = x.range.is_some() && y.range.is_some();
        let unchecked = both_small
            && (self.result_type(inst)?.range.is_some()
                || result_bounds(inst.op, &a, &b).is_some_and(|(l, h)| fits(l, h)));
        if let Some((low, high)) = result_bounds(inst.op, &a, &b)
            && fits(low, high)
        {
            self.know(inst, low as i64, high as i64);
        }
        let helper = match inst.op {
            Op::IntAdd => Helper::int_add,
            Op::IntSub => Helper::int_sub,
            _ => Helper::int_mul,
        };
        let ins = |t: &mut Self, checked: bool| -> (Value, Option<Value>) {
            // Twice the value of `y`.
            let doubled = |t: &mut Self, o: &Operand| match o.constant() {
                Some(v) => t.e.word(v << 1),
                None => t.e.add(o.v, -1),
            };
            match inst.op {
                Op::IntAdd | Op::IntSub => {
                    let y = doubled(t, &y);
                    match (inst.op, checked) {
                        (Op::IntAdd, true) => {
                            let (r, o) = t.e.b.ins().sadd_overflow(x.v, y);
                            (r, Some(o))
                        }
                        (Op::IntAdd, false) => (t.e.b.ins().iadd(x.v, y), None),
                        (_, true) => {
                            let (r, o) = t.e.b.ins().ssub_overflow(x.v, y);
                            (r, Some(o))
                        }
                        (_, false) => (t.e.b.ins().isub(x.v, y), None),
                    }
                }
                _ => {
                    let x = doubled(t, &x);
                    let y = t.untag(&y);
                    let (r, o) = if checked {
                        let (r, o) = t.e.b.ins().smul_overflow(x, y);
                        (r, Some(o))
                    } else {
                        (t.e.b.ins().imul(x, y), None)
                    };
                    (t.e.add(r, 1), o)
                }
            }
        };
        if unchecked {
            let (r, _) = ins(self, false);
            self.set(inst, r);
            return Ok(());
        }
        let (r, overflow) = ins(self, true);
        let slow = self.e.cold();
        self.guard(&[x, y], overflow, slow);
        self.inline_or_helper(inst, Some(slow), r, helper, &args)
    }

    pub(crate) fn int_bitwise(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let slow = self.e.cold();
        let slow = self.guard(&[a, b], None, slow).then_some(slow);
        let (r, helper) = match inst.op {
            Op::IntAnd => (self.e.b.ins().band(a.v, b.v), Helper::int_and),
            Op::IntOr => (self.e.b.ins().bor(a.v, b.v), Helper::int_or),
            _ => {
                let x = self.e.b.ins().bxor(a.v, b.v);
                (self.e.b.ins().bor_imm_u(x, 1), Helper::int_xor)
            }
        };
        self.inline_or_helper(inst, slow, r, helper, &[a.v, b.v])
    }

    pub(crate) fn int_unary(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        let slow = self.e.cold();
        let (r, slow, helper) = if inst.op == Op::IntNeg {
            let two = self.e.word(2);
            let (r, overflow) = self.e.b.ins().ssub_overflow(two, a.v);
            let fits = a.at_least(*SMALL_INT.start() + 1)
                || (a.range.is_some() && self.result_type(inst)?.range.is_some());
            let any = self.guard(&[a], (!fits).then_some(overflow), slow);
            (r, any.then_some(slow), Helper::int_neg)
        } else {
            let any = self.guard(&[a], None, slow);
            let r = self.e.b.ins().bxor_imm_s(a.v, -2);
            (r, any.then_some(slow), Helper::int_not)
        };
        self.inline_or_helper(inst, slow, r, helper, &[a.v])
    }

    pub(crate) fn int_shl(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let slow = self.e.cold();
        self.guard(&[a, b], None, slow);
        let count = self.untag(&b);
        if !matches!(b.range, Some((low, high)) if low >= 0 && high < 63) {
            let far = self.e.cmp(IntCC::UnsignedGreaterThanOrEqual, count, 63);
            self.e.when(far, slow, &[]);
        }
        // Twice the value, shifted out and back: the same when it fits.
        let doubled = self.e.add(a.v, -1);
        let shifted = self.e.b.ins().ishl(doubled, count);
        let back = self.e.b.ins().sshr(shifted, count);
        let lost = self.e.b.ins().icmp(IntCC::NotEqual, back, doubled);
        self.e.when(lost, slow, &[]);
        let r = self.e.b.ins().bor_imm_u(shifted, 1);
        self.inline_or_helper(inst, Some(slow), r, Helper::int_shl, &[a.v, b.v])
    }

    pub(crate) fn int_shr(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let slow = self.e.cold();
        let mut any = self.guard(&[a, b], None, slow);
        let mut count = self.untag(&b);
        if !b.at_least(0) {
            let negative = self.e.cmp(IntCC::SignedLessThan, count, 0);
            self.e.when(negative, slow, &[]);
            any = true;
        }
        if !matches!(b.range, Some((low, high)) if low >= 0 && high < 64) {
            let far = self.e.cmp(IntCC::UnsignedGreaterThan, count, 63);
            let most = self.e.word(63);
            count = self.e.b.ins().select(far, most, count);
        }
        let shifted = self.e.b.ins().sshr(a.v, count);
        let r = self.e.b.ins().bor_imm_u(shifted, 1);
        self.inline_or_helper(inst, any.then_some(slow), r, Helper::int_shr, &[a.v, b.v])
    }

    pub(crate) fn int_divide(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let floor = inst.op == Op::IntFloorDiv;
        let helper = if floor {
            Helper::int_floordiv
        } else {
            Helper::int_mod
        };
        let args = [a.v, b.v];
        let slow = self.e.cold();
        let mut any = self.guard(&[a, b], None, slow);
        if let Some(power) = b.constant().filter(|v| *v > 0 && v.count_ones() == 1) {
            // Shift or mask the word itself; its low bit stays set.
            let r = if floor {
                let shifted = self
                    .e
                    .b
                    .ins()
                    .sshr_imm_u(a.v, i64::from(power.trailing_zeros()));
                self.e.b.ins().bor_imm_u(shifted, 1)
            } else {
                self.e.b.ins().band_imm_s(a.v, ((power - 1) << 1) | 1)
            };
            return self.inline_or_helper(inst, any.then_some(slow), r, helper, &args);
        }
        let (x, y) = (self.untag(&a), self.untag(&b));
        if b.may_be(0) {
            self.e.unless(y, slow, &[]);
            any = true;
        }
        let r = if a.at_least(0) && b.at_least(0) {
            let value = if floor {
                self.e.b.ins().udiv(x, y)
            } else {
                self.e.b.ins().urem(x, y)
            };
            self.tag(value)
        } else {
            // The machine truncates; Python floors. They differ by one divisor when the remainder is not 0 and its sign is not the divisor's.
            let quotient = self.e.b.ins().sdiv(x, y);
            let product = self.e.b.ins().imul(quotient, y);
            let rest = self.e.b.ins().isub(x, product);
            let off = if b.at_least(1) {
                self.e.cmp(IntCC::SignedLessThan, rest, 0)
            } else {
                let signs = self.e.b.ins().bxor(rest, y);
                let differ = self.e.cmp(IntCC::SignedLessThan, signs, 0);
                let inexact = self.e.cmp(IntCC::NotEqual, rest, 0);
                self.e.b.ins().band(differ, inexact)
            };
            if floor {
                let off = self.e.b.ins().uextend(types::I64, off);
                let quotient = self.e.b.ins().isub(quotient, off);
                if b.may_be(-1) && a.may_be(*SMALL_INT.start()) {
                    let (doubled, overflow) = self.e.b.ins().sadd_overflow(quotient, quotient);
                    self.e.when(overflow, slow, &[]);
                    any = true;
                    self.e.b.ins().bor_imm_u(doubled, 1)
                } else {
                    self.tag(quotient)
                }
            } else {
                let adjusted = self.e.b.ins().iadd(rest, y);
                let rest = self.e.b.ins().select(off, adjusted, rest);
                self.tag(rest)
            }
        };
        self.inline_or_helper(inst, any.then_some(slow), r, helper, &args)
    }

    pub(crate) fn int_true_divide(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let fail = self.fail_of(inst)?;
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(types::F64);
        self.guard(&[a, b], None, slow);
        let (x, y) = (self.untag(&a), self.untag(&b));
        // Both are exact as doubles, so one rounding gives Python's result.
        for (operand, value) in [(&a, x), (&b, y)] {
            let exact = operand
                .range
                .is_some_and(|(l, h)| l >= -EXACT_IN_DOUBLE && h <= EXACT_IN_DOUBLE);
            if !exact {
                let shifted = self.e.add(value, EXACT_IN_DOUBLE);
                let bound = self.e.word(2 * EXACT_IN_DOUBLE);
                let far = self
                    .e
                    .b
                    .ins()
                    .icmp(IntCC::UnsignedGreaterThan, shifted, bound);
                self.e.when(far, slow, &[]);
            }
        }
        if b.may_be(0) {
            self.e.unless(y, slow, &[]);
        }
        let fx = self.e.b.ins().fcvt_from_sint(types::F64, x);
        let fy = self.e.b.ins().fcvt_from_sint(types::F64, y);
        let quotient = self.e.b.ins().fdiv(fx, fy);
        self.e.jump(merge, &[quotient]);
        self.e.switch(slow);
        let value = self.e.call_checked(Helper::int_div, &[a.v, b.v], &fail);
        self.e.jump(merge, &[value]);
        self.e.switch(merge);
        self.note_quiet(inst);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn int_cmp(
        &mut self,
        inst: &'a Inst,
        next: Option<&'a Inst>,
    ) -> Result<bool, JitError> {
        let (a, b) = (self.operand(inst, 0)?, self.operand(inst, 1)?);
        let Imm::Cond(cond) = inst.imm else {
            return Err(JitError::Malformed("int.cmp lacks its condition".into()));
        };
        // Words of small ints are ordered as the ints are.
        if a.range.is_some() && b.range.is_some() {
            let c = self.e.b.ins().icmp(signed(cond), a.v, b.v);
            self.set(inst, c);
            return Ok(false);
        }
        let truth = self.truth(next);
        let slow = self.e.cold();
        self.guard(&[a, b], None, slow);
        let c = self.e.b.ins().icmp(signed(cond), a.v, b.v);
        self.give(&truth, c)?;
        self.e.switch(slow);
        let number = self.e.word(cond.rich());
        let c = self.e.call_plain(Helper::int_cmp, &[a.v, b.v, number]);
        self.give(&truth, c)?;
        Ok(self.finish_truth(inst, truth))
    }

    pub(crate) fn int_truth(
        &mut self,
        inst: &'a Inst,
        next: Option<&'a Inst>,
    ) -> Result<bool, JitError> {
        let a = self.operand(inst, 0)?;
        if a.range.is_some() {
            let c = self.e.cmp(IntCC::NotEqual, a.v, 1);
            self.set(inst, c);
            return Ok(false);
        }
        let truth = self.truth(next);
        let slow = self.e.cold();
        self.guard(&[a], None, slow);
        let c = self.e.cmp(IntCC::NotEqual, a.v, 1);
        self.give(&truth, c)?;
        self.e.switch(slow);
        let c = self.e.call_plain(Helper::int_truth, &[a.v]);
        self.give(&truth, c)?;
        Ok(self.finish_truth(inst, truth))
    }

    pub(crate) fn int_from_mach(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        let repr = self.arg_type(inst, 0)?.repr;
        let wide = self.e.to_word(repr, a.v);
        let known = a
            .range
            .is_some_and(|(l, h)| fits(i128::from(l), i128::from(h)))
            || self.result_type(inst)?.range.is_some();
        if let Some((low, high)) = a.range.filter(|_| known) {
            self.know(inst, low, high);
        }
        if repr.bits() < 64 || known {
            let r = self.tag(wide);
            self.set(inst, r);
            return Ok(());
        }
        let slow = self.e.cold();
        let (r, helper) = if repr.is_signed() {
            let (doubled, overflow) = self.e.b.ins().sadd_overflow(wide, wide);
            self.e.when(overflow, slow, &[]);
            let r = self.e.b.ins().bor_imm_u(doubled, 1);
            (r, Helper::int_from_i64)
        } else {
            let top = self.e.b.ins().ushr_imm_u(wide, 62);
            self.e.when(top, slow, &[]);
            (self.tag(wide), Helper::int_from_u64)
        };
        self.inline_or_helper(inst, Some(slow), r, helper, &[wide])
    }

    /// A 64-bit value in a machine representation; goes to `slow` unless it fits.
    pub(crate) fn narrow_or(
        &mut self,
        value: Value,
        repr: Repr,
        range: Option<(i64, i64)>,
        slow: Block,
    ) -> Value {
        let inside = |low: i64, high: i64| range.is_some_and(|(l, h)| l >= low && h <= high);
        match repr {
            Repr::I64 => value,
            Repr::U64 => {
                if !inside(0, i64::MAX) {
                    let negative = self.e.cmp(IntCC::SignedLessThan, value, 0);
                    self.e.when(negative, slow, &[]);
                }
                value
            }
            _ => {
                let bits = repr.bits();
                let (low, high) = if repr.is_signed() {
                    (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1)
                } else {
                    (0, (1i64 << bits) - 1)
                };
                let narrow = self.e.b.ins().ireduce(clif_type(repr), value);
                if !inside(low, high) {
                    let back = self.e.to_word(repr, narrow);
                    let lost = self.e.b.ins().icmp(IntCC::NotEqual, back, value);
                    self.e.when(lost, slow, &[]);
                }
                narrow
            }
        }
    }

    pub(crate) fn int_to_mach(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        let repr = self.result_type(inst)?.repr;
        let fail = self.fail_of(inst)?;
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(clif_type(repr));
        self.guard(&[a], None, slow);
        let value = self.untag(&a);
        let value = self.narrow_or(value, repr, a.range, slow);
        if let Some((low, high)) = a.range {
            self.know(inst, low, high);
        }
        self.e.jump(merge, &[value]);
        self.e.switch(slow);
        let number = self.e.word(repr_number(repr));
        let value = self
            .e
            .call_checked(Helper::int_to_mach, &[a.v, number], &fail);
        let value = self.e.from_word(repr, value);
        self.e.jump(merge, &[value]);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn int_clamp(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        if let Some((low, high)) = a.range {
            self.know(inst, low, high);
            let value = self.untag(&a);
            self.set(inst, value);
            return Ok(());
        }
        let result = self.clamped(&a)?;
        self.know(inst, *SMALL_INT.start(), *SMALL_INT.end());
        self.set(inst, result);
        Ok(())
    }

    /// The value of an `int` as a machine word; one that is not small as the nearest small one.
    pub(super) fn clamped(&mut self, a: &Operand) -> Result<Value, JitError> {
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(types::I64);
        self.guard(&[*a], None, slow);
        let value = self.untag(a);
        self.e.jump(merge, &[value]);
        self.e.switch(slow);
        for (bound, cond) in [(*SMALL_INT.start(), Cond::Lt), (*SMALL_INT.end(), Cond::Gt)] {
            let word = self.e.word((bound << 1) | 1);
            let number = self.e.word(cond.rich());
            let beyond = self.e.call_plain(Helper::int_cmp, &[a.v, word, number]);
            let bound = self.e.word(bound);
            self.e.when(beyond, merge, &[bound]);
        }
        // An instance of a subclass whose value is small: this cannot fail.
        let number = self.e.word(repr_number(Repr::I64));
        let value = self.e.call_plain(Helper::int_to_mach, &[a.v, number]);
        self.e.jump(merge, &[value]);
        self.e.switch(merge);
        Ok(result)
    }

    pub(crate) fn int_to_float(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.operand(inst, 0)?;
        self.note_quiet(inst);
        if a.range.is_some() {
            let value = self.untag(&a);
            let value = self.e.b.ins().fcvt_from_sint(types::F64, value);
            self.set(inst, value);
            return Ok(());
        }
        let fail = self.fail_of(inst)?;
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(types::F64);
        self.guard(&[a], None, slow);
        let value = self.untag(&a);
        let value = self.e.b.ins().fcvt_from_sint(types::F64, value);
        self.e.jump(merge, &[value]);
        self.e.switch(slow);
        let value = self.e.call_checked(Helper::int_to_float, &[a.v], &fail);
        self.e.jump(merge, &[value]);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }
}
