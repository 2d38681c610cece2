//! `--explain`: what becomes of each function of the static modules.

use std::fmt::Write as _;

use keelback_checker::db::{Database, File};
use keelback_checker::files::{source_file, staticness};
use keelback_checker::infer::explain;
use keelback_checker::resolve::module_name;

/// One paragraph for each static module: the functions that are left to CPython with place and reason, then the number of those that
/// are compiled.
pub(super) fn print(db: &Database, files: &[File]) -> String {
    let mut out = String::new();
    let (mut compiled, mut left, mut modules) = (0, 0, 0);
    for &file in files
        .iter()
        .filter(|file| staticness(db, **file).is_static())
    {
        modules += 1;
        let source = source_file(db, file);
        let all = explain(db, file);
        let (here, away): (Vec<_>, Vec<_>) = all.iter().partition(|e| e.fallback.is_none());
        compiled += here.len();
        left += away.len();
        let _ = writeln!(
            out,
            "{}: {} of {} compiled",
            module_name(db, file),
            functions(here.len()),
            all.len()
        );
        for explanation in &here {
            let at = source
                .lines
                .line_column(&source.text, explanation.span.start());
            let _ = writeln!(
                out,
                "  {}:{}: {}: compiled",
                source.path, at.line, explanation.function.qualname
            );
        }
        for explanation in &away {
            if let Some(fallback) = &explanation.fallback {
                let at = source
                    .lines
                    .line_column(&source.text, fallback.span.start());
                let _ = writeln!(
                    out,
                    "  {}:{}: {}: run by CPython, because of {}",
                    source.path, at.line, explanation.function.qualname, fallback.reason
                );
            }
        }
    }
    let _ = writeln!(
        out,
        "{modules} static module{}: {} compiled, {left} run by CPython",
        if modules == 1 { "" } else { "s" },
        functions(compiled)
    );
    out
}

fn functions(count: usize) -> String {
    format!("{count} function{}", if count == 1 { "" } else { "s" })
}
