// Compiled into the build script, which reads the stubs, and into the tests.
//! Where the definitions of a stub are, by its lines alone.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// A name that is bound at the top level of a stub by one class, one function, or overloads, as far as classes and functions go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Where in the text its name is.
    pub name: Range<usize>,
    /// Whether it is a class.
    pub is_class: bool,
    /// Its lines, decorators included; overloads stand together.
    pub lines: Range<usize>,
}

/// The classes and functions that start in the first column, in order. Left out are names with several definitions other than
/// overloads that stand together, and classes with classes inside, which whoever asks for a file's classes must see.
pub fn definitions(text: &str) -> Vec<Definition> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut scanner = Scanner::default();
    let mut start = 0;
    while start < text.len() {
        let end = line_end(text, start);
        found.extend(scanner.line(start, &text[start..end]));
        start = end;
    }
    found.extend(scanner.end(start));

    let mut definitions: Vec<Definition> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut excluded: HashSet<&str> = HashSet::new();
    let mut before: Option<&Candidate> = None;
    for candidate in &found {
        let name = &text[candidate.name.clone()];
        if candidate.has_class_inside {
            excluded.insert(name);
        }
        match known.get(name) {
            None => {
                known.insert(name, definitions.len());
                definitions.push(Definition {
                    name: candidate.name.clone(),
                    is_class: candidate.is_class,
                    lines: candidate.lines.clone(),
                });
            }
            Some(&at) => {
                let adjoins = definitions[at].lines.end == candidate.lines.start;
                if adjoins && candidate.is_overload && before.is_some_and(|c| c.is_overload) {
                    definitions[at].lines.end = candidate.lines.end;
                } else {
                    excluded.insert(name);
                }
            }
        }
        before = Some(candidate);
    }
    definitions.retain(|definition| !excluded.contains(&text[definition.name.clone()]));
    definitions
}

/// Where the line that starts at `start` ends, its line break included. The lines of a long string are one with that in which
/// it starts, since they begin where they like.
fn line_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut in_comment = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => return at + 1,
            b'#' => in_comment = true,
            quote @ (b'"' | b'\'') if !in_comment && bytes[at..].starts_with(&[quote; 3]) => {
                let quotes = &text[at..at + 3];
                at += 3;
                match text[at..].find(quotes) {
                    Some(found) => at += found + 2,
                    None => return bytes.len(),
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// One definition.
#[derive(Debug)]
struct Candidate {
    name: Range<usize>,
    is_class: bool,
    is_overload: bool,
    has_class_inside: bool,
    lines: Range<usize>,
}

/// Reads a text line by line.
#[derive(Default)]
struct Scanner {
    /// Where the decorators of the next definition start, and whether `overload` is among them.
    decorators: Option<(usize, bool)>,
    /// The definition that the current line is in.
    open: Option<Candidate>,
}

impl Scanner {
    /// Takes a line that starts at `start`. Gives the definition that ends before it.
    fn line(&mut self, start: usize, line: &str) -> Option<Candidate> {
        let first = *line.as_bytes().first()?;
        if first.is_ascii_whitespace() {
            if line.trim_ascii_start().starts_with("class ")
                && let Some(open) = &mut self.open
            {
                open.has_class_inside = true;
            }
            return None;
        }
        let is_statement = first.is_ascii_alphabetic() || first == b'_' || first == b'@';
        if !is_statement {
            // A closing bracket, or a comment.
            return None;
        }
        let ended = self.end(start);
        if first == b'@' {
            let is_overload = matches!(line.trim_end(), "@overload" | "@typing.overload");
            let (from, overload) = self.decorators.unwrap_or((start, false));
            self.decorators = Some((from, overload || is_overload));
            return ended;
        }
        let (from, is_overload) = self.decorators.take().unwrap_or((start, false));
        let is_class = line.starts_with("class ");
        let head = ["class ", "def ", "async def "]
            .iter()
            .find(|head| line.starts_with(**head));
        if let Some(head) = head {
            let rest = &line[head.len()..];
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let name = start + head.len();
            self.open = Some(Candidate {
                name: name..name + length,
                is_class,
                is_overload,
                has_class_inside: false,
                lines: from..from,
            });
        }
        ended
    }

    /// The definition that ends at `end`.
    fn end(&mut self, end: usize) -> Option<Candidate> {
        let mut candidate = self.open.take()?;
        candidate.lines.end = end;
        Some(candidate)
    }
}
