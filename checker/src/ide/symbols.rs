//! The outline of a file: classes with their members, functions with what is nested in them, module-level names.

use keelback_parser::ast::{Expr, Stmt};
use keelback_parser::text_size::{Ranged, TextRange};

use crate::db::{Db, File};
use crate::files::{Text, parsed, staticness};
use crate::index::{FunctionEntry, ModuleIndex, for_each_body, module_index};
use crate::interface::FunctionKind;
use crate::signatures::function_in;
use crate::types::Name;

use super::signature;

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A class.
    Class,
    /// A function.
    Function,
    /// A method of any kind but a property.
    Method,
    /// `__init__`
    Constructor,
    /// A property.
    Property,
    /// A field or class variable.
    Field,
    /// A module-level name written in capitals.
    Constant,
    /// Any other module-level name.
    Variable,
    /// A `type` statement.
    TypeAlias,
}

/// One entry of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// A signature or a type.
    pub detail: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The whole definition.
    pub range: TextRange,
    /// The name.
    pub name_range: TextRange,
    /// What is defined in it.
    pub children: Vec<Symbol>,
}

/// The outline of `file`, in the order of the text.
pub fn symbols(db: &dyn Db, file: File) -> Option<Vec<Symbol>> {
    if !staticness(db, file).is_static() {
        return None;
    }
    let tree = parsed(db, file);
    let outline = Outline {
        db,
        file,
        index: module_index(db, file),
        source: crate::files::source_text(db, file).text.clone(),
    };
    let mut found = Vec::new();
    outline.block(tree.body(), Inside::Module, &mut found);
    Some(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Module,
    Class,
    Function,
}

struct Outline<'db> {
    db: &'db dyn Db,
    file: File,
    index: std::sync::Arc<ModuleIndex>,
    source: Text,
}

impl Outline<'_> {
    fn block(&self, body: &[Stmt], inside: Inside, found: &mut Vec<Symbol>) {
        for stmt in body {
            match stmt {
                Stmt::FunctionDef(node) => {
                    let mut functions = self.index.functions.values();
                    let entry = functions.find(|entry| {
                        let mut all = entry.earlier.iter().chain([*entry]);
                        all.any(|entry| entry.range == node.range)
                    });
                    let mut children = Vec::new();
                    self.block(&node.body, Inside::Function, &mut children);
                    found.push(Symbol {
                        name: node.name.to_string(),
                        detail: entry.and_then(|entry| self.signature(entry)),
                        kind: function_kind(node.name.as_str(), entry, inside),
                        range: node.range,
                        name_range: node.name.range(),
                        children,
                    });
                }
                Stmt::ClassDef(node) => {
                    let mut children = Vec::new();
                    self.block(&node.body, Inside::Class, &mut children);
                    self.fields(node.range, &mut children);
                    children.sort_by_key(|child| child.range.start());
                    found.push(Symbol {
                        name: node.name.to_string(),
                        detail: None,
                        kind: Kind::Class,
                        range: node.range,
                        name_range: node.name.range(),
                        children,
                    });
                }
                Stmt::AnnAssign(node) => {
                    let annotation = self.text(node.annotation.range());
                    self.variable(&node.target, node.range, Some(annotation), inside, found);
                }
                Stmt::Assign(node) => {
                    for target in &node.targets {
                        self.variable(target, node.range, None, inside, found);
                    }
                }
                Stmt::TypeAlias(node) => {
                    if let Expr::Name(name) = &*node.name {
                        found.push(Symbol {
                            name: name.id.to_string(),
                            detail: Some(self.text(node.value.range())),
                            kind: Kind::TypeAlias,
                            range: node.range,
                            name_range: name.range,
                            children: Vec::new(),
                        });
                    }
                }
                _ => for_each_body(stmt, &mut |body| self.block(body, inside, found)),
            }
        }
    }

    fn variable(
        &self,
        target: &Expr,
        range: TextRange,
        detail: Option<String>,
        inside: Inside,
        found: &mut Vec<Symbol>,
    ) {
        let Expr::Name(name) = target else { return };
        let text = name.id.as_str();
        // The locals of a function are no part of the outline, and a name is listed where it is first bound.
        let is_listed = found.iter().any(|symbol| symbol.name == text);
        if inside == Inside::Function || is_listed {
            return;
        }
        let kind = if inside == Inside::Class {
            Kind::Field
        } else if text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase) {
            Kind::Constant
        } else {
            Kind::Variable
        };
        found.push(Symbol {
            name: text.to_owned(),
            detail,
            kind,
            range,
            name_range: name.range,
            children: Vec::new(),
        });
    }

    /// Fields that are assigned through `self` and not declared in the body.
    fn fields(&self, class: TextRange, found: &mut Vec<Symbol>) {
        let mut classes = self.index.classes.values();
        let Some(entry) = classes.find(|entry| entry.range == class) else {
            return;
        };
        for assignment in &entry.self_assignments {
            let name: &Name = &assignment.name;
            if found.iter().any(|symbol| symbol.name == **name) {
                continue;
            }
            found.push(Symbol {
                name: name.to_string(),
                detail: None,
                kind: Kind::Field,
                range: assignment.stmt,
                name_range: assignment.target,
                children: Vec::new(),
            });
        }
    }

    fn signature(&self, entry: &FunctionEntry) -> Option<String> {
        let interface = function_in(self.db, self.file, &entry.qualname)?;
        let text = signature::function("", &interface);
        Some(text.replacen("def ", "", 1))
    }

    fn text(&self, range: TextRange) -> String {
        let text = self.source.get(std::ops::Range::<usize>::from(range));
        let words: Vec<&str> = text.unwrap_or("").split_whitespace().collect();
        words.join(" ")
    }
}

fn function_kind(name: &str, entry: Option<&FunctionEntry>, inside: Inside) -> Kind {
    if inside != Inside::Class {
        return Kind::Function;
    }
    match entry.map(|entry| entry.kind) {
        Some(FunctionKind::Property | FunctionKind::Setter) => Kind::Property,
        _ if name == "__init__" => Kind::Constructor,
        _ => Kind::Method,
    }
}
