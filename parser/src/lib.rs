//! Python text to syntax tree.
//!
//! This crate is the first station of a module on its way to machine code. It decodes the bytes of a file
//! ([`decode`]), parses them ([`parse_module`]) and reports *every* syntax error with its span, those that
//! CPython's own compiler finds after parsing (`return` outside a function, a duplicate parameter, …)
//! included. It maps byte offsets to lines and columns ([`LineIndex`]), and it answers whether a file is a
//! static module ([`is_static_module`]) without parsing the ones that are not.
//!
//! It refuses to know anything of names, types, other files or the file system: `checker` comes next and does
//! all that. It is also the only crate that names the parser it builds on: everybody else takes the syntax
//! tree from [`ast`] and offsets from [`text_size`], so that a change of parser is a change of this crate.
//!
//! Positions are byte offsets into the decoded text until they reach a person.
//!
//! ```
//! use keelback_parser::{LineIndex, is_static_module, parse_module};
//!
//! let source = "import __static__\n\ndef f(x: int) -> int:\n    return x +\n";
//! assert!(is_static_module(source).is_static());
//! let parsed = parse_module(source);
//! let index = LineIndex::new(source);
//! let error = &parsed.errors()[0];
//! assert_eq!(index.line_column(source, error.range.start()).line, 4);
//! ```

#![deny(unsafe_code)]

mod decode;
mod depth;
mod line_index;
mod marker;
mod semantic;
mod syntax;

pub use decode::{DecodeError, decode};
pub use line_index::{LineColumn, LineIndex};
pub use marker::{Marker, is_static_module};
pub use syntax::{
    Parsed, SyntaxError, parse_expression, parse_module, parse_module_for, parse_string_annotation,
    parse_vendored_stub,
};

/// The syntax tree.
pub use rustpython_ast as ast;
/// Byte offsets and ranges.
pub use text_size;

pub use rustpython_ast::PythonVersion;
