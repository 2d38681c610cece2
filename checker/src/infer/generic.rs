//! Generic classes and aliases as values: `list[int]`, `Alias`, `Alias[int]`.

use keelback_parser::ast;
use keelback_parser::text_size::{Ranged, TextRange};

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Name, Signature, Symbol, Type, Types};
use crate::typing::{Argument, Attribute, CallProblem, Given};

use super::convert::Why;
use super::cx::{Cx, Finding};
use super::world::{Lookup, Resolved};

impl Cx<'_> {
    /// What is believed of `subscript` as a value, if that is a class or an alias with type arguments. What is wrong with these is reported.
    pub(super) fn believed_generic(
        &mut self,
        subscript: &ast::ExprSubscript,
        head: &Expr,
    ) -> Option<Type> {
        if !self.is_generic(&subscript.value, head) {
            return None;
        }
        let declared = (self.annotations)(&ast::Expr::Subscript(subscript.clone()));
        for problem in declared.problems {
            // The definition of an alias is written with its parameters.
            if problem.rule == Rule::UnboundTypeVariable && !self.is_called {
                continue;
            }
            if self.is_heard() {
                let finding = Finding {
                    rule: problem.rule,
                    range: problem.primary.span.range(),
                    message: problem.message,
                    notes: problem.notes,
                    fix: None,
                };
                if !self.findings.contains(&finding) {
                    self.findings.push(finding);
                }
            }
        }
        class_object(declared.ty?)
    }

    /// Whether an expression is the name of a class with known type parameters, or of an alias.
    fn is_generic(&self, expr: &ast::Expr, head: &Expr) -> bool {
        let of_class = |class: &Symbol| {
            self.world.metaclass(class).is_builtin("type")
                && !class.is_builtin("type")
                && self
                    .world
                    .class(class)
                    .is_some_and(|class| !class.members.contains_key("__class_getitem__"))
        };
        match head.view() {
            Type::Class(class) => match self.world.class(&class) {
                Some(interface) => !interface.type_params.is_empty() || of_class(&class),
                None => false,
            },
            _ => match expr {
                ast::Expr::Name(name) if self.local(name.id.as_str()).is_none() => {
                    match self.world.global(&self.module, name.id.as_str()).0 {
                        Resolved::Alias(ty) => !ty.is_dynamic(),
                        Resolved::Typing(name) => matches!(
                            &*name,
                            "List"
                                | "Dict"
                                | "Set"
                                | "FrozenSet"
                                | "DefaultDict"
                                | "OrderedDict"
                                | "Counter"
                                | "Deque"
                                | "ChainMap"
                        ),
                        _ => false,
                    }
                }
                _ => false,
            },
        }
    }

    /// Reports an attribute of a class object that depends on the type arguments of the class: it is one of its instances.
    pub(super) fn check_generic_attribute(&mut self, receiver: &Type, name: &str, at: TextRange) {
        let class = match receiver {
            Type::Class(class) => *class,
            Type::ClassOf(of) => match **of {
                Type::Instance(class, _) => class,
                _ => return,
            },
            _ => return,
        };
        if let Lookup::Found {
            member: Member::Field { ty, .. },
            ..
        } = self.world.member(&class, &[], name)
            && ty.any(&mut |part| matches!(part, Type::TypeVar(own) if !own.is_self()))
        {
            self.report(
                Rule::InvalidGeneric,
                at,
                format!(
                    "The type of `{name}` depends on what `{}` is generic in, so only instances have it",
                    class.name()
                ),
            );
        }
    }

    /// Reports a value that does not fit what `Self` in the declared type of an attribute is for this receiver.
    pub(super) fn check_stored(&mut self, receiver: &Type, name: &str, stored: &str, value: &Expr) {
        let class = match receiver.as_instance() {
            Type::Instance(class, _) | Type::Exact(class, _) => class,
            _ => return,
        };
        let Lookup::Found {
            member: Member::Field { ty, .. },
            ..
        } = self.world.member(&class, &[], stored)
        else {
            return;
        };
        let has_self = ty.any(&mut |part| matches!(part, Type::TypeVar(own) if own.is_self()));
        let seen = value.view();
        if !has_self || seen.is_dynamic() {
            return;
        }
        if let Attribute::Found(found) = self.world.attribute(receiver, stored)
            && !self.world.assignable(&seen, &found.ty)
        {
            self.mismatch(
                &seen,
                &found.ty,
                &Why::Attribute(Name::new(name)),
                value.span,
            );
        }
    }

    /// Reports an index that `__getitem__` of a value seen as `receiver` does not take, where only that says what it takes.
    pub(super) fn check_index(&mut self, e: &Expr, receiver: &Type, index: &Type, at: TextRange) {
        // Of what is not certain, what is believed is reported.
        if e.ty.is_dynamic() {
            return;
        }
        let Type::Instance(class, _) = receiver else {
            return;
        };
        if index.is_dynamic() || &*class.module == "builtins" || self.world.is_laid_out(class) {
            return;
        }
        let Attribute::Found(found) = self.world.attribute(receiver, "__getitem__") else {
            return;
        };
        let Some(callees) = self.world.callees(&found.ty) else {
            return;
        };
        let given = Argument {
            given: Given::Position,
            ty: *index,
        };
        if let Err(CallProblem::Wrong { wanted, .. }) = self.world.call(&callees, &[given]) {
            let shown = super::convert::shown(index, &wanted);
            self.report(
                Rule::InvalidArgument,
                at,
                format!("The index of `{receiver}` must be `{wanted}`, but this is `{shown}`"),
            );
        }
    }

    /// What is believed of an alias as a value.
    pub(super) fn believed_alias(&self, name: &str, ty: &Type) -> Option<Type> {
        match ty {
            Type::TypeVar(variable) => Some(Type::Instance(
                Symbol::new(
                    "typing",
                    match variable.kind {
                        crate::types::VariableKind::Type => "TypeVar",
                        crate::types::VariableKind::Parameters => "ParamSpec",
                        crate::types::VariableKind::Tuple => "TypeVarTuple",
                    },
                ),
                Types::none(),
            )),
            _ if self.world.is_alias_object(&self.module, name) => Some(Type::Instance(
                Symbol::new("typing", "TypeAliasType"),
                Types::none(),
            )),
            Type::New(_, base) => Some(Type::Callable(Signature::of_positional([**base], *ty))),
            other => class_object(*other),
        }
    }
}

/// The class object that a type is as a value.
fn class_object(ty: Type) -> Option<Type> {
    match ty {
        Type::Instance(..) => Some(Type::class_of(ty)),
        _ => None,
    }
}
