//! `keelback explain`: the page of one rule.

use clap::Args;
use keelback_checker::rules::Rule;

use super::{Outcome, SUCCESS, print};

/// Say what a rule finds, why that matters and what to do about it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  keelback explain possibly-none")]
pub(super) struct Arguments {
    /// The rule's name, as it stands in a report
    rule: String,
}

/// Prints the page.
pub(super) fn execute(arguments: &Arguments) -> Outcome {
    let name = &*arguments.rule;
    match Rule::from_name(name) {
        Some(rule) => {
            let level = rule.default_level().name();
            print(&format!(
                "{}\nLevel unless configured: {level}\n",
                rule.page()
            ))?;
            Ok(SUCCESS)
        }
        None => Err(match Rule::suggestion(name) {
            Some(near) => format!("there is no rule `{name}`; did you mean `{near}`?"),
            None => format!("there is no rule `{name}`; `keelback rules` lists them"),
        }),
    }
}
