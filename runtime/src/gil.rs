//! State guarded by the GIL.

use std::cell::UnsafeCell;

/// A value that is touched only by the thread that holds the GIL, and never across a call that may run Python code.
#[derive(Debug, Default)]
pub struct GilCell<T>(UnsafeCell<T>);

// SAFETY: the GIL serialises every access; see the type's rule.
unsafe impl<T> Sync for GilCell<T> {}
// SAFETY: as above.
unsafe impl<T> Send for GilCell<T> {}

impl<T> GilCell<T> {
    /// A cell holding `value`.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(UnsafeCell::new(value))
    }

    /// Runs `body` on the value.
    ///
    /// # Safety
    /// The GIL is held, and `body` neither runs Python code nor enters this cell again.
    #[inline]
    pub unsafe fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller's promise makes this the only reference.
        body(unsafe { &mut *self.0.get() })
    }
}

impl<T: Copy> GilCell<T> {
    /// The value.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn get(&self) -> T {
        // SAFETY: the caller's promise.
        unsafe { *self.0.get() }
    }

    /// Replaces the value.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn set(&self, value: T) {
        // SAFETY: the caller's promise.
        unsafe { *self.0.get() = value }
    }
}
