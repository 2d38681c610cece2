//! Loops. Each has one latch: the block that polls and goes back to the header, where `continue` goes too.

use keelback_checker::tree::{
    Conversion, Expr, ExprKind, Iterable, LocalId, Stmt, StmtKind, Target,
};
use keelback_checker::types::{Constant, Symbol, Type};
use keelback_parser::text_size::TextRange;

use super::expressions::is_exactly;
use super::ssa::Var;
use super::{Builder, Loop, Lowered};
use crate::function::{Block, Imm, Reference, Value};
use crate::helpers::Helper;
use crate::ops::{Cond, Op};
use crate::passes::bounds;
use crate::types::{RegType, Repr, SMALL_INT};

/// The blocks of a loop.
struct Blocks {
    header: Block,
    body: Block,
    latch: Block,
    /// Where the loop ends without `break`: the `else` part.
    exhausted: Block,
    done: Block,
}

/// How a loop's body unboxes its item, and the local that it goes to.
#[derive(Clone, Copy)]
struct Unboxed<'t> {
    local: usize,
    conversion: &'t Conversion,
    ty: &'t Type,
    span: TextRange,
}

impl Builder<'_> {
    /// Makes a loop's blocks and jumps to its header, which stays unsealed.
    fn open_loop(&mut self) -> Blocks {
        let blocks = Blocks {
            header: self.new_block(),
            body: self.new_block(),
            latch: self.new_block(),
            exhausted: self.new_block(),
            done: self.new_block(),
        };
        self.jump(blocks.header, &[]);
        self.switch(blocks.header);
        blocks
    }

    /// The body, from its start to the latch, where the builder then is.
    fn loop_body(&mut self, blocks: &Blocks, body: &[Stmt]) -> Lowered<()> {
        self.loops.push(Loop {
            on_break: blocks.done,
            on_continue: blocks.latch,
        });
        let result = self.stmts(body);
        self.loops.pop();
        result?;
        self.jump(blocks.latch, &[]);
        self.start(blocks.latch);
        Ok(())
    }

    /// From the latch back to the header; then the `else` part and what follows.
    fn close_loop(&mut self, blocks: Blocks, orelse: &[Stmt]) -> Lowered<()> {
        if self.reachable() {
            self.effect(Op::Poll, &[], Imm::None);
        }
        self.jump(blocks.header, &[]);
        self.seal(blocks.header);
        self.start(blocks.exhausted);
        self.stmts(orelse)?;
        self.jump(blocks.done, &[]);
        self.start(blocks.done);
        Ok(())
    }

    pub(super) fn while_loop(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        let blocks = self.open_loop();
        self.branch_on(test, blocks.body, blocks.exhausted)?;
        self.start(blocks.body);
        self.loop_body(&blocks, body)?;
        self.close_loop(blocks, orelse)
    }

    pub(super) fn for_loop(
        &mut self,
        iterable: &Iterable,
        item: LocalId,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        let item = item.0 as usize;
        if item >= self.locals.len() {
            return self.unsupported("a local that is not declared");
        }
        match iterable {
            Iterable::Range(start, stop, step) => {
                let (a, b) = (self.expr(start)?, self.expr(stop)?);
                let constant = constant_step(step);
                let c = match constant {
                    Some(_) => None,
                    None => Some(self.expr(step)?),
                };
                match (self.repr(a), self.repr(b)) {
                    (Repr::Int, Repr::Int) => self.int_range(a, b, constant, c, item, body, orelse),
                    (x, y) if x == y && x.is_machine_int() => {
                        self.mach_range(a, b, constant, c, item, body, orelse)
                    }
                    _ => self.unsupported("a range of mixed numbers"),
                }
            }
            Iterable::List(e) => {
                let exact = is_exactly(&e.ty, "list");
                let list = self.object(e)?;
                let exact = exact || self.f.ty(list).is_exact_builtin("list");
                self.indexed_loop(list, "list", Op::ListNext, exact, item, body, orelse)
            }
            Iterable::Tuple(e) => {
                let exact = is_exactly(&e.ty, "tuple");
                let tuple = self.object(e)?;
                let exact = exact || self.f.ty(tuple).is_exact_builtin("tuple");
                self.indexed_loop(tuple, "tuple", Op::TupleNext, exact, item, body, orelse)
            }
            Iterable::Array(e) => self.array_loop(e, item, body, orelse),
            Iterable::Iterator(e) => {
                let object = self.object(e)?;
                let iterator = self.helper_value(Helper::object_iter, &[object]);
                let blocks = self.open_loop();
                let next = self.op(Op::IterNext, &[iterator], RegType::nullable());
                self.take_item(next, &blocks, item);
                self.loop_body(&blocks, body)?;
                self.close_loop(blocks, orelse)
            }
        }
    }

    /// Goes into the body with an item, or out of the loop when it is null.
    fn take_item(&mut self, next: Value, blocks: &Blocks, item: usize) {
        let none = self.op(Op::IsNull, &[next], RegType::new(Repr::Bool));
        self.branch(none, blocks.exhausted, blocks.body);
        self.start(blocks.body);
        let value = self.op(Op::Retype, &[next], RegType::obj());
        self.set_local(item, value);
    }

    /// `range` of ints. With a constant step, and bounds of which the start is known to be small, the loop counts in a machine integer: a stop that is
    /// not small is as good as the last small int, which no one lives to see.
    #[allow(clippy::too_many_arguments)]
    fn int_range(
        &mut self,
        start: Value,
        stop: Value,
        constant: Option<i64>,
        step: Option<Value>,
        item: usize,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        let start_range = self.f.ty(start).range;
        let (Some(step), Some((low, high))) = (constant, start_range) else {
            return self.big_range(start, stop, constant, step, item, body, orelse);
        };
        let first = self.unwrapped(start);
        let first = self.numeric(first, Repr::I64);
        let end = match self.unwrapped(stop) {
            v if self.repr(v) == Repr::I64 => v,
            v => {
                let ty = RegType::ranged(Repr::I64, *SMALL_INT.start(), *SMALL_INT.end());
                self.op(Op::IntClamp, &[v], ty)
            }
        };
        let (end_low, end_high) = self
            .f
            .ty(end)
            .range
            .unwrap_or((*SMALL_INT.start(), *SMALL_INT.end()));
        // What the counter is inside the body, and at the header: one step further at most.
        let inside = if step > 0 {
            (low, high.max(end_high.saturating_sub(1)))
        } else {
            (low.min(end_low.saturating_add(1)), high)
        };
        let ty = RegType::new(Repr::I64);
        let counter = self.temporary(ty);
        self.write(counter, first);
        let blocks = self.open_loop();
        let now = self.read(counter);
        let cond = if step > 0 { Cond::Lt } else { Cond::Gt };
        let more = self.compare_i64(cond, now, end);
        self.branch(more, blocks.body, blocks.exhausted);
        self.start(blocks.body);
        let inside = (
            inside.0.max(*SMALL_INT.start()),
            inside.1.min(*SMALL_INT.end()),
        );
        let known = RegType::ranged(Repr::I64, inside.0, inside.1);
        let now = self.op(Op::Retype, &[now], known);
        let boxed = RegType::ranged(Repr::Int, inside.0, inside.1);
        let value = self.op(Op::IntFromMach, &[now], boxed);
        self.set_local(item, value);
        // The latch reads the counter as it is here: nothing else writes it.
        self.loop_body(&blocks, body)?;
        self.step(counter, now, step);
        self.close_loop(blocks, orelse)
    }

    fn step(&mut self, counter: Var, now: Value, step: i64) {
        let by = self.const_i64(step);
        let next = self.integer_op(Op::MachAdd, &[now, by]);
        self.write(counter, next);
    }

    /// `range` of ints of any size and any step.
    #[allow(clippy::too_many_arguments)]
    fn big_range(
        &mut self,
        start: Value,
        stop: Value,
        constant: Option<i64>,
        step: Option<Value>,
        item: usize,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        // `range(True, 3)` starts at 1.
        let zero = self.const_int(0);
        let start = self.integer_op(Op::IntAdd, &[start, zero]);
        let step = match (constant, step) {
            (Some(step), _) => self.const_int(step),
            (None, Some(step)) => {
                // A step of zero raises what `range` itself raises.
                let (ok, wrong) = (self.new_block(), self.cold_block());
                let some = self.op(Op::IntTruth, &[step], RegType::new(Repr::Bool));
                self.branch(some, ok, wrong);
                self.start(wrong);
                self.helper_value(Helper::range_new, &[start, stop, step]);
                self.unreachable();
                self.start(ok);
                step
            }
            (None, None) => return self.unsupported("a range without a step"),
        };
        let counter = self.temporary(RegType::new(Repr::Int));
        self.write(counter, start);
        let bool = RegType::new(Repr::Bool);
        let upward = match constant {
            Some(_) => None,
            None => {
                let zero = self.const_int(0);
                Some(self.emit(Op::IntCmp, &[step, zero], Imm::Cond(Cond::Gt), bool.clone()))
            }
        };
        let blocks = self.open_loop();
        let now = self.read(counter);
        match (constant, upward) {
            (Some(step), _) => {
                let cond = if step > 0 { Cond::Lt } else { Cond::Gt };
                let more = self.emit(Op::IntCmp, &[now, stop], Imm::Cond(cond), bool);
                self.branch(more, blocks.body, blocks.exhausted);
            }
            (None, Some(upward)) => {
                let (up, down) = (self.new_block(), self.new_block());
                self.branch(upward, up, down);
                for (block, cond) in [(up, Cond::Lt), (down, Cond::Gt)] {
                    self.start(block);
                    let more = self.emit(Op::IntCmp, &[now, stop], Imm::Cond(cond), bool.clone());
                    self.branch(more, blocks.body, blocks.exhausted);
                }
            }
            (None, None) => return self.unsupported("a range without a step"),
        }
        self.start(blocks.body);
        self.set_local(item, now);
        self.loop_body(&blocks, body)?;
        let next = self.op(Op::IntAdd, &[now, step], RegType::new(Repr::Int));
        self.write(counter, next);
        self.close_loop(blocks, orelse)
    }

    /// `range` of machine integers: ends where the next item would not fit its type.
    #[allow(clippy::too_many_arguments)]
    fn mach_range(
        &mut self,
        start: Value,
        stop: Value,
        constant: Option<i64>,
        step: Option<Value>,
        item: usize,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        let repr = self.repr(start);
        let fits = constant.is_some_and(|s| {
            bounds::of_repr(repr).map_or(s > 0, |b| bounds::holds(b, i128::from(s)))
        });
        let (Some(by), true) = (constant, fits) else {
            // Rare: as a range of Python ints.
            let start = self.numeric(start, Repr::Int);
            let stop = self.numeric(stop, Repr::Int);
            let step = step.map(|s| self.numeric(s, Repr::Int));
            return self.big_range(start, stop, constant, step, item, body, orelse);
        };
        let counter = self.temporary(RegType::new(repr));
        self.write(counter, start);
        let blocks = self.open_loop();
        let now = self.read(counter);
        let cond = if by > 0 { Cond::Lt } else { Cond::Gt };
        let more = self.emit(
            Op::MachCmp,
            &[now, stop],
            Imm::Cond(cond),
            RegType::new(Repr::Bool),
        );
        self.branch(more, blocks.body, blocks.exhausted);
        self.start(blocks.body);
        self.set_local(item, now);
        self.loop_body(&blocks, body)?;
        let by_value = self.const_mach(by, repr);
        let next = self.op(Op::MachAdd, &[now, by_value], RegType::new(repr));
        self.write(counter, next);
        if by != 1 && by != -1 {
            // With a longer step the next item may wrap past the end.
            let on = self.new_block();
            let forward = self.emit(
                Op::MachCmp,
                &[next, now],
                Imm::Cond(cond.flipped()),
                RegType::new(Repr::Bool),
            );
            self.branch(forward, on, blocks.exhausted);
            self.start(on);
        }
        self.close_loop(blocks, orelse)
    }

    /// A list or tuple by a live index while it is exactly one, by the iterator protocol otherwise: one body, the mode decided at entry.
    #[allow(clippy::too_many_arguments)]
    fn indexed_loop(
        &mut self,
        sequence: Value,
        class: &str,
        next: Op,
        exact: bool,
        item: usize,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Lowered<()> {
        let class = Symbol::new("builtins", class);
        let known = RegType::instance(class, true);
        let position = self.temporary(RegType::new(Repr::I64));
        let zero = self.const_i64(0);
        self.write(position, zero);
        // The iterator of the other mode, or null.
        let iterator = self.temporary(RegType::nullable());
        let mode = if exact {
            None
        } else {
            let imm = self.reference(Reference::Class(class));
            let is = self.emit(Op::TypeIs, &[sequence], imm, RegType::new(Repr::Bool));
            let (direct, general, ready) = (self.new_block(), self.cold_block(), self.new_block());
            self.branch(is, direct, general);
            self.start(direct);
            let null = self.null();
            self.write(iterator, null);
            self.jump(ready, &[]);
            self.start(general);
            let made = self.helper_value(Helper::object_iter, &[sequence]);
            self.write(iterator, made);
            self.jump(ready, &[]);
            self.start(ready);
            Some(is)
        };
        let blocks = self.open_loop();
        let now = self.read(position);
        let Some(is) = mode else {
            let sequence = self.retype(sequence, &known);
            let found = self.op(next, &[sequence, now], RegType::nullable());
            self.take_item(found, &blocks, item);
            self.loop_body(&blocks, body)?;
            self.advance(position, now);
            return self.close_loop(blocks, orelse);
        };
        let unboxed = self.unboxed_item(item, body);
        let taken = self.new_block();
        let found = self.param(taken, RegType::obj());
        let raw = unboxed.map(|u| (u.local, self.param(taken, RegType::of(u.ty))));
        let (direct, general) = (self.new_block(), self.cold_block());
        self.branch(is, direct, general);
        self.start(direct);
        let sequence = self.retype(sequence, &known);
        let value = self.op(next, &[sequence, now], RegType::nullable());
        self.pass_item(value, taken, blocks.exhausted, unboxed)?;
        self.start(general);
        let from = self.read(iterator);
        let from = self.op(Op::Retype, &[from], RegType::obj());
        let value = self.op(Op::IterNext, &[from], RegType::nullable());
        self.pass_item(value, taken, blocks.exhausted, unboxed)?;
        self.start(taken);
        self.jump(blocks.body, &[]);
        self.start(blocks.body);
        self.set_local(item, found);
        let body = match raw {
            Some((local, raw)) => {
                self.set_local(local, raw);
                &body[1..]
            }
            None => body,
        };
        self.loop_body(&blocks, body)?;
        self.advance(position, now);
        self.close_loop(blocks, orelse)
    }

    fn pass_item(
        &mut self,
        value: Value,
        taken: Block,
        exhausted: Block,
        unboxed: Option<Unboxed<'_>>,
    ) -> Lowered<()> {
        let some = self.new_block();
        let none = self.op(Op::IsNull, &[value], RegType::new(Repr::Bool));
        self.branch(none, exhausted, some);
        self.start(some);
        let value = self.op(Op::Retype, &[value], RegType::obj());
        let mut args = vec![value];
        if let Some(Unboxed {
            conversion,
            ty,
            span,
            ..
        }) = unboxed
        {
            let previous = self.at(span);
            args.push(self.convert_value(conversion, value, ty)?);
            self.back_at(previous);
        }
        self.jump(taken, &args);
        Ok(())
    }

    /// What the body starts with, when that is to unbox the item: done before the two ways to get an item meet, it needs no reference to the object. The
    /// object goes along, and is not passed in the end if nothing else reads it.
    fn unboxed_item<'t>(&self, item: usize, body: &'t [Stmt]) -> Option<Unboxed<'t>> {
        let first = body.first()?;
        let StmtKind::Assign(Target::Local(local), value) = &first.kind else {
            return None;
        };
        let ExprKind::Convert(conversion, from) = &*value.kind else {
            return None;
        };
        let local = local.0 as usize;
        let of_item = matches!(&*from.kind, ExprKind::Local(id) if id.0 as usize == item);
        let fits = local != item
            && local < self.locals.len()
            && Repr::of(&value.ty) != Repr::Obj
            && self.ssa_type(self.locals[item].var).repr == Repr::Obj;
        (of_item && fits).then_some(Unboxed {
            local,
            conversion,
            ty: &value.ty,
            span: first.span,
        })
    }

    fn advance(&mut self, position: Var, now: Value) {
        let now_range = RegType::ranged(Repr::I64, 0, bounds::MAX_LENGTH);
        let now = self.op(Op::Retype, &[now], now_range);
        self.step(position, now, 1);
    }

    /// An `Array`: its length is fixed.
    fn array_loop(&mut self, e: &Expr, item: usize, body: &[Stmt], orelse: &[Stmt]) -> Lowered<()> {
        let array = self.object(e)?;
        let repr = self.ssa_type(self.locals[item].var).repr;
        if !repr.is_machine_int() && !repr.is_float() {
            return self.unsupported("an array of something other than numbers");
        }
        let length = self.op(
            Op::ArrayLen,
            &[array],
            RegType::ranged(Repr::I64, 0, bounds::MAX_LENGTH),
        );
        let position = self.temporary(RegType::new(Repr::I64));
        let zero = self.const_i64(0);
        self.write(position, zero);
        let blocks = self.open_loop();
        let now = self.read(position);
        let more = self.compare_i64(Cond::Lt, now, length);
        self.branch(more, blocks.body, blocks.exhausted);
        self.start(blocks.body);
        let value = self.op(Op::ArrayGet, &[array, now], RegType::new(repr));
        self.set_local(item, value);
        self.loop_body(&blocks, body)?;
        self.advance(position, now);
        self.close_loop(blocks, orelse)
    }
}

/// The step of a range when it is a literal other than 0 that a machine integer counts by without overflow.
fn constant_step(step: &Expr) -> Option<i64> {
    match &*step.kind {
        ExprKind::Constant(Constant::Int(v)) if *v != 0 && v.unsigned_abs() < 1 << 61 => Some(*v),
        ExprKind::Unary(keelback_checker::tree::UnaryOp::Neg, inner) => {
            constant_step(inner).map(|v| -v)
        }
        ExprKind::Convert(_, inner) => constant_step(inner),
        _ => None,
    }
}
