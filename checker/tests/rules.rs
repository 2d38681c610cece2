//! The list of rules and its pages agree.

use std::collections::BTreeSet;
use std::path::Path;

use keelback_checker::rules::{Level, Rule, RuleLevels};

#[test]
fn names_are_kebab_case_and_unique() {
    let mut seen = BTreeSet::new();
    for rule in Rule::ALL {
        let name = rule.name();
        assert!(seen.insert(name), "{name} twice");
        assert!(
            name.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-'),
            "{name}"
        );
        assert_eq!(Rule::from_name(name), Some(*rule));
        assert!(!rule.summary().is_empty());
    }
    assert!(seen.len() >= 40);
}

#[test]
fn every_page_has_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    let rules: BTreeSet<String> = Rule::ALL.iter().map(|rule| format!("{rule}.md")).collect();
    assert_eq!(pages, rules);
}

#[test]
fn levels_are_set_by_name() {
    let mut levels = RuleLevels::default();
    assert_eq!(levels.level(Rule::InvalidReturn), Level::Error);
    levels
        .set_by_name("invalid-return", Level::Warning)
        .unwrap();
    assert_eq!(levels.level(Rule::InvalidReturn), Level::Warning);
    let problem = levels
        .set_by_name("invalid-retrun", Level::Warning)
        .unwrap_err();
    assert!(problem.contains("`invalid-return`"), "{problem}");
    levels.set_by_name("all", Level::Ignore).unwrap();
    assert_eq!(levels.level(Rule::NotCallable), Level::Ignore);
    assert_eq!(levels.level(Rule::SyntaxError), Level::Error);
    assert_eq!("warn".parse(), Ok(Level::Warning));
    assert!("loud".parse::<Level>().is_err());
}

#[test]
fn hidden_hints_are_those_without_another_level() {
    let mut levels = RuleLevels::default();
    assert!(!levels.hides(Rule::NotFinal));
    levels = levels.hiding_hints();
    assert!(levels.hides(Rule::NotFinal));
    assert!(!levels.hides(Rule::RevealType));
    assert!(!levels.hides(Rule::NotCallable));
    levels.set(Rule::NotFinal, Level::Warning);
    assert!(!levels.hides(Rule::NotFinal));
    levels.set(Rule::NotFinal, Level::Ignore);
    assert!(levels.hides(Rule::NotFinal));
}
