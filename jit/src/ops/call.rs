//! Calls.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use keelback_checker::types::Symbol;
use keelback_lowering::function::{CellKind, CellRef, Imm, Inst, Reference};
use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::types::{ErrorValue, Signature};

use crate::compiler::JitError;
use crate::translate::Translator;

/// A cell as `keelback dis` names it.
fn cell_label(cell: &CellRef) -> String {
    match &cell.kind {
        CellKind::Function { module, name, .. } | CellKind::Class { module, name, .. } => {
            format!("cell {module}.{name}")
        }
        CellKind::Direct { function } => format!("cell {function}"),
    }
}

impl<'a> Translator<'a, '_> {
    /// Calls native code at an address.
    fn call_native(
        &mut self,
        inst: &'a Inst,
        code: Value,
        signature: &'a Signature,
        args: &[Value],
    ) -> Result<(), JitError> {
        if args.len() != signature.params.len() {
            return Err(JitError::Malformed(format!(
                "a call of {signature} has {} operands",
                args.len()
            )));
        }
        let fail = self.fail_of(inst)?;
        let clif = self.signature(signature);
        let mut all = vec![self.ctx];
        all.extend_from_slice(args);
        let call = self.e.b.ins().call_indirect(clif, code, &all);
        self.e.check_call(call, signature.ret.error(), &fail);
        let value = self.e.first(call);
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn call_cell(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Cell(cell) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let args = self.args(inst)?;
        let address = self.e.linker.cell(cell);
        let address = self.e.address(address, || cell_label(cell));
        let code = self.e.load(types::I64, address, 0);
        self.call_native(inst, code, &cell.signature, &args)
    }

    pub(crate) fn call_method(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Method(method) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let args = self.args(inst)?;
        let receiver = self.arg(inst, 0)?;
        let fail = self.fail_of(inst)?;
        let ty = self.e.type_of(receiver);
        let table = self.e.load(types::I64, ty, self.e.layout.type_method_table);
        let (found, table_found) = self.e.merge(types::I64);
        let missing = self.e.cold();
        self.table_for(table, &method.class, (found, &[table]), missing);
        self.e.switch(missing);
        let class = self.e.class(&method.class);
        self.e
            .call_merging(Helper::method_table, &[receiver, class], &fail, found);
        self.e.switch(found);
        let entry = self.slot(method.slot);
        let code = self.e.load(types::I64, table_found, entry);
        self.call_native(inst, code, &method.signature, &args)
    }

    /// Goes on to `found` if the table of a type is there and its slots begin with those of a class, which the type is below.
    fn table_for(
        &mut self,
        table: Value,
        class: &Symbol,
        found: (Block, &[Value]),
        missing: Block,
    ) {
        let test = if self.e.linker.is_leading(class) {
            table
        } else if let Some(depth) = self.e.linker.depth(class) {
            let class = self.e.class(class);
            self.e.lists(table, class, depth, missing)
        } else {
            self.e.jump(missing, &[]);
            return;
        };
        self.e.brif(test, found.0, found.1, missing, &[]);
    }

    /// Byte offset of an entry in method tables.
    fn slot(&self, slot: u32) -> i32 {
        let layout = self.e.layout;
        layout.method_table_entries + layout.method_table_stride * slot as i32
    }

    pub(crate) fn cell_target(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Cell(cell) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let address = self.e.linker.cell(cell);
        let address = self.e.address(address, || cell_label(cell));
        let target = self.e.load(types::I64, address, 8);
        self.set(inst, target);
        Ok(())
    }

    pub(crate) fn method_target(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Method(method) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let receiver = self.arg(inst, 0)?;
        let ty = self.e.type_of(receiver);
        let table = self.e.load(types::I64, ty, self.e.layout.type_method_table);
        let (merge, target) = self.e.merge(types::I64);
        let (found, missing) = (self.e.block(), self.e.cold());
        self.table_for(table, &method.class, (found, &[]), missing);
        self.e.switch(missing);
        let none = self.e.word(0);
        self.e.jump(merge, &[none]);
        self.e.switch(found);
        let entry = self.slot(method.slot) + 8;
        let word = self.e.load(types::I64, table, entry);
        self.e.jump(merge, &[word]);
        self.e.switch(merge);
        self.set(inst, target);
        Ok(())
    }

    pub(crate) fn target_is(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Target(target) = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let word = self.arg(inst, 0)?;
        let address = self.e.linker.target(target);
        let address = self
            .e
            .address(address, || format!("version of {}", target.symbol));
        let is = self.e.b.ins().icmp(IntCC::Equal, word, address);
        self.set(inst, is);
        Ok(())
    }

    pub(crate) fn call_object(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let keywords = match inst.imm {
            Imm::None => 0,
            _ => match self.reference(inst)? {
                Reference::Keywords(names) => self.e.linker.keywords(names),
                _ => return Err(self.wrong_reference(inst)),
            },
        };
        let args = self.args(inst)?;
        let Some((callee, args)) = args.split_first() else {
            return Err(JitError::Malformed("call.object lacks its callee".into()));
        };
        let fail = self.fail_of(inst)?;
        let address = self.e.words_on_stack(args);
        let count = self.e.word(args.len() as i64);
        let keywords = self.e.address(keywords, || "keywords".into());
        let value = self.e.call_checked(
            Helper::call_object,
            &[*callee, address, count, keywords],
            &fail,
        );
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn call_named(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Reference::Named { name, keywords } = self.reference(inst)? else {
            return Err(self.wrong_reference(inst));
        };
        let args = self.args(inst)?;
        let fail = self.fail_of(inst)?;
        let text = self.e.linker.name(name);
        let text = self.e.address(text, || format!("{:?}", &**name));
        let keywords = self.e.linker.keywords(keywords);
        let keywords = self.e.address(keywords, || "keywords".into());
        let address = self.e.words_on_stack(&args);
        let count = self.e.word(args.len() as i64);
        let value =
            self.e
                .call_checked(Helper::call_named, &[text, address, count, keywords], &fail);
        self.set(inst, value);
        Ok(())
    }

    pub(crate) fn call_helper(&mut self, inst: &'a Inst) -> Result<(), JitError> {
        let Imm::Helper(helper) = inst.imm else {
            return Err(JitError::Malformed("helper lacks its helper".into()));
        };
        let info = helper.info();
        if info.params.len() != inst.args.len() {
            return Err(JitError::Malformed(format!(
                "{} has {} operands",
                info.name,
                inst.args.len()
            )));
        }
        let mut args = Vec::with_capacity(inst.args.len());
        for (i, (_, kind)) in info.params.iter().enumerate() {
            let value = self.arg(inst, i)?;
            let repr = self.arg_type(inst, i)?.repr;
            args.push(self.e.to_helper(*kind, repr, value));
        }
        let value = if info.error == ErrorValue::Never {
            self.e.call_plain(helper, &args)
        } else {
            let fail = self.fail_of(inst)?;
            self.e.call_checked(helper, &args, &fail)
        };
        if let (Some(result), true) = (inst.result, info.ret != HelperKind::unit) {
            let repr = self.f.ty(result).repr;
            let value = self.e.from_helper(info.ret, repr, value);
            self.set(inst, value);
        }
        Ok(())
    }
}
