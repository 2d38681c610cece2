//! Expressions: names, literals, displays, boolean operators, f-strings; the rest goes to files of its own.

use std::sync::Arc;

use keelback_parser::ast::{self, BoolOp};
use keelback_parser::text_size::TextRange;

use crate::interface::Export;
use crate::rules::Rule;
use crate::tree::{CompareOp, Expr, ExprKind, FormatPiece, LocalId, Stmt, StmtKind, Target};
use crate::types::{Constant, Name, Symbol, Type, Types};

use super::convert::Why;
use super::cx::{Cx, ScopeKind, constant, known, make, none, object, range};
use super::flow::{Place, Root};
use super::ops::{binary_op, compare_op, unary_op};
use super::tuple_display::takes_literals;
use super::world::{Resolved, widen};

impl Cx<'_> {
    /// The value of `expr`. `expected` is the type of the place it flows into, if that is known: literals and displays take it.
    pub fn expr(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Expr {
        let expected = expected.map(|ty| self.world.open(ty));
        let value = self.expr_kind(expr, expected.as_ref());
        if self.last && self.muted == 0 {
            if let Some(types) = &mut self.types {
                types.insert(range(expr), value.ty);
            }
        }
        value
    }

    fn expr_kind(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Expr {
        let span = range(expr);
        match expr {
            ast::Expr::Name(name) => {
                let e = self.name(name.id.as_str(), span);
                self.as_form(e, expr)
            }
            ast::Expr::NumberLiteral(literal) => {
                let value = match &literal.value {
                    ast::Number::Int(int) => int_constant(int),
                    ast::Number::Float(v) => Constant::Float(v.to_bits()),
                    ast::Number::Complex { imag, .. } => Constant::Imaginary(imag.to_bits()),
                };
                let e = constant(value, span);
                match expected {
                    Some(to @ Type::Primitive(_)) => self.coerce(e, to, &Why::Value),
                    _ => e,
                }
            }
            ast::Expr::StringLiteral(literal) => {
                let text = literal.value.to_str();
                if text.contains('\u{fffd}') && self.text(span).contains('\\') {
                    self.fall_back("a string with a lone surrogate", span);
                }
                constant(Constant::Str(Arc::from(text)), span)
            }
            ast::Expr::BytesLiteral(literal) => {
                let bytes: Vec<u8> = literal.value.bytes().collect();
                constant(Constant::Bytes(bytes.into()), span)
            }
            ast::Expr::BooleanLiteral(literal) => constant(Constant::Bool(literal.value), span),
            ast::Expr::NoneLiteral(_) => none(span),
            ast::Expr::EllipsisLiteral(_) => {
                make(ExprKind::Constant(Constant::Ellipsis), Type::Dynamic, span)
            }
            ast::Expr::FString(string) => self.f_string(string, span),
            ast::Expr::TString(_) => {
                self.fall_back("a template string", span);
                self.unknown(span)
            }
            ast::Expr::BinOp(binary) => {
                let number = expected.filter(|t| is_number_type(t));
                let left_expected = match (&*binary.left, number) {
                    (ast::Expr::BinOp(_) | ast::Expr::UnaryOp(_), n) => {
                        n.filter(|t| !matches!(t, Type::Primitive(_)))
                    }
                    _ => None,
                };
                let list = if matches!(&*binary.left, ast::Expr::List(_)) {
                    expected
                } else {
                    left_expected
                };
                let mut left = self.expr(&binary.left, list);
                if binary.op == ast::Operator::BitOr {
                    left = match self.typed_union(left, &binary.right, false, span) {
                        Ok(whole) => return whole,
                        Err(left) => left,
                    };
                }
                let right_list = if matches!(&*binary.right, ast::Expr::List(_)) {
                    expected
                } else {
                    None
                };
                let right = self.expr(&binary.right, right_list);
                self.binary(binary_op(binary.op), left, right, false, span, number)
            }
            ast::Expr::UnaryOp(unary) => match unary_op(unary.op) {
                Some(op) => {
                    let operand = self.expr(&unary.operand, None);
                    let e = self.unary(op, operand, span);
                    match (expected, &e.ty) {
                        (Some(to @ Type::Primitive(_)), Type::Literal(_)) => {
                            self.coerce(e, to, &Why::Value)
                        }
                        _ => e,
                    }
                }
                None => {
                    let condition = self.condition(&unary.operand);
                    self.state = condition.yes.join(&condition.no, self.world);
                    make(ExprKind::Not(condition.test), Type::bool(), span)
                }
            },
            ast::Expr::BoolOp(bool_op) => self.bool_op(bool_op.op, &bool_op.values, expected, span),
            ast::Expr::Compare(compare) => self.comparison(compare, span),
            ast::Expr::If(conditional) => self.conditional(conditional, expected, span),
            ast::Expr::Named(named) => self.walrus(named, expected, span),
            ast::Expr::Tuple(tuple) => self.tuple(&tuple.elts, expected, span),
            ast::Expr::List(list) => {
                let (items, item) = self.elements(&list.elts, expected, &LIST_LIKE, span);
                make(
                    ExprKind::List(items),
                    Type::exact_builtin("list", [item]),
                    span,
                )
            }
            ast::Expr::Set(set) => {
                let (items, item) = self.elements(&set.elts, expected, &SET_LIKE, span);
                make(
                    ExprKind::Set(items),
                    Type::exact_builtin("set", [item]),
                    span,
                )
            }
            ast::Expr::Dict(dict) => self.dict(dict, expected, span),
            ast::Expr::ListComp(_) | ast::Expr::SetComp(_) | ast::Expr::DictComp(_) => {
                self.comprehension(expr, expected)
            }
            ast::Expr::Generator(generator) => {
                self.fall_back("a generator expression", span);
                let ty = self.walk_generator(generator);
                self.of_type(ty, span)
            }
            ast::Expr::Call(call) => self.call(call, expected),
            ast::Expr::Attribute(attribute) => self.attribute(attribute, span),
            ast::Expr::Subscript(subscript) => {
                let e = self.subscript(subscript, span);
                self.as_form(e, expr)
            }
            ast::Expr::Lambda(node) => self.lambda(node, expected, span),
            ast::Expr::Yield(node) => self.yield_expr(node, span),
            ast::Expr::YieldFrom(node) => self.yield_from(node, span),
            ast::Expr::Await(node) => self.await_expr(node, span),
            ast::Expr::Starred(starred) => {
                self.fall_back("a starred expression", span);
                self.expr(&starred.value, None);
                self.unknown(span)
            }
            ast::Expr::Slice(slice) => self.slice(slice, span),
            ast::Expr::IpyEscapeCommand(_) => {
                self.fall_back("a command escape", span);
                self.unknown(span)
            }
        }
    }

    /// A value of which nothing is known, in a function that is not compiled anyway.
    pub fn unknown(&self, span: TextRange) -> Expr {
        make(ExprKind::Constant(Constant::None), Type::Dynamic, span)
    }

    // --- names ---

    fn name(&mut self, name: &str, span: TextRange) -> Expr {
        if self.names.nonlocals.contains(name) {
            self.fall_back("a variable of an enclosing function", span);
        }
        if let Some(id) = self.local(name) {
            if self.kind != ScopeKind::Class || self.state.may_be_bound(id) {
                return self.read_local(id, name, span);
            }
        }
        if self.names.nonlocals.contains(name) {
            self.fall_back("a variable of an enclosing function", span);
            return self.unknown(span);
        }
        self.note_deprecated_name(name, span);
        self.read_global(name, span)
    }

    /// A read of local `id`, narrowed to what is known here.
    pub fn read_local(&mut self, id: LocalId, name: &str, span: TextRange) -> Expr {
        if self.names.shared.contains(name) {
            return make(ExprKind::Local(id), Type::Dynamic, span);
        }
        if !self.state.is_bound(id) && self.state.reachable {
            self.locals[id.0 as usize].maybe_unbound = true;
            let likely = self.state.is_likely(id);
            let message = if self.state.may_be_bound(id) {
                format!("`{name}` may not be assigned yet here")
            } else {
                format!("`{name}` is not assigned yet here")
            };
            if !likely {
                self.report(Rule::PossiblyUnbound, span, message);
                // Once is enough.
                self.state.set_likely(id);
            }
        }
        let storage = self.storage(id);
        let place = Place {
            root: Root::Local(id),
            path: Vec::new(),
        };
        let e = make(ExprKind::Local(id), storage, span);
        let e = match self.state.facts.get(&place) {
            Some(fact) if *fact != storage => {
                let fact = *fact;
                if !fact.is_dynamic() && self.state.doubted.contains(&place) {
                    let read = self.expect(object(e), &fact);
                    // A variable's type is not looked at: what was said is believed.
                    let read = match read.belief.is_none() && read.ty != fact {
                        true => read.believed(fact),
                        false => read,
                    };
                    return self.believed_place(read, &place);
                }
                self.renarrow(e, fact)
            }
            _ => e,
        };
        self.believed_place(e, &place)
    }

    /// A local read with its storage type, known to be `fact`.
    fn renarrow(&mut self, e: Expr, fact: Type) -> Expr {
        use crate::types::Held;
        match (e.ty.held(), fact.held()) {
            // Storage that is a number holds nothing else: what narrowing says must be a number of that kind.
            (Held::Object, _) => known(e, fact),
            (a, b) if a == b => known(e, fact),
            _ => e,
        }
    }

    fn read_global(&mut self, name: &str, span: TextRange) -> Expr {
        let is_global = self.names.globals.contains(name);
        let mut params = self.type_params.iter().rev().filter(|_| !is_global);
        let param = params.find(|own| &*own.name == name);
        if let Some(ty) = param.and_then(|own| self.believed_alias(name, &Type::TypeVar(*own))) {
            self.fall_back("a use of a type parameter", span);
            return self.unknown(span).believed(ty);
        }
        let e = self.read_certain_global(name, span);
        let place = Place {
            root: Root::Global(Name::new(name)),
            path: Vec::new(),
        };
        // What a call made is known by what it lists, not by what the stub says of the call.
        if e.ty.is_dynamic()
            && let Resolved::Alias(ty) = self.world.global(&self.module, name).0
            && let Some(class) = self.world.functional_class(&ty)
        {
            return e.believed(class);
        }
        let e = self.believed_place(e, &place);
        if let Type::Function(symbol) = e.ty
            && e.belief.is_none()
            && self.world.function(&symbol).is_some_and(|f| f.is_wrapped)
        {
            return match self.world.decorated(&symbol) {
                Some(ty) => e.believed(ty),
                None => e,
            };
        }
        if e.belief.is_some() || !e.ty.is_dynamic() {
            return e;
        }
        match self.world.global(&self.module, name).0 {
            Resolved::Variable { ty, .. } => e.believed(ty),
            // A form that is no class, as it is declared in the stub.
            Resolved::Typing(form) if matches!(&*form, "Callable" | "Optional" | "Literal") => {
                let form = Symbol::new("typing", "_SpecialForm");
                e.believed(Type::Instance(form, Types::none()))
            }
            Resolved::Alias(ty) => match self.believed_alias(name, &ty) {
                Some(ty) => e.believed(ty),
                None => e,
            },
            _ => e,
        }
    }

    /// A global, as far as it is certain.
    fn read_certain_global(&mut self, name: &str, span: TextRange) -> Expr {
        let global = |ty: Type, module: &Name| {
            make(
                ExprKind::Global {
                    module: *module,
                    name: Name::new(name),
                },
                ty,
                span,
            )
        };
        let place = Place {
            root: Root::Global(Name::new(name)),
            path: Vec::new(),
        };
        let (resolved, is_builtin) = self.world.global(&self.module, name);
        if let Some(fact) = self.state.facts.get(&place).cloned() {
            if !matches!(
                resolved,
                Resolved::Constant(_) | Resolved::Function(_) | Resolved::Class(_)
            ) {
                let e = global(Type::Dynamic, &self.module);
                return if matches!(fact, Type::Class(_) | Type::Function(_) | Type::Module(_)) {
                    known(e, fact)
                } else {
                    self.expect(e, &fact)
                };
            }
        }
        match resolved {
            Resolved::Constant(value) => constant(value, span),
            Resolved::Variable { ty, .. } => {
                let e = global(Type::Dynamic, &self.module);
                let stub = is_builtin
                    || matches!(
                        self.world.binding(&self.module, name),
                        Some(Export::Import { module, .. }) if !self.world.is_static_module(&module)
                    );
                let ty = if stub { stub_type(&ty) } else { ty };
                if ty.is_dynamic() {
                    e
                } else {
                    self.expect(e, &ty)
                }
            }
            Resolved::Function(symbol) => global(Type::Function(symbol), &self.module),
            Resolved::Class(symbol) => global(Type::Class(symbol), &self.module),
            Resolved::Module(module) => global(Type::Module(module), &self.module),
            Resolved::Static(_) | Resolved::Typing(_) | Resolved::Alias(_) | Resolved::Dynamic => {
                global(Type::Dynamic, &self.module)
            }
            Resolved::Undefined => {
                if !self.names.globals.contains(name) && name != "__class__" {
                    let mut known: Vec<String> =
                        self.by_name.keys().map(|n| n.to_string()).collect();
                    for module in [&*self.module, "builtins"] {
                        known.extend(self.world.names(module).iter().map(|n| n.to_string()));
                    }
                    self.report_unknown(
                        Rule::UndefinedName,
                        span,
                        format!("Name `{name}` is not defined"),
                        name,
                        known.iter().map(String::as_str),
                    );
                }
                if name == "__class__" {
                    self.fall_back("a use of `__class__`", span);
                }
                global(Type::Dynamic, &self.module)
            }
        }
    }

    // --- boolean operators ---

    fn bool_op(
        &mut self,
        op: BoolOp,
        values: &[ast::Expr],
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let mut parts = Vec::new();
        let mut ty = Type::Never;
        let mut leave: Option<super::flow::State> = None;
        for (i, value) in values.iter().enumerate() {
            let is_last = i + 1 == values.len();
            let (e, yes, no) = if is_condition(value) {
                let condition = self.condition(value);
                (condition.test, condition.yes, condition.no)
            } else {
                let e = self.expr(value, expected);
                let (yes, no) = self.after_value(value, &e.ty);
                (e, yes, no)
            };
            // What of this value's type can be the result: all of the last, else the false part for `and`, the true part for `or`.
            let part = if is_last {
                e.ty
            } else {
                match op {
                    BoolOp::Or => super::narrow::truthy(&e.ty),
                    BoolOp::And => super::narrow::falsy(&e.ty),
                }
            };
            ty = self.world.join(&ty, &widen_unless(&part, expected));
            let (go, stop) = match op {
                BoolOp::And => (yes, no),
                BoolOp::Or => (no, yes),
            };
            if is_last {
                let end = go.join(&stop, self.world);
                self.state = match leave.take() {
                    Some(leave) => leave.join(&end, self.world),
                    None => end,
                };
            } else {
                leave = Some(match leave.take() {
                    Some(leave) => leave.join(&stop, self.world),
                    None => stop,
                });
                self.state = go;
            }
            parts.push(e);
        }
        if let Some(to @ Type::Primitive(_)) = expected {
            if parts.iter().all(|p| self.world.assignable(&p.ty, to)) {
                ty = *to;
            }
        }
        // Operands that are all of the result's representation need nothing; otherwise they are objects.
        let stored = if parts.iter().all(|p| p.ty.held() == ty.held())
            && ty.held() != crate::types::Held::Object
            || matches!(ty, Type::Primitive(_))
        {
            ty
        } else {
            self.storage_of_parts(&parts, &ty)
        };
        let mut parts: Vec<Expr> = parts
            .into_iter()
            .map(|p| self.into_common(p, &stored))
            .collect();
        let mut e = parts.pop().unwrap_or_else(|| none(span));
        while let Some(left) = parts.pop() {
            let kind = match op {
                BoolOp::And => ExprKind::And(left, e),
                BoolOp::Or => ExprKind::Or(left, e),
            };
            e = make(kind, stored, span);
        }
        if stored == ty { e } else { known(e, ty) }
    }

    /// A type in which all parts of a boolean operator can be held, given the type of the result.
    fn storage_of_parts(&self, parts: &[Expr], ty: &Type) -> Type {
        let all = parts
            .iter()
            .fold(Type::Never, |a, p| self.world.join(&a, &widen(&p.ty)));
        if all == *ty {
            return all;
        }
        if all.held() == crate::types::Held::Object {
            all
        } else {
            Type::object()
        }
    }

    /// `e` as a part of an expression of type `ty`, which is a join that `e`'s type is part of.
    pub fn into_common(&mut self, e: Expr, ty: &Type) -> Expr {
        if ty.held() == crate::types::Held::Object {
            let e = match e.ty {
                Type::Primitive(_) => self.unprimitive(e),
                _ => e,
            };
            return object(e);
        }
        self.coerce(e, ty, &Why::Value)
    }

    fn conditional(
        &mut self,
        conditional: &ast::ExprIf,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let condition = self.condition(&conditional.test);
        self.state = condition.yes;
        let then = self.expr(&conditional.body, expected);
        let after_then = std::mem::replace(&mut self.state, condition.no);
        let orelse = self.expr(&conditional.orelse, expected);
        self.join_state(&after_then);
        let mut ty = self.world.join(
            &widen_unless(&then.ty, expected),
            &widen_unless(&orelse.ty, expected),
        );
        // Two literals of one class, or a primitive with a literal that takes its type.
        if let (Type::Literal(c), Type::Primitive(p)) | (Type::Primitive(p), Type::Literal(c)) =
            (&then.ty, &orelse.ty)
        {
            if super::world::literal_fits(c, *p) {
                ty = Type::Primitive(*p);
            }
        }
        if let Some(to) = expected {
            let fits = self.world.assignable(&then.ty, to) && self.world.assignable(&orelse.ty, to);
            if fits && (matches!(to, Type::Primitive(_)) || to.is_builtin("float")) {
                ty = *to;
            }
        }
        let (views, is_believed) = (
            [then.view(), orelse.view()],
            then.belief.is_some() || orelse.belief.is_some(),
        );
        let then = self.into_common(then, &ty);
        let orelse = self.into_common(orelse, &ty);
        let e = make(
            ExprKind::If {
                test: condition.test,
                then,
                orelse,
            },
            ty,
            span,
        );
        if is_believed {
            let views = views.map(|view| widen_unless(&view, expected));
            e.believed(self.world.join(&views[0], &views[1]))
        } else {
            e
        }
    }

    fn comparison(&mut self, compare: &ast::ExprCompare, span: TextRange) -> Expr {
        if compare.ops.len() == 1 {
            let left = self.expr(&compare.left, None);
            let expected = match &left.ty {
                ty @ Type::Primitive(_) => Some(*ty),
                _ => None,
            };
            let right = self.expr(&compare.comparators[0], expected.as_ref());
            return self.compare(compare_op(compare.ops[0]), left, right, false, span);
        }
        // a < b < c: each operand is evaluated once, and only as far as the answer needs.
        let mut stmts = Vec::new();
        let left = self.expr(&compare.left, None);
        let left = self.keep(left, &mut stmts);
        let right = self.expr(&compare.comparators[0], None);
        let right = self.keep(right, &mut stmts);
        let ops: Vec<CompareOp> = compare.ops.iter().map(|op| compare_op(*op)).collect();
        let first = self.compare(ops[0], left, right.clone(), true, span);
        let rest = self.chain(&ops[1..], right, &compare.comparators[1..], span);
        let e = make(ExprKind::And(first, rest), Type::bool(), span);
        if stmts.is_empty() {
            e
        } else {
            make(ExprKind::Block(stmts, e), Type::bool(), span)
        }
    }

    fn chain(
        &mut self,
        ops: &[CompareOp],
        left: Expr,
        rest: &[ast::Expr],
        span: TextRange,
    ) -> Expr {
        let mut stmts = Vec::new();
        let mut right = self.expr(&rest[0], None);
        if ops.len() > 1 {
            right = self.keep(right, &mut stmts);
        }
        let first = self.compare(ops[0], left, right.clone(), true, span);
        let e = if ops.len() > 1 {
            let tail = self.chain(&ops[1..], right, &rest[1..], span);
            make(ExprKind::And(first, tail), Type::bool(), span)
        } else {
            let mut first = first;
            first.ty = Type::bool();
            first
        };
        if stmts.is_empty() {
            e
        } else {
            make(ExprKind::Block(stmts, e), Type::bool(), span)
        }
    }

    fn walrus(&mut self, named: &ast::ExprNamed, expected: Option<&Type>, span: TextRange) -> Expr {
        let ast::Expr::Name(target) = &*named.target else {
            return self.unknown(span);
        };
        let value = self.expr(&named.value, expected);
        let name = target.id.as_str();
        let id = if self.kind == ScopeKind::Module {
            None
        } else {
            self.by_name.get(name).copied()
        };
        match id {
            Some(id) => {
                let stmts = self.block(|cx| cx.assign_local(id, name, value, span));
                let read = self.read_local(id, name, span);
                let ty = read.ty;
                make(ExprKind::Block(stmts, read), ty, span)
            }
            None => {
                let stmts = self.block(|cx| cx.assign_global(name, value, span));
                let read = self.read_global(name, span);
                let ty = read.ty;
                make(ExprKind::Block(stmts, read), ty, span)
            }
        }
    }

    // --- displays ---

    fn elements(
        &mut self,
        elts: &[ast::Expr],
        expected: Option<&Type>,
        like: &[&str],
        span: TextRange,
    ) -> (Vec<Expr>, Type) {
        let wanted = expected.and_then(|t| element_of(t, like));
        let mut items = Vec::new();
        let mut ty = Type::Never;
        let mut all = true;
        for elt in elts {
            if let ast::Expr::Starred(s) = elt {
                self.fall_back("a starred item in a display", span);
                let value = self.expr(&s.value, None);
                let item = self.items_of(&value, range(elt));
                all &= wanted
                    .as_ref()
                    .is_some_and(|w| self.world.assignable(&item, w));
                ty = self.world.join(&ty, &item);
                continue;
            }
            let (e, item) = self.element(elt, wanted.as_ref(), false);
            all &= wanted
                .as_ref()
                .is_some_and(|w| self.world.assignable(&item, w));
            ty = self.world.join(&ty, &item);
            items.push(e);
        }
        match wanted {
            Some(wanted) if all => (items, wanted),
            // Empty, or places that are filled later.
            _ if elts.is_empty() || ty == Type::None => (items, Type::Dynamic),
            _ => (items, ty),
        }
    }

    fn dict(&mut self, dict: &ast::ExprDict, expected: Option<&Type>, span: TextRange) -> Expr {
        if let Some(e) = self.typed_display(dict, expected, span) {
            return e;
        }
        let wanted = expected.and_then(|t| {
            t.members().iter().find_map(|m| match m {
                Type::Instance(c, args) | Type::Exact(c, args)
                    if args.len() == 2
                        && matches!(
                            c.name(),
                            "dict" | "Mapping" | "MutableMapping" | "defaultdict" | "OrderedDict"
                        ) =>
                {
                    Some((args[0], args[1]))
                }
                _ => None,
            })
        });
        let (mut key_type, mut value_type) = (Type::Never, Type::Never);
        let mut pairs = Vec::new();
        let mut all = true;
        for item in &dict.items {
            let Some(key) = &item.key else {
                self.fall_back("`**` in a dict display", span);
                let value = self.expr(&item.value, expected);
                match &value.ty {
                    Type::Instance(c, args) | Type::Exact(c, args)
                        if c.is_builtin("dict") && args.len() == 2 =>
                    {
                        all &= wanted.as_ref().is_some_and(|(k, v)| {
                            self.world.assignable(&args[0], k) && self.world.assignable(&args[1], v)
                        });
                        key_type = self.world.join(&key_type, &args[0]);
                        value_type = self.world.join(&value_type, &args[1]);
                    }
                    _ => {
                        key_type = Type::Dynamic;
                        value_type = Type::Dynamic;
                    }
                }
                continue;
            };
            let (k, kt) = self.element(key, wanted.as_ref().map(|w| &w.0), false);
            let (v, vt) = self.element(&item.value, wanted.as_ref().map(|w| &w.1), false);
            all &= wanted.as_ref().is_some_and(|(k, v)| {
                self.world.assignable(&kt, k) && self.world.assignable(&vt, v)
            });
            key_type = self.world.join(&key_type, &kt);
            value_type = self.world.join(&value_type, &vt);
            pairs.push((k, v));
        }
        let args: [Type; 2] = match wanted {
            Some((k, v)) if all => [k, v],
            _ if dict.items.is_empty() => [Type::Dynamic, Type::Dynamic],
            // Places that are filled later.
            _ => [key_type, value_type].map(|ty| if ty == Type::None { Type::Dynamic } else { ty }),
        };
        make(
            ExprKind::Dict(pairs),
            Type::exact_builtin("dict", args),
            span,
        )
    }

    // --- f-strings ---

    fn f_string(&mut self, string: &ast::ExprFString, span: TextRange) -> Expr {
        let mut pieces = Vec::new();
        for part in &string.value {
            match part {
                ast::FStringPart::Literal(literal) => push_text(&mut pieces, literal.as_str()),
                ast::FStringPart::FString(f) => self.format_pieces(&f.elements, &mut pieces),
            }
        }
        let e = make(
            ExprKind::Format(pieces),
            Type::Exact(Symbol::new("builtins", "str"), Types::none()),
            span,
        );
        super::literal_string::of_format(e)
    }

    fn format_pieces(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        pieces: &mut Vec<FormatPiece>,
    ) {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => push_text(pieces, literal),
                ast::InterpolatedStringElement::Interpolation(interpolation) => {
                    if let Some(debug) = &interpolation.debug_text {
                        push_text(pieces, debug.as_str());
                    }
                    let value = self.expr(&interpolation.expression, None);
                    let value = self.unprimitive(value);
                    if !super::ops::known_value(&value.ty) {
                        self.after_call();
                    }
                    let mut conversion = interpolation.conversion.to_char();
                    if interpolation.debug_text.is_some()
                        && conversion.is_none()
                        && interpolation.format_spec.is_none()
                    {
                        conversion = Some('r');
                    }
                    let spec = interpolation.format_spec.as_ref().map(|spec| {
                        let mut inner = Vec::new();
                        self.format_pieces(&spec.elements, &mut inner);
                        match inner.as_slice() {
                            [] => make(
                                ExprKind::Constant(Constant::Str(Arc::from(""))),
                                Type::str(),
                                spec.range,
                            ),
                            [FormatPiece::Text(text)] => make(
                                ExprKind::Constant(Constant::Str(text.clone())),
                                Type::str(),
                                spec.range,
                            ),
                            _ => make(ExprKind::Format(inner), Type::str(), spec.range),
                        }
                    });
                    pieces.push(FormatPiece::Value {
                        value: object(value),
                        conversion,
                        spec,
                    });
                }
            }
        }
    }

    // --- assignment to variables ---

    /// Stores `value` in local `id`.
    pub fn assign_local(&mut self, id: LocalId, name: &str, value: Expr, span: TextRange) {
        let i = id.0 as usize;
        let place = Place {
            root: Root::Local(id),
            path: Vec::new(),
        };
        if self.names.shared.contains(name) {
            self.fall_back("a variable that a nested function rebinds", span);
        }
        if i < self.named && self.finals.contains(&id) && self.state.may_be_bound(id) {
            self.report(
                Rule::FinalReassigned,
                span,
                format!("`{name}` is `Final` and cannot be assigned again"),
            );
        }
        let (ty, mut belief) = (value.ty, value.belief);
        let (stored, fact) = match self.declared.get(i).cloned().flatten() {
            Some(declared) => {
                let fits = self.world.assignable(&ty, &declared);
                belief = self.belief_in(&declared, &ty, belief);
                let value = self.coerce(value, &declared, &Why::Variable(Name::new(name)));
                let fact = if fits {
                    self.narrow_declared(&declared, &ty)
                } else {
                    declared
                };
                (value, fact)
            }
            None if i >= self.named => {
                if self.fresh.remove(&id) {
                    // A comprehension's variable is stored as what its one target stores.
                    self.locals[i].ty = match &ty {
                        Type::Never => Type::Dynamic,
                        other => widen(other),
                    };
                }
                let storage = self.locals[i].ty;
                let fact = if storage == ty {
                    storage
                } else {
                    self.narrow_declared(&storage, &ty)
                };
                (self.into_storage(value, &storage), fact)
            }
            None => {
                // An int literal keeps its literal type here: it can still take the type of a primitive that the variable holds elsewhere.
                self.assigned[i] = self.world.join(&self.assigned[i], &literal_or_wide(&ty));
                let mut storage = self.storage(id);
                if !self.last {
                    storage = self.world.join(&storage, &literal_or_wide(&ty));
                }
                let fact = match &storage {
                    Type::Primitive(_) => storage,
                    _ => widen(&ty.boxed()),
                };
                // Of several declared values it is still one of them.
                if belief.is_none() && ty.members().len() > 1 && takes_literals(&ty) {
                    belief = Some(ty);
                }
                let value = if self.last {
                    self.into_storage(value, &storage)
                } else {
                    value
                };
                (value, fact)
            }
        };
        self.push(StmtKind::Assign(Target::Local(id), stored), span);
        self.state.forget(&place);
        self.state.set_bound(id, true);
        if !self.names.shared.contains(name) {
            self.believe_in(place.clone(), belief);
            self.learn(place, fact);
        }
    }

    /// `value`, whose type is part of the join that `storage` is.
    fn into_storage(&mut self, value: Expr, storage: &Type) -> Expr {
        if value.ty == *storage {
            return value;
        }
        if storage.held() == crate::types::Held::Object {
            let value = self.unprimitive(value);
            return object(value);
        }
        self.coerce(value, storage, &Why::Value)
    }

    /// What a place declared `declared` is known to hold after a value of type `ty` was stored in it.
    pub fn narrow_declared(&self, declared: &Type, ty: &Type) -> Type {
        let ty = match ty {
            Type::Primitive(p) => p.boxed(),
            Type::Literal(_)
                if !declared
                    .members()
                    .iter()
                    .any(|m| matches!(m, Type::Literal(_))) =>
            {
                widen(ty)
            }
            other => *other,
        };
        match declared {
            Type::Primitive(_) => *declared,
            _ if ty.is_dynamic() || ty == Type::Never => *declared,
            _ if declared.is_builtin("float")
                || declared.is_builtin("int")
                || declared.is_builtin("bool") =>
            {
                *declared
            }
            Type::Dynamic | Type::TypeVar(..) => ty,
            Type::Union(members) => {
                let numbers = |name: &str| members.iter().any(|m| m.is_builtin(name));
                if (ty.is_builtin("int") || ty.is_builtin("bool"))
                    && numbers("float")
                    && !numbers("int")
                {
                    return Type::float();
                }
                // Keep the declared member's arguments: a display took them from the declaration.
                let parts = ty.members().iter().map(|t| {
                    members
                        .iter()
                        .find(|m| m.class().is_some() && m.class() == t.class())
                        .map_or_else(
                            || *t,
                            |m| {
                                if matches!(m, Type::Literal(_)) {
                                    *t
                                } else {
                                    *m
                                }
                            },
                        )
                });
                Type::union(parts)
            }
            Type::Instance(c, _) => match &ty {
                Type::Instance(d, _) | Type::Exact(d, _) if c == d => *declared,
                _ if ty.includes_none() => *declared,
                _ => ty,
            },
            _ => *declared,
        }
    }

    /// Stores `value` in global `name` of this module.
    pub fn assign_global(&mut self, name: &str, value: Expr, span: TextRange) {
        let place = Place {
            root: Root::Global(Name::new(name)),
            path: Vec::new(),
        };
        let export = self.world.binding(&self.module, name);
        let (ty, mut belief) = (value.ty, value.belief);
        let (value, fact) = match export {
            Some(Export::Variable {
                ty: declared,
                is_final,
            }) if !declared.is_dynamic() => {
                if is_final && self.kind != ScopeKind::Module {
                    self.report(
                        Rule::FinalReassigned,
                        span,
                        format!("`{name}` is `Final` and cannot be assigned again"),
                    );
                }
                let fits = self.world.assignable(&ty, &declared);
                belief = self.belief_in(&declared, &ty, belief);
                // What is wrong with another value of a `Final` name is that there is one.
                let place = match is_final && !fits {
                    true => widen(&declared),
                    false => declared,
                };
                let value = self.coerce(value, &place, &Why::Variable(Name::new(name)));
                (
                    value,
                    if fits {
                        self.narrow_declared(&declared, &ty)
                    } else {
                        declared
                    },
                )
            }
            Some(Export::Constant(_)) => {
                if self.kind != ScopeKind::Module {
                    self.report(
                        Rule::FinalReassigned,
                        span,
                        format!("`{name}` is `Final` and cannot be assigned again"),
                    );
                }
                (value, ty)
            }
            _ => (value, widen(&ty)),
        };
        let value = self.unprimitive(value);
        self.push(
            StmtKind::Assign(Target::Global(Name::new(name)), object(value)),
            span,
        );
        self.state.forget(&place);
        self.believe_in(place.clone(), belief);
        let fact = match fact {
            Type::Primitive(p) => p.boxed(),
            other => other,
        };
        self.learn(place, fact);
    }

    /// A statement in an expression.
    pub fn with_stmts(&self, stmts: Vec<Stmt>, e: Expr) -> Expr {
        if stmts.is_empty() {
            return e;
        }
        let (ty, span) = (e.ty, e.span);
        make(ExprKind::Block(stmts, e), ty, span)
    }
}

const LIST_LIKE: [&str; 6] = [
    "list",
    "Sequence",
    "MutableSequence",
    "Iterable",
    "Collection",
    "Reversible",
];
const SET_LIKE: [&str; 5] = ["set", "AbstractSet", "MutableSet", "Iterable", "Collection"];
pub(super) const TUPLE_LIKE: [&str; 5] =
    ["tuple", "Sequence", "Iterable", "Collection", "Reversible"];

/// The element type that a display takes from the type it is expected to be.
pub fn element_of(expected: &Type, like: &[&str]) -> Option<Type> {
    expected.members().iter().find_map(|m| match m {
        Type::Instance(c, args) | Type::Exact(c, args)
            if args.len() == 1 && like.contains(&c.name()) =>
        {
            Some(args[0])
        }
        _ => None,
    })
}

/// The part of a stub's type that is trusted as an expectation: builtin classes and unions of them. A stub that says `float` may mean an int,
/// which must stay one.
pub fn stub_type(ty: &Type) -> Type {
    let trusted = |t: &Type| match t {
        Type::None | Type::Literal(_) => true,
        Type::Instance(c, _) => {
            &*c.module == "builtins"
                && matches!(
                    c.name(),
                    "int"
                        | "str"
                        | "bytes"
                        | "bool"
                        | "list"
                        | "dict"
                        | "set"
                        | "tuple"
                        | "frozenset"
                )
        }
        Type::Tuple(_) => true,
        _ => false,
    };
    if ty.members().iter().all(trusted) {
        erase_floats(&widen(ty))
    } else {
        Type::Dynamic
    }
}

/// Floats inside of containers of a stub's type, made dynamic.
fn erase_floats(ty: &Type) -> Type {
    let many = |items: &Types| -> Types {
        items
            .iter()
            .map(|t| {
                if t.is_builtin("float") || matches!(t, Type::TypeVar(..)) {
                    Type::Dynamic
                } else {
                    erase_floats(t)
                }
            })
            .collect()
    };
    match ty {
        Type::Instance(s, args) => Type::Instance(*s, many(args)),
        Type::Tuple(items) => Type::Tuple(many(items)),
        Type::Union(items) => Type::union(items.iter().map(erase_floats)),
        Type::TypeVar(..) => Type::Dynamic,
        other => *other,
    }
}

/// The type of an element of a container: one of functions or classes takes other ones too.
pub(super) fn generalised(ty: &Type) -> Type {
    match ty {
        Type::Function(_) | Type::Class(_) | Type::Module(_) => Type::Dynamic,
        Type::Tuple(items) => Type::Tuple(items.iter().map(generalised).collect()),
        other => *other,
    }
}

fn push_text(pieces: &mut Vec<FormatPiece>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(FormatPiece::Text(last)) = pieces.last_mut() {
        *last = Arc::from(format!("{last}{text}"));
    } else {
        pieces.push(FormatPiece::Text(Arc::from(text)));
    }
}

/// Whether a value is a bool that [`Cx::condition`] computes as it is.
fn is_condition(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::UnaryOp(u) => u.op == ast::UnaryOp::Not,
        ast::Expr::Compare(c) => {
            c.ops.len() == 1
                && matches!(
                    c.ops[0],
                    ast::CmpOp::Is | ast::CmpOp::IsNot | ast::CmpOp::In | ast::CmpOp::NotIn
                )
        }
        ast::Expr::Call(c) => {
            matches!(&*c.func, ast::Expr::Name(n) if n.id.as_str() == "isinstance")
        }
        _ => false,
    }
}

fn is_number_type(ty: &Type) -> bool {
    matches!(ty, Type::Primitive(_)) || ty.is_builtin("float") || ty.is_builtin("int")
}

fn widen_unless(ty: &Type, expected: Option<&Type>) -> Type {
    if expected.is_some_and(takes_literals) {
        *ty
    } else {
        widen(ty)
    }
}

fn literal_or_wide(ty: &Type) -> Type {
    widen(ty)
}

/// A Python int literal as a constant.
pub fn int_constant(int: &ast::Int) -> Constant {
    if let Some(v) = int.as_i64() {
        return Constant::Int(v);
    }
    Constant::BigInt(Arc::from(decimal(&int.to_string())))
}

/// The decimal digits of an int literal of any base.
fn decimal(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| *c != '_')
        .collect::<String>()
        .to_lowercase();
    let (radix, digits) = match text.get(..2) {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some("0b") => (2, &text[2..]),
        _ => return text,
    };
    // Base 10^9 limbs, least significant first.
    let mut limbs: Vec<u64> = vec![0];
    for c in digits.chars() {
        let mut carry = u64::from(c.to_digit(radix).unwrap_or(0));
        for limb in &mut limbs {
            let v = *limb * u64::from(radix) + carry;
            *limb = v % 1_000_000_000;
            carry = v / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut out = limbs.last().copied().unwrap_or(0).to_string();
    for limb in limbs.iter().rev().skip(1) {
        out.push_str(&format!("{limb:09}"));
    }
    out
}
