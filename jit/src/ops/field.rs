//! Fields, allocation, identity and class tests.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use keelback_lowering::function::{FieldRef, Inst, Reference};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::Op;
use keelback_lowering::types::{Repr, UNSET64};

use crate::compiler::JitError;
use crate::emit::Fail;
use crate::translate::Translator;

/// The upper half of the pattern of an unset raw field: no integer of 32 bits or fewer, extended, has it.
const UNSET_HIGH: i64 = (UNSET64 >> 32) as i64;

impl<'a> Translator<'a, '_> {
    fn field(&self, inst: &'a Inst) -> Result<&'a FieldRef, JitError> {
        match self.reference(inst)? {
            Reference::Field(field) => Ok(field),
            _ => Err(self.wrong_reference(inst)),
        }
    }

    /// Raises `AttributeError` for a field.
    fn raise_unset(&mut self, object: Value, field: &FieldRef, fail: &Fail) {
        let description = self.e.linker.field(field);
        let description = self.e.address(description, || {
            format!("field {}.{}", field.class, field.name)
        });
        self.e
            .call_raising(Helper::field_unset, &[object, description], fail);
    }

    pub(crate) fn field_load(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let object = self.arg(inst, 0)?;
        let field = self.field(inst)?;
        let offset = field.offset as i32;
        let fail = self.fail_of(inst)?;
        let value = self.e.load_word(field.repr, object, offset);
        let (unset, set) = (self.e.cold(), self.e.block());
        match field.repr {
            Repr::Obj | Repr::Int => {
                self.e.brif(value, set, &[], unset, &[]);
                self.e.switch(unset);
                self.raise_unset(object, field, &fail);
            }
            repr => {
                // The pattern is a signalling NaN: one comparison tells a double that may be it. Of anything else its upper half is compared.
                let suspect = if repr == Repr::F64 {
                    self.e.b.ins().fcmp(FloatCC::Unordered, value, value)
                } else {
                    let high = self.e.load(types::I32, object, offset + 4);
                    self.e.cmp(IntCC::Equal, high, UNSET_HIGH)
                };
                self.e.brif(suspect, unset, &[], set, &[]);
                self.e.switch(unset);
                let word = self.e.load(types::I64, object, offset);
                let pattern = self.e.word(UNSET64 as i64);
                let is_pattern = self.e.b.ins().icmp(IntCC::Equal, word, pattern);
                self.e.unless(is_pattern, set, &[]);
                let at = self.e.word(i64::from(offset));
                let is_unset = self.e.call_plain(Helper::field_is_unset, &[object, at]);
                self.e.unless(is_unset, set, &[]);
                self.raise_unset(object, field, &fail);
            }
        }
        self.e.switch(set);
        self.take_reference(inst, value)?;
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn field_store(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let (object, value) = (self.arg(inst, 0)?, self.arg(inst, 1)?);
        let register = self.arg_register(inst, 1)?;
        let field = self.field(inst)?;
        let offset = field.offset as i32;
        if field.repr.is_counted() {
            let old = (inst.op == Op::FieldStore).then(|| self.e.load(types::I64, object, offset));
            self.e.store(value, object, offset);
            if let Some(old) = old {
                self.e.count(field.repr, old, true, false);
            }
            return Ok(());
        }
        self.e.store_word(field.repr, value, object, offset);
        // A store of the very pattern that means unset is noted.
        let suspect = match field.repr {
            Repr::F64 if self.may_be_pattern(register) => {
                Some(self.e.b.ins().fcmp(FloatCC::Unordered, value, value))
            }
            Repr::I64 | Repr::U64
                if self
                    .range(register)
                    .is_none_or(|(l, h)| l <= UNSET64 as i64 && UNSET64 as i64 <= h) =>
            {
                let pattern = self.e.word(UNSET64 as i64);
                Some(self.e.b.ins().icmp(IntCC::Equal, value, pattern))
            }
            _ => None,
        };
        if let Some(suspect) = suspect {
            let (note, done) = (self.e.cold(), self.e.block());
            self.e.brif(suspect, note, &[], done, &[]);
            self.e.switch(note);
            if field.repr == Repr::F64 {
                let word = self
                    .e
                    .b
                    .ins()
                    .bitcast(types::I64, MemFlagsData::new(), value);
                let pattern = self.e.word(UNSET64 as i64);
                let same = self.e.b.ins().icmp(IntCC::Equal, word, pattern);
                self.e.unless(same, done, &[]);
            }
            let at = self.e.word(i64::from(offset));
            self.e.call(Helper::field_note_pattern, &[object, at]);
            self.e.jump(done, &[]);
            self.e.switch(done);
        }
        Ok(())
    }

    pub(crate) fn new_object(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Class(class) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let fail = self.fail_of(inst)?;
        let record = self.e.linker.class_record(class);
        let record = self.e.address(record, || format!("record of {class}"));
        let object = self.e.call_checked(Helper::object_new, &[record], &fail);
        self.set(inst, object);
        Ok(())
    }

    pub(crate) fn identity(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let a = self.arg(inst, 0)?;
        let c = match inst.op {
            Op::Is => {
                let b = self.arg(inst, 1)?;
                self.e.b.ins().icmp(IntCC::Equal, a, b)
            }
            Op::IsNull => {
                if self.arg_type(inst, 0)?.repr.is_counted() {
                    self.e.cmp(IntCC::Equal, a, 0)
                } else {
                    self.e.integer(types::I8, 0)
                }
            }
            _ => {
                let Reference::Class(class) = self.reference(inst)? else {
                    return Err(self.wrong_reference(inst));
                };
                self.e.is_exactly(a, class)
            }
        };
        self.set(inst, c);
        Ok(())
    }

    pub(crate) fn is_instance(
        &mut self,
        inst: &'a Inst,
        next: Option<&'a Inst>,
    ) -> Result<bool, JitError> {
        let object = self.arg(inst, 0)?;
        let Reference::Class(class) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let truth = self.truth(next);
        let depth = self.e.linker.depth(class);
        let ty = self.e.type_of(object);
        let class = self.e.class(class);
        let exact = self.e.b.ins().icmp(IntCC::Equal, ty, class);
        let (yes, mro, no) = (self.e.block(), self.e.block(), self.e.cold());
        match depth {
            Some(depth) => {
                self.e.when(exact, yes, &[]);
                let below = self.e.descends(ty, class, depth, mro);
                self.e.brif(below, yes, &[], mro, &[]);
            }
            None => self.e.brif(exact, yes, &[], mro, &[]),
        }
        self.e.switch(yes);
        let one = self.e.integer(types::I8, 1);
        self.give(&truth, one)?;
        self.e.switch(mro);
        // A class whose statement has not run has no instances.
        self.e.unless(class, no, &[]);
        let c = if inst.op == Op::IsInstanceAsked {
            let fail = self.fail_of(inst)?;
            let helper = Helper::type_isinstance_asked;
            self.e.call_checked(helper, &[object, class], &fail)
        } else {
            self.e.call_plain(Helper::type_isinstance, &[object, class])
        };
        self.give(&truth, c)?;
        self.e.switch(no);
        let zero = self.e.integer(types::I8, 0);
        self.give(&truth, zero)?;
        Ok(self.finish_truth(inst, truth))
    }
}
