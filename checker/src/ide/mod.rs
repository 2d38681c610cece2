//! What an editor asks about a place in a file. Places are byte offsets, answers are data: the language server translates both.
//!
//! | query | answers | |
//! |---|---|---|
//! | [`hover::hover`] | what is it, of which type, and how is it held? | `hover.rs` |
//! | [`definition::definition`] | where is it defined? | `definition.rs` |
//! | [`symbols::symbols`] | what does the file define? | `symbols.rs` |
//! | [`fixes::fixes`] | which findings can be repaired, and how? | `fixes.rs` |
//!
//! They share two steps: [`locate`] finds the name in the syntax that an offset is on, with the scopes around it; [`entity`] finds
//! what that name stands for, across files ([`locals`] inside a function). Where a type is needed, [`types`] runs inference over the one scope again and
//! keeps what it learns about each expression, which checking alone has no use for.
//!
//! Of a file that is not static there are no answers.

pub mod definition;
pub mod entity;
pub mod fixes;
pub mod held;
pub mod hover;
pub mod locals;
pub mod locate;
pub mod signature;
pub mod symbols;
pub mod types;
