//! Passes over functions, one a file.

pub mod errors;
pub mod ownership;
