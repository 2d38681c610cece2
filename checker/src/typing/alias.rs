//! Aliases in their own definitions, opened where a value meets them; type parameters of which nothing is given.

use crate::infer::world::World;
use crate::types::{Rest, Signature, Symbol, Type, Types, Variable, VariableKind};

/// How often an alias for an alias is followed.
const DEEPEST: usize = 16;

impl World<'_> {
    /// What a mention of an alias stands for; any other type, and the members of a union, as they are or opened likewise.
    pub fn open(&self, ty: &Type) -> Type {
        let is_alias = |ty: &Type| matches!(ty, Type::Alias(..));
        let mut ty = *ty;
        for _ in 0..DEEPEST {
            ty = match ty {
                Type::Alias(symbol, args) => self.opened(&symbol, args),
                Type::Union(members) if members.iter().any(is_alias) => {
                    Type::union(members.iter().map(|member| match member {
                        Type::Alias(symbol, args) => self.opened(symbol, *args),
                        other => *other,
                    }))
                }
                other => return other,
            };
        }
        Type::Dynamic
    }

    fn opened(&self, symbol: &Symbol, args: Types) -> Type {
        let Some((params, value)) = self.alias(symbol) else {
            return Type::Dynamic;
        };
        value.substitute(&|variable| {
            let at = params.iter().position(|own| *own == variable)?;
            Some(args.get(at).copied().unwrap_or_else(|| anything(variable)))
        })
    }

    /// The arguments of a class, with those that are missing: the defaults of its parameters, or anything. A class without parameters
    /// has none.
    pub(crate) fn full_args(&self, class: &Symbol, args: Types) -> Types {
        let Some(interface) = self.class(class) else {
            return args;
        };
        let params = &interface.type_params;
        if args.len() >= params.len() {
            return args;
        }
        fill(params, &args).into()
    }

    /// The same where a parameter has a default; where none has, a class without arguments stays one.
    pub(crate) fn default_args(&self, class: &Symbol, args: Types) -> Types {
        let has_default = self
            .class(class)
            .is_some_and(|class| class.type_params.iter().any(|own| own.default.is_some()));
        match has_default {
            true => self.full_args(class, args),
            false => args,
        }
    }
}

/// An argument for each of `params`, of which the first are `args`.
pub(crate) fn fill(params: &[Variable], args: &[Type]) -> Vec<Type> {
    let mut all: Vec<Type> = args.to_vec();
    for param in &params[args.len().min(params.len())..] {
        let default = param.default.map(|default| {
            default.substitute(&|variable| {
                let at = params.iter().position(|own| is_named(*own, variable))?;
                all.get(at).copied()
            })
        });
        all.push(default.unwrap_or_else(|| anything(*param)));
    }
    all
}

/// Whether a default that names `named` means `own`, which belongs to a class or an alias by now.
pub(crate) fn is_named(own: Variable, named: Variable) -> bool {
    own == named || (named.owner.is_none() && own.name == named.name && own.kind == named.kind)
}

/// What stands for a type parameter of which nothing is known.
pub(crate) fn anything(param: Variable) -> Type {
    match param.kind {
        VariableKind::Type => Type::Dynamic,
        VariableKind::Parameters => {
            Type::Parameters(Signature::new([], Rest::Anything, Type::Never))
        }
        VariableKind::Tuple => {
            Type::Instance(Symbol::new("builtins", "tuple"), [Type::Dynamic].into())
        }
    }
}
