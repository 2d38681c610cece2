//! Sets of locals.

use smallvec::SmallVec;

const BITS: usize = u64::BITS as usize;

/// Some of the locals of a scope, by index.
#[derive(Clone, Default, Debug)]
pub struct Locals(SmallVec<[u64; 2]>);

impl PartialEq for Locals {
    fn eq(&self, other: &Locals) -> bool {
        let words = self.0.len().max(other.0.len());
        (0..words).all(|i| self.word(i) == other.word(i))
    }
}

impl Locals {
    /// The first `count`.
    pub fn first(count: usize) -> Locals {
        let mut all = Locals(SmallVec::from_elem(u64::MAX, count.div_ceil(BITS)));
        all.truncate(count);
        all
    }

    fn word(&self, i: usize) -> u64 {
        self.0.get(i).copied().unwrap_or(0)
    }

    /// Whether local `i` is one of them.
    pub fn has(&self, i: usize) -> bool {
        self.word(i / BITS) >> (i % BITS) & 1 == 1
    }

    /// Puts local `i` in or takes it out.
    pub fn set(&mut self, i: usize, is_in: bool) {
        let (word, bit) = (i / BITS, 1 << (i % BITS));
        if is_in {
            if self.0.len() <= word {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= bit;
        } else if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Takes out all from local `count` on.
    pub fn truncate(&mut self, count: usize) {
        self.0.truncate(count.div_ceil(BITS));
        if let Some(word) = self.0.get_mut(count / BITS) {
            *word &= (1 << (count % BITS)) - 1;
        }
    }

    /// Those before local `count`, and those of `other` from there on.
    pub fn followed_by(&self, other: &Locals, count: usize) -> Locals {
        let mut before = self.clone();
        before.truncate(count);
        let mut hidden = other.clone();
        hidden.truncate(count);
        let words = before.0.len().max(other.0.len());
        let word = |i| before.word(i) | (other.word(i) & !hidden.word(i));
        Locals((0..words).map(word).collect())
    }

    /// Those in both.
    pub fn and(&self, other: &Locals) -> Locals {
        Locals(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Those in either.
    pub fn or(&self, other: &Locals) -> Locals {
        let words = self.0.len().max(other.0.len());
        Locals((0..words).map(|i| self.word(i) | other.word(i)).collect())
    }
}

#[cfg(test)]
mod tests;
