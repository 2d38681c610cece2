//! Storage of instances: bases that cannot be combined, and `__slots__`.

use keelback_parser::ast::StmtClassDef;

use super::{Checker, base_range, mangled};
use crate::classes::{class_interface, slots};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::interface::Member;
use crate::members::{find_member, is_subclass};
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::types::{Name, Symbol, Type};

/// The class from which the instances of another have their storage.
struct Storage {
    /// The class.
    class: Symbol,
    /// Why its instances have storage of their own.
    why: &'static str,
}

impl Checker<'_> {
    /// Two bases with storage of their own cannot be combined: CPython refuses to build the class.
    pub(super) fn storage(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        if interface.bases.len() < 2 {
            return;
        }
        let mut first: Option<(Symbol, Storage)> = None;
        for (position, base) in interface.bases.iter().enumerate() {
            let Some(base) = base.class() else { continue };
            let Some(found) = self.storage_of(&base, 0) else {
                continue;
            };
            let Some((earlier, storage)) = &first else {
                first = Some((base, found));
                continue;
            };
            let derives = |one: &Symbol, other: &Symbol| {
                is_subclass(self.db, self.file, one, other) != Some(false)
            };
            if derives(&found.class, &storage.class) {
                first = Some((base, found));
                continue;
            }
            if derives(&storage.class, &found.class) {
                continue;
            }
            let of = |base: &Symbol, storage: &Storage| match base == &storage.class {
                true => format!("`{}`: {}", base.name(), storage.why),
                false => format!(
                    "`{}`, a base of `{}`: {}",
                    storage.class.name(),
                    base.name(),
                    storage.why
                ),
            };
            let message = format!(
                "Base classes `{}` and `{}` both bring storage for instances, which conflicts",
                earlier.name(),
                base.name()
            );
            let reasons = format!("{}; {}", of(earlier, storage), of(&base, &found));
            let advice = match (storage.why, found.why) {
                ("it has fields", _)
                | (_, "it has fields")
                | ("it has `__slots__`", _)
                | (_, "it has `__slots__`") => {
                    "Keep the fields in one of them, or hold an instance of the other in a field"
                }
                _ => "Derive from one of them, and hold an instance of the other in a field",
            };
            let shift = node
                .arguments
                .iter()
                .flat_map(|arguments| &arguments.args)
                .position(|expr| {
                    crate::reach::dotted(expr)
                        .is_some_and(|name| crate::index::last_part(&name) == base.name())
                });
            let range = base_range(node, shift.unwrap_or(position));
            self.report(Rule::LayoutConflict, range, message)
                .notes
                .extend([reasons, advice.to_owned()]);
            return;
        }
    }

    /// The class that instances of `symbol` have their storage from: the most derived one that has storage of its own.
    fn storage_of(&self, symbol: &Symbol, depth: u32) -> Option<Storage> {
        if depth > 64 {
            return None;
        }
        if let Some(why) = slots::storage(self.db, self.file, symbol) {
            return Some(Storage {
                class: *symbol,
                why,
            });
        }
        let interface = class_interface(self.db, self.file, symbol)?;
        let bases = interface.bases.iter().filter_map(Type::class);
        bases
            .filter(|base| base != symbol)
            .filter_map(|base| self.storage_of(&base, depth + 1))
            .reduce(|best, other| {
                let is_more_derived =
                    is_subclass(self.db, self.file, &other.class, &best.class) == Some(true);
                if is_more_derived { other } else { best }
            })
    }

    /// Names in `__slots__` that the body gives a value, and attributes that methods assign although there is no room for them.
    pub(super) fn slots(&mut self, class: &ClassEntry) {
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        let has_own = class.scope.bindings.get("__slots__");
        let is_given = interface.dataclass.as_ref().is_some_and(|made| made.slots);
        if has_own.is_none() && !is_given {
            return;
        }
        if let (Some(binding), true) = (has_own.and_then(|own| own.first()), is_given) {
            let message = "`dataclass(slots=True)` makes `__slots__`, which the class has already";
            self.report(Rule::InvalidSlots, binding.range, message.to_owned())
                .notes
                .push("CPython refuses to build the class: leave one of them out".to_owned());
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let part = crate::stubs::part(self.db, self.file, &class.qualname);
        let own = slots::names(&part, class);
        for (name, bindings) in &class.scope.bindings {
            if !own.contains(&mangled(&class.qualname, name)) {
                continue;
            }
            let valued = bindings.iter().find(|binding| match binding.kind {
                BindingKind::Annotated { has_value } => has_value,
                BindingKind::Augmented => false,
                // What is deleted again is not in the way.
                _ => !find_stmt(&parsed, binding.stmt).is_some_and(|stmt| stmt.is_delete_stmt()),
            });
            let is_deleted = bindings.iter().any(|binding| {
                find_stmt(&parsed, binding.stmt).is_some_and(|stmt| stmt.is_delete_stmt())
            });
            if let (Some(binding), false) = (valued, is_deleted) {
                let message =
                    format!("`{name}` is in `__slots__` and has a value in the class body too");
                self.report(Rule::InvalidSlots, binding.range, message)
                    .notes
                    .push(
                        "CPython refuses to build the class: give it its value in `__init__`"
                            .to_owned(),
                    );
            }
        }
        let Some(all) = slots::all_names(self.db, self.file, &interface) else {
            return;
        };
        let symbol = Symbol::of(module_name(self.db, self.file), class.qualname);
        let sets_itself = find_member(self.db, self.file, &symbol, "__setattr__")
            .is_some_and(|found| !found.owner.symbol.is_builtin("object"));
        if sets_itself {
            return;
        }
        let mut seen: Vec<Name> = Vec::new();
        for assignment in &class.self_assignments {
            let name = mangled(&class.qualname, &assignment.name);
            if all.contains(&name) || seen.contains(&name) || self.has_descriptor(&symbol, &name) {
                continue;
            }
            seen.push(name);
            let message = format!(
                "`{}` is not in `__slots__`, so instances have no room for it",
                assignment.name
            );
            let note = match is_given {
                true => format!("Declare `{}` as a field", assignment.name),
                false => format!("Add `\"{}\"` to `__slots__`", assignment.name),
            };
            self.report(Rule::InvalidSlots, assignment.target, message)
                .notes
                .push(note);
        }
    }

    /// Whether something in the class may take what is stored to `name`: a property, a descriptor.
    fn has_descriptor(&self, class: &Symbol, name: &Name) -> bool {
        let Some(found) = find_member(self.db, self.file, class, name) else {
            return false;
        };
        match found.member {
            Member::Property { .. } | Member::Dynamic => true,
            Member::ClassVar { ty } => {
                ty.is_dynamic()
                    || ty.class().is_none_or(|class| {
                        find_member(self.db, self.file, &class, "__set__").is_some()
                    })
            }
            _ => false,
        }
    }
}
