//! Classes with storage of their own.
//!
//! A static class's body runs as CPython runs it. Then CPython's `type` builds the class with its fields as `__slots__`, which reserves one
//! word for each, and the storage becomes ours: descriptors that check types and hold numbers raw ([`descriptor`]), allocation, traversal,
//! clearing and deallocation ([`storage`]). Everything else of the class stays CPython's: attributes, inheritance, `copy`, `pickle`.

pub mod build_class;
pub mod construct;
pub mod descriptor;
pub mod early;
pub mod fields;
pub mod storage;
