//! Between objects and raw values: boxing, unboxing, checks. The entries use the same paths.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use keelback_checker::types::{Symbol, Type};
use keelback_lowering::function::{CheckRef, Imm, Inst, Reference};
use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::ops::Op;
use keelback_lowering::types::{RegType, Repr};

use crate::abi::{clif_type, repr_number};
use crate::compiler::JitError;
use crate::emit::{Emit, Fail};
use crate::translate::Translator;

/// CPython keeps one object for each int from -5 to 256.
const SMALLEST_SHARED: i64 = -5;
/// How many it keeps.
const SHARED: i64 = 262;

impl Emit<'_, '_> {
    /// The shared object for the int `SMALLEST_SHARED + index`.
    fn shared_int(&mut self, index: Value) -> Value {
        let (zero, stride) = self.layout.small_ints;
        let first = (zero as i64).wrapping_add(SMALLEST_SHARED * stride as i64);
        let offset = if stride.is_power_of_two() {
            self.b
                .ins()
                .ishl_imm_u(index, i64::from(stride.trailing_zeros()))
        } else {
            self.b.ins().imul_imm_s(index, stride as i64)
        };
        let first = self.address(first as usize, || "small ints".into());
        self.b.ins().iadd(first, offset)
    }

    /// `True` or `False`.
    fn boxed_bool(&mut self, value: Value) -> Value {
        let (yes, no) = (self.layout.true_, self.layout.false_);
        let yes = self.address(yes, || "True".into());
        let no = self.address(no, || "False".into());
        self.b.ins().select(value, yes, no)
    }

    /// A value as an object, a new reference (to an immortal object where it can). Takes nothing over.
    pub(crate) fn boxed(&mut self, repr: Repr, value: Value, fail: &Fail) -> Value {
        match repr {
            Repr::Obj => value,
            Repr::Bool => self.boxed_bool(value),
            Repr::F64 => self.call_checked(Helper::box_f64, &[value], fail),
            Repr::F32 => {
                let double = self.b.ins().fpromote(types::F64, value);
                self.call_checked(Helper::box_f64, &[double], fail)
            }
            _ => {
                let word = self.to_word(repr, value);
                // The index in the table; of an `int` word its tag ends up as the top bit, inverted, so that a pointer is out of range.
                let (index, helper) = match repr {
                    Repr::Int => {
                        let moved = self.add(word, -(2 * SMALLEST_SHARED + 1));
                        (self.b.ins().rotr_imm_u(moved, 1), Helper::box_int)
                    }
                    Repr::U64 => (self.add(word, -SMALLEST_SHARED), Helper::box_u64),
                    _ => (self.add(word, -SMALLEST_SHARED), Helper::box_i64),
                };
                let (merge, result) = self.merge(types::I64);
                let (shared, other) = (self.block(), self.cold());
                let inside = if repr == Repr::U64 {
                    // Not through the wrap of the subtraction: only 0 to 256.
                    self.b
                        .ins()
                        .icmp_imm_u(IntCC::UnsignedLessThan, word, SHARED + SMALLEST_SHARED)
                } else {
                    self.b
                        .ins()
                        .icmp_imm_u(IntCC::UnsignedLessThan, index, SHARED)
                };
                self.brif(inside, shared, &[], other, &[]);
                self.switch(shared);
                let object = self.shared_int(index);
                self.jump(merge, &[object]);
                self.switch(other);
                self.call_merging(helper, &[word], fail, merge);
                self.switch(merge);
                result
            }
        }
    }

    /// The value of an object known to be exactly an `int`, if it has one digit; else goes to `slow`.
    fn one_digit(&mut self, object: Value, slow: Block) -> Value {
        let tag = self.load(types::I64, object, self.layout.long_tag);
        let short = self
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, tag, 2 << 3);
        self.unless(short, slow, &[]);
        let digit = self.load(types::I32, object, self.layout.long_digits);
        let digit = self.b.ins().uextend(types::I64, digit);
        // The sign is 1 - tag; the digits of zero are 0.
        let low = self.b.ins().band_imm_u(tag, 3);
        let one = self.word(1);
        let sign = self.b.ins().isub(one, low);
        self.b.ins().imul(digit, sign)
    }

    /// The value of an object in a representation. `check` is the address of a check's description, or 0.
    pub(crate) fn unboxed(
        &mut self,
        object: Value,
        known: &RegType,
        repr: Repr,
        check: Value,
        fail: &Fail,
    ) -> Value {
        if repr == Repr::Obj {
            return object;
        }
        let slow = self.cold();
        let (merge, result) = self.merge(clif_type(repr));
        let expect = |e: &mut Self, name: &str| {
            if !known.is_exact_builtin(name) {
                let exact = e.is_exactly_builtin(object, name);
                e.unless(exact, slow, &[]);
            }
        };
        match repr {
            Repr::Int => {
                expect(self, "int");
                let value = self.one_digit(object, slow);
                let doubled = self.b.ins().ishl_imm_u(value, 1);
                let word = self.b.ins().bor_imm_u(doubled, 1);
                self.jump(merge, &[word]);
                self.switch(slow);
                self.call_merging(Helper::unbox_int, &[object, check], fail, merge);
            }
            Repr::F64 | Repr::F32 => {
                expect(self, "float");
                let value = self.load(types::F64, object, self.layout.float_value);
                let value = self.from_helper(HelperKind::f64, repr, value);
                self.jump(merge, &[value]);
                self.switch(slow);
                let value = self.call_checked(Helper::unbox_f64, &[object, check], fail);
                let value = self.from_helper(HelperKind::f64, repr, value);
                self.jump(merge, &[value]);
            }
            Repr::Bool => {
                let other = self.block();
                let yes = self.address(self.layout.true_, || "True".into());
                let no = self.address(self.layout.false_, || "False".into());
                let is_true = self.b.ins().icmp(IntCC::Equal, object, yes);
                self.brif(is_true, merge, &[is_true], other, &[]);
                self.switch(other);
                let is_false = self.b.ins().icmp(IntCC::Equal, object, no);
                self.brif(is_false, merge, &[is_true], slow, &[]);
                self.switch(slow);
                let value = self.call_checked(Helper::unbox_bool, &[object, check], fail);
                self.jump(merge, &[value]);
            }
            _ => {
                expect(self, "int");
                let value = self.one_digit(object, slow);
                let value = self.fitting(value, repr, slow);
                self.jump(merge, &[value]);
                self.switch(slow);
                let number = self.word(repr_number(repr));
                let value = self.call_checked(Helper::unbox_mach, &[object, check, number], fail);
                let value = self.from_word(repr, value);
                self.jump(merge, &[value]);
            }
        }
        self.switch(merge);
        result
    }

    /// A 64-bit value of one digit in a machine representation, if it fits; else goes to `slow`.
    fn fitting(&mut self, value: Value, repr: Repr, slow: Block) -> Value {
        match repr {
            Repr::I64 | Repr::I32 => self.from_word(repr, value),
            Repr::U64 | Repr::U32 => {
                let negative = self.cmp(IntCC::SignedLessThan, value, 0);
                self.when(negative, slow, &[]);
                self.from_word(repr, value)
            }
            _ => {
                let narrow = self.from_word(repr, value);
                let back = self.to_word(repr, narrow);
                let same = self.b.ins().icmp(IntCC::Equal, back, value);
                self.unless(same, slow, &[]);
                narrow
            }
        }
    }

    /// Makes sure that an object passes a check; common types are decided by one comparison each.
    pub(crate) fn checked(&mut self, object: Value, check: &CheckRef, fail: &Fail) {
        let mut quick = Vec::new();
        if !quick_tests(&check.ty, &mut quick) {
            return;
        }
        let done = self.block();
        let slow = self.cold();
        let mut ty = None;
        let below: Vec<Quick> = quick
            .iter()
            .filter_map(|test| self.below(test, check))
            .collect();
        quick.extend(below);
        for (i, test) in quick.iter().enumerate() {
            let passes = match test {
                Quick::None => {
                    let none = self.address(self.layout.none, || "None".into());
                    self.b.ins().icmp(IntCC::Equal, object, none)
                }
                Quick::Exactly(class) => {
                    let ty = match ty {
                        Some(ty) => ty,
                        None => {
                            let loaded = self.type_of(object);
                            ty = Some(loaded);
                            loaded
                        }
                    };
                    let class = self.class(class);
                    self.b.ins().icmp(IntCC::Equal, ty, class)
                }
                Quick::Below(class, depth) => {
                    // An exact test of the class came before, so its type is there.
                    let ty = ty.unwrap_or_else(|| self.type_of(object));
                    let class = self.class(class);
                    self.descends(ty, class, *depth, slow)
                }
            };
            let next = if i + 1 == quick.len() {
                slow
            } else {
                self.block()
            };
            self.brif(passes, done, &[], next, &[]);
            self.switch(next);
        }
        if quick.is_empty() {
            self.jump(slow, &[]);
            self.switch(slow);
        }
        let description = self.linker.check(check);
        let description = self.address(description, || format!("check {}", check.ty));
        self.call_checked(Helper::check, &[object, description], fail);
        self.jump(done, &[]);
        self.switch(done);
    }

    /// Whether a type has a class at a depth among its laid-out ancestors; goes to `other` when the type has no method table (yet).
    pub(crate) fn descends(&mut self, ty: Value, class: Value, depth: u32, other: Block) -> Value {
        let table = self.load(types::I64, ty, self.layout.type_method_table);
        self.lists(table, class, depth, other)
    }

    /// Whether a method table, if there is one, lists a class at a depth among the laid-out ancestors of its type.
    pub(crate) fn lists(&mut self, table: Value, class: Value, depth: u32, other: Block) -> Value {
        self.unless(table, other, &[]);
        let at = self.layout.method_table_ancestors + 8 * depth as i32;
        let ancestor = self.load(types::I64, table, at);
        self.b.ins().icmp(IntCC::Equal, ancestor, class)
    }

    /// The test for subclasses that goes with a test for exactly a class.
    fn below(&self, test: &Quick, check: &CheckRef) -> Option<Quick> {
        let Quick::Exactly(class) = test else {
            return None;
        };
        let wide = |ty: &Type| matches!(ty, Type::Instance(c, _) if c == class);
        let depth = self.linker.depth(class)?;
        check
            .ty
            .members()
            .iter()
            .any(wide)
            .then_some(Quick::Below(*class, depth))
    }

    /// The address of a check's description.
    pub(crate) fn check_address(&mut self, check: &CheckRef) -> Value {
        let address = self.linker.check(check);
        self.address(address, || format!("check {}", check.ty))
    }
}

/// A test that decides a check when it succeeds.
enum Quick {
    /// It is `None`.
    None,
    /// Its type is exactly this.
    Exactly(Symbol),
    /// Its type is laid out and has this class among its ancestors, at this depth.
    Below(Symbol, u32),
}

/// How many comparisons are tried before the helper.
const MOST_QUICK: usize = 3;

/// The quick tests of a type. The answer is whether there is anything to check.
fn quick_tests(ty: &Type, quick: &mut Vec<Quick>) -> bool {
    match ty {
        Type::Dynamic => false,
        Type::None => {
            quick.push(Quick::None);
            true
        }
        Type::Instance(c, _) | Type::Exact(c, _) => {
            if c.is_builtin("object") && matches!(ty, Type::Instance(..)) {
                return false;
            }
            quick.push(Quick::Exactly(*c));
            true
        }
        Type::Union(items) => {
            let mut any = true;
            for item in items.iter() {
                any &= quick_tests(item, quick);
            }
            quick.truncate(MOST_QUICK);
            any
        }
        _ => true,
    }
}

impl<'a> Translator<'a, '_> {
    pub(crate) fn boxing(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let value = self.arg(inst, 0)?;
        let repr = self.arg_type(inst, 0)?.repr;
        let object = if inst.op == Op::BoxBool {
            self.e.boxed_bool(value)
        } else {
            let fail = self.fail_of(inst)?;
            self.e.boxed(repr, value, &fail)
        };
        self.set(inst, object);
        Ok(())
    }

    pub(crate) fn unboxing(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let object = self.arg(inst, 0)?;
        let known = self.arg_type(inst, 0)?;
        let repr = self.result_type(inst)?.repr;
        let fail = self.fail_of(inst)?;
        let check = match inst.imm {
            Imm::None => self.e.word(0),
            _ => match self.reference(inst)? {
                Reference::Check(check) => self.e.check_address(check),
                _ => return Err(self.wrong_reference(inst)),
            },
        };
        let value = self.e.unboxed(object, known, repr, check, &fail);
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn check(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let object = self.arg(inst, 0)?;
        let fail = self.fail_of(inst)?;
        match self.reference(inst)? {
            Reference::Check(check) => self.e.checked(object, check, &fail),
            _ => return Err(self.wrong_reference(inst)),
        }
        self.set_alias(inst)
    }
}
