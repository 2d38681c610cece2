//! Dataclasses: whether their fields, their options and their bases go together.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::classes::{class_in, class_interface, mangle};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::{ClassInterface, Dataclass, FunctionKind, ParamKind};
use crate::rules::Rule;
use crate::symbols::Resolved;
use crate::types::{Name, Symbol, Type};

impl Checker<'_> {
    pub(super) fn dataclass(&mut self, class: &ClassEntry) {
        let Some(interface) = class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        let Some(made) = &interface.dataclass else {
            return;
        };
        self.field_order(class, &interface, made);
        self.field_defaults(class, made);
        self.converters(class, made);
        self.frozen_bases(class, &interface, made);
        if made.init {
            self.post_init(class, &interface);
        }
    }

    /// The place where the class declares a field.
    fn field_range(&self, class: &ClassEntry, field: &Name) -> Option<TextRange> {
        let own = class.scope.bindings.iter();
        let mut bindings = own
            .filter(|(name, _)| mangle(&class.qualname, name) == *field)
            .flat_map(|(_, bindings)| bindings);
        bindings
            .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
            .map(|binding| binding.range)
    }

    fn field_order(&mut self, class: &ClassEntry, interface: &ClassInterface, made: &Dataclass) {
        if !made.init {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        if !world.ancestry(&interface.symbol).complete {
            return;
        }
        let mut before: Option<Name> = None;
        for field in world.dataclass_fields(&interface.symbol, &[]) {
            if !field.init || field.kw_only {
                continue;
            }
            if field.has_default {
                before = Some(field.name);
            } else if let Some(before) = &before {
                let own = made.fields.iter().any(|own| own.name == field.name);
                let range = self
                    .field_range(class, &field.name)
                    .filter(|_| own)
                    .unwrap_or(class.name_range);
                let message = format!(
                    "Field `{}` has no default value, but `{before}` before it has one",
                    field.name
                );
                self.report(Rule::InvalidDataclass, range, message);
            }
        }
    }

    fn field_defaults(&mut self, class: &ClassEntry, made: &Dataclass) {
        if !made.is_standard {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let scope = self.sight.scope_inside(&class.qualname);
        for (name, bindings) in &class.scope.bindings {
            for binding in bindings {
                let stmt = find_stmt(&parsed, binding.stmt);
                if let Some(node) = stmt.and_then(|stmt| stmt.as_ann_assign_stmt())
                    && let Some(value) = &node.value
                    && made
                        .fields
                        .iter()
                        .any(|field| field.name == mangle(&class.qualname, name))
                    && matches!(
                        **value,
                        Expr::List(_)
                            | Expr::Dict(_)
                            | Expr::Set(_)
                            | Expr::ListComp(_)
                            | Expr::DictComp(_)
                            | Expr::SetComp(_)
                    )
                {
                    self.report(
                        Rule::InvalidDataclass,
                        value.range(),
                        format!(
                            "The default value of field `{name}` would be shared by all instances"
                        ),
                    )
                    .notes
                    .push("Make it for each with `field(default_factory=...)`".to_owned());
                }
                let is_field = |expr: &Expr| match expr {
                    Expr::Call(call) => matches!(
                        scope.resolve(&call.func),
                        Resolved::Function(function) if function == Symbol::new("dataclasses", "field")
                    ),
                    _ => false,
                };
                if let Some(node) = stmt.and_then(|stmt| stmt.as_assign_stmt())
                    && is_field(&node.value)
                {
                    let message = format!("`{name}` has no annotation, so it is no field");
                    self.report(Rule::InvalidDataclass, binding.range, message);
                }
            }
        }
    }

    /// A frozen dataclass derives from frozen ones alone, and only frozen ones derive from it.
    fn frozen_bases(&mut self, class: &ClassEntry, interface: &ClassInterface, made: &Dataclass) {
        for base in interface.bases.iter().filter_map(Type::class) {
            let Some(base) = class_interface(self.db, self.file, &base) else {
                continue;
            };
            let Some(other) = &base.dataclass else {
                continue;
            };
            // A class that names the metaclass which makes dataclasses is neither.
            let is_first = !other.is_standard && base.metaclass.is_some();
            if other.frozen != made.frozen && !is_first {
                let (is, not) = if made.frozen {
                    ("frozen", "is not")
                } else {
                    ("not frozen", "is")
                };
                let message = format!(
                    "`{}` is {is}, but its base class `{}` {not}",
                    class.qualname,
                    base.symbol.name()
                );
                self.report(Rule::InvalidDataclass, class.name_range, message);
            }
        }
    }

    /// `__post_init__` is given what is declared as `InitVar`.
    fn post_init(&mut self, class: &ClassEntry, interface: &ClassInterface) {
        let method = Name::new(format!("{}.__post_init__", class.qualname));
        let Some(entry) = self.index.functions.get(&method) else {
            return;
        };
        let range = entry.name_range;
        let Some(function) = crate::signatures::function_in(self.db, self.file, &method) else {
            return;
        };
        if function.kind != FunctionKind::Method || function.is_wrapped {
            return;
        }
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        let ancestry = world.ancestry(&interface.symbol);
        if !ancestry.complete {
            return;
        }
        let own = interface.own_args();
        let given: Vec<_> = world
            .dataclass_fields(&interface.symbol, &own)
            .into_iter()
            .filter(|field| field.is_init_var)
            .collect();
        let params = &function.params[1.min(function.params.len())..];
        if params
            .iter()
            .any(|p| matches!(p.kind, ParamKind::VarPositional | ParamKind::VarKeyword))
        {
            return;
        }
        let required = params
            .iter()
            .filter(|p| p.default.is_none() || p.kind == ParamKind::KeywordOnly)
            .count();
        let message = if given.len() > params.len() || given.len() < required {
            Some(format!(
                "`__post_init__` takes {} values, but {} are declared as `InitVar`",
                params.len(),
                given.len()
            ))
        } else {
            params.iter().zip(&given).find_map(|(param, field)| {
                let misfit = param.annotated && !world.assignable(&field.ty, &param.ty);
                misfit.then(|| {
                    format!(
                        "`__post_init__` takes a `{}` as `{}`, but it is given `{}`, a `{}`",
                        param.ty, param.name, field.name, field.ty
                    )
                })
            })
        };
        if let Some(message) = message {
            self.report(Rule::InvalidDataclass, range, message);
        }
    }
}
