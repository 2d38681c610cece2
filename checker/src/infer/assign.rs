//! Assignment: to names, attributes and items, unpacking, augmented assignment, annotated assignment.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{Export, Member};
use crate::rules::Rule;
use crate::tree::{Conversion, Expr, ExprKind, LocalId, StmtKind};
use crate::types::{Name, Symbol, Type};

use super::cx::{Cx, ScopeKind, make, object, range};
use super::ops::binary_op;
use super::world::{Lookup, erase, substitute, widen};

impl Cx<'_> {
    /// `a = b = value`.
    pub fn assign_stmt(&mut self, stmt: &ast::StmtAssign) {
        let span = stmt.range;
        if let ([target], value) = (stmt.targets.as_slice(), &*stmt.value) {
            if let (Some(targets), Some(values)) = (elements(target), elements(value)) {
                if targets.len() == values.len()
                    && !targets.iter().any(ast::Expr::is_starred_expr)
                    && !values.iter().any(ast::Expr::is_starred_expr)
                {
                    return self.assign_each(targets, values, span);
                }
            }
        }
        let expected = stmt.targets.first().and_then(|t| self.expected_of(t));
        let value = self.expr(&stmt.value, expected.as_ref());
        if let [target] = stmt.targets.as_slice() {
            return self.assign(target, value, span);
        }
        let mut before = Vec::new();
        let value = self.keep(value, &mut before);
        self.out.append(&mut before);
        for target in &stmt.targets {
            self.assign(target, value.clone(), span);
        }
    }

    /// `a, b = b, a`: no tuple is made.
    fn assign_each(&mut self, targets: &[ast::Expr], values: &[ast::Expr], span: TextRange) {
        let mut kept = Vec::new();
        for (target, value) in targets.iter().zip(values) {
            let expected = self.expected_of(target);
            let e = self.expr(value, expected.as_ref());
            let mut before = Vec::new();
            let e = self.keep(e, &mut before);
            self.out.append(&mut before);
            kept.push(e);
        }
        for (target, e) in targets.iter().zip(kept) {
            self.assign(target, e, span);
        }
    }

    /// The declared type of a target, which a display or literal takes.
    pub fn expected_of(&mut self, target: &ast::Expr) -> Option<Type> {
        match target {
            ast::Expr::Name(name) => {
                let id = name.id.as_str();
                match self.local(id) {
                    Some(local) => self.declared.get(local.0 as usize).cloned().flatten(),
                    None => match self.world.binding(&self.module, id)? {
                        Export::Variable { ty, .. } if !ty.is_dynamic() => Some(ty),
                        _ => None,
                    },
                }
            }
            ast::Expr::Attribute(attribute) => {
                let receiver = self.quiet_type(&attribute.value);
                let (Type::Instance(class, args) | Type::Exact(class, args)) = &receiver else {
                    return None;
                };
                match self
                    .world
                    .member(class, args, &self.mangled(attribute.attr.as_str()))
                {
                    Lookup::Found {
                        member: Member::Field { ty, .. } | Member::ClassVar { ty },
                        params,
                        ..
                    } => Some(erase(&substitute(&ty, &params))).filter(|t| !t.is_dynamic()),
                    _ => None,
                }
            }
            ast::Expr::Subscript(subscript) => {
                let container = self.quiet_view(&subscript.value);
                if let Type::TypedDict(..) = container {
                    return self.typed_item_place(&container, &subscript.slice);
                }
                let container = self.quiet_type(&subscript.value);
                let (Type::Instance(class, args) | Type::Exact(class, args)) = &container else {
                    return None;
                };
                let element = match class.name() {
                    "list" | "Array" => args.first(),
                    "dict" => args.get(1),
                    _ => None,
                };
                element.map(erase).filter(|t| !t.is_dynamic())
            }
            _ => None,
        }
    }

    /// Stores an evaluated value in a target.
    pub fn assign(&mut self, target: &ast::Expr, value: Expr, span: TextRange) {
        match target {
            ast::Expr::Name(name) => self.assign_name(name.id.as_str(), value, span),
            ast::Expr::Attribute(attribute) => self.assign_attribute(attribute, None, value, span),
            ast::Expr::Subscript(subscript) => self.assign_subscript(subscript, None, value, span),
            ast::Expr::Tuple(t) => self.unpack(&t.elts, value, span),
            ast::Expr::List(t) => self.unpack(&t.elts, value, span),
            ast::Expr::Starred(s) => {
                self.fall_back("a starred target", span);
                let unknown = self.unknown(span);
                self.assign(&s.value, unknown, span);
            }
            _ => {}
        }
    }

    /// Stores a value in the variable `name`.
    pub fn assign_name(&mut self, name: &str, value: Expr, span: TextRange) {
        if self.names.nonlocals.contains(name) {
            self.fall_back("a variable of an enclosing function", span);
            if self.local(name).is_none() {
                return;
            }
        }
        match self.local(name) {
            Some(id) => self.assign_local(id, name, value, span),
            None => self.assign_global(name, value, span),
        }
    }

    fn unpack(&mut self, targets: &[ast::Expr], value: Expr, span: TextRange) {
        let value = self.unprimitive(value);
        let starred = targets.iter().position(ast::Expr::is_starred_expr);
        let types: Vec<Type> = match &value.ty {
            Type::Tuple(items) if starred.is_none() => {
                if items.len() != targets.len() {
                    let at = value.span;
                    self.report(
                        Rule::UnpackMismatch,
                        at,
                        format!(
                            "`{}` has {} items, but there are {} targets",
                            value.ty,
                            items.len(),
                            targets.len()
                        ),
                    );
                    vec![Type::Dynamic; targets.len()]
                } else {
                    items.iter().map(erase).collect()
                }
            }
            Type::Tuple(items) => {
                let items = *items;
                self.starred_parts(&value, &items, targets.len(), starred.unwrap_or(0))
            }
            Type::Union(_)
                if self
                    .parts_of_union(&value.ty, targets.len(), starred)
                    .is_some() =>
            {
                let parts = self.parts_of_union(&value.ty, targets.len(), starred);
                parts.unwrap_or_default().iter().map(erase).collect()
            }
            _ => {
                let at = value.span;
                let item = erase(&self.items_of(&value, at));
                let list =
                    |item: Type| Type::Instance(Symbol::new("builtins", "list"), [item].into());
                (0..targets.len())
                    .map(|i| if Some(i) == starred { list(item) } else { item })
                    .collect()
            }
        };
        let view = value.view();
        let items = self.world.as_tuple(&view);
        if let Type::Tuple(fields) = items
            && starred.is_none()
            && view != items
            && fields.len() != targets.len()
        {
            let message = format!(
                "`{view}` has {} items, but there are {} targets",
                fields.len(),
                targets.len()
            );
            self.report(Rule::UnpackMismatch, value.span, message);
        }
        let beliefs: Vec<Type> = match items {
            Type::Tuple(items) => self
                .believed_parts(&items, targets.len(), starred)
                .unwrap_or_default(),
            view if matches!(view, Type::Union(_)) => self
                .parts_of_union(&view, targets.len(), starred)
                .unwrap_or_else(|| match starred {
                    None => vec![self.believed_item(&view); targets.len()],
                    Some(_) => Vec::new(),
                }),
            view if starred.is_none() => vec![self.believed_item(&view); targets.len()],
            _ => Vec::new(),
        };
        if !super::ops::known_value(&value.ty) {
            self.after_call();
        }
        if let Some(star) = starred {
            self.fall_back("a starred target", span);
            for (i, (target, ty)) in targets.iter().zip(types).enumerate() {
                let target = match target {
                    ast::Expr::Starred(s) if i == star => &s.value,
                    _ => target,
                };
                let e = self.of_type(ty, span);
                let e = match beliefs.get(i) {
                    Some(belief) => e.believed(*belief),
                    None => e,
                };
                self.assign(target, e, span);
            }
            return;
        }
        let temps: Vec<LocalId> = targets.iter().map(|_| self.temp(Type::Dynamic)).collect();
        self.push(
            StmtKind::Unpack {
                value: object(value),
                targets: temps.clone(),
            },
            span,
        );
        for (i, ((target, temp), ty)) in targets.iter().zip(temps).zip(types).enumerate() {
            let e = self.read_temp(temp, range(target));
            let ty = match ty {
                Type::Primitive(p) => p.boxed(),
                other => other,
            };
            let e = if ty.is_dynamic() {
                e
            } else {
                self.expect(e, &ty)
            };
            let e = match beliefs.get(i) {
                Some(belief) if !belief.is_dynamic() => e.believed(*belief),
                _ => e,
            };
            self.assign(target, e, span);
        }
    }

    /// What the targets of an unpacking get from a tuple of known length when the one at `star` takes what the others leave.
    fn starred_parts(
        &mut self,
        value: &Expr,
        items: &[Type],
        count: usize,
        star: usize,
    ) -> Vec<Type> {
        let Some(taken) = (items.len() + 1).checked_sub(count) else {
            self.report(
                Rule::UnpackMismatch,
                value.span,
                format!(
                    "`{}` has {} items, but there are {} targets beside the starred one",
                    value.ty,
                    items.len(),
                    count - 1
                ),
            );
            return vec![Type::Dynamic; count];
        };
        let middle = match taken {
            0 => Type::Dynamic,
            _ => self
                .world
                .join_all(items[star..star + taken].iter().map(|ty| widen(&erase(ty)))),
        };
        let list = Type::Instance(Symbol::new("builtins", "list"), [middle].into());
        let before = items[..star].iter().map(erase);
        let after = items[star + taken..].iter().map(erase);
        before.chain([list]).chain(after).collect()
    }

    /// `target op= value`.
    pub fn aug_assign(&mut self, stmt: &ast::StmtAugAssign) {
        let span = stmt.range;
        let op = binary_op(stmt.op);
        match &*stmt.target {
            ast::Expr::Name(name) => {
                let left = self.expr(&stmt.target, None);
                let expected = self
                    .expected_of(&stmt.target)
                    .filter(|t| !matches!(t, Type::Primitive(_)));
                let right = self.aug_value(&stmt.value, &left);
                let e = self.binary(op, left, right, true, span, expected.as_ref());
                self.assign_name(name.id.as_str(), e, span);
            }
            ast::Expr::Attribute(attribute) => {
                let mut before = Vec::new();
                let receiver = self.expr(&attribute.value, None);
                let stable = matches!(&*attribute.value, ast::Expr::Name(_))
                    && !super::scope::has_walrus(&stmt.value)
                    && matches!(&*receiver.kind, ExprKind::Local(_));
                let receiver = if stable {
                    receiver
                } else {
                    self.keep(receiver, &mut before)
                };
                self.out.append(&mut before);
                let expected = self.expected_of(&stmt.target);
                let fact = self
                    .place(&stmt.target)
                    .and_then(|p| self.state.facts.get(&p).cloned());
                let at = range(&attribute.attr);
                let mut left = self.read_attribute(
                    receiver.clone(),
                    attribute.attr.as_str(),
                    at,
                    range(&*stmt.target),
                );
                if let Some(fact) = fact {
                    if fact != left.ty && left.ty.held() == crate::types::Held::Object {
                        left = self.expect(left, &fact);
                    }
                }
                let right = self.aug_value(&stmt.value, &left);
                let e = self.binary(op, left, right, true, span, expected.as_ref());
                self.assign_attribute(attribute, Some(receiver), e, span);
            }
            ast::Expr::Subscript(subscript) => {
                let mut before = Vec::new();
                let container = self.expr(&subscript.value, None);
                let container = self.keep_unless_local(container, &stmt.value, &mut before);
                self.out.append(&mut before);
                let index = self.index(&container, &subscript.slice);
                let index = self.keep_unless_local(index, &stmt.value, &mut before);
                self.out.append(&mut before);
                let left = self.read_item(container.clone(), index.clone(), range(&*stmt.target));
                let right = self.aug_value(&stmt.value, &left);
                let e = self.binary(op, left, right, true, span, None);
                self.assign_subscript(subscript, Some((container, index)), e, span);
            }
            _ => {}
        }
    }

    /// The right side of an augmented assignment: a list display takes the elements' type of the left side.
    fn aug_value(&mut self, value: &ast::Expr, left: &Expr) -> Expr {
        let expected = match value {
            ast::Expr::List(_)
            | ast::Expr::ListComp(_)
            | ast::Expr::Set(_)
            | ast::Expr::Dict(_) => Some(left.ty),
            _ => None,
        };
        self.expr(value, expected.as_ref())
    }

    /// Keeps a value that is read twice, unless it is a local that nothing changes in between.
    fn keep_unless_local(
        &mut self,
        e: Expr,
        value: &ast::Expr,
        before: &mut Vec<crate::tree::Stmt>,
    ) -> Expr {
        if matches!(&*e.kind, ExprKind::Local(_)) && !super::scope::has_walrus(value) {
            return e;
        }
        self.keep(e, before)
    }

    /// `target: annotation = value`.
    pub fn ann_assign(&mut self, stmt: &ast::StmtAnnAssign) {
        let span = stmt.range;
        let declared = (self.annotations)(&stmt.annotation);
        match &*stmt.target {
            ast::Expr::Name(name) => {
                let id = name.id.as_str();
                match self.local(id).filter(|_| self.kind != ScopeKind::Module) {
                    Some(local) => self.declare_local(local, id, &declared, stmt),
                    None => {
                        if let Some(value) = &stmt.value {
                            let e = self.expr(value, declared.ty.as_ref());
                            self.assign_global(id, e, span);
                        }
                    }
                }
            }
            target => {
                if let Some(value) = &stmt.value {
                    let e = self.expr(value, declared.ty.as_ref());
                    self.assign(target, e, span);
                } else if let ast::Expr::Attribute(a) = target {
                    let e = self.expr(&a.value, None);
                    self.push(StmtKind::Expr(object(e)), span);
                }
            }
        }
    }

    fn declare_local(
        &mut self,
        id: LocalId,
        name: &str,
        declared: &super::cx::Declared,
        stmt: &ast::StmtAnnAssign,
    ) {
        let i = id.0 as usize;
        let span = stmt.range;
        if let Some(ty) = &declared.ty {
            let ty = local_type(ty);
            match &self.declared[i] {
                Some(known)
                    if *known != ty
                        && self.kind == ScopeKind::Function
                        && self.declared_at.get(&id).is_some_and(|at| *at != span) =>
                {
                    let known = *known;
                    self.report(
                        Rule::ConflictingDeclaration,
                        range(&*stmt.annotation),
                        format!("`{name}` is declared as `{known}` already, and here as `{ty}`"),
                    );
                    // One mistake is enough: the value is not held against the first declaration.
                    if let Some(value) = &stmt.value {
                        let e = self.expr(value, Some(&ty));
                        let e = self.unprimitive(e);
                        self.discard(e, span);
                    }
                    self.state.set_bound(id, true);
                    return;
                }
                Some(_) if !self.is_first_of_shared(id, name) => {}
                _ => {
                    // What came before saw another type.
                    self.unsettled.set(true);
                    self.declared[i] = Some(ty);
                    self.declared_at.insert(id, span);
                }
            }
        }
        if let Some(value) = &stmt.value {
            let expected = self.declared[i];
            let e = self.expr(value, expected.as_ref());
            self.assign_local(id, name, e, span);
        }
        if declared.is_final {
            self.finals.insert(id);
        }
    }

    /// Whether nothing has declared variable `id` yet, of which nothing is known because a nested function rebinds it. What does declare it
    /// holds for all that is assigned and for the nested functions; what it is narrowed to here does not.
    fn is_first_of_shared(&self, id: LocalId, name: &str) -> bool {
        self.names.shared.contains(name)
            && self.declared[id.0 as usize] == Some(Type::Dynamic)
            && !self.declared_at.contains_key(&id)
    }

    /// A name that gets a value of which nothing is known, in a function that is left to CPython.
    pub fn assign_unknown(&mut self, name: &str, span: TextRange) {
        let value = self.unknown(span);
        if self.names.nonlocals.contains(name) {
            return;
        }
        match self.local(name) {
            Some(id) => {
                if let Some(declared) = self.declared.get(id.0 as usize).copied().flatten() {
                    let place = super::flow::Place::local(id);
                    self.state.forget(&place);
                    self.state.set_bound(id, true);
                    let belief = self.belief_in(&declared, &Type::Dynamic, None);
                    self.believe_in(place, belief);
                    return;
                }
                self.assign_local(id, name, value, span);
            }
            None => self.state.forget(&super::flow::Place::global(name)),
        }
    }

    /// `del`.
    pub fn delete(&mut self, target: &ast::Expr, span: TextRange) {
        match target {
            ast::Expr::Name(name) => match self.local(name.id.as_str()) {
                Some(id) => {
                    if self.state.reachable && !self.state.is_bound(id) {
                        self.locals[id.0 as usize].maybe_unbound = true;
                    }
                    self.push(StmtKind::DeleteLocal(id), span);
                    let place = super::flow::Place {
                        root: super::flow::Root::Local(id),
                        path: Vec::new(),
                    };
                    self.state.forget(&place);
                    self.state.set_bound(id, false);
                }
                None => {
                    self.fall_back("a `del` of a global", span);
                    self.assign_unknown(name.id.as_str(), span);
                }
            },
            ast::Expr::Attribute(attribute) => {
                let e = self.expr(&attribute.value, None);
                let e = self.unprimitive(e);
                let stored = self.mangled(attribute.attr.as_str());
                self.check_field_delete(&e, &stored, range(&attribute.attr));
                self.state.distrust_attribute(&stored);
                if let Some(place) = self.attribute_place(attribute) {
                    self.state.forget(&place);
                }
                self.after_call();
                self.push(StmtKind::DeleteAttr(object(e), Name::new(stored)), span);
            }
            ast::Expr::Subscript(subscript) => {
                let container = self.expr(&subscript.value, None);
                let container = self.unprimitive(container);
                let index = self.index(&container, &subscript.slice);
                self.check_typed_delete(&container, &index);
                self.check_has_item_method(&container, "__delitem__", "deletion of items", span);
                let index = self.unprimitive(index);
                self.after_call();
                self.state.forget_items();
                self.push(StmtKind::DeleteItem(object(container), object(index)), span);
            }
            ast::Expr::Tuple(t) => t.elts.iter().for_each(|e| self.delete(e, span)),
            ast::Expr::List(t) => t.elts.iter().for_each(|e| self.delete(e, span)),
            _ => self.fall_back("an odd target of `del`", span),
        }
    }

    /// Reports a field that cannot be deleted: of a named tuple, or of a frozen dataclass.
    fn check_field_delete(&mut self, e: &Expr, name: &str, at: TextRange) {
        let view = e.view().as_instance();
        let (Type::Instance(class, args) | Type::Exact(class, args)) = view else {
            return;
        };
        let Lookup::Found {
            owner,
            member: Member::Field { is_final: true, .. },
            ..
        } = self.world.member(&class, &args, name)
        else {
            return;
        };
        let kind = match self.world.class(&owner) {
            Some(owner) if owner.named_tuple.is_some() => "a named tuple",
            Some(owner) if owner.dataclass.as_ref().is_some_and(|made| made.frozen) => "frozen",
            _ => return,
        };
        let message = format!(
            "`{}` is {kind}: its field `{name}` cannot be deleted",
            owner.name()
        );
        self.report(Rule::FinalReassigned, at, message);
    }

    /// A value that is evaluated and dropped.
    pub fn discard(&mut self, e: Expr, span: TextRange) {
        let never = e.ty == Type::Never;
        let mut e = e;
        // Nobody sees the value, so nobody cares what it is, but for one that must not be.
        while e.ty != Type::Never
            && let ExprKind::Convert(Conversion::Checked(_) | Conversion::Known, inner) = *e.kind
        {
            e = inner;
        }
        self.push(StmtKind::Expr(e), span);
        if never && self.state.reachable {
            self.state.reachable = false;
        }
    }

    /// The type of a value as it is shown in messages.
    pub fn shown_type(e: &Expr) -> Type {
        widen(&e.ty)
    }

    /// A boolean constant.
    pub fn bool_constant(value: bool, span: TextRange) -> Expr {
        make(
            ExprKind::Constant(crate::types::Constant::Bool(value)),
            Type::bool(),
            span,
        )
    }
}

/// The storage type of a declared local: a type variable is an object.
fn local_type(ty: &Type) -> Type {
    super::attr::erase_top(ty)
}

fn elements(expr: &ast::Expr) -> Option<&[ast::Expr]> {
    match expr {
        ast::Expr::Tuple(t) => Some(&t.elts),
        ast::Expr::List(t) => Some(&t.elts),
        _ => None,
    }
}
