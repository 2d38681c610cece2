//! `# type: ignore[rule]` and `# keelback: ignore[rule]`: comments that silence rules on one line.
//!
//! A comment without brackets silences everything on its line; with brackets the named rules. Before everything else of the file, on a
//! line of its own and without brackets, it silences the whole file. `type: ignore` is shared with other checkers: one that names only
//! rules of theirs silences everything on its line, other names that are not ours are passed over, and only a `keelback: ignore` is
//! reported when it names an unknown rule. Either is reported when it silences nothing, except a `type: ignore` that names none of our
//! rules.

use keelback_parser::Parsed;
use keelback_parser::text_size::{Ranged, TextRange, TextSize};

use crate::db::{Db, File};
use crate::diagnostic::Diagnostic;
use crate::rules::{Level, Rule};

struct Ignore {
    /// The lines it silences, as a byte range.
    lines: TextRange,
    /// The comment's words from `type:` or `keelback:` on.
    range: TextRange,
    /// The rules it names with their places; `None` for all.
    rules: Option<Vec<(Rule, TextRange)>>,
    /// Whether any rule, or each named rule, silenced something.
    used: Vec<bool>,
    /// It names rules of other checkers alone, and so silences everything here.
    is_foreign: bool,
}

/// Removes what is inside functions and classes marked `@no_type_check`.
pub fn unchecked(db: &dyn Db, file: File, diagnostics: &mut Vec<Diagnostic>) {
    let is_marked = || {
        let source = crate::files::source_text(db, file);
        source.text.contains("no_type_check")
    };
    if diagnostics.is_empty() || !is_marked() {
        return;
    }
    let index = crate::index::module_index(db, file);
    let functions = index
        .functions
        .values()
        .filter(|entry| entry.has_decorator("no_type_check"))
        .map(|entry| entry.range);
    let classes = index
        .classes
        .values()
        .filter(|entry| entry.has_decorator("no_type_check"))
        .map(|entry| entry.range);
    let marked: Vec<TextRange> = functions.chain(classes).collect();
    diagnostics.retain(|diagnostic| {
        let at = diagnostic.primary.span.start;
        matches!(diagnostic.rule, Rule::SyntaxError | Rule::InternalError)
            || !marked.iter().any(|range| range.contains(at))
    });
}

/// Whether a comment before everything else of the file, alone on its line, silences the whole file.
fn is_of_file(text: &str, parsed: &Parsed, comment: TextRange) -> bool {
    let is_first = parsed
        .body()
        .first()
        .is_none_or(|first| comment.end() <= first.start());
    let line = text[..comment.start().to_usize()]
        .rsplit('\n')
        .next()
        .unwrap_or("");
    is_first && line.trim().is_empty()
}

/// Whether `file` may have a comment that silences something.
#[salsa::tracked(returns(copy))]
fn may_silence(db: &dyn Db, file: File) -> bool {
    crate::files::source_text(db, file).text.contains("ignore")
}

/// Whether what `rule` finds in `file` makes a difference: it is seen, or silenced by a comment, which would be taken to be of no use otherwise.
pub(crate) fn is_wanted(db: &dyn Db, file: File, rule: Rule) -> bool {
    let levels = db.project().rules(db);
    let is_off = levels.level(rule) == Level::Ignore;
    !is_off && (!levels.hides(rule) || may_silence(db, file))
}

/// Removes what is silenced from `diagnostics` (all about `file`), and adds reports about the comments themselves.
pub fn apply(db: &dyn Db, file: File, diagnostics: &mut Vec<Diagnostic>) {
    if !may_silence(db, file) {
        return;
    }
    let source = crate::files::source_file(db, file);
    let parsed = crate::files::parsed(db, file);
    let mut reports = Vec::new();
    let mut ignores: Vec<Ignore> = Vec::new();
    for comment in parsed.comments() {
        let line = source.lines.line(comment.start());
        let lines = source.lines.line_range(line);
        let Some(mut ignore) = read(file, &source.text, comment, lines, &mut reports) else {
            continue;
        };
        if ignore.rules.is_none() && is_of_file(&source.text, &parsed, comment) {
            ignore.lines = TextRange::up_to(TextSize::of(&*source.text));
        }
        ignores.push(ignore);
    }
    diagnostics.retain(|diagnostic| {
        if matches!(diagnostic.rule, Rule::SyntaxError | Rule::InternalError) {
            return true;
        }
        let at = diagnostic.primary.span.start;
        let mut keep = true;
        for ignore in &mut ignores {
            // A diagnostic at the end of the text is on the last line, which ends there.
            if !ignore.lines.contains_inclusive(at)
                || (at == ignore.lines.end() && !ends_text(&source.text, at))
            {
                continue;
            }
            match &ignore.rules {
                None => {
                    ignore.used[0] = true;
                    keep = false;
                }
                Some(rules) => {
                    for (index, (rule, _)) in rules.iter().enumerate() {
                        if *rule == diagnostic.rule {
                            ignore.used[index] = true;
                            keep = false;
                        }
                    }
                }
            }
        }
        keep
    });
    for ignore in ignores {
        match ignore.rules {
            None if !ignore.used[0] && !ignore.is_foreign => {
                reports.push(unused(
                    file,
                    &source.text,
                    ignore.range,
                    "This comment silences nothing",
                ));
            }
            None => {}
            Some(_) if ignore.used.iter().all(|used| !used) => {
                let message = "This comment silences nothing";
                reports.push(unused(file, &source.text, ignore.range, message));
            }
            Some(rules) => {
                for ((rule, range), used) in rules.into_iter().zip(ignore.used) {
                    if !used {
                        let message = format!("`{rule}` is not reported on this line");
                        let report = Diagnostic::new(Rule::UnusedIgnore, file, range, message);
                        let removed = with_comma(&source.text, range);
                        reports.push(report.with_fix("Remove the name", removed, ""));
                    }
                }
            }
        }
    }
    diagnostics.append(&mut reports);
}

fn ends_text(text: &str, at: TextSize) -> bool {
    at.to_usize() >= text.len()
}

/// A name in a list of several, with the comma that goes with it: the one that follows, or else the one before.
fn with_comma(text: &str, name: TextRange) -> TextRange {
    let is_between = |letter: char| letter == ' ' || letter == '\t';
    let after = &text[name.end().to_usize()..];
    if let Some(rest) = after.trim_start_matches(is_between).strip_prefix(',') {
        let rest = rest.trim_start_matches(is_between);
        return name.add_end(TextSize::of(after) - TextSize::of(rest));
    }
    let before = &text[..name.start().to_usize()];
    let rest = before.trim_end_matches(is_between);
    let kept = rest.strip_suffix(',').unwrap_or(before);
    TextRange::new(TextSize::of(kept), name.end())
}

fn unused(file: File, text: &str, range: TextRange, message: &str) -> Diagnostic {
    let after = &text[range.end().to_usize()..];
    let rest = after.split(['\n', '\r']).next().unwrap_or("").trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        // Words that follow stay a comment.
        let report = Diagnostic::new(Rule::UnusedIgnore, file, range, message);
        return report.with_fix("Remove the comment", range, "#");
    }
    // The white space before the comment goes with it.
    let before = &text[..range.start().to_usize()];
    let kept = TextSize::of(before.trim_end_matches([' ', '\t']));
    let removed = TextRange::new(kept, range.end());
    Diagnostic::new(Rule::UnusedIgnore, file, range, message).with_fix(
        "Remove the comment",
        removed,
        "",
    )
}

/// Reads one comment.
fn read(
    file: File,
    text: &str,
    comment: TextRange,
    lines: TextRange,
    reports: &mut Vec<Diagnostic>,
) -> Option<Ignore> {
    let body = &text[comment];
    let (start, word) = ["keelback:", "type:"]
        .into_iter()
        .filter_map(|word| Some((body.find(word)?, word)))
        .find(|(start, _)| body[..*start].ends_with(['#', ' ', '\t']))?;
    let is_shared = word == "type:";
    let rest = &body[start + word.len()..];
    let after = rest.trim_start().strip_prefix("ignore")?;
    if after.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '-') {
        return None;
    }
    let offset_of = |part: &str| {
        let offset = part.as_ptr() as usize - text.as_ptr() as usize;
        TextSize::try_from(offset).unwrap_or_default()
    };
    let hash = body[..start].rfind('#').unwrap_or(0);
    let from = comment.start() + TextSize::try_from(hash).unwrap_or_default();
    let Some((list, after)) = after
        .trim_start()
        .strip_prefix('[')
        .and_then(|list| list.split_once(']'))
    else {
        let range = TextRange::new(from, offset_of(after));
        return Some(Ignore {
            lines,
            range,
            rules: None,
            used: vec![false],
            is_foreign: false,
        });
    };
    let range = TextRange::new(from, offset_of(after));
    let mut rules = Vec::new();
    let mut unknown = false;
    for name in list.split(',') {
        let name = name.trim();
        let place = TextRange::at(offset_of(name), TextSize::of(name));
        match Rule::from_name(name) {
            Some(rule) => rules.push((rule, place)),
            None => {
                unknown = true;
                if !is_shared {
                    let near = Rule::suggestion(name);
                    let hint = crate::suggest::hint(near);
                    let message = format!("There is no rule `{name}`{hint}");
                    let mut report = Diagnostic::new(Rule::UnknownRule, file, place, message);
                    if let Some(near) = near {
                        report = report.with_fix(crate::suggest::change_to(near), place, near);
                    }
                    reports.push(report);
                }
            }
        }
    }
    if rules.is_empty() && unknown && !is_shared {
        // Reported as unknown already.
        return None;
    }
    if rules.is_empty() {
        // What another checker calls its rule is not known here.
        return Some(Ignore {
            lines,
            range,
            rules: None,
            used: vec![false],
            is_foreign: true,
        });
    }
    let used = vec![false; rules.len()];
    Some(Ignore {
        lines,
        range,
        rules: Some(rules),
        used,
        is_foreign: false,
    })
}
