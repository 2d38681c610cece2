// Compiled into the build script, which writes the outlines of the stubs, and into the checker, which reads them.
//! How the outlines of the stubs are laid out.
//!
//! An outline is a list of facts, in the order of the text. Where a fact holds is decided when Keelback is built, for each
//! Python and platform that a stub may ask about: a fact has a bit for each of them.

use keelback_parser::PythonVersion;

/// Platforms that stubs ask about, and any other one.
pub const PLATFORMS: [&str; 4] = ["linux", "darwin", "win32", ""];

/// How many minor versions of Python 3 are told apart; later ones are like the last.
pub const MINORS: u8 = 16;

/// The bit of a Python on a platform.
pub fn bit(version: PythonVersion, platform: &str) -> u64 {
    let minor = match version.major {
        ..3 => 0,
        3 => version.minor.min(MINORS - 1),
        _ => MINORS - 1,
    };
    let other = PLATFORMS.len() - 1;
    let platform = PLATFORMS[..other]
        .iter()
        .position(|known| *known == platform)
        .unwrap_or(other);
    1 << (usize::from(minor) * PLATFORMS.len() + platform)
}

/// How many words of four bytes a fact takes: kind and flags with the number of its mask, name, module, name there, number of its statement.
pub const FACT: usize = 5;

/// The first word's bits for the kind; the mask's number starts at bit 16.
pub const KIND: u32 = 0xff;
/// A variable whose value may be a type.
pub const MAY_BE_ALIAS: u32 = 0x100;
/// A variable that is declared with a value.
pub const HAS_VALUE: u32 = 0x200;
/// One of several signatures of a function.
pub const IS_OVERLOAD: u32 = 0x400;

/// A text among the names: where it starts, and how long it is in the upper bits.
pub const LENGTH_AT: u32 = 24;

/// What a fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The name is a function.
    Function,
    /// The name is a class.
    Class,
    /// The name is a module.
    Import,
    /// The name is one of another module.
    ImportFrom,
    /// The name is a variable, declared.
    Annotated,
    /// The name is a variable, assigned.
    Assigned,
    /// The name is a variable, changed in place.
    Augmented,
    /// The name is an alias.
    TypeAlias,
    /// There is a class of this qualified name inside of another definition.
    Inside,
    /// All of the module's names are imported.
    Star,
    /// `__all__` is a list that is empty so far.
    All,
    /// `__all__` has the name.
    Listed,
    /// `__all__` is something else.
    Unlisted,
}

impl Kind {
    /// Every kind, by number.
    pub const EVERY: [Kind; 13] = [
        Kind::Function,
        Kind::Class,
        Kind::Import,
        Kind::ImportFrom,
        Kind::Annotated,
        Kind::Assigned,
        Kind::Augmented,
        Kind::TypeAlias,
        Kind::Inside,
        Kind::Star,
        Kind::All,
        Kind::Listed,
        Kind::Unlisted,
    ];
}
