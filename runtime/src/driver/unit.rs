//! Units: everything that can be called natively.
//!
//! A unit is a function of the source, a constructor, a thunk or an adapter. It is lowered and compiled when it is first called. Whoever calls it keeps a
//! *site*, a word that holds its native entry: the word starts at a stub that compiles the unit, and is overwritten when that has happened. Units are
//! never freed; a module that is imported again gets new ones.

use std::fmt;
use std::sync::Arc;

use keelback_checker::types::Symbol;
use keelback_lowering::function::{CellKind, Function, Origin};
use keelback_lowering::types::Signature;

use super::Driver;
use crate::ffi::PyObject;
use crate::gil::GilCell;
use crate::object::{Owned, PyResult};
use crate::records::FunctionRecord;
use crate::thread::ThreadCtx;

/// A word that holds a native entry.
pub type Site = *mut *const u8;

/// Calls native code of one signature with the arguments as words, stores the result as a word; 0, or 2 when an exception is set.
pub type WordEntry = unsafe extern "C" fn(
    native: *const u8,
    ctx: *mut ThreadCtx,
    args: *const u64,
    result: *mut u64,
) -> u8;

/// A vectorcall.
pub type Vectorcall = unsafe extern "C" fn(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject;

/// What compiling a unit gave.
#[derive(Clone, Copy, Debug)]
pub struct Entries {
    /// Bytes of code.
    pub size: usize,
    /// Native entry.
    pub native: *const u8,
    /// How the runtime calls the native entry.
    pub word: WordEntry,
    /// Vectorcall for complete positional arguments, for functions of the source.
    pub vectorcall: Option<Vectorcall>,
}

/// How far a unit has come.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Not called yet.
    Cold,
    /// Bytecode is there.
    Lowered(&'static Function),
    /// Machine code is there.
    Compiled(&'static Function, Entries),
    /// It cannot be compiled, or what it assumed is no longer so: CPython's version runs.
    Left(&'static str),
}

/// Something that can be called natively. See the module's documentation.
pub struct Unit {
    /// The function, or what the unit stands in for.
    pub symbol: Symbol,
    /// What it is made from.
    pub origin: Origin,
    /// Its native signature.
    pub signature: Signature,
    /// The function's record, for functions of the source.
    pub record: GilCell<Option<&'static FunctionRecord>>,
    state: GilCell<State>,
    /// Its bytecode before it is told from its calls, once somebody asked for it.
    prepared: GilCell<Option<Arc<Function>>>,
    /// The stub that compiles it, once somebody asked for an entry.
    stub: GilCell<*const u8>,
    sites: GilCell<Vec<Site>>,
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({} {:?})", self.symbol, self.origin)
    }
}

// SAFETY: units are shared between threads, and touched only under the GIL.
unsafe impl Sync for Unit {}
// SAFETY: as above.
unsafe impl Send for Unit {}

impl Unit {
    /// A unit that nothing has called yet.
    pub fn new(symbol: Symbol, origin: Origin, signature: Signature) -> Unit {
        Unit {
            symbol,
            origin,
            signature,
            record: GilCell::new(None),
            state: GilCell::new(State::Cold),
            prepared: GilCell::new(None),
            stub: GilCell::new(std::ptr::null()),
            sites: GilCell::new(Vec::new()),
        }
    }

    /// A unit of bytecode that is there already, of no module; for tests. Never freed.
    pub fn of_bytecode(function: Function) -> &'static Unit {
        let function: &'static Function = Box::leak(Box::new(function));
        let unit = Unit::new(
            function.symbol,
            function.origin.clone(),
            function.signature.clone(),
        );
        // SAFETY: the GIL is held, and nobody else has the unit yet.
        unsafe { unit.state.set(State::Lowered(function)) };
        Box::leak(Box::new(unit))
    }

    /// Why CPython's version runs instead, if it does.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn left(&self) -> Option<&'static str> {
        // SAFETY: the caller's promise.
        match unsafe { self.state.get() } {
            State::Left(reason) => Some(reason),
            _ => None,
        }
    }

    /// The bytecode with its calls as calls, as it goes into callers; made when first asked for.
    ///
    /// # Errors
    /// Why there is none now.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn prepared(&'static self) -> Result<Arc<Function>, String> {
        // SAFETY: the caller's promise; the closures only touch the cell.
        unsafe {
            if let Some(reason) = self.left() {
                return Err(reason.to_owned());
            }
            if let Some(found) = self.prepared.with(|p| p.clone()) {
                return Ok(found);
            }
            let made = Arc::new(Driver::get().prepare(self)?);
            self.prepared.with(|p| *p = Some(made.clone()));
            Ok(made)
        }
    }

    /// Whether the bytecode that is there so far has something.
    ///
    /// # Safety
    /// The GIL is held, and `test` does not come back to the unit.
    pub unsafe fn has(&self, test: impl Fn(&Function) -> bool) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match self.state.get() {
                State::Lowered(function) | State::Compiled(function, _) => test(function),
                State::Cold => self.prepared.with(|p| p.as_ref().is_some_and(|f| test(f))),
                State::Left(_) => false,
            }
        }
    }

    /// Bytes of machine code; 0 while there is none.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn code_bytes(&self) -> usize {
        // SAFETY: the caller's promise.
        match unsafe { self.state.get() } {
            State::Compiled(_, entries) => entries.size,
            _ => 0,
        }
    }

    /// The bytecode, made when first asked for.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn bytecode(&'static self) -> Result<&'static Function, &'static str> {
        // SAFETY: the caller's promise.
        unsafe {
            match self.state.get() {
                State::Lowered(function) | State::Compiled(function, _) => Ok(function),
                State::Left(reason) => Err(reason),
                State::Cold => match Driver::get().lower(self) {
                    Ok(function) => {
                        let function: &'static Function = Box::leak(Box::new(function));
                        self.state.set(State::Lowered(function));
                        Ok(function)
                    }
                    Err(reason) => {
                        self.leave(reason);
                        Err(self.left().unwrap_or_default())
                    }
                },
            }
        }
    }

    /// The machine code, made when first asked for.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn entries(&'static self) -> Result<Entries, &'static str> {
        // SAFETY: the caller's promise.
        unsafe {
            if let State::Compiled(_, entries) = self.state.get() {
                return Ok(entries);
            }
            let function = self.bytecode()?;
            match Driver::get().compile(self, function) {
                Ok(entries) => {
                    self.state.set(State::Compiled(function, entries));
                    let stub = self.stub.get();
                    self.sites.with(|sites| {
                        for site in std::mem::take(sites) {
                            // A site that was given to something else in the meantime is not ours to write.
                            if *site == stub {
                                *site = entries.native;
                            }
                        }
                    });
                    Ok(entries)
                }
                Err(reason) => {
                    self.leave(reason);
                    Err(self.left().unwrap_or_default())
                }
            }
        }
    }

    /// Lets a word hold the native entry: now the stub, and the machine code once there is some.
    ///
    /// # Safety
    /// The site lives as long as the process; the GIL is held.
    pub unsafe fn attach(&'static self, site: Site) {
        // SAFETY: the caller's promise.
        unsafe {
            if let State::Compiled(_, entries) = self.state.get() {
                *site = entries.native;
                return;
            }
            if self.stub.get().is_null() {
                self.stub.set(Driver::get().stub(self));
            }
            *site = self.stub.get();
            self.sites.with(|sites| sites.push(site));
        }
    }

    /// Leaves the function to CPython from now on. Frames that are running finish as they are.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn leave(&'static self, reason: String) {
        // SAFETY: the caller's promise.
        unsafe {
            if self.left().is_some() {
                return;
            }
            if self.origin == Origin::Source {
                crate::stats::left_to_cpython(&self.symbol, &reason);
            }
            self.state
                .set(State::Left(Box::leak(reason.into_boxed_str())));
            super::cells::unit_left(self);
        }
    }

    /// What stands in for the unit when it is left to CPython: calls the function object dynamically and checks the result.
    pub fn stand_in(&self) -> Origin {
        match &self.origin {
            Origin::Source if self.symbol.qualname.contains('.') => {
                Origin::Thunk(CellKind::Direct {
                    function: self.symbol,
                })
            }
            Origin::Source => Origin::Thunk(CellKind::Function {
                module: self.symbol.module,
                name: self.symbol.qualname,
                target: self.symbol,
            }),
            Origin::Constructor(class) => Origin::Thunk(CellKind::Class {
                module: class.module,
                name: class.qualname,
                target: *class,
            }),
            Origin::Adapter(function) => Origin::MethodThunk(*function),
            thunk => thunk.clone(),
        }
    }

    /// Calls the unit with one word for each argument, on either tier. References are borrowed; the result's is the caller's.
    ///
    /// # Errors
    /// The function raised.
    ///
    /// # Safety
    /// The words are values of the signature's representations; the GIL is held.
    pub unsafe fn call_words(&'static self, ctx: *mut ThreadCtx, args: &[u64]) -> PyResult<u64> {
        // SAFETY: the caller's promise.
        unsafe { super::call::words(self, ctx, args) }
    }

    /// Calls the unit with one object for each argument, each of its parameter's declared type; boxes the result.
    ///
    /// # Errors
    /// The function raised, or an int does not fit its parameter.
    ///
    /// # Safety
    /// `args` holds one live object for each parameter; the GIL is held.
    pub unsafe fn call_objects(
        &'static self,
        ctx: *mut ThreadCtx,
        args: *const *mut PyObject,
    ) -> PyResult<Owned> {
        // SAFETY: the caller's promise.
        unsafe { super::call::objects(self, ctx, args) }
    }
}
