//! "Did you mean …?"

use keelback_parser::text_size::{TextRange, TextSize};

/// The candidate spelled most like `name`, if one is close enough that it was probably meant.
///
/// Differences in letter case cost little. A name of one or two letters is never suggested for another.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length < 3 {
        return None;
    }
    // A third of the letters may be wrong.
    let limit = (length / 3).clamp(1, 4);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.chars().count() >= 3)
        .filter_map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by(|left, right| left.cmp(right))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean \`x\`?` or nothing: the end of a message about an unknown name for which `near` was found.
pub fn hint(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}

/// The [`hint`] at the candidate that is spelled most like `name`.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    hint(closest(name, candidates))
}

/// The title of the repair that replaces a misspelled name.
pub fn change_to(near: &str) -> String {
    format!("Change to `{near}`")
}

/// Where exactly `name` stands, if `range` of `source` ends or begins with it: `x.name`, `name=1`, `name as n`.
pub fn spelled(source: &str, range: TextRange, name: &str) -> Option<TextRange> {
    let text = source.get(std::ops::Range::<usize>::from(range))?;
    let length = TextSize::of(name);
    if text.ends_with(name) {
        Some(TextRange::new(range.end() - length, range.end()))
    } else if text.starts_with(name) {
        Some(TextRange::at(range.start(), length))
    } else {
        None
    }
}
