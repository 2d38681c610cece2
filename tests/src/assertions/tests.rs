use super::{Claim, Finding, claims, compare};

fn finding(line: usize, column: usize, rule: &str, message: &str) -> Finding {
    Finding {
        line,
        column,
        rule: rule.to_owned(),
        is_hint: rule.starts_with("hint") || rule == "reveal-type",
        message: message.to_owned(),
    }
}

#[test]
fn claims_are_about_their_line_or_the_next() {
    let text = "x = 1  # error: [a]\n# error: \"b c\"\n# revealed: int | None\nreveal_type(x)\n";
    let found = claims(text).expect("good claims");
    let error = |rule: Option<&str>, text: Option<&str>| Claim::Error {
        column: None,
        rule: rule.map(str::to_owned),
        text: text.map(str::to_owned),
    };
    assert_eq!(
        found,
        [
            (1, error(Some("a"), None)),
            (4, error(None, Some("b c"))),
            (4, Claim::Revealed("int | None".to_owned())),
        ]
    );
}

#[test]
fn true_claims_pass() {
    let text = "f()  # error: 3 [rule] \"says\"\nreveal_type(x)  # revealed: int\ng()  # error: [hint-x]\n";
    let findings = [
        finding(1, 3, "rule", "It says so"),
        finding(2, 1, "reveal-type", "The type is `int`"),
        finding(3, 1, "hint-x", ""),
        finding(3, 1, "hint-y", "need not be claimed"),
    ];
    assert_eq!(compare(text, &findings), []);
}

#[test]
fn differences_are_reported() {
    let text = "f()  # error: 4 [rule]\nreveal_type(x)  # revealed: int\n\n";
    let findings = [
        finding(1, 3, "rule", "It says so"),
        finding(2, 1, "reveal-type", "The type is `int | None`"),
        finding(3, 1, "other", "New"),
    ];
    let lines: Vec<usize> = compare(text, &findings)
        .iter()
        .map(|mismatch| mismatch.line)
        .collect();
    assert_eq!(lines, [1, 1, 2, 2, 3]);
}

#[test]
fn one_finding_serves_one_claim() {
    let text = "# error: [rule]\n# error: [rule]\nf()\n";
    assert_eq!(compare(text, &[finding(3, 1, "rule", "")]).len(), 1);
}

#[test]
fn malformed_claims_are_reported() {
    for text in [
        "# error:\nx",
        "# error: 5\nx",
        "# error: [rule\nx",
        "# error: rule\nx",
        "x  # revealed:",
        "# error: [rule]\n",
    ] {
        assert!(claims(text).is_err(), "{text}");
    }
}
