//! Classes with storage of their own.

pub mod build_class;
pub mod method_table;
