//! The pages for readers as tests: every Python block in them is checked and run, and sessions of the command are repeated.
//!
//! A page is read like a chapter of the literate tests: blocks of a section are its program, claims in comments are put to the checker, and an
//! `output` block is compared. A section without one must import without an exception, unless it claims errors. A `console` block is a session:
//! after `$ keelback …` stands what that prints, where `…` stands for anything.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::assertions::claims;
use crate::check;
use crate::language::{lay_out, run};
use crate::markdown::{self, Test};
use crate::python::{self, Mode, Python};

/// Pages outside `docs/`.
const FRONT: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// Every page: its path from the repository's folder, and its text.
fn pages() -> Vec<(String, String)> {
    let root = python::repository();
    let mut paths: Vec<PathBuf> = FRONT.iter().map(|name| root.join(name)).collect();
    collect(&root.join("docs"), &mut paths);
    paths.sort();
    let pages = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let shown = path.strip_prefix(&root).unwrap_or(&path);
        (shown.display().to_string(), text)
    });
    pages.collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The trials of all pages; `command` is Keelback's, `pythons` are the interpreters to run under.
#[must_use]
pub fn trials(command: &Path, pythons: &[Python]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (page, text) in pages() {
        match markdown::parse_page(&text) {
            Ok(tests) => {
                for test in tests {
                    add(&mut trials, &page, Arc::new(test), command, pythons);
                }
            }
            Err(error) => {
                let message = format!("{page}: {error}");
                trials.push(Trial::test(page, move || Err(Failed::from(message))));
            }
        }
    }
    trials
}

fn add(trials: &mut Vec<Trial>, page: &str, test: Arc<Test>, command: &Path, pythons: &[Python]) {
    let place = format!("{page}:{}", test.line);
    let name = format!("{place} {}", test.headings.last().map_or("", |h| h));
    let is_program = test.files.iter().any(|file| file.path == "main.py");
    if !test.files.is_empty() {
        let (checked, page) = (Arc::clone(&test), page.to_owned());
        let body = move || check::check(&checked, &page).map_err(Failed::from);
        trials.push(Trial::test(name.clone(), body).with_kind("check"));
    }
    let claims_something = |text: &str| claims(text).is_ok_and(|found| !found.is_empty());
    let claims = test.files.iter().any(|file| claims_something(&file.text));
    let is_silent = !test.output.is_some();
    for python in pythons {
        // The two ways in which readers run a program.
        for mode in [Mode::CPython, Mode::Jit] {
            let expected = match mode {
                Mode::CPython => test.output.common.clone(),
                _ => test.output.on_keelback().map(str::to_owned),
            };
            let runs = expected.is_some() || (is_silent && !claims);
            if !is_program || !runs {
                continue;
            }
            let (test, python) = (Arc::clone(&test), python.clone());
            let (place, command) = (place.clone(), command.to_path_buf());
            let kind = format!("{} {}", mode.name(), python.version);
            let body = move || {
                run(&test, &python, mode, &command, expected.as_deref())
                    .map_err(|message| Failed::from(format!("{place}: {message}")))
            };
            trials.push(Trial::test(name.clone(), body).with_kind(kind));
        }
        if !test.sessions.is_empty() {
            let (test, python) = (Arc::clone(&test), python.clone());
            let (page, command) = (page.to_owned(), command.to_path_buf());
            let kind = format!("console {}", python.version);
            let body = move || sessions(&test, &python, &command, &page).map_err(Failed::from);
            trials.push(Trial::test(name.clone(), body).with_kind(kind));
        }
    }
}

/// Repeats the sessions of a section in a folder with its files.
fn sessions(test: &Test, python: &Python, command: &Path, page: &str) -> Result<(), String> {
    let folder = lay_out(test).map_err(|error| error.to_string())?;
    for (line, session) in &test.sessions {
        for (typed, expected) in steps(session) {
            let Some(words) = typed.strip_prefix("keelback ") else {
                return Err(format!(
                    "{page}:{line}: `{typed}` is not a session of keelback"
                ));
            };
            let output = Command::new(command)
                .args(words_of(words))
                .current_dir(folder.path())
                .env("KEELBACK_PYTHON", &python.path)
                .env("NO_COLOR", "1")
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env_remove("VIRTUAL_ENV")
                .output()
                .map_err(|error| error.to_string())?;
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8_lossy(&printed);
            if !is_like(&expected, printed.trim_end()) {
                return Err(format!(
                    "{page}:{line}: `{typed}` printed\n{printed}\ninstead of\n{expected}"
                ));
            }
        }
    }
    Ok(())
}

/// The words of a command line, in which quotes hold words together.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The commands of a session with what they print.
fn steps(session: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in session.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            steps.push((typed.to_owned(), String::new()));
        } else if let Some((_, printed)) = steps.last_mut() {
            if !printed.is_empty() {
                printed.push('\n');
            }
            printed.push_str(line);
        }
    }
    steps
}

/// Whether `text` is `pattern`, in which `…` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.trim_end().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
