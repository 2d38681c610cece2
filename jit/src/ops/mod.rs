//! Ops by family: each file says what its ops become.

mod call;
mod consts;
mod container;
mod control;
mod convert;
mod field;
mod float;
mod int;
mod mach;
mod names;

use keelback_lowering::function::Inst;
use keelback_lowering::ops::Op;

use crate::compiler::JitError;
use crate::translate::Translator;

impl<'a> Translator<'a, '_> {
    /// Translates an instruction. `next` is the branch that follows at once when it is the only user of the result; the answer says whether it was
    /// translated too.
    pub(crate) fn instruction(
        &mut self,
        inst: &'a Inst,
        next: Option<&'a Inst>,
    ) -> Result<bool, JitError> {
        match inst.op {
            Op::ConstInt
            | Op::ConstObj
            | Op::ConstBig
            | Op::ConstMach
            | Op::ConstFloat
            | Op::ConstBool
            | Op::Undef => self.constant(inst)?,

            Op::MachAdd
            | Op::MachSub
            | Op::MachMul
            | Op::MachAnd
            | Op::MachOr
            | Op::MachXor
            | Op::MachNeg
            | Op::MachNot => self.mach_plain(inst)?,
            Op::MachFloorDiv | Op::MachMod => self.mach_divide(inst)?,
            Op::MachPow => self.mach_pow(inst)?,
            Op::MachShl | Op::MachShr => self.mach_shift(inst)?,
            Op::MachCmp => self.mach_cmp(inst)?,
            Op::MachCmpMixed => self.mach_cmp_mixed(inst)?,
            Op::MachCast => self.mach_cast(inst)?,
            Op::MachNarrow => self.mach_narrow(inst)?,
            Op::MachToFloat => self.mach_to_float(inst)?,

            Op::FloatAdd
            | Op::FloatSub
            | Op::FloatMul
            | Op::FloatNeg
            | Op::FloatAbs
            | Op::FloatCast => self.float_plain(inst)?,
            Op::FloatDiv => self.float_div(inst)?,
            Op::FloatFloorDiv | Op::FloatMod | Op::FloatPow => self.float_helper(inst)?,
            Op::FloatSqrt => self.float_sqrt(inst)?,
            Op::FloatCmp => self.float_cmp(inst)?,
            Op::FloatToMach => self.float_to_mach(inst)?,
            Op::FloatToInt => self.float_to_int(inst)?,

            Op::BoolNot | Op::BoolCmp | Op::BoolToMach => self.bool_op(inst)?,

            Op::IntAdd | Op::IntSub | Op::IntMul => self.int_arithmetic(inst)?,
            Op::IntFloorDiv | Op::IntMod => self.int_divide(inst)?,
            Op::IntDiv => self.int_true_divide(inst)?,
            Op::IntAnd | Op::IntOr | Op::IntXor => self.int_bitwise(inst)?,
            Op::IntShl => self.int_shl(inst)?,
            Op::IntShr => self.int_shr(inst)?,
            Op::IntNeg | Op::IntNot => self.int_unary(inst)?,
            Op::IntCmp => return self.int_cmp(inst, next),
            Op::IntTruth => return self.int_truth(inst, next),
            Op::IntFromMach => self.int_from_mach(inst)?,
            Op::IntToMach => self.int_to_mach(inst)?,
            Op::IntClamp => self.int_clamp(inst)?,
            Op::IntToFloat => self.int_to_float(inst)?,

            Op::BoxInt | Op::BoxMach | Op::BoxFloat | Op::BoxBool => self.boxing(inst)?,
            Op::Unbox => self.unboxing(inst)?,
            Op::Check => self.check(inst)?,
            Op::Retype => self.set_alias(inst)?,
            Op::CheckBound => self.check_bound(inst)?,

            Op::FieldLoad => self.field_load(inst)?,
            Op::FieldStore | Op::FieldInit => self.field_store(inst)?,
            Op::New => self.new_object(inst)?,
            Op::Is | Op::IsNull | Op::TypeIs => self.identity(inst)?,
            Op::IsInstance | Op::IsInstanceAsked => return self.is_instance(inst, next),

            Op::Len | Op::ArrayLen => self.length(inst)?,
            Op::ListGet | Op::TupleGet => self.sequence_get(inst)?,
            Op::ListSet => self.list_set(inst)?,
            Op::ListNext | Op::TupleNext => self.sequence_next(inst)?,
            Op::ArrayGet | Op::ArraySet => self.array_access(inst)?,
            Op::IterNext => self.iter_next(inst)?,
            Op::TupleNew | Op::ListNew | Op::SetNew | Op::DictNew | Op::StrJoin => {
                self.display(inst)?
            }

            Op::GlobalLoad => self.global_load(inst)?,
            Op::GlobalStore => self.global_store(inst)?,
            Op::DefaultLoad => self.default_load(inst)?,

            Op::Call => self.call_cell(inst)?,
            Op::CallMethod => self.call_method(inst)?,
            Op::CellTarget => self.cell_target(inst)?,
            Op::MethodTarget => self.method_target(inst)?,
            Op::TargetIs => self.target_is(inst)?,
            Op::CallObject => self.call_object(inst)?,
            Op::CallNamed => self.call_named(inst)?,
            Op::Helper => self.call_helper(inst)?,

            Op::Inc | Op::Dec => self.reference_count(inst)?,
            Op::Keep => {}

            Op::Poll => self.poll(inst)?,
            Op::Trace => self.trace(inst)?,
            Op::Jump => self.jump_edge(inst)?,
            Op::Branch => {
                let cond = self.arg(inst, 0)?;
                self.branch_edges(cond, inst)?;
            }
            Op::Return => self.return_value(inst)?,
            Op::ReturnError => self.return_error(),
            Op::Unreachable => self.unreachable(),
        }
        Ok(false)
    }
}
