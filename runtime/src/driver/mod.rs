//! The compiler inside CPython: from the checker's queries to code that function objects run.
//!
//! [`module`] answers the importer's question what a module's functions are; [`mod@unit`] holds what can be called natively and when it is compiled; [`cells`] and
//! [`methods`] are what compiled code calls through, kept right when names are rebound; [`linker`] gives the code generator its addresses; [`call`] calls
//! units from the runtime. Everything here happens under the GIL.

mod ahead;
pub mod bindings;
pub mod call;
pub mod callees;
pub mod cells;
pub mod descriptions;
mod generations;
pub mod inspect;
pub mod linked;
pub mod linker;
pub mod method_table;
pub mod methods;
pub mod module;
pub mod perf_map;
mod shadows;
mod side_tables;
pub mod supers;
pub mod trace;
pub mod unit;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use keelback_checker::db::{Database, File};
use keelback_checker::interface::FunctionInterface;
use keelback_checker::settings::Settings;
use keelback_checker::system::OsSystem;
use keelback_checker::types::{Name, Symbol};
use keelback_jit::linker::Linker;
use keelback_jit::{GenericEntry, Jit, JitError, Options};
use keelback_lowering::build::{self, Interfaces};
use keelback_lowering::function::{CellRef, Function, Origin, Reference};
use keelback_lowering::pipeline;
use keelback_lowering::query::DbInterfaces;
use keelback_lowering::types::Signature;
use rustc_hash::FxHashMap;

use self::linker::RuntimeLinker;
use self::unit::{Entries, Unit};
use crate::gil::GilCell;
use crate::stats::{self, Phase};

/// Who runs compiled functions: `KEELBACK_TIER`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// The bytecode interpreter.
    Interp,
    /// Machine code, made at a unit's first call (`jit` and `auto`).
    Jit,
}

/// Starts the compiler and tells the watchers, the helpers and the interpreter of it. Once in a process.
///
/// # Errors
/// What is wrong with the environment (an unknown tier, a machine without a code generator), in one sentence.
///
/// # Safety
/// The GIL is held, and the host knows the interpreter's layout.
pub unsafe fn start() -> Result<(), String> {
    // SAFETY: the caller's promise.
    unsafe { cells::remember_builtins() }.map_err(|_| "the builtins cannot be read".to_owned())?;
    let db = Database::new(Arc::new(OsSystem::new()), &Settings::default());
    Driver::start(db)?;
    ahead::start();
    crate::watch::bindings::set(Box::new(bindings::DriverBindings));
    crate::helpers::linked::install(&linked::DriverLinked);
    Ok(())
}

/// How many stubs are made at once.
const STUBS: usize = 64;

/// The compiler's state in this process.
pub struct Driver {
    /// The tier.
    pub tier: Tier,
    /// Optimisation level: 0, 1 or 2.
    pub opt: u8,
    db: GilCell<Database>,
    files: GilCell<FxHashMap<Name, File>>,
    /// `sys.path` as the database knows it.
    path: GilCell<Option<Vec<PathBuf>>>,
    jit: GilCell<Jit>,
    /// Stubs that no unit has yet, with the slots that say whose they are.
    stubs: GilCell<Vec<(&'static GilCell<*const Unit>, *const u8)>>,
    linker: RuntimeLinker,
    units: GilCell<FxHashMap<(Symbol, Origin, Signature), &'static Unit>>,
    /// Every unit of the source ever made.
    sources: GilCell<Vec<&'static Unit>>,
}

static DRIVER: GilCell<Option<&'static Driver>> = GilCell::new(None);

impl Driver {
    /// Starts the compiler: once in a process, under the GIL.
    ///
    /// # Errors
    /// What is wrong with the environment (an unknown tier, a machine without a code generator), in one sentence.
    fn start(db: Database) -> Result<&'static Driver, String> {
        let tier = match std::env::var("KEELBACK_TIER").as_deref() {
            Ok("interp") => Tier::Interp,
            Ok("jit" | "auto" | "") | Err(_) => Tier::Jit,
            Ok(other) => {
                return Err(format!(
                    "KEELBACK_TIER is '{other}'; it must be interp, jit or auto"
                ));
            }
        };
        let opt = match std::env::var("KEELBACK_OPT").as_deref() {
            Ok("0") => 0,
            Ok("1") => 1,
            Ok("2" | "") | Err(_) => 2,
            Ok(other) => return Err(format!("KEELBACK_OPT is '{other}'; it must be 0, 1 or 2")),
        };
        let jit = Jit::new(Options::default())
            .map_err(|e| format!("the code generator cannot start: {e}"))?;
        jit.check_linker(&RuntimeLinker::of_the_process())
            .map_err(|e| e.to_string())?;
        let driver: &'static Driver = Box::leak(Box::new(Driver {
            tier,
            opt,
            db: GilCell::new(db),
            files: GilCell::new(FxHashMap::default()),
            path: GilCell::new(None),
            jit: GilCell::new(jit),
            stubs: GilCell::new(Vec::new()),
            linker: RuntimeLinker::of_the_process(),
            units: GilCell::new(FxHashMap::default()),
            sources: GilCell::new(Vec::new()),
        }));
        // SAFETY: the caller holds the GIL.
        unsafe { DRIVER.set(Some(driver)) };
        Ok(driver)
    }

    /// The driver. Panics before [`Driver::start`].
    pub fn get() -> &'static Driver {
        // SAFETY: the GIL is held; it is set once.
        unsafe { DRIVER.get() }.expect("the compiler has been started")
    }

    /// The addresses.
    pub fn linker(&self) -> &RuntimeLinker {
        &self.linker
    }

    /// The unit of a symbol and origin with a signature, made if it is new.
    pub fn unit(&self, symbol: &Symbol, origin: Origin, signature: &Signature) -> &'static Unit {
        let key = (*symbol, origin.clone(), signature.clone());
        // SAFETY: the GIL is held; the closures only touch the map.
        unsafe {
            if let Some(unit) = self.units.with(|u| u.get(&key).copied()) {
                return unit;
            }
            let unit: &'static Unit =
                Box::leak(Box::new(Unit::new(*symbol, origin, signature.clone())));
            self.units.with(|u| u.insert(key, unit));
            unit
        }
    }

    /// A unit of its own for a function of a module that was just compiled: an earlier version of the function keeps the one it has.
    fn new_source_unit(&self, symbol: &Symbol, signature: Signature) -> &'static Unit {
        let key = (*symbol, Origin::Source, signature.clone());
        let unit: &'static Unit =
            Box::leak(Box::new(Unit::new(*symbol, Origin::Source, signature)));
        // SAFETY: the GIL is held; the closures only touch the map and the list.
        unsafe {
            self.units.with(|u| u.insert(key, unit));
            self.sources.with(|s| s.push(unit));
        }
        unit
    }

    /// What gives the unit another signature.
    pub fn adapter(&self, unit: &'static Unit, wanted: &Signature) -> Option<&'static Unit> {
        (unit.signature.params.len() == wanted.params.len())
            .then(|| self.unit(&unit.symbol, Origin::Adapter(unit.symbol), wanted))
    }

    /// The interface of a function.
    pub fn interface(&self, function: &Symbol) -> Option<Arc<FunctionInterface>> {
        self.with_interfaces(&function.module, |interfaces| interfaces.function(function))
            .flatten()
    }

    /// How many laid-out classes a laid-out class descends from.
    fn depth(&self, class: &Symbol) -> Option<u32> {
        self.with_interfaces(&class.module, |interfaces| {
            let mut depth = 0;
            let mut layout = interfaces.class(class)?.layout.clone().ok()?;
            while let Some(base) = layout.base {
                layout = interfaces.class(&base)?.layout.clone().ok()?;
                depth += 1;
            }
            Some(depth)
        })
        .flatten()
    }

    /// Whether a laid-out class has fields that its base does not have.
    fn has_own_fields(&self, class: &Symbol) -> bool {
        let own = self.with_interfaces(&class.module, |interfaces| {
            let layout = interfaces.class(class)?.layout.clone().ok()?;
            Some(layout.fields.iter().any(|field| field.owner == *class))
        });
        own.flatten().unwrap_or(false)
    }

    /// The native signature of a function.
    pub fn signature(&self, function: &Symbol) -> Signature {
        self.interface(function)
            .map(|f| build::signature_of(&f))
            .unwrap_or(Signature {
                params: Vec::new(),
                ret: keelback_lowering::types::Repr::Obj,
            })
    }

    /// Runs `body` with the database.
    pub fn with_db<R>(&self, body: impl FnOnce(&mut Database) -> R) -> R {
        // SAFETY: the GIL is held; queries run no Python code.
        unsafe { self.db.with(body) }
    }

    /// Notes the file of a module that was imported.
    fn add_file(&self, module: &Name, file: File) {
        // SAFETY: the GIL is held; the closure only touches the map.
        unsafe { self.files.with(|f| f.insert(*module, file)) };
    }

    /// The file of a module: the one that was imported, else the one that an import would find.
    fn file(&self, db: &Database, module: &Name) -> Option<File> {
        // SAFETY: the GIL is held; the closure only touches the map.
        unsafe { self.files.with(|f| f.get(module).copied()) }
            .or_else(|| keelback_checker::resolve::resolve_module(db, module))
    }

    fn with_interfaces<R>(
        &self,
        module: &Name,
        body: impl FnOnce(&dyn Interfaces) -> R,
    ) -> Option<R> {
        self.with_db(|db| {
            let file = self.file(db, module)?;
            Some(body(&DbInterfaces::new(&*db, file)))
        })
    }

    /// The bytecode of a unit, with every pass done.
    fn lower(&self, unit: &'static Unit) -> Result<Function, String> {
        let started = Instant::now();
        // SAFETY: the GIL is held.
        let result = unsafe { unit.prepared() }.map(|prepared| {
            let mut function = Function::clone(&prepared);
            pipeline::finish(&mut function, self.opt, &callees::Loaded);
            function
        });
        stats::add(Phase::Lower, started.elapsed());
        result
    }

    /// The bytecode of a unit with its calls as calls, with the passes done that come before it goes into others.
    fn prepare(&self, unit: &'static Unit) -> Result<Function, String> {
        let result = match &unit.origin {
            Origin::Source => self.lower_source(unit),
            other => self
                .with_interfaces(&unit.symbol.module, |interfaces| {
                    let function = |symbol: &Symbol| {
                        interfaces
                            .function(symbol)
                            .ok_or_else(|| format!("the signature of {symbol} is not known"))
                    };
                    let lowered = match other {
                        Origin::Source => return Err(format!("{} has no source", unit.symbol)),
                        Origin::Constructor(class) => match interfaces.class(class) {
                            Some(class) => build::constructor(&class, interfaces),
                            None => return Err(format!("the class {class} is not known")),
                        },
                        Origin::Thunk(kind) => {
                            let cell = CellRef {
                                kind: kind.clone(),
                                signature: unit.signature.clone(),
                            };
                            build::thunk(&cell, interfaces)
                        }
                        Origin::MethodThunk(method) => {
                            build::method_thunk(&*function(method)?, interfaces)
                        }
                        Origin::Adapter(method) => {
                            build::adapter(&unit.signature, &*function(method)?, interfaces)
                        }
                    };
                    lowered.map_err(|e| e.reason.to_string())
                })
                .unwrap_or_else(|| Err(format!("the module {} is not found", unit.symbol.module))),
        };
        let mut function = result?;
        if function.signature != unit.signature {
            return Err(format!("the signature of {} has changed", unit.symbol));
        }
        self.with_interfaces(&unit.symbol.module, |interfaces| {
            // SAFETY: the GIL is held.
            unsafe {
                generations::check(&function, interfaces).and_then(|()| shadows::check(&function))
            }
        })
        .unwrap_or(Ok(()))?;
        pipeline::prepare(&mut function, self.opt);
        Ok(function)
    }

    fn lower_source(&self, unit: &'static Unit) -> Result<Function, String> {
        let (function, assumptions) = self.with_db(|db| {
            let file = self
                .file(db, &unit.symbol.module)
                .ok_or("its module is not found")?;
            module::lower(db, file, &unit.symbol)
        })?;
        // SAFETY: the GIL is held.
        unsafe { module::assume(unit, &assumptions)? };
        Ok(function)
    }

    /// The machine code of a unit.
    fn compile(&self, unit: &'static Unit, function: &'static Function) -> Result<Entries, String> {
        let started = Instant::now();
        let generic = module::vectorcall_params(unit).map(|params| GenericEntry { params });
        // Cells that are new make stubs, which the code generator makes too: so they are made before it starts.
        for reference in &function.references {
            if let Reference::Cell(cell) = reference {
                self.linker.cell(cell);
            }
        }
        // SAFETY: the GIL is held; the linker does not come back to the code generator.
        let compiled = unsafe {
            self.jit.with(|jit| {
                let compiled = jit.compile(function, generic.as_ref(), &self.linker)?;
                let word = jit.word_entry(&function.signature, &self.linker)?;
                Ok((compiled, word))
            })
        };
        let (compiled, word) =
            compiled.map_err(|e: JitError| format!("the code generator refused it: {e}"))?;
        stats::add(Phase::Generate, started.elapsed());
        stats::code_bytes(compiled.size);
        perf_map::note(unit, compiled.native, compiled.size);
        // SAFETY: the code generator's promise: the addresses are code with these signatures.
        unsafe {
            Ok(Entries {
                size: compiled.size,
                native: compiled.native,
                word: std::mem::transmute::<*const u8, unit::WordEntry>(word),
                vectorcall: compiled
                    .generic
                    .map(|g| std::mem::transmute::<*const u8, unit::Vectorcall>(g)),
            })
        }
    }

    /// A stub that compiles a unit and goes on to its code.
    fn stub(&self, unit: &'static Unit) -> *const u8 {
        // SAFETY: the GIL is held; the closures only touch what the cells hold.
        unsafe {
            if self.stubs.with(|s| s.is_empty()) {
                // One page of stubs at a time; each finds its unit in a slot of its own.
                let slots: &'static [GilCell<*const Unit>] =
                    Box::leak((0..STUBS).map(|_| GilCell::new(std::ptr::null())).collect());
                let ids: Vec<usize> = slots
                    .iter()
                    .map(|s| std::ptr::from_ref(s) as usize)
                    .collect();
                match self.jit.with(|jit| jit.lazy_stubs(&ids, resolve)) {
                    Ok(made) => self.stubs.with(|s| s.extend(slots.iter().zip(made))),
                    Err(error) => {
                        eprintln!("keelback: no memory for code: {error}");
                        std::process::abort();
                    }
                }
            }
            let (slot, stub) = self.stubs.with(Vec::pop).expect("there are stubs now");
            slot.set(unit);
            stub
        }
    }
}

/// Called by a stub: the native code of a unit, or of what stands in for it.
extern "C" fn resolve(slot: usize) -> *const u8 {
    // SAFETY: stubs are made for units, which are never freed; stubs are called under the GIL.
    unsafe {
        let unit: &'static Unit = &*(*(slot as *const GilCell<*const Unit>)).get();
        match unit.entries() {
            Ok(entries) => entries.native,
            Err(reason) => {
                let other = Driver::get().unit(&unit.symbol, unit.stand_in(), &unit.signature);
                match other.entries() {
                    Ok(entries) if !std::ptr::eq(other, unit) => entries.native,
                    // Nothing with the right signature can be made: going on would be a wrong answer.
                    _ => {
                        eprintln!(
                            "keelback: internal error: {} cannot be called natively: {reason}",
                            unit.symbol
                        );
                        std::process::abort();
                    }
                }
            }
        }
    }
}
