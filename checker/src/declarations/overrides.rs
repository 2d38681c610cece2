//! Methods that override others: whether they may, and whether they can stand in for them.

use std::sync::Arc;

use keelback_parser::ast::StmtFunctionDef;
use keelback_parser::text_size::TextRange;

use super::{Checker, mangled};
use crate::annotation::Scope;
use crate::index::{BindingKind, ClassEntry, FunctionEntry, find_function};
use crate::interface::{FunctionInterface, FunctionKind, Member, Param, ParamKind};
use crate::members::{Found, inherited_member, mro};
use crate::rules::Rule;
use crate::signatures::{KnownDecorator, function_interface, known_decorator};
use crate::types::{Name, Signature, Type};

impl Checker<'_> {
    pub(super) fn overrides(&mut self) {
        let index = self.index.clone();
        for class in index.classes.values() {
            for (name, bindings) in &class.scope.bindings {
                let Some(last) = bindings.last() else {
                    continue;
                };
                let BindingKind::Function(qualname) = &last.kind else {
                    continue;
                };
                let Some(entry) = index.functions.get(qualname) else {
                    continue;
                };
                self.method(class, name, entry);
            }
        }
    }

    fn method(&mut self, class: &ClassEntry, name: &Name, entry: &FunctionEntry) {
        let db = self.db;
        let parsed = crate::files::parsed(db, self.file);
        if find_function(&parsed, entry.range).is_none() {
            return;
        }
        let Some(interface) = crate::classes::class_in(db, self.file, &class.qualname) else {
            return;
        };
        let has_unknown = mro(db, self.file, &interface.symbol).is_none_or(|mro| mro.has_unknown);
        let key = mangled(&class.qualname, name);
        let Some((found, base, args)) = inherited_member(db, self.file, &interface, &key) else {
            if let Some(marked) = self.marked_override(class, entry).filter(|_| !has_unknown) {
                let message = format!("`{name}` is marked `@override`, but no base class has it");
                self.report(Rule::OverridesNothing, marked, message);
            }
            return;
        };
        let function = match &found.member {
            Member::Method(symbol) | Member::Property { getter: symbol, .. } => {
                function_interface(db, self.file, symbol)
            }
            _ => None,
        };
        let Some(function) = function else { return };
        if function.is_final {
            let owner = found.owner.symbol.name();
            let message = format!("Method `{name}` is final in `{owner}` and cannot be overridden");
            self.report(Rule::FinalOverride, entry.name_range, message);
            return;
        }
        // Constructors and hooks of class creation need not fit their bases'.
        let is_exempt = matches!(
            &**name,
            "__init__" | "__new__" | "__init_subclass__" | "__post_init__"
        ) || (name.starts_with("__") && !name.ends_with("__"));
        // What the standard library's stubs say of special methods is stricter than what Python needs.
        let is_library = !crate::resolve::resolve_from(db, self.file, &found.owner.symbol.module)
            .is_some_and(|file| crate::files::staticness(db, file).is_static());
        let Some(own) = crate::signatures::function_in(db, self.file, &entry.qualname) else {
            return;
        };
        if is_exempt
            || is_library
            || own.is_decorated
            || function.is_decorated
            || own.is_overloaded
            || function.is_overloaded
        {
            return;
        }
        let params = crate::classes::class_interface_params(db, self.file, &base);
        let specialise = |ty: &Type| found.specialise(ty, &params, &args);
        if let Some(problem) = self.misfit(&own, &function, &specialise) {
            self.invalid_override(&found, name, entry, &function, problem);
        }
    }

    fn invalid_override(
        &mut self,
        found: &Found,
        name: &Name,
        entry: &FunctionEntry,
        function: &Arc<FunctionInterface>,
        problem: String,
    ) {
        let db = self.db;
        let owner = found.owner.symbol.name();
        let message =
            format!("Method `{name}` does not fit `{owner}.{name}`, which it overrides: {problem}");
        // Where the overridden method is. Its position is read for the label alone.
        let file = crate::resolve::resolve_from(db, self.file, &function.symbol.module);
        let place = file.and_then(|file| {
            let part = crate::stubs::part(db, file, &function.symbol.qualname);
            let entry = part.index.functions.get(&function.symbol.qualname)?;
            Some((file, entry.name_range))
        });
        let report = self.report(Rule::InvalidOverride, entry.name_range, message);
        if let Some((file, range)) = place {
            *report = report
                .clone()
                .with_secondary(file, range, "overridden here");
        }
    }

    /// The name of the first overload of a method, or of the method itself, that is marked `@override`.
    fn marked_override(&self, class: &ClassEntry, entry: &FunctionEntry) -> Option<TextRange> {
        let scope = self.sight.scope_inside(&class.qualname);
        let parsed = crate::files::parsed(self.db, self.file);
        let mut all = entry.overloads().into_iter().chain([entry]);
        let marked = all.find(|entry| {
            find_function(&parsed, entry.range).is_some_and(|node| self.is_override(&scope, node))
        });
        marked.map(|entry| entry.name_range)
    }

    fn is_override(&self, scope: &Scope<'_>, node: &StmtFunctionDef) -> bool {
        node.decorator_list.iter().any(|decorator| {
            known_decorator(scope, &decorator.expression, node.name.as_str())
                == Some(KnownDecorator::Override)
        })
    }

    /// Why calls that `base` allows do not work with `own`.
    fn misfit(
        &self,
        own: &FunctionInterface,
        base: &FunctionInterface,
        specialise: &dyn Fn(&Type) -> Type,
    ) -> Option<String> {
        if own.kind != base.kind {
            return Some(format!(
                "it is {}, not {}",
                kind_name(own.kind),
                kind_name(base.kind)
            ));
        }
        // What an `async def` gives when it is called is a coroutine, which may be what is wanted.
        let gives = |function: &FunctionInterface| Signature::of(function).returns;
        if own.is_async != base.is_async
            && !self.is_assignable(&gives(own), &specialise(&gives(base)))
        {
            let (is, not) = if own.is_async {
                ("async", "plain")
            } else {
                ("plain", "async")
            };
            return Some(format!("it is {is}, not {not}"));
        }
        let skip = usize::from(!matches!(own.kind, FunctionKind::StaticMethod));
        if let Some(problem) = self.params_misfit(
            own.params.get(skip..).unwrap_or(&[]),
            base.params.get(skip..).unwrap_or(&[]),
            specialise,
        ) {
            return Some(problem);
        }
        let expected = specialise(&base.returns);
        if own.is_async == base.is_async
            && own.returns_annotated
            && base.returns_annotated
            && !self.fits(&own.returns, &expected)
        {
            return Some(format!("it returns `{}`, not `{expected}`", own.returns));
        }
        None
    }

    fn params_misfit(
        &self,
        own: &[Param],
        base: &[Param],
        specialise: &dyn Fn(&Type) -> Type,
    ) -> Option<String> {
        let positional = |params: &[Param]| -> Vec<Param> {
            params
                .iter()
                .filter(|param| {
                    matches!(
                        param.kind,
                        ParamKind::PositionalOnly | ParamKind::Positional
                    )
                })
                .cloned()
                .collect()
        };
        let has = |params: &[Param], kind: ParamKind| params.iter().any(|param| param.kind == kind);
        let (own_positional, base_positional) = (positional(own), positional(base));
        let mut matched: Vec<Name> = Vec::new();
        for (position, param) in base_positional.iter().enumerate() {
            let Some(counterpart) = own_positional.get(position) else {
                if has(own, ParamKind::VarPositional) {
                    continue;
                }
                return Some(format!("it does not take parameter `{}`", param.name));
            };
            if param.default.is_some() && counterpart.default.is_none() {
                return Some(format!(
                    "parameter `{}` needs a default value",
                    counterpart.name
                ));
            }
            matched.push(counterpart.name);
            let given = specialise(&param.ty);
            if counterpart.annotated && param.annotated && !self.fits(&given, &counterpart.ty) {
                return Some(format!(
                    "parameter `{}` is `{}`, which does not take `{given}`",
                    counterpart.name, counterpart.ty
                ));
            }
        }
        if has(base, ParamKind::VarPositional) && !has(own, ParamKind::VarPositional) {
            return Some("it does not take any number of positional arguments".to_owned());
        }
        if has(base, ParamKind::VarKeyword) && !has(own, ParamKind::VarKeyword) {
            return Some("it does not take any keyword arguments".to_owned());
        }
        for param in base
            .iter()
            .filter(|param| param.kind == ParamKind::KeywordOnly)
        {
            let counterpart = own.iter().find(|own| {
                own.name == param.name
                    && matches!(own.kind, ParamKind::KeywordOnly | ParamKind::Positional)
            });
            match counterpart {
                Some(counterpart) => matched.push(counterpart.name),
                None if has(own, ParamKind::VarKeyword) => {}
                None => return Some(format!("it does not take parameter `{}`", param.name)),
            }
        }
        let extra = own.iter().find(|param| {
            param.default.is_none()
                && !matches!(param.kind, ParamKind::VarPositional | ParamKind::VarKeyword)
                && !matched.contains(&param.name)
        });
        extra.map(|param| format!("parameter `{}` is new and has no default value", param.name))
    }
}

fn kind_name(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Function | FunctionKind::Method => "an ordinary method",
        FunctionKind::StaticMethod => "a static method",
        FunctionKind::ClassMethod => "a class method",
        FunctionKind::Property | FunctionKind::Setter => "a property",
    }
}
