//! Taking apart values that are one of several tuples.

use crate::types::Type;

use super::cx::Cx;

impl Cx<'_> {
    /// What the targets of an unpacking get from a union of tuples, each of them with `count` items: `int | float` and `str` of
    /// `tuple[int, str] | tuple[float, str]`. Nothing where a target is starred, or a member is no such tuple.
    pub(super) fn parts_of_union(
        &self,
        ty: &Type,
        count: usize,
        starred: Option<usize>,
    ) -> Option<Vec<Type>> {
        let Type::Union(members) = ty else {
            return None;
        };
        if starred.is_some() {
            return None;
        }
        let mut parts = vec![Type::Never; count];
        for member in members.iter() {
            let Type::Tuple(items) = self.world.as_tuple(member) else {
                return None;
            };
            if items.len() != count {
                return None;
            }
            for (part, item) in parts.iter_mut().zip(items.iter()) {
                *part = self.world.join(part, &item.boxed());
            }
        }
        Some(parts)
    }
}
