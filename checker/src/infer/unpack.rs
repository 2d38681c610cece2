//! Taking apart values that are one of several tuples.

use crate::types::{Symbol, Type};

use super::cx::Cx;

impl Cx<'_> {
    /// What the targets of an unpacking get from a union of tuples, each of them with `count` items or, where one target is starred, with
    /// enough of them: `int | float` and `str` of `tuple[int, str] | tuple[float, str]`. Nothing where a member is no such tuple.
    pub(super) fn parts_of_union(
        &self,
        ty: &Type,
        count: usize,
        starred: Option<usize>,
    ) -> Option<Vec<Type>> {
        let Type::Union(members) = ty else {
            return None;
        };
        let mut parts = vec![Type::Never; count];
        for member in members.iter() {
            let Type::Tuple(items) = self.world.as_tuple(member) else {
                return None;
            };
            for (part, item) in parts.iter_mut().zip(self.parts(&items, count, starred)?) {
                *part = self.world.join(part, &item);
            }
        }
        Some(with_list(parts, starred))
    }

    /// What the targets of an unpacking get from a tuple with these items.
    pub(super) fn believed_parts(
        &self,
        items: &[Type],
        count: usize,
        starred: Option<usize>,
    ) -> Option<Vec<Type>> {
        match starred {
            None => (items.len() == count).then(|| items.to_vec()),
            Some(_) => Some(with_list(self.parts(items, count, starred)?, starred)),
        }
    }

    /// What each target gets of a tuple with these items; the starred one the join of what goes to its list.
    fn parts(&self, items: &[Type], count: usize, starred: Option<usize>) -> Option<Vec<Type>> {
        let Some(at) = starred else {
            return (items.len() == count).then(|| items.iter().map(Type::boxed).collect());
        };
        let after = count - at - 1;
        let rest = items.len().checked_sub(after).filter(|end| *end >= at)?;
        let list = self.world.join_all(items[at..rest].iter().map(Type::boxed));
        let ends = items[..at].iter().map(Type::boxed);
        let tail = items[rest..].iter().map(Type::boxed);
        Some(ends.chain([list]).chain(tail).collect())
    }
}

/// The parts, of which the starred one goes to a list.
fn with_list(mut parts: Vec<Type>, starred: Option<usize>) -> Vec<Type> {
    if let Some(at) = starred {
        parts[at] = Type::Instance(Symbol::new("builtins", "list"), [parts[at]].into());
    }
    parts
}
