//! The state of inference over one scope, and the small steps that everything else is made of.

use crate::collections::IndexSet;
use keelback_parser::ast;
use keelback_parser::text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::interface::FunctionInterface;
use crate::rules::Rule;
use crate::suggest::{change_to, closest, hint, spelled};
use crate::tree::{
    Assumption, Binding, Conversion, Expr, ExprKind, Fallback, Local, LocalId, Stmt, StmtKind,
    Target,
};
use crate::types::{Constant, Held, Name, Symbol, Type, Variable};

use super::coroutine::Generator;
use super::flow::{Place, Root, State, Step};
use super::nested::{Captured, Nest};
use super::scope::Names;
use super::world::World;

/// What an annotation in a body says.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The type; `None` for a bare `Final`.
    pub ty: Option<Type>,
    /// `Final` or `Final[T]`.
    pub is_final: bool,
    /// What is wrong with it: for expressions that are types, and reported nowhere else.
    pub problems: Vec<Diagnostic>,
    /// `Annotated`, in any form or under another name.
    pub is_annotated: bool,
}

/// Turns an annotation of the scope into a type. Reports nothing: annotations are checked once, elsewhere.
pub type Annotations<'a> = dyn Fn(&ast::Expr) -> Declared + 'a;

/// What kind of scope is inferred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// A function or method.
    Function,
    /// A module's own code.
    Module,
    /// A class body.
    Class,
}

/// One finding, without its file.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Where.
    pub range: TextRange,
    /// What.
    pub message: String,
    /// What to do about it.
    pub notes: Vec<String>,
    /// A repair: title, range and new text.
    pub fix: Option<(String, TextRange, String)>,
}

/// A loop that is being walked.
#[derive(Debug, Default)]
pub struct LoopFrame {
    /// Where the loop is.
    pub span: TextRange,
    /// States at each `break`.
    pub breaks: Vec<State>,
    /// States at each `continue`.
    pub continues: Vec<State>,
}

/// Inference over one scope.
pub struct Cx<'a> {
    /// The program.
    pub world: &'a World<'a>,
    /// What annotations mean here.
    pub annotations: &'a Annotations<'a>,
    /// Decides conditions such as `sys.version_info >= (3, 12)` when compiling.
    pub decide: Option<&'a dyn Fn(&ast::Expr) -> Option<bool>>,
    /// The file's text.
    pub source: &'a str,
    /// The module.
    pub module: Name,
    /// The kind of scope.
    pub kind: ScopeKind,
    /// The function, if it is one.
    pub function: Option<Arc<FunctionInterface>>,
    /// The class whose body the scope is, or is in.
    pub class: Option<Symbol>,
    /// What the scope binds.
    pub names: &'a Names,
    /// Declared return type.
    pub returns: Type,
    /// Locals: parameters, then other names, then temporaries.
    pub locals: Vec<Local>,
    /// How many of them have names of the scope.
    pub named: usize,
    /// Locals by name.
    pub by_name: FxHashMap<Name, LocalId>,
    /// Names of the comprehensions around, innermost last.
    pub comprehension: Vec<FxHashMap<String, LocalId>>,
    /// Declared types of named locals.
    pub declared: Vec<Option<Type>>,
    /// Where each of them was declared.
    pub declared_at: FxHashMap<LocalId, TextRange>,
    /// Named locals declared `Final`, once they are assigned.
    pub finals: IndexSet<LocalId>,
    /// The join of what was assigned to each named local in this pass.
    pub assigned: Vec<Type>,
    /// The same of the previous pass.
    pub prior: Vec<Type>,
    /// What is known here.
    pub state: State,
    /// Infers what is nested in the scope.
    pub nest: Option<&'a dyn Nest>,
    /// The variables of functions around that the scope sees.
    pub captured: &'a [Captured],
    /// The join of what is returned.
    pub returned: Type,
    /// The type of the place that the value of the call which is being looked at flows into.
    pub wanted: Option<Type>,
    /// Whether what is being looked at is what a call calls.
    pub is_called: bool,
    /// The type parameters in brackets that are in sight.
    pub type_params: &'a [Variable],
    /// What nested functions return that do not declare it.
    pub returned_by: FxHashMap<Symbol, Type>,
    /// What is known where exceptions may leave the blocks around from which they are caught, innermost last.
    pub raising: Vec<Option<State>>,
    /// What the function generates, if it is a generator and declares it.
    pub generator: Option<Generator>,
    /// Loops around.
    pub loops: Vec<LoopFrame>,
    /// What is known at the end of each loop's body, by where the loop is, as the previous pass found it.
    pub back: FxHashMap<(TextRange, u32), State>,
    /// The same of this pass.
    pub new_back: FxHashMap<(TextRange, u32), State>,
    /// Tells the walks over the body of a `finally` apart.
    pub walk: u32,
    /// Findings of this pass.
    pub findings: Vec<Finding>,
    /// Findings are dropped while this is not zero.
    pub muted: u32,
    /// Above zero inside of what is tested: there, what is declared of a chain is kept as a belief, to be narrowed.
    pub testing: u32,
    /// How many `try` statements around catch `AttributeError`.
    pub expects_missing: u32,
    /// Whether this is the last pass, which finds storage types settled.
    pub last: bool,
    /// Whether it is the last pass only if it finds what the pass before it found.
    pub tentative: bool,
    /// Whether a tentative last pass met a storage type that is not settled.
    pub unsettled: Cell<bool>,
    /// The first reason for which the function is left to CPython.
    pub fallback: Option<Fallback>,
    /// What the tree relies on.
    pub assumptions: IndexSet<Assumption>,
    /// Statements of the block that is being written.
    pub out: Vec<Stmt>,
    /// Variables of comprehensions to which nothing was stored yet.
    pub fresh: FxHashSet<LocalId>,
    /// Whether an error was reported.
    pub errors: bool,
    /// The types of expressions by where they are, if somebody wants them.
    pub types: Option<FxHashMap<TextRange, Type>>,
}

impl<'a> Cx<'a> {
    // --- findings ---

    /// Reports a finding, unless this code cannot run or this is not the last pass.
    pub fn report(&mut self, rule: Rule, range: TextRange, message: impl Into<String>) {
        self.report_with(rule, range, message, Vec::new());
    }

    /// Whether a finding of this pass is kept: what could only make one need not be looked at otherwise.
    pub fn is_heard(&self) -> bool {
        self.last && self.muted == 0 && self.state.reachable
    }

    /// Reports a finding with notes.
    pub fn report_with(
        &mut self,
        rule: Rule,
        range: TextRange,
        message: impl Into<String>,
        notes: Vec<String>,
    ) {
        if !self.is_heard() {
            return;
        }
        if rule == Rule::UnresolvedAttribute && self.expects_missing > 0 {
            return;
        }
        let finding = Finding {
            rule,
            range,
            message: message.into(),
            notes,
            fix: None,
        };
        if rule.default_level() == crate::rules::Level::Error {
            self.errors = true;
        }
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Reports an unknown `name` that stands at the beginning or end of `range`, and suggests the one of `known` that is spelled most like it.
    pub fn report_unknown<'n>(
        &mut self,
        rule: Rule,
        range: TextRange,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let near = closest(name, known);
        let before = self.findings.len();
        self.report(rule, range, format!("{message}{}", hint(near)));
        if let (Some(near), true) = (near, self.findings.len() > before)
            && let Some(place) = spelled(self.source, range, name)
            && let Some(finding) = self.findings.last_mut()
        {
            finding.fix = Some((change_to(near), place, near.to_owned()));
        }
    }

    /// Gives the finding of `rule` that was just made a repair: `title` replaces `range` by `text`.
    pub fn offer(&mut self, rule: Rule, title: &str, range: TextRange, text: String) {
        if self.muted == 0
            && self.last
            && let Some(finding) = self.findings.last_mut()
            && finding.rule == rule
            && finding.range.contains_range(range)
        {
            finding.fix = Some((title.to_owned(), range, text));
        }
    }

    /// The text of an operand, in parentheses where it could not stand alone in a larger expression.
    pub fn operand_text(&self, expr: &ast::Expr) -> String {
        let text = self.text(range(expr));
        match expr {
            ast::Expr::Name(_)
            | ast::Expr::Attribute(_)
            | ast::Expr::Call(_)
            | ast::Expr::Subscript(_) => text.to_owned(),
            _ => format!("({text})"),
        }
    }

    /// Notes that the function cannot be compiled.
    pub fn fall_back(&mut self, reason: &str, span: TextRange) {
        if self.fallback.is_none() {
            self.fallback = Some(Fallback {
                reason: Name::new(reason),
                span,
            });
        }
    }

    /// The text of `range`.
    pub fn text(&self, range: TextRange) -> &'a str {
        self.source
            .get(std::ops::Range::<usize>::from(range))
            .unwrap_or("")
    }

    // --- locals ---

    /// A new temporary.
    pub fn temp(&mut self, ty: Type) -> LocalId {
        let id = LocalId(u32::try_from(self.locals.len()).unwrap_or(u32::MAX));
        let name = Name::new(format!(".{}", self.locals.len() - self.named));
        self.locals.push(Local {
            name,
            ty,
            maybe_unbound: false,
        });
        id
    }

    /// The local that `name` is here, if it is one.
    pub fn local(&self, name: &str) -> Option<LocalId> {
        for scope in self.comprehension.iter().rev() {
            if let Some(id) = scope.get(name) {
                return Some(*id);
            }
        }
        if self.kind == ScopeKind::Module {
            return None;
        }
        self.by_name.get(name).copied()
    }

    /// The type in which a local is stored.
    pub fn storage(&self, id: LocalId) -> Type {
        let i = id.0 as usize;
        if i >= self.named {
            return self.locals[i].ty;
        }
        if let Some(ty) = &self.declared[i] {
            return *ty;
        }
        if self.tentative {
            let ty = self.world.join(&self.prior[i], &self.assigned[i]);
            if ty != self.prior[i] || ty == Type::Never {
                self.unsettled.set(true);
            }
            return ty;
        }
        if self.last {
            return match &self.prior[i] {
                Type::Never => Type::Dynamic,
                ty => *ty,
            };
        }
        self.world.join(&self.prior[i], &self.assigned[i])
    }

    /// A read of a temporary.
    pub fn read_temp(&self, id: LocalId, span: TextRange) -> Expr {
        make(ExprKind::Local(id), self.locals[id.0 as usize].ty, span)
    }

    /// A statement that stores `value` in temporary `id`, which has its type.
    pub fn set_temp(&self, id: LocalId, value: Expr, span: TextRange) -> Stmt {
        Stmt {
            kind: StmtKind::Assign(Target::Local(id), value),
            span,
        }
    }

    /// Keeps `value` in a temporary unless it is one already or a constant: the statement, and the read.
    pub fn keep(&mut self, value: Expr, stmts: &mut Vec<Stmt>) -> Expr {
        if is_stable(&value, self.named) {
            return value;
        }
        let (span, view) = (value.span, value.view());
        let id = self.temp(value.ty);
        stmts.push(self.set_temp(id, value, span));
        self.read_temp(id, span).believed(view)
    }

    /// Appends a statement to the block.
    pub fn push(&mut self, kind: StmtKind, span: TextRange) {
        self.out.push(Stmt { kind, span });
    }

    /// The statements that `f` writes, as a block of their own.
    pub fn block(&mut self, f: impl FnOnce(&mut Self)) -> Vec<Stmt> {
        let outer = std::mem::take(&mut self.out);
        f(self);
        std::mem::replace(&mut self.out, outer)
    }

    // --- knowledge ---

    /// The place that an expression is, if it can be narrowed.
    pub fn place(&self, expr: &ast::Expr) -> Option<Place> {
        match expr {
            ast::Expr::Name(name) => {
                let root = match self.local(name.id.as_str()) {
                    Some(id) => {
                        if self.names.shared.contains(name.id.as_str()) {
                            return None;
                        }
                        Root::Local(id)
                    }
                    None => Root::Global(Name::new(name.id.as_str())),
                };
                Some(Place {
                    root,
                    path: Vec::new(),
                })
            }
            ast::Expr::Attribute(attribute) => self.attribute_place(attribute),
            ast::Expr::Subscript(subscript) => self.item_place(subscript),
            ast::Expr::Named(named) => self.place(&named.target),
            _ => None,
        }
    }

    /// The place that an attribute is, if it can be narrowed.
    pub fn attribute_place(&self, attribute: &ast::ExprAttribute) -> Option<Place> {
        let mut place = self.place(&attribute.value)?;
        let name = Name::new(self.mangled(attribute.attr.as_str()));
        place.path.push(Step::Attribute(name));
        Some(place)
    }

    /// The place that an item is, if it can be narrowed.
    pub fn item_place(&self, subscript: &ast::ExprSubscript) -> Option<Place> {
        let step = match item_key(&subscript.slice)? {
            Constant::Int(index) => Step::Index(index),
            Constant::Str(key) => Step::Key(Name::new(&key)),
            _ => return None,
        };
        let mut place = self.place(&subscript.value)?;
        place.path.push(step);
        Some(place)
    }

    /// Sets what is known of a place.
    pub fn learn(&mut self, place: Place, ty: Type) {
        self.state.learn(place, ty);
    }

    /// Joins `other` into the current state.
    pub fn join_state(&mut self, other: &State) {
        self.state = self.state.join(other, self.world);
    }

    /// A call of unknown code: attribute chains and globals may have changed, though it is believed that they have not. A declared global can only have changed to
    /// something of its type, which is checked when it is read; and a module's own code is not compiled.
    pub fn after_call(&mut self) {
        let (world, module, kind) = (self.world, &self.module, self.kind);
        let fixed: Vec<Place> = self
            .state
            .facts
            .keys()
            .filter(|place| !place.path.is_empty() && self.is_fixed(place))
            .cloned()
            .collect();
        self.state.distrust(|place| {
            if !place.path.is_empty() {
                return fixed.contains(place);
            }
            match &place.root {
                Root::Local(_) => true,
                Root::Global(_) if kind == ScopeKind::Module => true,
                Root::Global(name) => matches!(
                    world.binding(module, name),
                    Some(crate::interface::Export::Variable { ty, .. }) if !ty.is_dynamic()
                ),
            }
        });
    }

    /// Whether a chain goes from a local through `Final` fields alone, which nothing changes.
    fn is_fixed(&self, place: &Place) -> bool {
        let Root::Local(id) = place.root else {
            return false;
        };
        let root = Place::local(id);
        let mut ty = match self.state.facts.get(&root) {
            Some(fact) => *fact,
            None => self.storage(id),
        };
        place.path.iter().all(|step| {
            let Step::Attribute(name) = step else {
                return false;
            };
            let (Type::Instance(class, args) | Type::Exact(class, args)) = ty else {
                return false;
            };
            match self.world.member(&class, &args, name) {
                super::world::Lookup::Found {
                    member:
                        crate::interface::Member::Field {
                            ty: field,
                            is_final,
                        },
                    ..
                } => {
                    ty = field;
                    is_final
                }
                _ => false,
            }
        })
    }

    /// `name` as it is stored in an object, mangled inside classes.
    pub fn mangled<'n>(&self, name: &'n str) -> Cow<'n, str> {
        super::scope::mangle(self.class.as_ref().map(Symbol::name), name)
    }

    /// The binding of `name` in this module.
    pub fn binding(&self, name: &str) -> Binding {
        Binding {
            module: self.module,
            name: Name::new(name),
        }
    }

    /// The tree relies on `assumption`.
    pub fn assume(&mut self, assumption: Assumption) {
        self.assumptions.insert(assumption);
    }

    /// The tree relies on builtin `name` being what it was.
    pub fn assume_builtin(&mut self, name: &str) {
        self.assume(Assumption::Builtin(Name::new(name)));
    }
}

/// The index or key of a subscript, if it is written as a number or a string.
pub fn item_key(slice: &ast::Expr) -> Option<Constant> {
    match crate::constants::literal(slice)? {
        key @ (Constant::Int(_) | Constant::Str(_)) => Some(key),
        _ => None,
    }
}

/// An expression.
pub fn make(kind: ExprKind, ty: Type, span: TextRange) -> Expr {
    Expr {
        kind: Box::new(kind),
        ty,
        belief: None,
        span,
    }
}

/// A constant with the literal type of its value.
pub fn constant(value: Constant, span: TextRange) -> Expr {
    let ty = match &value {
        Constant::None => Type::None,
        _ => Type::literal(&value),
    };
    make(ExprKind::Constant(value), ty, span)
}

/// `None`.
pub fn none(span: TextRange) -> Expr {
    constant(Constant::None, span)
}

/// The same value, known to be of another type.
pub fn known(e: Expr, ty: Type) -> Expr {
    if e.ty == ty {
        return e;
    }
    let (span, belief) = (e.span, e.belief);
    let mut e = make(ExprKind::Convert(Conversion::Known, e), ty, span);
    e.belief = belief;
    e
}

/// The value as an object: boxed if it is not one.
pub fn object(e: Expr) -> Expr {
    if e.ty.held() == Held::Object {
        return e;
    }
    if let ExprKind::Constant(c) = &*e.kind {
        // A constant of a boxed type is boxed once, when compiling.
        let c = c.clone();
        let view = e.view();
        return make(ExprKind::Constant(c), Type::object(), e.span).believed(view);
    }
    let view = e.view();
    known(e, Type::object()).believed(view)
}

/// Whether evaluating `e` later than its place gives the same value: constants and temporaries.
pub fn is_stable(e: &Expr, named: usize) -> bool {
    match &*e.kind {
        ExprKind::Constant(_) => true,
        ExprKind::Local(id) => id.0 as usize >= named,
        ExprKind::Convert(Conversion::Known, inner) => is_stable(inner, named),
        _ => false,
    }
}

/// The range of a node.
pub fn range(node: &impl Ranged) -> TextRange {
    node.range()
}
