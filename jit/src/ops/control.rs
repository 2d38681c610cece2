//! References, polls, tracebacks and the ends of functions.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use keelback_lowering::errors::Raise;
use keelback_lowering::function::Inst;
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::Op;
use keelback_lowering::types::ErrorValue;
use smallvec::SmallVec;

use crate::compiler::JitError;
use crate::translate::Translator;

impl<'a> Translator<'a, '_> {
    pub(crate) fn reference_count(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let ty = self.arg_type(inst, 0)?;
        let known_small = self.operand(inst, 0)?.range.is_some();
        if !ty.is_uncounted() && !known_small {
            let value = self.arg(inst, 0)?;
            self.e
                .count(ty.repr, value, ty.nullable, inst.op == Op::Inc);
        }
        Ok(())
    }

    pub(crate) fn poll(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let fail = self.fail_of(inst)?;
        let layout = self.e.layout;
        let address = self
            .e
            .load(types::I64, self.ctx, layout.thread_eval_breaker);
        let ty = if layout.eval_breaker_size == 4 {
            types::I32
        } else {
            types::I64
        };
        // Another thread may write it at any time; each poll reads it anew because calls and stores in the loop keep loads from moving. A loop without
        // any has this call on its cold path.
        let breaker = self.e.load(ty, address, 0);
        let asked = self
            .e
            .b
            .ins()
            .band_imm_u(breaker, layout.eval_breaker_mask as i64);
        let (cold, done) = (self.e.cold(), self.e.block());
        self.e.brif(asked, cold, &[], done, &[]);
        self.e.switch(cold);
        self.e.call_checked(Helper::poll, &[self.ctx], &fail);
        self.e.jump(done, &[]);
        self.e.switch(done);
        Ok(())
    }

    pub(crate) fn trace(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let span = inst.span;
        let inlined = self.f.frame(span).and_then(|f| f.function.as_ref());
        let function = inlined.unwrap_or(&self.f.symbol);
        let record = self.e.linker.record(function);
        let record = self.e.address(record, || format!("record of {function}"));
        let args: SmallVec<[Value; 4]> = [span.line, span.start, span.end]
            .into_iter()
            .map(|v| self.e.word(i64::from(v)))
            .collect();
        self.e
            .call(Helper::trace, &[record, args[0], args[1], args[2]]);
        Ok(())
    }

    pub(crate) fn return_value(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let value = self.arg(inst, 0)?;
        if self.f.signature.ret.error() == ErrorValue::Flag {
            let flag = self.e.word(0);
            self.e.b.ins().return_(&[value, flag]);
        } else {
            self.e.b.ins().return_(&[value]);
        }
        Ok(())
    }

    /// A mistake of ours must not take the process down: an exception says it.
    pub(crate) fn unreachable(&mut self) {
        let number = self.e.word(Raise::Unreachable.number());
        self.e.call(Helper::raise_fixed, &[number]);
        self.return_error();
    }
}
