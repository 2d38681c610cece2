//! Machine code from typed bytecode, by Cranelift.
//!
//! It compiles one function at a time into a native entry (typed arguments in registers) and a generic entry (CPython's vectorcall), in memory
//! that is never writable and executable at once. It knows no CPython symbol: every address and offset comes from the
//! [`linker::Linker`] that the runtime implements. Before it comes `lowering`, after it `runtime`.

pub mod linker;
