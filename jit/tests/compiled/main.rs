//! Compiled code run from text on a host without Python.

mod calls;
mod containers;
mod entries;
mod fields;
mod floats;
mod host;
mod ints;
mod listing;
mod mach;
