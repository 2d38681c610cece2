//! What is known at a point of a function: which locals are bound, and what types places are narrowed to.

use std::collections::BTreeMap;

use crate::tree::LocalId;
use crate::types::{Name, Type};

use super::world::World;

/// Where a place starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Root {
    /// A local variable.
    Local(LocalId),
    /// A global of the module.
    Global(Name),
}

/// A variable or a chain of attributes from one: what can be narrowed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The variable.
    pub root: Root,
    /// The attributes.
    pub path: Vec<Name>,
}

/// What is known.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// Whether control can be here.
    pub reachable: bool,
    /// Places whose type is better known than their declaration says.
    pub facts: BTreeMap<Place, Type>,
    /// What the rules of typing say of places, where that is more than is certain.
    pub beliefs: BTreeMap<Place, Type>,
    /// Locals that are bound for certain, by index.
    pub bound: Vec<bool>,
    /// Locals that may be bound, by index.
    pub touched: Vec<bool>,
    /// Locals that are bound if every loop so far ran at least once: of these nobody is warned.
    pub likely: Vec<bool>,
}

impl State {
    /// The state at the start of a function whose first `params` of `locals` are bound.
    pub fn start(params: usize, locals: usize) -> State {
        State {
            reachable: true,
            facts: BTreeMap::new(),
            beliefs: BTreeMap::new(),
            bound: (0..locals).map(|i| i < params).collect(),
            touched: (0..locals).map(|i| i < params).collect(),
            likely: (0..locals).map(|i| i < params).collect(),
        }
    }

    /// The same state, not reachable.
    pub fn dead(&self) -> State {
        State {
            reachable: false,
            ..self.clone()
        }
    }

    /// Whether local `id` is bound for certain.
    pub fn is_bound(&self, id: LocalId) -> bool {
        self.bound.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Whether local `id` may be bound.
    pub fn may_be_bound(&self, id: LocalId) -> bool {
        self.touched.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Whether `id` is bound if every loop ran.
    pub fn is_likely(&self, id: LocalId) -> bool {
        self.likely.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Says that nobody is to be warned of `id` from here on.
    pub fn set_likely(&mut self, id: LocalId) {
        let i = id.0 as usize;
        if self.likely.len() <= i {
            self.likely.resize(i + 1, false);
        }
        self.likely[i] = true;
    }

    /// Takes a loop to have run whose body ends in `end`.
    pub fn after_loop(&mut self, end: &State) {
        if !end.reachable {
            return;
        }
        if self.likely.len() < end.likely.len() {
            self.likely.resize(end.likely.len(), false);
        }
        for (own, end) in self.likely.iter_mut().zip(&end.likely) {
            *own |= *end;
        }
    }

    /// Says that `id` is bound, or not.
    pub fn set_bound(&mut self, id: LocalId, bound: bool) {
        let i = id.0 as usize;
        if self.bound.len() <= i {
            self.bound.resize(i + 1, false);
        }
        if self.touched.len() <= i {
            self.touched.resize(i + 1, false);
        }
        if self.likely.len() <= i {
            self.likely.resize(i + 1, false);
        }
        self.bound[i] = bound;
        self.touched[i] = bound;
        self.likely[i] = bound;
    }

    /// Forgets what is known of `place` and of everything reached through it.
    pub fn forget(&mut self, place: &Place) {
        for known in [&mut self.facts, &mut self.beliefs] {
            known.retain(|p, _| p.root != place.root || !p.path.starts_with(&place.path));
        }
    }

    /// Forgets every place but those to keep: a call may have changed any.
    pub fn forget_paths(&mut self, keep: impl Fn(&Place) -> bool) {
        self.facts.retain(|p, _| keep(p));
        self.beliefs.retain(|p, _| keep(p));
    }

    /// Forgets chains that go through attribute `name`: a store to it on any object may be to the same object.
    pub fn forget_attribute(&mut self, name: &str) {
        for known in [&mut self.facts, &mut self.beliefs] {
            known.retain(|p, _| !p.path.iter().any(|n| &**n == name));
        }
    }

    /// Forgets facts of locals from `count` on: temporaries, which do not outlive their statement.
    pub fn without_temporaries(mut self, count: usize) -> State {
        for known in [&mut self.facts, &mut self.beliefs] {
            known.retain(|p, _| match p.root {
                Root::Local(id) => (id.0 as usize) < count,
                Root::Global(_) => true,
            });
        }
        self.bound.truncate(count);
        self.touched.truncate(count);
        self.likely.truncate(count);
        self
    }

    /// Takes what is known of locals from `count` on from `other`.
    pub fn keep_temporaries(&mut self, other: &State, count: usize) {
        for (place, ty) in &other.facts {
            if matches!(place.root, Root::Local(id) if id.0 as usize >= count) {
                self.facts.insert(place.clone(), *ty);
            }
        }
        for (place, ty) in &other.beliefs {
            if matches!(place.root, Root::Local(id) if id.0 as usize >= count) {
                self.beliefs.insert(place.clone(), *ty);
            }
        }
        for (own, theirs) in [
            (&mut self.bound, &other.bound),
            (&mut self.touched, &other.touched),
            (&mut self.likely, &other.likely),
        ] {
            own.truncate(count);
            own.resize(count, false);
            own.extend(theirs.iter().skip(count));
        }
    }

    /// What is known when control comes from either.
    pub fn join(&self, other: &State, world: &World<'_>) -> State {
        match (self.reachable, other.reachable) {
            (false, true) => return other.clone(),
            (true, false) => return self.clone(),
            _ => {}
        }
        let facts = self
            .facts
            .iter()
            .filter_map(|(place, ty)| {
                other
                    .facts
                    .get(place)
                    .map(|t| (place.clone(), world.join(ty, t)))
            })
            .collect();
        // A belief on one side alone is joined with what is certain on the other.
        let view = |state: &State, place: &Place| {
            let known = state.beliefs.get(place).or_else(|| state.facts.get(place));
            known.copied()
        };
        let beliefs = self
            .beliefs
            .keys()
            .chain(
                other
                    .beliefs
                    .keys()
                    .filter(|p| !self.beliefs.contains_key(p)),
            )
            .filter_map(|place| {
                let joined = world.join(&view(self, place)?, &view(other, place)?);
                (!joined.is_dynamic()).then(|| (place.clone(), joined))
            })
            .collect();
        let len = self.bound.len().max(other.bound.len());
        let at = |b: &[bool], i: usize| b.get(i).copied().unwrap_or(false);
        let bound = (0..len)
            .map(|i| at(&self.bound, i) && at(&other.bound, i))
            .collect();
        let len = self.touched.len().max(other.touched.len());
        let touched = (0..len)
            .map(|i| at(&self.touched, i) || at(&other.touched, i))
            .collect();
        let len = self.likely.len().max(other.likely.len());
        let likely = (0..len)
            .map(|i| at(&self.likely, i) && at(&other.likely, i))
            .collect();
        State {
            reachable: self.reachable,
            facts,
            beliefs,
            bound,
            touched,
            likely,
        }
    }
}
