//! A panic while checking is reported like anything else.

use std::sync::Arc;

use keelback_checker::db::Database;
use keelback_checker::guard::guard;
use keelback_checker::rules::Rule;
use keelback_checker::settings::Settings;
use keelback_checker::system::MemorySystem;
use keelback_parser::text_size::{TextRange, TextSize};

#[test]
fn a_panic_becomes_a_diagnostic() {
    let db = Database::new(Arc::new(MemorySystem::new()), &Settings::default());
    let file = db.os_file("a.py".as_ref());
    let range = TextRange::new(TextSize::new(1), TextSize::new(2));
    let found = guard(file, range, "`f`", || panic!("no {}", "good"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, Rule::InternalError);
    assert_eq!(
        found[0].message,
        "Internal error while checking `f`: no good"
    );
    assert_eq!(found[0].primary.span.start, range.start());
    assert!(
        found[0].notes[1].contains("guard.rs:"),
        "{:?}",
        found[0].notes
    );
    assert!(guard(file, range, "`f`", Vec::new).is_empty());
}
