//! The order of the passes.

use crate::function::Function;
use crate::passes::inline::{self, Callees, NoCallees};
use crate::passes::{
    cleanup, definite_assignment, errors, ownership, ranges, redundancy, simplify,
};
use crate::verify::{debug_verify, debug_verify_ownership};

fn run(function: &mut Function, name: &str, pass: impl Fn(&mut Function)) {
    pass(function);
    debug_verify(function, name);
}

/// Takes a function from what the builder makes to what the code generator and the interpreter take: errors and references explicit. Calls stay calls.
///
/// `level` is that of `KEELBACK_OPT`: 0 does what is necessary, 1 what is cheap, 2 everything. Each pass is followed by the verifier in
/// builds with debug assertions.
pub fn optimise(function: &mut Function, level: u8) {
    prepare(function, level);
    finish(function, level, &NoCallees);
}

/// The passes that concern a function by itself, before it goes into others: see [`inline`].
pub fn prepare(function: &mut Function, level: u8) {
    run(function, "definite_assignment", |f| {
        definite_assignment::run(f);
    });
    if level >= 1 {
        run(function, "simplify", simplify::run);
        run(function, "mark_cold", cleanup::mark_cold);
    }
}

/// The passes after [`prepare`], with the bodies that may be put into the function.
pub fn finish(function: &mut Function, level: u8, callees: &dyn Callees) {
    if level >= 2 {
        run(function, "inline", |f| inline::run(f, callees));
        run(function, "simplify", simplify::run);
        run(function, "ranges", ranges::run);
        run(function, "simplify", simplify::run);
        run(function, "redundancy", redundancy::run);
        run(function, "simplify", simplify::run);
    }
    run(function, "errors", errors::run);
    run(function, "ownership", ownership::run);
    debug_verify_ownership(function, "ownership");
    run(function, "order", cleanup::order);
    function.renumber();
    debug_verify(function, "renumber");
}
