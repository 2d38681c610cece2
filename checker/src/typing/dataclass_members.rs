//! Members that a dataclass is given beside its constructor: comparisons, `__match_args__`, `__slots__`. And what patterns by position look at, of
//! any class.

use crate::infer::world::World;
use crate::interface::{ClassInterface, ParamKind};
use crate::types::{Constant, Name, Parameter, Rest, Signature, Symbol, Type};

use super::member::{Attribute, Found};

/// What patterns by position are for.
pub(crate) enum MatchArgs {
    /// The one there may be is for the value itself: `int(n)`.
    Itself,
    /// For these attributes in turn.
    Names(Vec<Name>),
    /// Not known.
    Unknown,
}

/// Classes that a pattern by position takes as they are.
const ITSELF: [&str; 11] = [
    "bool",
    "bytearray",
    "bytes",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "set",
    "str",
    "tuple",
];

impl World<'_> {
    /// Whether a class is a dataclass, or derives from one.
    pub(crate) fn is_dataclass(&self, class: &Symbol) -> bool {
        let ancestry = self.ancestry(class);
        let mut classes = ancestry.classes.iter();
        classes.any(|ancestor| ancestor.class.dataclass.is_some())
    }

    /// The member `name` of instances of `class[args]`, if that is one which dataclasses are given and a dataclass is among the bases.
    pub(super) fn given_member(
        &self,
        class: &Symbol,
        args: &[Type],
        name: &str,
    ) -> Option<Attribute> {
        match name {
            "__lt__" | "__le__" | "__gt__" | "__ge__" => self.given_order(class, args),
            _ => self.given_variable(class, name),
        }
    }

    /// The variable `name` of `class`, if that is one which dataclasses are given and a dataclass is among the bases.
    pub(super) fn given_variable(&self, class: &Symbol, name: &str) -> Option<Attribute> {
        let ty = match name {
            "__match_args__" => {
                if !self.is_dataclass(class) {
                    return None;
                }
                let ancestry = self.ancestry(class);
                let is_said = |class: &ClassInterface| {
                    class.match_args.is_some()
                        || class.dataclass.as_ref().is_some_and(|made| made.match_args)
                };
                match self.match_args(class) {
                    MatchArgs::Names(names) => {
                        ancestry.classes.iter().any(|a| is_said(&a.class)).then(|| {
                            let names = names.iter();
                            Type::Tuple(
                                names
                                    .map(|name| Type::literal(&Constant::Str((**name).into())))
                                    .collect(),
                            )
                        })
                    }
                    MatchArgs::Itself | MatchArgs::Unknown => return None,
                }
            }
            "__slots__" => self.given_slots(class)?,
            _ => return None,
        };
        Some(match ty {
            Some(ty) => Attribute::Found(Found {
                ty,
                owner: *class,
                is_writable: false,
                is_class_var: true,
                is_method: false,
            }),
            None => Attribute::Missing,
        })
    }

    /// One of the comparisons that say which of two instances comes first.
    fn given_order(&self, class: &Symbol, args: &[Type]) -> Option<Attribute> {
        let ancestry = self.ancestry(class);
        let mut is_made = false;
        for ancestor in &ancestry.classes {
            let interface = &ancestor.class;
            if interface.is_rewritten {
                return None;
            }
            let Some(made) = &interface.dataclass else {
                continue;
            };
            is_made = true;
            if made.order {
                let own = ancestry.args_of(ancestor, args);
                let other = Parameter {
                    name: Name::new("other"),
                    kind: ParamKind::Positional,
                    ty: Type::Instance(interface.symbol, own.as_slice().into()),
                    optional: false,
                };
                let signature = Signature::new([other], Rest::Nothing, Type::bool());
                return Some(Attribute::Found(Found {
                    ty: Type::Callable(signature),
                    owner: interface.symbol,
                    is_writable: false,
                    is_class_var: false,
                    is_method: true,
                }));
            }
        }
        (is_made && ancestry.complete).then_some(Attribute::Missing)
    }

    /// The type of `__slots__`, where no class of the hierarchy writes it: nothing inside if there is none.
    fn given_slots(&self, class: &Symbol) -> Option<Option<Type>> {
        let ancestry = self.ancestry(class);
        let mut classes = ancestry.classes.iter().map(|ancestor| &ancestor.class);
        let is_own = |class: &ClassInterface| {
            !class.is_rewritten
                && !class.members.contains_key("__slots__")
                && self.is_static_module(&class.symbol.module)
        };
        let is_object = |class: &ClassInterface| class.symbol.is_builtin("object");
        if !ancestry.complete
            || !classes.clone().any(|class| class.dataclass.is_some())
            || !classes
                .clone()
                .all(|class| is_own(class) || is_object(class))
        {
            return None;
        }
        let has_slots =
            classes.any(|class| class.dataclass.as_ref().is_some_and(|made| made.slots));
        Some(
            has_slots
                .then(|| Type::Instance(Symbol::new("builtins", "tuple"), [Type::str()].into())),
        )
    }

    /// What the patterns by position of a pattern of `class` are for.
    pub(crate) fn match_args(&self, class: &Symbol) -> MatchArgs {
        let ancestry = self.ancestry(class);
        for ancestor in &ancestry.classes {
            let interface = &ancestor.class;
            if let Some(names) = &interface.match_args {
                return MatchArgs::Names(names.clone());
            }
            if interface.members.contains_key("__match_args__") || interface.is_rewritten {
                return MatchArgs::Unknown;
            }
            match &interface.dataclass {
                Some(made) if made.match_args => {
                    let fields = self.dataclass_fields(&interface.symbol, &[]);
                    let names = fields
                        .iter()
                        .filter(|field| field.init && !field.kw_only)
                        .map(|field| field.name);
                    return MatchArgs::Names(names.collect());
                }
                // What else makes dataclasses may set it as well.
                Some(made) if !made.is_standard => return MatchArgs::Unknown,
                _ => {}
            }
            if ITSELF.iter().any(|name| interface.symbol.is_builtin(name)) {
                return MatchArgs::Itself;
            }
        }
        if ancestry.complete && self.is_static_module(&class.module) {
            MatchArgs::Names(Vec::new())
        } else {
            MatchArgs::Unknown
        }
    }
}
