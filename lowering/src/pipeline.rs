//! The order of the passes.

use crate::function::Function;
use crate::passes::{cleanup, errors, ownership};
use crate::verify::{debug_verify, debug_verify_ownership};

/// Takes a function from what the builder makes to what the code generator and the interpreter take: errors and references explicit.
///
/// `level` is that of `KEELBACK_OPT`: 0 does what is necessary, 1 what is cheap, 2 everything.
pub fn optimise(function: &mut Function, level: u8) {
    let run = |function: &mut Function, name: &str, pass: &dyn Fn(&mut Function)| {
        pass(function);
        debug_verify(function, name);
    };
    let _ = level;
    run(function, "errors", &errors::run);
    run(function, "ownership", &ownership::run);
    debug_verify_ownership(function, "ownership");
    cleanup::remove_unreachable(function);
    function.renumber();
    debug_verify(function, "cleanup");
}
