//! The bodies that may be put where they are called: of what cells and method tables go to now.

use std::sync::Arc;

use keelback_lowering::function::{CellRef, Function, MethodRef, Origin};
use keelback_lowering::passes::inline::Callees;

use super::unit::Unit;
use super::{cells, methods};

/// What is loaded in this process.
#[derive(Clone, Copy, Debug)]
pub struct Loaded;

impl Callees for Loaded {
    fn bound(&self, cell: &CellRef) -> Option<Arc<Function>> {
        // SAFETY: bytecode is made under the GIL.
        unsafe { body(cells::binding(cell).target()) }
    }

    fn overrides(&self, method: &MethodRef) -> Vec<Option<Arc<Function>>> {
        // SAFETY: as above.
        unsafe {
            let units = methods::targets(method);
            units.into_iter().map(|unit| body(unit)).collect()
        }
    }
}

/// The body of a unit, if it is worth looking at: what stands in for something only calls it.
unsafe fn body(unit: &'static Unit) -> Option<Arc<Function>> {
    if !matches!(unit.origin, Origin::Source | Origin::Constructor(_)) {
        return None;
    }
    // SAFETY: the caller holds the GIL.
    unsafe { unit.prepared().ok() }
}
