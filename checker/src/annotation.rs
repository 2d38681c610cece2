//! Annotation expressions to types.

use std::sync::Arc;

use keelback_parser::ast::{
    Expr, ExprSubscript, Operator, StmtClassDef, StmtFunctionDef, TypeParam,
};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::constants;
use crate::db::{Db, Definition, File, FilePath};
use crate::diagnostic::Diagnostic;
use crate::index::{find_stmt, module_index};
use crate::rules::Rule;
use crate::stubs::{Part, part};
use crate::symbols::{Resolved, Special, names_of, resolve_member};
use crate::types::{Constant, Name, Rest, Signature, Symbol, Type, Types, Variable, VariableKind};

/// What an annotation says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotation {
    /// The type; `None` for a bare `Final` or `ClassVar`, whose type is that of the value.
    pub ty: Option<Type>,
    /// `Final`.
    pub is_final: bool,
    /// `ClassVar`.
    pub is_class_var: bool,
}

impl Annotation {
    fn of(ty: Type) -> Annotation {
        Annotation {
            ty: Some(ty),
            ..Annotation::default()
        }
    }

    /// The type, dynamic when none was written.
    pub fn ty(&self) -> Type {
        self.ty.unwrap_or(Type::Dynamic)
    }
}

/// Where an annotation stands: which names it sees.
#[derive(Clone)]
pub struct Scope<'db> {
    db: &'db dyn Db,
    file: File,
    /// The qualified name of the function or class around it, if any: names nested in that are seen.
    container: Option<Name>,
    /// The class that `Self` means.
    self_class: Option<Symbol>,
    /// Type parameters in sight that were declared in brackets.
    type_params: Vec<Variable>,
    /// The function whose signature is read; variables that nothing around has are its own.
    function: Option<Symbol>,
    /// Whether old-style variables stay without an owner: while the parameters of a class are being found.
    is_unowned: bool,
}

impl<'db> Scope<'db> {
    /// The module level of `file`.
    pub fn module(db: &'db dyn Db, file: File) -> Scope<'db> {
        Scope {
            db,
            file,
            container: None,
            self_class: None,
            type_params: Vec::new(),
            function: None,
            is_unowned: false,
        }
    }

    /// The same place, for the signature of `function`.
    pub fn of_signature(mut self, function: Symbol) -> Scope<'db> {
        self.function = Some(function);
        self
    }

    /// The same place, with old-style variables left without an owner.
    pub fn unowned(mut self) -> Scope<'db> {
        self.is_unowned = true;
        self
    }

    /// The inside of the function or class called `qualname`, where its own type parameters are in sight. Annotations of a
    /// function's parameters are evaluated with the function itself as the container.
    pub fn inside(db: &'db dyn Db, file: File, qualname: &Name) -> Scope<'db> {
        let mut scope = Scope::module(db, file);
        scope.container = Some(*qualname);
        let Part { parsed, index } = part(db, file, qualname);
        // Outermost first, so that inner type parameters hide outer ones.
        let ends = qualname
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([qualname.len()]);
        for end in ends {
            let outer = &qualname[..end];
            let params = if let Some(class) = index.classes.get(outer) {
                let module = crate::resolve::module_name(db, file);
                scope.self_class = Some(Symbol::new(&*module, outer));
                find_stmt(&parsed, class.range)
                    .and_then(|stmt| stmt.as_class_def_stmt())
                    .and_then(|node: &StmtClassDef| node.type_params.as_deref())
            } else if let Some(function) = index.functions.get(outer) {
                find_stmt(&parsed, function.range)
                    .and_then(|stmt| stmt.as_function_def_stmt())
                    .and_then(|node: &StmtFunctionDef| node.type_params.as_deref())
            } else {
                None
            };
            if let Some(params) = params {
                let module = crate::resolve::module_name(db, file);
                scope.add_type_params(&params.type_params, Symbol::of(module, Name::new(outer)));
            }
        }
        scope
    }

    /// Brings the type parameters of `owner` into sight. Each sees those before it, and itself.
    pub fn add_type_params(&mut self, params: &[TypeParam], owner: Symbol) {
        for param in params {
            let variable = crate::variables::of_type_param(self, param, owner);
            self.type_params.retain(|known| known.name != variable.name);
            self.type_params.push(variable);
        }
    }

    /// A variable that was declared by a call of `TypeVar` and the like, as a parameter of what it belongs to here: of the outermost class
    /// or function around that uses it in its head.
    fn owned(&self, variable: Variable) -> Variable {
        if self.is_unowned || variable.owner.is_some() {
            return variable;
        }
        let module = crate::resolve::module_name(self.db, self.file);
        let container = self.container.as_deref().unwrap_or("");
        let index = part(self.db, self.file, container).index;
        let ends = container
            .match_indices('.')
            .map(|(at, _)| at)
            .chain((!container.is_empty()).then_some(container.len()));
        let mut innermost = None;
        for end in ends {
            let outer = Name::new(&container[..end]);
            if index.classes.contains_key(&outer) {
                let params = crate::classes::type_params(self.db, self.file, &outer);
                if let Some(own) = params.iter().find(|own| own.name == variable.name) {
                    return *own;
                }
            } else if let Some(entry) = index.functions.get(&outer) {
                let symbol = Symbol::of(module, outer);
                innermost = Some(symbol);
                if crate::variables::head_mentions(self.db, self.file, entry, &variable.name) {
                    return variable.owned_by(symbol);
                }
            }
        }
        match self.function.or(innermost) {
            Some(function) => variable.owned_by(function),
            None => variable,
        }
    }

    /// The file.
    pub fn file(&self) -> File {
        self.file
    }

    /// Whether it is in a stub that is part of Keelback.
    pub(crate) fn is_vendored(&self) -> bool {
        matches!(self.file.path(self.db), FilePath::Vendored(_))
    }

    /// The type of a module-level variable that is declared or `Final`; dynamic for any other name.
    pub(crate) fn global_type(&self, name: &str) -> Type {
        match self.resolve_name(name) {
            Resolved::Variable { file, name } => {
                match crate::modules::variable_type(self.db, file, &name) {
                    Type::Literal(value) => match Type::Literal(value).class() {
                        Some(class) if !class.is_builtin("NoneType") => {
                            Type::Instance(class, Types::none())
                        }
                        _ => Type::Dynamic,
                    },
                    ty => ty,
                }
            }
            _ => Type::Dynamic,
        }
    }

    /// Whether the function `qualname` binds `name`.
    pub(crate) fn is_bound_in(&self, qualname: &Name, name: &str) -> bool {
        let index = module_index(self.db, self.file);
        let parsed = crate::files::parsed(self.db, self.file);
        let entry = index.functions.get(qualname);
        entry
            .and_then(|entry| crate::index::find_function(&parsed, entry.range))
            .is_some_and(|node| binds(node, name))
    }

    /// The result that a static function declares; dynamic if it declares none, or a call gives something else.
    pub(crate) fn declared_result(&self, symbol: &Symbol) -> Type {
        match crate::signatures::function_interface(self.db, self.file, symbol) {
            Some(function)
                if function.returns_annotated
                    && !function.is_decorated
                    && !function.is_async
                    && !function.is_overloaded =>
            {
                function.returns.without_variables()
            }
            _ => Type::Dynamic,
        }
    }

    /// Whether calling the class `symbol` certainly gives an instance of it: no `__new__` and no metaclass of its own is in the way.
    pub fn is_plain_class(&self, symbol: &Symbol) -> bool {
        let Some(file) = crate::resolve::resolve_from(self.db, self.file, &symbol.module) else {
            return false;
        };
        crate::classes::layout_refusal(self.db, file, &symbol.qualname).is_none()
    }

    /// What an annotation says, qualifiers included. Problems are added to `problems`; what is not understood is dynamic.
    pub fn annotation(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Annotation {
        match expr {
            Expr::StringLiteral(_) => match self.parse_string(expr, problems) {
                Some(inner) => self.annotation(&inner, problems),
                None => Annotation::of(Type::Dynamic),
            },
            Expr::Name(_) | Expr::Attribute(_) => match self.resolve(expr) {
                Resolved::Special(Special::Final) => Annotation {
                    is_final: true,
                    ..Annotation::default()
                },
                Resolved::Special(Special::ClassVar) => Annotation {
                    is_class_var: true,
                    ..Annotation::default()
                },
                _ => Annotation::of(self.ty(expr, problems)),
            },
            Expr::Subscript(subscript) => match self.resolve(&subscript.value) {
                Resolved::Special(Special::Final) => Annotation {
                    is_final: true,
                    ..self.annotation(&subscript.slice, problems)
                },
                Resolved::Special(Special::ClassVar) => Annotation {
                    is_class_var: true,
                    ..self.annotation(&subscript.slice, problems)
                },
                Resolved::Special(Special::Annotated) => {
                    self.annotation(first(&subscript.slice), problems)
                }
                _ => Annotation::of(self.ty(expr, problems)),
            },
            _ => Annotation::of(self.ty(expr, problems)),
        }
    }

    /// The expression in an annotation that is written as a string. A problem is added to `problems`.
    pub(crate) fn parse_string(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Option<Expr> {
        let string = expr.as_string_literal_expr()?;
        let source = crate::files::source_text(self.db, self.file);
        match keelback_parser::parse_string_annotation(&source.text, string) {
            Ok(inner) => Some(inner),
            Err(error) => {
                self.problem(
                    Rule::InvalidAnnotation,
                    error.range,
                    error.message,
                    problems,
                );
                None
            }
        }
    }

    /// The type that an expression means. Problems are added to `problems`; what is not understood is dynamic.
    pub fn ty(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match expr {
            Expr::NoneLiteral(_) => Type::None,
            Expr::StringLiteral(_) => self.annotation(expr, problems).ty(),
            Expr::Name(_) | Expr::Attribute(_) => self.named(expr, problems),
            Expr::Subscript(subscript) => self.subscript(subscript, problems),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => Type::union([
                self.ty(&operation.left, problems).boxed(),
                self.ty(&operation.right, problems).boxed(),
            ]),
            Expr::EllipsisLiteral(_) => Type::Dynamic,
            Expr::Starred(starred) => {
                self.ty(&starred.value, problems);
                Type::Dynamic
            }
            _ => {
                self.problem(
                    Rule::InvalidAnnotation,
                    expr.range(),
                    format!("{} is not a type", describe(expr)),
                    problems,
                );
                Type::Dynamic
            }
        }
    }

    fn problem(
        &self,
        rule: Rule,
        range: TextRange,
        message: String,
        problems: &mut Vec<Diagnostic>,
    ) {
        problems.push(Diagnostic::new(rule, self.file, range, message));
    }

    /// What a dotted name stands for here.
    pub fn resolve(&self, expr: &Expr) -> Resolved {
        match expr {
            Expr::Name(name) => self.resolve_name(name.id.as_str()),
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                match self.resolve(&attribute.value) {
                    Resolved::Module(module) => resolve_member(self.db, self.file, &module, name),
                    Resolved::Class(symbol) => {
                        let Some(file) =
                            crate::resolve::resolve_from(self.db, self.file, &symbol.module)
                        else {
                            return Resolved::Dynamic;
                        };
                        let nested = Name::new(format!("{}.{name}", symbol.qualname));
                        if crate::classes::has_class(self.db, file, &nested) {
                            Resolved::Class(Symbol::of(symbol.module, nested))
                        } else {
                            Resolved::Dynamic
                        }
                    }
                    Resolved::Missing => Resolved::Missing,
                    _ => Resolved::Dynamic,
                }
            }
            _ => Resolved::Dynamic,
        }
    }

    fn resolve_name(&self, name: &str) -> Resolved {
        match &self.container {
            Some(container) => crate::symbols::resolve_inside(self.db, self.file, container, name),
            None => crate::symbols::resolve_global(self.db, self.file, name),
        }
    }

    fn type_param(&self, expr: &Expr) -> Option<Type> {
        let Expr::Name(name) = expr else { return None };
        let found = self
            .type_params
            .iter()
            .find(|known| *known.name == *name.id.as_str())?;
        Some(Type::TypeVar(*found))
    }

    fn named(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        if let Some(param) = self.type_param(expr) {
            return param;
        }
        match self.resolve(expr) {
            Resolved::Class(symbol) => self.instance(symbol, Types::none()),
            Resolved::Primitive(primitive) => Type::Primitive(primitive),
            Resolved::Special(special) => self.bare_special(special, expr, problems),
            Resolved::Variable { file, name } => match alias(self.db, file, &name) {
                Some(Type::TypeVar(variable)) => Type::TypeVar(self.owned(variable)),
                Some(ty) => ty,
                None => Type::Dynamic,
            },
            Resolved::Function(symbol) => {
                let message = format!("`{}` is a function, not a type", symbol.name());
                self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                Type::Dynamic
            }
            Resolved::Module(module) => {
                let message = format!("`{module}` is a module, not a type");
                self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                Type::Dynamic
            }
            Resolved::Dynamic => Type::Dynamic,
            Resolved::Missing => {
                self.missing(expr, problems);
                Type::Dynamic
            }
        }
    }

    fn missing(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) {
        match expr {
            Expr::Name(name) => {
                let id = name.id.as_str();
                // A local of an enclosing function is seen when the annotation is evaluated, and not known here.
                if self.container.is_some() && self.is_local_of_container(id) {
                    return;
                }
                let known = names_of(self.db, self.file);
                let builtins = [
                    "int", "float", "bool", "str", "bytes", "list", "dict", "tuple", "object",
                ];
                let candidates = known.iter().map(|name| &**name).chain(builtins);
                let near = crate::suggest::closest(id, candidates);
                let hint = crate::suggest::hint(near);
                let message = format!("Name `{id}` is not defined{hint}");
                self.problem(Rule::UndefinedName, name.range(), message, problems);
                if let Some(near) = near
                    && let Some(problem) = problems.pop()
                {
                    let title = crate::suggest::change_to(near);
                    problems.push(problem.with_fix(title, name.range(), near));
                }
            }
            Expr::Attribute(attribute) => {
                if let Resolved::Module(module) = self.resolve(&attribute.value) {
                    // A stub may be older than the library: what it does not have is dynamic.
                    let file = crate::resolve::resolve_from(self.db, self.file, &module);
                    if file.is_some_and(|file| file.path(self.db).is_stub()) {
                        return;
                    }
                    let message = format!("Module `{module}` has no `{}`", attribute.attr);
                    self.problem(
                        Rule::UnresolvedAttribute,
                        attribute.attr.range(),
                        message,
                        problems,
                    );
                } else {
                    self.missing(&attribute.value, problems);
                }
            }
            _ => {}
        }
    }

    /// Whether a function around binds `name` itself.
    fn is_local_of_container(&self, name: &str) -> bool {
        let index = module_index(self.db, self.file);
        let parsed = crate::files::parsed(self.db, self.file);
        let mut container = self.container.as_deref();
        while let Some(outer) = container {
            let binds = index.functions.get(outer).is_some_and(|entry| {
                let node = crate::index::find_function(&parsed, entry.range);
                node.is_some_and(|node| binds(node, name))
            });
            if binds {
                return true;
            }
            container = outer.rsplit_once('.').map(|(rest, _)| rest);
        }
        false
    }

    /// An instance of a class named without arguments or with `args`.
    fn instance(&self, symbol: Symbol, args: Types) -> Type {
        if crate::typed_dicts::is_typed_dict(self.db, self.file, &symbol) {
            return Type::TypedDict(symbol, args);
        }
        Type::Instance(symbol, args)
    }

    fn bare_special(&self, special: Special, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        if let Some(symbol) = class_of_special(special) {
            return Type::Instance(symbol, Types::none());
        }
        match special {
            Special::Never | Special::NoReturn => Type::Never,
            Special::LiteralString => Type::str(),
            Special::Callable => Type::Callable(Signature::of_anything(Type::Dynamic)),
            Special::SelfType => match &self.self_class {
                Some(class) => {
                    // The heads of classes are read while their parameters are being found.
                    let params = match self.is_unowned {
                        true => Arc::from([]),
                        false => crate::classes::type_params(self.db, self.file, &class.qualname),
                    };
                    Type::TypeVar(Variable::self_of(*class, &params))
                }
                None => Type::Dynamic,
            },
            Special::TypedDict => {
                let message = "`TypedDict` is no type of its own: name a typed dictionary";
                self.problem(
                    Rule::InvalidAnnotation,
                    expr.range(),
                    message.to_owned(),
                    problems,
                );
                Type::Dynamic
            }
            Special::Optional
            | Special::Union
            | Special::Literal
            | Special::Annotated
            | Special::Concatenate
            | Special::Unpack => {
                let message = format!("`{}` needs arguments in brackets", special.name());
                self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                Type::Dynamic
            }
            Special::Final | Special::ClassVar | Special::Generic | Special::Protocol => {
                let message = format!("`{}` is not allowed here", special.name());
                self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                Type::Dynamic
            }
            _ => Type::Dynamic,
        }
    }

    fn subscript(&self, node: &ExprSubscript, problems: &mut Vec<Diagnostic>) -> Type {
        let items = elements(&node.slice);
        match self.resolve(&node.value) {
            _ if self.type_param(&node.value).is_some() => Type::Dynamic,
            Resolved::Special(special) => self.special(special, node, problems),
            Resolved::Class(symbol) if symbol.is_builtin("tuple") => {
                self.tuple(&node.slice, problems)
            }
            Resolved::Class(symbol) if symbol.is_builtin("type") => {
                self.class_object(&node.slice, problems)
            }
            Resolved::Class(symbol) => self.generic(symbol, node, &items, problems),
            Resolved::Variable { file, name } => {
                self.tys(&items, problems);
                // Arguments of a generic alias are not put in: its variables become dynamic.
                alias(self.db, file, &name).map_or(Type::Dynamic, |ty| ty.without_variables())
            }
            Resolved::Primitive(primitive) => {
                let message = format!("`{}` takes no arguments", primitive.name());
                self.problem(Rule::WrongTypeArguments, node.range(), message, problems);
                Type::Primitive(primitive)
            }
            Resolved::Missing | Resolved::Function(_) | Resolved::Module(_) => {
                self.named(&node.value, problems)
            }
            Resolved::Dynamic => {
                self.tys(&items, problems);
                Type::Dynamic
            }
        }
    }

    fn tys(&self, items: &[&Expr], problems: &mut Vec<Diagnostic>) -> Vec<Type> {
        items
            .iter()
            .map(|item| self.argument(item, problems))
            .collect()
    }

    /// An argument of a generic class, which may be a list of types (for a parameter specification).
    fn argument(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match expr {
            Expr::List(list) => {
                self.tys(&list.elts.iter().collect::<Vec<_>>(), problems);
                Type::Dynamic
            }
            _ => self.ty(expr, problems),
        }
    }

    fn generic(
        &self,
        symbol: Symbol,
        node: &ExprSubscript,
        items: &[&Expr],
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let mut args = self.tys(items, problems);
        if let Some(arity) = crate::classes::arity(self.db, self.file, &symbol)
            && !arity.contains(&args.len())
        {
            let expected = match (arity.start(), arity.end()) {
                (0, 0) => "no type arguments".to_owned(),
                (1, 1) => "1 type argument".to_owned(),
                (from, to) if from == to => format!("{to} type arguments"),
                (from, to) => format!("{from} to {to} type arguments"),
            };
            let message = format!("`{}` takes {expected}, got {}", symbol.name(), args.len());
            self.problem(
                Rule::WrongTypeArguments,
                node.slice.range(),
                message,
                problems,
            );
            args.clear();
        }
        // What stands in an array is a machine number; any other container holds objects.
        let is_raw = &*symbol.module == "__static__"
            && matches!(&*symbol.qualname, "Array" | "Array2" | "Array3" | "Vector");
        let args: Vec<Type> = if is_raw {
            args
        } else {
            args.into_iter().map(|ty| ty.boxed()).collect()
        };
        self.instance(symbol, args.into())
    }

    fn special(
        &self,
        special: Special,
        node: &ExprSubscript,
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let items = elements(&node.slice);
        match special {
            Special::Optional => Type::union([self.ty(&node.slice, problems).boxed(), Type::None]),
            Special::Union => {
                Type::union(self.tys(&items, problems).into_iter().map(|ty| ty.boxed()))
            }
            Special::Annotated | Special::Final | Special::ClassVar => {
                self.ty(first(&node.slice), problems)
            }
            Special::Required | Special::NotRequired | Special::ReadOnly => {
                let message = format!("`{}` is for items of a `TypedDict`", special.name());
                self.problem(Rule::InvalidAnnotation, node.range(), message, problems);
                self.ty(first(&node.slice), problems)
            }
            Special::Literal => Type::union(items.iter().map(|item| self.literal(item, problems))),
            Special::Tuple => self.tuple(&node.slice, problems),
            Special::Type => self.class_object(&node.slice, problems),
            Special::Callable => self.callable(node, &items, problems),
            Special::TypeGuard | Special::TypeIs => {
                let of = self.ty(first(&node.slice), problems).boxed();
                Type::Guard(of.into(), special == Special::TypeIs)
            }
            _ => match class_of_special(special) {
                Some(symbol) => self.generic(symbol, node, &items, problems),
                None => {
                    self.tys(&items, problems);
                    Type::Dynamic
                }
            },
        }
    }

    fn literal(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match constants::literal(expr) {
            Some(Constant::None) => Type::None,
            Some(
                value @ (Constant::Bool(_)
                | Constant::Int(_)
                | Constant::BigInt(_)
                | Constant::Str(_)
                | Constant::Bytes(_)),
            ) => Type::literal(&value),
            Some(_) => {
                let message = format!("{} cannot be in a `Literal`", describe(expr));
                self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                Type::Dynamic
            }
            // A member of an enumeration, or another `Literal`.
            None => match self.resolve(expr) {
                Resolved::Variable { .. } => self.ty(expr, problems),
                _ => self.enum_member(expr, problems),
            },
        }
    }

    /// A member of an enumeration, written as an attribute of its class; a nested `Literal` is one as well.
    fn enum_member(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        match expr {
            Expr::Attribute(attribute) => {
                let Resolved::Class(class) = self.resolve(&attribute.value) else {
                    return Type::Dynamic;
                };
                let name = attribute.attr.as_str();
                let enumeration = crate::enums::enumeration(self.db, self.file, &class);
                match enumeration.and_then(|enumeration| enumeration.member(name)) {
                    Some(member) => Type::EnumMember(class, member),
                    None => Type::Dynamic,
                }
            }
            Expr::Subscript(subscript)
                if matches!(
                    self.resolve(&subscript.value),
                    Resolved::Special(Special::Literal)
                ) =>
            {
                self.ty(expr, problems)
            }
            _ => Type::Dynamic,
        }
    }

    fn tuple(&self, slice: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        let items = elements(slice);
        if let Expr::Tuple(tuple) = slice
            && tuple.elts.is_empty()
        {
            return Type::Tuple(Types::none());
        }
        if let [item, Expr::EllipsisLiteral(_)] = &items[..] {
            let item = self.ty(item, problems).boxed();
            return Type::Instance(Symbol::new("builtins", "tuple"), [item].into());
        }
        if items.iter().any(|item| item.is_starred_expr()) {
            self.tys(&items, problems);
            return Type::builtin("tuple");
        }
        Type::Tuple(
            self.tys(&items, problems)
                .into_iter()
                .map(|ty| ty.boxed())
                .collect(),
        )
    }

    fn class_object(&self, slice: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        let items = elements(slice);
        let [of] = items[..] else {
            let message = format!("`type` takes one argument, but {} are given", items.len());
            self.problem(Rule::WrongTypeArguments, slice.range(), message, problems);
            return Type::builtin("type");
        };
        let of = self.ty(of, problems);
        let has_class = |ty: &Type| match ty {
            Type::Instance(..) | Type::Exact(..) | Type::Tuple(_) | Type::None => true,
            Type::TypeVar(variable) => variable.kind == VariableKind::Type,
            _ => false,
        };
        match of.members().iter().all(has_class) {
            true => Type::class_of(of),
            false => Type::builtin("type"),
        }
    }

    fn callable(
        &self,
        node: &ExprSubscript,
        items: &[&Expr],
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        let [params, returns] = items else {
            let message = "`Callable` takes parameter types and a return type".to_owned();
            self.problem(
                Rule::WrongTypeArguments,
                node.slice.range(),
                message,
                problems,
            );
            return Type::Callable(Signature::of_anything(Type::Dynamic));
        };
        let returns = self.ty(returns, problems).boxed();
        Type::Callable(match params {
            Expr::List(list) => {
                let items: Vec<&Expr> = list.elts.iter().collect();
                let types = self.tys(&items, problems);
                Signature::of_positional(types.into_iter().map(|ty| ty.boxed()), returns)
            }
            Expr::EllipsisLiteral(_) => Signature::of_anything(returns),
            other => match self.ty(other, problems) {
                Type::TypeVar(variable) if variable.kind == VariableKind::Parameters => {
                    Signature::new([], Rest::Variable(variable), returns)
                }
                Type::Parameters(signature) => signature.returning(returns),
                _ => Signature::of_anything(returns),
            },
        })
    }
}

/// Whether a function binds `name`: as a parameter, by assignment, by an import or by a definition.
fn binds(function: &StmtFunctionDef, name: &str) -> bool {
    use keelback_parser::ast::visitor::{Visitor, walk_expr, walk_stmt};
    use keelback_parser::ast::{ExprContext, Stmt};

    struct Search<'n> {
        name: &'n str,
        found: bool,
    }
    impl<'a> Visitor<'a> for Search<'_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::FunctionDef(node) => self.found |= node.name.as_str() == self.name,
                Stmt::ClassDef(node) => self.found |= node.name.as_str() == self.name,
                Stmt::Import(node) => {
                    self.found |= node.names.iter().any(|alias| {
                        let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                        bound.split('.').next() == Some(self.name)
                    });
                }
                Stmt::ImportFrom(node) => {
                    self.found |= node.names.iter().any(|alias| {
                        alias.asname.as_ref().unwrap_or(&alias.name).as_str() == self.name
                    });
                }
                _ => walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(node) = expr {
                self.found |= node.ctx == ExprContext::Store && node.id.as_str() == self.name;
            }
            walk_expr(self, expr);
        }
    }
    let mut search = Search { name, found: false };
    search.visit_body(&function.body);
    search.found
        || function
            .parameters
            .iter()
            .any(|param| param.name().as_str() == name)
}

/// The class that an old name in `typing` means.
fn class_of_special(special: Special) -> Option<Symbol> {
    let (module, name) = match special {
        Special::List => ("builtins", "list"),
        Special::Dict => ("builtins", "dict"),
        Special::Set => ("builtins", "set"),
        Special::FrozenSet => ("builtins", "frozenset"),
        Special::Tuple => ("builtins", "tuple"),
        Special::Type => ("builtins", "type"),
        Special::DefaultDict => ("collections", "defaultdict"),
        Special::OrderedDict => ("collections", "OrderedDict"),
        Special::Counter => ("collections", "Counter"),
        Special::Deque => ("collections", "deque"),
        Special::ChainMap => ("collections", "ChainMap"),
        _ => return None,
    };
    Some(Symbol::new(module, name))
}

/// The elements of a subscript's slice.
fn elements(slice: &Expr) -> Vec<&Expr> {
    match slice {
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        other => vec![other],
    }
}

/// The first element of a subscript's slice.
fn first(slice: &Expr) -> &Expr {
    match slice {
        Expr::Tuple(tuple) => tuple.elts.first().unwrap_or(slice),
        other => other,
    }
}

fn describe(expr: &Expr) -> &'static str {
    match expr {
        Expr::NumberLiteral(_) => "A number",
        Expr::BooleanLiteral(_) => "A truth value",
        Expr::BytesLiteral(_) => "A bytes literal",
        Expr::FString(_) | Expr::TString(_) => "A formatted string",
        Expr::Call(_) => "A call",
        Expr::List(_) => "A list",
        Expr::Dict(_) => "A dict",
        Expr::Tuple(_) => "A tuple",
        Expr::Lambda(_) => "A lambda",
        _ => "This expression",
    }
}

/// The type that the module-level variable `name` of `file` is an alias of, if it is one.
pub fn alias(db: &dyn Db, file: File, name: &Name) -> Option<Type> {
    alias_query(db, Definition::new(db, file, *name))
}

#[salsa::tracked(returns(clone), cycle_result = no_alias)]
fn alias_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Type> {
    use crate::symbols::{SymbolKind, symbol_table};
    use keelback_parser::ast::Stmt;

    let (file, name) = (definition.file(db), definition.qualname(db));
    let table = symbol_table(db, file);
    if !matches!(
        table.names.get(name)?,
        SymbolKind::Variable { may_be_alias: true }
    ) {
        return None;
    }
    let Part { parsed, index } = part(db, file, name);
    let binding = index.scope.bindings.get(name)?.first()?;
    let mut scope = Scope::module(db, file);
    let value = match find_stmt(&parsed, binding.stmt)? {
        Stmt::Assign(node) => &*node.value,
        Stmt::AnnAssign(node) => node.value.as_deref()?,
        Stmt::TypeAlias(node) => {
            if let Some(params) = &node.type_params {
                let module = crate::resolve::module_name(db, file);
                scope.add_type_params(&params.type_params, Symbol::of(module, *name));
            }
            &*node.value
        }
        _ => return None,
    };
    if let Expr::Call(call) = value {
        let kind = crate::reach::dotted(&call.func)?;
        return match crate::index::last_part(&kind) {
            "TypeVar" | "ParamSpec" | "TypeVarTuple" => {
                crate::variables::of_call(&scope, *name, call).map(Type::TypeVar)
            }
            "NewType" => {
                let base = scope.ty(call.arguments.args.get(1)?, &mut Vec::new());
                let module = crate::resolve::module_name(db, file);
                Some(match base {
                    Type::Dynamic => Type::Dynamic,
                    base => Type::New(Symbol::of(module, *name), base.into()),
                })
            }
            "TypeAliasType" => Some(scope.ty(call.arguments.args.get(1)?, &mut Vec::new())),
            kind if crate::reach::may_make_class(kind) => {
                crate::functional::instance(db, file, name)
            }
            _ => Some(Type::Dynamic),
        };
    }
    // A plain name may just as well be a variable that is copied.
    if matches!(value, Expr::Name(_) | Expr::Attribute(_)) {
        return match scope.resolve(value) {
            Resolved::Class(_) | Resolved::Primitive(_) | Resolved::Special(_) => {
                Some(scope.ty(value, &mut Vec::new()))
            }
            Resolved::Variable { file, name } => alias(db, file, &name),
            _ => None,
        };
    }
    if value.is_none_literal_expr()
        && !matches!(
            find_stmt(&parsed, binding.stmt),
            Some(Stmt::TypeAlias(_) | Stmt::AnnAssign(_))
        )
    {
        return None;
    }
    let mut problems = Vec::new();
    let ty = scope.ty(value, &mut problems);
    (problems.is_empty()).then_some(ty)
}

fn no_alias(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Type> {
    // An alias in terms of itself is cut here: the inner use is dynamic.
    Some(Type::Dynamic)
}
