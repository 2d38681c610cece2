//! What was compiled, what was not and why, and how long it took: the table of `--stats`.

use std::time::Duration;

use keelback_checker::types::Symbol;

use crate::compile::FunctionBody;
use crate::gil::GilCell;
use crate::host;

/// A phase of compilation that is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Parsing and checking.
    Check,
    /// Lowering and passes.
    Lower,
    /// Machine code.
    Generate,
}

#[derive(Default)]
struct Numbers {
    modules: Vec<String>,
    compiled: usize,
    left: Vec<(String, String)>,
    times: [Duration; 3],
    code_bytes: usize,
}

static NUMBERS: GilCell<Option<Numbers>> = GilCell::new(None);

fn with(body: impl FnOnce(&mut Numbers)) {
    // SAFETY: callers hold the GIL, and bodies only touch the numbers.
    unsafe { NUMBERS.with(|n| body(n.get_or_insert_with(Numbers::default))) }
}

/// Counts a module.
pub fn module(name: &str) {
    with(|n| n.modules.push(name.to_owned()));
}

/// Counts a function when its module is registered.
pub fn function(symbol: &Symbol, body: &FunctionBody) {
    match body {
        FunctionBody::Interpreted(reason) => left_to_cpython(symbol, reason),
        FunctionBody::Compiled => with(|n| n.compiled += 1),
    }
}

/// Notes a function that CPython runs, and why.
pub fn left_to_cpython(symbol: &Symbol, reason: &str) {
    with(|n| n.left.push((symbol.to_string(), reason.to_owned())));
}

/// Notes a static module that CPython runs as a whole, and why.
pub fn module_left(name: &str, reason: &str) {
    with(|n| n.left.push((name.to_owned(), reason.to_owned())));
}

/// Adds bytes of machine code.
pub fn code_bytes(bytes: usize) {
    with(|n| n.code_bytes += bytes);
}

/// Adds time to a phase.
pub fn add(phase: Phase, elapsed: Duration) {
    with(|n| n.times[phase as usize] += elapsed);
}

/// Arranges for the table to be printed when the process ends, if it was asked for.
pub fn start() {
    if host::options().stats {
        extern "C" fn at_exit() {
            print();
        }
        // SAFETY: the callback takes nothing and touches no Python object.
        unsafe { crate::ffi::Py_AtExit(Some(at_exit)) };
    }
}

/// The table.
pub fn table() -> String {
    let mut out = String::new();
    with(|n| {
        let mut row =
            |name: &str, value: String| out.push_str(&format!("  {name:<24}{value:>12}\n"));
        row("modules checked", n.modules.len().to_string());
        row("functions compiled", n.compiled.to_string());
        row("left to CPython", n.left.len().to_string());
        row("bytes of code", n.code_bytes.to_string());
        let ms = |d: Duration| format!("{:.1} ms", d.as_secs_f64() * 1e3);
        row("time checking", ms(n.times[0]));
        row("time lowering", ms(n.times[1]));
        row("time generating code", ms(n.times[2]));
        for (name, reason) in &n.left {
            out.push_str(&format!("  {name}: run by CPython: {reason}\n"));
        }
    });
    out
}

/// The numbers of the table by name; times in seconds.
pub fn numbers() -> Vec<(&'static str, f64)> {
    let mut out = Vec::new();
    with(|n| {
        out = vec![
            ("modules", n.modules.len() as f64),
            ("functions_compiled", n.compiled as f64),
            ("functions_left", n.left.len() as f64),
            ("code_bytes", n.code_bytes as f64),
            ("check_seconds", n.times[0].as_secs_f64()),
            ("lower_seconds", n.times[1].as_secs_f64()),
            ("generate_seconds", n.times[2].as_secs_f64()),
        ];
    });
    out
}

/// Functions that CPython runs, with reasons.
pub fn reasons() -> Vec<(String, String)> {
    let mut out = Vec::new();
    with(|n| out = n.left.clone());
    out
}

fn print() {
    eprint!("keelback:\n{}", table());
}
