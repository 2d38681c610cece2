//! What iterating a value gives.

use keelback_parser::text_size::TextRange;

use crate::interface::Member;
use crate::rules::Rule;
use crate::tree::{Expr, Iterable};
use crate::types::{Primitive, Symbol, Type};

use super::cx::{Cx, object};
use super::world::{Lookup, erase, substitute, widen};

impl Cx<'_> {
    /// The type of the items of a value of type `ty`; nothing when it cannot be iterated.
    pub fn item_type(&self, ty: &Type) -> Option<Type> {
        match ty {
            Type::Dynamic | Type::TypeVar(..) => Some(Type::Dynamic),
            Type::Never => Some(Type::Never),
            Type::None | Type::Primitive(_) | Type::Function(_) | Type::Module(_) => None,
            Type::Callable(..) | Type::Overloaded(_) | Type::Method(..) => None,
            Type::Class(class) => Some(match self.world.enumeration(class) {
                Some(_) => Type::Instance(*class, [].into()),
                None => Type::Dynamic,
            }),
            Type::ClassOf(_) | Type::Alias(..) => Some(Type::Dynamic),
            Type::Parameters(_) | Type::ParametersOf(..) | Type::Unpacked(_) => Some(Type::Dynamic),
            Type::TypedDict(..)
            | Type::EnumMember(..)
            | Type::LiteralString
            | Type::New(..)
            | Type::Guard(..)
            | Type::Variadic(..) => self.item_type(&ty.as_instance()),
            Type::Tuple(items) => Some(self.world.join_all(items.iter().map(|t| match t {
                Type::Primitive(p) => p.boxed(),
                t => widen(t),
            }))),
            Type::Union(members) => {
                let mut item = Type::Never;
                for m in members.iter() {
                    item = self.world.join(&item, &self.item_type(m)?);
                }
                Some(item)
            }
            Type::Literal(_) => {
                let wide = widen(ty);
                if matches!(wide, Type::Literal(_)) {
                    None
                } else {
                    self.item_type(&wide)
                }
            }
            Type::Instance(class, args) | Type::Exact(class, args) => {
                let item = self.instance_item(class, args, 0);
                item.map(|item| self.world.open(&item))
            }
        }
    }

    fn instance_item(&self, class: &Symbol, args: &[Type], depth: u32) -> Option<Type> {
        if depth > 4 {
            return Some(Type::Dynamic);
        }
        let first = || args.first().cloned().unwrap_or(Type::Dynamic);
        if &*class.module == "__static__" && matches!(class.name(), "Array" | "Vector") {
            return Some(first());
        }
        if &*class.module == "builtins" {
            match class.name() {
                "list" | "set" | "frozenset" | "tuple" | "dict" | "enumerate" | "reversed"
                | "zip" | "map" | "filter" => {
                    return Some(first());
                }
                "str" => return Some(Type::str()),
                "bytes" | "bytearray" | "range" => return Some(Type::int()),
                "int" | "float" | "bool" | "complex" | "object" => return None,
                _ => {}
            }
        }
        if matches!(
            &*class.module,
            "typing" | "collections.abc" | "_collections_abc"
        ) && args.len() == 1
            && !matches!(self.world.member(class, args, "__iter__"), Lookup::Missing)
        {
            return Some(first());
        }
        if args.len() == 2 {
            match class.name() {
                "dict_items" | "ItemsView" => {
                    return Some(Type::Tuple([args[0], args[1]].into()));
                }
                "dict_values" => return Some(args[1]),
                _ => {}
            }
        }
        if matches!(
            class.name(),
            "Generator" | "Mapping" | "MutableMapping" | "KeysView" | "dict_keys"
        ) {
            return Some(first());
        }
        match self.world.member(class, args, "__iter__") {
            Lookup::Found {
                params,
                member: Member::Method(symbol),
                ..
            } => {
                let Some(function) = self.world.function(&symbol) else {
                    return Some(Type::Dynamic);
                };
                if function.is_overloaded || function.is_decorated {
                    return Some(Type::Dynamic);
                }
                let returned = substitute(&function.returns, &params);
                if let Type::TypeVar(..) = &returned {
                    // `Self`: it is its own iterator.
                    return Some(self.next_item(class, args));
                }
                let returned = erase(&returned);
                match &returned {
                    Type::Instance(c, a) | Type::Exact(c, a) if c == class => {
                        Some(self.next_item(c, a))
                    }
                    Type::Instance(c, a) | Type::Exact(c, a) => {
                        let item = self.next_item(c, a);
                        if item.is_dynamic() {
                            Some(self.instance_item(c, a, depth + 1).unwrap_or(Type::Dynamic))
                        } else {
                            Some(item)
                        }
                    }
                    _ => Some(Type::Dynamic),
                }
            }
            Lookup::Found { .. } | Lookup::Unknown => Some(Type::Dynamic),
            Lookup::Missing => match self.world.member(class, args, "__getitem__") {
                Lookup::Missing => None,
                _ => Some(Type::Dynamic),
            },
        }
    }

    fn next_item(&self, class: &Symbol, args: &[Type]) -> Type {
        match self.world.member(class, args, "__next__") {
            Lookup::Found {
                params,
                member: Member::Method(symbol),
                ..
            } => match self.world.function(&symbol) {
                Some(f) if !f.is_overloaded && !f.is_decorated => {
                    erase(&substitute(&f.returns, &params))
                }
                _ => Type::Dynamic,
            },
            _ => Type::Dynamic,
        }
    }

    /// The item type of a value that is iterated; reports it when it cannot be.
    pub fn items_of(&mut self, value: &Expr, span: TextRange) -> Type {
        if let Some(belief) = self.trusted_belief(value) {
            // What is certain of the items of what is only believed: nothing.
            return match self.item_type(&belief) {
                Some(_) => Type::Dynamic,
                None => self.not_iterable(&belief, span),
            };
        }
        if let Some(item) = self.item_type(&value.ty) {
            return item;
        }
        let ty = widen(&value.ty);
        if ty.includes_none() && ty != Type::None {
            let rest = ty.without_none();
            if let Some(item) = self.item_type(&rest) {
                self.report_with(
                    Rule::PossiblyNone,
                    span,
                    format!("This is `{ty}`, and `None` cannot be iterated"),
                    vec!["Test it with `is not None` first".to_owned()],
                );
                return item;
            }
        }
        self.not_iterable(&ty, span)
    }

    fn not_iterable(&mut self, ty: &Type, span: TextRange) -> Type {
        self.report(
            Rule::NotIterable,
            span,
            format!("`{}` cannot be iterated", widen(ty)),
        );
        Type::Dynamic
    }

    /// How a value is iterated, and the type of the items as they come.
    pub fn iterable(&mut self, value: Expr) -> (Iterable, Type) {
        if let Type::Instance(c, args) | Type::Exact(c, args) = &value.ty {
            if &*c.module == "__static__" && c.name() == "Array" {
                if let Some(Type::Primitive(p)) = args.first() {
                    let p = *p;
                    return (Iterable::Array(value), Type::Primitive(p));
                }
            }
        }
        if value.ty.is_builtin("list") {
            (Iterable::List(value), Type::Dynamic)
        } else if value.ty.is_builtin("tuple") {
            (Iterable::Tuple(object(value)), Type::Dynamic)
        } else {
            if !super::ops::known_value(&value.ty) {
                self.after_call();
            }
            (Iterable::Iterator(object(value)), Type::Dynamic)
        }
    }

    /// The element type of an `Array[T]`.
    pub fn array_element(ty: &Type) -> Option<Primitive> {
        match ty {
            Type::Instance(c, args) | Type::Exact(c, args)
                if &*c.module == "__static__" && c.name() == "Array" =>
            {
                match args.first() {
                    Some(Type::Primitive(p)) => Some(*p),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
