//! Types as people read them.

use std::fmt;

use super::Type;

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
            Type::Callable(None, r) => write!(f, "Callable[..., {r}]"),
            Type::Callable(Some(params), r) => {
                f.write_str("Callable[[")?;
                list(f, params, ", ")?;
                write!(f, "], {r}]")
            }
            Type::TypeVar(name, _) => f.write_str(name),
        }
    }
}
