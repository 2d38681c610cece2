//! The rules of the type system, as questions about types alone: whether one fits another, what a member of a value is, what a call
//! gives. Nothing here knows of syntax, of places in a file, or of how values are held.
//!
//! The rules are those of the typing specification (typing.python.org/en/latest/spec); each file is named for its chapter.

mod alias;
mod bound;
mod call;
mod callable;
mod constructor;
mod dataclass;
mod dataclass_members;
mod descriptor;
mod member;
mod named_tuple;
mod overload;
mod protocol;
mod relation;
mod solver;
mod tuple;
mod typed_dict;
mod unpacking;
mod variance;

pub(crate) use alias::{fill, is_named};
pub use call::{Argument, CallProblem, Callee, Given};
pub(crate) use dataclass_members::MatchArgs;
pub use member::Attribute;
pub use relation::Relation;
pub use solver::Solver;
pub use typed_dict::Shape;
pub(crate) use variance::Direction;
