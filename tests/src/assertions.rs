//! Claims in comments, and whether diagnostics bear them out.
//!
//! `# error: 5 [rule] "text"` claims a finding on its line (column, rule, part of the message; at least one of the last two), and
//! `# revealed: T` what a `reveal_type` on its line shows. On a line of their own they are about the next line that is not one.
//! Every error and warning must be claimed, and every claim be true; hints count only where they are claimed.

use std::fmt;

/// What the checker said, with positions in a file of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1.
    pub line: usize,
    /// The column in code points, from 1.
    pub column: usize,
    /// The rule's name.
    pub rule: String,
    /// Whether it is only a hint.
    pub is_hint: bool,
    /// The message.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] \"{}\"", self.column, self.rule, self.message)
    }
}

/// A claim about one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// A finding.
    Error {
        /// The column, from 1.
        column: Option<usize>,
        /// The rule's name.
        rule: Option<String>,
        /// Part of the message.
        text: Option<String>,
    },
    /// The type that `reveal_type` shows.
    Revealed(String),
}

impl Claim {
    fn is_true_of(&self, finding: &Finding) -> bool {
        match self {
            Claim::Error { column, rule, text } => {
                column.is_none_or(|column| column == finding.column)
                    && rule.as_ref().is_none_or(|rule| *rule == finding.rule)
                    && text
                        .as_ref()
                        .is_none_or(|text| finding.message.contains(text))
            }
            Claim::Revealed(shown) => {
                finding.rule == REVEAL && finding.message.contains(&format!("`{shown}`"))
            }
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::Error { column, rule, text } => {
                write!(f, "error:")?;
                if let Some(column) = column {
                    write!(f, " {column}")?;
                }
                if let Some(rule) = rule {
                    write!(f, " [{rule}]")?;
                }
                if let Some(text) = text {
                    write!(f, " \"{text}\"")?;
                }
                Ok(())
            }
            Claim::Revealed(shown) => write!(f, "revealed: {shown}"),
        }
    }
}

/// The rule of what `reveal_type` shows.
const REVEAL: &str = "reveal-type";

/// A line on which claims and findings differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The line in the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// The claims of a file with the lines that they are about.
///
/// # Errors
///
/// A claim that cannot be read.
pub fn claims(text: &str) -> Result<Vec<(usize, Claim)>, Mismatch> {
    let mut claims = Vec::new();
    let mut waiting = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        let found = in_line(line).map_err(|message| Mismatch {
            line: line_number,
            message,
        })?;
        let alone = line.trim_start().starts_with('#');
        if alone && !found.is_empty() {
            waiting.extend(found);
            continue;
        }
        claims.extend(waiting.drain(..).map(|claim| (line_number, claim)));
        claims.extend(found.into_iter().map(|claim| (line_number, claim)));
    }
    if waiting.is_empty() {
        Ok(claims)
    } else {
        Err(Mismatch {
            line: text.lines().count(),
            message: "a claim at the end is about no line".to_owned(),
        })
    }
}

fn in_line(line: &str) -> Result<Vec<Claim>, String> {
    let mut starts: Vec<(usize, &str)> = line
        .match_indices("# error:")
        .chain(line.match_indices("# revealed:"))
        .collect();
    starts.sort_unstable();
    let mut claims = Vec::new();
    for (place, (start, marker)) in starts.iter().enumerate() {
        let end = starts.get(place + 1).map_or(line.len(), |(next, _)| *next);
        let rest = line[start + marker.len()..end].trim();
        claims.push(if *marker == "# revealed:" {
            if rest.is_empty() {
                return Err("`revealed:` needs a type".to_owned());
            }
            Claim::Revealed(rest.to_owned())
        } else {
            error_claim(rest)?
        });
    }
    Ok(claims)
}

fn error_claim(text: &str) -> Result<Claim, String> {
    let malformed =
        || format!("`error: {text}` is not of the form `error: COLUMN [RULE] \"TEXT\"`");
    let mut rest = text;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let column = if digits > 0 {
        let column = rest[..digits].parse().map_err(|_| malformed())?;
        rest = rest[digits..].trim_start();
        Some(column)
    } else {
        None
    };
    let rule = if let Some(after) = rest.strip_prefix('[') {
        let (rule, after) = after.split_once(']').ok_or_else(malformed)?;
        rest = after.trim_start();
        Some(rule.to_owned())
    } else {
        None
    };
    let message = if let Some(after) = rest.strip_prefix('"') {
        let (message, after) = after.rsplit_once('"').ok_or_else(malformed)?;
        rest = after.trim_start();
        Some(message.to_owned())
    } else {
        None
    };
    if !rest.is_empty() || (rule.is_none() && message.is_none()) {
        return Err(malformed());
    }
    Ok(Claim::Error {
        column,
        rule,
        text: message,
    })
}

/// Where the claims of `text` and the findings about it differ.
#[must_use]
pub fn compare(text: &str, findings: &[Finding]) -> Vec<Mismatch> {
    let claims = match claims(text) {
        Ok(claims) => claims,
        Err(mismatch) => return vec![mismatch],
    };
    let mut mismatches = Vec::new();
    let mut used = vec![false; findings.len()];
    for (line, claim) in &claims {
        let found = findings.iter().enumerate().position(|(place, finding)| {
            !used[place] && finding.line == *line && claim.is_true_of(finding)
        });
        match found {
            Some(place) => used[place] = true,
            None => mismatches.push(Mismatch {
                line: *line,
                message: format!("nothing matches `# {claim}`"),
            }),
        }
    }
    for (finding, used) in findings.iter().zip(used) {
        if !used && (!finding.is_hint || finding.rule == REVEAL) {
            mismatches.push(Mismatch {
                line: finding.line,
                message: format!("nothing claims {finding}"),
            });
        }
    }
    mismatches.sort_by_key(|mismatch| mismatch.line);
    mismatches
}

#[cfg(test)]
mod tests;
