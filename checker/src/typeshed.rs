//! The stubs of the standard library that are part of Keelback, as the build script prepared them.

use std::ops::Range;

use keelback_parser::PythonVersion;

use crate::reach::Environment;

mod format;
#[cfg(test)]
mod tests;

pub(crate) use format::Kind;

/// One stub.
struct Stub {
    path: &'static str,
    /// Where its text is in [`TEXTS`].
    text: Range<usize>,
    /// Which words of [`FACTS`] are about it.
    facts: Range<usize>,
    /// Which words of [`CHUNKS`] are about it.
    chunks: Range<usize>,
}

include!(concat!(env!("OUT_DIR"), "/stubs.rs"));

static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/stubs.txt"));
static NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/names.txt"));
static FACTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.bin"));
static CHUNKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/chunks.bin"));

/// What a statement at the top level of a stub says, by [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it says.
    pub kind: Kind,
    /// The name that it is about.
    pub name: &'static str,
    /// Of an import, the module.
    pub module: &'static str,
    /// Of an import from a module, the name there.
    pub there: &'static str,
    /// Which of the stub's top-level statements says it: a number for [`lines`].
    pub chunk: u32,
    /// Of a variable: whether its value may be a type.
    pub may_be_alias: bool,
    /// Of a declared variable: whether it has a value.
    pub has_value: bool,
    /// Of a function: whether it is one of several signatures.
    pub is_overload: bool,
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

/// What the stub at `path` says to a program that runs in `environment`, in order.
pub(crate) fn facts(path: &str, environment: &Environment) -> impl Iterator<Item = Fact> {
    let bit = format::bit(environment.python_version, &environment.platform);
    let words = stub(path).map_or(0..0, |stub| stub.facts.clone());
    let facts = FACTS[words.start * 4..words.end * 4].chunks_exact(format::FACT * 4);
    facts.filter_map(move |fact| {
        let word = |at: usize| number(fact, at);
        let head = word(0);
        if MASKS[(head >> 16) as usize] & bit == 0 {
            return None;
        }
        let text = |at: usize| {
            let place = word(at);
            let start = (place & ((1 << format::LENGTH_AT) - 1)) as usize;
            &NAMES[start..start + (place >> format::LENGTH_AT) as usize]
        };
        Some(Fact {
            kind: Kind::EVERY[(head & format::KIND) as usize],
            name: text(1),
            module: text(2),
            there: text(3),
            chunk: word(4),
            may_be_alias: head & format::MAY_BE_ALIAS != 0,
            has_value: head & format::HAS_VALUE != 0,
            is_overload: head & format::IS_OVERLOAD != 0,
        })
    })
}

/// The lines of a top-level statement of the stub at `path`.
pub(crate) fn lines(path: &str, chunk: u32) -> Range<usize> {
    let first = stub(path).map_or(0, |stub| stub.chunks.start) + 2 * chunk as usize;
    number(CHUNKS, first) as usize..number(CHUNKS, first + 1) as usize
}

/// The word at a place among words.
fn number(words: &[u8], at: usize) -> u32 {
    let bytes = &words[at * 4..at * 4 + 4];
    u32::from_le_bytes(bytes.try_into().unwrap_or_default())
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
