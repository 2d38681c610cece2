//! keelback-runtime: everything that lives inside CPython.
//!
//! Before it: `lowering` and `jit`, which know nothing of CPython. After it: `cli`, whose extension module starts it.
//!
//! It does: find out where things are in the running interpreter ([`ffi`]), import static modules ([`import_hook`]), give functions their
//! entries and check what crosses them ([`boundary`]), build classes with storage of their own ([`classes`]), keep compiled code's
//! assumptions right ([`watch`]), write traceback entries ([`traceback`]), run main programs ([`main_program`]), implement what compiled code
//! calls ([`helpers`]), interpret typed bytecode ([`interp`]), hold arrays of machine numbers ([`mod@array`]).
//!
//! It refuses to: parse, check or compile. It asks a [`compile::Compiler`] for that.

pub mod array;
pub mod boundary;
pub mod classes;
pub mod compile;
pub mod driver;
pub mod entry;
pub mod error;
pub mod ffi;
pub mod gil;
pub mod helpers;
pub mod host;
pub mod import_hook;
mod internal_type;
pub mod interp;
pub mod main_program;
pub mod object;
pub mod records;
pub mod stats;
pub mod testing;
pub mod thread;
pub mod traceback;
pub mod watch;
