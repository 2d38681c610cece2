//! Repairs of findings.

use keelback_parser::text_size::{Ranged, TextRange};

use crate::check::check_file;
use crate::db::{Db, File};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::files::staticness;

/// The findings in `range` of `file` that can be repaired, each with its repair.
pub fn fixes(db: &dyn Db, file: File, range: TextRange) -> Vec<(Diagnostic, Fix)> {
    if !staticness(db, file).is_static() {
        return Vec::new();
    }
    check_file(db, file)
        .iter()
        .filter(|diagnostic| {
            let own = diagnostic.primary.span.range();
            own.intersect(range).is_some()
        })
        .filter_map(|diagnostic| Some((diagnostic.clone(), diagnostic.fix.clone()?)))
        .collect()
}

/// The edits that make every repair of `file` that is certain. Of two that touch the same text the first is made; another run makes
/// the second.
///
/// A guess at what a misspelled name should have been is for a person to accept, so errors are not repaired here.
pub fn fix_all(db: &dyn Db, file: File) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let everything = TextRange::up_to(keelback_parser::text_size::TextSize::new(u32::MAX));
    for (diagnostic, fix) in fixes(db, file, everything) {
        if !diagnostic.rule.is_fixed_safely() {
            continue;
        }
        let is_free = fix.edits.iter().all(|edit| {
            let range = edit.span.range();
            edits.iter().all(|made| {
                let made = made.span.range();
                made.end() <= range.start() || range.end() <= made.start()
            })
        });
        if is_free {
            edits.extend(fix.edits);
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    edits
}
