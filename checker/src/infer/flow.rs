//! What is known at a point of a function: which locals are bound, and what types places are narrowed to.

mod facts;
mod locals;

use std::collections::BTreeSet;

use crate::tree::LocalId;
use crate::types::{Name, Type};

use super::world::World;

pub use facts::Facts;
pub use locals::Locals;

/// Where a place starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Root {
    /// A local variable.
    Local(LocalId),
    /// A global of the module.
    Global(Name),
}

/// A step of a chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// An attribute, by its mangled name.
    Attribute(Name),
    /// An item at an index that is written as a number.
    Index(i64),
    /// An item under a key that is written as a string.
    Key(Name),
}

/// A variable or a chain of attributes and items from one: what can be narrowed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The variable.
    pub root: Root,
    /// The attributes and items.
    pub path: Vec<Step>,
}

impl Place {
    /// A local variable.
    pub fn local(id: LocalId) -> Place {
        Place {
            root: Root::Local(id),
            path: Vec::new(),
        }
    }

    /// A global variable of the module.
    pub fn global(name: &str) -> Place {
        Place {
            root: Root::Global(Name::new(name)),
            path: Vec::new(),
        }
    }
}

/// What is known.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// Whether control can be here.
    pub reachable: bool,
    /// Places whose type is better known than their declaration says.
    pub facts: Facts,
    /// What the rules of typing say of places, where that is more than is certain.
    pub beliefs: Facts,
    /// Those of them of which the type is believed and not known: it is checked where the place is read.
    pub doubted: BTreeSet<Place>,
    /// Whether control is taken not to be here on the word of a declaration.
    pub supposed: bool,
    /// Locals that are bound for certain, by index.
    pub bound: Locals,
    /// Locals that may be bound, by index.
    pub touched: Locals,
    /// Locals that are bound if every loop so far ran at least once: of these nobody is warned.
    pub likely: Locals,
}

impl State {
    /// The state at the start of a function whose first `params` locals are bound.
    pub fn start(params: usize) -> State {
        State {
            reachable: true,
            facts: Facts::default(),
            beliefs: Facts::default(),
            doubted: BTreeSet::new(),
            supposed: false,
            bound: Locals::first(params),
            touched: Locals::first(params),
            likely: Locals::first(params),
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
        self.bound.has(id.0 as usize)
    }

    /// Whether local `id` may be bound.
    pub fn may_be_bound(&self, id: LocalId) -> bool {
        self.touched.has(id.0 as usize)
    }

    /// Whether `id` is bound if every loop ran.
    pub fn is_likely(&self, id: LocalId) -> bool {
        self.likely.has(id.0 as usize)
    }

    /// Says that nobody is to be warned of `id` from here on.
    pub fn set_likely(&mut self, id: LocalId) {
        self.likely.set(id.0 as usize, true);
    }

    /// Takes a loop to have run whose body ends in `end`.
    pub fn after_loop(&mut self, end: &State) {
        if end.reachable {
            self.likely = self.likely.or(&end.likely);
        }
    }

    /// Says that `id` is bound, or not.
    pub fn set_bound(&mut self, id: LocalId, bound: bool) {
        let i = id.0 as usize;
        self.bound.set(i, bound);
        self.touched.set(i, bound);
        self.likely.set(i, bound);
    }

    /// Takes `place` to be of type `ty`, for certain.
    pub fn learn(&mut self, place: Place, ty: Type) {
        self.doubted.remove(&place);
        self.facts.insert(place, ty);
    }

    /// Narrows `place`, which was of type `from`, to `to`; a type without values means that control is not here. What was in doubt stays so.
    pub fn narrow(&mut self, place: &Place, from: &Type, to: Type) {
        if to == Type::Never {
            if *from != Type::Never {
                self.reachable = false;
                self.supposed |= self.doubted.contains(place);
            }
            return;
        }
        if to != *from || self.facts.contains_key(place) {
            self.facts.insert(place.clone(), to);
        }
    }

    /// The same on somebody's word.
    pub fn narrow_in_doubt(&mut self, place: &Place, from: &Type, to: Type) {
        self.narrow(place, from, to);
        self.supposed |= to == Type::Never && *from != Type::Never;
        if to != *from && to != Type::Never {
            self.doubted.insert(place.clone());
        }
    }

    /// The same on the word of the object, which is looked at again where it is used. That control is here is certain.
    pub fn narrow_on_trust(&mut self, place: &Place, from: &Type, to: Type) {
        self.narrow(place, from, to);
        if to != *from && to != Type::Never {
            self.doubted.insert(place.clone());
        }
    }

    /// Forgets what is known of `place` and of everything reached through it.
    pub fn forget(&mut self, place: &Place) {
        self.keep(|p| p.root != place.root || !p.path.starts_with(&place.path));
    }

    /// Forgets every place but those to keep: a call may have changed any.
    pub fn keep(&mut self, keep: impl Fn(&Place) -> bool) {
        self.facts.retain(|p, _| keep(p));
        self.beliefs.retain(|p, _| keep(p));
        if !self.doubted.is_empty() {
            self.doubted.retain(|p| keep(p));
        }
    }

    /// Whether more is known or believed of `place` than what is declared.
    pub fn knows(&self, place: &Place) -> bool {
        self.facts.contains_key(place) || self.beliefs.contains_key(place)
    }

    /// Goes on without being certain of places other than those to keep. What was known of them is believed from here on: nobody saw them
    /// change.
    pub fn distrust(&mut self, keep: impl Fn(&Place) -> bool) {
        let beliefs = &mut self.beliefs;
        self.facts.retain(|place, fact| {
            let keep = keep(place);
            let says = !matches!(fact, Type::Dynamic | Type::Never | Type::Primitive(_));
            if !keep && says && !beliefs.contains_key(place) {
                beliefs.insert(place.clone(), *fact);
            }
            keep
        });
        if !self.doubted.is_empty() {
            self.doubted.retain(|place| keep(place));
        }
    }

    /// Goes on without being certain of chains that go through attribute `name`: a store to it on any object may be to the same object.
    pub fn distrust_attribute(&mut self, name: &str) {
        self.distrust(|p| {
            !p.path
                .iter()
                .any(|step| matches!(step, Step::Attribute(n) if &**n == name))
        });
    }

    /// Forgets chains that go through an item: a store to one of any container may be to the same container.
    pub fn forget_items(&mut self) {
        self.keep(|p| p.path.iter().all(|step| matches!(step, Step::Attribute(_))));
    }

    /// Forgets facts of locals from `count` on: temporaries, which do not outlive their statement.
    pub fn without_temporaries(mut self, count: usize) -> State {
        self.keep(|p| match p.root {
            Root::Local(id) => (id.0 as usize) < count,
            Root::Global(_) => true,
        });
        self.bound.truncate(count);
        self.touched.truncate(count);
        self.likely.truncate(count);
        self
    }

    /// Takes what is known of locals from `count` on from `other`.
    pub fn keep_temporaries(&mut self, other: &State, count: usize) {
        for (place, ty) in other.facts.iter() {
            if matches!(place.root, Root::Local(id) if id.0 as usize >= count) {
                self.facts.insert(place.clone(), *ty);
                if other.doubted.contains(place) {
                    self.doubted.insert(place.clone());
                }
            }
        }
        for (place, ty) in other.beliefs.iter() {
            if matches!(place.root, Root::Local(id) if id.0 as usize >= count) {
                self.beliefs.insert(place.clone(), *ty);
            }
        }
        self.bound = self.bound.followed_by(&other.bound, count);
        self.touched = self.touched.followed_by(&other.touched, count);
        self.likely = self.likely.followed_by(&other.likely, count);
    }

    /// Whether the place is a variable that cannot have been assigned here.
    fn has_no_value(&self, place: &Place) -> bool {
        matches!(place.root, Root::Local(id) if !self.may_be_bound(id))
    }

    /// What is known when control comes from either.
    pub fn join(&self, other: &State, world: &World<'_>) -> State {
        match (self.reachable, other.reachable) {
            (false, true) => return other.clone(),
            (true, false) => return self.clone(),
            _ => {}
        }
        let facts = self.join_facts(other, world);
        let doubted = self
            .doubted
            .union(&other.doubted)
            .filter(|place| facts.contains_key(place))
            .cloned()
            .collect();
        State {
            reachable: self.reachable,
            beliefs: self.join_beliefs(other, world),
            facts,
            doubted,
            supposed: self.supposed || other.supposed,
            bound: self.bound.and(&other.bound),
            touched: self.touched.or(&other.touched),
            likely: self.likely.and(&other.likely),
        }
    }

    /// Where a variable has no value, its type does not matter: reading it is an error.
    fn join_facts(&self, other: &State, world: &World<'_>) -> Facts {
        if self.facts.is_same(&other.facts) {
            return self.facts.clone();
        }
        let own = self.facts.iter().filter_map(|(place, ty)| {
            let joined = match other.facts.get(place) {
                Some(theirs) => world.join(ty, theirs),
                None if other.has_no_value(place) => *ty,
                None => return None,
            };
            Some((place.clone(), joined))
        });
        let theirs = other
            .facts
            .iter()
            .filter(|(place, _)| !self.facts.contains_key(place) && self.has_no_value(place))
            .map(|(place, ty)| (place.clone(), *ty));
        own.chain(theirs).collect()
    }

    /// A belief on one side alone is joined with what is certain on the other.
    fn join_beliefs(&self, other: &State, world: &World<'_>) -> Facts {
        if self.beliefs.is_same(&other.beliefs) {
            return self.beliefs.clone();
        }
        let view = |state: &State, place: &Place| {
            let known = state.beliefs.get(place).or_else(|| state.facts.get(place));
            known.copied()
        };
        let theirs = other
            .beliefs
            .keys()
            .filter(|place| !self.beliefs.contains_key(place));
        self.beliefs
            .keys()
            .chain(theirs)
            .filter_map(|place| {
                let joined = world.join(&view(self, place)?, &view(other, place)?);
                Some((place.clone(), joined))
            })
            .collect()
    }
}
