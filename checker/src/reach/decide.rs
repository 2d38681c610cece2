// Compiled into the build script as well, which prepares the stubs.
//! What the syntax alone decides about one platform: conditions, and which values are lists of names or may be types.

use keelback_parser::PythonVersion;
use keelback_parser::ast::{BoolOp, CmpOp, Expr, Number, Operator, UnaryOp};

/// Where a program runs, as far as conditions may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The Python that the program runs on.
    pub version: PythonVersion,
    /// `sys.platform`.
    pub platform: &'a str,
}

impl Target<'_> {
    /// The value of a condition, if it does not depend on the run.
    ///
    /// `TYPE_CHECKING` counts as true: what is declared under it is known to the checker.
    pub fn truth(&self, condition: &Expr) -> Option<bool> {
        match condition {
            Expr::BooleanLiteral(literal) => Some(literal.value),
            Expr::NoneLiteral(_) => Some(false),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(value) => value.as_u64().map(|value| value != 0),
                _ => None,
            },
            Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => Some(true),
            // Of `typing`, by whatever name it was imported.
            Expr::Attribute(node)
                if node.attr.as_str() == "TYPE_CHECKING" && node.value.is_name_expr() =>
            {
                Some(true)
            }
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                self.truth(&unary.operand).map(|value| !value)
            }
            Expr::BoolOp(operation) => {
                let decisive = operation.op == BoolOp::Or;
                let mut known = true;
                for value in &operation.values {
                    match self.truth(value) {
                        Some(value) if value == decisive => return Some(decisive),
                        Some(_) => {}
                        None => known = false,
                    }
                }
                known.then_some(!decisive)
            }
            Expr::Compare(compare) => {
                let ([op], [right]) = (&*compare.ops, &*compare.comparators) else {
                    return None;
                };
                self.comparison(&compare.left, *op, right)
            }
            Expr::Call(call) => {
                let Expr::Attribute(method) = &*call.func else {
                    return None;
                };
                let [Expr::StringLiteral(prefix)] = &*call.arguments.args else {
                    return None;
                };
                let is_prefix_test = method.attr.as_str() == "startswith"
                    && is_dotted(&method.value, &["sys", "platform"]);
                is_prefix_test.then(|| self.platform.starts_with(prefix.value.to_str()))
            }
            _ => None,
        }
    }

    fn comparison(&self, left: &Expr, op: CmpOp, right: &Expr) -> Option<bool> {
        if is_dotted(left, &["sys", "platform"]) {
            let Expr::StringLiteral(text) = right else {
                return None;
            };
            let equal = self.platform == text.value.to_str();
            return match op {
                CmpOp::Eq => Some(equal),
                CmpOp::NotEq => Some(!equal),
                _ => None,
            };
        }
        let version = [u64::from(self.version.major), u64::from(self.version.minor)];
        let (own, other) = if is_dotted(left, &["sys", "version_info"]) {
            let Expr::Tuple(tuple) = right else {
                return None;
            };
            let other = tuple
                .elts
                .iter()
                .map(small_int)
                .collect::<Option<Vec<_>>>()?;
            // The micro version is not known; more than two numbers are decided only by the first two.
            let other = other.into_iter().take(2).collect::<Vec<_>>();
            // `sys.version_info` is longer than the tuple, hence never equal to it, and greater when the start is equal.
            let own = if other.len() == 2 {
                vec![version[0], version[1], u64::MAX]
            } else {
                version.to_vec()
            };
            (own, other)
        } else if let Expr::Subscript(subscript) = left {
            let index = small_int(&subscript.slice)?;
            if !is_dotted(&subscript.value, &["sys", "version_info"]) {
                return None;
            }
            let part = *version.get(usize::try_from(index).ok()?)?;
            (vec![part], vec![small_int(right)?])
        } else {
            return None;
        };
        match op {
            CmpOp::Eq => Some(own == other),
            CmpOp::NotEq => Some(own != other),
            CmpOp::Lt => Some(own < other),
            CmpOp::LtE => Some(own <= other),
            CmpOp::Gt => Some(own > other),
            CmpOp::GtE => Some(own >= other),
            _ => None,
        }
    }
}

fn small_int(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_u64(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `expr` is the dotted name made of `parts`.
pub fn is_dotted(expr: &Expr, parts: &[&str]) -> bool {
    match (expr, parts) {
        (Expr::Name(name), [part]) => name.id.as_str() == *part,
        (Expr::Attribute(attribute), [rest @ .., part]) => {
            attribute.attr.as_str() == *part && is_dotted(&attribute.value, rest)
        }
        _ => false,
    }
}

/// The text of a dotted name, `None` for any other expression.
pub fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => {
            Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr))
        }
        _ => None,
    }
}

/// The last part of a dotted name.
pub fn last_part(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

/// The texts of a list or tuple of string literals, `None` for anything else.
pub fn string_list(expr: &Expr) -> Option<Vec<&str>> {
    let items = match expr {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    items
        .iter()
        .map(|item| match item {
            Expr::StringLiteral(text) => Some(text.value.to_str()),
            _ => None,
        })
        .collect()
}

/// Whether the value of an assignment may be a type, so that the name may be an alias.
pub fn may_be_type(value: &Expr) -> bool {
    match value {
        Expr::Name(_) | Expr::Attribute(_) | Expr::NoneLiteral(_) => true,
        Expr::Subscript(subscript) => may_be_type(&subscript.value),
        Expr::BinOp(operation) => {
            operation.op == Operator::BitOr
                && (may_be_type(&operation.left) || operation.left.is_string_literal_expr())
                && (may_be_type(&operation.right) || operation.right.is_string_literal_expr())
        }
        Expr::Call(call) => dotted(&call.func).is_some_and(|name| {
            let name = last_part(&name);
            matches!(
                name,
                "TypeVar" | "NewType" | "ParamSpec" | "TypeVarTuple" | "TypeAliasType"
            ) || may_make_class(name)
        }),
        _ => false,
    }
}

/// Names of what makes classes: only calls of these are looked at.
pub fn may_make_class(name: &str) -> bool {
    matches!(name, "TypedDict" | "NamedTuple" | "namedtuple") || is_enum_name(name)
}

/// Names of what makes enumerations.
pub fn is_enum_name(name: &str) -> bool {
    matches!(name, "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag")
}
