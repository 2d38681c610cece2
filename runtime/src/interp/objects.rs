//! Ops on objects: fields, containers, names, calls, references.

use keelback_lowering::ops::Op;
use keelback_lowering::types::{Repr, UNSET64};
use smallvec::SmallVec;

use super::Registers;
use super::prepare::{Operand, Step};
use crate::array;
use crate::error;
use crate::ffi;
use crate::helpers::linked::linked;
use crate::helpers::{
    Int, Obj, boxing, calls, dicts, fields, ints, invoke, lists, names, objects, strs,
};
use crate::object::{Owned, PyResult, Raised};
use crate::thread::ThreadCtx;

/// What an op refers to by address.
fn address(step: &Step) -> usize {
    match step.operand {
        Operand::Address(a) => a,
        // SAFETY: the cell lives as long as the process.
        Operand::ClassCell(cell) => unsafe { *(cell as *const usize) },
        _ => 0,
    }
}

/// A new reference as the op's result says: kept, or given back at once where it is a borrow of what memory holds.
fn held(step: &Step, object: Owned) -> u64 {
    let pointer = object.as_ptr() as u64;
    if step.borrowed {
        drop(object);
    } else {
        std::mem::forget(object);
    }
    pointer
}

/// A word of memory as the op's result says.
unsafe fn reference(step: &Step, word: u64) -> u64 {
    if !step.borrowed {
        // SAFETY: memory holds a reference of its own.
        unsafe { boxing::retain(word, step.repr) }
    }
    word
}

/// Whether a field's word says that it is unset.
unsafe fn is_unset(object: Obj, offset: usize, repr: Repr, word: u64) -> bool {
    match repr {
        Repr::Obj | Repr::Int => word == 0,
        Repr::F64 | Repr::I64 | Repr::U64 => {
            // SAFETY: the object is alive.
            word == UNSET64 && unsafe { fields::field_is_unset(object, offset as i64) }
        }
        _ => word == UNSET64,
    }
}

/// An index operand as an `int` word that needs no release: a machine index always fits after clamping, out of bounds stays so.
fn index(step: &Step, i: usize, word: u64) -> Int {
    if step.reprs[i] == Repr::Int {
        return Int::from_bits(word);
    }
    let v = (word as i64).clamp(-(1 << 62), (1 << 62) - 1);
    Int::from_bits((v as u64) << 1 | 1)
}

/// The item of an exact list or tuple at a position, or 0 past its end.
unsafe fn next_item(step: &Step, sequence: Obj, position: u64) -> u64 {
    // SAFETY: it is exactly a list or tuple, and the position is within it.
    unsafe {
        let length = (*sequence.cast::<ffi::PyVarObject>()).ob_size;
        if position >= length as u64 {
            return 0;
        }
        let item = if step.op == Op::ListNext {
            ffi::PyList_GetItem(sequence, position as isize)
        } else {
            ffi::PyTuple_GetItem(sequence, position as isize)
        };
        reference(step, item as u64)
    }
}

/// Performs an op on objects and gives its result's word (0 when it has none).
///
/// # Safety
/// The registers hold what their types say; the GIL is held.
pub(super) unsafe fn perform(
    step: &Step,
    ctx: *mut ThreadCtx,
    registers: &mut Registers,
) -> PyResult<u64> {
    let arg = |i: usize| registers[step.args[i] as usize];
    let obj = |i: usize| registers[step.args[i] as usize] as Obj;
    let all =
        || -> SmallVec<[u64; 8]> { step.args.iter().map(|a| registers[*a as usize]).collect() };
    // SAFETY: the caller's promise.
    unsafe {
        Ok(match step.op {
            Op::ConstObj | Op::ConstBig => address(step) as u64,
            Op::Retype => arg(0),
            Op::Unbox => {
                let check = address(step);
                match step.repr {
                    Repr::Obj => arg(0),
                    Repr::Int => boxing::unbox_int(obj(0), check)?.into_bits(),
                    Repr::F64 => boxing::unbox_f64(obj(0), check)?.to_bits(),
                    Repr::F32 => u64::from((boxing::unbox_f64(obj(0), check)? as f32).to_bits()),
                    Repr::Bool => u64::from(boxing::unbox_bool(obj(0), check)?),
                    repr => boxing::unbox_mach(obj(0), check, ints::repr_number(repr))? as u64,
                }
            }
            Op::Check => {
                boxing::check(obj(0), address(step))?;
                arg(0)
            }
            Op::CheckBound => {
                if arg(0) == 0 {
                    names::raise_unbound(address(step) as Obj)?;
                }
                arg(0)
            }

            Op::FieldLoad => {
                let Operand::Field(description, offset, repr) = step.operand else {
                    return Err(malformed(step));
                };
                let word: u64 = ffi::read(obj(0).cast(), offset);
                if is_unset(obj(0), offset, repr, word) {
                    fields::field_unset(obj(0), description)?;
                }
                reference(step, word)
            }
            Op::FieldStore | Op::FieldInit => {
                let Operand::Field(_, offset, repr) = step.operand else {
                    return Err(malformed(step));
                };
                let old: u64 = ffi::read(obj(0).cast(), offset);
                ffi::write::<u64>(obj(0).cast(), offset, arg(1));
                if arg(1) == UNSET64 && matches!(repr, Repr::F64 | Repr::I64 | Repr::U64) {
                    fields::field_note_pattern(obj(0), offset as i64);
                }
                if step.op == Op::FieldStore {
                    boxing::release(old, repr);
                }
                0
            }
            Op::New => fields::object_new(address(step))?.into_ptr() as u64,
            Op::Is => u64::from(arg(0) == arg(1)),
            Op::IsNull => u64::from(arg(0) == 0),
            Op::TypeIs => u64::from(ffi::Py_TYPE(obj(0)) as usize == address(step)),
            Op::IsInstance => u64::from(objects::type_isinstance(obj(0), address(step) as Obj)),
            // A class whose statement has not run has no instances.
            Op::IsInstanceAsked if address(step) == 0 => 0,
            Op::IsInstanceAsked => u64::from(objects::type_isinstance_asked(
                obj(0),
                address(step) as Obj,
            )?),

            Op::Len => objects::object_len(obj(0))? as u64,
            Op::ListGet => held(step, lists::list_get(obj(0), index(step, 1, arg(1)))?),
            Op::TupleGet => held(step, lists::tuple_get(obj(0), index(step, 1, arg(1)))?),
            Op::ListSet => {
                let value = Owned::from_new(obj(2))?;
                lists::list_set(obj(0), index(step, 1, arg(1)), value)?;
                0
            }
            Op::ListNext | Op::TupleNext => next_item(step, obj(0), arg(1)),
            Op::ArrayGet => array::load(obj(0), index(step, 1, arg(1)), step.repr)?,
            Op::ArraySet => {
                array::store(obj(0), index(step, 1, arg(1)), step.reprs[2], arg(2))?;
                0
            }
            Op::ArrayLen => array::length(obj(0)) as u64,
            Op::IterNext => objects::iter_next(obj(0))?.map_or(0, |o| o.into_ptr() as u64),
            Op::TupleNew | Op::ListNew | Op::SetNew | Op::DictNew | Op::StrJoin => {
                let items = all();
                let (at, n) = (items.as_ptr() as usize, items.len() as i64);
                match step.op {
                    Op::TupleNew => lists::tuple_new(at, n),
                    Op::ListNew => lists::list_new(at, n),
                    Op::SetNew => dicts::set_new(at, n),
                    Op::DictNew => dicts::dict_new(at, n / 2),
                    _ => strs::str_join_array(at, n),
                }?
                .into_ptr() as u64
            }

            Op::GlobalLoad => {
                let cell = address(step);
                match *(cell as *const u64) {
                    0 => held(step, names::global_missing(cell)?),
                    word => reference(step, word),
                }
            }
            Op::GlobalStore => {
                names::global_store(address(step), obj(0))?;
                0
            }
            Op::DefaultLoad => held(step, names::default_load(address(step))?),

            Op::Call => linked()?.call_cell(address(step), ctx, &all())?,
            Op::CallMethod => {
                let Operand::Slot(slot, class) = step.operand else {
                    return Err(malformed(step));
                };
                linked()?.call_slot(slot, *(class as *const Obj), ctx, &all())?
            }
            Op::CellTarget => linked()?.cell_target(address(step)),
            Op::MethodTarget => {
                let Operand::Slot(slot, class) = step.operand else {
                    return Err(malformed(step));
                };
                linked()?.slot_target(slot, *(class as *const Obj), obj(0))
            }
            Op::TargetIs => u64::from(arg(0) == address(step) as u64),
            Op::CallObject => {
                let words = all();
                calls::call_object(
                    words[0] as Obj,
                    words[1..].as_ptr() as usize,
                    words.len() as i64 - 1,
                    address(step),
                )?
                .into_ptr() as u64
            }
            Op::CallNamed => {
                let Operand::Named(name, keywords) = step.operand else {
                    return Err(malformed(step));
                };
                let words = all();
                calls::call_named(
                    name as Obj,
                    words.as_ptr() as usize,
                    words.len() as i64,
                    keywords,
                )?
                .into_ptr() as u64
            }
            Op::Helper => {
                let Operand::Helper(helper) = step.operand else {
                    return Err(malformed(step));
                };
                invoke(helper, &all())?
            }

            Op::Inc => {
                boxing::retain(arg(0), step.reprs[0]);
                0
            }
            Op::Dec => {
                boxing::release(arg(0), step.reprs[0]);
                0
            }
            Op::Keep => 0,
            _ => return Err(malformed(step)),
        })
    }
}

/// Bytecode that the verifier should have refused.
#[cold]
fn malformed(step: &Step) -> Raised {
    error::system_error(&format!("malformed bytecode at {}", step.op.info().name))
}
