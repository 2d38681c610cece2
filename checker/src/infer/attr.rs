//! Attributes: fields, properties, class attributes, modules' names, and everything that is looked up at run time.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{FunctionKind, Member};
use crate::rules::Rule;
use crate::tree::{Arg, Binding, Call, Callee, Expr, ExprKind, StmtKind, Target};
use crate::types::{Name, Symbol, Type};

use super::convert::Why;
use super::cx::{Cx, known, make, object, range};
use super::expr::stub_type;
use super::flow::Place;
use super::world::{Lookup, Resolved, erase, substitute, widen};

impl Cx<'_> {
    /// `value.attr`, read.
    pub fn attribute(&mut self, attribute: &ast::ExprAttribute, span: TextRange) -> Expr {
        let value = self.expr(&attribute.value, None);
        let place = self.attribute_place(attribute);
        let name = attribute.attr.as_str();
        self.read_place(value, name, range(&attribute.attr), place, span)
    }

    /// Attribute `name` of `value`, with what is known and believed of the chain that it is.
    pub(super) fn read_place(
        &mut self,
        value: Expr,
        name: &str,
        at: TextRange,
        place: Option<Place>,
        span: TextRange,
    ) -> Expr {
        let fact = place
            .as_ref()
            .and_then(|p| self.state.facts.get(p).cloned());
        let view = value.view();
        let e = self.read_attribute(value, name, at, span);
        let stored = self.mangled(name);
        self.note_deprecated_attribute(&view, &stored, false, at);
        let e = match &place {
            Some(place) => self.believed_place(e, place),
            None => e,
        };
        match fact {
            // Of an attribute of which nothing is known, nothing is known after a test either: it may be a property.
            Some(fact) if fact != e.ty && !e.ty.is_dynamic() => {
                // The place was narrowed; another thread may have stored to it since, so the narrowing is checked.
                if fact.held() == e.ty.held() || e.ty.held() == crate::types::Held::Object {
                    self.expect(e, &fact)
                } else {
                    e
                }
            }
            _ => e,
        }
    }

    /// Attribute `name` of `value`, with what is believed of it.
    pub fn read_attribute(
        &mut self,
        value: Expr,
        name: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        let (view, certain) = (value.view(), value.ty);
        let e = self.read_certain_attribute(value, name, at, span);
        let stored = self.mangled(name);
        self.believe_attribute(e, &view, &certain, &stored, at)
    }

    /// Attribute `name` of `value`, as far as it is certain.
    fn read_certain_attribute(
        &mut self,
        value: Expr,
        name: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        let value = self.unprimitive(value);
        let value = self.on_trust(value);
        let stored = self.mangled(name);
        match value.ty {
            Type::Dynamic
            | Type::TypeVar(..)
            | Type::Never
            | Type::Callable(..)
            | Type::Overloaded(_)
            | Type::Method(..)
            | Type::Parameters(_)
            | Type::ParametersOf(..)
            | Type::Alias(..)
            | Type::Unpacked(_)
            | Type::TypedDict(..)
            | Type::Function(_) => self.dynamic_attribute(value, &stored, span),
            Type::EnumMember(class, _) => match self.enum_attribute(&value.ty, name) {
                Some(ty) => {
                    let e = self.dynamic_attribute(value, &stored, span);
                    self.expect(e, &ty)
                }
                None => self.instance_attribute(value, &class, &[], name, &stored, at, span),
            },
            Type::LiteralString | Type::New(..) | Type::Guard(..) | Type::Variadic(..) => {
                let instance = value.ty.as_instance();
                self.read_attribute(super::cx::known(value, instance), name, at, span)
            }
            Type::ClassOf(of) => match *of {
                Type::Instance(class, _) | Type::Exact(class, _) => {
                    self.class_attribute(value, &class, name, &stored, at, span)
                }
                _ => self.dynamic_attribute(value, &stored, span),
            },
            Type::Module(module) => self.module_attribute(value, &module, name, at, span),
            Type::Class(class) => self.class_attribute(value, &class, name, &stored, at, span),
            Type::Union(members) => self.union_attribute(value, &members, &stored, name, at, span),
            Type::None => {
                let known = matches!(
                    self.world
                        .member(&Symbol::new("builtins", "object"), &[], name),
                    Lookup::Found { .. }
                ) || matches!(name, "__bool__" | "__doc__");
                if !known {
                    self.report(
                        Rule::UnresolvedAttribute,
                        at,
                        format!("`None` has no attribute `{name}`"),
                    );
                }
                self.dynamic_attribute(value, &stored, span)
            }
            Type::Instance(class, args) | Type::Exact(class, args) => {
                if let Some(ty) = self.enum_attribute(&value.ty, name) {
                    let e = self.dynamic_attribute(value, &stored, span);
                    return self.expect(e, &ty);
                }
                self.instance_attribute(value, &class, &args, name, &stored, at, span)
            }
            Type::Tuple(_) | Type::Literal(_) => match widen(&value.ty).class() {
                Some(class) => self.instance_attribute(value, &class, &[], name, &stored, at, span),
                None => self.dynamic_attribute(value, &stored, span),
            },
            Type::Primitive(_) => self.dynamic_attribute(value, &stored, span),
        }
    }

    pub(super) fn dynamic_attribute(&mut self, value: Expr, name: &str, span: TextRange) -> Expr {
        // A property may run anything; a plain attribute does not. Chains stay narrowed over reads of attributes.
        make(
            ExprKind::Attr(object(value), Name::new(name)),
            Type::Dynamic,
            span,
        )
    }

    fn module_attribute(
        &mut self,
        value: Expr,
        module: &Name,
        name: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        let resolved = self.world.export(module, name);
        let attr =
            |value: Expr, ty: Type| make(ExprKind::Attr(object(value), Name::new(name)), ty, span);
        match resolved {
            Resolved::Constant(c) if self.world.is_static_module(module) => {
                super::cx::constant(c, span)
            }
            Resolved::Variable { ty, .. } => {
                let is_static = self.world.is_static_module(module);
                let e = attr(value, Type::Dynamic);
                let ty = if is_static { ty } else { stub_type(&ty) };
                if ty.is_dynamic() {
                    e
                } else {
                    self.expect(e, &ty)
                }
            }
            Resolved::Function(symbol) => attr(value, Type::Function(symbol)),
            Resolved::Class(symbol) => attr(value, Type::Class(symbol)),
            Resolved::Module(inner) => attr(value, Type::Module(inner)),
            Resolved::Undefined => {
                let submodule = format!("{module}.{name}");
                if self.world.module(&submodule).is_some() {
                    return attr(value, Type::Module(Name::new(submodule)));
                }
                let dunder = name.starts_with("__") && name.ends_with("__");
                let answers = self.world.binding(module, "__getattr__").is_some();
                if !dunder && !answers {
                    let names: Vec<String> = self
                        .world
                        .names(module)
                        .iter()
                        .map(|n| n.to_string())
                        .collect();
                    self.report_unknown(
                        Rule::UnresolvedAttribute,
                        at,
                        format!("Module `{module}` has no attribute `{name}`"),
                        name,
                        names.iter().map(String::as_str),
                    );
                }
                attr(value, Type::Dynamic)
            }
            _ => attr(value, Type::Dynamic),
        }
    }

    fn class_attribute(
        &mut self,
        value: Expr,
        class: &Symbol,
        name: &str,
        stored: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        let attr = |value: Expr, ty: Type| {
            make(ExprKind::Attr(object(value), Name::new(stored)), ty, span)
        };
        if let Some(member) = self.world.enumeration(class).and_then(|e| e.member(name)) {
            let e = attr(value, Type::Dynamic);
            let e = self.expect(e, &Type::Instance(*class, [].into()));
            return known(e, Type::EnumMember(*class, member));
        }
        let lookup = match self.world.member(class, &[], stored) {
            Lookup::Missing if stored != name => self.world.member(class, &[], name),
            found => found,
        };
        match lookup {
            Lookup::Found {
                member: Member::ClassVar { ty },
                params,
                owner,
            } => {
                let ty = self.trusted(&owner, &erase(&substitute(&ty, &params)));
                let e = attr(value, Type::Dynamic);
                if ty.is_dynamic() {
                    e
                } else {
                    self.expect(e, &ty)
                }
            }
            Lookup::Found {
                member: Member::Method(symbol),
                ..
            } => {
                let kind = self.world.function(&symbol).map(|f| f.kind);
                match kind {
                    Some(FunctionKind::StaticMethod | FunctionKind::Method) => {
                        attr(value, Type::Function(symbol))
                    }
                    _ => attr(value, Type::Dynamic),
                }
            }
            Lookup::Found {
                member: Member::Class(symbol),
                ..
            } => attr(value, Type::Class(symbol)),
            Lookup::Found { .. } | Lookup::Unknown => attr(value, Type::Dynamic),
            Lookup::Missing => {
                let of_type = self
                    .world
                    .member(&Symbol::new("builtins", "type"), &[], name);
                // What is not laid out may have been given attributes from elsewhere; the classes of the library were not.
                let is_library = self.world.module(&class.module).is_some_and(|m| m.is_stub);
                let is_plain = is_library
                    && self.world.metaclass(class).is_builtin("type")
                    && !self.world.class(class).is_some_and(|c| c.is_rewritten);
                let metaclass =
                    !is_plain && self.world.class(class).is_some_and(|c| c.layout.is_err());
                let dunder = name.starts_with("__") && name.ends_with("__");
                if matches!(of_type, Lookup::Missing) && !metaclass && !dunder {
                    let names = self.member_names(class);
                    self.report_unknown(
                        Rule::UnresolvedAttribute,
                        at,
                        format!("Class `{}` has no attribute `{name}`", class.name()),
                        name,
                        names.iter().map(String::as_str),
                    );
                }
                attr(value, Type::Dynamic)
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn instance_attribute(
        &mut self,
        value: Expr,
        class: &Symbol,
        args: &[Type],
        name: &str,
        stored: &str,
        at: TextRange,
        span: TextRange,
    ) -> Expr {
        match self.world.member(class, args, stored) {
            Lookup::Found {
                owner,
                params,
                member,
            } => match member {
                Member::Field { ty, .. } => {
                    let known = erase(&substitute(&ty, &params));
                    if let Some(field) = self
                        .world
                        .layout(class)
                        .and_then(|l| l.field(stored).cloned())
                    {
                        if self.world.is_laid_out(class) {
                            let e = make(
                                ExprKind::Field {
                                    object: value,
                                    class: *class,
                                    field: Name::new(stored),
                                },
                                erase_top(&field.ty),
                                span,
                            );
                            return if known == e.ty || erase(&field.ty) == known {
                                e
                            } else {
                                self.expect(e, &known)
                            };
                        }
                    }
                    let ty = self.trusted(&owner, &known);
                    let e = self.dynamic_attribute(value, stored, span);
                    if ty.is_dynamic() {
                        e
                    } else {
                        self.expect(e, &ty)
                    }
                }
                Member::ClassVar { ty } => {
                    let ty = self.trusted(&owner, &erase(&substitute(&ty, &params)));
                    let e = self.dynamic_attribute(value, stored, span);
                    if ty.is_dynamic() {
                        e
                    } else {
                        self.expect(e, &ty)
                    }
                }
                Member::Property { getter, .. } => {
                    let Some(function) = self.world.function(&getter) else {
                        return self.dynamic_attribute(value, stored, span);
                    };
                    let ty = erase(&substitute(&function.returns, &params));
                    if self.world.is_laid_out(class) && !function.is_decorated {
                        if let Some(e) =
                            self.slot_call(value.clone(), class, stored, Vec::new(), &ty, span)
                        {
                            self.after_call();
                            return e;
                        }
                    }
                    let ty = self.trusted(&owner, &ty);
                    let e = self.dynamic_attribute(value, stored, span);
                    if ty.is_dynamic() {
                        e
                    } else {
                        self.expect(e, &ty)
                    }
                }
                Member::Method(_) | Member::Class(_) | Member::Dynamic => {
                    self.dynamic_attribute(value, stored, span)
                }
            },
            Lookup::Unknown => self.dynamic_attribute(value, stored, span),
            Lookup::Missing => {
                let closed = self.world.is_static_module(&class.module)
                    || super::world::is_value_class(class)
                    || class.is_builtin("object");
                if closed && !name.starts_with("__") {
                    let names = self.member_names(class);
                    let shown = widen(&value.ty);
                    self.report_unknown(
                        Rule::UnresolvedAttribute,
                        at,
                        format!("`{shown}` has no attribute `{name}`"),
                        name,
                        names.iter().map(String::as_str),
                    );
                }
                self.dynamic_attribute(value, stored, span)
            }
        }
    }

    /// A call through slot `slot` of `class`'s method table with further arguments that have the slot's types; nothing if there is no such slot.
    pub fn slot_call(
        &mut self,
        receiver: Expr,
        class: &Symbol,
        slot: &str,
        args: Vec<Expr>,
        ty: &Type,
        span: TextRange,
    ) -> Option<Expr> {
        let layout = self.world.layout(class)?;
        let index = layout.method(slot)?;
        let introduced = self.world.function(&layout.methods[index].introduced_by)?;
        let mut all = vec![Arg::Value(receiver)];
        all.extend(args.into_iter().map(Arg::Value));
        let callee = Callee::Method {
            class: *class,
            slot: Name::new(slot),
        };
        let e = make(
            ExprKind::Call(Call { callee, args: all }),
            erase_top(&introduced.returns),
            span,
        );
        let same = e.ty == *ty;
        Some(if same { e } else { self.expect(e, ty) })
    }

    pub(super) fn member_names(&self, class: &Symbol) -> Vec<String> {
        let ancestry = self.world.ancestry(class);
        let classes = ancestry.classes.iter().map(|c| &c.class);
        classes
            .flat_map(|c| c.members.keys().map(|n| n.to_string()))
            .collect()
    }

    /// Stores `value` in `target.name`; the value is evaluated already. The object is evaluated here unless it is given.
    pub fn assign_attribute(
        &mut self,
        attribute: &ast::ExprAttribute,
        receiver: Option<Expr>,
        value: Expr,
        span: TextRange,
    ) {
        let receiver = match receiver {
            Some(e) => e,
            None => self.expr(&attribute.value, None),
        };
        let receiver = self.unprimitive(receiver);
        let receiver = self.on_trust(receiver);
        let name = attribute.attr.as_str();
        let stored = self.mangled(name);
        let at = range(&attribute.attr);
        let (ty, view, of) = (value.ty, value.view(), receiver.view());
        self.check_generic_attribute(&of, &stored, at);
        self.check_stored(&of, name, &stored, &value);
        self.note_deprecated_attribute(&of, &stored, true, at);
        self.check_value_store(&receiver, name, &value);
        let declared = self.store_attribute(receiver, name, &stored, value, at, span);
        self.state.distrust_attribute(&stored);
        if let Some(place) = self.attribute_place(attribute) {
            self.state.forget(&place);
            self.believe_stored(&place, &of, &stored, declared, &view);
        }
        if let (Some(declared), Some(place)) = (declared, self.attribute_place(attribute)) {
            if self.world.assignable(&ty, &declared) {
                let fact = self.narrow_declared(&declared, &ty);
                if fact != declared && !matches!(fact, Type::Primitive(_)) {
                    self.learn(place, fact);
                }
            }
        }
    }

    /// The store itself; the declared type of a field that keeps what is stored.
    fn store_attribute(
        &mut self,
        receiver: Expr,
        name: &str,
        stored: &str,
        value: Expr,
        at: TextRange,
        span: TextRange,
    ) -> Option<Type> {
        let dynamic = |cx: &mut Self, receiver: Expr, value: Expr| {
            let value = cx.unprimitive(value);
            cx.after_call();
            cx.push(
                StmtKind::Assign(
                    Target::Attr(object(receiver), Name::new(stored)),
                    object(value),
                ),
                span,
            );
        };
        let why = Why::Attribute(Name::new(name));
        match receiver.ty {
            Type::Instance(class, args) | Type::Exact(class, args) => {
                match self.world.member(&class, &args, stored) {
                    Lookup::Found {
                        member: Member::Field { ty, is_final },
                        params,
                        owner,
                    } => {
                        if is_final && !self.may_set_final(&owner) {
                            self.report_final_store(&owner, name, at);
                        }
                        let known = erase(&substitute(&ty, &params));
                        let layout = self
                            .world
                            .layout(&class)
                            .filter(|_| self.world.is_laid_out(&class));
                        if let Some(field) = layout.and_then(|l| l.field(stored).cloned()) {
                            let value = self.coerce(value, &known, &why);
                            let value = self.refit(value, &field.ty);
                            let target = Target::Field {
                                object: receiver,
                                class,
                                field: Name::new(stored),
                            };
                            self.push(StmtKind::Assign(target, value), span);
                            return Some(known);
                        }
                        let taken = self.world.converted_field(&class, &args, stored);
                        let known = match taken {
                            Some(taken) => erase(&taken),
                            None => self.trusted(&owner, &known),
                        };
                        let value = if known.is_dynamic() {
                            value
                        } else {
                            self.coerce(value, &known, &why)
                        };
                        dynamic(self, receiver, value);
                        taken.is_none().then_some(known)
                    }
                    Lookup::Found {
                        member: Member::Property { getter, setter },
                        params,
                        owner,
                    } => {
                        let Some(setter) = setter else {
                            if self.world.is_static_module(&owner.module) {
                                self.report(
                                    Rule::InvalidAssignment,
                                    at,
                                    format!("Property `{name}` has no setter"),
                                );
                            }
                            let _ = getter;
                            dynamic(self, receiver, value);
                            return None;
                        };
                        let function = self.world.function(&setter);
                        let ty = function
                            .and_then(|f| {
                                f.params.get(1).map(|p| erase(&substitute(&p.ty, &params)))
                            })
                            .unwrap_or(Type::Dynamic);
                        let ty = self.trusted(&owner, &ty);
                        let value = if ty.is_dynamic() {
                            value
                        } else {
                            self.coerce(value, &ty, &why)
                        };
                        dynamic(self, receiver, value);
                        None
                    }
                    Lookup::Found {
                        member: Member::ClassVar { ty },
                        params,
                        owner,
                    } => {
                        let laid_out = self.world.is_laid_out(&class)
                            && self.world.layout(&class).is_some_and(|l| !l.has_dict);
                        let declared = super::store::Stored {
                            name,
                            mangled: stored,
                            at,
                        };
                        let view = receiver.view();
                        let member = Member::ClassVar { ty };
                        if self.sets_itself(&view, &owner, member, declared, &value) {
                            dynamic(self, receiver, value);
                            return None;
                        }
                        let is_said = self.check_class_variable(&owner, &class, true, declared);
                        if laid_out && !is_said {
                            self.report_with(
                                Rule::InvalidAssignment,
                                at,
                                format!(
                                    "`{name}` is a class variable and cannot be set on an instance"
                                ),
                                vec![format!("Set it on the class: `{}.{name}`", class.name())],
                            );
                        }
                        let ty = self.trusted(&owner, &erase(&substitute(&ty, &params)));
                        let value = if ty.is_dynamic() {
                            value
                        } else {
                            self.coerce(value, &ty, &why)
                        };
                        dynamic(self, receiver, value);
                        None
                    }
                    Lookup::Found { .. } | Lookup::Unknown => {
                        dynamic(self, receiver, value);
                        None
                    }
                    Lookup::Missing => {
                        if !self.world.sets_attributes(&class)
                            && self.world.is_static_module(&class.module)
                            && !name.starts_with("__")
                        {
                            let names = self.member_names(&class);
                            self.report_unknown(
                                Rule::UnresolvedAttribute,
                                at,
                                format!("`{}` has no attribute `{name}`", widen(&receiver.ty)),
                                name,
                                names.iter().map(String::as_str),
                            );
                        }
                        dynamic(self, receiver, value);
                        None
                    }
                }
            }
            Type::Class(class) => {
                self.check_member_store(&class, name, at);
                let declared = super::store::Stored {
                    name,
                    mangled: stored,
                    at,
                };
                let ty = match self.world.member(&class, &[], stored) {
                    Lookup::Found {
                        member: Member::ClassVar { ty },
                        params,
                        owner,
                    } => {
                        self.check_class_variable(&owner, &class, false, declared);
                        self.trusted(&owner, &erase(&substitute(&ty, &params)))
                    }
                    Lookup::Found {
                        member: Member::Field { is_final: true, .. },
                        owner,
                        ..
                    } => {
                        self.check_class_variable(&owner, &class, false, declared);
                        Type::Dynamic
                    }
                    _ => Type::Dynamic,
                };
                let value = if ty.is_dynamic() {
                    value
                } else {
                    self.coerce(value, &ty, &why)
                };
                dynamic(self, receiver, value);
                None
            }
            Type::Module(module) => {
                let ty = match self.world.export(&module, name) {
                    Resolved::Variable { ty, is_final } if self.world.is_static_module(&module) => {
                        if is_final {
                            self.report(
                                Rule::FinalReassigned,
                                at,
                                format!("`{name}` is `Final` and cannot be assigned again"),
                            );
                        }
                        ty
                    }
                    Resolved::Constant(_) if self.world.is_static_module(&module) => {
                        self.report(
                            Rule::FinalReassigned,
                            at,
                            format!("`{name}` is `Final` and cannot be assigned again"),
                        );
                        Type::Dynamic
                    }
                    _ => Type::Dynamic,
                };
                let value = if ty.is_dynamic() {
                    value
                } else {
                    self.coerce(value, &ty, &why)
                };
                dynamic(self, receiver, value);
                None
            }
            Type::Union(members) if members.contains(&Type::None) => {
                self.report_possibly_none(&receiver, &format!("attribute `{name}`"), at);
                dynamic(self, receiver, value);
                None
            }
            Type::None => {
                self.report(
                    Rule::UnresolvedAttribute,
                    at,
                    format!("`None` has no attribute `{name}`"),
                );
                dynamic(self, receiver, value);
                None
            }
            _ => {
                let declared = super::store::Stored {
                    name,
                    mangled: stored,
                    at,
                };
                self.check_believed_store(&receiver, declared, &value);
                dynamic(self, receiver, value);
                None
            }
        }
    }

    /// A value of the substituted type of a generic's member as the member's own type holds it.
    pub fn refit(&mut self, value: Expr, place: &Type) -> Expr {
        let place = erase_top(place);
        if value.ty.held() == place.held() {
            return value;
        }
        match place.held() {
            crate::types::Held::Object => object(value),
            _ => self.coerce(value, &place, &Why::Value),
        }
    }

    /// A read of the global `name` of this module, as an object.
    pub fn global_object(&self, name: &str, ty: Type, span: TextRange) -> Expr {
        make(
            ExprKind::Global {
                module: self.module,
                name: Name::new(name),
            },
            ty,
            span,
        )
    }

    /// The binding through which a dotted expression names something in another module: `m.f`.
    pub fn member_binding(module: &Name, name: &str) -> Binding {
        Binding {
            module: *module,
            name: Name::new(name),
        }
    }
}

/// A declared type as values of it are held: a type variable is an object of unknown type.
pub fn erase_top(ty: &Type) -> Type {
    match ty {
        Type::TypeVar(variable) if variable.is_self() => variable.upper().without_variables(),
        Type::ClassOf(of) if of.has_variables() => ty.without_variables(),
        Type::TypeVar(..)
        | Type::Alias(..)
        | Type::Unpacked(_)
        | Type::ParametersOf(..)
        | Type::Parameters(_) => Type::Dynamic,
        other => *other,
    }
}

/// The type that a value has for Python's rules.
pub fn python_type(ty: &Type) -> Type {
    match ty {
        Type::Primitive(p) => p.boxed(),
        other => widen(other),
    }
}

/// A primitive as the object it becomes; others as they are.
pub fn python_type_keeping_literals(ty: &Type) -> Type {
    ty.boxed()
}
