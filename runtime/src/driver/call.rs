//! Calls of units from the runtime, on either tier.

use keelback_lowering::types::{Repr, Signature};
use smallvec::SmallVec;

use super::unit::Unit;
use super::{Driver, Tier};
use crate::ffi::PyObject;
use crate::helpers;
use crate::interp;
use crate::object::{Owned, PyResult, Raised};
use crate::thread::ThreadCtx;

/// Calls with words. See [`Unit::call_words`].
pub(super) unsafe fn words(
    unit: &'static Unit,
    ctx: *mut ThreadCtx,
    args: &[u64],
) -> PyResult<u64> {
    // SAFETY: the caller's promise.
    unsafe {
        if Driver::get().tier == Tier::Interp {
            return match unit.bytecode() {
                Ok(function) => interp::call(function, Driver::get().linker(), ctx, args),
                Err(_) => stand_in(unit, ctx, args),
            };
        }
        match unit.entries() {
            Ok(entries) => {
                let mut result = 0u64;
                let status = (entries.word)(entries.native, ctx, args.as_ptr(), &raw mut result);
                if status == 0 { Ok(result) } else { Err(Raised) }
            }
            Err(_) => stand_in(unit, ctx, args),
        }
    }
}

/// Calls what stands in for a unit that is left to CPython.
unsafe fn stand_in(unit: &'static Unit, ctx: *mut ThreadCtx, args: &[u64]) -> PyResult<u64> {
    let other = Driver::get().unit(&unit.symbol, unit.stand_in(), &unit.signature);
    if std::ptr::eq(other, unit) {
        return Err(crate::error::system_error(&format!(
            "{} cannot be called",
            unit.symbol
        )));
    }
    // SAFETY: the caller's promise; a stand-in has the unit's signature.
    unsafe { words(other, ctx, args) }
}

/// Calls with objects. See [`Unit::call_objects`].
pub(super) unsafe fn objects(
    unit: &'static Unit,
    ctx: *mut ThreadCtx,
    args: *const *mut PyObject,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let Signature { params, ret } = &unit.signature;
        let mut held: SmallVec<[u64; 8]> = SmallVec::with_capacity(params.len());
        let mut failed = false;
        for (i, repr) in params.iter().enumerate() {
            match helpers::boxing::to_word(*args.add(i), *repr) {
                Ok(word) => held.push(word),
                Err(Raised) => {
                    failed = true;
                    break;
                }
            }
        }
        let result = if failed {
            Err(Raised)
        } else {
            words(unit, ctx, &held)
        };
        for (word, repr) in held.iter().zip(params) {
            // Unboxing an int took a reference where it stayed an object.
            if *repr == Repr::Int {
                helpers::boxing::release(*word, Repr::Int);
            }
        }
        helpers::boxing::into_object(result?, *ret)
    }
}
