//! What a test of an attribute or an item says of the object that has it: `shape.kind == "circle"`, `event["type"] == 1`, `pair[0] is None`.

use keelback_parser::ast;

use crate::interface::Member;
use crate::types::{Constant, Type};

use super::super::cx::Cx;
use super::super::flow::State;
use super::super::world::{Lookup, erase, substitute};

/// What a type becomes when a test is true, and when it is false.
pub(super) type Split<'f> = &'f dyn Fn(&Cx<'_>, &Type) -> (Type, Type);

impl Cx<'_> {
    /// Narrows the object of which `expr` is an attribute or an item, where it is one of several types that the test tells apart. The
    /// declared types of attributes are believed, not known.
    pub(super) fn discriminate(
        &mut self,
        expr: &ast::Expr,
        split: Split<'_>,
        yes: &mut State,
        no: &mut State,
    ) {
        let (object, part) = match expr {
            ast::Expr::Attribute(attribute) => {
                let name = self.mangled(attribute.attr.as_str());
                (&*attribute.value, Part::Attribute(name.into_owned()))
            }
            ast::Expr::Subscript(subscript) => match super::super::cx::item_key(&subscript.slice) {
                Some(key) => (&*subscript.value, Part::Item(key)),
                None => return,
            },
            ast::Expr::Named(named) => return self.discriminate(&named.value, split, yes, no),
            _ => return,
        };
        let places = self.places(object);
        if places.is_empty() {
            return;
        }
        let ty = match object {
            // Nearly always `self`, which is of one type.
            ast::Expr::Name(_) => places.first().and_then(|place| self.variable_type(place)),
            _ => None,
        };
        let ty = match ty {
            Some(ty) => ty,
            None => self.quiet_type(object),
        };
        if ty.members().len() < 2 {
            return;
        }
        let (mut is, mut not) = (Type::Never, Type::Never);
        for member in ty.members() {
            let (a, b) = match self.part_type(member, &part) {
                Some(ty) => split(self, &ty),
                None => (Type::Dynamic, Type::Dynamic),
            };
            if a != Type::Never {
                is = Type::union([is, *member]);
            }
            if b != Type::Never {
                not = Type::union([not, *member]);
            }
        }
        for place in places {
            if is != ty {
                yes.narrow_in_doubt(&place, &ty, is);
            }
            if not != ty {
                no.narrow_in_doubt(&place, &ty, not);
            }
        }
    }

    /// The declared type of a part of a value; nothing when it is not known.
    fn part_type(&self, ty: &Type, part: &Part) -> Option<Type> {
        match part {
            Part::Attribute(name) => self.declared_part(ty, name),
            Part::Item(key) => match (ty, key) {
                (Type::Tuple(items), Constant::Int(i)) => {
                    let len = i64::try_from(items.len()).ok()?;
                    let at = if *i < 0 { i + len } else { *i };
                    items.get(usize::try_from(at).ok()?).copied()
                }
                _ => None,
            },
        }
    }

    /// The declared type of a field or class variable.
    pub(super) fn declared_part(&self, ty: &Type, name: &str) -> Option<Type> {
        if let Some(ty) = self.enum_attribute(ty, name) {
            return Some(ty);
        }
        let (class, args) = match ty {
            Type::Instance(c, a) | Type::Exact(c, a) => (*c, *a),
            Type::EnumMember(c, _) => (*c, [].into()),
            _ => return None,
        };
        match self.world.member(&class, &args, name) {
            Lookup::Found {
                member: Member::Field { ty, .. } | Member::ClassVar { ty },
                params,
                ..
            } => Some(erase(&substitute(&ty, &params))),
            Lookup::Found {
                member: Member::Property { getter, .. },
                params,
                ..
            } => {
                let function = self.world.function(&getter)?;
                Some(erase(&substitute(&function.returns, &params)))
            }
            _ => None,
        }
    }
}

/// A part of a value.
enum Part {
    /// An attribute, by its mangled name.
    Attribute(String),
    /// An item, by index or key.
    Item(Constant),
}
