//! Jobs and what stops them.

use std::panic::resume_unwind;

use crossbeam_channel::unbounded;
use keelback_checker::db::Cancelled;

use super::{Pool, Stopped, contained};

#[test]
fn a_panic_is_contained() {
    assert_eq!(contained(|| 1), Ok(1));
    let panicked = contained(|| -> i32 { panic!("on purpose {}", 2) });
    assert_eq!(panicked, Err(Stopped::Panicked("on purpose 2".to_owned())));
}

#[test]
fn what_was_stopped_on_another_thread_may_be_asked_again() {
    let stopped = contained(|| -> i32 { resume_unwind(Box::new(Cancelled::PropagatedPanic)) });
    assert_eq!(stopped, Err(Stopped::Elsewhere));
}

#[test]
fn a_pool_goes_on_after_a_contained_panic() {
    let pool = Pool::new().unwrap();
    let (sender, receiver) = unbounded();
    for number in 0..100 {
        let sender = sender.clone();
        pool.spawn(move || {
            let result = contained(|| {
                assert!(number % 2 == 0, "odd");
                number
            });
            sender.send(result.unwrap_or(-1)).unwrap();
        });
    }
    let mut results: Vec<i32> = receiver.iter().take(100).collect();
    results.sort_unstable();
    assert_eq!(results[..50], [-1; 50]);
    assert_eq!(results[99], 98);
}
