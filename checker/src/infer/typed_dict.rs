//! Values of typed dictionaries: displays and calls that make one, and reading, setting and deleting items.
//!
//! At run time a typed dictionary is a plain dict. What its items are is believed, and checked where it is used; so what is put into one is
//! compared with the declaration, and not converted.

use std::rc::Rc;

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::TypedDictItem;
use crate::rules::Rule;
use crate::suggest::did_you_mean;
use crate::tree::{BinaryOp, Expr, ExprKind};
use crate::types::{Constant, Name, Symbol, Type};
use crate::typing::{Relation, Shape};

use super::convert::Why;
use super::cx::{Cx, known, make, object, range};
use super::world::widen;

/// What a display or a mapping is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To be a value: it needs every required item.
    Value,
    /// To update one: it may have any of the items that can be set.
    Update,
}

/// A typed dictionary with its items.
struct Typed {
    ty: Type,
    shape: Rc<Shape>,
}

impl Cx<'_> {
    fn typed(&self, ty: &Type) -> Option<Typed> {
        let shape = self.world.shape_of(ty)?;
        Some(Typed { ty: *ty, shape })
    }

    // --- displays ---

    /// A dict display where a typed dictionary is wanted; nothing if something else is.
    pub(super) fn typed_display(
        &mut self,
        dict: &ast::ExprDict,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Option<Expr> {
        let members = expected?.members();
        let wanted = members.iter().filter_map(|ty| self.typed(ty));
        let mut wanted: Vec<Typed> = wanted.collect();
        let chosen = match wanted.len() {
            0 => return None,
            1 if members.len() == 1 => 0,
            count => {
                let fitting = wanted.iter().position(|typed| self.may_make(dict, typed));
                // A display that makes none of them may be meant as another dict.
                let others = members.iter().any(may_be_other_dict);
                match fitting {
                    Some(at) => at,
                    None if others => return None,
                    None => count - 1,
                }
            }
        };
        let typed = wanted.swap_remove(chosen);
        Some(self.display_of(dict, &typed, Purpose::Value, span))
    }

    /// Whether a display has the keys of a typed dictionary, and the values that tell it from others.
    fn may_make(&self, dict: &ast::ExprDict, typed: &Typed) -> bool {
        let mut given: Vec<&str> = Vec::new();
        for item in &dict.items {
            let Some(key) = &item.key else { return true };
            let ast::Expr::StringLiteral(key) = key else {
                continue;
            };
            let key = key.value.to_str();
            let Some(declared) = typed.shape.usable(key) else {
                return false;
            };
            let is_told = matches!(declared.ty, Type::Literal(_));
            if let (true, Some(value)) = (is_told, crate::constants::literal(&item.value))
                && declared.ty != Type::literal(&value)
            {
                return false;
            }
            given.push(key);
        }
        let mut items = typed.shape.items.iter();
        items.all(|(name, item)| !item.required || given.contains(&name.as_str()))
    }

    fn display_of(
        &mut self,
        dict: &ast::ExprDict,
        typed: &Typed,
        purpose: Purpose,
        span: TextRange,
    ) -> Expr {
        let mut given: Vec<Name> = Vec::new();
        let mut is_open = false;
        let mut pairs = Vec::new();
        for item in &dict.items {
            let Some(key) = &item.key else {
                self.fall_back("`**` in a dict display", span);
                let value = self.expr(&item.value, None);
                match self.typed(&value.view()) {
                    Some(own) => {
                        self.check_spread(&own, typed, purpose, value.span);
                        let items = own.shape.items.iter();
                        given.extend(items.filter(|(_, i)| i.required).map(|(name, _)| *name));
                    }
                    None => is_open = true,
                }
                continue;
            };
            let at = range(key);
            let key = self.expr(key, None);
            let keys = literal_keys(&key.view());
            is_open |= keys.is_none();
            let declared = self.item_at(typed, &key, at);
            let expected = declared.map(|item| item.ty);
            let value = self.expr(&item.value, expected.as_ref());
            if let Some(declared) = declared {
                if purpose == Purpose::Update {
                    self.check_settable(&declared, &key, typed, at);
                }
                let why = Why::Item(shown_key(&key));
                self.check_flow(&value, &declared.ty, &why);
            }
            given.extend(keys.into_iter().flatten());
            let key = self.unprimitive(key);
            let value = self.unprimitive(value);
            pairs.push((object(key), object(value)));
        }
        if purpose == Purpose::Value && !is_open {
            self.check_complete(typed, &given, span);
        }
        let args = [Type::str(), Type::Dynamic];
        let display = make(
            ExprKind::Dict(pairs),
            Type::exact_builtin("dict", args),
            span,
        );
        known(display, typed.ty)
    }

    /// Reports the required items that are not among `given`.
    fn check_complete(&mut self, typed: &Typed, given: &[Name], span: TextRange) {
        let items = typed.shape.items.iter();
        let missing: Vec<String> = items
            .filter(|(name, item)| item.required && !given.contains(name))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let message = format!(
                "`{}` needs the item{plural} {}",
                typed.ty,
                missing.join(", ")
            );
            self.report(Rule::InvalidKey, span, message);
        }
    }

    /// Reports items of an unpacked typed dictionary that another one does not take.
    fn check_spread(&mut self, own: &Typed, into: &Typed, purpose: Purpose, at: TextRange) {
        for (name, item) in &own.shape.items {
            let Some(declared) = into.shape.usable(name) else {
                continue;
            };
            // An item of type `Never` is never there.
            if purpose == Purpose::Update && declared.read_only && item.ty != Type::Never {
                let message = format!("Item `{name}` of `{}` is read-only", into.ty);
                self.report(Rule::ReadOnlyItem, at, message);
            } else if !self.world.assignable(&item.ty, &declared.ty) {
                let why = Why::Item(*name);
                self.mismatch(&item.ty, &declared.ty, &why, at);
            }
        }
    }

    /// Reports a value that does not fit where it is put. It is not converted.
    fn check_flow(&mut self, value: &Expr, to: &Type, why: &Why) {
        let view = value.view();
        // What a call of something generic gives may have become of another type had it been known what is wanted.
        let is_open = matches!(&*value.kind, ExprKind::Call(_))
            && to
                .members()
                .iter()
                .any(|m| m.class().is_some() && m.class() == view.class());
        if !view.is_dynamic() && !is_open && !self.world.assignable(&view, to) {
            self.mismatch(&view, to, why, value.span);
        }
    }

    // --- keys ---

    /// The item that a key names, if that is known; a key that there is not is reported.
    fn item_at(&mut self, typed: &Typed, key: &Expr, at: TextRange) -> Option<TypedDictItem> {
        let view = key.view();
        let Some(keys) = literal_keys(&view) else {
            if view.is_dynamic() {
                return None;
            }
            let extra = typed.shape.usable_extra();
            // A string that is not known may be the key of any item.
            let fits_all = extra.is_some_and(|extra| {
                let relation = Relation::new(self.world);
                let mut items = typed.shape.items.values();
                items.all(|item| relation.equivalent(&item.ty, &extra.ty))
            });
            if !self.world.assignable(&view, &Type::str()) || !fits_all {
                let message = format!(
                    "A key of `{}` must be written out, but this is `{}`",
                    typed.ty,
                    widen(&view)
                );
                self.report(Rule::InvalidKey, at, message);
            }
            return extra;
        };
        let mut found: Option<TypedDictItem> = None;
        for name in keys {
            let Some(item) = typed.shape.usable(&name) else {
                let names = typed.shape.items.keys().map(|known| known.as_str());
                let hint = did_you_mean(&name, names);
                let message = format!("`{}` has no item `{name}`{hint}", typed.ty);
                self.report(Rule::InvalidKey, at, message);
                return None;
            };
            found = Some(match found {
                None => item,
                Some(known) => TypedDictItem {
                    ty: self.world.join(&known.ty, &item.ty),
                    required: known.required || item.required,
                    read_only: known.read_only || item.read_only,
                },
            });
        }
        found
    }

    fn check_settable(&mut self, item: &TypedDictItem, key: &Expr, typed: &Typed, at: TextRange) {
        if item.read_only {
            let message = format!("Item `{}` of `{}` is read-only", shown_key(key), typed.ty);
            self.report(Rule::ReadOnlyItem, at, message);
        }
    }

    // --- items ---

    /// What is believed of item `index` of a value that was seen as `view`; nothing if that may be something else than a typed dictionary.
    pub(super) fn typed_item(&mut self, view: &Type, index: &Expr) -> Option<Type> {
        let members = view.members();
        let typed: Option<Vec<Typed>> = members.iter().map(|ty| self.typed(ty)).collect();
        let mut result = Type::Never;
        for typed in typed.filter(|all| !all.is_empty())? {
            let item = self.item_at(&typed, index, index.span);
            let ty = item.map_or(Type::Dynamic, |item| item.ty);
            result = self.world.join(&result, &ty);
        }
        Some(result)
    }

    /// The type that an item of a typed dictionary is set to, if `container` is one.
    pub(super) fn typed_item_place(&mut self, container: &Type, key: &ast::Expr) -> Option<Type> {
        let shape = self.world.shape_of(container)?;
        let key = self.quiet_type(key);
        match &literal_keys(&key)?[..] {
            [only] => shape.usable(only).map(|item| item.ty),
            _ => None,
        }
    }

    /// Checks `container[index] = value` where the container was seen as a typed dictionary.
    pub(super) fn check_typed_store(&mut self, container: &Expr, index: &Expr, value: &Expr) {
        let view = container.view();
        for member in view.members() {
            let Some(typed) = self.typed(member) else {
                continue;
            };
            if let Some(item) = self.item_at(&typed, index, index.span) {
                self.check_settable(&item, index, &typed, index.span);
                let why = Why::Item(shown_key(index));
                self.check_flow(value, &item.ty, &why);
            }
        }
    }

    /// Checks `del container[index]` where the container was seen as a typed dictionary.
    pub(super) fn check_typed_delete(&mut self, container: &Expr, index: &Expr) {
        let view = container.view();
        for member in view.members() {
            let Some(typed) = self.typed(member) else {
                continue;
            };
            let Some(item) = self.item_at(&typed, index, index.span) else {
                continue;
            };
            self.check_settable(&item, index, &typed, index.span);
            if item.required {
                let message = format!(
                    "Item `{}` of `{}` is required and cannot be deleted",
                    shown_key(index),
                    typed.ty
                );
                self.report(Rule::ReadOnlyItem, index.span, message);
            }
        }
    }

    // --- calls and operators ---

    /// The argument of `update` and of `|`: a display or a mapping of items that can be set.
    fn update_with(&mut self, expr: &ast::Expr, typed: &Typed) -> Expr {
        if let ast::Expr::Dict(dict) = expr {
            let display = self.display_of(dict, typed, Purpose::Update, range(expr));
            // It need not have every item.
            return known(display, Type::builtin("dict"));
        }
        let value = self.expr(expr, None);
        if let Some(own) = self.typed(&value.view()) {
            self.check_spread(&own, typed, Purpose::Update, value.span);
        }
        value
    }

    /// `receiver.update(...)` of a value that was seen as a typed dictionary; nothing if the call is anything else.
    pub(super) fn typed_update(
        &mut self,
        receiver: &Expr,
        name: &str,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        if name != "update" || super::bind::has_unpacking(&call.arguments) {
            return None;
        }
        let typed = self.typed(&receiver.view())?;
        let mut args = Vec::new();
        for arg in &call.arguments.args {
            let value = self.update_with(arg, &typed);
            let value = self.unprimitive(value);
            args.push(object(value));
        }
        let mut names = Vec::new();
        for keyword in &call.arguments.keywords {
            let name = keyword.arg.as_ref().map_or("", |arg| arg.as_str());
            let key = super::cx::constant(Constant::Str(name.into()), keyword.range);
            let item = self.item_at(&typed, &key, keyword.range);
            let value = self.expr(&keyword.value, item.map(|item| item.ty).as_ref());
            if let Some(item) = item {
                self.check_settable(&item, &key, &typed, keyword.range);
                self.check_flow(&value, &item.ty, &Why::Item(Name::new(name)));
            }
            let value = self.unprimitive(value);
            args.push(object(value));
            names.push(Name::new(name));
        }
        self.after_call();
        Some(self.named_call(receiver.clone(), name, args, names, span))
    }

    /// `left | right` where the left side was seen as a typed dictionary: one with the items of both.
    pub(super) fn typed_union(
        &mut self,
        left: Expr,
        right: &ast::Expr,
        in_place: bool,
        span: TextRange,
    ) -> Result<Expr, Expr> {
        let Some(typed) = self.typed(&left.view()) else {
            return Err(left);
        };
        let right = self.update_with(right, &typed);
        let plain = |e: Expr| match e.ty {
            Type::TypedDict(..) => known(e, Type::builtin("dict")),
            _ => e,
        };
        // The operands are plain dicts, and what comes of them is one with the same promise.
        let (left, right) = (plain(left), plain(right));
        let fits = match right.view() {
            view @ Type::TypedDict(..) => self.world.shape_of(&view).is_some(),
            view => view.is_dynamic() || view.is_builtin("dict"),
        };
        let ty = typed.ty;
        let left = Expr {
            belief: None,
            ..left
        };
        let right = Expr {
            belief: None,
            ..right
        };
        let e = self.binary(BinaryOp::Or, left, right, in_place, span, None);
        let e = known(e, Type::Dynamic);
        Ok(if fits { e.believed(ty) } else { e })
    }

    /// A call of typed dictionary `class`, which makes one of keywords or of a mapping.
    pub(super) fn typed_construct(
        &mut self,
        ty: &Type,
        callee: Expr,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Option<Expr> {
        let typed = self.typed(ty)?;
        let arguments = &call.arguments;
        let is_generic = ty.has_variables();
        let whole = match &*arguments.args {
            [] => None,
            [ast::Expr::Dict(dict)] => Some(dict),
            _ => return None,
        };
        if super::bind::has_unpacking(arguments) || is_generic {
            return None;
        }
        let mut given = Vec::new();
        let mut args = Vec::new();
        let mut names = Vec::new();
        if let Some(dict) = whole {
            let purpose = match arguments.keywords.is_empty() {
                true => Purpose::Value,
                false => Purpose::Update,
            };
            let display = self.display_of(dict, &typed, purpose, range(dict));
            args.push(known(display, Type::builtin("dict")));
        }
        for keyword in &arguments.keywords {
            let name = Name::new(keyword.arg.as_ref().map_or("", |arg| arg.as_str()));
            let key = super::cx::constant(Constant::Str(name.as_str().into()), keyword.range);
            let item = self.item_at(&typed, &key, keyword.range);
            let value = self.expr(&keyword.value, item.map(|item| item.ty).as_ref());
            if let Some(item) = item {
                self.check_flow(&value, &item.ty, &Why::Item(name));
            }
            let value = self.unprimitive(value);
            args.push(object(value));
            names.push(name);
            given.push(name);
        }
        if whole.is_none() {
            self.check_complete(&typed, &given, span);
        }
        self.after_call();
        let e = self.call_object(callee, args, names, span);
        Some(self.expect(e, ty))
    }

    /// What `key in value` says of a value that is one of several typed dictionaries: with a key that some cannot have it is not one of these,
    /// without one that some must have neither.
    pub(super) fn split_by_key(&self, ty: &Type, key: &Type) -> (Type, Type) {
        let Some(keys) = literal_keys(key) else {
            return (*ty, *ty);
        };
        let [key] = &keys[..] else { return (*ty, *ty) };
        let (mut with, mut without) = (Type::Never, Type::Never);
        for member in ty.members() {
            let item = self.world.shape_of(member).map(|shape| {
                let has_none = shape.is_closed() && !shape.items.contains_key(key);
                (has_none, shape.item(key).required)
            });
            let (has_none, always) = item.unwrap_or((false, false));
            if !has_none {
                with = Type::union([with, *member]);
            }
            if !always {
                without = Type::union([without, *member]);
            }
        }
        (with, without)
    }
}

/// The keys that a value may be, if it is known to be one of a few strings.
fn literal_keys(key: &Type) -> Option<Vec<Name>> {
    let names = key.members().iter().map(|member| match member {
        Type::Literal(Constant::Str(text)) => Some(Name::new(text)),
        _ => None,
    });
    names.collect()
}

/// A key as it is named in messages.
fn shown_key(key: &Expr) -> Name {
    match literal_keys(&key.view()).as_deref() {
        Some([only]) => *only,
        _ => Name::new("…"),
    }
}

/// Whether a display may be meant as a value of this type, and not of a typed dictionary.
fn may_be_other_dict(ty: &Type) -> bool {
    match ty {
        Type::Instance(class, _) | Type::Exact(class, _) => {
            !super::world::is_value_class(class) || *class == Symbol::new("builtins", "dict")
        }
        Type::Dynamic | Type::TypeVar(_) => true,
        _ => false,
    }
}
