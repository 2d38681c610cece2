//! The language server as an editor meets it: the real process, over its pipes.
#![deny(unsafe_code)]

mod client;
mod findings;
mod life;
mod questions;
mod repairs;
