//! The order of the passes.

use crate::function::Function;
use crate::passes::{
    cleanup, definite_assignment, errors, ownership, ranges, redundancy, simplify,
};
use crate::verify::{debug_verify, debug_verify_ownership};

/// Takes a function from what the builder makes to what the code generator and the interpreter take: errors and references explicit.
///
/// `level` is that of `KEELBACK_OPT`: 0 does what is necessary, 1 what is cheap, 2 everything. Each pass is followed by the verifier in
/// builds with debug assertions.
pub fn optimise(function: &mut Function, level: u8) {
    let run = |function: &mut Function, name: &str, pass: &dyn Fn(&mut Function)| {
        pass(function);
        debug_verify(function, name);
    };
    run(function, "definite_assignment", &|f| {
        definite_assignment::run(f);
    });
    if level >= 1 {
        run(function, "simplify", &simplify::run);
    }
    if level >= 2 {
        run(function, "ranges", &ranges::run);
        run(function, "simplify", &simplify::run);
        run(function, "redundancy", &redundancy::run);
        run(function, "simplify", &simplify::run);
    }
    run(function, "errors", &errors::run);
    run(function, "ownership", &ownership::run);
    debug_verify_ownership(function, "ownership");
    run(function, "order", &cleanup::order);
    function.renumber();
    debug_verify(function, "renumber");
}
