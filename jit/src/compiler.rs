//! The compiler's state and its entry points: a function in, addresses of code out.

use std::fmt;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, LibCall, UserFuncName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget, ir};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use keelback_lowering::function::{CheckRef, Function};
use keelback_lowering::helpers::Helper;
use keelback_lowering::types::Signature;
use rustc_hash::FxHashMap;

use crate::abi::native_signature;
use crate::emit::{Emit, External, Labels};
use crate::entries;
use crate::linker::Linker;
use crate::memory::CodeMemory;
use crate::translate::Translator;

/// Settings of the compiler.
#[derive(Clone, Debug)]
pub struct Options {
    /// Check Cranelift's form of every function before compiling it.
    pub verify: bool,
    /// Bytes of address space (not memory) to reserve for code. Compiling fails when it is used up.
    pub reserve: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            verify: cfg!(debug_assertions),
            reserve: 256 << 20,
        }
    }
}

/// Why something was not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JitError {
    /// The machine or its system is not one that code can be made for.
    Host(String),
    /// No memory for code.
    Memory(String),
    /// The function breaks the rules of typed bytecode: a bug in what made it.
    Malformed(String),
    /// Cranelift would not compile it: a bug here.
    Codegen(String),
    /// The runtime lacks this helper: a bug there.
    MissingHelper(&'static str),
}

impl fmt::Display for JitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JitError::Host(e) => write!(f, "cannot make code for this machine: {e}"),
            JitError::Memory(e) => write!(f, "no memory for code: {e}"),
            JitError::Malformed(e) => write!(f, "malformed bytecode: {e}"),
            JitError::Codegen(e) => write!(f, "code generation failed: {e}"),
            JitError::MissingHelper(h) => write!(f, "the runtime has no helper {h}"),
        }
    }
}

impl std::error::Error for JitError {}

/// What the generic entry of a function needs to know beyond its native signature.
#[derive(Clone, Debug, Default)]
pub struct GenericEntry {
    /// For each parameter, the check of its annotation; `None` where anything passes.
    pub params: Vec<Option<CheckRef>>,
}

/// A compiled function. Its code lives as long as the process.
#[derive(Clone, Copy, Debug)]
pub struct Compiled {
    /// The native entry.
    pub native: *const u8,
    /// The generic entry, a CPython vectorcall function, if one was asked for.
    pub generic: Option<*const u8>,
    /// Bytes of code of all entries.
    pub size: usize,
}

// SAFETY: the addresses are of immutable code that is never freed.
unsafe impl Send for Compiled {}

/// Machine code that is not in its place yet.
pub(crate) struct Piece {
    bytes: Vec<u8>,
    relocations: Vec<Relocation>,
    alignment: u64,
}

struct Relocation {
    offset: usize,
    addend: i64,
    target: Target,
}

enum Target {
    External(External),
    Library(LibCall),
}

/// The compiler. One per process will do; it is not shared between threads at the same time.
pub struct Jit {
    pub(crate) isa: OwnedTargetIsa,
    pub(crate) context: Context,
    pub(crate) builder: FunctionBuilderContext,
    memory: CodeMemory,
    word_entries: FxHashMap<Signature, usize>,
}

impl Jit {
    /// A compiler for this machine.
    pub fn new(options: Options) -> Result<Jit, JitError> {
        let host = |e: &dyn fmt::Display| JitError::Host(e.to_string());
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("preserve_frame_pointers", "true"),
            // Nothing unwinds through compiled code.
            ("unwind_info", "false"),
            (
                "enable_verifier",
                if options.verify { "true" } else { "false" },
            ),
        ] {
            flags.set(name, value).map_err(|e| host(&e))?;
        }
        let isa = cranelift_native::builder()
            .map_err(|e| host(&e))?
            .finish(settings::Flags::new(flags))
            .map_err(|e| host(&e))?;
        if isa.pointer_bits() != 64 {
            return Err(JitError::Host("pointers are not of 64 bits".into()));
        }
        Ok(Jit {
            isa,
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            memory: CodeMemory::new(options.reserve)?,
            word_entries: FxHashMap::default(),
        })
    }

    /// Checks that the linker has everything that compiled code may call. To be asked once, at start-up.
    pub fn check_linker(&self, linker: &dyn Linker) -> Result<(), JitError> {
        if let Some(helper) = Helper::ALL.iter().find(|h| linker.helper(**h) == 0) {
            return Err(JitError::MissingHelper(helper.info().name));
        }
        if linker.thread_context() == 0 {
            return Err(JitError::MissingHelper("thread_context"));
        }
        if linker.bind_slow() == 0 {
            return Err(JitError::MissingHelper("bind_slow"));
        }
        Ok(())
    }

    /// Bytes of code made so far, stubs included.
    pub fn code_size(&self) -> usize {
        self.memory.used()
    }

    /// Compiles a function on which every pass has run. With `generic`, which has as many parameters as the function, a generic entry too.
    pub fn compile(
        &mut self,
        function: &Function,
        generic: Option<&GenericEntry>,
        linker: &dyn Linker,
    ) -> Result<Compiled, JitError> {
        let mut pieces = vec![self.native_piece(function, linker)?];
        if let Some(generic) = generic {
            pieces.push(self.generic_piece(function, generic, linker)?);
        }
        let (addresses, size) = self.publish(&pieces, linker)?;
        Ok(Compiled {
            native: addresses[0] as *const u8,
            generic: addresses.get(1).map(|a| *a as *const u8),
            size,
        })
    }

    /// Code that calls any native function of a signature with arguments from memory: how the interpreter and the runtime call native code.
    /// It is an `extern "C" fn(native, ctx, args, ret) -> u8`: the native code to call, the thread context, the address of one word for each
    /// argument (see [`Repr`](keelback_lowering::types::Repr) for what a word holds), and where to put the word of the result. It returns 0, or 2 when an exception is set.
    pub fn word_entry(
        &mut self,
        signature: &Signature,
        linker: &dyn Linker,
    ) -> Result<*const u8, JitError> {
        if let Some(address) = self.word_entries.get(signature) {
            return Ok(*address as *const u8);
        }
        let clif = entries::word_entry_signature(self.isa.default_call_conv());
        let piece = self.piece(clif, linker, &mut None, |e| {
            entries::word_entry(e, signature)
        })?;
        let (addresses, _) = self.publish(&[piece], linker)?;
        self.word_entries.insert(signature.clone(), addresses[0]);
        Ok(addresses[0] as *const u8)
    }

    /// Native code with a signature that hands its arguments to `target` as words: how native code calls the interpreter, and anything else that the runtime
    /// does by hand. `target` is an `extern "C" fn(data, ctx, args: *const u64, ret: *mut u64) -> u8`, which returns 0 with the result's word stored (a new
    /// reference), or 2 with an exception set.
    pub fn bridge(
        &mut self,
        signature: &Signature,
        target: usize,
        data: usize,
        linker: &dyn Linker,
    ) -> Result<*const u8, JitError> {
        let clif = native_signature(signature, self.isa.default_call_conv());
        let piece = self.piece(clif, linker, &mut None, |e| {
            entries::bridge(e, signature, target, data)
        })?;
        let (addresses, _) = self.publish(&[piece], linker)?;
        Ok(addresses[0] as *const u8)
    }

    /// Publishes stubs; see [`crate::stubs`].
    pub(crate) fn publish_raw(
        &mut self,
        size: usize,
        fill: impl FnOnce(usize, &mut [u8]) -> Result<(), JitError>,
    ) -> Result<*const u8, JitError> {
        self.memory.publish(size, 16, fill)
    }

    fn native_piece(
        &mut self,
        function: &Function,
        linker: &dyn Linker,
    ) -> Result<Piece, JitError> {
        self.build_native(function, linker, &mut None)?;
        self.emit_piece()
    }

    fn generic_piece(
        &mut self,
        function: &Function,
        generic: &GenericEntry,
        linker: &dyn Linker,
    ) -> Result<Piece, JitError> {
        if generic.params.len() != function.signature.params.len() {
            return Err(JitError::Malformed(format!(
                "{} checks for {}",
                generic.params.len(),
                function.signature
            )));
        }
        let clif = entries::generic_signature(self.isa.default_call_conv());
        self.piece(clif, linker, &mut None, |e| {
            entries::generic_entry(e, function, generic)
        })
    }

    /// Builds Cranelift's form of a function in the context.
    pub(crate) fn build_native(
        &mut self,
        function: &Function,
        linker: &dyn Linker,
        labels: &mut Labels,
    ) -> Result<(), JitError> {
        let clif = native_signature(&function.signature, self.isa.default_call_conv());
        self.build(clif, linker, labels, |e| Translator::run(e, function))
    }

    fn build(
        &mut self,
        signature: ir::Signature,
        linker: &dyn Linker,
        labels: &mut Labels,
        body: impl FnOnce(Emit<'_, '_>) -> Result<(), JitError>,
    ) -> Result<(), JitError> {
        self.context.clear();
        self.context.func.signature = signature;
        self.context.func.name = UserFuncName::user(1, 0);
        let config = self.isa.frontend_config();
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        let result = body(Emit::new(builder, linker, config, labels));
        if result.is_err() {
            // A builder that was not finished leaves its context dirty.
            self.builder = FunctionBuilderContext::new();
        }
        result
    }

    fn piece(
        &mut self,
        signature: ir::Signature,
        linker: &dyn Linker,
        labels: &mut Labels,
        body: impl FnOnce(Emit<'_, '_>) -> Result<(), JitError>,
    ) -> Result<Piece, JitError> {
        self.build(signature, linker, labels, body)?;
        self.emit_piece()
    }

    /// Compiles what is in the context.
    fn emit_piece(&mut self) -> Result<Piece, JitError> {
        self.context
            .compile(&*self.isa, &mut ControlPlane::default())
            .map_err(|e| JitError::Codegen(format!("{:?}", e.inner)))?;
        let Some(code) = self.context.compiled_code() else {
            return Err(JitError::Codegen("no code".into()));
        };
        let names = self.context.func.params.user_named_funcs();
        let mut relocations = Vec::new();
        for r in code.buffer.relocs() {
            if r.kind != Reloc::Abs8 {
                return Err(JitError::Codegen(format!("relocation {:?}", r.kind)));
            }
            let target = match &r.target {
                FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                    External::from_name(&names[*name]).map(Target::External)
                }
                FinalizedRelocTarget::ExternalName(ExternalName::LibCall(call)) => {
                    Some(Target::Library(*call))
                }
                _ => None,
            };
            let Some(target) = target else {
                return Err(JitError::Codegen(format!("relocation to {:?}", r.target)));
            };
            relocations.push(Relocation {
                offset: r.offset as usize,
                addend: r.addend,
                target,
            });
        }
        Ok(Piece {
            bytes: code.code_buffer().to_vec(),
            relocations,
            alignment: u64::from(code.buffer.alignment.max(16)),
        })
    }

    /// Puts pieces into executable memory; the first is what [`External::Native`] names. Gives their addresses and the bytes they take.
    fn publish(
        &mut self,
        pieces: &[Piece],
        linker: &dyn Linker,
    ) -> Result<(Vec<usize>, usize), JitError> {
        let mut offsets = Vec::with_capacity(pieces.len());
        let mut size = 0usize;
        let mut alignment = 16;
        for piece in pieces {
            alignment = alignment.max(piece.alignment);
            size = size.next_multiple_of(piece.alignment as usize);
            offsets.push(size);
            size += piece.bytes.len();
        }
        let start = self.memory.publish(size, alignment, |base, memory| {
            for (piece, offset) in pieces.iter().zip(&offsets) {
                let code = &mut memory[*offset..*offset + piece.bytes.len()];
                code.copy_from_slice(&piece.bytes);
                for r in &piece.relocations {
                    let address = match r.target {
                        Target::External(External::Native) => base,
                        Target::External(External::Helper(h)) => linker.helper(h),
                        Target::External(External::ThreadContext) => linker.thread_context(),
                        Target::External(External::BindSlow) => linker.bind_slow(),
                        Target::Library(call) => library(call),
                    };
                    if address == 0 {
                        return Err(match r.target {
                            Target::External(e) => JitError::MissingHelper(e.label()),
                            Target::Library(c) => {
                                JitError::Codegen(format!("no library function {c}"))
                            }
                        });
                    }
                    let address = (address as i64).wrapping_add(r.addend);
                    code[r.offset..r.offset + 8].copy_from_slice(&address.to_le_bytes());
                }
            }
            Ok(())
        })? as usize;
        Ok((offsets.iter().map(|o| start + o).collect(), size))
    }
}

/// The functions that Cranelift calls for instructions the machine lacks (rounding before SSE 4.1, fused multiplication before FMA).
fn library(call: LibCall) -> usize {
    extern "C" fn ceil(x: f64) -> f64 {
        x.ceil()
    }
    extern "C" fn floor(x: f64) -> f64 {
        x.floor()
    }
    extern "C" fn trunc(x: f64) -> f64 {
        x.trunc()
    }
    extern "C" fn nearest(x: f64) -> f64 {
        x.round_ties_even()
    }
    extern "C" fn fma(x: f64, y: f64, z: f64) -> f64 {
        x.mul_add(y, z)
    }
    match call {
        LibCall::CeilF64 => ceil as *const () as usize,
        LibCall::FloorF64 => floor as *const () as usize,
        LibCall::TruncF64 => trunc as *const () as usize,
        LibCall::NearestF64 => nearest as *const () as usize,
        LibCall::FmaF64 => fma as *const () as usize,
        _ => 0,
    }
}
