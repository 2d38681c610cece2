//! What a query made and may be let go of before its inputs change.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that is there until it is forgotten, and is made once more when it is asked for after that.
///
/// What makes it gives an equal value each time, so nobody can tell.
pub(crate) struct Kept<T>(RwLock<Option<Arc<T>>>);

impl<T> Kept<T> {
    /// Keeps `value`.
    pub(crate) fn new(value: T) -> Kept<T> {
        Kept(RwLock::new(Some(Arc::new(value))))
    }

    /// The value; `make` makes it if it was forgotten.
    pub(crate) fn get(&self, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(value) = &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(value);
        }
        // Made without the lock: another thread that makes it too makes the same.
        let made = Arc::new(make());
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.get_or_insert(made))
    }

    /// Lets go of the value.
    pub(crate) fn forget(&self) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let value = kept.take();
        drop(kept);
        drop(value);
    }
}
