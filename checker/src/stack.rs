//! Room on the stack for trees that are deeper than usual.
//!
//! CPython compiles expressions of thousands of levels (a generated sum, a long chain of conditions), and so must we. Whoever walks trees on behalf of a
//! caller does it in [`deep`]: visitors, inference and lowering then recur as they like.

/// What a thread must have left for it to go on where it is.
const ENOUGH: usize = 32 << 20;
/// What is reserved otherwise, in bytes; memory is taken as it is used.
pub const ROOM: usize = 512 << 20;

/// Runs `work` with enough stack for the deepest expression that CPython compiles. Nested uses cost nothing.
pub fn deep<R>(work: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(ENOUGH, ROOM, work)
}
