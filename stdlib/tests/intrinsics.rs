//! The table of intrinsics holds together.

use std::collections::HashSet;

use keelback_stdlib::intrinsics::{Found, Hold, INTRINSICS, Implementation, Rule, by_name, find};

#[test]
fn names_are_unique() {
    let mut seen = HashSet::new();
    for entry in INTRINSICS {
        assert!(seen.insert(entry.name), "{} is there twice", entry.name);
        assert_eq!(by_name(entry.name), Some(entry));
    }
}

#[test]
fn named_entries_pass_objects() {
    for entry in INTRINSICS {
        if entry.implementation == Implementation::Named {
            assert_eq!(entry.result, Hold::Object, "{}", entry.name);
            for (hold, _) in entry.params {
                assert_eq!(*hold, Hold::Object, "{}", entry.name);
            }
        }
    }
}

#[test]
fn methods_take_their_receiver_first() {
    for entry in INTRINSICS {
        if let Found::Method(..) = entry.found {
            assert_eq!(entry.params[0].1, Rule::Receiver, "{}", entry.name);
        }
    }
    assert_eq!(find(Found::Method("list", "pop")).count(), 2);
}
