//! `--watch`: checking again whenever a file changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use keelback_checker::config;
use keelback_checker::project;
use keelback_checker::system::System;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::super::{Outcome, SUCCESS, print};
use super::{Arguments, Session, plural};

/// How long it must be quiet before files are looked at: an editor that saves makes several changes, a switch of branches many.
const QUIET: Duration = Duration::from_millis(60);
/// Files that never come to rest are looked at all the same.
const RESTLESS: Duration = Duration::from_secs(2);
/// Clears the screen and what has scrolled off it.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// What the watching thread is told.
enum Message {
    /// Something happened to these paths.
    Changed(Vec<PathBuf>),
    /// Ctrl-C.
    Stop,
}

/// Checks, prints, and does so again after each change, until Ctrl-C.
pub(super) fn execute(arguments: &Arguments) -> Outcome {
    if !arguments.output_format.is_for_people() {
        return Err(
            "--watch prints for people: use --output-format full, plain or concise".to_owned(),
        );
    }
    let (sender, messages) = channel();
    stop_on_interrupt(sender.clone())?;
    let mut session = Session::new(arguments)?;
    let mut folders = Folders::new(sender)?;
    loop {
        folders.watch(&session);
        let started = Instant::now();
        let report = session.report();
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        let clear = if is_terminal { CLEAR } else { "" };
        print(&format!(
            "{clear}{}It took {:.0?}. Waiting for changes in {}; Ctrl-C ends this\n",
            report.text,
            started.elapsed(),
            plural(folders.watched.len(), "folder")
        ))?;
        loop {
            if !wait(&messages) {
                std::mem::forget(session);
                // On a line of its own, after what the terminal shows for Ctrl-C.
                print("\n")?;
                return Ok(SUCCESS);
            }
            match session.refresh() {
                Ok(()) => break,
                // What was named is gone for now: it may come back.
                Err(sentence) => print(&format!("{sentence}; waiting for it\n"))?,
            }
        }
    }
}

/// Waits for a change that matters and for the quiet after it. False: it is time to end.
fn wait(messages: &Receiver<Message>) -> bool {
    loop {
        match messages.recv() {
            Ok(Message::Changed(paths)) if paths.iter().any(|path| matters(path)) => break,
            Ok(Message::Changed(_)) => {}
            Ok(Message::Stop) | Err(_) => return false,
        }
    }
    let started = Instant::now();
    while started.elapsed() < RESTLESS {
        match messages.recv_timeout(QUIET) {
            Ok(Message::Changed(_)) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    true
}

/// Whether a path can be something that checking reads: a module, the configuration, or a folder of some.
fn matters(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name else { return false };
    if name.starts_with('.') || name == "__pycache__" {
        return false;
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("py" | "pyi") => true,
        Some(_) => name == config::FILE_NAME || path.is_dir(),
        // A folder, or one that was.
        None => path.is_dir() || !path.exists(),
    }
}

fn stop_on_interrupt(sender: Sender<Message>) -> Result<(), String> {
    let handler = move || {
        // Nobody listens when the command ends already.
        let _ = sender.send(Message::Stop);
    };
    ctrlc::set_handler(handler).map_err(|error| format!("Ctrl-C cannot be watched for: {error}"))
}

/// The folders that are watched.
struct Folders {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    fn new(sender: Sender<Message>) -> Result<Folders, String> {
        let handler = move |event: notify::Result<notify::Event>| {
            let paths = match event {
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
                Ok(event) => event.paths,
                // Events were lost: anything may have changed.
                Err(_) => vec![PathBuf::from(config::FILE_NAME)],
            };
            let _ = sender.send(Message::Changed(paths));
        };
        let watcher = notify::recommended_watcher(handler)
            .map_err(|error| format!("files cannot be watched: {error}"))?;
        Ok(Folders {
            watcher,
            watched: BTreeSet::new(),
        })
    }

    /// Watches every folder that modules are taken from, and the one of the configuration. Each on its own: a whole tree may have folders with very many
    /// files that are nobody's modules.
    fn watch(&mut self, session: &Session<'_>) {
        let system: &dyn System = &*session.system;
        let mut wanted = BTreeSet::new();
        for path in &session.arguments.paths {
            wanted.extend(project::folders(system, path));
        }
        let configuration = super::configuration(session.arguments, system);
        if let Some(path) = configuration.ok().and_then(|config| config.path) {
            wanted.extend(path.parent().map(Path::to_path_buf));
        }
        for gone in self.watched.difference(&wanted) {
            // It may be gone from the disk as well.
            let _ = self.watcher.unwatch(gone);
        }
        // A folder that cannot be watched has changes that are seen with the next one.
        self.watched = wanted
            .into_iter()
            .filter(|folder| {
                self.watched.contains(folder) && folder.is_dir()
                    || self
                        .watcher
                        .watch(folder, RecursiveMode::NonRecursive)
                        .is_ok()
            })
            .collect();
    }
}
