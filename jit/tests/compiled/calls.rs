//! Branches, loops, calls through cells and method tables, lazy stubs, errors, stack checks.

use std::cell::RefCell;

use crate::host::{
    Machine, Object, TABLE, TARGET_VERSION, TRACED, calls, context, int, int_value, object, raised,
    types,
};

const FIB: &str = "function m:fib function (int) -> int {
block0(v0: int):
  v1: int = const.int 2
  v2: bool = int.cmp lt v0, v1
  branch v2, block1, block2
block1:
  return v0
block2:
  v3: int = const.int 1
  v4: int = int.sub v0, v3 ! block5
  v5: int = call v4, function m:fib = m:fib (int) -> int ! block3 @ 10 .. 20 : 4
  v6: int = const.int 2
  v7: int = int.sub v0, v6 ! block5
  v8: int = call v7, function m:fib = m:fib (int) -> int ! block4
  v9: int = int.add v5, v8 ! block6
  dec v5
  dec v8
  return v9
block3 cold:
  trace @ 10 .. 20 : 4
  return.error
block4 cold:
  dec v5
  return.error
block5 cold:
  return.error
block6 cold:
  dec v5
  dec v8
  return.error
}";

#[test]
fn recursion_through_a_cell() {
    let mut machine = Machine::default();
    let code = machine.compile(FIB);
    machine.host.bind("fib", code.compiled.native);
    assert_eq!(code.call(&[int(20)]).map(int_value), Ok(6765));
}

#[test]
fn a_loop_polls() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:sum function (i64) -> i64 {
block0(v0: i64):
  v1: i64 = const.mach 0
  jump block1(v1, v1)
block1(v2: i64, v3: i64):
  v4: bool = mach.cmp lt v2, v0
  branch v4, block2, block3
block2:
  v5: i64 = mach.add v3, v2
  v6: i64 = const.mach 1
  v7: i64 = mach.add v2, v6
  poll ! block4
  jump block1(v7, v5)
block3:
  return v3
block4 cold:
  return.error
}",
    );
    assert_eq!(code.call(&[1000]), Ok(499_500));
    assert_eq!(calls("poll"), 0);
    // SAFETY: this thread's own context.
    unsafe { (*context()).breaker = 1 };
    assert_eq!(code.call(&[1000]), Ok(499_500));
    assert_eq!(calls("poll"), 1);
    // SAFETY: as above.
    unsafe { (*context()).breaker = 2 };
    assert_eq!(code.call(&[1000]), Err(106));
}

#[test]
fn deep_recursion_raises() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:down function (int) -> int {
block0(v0: int):
  v1: int = call v0, function m:down = m:down (int) -> int ! block1
  return v1
block1 cold:
  return.error
}",
    );
    machine.host.bind("down", code.compiled.native);
    let here = 0u8;
    // SAFETY: this thread's own context.
    unsafe { (*context()).stack_limit = (&raw const here) as usize - 100_000 };
    assert_eq!(code.call(&[int(1)]), Err(105));
    // SAFETY: as above.
    unsafe { (*context()).stack_limit = 0 };
}

#[test]
fn errors_follow_their_edge_and_leave_a_trace() {
    let mut machine = Machine::default();
    let code = machine.compile(FIB);
    let failing = machine.compile(
        "function m:failing function (int) -> int {
block0(v0: int):
  v1: i64 = const.mach 1
  v2: i64 = const.mach 0
  v3: i64 = mach.floordiv v1, v2 ! block1
  return v0
block1 cold:
  return.error
}",
    );
    machine.host.bind("fib", failing.compiled.native);
    assert_eq!(code.call(&[int(5)]), Err(0));
    assert_eq!(TRACED.with(|t| t.borrow().clone()), [4]);
}

#[test]
fn error_values_of_every_representation() {
    let mut machine = Machine::default();
    for name in ["obj", "int", "i8", "u16", "i64", "f64", "f32", "bool"] {
        let callee = machine.compile(&format!(
            "function m:callee function (bool) -> {name} {{
block0(v0: bool):
  branch v0, block1, block2
block1:
  v1: i64 = const.mach 1
  v2: i64 = const.mach 0
  v3: i64 = mach.floordiv v1, v2 ! block3
  v4: {name} = undef
  return v4
block2:
  v5: {name} = {}
  return v5
block3 cold:
  return.error
}}",
            match name {
                "obj" => "const.obj None",
                "int" => "const.int 5",
                "f64" | "f32" => "const.float 2.5",
                "bool" => "const.bool true",
                _ => "const.mach 5",
            }
        ));
        machine
            .host
            .bind(&format!("callee_{name}"), callee.compiled.native);
        let caller = machine.compile(&format!(
            "function m:caller function (bool) -> {name} {{
block0(v0: bool):
  v1: {name} = call v0, function m:callee_{name} = m:callee (bool) -> {name} ! block1
  return v1
block1 cold:
  return.error
}}"
        ));
        assert_eq!(caller.call(&[1]), Err(0), "{name}");
        let want = match name {
            "obj" => types().none_ as u64,
            "int" => int(5),
            "f64" => 2.5f64.to_bits(),
            "f32" => u64::from(2.5f32.to_bits()),
            "bool" => 1,
            _ => 5,
        };
        assert_eq!(caller.call(&[0]), Ok(want), "{name}");
    }
}

thread_local! {
    static RESOLVED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static TARGET: RefCell<usize> = const { RefCell::new(0) };
}

extern "C" fn resolver(id: usize) -> *const u8 {
    RESOLVED.with(|r| r.borrow_mut().push(id));
    // Work that leaves nothing in the argument registers.
    let noise: f64 = (0..100).map(|i| (i as f64).sqrt().sin()).sum();
    std::hint::black_box(noise);
    TARGET.with(|t| *t.borrow()) as *const u8
}

#[test]
fn lazy_stubs_keep_every_argument() {
    let mut machine = Machine::default();
    // Integers in registers and on the stack, floats in registers and on the stack.
    let params: Vec<&str> =
        "i64 f64 i8 f64 u16 f64 i32 f32 i64 f64 u64 f64 i64 f64 i64 f64 i64 f64"
            .split(' ')
            .collect();
    let list = params.join(", ");
    let formals: Vec<String> = params
        .iter()
        .enumerate()
        .map(|(i, p)| format!("v{i}: {p}"))
        .collect();
    let mut body = String::new();
    let mut next = params.len();
    let mut total = None;
    for (i, p) in params.iter().enumerate() {
        let float = match *p {
            "f64" => format!("v{i}"),
            "f32" => {
                body += &format!("  v{next}: f64 = float.cast v{i}\n");
                next += 1;
                format!("v{}", next - 1)
            }
            _ => {
                body += &format!("  v{next}: f64 = mach.to_float v{i}\n");
                next += 1;
                format!("v{}", next - 1)
            }
        };
        // Each argument has its own weight.
        body += &format!("  v{next}: f64 = const.float {}.0\n", i + 1);
        body += &format!("  v{}: f64 = float.mul {float}, v{next}\n", next + 1);
        let weighted = format!("v{}", next + 1);
        next += 2;
        total = Some(match total {
            None => weighted,
            Some(sum) => {
                body += &format!("  v{next}: f64 = float.add {sum}, {weighted}\n");
                next += 1;
                format!("v{}", next - 1)
            }
        });
    }
    let code = machine.compile(&format!(
        "function m:f function ({list}) -> f64 {{
block0({}):
{body}  return {}
}}",
        formals.join(", "),
        total.expect("a sum")
    ));
    TARGET.with(|t| *t.borrow_mut() = code.compiled.native as usize);
    let stubs = machine.jit.lazy_stubs(&[7, 8, 9], resolver).expect("stubs");
    let args: Vec<u64> = params
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let v = i as f64 + 0.5;
            match *p {
                "f64" => v.to_bits(),
                "f32" => u64::from((v as f32).to_bits()),
                p if p.starts_with('i') => -(i as i64) as u64,
                _ => i as u64,
            }
        })
        .collect();
    let want = code.call(&args);
    for stub in &stubs {
        assert_eq!(code.call_at(*stub, &args), want);
    }
    assert_eq!(RESOLVED.with(|r| r.borrow().clone()), [7, 8, 9]);
    assert!(want.is_ok());
}

#[test]
fn a_cell_that_starts_at_a_stub() {
    let mut machine = Machine::default();
    let fib = machine.compile(FIB);
    TARGET.with(|t| *t.borrow_mut() = fib.compiled.native as usize);
    let stub = machine.jit.lazy_stub(3, resolver).expect("a stub");
    machine.host.bind("fib", stub);
    assert_eq!(fib.call(&[int(10)]).map(int_value), Ok(55));
}

#[test]
fn methods_dispatch_on_the_receiver() {
    let mut machine = Machine::default();
    let one = machine.compile(
        "function m:C.size method (obj, f64) -> f64 {
block0(v0: obj[m:C], v1: f64):
  v2: f64 = float.add v1, v1
  return v2
}",
    );
    let caller = machine.compile(
        "function m:f function (obj) -> f64 {
block0(v0: obj[m:C]):
  v1: f64 = const.float 1.5
  v2: f64 = call.method v0, v1, m:C #1 : size (obj, f64) -> f64 ! block1
  return v2
block1 cold:
  return.error
}",
    );
    let t = types();
    let table = object(std::ptr::null_mut(), &[0, one.compiled.native as u64]);
    // SAFETY: the tests' own types; only this test reads tables.
    unsafe {
        (*t.class).words[TABLE] = table as u64;
        (*t.subclass).words[TABLE] = 0;
    }
    let receiver = object(t.class, &[]);
    assert_eq!(caller.call(&[receiver as u64]).map(f64::from_bits), Ok(3.0));
    assert_eq!(calls("method_table"), 0);
    // A subclass that has no table yet gets one.
    let receiver = object(t.subclass, &[]);
    for _ in 0..2 {
        assert_eq!(caller.call(&[receiver as u64]).map(f64::from_bits), Ok(3.0));
    }
    assert_eq!(calls("method_table"), 1);
}

#[test]
fn versions_are_told_apart() {
    let mut machine = Machine::default();
    let of_cell = machine.compile(
        "function m:f function () -> bool {
block0:
  v0: i64 = cell.target function m:g = m:g (int) -> int
  v1: bool = target.is v0, m:g (int) -> int
  return v1
}",
    );
    machine.host.bind("g", of_cell.compiled.native);
    // SAFETY: a cell of the tests has two words.
    let version = |v: usize| unsafe { *machine.host.cell_of("g").add(1) = v };
    assert_eq!(of_cell.call(&[]), Ok(0));
    version(TARGET_VERSION);
    assert_eq!(of_cell.call(&[]), Ok(1));
    version(TARGET_VERSION + 8);
    assert_eq!(of_cell.call(&[]), Ok(0));
    let of_slot = machine.compile(
        "function m:f function (obj) -> bool {
block0(v0: obj[m:C]):
  v1: i64 = method.target v0, m:C #1 : size (obj) -> int
  v2: bool = target.is v1, m:C.size (obj) -> int
  return v2
}",
    );
    // Types of their own: tests share the others. The second word of the second entry is where entries are 8 bytes apart.
    let class = |table: *mut Object| {
        let mut words = [0; 6];
        words[TABLE] = table as u64;
        object(std::ptr::null_mut(), &words)
    };
    let table = |v: usize| object(std::ptr::null_mut(), &[0, 1, v as u64]);
    for (class, want) in [
        (class(table(TARGET_VERSION)), 1),
        (class(table(1)), 0),
        (class(std::ptr::null_mut()), 0),
    ] {
        let receiver = object(class, &[]);
        assert_eq!(of_slot.call(&[receiver as u64]), Ok(want));
    }
}

#[test]
fn objects_are_called_with_arrays_of_arguments() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function () -> obj {
block0:
  v0: i64 = const.mach 7
  v1: obj = box.mach v0 ! block1
  v2: i64 = const.mach 20
  v3: obj = box.mach v2 ! block1
  v4: obj = call.object v1, v3, v3, [name] ! block1
  return v4
block1 cold:
  return.error
}",
    );
    let result = code.call(&[]).expect("a value");
    assert_eq!(int_value(result), 7401);
}

#[test]
fn helpers_take_and_give_every_kind() {
    let mut machine = Machine::default();
    let code = machine.compile(
        "function m:f function (i32, f64) -> f64 {
block0(v0: i32, v1: f64):
  v2: int = helper int_from_i64 v0 ! block1
  v3: bool = helper int_truth v2
  v4: f64 = helper float_pow v1, v1 ! block1
  branch v3, block2, block3
block1 cold:
  return.error
block2:
  return v4
block3:
  return v1
}",
    );
    assert_eq!(
        code.call(&[-1i64 as u64, 2f64.to_bits()])
            .map(f64::from_bits),
        Ok(4.0)
    );
    assert_eq!(code.call(&[0, 2f64.to_bits()]).map(f64::from_bits), Ok(2.0));
    assert_eq!(raised(), None);
}
