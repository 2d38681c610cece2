//! `--fix` and `--diff`: the repairs that are certain.

use std::collections::HashSet;

use keelback_checker::db::{Db, File};
use keelback_checker::fix::{Repaired, Repairs, encode, repair};
use keelback_checker::system::System;
use similar::{Algorithm, TextDiff};

use super::super::{FAILURE, Outcome, SUCCESS, print};
use super::{Session, plural};

/// Lines around a change.
const CONTEXT: usize = 3;

/// Writes the repaired files, and gives the sentence about them.
pub(super) fn make(session: &mut Session<'_>) -> Result<String, String> {
    let files = different(session);
    let repairs = repair(&mut session.db, &files);
    let mut failures = Vec::new();
    for made in &repairs.files {
        if let Err(error) = write(session, made) {
            failures.push(format!("{}: {error}", shown(session, made.file)));
        }
        session.db.set_text(made.file, None);
    }
    session.db.refresh();
    refused(session, &repairs);
    if !failures.is_empty() {
        return Err(failures.join("\n"));
    }
    if repairs.files.is_empty() {
        return Ok("Repaired nothing\n".to_owned());
    }
    let count = repairs.files.iter().map(|made| made.count).sum();
    Ok(format!(
        "Repaired {} in {}\n",
        plural(count, "finding"),
        plural(repairs.files.len(), "file")
    ))
}

/// Prints what [`make`] would change. The exit status says whether that is anything.
pub(super) fn show(session: &mut Session<'_>) -> Outcome {
    let files = different(session);
    let repairs = repair(&mut session.db, &files);
    let mut text = String::new();
    for made in &repairs.files {
        let name = shown(session, made.file);
        let diff = TextDiff::configure()
            .algorithm(Algorithm::Patience)
            .diff_lines(&*made.before, &*made.after);
        let (old, new) = (format!("a/{name}"), format!("b/{name}"));
        let mut diff = diff.unified_diff();
        text += &diff.context_radius(CONTEXT).header(&old, &new).to_string();
    }
    print(&text)?;
    refused(session, &repairs);
    Ok(if repairs.files.is_empty() {
        SUCCESS
    } else {
        FAILURE
    })
}

/// The files, each once: several paths may lead to the same one.
fn different(session: &Session<'_>) -> Vec<File> {
    let mut seen = HashSet::new();
    let is_new = |file: &File| {
        let path = file.path(&session.db).as_os();
        path.is_none_or(|path| match session.system.canonicalize(path) {
            Ok(path) => seen.insert(path),
            Err(_) => true,
        })
    };
    session.files.iter().copied().filter(is_new).collect()
}

fn write(session: &Session<'_>, made: &Repaired) -> std::io::Result<()> {
    let Some(path) = made.file.path(&session.db).as_os() else {
        return Ok(());
    };
    let system: &dyn System = &*session.system;
    let old = system.read(path)?;
    if keelback_parser::decode(&old).ok().as_deref() != Some(&*made.before) {
        return Err(std::io::Error::other("the file has changed meanwhile"));
    }
    system.replace(path, &encode(&old, &made.after))
}

/// Says of which files a repair would have made what is no Python any more.
fn refused(session: &Session<'_>, repairs: &Repairs) {
    for &file in &repairs.refused {
        let name = shown(session, file);
        anstream::eprintln!(
            "keelback: {name} was left as it is, because a repair would have made what is no Python any more; this is a bug in Keelback, please report it"
        );
    }
}

/// The path of a file for people.
fn shown(session: &Session<'_>, file: File) -> String {
    let db: &dyn Db = &session.db;
    keelback_checker::files::source_file(db, file).path.clone()
}
