//! Floats: the C library's function where its result is an ordinary number, else CPython's own operation on boxed operands, so that every special
//! case and message is CPython's.
// What each function takes is stated in the list, and what it may rely on in the module `helpers`: once, not at every block.
#![allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

use std::ffi::CStr;

use super::Obj;
use super::mach::value_error;
use super::word::Word;
use crate::ffi;
use crate::object::{Owned, PyResult, getattr};

fn boxed(v: f64) -> PyResult<Owned> {
    // SAFETY: a new reference.
    unsafe { Owned::from_new(ffi::PyFloat_FromDouble(v)) }
}

#[cold]
unsafe fn slow(a: f64, b: f64, op: unsafe extern "C" fn(Obj, Obj) -> Obj) -> PyResult<f64> {
    let (a, b) = (boxed(a)?, boxed(b)?);
    unsafe {
        let result = Owned::from_new(op(a.as_ptr(), b.as_ptr()))?;
        super::boxing::unbox_f64(result.as_ptr(), 0)
    }
}

/// `math.name(args)`
#[cold]
unsafe fn math(name: &CStr, args: &[f64]) -> PyResult<Owned> {
    unsafe {
        let module = Owned::from_new(ffi::PyImport_ImportModule(c"math".as_ptr()))?;
        let function = getattr(module.as_ptr(), name)?;
        let boxes = args
            .iter()
            .map(|v| boxed(*v))
            .collect::<PyResult<Vec<_>>>()?;
        let pointers: Vec<Obj> = boxes.iter().map(Owned::as_ptr).collect();
        Owned::from_new(ffi::PyObject_Vectorcall(
            function.as_ptr(),
            pointers.as_ptr(),
            pointers.len(),
            std::ptr::null_mut(),
        ))
    }
}

unsafe fn math_float(name: &CStr, args: &[f64]) -> PyResult<f64> {
    unsafe {
        let result = math(name, args)?;
        super::boxing::unbox_f64(result.as_ptr(), 0)
    }
}

/// The function of one argument where argument and result are finite, else `math`'s.
macro_rules! math_functions {
    ($($(#[$doc:meta])* $name:ident $text:literal $f:expr;)*) => { $(
        $(#[$doc])*
        pub unsafe fn $name(x: f64) -> PyResult<f64> {
            let f: fn(f64) -> f64 = $f;
            let y = f(x);
            if x.is_finite() && y.is_finite() {
                return Ok(y);
            }
            unsafe { math_float($text, &[x]) }
        }
    )* };
}

math_functions! {
    /// `math.sin`
    math_sin c"sin" f64::sin;
    /// `math.cos`
    math_cos c"cos" f64::cos;
    /// `math.tan`
    math_tan c"tan" f64::tan;
    /// `math.atan`
    math_atan c"atan" f64::atan;
    /// `math.exp`
    math_exp c"exp" f64::exp;
    /// `math.log` of one argument.
    math_log c"log" |x| if x > 0.0 { x.ln() } else { f64::NAN };
}

/// `math.atan2`
pub unsafe fn math_atan2(y: f64, x: f64) -> PyResult<f64> {
    if x.is_finite() && y.is_finite() {
        return Ok(y.atan2(x));
    }
    unsafe { math_float(c"atan2", &[y, x]) }
}

/// `math.pow`
pub unsafe fn math_pow(x: f64, y: f64) -> PyResult<f64> {
    let power = x.powf(y);
    if x.is_finite() && y.is_finite() && power.is_finite() {
        return Ok(power);
    }
    unsafe { math_float(c"pow", &[x, y]) }
}

/// A whole float as an int.
unsafe fn whole(v: f64) -> PyResult<Word> {
    const LIMIT: f64 = (1u64 << 62) as f64;
    if v.abs() < LIMIT {
        return Word::from_i64(v as i64);
    }
    // Raises for infinities and NaN.
    unsafe {
        Ok(Word::from_int_object(Owned::from_new(
            ffi::PyLong_FromDouble(v),
        )?))
    }
}

/// `math.floor` of a float.
pub unsafe fn math_floor(v: f64) -> PyResult<Word> {
    unsafe { whole(v.floor()) }
}

/// `math.ceil` of a float.
pub unsafe fn math_ceil(v: f64) -> PyResult<Word> {
    unsafe { whole(v.ceil()) }
}

/// `int(v)`
pub unsafe fn float_to_int(v: f64) -> PyResult<Word> {
    unsafe { whole(v.trunc()) }
}

/// `round(v)`: halves to even.
pub unsafe fn float_round(v: f64) -> PyResult<Word> {
    unsafe { whole(v.round_ties_even()) }
}

/// `str(v)`
pub unsafe fn float_to_str(v: f64) -> PyResult<Owned> {
    let object = boxed(v)?;
    unsafe { Owned::from_new(ffi::PyObject_Str(object.as_ptr())) }
}

/// Floor modulo of a non-zero divisor, as `float.__mod__` computes it: the remainder of the truncated division, moved to the divisor's sign.
pub(crate) fn floor_mod(a: f64, b: f64) -> f64 {
    let r = a % b;
    if r == 0.0 {
        // The sign of a zero result is the divisor's.
        return 0.0f64.copysign(b);
    }
    if (b < 0.0) != (r < 0.0) { r + b } else { r }
}

/// Floor division of a non-zero divisor, as `float.__floordiv__` computes it: exact through the remainder, then the nearest whole number.
pub(crate) fn floor_div(a: f64, b: f64) -> f64 {
    let r = a % b;
    let mut quotient = (a - r) / b;
    if r != 0.0 && (b < 0.0) != (r < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0f64.copysign(a / b);
    }
    let below = quotient.floor();
    if quotient - below > 0.5 {
        below + 1.0
    } else {
        below
    }
}

/// `a // b`
pub unsafe fn float_floordiv(a: f64, b: f64) -> PyResult<f64> {
    if b == 0.0 {
        return unsafe { slow(a, b, ffi::PyNumber_FloorDivide) };
    }
    Ok(floor_div(a, b))
}

/// `a % b`
pub unsafe fn float_mod(a: f64, b: f64) -> PyResult<f64> {
    if b == 0.0 {
        return unsafe { slow(a, b, ffi::PyNumber_Remainder) };
    }
    Ok(floor_mod(a, b))
}

unsafe extern "C" fn power(a: Obj, b: Obj) -> Obj {
    unsafe { ffi::PyNumber_Power(a, b, ffi::Py_None()) }
}

/// `a ** b`
pub unsafe fn float_pow(a: f64, b: f64) -> PyResult<f64> {
    let finite = a.is_finite() && b.is_finite();
    if finite && a < 0.0 && b.fract() != 0.0 {
        return Err(value_error(
            "negative number cannot be raised to a fractional power",
        ));
    }
    let result = a.powf(b);
    if finite && result.is_finite() {
        return Ok(result);
    }
    unsafe { slow(a, b, power) }
}
