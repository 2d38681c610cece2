//! Imports that nothing uses.

use keelback_parser::Parsed;
use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

use super::Checker;
use crate::index::{ImportEntry, find_stmt};
use crate::rules::Rule;

impl Checker<'_> {
    pub(super) fn unused_imports(&mut self) {
        // What a package's `__init__` imports is there for others.
        if self.file.path(self.db).is_package() || !self.wants(Rule::UnusedImport) {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let mut used = UsedNames::default();
        used.visit_body(parsed.body());
        let source = crate::files::source_text(self.db, self.file);
        let index = self.index.clone();
        for import in &index.imports {
            let Some(binds) = &import.binds else { continue };
            let is_marker = matches!(import.module.as_deref(), Some("__static__" | "__future__"));
            let is_public = index.all.as_ref().is_some_and(|all| all.contains(binds));
            // `from m import x as x` says that it is meant for others.
            let is_reexport = import.name.as_ref() == Some(binds)
                && parsed_alias_is_explicit(self.db, self.file, import.range);
            if is_marker || is_public || is_reexport || import.is_guarded {
                continue;
            }
            if !used.0.contains(&**binds) {
                let message = format!("`{binds}` is imported and never used");
                let removal = removal(&source.text, &parsed, import);
                let report = self.report(Rule::UnusedImport, import.range, message);
                if let Some((range, text)) = removal {
                    *report = report.clone().with_fix("Remove the import", range, text);
                }
            }
        }
    }
}

/// What to replace by what so that `import` is gone and the rest stays as it is.
fn removal(
    source: &str,
    parsed: &Parsed,
    import: &ImportEntry,
) -> Option<(TextRange, &'static str)> {
    let names = match find_stmt(parsed, import.stmt)? {
        Stmt::Import(node) => &node.names,
        Stmt::ImportFrom(node) => &node.names,
        _ => return None,
    };
    let at = names
        .iter()
        .position(|alias| alias.range().contains_range(import.range))?;
    if let Some(next) = names.get(at + 1) {
        return Some((TextRange::new(names[at].start(), next.start()), ""));
    }
    if let Some(before) = at.checked_sub(1) {
        return Some((TextRange::new(names[before].end(), names[at].end()), ""));
    }
    // A block may not become empty; at the top there is no block.
    if !import.is_top_level {
        return Some((import.stmt, "pass"));
    }
    let (before, after) = (
        &source[..import.stmt.start().to_usize()],
        &source[import.stmt.end().to_usize()..],
    );
    let starts_line = before.is_empty() || before.ends_with(['\n', '\r']);
    let ends_line = after.len() - after.trim_start_matches([' ', '\t']).len();
    let rest = &after[ends_line..];
    let line_end = if rest.starts_with("\r\n") {
        2
    } else {
        usize::from(rest.starts_with(['\n', '\r']))
    };
    if !starts_line || (line_end == 0 && !rest.is_empty()) {
        return Some((import.stmt, "pass"));
    }
    let length = TextSize::try_from(ends_line + line_end).ok()?;
    Some((import.stmt.add_end(length), ""))
}

fn parsed_alias_is_explicit(
    db: &dyn crate::db::Db,
    file: crate::db::File,
    range: TextRange,
) -> bool {
    let source = crate::files::source_text(db, file);
    source.text[range].contains(" as ")
}

/// Every name that is read, also inside strings, which may be annotations.
#[derive(Default)]
struct UsedNames(FxHashSet<String>);

impl<'a> Visitor<'a> for UsedNames {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Global(node) = stmt {
            self.0.extend(node.names.iter().map(ToString::to_string));
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                self.0.insert(name.id.to_string());
            }
            Expr::StringLiteral(text) => {
                let words = text
                    .value
                    .to_str()
                    .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                self.0
                    .extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
