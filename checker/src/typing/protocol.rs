//! Protocols: whether a value has every member that a protocol asks for (PEP 544).

use crate::infer::world::World;
use crate::interface::Member;
use crate::types::{Name, Symbol, Type, Variable};

use super::member::{Attribute, Found};
use super::relation::Relation;

impl World<'_> {
    /// Whether `symbol` is a protocol class.
    pub(crate) fn is_protocol(&self, symbol: &Symbol) -> bool {
        self.class(symbol).is_some_and(|class| class.is_protocol)
    }

    /// The members that a protocol asks for, those of the protocols that it derives from included.
    pub(crate) fn protocol_members(&self, symbol: &Symbol) -> Vec<(Name, Member)> {
        let ancestry = self.ancestry(symbol);
        let classes = ancestry.classes.iter().map(|ancestor| &ancestor.class);
        let mut found: Vec<(Name, Member)> = Vec::new();
        for class in classes.filter(|class| class.is_protocol) {
            for (name, member) in &class.members {
                let given = matches!(
                    &**name,
                    "__slots__"
                        | "__module__"
                        | "__doc__"
                        | "__dict__"
                        | "__weakref__"
                        | "__class_getitem__"
                        | "__init__"
                        | "__new__"
                        | "__match_args__"
                        | "__init_subclass__"
                        | "__subclasshook__"
                        | "__abstractmethods__"
                );
                let given = given || class.undeclared.contains(name);
                if !given && !found.iter().any(|(known, _)| known == name) {
                    found.push((*name, member.clone()));
                }
            }
        }
        found
    }
}

impl Relation<'_, '_> {
    /// Whether a value of type `from` has what the protocol `to` asks for.
    pub(super) fn fits_protocol(&self, from: &Type, to: &Type) -> bool {
        let (Type::Instance(protocol, _) | Type::Exact(protocol, _)) = to else {
            return false;
        };
        let pair = (*from, *to);
        if self.assumed.borrow().contains(&pair)
            || self.assumed.borrow().len() > super::relation::MOST_ASSUMED
        {
            return true;
        }
        self.assumed.borrow_mut().push(pair);
        let fits = self.attempt(|| {
            self.world
                .protocol_members(protocol)
                .iter()
                .all(|(name, member)| self.has_member(from, to, name, member))
        });
        self.assumed.borrow_mut().pop();
        fits
    }

    /// The member `name` of the protocol `to`, where `Self` is what `from` is; nothing if that cannot be said.
    fn wanted(&self, from: &Type, to: &Type, name: &Name) -> Option<Found> {
        let (Type::Instance(class, _) | Type::Exact(class, _)) = to else {
            return None;
        };
        let this = Variable::self_in(*class, *to);
        let Attribute::Found(found) = self.world.attribute(&Type::TypeVar(this), name) else {
            return None;
        };
        let ty = found.ty_as_callable(self.world);
        let ty = ty.substitute(&|variable| (variable == this).then_some(*from));
        Some(Found { ty, ..found })
    }

    fn has_member(&self, from: &Type, to: &Type, name: &Name, member: &Member) -> bool {
        let Some(wanted) = self.wanted(from, to, name) else {
            return true;
        };
        // A class object is called to make instances, whatever those do when they are called.
        if name.as_str() == "__call__"
            && matches!(from, Type::Class(_) | Type::ClassOf(_))
            && matches!(wanted.ty, Type::Callable(_) | Type::Overloaded(_))
        {
            return self.fits(from, &wanted.ty);
        }
        let own = match self.world.attribute(from, name) {
            Attribute::Found(found) => found,
            // `__hash__ = None` and the like are not followed.
            Attribute::Unknown => {
                return match from {
                    Type::Module(module) => {
                        self.fits(&self.world.assigned(module, name), &wanted.ty)
                    }
                    _ => true,
                };
            }
            Attribute::Missing => return false,
        };
        if *name.as_str() == *"__hash__" {
            let class = match from {
                Type::Instance(class, _) | Type::Exact(class, _) => Some(class),
                _ => None,
            };
            if own.ty == Type::None || class.is_some_and(|class| self.world.is_unhashable(class)) {
                return false;
            }
        }
        if self.is_of_class_object(from, &own) {
            return self.class_has_member(&own, &wanted, member);
        }
        match member {
            Member::Field {
                is_final: false, ..
            } => {
                // What can be set must be the very type.
                own.is_writable
                    && !own.is_class_var
                    && self.fits(&own.ty, &wanted.ty)
                    && self.fits(&wanted.ty, &own.ty)
            }
            Member::ClassVar { .. } => {
                own.is_class_var && self.fits(&own.ty, &wanted.ty) && self.fits(&wanted.ty, &own.ty)
            }
            Member::Property {
                setter: Some(_), ..
            } => own.is_writable && self.fits(&own.ty, &wanted.ty),
            _ => self.fits(&own.ty, &wanted.ty),
        }
    }

    /// Whether `own`, an attribute of `from`, is one that a class object has of its own rather than by its metaclass.
    fn is_of_class_object(&self, from: &Type, own: &Found) -> bool {
        let metaclass = Symbol::new("builtins", "type");
        matches!(from, Type::Class(_) | Type::ClassOf(_))
            && self.world.is_subclass(&own.owner, &metaclass) != Some(true)
    }

    /// Whether `own`, an attribute of a class object, is what a protocol asks for: its class variables are variables of that object, and what
    /// its instances have of their own is not there.
    fn class_has_member(&self, own: &Found, wanted: &Found, member: &Member) -> bool {
        let is_member = self.world.enumeration(&own.owner).is_some();
        match member {
            Member::ClassVar { .. } => false,
            Member::Field { .. } => {
                (own.is_class_var || is_member) && self.fits(&own.ty, &wanted.ty)
            }
            _ => self.fits(&own.ty, &wanted.ty),
        }
    }
}

impl super::member::Found {
    /// The type as something to be called, for a method; so that it is compared by its signature.
    fn ty_as_callable(&self, world: &World<'_>) -> Type {
        if !self.is_method {
            return self.ty;
        }
        match world.callees(&self.ty).as_deref() {
            None | Some([]) => Type::Dynamic,
            Some([only]) => Type::Callable(only.signature),
            Some(several) => Type::Overloaded(
                several
                    .iter()
                    .map(|callee| Type::Callable(callee.signature))
                    .collect(),
            ),
        }
    }
}
