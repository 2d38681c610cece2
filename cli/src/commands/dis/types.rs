//! The `types` stage: the typed tree.

use keelback_checker::tree_text;
use keelback_checker::types::Name;

use super::selection::Selection;

pub(super) fn print(selection: &Selection, name: &Name) -> String {
    let Some(checked) = selection.checked(name) else {
        return String::new();
    };
    match &checked.body {
        Ok(body) => tree_text::print(body, Some(&selection.source().text)),
        Err(fallback) => selection.left(name, fallback),
    }
}
