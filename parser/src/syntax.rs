//! Parsing a module or an expression, and its errors.

use std::ops::Range;

use rustpython_ast::{
    AtomicNodeIndex, Expr, ExprStringLiteral, ModModule, PythonVersion, Stmt, Suite, token::Tokens,
};
use rustpython_parser::{Mode, ParseOptions};
use text_size::{TextRange, TextSize};

use crate::{depth, semantic};

/// One syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, as a phrase without a final full stop, for example `` `return` outside function ``.
    pub message: String,
    /// Where, in bytes of the text. May be empty (at the end of a line or of the file).
    pub range: TextRange,
}

/// A parsed module: its tree, its tokens and all its syntax errors.
///
/// There is always a tree. When there are errors it holds what the parser recovered, so that the rest of the
/// file can still be looked at.
#[derive(Debug, Clone)]
pub struct Parsed {
    tree: Tree,
    errors: Vec<SyntaxError>,
    is_too_deep: bool,
}

#[derive(Debug, Clone)]
enum Tree {
    /// What the parser gave.
    Whole(rustpython_parser::Parsed<ModModule>),
    /// A module made otherwise: an empty one in place of one that is too deep to be looked at, or one of parts.
    Apart(ModModule, Tokens),
}

impl Parsed {
    /// The module's tree.
    pub fn module(&self) -> &ModModule {
        match &self.tree {
            Tree::Whole(parsed) => parsed.syntax(),
            Tree::Apart(module, _) => module,
        }
    }

    /// The statements of the module's body.
    pub fn body(&self) -> &[Stmt] {
        &self.module().body
    }

    /// The tokens, comments included, in order.
    pub fn tokens(&self) -> &Tokens {
        match &self.tree {
            Tree::Whole(parsed) => parsed.tokens(),
            Tree::Apart(_, tokens) => tokens,
        }
    }

    /// Every syntax error, in order of position.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Whether the only error is that the text nests too deeply for us: CPython may take it.
    pub fn is_too_deep(&self) -> bool {
        self.is_too_deep
    }

    /// Whether the text is a valid module.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// The comments, with their leading `#`, in order.
    pub fn comments(&self) -> impl Iterator<Item = TextRange> + '_ {
        self.tokens()
            .iter()
            .filter(|token| token.kind() == rustpython_ast::token::TokenKind::Comment)
            .map(text_size::Ranged::range)
    }
}

/// Parses a module with the newest syntax that Keelback supports. See [`parse_module_for`].
pub fn parse_module(source: &str) -> Parsed {
    parse_module_for(source, PythonVersion::PY314)
}

/// Parses a module and collects all its errors: those of the grammar, those that are only found when the whole
/// tree is known (for example `break` outside a loop), and uses of syntax newer than `version`.
///
/// # Panics
///
/// When the text is longer than 4 GiB.
pub fn parse_module_for(source: &str, version: PythonVersion) -> Parsed {
    parse(source, version)
}

/// Parses parts of a stub that is part of the distribution and known to be right: whole lines of `source` with whole statements,
/// in order. The tree is that of the parts one after the other, with the positions that they have in `source`. Errors that are
/// only found when the whole tree is known are not looked for, and tokens are not kept.
///
/// # Panics
///
/// When the text is longer than 4 GiB, or a range lies outside of it.
pub fn parse_vendored_stub(source: &str, parts: impl IntoIterator<Item = Range<usize>>) -> Parsed {
    let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY314);
    let offset = |at: usize| TextSize::try_from(at).expect("a stub is short");
    let mut body = Vec::new();
    let mut errors = Vec::new();
    for part in parts {
        let range = TextRange::new(offset(part.start), offset(part.end));
        let parsed = rustpython_parser::parse_cells_unchecked(source, [range], &options);
        errors.extend(parsed.errors().iter().map(|error| SyntaxError {
            message: tidy(&error.error.to_string()),
            range: error.location,
        }));
        body.extend(parsed.into_suite());
    }
    let module = ModModule {
        node_index: AtomicNodeIndex::NONE,
        range: TextRange::up_to(TextSize::of(source)),
        body: Suite::from(body),
    };
    Parsed {
        tree: Tree::Apart(module, Tokens::new(Vec::new())),
        errors,
        is_too_deep: false,
    }
}

fn parse(source: &str, version: PythonVersion) -> Parsed {
    let options = ParseOptions::from(Mode::Module).with_target_version(version);
    let parsed = rustpython_parser::parse_unchecked(source, options)
        .try_into_module()
        .expect("module mode always gives a module");
    let mut errors: Vec<SyntaxError> = parsed
        .errors()
        .iter()
        .map(|error| SyntaxError {
            message: tidy(&error.error.to_string()),
            range: error.location,
        })
        .chain(
            parsed
                .unsupported_syntax_errors()
                .iter()
                .map(|error| SyntaxError {
                    message: tidy(&error.to_string()),
                    range: error.range,
                }),
        )
        .collect();
    if let Some(range) = depth::too_deep(parsed.tokens()) {
        let tokens = parsed.tokens().clone();
        // Dropping the tree would overflow the stack, so it is left where it is.
        std::mem::forget(parsed.into_syntax());
        let module = ModModule {
            node_index: AtomicNodeIndex::NONE,
            range: TextRange::up_to(TextSize::of(source)),
            body: Suite::new(),
        };
        let message = "Too many nested expressions".to_owned();
        return Parsed {
            tree: Tree::Apart(module, tokens),
            errors: vec![SyntaxError { message, range }],
            is_too_deep: true,
        };
    }
    // A tree that the parser had to patch up would give follow-on errors, so the second kind is looked for
    // only in one that it did not.
    if parsed.has_valid_syntax() {
        errors.extend(semantic::check(source, parsed.suite(), version));
    }
    errors.sort_by_key(|error| (error.range.start(), error.range.end()));
    errors.dedup();
    Parsed {
        tree: Tree::Whole(parsed),
        errors,
        is_too_deep: false,
    }
}

/// Parses one expression that is the whole of `source`.
///
/// # Errors
///
/// The first syntax error.
pub fn parse_expression(source: &str) -> Result<Expr, SyntaxError> {
    rustpython_parser::parse_expression(source)
        .map(rustpython_parser::Parsed::into_expr)
        .map_err(|error| SyntaxError {
            message: tidy(&error.error.to_string()),
            range: error.location,
        })
}

/// Parses the expression inside a string annotation. Ranges of the result are positions in `source`, the text
/// of the module that holds the string, so diagnostics point inside the quotes.
///
/// # Errors
///
/// The first syntax error; or that the string is made of several parts. Where it has escapes positions in it are not positions in the text:
/// everything in it is then where the string is.
pub fn parse_string_annotation(
    source: &str,
    string: &ExprStringLiteral,
) -> Result<Expr, SyntaxError> {
    let [part] = string.value.as_slice() else {
        return Err(SyntaxError {
            message: "A string annotation must be a single string".to_owned(),
            range: string.range,
        });
    };
    let start = part.range.start() + opener_length(source, part.range);
    let text_length = TextSize::of(&*part.value);
    if source.get(start.to_usize()..(start + text_length).to_usize()) != Some(&*part.value) {
        let mut inner = rustpython_parser::parse_expression(&part.value)
            .map(rustpython_parser::Parsed::into_expr)
            .map_err(|error| SyntaxError {
                message: tidy(&error.error.to_string()),
                range: string.range,
            })?;
        rustpython_ast::relocate::relocate_expr(&mut inner, string.range);
        return Ok(inner);
    }
    rustpython_parser::parse_string_annotation(source, part)
        .map(rustpython_parser::Parsed::into_expr)
        .map_err(|error| SyntaxError {
            message: tidy(&error.error.to_string()),
            range: error.location,
        })
}

/// The length of a string literal's prefix and opening quotes.
fn opener_length(source: &str, range: TextRange) -> TextSize {
    let text = &source[range];
    let prefix = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let quotes = &text[prefix..];
    let quotes = if quotes.starts_with("\"\"\"") || quotes.starts_with("'''") {
        3
    } else {
        1
    };
    TextSize::try_from(prefix + quotes).expect("a literal's opener is short")
}

/// Brings the parser's messages to one form: a capital letter first and no full stop at the end.
pub(crate) fn tidy(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}
