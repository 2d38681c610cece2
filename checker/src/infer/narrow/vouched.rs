//! What `isinstance` proves of an object. CPython believes an object of any type that its `__class__` is what the object says (a mock with a `spec`, a proxy); compiled
//! code that goes by how instances are stored must not.

use crate::infer::cx::Cx;
use crate::infer::world::is_value_class;
use crate::types::Type;

impl Cx<'_> {
    /// Whether values of a type are of the classes that it says by their types: then none of them claims to be what it is not, but an instance of a
    /// subclass that was made for the purpose.
    pub(super) fn is_vouched(&self, ty: &Type) -> bool {
        ty.members().iter().all(|member| match member {
            Type::None | Type::Primitive(_) | Type::Literal(_) | Type::EnumMember(..) => true,
            Type::Tuple(_) | Type::Class(_) => true,
            _ => member
                .class()
                .is_some_and(|c| is_value_class(&c) || self.world.is_laid_out(&c)),
        })
    }

    /// Whether compiled code goes by how values of a type are stored: in a builtin class or in fields.
    pub(super) fn rests_on_storage(&self, ty: &Type) -> bool {
        ty.members().iter().filter_map(Type::class).any(|class| {
            let ancestry = self.world.ancestry(&class);
            let mut classes = ancestry
                .classes
                .iter()
                .map(|ancestor| ancestor.class.symbol);
            classes.any(|c| is_value_class(&c) || self.world.is_laid_out(&c))
        })
    }
}
