//! Where dynamic code meets typed code: binding of arguments, checks of types, and the entries that do both.

pub mod check;
pub mod entry;
pub mod native;
pub mod signature;
