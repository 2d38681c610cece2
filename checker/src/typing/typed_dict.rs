//! Typed dictionaries: the items of one, which stands in for which, and the methods that know of their items.

use std::rc::Rc;

use crate::collections::IndexMap;
use crate::infer::world::{World, substitute};
use crate::interface::{ExtraItems, ParamKind, TypedDictItem};
use crate::types::{Constant, Name, Parameter, Rest, Signature, Symbol, Type, Types, Variable};

use super::call::Callee;
use super::member::{Attribute, Found};
use super::relation::Relation;

/// All items of a typed dictionary, inherited ones included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// The items that are listed.
    pub items: IndexMap<Name, TypedDictItem>,
    /// The others.
    pub extra: ExtraItems,
    /// Whether a value has no items that are not listed, because nothing derives from the class.
    pub is_final: bool,
}

impl Shape {
    /// What is known of item `key`, which need not be listed. In an open dictionary any may be there, and cannot be set.
    pub fn item(&self, key: &str) -> TypedDictItem {
        match self.items.get(key) {
            Some(item) => *item,
            None => self.extra_item(),
        }
    }

    /// What is known of each item that is not listed.
    pub fn extra_item(&self) -> TypedDictItem {
        let (ty, read_only) = match self.extra {
            ExtraItems::Open => (Type::object(), true),
            ExtraItems::Of { ty, read_only } => (ty, read_only),
        };
        TypedDictItem {
            ty,
            required: false,
            read_only,
        }
    }

    /// Item `key` as a program may use it: a listed one, or one of the declared extra items.
    pub fn usable(&self, key: &str) -> Option<TypedDictItem> {
        self.items.get(key).copied().or_else(|| self.usable_extra())
    }

    /// What is declared of items that are not listed, if there may be any.
    pub fn usable_extra(&self) -> Option<TypedDictItem> {
        match self.extra {
            ExtraItems::Of { ty, .. } if ty != Type::Never => Some(self.extra_item()),
            _ => None,
        }
    }

    /// Whether there are no items but the listed ones.
    pub fn is_closed(&self) -> bool {
        self.is_final || matches!(self.extra, ExtraItems::Of { ty, .. } if ty == Type::Never)
    }

    /// The type of all values, seen as those of a mapping.
    pub(crate) fn value_type(&self, world: &World<'_>) -> Type {
        match self.extra {
            ExtraItems::Open => Type::object(),
            ExtraItems::Of { ty, .. } => {
                let own = self.items.values().map(|item| item.ty);
                world.join_all(own.chain([ty]))
            }
        }
    }
}

impl World<'_> {
    /// The items of typed dictionary `class[args]`; nothing if it is none.
    pub fn typed_dict(&self, class: &Symbol, args: &[Type]) -> Option<Rc<Shape>> {
        let key = (*class, Types::new(args));
        if let Some(known) = self.typed_dicts.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find_typed_dict(class, args).map(Rc::new);
        self.typed_dicts.borrow_mut().insert(key, found.clone());
        found
    }

    fn find_typed_dict(&self, class: &Symbol, args: &[Type]) -> Option<Shape> {
        let own = self.class(class)?.typed_dict.clone()?;
        let ancestry = self.ancestry(class);
        let mut shape = Shape {
            items: IndexMap::default(),
            extra: ExtraItems::Open,
            is_final: own.is_final,
        };
        for ancestor in ancestry.classes.iter().rev() {
            let Some(declared) = &ancestor.class.typed_dict else {
                continue;
            };
            let given = ancestry.args_of(ancestor, args);
            let params = ancestor.class.type_params.iter().copied();
            let params: Vec<_> = params.zip(given.iter().copied()).collect();
            for (name, item) in &declared.items {
                let item = TypedDictItem {
                    ty: substitute(&item.ty, &params),
                    ..*item
                };
                shape.items.insert(*name, item);
            }
            match declared.extra {
                None => {}
                Some(ExtraItems::Open) => shape.extra = ExtraItems::Open,
                Some(ExtraItems::Of { ty, read_only }) => {
                    shape.extra = ExtraItems::Of {
                        ty: substitute(&ty, &params),
                        read_only,
                    };
                }
            }
        }
        Some(shape)
    }

    /// The items of `ty`, if it is a typed dictionary.
    pub fn shape_of(&self, ty: &Type) -> Option<Rc<Shape>> {
        match ty {
            Type::TypedDict(class, args) => self.typed_dict(class, args),
            _ => None,
        }
    }

    /// An instance of `class[args]`: of a typed dictionary its own kind of type.
    pub(crate) fn instance_of(&self, class: &Symbol, args: Types) -> Type {
        match self.class(class) {
            Some(interface) if interface.typed_dict.is_some() => Type::TypedDict(*class, args),
            _ => Type::Instance(*class, args),
        }
    }

    /// What a typed dictionary is as a plain `dict`, if it can be used as one: the type of the values.
    pub(crate) fn as_plain_dict(&self, shape: &Shape) -> Option<Type> {
        let extra = shape.usable_extra().filter(|extra| !extra.read_only)?;
        let relation = Relation::new(self);
        let all = shape.items.values().all(|item| {
            !item.required && !item.read_only && relation.equivalent(&item.ty, &extra.ty)
        });
        all.then_some(extra.ty)
    }

    /// The attribute `name` of a value of the typed dictionary `ty`.
    pub(super) fn typed_dict_attribute(&self, ty: &Type, name: &str) -> Attribute {
        let Some(shape) = self.shape_of(ty) else {
            return Attribute::Unknown;
        };
        let owner = Symbol::new("typing", "_TypedDict");
        let method = |ty: Type| {
            Attribute::Found(Found {
                ty,
                owner,
                is_writable: false,
                is_class_var: false,
                is_method: true,
            })
        };
        let view = |class: &str| {
            let args = [Type::str(), shape.value_type(self)];
            let made = Type::Instance(Symbol::new("_collections_abc", class), args.into());
            method(Type::Callable(Signature::new([], Rest::Nothing, made)))
        };
        match name {
            "get" => method(getters(&shape)),
            "pop" => method(poppers(&shape)),
            "setdefault" => method(setters(&shape)),
            "keys" => view("dict_keys"),
            "values" => view("dict_values"),
            "items" => view("dict_items"),
            // What is in the argument is looked at where the call is.
            "update" => method(Type::Callable(Signature::of_anything(Type::None))),
            _ => {
                let receiver = match self.as_plain_dict(&shape) {
                    Some(value) if !matches!(name, "copy" | "__or__" | "__ior__" | "__ror__") => {
                        let dict = Symbol::new("builtins", "dict");
                        let plain = Type::Instance(dict, [Type::str(), value].into());
                        return self.member_of(&dict, &plain, name);
                    }
                    _ => ty,
                };
                self.member_of(&owner, receiver, name)
            }
        }
    }

    /// The ways in which typed dictionary `class` is called: with its items as keywords, or with a mapping and some of them.
    pub(super) fn typed_dict_callees(&self, class: &Symbol, args: Option<Types>) -> Vec<Callee> {
        let params = self.class(class).map(|class| class.type_params.clone());
        let own = || params.iter().flatten().map(|own| Type::TypeVar(*own));
        let args = args.unwrap_or_else(|| own().collect());
        let made =
            [false, true].map(|is_update| self.typed_dict_constructor(class, args, is_update));
        let callees = made.into_iter().flatten().map(|signature| Callee {
            signature,
            function: None,
            class: Some(*class),
        });
        callees.collect()
    }

    /// The signature of a call of typed dictionary `class[args]` that gives its items by keyword. With `is_update`, those that
    /// are given beside a mapping: none is needed.
    pub(crate) fn typed_dict_constructor(
        &self,
        class: &Symbol,
        args: Types,
        is_update: bool,
    ) -> Option<Signature> {
        let shape = self.typed_dict(class, &args)?;
        let own = Type::TypedDict(*class, args);
        let mut params: Vec<Parameter> = keyword_parameters(&shape, is_update);
        if is_update {
            params.insert(0, Parameter::positional(own));
        }
        Some(Signature::new(params, Rest::Nothing, own))
    }

    /// A signature in which the items of an unpacked typed dictionary stand as parameters of their own. What a value of a derived type may
    /// hold beyond them is taken by a parameter without a name, to which no call can give anything by name.
    pub(super) fn with_items(&self, signature: Signature) -> Signature {
        let Some(last) = signature.params.last().copied() else {
            return signature;
        };
        let Type::Unpacked(of) = last.ty else {
            return signature;
        };
        let Some(shape) = self.shape_of(&of) else {
            return signature;
        };
        let mut params = signature.params.to_vec();
        params.pop();
        // What is a parameter already is not taken twice.
        let items = keyword_parameters(&shape, false);
        let items: Vec<Parameter> = items
            .into_iter()
            .filter(|item| {
                !params
                    .iter()
                    .any(|known| known.name == item.name && known.kind != ParamKind::PositionalOnly)
            })
            .collect();
        params.extend(items);
        if shape.extra == ExtraItems::Open {
            params.push(keywords("", Type::object()));
        }
        Signature::new(params, signature.rest, signature.returns)
    }
}

fn keyword_parameters(shape: &Shape, is_update: bool) -> Vec<Parameter> {
    let items = shape.items.iter().map(|(name, item)| Parameter {
        name: *name,
        kind: ParamKind::KeywordOnly,
        ty: item.ty,
        optional: is_update || !item.required,
    });
    let extra = shape
        .usable_extra()
        .map(|extra| keywords("kwargs", extra.ty));
    items.chain(extra).collect()
}

fn keywords(name: &str, ty: Type) -> Parameter {
    Parameter {
        name: Name::new(name),
        kind: ParamKind::VarKeyword,
        ty,
        optional: true,
    }
}

fn key(name: &Name) -> Type {
    Type::literal(&Constant::Str(name.as_str().into()))
}

fn signature(params: impl IntoIterator<Item = Type>, returns: Type) -> Type {
    Type::Callable(Signature::of_positional(params, returns))
}

/// What else a method may be given: its type is what the call says.
fn default() -> Type {
    Type::TypeVar(Variable::plain(Name::new("default")))
}

fn getters(shape: &Shape) -> Type {
    let mut all = Vec::new();
    let mut add = |key: Type, item: &TypedDictItem| {
        let or_none = match item.required {
            true => item.ty,
            false => Type::union([item.ty, Type::None]),
        };
        all.push(signature([key], or_none));
        all.push(signature([key, item.ty], item.ty));
        all.push(signature(
            [key, default()],
            Type::union([item.ty, default()]),
        ));
    };
    for (name, item) in &shape.items {
        add(key(name), item);
    }
    if let Some(extra) = shape.usable_extra() {
        add(Type::str(), &extra);
    }
    // A key that is not known before: there may be any value.
    all.push(signature([Type::str()], Type::Dynamic));
    all.push(signature([Type::str(), Type::object()], Type::Dynamic));
    Type::Overloaded(all.into())
}

fn poppers(shape: &Shape) -> Type {
    let mut all = Vec::new();
    let listed = shape.items.iter().map(|(name, item)| (key(name), *item));
    let extra = shape.usable_extra().map(|item| (Type::str(), item));
    for (key, item) in listed.chain(extra) {
        if !item.required && !item.read_only {
            all.push(signature([key], item.ty));
            all.push(signature([key, item.ty], item.ty));
            all.push(signature(
                [key, default()],
                Type::union([item.ty, default()]),
            ));
        }
    }
    Type::Overloaded(all.into())
}

fn setters(shape: &Shape) -> Type {
    let listed = shape.items.iter().map(|(name, item)| (key(name), *item));
    let extra = shape.usable_extra().map(|item| (Type::str(), item));
    let all = listed.chain(extra).filter(|(_, item)| !item.read_only);
    Type::Overloaded(
        all.map(|(key, item)| signature([key, item.ty], item.ty))
            .collect(),
    )
}

impl Relation<'_, '_> {
    /// Whether a value of typed dictionary `from` may stand where one of `to` is wanted: by their items, whatever their names.
    pub(super) fn typed_dicts_fit(&self, from: &Type, to: &Type) -> bool {
        if let (Type::TypedDict(a, x), Type::TypedDict(b, y)) = (from, to)
            && a == b
            && (x.is_empty() || y.is_empty())
        {
            return true;
        }
        let (Some(a), Some(b)) = (self.world.shape_of(from), self.world.shape_of(to)) else {
            return true;
        };
        let pair = (*from, *to);
        if self.assumed.borrow().contains(&pair) || self.assumed.borrow().len() > 24 {
            return true;
        }
        self.assumed.borrow_mut().push(pair);
        let fits = self.attempt(|| {
            b.items
                .iter()
                .all(|(name, wanted)| self.item_fits(&a.item(name), wanted))
                && a.items
                    .iter()
                    .filter(|(name, _)| !b.items.contains_key(*name))
                    .all(|(_, item)| self.item_fits(item, &b.extra_item()))
                && self.item_fits(&a.extra_item(), &b.extra_item())
        });
        self.assumed.borrow_mut().pop();
        fits
    }

    /// Whether an item that is declared as `own` may be taken for one that is declared as `wanted`.
    pub(crate) fn item_fits(&self, own: &TypedDictItem, wanted: &TypedDictItem) -> bool {
        if wanted.required && !own.required {
            return false;
        }
        if wanted.read_only {
            return self.fits(&own.ty, &wanted.ty);
        }
        // What is never there cannot be set to anything either.
        let is_same = self.equivalent(&own.ty, &wanted.ty)
            && (own.ty == Type::Never) == (wanted.ty == Type::Never);
        is_same && !own.read_only && own.required == wanted.required
    }

    /// Whether a value of the typed dictionary `from` is an instance of `class[args]`: of a mapping, or of a protocol.
    pub(super) fn typed_dict_fits_instance(
        &self,
        from: &Type,
        class: &Symbol,
        args: &[Type],
        to: &Type,
    ) -> bool {
        let Some(shape) = self.world.shape_of(from) else {
            return true;
        };
        if class.is_builtin("dict") {
            let value = self.world.as_plain_dict(&shape);
            return value
                .is_some_and(|value| self.arguments_fit(class, &[Type::str(), value], args));
        }
        let mapping = Symbol::new("typing", "Mapping");
        let value = shape.value_type(self.world);
        if self.world.is_subclass(&mapping, class) == Some(true) {
            return match self.world.args_as(&mapping, &[Type::str(), value], class) {
                Some(own) => self.arguments_fit(class, &own, args),
                None => true,
            };
        }
        self.world.is_protocol(class) && self.fits_protocol(from, to)
    }
}
