//! What annotations of one file look up again and again.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Scope;
use crate::db::{Db, File};
use crate::stubs::{Part, part};
use crate::symbols::{Resolved, SymbolTable, global_with, symbol_table};
use crate::types::{Name, Symbol, Variable};

/// What a file says of names, asked of the database once for all the scopes of one query, whoever looks through them.
///
/// It belongs to the query that made it, which is the one that has read what stands in here: no query hands it to another.
pub(crate) struct Sight<'db> {
    db: &'db dyn Db,
    file: File,
    module: OnceCell<Name>,
    table: OnceCell<&'db SymbolTable>,
    /// Whether definitions are looked up in the whole file.
    is_whole: OnceCell<bool>,
    whole: OnceCell<Part>,
    /// What names stand for outside of functions and classes.
    found: RefCell<FxHashMap<Name, Resolved>>,
    /// The files of modules that were asked for: few, so that they are looked through.
    homes: RefCell<Vec<(Name, Option<File>)>>,
    /// What is in sight inside of functions and classes.
    inside: RefCell<FxHashMap<Name, Inside>>,
}

/// What is in sight inside of a function or class.
#[derive(Clone)]
pub(super) struct Inside {
    /// The class that `Self` means.
    pub self_class: Option<Symbol>,
    /// Type parameters that were declared in brackets.
    pub type_params: Vec<Variable>,
}

impl<'db> Sight<'db> {
    /// Looks at `file`. Nothing is asked before it is needed.
    pub(crate) fn new(db: &'db dyn Db, file: File) -> Rc<Sight<'db>> {
        Rc::new(Sight {
            db,
            file,
            module: OnceCell::new(),
            table: OnceCell::new(),
            is_whole: OnceCell::new(),
            whole: OnceCell::new(),
            found: RefCell::default(),
            homes: RefCell::default(),
            inside: RefCell::default(),
        })
    }

    /// The database.
    pub(crate) fn db(&self) -> &'db dyn Db {
        self.db
    }

    /// The file.
    pub(crate) fn file(&self) -> File {
        self.file
    }

    /// The module's name.
    pub(crate) fn module(&self) -> Name {
        *self
            .module
            .get_or_init(|| crate::resolve::module_name(self.db, self.file))
    }

    /// The file's module-level names.
    pub(crate) fn table(&self) -> &'db SymbolTable {
        self.table.get_or_init(|| symbol_table(self.db, self.file))
    }

    /// The whole file.
    pub(crate) fn whole(&self) -> &Part {
        self.whole.get_or_init(|| Part {
            parsed: crate::files::parsed(self.db, self.file),
            index: crate::index::module_index(self.db, self.file),
        })
    }

    /// The part of the file that defines `qualname`, or anything around it: see [`part`].
    pub(crate) fn part(&self, qualname: &str) -> Part {
        let is_whole = self
            .is_whole
            .get_or_init(|| self.file.path(self.db).as_os().is_some());
        match is_whole {
            true => self.whole().clone(),
            false => part(self.db, self.file, qualname),
        }
    }

    /// What `name` stands for at module level, or as a builtin.
    pub(crate) fn global(&self, name: &str) -> Resolved {
        if let Some(found) = self.found.borrow().get(name) {
            return found.clone();
        }
        let found = global_with(self.db, self.file, self.table(), name);
        self.found
            .borrow_mut()
            .insert(Name::new(name), found.clone());
        found
    }

    /// The file of a module, as this one sees it.
    pub(crate) fn home(&self, module: &Name) -> Option<File> {
        if let Some(file) = self.known_home(|known| known == module) {
            return file;
        }
        let file = if self.module() == *module {
            Some(self.file)
        } else {
            crate::resolve::resolve_module(self.db, module)
        };
        self.homes.borrow_mut().push((*module, file));
        file
    }

    /// The same of the module with this name.
    pub(crate) fn home_of(&self, module: &str) -> Option<File> {
        self.known_home(|known| **known == *module)
            .unwrap_or_else(|| self.home(&Name::new(module)))
    }

    /// What [`Sight::home`] said of a module before.
    fn known_home(&self, is_it: impl Fn(&Name) -> bool) -> Option<Option<File>> {
        let known = self.homes.borrow();
        known
            .iter()
            .find(|(module, _)| is_it(module))
            .map(|(_, file)| *file)
    }

    /// What is in sight inside of `qualname`, which `find` finds out.
    pub(super) fn inside(&self, qualname: &Name, find: impl FnOnce() -> Inside) -> Inside {
        if let Some(known) = self.inside.borrow().get(qualname) {
            return known.clone();
        }
        // Nothing is held meanwhile: what is found out looks into other scopes.
        let found = find();
        self.inside.borrow_mut().insert(*qualname, found.clone());
        found
    }

    /// The module level of the file, see [`Scope::module`].
    pub(crate) fn module_scope(self: &Rc<Sight<'db>>) -> Scope<'db> {
        Scope::of(Rc::clone(self))
    }

    /// The inside of a function or class, see [`Scope::inside`].
    pub(crate) fn scope_inside(self: &Rc<Sight<'db>>, qualname: &Name) -> Scope<'db> {
        Scope::of(Rc::clone(self)).within(qualname)
    }
}
