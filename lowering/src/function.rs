//! A function of typed bytecode: basic blocks with parameters over typed registers, in SSA form.

use keelback_checker::interface::FunctionKind;
use keelback_checker::types::{Constant, Name, Symbol, Type};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::helpers::Helper;
use crate::ops::{Cond, Effects, Mode, Op, Ownership};
use crate::types::{RegType, Repr, Signature};

/// A basic block, by its index in [`Function::blocks`]; written `block3`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Block(pub u32);

/// A register, defined once: a block parameter or an instruction's result; written `v7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Value(pub u32);

/// An index into [`Function::references`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Ref(pub u32);

/// A range of byte offsets in a module's source, and the line (from 1) of its start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte; 0 when the instruction stands for no source.
    pub line: u32,
    /// Whose source it is: 0 for the function's own, `n` for that of [`Function::frames`]`[n - 1]`.
    pub frame: u32,
}

/// A call that was inlined: its callee's instructions have spans of this frame.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Frame {
    /// The callee, whose entry appears in tracebacks; `None` for one that stands for no source.
    pub function: Option<Symbol>,
    /// Where it was called: in the function itself, or in a frame that comes before this one.
    pub call: Span,
}

/// A jump to a block with the values of its parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Edge {
    /// The target.
    pub block: Block,
    /// One value for each of its parameters.
    pub args: SmallVec<[Value; 4]>,
}

/// An immediate.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Imm {
    /// None.
    None,
    /// An integer: of `const.int` the value itself, not its tagged word.
    Int(i64),
    /// A float by its f64 bits.
    Float(u64),
    /// A truth value.
    Bool(bool),
    /// A comparison.
    Cond(Cond),
    /// A runtime helper.
    Helper(Helper),
    /// One of the function's references.
    Ref(Ref),
}

/// An instruction.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Operands.
    pub args: SmallVec<[Value; 4]>,
    /// Immediate.
    pub imm: Imm,
    /// The register it defines.
    pub result: Option<Value>,
    /// Where control goes when it raises. Before the `errors` pass, `None` on a raising instruction means "out of the function"; after it, every raising
    /// instruction has one. The result is not defined on this edge.
    pub error: Option<Edge>,
    /// Targets of a jump or branch.
    pub targets: SmallVec<[Edge; 2]>,
    /// Position.
    pub span: Span,
    /// The result is a borrow of what memory holds: no reference was taken, and none is released. Only the `ownership` pass sets it, on ops whose
    /// result is [`Ownership::Ref`]; without it, such an op leaves a new reference. Where a slow path gets a new reference to what the
    /// memory holds all the same (a global found in builtins), it releases it at once. `list.get` and `tuple.get` are borrowed only when their
    /// first operand is known to be exactly a list or tuple. Written `borrow` before the op.
    pub borrowed: bool,
}

/// A block: parameters, then instructions of which exactly the last one ends it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BlockData {
    /// Parameters.
    pub params: Vec<Value>,
    /// Instructions.
    pub insts: Vec<Inst>,
    /// Rarely run: errors and slow paths.
    pub cold: bool,
}

/// Something outside the function that an instruction names.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Reference {
    /// A constant object.
    Constant(Constant),
    /// A class: laid out (its type object is found when linking) or of builtins.
    Class(Symbol),
    /// A field.
    Field(FieldRef),
    /// A binding cell.
    Cell(CellRef),
    /// A slot of a method table.
    Method(MethodRef),
    /// What a cell or a slot was bound to when its body was inlined.
    Target(TargetRef),
    /// A module-level name.
    Global {
        /// Module.
        module: Name,
        /// Name.
        name: Name,
    },
    /// A type check and what to say when it fails.
    Check(CheckRef),
    /// A local's name, for `UnboundLocalError`.
    Local(Name),
    /// Keyword names of a call.
    Keywords(Vec<Name>),
    /// An attribute name and keyword names of a call.
    Named {
        /// Attribute.
        name: Name,
        /// Keyword names.
        keywords: Vec<Name>,
    },
    /// A parameter's default value.
    Default {
        /// The function.
        function: Symbol,
        /// The parameter's index.
        param: u32,
        /// Its name.
        name: Name,
    },
}

/// A field of a laid-out class.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FieldRef {
    /// The class whose layout was consulted.
    pub class: Symbol,
    /// The field's name.
    pub name: Name,
    /// Byte offset in the object.
    pub offset: u32,
    /// How it is stored: one word.
    pub repr: Repr,
}

/// A binding cell: a word that holds the native code to call, kept right by the runtime when what it names is rebound.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CellRef {
    /// What is bound.
    pub kind: CellKind,
    /// The native signature through the cell.
    pub signature: Signature,
}

/// What a cell is bound to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CellKind {
    /// A module-level name that was a function when compiling.
    Function {
        /// Module whose dict holds the name.
        module: Name,
        /// The name.
        name: Name,
        /// The function it was.
        target: Symbol,
    },
    /// A module-level name that was a laid-out class when compiling: called to construct an instance.
    Class {
        /// Module whose dict holds the name.
        module: Name,
        /// The name.
        name: Name,
        /// The class it was.
        target: Symbol,
    },
    /// A function in its class's dict, called without dispatch.
    Direct {
        /// The function.
        function: Symbol,
    },
}

/// A slot of a class's method table.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MethodRef {
    /// The receiver's static class.
    pub class: Symbol,
    /// Slot index in its layout.
    pub slot: u32,
    /// Slot name.
    pub name: Name,
    /// The native signature of the function that introduced the slot, `self` included.
    pub signature: Signature,
}

/// A version of something that can be called natively: the one whose body stands where it is compared with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TargetRef {
    /// The function, or the class whose constructor it is.
    pub symbol: Symbol,
    /// Whether it is a class's constructor.
    pub constructs: bool,
    /// Its native signature.
    pub signature: Signature,
}

/// A check against a type.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CheckRef {
    /// The type.
    pub ty: Type,
    /// What a failure says.
    pub context: CheckContext,
}

/// What a failed check says: `LANGUAGE.md` section 11.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CheckContext {
    /// `expected 'int', got 'str'`
    Value,
    /// `unexpected return type from f, expected int, got str`
    Return(Name),
    /// `expected 'int', got 'str' for attribute 'x'`
    Attribute(Name),
    /// `f expected 'int' for argument x, got 'str'`
    Argument {
        /// The function's name.
        function: Name,
        /// The parameter.
        param: Name,
    },
}

/// What a function is made from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Origin {
    /// A `def` in the source.
    Source,
    /// Constructor of a laid-out class: allocates and calls `__init__`.
    Constructor(Symbol),
    /// Stands in for a name that was rebound: looks it up, calls it dynamically and checks the result.
    Thunk(CellKind),
    /// Stands in for a method that was overridden dynamically or rebound: calls by name and checks the result.
    MethodThunk(Symbol),
    /// Gives a method another native signature: that of the slot it fills.
    Adapter(Symbol),
}

/// A function.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Function {
    /// The function's symbol (of a synthesised one: what it stands in for).
    pub symbol: Symbol,
    /// What it was made from.
    pub origin: Origin,
    /// Its kind.
    pub kind: FunctionKind,
    /// Its native signature; parameters are those of the entry block.
    pub signature: Signature,
    /// Blocks; the first is the entry.
    pub blocks: Vec<BlockData>,
    /// Types of the registers.
    pub values: Vec<RegType>,
    /// What instructions refer to.
    pub references: Vec<Reference>,
    /// The calls that were inlined, each after those that it stands in.
    pub frames: Vec<Frame>,
}

impl Function {
    /// An empty function.
    pub fn new(
        symbol: Symbol,
        origin: Origin,
        kind: FunctionKind,
        signature: Signature,
    ) -> Function {
        Function {
            symbol,
            origin,
            kind,
            signature,
            blocks: Vec::new(),
            values: Vec::new(),
            references: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// The frame that a position belongs to; `None` for the function's own.
    pub fn frame(&self, span: Span) -> Option<&Frame> {
        self.frames.get((span.frame as usize).checked_sub(1)?)
    }

    /// The position in the function's own source that a position stands in.
    pub fn own_span(&self, mut span: Span) -> Span {
        while let Some(frame) = self.frame(span) {
            span = frame.call;
        }
        span
    }

    /// The entry block.
    pub const ENTRY: Block = Block(0);

    /// A new register.
    pub fn value(&mut self, ty: RegType) -> Value {
        self.values.push(ty);
        Value(self.values.len() as u32 - 1)
    }

    /// The type of a register. Panics for one of another function.
    pub fn ty(&self, value: Value) -> &RegType {
        &self.values[value.0 as usize]
    }

    /// A new empty block.
    pub fn block(&mut self) -> Block {
        self.blocks.push(BlockData::default());
        Block(self.blocks.len() as u32 - 1)
    }

    /// The index of a reference, added if it is new.
    pub fn reference(&mut self, reference: Reference) -> Ref {
        let index = self
            .references
            .iter()
            .position(|r| *r == reference)
            .unwrap_or_else(|| {
                self.references.push(reference);
                self.references.len() - 1
            });
        Ref(index as u32)
    }

    /// What an instruction's reference is, if it has one.
    pub fn referenced(&self, inst: &Inst) -> Option<&Reference> {
        match inst.imm {
            Imm::Ref(r) => self.references.get(r.0 as usize),
            _ => None,
        }
    }

    /// How an instruction treats its operand number `index`.
    pub fn mode(&self, inst: &Inst, index: usize) -> Mode {
        if let (Op::Helper, Imm::Helper(h)) = (inst.op, inst.imm) {
            return h.info().params[index].0;
        }
        let info = inst.op.info();
        info.operands[index.min(info.operands.len() - 1)].0
    }

    /// The ownership of an instruction's result.
    pub fn ownership(&self, inst: &Inst) -> Ownership {
        match (inst.op, inst.imm) {
            (Op::Helper, _) => Ownership::Own,
            (op, _) => op.info().result.map_or(Ownership::Own, |(o, _)| o),
        }
    }

    /// What an instruction may do, with what is known of its operands.
    pub fn effects(&self, inst: &Inst) -> Effects {
        let listed = match (inst.op, inst.imm) {
            (Op::Helper, Imm::Helper(h)) => h.info().effects,
            (op, _) => op.info().effects,
        };
        match inst.op {
            // Releasing what cannot have a finaliser runs nothing. What a field held before is known only by its representation.
            Op::FieldStore => match self.referenced(inst) {
                Some(Reference::Field(field)) if field.repr != Repr::Obj => {
                    listed - Effects::PYTHON
                }
                _ => listed,
            },
            Op::Dec if inst.args.first().is_some_and(|v| self.releases_quietly(*v)) => {
                listed - Effects::PYTHON
            }
            // Of exactly a list or tuple: no method of a subclass to run.
            Op::ListGet
                if inst
                    .args
                    .first()
                    .is_some_and(|v| self.ty(*v).is_exact_builtin("list")) =>
            {
                listed - Effects::PYTHON
            }
            Op::TupleGet
                if inst
                    .args
                    .first()
                    .is_some_and(|v| self.ty(*v).is_exact_builtin("tuple")) =>
            {
                listed - Effects::PYTHON
            }
            // A small result of small operands: nothing is allocated and nothing overflows.
            Op::IntAdd
            | Op::IntSub
            | Op::IntMul
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntNeg
            | Op::IntNot
            | Op::IntFromMach
                if inst.result.is_some_and(|v| self.ty(v).range.is_some())
                    && inst.args.iter().all(|v| {
                        let ty = self.ty(*v);
                        ty.repr != Repr::Int || ty.range.is_some()
                    }) =>
            {
                listed - Effects::RAISE
            }
            _ => listed,
        }
    }

    /// Numbers blocks, registers and references in order of appearance and forgets those that nothing names, as the text form has them.
    /// Blocks keep their order; unreachable ones stay.
    pub fn renumber(&mut self) {
        let mut values: Vec<Option<Value>> = vec![None; self.values.len()];
        let mut types = Vec::new();
        let mut define = |v: Value, types: &mut Vec<RegType>, all: &[RegType]| {
            if values[v.0 as usize].is_none() {
                values[v.0 as usize] = Some(Value(types.len() as u32));
                types.push(all[v.0 as usize].clone());
            }
        };
        for block in &self.blocks {
            for param in &block.params {
                define(*param, &mut types, &self.values);
            }
            for inst in &block.insts {
                if let Some(result) = inst.result {
                    define(result, &mut types, &self.values);
                }
            }
        }
        // A use without a definition, as only an invalid function has, keeps a register of its own.
        for block in &self.blocks {
            for inst in &block.insts {
                for v in inst.args.iter().chain(inst.edges().flat_map(|e| &e.args)) {
                    define(*v, &mut types, &self.values);
                }
            }
        }
        let mut references: Vec<Reference> = Vec::new();
        let new = |v: Value| values[v.0 as usize].unwrap_or(v);
        for block in &mut self.blocks {
            for param in &mut block.params {
                *param = new(*param);
            }
            for inst in &mut block.insts {
                for v in inst.result.iter_mut().chain(inst.args.iter_mut()) {
                    *v = new(*v);
                }
                for edge in inst.targets.iter_mut().chain(inst.error.iter_mut()) {
                    for v in &mut edge.args {
                        *v = new(*v);
                    }
                }
                if let Imm::Ref(r) = &mut inst.imm
                    && let Some(reference) = self.references.get(r.0 as usize)
                {
                    let index = references.iter().position(|x| x == reference);
                    *r = Ref(index.unwrap_or_else(|| {
                        references.push(reference.clone());
                        references.len() - 1
                    }) as u32);
                }
            }
        }
        self.values = types;
        self.references = references;
    }

    /// Whether releasing a reference of this register's type cannot run Python code.
    pub fn releases_quietly(&self, value: Value) -> bool {
        let ty = self.ty(value);
        match ty.repr {
            Repr::Obj => {
                ty.is_uncounted()
                    || ["str", "int", "float", "bytes", "complex"]
                        .iter()
                        .any(|c| ty.is_exact_builtin(c))
            }
            // An exact int runs nothing. An instance of a subclass with a finaliser is released by the runtime at the next safe point, not in place.
            _ => true,
        }
    }
}

impl Inst {
    /// An instruction without result, operands, immediate and targets.
    pub fn new(op: Op, span: Span) -> Inst {
        Inst {
            op,
            args: SmallVec::new(),
            imm: Imm::None,
            result: None,
            error: None,
            targets: SmallVec::new(),
            span,
            borrowed: false,
        }
    }

    /// Whether it ends its block.
    pub fn is_end(&self) -> bool {
        self.op.info().effects.contains(Effects::END)
    }

    /// Every edge out of it: targets, then the error edge.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.targets.iter().chain(self.error.iter())
    }
}
