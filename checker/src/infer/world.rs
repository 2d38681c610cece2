//! What inference asks of other modules: what a name means, what a class has, whether a type fits another.
//!
//! Inference sees modules only through [`Env`], so it can be run over the database or over interfaces made by hand.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::interface::{
    ClassInterface, ClassLayout, Enumeration, Export, FunctionInterface, Member,
};
use crate::types::{Constant, Name, Primitive, Symbol, Type, Types, Variable};
use crate::typing::{Direction, Relation, Shape};

/// Where module interfaces come from.
pub trait Env {
    /// What kind of module has this full dotted name, if it can be found.
    fn module(&self, module: &str) -> Option<ModuleKind>;
    /// What the name is bound to in the module.
    fn export(&self, module: &str, name: &str) -> Option<Export>;
    /// The class of this name.
    fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>>;
    /// The function of this name.
    fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>>;
    /// The type parameters and the definition of the alias of this name.
    fn alias(&self, symbol: &Symbol) -> Option<(Arc<[Variable]>, Type)>;
    /// What decorators make of the function of this name.
    fn decorated(&self, symbol: &Symbol) -> Option<Type>;
    /// Whether `name`, as `module` sees it, is an alias that is an object of its own: `type X = …`.
    fn is_alias_object(&self, module: &str, name: &str) -> bool;
    /// The overloads of the function of this name; of one that is not overloaded, itself.
    fn overloads(&self, symbol: &Symbol) -> Vec<Arc<FunctionInterface>>;
    /// The names that the module binds, for suggestions.
    fn names(&self, module: &str) -> Vec<Name>;
    /// The type of the plain values that the body of the class gives a variable that it does not declare.
    fn class_value(&self, class: &Symbol, name: &str) -> Type {
        let _ = (class, name);
        Type::Dynamic
    }
    /// The type of the values that the module assigns to a variable that it does not declare, as far as these are plain.
    fn assigned(&self, module: &str, name: &str) -> Type {
        let _ = (module, name);
        Type::Dynamic
    }
}

/// What kind of module it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModuleKind {
    /// It is compiled.
    pub is_static: bool,
    /// It was read from a stub.
    pub is_stub: bool,
}

/// What a module-level name means, with imports followed.
#[derive(Clone, PartialEq, Debug)]
pub enum Resolved {
    /// A function of a static module or of a stub.
    Function(Symbol),
    /// A class.
    Class(Symbol),
    /// A `Final` constant.
    Constant(Constant),
    /// A variable of this declared type.
    Variable {
        /// Its type.
        ty: Type,
        /// `Final`.
        is_final: bool,
    },
    /// A module.
    Module(Name),
    /// A name of `__static__`.
    Static(Name),
    /// A name of `typing` or `typing_extensions`.
    Typing(Name),
    /// A type alias.
    Alias(Type),
    /// Something that is not followed.
    Dynamic,
    /// Bound nowhere.
    Undefined,
}

/// What looking up a member of a class gives.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The member, the class that has it, and that class's type arguments as seen from the receiver.
    Found {
        /// The class whose body has the member.
        owner: Symbol,
        /// Its type parameters with what they stand for.
        params: Vec<(Variable, Type)>,
        /// The member.
        member: Member,
    },
    /// No class of the hierarchy has it, and all are known.
    Missing,
    /// Not found, but part of the hierarchy is unknown or answers attributes itself.
    Unknown,
}

/// The classes of a hierarchy, depth first and without repetition.
#[derive(Debug)]
pub struct Ancestry {
    /// The type parameters of the class itself, in terms of which the arguments of the others are given.
    params: Vec<Variable>,
    /// The classes, that of the hierarchy first.
    pub classes: Vec<Ancestor>,
    /// Whether every base is known.
    pub complete: bool,
}

/// A class of a hierarchy.
#[derive(Debug)]
pub struct Ancestor {
    /// The class.
    pub class: Arc<ClassInterface>,
    args: Types,
}

impl Ancestry {
    /// Whether `symbol` is one of them.
    pub fn has(&self, symbol: &Symbol) -> bool {
        self.classes.iter().any(|c| c.class.symbol == *symbol)
    }

    /// The arguments of `ancestor` when those of the class itself are `args`.
    pub(crate) fn args_of(&self, ancestor: &Ancestor, args: &[Type]) -> Types {
        if self.params.is_empty() {
            return ancestor.args;
        }
        substitute_all(ancestor.args, &bind_all(&self.params, args))
    }
}

/// The type parameters of a class with the arguments for them: those that are missing are what their parameters default to, or anything.
fn bind_all(params: &[Variable], args: &[Type]) -> Vec<(Variable, Type)> {
    if args.len() >= params.len() {
        return params.iter().copied().zip(args.iter().copied()).collect();
    }
    let args = crate::typing::fill(params, args);
    params.iter().copied().zip(args).collect()
}

/// The type parameters of a class with the arguments for them.
fn bind_params(class: &ClassInterface, args: &[Type]) -> Vec<(Variable, Type)> {
    bind_all(&class.type_params, args)
}

fn substitute_all(types: Types, params: &[(Variable, Type)]) -> Types {
    if types.is_empty() || params.is_empty() {
        return types;
    }
    types.iter().map(|ty| substitute(ty, params)).collect()
}

/// Questions about the whole program.
pub struct World<'a> {
    env: &'a dyn Env,
    modules: RefCell<FxHashMap<Name, Option<ModuleKind>>>,
    classes: RefCell<FxHashMap<Symbol, Option<Arc<ClassInterface>>>>,
    functions: RefCell<FxHashMap<Symbol, Option<Arc<FunctionInterface>>>>,
    overloads: RefCell<FxHashMap<Symbol, Vec<Arc<FunctionInterface>>>>,
    /// What names mean as globals or builtins, by module.
    globals: RefCell<FxHashMap<Name, FxHashMap<Name, (Resolved, bool)>>>,
    ancestries: RefCell<FxHashMap<Symbol, Rc<Ancestry>>>,
    /// The items of typed dictionaries.
    pub(crate) typed_dicts: RefCell<FxHashMap<(Symbol, Types), Option<Rc<Shape>>>>,
    /// How the arguments of classes are compared where their uses say it.
    pub(crate) directions: RefCell<FxHashMap<(Symbol, usize), Direction>>,
}

impl<'a> World<'a> {
    /// A world over `env`.
    pub fn new(env: &'a dyn Env) -> World<'a> {
        World {
            env,
            modules: RefCell::default(),
            classes: RefCell::default(),
            functions: RefCell::default(),
            overloads: RefCell::default(),
            globals: RefCell::default(),
            ancestries: RefCell::default(),
            typed_dicts: RefCell::default(),
            directions: RefCell::default(),
        }
    }

    /// What kind of module `module` is, if it can be found.
    pub fn module(&self, module: &str) -> Option<ModuleKind> {
        if let Some(known) = self.modules.borrow().get(module) {
            return *known;
        }
        let found = self.env.module(module);
        self.modules.borrow_mut().insert(Name::new(module), found);
        found
    }

    /// What `name` is bound to in `module`, imports not followed.
    pub fn binding(&self, module: &str, name: &str) -> Option<Export> {
        self.env.export(module, name)
    }

    /// The names that `module` binds.
    pub fn names(&self, module: &str) -> Vec<Name> {
        self.env.names(module)
    }

    /// The type of the plain values that the body of `class` gives the undeclared variable `name`.
    pub fn class_value(&self, class: &Symbol, name: &str) -> Type {
        self.env.class_value(class, name)
    }

    /// The type of the plain values that `module` assigns to the undeclared variable `name`.
    pub fn assigned(&self, module: &str, name: &str) -> Type {
        self.env.assigned(module, name)
    }

    /// The class `symbol`.
    pub fn class(&self, symbol: &Symbol) -> Option<Arc<ClassInterface>> {
        if let Some(known) = self.classes.borrow().get(symbol) {
            return known.clone();
        }
        let found = self.env.class(symbol);
        self.classes.borrow_mut().insert(*symbol, found.clone());
        found
    }

    /// The type parameters and the definition of the alias `symbol`.
    pub(crate) fn alias(&self, symbol: &Symbol) -> Option<(Arc<[Variable]>, Type)> {
        self.env.alias(symbol)
    }

    /// What decorators make of the function `symbol`; nothing if that is not known.
    pub(crate) fn decorated(&self, symbol: &Symbol) -> Option<Type> {
        self.env.decorated(symbol)
    }

    /// Whether `name`, as `module` sees it, is an alias that is an object of its own.
    pub(crate) fn is_alias_object(&self, module: &str, name: &str) -> bool {
        self.env.is_alias_object(module, name)
    }

    /// The members of class `symbol`, if it is an enumeration that has any.
    pub fn enumeration(&self, symbol: &Symbol) -> Option<Arc<Enumeration>> {
        self.class(symbol)?.enumeration.clone()
    }

    /// The class that a name holds which is taken for `ty` in annotations, if a call made the class.
    pub fn functional_class(&self, ty: &Type) -> Option<Type> {
        let (Type::Instance(symbol, _) | Type::TypedDict(symbol, _)) = ty else {
            return None;
        };
        let class = self.class(symbol)?;
        class.is_functional.then_some(Type::Class(*symbol))
    }

    /// The overloads of a function.
    pub fn overloads(&self, symbol: &Symbol) -> Vec<Arc<FunctionInterface>> {
        if let Some(known) = self.overloads.borrow().get(symbol) {
            return known.clone();
        }
        let found = self.env.overloads(symbol);
        self.overloads.borrow_mut().insert(*symbol, found.clone());
        found
    }

    /// The function `symbol`.
    pub fn function(&self, symbol: &Symbol) -> Option<Arc<FunctionInterface>> {
        if let Some(known) = self.functions.borrow().get(symbol) {
            return known.clone();
        }
        let found = self.env.function(symbol);
        self.functions.borrow_mut().insert(*symbol, found.clone());
        found
    }

    /// The layout of `symbol`, if it has one.
    pub fn layout(&self, symbol: &Symbol) -> Option<Arc<ClassLayout>> {
        self.class(symbol)?.layout.clone().ok()
    }

    /// Whether `module` is compiled.
    pub fn is_static_module(&self, module: &str) -> bool {
        self.module(module).is_some_and(|m| m.is_static)
    }

    /// Whether `symbol` is a class of a static module that has a layout.
    pub fn is_laid_out(&self, symbol: &Symbol) -> bool {
        self.is_static_module(&symbol.module) && self.layout(symbol).is_some()
    }

    /// What `name` of `module` means to an importer.
    pub fn export(&self, module: &str, name: &str) -> Resolved {
        self.export_at(module, name, 0)
    }

    fn export_at(&self, module: &str, name: &str, depth: u32) -> Resolved {
        match module {
            "__static__" => return Resolved::Static(Name::new(name)),
            "typing" | "typing_extensions" => return Resolved::Typing(Name::new(name)),
            _ => {}
        }
        if depth > 16 {
            return Resolved::Dynamic;
        }
        let Some(interface) = self.module(module) else {
            return Resolved::Dynamic;
        };
        match self.env.export(module, name) {
            Some(Export::Function(symbol)) => Resolved::Function(symbol),
            Some(Export::Class(symbol)) => Resolved::Class(symbol),
            Some(Export::Constant(value)) => Resolved::Constant(value),
            Some(Export::Variable { ty, is_final }) => Resolved::Variable { ty, is_final },
            Some(Export::Module(target)) => Resolved::Module(target),
            Some(Export::Import {
                module: from,
                name: original,
            }) => {
                match self.export_at(&from, &original, depth + 1) {
                    Resolved::Undefined => {
                        let submodule = format!("{from}.{original}");
                        if self.module(&submodule).is_some() {
                            Resolved::Module(Name::new(submodule))
                        } else {
                            // The import statement itself reports a name that is not there.
                            Resolved::Dynamic
                        }
                    }
                    found => found,
                }
            }
            Some(Export::Alias(ty)) => Resolved::Alias(ty),
            Some(Export::Dynamic) => Resolved::Dynamic,
            None if interface.is_static || interface.is_stub => Resolved::Undefined,
            None => Resolved::Dynamic,
        }
    }

    /// What `name` means in `module`'s own code as a global or builtin; the flag says that it is a builtin.
    pub fn global(&self, module: &str, name: &str) -> (Resolved, bool) {
        if let Some(known) = self.globals.borrow().get(module)
            && let Some(known) = known.get(name)
        {
            return known.clone();
        }
        let found = self.find_global(module, name);
        let mut globals = self.globals.borrow_mut();
        let of_module = globals.entry(Name::new(module)).or_default();
        of_module.insert(Name::new(name), found.clone());
        found
    }

    fn find_global(&self, module: &str, name: &str) -> (Resolved, bool) {
        match self.export(module, name) {
            Resolved::Undefined => {}
            found => return (found, false),
        }
        if self.module("builtins").is_none() {
            return (Resolved::Dynamic, true);
        }
        // What the stub imports or names for its own use is not a builtin.
        let private = name.starts_with('_') && !name.starts_with("__");
        match self.env.export("builtins", name) {
            Some(Export::Import { .. } | Export::Module(_)) | None => {}
            Some(_) if private || matches!(name, "ellipsis" | "function") => {}
            Some(_) => return (self.export("builtins", name), true),
        }
        match name {
            "__name__" | "__file__" | "__doc__" | "__spec__" | "__loader__" | "__package__"
            | "__path__" | "__builtins__" | "__debug__" | "__annotations__" | "__dict__"
            | "__cached__" | "__import__" | "__build_class__" | "WindowsError" | "copyright"
            | "credits" | "license" | "exit" | "quit" | "help" => (Resolved::Dynamic, true),
            _ => (Resolved::Undefined, true),
        }
    }

    /// The classes of `symbol`'s hierarchy.
    pub fn ancestry(&self, symbol: &Symbol) -> Rc<Ancestry> {
        if let Some(known) = self.ancestries.borrow().get(symbol) {
            return known.clone();
        }
        let found = Rc::new(self.find_ancestry(symbol));
        self.ancestries.borrow_mut().insert(*symbol, found.clone());
        found
    }

    fn find_ancestry(&self, symbol: &Symbol) -> Ancestry {
        let mut found: Vec<Ancestor> = Vec::new();
        let mut complete = true;
        let mut params = Vec::new();
        // Of the class itself the arguments are its own parameters.
        let mut queue: Vec<(Symbol, Option<Types>)> = vec![(*symbol, None)];
        while let Some((symbol, args)) = queue.pop() {
            if found.iter().any(|c| c.class.symbol == symbol) || found.len() > 64 {
                continue;
            }
            let Some(class) = self.class(&symbol) else {
                complete = false;
                continue;
            };
            let args = match args {
                Some(args) => args,
                None => {
                    params.clone_from(&class.type_params);
                    params.iter().copied().map(Type::TypeVar).collect()
                }
            };
            let bound = bind_params(&class, &args);
            for base in class.bases.iter().rev() {
                match base {
                    Type::Instance(s, a) | Type::Exact(s, a) => {
                        queue.push((*s, Some(substitute_all(*a, &bound))));
                    }
                    Type::Class(s) => queue.push((*s, Some(Types::none()))),
                    _ => complete = false,
                }
            }
            found.push(Ancestor { class, args });
        }
        Ancestry {
            params,
            classes: found,
            complete,
        }
    }

    /// Whether a class may set attributes in its own way, by a `__setattr__` that is not `object`'s.
    pub fn sets_attributes(&self, class: &Symbol) -> bool {
        match self.member(class, &[], "__setattr__") {
            Lookup::Missing => false,
            Lookup::Found { owner, .. } => !owner.is_builtin("object"),
            Lookup::Unknown => true,
        }
    }

    /// The member `name` of instances of `symbol[args]`.
    pub fn member(&self, symbol: &Symbol, args: &[Type], name: &str) -> Lookup {
        let ancestry = self.ancestry(symbol);
        for ancestor in &ancestry.classes {
            if let Some(member) = ancestor.class.members.get(name) {
                return Lookup::Found {
                    owner: ancestor.class.symbol,
                    params: bind_params(&ancestor.class, &ancestry.args_of(ancestor, args)),
                    member: member.clone(),
                };
            }
        }
        let mut classes = ancestry.classes.iter().map(|ancestor| &ancestor.class);
        if !ancestry.complete {
            return Lookup::Unknown;
        }
        if let Some(object) = self.class(&Symbol::new("builtins", "object")) {
            if let Some(member) = object.members.get(name) {
                return Lookup::Found {
                    owner: object.symbol,
                    params: Vec::new(),
                    member: member.clone(),
                };
            }
        } else {
            return Lookup::Unknown;
        }
        let answers_itself = classes.clone().any(|class| {
            !class.symbol.is_builtin("object")
                && (class.members.contains_key("__getattr__")
                    || class.members.contains_key("__getattribute__"))
        });
        // A decorator or a metaclass may have added special methods, and an opted-out class anything.
        let dunder = name.starts_with("__") && name.ends_with("__");
        let grown = classes.clone().any(|class| {
            class
                .layout
                .as_ref()
                .err()
                .is_some_and(|why| (dunder && may_grow(class)) || why.contains("@dynamic"))
                && self.is_static_module(&class.symbol.module)
        });
        let has_dict = classes.any(|class| {
            class.members.contains_key("__dict__") && !class.symbol.is_builtin("object")
        });
        if answers_itself || has_dict || grown {
            Lookup::Unknown
        } else {
            Lookup::Missing
        }
    }

    /// Whether `class` is `of` or derives from it; `None` when not all bases are known.
    pub fn is_subclass(&self, class: &Symbol, of: &Symbol) -> Option<bool> {
        if class == of || of.is_builtin("object") {
            return Some(true);
        }
        let ancestry = self.ancestry(class);
        if ancestry.has(of) {
            Some(true)
        } else if ancestry.complete {
            Some(false)
        } else {
            None
        }
    }

    /// The arguments that `class[args]` gives to its ancestor `of`.
    pub fn args_as(&self, class: &Symbol, args: &[Type], of: &Symbol) -> Option<Vec<Type>> {
        if class == of {
            return Some(args.to_vec());
        }
        let ancestry = self.ancestry(class);
        let ancestor = ancestry.classes.iter().find(|c| c.class.symbol == *of)?;
        let args = ancestry.args_of(ancestor, args);
        let params = &ancestor.class.type_params;
        let missing = args.len() < params.len();
        Some(match missing {
            true => crate::typing::fill(params, &args),
            false => args[..params.len()].to_vec(),
        })
    }

    /// Whether instances of `symbol` can be called, as far as is known.
    pub fn is_callable_class(&self, symbol: &Symbol) -> bool {
        !matches!(self.member(symbol, &[], "__call__"), Lookup::Missing)
    }

    /// Whether a value of type `from` may flow into a place of type `to` without an error. Representations aside, and primitives boxed.
    pub fn assignable(&self, from: &Type, to: &Type) -> bool {
        from == to || Relation::new(self).fits(from, to)
    }

    /// The join of types that reach one place: a union in which what another member covers is left out.
    pub fn join(&self, a: &Type, b: &Type) -> Type {
        if a == b {
            return *a;
        }
        match (a, b) {
            (Type::Never, t) | (t, Type::Never) => return *t,
            (Type::Dynamic, _) | (_, Type::Dynamic) => return Type::Dynamic,
            (Type::Primitive(p), Type::Primitive(q)) => {
                if let Some(common) = common_primitive(*p, *q) {
                    return Type::Primitive(common);
                }
            }
            (Type::Primitive(p), Type::Literal(c)) | (Type::Literal(c), Type::Primitive(p))
                if literal_fits(c, *p) =>
            {
                return Type::Primitive(*p);
            }
            _ => {}
        }
        let mut members: Vec<Type> = Vec::new();
        for member in a.members().iter().chain(b.members()) {
            let member = member.boxed();
            if members.iter().any(|m| self.covers(m, &member)) {
                continue;
            }
            members.retain(|m| !self.covers(&member, m));
            // An exact and an inexact or two differently parameterised displays of one class become one.
            if let Some(i) = members.iter().position(|m| self.same_container(m, &member)) {
                members[i] = self.merge_container(&members[i], &member);
                continue;
            }
            members.push(member);
        }
        // `None` is said last: `str | None`.
        if let Some(at) = members.iter().position(|m| *m == Type::None) {
            let none = members.remove(at);
            members.push(none);
        }
        self.fold_values(&mut members);
        self.merge_tuples(&mut members);
        if kinds(&members) > MOST_KINDS {
            return Type::object();
        }
        Type::union(members)
    }

    /// Puts a tuple of any length in the place of tuples of many lengths, as a loop makes them that adds to a tuple.
    fn merge_tuples(&self, members: &mut Vec<Type>) {
        let mut lengths: Vec<usize> = members
            .iter()
            .filter_map(|m| match m {
                Type::Tuple(items) => Some(items.len()),
                _ => None,
            })
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        if lengths.len() <= MOST_LENGTHS {
            return;
        }
        let mut item = Type::Never;
        members.retain(|m| match m {
            Type::Tuple(items) => {
                item = self.join(&item, &self.join_all(items.iter().map(widen)));
                false
            }
            _ => true,
        });
        let any_length = Type::Instance(Symbol::new("builtins", "tuple"), [item].into());
        if !members.contains(&any_length) {
            members.push(any_length);
        }
    }

    /// Puts an enumeration in the place of all of its members, and `bool` in that of `True` and `False`.
    fn fold_values(&self, members: &mut Vec<Type>) {
        let classes: Vec<Symbol> = members
            .iter()
            .filter(|m| matches!(m, Type::EnumMember(..) | Type::Literal(Constant::Bool(_))))
            .filter_map(Type::class)
            .collect();
        for class in classes {
            if self.has_every_value(members, &class) {
                let is_value = |m: &Type| m.class() == Some(class);
                if let Some(at) = members.iter().position(is_value) {
                    members[at] = Type::Instance(class, Types::none());
                    let mut i = 0;
                    members.retain(|m| {
                        i += 1;
                        i - 1 == at || !is_value(m)
                    });
                }
            }
        }
    }

    /// Whether `types` has every value of the class one by one: every member of an enumeration, or `True` and `False`.
    pub(crate) fn has_every_value(&self, types: &[Type], class: &Symbol) -> bool {
        self.values_of(class)
            .is_some_and(|values| values.iter().all(|value| types.contains(value)))
    }

    /// The values of a class that has few, one by one: the members of an enumeration, `True` and `False`.
    pub fn values_of(&self, class: &Symbol) -> Option<Vec<Type>> {
        if class.is_builtin("bool") {
            let value = |v| Type::literal(&Constant::Bool(v));
            return Some(vec![value(true), value(false)]);
        }
        let enumeration = self.enumeration(class)?;
        if enumeration.is_flag {
            return None;
        }
        let members = enumeration.members.keys();
        Some(
            members
                .map(|name| Type::EnumMember(*class, *name))
                .collect(),
        )
    }

    /// A type with enumerations and `bool` taken apart into their values.
    pub fn expanded(&self, ty: &Type) -> Type {
        Type::union(ty.members().iter().flat_map(|member| match member {
            Type::Instance(class, _) | Type::Exact(class, _) => {
                self.values_of(class).unwrap_or_else(|| vec![*member])
            }
            Type::Guard(..) => vec![Type::bool()],
            _ => vec![*member],
        }))
    }

    /// The join of many.
    pub fn join_all(&self, types: impl IntoIterator<Item = Type>) -> Type {
        types
            .into_iter()
            .fold(Type::Never, |a, b| self.join(&a, &b))
    }

    fn same_container(&self, a: &Type, b: &Type) -> bool {
        match (a, b) {
            (
                Type::Instance(a, x) | Type::Exact(a, x),
                Type::Instance(b, y) | Type::Exact(b, y),
            ) => {
                a == b
                    && (x == y
                        || x.iter()
                            .chain(y.iter())
                            .any(|t| matches!(t, Type::Never | Type::Dynamic)))
            }
            _ => false,
        }
    }

    fn merge_container(&self, a: &Type, b: &Type) -> Type {
        match (a, b) {
            (Type::Exact(s, x), Type::Exact(_, y)) => Type::Exact(*s, self.merge_args(x, y)),
            (
                Type::Instance(s, x) | Type::Exact(s, x),
                Type::Instance(_, y) | Type::Exact(_, y),
            ) => Type::Instance(*s, self.merge_args(x, y)),
            _ => *a,
        }
    }

    fn merge_args(&self, x: &[Type], y: &[Type]) -> Types {
        if x.is_empty() || y.is_empty() {
            return Types::none();
        }
        x.iter().zip(y).map(|(a, b)| self.join(a, b)).collect()
    }

    /// Whether every value of `b` is of type `a`, nominally and without promotions.
    pub fn covers(&self, a: &Type, b: &Type) -> bool {
        if a == b {
            return true;
        }
        match (a, b) {
            (Type::Instance(s, _), _) if s.is_builtin("object") => true,
            (Type::Instance(s, _), Type::Class(_) | Type::ClassOf(_)) => s.is_builtin("type"),
            (
                Type::Instance(..),
                Type::Literal(_) | Type::LiteralString | Type::EnumMember(..) | Type::Guard(..),
            ) => *a == widen(b),
            (Type::LiteralString, Type::Literal(Constant::Str(_))) => true,
            (Type::Instance(s, x), Type::Exact(t, y)) if s == t => x == y,
            (Type::Instance(s, x), Type::Instance(t, _) | Type::Exact(t, _)) => {
                x.is_empty()
                    && !s.is_builtin("int")
                    && self.class(s).is_some_and(|c| c.type_params.is_empty())
                    && self.is_subclass(t, s) == Some(true)
            }
            (Type::Tuple(x), Type::Tuple(y)) => {
                x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| self.covers(a, b))
            }
            (Type::Instance(s, x), Type::Tuple(y)) if s.is_builtin("tuple") && x.len() == 1 => {
                y.iter().all(|item| self.covers(&x[0], item))
            }
            (Type::Union(_), Type::Union(members)) => members.iter().all(|m| self.covers(a, m)),
            (Type::Union(members), _) => members.iter().any(|m| self.covers(m, b)),
            _ => false,
        }
    }

    /// Whether a value may be of both types: `False` only when that is certain not to be.
    pub fn may_overlap(&self, a: &Type, b: &Type) -> bool {
        a.members().iter().any(|x| {
            b.members().iter().any(|y| match (x, y) {
                (Type::Dynamic | Type::TypeVar(..), _) | (_, Type::Dynamic | Type::TypeVar(..)) => {
                    true
                }
                (Type::None, Type::None) => true,
                (Type::None, other) | (other, Type::None) => other.is_builtin("object"),
                (Type::Literal(p), Type::Literal(q)) => p == q,
                (Type::EnumMember(..), Type::EnumMember(..)) => x == y,
                _ => match (x.class(), y.class()) {
                    (Some(p), Some(q)) => {
                        self.is_subclass(&p, &q) != Some(false)
                            || self.is_subclass(&q, &p) != Some(false)
                            || !(is_value_class(&p) || is_value_class(&q))
                    }
                    _ => true,
                },
            })
        })
    }
}

/// Whether something other than its body may have given a class special methods.
fn may_grow(class: &ClassInterface) -> bool {
    let own = class.metaclass.as_ref();
    class.is_rewritten
        || class.dataclass.is_some()
        || class.named_tuple.is_some()
        || class.enumeration.is_some()
        || own.is_some_and(|own| own.name() != "ABCMeta")
}

/// A join of more kinds of values than this says no more than that they are objects.
const MOST_KINDS: usize = 64;

/// A join of tuples of more lengths than this is a tuple of any length.
const MOST_LENGTHS: usize = 6;

/// How many kinds of values there are among `members`, those that are known one by one taken together.
fn kinds(members: &[Type]) -> usize {
    if members.len() <= MOST_KINDS {
        return members.len();
    }
    let one_value = |m: &Type| matches!(m, Type::Literal(_) | Type::EnumMember(..));
    let mut classes: Vec<Symbol> = members
        .iter()
        .filter(|m| one_value(m))
        .filter_map(Type::class)
        .collect();
    classes.dedup();
    classes.len() + members.iter().filter(|m| !one_value(m)).count()
}

/// Whether instances of a class are plain values of the language: nothing else is an instance of them by accident.
pub fn is_value_class(symbol: &Symbol) -> bool {
    &*symbol.module == "builtins"
        && matches!(
            symbol.name(),
            "int"
                | "float"
                | "bool"
                | "str"
                | "bytes"
                | "list"
                | "dict"
                | "set"
                | "tuple"
                | "frozenset"
                | "complex"
                | "range"
                | "bytearray"
                | "slice"
        )
}

/// A literal type becomes the type of its value. The items of a tuple stay: they are as wide as the place that the tuple was written for, or
/// declared as they are.
pub fn widen(ty: &Type) -> Type {
    match ty {
        Type::Literal(Constant::None) => Type::None,
        Type::Literal(_) | Type::EnumMember(..) | Type::Guard(..) => match ty.class() {
            Some(class) => Type::Instance(class, Types::none()),
            None => *ty,
        },
        Type::LiteralString => Type::str(),
        Type::Union(members) => Type::union(members.iter().map(widen)),
        other => *other,
    }
}

/// Whether a literal can be given primitive type `p`.
pub fn literal_fits(c: &Constant, p: Primitive) -> bool {
    match (c, p.range()) {
        (Constant::Int(v), Some((lo, hi))) if p.is_integer() => (lo..=hi).contains(&i128::from(*v)),
        (Constant::BigInt(text), Some((lo, hi))) if p.is_integer() => {
            text.parse::<i128>().is_ok_and(|v| (lo..=hi).contains(&v))
        }
        (Constant::Int(_) | Constant::Float(_), None) => true,
        (Constant::Bool(_), _) => p == Primitive::CBool,
        _ => false,
    }
}

/// The smallest type that holds every value of both without loss, among the two.
pub fn common_primitive(a: Primitive, b: Primitive) -> Option<Primitive> {
    if widens(a, b) {
        Some(b)
    } else if widens(b, a) {
        Some(a)
    } else {
        None
    }
}

/// Whether every value of `from` is a value of `to`: the widening table.
pub fn widens(from: Primitive, to: Primitive) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (Primitive::CBool, t) => t != Primitive::CBool,
        (Primitive::Single, Primitive::Double) => true,
        (f, Primitive::Double) => f.is_integer() && f.bits() <= 32,
        (f, Primitive::Single) => f.is_integer() && f.bits() <= 16,
        (f, t) if f.is_integer() && t.is_integer() => match (f.range(), t.range()) {
            (Some((fl, fh)), Some((tl, th))) => tl <= fl && fh <= th,
            _ => false,
        },
        _ => false,
    }
}

/// `ty` with type variables replaced; those without an entry stay.
pub fn substitute(ty: &Type, params: &[(Variable, Type)]) -> Type {
    if params.is_empty() {
        return *ty;
    }
    ty.substitute(&|variable| {
        params
            .iter()
            .find(|(known, _)| *known == variable)
            .map(|(_, value)| *value)
    })
}

/// `ty` with the remaining type variables made dynamic.
pub fn erase(ty: &Type) -> Type {
    match ty {
        Type::Alias(..) | Type::Unpacked(_) | Type::ParametersOf(..) | Type::Parameters(_) => {
            Type::Dynamic
        }
        other => other.without_variables(),
    }
}

/// Learns what type variables of `param` stand for from an argument of type `arg`.
pub fn unify(world: &World<'_>, param: &Type, arg: &Type, solved: &mut Vec<(Variable, Type)>) {
    match (param, arg) {
        (Type::TypeVar(variable), _) => {
            let mut arg = widen(&arg.boxed());
            // It is one of its constraints, whatever narrower type the value has.
            if !variable.constraints.is_empty() {
                let mut taking = variable.constraints.iter();
                let is_open = matches!(arg, Type::Dynamic | Type::TypeVar(_));
                arg = taking
                    .find(|constraint| !is_open && world.assignable(&arg, constraint))
                    .copied()
                    .unwrap_or(Type::Dynamic);
            }
            match solved.iter_mut().find(|(known, _)| known == variable) {
                Some((_, t)) => *t = world.join(t, &arg),
                None => solved.push((*variable, arg)),
            }
        }
        (Type::Instance(p, x), Type::Instance(a, y) | Type::Exact(a, y)) => {
            if let Some(args) = world.args_as(a, y, p) {
                for (x, y) in x.iter().zip(&args) {
                    unify(world, x, y, solved);
                }
            }
        }
        (Type::Instance(p, x), Type::Tuple(items)) if x.len() == 1 => {
            // Of what the empty tuple holds nothing is known.
            let element = match items.is_empty() {
                true => Type::Dynamic,
                false => world.join_all(items.iter().map(widen)),
            };
            if let Some(args) = world.args_as(&Symbol::new("builtins", "tuple"), &[element], p) {
                for (x, y) in x.iter().zip(&args) {
                    unify(world, x, y, solved);
                }
            }
        }
        (Type::Instance(_, x), Type::Dynamic) => {
            for x in x.iter() {
                unify(world, x, &Type::Dynamic, solved);
            }
        }
        (Type::Tuple(x), Type::Tuple(y)) => {
            for (x, y) in x.iter().zip(y.iter()) {
                unify(world, x, y, solved);
            }
        }
        (Type::Union(members), _) => {
            let rest = Type::union(
                arg.members()
                    .iter()
                    .filter(|a| !members.contains(a))
                    .cloned(),
            );
            for m in members.iter() {
                if !matches!(m, Type::None) {
                    unify(world, m, &rest, solved);
                }
            }
        }
        (Type::Callable(wanted), _) => {
            let returns = &wanted.returns;
            match arg {
                Type::Callable(given) => unify(world, returns, &given.returns, solved),
                Type::Function(symbol) => {
                    if let Some(function) = world.function(symbol) {
                        unify(world, returns, &function.returns, solved);
                    }
                }
                Type::Class(symbol) => {
                    let made = match world.callees(arg) {
                        Some(callees) if !callees.iter().all(|c| c.makes(symbol)) => Type::Dynamic,
                        _ => Type::Instance(*symbol, Types::none()),
                    };
                    unify(world, returns, &made, solved);
                }
                Type::Dynamic => unify(world, returns, &Type::Dynamic, solved),
                _ => {}
            }
        }
        _ => {}
    }
}
