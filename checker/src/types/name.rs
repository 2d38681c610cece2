//! Names and symbols: interned text, and where a class or function is defined.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::intern::{Table, hash_of};

/// A name: of a module (`pkg.mod`), of a variable, a qualified name (`C.method`). Interned: copied for nothing, compared by address.
#[derive(Clone, Copy)]
pub struct Name(&'static str);

static NAMES: Table<Box<str>> = Table::new();

impl Name {
    /// The name with this text.
    pub fn new(text: impl AsRef<str>) -> Name {
        let text = text.as_ref();
        Name(NAMES.intern(hash_of(text), |known| **known == *text, || text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Name {}

// By text, as `Borrow<str>` demands.
impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

// By text, so that what is sorted is sorted alike in every process.
impl Ord for Name {
    fn cmp(&self, other: &Name) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        String::deserialize(deserializer).map(Name::new)
    }
}

/// A class or function by where it is defined: the module and the qualified name inside it, written `pkg.mod:C.method`.
/// Interned: copied for nothing, compared by address.
#[derive(Clone, Copy)]
pub struct Symbol(&'static SymbolParts);

/// The parts of a [`Symbol`], which dereferences to them.
pub struct SymbolParts {
    /// The defining module's full dotted name; `builtins` for builtins.
    pub module: Name,
    /// The qualified name inside the module (`__qualname__` without `<locals>` parts).
    pub qualname: Name,
    /// The last part of the qualified name.
    last: &'static str,
    /// Of the text of both.
    hash: u64,
    /// Whether the module is that of the builtins, which is asked more than anything else.
    in_builtins: bool,
}

static SYMBOLS: Table<SymbolParts> = Table::new();

impl Symbol {
    /// The symbol `module:qualname`, from text.
    pub fn new(module: impl AsRef<str>, qualname: impl AsRef<str>) -> Symbol {
        match module.as_ref() {
            "builtins" => super::known::builtin(qualname.as_ref()),
            module => Symbol::of(Name::new(module), Name::new(qualname)),
        }
    }

    /// The symbol `module:qualname`.
    pub fn of(module: Name, qualname: Name) -> Symbol {
        let hash = hash_of(&(module, qualname));
        Symbol(SYMBOLS.intern(
            hash,
            |known| known.module == module && known.qualname == qualname,
            || SymbolParts {
                module,
                qualname,
                last: match qualname.as_str().rsplit_once('.') {
                    Some((_, last)) => last,
                    None => qualname.as_str(),
                },
                hash,
                in_builtins: &*module == "builtins",
            },
        ))
    }

    /// Whether this is `builtins:name`.
    pub fn is_builtin(&self, name: &str) -> bool {
        self.0.in_builtins && &*self.qualname == name
    }

    /// The last part of the qualified name.
    pub fn name(&self) -> &'static str {
        self.0.last
    }
}

impl Deref for Symbol {
    type Target = SymbolParts;
    fn deref(&self) -> &SymbolParts {
        self.0
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Symbol) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Symbol {}

// By text, so that a table is walked alike in every process.
impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> std::cmp::Ordering {
        (self.module, self.qualname).cmp(&(other.module, other.qualname))
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.module, self.qualname)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.module, self.qualname).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Symbol, D::Error> {
        let (module, qualname) = Deserialize::deserialize(deserializer)?;
        Ok(Symbol::of(module, qualname))
    }
}
