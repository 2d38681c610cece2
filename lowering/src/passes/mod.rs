//! Passes over functions, one a file.

pub mod bounds;
pub mod cleanup;
pub mod errors;
pub mod ownership;
