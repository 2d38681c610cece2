//! Signatures as Python would write them.

use std::fmt::Write as _;

use crate::interface::{DefaultValue, FunctionInterface, ParamKind};
use crate::types::Type;

/// `def name(x: int, *, y: str = 'a') -> None`
pub fn function(name: &str, function: &FunctionInterface) -> String {
    let mut text = String::new();
    if function.is_async {
        text.push_str("async ");
    }
    let _ = write!(text, "def {name}({})", parameters(function));
    if function.returns_annotated {
        let _ = write!(text, " -> {}", function.returns);
    }
    text
}

fn parameters(function: &FunctionInterface) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut positional_only = false;
    let mut keyword_only = false;
    for param in &function.params {
        if positional_only && param.kind != ParamKind::PositionalOnly {
            parts.push("/".to_owned());
            positional_only = false;
        }
        let stars = match param.kind {
            ParamKind::PositionalOnly => {
                positional_only = true;
                ""
            }
            ParamKind::Positional => "",
            ParamKind::VarPositional => {
                keyword_only = true;
                "*"
            }
            ParamKind::KeywordOnly => {
                if !keyword_only {
                    parts.push("*".to_owned());
                    keyword_only = true;
                }
                ""
            }
            ParamKind::VarKeyword => "**",
        };
        let mut part = format!("{stars}{}", param.name);
        if param.annotated && !matches!(param.ty, Type::Dynamic) {
            let _ = write!(part, ": {}", param.ty);
        }
        if let Some(default) = &param.default {
            let value = match default {
                DefaultValue::Constant(value) => value.to_string(),
                DefaultValue::Evaluated => "...".to_owned(),
            };
            let equals = if param.annotated { " = " } else { "=" };
            let _ = write!(part, "{equals}{value}");
        }
        parts.push(part);
    }
    if positional_only {
        parts.push("/".to_owned());
    }
    parts.join(", ")
}
