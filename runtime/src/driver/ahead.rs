//! The thread that checks modules: while CPython compiles the same text, and together with the thread that imports.
//!
//! It is started with the first module and stays, because a thread takes longer to start than most modules take to check. It never needs the GIL, so
//! whoever holds it may wait for it. It works at nothing while the process forks, and a child starts one of its own: what a thread that is not there any
//! more had locked would be locked forever.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use keelback_checker::check::{check_declarations, check_file};
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::Diagnostic;
use keelback_checker::infer::{check_function, functions};
use keelback_checker::stack::{ROOM, deep};

/// For how long the end of a check is waited for without sleeping: waking up takes about as long.
const SPIN: Duration = Duration::from_micros(50);

/// What the thread is asked for.
struct Job {
    db: Database,
    file: File,
    /// Told whether the check came to its end.
    done: Sender<bool>,
}

/// A check that was asked for.
struct Check {
    file: File,
    done: Receiver<bool>,
}

struct Worker {
    /// None while there is no thread: before the first check, after a fork, and where none can be had.
    jobs: Option<Sender<Job>>,
    checks: Vec<Check>,
}

/// Held while someone waits for the thread.
static WORKER: Mutex<Worker> = Mutex::new(Worker {
    jobs: None,
    checks: Vec::new(),
});

type Held = MutexGuard<'static, Worker>;

thread_local! {
    /// The lock, while this thread forks.
    static FORKING: RefCell<Option<Held>> = const { RefCell::new(None) };
}

fn lock() -> Held {
    WORKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees to it that nothing is being checked while the process forks. Once in a process.
pub(super) fn start() {
    extern "C" fn before() {
        let mut worker = lock();
        for check in worker.checks.drain(..) {
            let _ = check.done.recv();
        }
        FORKING.with(|forking| *forking.borrow_mut() = Some(worker));
    }
    extern "C" fn in_parent() {
        FORKING.with(|forking| forking.borrow_mut().take());
    }
    extern "C" fn in_child() {
        FORKING.with(|forking| {
            if let Some(mut worker) = forking.borrow_mut().take() {
                // Its other end is with a thread that this process does not have.
                std::mem::forget(worker.jobs.take());
            }
        });
    }
    // SAFETY: the handlers take nothing and touch no Python object; the thread that runs `before` runs one of the others, in both processes.
    // Without memory for them a fork goes as it would without us.
    unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    }
}

/// Starts to check `file`. Changing an input of the database stops it.
pub(super) fn check_ahead(db: &Database, file: File) {
    ask(&mut lock(), db, file);
}

fn ask(worker: &mut Worker, db: &Database, file: File) {
    worker
        .checks
        .retain(|check| check.file != file && check.done.try_recv() == Err(TryRecvError::Empty));
    if worker.jobs.is_none() {
        worker.jobs = start_worker();
    }
    // Without a thread it is checked when it is asked about.
    let Some(jobs) = &worker.jobs else { return };
    let (done, is_done) = channel();
    let db = db.clone();
    if jobs.send(Job { db, file, done }).is_ok() {
        worker.checks.push(Check {
            file,
            done: is_done,
        });
    }
}

fn start_worker() -> Option<Sender<Job>> {
    let (jobs, asked) = channel::<Job>();
    let work = move || {
        for Job { db, file, done } in asked {
            // A defect of the checker is reported by the thread that asks for the diagnostics.
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| check_bodies(&db, file)));
            // Inputs can be changed once the handle is gone.
            drop(db);
            let _ = done.send(result.is_ok());
        }
    };
    let thread = Builder::new()
        .name("keelback".to_owned())
        .stack_size(ROOM)
        .spawn(work);
    thread.is_ok().then_some(jobs)
}

/// The bodies of `file` first, since the thread that imports begins with the declarations.
fn check_bodies(db: &Database, file: File) {
    deep(|| {
        for name in functions(db, file) {
            check_function(db, file, &name);
        }
        check_file(db, file);
    });
}

/// The diagnostics of `file`, checked ahead or now, together with the thread. The results are the database's, so that neither does what the other has
/// done.
pub(super) fn diagnostics(db: &Database, file: File) -> Arc<Vec<Diagnostic>> {
    let mut worker = lock();
    if !worker.checks.iter().any(|check| check.file == file) {
        ask(&mut worker, db, file);
    }
    check_declarations(db, file);
    for name in functions(db, file).iter().rev() {
        check_function(db, file, name);
    }
    let found = check_file(db, file);
    // The handle that the thread has of the database is to be gone before an input is changed, which would stop other checks.
    if let Some(at) = worker.checks.iter().position(|check| check.file == file) {
        wait(&worker.checks.swap_remove(at).done);
    }
    found
}

fn wait(done: &Receiver<bool>) {
    let started = Instant::now();
    while started.elapsed() < SPIN {
        if done.try_recv() != Err(TryRecvError::Empty) {
            return;
        }
        std::hint::spin_loop();
    }
    let _ = done.recv();
}
