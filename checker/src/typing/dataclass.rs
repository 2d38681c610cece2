//! Dataclasses: the constructor that their fields make.

use crate::infer::world::{World, substitute};
use crate::interface::{DataclassField, ParamKind};
use crate::types::{Parameter, Rest, Signature, Symbol, Type};

/// How a class gets its constructor.
pub(super) enum Made {
    /// As its methods say.
    Ordinary,
    /// Its fields make it.
    ByFields(Signature),
    /// It cannot be said.
    Unknown,
}

impl World<'_> {
    /// Whether the fields of a dataclass make the constructor of `instance`, an instance of `class`.
    pub(super) fn dataclass_constructor(&self, class: &Symbol, instance: Type) -> Made {
        let ancestry = self.ancestry(class);
        for ancestor in &ancestry.classes {
            let interface = &ancestor.class;
            let defines = |name: &str| interface.members.contains_key(name);
            if defines("__init__") || defines("__new__") {
                return Made::Ordinary;
            }
            if interface.is_rewritten {
                return Made::Unknown;
            }
            if interface.dataclass.as_ref().is_some_and(|made| made.init) {
                if !ancestry.complete {
                    return Made::Unknown;
                }
                let args = self.own_args(&instance);
                let args = ancestry.args_of(ancestor, &args);
                return Made::ByFields(self.init_of_fields(&interface.symbol, &args, instance));
            }
        }
        Made::Ordinary
    }

    fn init_of_fields(&self, class: &Symbol, args: &[Type], instance: Type) -> Signature {
        let mut positional = Vec::new();
        let mut named = Vec::new();
        for field in self.dataclass_fields(class, args) {
            if !field.init {
                continue;
            }
            let (kind, params) = if field.kw_only {
                (ParamKind::KeywordOnly, &mut named)
            } else {
                (ParamKind::Positional, &mut positional)
            };
            params.push(Parameter {
                name: field.parameter,
                kind,
                ty: field.ty,
                optional: field.has_default,
            });
        }
        positional.append(&mut named);
        Signature::new(positional, Rest::Nothing, instance)
    }

    /// Whether instances of `class` have no hash: those of a dataclass that compares and can change.
    pub(super) fn is_unhashable(&self, class: &Symbol) -> bool {
        for ancestor in &self.ancestry(class).classes {
            let interface = &ancestor.class;
            if interface.members.contains_key("__hash__") {
                return false;
            }
            if let Some(made) = interface.dataclass.as_ref().filter(|made| made.is_standard) {
                if made.unsafe_hash || (made.eq && made.frozen) {
                    return false;
                }
                if made.eq {
                    return true;
                }
            }
        }
        false
    }

    /// What may be assigned to field `name` of `class[args]`, if a converter takes it.
    pub(crate) fn converted_field(
        &self,
        class: &Symbol,
        args: &[Type],
        name: &str,
    ) -> Option<Type> {
        let ancestry = self.ancestry(class);
        let mut made = ancestry
            .classes
            .iter()
            .filter_map(|a| a.class.dataclass.as_ref());
        if !made.any(|made| made.fields.iter().any(|field| field.is_converted)) {
            return None;
        }
        let fields = self.dataclass_fields(class, args);
        let field = fields.iter().find(|field| &*field.name == name)?;
        field.is_converted.then_some(field.ty)
    }

    /// The fields of dataclass `class[args]`, inherited ones first; one that is declared again keeps its place.
    pub fn dataclass_fields(&self, class: &Symbol, args: &[Type]) -> Vec<DataclassField> {
        let ancestry = self.ancestry(class);
        let mut fields: Vec<DataclassField> = Vec::new();
        for ancestor in ancestry.classes.iter().rev() {
            let interface = &ancestor.class;
            let Some(made) = &interface.dataclass else {
                continue;
            };
            let own = ancestry.args_of(ancestor, args);
            let params: Vec<_> = interface
                .type_params
                .iter()
                .copied()
                .zip(own.iter().copied())
                .collect();
            for field in &made.fields {
                let ty = substitute(&field.ty, &params);
                let ty = match field.is_in_class && !field.is_converted {
                    true => self.descriptor_value(&ty).unwrap_or(ty),
                    false => ty,
                };
                let field = DataclassField {
                    ty,
                    ..field.clone()
                };
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = field,
                    None => fields.push(field),
                }
            }
        }
        fields
    }
}
