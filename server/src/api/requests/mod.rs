//! Requests, answered over a snapshot: they translate, and the checker answers.

pub(super) mod code_action;
pub(super) mod definition;
pub(super) mod document_symbol;
pub(super) mod hover;
