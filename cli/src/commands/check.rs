//! `keelback check`: reports what is wrong with the types of files.

mod explanation;
mod progress;
mod repair;
mod watch;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use keelback_checker::check::check_file;
use keelback_checker::config::Config;
use keelback_checker::db::{Database, File};
use keelback_checker::diagnostic::{Located, tidy_located};
use keelback_checker::project;
use keelback_checker::render::{Format, render};
use keelback_checker::rules::{Level, Rule};
use keelback_checker::settings::Settings;
use keelback_checker::system::{OsSystem, System};
use progress::Progress;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde::Deserialize;

use super::{FAILURE, Outcome, SUCCESS, print};
use crate::interpreter::{self, Wish};

/// Report type errors, without running anything
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  no errors; with --diff, nothing to repair; with --watch, ended by Ctrl-C
  1  errors were reported, in files or in pyproject.toml; with --diff, there is something to repair
  2  the command could not do its work: bad arguments, missing files, files that cannot be written

Examples:
  keelback check                        every .py file below the current folder
  keelback check src/ --output-format github
  keelback check hot.py --explain       which functions are compiled, which are not, and why
  keelback check src/ --diff            what --fix would change
  keelback check . --static 'pkg.hot.*' as if those modules were marked `import __static__`
  keelback check . --error all --ignore unused-import")]
pub(super) struct Arguments {
    /// Files and folders
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = OutputFormat::Full)]
    output_format: OutputFormat,
    /// List the functions that are compiled and those left to CPython, with the reason
    #[arg(long)]
    explain: bool,
    /// Treat modules of this dotted name (`*` stands for anything) as static; may be repeated
    #[arg(long = "static", value_name = "PATTERN")]
    static_patterns: Vec<String>,
    /// Take the configuration from this file, not from the nearest pyproject.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Report a rule (or `all`) as an error; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    error: Vec<String>,
    /// Report a rule (or `all`) as a warning; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    warn: Vec<String>,
    /// Do not report a rule (or `all`); may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Make the repairs that are certain, as an editor's "fix all" does, and report what is left
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change as a unified diff, and change nothing
    #[arg(long, conflicts_with_all = ["fix", "explain", "output_format"])]
    diff: bool,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    watch: bool,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = When::Auto)]
    color: When,
    /// Look modules up where this interpreter does: a path, a command, or a version such as 3.12
    #[arg(long, value_name = "PYTHON")]
    python: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// The text with what is wrong drawn under it
    Full,
    /// One line each
    Concise,
    /// The text with what is wrong drawn under it, in ASCII
    Plain,
    /// One JSON object, whose fields are listed in docs/command-line.md
    Json,
    /// Annotations for GitHub's workflow log
    Github,
}

impl OutputFormat {
    fn format(self) -> Format {
        match self {
            OutputFormat::Full => Format::Full,
            OutputFormat::Concise => Format::Concise,
            OutputFormat::Plain => Format::Plain,
            OutputFormat::Json => Format::Json,
            OutputFormat::Github => Format::Github,
        }
    }

    /// Whether people read it, so that a summary follows.
    fn is_for_people(self) -> bool {
        matches!(
            self,
            OutputFormat::Full | OutputFormat::Concise | OutputFormat::Plain
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// Checks the files and prints the report.
pub(super) fn execute(arguments: &Arguments) -> Outcome {
    if arguments.watch {
        return watch::execute(arguments);
    }
    let mut session = Session::new(arguments)?;
    let status = if arguments.diff {
        repair::show(&mut session)
    } else {
        let mut text = String::new();
        if arguments.fix {
            text = repair::make(&mut session)?;
        }
        let report = session.report();
        print(&report.text)?;
        if arguments.output_format.is_for_people() {
            print(&text)?;
        }
        Ok(if report.has_errors { FAILURE } else { SUCCESS })
    };
    // The process ends here: taking everything that was computed apart would be the last tenth of its time.
    std::mem::forget(session);
    status
}

/// What is checked, and everything that is known of it.
struct Session<'a> {
    arguments: &'a Arguments,
    system: Arc<OsSystem>,
    db: Database,
    files: Vec<File>,
    /// What is wrong with the configuration.
    problems: Vec<Located>,
}

/// What was found, in words.
struct Report {
    text: String,
    has_errors: bool,
}

impl<'a> Session<'a> {
    fn new(arguments: &'a Arguments) -> Result<Session<'a>, String> {
        let system = Arc::new(OsSystem::new());
        let paths = paths(arguments, &*system)?;
        let config = configuration(arguments, &*system)?;
        let settings = settings(arguments, &*system, &config, &paths)?;
        let may_change = arguments.watch || arguments.fix || arguments.diff;
        let database = match (may_change, arguments.explain) {
            (true, _) => Database::new,
            // The explanation is read off the trees.
            (false, true) => Database::fixed,
            (false, false) => Database::brief,
        };
        let db = database(Arc::clone(&system) as Arc<dyn System>, &settings);
        let files = paths.iter().map(|path| db.os_file(path)).collect();
        Ok(Session {
            arguments,
            system,
            db,
            files,
            problems: config.problems,
        })
    }

    /// Looks at the files and at the configuration again. What has not changed stays computed.
    fn refresh(&mut self) -> Result<(), String> {
        let paths = paths(self.arguments, &*self.system)?;
        let config = configuration(self.arguments, &*self.system)?;
        let settings = settings(self.arguments, &*self.system, &config, &paths)?;
        self.db.set_settings(&settings);
        self.db.refresh();
        self.files = paths.iter().map(|path| self.db.os_file(path)).collect();
        self.problems = config.problems;
        Ok(())
    }

    fn report(&self) -> Report {
        let format = self.arguments.output_format;
        let mut diagnostics = self.problems.clone();
        diagnostics.extend(check(&self.db, &self.files));
        // Where they were looked for, for a repair.
        diagnostics.retain(|d| d.severity != Level::Hint || d.rule == Rule::RevealType);
        let colour = colours(self.arguments.color);
        let mut text = render(&diagnostics, format.format(), colour);
        if self.arguments.explain {
            text.push_str(&explanation::print(&self.db, &self.files));
        }
        if format.is_for_people() {
            text.push_str(&summary(self.files.len(), &diagnostics));
            text.push('\n');
        }
        Report {
            text,
            has_errors: diagnostics.iter().any(|d| d.severity == Level::Error),
        }
    }
}

/// The files that the arguments name.
fn paths(arguments: &Arguments, system: &dyn System) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for path in &arguments.paths {
        let found = project::python_files(system, path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        paths.extend(found);
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The folder of what is checked.
fn folder(arguments: &Arguments, system: &dyn System) -> PathBuf {
    let first = arguments
        .paths
        .first()
        .map_or(Path::new("."), PathBuf::as_path);
    let mut folder = system.absolute(first);
    if !system.is_dir(&folder) {
        folder.pop();
    }
    folder
}

/// The configuration: the one that was named, or the nearest one.
fn configuration(arguments: &Arguments, system: &dyn System) -> Result<Config, String> {
    match &arguments.config {
        Some(path) if !system.is_file(path) => Err(format!("{}: no such file", path.display())),
        Some(path) => Ok(Config::read(system, path)),
        None => Ok(Config::discover(system, &folder(arguments, system))),
    }
}

/// The project's settings with what the command line says about them.
fn settings(
    arguments: &Arguments,
    system: &dyn System,
    config: &Config,
    files: &[PathBuf],
) -> Result<Settings, String> {
    let folder = folder(arguments, system);
    let mut settings = project::configured(system, config, &folder, files);
    if let Some(python) = &arguments.python {
        use_interpreter(&mut settings, python)?;
    }
    settings.static_patterns = settings
        .static_patterns
        .with(arguments.static_patterns.iter().cloned())?;
    let levels = [
        (&arguments.ignore, Level::Ignore),
        (&arguments.warn, Level::Warning),
        (&arguments.error, Level::Error),
    ];
    // `all` first, so that a rule named beside it keeps its own level.
    for all in [true, false] {
        for (names, level) in levels {
            for name in names.iter().filter(|name| (*name == "all") == all) {
                settings.rules.set_by_name(name, level)?;
            }
        }
    }
    // Hints are for the editor, and for repairs.
    if !arguments.fix && !arguments.diff {
        settings.rules = settings.rules.hiding_hints();
    }
    Ok(settings)
}

/// What an interpreter says about itself: where it looks modules up, its version, its platform.
#[derive(Deserialize)]
struct Probe {
    path: Vec<PathBuf>,
    version: String,
    platform: String,
}

/// Asks the interpreter called `python` and looks modules up where it does.
fn use_interpreter(settings: &mut Settings, python: &str) -> Result<(), String> {
    const QUESTION: &str = "import json, sys; print(json.dumps({'path': sys.path, 'version': '%d.%d' % sys.version_info[:2], 'platform': sys.platform}))";
    let found =
        interpreter::find(Some(&Wish::of_option(python))).map_err(|error| error.to_string())?;
    let failed = |what: &dyn std::fmt::Display| {
        format!(
            "{} cannot be asked for its search path: {what}",
            found.path.display()
        )
    };
    // With a safe path, the current folder is not on it.
    let output = Command::new(&found.path)
        .args(["-P", "-c", QUESTION])
        .output()
        .map_err(|error| failed(&error))?;
    let probe: Probe = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))?;
    settings.python_version = probe.version.parse().map_err(|error| failed(&error))?;
    settings.platform = probe.platform;
    settings.search_paths.site = probe
        .path
        .into_iter()
        .filter(|folder| folder.is_dir())
        .collect();
    Ok(())
}

/// How deep a thread may go: enough for the checker to go on where it is, which otherwise maps a stack for each file.
const STACK: usize = 64 << 20;

/// Everything reported about `files`, sorted by path and place. The files are shared out over the processors.
fn check(db: &Database, files: &[File]) -> Vec<Located> {
    let progress = Progress::new(files.len());
    let db = db.clone();
    let all = || {
        let parts = files.par_iter().map_with(db, |db, &file| {
            let found = check_file(db, file);
            progress.step();
            found
                .iter()
                .map(|diagnostic| Located::new(db, diagnostic))
                .collect::<Vec<_>>()
        });
        parts.flatten_iter().collect::<Vec<Located>>()
    };
    // Without threads of its own it does with those that there are.
    let pool = ThreadPoolBuilder::new().stack_size(STACK).build().ok();
    let mut diagnostics = match &pool {
        Some(pool) => pool.install(all),
        None => all(),
    };
    progress.finish();
    tidy_located(&mut diagnostics);
    diagnostics
}

/// `Checked 12 files: 2 errors, 1 warning`
fn summary(files: usize, diagnostics: &[Located]) -> String {
    let count = |level| diagnostics.iter().filter(|d| d.severity == level).count();
    let mut found = match count(Level::Error) {
        0 => "no errors".to_owned(),
        n => plural(n, "error"),
    };
    if let warnings @ 1.. = count(Level::Warning) {
        found = format!("{found}, {}", plural(warnings, "warning"));
    }
    format!("Checked {}: {found}", plural(files, "file"))
}

/// `1 file`, `2 files`
fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn colours(when: When) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
        }
    }
}
