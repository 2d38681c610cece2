//! Members of classes along their bases.

use std::sync::Arc;

use crate::classes::class_interface;
use crate::db::{Db, Definition, File};
use crate::interface::{ClassInterface, Member};
use crate::resolve::resolve_from;
use crate::types::{Symbol, Type, Types, Variable};

/// A class among the bases of another, with the type arguments that it has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// The class.
    pub symbol: Symbol,
    /// Its type arguments in terms of the type parameters of the class that was asked about.
    pub args: Types,
}

/// The method resolution order of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mro {
    /// The class itself first, `object` last.
    pub ancestors: Vec<Ancestor>,
    /// Whether a base somewhere is not known, so that there may be more members and more ancestors.
    pub has_unknown: bool,
}

/// A member and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The class that defines it.
    pub owner: Ancestor,
    /// The member. Types in it are in terms of the owner's type parameters; see [`Found::specialise`].
    pub member: Member,
    /// The owner's type parameters.
    pub type_params: Vec<Variable>,
}

impl Found {
    /// A type written in the owner, with the owner's type parameters replaced by what they are for `args`, the type arguments
    /// of the class `params` belongs to. Parameters without arguments become dynamic.
    pub fn specialise(&self, ty: &Type, params: &[Variable], args: &[Type]) -> Type {
        let own_args: Vec<Type> = self
            .owner
            .args
            .iter()
            .map(|arg| arg.substitute(&|variable| argument(params, args, variable)))
            .collect();
        ty.substitute(&|variable| argument(&self.type_params, &own_args, variable))
    }
}

/// What `variable` is for type arguments `args` of parameters `params`: dynamic where none is given; nothing if it is no such parameter.
fn argument(params: &[Variable], args: &[Type], variable: Variable) -> Option<Type> {
    let position = params.iter().position(|param| *param == variable)?;
    Some(args.get(position).copied().unwrap_or(Type::Dynamic))
}

/// The method resolution order of `symbol` as seen from `from`; `None` when there is no such class.
pub fn mro(db: &dyn Db, from: File, symbol: &Symbol) -> Option<Arc<Mro>> {
    let file = resolve_from(db, from, &symbol.module)?;
    mro_query(db, Definition::new(db, file, symbol.qualname))
}

#[salsa::tracked(returns(clone), cycle_result = cyclic_mro)]
fn mro_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Arc<Mro>> {
    let file = definition.file(db);
    let heritage = crate::classes::heritage(db, definition);
    let qualname = definition.qualname(db);
    let is_class = crate::classes::has_class(db, file, qualname)
        || crate::functional::kind(db, file, qualname).is_some();
    if !is_class {
        return None;
    }
    let symbol = Symbol::of(
        crate::resolve::module_name(db, file),
        *definition.qualname(db),
    );
    let variables = heritage.type_params.iter();
    let own = Ancestor {
        args: variables.map(|own| Type::TypeVar(*own)).collect(),
        symbol,
    };
    let mut has_unknown = false;
    let mut sequences: Vec<Vec<Ancestor>> = Vec::new();
    let mut direct: Vec<Ancestor> = Vec::new();
    for base in &heritage.bases {
        let (base_symbol, args) = match base {
            Type::Instance(symbol, args) => (*symbol, *args),
            Type::Tuple(_) => (Symbol::new("builtins", "tuple"), [Type::Dynamic].into()),
            _ => {
                has_unknown = true;
                continue;
            }
        };
        let Some(base_mro) = mro(db, file, &base_symbol) else {
            has_unknown = true;
            continue;
        };
        has_unknown |= base_mro.has_unknown;
        let params = crate::classes::class_interface_params(db, file, &base_symbol);
        let ancestors: Vec<Ancestor> = base_mro
            .ancestors
            .iter()
            .map(|ancestor| Ancestor {
                symbol: ancestor.symbol,
                args: ancestor
                    .args
                    .iter()
                    .map(|arg| arg.substitute(&|variable| argument(&params, &args, variable)))
                    .collect(),
            })
            .collect();
        direct.extend(ancestors.first().cloned());
        sequences.push(ancestors);
    }
    let object = Symbol::new("builtins", "object");
    if sequences.is_empty() && symbol != object {
        sequences.push(vec![Ancestor {
            symbol: object,
            args: Types::none(),
        }]);
    }
    sequences.push(direct);
    let mut ancestors = vec![own];
    ancestors.extend(merge(sequences));
    Some(Arc::new(Mro {
        ancestors,
        has_unknown,
    }))
}

fn cyclic_mro(db: &dyn Db, _: salsa::Id, definition: Definition<'_>) -> Option<Arc<Mro>> {
    let symbol = Symbol::of(
        crate::resolve::module_name(db, definition.file(db)),
        *definition.qualname(db),
    );
    let own = Ancestor {
        symbol,
        args: Types::none(),
    };
    Some(Arc::new(Mro {
        ancestors: vec![own],
        has_unknown: true,
    }))
}

/// Python's C3 merge. Where it has no answer (CPython would refuse the class) the order is that of the bases.
fn merge(mut sequences: Vec<Vec<Ancestor>>) -> Vec<Ancestor> {
    let mut merged: Vec<Ancestor> = Vec::new();
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return merged;
        }
        let in_tail = |symbol: &Symbol| {
            sequences
                .iter()
                .any(|other| other[1..].iter().any(|item| item.symbol == *symbol))
        };
        let next = sequences
            .iter()
            .map(|sequence| &sequence[0])
            .find(|head| !in_tail(&head.symbol))
            .unwrap_or(&sequences[0][0])
            .clone();
        for sequence in &mut sequences {
            sequence.retain(|item| item.symbol != next.symbol);
        }
        merged.push(next);
    }
}

/// The member `name` (mangled) of `class` or of the first of its ancestors that has one.
pub fn find_member(db: &dyn Db, from: File, class: &Symbol, name: &str) -> Option<Found> {
    let mro = mro(db, from, class)?;
    mro.ancestors.iter().find_map(|ancestor| {
        let interface = class_interface(db, from, &ancestor.symbol)?;
        let member = interface.members.get(name)?.clone();
        Some(Found {
            owner: ancestor.clone(),
            member,
            type_params: interface.type_params.clone(),
        })
    })
}

/// The member `name` (mangled) that a class has from one of its bases; with it that base, and the type arguments it is given.
pub fn inherited_member(
    db: &dyn Db,
    from: File,
    class: &ClassInterface,
    name: &str,
) -> Option<(Found, Symbol, Vec<Type>)> {
    class.bases.iter().find_map(|base| {
        let symbol = base.class()?;
        let args = match base {
            Type::Instance(_, args) => args.to_vec(),
            _ => Vec::new(),
        };
        Some((find_member(db, from, &symbol, name)?, symbol, args))
    })
}

/// Whether `class` is `ancestor` or derives from it; `None` when a base is not known and it might.
pub fn is_subclass(db: &dyn Db, from: File, class: &Symbol, ancestor: &Symbol) -> Option<bool> {
    if class == ancestor || ancestor.is_builtin("object") {
        return Some(true);
    }
    let mro = mro(db, from, class)?;
    if mro.ancestors.iter().any(|item| item.symbol == *ancestor) {
        return Some(true);
    }
    if mro.has_unknown { None } else { Some(false) }
}

/// The type arguments that an instance of `class[args]` has as an instance of `ancestor`.
pub fn args_as(
    db: &dyn Db,
    from: File,
    class: &Symbol,
    args: &[Type],
    ancestor: &Symbol,
) -> Option<Vec<Type>> {
    let mro = mro(db, from, class)?;
    let found = mro.ancestors.iter().find(|item| item.symbol == *ancestor)?;
    let params = crate::classes::class_interface_params(db, from, class);
    Some(
        found
            .args
            .iter()
            .map(|arg| arg.substitute(&|variable| argument(&params, args, variable)))
            .collect(),
    )
}
