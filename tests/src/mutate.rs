//! Real files, broken at random, put to the checker.
//!
//! What a user types is a broken program most of the time, so the checker must take any text: no internal error, no panic, no endless
//! work, and every place that it points at lies inside of the text. A [`Mutator`] makes broken texts out of the files of a tree, always
//! the same for the same seed and number; [`probe`] checks one; [`minimise`] makes a text that fails small enough to be looked at. The
//! command is `tests/src/bin/mutate.rs`, and `tests/tests/mutated.rs` does a part of it with the other tests.

mod change;
mod minimise;
mod probe;
mod workers;

pub use change::{Mutant, Mutator};
pub use minimise::minimise;
pub use probe::{Failure, Probe, files_below};
pub use workers::{Job, Report, run};
