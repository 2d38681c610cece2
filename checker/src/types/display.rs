//! Types as people read them.

use std::fmt;

use super::{Rest, Signature, Type, VariableKind};
use crate::interface::ParamKind;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Type], sep: &str| -> fmt::Result {
            for (i, t) in items.iter().enumerate() {
                if i > 0 {
                    f.write_str(sep)?;
                }
                write!(f, "{t}")?;
            }
            Ok(())
        };
        match self {
            Type::Dynamic => f.write_str("dynamic"),
            Type::Never => f.write_str("Never"),
            Type::None => f.write_str("None"),
            Type::Primitive(p) => f.write_str(p.name()),
            Type::Instance(c, args) | Type::Exact(c, args) => {
                f.write_str(c.name())?;
                if !args.is_empty() {
                    f.write_str("[")?;
                    list(f, args, ", ")?;
                    if c.is_builtin("tuple") && args.len() == 1 {
                        f.write_str(", ...")?;
                    }
                    f.write_str("]")?;
                }
                Ok(())
            }
            Type::Tuple(items) if items.is_empty() => f.write_str("tuple[()]"),
            Type::Tuple(items) => {
                f.write_str("tuple[")?;
                list(f, items, ", ")?;
                f.write_str("]")
            }
            Type::Union(members) => list(f, members, " | "),
            Type::Literal(c) => write!(f, "Literal[{c}]"),
            Type::Class(c) => write!(f, "type[{}]", c.name()),
            Type::Function(s) => write!(f, "function {}", s.qualname),
            Type::Module(m) => write!(f, "module {m}"),
            Type::ClassOf(of) => write!(f, "type[{of}]"),
            Type::Method(_, s) => write!(f, "method {}", s.qualname),
            Type::EnumMember(c, name) => write!(f, "Literal[{}.{name}]", c.name()),
            Type::LiteralString => f.write_str("LiteralString"),
            Type::Callable(signature) => write!(f, "{signature}"),
            Type::Overloaded(signatures) => {
                f.write_str("Overload[")?;
                list(f, signatures, ", ")?;
                f.write_str("]")
            }
            Type::TypeVar(variable) => f.write_str(&variable.name),
            Type::ParametersOf(variable, false) => write!(f, "{}.args", variable.name),
            Type::ParametersOf(variable, true) => write!(f, "{}.kwargs", variable.name),
            Type::Parameters(signature) => match signature.rest {
                Rest::Anything if signature.params.is_empty() => f.write_str("..."),
                _ => {
                    f.write_str("[")?;
                    parameters(f, signature)?;
                    f.write_str("]")
                }
            },
            Type::Variadic(before, part, after) => {
                f.write_str("tuple[")?;
                for ty in before.iter() {
                    write!(f, "{ty}, ")?;
                }
                match **part {
                    Type::TypeVar(variable) if variable.kind == VariableKind::Tuple => {
                        write!(f, "*{}", variable.name)?;
                    }
                    part => write!(f, "*tuple[{part}, ...]")?,
                }
                for ty in after.iter() {
                    write!(f, ", {ty}")?;
                }
                f.write_str("]")
            }
            Type::New(symbol, _) => f.write_str(symbol.name()),
            Type::Guard(of, true) => write!(f, "TypeIs[{of}]"),
            Type::Guard(of, false) => write!(f, "TypeGuard[{of}]"),
            Type::Unpacked(of) => match **of {
                Type::Tuple(_) | Type::Variadic(..) | Type::Instance(..) => write!(f, "*{of}"),
                _ => write!(f, "Unpack[{of}]"),
            },
            Type::Alias(symbol, args) | Type::TypedDict(symbol, args) => {
                f.write_str(symbol.name())?;
                if !args.is_empty() {
                    f.write_str("[")?;
                    list(f, args, ", ")?;
                    f.write_str("]")?;
                }
                Ok(())
            }
        }
    }
}

/// The parameters as they are written in a `def`; those without a name by their types.
fn parameters(f: &mut fmt::Formatter<'_>, signature: &Signature) -> fmt::Result {
    let mut starred = false;
    for (i, p) in signature.params.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        if p.kind == ParamKind::KeywordOnly && !starred {
            f.write_str("*, ")?;
            starred = true;
        }
        match p.kind {
            ParamKind::VarPositional => {
                starred = true;
                write!(f, "*{}", p.name)?;
            }
            ParamKind::VarKeyword => write!(f, "**{}", p.name)?,
            _ => f.write_str(&p.name)?,
        }
        if p.name.is_empty() {
            write!(f, "{}", p.ty)?;
        } else {
            write!(f, ": {}", p.ty)?;
        }
        if p.optional && !matches!(p.kind, ParamKind::VarPositional | ParamKind::VarKeyword) {
            f.write_str(" = ...")?;
        }
        let next = signature.params.get(i + 1).map(|next| next.kind);
        if p.kind == ParamKind::PositionalOnly
            && !p.name.is_empty()
            && next != Some(ParamKind::PositionalOnly)
        {
            f.write_str(", /")?;
        }
    }
    let comma = if signature.params.is_empty() {
        ""
    } else {
        ", "
    };
    match signature.rest {
        Rest::Nothing => Ok(()),
        Rest::Anything => write!(f, "{comma}..."),
        Rest::Variable(variable) => write!(f, "{comma}**{}", variable.name),
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(types) = self.as_plain() {
            f.write_str("Callable[[")?;
            for (i, ty) in types.enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                write!(f, "{ty}")?;
            }
            return write!(f, "], {}]", self.returns);
        }
        if self.params.is_empty() {
            match self.rest {
                Rest::Anything => return write!(f, "Callable[..., {}]", self.returns),
                Rest::Variable(variable) => {
                    return write!(f, "Callable[{}, {}]", variable.name, self.returns);
                }
                Rest::Nothing => {}
            }
        }
        f.write_str("(")?;
        parameters(f, self)?;
        write!(f, ") -> {}", self.returns)
    }
}
