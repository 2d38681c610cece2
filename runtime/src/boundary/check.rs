//! Checking a value against a declared type at run time.
//!
//! What a check covers: classes by `isinstance`, unions by any member, `Literal` by value, fixed tuples element by element, containers by
//! their own type, `type[C]` by `issubclass`, callables by `callable`, protocols not at all, type variables by their bound.

use std::ffi::{CString, c_ulong};

use keelback_checker::types::{Constant, Name, Primitive, Symbol, Type};
use keelback_lowering::types::Repr;

use crate::classes::storage;
use crate::ffi::{self, PyObject, PyTypeObject};
use crate::gil::GilCell;
use crate::object::{self, Owned, PyResult, Raised};
use crate::records::{self, ClassRecord};

/// A declared type, ready to be checked against.
#[derive(Debug)]
pub struct Check {
    kind: Kind,
    /// As messages write it.
    pub name: String,
}

#[derive(Debug)]
enum Kind {
    Any,
    Never,
    None,
    /// A builtin class with a subclass flag of its own.
    Flag(c_ulong),
    Bool,
    /// `float`, `double`, `single`: floats, and ints which become floats.
    Float,
    Integer(Primitive),
    /// An `Array` with elements so held: compiled code goes by it.
    Array(Repr),
    Class(ClassRef),
    Exact(ClassRef),
    Union(Vec<Check>),
    Literal(Owned),
    /// A member of an enumeration, by name.
    Member(ClassRef, Name),
    Tuple(Vec<Check>),
    Subclass(ClassRef),
    Callable,
}

/// A class found when it is first needed.
#[derive(Debug)]
struct ClassRef {
    symbol: Symbol,
    /// Strong, never dropped; null until found.
    found: GilCell<*mut PyObject>,
    /// How often classes had been replaced by then.
    replacements: GilCell<u32>,
    /// Found, and of no use for a check (a protocol, a special form).
    unchecked: GilCell<bool>,
}

/// What a check says of a value.
pub enum Verdict {
    /// It has the type.
    Fits,
    /// It has the type once converted to this.
    Becomes(Owned),
    /// It does not have the type.
    Wrong,
    /// An int too large for the fixed-width type.
    OutOfRange,
}

impl Check {
    /// Prepares a type.
    pub fn new(ty: &Type) -> Check {
        Check {
            kind: Kind::of(ty),
            name: ty.to_string(),
        }
    }

    /// Whether everything passes.
    pub fn is_trivial(&self) -> bool {
        matches!(self.kind, Kind::Any)
    }

    /// Whether values that pass refer to no other object, so that they are part of no reference cycle.
    pub fn is_atomic(&self) -> bool {
        match &self.kind {
            Kind::None | Kind::Bool | Kind::Float | Kind::Integer(_) => true,
            Kind::Flag(flag) => {
                flag & (ffi::Py_TPFLAGS_UNICODE_SUBCLASS | ffi::Py_TPFLAGS_BYTES_SUBCLASS) != 0
            }
            Kind::Union(members) => members.iter().all(Check::is_atomic),
            _ => false,
        }
    }

    /// Checks `value`.
    ///
    /// # Errors
    /// What an `__instancecheck__` or `__eq__` of the user raised.
    ///
    /// # Safety
    /// `value` is alive; the GIL is held.
    #[inline]
    pub unsafe fn test(&self, value: *mut PyObject) -> PyResult<Verdict> {
        // SAFETY: the caller's promise.
        unsafe {
            match &self.kind {
                Kind::Any => Ok(Verdict::Fits),
                Kind::Flag(flag) => Ok(fits(ffi::type_flags(ffi::Py_TYPE(value)) & flag != 0)),
                _ => self.test_slowly(value),
            }
        }
    }

    /// Whether a value that does not pass is an instance of what one of the classes was before its module was imported again. To a function that CPython runs
    /// the name may still mean that class.
    ///
    /// # Safety
    /// `value` is alive; the GIL is held.
    pub unsafe fn passed_once(&self, value: *mut PyObject) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            if records::replacements() == 0 {
                return false;
            }
            match &self.kind {
                Kind::Class(c) | Kind::Exact(c) => c.earlier(ffi::Py_TYPE(value)).is_some(),
                Kind::Union(members) => members.iter().any(|member| member.passed_once(value)),
                _ => false,
            }
        }
    }

    unsafe fn test_slowly(&self, value: *mut PyObject) -> PyResult<Verdict> {
        // SAFETY: the caller's promise.
        unsafe {
            let class = ffi::Py_TYPE(value);
            Ok(match &self.kind {
                Kind::Any => Verdict::Fits,
                Kind::Never => Verdict::Wrong,
                Kind::None => fits(value == ffi::Py_None()),
                Kind::Flag(flag) => fits(ffi::type_flags(class) & flag != 0),
                Kind::Bool => fits(class == &raw mut ffi::PyBool_Type),
                Kind::Float => float(value)?,
                Kind::Array(kind) => fits(crate::array::is_array_of(value, *kind)),
                Kind::Integer(p) => integer(*p, value)?,
                Kind::Class(c) => fits(c.is_instance(value)?),
                Kind::Exact(c) => fits(c.is_exactly(class)),
                Kind::Union(members) => return union(members, value),
                Kind::Literal(expected) => fits(same_literal(expected.as_ptr(), value)?),
                Kind::Member(class, name) => fits(class.has_member(name, value)?),
                Kind::Tuple(items) => tuple(items, value)?,
                Kind::Subclass(c) => fits(c.is_subclass(value)?),
                Kind::Callable => fits(ffi::PyCallable_Check(value) != 0),
            })
        }
    }
}

fn fits(ok: bool) -> Verdict {
    if ok { Verdict::Fits } else { Verdict::Wrong }
}

impl Kind {
    fn of(ty: &Type) -> Kind {
        match &ty.at_run_time() {
            Type::Dynamic => Kind::Any,
            Type::Never => Kind::Never,
            Type::None => Kind::None,
            Type::Primitive(Primitive::Double | Primitive::Single) => Kind::Float,
            Type::Primitive(Primitive::CBool) => Kind::Bool,
            Type::Primitive(p) => Kind::Integer(*p),
            Type::Instance(c, args) | Type::Exact(c, args)
                if &*c.module == "__static__" && &*c.qualname == "Array" =>
            {
                match args.first() {
                    Some(element) if Repr::of(element) != Repr::Obj => {
                        Kind::Array(Repr::of(element))
                    }
                    _ => Kind::Class(ClassRef::new(c)),
                }
            }
            Type::Instance(c, _) => Kind::instance(c),
            Type::Exact(c, _) => Kind::Exact(ClassRef::new(c)),
            Type::Tuple(items) => Kind::Tuple(items.iter().map(Check::new).collect()),
            Type::Union(members) => {
                let members: Vec<Check> = members.iter().map(Check::new).collect();
                if members.iter().any(Check::is_trivial) {
                    Kind::Any
                } else {
                    Kind::Union(members)
                }
            }
            Type::Literal(constant) => match constant_object(constant) {
                Ok(object) => Kind::Literal(object),
                Err(Raised) => {
                    // SAFETY: the GIL is held by whoever registers functions.
                    unsafe { ffi::PyErr_Clear() };
                    Kind::Any
                }
            },
            Type::EnumMember(c, name) => Kind::Member(ClassRef::new(c), *name),
            Type::Class(c) => Kind::Subclass(ClassRef::new(c)),
            Type::Callable(..) => Kind::Callable,
            // Every other form is one of these at run time.
            _ => Kind::Any,
        }
    }

    fn instance(class: &Symbol) -> Kind {
        if &*class.module != "builtins" {
            return Kind::Class(ClassRef::new(class));
        }
        match &*class.qualname {
            "object" => Kind::Any,
            "int" => Kind::Flag(ffi::Py_TPFLAGS_LONG_SUBCLASS),
            "str" => Kind::Flag(ffi::Py_TPFLAGS_UNICODE_SUBCLASS),
            "bytes" => Kind::Flag(ffi::Py_TPFLAGS_BYTES_SUBCLASS),
            "list" => Kind::Flag(ffi::Py_TPFLAGS_LIST_SUBCLASS),
            "tuple" => Kind::Flag(ffi::Py_TPFLAGS_TUPLE_SUBCLASS),
            "dict" => Kind::Flag(ffi::Py_TPFLAGS_DICT_SUBCLASS),
            "type" => Kind::Flag(ffi::Py_TPFLAGS_TYPE_SUBCLASS),
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "NoneType" => Kind::None,
            _ => Kind::Class(ClassRef::new(class)),
        }
    }
}

impl ClassRef {
    fn new(symbol: &Symbol) -> ClassRef {
        ClassRef {
            symbol: *symbol,
            found: GilCell::new(std::ptr::null_mut()),
            replacements: GilCell::new(0),
            unchecked: GilCell::new(false),
        }
    }

    /// The class, or null while it cannot be found or means nothing at run time.
    unsafe fn get(&self) -> *mut PyObject {
        // SAFETY: the caller holds the GIL.
        unsafe {
            let found = self.found.get();
            let current = self.replacements.get() == records::replacements();
            if (!found.is_null() && current) || self.unchecked.get() {
                return found;
            }
            let Some(object) = records::resolve(&self.symbol) else {
                return std::ptr::null_mut();
            };
            let object = origin(object);
            if ffi::PyType_Check(object.as_ptr()) == 0 || is_protocol(object.as_ptr()) {
                self.unchecked.set(true);
                return std::ptr::null_mut();
            }
            let pointer = object.leak().as_ptr();
            self.found.set(pointer);
            self.replacements.set(records::replacements());
            pointer
        }
    }

    unsafe fn is_exactly(&self, class: *mut PyTypeObject) -> bool {
        // SAFETY: the caller holds the GIL.
        unsafe {
            let wanted = self.get();
            wanted.is_null() || wanted == class.cast()
        }
    }

    unsafe fn is_instance(&self, value: *mut PyObject) -> PyResult<bool> {
        // SAFETY: the caller holds the GIL and keeps `value` alive.
        unsafe {
            let wanted = self.get();
            let class: *mut PyObject = ffi::Py_TYPE(value).cast();
            if wanted == class || wanted.is_null() {
                return Ok(true);
            }
            if ffi::PyType_IsSubtype(class.cast(), wanted.cast()) != 0 {
                return Ok(true);
            }
            if records::replacements() != 0
                && self.earlier(class.cast()).is_some_and(|r| r.passes.get())
            {
                return Ok(true);
            }
            // Who only passes for an instance, by a hook of the metaclass, does not have the storage of one.
            let plain = ffi::Py_TYPE(wanted) == &raw mut ffi::PyType_Type;
            if plain || storage::is_ours(wanted.cast()) {
                return Ok(false);
            }
            forgiving(ffi::PyObject_IsInstance(value, wanted))
        }
    }

    /// The class of this name that a type derives from, whenever that was made.
    unsafe fn earlier(&self, class: *mut PyTypeObject) -> Option<&'static ClassRecord> {
        let mut at = class;
        // SAFETY: the caller holds the GIL; bases live as long as their subclasses.
        unsafe {
            while let Some(storage) = storage::of(at) {
                if storage.record.symbol == self.symbol {
                    return Some(storage.record);
                }
                at = ffi::read(storage.class.cast(), ffi::layout().type_base);
            }
            None
        }
    }

    /// Whether `value` is what the class calls `name`. Of a class that has no such name only the kind is asked.
    unsafe fn has_member(&self, name: &str, value: *mut PyObject) -> PyResult<bool> {
        // SAFETY: the caller holds the GIL and keeps `value` alive.
        unsafe {
            let wanted = self.get();
            if wanted.is_null() {
                return Ok(true);
            }
            let name = CString::new(name).unwrap_or_default();
            match object::getattr(wanted, &name) {
                Ok(member) => Ok(member.as_ptr() == value),
                Err(Raised) => {
                    ffi::PyErr_Clear();
                    self.is_instance(value)
                }
            }
        }
    }

    unsafe fn is_subclass(&self, value: *mut PyObject) -> PyResult<bool> {
        // SAFETY: the caller holds the GIL and keeps `value` alive.
        unsafe {
            if ffi::PyType_Check(value) == 0 {
                return Ok(false);
            }
            let wanted = self.get();
            if wanted.is_null() {
                return Ok(true);
            }
            forgiving(ffi::PyObject_IsSubclass(value, wanted))
        }
    }
}

/// A class that refuses to be asked (`TypeError`) accepts everything.
unsafe fn forgiving(answer: i32) -> PyResult<bool> {
    // SAFETY: the GIL is held.
    unsafe {
        if answer >= 0 {
            return Ok(answer != 0);
        }
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0 {
            ffi::PyErr_Clear();
            return Ok(true);
        }
        Err(Raised)
    }
}

/// `list` for `typing.List`, `collections.abc.Iterable` for `typing.Iterable`; other objects are themselves.
unsafe fn origin(object: Owned) -> Owned {
    // SAFETY: the GIL is held.
    unsafe {
        if ffi::PyType_Check(object.as_ptr()) != 0 {
            return object;
        }
        match object::getattr(object.as_ptr(), c"__origin__") {
            Ok(origin) => origin,
            Err(Raised) => {
                ffi::PyErr_Clear();
                object
            }
        }
    }
}

/// Protocols and typed dicts.
unsafe fn is_protocol(class: *mut PyObject) -> bool {
    // SAFETY: the GIL is held.
    unsafe {
        let yes = match object::getattr(class, c"_is_protocol") {
            Ok(flag) => ffi::PyObject_IsTrue(flag.as_ptr()) == 1,
            Err(Raised) => false,
        };
        ffi::PyErr_Clear();
        yes || object::class_name(ffi::Py_TYPE(class)) == "_TypedDictMeta"
    }
}

/// An exact int, float or bool and so on of the same value: `True` is not `Literal[1]`.
unsafe fn same_literal(expected: *mut PyObject, value: *mut PyObject) -> PyResult<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        if expected == value {
            return Ok(true);
        }
        if ffi::Py_TYPE(expected) != ffi::Py_TYPE(value) {
            return Ok(false);
        }
        match ffi::PyObject_RichCompareBool(expected, value, ffi::Py_EQ) {
            -1 => Err(Raised),
            answer => Ok(answer == 1),
        }
    }
}

unsafe fn float(value: *mut PyObject) -> PyResult<Verdict> {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyFloat_Check(value) != 0 {
            return Ok(Verdict::Fits);
        }
        if ffi::PyLong_Check(value) != 0 {
            let number = ffi::PyLong_AsDouble(value);
            if number == -1.0 && !ffi::PyErr_Occurred().is_null() {
                return Err(Raised);
            }
            return Ok(Verdict::Becomes(Owned::from_new(ffi::PyFloat_FromDouble(
                number,
            ))?));
        }
        Ok(Verdict::Wrong)
    }
}

unsafe fn integer(kind: Primitive, value: *mut PyObject) -> PyResult<Verdict> {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyLong_Check(value) == 0 {
            return Ok(Verdict::Wrong);
        }
        let (low, high) = kind.range().unwrap_or((0, 1));
        let mut overflow = 0;
        let number = ffi::PyLong_AsLongLongAndOverflow(value, &raw mut overflow);
        let inside = if overflow == 0 {
            (low..=high).contains(&i128::from(number))
        } else if overflow > 0 && kind == Primitive::UInt64 {
            let wide = ffi::PyLong_AsUnsignedLongLong(value);
            let failed = wide == u64::MAX && !ffi::PyErr_Occurred().is_null();
            if failed {
                ffi::PyErr_Clear();
            }
            !failed
        } else {
            false
        };
        Ok(if inside {
            Verdict::Fits
        } else {
            Verdict::OutOfRange
        })
    }
}

/// A member that fits as it stands wins over one that would convert.
unsafe fn union(members: &[Check], value: *mut PyObject) -> PyResult<Verdict> {
    let mut best = Verdict::Wrong;
    for member in members {
        // SAFETY: the caller's promise.
        match unsafe { member.test(value)? } {
            Verdict::Fits => return Ok(Verdict::Fits),
            Verdict::Wrong => {}
            Verdict::OutOfRange => {
                if matches!(best, Verdict::Wrong) {
                    best = Verdict::OutOfRange;
                }
            }
            becomes @ Verdict::Becomes(_) => best = becomes,
        }
    }
    Ok(best)
}

unsafe fn tuple(items: &[Check], value: *mut PyObject) -> PyResult<Verdict> {
    // SAFETY: the caller's promise; a tuple keeps its items.
    unsafe {
        if ffi::PyTuple_Check(value) == 0 || ffi::PyTuple_Size(value) != items.len() as isize {
            return Ok(Verdict::Wrong);
        }
        let mut changed: Vec<Option<Owned>> = Vec::new();
        for (i, check) in items.iter().enumerate() {
            let item = ffi::PyTuple_GetItem(value, i as isize);
            match check.test(item)? {
                Verdict::Fits => {}
                Verdict::Becomes(new) => {
                    changed.resize_with(items.len(), || None);
                    changed[i] = Some(new);
                }
                Verdict::Wrong => return Ok(Verdict::Wrong),
                Verdict::OutOfRange => return Ok(Verdict::OutOfRange),
            }
        }
        if changed.is_empty() {
            return Ok(Verdict::Fits);
        }
        let new = Owned::from_new(ffi::PyTuple_New(items.len() as isize))?;
        for (i, part) in changed.into_iter().enumerate() {
            let part = part
                .unwrap_or_else(|| Owned::from_borrowed(ffi::PyTuple_GetItem(value, i as isize)));
            ffi::PyTuple_SetItem(new.as_ptr(), i as isize, part.into_ptr());
        }
        Ok(Verdict::Becomes(new))
    }
}

/// The object of a constant.
///
/// # Errors
/// `MemoryError`.
pub fn constant_object(constant: &Constant) -> PyResult<Owned> {
    // SAFETY: the GIL is held by whoever compiles; each result is a new reference.
    unsafe {
        match constant {
            Constant::None => Ok(Owned::from_borrowed(ffi::Py_None())),
            Constant::Ellipsis => Ok(Owned::from_borrowed(ffi::Py_Ellipsis())),
            Constant::Bool(v) => Owned::from_new(ffi::PyBool_FromLong((*v).into())),
            Constant::Int(v) => Owned::from_new(ffi::PyLong_FromLongLong(*v)),
            Constant::BigInt(digits) => {
                let text = std::ffi::CString::new(&**digits).unwrap_or_default();
                Owned::from_new(ffi::PyLong_FromString(
                    text.as_ptr(),
                    std::ptr::null_mut(),
                    10,
                ))
            }
            Constant::Float(bits) => {
                Owned::from_new(ffi::PyFloat_FromDouble(f64::from_bits(*bits)))
            }
            Constant::Imaginary(bits) => {
                Owned::from_new(ffi::PyComplex_FromDoubles(0.0, f64::from_bits(*bits)))
            }
            Constant::Str(v) => object::str_object(v),
            Constant::Bytes(v) => Owned::from_new(ffi::PyBytes_FromStringAndSize(
                v.as_ptr().cast(),
                v.len() as isize,
            )),
            Constant::Tuple(items) => {
                let tuple = Owned::from_new(ffi::PyTuple_New(items.len() as isize))?;
                for (i, item) in items.iter().enumerate() {
                    let item = constant_object(item)?;
                    ffi::PyTuple_SetItem(tuple.as_ptr(), i as isize, item.into_ptr());
                }
                Ok(tuple)
            }
        }
    }
}
