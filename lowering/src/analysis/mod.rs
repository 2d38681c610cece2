//! Facts about a function that passes ask for; computed when asked, never stored in the function.

pub mod cfg;
pub mod dominators;
pub mod liveness;
