//! Tuples: of known length, of any length, and with a part of unknown length.

use crate::infer::world::widen;
use crate::types::{Symbol, Type, Types};

use super::relation::Relation;

impl Relation<'_, '_> {
    /// The type of the items of a tuple type.
    pub(super) fn element(&self, tuple: &Type) -> Type {
        match tuple {
            Type::Tuple(items) => self.world.join_all(items.iter().copied()),
            Type::Variadic(before, part, after) => {
                let part = match **part {
                    Type::TypeVar(_) => Type::object(),
                    part => part,
                };
                let items = before.iter().chain(after).copied().chain([part]);
                self.world.join_all(items)
            }
            _ => Type::Dynamic,
        }
    }

    pub(super) fn tuples_fit(&self, from: &Type, to: &Type) -> bool {
        match (from, to) {
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.fits(a, b))
            }
            (Type::Tuple(items), Type::Variadic(before, part, after)) => {
                let Some((head, middle, tail)) = cut(items, before.len(), after.len()) else {
                    return false;
                };
                head.iter().zip(before).all(|(a, b)| self.fits(a, b))
                    && tail.iter().zip(after).all(|(a, b)| self.fits(a, b))
                    && self.middle_fits(middle, part)
            }
            (Type::Variadic(before, part, after), Type::Tuple(items)) => {
                let Some((head, middle, tail)) = cut(items, before.len(), after.len()) else {
                    return false;
                };
                before.iter().zip(head).all(|(a, b)| self.fits(a, b))
                    && after.iter().zip(tail).all(|(a, b)| self.fits(a, b))
                    && match self.solves(part) {
                        Some(variable) => self.flows_out_of(variable, &Type::Tuple(middle.into())),
                        // What is of any length and anything may be of this one.
                        None => part.is_dynamic(),
                    }
            }
            (Type::Variadic(before, part, after), Type::Variadic(b, p, a)) => {
                self.variadics_fit((before, part, after), (b, p, a))
            }
            _ => false,
        }
    }

    fn variadics_fit(
        &self,
        (before, part, after): (&Types, &Type, &Types),
        (b, p, a): (&Types, &Type, &Types),
    ) -> bool {
        // What the unknown part of `from` may supply, if its own ends are shorter.
        let supplies = match part {
            Type::Dynamic => true,
            _ => before.len() >= b.len() && after.len() >= a.len(),
        };
        if !supplies {
            return false;
        }
        let (head, left) = before.split_at(b.len().min(before.len()));
        let (right, tail) = after.split_at(after.len().saturating_sub(a.len()));
        let skipped = a.len().saturating_sub(after.len());
        let ends = head.iter().zip(b).all(|(x, y)| self.fits(x, y))
            && tail.iter().zip(&a[skipped..]).all(|(x, y)| self.fits(x, y));
        if !ends {
            return false;
        }
        if let Some(variable) = self.solves(p) {
            let whole = Type::variadic(left.to_vec(), *part, right.to_vec());
            return self.flows_into(&whole, variable);
        }
        if let Some(variable) = self.solves(part) {
            let whole = Type::variadic(Vec::new(), *p, Vec::new());
            return left.is_empty() && right.is_empty() && self.flows_out_of(variable, &whole);
        }
        left.iter().chain(right).all(|x| self.fits(x, p)) && self.fits(part, p)
    }

    fn middle_fits(&self, items: &[Type], part: &Type) -> bool {
        match self.solves(part) {
            Some(variable) => {
                let items: Types = items.iter().map(widen).collect();
                self.flows_into(&Type::Tuple(items), variable)
            }
            None => items.iter().all(|item| self.fits(item, part)),
        }
    }

    pub(super) fn instance_fits_tuple(&self, class: &Symbol, args: &[Type], to: &Type) -> bool {
        let tuple = Symbol::new("builtins", "tuple");
        if *class == tuple {
            let element = args.first().copied().unwrap_or(Type::Dynamic);
            return match to {
                Type::Variadic(before, part, after) => {
                    if let Some(variable) = self.solves(part)
                        && (element.is_dynamic() || (before.is_empty() && after.is_empty()))
                    {
                        let whole = Type::Instance(tuple, [element].into());
                        return self.flows_into(&whole, variable);
                    }
                    element.is_dynamic()
                        || (before.is_empty() && after.is_empty() && self.fits(&element, part))
                }
                // `tuple[Any, ...]` is of any length.
                _ => element.is_dynamic(),
            };
        }
        // A named tuple, or another class over a tuple of known length.
        match self.world.tuple_base(class, args) {
            Some(base @ (Type::Tuple(_) | Type::Variadic(..))) => self.fits(&base, to),
            Some(_) => false,
            None => self.world.is_subclass(class, &tuple) != Some(false),
        }
    }
}

/// `items` without the first `before` and the last `after` of them.
fn cut(items: &[Type], before: usize, after: usize) -> Option<(&[Type], &[Type], &[Type])> {
    let middle = items.len().checked_sub(before + after)?;
    let (head, rest) = items.split_at(before);
    let (middle, tail) = rest.split_at(middle);
    Some((head, middle, tail))
}
