//! The fences of the workspace, held by a test: which crate may touch what, how long files are, where tests stand, and that what
//! the documents name exists.

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/sources.rs"]
mod sources;

use code::{identifiers, without_comments_and_strings};
use sources::{Source, crate_roots, root, sources};

/// Fails with one line for each problem.
fn report(rule: &str, problems: Vec<String>) {
    assert!(problems.is_empty(), "{rule}:\n  {}", problems.join("\n  "));
}

/// `path:line: what` for every line of Rust code, comments and strings taken out, about which `find` has something to say.
fn in_code(sources: &[Source], find: impl Fn(&Source, &str) -> Option<String>) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".rs")) {
        let code = without_comments_and_strings(&source.text);
        for (number, line) in code.lines().enumerate() {
            if let Some(what) = find(source, line) {
                problems.push(format!("{}:{}: {what}", source.path, number + 1));
            }
        }
    }
    problems
}

#[test]
fn unsafe_lives_in_runtime_and_jit_alone() {
    let sources = sources();
    let problems = in_code(&sources, |source, line| {
        let fenced = !["runtime/", "jit/"]
            .iter()
            .any(|c| source.path.starts_with(c));
        (fenced && identifiers(line).any(|word| word == "unsafe"))
            .then(|| "`unsafe` outside runtime and jit".to_owned())
    });
    report("only runtime and jit may hold unsafe code", problems);

    let mut problems = Vec::new();
    for path in crate_roots() {
        let free = path.starts_with("runtime/") || path.starts_with("jit/");
        let text = sources::read(&path);
        if !free && !text.contains("#![deny(unsafe_code)]") {
            problems.push(format!("{path}: add #![deny(unsafe_code)]"));
        }
    }
    report("every other crate denies unsafe code", problems);
}

#[test]
fn only_the_runtime_names_cpython() {
    let problems = in_code(&sources(), |source, line| {
        if source.path.starts_with("runtime/") || source.path == "cli/src/extension.rs" {
            return None;
        }
        identifiers(line)
            .find(|word| is_cpython_symbol(word))
            .map(|word| format!("`{word}` belongs to CPython"))
    });
    report(
        "only runtime and cli/src/extension.rs may name CPython",
        problems,
    );
}

/// `PyList_New`, `_PyLong_Copy`, `Py_INCREF`, `PyObject`, and the crates that offer them.
fn is_cpython_symbol(word: &str) -> bool {
    let bare = word.strip_prefix('_').unwrap_or(word);
    let Some(rest) = bare.strip_prefix("Py") else {
        return word.starts_with("pyo3");
    };
    let capital = rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    bare == "PyObject" || bare == "PyTypeObject" || (capital && rest.contains('_'))
}

#[test]
fn only_the_jit_names_cranelift() {
    let sources = sources();
    let mut problems = in_code(&sources, |source, line| {
        (!source.path.starts_with("jit/"))
            .then(|| identifiers(line).find(|word| word.starts_with("cranelift")))
            .flatten()
            .map(|word| format!("`{word}` outside jit"))
    });
    for source in &sources {
        let manifest = source.path.ends_with("/Cargo.toml") && !source.path.starts_with("jit/");
        if manifest && source.text.contains("cranelift") {
            problems.push(format!("{}: depends on Cranelift", source.path));
        }
    }
    report("only jit may name Cranelift", problems);
}

#[test]
fn the_checker_reads_files_through_its_system() {
    let problems = in_code(&sources(), |source, line| {
        let fenced =
            source.path.starts_with("checker/src/") || source.path.starts_with("parser/src/");
        if !fenced || source.path == "checker/src/system.rs" {
            return None;
        }
        let dense: String = line.split_whitespace().collect();
        // Constants of the platform are not the environment.
        let dense = dense.replace("std::env::consts", "");
        [
            "std::fs",
            "std::env",
            "std::process",
            "std::net",
            "File::open",
            "File::create",
        ]
        .iter()
        .find(|name| dense.contains(**name))
        .map(|name| format!("`{name}`: go through `System`"))
    });
    report(
        "only checker/src/system.rs may touch files and the environment",
        problems,
    );
}

#[test]
fn files_can_be_read_in_one_sitting() {
    const LIMIT: usize = 1500;
    let problems = sources()
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LIMIT)
        .map(|(source, lines)| format!("{}: {lines} lines, at most {LIMIT}", source.path))
        .collect();
    report("no file is too long", problems);
}

#[test]
fn tests_stand_in_files_of_their_own() {
    let mut problems = Vec::new();
    for source in sources().iter().filter(|s| s.path.ends_with(".rs")) {
        let code = without_comments_and_strings(&source.text);
        let mut tests = false;
        for (number, line) in code.lines().enumerate() {
            let line = line.trim();
            if line == "#[cfg(test)]" {
                tests = true;
            } else if !line.is_empty() && !line.starts_with("#[") {
                if tests && line.starts_with("mod ") && line.contains('{') {
                    problems.push(format!("{}:{}: tests inside", source.path, number + 1));
                }
                tests = false;
            }
        }
    }
    report("tests stand in files of their own", problems);
}

/// What a line says that somebody means to come back to. Taken apart, so that this list is none itself.
const REMINDERS: [&str; 2] = [concat!("FIX", "ME"), concat!("TO", "DO")];

#[test]
fn nothing_is_left_half_done() {
    let problems = in_code(&sources(), |_, line| {
        let dense: String = line.split_whitespace().collect();
        dense
            .contains(concat!("#[", "ignore"))
            .then(|| "an ignored test".to_owned())
    });
    report("no test is ignored", problems);

    let problems = sources()
        .iter()
        .flat_map(|source| {
            source
                .text
                .lines()
                .enumerate()
                .filter_map(|(number, line)| {
                    identifiers(line)
                        .find(|word| REMINDERS.contains(word))
                        .map(|word| format!("{}:{}: {word}", source.path, number + 1))
                })
        })
        .collect();
    report("no reminders are left behind", problems);
}

#[test]
fn every_crate_says_what_it_is() {
    let mut problems = Vec::new();
    for path in crate_roots() {
        let text = sources::read(&path);
        let doc: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        // The two halves of the command share one package, whose doc is the command's.
        let least = if path == "cli/src/extension.rs" { 1 } else { 3 };
        if doc.len() < least {
            problems.push(format!(
                "{path}: say what the crate does, what it refuses to do, and what comes before and after it"
            ));
        }
    }
    report("every crate root has a crate doc", problems);
}

#[test]
fn documents_name_no_machine() {
    let mut problems = Vec::new();
    for source in sources().iter().filter(|s| s.path != "tests/tests/tidy.rs") {
        for (number, line) in source.text.lines().enumerate() {
            for path in ["/root/", "/work/", "/home/", "/Users/"] {
                if line.contains(path) {
                    problems.push(format!("{}:{}: {path}", source.path, number + 1));
                }
            }
        }
    }
    report("no path of a particular machine is written down", problems);
}

#[test]
fn the_architecture_fits_its_page() {
    let path = root().join("ARCHITECTURE.md");
    if path.exists() {
        let lines = sources::read("ARCHITECTURE.md").lines().count();
        assert!(
            lines <= 200,
            "ARCHITECTURE.md has {lines} lines, at most 200"
        );
    }
}

#[test]
fn documents_name_what_exists() {
    let mut problems = Vec::new();
    for document in sources().iter().filter(|s| s.path.ends_with(".md")) {
        let top = !document.path.contains('/');
        if !top && !document.path.starts_with("docs/") {
            continue;
        }
        for (number, line) in document.text.lines().enumerate() {
            for path in named_paths(line) {
                let fixed = fixed_part(path);
                let beside = root().join(&document.path).parent().map(|p| p.join(fixed));
                if !root().join(fixed).exists() && !beside.is_some_and(|p| p.exists()) {
                    problems.push(format!("{}:{}: `{path}`", document.path, number + 1));
                }
            }
        }
    }
    report("documents name what exists", problems);
}

/// What stands in backquotes and begins with a folder of the workspace.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    let tops: Vec<String> = sources::top_folders();
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| !span.contains(' '))
        .map(|span| span.split(':').next().unwrap_or(span))
        .filter(move |span| {
            span.split_once('/')
                .is_some_and(|(top, _)| tops.iter().any(|t| t == top))
        })
}

/// A path up to the folder that holds the first part with a placeholder in it.
fn fixed_part(path: &str) -> &str {
    match path.find(['<', '*', '{', '…']) {
        Some(at) => path[..at].rsplit_once('/').map_or("", |(folder, _)| folder),
        None => path.trim_end_matches('/'),
    }
}
