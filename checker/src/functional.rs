//! Classes that a call makes: `Movie = TypedDict("Movie", {...})`, `Point = namedtuple("Point", "x y")`, `Color = Enum("Color", "RED GREEN")`.
//!
//! Such a name stays a variable that holds a class. Annotations take it as an alias of the class's instances, and the class has an interface
//! under the variable's name.

use std::sync::Arc;

use keelback_parser::ast::{ExprCall, Stmt};

use crate::annotation::Scope;
use crate::db::{Db, Definition, File};
use crate::index::{BindingKind, find_stmt};
use crate::interface::ClassInterface;
use crate::stubs::{Part, part};
use crate::symbols::{Resolved, Special};
use crate::types::{Name, Symbol, Type, Types};

/// What kind of class a call makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `TypedDict(...)`
    TypedDict,
    /// `typing.NamedTuple(...)`
    NamedTuple,
    /// `collections.namedtuple(...)`
    UntypedTuple,
    /// A call of this enumeration class, which has no members.
    Enum(Symbol),
}

/// What kind of class the module-level variable `name` of `file` is, if a call makes it.
pub(crate) fn kind(db: &dyn Db, file: File, name: &Name) -> Option<Kind> {
    // A nested name is no variable of the module.
    if name.contains('.') {
        return None;
    }
    kind_query(db, Definition::new(db, file, *name))
}

#[salsa::tracked(returns(copy), cycle_result = no_kind)]
fn kind_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Kind> {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let part = part(db, file, name);
    let call = call(&part, name)?;
    kind_of_call(&Scope::module(db, file), call)
}

/// What kind of class a call makes, by what it calls.
pub(crate) fn kind_of_call(scope: &Scope<'_>, call: &ExprCall) -> Option<Kind> {
    match scope.resolve(&call.func) {
        Resolved::Special(Special::TypedDict) => Some(Kind::TypedDict),
        Resolved::Class(symbol)
            if &*symbol.module == "typing" && &*symbol.qualname == "NamedTuple" =>
        {
            Some(Kind::NamedTuple)
        }
        Resolved::Function(symbol)
            if &*symbol.module == "collections" && &*symbol.qualname == "namedtuple" =>
        {
            Some(Kind::UntypedTuple)
        }
        // With one argument a value is looked up.
        Resolved::Class(symbol)
            if &*symbol.module == "enum"
                && crate::reach::is_enum_name(&symbol.qualname)
                && call.arguments.args.len() > 1 =>
        {
            Some(Kind::Enum(symbol))
        }
        _ => None,
    }
}

fn no_kind(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Kind> {
    None
}

/// The call that is the one value of the variable `name`.
pub(crate) fn call<'a>(part: &'a Part, name: &str) -> Option<&'a ExprCall> {
    let [binding] = &part.index.scope.bindings.get(name)?[..] else {
        return None;
    };
    if binding.kind != BindingKind::Assigned {
        return None;
    }
    match find_stmt(&part.parsed, binding.stmt)? {
        Stmt::Assign(node) => node.value.as_call_expr(),
        _ => None,
    }
}

/// What an annotation that names the variable means: an instance of the class that the call makes.
pub(crate) fn instance(db: &dyn Db, file: File, name: &Name) -> Option<Type> {
    let symbol = Symbol::of(crate::resolve::module_name(db, file), *name);
    Some(match kind(db, file, name)? {
        Kind::TypedDict => Type::TypedDict(symbol, Types::none()),
        Kind::NamedTuple | Kind::UntypedTuple | Kind::Enum(_) => {
            Type::Instance(symbol, Types::none())
        }
    })
}

/// The bases of a class that a call makes.
pub(crate) fn bases(kind: Kind) -> Vec<Type> {
    let instance =
        |module: &str, name: &str| Type::Instance(Symbol::new(module, name), Types::none());
    match kind {
        Kind::TypedDict => vec![instance("typing", "_TypedDict")],
        Kind::NamedTuple | Kind::UntypedTuple => vec![instance("typing", "NamedTuple")],
        Kind::Enum(symbol) => vec![Type::Instance(symbol, Types::none())],
    }
}

/// The interface of the class that a call makes.
pub(crate) fn interface(db: &dyn Db, definition: Definition<'_>) -> Option<Arc<ClassInterface>> {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let kind = kind(db, file, name)?;
    let symbol = Symbol::of(crate::resolve::module_name(db, file), *name);
    let mut interface = ClassInterface::empty(symbol, "a call makes it");
    interface.is_functional = true;
    interface.bases = bases(kind);
    match kind {
        Kind::TypedDict => interface.typed_dict = crate::typed_dicts::declared(db, file, name),
        Kind::NamedTuple | Kind::UntypedTuple => {
            let fields = crate::named_tuples::by_call(db, file, name, kind)?;
            interface.members = crate::named_tuples::members(&fields);
            interface.match_args = Some(fields.iter().map(|field| field.name).collect());
            interface.named_tuple = Some(fields);
        }
        Kind::Enum(_) => {
            interface.enumeration = crate::enums::enumeration_query(db, definition);
            interface.is_final = interface.enumeration.is_some();
        }
    }
    Some(Arc::new(interface))
}
