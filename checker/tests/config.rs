//! The configuration, read from files in memory: what it says, and what is said about its mistakes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::config::{Config, KEYS};
use keelback_checker::db::Database;
use keelback_checker::project;
use keelback_checker::rules::{Level, Rule};
use keelback_checker::settings::Settings;
use keelback_checker::system::MemorySystem;
use keelback_parser::PythonVersion;

/// The configuration with this text, in `/p`, with a folder `/p/src` and an environment `/p/env`.
fn read(text: impl AsRef<[u8]>) -> Config {
    let system = MemorySystem::new();
    system.write("/p/pyproject.toml", text);
    system.write("/p/src/pkg/__init__.py", "");
    system.write("/p/env/pyvenv.cfg", "home = /usr\nversion = 3.12.7\n");
    system.write("/p/env/bin/python", "");
    Config::discover(&system, Path::new("/p/src/pkg"))
}

/// The problems as `line:column-column: level: message`.
fn problems(config: &Config) -> Vec<String> {
    let shown = config.problems.iter().map(|problem| {
        assert_eq!(problem.rule, Rule::InvalidConfiguration);
        assert_eq!(problem.path(), "p/pyproject.toml");
        let (start, end) = (problem.primary.place.start(), problem.primary.place.end());
        format!(
            "{}:{}-{}: {:?}: {}",
            start.line, start.column, end.column, problem.severity, problem.message
        )
    });
    shown.collect()
}

#[test]
fn every_setting_is_taken_in() {
    let config = read(
        "[tool.keelback]\nstatic = ['hot.*', 'pkg']\npaths = ['src', '../q']\npython = 'env'\n\
         python-version = '3.12'\nplatform = 'win32'\n[tool.keelback.rules]\n\
         not-callable = 'warning'\nall = 'hint'\n",
    );
    assert_eq!(
        problems(&config),
        ["3:17-23: Warning: There is no folder `../q`"]
    );
    assert_eq!(config.path, Some(PathBuf::from("/p/pyproject.toml")));
    let mut settings = Settings::default();
    config.apply(&mut settings);
    assert!(settings.static_patterns.matches("hot.loop"));
    assert!(settings.static_patterns.matches("pkg"));
    assert!(!settings.static_patterns.matches("pkg.other"));
    assert_eq!(
        settings.search_paths.roots,
        ["/p/src", "/q"].map(PathBuf::from)
    );
    assert_eq!(settings.python_version, PythonVersion::PY312);
    assert_eq!(settings.platform, "win32");
    assert_eq!(settings.rules.level(Rule::NotCallable), Level::Warning);
    assert_eq!(settings.rules.level(Rule::InvalidReturn), Level::Hint);
    let system = MemorySystem::new();
    system.write("/p/env/pyvenv.cfg", "");
    assert_eq!(config.environment(&system), Some(PathBuf::from("/p/env")));
    assert_eq!(
        config.interpreter(&system),
        Some(PathBuf::from("/p/env/bin/python"))
    );
}

#[test]
fn unknown_names_are_placed_and_suggested() {
    let config = read(
        "[tool.keelback]\nstatick = []\nzzz = 1\n[tool.keelback.rules]\ninvalid-retrun = 'error'\n\
         not-final = 'eror'\nunused-import = 1\n",
    );
    assert_eq!(
        problems(&config),
        [
            "2:1-8: Error: There is no setting `statick`; did you mean `static`?",
            "3:1-4: Error: There is no setting `zzz`",
            "5:1-15: Error: There is no rule `invalid-retrun`; did you mean `invalid-return`?",
            "6:13-19: Error: `eror` is not a level; use `ignore`, `hint`, `warning` or `error`; did you mean `error`?",
            "7:17-18: Error: The level of `unused-import` must be a string, not an integer",
        ]
    );
    let fix = config.problems[0].fix.as_ref().expect("a fix");
    assert_eq!(fix.edits[0].1, "static");
}

#[test]
fn every_setting_says_what_it_must_be() {
    for key in KEYS {
        let config = read(format!("tool.keelback.{} = 1.5\n", key.name));
        assert_eq!(
            problems(&config).len(),
            1,
            "{}: {:?}",
            key.name,
            config.problems
        );
        let message = &config.problems[0].message;
        let expected = format!("`{}` must be {}, not a float", key.name, key.form.phrase());
        assert_eq!(*message, expected);
    }
    assert_eq!(
        problems(&read("tool.keelback = 'x'\n")),
        ["1:17-20: Error: `[tool.keelback]` must be a table, not a string"]
    );
}

#[test]
fn values_are_looked_at_one_by_one() {
    let config = read(
        "[tool.keelback]\nstatic = [\n  'good.*',\n  7,\n  'bad[',\n  '',\n]\npython = 'nowhere'\n\
         python-version = '2.7'\nplatform = ''\n",
    );
    assert!(config.static_patterns.matches("good.module"));
    let problems = problems(&config);
    let expected = [
        "4:3-4: Error: Each item of `static` must be a string, not an integer",
        "5:3-9: Error: `bad[` is not a pattern",
        "6:3-5: Error: An empty pattern names no module",
        "8:10-19: Warning: There is no interpreter and no virtual environment at `nowhere`",
        "9:18-23: Error: `2.7` is not a version of Python that Keelback knows; use one of `\"3.12\"`",
        "10:12-14: Error: A platform has a name",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
}

#[test]
fn a_file_that_cannot_be_parsed_is_placed() {
    let config = read("[tool.keelback]\nstatic = ['a'\npaths = ['src']\n");
    let problems = problems(&config);
    assert!(!problems.is_empty());
    assert!(
        problems[0].starts_with("2:") || problems[0].starts_with("3:"),
        "{problems:?}"
    );
    assert!(config.paths.is_empty(), "nothing of a broken file counts");

    let config = read(b"[tool.keelback]\nplatform = '\xff'\n");
    assert_eq!(
        self::problems(&config),
        ["2:13-13: Error: The file is not UTF-8 text"]
    );
}

#[test]
fn the_rule_itself_has_a_level() {
    let config = read("[tool.keelback]\nx = 1\nrules.invalid-configuration = 'warning'\n");
    assert_eq!(
        problems(&config),
        ["2:1-2: Warning: There is no setting `x`"]
    );
    let config = read("[tool.keelback]\nx = 1\nrules.invalid-configuration = 'ignore'\n");
    assert_eq!(problems(&config), [""; 0]);
}

#[test]
fn the_nearest_file_with_the_table_counts() {
    let system = MemorySystem::new();
    let table = "[tool.keelback]\nplatform = 'outer'\n";
    system.write("/p/pyproject.toml", table);
    system.write("/p/part/pyproject.toml", "[project]\nname = 'part'\n");
    system.write("/p/part/own/pyproject.toml", "[tool.keelback]\n");
    system.write("/p/part/broken/pyproject.toml", "= 1\n");
    let found = |folder: &str| Config::discover(&system, Path::new(folder));
    assert_eq!(found("/p/part/a/b").platform.as_deref(), Some("outer"));
    let own = found("/p/part/own/deep");
    assert_eq!(own.platform, None);
    assert_eq!(own.path, Some("/p/part/own/pyproject.toml".into()));
    assert_eq!(found("/p/part/broken").problems.len(), 1);
    let nothing = found("/q");
    assert_eq!(nothing.path, None);
    assert_eq!(nothing.rules.level(Rule::UnusedImport), Level::Hint);

    let named = Config::read(&system, Path::new("/p/part/pyproject.toml"));
    assert_eq!((named.platform, named.problems.len()), (None, 0));
    let missing = Config::read(&system, Path::new("/p/none.toml"));
    assert_eq!(missing.problems.len(), 1);
}

#[test]
fn an_environment_says_which_python_it_is_of() {
    let system = MemorySystem::new();
    system.write(
        "/p/pyproject.toml",
        "[tool.keelback]\npython = 'env/bin/python'\n",
    );
    system.write("/p/env/pyvenv.cfg", "version_info = 3.12.7.final.0\n");
    system.write("/p/env/bin/python", "");
    system.write("/p/env/lib/python3.12/site-packages/other.py", "");
    let (settings, problems) = project::settings(&system, Path::new("/p"), &[]);
    assert!(problems.is_empty());
    assert_eq!(settings.python_version, PythonVersion::PY312);
    assert_eq!(
        settings.search_paths.site,
        [PathBuf::from("/p/env/lib/python3.12/site-packages")]
    );
}

#[test]
fn levels_and_patterns_reach_the_check() {
    let system = MemorySystem::new();
    system.write(
        "/p/pyproject.toml",
        "[tool.keelback]\nstatic = ['hot']\n[tool.keelback.rules]\nunused-import = 'warning'\n",
    );
    system.write(
        "/p/hot.py",
        "import json\n\ndef f(x: int) -> str:\n    return x\n",
    );
    let (settings, _) = project::settings(&system, Path::new("/p"), &[]);
    let db = Database::new(Arc::new(system), &settings);
    let file = db.os_file(Path::new("/p/hot.py"));
    let found: Vec<(Rule, Level)> = check_file(&db, file)
        .iter()
        .map(|d| (d.rule, d.severity))
        .collect();
    assert_eq!(
        found,
        [
            (Rule::UnusedImport, Level::Warning),
            (Rule::InvalidReturn, Level::Warning)
        ]
    );
}

#[test]
fn every_setting_is_documented() {
    let page = include_str!("../../docs/configuration.md");
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .collect();
    let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(
        headings, names,
        "docs/configuration.md has a section for each setting"
    );
}
