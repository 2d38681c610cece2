//! What names stand for, across files, by syntax alone.
//!
//! A [`SymbolTable`] is the projection of a module's index without positions and without types. Following a name through
//! imports needs nothing else, so cyclic imports are no cycle of queries.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::collections::{IndexMap, IndexSet};
use keelback_parser::ast::{Expr, Stmt};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::db::{Db, File, FilePath, Project};
use crate::files::staticness;
use crate::index::{Binding, BindingKind, find_stmt, module_index};
use crate::resolve::{Resolution, module_name, resolve, resolve_from, resolve_module};
use crate::stubs::Part;
use crate::types::{Name, Primitive, Symbol};

/// What a module-level name is bound to, as far as the syntax says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SymbolKind {
    /// A `def`, by qualified name.
    Function(Name),
    /// A `class`, by qualified name.
    Class(Name),
    /// A module, by full name.
    Module(Name),
    /// A name of another module.
    Import {
        /// The module, absolute.
        module: Name,
        /// The name in it.
        name: Name,
    },
    /// A variable.
    Variable {
        /// Whether its one value looks like a type, so that it may be an alias.
        may_be_alias: bool,
    },
    /// Bound in several ways.
    Dynamic,
}

/// The module-level names of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolTable {
    /// The module's name.
    pub(crate) module: Name,
    /// The names.
    pub names: IndexMap<Name, SymbolKind>,
    /// Every class by qualified name, nested ones included.
    pub classes: IndexSet<Name>,
    /// The last parts of the names of nested classes: any other name is looked up outside of classes and functions at once.
    pub(crate) nested: FxHashSet<Name>,
    /// Type aliases that classes define, by qualified name.
    pub(crate) class_aliases: FxHashSet<Name>,
    /// Modules of `from m import *`.
    pub stars: Vec<Name>,
    /// `__all__`, if it is a literal.
    pub all: Option<Vec<Name>>,
    /// Whether what the file says of its names can be used: it is static, a stub, or part of a `py.typed` package. The names
    /// of any other file are dynamic.
    pub is_known: bool,
    /// Whether it is static: all that it imports is looked at anyway.
    pub(crate) is_static: bool,
    /// Whether the module may have names that no statement binds: it has a `__getattr__`, or reaches for its own dictionary.
    pub has_hidden_names: bool,
}

impl SymbolTable {
    /// The class `name` as it is seen inside of `container`, a class or function of the file, if one around defines it.
    pub fn nested_class(&self, container: &str, name: &str) -> Option<Symbol> {
        if !self.nested.contains(name) {
            return None;
        }
        let mut container = Some(container);
        while let Some(outer) = container {
            if let Some(class) = self.classes.get(&*format!("{outer}.{name}")) {
                return Some(Symbol::of(self.module, *class));
            }
            container = outer.rsplit_once('.').map(|(rest, _)| rest);
        }
        None
    }
}

/// What a name turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A function.
    Function(Symbol),
    /// A class.
    Class(Symbol),
    /// A module.
    Module(Name),
    /// A module-level variable of a file.
    Variable {
        /// The file that defines it.
        file: File,
        /// Its name there.
        name: Name,
    },
    /// A fixed-width type of `__static__`.
    Primitive(Primitive),
    /// A form of `typing` that is no ordinary class.
    Special(Special),
    /// There is such a name, and nothing is known of it.
    Dynamic,
    /// There is no such name.
    Missing,
}

macro_rules! specials {
    ($($variant:ident = $name:literal,)+) => {
        /// The forms of `typing` that mean something in annotations.
        #[allow(missing_docs, reason = "each is named as in `typing`")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Special {
            $($variant,)+
        }

        impl Special {
            /// The form that `typing` calls `name`.
            pub fn from_name(name: &str) -> Option<Special> {
                match name {
                    $($name => Some(Special::$variant),)+
                    _ => None,
                }
            }

            /// Its name in `typing`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Special::$variant => $name,)+
                }
            }
        }
    };
}

specials! {
    Any = "Any",
    Optional = "Optional",
    Union = "Union",
    Callable = "Callable",
    Literal = "Literal",
    Final = "Final",
    ClassVar = "ClassVar",
    Annotated = "Annotated",
    Type = "Type",
    List = "List",
    Dict = "Dict",
    Set = "Set",
    FrozenSet = "FrozenSet",
    Tuple = "Tuple",
    DefaultDict = "DefaultDict",
    OrderedDict = "OrderedDict",
    Counter = "Counter",
    Deque = "Deque",
    ChainMap = "ChainMap",
    Never = "Never",
    NoReturn = "NoReturn",
    SelfType = "Self",
    LiteralString = "LiteralString",
    TypeAlias = "TypeAlias",
    Generic = "Generic",
    Protocol = "Protocol",
    TypeGuard = "TypeGuard",
    TypeIs = "TypeIs",
    Concatenate = "Concatenate",
    Unpack = "Unpack",
    Required = "Required",
    NotRequired = "NotRequired",
    ReadOnly = "ReadOnly",
    TypeForm = "TypeForm",
    TypedDict = "TypedDict",
}

/// The module-level names of `file`.
pub fn symbol_table(db: &dyn Db, file: File) -> &SymbolTable {
    if let FilePath::Vendored(_) = file.path(db) {
        return &crate::stubs::outline(db, file).table;
    }
    source_table(db, file)
}

#[salsa::tracked(returns(ref))]
fn source_table(db: &dyn Db, file: File) -> SymbolTable {
    let part = Part {
        parsed: crate::files::parsed(db, file),
        index: module_index(db, file),
    };
    table_of(db, file, &part)
}

/// The table of a file that is parsed as a whole.
pub(crate) fn table_of(db: &dyn Db, file: File, part: &Part) -> SymbolTable {
    let Part { parsed, index } = part;
    let looks_like_type = |binding: &Binding| {
        find_stmt(parsed, binding.stmt).is_some_and(|stmt| looks_like_alias(stmt, index))
    };
    let is_known = |kind: &BindingKind| match kind {
        BindingKind::Function(name) => {
            let entry = index.functions.get(name);
            entry.is_some_and(|entry| !entry.is_redefined())
        }
        BindingKind::Class(name) => {
            let entry = index.classes.get(name);
            entry.is_some_and(|entry| !entry.is_redefined)
        }
        _ => true,
    };
    let names = index
        .scope
        .bindings
        .iter()
        .map(|(name, bindings)| {
            let kinds: SmallVec<[&BindingKind; 1]> = bindings.iter().map(|b| &b.kind).collect();
            let looks_like_type = || bindings.first().is_some_and(looks_like_type);
            (*name, kind_of(&kinds, &is_known, &looks_like_type))
        })
        .collect();
    let is_static = staticness(db, file).is_static();
    SymbolTable {
        module: module_name(db, file),
        names,
        classes: index.classes.keys().cloned().collect(),
        nested: index
            .classes
            .keys()
            .filter_map(|name| Some(Name::new(name.rsplit_once('.')?.1)))
            .collect(),
        class_aliases: class_aliases(part),
        stars: index.scope.stars.clone(),
        all: index.all.clone(),
        is_known: file.path(db).is_stub() || is_static || is_typed_package(db, file),
        is_static,
        has_hidden_names: index.scope.bindings.contains_key("__getattr__")
            || (!file.path(db).is_stub() && reaches_for_globals(db, file)),
    }
}

/// Whether the text has one of the ways in which a module gives itself names. Looking for words is enough: taking a module for
/// one that does costs a report, not a wrong one.
fn reaches_for_globals(db: &dyn Db, file: File) -> bool {
    let source = crate::files::source_text(db, file);
    [
        "globals()",
        "vars()",
        "sys.modules",
        "exec(",
        "global_enum",
        "setattr(",
        "_convert_(",
    ]
    .iter()
    .any(|word| source.text.contains(word))
}

/// Whether a `py.typed` marker stands in the file's top-level package outside the program's own folders.
fn is_typed_package(db: &dyn Db, file: File) -> bool {
    let Some(path) = file.path(db).as_os() else {
        return false;
    };
    let paths = db.project().search_paths(db);
    if paths.roots.iter().any(|root| path.starts_with(root)) {
        return false;
    }
    let Some(site) = paths.site.iter().find(|site| path.starts_with(site)) else {
        return false;
    };
    let Some(top) = path
        .strip_prefix(site)
        .ok()
        .and_then(|rest| rest.components().next())
    else {
        return false;
    };
    let marker = site.join(top).join("py.typed");
    let marker = db.file(crate::db::FilePath::Os(Arc::from(marker)));
    matches!(marker.status(db), crate::system::Status::File(_))
}

/// The names that classes bind once, and in a way that cannot be meant as anything but a type.
fn class_aliases(part: &Part) -> FxHashSet<Name> {
    let mut found = FxHashSet::default();
    for class in part.index.classes.values() {
        for (name, bindings) in &class.scope.bindings {
            let [binding] = &bindings[..] else {
                continue;
            };
            let is_plain = |value: &Expr| {
                matches!(
                    value,
                    Expr::Name(_) | Expr::Attribute(_) | Expr::NoneLiteral(_)
                )
            };
            let is_alias = match find_stmt(&part.parsed, binding.stmt) {
                Some(Stmt::Assign(node)) if is_plain(&node.value) => false,
                Some(stmt) => looks_like_alias(stmt, &part.index),
                None => false,
            };
            if is_alias {
                found.insert(Name::new(format!("{}.{name}", class.qualname)));
            }
        }
    }
    found
}

/// Whether a statement that binds one name may define a type alias.
pub(crate) fn looks_like_alias(stmt: &Stmt, index: &crate::index::ModuleIndex) -> bool {
    match stmt {
        Stmt::Assign(node) => crate::reach::may_be_type(&node.value),
        Stmt::AnnAssign(node) => crate::reach::dotted(&node.annotation).is_some_and(|name| {
            let imported = index.scope.bindings.get(&*name).and_then(|all| all.last());
            crate::index::last_part(&name) == "TypeAlias"
                || imported.is_some_and(|binding| {
                    matches!(&binding.kind, BindingKind::ImportFrom { name, .. } if &**name == "TypeAlias")
                })
        }),
        Stmt::TypeAlias(_) => true,
        _ => false,
    }
}

/// What a name that is bound in these ways, in order, is. `is_known` says of a function or class that the ways do not disagree,
/// `looks_like_type` of the only one that it may make an alias.
pub(crate) fn kind_of<K: Borrow<BindingKind>>(
    kinds: &[K],
    is_known: &dyn Fn(&BindingKind) -> bool,
    looks_like_type: &dyn Fn() -> bool,
) -> SymbolKind {
    let mut ways = kinds.iter().map(Borrow::borrow);
    if let Some(first) = ways.next()
        && ways.clone().all(|kind| kind == first)
    {
        match first {
            BindingKind::Function(_) | BindingKind::Class(_) if !is_known(first) => {
                return SymbolKind::Dynamic;
            }
            BindingKind::Function(name) => return SymbolKind::Function(*name),
            BindingKind::Class(name) => return SymbolKind::Class(*name),
            BindingKind::Import(module) => return SymbolKind::Module(*module),
            BindingKind::ImportFrom { module, name } => {
                return SymbolKind::Import {
                    module: *module,
                    name: *name,
                };
            }
            BindingKind::Annotated { .. } | BindingKind::Assigned | BindingKind::TypeAlias => {
                return SymbolKind::Variable {
                    may_be_alias: kinds.len() == 1 && looks_like_type(),
                };
            }
            BindingKind::Augmented | BindingKind::Other => {}
        }
    }
    // The same name of modules that share what they have.
    if let Some(BindingKind::ImportFrom { module, name }) = kinds.last().map(Borrow::borrow)
        && kinds.iter().all(|kind| {
            matches!(kind.borrow(), BindingKind::ImportFrom { module, name: other } if other == name
                && matches!(&**module, "typing" | "typing_extensions" | "collections.abc"))
        })
    {
        return SymbolKind::Import {
            module: *module,
            name: *name,
        };
    }
    let is_variable = kinds.iter().all(|kind| {
        matches!(
            kind.borrow(),
            BindingKind::Annotated { .. }
                | BindingKind::Assigned
                | BindingKind::Augmented
                | BindingKind::Other
        )
    });
    if is_variable {
        SymbolKind::Variable {
            may_be_alias: false,
        }
    } else {
        SymbolKind::Dynamic
    }
}

/// What the module-level name `name` of `file` stands for, imports followed.
pub fn resolve_in(db: &dyn Db, file: File, name: &str) -> Resolved {
    resolve_with(db, file, symbol_table(db, file), name)
}

fn resolve_with(db: &dyn Db, file: File, table: &SymbolTable, name: &str) -> Resolved {
    let mut follower = Follower {
        db,
        from: file,
        seen: Vec::new(),
    };
    if table.has_forms() {
        return follower.in_file(file, name);
    }
    let Some((own, kind)) = table.names.get_key_value(name) else {
        return follower.in_stars(file, table, name);
    };
    if let Some(found) = table.own(file, *own, kind) {
        return found;
    }
    if table.is_static
        && let Some(found) = followed(db, file).get(own)
    {
        return found.clone();
    }
    follower.in_file(file, name)
}

/// What the names that `file`, a static module, imports from others stand for. Followed once for all that use them.
#[salsa::tracked(returns(ref))]
fn followed(db: &dyn Db, file: File) -> FxHashMap<Name, Resolved> {
    let imported = symbol_table(db, file).names.iter();
    imported
        .filter(|(_, kind)| matches!(kind, SymbolKind::Import { .. }))
        .map(|(name, _)| {
            let mut follower = Follower {
                db,
                from: file,
                seen: Vec::new(),
            };
            (*name, follower.in_file(file, name))
        })
        .collect()
}

impl SymbolTable {
    /// Whether the names of `typing`'s forms have their meaning by being in this module.
    fn has_forms(&self) -> bool {
        matches!(&*self.module, "typing" | "typing_extensions")
    }

    /// What `name`, which is of this `kind`, stands for, unless it comes from another module.
    fn own(&self, file: File, name: Name, kind: &SymbolKind) -> Option<Resolved> {
        if !self.is_known {
            return Some(Resolved::Dynamic);
        }
        Some(match kind {
            SymbolKind::Function(qualname) => {
                Resolved::Function(Symbol::of(self.module, *qualname))
            }
            SymbolKind::Class(qualname) => Resolved::Class(Symbol::of(self.module, *qualname)),
            SymbolKind::Module(name) => Resolved::Module(*name),
            SymbolKind::Import { .. } => return None,
            SymbolKind::Variable { .. } => Resolved::Variable { file, name },
            SymbolKind::Dynamic => Resolved::Dynamic,
        })
    }
}

/// What `name` stands for in `file` outside of functions: a module-level name, or a builtin.
///
/// A name that the module only may have, because it star-imports something unknown or writes to its own dictionary, is taken for
/// the builtin of that name: the runtime watches that it stays one.
pub fn resolve_global(db: &dyn Db, file: File, name: &str) -> Resolved {
    global_with(db, file, symbol_table(db, file), name)
}

/// The same, in the file of this table.
pub(crate) fn global_with(db: &dyn Db, file: File, table: &SymbolTable, name: &str) -> Resolved {
    match resolve_with(db, file, table, name) {
        Resolved::Missing => resolve_builtin(db, name),
        Resolved::Dynamic if !table.names.contains_key(name) => match resolve_builtin(db, name) {
            Resolved::Missing => Resolved::Dynamic,
            builtin => builtin,
        },
        found => found,
    }
}

/// The stub of the builtins, and what it defines itself.
#[salsa::tracked(returns(ref))]
fn builtins(db: &dyn Db, _: Project) -> Option<(File, FxHashMap<Name, Resolved>)> {
    let file = resolve_module(db, &Name::new("builtins"))?;
    let table = symbol_table(db, file);
    let own = table
        .names
        .iter()
        .filter_map(|(name, kind)| Some((*name, table.own(file, *name, kind)?)));
    // A module is nothing that the stub defines.
    let own = own.filter(|(_, found)| !matches!(found, Resolved::Module(_)));
    Some((file, own.collect()))
}

/// What the builtin `name` stands for.
pub fn resolve_builtin(db: &dyn Db, name: &str) -> Resolved {
    // Classes that the stub names for its own use.
    let is_private = name.starts_with('_') && !name.starts_with("__");
    if is_private || matches!(name, "ellipsis" | "function") {
        return Resolved::Missing;
    }
    let Some((file, own)) = builtins(db, db.project()) else {
        return Resolved::Dynamic;
    };
    if let Some(found) = own.get(name) {
        return found.clone();
    }
    match resolve_in(db, *file, name) {
        // What the stub itself imports is not a builtin.
        Resolved::Module(_) | Resolved::Special(_) => Resolved::Missing,
        Resolved::Function(symbol) | Resolved::Class(symbol) if &*symbol.module != "builtins" => {
            Resolved::Missing
        }
        found => found,
    }
}

/// What `name` is in the module called `module`, as seen from `from`.
pub fn resolve_member(db: &dyn Db, from: File, module: &Name, name: &str) -> Resolved {
    Follower {
        db,
        from,
        seen: Vec::new(),
    }
    .in_module(module, name)
}

struct Follower<'db> {
    db: &'db dyn Db,
    from: File,
    seen: Vec<(File, Name)>,
}

impl Follower<'_> {
    fn in_module(&mut self, module: &Name, name: &str) -> Resolved {
        if &**module == "__static__"
            && let Some(primitive) = Primitive::from_name(name)
        {
            return Resolved::Primitive(primitive);
        }
        let file = resolve_from(self.db, self.from, module);
        if let Some(file) = file {
            match self.in_file(file, name) {
                Resolved::Missing => {}
                found => return found,
            }
        }
        let submodule = Name::new(format!("{module}.{name}"));
        match resolve(self.db, &submodule) {
            Resolution::File(_) | Resolution::Namespace => Resolved::Module(submodule),
            Resolution::Missing
                if file.is_some() || resolve(self.db, module) == Resolution::Namespace =>
            {
                Resolved::Missing
            }
            // The import itself is reported.
            Resolution::Missing => Resolved::Dynamic,
        }
    }

    fn in_file(&mut self, file: File, name: &str) -> Resolved {
        let db = self.db;
        let key = (file, Name::new(name));
        if self.seen.contains(&key) {
            // A cycle of imports that never reaches a definition.
            return Resolved::Dynamic;
        }
        self.seen.push(key);
        let table = symbol_table(db, file);
        if table.has_forms()
            && let Some(special) = Special::from_name(name)
        {
            return Resolved::Special(special);
        }
        let Some((own, kind)) = table.names.get_key_value(name) else {
            return self.in_stars(file, table, name);
        };
        if let Some(found) = table.own(file, *own, kind) {
            return found;
        }
        match kind {
            SymbolKind::Import { module, name } => match self.in_module(module, name) {
                // Reported at the import.
                Resolved::Missing => Resolved::Dynamic,
                found => found,
            },
            _ => Resolved::Dynamic,
        }
    }

    fn in_stars(&mut self, file: File, table: &SymbolTable, name: &str) -> Resolved {
        // What `__all__` promises is there, even if no statement shows where it comes from.
        let is_promised = table
            .all
            .as_ref()
            .is_some_and(|all| all.iter().any(|known| &**known == name));
        let mut unknown = !table.is_known || table.has_hidden_names || is_promised;
        for module in &table.stars {
            let Some(target) = resolve_from(self.db, file, module) else {
                unknown = true;
                continue;
            };
            let exported = symbol_table(self.db, target);
            let is_public = match &exported.all {
                Some(all) => all.iter().any(|public| &**public == name),
                None => !name.starts_with('_'),
            };
            if is_public {
                match self.in_file(target, name) {
                    Resolved::Missing => {}
                    found => return found,
                }
            }
            unknown |= !exported.is_known || exported.has_hidden_names;
        }
        if unknown || is_module_attribute(name) {
            Resolved::Dynamic
        } else {
            Resolved::Missing
        }
    }
}

/// Names that every module has without binding them.
pub fn is_module_attribute(name: &str) -> bool {
    matches!(
        name,
        "__name__"
            | "__file__"
            | "__doc__"
            | "__dict__"
            | "__package__"
            | "__spec__"
            | "__loader__"
            | "__path__"
            | "__builtins__"
            | "__debug__"
            | "__annotations__"
            | "__cached__"
    )
}

/// The names that `file` defines at module level, for suggestions.
pub fn names_of(db: &dyn Db, file: File) -> Vec<Name> {
    symbol_table(db, file).names.keys().cloned().collect()
}

/// The file and qualified name of a symbol's definition, as seen from `from`.
pub fn definition_of(db: &dyn Db, from: File, symbol: &Symbol) -> Option<(File, Name)> {
    Some((resolve_from(db, from, &symbol.module)?, symbol.qualname))
}
