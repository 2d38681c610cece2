//! Dataclasses: what makes a class one (the decorator of the standard library, or anything marked `dataclass_transform`), with which
//! options, and which fields its own body declares.

use keelback_parser::ast::{Arguments, Expr, ExprCall};

use crate::annotation::Scope;
use crate::classes::mangle;
use crate::collections::IndexMap;
use crate::db::{Db, File};
use crate::index::{BindingKind, ClassEntry, find_class, find_function, find_stmt, last_part};
use crate::interface::{
    Dataclass, DataclassField, DefaultValue, FunctionInterface, Member, ParamKind,
};
use crate::resolve::resolve_from;
use crate::signatures::known_decorator;
use crate::simple::SimpleTypes;
use crate::stubs::part;
use crate::symbols::Resolved;
use crate::types::{Constant, Name, Symbol, Type};

/// The decorator that marks what makes dataclasses.
const TRANSFORM: &str = "dataclass_transform";

/// What makes a class a dataclass, with its defaults.
#[derive(Debug, Clone)]
struct Maker {
    eq: bool,
    order: bool,
    frozen: bool,
    kw_only: bool,
    /// The functions and classes that describe a field.
    specifiers: Vec<Symbol>,
    is_standard: bool,
}

impl Maker {
    fn standard() -> Maker {
        Maker {
            eq: true,
            order: false,
            frozen: false,
            kw_only: false,
            specifiers: vec![Symbol::new("dataclasses", "field")],
            is_standard: true,
        }
    }
}

/// Whether something may have added to a class or replaced it, other than what made it a dataclass.
pub(crate) fn is_rewritten(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    is_dataclass: bool,
) -> bool {
    let scope = Scope::module(db, file);
    crate::classes::any_decorator(db, file, entry, |expr| {
        if is_transform(expr) {
            return false;
        }
        match known_decorator(&scope, expr, "") {
            Some(crate::signatures::KnownDecorator::OptOut) => true,
            Some(_) => false,
            None => !(is_dataclass && maker_of(db, file, &scope, expr).is_some()),
        }
    })
}

/// What the body of class `entry` says as a dataclass, if it is one.
pub(crate) fn dataclass(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    symbol: &Symbol,
) -> Option<Dataclass> {
    let part = part(db, file, &entry.qualname);
    let node = find_class(&part.parsed, entry.range)?;
    let scope = Scope::inside(db, file, &entry.qualname);
    let decorated = node.decorator_list.iter().find_map(|decorator| {
        let maker = maker_of(db, file, &scope, &decorator.expression)?;
        let arguments = match &decorator.expression {
            Expr::Call(call) => Some(&call.arguments),
            _ => None,
        };
        Some((maker, arguments))
    });
    let (maker, arguments) = match decorated {
        Some(found) => found,
        None => (
            inherited_maker(db, file, symbol)?,
            node.arguments.as_deref(),
        ),
    };
    let option = |name: &str, default: bool| match keyword(arguments, name) {
        None => Some(default),
        Some(Expr::BooleanLiteral(value)) => Some(value.value),
        // What is not written as a literal is not known.
        Some(_) => None,
    };
    let mut made = Dataclass {
        fields: Vec::new(),
        init: option("init", true)?,
        eq: option("eq", maker.eq)?,
        order: option("order", maker.order)?,
        frozen: option("frozen", maker.frozen)?,
        unsafe_hash: option("unsafe_hash", false)?,
        match_args: maker.is_standard && option("match_args", true)?,
        slots: maker.is_standard && option("slots", false)?,
        is_standard: maker.is_standard,
    };
    let mut kw_only = option("kw_only", maker.kw_only)?;
    for (name, bindings) in &entry.scope.bindings {
        let annotated = bindings
            .iter()
            .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
        let Some(binding) = annotated else { continue };
        let node = find_stmt(&part.parsed, binding.stmt)?.as_ann_assign_stmt()?;
        let annotation = scope.annotation(&node.annotation, &mut Vec::new());
        if annotation.is_class_var {
            continue;
        }
        let ty = annotation.ty.unwrap_or_else(|| match &node.value {
            Some(value) => SimpleTypes::new(&scope).ty(value),
            None => Type::Dynamic,
        });
        let mut field = DataclassField {
            name: mangle(&entry.qualname, name),
            parameter: *name,
            ty,
            init: true,
            kw_only,
            has_default: node.value.is_some(),
            is_in_class: node.value.is_some(),
            is_converted: false,
            is_init_var: false,
        };
        match ty {
            Type::Instance(class, _) if is_named(&class, "KW_ONLY") => {
                kw_only = true;
                continue;
            }
            _ => {}
        }
        if let Some(inner) = init_var(&ty) {
            field.ty = inner;
            field.is_init_var = true;
        }
        if let Some(Expr::Call(call)) = node.value.as_deref() {
            specify(db, file, &scope, &maker, call, &mut field)?;
        }
        made.fields.push(field);
    }
    Some(made)
}

fn is_named(symbol: &Symbol, name: &str) -> bool {
    &*symbol.module == "dataclasses" && &*symbol.qualname == name
}

/// What `T` is in `InitVar[T]`.
pub(crate) fn init_var(ty: &Type) -> Option<Type> {
    match ty {
        Type::Instance(class, args) if is_named(class, "InitVar") => {
            Some(args.first().copied().unwrap_or(Type::Dynamic))
        }
        _ => None,
    }
}

/// Makes the members of a dataclass what they are of an instance: those of a frozen one cannot be assigned, and what only the
/// constructor takes is no attribute.
pub(crate) fn shape_members(made: &Dataclass, members: &mut IndexMap<Name, Member>) {
    for field in &made.fields {
        if field.is_init_var {
            if !field.has_default {
                // Without a default value nothing of that name is left in the class.
                members.shift_remove(&field.name);
            } else if let Some(member) = members.get_mut(&field.name) {
                *member = Member::ClassVar { ty: field.ty };
            }
        } else if made.frozen
            && let Some(Member::Field { is_final, .. }) = members.get_mut(&field.name)
        {
            *is_final = true;
        }
    }
    members.retain(|_, member| {
        !matches!(member, Member::Field { ty: Type::Instance(class, _), .. } if is_named(class, "KW_ONLY"))
    });
}

/// Adds what the call that describes a field says. Nothing if it cannot be followed.
fn specify(
    db: &dyn Db,
    file: File,
    scope: &Scope<'_>,
    maker: &Maker,
    call: &ExprCall,
    field: &mut DataclassField,
) -> Option<()> {
    let (Resolved::Function(symbol) | Resolved::Class(symbol)) = scope.resolve(&call.func) else {
        return Some(());
    };
    if !maker.specifiers.contains(&symbol) {
        return Some(());
    }
    let arguments = Some(&call.arguments);
    if call.arguments.keywords.iter().any(|k| k.arg.is_none()) {
        return None;
    }
    let flag = |name: &str, default: bool| match keyword(arguments, name) {
        Some(Expr::BooleanLiteral(value)) => Some(value.value),
        Some(Expr::Name(name)) if name.id.as_str() == "MISSING" => Some(default),
        Some(_) => None,
        None if maker.is_standard => Some(default),
        None => default_of(db, file, scope, &symbol, &call.arguments, name, default),
    };
    field.is_in_class = keyword(arguments, "default").is_some();
    field.has_default = ["default", "default_factory", "factory"]
        .iter()
        .any(|name| keyword(arguments, name).is_some());
    field.init = flag("init", true)?;
    field.kw_only = flag("kw_only", field.kw_only)?;
    if !maker.is_standard {
        match keyword(arguments, "alias") {
            Some(Expr::StringLiteral(alias)) => field.parameter = Name::new(alias.value.to_str()),
            Some(Expr::NoneLiteral(_)) | None => {}
            Some(_) => return None,
        }
        if let Some(converter) = keyword(arguments, "converter") {
            field.ty = taken(db, file, scope, converter);
            field.is_converted = true;
        }
    }
    Some(())
}

/// What a converter takes as its first argument; dynamic where that is not known, `Never` if it takes none.
pub(crate) fn taken(db: &dyn Db, file: File, scope: &Scope<'_>, converter: &Expr) -> Type {
    let (function, skip) = match scope.resolve(converter) {
        Resolved::Function(symbol) => (symbol, 0),
        Resolved::Class(class) => match crate::members::find_member(db, file, &class, "__init__") {
            Some(found) if found.type_params.is_empty() => match found.member {
                Member::Method(function) if !function.is_builtin("object.__init__") => {
                    (function, 1)
                }
                _ => return Type::Dynamic,
            },
            _ => return Type::Dynamic,
        },
        _ => return Type::Dynamic,
    };
    let overloads = crate::signatures::overloads(db, file, &function);
    if overloads.iter().any(|function| function.is_wrapped) {
        return Type::Dynamic;
    }
    let first = overloads.iter().map(|function| {
        let param = function.params.get(skip);
        param
            .filter(|param| {
                matches!(
                    param.kind,
                    ParamKind::PositionalOnly | ParamKind::Positional | ParamKind::VarPositional
                )
            })
            .map_or(Type::Never, |param| param.ty)
    });
    Type::union(first).without_variables()
}

/// The default value of parameter `name` of a function that describes fields, as it is called with `arguments`; nothing if it differs among the
/// overloads that may take them.
fn default_of(
    db: &dyn Db,
    file: File,
    scope: &Scope<'_>,
    symbol: &Symbol,
    arguments: &Arguments,
    name: &str,
    default: bool,
) -> Option<bool> {
    let function = match crate::members::find_member(db, file, symbol, "__init__") {
        Some(found) => match found.member {
            Member::Method(function) => function,
            _ => return Some(default),
        },
        None => *symbol,
    };
    let overloads = crate::signatures::overloads(db, file, &function);
    let is_only = overloads.len() == 1;
    let mut values = overloads
        .into_iter()
        .filter(|function| is_only || may_take(scope, function, arguments))
        .map(|function| {
            let param = function.params.iter().find(|p| &*p.name == name);
            match param.map(|p| &p.default) {
                Some(Some(DefaultValue::Constant(Constant::Bool(value)))) => *value,
                _ => default,
            }
        });
    let Some(first) = values.next() else {
        return Some(default);
    };
    values.all(|value| value == first).then_some(first)
}

/// Whether an overload may be the one that takes `arguments`, as far as the names of keywords and plain values tell.
fn may_take(scope: &Scope<'_>, function: &FunctionInterface, arguments: &Arguments) -> bool {
    let types = SimpleTypes::new(scope);
    let takes_all = arguments.keywords.iter().all(|given| {
        let Some(arg) = &given.arg else { return true };
        let mut params = function.params.iter();
        match params.find(|param| &*param.name == arg.as_str()) {
            Some(param) if param.ty == Type::None => {
                !given.value.is_lambda_expr()
                    && matches!(types.ty(&given.value), Type::None | Type::Dynamic)
            }
            Some(_) => true,
            None => function
                .params
                .iter()
                .any(|param| param.kind == ParamKind::VarKeyword),
        }
    });
    let is_given = |name: &str| keyword(Some(arguments), name).is_some();
    let has_others = arguments.keywords.iter().any(|given| given.arg.is_none());
    let has_all = function.params.iter().all(|param| {
        param.kind != ParamKind::KeywordOnly
            || param.default.is_some()
            || has_others
            || is_given(&param.name)
    });
    takes_all && has_all
}

/// What makes a dataclass of a class that is decorated with `expr`.
fn maker_of(db: &dyn Db, file: File, scope: &Scope<'_>, expr: &Expr) -> Option<Maker> {
    let head = match expr {
        Expr::Call(call) => &*call.func,
        other => other,
    };
    let Resolved::Function(symbol) = scope.resolve(head) else {
        return None;
    };
    if is_named(&symbol, "dataclass") {
        return Some(Maker::standard());
    }
    let home = resolve_from(db, file, &symbol.module)?;
    let part = part(db, home, &symbol.qualname);
    let entry = part.index.functions.get(&symbol.qualname)?;
    let marked = entry
        .earlier
        .iter()
        .chain([entry])
        .find(|entry| entry.has_decorator(TRANSFORM))?;
    let node = find_function(&part.parsed, marked.range)?;
    let decorators = node.decorator_list.iter().map(|d| &d.expression);
    transform(db, home, decorators)
}

/// What makes a dataclass of a class whose base, or whose metaclass, is marked.
fn inherited_maker(db: &dyn Db, file: File, symbol: &Symbol) -> Option<Maker> {
    let mro = crate::members::mro(db, file, symbol)?;
    mro.ancestors.iter().enumerate().find_map(|(i, ancestor)| {
        let own = (i > 0).then(|| marked_class(db, file, &ancestor.symbol));
        own.flatten().or_else(|| {
            let home = resolve_from(db, file, &ancestor.symbol.module)?;
            let definition = crate::db::Definition::new(db, home, ancestor.symbol.qualname);
            let metaclass = crate::classes::heritage(db, definition).metaclass?;
            let metaclasses = crate::members::mro(db, home, &metaclass)?;
            metaclasses
                .ancestors
                .iter()
                .find_map(|ancestor| marked_class(db, home, &ancestor.symbol))
        })
    })
}

/// What the class `symbol` makes of those that derive from it, or of which it is the metaclass.
fn marked_class(db: &dyn Db, from: File, symbol: &Symbol) -> Option<Maker> {
    let home = resolve_from(db, from, &symbol.module)?;
    let part = part(db, home, &symbol.qualname);
    let entry = part.index.classes.get(&symbol.qualname)?;
    if !entry.has_decorator(TRANSFORM) {
        return None;
    }
    let node = find_class(&part.parsed, entry.range)?;
    transform(db, home, node.decorator_list.iter().map(|d| &d.expression))
}

/// Whether a decorator is `dataclass_transform(...)`, which changes nothing of what it stands on.
fn is_transform(decorator: &Expr) -> bool {
    decorator.as_call_expr().is_some_and(|call| {
        crate::reach::dotted(&call.func).is_some_and(|name| last_part(&name) == TRANSFORM)
    })
}

/// What a `dataclass_transform(...)` among decorators says.
fn transform<'a>(
    db: &dyn Db,
    file: File,
    decorators: impl Iterator<Item = &'a Expr>,
) -> Option<Maker> {
    let mut marks = decorators.filter(|expr| is_transform(expr));
    let call = marks.find_map(Expr::as_call_expr)?;
    let arguments = Some(&call.arguments);
    let option = |name: &str, default: bool| match keyword(arguments, name) {
        None => Some(default),
        Some(Expr::BooleanLiteral(value)) => Some(value.value),
        Some(_) => None,
    };
    let scope = Scope::module(db, file);
    let specifiers = match keyword(arguments, "field_specifiers") {
        None => Vec::new(),
        Some(Expr::Tuple(items)) => items
            .elts
            .iter()
            .map(|item| match scope.resolve(item) {
                Resolved::Function(symbol) | Resolved::Class(symbol) => Some(symbol),
                _ => None,
            })
            .collect::<Option<Vec<Symbol>>>()?,
        Some(_) => return None,
    };
    Some(Maker {
        eq: option("eq_default", true)?,
        order: option("order_default", false)?,
        frozen: option("frozen_default", false)?,
        kw_only: option("kw_only_default", false)?,
        specifiers,
        is_standard: false,
    })
}

/// The value of keyword argument `name`.
pub(crate) fn keyword<'a>(arguments: Option<&'a Arguments>, name: &str) -> Option<&'a Expr> {
    let mut keywords = arguments?.keywords.iter();
    keywords
        .find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name))
        .map(|keyword| &keyword.value)
}
