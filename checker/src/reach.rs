//! Conditions that are decided when compiling: the Python version, the platform, `TYPE_CHECKING`.

use keelback_parser::PythonVersion;
use keelback_parser::ast::{BoolOp, CmpOp, Expr, Number, UnaryOp};

/// What such conditions depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    /// The Python that the program runs on.
    pub python_version: PythonVersion,
    /// `sys.platform`.
    pub platform: crate::types::Name,
}

impl Environment {
    /// The project's.
    pub fn of(db: &dyn crate::db::Db) -> Environment {
        let project = db.project();
        Environment {
            python_version: project.python_version(db),
            platform: project.platform(db),
        }
    }

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
            Expr::Attribute(_) if is_dotted(condition, &["typing", "TYPE_CHECKING"]) => Some(true),
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
            let equal = *self.platform == *text.value.to_str();
            return match op {
                CmpOp::Eq => Some(equal),
                CmpOp::NotEq => Some(!equal),
                _ => None,
            };
        }
        let version = [
            u64::from(self.python_version.major),
            u64::from(self.python_version.minor),
        ];
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
pub(crate) fn is_dotted(expr: &Expr, parts: &[&str]) -> bool {
    match (expr, parts) {
        (Expr::Name(name), [part]) => name.id.as_str() == *part,
        (Expr::Attribute(attribute), [rest @ .., part]) => {
            attribute.attr.as_str() == *part && is_dotted(&attribute.value, rest)
        }
        _ => false,
    }
}

/// The text of a dotted name, `None` for any other expression.
pub(crate) fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => {
            Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr))
        }
        _ => None,
    }
}
