//! Items and slices of tuples of known length.

use keelback_parser::ast;

use crate::types::{Constant, Type};

use super::cx::Cx;

impl Cx<'_> {
    /// What a slice with written bounds takes of a tuple of known length.
    pub(super) fn sliced_tuple(&self, view: &Type, slice: &ast::Expr) -> Option<Type> {
        let ast::Expr::Slice(slice) = slice else {
            return None;
        };
        let Type::Tuple(items) = self.world.as_tuple(view) else {
            return None;
        };
        let len = i64::try_from(items.len()).ok()?;
        let number = |given: &Option<Box<ast::Expr>>| match given.as_deref() {
            None => Some(None),
            Some(given) => match crate::constants::literal(given)? {
                Constant::Int(i) => Some(Some(i)),
                _ => None,
            },
        };
        let step = number(&slice.step)?.unwrap_or(1);
        // Backwards the last item is the first, and the bounds are places before the start of the tuple or after.
        let (first, last) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let bound = |given: &Option<Box<ast::Expr>>, default: i64| {
            Some(match number(given)? {
                None => default,
                Some(i) if i < 0 => i.saturating_add(len).max(first),
                Some(i) => i.min(last),
            })
        };
        if step == 0 {
            return None;
        }
        if step != 1 {
            let (start, end) = if step < 0 {
                (last, first)
            } else {
                (first, last)
            };
            let (mut at, to) = (bound(&slice.lower, start)?, bound(&slice.upper, end)?);
            let mut taken = Vec::new();
            while (step > 0 && at < to) || (step < 0 && at > to) {
                taken.push(*items.get(usize::try_from(at).ok()?)?);
                at = at.saturating_add(step);
            }
            return Some(Type::Tuple(taken.into()));
        }
        let (from, to) = (bound(&slice.lower, 0)?, bound(&slice.upper, len)?);
        let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
        Some(Type::Tuple(items.get(from..to).unwrap_or(&[]).into()))
    }

    /// What a written index finds in a value that is one of several tuples, if each of them has such an item.
    pub(super) fn item_of_union(&self, view: &Type, index: &Type) -> Option<Type> {
        let (Type::Union(members), Type::Literal(Constant::Int(index))) = (view, index) else {
            return None;
        };
        let items = members.iter().map(|member| {
            let Type::Tuple(items) = self.world.as_tuple(member) else {
                return None;
            };
            let at = match *index < 0 {
                true => index.checked_add(i64::try_from(items.len()).ok()?)?,
                false => *index,
            };
            items.get(usize::try_from(at).ok()?).copied()
        });
        let items: Vec<Type> = items.collect::<Option<_>>()?;
        Some(self.world.join_all(items))
    }
}
