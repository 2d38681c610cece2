//! Calls: through cells and method tables, of objects, and of what the table of intrinsics knows.

use keelback_checker::interface::FunctionInterface;
use keelback_checker::tree::{Arg, Call, Callee};
use keelback_checker::types::{Name, Symbol, Type};
use keelback_stdlib::intrinsics::{self, Implementation};

use super::{Builder, Lowered, constructor_signature, signature_of};
use crate::errors::Raise;
use crate::function::{CellKind, CellRef, CheckContext, Imm, MethodRef, Reference, Value};
use crate::helpers::{Helper, HelperKind};
use crate::ops::{Cond, Op};
use crate::passes::bounds;
use crate::types::{RegType, Repr, Signature};

impl Builder<'_> {
    pub(super) fn call(&mut self, call: &Call, ty: &Type) -> Lowered<Value> {
        match &call.callee {
            Callee::Function { binding, function } => {
                let interface = self.function(function)?;
                let signature = signature_of(&interface);
                let args = self.arguments(call, &signature, &interface, 0)?;
                let kind = CellKind::Function {
                    module: binding.module,
                    name: binding.name,
                    target: *function,
                };
                Ok(self.call_cell(kind, signature, &args, ty))
            }
            Callee::Direct { function } => {
                let interface = self.function(function)?;
                let signature = signature_of(&interface);
                let args = self.arguments(call, &signature, &interface, 0)?;
                let kind = CellKind::Direct {
                    function: *function,
                };
                Ok(self.call_cell(kind, signature, &args, ty))
            }
            Callee::New { binding, class } => {
                let Some(interface) = self.interfaces.class(class) else {
                    return self
                        .unsupported(format!("the class `{}`, which is not known", class.name()));
                };
                let (signature, init) = constructor_signature(&interface, self.interfaces);
                let args = match &init {
                    Some(init) => self.arguments(call, &signature, init, 1)?,
                    None if call.args.is_empty() => Vec::new(),
                    None => return self.unsupported("arguments of a class without `__init__`"),
                };
                let kind = CellKind::Class {
                    module: binding.module,
                    name: binding.name,
                    target: *class,
                };
                Ok(self.call_cell(kind, signature, &args, ty))
            }
            Callee::Method { class, slot } => self.call_method(call, class, slot, ty),
            Callee::Intrinsic(name) => self.intrinsic(call, name, ty),
            Callee::Object { callee, keywords } => {
                let callee = self.object(callee)?;
                let mut args = vec![callee];
                args.extend(self.object_arguments(call)?);
                let imm = self.reference(Reference::Keywords(keywords.clone()));
                Ok(self.emit(Op::CallObject, &args, imm, RegType::obj()))
            }
            Callee::ObjectMethod { name, keywords } => {
                let args = self.object_arguments(call)?;
                if args.is_empty() {
                    return self.unsupported("a method call without a receiver");
                }
                let imm = self.reference(Reference::Named {
                    name: *name,
                    keywords: keywords.clone(),
                });
                Ok(self.emit(Op::CallNamed, &args, imm, RegType::obj()))
            }
            Callee::Unpacked { callee } => {
                let callee = self.object(callee)?;
                let args = self.object_arguments(call)?;
                let [positional, named] = args[..] else {
                    return self.unsupported("an unpacking call of an unknown form");
                };
                let args = [callee, positional, named];
                Ok(self.helper_value(Helper::call_unpacked, &args))
            }
        }
    }

    fn function(&self, symbol: &Symbol) -> Lowered<std::sync::Arc<FunctionInterface>> {
        match self.interfaces.function(symbol) {
            Some(interface) => Ok(interface),
            None => self.unsupported(format!(
                "a call of `{}`, whose signature is not known",
                symbol.name()
            )),
        }
    }

    fn call_cell(
        &mut self,
        kind: CellKind,
        signature: Signature,
        args: &[Value],
        ty: &Type,
    ) -> Value {
        let result = result_type(signature.ret, ty);
        let imm = self.reference(Reference::Cell(CellRef { kind, signature }));
        self.emit(Op::Call, args, imm, result)
    }

    fn call_method(
        &mut self,
        call: &Call,
        class: &Symbol,
        slot: &Name,
        ty: &Type,
    ) -> Lowered<Value> {
        let interface = self.interfaces.class(class);
        let layout = interface.as_ref().and_then(|c| c.layout.as_ref().ok());
        let found = layout.and_then(|l| {
            let index = l.method(slot)?;
            Some((index, l.methods.get(index)?))
        });
        let Some((index, entry)) = found else {
            return self.unsupported(format!("the method `{slot}`, which has no slot"));
        };
        let introduced = self.function(&entry.introduced_by)?;
        let function = self.function(&entry.function)?;
        let signature = signature_of(&introduced);
        let args = self.arguments(call, &signature, &function, 0)?;
        let result = result_type(signature.ret, ty);
        let imm = self.reference(Reference::Method(MethodRef {
            class: *class,
            slot: index as u32,
            name: *slot,
            signature,
        }));
        Ok(self.emit(Op::CallMethod, &args, imm, result))
    }

    /// Arguments in the representations of a signature; defaults that are left out are loaded from the function, of which the first argument is
    /// parameter `skipped`.
    fn arguments(
        &mut self,
        call: &Call,
        signature: &Signature,
        function: &FunctionInterface,
        skipped: usize,
    ) -> Lowered<Vec<Value>> {
        if call.args.len() != signature.params.len() {
            return self.unsupported("a call whose arguments do not agree with the signature");
        }
        let mut values = Vec::with_capacity(call.args.len());
        for (arg, repr) in call.args.iter().zip(&signature.params) {
            let value = match arg {
                Arg::Value(e) => self.expr(e)?,
                Arg::Default(index) => self.default(function, index + skipped)?,
            };
            values.push(self.coerce(value, &RegType::new(*repr)));
        }
        Ok(values)
    }

    fn default(&mut self, function: &FunctionInterface, index: usize) -> Lowered<Value> {
        let Some(param) = function.params.get(index) else {
            return self.unsupported("a default of a parameter that is not there");
        };
        let imm = self.reference(Reference::Default {
            function: function.symbol,
            param: index as u32,
            name: param.name,
        });
        let value = self.emit(Op::DefaultLoad, &[], imm, RegType::obj());
        if !param.annotated {
            return Ok(value);
        }
        let context = CheckContext::Argument {
            function: Name::new(function.symbol.name()),
            param: param.name,
        };
        let ty = param.ty;
        Ok(self.checked(value, &ty, context))
    }

    fn object_arguments(&mut self, call: &Call) -> Lowered<Vec<Value>> {
        call.args
            .iter()
            .map(|arg| match arg {
                Arg::Value(e) => self.object(e),
                Arg::Default(_) => self.unsupported("a default of a dynamic call"),
            })
            .collect()
    }

    // --- intrinsics ---

    fn intrinsic(&mut self, call: &Call, name: &str, ty: &Type) -> Lowered<Value> {
        let Some(entry) = intrinsics::by_name(name) else {
            return self.unsupported(format!("a call of the builtin `{name}`"));
        };
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            match arg {
                Arg::Value(e) => args.push(self.expr(e)?),
                Arg::Default(_) => return self.unsupported("a default of a builtin"),
            }
        }
        if args.len() != entry.params.len() {
            return self.unsupported(format!(
                "a call of the builtin `{name}` with other arguments"
            ));
        }
        match entry.implementation {
            Implementation::Helper(helper) => match Helper::from_name(helper) {
                Some(helper) if helper.info().params.len() == args.len() => {
                    Ok(self.call_helper(helper, &args, ty))
                }
                _ => self.unsupported(format!("a call of the builtin `{name}`")),
            },
            Implementation::Inline => self.inline_intrinsic(name, &args),
            Implementation::Named => {
                self.unsupported(format!("a call of the builtin method `{name}`"))
            }
        }
    }

    /// A helper with arguments as its row takes them; `None` as the value of one that gives nothing.
    fn call_helper(&mut self, helper: Helper, args: &[Value], ty: &Type) -> Value {
        let args: Vec<Value> = args
            .iter()
            .zip(helper.info().params)
            .map(|(arg, (_, kind))| match kind {
                HelperKind::obj => self.boxed(*arg),
                HelperKind::int => self.numeric(*arg, Repr::Int),
                HelperKind::i64 => self.numeric(*arg, Repr::I64),
                HelperKind::u64 => self.numeric(*arg, Repr::U64),
                HelperKind::f64 => self.numeric(*arg, Repr::F64),
                HelperKind::bool => self.truth(*arg),
                HelperKind::ptr | HelperKind::unit => *arg,
            })
            .collect();
        if helper.info().ret == HelperKind::unit {
            self.helper_effect(helper, &args);
            return self.none();
        }
        let value = self.helper_value(helper, &args);
        let known = RegType::of(ty);
        if known.repr == Repr::Obj && self.repr(value) == Repr::Obj {
            return self.retype(value, &known);
        }
        value
    }

    fn inline_intrinsic(&mut self, name: &str, args: &[Value]) -> Lowered<Value> {
        Ok(match (name, args) {
            ("len", [object]) => {
                let object = self.boxed(*object);
                let length = self.any_length(object);
                self.numeric(length, Repr::Int)
            }
            ("abs.float" | "math.fabs", [value]) => {
                let repr = self.repr(*value);
                self.op(Op::FloatAbs, &[*value], RegType::new(repr))
            }
            ("math.sqrt", [value]) => {
                let value = self.numeric(*value, Repr::F64);
                self.op(Op::FloatSqrt, &[value], RegType::new(Repr::F64))
            }
            ("min.int" | "min.float", [a, b]) => self.extreme(*a, *b, Cond::Lt)?,
            ("max.int" | "max.float", [a, b]) => self.extreme(*a, *b, Cond::Gt)?,
            ("dict.get", [dict, key]) => {
                let (dict, key) = (self.boxed(*dict), self.boxed(*key));
                let none = self.none();
                self.helper_value(Helper::dict_get, &[dict, key, none])
            }
            ("dict.pop", [dict, key]) => {
                let (dict, key) = (self.boxed(*dict), self.boxed(*key));
                let null = self.null();
                self.helper_value(Helper::dict_pop, &[dict, key, null])
            }
            _ => return self.unsupported(format!("a call of the builtin `{name}`")),
        })
    }

    /// `len` of any object, as `i64`.
    fn any_length(&mut self, object: Value) -> Value {
        const KNOWN: [&str; 6] = ["list", "tuple", "str", "bytes", "dict", "set"];
        let known = RegType::ranged(Repr::I64, 0, bounds::MAX_LENGTH);
        let ty = self.f.ty(object).clone();
        if KNOWN.iter().any(|c| ty.is_exact_builtin(c)) {
            return self.length(object);
        }
        let class = ty.class.filter(|_| !ty.nullable);
        if class
            .as_ref()
            .is_some_and(|c| &*c.module == "__static__" && c.name() == "Array")
        {
            return self.op(Op::ArrayLen, &[object], known);
        }
        let Some(class) = class.filter(|c| KNOWN.iter().any(|k| c.is_builtin(k))) else {
            // A `range` may be longer than anything that is in memory.
            return self.helper(Helper::object_len, &[object], RegType::new(Repr::I64));
        };
        // Exactly such an object, most likely; an instance of a subclass may have a `__len__` of its own.
        let (direct, general, done) = (self.new_block(), self.cold_block(), self.new_block());
        let result = self.param(done, known.clone());
        let imm = self.reference(Reference::Class(class));
        let is = self.emit(Op::TypeIs, &[object], imm, RegType::new(Repr::Bool));
        self.branch(is, direct, general);
        self.start(direct);
        let exact = self.retype(object, &RegType::instance(class, true));
        let length = self.length(exact);
        self.jump(done, &[length]);
        self.start(general);
        let length = self.helper(Helper::object_len, &[object], RegType::new(Repr::I64));
        // A container that is in memory is never so long, whatever its `__len__` says; what follows relies on it.
        let most = self.const_i64(bounds::MAX_LENGTH);
        let ty = RegType::new(Repr::Bool);
        let beyond = self.emit(Op::MachCmp, &[length, most], Imm::Cond(Cond::Gt), ty);
        let (raising, fine) = (self.cold_block(), self.new_block());
        self.branch(beyond, raising, fine);
        self.start(raising);
        let number = self.const_i64(Raise::LengthOverflow.number());
        self.helper_effect(Helper::raise_fixed, &[number]);
        self.unreachable();
        self.start(fine);
        let length = self.retype(length, &known);
        self.jump(done, &[length]);
        self.start(done);
        result
    }

    /// The second where it compares so with the first, else the first: what CPython does with equals and NaN.
    fn extreme(&mut self, a: Value, b: Value, cond: Cond) -> Lowered<Value> {
        let test = self.compare_values(cond, b, a, true)?;
        let ty = RegType::new(self.repr(a));
        let range = match (self.f.ty(a).range, self.f.ty(b).range) {
            (Some(x), Some(y)) => Some((x.0.min(y.0), x.1.max(y.1))),
            _ => None,
        };
        let (second, first, done) = (self.new_block(), self.new_block(), self.new_block());
        let result = self.param(done, RegType { range, ..ty });
        self.branch(test, second, first);
        self.start(second);
        self.jump(done, &[b]);
        self.start(first);
        self.jump(done, &[a]);
        self.start(done);
        Ok(result)
    }

    /// A call of an object with objects.
    pub(super) fn call_object(&mut self, args: &[Value]) -> Value {
        let imm = self.reference(Reference::Keywords(Vec::new()));
        self.emit(Op::CallObject, args, imm, RegType::obj())
    }

    /// A method of an object by name.
    pub(super) fn call_named(&mut self, name: &Name, args: &[Value]) -> Value {
        let imm = self.reference(Reference::Named {
            name: *name,
            keywords: Vec::new(),
        });
        self.emit(Op::CallNamed, args, imm, RegType::obj())
    }
}

/// What is known of a native call's result.
fn result_type(ret: Repr, ty: &Type) -> RegType {
    let known = RegType::of(ty);
    if known.repr == ret {
        known
    } else {
        RegType::new(ret)
    }
}
