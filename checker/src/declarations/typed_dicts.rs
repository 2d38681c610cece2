//! Typed dictionaries: what their declarations may say, and how an item may differ from that of a base.

use keelback_parser::ast::{Arguments, Expr, StmtClassDef, StmtFunctionDef};
use keelback_parser::text_size::{Ranged, TextRange};

use super::Checker;
use crate::annotation::Scope;
use crate::classes::class_in;
use crate::functional::{self, Kind};
use crate::index::{BindingKind, ClassEntry, find_stmt};
use crate::infer::DbEnv;
use crate::infer::world::World;
use crate::interface::{ClassInterface, ExtraItems, TypedDictItem};
use crate::rules::Rule;
use crate::stubs::Part;
use crate::symbols::{Resolved, Special};
use crate::typed_dicts::{self, OPTIONS, item_annotation, option};
use crate::types::{Name, Symbol, Type};
use crate::typing::Relation;

impl Checker<'_> {
    pub(super) fn typed_dict(&mut self, class: &ClassEntry, node: &StmtClassDef) {
        let Some(interface) = class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        if interface.typed_dict.is_none() {
            return;
        }
        let scope = self.sight.scope_inside(&class.qualname);
        self.typed_dict_body(class);
        self.typed_dict_bases(&scope, node);
        if let Some(arguments) = node.arguments.as_deref() {
            self.typed_dict_options(&scope, arguments, false);
        }
        self.inherited_items(class, node, &interface);
    }

    /// The body lists items and nothing else.
    fn typed_dict_body(&mut self, class: &ClassEntry) {
        let index = self.index.clone();
        for (name, bindings) in &class.scope.bindings {
            for binding in bindings {
                let (what, at) = match &binding.kind {
                    BindingKind::Annotated { has_value: false } => continue,
                    BindingKind::Annotated { has_value: true } => {
                        ("an item has no default value", binding.range)
                    }
                    BindingKind::Function(qualname) => {
                        let at = index.functions.get(qualname).map(|function| {
                            TextRange::new(function.range.start(), function.name_range.end())
                        });
                        (
                            "its values are dicts, which have no methods of it",
                            at.unwrap_or(binding.range),
                        )
                    }
                    _ => ("its body lists items alone", binding.range),
                };
                let message = format!(
                    "`{name}` cannot be in typed dictionary `{}`: {what}",
                    class.qualname
                );
                self.report(Rule::InvalidTypedDict, at, message);
            }
        }
    }

    fn typed_dict_bases(&mut self, scope: &Scope<'_>, node: &StmtClassDef) {
        for base in typed_dicts::bases(node) {
            let is_right = match scope.resolve(typed_dicts::head(base)) {
                Resolved::Special(Special::TypedDict | Special::Generic) => true,
                Resolved::Class(symbol) => typed_dicts::is_typed_dict(self.db, self.file, &symbol),
                Resolved::Variable { file, name } => {
                    functional::kind(self.db, file, &name) == Some(Kind::TypedDict)
                }
                Resolved::Dynamic | Resolved::Missing => true,
                _ => false,
            };
            if !is_right {
                let message =
                    "A typed dictionary derives from typed dictionaries and `Generic` alone";
                self.report(Rule::InvalidTypedDict, base.range(), message);
            }
        }
    }

    /// The keywords of a declaration. Of a call the positional arguments are looked at elsewhere.
    fn typed_dict_options(&mut self, scope: &Scope<'_>, arguments: &Arguments, is_old: bool) {
        for keyword in &arguments.keywords {
            let name = keyword.arg.as_ref().map_or("", |arg| arg.as_str());
            if !OPTIONS.contains(&name) && !is_old {
                let message = match name {
                    "metaclass" => "A typed dictionary has no metaclass".to_owned(),
                    "" => "The options of a typed dictionary must be written out".to_owned(),
                    name => format!("A typed dictionary has no option `{name}`"),
                };
                self.report(Rule::InvalidTypedDict, keyword.range, message);
            }
            let is_flag = matches!(name, "total" | "closed");
            if is_flag && !keyword.value.is_boolean_literal_expr() {
                let message = format!("`{name}` must be written as `True` or `False`");
                self.report(Rule::InvalidTypedDict, keyword.value.range(), message);
            }
        }
        let Some(extra) = option(Some(arguments), "extra_items") else {
            return;
        };
        let mut problems = Vec::new();
        let read = item_annotation(scope, extra, &mut problems);
        self.found.append(&mut problems);
        if read.required.is_some() {
            let message = "Items that are not listed are never required: `extra_items` takes neither `Required` nor `NotRequired`";
            self.report(Rule::InvalidTypedDict, extra.range(), message);
        }
        if let Some(closed) = option(Some(arguments), "closed") {
            let message = "`closed` and `extra_items` cannot both be given";
            self.report(Rule::InvalidTypedDict, closed.range(), message);
        }
    }

    /// Items that a base has too, and items that two bases have, must be what the bases promise.
    fn inherited_items(
        &mut self,
        class: &ClassEntry,
        node: &StmtClassDef,
        interface: &ClassInterface,
    ) {
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        let relation = Relation::new(&world);
        let Some(declared) = &interface.typed_dict else {
            return;
        };
        let params = interface.own_args();
        let Some(shape) = world.typed_dict(&interface.symbol, &params) else {
            return;
        };
        let mut found: Vec<(TextRange, String)> = Vec::new();
        let mut reported: Vec<Name> = Vec::new();
        let place = |name: &Name| {
            let bindings = class.scope.bindings.get(name)?;
            let mut all = bindings.iter();
            all.find(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
                .map(|binding| binding.range)
        };
        for base in &interface.bases {
            let Type::Instance(symbol, args) = base else {
                continue;
            };
            let Some(inherited) = world.typed_dict(symbol, args) else {
                continue;
            };
            for (name, item) in &shape.items {
                let is_own = declared.items.contains_key(name);
                let wanted = inherited.item(name);
                if (!is_own && !inherited.items.contains_key(name))
                    || reported.contains(name)
                    || relation.item_fits(item, &wanted)
                {
                    continue;
                }
                reported.push(*name);
                let at = place(name).unwrap_or(class.name_range);
                let message = match inherited.items.contains_key(name) {
                    true => format!(
                        "Item `{name}` is `{}` in base `{}` and cannot become `{}`",
                        described(&wanted),
                        symbol.name(),
                        described(item)
                    ),
                    false => match wanted.ty {
                        Type::Never => format!(
                            "Base `{}` is closed: it takes no item `{name}`",
                            symbol.name()
                        ),
                        _ => format!(
                            "Base `{}` takes further items as `{}`, which `{name}` is not",
                            symbol.name(),
                            described(&wanted)
                        ),
                    },
                };
                found.push((at, message));
            }
            let is_narrowed = matches!(inherited.extra, ExtraItems::Of { .. });
            if declared.extra.is_some()
                && is_narrowed
                && !relation.item_fits(&shape.extra_item(), &inherited.extra_item())
            {
                let arguments = node.arguments.as_deref();
                let at = option(arguments, "extra_items").or(option(arguments, "closed"));
                let message = match inherited.is_closed() {
                    true => format!(
                        "Base `{}` is closed, and so is what derives from it",
                        symbol.name()
                    ),
                    false => format!(
                        "Base `{}` takes further items as `{}`, which cannot be changed",
                        symbol.name(),
                        described(&inherited.extra_item())
                    ),
                };
                found.push((at.map_or(class.name_range, Ranged::range), message));
            }
        }
        for (at, message) in found {
            self.report(Rule::InvalidTypedDict, at, message);
        }
    }

    /// The annotations of items: qualifiers are right there, but not inside of each other.
    pub(super) fn item_annotations(&mut self, scope: &Scope<'_>, annotation: &Expr) {
        let mut problems = Vec::new();
        let read = item_annotation(scope, annotation, &mut problems);
        self.found.append(&mut problems);
        if read.is_nested {
            let message = "`Required` and `NotRequired` cannot be inside of each other";
            self.report(Rule::InvalidTypedDict, annotation.range(), message);
        }
    }

    /// Typed dictionaries that calls make, and the bounds of type variables.
    pub(super) fn typed_dict_calls(&mut self) {
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let part = Part {
            parsed: parsed.clone(),
            index: index.clone(),
        };
        let scope = self.sight.module_scope();
        for (name, bindings) in &index.scope.bindings {
            let value = match &bindings[..] {
                [binding] => find_stmt(&parsed, binding.stmt)
                    .and_then(|stmt| stmt.as_assign_stmt())
                    .and_then(|stmt| stmt.value.as_call_expr()),
                _ => None,
            };
            let Some(call) = value else { continue };
            let callee = crate::reach::dotted(&call.func).unwrap_or_default();
            match crate::index::last_part(&callee) {
                "TypeVar" => {
                    if let Some(bound) = option(Some(&call.arguments), "bound")
                        && scope.resolve(bound) == Resolved::Special(Special::TypedDict)
                    {
                        let message = "`TypedDict` is no type of its own and bounds nothing";
                        self.report(Rule::InvalidTypedDict, bound.range(), message);
                    }
                }
                "TypedDict"
                    if functional::kind(self.db, self.file, name) == Some(Kind::TypedDict) =>
                {
                    if let Some(call) = functional::call(&part, name) {
                        self.typed_dict_call(&scope, name, call);
                    }
                }
                _ => {}
            }
        }
    }

    fn typed_dict_call(
        &mut self,
        scope: &Scope<'_>,
        name: &Name,
        call: &keelback_parser::ast::ExprCall,
    ) {
        let arguments = &call.arguments;
        match arguments.args.first() {
            Some(Expr::StringLiteral(text)) if text.value.to_str() == name.as_str() => {}
            Some(other) => {
                let message = format!("The first argument must be the name, `\"{name}\"`");
                self.report(Rule::InvalidTypedDict, other.range(), message);
            }
            None => {
                let message = format!("The name is missing: write `TypedDict(\"{name}\", ...)`");
                self.report(Rule::InvalidTypedDict, call.range(), message);
            }
        }
        match arguments.args.get(1) {
            Some(Expr::Dict(dict)) => {
                for item in &dict.items {
                    match &item.key {
                        Some(Expr::StringLiteral(_)) => {
                            self.item_annotations(scope, &item.value);
                        }
                        Some(key) => {
                            let message = "A key must be written as a string";
                            self.report(Rule::InvalidTypedDict, key.range(), message);
                        }
                        None => {
                            let message = "The items must be written out";
                            self.report(Rule::InvalidTypedDict, item.value.range(), message);
                        }
                    }
                }
            }
            Some(other) => {
                let message = "The items must be written out as a dict display";
                self.report(Rule::InvalidTypedDict, other.range(), message);
            }
            None => {}
        }
        if let Some(more) = arguments.args.get(2) {
            let message = "`TypedDict` takes a name and the items; options are given by keyword";
            self.report(Rule::InvalidTypedDict, more.range(), message);
        }
        self.typed_dict_options(scope, arguments, arguments.args.len() == 1);
    }

    /// `**kwargs: Unpack[T]`: `T` is a typed dictionary, and its items are no other parameters.
    pub(super) fn unpacked_keywords(&mut self, scope: &Scope<'_>, node: &StmtFunctionDef) {
        let Some(keywords) = &node.parameters.kwarg else {
            return;
        };
        let Some(annotation) = keywords.annotation.as_deref() else {
            return;
        };
        let of = match typed_dicts::unpacked(scope, annotation) {
            None => return,
            Some(Type::Unpacked(of)) => *of,
            Some(_) => {
                let message = "Keyword arguments can be unpacked from a typed dictionary alone";
                self.report(Rule::InvalidAnnotation, annotation.range(), message);
                return;
            }
        };
        let env = DbEnv::new(&self.sight);
        let world = World::new(&env);
        let Some(shape) = world.shape_of(&of) else {
            return;
        };
        let named = node
            .parameters
            .args
            .iter()
            .chain(&node.parameters.kwonlyargs);
        for parameter in named {
            let name = parameter.parameter.name.as_str();
            if shape.items.contains_key(name) {
                let message = format!("`{of}` has an item `{name}`, which is a parameter already");
                self.report(
                    Rule::InvalidAnnotation,
                    parameter.parameter.name.range(),
                    message,
                );
            }
        }
    }
}

/// An item as it would be written.
fn described(item: &TypedDictItem) -> String {
    let ty = match item.required {
        true => item.ty.to_string(),
        false => format!("NotRequired[{}]", item.ty),
    };
    match item.read_only {
        true => format!("ReadOnly[{ty}]"),
        false => ty,
    }
}

/// The symbol of a class of this file.
pub(super) fn symbol_of(checker: &Checker<'_>, qualname: &Name) -> Symbol {
    Symbol::of(
        crate::resolve::module_name(checker.db, checker.file),
        *qualname,
    )
}
