//! `keelback dis`: what a file or a function is at each stage on its way to machine code.

mod bytecode;
mod machine;
mod selection;
mod syntax;
mod types;

use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

use keelback_checker::types::Name;

pub(crate) use self::selection::Selection;
use self::selection::split_target;
use super::{Outcome, SUCCESS, print};

/// Show what a file or one of its functions is compiled to, stage by stage
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keelback dis hot.py:total                      typed bytecode of one function
  keelback dis hot.py:Point.norm --stage asm     machine code of a method
  keelback dis hot.py:Point --stage types        the checked trees of a class's methods
  keelback dis hot.py:total --opt 0              bytecode before the optional passes")]
pub(super) struct Arguments {
    /// A file, or a function or class in it by qualified name
    #[arg(value_name = "FILE[:FUNCTION]")]
    target: String,
    /// The stage to show
    #[arg(long, value_enum, default_value_t = Stage::Bytecode)]
    stage: Stage,
    /// How much to optimise, as KEELBACK_OPT
    #[arg(long, value_name = "LEVEL", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=2))]
    opt: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The syntax tree
    Ast,
    /// The checked tree: every name resolved, every expression with its type
    Types,
    /// Typed bytecode, after the passes
    Bytecode,
    /// What the code generator is given
    Clif,
    /// Machine code
    Asm,
}

/// Prints the stage.
pub(super) fn execute(arguments: &Arguments) -> Outcome {
    let (path, qualname) = split_target(&arguments.target);
    let text = read(&path)?;
    if arguments.stage == Stage::Ast {
        let parsed = keelback_parser::parse_module(&text);
        let printed =
            syntax::print(&parsed, &text, qualname).ok_or_else(|| nothing(&path, qualname))?;
        print(&printed)?;
        return Ok(SUCCESS);
    }
    let selection = Selection::new(&path, qualname);
    let functions = selection.functions();
    if functions.is_empty() {
        return Err(nothing(&path, qualname));
    }
    let mut printed = selection.findings();
    for function in &functions {
        if !printed.is_empty() {
            printed.push('\n');
        }
        printed += &show(&selection, function, arguments.stage, arguments.opt)?;
    }
    print(&printed)?;
    Ok(SUCCESS)
}

/// One function at a stage.
///
/// # Errors
///
/// A sentence, when the code generator refuses it.
pub(crate) fn show(
    selection: &Selection,
    function: &Name,
    stage: Stage,
    level: u8,
) -> Result<String, String> {
    Ok(match stage {
        Stage::Ast => {
            let text = &selection.source().text;
            let parsed = keelback_parser::parse_module(text);
            syntax::print(&parsed, text, Some(function)).unwrap_or_default()
        }
        Stage::Types => types::print(selection, function),
        Stage::Bytecode => bytecode::print(selection, function, level),
        Stage::Clif => machine::print(selection, function, level, keelback_jit::Stage::Clif)?,
        Stage::Asm => machine::print(selection, function, level, keelback_jit::Stage::Asm)?,
    })
}

fn read(path: &PathBuf) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    keelback_parser::decode(&bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn nothing(path: &Path, qualname: Option<&str>) -> String {
    match qualname {
        Some(qualname) => format!(
            "there is no function or class `{qualname}` in {}",
            path.display()
        ),
        None => format!("there is no function in {}", path.display()),
    }
}
