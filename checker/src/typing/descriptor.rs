//! Descriptors: class attributes that answer themselves when they are read and set through an instance or a class.

use crate::infer::world::{Lookup, World};
use crate::types::Type;

use super::call::{Argument, Callee, Given};
use super::member::Attribute;

impl World<'_> {
    /// What reading a class attribute of type `ty` gives, if that is a descriptor: through an instance of type `instance`, or through the
    /// class when there is none. `owner` is the type of the instance in either case. Nothing if it is no descriptor, or it cannot be said.
    pub(crate) fn descriptor_read(
        &self,
        ty: &Type,
        instance: Option<&Type>,
        owner: &Type,
    ) -> Option<Type> {
        if let Type::Union(members) = ty {
            let read = |member: &Type| self.descriptor_read(member, instance, owner);
            members.iter().find_map(read)?;
            return Some(self.join_all(members.iter().map(|ty| read(ty).unwrap_or(*ty))));
        }
        let callees = self.special(ty, "__get__")?;
        let args = [
            instance.copied().unwrap_or(Type::None),
            Type::class_of(owner.as_instance()),
        ];
        let result = self.call(&callees, &args.map(by_position));
        Some(result.unwrap_or(Type::Dynamic))
    }

    /// Whether a descriptor of type `ty` takes a `value` that is stored through an instance of type `instance`; nothing if it is none, or
    /// does not say.
    pub(crate) fn descriptor_takes(
        &self,
        ty: &Type,
        instance: &Type,
        value: &Type,
    ) -> Option<bool> {
        let callees = self.special(ty, "__set__")?;
        Some(
            self.call(&callees, &[*instance, *value].map(by_position))
                .is_ok(),
        )
    }

    /// What a descriptor of type `ty` takes when it is set, dynamic where that is not one type; nothing if it is no descriptor that is set.
    pub(super) fn descriptor_value(&self, ty: &Type) -> Option<Type> {
        let callees = self.special(ty, "__set__")?;
        let taken = match &callees[..] {
            [only] => only.signature.params.get(1).map(|param| param.ty),
            _ => None,
        };
        Some(taken.map_or(Type::Dynamic, |ty| ty.without_variables()))
    }

    /// Whether a value of type `ty`, where it is an attribute of a class, answers itself when it is read.
    pub(crate) fn is_descriptor(&self, ty: &Type) -> bool {
        match ty {
            Type::Union(members) => members.iter().any(|member| self.is_descriptor(member)),
            Type::Instance(class, args) | Type::Exact(class, args)
                if &*class.module != "builtins" =>
            {
                matches!(self.member(class, args, "__get__"), Lookup::Found { .. })
            }
            _ => false,
        }
    }

    /// What the special method `name` of an instance of a class may be called as.
    fn special(&self, ty: &Type, name: &str) -> Option<Vec<Callee>> {
        let (Type::Instance(class, _) | Type::Exact(class, _)) = ty else {
            return None;
        };
        match self.member_of(class, ty, name) {
            Attribute::Found(found) if !found.owner.is_builtin("object") => self.callees(&found.ty),
            _ => None,
        }
    }
}

fn by_position(ty: Type) -> Argument {
    Argument {
        given: Given::Position,
        ty,
    }
}
