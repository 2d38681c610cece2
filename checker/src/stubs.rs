//! Stubs of the distribution, read by the definition.
//!
//! A program uses a few classes of a few large stubs. So a stub of ours is not parsed as a whole: where its definitions are is
//! known beforehand; what is left, the imports, variables and conditions, is parsed at once, and each class or function when
//! it is asked about. Positions in the tree of a part are positions in the file.

use std::ops::Range;
use std::sync::Arc;

use keelback_parser::Parsed;

use crate::collections::IndexMap;
use crate::db::{Db, Definition, File, FilePath};
use crate::index::{ModuleIndex, module_index};
use crate::types::Name;
use crate::typeshed;

#[cfg(test)]
mod tests;

/// The tree and the index in which a definition is found: of its whole file, or of a part of a stub.
#[derive(Debug, Clone)]
pub struct Part {
    /// The tree.
    pub parsed: Arc<Parsed>,
    /// What it says of names.
    pub index: Arc<ModuleIndex>,
}

/// The part of `file` that defines `qualname`, a definition or anything inside of one. Other definitions may be missing in it.
pub fn part(db: &dyn Db, file: File, qualname: &str) -> Part {
    if !matches!(file.path(db), FilePath::Vendored(_)) {
        return Part {
            parsed: crate::files::parsed(db, file),
            index: module_index(db, file),
        };
    }
    let remainder = remainder(db, file);
    let top = qualname.split('.').next().unwrap_or(qualname);
    match remainder.definitions.get_key_value(top) {
        Some((name, _)) => definition_part(db, Definition::new(db, file, *name)),
        None => remainder.part.clone(),
    }
}

/// What of a stub is parsed at once.
#[derive(Debug)]
pub(crate) struct Remainder {
    /// The part without the definitions below.
    pub part: Part,
    /// What is parsed when it is asked about.
    pub definitions: IndexMap<Name, typeshed::Definition>,
}

/// What of `file`, a stub of ours, is parsed at once.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn remainder(db: &dyn Db, file: File) -> Arc<Remainder> {
    let text = crate::files::source_text(db, file).text.clone();
    let mut definitions: IndexMap<Name, typeshed::Definition> = match file.path(db) {
        FilePath::Vendored(path) => typeshed::definitions(path)
            .map(|definition| (Name::new(definition.name), definition))
            .collect(),
        FilePath::Os(_) => IndexMap::default(),
    };
    loop {
        let taken = definitions.values().map(|definition| &definition.lines);
        let part = parse(db, file, &text, between(text.len(), taken));
        let before = definitions.len();
        // What is also bound in another way has its meaning from both.
        definitions.retain(|name, _| !part.index.scope.bindings.contains_key(name));
        if definitions.len() == before {
            return Arc::new(Remainder { part, definitions });
        }
    }
}

#[salsa::tracked(returns(clone), no_eq)]
fn definition_part<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Part {
    let file = definition.file(db);
    let source = crate::files::source_text(db, file);
    let remainder = remainder(db, file);
    match remainder.definitions.get(definition.qualname(db)) {
        Some(found) => parse(db, file, &source.text, [found.lines.clone()]),
        None => remainder.part.clone(),
    }
}

fn parse(
    db: &dyn Db,
    file: File,
    text: &str,
    parts: impl IntoIterator<Item = Range<usize>>,
) -> Part {
    let parsed = Arc::new(keelback_parser::parse_vendored_stub(text, parts));
    let index = Arc::new(crate::index::index_of_stub(db, file, &parsed));
    Part { parsed, index }
}

/// What of `0..length` is outside of `ranges`, which are in order.
fn between<'r>(length: usize, ranges: impl Iterator<Item = &'r Range<usize>>) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut gaps = Vec::new();
    for range in ranges {
        gaps.push(start..range.start);
        start = range.end;
    }
    gaps.push(start..length);
    gaps.retain(|gap| !gap.is_empty());
    gaps
}
