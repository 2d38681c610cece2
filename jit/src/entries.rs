//! The other ways into and out of native code: CPython's vectorcall, words in memory, and native code that hands its arguments on as words.

use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, Signature as ClifSignature, StackSlotData,
    StackSlotKind, Value, types,
};
use cranelift_codegen::isa::CallConv;
use keelback_lowering::function::Function;
use keelback_lowering::types::{ErrorValue, RegType, Repr, Signature};
use smallvec::SmallVec;

use crate::abi::{PTR, native_signature};
use crate::compiler::{GenericEntry, JitError};
use crate::emit::{Emit, External, Fail};

/// `(callable, args, nargsf, kwnames) -> object`
pub(crate) fn generic_signature(conv: CallConv) -> ClifSignature {
    let mut s = ClifSignature::new(conv);
    s.params.extend([AbiParam::new(PTR); 4]);
    s.returns.push(AbiParam::new(PTR));
    s
}

/// `(record, callable, args, nargsf, kwnames) -> object`
fn bind_signature(conv: CallConv) -> ClifSignature {
    let mut s = ClifSignature::new(conv);
    s.params.extend([AbiParam::new(PTR); 5]);
    s.returns.push(AbiParam::new(PTR));
    s
}

/// `(native, ctx, args, ret) -> u8`
pub(crate) fn word_entry_signature(conv: CallConv) -> ClifSignature {
    let mut s = ClifSignature::new(conv);
    s.params.extend([AbiParam::new(PTR); 4]);
    s.returns.push(AbiParam::new(types::I8));
    s
}

/// The entry block of a function and its parameters.
fn enter(e: &mut Emit<'_, '_>) -> SmallVec<[Value; 8]> {
    let entry = e.block();
    e.b.append_block_params_for_function_params(entry);
    e.switch(entry);
    e.b.block_params(entry).into()
}

/// The top bit of `nargsf` says that the word before the arguments may be used.
const OFFSET_BIT: i64 = i64::MIN;

/// The generic entry: complete positional arguments are checked, unboxed and passed on here; the runtime binds the rest and comes back.
///
/// An `int` argument that is not small is a new reference once unboxed, released after the call: on an error those unboxed so far are
/// released by one block, to which the others go as the small int 0.
pub(crate) fn generic_entry(
    mut e: Emit<'_, '_>,
    function: &Function,
    generic: &GenericEntry,
) -> Result<(), JitError> {
    let signature = &function.signature;
    let params = enter(&mut e);
    let (args, nargsf, kwnames) = (params[1], params[2], params[3]);
    let bind = e.cold();
    let positional = e.b.ins().band_imm_s(nargsf, !OFFSET_BIT);
    let count = e.word(signature.params.len() as i64);
    let differ = e.b.ins().bxor(positional, count);
    let odd = e.b.ins().bor(differ, kwnames);
    e.when(odd, bind, &[]);

    let failed = e.cold();
    let ints: Vec<usize> = (0..signature.params.len())
        .filter(|i| signature.params[*i] == Repr::Int)
        .collect();
    let failed_ints: Vec<Value> = ints
        .iter()
        .map(|_| e.b.append_block_param(failed, types::I64))
        .collect();
    let nothing = e.word(1);
    let mut held: Vec<Value> = ints.iter().map(|_| nothing).collect();
    let fail_with = |held: &[Value]| Fail {
        block: failed,
        args: held.iter().map(|v| BlockArg::Value(*v)).collect(),
        shared: true,
    };

    let mut values = Vec::with_capacity(signature.params.len() + 1);
    let unknown = RegType::obj();
    for (i, (repr, check)) in signature.params.iter().zip(&generic.params).enumerate() {
        let object = e.load(PTR, args, 8 * i as i32);
        let fail = fail_with(&held);
        let value = match (repr, check) {
            (Repr::Obj, None) => object,
            (Repr::Obj, Some(check)) => {
                e.checked(object, check, &fail);
                object
            }
            (repr, check) => {
                let check = match check {
                    Some(check) => e.check_address(check),
                    None => e.word(0),
                };
                e.unboxed(object, &unknown, *repr, check, &fail)
            }
        };
        if let Some(at) = ints.iter().position(|p| *p == i) {
            held[at] = value;
        }
        values.push(value);
    }
    let mut context = ClifSignature::new(e.conv);
    context.returns.push(AbiParam::new(PTR));
    let context = e.import(External::ThreadContext, context);
    let context = e.b.ins().call(context, &[]);
    values.insert(0, e.first(context));
    let clif = native_signature(signature, e.conv);
    let native = e.import(External::Native, clif);
    let call = e.b.ins().call(native, &values);
    let fail = fail_with(&held);
    e.check_call(call, signature.ret.error(), &fail);
    let value = e.first(call);
    let object = match signature.ret {
        Repr::Obj => value,
        Repr::Int => {
            // One that is not small is the object itself; its reference goes to the caller.
            let (merge, object) = e.merge(types::I64);
            let small = e.block();
            let is_small = e.is_small(value);
            e.brif(is_small, small, &[], merge, &[value]);
            e.switch(small);
            let boxed = e.boxed(Repr::Int, value, &fail);
            e.jump(merge, &[boxed]);
            e.switch(merge);
            object
        }
        repr => e.boxed(repr, value, &fail),
    };
    release(&mut e, &held);
    e.b.ins().return_(&[object]);

    e.switch(failed);
    release(&mut e, &failed_ints);
    let none = e.word(0);
    e.b.ins().return_(&[none]);

    e.switch(bind);
    bind_slow(&mut e, function, &params);
    e.finish();
    Ok(())
}

fn release(e: &mut Emit<'_, '_>, ints: &[Value]) {
    for int in ints {
        e.count(Repr::Int, *int, false, false);
    }
}

fn bind_slow(e: &mut Emit<'_, '_>, function: &Function, params: &[Value]) {
    let bind = e.import(External::BindSlow, bind_signature(e.conv));
    let record = e.linker.record(&function.symbol);
    let record = e.address(record, || format!("record of {}", function.symbol));
    let mut passed: SmallVec<[Value; 8]> = SmallVec::from_slice(&[record]);
    passed.extend_from_slice(params);
    let call = e.b.ins().call(bind, &passed);
    let object = e.first(call);
    e.b.ins().return_(&[object]);
}

/// See [`crate::Jit::word_entry`].
pub(crate) fn word_entry(mut e: Emit<'_, '_>, signature: &Signature) -> Result<(), JitError> {
    let params = enter(&mut e);
    let (native, ctx, args, ret) = (params[0], params[1], params[2], params[3]);
    let mut values = vec![ctx];
    for (i, repr) in signature.params.iter().enumerate() {
        values.push(e.load_word(*repr, args, 8 * i as i32));
    }
    let clif = native_signature(signature, e.conv);
    let clif = e.b.import_signature(clif);
    let call = e.b.ins().call_indirect(clif, native, &values);
    let failed = e.cold();
    let fail = Fail {
        block: failed,
        args: SmallVec::new(),
        shared: false,
    };
    e.check_call(call, signature.ret.error(), &fail);
    let value = e.first(call);
    e.store_word(signature.ret, value, ret, 0);
    let fine = e.integer(types::I8, 0);
    e.b.ins().return_(&[fine]);
    e.switch(failed);
    let error = e.integer(types::I8, 2);
    e.b.ins().return_(&[error]);
    e.finish();
    Ok(())
}

/// See [`crate::Jit::bridge`].
pub(crate) fn bridge(
    mut e: Emit<'_, '_>,
    signature: &Signature,
    target: usize,
    data: usize,
) -> Result<(), JitError> {
    let params = enter(&mut e);
    let slot = e.b.create_sized_stack_slot(StackSlotData::new(
        StackSlotKind::ExplicitSlot,
        8 * (signature.params.len() as u32 + 1),
        3,
    ));
    let ret = e.b.ins().stack_addr(PTR, slot, 0);
    let args = e.b.ins().stack_addr(PTR, slot, 8);
    for (i, repr) in signature.params.iter().enumerate() {
        e.store_word(*repr, params[i + 1], args, 8 * i as i32);
    }
    let mut clif = ClifSignature::new(e.conv);
    clif.params.extend([AbiParam::new(PTR); 4]);
    clif.returns.push(AbiParam::new(types::I8));
    let clif = e.b.import_signature(clif);
    let target = e.address(target, || "target".into());
    let data = e.address(data, || "data".into());
    let call =
        e.b.ins()
            .call_indirect(clif, target, &[data, params[0], args, ret]);
    let status = e.first(call);
    let failed: Block = e.cold();
    e.when(status, failed, &[]);
    let value = e.load_word(signature.ret, ret, 0);
    if signature.ret.error() == ErrorValue::Flag {
        let flag = e.word(0);
        e.b.ins().return_(&[value, flag]);
    } else {
        e.b.ins().return_(&[value]);
    }
    e.switch(failed);
    error_return(&mut e, signature.ret);
    e.finish();
    Ok(())
}

/// Returns the error value of a representation.
pub(crate) fn error_return(e: &mut Emit<'_, '_>, ret: Repr) {
    let results: SmallVec<[Value; 2]> = match ret.error() {
        ErrorValue::Two => SmallVec::from_slice(&[e.integer(types::I8, 2)]),
        ErrorValue::Flag => {
            let value = e.zero(ret);
            let flag = e.word(1);
            SmallVec::from_slice(&[value, flag])
        }
        _ => SmallVec::from_slice(&[e.word(0)]),
    };
    e.b.ins().return_(&results);
}
