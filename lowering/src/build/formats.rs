//! F-strings.

use std::sync::Arc;

use keelback_checker::tree::{Conversion, Expr, ExprKind, FormatPiece};
use keelback_checker::types::{Constant, Symbol};

use super::{Builder, Lowered};
use crate::function::Value;
use crate::helpers::Helper;
use crate::ops::Op;
use crate::types::{RegType, Repr};

impl Builder<'_> {
    pub(super) fn format(&mut self, pieces: &[FormatPiece]) -> Lowered<Value> {
        let str = RegType::instance(Symbol::new("builtins", "str"), true);
        let mut parts = Vec::new();
        let mut text = String::new();
        for piece in pieces {
            match piece {
                FormatPiece::Text(t) => text.push_str(t),
                FormatPiece::Value {
                    value,
                    conversion,
                    spec,
                } => {
                    if !text.is_empty() {
                        let literal = std::mem::take(&mut text);
                        parts.push(self.const_obj(Constant::Str(Arc::from(literal))));
                    }
                    let part = self.format_value(value, *conversion, spec.as_ref())?;
                    parts.push(part);
                }
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(self.const_obj(Constant::Str(Arc::from(text))));
        }
        if let [only] = parts[..]
            && self.f.ty(only).is_exact_builtin("str")
        {
            return Ok(only);
        }
        Ok(self.op(Op::StrJoin, &parts, str))
    }

    fn format_value(
        &mut self,
        value: &Expr,
        conversion: Option<char>,
        spec: Option<&Expr>,
    ) -> Lowered<Value> {
        let str = RegType::instance(Symbol::new("builtins", "str"), true);
        // `str()` and `repr()` of exact builtin values give exact strings; `__str__` of others may give an instance of a subclass.
        if let (None, None) = (conversion, spec) {
            let inner = match &*value.kind {
                ExprKind::Convert(Conversion::Known, inner) => inner,
                _ => value,
            };
            let plain = self.expr(inner)?;
            let ty = self.f.ty(plain).clone();
            match ty.repr {
                Repr::Int => return Ok(self.helper(Helper::int_to_str, &[plain], str)),
                r if r.is_machine_int() => {
                    let number = self.numeric(plain, Repr::Int);
                    return Ok(self.helper(Helper::int_to_str, &[number], str));
                }
                r if r.is_float() => {
                    let number = self.numeric(plain, Repr::F64);
                    return Ok(self.helper(Helper::float_to_str, &[number], str));
                }
                _ if ty.is_exact_builtin("str") => return Ok(plain),
                _ => {}
            }
            let object = self.boxed(plain);
            let empty = self.const_name("");
            return Ok(self.helper_value(Helper::object_format, &[object, empty]));
        }
        let mut object = self.object(value)?;
        let helper = match conversion {
            None => None,
            Some('s') => Some(Helper::object_str),
            Some('r') => Some(Helper::object_repr),
            Some('a') => Some(Helper::object_ascii),
            Some(_) => return self.unsupported("an unknown conversion in an f-string"),
        };
        if let Some(helper) = helper {
            object = self.helper_value(helper, &[object]);
        }
        let spec = match spec {
            Some(spec) => self.object(spec)?,
            None => self.const_name(""),
        };
        Ok(self.helper_value(Helper::object_format, &[object, spec]))
    }
}
