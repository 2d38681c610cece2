//! Threads that check a module: one that does it ahead, while CPython compiles the same text, and one that helps with the bodies.
//!
//! Neither ever needs the GIL, so whoever holds it may wait for them. They end before the process forks: a child has but the thread that forked, and would
//! wait forever for what the others had locked.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle, scope};

use keelback_checker::check::check_file;
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::Diagnostic;
use keelback_checker::infer::{check_function, functions};
use keelback_checker::stack::deep;

/// From how many functions on two threads check a module: fewer take less time than a thread takes to start.
const SHARED_FROM: usize = 8;

/// From how many bytes on a text is checked ahead, for the same reason: CPython compiles that much in a quarter of a millisecond.
pub(super) const AHEAD_FROM: usize = 4096;

struct Ahead {
    file: File,
    thread: JoinHandle<bool>,
}

/// The checks that go ahead. The lock is held while threads of ours run that someone waits for.
static AHEAD: Mutex<Vec<Ahead>> = Mutex::new(Vec::new());

type Held = MutexGuard<'static, Vec<Ahead>>;

thread_local! {
    /// The lock, while this thread forks.
    static FORKING: RefCell<Option<Held>> = const { RefCell::new(None) };
}

fn lock() -> Held {
    AHEAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees to it that threads end before the process forks. Once in a process.
pub(super) fn start() {
    extern "C" fn before() {
        let mut ahead = lock();
        for check in ahead.drain(..) {
            let _ = check.thread.join();
        }
        FORKING.with(|forking| *forking.borrow_mut() = Some(ahead));
    }
    extern "C" fn after() {
        FORKING.with(|forking| forking.borrow_mut().take());
    }
    // SAFETY: the handlers take nothing and touch no Python object; the thread that runs `before` runs `after`, in both processes.
    // Without memory for them a fork goes as it would without us.
    unsafe {
        libc::pthread_atfork(Some(before), Some(after), Some(after));
    }
}

/// Starts to check `file` in a thread. Changing an input of the database stops it.
pub(super) fn check_ahead(db: Database, file: File) {
    let mut ahead = lock();
    ahead.retain(|check| !check.thread.is_finished());
    let work = move || {
        // A defect of the checker is reported by the thread that asks for the diagnostics.
        std::panic::catch_unwind(AssertUnwindSafe(|| deep(|| check_shared(&db, file)))).is_ok()
    };
    // Without a thread it is checked when it is asked about.
    let thread = Builder::new().spawn(work);
    ahead.extend(thread.map(|thread| Ahead { file, thread }));
}

/// The diagnostics of `file`, checked ahead or now.
pub(super) fn diagnostics(db: &Database, file: File) -> Arc<Vec<Diagnostic>> {
    let mut ahead = lock();
    let found = ahead.iter().position(|check| check.file == file);
    let checked = found.map(|at| ahead.swap_remove(at).thread.join());
    match checked {
        Some(Ok(true)) => check_file(db, file),
        _ => check_shared(db, file),
    }
}

/// Checks `file` on two threads where it is long enough.
fn check_shared(db: &Database, file: File) -> Arc<Vec<Diagnostic>> {
    // Bodies are checked from the front by this thread and from the back by another. The results are the database's, so neither does
    // what the other has done.
    let functions = functions(db, file);
    if functions.len() < SHARED_FROM {
        return check_file(db, file);
    }
    scope(|scope| {
        let db_of_other = db.clone();
        let back = Builder::new().spawn_scoped(scope, move || {
            // As above.
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| {
                deep(|| {
                    for name in functions.iter().rev() {
                        check_function(&db_of_other, file, name);
                    }
                });
            }));
        });
        // Without a second thread the first does it all.
        drop(back);
        check_file(db, file)
    })
}
