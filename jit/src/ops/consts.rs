//! Constants.

use cranelift_codegen::ir::InstBuilder;
use keelback_checker::types::Constant;
use keelback_lowering::function::{Imm, Inst, Reference};
use keelback_lowering::ops::Op;
use keelback_lowering::types::{Repr, UNSET64};

use crate::abi::clif_type;
use crate::compiler::JitError;
use crate::translate::Translator;

impl<'a> Translator<'a, '_> {
    pub(crate) fn constant(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let repr = self.result_type(inst)?.repr;
        let value = match (inst.op, inst.imm) {
            (Op::ConstInt, Imm::Int(v)) => {
                self.know(inst, v, v);
                self.e.word((v << 1) | 1)
            }
            (Op::ConstMach, Imm::Int(v)) => {
                // The bounds of a `uint64` are those of its signed half; a larger one has none.
                if repr != Repr::U64 || v >= 0 {
                    self.know(inst, v, v);
                }
                self.e.integer(clif_type(repr), v)
            }
            (Op::ConstFloat, Imm::Float(bits)) => {
                if bits != UNSET64 {
                    self.note_quiet(inst);
                }
                match repr {
                    Repr::F32 => self.e.b.ins().f32const(f64::from_bits(bits) as f32),
                    _ => self.e.b.ins().f64const(f64::from_bits(bits)),
                }
            }
            (Op::ConstBool, Imm::Bool(v)) => self.e.integer(clif_type(repr), i64::from(v)),
            (Op::ConstObj | Op::ConstBig, _) => match self.reference(inst)? {
                Reference::Constant(c) => {
                    let address = self.e.linker.constant(c);
                    self.e.address(address, || constant_label(c))
                }
                Reference::Class(class) => self.e.class(class),
                _ => return Err(self.wrong_reference(inst)),
            },
            (Op::Undef, _) => self.zero(repr),
            _ => {
                return Err(JitError::Malformed(format!(
                    "{} lacks its immediate",
                    inst.op.info().name
                )));
            }
        };
        self.set(inst, value);
        Ok(())
    }
}

/// A constant as `keelback dis` names it.
fn constant_label(constant: &Constant) -> String {
    match constant {
        Constant::None => "None".into(),
        Constant::Ellipsis => "...".into(),
        Constant::Bool(true) => "True".into(),
        Constant::Bool(false) => "False".into(),
        Constant::Int(v) => v.to_string(),
        Constant::BigInt(v) => v.to_string(),
        Constant::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
        Constant::Imaginary(bits) => format!("{:?}j", f64::from_bits(*bits)),
        Constant::Str(s) => format!("{s:?}"),
        Constant::Bytes(b) => format!("b{:?}", String::from_utf8_lossy(b)),
        Constant::Tuple(items) => {
            let items: Vec<String> = items.iter().map(constant_label).collect();
            format!("({})", items.join(", "))
        }
    }
}
