//! Runs functions on counted tokens after the `errors` and `ownership` passes, along every short path: no reference is used after it was given
//! back, none is given back twice, and none is left when the function ends.

use std::collections::HashMap;

use keelback_lowering::function::{Block, Function, Inst, Value};
use keelback_lowering::ops::{Mode, Op, Ownership};
use keelback_lowering::passes::{errors, ownership};
use keelback_lowering::text::{parse, print};

/// An object: how many references the function holds, and whether somebody else keeps it alive.
#[derive(Clone, Debug)]
struct Token {
    held: i64,
    kept: bool,
}

#[derive(Clone, Debug, Default)]
struct State {
    registers: HashMap<Value, usize>,
    tokens: Vec<Token>,
}

impl State {
    fn make(&mut self, held: i64, kept: bool) -> usize {
        self.tokens.push(Token { held, kept });
        self.tokens.len() - 1
    }

    fn token(&mut self, value: Value, what: &str) -> &mut Token {
        let id = self.registers[&value];
        let token = &mut self.tokens[id];
        assert!(
            token.kept || token.held > 0,
            "{what} uses {value:?} after it was released"
        );
        token
    }
}

/// Runs from an instruction on; at each instruction that may raise, and at each branch, both ways are taken up to a depth.
fn walk(function: &Function, block: Block, from: usize, mut state: State, depth: usize) {
    if depth == 0 {
        return;
    }
    let counted = |v: Value| function.ty(v).repr.is_counted();
    let insts = &function.blocks[block.0 as usize].insts;
    for (index, inst) in insts.iter().enumerate().skip(from) {
        let text = format!("{:?} in block{}", inst.op, block.0);
        match inst.op {
            Op::Inc => state.token(inst.args[0], &text).held += 1,
            Op::Dec => release(&mut state, inst.args[0], &text),
            Op::ReturnError => {
                ends(&state, &text);
                return;
            }
            Op::Return => {
                if counted(inst.args[0]) {
                    release(&mut state, inst.args[0], &text);
                }
                ends(&state, &text);
                return;
            }
            Op::Unreachable => return,
            _ => {
                for (i, arg) in inst.args.iter().enumerate() {
                    if counted(*arg) {
                        state.token(*arg, &text);
                        if function.mode(inst, i) == Mode::Steal {
                            release(&mut state, *arg, &text);
                        }
                    }
                }
                if let Some(edge) = &inst.error {
                    let next = jump(function, edge.block, &edge.args, state.clone());
                    walk(function, edge.block, 0, next, depth - 1);
                }
                if inst.is_end() {
                    for edge in &inst.targets {
                        let next = jump(function, edge.block, &edge.args, state.clone());
                        walk(function, edge.block, 0, next, depth - 1);
                    }
                    return;
                }
                define(function, inst, &mut state);
            }
        }
        assert!(index + 1 < insts.len(), "block{} has no end", block.0);
    }
}

fn define(function: &Function, inst: &Inst, state: &mut State) {
    let Some(result) = inst.result else { return };
    let id = match function.ownership(inst) {
        Ownership::Alias => {
            if let Some(id) = state.registers.get(&inst.args[0]).copied() {
                state.registers.insert(result, id);
            }
            return;
        }
        _ if !function.ty(result).repr.is_counted() => return,
        Ownership::Pin => state.make(0, true),
        Ownership::Ref if inst.borrowed => state.make(0, true),
        _ if function.ty(result).is_uncounted() => state.make(0, true),
        _ => state.make(1, false),
    };
    state.registers.insert(result, id);
}

fn release(state: &mut State, value: Value, what: &str) {
    let token = state.token(value, what);
    if !token.kept || token.held > 0 {
        token.held -= 1;
        assert!(token.held >= 0, "{what} releases {value:?} once too often");
    } else {
        // Only what cannot be counted may be given away without a reference.
        assert!(token.held == 0);
    }
}

fn jump(function: &Function, block: Block, args: &[Value], mut state: State) -> State {
    let params = &function.blocks[block.0 as usize].params;
    assert_eq!(params.len(), args.len());
    let ids: Vec<_> = args
        .iter()
        .map(|a| state.registers.get(a).copied())
        .collect();
    for (param, id) in params.iter().zip(ids) {
        if let Some(id) = id {
            state.registers.insert(*param, id);
        }
    }
    state
}

fn ends(state: &State, what: &str) {
    for token in &state.tokens {
        assert!(
            token.held == 0,
            "{what} leaves {} references: {:?}",
            token.held,
            state.tokens
        );
    }
}

fn check(text: &str) -> String {
    let mut function = parse(text).unwrap_or_else(|e| panic!("{e:?}"));
    errors::run(&mut function);
    ownership::run(&mut function);
    let mut state = State::default();
    for param in function.blocks[0].params.clone() {
        if function.ty(param).repr.is_counted() {
            let id = state.make(0, true);
            state.registers.insert(param, id);
        }
    }
    let printed = print(&function);
    eprintln!("{printed}");
    walk(&function, Block(0), 0, state, 14);
    printed
}

#[test]
fn what_is_stored_is_taken_from_the_caller() {
    let out = check(
        r#"function m:f function (obj, obj) -> obj {
block0(v0: obj[m:Node], v1: obj):
  v2: obj = field.load v0, m:Node.next@16:obj
  v3: int = field.load v2, m:Node.size@24:int
  field.store v0, v1, m:Node.next@16:obj
  v4: obj = box.int v3
  return v4
}"#,
    );
    assert!(out.contains("borrow field.load v0"), "{out}");
    assert!(out.contains("inc v1"), "{out}");
}

#[test]
fn a_loop_over_a_list_holds_its_item() {
    check(
        r#"function m:f function (obj) -> int {
block0(v0: obj[builtins:list!]):
  v1: i64 = const.mach 0
  v2: int = const.int 0
  jump block1(v1, v2)
block1(v3: i64, v4: int):
  v5: obj? = list.next v0, v3
  v6: bool = is_null v5
  branch v6, block3, block2
block2:
  v7: obj = retype v5
  v8: int = unbox v7, builtins:int value
  v9: int = int.add v4, v8
  v10: i64 = const.mach 1
  v11: i64 = mach.add v3, v10
  poll
  jump block1(v11, v9)
block3:
  return v4
}"#,
    );
}

#[test]
fn a_linked_list_is_walked() {
    check(
        r#"function m:f function (obj) -> obj {
block0(v0: obj):
  jump block1(v0)
block1(v1: obj):
  v2: obj = const.obj None
  v3: bool = is v1, v2
  branch v3, block3, block2
block2:
  v4: obj[m:Node] = retype v1
  v5: obj = field.load v4, m:Node.next@16:obj
  poll
  jump block1(v5)
block3:
  return v1
}"#,
    );
}

#[test]
fn a_value_is_given_twice_and_kept() {
    check(
        r#"function m:f function (obj) -> obj {
block0(v0: obj):
  v1: obj = helper object_str v0
  v2: obj = tuple.new v1, v1, v0
  v3: obj = helper object_getitem v2, v1
  v4: obj = list.new v2, v3
  return v4
}"#,
    );
}

#[test]
fn values_die_on_different_edges() {
    check(
        r#"function m:f function (obj, bool) -> obj {
block0(v0: obj, v1: bool):
  v2: obj = helper object_str v0
  v3: obj = helper object_repr v0
  branch v1, block1, block2(v2)
block1:
  v4: obj = helper str_concat v2, v3
  jump block2(v4)
block2(v5: obj):
  v6: obj = check v5, builtins:str value
  return v6
}"#,
    );
}

#[test]
fn the_failed_result_is_not_released() {
    check(
        r#"function m:f function (obj, int) -> int {
block0(v0: obj, v1: int):
  v2: int = int.add v1, v1
  v3: int = int.mul v2, v1
  v4: int = int.sub v3, v2
  v5: obj = box.int v4
  v6: obj = call.named v0, v5, append []
  return v2
}"#,
    );
}
