//! Types of values that can be told from the expression alone, without inferring a function's body.
//!
//! Used for what an interface needs to know and nobody declared: fields that methods assign, bare `Final` names, class
//! attributes. What is not simple is dynamic; the result must never be narrower than what full inference finds.

use std::sync::Arc;

use keelback_parser::ast::{CmpOp, Expr, Number, Operator, UnaryOp};

use crate::annotation::Scope;
use crate::db::Db;
use crate::interface::{FunctionInterface, ParamKind};
use crate::symbols::Resolved;
use crate::types::{Name, Primitive, Symbol, Type, Types, VariableKind};

/// Tells types of simple expressions.
pub(crate) struct SimpleTypes<'a, 'db> {
    scope: &'a Scope<'db>,
    function: Option<Arc<FunctionInterface>>,
}

impl<'a, 'db> SimpleTypes<'a, 'db> {
    /// For expressions in the body of a class or module.
    pub(crate) fn new(scope: &'a Scope<'db>) -> Self {
        SimpleTypes {
            scope,
            function: None,
        }
    }

    /// For expressions in the method called `method`, whose parameters are known.
    pub(crate) fn in_method(scope: &'a Scope<'db>, db: &'db dyn Db, method: &Name) -> Self {
        let function = crate::signatures::function_in(db, scope.file(), method);
        SimpleTypes { scope, function }
    }

    /// The type of `expr`; dynamic when it is not simple.
    pub(crate) fn ty(&self, expr: &Expr) -> Type {
        match expr {
            Expr::NoneLiteral(_) => Type::None,
            Expr::BooleanLiteral(_) => Type::bool(),
            Expr::NumberLiteral(literal) => match literal.value {
                Number::Int(_) => Type::int(),
                Number::Float(_) => Type::float(),
                Number::Complex { .. } => Type::builtin("complex"),
            },
            Expr::StringLiteral(_) | Expr::FString(_) => Type::str(),
            Expr::BytesLiteral(_) => Type::builtin("bytes"),
            Expr::List(list) => container("list", [self.join(&list.elts)]),
            Expr::Set(set) => container("set", [self.join(&set.elts)]),
            Expr::ListComp(_) => Type::builtin("list"),
            Expr::SetComp(_) => Type::builtin("set"),
            Expr::DictComp(_) => Type::builtin("dict"),
            Expr::Dict(dict) => {
                let keys: Option<Vec<Type>> = dict
                    .items
                    .iter()
                    .map(|item| Some(self.ty(item.key.as_ref()?)))
                    .collect();
                let values = dict.items.iter().map(|item| self.ty(&item.value)).collect();
                container("dict", [keys.map_or(Type::Dynamic, join), join(values)])
            }
            Expr::Tuple(tuple) if !tuple.elts.iter().any(Expr::is_starred_expr) => Type::Tuple(
                tuple
                    .elts
                    .iter()
                    .map(|item| self.ty(item).boxed())
                    .collect(),
            ),
            Expr::Name(name) => self.name(name.id.as_str()),
            Expr::Call(call) => self.call(&call.func),
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOp::Not => Type::bool(),
                _ => {
                    let operand = self.ty(&unary.operand);
                    let is_number = operand.is_builtin("int") || operand.is_builtin("float");
                    if is_number || matches!(operand, Type::Primitive(_)) {
                        operand
                    } else {
                        Type::Dynamic
                    }
                }
            },
            Expr::BinOp(operation) => self.binary(
                operation.op,
                &self.ty(&operation.left),
                &self.ty(&operation.right),
            ),
            Expr::Compare(node) => {
                // Other types' comparisons may give anything.
                let is_plain = |expr: &Expr| {
                    let ty = self.ty(expr);
                    ["int", "float", "str", "bool"]
                        .iter()
                        .any(|name| ty.is_builtin(name))
                        || matches!(ty, Type::Primitive(_))
                };
                let all_plain = is_plain(&node.left) && node.comparators.iter().all(is_plain);
                if all_plain {
                    Type::bool()
                } else {
                    Type::Dynamic
                }
            }
            Expr::If(node) => join(vec![
                self.branch(&node.test, true, &node.body),
                self.branch(&node.test, false, &node.orelse),
            ]),
            _ => Type::Dynamic,
        }
    }

    /// The type of `value` where `test` came out as `truth`: `x if x is not None else …`.
    fn branch(&self, test: &Expr, truth: bool, value: &Expr) -> Type {
        let ty = self.ty(value);
        let Expr::Name(name) = value else { return ty };
        let is_same = |expr: &Expr| matches!(expr, Expr::Name(other) if other.id == name.id);
        let has_value = match test {
            Expr::Name(_) => truth && is_same(test),
            Expr::Compare(node) => match (&*node.ops, &*node.comparators) {
                ([op @ (CmpOp::Is | CmpOp::IsNot)], [Expr::NoneLiteral(_)]) => {
                    is_same(&node.left) && truth == (*op == CmpOp::IsNot)
                }
                _ => false,
            },
            _ => false,
        };
        if has_value { ty.without_none() } else { ty }
    }

    fn join(&self, items: &[Expr]) -> Type {
        if items.iter().any(Expr::is_starred_expr) {
            return Type::Dynamic;
        }
        join(items.iter().map(|item| self.ty(item)).collect())
    }

    fn name(&self, name: &str) -> Type {
        let params = self.function.iter().flat_map(|function| &function.params);
        let Some(param) = params.into_iter().find(|param| &*param.name == name) else {
            return if self.is_local(name) {
                Type::Dynamic
            } else {
                self.scope.global_type(name)
            };
        };
        // The name may have been assigned again by the time it is read. A declared parameter keeps its type.
        match param.kind {
            ParamKind::VarPositional => Type::builtin("tuple"),
            ParamKind::VarKeyword => Type::builtin("dict"),
            _ if param.annotated => self.outside(&param.ty),
            _ => Type::Dynamic,
        }
    }

    /// A type that the method declares, as other methods see it: what it is generic in itself stands for nothing there.
    fn outside(&self, ty: &Type) -> Type {
        let method = self.function.as_ref().map(|function| function.symbol);
        ty.substitute(&|variable| {
            let is_own = variable.owner.is_some() && variable.owner == method;
            (is_own && variable.kind != VariableKind::Type).then_some(Type::Dynamic)
        })
    }

    /// Whether the method binds the name, as a parameter or otherwise.
    fn is_local(&self, name: &str) -> bool {
        self.function
            .as_ref()
            .is_some_and(|function| self.scope.is_bound_in(&function.symbol.qualname, name))
    }

    fn call(&self, callee: &Expr) -> Type {
        // `Array[double](n)`
        if let Expr::Subscript(subscript) = callee
            && is_name(&subscript.value)
        {
            return match self.scope.ty(callee, &mut Vec::new()) {
                ty @ Type::Instance(..) if self.call(&subscript.value) != Type::Dynamic => ty,
                _ => Type::Dynamic,
            };
        }
        if !is_name(callee) || matches!(callee, Expr::Name(name) if self.is_local(name.id.as_str()))
        {
            return Type::Dynamic;
        }
        match self.scope.resolve(callee) {
            // `type(x)` is no instance of `type` alone; `super()` is no value to keep.
            Resolved::Class(symbol) if symbol.is_builtin("type") || symbol.is_builtin("super") => {
                Type::Dynamic
            }
            Resolved::Class(symbol) => self.constructed(symbol),
            Resolved::Primitive(primitive) => Type::Primitive(primitive),
            Resolved::Function(symbol) if &*symbol.module == "builtins" => {
                match &*symbol.qualname {
                    "len" | "ord" | "hash" | "id" => Type::int(),
                    "repr" | "chr" | "hex" | "bin" | "oct" | "ascii" | "input" => Type::str(),
                    "sorted" => Type::builtin("list"),
                    "isinstance" | "issubclass" | "callable" | "hasattr" | "any" | "all" => {
                        Type::bool()
                    }
                    _ => Type::Dynamic,
                }
            }
            Resolved::Function(symbol) => self.scope.declared_result(&symbol),
            _ => Type::Dynamic,
        }
    }

    /// What a call of the class gives, unless its `__new__` or its metaclass may give something else.
    fn constructed(&self, symbol: Symbol) -> Type {
        let is_plain = match &*symbol.module {
            "builtins" | "__static__" => true,
            _ => self.scope.is_plain_class(&symbol),
        };
        if is_plain {
            Type::Instance(symbol, Types::none())
        } else {
            Type::Dynamic
        }
    }

    fn binary(&self, op: Operator, left: &Type, right: &Type) -> Type {
        let number = |ty: &Type| ty.is_builtin("int") || ty.is_builtin("float");
        match (left, right) {
            (Type::Primitive(left), Type::Primitive(right)) if left == right => match op {
                Operator::Div => Type::Primitive(Primitive::Double),
                _ => Type::Primitive(*left),
            },
            (left, right) if number(left) && number(right) => {
                let is_float = left.is_builtin("float") || right.is_builtin("float");
                match op {
                    Operator::Add | Operator::Sub | Operator::Mult => {
                        if is_float {
                            Type::float()
                        } else {
                            Type::int()
                        }
                    }
                    Operator::FloorDiv | Operator::Mod if is_float => Type::float(),
                    Operator::FloorDiv | Operator::Mod => Type::int(),
                    Operator::Div => Type::float(),
                    Operator::LShift
                    | Operator::RShift
                    | Operator::BitAnd
                    | Operator::BitOr
                    | Operator::BitXor
                        if !is_float =>
                    {
                        Type::int()
                    }
                    _ => Type::Dynamic,
                }
            }
            (left, right)
                if left.is_builtin("str") && right.is_builtin("str") && op == Operator::Add =>
            {
                Type::str()
            }
            (left, right)
                if left.is_builtin("list") && right.is_builtin("int") && op == Operator::Mult =>
            {
                *left
            }
            _ => Type::Dynamic,
        }
    }
}

fn is_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(_) | Expr::Attribute(_))
}

fn join(types: Vec<Type>) -> Type {
    Type::union(types.into_iter().map(|ty| ty.boxed()))
}

/// A builtin container; its arguments are left out when they are not known, or when there is nothing in it.
fn container<const N: usize>(name: &str, args: [Type; N]) -> Type {
    let known = args
        .iter()
        .all(|ty| !matches!(ty, Type::Dynamic | Type::Never | Type::None));
    let args: Types = if known { args.into() } else { Types::none() };
    Type::Instance(Symbol::new("builtins", name), args)
}
