//! The typed tree of a function to typed bytecode in SSA form.
//!
//! SSA is built directly, without a pass over a form with variables, as Braun, Buchwald, Hack, Leißa, Mallon and Zwinkau show ("Simple and
//! Efficient Construction of Static Single Assignment Form", 2013), on block parameters instead of phis: see [`ssa`]. What is built has no error
//! edges and no reference counts yet; the passes add both.
//!
//! One file for each kind of thing that is translated. A construct that has no translation makes the whole function
//! [`Unsupported`], and CPython runs it.

mod calls;
mod conditions;
mod conversions;
mod expressions;
mod formats;
mod keep;
mod loops;
mod operators;
mod ssa;
mod statements;
mod synthesised;

use std::fmt;
use std::sync::Arc;

use keelback_checker::interface::{
    ClassInterface, FunctionInterface, FunctionKind, Param, ParamKind,
};
use keelback_checker::tree::Body;
use keelback_checker::types::{Constant, Name, Symbol, Type};
use keelback_parser::text_size::TextRange;
use rustc_hash::FxHashMap;

use crate::function::{Block, Edge, Function, Imm, Inst, Origin, Reference, Span, Value};
use crate::helpers::{Helper, HelperKind};
use crate::ops::{Cond, Op};
use crate::types::{RegType, Repr, Signature};

pub use synthesised::{adapter, constructor, method_thunk, thunk};

/// Where the builder asks what symbols mean.
pub trait Interfaces {
    /// The interface of a function.
    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>>;
    /// The interface of a class.
    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>>;
}

/// Why a function is left to CPython.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// The construct, as a noun phrase.
    pub reason: Name,
    /// Where it is.
    pub span: TextRange,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unsupported {}

type Lowered<T> = Result<T, Unsupported>;

/// The representation in which a parameter is passed natively: `*args` is a tuple and `**kwargs` a dict.
pub fn param_repr(param: &Param) -> Repr {
    match param.kind {
        ParamKind::VarPositional | ParamKind::VarKeyword => Repr::Obj,
        _ => Repr::of(&param.ty),
    }
}

/// The native signature of a function, `self` or `cls` included.
pub fn signature_of(function: &FunctionInterface) -> Signature {
    Signature {
        params: function.params.iter().map(param_repr).collect(),
        ret: Repr::of(&function.returns),
    }
}

/// The native signature of a class's constructor: `__init__`'s parameters without `self`, and the function that is its `__init__` if it has one.
pub fn constructor_signature(
    class: &ClassInterface,
    interfaces: &dyn Interfaces,
) -> (Signature, Option<Arc<FunctionInterface>>) {
    let init = class.layout.as_ref().ok().and_then(|layout| {
        let slot = layout.methods.get(layout.method("__init__")?)?;
        interfaces.function(&slot.function)
    });
    let params = init.as_ref().map_or_else(Vec::new, |f| {
        f.params.iter().skip(1).map(param_repr).collect()
    });
    let ret = Repr::Obj;
    (Signature { params, ret }, init)
}

/// Translates a function. `lines` gives the line (from 1) of a byte offset.
///
/// # Errors
///
/// [`Unsupported`] when the tree has a construct without a translation, or breaks one of its invariants.
pub fn lower(
    body: &Body,
    interfaces: &dyn Interfaces,
    lines: &dyn Fn(u32) -> u32,
) -> Lowered<Function> {
    let signature = match interfaces.function(&body.function) {
        Some(f) if f.params.len() == body.params => signature_of(&f),
        _ => Signature {
            params: body.locals[..body.params.min(body.locals.len())]
                .iter()
                .map(|l| Repr::of(&l.ty))
                .collect(),
            ret: Repr::of(&body.returns),
        },
    };
    let function = Function::new(body.function, Origin::Source, body.kind, signature);
    let mut b = Builder::new(function, interfaces, lines);
    b.returns = body.returns;
    b.at(body.span);
    b.declare_locals(body)?;
    b.stmts(&body.stmts)?;
    b.at(body.span);
    b.fall_off_the_end();
    b.finish()
}

/// A loop that `break` and `continue` may leave.
struct Loop {
    on_break: Block,
    on_continue: Block,
}

/// What defined a register, for looking through it.
#[derive(Clone)]
struct Definition {
    op: Op,
    first: Option<Value>,
    imm: Imm,
}

/// The state of building one function.
pub(crate) struct Builder<'a> {
    f: Function,
    interfaces: &'a dyn Interfaces,
    lines: &'a dyn Fn(u32) -> u32,
    /// The block that is being filled. After an end, a new one that nothing reaches.
    block: Block,
    span: Span,
    range: TextRange,
    ssa: ssa::Ssa,
    /// For each local: its name, and its companion variable that says whether it is bound.
    locals: Vec<LocalVar>,
    loops: Vec<Loop>,
    returns: Type,
    definitions: FxHashMap<Value, Definition>,
}

/// A local of the tree.
struct LocalVar {
    name: Name,
    var: ssa::Var,
    bound: ssa::Bound,
    /// Whether it keeps its object: see `keep`.
    keeps: bool,
}

impl<'a> Builder<'a> {
    fn new(
        function: Function,
        interfaces: &'a dyn Interfaces,
        lines: &'a dyn Fn(u32) -> u32,
    ) -> Builder<'a> {
        let mut b = Builder {
            f: function,
            interfaces,
            lines,
            block: Function::ENTRY,
            span: Span::default(),
            range: TextRange::default(),
            ssa: ssa::Ssa::default(),
            locals: Vec::new(),
            loops: Vec::new(),
            returns: Type::Dynamic,
            definitions: FxHashMap::default(),
        };
        let entry = b.new_block();
        b.seal(entry);
        b
    }

    /// Cleans up what building leaves behind and verifies the result.
    fn finish(mut self) -> Lowered<Function> {
        if !self.ended() {
            self.end(Op::Unreachable, &[], &[]);
        }
        crate::passes::cleanup::remove_unreachable(&mut self.f);
        crate::passes::cleanup::remove_trivial_params(&mut self.f);
        self.f.renumber();
        match crate::verify::verify(&self.f) {
            Ok(()) => Ok(self.f),
            Err(errors) => self.unsupported(format!(
                "a construct whose translation is not valid ({})",
                errors[0]
            )),
        }
    }

    fn unsupported<T>(&self, reason: impl AsRef<str>) -> Lowered<T> {
        Err(Unsupported {
            reason: Name::new(reason),
            span: self.range,
        })
    }

    /// Sets the position of what is emitted next; gives the previous one.
    fn at(&mut self, range: TextRange) -> (Span, TextRange) {
        let previous = (self.span, self.range);
        let (start, end) = (range.start().to_u32(), range.end().to_u32());
        self.range = range;
        self.span = Span {
            start,
            end,
            line: (self.lines)(start),
            frame: 0,
        };
        previous
    }

    fn back_at(&mut self, previous: (Span, TextRange)) {
        (self.span, self.range) = previous;
    }

    fn declare_locals(&mut self, body: &Body) -> Lowered<()> {
        let keepers = self.keepers(body);
        for (local, keeps) in body.locals.iter().zip(keepers) {
            let mut ty = RegType::of(&local.ty);
            let bound = match (local.maybe_unbound, ty.repr.is_counted()) {
                (false, _) => ssa::Bound::Always,
                (true, true) => {
                    ty.nullable = true;
                    ssa::Bound::Word
                }
                (true, false) => ssa::Bound::Companion(self.ssa.declare(RegType::new(Repr::Bool))),
            };
            // What keeps its object is looked at where it may have none yet.
            ty.nullable |= keeps;
            let var = self.ssa.declare(ty);
            self.locals.push(LocalVar {
                name: local.name,
                var,
                bound,
                keeps,
            });
        }
        if body.params > body.locals.len() || body.params != self.f.signature.params.len() {
            return self.unsupported("a signature that does not agree with its function");
        }
        for (index, local) in body.locals.iter().enumerate().take(body.params) {
            let repr = self.f.signature.params[index];
            let known = RegType::of(&local.ty);
            let ty = if known.repr == repr {
                known.clone()
            } else {
                RegType::new(repr)
            };
            let value = self.f.value(ty);
            self.f.blocks[0].params.push(value);
            let value = self.coerce(value, &known);
            self.set_local(index, value);
        }
        // What is not a parameter starts without a value.
        for index in body.params..body.locals.len() {
            if let ssa::Bound::Companion(companion) = self.locals[index].bound {
                let no = self.const_bool(false);
                self.write(companion, no);
            }
        }
        Ok(())
    }

    // --- emitting ---

    fn push(&mut self, inst: Inst) {
        if let Some(result) = inst.result {
            self.definitions.insert(
                result,
                Definition {
                    op: inst.op,
                    first: inst.args.first().copied(),
                    imm: inst.imm,
                },
            );
        }
        self.f.blocks[self.block.0 as usize].insts.push(inst);
    }

    /// An instruction with a result of type `ty`.
    fn emit(&mut self, op: Op, args: &[Value], imm: Imm, ty: RegType) -> Value {
        let result = self.f.value(ty);
        let mut inst = Inst::new(op, self.span);
        inst.args = args.iter().copied().collect();
        inst.imm = imm;
        inst.result = Some(result);
        self.push(inst);
        result
    }

    /// An instruction without immediate.
    fn op(&mut self, op: Op, args: &[Value], ty: RegType) -> Value {
        self.emit(op, args, Imm::None, ty)
    }

    /// An instruction without result.
    fn effect(&mut self, op: Op, args: &[Value], imm: Imm) {
        let mut inst = Inst::new(op, self.span);
        inst.args = args.iter().copied().collect();
        inst.imm = imm;
        self.push(inst);
    }

    /// A call of a helper that gives a value.
    fn helper(&mut self, helper: Helper, args: &[Value], ty: RegType) -> Value {
        self.emit(Op::Helper, args, Imm::Helper(helper), ty)
    }

    /// A call of a helper with the result type that its row says.
    fn helper_value(&mut self, helper: Helper, args: &[Value]) -> Value {
        let ty = RegType::new(match helper.info().ret {
            HelperKind::int => Repr::Int,
            HelperKind::i64 | HelperKind::ptr => Repr::I64,
            HelperKind::u64 => Repr::U64,
            HelperKind::f64 => Repr::F64,
            HelperKind::bool => Repr::Bool,
            HelperKind::obj | HelperKind::unit => Repr::Obj,
        });
        self.helper(helper, args, ty)
    }

    /// A call of a helper that gives none.
    fn helper_effect(&mut self, helper: Helper, args: &[Value]) {
        self.effect(Op::Helper, args, Imm::Helper(helper));
    }

    fn reference(&mut self, reference: Reference) -> Imm {
        Imm::Ref(self.f.reference(reference))
    }

    fn repr(&self, value: Value) -> Repr {
        self.f.ty(value).repr
    }

    fn const_obj(&mut self, constant: Constant) -> Value {
        let ty = match &constant {
            Constant::BigInt(_) => RegType::instance(Symbol::new("builtins", "int"), true),
            c => Type::literal(c)
                .class()
                .map_or_else(RegType::obj, |class| RegType::instance(class, true)),
        };
        let imm = self.reference(Reference::Constant(constant));
        self.emit(Op::ConstObj, &[], imm, ty)
    }

    fn none(&mut self) -> Value {
        self.const_obj(Constant::None)
    }

    fn const_name(&mut self, name: &str) -> Value {
        self.const_obj(Constant::Str(Arc::from(name)))
    }

    fn const_i64(&mut self, value: i64) -> Value {
        self.const_mach(value, Repr::I64)
    }

    fn const_mach(&mut self, value: i64, repr: Repr) -> Value {
        let ty = if repr == Repr::U64 && value < 0 {
            RegType::new(repr)
        } else {
            RegType::ranged(repr, value, value)
        };
        self.emit(Op::ConstMach, &[], Imm::Int(value), ty)
    }

    fn const_int(&mut self, value: i64) -> Value {
        if crate::types::SMALL_INT.contains(&value) {
            let ty = RegType::ranged(Repr::Int, value, value);
            return self.emit(Op::ConstInt, &[], Imm::Int(value), ty);
        }
        self.const_big(Constant::Int(value))
    }

    fn const_big(&mut self, constant: Constant) -> Value {
        let imm = self.reference(Reference::Constant(constant));
        self.emit(Op::ConstBig, &[], imm, RegType::new(Repr::Int))
    }

    fn const_f64(&mut self, bits: u64) -> Value {
        self.emit(
            Op::ConstFloat,
            &[],
            Imm::Float(bits),
            RegType::new(Repr::F64),
        )
    }

    fn const_bool(&mut self, value: bool) -> Value {
        self.emit(
            Op::ConstBool,
            &[],
            Imm::Bool(value),
            RegType::new(Repr::Bool),
        )
    }

    /// A null object pointer.
    fn null(&mut self) -> Value {
        self.op(Op::Undef, &[], RegType::nullable())
    }

    /// The same value with other knowledge; nothing when it is known already.
    fn retype(&mut self, value: Value, ty: &RegType) -> Value {
        let have = self.f.ty(value);
        let known = have == ty
            || (!have.nullable || ty.nullable)
                && ty.range.is_none()
                && (have.exact || ty.class.is_none() || ty.class == have.class && !ty.exact);
        if known {
            return value;
        }
        self.op(Op::Retype, &[value], ty.clone())
    }

    // --- control ---

    fn new_block(&mut self) -> Block {
        let block = self.f.block();
        self.ssa.add_block();
        block
    }

    fn cold_block(&mut self) -> Block {
        let block = self.new_block();
        self.f.blocks[block.0 as usize].cold = true;
        block
    }

    /// A new parameter of a block that is not yet jumped to.
    fn param(&mut self, block: Block, ty: RegType) -> Value {
        let value = self.f.value(ty);
        self.f.blocks[block.0 as usize].params.push(value);
        value
    }

    fn switch(&mut self, block: Block) {
        self.block = block;
    }

    fn ended(&self) -> bool {
        self.f.blocks[self.block.0 as usize]
            .insts
            .last()
            .is_some_and(Inst::is_end)
    }

    /// Ends the block; what follows goes to one that nothing reaches.
    fn end(&mut self, op: Op, args: &[Value], targets: &[(Block, &[Value])]) {
        let mut inst = Inst::new(op, self.span);
        inst.args = args.iter().copied().collect();
        for (index, (block, args)) in targets.iter().enumerate() {
            self.ssa.add_edge(*block, self.block, index);
            inst.targets.push(Edge {
                block: *block,
                args: args.iter().copied().collect(),
            });
        }
        self.f.blocks[self.block.0 as usize].insts.push(inst);
        let after = self.new_block();
        self.seal(after);
        self.switch(after);
    }

    fn jump(&mut self, target: Block, args: &[Value]) {
        self.end(Op::Jump, &[], &[(target, args)]);
    }

    fn branch(&mut self, test: Value, then: Block, orelse: Block) {
        self.end(Op::Branch, &[test], &[(then, &[]), (orelse, &[])]);
    }

    fn unreachable(&mut self) {
        self.end(Op::Unreachable, &[], &[]);
    }

    /// Starts a block with everything that jumps to it known.
    fn start(&mut self, block: Block) {
        self.seal(block);
        self.switch(block);
    }

    /// The end of a body without `return`: `None`, checked where the function returns something else.
    fn fall_off_the_end(&mut self) {
        let none = self.none();
        let ret = self.f.signature.ret;
        let value = if ret == Repr::Obj {
            none
        } else {
            let name = Name::new(self.f.symbol.name());
            let ty = self.returns;
            self.unbox(none, &ty, Some(crate::function::CheckContext::Return(name)))
        };
        self.keep_until_return(value);
        self.end(Op::Return, &[value], &[]);
    }

    /// Calls that give their value as `repr` and are wanted as a checker type.
    fn compare_i64(&mut self, cond: Cond, a: Value, b: Value) -> Value {
        self.emit(
            Op::MachCmp,
            &[a, b],
            Imm::Cond(cond),
            RegType::new(Repr::Bool),
        )
    }
}

/// A builder for a function that stands for no source.
fn synthesised<'a>(
    symbol: &Symbol,
    origin: Origin,
    kind: FunctionKind,
    signature: Signature,
    interfaces: &'a dyn Interfaces,
) -> Builder<'a> {
    let function = Function::new(*symbol, origin, kind, signature);
    Builder::new(function, interfaces, &|_| 0)
}

#[cfg(test)]
mod tests;
