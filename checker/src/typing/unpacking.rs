//! Calls with `**argument`: the items of a typed dictionary as arguments of their own, and the values of any other mapping.

use crate::infer::world::World;
use crate::interface::{ExtraItems, ParamKind};
use crate::types::Rest;

use super::call::{Argument, CallProblem, Callee, Given};

impl World<'_> {
    /// The arguments with the items of unpacked typed dictionaries as arguments of their own, and which argument each comes from; nothing if
    /// there are none such.
    pub(super) fn with_unpacked_items(
        &self,
        args: &[Argument],
    ) -> Option<(Vec<Argument>, Vec<usize>)> {
        let shape = |arg: &Argument| match arg.given {
            Given::Keywords => self.shape_of(&arg.ty),
            _ => None,
        };
        if !args.iter().any(|arg| shape(arg).is_some()) {
            return None;
        }
        let (mut expanded, mut origins) = (Vec::new(), Vec::new());
        for (i, arg) in args.iter().enumerate() {
            let Some(shape) = shape(arg) else {
                expanded.push(*arg);
                origins.push(i);
                continue;
            };
            for (name, item) in &shape.items {
                let given = match item.required {
                    true => Given::Keyword(*name),
                    false => Given::Item(*name),
                };
                expanded.push(Argument { given, ty: item.ty });
                origins.push(i);
            }
        }
        Some((expanded, origins))
    }

    /// Whether what unpacked typed dictionaries may hold beyond the items that they list is taken.
    pub(super) fn extra_keywords(
        &self,
        callee: &Callee,
        args: &[Argument],
    ) -> Result<(), CallProblem> {
        let params = &callee.signature.params;
        let keywords = params.iter().find(|p| p.kind == ParamKind::VarKeyword);
        for (index, arg) in args.iter().enumerate() {
            let shape = match arg.given {
                Given::Keywords => self.shape_of(&arg.ty),
                _ => None,
            };
            let Some(shape) = shape.filter(|shape| !shape.is_closed()) else {
                continue;
            };
            let ty = shape.extra_item().ty;
            let is_taken = match (keywords, shape.extra) {
                (Some(keywords), _) => self.assignable(&ty, &keywords.ty),
                // What only a derived type may add is let pass.
                (None, ExtraItems::Open) => true,
                (None, ExtraItems::Of { .. }) => callee.signature.rest != Rest::Nothing,
            };
            // One of them may have the name of a parameter that is left out.
            let fits_others = shape.extra == ExtraItems::Open
                || params.iter().all(|p| {
                    p.kind != ParamKind::KeywordOnly
                        || shape.items.contains_key(&p.name)
                        || args.iter().any(|arg| arg.given == Given::Keyword(p.name))
                        || self.assignable(&ty, &p.ty)
                });
            if !is_taken || !fits_others {
                return Err(CallProblem::Extra { index, ty });
            }
        }
        Ok(())
    }

    /// Whether the values of `**mapping` fit the parameters that nothing else gives a value: it has to give them one.
    pub(super) fn check_mappings(
        &self,
        callee: &Callee,
        args: &[Argument],
        places: &[Option<usize>],
        whole: &[Argument],
    ) -> Result<(), CallProblem> {
        let mut mappings = args
            .iter()
            .enumerate()
            .filter(|(_, arg)| arg.given == Given::Keywords && !arg.ty.is_dynamic());
        // Of several it is not known which gives what.
        let (Some((index, arg)), None) = (mappings.next(), mappings.next()) else {
            return Ok(());
        };
        let several = |arg: &&Argument| matches!(arg.given, Given::Keywords | Given::Unpacked);
        if whole.iter().filter(several).count() > 1 {
            return Ok(());
        }
        let value = self.value_of(&arg.ty);
        for (at, param) in callee.signature.params.iter().enumerate() {
            let is_named = matches!(param.kind, ParamKind::Positional | ParamKind::KeywordOnly);
            if is_named
                && !param.optional
                && !places.contains(&Some(at))
                && !param.ty.has_variables()
                && !self.assignable(&value, &param.ty)
            {
                return Err(CallProblem::Wrong {
                    index,
                    name: param.name,
                    wanted: param.ty,
                });
            }
        }
        Ok(())
    }
}

impl CallProblem {
    /// The same problem, with what `origins` says of each argument in its place.
    pub(super) fn at(self, origins: &[usize]) -> CallProblem {
        let origin = |index: usize| origins.get(index).copied().unwrap_or(index);
        match self {
            CallProblem::TooMany { index, takes } => CallProblem::TooMany {
                index: origin(index),
                takes,
            },
            CallProblem::Unknown { index, name } => CallProblem::Unknown {
                index: origin(index),
                name,
            },
            CallProblem::Twice { index, name } => CallProblem::Twice {
                index: origin(index),
                name,
            },
            CallProblem::Wrong {
                index,
                name,
                wanted,
            } => CallProblem::Wrong {
                index: origin(index),
                name,
                wanted,
            },
            other => other,
        }
    }
}
