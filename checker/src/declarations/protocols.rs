//! Protocols: what they may derive from, what their members are, and that the variance of their type variables is that of their uses.

use keelback_parser::ast::{Expr, StmtClassDef};
use keelback_parser::text_size::Ranged;

use super::{Checker, is_name};
use crate::classes::{class_in, class_interface};
use crate::index::ClassEntry;
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::{ClassInterface, Member};
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::{Symbol, VariableKind, Variance};

impl Checker<'_> {
    pub(super) fn protocol(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let Some(interface) = class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        if !interface.is_protocol {
            return;
        }
        self.protocol_bases(class, node);
        self.protocol_members(class, &interface);
        self.protocol_variance(class, node, &interface);
    }

    /// The bases of a protocol are protocols; its type variables are in the brackets of one of `Protocol` and `Generic`.
    fn protocol_bases(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let scope = self.sight.scope_inside(&class.qualname);
        for base in node.arguments.iter().flat_map(|arguments| &arguments.args) {
            let (head, is_subscripted) = match base {
                Expr::Subscript(subscript) => (&*subscript.value, true),
                other => (other, false),
            };
            if !is_name(head) {
                continue;
            }
            match scope.resolve(head) {
                Resolved::Special(Special::Generic) if is_subscripted => {
                    self.report(
                        Rule::InvalidProtocol,
                        base.range(),
                        "A protocol lists its type variables as `Protocol[...]`, not as `Generic[...]`",
                    );
                }
                Resolved::Class(symbol) if !self.may_be_protocol(&symbol) => {
                    let message = format!(
                        "`{}` is not a protocol, so a protocol cannot derive from it",
                        symbol.name()
                    );
                    self.report(Rule::InvalidProtocol, base.range(), message);
                }
                _ => {}
            }
        }
    }

    fn may_be_protocol(&self, symbol: &Symbol) -> bool {
        symbol.is_builtin("object")
            || class_interface(self.db, self.file, symbol).is_none_or(|base| base.is_protocol)
    }

    /// What methods assign to `self` is declared in the body: a protocol asks for nothing else.
    fn protocol_members(&mut self, class: &ClassEntry, interface: &ClassInterface) {
        for name in &interface.undeclared {
            let Some(first) = class
                .self_assignments
                .iter()
                .find(|own| crate::classes::mangle(&class.qualname, &own.name) == *name)
            else {
                continue;
            };
            let inherited = interface
                .bases
                .iter()
                .filter_map(crate::types::Type::class)
                .any(|base| crate::members::find_member(self.db, self.file, &base, name).is_some());
            if inherited || interface.bases.iter().any(|base| base.is_dynamic()) {
                continue;
            }
            let message = format!("`{name}` is not a member of protocol `{}`", class.qualname);
            let report = self.report(Rule::InvalidProtocol, first.target, message);
            report.notes.push(format!(
                "Declare it in the body of the class: `{name}: ...`"
            ));
        }
    }

    fn protocol_variance(
        &mut self,
        class: &ClassEntry,
        node: &StmtClassDef,
        interface: &ClassInterface,
    ) {
        let is_unknown = |member: &Member| matches!(member, Member::Dynamic);
        if interface.members.values().any(is_unknown) {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        let mut problems = Vec::new();
        for variable in &interface.type_params {
            if variable.kind != VariableKind::Type {
                continue;
            }
            let (Some(used), declared) = (
                world.variance_of_uses(&interface.symbol, *variable),
                variable.variance,
            ) else {
                continue;
            };
            if declared != Variance::Inferred && used != declared {
                let what = |variance| match variance {
                    Variance::Covariant => "covariant",
                    Variance::Contravariant => "contravariant",
                    Variance::Invariant | Variance::Inferred => "invariant",
                };
                problems.push(format!(
                    "Type variable `{}` is {}, but protocol `{}` uses it as {}",
                    variable.name,
                    what(declared),
                    class.qualname,
                    what(used)
                ));
            }
        }
        for message in problems {
            self.report(Rule::InvalidProtocol, node.name.range(), message);
        }
    }
}
