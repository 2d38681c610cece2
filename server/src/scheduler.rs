//! A few threads that do what the main loop gives them.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::{Sender, unbounded};
use keelback_checker::db::Cancelled;

type Job = Box<dyn FnOnce() + Send + 'static>;

/// How deep a thread may go: types nest as deep as expressions do. Enough for the checker to go on where it is, which otherwise maps a stack for
/// each file.
const STACK: usize = 64 << 20;

/// The threads. They end when the pool is dropped and the jobs that were given to it are done.
pub(crate) struct Pool {
    jobs: Sender<Job>,
    processors: usize,
}

impl Pool {
    /// Starts the threads: one more than [`Pool::processors`], so that a question is answered while all of these compute findings.
    pub(crate) fn new() -> io::Result<Pool> {
        let processors = thread::available_parallelism().map_or(1, |count| count.get());
        let processors = processors.min(4);
        let (jobs, waiting) = unbounded::<Job>();
        for number in 0..=processors {
            let waiting = waiting.clone();
            thread::Builder::new()
                .name(format!("worker {number}"))
                .stack_size(STACK)
                .spawn(move || {
                    for job in waiting {
                        job();
                    }
                })?;
        }
        Ok(Pool { jobs, processors })
    }

    /// How many jobs that take long may run at a time.
    pub(crate) fn processors(&self) -> usize {
        self.processors
    }

    /// Has a thread do `job`, which must not panic.
    pub(crate) fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        // It fails only when every thread is gone, and none goes while the pool is there.
        let _ = self.jobs.send(Box::new(job));
    }
}

/// Why work came to no result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// What it was about has changed, or nobody wants to know any more.
    Cancelled,
    /// It waited for what another thread computed, which came to no result: it was stopped, or it panicked and has said so. Who asks again computes it
    /// itself.
    Elsewhere,
    /// It panicked: the message.
    Panicked(String),
}

/// Does `work` over a snapshot of the database. Neither a cancellation nor a panic gets out.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Stopped> {
    let caught = catch_unwind(AssertUnwindSafe(work));
    caught.map_err(|payload| match payload.downcast::<Cancelled>() {
        Ok(cancelled) => match *cancelled {
            Cancelled::PropagatedPanic => Stopped::Elsewhere,
            _ => Stopped::Cancelled,
        },
        Err(payload) => Stopped::Panicked(text(&*payload)),
    })
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests;
