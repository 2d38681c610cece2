//! Beliefs: what the rules of typing say of a value of which less is certain when it is compiled.
//!
//! The type of an expression is what holds at run time whatever the rest of the program does, because code is made from it. What a stub, a protocol,
//! a generic signature or an overload promises goes beyond that. It is kept beside, as the expression's belief: it flows through locals and
//! attributes, calls are checked against it, and findings are made from it. A belief that turns out wrong is a finding, never wrong code.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::suggest::did_you_mean;
use crate::tree::{BinaryOp, Expr};
use crate::types::{Name, Rest, Signature, Type, VariableKind};
use crate::typing::{Argument, Attribute, CallProblem, Callee, Given};

use super::cx::{Cx, range};
use super::flow::Place;
use super::world::{erase, widen};

impl Cx<'_> {
    /// Remembers what is believed of the value of a place; or forgets it, if that is no more than is certain.
    pub fn believe(&mut self, place: Place, belief: Option<Type>) {
        match belief {
            Some(ty) if !ty.is_dynamic() => self.state.beliefs.insert(place, ty),
            _ => self.state.beliefs.remove(&place),
        };
    }

    /// Whether what is believed of a value says more than the declared type of the place that it is stored in: of a generic class whose
    /// arguments are not known the declaration says more.
    pub fn says_more(&self, belief: &Type, declared: &Type) -> bool {
        let is_open = belief.class().is_some()
            && declared
                .members()
                .iter()
                .any(|member| member.class() == belief.class())
            && belief.any(&mut |part| part.is_dynamic());
        // What is declared `type[Any]` is called with anything, whatever class it is.
        let is_any_class = matches!(belief.without_none(), Type::ClassOf(_))
            && declared.members().iter().any(|m| m.is_builtin("type"));
        !is_open && !is_any_class && self.world.assignable(belief, declared)
    }

    /// `e`, the attribute `name` of a value that was seen as `receiver`, with what is believed of it. `certain` is the value's type: of a
    /// value whose type is certain, what is missing is reported with that.
    pub fn believe_attribute(
        &mut self,
        e: Expr,
        receiver: &Type,
        certain: &Type,
        name: &str,
        at: TextRange,
    ) -> Expr {
        if name == "__class__"
            && e.belief.is_none()
            && matches!(
                receiver,
                Type::Instance(..) | Type::Exact(..) | Type::TypeVar(_)
            )
        {
            return e.believed(Type::class_of(*receiver));
        }
        if e.belief.is_none()
            && let Some(literal) = self.world.final_literal(receiver, name)
        {
            return e.believed(literal);
        }
        if e.belief.is_some() || receiver.is_dynamic() {
            return e;
        }
        if !e.ty.is_dynamic() {
            // Of a variable of a stub more is declared than what is checked.
            return match (receiver, self.world.attribute(receiver, name)) {
                (Type::Module(_), Attribute::Found(found))
                    if self.world.assignable(&found.ty, &e.ty) =>
                {
                    e.believed(found.ty)
                }
                (Type::Module(_), _) => e,
                _ => self.refine_attribute(e, receiver, name),
            };
        }
        self.check_generic_attribute(receiver, name, at);
        let is_open = match certain {
            // A decorated function is what its decorators make of it.
            Type::Function(_) => !matches!(receiver, Type::Function(_)),
            certain => certain.is_dynamic() || matches!(certain, Type::TypedDict(..)),
        };
        match self.world.attribute(receiver, name) {
            Attribute::Found(found) => e.believed(found.ty),
            // A value of which no more is known than that it is a class may be any class.
            Attribute::Missing if receiver.is_builtin("type") => e,
            // What a mixin uses of itself is there in the classes that it is mixed into.
            Attribute::Missing if is_own_class(receiver) => {
                if !name.starts_with("__") && !self.may_come_later(name) {
                    self.report_no_attribute(receiver, name, at);
                }
                e
            }
            Attribute::Missing
                if is_open && !name.starts_with("__") || self.is_given(receiver, name) =>
            {
                self.report_no_attribute(receiver, name, at);
                e
            }
            Attribute::Missing | Attribute::Unknown => e,
        }
    }

    /// `e`, an attribute of which something is certain, with what is believed beyond that: type arguments, and what `Self` is.
    fn refine_attribute(&self, e: Expr, receiver: &Type, name: &str) -> Expr {
        let is_open = e.ty.any(&mut |part| {
            part.is_dynamic()
                || matches!(part, Type::TypeVar(_))
                || matches!(part, Type::Callable(signature) if signature.rest != Rest::Nothing)
        });
        let is_own = matches!(
            (e.ty.class(), receiver.as_instance().class()),
            (Some(own), Some(receiver)) if self.world.is_subclass(&receiver, &own) == Some(true)
                && !own.is_builtin("object")
        );
        if !is_open && !is_own {
            return e;
        }
        match self.world.attribute(receiver, name) {
            Attribute::Found(found)
                if (e.ty.has_variables() && found.ty.class() == e.ty.class())
                    || self.world.assignable(&found.ty, &erase(&e.ty)) =>
            {
                e.believed(found.ty)
            }
            _ => e,
        }
    }

    /// Whether an attribute with a special name is there only if an option of a dataclass says so.
    fn is_given(&self, receiver: &Type, name: &str) -> bool {
        let of = match receiver {
            Type::Class(class) => Some(*class),
            Type::ClassOf(of) => of.class(),
            other => other.class(),
        };
        matches!(name, "__match_args__" | "__slots__")
            && of.is_some_and(|class| self.world.is_dataclass(&class))
    }

    fn report_no_attribute(&mut self, receiver: &Type, name: &str, at: TextRange) {
        let shown = match receiver {
            Type::TypeVar(variable) if variable.is_self() => widen(&variable.upper()),
            other => widen(other),
        };
        if receiver.includes_none() {
            let rest = receiver.without_none();
            if matches!(self.world.attribute(&rest, name), Attribute::Found(_)) {
                self.report_with(
                    Rule::PossiblyNone,
                    at,
                    format!("The value may be `None`, which has no attribute `{name}`"),
                    vec![format!(
                        "Test it with `is not None` first; its type is `{shown}`"
                    )],
                );
                return;
            }
        }
        let class = match receiver.as_instance() {
            Type::TypeVar(variable) if variable.kind == VariableKind::Type => {
                variable.upper().class()
            }
            other => other.class(),
        };
        let names: Vec<String> = class.map(|c| self.member_names(&c)).unwrap_or_default();
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        self.report(
            Rule::UnresolvedAttribute,
            at,
            format!("`{shown}` has no attribute `{name}`{hint}"),
        );
    }

    /// `e`, a call of a value that was seen as `callee`, with what is believed of its result. `types` are those of the arguments:
    /// positional ones, then keyword ones. What is wrong with the call is reported.
    pub fn believe_call(
        &mut self,
        e: Expr,
        callee: &Type,
        types: &[Type],
        call: &ast::ExprCall,
    ) -> Expr {
        if callee.is_dynamic() || *callee == Type::Never {
            return e;
        }
        let given = arguments(call, types);
        let mut result = Type::Never;
        for member in callee.members() {
            match self.believed_result(member, &given, call) {
                Some(ty) => result = self.world.join(&result, &ty),
                None => return e,
            }
        }
        if result == Type::Never {
            // What never returns ends the flow, wherever that is declared.
            return self.never(e);
        }
        if e.ty.is_dynamic() || e.ty.is_builtin("object") {
            e.believed(result)
        } else {
            e
        }
    }

    /// `e`, the result of a call whose arguments were bound to the declared parameters of a generic function or class, with what is
    /// believed of it once its type variables are solved together. `types` are those of the arguments as they stand. What is wrong is
    /// reported unless something in the call was already: that is said by `found`, the number of findings before it.
    pub fn believe_generic(
        &mut self,
        e: Expr,
        callee: &Type,
        types: &[Type],
        call: &ast::ExprCall,
        found: usize,
    ) -> Expr {
        let Some(callees) = self.world.callees(callee) else {
            return e;
        };
        if callees.is_empty() && self.findings.len() == found {
            self.report_uncallable(callee, call);
            return e;
        }
        // Where nothing is to be solved the declared parameters said it all.
        let is_unpacked = |signature: Signature| {
            let mut params = signature.params.iter();
            params.any(|param| matches!(param.ty, Type::Unpacked(_)))
        };
        let is_generic = |callee: &Callee| {
            Type::Callable(callee.signature).has_variables() || is_unpacked(callee.signature)
        };
        let of_generic = matches!(callee, Type::Method(_, symbol) | Type::Function(symbol) if {
            self.world.overloads(symbol).iter().any(|own| {
                let own = Signature::of(own);
                Type::Callable(own).has_variables() || is_unpacked(own)
            })
        });
        let is_certain = !e.ty.is_dynamic() && e.belief.is_none();
        if is_certain && !of_generic && !callees.iter().any(is_generic) {
            return e;
        }
        let given = arguments(call, types);
        match self.world.call_for(&callees, &given, self.wanted.as_ref()) {
            Ok(Type::Dynamic | Type::Never) => e,
            // What a guard says of an argument may depend on the others.
            Ok(ty @ Type::Guard(..)) if matches!(e.ty, Type::Guard(..)) => e.believed(ty),
            Ok(ty) if e.ty.is_dynamic() || self.world.assignable(&ty, &erase(&e.ty)) => {
                e.believed(ty)
            }
            Ok(ty) => {
                let mut e = e;
                // The arguments of a class are what is expected of the call, where that decides them.
                if let (Type::Instance(own, _), Type::Instance(other, args)) = (e.ty, ty)
                    && own == other
                    && !args.is_empty()
                    && &*own.module != "__static__"
                {
                    e.ty = erase(&ty);
                }
                e
            }
            Err(problem) => {
                if self.findings.len() == found {
                    self.report_call(&problem, &given, call);
                }
                e
            }
        }
    }

    fn believed_result(
        &mut self,
        callee: &Type,
        given: &[Argument],
        call: &ast::ExprCall,
    ) -> Option<Type> {
        let callees = self.world.callees(callee)?;
        if callees.is_empty() {
            // A form of `typing` that is called is no mere form.
            if matches!(callee, Type::Instance(class, _) if class.name() == "_SpecialForm") {
                return None;
            }
            self.report_uncallable(callee, call);
            return None;
        }
        self.note_deprecated_overload(&callees, given, range(call));
        match self.world.call_for(&callees, given, self.wanted.as_ref()) {
            Ok(ty) => Some(ty),
            Err(problem) => {
                self.report_call(&problem, given, call);
                // What comes of a wrong call is not known.
                None
            }
        }
    }

    fn report_uncallable(&mut self, callee: &Type, call: &ast::ExprCall) {
        let at = range(&*call.func);
        match callee {
            Type::None => {
                let text = self.text(at).to_owned();
                self.report_with(
                    Rule::PossiblyNone,
                    at,
                    format!("`{text}` may be `None`, which cannot be called"),
                    vec!["Test it with `is not None` first".to_owned()],
                );
            }
            Type::ClassOf(made) => self.report(
                Rule::NotCallable,
                at,
                format!(
                    "`{made}` cannot be made: its constructor is declared for other type arguments"
                ),
            ),
            _ => self.report(
                Rule::NotCallable,
                at,
                format!("`{}` cannot be called", widen(callee)),
            ),
        }
    }

    fn report_call(&mut self, problem: &CallProblem, given: &[Argument], call: &ast::ExprCall) {
        let text = self.text(range(&*call.func));
        let name = match text.len() {
            0..=60 if !text.contains('\n') => text.to_owned(),
            _ => "the callable".to_owned(),
        };
        let positional = call.arguments.args.len();
        let at = |index: usize| match call.arguments.args.get(index) {
            Some(arg) => range(arg),
            None => call
                .arguments
                .keywords
                .get(index - positional)
                .map_or_else(|| range(call), |keyword| keyword.range),
        };
        match problem {
            CallProblem::Missing(names) => {
                let names: Vec<String> = names
                    .iter()
                    .map(|name| match name.is_empty() {
                        true => "a positional one".to_owned(),
                        false => format!("`{name}`"),
                    })
                    .collect();
                let plural = if names.len() == 1 { "" } else { "s" };
                self.report(
                    Rule::MissingArgument,
                    range(call),
                    format!(
                        "`{name}` is called without argument{plural} {}",
                        names.join(", ")
                    ),
                );
            }
            CallProblem::TooMany { index, takes } => {
                let plural = if *takes == 1 { "" } else { "s" };
                self.report(
                    Rule::TooManyArguments,
                    at(*index),
                    format!(
                        "`{name}` takes {takes} positional argument{plural}, but {positional} are given"
                    ),
                );
            }
            CallProblem::Unknown {
                index,
                name: keyword,
            } => self.report(
                Rule::UnknownArgument,
                at(*index),
                format!("`{name}` has no parameter `{keyword}`"),
            ),
            CallProblem::Twice {
                index,
                name: keyword,
            } => self.report(
                Rule::DuplicateArgument,
                at(*index),
                format!("`{name}` gets argument `{keyword}` twice"),
            ),
            CallProblem::Wrong {
                index,
                name: parameter,
                wanted,
            } => {
                let shown = given.get(*index).map_or(Type::Dynamic, |arg| arg.ty);
                let shown = super::convert::shown(&shown, wanted);
                let which = match parameter.is_empty() {
                    true => "Argument".to_owned(),
                    false => format!("Argument `{parameter}`"),
                };
                self.report(
                    Rule::InvalidArgument,
                    at(*index),
                    format!("{which} of `{name}` must be `{wanted}`, but this is `{shown}`"),
                );
            }
            CallProblem::Extra { index, ty } => {
                let shown = given.get(*index).map_or(Type::Dynamic, |arg| arg.ty);
                self.report(
                    Rule::InvalidArgument,
                    at(*index),
                    format!(
                        "`{shown}` may hold further items of type `{ty}`, which `{name}` does not take"
                    ),
                );
            }
            CallProblem::NotPassedOn(specification) => self.report(
                Rule::InvalidArgument,
                range(call),
                format!(
                    "`{name}` takes `*args: {specification}.args, **kwargs: {specification}.kwargs` after its own positional arguments, and nothing else"
                ),
            ),
            CallProblem::NoneOf => {
                let types: Vec<String> =
                    given.iter().map(|arg| widen(&arg.ty).to_string()).collect();
                self.report(
                    Rule::InvalidArgument,
                    range(call),
                    format!(
                        "No overload of `{name}` takes arguments of types ({})",
                        types.join(", ")
                    ),
                );
            }
        }
    }

    /// What is believed of the items of a value that was seen as `ty`.
    pub fn believed_item(&self, ty: &Type) -> Type {
        match self.world.item_of(ty) {
            Type::Dynamic => {
                let iterator = self.special_result(ty, "__iter__", &[]);
                iterator
                    .and_then(|iterator| self.special_result(&iterator, "__next__", &[]))
                    .unwrap_or(Type::Dynamic)
            }
            item => item,
        }
    }

    /// `e`, a list or tuple of the items of a value that was seen as `view`, with what is believed of them.
    pub fn believe_items(&self, e: Expr, view: &Type) -> Expr {
        let Type::Exact(class, args) = e.ty else {
            return e;
        };
        if args.len() != 1 || !args[0].is_dynamic() || !matches!(class.name(), "list" | "tuple") {
            return e;
        }
        match self.believed_item(view) {
            Type::Dynamic | Type::Never => e,
            item => e.believed(Type::Instance(class, [item].into())),
        }
    }

    /// `e`, a binary operation on values that were seen as `left` and `right`, with what is believed of it.
    pub fn believe_binary(&self, e: Expr, op: BinaryOp, left: &Type, right: &Type) -> Expr {
        let says_more = match &e.ty {
            Type::Dynamic => true,
            // The arguments of a class of which only the class is certain.
            Type::Instance(class, args) | Type::Exact(class, args) => {
                &*class.module != "builtins" && args.iter().any(Type::is_dynamic)
            }
            _ => false,
        };
        if !says_more || left.is_dynamic() || right.is_dynamic() {
            return e;
        }
        let belief = self.believed_binary(op, left, right);
        match e.ty.is_dynamic() || belief.class() == e.ty.class() {
            true => e.believed(belief),
            false => e,
        }
    }

    /// What is believed of a binary operation on values that were seen as `left` and `right`.
    pub fn believed_binary(&self, op: BinaryOp, left: &Type, right: &Type) -> Type {
        let Some((name, reflected)) = special_names(op) else {
            return Type::Dynamic;
        };
        let mut result = Type::Never;
        for l in left.members() {
            for r in right.members() {
                let own = self
                    .special_result(l, name, &[*r])
                    .or_else(|| self.special_result(r, reflected, &[*l]));
                match own {
                    Some(ty) => result = self.world.join(&result, &ty),
                    None => return Type::Dynamic,
                }
            }
        }
        result
    }

    /// `e`, the result of a special method of a value seen as `receiver`, with what is believed of it. Nothing is reported.
    pub fn believe_special(&mut self, e: Expr, receiver: &Type, name: &str, args: &[Type]) -> Expr {
        if !e.ty.is_dynamic() || e.belief.is_some() {
            return e;
        }
        match self.special_result(receiver, name, args) {
            Some(ty) => e.believed(ty),
            None => e,
        }
    }

    /// `e`, the item at an index seen as `at` of a value seen as `receiver`, with what is believed of it. An index that `__getitem__` does not
    /// take is reported.
    pub fn believe_item(&mut self, e: Expr, receiver: &Type, at: &Type) -> Expr {
        let is_known = !matches!(receiver, Type::Dynamic | Type::Never) && !at.is_dynamic();
        if !e.ty.is_dynamic() || e.belief.is_some() || !is_known {
            return self.believe_special(e, receiver, "__getitem__", &[*at]);
        }
        let Attribute::Found(found) = self.world.attribute(receiver, "__getitem__") else {
            return e;
        };
        let Some(callees) = self.world.callees(&found.ty) else {
            return e;
        };
        let given = [Argument {
            given: Given::Position,
            ty: *at,
        }];
        match self.world.call(&callees, &given) {
            Ok(ty) => e.believed(ty),
            Err(_) => {
                // What the library's own containers are indexed with is often known better than it is seen here.
                if !self.world.is_static_module(&found.owner.module) {
                    return e;
                }
                // Of what may be one of several types, what was ruled out may not be known.
                let takes = |part: &Type| {
                    let given = [Argument {
                        given: Given::Position,
                        ty: *part,
                    }];
                    self.world.call(&callees, &given).is_ok()
                };
                if at.members().iter().any(takes) {
                    return e;
                }
                let span = e.span;
                self.report(
                    Rule::InvalidArgument,
                    span,
                    format!(
                        "An item of `{}` cannot be read at an index of type `{}`",
                        widen(receiver),
                        widen(at)
                    ),
                );
                e
            }
        }
    }

    /// What the special method `name` of a value of type `receiver` gives for arguments of these types; nothing if there is no such
    /// method, it does not take them, or that is not known.
    pub fn special_result(&self, receiver: &Type, name: &str, args: &[Type]) -> Option<Type> {
        // Of a class it is the class's own class that has them.
        let attribute = match receiver {
            Type::Class(class) => {
                let metaclass = self.world.metaclass(class);
                let instance = Type::Instance(metaclass, [].into());
                self.world.member_of(&metaclass, &instance, name)
            }
            _ => self.world.attribute(receiver, name),
        };
        let Attribute::Found(found) = attribute else {
            return None;
        };
        let callees = self.world.callees(&found.ty)?;
        let args: Vec<Argument> = args
            .iter()
            .map(|ty| Argument {
                given: Given::Position,
                ty: *ty,
            })
            .collect();
        self.world.call(&callees, &args).ok()
    }
}

/// Whether a value is of the class in whose methods it is, or of one that derives from it; or that class.
fn is_own_class(ty: &Type) -> bool {
    match ty {
        Type::TypeVar(variable) => variable.is_self(),
        Type::ClassOf(of) => is_own_class(of),
        _ => false,
    }
}

/// The arguments of a call, of which `types` are the types as they stand.
fn arguments(call: &ast::ExprCall, types: &[Type]) -> Vec<Argument> {
    let positional = call.arguments.args.iter().map(|arg| match arg {
        ast::Expr::Starred(_) => Given::Unpacked,
        _ => Given::Position,
    });
    let keywords = call.arguments.keywords.iter();
    let named = keywords.map(|keyword| match &keyword.arg {
        Some(name) => Given::Keyword(Name::new(name.as_str())),
        None => Given::Keywords,
    });
    positional
        .chain(named)
        .enumerate()
        .map(|(i, given)| Argument {
            given,
            ty: types.get(i).copied().unwrap_or(Type::Dynamic),
        })
        .collect()
}

/// The special methods of a binary operator: of the left operand, and of the right one.
pub(super) fn special_names(op: BinaryOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        BinaryOp::Add => ("__add__", "__radd__"),
        BinaryOp::Sub => ("__sub__", "__rsub__"),
        BinaryOp::Mul => ("__mul__", "__rmul__"),
        BinaryOp::MatMul => ("__matmul__", "__rmatmul__"),
        BinaryOp::Div => ("__truediv__", "__rtruediv__"),
        BinaryOp::FloorDiv => ("__floordiv__", "__rfloordiv__"),
        BinaryOp::Mod => ("__mod__", "__rmod__"),
        BinaryOp::Pow => ("__pow__", "__rpow__"),
        BinaryOp::LShift => ("__lshift__", "__rlshift__"),
        BinaryOp::RShift => ("__rshift__", "__rrshift__"),
        BinaryOp::Or => ("__or__", "__ror__"),
        BinaryOp::Xor => ("__xor__", "__rxor__"),
        BinaryOp::And => ("__and__", "__rand__"),
    })
}
