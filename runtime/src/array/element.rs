//! Elements of arrays: in memory, as words, as objects.

use keelback_lowering::types::Repr;

use super::size_of;
use crate::error;
use crate::ffi;
use crate::helpers::{Obj, boxing, mach};
use crate::object::{Owned, PyResult, class_name, display};

/// Element kinds with their code in the `struct` module's notation.
const CODES: [(Repr, u8); 11] = [
    (Repr::I8, b'b'),
    (Repr::I16, b'h'),
    (Repr::I32, b'i'),
    (Repr::I64, b'q'),
    (Repr::U8, b'B'),
    (Repr::U16, b'H'),
    (Repr::U32, b'I'),
    (Repr::U64, b'Q'),
    (Repr::F64, b'd'),
    (Repr::F32, b'f'),
    (Repr::Bool, b'?'),
];

/// The format of a kind in the `struct` module's notation, as a C string.
pub fn format(kind: Repr) -> &'static std::ffi::CStr {
    match kind {
        Repr::I8 => c"b",
        Repr::I16 => c"h",
        Repr::I32 => c"i",
        Repr::I64 => c"q",
        Repr::U16 => c"H",
        Repr::U32 => c"I",
        Repr::U64 => c"Q",
        Repr::F64 => c"d",
        Repr::F32 => c"f",
        Repr::Bool => c"?",
        _ => c"B",
    }
}

/// The kind of a format, under whatever name an exporter gives it on the platforms that we support.
pub fn kind_of_format(format: &[u8]) -> Option<Repr> {
    let start = format.iter().take_while(|c| b"@=<".contains(c)).count();
    let code = match &format[start..] {
        [] => b'B',
        [b'l' | b'n'] => b'q',
        [b'L' | b'N'] => b'Q',
        [b'c'] => b'b',
        [code] => *code,
        _ => return None,
    };
    CODES.iter().find(|(_, c)| *c == code).map(|(k, _)| *k)
}

/// Reads an element as a word.
///
/// # Safety
/// `at` points at an element of this kind.
#[inline]
pub unsafe fn load(at: *const u8, kind: Repr) -> u64 {
    // SAFETY: the caller's promise; memory of an exporter need not be aligned.
    unsafe {
        match kind {
            Repr::I8 => at.cast::<i8>().read_unaligned() as i64 as u64,
            Repr::I16 => at.cast::<i16>().read_unaligned() as i64 as u64,
            Repr::I32 => at.cast::<i32>().read_unaligned() as i64 as u64,
            Repr::U8 => at.read().into(),
            Repr::Bool => u64::from(at.read() != 0),
            Repr::U16 => at.cast::<u16>().read_unaligned().into(),
            Repr::U32 | Repr::F32 => at.cast::<u32>().read_unaligned().into(),
            _ => at.cast::<u64>().read_unaligned(),
        }
    }
}

/// Writes a word as an element.
///
/// # Safety
/// `at` points at a writable element of this kind.
#[inline]
pub unsafe fn store(at: *mut u8, kind: Repr, word: u64) {
    // SAFETY: the caller's promise; all supported machines are little-endian, so the low bytes come first.
    unsafe {
        std::ptr::copy_nonoverlapping(word.to_le_bytes().as_ptr(), at, size_of(kind));
    }
}

/// An element as an ordinary object: an `int`, a `float`, a `bool`.
///
/// # Errors
/// `MemoryError`.
///
/// # Safety
/// `at` points at an element of this kind.
pub unsafe fn plain(at: *const u8, kind: Repr) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe { boxing::into_object(load(at, kind), kind) }
}

/// A value as an element's word.
///
/// # Errors
/// `TypeError` for a value of another kind, `OverflowError` for an int out of range; `class` names the array's class in it.
///
/// # Safety
/// `value` is alive; the GIL is held.
pub unsafe fn word(value: Obj, kind: Repr, class: *mut ffi::PyTypeObject) -> PyResult<u64> {
    // SAFETY: the caller's promise.
    unsafe {
        let wrong = || {
            let expected = mach::type_name(kind);
            // A `double` is Python's `float`, and goes by that name where there is no compiler.
            let expected = if kind == Repr::F64 { "float" } else { expected };
            let got = class_name(ffi::Py_TYPE(value));
            error::type_error(&format!("expected '{expected}', got '{got}'"))
        };
        match kind {
            Repr::F64 | Repr::F32 => {
                if ffi::PyFloat_Check(value) == 0 && ffi::PyLong_Check(value) == 0 {
                    return Err(wrong());
                }
                boxing::to_word(value, kind)
            }
            Repr::Bool => {
                if value == ffi::Py_True() || value == ffi::Py_False() {
                    Ok(u64::from(value == ffi::Py_True()))
                } else {
                    Err(wrong())
                }
            }
            _ if ffi::PyLong_Check(value) == 0 => Err(wrong()),
            _ => mach::from_int_object(value, kind)
                .map(|v| v as u64)
                .ok_or_else(|| {
                    let shown = display(value);
                    let class = class_name(class);
                    error::overflow_error(&format!("{class} got out-of-range int {shown}"))
                }),
        }
    }
}
