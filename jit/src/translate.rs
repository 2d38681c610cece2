//! Translation of a function: blocks in an order in which definitions come first, edges, and what the families of ops in [`crate::ops`] need.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, SigRef, SourceLoc, Value, types};
use keelback_lowering::function::{
    Block as IrBlock, Edge, Function, Inst, Reference, Value as IrValue,
};
use keelback_lowering::helpers::Helper;
use keelback_lowering::ops::{Effects, Op};
use keelback_lowering::types::{RegType, Repr, Signature};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::abi::{PTR, clif_type, native_signature};
use crate::compiler::JitError;
use crate::emit::{Emit, Fail, block_args};
use crate::entries::error_return;

/// The line kept in a source location; 0 stands for none.
pub(crate) fn source_loc(line: u32) -> SourceLoc {
    if line == 0 {
        SourceLoc::default()
    } else {
        SourceLoc::new(line)
    }
}

/// An operand of integer arithmetic with what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct Operand {
    /// The word.
    pub(crate) v: Value,
    /// Bounds of the value; an `int` with bounds is small.
    pub(crate) range: Option<(i64, i64)>,
}

impl Operand {
    /// Its value when only one is possible.
    pub(crate) fn constant(&self) -> Option<i64> {
        self.range
            .and_then(|(low, high)| (low == high).then_some(low))
    }
    /// Known to be at least `low`.
    pub(crate) fn at_least(&self, low: i64) -> bool {
        self.range.is_some_and(|(l, _)| l >= low)
    }
    /// May be this value.
    pub(crate) fn may_be(&self, value: i64) -> bool {
        self.range.is_none_or(|(l, h)| l <= value && value <= h)
    }
}

/// What becomes of a truth value.
pub(crate) enum Truth<'a> {
    /// It is given to a block.
    Value(Block, Value),
    /// A branch follows at once and is the only user.
    Branch(&'a Inst),
}

/// Translates one function.
pub(crate) struct Translator<'a, 'b> {
    pub(crate) e: Emit<'a, 'b>,
    pub(crate) f: &'a Function,
    /// The thread context.
    pub(crate) ctx: Value,
    values: Vec<Option<Value>>,
    known: Vec<Option<(i64, i64)>>,
    /// Floats that cannot be a signalling NaN, so not the pattern of an unset field.
    quiet: Vec<bool>,
    uses: Vec<u32>,
    /// How many edges lead to each block.
    edges: Vec<u32>,
    blocks: Vec<Option<Block>>,
    /// Returns the error value: where raising instructions without an error edge go.
    raised: Option<Block>,
    signatures: FxHashMap<Signature, SigRef>,
}

impl<'a, 'b> Translator<'a, 'b> {
    /// Emits the whole function into the builder and finishes it.
    pub(crate) fn run(e: Emit<'a, 'b>, f: &'a Function) -> Result<(), JitError> {
        let mut t = Translator {
            e,
            f,
            ctx: Value::from_u32(0),
            values: vec![None; f.values.len()],
            known: vec![None; f.values.len()],
            quiet: vec![false; f.values.len()],
            uses: vec![0; f.values.len()],
            edges: vec![0; f.blocks.len()],
            blocks: vec![None; f.blocks.len()],
            raised: None,
            signatures: FxHashMap::default(),
        };
        t.function()?;
        t.e.finish();
        Ok(())
    }

    fn function(&mut self) -> Result<(), JitError> {
        let f = self.f;
        if f.blocks.is_empty() {
            return Err(JitError::Malformed("a function without blocks".into()));
        }
        let order = reverse_post_order(f);
        for block in &order {
            for inst in &f.blocks[block.0 as usize].insts {
                for v in inst
                    .args
                    .iter()
                    .chain(inst.edges().flat_map(|e| e.args.iter()))
                {
                    self.uses[v.0 as usize] += 1;
                }
                for edge in inst.edges() {
                    if let Some(count) = self.edges.get_mut(edge.block.0 as usize) {
                        *count += 1;
                    }
                }
            }
        }
        // The entry block of the function may be a loop's head, which Cranelift's may not.
        let entry = self.e.block();
        self.e.b.append_block_params_for_function_params(entry);
        self.e.switch(entry);
        let params: SmallVec<[Value; 8]> = self.e.b.block_params(entry).into();
        self.ctx = params[0];
        for block in &order {
            let data = &f.blocks[block.0 as usize];
            let clif = self.e.block();
            if data.cold {
                self.e.b.set_cold_block(clif);
            }
            self.blocks[block.0 as usize] = Some(clif);
        }
        if !self.is_leaf(&order) {
            self.check_stack();
        }
        let first = self.target(Function::ENTRY)?;
        self.e.jump(first, &params[1..]);
        for block in &order {
            self.block(*block)?;
        }
        if let Some(raised) = self.raised {
            self.e.switch(raised);
            self.return_error();
        }
        Ok(())
    }

    /// Whether nothing in it can run Python code, so that it cannot recur.
    fn is_leaf(&self, order: &[IrBlock]) -> bool {
        order
            .iter()
            .flat_map(|b| &self.f.blocks[b.0 as usize].insts)
            .all(|inst| inst.op == Op::Poll || !self.f.effects(inst).contains(Effects::PYTHON))
    }

    fn check_stack(&mut self) {
        let (deep, fine) = (self.e.cold(), self.e.block());
        let sp = self.e.b.ins().get_stack_pointer(PTR);
        let limit = self.e.load(PTR, self.ctx, self.e.layout.thread_stack_limit);
        let over = self.e.b.ins().icmp(IntCC::UnsignedLessThan, sp, limit);
        self.e.brif(over, deep, &[], fine, &[]);
        self.e.switch(deep);
        self.e.call(Helper::raise_recursion, &[self.ctx]);
        self.return_error();
        self.e.switch(fine);
    }

    fn block(&mut self, block: IrBlock) -> Result<(), JitError> {
        let f = self.f;
        let data = &self.f.blocks[block.0 as usize];
        let clif = self.target(block)?;
        self.e.switch(clif);
        for param in &data.params {
            let ty = clif_type(self.f.ty(*param).repr);
            let value = self.e.b.append_block_param(clif, ty);
            self.values[param.0 as usize] = Some(value);
        }
        let mut insts = data.insts.iter().peekable();
        while let Some(inst) = insts.next() {
            self.e.b.set_srcloc(source_loc(f.own_span(inst.span).line));
            let next = insts.peek().copied().filter(|next| {
                next.op == Op::Branch
                    && inst.result.is_some()
                    && next.args.first() == inst.result.as_ref()
                    && inst.result.is_some_and(|r| self.uses[r.0 as usize] == 1)
            });
            if self.instruction(inst, next)? {
                insts.next();
            }
        }
        Ok(())
    }

    // --- registers ---

    /// The Cranelift value of a register.
    pub(crate) fn value(&self, v: IrValue) -> Result<Value, JitError> {
        self.values
            .get(v.0 as usize)
            .copied()
            .flatten()
            .ok_or_else(|| JitError::Malformed(format!("v{} is used before it is defined", v.0)))
    }

    /// Operand number `index` of an instruction.
    pub(crate) fn arg(&self, inst: &Inst, index: usize) -> Result<Value, JitError> {
        self.value(self.arg_register(inst, index)?)
    }

    /// The register of operand number `index`.
    pub(crate) fn arg_register(&self, inst: &Inst, index: usize) -> Result<IrValue, JitError> {
        inst.args.get(index).copied().ok_or_else(|| {
            JitError::Malformed(format!("{} lacks operand {index}", inst.op.info().name))
        })
    }

    /// The type of operand number `index`.
    pub(crate) fn arg_type(&self, inst: &Inst, index: usize) -> Result<&'a RegType, JitError> {
        Ok(self.f.ty(self.arg_register(inst, index)?))
    }

    /// Every operand.
    pub(crate) fn args(&self, inst: &Inst) -> Result<SmallVec<[Value; 8]>, JitError> {
        inst.args.iter().map(|v| self.value(*v)).collect()
    }

    /// Operand number `index` with what is known of it.
    pub(crate) fn operand(&self, inst: &Inst, index: usize) -> Result<Operand, JitError> {
        let register = self.arg_register(inst, index)?;
        Ok(Operand {
            v: self.value(register)?,
            range: self.range(register),
        })
    }

    /// Bounds of a register's value.
    pub(crate) fn range(&self, v: IrValue) -> Option<(i64, i64)> {
        self.known[v.0 as usize].or(self.f.ty(v).range)
    }

    /// Notes the bounds of an instruction's result.
    pub(crate) fn know(&mut self, inst: &Inst, low: i64, high: i64) {
        if let Some(r) = inst.result {
            self.known[r.0 as usize] = Some((low, high));
        }
    }

    /// Whether a float may hold the pattern of an unset field.
    pub(crate) fn may_be_pattern(&self, v: IrValue) -> bool {
        !self.quiet[v.0 as usize]
    }

    /// Notes that an instruction's float result is not a signalling NaN.
    pub(crate) fn note_quiet(&mut self, inst: &Inst) {
        if let Some(r) = inst.result {
            self.quiet[r.0 as usize] = true;
        }
    }

    /// The type of the result.
    pub(crate) fn result_type(&self, inst: &Inst) -> Result<&'a RegType, JitError> {
        inst.result
            .map(|r| self.f.ty(r))
            .ok_or_else(|| JitError::Malformed(format!("{} has no result", inst.op.info().name)))
    }

    /// Defines the result.
    pub(crate) fn set(&mut self, inst: &Inst, value: Value) {
        if let Some(r) = inst.result {
            self.values[r.0 as usize] = Some(value);
        }
    }

    /// Defines the result as its first operand, with what is known of that.
    pub(crate) fn set_alias(&mut self, inst: &Inst) -> Result<(), JitError> {
        let register = self.arg_register(inst, 0)?;
        let value = self.value(register)?;
        self.set(inst, value);
        if let Some(r) = inst.result {
            self.known[r.0 as usize] = self.known[register.0 as usize];
            self.quiet[r.0 as usize] = self.quiet[register.0 as usize];
        }
        Ok(())
    }

    /// The reference of an instruction.
    pub(crate) fn reference(&self, inst: &Inst) -> Result<&'a Reference, JitError> {
        let f: &'a Function = self.f;
        f.referenced(inst).ok_or_else(|| {
            JitError::Malformed(format!("{} lacks its reference", inst.op.info().name))
        })
    }

    /// What is wrong with an instruction whose reference is of another kind.
    pub(crate) fn wrong_reference(&self, inst: &Inst) -> JitError {
        JitError::Malformed(format!(
            "{} has a reference of the wrong kind",
            inst.op.info().name
        ))
    }

    /// The native signature as Cranelift knows it here.
    pub(crate) fn signature(&mut self, signature: &Signature) -> SigRef {
        if let Some(s) = self.signatures.get(signature) {
            return *s;
        }
        let clif = native_signature(signature, self.e.conv);
        let sig = self.e.b.import_signature(clif);
        self.signatures.insert(signature.clone(), sig);
        sig
    }

    // --- edges ---

    /// The Cranelift block of a block.
    pub(crate) fn target(&self, block: IrBlock) -> Result<Block, JitError> {
        self.blocks
            .get(block.0 as usize)
            .copied()
            .flatten()
            .ok_or_else(|| JitError::Malformed(format!("block{} does not exist", block.0)))
    }

    fn edge(&self, edge: &Edge) -> Result<(Block, SmallVec<[Value; 4]>), JitError> {
        let args = edge
            .args
            .iter()
            .map(|v| self.value(*v))
            .collect::<Result<_, _>>()?;
        Ok((self.target(edge.block)?, args))
    }

    /// Where an instruction goes when it raises.
    pub(crate) fn fail_of(&mut self, inst: &Inst) -> Result<Fail, JitError> {
        match &inst.error {
            Some(edge) => {
                let (block, args) = self.edge(edge)?;
                Ok(Fail {
                    block,
                    args: block_args(&args),
                    shared: self.edges[edge.block.0 as usize] > 1,
                })
            }
            None => {
                let block = match self.raised {
                    Some(b) => b,
                    None => {
                        let b = self.e.cold();
                        self.raised = Some(b);
                        b
                    }
                };
                Ok(Fail {
                    block,
                    args: SmallVec::new(),
                    shared: true,
                })
            }
        }
    }

    /// Jumps along the edge of a `jump`.
    pub(crate) fn jump_edge(&mut self, inst: &Inst) -> Result<(), JitError> {
        let edge = inst
            .targets
            .first()
            .ok_or_else(|| JitError::Malformed("jump lacks its target".into()))?;
        let (block, args) = self.edge(edge)?;
        self.e.jump(block, &args);
        Ok(())
    }

    /// Branches on a condition to the targets of a `branch`.
    pub(crate) fn branch_edges(&mut self, cond: Value, branch: &Inst) -> Result<(), JitError> {
        let [then, other] = branch.targets.as_slice() else {
            return Err(JitError::Malformed("branch lacks a target".into()));
        };
        let (then, then_args) = self.edge(then)?;
        let (other, other_args) = self.edge(other)?;
        if self.e.in_cold() {
            // As for shared error edges.
            let (cold_then, cold_other) = (self.e.block(), self.e.block());
            self.e.brif(cond, cold_then, &[], cold_other, &[]);
            self.e.switch(cold_then);
            self.e.jump(then, &then_args);
            self.e.switch(cold_other);
            self.e.jump(other, &other_args);
        } else {
            self.e.brif(cond, then, &then_args, other, &other_args);
        }
        Ok(())
    }

    // --- truth values with several paths ---

    /// Where the paths of an op that gives a truth value come together.
    pub(crate) fn truth(&mut self, next: Option<&'a Inst>) -> Truth<'a> {
        match next {
            Some(branch) => Truth::Branch(branch),
            None => {
                let (block, value) = self.e.merge(types::I8);
                Truth::Value(block, value)
            }
        }
    }

    /// Ends a path with its truth value.
    pub(crate) fn give(&mut self, truth: &Truth<'a>, cond: Value) -> Result<(), JitError> {
        match truth {
            Truth::Value(block, _) => {
                self.e.jump(*block, &[cond]);
                Ok(())
            }
            Truth::Branch(branch) => self.branch_edges(cond, branch),
        }
    }

    /// After the last path: defines the result unless the branch was taken into it. Says whether it was.
    pub(crate) fn finish_truth(&mut self, inst: &Inst, truth: Truth<'a>) -> bool {
        match truth {
            Truth::Value(block, value) => {
                self.e.switch(block);
                self.set(inst, value);
                false
            }
            Truth::Branch(_) => true,
        }
    }

    /// Takes a reference to a value just loaded from memory, unless it is borrowed or needs none.
    pub(crate) fn take_reference(&mut self, inst: &Inst, value: Value) -> Result<(), JitError> {
        let ty = self.result_type(inst)?;
        if !is_borrowed(inst) && !ty.is_uncounted() {
            // An object in memory may be of a type that says null, and is tested by who loads it.
            self.e.count(ty.repr, value, false, true);
        }
        Ok(())
    }

    /// Returns the error value of the function.
    pub(crate) fn return_error(&mut self) {
        error_return(&mut self.e, self.f.signature.ret);
    }

    /// Zero in a representation.
    pub(crate) fn zero(&mut self, repr: Repr) -> Value {
        self.e.zero(repr)
    }
}

/// Whether an instruction's result is a borrow of what memory holds.
pub(crate) fn is_borrowed(inst: &Inst) -> bool {
    inst.borrowed
}

/// Reachable blocks, each after one of its predecessors and after its dominators.
fn reverse_post_order(f: &Function) -> Vec<IrBlock> {
    let mut seen = vec![false; f.blocks.len()];
    let mut order = Vec::with_capacity(f.blocks.len());
    let successors = |b: IrBlock| -> SmallVec<[IrBlock; 4]> {
        f.blocks[b.0 as usize]
            .insts
            .iter()
            .flat_map(|i| i.edges().map(|e| e.block))
            .filter(|b| (b.0 as usize) < f.blocks.len())
            .collect()
    };
    seen[0] = true;
    let mut stack = vec![(Function::ENTRY, successors(Function::ENTRY))];
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if !seen[next.0 as usize] => {
                seen[next.0 as usize] = true;
                let successors = successors(next);
                stack.push((next, successors));
            }
            Some(_) => {}
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}
