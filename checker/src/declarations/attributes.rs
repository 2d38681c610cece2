//! Attributes that override those of base classes: fields, class variables and properties, and what is both in turn.

use keelback_parser::text_size::TextRange;

use super::{Checker, mangled};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::{ClassInterface, Declaration, Member};
use crate::members::{Found, find_member, inherited_member};
use crate::rules::Rule;
use crate::signatures::function_interface;
use crate::simple::SimpleTypes;
use crate::types::{Name, Type};

/// An attribute as those see it who read and write it.
struct Seen {
    /// What reading it gives.
    read: Type,
    /// What may be written; nothing if it cannot be.
    written: Option<Type>,
    /// What it is, in words.
    what: &'static str,
}

impl Checker<'_> {
    /// The attributes of a class's own body that stand in for others of its bases.
    pub(super) fn attributes(&mut self, class: &ClassEntry) {
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        let has_bases = interface.bases.iter().any(|base| base.class().is_some());
        // Members of these are not attributes that are declared, and have rules of their own.
        if !has_bases || interface.enumeration.is_some() || interface.named_tuple.is_some() {
            return;
        }
        for (name, bindings) in &class.scope.bindings {
            let is_special = name.starts_with("__") && name.ends_with("__");
            let Some(first) = bindings.first() else {
                continue;
            };
            if is_special {
                continue;
            }
            let place = bindings
                .iter()
                .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
                .unwrap_or(first);
            self.attribute(class, &interface, name, place.range);
        }
    }

    fn attribute(
        &mut self,
        class: &ClassEntry,
        interface: &ClassInterface,
        name: &Name,
        place: TextRange,
    ) {
        let key = mangled(&class.qualname, name);
        let Some((found, base, args)) = inherited_member(self.db, self.file, interface, &key)
        else {
            return;
        };
        let params = crate::classes::class_interface_params(self.db, self.file, &base);
        let owner = found.owner.symbol;
        let is_ours = crate::resolve::resolve_from(self.db, self.file, &owner.module)
            .is_some_and(|file| crate::files::staticness(self.db, file).is_static());
        let Some(base) = crate::classes::class_interface(self.db, self.file, &owner) else {
            return;
        };
        // What a stub of the standard library calls an attribute is often a property, and the other way round.
        if !is_ours || base.enumeration.is_some() || base.named_tuple.is_some() {
            return;
        }
        let (Some(own), Some(own_member)) = (
            self.seen_own(class, interface, &key),
            interface.members.get(&key),
        ) else {
            return;
        };
        let declared = base.declared.get(&key).copied();
        let Some(theirs) = self.seen_inherited(&found, declared, &params, &args) else {
            return;
        };
        if declared.is_some_and(|declared| declared.is_final) {
            return;
        }
        let shown = owner.name();
        let own_declared = interface.declared.get(&key).copied();
        if let Some(problem) = class_and_instance(own_declared, declared, own_member, &found.member)
        {
            let message = format!("`{name}` is {problem} of `{shown}`");
            self.report(Rule::InvalidOverride, place, message);
            return;
        }
        // Two fields are compared where fields are.
        let both_fields = matches!(
            (own_member, &found.member),
            (Member::Field { .. }, Member::Field { .. })
        );
        let both_functions = matches!(
            (own_member, &found.member),
            (
                Member::Method(_) | Member::Property { .. },
                Member::Method(_) | Member::Property { .. }
            )
        );
        if (both_fields && own_declared.is_some()) || both_functions {
            return;
        }
        // What is read through a descriptor is not what stands in the class.
        let is_descriptor = |ty: &Type| {
            ty.class()
                .is_some_and(|class| find_member(self.db, self.file, &class, "__get__").is_some())
        };
        if is_descriptor(&own.read) || is_descriptor(&theirs.read) {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        let fits = |value: &Type, place: &Type| {
            value.is_dynamic() || place.is_dynamic() || world.assignable(value, place)
        };
        let problem = if !fits(&own.read, &theirs.read) {
            format!(
                "{} of `{}`, and {} of `{}` there",
                own.what, own.read, theirs.what, theirs.read
            )
        } else {
            match (&own.written, &theirs.written) {
                (None, Some(_)) => format!("{} and cannot be set, as it can there", own.what),
                (Some(own_written), Some(written)) if !fits(written, own_written) => {
                    format!("set to `{own_written}` alone, and to `{written}` there")
                }
                _ => return,
            }
        };
        let message =
            format!("`{name}` does not fit `{shown}.{name}`, which it overrides: it is {problem}");
        self.report(Rule::InvalidOverride, place, message);
    }

    /// What the class's own body makes of an attribute.
    fn seen_own(&self, class: &ClassEntry, interface: &ClassInterface, key: &Name) -> Option<Seen> {
        match interface.members.get(key)? {
            Member::Field { ty, is_final } => {
                let ty = match interface.declared.contains_key(key) {
                    true => *ty,
                    false => self.body_value(class, key)?,
                };
                Some(Seen {
                    read: ty,
                    written: (!is_final).then_some(ty),
                    what: "a field",
                })
            }
            Member::ClassVar { ty } => {
                let is_declared = interface.declared.contains_key(key);
                let ty = match is_declared {
                    true => *ty,
                    false => self.body_value(class, key)?,
                };
                // What only gets another value keeps the declaration that it inherits.
                Some(Seen {
                    read: ty,
                    written: Some(Type::Dynamic),
                    what: if is_declared {
                        "a class variable"
                    } else {
                        "a value"
                    },
                })
            }
            Member::Property { getter, setter } => self.seen_property(getter, setter.as_ref()),
            Member::Method(_) => Some(Seen {
                read: Type::any_callable(),
                written: Some(Type::Dynamic),
                what: "a method",
            }),
            Member::Class(_) | Member::Dynamic => None,
        }
    }

    /// What the class that is inherited from makes of an attribute, in terms of the class that inherits.
    fn seen_inherited(
        &self,
        found: &Found,
        declared: Option<Declaration>,
        params: &[crate::types::Variable],
        args: &[Type],
    ) -> Option<Seen> {
        let specialise = |ty: &Type| found.specialise(ty, params, args);
        match &found.member {
            Member::Field { ty, is_final } => {
                // What nobody declared may be anything.
                declared?;
                let ty = specialise(ty);
                Some(Seen {
                    read: ty,
                    written: (!is_final).then_some(ty),
                    what: "a field",
                })
            }
            Member::ClassVar { ty } => {
                declared?;
                Some(Seen {
                    read: specialise(ty),
                    // Who overrides a class variable says what it is from there on.
                    written: None,
                    what: "a class variable",
                })
            }
            Member::Property { getter, setter } => {
                let seen = self.seen_property(getter, setter.as_ref())?;
                Some(Seen {
                    read: specialise(&seen.read),
                    written: seen.written.map(|ty| specialise(&ty)),
                    what: seen.what,
                })
            }
            Member::Method(_) => Some(Seen {
                read: Type::any_callable(),
                written: None,
                what: "a method",
            }),
            Member::Class(_) | Member::Dynamic => None,
        }
    }

    fn seen_property(
        &self,
        getter: &crate::types::Symbol,
        setter: Option<&crate::types::Symbol>,
    ) -> Option<Seen> {
        let own = function_interface(self.db, self.file, getter)?;
        if own.is_decorated {
            return None;
        }
        let written = setter.map(|setter| {
            function_interface(self.db, self.file, setter)
                .and_then(|setter| setter.params.get(1).map(|param| param.ty))
                .unwrap_or(Type::Dynamic)
        });
        Some(Seen {
            read: own.returns.without_variables(),
            written: written.map(|ty| ty.without_variables()),
            what: "a property",
        })
    }

    /// The type of the value that the class body gives a name, as far as the expression says.
    fn body_value(&self, class: &ClassEntry, key: &Name) -> Option<Type> {
        let parsed = crate::files::parsed(self.db, self.file);
        let (_, bindings) = class
            .scope
            .bindings
            .iter()
            .find(|(name, _)| mangled(&class.qualname, name) == *key)?;
        let [binding] = &bindings[..] else {
            return None;
        };
        let node = find_stmt(&parsed, binding.stmt)?.as_assign_stmt()?;
        let scope = self.sight.scope_inside(&class.qualname);
        // Displays take the type that is declared.
        match SimpleTypes::new(&scope).ty(&node.value) {
            Type::Instance(_, args) | Type::Exact(_, args) if !args.is_empty() => None,
            Type::Tuple(_) | Type::None => None,
            ty => match crate::constants::literal(&node.value) {
                Some(
                    value @ (crate::types::Constant::Bool(_)
                    | crate::types::Constant::Int(_)
                    | crate::types::Constant::Str(_)
                    | crate::types::Constant::Bytes(_)),
                ) => Some(Type::literal(&value)),
                _ => Some(ty),
            },
        }
    }
}

/// What is wrong where one of two attributes is a variable of the class and the other of its instances.
fn class_and_instance(
    own: Option<Declaration>,
    base: Option<Declaration>,
    own_member: &Member,
    base_member: &Member,
) -> Option<&'static str> {
    let (own, base) = (own?, base?);
    match (own_member, base_member) {
        (
            Member::ClassVar { .. },
            Member::Field {
                is_final: false, ..
            },
        ) if own.is_class_var => Some("a class variable here, and overrides an instance variable"),
        (Member::Field { .. }, Member::ClassVar { .. }) if base.is_class_var => {
            Some("an instance variable here, and overrides a class variable")
        }
        _ => None,
    }
}
