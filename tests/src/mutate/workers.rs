//! Checking many texts on all processors.

use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::{Failure, Mutant, Mutator, Probe, minimise};

/// How long one text may take, on a slow machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(120);
/// After how many texts a database is thrown away with all that it has learnt.
const RENEWAL: usize = 250;
/// How often a smaller text is tried.
const ATTEMPTS: usize = 3_000;

/// A text to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// The file with this index, as it is.
    Whole(usize),
    /// The broken text with this number.
    Broken(u64),
}

/// A text that failed.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which one.
    pub job: Job,
    /// The text and the file that it is made of.
    pub mutant: Mutant,
    /// What is wrong.
    pub failure: Failure,
    /// The smallest text found that fails in the same way.
    pub smallest: Vec<u8>,
}

/// Checks each of `jobs` and calls `done` after each with the number of findings. Gives one failure of each kind.
///
/// # Errors
///
/// When a file cannot be read.
pub fn run(
    files: &[PathBuf],
    mutator: &Mutator,
    jobs: &[Job],
    done: impl Fn(usize) + Sync,
) -> io::Result<Vec<Report>> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let reports: Mutex<Vec<Report>> = Mutex::default();
    let work = || -> io::Result<()> {
        let mut probe = None;
        while let Some(&job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            let mutant = text_of(files, mutator, job)?;
            let fresh = || Probe::new(files);
            let (kept, age) = probe.take().unwrap_or_else(|| (fresh(), 0));
            let (kept, outcome) = check(kept, job, mutator.seed(), &mutant);
            probe = kept.filter(|_| age < RENEWAL).map(|kept| (kept, age + 1));
            done(*outcome.as_ref().unwrap_or(&0));
            if let Err(failure) = outcome {
                let mut reports = reports.lock().expect("no worker panics");
                if !reports
                    .iter()
                    .any(|report| report.failure.kind == failure.kind)
                {
                    let smallest = smallest(files, job, mutator.seed(), &mutant, &failure);
                    reports.push(Report {
                        job,
                        mutant,
                        failure,
                        smallest,
                    });
                }
            }
        }
        Ok(())
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let outcome = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().try_for_each(|handle| {
            let outcome = handle.join().expect("the work of a worker does not panic");
            if outcome.is_err() {
                stopped.store(true, Ordering::Relaxed);
            }
            outcome
        })
    });
    outcome.map(|()| reports.into_inner().expect("no worker panics"))
}

fn text_of(files: &[PathBuf], mutator: &Mutator, job: Job) -> io::Result<Mutant> {
    match job {
        Job::Broken(number) => mutator.mutant(number),
        Job::Whole(index) => Ok(Mutant {
            path: files[index].clone(),
            bytes: std::fs::read(&files[index])?,
            what: "as it is".to_owned(),
        }),
    }
}

/// Checks one text on a thread of its own, which is called by it: should the stack overflow, that name is what Rust prints before the
/// process ends. The probe comes back unless it may be broken.
fn check(
    mut probe: Probe,
    job: Job,
    seed: u64,
    mutant: &Mutant,
) -> (Option<Probe>, Result<usize, Failure>) {
    let (sender, receiver) = channel();
    let name = match job {
        Job::Whole(_) => mutant.path.display().to_string(),
        Job::Broken(number) => format!(
            "case {number} of seed {seed}, {} {}",
            mutant.path.display(),
            mutant.what
        ),
    };
    let (path, bytes) = (mutant.path.clone(), mutant.bytes.clone());
    let work = move || {
        let outcome = probe.check(&path, &bytes);
        // Nobody listens when it took too long.
        let _ = sender.send((probe, outcome));
    };
    let thread = std::thread::Builder::new()
        .name(name)
        .spawn(work)
        .expect("a thread can be started");
    let failed = |kind: &str, message: String| {
        let failure = Failure {
            kind: kind.to_owned(),
            message,
        };
        (None, Err(failure))
    };
    match receiver.recv_timeout(PATIENCE) {
        Ok((probe, outcome)) => (outcome.is_ok().then_some(probe), outcome),
        Err(RecvTimeoutError::Timeout) => {
            failed("too long", format!("still not done after {PATIENCE:?}"))
        }
        Err(RecvTimeoutError::Disconnected) => {
            let text = thread.join().err().map_or_else(String::new, said);
            failed(
                &format!("panic: {text}"),
                format!("a panic outside of what is guarded: {text}"),
            )
        }
    }
}

/// What a panic said.
fn said(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload
            .downcast::<&str>()
            .map_or_else(|_| "unknown".to_owned(), |text| (*text).to_owned()),
    }
}

fn smallest(files: &[PathBuf], job: Job, seed: u64, mutant: &Mutant, failure: &Failure) -> Vec<u8> {
    if failure.kind == "too long" {
        return mutant.bytes.clone();
    }
    let mut probe = None;
    minimise(&mutant.bytes, ATTEMPTS, |bytes| {
        let candidate = Mutant {
            bytes: bytes.to_vec(),
            ..mutant.clone()
        };
        let fresh = probe.take().unwrap_or_else(|| Probe::new(files));
        let (kept, outcome) = check(fresh, job, seed, &candidate);
        probe = kept;
        outcome.is_err_and(|other| other.kind == failure.kind)
    })
}
