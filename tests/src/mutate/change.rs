//! From a file and a number to a broken text.

use std::io;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use keelback_parser::ast::token::TokenKind;
use keelback_parser::text_size::{Ranged, TextRange};

/// The most tokens that one text loses.
const MOST_TOKENS: usize = 8;

/// A text that was made out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The file, as which the text is checked.
    pub path: PathBuf,
    /// The text.
    pub bytes: Vec<u8>,
    /// What was done to it, for people.
    pub what: String,
}

/// Makes broken texts out of files.
#[derive(Debug, Clone)]
pub struct Mutator {
    files: Vec<PathBuf>,
    seed: u64,
}

impl Mutator {
    /// Out of `files`, of which there must be some.
    #[must_use]
    pub fn new(files: Vec<PathBuf>, seed: u64) -> Mutator {
        assert!(!files.is_empty(), "there are no files to break");
        Mutator { files, seed }
    }

    /// What every text follows from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The text with this number.
    ///
    /// # Errors
    ///
    /// When its file cannot be read.
    pub fn mutant(&self, number: u64) -> io::Result<Mutant> {
        // Neighbouring seeds must not give neighbouring states.
        let state = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number;
        let mut rng = Rng::with_seed(state.wrapping_mul(0xd134_2543_de82_ef95));
        let path = &self.files[rng.usize(..self.files.len())];
        let original = std::fs::read(path)?;
        Ok(change(path, &original, &mut rng))
    }
}

fn change(path: &Path, original: &[u8], rng: &mut Rng) -> Mutant {
    let made = |bytes: Vec<u8>, what: String| Mutant {
        path: path.to_path_buf(),
        bytes,
        what,
    };
    let cut = |at: usize| made(original[..at].to_vec(), format!("cut at byte {at}"));
    let anywhere = rng.usize(..=original.len());
    let Ok(text) = std::str::from_utf8(original) else {
        return cut(anywhere);
    };
    match rng.u8(..8) {
        // Wherever it falls, also inside of a character.
        0 | 1 => cut(anywhere),
        // At the end of a line, so that it often parses.
        2 => cut(text[..text.floor_char_boundary(anywhere)]
            .rfind('\n')
            .map_or(0, |newline| newline + 1)),
        3 => match exchange_names(text, rng) {
            Some((bytes, what)) => made(bytes, what),
            None => cut(anywhere),
        },
        4 => {
            let (bytes, what) = without_lines(text, rng);
            made(bytes, what)
        }
        _ => {
            let (bytes, what) = without_tokens(text, rng);
            made(bytes, what)
        }
    }
}

/// The text without some of its tokens, sometimes neighbours, sometimes far from each other.
fn without_tokens(text: &str, rng: &mut Rng) -> (Vec<u8>, String) {
    let parsed = keelback_parser::parse_module(text);
    let tokens: Vec<TextRange> = parsed
        .tokens()
        .iter()
        .map(Ranged::range)
        .filter(|range| !range.is_empty())
        .collect();
    if tokens.is_empty() {
        return (Vec::new(), "without tokens".to_owned());
    }
    let count = rng.usize(1..=MOST_TOKENS).min(tokens.len());
    let first = rng.usize(..tokens.len());
    let are_neighbours = rng.bool();
    let mut lost: Vec<TextRange> = (0..count)
        .map(|step| {
            let at = if are_neighbours {
                (first + step) % tokens.len()
            } else {
                rng.usize(..tokens.len())
            };
            tokens[at]
        })
        .collect();
    lost.sort_by_key(|range| range.start());
    lost.dedup();
    let what = format!(
        "without the token{} at {}",
        if lost.len() == 1 { "" } else { "s" },
        lost.iter()
            .map(|range| format!("{range:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    (without(text, &lost), what)
}

/// The text without a few lines in a row.
fn without_lines(text: &str, rng: &mut Rng) -> (Vec<u8>, String) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return (Vec::new(), "as it is".to_owned());
    }
    let first = rng.usize(..lines.len());
    let count = rng.usize(1..=3).min(lines.len() - first);
    let kept = lines[..first].concat() + &lines[first + count..].concat();
    (
        kept.into_bytes(),
        format!("without {count} of its lines from line {}", first + 1),
    )
}

/// The text with a name put in the place of another one: it still parses, and means something else.
fn exchange_names(text: &str, rng: &mut Rng) -> Option<(Vec<u8>, String)> {
    let parsed = keelback_parser::parse_module(text);
    let names: Vec<TextRange> = parsed
        .tokens()
        .iter()
        .filter(|token| token.kind() == TokenKind::Name)
        .map(Ranged::range)
        .collect();
    if names.is_empty() {
        return None;
    }
    let (old, new) = (
        names[rng.usize(..names.len())],
        names[rng.usize(..names.len())],
    );
    let made = format!(
        "{}{}{}",
        &text[..old.start().to_usize()],
        &text[new],
        &text[old.end().to_usize()..]
    );
    let what = format!("with `{}` for the name at {old:?}", &text[new]);
    Some((made.into_bytes(), what))
}

/// The text without `ranges`, which are sorted and do not overlap.
fn without(text: &str, ranges: &[TextRange]) -> Vec<u8> {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        kept.push_str(&text[from..range.start().to_usize().max(from)]);
        from = range.end().to_usize().max(from);
    }
    kept.push_str(&text[from..]);
    kept.into_bytes()
}
