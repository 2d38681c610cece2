//! Files of the standard library, broken at random: the checker must take them all. `cargo run -p keelback-tests --bin mutate` does the
//! same at length.

use std::path::PathBuf;

use keelback_tests::mutate::{Job, Mutator, files_below, minimise, run};
use keelback_tests::python;

/// How many texts are broken.
const COUNT: u64 = 1_000;
/// Another seed is a good idea at times, and must not make an unrelated change fail.
const SEED: u64 = 20_250_101;

#[test]
fn the_checker_takes_broken_files_of_the_standard_library() {
    let folders: Vec<PathBuf> = python::find()
        .into_iter()
        .filter_map(|python| {
            let installation = python.path.parent()?.parent()?;
            let library = installation.join(format!("lib/python{}", python.version));
            library.is_dir().then_some(library)
        })
        .collect();
    assert!(
        !folders.is_empty(),
        "there is no CPython to take files from"
    );
    let seed = std::env::var("KEELBACK_MUTATE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(SEED);
    eprintln!("seed {seed}, files of {folders:?}");
    let files = files_below(&folders).expect("the library can be listed");
    let mutator = Mutator::new(files.clone(), seed);
    let jobs: Vec<Job> = (0..COUNT).map(Job::Broken).collect();
    let reports = run(&files, &mutator, &jobs, |_| ()).expect("the library can be read");
    let texts: Vec<String> = reports
        .iter()
        .map(|report| {
            format!(
                "seed {seed}, {:?}, {}, {}: {}\n{}",
                report.job,
                report.mutant.path.display(),
                report.mutant.what,
                report.failure,
                String::from_utf8_lossy(&report.smallest)
            )
        })
        .collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

#[test]
fn the_same_seed_breaks_the_same_files_in_the_same_way() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("one.py");
    std::fs::write(&path, "x = 1\ndef f(a, b):\n    return a + b * x  # ä\n").expect("written");
    let files = files_below(&[folder.path().to_path_buf()]).expect("listed");
    let (first, second) = (
        Mutator::new(files.clone(), 7),
        Mutator::new(files.clone(), 7),
    );
    let other = Mutator::new(files, 8);
    let mut differ = 0;
    for number in 0..50 {
        let mutant = first.mutant(number).expect("read");
        assert_eq!(mutant, second.mutant(number).expect("read"));
        differ += usize::from(mutant != other.mutant(number).expect("read"));
    }
    assert!(differ > 25, "{differ} of 50 differ between two seeds");
}

#[test]
fn a_text_that_fails_becomes_small() {
    let text = "import os\n\ndef f(first, second):\n    value = first + second\n    return value\n"
        .repeat(20);
    let smallest = minimise(text.as_bytes(), 10_000, |bytes| {
        String::from_utf8_lossy(bytes).contains("first + second")
    });
    assert_eq!(String::from_utf8_lossy(&smallest), "first + second");
}
