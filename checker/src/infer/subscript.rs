//! Subscripts, read and written, and slices.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::{Expr, ExprKind, StmtKind, Target};
use crate::types::{Constant, Held, Primitive, Symbol, Type, Types};
use crate::typing::Attribute;

use super::convert::Why;
use super::cx::{Cx, known, make, none, object, range};
use super::ops::known_value;
use super::world::{Lookup, erase, substitute, widen};

impl Cx<'_> {
    /// `value[index]`, read.
    pub fn subscript(&mut self, subscript: &ast::ExprSubscript, span: TextRange) -> Expr {
        let value = self.expr(&subscript.value, None);
        let enumerated =
            matches!(value.ty, Type::Class(class) if self.world.enumeration(&class).is_some());
        if !enumerated && let Some(belief) = self.believed_generic(subscript, &value) {
            let index = self.quiet_index(&subscript.slice);
            let item = ExprKind::Item(object(value), object(index));
            return make(item, Type::Dynamic, span).believed(belief);
        }
        if let Type::Class(class) = &value.ty {
            let class = *class;
            if let Some(enumeration) = self.world.enumeration(&class) {
                return self.enum_item(value, class, &enumeration, &subscript.slice, span);
            }
            // A generic alias: `list[int]` as a value.
            let index = self.quiet_index(&subscript.slice);
            let e = make(
                ExprKind::Item(object(value), object(index)),
                Type::Dynamic,
                span,
            );
            return self.believe_specialised(e, &class, subscript);
        }
        let index = self.index(&value, &subscript.slice);
        let fact = self
            .item_place(subscript)
            .and_then(|place| self.state.facts.get(&place).copied());
        let slice = self.sliced_tuple(&value.view(), &subscript.slice);
        let e = self.read_item(value, index, span);
        let e = match slice {
            Some(slice) => e.believed(slice),
            None => e,
        };
        match fact {
            // The item was narrowed; another thread may have stored to it since, so the narrowing is checked.
            Some(fact) if fact != e.ty && !e.ty.is_dynamic() => {
                if fact.held() == e.ty.held() || e.ty.held() == Held::Object {
                    self.expect(e, &fact)
                } else {
                    e
                }
            }
            _ => e,
        }
    }

    fn quiet_index(&mut self, slice: &ast::Expr) -> Expr {
        self.muted += 1;
        let e = self.expr(slice, None);
        self.muted -= 1;
        e
    }

    /// The index, evaluated in the context of what is indexed.
    pub fn index(&mut self, value: &Expr, slice: &ast::Expr) -> Expr {
        let expected = match &value.ty {
            Type::Instance(c, args) | Type::Exact(c, args) if c.is_builtin("dict") => {
                args.first().cloned()
            }
            _ => None,
        };
        self.expr(slice, expected.as_ref())
    }

    /// A slice object.
    pub fn slice(&mut self, slice: &ast::ExprSlice, span: TextRange) -> Expr {
        let part = |cx: &mut Self, e: &Option<Box<ast::Expr>>| match e {
            Some(e) => {
                let e = cx.expr(e, None);
                let e = cx.unprimitive(e);
                object(e)
            }
            None => none(span),
        };
        let a = part(self, &slice.lower);
        let b = part(self, &slice.upper);
        let c = part(self, &slice.step);
        make(ExprKind::Slice(a, b, c), Type::builtin("slice"), span)
    }

    /// An index into a list or an array: held as `int` or `int64`; nothing if it is not an int.
    fn int_index(&mut self, index: Expr) -> Result<Expr, Expr> {
        match &index.ty {
            Type::Primitive(Primitive::Int64) => Ok(index),
            Type::Primitive(p) if p.is_integer() => {
                if *p == Primitive::UInt64 {
                    Ok(self.unprimitive(index))
                } else {
                    Ok(self.coerce(index, &Type::Primitive(Primitive::Int64), &Why::Value))
                }
            }
            ty if ty.is_builtin("int") => Ok(index),
            ty if ty.is_builtin("bool") => Ok(self.to_int(index)),
            _ => Err(index),
        }
    }

    /// `value[index]` of evaluated operands.
    pub fn read_item(&mut self, value: Expr, index: Expr, span: TextRange) -> Expr {
        let (view, at, index_span) = (value.view(), index.view(), index.span);
        if let Some(belief) = self.typed_item(&view, &index) {
            let e = self.read_certain_item(value, index, span);
            return e.believed(belief);
        }
        let index_kind = index.kind.clone();
        let e = self.read_certain_item(value, index, span);
        if matches!(view, Type::Class(_) | Type::ClassOf(_)) {
            return e;
        }
        let items = self.world.as_tuple(&view);
        if let (Type::Tuple(items), Type::Literal(Constant::Int(given))) = (&items, &at) {
            let i = usize::try_from(if *given < 0 {
                given + items.len() as i64
            } else {
                *given
            });
            return match i.ok().and_then(|i| items.get(i)) {
                Some(ty) => e.believed(*ty),
                None => {
                    // A constant index is reported where the item is read for certain.
                    let is_constant = matches!(*index_kind, ExprKind::Constant(_));
                    if !matches!(view, Type::Tuple(_)) || !is_constant {
                        self.report(
                            Rule::IndexOutOfRange,
                            span,
                            format!("Index {given} is out of range for `{view}`"),
                        );
                    }
                    e
                }
            };
        }
        if let Some(item) = self.item_of_union(&view, &at) {
            return e.believed(item);
        }
        self.check_index(&e, &view, &at, index_span);
        self.believe_item(e, &view, &at)
    }

    /// `value[index]`, as far as it is certain.
    fn read_certain_item(&mut self, value: Expr, index: Expr, span: TextRange) -> Expr {
        let value = self.unprimitive(value);
        let value = self.on_trust(value);
        let item = |value: Expr, index: Expr| {
            make(
                ExprKind::Item(object(value), object(index)),
                Type::Dynamic,
                span,
            )
        };
        match value.ty {
            Type::Dynamic
            | Type::TypeVar(..)
            | Type::Never
            | Type::Callable(..)
            | Type::Overloaded(_)
            | Type::Method(..)
            | Type::Parameters(_)
            | Type::ParametersOf(..)
            | Type::Alias(..)
            | Type::Unpacked(_)
            | Type::ClassOf(_)
            | Type::Class(_) => {
                self.after_call();
                let index = self.unprimitive(index);
                item(value, index)
            }
            Type::None | Type::Function(_) | Type::Module(_) | Type::Primitive(_) => {
                self.report(
                    Rule::NotSubscriptable,
                    span,
                    format!("`{}` has no items", widen(&value.ty)),
                );
                let index = self.unprimitive(index);
                item(value, index)
            }
            Type::Tuple(items) => self.tuple_item(value, &items, index, span),
            Type::Union(_) => {
                let index = self.unprimitive(index);
                let mut result = Type::Never;
                for member in value.ty.without_none().members().to_vec() {
                    let ty = self.item_of(&member, &index.ty);
                    match ty {
                        Some(ty) => result = self.world.join(&result, &ty),
                        None => {
                            self.report(
                                Rule::NotSubscriptable,
                                span,
                                format!("`{member}`, which the value may be, has no items"),
                            );
                            result = Type::Dynamic;
                        }
                    }
                }
                if value.ty.includes_none() {
                    let at = value.span;
                    self.report_possibly_none(&value, "items", at);
                }
                if !known_value(&value.ty) {
                    self.after_call();
                }
                let e = item(value, index);
                if result == Type::Never {
                    e
                } else {
                    self.expect(e, &result)
                }
            }
            Type::LiteralString => {
                let e =
                    self.instance_item_read(super::literal_string::as_plain(value), index, span);
                super::literal_string::marked(e)
            }
            Type::EnumMember(..)
            | Type::TypedDict(..)
            | Type::New(..)
            | Type::Guard(..)
            | Type::Variadic(..) => {
                let instance = value.ty.as_instance();
                self.instance_item_read(known(value, instance), index, span)
            }
            Type::Literal(_) => {
                let wide = widen(&value.ty);
                let value = if wide.held() == value.ty.held() {
                    known(value, wide)
                } else {
                    value
                };
                self.instance_item_read(value, index, span)
            }
            Type::Instance(..) | Type::Exact(..) => self.instance_item_read(value, index, span),
        }
    }

    fn tuple_item(&mut self, value: Expr, items: &Types, index: Expr, span: TextRange) -> Expr {
        if let ExprKind::Constant(Constant::Int(i)) = &*index.kind {
            let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let at = if *i < 0 { i + len } else { *i };
            let Some(ty) = usize::try_from(at)
                .ok()
                .and_then(|at| items.get(at))
                .cloned()
            else {
                self.report(
                    Rule::IndexOutOfRange,
                    index.span,
                    format!("Index {i} is out of range for `{}`", value.ty),
                );
                return make(ExprKind::TupleItem(value, index), Type::Dynamic, span);
            };
            let e = make(ExprKind::TupleItem(value, index), Type::Dynamic, span);
            return self.expect(e, &erase(&ty));
        }
        let element = self.world.join_all(items.iter().map(widen));
        match self.int_index(index) {
            Ok(index) => {
                let e = make(ExprKind::TupleItem(value, index), Type::Dynamic, span);
                self.expect(e, &element)
            }
            Err(index) => {
                let slice = index.ty.is_builtin("slice");
                let e = make(ExprKind::Item(value, object(index)), Type::Dynamic, span);
                if slice {
                    self.expect(
                        e,
                        &Type::Instance(Symbol::new("builtins", "tuple"), [element].into()),
                    )
                } else {
                    e
                }
            }
        }
    }

    fn instance_item_read(&mut self, value: Expr, index: Expr, span: TextRange) -> Expr {
        let (Type::Instance(class, args) | Type::Exact(class, args)) = value.ty else {
            return make(
                ExprKind::Item(object(value), object(index)),
                Type::Dynamic,
                span,
            );
        };
        if let Some(p) = Self::array_element(&value.ty) {
            return match self.int_index(index) {
                Ok(index) => make(ExprKind::ArrayItem(value, index), Type::Primitive(p), span),
                Err(index) => {
                    let slice = index.ty.is_builtin("slice");
                    if !slice && !index.ty.is_dynamic() {
                        self.bad_index(&value.ty, &index);
                    }
                    let ty = value.ty;
                    let e = make(
                        ExprKind::Item(object(value), object(index)),
                        Type::Dynamic,
                        span,
                    );
                    if slice { self.expect(e, &ty) } else { e }
                }
            };
        }
        let builtin = &*class.module == "builtins";
        if builtin && matches!(class.name(), "list" | "tuple") {
            let element = erase(&args.first().cloned().unwrap_or(Type::Dynamic));
            let is_list = class.name() == "list";
            return match self.int_index(index) {
                Ok(index) => {
                    let kind = if is_list {
                        ExprKind::ListItem(value, index)
                    } else {
                        ExprKind::TupleItem(value, index)
                    };
                    let e = make(kind, Type::Dynamic, span);
                    self.expect(e, &element)
                }
                Err(index) => {
                    let slice = index.ty.is_builtin("slice");
                    if !slice && !index.ty.is_dynamic() && !self.has_index(&index.ty) {
                        self.bad_index(&value.ty, &index);
                    }
                    let ty = value.ty;
                    let e = make(
                        ExprKind::Item(object(value), object(index)),
                        Type::Dynamic,
                        span,
                    );
                    if slice {
                        // A slice of an exact list is an exact list; of a subclass it is whatever its `__getitem__` gives.
                        if matches!(ty, Type::Exact(..)) {
                            known(e, ty)
                        } else {
                            self.expect(e, &Type::Instance(class, args))
                        }
                    } else {
                        e
                    }
                }
            };
        }
        let index = self.unprimitive(index);
        if builtin && class.name() == "dict" {
            if let Some(key) = args.first() {
                self.check_key(key, &index);
            }
            let element = erase(&args.get(1).cloned().unwrap_or(Type::Dynamic));
            if args.first().is_none_or(|k| !known_value(k)) {
                self.after_call();
            }
            let e = make(ExprKind::Item(value, object(index)), Type::Dynamic, span);
            return self.expect(e, &element);
        }
        match self.item_of(&value.ty, &index.ty) {
            Some(ty) => {
                if self.world.is_laid_out(&class) {
                    if let Some(e) = self.special_call(
                        &value,
                        &class,
                        &args,
                        "__getitem__",
                        vec![index.clone()],
                        span,
                    ) {
                        return e;
                    }
                }
                if !known_value(&value.ty) {
                    self.after_call();
                }
                let e = make(
                    ExprKind::Item(object(value), object(index)),
                    Type::Dynamic,
                    span,
                );
                self.expect(e, &ty)
            }
            None => {
                self.report(
                    Rule::NotSubscriptable,
                    span,
                    format!("`{}` has no items", widen(&value.ty)),
                );
                make(
                    ExprKind::Item(object(value), object(index)),
                    Type::Dynamic,
                    span,
                )
            }
        }
    }

    fn has_index(&self, ty: &Type) -> bool {
        ty.members().iter().all(|m| match m {
            Type::Instance(c, a) | Type::Exact(c, a) => {
                !matches!(self.world.member(c, a, "__index__"), Lookup::Missing)
            }
            Type::Dynamic | Type::TypeVar(..) => true,
            _ => false,
        })
    }

    fn bad_index(&mut self, container: &Type, index: &Expr) {
        self.report(
            Rule::InvalidArgument,
            index.span,
            format!(
                "The index of `{}` must be `int`, but this is `{}`",
                widen(container),
                widen(&index.ty)
            ),
        );
    }

    fn check_key(&mut self, key: &Type, index: &Expr) {
        if !self.world.assignable(&index.ty, key) && !self.world.may_overlap(&widen(&index.ty), key)
        {
            self.report(
                Rule::InvalidArgument,
                index.span,
                format!("The keys are `{key}`, but this is `{}`", widen(&index.ty)),
            );
        }
    }

    /// The type of an item of a value of a single type; nothing if it has no items.
    fn item_of(&self, ty: &Type, index: &Type) -> Option<Type> {
        let slice = index.is_builtin("slice");
        match ty {
            Type::None | Type::Function(_) | Type::Module(_) => None,
            Type::Tuple(items) => Some(if slice {
                Type::builtin("tuple")
            } else {
                self.world.join_all(items.iter().map(widen))
            }),
            Type::Literal(_) | Type::EnumMember(..) => match widen(ty) {
                Type::Literal(_) => None,
                wide => self.item_of(&wide, index),
            },
            Type::Instance(class, args) | Type::Exact(class, args) => {
                if &*class.module == "builtins" {
                    let first = || erase(&args.first().cloned().unwrap_or(Type::Dynamic));
                    match class.name() {
                        "str" => return Some(Type::str()),
                        "bytes" | "bytearray" => {
                            return Some(if slice {
                                Type::builtin(class.name())
                            } else if index.is_dynamic() {
                                Type::Dynamic
                            } else {
                                Type::int()
                            });
                        }
                        "range" => {
                            return Some(if slice {
                                Type::builtin("range")
                            } else {
                                Type::int()
                            });
                        }
                        "list" | "tuple" => {
                            return Some(if slice {
                                Type::Instance(*class, *args)
                            } else {
                                first()
                            });
                        }
                        "dict" => {
                            return Some(erase(&args.get(1).cloned().unwrap_or(Type::Dynamic)));
                        }
                        "int" | "float" | "bool" | "complex" | "object" | "set" | "frozenset" => {
                            return None;
                        }
                        _ => {}
                    }
                }
                match self.world.member(class, args, "__getitem__") {
                    Lookup::Found {
                        member: Member::Method(symbol),
                        params,
                        owner,
                    } => match self.world.function(&symbol) {
                        Some(f) if !f.is_overloaded && !f.is_decorated => {
                            Some(self.trusted(&owner, &erase(&substitute(&f.returns, &params))))
                        }
                        _ => Some(Type::Dynamic),
                    },
                    Lookup::Missing => None,
                    _ => Some(Type::Dynamic),
                }
            }
            _ => Some(Type::Dynamic),
        }
    }

    /// `target[index] = value`, the value evaluated already.
    pub fn assign_subscript(
        &mut self,
        subscript: &ast::ExprSubscript,
        parts: Option<(Expr, Expr)>,
        value: Expr,
        span: TextRange,
    ) {
        let ty = value.ty;
        self.store_item(subscript, parts, value, span);
        self.state.forget_items();
        let Some(place) = self.item_place(subscript) else {
            return;
        };
        let target = ast::Expr::Subscript(subscript.clone());
        let Some(declared) = self.expected_of(&target) else {
            return;
        };
        if self.world.assignable(&ty, &declared) {
            let fact = self.narrow_declared(&declared, &ty);
            if fact != declared && !matches!(fact, Type::Primitive(_)) {
                self.learn(place, fact);
            }
        }
    }

    /// Reports a value of which it is believed that it has no special method for items.
    pub(super) fn check_has_item_method(
        &mut self,
        container: &Expr,
        method: &str,
        what: &str,
        span: TextRange,
    ) {
        let view = container.view();
        let (Type::Instance(class, _) | Type::Exact(class, _)) = view else {
            return;
        };
        let is_named_tuple = self.world.as_tuple(&view) != view;
        if !container.ty.is_dynamic() && !is_named_tuple {
            return;
        }
        let is_missing = match self.world.attribute(&view, method) {
            Attribute::Missing => true,
            Attribute::Found(_) => false,
            // What makes a named tuple adds no such method.
            Attribute::Unknown => {
                let ancestry = self.world.ancestry(&class);
                let mut classes = ancestry.classes.iter().map(|ancestor| &ancestor.class);
                is_named_tuple && classes.all(|class| !class.members.contains_key(method))
            }
        };
        if is_missing {
            let message = format!("`{}` does not support {what}", widen(&view));
            self.report(Rule::NotSubscriptable, span, message);
        }
    }

    /// The store itself.
    fn store_item(
        &mut self,
        subscript: &ast::ExprSubscript,
        parts: Option<(Expr, Expr)>,
        value: Expr,
        span: TextRange,
    ) {
        let (container, index) = match parts {
            Some(parts) => parts,
            None => {
                let container = self.expr(&subscript.value, None);
                let index = self.index(&container, &subscript.slice);
                (container, index)
            }
        };
        let mut container = self.unprimitive(container);
        self.check_typed_store(&container, &index, &value);
        self.check_has_item_method(&container, "__setitem__", "assignment to items", span);
        if let Type::TypedDict(..) = container.ty {
            container = known(container, Type::builtin("dict"));
        }
        let class = match &container.ty {
            Type::Instance(c, a) | Type::Exact(c, a) => Some((*c, *a)),
            _ => None,
        };
        if let Some(p) = Self::array_element(&container.ty) {
            match self.int_index(index) {
                Ok(index) => {
                    let value = self.coerce(value, &Type::Primitive(p), &Why::Element);
                    self.push(
                        StmtKind::Assign(Target::ArrayItem(container, index), value),
                        span,
                    );
                }
                Err(index) => {
                    if !index.ty.is_builtin("slice") && !index.ty.is_dynamic() {
                        self.bad_index(&container.ty, &index);
                    }
                    let value = self.unprimitive(value);
                    self.push(
                        StmtKind::Assign(
                            Target::Item(object(container), object(index)),
                            object(value),
                        ),
                        span,
                    );
                }
            }
            return;
        }
        if let Some((class, args)) = &class {
            if class.is_builtin("list") {
                let element = erase(&args.first().cloned().unwrap_or(Type::Dynamic));
                match self.int_index(index) {
                    Ok(index) => {
                        let value = self.store_element(value, &element);
                        self.push(
                            StmtKind::Assign(Target::ListItem(container, index), value),
                            span,
                        );
                    }
                    Err(index) => {
                        let slice = index.ty.is_builtin("slice");
                        if !slice && !index.ty.is_dynamic() && !self.has_index(&index.ty) {
                            self.bad_index(&container.ty, &index);
                        }
                        let value = if slice {
                            let item = self.items_of(&value, value.span);
                            if !self.world.assignable(&item, &element) {
                                let at = value.span;
                                self.report(
                                    Rule::InvalidAssignment,
                                    at,
                                    format!("The elements are `{element}`, but these are `{item}`"),
                                );
                            }
                            self.unprimitive(value)
                        } else {
                            self.store_element(value, &element)
                        };
                        self.after_call();
                        self.push(
                            StmtKind::Assign(Target::Item(container, object(index)), object(value)),
                            span,
                        );
                    }
                }
                return;
            }
            if class.is_builtin("dict") {
                let key = erase(&args.first().cloned().unwrap_or(Type::Dynamic));
                let element = erase(&args.get(1).cloned().unwrap_or(Type::Dynamic));
                let index = if key.is_dynamic() {
                    index
                } else {
                    self.coerce(
                        index,
                        &python(&key),
                        &Why::Argument("dict".into(), "key".into()),
                    )
                };
                let index = self.unprimitive(index);
                let value = self.store_element(value, &element);
                if !known_value(&key) {
                    self.after_call();
                }
                self.push(
                    StmtKind::Assign(Target::Item(container, object(index)), value),
                    span,
                );
                return;
            }
        }
        let index = self.unprimitive(index);
        let mut value = value;
        match &container.ty {
            Type::Dynamic | Type::TypeVar(..) | Type::Never | Type::Callable(..) => {}
            Type::Union(_) if container.ty.includes_none() => {
                let at = container.span;
                self.report_possibly_none(&container, "items", at);
            }
            Type::Union(_) => {}
            Type::Instance(class, args) | Type::Exact(class, args) => {
                match self.world.member(class, args, "__setitem__") {
                    Lookup::Missing => {
                        self.report(
                            Rule::NotSubscriptable,
                            span,
                            format!(
                                "`{}` does not support assignment to items",
                                widen(&container.ty)
                            ),
                        );
                    }
                    Lookup::Found {
                        member: Member::Method(symbol),
                        params,
                        ..
                    } if self.world.is_static_module(&symbol.module) => {
                        if let Some(f) = self
                            .world
                            .function(&symbol)
                            .filter(|f| !f.is_overloaded && !f.is_decorated)
                        {
                            if let Some(p) = f.params.get(2) {
                                let ty = erase(&substitute(&p.ty, &params));
                                value = self.coerce(value, &ty, &Why::Element);
                            }
                            if let Some(p) = f.params.get(1) {
                                let ty = erase(&substitute(&p.ty, &params));
                                if !self.world.assignable(&index.ty, &ty) {
                                    self.report(
                                        Rule::InvalidArgument,
                                        index.span,
                                        format!(
                                            "The index must be `{ty}`, but this is `{}`",
                                            widen(&index.ty)
                                        ),
                                    );
                                }
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {
                self.report(
                    Rule::NotSubscriptable,
                    span,
                    format!(
                        "`{}` does not support assignment to items",
                        widen(&container.ty)
                    ),
                );
            }
        }
        let value = self.unprimitive(value);
        self.after_call();
        self.push(
            StmtKind::Assign(
                Target::Item(object(container), object(index)),
                object(value),
            ),
            span,
        );
    }

    /// A value that is stored as an element: of the element type, as an object.
    pub fn store_element(&mut self, value: Expr, element: &Type) -> Expr {
        let value = if element.is_dynamic() {
            value
        } else {
            self.coerce(value, &python(element), &Why::Element)
        };
        let value = self.unprimitive(value);
        object(value)
    }

    /// Narrowing of an element read, for tests of representation.
    pub fn is_object(e: &Expr) -> bool {
        e.ty.held() == Held::Object
    }

    /// The span of an index, for messages.
    pub fn index_span(subscript: &ast::ExprSubscript) -> TextRange {
        range(&*subscript.slice)
    }
}

fn python(ty: &Type) -> Type {
    ty.boxed()
}
