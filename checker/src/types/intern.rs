//! Tables of values that exist once: names, symbols, types and lists of types.
//!
//! A value that was interned is a shared reference that lives as long as the process, so it is copied for nothing, and two are equal exactly
//! when their addresses are. Nothing is ever taken out: what a program and the stubs it reads name is finite, and an editor adds
//! the few bytes of what is typed. The tables are shared by all threads; identity never depends on the order in which they fill them.

use std::hash::{BuildHasher, Hash};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// How many parts a table is split into, so that threads seldom wait for one another. A power of two.
const SHARDS: usize = 32;

/// The hash under which a value is interned: the same in every process, because it never looks at an address.
pub(super) fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    FxBuildHasher.hash_one(value)
}

/// A table of interned values of type `T`, each with its hash.
pub(super) struct Table<T: 'static> {
    shards: [RwLock<HashTable<(u64, &'static T)>>; SHARDS],
}

impl<T: 'static> Table<T> {
    /// An empty table.
    pub(super) const fn new() -> Table<T> {
        Table {
            shards: [const { RwLock::new(HashTable::new()) }; SHARDS],
        }
    }

    /// The one value that has this hash and for which `same` holds; `make` makes it if it is not there yet.
    pub(super) fn intern(
        &self,
        hash: u64,
        same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> &'static T {
        // The middle bits: the others choose the bucket inside of the shard.
        let shard = &self.shards[(hash >> 32) as usize & (SHARDS - 1)];
        let is_it = |(other, value): &(u64, &'static T)| *other == hash && same(value);
        // A panic while a table is held leaves it whole: the entry is there or it is not.
        let known = shard.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = known.find(hash, is_it) {
            return value;
        }
        drop(known);
        let mut known = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = known.find(hash, is_it) {
            return value;
        }
        let made: &'static T = Box::leak(Box::new(make()));
        known.insert_unique(hash, (hash, made), |(hash, _)| *hash);
        made
    }
}
