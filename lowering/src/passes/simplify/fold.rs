//! Values that are the same as others, and instructions on constants.

use keelback_checker::types::Type;
use smallvec::SmallVec;

use crate::function::{CheckRef, Function, Imm, Inst, Reference, Value};
use crate::ops::{Cond, Op};
use crate::passes::{bounds, cleanup};
use crate::types::{RegType, Repr, SMALL_INT};

/// What an instruction that defines a register is.
#[derive(Clone)]
pub(super) struct Definition {
    pub(super) op: Op,
    pub(super) args: SmallVec<[Value; 4]>,
    pub(super) imm: Imm,
}

/// The definitions of results, by register.
pub(super) fn definitions(function: &Function) -> Vec<Option<Definition>> {
    let mut all = vec![None; function.values.len()];
    for inst in function.blocks.iter().flat_map(|b| &b.insts) {
        if let Some(result) = inst.result {
            all[result.0 as usize] = Some(Definition {
                op: inst.op,
                args: inst.args.clone(),
                imm: inst.imm,
            });
        }
    }
    all
}

/// What becomes of an instruction.
enum Folded {
    /// Its result is this value.
    Same(Value),
    /// It is this instead, with the same result.
    Instead(Op, SmallVec<[Value; 4]>, Imm),
}

/// Folds once; whether anything changed.
pub(super) fn run(function: &mut Function) -> bool {
    let mut definitions = definitions(function);
    let mut replaced: Vec<Option<Value>> = vec![None; function.values.len()];
    let mut changed = false;
    for index in 0..function.blocks.len() {
        let mut insts = std::mem::take(&mut function.blocks[index].insts);
        for inst in &mut insts {
            for arg in &mut inst.args {
                *arg = cleanup::resolve(&replaced, *arg);
            }
            let Some(result) = inst.result else { continue };
            let context = Context {
                f: function,
                definitions: &definitions,
            };
            match context.fold(inst, result) {
                Some(Folded::Same(value)) => {
                    let value = cleanup::resolve(&replaced, value);
                    if value != result {
                        replaced[result.0 as usize] = Some(value);
                        changed = true;
                    }
                }
                Some(Folded::Instead(op, args, imm)) => {
                    (inst.op, inst.args, inst.imm) = (op, args, imm);
                    definitions[result.0 as usize] = Some(Definition {
                        op,
                        args: inst.args.clone(),
                        imm,
                    });
                    changed = true;
                }
                None => {}
            }
        }
        // What is the same as another value is known not to raise, so its instruction goes away.
        insts.retain(|inst| inst.result.is_none_or(|r| replaced[r.0 as usize].is_none()));
        function.blocks[index].insts = insts;
    }
    cleanup::replace(function, &replaced);
    changed
}

struct Context<'a> {
    f: &'a Function,
    definitions: &'a [Option<Definition>],
}

impl Context<'_> {
    fn definition(&self, value: Value) -> Option<&Definition> {
        self.definitions[value.0 as usize].as_ref()
    }

    fn made_by(&self, value: Value, op: Op) -> Option<Value> {
        self.definition(value)
            .filter(|d| d.op == op)
            .and_then(|d| d.args.first().copied())
    }

    fn int(&self, value: Value) -> Option<i64> {
        match self.definition(value).map(|d| (d.op, d.imm)) {
            // A `u64` past the largest `i64` is held as a negative number, and stands for another.
            Some((Op::ConstMach, Imm::Int(v))) if v < 0 && self.f.ty(value).repr == Repr::U64 => {
                None
            }
            Some((Op::ConstInt | Op::ConstMach, Imm::Int(v))) => Some(v),
            _ => None,
        }
    }

    fn float(&self, value: Value) -> Option<f64> {
        match self.definition(value).map(|d| (d.op, d.imm)) {
            Some((Op::ConstFloat, Imm::Float(bits))) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    fn bool(&self, value: Value) -> Option<bool> {
        match self.definition(value).map(|d| (d.op, d.imm)) {
            Some((Op::ConstBool, Imm::Bool(v))) => Some(v),
            _ => None,
        }
    }

    fn fold(&self, inst: &Inst, result: Value) -> Option<Folded> {
        let ty = self.f.ty(result);
        let first = inst.args.first().copied();
        let bool = |v: bool| {
            Some(Folded::Instead(
                Op::ConstBool,
                SmallVec::new(),
                Imm::Bool(v),
            ))
        };
        let none = SmallVec::<[Value; 4]>::new;
        match (inst.op, first) {
            (Op::Retype, Some(v)) => implies(self.f.ty(v), ty).then_some(Folded::Same(v)),
            (Op::CheckBound, Some(v)) if !self.f.ty(v).nullable => {
                Some(Folded::Instead(Op::Retype, inst.args.clone(), Imm::None))
            }
            (Op::Check, Some(v)) => {
                let Some(Reference::Check(CheckRef { ty: want, .. })) = self.f.referenced(inst)
                else {
                    return None;
                };
                let have = self.f.ty(v);
                let known = match want {
                    Type::Instance(c, _) => have.class.as_ref() == Some(c),
                    Type::Exact(c, _) => have.exact && have.class.as_ref() == Some(c),
                    _ => false,
                };
                (known && !have.nullable)
                    .then(|| Folded::Instead(Op::Retype, inst.args.clone(), Imm::None))
            }
            (Op::Unbox, Some(v)) => self.unbox(inst, v, ty),
            // The same int as an object: the one that it was.
            (Op::BoxInt, Some(v)) if !ty.exact => {
                let object = self.made_by(v, Op::Unbox)?;
                Some(Folded::Same(object))
            }
            (Op::IntToMach, Some(v)) => {
                if let Some(inner) = self.made_by(v, Op::IntFromMach)
                    && self.f.ty(inner).repr == ty.repr
                    && implies(self.f.ty(inner), ty)
                {
                    return Some(Folded::Same(inner));
                }
                let value = self.int(v)?;
                let fits = ty.repr != Repr::U64 && bounds::within((value, value), ty.repr);
                (fits).then(|| Folded::Instead(Op::ConstMach, none(), Imm::Int(value)))
            }
            (Op::IntClamp, Some(v)) => {
                if let Some(inner) = self.made_by(v, Op::IntFromMach)
                    && self.f.ty(inner).repr == Repr::I64
                    && implies(self.f.ty(inner), ty)
                {
                    return Some(Folded::Same(inner));
                }
                let value = self.int(v)?;
                Some(Folded::Instead(Op::ConstMach, none(), Imm::Int(value)))
            }
            (Op::IntToFloat, Some(v)) => {
                if let Some(inner) = self.made_by(v, Op::IntFromMach) {
                    let args = SmallVec::from_slice(&[inner]);
                    return Some(Folded::Instead(Op::MachToFloat, args, Imm::None));
                }
                let bits = (self.int(v)? as f64).to_bits();
                Some(Folded::Instead(Op::ConstFloat, none(), Imm::Float(bits)))
            }
            (Op::MachToFloat, Some(v)) if ty.repr == Repr::F64 => {
                let value = self.int(v).filter(|_| self.f.ty(v).repr != Repr::U64)?;
                let bits = (value as f64).to_bits();
                Some(Folded::Instead(Op::ConstFloat, none(), Imm::Float(bits)))
            }
            (Op::IntTruth, Some(v)) => bool(self.int(v)? != 0),
            (Op::BoolNot, Some(v)) => {
                if let Some(value) = self.bool(v) {
                    return bool(!value);
                }
                if let Some(inner) = self.made_by(v, Op::BoolNot) {
                    return Some(Folded::Same(inner));
                }
                let d = self.definition(v)?;
                match (d.op, d.imm) {
                    // Not of floats: with NaN both are false.
                    (Op::IntCmp | Op::MachCmp | Op::MachCmpMixed | Op::BoolCmp, Imm::Cond(c)) => {
                        Some(Folded::Instead(
                            d.op,
                            d.args.clone(),
                            Imm::Cond(c.negated()),
                        ))
                    }
                    _ => None,
                }
            }
            (Op::IsNull, Some(v)) => {
                if !self.f.ty(v).nullable {
                    return bool(false);
                }
                (self.definition(v)?.op == Op::Undef)
                    .then(|| Folded::Instead(Op::ConstBool, none(), Imm::Bool(true)))
            }
            (Op::TypeIs | Op::IsInstance | Op::IsInstanceAsked, Some(v)) => {
                let Some(Reference::Class(class)) = self.f.referenced(inst) else {
                    return None;
                };
                let have = self.f.ty(v);
                let same = have.class.as_ref() == Some(class) && !have.nullable;
                (same && (have.exact || inst.op != Op::TypeIs))
                    .then(|| Folded::Instead(Op::ConstBool, none(), Imm::Bool(true)))
            }
            (Op::IntCmp | Op::MachCmp, Some(a)) => {
                let Imm::Cond(cond) = inst.imm else {
                    return None;
                };
                let bounds = |v: Value| {
                    let ty = self.f.ty(v);
                    ty.range
                        .or_else(|| bounds::of_repr(ty.repr).filter(|_| ty.repr != Repr::Int))
                };
                bool(bounds::decide(bounds(a)?, cond, bounds(inst.args[1])?)?)
            }
            (Op::FloatAdd | Op::FloatSub | Op::FloatMul, Some(a)) if ty.repr == Repr::F64 => {
                let (a, b) = (self.float(a)?, self.float(inst.args[1])?);
                let value = match inst.op {
                    Op::FloatAdd => a + b,
                    Op::FloatSub => a - b,
                    _ => a * b,
                };
                // The bits of a NaN are the machine's business.
                (!value.is_nan())
                    .then(|| Folded::Instead(Op::ConstFloat, none(), Imm::Float(value.to_bits())))
            }
            (Op::FloatNeg, Some(a)) if ty.repr == Repr::F64 => {
                let value = -self.float(a)?;
                Some(Folded::Instead(
                    Op::ConstFloat,
                    none(),
                    Imm::Float(value.to_bits()),
                ))
            }
            (Op::FloatCmp, Some(a)) => {
                let Imm::Cond(cond) = inst.imm else {
                    return None;
                };
                let (a, b) = (self.float(a)?, self.float(inst.args[1])?);
                bool(match cond {
                    Cond::Eq => a == b,
                    Cond::Ne => a != b,
                    Cond::Lt => a < b,
                    Cond::Le => a <= b,
                    Cond::Gt => a > b,
                    Cond::Ge => a >= b,
                })
            }
            (Op::MachCast, Some(v)) if self.f.ty(v).repr == ty.repr => {
                implies(self.f.ty(v), ty).then_some(Folded::Same(v))
            }
            (op, Some(a)) => self.integers(op, a, inst.args.get(1).copied(), ty),
            _ => None,
        }
    }

    fn unbox(&self, inst: &Inst, object: Value, ty: &RegType) -> Option<Folded> {
        // A check of something narrower than the representation stays.
        let plain = match self.f.referenced(inst) {
            None => true,
            Some(Reference::Check(c)) => {
                matches!(&c.ty, Type::Instance(class, _)
                    if class.is_builtin("int") || class.is_builtin("float") || class.is_builtin("bool"))
            }
            Some(_) => false,
        };
        let boxed = match ty.repr {
            Repr::Int => Op::BoxInt,
            Repr::F64 => Op::BoxFloat,
            Repr::Bool => Op::BoxBool,
            _ => Op::BoxMach,
        };
        let inner = self.made_by(object, boxed).filter(|_| plain)?;
        let have = self.f.ty(inner);
        (have.repr == ty.repr && implies(have, ty)).then_some(Folded::Same(inner))
    }

    /// Operations on integer constants, whose results fit.
    fn integers(&self, op: Op, a: Value, b: Option<Value>, ty: &RegType) -> Option<Folded> {
        let a = i128::from(self.int(a)?);
        let b = match b {
            Some(b) => i128::from(self.int(b)?),
            None => 0,
        };
        let value = match op {
            Op::IntAdd | Op::MachAdd => a + b,
            Op::IntSub | Op::MachSub => a - b,
            Op::IntMul | Op::MachMul => a * b,
            Op::IntNeg | Op::MachNeg => -a,
            Op::IntNot | Op::MachNot => !a,
            Op::IntAnd | Op::MachAnd => a & b,
            Op::IntOr | Op::MachOr => a | b,
            Op::IntXor | Op::MachXor => a ^ b,
            Op::IntFloorDiv | Op::MachFloorDiv if b > 0 => a.div_euclid(b),
            Op::IntMod | Op::MachMod if b > 0 => a.rem_euclid(b),
            Op::IntShl if (0..62).contains(&b) => a << b,
            Op::IntShr if (0..62).contains(&b) => a >> b,
            Op::IntFromMach => a,
            Op::MachCast => a,
            _ => return None,
        };
        let value = i64::try_from(value).ok()?;
        // A `u64` constant past the largest `i64` is held as a negative number.
        if ty.repr == Repr::U64 || !bounds::within((value, value), ty.repr) {
            return None;
        }
        debug_assert!(ty.repr != Repr::Int || SMALL_INT.contains(&value));
        let constant = if ty.repr == Repr::Int {
            Op::ConstInt
        } else if ty.repr.is_machine_int() {
            Op::ConstMach
        } else {
            return None;
        };
        Some(Folded::Instead(constant, SmallVec::new(), Imm::Int(value)))
    }
}

/// Whether a value of type `have` may stand where one of type `want` is expected, with nothing lost.
fn implies(have: &RegType, want: &RegType) -> bool {
    if have == want {
        return true;
    }
    let range = match (have.range, want.range) {
        (_, None) => true,
        (Some(h), Some(w)) => w.0 <= h.0 && h.1 <= w.1,
        (None, Some(_)) => false,
    };
    let class = want.class.is_none() || have.exact || have.class == want.class && !want.exact;
    have.repr == want.repr && (!have.nullable || want.nullable) && range && class
}
