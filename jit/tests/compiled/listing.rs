//! Listings, errors of the compiler, its size and its speed.

use crate::host::{Machine, parse};
use keelback_jit::offline::Offline;
use keelback_jit::{Jit, JitError, Options, Stage};

const ADD: &str = "function m:f function (int, int) -> int {
block0(v0: int, v1: int):
  v2: int = int.add v0, v1 ! block1 @ 20 .. 25 : 2
  v3: obj = const.obj None @ 30 .. 35 : 3
  return v2 @ 30 .. 35 : 3
block1 cold:
  return.error
}";

#[test]
fn listings_name_helpers_and_lines() {
    let mut jit = Jit::new(Options {
        reserve: 1 << 20,
        ..Options::default()
    })
    .expect("a compiler");
    let source = "def f(a: int, b: int):\n    x = a + b\n    return x\n";
    let host = Offline::default();
    let function = parse(ADD);
    let clif = jit
        .describe(&function, &host, Stage::Clif, Some(source))
        .expect("a listing");
    assert!(clif.contains("call int_add"), "{clif}");
    assert!(clif.contains("; 2:     x = a + b"), "{clif}");
    assert!(clif.contains("None"), "{clif}");
    let asm = jit
        .describe(&function, &host, Stage::Asm, Some(source))
        .expect("a listing");
    assert!(asm.contains("int_add"), "{asm}");
    assert!(asm.contains("; 2:     x = a + b"), "{asm}");
    assert!(asm.contains("ret"), "{asm}");
}

#[test]
fn malformed_functions_are_errors() {
    let mut machine = Machine::default();
    let mut function = parse(ADD);
    function.blocks[0].insts[0].args.clear();
    let wrong = machine.jit.compile(&function, None, &machine.host);
    assert!(matches!(wrong, Err(JitError::Malformed(_))), "{wrong:?}");
    // It goes on working.
    machine.compile(ADD);
}

#[test]
fn code_is_accounted_for() {
    let mut machine = Machine::default();
    let before = machine.jit.code_size();
    let code = machine.compile(ADD);
    assert!(code.compiled.size > 0);
    assert!(machine.jit.code_size() >= before + code.compiled.size);
}

#[test]
fn full_memory_is_an_error() {
    let options = Options {
        reserve: 3 * 4096,
        ..Options::default()
    };
    let mut machine = Machine {
        jit: Jit::new(options).expect("a compiler"),
        ..Machine::default()
    };
    let function = parse(ADD);
    let results: Vec<_> = (0..4)
        .map(|_| machine.jit.compile(&function, None, &machine.host))
        .collect();
    assert!(results[0].is_ok());
    assert!(
        matches!(results[3], Err(JitError::Memory(_))),
        "{results:?}"
    );
}
