//! Bytes of a file to text, as PEP 263 says, for UTF-8 alone.

use std::fmt;

/// Why a file's bytes are not a text that can be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DecodeError {
    /// A coding cookie names an encoding other than UTF-8 (or a subset of it). `line` counts from 1.
    UnsupportedEncoding {
        /// The name as written.
        name: String,
        /// 1 or 2.
        line: u32,
    },
    /// A byte that is not UTF-8. `line` counts from 1.
    NotUtf8 {
        /// The offending byte.
        byte: u8,
        /// Offset of the byte in the file.
        offset: usize,
        /// The line it stands in.
        line: u32,
    },
    /// The file begins with a UTF-8 byte order mark and its cookie says something else.
    BomContradictsCookie {
        /// The name as written.
        name: String,
    },
    /// A NUL byte, which no Python source may contain.
    NulByte {
        /// The line it stands in, from 1.
        line: u32,
    },
}

impl DecodeError {
    /// The line to show, counted from 1.
    pub fn line(&self) -> u32 {
        match self {
            Self::UnsupportedEncoding { line, .. }
            | Self::NotUtf8 { line, .. }
            | Self::NulByte { line } => *line,
            Self::BomContradictsCookie { .. } => 1,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedEncoding { name, .. } => write!(
                f,
                "The encoding `{name}` is not supported; save the file as UTF-8 and remove the cookie"
            ),
            Self::NotUtf8 { byte, offset, .. } => write!(
                f,
                "Byte 0x{byte:02x} at offset {offset} is not UTF-8, and no encoding is declared"
            ),
            Self::BomContradictsCookie { name } => {
                write!(
                    f,
                    "The file has a UTF-8 byte order mark, but declares the encoding `{name}`"
                )
            }
            Self::NulByte { .. } => f.write_str("Source code cannot contain NUL bytes"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Decodes the bytes of a Python file: strips a byte order mark, obeys the coding cookie of the first two
/// lines, and refuses anything but UTF-8. Line ends stay as they are.
///
/// Offsets into the result do not count the byte order mark, as CPython's columns do not.
///
/// # Errors
///
/// See [`DecodeError`].
pub fn decode(bytes: &[u8]) -> Result<String, DecodeError> {
    let (bytes, bom) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    if let Some((name, line)) = cookie(bytes)
        && !is_utf8_name(&name)
    {
        return Err(if bom {
            DecodeError::BomContradictsCookie { name }
        } else {
            DecodeError::UnsupportedEncoding { name, line }
        });
    }
    let line_of = |offset: usize| {
        let newlines = bytes[..offset]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        u32::try_from(newlines + 1).unwrap_or(u32::MAX)
    };
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        return Err(DecodeError::NulByte {
            line: line_of(offset),
        });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let offset = error.valid_up_to();
            Err(DecodeError::NotUtf8 {
                byte: bytes[offset],
                offset,
                line: line_of(offset),
            })
        }
    }
}

/// The encoding named by a comment in the first or second line, and the line. The second line counts only when
/// the first is blank or a comment.
fn cookie(bytes: &[u8]) -> Option<(String, u32)> {
    for (number, line) in (1..=2).zip(bytes.split(|&byte| byte == b'\n' || byte == b'\r')) {
        let line = line.trim_ascii_start();
        let line = line
            .strip_prefix(b"\x0c")
            .unwrap_or(line)
            .trim_ascii_start();
        if line.is_empty() {
            continue;
        }
        if line[0] != b'#' {
            return None;
        }
        if let Some(name) = cookie_in_comment(line) {
            return Some((name, number));
        }
    }
    None
}

/// Finds `coding[:=]\s*([-\w.]+)` in a comment.
fn cookie_in_comment(comment: &[u8]) -> Option<String> {
    let mut rest = comment;
    loop {
        let at = rest.windows(6).position(|window| window == b"coding")?;
        rest = &rest[at + 6..];
        if let Some((b':' | b'=', after)) = rest.split_first() {
            let name: Vec<u8> = after
                .trim_ascii_start()
                .iter()
                .copied()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
                .collect();
            if !name.is_empty() {
                return String::from_utf8(name).ok();
            }
        }
    }
}

/// Whether the name means UTF-8, or ASCII, which is a part of it.
fn is_utf8_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    matches!(
        name.as_str(),
        "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "ascii" | "us-ascii"
    ) || name.starts_with("utf-8-")
}
