//! Stubs of the distribution, read by the definition.
//!
//! A program uses a few classes of a few large stubs. So a stub of ours is not parsed as a whole: its outline, made when Keelback
//! was built, says what its names stand for, and the statements that bind a name are parsed when it is asked about. Positions
//! in the tree of a part are positions in the file.

use std::ops::Range;
use std::sync::Arc;

use keelback_parser::Parsed;

use smallvec::SmallVec;

use crate::collections::IndexMap;
use crate::db::{Db, Definition, File, FilePath};
use crate::index::{BindingKind, ModuleIndex, module_index};
use crate::reach::Environment;
use crate::resolve::module_name;
use crate::symbols::{SymbolTable, kind_of};
use crate::types::Name;
use crate::typeshed::{self, Kind};

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
    let outline = outline(db, file);
    let top = qualname.split('.').next().unwrap_or(qualname);
    // What the stub does not bind is defined by no statement.
    let shown_by = outline.names.get(top).map(|bound| bound.part);
    let name = shown_by.unwrap_or_else(|| Name::new(""));
    statements(db, Definition::new(db, file, name))
}

/// The index of [`part`]: for what can be said without the tree.
pub fn part_index(db: &dyn Db, file: File, qualname: &str) -> Arc<ModuleIndex> {
    match file.path(db) {
        FilePath::Vendored(_) => part(db, file, qualname).index,
        FilePath::Os(_) => module_index(db, file),
    }
}

/// What the outline of a stub says.
#[derive(Debug)]
pub(crate) struct Outline {
    /// What its names stand for.
    pub table: SymbolTable,
    names: IndexMap<Name, Bound>,
}

/// What binds a name at the top level of a stub.
#[derive(Debug)]
struct Bound {
    /// The ways, in order.
    kinds: SmallVec<[BindingKind; 1]>,
    /// The statements, in order.
    chunks: SmallVec<[u32; 1]>,
    /// The name whose statements are parsed for it: another one when both are bound in one statement only.
    part: Name,
    may_be_alias: bool,
    /// Whether what binds it is a function with nothing but overloads before, or one class.
    is_known: bool,
    was_overload: bool,
}

/// What `file`, a stub of ours, says of its names, without a look at its text.
#[salsa::tracked(returns(ref), no_eq)]
pub(crate) fn outline(db: &dyn Db, file: File) -> Outline {
    let mut names: IndexMap<Name, Bound> = IndexMap::default();
    let mut table = SymbolTable {
        class_aliases: Default::default(),
        module: module_name(db, file),
        names: IndexMap::default(),
        classes: Default::default(),
        nested: Default::default(),
        stars: Vec::new(),
        all: None,
        is_known: true,
        is_static: false,
        has_hidden_names: false,
    };
    let FilePath::Vendored(path) = file.path(db) else {
        return Outline { table, names };
    };
    let mut first: Option<(u32, Name)> = None;
    for fact in typeshed::facts(path, &Environment::of(db)) {
        let name = Name::new(fact.name);
        let kind = match fact.kind {
            Kind::Function => BindingKind::Function(name),
            Kind::Class => {
                table.classes.insert(name);
                BindingKind::Class(name)
            }
            Kind::Import => BindingKind::Import(Name::new(fact.module)),
            Kind::ImportFrom => BindingKind::ImportFrom {
                module: Name::new(fact.module),
                name: Name::new(fact.there),
            },
            Kind::Annotated => BindingKind::Annotated {
                has_value: fact.has_value,
            },
            Kind::Assigned => BindingKind::Assigned,
            Kind::Augmented => BindingKind::Augmented,
            Kind::TypeAlias => BindingKind::TypeAlias,
            Kind::Inside => {
                table.classes.insert(name);
                let last = crate::index::last_part(fact.name);
                table.nested.insert(Name::new(last));
                continue;
            }
            Kind::Star => {
                table.stars.push(Name::new(fact.module));
                continue;
            }
            Kind::All => {
                table.all = Some(Vec::new());
                continue;
            }
            Kind::Listed => {
                table.all.iter_mut().for_each(|all| all.push(name));
                continue;
            }
            Kind::Unlisted => {
                table.all = None;
                continue;
            }
        };
        let first_here = match first {
            Some((chunk, name)) if chunk == fact.chunk => name,
            _ => name,
        };
        first = Some((fact.chunk, first_here));
        match names.entry(name) {
            indexmap::map::Entry::Vacant(entry) => {
                entry.insert(Bound {
                    kinds: SmallVec::from_buf([kind]),
                    chunks: SmallVec::from_buf([fact.chunk]),
                    part: first_here,
                    may_be_alias: fact.may_be_alias,
                    is_known: true,
                    was_overload: fact.is_overload,
                });
            }
            indexmap::map::Entry::Occupied(mut entry) => {
                let bound = entry.get_mut();
                bound.kinds.push(kind);
                if bound.chunks.last() != Some(&fact.chunk) {
                    bound.chunks.push(fact.chunk);
                    bound.part = name;
                }
                bound.is_known &= bound.was_overload;
                bound.was_overload = fact.is_overload;
            }
        }
    }
    table.names = names
        .iter()
        .map(|(name, bound)| {
            let is_known = |_: &BindingKind| bound.is_known;
            let looks_like_type = || bound.may_be_alias;
            let kind = kind_of(&bound.kinds, &is_known, &looks_like_type);
            (*name, kind)
        })
        .collect();
    table.has_hidden_names = names.contains_key("__getattr__");
    Outline { table, names }
}

/// The statements of a stub of ours that bind a name.
#[salsa::tracked(returns(clone), no_eq)]
fn statements<'db>(db: &'db dyn Db, name: Definition<'db>) -> Part {
    let file = name.file(db);
    let source = crate::files::source_text(db, file);
    let outline = outline(db, file);
    let chunks = outline
        .names
        .get(name.qualname(db))
        .map(|bound| &*bound.chunks);
    let mut lines: SmallVec<[Range<usize>; 1]> = SmallVec::new();
    if let FilePath::Vendored(path) = file.path(db) {
        for chunk in chunks.unwrap_or_default() {
            let next = typeshed::lines(path, *chunk);
            match lines.last_mut() {
                Some(last) if last.end == next.start => last.end = next.end,
                _ => lines.push(next),
            }
        }
    }
    parse(db, file, &source.text, lines)
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
