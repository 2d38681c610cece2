//! Conversions between types: boxing, unboxing, checks, widening, explicit conversions.

use keelback_checker::tree::{Check, Conversion, Expr, ExprKind};
use keelback_checker::types::{Constant, Symbol, Type};

use super::{Builder, Lowered};
use crate::function::{CheckContext, CheckRef, Imm, Reference, Value};
use crate::helpers::Helper;
use crate::ops::{Cond, Op};
use crate::passes::bounds;
use crate::types::{RegType, Repr};

impl From<&Check> for CheckContext {
    fn from(check: &Check) -> CheckContext {
        match check {
            Check::Value => CheckContext::Value,
            Check::Return(name) => CheckContext::Return(*name),
            Check::Attribute(name) => CheckContext::Attribute(*name),
        }
    }
}

/// The number by which helpers know a representation.
fn number(repr: Repr) -> i64 {
    Repr::ALL
        .iter()
        .position(|(r, _)| *r == repr)
        .map_or(0, |i| i as i64)
}

impl Builder<'_> {
    pub(super) fn convert(
        &mut self,
        conversion: &Conversion,
        from: &Expr,
        to: &Type,
    ) -> Lowered<Value> {
        if let ExprKind::ListItem(list, index) = &*from.kind
            && Repr::of(to) != Repr::Obj
        {
            return self.convert_item(conversion, list, index, to);
        }
        let value = self.expr(from)?;
        self.convert_value(conversion, value, to)
    }

    pub(super) fn convert_value(
        &mut self,
        conversion: &Conversion,
        value: Value,
        to: &Type,
    ) -> Lowered<Value> {
        Ok(match conversion {
            Conversion::Known => self.known(value, to),
            Conversion::Checked(check) => self.checked(value, to, check.into()),
            Conversion::Widen => self.widen(value, to),
            Conversion::Explicit => return self.explicit(value, to),
            Conversion::Narrow => self.narrow(value, to),
        })
    }

    /// An item of a list that is wanted unboxed: while the list is exactly one, the item is only looked at where it lies, without a reference of its
    /// own, because both ways unbox it before they meet.
    fn convert_item(
        &mut self,
        conversion: &Conversion,
        list: &Expr,
        index: &Expr,
        to: &Type,
    ) -> Lowered<Value> {
        let list = self.object(list)?;
        let index = self.index(index)?;
        if self.f.ty(list).is_exact_builtin("list") {
            let item = self.op(Op::ListGet, &[list, index], RegType::obj());
            return self.convert_value(conversion, item, to);
        }
        let class = Symbol::new("builtins", "list");
        let (direct, general, done) = (self.new_block(), self.cold_block(), self.new_block());
        let result = self.param(done, RegType::of(to));
        let imm = self.reference(Reference::Class(class));
        let is = self.emit(Op::TypeIs, &[list], imm, RegType::new(Repr::Bool));
        self.branch(is, direct, general);
        self.start(direct);
        let exact = self.retype(list, &RegType::instance(class, true));
        let item = self.op(Op::ListGet, &[exact, index], RegType::obj());
        let value = self.convert_value(conversion, item, to)?;
        self.jump(done, &[value]);
        self.start(general);
        let index = self.numeric(index, Repr::Int);
        let item = self.helper_value(Helper::list_get, &[list, index]);
        let value = self.convert_value(conversion, item, to)?;
        self.jump(done, &[value]);
        self.start(done);
        Ok(result)
    }

    /// What is known to be of a type, held as the type is.
    pub(super) fn known(&mut self, value: Value, to: &Type) -> Value {
        self.coerce(value, &RegType::of(to))
    }

    /// A value in the representation and with the knowledge of a register type, without a check.
    pub(super) fn coerce(&mut self, value: Value, to: &RegType) -> Value {
        let from = self.repr(value);
        match (from, to.repr) {
            (a, b) if a == b => self.retype(value, to),
            (_, Repr::Obj) => {
                let boxed = self.boxed(value);
                self.retype(boxed, to)
            }
            (Repr::Obj, _) => self.op(Op::Unbox, &[value], to.clone()),
            // `True` stays what it is when it is taken for an int.
            (Repr::Bool, Repr::Int) => {
                let boxed = self.boxed(value);
                self.op(Op::Unbox, &[boxed], to.clone())
            }
            _ => self.numeric(value, to.repr),
        }
    }

    /// Any value as an object.
    pub(super) fn boxed(&mut self, value: Value) -> Value {
        let exact = |name: &str| RegType::instance(Symbol::new("builtins", name), true);
        let ty = self.f.ty(value);
        match ty.repr {
            Repr::Obj => value,
            Repr::Int => {
                let boxed = RegType {
                    exact: ty.range.is_some(),
                    ..exact("int")
                };
                self.op(Op::BoxInt, &[value], boxed)
            }
            Repr::Bool => self.op(Op::BoxBool, &[value], exact("bool")),
            r if r.is_float() => self.op(Op::BoxFloat, &[value], exact("float")),
            _ => self.op(Op::BoxMach, &[value], exact("int")),
        }
    }

    /// An object's value in a type's representation, checked if there is something to say when it fails.
    pub(super) fn unbox(
        &mut self,
        value: Value,
        to: &Type,
        context: Option<CheckContext>,
    ) -> Value {
        let to = &to.at_run_time();
        let imm = match context {
            Some(context) => self.reference(Reference::Check(CheckRef { ty: *to, context })),
            None => Imm::None,
        };
        self.emit(Op::Unbox, &[value], imm, RegType::of(to))
    }

    /// A value of a dynamic place as a type.
    pub(super) fn checked(&mut self, value: Value, to: &Type, context: CheckContext) -> Value {
        let to = &to.at_run_time();
        if to.is_dynamic() || to.is_builtin("object") {
            return self.boxed(value);
        }
        let want = RegType::of(to);
        if want.repr != Repr::Obj {
            if self.repr(value) == want.repr && !matches!(to, Type::Literal(_)) {
                return value;
            }
            let object = self.boxed(value);
            return self.unbox(object, to, Some(context));
        }
        let object = self.boxed(value);
        let imm = self.reference(Reference::Check(CheckRef { ty: *to, context }));
        self.emit(Op::Check, &[object], imm, want)
    }

    /// One number as another representation, by value where it fits.
    pub(super) fn numeric(&mut self, value: Value, to: Repr) -> Value {
        let from = self.repr(value);
        let known = self.f.ty(value).range;
        match (from, to) {
            (a, b) if a == b => value,
            (_, Repr::Obj) => self.boxed(value),
            (Repr::Obj, _) => self.op(Op::Unbox, &[value], RegType::new(to)),
            (Repr::Bool, Repr::Bool) => value,
            (Repr::Bool, _) => {
                let repr = if to.is_machine_int() { to } else { Repr::I64 };
                let number = self.op(Op::BoolToMach, &[value], RegType::ranged(repr, 0, 1));
                self.numeric(number, to)
            }
            (_, Repr::Bool) => self.truth(value),
            (Repr::Int, Repr::F64) => self.op(Op::IntToFloat, &[value], RegType::new(to)),
            (Repr::Int, Repr::F32) => {
                let double = self.numeric(value, Repr::F64);
                self.numeric(double, to)
            }
            (Repr::Int, _) => {
                let range = known.filter(|r| bounds::within(*r, to));
                let ty = RegType {
                    range,
                    ..RegType::new(to)
                };
                self.op(Op::IntToMach, &[value], ty)
            }
            (a, Repr::Int) if a.is_float() => {
                let double = self.numeric(value, Repr::F64);
                self.op(Op::FloatToInt, &[double], RegType::new(to))
            }
            (_, Repr::Int) => {
                let range = known
                    .or(bounds::of_repr(from))
                    .filter(|r| bounds::within(*r, Repr::Int));
                let ty = RegType {
                    range,
                    ..RegType::new(to)
                };
                self.op(Op::IntFromMach, &[value], ty)
            }
            (a, b) if a.is_float() && b.is_float() => {
                self.op(Op::FloatCast, &[value], RegType::new(to))
            }
            (a, _) if a.is_float() => self.op(Op::FloatToMach, &[value], RegType::new(to)),
            (_, b) if b.is_float() => self.op(Op::MachToFloat, &[value], RegType::new(to)),
            _ => {
                let range = known
                    .or(bounds::of_repr(from))
                    .filter(|r| bounds::within(*r, to));
                let ty = RegType {
                    range,
                    ..RegType::new(to)
                };
                self.op(Op::MachCast, &[value], ty)
            }
        }
    }

    fn widen(&mut self, value: Value, to: &Type) -> Value {
        let want = RegType::of(to);
        let number = self.numeric(value, want.repr);
        self.retype(number, &want)
    }

    /// `int32(x)`, `float(x)` and so on.
    fn explicit(&mut self, value: Value, to: &Type) -> Lowered<Value> {
        let from = self.repr(value);
        let repr = Repr::of(to);
        Ok(match (from, repr) {
            (_, Repr::Obj) => {
                return self.unsupported("an explicit conversion to something that is no number");
            }
            (_, Repr::Bool) => self.truth(value),
            (Repr::Obj, Repr::Int) => self.helper_value(Helper::object_int, &[value]),
            (Repr::Obj, r) if r.is_float() => {
                let double = self.helper_value(Helper::object_float, &[value]);
                self.numeric(double, r)
            }
            (Repr::Obj, r) => {
                let which = self.const_i64(number(r));
                let wide = self.helper_value(Helper::object_mach, &[value, which]);
                self.op(Op::MachCast, &[wide], RegType::new(r))
            }
            // `int(True)` is 1, and a register of ints may hold `True`.
            (Repr::Int, Repr::Int) if self.f.ty(value).range.is_none() => {
                let zero = self.const_int(0);
                self.op(Op::IntAdd, &[value, zero], RegType::new(Repr::Int))
            }
            (a, r) if a.is_float() && r.is_machine_int() => {
                self.op(Op::FloatToMach, &[value], RegType::new(r))
            }
            (_, r) => self.numeric(value, r),
        })
    }

    /// Implicit flow into a primitive.
    fn narrow(&mut self, value: Value, to: &Type) -> Value {
        let repr = Repr::of(to);
        match (self.repr(value), repr) {
            (Repr::Obj, _) => self.unbox(value, to, None),
            (a, b) if a.is_machine_int() && b.is_machine_int() && a != b => {
                let known = self.f.ty(value).range.or(bounds::of_repr(a));
                if known.is_some_and(|r| bounds::within(r, b)) {
                    self.numeric(value, b)
                } else {
                    self.op(Op::MachNarrow, &[value], RegType::new(b))
                }
            }
            (_, b) => self.numeric(value, b),
        }
    }

    /// Truth of any value.
    pub(super) fn truth(&mut self, value: Value) -> Value {
        let ty = self.f.ty(value).clone();
        let bool = RegType::new(Repr::Bool);
        match ty.repr {
            Repr::Bool => value,
            Repr::Int => self.op(Op::IntTruth, &[value], bool),
            Repr::Obj if ty.is_exact_builtin("NoneType") => self.const_bool(false),
            Repr::Obj
                if ["list", "tuple", "str", "bytes", "dict", "set"]
                    .iter()
                    .any(|c| ty.is_exact_builtin(c)) =>
            {
                let length = self.length(value);
                let zero = self.const_i64(0);
                self.compare_i64(Cond::Ne, length, zero)
            }
            Repr::Obj => self.helper_value(Helper::object_truth, &[value]),
            r if r.is_float() => {
                let zero = self.emit(
                    Op::ConstFloat,
                    &[],
                    Imm::Float(0f64.to_bits()),
                    RegType::new(r),
                );
                self.emit(Op::FloatCmp, &[value, zero], Imm::Cond(Cond::Ne), bool)
            }
            r => {
                let zero = self.const_mach(0, r);
                self.emit(Op::MachCmp, &[value, zero], Imm::Cond(Cond::Ne), bool)
            }
        }
    }

    /// `len` of an exact builtin container.
    pub(super) fn length(&mut self, value: Value) -> Value {
        let ty = RegType::ranged(Repr::I64, 0, bounds::MAX_LENGTH);
        self.op(Op::Len, &[value], ty)
    }

    /// A constant as a value of a type.
    pub(super) fn constant(&mut self, constant: &Constant, ty: &Type) -> Lowered<Value> {
        let repr = Repr::of(ty);
        let int = match constant {
            Constant::Int(v) => Some(i128::from(*v)),
            Constant::Bool(v) => Some(i128::from(*v)),
            Constant::BigInt(digits) => digits.parse::<i128>().ok(),
            _ => None,
        };
        Ok(match (repr, constant) {
            (Repr::Obj, c) => self.const_obj(c.clone()),
            (Repr::Bool, Constant::Bool(v)) => self.const_bool(*v),
            (Repr::Bool, Constant::Int(v)) => self.const_bool(*v != 0),
            (Repr::Int, Constant::Int(v)) => self.const_int(*v),
            (Repr::Int, Constant::BigInt(_) | Constant::Bool(_)) => {
                self.const_big(constant.clone())
            }
            (r, Constant::Float(bits)) if r.is_float() => self.float_constant(*bits, r),
            (r, _) if r.is_float() && int.is_some() => {
                let bits = (int.unwrap_or(0) as f64).to_bits();
                self.float_constant(bits, r)
            }
            (r, _) if r.is_machine_int() => match int {
                Some(v) if r == Repr::U64 && u64::try_from(v).is_ok() => {
                    self.const_mach(v as u64 as i64, r)
                }
                Some(v) if bounds::of_repr(r).is_some_and(|b| bounds::holds(b, v)) => {
                    self.const_mach(v as i64, r)
                }
                _ => return self.unsupported("a constant that does not fit its type"),
            },
            _ => return self.unsupported("a constant of another type than its place"),
        })
    }

    fn float_constant(&mut self, bits: u64, repr: Repr) -> Value {
        if repr == Repr::F64 {
            return self.const_f64(bits);
        }
        let rounded = f64::from_bits(bits) as f32;
        let bits = f64::from(rounded).to_bits();
        self.emit(Op::ConstFloat, &[], Imm::Float(bits), RegType::new(repr))
    }
}
