//! Runs what the documentation shows: `cargo test -p keelback --test docs [-- FILTER]`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = libtest_mimic::Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let pythons = keelback_tests::python::find();
    let command = Path::new(env!("CARGO_BIN_EXE_keelback"));
    let trials = keelback_tests::docs::trials(command, &pythons);
    libtest_mimic::run(&arguments, trials).exit_code()
}
