//! What the tests that are data need: the literate language tests of `tests/language` and the programs of `examples`.
//!
//! A literate test is a section of a Markdown file ([`markdown`]): prose, the files of a program, and what is claimed of them in
//! comments ([`assertions`]) and in output blocks. The claims about types and errors are put to the checker ([`check`]), those
//! about output to real interpreters ([`python`]), alone and under the command with either tier. `tests/language/README.md`
//! describes the format for those who write tests.
//!
//! The pages of the documentation are read in the same way ([`docs`]). Real files are broken at random to see that the checker takes them
//! ([`mutate`]).
//!
//! This crate holds no test itself: the runners are test targets of the package with the command, which they start.
#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod assertions;
pub mod check;
pub mod docs;
pub mod examples;
pub mod language;
pub mod markdown;
pub mod mutate;
pub mod python;
