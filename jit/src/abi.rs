//! How representations and signatures become Cranelift's: the one place that knows the conventions of native code and helpers.

use cranelift_codegen::ir::{AbiParam, Signature as ClifSignature, Type, types};
use cranelift_codegen::isa::CallConv;
use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::types::{ErrorValue, Repr, Signature};

/// Addresses and object pointers.
pub(crate) const PTR: Type = types::I64;

/// What native code returns for a value of 64 bits or fewer with an error flag, as `extern "C"` Rust functions declare it: a machine integer (only
/// its own width counts) in the first register and the flag in the second.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntResult {
    /// The value.
    pub value: u64,
    /// Not 0: an exception is set.
    pub error: u64,
}

/// [`IntResult`] for an `f64`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatResult {
    /// The value.
    pub value: f64,
    /// Not 0: an exception is set.
    pub error: u64,
}

/// [`IntResult`] for an `f32`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SingleResult {
    /// The value.
    pub value: f32,
    /// Not 0: an exception is set.
    pub error: u64,
}

/// The register type of a representation.
pub(crate) fn clif_type(repr: Repr) -> Type {
    match repr {
        Repr::Obj | Repr::Int | Repr::I64 | Repr::U64 => types::I64,
        Repr::I32 | Repr::U32 => types::I32,
        Repr::I16 | Repr::U16 => types::I16,
        Repr::I8 | Repr::U8 | Repr::Bool => types::I8,
        Repr::F64 => types::F64,
        Repr::F32 => types::F32,
    }
}

/// The number by which helpers know a representation.
pub(crate) fn repr_number(repr: Repr) -> i64 {
    Repr::ALL
        .iter()
        .position(|(r, _)| *r == repr)
        .map_or(0, |i| i as i64)
}

/// An argument or result; those narrower than a register are extended, as C compilers expect.
fn param(repr: Repr) -> AbiParam {
    let param = AbiParam::new(clif_type(repr));
    match repr {
        Repr::I8 | Repr::I16 | Repr::I32 => param.sext(),
        Repr::U8 | Repr::U16 | Repr::U32 | Repr::Bool => param.uext(),
        _ => param,
    }
}

/// The native signature: thread context and arguments, the result and its error flag if it has one.
pub(crate) fn native_signature(signature: &Signature, conv: CallConv) -> ClifSignature {
    let mut clif = ClifSignature::new(conv);
    clif.params.push(AbiParam::new(PTR));
    clif.params
        .extend(signature.params.iter().map(|r| param(*r)));
    clif.returns.push(AbiParam::new(clif_type(signature.ret)));
    if signature.ret.error() == ErrorValue::Flag {
        clif.returns.push(AbiParam::new(types::I64));
    }
    clif
}

/// The type of a helper's operand.
pub(crate) fn helper_param(kind: HelperKind) -> Type {
    match kind {
        HelperKind::f64 => types::F64,
        _ => types::I64,
    }
}

/// The signature of a helper, from its row in the list.
pub(crate) fn helper_signature(helper: Helper, conv: CallConv) -> ClifSignature {
    let info = helper.info();
    let mut clif = ClifSignature::new(conv);
    clif.params.extend(
        info.params
            .iter()
            .map(|(_, kind)| AbiParam::new(helper_param(*kind))),
    );
    clif.returns.push(AbiParam::new(match info.ret {
        HelperKind::f64 => types::F64,
        HelperKind::bool | HelperKind::unit => types::I8,
        _ => types::I64,
    }));
    if info.error == ErrorValue::Flag {
        clif.returns.push(AbiParam::new(types::I64));
    }
    clif
}
