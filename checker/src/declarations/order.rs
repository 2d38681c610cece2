//! Names that code of a module or a class reads before anything can have bound them.
//!
//! The statements of a module and of its class bodies run from top to bottom, once, so a name whose every binding comes further down
//! is not there yet. Bodies of functions and lambdas run later, and so do bounds and defaults of type parameters and the values of
//! `type` statements; annotations are looked at by `forward`. Wherever something else may provide the name, nothing is said.

use keelback_parser::ast::visitor::{self, Visitor};
use keelback_parser::ast::{self, Expr, ExprContext, Stmt};
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

use super::Checker;
use crate::classes::class_interface;
use crate::index::{Binding, BindingKind, ModuleIndex};
use crate::members::mro;
use crate::rules::Rule;
use crate::symbols::{Resolved, resolve_builtin};
use crate::types::{Name, Symbol};

impl Checker<'_> {
    pub(super) fn read_before_bound(&mut self) {
        let has_star = |index: &ModuleIndex| {
            let mut imports = index.imports.iter();
            imports.any(|import| import.name.as_deref() == Some("*"))
        };
        let index = self.index.clone();
        if self.file.path(self.db).is_stub() || has_star(&index) || !self.wants(Rule::UndefinedName)
        {
            return;
        }
        let parsed = crate::files::parsed(self.db, self.file);
        let mut reads = Reads {
            index: &index,
            class: None,
            own: Vec::new(),
            until: None,
            early: Vec::new(),
        };
        reads.visit_body(parsed.body());
        let early = reads.early;
        if early.is_empty() {
            return;
        }
        let mut dynamic = Dynamic { from: None };
        dynamic.visit_body(parsed.body());
        for read in early {
            let is_dynamic = dynamic.from.is_some_and(|from| from < read.until);
            // A class that is its own base, for one.
            let is_said = self
                .found
                .iter()
                .any(|found| found.primary.span.range() == read.range);
            if is_dynamic || is_said || self.may_come_from_elsewhere(&read) {
                continue;
            }
            let message = format!("`{}` is not defined yet here", read.name);
            self.report(Rule::UndefinedName, read.range, message)
                .notes
                .push("Move this below the place that binds the name".to_owned());
        }
    }

    /// Whether something other than a statement of the file may bind the name: builtins, a package's submodules, which importing them
    /// binds, or the namespace of a metaclass.
    fn may_come_from_elsewhere(&self, read: &Read<'_>) -> bool {
        if !matches!(resolve_builtin(self.db, read.name), Resolved::Missing) {
            return true;
        }
        if self.file.path(self.db).is_package() {
            let submodule = Name::new(format!("{}.{}", self.sight.module(), read.name));
            if crate::resolve::resolve_from(self.db, self.file, &submodule).is_some() {
                return true;
            }
        }
        read.class
            .is_some_and(|class| !self.has_plain_namespace(class))
    }

    /// Whether the body of a class certainly starts with no names of its own.
    fn has_plain_namespace(&self, class: Name) -> bool {
        let symbol = Symbol::of(self.sight.module(), class);
        mro(self.db, self.file, &symbol).is_some_and(|mro| {
            !mro.has_unknown
                && mro.ancestors.iter().all(|ancestor| {
                    class_interface(self.db, self.file, &ancestor.symbol).is_some_and(|class| {
                        class
                            .metaclass
                            .is_none_or(|of| matches!(&*of.module, "abc" | "enum"))
                    })
                })
        })
    }
}

/// A name that is read before every statement that binds it.
struct Read<'a> {
    name: &'a str,
    range: TextRange,
    /// What is bound before this may be bound by the time that the name is read.
    until: TextSize,
    /// The class whose body reads it.
    class: Option<Name>,
}

/// Collects what is read too early, in the order of the text.
struct Reads<'a> {
    index: &'a ModuleIndex,
    /// The class whose body is looked at.
    class: Option<Name>,
    /// Type parameters and variables of comprehensions around.
    own: Vec<&'a str>,
    /// The end of the outermost loop or expression around, for what stands further down in there may have run.
    until: Option<TextSize>,
    early: Vec<Read<'a>>,
}

impl<'a> Reads<'a> {
    fn name(&mut self, name: &'a str, range: TextRange) {
        let is_given = name == "_" || (name.starts_with("__") && name.ends_with("__"));
        if is_given || self.own.contains(&name) {
            return;
        }
        let until = self.until.unwrap_or(range.start());
        let Some(bindings) = self.index.scope.bindings.get(name) else {
            return;
        };
        let in_class = self
            .class
            .and_then(|class| self.index.classes.get(&class)?.scope.bindings.get(name));
        let mut all = bindings.iter().chain(in_class.into_iter().flatten());
        if all.any(|binding| bound_at(binding) < until) {
            return;
        }
        self.early.push(Read {
            name,
            range,
            until,
            class: self.class,
        });
    }

    /// Visits what may run more than once, or out of order.
    fn until(&mut self, end: TextSize, visit: impl FnOnce(&mut Self)) {
        let outer = self.until;
        self.until = outer.or(Some(end));
        visit(self);
        self.until = outer;
    }

    fn defaults(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    fn class(&mut self, node: &'a ast::StmtClassDef) {
        for decorator in &node.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        let own = self.own.len();
        let params = node.type_params.iter().flat_map(|params| params.iter());
        self.own.extend(params.map(|param| param.name().as_str()));
        if let Some(arguments) = &node.arguments {
            self.visit_arguments(arguments);
        }
        // What an earlier definition of the same name binds is not known.
        if let Some(entry) = self.index.class_of(node)
            && !entry.is_redefined
        {
            let outer = self.class.replace(entry.qualname);
            self.visit_body(&node.body);
            self.class = outer;
        }
        self.own.truncate(own);
    }

    /// A comprehension: the first iterable is evaluated outside of it. `parts` is what it gives, if it is evaluated at once.
    fn comprehension(
        &mut self,
        generators: &'a [ast::Comprehension],
        parts: Option<[&'a Expr; 2]>,
    ) {
        let Some((first, others)) = generators.split_first() else {
            return;
        };
        self.visit_expr(&first.iter);
        let Some(parts) = parts else { return };
        let own = self.own.len();
        for generator in generators {
            let mut targets = Targets(&mut self.own);
            targets.visit_expr(&generator.target);
        }
        for generator in others {
            self.visit_expr(&generator.iter);
        }
        let tests = generators.iter().flat_map(|generator| &generator.ifs);
        for expr in tests.chain(parts) {
            self.visit_expr(expr);
        }
        self.own.truncate(own);
    }
}

impl<'a> Visitor<'a> for Reads<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
            if stmt.is_raise_stmt() {
                return;
            }
        }
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let mut unreachable = self.index.unreachable.iter();
        if unreachable.any(|range| range.contains_range(stmt.range())) {
            return;
        }
        match stmt {
            Stmt::FunctionDef(node) => {
                for decorator in &node.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                self.defaults(&node.parameters);
            }
            Stmt::ClassDef(node) => self.class(node),
            Stmt::TypeAlias(_) => {}
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
                self.visit_expr(&node.target);
            }
            Stmt::AugAssign(node) => {
                self.visit_expr(&node.value);
                match &*node.target {
                    Expr::Name(name) => self.name(name.id.as_str(), name.range),
                    target => self.visit_expr(target),
                }
            }
            Stmt::For(_) | Stmt::While(_) => {
                let after = stmt.end() + TextSize::from(1);
                self.until(after, |reads| visitor::walk_stmt(reads, stmt));
            }
            // The name may be looked for there, to find that it is missing.
            Stmt::Try(node) => {
                if node.handlers.is_empty() {
                    self.visit_body(&node.body);
                }
                for handler in &node.handlers {
                    self.visit_except_handler(handler);
                }
                self.visit_body(&node.orelse);
                self.visit_body(&node.finalbody);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.visit_with_item(item);
                }
            }
            Stmt::If(node) => {
                let clauses = node.elif_else_clauses.iter();
                let mut tests = clauses
                    .filter_map(|clause| clause.test.as_ref())
                    .chain([&*node.test]);
                // One of its branches is for checkers alone.
                if !tests.any(mentions_type_checking) {
                    visitor::walk_stmt(self, stmt);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.until(expr.end(), |reads| match expr {
            Expr::Name(name) => {
                if name.ctx == ExprContext::Load {
                    reads.name(name.id.as_str(), name.range);
                }
            }
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    reads.defaults(parameters);
                }
            }
            Expr::ListComp(node) => {
                reads.comprehension(&node.generators, Some([&node.elt, &node.elt]))
            }
            Expr::SetComp(node) => {
                reads.comprehension(&node.generators, Some([&node.elt, &node.elt]))
            }
            Expr::DictComp(node) => {
                let key = node.key.as_deref().unwrap_or(&node.value);
                reads.comprehension(&node.generators, Some([key, &node.value]));
            }
            Expr::Generator(node) => reads.comprehension(&node.generators, None),
            _ => visitor::walk_expr(reads, expr),
        });
    }
}

/// The names that a target binds.
struct Targets<'v, 'a>(&'v mut Vec<&'a str>);

impl<'a> Visitor<'a> for Targets<'_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.0.push(name.id.as_str()),
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Finds the first place that may bind names by other means than statements.
struct Dynamic {
    from: Option<TextSize>,
}

impl<'a> Visitor<'a> for Dynamic {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let is_dynamic = match expr {
            Expr::Name(name) => matches!(
                name.id.as_str(),
                "globals" | "locals" | "vars" | "dir" | "exec" | "eval"
            ),
            Expr::Attribute(node) => matches!(node.attr.as_str(), "__dict__" | "modules"),
            _ => false,
        };
        if is_dynamic {
            let first = self
                .from
                .map_or(expr.start(), |from| from.min(expr.start()));
            self.from = Some(first);
        }
        visitor::walk_expr(self, expr);
    }
}

fn mentions_type_checking(test: &Expr) -> bool {
    struct Find(bool);
    impl<'a> Visitor<'a> for Find {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= match expr {
                Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
                Expr::Attribute(node) => node.attr.as_str() == "TYPE_CHECKING",
                _ => false,
            };
            visitor::walk_expr(self, expr);
        }
    }
    let mut find = Find(false);
    find.visit_expr(test);
    find.0
}

/// From where on a name has what `binding` gives it, at the earliest.
fn bound_at(binding: &Binding) -> TextSize {
    match binding.kind {
        BindingKind::Function(_)
        | BindingKind::Class(_)
        | BindingKind::Assigned
        | BindingKind::Augmented
        | BindingKind::Annotated { has_value: true } => binding.stmt.end(),
        _ => binding.range.start(),
    }
}
