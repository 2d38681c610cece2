//! Memory for code: written, then made executable; never both.

use cranelift_jit::{ArenaMemoryProvider, BranchProtection, JITMemoryKind, JITMemoryProvider};

use crate::compiler::JitError;

/// An arena of code. Code in it lives as long as the process: dropping the arena leaks what was published.
///
/// Invariant: a page is written only between the `allocate` that hands it out and the `finalize` that makes it executable; after that it is
/// never writable again. The provider holds it by giving every allocation after a `finalize` fresh pages.
pub(crate) struct CodeMemory {
    arena: ArenaMemoryProvider,
    used: usize,
}

impl CodeMemory {
    /// Reserves address space (not memory) for `reserve` bytes of code.
    pub(crate) fn new(reserve: usize) -> Result<CodeMemory, JitError> {
        Ok(CodeMemory {
            arena: ArenaMemoryProvider::new_with_size(reserve)
                .map_err(|e| JitError::Memory(e.to_string()))?,
            used: 0,
        })
    }

    /// Bytes of code published so far.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Makes one run of code executable. `fill` gets the address that it will run at.
    pub(crate) fn publish(
        &mut self,
        size: usize,
        align: u64,
        fill: impl FnOnce(usize, &mut [u8]) -> Result<(), JitError>,
    ) -> Result<*const u8, JitError> {
        let memory = self
            .arena
            .allocate(size, align, JITMemoryKind::Executable)
            .map_err(|e| JitError::Memory(e.to_string()))?;
        // SAFETY: the arena just handed out `size` writable bytes which nothing else refers to until they are published below.
        let bytes = unsafe { std::slice::from_raw_parts_mut(memory, size) };
        bytes.fill(0);
        let filled = fill(memory as usize, bytes);
        // Protection changes even after a failure, so that no page stays writable.
        self.arena
            .finalize(BranchProtection::None)
            .map_err(|e| JitError::Memory(e.to_string()))?;
        filled?;
        self.used += size;
        Ok(memory)
    }
}
