//! The `clif` and `asm` stages: what the code generator makes of a function, for this machine and an imagined CPython.

use keelback_checker::types::Name;
use keelback_jit::offline::Offline;
use keelback_jit::{Jit, Options, Stage};

use super::bytecode;
use super::selection::Selection;

pub(super) fn print(
    selection: &Selection,
    name: &Name,
    level: u8,
    stage: Stage,
) -> Result<String, String> {
    let function = match bytecode::build(selection, name, level) {
        Ok(function) => function,
        Err(why) => return Ok(why),
    };
    // Nothing is published, so little room is needed.
    let options = Options {
        reserve: 1 << 20,
        ..Options::default()
    };
    let mut jit = Jit::new(options).map_err(|error| error.to_string())?;
    jit.describe(
        &function,
        &Offline::default(),
        stage,
        Some(&selection.source().text),
    )
    .map_err(|error| format!("{name}: {error}"))
}
