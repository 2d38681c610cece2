//! Maps and sets that iterate in the order of insertion, with the hash of everything else here.

use rustc_hash::FxBuildHasher;

/// A map in order of insertion.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;

/// A set in order of insertion.
pub type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;
