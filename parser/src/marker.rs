//! Is this text a static module? Answered from its first few tokens.

use text_size::{TextRange, TextSize};

/// What the beginning of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marker {
    /// The first import is `import __static__` or `from __static__ import …`; the range is that import's
    /// keyword and module name.
    Static(TextRange),
    /// It is not. (A later import of `__static__` does not make the module static; the checker warns of it.)
    Dynamic,
}

impl Marker {
    /// Whether the module is static.
    pub fn is_static(self) -> bool {
        matches!(self, Self::Static(_))
    }
}

/// Decides whether `source` marks itself as a static module: before the first import, which must be of
/// `__static__`, stand only a docstring, comments and `from __future__` imports.
///
/// Reads no further than the first token that decides, so asking of every module that a process imports costs
/// next to nothing. It does not check syntax: of a text with errors it says what its beginning looks like.
pub fn is_static_module(source: &str) -> Marker {
    let mut scan = Scan {
        text: source.as_bytes(),
        at: 0,
    };
    if source.starts_with('\u{feff}') {
        scan.at = 3;
    }
    let mut docstring_allowed = true;
    loop {
        scan.skip_blank();
        let start = scan.at;
        if let Some(word) = scan.word() {
            match word {
                "import" => {
                    scan.skip_space();
                    return if scan.dotted_name() == Some("__static__") {
                        scan.marker(start)
                    } else {
                        Marker::Dynamic
                    };
                }
                "from" => {
                    scan.skip_space();
                    match scan.dotted_name() {
                        Some("__future__") => scan.skip_statement(),
                        Some("__static__") => return scan.marker(start),
                        _ => return Marker::Dynamic,
                    }
                }
                _ if docstring_allowed && is_string_prefix(word) && scan.string() => {
                    // Strings next to each other are one docstring.
                    scan.skip_space();
                    while scan.adjacent_string() {
                        scan.skip_space();
                    }
                    if !scan.at_statement_end() {
                        return Marker::Dynamic;
                    }
                }
                _ => return Marker::Dynamic,
            }
        } else if docstring_allowed && scan.string() {
            scan.skip_space();
            while scan.adjacent_string() {
                scan.skip_space();
            }
            if !scan.at_statement_end() {
                return Marker::Dynamic;
            }
        } else {
            return Marker::Dynamic;
        }
        docstring_allowed = false;
    }
}

/// Prefixes that a docstring may have. A bytes literal or an f-string is not one.
fn is_string_prefix(word: &str) -> bool {
    matches!(word, "r" | "R" | "u" | "U")
}

/// A cursor over the bytes of a text.
struct Scan<'text> {
    text: &'text [u8],
    at: usize,
}

impl<'text> Scan<'text> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn marker(&self, start: usize) -> Marker {
        let offset = |at: usize| TextSize::try_from(at).expect("a text of at most 4 GiB");
        Marker::Static(TextRange::new(offset(start), offset(self.at)))
    }

    /// Skips white space inside a line, and lines joined by a backslash.
    fn skip_space(&mut self) {
        loop {
            match self.text.get(self.at..) {
                Some([b' ' | b'\t' | b'\x0c', ..]) => self.at += 1,
                Some([b'\\', b'\r', b'\n', ..]) => self.at += 3,
                Some([b'\\', b'\n' | b'\r', ..]) => self.at += 2,
                _ => return,
            }
        }
    }

    /// Skips white space, line ends, comments and semicolons.
    fn skip_blank(&mut self) {
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'\n' | b'\r' | b';') => self.at += 1,
                Some(b'#') => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        while !matches!(self.peek(), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Skips the rest of a statement that holds names and parentheses only.
    fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'#' => {
                    self.skip_line();
                    continue;
                }
                b'\\' => {
                    let before = self.at;
                    self.skip_space();
                    if self.at == before {
                        return;
                    }
                    continue;
                }
                b'\n' | b'\r' | b';' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn at_statement_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b'\r' | b';' | b'#'))
    }

    fn word(&mut self) -> Option<&'text str> {
        let start = self.at;
        while matches!(self.peek(), Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        if self.at == start || self.text[start].is_ascii_digit() {
            self.at = start;
            return None;
        }
        std::str::from_utf8(&self.text[start..self.at]).ok()
    }

    /// A name, which is not the marker's when a dot or a non-ASCII letter follows.
    fn dotted_name(&mut self) -> Option<&'text str> {
        let word = self.word()?;
        match self.peek() {
            Some(b'.') => None,
            Some(byte) if byte >= 0x80 => None,
            _ => Some(word),
        }
    }

    fn adjacent_string(&mut self) -> bool {
        let start = self.at;
        let prefix = self.word().unwrap_or("");
        if (prefix.is_empty() || is_string_prefix(prefix)) && self.string() {
            return true;
        }
        self.at = start;
        false
    }

    /// Skips a string literal whose prefix has been read. Says whether there was one.
    fn string(&mut self) -> bool {
        let Some(quote @ (b'"' | b'\'')) = self.peek() else {
            return false;
        };
        let triple = self.text[self.at..].starts_with(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        loop {
            match self.text.get(self.at..) {
                None | Some([]) => return false,
                // A backslash protects the quote after it in raw strings too.
                Some([b'\\', _, ..]) => self.at += 2,
                Some([b'\n' | b'\r', ..]) if !triple => return false,
                Some(rest) if triple && rest.starts_with(&[quote; 3]) => {
                    self.at += 3;
                    return true;
                }
                Some([byte, ..]) if !triple && *byte == quote => {
                    self.at += 1;
                    return true;
                }
                Some(_) => self.at += 1,
            }
        }
    }
}
