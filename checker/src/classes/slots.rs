//! `__slots__`: which attributes the instances of a class have room for.

use keelback_parser::ast::Expr;

use crate::db::{Db, File};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::interface::ClassInterface;
use crate::members::mro;
use crate::resolve::resolve_from;
use crate::stubs::{Part, part};
use crate::types::{Name, Symbol};

use super::{class_interface, mangle};

/// What a literal `__slots__` says; nothing if there is none, or it is not a literal.
fn literal(part: &Part, entry: &ClassEntry) -> Option<Vec<Name>> {
    let [binding] = &entry.scope.bindings.get("__slots__")?[..] else {
        return None;
    };
    let value = match find_stmt(&part.parsed, binding.stmt)? {
        keelback_parser::ast::Stmt::Assign(node) if binding.kind == BindingKind::Assigned => {
            &*node.value
        }
        keelback_parser::ast::Stmt::AnnAssign(node) => node.value.as_deref()?,
        _ => return None,
    };
    let string = |item: &Expr| match item {
        Expr::StringLiteral(text) => Some(mangle(&entry.qualname, text.value.to_str())),
        _ => None,
    };
    match value {
        Expr::Tuple(tuple) => tuple.elts.iter().map(string).collect(),
        Expr::List(list) => list.elts.iter().map(string).collect(),
        Expr::Set(set) => set.elts.iter().map(string).collect(),
        Expr::Dict(dict) => dict
            .items
            .iter()
            .map(|item| string(item.key.as_ref()?))
            .collect(),
        single => string(single).map(|name| vec![name]),
    }
}

fn is_special(name: &Name) -> bool {
    matches!(&**name, "__dict__" | "__weakref__")
}

/// The fields that a literal `__slots__` names.
pub(crate) fn names(part: &Part, entry: &ClassEntry) -> Vec<Name> {
    let mut names = literal(part, entry).unwrap_or_default();
    names.retain(|name| !is_special(name));
    names
}

/// Why instances of the class itself have storage that its bases' do not have: what CPython cannot combine with other storage.
pub(crate) fn storage(db: &dyn Db, file: File, symbol: &Symbol) -> Option<&'static str> {
    let file = resolve_from(db, file, &symbol.module)?;
    let part = part(db, file, &symbol.qualname);
    let entry = part.index.classes.get(&symbol.qualname)?;
    if entry.has_decorator("disjoint_base") {
        return Some(match file.path(db).is_stub() {
            true => "its instances are laid out by CPython",
            false => "it is marked `@disjoint_base`",
        });
    }
    if !names(&part, entry).is_empty() {
        return Some("it has `__slots__`");
    }
    let interface = super::class_in(db, file, &symbol.qualname)?;
    let layout = interface.layout.as_ref().ok()?;
    let has_own = layout.fields.iter().any(|field| field.owner == *symbol);
    has_own.then_some("it has fields")
}

/// The names for which instances of a class have room, if that is all that they have: no class of its hierarchy lets them have a
/// dictionary.
pub(crate) fn all_names(db: &dyn Db, file: File, class: &ClassInterface) -> Option<Vec<Name>> {
    let mro = mro(db, file, &class.symbol)?;
    if mro.has_unknown {
        return None;
    }
    let mut all = Vec::new();
    for ancestor in &mro.ancestors {
        let symbol = ancestor.symbol;
        let has_none = symbol.is_builtin("object")
            || matches!(
                (&*symbol.module, symbol.name()),
                ("typing", "Generic" | "Protocol") | ("abc", "ABC")
            );
        if has_none {
            continue;
        }
        let interface = class_interface(db, file, &symbol)?;
        if interface.is_rewritten {
            return None;
        }
        match &interface.dataclass {
            Some(made) if !made.is_standard => return None,
            Some(made) if made.slots => {
                let fields = made.fields.iter().filter(|field| !field.is_init_var);
                all.extend(fields.map(|field| field.name));
                continue;
            }
            _ => {}
        }
        let home = resolve_from(db, file, &symbol.module)?;
        if home.path(db).is_stub() {
            return None;
        }
        let part = part(db, home, &symbol.qualname);
        let entry = part.index.classes.get(&symbol.qualname)?;
        let names = literal(&part, entry)?;
        if names.iter().any(|name| &**name == "__dict__") {
            return None;
        }
        all.extend(names);
    }
    Some(all)
}
