//! `cargo run -p keelback-tests --bin mutate -- --seed N --count 10000 FOLDER…`
//!
//! Checks every Python file of some trees, forced static, first as it is and then broken at random, and says for which texts the checker
//! had an internal error, did not end, or pointed outside of the text: with the seed, the file, and the smallest text that shows it.
//! The same seed breaks the same files in the same way.
#![deny(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use keelback_tests::mutate::{Job, Mutator, Report, files_below, run};

/// Check the files of some trees, whole and broken at random, and look for internal errors
#[derive(Debug, Parser)]
struct Arguments {
    /// Files and folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// What the broken texts follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many broken texts
    #[arg(long, default_value_t = 10_000)]
    count: u64,
    /// Only the broken text with this number
    #[arg(long, value_name = "NUMBER", conflicts_with = "count")]
    case: Option<u64>,
    /// Leave the files out as they are
    #[arg(long)]
    only_broken: bool,
}

fn main() -> ExitCode {
    match execute(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("mutate: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn execute(arguments: &Arguments) -> Result<bool, String> {
    let files = files_below(&arguments.paths).map_err(|error| error.to_string())?;
    if files.is_empty() {
        return Err("there are no Python files there".to_owned());
    }
    let mutator = Mutator::new(files.clone(), arguments.seed);
    let mut jobs = Vec::new();
    if !arguments.only_broken && arguments.case.is_none() {
        jobs.extend((0..files.len()).map(Job::Whole));
    }
    let whole = jobs.len();
    match arguments.case {
        Some(number) => jobs.push(Job::Broken(number)),
        None => jobs.extend((0..arguments.count).map(Job::Broken)),
    }
    let bar = ProgressBar::new(jobs.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("checking {bar:30} {pos}/{len}, {eta} left") {
        bar.set_style(style);
    }
    let findings = AtomicUsize::new(0);
    let done = |found| {
        findings.fetch_add(found, Ordering::Relaxed);
        bar.inc(1);
    };
    let reports = run(&files, &mutator, &jobs, done).map_err(|error| error.to_string())?;
    bar.finish_and_clear();
    for report in &reports {
        print!("{}", describe(report, arguments));
    }
    println!(
        "seed {}: {whole} files and {} broken texts checked, {} findings, {} defects of the checker",
        arguments.seed,
        jobs.len() - whole,
        findings.into_inner(),
        reports.len()
    );
    Ok(reports.is_empty())
}

/// What was found, the smallest text that shows it, and how to do it again.
fn describe(report: &Report, arguments: &Arguments) -> String {
    let mutant = &report.mutant;
    let again = match report.job {
        Job::Whole(_) => format!("--count 0 {}", mutant.path.display()),
        Job::Broken(number) => {
            let paths: Vec<_> = arguments
                .paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            format!(
                "--seed {} --case {number} {}",
                arguments.seed,
                paths.join(" ")
            )
        }
    };
    format!(
        "{}, {}:\n  {}\n  again: {again}\n  the smallest text found, {} of {} bytes:\n{}\n",
        mutant.path.display(),
        mutant.what,
        report.failure,
        report.smallest.len(),
        mutant.bytes.len(),
        String::from_utf8_lossy(&report.smallest)
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    )
}
