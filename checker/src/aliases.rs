//! Type aliases: what they stand for, and their type parameters (PEP 484, 613, 695).
//!
//! An alias may mention itself, directly or through others. Which ones do follows from the syntax alone ([`is_recursive_in`]); there such a mention
//! stays what it is, a [`Type::Alias`], and is opened where a value meets it. So the definition of an alias never waits for itself.

use std::sync::Arc;

use keelback_parser::ast::visitor::{Visitor, walk_expr};
use keelback_parser::ast::{Expr, ExprCall, Stmt};

use crate::annotation::Scope;
use crate::db::{Db, Definition, File};
use crate::index::{BindingKind, ModuleIndex, find_stmt};
use crate::resolve::module_name;
use crate::stubs::{Part, part};
use crate::symbols::{Resolved, SymbolKind, symbol_table};
use crate::types::{Name, Symbol, Type, Variable};

/// How an alias is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `X = T`
    Implicit,
    /// `X: TypeAlias = T`
    Declared,
    /// `type X = T`, or a call of `TypeAliasType`: an object of its own at run time.
    Statement,
    /// What only looks like one: a call of `TypeVar` and the like, or of `NewType`.
    Call,
}

/// What an alias stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alias {
    /// Its type parameters. Those of an implicit alias are the variables that it mentions, in order, without an owner.
    pub params: Arc<[Variable]>,
    /// The type, with mentions of itself left as they are.
    pub value: Type,
    /// How it is written.
    pub form: Form,
}

/// The alias that the variable `name` of `file` is, if it is one; `name` may be qualified by classes around.
pub(crate) fn alias(db: &dyn Db, file: File, name: &Name) -> Option<Arc<Alias>> {
    alias_query(db, Definition::new(db, file, *name))
}

/// The right-hand side of the definition of an alias, with how it is written.
pub(crate) struct Source<'a> {
    pub form: Form,
    pub value: &'a Expr,
    pub stmt: &'a Stmt,
}

/// Where `name` is defined, if that may be the definition of an alias.
pub(crate) fn source<'a>(
    db: &dyn Db,
    file: File,
    part: &'a Part,
    name: &Name,
) -> Option<Source<'a>> {
    let stmt = find_stmt(&part.parsed, binding_of(db, file, &part.index, name)?)?;
    let (form, value) = match stmt {
        Stmt::Assign(node) => (Form::Implicit, &*node.value),
        Stmt::AnnAssign(node) => (Form::Declared, node.value.as_deref()?),
        Stmt::TypeAlias(node) => (Form::Statement, &*node.value),
        _ => return None,
    };
    let Expr::Call(call) = value else {
        return Some(Source { form, value, stmt });
    };
    if called(call) == "TypeAliasType" {
        return Some(Source {
            form: Form::Statement,
            value: call.arguments.args.get(1)?,
            stmt,
        });
    }
    let form = match form {
        Form::Implicit => Form::Call,
        other => other,
    };
    Some(Source { form, value, stmt })
}

/// The last part of the name of what is called.
pub(crate) fn called(call: &ExprCall) -> String {
    let name = crate::reach::dotted(&call.func).unwrap_or_default();
    crate::index::last_part(&name).to_owned()
}

fn binding_of(
    db: &dyn Db,
    file: File,
    index: &ModuleIndex,
    name: &Name,
) -> Option<keelback_parser::text_size::TextRange> {
    match name.rsplit_once('.') {
        None => {
            let table = symbol_table(db, file);
            let may_be = SymbolKind::Variable { may_be_alias: true };
            let is_one = *table.names.get(name)? == may_be;
            let binding = index.scope.bindings.get(name)?.first()?;
            is_one.then_some(binding.stmt)
        }
        Some((class, own)) => {
            let bindings = index.classes.get(class)?.scope.bindings.get(own)?;
            let [binding] = &bindings[..] else {
                return None;
            };
            let may_be = match binding.kind {
                BindingKind::TypeAlias => true,
                BindingKind::Assigned | BindingKind::Annotated { has_value: true } => {
                    let parsed = crate::stubs::part(db, file, class).parsed;
                    find_stmt(&parsed, binding.stmt)
                        .is_some_and(|stmt| crate::symbols::looks_like_alias(stmt, index))
                }
                _ => false,
            };
            may_be.then_some(binding.stmt)
        }
    }
}

#[salsa::tracked(returns(clone), cycle_result = no_alias)]
fn alias_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Arc<Alias>> {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let part = part(db, file, name);
    let Source { form, value, stmt } = source(db, file, &part, name)?;
    let symbol = Symbol::of(module_name(db, file), *name);
    let plain = |value: Type| Alias {
        params: Arc::from([]),
        value,
        form,
    };
    let outer = match name.rsplit_once('.') {
        Some((class, _)) => Scope::inside(db, file, &Name::new(class)),
        None => Scope::module(db, file),
    };
    let mut scope = outer.of_alias(symbol);
    if form == Form::Call {
        return call_of(db, file, name, value.as_call_expr()?, &scope)
            .map(|value| Arc::new(plain(value)));
    }
    let mut params: Vec<Variable> = Vec::new();
    match (form, stmt) {
        (Form::Statement, Stmt::TypeAlias(node)) => {
            for param in node.type_params.iter().flat_map(|params| &**params) {
                params.push(crate::variables::of_type_param(&scope, param, symbol));
                scope.add_type_params(std::slice::from_ref(param), symbol);
            }
        }
        (Form::Statement, Stmt::Assign(node)) => {
            let call = node.value.as_call_expr()?;
            for own in alias_type_params(call).into_iter().flatten() {
                params.extend(scope.variable(own).map(|own| own.owned_by(symbol)));
            }
            scope.bring(&params);
        }
        _ => params = scope.variables_in(value),
    }
    // A plain name may just as well be a variable that is copied.
    if form == Form::Implicit && matches!(value, Expr::Name(_) | Expr::Attribute(_)) {
        return match scope.resolve(value) {
            Resolved::Class(_) | Resolved::Primitive(_) | Resolved::Special(_) => {
                Some(Arc::new(plain(scope.ty(value, &mut Vec::new()))))
            }
            // One that is copied has the parameters of the original.
            Resolved::Variable { file, name } => alias(db, file, &name),
            _ => None,
        };
    }
    if form == Form::Implicit && value.is_none_literal_expr() {
        return None;
    }
    let mut problems = Vec::new();
    let mut ty = scope.ty(value, &mut problems);
    if form == Form::Implicit && !problems.is_empty() {
        return None;
    }
    if is_endless(db, file, name) {
        ty = Type::Dynamic;
    }
    Some(Arc::new(Alias {
        params: params.into(),
        value: ty,
        form,
    }))
}

fn no_alias(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Arc<Alias>> {
    // A cycle through bounds of variables and heads of classes: the inner use is dynamic.
    Some(Arc::new(Alias {
        params: Arc::from([]),
        value: Type::Dynamic,
        form: Form::Implicit,
    }))
}

fn call_of(
    db: &dyn Db,
    file: File,
    name: &Name,
    call: &ExprCall,
    scope: &Scope<'_>,
) -> Option<Type> {
    match &*called(call) {
        "TypeVar" | "ParamSpec" | "TypeVarTuple" => {
            crate::variables::of_call(scope, *name, call).map(Type::TypeVar)
        }
        "NewType" => {
            let base = scope.ty(call.arguments.args.get(1)?, &mut Vec::new());
            Some(match base {
                Type::Dynamic => Type::Dynamic,
                base => Type::New(Symbol::of(module_name(db, file), *name), base.into()),
            })
        }
        kind if crate::reach::may_make_class(kind) => crate::functional::instance(db, file, name),
        _ => Some(Type::Dynamic),
    }
}

/// What a call of `TypeAliasType` lists as its parameters; nothing if it is no literal tuple, an empty list if there is none.
pub(crate) fn alias_type_params(call: &ExprCall) -> Option<Vec<&Expr>> {
    let given = call.arguments.find_keyword("type_params");
    match given.map(|keyword| &keyword.value) {
        None => Some(Vec::new()),
        Some(Expr::Tuple(tuple)) => Some(tuple.elts.iter().collect()),
        Some(_) => None,
    }
}

/// Whether the definition of the alias `name` of `file` is the alias itself, or a union of it and others, directly or through other aliases.
pub(crate) fn is_endless(db: &dyn Db, file: File, name: &Name) -> bool {
    let mut seen: Vec<Name> = Vec::new();
    let mut open: Vec<Name> = direct_mentions(db, file, name);
    while let Some(next) = open.pop() {
        if next == *name {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(direct_mentions(db, file, &next));
        }
    }
    false
}

/// The aliases of the file that the definition of `name` is, or is a union of.
fn direct_mentions(db: &dyn Db, file: File, name: &Name) -> Vec<Name> {
    let part = part(db, file, name);
    let mut found = Vec::new();
    if let Some(source) = source(db, file, &part, name).filter(|found| found.form != Form::Call) {
        let text = crate::files::source_text(db, file);
        heads(source.value, &text.text, &mut found);
    }
    let table = symbol_table(db, file);
    let may_be = SymbolKind::Variable { may_be_alias: true };
    found.retain(|name| table.names.get(name) == Some(&may_be));
    found
}

/// The names that a type expression is, or is a union of.
fn heads(expr: &Expr, text: &str, found: &mut Vec<Name>) {
    match expr {
        Expr::Name(name) => found.push(Name::new(name.id.as_str())),
        Expr::BinOp(operation) => {
            heads(&operation.left, text, found);
            heads(&operation.right, text, found);
        }
        Expr::StringLiteral(string) => {
            if let Ok(inner) = keelback_parser::parse_string_annotation(text, string) {
                heads(&inner, text, found);
            }
        }
        Expr::Subscript(node) => {
            let head = crate::reach::dotted(&node.value).unwrap_or_default();
            match (crate::index::last_part(&head), &*node.slice) {
                ("Union", Expr::Tuple(tuple)) => {
                    tuple
                        .elts
                        .iter()
                        .for_each(|member| heads(member, text, found));
                }
                ("Union" | "Optional", other) => heads(other, text, found),
                _ => heads(&node.value, text, found),
            }
        }
        _ => {}
    }
}

/// Whether `name` of `file`, mentioned in the definition of the alias `of` of the same file, is defined in terms of that alias again.
pub(crate) fn is_recursive_in(db: &dyn Db, file: File, name: &Name, of: &Name) -> bool {
    let mut seen: Vec<Name> = Vec::new();
    let mut open = vec![*name];
    while let Some(next) = open.pop() {
        if next == *of {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            open.extend(mentions(db, Definition::new(db, file, next)).iter());
        }
    }
    false
}

/// The names of the file that the definition of an alias mentions and that may be aliases too.
#[salsa::tracked(returns(clone))]
fn mentions<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Arc<[Name]> {
    let (file, name) = (definition.file(db), definition.qualname(db));
    let part = part(db, file, name);
    let Some(found) = source(db, file, &part, name).filter(|found| found.form != Form::Call) else {
        return Arc::from([]);
    };
    let table = symbol_table(db, file);
    let text = crate::files::source_text(db, file);
    let mut names: Vec<Name> = Vec::new();
    let mut words = Words {
        source: &text.text,
        found: &mut |name| {
            let may_be = SymbolKind::Variable { may_be_alias: true };
            let Expr::Name(name) = name else { return };
            if let Some((name, kind)) = table.names.get_key_value(name.id.as_str())
                && *kind == may_be
                && !names.contains(name)
            {
                names.push(*name);
            }
        },
    };
    words.visit_expr(found.value);
    names.into()
}

/// Visits the names in a type expression, plain and dotted, those in strings included, in order.
pub(crate) struct Words<'s, 'f> {
    /// The file's text.
    pub source: &'s str,
    /// What is done with each name.
    pub found: &'f mut dyn FnMut(&Expr),
}

impl<'a> Visitor<'a> for Words<'_, '_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(_) | Expr::Attribute(_) => (self.found)(expr),
            Expr::StringLiteral(string) => {
                if let Ok(inner) = keelback_parser::parse_string_annotation(self.source, string) {
                    self.visit_quoted(&inner);
                }
            }
            // What is in a `Literal` is a value, and what follows the type in an `Annotated` is not one.
            Expr::Subscript(node) => {
                let head = crate::reach::dotted(&node.value).unwrap_or_default();
                match (crate::index::last_part(&head), &*node.slice) {
                    ("Literal", _) => {}
                    ("Annotated", Expr::Tuple(tuple)) => {
                        if let Some(first) = tuple.elts.first() {
                            self.visit_expr(first);
                        }
                    }
                    _ => walk_expr(self, expr),
                }
            }
            _ => walk_expr(self, expr),
        }
    }
}

impl Words<'_, '_> {
    fn visit_quoted(&mut self, inner: &Expr) {
        let mut words = Words {
            source: self.source,
            found: &mut *self.found,
        };
        words.visit_expr(inner);
    }
}

/// Whether the variable `name` of `file` certainly holds no type: it has one value, and that is written as something else.
pub(crate) fn is_value(db: &dyn Db, file: File, name: &Name) -> bool {
    if !crate::files::staticness(db, file).is_static() {
        return false;
    }
    let part = part(db, file, name);
    let Some([binding]) = part.index.scope.bindings.get(name).map(|all| &all[..]) else {
        return false;
    };
    let value = match find_stmt(&part.parsed, binding.stmt) {
        Some(Stmt::Assign(node)) if matches!(binding.kind, BindingKind::Assigned) => &*node.value,
        _ => return false,
    };
    is_no_type(db, file, value)
}

/// Whether an expression is written as something that is no type.
pub(crate) fn is_no_type(db: &dyn Db, file: File, value: &Expr) -> bool {
    match value {
        Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::FString(_)
        | Expr::List(_)
        | Expr::Set(_)
        | Expr::Dict(_)
        | Expr::Tuple(_)
        | Expr::ListComp(_)
        | Expr::SetComp(_)
        | Expr::DictComp(_)
        | Expr::Generator(_)
        | Expr::Compare(_)
        | Expr::BoolOp(_)
        | Expr::UnaryOp(_)
        | Expr::If(_) => true,
        // A call of a function of our own may make a class; `eval` and the like are no way to say a type.
        Expr::Call(call) => match &*call.func {
            Expr::Lambda(_) => true,
            Expr::Name(callee) => {
                let resolved = crate::symbols::resolve_global(db, file, callee.id.as_str());
                let makes_classes = matches!(callee.id.as_str(), "type" | "getattr" | "__import__");
                match resolved {
                    Resolved::Function(symbol) | Resolved::Class(symbol) => {
                        &*symbol.module == "builtins" && !makes_classes
                    }
                    _ => false,
                }
            }
            _ => false,
        },
        Expr::Subscript(node) => is_no_type(db, file, &node.value),
        Expr::Name(name) => match crate::symbols::resolve_in(db, file, name.id.as_str()) {
            Resolved::Variable { file, name } => is_value(db, file, &name),
            _ => false,
        },
        _ => false,
    }
}
