//! How a value is held in compiled code, in words: section 3 of the language reference.

use crate::classes::class_interface;
use crate::db::{Db, File};
use crate::types::{Held, Primitive, Type};

/// A phrase for how a value of type `ty` is held in a register.
pub fn in_register(db: &dyn Db, file: File, ty: &Type) -> String {
    let layout = match ty {
        Type::Instance(class, _) | Type::Exact(class, _) => class_interface(db, file, class),
        _ => None,
    };
    in_words(ty, layout.is_some_and(|class| class.layout.is_ok()))
}

/// A phrase for how a value of type `ty` is held; `is_laid_out` says whether its class has a layout.
pub fn in_words(ty: &Type, is_laid_out: bool) -> String {
    match ty.held() {
        Held::Int => "one word: a small int inline, a larger one as a pointer".to_owned(),
        Held::Primitive(Primitive::Double) => "a 64-bit float in a register".to_owned(),
        Held::Primitive(Primitive::Single) => "a 32-bit float in a register".to_owned(),
        Held::Primitive(Primitive::CBool) => "one byte".to_owned(),
        Held::Primitive(primitive) => format!(
            "{} {}-bit integer in a register",
            if primitive.is_signed() {
                "a signed"
            } else {
                "an unsigned"
            },
            primitive.bits()
        ),
        Held::Object if is_laid_out => {
            "a pointer to an object with fields at fixed offsets".to_owned()
        }
        Held::Object => "a pointer to a Python object".to_owned(),
    }
}

/// A phrase for how a field of type `ty` is stored in its object.
pub fn in_field(ty: &Type) -> &'static str {
    match ty.held() {
        Held::Int => "as one word",
        Held::Primitive(_) => "raw",
        Held::Object => "as a pointer",
    }
}
