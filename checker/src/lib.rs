//! placeholder: crate documentation follows with the database.
#![deny(unsafe_code)]

pub mod interface;
pub mod tree;
pub mod types;
