//! A panic while checking becomes a diagnostic.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use keelback_parser::text_size::TextRange;

use crate::db::File;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;

thread_local! {
    /// How many guards are around what this thread does.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
    /// Where the last panic under a guard was, in our own source.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics under a guard silent, and notes where they were. Others are shown as before.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if GUARDS.get() == 0 {
                previous(info);
            } else {
                let place = info
                    .location()
                    .map(|at| format!("{}:{}", at.file(), at.line()));
                PLACE.set(place);
            }
        }));
    });
}

/// Runs `work` about `file`. A panic in it becomes a diagnostic at `range`, where the work was as far as it is known; `what` names
/// it, as in "while checking `f`".
///
/// Cancellation of a query is passed on.
pub fn guard(
    file: File,
    range: TextRange,
    what: impl fmt::Display,
    work: impl FnOnce() -> Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    install_hook();
    GUARDS.set(GUARDS.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDS.set(GUARDS.get() - 1);
    let payload = match result {
        Ok(diagnostics) => return diagnostics,
        Err(payload) if payload.is::<salsa::Cancelled>() => resume_unwind(payload),
        Err(payload) => payload,
    };
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown");
    let message = format!("Internal error while checking {what}: {text}");
    let mut diagnostic = Diagnostic::new(Rule::InternalError, file, range, message).with_note(
        "This is a bug in Keelback and not in your program; please report it together with this text",
    );
    if let Some(place) = PLACE.take() {
        diagnostic =
            diagnostic.with_note(format!("At {place}, version {}", env!("CARGO_PKG_VERSION")));
    }
    vec![diagnostic]
}
