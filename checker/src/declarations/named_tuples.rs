//! Named tuples: their fields and bases, in the form of a class and of a call.

use keelback_parser::ast::{Expr, ExprCall, StmtClassDef};
use keelback_parser::text_size::Ranged;

use super::Checker;
use crate::annotation::Scope;
use crate::classes::{class_in, class_interface};
use crate::functional::{self, Kind};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::named_tuples::{is_field_name, listed_fields};
use crate::rules::Rule;
use crate::stubs::Part;
use crate::symbols::{Resolved, Special};
use crate::typed_dicts;
use crate::types::{Name, Symbol};

impl Checker<'_> {
    pub(super) fn named_tuple(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let Some(interface) = class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        let scope = self.sight.scope_inside(&class.qualname);
        let is_direct = |base: &Expr| matches!(scope.resolve(typed_dicts::head(base)), Resolved::Class(symbol) if is_maker(&symbol));
        if typed_dicts::bases(node).any(is_direct) {
            self.named_tuple_bases(&scope, node);
            self.named_tuple_fields(class);
            return;
        }
        // What derives from a named tuple adds attributes, not fields.
        let inherited = interface.bases.iter().find_map(|base| {
            let symbol = base.class()?;
            let base = class_interface(self.db, self.file, &symbol)?;
            let fields = base.named_tuple.clone()?;
            Some((symbol, fields))
        });
        let Some((base, fields)) = inherited else {
            return;
        };
        for field in fields.iter() {
            let Some(bindings) = class.scope.bindings.get(&field.name) else {
                continue;
            };
            for binding in bindings {
                if matches!(binding.kind, BindingKind::Annotated { .. }) {
                    let message = format!(
                        "`{}` is a field of named tuple `{}` and cannot be declared again",
                        field.name,
                        base.name()
                    );
                    self.report(Rule::InvalidNamedTuple, binding.range, message);
                }
            }
        }
    }

    fn named_tuple_bases(&mut self, scope: &Scope<'_>, node: &StmtClassDef) {
        for base in typed_dicts::bases(node) {
            let is_right = match scope.resolve(typed_dicts::head(base)) {
                Resolved::Class(symbol) => is_maker(&symbol),
                Resolved::Special(Special::Generic) | Resolved::Dynamic | Resolved::Missing => true,
                _ => false,
            };
            if !is_right {
                let message = "`NamedTuple` takes no other base class but `Generic`";
                self.report(Rule::InvalidNamedTuple, base.range(), message);
            }
        }
    }

    /// Fields without a default value come first, and have names of their own.
    fn named_tuple_fields(&mut self, class: &ClassEntry) {
        let parsed = crate::files::parsed(self.db, self.file);
        let mut before: Option<Name> = None;
        for (name, bindings) in &class.scope.bindings {
            let annotated = bindings
                .iter()
                .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
            let Some(binding) = annotated else { continue };
            let node = find_stmt(&parsed, binding.stmt).and_then(|stmt| stmt.as_ann_assign_stmt());
            let Some(node) = node else { continue };
            if name.starts_with('_') {
                let message = format!("Field `{name}` of a named tuple cannot start with `_`");
                self.report(Rule::InvalidNamedTuple, binding.range, message);
            }
            match (&node.value, before) {
                (Some(_), None) => before = Some(*name),
                (None, Some(before)) => {
                    let message = format!(
                        "Field `{name}` has no default value, but `{before}` before it has one"
                    );
                    self.report(Rule::InvalidNamedTuple, binding.range, message);
                }
                _ => {}
            }
        }
    }

    /// Named tuples that calls make.
    pub(super) fn named_tuple_calls(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let scope = self.sight.module_scope();
        let part = Part {
            parsed,
            index: index.clone(),
        };
        for name in index.scope.bindings.keys() {
            let kind = match functional::kind(self.db, self.file, name) {
                Some(kind @ (Kind::NamedTuple | Kind::UntypedTuple)) => kind,
                _ => continue,
            };
            if let Some(call) = functional::call(&part, name) {
                self.named_tuple_call(&scope, call, kind);
            }
        }
    }

    fn named_tuple_call(&mut self, scope: &Scope<'_>, call: &ExprCall, kind: Kind) {
        let renames = call.arguments.keywords.iter().any(|keyword| {
            let is_rename = keyword
                .arg
                .as_ref()
                .is_some_and(|arg| arg.as_str() == "rename");
            is_rename && !matches!(&keyword.value, Expr::BooleanLiteral(value) if !value.value)
        });
        let (Some(fields), Some(given)) =
            (listed_fields(scope, call, kind), call.arguments.args.get(1))
        else {
            return;
        };
        if renames {
            return;
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, _) in &fields {
            if !is_field_name(name) {
                let message = format!("`{name}` cannot be the name of a field");
                self.report(Rule::InvalidNamedTuple, given.range(), message);
            } else if seen.contains(&name.as_str()) {
                let message = format!("Field `{name}` is listed twice");
                self.report(Rule::InvalidNamedTuple, given.range(), message);
            }
            seen.push(name);
        }
    }
}

fn is_maker(symbol: &Symbol) -> bool {
    &*symbol.module == "typing" && &*symbol.qualname == "NamedTuple"
}
