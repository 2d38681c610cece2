//! Names of machine code for the Linux profiler `perf`, which looks for them in `/tmp/perf-PID.map`. Written when `KEELBACK_PERF_MAP` is set.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

use super::unit::Unit;

static MAP: OnceLock<Option<File>> = OnceLock::new();

/// Notes the code of a unit. What cannot be written is not there: the program does not depend on it.
pub fn note(unit: &Unit, code: *const u8, size: usize) {
    let map = MAP.get_or_init(|| {
        std::env::var_os("KEELBACK_PERF_MAP")?;
        let path = format!("/tmp/perf-{}.map", std::process::id());
        OpenOptions::new().create(true).append(true).open(path).ok()
    });
    if let Some(mut map) = map.as_ref() {
        let _ = writeln!(map, "{:x} {size:x} {unit:?}", code as usize);
    }
}
