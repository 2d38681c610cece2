//! As much of Rust's lexical structure as the fences need.

/// The text with the content of comments, strings and characters blanked out; lines stay where they are.
pub fn without_comments_and_strings(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let word_before = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            i = block_comment(&chars, i, &mut out);
        } else if c == '"' {
            i = string(&chars, i + 1, &mut out);
        } else if (c == 'r' || c == 'b' || c == 'c')
            && !word_before
            && let Some((open, hashes)) = raw_opener(&chars, i)
        {
            i = raw_string(&chars, open, hashes, &mut out);
        } else if c == '\'' && is_character(&chars, i) {
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < chars.len() && chars[i] != '\'' {
                i += 1;
            }
            i += 1;
            out.push_str("' '");
        } else {
            out.push(c);
            i += 1;
        }
    }
    out
}

fn block_comment(chars: &[char], mut i: usize, out: &mut String) -> usize {
    let mut depth = 0;
    while i < chars.len() {
        let pair = (chars[i], chars.get(i + 1).copied().unwrap_or('\0'));
        if pair == ('/', '*') {
            depth += 1;
            i += 2;
        } else if pair == ('*', '/') {
            depth -= 1;
            i += 2;
            if depth == 0 {
                break;
            }
        } else {
            if chars[i] == '\n' {
                out.push('\n');
            }
            i += 1;
        }
    }
    i
}

fn string(chars: &[char], mut i: usize, out: &mut String) -> usize {
    out.push('"');
    while i < chars.len() && chars[i] != '"' {
        if chars[i] == '\\' {
            i += 1;
        }
        if chars.get(i) == Some(&'\n') {
            out.push('\n');
        }
        i += 1;
    }
    out.push('"');
    i + 1
}

/// Of a raw string at `i`: where its text begins and how many `#` it has.
fn raw_opener(chars: &[char], mut i: usize) -> Option<(usize, usize)> {
    if matches!(chars[i], 'b' | 'c') {
        i += 1;
    }
    if chars.get(i) != Some(&'r') {
        return None;
    }
    i += 1;
    let start = i;
    while chars.get(i) == Some(&'#') {
        i += 1;
    }
    (chars.get(i) == Some(&'"')).then_some((i + 1, i - start))
}

fn raw_string(chars: &[char], mut i: usize, hashes: usize, out: &mut String) -> usize {
    out.push('"');
    while i < chars.len() {
        if chars[i] == '"' && (1..=hashes).all(|n| chars.get(i + n) == Some(&'#')) {
            i += 1 + hashes;
            break;
        }
        if chars[i] == '\n' {
            out.push('\n');
        }
        i += 1;
    }
    out.push('"');
    i
}

/// Whether the quote at `i` opens a character and not a lifetime.
fn is_character(chars: &[char], i: usize) -> bool {
    match chars.get(i + 1) {
        Some('\\') => true,
        Some(_) => chars.get(i + 2) == Some(&'\''),
        None => false,
    }
}

/// The words of a line.
pub fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

#[test]
fn the_fences_see_code_only() {
    let text = "let a = \"unsafe \\\" //\"; // unsafe\nlet b = r#\"unsafe \" \"#; /* unsafe /* x */ unsafe */ c('\"', b'\\'', &'static y)\nunsafe {}";
    let code = without_comments_and_strings(text);
    assert_eq!(code.lines().count(), 3);
    let found: Vec<usize> = code
        .lines()
        .enumerate()
        .filter(|(_, line)| identifiers(line).any(|word| word == "unsafe"))
        .map(|(number, _)| number)
        .collect();
    assert_eq!(found, [2]);
    assert!(code.contains("static y"));
}
