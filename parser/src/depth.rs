//! How deep a text nests, told from its tokens.
//!
//! Trees are walked and dropped by recursion. CPython refuses texts that nest deeper than some thousands of levels; so do we, at
//! the limit of its most patient version, and the tree of such a text is never looked at.

use rustpython_ast::token::{TokenKind, Tokens};
use text_size::{Ranged, TextRange};

/// The most levels of expressions inside each other. CPython 3.13 gives up just before as many.
pub(crate) const LIMIT: usize = 10_000;

/// The place where the tokens nest deeper than [`LIMIT`], if they do.
///
/// A level is a bracket that is open, or an operator since the last comma, because `a + b + c` and `a.b.c` are as deep as they are
/// long. The count is never lower than the depth of the tree.
pub(crate) fn too_deep(tokens: &Tokens) -> Option<TextRange> {
    // One count for each open bracket and one for the statement; their sum is the depth.
    let mut counts = vec![0_usize];
    let mut depth = 0_usize;
    for token in tokens.iter() {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                counts.push(1);
                depth += 1;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if counts.len() > 1 {
                    depth -= counts.pop().unwrap_or(0);
                }
                // A call or a subscript is a level around what is called.
                depth += 1;
                *counts.last_mut()? += 1;
            }
            TokenKind::Newline => {
                counts.truncate(1);
                counts[0] = 0;
                depth = 0;
            }
            TokenKind::Comma => depth -= std::mem::take(counts.last_mut()?),
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::String
            | TokenKind::NonLogicalNewline
            | TokenKind::Comment => {}
            _ => {
                depth += 1;
                *counts.last_mut()? += 1;
            }
        }
        if depth > LIMIT {
            return Some(token.range());
        }
    }
    None
}
