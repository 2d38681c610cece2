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
    let mut edits: Vec<Edit> = certain(db, file).into_iter().flatten().collect();
    edits.sort_by_key(|edit| edit.span.start);
    edits
}

/// The repairs of [`fix_all`], each with its edits.
pub fn certain(db: &dyn Db, file: File) -> Vec<Vec<Edit>> {
    let mut made: Vec<Vec<Edit>> = Vec::new();
    let everything = TextRange::up_to(keelback_parser::text_size::TextSize::new(u32::MAX));
    for (diagnostic, fix) in fixes(db, file, everything) {
        let is_certain = diagnostic.rule.is_fixed_safely()
            && fix.edits.iter().all(|edit| edit.span.file == file);
        let mut others = made.iter().flatten();
        if is_certain && !others.any(|other| fix.edits.iter().any(|edit| touch(edit, other))) {
            made.push(fix.edits);
        }
    }
    made
}

/// Whether two edits cannot both be made without one of them being in the way of the other.
fn touch(left: &Edit, right: &Edit) -> bool {
    let (left, right) = (left.span.range(), right.span.range());
    left == right || (left.start() < right.end() && right.start() < left.end())
}
