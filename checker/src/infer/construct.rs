//! Construction: calls of classes, by name and with type arguments.

use keelback_parser::ast;
use keelback_parser::text_size::TextRange;

use crate::interface::{Member, Param};
use crate::rules::Rule;
use crate::tree::{Binding, Call, Callee, Expr, ExprKind};
use crate::types::{Name, Symbol, Type, Variable};

use super::bind::has_unpacking;
use super::cx::{Cx, known, make};
use super::world::{Lookup, Resolved};

impl Cx<'_> {
    /// Construction of class `symbol`.
    pub fn construct(
        &mut self,
        binding: Binding,
        symbol: &Symbol,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        self.construct_with(binding, symbol, None, call, expected, span)
    }

    fn construct_with(
        &mut self,
        binding: Binding,
        symbol: &Symbol,
        type_args: Option<Vec<Type>>,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        let Some(class) = self
            .world
            .class(symbol)
            .filter(|_| self.world.is_static_module(&symbol.module))
        else {
            return self.generic_call(call, None);
        };
        if class.typed_dict.is_some() {
            let args = type_args.unwrap_or_default();
            let own = class.type_params.iter().map(|own| Type::TypeVar(*own));
            let ty = match args.is_empty() {
                true => Type::TypedDict(*symbol, own.collect()),
                false => Type::TypedDict(*symbol, args.into()),
            };
            let callee = self.expr(&call.func, None);
            return match self.typed_construct(&ty, callee.clone(), call, span) {
                Some(e) => e,
                None => {
                    let e = self.call_anything(callee, call, span);
                    let belief = e.belief;
                    let e = self.expect(e, &ty.without_variables());
                    match belief {
                        Some(belief) => known(e, belief),
                        None => e,
                    }
                }
            };
        }
        // What a stub calls abstract may be defined by other means.
        let missing: Vec<&Name> = class
            .abstract_methods
            .iter()
            .filter(|name| match self.world.member(symbol, &[], name) {
                Lookup::Found { owner, .. } => self.world.is_static_module(&owner.module),
                _ => false,
            })
            .collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|n| format!("`{n}`")).collect();
            self.report(
                Rule::AbstractInstantiation,
                span,
                format!(
                    "`{}` is abstract: {} must be defined in a subclass",
                    symbol.name(),
                    names.join(", ")
                ),
            );
        }
        if class.is_protocol {
            let message = format!(
                "`{}` is a protocol and cannot be instantiated",
                symbol.name()
            );
            self.report(Rule::AbstractInstantiation, span, message);
        }
        let expected_args = type_args.or_else(|| {
            expected.and_then(|t| {
                t.members().iter().find_map(|m| match m {
                    Type::Instance(s, a) | Type::Exact(s, a) if s == symbol && !a.is_empty() => {
                        Some(a.to_vec())
                    }
                    _ => None,
                })
            })
        });
        let known_params: Vec<(Variable, Type)> = match &expected_args {
            Some(args) => class
                .type_params
                .iter()
                .cloned()
                .zip(args.iter().cloned())
                .collect(),
            None => Vec::new(),
        };
        let init = match self.world.member(symbol, &[], "__init__") {
            Lookup::Found { owner, .. } if owner.is_builtin("object") => Some(None),
            Lookup::Found {
                member: Member::Method(init),
                ..
            } => self
                .world
                .function(&init)
                .filter(|_| self.world.is_static_module(&init.module))
                .map(Some),
            _ => None,
        };
        let own_new = match self.world.member(symbol, &[], "__new__") {
            Lookup::Found { owner, .. } => !owner.is_builtin("object"),
            Lookup::Missing => false,
            Lookup::Unknown => true,
        };
        let name = Name::new(symbol.name());
        let instance = |solved: &[(Variable, Type)]| {
            let args: Vec<Type> = match &expected_args {
                Some(args) => args.clone(),
                None => class
                    .type_params
                    .iter()
                    .map(|p| {
                        solved
                            .iter()
                            .find(|(n, _)| n == p)
                            .map_or(Type::Dynamic, |(_, t)| *t)
                    })
                    .collect(),
            };
            Type::Instance(*symbol, args.into())
        };
        let usable = init.as_ref().is_some_and(|i| {
            i.as_ref().is_none_or(|f| {
                !f.is_decorated && !f.is_overloaded && !f.is_opted_out && !f.takes_items()
            })
        });
        let direct = class.layout.is_ok() && !own_new && usable && !has_unpacking(&call.arguments);
        let found = self.findings.len();
        let view = match &expected_args {
            Some(args) => Type::class_of(Type::Instance(*symbol, args.as_slice().into())),
            None => Type::Class(*symbol),
        };
        if direct {
            let params: Vec<Param> = match init.flatten() {
                Some(f) => f.params.iter().skip(1).cloned().collect(),
                None => Vec::new(),
            };
            let bound = self.bind(&params, &call.arguments, &name, &known_params, span);
            self.after_call();
            let types = bound.solved.types(&call.arguments);
            let ty = instance(&bound.solved.variables);
            let callee = Callee::New {
                binding,
                class: *symbol,
            };
            let e = make(
                ExprKind::Call(Call {
                    callee,
                    args: bound.args,
                }),
                ty,
                span,
            );
            let e = self.believe_generic(e, &view, &types, call, found);
            return self.with_stmts(bound.before, e);
        }
        let callee = self.expr(&call.func, None);
        let synthesised = class.layout.as_ref().err().is_some_and(|why| {
            let why = why.to_lowercase();
            [
                "dataclass",
                "namedtuple",
                "enum",
                "decorat",
                "metaclass",
                "typeddict",
            ]
            .iter()
            .any(|k| why.contains(k))
        });
        let (e, believed) = match init {
            Some(Some(f))
                if usable && !own_new && !synthesised && !has_unpacking(&call.arguments) =>
            {
                let params: Vec<Param> = f.params.iter().skip(1).cloned().collect();
                let (args, names, solved) =
                    self.checked_object_args(&params, &call.arguments, &name, &known_params, span);
                self.after_call();
                let e = self.call_object(callee, args, names, span);
                let types = solved.types(&call.arguments);
                let e = self.believe_generic(e, &view, &types, call, found);
                let belief = e.belief;
                (e, belief.or(Some(instance(&solved.variables))))
            }
            _ => {
                let e = self.call_anything(callee, call, span);
                let belief = e.belief;
                (e, belief)
            }
        };
        if synthesised
            && !class
                .layout
                .as_ref()
                .err()
                .is_some_and(|w| w.to_lowercase().contains("dataclass"))
        {
            return e;
        }
        // What `__new__` or a metaclass says to be something else is not an instance.
        if !self.makes_instances(symbol) {
            return e;
        }
        // The arguments of a generic class are what the call says; of the object only its class can be told.
        let e = self.expect(e, &instance(&[]));
        match believed {
            Some(ty) => e.believed(ty),
            None => e,
        }
    }

    /// Whether calling a class gives an instance of it, as far as its `__new__` and its metaclass declare it.
    pub(super) fn makes_instances(&self, symbol: &Symbol) -> bool {
        let Some(callees) = self.world.callees(&Type::Class(*symbol)) else {
            return true;
        };
        callees.iter().all(|callee| callee.makes(symbol))
    }

    /// `e`, a generic class with type arguments, as the class of what it makes.
    pub(super) fn believe_specialised(
        &self,
        e: Expr,
        class: &Symbol,
        subscript: &ast::ExprSubscript,
    ) -> Expr {
        if !matches!(
            &*subscript.value,
            ast::Expr::Name(_) | ast::Expr::Attribute(_)
        ) {
            return e;
        }
        match (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty {
            Some(made @ Type::Instance(own, args)) if own == *class && !args.is_empty() => {
                e.believed(Type::class_of(made))
            }
            _ => e,
        }
    }

    pub(super) fn subscript_call(
        &mut self,
        subscript: &ast::ExprSubscript,
        call: &ast::ExprCall,
        expected: Option<&Type>,
        span: TextRange,
    ) -> Expr {
        if let ast::Expr::Name(name) = &*subscript.value {
            let id = name.id.as_str();
            if self.local(id).is_none() {
                match self.world.global(&self.module, id).0 {
                    Resolved::Static(special) => {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        return self.generic_static_call(&special, ty, call, span);
                    }
                    Resolved::Class(symbol) if self.world.is_static_module(&symbol.module) => {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        if let Some(Type::Instance(_, args)) = ty {
                            let layout =
                                self.world.class(&symbol).is_some_and(|c| c.layout.is_ok());
                            if layout {
                                let binding = self.binding(id);
                                return self.construct_with(
                                    binding,
                                    &symbol,
                                    Some(args.to_vec()),
                                    call,
                                    expected,
                                    span,
                                );
                            }
                        }
                    }
                    Resolved::Class(symbol)
                        if matches!(
                            symbol.name(),
                            "list"
                                | "dict"
                                | "set"
                                | "frozenset"
                                | "deque"
                                | "defaultdict"
                                | "Counter"
                                | "OrderedDict"
                        ) =>
                    {
                        let ty = (self.annotations)(&ast::Expr::Subscript(subscript.clone())).ty;
                        let e = self.value_call(call, span);
                        return match ty {
                            Some(ty) if &*symbol.module == "builtins" => self.expect(e, &ty),
                            _ => e,
                        };
                    }
                    _ => {}
                }
            }
        }
        self.value_call(call, span)
    }
}
