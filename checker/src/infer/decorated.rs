//! What decorators make of functions: each is called with what the one below it gave, the innermost with the function.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::{Ranged, TextRange};

use crate::annotation::{Scope, Sight};
use crate::db::{Db, Definition, File};
use crate::index::{FunctionEntry, find_function};
use crate::interface::FunctionKind;
use crate::resolve::module_name;
use crate::simple::SimpleTypes;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol, Type};
use crate::typing::{Argument, Attribute, CallProblem, Given};

use super::DbEnv;
use super::world::World;

/// What the name of the decorated function `qualname` of `file` is bound to; nothing if that is not known.
pub(crate) fn decorated(db: &dyn Db, file: File, qualname: &Name) -> Option<Type> {
    decorated_query(db, Definition::new(db, file, *qualname))
}

#[salsa::tracked(returns(clone), cycle_result = not_known)]
fn decorated_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Type> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let part = crate::stubs::part(db, file, qualname);
    let entry = part.index.functions.get(qualname)?;
    if !entry.earlier.is_empty() {
        return None;
    }
    apply(db, file, entry, &mut |_, _, _| {})
}

fn not_known(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Type> {
    None
}

/// Applies the decorators of a function. A decorator that does not take what it is given is told to `wrong`: where it is, what is wrong, and
/// the type that it was given.
pub(crate) fn apply(
    db: &dyn Db,
    file: File,
    entry: &FunctionEntry,
    wrong: &mut dyn FnMut(TextRange, &CallProblem, &Type),
) -> Option<Type> {
    if !matches!(entry.kind, FunctionKind::Function | FunctionKind::Method) {
        return None;
    }
    let part = crate::stubs::part(db, file, &entry.qualname);
    let node = find_function(&part.parsed, entry.range)?;
    let scope = match entry.qualname.rsplit_once('.') {
        Some((outer, _)) => Scope::inside(db, file, &Name::new(outer)),
        None => Scope::module(db, file),
    };
    let env = DbEnv::new(&Sight::new(db, file));
    let world = World::new(&env);
    let symbol = Symbol::of(module_name(db, file), entry.qualname);
    let mut ty = world.undecorated(&symbol)?;
    for decorator in node.decorator_list.iter().rev() {
        let known = crate::signatures::known_decorator(&scope, &decorator.expression, "");
        if known.is_some() {
            continue;
        }
        let callee = decorator_type(&world, &scope, &decorator.expression)?;
        let callees = world.callees(&callee)?;
        let given = Argument {
            given: Given::Position,
            ty,
        };
        match world.call(&callees, &[given]) {
            Ok(Type::Dynamic | Type::Never) => return None,
            Ok(result) => ty = result,
            Err(problem) => {
                wrong(decorator.expression.range(), &problem, &ty);
                return None;
            }
        }
    }
    // What the function is generic in each call of the result finds anew.
    Some(ty.substitute(&|variable| {
        (variable.owner == Some(symbol)).then(|| Type::TypeVar(variable.without_owner()))
    }))
}

/// The type of the value of an expression outside of functions, as far as signatures say it.
pub(crate) fn value_of(db: &dyn Db, file: File, scope: &Scope<'_>, expr: &Expr) -> Option<Type> {
    let env = DbEnv::new(&Sight::new(db, file));
    decorator_type(&World::new(&env), scope, expr)
}

/// The type of a decorator: a function, a class, or what a call of one gives.
fn decorator_type(world: &World<'_>, scope: &Scope<'_>, expr: &Expr) -> Option<Type> {
    match expr {
        Expr::Name(_) | Expr::Attribute(_) => match scope.resolve(expr) {
            Resolved::Function(symbol) => Some(Type::Function(symbol)),
            Resolved::Class(symbol) => Some(Type::Class(symbol)),
            Resolved::Variable { .. } => {
                let ty = scope.global_type(expr.as_name_expr()?.id.as_str());
                (!ty.is_dynamic()).then_some(ty)
            }
            _ => {
                // `Class.method`
                let node = expr.as_attribute_expr()?;
                let class = decorator_type(world, scope, &node.value)?;
                match world.attribute(&class, node.attr.as_str()) {
                    Attribute::Found(found) => Some(found.ty),
                    _ => None,
                }
            }
        },
        Expr::Call(call) => {
            let callee = decorator_type(world, scope, &call.func)?;
            let callees = world.callees(&callee)?;
            let simple = SimpleTypes::new(scope);
            let ty = |arg: &Expr| match simple.ty(arg) {
                Type::Dynamic => decorator_type(world, scope, arg).unwrap_or(Type::Dynamic),
                known => known,
            };
            let positional = call.arguments.args.iter().map(|arg| match arg {
                Expr::Starred(_) => (Given::Unpacked, Type::Dynamic),
                _ => (Given::Position, ty(arg)),
            });
            let keywords = call
                .arguments
                .keywords
                .iter()
                .map(|keyword| match &keyword.arg {
                    Some(name) => (Given::Keyword(Name::new(name.as_str())), ty(&keyword.value)),
                    None => (Given::Keywords, Type::Dynamic),
                });
            let args: Vec<Argument> = positional
                .chain(keywords)
                .map(|(given, ty)| Argument { given, ty })
                .collect();
            match world.call(&callees, &args) {
                Ok(Type::Dynamic | Type::Never) | Err(_) => None,
                Ok(ty) => Some(ty),
            }
        }
        _ => None,
    }
}
