//! Names in annotations that stand for nothing.

use keelback_parser::ast::Expr;
use keelback_parser::text_size::Ranged;

use super::{Scope, locals};
use crate::diagnostic::Diagnostic;
use crate::index::module_index;
use crate::rules::Rule;
use crate::symbols::{Resolved, names_of};

impl Scope<'_> {
    pub(super) fn missing(&self, expr: &Expr, problems: &mut Vec<Diagnostic>) {
        match expr {
            Expr::Name(name) => {
                let id = name.id.as_str();
                // A local of an enclosing function is seen when the annotation is evaluated, and not known here.
                if self.container.is_some() && self.is_local_of_container(id) {
                    return;
                }
                let known = names_of(self.db, self.file);
                let builtins = [
                    "int", "float", "bool", "str", "bytes", "list", "dict", "tuple", "object",
                ];
                let candidates = known.iter().map(|name| &**name).chain(builtins);
                let near = crate::suggest::closest(id, candidates);
                let hint = crate::suggest::hint(near);
                let message = format!("Name `{id}` is not defined{hint}");
                self.problem(Rule::UndefinedName, name.range(), message, problems);
                if let Some(near) = near
                    && let Some(problem) = problems.pop()
                {
                    let title = crate::suggest::change_to(near);
                    problems.push(problem.with_fix(title, name.range(), near));
                }
            }
            Expr::Attribute(attribute) => {
                if let Resolved::Module(module) = self.resolve(&attribute.value) {
                    // A stub may be older than the library: what it does not have is dynamic.
                    let file = self.sight.home(&module);
                    if file.is_some_and(|file| file.path(self.db).is_stub()) {
                        return;
                    }
                    let message = format!("Module `{module}` has no `{}`", attribute.attr);
                    self.problem(
                        Rule::UnresolvedAttribute,
                        attribute.attr.range(),
                        message,
                        problems,
                    );
                } else {
                    self.missing(&attribute.value, problems);
                }
            }
            _ => {}
        }
    }

    /// Whether a function around binds `name` itself.
    fn is_local_of_container(&self, name: &str) -> bool {
        let index = module_index(self.db, self.file);
        let parsed = crate::files::parsed(self.db, self.file);
        let mut container = self.container.as_deref();
        while let Some(outer) = container {
            let binds = index.functions.get(outer).is_some_and(|entry| {
                let node = crate::index::find_function(&parsed, entry.range);
                node.is_some_and(|node| locals::binds(node, name))
            });
            if binds {
                return true;
            }
            container = outer.rsplit_once('.').map(|(rest, _)| rest);
        }
        false
    }
}
