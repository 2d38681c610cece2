//! Bases of classes, conflicts of storage, and why a class is not laid out.

use keelback_parser::ast::{Expr, StmtClassDef};
use keelback_parser::text_size::Ranged;

use super::{Checker, is_name, mangled};
use crate::classes::class_interface;
use crate::files::{Staticness, staticness};
use crate::index::{BindingKind, ClassEntry, find_class};
use crate::interface::Member;
use crate::members::{find_member, is_subclass};
use crate::resolve::module_name;
use crate::rules::Rule;
use crate::symbols::{Resolved, Special, names_of};
use crate::types::{Symbol, Type};

impl Checker<'_> {
    pub(super) fn classes(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        for class in index.classes.values() {
            let Some(node) = find_class(&parsed, class.range) else {
                continue;
            };
            self.bases(class, node);
            self.storage(class, node);
            self.slots(class);
            self.attributes(class);
            self.fields(class);
            self.enum_members(class);
            self.dataclass(class);
            self.protocol(class, node);
            self.typed_dict(class, node);
            self.constructor(class);
            self.named_tuple(class, node);
            self.not_laid_out(class);
        }
    }

    fn bases(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let scope = self.sight.scope_inside(&class.qualname);
        let own = Symbol::of(module_name(self.db, self.file), class.qualname);
        for base in node.arguments.iter().flat_map(|arguments| &arguments.args) {
            let head = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => other,
            };
            if !is_name(head) {
                continue;
            }
            let message = match scope.resolve(head) {
                Resolved::Class(symbol) => {
                    if is_subclass(self.db, self.file, &symbol, &own) == Some(true) {
                        Some(format!("Class `{}` is its own base class", class.qualname))
                    } else {
                        self.final_base(&symbol, base);
                        None
                    }
                }
                Resolved::Function(symbol) => Some(format!(
                    "`{}` is a function and cannot be a base class",
                    symbol.name()
                )),
                Resolved::Module(module) => {
                    Some(format!("`{module}` is a module and cannot be a base class"))
                }
                Resolved::Primitive(primitive) => Some(format!(
                    "`{}` is a fixed-width type and cannot be a base class",
                    primitive.name()
                )),
                Resolved::Special(Special::Optional | Special::Union | Special::Literal) => {
                    Some("This is not a class".to_owned())
                }
                Resolved::Missing => {
                    if let Expr::Name(name) = head
                        && class.parent.is_none()
                    {
                        let known = names_of(self.db, self.file);
                        let message = format!("Name `{}` is not defined", name.id);
                        let known = known.iter().map(|name| &**name);
                        self.unknown(Rule::UndefinedName, head.range(), message, &name.id, known);
                    }
                    None
                }
                Resolved::Variable { file, name } if self.is_plain_value(file, &name) => {
                    Some(format!("`{name}` is a value and cannot be a base class"))
                }
                Resolved::Variable { file, name } => self.no_class(file, &name),
                Resolved::Special(_) | Resolved::Dynamic => None,
            };
            if let Some(message) = message {
                self.report(Rule::InvalidBase, base.range(), message);
            }
        }
    }

    /// Why nothing can derive from an alias, if it is one that stands for no class.
    fn no_class(&self, file: crate::db::File, name: &crate::types::Name) -> Option<String> {
        let alias = crate::aliases::alias(self.db, file, name)?;
        match (alias.form, alias.value) {
            (crate::aliases::Form::Statement, _) => Some(format!(
                "`{name}` is a type alias, an object of its own, and cannot be a base class"
            )),
            (_, Type::New(..)) => Some(format!(
                "`{name}` is a `NewType` and cannot be a base class"
            )),
            _ => None,
        }
    }

    /// Whether a variable of this file is only ever a literal.
    fn is_plain_value(&self, file: crate::db::File, name: &crate::types::Name) -> bool {
        let parsed = crate::files::parsed(self.db, self.file);
        let bindings = self.index.scope.bindings.get(name);
        file == self.file
            && bindings.is_some_and(|bindings| {
                bindings.iter().all(|binding| {
                    let stmt = crate::index::find_stmt(&parsed, binding.stmt);
                    let node = stmt.and_then(|stmt| stmt.as_assign_stmt());
                    node.is_some_and(|node| crate::constants::literal(&node.value).is_some())
                })
            })
    }

    fn final_base(&mut self, symbol: &Symbol, base: &Expr) {
        let Some(interface) = class_interface(self.db, self.file, symbol) else {
            return;
        };
        if interface.is_final {
            let message = format!(
                "Class `{}` is final and cannot be subclassed",
                symbol.name()
            );
            self.report(Rule::FinalSubclass, base.range(), message);
        }
    }

    /// A field that a base declares with another type.
    fn fields(&mut self, class: &ClassEntry) {
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        for (name, bindings) in &class.scope.bindings {
            let name = mangled(&class.qualname, name);
            let annotated = bindings
                .iter()
                .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
            let (Some(binding), Some(Member::Field { ty, .. })) =
                (annotated, interface.members.get(&name))
            else {
                continue;
            };
            for base in interface.bases.iter().filter_map(Type::class) {
                let Some(found) = find_member(self.db, self.file, &base, &name) else {
                    continue;
                };
                let Member::Field {
                    ty: inherited,
                    is_final,
                } = &found.member
                else {
                    continue;
                };
                let args = match interface.bases.iter().find(|ty| ty.class() == Some(base)) {
                    Some(Type::Instance(_, args)) => args.to_vec(),
                    _ => Vec::new(),
                };
                let params = crate::classes::class_interface_params(self.db, self.file, &base);
                let inherited = found.specialise(inherited, &params, &args);
                // What nobody can assign may be narrower.
                let is_narrower = *is_final && self.fits(ty, &inherited);
                if inherited != *ty && !is_narrower && !inherited.is_dynamic() && !ty.is_dynamic() {
                    let message = format!(
                        "Field `{name}` is `{inherited}` in base class `{}` and cannot become `{ty}`",
                        found.owner.symbol.name()
                    );
                    self.report(Rule::DuplicateField, binding.range, message);
                    break;
                }
            }
        }
    }

    fn not_laid_out(&mut self, class: &ClassEntry) {
        if staticness(self.db, self.file) != Staticness::Marker
            || !self.wants(Rule::ClassNotLaidOut)
        {
            return;
        }
        let refusal = crate::classes::layout_refusal(self.db, self.file, &class.qualname);
        if let Some(reason) = refusal {
            let message = format!(
                "Class `{}` keeps CPython's layout: {reason}",
                class.qualname
            );
            self.report(Rule::ClassNotLaidOut, class.name_range, message);
        }
    }
}
