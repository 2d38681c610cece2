//! The interpreter of typed bytecode: the other tier, and the reference for what passes and the code generator must preserve.
//!
//! It runs a [`Function`] after the errors and ownership passes, optimised or not. A register is a 64-bit word, as [`Repr`](keelback_lowering::types::Repr) says. References are counted
//! exactly as compiled code counts them: operands are borrowed or taken over as the lists say, arguments of a call are borrowed by
//! the callee, a result is a new reference. Calls of static functions go through the same cells and method tables.
//!
//! Before a function first runs, its references are resolved to addresses (`prepare`). `values` computes on numbers, `objects` on objects; this
//! file has the loop and control.

mod objects;
mod prepare;
mod values;

use keelback_jit::linker::Linker;
use keelback_lowering::errors::Raise;
use keelback_lowering::function::Function;
use keelback_lowering::ops::Op;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use self::prepare::{Code, Jump, Step};
use crate::gil::GilCell;
use crate::helpers::control;
use crate::object::{PyResult, Raised};
use crate::thread::{self, ThreadCtx};

/// Prepared functions by address.
static PREPARED: GilCell<Option<FxHashMap<usize, &'static Code>>> = GilCell::new(None);

/// The prepared form of a function.
unsafe fn prepared(function: &'static Function, linker: &dyn Linker) -> &'static Code {
    let key = std::ptr::from_ref(function) as usize;
    // SAFETY: the GIL is held; the closures only touch the map.
    unsafe {
        if let Some(found) = PREPARED.with(|p| p.as_ref().and_then(|p| p.get(&key).copied())) {
            return found;
        }
        let code: &'static Code = Box::leak(Box::new(Code::new(function, linker)));
        PREPARED.with(|p| {
            p.get_or_insert_with(FxHashMap::default).insert(key, code);
        });
        code
    }
}

/// Runs a function with one word for each parameter. References in the arguments are borrowed; the result's is the caller's.
///
/// # Errors
/// What the function raised; `RecursionError` when the stack is used up.
///
/// # Safety
/// The words are values of the signature's representations, `ctx` is the calling thread's context, the GIL is held.
pub unsafe fn call(
    function: &'static Function,
    linker: &dyn Linker,
    ctx: *mut ThreadCtx,
    args: &[u64],
) -> PyResult<u64> {
    let here = &raw const function as usize;
    // SAFETY: the caller's promise.
    unsafe {
        if here < (*ctx).stack_limit {
            return Err(thread::recursion_error());
        }
        run(prepared(function, linker), ctx, args)
    }
}

/// The registers of a running function.
pub(crate) type Registers = SmallVec<[u64; 32]>;

/// Writes an edge's values into the parameters of its block, all at once.
#[inline]
fn take(edge: &Jump, registers: &mut Registers) {
    match edge.moves.as_slice() {
        [] => {}
        [(from, to)] => registers[*to as usize] = registers[*from as usize],
        moves => {
            let values: SmallVec<[u64; 8]> = moves
                .iter()
                .map(|(from, _)| registers[*from as usize])
                .collect();
            for ((_, to), value) in moves.iter().zip(values) {
                registers[*to as usize] = value;
            }
        }
    }
}

unsafe fn run(code: &Code, ctx: *mut ThreadCtx, args: &[u64]) -> PyResult<u64> {
    let mut registers: Registers = SmallVec::from_elem(0, code.registers);
    for (param, word) in code.params.iter().zip(args) {
        registers[*param as usize] = *word;
    }
    let mut at = 0;
    loop {
        let step = &code.steps[at];
        // SAFETY: the bytecode is verified; the words are what the registers' types say.
        let raised = match unsafe { advance(step, code, ctx, &mut registers) } {
            Ok(Next::Step) => {
                at += 1;
                continue;
            }
            Ok(Next::Target(target)) => {
                let edge = &step.targets[target];
                take(edge, &mut registers);
                at = edge.to;
                continue;
            }
            Ok(Next::Return(word)) => return Ok(word),
            Err(raised) => raised,
        };
        let Some(edge) = &step.error else {
            return Err(raised);
        };
        take(edge, &mut registers);
        at = edge.to;
    }
}

/// Where control goes after a step.
enum Next {
    Step,
    Target(usize),
    Return(u64),
}

#[inline]
unsafe fn advance(
    step: &Step,
    code: &Code,
    ctx: *mut ThreadCtx,
    registers: &mut Registers,
) -> PyResult<Next> {
    let arg = |i: usize| registers[step.args[i] as usize];
    match step.op {
        Op::Jump => return Ok(Next::Target(0)),
        Op::Branch => return Ok(Next::Target(usize::from(arg(0) == 0))),
        Op::Return => return Ok(Next::Return(arg(0))),
        Op::ReturnError => return Err(Raised),
        Op::Unreachable => return Err(control::raised(Raise::Unreachable)),
        Op::Poll => {
            // SAFETY: the context is this thread's; its breaker outlives it.
            unsafe {
                if (*ctx).eval_breaker.read_volatile() != 0 {
                    thread::poll(ctx)?;
                }
            }
            return Ok(Next::Step);
        }
        Op::Trace => {
            let span = step.span;
            let record = code.records[span.frame as usize];
            if record != 0 {
                // SAFETY: the record is the linker's.
                unsafe {
                    control::trace(record, span.line.into(), span.start.into(), span.end.into());
                }
            }
            return Ok(Next::Step);
        }
        _ => {}
    }
    // SAFETY: the caller's promise.
    let word = unsafe {
        match values::compute(step, registers)? {
            Some(word) => word,
            None => objects::perform(step, ctx, registers)?,
        }
    };
    if let Some(result) = step.result {
        registers[result as usize] = word;
    }
    Ok(Next::Step)
}
