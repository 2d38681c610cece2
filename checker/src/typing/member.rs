//! Members of values: what an attribute is, and whether there is one.

use crate::infer::world::{Lookup, Resolved, World, substitute, widen};
use crate::interface::{FunctionKind, Member};
use crate::types::{Name, Symbol, Type, Types, VariableKind};

/// What looking up an attribute of a value gives.
#[derive(Clone, Debug)]
pub enum Attribute {
    /// There is one.
    Found(Found),
    /// There is none.
    Missing,
    /// It cannot be said.
    Unknown,
}

/// An attribute of a value.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its type, as it is read.
    pub ty: Type,
    /// The class that has it.
    pub owner: Symbol,
    /// Whether it can be set, so that what it is replaced by matters.
    pub is_writable: bool,
    /// Whether it is a variable of the class rather than of the instance.
    pub is_class_var: bool,
    /// Whether it is a method.
    pub is_method: bool,
}

impl World<'_> {
    /// The attribute `name` of a value of type `ty`. Of a union it is the union of its members' attributes, if all have it.
    pub fn attribute(&self, ty: &Type, name: &str) -> Attribute {
        match self.closed_attribute(ty, name) {
            Attribute::Found(found) => Attribute::Found(Found {
                ty: self.open(&found.ty),
                ..found
            }),
            other => other,
        }
    }

    fn closed_attribute(&self, ty: &Type, name: &str) -> Attribute {
        match ty {
            Type::Dynamic | Type::Never | Type::Parameters(_) | Type::Unpacked(_) => {
                Attribute::Unknown
            }
            Type::Alias(..) => self.closed_attribute(&self.open(ty), name),
            Type::Union(members) => self.union_attribute(members, name),
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                self.attribute_as(&variable.upper(), ty, name)
            }
            Type::TypeVar(_) => Attribute::Unknown,
            Type::Class(class) => self.class_attribute(class, &Types::none(), ty, name),
            Type::ClassOf(of) => match of.as_instance() {
                Type::Instance(class, args) | Type::Exact(class, args) => {
                    self.class_attribute(&class, &args, ty, name)
                }
                Type::TypeVar(variable) => match variable.upper() {
                    Type::Instance(class, args) => self.class_attribute(&class, &args, ty, name),
                    _ => Attribute::Unknown,
                },
                _ => Attribute::Unknown,
            },
            Type::Module(module) => self.module_attribute(module, name),
            Type::TypedDict(..) => self.typed_dict_attribute(ty, name),
            _ => self.attribute_as(ty, ty, name),
        }
    }

    /// The name `name` of `module`.
    fn module_attribute(&self, module: &Name, name: &str) -> Attribute {
        let found = |ty: Type, is_writable: bool, is_method: bool| {
            Attribute::Found(Found {
                ty,
                owner: Symbol::new("types", "ModuleType"),
                is_writable,
                is_class_var: false,
                is_method,
            })
        };
        match self.export(module, name) {
            Resolved::Function(symbol) => match self.function(&symbol) {
                Some(function) if !function.is_wrapped => {
                    found(Type::Function(symbol), false, true)
                }
                _ => Attribute::Unknown,
            },
            Resolved::Class(symbol) => found(Type::Class(symbol), false, false),
            Resolved::Constant(value) => found(widen(&Type::literal(&value)), false, false),
            Resolved::Variable { ty, is_final } if !ty.is_dynamic() => found(ty, !is_final, false),
            Resolved::Module(module) => found(Type::Module(module), false, false),
            Resolved::Undefined if !name.starts_with("__") => {
                match self.export(module, "__getattr__") {
                    Resolved::Undefined => Attribute::Missing,
                    _ => Attribute::Unknown,
                }
            }
            _ => Attribute::Unknown,
        }
    }

    fn union_attribute(&self, members: &[Type], name: &str) -> Attribute {
        let mut found: Option<Found> = None;
        let mut unknown = false;
        for member in members {
            match self.attribute(member, name) {
                Attribute::Found(own) => {
                    found = Some(match found {
                        None => own,
                        Some(known) => Found {
                            ty: self.join(&known.ty, &own.ty),
                            is_writable: known.is_writable && own.is_writable,
                            ..known
                        },
                    });
                }
                Attribute::Unknown => unknown = true,
                Attribute::Missing => return Attribute::Missing,
            }
        }
        match found {
            Some(found) if !unknown => Attribute::Found(found),
            _ => Attribute::Unknown,
        }
    }

    /// The attribute of a value of type `ty` that was reached through a value of type `receiver`, which `self` then is.
    fn attribute_as(&self, ty: &Type, receiver: &Type, name: &str) -> Attribute {
        let class = match ty {
            Type::None => Symbol::new("types", "NoneType"),
            Type::Function(_) | Type::Callable(_) | Type::Overloaded(_) => {
                if name == "__call__" {
                    return Attribute::Found(Found {
                        ty: *ty,
                        owner: Symbol::new("types", "FunctionType"),
                        is_writable: false,
                        is_class_var: false,
                        is_method: true,
                    });
                }
                Symbol::new("types", "FunctionType")
            }
            Type::Method(..) => Symbol::new("types", "MethodType"),
            Type::ParametersOf(_, keywords) => {
                Symbol::new("builtins", if *keywords { "dict" } else { "tuple" })
            }
            Type::Union(members) => return self.union_attribute(members, name),
            Type::Dynamic => return Attribute::Unknown,
            Type::TypedDict(..) => return self.typed_dict_attribute(ty, name),
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                return self.attribute_as(&variable.upper(), receiver, name);
            }
            other => match widen(other).class() {
                Some(class) => class,
                None => return Attribute::Unknown,
            },
        };
        self.member_of(&class, receiver, name)
    }

    /// The member `name` of an instance of `class`, as seen from a value of type `receiver`.
    pub(crate) fn member_of(&self, class: &Symbol, receiver: &Type, name: &str) -> Attribute {
        // The class that is asked may have its own.
        let is_metaclass = self.is_subclass(class, &Symbol::new("builtins", "type")) != Some(false);
        if is_metaclass && matches!(name, "__new__" | "__init__") {
            return Attribute::Unknown;
        }
        let own = match receiver {
            Type::TypeVar(variable) => self.own_args(&variable.upper().as_instance()),
            Type::New(_, base) => self.own_args(&base.as_instance()),
            other => self.own_args(&other.as_instance()),
        };
        let lookup = self.member(class, &own, name);
        if !matches!(lookup, Lookup::Found { .. })
            && let Some(given) = self.given_member(class, &own, name)
        {
            return given;
        }
        let (owner, params, member) = match lookup {
            Lookup::Found {
                owner,
                params,
                member,
            } => (owner, params, self.believed_member(&owner, name, member)),
            Lookup::Missing if is_metaclass && !class.is_builtin("type") => {
                return Attribute::Unknown;
            }
            Lookup::Missing => return Attribute::Missing,
            Lookup::Unknown => return self.answered(class, receiver, name),
        };
        let found = |ty: Type, is_writable: bool| {
            Attribute::Found(Found {
                ty,
                owner,
                is_writable,
                is_class_var: matches!(member, Member::ClassVar { .. }),
                is_method: matches!(member, Member::Method(_)),
            })
        };
        match &member {
            Member::Field { ty, is_final } => {
                let ty = self.literal_of(&owner, name).unwrap_or(*ty);
                let ty = with_self(substitute(&ty, &params), receiver);
                let read = match self.is_in_body(&owner, name) {
                    true => self.descriptor_read(&ty, Some(receiver), receiver),
                    false => None,
                };
                found(read.unwrap_or(ty), !is_final)
            }
            Member::ClassVar { ty: Type::Dynamic } => {
                let ty = self.class_value(&owner, name);
                let bound = match ty {
                    Type::Callable(_) | Type::Overloaded(_) => {
                        self.bound_value(&member_symbol(&owner, name), &ty, receiver)
                    }
                    plain => Some(plain),
                };
                bound.map_or(Attribute::Unknown, |ty| found(ty, true))
            }
            Member::ClassVar { ty } => {
                let ty = self.literal_of(&owner, name).unwrap_or(*ty);
                let ty = with_self(substitute(&ty, &params), receiver);
                let read = self.descriptor_read(&ty, Some(receiver), receiver);
                found(read.unwrap_or(ty), true)
            }
            Member::Property { getter, setter } => match self.function(getter) {
                Some(function) if !function.is_wrapped => {
                    let callee = self.callees(&Type::Method((*receiver).into(), *getter));
                    let ty = match callee.as_deref() {
                        Some([only]) => only.signature.returns,
                        _ => substitute(&function.returns, &params),
                    };
                    found(ty, setter.is_some())
                }
                _ => Attribute::Unknown,
            },
            Member::Method(symbol) => match self.function(symbol) {
                Some(function) if function.is_wrapped => self
                    .decorated_method(symbol, receiver)
                    .map_or(Attribute::Unknown, |ty| found(ty, false)),
                Some(function) => match function.kind {
                    FunctionKind::StaticMethod => found(Type::Function(*symbol), false),
                    FunctionKind::ClassMethod => {
                        let class = Type::class_of(receiver.as_instance());
                        found(Type::Method(class.into(), *symbol), false)
                    }
                    _ => found(Type::Method((*receiver).into(), *symbol), false),
                },
                None => Attribute::Unknown,
            },
            Member::Class(symbol) => found(Type::Class(*symbol), false),
            Member::Dynamic => self
                .decorated_method(&member_symbol(&owner, name), receiver)
                .map_or(Attribute::Unknown, |ty| found(ty, false)),
        }
    }

    /// What the `__getattr__` of a class answers for a name that the class does not have.
    fn answered(&self, class: &Symbol, receiver: &Type, name: &str) -> Attribute {
        if name.starts_with("__") {
            return Attribute::Unknown;
        }
        let Attribute::Found(found) = self.member_of(class, receiver, "__getattr__") else {
            return Attribute::Unknown;
        };
        let returns = match self.callees(&found.ty).as_deref() {
            Some([only]) => only.signature.returns,
            _ => return Attribute::Unknown,
        };
        match returns {
            Type::Dynamic | Type::Never => Attribute::Unknown,
            ty => Attribute::Found(Found {
                ty,
                owner: found.owner,
                is_writable: true,
                is_class_var: false,
                is_method: false,
            }),
        }
    }

    /// Whether the body of `owner` gives the attribute `name` that it declares a value, so that the class has it.
    pub(crate) fn is_in_body(&self, owner: &Symbol, name: &str) -> bool {
        self.class(owner).is_some_and(|class| {
            let has_value = class
                .declared
                .get(name)
                .is_some_and(|declared| declared.has_value);
            has_value
                && class.dataclass.as_ref().is_none_or(|made| {
                    let mut fields = made.fields.iter();
                    fields.any(|field| &*field.name == name && field.is_in_class)
                })
        })
    }

    /// What is believed of the member `name` of `owner`, where nothing is certain.
    pub(crate) fn believed_member(&self, owner: &Symbol, name: &str, member: Member) -> Member {
        match member {
            Member::Dynamic | Member::ClassVar { ty: Type::Dynamic } => self
                .class(owner)
                .and_then(|class| class.believed.get(name).cloned())
                .unwrap_or(member),
            known => known,
        }
    }

    /// The literal that the attribute `name` of `owner` stands for, if it is `Final` and has one.
    fn literal_of(&self, owner: &Symbol, name: &str) -> Option<Type> {
        self.class(owner)?.declared.get(name)?.literal
    }

    /// The literal that attribute `name` of a value of type `receiver` stands for, if it is declared `Final` with one.
    pub(crate) fn final_literal(&self, receiver: &Type, name: &str) -> Option<Type> {
        let class = match receiver {
            Type::Class(class) => *class,
            Type::ClassOf(of) => of.class()?,
            Type::Instance(class, _) | Type::Exact(class, _) => *class,
            _ => return None,
        };
        match self.member(&class, &Types::none(), name) {
            Lookup::Found { owner, .. } => self.literal_of(&owner, name),
            _ => None,
        }
    }

    /// The attribute `name` of the class object `class`.
    fn class_attribute(
        &self,
        class: &Symbol,
        args: &[Type],
        receiver: &Type,
        name: &str,
    ) -> Attribute {
        if let Some(member) = self.enumeration(class).and_then(|e| e.member(name)) {
            return Attribute::Found(Found {
                ty: Type::EnumMember(*class, member),
                owner: *class,
                is_writable: false,
                is_class_var: true,
                is_method: false,
            });
        }
        if let Some(given) = self.given_variable(class, name) {
            return given;
        }
        match self.member(class, args, name) {
            Lookup::Found {
                owner,
                params,
                member,
            } if !owner.is_builtin("object") => {
                let member = self.believed_member(&owner, name, member);
                let found = |ty: Type, is_writable: bool| {
                    Attribute::Found(Found {
                        ty,
                        owner,
                        is_writable,
                        is_class_var: matches!(member, Member::ClassVar { .. }),
                        is_method: matches!(member, Member::Method(_)),
                    })
                };
                // What is an attribute of the class is one of the instances that it makes.
                let own = match receiver {
                    Type::ClassOf(of) => **of,
                    _ => Type::Instance(*class, args.into()),
                };
                let seen = |ty: &Type| with_self(substitute(ty, &params), &own);
                match &member {
                    Member::Field { ty, is_final } => found(seen(ty), !is_final),
                    Member::ClassVar { ty: Type::Dynamic } => {
                        found(self.class_value(&owner, name), true)
                    }
                    Member::ClassVar { ty } => {
                        let ty = self.literal_of(&owner, name).unwrap_or(*ty);
                        let ty = seen(&ty);
                        let instance = Type::Instance(*class, Types::none());
                        let read = self.descriptor_read(&ty, None, &instance);
                        found(read.unwrap_or(ty), true)
                    }
                    Member::Property { .. } => found(Type::builtin("property"), false),
                    Member::Method(symbol) => match self.function(symbol) {
                        Some(function) if function.is_wrapped => Attribute::Unknown,
                        Some(function) if function.kind == FunctionKind::ClassMethod => {
                            found(Type::Method((*receiver).into(), *symbol), false)
                        }
                        Some(_) => found(Type::Function(*symbol), false),
                        None => Attribute::Unknown,
                    },
                    Member::Class(symbol) => found(Type::Class(*symbol), false),
                    Member::Dynamic => Attribute::Unknown,
                }
            }
            Lookup::Unknown => Attribute::Unknown,
            Lookup::Found { .. } | Lookup::Missing => {
                let metaclass = self.metaclass(class);
                let instance = Type::Instance(metaclass, Types::none());
                match self.member_of(&metaclass, &instance, name) {
                    Attribute::Missing => match self.member(class, args, name) {
                        Lookup::Missing => Attribute::Missing,
                        _ => Attribute::Unknown,
                    },
                    found => found,
                }
            }
        }
    }
}

/// What a member of the class `owner` is called.
fn member_symbol(owner: &Symbol, name: &str) -> Symbol {
    Symbol::of(
        owner.module,
        Name::new(format!("{}.{name}", owner.qualname)),
    )
}

/// A type in which `Self` means `receiver`.
fn with_self(ty: Type, receiver: &Type) -> Type {
    ty.substitute(&|variable| variable.is_self().then_some(*receiver))
}
