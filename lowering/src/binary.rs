//! The binary form of functions: a magic number, the version of the form, and the function in postcard's encoding, with a checksum.
//!
//! The version is part of what a cache is keyed by: any change of the ops, the helpers or the data model makes a new one, and data of another version is
//! refused, never guessed at.

use std::fmt;

use crate::function::Function;
use crate::helpers::Helper;
use crate::ops::Op;

const MAGIC: [u8; 4] = *b"KBBC";

/// Version of the data model. The lists of ops and helpers count by themselves.
const VERSION: u32 = 2;

/// Why bytes are not a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BinaryError {
    /// They do not start as the binary form does.
    NotBytecode,
    /// They are of another version.
    Version,
    /// They are damaged.
    Damaged,
}

impl fmt::Display for BinaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BinaryError::NotBytecode => "this is no typed bytecode",
            BinaryError::Version => "this bytecode is of another version",
            BinaryError::Damaged => "this bytecode is damaged",
        })
    }
}

impl std::error::Error for BinaryError {}

/// A function as bytes.
pub fn encode(function: &Function) -> Vec<u8> {
    // Plain data of known kinds: postcard cannot fail on it.
    let body = postcard::to_stdvec(function).unwrap_or_default();
    let mut out = Vec::with_capacity(body.len() + 16);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&version().to_le_bytes());
    out.extend_from_slice(&checksum(&body).to_le_bytes());
    out.extend_from_slice(&body);
    out
}

/// The function that bytes are. It has been verified: what is damaged in a way that the checksum does not see is refused too.
///
/// # Errors
///
/// See [`BinaryError`].
pub fn decode(bytes: &[u8]) -> Result<Function, BinaryError> {
    let (head, body) = bytes.split_at_checked(16).ok_or(BinaryError::NotBytecode)?;
    if head[..4] != MAGIC {
        return Err(BinaryError::NotBytecode);
    }
    if head[4..8] != version().to_le_bytes() {
        return Err(BinaryError::Version);
    }
    if head[8..] != checksum(body).to_le_bytes() {
        return Err(BinaryError::Damaged);
    }
    let (function, rest) =
        postcard::take_from_bytes::<Function>(body).map_err(|_| BinaryError::Damaged)?;
    if !rest.is_empty() || crate::verify::verify(&function).is_err() {
        return Err(BinaryError::Damaged);
    }
    Ok(function)
}

/// The version of the form: changes with the names of the ops and helpers and their order.
fn version() -> u32 {
    let ops = Op::ALL.iter().map(|op| op.info().name);
    let helpers = Helper::ALL.iter().map(|h| h.info().name);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for name in ops.chain(helpers) {
        hash = fnv(hash, name.as_bytes());
        hash = fnv(hash, &[0]);
    }
    VERSION ^ (hash ^ (hash >> 32)) as u32
}

fn checksum(bytes: &[u8]) -> u64 {
    fnv(0xcbf2_9ce4_8422_2325, bytes)
}

/// FNV-1a.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
