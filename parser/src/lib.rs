//! placeholder
#![deny(unsafe_code)]
pub use rustpython_ast as ast;
pub use text_size;
