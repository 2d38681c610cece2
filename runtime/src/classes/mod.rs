//! Classes with storage of their own.

pub mod build_class;
