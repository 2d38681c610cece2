//! What the syntax of one file says about names, without any other file: functions, classes, imports, bindings.
//!
//! The index holds positions, so it changes with every edit and nothing outside its file may depend on it. Queries whose
//! results others use (`interface`, `symbols`) are projections of it without positions.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::collections::IndexMap;
use keelback_parser::ast::{Stmt, StmtClassDef, StmtFunctionDef};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};
use keelback_parser::{Marker, Parsed};

use crate::db::{Db, File};
use crate::interface::FunctionKind;
use crate::kept::Kept;
use crate::types::Name;

pub(crate) use crate::reach::last_part;

mod build;

/// The index of one file.
#[derive(Debug, Clone)]
pub struct ModuleIndex {
    /// What the beginning of the file says.
    pub marker: Marker,
    /// Every function of the file by qualified name, methods and nested functions included.
    pub functions: IndexMap<Name, FunctionEntry>,
    /// Every class of the file by qualified name.
    pub classes: IndexMap<Name, ClassEntry>,
    /// The qualified name of each definition, by its whole statement.
    pub definitions: FxHashMap<TextRange, Name>,
    /// Module-level names.
    pub scope: Scope,
    /// Every import of the file, in order, also those inside functions.
    pub imports: Vec<ImportEntry>,
    /// Names listed in `__all__`, if it is a literal.
    pub all: Option<Vec<Name>>,
    /// Conditions decided when compiling made these statements unreachable.
    pub unreachable: Vec<TextRange>,
}

/// The names bound directly in a module's or a class's body, with every place that binds them, in order.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The names.
    pub bindings: IndexMap<Name, Vec<Binding>>,
    /// Modules of `from m import *`.
    pub stars: Vec<Name>,
}

/// One place that binds a name.
#[derive(Debug, Clone)]
pub struct Binding {
    /// How.
    pub kind: BindingKind,
    /// The name itself, or what stands for it.
    pub range: TextRange,
    /// The statement.
    pub stmt: TextRange,
    /// Whether the statement may not run: it is inside `if`, `try`, a loop, …
    pub is_conditional: bool,
}

/// How a name is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingKind {
    /// `def`: the qualified name.
    Function(Name),
    /// `class`: the qualified name.
    Class(Name),
    /// `import a.b` binds `a` to the module `a`; `import a.b as c` binds `c` to `a.b`.
    Import(Name),
    /// `from module import name`, with the absolute name of the module.
    ImportFrom {
        /// The module.
        module: Name,
        /// The name in it.
        name: Name,
    },
    /// `x: T` or `x: T = value`.
    Annotated {
        /// Whether there is a value.
        has_value: bool,
    },
    /// `x = value`, with a single target.
    Assigned,
    /// `x += value`.
    Augmented,
    /// `type x = T`.
    TypeAlias,
    /// By a `for`, `with`, `except`, unpacking, walrus, `del`, or through `global` from a function.
    Other,
}

/// A function of a file.
#[derive(Debug, Clone)]
pub struct FunctionEntry {
    /// The qualified name, without `<locals>` parts; a setter of property `x` is `C.x.setter`.
    pub qualname: Name,
    /// The whole statement, decorators included.
    pub range: TextRange,
    /// The name after `def`.
    pub name_range: TextRange,
    /// The class in whose body it stands directly.
    pub class: Option<Name>,
    /// The innermost function around it.
    pub parent: Option<Name>,
    /// What its decorators make of it.
    pub kind: FunctionKind,
    /// Dotted names of its decorators, outermost first; a call's is that of what is called, any other is empty.
    pub decorators: Vec<Name>,
    /// `async def`.
    pub is_async: bool,
    /// Contains `yield`.
    pub is_generator: bool,
    /// Whether its definition may not run.
    pub is_conditional: bool,
    /// Whether it declares type parameters in brackets.
    pub has_type_params: bool,
    /// Definitions of the same qualified name before this one, in order: overloads, or redefinitions.
    pub earlier: Vec<FunctionEntry>,
}

impl FunctionEntry {
    /// Whether a decorator's last part is `name`.
    pub fn has_decorator(&self, name: &str) -> bool {
        self.decorators
            .iter()
            .any(|decorator| last_part(decorator) == name)
    }

    /// The overloads, in order, if it is overloaded.
    pub fn overloads(&self) -> Vec<&FunctionEntry> {
        self.earlier
            .iter()
            .chain([self])
            .filter(|entry| entry.has_decorator("overload"))
            .collect()
    }

    /// Whether the name has another definition that is not an overload: which one a call meets is not known.
    pub fn is_redefined(&self) -> bool {
        self.earlier
            .iter()
            .any(|entry| !entry.has_decorator("overload"))
    }
}

/// A class of a file.
#[derive(Debug, Clone)]
pub struct ClassEntry {
    /// The qualified name, without `<locals>` parts.
    pub qualname: Name,
    /// The whole statement, decorators included.
    pub range: TextRange,
    /// The name after `class`.
    pub name_range: TextRange,
    /// The innermost function around it.
    pub parent: Option<Name>,
    /// The class in whose body it stands directly.
    pub class: Option<Name>,
    /// Names of decorators, as for functions.
    pub decorators: Vec<Name>,
    /// Names bound in its body.
    pub scope: Scope,
    /// Assignments through `self` in its methods, in order.
    pub self_assignments: Vec<SelfAssignment>,
    /// Whether its definition may not run.
    pub is_conditional: bool,
    /// Whether it declares type parameters in brackets.
    pub has_type_params: bool,
    /// Whether the file defines the qualified name more than once.
    pub is_redefined: bool,
}

impl ClassEntry {
    /// Whether a decorator's last part is `name`.
    pub fn has_decorator(&self, name: &str) -> bool {
        self.decorators
            .iter()
            .any(|decorator| last_part(decorator) == name)
    }
}

/// `self.name = …` in a method.
#[derive(Debug, Clone)]
pub struct SelfAssignment {
    /// The attribute, unmangled.
    pub name: Name,
    /// The target expression `self.name`.
    pub target: TextRange,
    /// The statement.
    pub stmt: TextRange,
    /// The method's qualified name.
    pub method: Name,
    /// Whether it is `self.name: T …`.
    pub is_annotated: bool,
    /// Whether it is a plain `self.name = value` (or annotated with a value), so that the value's type says something.
    pub is_plain: bool,
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportEntry {
    /// The absolute name of the module named in the statement; `None` when a relative import leaves the top.
    pub module: Option<Name>,
    /// For `from … import name`, the name; `*` too.
    pub name: Option<Name>,
    /// The module's name in the text, or for `from` imports the alias.
    pub range: TextRange,
    /// The statement.
    pub stmt: TextRange,
    /// The name that is bound; `None` for `*`.
    pub binds: Option<Name>,
    /// Stands at module level.
    pub is_top_level: bool,
    /// Whether it may fail without harm: inside `try`, or under `TYPE_CHECKING`.
    pub is_guarded: bool,
}

/// The index of `file`.
pub fn module_index(db: &dyn Db, file: File) -> Arc<ModuleIndex> {
    whole_index(db, file).get(|| make(db, file))
}

#[salsa::tracked(returns(ref), no_eq, lru = 256)]
fn whole_index(db: &dyn Db, file: File) -> Kept<ModuleIndex> {
    Kept::new(make(db, file))
}

fn make(db: &dyn Db, file: File) -> ModuleIndex {
    let parsed = crate::files::parsed(db, file);
    let marker = if file.path(db).is_stub() {
        Marker::Dynamic
    } else {
        let source = crate::files::source_text(db, file);
        keelback_parser::is_static_module(&source.text)
    };
    crate::stack::deep(|| build::build(db, file, marker, &parsed))
}

/// See [`crate::files::forget_tree`].
pub(crate) fn forget(db: &dyn Db, file: File) {
    whole_index(db, file).forget();
}

/// See [`crate::files::keep_all_trees`].
pub(crate) fn keep_all(db: &mut dyn Db) {
    whole_index::set_lru_capacity(db, 0);
}

/// The index of a part of `file`, a stub.
pub(crate) fn index_of_stub(db: &dyn Db, file: File, parsed: &Parsed) -> ModuleIndex {
    build::build(db, file, Marker::Dynamic, parsed)
}

/// The statement that starts at `start` and ends at `end`, wherever it is nested.
pub fn find_stmt(parsed: &Parsed, range: TextRange) -> Option<&Stmt> {
    find_in(parsed.body(), range)
}

/// The function with this statement range.
pub fn find_function(parsed: &Parsed, range: TextRange) -> Option<&StmtFunctionDef> {
    find_stmt(parsed, range)?.as_function_def_stmt()
}

/// The class with this statement range.
pub fn find_class(parsed: &Parsed, range: TextRange) -> Option<&StmtClassDef> {
    find_stmt(parsed, range)?.as_class_def_stmt()
}

fn find_in(body: &[Stmt], range: TextRange) -> Option<&Stmt> {
    // Statements stand in order: the one that holds `range` is the last that starts at or before it.
    let after = body.partition_point(|stmt| stmt.start() <= range.start());
    let stmt = body.get(after.checked_sub(1)?)?;
    if stmt.range() == range {
        return Some(stmt);
    }
    if stmt.end() < range.end() {
        return None;
    }
    let mut found = None;
    for_each_body(stmt, &mut |inner| {
        if found.is_none() {
            found = find_in(inner, range);
        }
    });
    found
}

/// Calls `visit` with each block of statements directly inside `stmt`.
pub fn for_each_body<'a>(stmt: &'a Stmt, visit: &mut dyn FnMut(&'a [Stmt])) {
    match stmt {
        Stmt::FunctionDef(node) => visit(&node.body),
        Stmt::ClassDef(node) => visit(&node.body),
        Stmt::For(node) => {
            visit(&node.body);
            visit(&node.orelse);
        }
        Stmt::While(node) => {
            visit(&node.body);
            visit(&node.orelse);
        }
        Stmt::If(node) => {
            visit(&node.body);
            for clause in &node.elif_else_clauses {
                visit(&clause.body);
            }
        }
        Stmt::With(node) => visit(&node.body),
        Stmt::Match(node) => {
            for case in &node.cases {
                visit(&case.body);
            }
        }
        Stmt::Try(node) => {
            visit(&node.body);
            for handler in &node.handlers {
                let keelback_parser::ast::ExceptHandler::ExceptHandler(handler) = handler;
                visit(&handler.body);
            }
            visit(&node.orelse);
            visit(&node.finalbody);
        }
        _ => {}
    }
}

impl ModuleIndex {
    /// The function that this statement defines.
    pub fn function_of(&self, node: &StmtFunctionDef) -> Option<&FunctionEntry> {
        let entry = self.functions.get(self.definitions.get(&node.range)?)?;
        // The statement may be an earlier definition of the name.
        (entry.range == node.range).then_some(entry)
    }

    /// The class that this statement defines.
    pub fn class_of(&self, node: &StmtClassDef) -> Option<&ClassEntry> {
        let entry = self.classes.get(self.definitions.get(&node.range)?)?;
        (entry.range == node.range).then_some(entry)
    }

    /// The innermost function or class that holds `offset`, by qualified name.
    pub fn definition_at(&self, offset: TextSize) -> Option<&Name> {
        let functions = self
            .functions
            .values()
            .map(|entry| (entry.range, &entry.qualname));
        let classes = self
            .classes
            .values()
            .map(|entry| (entry.range, &entry.qualname));
        functions
            .chain(classes)
            .filter(|(range, _)| range.contains(offset))
            .min_by_key(|(range, _)| range.len())
            .map(|(_, qualname)| qualname)
    }
}
