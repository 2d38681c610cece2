//! `isinstance` and `issubclass`.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::rules::Rule;
use crate::tree::ExprKind;
use crate::types::{Symbol, Type};

use super::super::cx::{Cx, make, object, range};
use super::super::world::{Resolved, is_value_class};
use super::Condition;

/// A class that a test names.
struct Tested {
    class: Symbol,
    /// Where it is named itself.
    at: Option<TextRange>,
    /// Whether it is this class and no subclass, as the value of a variable may be.
    certain: bool,
}

impl Cx<'_> {
    /// The classes of `isinstance`'s second argument, if all are known.
    fn classes_tested(&mut self, expr: &ast::Expr) -> Option<Vec<Tested>> {
        match expr {
            ast::Expr::Tuple(tuple) => {
                let mut all = Vec::new();
                for item in &tuple.elts {
                    all.extend(self.classes_tested(item)?);
                }
                Some(all)
            }
            ast::Expr::BinOp(bin) if bin.op == ast::Operator::BitOr => {
                let mut all = self.classes_tested(&bin.left)?;
                all.extend(self.classes_tested(&bin.right)?);
                Some(all)
            }
            ast::Expr::NoneLiteral(n) => Some(vec![Tested {
                class: Symbol::new("builtins", "NoneType"),
                at: Some(n.range),
                certain: true,
            }]),
            _ => match self.class_named(expr) {
                Some(class) => Some(vec![Tested {
                    class,
                    at: Some(range(expr)),
                    certain: true,
                }]),
                None => match self.class_in_module(expr) {
                    Some(class) => Some(vec![Tested {
                        class,
                        at: None,
                        certain: true,
                    }]),
                    None => self.classes_in_value(expr),
                },
            },
        }
    }

    /// The class that `module.Name` is said to be.
    fn class_in_module(&mut self, expr: &ast::Expr) -> Option<Symbol> {
        let attribute = expr.as_attribute_expr()?;
        match (self.quiet_view(&attribute.value), self.quiet_view(expr)) {
            (Type::Module(_), Type::Class(class)) => Some(class),
            _ => None,
        }
    }

    /// The classes in a value: an alias of a union, a parameter of type `type[C]`, a tuple of classes.
    fn classes_in_value(&mut self, expr: &ast::Expr) -> Option<Vec<Tested>> {
        if let ast::Expr::Name(name) = expr {
            let id = name.id.as_str();
            if self.local(id).is_none() {
                if let Resolved::Alias(ty @ Type::Union(_)) = self.world.global(&self.module, id).0
                {
                    return ty
                        .members()
                        .iter()
                        .map(|member| {
                            let class = match member {
                                Type::None => Symbol::new("builtins", "NoneType"),
                                Type::Instance(class, args) if args.is_empty() => *class,
                                _ => return None,
                            };
                            Some(Tested {
                                class,
                                at: None,
                                certain: true,
                            })
                        })
                        .collect();
                }
            }
        }
        let ty = self.quiet_type(expr);
        let tested = |ty: &Type| match ty {
            Type::Class(class) => Some(Tested {
                class: *class,
                at: None,
                certain: self.is_final(class),
            }),
            _ => None,
        };
        match ty {
            Type::Tuple(items) => items.iter().map(tested).collect(),
            Type::Instance(c, args) if c.is_builtin("tuple") => {
                args.first()?.members().iter().map(tested).collect()
            }
            Type::Union(members) => members.iter().map(tested).collect(),
            ty => Some(vec![tested(&ty)?]),
        }
    }

    /// What `isinstance` says of a value of type `ty`: of classes that variables hold it is not known which they are.
    fn split_by_tested(&self, ty: &Type, tested: &[Tested]) -> (Type, Type) {
        let symbols: Vec<Symbol> = tested.iter().map(|t| t.class).collect();
        let (is, not) = self.split_by_class(ty, &symbols);
        let certain = tested.iter().all(|t| t.certain);
        (is, if certain { not } else { *ty })
    }

    /// Reports classes that have no instances at run time: those of typed dictionaries, whose values are dicts.
    fn check_testable(&mut self, tested: &[Tested]) {
        for tested in tested {
            let Some(at) = tested.at else { continue };
            let class = self.world.class(&tested.class);
            if class.is_some_and(|class| class.typed_dict.is_some()) {
                self.report_with(
                    Rule::InvalidArgument,
                    at,
                    format!(
                        "`{}` is a typed dictionary: its values are dicts, and it cannot be tested for",
                        tested.class.name()
                    ),
                    vec!["Test with `isinstance(value, dict)`, or for a key".to_owned()],
                );
            }
        }
    }

    pub(super) fn isinstance_condition(
        &mut self,
        call: &ast::ExprCall,
        span: TextRange,
    ) -> Condition {
        let simple = call.arguments.keywords.is_empty() && call.arguments.args.len() == 2;
        let tested = if simple {
            self.classes_tested(&call.arguments.args[1])
        } else {
            None
        };
        let Some(tested) = tested else {
            let value = self.generic_call(call, None);
            let test = self.truth(value);
            let (mut yes, no) = (self.state.clone(), self.state.clone());
            if simple {
                for place in self.places(&call.arguments.args[0]) {
                    yes.learn(place, Type::Dynamic);
                }
            }
            return Condition { test, yes, no };
        };
        self.check_testable(&tested);
        let subject = &call.arguments.args[0];
        let value = self.expr(subject, None);
        let value = self.unprimitive(value);
        let ty = value.ty;
        let view = value.view();
        self.check_protocol_test(call, tested.iter().map(|t| t.class), &view, false);
        self.assume_builtin("isinstance");
        let named: Option<Vec<(Symbol, TextRange)>> = tested
            .iter()
            .map(|t| {
                let plain = is_value_class(&t.class) || self.world.is_laid_out(&t.class);
                t.at.filter(|_| plain).map(|at| (t.class, at))
            })
            .collect();
        // What CPython's `isinstance` believes of an object that says it is of another class than its type is checked where the object is used.
        let vouched = self.is_vouched(&ty);
        let by_type = vouched && named.is_some();
        let test = match named {
            Some(named) => {
                for (symbol, at) in &named {
                    self.assume_class(symbol, *at);
                }
                let symbols = named.into_iter().map(|(symbol, _)| symbol).collect();
                make(
                    ExprKind::IsInstance {
                        value: object(value),
                        classes: symbols,
                        asks: !vouched,
                    },
                    Type::bool(),
                    span,
                )
            }
            None => {
                let class = self.expr(&call.arguments.args[1], None);
                let args = vec![object(value), object(class)];
                self.intrinsic("isinstance", args, Type::bool(), span)
            }
        };
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        let (is, not) = self.split_by_tested(&ty, &tested);
        let certain = by_type || !self.rests_on_storage(&is);
        let places = self.places(subject);
        for place in &places {
            if certain {
                yes.narrow(place, &ty, is);
            } else {
                yes.narrow_on_trust(place, &ty, is);
            }
            no.narrow(place, &ty, not);
            let split = |t: &Type| self.split_by_tested(t, &tested);
            self.narrow_belief(place, &split, &mut yes, &mut no);
        }
        if places.is_empty() && ty != Type::Never && !ty.is_dynamic() {
            yes.reachable &= is != Type::Never;
            no.reachable &= not != Type::Never;
        }
        let split = |cx: &Cx<'_>, t: &Type| cx.split_by_tested(t, &tested);
        self.discriminate(subject, &split, &mut yes, &mut no);
        Condition { test, yes, no }
    }

    pub(super) fn issubclass_condition(
        &mut self,
        call: &ast::ExprCall,
        expr: &ast::Expr,
    ) -> Condition {
        let subject = &call.arguments.args[0];
        let tested = self.classes_tested(&call.arguments.args[1]);
        let ty = self.quiet_type(subject);
        let value = self.expr(expr, None);
        let test = self.truth(value);
        let (mut yes, mut no) = (self.state.clone(), self.state.clone());
        let Some(tested) = tested else {
            for place in self.places(subject) {
                yes.learn(place, Type::Dynamic);
            }
            return Condition { test, yes, no };
        };
        let made = Type::union(ty.members().iter().map(|member| match member {
            Type::Class(class) => instance_of(class),
            _ => Type::Dynamic,
        }));
        self.check_protocol_test(call, tested.iter().map(|t| t.class), &made, true);
        self.check_testable(&tested);
        // Classes are split as their instances are, all together.
        let instances = ty.members().iter().filter_map(|member| match member {
            Type::Class(class) => Some(instance_of(class)),
            _ => None,
        });
        let (a, b) = self.split_by_tested(&Type::union(instances), &tested);
        let (mut is, mut not) = (classes_of(&a), classes_of(&b));
        for member in ty.members() {
            let (a, b) = match member {
                Type::Class(_) => continue,
                Type::Instance(c, _) if c.is_builtin("type") || c.is_builtin("object") => {
                    let all = tested.iter().map(|t| Type::Class(t.class));
                    (Type::union(all), *member)
                }
                Type::Dynamic => (
                    Type::union(tested.iter().map(|t| Type::Class(t.class))),
                    *member,
                ),
                _ => (*member, *member),
            };
            is = self.world.join(&is, &a);
            not = self.world.join(&not, &b);
        }
        for place in self.places(subject) {
            yes.narrow_in_doubt(&place, &ty, is);
            no.narrow_in_doubt(&place, &ty, not);
        }
        Condition { test, yes, no }
    }

    /// Relies on the name at `at` being class `symbol`.
    pub fn assume_class(&mut self, symbol: &Symbol, at: TextRange) {
        let text = self.text(at).trim().to_owned();
        if &*symbol.module == "builtins" {
            self.assume_builtin(symbol.name());
            return;
        }
        let name = text.split('.').next().unwrap_or_default().to_owned();
        let binding = self.binding(&name);
        if !text.contains('.') {
            self.assume(crate::tree::Assumption::Class {
                binding,
                class: *symbol,
            });
            return;
        }
        if let (Resolved::Module(module), _) = self.world.global(&self.module, &name) {
            self.assume(crate::tree::Assumption::Module { binding, module });
            let last = text.rsplit('.').next().unwrap_or_default();
            self.assume(crate::tree::Assumption::Class {
                binding: crate::tree::Binding {
                    module,
                    name: last.into(),
                },
                class: *symbol,
            });
        }
    }

    /// What a value of type `ty` is when it is an instance of one of `classes`, and when it is of none.
    pub fn split_by_class(&self, ty: &Type, classes: &[Symbol]) -> (Type, Type) {
        let any = Type::union(classes.iter().map(instance_of));
        let mut yes = Type::Never;
        let mut no = Type::Never;
        // Instances of a subclass of two classes of which neither derives from the other.
        let mut crossed = false;
        for member in ty.members() {
            match member {
                Type::Never => {}
                Type::Dynamic => {
                    yes = self.world.join(&yes, &any);
                    no = Type::Dynamic;
                }
                Type::TypeVar(variable) => {
                    let is = match variable.is_free() {
                        true => any,
                        false => self.split_by_class(&variable.upper(), classes).0,
                    };
                    yes = self.world.join(&yes, &is);
                    no = self.world.join(&no, member);
                }
                Type::None => {
                    let is_none = |c: &Symbol| c.is_builtin("NoneType") || c.is_builtin("object");
                    let side = if classes.iter().any(is_none) {
                        &mut yes
                    } else {
                        &mut no
                    };
                    *side = self.world.join(side, member);
                }
                Type::Class(_)
                | Type::ClassOf(_)
                | Type::Function(_)
                | Type::Method(..)
                | Type::Module(_)
                | Type::Callable(_)
                | Type::Overloaded(_) => {
                    let is_class = matches!(member, Type::Class(_) | Type::ClassOf(_));
                    let certain = classes
                        .iter()
                        .any(|c| c.is_builtin("object") || (is_class && c.is_builtin("type")));
                    if certain {
                        yes = self.world.join(&yes, member);
                    } else {
                        yes = self.world.join(&yes, &any);
                        no = self.world.join(&no, member);
                    }
                }
                _ => match member.class() {
                    Some(class) => {
                        let split = self.split_instance(member, &class, classes);
                        crossed |= split.crossed;
                        yes = self.world.join(&yes, &split.is);
                        if !split.certain {
                            no = self.world.join(&no, member);
                        }
                    }
                    None => {
                        yes = self.world.join(&yes, &any);
                        no = self.world.join(&no, member);
                    }
                },
            }
        }
        // What is an instance of both has the attributes of both, which no one class says.
        if yes == Type::Never && crossed {
            yes = Type::Dynamic;
        }
        (yes, no)
    }

    /// A member of a type, an instance of `class`, tested against `classes`.
    fn split_instance(&self, member: &Type, class: &Symbol, classes: &[Symbol]) -> Split {
        let mut split = Split {
            is: Type::Never,
            certain: false,
            crossed: false,
        };
        let exact = matches!(
            member,
            Type::Exact(..) | Type::Literal(_) | Type::EnumMember(..) | Type::Tuple(_)
        );
        for c in classes {
            match self.world.is_subclass(class, c) {
                Some(true) => split.certain = true,
                other => {
                    if self.world.is_subclass(c, class) == Some(true) {
                        if !matches!(
                            member,
                            Type::Exact(..) | Type::Literal(_) | Type::EnumMember(..)
                        ) {
                            let is = self.narrowed_args(member, c);
                            split.is = self.world.join(&split.is, &is);
                        }
                        continue;
                    }
                    let disjoint = other == Some(false)
                        && !self.world.is_protocol(c)
                        && (is_value_class(class)
                            || is_value_class(c)
                            || self.is_final(class)
                            || self.is_final(c)
                            || exact
                            || c.is_builtin("NoneType"));
                    if disjoint {
                        continue;
                    }
                    if self.world.is_protocol(class) || other.is_none() {
                        split.is = self.world.join(&split.is, &instance_of(c));
                    } else {
                        split.crossed = true;
                    }
                }
            }
        }
        if split.certain {
            split.is = *member;
        }
        split
    }

    /// Whether a class has no subclasses.
    pub fn is_final(&self, symbol: &Symbol) -> bool {
        symbol.is_builtin("bool")
            || symbol.is_builtin("NoneType")
            || self.world.class(symbol).is_some_and(|c| c.is_final)
    }

    /// Class `c`, a subclass of the class of `member`, with the arguments that carry over.
    fn narrowed_args(&self, member: &Type, c: &Symbol) -> Type {
        if let Type::Instance(base, args) | Type::Exact(base, args) = member {
            if let Some(class) = self.world.class(c) {
                // Arguments carry over when the subclass passes its parameters on in order.
                let in_order = |a: &[Type]| {
                    a.iter()
                        .zip(&class.type_params)
                        .all(|(a, p)| matches!(a, Type::TypeVar(v) if v == p))
                };
                let passes = class
                    .bases
                    .iter()
                    .any(|b| matches!(b, Type::Instance(s, a) if s == base && in_order(a)));
                if !args.is_empty() && class.type_params.len() == args.len() && passes {
                    return Type::Instance(*c, *args);
                }
            }
        }
        instance_of(c)
    }
}

/// What a test says of one member of a type.
struct Split {
    /// What it is if it passes.
    is: Type,
    /// It passes.
    certain: bool,
    /// It may pass as an instance of another class that derives from both.
    crossed: bool,
}

fn instance_of(symbol: &Symbol) -> Type {
    if symbol.is_builtin("NoneType") {
        Type::None
    } else {
        Type::Instance(*symbol, [].into())
    }
}

/// The classes of which values are instances.
fn classes_of(ty: &Type) -> Type {
    Type::union(ty.members().iter().map(|member| match member {
        Type::Instance(class, _) | Type::Exact(class, _) => Type::Class(*class),
        Type::Never => Type::Never,
        _ => Type::Dynamic,
    }))
}
