//! Expressions far deeper than anybody writes by hand are checked as others are, on a thread with an ordinary stack.

use std::sync::Arc;

use keelback_checker::check::check_file;
use keelback_checker::db::Database;
use keelback_checker::settings::Settings;
use keelback_checker::system::MemorySystem;

const LEVELS: usize = 2000;

#[test]
fn deep_expressions_are_checked() {
    for expression in [
        vec!["n"; LEVELS].join(" + "),
        "-".repeat(LEVELS) + "n",
        "n if n > 1 else ".repeat(LEVELS) + "n",
        "not ".repeat(LEVELS) + "n",
        vec!["n"; LEVELS].join(" and "),
    ] {
        let text = format!(
            "import __static__\n\nTOP = {}\n\n\ndef f(n: int) -> int:\n    return {expression}\n",
            expression.replace('n', "1").replace("1ot", "not")
        );
        let system = MemorySystem::new();
        system.write("/p/deep.py", &text);
        let db = Database::new(Arc::new(system), &Settings::default());
        let file = db.os_file("/p/deep.py".as_ref());
        let found = check_file(&db, file);
        let messages: Vec<_> = found.iter().map(|d| &d.message).collect();
        assert!(
            messages.iter().all(|m| !m.contains("Internal error")),
            "{messages:?}"
        );
    }
}
