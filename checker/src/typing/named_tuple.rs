//! Named tuples: the constructor and the tuple that their fields make.

use crate::infer::world::{World, substitute};
use crate::interface::{ClassInterface, NamedTupleField, ParamKind};
use crate::types::{Parameter, Rest, Signature, Symbol, Type, Types};

impl World<'_> {
    /// The fields of named tuple `class[args]`, or of the one that it derives from.
    pub(crate) fn named_tuple_fields(
        &self,
        class: &Symbol,
        args: &[Type],
    ) -> Option<Vec<NamedTupleField>> {
        let ancestry = self.ancestry(class);
        ancestry.classes.iter().find_map(|ancestor| {
            let fields = ancestor.class.named_tuple.as_ref()?;
            let own = ancestry.args_of(ancestor, args);
            let params = ancestor.class.type_params.iter().copied();
            let params: Vec<_> = params.zip(own.iter().copied()).collect();
            let fields = fields.iter().map(|field| NamedTupleField {
                ty: substitute(&field.ty, &params),
                ..field.clone()
            });
            Some(fields.collect())
        })
    }

    /// The constructor that fields make, of a class that is or derives from a named tuple and defines none itself.
    pub(super) fn named_tuple_constructor(
        &self,
        class: &ClassInterface,
        args: Option<Types>,
    ) -> Option<Signature> {
        let ancestry = self.ancestry(&class.symbol);
        for ancestor in &ancestry.classes {
            let interface = &ancestor.class;
            let defines = |name: &str| interface.members.contains_key(name);
            if interface.is_rewritten || defines("__new__") || defines("__init__") {
                return None;
            }
            if interface.named_tuple.is_some() {
                break;
            }
        }
        let args = args.unwrap_or_else(|| {
            let own = class.type_params.iter();
            own.map(|variable| Type::TypeVar(*variable)).collect()
        });
        let fields = self.named_tuple_fields(&class.symbol, &args)?;
        let params: Vec<Parameter> = fields
            .into_iter()
            .map(|field| Parameter {
                name: field.name,
                kind: ParamKind::Positional,
                ty: field.ty,
                optional: field.has_default,
            })
            .collect();
        let instance = Type::Instance(class.symbol, args);
        Some(Signature::new(params, Rest::Nothing, instance))
    }

    /// The tuple that a value of type `ty` is, if it is a named tuple; else the type itself.
    pub(crate) fn as_tuple(&self, ty: &Type) -> Type {
        match ty {
            Type::Instance(class, args) | Type::Exact(class, args)
                if !class.is_builtin("tuple") =>
            {
                match self.named_tuple_fields(class, args) {
                    Some(fields) => Type::Tuple(fields.iter().map(|field| field.ty).collect()),
                    None => *ty,
                }
            }
            _ => *ty,
        }
    }
}
