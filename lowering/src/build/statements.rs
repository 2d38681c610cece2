//! Statements.

use keelback_checker::tree::{Expr, ExprKind, LocalId, Stmt, StmtKind, Target};

use super::{Builder, Lowered};
use crate::function::Reference;
use crate::helpers::Helper;
use crate::ops::Op;
use crate::types::{RegType, Repr};

impl Builder<'_> {
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) -> Lowered<()> {
        stmts.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, s: &Stmt) -> Lowered<()> {
        let previous = self.at(s.span);
        match &s.kind {
            StmtKind::Expr(e) => {
                self.expr(e)?;
            }
            StmtKind::Assign(target, value) => self.assign(target, value)?,
            StmtKind::Unpack { value, targets } => self.unpack(value, targets)?,
            StmtKind::If(test, then, orelse) => {
                let (yes, no, done) = (self.new_block(), self.new_block(), self.new_block());
                self.branch_on(test, yes, no)?;
                for (block, stmts) in [(yes, then), (no, orelse)] {
                    self.start(block);
                    self.stmts(stmts)?;
                    self.jump(done, &[]);
                }
                self.start(done);
            }
            StmtKind::While(test, body, orelse) => self.while_loop(test, body, orelse)?,
            StmtKind::For {
                iterable,
                item,
                body,
                orelse,
            } => self.for_loop(iterable, *item, body, orelse)?,
            StmtKind::Return(value) => {
                let value = match value {
                    Some(e) => self.expr(e)?,
                    None => self.none(),
                };
                let ret = RegType::new(self.f.signature.ret);
                let value = self.coerce(value, &ret);
                self.keep_until_return(value);
                self.end(Op::Return, &[value], &[]);
            }
            StmtKind::Raise(exception, cause) => {
                let exception = match exception {
                    Some(e) => self.object(e)?,
                    None => self.null(),
                };
                let cause = match cause {
                    Some(e) => self.object(e)?,
                    None => self.null(),
                };
                self.helper_effect(Helper::raise, &[exception, cause]);
                self.unreachable();
            }
            StmtKind::Assert(test, message) => {
                let (ok, failed) = (self.new_block(), self.cold_block());
                self.branch_on(test, ok, failed)?;
                self.start(failed);
                let message = match message {
                    Some(e) => self.object(e)?,
                    None => self.null(),
                };
                self.helper_effect(Helper::raise_assertion, &[message]);
                self.unreachable();
                self.start(ok);
            }
            StmtKind::Break => match self.loops.last() {
                Some(l) => {
                    let target = l.on_break;
                    self.jump(target, &[]);
                }
                None => return self.unsupported("`break` outside a loop"),
            },
            StmtKind::Continue => match self.loops.last() {
                Some(l) => {
                    let target = l.on_continue;
                    self.jump(target, &[]);
                }
                None => return self.unsupported("`continue` outside a loop"),
            },
            StmtKind::DeleteLocal(id) => self.delete_local(*id)?,
            StmtKind::DeleteItem(object, index) => {
                let object = self.object(object)?;
                let index = self.object(index)?;
                let helper = if self.f.ty(object).is_exact_builtin("dict") {
                    Helper::dict_delitem
                } else {
                    Helper::object_delitem
                };
                self.helper_effect(helper, &[object, index]);
            }
            StmtKind::DeleteAttr(object, name) => {
                let object = self.object(object)?;
                let name = self.const_name(name);
                self.helper_effect(Helper::object_delattr, &[object, name]);
            }
        }
        self.back_at(previous);
        Ok(())
    }

    /// The value is evaluated before what the target consists of.
    fn assign(&mut self, target: &Target, value: &Expr) -> Lowered<()> {
        let value = self.expr(value)?;
        match target {
            Target::Local(id) => {
                if id.0 as usize >= self.locals.len() {
                    return self.unsupported("a local that is not declared");
                }
                self.set_local(id.0 as usize, value);
            }
            Target::Global(name) => {
                let value = self.boxed(value);
                let module = self.f.symbol.module;
                let imm = self.reference(Reference::Global {
                    module,
                    name: *name,
                });
                self.effect(Op::GlobalStore, &[value], imm);
            }
            Target::Field {
                object,
                class,
                field,
            } => {
                let object = self.expr(object)?;
                let (field, ty) = self.field(class, field)?;
                let value = if self.repr(value) == ty.repr {
                    value
                } else {
                    self.coerce(value, &ty)
                };
                let imm = self.reference(Reference::Field(field));
                self.effect(Op::FieldStore, &[object, value], imm);
            }
            Target::Attr(object, name) => {
                let value = self.boxed(value);
                let object = self.object(object)?;
                let name = self.const_name(name);
                self.helper_effect(Helper::object_setattr, &[object, name, value]);
            }
            Target::ListItem(list, index) => {
                let value = self.boxed(value);
                let list = self.object(list)?;
                let index = self.index(index)?;
                self.effect(
                    Op::ListSet,
                    &[list, index, value],
                    crate::function::Imm::None,
                );
            }
            Target::ArrayItem(array, index) => {
                let array = self.object(array)?;
                let index = self.index(index)?;
                self.effect(
                    Op::ArraySet,
                    &[array, index, value],
                    crate::function::Imm::None,
                );
            }
            Target::Item(object, index) => {
                let value = self.boxed(value);
                let object = self.object(object)?;
                let index = self.object(index)?;
                let helper = if self.f.ty(object).is_exact_builtin("dict") {
                    Helper::dict_setitem
                } else {
                    Helper::object_setitem
                };
                self.helper_effect(helper, &[object, index, value]);
            }
        }
        Ok(())
    }

    fn unpack(&mut self, value: &Expr, targets: &[LocalId]) -> Lowered<()> {
        if targets.iter().any(|t| t.0 as usize >= self.locals.len()) {
            return self.unsupported("a local that is not declared");
        }
        let display = match &*value.kind {
            ExprKind::Convert(keelback_checker::tree::Conversion::Known, inner) => inner,
            _ => value,
        };
        // `a, b = b, a` needs no tuple.
        if let ExprKind::Tuple(items) = &*display.kind
            && items.len() == targets.len()
        {
            let values: Vec<_> = items
                .iter()
                .map(|e| self.object(e))
                .collect::<Lowered<_>>()?;
            for (target, value) in targets.iter().zip(values) {
                self.set_local(target.0 as usize, value);
            }
            return Ok(());
        }
        let value = self.object(value)?;
        let count = self.const_i64(targets.len() as i64);
        let tuple = RegType::instance(
            keelback_checker::types::Symbol::new("builtins", "tuple"),
            true,
        );
        let tuple = self.helper(Helper::unpack, &[value, count], tuple);
        for (index, target) in targets.iter().enumerate() {
            let index = self.const_i64(index as i64);
            let item = self.op(Op::TupleNext, &[tuple, index], RegType::new(Repr::Obj));
            self.set_local(target.0 as usize, item);
        }
        Ok(())
    }
}
