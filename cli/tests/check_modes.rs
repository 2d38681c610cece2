//! `keelback check` where it does more than report: `--fix`, `--diff`, `--watch`; and that its JSON is what the documentation says.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{command, keelback, project, stdout};
use tempfile::TempDir;

const BEFORE: &str = "import __static__\nimport os\n\nx: int = 1\n";
const AFTER: &str = "import __static__\n\nx: int = 1\n";

fn read(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path)).expect("it is there")
}

#[test]
fn a_diff_shows_what_fix_does() {
    let wrong = format!("{BEFORE}y: int = \"\"\n");
    let folder = project(&[("a.py", BEFORE), ("b.py", &wrong), ("c.py", "x = 1\n")]);
    let diff = keelback(folder.path(), &["check", "--diff"]);
    assert_eq!(diff.status.code(), Some(1));
    let expected =
        "--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,3 @@\n import __static__\n-import os\n \n x: int = 1\n";
    assert!(stdout(&diff).starts_with(expected), "{}", stdout(&diff));
    assert_eq!(read(&folder, "a.py"), BEFORE);

    let fix = keelback(
        folder.path(),
        &["check", "--fix", "--output-format", "concise"],
    );
    assert_eq!(fix.status.code(), Some(1), "an error is left");
    let report = stdout(&fix);
    assert!(
        report.contains("b.py:4:10: error[invalid-assignment]"),
        "{report}"
    );
    assert!(
        report.ends_with("Repaired 2 findings in 2 files\n"),
        "{report}"
    );
    assert_eq!(read(&folder, "a.py"), AFTER);

    let again = keelback(folder.path(), &["check", "--diff"]);
    assert_eq!((again.status.code(), &*stdout(&again)), (Some(0), ""));
    let again = keelback(folder.path(), &["check", "--fix", "a.py"]);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(
        stdout(&again),
        "Checked 1 file: no errors\nRepaired nothing\n"
    );
}

#[cfg(unix)]
#[test]
fn a_repaired_file_keeps_its_permissions_and_links() {
    use std::os::unix::fs::PermissionsExt;

    let folder = project(&[("real.py", BEFORE)]);
    let real = folder.path().join("real.py");
    std::os::unix::fs::symlink("real.py", folder.path().join("link.py")).expect("a link");
    let permissions = std::fs::Permissions::from_mode(0o750);
    std::fs::set_permissions(&real, permissions).expect("they can be set");
    let fix = keelback(folder.path(), &["check", "--fix"]);
    assert_eq!(fix.status.code(), Some(0), "{fix:?}");
    assert_eq!(read(&folder, "real.py"), AFTER);
    let link = std::fs::symlink_metadata(folder.path().join("link.py")).expect("a link");
    assert!(link.is_symlink());
    let mode = std::fs::metadata(&real)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o750);
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 2, "no draft is left");

    std::fs::write(&real, BEFORE).expect("it can be written");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o440)).expect("set");
    let fix = keelback(folder.path(), &["check", "--fix", "real.py"]);
    assert_eq!(fix.status.code(), Some(2), "{fix:?}");
    assert_eq!(read(&folder, "real.py"), BEFORE);
}

/// The lines that a process prints, as they come.
fn lines(process: &mut std::process::Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let output = BufReader::new(process.stdout.take().expect("a pipe"));
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Waits for a line with `text` in it.
fn until(lines: &Receiver<String>, text: &str) {
    let mut seen = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(60)) {
            Ok(line) if line.contains(text) => return,
            Ok(line) => seen.push(line),
            Err(_) => panic!("`{text}` does not come after {seen:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn watching_reports_each_change_until_it_is_interrupted() {
    let folder = project(&[("a.py", AFTER)]);
    let mut process = command(
        folder.path(),
        &["check", "--watch", "--output-format", "concise"],
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("the command starts");
    let lines = lines(&mut process);
    until(&lines, "Checked 1 file: no errors");
    until(&lines, "Waiting for changes");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("a.py", "import __static__\nx: int = \"\"\n");
    until(&lines, "a.py:2:10: error[invalid-assignment]");
    until(&lines, "Waiting for changes");
    // A new folder, and then a file in it after it was found.
    write("new/b.py", "import __static__\ny: str = 1\n");
    until(&lines, "new/b.py:2:10: error[invalid-assignment]");
    until(&lines, "Waiting for changes");
    write("new/b.py", "import __static__\n");
    until(&lines, "Checked 2 files: 1 error");
    until(&lines, "Waiting for changes");
    write(
        "pyproject.toml",
        "[tool.keelback.rules]\ninvalid-assignment = \"warning\"\n",
    );
    until(&lines, "Checked 2 files: no errors, 1 warning");
    until(&lines, "Waiting for changes");
    std::fs::remove_file(folder.path().join("a.py")).expect("it is there");
    until(&lines, "Checked 1 file: no errors");
    until(&lines, "Waiting for changes");
    let killed = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status();
    assert!(killed.is_ok_and(|status| status.success()));
    let status = process.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn watching_is_for_people() {
    let folder = project(&[]);
    let output = keelback(
        folder.path(),
        &["check", "--watch", "--output-format", "json"],
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn many_files_at_once_give_what_one_at_a_time_does() {
    let folder = project(&[
        ("pkg/__init__.py", ""),
        (
            "pkg/shape.py",
            "import __static__\n\n\nclass Shape:\n    def __init__(self, width: int) -> None:\n        self.width = width\n",
        ),
        (
            "pkg/use.py",
            "import __static__\nfrom pkg.shape import Shape\n\n\ndef f(s: Shape | None) -> str:\n    g(1)\n    return s.width\n\n\ndef g(x: str) -> None:\n    reveal_type(x)\n",
        ),
        (
            "main.py",
            "import __static__\nfrom pkg.use import g\n\nö = g(1, 2)\nx = = 1\n",
        ),
        (
            "rest.py",
            "import __static__\nfrom pkg.use import g\n\nö = g(1, 2)\n",
        ),
    ]);
    let report = |paths: &[&str]| -> Vec<serde_json::Value> {
        let mut arguments = vec!["check", "--output-format", "json"];
        arguments.extend(paths);
        let output = keelback(folder.path(), &arguments);
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("one JSON object");
        report["diagnostics"].as_array().expect("a list").clone()
    };
    let paths = [
        "main.py",
        "pkg/__init__.py",
        "pkg/shape.py",
        "pkg/use.py",
        "rest.py",
    ];
    let together = report(&["."]);
    assert_eq!(together, report(&paths));
    let apart: Vec<_> = paths.iter().flat_map(|path| report(&[path])).collect();
    assert_eq!(together, apart);
    assert!(together.len() >= 5, "{together:#?}");

    // The documentation lists every field, and nothing else.
    let page = include_str!("../../docs/command-line.md");
    let documented = |field: &str| page.contains(&format!("| `{field}` |"));
    for finding in &together {
        let finding = finding.as_object().expect("an object");
        for field in finding.keys() {
            assert!(documented(field), "{field}");
        }
        for field in ["file", "rule", "severity", "message"] {
            assert!(finding[field].is_string(), "{field}");
        }
        for end in ["start", "end"] {
            assert!(finding[end]["line"].as_u64().is_some_and(|line| line > 0));
            assert!(
                finding[end]["column"]
                    .as_u64()
                    .is_some_and(|column| column > 0)
            );
        }
    }
}

#[test]
fn the_schema_is_printed() {
    let folder = project(&[]);
    let output = keelback(folder.path(), &["schema"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stdout(&output),
        include_str!("../../docs/keelback.schema.json")
    );
}
