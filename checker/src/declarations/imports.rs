//! Imports that lead nowhere.

use super::Checker;
use crate::classes::class_interface;
use crate::resolve::{Resolution, resolve, resolve_from};
use crate::rules::Rule;
use crate::signatures::function_interface;
use crate::symbols::{Resolved, names_of, resolve_member};
use crate::types::Name;

impl Checker<'_> {
    pub(super) fn imports(&mut self) {
        let index = self.index.clone();
        for import in &index.imports {
            // What may fail on purpose is not reported.
            if import.is_guarded || !self.is_reachable(import.stmt) {
                continue;
            }
            let Some(module) = &import.module else {
                let message = "This relative import leaves the outermost package";
                self.report(Rule::UnresolvedImport, import.stmt, message);
                continue;
            };
            if &**module == "__future__" {
                continue;
            }
            if resolve_from(self.db, self.file, module).is_none()
                && resolve(self.db, module) == Resolution::Missing
            {
                let range = if import.name.is_some() {
                    import.stmt
                } else {
                    import.range
                };
                let message = format!("Module `{module}` is not found");
                let report = self.report(Rule::UnresolvedImport, range, message);
                report
                    .notes
                    .push("What is imported from it is dynamic".to_owned());
                continue;
            }
            if let Some(name) = &import.name
                && &**name != "*"
            {
                self.imported_name(module, name, import.range);
            }
        }
    }

    fn is_reachable(&self, range: keelback_parser::text_size::TextRange) -> bool {
        !self
            .index
            .unreachable
            .iter()
            .any(|dead| dead.contains_range(range))
    }

    /// A name that is imported from where it is marked `@deprecated`.
    fn deprecated_import(
        &mut self,
        resolved: &Resolved,
        range: keelback_parser::text_size::TextRange,
    ) {
        let (symbol, says) = match resolved {
            Resolved::Function(symbol) => {
                let function = function_interface(self.db, self.file, symbol);
                (symbol, function.and_then(|function| function.deprecated))
            }
            Resolved::Class(symbol) => {
                let class = class_interface(self.db, self.file, symbol);
                (symbol, class.and_then(|class| class.deprecated))
            }
            _ => return,
        };
        let Some(says) = says else { return };
        let name = symbol.name();
        let message = match says.is_empty() {
            true => format!("`{name}` is deprecated"),
            false => format!("`{name}` is deprecated: {says}"),
        };
        self.report(Rule::Deprecated, range, message);
    }

    fn imported_name(
        &mut self,
        module: &Name,
        name: &Name,
        range: keelback_parser::text_size::TextRange,
    ) {
        let resolved = resolve_member(self.db, self.file, module, name);
        if resolved != Resolved::Missing {
            self.deprecated_import(&resolved, range);
            return;
        }
        let Some(file) = resolve_from(self.db, self.file, module) else {
            return;
        };
        // A stub may be older than the library; a name that it does not have is dynamic. `__static__` is ours.
        if file.path(self.db).is_stub() && &**module != "__static__" {
            return;
        }
        let known = names_of(self.db, file);
        let primitives = crate::types::Primitive::ALL.iter().map(|(_, name)| *name);
        let known = known
            .iter()
            .map(|known| &**known)
            .chain(primitives.filter(|_| &**module == "__static__"));
        let message = format!("Module `{module}` has no `{name}`");
        self.unknown(Rule::UnresolvedImportName, range, message, name, known);
    }
}
