//! Annotation expressions to types.

use std::rc::Rc;
use std::sync::Arc;

use keelback_parser::ast::{
    Expr, ExprSubscript, Operator, StmtClassDef, StmtFunctionDef, TypeParam,
};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::db::{Db, Definition, File, FilePath};
use crate::diagnostic::Diagnostic;
use crate::index::{find_class, find_function, module_index};
use crate::rules::Rule;
use crate::stubs::Part;
use crate::symbols::{Resolved, Special, resolve_member};
use crate::types::{Name, Signature, Symbol, Type, Types, Variable};

mod aliases;
mod arguments;
mod forms;
mod literal;
mod locals;
mod missing;
mod owners;
mod sight;
mod values;

use sight::Inside;
pub(crate) use sight::Sight;

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
    /// What the file says of names.
    sight: Rc<Sight<'db>>,
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
    /// The alias whose definition is read, of which variables without an owner are parameters.
    alias: Option<Symbol>,
    /// Whether all that is wrong is wanted, and the annotation is where it is to be reported.
    is_checked: bool,
}

impl<'db> Scope<'db> {
    /// The module level of `file`.
    pub fn module(db: &'db dyn Db, file: File) -> Scope<'db> {
        Scope::of(Sight::new(db, file))
    }

    /// The module level of the file that `sight` looks at.
    fn of(sight: Rc<Sight<'db>>) -> Scope<'db> {
        Scope {
            db: sight.db(),
            file: sight.file(),
            sight,
            container: None,
            self_class: None,
            type_params: Vec::new(),
            function: None,
            is_unowned: false,
            alias: None,
            is_checked: false,
        }
    }

    /// The same place, for the definition of the alias `symbol`.
    pub(crate) fn of_alias(mut self, symbol: Symbol) -> Scope<'db> {
        self.alias = Some(symbol);
        self
    }

    /// The same place, to report everything that is wrong: bounds of type arguments, and variables without a meaning. Asks for the classes
    /// of the program, so no query on which these depend may.
    pub(crate) fn checked(mut self) -> Scope<'db> {
        self.is_checked = true;
        self
    }

    /// The same place without the function whose signature is read.
    pub(crate) fn outside_signature(mut self) -> Scope<'db> {
        self.function = None;
        self
    }

    /// The type parameters in sight that were declared in brackets.
    pub(crate) fn declared_params(&self) -> &[Variable] {
        &self.type_params
    }

    /// The type parameter called `name` that is in sight because it was declared in brackets.
    pub(crate) fn declared(&self, name: &str) -> Option<Variable> {
        let params = self.type_params.iter();
        params.rev().find(|known| &*known.name == name).copied()
    }

    /// Whether `expr` is `name` of `typing`.
    pub(crate) fn is_of_typing(&self, expr: &Expr, name: &str) -> bool {
        matches!(
            self.resolve(expr),
            Resolved::Class(symbol) | Resolved::Function(symbol)
                if &*symbol.qualname == name
                    && matches!(&*symbol.module, "typing" | "typing_extensions")
        )
    }

    /// Brings type parameters into sight that were found already.
    pub(crate) fn bring(&mut self, params: &[Variable]) {
        for param in params {
            self.type_params.retain(|known| known.name != param.name);
            self.type_params.push(*param);
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
        let inside = scope.clone().look_around(qualname);
        scope.see(inside)
    }

    fn see(mut self, inside: Inside) -> Scope<'db> {
        self.self_class = inside.self_class;
        self.type_params = inside.type_params;
        self
    }

    /// The same for what is nested in the module level, which this is.
    fn within(mut self, qualname: &Name) -> Scope<'db> {
        self.container = Some(*qualname);
        let sight = Rc::clone(&self.sight);
        let inside = sight.inside(qualname, || self.clone().look_around(qualname));
        self.see(inside)
    }

    /// What `qualname`, and what is around it, bring into sight.
    fn look_around(mut self, qualname: &Name) -> Inside {
        let Part { parsed, index } = self.sight.part(qualname);
        // Outermost first, so that inner type parameters hide outer ones.
        let ends = qualname
            .match_indices('.')
            .map(|(at, _)| at)
            .chain([qualname.len()]);
        for end in ends {
            let outer = &qualname[..end];
            let params = if let Some(class) = index.classes.get(outer) {
                self.self_class = Some(Symbol::of(self.sight.module(), class.qualname));
                class
                    .has_type_params
                    .then(|| find_class(&parsed, class.range))
                    .flatten()
                    .and_then(|node: &StmtClassDef| node.type_params.as_deref())
            } else if let Some(function) = index.functions.get(outer) {
                function
                    .has_type_params
                    .then(|| find_function(&parsed, function.range))
                    .flatten()
                    .and_then(|node: &StmtFunctionDef| node.type_params.as_deref())
            } else {
                None
            };
            if let Some(params) = params {
                let owner = Symbol::of(self.sight.module(), Name::new(outer));
                self.add_type_params(&params.type_params, owner);
            }
        }
        Inside {
            self_class: self.self_class,
            type_params: self.type_params,
        }
    }

    /// Brings the type parameters of `owner` into sight. Each sees those before it, and itself.
    pub fn add_type_params(&mut self, params: &[TypeParam], owner: Symbol) {
        for param in params {
            let variable = crate::variables::of_type_param(self, param, owner);
            self.type_params.retain(|known| known.name != variable.name);
            self.type_params.push(variable);
        }
    }

    /// What stands in a string.
    fn quoted(&self, expr: &Expr) -> Option<Expr> {
        let source = crate::files::source_text(self.db, self.file);
        keelback_parser::parse_string_annotation(&source.text, expr.as_string_literal_expr()?).ok()
    }

    /// The value of an expression of literals and `Final` names, if it is known.
    pub(crate) fn constant(&self, expr: &Expr) -> Option<crate::types::Constant> {
        crate::constants::constant(self.db, self.file, expr)
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
            .is_some_and(|node| locals::binds(node, name))
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
        let Some(file) = self.sight.home(&symbol.module) else {
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
                    self.annotated_arity(&subscript.slice, problems);
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
                self.unpacked(&starred.value, problems);
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
                        let Some(file) = self.sight.home(&symbol.module) else {
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
        let table = self.sight.table();
        if let Some(container) = &self.container {
            if let Some(alias) = self.alias_of_class(container, name) {
                return alias;
            }
            if let Some(class) = table.nested_class(container, name) {
                return Resolved::Class(class);
            }
        }
        self.sight.global(name)
    }

    fn type_param(&self, expr: &Expr) -> Option<Variable> {
        self.declared(expr.as_name_expr()?.id.as_str())
    }

    fn named(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) -> Type {
        if let Some(variable) = self.variable(expr) {
            return self.plain_variable(variable, expr, problems);
        }
        if let Some((variable, keywords)) = self.component(expr) {
            let message = format!(
                "`{}` can only be the type of `{}`",
                Type::ParametersOf(variable, keywords),
                if keywords { "**kwargs" } else { "*args" },
            );
            self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
            return Type::Dynamic;
        }
        match self.resolve(expr) {
            Resolved::Class(symbol) => self.instance(symbol, Types::none()),
            Resolved::Primitive(primitive) => Type::Primitive(primitive),
            Resolved::Special(special) => self.bare_special(special, expr, problems),
            Resolved::Variable { file, name } => self.bare_alias(file, &name, expr, problems),
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
            // What the library gives of literal strings is found out by itself.
            Special::LiteralString if self.is_vendored() => Type::str(),
            Special::LiteralString => Type::LiteralString,
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
                None => {
                    if self.is_checked {
                        let message = "`Self` has no meaning outside of a class".to_owned();
                        self.problem(Rule::InvalidAnnotation, expr.range(), message, problems);
                    }
                    Type::Dynamic
                }
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
        if !matches!(&*node.value, Expr::Name(_) | Expr::Attribute(_)) {
            let message = format!("{} is not a type", describe(&node.value));
            self.problem(Rule::InvalidAnnotation, node.range(), message, problems);
            return Type::Dynamic;
        }
        match self.resolve(&node.value) {
            _ if self.type_param(&node.value).is_some() => {
                self.tys(&items, problems);
                Type::Dynamic
            }
            Resolved::Special(special) => self.special(special, node, problems),
            Resolved::Class(symbol) if symbol.is_builtin("tuple") => self.tuple(node, problems),
            Resolved::Class(symbol) if symbol.is_builtin("type") => {
                self.class_object(&node.slice, problems)
            }
            Resolved::Class(symbol) => self.generic(symbol, node, &items, problems),
            Resolved::Variable { file, name } => {
                self.alias_with(file, &name, node, &items, problems)
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
        let given = self.given(items, problems);
        given
            .into_iter()
            .map(|item| match item.form {
                arguments::Form::Type => item.ty,
                _ => Type::Dynamic,
            })
            .collect()
    }

    fn generic(
        &self,
        symbol: Symbol,
        node: &ExprSubscript,
        items: &[&Expr],
        problems: &mut Vec<Diagnostic>,
    ) -> Type {
        // What stands in an array is a machine number; any other container holds objects.
        let is_raw = &*symbol.module == "__static__"
            && matches!(&*symbol.qualname, "Array" | "Array2" | "Array3" | "Vector");
        let boxed = |ty: Type| if is_raw { ty } else { ty.boxed() };
        let heritage = self.sight.home(&symbol.module).map(|file| {
            crate::classes::heritage(self.db, Definition::new(self.db, file, symbol.qualname))
        });
        let is_known = heritage.as_ref().is_some_and(|class| class.is_arity_known);
        let params = heritage.map_or_else(|| Arc::from([]), |class| class.type_params.clone());
        let args = match (is_known, params.is_empty()) {
            // A class of which the parameters are not known takes anything.
            (false, true) => Some(self.tys(items, problems).into()),
            (false, false) => {
                let mut unheard = Vec::new();
                let args =
                    self.type_arguments("", &params, items, node.slice.range(), &mut unheard);
                args.or_else(|| Some(self.tys(items, problems).into()))
            }
            (true, _) => {
                self.type_arguments(symbol.name(), &params, items, node.slice.range(), problems)
            }
        };
        let args: Types = args.unwrap_or_else(Types::none);
        self.instance(symbol, args.iter().map(|ty| boxed(*ty)).collect())
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
            Special::Annotated => {
                self.annotated_arity(&node.slice, problems);
                self.ty(first(&node.slice), problems)
            }
            Special::Final | Special::ClassVar => self.ty(first(&node.slice), problems),
            Special::Required | Special::NotRequired | Special::ReadOnly => {
                let message = format!("`{}` is for items of a `TypedDict`", special.name());
                self.problem(Rule::InvalidAnnotation, node.range(), message, problems);
                self.ty(first(&node.slice), problems)
            }
            Special::Literal => match &*node.slice {
                Expr::Tuple(tuple) if tuple.parenthesized => {
                    self.no_literal(&node.slice, describe(&node.slice), problems)
                }
                _ => Type::union(items.iter().map(|item| self.literal(item, problems))),
            },
            Special::Tuple => self.tuple(node, problems),
            Special::Type => self.class_object(&node.slice, problems),
            Special::Callable => self.callable(node, &items, problems),
            Special::Generic | Special::Protocol | Special::SelfType => {
                self.given(&items, problems);
                let message = match special {
                    Special::SelfType => "`Self` takes no type arguments".to_owned(),
                    _ => format!(
                        "`{}[…]` is for the bases of a class, and no type",
                        special.name()
                    ),
                };
                self.problem(Rule::InvalidAnnotation, node.range(), message, problems);
                Type::Dynamic
            }
            Special::Concatenate => {
                self.parameters_given(&Expr::Subscript(node.clone()), problems);
                let message = "`Concatenate` can only stand for a `ParamSpec`, as in `Callable`";
                self.problem(
                    Rule::InvalidAnnotation,
                    node.range(),
                    message.to_owned(),
                    problems,
                );
                Type::Dynamic
            }
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
