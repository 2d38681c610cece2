//! Conditions that decide where control goes: short circuits become jumps.

use keelback_checker::tree::{Expr, ExprKind};
use keelback_checker::types::{Constant, Type};

use super::{Builder, Lowered};
use crate::function::{Block, Value};
use crate::types::{RegType, Repr};

impl Builder<'_> {
    /// Jumps to `then` if the expression, held as a bool, is true, else to `orelse`. Neither is sealed here.
    pub(super) fn branch_on(&mut self, test: &Expr, then: Block, orelse: Block) -> Lowered<()> {
        let previous = self.at(test.span);
        match &*test.kind {
            ExprKind::Constant(Constant::Bool(true)) => self.jump(then, &[]),
            ExprKind::Constant(Constant::Bool(false)) => self.jump(orelse, &[]),
            ExprKind::Not(inner) => self.branch_on(inner, orelse, then)?,
            ExprKind::And(a, b) if Repr::of(&test.ty) == Repr::Bool => {
                let both = self.new_block();
                self.branch_on(a, both, orelse)?;
                self.start(both);
                self.branch_on(b, then, orelse)?;
            }
            ExprKind::Or(a, b) if Repr::of(&test.ty) == Repr::Bool => {
                let neither = self.new_block();
                self.branch_on(a, then, neither)?;
                self.start(neither);
                self.branch_on(b, then, orelse)?;
            }
            ExprKind::Truth(inner) => self.branch_on_truth(inner, then, orelse)?,
            ExprKind::Block(stmts, value) => {
                self.stmts(stmts)?;
                self.branch_on(value, then, orelse)?;
            }
            _ => {
                let value = self.expr(test)?;
                let value = self.truth(value);
                self.branch(value, then, orelse);
            }
        }
        self.back_at(previous);
        Ok(())
    }

    /// The same for the truth of any value.
    fn branch_on_truth(&mut self, value: &Expr, then: Block, orelse: Block) -> Lowered<()> {
        match &*value.kind {
            ExprKind::And(a, b) => {
                let both = self.new_block();
                self.branch_on_truth(a, both, orelse)?;
                self.start(both);
                self.branch_on_truth(b, then, orelse)
            }
            ExprKind::Or(a, b) => {
                let neither = self.new_block();
                self.branch_on_truth(a, then, neither)?;
                self.start(neither);
                self.branch_on_truth(b, then, orelse)
            }
            _ if Repr::of(&value.ty) == Repr::Bool => self.branch_on(value, then, orelse),
            _ => {
                let value = self.expr(value)?;
                let test = self.truth(value);
                self.branch(test, then, orelse);
                Ok(())
            }
        }
    }

    /// `a and b`, `a or b` as a value.
    pub(super) fn short_circuit(
        &mut self,
        a: &Expr,
        b: &Expr,
        and: bool,
        ty: &Type,
    ) -> Lowered<Value> {
        let want = RegType::of(ty);
        let more = self.new_block();
        let done = self.new_block();
        let result = self.param(done, want.clone());
        let first = self.expr(a)?;
        let test = self.truth(first);
        // The first value goes along only when it is the result.
        let short = self.new_block();
        if and {
            self.branch(test, more, short);
        } else {
            self.branch(test, short, more);
        }
        self.start(short);
        let first = self.coerce(first, &want);
        self.jump(done, &[first]);
        self.start(more);
        let second = self.expr(b)?;
        let second = self.coerce(second, &want);
        self.jump(done, &[second]);
        self.start(done);
        Ok(result)
    }

    /// `then if test else orelse` as a value.
    pub(super) fn conditional(
        &mut self,
        test: &Expr,
        then: &Expr,
        orelse: &Expr,
        ty: &Type,
    ) -> Lowered<Value> {
        let want = RegType::of(ty);
        let (yes, no, done) = (self.new_block(), self.new_block(), self.new_block());
        let result = self.param(done, want.clone());
        self.branch_on(test, yes, no)?;
        for (block, value) in [(yes, then), (no, orelse)] {
            self.start(block);
            let value = self.expr(value)?;
            let value = self.coerce(value, &want);
            self.jump(done, &[value]);
        }
        self.start(done);
        Ok(result)
    }
}
