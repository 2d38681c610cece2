//! `keelback dis`: what a file or a function is at each stage on its way to machine code.

mod syntax;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Outcome, print};

/// Show what a file or one of its functions is compiled to, stage by stage
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  keelback dis hot.py:total                      typed bytecode of one function
  keelback dis hot.py:Point.norm --stage asm     machine code of a method
  keelback dis hot.py --stage types              the checked tree of every function
  keelback dis hot.py:total --opt 0              bytecode before any optional pass")]
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
enum Stage {
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
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text =
        keelback_parser::decode(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let printed = match arguments.stage {
        Stage::Ast => {
            let parsed = keelback_parser::parse_module(&text);
            syntax::print(&parsed, &text, qualname)
        }
        other => return Err(format!("there is no stage {other:?} {}", arguments.opt)),
    };
    match printed {
        Some(printed) => {
            print(&printed)?;
            Ok(ExitCode::SUCCESS)
        }
        None => Err(format!(
            "there is no function or class `{}` in {}",
            qualname.unwrap_or_default(),
            path.display()
        )),
    }
}

/// A path, and what is named behind its last colon. A file whose own name has a colon is found too.
fn split_target(target: &str) -> (PathBuf, Option<&str>) {
    match target.rsplit_once(':') {
        Some((path, qualname))
            if !Path::new(target).exists() && !qualname.contains(['/', '\\']) =>
        {
            (PathBuf::from(path), Some(qualname))
        }
        _ => (PathBuf::from(target), None),
    }
}
