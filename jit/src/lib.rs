//! Machine code from typed bytecode, by Cranelift.
//!
//! It compiles one function at a time into a native entry (typed arguments in registers) and a generic entry (CPython's vectorcall), in memory
//! that is never writable and executable at once. It knows no CPython symbol: every address and offset comes from the
//! [`linker::Linker`] that the runtime implements. Before it comes `lowering`, after it `runtime`.
//!
//! # Native code
//!
//! `native(ctx, args…) -> ret` in the platform's C convention; `ctx` is the thread's context. Arguments are borrowed. A result is a new
//! reference, in the representation's own width; how it says that an exception is set is [`Repr::error`](keelback_lowering::types::Repr::error): the word 0, the
//! byte 2, or a second result register of 64 bits that is not 0.
//!
//! # Why Cranelift's code generator is driven without `JITModule`
//!
//! Functions are compiled one by one when they are first called, and refer to nothing by name. `JITModule` keeps a string per symbol and
//! function, wants every declaration up front and keeps a copy of what it needs to redefine. What is used of `cranelift-jit` is its
//! memory provider, which changes protections and flushes caches as each platform wants it.

pub mod abi;
mod compiler;
mod describe;
mod emit;
mod entries;
pub mod linker;
mod memory;
pub mod offline;
mod ops;
pub mod stubs;
mod translate;

pub use compiler::{Compiled, GenericEntry, Jit, JitError, Options};
pub use describe::Stage;
