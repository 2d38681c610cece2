//! Putting the claims of a test to the checker.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::config::{self, Config};
use keelback_checker::db::Database;
use keelback_checker::diagnostic::Located;
use keelback_checker::rules::Level;
use keelback_checker::settings::{SearchPaths, Settings};
use keelback_checker::system::MemorySystem;

use crate::assertions::{Finding, compare};
use crate::markdown::Test;

/// The folder in memory in which a test's program lies.
const ROOT: &str = "/program";

/// Checks every file of `test` and compares what is found with what its comments claim.
///
/// # Errors
///
/// The differences, each with its line in the Markdown file, which is called `suite`.
pub fn check(test: &Test, suite: &str) -> Result<(), String> {
    let system = MemorySystem::new();
    for file in &test.files {
        system.write(Path::new(ROOT).join(&file.path), &file.text);
    }
    let config = Config::discover(&system, Path::new(ROOT));
    let mut settings = Settings::default();
    config.apply(&mut settings);
    if settings.search_paths == SearchPaths::default() {
        settings.search_paths.roots = vec![ROOT.into()];
    }
    let db = Database::new(Arc::new(system), &settings);
    let mut differences = String::new();
    for file in &test.files {
        let findings: Vec<Finding> = if file.path == config::FILE_NAME {
            config.problems.iter().map(finding).collect()
        } else if file.path.ends_with(".py") || file.path.ends_with(".pyi") {
            let handle = db.os_file(&Path::new(ROOT).join(&file.path));
            check_file(&db, handle)
                .iter()
                .map(|diagnostic| finding(&Located::new(&db, diagnostic)))
                .collect()
        } else {
            continue;
        };
        for mismatch in compare(&file.text, &findings) {
            let line = file.markdown_line(mismatch.line);
            let _ = writeln!(
                differences,
                "{suite}:{line}: {}: {}",
                file.path, mismatch.message
            );
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences)
    }
}

fn finding(located: &Located) -> Finding {
    let start = located.primary.place.start();
    Finding {
        line: start.line as usize,
        column: start.column as usize,
        rule: located.rule.name().to_owned(),
        is_hint: located.severity == Level::Hint,
        message: located.message.clone(),
    }
}
