//! The vocabulary of emitted code: loads and stores, helper calls with their error checks, reference counts, type tests. Translation of
//! functions and the entries are written in it.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, BlockArg, ExtFuncData, ExternalName, FuncRef, Inst, InstBuilder, MemFlagsData,
    StackSlotData, StackSlotKind, Type, UserExternalName, Value, types,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::FunctionBuilder;
use keelback_checker::types::Symbol;
use keelback_lowering::helpers::{Helper, HelperKind};
use keelback_lowering::types::{ErrorValue, Repr};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::abi::{PTR, clif_type, helper_signature};
use crate::linker::{ClassAddress, Layout, Linker};

/// What a name outside the function stands for, by the namespace of its `UserExternalName`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum External {
    /// A runtime helper.
    Helper(Helper),
    /// The native entry that is compiled together with this code.
    Native,
    /// [`Linker::thread_context`].
    ThreadContext,
    /// [`Linker::bind_slow`].
    BindSlow,
}

impl External {
    /// The name that Cranelift keeps.
    pub(crate) fn name(self) -> UserExternalName {
        match self {
            External::Helper(h) => UserExternalName::new(0, h as u32),
            External::Native => UserExternalName::new(1, 0),
            External::ThreadContext => UserExternalName::new(1, 1),
            External::BindSlow => UserExternalName::new(1, 2),
        }
    }

    /// The reverse of [`External::name`].
    pub(crate) fn from_name(name: &UserExternalName) -> Option<External> {
        match (name.namespace, name.index) {
            (0, index) => Helper::ALL
                .get(index as usize)
                .map(|h| External::Helper(*h)),
            (1, 0) => Some(External::Native),
            (1, 1) => Some(External::ThreadContext),
            (1, 2) => Some(External::BindSlow),
            _ => None,
        }
    }

    /// For people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            External::Helper(h) => h.info().name,
            External::Native => "native",
            External::ThreadContext => "thread_context",
            External::BindSlow => "bind_slow",
        }
    }
}

/// Where control goes when something raises.
#[derive(Clone, Debug)]
pub(crate) struct Fail {
    /// The block.
    pub(crate) block: Block,
    /// Values of its parameters.
    pub(crate) args: SmallVec<[BlockArg; 4]>,
    /// Others go there too. Such an edge gets a cold block of its own: the block that Cranelift splits it with would stand in the hot path.
    pub(crate) shared: bool,
}

/// Names of the addresses in the code, for [`crate::Jit::describe`]; `None` when no one will read them.
pub(crate) type Labels = Option<FxHashMap<u64, String>>;

/// Block arguments from values.
pub(crate) fn block_args(values: &[Value]) -> SmallVec<[BlockArg; 4]> {
    values.iter().map(|v| BlockArg::Value(*v)).collect()
}

/// Emits the code of one function.
pub(crate) struct Emit<'a, 'b> {
    pub(crate) b: FunctionBuilder<'b>,
    pub(crate) linker: &'a dyn Linker,
    pub(crate) layout: &'a Layout,
    pub(crate) conv: CallConv,
    config: TargetFrontendConfig,
    pub(crate) labels: &'a mut Labels,
    helpers: FxHashMap<Helper, FuncRef>,
    /// The current block is cold, and so are blocks made now.
    in_cold: bool,
}

impl<'a, 'b> Emit<'a, 'b> {
    pub(crate) fn new(
        b: FunctionBuilder<'b>,
        linker: &'a dyn Linker,
        config: TargetFrontendConfig,
        labels: &'a mut Labels,
    ) -> Emit<'a, 'b> {
        Emit {
            b,
            linker,
            layout: linker.layout(),
            conv: config.default_call_conv,
            config,
            labels,
            helpers: FxHashMap::default(),
            in_cold: false,
        }
    }

    /// Ends the function.
    pub(crate) fn finish(mut self) {
        self.b.seal_all_blocks();
        self.b.finalize(self.config);
    }

    // --- words ---

    pub(crate) fn word(&mut self, value: i64) -> Value {
        self.b.ins().iconst(types::I64, value)
    }

    /// A constant of a narrower integer type.
    pub(crate) fn integer(&mut self, ty: Type, value: i64) -> Value {
        self.b
            .ins()
            .iconst(ty, cranelift_codegen::ir::immediates::Imm64::new(value))
    }

    /// Zero in a representation.
    pub(crate) fn zero(&mut self, repr: Repr) -> Value {
        match repr {
            Repr::F64 => self.b.ins().f64const(0.0),
            Repr::F32 => self.b.ins().f32const(0.0),
            _ => self.integer(clif_type(repr), 0),
        }
    }

    /// An address that the linker gave, with a name for people.
    pub(crate) fn address(&mut self, address: usize, label: impl FnOnce() -> String) -> Value {
        if let Some(labels) = self.labels.as_mut() {
            labels.entry(address as u64).or_insert_with(label);
        }
        self.b.ins().iconst(PTR, address as i64)
    }

    pub(crate) fn load(&mut self, ty: Type, base: Value, offset: i32) -> Value {
        self.b.ins().load(ty, MemFlagsData::trusted(), base, offset)
    }

    pub(crate) fn store(&mut self, value: Value, base: Value, offset: i32) {
        self.b
            .ins()
            .store(MemFlagsData::trusted(), value, base, offset);
    }

    pub(crate) fn add(&mut self, value: Value, addend: i64) -> Value {
        if addend == 0 {
            return value;
        }
        self.b.ins().iadd_imm_s(value, addend)
    }

    pub(crate) fn cmp(&mut self, cc: IntCC, value: Value, with: i64) -> Value {
        self.b.ins().icmp_imm_s(cc, value, with)
    }

    /// `base + (index << shift)`
    pub(crate) fn indexed(&mut self, base: Value, index: Value, shift: i64) -> Value {
        let offset = if shift == 0 {
            index
        } else {
            self.b.ins().ishl_imm_u(index, shift)
        };
        self.b.ins().iadd(base, offset)
    }

    // --- blocks ---

    /// A block as hot as the current one.
    pub(crate) fn block(&mut self) -> Block {
        let block = self.b.create_block();
        if self.in_cold {
            self.b.set_cold_block(block);
        }
        block
    }

    pub(crate) fn cold(&mut self) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// A block with one parameter, where a fast and a slow path meet.
    pub(crate) fn merge(&mut self, ty: Type) -> (Block, Value) {
        let block = self.block();
        let value = self.b.append_block_param(block, ty);
        (block, value)
    }

    pub(crate) fn switch(&mut self, block: Block) {
        self.b.switch_to_block(block);
        self.in_cold = self.b.func.layout.is_cold(block);
    }

    /// Whether the current block is cold.
    pub(crate) fn in_cold(&self) -> bool {
        self.in_cold
    }

    pub(crate) fn jump(&mut self, block: Block, args: &[Value]) {
        let args = block_args(args);
        self.b.ins().jump(block, args.iter());
    }

    pub(crate) fn brif(
        &mut self,
        cond: Value,
        then: Block,
        then_args: &[Value],
        other: Block,
        other_args: &[Value],
    ) {
        let (then_args, other_args) = (block_args(then_args), block_args(other_args));
        self.b
            .ins()
            .brif(cond, then, then_args.iter(), other, other_args.iter());
    }

    /// Goes on in a new block if `cond`, else goes to `other`.
    pub(crate) fn unless(&mut self, cond: Value, other: Block, args: &[Value]) {
        let next = self.block();
        self.brif(cond, next, &[], other, args);
        self.switch(next);
    }

    /// Goes to `other` if `cond`, else goes on in a new block.
    pub(crate) fn when(&mut self, cond: Value, other: Block, args: &[Value]) {
        let next = self.block();
        self.brif(cond, other, args, next, &[]);
        self.switch(next);
    }

    /// Raises if `cond`, else goes on in a new block.
    pub(crate) fn fail_if(&mut self, cond: Value, fail: &Fail) {
        let next = self.block();
        let (block, args) = self.fail_edge(fail);
        self.b.ins().brif(cond, block, args.iter(), next, &[]);
        self.fill_fail_edge(fail, block);
        self.switch(next);
    }

    /// Raises unless `cond`, else goes on in a new block.
    pub(crate) fn fail_unless(&mut self, cond: Value, fail: &Fail) {
        let next = self.block();
        let (block, args) = self.fail_edge(fail);
        self.b.ins().brif(cond, next, &[], block, args.iter());
        self.fill_fail_edge(fail, block);
        self.switch(next);
    }

    /// Where a conditional branch to `fail` goes: the block itself, or one on the way to be filled by [`Emit::fill_fail_edge`].
    fn fail_edge(&mut self, fail: &Fail) -> (Block, SmallVec<[BlockArg; 4]>) {
        if fail.shared {
            (self.cold(), SmallVec::new())
        } else {
            (fail.block, fail.args.clone())
        }
    }

    fn fill_fail_edge(&mut self, fail: &Fail, block: Block) {
        if fail.shared {
            self.switch(block);
            self.fail(fail);
        }
    }

    pub(crate) fn fail(&mut self, fail: &Fail) {
        self.b.ins().jump(fail.block, fail.args.iter());
    }

    // --- calls ---

    /// A function outside, declared once per use of its name.
    pub(crate) fn import(
        &mut self,
        external: External,
        signature: cranelift_codegen::ir::Signature,
    ) -> FuncRef {
        let signature = self.b.import_signature(signature);
        let name = self.b.func.declare_imported_user_function(external.name());
        self.b.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: false,
            patchable: false,
        })
    }

    /// Calls a helper; results are as its signature says.
    pub(crate) fn call(&mut self, helper: Helper, args: &[Value]) -> Inst {
        let function = match self.helpers.get(&helper) {
            Some(f) => *f,
            None => {
                let f = self.import(
                    External::Helper(helper),
                    helper_signature(helper, self.conv),
                );
                self.helpers.insert(helper, f);
                f
            }
        };
        self.b.ins().call(function, args)
    }

    /// The first result of a call.
    pub(crate) fn first(&self, call: Inst) -> Value {
        self.b.inst_results(call)[0]
    }

    /// Calls a helper that cannot raise.
    pub(crate) fn call_plain(&mut self, helper: Helper, args: &[Value]) -> Value {
        let call = self.call(helper, args);
        self.first(call)
    }

    /// Calls a helper, and goes on in a new block with its result unless it raised.
    pub(crate) fn call_checked(&mut self, helper: Helper, args: &[Value], fail: &Fail) -> Value {
        let call = self.call(helper, args);
        self.check_call(call, helper.info().error, fail);
        self.first(call)
    }

    /// Goes to `fail` if a call raised, else goes on in a new block.
    pub(crate) fn check_call(&mut self, call: Inst, error: ErrorValue, fail: &Fail) {
        let results = self.b.inst_results(call);
        let value = results[0];
        match error {
            ErrorValue::Never => {}
            ErrorValue::Zero => self.fail_unless(value, fail),
            ErrorValue::Two => {
                let raised = self.cmp(IntCC::Equal, value, 2);
                self.fail_if(raised, fail);
            }
            ErrorValue::One => {
                let raised = self.cmp(IntCC::Equal, value, 1);
                self.fail_if(raised, fail);
            }
            ErrorValue::Flag => {
                let flag = results[1];
                self.fail_if(flag, fail);
            }
        }
    }

    /// Calls a helper which always raises.
    pub(crate) fn call_raising(&mut self, helper: Helper, args: &[Value], fail: &Fail) {
        self.call(helper, args);
        self.fail(fail);
    }

    /// Calls a helper that returns a word (0 on error) and goes to `merge` with it.
    pub(crate) fn call_merging(
        &mut self,
        helper: Helper,
        args: &[Value],
        fail: &Fail,
        merge: Block,
    ) {
        debug_assert_eq!(helper.info().error, ErrorValue::Zero);
        let value = self.call_plain(helper, args);
        self.fail_unless(value, fail);
        self.jump(merge, &[value]);
    }

    /// Words in a new stack slot; the address of the first. The word before it is free for the callee to use, as CPython's vectorcall likes it.
    pub(crate) fn words_on_stack(&mut self, words: &[Value]) -> Value {
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            8 * (words.len() as u32 + 1),
            3,
        ));
        let address = self.b.ins().stack_addr(PTR, slot, 8);
        for (i, word) in words.iter().enumerate() {
            self.store(*word, address, 8 * i as i32);
        }
        address
    }

    // --- conversions between a representation and a 64-bit word ---

    /// A value as memory, the interpreter and helpers hold it: extended to a word, a float as its bits.
    pub(crate) fn to_word(&mut self, repr: Repr, value: Value) -> Value {
        match repr {
            Repr::Obj | Repr::Int | Repr::I64 | Repr::U64 => value,
            Repr::F64 => self.b.ins().bitcast(types::I64, MemFlagsData::new(), value),
            Repr::F32 => {
                let bits = self.b.ins().bitcast(types::I32, MemFlagsData::new(), value);
                self.b.ins().uextend(types::I64, bits)
            }
            r if r.is_signed() => self.b.ins().sextend(types::I64, value),
            _ => self.b.ins().uextend(types::I64, value),
        }
    }

    /// The reverse of [`Emit::to_word`].
    pub(crate) fn from_word(&mut self, repr: Repr, word: Value) -> Value {
        match repr {
            Repr::Obj | Repr::Int | Repr::I64 | Repr::U64 => word,
            Repr::F64 => self.b.ins().bitcast(types::F64, MemFlagsData::new(), word),
            Repr::F32 => {
                let bits = self.b.ins().ireduce(types::I32, word);
                self.b.ins().bitcast(types::F32, MemFlagsData::new(), bits)
            }
            _ => self.b.ins().ireduce(clif_type(repr), word),
        }
    }

    /// Loads a value from a word of memory.
    pub(crate) fn load_word(&mut self, repr: Repr, base: Value, offset: i32) -> Value {
        // The low bytes come first on every machine we run on.
        self.load(clif_type(repr), base, offset)
    }

    /// Stores a value into a word of memory.
    pub(crate) fn store_word(&mut self, repr: Repr, value: Value, base: Value, offset: i32) {
        let word = match repr {
            Repr::F64 => value,
            _ => self.to_word(repr, value),
        };
        self.store(word, base, offset);
    }

    /// What a helper's operand of a kind takes for a value of a representation.
    pub(crate) fn to_helper(&mut self, kind: HelperKind, repr: Repr, value: Value) -> Value {
        match (kind, repr) {
            (HelperKind::f64, Repr::F32) => self.b.ins().fpromote(types::F64, value),
            (HelperKind::f64, _) => value,
            _ => self.to_word(repr, value),
        }
    }

    /// What a helper's result of a kind is in a representation.
    pub(crate) fn from_helper(&mut self, kind: HelperKind, repr: Repr, value: Value) -> Value {
        match (kind, repr) {
            (HelperKind::f64, Repr::F32) => self.b.ins().fdemote(types::F32, value),
            (HelperKind::f64 | HelperKind::bool | HelperKind::unit, _) => value,
            _ => self.from_word(repr, value),
        }
    }

    // --- reference counts ---

    /// One more reference to an object that is not null. Immortal objects stay untouched, so that their pages stay shared between processes.
    pub(crate) fn inc_object(&mut self, object: Value) {
        let (count, done) = (self.block(), self.block());
        let refs = self.load(types::I32, object, self.layout.refcount);
        let immortal = self.cmp(IntCC::SignedLessThan, refs, 0);
        self.brif(immortal, done, &[], count, &[]);
        self.switch(count);
        let more = self.add(refs, 1);
        self.store(more, object, self.layout.refcount);
        self.jump(done, &[]);
        self.switch(done);
    }

    /// One reference less to an object that is not null; the last one gone, it is deallocated.
    pub(crate) fn dec_object(&mut self, object: Value) {
        let (count, dead, done) = (self.block(), self.cold(), self.block());
        let refs = self.load(types::I32, object, self.layout.refcount);
        let immortal = self.cmp(IntCC::SignedLessThan, refs, 0);
        self.brif(immortal, done, &[], count, &[]);
        self.switch(count);
        let fewer = self.add(refs, -1);
        self.store(fewer, object, self.layout.refcount);
        self.brif(fewer, done, &[], dead, &[]);
        self.switch(dead);
        self.call(Helper::dealloc, &[object]);
        self.jump(done, &[]);
        self.switch(done);
    }

    /// Whether an `int` word is inline, as a value to branch on.
    pub(crate) fn is_small(&mut self, int: Value) -> Value {
        self.b.ins().band_imm_u(int, 1)
    }

    /// Counts a reference to a value up (`more`) or down. `nullable`: the word may be 0.
    pub(crate) fn count(&mut self, repr: Repr, value: Value, nullable: bool, more: bool) {
        if !repr.is_counted() {
            return;
        }
        let skips = repr == Repr::Int || nullable;
        let done = if skips { Some(self.block()) } else { None };
        if let (Repr::Int, Some(done)) = (repr, done) {
            let big = self.cold();
            let small = self.is_small(value);
            self.brif(small, done, &[], big, &[]);
            self.switch(big);
        }
        if let (true, Some(done)) = (nullable, done) {
            self.unless(value, done, &[]);
        }
        if more {
            self.inc_object(value);
        } else {
            self.dec_object(value);
        }
        if let Some(done) = done {
            self.jump(done, &[]);
            self.switch(done);
        }
    }

    // --- types ---

    /// An object's type.
    pub(crate) fn type_of(&mut self, object: Value) -> Value {
        self.load(PTR, object, self.layout.ob_type)
    }

    /// A class's type object; 0 for a static class whose statement has not run.
    pub(crate) fn class(&mut self, class: &Symbol) -> Value {
        match self.linker.class(class) {
            ClassAddress::Fixed(address) => self.address(address, || format!("class {class}")),
            ClassAddress::Cell(cell) => {
                let cell = self.address(cell, || format!("cell of class {class}"));
                self.load(PTR, cell, 0)
            }
        }
    }

    /// Whether an object's type is exactly a class.
    pub(crate) fn is_exactly(&mut self, object: Value, class: &Symbol) -> Value {
        let ty = self.type_of(object);
        let class = self.class(class);
        self.b.ins().icmp(IntCC::Equal, ty, class)
    }

    /// [`Emit::is_exactly`] for a class of builtins.
    pub(crate) fn is_exactly_builtin(&mut self, object: Value, name: &str) -> Value {
        self.is_exactly(object, &Symbol::new("builtins", name))
    }

    /// Raises the exception with a fixed text.
    pub(crate) fn raise(&mut self, raise: keelback_lowering::errors::Raise, fail: &Fail) {
        let number = self.word(raise.number());
        self.call_raising(Helper::raise_fixed, &[number], fail);
    }
}
