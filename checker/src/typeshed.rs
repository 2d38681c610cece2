//! The stubs of the standard library that are part of Keelback, as the build script prepared them.

use std::ops::Range;

use keelback_parser::PythonVersion;

#[cfg(test)]
mod scan;
#[cfg(test)]
mod tests;

/// One stub.
struct Stub {
    path: &'static str,
    /// Where its text is in [`TEXTS`].
    text: Range<usize>,
    /// Which numbers of [`OUTLINE`] are about it.
    outline: Range<usize>,
}

include!(concat!(env!("OUT_DIR"), "/stubs.rs"));

static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/stubs.txt"));

/// Five numbers of four bytes for each definition.
static OUTLINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/outline.bin"));

/// A name that is bound at the top level of a stub by one class, one function, or overloads, and by no other definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// The name.
    pub name: &'static str,
    /// Whether it is a class.
    pub is_class: bool,
    /// Its lines, decorators included.
    pub lines: Range<usize>,
}

fn stub(path: &str) -> Option<&'static Stub> {
    let at = STUBS.binary_search_by(|stub| stub.path.cmp(path)).ok()?;
    STUBS.get(at)
}

/// The text of the stub at `path`, such as `stdlib/os/path.pyi`.
pub(crate) fn text(path: &str) -> Option<&'static str> {
    TEXTS.get(stub(path)?.text.clone())
}

/// Whether there are stubs below `path`.
pub(crate) fn is_folder(path: &str) -> bool {
    let after = STUBS.partition_point(|stub| stub.path < path);
    STUBS[after..]
        .iter()
        .take_while(|stub| stub.path.starts_with(path))
        .any(|stub| stub.path[path.len()..].starts_with('/'))
}

/// The definitions of the stub at `path` that can be read alone.
pub(crate) fn definitions(path: &str) -> impl Iterator<Item = Definition> {
    let stub = stub(path);
    let text = stub.map_or("", |stub| &TEXTS[stub.text.clone()]);
    let words = stub.map_or(0..0, |stub| stub.outline.clone());
    let words = &OUTLINE[words.start * 4..words.end * 4];
    words.chunks_exact(20).map(move |numbers| {
        let number = |at: usize| {
            let bytes = &numbers[at * 4..at * 4 + 4];
            u32::from_le_bytes(bytes.try_into().unwrap_or_default()) as usize
        };
        Definition {
            name: &text[number(0)..number(1)],
            is_class: number(2) == 1,
            lines: number(3)..number(4),
        }
    })
}

/// Whether `version` of Python has the module called `name`; `None` when typeshed does not list it.
pub(crate) fn has_module(name: &str, version: PythonVersion) -> Option<bool> {
    let at = VERSIONS.binary_search_by(|entry| entry.0.cmp(name)).ok()?;
    let (_, from, to) = VERSIONS[at];
    let at_least = version >= PythonVersion::from(from);
    Some(at_least && to.is_none_or(|to| version <= PythonVersion::from(to)))
}

/// Every stub's path.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    STUBS.iter().map(|stub| stub.path)
}
