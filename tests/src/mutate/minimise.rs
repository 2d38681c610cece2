//! From a text that fails to a small one that fails in the same way.

/// The smallest part of `text` that was found for which `fails` holds, which it does of the whole. First lines go, then what is in them;
/// each time half of them at once, then a quarter, and so on. `fails` is asked at most `limit` times.
pub fn minimise(text: &[u8], limit: usize, mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut left = limit;
    let mut fails = |candidate: &[u8]| {
        left = left.saturating_sub(1);
        left > 0 && fails(candidate)
    };
    let lines = text.split_inclusive(|byte| *byte == b'\n').collect();
    let text = reduce(lines, &mut fails);
    reduce(words(&text), &mut fails)
}

/// What is left of `parts` when none of them can go, one after the other.
fn reduce(mut parts: Vec<&[u8]>, fails: &mut impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut size = parts.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut has_shrunk = false;
        while at < parts.len() {
            let end = (at + size).min(parts.len());
            let without = [&parts[..at], &parts[end..]].concat();
            if fails(&without.concat()) {
                parts = without;
                has_shrunk = true;
            } else {
                at = end;
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !has_shrunk {
            return parts.concat();
        }
    }
}

/// Runs of letters and digits, runs of white space, and every other byte or character on its own.
fn words(text: &[u8]) -> Vec<&[u8]> {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => 1,
        b' ' => 2,
        0x80.. => 3,
        _ => 0,
    };
    text.chunk_by(|left, right| kind(*left) != 0 && kind(*left) == kind(*right))
        .collect()
}
