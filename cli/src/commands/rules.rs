//! `keelback rules`: the list of rules.

use clap::Args;
use keelback_checker::rules::{Category, Rule};

use super::{Outcome, SUCCESS, print};

/// List every rule with its default level
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print JSON: a list of objects with `name`, `level`, `category` and `summary`
    #[arg(long)]
    json: bool,
}

/// Prints the list.
pub(super) fn execute(arguments: &Arguments) -> Outcome {
    if arguments.json {
        let rules: Vec<serde_json::Value> = Rule::ALL
            .iter()
            .map(|rule| {
                serde_json::json!({
                    "name": rule.name(),
                    "level": rule.default_level().name(),
                    "category": category(rule.category()),
                    "summary": rule.summary(),
                })
            })
            .collect();
        print(&format!("{:#}\n", serde_json::Value::from(rules)))?;
        return Ok(SUCCESS);
    }
    let width = Rule::ALL
        .iter()
        .map(|rule| rule.name().len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for rule in Rule::ALL {
        text += &format!(
            "{:width$}  {:7}  {}\n",
            rule.name(),
            rule.default_level().name(),
            rule.summary()
        );
    }
    text += "\n`keelback explain RULE` says more about one of them.\n";
    print(&text)?;
    Ok(SUCCESS)
}

fn category(category: Category) -> &'static str {
    match category {
        Category::Language => "language",
        Category::Types => "types",
        Category::Performance => "performance",
        Category::Style => "style",
        Category::Information => "information",
    }
}
