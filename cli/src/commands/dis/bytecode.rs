//! The `bytecode` stage: the text form, with the source lines as comments, so that it still parses.

use std::fmt::Write as _;

use keelback_checker::diagnostic::SourceFile;
use keelback_checker::types::Name;
use keelback_lowering::build::lower;
use keelback_lowering::function::Function;
use keelback_lowering::pipeline;
use keelback_lowering::text;

use super::selection::Selection;

pub(super) fn print(selection: &Selection, name: &Name, level: u8) -> String {
    match build(selection, name, level) {
        Ok(function) => annotated(&function, &selection.source()),
        Err(why) => why,
    }
}

/// The function after the passes of a level, or comments that say why there is none.
pub(super) fn build(selection: &Selection, name: &Name, level: u8) -> Result<Function, String> {
    let checked = selection
        .checked(name)
        .ok_or_else(|| format!("; {name} is not checked on its own\n"))?;
    let body = checked
        .body
        .as_ref()
        .map_err(|fallback| selection.left(name, fallback))?;
    let source = selection.source();
    let line = |offset: u32| source.lines.line(offset.into());
    let mut function = lower(body, selection, &line).map_err(|unsupported| {
        let line = source.lines.line(unsupported.span.start());
        let text = source.lines.line_text(&source.text, line).trim();
        format!(
            "; {name} is run by CPython, because of {}\n; {line}: {text}\n",
            unsupported.reason
        )
    })?;
    pipeline::prepare(&mut function, level);
    pipeline::finish(&mut function, level, &selection.callees(level));
    Ok(function)
}

/// The text form with each source line before the first instruction of a run that stands for it.
fn annotated(function: &Function, source: &SourceFile) -> String {
    let printed = text::print(function);
    let mut lines = function
        .blocks
        .iter()
        .flat_map(|block| &block.insts)
        .map(|inst| function.own_span(inst.span).line);
    let mut out = String::new();
    let mut shown = 0;
    for row in printed.lines() {
        // Instructions are indented, and each stands on one line, in the order of the blocks.
        if row.starts_with(' ')
            && let Some(line) = lines.next()
            && line != 0
            && line != shown
        {
            let _ = writeln!(
                out,
                "    ; {line}: {}",
                source.lines.line_text(&source.text, line).trim()
            );
            shown = line;
        }
        if row.starts_with("block") {
            shown = 0;
        }
        out.push_str(row);
        out.push('\n');
    }
    out
}
