//! What a name stands for, across files: by syntax and imports where that is enough, by the type of the receiver for attributes.

use keelback_parser::ast::{Expr, StmtImportFrom};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

use crate::classes::mangle;
use crate::db::{Db, File};
use crate::files::parsed;
use crate::index::{BindingKind, find_function, module_index};
use crate::members::mro;
use crate::resolve::{absolute_import, resolve_from};
use crate::types::{Name, Symbol, Type};

use super::locals::{Bound, Origin, origin};
use super::locate::{Around, Located, Spot};
use super::types::TypesAround;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// A variable of a function, lambda or comprehension.
    Local {
        /// The file.
        file: File,
        /// Its name.
        name: Name,
        /// Where it is bound.
        range: TextRange,
        /// Whether it is a parameter.
        is_parameter: bool,
    },
    /// A module-level variable.
    Variable {
        /// The file.
        file: File,
        /// Its name.
        name: Name,
        /// Where it is bound.
        range: TextRange,
    },
    /// A field or a class variable.
    Attribute {
        /// The file.
        file: File,
        /// The class that has it, by qualified name.
        class: Name,
        /// Its name.
        name: Name,
        /// Where it is bound.
        range: TextRange,
    },
    /// A function or method.
    Function {
        /// The file.
        file: File,
        /// Its qualified name.
        qualname: Name,
        /// Where its name is.
        range: TextRange,
    },
    /// A class.
    Class {
        /// The file.
        file: File,
        /// Its qualified name.
        qualname: Name,
        /// Where its name is.
        range: TextRange,
    },
    /// A module.
    Module {
        /// Its full name.
        name: Name,
        /// Its file, if it has one.
        file: Option<File>,
    },
}

/// How many imports are followed before they are taken to go round in a circle.
const IMPORTS: usize = 32;

/// What the name that was located stands for. An attribute of a union may stand for several things.
pub fn entities(db: &dyn Db, file: File, place: &Located<'_>, types: &TypesAround) -> Vec<Entity> {
    let finder = Finder { db, file };
    match place.spot {
        Spot::Name(name) => finder.name(place, name).into_iter().collect(),
        Spot::Attribute(node) => {
            let ty = types.of(db, file, &node.value);
            let name = finder.mangled(place, node.attr.as_str());
            finder.attributes(&ty, &name)
        }
        Spot::Function(node) => vec![Entity::Function {
            file,
            qualname: inside(place, node.name.as_str()),
            range: node.name.range(),
        }],
        Spot::Class(node) => vec![Entity::Class {
            file,
            qualname: inside(place, node.name.as_str()),
            range: node.name.range(),
        }],
        Spot::Parameter(node) => vec![Entity::Local {
            file,
            name: Name::new(node.name.as_str()),
            range: node.name.range(),
            is_parameter: true,
        }],
        Spot::Argument(call, keyword) => {
            let Some(name) = &keyword.arg else {
                return Vec::new();
            };
            finder
                .callees(place, &call.func, types)
                .iter()
                .filter_map(|callee| finder.parameter_of(callee, name.as_str()))
                .collect()
        }
        Spot::Module(name) => finder.module(&Name::new(name)).into_iter().collect(),
        Spot::FromModule(stmt, name) => {
            let module = absolute_import(db, file, stmt.level, Some(name));
            module
                .and_then(|module| finder.module(&module))
                .into_iter()
                .collect()
        }
        Spot::FromName(stmt, alias) => finder
            .imported(stmt, alias.name.as_str())
            .into_iter()
            .collect(),
    }
}

fn inside(place: &Located<'_>, name: &str) -> Name {
    let around = place.qualname();
    if around.is_empty() {
        Name::new(name)
    } else {
        Name::new(format!("{around}.{name}"))
    }
}

struct Finder<'db> {
    db: &'db dyn Db,
    file: File,
}

impl Finder<'_> {
    fn name(&self, place: &Located<'_>, name: &str) -> Option<Entity> {
        match origin(place, name) {
            Origin::Local(bound) => self.local(place, name, bound),
            Origin::ClassBody(depth) => {
                let outer = Located {
                    around: place.around[..=depth].to_vec(),
                    ..place.clone()
                };
                self.member(self.file, &Name::new(outer.qualname()), &Name::new(name))
            }
            Origin::Global => self.global(self.file, name, 0).or_else(|| {
                let builtins = resolve_from(self.db, self.file, &Name::new("builtins"))?;
                self.global(builtins, name, 0)
            }),
        }
    }

    fn local(&self, place: &Located<'_>, name: &str, bound: Bound<'_>) -> Option<Entity> {
        let local = |range, is_parameter| Entity::Local {
            file: self.file,
            name: Name::new(name),
            range,
            is_parameter,
        };
        Some(match bound {
            Bound::Parameter(range) => local(range, true),
            Bound::Variable(range) => local(range, false),
            Bound::Function(node) => Entity::Function {
                file: self.file,
                qualname: self.nested(place, node.range, node.name.as_str()),
                range: node.name.range(),
            },
            Bound::Class(node) => Entity::Class {
                file: self.file,
                qualname: self.nested(place, node.range, node.name.as_str()),
                range: node.name.range(),
            },
            Bound::Import(module) => return self.module(&Name::new(module)),
            Bound::FromImport(stmt, alias) => return self.imported(stmt, alias.name.as_str()),
        })
    }

    /// The qualified name of a definition inside of a function.
    fn nested(&self, place: &Located<'_>, range: TextRange, name: &str) -> Name {
        let index = module_index(self.db, self.file);
        let functions = index.functions.values().map(|e| (e.range, &e.qualname));
        let classes = index.classes.values().map(|e| (e.range, &e.qualname));
        functions
            .chain(classes)
            .find(|(own, _)| *own == range)
            .map_or_else(|| inside(place, name), |(_, qualname)| *qualname)
    }

    /// What the module-level name of `file` stands for.
    fn global(&self, file: File, name: &str, depth: usize) -> Option<Entity> {
        if depth > IMPORTS {
            return None;
        }
        let index = module_index(self.db, file);
        let Some(bindings) = index.scope.bindings.get(name) else {
            return index.scope.stars.iter().find_map(|module| {
                let target = resolve_from(self.db, file, module)?;
                self.global(target, name, depth + 1)
            });
        };
        let declared = bindings.iter().find(|binding| {
            matches!(
                binding.kind,
                BindingKind::Function(_) | BindingKind::Class(_) | BindingKind::Annotated { .. }
            )
        });
        let binding = declared.or(bindings.first())?;
        match &binding.kind {
            BindingKind::Function(qualname) => self.function(file, qualname),
            BindingKind::Class(qualname) => self.class(file, qualname),
            BindingKind::Import(module) => self.module_from(file, module),
            BindingKind::ImportFrom { module, name } => {
                self.in_module(file, module, name, depth + 1)
            }
            _ => Some(Entity::Variable {
                file,
                name: Name::new(name),
                range: binding.range,
            }),
        }
    }

    fn function(&self, file: File, qualname: &Name) -> Option<Entity> {
        let index = module_index(self.db, file);
        let entry = index.functions.get(qualname)?;
        // Of overloads the first: the others follow it.
        let first = entry
            .overloads()
            .first()
            .map_or(entry.name_range, |entry| entry.name_range);
        Some(Entity::Function {
            file,
            qualname: *qualname,
            range: first,
        })
    }

    fn class(&self, file: File, qualname: &Name) -> Option<Entity> {
        let index = module_index(self.db, file);
        let entry = index.classes.get(qualname)?;
        Some(Entity::Class {
            file,
            qualname: *qualname,
            range: entry.name_range,
        })
    }

    fn module(&self, name: &Name) -> Option<Entity> {
        self.module_from(self.file, name)
    }

    fn module_from(&self, from: File, name: &Name) -> Option<Entity> {
        let file = resolve_from(self.db, from, name);
        let is_known = file.is_some()
            || crate::resolve::resolve(self.db, name) != crate::resolve::Resolution::Missing;
        is_known.then_some(Entity::Module { name: *name, file })
    }

    fn imported(&self, stmt: &StmtImportFrom, name: &str) -> Option<Entity> {
        let module = stmt.module.as_ref().map(|module| module.as_str());
        let module = absolute_import(self.db, self.file, stmt.level, module)?;
        self.in_module(self.file, &module, name, 0)
    }

    /// The name of another module, or its submodule.
    fn in_module(&self, from: File, module: &Name, name: &str, depth: usize) -> Option<Entity> {
        resolve_from(self.db, from, module)
            .and_then(|file| self.global(file, name, depth))
            .or_else(|| self.module_from(from, &Name::new(format!("{module}.{name}"))))
    }

    /// A private name as it is stored in objects.
    fn mangled(&self, place: &Located<'_>, name: &str) -> Name {
        let class = place.around.iter().rev().find_map(|around| match around {
            Around::Class(node) => Some(node.name.as_str()),
            _ => None,
        });
        match class {
            Some(class) => mangle(class, name),
            None => Name::new(name),
        }
    }

    /// What attribute `name` of a value of type `ty` stands for.
    fn attributes(&self, ty: &Type, name: &Name) -> Vec<Entity> {
        let mut found: Vec<Entity> = Vec::new();
        for member in ty.members() {
            let entity = match member {
                Type::Module(module) => self.in_module(self.file, module, name, 0),
                Type::Class(class) => self.inherited(class, name),
                Type::TypeVar(variable) => {
                    let bound = variable.bound.map_or(Type::object(), |bound| *bound);
                    found.extend(self.attributes(&bound, name));
                    None
                }
                Type::ClassOf(of) => {
                    found.extend(self.attributes(of, name));
                    None
                }
                other => other.class().and_then(|class| self.inherited(&class, name)),
            };
            found.extend(entity.filter(|entity| !found.contains(entity)));
        }
        found
    }

    fn inherited(&self, class: &Symbol, name: &Name) -> Option<Entity> {
        let mro = mro(self.db, self.file, class)?;
        mro.ancestors.iter().find_map(|ancestor| {
            let file = resolve_from(self.db, self.file, &ancestor.symbol.module)?;
            self.member(file, &ancestor.symbol.qualname, name)
        })
    }

    /// What `name` is in the body of the class, or through `self` in its methods.
    fn member(&self, file: File, class: &Name, name: &Name) -> Option<Entity> {
        let index = module_index(self.db, file);
        let entry = index.classes.get(class)?;
        let attribute = |range| Entity::Attribute {
            file,
            class: *class,
            name: *name,
            range,
        };
        let own = last_part(class);
        let bindings = entry.scope.bindings.iter();
        let mut bindings = bindings.filter(|(bound, _)| mangle(own, bound) == *name);
        if let Some((_, bindings)) = bindings.next() {
            let binding = bindings.first()?;
            return match &binding.kind {
                BindingKind::Function(qualname) => self.function(file, qualname),
                BindingKind::Class(qualname) => self.class(file, qualname),
                BindingKind::Import(module) => self.module_from(file, module),
                BindingKind::ImportFrom { module, name } => self.in_module(file, module, name, 0),
                _ => Some(attribute(binding.range)),
            };
        }
        let mut assignments = entry.self_assignments.iter();
        let declared = entry
            .self_assignments
            .iter()
            .find(|assignment| assignment.is_annotated && mangle(own, &assignment.name) == *name);
        let assignment = declared
            .or_else(|| assignments.find(|assignment| mangle(own, &assignment.name) == *name))?;
        // The target is the whole of `self.name`.
        let target = assignment.target;
        let start = target.end() - TextSize::of(&*assignment.name);
        Some(attribute(TextRange::new(start, target.end())))
    }

    /// What the callee of a call stands for.
    fn callees(&self, place: &Located<'_>, callee: &Expr, types: &TypesAround) -> Vec<Entity> {
        match callee {
            Expr::Name(name) => self.name(place, name.id.as_str()).into_iter().collect(),
            Expr::Attribute(node) => {
                let ty = types.of(self.db, self.file, &node.value);
                let name = self.mangled(place, node.attr.as_str());
                self.attributes(&ty, &name)
            }
            _ => Vec::new(),
        }
    }

    /// The parameter, or of a dataclass the field, that an argument of this name goes to.
    fn parameter_of(&self, callee: &Entity, name: &str) -> Option<Entity> {
        match callee {
            Entity::Function { file, qualname, .. } => {
                let index = module_index(self.db, *file);
                let entry = index.functions.get(qualname)?;
                let parsed = parsed(self.db, *file);
                entry.earlier.iter().chain([entry]).find_map(|entry| {
                    let node = find_function(&parsed, entry.range)?;
                    let parameter = node.parameters.iter().find(|p| p.name().as_str() == name)?;
                    Some(Entity::Local {
                        file: *file,
                        name: Name::new(name),
                        range: parameter.name().range(),
                        is_parameter: true,
                    })
                })
            }
            Entity::Class { file, qualname, .. } => {
                let symbol = Symbol::of(crate::resolve::module_name(self.db, *file), *qualname);
                let init = self.inherited(&symbol, &Name::new("__init__"));
                init.and_then(|init| self.parameter_of(&init, name))
                    .or_else(|| self.inherited(&symbol, &Name::new(name)))
            }
            _ => None,
        }
    }
}

fn last_part(qualname: &str) -> &str {
    crate::index::last_part(qualname)
}
