//! Functions that stand for no source: constructors, stand-ins for names and methods that were rebound, adapters between signatures.

use keelback_checker::interface::{ClassInterface, FunctionInterface, FunctionKind, ParamKind};
use keelback_checker::types::{Name, Symbol, Type};

use super::{
    Builder, Interfaces, Lowered, constructor_signature, param_repr, signature_of, synthesised,
};
use crate::function::{CellKind, CellRef, CheckContext, Function, Origin, Reference, Value};
use crate::helpers::Helper;
use crate::ops::Op;
use crate::types::{RegType, Repr, Signature};

/// The constructor of a laid-out class: allocates an instance and calls `__init__`. Its native signature is that of `__init__` without `self`, and
/// it returns the instance.
///
/// # Errors
///
/// When the class has no layout.
pub fn constructor(class: &ClassInterface, interfaces: &dyn Interfaces) -> Lowered<Function> {
    let (signature, init) = constructor_signature(class, interfaces);
    let origin = Origin::Constructor(class.symbol);
    let kind = FunctionKind::Function;
    let mut b = synthesised(&class.symbol, origin, kind, signature, interfaces);
    if class.layout.is_err() {
        return b.unsupported("a class that is not laid out");
    }
    let args = b.parameters();
    let imm = b.reference(Reference::Class(class.symbol));
    let ty = RegType::instance(class.symbol, true);
    let object = b.emit(Op::New, &[], imm, ty);
    if let Some(init) = init {
        let mut all = vec![object];
        all.extend(args);
        b.call_direct(&init, &all);
    }
    b.end(Op::Return, &[object], &[]);
    b.finish()
}

/// What stands in for a name that was rebound: looks the name up, boxes the arguments, calls what it finds and checks the result.
///
/// # Errors
///
/// When what the cell was bound to is not known.
pub fn thunk(cell: &CellRef, interfaces: &dyn Interfaces) -> Lowered<Function> {
    let (symbol, found) = match &cell.kind {
        CellKind::Function {
            module,
            name,
            target,
        } => (*target, (*module, *name)),
        CellKind::Class {
            module,
            name,
            target,
        } => (*target, (*module, *name)),
        CellKind::Direct { function } => return direct_thunk(cell, function, interfaces),
    };
    let interface = interfaces.function(&symbol);
    let origin = Origin::Thunk(cell.kind.clone());
    let kind = FunctionKind::Function;
    let mut b = synthesised(&symbol, origin, kind, cell.signature.clone(), interfaces);
    let params = b.parameters();
    let callee = b.global(&found.0, &found.1);
    let result = match (&cell.kind, &interface) {
        (CellKind::Class { target, .. }, _) => {
            let init = interfaces
                .class(target)
                .and_then(|c| constructor_signature(&c, interfaces).1);
            b.call_with(callee, &params, init.as_deref(), 1)?
        }
        (_, f) => b.call_with(callee, &params, f.as_deref(), 0)?,
    };
    let returns = match (&cell.kind, &interface) {
        (CellKind::Class { target, .. }, _) => Type::Instance(*target, [].into()),
        (_, Some(f)) => f.returns,
        (_, None) => Type::Dynamic,
    };
    b.return_checked(result, &returns, &symbol.qualname);
    b.finish()
}

/// For a function in a class that is called without dispatch: found in the class that defines it, by its name.
fn direct_thunk(
    cell: &CellRef,
    function: &Symbol,
    interfaces: &dyn Interfaces,
) -> Lowered<Function> {
    let Some(interface) = interfaces.function(function) else {
        let origin = Origin::Thunk(cell.kind.clone());
        let kind = FunctionKind::Function;
        let b = synthesised(function, origin, kind, cell.signature.clone(), interfaces);
        return b.unsupported("a function whose signature is not known");
    };
    let origin = Origin::Thunk(cell.kind.clone());
    let mut b = synthesised(
        function,
        origin,
        interface.kind,
        cell.signature.clone(),
        interfaces,
    );
    let params = b.parameters();
    let mut parts = function.qualname.split('.').collect::<Vec<_>>();
    // A setter's qualified name has a part of its own.
    if interface.kind == FunctionKind::Setter {
        parts.pop();
    }
    let attribute = parts.pop().unwrap_or("");
    let mut parts = parts.into_iter();
    let first = Name::new(parts.next().unwrap_or(attribute));
    let mut owner = b.global(&function.module, &first);
    for part in parts {
        let name = b.const_name(part);
        owner = b.helper_value(Helper::object_getattr, &[owner, name]);
    }
    let result = match interface.kind {
        FunctionKind::Property => {
            let found = b.class_attribute(owner, attribute);
            let get = b.const_name("fget");
            let get = b.helper_value(Helper::object_getattr, &[found, get]);
            b.call_with(get, &params, Some(&interface), 0)?
        }
        FunctionKind::Setter => {
            let found = b.class_attribute(owner, attribute);
            let set = b.const_name("fset");
            let set = b.helper_value(Helper::object_getattr, &[found, set]);
            b.call_with(set, &params, Some(&interface), 0)?
        }
        // Reached through the class a class method has its first argument already.
        FunctionKind::ClassMethod if !params.is_empty() => {
            let name = b.const_name(attribute);
            let found = b.helper_value(Helper::object_getattr, &[params[0], name]);
            b.call_with(found, &params[1..], Some(&interface), 1)?
        }
        _ => {
            let found = b.class_attribute(owner, attribute);
            b.call_with(found, &params, Some(&interface), 0)?
        }
    };
    b.return_checked(result, &interface.returns, &function.qualname);
    b.finish()
}

/// What stands in for a method of a class below, or one that was rebound: calls by name on the receiver and checks the result.
///
/// # Errors
///
/// When the function has no receiver.
pub fn method_thunk(
    function: &FunctionInterface,
    interfaces: &dyn Interfaces,
) -> Lowered<Function> {
    let origin = Origin::MethodThunk(function.symbol);
    let signature = signature_of(function);
    let mut b = synthesised(
        &function.symbol,
        origin,
        function.kind,
        signature,
        interfaces,
    );
    let params = b.parameters();
    let Some(&receiver) = params.first() else {
        return b.unsupported("a method without a receiver");
    };
    let shown = function.symbol.name().to_owned();
    let result = match function.kind {
        FunctionKind::Property => {
            let name = b.const_name(&shown);
            b.helper_value(Helper::object_getattr, &[receiver, name])
        }
        FunctionKind::Setter => {
            let attribute = function
                .symbol
                .qualname
                .rsplit('.')
                .nth(1)
                .unwrap_or("")
                .to_owned();
            let [_, value] = params[..] else {
                return b.unsupported("a setter of another form");
            };
            let value = b.boxed(value);
            let name = b.const_name(&attribute);
            b.helper_effect(Helper::object_setattr, &[receiver, name, value]);
            b.none()
        }
        _ if function
            .params
            .iter()
            .all(|p| matches!(p.kind, ParamKind::Positional | ParamKind::PositionalOnly)) =>
        {
            let objects: Vec<Value> = params.iter().map(|v| b.boxed(*v)).collect();
            b.call_named(&Name::new(&shown), &objects)
        }
        _ => {
            let name = b.const_name(&shown);
            let bound = b.helper_value(Helper::object_getattr, &[receiver, name]);
            b.call_with(bound, &params[1..], Some(function), 1)?
        }
    };
    b.return_checked(result, &function.returns, &function.symbol.qualname);
    b.finish()
}

/// Gives a function the native signature of the slot that it fills in a base class's method table.
///
/// # Errors
///
/// When the two take different numbers of arguments.
pub fn adapter(
    slot: &Signature,
    function: &FunctionInterface,
    interfaces: &dyn Interfaces,
) -> Lowered<Function> {
    let origin = Origin::Adapter(function.symbol);
    let mut b = synthesised(
        &function.symbol,
        origin,
        function.kind,
        slot.clone(),
        interfaces,
    );
    let params = b.parameters();
    if params.len() != function.params.len() {
        return b.unsupported("an override with another number of parameters");
    }
    let mut args = Vec::new();
    for (value, param) in params.into_iter().zip(&function.params) {
        let want = param_repr(param);
        // A wider parameter type of the slot is checked when the override declares a narrower one.
        let value = if b.repr(value) == Repr::Obj && want != Repr::Obj {
            let context = CheckContext::Argument {
                function: Name::new(function.symbol.name()),
                param: param.name,
            };
            b.unbox(value, &param.ty, Some(context))
        } else {
            b.coerce(value, &RegType::new(want))
        };
        args.push(value);
    }
    let result = b.call_direct(function, &args);
    let ret = RegType::new(slot.ret);
    let result = b.coerce(result, &ret);
    b.end(Op::Return, &[result], &[]);
    b.finish()
}

impl Builder<'_> {
    /// The entry block's parameters as the signature has them.
    fn parameters(&mut self) -> Vec<Value> {
        let reprs = self.f.signature.params.clone();
        reprs
            .into_iter()
            .map(|repr| {
                let value = self.f.value(RegType::new(repr));
                self.f.blocks[0].params.push(value);
                value
            })
            .collect()
    }

    fn call_direct(&mut self, function: &FunctionInterface, args: &[Value]) -> Value {
        let signature = signature_of(function);
        let result = RegType::new(signature.ret);
        let kind = CellKind::Direct {
            function: function.symbol,
        };
        let imm = self.reference(Reference::Cell(CellRef { kind, signature }));
        self.emit(Op::Call, args, imm, result)
    }

    fn class_attribute(&mut self, class: Value, name: &str) -> Value {
        // Through the class's own dict a property stays what it is; `__dict__` of a class is a mapping.
        let name = self.const_name(name);
        self.helper_value(Helper::object_getattr, &[class, name])
    }

    /// Calls an object with native arguments as the parameters of a function take them; the first is parameter `skipped`.
    fn call_with(
        &mut self,
        callee: Value,
        args: &[Value],
        function: Option<&FunctionInterface>,
        skipped: usize,
    ) -> Lowered<Value> {
        let mut positional = vec![callee];
        let mut named: Vec<(Name, Value)> = Vec::new();
        let mut rest = None;
        let mut keywords = None;
        for (index, arg) in args.iter().enumerate() {
            let param = function.and_then(|f| f.params.get(index + skipped));
            let value = self.boxed(*arg);
            match param.map(|p| p.kind) {
                None | Some(ParamKind::Positional | ParamKind::PositionalOnly) => {
                    positional.push(value);
                }
                Some(ParamKind::KeywordOnly) => {
                    let name = param.map_or_else(|| Name::new(""), |p| p.name);
                    named.push((name, value));
                }
                Some(ParamKind::VarPositional) => rest = Some(value),
                Some(ParamKind::VarKeyword) => keywords = Some(value),
            }
        }
        if rest.is_none() && keywords.is_none() {
            if named.is_empty() {
                return Ok(self.call_object(&positional));
            }
            let names = named.iter().map(|(n, _)| *n).collect();
            positional.extend(named.iter().map(|(_, v)| *v));
            let imm = self.reference(Reference::Keywords(names));
            return Ok(self.emit(Op::CallObject, &positional, imm, RegType::obj()));
        }
        // In its general form: one tuple and one dict.
        let tuple = RegType::instance(Symbol::new("builtins", "tuple"), true);
        let mut all = self.op(Op::TupleNew, &positional[1..], tuple);
        if let Some(rest) = rest {
            let number = self.const_i64(keelback_checker::tree::BinaryOp::Add as i64);
            all = self.helper_value(Helper::object_binary, &[all, rest, number]);
        }
        let mut items = Vec::new();
        for (name, value) in &named {
            items.push(self.const_name(name));
            items.push(*value);
        }
        let dict = RegType::instance(Symbol::new("builtins", "dict"), true);
        let mut dict = self.op(Op::DictNew, &items, dict);
        if let Some(keywords) = keywords {
            let number = self.const_i64(keelback_checker::tree::BinaryOp::Or as i64);
            dict = self.helper_value(Helper::object_binary, &[dict, keywords, number]);
        }
        Ok(self.helper_value(Helper::call_unpacked, &[callee, all, dict]))
    }

    /// Returns an object that is to be of a type, with the message of a wrong return.
    fn return_checked(&mut self, value: Value, returns: &Type, name: &str) {
        let context = CheckContext::Return(Name::new(name));
        let checked = self.checked(value, returns, context);
        let ret = RegType::new(self.f.signature.ret);
        let value = self.coerce(checked, &ret);
        self.end(Op::Return, &[value], &[]);
    }
}
