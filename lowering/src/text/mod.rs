//! The text form of typed bytecode: [`print`](print()) and [`parse`](parse()) are each other's inverse on a function whose registers, blocks and references are numbered in
//! order of appearance (see [`Function::renumber`](crate::function::Function::renumber)).
//!
//! One instruction stands on one line; `;` starts a comment. Names that are not made of letters, digits, `_` and `.`, or that look like a
//! register or a block, stand in double quotes.
//!
//! ```text
//! function    = "function" symbol kind [origin] signature "{" frame* block* "}"
//! kind        = "function" | "method" | "static" | "class" | "property" | "setter"
//! origin      = "constructor" symbol | "thunk" binding | "method_thunk" symbol | "adapter" symbol
//! signature   = "(" [repr {"," repr}] ")" "->" repr
//! frame       = "frame"N [symbol] "@" span                an inlined call: the callee, if it has source, and where it was called
//! block       = "block"N ["(" register ":" type {"," register ":" type} ")"] ["cold"] ":" instruction*
//! instruction = [register ":" type "="] ["borrow"] op [cond | helper] [item {"," item}] ["!" edge] ["@" span]
//! span        = start ".." end ":" line ["#" frame]
//! item        = register | immediate | edge              operands first, then the immediate, then targets
//! edge        = "block"N ["(" register {"," register} ")"]
//! type        = repr ["[" symbol ["!"] "]"] ["[" low ".." high "]"] ["?"]          `!` exactly, `?` the word may be 0
//! symbol      = name ":" name
//! immediate   = integer | float | "true" | "false" | reference
//! reference   by op:
//!   const.obj, const.big          constant | "class" symbol
//!   new, type.is, isinstance      symbol
//!   field.*                       symbol "." name "@" offset ":" repr
//!   call, cell.target             binding signature
//!   call.method, method.target    symbol "#" slot ":" name signature
//!   target.is                     ["constructor"] symbol signature
//!   global.*                      symbol
//!   check, unbox                  checked-type ("value" | "return" name | "attribute" name | "argument" name name)
//!   check.bound                   name
//!   call.object                   "[" [name {"," name}] "]"
//!   call.named                    name "[" [name {"," name}] "]"
//!   default.load                  symbol "#" param ":" name
//! binding     = ("function" | "class") symbol "=" symbol | "direct" symbol
//! constant    = "None" | "..." | "True" | "False" | integer | "big" digits | float | "imag" hex | string | "b" string | "(" {constant ","} ")"
//! float       = decimal with "." or "e" | "float" hex       the bits of an f64
//! checked-type = "dynamic" | "never" | "none" | "prim" name | symbol ["!"] ["[" types "]"] | "(" types ")" | "{" type {"|" type} "}" | "=" constant
//!             | "type" symbol | "def" symbol | "module" name | "call" ("..." | "(" types ")") "->" type | "var" name ["(" type ")"]
//! ```

mod parse;
mod print;

pub use parse::{ParseError, parse};
pub use print::{instruction, print};

use keelback_checker::interface::FunctionKind;

/// Kinds of function with their names in the text form.
const KINDS: [(FunctionKind, &str); 6] = [
    (FunctionKind::Function, "function"),
    (FunctionKind::Method, "method"),
    (FunctionKind::StaticMethod, "static"),
    (FunctionKind::ClassMethod, "class"),
    (FunctionKind::Property, "property"),
    (FunctionKind::Setter, "setter"),
];

/// What kind of reference an op's immediate is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReferenceKind {
    /// A constant or a class.
    Constant,
    /// A class.
    Class,
    /// A field.
    Field,
    /// A cell.
    Cell,
    /// A slot of a method table.
    Method,
    /// A version of a function.
    Target,
    /// A global.
    Global,
    /// A check.
    Check,
    /// A local's name.
    Local,
    /// Keyword names.
    Keywords,
    /// A name and keyword names.
    Named,
    /// A default value.
    Default,
}

impl ReferenceKind {
    /// What kind of reference `op` takes, if any.
    pub(crate) fn of(op: crate::ops::Op) -> Option<ReferenceKind> {
        use crate::ops::Op;
        Some(match op {
            Op::ConstObj | Op::ConstBig => ReferenceKind::Constant,
            Op::New | Op::TypeIs | Op::IsInstance | Op::IsInstanceAsked => ReferenceKind::Class,
            Op::FieldLoad | Op::FieldStore | Op::FieldInit => ReferenceKind::Field,
            Op::Call | Op::CellTarget => ReferenceKind::Cell,
            Op::CallMethod | Op::MethodTarget => ReferenceKind::Method,
            Op::TargetIs => ReferenceKind::Target,
            Op::GlobalLoad | Op::GlobalStore => ReferenceKind::Global,
            Op::Check | Op::Unbox => ReferenceKind::Check,
            Op::CheckBound => ReferenceKind::Local,
            Op::CallObject => ReferenceKind::Keywords,
            Op::CallNamed => ReferenceKind::Named,
            Op::DefaultLoad => ReferenceKind::Default,
            _ => return None,
        })
    }

    /// Whether `reference` is of this kind.
    pub(crate) fn admits(self, reference: &crate::function::Reference) -> bool {
        use crate::function::Reference as R;
        matches!(
            (self, reference),
            (ReferenceKind::Constant, R::Constant(_) | R::Class(_))
                | (ReferenceKind::Class, R::Class(_))
                | (ReferenceKind::Field, R::Field(_))
                | (ReferenceKind::Cell, R::Cell(_))
                | (ReferenceKind::Method, R::Method(_))
                | (ReferenceKind::Target, R::Target(_))
                | (ReferenceKind::Global, R::Global { .. })
                | (ReferenceKind::Check, R::Check(_))
                | (ReferenceKind::Local, R::Local(_))
                | (ReferenceKind::Keywords, R::Keywords(_))
                | (ReferenceKind::Named, R::Named { .. })
                | (ReferenceKind::Default, R::Default { .. })
        )
    }
}

#[cfg(test)]
mod tests;
