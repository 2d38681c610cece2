//! Hover: what a name is, of which type it is here, and how compiled code holds it.

use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{TextRange, TextSize};

use crate::classes::class_in;
use crate::db::{Db, File};
use crate::files::{parsed, staticness};
use crate::index::{find_class, find_function, module_index};
use crate::infer::check_function;
use crate::interface::{ClassInterface, Export, Member};
use crate::modules::export_in;
use crate::signatures::{function_in, overloads};
use crate::types::{Name, Type};

use super::entity::{Entity, entities};
use super::held;
use super::locate::{Located, Spot, locate};
use super::signature;
use super::types::{TypesAround, types_around};

/// What there is to say about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The name.
    pub range: TextRange,
    /// What it is, as Python; perhaps several lines.
    pub code: String,
    /// Sentences about how it is compiled and held, without full stops.
    pub facts: Vec<String>,
    /// The docstring.
    pub docs: Option<String>,
}

/// What to show for the name at `offset`.
pub fn hover(db: &dyn Db, file: File, offset: TextSize) -> Option<Hover> {
    if !staticness(db, file).is_static() {
        return None;
    }
    let tree = parsed(db, file);
    let place = locate(&tree, offset)?;
    let types = types_around(db, file, offset);
    let found = entities(db, file, &place, &types);
    let writer = Writer {
        db,
        file,
        types: &types,
        place: &place,
    };
    let mut hover = Hover {
        range: place.range,
        code: String::new(),
        facts: Vec::new(),
        docs: None,
    };
    match found.first() {
        Some(entity) => writer.entity(entity, &mut hover),
        None => writer.value(&mut hover)?,
    }
    Some(hover)
}

struct Writer<'a> {
    db: &'a dyn Db,
    file: File,
    types: &'a TypesAround,
    place: &'a Located<'a>,
}

impl Writer<'_> {
    fn entity(&self, entity: &Entity, hover: &mut Hover) {
        match entity {
            Entity::Local {
                name,
                is_parameter,
                file,
                ..
            } => {
                if *file == self.file {
                    self.local(name, *is_parameter, hover);
                } else {
                    hover.code = format!("(parameter) {name}");
                }
            }
            Entity::Variable { file, name, .. } => self.variable(*file, name, hover),
            Entity::Attribute {
                file, class, name, ..
            } => self.attribute(*file, class, name, hover),
            Entity::Function { file, qualname, .. } => self.function(*file, qualname, hover),
            Entity::Class { file, qualname, .. } => self.class(*file, qualname, hover),
            Entity::Module { name, file } => {
                hover.code = format!("(module) {name}");
                hover.docs = file.and_then(|file| {
                    let tree = parsed(self.db, file);
                    docstring(tree.body())
                });
            }
        }
    }

    /// The type that inference found for the name itself, narrowed.
    fn narrowed(&self) -> Option<&Type> {
        self.types.types.expressions.get(&self.place.range)
    }

    fn held(&self, ty: &Type, hover: &mut Hover) {
        if self.types.function.is_some() && !matches!(ty, Type::Never) {
            let how = held::in_register(self.db, self.file, ty);
            hover.facts.push(format!("Held as {how}"));
        }
    }

    fn local(&self, name: &Name, is_parameter: bool, hover: &mut Hover) {
        let kind = if is_parameter { "(parameter) " } else { "" };
        let stored = match self.place.spot {
            Spot::Argument(..) => None,
            _ => self.types.local(name),
        };
        let narrowed = self.narrowed();
        let Some(shown) = narrowed.or(stored) else {
            hover.code = format!("{kind}{name}");
            return;
        };
        hover.code = format!("{kind}{name}: {}", readable(shown));
        match stored {
            Some(stored) => {
                if readable(stored) != readable(shown) {
                    hover
                        .facts
                        .push(format!("Narrowed from `{}`", readable(stored)));
                }
                self.held(stored, hover);
            }
            None => self.held(shown, hover),
        }
    }

    fn variable(&self, file: File, name: &Name, hover: &mut Hover) {
        let export = export_in(self.db, file, name);
        match &export {
            Some(Export::Constant(value)) => {
                hover.code = format!("(constant) {name}: Final = {value}");
                hover.facts.push("Folded into its users".to_owned());
                return;
            }
            Some(Export::Alias(ty)) => {
                hover.code = format!("type {name} = {ty}");
                return;
            }
            _ => {}
        }
        let declared = match export {
            Some(Export::Variable { ty, .. }) if !ty.is_dynamic() => Some(ty),
            _ => None,
        };
        let narrowed = self.narrowed();
        let shown = match (narrowed, &declared) {
            (Some(ty), _) if !ty.is_dynamic() => readable(ty),
            (_, Some(ty)) => readable(ty),
            _ => Type::Dynamic.to_string(),
        };
        hover.code = format!("(variable) {name}: {shown}");
        if let Some(declared) = declared.filter(|ty| readable(ty) != shown) {
            hover
                .facts
                .push(format!("Narrowed from `{}`", readable(&declared)));
        }
    }

    fn attribute(&self, file: File, class: &Name, name: &Name, hover: &mut Hover) {
        let interface = class_in(self.db, file, class);
        let member = interface.as_ref().and_then(|class| class.members.get(name));
        let (kind, declared) = match member {
            Some(Member::Field { ty, .. }) => ("field", Some(ty)),
            Some(Member::ClassVar { ty }) => ("class variable", Some(ty)),
            _ => ("attribute", None),
        };
        let shown = match (self.narrowed_attribute(), declared) {
            (Some(ty), _) if !ty.is_dynamic() => readable(&ty),
            (_, Some(ty)) => readable(ty),
            _ => Type::Dynamic.to_string(),
        };
        hover.code = format!("({kind}) {class}.{name}: {shown}");
        if let Some(ty) = declared.filter(|ty| !ty.is_dynamic() && readable(ty) != shown) {
            hover
                .facts
                .push(format!("Narrowed from `{}`", readable(ty)));
        }
        let layout = interface
            .as_ref()
            .and_then(|class| class.layout.clone().ok());
        if let Some(slot) = layout.as_ref().and_then(|layout| layout.field(name)) {
            hover.facts.push(format!(
                "Stored {} at byte {} of the object",
                held::in_field(&slot.ty),
                slot.offset
            ));
        }
        if let Some(ty) = declared {
            self.held(ty, hover);
        }
    }

    fn narrowed_attribute(&self) -> Option<Type> {
        match self.place.spot {
            Spot::Attribute(node) => self.types.types.expressions.get(&node.range).cloned(),
            _ => None,
        }
    }

    fn function(&self, file: File, qualname: &Name, hover: &mut Hover) {
        let name = crate::index::last_part(qualname);
        let index = module_index(self.db, file);
        let entry = index.functions.get(qualname);
        let Some(interface) = function_in(self.db, file, qualname) else {
            hover.code = format!("def {name}(…)");
            return;
        };
        let overloaded = overloads(self.db, file, &interface.symbol);
        hover.code = if overloaded.is_empty() {
            signature::function(name, &interface)
        } else {
            let lines = overloaded.iter();
            let lines: Vec<String> = lines.map(|f| signature::function(name, f)).collect();
            lines.join("\n")
        };
        if let Some(entry) = entry {
            let tree = parsed(self.db, file);
            hover.docs = find_function(&tree, entry.range).and_then(|node| docstring(&node.body));
        }
        if staticness(self.db, file).is_static() {
            hover.facts.push(self.compiled(file, qualname));
        }
    }

    fn compiled(&self, file: File, qualname: &Name) -> String {
        match check_function(self.db, file, qualname) {
            Some(checked) => match &checked.body {
                Ok(_) => "Compiled".to_owned(),
                Err(fallback) => format!("Run by CPython, because of {}", fallback.reason),
            },
            None => "Run by CPython, because of being nested in another function".to_owned(),
        }
    }

    fn class(&self, file: File, qualname: &Name, hover: &mut Hover) {
        let index = module_index(self.db, file);
        if let Some(entry) = index.classes.get(qualname) {
            let tree = parsed(self.db, file);
            hover.docs = find_class(&tree, entry.range).and_then(|node| docstring(&node.body));
        }
        let Some(interface) = class_in(self.db, file, qualname) else {
            hover.code = format!("class {qualname}");
            return;
        };
        hover.code = class_line(qualname, &interface);
        if !staticness(self.db, file).is_static() {
            return;
        }
        hover.facts.push(match &interface.layout {
            Ok(layout) => match layout.fields.len() {
                0 => "Laid out, without fields".to_owned(),
                1 => "Laid out, with one field".to_owned(),
                count => format!("Laid out, with {count} fields"),
            },
            Err(reason) => format!("Keeps CPython's layout, because of {reason}"),
        });
    }

    /// An attribute or a name of which only the type is known.
    fn value(&self, hover: &mut Hover) -> Option<()> {
        let (name, ty) = match self.place.spot {
            Spot::Name(name) => (name, self.narrowed().cloned()),
            Spot::Attribute(node) => (node.attr.as_str(), self.narrowed_attribute()),
            _ => return None,
        };
        let ty = ty?;
        hover.code = format!("{name}: {}", readable(&ty));
        self.held(&ty, hover);
        Some(())
    }
}

/// A type as it is shown: of a literal the class says more than the value, which stands there already.
fn readable(ty: &Type) -> String {
    match ty {
        Type::Literal(_) => crate::infer::world::widen(ty).to_string(),
        _ => ty.to_string(),
    }
}

fn class_line(qualname: &Name, interface: &ClassInterface) -> String {
    let params = match &*interface.type_params {
        [] => String::new(),
        params => {
            let names: Vec<&str> = params.iter().map(|param| &*param.name).collect();
            format!("[{}]", names.join(", "))
        }
    };
    let bases: Vec<String> = interface.bases.iter().map(ToString::to_string).collect();
    let is_plain = bases.is_empty() || bases == ["object"];
    let bases = if is_plain {
        String::new()
    } else {
        format!("({})", bases.join(", "))
    };
    let end = if interface.is_final { "@final\n" } else { "" };
    format!("{end}class {qualname}{params}{bases}")
}

/// The docstring at the beginning of `body`, without its indentation.
fn docstring(body: &[Stmt]) -> Option<String> {
    let Stmt::Expr(first) = body.first()? else {
        return None;
    };
    let Expr::StringLiteral(text) = &*first.value else {
        return None;
    };
    let text = text.value.to_str();
    let mut lines = text.trim_end().lines();
    let first = lines.next().unwrap_or("").trim();
    let rest: Vec<&str> = lines.collect();
    let indent = rest
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut clean = first.to_owned();
    for line in rest {
        clean.push('\n');
        clean.push_str(line.get(indent..).unwrap_or("").trim_end());
    }
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}
