//! `match`: what each pattern says of the subject, and what the names that it binds are.
//!
//! A pattern is walked with the type of what it is matched against. It gives two types: what the value is when the pattern matches, and what it
//! is when it does not. The second is what the next case sees; when nothing is left, the cases are exhaustive and control does not come
//! past the statement.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::Expr;
use crate::types::{Constant, Name, Symbol, Type, Types};
use crate::typing::MatchArgs;

use super::super::cx::{Cx, range};
use super::super::flow::{Place, State};
use super::super::world::{is_value_class, widen};
use super::compare::is_single;

/// Tuples of several kinds of items are taken apart into no more kinds of tuples than this.
const MOST_TUPLES: usize = 64;

/// The subject of a `match`.
struct Subject<'e> {
    expr: &'e ast::Expr,
    /// The places that hold it.
    places: Vec<Place>,
    /// The places that hold its items, if it is written as a tuple.
    parts: Vec<Vec<Place>>,
}

/// What a value is when a pattern matches, and when it does not.
struct Matched {
    yes: Type,
    no: Type,
}

impl Cx<'_> {
    /// `match`.
    pub fn match_stmt(&mut self, stmt: &ast::StmtMatch) {
        self.fall_back(
            "a `match` statement",
            TextRange::at(stmt.range.start(), 5.into()),
        );
        let subject = self.expr(&stmt.subject, None);
        let subject = self.unprimitive(subject);
        // The cases are told apart by what the rules of typing say of the subject.
        let view = subject.view();
        let ty = self.expanded_tuples(&view);
        let places = match self.places(&stmt.subject) {
            places if places.is_empty() => vec![Place::local(self.temp(view))],
            places => places,
        };
        let subject_at = Subject {
            places,
            parts: self.subject_parts(&stmt.subject),
            expr: &stmt.subject,
        };
        let alive = self.state.reachable;
        let mut rest = ty;
        let mut after: Option<State> = None;
        for case in &stmt.cases {
            let entry = self.state.clone();
            let matched = self.pattern(&case.pattern, &rest);
            // A last case for anything is often there for what cannot be.
            if alive && matched.yes == Type::Never && !case.pattern.is_wildcard() {
                let reachable = std::mem::replace(&mut self.state.reachable, true);
                self.report(
                    Rule::UnreachableCode,
                    range(&case.pattern),
                    "This pattern never matches",
                );
                self.state.reachable = reachable;
            }
            self.narrow_subject(&subject_at, &rest, matched.yes);
            let matching = std::mem::replace(&mut self.state, entry);
            self.narrow_subject(&subject_at, &rest, matched.no);
            let mut past = std::mem::replace(&mut self.state, matching);
            let mut certain = true;
            if let Some(guard) = &case.guard {
                let condition = self.condition(guard);
                self.state = condition.yes;
                // What the pattern lets through may fail the guard.
                certain = !condition.no.reachable;
                past = past.join(&condition.no, self.world);
            }
            if certain {
                rest = matched.no;
            }
            self.body(&case.body);
            after = Some(match after {
                Some(after) => after.join(&self.state, self.world),
                None => self.state.clone(),
            });
            self.state = past;
        }
        if let Some(after) = after {
            self.join_state(&after);
        }
    }

    /// The places that the items of a subject are which is written as a tuple.
    fn subject_parts(&self, subject: &ast::Expr) -> Vec<Vec<Place>> {
        match subject {
            ast::Expr::Tuple(tuple) if !tuple.elts.iter().any(ast::Expr::is_starred_expr) => {
                tuple.elts.iter().map(|elt| self.places(elt)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Narrows the subject in the current state, and the variables of which it is made.
    fn narrow_subject(&mut self, subject: &Subject<'_>, from: &Type, to: Type) {
        if to != Type::Never && to != *from {
            // `match shape.kind` says something of the shape.
            let (mut state, mut other) = (self.state.clone(), self.state.clone());
            let split = |cx: &Cx<'_>, ty: &Type| (cx.common_part(ty, &to), *ty);
            self.discriminate(subject.expr, &split, &mut state, &mut other);
            self.state = state;
        }
        for place in &subject.places {
            self.state.narrow_in_doubt(place, from, to);
        }
        for (i, part) in subject.parts.iter().enumerate() {
            let items = |ty: &Type| -> Option<Type> {
                let items = ty.members().iter().map(|member| match member {
                    Type::Tuple(items) => items.get(i).copied(),
                    _ => None,
                });
                Some(self.world.join_all(items.collect::<Option<Vec<_>>>()?))
            };
            if let (Some(from), Some(to)) = (items(from), items(&to)) {
                for place in part {
                    if to != from {
                        self.state.narrow_in_doubt(place, &from, to);
                    }
                }
            }
        }
    }

    /// What of `ty` may be a value of type `of` too.
    fn common_part(&self, ty: &Type, of: &Type) -> Type {
        let (ty, of) = (self.world.expanded(ty), self.world.expanded(of));
        Type::union(ty.members().iter().copied().filter(|member| {
            if is_single(member) && of.members().iter().all(is_single) {
                of.members().contains(member)
            } else {
                self.world.may_overlap(member, &of)
            }
        }))
    }

    /// A type with tuples taken apart by what their items may be, so that cases which together cover them are seen to.
    fn expanded_tuples(&self, ty: &Type) -> Type {
        let members: Vec<Type> = ty
            .members()
            .iter()
            .flat_map(|member| match member {
                Type::Tuple(items) => self.tuple_kinds(items).unwrap_or_else(|| vec![*member]),
                _ => vec![*member],
            })
            .collect();
        Type::union(members)
    }

    fn tuple_kinds(&self, items: &Types) -> Option<Vec<Type>> {
        let mut kinds: Vec<Vec<Type>> = vec![Vec::new()];
        for item in items {
            let item = self.world.expanded(item);
            let mut longer = Vec::new();
            for kind in &kinds {
                for member in item.members() {
                    let mut kind = kind.clone();
                    kind.push(*member);
                    longer.push(kind);
                }
            }
            if longer.len() > MOST_TUPLES {
                return None;
            }
            kinds = longer;
        }
        Some(
            kinds
                .into_iter()
                .map(|kind| Type::Tuple(kind.into()))
                .collect(),
        )
    }

    /// A value of type `ty`, to be stored in a name that a pattern binds.
    fn captured(&mut self, ty: Type, span: TextRange) -> Expr {
        let temp = self.temp(ty);
        self.read_temp(temp, span)
    }

    fn capture(&mut self, name: &ast::Identifier, ty: Type) {
        let ty = if ty == Type::Never { Type::Dynamic } else { ty };
        // What was taken apart to see whether cases are exhaustive is put together again.
        let ty = self.world.join_all(ty.members().iter().copied());
        let value = self.captured(ty, name.range);
        self.assign_name(name.as_str(), value, name.range);
    }

    /// Matches a value of type `ty` against a pattern and binds the pattern's names in the current state.
    fn pattern(&mut self, pattern: &ast::Pattern, ty: &Type) -> Matched {
        match pattern {
            ast::Pattern::MatchValue(p) => self.value_pattern(p, ty),
            ast::Pattern::MatchSingleton(p) => {
                let value = match p.value {
                    ast::Singleton::None => Type::None,
                    ast::Singleton::True => Type::literal(&Constant::Bool(true)),
                    ast::Singleton::False => Type::literal(&Constant::Bool(false)),
                };
                let (yes, no) = self.split_value(ty, &value, true);
                Matched { yes, no }
            }
            ast::Pattern::MatchSequence(p) => self.sequence_pattern(p, ty),
            ast::Pattern::MatchMapping(p) => self.mapping_pattern(p, ty),
            ast::Pattern::MatchClass(p) => self.class_pattern(p, ty),
            ast::Pattern::MatchStar(p) => {
                if let Some(name) = &p.name {
                    self.capture(name, *ty);
                }
                Matched {
                    yes: *ty,
                    no: Type::Never,
                }
            }
            ast::Pattern::MatchAs(p) => {
                let matched = match &p.pattern {
                    Some(inner) => self.pattern(inner, ty),
                    None => Matched {
                        yes: *ty,
                        no: Type::Never,
                    },
                };
                if let Some(name) = &p.name {
                    self.capture(name, matched.yes);
                }
                matched
            }
            ast::Pattern::MatchOr(p) => self.or_pattern(p, ty),
        }
    }

    fn or_pattern(&mut self, pattern: &ast::PatternMatchOr, ty: &Type) -> Matched {
        let entry = self.state.clone();
        let mut end: Option<State> = None;
        let mut matched = Matched {
            yes: Type::Never,
            no: *ty,
        };
        for alternative in &pattern.patterns {
            self.state = entry.clone();
            let part = self.pattern(alternative, &matched.no);
            // Names that an alternative which never matches binds have no type from it.
            self.state.reachable &= part.yes != Type::Never;
            matched.yes = self.world.join(&matched.yes, &part.yes);
            matched.no = part.no;
            end = Some(match end {
                Some(end) => end.join(&self.state, self.world),
                None => self.state.clone(),
            });
        }
        self.state = end.unwrap_or_else(|| entry.clone());
        self.state.reachable = entry.reachable;
        matched
    }

    fn value_pattern(&mut self, pattern: &ast::PatternMatchValue, ty: &Type) -> Matched {
        let value = self.expr(&pattern.value, None);
        let value = match value.ty {
            // `-1` and `1 + 2j`.
            ty if is_single(&ty) => ty,
            ty => match crate::constants::literal(&pattern.value) {
                Some(constant) if is_single(&Type::literal(&constant)) => Type::literal(&constant),
                _ => ty,
            },
        };
        let (yes, no) = self.split_equal(ty, &value, false);
        // A value pattern for a literal of a value class matches no other class's values that are known.
        let yes = Type::union(
            yes.members()
                .iter()
                .filter(|m| !self.never_equal(m, &value))
                .copied(),
        );
        Matched { yes, no }
    }

    /// Whether values of the two types are certain not to be equal.
    fn never_equal(&self, a: &Type, b: &Type) -> bool {
        let plain =
            |ty: &Type| ty.class().is_some_and(|c| is_value_class(&c)) || matches!(ty, Type::None);
        let text = |ty: &Type| ty.is_builtin("str") || ty.is_builtin("bytes");
        plain(a) && plain(b) && (text(a) || text(b)) && widen(a) != widen(b)
    }

    fn sequence_pattern(&mut self, pattern: &ast::PatternMatchSequence, ty: &Type) -> Matched {
        let star = pattern
            .patterns
            .iter()
            .position(|p| matches!(p, ast::Pattern::MatchStar(_)));
        let mut matched = Matched {
            yes: Type::Never,
            no: Type::Never,
        };
        let mut items: Vec<Type> = vec![Type::Never; pattern.patterns.len()];
        let mut possible = Vec::new();
        for member in ty.members() {
            match self.sequence_items(member, pattern.patterns.len(), star) {
                Some(own) => possible.push((*member, own)),
                None => matched.no = self.world.join(&matched.no, member),
            }
        }
        for (member, own) in possible {
            let part = self.match_items(&pattern.patterns, star, &member, &own, &mut items);
            matched.yes = self.world.join(&matched.yes, &part.yes);
            matched.no = self.world.join(&matched.no, &part.no);
        }
        // Once more, for the names, with what the items are in all members together.
        for (sub, item) in pattern.patterns.iter().zip(items) {
            self.pattern(sub, &item);
        }
        matched
    }

    /// What the items of a value are that each of `count` patterns meets; nothing when it is no sequence of a length that fits.
    fn sequence_items(&self, member: &Type, count: usize, star: Option<usize>) -> Option<Items> {
        let list = |item: Type| Type::Instance(Symbol::new("builtins", "list"), [item].into());
        let same = |item: Type, kind: Kind| {
            let types = (0..count)
                .map(|i| if Some(i) == star { list(item) } else { item })
                .collect();
            Some(Items { types, kind })
        };
        match member {
            Type::Tuple(items) => {
                let Some(star) = star else {
                    return (items.len() == count).then(|| Items {
                        types: items.to_vec(),
                        kind: Kind::Fixed,
                    });
                };
                let taken = items.len().checked_sub(count - 1)?;
                let middle = self
                    .world
                    .join_all(items[star..star + taken].iter().map(widen));
                let mut types = items[..star].to_vec();
                types.push(list(if taken == 0 { Type::Dynamic } else { middle }));
                types.extend(&items[star + taken..]);
                Some(Items {
                    types,
                    kind: Kind::Starred,
                })
            }
            Type::Dynamic | Type::TypeVar(_) => same(Type::Dynamic, Kind::Unknown),
            Type::Instance(c, _) if c.is_builtin("object") => same(Type::object(), Kind::Unknown),
            Type::Instance(class, args) | Type::Exact(class, args) => {
                if ["str", "bytes", "bytearray"]
                    .iter()
                    .any(|name| class.is_builtin(name))
                {
                    return None;
                }
                let sequence = Symbol::new("typing", "Sequence");
                match self.world.is_subclass(class, &sequence) {
                    Some(true) => {
                        let item = self
                            .world
                            .args_as(class, args, &sequence)
                            .and_then(|args| args.first().copied())
                            .unwrap_or(Type::Dynamic);
                        same(item, Kind::Sequence)
                    }
                    Some(false) if is_value_class(class) || self.is_final(class) => None,
                    // A subclass may be a sequence.
                    _ => same(Type::Dynamic, Kind::Unknown),
                }
            }
            Type::Variadic(..) => match member.as_instance() {
                Type::Instance(_, args) => same(args[0], Kind::Sequence),
                _ => same(Type::Dynamic, Kind::Unknown),
            },
            _ => None,
        }
    }

    /// One member of the subject's type against the patterns of its items; adds what each item is to `items`.
    fn match_items(
        &mut self,
        patterns: &[ast::Pattern],
        star: Option<usize>,
        member: &Type,
        own: &Items,
        items: &mut [Type],
    ) -> Matched {
        let mut yes = Vec::new();
        let mut open = Vec::new();
        let state = self.state.clone();
        self.muted += 1;
        for (i, (sub, item)) in patterns.iter().zip(&own.types).enumerate() {
            let part = self.pattern(sub, item);
            if part.no != Type::Never {
                open.push((i, part.no));
            }
            yes.push(part.yes);
        }
        self.muted -= 1;
        self.state = state;
        if yes.contains(&Type::Never) {
            return Matched {
                yes: Type::Never,
                no: *member,
            };
        }
        for (all, item) in items.iter_mut().zip(&own.types) {
            *all = self.world.join(all, item);
        }
        let yes_type = match own.kind {
            Kind::Fixed => Type::Tuple(yes.into()),
            // A tuple of any length that matches has as many items as there are patterns.
            Kind::Sequence if star.is_none() && member.is_builtin("tuple") => {
                Type::Tuple(yes.into())
            }
            Kind::Unknown if member.is_builtin("object") => {
                Type::Instance(Symbol::new("typing", "Sequence"), [Type::object()].into())
            }
            _ => *member,
        };
        let no = match (own.kind, open.as_slice()) {
            (Kind::Fixed | Kind::Starred, []) => Type::Never,
            (Kind::Fixed, [(i, left)]) => {
                let mut items = own.types.clone();
                items[*i] = *left;
                Type::Tuple(items.into())
            }
            // `[*rest]` matches every sequence.
            (Kind::Sequence, []) if star.is_some() && patterns.len() == 1 => Type::Never,
            _ => *member,
        };
        Matched { yes: yes_type, no }
    }

    fn mapping_pattern(&mut self, pattern: &ast::PatternMatchMapping, ty: &Type) -> Matched {
        for key in &pattern.keys {
            self.quiet_type(key);
        }
        let mut matched = Matched {
            yes: Type::Never,
            no: Type::Never,
        };
        let (mut keys, mut values) = (Type::Never, Type::Never);
        for member in ty.members() {
            let Some((key, value)) = self.mapping_types(member) else {
                matched.no = self.world.join(&matched.no, member);
                continue;
            };
            keys = self.world.join(&keys, &key);
            values = self.world.join(&values, &value);
            let is = match member {
                Type::Instance(c, _) if c.is_builtin("object") => Type::Instance(
                    Symbol::new("typing", "Mapping"),
                    [Type::object(), Type::object()].into(),
                ),
                _ => *member,
            };
            matched.yes = self.world.join(&matched.yes, &is);
            // Only an empty pattern matches every mapping.
            let certain = pattern.keys.is_empty() && is == *member && !is.is_dynamic();
            if !certain {
                matched.no = self.world.join(&matched.no, member);
            }
        }
        for sub in &pattern.patterns {
            self.pattern(sub, &values);
        }
        if let Some(rest) = &pattern.rest {
            let dict = Type::Instance(Symbol::new("builtins", "dict"), [keys, values].into());
            self.capture(rest, dict);
        }
        matched
    }

    /// The types of keys and values of a mapping; nothing when it is none.
    fn mapping_types(&self, member: &Type) -> Option<(Type, Type)> {
        match member {
            Type::Dynamic | Type::TypeVar(_) => Some((Type::Dynamic, Type::Dynamic)),
            Type::Instance(c, _) if c.is_builtin("object") => {
                Some((Type::object(), Type::object()))
            }
            Type::Instance(class, args) | Type::Exact(class, args) => {
                let mapping = Symbol::new("typing", "Mapping");
                match self.world.is_subclass(class, &mapping) {
                    Some(true) => match self.world.args_as(class, args, &mapping)?.as_slice() {
                        [key, value] => Some((*key, *value)),
                        _ => Some((Type::Dynamic, Type::Dynamic)),
                    },
                    Some(false) if is_value_class(class) || self.is_final(class) => None,
                    _ => Some((Type::Dynamic, Type::Dynamic)),
                }
            }
            _ => None,
        }
    }

    fn class_pattern(&mut self, pattern: &ast::PatternMatchClass, ty: &Type) -> Matched {
        let value = self.expr(&pattern.cls, None);
        let class = match (self.class_named(&pattern.cls), value.ty) {
            (Some(class), _) => class,
            (None, Type::Class(class)) => class,
            _ => {
                let positional = pattern.arguments.patterns.iter();
                let keywords = pattern.arguments.keywords.iter().map(|k| &k.pattern);
                for sub in positional.chain(keywords) {
                    self.pattern(sub, &Type::Dynamic);
                }
                return Matched {
                    yes: Type::Dynamic,
                    no: *ty,
                };
            }
        };
        let (is, not) = self.split_by_class(ty, &[class]);
        let names = self.pattern_attributes(&class, pattern);
        let mut matched = Matched {
            yes: Type::Never,
            no: not,
        };
        let mut parts: Vec<Type> = vec![Type::Never; names.len()];
        for member in is.members() {
            let own: Vec<Type> = names
                .iter()
                .map(|(name, _)| match name {
                    Some(name) => self.pattern_attribute(member, name),
                    None => *member,
                })
                .collect();
            let part = self.match_attributes(&names, member, &own);
            if part.yes != Type::Never {
                for (all, own) in parts.iter_mut().zip(&own) {
                    *all = self.world.join(all, own);
                }
            }
            matched.yes = self.world.join(&matched.yes, &part.yes);
            // What the class narrows out of a wider type was not excluded from the rest.
            matched.no = self.world.join(&matched.no, &part.no);
        }
        for ((_, sub), part) in names.iter().zip(parts) {
            self.pattern(sub, &part);
        }
        matched
    }

    /// One member of what a class pattern lets through against the patterns of its attributes.
    fn match_attributes(
        &mut self,
        names: &[(Option<Name>, &ast::Pattern)],
        member: &Type,
        own: &[Type],
    ) -> Matched {
        let state = self.state.clone();
        self.muted += 1;
        let (mut fits, mut certain) = (true, true);
        let mut yes = *member;
        let mut no = Type::Never;
        for ((name, sub), ty) in names.iter().zip(own) {
            let part = self.pattern(sub, ty);
            fits &= part.yes != Type::Never;
            certain &= part.no == Type::Never;
            if name.is_none() {
                // The value itself: `str("a" | "b")`.
                yes = part.yes;
                no = part.no;
            }
        }
        self.muted -= 1;
        self.state = state;
        let whole = names.iter().all(|(name, _)| name.is_none());
        Matched {
            yes: if fits { yes } else { Type::Never },
            no: match (certain, whole) {
                (true, _) => Type::Never,
                (false, true) => no,
                (false, false) => *member,
            },
        }
    }

    /// The attributes that the patterns of a class pattern are for; of one for the value itself there is no name.
    fn pattern_attributes<'p>(
        &mut self,
        class: &Symbol,
        pattern: &'p ast::PatternMatchClass,
    ) -> Vec<(Option<Name>, &'p ast::Pattern)> {
        let mut names: Vec<(Option<Name>, &ast::Pattern)> = Vec::new();
        let positional = &pattern.arguments.patterns;
        if !positional.is_empty() {
            let known = self.world.match_args(class);
            let count = match &known {
                MatchArgs::Itself => 1,
                MatchArgs::Names(names) => names.len(),
                MatchArgs::Unknown => usize::MAX,
            };
            if positional.len() > count {
                self.report(
                    Rule::TooManyArguments,
                    range(&positional[count]),
                    format!(
                        "A pattern of class `{}` takes {count} by position, but {} are given",
                        class.name(),
                        positional.len()
                    ),
                );
            }
            for (i, sub) in positional.iter().enumerate() {
                let name = match &known {
                    MatchArgs::Itself if i == 0 => None,
                    MatchArgs::Names(names) => names.get(i).copied().or(Some(Name::new(""))),
                    _ => Some(Name::new("")),
                };
                names.push((name, sub));
            }
        }
        for keyword in &pattern.arguments.keywords {
            names.push((Some(Name::new(keyword.attr.as_str())), &keyword.pattern));
        }
        names
    }

    /// The type of an attribute that a class pattern looks at.
    fn pattern_attribute(&self, member: &Type, name: &Name) -> Type {
        if name.is_empty() {
            return Type::Dynamic;
        }
        self.declared_part(member, name).unwrap_or(Type::Dynamic)
    }
}

/// What a sequence pattern's patterns meet in one member of the subject's type.
struct Items {
    types: Vec<Type>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A tuple of known length, item by item.
    Fixed,
    /// A tuple of known length, some items of which a starred pattern takes.
    Starred,
    /// A sequence of any length.
    Sequence,
    /// What may be a sequence or not.
    Unknown,
}
