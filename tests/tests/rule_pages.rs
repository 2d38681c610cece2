//! The pages of the rules: each says why and what to do, reports its own rule in one example and accepts the other.

use keelback_checker::rules::Rule;
use keelback_tests::{check, markdown};

/// Rules that no text of a program can show.
const WITHOUT_EXAMPLE: [Rule; 2] = [Rule::InvalidEncoding, Rule::InternalError];

#[test]
fn pages_have_one_form() {
    for &rule in Rule::ALL {
        let page = rule.page();
        let mut lines = page.lines().filter(|line| !line.is_empty());
        assert_eq!(lines.next(), Some(&*format!("# {rule}")));
        assert_eq!(lines.next(), Some(rule.summary()), "{rule}");
        assert!(page.contains("\n## What to do\n"), "{rule}");
        let tests = markdown::parse(page).unwrap_or_else(|error| panic!("{rule}: {error}"));
        let expected = if WITHOUT_EXAMPLE.contains(&rule) {
            0
        } else {
            2
        };
        assert_eq!(
            tests.len(),
            expected,
            "{rule}: one example that is reported, one that is accepted"
        );
    }
}

#[test]
fn examples_are_reported_and_accepted() {
    let mut problems = Vec::new();
    for &rule in Rule::ALL {
        let page = rule.page();
        for test in markdown::parse(page).unwrap_or_default() {
            if let Err(problem) = check::check(&test, &format!("docs/rules/{rule}.md")) {
                problems.push(problem);
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join(""));
}
