//! Enumerations: which names of a class body are members, and what their values are.

use std::sync::Arc;

use keelback_parser::Parsed;
use keelback_parser::ast::{Expr, ExprCall, Stmt};

use crate::annotation::Scope;
use crate::collections::IndexMap;
use crate::constants;
use crate::db::{Db, Definition, File};
use crate::functional::{self, Kind as Made};
use crate::index::{
    Binding, BindingKind, ClassEntry, ModuleIndex, find_class, find_function, find_stmt,
};
use crate::interface::Enumeration;
use crate::resolve::resolve_from;
use crate::simple::SimpleTypes;
use crate::stubs::Part;
use crate::symbols::Resolved;
use crate::types::{Constant, Name, Symbol, Type};

/// Whether the class `symbol` is an enumeration: derived from `Enum`, or built by a metaclass that is.
pub fn is_enumeration(db: &dyn Db, from: File, symbol: &Symbol) -> bool {
    let Some(mro) = crate::members::mro(db, from, symbol) else {
        return false;
    };
    mro.ancestors.iter().any(|ancestor| {
        is_named(&ancestor.symbol, &["Enum"]) || has_enum_metaclass(db, from, &ancestor.symbol)
    })
}

fn is_named(symbol: &Symbol, names: &[&str]) -> bool {
    &*symbol.module == "enum" && names.contains(&&*symbol.qualname)
}

fn has_enum_metaclass(db: &dyn Db, from: File, symbol: &Symbol) -> bool {
    let Some(file) = resolve_from(db, from, &symbol.module) else {
        return false;
    };
    if file.path(db).is_stub() {
        return false;
    }
    let heritage = crate::classes::heritage(db, Definition::new(db, file, symbol.qualname));
    if !heritage.has_metaclass {
        return false;
    }
    let index = crate::index::module_index(db, file);
    let parsed = crate::files::parsed(db, file);
    let node = index
        .classes
        .get(&symbol.qualname)
        .and_then(|entry| find_class(&parsed, entry.range));
    let scope = Scope::module(db, file);
    let keywords = node.iter().flat_map(|node| &node.arguments);
    keywords
        .flat_map(|arguments| &arguments.keywords)
        .any(|keyword| {
            let is_metaclass = keyword
                .arg
                .as_ref()
                .is_some_and(|arg| arg.as_str() == "metaclass");
            is_metaclass
                && matches!(scope.resolve(&keyword.value), Resolved::Class(class)
                if crate::members::mro(db, file, &class).is_some_and(|mro| {
                    mro.ancestors.iter().any(|a| is_named(&a.symbol, &["EnumMeta", "EnumType"]))
                }))
        })
}

/// The members of the class `symbol` as seen from `from`, if it is an enumeration that has any.
pub fn enumeration(db: &dyn Db, from: File, symbol: &Symbol) -> Option<Arc<Enumeration>> {
    let file = resolve_from(db, from, &symbol.module)?;
    enumeration_query(db, Definition::new(db, file, symbol.qualname))
}

#[salsa::tracked(returns(clone), cycle_result = no_enumeration)]
pub(crate) fn enumeration_query<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
) -> Option<Arc<Enumeration>> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let Part { parsed, index } = crate::stubs::part(db, file, qualname);
    let Some(entry) = index.classes.get(qualname) else {
        return by_call(db, file, qualname);
    };
    let symbol = Symbol::of(crate::resolve::module_name(db, file), *qualname);
    // What `enum` itself defines has no members.
    if &*symbol.module == "enum" || !is_enumeration(db, file, &symbol) {
        return None;
    }
    let builder = Builder {
        db,
        file,
        parsed: &parsed,
        index: &index,
        entry,
        scope: Scope::inside(db, file, &entry.qualname),
        kind: Kind::of(db, file, entry, &symbol),
    };
    let found = builder.build();
    (!found.members.is_empty()).then(|| Arc::new(found))
}

/// The members that a call such as `Enum("Color", "RED GREEN")` lists; nothing if they are not written out.
fn by_call(db: &dyn Db, file: File, name: &Name) -> Option<Arc<Enumeration>> {
    let Made::Enum(base) = functional::kind(db, file, name)? else {
        return None;
    };
    let part = crate::stubs::part(db, file, name);
    let call = functional::call(&part, name)?;
    let members = listed_members(&Scope::module(db, file), call)?;
    let is_flag = matches!(&*base.qualname, "Flag" | "IntFlag");
    let auto = |i: usize, name: &Name| match &*base.qualname {
        "StrEnum" => Type::literal(&Constant::Str(name.as_str().to_lowercase().into())),
        _ if is_flag => Type::int(),
        _ => Type::literal(&Constant::Int(i64::try_from(i + 1).unwrap_or(i64::MAX))),
    };
    let members: IndexMap<Name, Type> = members
        .into_iter()
        .enumerate()
        .map(|(i, (name, ty))| (name, ty.unwrap_or_else(|| auto(i, &name))))
        .collect();
    (!members.is_empty()).then(|| {
        Arc::new(Enumeration {
            members,
            aliases: IndexMap::default(),
            declared_value: None,
            is_flag,
        })
    })
}

/// The names of members that a call lists, with the types of their values where these are written.
fn listed_members(scope: &Scope<'_>, call: &ExprCall) -> Option<Vec<(Name, Option<Type>)>> {
    let arguments = &call.arguments;
    let is_known = arguments.keywords.iter().all(|keyword| {
        keyword
            .arg
            .as_ref()
            .is_some_and(|arg| arg.as_str() == "module" || arg.as_str() == "qualname")
    });
    if !is_known {
        return None;
    }
    let text = |expr: &Expr| match expr {
        Expr::StringLiteral(text) => Some(Name::new(text.value.to_str())),
        _ => None,
    };
    let value_type = |value: &Expr| match constants::literal(value) {
        Some(
            constant @ (Constant::Bool(_)
            | Constant::Int(_)
            | Constant::Str(_)
            | Constant::Bytes(_)),
        ) => Type::literal(&constant),
        _ => SimpleTypes::new(scope).ty(value),
    };
    let items = match arguments.args.get(1..)? {
        [Expr::StringLiteral(names)] => {
            let names = names.value.to_str().replace(',', " ");
            let names = names.split_whitespace();
            return Some(names.map(|name| (Name::new(name), None)).collect());
        }
        [Expr::Dict(dict)] => {
            let pairs = dict.items.iter();
            return pairs
                .map(|item| Some((text(item.key.as_ref()?)?, Some(value_type(&item.value)))))
                .collect();
        }
        [Expr::List(list)] => &list.elts[..],
        [Expr::Tuple(tuple)] => &tuple.elts[..],
        names => names,
    };
    items
        .iter()
        .map(|item| match item {
            Expr::Tuple(pair) => match &pair.elts[..] {
                [name, value] => Some((text(name)?, Some(value_type(value)))),
                _ => None,
            },
            Expr::List(pair) => match &pair.elts[..] {
                [name, value] => Some((text(name)?, Some(value_type(value)))),
                _ => None,
            },
            name => Some((text(name)?, None)),
        })
        .collect()
}

fn no_enumeration(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Arc<Enumeration>> {
    None
}

/// What an enumeration's bases say of the values of its members.
struct Kind {
    is_flag: bool,
    /// The data type that is mixed in: values are of it.
    mixin: Option<Type>,
    /// What `auto()` gives.
    auto: Type,
    /// The value is what a `__new__` makes of what is written.
    makes_values: bool,
}

impl Kind {
    fn of(db: &dyn Db, file: File, entry: &ClassEntry, symbol: &Symbol) -> Kind {
        let mro = crate::members::mro(db, file, symbol);
        let ancestors = || mro.iter().flat_map(|mro| &mro.ancestors).map(|a| a.symbol);
        let is_flag = ancestors().any(|a| is_named(&a, &["Flag"]));
        let mixin = ancestors().find_map(|a| {
            let is_data = &*a.module == "builtins"
                && matches!(
                    &*a.qualname,
                    "int" | "str" | "float" | "bytes" | "complex" | "tuple" | "bool"
                );
            is_data.then(|| Type::builtin(&a.qualname))
        });
        // The class itself is asked by its syntax: its interface depends on this.
        let inherited = |name: &str| {
            mro.iter()
                .flat_map(|mro| &mro.ancestors[1..])
                .find_map(|ancestor| {
                    let module = &*ancestor.symbol.module;
                    if module == "enum" || module == "builtins" {
                        return None;
                    }
                    let interface = crate::classes::class_interface(db, file, &ancestor.symbol)?;
                    interface.members.get(name).cloned()
                })
        };
        let own = |name: &str| entry.scope.bindings.contains_key(name);
        let next = "_generate_next_value_";
        let auto = match inherited(next) {
            _ if own(next) => {
                let function = Name::new(format!("{}.{next}", entry.qualname));
                crate::signatures::function_in(db, file, &function)
                    .map_or(Type::Dynamic, |f| f.returns)
            }
            Some(crate::interface::Member::Method(function)) => {
                crate::signatures::function_interface(db, file, &function)
                    .map_or(Type::Dynamic, |f| f.returns)
            }
            Some(_) => Type::Dynamic,
            None if ancestors().any(|a| is_named(&a, &["StrEnum"])) => Type::str(),
            None => mixin.unwrap_or(Type::int()),
        };
        Kind {
            is_flag,
            mixin,
            auto,
            makes_values: own("__new__") || inherited("__new__").is_some(),
        }
    }
}

struct Builder<'a, 'db> {
    db: &'db dyn Db,
    file: File,
    parsed: &'a Parsed,
    index: &'a ModuleIndex,
    entry: &'a ClassEntry,
    scope: Scope<'db>,
    kind: Kind,
}

impl Builder<'_, '_> {
    fn build(&self) -> Enumeration {
        let mut found = Enumeration {
            members: IndexMap::default(),
            aliases: IndexMap::default(),
            declared_value: self.declared_value(),
            is_flag: self.kind.is_flag,
        };
        let ignored = self.ignored();
        for (name, bindings) in &self.entry.scope.bindings {
            if is_reserved(name) || ignored.contains(name) {
                continue;
            }
            let Some(value) = bindings.first().and_then(|binding| self.member(binding)) else {
                continue;
            };
            match value {
                Value::Alias(of) => match found.member(&of) {
                    Some(member) => {
                        found.aliases.insert(*name, member);
                    }
                    None => {
                        found.members.insert(*name, Type::Dynamic);
                    }
                },
                Value::Of(ty) => {
                    // A value that another member has makes another name for that member.
                    let same = found
                        .members
                        .iter()
                        .find(|(_, other)| **other == ty && matches!(ty, Type::Literal(_)));
                    match same.map(|(member, _)| *member) {
                        Some(member) => {
                            found.aliases.insert(*name, member);
                        }
                        None => {
                            found.members.insert(*name, ty);
                        }
                    }
                }
            }
        }
        if self.kind.makes_values {
            found
                .members
                .values_mut()
                .for_each(|ty| *ty = Type::Dynamic);
        }
        found
    }

    /// The type that the body declares for `_value_`, or that a base class does.
    fn declared_value(&self) -> Option<Type> {
        let own = self
            .entry
            .scope
            .bindings
            .get("_value_")
            .and_then(|bindings| bindings.first());
        let node = own.and_then(|binding| find_stmt(self.parsed, binding.stmt));
        if let Some(Stmt::AnnAssign(node)) = node {
            return Some(self.scope.ty(&node.annotation, &mut Vec::new()));
        }
        let symbol = Symbol::of(
            crate::resolve::module_name(self.db, self.file),
            self.entry.qualname,
        );
        let found = crate::members::mro(self.db, self.file, &symbol)?;
        found.ancestors[1..].iter().find_map(|ancestor| {
            // Of the classes of `enum` the values say more.
            if &*ancestor.symbol.module == "enum" {
                return None;
            }
            let interface = crate::classes::class_interface(self.db, self.file, &ancestor.symbol)?;
            match interface.members.get("_value_")? {
                crate::interface::Member::Field { ty, .. } if !ty.is_dynamic() => Some(*ty),
                _ => None,
            }
        })
    }

    /// The names that `_ignore_` lists.
    fn ignored(&self) -> Vec<Name> {
        let Some(binding) = self
            .entry
            .scope
            .bindings
            .get("_ignore_")
            .and_then(|b| b.first())
        else {
            return Vec::new();
        };
        let value = match find_stmt(self.parsed, binding.stmt) {
            Some(Stmt::Assign(node)) => &*node.value,
            _ => return Vec::new(),
        };
        match constants::literal(value) {
            Some(Constant::Str(text)) => text
                .replace(',', " ")
                .split_whitespace()
                .map(Name::new)
                .collect(),
            Some(Constant::Tuple(items)) => items
                .iter()
                .filter_map(|item| match item {
                    Constant::Str(text) => Some(Name::new(text)),
                    _ => None,
                })
                .collect(),
            _ => match value {
                Expr::List(list) => list
                    .elts
                    .iter()
                    .filter_map(|item| match item {
                        Expr::StringLiteral(text) => Some(Name::new(text.value.to_str())),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            },
        }
    }

    /// What a binding in the body makes of the name, if it makes a member of it.
    fn member(&self, binding: &Binding) -> Option<Value> {
        match &binding.kind {
            BindingKind::Assigned => match find_stmt(self.parsed, binding.stmt)? {
                Stmt::Assign(node) => self.value(&node.value),
                _ => Some(Value::Of(Type::Dynamic)),
            },
            BindingKind::Annotated { has_value } => match find_stmt(self.parsed, binding.stmt)? {
                Stmt::AnnAssign(node) if *has_value => self.value(node.value.as_ref()?),
                // The value of a flag may differ from system to system, so that a stub gives its type alone.
                Stmt::AnnAssign(node) if self.kind.is_flag && self.file.path(self.db).is_stub() => {
                    Some(Value::Of(self.scope.ty(&node.annotation, &mut Vec::new())))
                }
                _ => None,
            },
            BindingKind::Other => matches!(find_stmt(self.parsed, binding.stmt)?, Stmt::Assign(_))
                .then_some(Value::Of(Type::Dynamic)),
            BindingKind::Function(qualname) => {
                let function = self.index.functions.get(qualname)?;
                let node = find_function(self.parsed, function.range)?;
                let is_member = node
                    .decorator_list
                    .iter()
                    .any(|decorator| self.is_enum_name(&decorator.expression, "member"));
                is_member.then_some(Value::Of(Type::Dynamic))
            }
            _ => None,
        }
    }

    fn is_enum_name(&self, expr: &Expr, name: &str) -> bool {
        matches!(self.scope.resolve(expr), Resolved::Class(symbol) if is_named(&symbol, &[name]))
    }

    fn value(&self, value: &Expr) -> Option<Value> {
        match value {
            Expr::Lambda(_) => return None,
            Expr::Call(call) if self.is_enum_name(&call.func, "nonmember") => return None,
            Expr::Call(call) if self.is_enum_name(&call.func, "member") => {
                return Some(Value::Of(self.first_argument(call)));
            }
            Expr::Call(call) if self.is_enum_name(&call.func, "auto") => {
                return Some(Value::Of(self.kind.auto));
            }
            Expr::Call(call) => {
                if let Resolved::Class(symbol) = self.scope.resolve(&call.func)
                    && &*symbol.module == "builtins"
                    && matches!(
                        &*symbol.qualname,
                        "property" | "staticmethod" | "classmethod"
                    )
                {
                    return None;
                }
            }
            Expr::Name(other) => {
                let other = Name::new(other.id.as_str());
                if let Some(bindings) = self.entry.scope.bindings.get(&other) {
                    let is_function = bindings
                        .iter()
                        .any(|b| matches!(b.kind, BindingKind::Function(_)));
                    return (!is_function).then_some(Value::Alias(other));
                }
                if matches!(self.scope.resolve(value), Resolved::Function(_)) {
                    return None;
                }
            }
            _ => {}
        }
        Some(Value::Of(self.value_type(value)))
    }

    fn first_argument(&self, call: &ExprCall) -> Type {
        call.arguments
            .args
            .first()
            .map_or(Type::Dynamic, |value| self.value_type(value))
    }

    fn value_type(&self, value: &Expr) -> Type {
        let ty = match constants::literal(value) {
            Some(constant) if constant.is_literal() => Type::literal(&constant),
            _ => SimpleTypes::new(&self.scope).ty(value),
        };
        match self.kind.mixin {
            // The mixed-in class is called with what is written.
            Some(mixin) if ty.class() != mixin.class() => mixin,
            _ => ty,
        }
    }
}

/// What the body says of a name that is a member.
enum Value {
    /// It is another name for this one.
    Alias(Name),
    /// Its value has this type.
    Of(Type),
}

/// Names that are never members: private ones, and those with a meaning of their own.
fn is_reserved(name: &str) -> bool {
    name.starts_with("__") || (name.len() > 2 && name.starts_with('_') && name.ends_with('_'))
}
