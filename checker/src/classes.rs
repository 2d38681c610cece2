//! Interfaces of classes: bases, members, and whether the runtime lays out their instances.

use std::sync::Arc;

use crate::collections::IndexMap;
use keelback_parser::ast::{Expr, StmtClassDef};

use crate::annotation::{Annotation, Scope};
use crate::db::{Db, Definition, File};
use crate::files::{Staticness, staticness};
use crate::index::{BindingKind, ClassEntry, ModuleIndex, find_class, find_stmt, module_index};
use crate::interface::{ClassInterface, FunctionKind, Member};
use crate::resolve::{module_name, resolve_from};
use crate::signatures::{KnownDecorator, known_decorator};
use crate::simple::SimpleTypes;
use crate::stubs::{Part, part};
use crate::symbols::{Resolved, Special, symbol_table};
use crate::types::{Name, Symbol, Type, Types, Variable};

mod declared;
pub(crate) mod slots;

/// Whether `file` defines a class called `qualname`.
pub fn has_class(db: &dyn Db, file: File, qualname: &Name) -> bool {
    symbol_table(db, file).classes.contains(qualname)
}

/// The interface of the class `symbol`, as seen from `from`.
pub fn class_interface(db: &dyn Db, from: File, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
    let file = resolve_from(db, from, &symbol.module)?;
    class_in(db, file, &symbol.qualname)
}

/// The interface of the class called `qualname` in `file`.
pub fn class_in(db: &dyn Db, file: File, qualname: &Name) -> Option<Arc<ClassInterface>> {
    class_query(db, Definition::new(db, file, *qualname))
}

/// Why the class called `qualname` in `file` keeps CPython's layout; `None` if it is laid out.
pub fn layout_refusal(db: &dyn Db, file: File, qualname: &Name) -> Option<Name> {
    refusal_query(db, Definition::new(db, file, *qualname))
}

/// The type parameters of the class called `qualname` in `file`.
pub fn type_params(db: &dyn Db, file: File, qualname: &Name) -> Arc<[Variable]> {
    heritage(db, Definition::new(db, file, *qualname))
        .type_params
        .clone()
}

/// The type parameters of the class `symbol`, as seen from `from`.
pub fn class_interface_params(db: &dyn Db, from: File, symbol: &Symbol) -> Arc<[Variable]> {
    match resolve_from(db, from, &symbol.module) {
        Some(file) => type_params(db, file, &symbol.qualname),
        None => Arc::from([]),
    }
}

/// Whether it is known which type arguments the class takes.
pub(crate) fn has_known_arity(db: &dyn Db, from: File, symbol: &Symbol) -> bool {
    resolve_from(db, from, &symbol.module)
        .is_some_and(|file| heritage(db, Definition::new(db, file, symbol.qualname)).is_arity_known)
}

/// What the head of a class says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Heritage {
    /// Bases in order, without `Generic` and `Protocol`.
    pub bases: Vec<Type>,
    /// Its type parameters.
    pub type_params: Arc<[Variable]>,
    /// Whether the type parameters say which type arguments there may be.
    pub is_arity_known: bool,
    /// `Protocol` is among the bases.
    pub is_protocol: bool,
    /// The metaclass, if it is a known class.
    pub metaclass: Option<Symbol>,
    /// A metaclass other than `ABCMeta`.
    pub has_metaclass: bool,
    /// Keywords other than `metaclass`.
    pub has_keywords: bool,
    /// A base was starred, or is an expression that is no name.
    pub has_odd_base: bool,
}

#[salsa::tracked(returns(clone), cycle_result = no_heritage)]
pub(crate) fn heritage<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Arc<Heritage> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let Part { parsed, index } = part(db, file, qualname);
    let node = index
        .classes
        .get(qualname)
        .and_then(|entry| find_class(&parsed, entry.range));
    let Some(node) = node else {
        let made = crate::functional::kind(db, file, qualname);
        return Arc::new(Heritage {
            bases: made.map(crate::functional::bases).unwrap_or_default(),
            ..Heritage::default()
        });
    };
    let symbol = Symbol::of(module_name(db, file), *qualname);
    let scope = Scope::inside(db, file, qualname).unowned();
    let mut heritage = Heritage::default();
    let mut variables: Vec<Variable> = Vec::new();
    let mut explicit: Option<Vec<Variable>> = None;
    for base in node.arguments.iter().flat_map(|arguments| &arguments.args) {
        let head = crate::typed_dicts::head(base);
        if let Some(bases) = bases_of_call(&scope, base) {
            heritage.bases.extend(bases);
            continue;
        }
        if !matches!(head, Expr::Name(_) | Expr::Attribute(_)) {
            heritage.has_odd_base = true;
            heritage.bases.push(Type::Dynamic);
            continue;
        }
        let ty = match scope.resolve(head) {
            Resolved::Special(special @ (Special::Generic | Special::Protocol)) => {
                heritage.is_protocol |= special == Special::Protocol;
                if let Expr::Subscript(subscript) = base {
                    let mut names = Vec::new();
                    for item in slice_items(&subscript.slice) {
                        let named = scope.starred(item).unwrap_or(item);
                        let variable = scope.variable(named);
                        names.extend(variable.filter(|own| !names.contains(own)));
                    }
                    explicit = Some(names);
                }
                continue;
            }
            Resolved::Special(Special::TypedDict) => typed_dict_base(),
            // Its items are asked of the class.
            _ => match scope.ty(base, &mut Vec::new()) {
                Type::TypedDict(symbol, args) => Type::Instance(symbol, args),
                ty => ty,
            },
        };
        ty.collect_variables(&mut variables);
        let ty = owned(ty, symbol);
        let is_class = matches!(ty, Type::Instance(..) | Type::Tuple(_) | Type::Variadic(..));
        heritage
            .bases
            .push(if is_class { ty } else { Type::Dynamic });
    }
    for keyword in node
        .arguments
        .iter()
        .flat_map(|arguments| &arguments.keywords)
    {
        if keyword
            .arg
            .as_ref()
            .is_some_and(|arg| arg.as_str() == "metaclass")
        {
            let named = scope.resolve(&keyword.value);
            if let Resolved::Class(symbol) = &named {
                heritage.metaclass = Some(*symbol);
            }
            let is_abc = matches!(
                named,
                Resolved::Class(symbol) if &*symbol.module == "abc" && &*symbol.qualname == "ABCMeta"
            );
            heritage.has_metaclass |= !is_abc;
        } else {
            heritage.has_keywords = true;
        }
    }
    let names: Vec<Variable> = match &node.type_params {
        Some(params) => {
            let mut own = Scope::inside(db, file, qualname);
            let variables = params.type_params.iter().map(|param| {
                let variable = crate::variables::of_type_param(&own, param, symbol);
                own.add_type_params(std::slice::from_ref(param), symbol);
                variable
            });
            variables.collect()
        }
        None => {
            let names = explicit.unwrap_or(variables).into_iter();
            names.map(|v| v.owned_by(symbol)).collect()
        }
    };
    heritage.type_params = names.into();
    let takes_anything = heritage.bases.iter().any(Type::is_dynamic)
        || index
            .classes
            .get(qualname)
            .is_some_and(|entry| entry.scope.bindings.contains_key("__class_getitem__"));
    // A stub says it by its type parameters.
    let is_declared = file.path(db).is_stub() && !heritage.type_params.is_empty();
    let takes_anything = takes_anything && !is_declared;
    heritage.is_arity_known = !takes_anything;
    Arc::new(heritage)
}

/// What typed dictionaries have in common.
fn typed_dict_base() -> Type {
    Type::Instance(Symbol::new("typing", "_TypedDict"), Types::none())
}

/// What a call among the bases of a class makes: `class Point(namedtuple("Point", "x y"))`.
fn bases_of_call(scope: &Scope<'_>, base: &Expr) -> Option<Vec<Type>> {
    let call = base.as_call_expr()?;
    let kind = crate::functional::kind_of_call(scope, call)?;
    crate::named_tuples::fields_of_base(scope, base)?;
    Some(crate::functional::bases(kind))
}

fn no_heritage(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Arc<Heritage> {
    Arc::new(Heritage {
        bases: vec![Type::Dynamic],
        has_odd_base: true,
        ..Heritage::default()
    })
}

fn slice_items(slice: &Expr) -> Vec<&Expr> {
    match slice {
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        other => vec![other],
    }
}

/// `ty`, written in the head of class `owner`, with the variables in it as parameters of the class.
fn owned(ty: Type, owner: Symbol) -> Type {
    ty.substitute(&|variable| {
        variable
            .owner
            .is_none()
            .then(|| Type::TypeVar(variable.owned_by(owner)))
    })
}

/// Whether `holds` of one of the decorators of a class.
pub(crate) fn any_decorator(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    holds: impl Fn(&Expr) -> bool,
) -> bool {
    // Most classes have none, and need not be parsed to say so.
    if entry.decorators.is_empty() {
        return false;
    }
    let part = part(db, file, &entry.qualname);
    find_class(&part.parsed, entry.range).is_some_and(|node| {
        node.decorator_list
            .iter()
            .any(|decorator| holds(&decorator.expression))
    })
}

/// Whether a decorator of a class means `decorator`.
pub(crate) fn has_decorator(
    db: &dyn Db,
    file: File,
    entry: &ClassEntry,
    decorator: KnownDecorator,
) -> bool {
    let scope = Scope::module(db, file);
    any_decorator(db, file, entry, |expr| {
        known_decorator(&scope, expr, "") == Some(decorator)
    })
}

/// The name of a private attribute as CPython mangles it in a class.
pub fn mangle(class: &str, name: &str) -> Name {
    mangled(class, name).unwrap_or_else(|| Name::new(name))
}

/// The same for a name that is interned already.
pub(crate) fn mangle_name(class: &str, name: &Name) -> Name {
    mangled(class, name).unwrap_or(*name)
}

/// The name of a private attribute; nothing for any other.
fn mangled(class: &str, name: &str) -> Option<Name> {
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return None;
    }
    let class = crate::index::last_part(class).trim_start_matches('_');
    (!class.is_empty()).then(|| Name::new(format!("_{class}{name}")))
}

/// Methods whose presence means that plain field access or allocation would not do what the class says.
const UNUSUAL_METHODS: [&str; 7] = [
    "__new__",
    "__getattr__",
    "__getattribute__",
    "__setattr__",
    "__delattr__",
    "__del__",
    "__class_getitem__",
];

#[salsa::tracked(returns(clone), cycle_result = cyclic_refusal)]
fn refusal_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Name> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let refuse = |reason: &str| Some(Name::new(reason));
    match staticness(db, file) {
        Staticness::Dynamic => return refuse("its module is not static"),
        Staticness::Pattern => return refuse("its module is static by a pattern alone"),
        Staticness::Marker => {}
    }
    let index = module_index(db, file);
    let Some(entry) = index.classes.get(qualname) else {
        return refuse("it is not defined");
    };
    if entry.parent.is_some() {
        return refuse("it is defined inside a function");
    }
    if entry.is_redefined {
        return refuse("it is defined more than once");
    }
    let parsed = crate::files::parsed(db, file);
    let Some(node) = find_class(&parsed, entry.range) else {
        return refuse("it is not defined");
    };
    if let Some(reason) = decorator_refusal(db, file, node) {
        return Some(reason);
    }
    let symbol = Symbol::of(module_name(db, file), *qualname);
    if crate::typed_dicts::is_typed_dict(db, file, &symbol) {
        return refuse("it is a typed dictionary");
    }
    let heritage = heritage(db, definition);
    if heritage.has_metaclass {
        return refuse("it has a metaclass");
    }
    if heritage.has_keywords {
        return refuse("it has class keywords");
    }
    let mut laid_out_bases = 0;
    for base in &heritage.bases {
        let Some(symbol) = base.class() else {
            return refuse("a base class is not known");
        };
        if is_empty_base(&symbol) {
            continue;
        }
        let Some(base_file) = resolve_from(db, file, &symbol.module) else {
            return refuse("a base class is not known");
        };
        if layout_refusal(db, base_file, &symbol.qualname).is_some() {
            return Some(Name::new(format!(
                "its base class `{}` is not laid out",
                symbol.name()
            )));
        }
        laid_out_bases += 1;
    }
    if laid_out_bases > 1 {
        return refuse("it has more than one base class with a layout");
    }
    for name in UNUSUAL_METHODS {
        if entry.scope.bindings.contains_key(name) {
            return Some(Name::new(format!("it defines `{name}`")));
        }
    }
    conflict(db, file, &index, entry, &heritage)
}

fn cyclic_refusal(_: &dyn Db, _: salsa::Id, _: Definition<'_>) -> Option<Name> {
    Some(Name::new("it is its own base class"))
}

/// Bases that bring no storage and no behaviour of instances.
pub(crate) fn is_empty_base(symbol: &Symbol) -> bool {
    symbol.is_builtin("object") || matches!((&*symbol.module, &*symbol.qualname), ("abc", "ABC"))
}

fn decorator_refusal(db: &dyn Db, file: File, node: &StmtClassDef) -> Option<Name> {
    let scope = Scope::module(db, file);
    for decorator in &node.decorator_list {
        match known_decorator(&scope, &decorator.expression, "") {
            Some(KnownDecorator::OptOut) => return Some(Name::new("it is marked `@dynamic`")),
            Some(_) => {}
            None => {
                let expr = match &decorator.expression {
                    Expr::Call(call) => &call.func,
                    other => other,
                };
                let name = crate::reach::dotted(expr).unwrap_or_else(|| "…".to_owned());
                return Some(Name::new(format!("it is decorated with `@{name}`")));
            }
        }
    }
    None
}

/// A name that would have to be both a field and something else.
fn conflict(
    db: &dyn Db,
    file: File,
    index: &ModuleIndex,
    entry: &ClassEntry,
    heritage: &Heritage,
) -> Option<Name> {
    let clash = |name: &str| Some(Name::new(format!("`{name}` is both a field and a method")));
    for assignment in &entry.self_assignments {
        if let Some(bindings) = entry.scope.bindings.get(&assignment.name)
            && bindings.iter().any(|binding| match &binding.kind {
                BindingKind::Function(name) => index
                    .functions
                    .get(name)
                    .is_none_or(|function| function.kind != FunctionKind::Property),
                BindingKind::Class(_) => true,
                _ => false,
            })
        {
            return clash(&assignment.name);
        }
    }
    for base in &heritage.bases {
        let Some(symbol) = base.class() else { continue };
        if is_empty_base(&symbol) {
            continue;
        }
        let own_names = entry
            .self_assignments
            .iter()
            .map(|assignment| &assignment.name)
            .chain(entry.scope.bindings.keys());
        for name in own_names {
            let name = mangle_name(&entry.qualname, name);
            let inherited = crate::members::find_member(db, file, &symbol, &name);
            let own = entry.scope.bindings.get(&name);
            let own_is_method = own.is_some_and(|bindings| {
                bindings
                    .iter()
                    .all(|binding| matches!(binding.kind, BindingKind::Function(_)))
            });
            match inherited.map(|found| found.member) {
                // A field stays one: it may be declared again or given another default, not become a method.
                Some(Member::Field { .. }) if own_is_method => return clash(&name),
                // A method's place in the table takes only methods.
                Some(Member::Method(_)) if !own_is_method => return clash(&name),
                Some(Member::Property { .. }) if own.is_some() && !own_is_method => {
                    return clash(&name);
                }
                _ => {}
            }
        }
    }
    None
}

#[salsa::tracked(returns(clone), cycle_result = cyclic_class)]
fn class_query<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Arc<ClassInterface>> {
    let (file, qualname) = (definition.file(db), definition.qualname(db));
    let part = part(db, file, qualname);
    let Some(entry) = part.index.classes.get(qualname) else {
        return crate::functional::interface(db, definition);
    };
    let symbol = Symbol::of(module_name(db, file), *qualname);
    let heritage = heritage(db, definition);
    let mut members = members(db, file, &part, entry, &heritage);
    let dataclass = crate::dataclasses::dataclass(db, file, entry, &symbol);
    if let Some(made) = &dataclass {
        crate::dataclasses::shape_members(made, &mut members);
    }
    let named_tuple = crate::named_tuples::fields(db, file, entry, &heritage.bases, &mut members);
    let match_args = match &named_tuple {
        Some(fields) if !entry.scope.bindings.contains_key("__match_args__") => {
            Some(fields.iter().map(|field| field.name).collect())
        }
        _ => match_args(db, file, entry),
    };
    let typed_dict = crate::typed_dicts::declared(db, file, qualname);
    if typed_dict.is_some() {
        // Items are no attributes.
        members.retain(|_, member| !matches!(member, Member::Field { .. }));
    }
    let enumeration = crate::enums::enumeration_query(db, definition);
    let mut interface = ClassInterface {
        abstract_methods: abstract_methods(db, file, &part, &symbol, &heritage, &members),
        symbol,
        bases: heritage.bases.clone(),
        declared: declared::declared(db, file, &part, entry),
        believed: declared::believed(db, file, &part, entry, &members),
        members,
        // An enumeration that has members cannot be subclassed.
        is_final: enumeration.is_some() || has_decorator(db, file, entry, KnownDecorator::Final),
        enumeration,
        is_protocol: heritage.is_protocol,
        is_runtime_checkable: heritage.is_protocol
            && has_decorator(db, file, entry, KnownDecorator::RuntimeCheckable),
        undeclared: crate::class_values::undeclared(entry),
        deprecated: declared::deprecated(db, file, entry),
        metaclass: heritage.metaclass,
        is_rewritten: crate::dataclasses::is_rewritten(db, file, entry, dataclass.is_some()),
        dataclass: dataclass.map(Arc::new),
        named_tuple,
        typed_dict,
        is_functional: false,
        match_args,
        type_params: heritage.type_params.to_vec(),
        layout: Err(Name::new("")),
    };
    interface.layout = match refusal_query(db, definition) {
        Some(reason) => Err(reason),
        None => crate::layout::layout(db, file, entry, &interface).map(Arc::new),
    };
    Some(Arc::new(interface))
}

fn cyclic_class(
    db: &dyn Db,
    _: salsa::Id,
    definition: Definition<'_>,
) -> Option<Arc<ClassInterface>> {
    let symbol = Symbol::of(
        module_name(db, definition.file(db)),
        *definition.qualname(db),
    );
    Some(Arc::new(ClassInterface {
        bases: vec![Type::Dynamic],
        is_rewritten: true,
        ..ClassInterface::empty(symbol, "it is its own base class")
    }))
}

/// The attributes that patterns by position look at, where the body assigns them to `__match_args__`.
fn match_args(db: &dyn Db, file: File, entry: &ClassEntry) -> Option<Vec<Name>> {
    let binding = entry.scope.bindings.get("__match_args__")?.first()?;
    let part = part(db, file, &entry.qualname);
    let node = find_stmt(&part.parsed, binding.stmt)?.as_assign_stmt()?;
    match crate::constants::literal(&node.value)? {
        crate::types::Constant::Tuple(items) => items
            .iter()
            .map(|item| match item {
                crate::types::Constant::Str(name) => Some(Name::new(name)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Names of methods of which the first definition along the bases is abstract.
fn abstract_methods(
    db: &dyn Db,
    file: File,
    part: &Part,
    symbol: &Symbol,
    heritage: &Heritage,
    members: &IndexMap<Name, Member>,
) -> Vec<Name> {
    let is_abstract = |member: &Member| match member {
        Member::Method(function)
        | Member::Property {
            getter: function, ..
        } => crate::signatures::function_interface(db, file, function)
            .is_some_and(|function| function.is_abstract),
        _ => false,
    };
    // There are many, and most have no decorators: their signatures are not read for this.
    let own_is_abstract = |member: &Member| match member {
        Member::Method(function)
        | Member::Property {
            getter: function, ..
        } => {
            let entry = part.index.functions.get(&function.qualname);
            entry.is_some_and(|entry| crate::signatures::is_abstract(db, file, part, entry))
        }
        _ => false,
    };
    let mut names: Vec<Name> = Vec::new();
    let inherited = heritage
        .bases
        .iter()
        .filter_map(Type::class)
        .filter_map(|base| {
            let base = class_interface(db, file, &base)?;
            Some(base.abstract_methods.clone())
        });
    for name in inherited.flatten() {
        if members.contains_key(&name) || names.contains(&name) {
            continue;
        }
        // Another base that comes before may define it.
        let first = crate::members::mro(db, file, symbol).and_then(|mro| {
            mro.ancestors[1..].iter().find_map(|ancestor| {
                class_interface(db, file, &ancestor.symbol)?
                    .members
                    .get(&name)
                    .cloned()
            })
        });
        if first.is_none_or(|member| is_abstract(&member)) {
            names.push(name);
        }
    }
    names.extend(
        members
            .iter()
            .filter(|(_, member)| own_is_abstract(member))
            .map(|(name, _)| *name),
    );
    names
}

fn members(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    heritage: &Heritage,
) -> IndexMap<Name, Member> {
    let mut members = IndexMap::default();
    let scope = Scope::inside(db, file, &entry.qualname);
    for name in entry.scope.bindings.keys() {
        if matches!(
            &**name,
            "__slots__" | "__dict__" | "__weakref__" | "__doc__"
        ) {
            continue;
        }
        let member = declared_member(db, file, part, entry, &scope, name);
        members.insert(mangle_name(&entry.qualname, name), member);
    }
    let mut assigned: IndexMap<Name, Vec<usize>> = IndexMap::default();
    for (position, assignment) in entry.self_assignments.iter().enumerate() {
        let name = mangle_name(&entry.qualname, &assignment.name);
        assigned.entry(name).or_default().push(position);
    }
    for (name, positions) in assigned {
        let is_explicit = match members.get(&name) {
            // `x = 1` in the body and `self.x = …` in a method: a field with a default.
            Some(Member::ClassVar { .. }) => is_annotated(entry, &name),
            Some(_) => true,
            None => false,
        };
        let is_inherited = || {
            heritage.bases.iter().filter_map(Type::class).any(|base| {
                let found = crate::members::find_member(db, file, &base, &name);
                matches!(
                    found.map(|found| found.member),
                    Some(Member::Field { .. } | Member::Property { .. } | Member::Dynamic)
                )
            })
        };
        if is_explicit || is_inherited() {
            continue;
        }
        let default = crate::class_values::class_value(part, entry, &scope, &name);
        members.insert(
            name,
            assigned_field(db, file, part, entry, &positions, default),
        );
    }
    for name in slots::names(part, entry) {
        let field = Member::Field {
            ty: Type::Dynamic,
            is_final: false,
        };
        members.entry(name).or_insert(field);
    }
    members
}

fn is_annotated(entry: &ClassEntry, name: &Name) -> bool {
    entry.scope.bindings.iter().any(|(bound, bindings)| {
        mangle_name(&entry.qualname, bound) == *name
            && bindings
                .iter()
                .any(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
    })
}

fn declared_member(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    scope: &Scope<'_>,
    name: &Name,
) -> Member {
    let bindings = &entry.scope.bindings[name];
    let module = module_name(db, file);
    let symbol = |qualname: &Name| Symbol::of(module, *qualname);
    // An annotation decides, whatever else binds the name.
    let annotated = bindings
        .iter()
        .find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }));
    if let Some(binding) = annotated {
        let Some(node) =
            find_stmt(&part.parsed, binding.stmt).and_then(|stmt| stmt.as_ann_assign_stmt())
        else {
            return Member::Dynamic;
        };
        let annotation = scope.annotation(&node.annotation, &mut Vec::new());
        let Annotation {
            ty,
            is_final,
            is_class_var,
        } = annotation;
        let ty = ty.unwrap_or_else(|| match &node.value {
            Some(value) => SimpleTypes::new(scope).ty(value),
            None => Type::Dynamic,
        });
        let is_descriptor = || {
            let value = node.value.as_deref();
            value.is_some_and(|value| answers_itself(db, file, scope, value))
        };
        return if is_class_var || (is_final && node.value.is_some()) || is_descriptor() {
            Member::ClassVar { ty: ty.boxed() }
        } else {
            Member::Field { ty, is_final }
        };
    }
    let [first, rest @ ..] = &bindings[..] else {
        return Member::Dynamic;
    };
    if rest.iter().any(|binding| binding.kind != first.kind) {
        let is_value = |kind: &BindingKind| {
            matches!(
                kind,
                BindingKind::Assigned | BindingKind::Augmented | BindingKind::Other
            )
        };
        return if bindings.iter().all(|binding| is_value(&binding.kind)) {
            Member::ClassVar { ty: Type::Dynamic }
        } else {
            Member::Dynamic
        };
    }
    match &first.kind {
        BindingKind::Function(qualname) => {
            let Some(function) = part.index.functions.get(qualname) else {
                return Member::Dynamic;
            };
            if function.is_redefined() || crate::signatures::is_decorated(db, file, part, function)
            {
                return Member::Dynamic;
            }
            if function.kind == FunctionKind::Property {
                let setter = Name::new(format!("{qualname}.setter"));
                let setter = part
                    .index
                    .functions
                    .contains_key(&setter)
                    .then(|| symbol(&setter));
                return Member::Property {
                    getter: symbol(qualname),
                    setter,
                };
            }
            Member::Method(symbol(qualname))
        }
        BindingKind::Class(qualname) => Member::Class(symbol(qualname)),
        BindingKind::Assigned | BindingKind::Augmented | BindingKind::Other => {
            Member::ClassVar { ty: Type::Dynamic }
        }
        _ => Member::Dynamic,
    }
}

/// Whether the value that a class body gives a name is a new descriptor, which stays in the class.
fn answers_itself(db: &dyn Db, file: File, scope: &Scope<'_>, value: &Expr) -> bool {
    let Expr::Call(call) = value else {
        return false;
    };
    match scope.resolve(&call.func) {
        Resolved::Class(class) if &*class.module != "builtins" => {
            crate::members::find_member(db, file, &class, "__get__").is_some()
        }
        _ => false,
    }
}

/// A field that only methods assign: declared by an annotated assignment, or the join of what is assigned.
fn assigned_field(
    db: &dyn Db,
    file: File,
    part: &Part,
    entry: &ClassEntry,
    positions: &[usize],
    default: Option<Type>,
) -> Member {
    let assignments = || {
        positions
            .iter()
            .map(|position| &entry.self_assignments[*position])
    };
    for assignment in assignments().filter(|assignment| assignment.is_annotated) {
        let node =
            find_stmt(&part.parsed, assignment.stmt).and_then(|stmt| stmt.as_ann_assign_stmt());
        let Some(node) = node else { continue };
        let scope = Scope::inside(db, file, &assignment.method);
        let annotation = scope.annotation(&node.annotation, &mut Vec::new());
        let ty = annotation.ty.unwrap_or_else(|| match &node.value {
            Some(value) => SimpleTypes::in_method(&scope, db, &assignment.method).ty(value),
            None => Type::Dynamic,
        });
        return Member::Field {
            ty,
            // Elsewhere than where the object is made `Final` is a mistake, which is reported.
            is_final: annotation.is_final
                && crate::declarations::makes_object(crate::index::last_part(&assignment.method)),
        };
    }
    let mut types: Vec<Type> = default.into_iter().collect();
    for assignment in assignments() {
        let value = find_stmt(&part.parsed, assignment.stmt)
            .and_then(|stmt| stmt.as_assign_stmt())
            .filter(|_| assignment.is_plain);
        let ty = match value {
            Some(node) if part.index.functions.contains_key(&assignment.method) => {
                let scope = Scope::inside(db, file, &assignment.method);
                let ty = SimpleTypes::in_method(&scope, db, &assignment.method).ty(&node.value);
                crate::tested::settled(ty, part, &assignment.method, &node.value)
            }
            // `self.n += 1` keeps the type of a number as it is; anything else is not followed.
            _ if is_augmented(&part.parsed, assignment.stmt) => continue,
            _ => Type::Dynamic,
        };
        if !types.contains(&ty) {
            types.push(ty);
        }
    }
    let ty = match &types[..] {
        [only] => *only,
        _ => Type::union(types.into_iter().map(|ty| ty.boxed())),
    };
    // What only ever is `None` here is given its value from elsewhere.
    // And of what is any object somewhere, nobody said what it is.
    let is_any = ty.members().len() > 1 && ty.members().iter().any(|ty| ty.is_builtin("object"));
    let ty = if is_any || matches!(ty, Type::None | Type::Never) {
        Type::Dynamic
    } else {
        ty
    };
    Member::Field {
        ty,
        is_final: false,
    }
}

fn is_augmented(
    parsed: &keelback_parser::Parsed,
    stmt: keelback_parser::text_size::TextRange,
) -> bool {
    find_stmt(parsed, stmt).is_some_and(|stmt| stmt.is_aug_assign_stmt())
}
