//! Qualifiers of annotations, `Final` and `ClassVar`: where they may stand, what may stand in them, and that what is `Final` gets a
//! value.

use keelback_parser::ast::visitor::{Visitor, walk_stmt};
use keelback_parser::ast::{Expr, Operator, Stmt, StmtAnnAssign};
use keelback_parser::text_size::Ranged;

use super::{Checker, mangled};
use crate::annotation::Scope;
use crate::index::{Binding, BindingKind, ClassEntry, find_class, find_function, find_stmt};
use crate::rules::Rule;
use crate::symbols::{Resolved, Special};
use crate::types::Name;

/// What an annotation is the annotation of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A parameter.
    Parameter,
    /// The result of a function.
    Result,
    /// A module-level name.
    Module,
    /// A name that a class body declares.
    Class(Shape),
    /// A local of a function.
    Local,
    /// An attribute of `self`; whether in a method that makes the object.
    Attribute(bool),
    /// The value of an alias.
    Alias,
}

/// What a class is made into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Dataclass,
    NamedTuple,
    TypedDict,
}

/// Which qualifiers may stand where one is met.
#[derive(Clone, Copy)]
struct Allowed {
    is_final: bool,
    is_class_var: bool,
}

impl Allowed {
    const NOTHING: Allowed = Allowed {
        is_final: false,
        is_class_var: false,
    };

    fn at(place: Place) -> Allowed {
        match place {
            Place::Module | Place::Local | Place::Attribute(true) => Allowed {
                is_final: true,
                is_class_var: false,
            },
            Place::Class(Shape::Plain | Shape::Dataclass) => Allowed {
                is_final: true,
                is_class_var: true,
            },
            // What these make of a name is no attribute of a class.
            Place::Class(Shape::NamedTuple) => Allowed {
                is_final: false,
                is_class_var: true,
            },
            _ => Allowed::NOTHING,
        }
    }
}

impl Checker<'_> {
    pub(super) fn qualifiers(&mut self) {
        let source = crate::files::source_text(self.db, self.file);
        if !source.text.contains("Final") && !source.text.contains("ClassVar") {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let index = self.index.clone();
        let module = self.sight.module_scope();
        for (name, bindings) in &index.scope.bindings {
            for node in annotated(&parsed, bindings) {
                self.qualified(&module, &node.annotation, Place::Module);
                self.alias_value(&module, node);
                self.module_final(&module, name, bindings, node);
            }
        }
        for class in index.classes.values() {
            let scope = self.sight.scope_inside(&class.qualname);
            let place = Place::Class(self.shape(class));
            for (name, bindings) in &class.scope.bindings {
                for node in annotated(&parsed, bindings) {
                    self.qualified(&scope, &node.annotation, place);
                    self.class_variable_type(&scope, node);
                    self.class_final(&scope, class, name, node);
                }
            }
        }
        for function in index.functions.values() {
            for entry in function.earlier.iter().chain([function]) {
                let Some(node) = find_function(&parsed, entry.range) else {
                    continue;
                };
                let scope = crate::signatures::scope_in(&self.sight, entry, node);
                for parameter in &node.parameters {
                    if let Some(annotation) = parameter.annotation() {
                        self.qualified(&scope, annotation, Place::Parameter);
                    }
                }
                if let Some(returns) = &node.returns {
                    self.qualified(&scope, returns, Place::Result);
                }
                let mut declared = Declared(Vec::new());
                declared.visit_body(&node.body);
                let inside = self.sight.scope_inside(&entry.qualname);
                for node in declared.0 {
                    let place = match &*node.target {
                        Expr::Attribute(_) => Place::Attribute(
                            entry.class.is_some()
                                && makes_object(crate::index::last_part(&entry.qualname)),
                        ),
                        _ => Place::Local,
                    };
                    self.qualified(&inside, &node.annotation, place);
                }
            }
        }
    }

    /// Reports the qualifiers in the annotation of `place` that are not allowed there.
    fn qualified(&mut self, scope: &Scope<'_>, annotation: &Expr, place: Place) {
        self.walk(scope, annotation, place, Allowed::at(place));
    }

    fn walk(&mut self, scope: &Scope<'_>, expr: &Expr, place: Place, allowed: Allowed) {
        match expr {
            Expr::Name(_) | Expr::Attribute(_) => {
                self.qualifier(scope, expr, place, allowed);
            }
            Expr::StringLiteral(string) => {
                let source = crate::files::source_text(self.db, self.file);
                if !string.value.to_str().contains("Final")
                    && !string.value.to_str().contains("ClassVar")
                {
                    return;
                }
                if let Ok(inner) = keelback_parser::parse_string_annotation(&source.text, string) {
                    self.walk(scope, &inner, place, allowed);
                }
            }
            Expr::Subscript(subscript) => {
                let inner = &*subscript.slice;
                match scope.resolve(&subscript.value) {
                    Resolved::Special(Special::Literal) => {}
                    Resolved::Special(Special::Annotated) => {
                        let first = match inner {
                            Expr::Tuple(tuple) => tuple.elts.first(),
                            other => Some(other),
                        };
                        if let Some(first) = first {
                            self.walk(scope, first, place, allowed);
                        }
                    }
                    Resolved::Special(special @ (Special::Final | Special::ClassVar)) => {
                        if !self.qualifier(scope, &subscript.value, place, allowed) {
                            return;
                        }
                        // A class variable of a dataclass may be final as well: without `ClassVar` it would be a field.
                        let inside = Allowed {
                            is_final: special == Special::ClassVar
                                && place == Place::Class(Shape::Dataclass),
                            is_class_var: false,
                        };
                        self.walk(scope, inner, place, inside);
                    }
                    Resolved::Special(
                        Special::Required | Special::NotRequired | Special::ReadOnly,
                    ) => self.walk(scope, inner, place, allowed),
                    _ => self.walk(scope, inner, place, Allowed::NOTHING),
                }
            }
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                self.walk(scope, &operation.left, place, Allowed::NOTHING);
                self.walk(scope, &operation.right, place, Allowed::NOTHING);
            }
            Expr::Tuple(tuple) => {
                for item in &tuple.elts {
                    self.walk(scope, item, place, Allowed::NOTHING);
                }
            }
            Expr::List(list) => {
                for item in &list.elts {
                    self.walk(scope, item, place, Allowed::NOTHING);
                }
            }
            _ => {}
        }
    }

    /// Reports `expr` if it is a qualifier that is not allowed. Whether it is one that is.
    fn qualifier(
        &mut self,
        scope: &Scope<'_>,
        expr: &Expr,
        place: Place,
        allowed: Allowed,
    ) -> bool {
        let message = match scope.resolve(expr) {
            Resolved::Special(Special::Final) if !allowed.is_final => match place {
                Place::Parameter => "`Final` is not allowed on a parameter",
                Place::Result => "`Final` is not allowed on the result of a function",
                Place::Alias => "`Final` is a qualifier and cannot be part of an alias",
                Place::Class(Shape::TypedDict) => "`Final` is not allowed in a `TypedDict`",
                Place::Class(Shape::NamedTuple) => "`Final` is not allowed in a `NamedTuple`",
                Place::Attribute(false) => {
                    "An attribute is declared `Final` in the class body or in `__init__`"
                }
                _ => "`Final` stands around the whole annotation, and not together with `ClassVar`",
            },
            Resolved::Special(Special::ClassVar) if !allowed.is_class_var => match place {
                Place::Class(_) => {
                    "`ClassVar` stands around the whole annotation, and not together with `Final`"
                }
                _ => "`ClassVar` is only allowed on names that the body of a class declares",
            },
            Resolved::Special(Special::Final | Special::ClassVar) => return true,
            _ => return false,
        };
        self.report(Rule::InvalidAnnotation, expr.range(), message);
        false
    }

    /// The value of `X: TypeAlias = …`.
    fn alias_value(&mut self, scope: &Scope<'_>, node: &StmtAnnAssign) {
        let is_alias = matches!(
            scope.resolve(&node.annotation),
            Resolved::Special(Special::TypeAlias)
        );
        if let (true, Some(value)) = (is_alias, &node.value) {
            self.qualified(scope, value, Place::Alias);
        }
    }

    /// A class variable is the same for every argument of a generic class, so its type cannot depend on them.
    fn class_variable_type(&mut self, scope: &Scope<'_>, node: &StmtAnnAssign) {
        let found = scope.annotation(&node.annotation, &mut Vec::new());
        let (true, Some(ty)) = (found.is_class_var, found.ty) else {
            return;
        };
        let mut variables = Vec::new();
        ty.collect_variables(&mut variables);
        if let Some(variable) = variables.iter().find(|variable| !variable.is_self()) {
            let message = format!(
                "A class variable is shared by all instances: its type cannot have the type variable `{}`",
                variable.name
            );
            self.report(Rule::InvalidAnnotation, node.annotation.range(), message);
        }
    }

    /// A module-level `Final` that gets no value.
    fn module_final(
        &mut self,
        scope: &Scope<'_>,
        name: &Name,
        bindings: &[Binding],
        node: &StmtAnnAssign,
    ) {
        let has_value = bindings.len() > 1 || node.value.is_some();
        if has_value
            || self.file.path(self.db).is_stub()
            || !scope.annotation(&node.annotation, &mut Vec::new()).is_final
        {
            return;
        }
        let message = format!("`{name}` is `Final` and is never given its value");
        self.report(Rule::FinalWithoutValue, node.target.range(), message);
    }

    /// A `Final` name of a class body that neither the body nor `__init__` gives a value.
    fn class_final(
        &mut self,
        scope: &Scope<'_>,
        class: &ClassEntry,
        name: &Name,
        node: &StmtAnnAssign,
    ) {
        if node.value.is_some() || self.file.path(self.db).is_stub() {
            return;
        }
        let found = scope.annotation(&node.annotation, &mut Vec::new());
        if !found.is_final {
            return;
        }
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return;
        };
        let is_made_elsewhere = self.shape(class) != Shape::Plain
            || interface.is_protocol
            || interface.is_rewritten
            || crate::members::mro(self.db, self.file, &interface.symbol)
                .is_none_or(|mro| mro.has_unknown);
        let key = mangled(&class.qualname, name);
        let is_assigned = class
            .self_assignments
            .iter()
            .any(|assignment| mangled(&class.qualname, &assignment.name) == key);
        if is_assigned || is_made_elsewhere {
            return;
        }
        let message = format!("`{name}` is `Final` and is never given its value");
        self.report(Rule::FinalWithoutValue, node.target.range(), message)
            .notes
            .push("Give it one here, or in `__init__`".to_owned());
    }

    fn shape(&self, class: &ClassEntry) -> Shape {
        let Some(interface) = crate::classes::class_in(self.db, self.file, &class.qualname) else {
            return Shape::Plain;
        };
        if interface.named_tuple.is_some() {
            return Shape::NamedTuple;
        }
        if interface.dataclass.is_some() {
            return Shape::Dataclass;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let is_typed_dict = find_class(&parsed, class.range).is_some_and(|node| {
            let bases = node.arguments.iter().flat_map(|arguments| &arguments.args);
            bases.into_iter().any(|base| {
                crate::reach::dotted(base)
                    .is_some_and(|name| crate::index::last_part(&name) == "TypedDict")
            })
        });
        if is_typed_dict {
            Shape::TypedDict
        } else {
            Shape::Plain
        }
    }
}

/// Whether a method gives a new object its fields.
pub(crate) fn makes_object(method: &str) -> bool {
    matches!(
        method,
        "__init__" | "__new__" | "__post_init__" | "__setstate__"
    )
}

/// The annotated assignments among `bindings`.
fn annotated<'p>(
    parsed: &'p keelback_parser::Parsed,
    bindings: &'p [Binding],
) -> impl Iterator<Item = &'p StmtAnnAssign> {
    bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::Annotated { .. }))
        .filter_map(|binding| find_stmt(parsed, binding.stmt)?.as_ann_assign_stmt())
}

/// The annotated assignments in a function's body, nested functions and classes left out.
struct Declared<'a>(Vec<&'a StmtAnnAssign>);

impl<'a> Visitor<'a> for Declared<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::AnnAssign(node) => self.0.push(node),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
