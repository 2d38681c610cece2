//! A small map from places to types that is shared until it is written: states are copied at every branch, and most copies only read.

use std::rc::Rc;

use crate::types::Type;

use super::Place;

/// Types of places, in the order of the places.
#[derive(Clone, Default, Debug)]
pub struct Facts(Option<Rc<Vec<(Place, Type)>>>);

impl PartialEq for Facts {
    fn eq(&self, other: &Facts) -> bool {
        self.is_same(other) || self.entries() == other.entries()
    }
}

impl FromIterator<(Place, Type)> for Facts {
    /// From entries in any order, of which no two are about one place.
    fn from_iter<I: IntoIterator<Item = (Place, Type)>>(entries: I) -> Facts {
        let mut entries: Vec<(Place, Type)> = entries.into_iter().collect();
        if entries.is_empty() {
            return Facts(None);
        }
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Facts(Some(Rc::new(entries)))
    }
}

impl Facts {
    fn entries(&self) -> &[(Place, Type)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    fn entries_mut(&mut self) -> &mut Vec<(Place, Type)> {
        Rc::make_mut(self.0.get_or_insert_default())
    }

    fn find(&self, place: &Place) -> Result<usize, usize> {
        self.entries().binary_search_by(|(own, _)| own.cmp(place))
    }

    /// Whether both are certainly the same, being shared.
    pub fn is_same(&self, other: &Facts) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(theirs)) => Rc::ptr_eq(own, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// The type of `place`.
    pub fn get(&self, place: &Place) -> Option<&Type> {
        let found = self.find(place).ok()?;
        Some(&self.entries()[found].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, place: &Place) -> Option<&mut Type> {
        let found = self.find(place).ok()?;
        Some(&mut self.entries_mut()[found].1)
    }

    /// Whether `place` has a type.
    pub fn contains_key(&self, place: &Place) -> bool {
        self.find(place).is_ok()
    }

    /// Gives `place` a type; the one that it had.
    pub fn insert(&mut self, place: Place, ty: Type) -> Option<Type> {
        match self.find(&place) {
            Ok(found) if self.entries()[found].1 == ty => Some(ty),
            Ok(found) => Some(std::mem::replace(&mut self.entries_mut()[found].1, ty)),
            Err(at) => {
                self.entries_mut().insert(at, (place, ty));
                None
            }
        }
    }

    /// Takes the type of `place` away.
    pub fn remove(&mut self, place: &Place) -> Option<Type> {
        let found = self.find(place).ok()?;
        Some(self.entries_mut().remove(found).1)
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Place, &Type) -> bool) {
        let mut entries = self.entries().iter();
        let Some(first) = entries.position(|(place, ty)| !keep(place, ty)) else {
            return;
        };
        let entries = self.entries_mut();
        let rest = entries.split_off(first);
        entries.extend(
            rest.into_iter()
                .skip(1)
                .filter(|(place, ty)| keep(place, ty)),
        );
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &Type)> {
        self.entries().iter().map(|(place, ty)| (place, ty))
    }

    /// The places, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Place> {
        self.entries().iter().map(|(place, _)| place)
    }
}
