//! Passes over functions, one a file.

pub mod bounds;
pub mod cleanup;
pub mod definite_assignment;
pub mod errors;
pub mod inline;
pub mod ownership;
pub mod ranges;
pub mod redundancy;
pub mod simplify;
