//! Lists, tuples, arrays and displays.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use keelback_lowering::errors::Raise;
use keelback_lowering::function::Inst;
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::Op;
use keelback_lowering::types::{Repr, SMALL_INT};

use crate::abi::clif_type;
use crate::compiler::JitError;
use crate::translate::{Operand, Translator, is_borrowed};

impl<'a> Translator<'a, '_> {
    pub(crate) fn length(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let object = self.arg(inst, 0)?;
        let ty = self.arg_type(inst, 0)?;
        let layout = self.e.layout;
        let offset = if inst.op == Op::ArrayLen {
            layout.array_length
        } else {
            let class = ty.class.as_ref().map_or("", |c| c.name());
            match class {
                "list" | "tuple" | "bytes" => layout.ob_size,
                "str" => layout.str_length,
                "dict" => layout.dict_used,
                "set" | "frozenset" => layout.set_used,
                _ => {
                    return Err(JitError::Malformed(format!("len of {ty}")));
                }
            }
        };
        let length = self.e.load(types::I64, object, offset);
        self.set(inst, length);
        Ok(())
    }

    /// An index operand as a machine word; goes to `slow` when it is an `int` that is not small.
    fn index(&mut self, operand: &Operand, repr: Repr, slow: Block) -> Value {
        if repr != Repr::Int {
            return self.e.to_word(repr, operand.v);
        }
        if operand.range.is_none() {
            let small = self.e.is_small(operand.v);
            self.e.unless(small, slow, &[]);
        }
        self.untag(operand)
    }

    /// An index counted from the end if it is negative, within `length`; goes to `slow` when it is out of range.
    fn in_range(&mut self, operand: &Operand, index: Value, length: Value, slow: Block) -> Value {
        if operand.at_least(0) {
            let inside = self.e.b.ins().icmp(IntCC::UnsignedLessThan, index, length);
            self.e.unless(inside, slow, &[]);
            return index;
        }
        let from_end = operand.constant().is_some_and(|v| v < 0);
        if from_end {
            let index = self.e.b.ins().iadd(index, length);
            let inside = self.e.b.ins().icmp(IntCC::UnsignedLessThan, index, length);
            self.e.unless(inside, slow, &[]);
            return index;
        }
        let (merge, result) = self.e.merge(types::I64);
        let negative = self.e.cold();
        let inside = self.e.b.ins().icmp(IntCC::UnsignedLessThan, index, length);
        self.e.brif(inside, merge, &[index], negative, &[]);
        self.e.switch(negative);
        let moved = self.e.b.ins().iadd(index, length);
        let inside = self.e.b.ins().icmp(IntCC::UnsignedLessThan, moved, length);
        self.e.brif(inside, merge, &[moved], slow, &[]);
        self.e.switch(merge);
        result
    }

    /// An index as the `int` word that the slow paths take. A machine integer past the bounds of small ints is past those of any sequence too, and is
    /// taken for the nearest small one.
    fn index_word(&mut self, operand: &Operand, repr: Repr) -> Value {
        if repr == Repr::Int {
            return operand.v;
        }
        let word = self.e.to_word(repr, operand.v);
        let fits = operand
            .range
            .is_some_and(|(l, h)| SMALL_INT.contains(&l) && SMALL_INT.contains(&h));
        let word = if fits {
            word
        } else if repr == Repr::U64 {
            let most = self.e.word(*SMALL_INT.end());
            self.e.b.ins().umin(word, most)
        } else {
            let (least, most) = (
                self.e.word(*SMALL_INT.start()),
                self.e.word(*SMALL_INT.end()),
            );
            let word = self.e.b.ins().smin(word, most);
            self.e.b.ins().smax(word, least)
        };
        self.tag(word)
    }

    /// The item at a position within a list or tuple.
    fn item_address(&mut self, tuple: bool, object: Value, index: Value) -> (Value, i32) {
        if tuple {
            (self.e.indexed(object, index, 3), self.e.layout.tuple_items)
        } else {
            let items = self.e.load(types::I64, object, self.e.layout.list_items);
            (self.e.indexed(items, index, 3), 0)
        }
    }

    pub(crate) fn sequence_get(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let tuple = inst.op == Op::TupleGet;
        let (name, helper) = if tuple {
            ("tuple", Helper::tuple_get)
        } else {
            ("list", Helper::list_get)
        };
        let object = self.arg(inst, 0)?;
        let known = self.arg_type(inst, 0)?;
        let operand = self.operand(inst, 1)?;
        let repr = self.arg_type(inst, 1)?.repr;
        let fail = self.fail_of(inst)?;
        let slow = self.e.cold();
        let (merge, result) = self.e.merge(types::I64);
        if !known.is_exact_builtin(name) {
            let exact = self.e.is_exactly_builtin(object, name);
            self.e.unless(exact, slow, &[]);
        }
        let index = self.index(&operand, repr, slow);
        let length = self.e.load(types::I64, object, self.e.layout.ob_size);
        let index = self.in_range(&operand, index, length, slow);
        let (address, offset) = self.item_address(tuple, object, index);
        let item = self.e.load(types::I64, address, offset);
        self.take_reference(inst, item)?;
        self.e.jump(merge, &[item]);
        self.e.switch(slow);
        let word = self.index_word(&operand, repr);
        if is_borrowed(inst) {
            // The sequence keeps the item: an index that is an instance of a subclass of `int` leads here too.
            let item = self.e.call_checked(helper, &[object, word], &fail);
            self.e.count(Repr::Obj, item, false, false);
            self.e.jump(merge, &[item]);
        } else {
            self.e.call_merging(helper, &[object, word], &fail, merge);
        }
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn list_set(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let object = self.arg(inst, 0)?;
        let known = self.arg_type(inst, 0)?;
        let operand = self.operand(inst, 1)?;
        let repr = self.arg_type(inst, 1)?.repr;
        let value = self.arg(inst, 2)?;
        let fail = self.fail_of(inst)?;
        let (slow, done) = (self.e.cold(), self.e.block());
        if !known.is_exact_builtin("list") {
            let exact = self.e.is_exactly_builtin(object, "list");
            self.e.unless(exact, slow, &[]);
        }
        let index = self.index(&operand, repr, slow);
        let length = self.e.load(types::I64, object, self.e.layout.ob_size);
        let index = self.in_range(&operand, index, length, slow);
        let (address, offset) = self.item_address(false, object, index);
        let old = self.e.load(types::I64, address, offset);
        self.e.store(value, address, offset);
        self.e.dec_object(old);
        self.e.jump(done, &[]);
        self.e.switch(slow);
        let word = self.index_word(&operand, repr);
        self.e
            .call_checked(Helper::list_set, &[object, word, value], &fail);
        self.e.jump(done, &[]);
        self.e.switch(done);
        Ok(())
    }

    pub(crate) fn sequence_next(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let tuple = inst.op == Op::TupleNext;
        let object = self.arg(inst, 0)?;
        let position = self.arg(inst, 1)?;
        let (merge, result) = self.e.merge(types::I64);
        let inside = self.e.block();
        let length = self.e.load(types::I64, object, self.e.layout.ob_size);
        let more = self
            .e
            .b
            .ins()
            .icmp(IntCC::UnsignedLessThan, position, length);
        let none = self.e.word(0);
        self.e.brif(more, inside, &[], merge, &[none]);
        self.e.switch(inside);
        let (address, offset) = self.item_address(tuple, object, position);
        let item = self.e.load(types::I64, address, offset);
        self.take_reference(inst, item)?;
        self.e.jump(merge, &[item]);
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn array_access(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let get = inst.op == Op::ArrayGet;
        let object = self.arg(inst, 0)?;
        let operand = self.operand(inst, 1)?;
        let repr = self.arg_type(inst, 1)?.repr;
        let element = if get {
            self.result_type(inst)?.repr
        } else {
            self.arg_type(inst, 2)?.repr
        };
        let fail = self.fail_of(inst)?;
        let outside = self.e.cold();
        let index = if repr == Repr::Int && operand.range.is_none() {
            // Whatever is not small is outside.
            self.clamped(&operand)?
        } else {
            self.index(&operand, repr, outside)
        };
        let length = self.e.load(types::I64, object, self.e.layout.array_length);
        let index = self.in_range(&operand, index, length, outside);
        let data = self.e.load(types::I64, object, self.e.layout.array_data);
        let shift = i64::from((element.bits() / 8).trailing_zeros());
        let address = self.e.indexed(data, index, shift);
        if get {
            let value = self.e.load(clif_type(element), address, 0);
            self.set(inst, value);
        } else {
            let value = self.arg(inst, 2)?;
            self.e.store(value, address, 0);
        }
        let done = self.e.block();
        self.e.jump(done, &[]);
        self.e.switch(outside);
        let raise = if get {
            Raise::ArrayIndex
        } else {
            Raise::ArrayAssignIndex
        };
        self.e.raise(raise, &fail);
        self.e.switch(done);
        Ok(())
    }

    pub(crate) fn iter_next(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let iterator = self.arg(inst, 0)?;
        let fail = self.fail_of(inst)?;
        let item = self.e.call_checked(Helper::iter_next, &[iterator], &fail);
        self.set(inst, item);
        Ok(())
    }

    pub(crate) fn display(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let items = self.args(inst)?;
        let fail = self.fail_of(inst)?;
        let (helper, per_item) = match inst.op {
            Op::TupleNew => (Helper::tuple_new, 1),
            Op::ListNew => (Helper::list_new, 1),
            Op::SetNew => (Helper::set_new, 1),
            Op::DictNew => (Helper::dict_new, 2),
            _ => (Helper::str_join_array, 1),
        };
        let address = self.e.words_on_stack(&items);
        let count = self.e.word((items.len() / per_item) as i64);
        let object = self.e.call_checked(helper, &[address, count], &fail);
        self.set(inst, object);
        Ok(())
    }
}
