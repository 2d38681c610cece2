//! Implementations of the runtime helpers, one function for each row of [`for_each_helper!`](keelback_lowering::for_each_helper).
//!
//! The families (`ints`, `floats`, …) hold functions that take and return Rust values and say `Err(Raised)` once a Python exception is set.
//! From the list derive here: the C function of each helper with the ABI that the list documents ([`address`]), which catches panics
//! and turns an error into the helper's error value, and the interpreter's dispatch over words ([`invoke`]). A row without an implementation, or with one of
//! other types, does not compile.
//!
//! Invariant: helpers are called with the GIL held, by compiled code or by the interpreter, with operands of the kinds that the list states:
//! live objects (borrowed, or owned where it says steal) and valid `int` words.

pub mod boxing;
pub mod calls;
pub mod control;
pub mod dicts;
pub mod fields;
pub mod floats;
pub mod ints;
pub mod linked;
pub mod lists;
pub mod mach;
pub mod names;
pub mod objects;
pub mod strs;
pub mod word;

use std::panic::{AssertUnwindSafe, catch_unwind};

use keelback_lowering::for_each_helper;
use keelback_lowering::helpers::Helper;

use crate::error;
use crate::ffi::PyObject;
use crate::object::{Owned, PyResult, Raised};
pub use word::{Int, Word};

/// A borrowed object, null only where a helper's row allows it.
pub type Obj = *mut PyObject;

/// A number and whether there is none because an exception is set: a C struct in two registers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Flagged<T> {
    /// The value; arbitrary on error.
    pub value: T,
    /// Not 0 on error.
    pub error: u64,
}

/// What a helper's implementation returns, and how that looks in C and as an interpreter's word.
trait Outcome: Sized {
    /// The C result.
    type C;
    /// The C result that says that an exception is set, or the least harmful one where none can be.
    fn failed() -> Self::C;
    /// To C.
    fn into_c(self) -> Self::C;
    /// To a word.
    fn into_word(self) -> PyResult<u64>;
}

impl Outcome for PyResult<Owned> {
    type C = Obj;
    fn failed() -> Obj {
        std::ptr::null_mut()
    }
    fn into_c(self) -> Obj {
        self.map_or(std::ptr::null_mut(), Owned::into_ptr)
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(|o| o.into_ptr() as u64)
    }
}

impl Outcome for Owned {
    type C = Obj;
    fn failed() -> Obj {
        // Only a panic comes here, and nothing that returns a plain reference can panic.
        std::process::abort()
    }
    fn into_c(self) -> Obj {
        self.into_ptr()
    }
    fn into_word(self) -> PyResult<u64> {
        Ok(self.into_ptr() as u64)
    }
}

/// An object, or the end of an iterator: error value 1, end 0.
impl Outcome for PyResult<Option<Owned>> {
    type C = u64;
    fn failed() -> u64 {
        1
    }
    fn into_c(self) -> u64 {
        self.map_or(1, |o| o.map_or(0, |o| o.into_ptr() as u64))
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(|o| o.map_or(0, |o| o.into_ptr() as u64))
    }
}

impl Outcome for PyResult<Word> {
    type C = u64;
    fn failed() -> u64 {
        0
    }
    fn into_c(self) -> u64 {
        self.map_or(0, Word::into_bits)
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(Word::into_bits)
    }
}

impl Outcome for PyResult<usize> {
    type C = usize;
    fn failed() -> usize {
        0
    }
    fn into_c(self) -> usize {
        self.unwrap_or(0)
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(|v| v as u64)
    }
}

impl Outcome for PyResult<i64> {
    type C = Flagged<i64>;
    fn failed() -> Flagged<i64> {
        Flagged { value: 0, error: 1 }
    }
    fn into_c(self) -> Flagged<i64> {
        self.map_or_else(|_| Self::failed(), |value| Flagged { value, error: 0 })
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(|v| v as u64)
    }
}

impl Outcome for PyResult<f64> {
    type C = Flagged<f64>;
    fn failed() -> Flagged<f64> {
        Flagged {
            value: 0.0,
            error: 1,
        }
    }
    fn into_c(self) -> Flagged<f64> {
        self.map_or_else(|_| Self::failed(), |value| Flagged { value, error: 0 })
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(f64::to_bits)
    }
}

impl Outcome for PyResult<bool> {
    type C = u8;
    fn failed() -> u8 {
        2
    }
    fn into_c(self) -> u8 {
        self.map_or(2, u8::from)
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(u64::from)
    }
}

impl Outcome for PyResult<()> {
    type C = u8;
    fn failed() -> u8 {
        2
    }
    fn into_c(self) -> u8 {
        self.map_or(2, |()| 0)
    }
    fn into_word(self) -> PyResult<u64> {
        self.map(|()| 0)
    }
}

impl Outcome for bool {
    type C = u8;
    fn failed() -> u8 {
        0
    }
    fn into_c(self) -> u8 {
        u8::from(self)
    }
    fn into_word(self) -> PyResult<u64> {
        Ok(u64::from(self))
    }
}

impl Outcome for () {
    type C = u8;
    fn failed() -> u8 {
        0
    }
    fn into_c(self) -> u8 {
        0
    }
    fn into_word(self) -> PyResult<u64> {
        Ok(0)
    }
}

/// Runs an implementation for C.
#[inline]
fn shield<T: Outcome>(body: impl FnOnce() -> T) -> T::C {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(outcome) => outcome.into_c(),
        Err(panic) => {
            report_panic(&*panic);
            T::failed()
        }
    }
}

#[cold]
fn report_panic(panic: &(dyn std::any::Any + Send)) {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown reason");
    let Raised = error::system_error(&format!("internal error of Keelback: {what}"));
}

/// C type of an operand.
macro_rules! c_param {
    (obj) => {
        Obj
    };
    (int) => {
        u64
    };
    (i64) => {
        i64
    };
    (u64) => {
        u64
    };
    (f64) => {
        f64
    };
    (bool) => {
        u64
    };
    (ptr) => {
        usize
    };
}

/// An operand from its C value to what the implementation takes.
macro_rules! operand {
    (b, obj, $v:expr) => {
        $v
    };
    (s, obj, $v:expr) => {
        Owned::from_nullable($v).expect("a stolen reference")
    };
    (b, int, $v:expr) => {
        Int::from_bits($v)
    };
    (b, bool, $v:expr) => {
        $v != 0
    };
    (b, $k:ident, $v:expr) => {
        $v
    };
}

/// An operand's C value from an interpreter's word.
macro_rules! from_word {
    (obj, $v:expr) => {
        $v as Obj
    };
    (i64, $v:expr) => {
        $v as i64
    };
    (f64, $v:expr) => {
        f64::from_bits($v)
    };
    (ptr, $v:expr) => {
        $v as usize
    };
    ($k:ident, $v:expr) => {
        $v
    };
}

/// C type of a result.
macro_rules! c_result {
    (obj, One) => { u64 };
    (obj, $e:ident) => { Obj };
    (int, Zero) => { u64 };
    (i64, Flag) => { Flagged<i64> };
    (f64, Flag) => { Flagged<f64> };
    (bool, $e:ident) => { u8 };
    (unit, $e:ident) => { u8 };
    (ptr, Zero) => { usize };
}

/// The C function and the word-wise caller of one helper, in a module of its name.
macro_rules! shim {
    ($name:ident ($($m:ident : $k:ident),*) -> $ret:ident, $error:ident) => {
        shim! { @name $name [a b c d e f] ($($m : $k),*) () -> $ret, $error }
    };
    (@name $name:ident [$p:ident $($rest:ident)*] ($m:ident : $k:ident $(, $ms:ident : $ks:ident)*) ($($done:tt)*) -> $ret:ident, $error:ident) => {
        shim! { @name $name [$($rest)*] ($($ms : $ks),*) ($($done)* ($p $m $k)) -> $ret, $error }
    };
    (@name $name:ident [$($rest:ident)*] () ($(($p:ident $m:ident $k:ident))*) -> $ret:ident, $error:ident) => {
        #[allow(non_snake_case)]
        mod $name {
            use super::*;

            pub(super) unsafe extern "C" fn entry($($p: c_param!($k)),*) -> c_result!($ret, $error) {
                // SAFETY: the caller passes what the list states.
                shield(|| unsafe { families::$name($(operand!($m, $k, $p)),*) })
            }

            pub(super) unsafe fn words(args: &[u64]) -> PyResult<u64> {
                let &[$($p),*] = args else {
                    return Err(error::system_error(concat!("wrong number of operands of ", stringify!($name))));
                };
                // SAFETY: as above.
                unsafe { families::$name($(operand!($m, $k, from_word!($k, $p))),*) }.into_word()
            }
        }
    };
}

/// Everything that is derived from the list.
macro_rules! derive {
    ($($(#[doc = $doc:literal])+ $name:ident ($($m:ident : $k:ident),*) -> $ret:ident, $error:ident, $($effect:ident)|+;)*) => {
        mod shims {
            use super::*;
            $(shim! { $name ($($m : $k),*) -> $ret, $error })*

            pub(super) const ENTRIES: &[(Helper, *const ())] = &[$((Helper::$name, $name::entry as *const ())),*];
            pub(super) const WORDS: &[unsafe fn(&[u64]) -> PyResult<u64>] = &[$($name::words),*];
        }
    };
}

/// Every family's functions under one roof, where the derived code looks for them.
mod families {
    pub(super) use super::boxing::*;
    pub(super) use super::calls::*;
    pub(super) use super::control::*;
    pub(super) use super::dicts::*;
    pub(super) use super::fields::*;
    pub(super) use super::floats::*;
    pub(super) use super::ints::*;
    pub(super) use super::lists::*;
    pub(super) use super::mach::*;
    pub(super) use super::names::*;
    pub(super) use super::objects::*;
    pub(super) use super::strs::*;
}

for_each_helper!(derive);

/// The address of a helper's C function.
#[inline]
pub fn address(helper: Helper) -> usize {
    shims::ENTRIES[helper as usize].1 as usize
}

/// Calls a helper with one word for each operand, as the interpreter holds values.
///
/// # Errors
/// The helper raised. Never for one whose error is `Never`.
///
/// # Safety
/// The GIL is held and the words are of the kinds that the list states.
#[inline]
pub unsafe fn invoke(helper: Helper, args: &[u64]) -> PyResult<u64> {
    // SAFETY: the caller's promise.
    unsafe { shims::WORDS[helper as usize](args) }
}

/// Checks at start-up that the table is in the list's order and complete.
///
/// # Errors
/// The name of the first helper that is not in its place.
pub fn self_check() -> Result<(), String> {
    for (i, helper) in Helper::ALL.iter().enumerate() {
        match shims::ENTRIES.get(i) {
            Some((h, address)) if h == helper && !address.is_null() => {}
            _ => {
                return Err(format!(
                    "runtime helper {} is not in its place",
                    helper.info().name
                ));
            }
        }
    }
    if shims::ENTRIES.len() != Helper::ALL.len() {
        return Err("there are more runtime helpers than the list has".to_owned());
    }
    Ok(())
}
