//! The thread that checks modules: while CPython compiles the same text, and together with the thread that imports.
//!
//! It is started with the first module and stays, because a thread takes longer to start than most modules take to check. It never needs the GIL, so
//! whoever holds it may wait for it. It works at nothing while the process forks, and a child starts one of its own: what a thread that is not there any
//! more had locked would be locked forever.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use keelback_checker::check::check_declarations;
use keelback_checker::db::{CancellationToken, Database, File, Revision, revision};
use keelback_checker::files::staticness;
use keelback_checker::infer::{TOGETHER, check_function, functions};
use keelback_checker::resolve::module_name;
use keelback_checker::stack::{ROOM, deep};
use keelback_checker::types::Name;

use super::module::{Outcome, outcome};

/// For how long the end of a check is waited for without sleeping, since to be woken up takes about as long as a small module takes to check.
const AWAKE: Duration = Duration::from_millis(1);

/// What comes of a check that was not stopped.
type Done = Option<Outcome>;

/// What the thread is asked for.
struct Job {
    db: Database,
    file: File,
    why: Why,
    has_begun: Arc<AtomicBool>,
    done: Sender<Done>,
}

/// Why a file is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It is static, and being imported.
    Imported,
    /// It is about to be imported under this name, and nobody has read it yet: it is checked if it is static, and known by the name.
    Expected(Name),
    /// Other files will find known what it uses. Nothing comes of it, and it ends when another check is asked for.
    WarmUp,
}

/// A check that was asked for.
struct Check {
    file: File,
    /// When: what comes of it holds while no input has changed.
    asked: Revision,
    has_begun: Arc<AtomicBool>,
    done: Receiver<Done>,
    /// What has come of it.
    result: Option<Done>,
    why: Why,
    stopper: CancellationToken,
}

impl Check {
    /// Whether it goes on.
    fn is_running(&mut self) -> bool {
        if self.result.is_none() {
            self.result = match self.done.try_recv() {
                Ok(done) => Some(done),
                Err(TryRecvError::Disconnected) => Some(None),
                Err(TryRecvError::Empty) => None,
            };
        }
        self.result.is_none()
    }
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
        for check in &worker.checks {
            check.stopper.cancel();
        }
        for check in &mut worker.checks {
            if check.result.is_none() {
                check.result = Some(check.done.recv().ok().flatten());
            }
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

/// Starts to check `file`, if that has not begun.
pub(super) fn check_ahead(db: &Database, file: File, why: Why) {
    lock().ask(db, file, why);
}

impl Worker {
    /// Has `file` checked, if that has not begun.
    fn ask(&mut self, db: &Database, file: File, why: Why) {
        let now = revision(db);
        // What has ended is kept until it is asked for; what goes on, because a fork waits for it.
        self.checks
            .retain_mut(|check| check.is_running() || check.asked == now);
        let is_asked = |check: &Check| {
            check.file == file && check.asked == now && !matches!(check.result, Some(None))
        };
        if self.checks.iter().any(is_asked) {
            return;
        }
        for check in &self.checks {
            if check.why == Why::WarmUp {
                check.stopper.cancel();
            }
        }
        if self.jobs.is_none() {
            self.jobs = start_thread();
        }
        // Without a thread it is checked when it is asked about.
        let Some(jobs) = &self.jobs else { return };
        let (done, is_done) = channel();
        let has_begun = Arc::<AtomicBool>::default();
        let db = db.clone();
        let stopper = db.stopper();
        let job = Job {
            db,
            file,
            why,
            has_begun: has_begun.clone(),
            done,
        };
        if jobs.send(job).is_ok() {
            self.checks.push(Check {
                file,
                asked: now,
                has_begun,
                done: is_done,
                result: None,
                why,
                stopper,
            });
        }
    }

    /// What comes of the check of `file`: nothing if that has not begun, or was stopped.
    fn wait(&mut self, db: &Database, file: File) -> Option<Outcome> {
        let now = revision(db);
        let at = (self.checks.iter()).position(|check| check.file == file && check.asked == now)?;
        let started = Instant::now();
        while self.checks[at].is_running() {
            if !self.checks[at].has_begun.load(Ordering::Relaxed) {
                return None;
            }
            if started.elapsed() > AWAKE {
                let check = &mut self.checks[at];
                check.result = Some(check.done.recv().ok().flatten());
            } else {
                std::thread::yield_now();
            }
        }
        self.checks.swap_remove(at).result.flatten()
    }

    /// Whether the check of `file` has ended.
    fn has_ended(&mut self, db: &Database, file: File) -> bool {
        let now = revision(db);
        let mut checks = self.checks.iter_mut();
        checks.any(|check| check.file == file && check.asked == now && !check.is_running())
    }
}

fn start_thread() -> Option<Sender<Job>> {
    let (jobs, asked) = channel::<Job>();
    let work = move || {
        // The C library keeps what is freed at hand, up to twice the largest block that it has had from the system and given back.
        have_at_hand(2 * AT_HAND);
        for job in asked {
            let Job { db, done, .. } = job;
            job.has_begun.store(true, Ordering::Relaxed);
            // A defect of the checker is reported by the thread that asks for the diagnostics.
            let work = AssertUnwindSafe(|| check(&db, job.file, job.why));
            let result = std::panic::catch_unwind(work).ok().flatten();
            // Inputs can be changed once the handle is gone.
            drop(db);
            let _ = done.send(result);
            have_at_hand(AT_HAND);
        }
    };
    let thread = Builder::new()
        .name("keelback".to_owned())
        .stack_size(ROOM)
        .spawn(work);
    thread.is_ok().then_some(jobs)
}

/// How many bytes of memory the thread has at hand when a check begins. A small module takes a tenth of it.
const AT_HAND: usize = 1 << 20;

/// Takes memory from the system and frees it, so that the next check finds it: taken a page at a time it would cost a check a tenth of its time.
fn have_at_hand(bytes: usize) {
    std::hint::black_box(vec![1u8; bytes]);
}

/// What the thread does. The bodies come first, since the thread that imports begins with the declarations.
fn check(db: &Database, file: File, why: Why) -> Done {
    if let Why::Expected(name) = why
        && (module_name(db, file) != name || !staticness(db, file).is_static())
    {
        return None;
    }
    deep(|| {
        for name in functions(db, file) {
            check_function(db, file, &name);
        }
        Some(outcome(db, file))
    })
}

/// What comes of checking `file`: ahead, or now, together with the thread. The results are the database's, so that neither does what the other has done.
pub(super) fn checked(db: &Database, file: File) -> Outcome {
    let mut worker = lock();
    worker.ask(db, file, Why::Imported);
    // What the thread is not at: the declarations, and bodies from the end.
    if !worker.has_ended(db, file) {
        deep(|| {
            check_declarations(db, file);
            let functions = functions(db, file);
            for name in functions.iter().skip(TOGETHER).rev() {
                check_function(db, file, name);
            }
        });
    }
    worker
        .wait(db, file)
        .unwrap_or_else(|| deep(|| outcome(db, file)))
}
