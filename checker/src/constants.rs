//! Values known when compiling: literals, and `Final` names made of them.

use std::sync::Arc;

use keelback_parser::ast::{Expr, Int, Number, Operator, UnaryOp};

use crate::db::{Db, Definition, File};
use crate::index::{BindingKind, find_stmt, module_index};
use crate::symbols::{Resolved, resolve_in, resolve_member};
use crate::types::{Constant, Name, Type};

/// The constant of an integer literal.
pub fn int_constant(value: &Int) -> Constant {
    match value.as_i64() {
        Some(value) => Constant::Int(value),
        None => Constant::BigInt(Arc::from(decimal(&value.to_string()))),
    }
}

/// The decimal digits of a literal's text in any base.
fn decimal(text: &str) -> String {
    let text = text.replace('_', "");
    let (base, digits) = match text.get(..2) {
        Some("0x" | "0X") => (16, &text[2..]),
        Some("0o" | "0O") => (8, &text[2..]),
        Some("0b" | "0B") => (2, &text[2..]),
        _ => return text,
    };
    // Base 10^9, least significant first.
    let mut limbs = vec![0_u64];
    for digit in digits.chars().filter_map(|digit| digit.to_digit(base)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let value = *limb * u64::from(base) + carry;
            *limb = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut out = limbs.pop().unwrap_or(0).to_string();
    for limb in limbs.iter().rev() {
        out.push_str(&format!("{limb:09}"));
    }
    out
}

/// The constant that an expression without names is: a literal, a signed number, a tuple of such.
pub fn literal(expr: &Expr) -> Option<Constant> {
    evaluate(expr, &mut |_| None)
}

/// The value of an expression that is made of literals, arithmetic and `Final` names of `file` and of other modules.
pub fn constant(db: &dyn Db, file: File, expr: &Expr) -> Option<Constant> {
    evaluate(expr, &mut |name| {
        let resolved = match name {
            Expr::Name(name) => resolve_in(db, file, name.id.as_str()),
            Expr::Attribute(attribute) => {
                let Expr::Name(object) = &*attribute.value else {
                    return None;
                };
                match resolve_in(db, file, object.id.as_str()) {
                    Resolved::Module(module) => {
                        resolve_member(db, file, &module, attribute.attr.as_str())
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        match resolved {
            Resolved::Variable { file, name } => final_constant(db, file, &name),
            _ => None,
        }
    })
}

/// The value of the module-level `Final` name `name` of `file`, if it is known.
pub fn final_constant(db: &dyn Db, file: File, name: &Name) -> Option<Constant> {
    final_constant_query(db, Definition::new(db, file, *name))
}

#[salsa::tracked(returns(clone), cycle_result = no_constant)]
fn final_constant_query<'db>(db: &'db dyn Db, name: Definition<'db>) -> Option<Constant> {
    let file = name.file(db);
    if !crate::files::staticness(db, file).is_static() {
        return None;
    }
    let index = module_index(db, file);
    let [binding] = &index.scope.bindings.get(name.qualname(db))?[..] else {
        return None;
    };
    if binding.kind != (BindingKind::Annotated { has_value: true }) || binding.is_conditional {
        return None;
    }
    let parsed = crate::files::parsed(db, file);
    let node = find_stmt(&parsed, binding.stmt)?.as_ann_assign_stmt()?;
    let scope = crate::annotation::Scope::module(db, file);
    let annotation = scope.annotation(&node.annotation, &mut Vec::new());
    if !annotation.is_final {
        return None;
    }
    let value = constant(db, file, node.value.as_ref()?)?;
    Some(match &annotation.ty {
        Some(ty) => convert(value, ty),
        None => value,
    })
}

fn no_constant(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Constant> {
    None
}

/// An int where a float is declared is a float.
fn convert(value: Constant, ty: &Type) -> Constant {
    use crate::types::Primitive;
    let is_float = ty.is_builtin("float")
        || matches!(ty, Type::Primitive(Primitive::Double | Primitive::Single));
    match value {
        #[expect(clippy::cast_precision_loss, reason = "rounds as `float(int)` does")]
        Constant::Int(int) if is_float => Constant::Float((int as f64).to_bits()),
        Constant::Bool(bool) if is_float => Constant::Float(f64::from(u8::from(bool)).to_bits()),
        other => other,
    }
}

fn evaluate(expr: &Expr, name: &mut dyn FnMut(&Expr) -> Option<Constant>) -> Option<Constant> {
    Some(match expr {
        Expr::NoneLiteral(_) => Constant::None,
        Expr::EllipsisLiteral(_) => Constant::Ellipsis,
        Expr::BooleanLiteral(literal) => Constant::Bool(literal.value),
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => int_constant(value),
            Number::Float(value) => Constant::Float(value.to_bits()),
            Number::Complex { imag, .. } => Constant::Imaginary(imag.to_bits()),
        },
        Expr::StringLiteral(literal) => {
            let text = literal.value.to_str();
            // The parser stands a replacement character in for a lone surrogate, which a constant cannot hold.
            if text.contains('\u{fffd}') {
                return None;
            }
            Constant::Str(Arc::from(text))
        }
        Expr::BytesLiteral(literal) => {
            let bytes: Vec<u8> = literal.value.bytes().collect();
            Constant::Bytes(Arc::from(bytes))
        }
        Expr::Tuple(tuple) => {
            let items: Option<Vec<Constant>> =
                tuple.elts.iter().map(|item| evaluate(item, name)).collect();
            Constant::Tuple(Arc::from(items?))
        }
        Expr::UnaryOp(unary) => match (unary.op, evaluate(&unary.operand, name)?) {
            (UnaryOp::USub, Constant::Int(value)) => match value.checked_neg() {
                Some(value) => Constant::Int(value),
                None => Constant::BigInt(Arc::from("9223372036854775808")),
            },
            (UnaryOp::USub, Constant::BigInt(digits)) => match digits.strip_prefix('-') {
                Some(positive) => Constant::BigInt(Arc::from(positive)),
                None if &*digits == "9223372036854775808" => Constant::Int(i64::MIN),
                None => Constant::BigInt(Arc::from(format!("-{digits}"))),
            },
            (UnaryOp::USub, Constant::Float(bits)) => {
                Constant::Float((-f64::from_bits(bits)).to_bits())
            }
            (
                UnaryOp::UAdd,
                value @ (Constant::Int(_) | Constant::BigInt(_) | Constant::Float(_)),
            ) => value,
            (UnaryOp::Invert, Constant::Int(value)) => Constant::Int(!value),
            (UnaryOp::Not, Constant::Bool(value)) => Constant::Bool(!value),
            _ => return None,
        },
        Expr::BinOp(operation) => {
            let left = evaluate(&operation.left, name)?;
            let right = evaluate(&operation.right, name)?;
            binary(operation.op, &left, &right)?
        }
        Expr::Name(_) | Expr::Attribute(_) => name(expr)?,
        _ => return None,
    })
}

/// Arithmetic that is exact in 64 bits, or in a double as Python does it. Anything that raises, or leaves 64 bits, is not
/// evaluated.
fn binary(op: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    match (left, right) {
        (Constant::Int(left), Constant::Int(right)) => {
            let (left, right) = (*left, *right);
            Some(Constant::Int(match op {
                Operator::Add => left.checked_add(right)?,
                Operator::Sub => left.checked_sub(right)?,
                Operator::Mult => left.checked_mul(right)?,
                Operator::FloorDiv => floor_div(left, right)?,
                Operator::Mod => left.checked_sub(floor_div(left, right)?.checked_mul(right)?)?,
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?)?,
                Operator::LShift => {
                    let count = u32::try_from(right).ok().filter(|count| *count < 63)?;
                    left.checked_mul(1_i64 << count)?
                }
                Operator::RShift => left >> u32::try_from(right).ok()?.min(63),
                Operator::BitAnd => left & right,
                Operator::BitOr => left | right,
                Operator::BitXor => left ^ right,
                Operator::Div => return float_div(exact(left)?, exact(right)?),
                Operator::MatMult => return None,
            }))
        }
        (Constant::Str(left), Constant::Str(right)) if op == Operator::Add => {
            Some(Constant::Str(Arc::from(format!("{left}{right}"))))
        }
        _ => {
            let (left, right) = (as_float(left)?, as_float(right)?);
            let value = match op {
                Operator::Add => left + right,
                Operator::Sub => left - right,
                Operator::Mult => left * right,
                Operator::Div => return float_div(left, right),
                _ => return None,
            };
            Some(Constant::Float(value.to_bits()))
        }
    }
}

fn floor_div(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let is_exact = left.checked_rem(right)? == 0;
    Some(if is_exact || (left < 0) == (right < 0) {
        quotient
    } else {
        quotient - 1
    })
}

fn float_div(left: f64, right: f64) -> Option<Constant> {
    (right != 0.0).then(|| Constant::Float((left / right).to_bits()))
}

/// The double of an int that has one exactly: for others int division rounds once and ours would twice.
fn exact(value: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "the range is checked")]
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

/// A float, or an int beside one. Two ints never come here.
fn as_float(value: &Constant) -> Option<f64> {
    match value {
        Constant::Float(bits) => Some(f64::from_bits(*bits)),
        Constant::Int(value) => exact(*value),
        _ => None,
    }
}
