//! The settings as a JSON schema, for editors that complete and check TOML.

use serde_json::{Map, Value, json};

use super::keys::{Form, KEYS, VERSIONS};
use crate::rules::{Level, Rule};

/// Where people read about settings.
const PAGE: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/docs/configuration.md"
);

/// A JSON schema (draft 7) of `pyproject.toml`, of which it describes `[tool.keelback]` alone: the table itself is `#/definitions/keelback`.
pub fn schema() -> Value {
    let settings: Map<String, Value> = KEYS
        .iter()
        .map(|key| {
            let mut form = form(key.form);
            form.insert("description".to_owned(), json!(key.summary));
            (key.name.to_owned(), Value::Object(form))
        })
        .collect();
    let rules: Map<String, Value> = Rule::ALL
        .iter()
        .map(|rule| {
            // A reference stands alone in draft 7.
            let level = json!({
                "allOf": [{ "$ref": "#/definitions/level" }],
                "description": rule.summary(),
                "default": rule.default_level().name(),
            });
            (rule.name().to_owned(), level)
        })
        .chain(std::iter::once((
            "all".to_owned(),
            json!({
                "allOf": [{ "$ref": "#/definitions/level" }],
                "description": "Every rule that is not named beside it",
            }),
        )))
        .collect();
    let levels: Vec<&str> = Level::NAMES.iter().map(|(name, _)| *name).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pyproject.toml with the settings of Keelback",
        "type": "object",
        "properties": {
            "tool": {
                "type": "object",
                "properties": { "keelback": { "$ref": "#/definitions/keelback" } },
            },
        },
        "definitions": {
            "keelback": {
                "title": "Keelback",
                "description": format!("The settings of Keelback: {PAGE}"),
                "type": "object",
                "properties": settings,
                "additionalProperties": false,
            },
            "rules": {
                "type": "object",
                "properties": rules,
                "additionalProperties": false,
            },
            "level": { "type": "string", "enum": levels },
        },
    })
}

fn form(form: Form) -> Map<String, Value> {
    let form = match form {
        Form::Text => json!({ "type": "string", "minLength": 1 }),
        Form::Version => json!({
            "type": "string",
            "enum": VERSIONS.map(|version| version.to_string()),
        }),
        Form::Texts => json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
        }),
        Form::Levels => json!({ "allOf": [{ "$ref": "#/definitions/rules" }] }),
    };
    match form {
        Value::Object(form) => form,
        _ => Map::new(),
    }
}
