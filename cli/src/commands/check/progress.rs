//! How far a long check has come.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What a check may take without saying anything.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the bar is drawn when nothing is done.
const TICK: Duration = Duration::from_millis(200);

/// A bar on standard error, if that is a terminal and the work takes more than a second.
pub(super) struct Progress {
    bar: ProgressBar,
    done: Sender<()>,
    timer: Option<JoinHandle<()>>,
}

impl Progress {
    /// For work on `length` files.
    pub(super) fn new(length: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("checking {bar:30} {pos}/{len} files, {elapsed}")
        {
            bar.set_style(style);
        }
        let (done, is_done) = channel();
        let late = bar.clone();
        // A thread that cannot be started is a bar that is not drawn.
        let timer = std::thread::Builder::new().spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Draws nothing where standard error is not a terminal.
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(TICK);
            }
        });
        Progress {
            bar,
            done,
            timer: timer.ok(),
        }
    }

    /// One more file is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar off the screen.
    pub(super) fn finish(mut self) {
        // The timer may have ended.
        let _ = self.done.send(());
        if let Some(timer) = self.timer.take() {
            let _ = timer.join();
        }
        self.bar.finish_and_clear();
    }
}
