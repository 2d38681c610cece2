//! Names, types, flow, layouts and diagnostics of Python programs.
//!
//! This is the second station of a module on its way to machine code, after `parser` and before `lowering`; the language
//! server and `keelback check` stop here. It never touches CPython and needs no Python installed.
//!
//! Everything is a query over an incremental database ([`db`]), and each query is as small as what others may depend on:
//!
//! - [`files::parsed`]: the syntax tree of a file, never compared;
//! - [`index::module_index`]: what the syntax says about names, with positions, used only inside the file;
//! - `module_interface`: what a module shows to others: signatures, layouts, constants, without positions, so that an edit of
//!   a body stops there;
//! - `check_function`: the typed tree ([`tree`]) and the diagnostics of one function;
//! - [`check::check_file`]: everything that is reported about a file.
//!
//! What editors ask about one place in a file is answered by [`ide`].
//!
//! Only [`system`] touches the file system. Findings are data ([`diagnostic`]), made by the rules of one list ([`rules`]), and
//! turned into text by [`render`].

#![deny(unsafe_code)]

mod aliases;
pub mod annotation;
pub mod check;
mod class_values;
pub mod classes;
pub mod collections;
pub mod config;
pub mod constants;
pub mod dataclasses;
pub mod db;
pub mod declarations;
pub mod diagnostic;
pub mod enums;
pub mod files;
pub mod fix;
mod functional;
pub mod guard;
pub mod hints;
pub mod ide;
pub mod index;
pub mod infer;
mod inputs;
pub mod interface;
mod kept;
pub mod layout;
pub mod members;
pub mod modules;
mod named_tuples;
pub mod project;
pub mod reach;
pub mod render;
pub mod resolve;
pub mod rules;
pub mod settings;
pub mod signatures;
mod simple;
pub mod stack;
pub mod stubs;
pub mod suggest;
pub mod suppress;
pub mod symbols;
pub mod system;
mod tested;
pub mod tree;
pub mod tree_text;
mod typed_dicts;
pub mod types;
mod typeshed;
pub mod typing;
pub(crate) mod variables;
