//! Removes computations whose result is at hand already, and loads of what was just loaded or stored.
//!
//! Before:
//!
//! ```text
//! block0(v0: obj[m:C], v1: f64):
//!     v2: f64 = field.load v0, m:C.x@16:f64
//!     v3: f64 = float.mul v1, v2
//!     field.store v0, v3, m:C.y@24:f64
//!     v4: f64 = field.load v0, m:C.x@16:f64
//!     v5: f64 = float.mul v1, v4
//! ```
//!
//! After: `v4` is `v2`, because the store is of another field, and so `v5` is `v3`.
//!
//! What reads no memory is found again in every block that its own dominates; an op that may raise is among it, because the second
//! time it cannot. What reads memory is found again until something may have written it, along blocks with one way in.
//!
//! Needs: no reference counts. Registers live longer after it, so it runs before `ownership`.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::analysis::cfg::Cfg;
use crate::analysis::dominators::Dominators;
use crate::function::{Block, FieldRef, Function, Imm, Inst, Reference, Value};
use crate::ops::{Effects, Op};
use crate::passes::cleanup;
use crate::types::RegType;

/// What an instruction computes.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    op: Op,
    args: SmallVec<[Value; 4]>,
    imm: ImmKey,
    ty: RegType,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum ImmKey {
    None,
    Bits(u64),
    Cond(crate::ops::Cond),
    Helper(crate::helpers::Helper),
    Ref(u32),
}

impl From<Imm> for ImmKey {
    fn from(imm: Imm) -> ImmKey {
        match imm {
            Imm::None => ImmKey::None,
            Imm::Int(v) => ImmKey::Bits(v as u64),
            Imm::Float(v) => ImmKey::Bits(v),
            Imm::Bool(v) => ImmKey::Bits(u64::from(v)),
            Imm::Cond(c) => ImmKey::Cond(c),
            Imm::Helper(h) => ImmKey::Helper(h),
            Imm::Ref(r) => ImmKey::Ref(r.0),
        }
    }
}

/// What memory is known to hold.
#[derive(Clone)]
struct Known {
    key: Key,
    value: Value,
    reads: Effects,
    field: Option<FieldRef>,
}

/// Runs the pass.
pub fn run(function: &mut Function) {
    let cfg = Cfg::new(function);
    let dominators = Dominators::new(&cfg);
    let mut children: Vec<Vec<Block>> = vec![Vec::new(); function.blocks.len()];
    for &block in &cfg.order {
        if let Some(parent) = dominators.immediate(block) {
            children[parent.0 as usize].push(block);
        }
    }
    let mut pass = Pass {
        replaced: vec![None; function.values.len()],
        pure: FxHashMap::default(),
        memory: vec![Vec::new(); function.blocks.len()],
        cfg: &cfg,
    };
    // Down and up the dominator tree: on the way up what a block added is forgotten.
    enum Step {
        Enter(Block),
        Leave(Vec<Key>),
    }
    let mut stack = vec![Step::Enter(Function::ENTRY)];
    while let Some(step) = stack.pop() {
        match step {
            Step::Leave(keys) => {
                for key in keys {
                    pass.pure.remove(&key);
                }
            }
            Step::Enter(block) => {
                let added = pass.block(function, block);
                stack.push(Step::Leave(added));
                for child in children[block.0 as usize].iter().rev() {
                    stack.push(Step::Enter(*child));
                }
            }
        }
    }
    let replaced = pass.replaced;
    for block in &mut function.blocks {
        block
            .insts
            .retain(|inst| inst.result.is_none_or(|r| replaced[r.0 as usize].is_none()));
    }
    cleanup::replace(function, &replaced);
}

struct Pass<'a> {
    replaced: Vec<Option<Value>>,
    pure: FxHashMap<Key, Value>,
    /// What memory holds at the end of each block.
    memory: Vec<Vec<Known>>,
    cfg: &'a Cfg,
}

const WRITES: [(Effects, Effects); 4] = [
    (Effects::WRITE_FIELD, Effects::READ_FIELD),
    (Effects::WRITE_LIST, Effects::READ_LIST),
    (Effects::WRITE_ARRAY, Effects::READ_ARRAY),
    (Effects::WRITE_GLOBAL, Effects::READ_GLOBAL),
];

impl Pass<'_> {
    /// Walks a block; gives the keys it added.
    fn block(&mut self, function: &mut Function, block: Block) -> Vec<Key> {
        let mut added = Vec::new();
        let mut memory = match self.cfg.predecessors[block.0 as usize][..] {
            [only] => self.memory[only.0 as usize].clone(),
            _ => Vec::new(),
        };
        let mut insts = std::mem::take(&mut function.blocks[block.0 as usize].insts);
        for inst in &mut insts {
            for arg in &mut inst.args {
                *arg = cleanup::resolve(&self.replaced, *arg);
            }
            let effects = function.effects(inst);
            self.forget(function, inst, effects, &mut memory);
            if let Some(known) = stored(function, inst, effects) {
                memory.push(known);
            }
            let Some(result) = inst.result else { continue };
            let key = Key {
                op: inst.op,
                args: inst.args.clone(),
                imm: inst.imm.into(),
                ty: function.ty(result).clone(),
            };
            let acts = Effects::PYTHON
                | Effects::KEEP
                | Effects::END
                | Effects::WRITE_FIELD
                | Effects::WRITE_LIST
                | Effects::WRITE_ARRAY
                | Effects::WRITE_GLOBAL;
            // An exception of a helper is not known to be the same the second time; new objects are not the same object.
            if effects.intersects(acts) || makes_new(inst.op) || inst.op == Op::Undef {
                continue;
            }
            let reads = effects
                & (Effects::READ_FIELD
                    | Effects::READ_LIST
                    | Effects::READ_ARRAY
                    | Effects::READ_GLOBAL);
            if reads.is_empty() {
                if inst.op == Op::Helper && effects.contains(Effects::RAISE) {
                    continue;
                }
                match self.pure.get(&key) {
                    Some(value) => self.replaced[result.0 as usize] = Some(*value),
                    None => {
                        self.pure.insert(key.clone(), result);
                        added.push(key);
                    }
                }
            } else if !reads.contains(Effects::READ_GLOBAL) || !key.ty.repr.is_counted() {
                let found = memory.iter().find(|k| {
                    k.key.op == key.op
                        && k.key.args == key.args
                        && k.key.imm == key.imm
                        && k.key.ty.repr == key.ty.repr
                        && (k.key.ty == key.ty || !key.ty.repr.is_counted())
                });
                match found {
                    Some(known) => self.replaced[result.0 as usize] = Some(known.value),
                    None => memory.push(Known {
                        key,
                        value: result,
                        reads,
                        field: field(function, inst),
                    }),
                }
            }
        }
        function.blocks[block.0 as usize].insts = insts;
        self.memory[block.0 as usize] = memory;
        added
    }

    /// Forgets what an instruction may write.
    fn forget(&self, function: &Function, inst: &Inst, effects: Effects, memory: &mut Vec<Known>) {
        if effects.contains(Effects::PYTHON) {
            memory.clear();
            return;
        }
        for (write, read) in WRITES {
            if effects.contains(write) {
                let written = field(function, inst);
                memory.retain(|k| {
                    let other = matches!(
                        (&k.field, &written),
                        (Some(a), Some(b)) if a.offset != b.offset || a.name != b.name
                    );
                    !k.reads.contains(read) || other
                });
            }
        }
    }
}

fn field(function: &Function, inst: &Inst) -> Option<FieldRef> {
    match function.referenced(inst) {
        Some(Reference::Field(field)) => Some(field.clone()),
        _ => None,
    }
}

/// What a quiet store to a field says that the field holds.
fn stored(function: &Function, inst: &Inst, effects: Effects) -> Option<Known> {
    if !matches!(inst.op, Op::FieldStore | Op::FieldInit) || effects.contains(Effects::PYTHON) {
        return None;
    }
    let [object, value] = inst.args[..] else {
        return None;
    };
    let ty = function.ty(value);
    // A reader may rely on what its own instruction says of the value, so a counted one is not handed on.
    if ty.repr.is_counted() || ty.nullable {
        return None;
    }
    Some(Known {
        key: Key {
            op: Op::FieldLoad,
            args: SmallVec::from_slice(&[object]),
            imm: inst.imm.into(),
            ty: RegType::new(ty.repr),
        },
        value,
        reads: Effects::READ_FIELD,
        field: field(function, inst),
    })
}

/// Whether an op makes an object that is to be told from others.
fn makes_new(op: Op) -> bool {
    matches!(
        op,
        Op::TupleNew
            | Op::ListNew
            | Op::SetNew
            | Op::DictNew
            | Op::New
            | Op::StrJoin
            | Op::BoxFloat
    )
}
