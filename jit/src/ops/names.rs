//! Globals, default values, locals that may be unbound.

use cranelift_codegen::ir::types;
use keelback_lowering::function::{Inst, Reference};
use keelback_lowering::helpers::Helper;
use keelback_lowering::types::Repr;

use crate::compiler::JitError;
use crate::translate::{Translator, is_borrowed};

impl<'a> Translator<'a, '_> {
    pub(crate) fn global_load(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Global { module, name } = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let fail = self.fail_of(inst)?;
        let cell = self.e.linker.global(module, name);
        let cell = self.e.address(cell, || format!("global {module}.{name}"));
        let value = self.e.load(types::I64, cell, 0);
        let (merge, result) = self.e.merge(types::I64);
        let missing = self.e.cold();
        self.e.unless(value, missing, &[]);
        self.take_reference(inst, value)?;
        self.e.jump(merge, &[value]);
        self.e.switch(missing);
        if is_borrowed(inst) {
            // The builtins keep it.
            let value = self.e.call_checked(Helper::global_missing, &[cell], &fail);
            self.e.count(Repr::Obj, value, false, false);
            self.e.jump(merge, &[value]);
        } else {
            self.e
                .call_merging(Helper::global_missing, &[cell], &fail, merge);
        }
        self.e.switch(merge);
        self.set(inst, result);
        Ok(())
    }

    pub(crate) fn global_store(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Global { module, name } = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let value = self.arg(inst, 0)?;
        let fail = self.fail_of(inst)?;
        let cell = self.e.linker.global(module, name);
        let cell = self.e.address(cell, || format!("global {module}.{name}"));
        self.e
            .call_checked(Helper::global_store, &[cell, value], &fail);
        Ok(())
    }

    pub(crate) fn default_load(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Default {
            function,
            param,
            name,
        } = self.reference(inst)?
        else {
            return Err(self.wrong_reference(inst));
        };
        let fail = self.fail_of(inst)?;
        let description = self.e.linker.default(function, *param);
        let description = self
            .e
            .address(description, || format!("default of {name} in {function}"));
        let value = self
            .e
            .call_checked(Helper::default_load, &[description], &fail);
        if is_borrowed(inst) {
            self.e.count(Repr::Obj, value, false, false);
        }
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn check_bound(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Local(name) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let value = self.arg(inst, 0)?;
        if self.arg_type(inst, 0)?.repr.is_counted() {
            let fail = self.fail_of(inst)?;
            let (unbound, bound) = (self.e.cold(), self.e.block());
            self.e.brif(value, bound, &[], unbound, &[]);
            self.e.switch(unbound);
            let text = self.e.linker.name(name);
            let text = self.e.address(text, || format!("{:?}", &**name));
            self.e.call_raising(Helper::raise_unbound, &[text], &fail);
            self.e.switch(bound);
        }
        self.set_alias(inst)
    }
}
