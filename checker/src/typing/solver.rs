//! What type variables stand for: lower and upper bounds collected while types are related, and their solution.

use crate::infer::world::{World, widen};
use crate::types::{Type, Variable};

use super::alias::{anything, is_named};
use super::variance::Direction;

/// What is known of one variable.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    variable: Variable,
    /// What has to fit the variable: the join of what flowed into it.
    lower: Type,
    /// What the variable has to fit, if anything.
    upper: Option<Type>,
    /// It is what something gives that never returns.
    is_never: bool,
    /// It is what the empty tuple holds.
    is_empty: bool,
}

/// The variables of a call that are to be found, and what is known of each so far.
#[derive(Clone, Debug, Default)]
pub struct Solver {
    bounds: Vec<Bounds>,
}

impl Solver {
    /// A solver for these variables.
    pub fn new(variables: impl IntoIterator<Item = Variable>) -> Solver {
        Solver {
            bounds: variables
                .into_iter()
                .map(|variable| Bounds {
                    variable,
                    lower: Type::Never,
                    upper: None,
                    is_never: false,
                    is_empty: false,
                })
                .collect(),
        }
    }

    /// Whether it looks for nothing.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// Whether `variable` is one that it looks for.
    pub fn solves(&self, variable: Variable) -> bool {
        self.bounds.iter().any(|b| b.variable == variable)
    }

    /// What flowed into `variable` so far.
    pub(super) fn lower(&self, variable: Variable) -> Type {
        self.find(variable).map_or(Type::Never, |b| b.lower)
    }

    /// What `variable` has to fit so far.
    pub(super) fn upper(&self, variable: Variable) -> Option<Type> {
        self.find(variable).and_then(|b| b.upper)
    }

    fn find(&self, variable: Variable) -> Option<&Bounds> {
        self.bounds.iter().find(|b| b.variable == variable)
    }

    pub(super) fn set_lower(&mut self, variable: Variable, ty: Type) {
        if let Some(bounds) = self.bounds.iter_mut().find(|b| b.variable == variable) {
            bounds.lower = ty;
        }
    }

    /// `variable` is what a function gives that never returns.
    pub(super) fn set_never(&mut self, variable: Variable) {
        if let Some(bounds) = self.bounds.iter_mut().find(|b| b.variable == variable) {
            bounds.is_never = true;
        }
    }

    /// `variable` is what the empty tuple holds.
    pub(super) fn set_empty(&mut self, variable: Variable) {
        if let Some(bounds) = self.bounds.iter_mut().find(|b| b.variable == variable) {
            bounds.is_empty = true;
        }
    }

    pub(super) fn set_upper(&mut self, variable: Variable, ty: Type) {
        if let Some(bounds) = self.bounds.iter_mut().find(|b| b.variable == variable) {
            bounds.upper = Some(ty);
        }
    }

    /// What `variable` stands for; nothing if nothing is known of it and it has no default.
    pub fn solution(&self, world: &World<'_>, variable: Variable) -> Option<Type> {
        let bounds = self.find(variable)?;
        if bounds.lower != Type::Never {
            let lower = bounds.lower;
            if variable.constraints.is_empty() {
                // A literal is kept where the bound or what is wanted asks for one.
                let wide = widen(&lower);
                let fits = |ty: &Type| {
                    bounds
                        .upper
                        .is_none_or(|upper| world.assignable(ty, &upper))
                        && variable
                            .bound
                            .is_none_or(|bound| world.assignable(ty, &bound))
                };
                return Some(if fits(&wide) { wide } else { lower });
            }
            // Of the constraints the first that takes the value; it is that type and no narrower one. A variable of the code around that may be
            // any of them stays what it is.
            if lower.is_dynamic()
                || matches!(lower, Type::TypeVar(own) if !own.constraints.is_empty())
            {
                return Some(lower);
            }
            return variable
                .constraints
                .iter()
                .find(|c| world.assignable(&lower, c))
                .copied()
                .or(Some(lower));
        }
        if bounds.is_never {
            return Some(Type::Never);
        }
        bounds.upper.or(variable.default.map(|default| *default))
    }

    /// `ty` with the variables replaced by what they stand for; those of which nothing is known become dynamic.
    pub fn apply(&self, world: &World<'_>, ty: &Type) -> Type {
        if self.bounds.is_empty() {
            return *ty;
        }
        ty.substitute(&|variable| {
            if !self.solves(variable) {
                return None;
            }
            let found = self.solution(world, variable);
            Some(match found {
                // A default may name other variables.
                Some(ty) if ty.has_variables() && Some(ty) == variable.default.map(|d| *d) => ty
                    .substitute(&|named| {
                        let own = |b: &&Bounds| is_named(b.variable, named);
                        let other = self.bounds.iter().find(own)?.variable;
                        let known = (other != variable).then(|| self.solution(world, other));
                        Some(known.flatten().unwrap_or_else(|| anything(other)))
                    }),
                Some(ty) => ty,
                // A value that nothing can be put into holds nothing.
                None if self.find(variable).is_some_and(|b| b.is_empty)
                    && is_only_read(world, ty, variable) =>
                {
                    Type::Never
                }
                None => anything(variable),
            })
        })
    }
}

/// Whether `ty` is an instance of a class whose arguments name `variable` only where values come out.
fn is_only_read(world: &World<'_>, ty: &Type, variable: Variable) -> bool {
    let Type::Instance(class, args) = ty else {
        return false;
    };
    args.iter().enumerate().all(|(i, arg)| match arg {
        Type::TypeVar(own) if *own == variable => world.direction(class, i) == Direction::Same,
        other => !other.any(&mut |part| *part == Type::TypeVar(variable)),
    })
}
