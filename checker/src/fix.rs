//! Making the repairs that are certain, in many files, until nothing is left to repair.
//!
//! Which repairs those are is said by [`fix_all`](crate::ide::fixes::fix_all), as in an editor. Of two that touch the same text one is made,
//! and the other in the next round, by what the checker says of the new text. So the result is what a person would come to who checks
//! after each repair. Files are only read here: new texts stand in the database, over the files, until [`Database::set_text`] takes them away.

use std::sync::Arc;

use keelback_parser::parse_module_for;
use keelback_parser::text_size::Ranged;
use rayon::prelude::*;

use crate::db::{Database, Db, File};
use crate::diagnostic::Edit;
use crate::files::{Text, parsed, source_text};
use crate::ide::fixes::certain;

/// After how many rounds repairing ends, whatever is left: repairs that undo each other must not go on forever.
const ROUNDS: usize = 50;

/// What became of one file.
#[derive(Debug, Clone)]
pub struct Repaired {
    /// The file.
    pub file: File,
    /// Its text before.
    pub before: Text,
    /// Its text now, with the line ends of the old one.
    pub after: Arc<str>,
    /// How many repairs were made.
    pub count: usize,
}

/// What became of all files.
#[derive(Debug, Default)]
pub struct Repairs {
    /// Those that have changed, in the order in which they were given.
    pub files: Vec<Repaired>,
    /// Those of which a repair would have made what is no Python any more. They are as they were. This is a bug of a rule.
    pub refused: Vec<File>,
}

/// Makes the certain repairs of `files`. Their new texts stand in the database afterwards.
pub fn repair(db: &mut Database, files: &[File]) -> Repairs {
    let mut repairs = Repairs::default();
    let mut open: Vec<File> = files.to_vec();
    for _ in 0..ROUNDS {
        // A repair in one file may change what is found in another, so all of them are asked again. What has not changed costs nothing.
        let found: Vec<(File, Vec<Vec<Edit>>)> = open
            .par_iter()
            .map_with(db.clone(), |db, &file| (file, certain(db, file)))
            .filter(|(_, fixes)| !fixes.is_empty())
            .collect();
        if found.is_empty() {
            break;
        }
        for (file, fixes) in found {
            let before = source_text(db, file).text.clone();
            let count = fixes.len();
            let after = apply(&before, fixes.into_iter().flatten());
            let version = db.project().python_version(db);
            if parsed(db, file).is_valid() && !parse_module_for(&after, version).is_valid() {
                open.retain(|other| *other != file);
                repairs.refused.push(file);
                continue;
            }
            let after: Arc<str> = Arc::from(after);
            db.set_text(file, Some(Arc::clone(&after)));
            match repairs.files.iter_mut().find(|made| made.file == file) {
                Some(made) => {
                    made.count += count;
                    made.after = after;
                }
                None => repairs.files.push(Repaired {
                    file,
                    before,
                    after,
                    count,
                }),
            }
        }
    }
    let place = |file: File| files.iter().position(|other| *other == file);
    repairs.files.retain(|made| *made.before != *made.after);
    repairs.files.sort_by_key(|made| place(made.file));
    repairs
}

/// `text` with `edits` made, which do not overlap. New lines end as the first one of the text does.
pub fn apply(text: &str, edits: impl IntoIterator<Item = Edit>) -> String {
    let mut edits: Vec<Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let newline = newline_of(text);
    let mut made = String::with_capacity(text.len());
    let mut from = 0;
    for edit in &edits {
        let range = edit.span.range();
        made.push_str(&text[from..range.start().to_usize()]);
        if newline == "\n" {
            made.push_str(&edit.replacement);
        } else {
            made.push_str(&edit.replacement.replace('\n', newline));
        }
        from = range.end().to_usize();
    }
    made.push_str(&text[from..]);
    made
}

/// How the first line of `text` ends.
fn newline_of(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// The bytes of a file whose text is to become `text`, when it now has the bytes `old`: with a byte order mark if there was one.
pub fn encode(old: &[u8], text: &str) -> Vec<u8> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mark = if old.starts_with(MARK) { MARK } else { b"" };
    [mark, text.as_bytes()].concat()
}
