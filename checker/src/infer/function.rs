//! Inference over a whole scope: passes until the types of locals are settled, then the pass that writes the tree.

use std::cell::Cell;
use std::sync::Arc;

use crate::collections::IndexSet;
use keelback_parser::ast::{self, Stmt};
use keelback_parser::text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::interface::{FunctionInterface, FunctionKind, ParamKind};
use crate::rules::Rule;
use crate::tree::{self, Body, Fallback, Local, LocalId, StmtKind};
use crate::types::{Name, Symbol, Type, Variable};

use super::attr::erase_top;
use super::convert::Why;
use super::coroutine::Generator;
use super::cx::{Annotations, Cx, Finding, ScopeKind, none};
use super::flow::{Place, State};
use super::nested::{Captured, Nest};
use super::scope::Names;
use super::stmt::terminates;
use super::world::World;

/// Passes before what still changes is taken to be dynamic.
const PASSES: usize = 12;

/// A scope to infer.
pub struct Scope<'a> {
    /// The program.
    pub world: &'a World<'a>,
    /// Infers what is nested in it.
    pub nest: Option<&'a dyn Nest>,
    /// The variables of functions around that it sees.
    pub captured: &'a [Captured],
    /// The type parameters in brackets that are in sight.
    pub type_params: &'a [Variable],
    /// What annotations mean in it.
    pub annotations: &'a Annotations<'a>,
    /// Decides conditions when compiling.
    pub decide: &'a dyn Fn(&ast::Expr) -> Option<bool>,
    /// The file's text.
    pub source: &'a str,
    /// The module.
    pub module: Name,
    /// What kind of scope it is.
    pub kind: ScopeKind,
    /// The function's interface.
    pub function: Option<Arc<FunctionInterface>>,
    /// The class it is the body of, or is in the body of.
    pub class: Option<Symbol>,
    /// Its statements.
    pub body: &'a [Stmt],
    /// The whole definition, and the name in it.
    pub span: TextRange,
    /// Where to say that a return is missing.
    pub name_span: TextRange,
    /// Whether the types of expressions are wanted.
    pub records: bool,
}

/// What inference found.
pub struct Inferred {
    /// Findings in the order in which they were made.
    pub findings: Vec<Finding>,
    /// The tree, or why there is none. Of modules and classes there is none.
    pub body: Result<Body, Fallback>,
    /// The join of what it returns, where nothing is declared.
    pub returned: Type,
    /// The types of expressions and of locals, if they were wanted.
    pub types: Learned,
}

/// What inference knows of the names and expressions of one scope.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Learned {
    /// The narrowed type of each expression that is evaluated, by where it is.
    pub expressions: FxHashMap<TextRange, Type>,
    /// The names of the scope with the types in which they are stored.
    pub locals: Vec<(Name, Type)>,
}

/// Infers a scope.
pub fn infer(scope: &Scope<'_>) -> Inferred {
    let names = Names::of(scope.body);
    let mut cx = start(scope, &names);
    let params = cx.locals.len();
    let param_names: FxHashSet<Name> = cx.by_name.keys().copied().collect();
    if scope.kind != ScopeKind::Module {
        for (name, ty) in scope.captured {
            let own = cx.by_name.contains_key(&**name)
                || names.bound.contains(&**name)
                || names.globals.contains(name);
            if own {
                continue;
            }
            let id = LocalId(u32::try_from(cx.locals.len()).unwrap_or(u32::MAX));
            let name = Name::new(name);
            cx.by_name.insert(name, id);
            cx.locals.push(Local {
                name,
                ty: *ty,
                maybe_unbound: false,
            });
            cx.declared.push(Some(*ty));
        }
    }
    let entered = cx.locals.len();
    if scope.kind != ScopeKind::Module {
        for name in names.bound.iter().filter(|n| !param_names.contains(*n)) {
            let id = LocalId(u32::try_from(cx.locals.len()).unwrap_or(u32::MAX));
            cx.by_name.insert(*name, id);
            cx.locals.push(Local {
                name: *name,
                ty: Type::Dynamic,
                maybe_unbound: false,
            });
            cx.declared
                .push(names.shared.contains(&**name).then_some(Type::Dynamic));
        }
    }
    cx.named = cx.locals.len();
    cx.prior = vec![Type::Never; cx.named];
    for pass in 0..PASSES {
        begin(&mut cx, scope, entered);
        // The first pass finds out what is assigned. Each later one is written as if it were the last, and is if it finds
        // what the one before it found.
        cx.last = pass > 0 || cx.named == entered;
        cx.tentative = cx.last;
        cx.body(scope.body);
        let settled = cx.assigned == cx.prior && cx.new_back == cx.back;
        if settled && cx.last && !cx.unsettled.get() {
            cx.tentative = false;
            return finish(cx, scope, params);
        }
        if pass + 1 == PASSES && !settled {
            for i in 0..cx.named {
                if cx.assigned[i] != cx.prior[i] && cx.declared[i].is_none() {
                    cx.declared[i] = Some(Type::Dynamic);
                }
            }
            for state in cx.new_back.values_mut() {
                state.facts.clear();
            }
        }
        cx.prior = std::mem::take(&mut cx.assigned);
        cx.back = std::mem::take(&mut cx.new_back);
        if settled {
            break;
        }
    }
    begin(&mut cx, scope, entered);
    cx.last = true;
    cx.tentative = false;
    cx.body(scope.body);
    finish(cx, scope, params)
}

fn start<'a>(scope: &Scope<'a>, names: &'a Names) -> Cx<'a> {
    let mut cx = Cx {
        world: scope.world,
        annotations: scope.annotations,
        decide: Some(scope.decide),
        source: scope.source,
        module: scope.module,
        kind: scope.kind,
        function: scope.function.clone(),
        class: scope.class,
        names,
        returns: Type::Dynamic,
        locals: Vec::new(),
        named: 0,
        by_name: FxHashMap::default(),
        comprehension: Vec::new(),
        declared: Vec::new(),
        declared_at: FxHashMap::default(),
        finals: IndexSet::default(),
        assigned: Vec::new(),
        prior: Vec::new(),
        state: State::start(0),
        nest: scope.nest,
        captured: scope.captured,
        returned: Type::Never,
        wanted: None,
        is_called: false,
        type_params: scope.type_params,
        returned_by: FxHashMap::default(),
        raising: Vec::new(),
        generator: None,
        loops: Vec::new(),
        back: FxHashMap::default(),
        new_back: FxHashMap::default(),
        walk: 0,
        findings: Vec::new(),
        muted: 0,
        testing: 0,
        expects_missing: 0,
        last: false,
        tentative: false,
        unsettled: Cell::new(false),
        fallback: None,
        assumptions: IndexSet::default(),
        out: Vec::new(),
        fresh: FxHashSet::default(),
        errors: false,
        types: scope.records.then(FxHashMap::default),
    };
    if let Some(function) = &scope.function {
        cx.returns = erase_top(&function.returns);
        if names.has_yield && function.returns_annotated {
            cx.generator = Generator::declared(scope.world, &cx.returns, function.is_async);
        }
        for param in &function.params {
            let ty = match param.kind {
                ParamKind::VarPositional => Type::Instance(
                    Symbol::new("builtins", "tuple"),
                    [param_element(&param.ty)].into(),
                ),
                ParamKind::VarKeyword if let Type::Unpacked(of) = param.ty => *of,
                ParamKind::VarKeyword => Type::Instance(
                    Symbol::new("builtins", "dict"),
                    [Type::str(), param_element(&param.ty)].into(),
                ),
                _ => erase_top(&param.ty),
            };
            let id = LocalId(u32::try_from(cx.locals.len()).unwrap_or(u32::MAX));
            cx.by_name.insert(param.name, id);
            cx.locals.push(Local {
                name: param.name,
                ty,
                maybe_unbound: false,
            });
            cx.declared.push(Some(ty));
        }
    }
    cx
}

fn param_element(ty: &Type) -> Type {
    super::attr::python_type_keeping_literals(&erase_top(ty))
}

fn begin(cx: &mut Cx<'_>, scope: &Scope<'_>, params: usize) {
    cx.locals.truncate(cx.named);
    for local in &mut cx.locals {
        local.maybe_unbound = false;
    }
    cx.state = State::start(params);
    if let Some(function) = &scope.function {
        believe_params(cx, function);
    }
    cx.assigned = vec![Type::Never; cx.named];
    cx.new_back.clear();
    cx.loops.clear();
    cx.raising.clear();
    cx.returned = Type::Never;
    cx.comprehension.clear();
    cx.fresh.clear();
    cx.fallback = None;
    cx.assumptions.clear();
    cx.out.clear();
    cx.findings.clear();
    cx.errors = false;
    cx.unsettled.set(false);
}

/// What is believed of the parameters: those whose declared type says more than how they are held.
fn believe_params(cx: &mut Cx<'_>, function: &FunctionInterface) {
    for (i, param) in function.params.iter().enumerate() {
        let id = LocalId(u32::try_from(i).unwrap_or(u32::MAX));
        match param.ty {
            Type::ParametersOf(..) => cx.believe(Place::local(id), Some(param.ty)),
            Type::Unpacked(of) if param.kind == ParamKind::VarPositional => {
                cx.believe(Place::local(id), Some(*of));
            }
            _ => {}
        }
        let plain = !matches!(param.kind, ParamKind::VarPositional | ParamKind::VarKeyword);
        if plain && !param.ty.is_dynamic() && cx.locals[i].ty != param.ty {
            cx.believe(Place::local(id), Some(param.ty));
        }
    }
    if let Some(receiver) = believed_receiver(cx, function) {
        cx.believe(Place::local(LocalId(0)), Some(receiver));
    }
}

/// What is believed of `self` or `cls` where nothing was written down for it: that it is of the class that the method is called on.
fn believed_receiver(cx: &Cx<'_>, function: &FunctionInterface) -> Option<Type> {
    let first = function.params.first()?;
    let plain = matches!(
        first.kind,
        ParamKind::PositionalOnly | ParamKind::Positional
    );
    if !plain || first.annotated || !has_receiver(function.kind) {
        return None;
    }
    let class = cx.world.class(&cx.class?)?;
    let own = Type::TypeVar(Variable::self_of(class.symbol, &class.type_params));
    Some(match function.kind {
        FunctionKind::ClassMethod => Type::class_of(own),
        _ => own,
    })
}

fn finish(mut cx: Cx<'_>, scope: &Scope<'_>, params: usize) -> Inferred {
    let span = scope.span;
    let falls_off = cx.state.reachable;
    let returned = match (cx.returned, falls_off) {
        (Type::Never, false) => Type::Dynamic,
        (ty, false) => ty,
        (ty, true) => cx.world.join(&ty, &Type::None),
    };
    if let Some(function) = scope.function.clone() {
        end_of_body(&mut cx, &function, scope);
        cx.check_guard(&function, scope.name_span);
        if function.is_async {
            cx.fall_back("an `async` function", scope.name_span);
        }
        if function.is_generator {
            cx.fall_back("a generator", scope.name_span);
        }
        if function.is_opted_out {
            cx.fallback = Some(Fallback {
                reason: Name::new("`@dynamic`"),
                span: scope.name_span,
            });
        }
        if cx.errors {
            cx.fallback = Some(Fallback {
                reason: Name::new("an error in it"),
                span: scope.name_span,
            });
        }
    }
    let settled: Vec<Type> = (0..cx.named)
        .map(|i| cx.storage(LocalId(u32::try_from(i).unwrap_or(u32::MAX))))
        .collect();
    for (local, ty) in cx.locals.iter_mut().zip(settled) {
        local.ty = ty;
    }
    let types = match cx.types.take() {
        Some(expressions) => Learned {
            expressions,
            locals: cx.locals[..cx.named]
                .iter()
                .map(|local| (local.name, local.ty))
                .collect(),
        },
        None => Learned::default(),
    };
    let body = match (cx.fallback.take(), &scope.function) {
        (Some(fallback), _) => Err(fallback),
        (None, None) => Err(Fallback {
            reason: Name::new("module-level code"),
            span,
        }),
        (None, Some(function)) => Ok(Body {
            function: function.symbol,
            kind: function.kind,
            span,
            params,
            locals: cx.locals,
            returns: cx.returns,
            assumptions: cx.assumptions.into_iter().collect(),
            stmts: cx.out,
        }),
    };
    Inferred {
        findings: cx.findings,
        body,
        returned,
        types,
    }
}

/// What happens where control falls off the end.
fn end_of_body(cx: &mut Cx<'_>, function: &FunctionInterface, scope: &Scope<'_>) {
    let generator = function.is_generator || cx.names.has_yield;
    if cx.names.has_yield && function.returns_annotated {
        cx.check_generator(function.is_async, scope.name_span);
    }
    let returns = match cx.generator {
        Some(generator) => generator.returns,
        None => cx.returns,
    };
    let takes_none = cx.world.assignable(&Type::None, &returns);
    let is_in_protocol = function
        .symbol
        .qualname
        .rsplit_once('.')
        .is_some_and(|(class, _)| {
            let class = Symbol::of(function.symbol.module, Name::new(class));
            cx.world.is_protocol(&class)
        });
    let stub = scope.body.iter().all(|s| match s {
        Stmt::Expr(e) => matches!(
            &*e.value,
            ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_)
        ),
        Stmt::Pass(_) => function.is_abstract || is_in_protocol,
        _ => false,
    });
    if cx.state.reachable
        && !takes_none
        && (!generator || cx.generator.is_some())
        && !stub
        && function.returns_annotated
        && !function.is_abstract
    {
        let message = if returns == Type::Never {
            format!(
                "`{}` is declared never to return, but it can reach its end",
                function.symbol.name()
            )
        } else {
            format!(
                "`{}` returns `{returns}`, but it can reach its end without a value",
                function.symbol.name()
            )
        };
        cx.report(Rule::MissingReturn, scope.name_span, message);
    }
    if generator || cx.out.last().is_some_and(terminates) {
        return;
    }
    let end = TextRange::empty(scope.span.end());
    let value = none(end);
    let value = if returns == Type::None || returns.is_dynamic() || takes_none {
        value
    } else {
        cx.checked(value, &returns, &Why::Return)
    };
    cx.out.push(tree::Stmt {
        kind: StmtKind::Return(Some(value)),
        span: end,
    });
}

/// Whether a function's kind has a receiver.
pub fn has_receiver(kind: FunctionKind) -> bool {
    !matches!(kind, FunctionKind::Function | FunctionKind::StaticMethod)
}

/// Checks that the value of `expr` may flow into a place of type `ty` of the scope.
pub fn infer_value(scope: &Scope<'_>, expr: &ast::Expr, ty: &Type, why: &Why) -> Vec<Finding> {
    let names = Names::default();
    let mut cx = start(scope, &names);
    cx.last = true;
    let value = cx.expr(expr, Some(ty));
    // Findings inside of the expression are made where it is evaluated, with the rest of its scope.
    cx.findings.clear();
    cx.coerce(value, ty, why);
    cx.findings
}
