//! Typed bytecode: what functions are compiled to, and the passes that make it good.
//!
//! It takes the checker's typed tree of a function and gives a [`function::Function`] in SSA form, verified, with errors and ownership
//! explicit, ready for the code generator and the interpreter. It decides nothing about Python's rules: the tree has.
//! It knows neither CPython nor Cranelift. Before it comes the checker, after it `jit` and `runtime`.
#![deny(unsafe_code)]

pub mod analysis;
pub mod binary;
pub mod build;
pub mod errors;
pub mod function;
pub mod helpers;
pub mod ops;
pub mod passes;
pub mod pipeline;
pub mod query;
pub mod text;
pub mod types;
pub mod verify;
